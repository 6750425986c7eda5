"""Yosys from the pyosys wheel as a program: native, and it starts at once, where YoWASP compiles itself first."""

from __future__ import annotations

import argparse

from pyosys import libyosys


def main() -> None:
    """Run ``-s FILE`` or ``-p COMMANDS``; ``-q`` is understood, but the library's log cannot be silenced."""
    parser = argparse.ArgumentParser(prog="yosys")
    parser.add_argument("-q", action="store_true")
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("-s", metavar="FILE")
    what.add_argument("-p", metavar="COMMANDS")
    args = parser.parse_args()
    libyosys.run_pass(f"script {args.s}" if args.s else args.p, libyosys.Design())


if __name__ == "__main__":
    main()
