"""A report in which everything was measured."""

from __future__ import annotations

from typing import Any

import pytest


@pytest.fixture
def report() -> dict[str, Any]:
    """A digits network of two layers on a UP5K."""
    return {
        "model": "digits.onnx",
        "board": "icebreaker",
        "plan": {"target": "latency"},
        "float": {"accuracy": 0.975},
        "fixed": {"accuracy": 0.9722, "agreement": 0.9944, "max_abs_error": 0.03125},
        "exact": {
            "vectors": 1000,
            "rtl": True,
            "netlist": True,
            "rtl_vectors": 1000,
            "netlist_vectors": 128,
            "rtl_engine": "verilator",
            "netlist_engine": "icarus",
            "framed": True,
            "cell_models": ["DP16KD"],
        },
        "latency_cycles": 212,
        "interval_cycles": 1,
        "clock_mhz": 24,
        "fmax_mhz": 31.72,
        "timing_met": True,
        "latency_us": 8.8333,
        "inferences_per_second": {"core": 24_000_000, "link": 1521.4},
        "input": {"format": "ufixed<5,5>", "order": "row by row", "elements": 64, "bytes": 64, "frame": ["END", "CRC"]},
        "output": {"kind": "class", "format": "ufixed<4,4>", "elements": 1, "bytes": 1, "labels": ["zero", "one"]},
        "estimate": {"lut": 3280, "lut_error": 0.1, "ff": 1800, "ff_error": 0.15, "latency_cycles": 212},
        "resources": {"lut": 3391, "ff": 1843, "carry": 911, "bram": 0, "dsp": 0},
        "device": {"name": "UP5K", "family": "ice40", "lut": 5280, "ff": 5280, "bram": 30, "dsp": 0},
        "layers": [
            {
                "name": "/fc1/Gemm",
                "kind": "dense",
                "implementation": "Folded(pe=8, simd=4)",
                "input_shape": [64],
                "output_shape": [10],
                "input_format": "ufixed<5,5>",
                "output_format": "fixed<17,9>",
                "weights": "dense, 8 bit",
                "memory_bits": 5120,
                "cycles": 128,
                "estimated_lut": 1012.3,
                "estimated_lut_error": 0.15,
            },
            {"name": "argmax", "kind": "arg-max", "implementation": "Unrolled()", "output_shape": [], "cycles": 4},
        ],
        "seconds": {"import": 0.31, "plan": 0.004, "netlist": 71.3},
        "versions": {"yosys": "0.70", "python": "3.11.2"},
        "notes": ["Input 7 is constant in the data."],
    }
