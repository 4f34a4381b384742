"""A submission: hostile bytes in, the cells of the answers out, or the reason why not.

Formulas are recalculated, never believed: what is stored beside a formula may be stale. Nothing that a student hands in
raises: a file that cannot be read is a Submission with a reason. This room must not know which answer is right.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from ..layout import Spot, sides_of
from ..marking import Held, Submission
from ..sheet import Sheet
from .book import Book, open_book
from .elsewhere import Elsewhere
from .locate import Located, locate
from .package import BrokenPackage, Place, address
from .plain import Plain

MOST_FORMULAS = 20_000  # of a submission; the key has 71, and a chain of 100,000 keeps the engine busy for a minute


def read_submission(file: str, data: bytes, sheet: Sheet) -> Submission:
    """What ``data`` holds in the blanks of ``sheet``; ``file`` is what the result calls it."""
    try:
        package = open_book(data)
        located = locate(package, sheet)
        plain = package if isinstance(package, Plain) else None
        if not located.places:
            told = "this is plain text, read as a .csv: " if plain is not None and plain.kind == ".csv" else ""
            return Submission(file, {}, told + _no_table(sheet, located))
        held, lost = _held(package, located.places), _lost(sheet, located, plain)
        if located.elsewhere is None:
            return Submission(file, held, notes=lost)
        return Submission(file, _as_written(held, located.spots), notes=(*_how(located.elsewhere), *lost))
    except BrokenPackage as error:
        return Submission(file, {}, str(error))


def _as_written(held: Mapping[str, Held], spots: Mapping[str, Spot]) -> dict[str, Held]:
    """With what is known of a table that is not ours: numbers in units, and several in one cell."""
    found = dict(held)
    for answer, spot in spots.items():
        of = sides_of(spot.line, spot.layer)
        if spot.line.unit != 1 or of:
            found[answer] = replace(held[answer], unit=spot.line.unit, of=of)
    return found


def _how(elsewhere: Elsewhere) -> tuple[str, ...]:
    """What a person who marks should know of where the answers were found."""
    sheets = " and ".join(dict.fromkeys(table.sheet for table in elsewhere.layout))
    where = "where layout: says" if elsewhere.declared else f"recognised on {sheets}"
    return (f"The table is not that of our own workbook; it is {where}.", *elsewhere.notes)


def _no_table(sheet: Sheet, located: Located) -> str:
    if located.elsewhere is not None:
        sheets = " and ".join(dict.fromkeys(table.sheet for table in located.elsewhere.layout))
        return (
            f"a table like it is on {sheets}, but it has only {len(located.spots)} of the {len(sheet.blanks)} blanks; "
            "is it the workbook of this coursework?"
        )
    return (
        f"the table is not in it: no cell has the name of one of the {len(sheet.blanks)} blanks, and on no sheet stand "
        "its layers beside headings that are understood; is it the workbook of this coursework?"
    )


def _lost(sheet: Sheet, located: Located, plain: Plain | None) -> tuple[str, ...]:
    """What is lost in a file that is no .xlsx."""
    if plain is None:
        return ()
    table = located.worksheet is not None or located.elsewhere is not None
    if plain.kind != ".csv" or sheet.questions is None or (located.questions is not None and table):
        return plain.notes
    missed = "the questions" if located.questions is None else "the table"
    told = f"It is a .csv file, which holds one sheet only: {missed} cannot be in it; hand in the whole workbook."
    return (*plain.notes, told)


def _held(package: Book, places: Mapping[str, Place]) -> dict[str, Held]:
    cells = {answer: package.cells(place.sheet).get((place.row, place.column)) for answer, place in places.items()}
    engine = None
    if any(cell is not None and cell.formula is not None for cell in cells.values()):
        from .engine import Engine  # most sheets hold numbers only; then nothing is recalculated

        formulas = sum(
            each.formula is not None for entry in package.sheets for each in package.cells(entry.name).values()
        )
        if formulas > MOST_FORMULAS:
            raise BrokenPackage(f"it has {formulas:,} formulas, and at most {MOST_FORMULAS:,} are recalculated")
        engine = Engine(package)
    held: dict[str, Held] = {}
    for answer, place in places.items():
        cell, at = cells[answer], address(place.row, place.column)
        if cell is None or (cell.kind == "blank" and cell.formula is None):
            held[answer] = Held(place.sheet, at)
        elif cell.formula is not None and engine is not None:
            held[answer] = _recalculated(engine.value(place), place.sheet, at, cell.formula)
        elif cell.kind == "error":
            held[answer] = Held(place.sheet, at, problem=f"the cell holds the error {cell.value}")
        else:
            held[answer] = Held(place.sheet, at, cell.value)
        if cell is not None and isinstance(held[answer].value, int | float) and (shown := package.shown(cell)):
            held[answer] = replace(held[answer], shown=shown)
    return held


def _recalculated(value: object, sheet: str, at: str, formula: str) -> Held:
    if value is None:
        value = 0  # as Excel has it: =A1 of an empty cell is 0
    if isinstance(value, int | float | str | bool):
        return Held(sheet, at, value, formula)
    return Held(sheet, at, None, formula, problem=f"the formula gives {value}")
