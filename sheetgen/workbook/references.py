"""What the words of a formula name: cells and their sheets, other workbooks, defined names, functions.

Must not know: what a formula computes, nor which of the cells are answers.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import formualizer

from ..addresses import LAST_COLUMN, LAST_ROW, Area, parse_area
from .package import Package

# Their values change without any cell changing, or are known only to the program that has the workbook open.
VOLATILE = frozenset({"NOW", "TODAY", "RAND", "RANDBETWEEN", "RANDARRAY", "CELL", "INFO", "TABLE"})
# They fetch something from outside of the workbook, or run something.
FETCHING = frozenset(
    {"WEBSERVICE", "RTD", "DDE", "CALL", "EXEC", "REGISTER.ID", "STOCKHISTORY", "IMAGE", "PY", "SQL.REQUEST"}
    | {"CUBEVALUE", "CUBEMEMBER", "CUBESET", "CUBESETCOUNT", "CUBERANKEDMEMBER", "CUBEMEMBERPROPERTY"}
    | {"CUBEKPIMEMBER", "GOOGLEFINANCE", "IMPORTRANGE", "IMPORTDATA", "IMPORTHTML", "IMPORTXML", "IMPORTFEED"}
)
UNTRACEABLE = frozenset({"INDIRECT", "OFFSET"})  # which cells they read shows only when they are computed

MAX_DEPTH = 5  # of names that are defined by names
MOST_NAMES = 100  # that are looked through for one formula

_CELL = re.compile(r"\$?[A-Za-z]{1,3}\$?[1-9][0-9]{0,6}")
_COLUMNS = re.compile(r"\$?([A-Za-z]{1,3}):\$?([A-Za-z]{1,3})")
_ROWS = re.compile(r"\$?([1-9][0-9]{0,6}):\$?([1-9][0-9]{0,6})")


@dataclass(frozen=True, slots=True)
class Reference:
    """What one operand names. ``sheets`` are several where it runs through some (``Jan:Mar!A1``)."""

    text: str
    kind: Literal["cells", "table", "other workbook", "name"]
    sheets: tuple[str, ...] = ()  # as the workbook spells them; one that does not exist as the formula does
    area: Area | None = None  # of "cells"


@dataclass(frozen=True, slots=True)
class Words:
    """The references and the functions of a formula; the names in it are looked through."""

    references: tuple[Reference, ...] = ()
    functions: frozenset[str] = frozenset()

    @property
    def fetching(self) -> str | None:
        """What in it fetches from outside of all workbooks."""
        found = sorted(self.functions & FETCHING)
        return found[0] if found else None

    @property
    def volatile(self) -> str | None:
        found = sorted(self.functions & VOLATILE)
        return found[0] if found else None


class UnreadableFormula(ValueError):  # noqa: N818  (a state of the text)
    """Text that stands where a formula should, and is none."""


def tokens(formula: str) -> list[formualizer.Token]:
    """Raises UnreadableFormula."""
    try:
        return formualizer.Tokenizer("=" + formula).tokens()
    except formualizer.TokenizerError as error:
        raise UnreadableFormula(f"not a formula: {formula[:40]!r}") from error


def is_reference(token: formualizer.Token) -> bool:
    return token.token_type == formualizer.TokenType.Operand and token.subtype == formualizer.TokenSubType.Range


def function_of(token: formualizer.Token) -> str | None:
    """The name of the function that opens here, as people know it: without the prefixes that files give it."""
    if token.token_type != formualizer.TokenType.Func or not token.value.endswith("("):
        return None
    return token.value[:-1].strip().upper().removeprefix("_XLFN.").removeprefix("_XLWS.")


def read_words(package: Package, formula: str, sheet: str) -> Words:
    """What ``formula`` names as seen from ``sheet``; nothing where it cannot be read."""
    references: list[Reference] = []
    functions: set[str] = set()
    seen: set[str] = set()  # each name is looked through once, or names of names could double without end
    waiting = [formula]
    while waiting:
        try:
            read = tokens(waiting.pop())
        except UnreadableFormula:
            continue
        for token in read:
            function = function_of(token)
            if function is not None:
                functions.add(function)
            elif is_reference(token) and token.value.endswith("|"):
                functions.add("DDE")
            elif is_reference(token):
                found = read_reference(package, token.value, sheet)
                definition = definition_of(package, found.text, sheet) if found.kind == "name" else None
                if definition is None or len(seen) == MOST_NAMES:
                    references.append(found)
                elif found.text.casefold() not in seen:
                    seen.add(found.text.casefold())
                    waiting.append(definition)
    return Words(tuple(references), frozenset(functions))


def read_reference(package: Package, operand: str, sheet: str) -> Reference:
    """What an operand of a formula on ``sheet`` names."""
    scope, bang, inside = operand.rpartition("!")
    if operand.endswith("|") or _is_outside(scope, bang, inside, operand):  # cmd|'/C calc'!A0 asks a program (DDE)
        return Reference(operand, "other workbook")
    if "[" in operand:
        return Reference(operand, "table")
    sheets = tuple(_sheets(package, scope)) if bang else (sheet,)
    area = parse_range(inside)
    return Reference(operand, "name" if area is None else "cells", sheets, area)


def definition_of(package: Package, operand: str, sheet: str) -> str | None:
    """The text that defines a name, ``Sheet1!name`` too, as seen from ``sheet``."""
    scope, bang, name = operand.rpartition("!")
    return package.definition(name, unquote(scope) if bang else sheet)


def unquote(scope: str) -> str:
    """A sheet's name as it is, out of how a formula writes it."""
    return scope[1:-1].replace("''", "'") if scope.startswith("'") else scope


def parse_range(text: str) -> Area | None:
    """The cells of ``A1``, ``A1:B3``, ``A:C`` or ``2:4``; None for what is no range."""
    if (columns := _COLUMNS.fullmatch(text)) is not None:
        text = f"{columns[1]}1:{columns[2]}{LAST_ROW}"
    elif (rows := _ROWS.fullmatch(text)) is not None:
        first, last = sorted(map(int, rows.groups()))
        return Area(first, 1, min(last, LAST_ROW), LAST_COLUMN)
    try:
        return parse_area(text)
    except ValueError:
        return None


def is_cell(operand: str) -> bool:
    """Whether it is one cell of the formula's own sheet, as most operands are."""
    return _CELL.fullmatch(operand) is not None


def is_one_cell(area: Area) -> bool:
    return area.top == area.bottom and area.left == area.right


def _is_outside(scope: str, bang: str, inside: str, operand: str) -> bool:
    if bang and "[" in scope:
        return "]" not in inside  # else the "!" stands within a table's heading: T[wow!]
    return operand.startswith("'") and ("://" in operand or "\\" in operand)  # 'file:///b.ods'#$S.A1


def _sheets(package: Package, scope: str) -> Iterator[str]:
    """The sheets of ``Sheet1``, ``'My S'`` or ``Jan:Mar``."""
    name = unquote(scope)
    entry = package.sheet(name)
    first, colon, last = name.partition(":")
    if entry is not None or not colon:
        yield entry.name if entry is not None else name
        return
    order = [each.name.casefold() for each in package.sheets]
    if first.casefold() not in order or last.casefold() not in order:
        yield name
        return
    ends = sorted((order.index(first.casefold()), order.index(last.casefold())))
    yield from (each.name for each in package.sheets[ends[0] : ends[1] + 1])
