"""Which sheets the formulas of answers read, directly or through other formulas: only those are recalculated.

A hand-in may hold much that is nobody's answer: exercises of other weeks, a million measurements, a sheet that some
program left damaged. What no answer depends on must cost no marks, so it is not even unpacked.

Where it cannot be told what a formula reads (INDIRECT, a range between two computed ends), all sheets count as read: a
sheet too many costs time, one too few would make a right answer wrong.

Must not know: what a formula computes, nor what the answers are.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import cached_property

import formualizer

from ..addresses import LAST_COLUMN, LAST_ROW, Area
from .package import Package, Place
from .references import (
    UNTRACEABLE,
    UnreadableFormula,
    definition_of,
    function_of,
    is_cell,
    is_reference,
    parse_range,
    read_reference,
    tokens,
)
from .tables import Table, read_tables, write_out

MOST_STEPS = 2_000_000  # looks at a cell; beyond that all sheets count as read

_WHOLE = Area(1, 1, LAST_ROW, LAST_COLUMN)
_FIXED = re.compile(r"\$[A-Za-z]{1,3}\$[0-9]+(?::\$[A-Za-z]{1,3}\$[0-9]+)?")


def sheets_read(package: Package, places: Iterable[Place]) -> tuple[str, ...]:
    """The sheets, in the workbook's order, on which ``places`` stand and which their formulas read.

    Raises BrokenPackage where one of those is damaged.
    """
    walk = _Walk(package)
    every = tuple(entry.name for entry in package.sheets)
    try:
        for place in places:
            walk.reach(place.sheet, Area(place.row, place.column, place.row, place.column))
        while walk.waiting and len(walk.found) < len(every):
            walk.read(*walk.waiting.pop())
    except _CannotTell:
        return every
    return tuple(name for name in every if name in walk.found)


class _CannotTell(Exception):  # noqa: N818  (no error: an answer)
    """The formulas may read anything."""


class _Walk:
    """From formula to formula. ``waiting`` are those that were reached and not read, each with where it stands."""

    def __init__(self, package: Package) -> None:
        self.found: set[str] = set()
        self.waiting: list[tuple[str, Place, bool]] = []
        self._package = package
        self._unread: dict[str, dict[tuple[int, int], str]] = {}  # the formulas of a sheet that nothing has reached yet
        self._areas: set[tuple[str, Area]] = set()
        self._names: set[tuple[str, str]] = set()
        self._steps = 0

    def reach(self, sheet: str, area: Area) -> None:
        """Something reads these cells: what is computed in them waits to be read."""
        entry = self._package.sheet(sheet)
        if entry is None or (entry.name, area) in self._areas:
            return
        self.found.add(entry.name)
        self._areas.add((entry.name, area))
        unread = self._formulas_of(entry.name)
        size = (area.bottom - area.top + 1) * (area.right - area.left + 1)
        arrays = self._package.areas(entry.name)
        self._steps += min(size, len(unread)) + len(arrays)
        if self._steps > MOST_STEPS:
            raise _CannotTell
        if size <= len(unread):
            cells = ((row, column) for row in range(area.top, area.bottom + 1) for column in _columns(area))
            reached = [at for at in cells if at in unread]
        else:
            reached = [at for at in unread if at in area]
        reached += [(each.top, each.left) for each in arrays if _overlap(each, area)]
        for at in reached:
            if (formula := unread.pop(at, None)) is not None:
                self.waiting.append((formula, Place(entry.name, *at), False))

    def read(self, formula: str, place: Place, of_a_name: bool) -> None:
        """Reach what a formula names, or the definition of a name that stands in one."""
        try:
            found = tokens(formula)
        except UnreadableFormula:
            return  # nor can anything compute it
        for token in found:
            if is_reference(token):
                self._name(token.value, place, of_a_name)
            elif function_of(token) in UNTRACEABLE or _spans(token):
                raise _CannotTell

    def _name(self, operand: str, place: Place, of_a_name: bool) -> None:
        if not is_cell(operand):
            reference = read_reference(self._package, operand, place.sheet)
            if reference.kind == "other workbook":
                return
            if reference.kind == "table":
                self._table(operand, place, of_a_name)
                return
            if reference.kind == "name":
                self._definition(operand, place, of_a_name)
                return
            sheets, area = reference.sheets, reference.area
        else:
            sheets, area = (place.sheet,), parse_range(operand)
        # A name without $ means other cells in each formula.
        moves = of_a_name and _FIXED.fullmatch(operand.rpartition("!")[2]) is None
        for sheet in sheets:
            self.reach(sheet, _WHOLE if moves or area is None else area)

    def _definition(self, operand: str, place: Place, of_a_name: bool) -> None:
        definition = definition_of(self._package, operand, place.sheet)
        if definition is None:
            if ":" in operand:  # from a cell to a name
                raise _CannotTell
            self._table(operand, place, of_a_name)
        elif (operand.casefold(), place.sheet) not in self._names:
            self._names.add((operand.casefold(), place.sheet))
            self.waiting.append((definition, place, True))

    def _table(self, operand: str, place: Place, of_a_name: bool) -> None:
        written = None if of_a_name else write_out(operand, place, self._tables)
        if written is not None:
            self._name(written, place, of_a_name=False)
            return
        named = operand.partition("[")[0].strip().casefold()
        for name, table in self._tables.items():  # what it means is not known, or depends on the row: all of it
            if name == named or (not named and table.sheet == place.sheet):
                self.reach(table.sheet, table.area)

    def _formulas_of(self, sheet: str) -> dict[tuple[int, int], str]:
        if sheet not in self._unread:
            cells = self._package.cells(sheet)
            self._unread[sheet] = {at: cell.formula for at, cell in cells.items() if cell.formula is not None}
        return self._unread[sheet]

    @cached_property
    def _tables(self) -> Mapping[str, Table]:
        return read_tables(self._package)


def _columns(area: Area) -> range:
    return range(area.left, area.right + 1)


def _overlap(one: Area, other: Area) -> bool:
    return one.top <= other.bottom and other.top <= one.bottom and one.left <= other.right and other.left <= one.right


def _spans(token: formualizer.Token) -> bool:
    """Whether it is the ":" between two references of which one is computed: A1:INDEX(B1:B9,3)."""
    return token.token_type == formualizer.TokenType.OpInfix and token.value.strip() == ":"
