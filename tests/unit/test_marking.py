"""Marks: numbers as people type them, exactness, marks that add up."""

from __future__ import annotations

import dataclasses

import pytest

from sheetgen.marking import Held, Submission, is_right, mark, read_number
from sheetgen.sheet import Sheet


@pytest.mark.parametrize(
    ("typed", "number"),
    [
        (34944, 34944),
        (34944.0, 34944),
        ("34944", 34944),
        (" 34944 ", 34944),
        ("34,944", 34944),
        ("62 378 344", 62378344),
        ("62\u202f378\u202f344", 62378344),
        ("34944.0", 34944),
        ("-5", -5),
        ("+7", 7),
        (None, None),
        ("   ", None),
    ],
)
def test_a_number_as_people_type_it(typed: int | float | str | None, number: int | None) -> None:
    assert read_number(typed) == (number, None)


@pytest.mark.parametrize(
    "typed", ["3,4944", "34.944", "1,2 345", "about 35k", "٣", "1e5", "=1", True, float("nan"), float("inf"), "9" * 400]
)
def test_what_is_no_number_has_a_reason(typed: str | float | bool) -> None:
    number, problem = read_number(typed)
    assert number is None
    assert problem is not None


def test_counts_are_exact() -> None:
    assert is_right(1137017544, 1137017544)
    assert not is_right(1137017545, 1137017544)
    assert is_right(1137017544.0000001, 1137017544)  # the noise of a formula
    assert not is_right(1137017544.5, 1137017544)
    assert not is_right(10**400, 1)


def test_no_cells_no_marks_and_every_answer_is_there(sheet: Sheet) -> None:
    marked = mark(sheet, Submission("x", {}))
    assert (marked.score, marked.max_score, len(marked.answers)) == (0, 80.5, 77 + 37)
    assert {answer.status for answer in marked.answers} == {"unreadable"}
    assert "no longer in the workbook" in marked.answers[0].feedback


def test_decimal_marks_add_up(sheet: Sheet) -> None:
    tenths = tuple(dataclasses.replace(slot, marks=0.1) for slot in sheet.slots)
    held = {cell.answer or "": Held("Table", "A1", sheet.table.value(cell.answer or "")) for cell in sheet.blanks}
    marked = mark(dataclasses.replace(sheet, slots=tenths, questions=None), Submission("x", held))
    assert marked.score == marked.max_score == 7.7
    assert marked.all_correct


def test_an_unmarked_file_keeps_its_reason(sheet: Sheet) -> None:
    marked = mark(sheet, Submission("x", {}, "it is empty"))
    assert (marked.status, marked.reason, marked.score, marked.answers) == ("unmarked", "it is empty", 0, ())
    assert not marked.all_correct
