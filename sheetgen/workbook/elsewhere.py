"""Tables in a workbook that is not ours: where the coursework's ``layout:`` says, else wherever they are recognised.

This room must not know what the answers are worth.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from ..addresses import address
from ..foreign import spots_by_answer
from ..layout import SURE, WORDS, LayerLine, Layout, Line, Spot, TableLayout
from ..recognise import Recognised, known_of, recognise
from ..recognise.whose import fits
from ..sheet import Sheet, defined_name
from .book import Book
from .package import BLANK, Place

MOST_SHEETS = 12  # that are searched
MOST_STRANGERS, LONGEST = 3, 40  # tables of others that are told of; characters of a cell that are shown
PROOF = 4  # given numbers that agree, and a table beside another network's is this one's
ENOUGH = 0.5  # of the blanks must have a cell, or it is not this table


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """The tables that were found, how (declared or recognised), and what there is to say of that."""

    layout: Layout
    declared: bool
    notes: tuple[str, ...] = ()

    def spots(self) -> Mapping[str, tuple[str, Spot]]:
        return spots_by_answer(self.layout)


def find_tables(package: Book, sheet: Sheet) -> Elsewhere | None:
    """The tables of ``sheet``'s network in a workbook that is not ours; None where there is none."""
    known = known_of(sheet)
    names = {entry.name for entry in package.sheets}
    notes: list[str] = []
    if sheet.layout:
        where = {table.sheet for table in sheet.layout}
        if where <= names and fits(sheet.layout, {name: _values(package, name) for name in where}, known):
            return Elsewhere(sheet.layout, True)
        notes.append("the table is not where layout: says, so it was looked for")
    found = _recognised(package, sheet)
    tables = [table for each in found for table in each.tables]
    if any(stranger.evidence.differ for each in found for stranger in each.strangers):
        # the workbook is another network's, unless numbers say that some table of it is not
        proven = {
            table for each in found for table, agree in zip(each.tables, each.agreeing, strict=True) if agree >= PROOF
        }
        tables = [table for table in tables if table in proven]
    if not tables:
        return None
    tables.sort(key=lambda table: -_worth(table))
    doubts = (*_doubts(tables), *_repeated(tables))
    return Elsewhere(tuple(tables), False, (*notes, *_of_others(found, sheet.name), *doubts))


def tables_of_others(package: Book, sheet: Sheet) -> tuple[str, ...]:
    """A sentence for each table that looks like another network's, the likeliest first."""
    return tuple(_of_others(_recognised(package, sheet), sheet.name))


def _recognised(package: Book, sheet: Sheet) -> list[Recognised]:
    return [recognise(name, _values(package, name), package.merged(name), sheet) for name in _searched(package)]


def _of_others(found: Iterable[Recognised], network: str) -> Iterator[str]:
    strangers = [stranger for each in found for stranger in each.strangers]
    with_numbers = [stranger for stranger in strangers if stranger.evidence.differ]  # no list that names its layers
    for stranger in sorted(with_numbers or strangers, key=lambda each: each.evidence.score)[:MOST_STRANGERS]:
        evidence = stranger.evidence
        said = []
        if evidence.differ:
            first, number = evidence.differ[0], len(evidence.differ)
            cell = address(stranger.row, stranger.column)
            all_of_them = f"{number} of the {number + evidence.agree} numbers that it gives"
            said.append(
                f"{all_of_them} {'is' if number == 1 else 'are'} not {network}'s "
                f"({cell} holds {str(first.held)[:LONGEST]}, but {first.layer}.{first.quantity} is {first.right})"
            )
        if evidence.strange:
            number = len(evidence.strange)
            layers = "1 of its layers is" if number == 1 else f"{number} of its layers are"
            few = ", ".join(repr(label[:LONGEST]) for label in evidence.strange[:3])
            said.append(f"{layers} not in {network} ({few}{' ...' if number > 3 else ''})")
        yield f"{stranger.sheet}: this looks like another network's table: {' and '.join(said)}; it was left alone"


def ours_as_layout(sheet: Sheet, package: Book, worksheet: str | None, places: Mapping[str, Place]) -> Layout:
    """Our own table, where it was found by its headings; only named cells are no table."""
    if worksheet is None:
        return ()
    cells = package.cells(worksheet)
    row_of_headings = min(sheet.rows.values()) - 1
    blanks = [cell.answer or "" for cell in sheet.blanks]
    named = sum(package.place(defined_name(each)) == places.get(each) is not None for each in blanks)
    why = f"its heading, to the letter; {named} of {len(blanks)} blanks have their names"
    lines = tuple(
        Line(
            column, quantity, sheet.headings[quantity], 1, why if quantity == "layer" else "its heading, to the letter"
        )
        for quantity, column in sheet.columns.items()
    )
    layers = tuple(
        LayerLine(row, layer, str(cells.get((row, sheet.columns["layer"]), BLANK).value or ""), 1, "its name")
        for layer, row in sheet.rows.items()
    )
    return (TableLayout(worksheet, False, row_of_headings, lines, layers),)


def _searched(package: Book) -> Iterator[str]:
    """The worksheets in which tables are looked for: hidden ones only where there is no other."""
    shown = [entry.name for entry in package.sheets if not entry.hidden]
    yield from (shown or [entry.name for entry in package.sheets])[:MOST_SHEETS]


def _values(package: Book, name: str) -> dict[tuple[int, int], int | float | str | bool | None]:
    """What the cells hold. A formula that gives 0 says nothing: what it reads is empty, or nobody has calculated it."""
    return {
        at: None if cell.formula is not None and not cell.value else cell.value
        for at, cell in package.cells(name).items()
        if cell.kind != "error"
    }


def _worth(table: TableLayout) -> float:
    return sum(line.certainty for line in table.lines) * sum(layer.certainty for layer in table.layers)


def _doubts(tables: list[TableLayout]) -> Iterator[str]:
    """What was taken for something without being sure."""
    for table in tables:
        for line in table.lines:
            if line.certainty < SURE and line.quantity not in ("type", "from"):
                yield (
                    f"{table.sheet}, {table.named(line.at, layers=False)} ({line.heading!r}) was taken for "
                    f"{line.quantity}; that is not sure ({line.certainty:.0%})"
                )
        for layer in table.layers:
            if layer.certainty < SURE:
                yield (
                    f"{table.sheet}, {table.named(layer.at, layers=True)} ({layer.label!r}) was taken for "
                    f"{layer.layer}; that is not sure ({layer.certainty:.0%})"
                )


def _repeated(tables: list[TableLayout]) -> Iterator[str]:
    """Quantities that a second sheet has once more: working, or a grid for marks, may be what it is for."""
    first: dict[tuple[str, str], str] = {}
    for table in tables:
        again: dict[str, list[str]] = {}
        for line in table.lines:
            if line.quantity in WORDS:
                continue
            seen = [first.setdefault((layer.layer, line.quantity), table.sheet) for layer in table.layers]
            others = [sheet for sheet in dict.fromkeys(seen) if sheet != table.sheet]
            if others:
                again.setdefault(others[0], []).append(line.quantity)
        for other, quantities in again.items():
            said = ", ".join(quantities)
            yield f"{table.sheet} has {said} once more, which {other} has; both are taken for the table"
