// A sum of three words and a constant on one carry chain of 6-input LUTs. The LUT of a bit gives on O6 the sum of its three
// bits and of the majority below it, on O5 its own majority, which the next bit's LUT and carry multiplexer take (Simkins,
// Philofsky, US 7,274,211). The bits of a word that is subtracted are inverted inside the LUTs, which is what its bits would
// be worth too much; the constant makes up for that. It stands where one of the words has no bit, else this map fails.
(* techmap_celltype = "$macc_v2" *)
module _nnfpga_xilinx_ternary (A, B, C, Y);
	parameter NPRODUCTS = 0;
	parameter NADDENDS = 3;
	parameter A_WIDTHS = 0;
	parameter B_WIDTHS = 0;
	parameter [63:0] C_WIDTHS = 0;
	parameter Y_WIDTH = 1;
	parameter PRODUCT_NEGATED = 0;
	parameter [3:0] ADDEND_NEGATED = 0;
	parameter A_SIGNED = 0;
	parameter B_SIGNED = 0;
	parameter [3:0] C_SIGNED = 0;
	parameter [255:0] _TECHMAP_CONSTMSK_C_ = 0;
	parameter [255:0] _TECHMAP_CONSTVAL_C_ = 0;
	localparam W0 = C_WIDTHS[15:0], W1 = C_WIDTHS[31:16], W2 = C_WIDTHS[47:32], W3 = NADDENDS > 3 ? C_WIDTHS[63:48] : 0;
	localparam C_WIDTH = W0 + W1 + W2 + W3;
	input A, B;  // products: none
	(* force_downto *) input [C_WIDTH-1:0] C;
	(* force_downto *) output [Y_WIDTH-1:0] Y;

	// the bits of the addends that are not constant, and those that are 1
	localparam [255:0] FREE = ~_TECHMAP_CONSTMSK_C_;
	localparam [255:0] ONES = _TECHMAP_CONSTVAL_C_ & _TECHMAP_CONSTMSK_C_;
	localparam [63:0] ALL = (64'd1 << Y_WIDTH) - 1;
	localparam [63:0] ALL0 = (64'd1 << W0) - 1, ALL1 = (64'd1 << W1) - 1, ALL2 = (64'd1 << W2) - 1, ALL3 = (64'd1 << W3) - 1;
	localparam [63:0] OWN0 = FREE & ALL0 & ALL, OWN1 = FREE >> W0 & ALL1 & ALL, OWN2 = FREE >> W0 + W1 & ALL2 & ALL;
	localparam [63:0] OWN3 = FREE >> W0 + W1 + W2 & ALL3 & ALL;
	localparam [63:0] ONE0 = ONES & ALL0, ONE1 = ONES >> W0 & ALL1, ONE2 = ONES >> W0 + W1 & ALL2;
	localparam [63:0] ONE3 = ONES >> W0 + W1 + W2 & ALL3;
	localparam [63:0] CONSTANT = ALL & (
		(ADDEND_NEGATED[0] ? -ONE0 - OWN0 : ONE0) + (ADDEND_NEGATED[1] ? -ONE1 - OWN1 : ONE1)
		+ (ADDEND_NEGATED[2] ? -ONE2 - OWN2 : ONE2) + (ADDEND_NEGATED[3] ? -ONE3 : ONE3));
	localparam [63:0] PUT0 = CONSTANT & ~OWN0, PUT1 = CONSTANT & OWN0 & ~OWN1, PUT2 = CONSTANT & OWN0 & OWN1;
	wire _TECHMAP_FAIL_ = NPRODUCTS > 0 || NADDENDS < 3 || NADDENDS > 4 || OWN3 != 0 || (PUT2 & OWN2) != 0 || Y_WIDTH > 62
		|| (W0 < Y_WIDTH && C_SIGNED[0]) || (W1 < Y_WIDTH && C_SIGNED[1]) || (W2 < Y_WIDTH && C_SIGNED[2])
		|| (W3 < Y_WIDTH && C_SIGNED[3]);

	// the lowest bit where two words or a word and the constant meet
	localparam [63:0] IN0 = OWN0 | PUT0, IN1 = OWN1 | PUT1, IN2 = OWN2 | PUT2;
	localparam [63:0] MEET = IN0 & IN1 | IN0 & IN2 | IN1 & IN2;
	function integer lowest;
		input [63:0] bits;
		begin
			lowest = 0;
			while (lowest < Y_WIDTH && !bits[lowest]) lowest = lowest + 1;
		end
	endfunction
	localparam LOW = lowest(MEET);
	localparam CELLS = (Y_WIDTH - LOW + 3) / 4;
	localparam TOP = LOW + 4 * CELLS;

	// O5, the majority of I0 to I2, and O6, their sum with I3, each input inverted or not
	function [63:0] table;
		input [2:0] invert;
		integer n;
		reg [2:0] x;
		for (n = 0; n < 32; n = n + 1) begin
			x = n[2:0] ^ invert;
			table[n] = x[0] & x[1] | x[0] & x[2] | x[1] & x[2];
			table[n+32] = ^x ^ n[3];
		end
	endfunction

	wire [TOP:0] majority, s, o, co;
	genvar i;
	generate
	for (i = 0; i < TOP; i = i + 1) begin : position
		localparam [2:0] INVERT = {ADDEND_NEGATED[2] && OWN2[i], ADDEND_NEGATED[1] && OWN1[i], ADDEND_NEGATED[0] && OWN0[i]};
		wire [2:0] x;
		if (OWN0[i]) assign x[0] = C[i]; else assign x[0] = PUT0[i];
		if (OWN1[i]) assign x[1] = C[W0+i]; else assign x[1] = PUT1[i];
		if (OWN2[i]) assign x[2] = C[W0+W1+i]; else assign x[2] = PUT2[i];
		if (i < LOW)
			assign Y[i] = |(x ^ INVERT);
		else if (i < Y_WIDTH) begin
			LUT6_2 #(.INIT(table(INVERT))) lut (.I0(x[0]), .I1(x[1]), .I2(x[2]), .I3(majority[i]), .I4(1'b0), .I5(1'b1),
				.O5(majority[i+1]), .O6(s[i]));
			assign Y[i] = o[i];
		end else begin
			assign s[i] = 1'b0;
			assign majority[i+1] = 1'b0;
		end
	end
	assign majority[LOW] = 1'b0;
	for (i = LOW; i < TOP; i = i + 4) begin : chain
		if (i == LOW)
			CARRY4 carry4 (.CI(1'b0), .CYINIT(1'b0), .DI(majority[i+3:i]), .S(s[i+3:i]), .O(o[i+3:i]), .CO(co[i+3:i]));
		else
			CARRY4 carry4 (.CI(co[i-1]), .CYINIT(1'b0), .DI(majority[i+3:i]), .S(s[i+3:i]), .O(o[i+3:i]), .CO(co[i+3:i]));
	end
	endgenerate
endmodule
