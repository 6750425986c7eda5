"""nnfpga: trained neural networks to exact fixed-point FPGA circuits."""
