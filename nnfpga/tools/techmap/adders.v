// One adder cell, one carry chain. Left alone, Yosys' alumacc merges trees of adders into one macc cell, which it then
// builds from compressors in plain LUTs, about twice the size.
(* techmap_celltype = "$add $sub" *)
module _nnfpga_add_sub (A, B, Y);
	parameter A_SIGNED = 0;
	parameter B_SIGNED = 0;
	parameter A_WIDTH = 1;
	parameter B_WIDTH = 1;
	parameter Y_WIDTH = 1;
	parameter _TECHMAP_CELLTYPE_ = "";
	(* force_downto *) input [A_WIDTH-1:0] A;
	(* force_downto *) input [B_WIDTH-1:0] B;
	(* force_downto *) output [Y_WIDTH-1:0] Y;
	wire _TECHMAP_FAIL_ = Y_WIDTH <= 2;
	wire sub = _TECHMAP_CELLTYPE_ == "$sub";
	wire [Y_WIDTH-1:0] x, co;
	(* nnfpga_sum *)
	\$alu #(.A_SIGNED(A_SIGNED), .B_SIGNED(B_SIGNED), .A_WIDTH(A_WIDTH), .B_WIDTH(B_WIDTH), .Y_WIDTH(Y_WIDTH))
		_TECHMAP_REPLACE_ (.A(A), .B(B), .CI(sub), .BI(sub), .X(x), .Y(Y), .CO(co));
endmodule
