"""Scalar functions: chains of element-wise arithmetic that end in a quantiser become one integer function each."""
