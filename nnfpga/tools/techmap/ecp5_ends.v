// The ends of the chains of ecp5_sums.v, left open when nothing may tie them to a constant or a net any more: CIN of a
// first cell, COUT of a last one (LAST), or both.
// The ports are named all the same: nextpnr wants them to exist.
(* techmap_celltype = "CCU2C" *)
module _nnfpga_ecp5_end (CIN, A0, B0, C0, D0, A1, B1, C1, D1, S0, S1, COUT);
	parameter [15:0] INIT0 = 16'h0000;
	parameter [15:0] INIT1 = 16'h0000;
	parameter INJECT1_0 = "YES";
	parameter INJECT1_1 = "YES";
	parameter _TECHMAP_CONSTMSK_CIN_ = 0;
	input CIN, A0, B0, C0, D0, A1, B1, C1, D1;
	output S0, S1, COUT;
	generate
`ifdef LAST
	if (!_TECHMAP_CONSTMSK_CIN_)
		CCU2C #(.INIT0(INIT0), .INIT1(INIT1), .INJECT1_0("NO"), .INJECT1_1("NO")) _TECHMAP_REPLACE_ (.CIN(CIN), .COUT(),
			.A0(A0), .B0(B0), .C0(C0), .D0(D0), .A1(A1), .B1(B1), .C1(C1), .D1(D1), .S0(S0), .S1(S1));
	else
		CCU2C #(.INIT0(INIT0), .INIT1(INIT1), .INJECT1_0("NO"), .INJECT1_1("NO")) _TECHMAP_REPLACE_ (.CIN(), .COUT(),
			.A0(A0), .B0(B0), .C0(C0), .D0(D0), .A1(A1), .B1(B1), .C1(C1), .D1(D1), .S0(S0), .S1(S1));
`else
	CCU2C #(.INIT0(INIT0), .INIT1(INIT1), .INJECT1_0("NO"), .INJECT1_1("NO")) _TECHMAP_REPLACE_ (.CIN(), .COUT(COUT),
		.A0(A0), .B0(B0), .C0(C0), .D0(D0), .A1(A1), .B1(B1), .C1(C1), .D1(D1), .S0(S0), .S1(S1));
`endif
	endgenerate
endmodule
