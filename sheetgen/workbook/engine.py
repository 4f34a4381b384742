"""Recalculation: the values that a workbook's formulas have when its cells change.

The cells come from package.py and the arithmetic from formualizer, whose own reader is not used (it reads strict OOXML
as empty). What no engine can know from the file (clock, chance, other workbooks, the web) stays at its cached value.

Must not know: how a value is stored in a file, nor which cells matter to whom. A formula that cannot be computed is
a ``CellError`` in its cell, never an exception.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from time import monotonic

import formualizer

from ..addresses import parse_address
from .package import Cell, Package, Place
from .references import (
    FETCHING,
    VOLATILE,
    UnreadableFormula,
    definition_of,
    function_of,
    is_cell,
    read_reference,
    tokens,
)
from .tables import Table, read_tables, write_out

TIME_LIMIT_MS = 2_000
MAX_EXPANDED = 32_768  # characters of a formula once its names are written out
MOST_WHOLE = 2**63 - 1  # of the whole numbers that the engine takes; larger ones are floats in Excel too

_ERRORS = {
    "Div": "#DIV/0!",
    "Name": "#NAME?",
    "Value": "#VALUE!",
    "Ref": "#REF!",
    "Na": "#N/A",
    "Num": "#NUM!",
    "Null": "#NULL!",
    "Spill": "#SPILL!",
    "Calc": "#CALC!",
    "Circ": "#CIRC!",  # Excel asks the user instead and shows 0; there is no text of its own for it
}
_KINDS = {text: kind for kind, text in _ERRORS.items()}
_NOT_PARSED = ("Backend error in parser: ", "Engine error: #NAME?: ")  # with which its errors for a formula begin
_HELD = VOLATILE | FETCHING
_ABSOLUTE = re.compile(
    r"(?:'(?:[^'\[]|'')+'|[^\W\d][\w.]*)!\$[A-Za-z]{1,3}\$[0-9]{1,7}(?::\$[A-Za-z]{1,3}\$[0-9]{1,7})?|-?[0-9]+(?:\.[0-9]+)?"
)


@dataclass(frozen=True, slots=True)
class CellError:
    """An error as a cell shows it: "#DIV/0!"; "#NAME?" also for what the engine cannot read or does not know."""

    text: str

    def __str__(self) -> str:
        return self.text


# Errors that say more about this engine than about the formula: another program may well compute it.
UNCOMPUTED = frozenset({"#NAME?", "#CIRC!", "#CALC!", "#SPILL!"})

Value = int | float | str | bool | CellError | None


class Engine:
    """A workbook that computes. ``set`` some cells, ``recalculate``, ask for ``value``.

    ``sheets`` are the names of those whose cells are loaded, by default all; the others are empty here.
    """

    def __init__(
        self, package: Package, sheets: Collection[str] | None = None, time_limit_ms: int = TIME_LIMIT_MS
    ) -> None:
        config = formualizer.EvaluationConfig()
        config.enable_parallel = False
        config.max_eval_time_ms = time_limit_ms
        self._limit = time_limit_ms / 1000
        self._package = package
        self.sheets = tuple(entry.name for entry in package.sheets if sheets is None or entry.name in sheets)
        self._sheets = {entry.name.casefold(): entry.name for entry in package.sheets}
        self._workbook = formualizer.Workbook(config=formualizer.WorkbookConfig(eval_config=config))
        self._formulas: set[Place] = set()
        self._unreadable: set[Place] = set()
        self._errors: dict[Place, CellError] = {}
        self._tables: Mapping[str, Table] | None = None
        for entry in package.sheets:
            if entry.name not in self._workbook.sheet_names:
                self._workbook.add_sheet(entry.name)
        for sheet in self.sheets:
            cells = package.cells(sheet)
            spilled = {
                (row, column)
                for area in package.areas(sheet)
                if (area.bottom - area.top + 1) * (area.right - area.left + 1) <= len(cells)
                for row in range(area.top, area.bottom + 1)
                for column in range(area.left, area.right + 1)
                if (cell := cells.get((row, column))) is not None and cell.formula is None
            }
            # Column by column, as the engine keeps them: row by row takes five times as long.
            for (row, column), cell in sorted(cells.items(), key=_by_column):
                # What an array formula fills is left empty, for the engine to fill; but nothing fills a data table.
                if (row, column) not in spilled or self._holds_table(sheet, row, column):
                    self._put(Place(sheet, row, column), cell)
        self.recalculate()
        self._before = self._all()

    def value(self, place: Place) -> Value:
        """What the cell shows after the last ``recalculate``; None where it is empty."""
        place = self._own(place)
        if place in self._unreadable:
            return CellError("#NAME?")
        if place in self._errors:
            return self._errors[place]
        return self._plain(self._workbook.get_value(place.sheet, place.row, place.column))

    def set(self, place: Place, content: int | float | str | bool | None) -> None:
        """Put a value, or a formula (text that begins with "="), into a cell; None empties it."""
        place = self._own(place)
        if isinstance(content, str) and content.startswith("="):
            self._put(place, Cell("blank", None, content.removeprefix("=")))
        elif content is None:
            self._put(place, Cell("blank"))
        elif isinstance(content, bool):
            self._put(place, Cell("boolean", content))
        elif isinstance(content, str):
            self._put(place, Cell("text", content))
        else:
            self._put(place, Cell("number", content))

    def recalculate(self) -> None:
        """Bring all formulas up to date."""
        self._errors.clear()
        try:
            self._workbook.evaluate_all()
        except (formualizer.ExcelEvaluationError, RuntimeError):
            # One formula that it cannot even plan stops all: then cell by cell, to find which.
            deadline = monotonic() + self._limit
            for place in sorted(self._formulas - self._unreadable):
                if monotonic() > deadline:
                    self._errors[place] = CellError("#CALC!")
                    continue
                try:
                    self._workbook.evaluate_cell(place.sheet, place.row, place.column)
                except (formualizer.ExcelEvaluationError, RuntimeError) as error:
                    text = str(error).partition(": ")[0]
                    self._errors[place] = CellError(text if text in _KINDS else "#NAME?")

    def changed(self) -> tuple[Place, ...]:
        """The formula cells whose values differ from when the workbook was loaded (or from the last ``settle``)."""
        now = self._all()
        return tuple(sorted(place for place, value in now.items() if not same(value, self._before.get(place))))

    def is_formula(self, place: Place) -> bool:
        """Whether the engine computes this cell (and does not hold it at its cached value)."""
        return self._own(place) in self._formulas

    def is_readable(self, place: Place) -> bool:
        """Whether it could read the cell's formula, where it has one."""
        place = self._own(place)
        value = self._workbook.get_value(place.sheet, place.row, place.column)
        put_off = isinstance(value, dict) and value.get("kind") == "Error"  # found only when it was to be computed
        return place not in self._unreadable and not put_off

    def settle(self) -> None:
        """Compare with the values of now from here on."""
        self._before = self._all()

    def affected(self, places: Iterable[Place]) -> frozenset[Place]:
        """The formula cells that read any of these cells, directly or through others (INDIRECT and OFFSET unseen)."""
        found: set[Place] = set()
        for place in sorted(map(self._own, places)):
            if place in found:
                continue  # whatever reads it was found with it
            try:
                graph = self._workbook.trace(
                    [str(place)],
                    direction=formualizer.TraceDirection.Dependents,
                    max_depth=10_000,
                    max_nodes=100_000,
                    max_links=1_000_000,
                    max_work=10_000_000,
                    include_values=False,
                )
                nodes = [self._from_text(node) for node in graph.nodes]
            except formualizer.InspectionError:  # it names no more than these; ``changed`` sees what differs without it
                continue
            found.update(node for node in nodes if node is not None and node in self._formulas and node != place)
        return frozenset(found)

    # -- feeding

    def _own(self, place: Place) -> Place:
        return Place(self._sheets.get(place.sheet.casefold(), place.sheet), place.row, place.column)

    def _put(self, place: Place, cell: Cell) -> None:
        self._formulas.discard(place)
        self._unreadable.discard(place)
        at = place.sheet, place.row, place.column
        if cell.formula is not None:
            self._formulas.add(place)
            try:
                formula = self._expanded(cell.formula, place)
                if formula is not None:
                    self._set_formula(place, formula)
                    return
            except UnreadableFormula:  # an error of that cell alone
                self._unreadable.add(place)
                self._workbook.set_value(*at, formualizer.LiteralValue.error("Name", None))
                return
            self._formulas.discard(place)
        if cell.kind == "error":
            self._workbook.set_value(*at, formualizer.LiteralValue.error(_KINDS.get(str(cell.value), "Value"), None))
        else:
            value = cell.value
            large = isinstance(value, int) and abs(value) > MOST_WHOLE
            self._workbook.set_value(*at, float(value) if large and value is not None else value)

    def _set_formula(self, place: Place, formula: str) -> None:
        """Raises UnreadableFormula."""
        try:
            self._workbook.set_formula(place.sheet, place.row, place.column, formula)
        except RuntimeError as error:  # the engine's one kind of error here, for other things too
            if not str(error).startswith(_NOT_PARSED):
                raise
            raise UnreadableFormula(str(error)) from error

    def _expanded(self, formula: str, place: Place) -> str | None:
        """The formula with names and tables written out; None for one whose value only Excel can know.

        Raises UnreadableFormula.
        """
        kinds, text = formualizer.TokenType, ["="]
        for token in tokens(formula):
            value = token.value
            kind = token.token_type
            if kind == kinds.Func and function_of(token) in _HELD:
                return None
            if kind == kinds.Operand and token.subtype == formualizer.TokenSubType.Range and not is_cell(value):
                written = self._written_out(value, place)
                if written is None:
                    return None  # another workbook, another program
                value = written
            text.append(value)
        whole = "".join(text)
        if len(whole) > MAX_EXPANDED:
            raise UnreadableFormula("too long with its names written out")
        return whole

    def _written_out(self, operand: str, place: Place) -> str | None:
        reference = read_reference(self._package, operand, place.sheet)
        if reference.kind == "other workbook":
            return None
        if reference.kind == "name" and (definition := definition_of(self._package, operand, place.sheet)) is not None:
            return definition if _ABSOLUTE.fullmatch(definition) else operand
        if reference.kind == "cells":
            return operand
        if self._tables is None:
            self._tables = read_tables(self._package)
        return write_out(operand, place, self._tables) or operand

    def _holds_table(self, sheet: str, row: int, column: int) -> bool:
        cells = self._package.cells(sheet)
        for area in self._package.areas(sheet):
            if (row, column) in area:
                anchor = cells.get((area.top, area.left))
                return anchor is None or anchor.formula is None or anchor.formula.startswith("TABLE(")
        return False

    # -- reading back

    def _all(self) -> dict[Place, Value]:
        return {place: self.value(place) for place in self._formulas}

    def _from_text(self, text: str | None) -> Place | None:
        sheet, _, cell = (text or "").rpartition("!")
        sheet = sheet[1:-1].replace("''", "'") if sheet.startswith("'") else sheet
        try:
            return self._own(Place(sheet, *parse_address(cell)))
        except ValueError:  # a range
            return None

    def _plain(self, value: object) -> Value:
        if isinstance(value, list):  # an array formula that is not spilled: its first value, as Excel shows it
            first = value[0] if value else None
            return self._plain(first)
        if isinstance(value, dict):
            return CellError(_ERRORS.get(str(value.get("kind")), "#NAME?"))
        if isinstance(value, float):
            return int(value) if value.is_integer() and abs(value) < 2**53 else value
        if isinstance(value, date | time | timedelta):
            return self._serial(value)
        return value if isinstance(value, bool | int | str) or value is None else str(value)

    def _serial(self, value: date | time | timedelta) -> int | float:
        if isinstance(value, time):
            value = timedelta(hours=value.hour, minutes=value.minute, seconds=value.second)
        if isinstance(value, timedelta):
            days = value.total_seconds() / 86_400
        else:
            moment = value if isinstance(value, datetime) else datetime(value.year, value.month, value.day)
            start = datetime(1904, 1, 1) if self._package.date1904 else datetime(1899, 12, 30)
            days = (moment - start).total_seconds() / 86_400
        return int(days) if days.is_integer() else days


def _by_column(item: tuple[tuple[int, int], Cell]) -> tuple[int, int]:
    (row, column), _ = item
    return column, row


def same(one: Value, other: Value) -> bool:
    """Equal as cells: 1 and 1.0 are, 1 and TRUE are not; numbers to the 15 digits that Excel shows."""
    if isinstance(one, bool) or isinstance(other, bool) or not isinstance(one, int | float):
        return type(one) is type(other) and one == other
    if not isinstance(other, int | float):
        return False
    if isinstance(one, int) and isinstance(other, int):
        return one == other
    return abs(one - other) <= 1e-15 * max(abs(one), abs(other))
