"""The table on the terminal: exact text."""

from __future__ import annotations

from typing import Any

from nnfpga.report import to_table

WHOLE = """\
digits.onnx
icebreaker (UP5K, ice40), target latency

Size            fits: 64 % of the LUTs
Timing          met: 31.72 MHz reached, 24 MHz wanted
Exactness       exact: RTL equal on 1,000 vectors (verilator)
                netlist equal on 128 vectors (icarus)
                framed transaction through the pads equal
                with nnfpga's own models of DP16KD

Float accuracy  97.50 %  the model as it came
Fixed accuracy  97.22 %  -0.28 points against float
Agreement       99.44 %  same class as float
Largest error   0.03125  of an output value against float

Latency         8.833 us  212 cycles
Interval        1 cycle   from one sample to the next
Clock           24 MHz    31.72 MHz possible
Core rate       24 M/s    inferences the circuit can do
Link rate       1,521/s   inferences the host link lets through

Input           ufixed<5,5>, 64 elements, 64 bytes, order row by row
Output          class, ufixed<4,4>, 1 element, 1 byte

LUTs, about     3,280  +-10 %, before synthesis, without the link
FFs, about      1,800  +-15 %, before synthesis, without the link

LUTs            3,391 of 5,280   64.2 %  [#############.......]
Flip-flops      1,843 of 5,280   34.9 %  [#######.............]
Carry cells       911
Block RAMs          0 of    30    0.0 %  [....................]

layer      kind     shape  format       implementation        cycles  ~LUTs
---------  -------  -----  -----------  --------------------  ------  -----
/fc1/Gemm  dense    10     fixed<17,9>  Folded(pe=8, simd=4)     128  1,012
argmax     arg-max  1                   Unrolled()                 4

Time            1 min 12 s: import 0.3 s, plan <0.1 s, netlist 1 min 11 s

Note            Input 7 is constant in the data.
"""


def test_everything_measured(report: dict[str, Any]) -> None:
    assert to_table(report) == WHOLE


def test_nothing_measured() -> None:
    assert to_table({"model": "m.onnx"}) == "m.onnx\n"
    assert to_table({}) == "nnfpga report\n"


def test_failures_are_loud(report: dict[str, Any]) -> None:
    report["resources"]["lut"] = 6000
    report["timing_met"] = False
    report["exact"] = {"rtl": True, "netlist": False, "vectors": 1}
    assert to_table(report).split("\n\n")[1] == (
        "Size            DOES NOT FIT: 114 % of the LUTs\n"
        "Timing          NOT MET: 31.72 MHz reached, 24 MHz wanted\n"
        "Exactness       NOT EXACT: RTL equal on 1 vector\n"
        "                netlist differs on 1 vector"
    )


def test_what_the_device_lacks_does_not_fit(report: dict[str, Any]) -> None:
    report["resources"]["dsp"] = 2
    assert "Size            DOES NOT FIT: 2 of 0 multipliers\n" in to_table(report)


def test_a_generic_device_has_no_limits() -> None:
    for device in ({"name": "generic"}, {"name": "any", "family": "generic", "lut": 10**9}):
        found = to_table({"model": "m.onnx", "device": device, "resources": {"lut": 12}})
        assert found == "m.onnx\ngeneric device\n\nLUTs            12\n"


def test_never_wider_than_80_columns(report: dict[str, Any]) -> None:
    report["model"] = "a/" * 100 + "model.onnx"
    report["notes"] = ["word " * 60, "x" * 200]
    for layer in report["layers"]:
        layer |= {"name": "n" * 70, "kind": "k" * 50, "implementation": "i" * 90, "output_format": "f" * 40}
        layer |= {"output_shape": [1] * 40, "cycles": 10**12}
    assert max(map(len, to_table(report).splitlines())) == 80


def test_names_cannot_steer_the_terminal() -> None:
    found = to_table({"model": "a\x1b[31m\nb\udc80", "layers": [{"name": "x\x9b\u202ey"}]})
    assert found == "a?[31m b?\n\nlayer\n-----\nx??y\n"


def test_values_of_a_wrong_kind_are_left_out() -> None:
    odd: dict[str, Any] = {"model": "m", "float": 3, "fixed": {"accuracy": "high", "max_abs_error": float("nan")}}
    odd |= {"exact": {"rtl": 1}, "layers": [None, 3], "seconds": [1], "notes": None, "timing_met": None, "device": None}
    assert to_table(odd) == "m\n"


def test_frames_may_be_counted(report: dict[str, Any]) -> None:
    report["exact"]["framed"] = 3
    assert "\n                3 framed transactions through the pads equal\n" in to_table(report)
