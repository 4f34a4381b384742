"""Sheets laid out from the text of a YAML, filled as a key, and recalculated by another engine."""

from __future__ import annotations

import re
from pathlib import Path

import formualizer
import pytest

from sheetgen.addresses import address
from sheetgen.quantities import COMPOSITE
from sheetgen.sheet import Sheet, lay_out, plain_number
from sheetgen.spec import read


class Lay:
    """A sheet from the text of its layers and of its coursework."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "my.yaml"

    def __call__(self, layers: str, coursework: str = "{}", shape: str = "[3, 227, 227]") -> Sheet:
        self._path.write_text(
            f"network:\n  input: {shape}\n  layers:{layers}\ncoursework: {coursework}\n", encoding="utf-8"
        )
        return lay_out(read(self._path))


Held = int | float | str


def filled(sheet: Sheet) -> dict[str, Held]:
    """Address -> what the cell holds in the key: a number, or a formula after =."""
    held: dict[str, Held] = {}
    for cell in sheet.cells:
        at = address(cell.row, cell.column)
        if cell.kind == "blank":
            assert cell.answer is not None
            formula = sheet.formula(cell.answer)
            held[at] = plain_number(sheet.table.value(cell.answer)) if formula is None else f"={formula}"
        elif cell.kind == "given" and cell.content is not None:
            held[at] = cell.content
    return held


def recalculated(held: dict[str, Held]) -> dict[str, object]:
    """The same with every formula computed by formualizer."""
    config = formualizer.EvaluationConfig()
    config.enable_parallel = False
    workbook = formualizer.Workbook(config=formualizer.WorkbookConfig(eval_config=config))
    workbook.add_sheet("S")
    places = {at: _place(at) for at in held}
    for at, content in held.items():
        if isinstance(content, str) and content.startswith("="):
            workbook.set_formula("S", *places[at], content)
        else:
            workbook.set_value("S", *places[at], content)
    workbook.evaluate_all()
    return {at: workbook.get_value("S", *place) for at, place in places.items()}


def _place(at: str) -> tuple[int, int]:
    match = re.fullmatch(r"([A-Z]+)([0-9]+)", at)
    assert match is not None
    column = 0
    for letter in match[1]:
        column = column * 26 + ord(letter) - 64
    return int(match[2]), column


def assert_every_formula_gives_its_number(sheet: Sheet) -> None:
    values = recalculated(filled(sheet))
    for answer, cell in sheet.places.items():
        follows = isinstance(cell.content, str) and cell.content.startswith("=")
        if isinstance(cell.content, str) and not follows and cell.slot.quantity not in COMPOSITE:
            continue  # 3 × 5: text
        # a given share is rounded, so as not to give away what it is a share of
        right = cell.content if cell.kind == "given" and not follows else plain_number(sheet.table.value(answer))
        near = pytest.approx(right, rel=1e-12) if isinstance(right, float) else right
        assert (answer, values[address(cell.row, cell.column)]) == (answer, near)
