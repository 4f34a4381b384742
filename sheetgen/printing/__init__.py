"""What people see: tables, verdicts, warnings. Plain text through rich, in colour on a terminal only.

Nothing that stands in a file or a cell is taken for markup, and control characters are replaced. This room must not
know how anything is computed, nor exit codes.
"""

from __future__ import annotations

from ..harmless import printable
from .checks import (
    print_checked,
    print_checked_all,
    print_checked_line,
    print_compared,
    print_discriminated,
    print_located,
)
from .console import complain, complain_softly, counted, counter, load_printer, passing, warn
from .results import print_kinds, print_results, standing
from .tables import headings, markdown, number, print_shipped, print_table

__all__ = [
    "complain",
    "complain_softly",
    "counted",
    "counter",
    "headings",
    "load_printer",
    "markdown",
    "number",
    "passing",
    "print_checked",
    "print_checked_all",
    "print_checked_line",
    "print_compared",
    "print_discriminated",
    "print_kinds",
    "print_located",
    "print_results",
    "print_shipped",
    "print_table",
    "printable",
    "standing",
    "warn",
]
