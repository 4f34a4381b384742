"""Cells with working and a rounded value, and numbers in thousands and millions, held against what is right."""

from __future__ import annotations

import pytest

from sheetgen.expr import Value
from sheetgen.judging import Held, judge_among, judge_cell
from sheetgen.reading import habit


def status(typed: int | float | str, right: Value, quantity: str = "parameters", unit: int = 1) -> str:
    held = Held("Table", "A1", typed, unit=unit)
    return judge_cell(held, quantity, right, 0, habit([]), "").status


@pytest.mark.parametrize(
    "typed",
    [
        "54.25 ≈ 54",
        "(227-13)/4+1 = 54.5 ≈ 54",
        "54.25 -> 54",
        "54.25 => 54",
        "54.25 → 54",
        "(224-11)/4 + 1 = 54.25 = 54",
        "54.0 = 54",
    ],
)
def test_the_whole_number_behind_its_unrounded_working_counts(typed: str) -> None:
    assert status(typed, 54, "out_height") == "correct"
    assert status(typed, 55, "out_height") != "correct"


@pytest.mark.parametrize(
    ("typed", "right", "wrong"),
    [
        ("54230.25 ≈ 54230", 54230, 54231),
        ("54230.25 ≈ 54230", 54230, 54228),
        ("54.75 -> 54", 54, 55),
        ("54.25 → 55", 55, 54),
        ("28.125 ≈ 28", 28, 28125),
        ("28,125 ≈ 28", 28, 28125),
        ("225/8 = 28.125 = 28", 28, 28125),
        ("34944.2 ≈ 35000", 34944.2, 34944),
        ("34.944 ≈ 35k", 34944, 35000),
    ],
)
def test_a_whole_number_beside_its_working_is_exact(typed: str, right: Value, wrong: Value) -> None:
    assert status(typed, right) == "correct"
    assert status(typed, wrong) != "correct"


def test_the_whole_number_that_was_taken_is_said() -> None:
    for typed in ("54.75 -> 54", "54.75 ⇒ 54", "(227-11)/4 + 0.75 = 54.75 -> 54"):
        found = judge_cell(Held("Table", "A1", typed), "parameters", 54, 0, habit([]), "")
        assert found.notes[-1] == "'54.75' stands beside it; the whole number, 54, counts."


@pytest.mark.parametrize("typed", ["221/4 = 55.25 ≈ 55", "54.75 ~ 55", "55.2 = 55"])
def test_rounded_up_or_down(typed: str) -> None:
    assert status(typed, 55, "out_height") == "correct"
    assert status(typed, 54, "out_height") != "correct"


def test_two_whole_numbers_are_still_two() -> None:
    assert status("54.25 = 55", 55, "out_height") == "unreadable"
    assert status("54 = 55", 55, "out_height") == "unreadable"


@pytest.mark.parametrize(
    ("typed", "unit", "right", "expected"),
    [
        (34.944, 1000, 34944, "correct"),
        (34.9, 1000, 34944, "correct"),
        (35, 1000, 34944, "correct"),
        (35.0, 1000, 34944, "correct"),
        (62.0, 10**6, 62378344, "correct"),
        ("62.4M", 10**6, 62378344, "correct"),
        ("62M", 10**6, 62378344, "correct"),
        ("35k", 1000, 34944, "correct"),
        ("62,378,344", 10**6, 62378344, "correct"),
        ("34.848", 1000, 34944, "unreadable"),  # or 34,848, and neither is right
        (36, 1000, 34944, "wrong"),
        (0, 10**6, 34944, "wrong"),  # within half a million, but of no digit
        (1, 10**6, 614656, "unreadable"),  # right, but so is one for whatever is near a million
        (4, 10**6, 4096000, "unreadable"),
        ("4", 10**6, 4096000, "unreadable"),
        (5, 10**6, 4096000, "wrong"),
        (0, 1000, 0, "correct"),
        ("35.0", 1000, 34944, "correct"),  # as the number 35 in a .csv, from a column with decimals
        ("35,00", 1000, 34944, "correct"),
        ("35.000", 1000, 34944, "correct"),
        ("34.90", 1000, 34944, "correct"),
        ("62.0", 10**6, 62378344, "correct"),
        ("35.1", 1000, 34944, "wrong"),
        ("36.0", 1000, 34944, "wrong"),
        ("35.01", 1000, 34944, "wrong"),
        ("30.0", 1000, 34944, "wrong"),
        ("35.0k", 1, 34944, "wrong"),  # of a number's own k the digits are the student's
    ],
)
def test_numbers_in_units(typed: int | float | str, unit: int, right: int, expected: str) -> None:
    assert status(typed, right, unit=unit) == expected


@pytest.mark.parametrize("number", [35, 35.0, 34.9, 34.944, 34.95, 36, 35.1, 0])
@pytest.mark.parametrize("decimals", [0, 1, 2, 3])
def test_a_csv_gets_the_verdict_of_the_workbook_that_it_came_from(number: float, decimals: int) -> None:
    exported = f"{number:.{decimals}f}"
    if float(exported) == number:  # else the .csv holds another number
        assert status(exported, 34944, unit=1000).replace("unreadable", "wrong") == status(number, 34944, unit=1000)


def test_a_percentage_where_a_count_is_asked_is_in_doubt() -> None:
    assert status("34944%", 34944) == "unreadable"
    assert status("55 %", 55, "out_height") == "unreadable"


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("H=55, W=55, C=96", "correct"),
        ("C: 96, H: 55, W: 55", "correct"),
        ("height = 55, width = 55, depth = 96", "correct"),
        ("H=55, W=55, C=95", "wrong"),
        ("H=55, W=55, C=96 or 95", "unreadable"),
        ("55 x 55 x 96 (HWC)", "correct"),
        ("55x55x96 (H x W x C)", "correct"),
    ],
)
def test_sizes_with_letters(typed: str, expected: str) -> None:
    assert status(typed, "55 x 55 x 96", "output_size") == expected


RIGHT: dict[str, Value] = {"c.out_height": 55, "c.out_width": 54, "c.out_channels": 96}
LAST, FIRST = tuple(RIGHT), ("c.out_channels", "c.out_height", "c.out_width")


def among(typed: str, order: tuple[str, ...]) -> dict[str, str]:
    right = {each: RIGHT[each] for each in order}
    return {each: judge_among(Held("T", "A1", typed), each, right, habit([]), "").status for each in right}


@pytest.mark.parametrize("order", [LAST, FIRST, LAST[:2]])
@pytest.mark.parametrize(
    ("typed", "wrong"),
    [
        ("96@55x54", set()),
        ("H=55, W=54, C=96", set()),
        ("C=96 H=55 W=54", set()),
        ("96x55x54 (CHW)", set()),
        ("C=96 H=56 W=54", {"c.out_height"}),
        ("95@55x54", {"c.out_channels"}),
        ("H=96, W=55, C=54", set(RIGHT)),  # channels first it is not, for it says which are the channels
        ("55x54x96 (CHW)", set(RIGHT)),
        ("54@96x55", set(RIGHT)),
    ],
)
def test_letters_say_which_number_is_which_whatever_the_order_of_the_column(
    order: tuple[str, ...], typed: str, wrong: set[str]
) -> None:
    assert among(typed, order) == {each: "wrong" if each in wrong else "correct" for each in order}
    held = Held("T", "A1", typed)
    whole = judge_cell(held, "output_size", "55 x 54 x 96", 0, habit([]), "")
    assert (whole.status == "wrong") is bool(wrong)
    if wrong == set(RIGHT):
        told = "The numbers are right, but what is written beside them gives them to other sides."
        assert (whole.said, whole.notes) == (told, ())
        if order != LAST[:2]:
            right = {each: RIGHT[each] for each in order}
            assert judge_among(held, order[0], right, habit([]), "").said == told


def test_each_named_number_is_judged_by_its_own_name() -> None:
    right: dict[str, Value] = {"c.out_height": 55, "c.out_width": 55, "c.out_channels": 96}
    held = Held("T", "A1", "H=96, W=55, C=55")
    found = {each: judge_among(held, each, right, habit([]), "").status for each in right}
    assert found == {"c.out_height": "wrong", "c.out_width": "correct", "c.out_channels": "wrong"}


def test_a_whole_size_in_a_column_that_puts_channels_first() -> None:
    right = {each: RIGHT[each] for each in FIRST}
    for typed, expected in [("96@55x54", "correct"), ("H=55, W=54, C=96", "correct"), ("54@96x55", "wrong")]:
        assert judge_among(Held("T", "A1", typed), "c.output_size", right, habit([]), "").status == expected


def test_a_product_that_is_not_that_of_the_sides_is_said() -> None:
    found = judge_cell(Held("Table", "A1", "55x55x96 = 290401"), "output_size", "55 x 55 x 96", 0, habit([]), "")
    assert (found.status, found.notes) == ("correct", ("The sides multiply to 290400, not 290401.",))
    assert status("55x55x96 = 290400", "55 x 55 x 96", "output_size") == "correct"


def test_a_number_with_its_own_unit_is_not_written_out_in_full() -> None:
    said = {
        typed: judge_cell(Held("Table", "A1", typed, unit=1000), "parameters", 34944, 0, habit([]), "").notes
        for typed in ("34.9K", "34.9 k", "34944")
    }
    told = ("Judged as rounded to the nearest 100; the exact number is asked.",)
    assert said["34.9K"] == said["34.9 k"] == told
    assert any(note.startswith("It is written out in full") for note in said["34944"])
