"""A submission: hostile bytes in, the cells of the answers out, or the reason why not.

Formulas are recalculated; which value counts, opinion.py says. Nothing that a student hands in raises: a file that
cannot be read is a Submission with a reason. This room must not know which answer is right.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from ..marking import Held, Submission
from ..seal import made_from
from ..sheet import Sheet
from .book import Book, open_book
from .hidden import out_of_sight
from .locate import Located, locate, twins
from .package import BrokenPackage, Package, Place, address
from .plain import Plain
from .provenance import properties, student_cell

if TYPE_CHECKING:
    from ..layout import Spot
    from .elsewhere import Elsewhere
    from .opinion import Verdict


def read_submission(file: str, data: bytes, sheet: Sheet) -> Submission:
    """What ``data`` holds in the blanks of ``sheet``; ``file`` is what the result calls it."""
    try:
        package = open_book(data)
    except BrokenPackage as error:
        return Submission(file, {}, str(error))
    found = _answers(file, package, sheet)
    if not isinstance(package, Package):
        return found  # neither names nor properties are read of a .csv or an .ods
    known = {held.sheet for held in found.held.values()}
    about = properties(package)
    if origin := made_from(data):
        about["returned"] = origin  # for this hand-in, whoever hands it in now
    return replace(found, student=student_cell(package, known), properties=about)


def _answers(file: str, package: Package | Plain, sheet: Sheet) -> Submission:
    try:
        located = locate(package, sheet)
        plain = package if isinstance(package, Plain) else None
        if not located.places:
            if plain is not None and plain.kind == ".csv":
                return Submission(file, {}, _plain_text(file) + _no_table(package, sheet, located))
            return Submission(file, {}, _no_table(package, sheet, located))
        held = _held(package, located.places)
        lost = (
            *_lost(sheet, located, plain),
            *_twice(package, sheet, located),
            *out_of_sight(package, located.places.values()),
        )
        if located.elsewhere is None:
            return Submission(file, held, notes=lost, whole=plain is None)
        return Submission(file, _as_written(held, located.spots), notes=(*_how(located.elsewhere), *lost), whole=False)
    except BrokenPackage as error:
        return Submission(file, {}, str(error))


def _plain_text(file: str) -> str:
    is_csv = file.lower().endswith((".csv", ".tsv"))
    return "" if is_csv else "this is plain text, not a workbook; hand in the .xlsx. Read as a .csv: "


def _as_written(held: Mapping[str, Held], spots: Mapping[str, Spot]) -> dict[str, Held]:
    """With what is known of a table that is not ours: numbers in units, and several in one cell."""
    from ..layout import sides_of

    found = dict(held)
    for answer, spot in spots.items():
        of = sides_of(spot.line, spot.layer)
        if spot.line.unit != 1 or of:
            found[answer] = replace(held[answer], unit=spot.line.unit, of=of)
    return found


def _how(elsewhere: Elsewhere) -> tuple[str, ...]:
    """What a person who marks should know of where the answers were found."""
    return (f"The table is not that of our own workbook; it is {elsewhere.where()}.", *elsewhere.notes)


def _no_table(package: Book, sheet: Sheet, located: Located) -> str:
    from .elsewhere import tables_of_others

    if located.elsewhere is not None:
        sheets = " and ".join(dict.fromkeys(table.sheet for table in located.elsewhere.layout))
        return (
            f"a table like it is on {sheets}, but it has only {len(located.spots)} of the {len(sheet.blanks)} blanks; "
            "is it the workbook of this coursework? If it is one of your own, let blanks: in the YAML ask for what it "
            "has"
        )
    if others := tables_of_others(package, sheet):
        return f"{'; '.join(others)}; is it the workbook of another coursework?"
    return (
        f"the table is not in it: no cell has the name of one of the {len(sheet.blanks)} blanks, and on no sheet stand "
        "its layers beside headings that are understood; is it the workbook of this coursework?"
    )


def _twice(package: Book, sheet: Sheet, located: Located) -> tuple[str, ...]:
    """What a person who marks should know where the workbook holds the table more than once, with other answers."""
    also = " and ".join(twins(package, sheet, located))
    if not also:
        return ()
    return (f"The table stands on {also} too, with other answers; the one on {located.worksheet} was marked.",)


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
    sheets = {name: package.cells(name) for name in {place.sheet: None for place in places.values()}}
    cells = {answer: sheets[place.sheet].get((place.row, place.column)) for answer, place in places.items()}
    verdicts: Mapping[str, Verdict] = {}
    if isinstance(package, Package) and (
        any(package.areas(sheet) for sheet in {place.sheet for place in places.values()})
        or any(cell is not None and cell.formula is not None for cell in cells.values())
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
