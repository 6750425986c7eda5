// Pads and PLL of the ECP5 for simulation of a whole chip: no tristate, and the PLL's output is a clock of the driver's.
module TRELLIS_IO (inout B, input I, T, output O);
	parameter DIR = "INPUT";
	generate
		if (DIR == "INPUT") assign O = B;
		else if (DIR == "OUTPUT") nnfpga_output_pad pad (.D(I));
		else TRELLIS_IO_direction_is_not_modelled no_model ();
	endgenerate
endmodule

module EHXPLLL (input CLKI, CLKFB, PHASESEL1, PHASESEL0, PHASEDIR, PHASESTEP, PHASELOADREG, STDBY, PLLWAKESYNC, RST,
	ENCLKOP, ENCLKOS, ENCLKOS2, ENCLKOS3, output CLKOP, CLKOS, CLKOS2, CLKOS3, LOCK, INTLOCK, REFCLK, CLKINTFB);
	parameter CLKI_DIV = 1;
	parameter CLKFB_DIV = 1;
	parameter CLKOP_DIV = 8;
	parameter CLKOP_ENABLE = "ENABLED";
	parameter CLKOP_CPHASE = 0;
	parameter CLKOP_FPHASE = 0;
	parameter FEEDBK_PATH = "CLKOP";
	nnfpga_pll_clock clock (.O(CLKOP));
	assign LOCK = 1'b1;
endmodule
