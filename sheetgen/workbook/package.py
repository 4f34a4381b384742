"""The sheets, names and cells of an .xlsx.

Hostile bytes are expected: whatever is wrong with a file ends in ``BrokenPackage`` (see archive.py). What is odd in a
single cell is a value, not an error.

Must not know: what the cells mean (networks, answers, marks), how formulas are computed, or any path on a disk.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Literal

from lxml import etree

from ..addresses import (
    LAST_COLUMN,
    LAST_ROW,
    Area,
    address,
    parse_address,
    parse_area,
    quote,
    translate,
)
from .archive import (
    Archive,
    BrokenPackage,
    elements,
    local,
    parse_xml,
    replace_parts,
    rows,
    what_zip,
)
from .formats import Shown, read_formats

__all__ = [
    "BLANK",
    "Area",
    "BrokenPackage",
    "Cell",
    "Package",
    "Place",
    "SheetEntry",
    "address",
    "parse_address",
    "parse_area",
    "quote",
    "replace_parts",
    "translate",
]

MAX_CELLS = 2_000_000  # in one sheet; each costs some 300 bytes here
MAX_MERGED = 10_000
MAX_FORMULA = 8_192  # characters: Excel's own limit
MAX_SHARED = 4 * 2**20  # characters of a sheet's shared formulas, written out: one of 8 kB in every cell is a bomb
_SHEET = r"(?:'((?:[^']|'')+)'|([^\W\d][\w.]*))!"
_ONE_CELL = re.compile(_SHEET + r"(\$[A-Za-z]{1,3}\$[1-9][0-9]{0,6})(?::(\$[A-Za-z]{1,3}\$[1-9][0-9]{0,6}))?")

_RELATIONSHIPS = (
    "http://schemas.openxmlformats.org/officeDocument/2006/relationships",
    "http://purl.oclc.org/ooxml/officeDocument/relationships",
)

_Kind = Literal["blank", "number", "text", "boolean", "error"]


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """One cell of one sheet; row and column count from 1."""

    sheet: str
    row: int
    column: int

    def __str__(self) -> str:
        return f"{quote(self.sheet)}!{address(self.row, self.column)}"


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


# -- the workbook ------------------------------------------------------------------------------------------------------


class Package:
    """A workbook that was read. Parts are unpacked, and sheets parsed, when they are first asked for."""

    __slots__ = (
        "_archive",
        "_by_name",
        "_cells",
        "_definitions",
        "_formats",
        "_places",
        "_strings",
        "date1904",
        "iterates",
        "names",
        "sheets",
        "workbook",
    )

    def __init__(self, data: bytes) -> None:
        self._archive = Archive(data)
        self._cells: dict[str, tuple[Mapping[tuple[int, int], Cell], tuple[Area, ...]]] = {}
        self._strings: tuple[str, ...] | None = None
        self._formats: tuple[Shown, ...] | None = None
        if self._archive.find("_rels/.rels") is None:
            raise BrokenPackage(what_zip(self._archive))
        main = [r for r in self._relationships("") if r.kind == "officeDocument"]
        if not main:
            raise BrokenPackage(what_zip(self._archive))
        self.workbook = main[0].target
        if self.workbook.lower().endswith(".bin"):
            raise BrokenPackage("this is a binary workbook (.xlsb); save it as .xlsx")
        root = self._xml(self.workbook)
        if local(root) != "workbook":
            raise BrokenPackage(what_zip(self._archive))
        properties = _child(root, "workbookPr")
        self.date1904 = properties is not None and properties.get("date1904") in ("1", "true")
        calculation = _child(root, "calcPr")
        self.iterates = calculation is not None and calculation.get("iterate") in ("1", "true")  # circles are meant
        self.sheets: tuple[SheetEntry, ...] = ()
        self._by_name: dict[str, SheetEntry] = {}
        self.names: Mapping[str, Place] = {}
        self._definitions: dict[tuple[str | None, str], str] = {}
        self._places: dict[tuple[str | None, str], Place] = {}
        self._read_names(root, self._read_sheets(root))

    @classmethod
    def read(cls, data: bytes) -> Package:
        """Raises BrokenPackage."""
        return cls(data)

    def part(self, name: str) -> bytes:
        return self._archive.read(name)

    def find(self, name: str) -> str | None:
        """The package's own spelling of a part's name, or None where there is no such part."""
        return self._archive.find(name)

    def related(self, part: str, kind: str) -> str | None:
        """The part that ``part`` names as its ``kind`` ("sharedStrings", "calcChain" ...); "" is the package."""
        return next(iter(self.all_related(part, kind)), None)

    def all_related(self, part: str, kind: str) -> tuple[str, ...]:
        """All parts that ``part`` names as its ``kind``: a sheet has several of "table"."""
        return tuple(r.target for r in self._relationships(part) if r.kind == kind)

    def sheet(self, name: str) -> SheetEntry | None:
        return self._by_name.get(name.casefold())

    def place(self, name: str, sheet: str | None = None) -> Place | None:
        """The one cell that a defined name denotes; without case; a name of ``sheet``'s own goes before a global one.

        Asked from no sheet in particular, a name that only some sheet has is found too (the first such sheet's).
        """
        found = self._places.get((sheet.casefold(), name.casefold())) if sheet is not None else None
        return found or self._places.get((None, name.casefold()))

    def definition(self, name: str, sheet: str) -> str | None:
        """The text of a defined name as seen from a sheet."""
        key = name.casefold()
        return self._definitions.get((sheet.casefold(), key)) or self._definitions.get((None, key))

    def definitions(self) -> Iterator[tuple[str, str, str]]:
        """Each defined name without case, a sheet on which it means what it does, and its text."""
        for (scope, name), text in self._definitions.items():
            entry = self.sheet(scope) if scope is not None else None
            yield name, (entry or self.sheets[0]).name, text

    def cells(self, sheet: str) -> Mapping[tuple[int, int], Cell]:
        """(row, column) -> cell, for every cell with a value or a formula; the others are ``BLANK``."""
        return self._read_cells(sheet)[0]

    def areas(self, sheet: str) -> tuple[Area, ...]:
        """What the sheet's array formulas and data tables fill."""
        return self._read_cells(sheet)[1]

    def merged(self, sheet: str) -> tuple[Area, ...]:
        """The merged areas of a sheet, at most MAX_MERGED of them."""
        entry = self.sheet(sheet)
        found = [] if entry is None else elements(self.part(entry.part), entry.part, "mergeCell", MAX_MERGED)
        return tuple(area for reference in found if (area := _area(reference.get("ref") or "")) is not None)

    def shown(self, cell: Cell) -> Shown:
        """What the cell's number format makes of a number; "" too where the styles are missing or damaged."""
        if cell.style == ISO_DATE:
            return "date"
        styles = self._styles()
        return styles[cell.style] if cell.style < len(styles) else ""

    # -- reading

    def _xml(self, part: str) -> etree._Element:
        return parse_xml(self._archive.read(part), part)

    def _relationships(self, part: str) -> list[_Relationship]:
        folder, _, name = part.rpartition("/")
        rels = posixpath.join(folder, "_rels", f"{name}.rels")
        if self._archive.find(rels) is None:
            return []
        found = []
        for element in self._xml(rels):
            target, mode = element.get("Target"), element.get("TargetMode")
            if isinstance(element.tag, str) and target and mode != "External":
                whole = posixpath.normpath(posixpath.join("/", folder, target.replace("\\", "/"))).lstrip("/")
                kind = (element.get("Type") or "").rpartition("/")[2]
                found.append(_Relationship(element.get("Id") or "", kind, self._archive.find(whole) or whole))
        return found

    def _read_sheets(self, root: etree._Element) -> list[str]:
        """Sets ``sheets``, the worksheets; returns the names of all, chart sheets too: scoped names count those."""
        related = {r.identifier: r for r in self._relationships(self.workbook)}
        entries: list[SheetEntry] = []
        order: list[str] = []
        seen: set[str] = set()
        for element in _children(_child(root, "sheets"), "sheet"):
            name = _unescape(element.get("name") or "")
            if not name or name.casefold() in seen:
                raise BrokenPackage(f"the workbook has two sheets named {name!r}" if name else "a sheet has no name")
            order.append(name)
            seen.add(name.casefold())
            identifier = next((v for ns in _RELATIONSHIPS if (v := element.get(f"{{{ns}}}id")) is not None), "")
            relationship = related.get(identifier)
            if relationship is None or self._archive.find(relationship.target) is None:
                raise BrokenPackage(f"the sheet {name!r} is declared but its part is missing")
            if relationship.kind == "worksheet":
                hidden = element.get("state") in ("hidden", "veryHidden")
                entries.append(SheetEntry(name, relationship.target, hidden))
        if not entries:
            raise BrokenPackage("the workbook has no worksheet")
        self.sheets = tuple(entries)
        self._by_name = {entry.name.casefold(): entry for entry in entries}
        return order

    def _read_names(self, root: etree._Element, order: list[str]) -> None:
        names: dict[str, Place] = {}
        scoped: list[tuple[str, Place]] = []
        for element in _children(_child(root, "definedNames"), "definedName"):
            name, scope = element.get("name") or "", element.get("localSheetId")
            if scope is not None and not (scope.isdecimal() and len(scope) < 6 and int(scope) < len(order)):
                continue  # what it belongs to is gone
            sheet = None if scope is None else order[int(scope)].casefold()
            text = _joined(element).strip().removeprefix("=")
            if (sheet, name.casefold()) in self._definitions or len(text) > MAX_FORMULA:
                continue
            self._definitions[sheet, name.casefold()] = text
            place = self._one_cell(text)
            if place is None or name.lower().startswith("_xlnm."):
                continue
            self._places[sheet, name.casefold()] = place
            if sheet is None:
                names[name] = place
            else:
                scoped.append((name, place))
        for name, place in scoped:
            # Not where the global name exists but denotes something else: that one is what the name means.
            if (None, name.casefold()) not in self._definitions and (None, name.casefold()) not in self._places:
                self._places[None, name.casefold()] = names[name] = place
        self.names = MappingProxyType(names)

    def _one_cell(self, text: str) -> Place | None:
        match = _ONE_CELL.fullmatch(text)
        if match is None or match[4] not in (None, match[3]):
            return None
        entry = self.sheet((match[1] or "").replace("''", "'") or match[2])
        try:
            return None if entry is None else Place(entry.name, *parse_address(match[3]))
        except ValueError:
            return None

    def _shared_strings(self) -> tuple[str, ...]:
        if self._strings is None:
            part = self.related(self.workbook, "sharedStrings")
            self._strings = () if part is None else tuple(_text(si) for si in _children(self._xml(part), "si"))
        return self._strings

    def _styles(self) -> tuple[Shown, ...]:
        if self._formats is None:
            part = self.related(self.workbook, "styles")
            try:
                self._formats = () if part is None else read_formats(self._xml(part))
            except BrokenPackage:
                self._formats = ()  # how a number looks is no reason to refuse it
        return self._formats

    def _read_cells(self, sheet: str) -> tuple[Mapping[tuple[int, int], Cell], tuple[Area, ...]]:
        entry = self.sheet(sheet)
        if entry is None:
            raise BrokenPackage(f"the workbook has no sheet {sheet!r}")
        if entry.name not in self._cells:
            reader = _SheetReader(self, entry)
            self._cells[entry.name] = MappingProxyType(reader.cells), tuple(reader.areas)
        return self._cells[entry.name]


@dataclass(frozen=True, slots=True)
class _Relationship:
    identifier: str
    kind: str
    target: str


# -- cells -------------------------------------------------------------------------------------------------------------

_NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_ESCAPED = re.compile(r"_x((?![dD][89a-fA-F])[0-9A-Fa-f]{4})_")  # but no half of a surrogate pair: no text may hold it


class _SheetReader:
    """One pass over a sheet's rows."""

    def __init__(self, package: Package, entry: SheetEntry) -> None:
        self.package, self.entry = package, entry
        self.cells: dict[tuple[int, int], Cell] = {}
        self.areas: list[Area] = []
        self._masters: dict[str, tuple[int, int, str]] = {}
        self._waiting: list[tuple[int, int, str]] = []
        self._shared = 0
        self._read()

    def _broken(self, what: str) -> BrokenPackage:
        return BrokenPackage(f"sheet {self.entry.name!r}: {what}")

    def _read(self) -> None:
        seen: set[int] = set()
        row = count = 0
        for element in rows(self.package.part(self.entry.part), self.entry.part):
            row = self._row_number(element.get("r"), row)
            if row in seen:
                raise self._broken(f"row {row} is there twice")
            seen.add(row)
            columns: set[int] = set()
            column = 0
            for cell in element:
                if local(cell) != "c":
                    continue
                count += 1
                if count > MAX_CELLS:
                    raise self._broken(f"more than {MAX_CELLS:,} cells")
                column = self._column_number(cell.get("r"), row, column)
                if column in columns:
                    raise self._broken(f"the cell {address(row, column)} is there twice")
                columns.add(column)
                found = self._cell(cell, row, column)
                if found.value is not None or found.formula is not None:
                    self.cells[row, column] = found
        for row, column, index in self._waiting:  # shared formulas that came before their master
            old = self.cells.get((row, column), BLANK)
            self.cells[row, column] = Cell(old.kind, old.value, self._from_master(row, column, index), old.style)

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

    def _cell(self, element: etree._Element, row: int, column: int) -> Cell:
        formula: str | None = None
        text: str | None = None
        inline: str | None = None
        for child in element:
            tag = local(child)
            if tag == "f":
                formula = self._formula(child, row, column)
            elif tag == "v":
                text = child.text
            elif tag == "is":
                inline = _text(child)
        kind, value = self._value(element.get("t") or "n", text, inline, address(row, column))
        style = element.get("s") or ""
        known = style.isascii() and style.isdigit() and len(style) < 9
        return Cell(kind, value, formula, ISO_DATE if element.get("t") == "d" else int(style) if known else 0)

    def _value(
        self, kind: str, text: str | None, inline: str | None, at: str
    ) -> tuple[_Kind, int | float | str | None]:
        if kind == "inlineStr":
            return ("text", inline) if inline is not None else ("blank", None)
        if kind == "str":
            return ("text", _unescape(text or ""))
        text = (text or "").strip()
        if not text:
            return "blank", None
        if kind == "s":
            strings = self.package._shared_strings()
            if not (text.isascii() and text.isdigit() and len(text) < 9 and int(text) < len(strings)):
                raise self._broken(f"the cell {at} holds text number {text[:20]}, but there are {len(strings)}")
            return "text", strings[int(text)]
        if kind == "b":
            return "boolean", text in ("1", "true")
        if kind == "e":
            return "error", text
        number = _date(text, self.package.date1904) if kind == "d" else _number(text)
        return ("error", "#NUM!") if number is None else ("number", number)

    def _formula(self, element: etree._Element, row: int, column: int) -> str | None:
        text = (element.text or "").strip().removeprefix("=")
        if len(text) > MAX_FORMULA:
            raise self._broken(
                f"the formula in {address(row, column)} is longer than Excel's {MAX_FORMULA:,} characters"
            )
        kind, reference = element.get("t"), element.get("ref")
        if kind in ("array", "dataTable"):
            try:
                self.areas.append(parse_area(reference or address(row, column)))
            except ValueError as error:
                raise self._broken(f"the formula in {address(row, column)} fills no range ({error})") from None
        if kind == "dataTable":
            return f"TABLE({element.get('r1') or ''},{element.get('r2') or ''})"  # as Excel shows it
        if kind != "shared":
            return text or None
        index = element.get("si") or ""
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


def _area(reference: str) -> Area | None:
    try:
        return parse_area(reference)
    except ValueError:
        return None


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


def _text(element: etree._Element) -> str:
    """The text of <si> or <is>: its runs joined, without phonetic readings."""
    found = []
    for child in element:
        tag = local(child)
        if tag == "t":
            found.append(_joined(child))
        elif tag == "r":
            found.extend(_joined(t) for t in child if local(t) == "t")
    return _unescape("".join(found))


def _joined(element: etree._Element) -> str:
    return (element.text or "") + "".join(child.tail or "" for child in element)  # a comment may split the text


def _unescape(text: str) -> str:
    return _ESCAPED.sub(lambda match: chr(int(match[1], 16)), text) if "_x" in text else text


def _child(element: etree._Element, name: str) -> etree._Element | None:
    return next((child for child in element if local(child) == name), None)


def _children(element: etree._Element | None, name: str) -> list[etree._Element]:
    return [] if element is None else [child for child in element if local(child) == name]
