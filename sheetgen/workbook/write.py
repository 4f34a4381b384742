"""The blank workbook that a coursework hands out, as bytes; the key is this blank, filled by ``fill.py``.

openpyxl writes it. Equal courseworks give equal bytes: no clock, no locale, one order of parts. Nothing in it gives an
answer away: the only numbers are those that the YAML gives. This room must not know torch, nor how answers are marked.
"""

from __future__ import annotations

import datetime
import io
import math
import zipfile
from collections.abc import Sequence
from fractions import Fraction

from openpyxl import Workbook
from openpyxl.styles import Alignment, Border, Protection
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.properties import Outline
from openpyxl.worksheet.worksheet import Worksheet
from openpyxl.writer.excel import ExcelWriter

from ..coursework import Coursework
from ..expr import Value
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
    Slot,
    remarks,
)
from .styles import (
    BLANK_FILL,
    BLOCK_FILL,
    BLUE,
    CENTRE,
    FAINT,
    GRID,
    HEADER_FILL,
    LEFT,
    LINE,
    NUMBER,
    STRONG,
    TOTAL_FILL,
    font,
    lines,
    name_cells,
    protect,
    ranges,
    sentence,
    set_up_page,
)
from .write_questions import write_questions
from .write_student import columns_of_student, write_student

WHEN = datetime.datetime(2000, 1, 1)  # every timestamp: a clock would make equal input give unequal files

NARROWEST = 84  # characters that titles, legend and notes take, however narrow the table
BESIDE = 11.0  # characters of a column beside a table that is narrower
LEAST_TITLE = 36  # of these the title's share, beside the student's cell
LEAST_COLUMNS = 5  # two samples with their meanings, and how much is filled in
LEGEND = "yours to fill: a number, or a formula"
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
SIZE = Alignment(horizontal="right", vertical="center", indent=1)  # a text, which no number format keeps off the line


def blank_workbook(coursework: Coursework, sheet: Sheet) -> bytes:
    """The .xlsx to hand out, with every blank empty, shaded, unlocked, validated and named."""
    workbook = Workbook()
    page = workbook.active
    assert isinstance(page, Worksheet)
    page.title = sheet.worksheet
    widths = _widths(sheet)
    _write_head(page, coursework, sheet, widths)
    write_student(workbook, page, TITLE_ROW, widths)
    _write_table(page, sheet)
    last = _write_notes(page, coursework, sheet, len(widths))
    _validate(page, sheet)
    name_cells(workbook, page, {cell.answer or "": cell for cell in sheet.blanks})
    set_up_page(page, coursework.title, HEADER_ROW, len(widths), last, one_page=len(sheet.rows) <= PAGE_ROWS)
    if coursework.protect:
        protect(page)
    write_questions(workbook, coursework, sheet)
    properties = workbook.properties
    properties.title, properties.subject = coursework.title, coursework.network.name
    properties.creator = properties.lastModifiedBy = "sheetgen"
    properties.created = properties.modified = WHEN
    workbook.calculation.fullCalcOnLoad = True
    return _bytes(workbook)


def _write_head(page: Worksheet, coursework: Coursework, sheet: Sheet, widths: Sequence[float]) -> None:
    width = len(widths)
    for number, characters in enumerate(widths, start=1):  # first: the sentences are as wide as the columns
        page.column_dimensions[get_column_letter(number)].width = characters
    sentence(page, TITLE_ROW, coursework.title, columns_of_student(widths)[0] - 1, font(16, bold=True, color=BLUE))
    subtitle = coursework.source or (coursework.network.name if coursework.network.name != coursework.title else "")
    if subtitle:
        sentence(page, SUBTITLE_ROW, subtitle, width, font(italic=True, color=FAINT))
    sentence(page, INSTRUCTION_ROW, coursework.instructions or "Fill every shaded cell.", width, font())
    # the legend: a sample of each kind of cell beside its meaning
    at = next((n for n in range(2, width) if sum(widths[1:n]) >= len(LEGEND) - 2), width - 2) + 1
    for column, text, meaning, fill in ((1, "shaded", LEGEND, BLANK_FILL), (at, "white", "given", None)):
        sample, label = page.cell(LEGEND_ROW, column, text), page.cell(LEGEND_ROW, column + 1, meaning)
        sample.border, sample.alignment, sample.font = GRID, CENTRE, font()
        label.font, label.alignment = font(), LEFT
        if fill is not None:
            sample.fill = fill
    count = len(sheet.blanks)
    if count:
        areas = ",".join(ranges(sheet.blanks))
        counter = page.cell(LEGEND_ROW, width, f'="Filled in: "&COUNTA({areas})&" of {count}"')
        counter.font, counter.alignment = font(color=FAINT), Alignment(horizontal="right", vertical="center")
    page.row_dimensions[LEGEND_ROW].height = 20


def _widths(sheet: Sheet) -> list[float]:
    """Of the columns that the sentences take, in characters: the table's, and of a narrow one some more, for room."""
    widths = [_width(sheet, quantity) for quantity in sheet.columns]
    while sum(widths) < NARROWEST or len(widths) < LEAST_COLUMNS or _title_width(widths) < LEAST_TITLE:
        widths.append(BESIDE)
    return widths


def _title_width(widths: Sequence[float]) -> float:
    return sum(widths[: columns_of_student(widths)[0] - 1])


def _width(sheet: Sheet, quantity: str) -> float:
    """A column's width in characters: what it is known to need, and its longest label or word of its heading."""
    least = float((WIDTHS | WIDE).get(quantity, 11))
    labels = [slot for slot in sheet.slots if slot.quantity == quantity and slot.kind == "label"]
    longest = max((len(str(slot.content)) + _indent(sheet, slot) for slot in labels), default=0) + 3
    return min(max(least, longest, _heading_width(sheet.headings[quantity], max(least, longest))), 60.0)


def _heading_width(heading: str, width: float) -> float:
    """The width at which no line of ``heading``, broken between words where it is wider than ``width``, is cut off."""
    line, longest = "", 0.0
    for word in heading.split():
        longer = f"{line} {word}".strip()
        line = longer if _breadth(longer) <= max(width, longest + 3) else word
        longest = max(longest, _breadth(line))
    return longest + 3


def _breadth(text: str) -> float:
    """Of bold letters, about, in the digits that a column's width is counted in."""
    return sum(0.6 if letter in " fijlrt.,:;'()/" else 1.15 for letter in text)


def _indent(sheet: Sheet, slot: Slot) -> float:
    """Characters that a layer's name in a block stands to the right of the others: a step is three blanks wide."""
    return 1.5 * sheet.level(slot.layer) if slot.quantity == "layer" else 0


def _write_table(page: Worksheet, sheet: Sheet) -> None:
    for number, (quantity, heading) in enumerate(sheet.headings.items(), start=1):
        cell = page.cell(HEADER_ROW, number, heading)
        cell.data_type = "s"
        cell.font, cell.fill = font(bold=True, color="FFFFFFFF"), HEADER_FILL
        cell.alignment = Alignment(
            horizontal="left" if quantity in LABELS else "center",
            vertical="center",
            wrap_text=True,
            indent=1 if quantity in LABELS else 0,
        )
        cell.border = GRID
    most = max(lines(heading, _width(sheet, quantity) - 2) for quantity, heading in sheet.headings.items())
    page.row_dimensions[HEADER_ROW].height = 16 * max(2, most)
    names = {row: layer for layer, row in sheet.rows.items()}
    quantities = {number: quantity for quantity, number in sheet.columns.items()}
    formats = {quantity: _number_format(sheet, quantity) for quantity in sheet.columns}
    for described in sheet.cells:
        quantity = quantities[described.column]
        _write_cell(page, sheet, described, names[described.row], quantity, formats[quantity])
    for name, row in sheet.rows.items():
        page.row_dimensions[row].height = 18
        page.row_dimensions[row].outlineLevel = sheet.level(name)
    page.sheet_format.outlineLevelRow = max(map(sheet.level, sheet.rows)) or None  # room for the buttons
    page.sheet_properties.outlinePr = Outline(summaryBelow=False)  # a block's own row stands above its layers


def _number_format(sheet: Sheet, quantity: str) -> str:
    """As a person would have it; ``_)`` keeps numbers off the line."""
    if quantity in COMPOSITE:
        return "General"
    if quantity.endswith("_share"):
        return "0.00%_)"
    if quantity.endswith("_ratio"):
        return "#,##0.0_)"
    if quantity in FRACTIONAL or quantity not in QUANTITIES:
        return f"#,##0{_decimals(_numbers(sheet, quantity))}_)"
    return "#,##0_)" if quantity in WIDE or quantity.endswith("channels") else "0_)"


def _decimals(numbers: Sequence[Value]) -> str:
    """The decimals that a column needs: none, all of them where they are few, and else three digits of the least."""
    broken = [abs(Fraction(number)) for number in numbers if not isinstance(number, int | str)]
    if not broken:
        return ""
    places = next((n for n in (1, 2) if all((number * 10**n).denominator == 1 for number in broken)), 0)
    if not places:
        places = min(max(2, 2 - math.floor(math.log10(min(broken) or 1))), 9)
    return f".{'0' * places}"


def _numbers(sheet: Sheet, quantity: str) -> list[Value]:
    """What stands in the column of ``quantity`` once it is filled."""
    answers = (slot.answer or "" for slot in sheet.slots if slot.quantity == quantity)
    return [sheet.table.numbers[answer] for answer in answers if answer in sheet.table.numbers]


def _write_cell(
    page: Worksheet, sheet: Sheet, described: SheetCell, layer: str, quantity: str, number_format: str
) -> None:
    cell = page.cell(described.row, described.column)
    total, block = layer == TOTAL, layer in sheet.table.blocks
    cell.border = Border(left=LINE, right=LINE, top=STRONG if total else LINE, bottom=STRONG if total else LINE)
    cell.font = font(bold=total or block or quantity == "layer")
    cell.alignment = LEFT if quantity in LABELS else SIZE if quantity in COMPOSITE else NUMBER
    if quantity == "layer" and sheet.level(layer):
        cell.font = font()
        cell.alignment = Alignment(horizontal="left", vertical="center", indent=1 + sheet.level(layer))
    if total:
        cell.fill = TOTAL_FILL
    elif block:
        cell.fill = BLOCK_FILL
    if quantity not in GIVEN_COLUMNS:
        cell.number_format = number_format
    if described.kind == "blank":
        cell.fill, cell.protection = BLANK_FILL, Protection(locked=False)
    elif described.kind == "none":
        if layer not in (INPUT, TOTAL) and not block:
            cell.value, cell.font = "–", font(color=FAINT)
            cell.alignment = CENTRE
    else:
        cell.value = described.content
        if described.kind == "label":
            cell.data_type = "s"  # a layer's name is text, whatever it begins with
        elif str(described.content).startswith("=") and not str(described.content).startswith("=IF("):
            # follows blanks: shows nothing until those are filled
            cell.number_format = f"{number_format};-{number_format};"
    if quantity in ("kernel_size", "stride", "padding", "dilation", "groups"):
        cell.alignment = CENTRE


def _write_notes(page: Worksheet, coursework: Coursework, sheet: Sheet, width: int) -> int:
    row = max(sheet.rows.values()) + 2
    for note in (*remarks(coursework), *coursework.notes):
        sentence(page, row, note, width, font())
        row += 1
    return row - 1


def _validate(page: Worksheet, sheet: Sheet) -> None:
    """One rule for each quantity, so that the message can say what the cell is for."""
    by_quantity: dict[str, list[SheetCell]] = {}
    for cell in sheet.blanks:
        by_quantity.setdefault((cell.answer or "").rpartition(".")[2], []).append(cell)
    for quantity, cells in by_quantity.items():
        rule = _rule(quantity, cells, _numbers(sheet, cells[0].slot.quantity))
        rule.promptTitle = sheet.headings[cells[0].slot.quantity][:32]  # the most that Excel takes
        for area in ranges(cells):
            rule.add(area)
        page.add_data_validation(rule)


def _rule(quantity: str, cells: Sequence[SheetCell], numbers: Sequence[Value]) -> DataValidation:
    """What may be typed: whole numbers, any numbers, or a size, which is for people to read, not for Excel to check."""
    if any(isinstance(number, str) for number in numbers) and quantity not in COMPOSITE:
        rule = DataValidation(allow_blank=True, showInputMessage=True)
        rule.prompt = "Numbers with an x between them, such as 55 x 55."
        return rule
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
        least = "0" if quantity in QUANTITIES else f"-{most}"
        rule = DataValidation(type="whole", operator="between", formula1=least, formula2=most, allow_blank=True)
        rule.prompt = "A whole number, or a formula over this row such as =C7*D7. No units, no spaces."
        rule.errorTitle = "Not a whole number"
        rule.error = "Type a whole number such as 1234, or a formula that gives one."
    rule.showErrorMessage = rule.showInputMessage = True
    return rule


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
