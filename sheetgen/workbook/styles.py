"""What the worksheets of a blank workbook have in common: colours and fonts, sentences over the whole width, the page.

This room must not know what the cells are for.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Protocol

from openpyxl import Workbook
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.utils import get_column_letter
from openpyxl.workbook.defined_name import DefinedName
from openpyxl.worksheet.header_footer import HeaderFooterItem
from openpyxl.worksheet.properties import PageSetupProperties
from openpyxl.worksheet.worksheet import Worksheet

from ..quantities import defined_name

INK, FAINT, BLUE = "FF1F2933", "FF7B8794", "FF1F4E79"
BLANK_FILL = PatternFill("solid", fgColor="FFFFF2CC")
HEADER_FILL = PatternFill("solid", fgColor=BLUE)
TOTAL_FILL = PatternFill("solid", fgColor="FFEEF2F6")
BLOCK_FILL = PatternFill("solid", fgColor="FFDCE6F1")
LINE = Side("thin", color="FFCBD2D9")
STRONG = Side("medium", color=BLUE)
NUMBER = Alignment(horizontal="right", vertical="center")
LEFT = Alignment(horizontal="left", vertical="center", indent=1)
CENTRE = Alignment(horizontal="center", vertical="center")
GRID = Border(left=LINE, right=LINE, top=LINE, bottom=LINE)


def font(size: float = 11, *, bold: bool = False, italic: bool = False, color: str = INK) -> Font:
    return Font(name="Calibri", size=size, bold=bold, italic=italic, color=color)


class AtCell(Protocol):
    @property
    def row(self) -> int: ...
    @property
    def column(self) -> int: ...


def name_cells(workbook: Workbook, page: Worksheet, cells: Mapping[str, AtCell]) -> None:
    """Give each cell the name of its answer."""
    quoted = "'" + page.title.replace("'", "''") + "'" if not page.title.isidentifier() else page.title
    for answer, cell in cells.items():
        name = defined_name(answer)
        target = f"{quoted}!${get_column_letter(cell.column)}${cell.row}"
        workbook.defined_names[name] = DefinedName(name, attr_text=target)


def sentence(page: Worksheet, row: int, text: str, columns: int, font: Font) -> None:
    """Text over the whole width, wrapped, in a row as high as it needs: merged cells do not grow by themselves."""
    cell = page.cell(row, 1)
    cell.value, cell.data_type, cell.font = text, "s", font
    cell.alignment = Alignment(wrap_text=True, vertical="center")
    page.merge_cells(start_row=row, end_row=row, start_column=1, end_column=columns)
    size = float(font.sz or 11)
    characters = sum(page.column_dimensions[get_column_letter(i)].width for i in range(1, columns + 1)) * 11 / size
    page.row_dimensions[row].height = lines(text, characters) * size * 1.36 + 4


def lines(text: str, characters: float) -> int:
    """Lines that ``text`` takes where about ``characters`` fit on one."""
    return sum(max(1, math.ceil(len(line) / characters)) for line in text.rstrip().splitlines()) or 1


def ranges(cells: Iterable[AtCell]) -> list[str]:
    """The cells as few areas: runs down a column, neighbouring columns with the same run joined."""
    runs: list[tuple[int, int, int]] = []  # column, first row, last row
    for column, row in sorted((cell.column, cell.row) for cell in cells):
        if runs and runs[-1][0] == column and runs[-1][2] == row - 1:
            runs[-1] = (column, runs[-1][1], row)
        else:
            runs.append((column, row, row))
    areas: list[tuple[int, int, int, int]] = []  # first column, last column, first row, last row
    for column, first, last in runs:
        for i, area in enumerate(areas):
            if area[1] == column - 1 and area[2:] == (first, last):
                areas[i] = (area[0], column, first, last)
                break
        else:
            areas.append((column, column, first, last))
    return [
        f"{get_column_letter(left)}{top}"
        + (f":{get_column_letter(right)}{bottom}" if (left, top) != (right, bottom) else "")
        for left, right, top, bottom in areas
    ]


def set_up_page(page: Worksheet, title: str, header_row: int, columns: int, last: int, *, one_page: bool) -> None:
    """What is frozen, how it prints, what the footer says."""
    page.freeze_panes = f"B{header_row + 1}"
    page.sheet_view.showGridLines = False
    page.sheet_view.zoomScale = 110
    page.print_area = f"A1:{get_column_letter(columns)}{last}"
    page.print_title_rows = f"{header_row}:{header_row}"
    page.page_setup.orientation = "landscape"
    page.page_setup.paperSize = page.PAPERSIZE_A4
    page.page_setup.fitToWidth = 1
    page.page_setup.fitToHeight = 1 if one_page else 0  # as many pages as it takes
    page.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
    page.print_options.horizontalCentered = True
    page.page_margins.left = page.page_margins.right = 0.4
    page.page_margins.top = page.page_margins.bottom = 0.75
    footer = page.oddFooter or HeaderFooterItem()
    footer.left.text, footer.right.text = title[:100].replace("&", "&&"), "&P / &N"
    page.oddFooter = footer


def protect(page: Worksheet) -> None:
    """Lock every cell that is not unlocked, without a password; columns and rows may still be resized."""
    page.protection.sheet = True
    page.protection.formatColumns = page.protection.formatRows = False  # False means allowed
