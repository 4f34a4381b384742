"""The blank workbook that a coursework hands out, as bytes; the key is this blank, filled by ``fill.py``.

openpyxl writes it. Equal courseworks give equal bytes: no clock, no locale, one order of parts. Nothing in it gives an
answer away: the only numbers are those that the YAML gives. This room must not know torch, nor how answers are marked.
"""

from __future__ import annotations

import datetime
import io
import math
import zipfile
from collections.abc import Iterable, Sequence

from openpyxl import Workbook
from openpyxl.styles import Alignment, Border, Font, PatternFill, Protection, Side
from openpyxl.utils import get_column_letter
from openpyxl.workbook.defined_name import DefinedName
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.header_footer import HeaderFooterItem
from openpyxl.worksheet.properties import Outline, PageSetupProperties
from openpyxl.worksheet.worksheet import Worksheet
from openpyxl.writer.excel import ExcelWriter

from ..coursework import Coursework
from ..network import INPUT, TOTAL
from ..quantities import COMPOSITE, FRACTIONAL, GIVEN_COLUMNS, LARGEST, QUANTITIES
from ..sheet import (
    HEADER_ROW,
    INSTRUCTION_ROW,
    LEGEND_ROW,
    SUBTITLE_ROW,
    TITLE_ROW,
    Sheet,
    SheetCell,
    defined_name,
    remarks,
)

WHEN = datetime.datetime(2000, 1, 1)  # every timestamp: a clock would make equal input give unequal files

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
NARROWEST = 10  # columns that titles, legend and notes take, however short the table
PAGE_ROWS = 40  # of a table that is still legible on one page
WIDTHS = {"layer": 10, "type": 21, "kernel_size": 9, "stride": 8, "padding": 9, "dilation": 9, "groups": 8, "from": 18}
WIDE = {
    "neurons": 12,
    "fan_in": 10,
    "weights": 13,
    "biases": 10,
    "parameters": 13,
    "connections": 16,
    "macs": 16,
    "flops": 16,
    "activation_memory": 15,
    "parameter_memory": 15,
    "fully_connected_parameters": 22,
    "input_size": 17,
    "output_size": 17,
}
LABELS = ("layer", "type", "from")


def _font(size: float = 11, *, bold: bool = False, italic: bool = False, color: str = INK) -> Font:
    return Font(name="Calibri", size=size, bold=bold, italic=italic, color=color)


def blank_workbook(coursework: Coursework, sheet: Sheet) -> bytes:
    """The .xlsx to hand out, with every blank empty, shaded, unlocked, validated and named."""
    workbook = Workbook()
    page = workbook.active
    assert isinstance(page, Worksheet)
    page.title = sheet.worksheet
    _write_head(page, coursework, sheet)
    _write_table(page, sheet)
    last = _write_notes(page, coursework, sheet)
    _validate(page, sheet)
    _name_blanks(workbook, page, sheet)
    _set_up_page(page, coursework, sheet, last)
    properties = workbook.properties
    properties.title, properties.subject = coursework.title, coursework.network.name
    properties.creator = properties.lastModifiedBy = "sheetgen"
    properties.created = properties.modified = WHEN
    workbook.calculation.fullCalcOnLoad = True
    return _bytes(workbook)


def _write_head(page: Worksheet, coursework: Coursework, sheet: Sheet) -> None:
    width = max(len(sheet.columns), NARROWEST)  # in columns: a short table leaves the sentences room
    for number, quantity in enumerate(sheet.columns, start=1):  # first: the sentences are as wide as the table
        page.column_dimensions[get_column_letter(number)].width = _width(sheet, quantity)
    _sentence(page, TITLE_ROW, coursework.title, width, _font(16, bold=True, color=BLUE))
    subtitle = coursework.source or (coursework.network.name if coursework.network.name != coursework.title else "")
    if subtitle:
        _sentence(page, SUBTITLE_ROW, subtitle, width, _font(italic=True, color=FAINT))
    _sentence(page, INSTRUCTION_ROW, coursework.instructions or "Fill every shaded cell.", width, _font())
    # the legend: a sample of each kind of cell beside its meaning
    sample = page.cell(LEGEND_ROW, 1, "shaded")
    sample.fill, sample.border, sample.alignment, sample.font = BLANK_FILL, GRID, CENTRE, _font()
    text = "yours to fill: a number, or a formula"
    label = page.cell(LEGEND_ROW, 2, text)
    label.font, label.alignment = _font(), LEFT
    sample = page.cell(LEGEND_ROW, 6, "white")
    sample.border, sample.alignment, sample.font = GRID, CENTRE, _font()
    label = page.cell(LEGEND_ROW, 7, "given")
    label.font, label.alignment = _font(), LEFT
    count = len(sheet.blanks)
    if count:
        ranges = ",".join(_ranges(sheet.blanks))
        counter = page.cell(LEGEND_ROW, 9, f'="Filled in: "&COUNTA({ranges})&" of {count}"')
        counter.font, counter.alignment = _font(color=FAINT), LEFT
    page.row_dimensions[LEGEND_ROW].height = 20


def _width(sheet: Sheet, quantity: str) -> float:
    """A column's width in characters: what it is known to need, and its longest label or word of its heading."""
    least = (WIDTHS | WIDE).get(quantity, 11)
    labels = [str(slot.content) for slot in sheet.slots if slot.quantity == quantity and slot.kind == "label"]
    longest = max(map(len, labels), default=0) + 3
    word = max(map(len, sheet.headings[quantity].split()), default=0) + 3
    return float(min(max(least, longest, word), 60))


def _write_table(page: Worksheet, sheet: Sheet) -> None:
    for number, (quantity, heading) in enumerate(sheet.headings.items(), start=1):
        cell = page.cell(HEADER_ROW, number, heading)
        cell.data_type = "s"
        cell.font, cell.fill = _font(bold=True, color="FFFFFFFF"), HEADER_FILL
        cell.alignment = Alignment(
            horizontal="left" if quantity in LABELS else "center",
            vertical="center",
            wrap_text=True,
            indent=1 if quantity in LABELS else 0,
        )
        cell.border = GRID
    lines = max(_lines(heading, _width(sheet, quantity) - 2) for quantity, heading in sheet.headings.items())
    page.row_dimensions[HEADER_ROW].height = 16 * max(2, lines)
    names = {row: layer for layer, row in sheet.rows.items()}
    quantities = {number: quantity for quantity, number in sheet.columns.items()}
    for described in sheet.cells:
        _write_cell(page, sheet, described, names[described.row], quantities[described.column])
    for name, row in sheet.rows.items():
        page.row_dimensions[row].height = 18
        page.row_dimensions[row].outlineLevel = sheet.level(name)
    page.sheet_properties.outlinePr = Outline(summaryBelow=False)  # a block's own row stands above its layers


def _number_format(quantity: str, described: SheetCell) -> str:
    """As a person would have it; ``_)`` keeps numbers off the line."""
    if quantity in COMPOSITE:
        return "General"
    if quantity.endswith("_share"):
        return "0.00%_)"
    if quantity.endswith("_ratio"):
        return "#,##0.0_)"
    if quantity in FRACTIONAL:
        return "General"
    if quantity not in QUANTITIES:  # of the coursework's own: whole numbers, if this is one
        return "General" if described.near else "#,##0_)"
    return "#,##0_)" if quantity in WIDE or quantity.endswith("channels") else "0_)"


def _write_cell(page: Worksheet, sheet: Sheet, described: SheetCell, layer: str, quantity: str) -> None:
    cell = page.cell(described.row, described.column)
    total, block = layer == TOTAL, layer in sheet.table.blocks
    cell.border = Border(left=LINE, right=LINE, top=STRONG if total else LINE, bottom=STRONG if total else LINE)
    cell.font = _font(bold=total or block or quantity == "layer")
    cell.alignment = LEFT if quantity in LABELS else NUMBER
    if quantity == "layer" and sheet.level(layer):
        cell.font = _font()
        cell.alignment = Alignment(horizontal="left", vertical="center", indent=1 + sheet.level(layer))
    if total:
        cell.fill = TOTAL_FILL
    elif block:
        cell.fill = BLOCK_FILL
    if quantity not in GIVEN_COLUMNS:
        cell.number_format = _number_format(quantity, described)
    if described.kind == "blank":
        cell.fill, cell.protection = BLANK_FILL, Protection(locked=False)
    elif described.kind == "none":
        if layer not in (INPUT, TOTAL) and not block:
            cell.value, cell.font = "–", _font(color=FAINT)
            cell.alignment = CENTRE
    else:
        cell.value = described.content
        if described.kind == "label":
            cell.data_type = "s"  # a layer's name is text, whatever it begins with
        elif isinstance(described.content, str) and described.content.startswith("="):
            # follows blanks: shows nothing until those are filled
            cell.number_format = f"{_number_format(quantity, described)};-0_);"
    if quantity in ("kernel_size", "stride", "padding", "dilation", "groups"):
        cell.alignment = CENTRE


def _write_notes(page: Worksheet, coursework: Coursework, sheet: Sheet) -> int:
    row = max(sheet.rows.values()) + 2
    for note in (*remarks(coursework), *coursework.notes):
        _sentence(page, row, note, max(len(sheet.columns), NARROWEST), _font())
        row += 1
    return row - 1


def _sentence(page: Worksheet, row: int, text: str, columns: int, font: Font) -> None:
    """Text over the whole width, wrapped, in a row as high as it needs: merged cells do not grow by themselves."""
    cell = page.cell(row, 1)
    cell.value, cell.data_type, cell.font = text, "s", font
    cell.alignment = Alignment(wrap_text=True, vertical="center")
    page.merge_cells(start_row=row, end_row=row, start_column=1, end_column=columns)
    size = float(font.sz or 11)
    characters = sum(page.column_dimensions[get_column_letter(i)].width for i in range(1, columns + 1)) * 11 / size
    page.row_dimensions[row].height = _lines(text, characters) * size * 1.36 + 4


def _lines(text: str, characters: float) -> int:
    """Lines that ``text`` takes where about ``characters`` fit on one."""
    return sum(max(1, math.ceil(len(line) / characters)) for line in text.rstrip().splitlines()) or 1


def _validate(page: Worksheet, sheet: Sheet) -> None:
    """One rule for each quantity, so that the message can say what the cell is for."""
    by_quantity: dict[str, list[SheetCell]] = {}
    for cell in sheet.blanks:
        by_quantity.setdefault((cell.answer or "").rpartition(".")[2], []).append(cell)
    for quantity, cells in by_quantity.items():
        rule = _rule(quantity, cells)
        rule.promptTitle = sheet.headings[cells[0].slot.quantity][:32]  # the most that Excel takes
        for area in _ranges(cells):
            rule.add(area)
        page.add_data_validation(rule)


def _rule(quantity: str, cells: Sequence[SheetCell]) -> DataValidation:
    """What may be typed: whole numbers, any numbers, or a size, which is for people to read, not for Excel to check."""
    if quantity in COMPOSITE:
        rule = DataValidation(allow_blank=True, showInputMessage=True)
        rule.prompt = "Height, width and channels with an x between them, such as 55 x 55 x 96; of a list, its length."
        return rule
    most = str(LARGEST)
    if quantity in FRACTIONAL or any(cell.near for cell in cells):
        rule = DataValidation(type="decimal", operator="between", formula1=f"-{most}", formula2=most, allow_blank=True)
        rule.prompt = "A number, or a formula over this row such as =C7/D7."
        rule.errorTitle, rule.error = "Not a number", "Type a number such as 12.5, or a formula that gives one."
    else:
        rule = DataValidation(type="whole", operator="between", formula1="0", formula2=most, allow_blank=True)
        rule.prompt = "A whole number, or a formula over this row such as =C7*D7. No units, no spaces."
        rule.errorTitle = "Not a whole number"
        rule.error = "Type a whole number such as 1234, or a formula that gives one."
    rule.showErrorMessage = rule.showInputMessage = True
    return rule


def _ranges(cells: Iterable[SheetCell]) -> list[str]:
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


def _name_blanks(workbook: Workbook, page: Worksheet, sheet: Sheet) -> None:
    quoted = "'" + page.title.replace("'", "''") + "'" if not page.title.isidentifier() else page.title
    for cell in sheet.blanks:
        name = defined_name(cell.answer or "")
        target = f"{quoted}!${get_column_letter(cell.column)}${cell.row}"
        workbook.defined_names[name] = DefinedName(name, attr_text=target)


def _set_up_page(page: Worksheet, coursework: Coursework, sheet: Sheet, last: int) -> None:
    page.freeze_panes = f"B{HEADER_ROW + 1}"
    page.sheet_view.showGridLines = False
    page.sheet_view.zoomScale = 110
    right = get_column_letter(max(len(sheet.columns), NARROWEST))
    page.print_area = f"A1:{right}{last}"
    page.print_title_rows = f"{HEADER_ROW}:{HEADER_ROW}"
    page.page_setup.orientation = "landscape"
    page.page_setup.paperSize = page.PAPERSIZE_A4
    page.page_setup.fitToWidth = 1
    page.page_setup.fitToHeight = 1 if len(sheet.rows) <= PAGE_ROWS else 0  # a long table: as many pages as it takes
    page.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
    page.print_options.horizontalCentered = True
    page.page_margins.left = page.page_margins.right = 0.4
    page.page_margins.top = page.page_margins.bottom = 0.75
    footer = page.oddFooter or HeaderFooterItem()
    footer.left.text, footer.right.text = coursework.title[:100].replace("&", "&&"), "&P / &N"
    page.oddFooter = footer
    if coursework.protect:
        page.protection.sheet = True
        page.protection.formatColumns = page.protection.formatRows = False  # False means allowed


def _bytes(workbook: Workbook) -> bytes:
    """The package with fixed timestamps: openpyxl's own ``save`` stamps the time of day into it, twice."""
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w") as archive:
        ExcelWriter(workbook, archive).save()
    fixed = io.BytesIO()
    with zipfile.ZipFile(written) as archive, zipfile.ZipFile(fixed, "w") as target:
        names = archive.namelist()
        names.sort(key=lambda name: (name != "[Content_Types].xml", name))  # readers that stream want it first
        for name in names:
            entry = zipfile.ZipInfo(name, date_time=(2000, 1, 1, 0, 0, 0))
            entry.compress_type, entry.external_attr = zipfile.ZIP_DEFLATED, 0o644 << 16
            entry.create_system = 0  # else the machine's system is written into every entry
            target.writestr(entry, archive.read(name))
    return fixed.getvalue()
