"""What the commands do, as functions: the only place where the edges (workbooks, PyTorch) meet.

    generate(coursework, out)            writes the blank and the key
    compare(coursework, workbooks)       says what in these is other than generate would write
    fill(coursework, template, out)      fills a copy of the blank, or somebody's own template
    locate(coursework, workbook)         says where a workbook has the table
    new(path, name)                      writes a coursework to start from
    verify(coursework, paths)            marks submissions
    read_results(path)                   takes the results that verify wrote to a file
    write_report(kind, results, asked)   writes a report of them
    discriminate(coursework)             says which mistakes the blanks cannot tell from the right answer
    check(coursework, ...)               holds every published number against its witnesses

``coursework`` is a path or the name of a shipped one. Faults of an instructor or the machine raise SheetgenError.
Edges are imported inside the functions, so that marking loads neither openpyxl nor torch.
"""

from __future__ import annotations

from .checking import Checked, check, published
from .discriminating import BlindSpot, Discriminated, discriminate
from .filling import FillReport, KeptCell, Located, fill, locate
from .making import OUTPUT, Compared, Generated, compare, fill_bytes, generate, new
from .marking import at_hand, read_results, verify, write_report
from .sheets import read_and_lay_out, sheet_of

__all__ = [
    "OUTPUT",
    "BlindSpot",
    "Checked",
    "Compared",
    "Discriminated",
    "FillReport",
    "Generated",
    "KeptCell",
    "Located",
    "at_hand",
    "check",
    "compare",
    "discriminate",
    "fill",
    "fill_bytes",
    "generate",
    "locate",
    "new",
    "published",
    "read_and_lay_out",
    "read_results",
    "sheet_of",
    "verify",
    "write_report",
]
