"""A right table where nobody sees it does not stand for the wrong one that is seen; and what is hidden is said."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Literal

import openpyxl
import pytest
from openpyxl.cell.cell import MergedCell
from openpyxl.worksheet.worksheet import Worksheet

from sheetgen.coursework import Coursework
from sheetgen.marking import Marked, mark
from sheetgen.sheet import Sheet
from sheetgen.workbook.package import replace_parts
from sheetgen.workbook.read import read_submission
from tests import sample_class

THIRD = "xl/worksheets/sheet3.xml"
State = Literal["hidden", "veryHidden"]


@pytest.fixture(scope="module")
def hand_ins(alexnet: Coursework, sheet: Sheet) -> tuple[bytes, bytes]:
    """All right; and every number of the table one too many."""
    right = sample_class.right_answers(sheet)
    blanks = {cell.answer for cell in sheet.blanks}
    wrong = {
        answer: typed + 1 if answer in blanks and isinstance(typed, int) else typed for answer, typed in right.items()
    }
    return sample_class.hand_in(alexnet, sheet, right), sample_class.hand_in(alexnet, sheet, wrong)


def table_of(data: bytes) -> tuple[openpyxl.Workbook, Worksheet]:
    workbook = openpyxl.load_workbook(io.BytesIO(data))
    return workbook, workbook["Table"]


def marks(sheet: Sheet, workbook: openpyxl.Workbook) -> Marked:
    out = io.BytesIO()
    workbook.save(out)
    return mark(sheet, read_submission("a.xlsx", out.getvalue(), sheet))


def of_table(marked: Marked) -> float:
    return sum(answer.score for answer in marked.answers if not answer.id.startswith("question."))


def with_copy(wrong: bytes, right: bytes, state: State) -> openpyxl.Workbook:
    """The wrong workbook with a copy of its table, all right, on a sheet of that state."""
    workbook, page = table_of(wrong)
    copy = workbook.copy_worksheet(page)
    copy.title = "AAA"
    copy.sheet_state = state
    for row in table_of(right)[1].iter_rows():
        for cell in row:
            if cell.value is not None and not isinstance(copy.cell(cell.row, cell.column), MergedCell):
                copy.cell(cell.row, cell.column).value = cell.value
    return workbook


def names_to_the_copy(workbook: openpyxl.Workbook) -> None:
    for name in workbook.defined_names.values():
        name.attr_text = (name.attr_text or "").replace("'Table'!", "AAA!").replace("Table!", "AAA!")


def another_heading(workbook: openpyxl.Workbook) -> None:
    for name in list(workbook.defined_names):
        del workbook.defined_names[name]
    page = workbook["Table"]
    for cell in page[5]:
        cell.value = "# Params" if cell.value == "Parameters" else cell.value


@pytest.mark.parametrize("change", [names_to_the_copy, another_heading])
@pytest.mark.parametrize("state", ["hidden", "veryHidden"])
def test_the_table_that_is_seen_counts(
    state: State, change: Callable[[openpyxl.Workbook], None], hand_ins: tuple[bytes, bytes], sheet: Sheet
) -> None:
    right, wrong = hand_ins
    workbook = with_copy(wrong, right, state)
    change(workbook)
    assert of_table(marks(sheet, workbook)) == of_table(marks(sheet, table_of(wrong)[0])) < 6


def test_rows_that_are_seen_go_before_hidden_ones(hand_ins: tuple[bytes, bytes], sheet: Sheet) -> None:
    right, wrong = hand_ins
    workbook, page = table_of(wrong)
    for name in list(workbook.defined_names):
        del workbook.defined_names[name]
    for area in list(page.merged_cells.ranges):
        page.unmerge_cells(str(area))
    page.insert_rows(1, 40)
    for row in table_of(right)[1].iter_rows():
        number = row[0].row
        assert number is not None
        for column, cell in enumerate(row, start=1):
            page.cell(number, column).value = cell.value
        page.row_dimensions[number].hidden = True
    assert of_table(marks(sheet, workbook)) < 6


def test_a_second_table_that_is_seen_is_said(hand_ins: tuple[bytes, bytes], sheet: Sheet) -> None:
    right, wrong = hand_ins
    workbook = with_copy(wrong, right, "hidden")
    workbook["AAA"].sheet_state = "visible"
    found = marks(sheet, workbook)
    assert of_table(found) < 6  # a little for what follows from their own wrong numbers
    assert found.notes == ("The table stands on AAA too, with other answers; the one on Table was marked.",)


def test_what_is_hidden_and_counts_is_said(hand_ins: tuple[bytes, bytes], sheet: Sheet) -> None:
    workbook, page = table_of(hand_ins[0])
    page.sheet_state = "hidden"
    workbook.active = 1
    found = marks(sheet, workbook)
    assert of_table(found) == 53.5
    assert "77 answers stand on the hidden sheet Table" in found.notes[0]
    workbook, page = table_of(hand_ins[0])
    page.column_dimensions["L"].hidden = True
    page.row_dimensions[7].hidden = True
    (rows, columns) = marks(sheet, workbook).notes
    assert "answers stand in hidden rows of Table" in rows
    assert "answers stand in hidden columns of Table" in columns
    assert marks(sheet, table_of(hand_ins[0])[0]).notes == ()


def test_a_second_table_with_the_same_answers_is_no_news(hand_ins: tuple[bytes, bytes], sheet: Sheet) -> None:
    right, _ = hand_ins
    workbook = with_copy(right, right, "hidden")
    workbook["AAA"].sheet_state = "visible"
    assert marks(sheet, workbook).notes == ()


def test_another_sheet_costs_nobody_the_table(
    hand_ins: tuple[bytes, bytes], sheet: Sheet, monkeypatch: pytest.MonkeyPatch
) -> None:
    right, wrong = hand_ins
    workbook, _ = table_of(right)
    workbook.create_sheet("Data")
    out = io.BytesIO()
    workbook.save(out)
    damaged = replace_parts(out.getvalue(), {THIRD: b"<worksheet"})
    found = mark(sheet, read_submission("a.xlsx", damaged, sheet))
    assert (found.reason, found.notes) == (None, ())
    assert found.score > 0
    monkeypatch.setattr("sheetgen.workbook.locate.COPY", 0.5)  # a sheet that is too large for a copy is not read
    twice = with_copy(wrong, right, "hidden")
    twice["AAA"].sheet_state = "visible"
    assert marks(sheet, twice).notes == ()
