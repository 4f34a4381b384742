"""Tables in a workbook that is not ours: where the coursework's ``layout:`` says, else wherever they are recognised.

This room must not know what the answers are worth.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from ..addresses import address
from ..foreign import spots_by_answer
from ..layout import SURE, WORDS, LayerLine, Layout, Line, Spot, TableLayout
from ..network import INPUT, TOTAL
from ..recognise import Recognised, known_of, labels_of, recognise
from ..recognise.standing import Standing, follow, hold, with_rows
from ..recognise.whose import LEAST_PROOF, fits
from ..sheet import Sheet, defined_name
from .book import Book
from .package import BLANK, Place

MOST_SHEETS = 12  # that are searched
MOST_STRANGERS, LONGEST = 3, 40  # tables of others that are told of; characters of a cell that are shown
MOST_OF = 0.8  # of the blanks of layout: are what recognition must find to be trusted above it
PROOF = 4  # given numbers that agree, and a table beside another network's is this one's
ENOUGH = 0.5  # of the blanks must have a cell, or it is not this table


How = Literal["declared", "followed", "recognised"]


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """The tables that were found, how, and what there is to say of that.

    They stand where ``layout:`` declares them, or elsewhere under the headings and labels that it gives, or are
    recognised.
    """

    layout: Layout
    how: How
    notes: tuple[str, ...] = ()

    @property
    def declared(self) -> bool:
        return self.how == "declared"

    def where(self) -> str:
        """As it continues "the table is"."""
        sheets = " and ".join(dict.fromkeys(table.sheet for table in self.layout))
        return {
            "declared": "where layout: says",
            "followed": f"on {sheets}, found by the headings and labels of layout:",
            "recognised": f"recognised on {sheets}",
        }[self.how]

    def spots(self) -> Mapping[str, tuple[str, Spot]]:
        return spots_by_answer(self.layout)


def find_tables(package: Book, sheet: Sheet) -> Elsewhere | None:
    """The tables of ``sheet``'s network in a workbook that is not ours; None where there is none.

    What ``layout:`` says holds unless the workbook says otherwise: by its headings, its labels, and its given numbers.
    """
    if not sheet.layout:
        return _by_recognition(package, sheet, ())
    declared, against = _declared(package, sheet)
    if declared is not None and not against:
        return declared
    why = f" ({against[0]})" if against else ""
    note = f"the table is not where layout: says{why}"
    followed = _followed(package, sheet)
    if followed and declared is not None and _places(followed) == _places(declared.layout):
        return declared
    if followed:
        return Elsewhere(followed, "followed", (note, *_on_given(package, sheet, followed)))
    found = _by_recognition(package, sheet, (f"{note}, so it was looked for",))
    if declared is None or (found is not None and _better(package, sheet, found, declared)):
        return found
    kept = (f"layout: was followed, although {each}" for each in against)
    return Elsewhere(declared.layout, "declared", (*kept, *declared.notes))


def _declared(package: Book, sheet: Sheet) -> tuple[Elsewhere | None, tuple[str, ...]]:
    """The tables where ``layout:`` says, unless none of it fits; and what speaks against it."""
    known, labels = known_of(sheet), labels_of(sheet)
    values = {entry.name: _values(package, entry.name) for entry in package.sheets if entry.name in _sheets(sheet)}
    if missing := sorted(_sheets(sheet) - set(values)):
        return None, (f"there is no sheet {missing[0]!r}",)
    tables = [table if table.layers else with_rows(table, values[table.sheet], labels) for table in sheet.layout]
    tables = [table for table in tables if table.layers]
    standing = [hold(table, values[table.sheet], labels) for table in tables]
    layout = tuple(each.table for each in standing)
    if not tables or not fits(layout, values, known):
        return None, (*_said_of_given(standing), "no layer's label was found beside its quantities")[:1]
    notes = (*(f"layout: {each}" for held in standing for each in held.changed), *_said_of_given(standing))
    against = [each for held in standing for each in held.moved]
    against += [] if sum(len(held.differ) for held in standing) < LEAST_PROOF else _said_of_given(standing)
    return Elsewhere(layout, "declared", notes), tuple(against)


def _sheets(sheet: Sheet) -> set[str]:
    return {table.sheet for table in sheet.layout}


def _followed(package: Book, sheet: Sheet) -> Layout:
    """The tables of ``layout:`` on the sheets where its headings and labels stand; none, unless all are found."""
    found: list[TableLayout] = []
    for table in sheet.layout:
        names = sorted(_searched(package), key=lambda name: name != table.sheet)
        there = (follow(table, name, _values(package, name)) for name in names)
        found += [each for each in there if each is not None][:1]
    values = {table.sheet: _values(package, table.sheet) for table in found}
    return tuple(found) if len(found) == len(sheet.layout) and fits(tuple(found), values, known_of(sheet)) else ()


def _places(layout: Layout) -> list[tuple[str, int, int, str]]:
    return [(table.sheet, spot.row, spot.column, spot.answer) for table in layout for spot in table.spots()]


def _on_given(package: Book, sheet: Sheet, layout: Layout) -> list[str]:
    return _said_of_given([hold(table, _values(package, table.sheet), labels_of(sheet)) for table in layout])


def _said_of_given(standing: Iterable[Standing]) -> list[str]:
    held = list(standing)
    differ = [each for one in held for each in one.differ]
    if not differ:
        return []
    given, number = sum(one.given for one in held), len(differ)
    cells = f"{number} of {given} given cell{'s' * (given != 1)} {'disagrees' if number == 1 else 'disagree'}"
    return [f"{cells} with layout:, {differ[0]}"]


def _better(package: Book, sheet: Sheet, found: Elsewhere, declared: Elsewhere) -> bool:
    """Whether what was recognised has the blanks that ``layout:`` has, and its given numbers are more in order."""
    blanks = {cell.answer for cell in sheet.blanks}
    theirs, ours = (len(blanks & set(each.spots())) for each in (found, declared))
    amiss = [
        sum(len(hold(table, _values(package, table.sheet), labels_of(sheet)).differ) for table in each.layout)
        for each in (found, declared)
    ]
    return theirs >= ours * MOST_OF and amiss[0] <= amiss[1] and found.layout != declared.layout


def _by_recognition(package: Book, sheet: Sheet, notes: tuple[str, ...]) -> Elsewhere | None:
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
    return Elsewhere(tuple(tables), "recognised", (*notes, *_of_others(found, sheet.name), *doubts))


def tables_of_others(package: Book, sheet: Sheet) -> tuple[str, ...]:
    """A sentence for each table that looks like another network's, the likeliest first."""
    return tuple(_of_others(_recognised(package, sheet), sheet.name))


def tables_refused(package: Book, sheet: Sheet) -> Layout:
    """Those tables, as they would be if they were this network's."""
    return tuple(stranger.table for each in _recognised(package, sheet) for stranger in each.strangers)


def empty_cells(package: Book, layout: Layout, sheet: Sheet) -> Mapping[str, tuple[str, ...]]:
    """Quantity -> the layers whose cell in these tables is empty, and of which the network has the number."""
    found: dict[str, list[str]] = {}
    for table in layout:
        cells = package.cells(table.sheet)
        for spot in table.spots():
            cell = cells.get((spot.row, spot.column), BLANK)
            computed = sheet.table.quantities.get(spot.answer)  # a number that the YAML gives reads nothing
            asks = bool(computed and computed.binds) or (spot.layer == TOTAL and spot.answer in sheet.table.numbers)
            if cell.formula is None and cell.value in (None, "") and spot.layer != INPUT and asks:
                layers = found.setdefault(spot.line.quantity, [])
                if spot.layer not in layers:
                    layers.append(spot.layer)
    return {quantity: tuple(layers) for quantity, layers in found.items()}


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
