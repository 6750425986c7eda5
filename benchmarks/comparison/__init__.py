"""The parts of ``benchmarks/unrolled.py``: cases, the two tools, synthesis and routing."""
