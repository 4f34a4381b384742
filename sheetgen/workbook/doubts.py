"""Why a recalculation may be wrong although the engine says nothing of it: reasons not to hold it against a student.

Two engines that agree against Excel do so for a reason: a function that one of them lacks stands in an IFERROR, a
formula takes one cell out of a range as Excel before 2019 did, a text is read as a number of another language. Such a
reason holds for a cell and for all that is computed from it.

Must not know: what either engine gave, nor what becomes of a doubt.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import Literal

import formualizer

from ..addresses import Area
from .archive import local, parse_xml
from .engine import Engine
from .package import Package, Place
from .references import (
    MAX_DEPTH,
    UNTRACEABLE,
    UnreadableFormula,
    definition_of,
    function_of,
    is_cell,
    is_one_cell,
    is_reference,
    read_reference,
    read_words,
    tokens,
)
from .tables import Table, read_tables, write_out

# They read or write numbers as text; 1.234 is twelve hundred in some languages.
_OF_A_LANGUAGE = frozenset({"VALUE", "NUMBERVALUE", "DATEVALUE", "TIMEVALUE", "TEXT", "DOLLAR", "FIXED"})
_OF_DATES = frozenset({"DATE", "YEAR", "MONTH", "DAY", "WEEKDAY", "WEEKNUM", "DATEDIF", "EDATE", "EOMONTH", "DAYS"})
# They take a range whole. In what is not listed, a formula that is no array formula takes one cell out of it.
_TAKE_RANGES = frozenset(
    {"SUM", "SUMSQ", "PRODUCT", "MIN", "MAX", "AVERAGE", "MEDIAN", "MODE", "GEOMEAN", "HARMEAN", "COUNT"}
    | {"COUNTA", "COUNTBLANK", "COUNTIF", "COUNTIFS", "SUMIF", "SUMIFS", "AVERAGEIF", "AVERAGEIFS"}
    | {"MAXIFS", "MINIFS", "SUMPRODUCT", "SUMXMY2", "SUMX2MY2", "SUMX2PY2", "STDEV", "STDEV.S", "STDEV.P"}
    | {"STDEVP", "VAR", "VAR.S", "VAR.P", "VARP", "LARGE", "SMALL", "RANK", "RANK.EQ", "RANK.AVG"}
    | {"PERCENTILE", "QUARTILE", "INDEX", "MATCH", "XMATCH", "LOOKUP", "VLOOKUP", "HLOOKUP", "XLOOKUP"}
    | {"ROW", "ROWS", "COLUMN", "COLUMNS", "AREAS", "GCD", "LCM", "AND", "OR", "XOR", "CONCAT", "TEXTJOIN"}
    | {"MMULT", "MDETERM", "MINVERSE", "TRANSPOSE", "SUBTOTAL", "AGGREGATE", "FREQUENCY", "OFFSET", "ISREF"}
    | {"MAP", "REDUCE", "SCAN", "BYROW", "BYCOL", "FILTER", "SORT", "UNIQUE", "CORREL", "COVAR", "SLOPE"}
    | {"INTERCEPT"}
)
_COMPUTE_ARRAYS = frozenset({"SUMPRODUCT", "MMULT", "LOOKUP", "MDETERM", "MINVERSE", "FREQUENCY", "MAP", "REDUCE"})
# They jump, and what is within floating noise of the jump falls to either side: INT((0.1+0.7)*10) is 7, or 8.
_JUMP = frozenset(
    {"INT", "TRUNC", "MOD", "QUOTIENT", "ROUND", "ROUNDUP", "ROUNDDOWN", "MROUND", "EVEN", "ODD", "FLOOR", "CEILING"}
    | {"FLOOR.MATH", "CEILING.MATH", "FLOOR.PRECISE", "CEILING.PRECISE", "ISO.CEILING"}
)
_SEARCH = frozenset({"LOOKUP", "VLOOKUP", "HLOOKUP", "MATCH"})  # in what is not sorted, each program in its own way
MOST_LOOKED_AT = 1_000  # cells of a kind on a sheet, for each range
_LIKE_A_NUMBER = re.compile(r"\s*[+-]?[0-9][0-9.,' \u00a0\u202f]*%?\s*")

_Kind = Literal["typed number", "logical", "fraction"]
ONE_OF_A_RANGE = "one cell is taken out of a range"


@dataclass(frozen=True, slots=True)
class Formula:
    """A formula that is computed, as far as doubts go."""

    place: Place
    functions: frozenset[str]
    areas: tuple[tuple[str, Area], ...]  # the cells that it names, with their sheets
    fractional: bool  # computes with decimals or with quotients of quotients, that is with floating noise
    logical: bool  # computes with TRUE or FALSE
    crosses: bool  # takes one cell out of a range


@dataclass
class Reasons:
    """The doubts about a workbook, as far as it is loaded; read when the first is asked for."""

    package: Package
    engine: Engine
    _spread: dict[str, frozenset[Place]] | None = field(default=None, init=False)

    def why(self, place: Place, knows: Callable[[str], bool]) -> str | None:
        """The reason, for people, to mistrust what was recalculated there; ``knows`` is of the second engine."""
        if self._precision_as_shown:
            return "the workbook calculates with the rounded numbers that it shows"
        if self._spread is None:
            self._spread = {}
            for reason, cells in self._doubts(knows).items():
                self._spread[reason] = frozenset(cells) | self.engine.affected(cells)
            if self._spread:
                hidden = {each.place for each in self._formulas if each.functions & UNTRACEABLE}
                reason = "which cells it reads cannot be told from it"
                self._spread[reason] = frozenset(hidden) | self.engine.affected(hidden)
        return next((reason for reason, cells in self._spread.items() if place in cells), None)

    @cached_property
    def stale(self) -> str:
        """How a stored value may have come to be old."""
        if self._calculation.get("fullCalcOnLoad") in ("1", "true"):
            return "it may be old, for the file asks to be recalculated when it is opened"
        if self._calculation.get("calcMode") == "manual":
            return "it may be old, for the workbook calculates only when it is told to"
        return "it is old, or was changed"

    @cached_property
    def held(self) -> frozenset[Place]:
        """The formula cells that keep their stored values."""
        return frozenset(
            place
            for sheet in self.engine.sheets
            for (row, column), cell in self.package.cells(sheet).items()
            if cell.formula is not None and not self.engine.is_formula(place := Place(sheet, row, column))
        )

    @cached_property
    def crossing(self) -> frozenset[Place]:
        """The formulas that take one cell out of a range, the one in their own row or column: no engine does."""
        return frozenset(each.place for each in self._formulas if each.crosses)

    @cached_property
    def behind_crossing(self) -> frozenset[Place]:
        """What is computed from those."""
        return self.engine.affected(self.crossing)

    def _doubts(self, knows: Callable[[str], bool]) -> dict[str, set[Place]]:
        found: dict[str, set[Place]] = {}
        if self.held:
            found["it depends on what only the program that saved it could know"] = set(self.held)
        if self.crossing:
            found[ONE_OF_A_RANGE] = set(self.crossing)
        one = _unknown_to_the_first(self._functions)
        other = {name for name in self._functions if not knows(name)}
        for each in self._formulas:
            if not self.engine.is_readable(each.place):
                found.setdefault("it cannot be read here", set()).add(each.place)
            elif each.functions & one & other:
                reason = f"no recalculation knows {sorted(each.functions & one & other)[0]}"
                found.setdefault(reason, set()).add(each.place)
            elif each.functions & (one | other):
                reason = f"only one recalculation knows {sorted(each.functions & (one | other))[0]}"
                found.setdefault(reason, set()).add(each.place)
            elif each.functions & _OF_A_LANGUAGE or self._reads(each, "typed number"):
                reason = "it makes numbers of text, or text of numbers, which depends on the computer's language"
                found.setdefault(reason, set()).add(each.place)
            elif each.logical or each.functions & {"TRUE", "FALSE"} or self._reads(each, "logical"):
                found.setdefault("programs differ in how they count TRUE and FALSE", set()).add(each.place)
            elif each.functions & _JUMP and (each.fractional or self._reads(each, "fraction")):
                found.setdefault("programs round in different ways", set()).add(each.place)
            elif "INDIRECT" in each.functions and str(self.engine.value(each.place)) == "#REF!":
                found.setdefault("INDIRECT may name another workbook, which is not opened", set()).add(each.place)
            elif "REPT" in each.functions:
                found.setdefault("programs differ in how long a text may be (REPT)", set()).add(each.place)
            elif each.functions & _SEARCH:
                found.setdefault("programs search in different ways", set()).add(each.place)
            elif self.package.date1904 and each.functions & _OF_DATES:
                found.setdefault("it computes with dates since 1904", set()).add(each.place)
        return found

    def _reads(self, formula: Formula, kind: _Kind) -> bool:
        """Whether one of the cells that the formula names is of the kind; also where they are too many to look at."""
        for sheet, area in formula.areas:
            cells = self._of_kind[kind].get(sheet, set())
            size = (area.bottom - area.top + 1) * (area.right - area.left + 1)
            if size == 1:
                if (area.top, area.left) in cells:
                    return True
            elif len(cells) > MOST_LOOKED_AT or any(at in area for at in cells):
                return True
        return False

    @cached_property
    def _of_kind(self) -> dict[_Kind, dict[str, set[tuple[int, int]]]]:
        """The cells that hold a number as text, TRUE or FALSE, and a number that is not whole; by sheet."""
        found: dict[_Kind, dict[str, set[tuple[int, int]]]] = {"typed number": {}, "logical": {}, "fraction": {}}
        for sheet in self.engine.sheets:
            for at, cell in self.package.cells(sheet).items():
                kind = _kind(cell.value)
                if kind is not None:
                    found[kind].setdefault(sheet, set()).add(at)
        return found

    def _is_range(self, place: Place, operand: str, depth: int = 0) -> bool:
        """Whether an operand of a formula that stands at ``place`` names more than one cell."""
        if is_cell(operand):
            return False
        reference = read_reference(self.package, operand, place.sheet)
        if reference.kind == "cells":
            return len(reference.sheets) > 1 or (reference.area is not None and not is_one_cell(reference.area))
        text = definition_of(self.package, operand, place.sheet) if reference.kind == "name" else None
        if text is None:
            text = write_out(operand, place, self._tables)
        return text is not None and depth < MAX_DEPTH and self._is_range(place, text, depth + 1)

    @cached_property
    def _tables(self) -> Mapping[str, Table]:
        return read_tables(self.package)

    @cached_property
    def _functions(self) -> frozenset[str]:
        return frozenset().union(*(each.functions for each in self._formulas))

    @cached_property
    def _formulas(self) -> tuple[Formula, ...]:
        return tuple(self._read())

    def _read(self) -> Iterator[Formula]:
        for sheet in self.engine.sheets:
            anchors = {(area.top, area.left) for area in self.package.areas(sheet)}
            for at, cell in self.package.cells(sheet).items():
                place = Place(sheet, *at)
                if cell.formula is None or not self.engine.is_formula(place):
                    continue
                try:
                    read = tokens(cell.formula)
                except UnreadableFormula:
                    read = []
                references = [token.value for token in read if is_reference(token)]
                yield Formula(
                    place,
                    frozenset(name for token in read if (name := function_of(token)) is not None),
                    tuple(self._areas(references, place)),
                    _is_fractional(read),
                    _is_logical(read),
                    at not in anchors and crosses(read, partial(self._is_range, place)),
                )

    def _areas(self, references: list[str], place: Place) -> Iterator[tuple[str, Area]]:
        for operand in references:
            reference = read_reference(self.package, operand, place.sheet)
            if reference.kind != "cells":  # a name, a table
                for inside in read_words(self.package, operand, place.sheet).references:
                    text = write_out(inside.text, place, self._tables) if inside.area is None else None
                    reference = inside if text is None else read_reference(self.package, text, place.sheet)
                    if reference.area is not None:
                        yield from ((sheet, reference.area) for sheet in reference.sheets)
            elif reference.area is not None:
                yield from ((sheet, reference.area) for sheet in reference.sheets)

    @cached_property
    def _calculation(self) -> dict[str, str]:
        """The workbook's settings for calculation."""
        root = parse_xml(self.package.part(self.package.workbook), self.package.workbook)
        return next(
            ({str(key): str(value) for key, value in each.attrib.items()} for each in root if local(each) == "calcPr"),
            {},
        )

    @property
    def _precision_as_shown(self) -> bool:
        return self._calculation.get("fullPrecision") in ("0", "false")


def _kind(value: object) -> _Kind | None:
    if isinstance(value, bool):
        return "logical"
    if isinstance(value, str):
        return "typed number" if _LIKE_A_NUMBER.fullmatch(value) is not None else None
    return "fraction" if isinstance(value, float) and not value.is_integer() else None


def _is_fractional(read: list[formualizer.Token]) -> bool:
    numbers = formualizer.TokenSubType.Number
    if any(token.value in ("%", "^") or (token.subtype == numbers and "." in token.value) for token in read):
        return True
    return sum(token.value == "/" for token in read) > 1


def _is_logical(read: list[formualizer.Token]) -> bool:
    """Whether TRUE or FALSE stands beside an operator; as an argument it is a switch."""
    kinds = formualizer.TokenType
    read = [token for token in read if token.token_type not in (kinds.Whitespace, kinds.Paren)]
    for before, token in zip([None, *read], read, strict=False):
        beside = (before is not None and before.token_type == kinds.OpInfix) or token.token_type == kinds.OpInfix
        for each in (token, before):
            if beside and each is not None and each.subtype == formualizer.TokenSubType.Logical:
                return True
    return False


def crosses(read: list[formualizer.Token], is_range: Callable[[str], bool]) -> bool:
    """Whether a formula that is no array formula takes one cell out of a range somewhere: ``=B2:B9*2``."""
    kinds = formualizer.TokenType
    read = [token for token in read if token.token_type != kinds.Whitespace]
    inside: list[str] = []  # the functions around the token, and "(" for parentheses
    for index, token in enumerate(read):
        if token.subtype == formualizer.TokenSubType.Open:
            inside.append(function_of(token) or "(")
        elif token.subtype == formualizer.TokenSubType.Close and inside:
            inside.pop()
        elif (token.token_type, token.value) in ((kinds.OpPostfix, "#"), (kinds.OpPrefix, "@")):
            return True
        elif is_reference(token) and is_range(token.value):
            around = [name for name in inside if name != "("]
            neighbours = read[max(index - 1, 0) : index] + read[index + 1 : index + 2]
            computed = any(each.token_type in (kinds.OpInfix, kinds.OpPrefix, kinds.OpPostfix) for each in neighbours)
            if not around or around[-1] not in _TAKE_RANGES or (computed and not _COMPUTE_ARRAYS & set(around)):
                return True
    return False


def _unknown_to_the_first(functions: frozenset[str]) -> set[str]:
    """Those that formualizer lacks: without arguments, another error than "Name" says that it has them."""
    workbook = formualizer.Workbook()
    workbook.add_sheet("probe")
    found = set()
    for row, name in enumerate(sorted(functions), 1):
        try:
            workbook.set_formula("probe", row, 1, f"={name}()")
            value = workbook.evaluate_cell("probe", row, 1)
        except (formualizer.ExcelEvaluationError, RuntimeError):  # it cannot even be written without arguments
            continue
        if isinstance(value, dict) and value.get("kind") == "Name":
            found.add(name)
    return found
