"""The worksheet of questions in a blank workbook: number, text, the cell for the answer, unit, marks, remarks.

The remarks are empty: in the key they hold the comments. Nothing here gives an answer away: what is right is not even
looked at, but for the room that a model answer and a remark will need, and the decimals of a number. This room must not
know how answers are marked.
"""

from __future__ import annotations

import math

from openpyxl import Workbook
from openpyxl.styles import Alignment, Protection
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.worksheet import Worksheet

from ..coursework import Coursework
from ..expr import Value
from ..quantities import LARGEST
from ..questionnaire import HEADINGS, INIT, INIT_COLUMNS, Question, Questionnaire, lettered
from ..sheet import HEADER_ROW, INSTRUCTION_ROW, LEGEND_ROW, SUBTITLE_ROW, TITLE_ROW, Sheet
from .styles import (
    BLANK_FILL,
    BLUE,
    CENTRE,
    FAINT,
    GRID,
    HEADER_FILL,
    LEFT,
    TOTAL_FILL,
    font,
    lines,
    name_cells,
    protect,
    ranges,
    sentence,
    set_up_page,
)

WIDTHS = {"id": 9, "text": 58, "answer": 46, "unit": 14, "marks": 10, "remarks": 40}
LINE_HEIGHT = 15.5
SHORTEST_TEXT = 7  # lines of the cell for a text
TALLEST = 400  # Excel's rows end at 409 points
WRAPPED = Alignment(horizontal="left", vertical="center", wrap_text=True, indent=1)
NUMBER = Alignment(horizontal="right", vertical="center", indent=1)
INSTRUCTIONS = (
    "Answer in the shaded cells: a number or a formula, the letter of an option, or a text, which a person marks. "
    "Marks are for the whole question."
)


def write_questions(workbook: Workbook, coursework: Coursework, sheet: Sheet) -> None:
    """Add the worksheet, if the coursework asks questions."""
    asked = sheet.questions
    if asked is None:
        return
    page = workbook.create_sheet(asked.worksheet)
    for name, column in asked.columns.items():
        page.column_dimensions[get_column_letter(column)].width = WIDTHS[name]
    _write_head(page, coursework, asked)
    tall = _text_lines(asked)
    for question in asked.questions:
        _write_question(page, sheet, question, tall)
        if question.kind == "init":
            _write_init(page, asked, question)
    _validate(page, asked)
    name_cells(workbook, page, asked.places)
    last = max(asked.rows.values())
    set_up_page(page, coursework.title, HEADER_ROW, len(HEADINGS), last, one_page=False)
    if coursework.protect:
        protect(page)


def _write_head(page: Worksheet, coursework: Coursework, asked: Questionnaire) -> None:
    sentence(page, TITLE_ROW, coursework.title, len(HEADINGS), font(16, bold=True, color=BLUE))
    sentence(page, SUBTITLE_ROW, "Further questions", len(HEADINGS), font(italic=True, color=FAINT))
    sentence(page, INSTRUCTION_ROW, INSTRUCTIONS, len(HEADINGS), font())
    sample = page.cell(LEGEND_ROW, 1, "shaded")
    sample.fill, sample.border, sample.alignment, sample.font = BLANK_FILL, GRID, CENTRE, font()
    label = page.cell(LEGEND_ROW, 2, "yours to fill; all else is given")
    label.font, label.alignment = font(), LEFT
    areas = ",".join(ranges(asked.cells))
    counter = page.cell(LEGEND_ROW, 3, f'="Filled in: "&COUNTA({areas})&" of {len(asked.cells)}"')
    counter.font, counter.alignment = font(color=FAINT), LEFT
    page.row_dimensions[LEGEND_ROW].height = 20
    for name, column in asked.columns.items():
        cell = page.cell(HEADER_ROW, column, HEADINGS[name])
        cell.font, cell.fill, cell.border = font(bold=True, color="FFFFFFFF"), HEADER_FILL, GRID
        cell.alignment = CENTRE if name in ("id", "marks") else LEFT
    page.row_dimensions[HEADER_ROW].height = 22


def _write_question(page: Worksheet, sheet: Sheet, question: Question, tall: int) -> None:
    asked = sheet.questions
    assert asked is not None
    row = asked.rows[question.id]
    shown: dict[str, str | float] = {
        "id": question.id,
        "text": question.asked,
        "unit": question.unit,
        "marks": question.marks,
    }
    for name, column in asked.columns.items():
        cell = page.cell(row, column)
        cell.border, cell.font = GRID, font(bold=name == "id")
        cell.alignment = CENTRE if name in ("id", "marks") else LEFT if name == "unit" else WRAPPED
        if name in shown and shown[name] != "":
            cell.value = shown[name]
            if name != "marks":
                cell.data_type = "s"  # a text, whatever it begins with
    if question.kind != "init":
        cell = page.cell(row, asked.columns["answer"])
        cell.fill, cell.protection = BLANK_FILL, Protection(locked=False)
        cell.alignment = {"text": WRAPPED, "choice": CENTRE}.get(question.kind, NUMBER)
        if question.kind == "number":
            cell.number_format = _number_format(sheet.table.value(question.parts[0].id), question.parts[0].near)
    needed = max(_lines_of(question.asked, "text"), _lines_of(question.remark, "remarks"))
    needed = max(needed, tall) if question.kind == "text" else needed
    page.row_dimensions[row].height = min(TALLEST, max(22, LINE_HEIGHT * needed + 7))


def _number_format(right: Value, near: float) -> str:
    """Decimals for a number that has more than anybody would type, as many as the tolerance tells apart, from two.

    A large number gets its commas; others are shown as they were typed.
    """
    if isinstance(right, int):
        return "#,##0" if abs(right) >= 10_000 else "General"
    if isinstance(right, str) or near <= 0:
        return "General"
    places = math.ceil(-math.log10(2 * near) - 1e-9)
    return f"#,##0.{'0' * min(max(places, 2), 9)}"


def _lines_of(text: str, column: str) -> int:
    return lines(text, WIDTHS[column] - 2)


def _text_lines(asked: Questionnaire) -> int:
    """Lines of the cell for a text: the same for all, so that its size says nothing of the model answer."""
    models = [_lines_of(question.model, "answer") for question in asked.questions if question.kind == "text"]
    return max([SHORTEST_TEXT, *models])


def _write_init(page: Worksheet, asked: Questionnaire, question: Question) -> None:
    """The small table below its question: a row for each layer."""
    columns = {name: asked.columns[column] for name, column in INIT_COLUMNS.items()}
    layers = list(dict.fromkeys(part.layer for part in question.parts))
    parts = {(part.layer, part.column) for part in question.parts}
    top = asked.rows[f"{question.id}.{layers[0]}"] - 1
    for name, heading in {"layer": "Layer", **INIT}.items():
        head = page.cell(top, columns[name], heading)
        head.font, head.fill, head.border = font(bold=True), TOTAL_FILL, GRID
        head.alignment = LEFT if name == "layer" else Alignment(horizontal="center", vertical="center", wrap_text=True)
    page.row_dimensions[top].height = 34
    for layer in layers:
        row = asked.rows[f"{question.id}.{layer}"]
        for name in ("layer", *INIT):
            cell = page.cell(row, columns[name])
            cell.border, cell.alignment, cell.font = GRID, CENTRE, font()
            if name == "layer":
                cell.value, cell.data_type, cell.alignment = layer, "s", LEFT
            elif (layer, name) in parts:
                cell.fill, cell.protection = BLANK_FILL, Protection(locked=False)
            else:
                cell.value, cell.font = "–", font(color=FAINT)
        page.row_dimensions[row].height = 18


def _validate(page: Worksheet, asked: Questionnaire) -> None:
    """Numbers where numbers are asked for, a list of letters where one is to be chosen; a text may be anything."""
    most = str(LARGEST)
    numbers = [cell for cell in asked.cells if cell.question.numbers]
    if numbers:
        rule = DataValidation(type="decimal", operator="between", formula1=f"-{most}", formula2=most, allow_blank=True)
        rule.promptTitle, rule.prompt = "A number", "A number, or a calculation such as =3*4. Without its unit."
        rule.errorTitle, rule.error = "Not a number", "Type a number such as 12.5, or a formula that gives one."
        rule.showErrorMessage = rule.showInputMessage = True
        for area in ranges(numbers):
            rule.add(area)
        page.add_data_validation(rule)
    for count in sorted({len(cell.question.options) for cell in asked.cells if cell.question.kind == "choice"}):
        letters = ",".join(letter for letter, _ in lettered([""] * count))
        rule = DataValidation(type="list", formula1=f'"{letters}"', allow_blank=True)
        rule.promptTitle, rule.prompt = "One of the options", "Its letter."
        rule.errorStyle = "warning"  # the option's own text is read too
        rule.errorTitle, rule.error = "Not a letter", f"The options are {letters}."
        rule.showErrorMessage = rule.showInputMessage = True
        chosen = [cell for cell in asked.cells if len(cell.question.options) == count]
        for area in ranges(chosen):
            rule.add(area)
        page.add_data_validation(rule)
