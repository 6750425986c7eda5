// iCE40 logic cells as Yosys' own gates, for simulation. Source: Lattice, "iCE Technology Library", FPGA-TN-02018.
// Every flip-flop starts at 0 in configuration. RAMs and multipliers stay cells: Yosys' cells_sim.v has models of them.
module SB_LUT4 (output O, input I0, I1, I2, I3);
	parameter [15:0] LUT_INIT = 0;
	\$lut #(.WIDTH(4), .LUT(LUT_INIT)) lut (.A({I3, I2, I1, I0}), .Y(O));
endmodule

module SB_CARRY (output CO, input I0, I1, CI);
	assign CO = (I0 & I1) | ((I0 | I1) & CI);
endmodule

module SB_DFF (output Q, input C, D);
	\$_DFF_P_ r (.C(C), .D(D), .Q(Q));
endmodule
module SB_DFFE (output Q, input C, E, D);
	\$_DFFE_PP_ r (.C(C), .E(E), .D(D), .Q(Q));
endmodule
module SB_DFFSR (output Q, input C, R, D);
	\$_SDFF_PP0_ r (.C(C), .R(R), .D(D), .Q(Q));
endmodule
module SB_DFFSS (output Q, input C, S, D);
	\$_SDFF_PP1_ r (.C(C), .R(S), .D(D), .Q(Q));
endmodule
module SB_DFFR (output Q, input C, R, D);
	\$_DFF_PP0_ r (.C(C), .R(R), .D(D), .Q(Q));
endmodule
module SB_DFFS (output Q, input C, S, D);
	\$_DFF_PP1_ r (.C(C), .R(S), .D(D), .Q(Q));
endmodule
module SB_DFFESR (output Q, input C, E, R, D);
	\$_SDFFCE_PP0P_ r (.C(C), .E(E), .R(R), .D(D), .Q(Q));
endmodule
module SB_DFFESS (output Q, input C, E, S, D);
	\$_SDFFCE_PP1P_ r (.C(C), .E(E), .R(S), .D(D), .Q(Q));
endmodule
module SB_DFFER (output Q, input C, E, R, D);
	\$_DFFE_PP0P_ r (.C(C), .E(E), .R(R), .D(D), .Q(Q));
endmodule
module SB_DFFES (output Q, input C, E, S, D);
	\$_DFFE_PP1P_ r (.C(C), .E(E), .R(S), .D(D), .Q(Q));
endmodule
module SB_DFFN (output Q, input C, D);
	\$_DFF_N_ r (.C(C), .D(D), .Q(Q));
endmodule
module SB_DFFNE (output Q, input C, E, D);
	\$_DFFE_NP_ r (.C(C), .E(E), .D(D), .Q(Q));
endmodule
module SB_DFFNSR (output Q, input C, R, D);
	\$_SDFF_NP0_ r (.C(C), .R(R), .D(D), .Q(Q));
endmodule
module SB_DFFNSS (output Q, input C, S, D);
	\$_SDFF_NP1_ r (.C(C), .R(S), .D(D), .Q(Q));
endmodule
module SB_DFFNR (output Q, input C, R, D);
	\$_DFF_NP0_ r (.C(C), .R(R), .D(D), .Q(Q));
endmodule
module SB_DFFNS (output Q, input C, S, D);
	\$_DFF_NP1_ r (.C(C), .R(S), .D(D), .Q(Q));
endmodule
module SB_DFFNESR (output Q, input C, E, R, D);
	\$_SDFFCE_NP0P_ r (.C(C), .E(E), .R(R), .D(D), .Q(Q));
endmodule
module SB_DFFNESS (output Q, input C, E, S, D);
	\$_SDFFCE_NP1P_ r (.C(C), .E(E), .R(S), .D(D), .Q(Q));
endmodule
module SB_DFFNER (output Q, input C, E, R, D);
	\$_DFFE_NP0P_ r (.C(C), .E(E), .R(R), .D(D), .Q(Q));
endmodule
module SB_DFFNES (output Q, input C, E, S, D);
	\$_DFFE_NP1P_ r (.C(C), .E(E), .R(S), .D(D), .Q(Q));
endmodule

// The global buffer; pads and PLLs are cut off before this map is used.
module SB_GB (input USER_SIGNAL_TO_GLOBAL_BUFFER, output GLOBAL_BUFFER_OUTPUT);
	assign GLOBAL_BUFFER_OUTPUT = USER_SIGNAL_TO_GLOBAL_BUFFER;
endmodule
