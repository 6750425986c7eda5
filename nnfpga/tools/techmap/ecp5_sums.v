// A sum or difference whose carry nobody reads, as an ECP5 carry chain that costs the packer nothing at its ends: nextpnr
// spends a cell to feed in a CIN that is tied to a constant and a cell to feed out a COUT that has a net. So both are
// left open when the netlist goes to nextpnr, and the first position makes the carry by itself: its LUT4 gives 0, which hides
// CIN, its LUT2 the carry.
// Where the width is odd that position stands below the lowest bit and fills the last cell; where it is even it is the
// lowest bit, whose sum then takes one LUT outside the chain.
(* techmap_celltype = "$alu" *)
module _nnfpga_ecp5_sum (A, B, CI, BI, X, Y, CO);
	parameter A_SIGNED = 0;
	parameter B_SIGNED = 0;
	parameter A_WIDTH = 1;
	parameter B_WIDTH = 1;
	parameter Y_WIDTH = 1;
	parameter _TECHMAP_CONSTMSK_CI_ = 0;
	parameter _TECHMAP_CONSTVAL_CI_ = 0;
	parameter _TECHMAP_CONSTMSK_BI_ = 0;
	parameter _TECHMAP_CONSTVAL_BI_ = 0;
	(* force_downto *) input [A_WIDTH-1:0] A;
	(* force_downto *) input [B_WIDTH-1:0] B;
	input CI, BI;
	(* force_downto *) output [Y_WIDTH-1:0] X, Y, CO;

	wire _TECHMAP_FAIL_ = Y_WIDTH <= 2 || !_TECHMAP_CONSTMSK_BI_;

	localparam INVERT = _TECHMAP_CONSTVAL_BI_ === 1'b1;
	localparam KNOWN = _TECHMAP_CONSTMSK_CI_ === 1'b1 && (_TECHMAP_CONSTVAL_CI_ === 1'b1) == INVERT;
	localparam BELOW = KNOWN && Y_WIDTH % 2 == 0 ? 0 : 1;
	localparam POSITIONS = (Y_WIDTH + BELOW + 1) / 2 * 2;
	// LUT4 is read where C and D are 1 (INIT[15:12]), LUT2 where both are 0 (INIT[3:0]); inputs count from A
	localparam [15:0] SUM = INVERT ? 16'h900a : 16'h600a;
	localparam [15:0] FIRST = BELOW ? 16'h000a : INVERT ? 16'h000b : 16'h0008;

	(* force_downto *) wire [Y_WIDTH-1:0] a, b;
	\$pos #(.A_SIGNED(A_SIGNED), .A_WIDTH(A_WIDTH), .Y_WIDTH(Y_WIDTH)) extend_a (.A(A), .Y(a));
	\$pos #(.A_SIGNED(B_SIGNED), .A_WIDTH(B_WIDTH), .Y_WIDTH(Y_WIDTH)) extend_b (.A(B), .Y(b));

	wire [POSITIONS-1:0] p, q, s;
	wire [POSITIONS:0] carry;
	assign carry[0] = 1'b0;
	genvar i;
	generate
	for (i = 0; i < POSITIONS; i = i + 1) begin : operand
		if (i < BELOW) begin
			assign p[i] = CI;
			assign q[i] = 1'b0;
		end else if (i < Y_WIDTH + BELOW) begin
			assign p[i] = a[i-BELOW];
			assign q[i] = b[i-BELOW];
		end else begin
			assign p[i] = 1'b0;
			assign q[i] = 1'b0;
		end
	end
	for (i = 0; i < POSITIONS; i = i + 2) begin : cell
		localparam [15:0] INIT0 = i == 0 ? FIRST : SUM;
		(* nnfpga_first = i == 0 *)
		CCU2C #(.INIT0(INIT0), .INIT1(SUM), .INJECT1_0("NO"), .INJECT1_1("NO")) ccu2c (.CIN(carry[i]),
			.A0(p[i]), .B0(q[i]), .C0(1'b1), .D0(1'b1), .A1(p[i+1]), .B1(q[i+1]), .C1(1'b1), .D1(1'b1),
			.S0(s[i]), .S1(s[i+1]), .COUT(carry[i+2]));
	end
	if (BELOW) assign Y = s[Y_WIDTH:1];
	else assign Y = {s[Y_WIDTH-1:1], a[0] ^ b[0]};
	endgenerate
	assign X = a ^ b ^ {Y_WIDTH{BI}};
endmodule
