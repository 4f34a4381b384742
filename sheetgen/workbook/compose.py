"""What belongs into the empty cells of a template that is not ours, in the template's own manner.

A column in thousands is filled in thousands, a size is written as its neighbours are ("55x55x96", "(96, 55, 55)"), and
a formula is put where the neighbours in the same line are formulas: theirs, moved as by dragging, if that gives the
right number, else ours over the template's cells. What the template holds already is compared, not changed.
This room must not know files on a disk, nor how a cell is written.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import partial

from ..addresses import cells_read, translate
from ..expr import Value
from ..foreign import as_it_stands
from ..layout import WORDS, Layout, Line, Spot, TableLayout
from ..network import TOTAL
from ..quantities import COMPOSITE
from ..recognise import known_of
from ..recognise.columns import agrees, is_dash
from ..recognise.known import Known
from ..sheet import Content, Sheet
from .engine import CellError, Engine, same
from .fill import Entry
from .obstacles import obstacles
from .package import BLANK, Cell, Package, Place

_SIZE = re.compile(
    r"(?P<before>\D{0,12}?(?:(?:None|1|N|-1)\s*[,x×]\s*)?)"
    r"(?P<sides>\d+(?:\s*(?:[x×X*,;]|by)\s*\d+)+)"
    r"(?P<after>\D{0,12})"
)
MOST_INT = 3  # floors inside each other that a formula may have
_BETWEEN = re.compile(r"\d+(\D+)\d+")


@dataclass(frozen=True, slots=True)
class Wrong:
    """A cell of the template that holds another number than the network has there."""

    place: Place
    answer: str
    held: str
    right: str


@dataclass(frozen=True, slots=True)
class Composed:
    """What to fill; the template's own cells that are wrong; and how many it held that are right."""

    entries: Mapping[Place, Entry]
    answers: Mapping[Place, str]
    wrong: tuple[Wrong, ...]
    right: int
    barred: Mapping[Place, str]  # cells that cannot be filled, and why
    notes: tuple[str, ...] = ()


def compose(package: Package, layout: Layout, sheet: Sheet) -> Composed:
    """What belongs into the tables of ``layout``; ``sheet`` has the numbers of everything that could be asked."""
    known = known_of(sheet)
    entries: dict[Place, Entry] = {}
    answers: dict[Place, str] = {}
    wrong: list[Wrong] = []
    right = dashes = 0
    formulas: list[tuple[Place, Spot, _Writer]] = []
    for table in layout:
        cells = package.cells(table.sheet)
        writers = {line.at: _Writer(table, line, cells, known) for line in table.lines if line.quantity not in WORDS}
        for spot in table.spots():
            place, at = Place(table.sheet, spot.row, spot.column), (spot.row, spot.column)
            cell = cells.get(at, BLANK)
            if place in answers:
                continue
            if cell.formula is None and cell.value in (None, ""):
                value = writers[spot.line.at].value(spot)
                if value is not None:
                    entries[place], answers[place] = Entry(value), spot.answer
                continue
            if cell.formula is None and is_dash(cell.value):
                dashes += 1
                continue
            answers[place] = spot.answer
            if cell.formula is not None:
                formulas.append(
                    (place, spot, writers[spot.line.at])
                )  # what it gives shows once the cells that it reads are filled
                continue
            verdict = agrees(cell.value, spot.layer, spot.line, known)
            right += verdict is True
            if verdict is False:
                wrong.append(Wrong(place, spot.answer, str(cell.value), str(writers[spot.line.at].value(spot))))
    barred = obstacles(package, entries)
    entries = {place: entry for place, entry in entries.items() if place not in barred}
    live = _with_formulas(package, layout, sheet, entries, answers)
    for place, spot, writer, now in _calculated(package, entries, formulas):
        verdict = None if now is None else agrees(now, spot.layer, spot.line, known)
        right += verdict is True
        if verdict is False:
            formula = package.cells(place.sheet)[place.row, place.column].formula
            wrong.append(Wrong(place, spot.answer, f"={formula}, which gives {now}", str(writer.value(spot))))
    hold = "1 cell holds" if dashes == 1 else f"{dashes} cells hold"
    notes = (f"{hold} a dash or the like; left",) if dashes else ()
    return Composed(
        {**entries, **live}, answers, tuple(sorted(wrong, key=lambda each: each.place)), right, barred, notes
    )


def _calculated(
    package: Package, entries: Mapping[Place, Entry], formulas: Sequence[tuple[Place, Spot, _Writer]]
) -> Iterator[tuple[Place, Spot, _Writer, int | float | str | bool | None]]:
    """What the template's own formulas give once it is filled; None for what cannot be computed here."""
    if not formulas:
        return
    engine = Engine(package)
    for place, entry in entries.items():
        engine.set(place, entry.value)
    engine.recalculate()
    for place, spot, writer in formulas:
        now = engine.value(place)
        yield place, spot, writer, None if isinstance(now, CellError) else now


class _Writer:
    """Writes the numbers of one line as the cells that it has already are written."""

    def __init__(self, table: TableLayout, line: Line, cells: Mapping[tuple[int, int], Cell], known: Known) -> None:
        self.line, self.known = line, known
        self.order = line.order or COMPOSITE.get(line.quantity, ())
        texts = {
            spot.layer: str(cell.value)
            for spot in table.spots()
            if spot.line is line and (cell := cells.get((spot.row, spot.column), BLANK)).kind == "text"
        }
        shapes = {layer: match for layer, text in texts.items() if (match := _SIZE.fullmatch(text.strip()))}
        flat = [layer for layer in shapes if self._is_vector(layer)]
        self.vectors_too = bool(flat)  # 1 x 1 x 4096, where others write 4096
        first = next(iter(shapes.values()), None)
        between = _BETWEEN.search(first["sides"]) if first is not None else None
        self.before, self.after = (first["before"], first["after"]) if first is not None else ("", "")
        self.between = between[1] if between is not None else " x "

    def value(self, spot: Spot) -> int | float | str | None:
        """What the cell should hold; None where the network has no number for it."""
        if self.order:
            sides = self.known.sides(spot.layer, self.order)
            if sides is None:
                return None
            if self._is_vector(spot.layer) and not self.vectors_too:
                return max(sides)
            return self.before + self.between.join(map(str, sides)) + self.after
        number = self.known.number(spot.layer, spot.line.quantity)
        return None if number is None else in_units(number, spot.line.unit)

    def _is_vector(self, layer: str) -> bool:
        sides = self.known.sides(layer, self.order)
        return sides is not None and len(sides) == 3 and sorted(sides)[:2] == [1, 1]


def in_units(number: Value, unit: int) -> int | float | str:
    """A number as a cell in such units holds it: 34944 in thousands is 34.944."""
    if isinstance(number, str):
        return number
    exact = Fraction(number) / unit
    return exact.numerator if exact.denominator == 1 else float(exact)


# --- formulas -------------------------------------------------------------------------------------------------------


def _with_formulas(
    package: Package,
    layout: Layout,
    sheet: Sheet,
    entries: Mapping[Place, Entry],
    answers: Mapping[Place, str],
) -> dict[Place, Entry]:
    """Those of ``entries`` whose lines have formulas, with a formula that gives their value."""
    wanted = list(_formulas(package, layout, sheet, entries, answers))
    if not wanted:
        return {}
    engine = Engine(package)
    for place, entry in entries.items():
        engine.set(place, entry.value)
    engine.recalculate()
    found: dict[Place, Entry] = {}
    for place, formulas in wanted:
        value = entries[place].value
        for formula in formulas:
            engine.set(place, f"={formula}")
            engine.recalculate()
            now = engine.value(place)
            if not isinstance(now, CellError) and same(now, value):
                found[place] = Entry(value, formula)
                break
        else:
            engine.set(place, value)
    return found


def _formulas(
    package: Package, layout: Layout, sheet: Sheet, entries: Mapping[Place, Entry], answers: Mapping[Place, str]
) -> Iterator[tuple[Place, list[str]]]:
    """Each cell whose line has formulas, with the formulas that may be meant there: the nearest, moved; ours."""
    for name in dict.fromkeys(table.sheet for table in layout):
        tables = tuple(table for table in layout if table.sheet == name)
        cells = package.cells(name)
        contents: dict[tuple[int, int], Content] = {
            at: f"={cell.formula}" if cell.formula is not None else cell.value for at, cell in cells.items()
        }
        standing = as_it_stands(sheet, tables, contents)
        for table in tables:
            for line in table.lines:
                spots = [spot for spot in table.spots() if spot.line is line]
                live = [spot for spot in spots if _is_live(cells, spot)]
                for spot in spots:
                    place = Place(name, spot.row, spot.column)
                    if place not in entries or isinstance(entries[place].value, str):
                        continue
                    live_here = live or _totals_beside(table, cells, spot)
                    if not live_here:
                        continue
                    near = min(live_here, key=partial(_distance, spot))
                    theirs = cells[near.row, near.column].formula or ""
                    moved = translate(theirs, spot.row - near.row, spot.column - near.column)
                    ours = standing.formula(answers[place]) if line.unit == 1 else None
                    # one that does not read what ours reads may be right by chance, and wrong once a number changes
                    alike = ours is None or cells_read(ours) <= cells_read(moved)
                    formulas = (moved, ours) if alike else (ours, moved)
                    yield place, [each for each in formulas if each and "#REF!" not in each and is_legible(each)]


def _is_live(cells: Mapping[tuple[int, int], Cell], spot: Spot) -> bool:
    return bool(cells.get((spot.row, spot.column), BLANK).formula)


def _distance(spot: Spot, other: Spot) -> int:
    return abs(other.row - spot.row) + abs(other.column - spot.column)


def _totals_beside(table: TableLayout, cells: Mapping[tuple[int, int], Cell], spot: Spot) -> list[Spot]:
    """The totals of other quantities that are formulas: a total is added up like those beside it."""
    if spot.layer != TOTAL:
        return []
    return [each for each in table.spots() if each.layer == TOTAL and _is_live(cells, each)]


def is_legible(formula: str) -> bool:
    """Whether a person reads it better than a number: not with more than a few INT inside each other."""
    inside: list[str] = []
    for match in re.finditer(r"([A-Z.]*)\(|\)", formula):
        if match[0] == ")":
            del inside[-1:]
        else:
            inside.append(match[1])
            if inside.count("INT") > MOST_INT:
                return False
    return True
