"""A submission: hostile bytes in, the cells of the answers out, or the reason why not.

Formulas are recalculated; which value counts, opinion.py says. Nothing that a student hands in raises: a file that
cannot be read is a Submission with a reason. This room must not know which answer is right.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from ..marking import Held, Submission
from ..sheet import Sheet
from .locate import locate
from .package import BrokenPackage, Package, Place, address

if TYPE_CHECKING:
    from .opinion import Verdict


def read_submission(file: str, data: bytes, sheet: Sheet) -> Submission:
    """What ``data`` holds in the blanks of ``sheet``; ``file`` is what the result calls it."""
    try:
        package = Package.read(data)
        located = locate(package, sheet)
        if not located.places:
            return Submission(file, {}, _no_table(sheet))
        return Submission(file, _held(package, located.places))
    except BrokenPackage as error:
        return Submission(file, {}, str(error))


def _no_table(sheet: Sheet) -> str:
    return (
        f"the table is not in it: no cell has the name of one of the {len(sheet.blanks)} blanks, and no sheet has its "
        "headings; is it the workbook of this coursework?"
    )


def _held(package: Package, places: Mapping[str, Place]) -> dict[str, Held]:
    cells = {answer: package.cells(place.sheet).get((place.row, place.column)) for answer, place in places.items()}
    verdicts: Mapping[str, Verdict] = {}
    if any(package.areas(sheet) for sheet in {place.sheet for place in places.values()}) or any(
        cell is not None and cell.formula is not None for cell in cells.values()
    ):
        from .opinion import judge  # most sheets hold numbers only; then nothing is recalculated

        verdicts = judge(package, places)
    held: dict[str, Held] = {}
    for answer, place in places.items():
        cell, at = cells[answer], address(place.row, place.column)
        verdict = verdicts.get(answer)
        if verdict is not None:
            held[answer] = Held(place.sheet, at, verdict.value, verdict.formula, verdict.problem, notes=verdict.notes)
        elif cell is None or cell.kind == "blank":
            held[answer] = Held(place.sheet, at)
        elif cell.kind == "error":
            held[answer] = Held(place.sheet, at, problem=f"the cell holds the error {cell.value}")
        else:
            held[answer] = Held(place.sheet, at, cell.value)
        if cell is not None and isinstance(held[answer].value, int | float) and (shown := package.shown(cell)):
            held[answer] = replace(held[answer], shown=shown)
    return held
