"""The report of a compile: one page of HTML, and a table for the terminal.

Both read the dict that ``report.json`` holds and show what is in it. A key that is absent was not measured: it is
left out, never shown as zero. Nothing here computes a measurement; shares and differences of given figures only.
"""

from .page import to_html
from .table import to_table

__all__ = ["to_html", "to_table"]
