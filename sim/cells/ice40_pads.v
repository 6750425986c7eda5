// Pads and PLLs of the iCE40 for simulation of a whole chip: no tristate, and the PLL's output is a clock of the driver's.
module SB_IO (inout PACKAGE_PIN, input LATCH_INPUT_VALUE, CLOCK_ENABLE, INPUT_CLK, OUTPUT_CLK, OUTPUT_ENABLE,
	input D_OUT_0, D_OUT_1, output D_IN_0, D_IN_1);
	parameter [5:0] PIN_TYPE = 6'b000000;
	parameter [0:0] PULLUP = 0;
	parameter [0:0] NEG_TRIGGER = 0;
	parameter IO_STANDARD = "SB_LVCMOS";
	generate
		if (PIN_TYPE == 6'b011001 || PIN_TYPE == 6'b101001) nnfpga_output_pad pad (.D(D_OUT_0));
		else if (PIN_TYPE == 6'b000001) assign D_IN_0 = PACKAGE_PIN;
		else SB_IO_pin_type_is_not_modelled no_model ();
	endgenerate
endmodule

module SB_GB_IO (inout PACKAGE_PIN, output GLOBAL_BUFFER_OUTPUT, input LATCH_INPUT_VALUE, CLOCK_ENABLE, INPUT_CLK,
	OUTPUT_CLK, OUTPUT_ENABLE, D_OUT_0, D_OUT_1, output D_IN_0, D_IN_1);
	parameter [5:0] PIN_TYPE = 6'b000000;
	parameter [0:0] PULLUP = 0;
	parameter [0:0] NEG_TRIGGER = 0;
	parameter IO_STANDARD = "SB_LVCMOS";
	assign GLOBAL_BUFFER_OUTPUT = PACKAGE_PIN;
	assign D_IN_0 = PACKAGE_PIN;
endmodule

module SB_PLL40_2_PAD (input PACKAGEPIN, output PLLOUTGLOBALA, PLLOUTCOREA, PLLOUTGLOBALB, PLLOUTCOREB, LOCK,
	input EXTFEEDBACK, BYPASS, RESETB, LATCHINPUTVALUE, SDI, SCLK, input [7:0] DYNAMICDELAY, output SDO);
	parameter FEEDBACK_PATH = "SIMPLE";
	parameter DELAY_ADJUSTMENT_MODE_FEEDBACK = "FIXED";
	parameter DELAY_ADJUSTMENT_MODE_RELATIVE = "FIXED";
	parameter SHIFTREG_DIV_MODE = 0;
	parameter FDA_FEEDBACK = 0;
	parameter FDA_RELATIVE = 0;
	parameter PLLOUT_SELECT_PORTB = "GENCLK";
	parameter DIVR = 0;
	parameter DIVF = 0;
	parameter DIVQ = 0;
	parameter FILTER_RANGE = 0;
	parameter ENABLE_ICEGATE_PORTA = 0;
	parameter ENABLE_ICEGATE_PORTB = 0;
	parameter TEST_MODE = 0;
	parameter EXTERNAL_DIVIDE_FACTOR = 1;
	wire made;
	nnfpga_pll_clock clock (.O(made));
	assign {PLLOUTGLOBALA, PLLOUTCOREA} = {2{PACKAGEPIN}};
	assign {PLLOUTGLOBALB, PLLOUTCOREB} = {2{made}};
	assign LOCK = 1'b1;
endmodule

module SB_PLL40_CORE (input REFERENCECLK, output PLLOUTCORE, PLLOUTGLOBAL, LOCK,
	input EXTFEEDBACK, BYPASS, RESETB, LATCHINPUTVALUE, SDI, SCLK, input [7:0] DYNAMICDELAY, output SDO);
	parameter FEEDBACK_PATH = "SIMPLE";
	parameter DELAY_ADJUSTMENT_MODE_FEEDBACK = "FIXED";
	parameter DELAY_ADJUSTMENT_MODE_RELATIVE = "FIXED";
	parameter SHIFTREG_DIV_MODE = 0;
	parameter FDA_FEEDBACK = 0;
	parameter FDA_RELATIVE = 0;
	parameter PLLOUT_SELECT = "GENCLK";
	parameter DIVR = 0;
	parameter DIVF = 0;
	parameter DIVQ = 0;
	parameter FILTER_RANGE = 0;
	parameter ENABLE_ICEGATE = 0;
	parameter TEST_MODE = 0;
	parameter EXTERNAL_DIVIDE_FACTOR = 1;
	wire made;
	nnfpga_pll_clock clock (.O(made));
	assign {PLLOUTGLOBAL, PLLOUTCORE} = {2{made}};
	assign LOCK = 1'b1;
endmodule
