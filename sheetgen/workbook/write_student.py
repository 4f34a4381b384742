"""The cell at the head of a blank workbook in which students say who they are, which ``read.py`` finds by its name.

It stands at the right of the title, so that no row moves for it, and takes as many of the table's columns as an id
needs. This room must not know answers, nor who the students are.
"""

from __future__ import annotations

from collections.abc import Sequence

from openpyxl import Workbook
from openpyxl.cell import Cell, MergedCell
from openpyxl.styles import Alignment, Protection
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.worksheet import Worksheet

from ..quantities import STUDENT
from .styles import BLANK_FILL, GRID, font, name_cells

LABEL = "Student ID"
LABEL_WIDTH, FIELD_WIDTH = 13, 18  # characters
FITTED = Alignment(horizontal="left", vertical="center", indent=1, shrink_to_fit=True)  # a mail address is longer
TEXT = "@"  # so that 007 stays 007


def columns_of_student(widths: Sequence[float]) -> tuple[int, int]:
    """The columns, counted from 1, at which the label and the cell begin; both end where the next begins."""
    field = _reaching(widths, len(widths), FIELD_WIDTH)
    return _reaching(widths, field - 1, LABEL_WIDTH), field


def _reaching(widths: Sequence[float], last: int, characters: float) -> int:
    """The first of the columns up to ``last`` that are together ``characters`` wide."""
    first = max(last, 1)
    while first > 1 and sum(widths[first - 1 : last]) < characters:
        first -= 1
    return first


def write_student(workbook: Workbook, page: Worksheet, row: int, widths: Sequence[float]) -> None:
    """The label and the cell, named, in ``row``; the columns have these ``widths``."""
    at, field = columns_of_student(widths)
    label, _ = _over(page, row, at, field - 1)
    label.value, label.font = LABEL, font(bold=True)
    label.alignment = Alignment(horizontal="right", vertical="center", indent=1)
    typed, parts = _over(page, row, field, len(widths))
    for each in parts:  # of a merged cell all: Excel holds a locked part against whoever types
        each.fill, each.border, each.protection = BLANK_FILL, GRID, Protection(locked=False)
    typed.font, typed.alignment, typed.number_format = font(), FITTED, TEXT
    name_cells(workbook, page, {STUDENT: typed})
    hint = DataValidation(allow_blank=True, showInputMessage=True)
    hint.promptTitle, hint.prompt = LABEL, "The ID under which you are enrolled. It is no answer, and earns no marks."
    hint.add(typed.coordinate)
    page.add_data_validation(hint)


def _over(page: Worksheet, row: int, first: int, last: int) -> tuple[Cell, list[Cell | MergedCell]]:
    """The cell that holds what columns of a row show together, and all the cells that are parts of it."""
    if last > first:
        page.merge_cells(start_row=row, end_row=row, start_column=first, end_column=last)
    parts = [page.cell(row, column) for column in range(first, last + 1)]
    assert isinstance(parts[0], Cell)
    return parts[0], parts
