"""The cells of one sheet: one pass over its rows, per cell what it holds, its formula and the stored value.

What is odd in a single cell is a value, not an error; what no sheet can be is a ``BrokenPackage``. Must not know: other
parts of the package (texts are handed in), what cells mean, or how formulas are computed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from lxml import etree

from ..addresses import LAST_COLUMN, LAST_ROW, Area, address, parse_address, parse_area, translate
from .archive import BrokenPackage, local
from .rows import Formula, RawCell, Row, read_rows

MAX_CELLS = 2_000_000  # in one sheet; each costs some 300 bytes here
MAX_FORMULA = 8_192  # characters: Excel's own limit
MAX_SHARED = 4 * 2**20  # characters of a sheet's shared formulas, written out: one of 8 kB in every cell is a bomb

_Kind = Literal["blank", "number", "text", "boolean", "error"]


@dataclass(frozen=True, slots=True)
class Cell:
    """What a cell holds. ``value`` is the literal, or the cached value where there is a ``formula`` (without "=")."""

    kind: _Kind
    value: int | float | str | bool | None = None
    formula: str | None = None
    style: int = field(default=0, compare=False)  # of the workbook's styles; ISO_DATE where the value is one


ISO_DATE = -1
BLANK = Cell("blank")


@dataclass(frozen=True, slots=True)
class SheetEntry:
    name: str
    part: str
    hidden: bool


_NOTHING = (None, None, None, None)  # as kind, formula, value and inline text
_NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_ESCAPED = re.compile(r"_x((?![dD][89a-fA-F])[0-9A-Fa-f]{4})_")  # but no half of a surrogate pair: no text may hold it


class SheetReader:
    """One pass over a sheet's rows."""

    def __init__(self, entry: SheetEntry, data: bytes, strings: Callable[[], Sequence[str]], date1904: bool) -> None:
        self.entry, self._strings, self._date1904 = entry, strings, date1904
        self.cells: dict[tuple[int, int], Cell] = {}
        self.areas: list[Area] = []
        self._masters: dict[str, tuple[int, int, str]] = {}
        self._waiting: list[tuple[int, int, str]] = []
        self._shared = self._count = 0
        self._read(data)

    def _broken(self, what: str) -> BrokenPackage:
        return BrokenPackage(f"sheet {self.entry.name!r}: {what}")

    def _read(self, data: bytes) -> None:
        seen: set[int] = set()
        row = 0
        for written in read_rows(data, self.entry.part):
            row = self._row_number(written.number, row)
            if row in seen:
                raise self._broken(f"row {row} is there twice")
            seen.add(row)
            if written.settled is None:
                self._settle(written, row)
            else:
                self.cells.update(written.settled)
        for row, column, index in self._waiting:  # shared formulas that came before their master
            old = self.cells.get((row, column), BLANK)
            self.cells[row, column] = Cell(old.kind, old.value, self._from_master(row, column, index), old.style)

    def _settle(self, written: Row, row: int) -> None:
        """The cells of a row; for good, where they depend on nothing else in the workbook."""
        found: dict[tuple[int, int], Cell] = {}
        columns: set[int] = set()
        column, by_itself = 0, True
        for cell in written.cells:
            self._count += 1
            if self._count > MAX_CELLS:
                raise self._broken(f"more than {MAX_CELLS:,} cells")
            column = self._column_number(cell.reference, row, column)
            if column in columns:
                raise self._broken(f"the cell {address(row, column)} is there twice")
            columns.add(column)
            if cell[2:] == _NOTHING:
                continue  # a format, and nothing in it
            held = self._cell(cell, row, column)
            if held.value is not None or held.formula is not None:
                found[row, column] = held
            if cell.kind in ("s", "d") or (cell.formula is not None and cell.formula.attributes):
                by_itself = False
        self.cells.update(found)
        if by_itself:
            written.settled = found

    def _row_number(self, text: str | None, previous: int) -> int:
        if text is None:
            row = previous + 1
        elif len(text) < 9 and text.isascii() and text.isdigit():
            row = int(text)
        else:
            row = 0
        if not 1 <= row <= LAST_ROW:
            raise self._broken(f"there is no row {text!r}")
        return row

    def _column_number(self, text: str | None, row: int, previous: int) -> int:
        if text is None:
            if previous == LAST_COLUMN:
                raise self._broken(f"row {row} has too many cells")
            return previous + 1
        try:
            own_row, column = parse_address(text)
        except ValueError:
            raise self._broken(f"there is no cell {text[:20]!r}") from None
        if own_row != row:
            raise self._broken(f"the cell {text} stands in row {row}")
        return column

    def _cell(self, cell: RawCell, row: int, column: int) -> Cell:
        formula = None if cell.formula is None else self._formula(cell.formula, row, column)
        stated, style = cell.kind or "n", cell.style or ""
        kind, value = self._value(stated, cell.value, cell.inline, row, column)
        known = style.isascii() and style.isdigit() and len(style) < 9
        return Cell(kind, value, formula, ISO_DATE if stated == "d" else int(style) if known else 0)

    def _value(
        self, kind: str, text: str | None, inline: etree._Element | str | None, row: int, column: int
    ) -> tuple[_Kind, int | float | str | None]:
        if kind == "inlineStr":
            if inline is None:
                return "blank", None
            return "text", unescape(inline) if isinstance(inline, str) else text_of(inline)
        if kind == "str":
            return ("text", unescape(text or ""))
        text = (text or "").strip()
        if not text:
            return "blank", None
        if kind == "s":
            strings = self._strings()
            if not (text.isascii() and text.isdigit() and len(text) < 9 and int(text) < len(strings)):
                at = address(row, column)
                raise self._broken(f"the cell {at} holds text number {text[:20]}, but there are {len(strings)}")
            return "text", strings[int(text)]
        if kind == "b":
            return "boolean", text in ("1", "true")
        if kind == "e":
            return "error", text
        number = _date(text, self._date1904) if kind == "d" else _number(text)
        return ("error", "#NUM!") if number is None else ("number", number)

    def _formula(self, formula: Formula, row: int, column: int) -> str | None:
        text, attributes = formula.text.strip().removeprefix("="), formula.attributes
        if len(text) > MAX_FORMULA:
            raise self._broken(
                f"the formula in {address(row, column)} is longer than Excel's {MAX_FORMULA:,} characters"
            )
        kind, reference = attributes.get("t"), attributes.get("ref")
        if kind in ("array", "dataTable"):
            try:
                self.areas.append(parse_area(reference or address(row, column)))
            except ValueError as error:
                raise self._broken(f"the formula in {address(row, column)} fills no range ({error})") from None
        if kind == "dataTable":
            return f"TABLE({attributes.get('r1') or ''},{attributes.get('r2') or ''})"  # as Excel shows it
        if kind != "shared":
            return text or None
        index = attributes.get("si") or ""
        if text:
            self._masters[index] = row, column, text
            return text
        if index not in self._masters:
            self._waiting.append((row, column, index))
            return None
        return self._from_master(row, column, index)

    def _from_master(self, row: int, column: int, index: str) -> str:
        if index not in self._masters:
            raise self._broken(f"the cell {address(row, column)} shares a formula that is nowhere in the sheet")
        master_row, master_column, text = self._masters[index]
        self._shared += len(text)
        if self._shared > MAX_SHARED:
            raise self._broken("its shared formulas are too long")
        return translate(text, row - master_row, column - master_column)


def _number(text: str) -> int | float | None:
    """The double that Excel reads there, or the exact int where that is whole; None for what is no finite number."""
    if len(text) > 400 or _NUMBER.fullmatch(text) is None:  # no writer prints a double longer than its 309 digits
        return None
    if len(text) < 20 and text.lstrip("+-").isdigit():
        return int(text)
    number = float(text)
    if number in (float("inf"), float("-inf")):
        return None
    return int(number) if number.is_integer() else number


def _date(text: str, date1904: bool) -> int | float | None:
    """An ISO date as the serial number that Excel computes with."""
    try:
        moment = datetime.fromisoformat(text).replace(tzinfo=None)
    except ValueError:
        return None
    days = (moment - (datetime(1904, 1, 1) if date1904 else datetime(1899, 12, 30))).total_seconds() / 86_400
    return int(days) if days.is_integer() else days


def text_of(element: etree._Element) -> str:
    """The text of <si> or <is>: its runs joined, without phonetic readings."""
    found = []
    if len(element) == 1 and not len(element[0]) and local(element[0]) == "t":
        return unescape(element[0].text or "")
    for child in element:
        tag = local(child)
        if tag == "t":
            found.append(joined(child))
        elif tag == "r":
            found.extend(joined(t) for t in child if local(t) == "t")
    return unescape("".join(found))


def joined(element: etree._Element) -> str:
    text = element.text or ""
    return text + "".join(child.tail or "" for child in element) if len(element) else text  # a comment may split it


def unescape(text: str) -> str:
    return _ESCAPED.sub(lambda match: chr(int(match[1], 16)), text) if "_x" in text else text
