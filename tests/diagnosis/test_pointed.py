"""A formula that reads the wrong cells is told so; one that reads the right ones follows by construction."""

from __future__ import annotations

import pytest

from sheetgen.api import sheet_of
from sheetgen.marking import Answer, Held, Submission, mark
from sheetgen.sheet import plain_number

SHEET = sheet_of("alexnet")
CELLS = {cell.answer or "": cell for cell in SHEET.blanks}


def marked(changed: dict[str, tuple[float, str | None]], language: str = "en") -> dict[str, Answer]:
    """Answers of a sheet that is right but for some cells: number and formula of each."""
    from sheetgen.addresses import address

    held = {}
    for answer, cell in CELLS.items():
        number, formula = changed.get(answer, (plain_number(SHEET.table.value(answer)), None))
        held[answer] = Held(SHEET.worksheet, address(cell.row, cell.column), number, formula)
    done = mark(SHEET, Submission("a.xlsx", held, whole=False), language=language)
    return {each.id: each for each in done.answers}


def test_a_formula_that_reads_a_neighbours_row_is_told_which_it_needs() -> None:
    # conv2's height from conv1's instead of pool1's: (55 + 4 - 5)/1 + 1 = 55
    found = marked({"conv2.out_height": (55, "INT((G7+2*E9-C9)/D9)+1")})["conv2.out_height"]
    assert found.status == "wrong"
    assert "G9 refers to G7 (conv1, Output height); what it needs is G8 (pool1)." in found.feedback


@pytest.mark.parametrize("formula", [None, "INT((G8+2*E9-C9)/D9)+1", "Other!A1", "SUM(1,2)"])
def test_nothing_is_told_of_a_formula_that_reads_the_right_cells_or_none(formula: str | None) -> None:
    assert "refers to" not in marked({"conv2.out_height": (26, formula)})["conv2.out_height"].feedback


def test_a_formula_over_the_right_cells_follows_by_construction() -> None:
    found = marked({"pool1.out_height": (28, None), "conv2.out_height": (28, "INT((G8+2*E9-C9)/D9)+1")})
    assert found["conv2.out_height"].status == "follow-through"
    assert found["conv2.out_height"].score == CELLS["conv2.out_height"].marks / 2


def test_it_is_told_in_german_too() -> None:
    found = marked({"conv2.out_height": (55, "INT((G7+2*E9-C9)/D9)+1")}, "de")["conv2.out_height"]
    assert "G9 verweist auf G7 (conv1, Output height); gebraucht wird G8 (pool1)." in found.feedback


def test_it_is_not_told_of_a_right_number() -> None:
    assert not marked({"conv2.out_height": (27, "INT((G7+2*E9-C9)/D9)+1")})["conv2.out_height"].feedback
