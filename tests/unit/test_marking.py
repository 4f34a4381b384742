"""Marks: numbers as people type them, exactness, marks that add up."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from sheetgen.expr import Number, Value
from sheetgen.marking import Answer, Held, Submission, is_right, mark
from sheetgen.reading import Shown
from sheetgen.sheet import Sheet, plain_number
from tests.laid import Lay

Typed = int | float | str | bool | None
SIZE = "55 x 55 x 96"


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


@pytest.mark.parametrize("reveal", [False, True])
def test_what_a_file_cannot_hold_is_not_called_blank(sheet: Sheet, reveal: bool) -> None:
    assert sheet.questions is not None
    held = {"conv1.parameters": Held("CSV", "L4", 34944), "conv1.weights": Held("CSV", "K4")}
    marked = mark(sheet, Submission("x.csv", held, whole=False), reveal=reveal)
    answers = {answer.id: answer for answer in marked.answers}
    assert answers["conv1.weights"].feedback.startswith("Left blank.")
    for answer in ("conv2.parameters", sheet.questions.cells[0].answer):
        assert answers[answer].feedback.startswith("Not in this file.")
        assert answers[answer].status == "blank"
    of_questions = {cell.answer for cell in sheet.questions.cells}
    assert {answers[each].sheet for each in of_questions} == {sheet.questions.worksheet}
    assert {answer.sheet for answer in marked.answers if answer.id not in of_questions} == {"CSV", sheet.worksheet}


# --- how near -------------------------------------------------------------------------------------------------------


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
        (Fraction(1, 3), Fraction(1, 3), 0, True),
        (10**400, 34944, 0.5, False),  # beyond every float
        (10**400, 0.5, 0, False),
    ],
)
def test_how_near_is_right(number: Number | str, right: Value, near: float, fine: bool) -> None:
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


# --- what students type, marked --------------------------------------------------------------------------------------


@pytest.fixture
def typed(sheet: Sheet) -> Callable[..., Answer]:
    """Marks one cell of AlexNet; the others are blank, or as given."""

    def answer(id: str, value: Typed, *, shown: Shown = "", **others: Typed) -> Answer:
        held = {cell.answer or "": Held("Table", "A1") for cell in sheet.blanks}
        held |= {each.replace("__", "."): Held("Table", "A1", other) for each, other in others.items()}
        held[id] = Held("Table", "A1", value, shown=shown, notes=("Of the cell.",))
        return next(each for each in mark(sheet, Submission("x", held)).answers if each.id == id)

    return answer


@pytest.mark.parametrize(
    ("answer", "value", "status", "said"),
    [
        ("conv1.parameters", "34,944 params", "correct", ""),
        ("conv1.parameters", "11*11*3*96+96", "correct", ""),
        ("conv1.parameters", "11*11*3*96", "wrong", ""),
        ("conv1.parameters", "34.944", "correct", "the other cells do not show it"),
        ("conv1.parameters", "34.943", "wrong", "the other cells do not show it"),
        ("conv1.parameters", 34.944, "wrong", "if its point separates thousands, type 34944"),
        ("conv1.parameters", "3,4944", "unreadable", ""),
        ("conv1.parameters", "9^9^9^9", "unreadable", ""),
        ("conv1.parameters", "34848 = 34944", "unreadable", ""),
        ("conv1.parameters", "11*11*3*96 + 96 = 34848", "wrong", "The working gives 34944; 34848 is stated"),
        ("conv1.parameters", "11*11*3*96 = 34944", "correct", "The working gives 34848; 34944 is stated"),
        ("total.parameters", "62.4M", "correct", "Judged as rounded to the nearest 100,000;"),
        ("total.parameters", "62.378M", "correct", "Judged as rounded to the nearest 1,000;"),
        ("total.parameters", "62.378344M", "correct", ""),
        ("total.parameters", "62.3M", "wrong", "Judged as rounded to the nearest 100,000;"),
        ("total.parameters", "62M", "correct", "Judged as rounded to the nearest 1,000,000;"),
        ("total.parameters", "~6e7", "unreadable", ""),
        ("conv1.parameters", "~35k", "correct", "Judged as rounded to the nearest 1,000;"),
        ("conv2.parameters", "~35k", "wrong", "Judged as rounded to the nearest 1,000;"),
        ("conv1.parameters", "~1e9", "unreadable", ""),
        ("conv1.parameters", "0M", "unreadable", ""),
        ("conv1.out_height", "55 x 55", "correct", "a square of side 55"),
        ("conv1.out_height", "54 x 54", "wrong", "a square of side 54"),
        ("conv1.out_height", "55 x 55 x 96", "unreadable", ""),
        ("conv1.out_height", "(227-11)/4+1", "correct", ""),
        ("conv1.neurons", "55x55x96", "correct", ""),
        ("conv1.parameters", True, "unreadable", ""),
        ("conv1.parameters", float("inf"), "unreadable", ""),
        ("conv1.parameters", "\u200b", "blank", ""),
    ],
)
def test_what_is_typed_is_marked(
    answer: str, value: Typed, status: str, said: str, typed: Callable[..., Answer]
) -> None:
    marked = typed(answer, value)
    assert marked.status == status
    assert marked.score == (marked.max_score if status == "correct" else 0)
    assert marked.notes[0] == "Of the cell."
    assert [said in note for note in marked.notes[1:]] == ([True] if said else [])


def test_a_point_means_what_the_other_cells_show(typed: Callable[..., Answer]) -> None:
    assert typed("conv1.parameters", "34.944", conv2__parameters="614.656", total__parameters="62.378.344").notes == (
        "Of the cell.",
    )
    contrary = typed("conv1.parameters", "34.944", total__parameters="62,378,344")
    assert (contrary.status, len(contrary.notes)) == ("correct", 2)


@pytest.mark.parametrize(
    ("value", "shown", "status"),
    [
        (34944, "date", "correct"),  # typed into a cell that a date had been in
        (45722, "date", "unreadable"),  # 5 March 2025 was 3-5
        (0.34944, "percent", "unreadable"),
        (34944, "percent", "correct"),
        (34848, "", "wrong"),
    ],
)
def test_a_cell_that_shows_a_date_or_a_percentage(
    value: float, shown: Shown, status: str, typed: Callable[..., Answer]
) -> None:
    assert typed("conv1.parameters", value, shown=shown).status == status


@pytest.mark.parametrize(
    ("value", "status", "said"),
    [
        ("6 x 6 x 3", "correct", ""),
        ("(None, 6, 6, 3)", "correct", ""),
        ("3 x 6 x 6", "correct", "Its channels stand first; here a size is height x width x channels."),
        ("torch.Size([1, 3, 6, 6])", "correct", "Its channels stand first"),
        ("3@6x6", "correct", ""),
        ("6 x 3 x 6", "wrong", ""),
        ("6 x 6", "wrong", "It has 2 numbers, and 3 are asked."),
        ("6 x 6 x 4", "wrong", ""),
        ("6", "unreadable", ""),
        (6, "unreadable", ""),
        ("six", "unreadable", ""),
        (" ", "blank", ""),
    ],
)
def test_sizes_are_marked(value: Typed, status: str, said: str, lay: Lay) -> None:
    sheet = lay(GRAPH, ASKED, shape="[1, 8, 8]")
    marked = mark(sheet, Submission("x", {"c.output_size": Held("Table", "A1", value)})).answers[0]
    assert (marked.id, marked.status) == ("c.output_size", status)
    assert [note.startswith(said) for note in marked.notes] == ([True] if said else [])


def test_right_numbers_in_another_order_are_told_where_every_student_sees_it(lay: Lay) -> None:
    sheet = lay(GRAPH, ASKED, shape="[1, 8, 8]")
    (marked, *_) = mark(sheet, Submission("x", {"c.output_size": Held("Table", "A1", "6 x 3 x 6")})).answers
    assert marked.feedback.endswith(
        "6 x 3 x 6 is not right. The numbers are right, but stand in another order than height x width x channels."
    )


@pytest.mark.parametrize(
    ("value", "status"),
    [(10, "correct"), ("10", "correct"), ("1 x 1 x 10", "correct"), ("10x1x1", "correct"), ("(None, 10)", "correct"),
     ("2x5", "wrong"), (11, "wrong"), ("2 x 5 x 1 = 10", "correct"), ("ten", "unreadable")],
)  # fmt: skip
def test_the_size_of_a_vector(value: Typed, status: str, lay: Lay) -> None:
    asked = "{columns: [layer, output_size], blanks: [{quantities: output_size, layers: fc}]}"
    sheet = lay("\n    fc: {type: Linear, out_features: 10}\n", asked, shape="[1, 8, 8]")
    (marked,) = mark(sheet, Submission("x", {"fc.output_size": Held("Table", "A1", value)})).answers
    assert marked.status == status


def test_a_stated_tolerance_counts_and_no_rounding_beside_it(lay: Lay) -> None:
    # 30 of 82 parameters, 0.5 % of 0.3659 near: what 0.37 is not, it is not with a ~ either
    for value in ("0.37", "~0.37", "≈ 0.37", "37 %"):
        assert _marked(lay, c__parameters_share=value) == {"c.parameters_share": ("wrong", 0)}
    assert _marked(lay, c__parameters_share="30/82") == {"c.parameters_share": ("correct", 2)}
    assert _marked(lay, c__parameters_share="30/82 = 0.366") == {"c.parameters_share": ("correct", 2)}


@pytest.mark.parametrize(
    ("formula", "value", "status"),
    [
        ("neurons * 0.001", "1.323", "correct"),
        ("neurons * 0.001", "1,323", "correct"),
        ("neurons + 0.25", "1,323", "correct"),
        ("neurons + 0.25", "1.323", "correct"),
        ("neurons + 0.25", "1.423", "unreadable"),  # never told to be wrong
        ("neurons + 0.25", "1423", "wrong"),
    ],
)
def test_either_reading_of_an_ambiguous_number_may_be_the_right_one(
    formula: str, value: str, status: str, lay: Lay
) -> None:
    asked = (
        f"{{columns: [layer, q], quantities: {{q: {{formula: {formula}}}}}, "
        "blanks: [{quantities: q, tolerance: {relative: 0.001}}]}"
    )
    sheet = lay("\n    c: {type: Conv2d, out_channels: 3, kernel_size: 3}\n", asked, shape="[1, 23, 23]")
    answer = next(
        each for each in mark(sheet, Submission("x", {"c.q": Held("Table", "A1", value)})).answers if each.id == "c.q"
    )
    assert answer.status == status
    assert (value == "1423") != any("can mean" in said for said in (*answer.notes, answer.feedback))


SHAPES: list[Callable[[int], str | int | float]] = [
    lambda n: f"{n:,}",
    lambda n: f"{n:,}".replace(",", "."),
    lambda n: f"{n:,}".replace(",", " "),
    lambda n: f"{n} weights",
    lambda n: f"={n}",
    lambda n: f"~{n}",
    lambda n: f"about {n}",
    lambda n: n / 1000,
    lambda n: f"{n // 2}*2={n}",
    lambda n: f"{n / 1000}k",
    lambda n: f"{n / 1000:.1f}k",
    lambda n: f"{n / 1000:.0f}K",
    lambda n: f"{n}?",
    lambda n: f"{n} or {n + 2}",
    lambda n: f"{n}±1",
    lambda n: f"{n} ({n / 1000:.0f}k)",
    lambda n: f"'{n}'",
    lambda n: -n,
]


@pytest.mark.parametrize("shape", SHAPES)
def test_how_a_cell_was_read_tells_nobody_whether_its_number_is_right(
    shape: Callable[[int], str | int | float], sheet: Sheet
) -> None:
    """Notes hold what the student typed; in other words they are the same for the right number and a wrong one."""

    def notes(number: int) -> list[str]:
        held = {cell.answer or "": Held(sheet.worksheet, "A1") for cell in sheet.blanks}
        held["conv1.parameters"] = Held(sheet.worksheet, "L7", shape(number))
        (found,) = (each for each in mark(sheet, Submission("a.xlsx", held)).answers if each.id == "conv1.parameters")
        words = re.sub(r"[0-9.,\u00a0 ]+", " ", " ".join(found.notes))
        return [words, *(["unreadable"] if found.status == "unreadable" else [])]

    assert notes(34944) == notes(33958)
