"""Where the answers are in a workbook: by the blanks' defined names, else by the headings and labels of our own table.

A defined name follows its cell when rows are inserted or a sheet is renamed. Where names were lost, the table is found
by its own words: the row that holds all our headings, and below it the rows that carry our layers' names.
This room must not know what the answers are worth.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from ..sheet import Sheet, defined_name
from .package import Package, Place

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
            places = {cell.answer or "": Place(name, cell.row, cell.column) for cell in moved.blanks}
            return Located({**places, **named}, moved, name)
    return Located(named, sheet, None)


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
