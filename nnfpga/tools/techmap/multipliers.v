// Products of two variables as rows of carry chains: the narrower factor is cut into its lowest bit and then digits of two
// bits worth -1, 0, 1, 2 (3 is -1 and a carry into the next digit, A. D. Booth's idea in radix 4), so that
// every bit of a row is one 4-input LUT: zero, a, 2a or ~a, and the carry chain's input supplies the +1 of a negation.
// Only the top digit of a signed factor may also be -2. Constant factors are left to Yosys.
(* techmap_celltype = "$mul" *)
module _nnfpga_mul (A, B, Y);
	parameter A_SIGNED = 0;
	parameter B_SIGNED = 0;
	parameter A_WIDTH = 1;
	parameter B_WIDTH = 1;
	parameter Y_WIDTH = 1;
	parameter _TECHMAP_CONSTMSK_A_ = 0;
	parameter _TECHMAP_CONSTMSK_B_ = 0;
	(* force_downto *) input [A_WIDTH-1:0] A;
	(* force_downto *) input [B_WIDTH-1:0] B;
	(* force_downto *) output [Y_WIDTH-1:0] Y;

	localparam SIGNED = A_SIGNED && B_SIGNED;
	localparam W = SIGNED ? A_WIDTH : A_WIDTH + 1;
	localparam V = SIGNED ? B_WIDTH : B_WIDTH + 1;
	localparam ROWS = V / 2 + 1;

	wire _TECHMAP_FAIL_ = A_WIDTH < 3 || B_WIDTH < 3 || Y_WIDTH < 4
		|| &_TECHMAP_CONSTMSK_A_ || &_TECHMAP_CONSTMSK_B_;

	generate
	if (B_WIDTH > A_WIDTH)
		\$mul #(.A_SIGNED(B_SIGNED), .B_SIGNED(A_SIGNED), .A_WIDTH(B_WIDTH), .B_WIDTH(A_WIDTH), .Y_WIDTH(Y_WIDTH))
			_TECHMAP_REPLACE_ (.A(B), .B(A), .Y(Y));
	else begin
		wire [W-1:0] a = SIGNED ? A : {1'b0, A};
		wire [V-1:0] b = SIGNED ? B : {1'b0, B};
		wire [W:0] a1 = {a[W-1], a};
		wire [W:0] a2 = {a, 1'b0};
		wire [W+1:0] acc [0:ROWS-1];
		wire [ROWS-1:0] carry;
		wire [W+V+3:0] full;
		wire [W-1:0] first = a & {W{b[0]}};
		assign acc[0] = {first[W-1], first[W-1], first};
		assign carry[0] = 1'b0;
		assign full[0] = acc[0][0];
		genvar i;
		for (i = 1; i < ROWS; i = i + 1) begin : row
			localparam LO = 2 * i - 1;
			localparam LAST = i == ROWS - 1;
			wire [W:0] p;
			wire neg;
			wire c = carry[i-1];
			if (LO + 1 < V) begin
				wire lo = b[LO], hi = b[LO+1];
				if (LAST && SIGNED) begin
					wire one = lo ^ c;
					wire two = hi ? ~(lo | c) : (lo & c);
					assign neg = hi & ~(lo & c);
					assign p = ((a1 & {W+1{one}}) | (a2 & {W+1{two}})) ^ {W+1{neg}};
				end else begin
					wire s0 = lo ^ c;
					wire s1 = (lo & c) ^ hi;
					assign neg = s0 & s1;
					assign p = s1 ? (s0 ? ~a1 : a2) : (s0 ? a1 : {W+1{1'b0}});
					assign carry[i] = hi & (lo | c);
				end
			end else begin
				wire lo = b[LO];
				wire s0 = lo ^ c;
				assign neg = SIGNED ? lo & ~c : 1'b0;
				assign p = (a1 ^ {W+1{neg}}) & {W+1{s0}};
			end
			wire [W+1:0] before;
			if (i == 1) assign before = {acc[0][W+1], acc[0][W+1:1]};
			else assign before = {{2{acc[i-1][W+1]}}, acc[i-1][W+1:2]};
			wire [W+1:0] x, co;
			(* nnfpga_sum *)
			\$alu #(.A_SIGNED(1), .B_SIGNED(1), .A_WIDTH(W + 2), .B_WIDTH(W + 1), .Y_WIDTH(W + 2))
				add (.A(before), .B(p), .CI(neg), .BI(1'b0), .X(x), .Y(acc[i]), .CO(co));
			if (LAST) assign full[LO +: W + 2] = acc[i];
			else assign full[LO +: 2] = acc[i][1:0];
		end
		localparam TOP = 2 * ROWS - 3 + W + 2;
		if (Y_WIDTH > TOP) assign Y = {{Y_WIDTH - TOP {full[TOP-1]}}, full[TOP-1:0]};
		else assign Y = full[Y_WIDTH-1:0];
	end
	endgenerate
endmodule
