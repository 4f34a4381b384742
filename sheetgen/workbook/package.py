"""The sheets, names and cells of an .xlsx.

Hostile bytes are expected: whatever is wrong with a file ends in ``BrokenPackage`` (see archive.py). What is odd in a
single cell is a value, not an error.

Must not know: what the cells mean (networks, answers, marks), how formulas are computed, or any path on a disk.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType
from typing import NamedTuple, TypeVar, cast

from lxml import etree

from ..addresses import (
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
    is_plain,
    local,
    parse_xml,
    replace_parts,
    what_zip,
)
from .formats import Shown, read_formats
from .sheetdata import BLANK, ISO_DATE, MAX_FORMULA, Cell, SheetEntry, SheetReader, joined, text_of, unescape

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

MAX_MERGED = 10_000
MOST_KEPT = 2**18  # bytes of a part that is remembered from one workbook to the next
LONGEST_PLACE = 100  # characters of a name's text that is remembered
_SHEET = r"(?:'((?:[^']|'')+)'|([^\W\d][\w.]*))!"
Read = TypeVar("Read")
_ONE_CELL = re.compile(_SHEET + r"(\$[A-Za-z]{1,3}\$[1-9][0-9]{0,6})(?::(\$[A-Za-z]{1,3}\$[1-9][0-9]{0,6}))?")

_RELATIONSHIPS = (
    "http://schemas.openxmlformats.org/officeDocument/2006/relationships",
    "http://purl.oclc.org/ooxml/officeDocument/relationships",
)


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """One cell of one sheet; row and column count from 1."""

    sheet: str
    row: int
    column: int

    def __str__(self) -> str:
        return f"{quote(self.sheet)}!{address(self.row, self.column)}"


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
        "_related",
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
        self._related: dict[str, list[_Relationship]] = {}
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
        written = self._archive.read(self.workbook)
        root = parse_xml(written, self.workbook)
        if local(root) != "workbook":
            raise BrokenPackage(what_zip(self._archive))
        properties = _child(root, "workbookPr")
        self.date1904 = properties is not None and properties.get("date1904") in ("1", "true")
        calculation = _child(root, "calcPr")
        self.iterates = calculation is not None and calculation.get("iterate") in ("1", "true")  # circles are meant
        self.sheets: tuple[SheetEntry, ...] = ()
        self._by_name: dict[str, SheetEntry] = {}
        order = self._read_sheets(root)
        known = _names_of(written, root, order, self._by_name)
        self.names, self._definitions, self._places = known.names, known.definitions, known.places

    @classmethod
    def read(cls, data: bytes) -> Package:
        """Raises BrokenPackage."""
        return cls(data)

    def part(self, name: str) -> bytes:
        return self._archive.read(name)

    def find(self, name: str) -> str | None:
        """The package's own spelling of a part's name, or None where there is no such part."""
        return self._archive.find(name)

    def size(self, name: str) -> int:
        """Bytes of a part as the directory has it, by which it will be held; 0 where there is no such part."""
        found = self._archive.find(name)
        return 0 if found is None else self._archive.entries[found].file_size

    def related(self, part: str, kind: str) -> str | None:
        """The part that ``part`` names as its ``kind`` ("sharedStrings", "calcChain" ...); "" is the package."""
        return next(iter(self.all_related(part, kind)), None)

    def all_related(self, part: str, kind: str) -> tuple[str, ...]:
        """All parts that ``part`` names as its ``kind``: a sheet has several of "table"."""
        return tuple(r.target for r in self._relationships(part) if r.kind == kind)

    def related_as(self, part: str, identifier: str) -> str | None:
        """The part that ``part`` names by this identifier."""
        return next((r.target for r in self._relationships(part) if r.identifier == identifier), None)

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
        if part not in self._related:
            self._related[part] = self._read_relationships(part)
        return self._related[part]

    def _read_relationships(self, part: str) -> list[_Relationship]:
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
            name = unescape(element.get("name") or "")
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

    def _shared_strings(self) -> tuple[str, ...]:
        if self._strings is None:
            part = self.related(self.workbook, "sharedStrings")
            self._strings = () if part is None else _remembered(_read_strings, self._archive.read(part), part)
        return self._strings

    def _styles(self) -> tuple[Shown, ...]:
        if self._formats is None:
            part = self.related(self.workbook, "styles")
            try:
                self._formats = () if part is None else _remembered(_read_formats, self._archive.read(part), part)
            except BrokenPackage:
                self._formats = ()  # how a number looks is no reason to refuse it
        return self._formats

    def _read_cells(self, sheet: str) -> tuple[Mapping[tuple[int, int], Cell], tuple[Area, ...]]:
        entry = self.sheet(sheet)
        if entry is None:
            raise BrokenPackage(f"the workbook has no sheet {sheet!r}")
        if entry.name not in self._cells:
            reader = SheetReader(entry, self.part(entry.part), self._shared_strings, self.date1904)
            self._cells[entry.name] = MappingProxyType(reader.cells), tuple(reader.areas)
        return self._cells[entry.name]


# -- names -------------------------------------------------------------------------------------------------------------


class _Names(NamedTuple):
    """Name -> its cell; and by (sheet or None, name), without case, the text and the cell of each."""

    names: Mapping[str, Place]
    definitions: Mapping[tuple[str | None, str], str]
    places: Mapping[tuple[str | None, str], Place]


_PREFIXED = re.compile(rb"</?[A-Za-z_][\w.-]*:")
_known_names: dict[object, _Names] = {}  # of the workbook before: a class has them from the one that was handed out


def _names_of(data: bytes, root: etree._Element, order: list[str], sheets: Mapping[str, SheetEntry]) -> _Names:
    """Of the part ``data``; ``order`` has the names of all sheets, and ``sheets`` the worksheets, without case."""
    begin, end = data.find(b"<definedNames>"), data.find(b"</definedNames>")
    alone = 0 <= begin < end < begin + MOST_KEPT and data.count(b"definedNames") == 2 and is_plain(data, b"workbook")
    alone = alone and _PREFIXED.search(data, begin, end) is None  # of another namespace, which is not written here
    element = _child(root, "definedNames")
    if not alone or element is None:
        return _read_names(element, order, sheets)
    key = (data[begin:end], tuple(order), tuple(sheets.values()))
    if key not in _known_names:
        found = _read_names(element, order, sheets)
        _known_names.clear()
        _known_names[key] = found
    return _known_names[key]


def _read_names(defined: etree._Element | None, order: list[str], sheets: Mapping[str, SheetEntry]) -> _Names:
    names: dict[str, Place] = {}
    definitions: dict[tuple[str | None, str], str] = {}
    places: dict[tuple[str | None, str], Place] = {}
    scoped: list[tuple[str, Place]] = []
    for element in _children(defined, "definedName"):
        name, scope = element.get("name") or "", element.get("localSheetId")
        key = name.casefold()
        if scope is not None and not (scope.isdecimal() and len(scope) < 6 and int(scope) < len(order)):
            continue  # what it belongs to is gone
        sheet = None if scope is None else order[int(scope)].casefold()
        text = joined(element).strip().removeprefix("=")
        if (sheet, key) in definitions or len(text) > MAX_FORMULA:
            continue
        definitions[sheet, key] = text
        place = _one_cell(text, sheets)
        if place is None or key.startswith("_xlnm."):
            continue
        places[sheet, key] = place
        if sheet is None:
            names[name] = place
        else:
            scoped.append((name, place))
    for name, place in scoped:
        # Not where the global name exists but denotes something else: that one is what the name means.
        if (None, name.casefold()) not in definitions and (None, name.casefold()) not in places:
            places[None, name.casefold()] = names[name] = place
    return _Names(MappingProxyType(names), MappingProxyType(definitions), MappingProxyType(places))


def _one_cell(text: str, sheets: Mapping[str, SheetEntry]) -> Place | None:
    named = _cell_named(text) if len(text) <= LONGEST_PLACE else None
    entry = None if named is None else sheets.get(named[0].casefold())
    return None if named is None or entry is None else Place(entry.name, *named[1])


@lru_cache(maxsize=4096)
def _cell_named(text: str) -> tuple[str, tuple[int, int]] | None:
    """The sheet's name and the cell, row and column, of ``Table!$L$7``; None for what denotes no single cell."""
    match = _ONE_CELL.fullmatch(text)
    if match is None or match[4] not in (None, match[3]):
        return None
    try:
        return (match[1] or "").replace("''", "'") or match[2], parse_address(match[3])
    except ValueError:
        return None


@dataclass(frozen=True, slots=True)
class _Relationship:
    identifier: str
    kind: str
    target: str


def _read_strings(data: bytes, part: str) -> tuple[str, ...]:
    return tuple(text_of(si) for si in _children(parse_xml(data, part), "si"))


def _read_formats(data: bytes, part: str) -> tuple[Shown, ...]:
    return read_formats(parse_xml(data, part))


_last: dict[object, tuple[bytes, object]] = {}


def _remembered(read: Callable[[bytes, str], Read], data: bytes, part: str) -> Read:
    """What ``read`` gives; not read again where the workbook before had the same part, as those of a class often do."""
    known = _last.get(read)
    if known is not None and known[0] == data:
        return cast(Read, known[1])
    found = read(data, part)
    if len(data) <= MOST_KEPT:
        _last[read] = data, found
    return found


def _area(reference: str) -> Area | None:
    try:
        return parse_area(reference)
    except ValueError:
        return None


def _child(element: etree._Element, name: str) -> etree._Element | None:
    return next((child for child in element if local(child) == name), None)


def _children(element: etree._Element | None, name: str) -> list[etree._Element]:
    return [] if element is None else [child for child in element if local(child) == name]
