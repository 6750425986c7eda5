// ECP5 block RAM, multiplier and distributed RAM. What they do is taken from Yosys' description of the same cells
// (share/lattice/brams_16kd.txt, brams_map_16kd.v, dsp_map_18x18.v: widths, byte enables, write modes, resets), whose
// source is Lattice's "ECP5 and ECP5-5G Memory Usage Guide" (TN1264) and "sysDSP Usage Guide" (TN1267).
// A block RAM is 1024 rows of 18 bits: two bytes of 9, of which ports of width 1, 2 and 4 see the lower 8 bits. Ports
// of width 36 read and write two rows; their upper 18 bits use the other port's data pins. When both ports meet in
// one cycle at one address and one of them writes, the other reads the old value (the hardware promises nothing).

module nnfpga_dp16kd_port #(
	parameter DATA_WIDTH = 18,
	parameter REGMODE = "NOREG",
	parameter RESETMODE = "SYNC",
	parameter WRITEMODE = "NORMAL",
	parameter CSDECODE = "0b000"
) (
	input clk, ce, oce, we, rst,
	input [2:0] cs,
	input [13:0] ad,
	input [35:0] row,               // the addressed pair of rows, before this clock edge
	input [35:0] di,
	output write,
	output [35:0] mask, data,       // what to write into that pair
	output [35:0] q
);
	localparam [2:0] SELECT = {CSDECODE[2*8 +: 8] == "1", CSDECODE[8 +: 8] == "1", CSDECODE[0 +: 8] == "1"};
	wire enabled = ce && cs == SELECT;
	// Bit 0 of the field in the pair, and its mask. A byte has 9 bits.
	wire [5:0] byte_lo = ad[4:3] * 6'd9;
	wire [5:0] lo = DATA_WIDTH == 36 ? 6'd0 : DATA_WIDTH == 18 ? (ad[4] ? 6'd18 : 6'd0) : DATA_WIDTH == 9 ? byte_lo
		: DATA_WIDTH == 4 ? byte_lo + {3'b0, ad[2], 2'b0} : DATA_WIDTH == 2 ? byte_lo + {3'b0, ad[2:1], 1'b0}
		: byte_lo + {3'b0, ad[2:0]};
	wire [35:0] field = DATA_WIDTH == 36 ? {{9{ad[3]}}, {9{ad[2]}}, {9{ad[1]}}, {9{ad[0]}}}
		: DATA_WIDTH == 18 ? {18'b0, {9{ad[1]}}, {9{ad[0]}}} : DATA_WIDTH == 9 ? 36'h1ff : DATA_WIDTH == 4 ? 36'hf
		: DATA_WIDTH == 2 ? 36'h3 : 36'h1;
	wire [35:0] whole = DATA_WIDTH == 36 ? 36'hfffffffff : DATA_WIDTH == 18 ? 36'h3ffff : field;
	assign write = enabled && we && !rst;
	assign mask = field << lo;
	assign data = di << lo;
	wire [35:0] old_value = (row >> lo) & whole;
	wire [35:0] new_value = (old_value & ~field) | (di & field);
	reg [35:0] first = 0, second = 0;
	wire [35:0] next = we ? (WRITEMODE == "WRITETHROUGH" ? new_value : WRITEMODE == "READBEFOREWRITE" ? old_value : first)
		: old_value;
	generate
		if (RESETMODE == "ASYNC") begin
			always @(posedge clk or posedge rst)
				if (rst) first <= 0;
				else if (enabled) first <= next;
			always @(posedge clk or posedge rst)
				if (rst) second <= 0;
				else if (oce) second <= first;
		end else begin
			always @(posedge clk)
				if (rst) first <= 0;
				else if (enabled) first <= next;
			always @(posedge clk)
				if (rst) second <= 0;
				else if (oce) second <= first;
		end
	endgenerate
	assign q = REGMODE == "OUTREG" ? second : first;
endmodule

module DP16KD (
	input DIA17, DIA16, DIA15, DIA14, DIA13, DIA12, DIA11, DIA10, DIA9, DIA8, DIA7, DIA6, DIA5, DIA4, DIA3, DIA2,
		DIA1, DIA0,
	input ADA13, ADA12, ADA11, ADA10, ADA9, ADA8, ADA7, ADA6, ADA5, ADA4, ADA3, ADA2, ADA1, ADA0,
	input CEA, OCEA, CLKA, WEA, RSTA, CSA2, CSA1, CSA0,
	output DOA17, DOA16, DOA15, DOA14, DOA13, DOA12, DOA11, DOA10, DOA9, DOA8, DOA7, DOA6, DOA5, DOA4, DOA3, DOA2,
		DOA1, DOA0,
	input DIB17, DIB16, DIB15, DIB14, DIB13, DIB12, DIB11, DIB10, DIB9, DIB8, DIB7, DIB6, DIB5, DIB4, DIB3, DIB2,
		DIB1, DIB0,
	input ADB13, ADB12, ADB11, ADB10, ADB9, ADB8, ADB7, ADB6, ADB5, ADB4, ADB3, ADB2, ADB1, ADB0,
	input CEB, OCEB, CLKB, WEB, RSTB, CSB2, CSB1, CSB0,
	output DOB17, DOB16, DOB15, DOB14, DOB13, DOB12, DOB11, DOB10, DOB9, DOB8, DOB7, DOB6, DOB5, DOB4, DOB3, DOB2,
		DOB1, DOB0
);
	parameter DATA_WIDTH_A = 18;
	parameter DATA_WIDTH_B = 18;
	parameter REGMODE_A = "NOREG";
	parameter REGMODE_B = "NOREG";
	parameter RESETMODE = "SYNC";
	parameter ASYNC_RESET_RELEASE = "SYNC";
	parameter CSDECODE_A = "0b000";
	parameter CSDECODE_B = "0b000";
	parameter WRITEMODE_A = "NORMAL";
	parameter WRITEMODE_B = "NORMAL";
	parameter CLKAMUX = "CLKA";
	parameter CLKBMUX = "CLKB";
	parameter GSR = "ENABLED";
	parameter INIT_DATA = "STATIC";
	parameter [319:0] INITVAL_00 = 320'h0;
	parameter [319:0] INITVAL_01 = 320'h0;
	parameter [319:0] INITVAL_02 = 320'h0;
	parameter [319:0] INITVAL_03 = 320'h0;
	parameter [319:0] INITVAL_04 = 320'h0;
	parameter [319:0] INITVAL_05 = 320'h0;
	parameter [319:0] INITVAL_06 = 320'h0;
	parameter [319:0] INITVAL_07 = 320'h0;
	parameter [319:0] INITVAL_08 = 320'h0;
	parameter [319:0] INITVAL_09 = 320'h0;
	parameter [319:0] INITVAL_0A = 320'h0;
	parameter [319:0] INITVAL_0B = 320'h0;
	parameter [319:0] INITVAL_0C = 320'h0;
	parameter [319:0] INITVAL_0D = 320'h0;
	parameter [319:0] INITVAL_0E = 320'h0;
	parameter [319:0] INITVAL_0F = 320'h0;
	parameter [319:0] INITVAL_10 = 320'h0;
	parameter [319:0] INITVAL_11 = 320'h0;
	parameter [319:0] INITVAL_12 = 320'h0;
	parameter [319:0] INITVAL_13 = 320'h0;
	parameter [319:0] INITVAL_14 = 320'h0;
	parameter [319:0] INITVAL_15 = 320'h0;
	parameter [319:0] INITVAL_16 = 320'h0;
	parameter [319:0] INITVAL_17 = 320'h0;
	parameter [319:0] INITVAL_18 = 320'h0;
	parameter [319:0] INITVAL_19 = 320'h0;
	parameter [319:0] INITVAL_1A = 320'h0;
	parameter [319:0] INITVAL_1B = 320'h0;
	parameter [319:0] INITVAL_1C = 320'h0;
	parameter [319:0] INITVAL_1D = 320'h0;
	parameter [319:0] INITVAL_1E = 320'h0;
	parameter [319:0] INITVAL_1F = 320'h0;
	parameter [319:0] INITVAL_20 = 320'h0;
	parameter [319:0] INITVAL_21 = 320'h0;
	parameter [319:0] INITVAL_22 = 320'h0;
	parameter [319:0] INITVAL_23 = 320'h0;
	parameter [319:0] INITVAL_24 = 320'h0;
	parameter [319:0] INITVAL_25 = 320'h0;
	parameter [319:0] INITVAL_26 = 320'h0;
	parameter [319:0] INITVAL_27 = 320'h0;
	parameter [319:0] INITVAL_28 = 320'h0;
	parameter [319:0] INITVAL_29 = 320'h0;
	parameter [319:0] INITVAL_2A = 320'h0;
	parameter [319:0] INITVAL_2B = 320'h0;
	parameter [319:0] INITVAL_2C = 320'h0;
	parameter [319:0] INITVAL_2D = 320'h0;
	parameter [319:0] INITVAL_2E = 320'h0;
	parameter [319:0] INITVAL_2F = 320'h0;
	parameter [319:0] INITVAL_30 = 320'h0;
	parameter [319:0] INITVAL_31 = 320'h0;
	parameter [319:0] INITVAL_32 = 320'h0;
	parameter [319:0] INITVAL_33 = 320'h0;
	parameter [319:0] INITVAL_34 = 320'h0;
	parameter [319:0] INITVAL_35 = 320'h0;
	parameter [319:0] INITVAL_36 = 320'h0;
	parameter [319:0] INITVAL_37 = 320'h0;
	parameter [319:0] INITVAL_38 = 320'h0;
	parameter [319:0] INITVAL_39 = 320'h0;
	parameter [319:0] INITVAL_3A = 320'h0;
	parameter [319:0] INITVAL_3B = 320'h0;
	parameter [319:0] INITVAL_3C = 320'h0;
	parameter [319:0] INITVAL_3D = 320'h0;
	parameter [319:0] INITVAL_3E = 320'h0;
	parameter [319:0] INITVAL_3F = 320'h0;
	localparam [20479:0] INIT = {
		INITVAL_3F, INITVAL_3E, INITVAL_3D, INITVAL_3C, INITVAL_3B, INITVAL_3A, INITVAL_39, INITVAL_38,
		INITVAL_37, INITVAL_36, INITVAL_35, INITVAL_34, INITVAL_33, INITVAL_32, INITVAL_31, INITVAL_30,
		INITVAL_2F, INITVAL_2E, INITVAL_2D, INITVAL_2C, INITVAL_2B, INITVAL_2A, INITVAL_29, INITVAL_28,
		INITVAL_27, INITVAL_26, INITVAL_25, INITVAL_24, INITVAL_23, INITVAL_22, INITVAL_21, INITVAL_20,
		INITVAL_1F, INITVAL_1E, INITVAL_1D, INITVAL_1C, INITVAL_1B, INITVAL_1A, INITVAL_19, INITVAL_18,
		INITVAL_17, INITVAL_16, INITVAL_15, INITVAL_14, INITVAL_13, INITVAL_12, INITVAL_11, INITVAL_10,
		INITVAL_0F, INITVAL_0E, INITVAL_0D, INITVAL_0C, INITVAL_0B, INITVAL_0A, INITVAL_09, INITVAL_08,
		INITVAL_07, INITVAL_06, INITVAL_05, INITVAL_04, INITVAL_03, INITVAL_02, INITVAL_01, INITVAL_00
	};
	wire [17:0] dia = {DIA17, DIA16, DIA15, DIA14, DIA13, DIA12, DIA11, DIA10, DIA9, DIA8, DIA7, DIA6, DIA5, DIA4,
		DIA3, DIA2, DIA1, DIA0};
	wire [17:0] dib = {DIB17, DIB16, DIB15, DIB14, DIB13, DIB12, DIB11, DIB10, DIB9, DIB8, DIB7, DIB6, DIB5, DIB4,
		DIB3, DIB2, DIB1, DIB0};
	wire [13:0] ada = {ADA13, ADA12, ADA11, ADA10, ADA9, ADA8, ADA7, ADA6, ADA5, ADA4, ADA3, ADA2, ADA1, ADA0};
	wire [13:0] adb = {ADB13, ADB12, ADB11, ADB10, ADB9, ADB8, ADB7, ADB6, ADB5, ADB4, ADB3, ADB2, ADB1, ADB0};
	wire clk_a = CLKAMUX == "INV" ? ~CLKA : CLKA;
	wire clk_b = CLKBMUX == "INV" ? ~CLKB : CLKB;

	reg [8:0] bytes [0:2047];
	integer n;
	initial for (n = 0; n < 2048; n = n + 1) bytes[n] = INIT[n[10:1] * 20 + n[0] * 9 +: 9];

	wire write_a, write_b;
	wire [35:0] mask_a, mask_b, data_a, data_b, q_a, q_b;
	wire [35:0] row_a = {bytes[{ada[13:5], 2'd3}], bytes[{ada[13:5], 2'd2}], bytes[{ada[13:5], 2'd1}],
		bytes[{ada[13:5], 2'd0}]};
	wire [35:0] row_b = {bytes[{adb[13:5], 2'd3}], bytes[{adb[13:5], 2'd2}], bytes[{adb[13:5], 2'd1}],
		bytes[{adb[13:5], 2'd0}]};
	wire [35:0] to_a = (row_a & ~mask_a) | (data_a & mask_a);
	wire [35:0] to_b = (row_b & ~mask_b) | (data_b & mask_b);
	nnfpga_dp16kd_port #(.DATA_WIDTH(DATA_WIDTH_A), .REGMODE(REGMODE_A), .RESETMODE(RESETMODE), .WRITEMODE(WRITEMODE_A),
		.CSDECODE(CSDECODE_A)) a (.clk(clk_a), .ce(CEA), .oce(OCEA), .we(WEA), .rst(RSTA), .cs({CSA2, CSA1, CSA0}),
			.ad(ada),
		.row(row_a), .di(DATA_WIDTH_A == 36 ? {dib, dia} : {18'b0, dia}), .write(write_a), .mask(mask_a), .data(data_a),
		.q(q_a));
	nnfpga_dp16kd_port #(.DATA_WIDTH(DATA_WIDTH_B), .REGMODE(REGMODE_B), .RESETMODE(RESETMODE), .WRITEMODE(WRITEMODE_B),
		.CSDECODE(CSDECODE_B)) b (.clk(clk_b), .ce(CEB), .oce(OCEB), .we(WEB), .rst(RSTB), .cs({CSB2, CSB1, CSB0}),
			.ad(adb),
		.row(row_b), .di(DATA_WIDTH_B == 36 ? {dib, dia} : {18'b0, dib}), .write(write_b), .mask(mask_b), .data(data_b),
		.q(q_b));
	always @(posedge clk_a) if (write_a) begin
		if (|mask_a[0 +: 9]) bytes[{ada[13:5], 2'd0}] <= to_a[0 +: 9];
		if (|mask_a[9 +: 9]) bytes[{ada[13:5], 2'd1}] <= to_a[9 +: 9];
		if (|mask_a[18 +: 9]) bytes[{ada[13:5], 2'd2}] <= to_a[18 +: 9];
		if (|mask_a[27 +: 9]) bytes[{ada[13:5], 2'd3}] <= to_a[27 +: 9];
	end
	always @(posedge clk_b) if (write_b) begin
		if (|mask_b[0 +: 9]) bytes[{adb[13:5], 2'd0}] <= to_b[0 +: 9];
		if (|mask_b[9 +: 9]) bytes[{adb[13:5], 2'd1}] <= to_b[9 +: 9];
		if (|mask_b[18 +: 9]) bytes[{adb[13:5], 2'd2}] <= to_b[18 +: 9];
		if (|mask_b[27 +: 9]) bytes[{adb[13:5], 2'd3}] <= to_b[27 +: 9];
	end

	wire [17:0] doa, dob;
	assign doa = DATA_WIDTH_B == 36 ? q_b[17:0] : q_a[17:0];
	assign dob = DATA_WIDTH_B == 36 ? q_b[35:18] : q_b[17:0];
	assign {DOA17, DOA16, DOA15, DOA14, DOA13, DOA12, DOA11, DOA10, DOA9, DOA8, DOA7, DOA6, DOA5, DOA4, DOA3, DOA2,
		DOA1, DOA0} = doa;
	assign {DOB17, DOB16, DOB15, DOB14, DOB13, DOB12, DOB11, DOB10, DOB9, DOB8, DOB7, DOB6, DOB5, DOB4, DOB3, DOB2,
		DOB1, DOB0} = dob;
endmodule

// Only what Yosys makes of a product: no registers, no cascade. Anything else is an unknown module, hence an error.
module MULT18X18D (
	input A17, A16, A15, A14, A13, A12, A11, A10, A9, A8, A7, A6, A5, A4, A3, A2, A1, A0,
	input B17, B16, B15, B14, B13, B12, B11, B10, B9, B8, B7, B6, B5, B4, B3, B2, B1, B0,
	input C17, C16, C15, C14, C13, C12, C11, C10, C9, C8, C7, C6, C5, C4, C3, C2, C1, C0,
	input SIGNEDA, SIGNEDB, SOURCEA, SOURCEB,
	output P35, P34, P33, P32, P31, P30, P29, P28, P27, P26, P25, P24, P23, P22, P21, P20, P19, P18, P17, P16, P15,
		P14, P13, P12, P11, P10, P9, P8, P7, P6, P5, P4, P3, P2, P1, P0,
	output SIGNEDP
);
	parameter REG_INPUTA_CLK = "NONE";
	parameter REG_INPUTB_CLK = "NONE";
	parameter REG_INPUTC_CLK = "NONE";
	parameter REG_PIPELINE_CLK = "NONE";
	parameter REG_OUTPUT_CLK = "NONE";
	generate
		if (REG_INPUTA_CLK != "NONE" || REG_INPUTB_CLK != "NONE" || REG_INPUTC_CLK != "NONE" || REG_PIPELINE_CLK != "NONE"
				|| REG_OUTPUT_CLK != "NONE")
			MULT18X18D_registers_are_not_modelled no_model ();
	endgenerate
	wire [17:0] a = {A17, A16, A15, A14, A13, A12, A11, A10, A9, A8, A7, A6, A5, A4, A3, A2, A1, A0};
	wire [17:0] b = {B17, B16, B15, B14, B13, B12, B11, B10, B9, B8, B7, B6, B5, B4, B3, B2, B1, B0};
	wire signed [18:0] wide_a = {SIGNEDA & a[17], a};
	wire signed [18:0] wide_b = {SIGNEDB & b[17], b};
	wire signed [37:0] product = wide_a * wide_b;
	assign {P35, P34, P33, P32, P31, P30, P29, P28, P27, P26, P25, P24, P23, P22, P21, P20, P19, P18, P17, P16, P15,
		P14, P13, P12, P11, P10, P9, P8, P7, P6, P5, P4, P3, P2, P1, P0} = product[35:0];
	assign SIGNEDP = SIGNEDA | SIGNEDB;
endmodule

module TRELLIS_DPR16X4 (input [3:0] DI, WAD, RAD, input WRE, WCK, output [3:0] DO);
	parameter WCKMUX = "WCK";
	parameter WREMUX = "WRE";
	parameter [63:0] INITVAL = 64'h0;
	reg [3:0] words [0:15];
	integer n;
	initial for (n = 0; n < 16; n = n + 1) words[n] = INITVAL[4 * n +: 4];
	wire clk = WCKMUX == "INV" ? ~WCK : WCK;
	wire write = WREMUX == "1" ? 1'b1 : WREMUX == "0" ? 1'b0 : WREMUX == "INV" ? ~WRE : WRE;
	always @(posedge clk) if (write) words[WAD] <= DI;
	assign DO = words[RAD];
endmodule
