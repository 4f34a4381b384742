"""Marks: numbers as people type them, exactness, marks that add up."""

from __future__ import annotations

import dataclasses
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from sheetgen.expr import Value
from sheetgen.marking import Held, Submission, is_right, mark
from sheetgen.sheet import Sheet, plain_number
from tests.laid import Lay

Typed = int | float | str | bool | None
SHARE, SIZE = Fraction(377, 1000), "55 x 55 x 96"


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
    held = {
        cell.answer or "": Held("Table", "A1", plain_number(sheet.table.value(cell.answer or "")))
        for cell in sheet.blanks
    }
    marked = mark(dataclasses.replace(sheet, slots=tenths, questions=None), Submission("x", held))
    assert marked.score == marked.max_score == 7.7
    assert marked.all_correct


def test_an_unmarked_file_keeps_its_reason(sheet: Sheet) -> None:
    marked = mark(sheet, Submission("x", {}, "it is empty"))
    assert (marked.status, marked.reason, marked.score, marked.answers) == ("unmarked", "it is empty", 0, ())
    assert not marked.all_correct


# --- what is not whole, and sizes -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "right", "read"),
    [
        ("0.377", SHARE, 0.377),
        ("0,377", SHARE, 0.377),
        ("37.7%", SHARE, 0.377),
        ("37,7 %", SHARE, 0.377),
        ("-1.5", SHARE, -1.5),
        ("+2", SHARE, 2.0),
        (0.377, SHARE, 0.377),
        (2, SHARE, 2),
        ("", SHARE, None),
        ("  ", SHARE, None),
        (None, SHARE, None),
        ("100 %", 1, 1.0),  # a share that happens to be whole
        ("0%", 0, 0.0),
        ("9.97", 9.965784284662087, 9.97),
        ("55 x 55 x 96", SIZE, SIZE),
        ("55x55x96", SIZE, SIZE),
        (" 55 X 55 X 96 ", SIZE, SIZE),
        ("55 × 55 × 96", SIZE, SIZE),
        ("55*55*96", SIZE, SIZE),
        ("055 x 55 x 96", SIZE, SIZE),
        ("96 x 55 x 55", SIZE, "96 x 55 x 55"),
        ("55 x 55", SIZE, "55 x 55"),
        ("27.50 x 3", "27.5 x 3", "27.5 x 3"),
        ("27.0 x 3", "27 x 3", "27 x 3"),
        (None, SIZE, None),
        (" ", SIZE, None),
    ],
)
def test_an_answer_as_people_type_it(typed: Typed, right: Value, read: Typed) -> None:
    assert read_answer(typed, right) == (read, None)


@pytest.mark.parametrize(
    ("typed", "right", "problem"),
    [
        ("a third", SHARE, "the cell holds text that is no number: 'a third'"),
        ("1/3", SHARE, "the cell holds text that is no number: '1/3'"),
        ("1.2.3", SHARE, "the cell holds text that is no number: '1.2.3'"),
        ("1e3", SHARE, "the cell holds text that is no number: '1e3'"),
        (True, SHARE, "the cell holds TRUE, a number is expected"),
        (float("nan"), SHARE, "the cell holds no finite number"),
        ("34.944", 34944, "the cell holds text that is no whole number: '34.944'"),  # a thousand, or a decimal?
        (55, SIZE, "a size is expected, such as 55 x 55 x 96"),
        (True, SIZE, "the cell holds TRUE, a number is expected"),
        ("55", SIZE, "the cell holds no size such as 55 x 55 x 96: '55'"),
        ("55 by 55", SIZE, "the cell holds no size such as 55 x 55 x 96: '55 by 55'"),
        ("55 x 55 x", SIZE, "the cell holds no size such as 55 x 55 x 96: '55 x 55 x'"),
        ("-5 x 5 x 5", SIZE, "the cell holds no size such as 55 x 55 x 96: '-5 x 5 x 5'"),
        (
            "5 x 5 x 5 " * 20,
            SIZE,
            "the cell holds no size such as 55 x 55 x 96: '5 x 5 x 5 5 x 5 x 5 5 x 5 x 5 5 x 5 x 5 '",
        ),
    ],
)
def test_what_is_no_answer_has_a_reason(typed: Typed, right: Value, problem: str) -> None:
    assert read_answer(typed, right) == (None, problem)


@pytest.mark.parametrize(
    ("number", "right", "near", "fine"),
    [
        (0.3333333333, Fraction(1, 3), 0, True),  # the noise of a float
        (0.3333, Fraction(1, 3), 0, False),
        (0.3333, Fraction(1, 3), 0.001, True),
        (0.335, Fraction(1, 3), 0.001, False),
        (34945, 34944, 0, False),
        (34945, 34944, 1, True),
        (34946, 34944, 1, False),
        (34943.5, 34944, 0.5, True),
        (-0.5, Fraction(-1, 2), 0, True),
        (0.5, Fraction(-1, 2), 0, False),
        (9.97, 9.965784284662087, 0.005, True),
        (SIZE, SIZE, 0, True),
        ("96 x 55 x 55", SIZE, 100, False),
        (55, SIZE, 100, False),
        (SIZE, 55, 100, False),
    ],
)
def test_how_near_is_right(number: float | str, right: Value, near: float, fine: bool) -> None:
    assert is_right(number, right, near) is fine


GRAPH = """
    c: {type: Conv2d, out_channels: 3, kernel_size: 3}
    a: {type: A}
  blocks: {A: {layers: {d: {type: Conv2d, out_channels: 4, kernel_size: 2, stride: 2}}}}
"""
ASKED = (
    "{columns: [layer, output_size, parameters, parameters_share, centre, kib], "
    "quantities: {kib: {formula: neurons * 4 / 1024, total: true}}, blanks: ["
    "{quantities: output_size, layers: c}, {quantities: parameters_share, layers: c, blocks: a, marks: 2}, "
    "{quantities: centre, layers: a}, {quantities: kib, layers: total, tolerance: {places: 1}}, "
    "{quantities: parameters, layers: total, tolerance: {relative: 0.01}}]}"
)


def _marked(lay: Lay, **typed: Typed) -> dict[str, tuple[str, float]]:
    sheet = lay(GRAPH, ASKED, shape="[1, 8, 8]")
    held = {answer.replace("__", "."): Held("Table", "A1", value) for answer, value in typed.items()}
    marked = mark(sheet, Submission("x", held))
    assert marked.max_score == 8
    return {answer.id: (answer.status, answer.score) for answer in marked.answers if answer.id in held}


@pytest.fixture
def lay(tmp_path: Path) -> Lay:
    return Lay(tmp_path)


def test_marks_of_all_kinds(lay: Lay) -> None:
    # 30 and 52 parameters; neurons 108 and 36: 0.5625 KiB
    right: dict[str, Any] = {"c__output_size": "6x6x3", "c__parameters_share": "36.6 %", "a__parameters_share": 0.634,
             "a.d__centre": "1.5", "total__kib": 0.6, "total__parameters": "82"}  # fmt: skip
    assert _marked(lay, **right) == {
        "c.output_size": ("correct", 1),
        "c.parameters_share": ("correct", 2),
        "a.parameters_share": ("correct", 2),
        "a.d.centre": ("correct", 1),
        "total.kib": ("correct", 1),
        "total.parameters": ("correct", 1),
    }
    wrong: dict[str, Any] = {"c__output_size": "6x6", "c__parameters_share": 0.37, "a__parameters_share": 63.4,
             "a.d__centre": "2",
             "total__kib": "0.7", "total__parameters": 83}  # fmt: skip
    assert {status for status, _ in _marked(lay, **wrong).values()} == {"wrong"}
    strange: dict[str, Any] = {"c__output_size": 108, "c__parameters_share": "a third", "total__parameters": "many"}
    assert {status for status, _ in _marked(lay, **strange).values()} == {"unreadable"}


def test_what_is_revealed_of_fractions(lay: Lay) -> None:
    sheet = lay(GRAPH, ASKED, shape="[1, 8, 8]")
    marked = mark(sheet, Submission("x", {}), reveal=True)
    told = {answer.id: (answer.expected, answer.feedback.rpartition("The answer is ")[2]) for answer in marked.answers}
    assert told == {
        "c.output_size": ("6 x 6 x 3", "6 x 6 x 3."),
        "c.parameters_share": (30 / 82, "30/82 ≈ 0.365854."),
        "a.parameters_share": (52 / 82, "52/82 ≈ 0.634146."),
        "a.d.centre": (1.5, "0 + (4 - 1)/2 = 1.5."),
        "total.kib": (0.5625, "0.421875 + 0.140625 = 0.5625."),
        "total.parameters": (82, "30 + 52 = 82."),
    }
