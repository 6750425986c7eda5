"""nnfpga."""
