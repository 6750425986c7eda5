// ECP5 logic cells as Yosys' own gates, for simulation. Sources: Lattice, "ECP5 and ECP5-5G sysCLOCK / Family Data
// Sheet" FPGA-DS-02012 (slices), Yosys' cells_sim.v (the meaning of the parameters).
module LUT4 (input A, B, C, D, output Z);
	parameter [15:0] INIT = 0;
	\$lut #(.WIDTH(4), .LUT(INIT)) lut (.A({D, C, B, A}), .Y(Z));
endmodule

module PFUMX (input ALUT, BLUT, C0, output Z);
	assign Z = C0 ? ALUT : BLUT;
endmodule

module L6MUX21 (input D0, D1, SD, output Z);
	assign Z = SD ? D1 : D0;
endmodule

module CCU2C (input CIN, A0, B0, C0, D0, A1, B1, C1, D1, output S0, S1, COUT);
	parameter [15:0] INIT0 = 0;
	parameter [15:0] INIT1 = 0;
	parameter INJECT1_0 = "YES";
	parameter INJECT1_1 = "YES";
	wire p0, p1, middle;
	wire g0, g1;
	\$lut #(.WIDTH(4), .LUT(INIT0)) propagate0 (.A({D0, C0, B0, A0}), .Y(p0));
	\$lut #(.WIDTH(4), .LUT(INIT1)) propagate1 (.A({D1, C1, B1, A1}), .Y(p1));
	\$lut #(.WIDTH(2), .LUT(INIT0[3:0])) generate0 (.A({B0, A0}), .Y(g0));
	\$lut #(.WIDTH(2), .LUT(INIT1[3:0])) generate1 (.A({B1, A1}), .Y(g1));
	assign S0 = INJECT1_0 == "YES" ? p0 : p0 ^ CIN;
	assign S1 = INJECT1_1 == "YES" ? p1 : p1 ^ middle;
	assign middle = p0 ? CIN : INJECT1_0 == "YES" ? 1'b0 : g0;
	assign COUT = p1 ? middle : INJECT1_1 == "YES" ? 1'b0 : g1;
endmodule

// The state is kept inverted where REGSET is SET, so that every flip-flop starts at 0.
module TRELLIS_FF (input CLK, LSR, CE, DI, M, output Q);
	parameter GSR = "ENABLED";
	parameter CEMUX = "1";
	parameter CLKMUX = "CLK";
	parameter LSRMUX = "LSR";
	parameter SRMODE = "LSR_OVER_CE";
	parameter REGSET = "RESET";
	parameter LSRMODE = "LSR";
	wire flip = REGSET == "SET";
	wire clk = CLKMUX == "INV" ? ~CLK : CLK;
	wire lsr = LSRMUX == "INV" ? ~LSR : LSR;
	wire ce = CEMUX == "1" ? 1'b1 : CEMUX == "0" ? 1'b0 : CEMUX == "INV" ? ~CE : CE;
	wire d = DI ^ flip;
	wire q;
	generate
		if (LSRMODE != "LSR") TRELLIS_FF_preload_is_not_modelled no_model ();
		if (SRMODE == "ASYNC") \$_DFFE_PP0P_ r (.C(clk), .E(ce), .R(lsr), .D(d), .Q(q));
		else \$_SDFFE_PP0P_ r (.C(clk), .E(ce), .R(lsr), .D(d), .Q(q));
	endgenerate
	assign Q = q ^ flip;
endmodule

module DCCA (input CLKI, CE, output CLKO);
	assign CLKO = CLKI & CE;
endmodule

module VLO (output Z);
	assign Z = 1'b0;
endmodule

module VHI (output Z);
	assign Z = 1'b1;
endmodule

module INV (input A, output Z);
	assign Z = ~A;
endmodule
