"""What nnfpga uses of the pyosys wheel."""
