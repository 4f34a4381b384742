"""A second engine, ironcalc, asked only where the first one and the file differ or the first one cannot tell.

It gets the cells from package.py like the first, but reads formulas and defined names by itself. It may panic (which
Python sees as a BaseException) and prints to the process's own output: both end here.

Must not know: what the first engine said, nor which value a mark is given for.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from itertools import accumulate
from typing import TYPE_CHECKING, TypeVar

from .engine import MAX_EXPANDED, CellError, Value
from .package import Cell, Package, Place
from .references import UnreadableFormula, definition_of, is_cell, is_reference, parse_range, read_reference, tokens
from .tables import read_tables, write_out

if TYPE_CHECKING:
    import ironcalc

T = TypeVar("T")

DEEPEST = 500  # parentheses in each other; it ends the process at some thousand, and Excel takes 64
MOST_WRITTEN = 8 * 2**20  # characters of all formulas, with their names and tables written out
MOST_CELLS = 200_000  # of the workbook: beyond that nothing is asked, rather than the memory doubled

UNKNOWN = frozenset(
    {"#NAME?", "#ERROR!", "#N/IMPL!", "#CIRC!", "#CALC!", "#SPILL!"}
)  # of the engine, not of the formula


class SecondOpinion:
    """The workbook computed once by ironcalc; ``held`` are the formula cells that keep their stored values.

    ``sheets`` are the names of those whose cells it is given, by default all; the others are empty here.
    """

    def __init__(self, package: Package, held: Collection[Place], sheets: Collection[str] | None = None) -> None:
        self._package = package
        self._held = frozenset(held)
        self._model: ironcalc.Model | None = None
        self._index = {entry.name: number for number, entry in enumerate(package.sheets)}
        self._sheets = tuple(self._index) if sheets is None else tuple(name for name in self._index if name in sheets)
        self._tables = read_tables(package)
        self._named: set[tuple[int, str]] = set()
        self._expanded: dict[tuple[str, str], str] = {}
        self._written = 0
        if sum(len(package.cells(name)) for name in self._sheets) <= MOST_CELLS:
            self._model = _survived(self._computed)

    def value(self, place: Place) -> Value:
        """What the cell shows; the error "#NAME?" for all that this engine cannot tell."""
        model = self._model
        if model is None or place in self._held:
            return CellError("#NAME?")
        at = self._index[place.sheet], place.row, place.column
        value = _survived(lambda: _read(model, at))
        if value is None:
            return None if _survived(lambda: model.is_empty_cell(*at)) is True else CellError("#NAME?")
        return int(value) if isinstance(value, float) and value.is_integer() and abs(value) < 2**53 else value

    def knows(self, function: str) -> bool:
        """Whether it has the function at all; it lacks none where it failed as a whole."""
        return self._model is None or _survived(lambda: _has(function)) is True

    def _computed(self) -> ironcalc.Model:
        import ironcalc

        model = ironcalc.create("workbook", "en", "UTC", "en")
        for name, number in self._index.items():
            if number == 0:
                model.rename_sheet(0, name)
            else:
                model.add_sheet(name)
        for name in self._sheets:
            self._feed(model, name)
        model.evaluate()
        return model

    def _feed(self, model: ironcalc.Model, sheet: str) -> None:
        areas = {(area.top, area.left): area for area in self._package.areas(sheet)}
        filled = self._filled(sheet)
        for (row, column), cell in self._package.cells(sheet).items():
            place = Place(sheet, row, column)
            at = self._index[sheet], row, column
            if cell.formula is None and (row, column) in filled:
                continue
            if cell.formula is None or place in self._held:
                _put_value(model, at, cell)
                continue
            try:
                formula = f"={self._formula(model, cell.formula, place)}"
                if (area := areas.get((row, column))) is not None:
                    size = area.right - area.left + 1, area.bottom - area.top + 1
                    model.set_user_array_formula(*at, *size, formula)
                else:
                    model.update_cell_with_formula(*at, formula)
            except Exception:  # of this cell alone, as the model's own "#ERROR!" would be
                model.update_cell_with_formula(*at, "=#NAME?")
                formula = ""
            self._written += len(formula)
            if self._written > MOST_WRITTEN:
                raise ValueError("its formulas are too long")

    def _filled(self, sheet: str) -> set[tuple[int, int]]:
        """What the sheet's array formulas will fill by themselves. Raises ValueError for absurdly many cells."""
        areas = [area for area in self._package.areas(sheet) if Place(sheet, area.top, area.left) not in self._held]
        if sum((area.bottom - area.top + 1) * (area.right - area.left + 1) for area in areas) > MOST_CELLS:
            raise ValueError("too much to fill")
        return {
            (row, column)
            for area in areas
            for row in range(area.top, area.bottom + 1)
            for column in range(area.left, area.right + 1)
        }

    def _formula(self, model: ironcalc.Model, formula: str, place: Place) -> str:
        """The formula with tables written out, and names too unless the model can be made to know them."""
        text: list[str] = []
        for token in tokens(formula):
            value = token.value
            if is_reference(token) and not is_cell(value):
                kind = read_reference(self._package, value, place.sheet).kind
                definition = definition_of(self._package, value, place.sheet) if kind == "name" else None
                if definition is not None and not self._is_known(model, value, definition, place):
                    value = self._name(model, value, definition, place.sheet)
                elif kind in ("name", "table") and definition is None:
                    value = write_out(value, place, self._tables) or value
            text.append(value)
        whole = "".join(text)
        if len(whole) > MAX_EXPANDED:
            raise UnreadableFormula("too long with its names written out")
        if whole.count("(") > DEEPEST and max(accumulate((sign == "(") - (sign == ")") for sign in whole)) > DEEPEST:
            raise UnreadableFormula("too many parentheses in each other")
        return whole

    def _name(self, model: ironcalc.Model, operand: str, definition: str, sheet: str) -> str:
        """A name written out, once for all formulas of the sheet; as it is where it cannot be."""
        key = sheet, operand.casefold()
        if key not in self._expanded:
            self._expanded[key] = operand  # what a name that is defined by itself finds
            nowhere = Place(sheet, 0, 0)  # "this row" of a table is another for each formula
            try:
                self._expanded[key] = f"({self._formula(model, definition, nowhere)})"
            except UnreadableFormula:
                return operand
        return self._expanded[key]

    def _is_known(self, model: ironcalc.Model, operand: str, definition: str, place: Place) -> bool:
        """Make a name of cells known to the model as it stands in the formula; it takes no other names."""
        if "!" in operand or parse_range(definition.rpartition("!")[2]) is None:
            return False
        key = self._index[place.sheet], operand.casefold()
        if key not in self._named:
            try:
                model.new_defined_name(operand, key[0], definition)
            except Exception:  # one that it does not allow
                return False
            self._named.add(key)
        return True


def _read(model: ironcalc.Model, at: tuple[int, int, int]) -> Value:
    from ironcalc import CellType

    value = model.get_cell_value(*at)
    return CellError(str(value)) if model.get_cell_type(*at) == CellType.ErrorValue else value


def _put_value(model: ironcalc.Model, at: tuple[int, int, int], cell: Cell) -> None:
    value = cell.value
    if cell.kind == "error":
        model.update_cell_with_formula(*at, f"={value}" if str(value) in _ERRORS else "=#VALUE!")
    elif isinstance(value, bool):
        model.update_cell_with_bool(*at, value)
    elif isinstance(value, str):
        model.update_cell_with_text(*at, value)
    elif value is not None:
        model.update_cell_with_number(*at, float(value))


_ERRORS = frozenset({"#DIV/0!", "#NAME?", "#VALUE!", "#REF!", "#N/A", "#NUM!", "#NULL!"})


def _has(function: str) -> bool:
    import ironcalc

    model = ironcalc.create("probe", "en", "UTC", "en")
    model.update_cell_with_formula(0, 1, 1, f"={function}()")
    model.evaluate()
    return model.get_cell_value(0, 1, 1) != "#NAME?"  # too few arguments are an error of another name


def _survived(ask: Callable[[], T]) -> T | None:
    """What ``ask`` gives; None where the engine is missing, raises or panics. Nothing that it prints is seen."""
    try:
        with _silenced():
            return ask()
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException:  # a panic in Rust is no Exception
        return None


@contextmanager
def _silenced() -> Iterator[None]:
    """Send what is written to the process's output and error (not by Python, which has its own buffer) to nowhere."""
    saved: list[tuple[int, int]] = []
    try:
        try:
            nowhere = os.open(os.devnull, os.O_WRONLY)
        except OSError:
            yield
            return
        for number in (1, 2):
            try:
                saved.append((number, os.dup(number)))
            except OSError:  # closed: then nothing can be written to it
                continue
            os.dup2(nowhere, number)
        os.close(nowhere)
        yield
    finally:
        for number, copy in saved:
            os.dup2(copy, number)
            os.close(copy)
