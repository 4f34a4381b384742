"""Where the answers are in a workbook: by the blanks' defined names, and by the headings and labels of our own table.

A defined name follows its cell when rows are inserted or a sheet is renamed. The table is also found by its own words:
the row that holds all our headings, and below it the rows that carry our layers' names. Where the two disagree, the
words decide: they are what the student saw.
This room must not know what the answers are worth.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from ..sheet import Sheet, defined_name
from .package import Package, Place

MOST_NAMES = 0.8  # of the blanks: fewer, without the table's words, are no proof that it is this table
SEARCHED_ROWS = 200  # in which a header row is looked for


@dataclass(frozen=True, slots=True)
class Located:
    """``places`` of the answers that were found; ``sheet`` is the layout as it stands in this workbook."""

    places: Mapping[str, Place]
    sheet: Sheet
    worksheet: str | None  # the name of the worksheet with the table, if the table was found


def locate(package: Package, sheet: Sheet) -> Located:
    """Where each blank of ``sheet`` is in ``package``, and the table's rows and columns as they are there."""
    named: dict[str, Place] = {}
    for cell in sheet.blanks:
        answer = cell.answer or ""
        place = package.place(defined_name(answer))
        if place is not None:
            named[answer] = place
    hosts = {place.sheet for place in named.values()}
    names = [entry.name for entry in package.sheets]
    names.sort(key=lambda name: (name not in hosts, name != sheet.worksheet))
    for name in names:
        moved = _find_table(package, name, sheet)
        if moved is not None:
            return Located(_settled(package, name, moved, named), moved, name)
    # names alone: most of them, or they are those of another coursework that has some layers in common
    return Located(named if len(named) >= MOST_NAMES * len(sheet.blanks) else {}, sheet, None)


def _settled(package: Package, name: str, moved: Sheet, named: Mapping[str, Place]) -> dict[str, Place]:
    """The table's own cell for each answer, but where it is empty and the name has gone elsewhere.

    Names and table agree wherever a spreadsheet program moved them. Rows that a script inserted, or a student sorted,
    leave the names behind on other answers' cells; a cell that was cut and pasted takes its name out of the table.
    """
    cells = package.cells(name)
    slots = {(cell.row, cell.column) for cell in moved.cells}
    places: dict[str, Place] = {}
    for cell in moved.blanks:
        answer, own = cell.answer or "", Place(name, cell.row, cell.column)
        other = named.get(answer, own)
        elsewhere = other.sheet != name or (other.row, other.column) not in slots
        places[answer] = other if elsewhere and (cell.row, cell.column) not in cells else own
    return places


def _find_table(package: Package, name: str, sheet: Sheet) -> Sheet | None:
    cells = package.cells(name)
    by_row: dict[int, dict[str, int]] = {}
    for (row, column), cell in cells.items():
        if row <= SEARCHED_ROWS and isinstance(cell.value, str):
            by_row.setdefault(row, {}).setdefault(_same(cell.value), column)
    headings = {quantity: _same(heading) for quantity, heading in sheet.headings.items()}
    for row in sorted(by_row):
        if not all(heading in by_row[row] for heading in headings.values()):
            continue
        columns = {quantity: by_row[row][heading] for quantity, heading in headings.items()}
        labels: dict[str, int] = {}
        for (at, column), cell in cells.items():
            if at > row and column == columns["layer"] and cell.value is not None:
                labels.setdefault(_same(str(cell.value)), at)
        if all(_same(layer) in labels for layer in sheet.rows):
            return replace(sheet, rows={layer: labels[_same(layer)] for layer in sheet.rows}, columns=columns)
    return None


def _same(text: str) -> str:
    return " ".join(text.split()).casefold()
