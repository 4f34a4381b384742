"""The lossless edit: values and formulas put into the empty cells of somebody's workbook, and nothing else changed.

Parts that need no change stay byte for byte; in the others only the elements named here change (but libxml2 writes an
element's namespace declarations before its attributes). What cannot be edited
safely raises ``BrokenPackage``, whose sentence names the cell.

Must not know: what the cells mean, which cells should be filled, or any path on a disk.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from lxml import etree

from .archive import local, parse_xml
from .engine import UNCOMPUTED, CellError, Engine, same
from .package import (
    BLANK,
    BrokenPackage,
    Cell,
    Package,
    Place,
    address,
    parse_address,
    parse_area,
    replace_parts,
)

_Held = int | float | str | bool | None


@dataclass(frozen=True, slots=True)
class Entry:
    """What to put into a cell. Beside a ``formula`` its own value is stored, or ``value`` where nobody can tell."""

    value: int | float | str | None
    formula: str | None = None


@dataclass(frozen=True, slots=True)
class Kept:
    """A target that already held something else, and still does."""

    place: Place
    held: _Held
    held_formula: str | None
    wanted: Entry


@dataclass(frozen=True, slots=True)
class Filled:
    """The new bytes; the cells filled, the cells left as they were, the formulas whose cached values changed."""

    data: bytes
    filled: tuple[Place, ...]
    kept: tuple[Kept, ...]
    refreshed: tuple[Place, ...]


def fill(data: bytes, entries: Mapping[Place, Entry], own: Iterable[Place] = ()) -> Filled:
    """Put the entries into the cells that are empty. Filling what it returned once more returns equal bytes.

    ``own`` are cells whose formulas get their values too, though they read no filled cell.
    """
    package = Package.read(data)
    todo: dict[Place, Entry] = {}
    kept = []
    for place, entry in entries.items():
        sheet = package.sheet(place.sheet)
        if sheet is None:
            raise BrokenPackage(f"the cell {place} cannot be filled: the workbook has no sheet {place.sheet!r}")
        held = package.cells(sheet.name).get((place.row, place.column), BLANK)
        if held.formula is None and held.value in (None, ""):
            if entry != Entry(None, None):
                todo[Place(sheet.name, place.row, place.column)] = entry
        elif not _is_wanted(held, entry):
            kept.append(Kept(place, held.value, held.formula, entry))
    for place in todo:
        if any((place.row, place.column) in area for area in package.areas(place.sheet)):
            raise BrokenPackage(f"the cell {place} cannot be filled: it belongs to an array formula or a data table")
    if not todo:
        return Filled(data, (), tuple(kept), ())

    engine = Engine(package)
    for place, entry in todo.items():
        engine.set(place, entry.value if entry.formula is None else f"={_bare(entry.formula)}")
    engine.recalculate()
    stale = _stale(package, engine, todo, own)

    new: dict[str, bytes | None] = {}
    for sheet in package.sheets:
        cells = {place: entry for place, entry in todo.items() if place.sheet == sheet.name}
        caches = {place: value for place, value in stale.items() if place.sheet == sheet.name}
        if cells or caches:
            editor = _SheetEditor(package, sheet.name, sheet.part)
            for place, entry in cells.items():
                editor.put(place, _value_of(engine, place, entry), entry.formula)
            for place, value in caches.items():
                editor.refresh(place, value)
            new[sheet.part] = editor.done()
    if any(entry.formula is not None for entry in todo.values()):
        new.update(_without_calc_chain(package))
    new.update(_with_full_calc(package))
    return Filled(replace_parts(data, new), tuple(todo), tuple(kept), tuple(sorted(stale)))


def _bare(formula: str) -> str:
    return formula.strip().removeprefix("=")


def _is_wanted(held: Cell, entry: Entry) -> bool:
    if entry.formula is not None:
        return held.formula is not None and canonical(held.formula) == canonical(_bare(entry.formula))
    return held.formula is None and same(_plain(held.value), _plain(entry.value))


def _plain(value: _Held) -> _Held:
    return value.replace("\r\n", "\n") if isinstance(value, str) else value  # XML has only \n


def canonical(formula: str) -> str:
    """Without what programs change when they save: the case of functions and references, blanks, needless quotes."""
    return "".join(
        piece if piece.startswith('"') else _QUOTED.sub(r"\1!", "".join(piece.split()).casefold())
        for piece in re.split(r'("(?:[^"]|"")*")', formula)
    )


_QUOTED = re.compile(r"'([a-z]+)'!")  # 'Table'!A1 is Table!A1


def _value_of(engine: Engine, place: Place, entry: Entry) -> _Held | CellError:
    """The value beside the formula: what Excel will show, also where a cell that was kept leads the formula astray."""
    if entry.formula is None:
        return entry.value
    now = engine.value(place)
    if isinstance(now, CellError) and now.text in UNCOMPUTED:  # only this engine cannot tell
        return entry.value
    return entry.value if same(now, entry.value) else now


def _stale(
    package: Package, engine: Engine, todo: Iterable[Place], own: Iterable[Place]
) -> dict[Place, _Held | CellError]:
    """The template's own formulas that read a filled cell, with their new values where these differ from the cached.

    And those of ``own``: openpyxl writes no values, and viewers that do not calculate show nothing.
    """
    found: dict[Place, _Held | CellError] = {}
    filled = set(todo)
    for place in (engine.affected(filled) | set(engine.changed()) | set(own)) - filled:
        cell = package.cells(place.sheet).get((place.row, place.column), BLANK)
        value = engine.value(place)
        # Better an old cache than an error that only this engine sees: Excel recalculates on opening anyway.
        if cell.formula is None or value is None or (isinstance(value, CellError) and value.text in UNCOMPUTED):
            continue
        cached = CellError(str(cell.value)) if cell.kind == "error" else cell.value
        if not same(value, cached):
            found[place] = value
    return found


# -- one sheet ---------------------------------------------------------------------------------------------------------


class _SheetEditor:
    """The XML of one sheet, in which single cells are written."""

    def __init__(self, package: Package, name: str, part: str) -> None:
        self._name, self._original = name, package.part(part)
        self._root = parse_xml(self._original, part)
        self._namespace = str(self._root.tag).rpartition("}")[0] + "}"
        data = self._part("sheetData")
        if data is None:
            raise BrokenPackage(f"the sheet {name!r} has no cells (sheetData is missing)")
        self._data = data
        self._merged = [
            parse_area(reference)
            for merge in self._root.iter(self._namespace + "mergeCell")
            if _is_area(reference := merge.get("ref") or "")
        ]
        self._rows: dict[int, etree._Element] = {}
        number = 0
        for row in data:
            if local(row) == "row":
                number = int(row.get("r") or number + 1)
                self._rows[number] = row

    def put(self, place: Place, value: _Held | CellError, formula: str | None) -> None:
        at = place.row, place.column
        if any(at in area and at != (area.top, area.left) for area in self._merged):
            raise BrokenPackage(f"the cell {place} cannot be filled: it is hidden in a merged cell")
        cell = self._cell(place.row, place.column)
        for child in list(cell):
            if local(child) in ("f", "v", "is"):
                cell.remove(child)
        for metadata in ("cm", "vm"):  # they described what is no longer there
            cell.attrib.pop(metadata, "")
        if formula is not None:
            element = self._new("f", cell)
            element.text = _bare(formula)
            cell.insert(0, element)
        self._write(cell, value)

    def refresh(self, place: Place, value: _Held | CellError) -> None:
        """Write the cached value of a formula that stays."""
        cell = self._cell(place.row, place.column)
        for child in list(cell):
            if local(child) in ("v", "is"):
                cell.remove(child)
        self._write(cell, value)

    def done(self) -> bytes:
        return _serialised(self._root, self._original)

    def _write(self, cell: etree._Element, value: _Held | CellError) -> None:
        """``t`` and <v> (or <is>) for the value, behind <f> if there is one."""
        formula = next((child for child in cell if local(child) == "f"), None)
        kind, text = _stored(value)
        if kind == "str" and formula is None:
            kind = "inlineStr"  # a new shared string would change one more part for nothing
        if kind is None:
            cell.attrib.pop("t", "")
        else:
            cell.set("t", kind)
        if text is None:
            return
        holder = self._new("is" if kind == "inlineStr" else "v", cell)
        cell.insert(0 if formula is None else cell.index(formula) + 1, holder)
        if kind == "inlineStr":
            holder = self._new("t", holder)
        holder.text = text
        if text != text.strip():
            holder.set("{http://www.w3.org/XML/1998/namespace}space", "preserve")

    def _new(self, tag: str, parent: etree._Element) -> etree._Element:
        return etree.SubElement(parent, self._namespace + tag)  # inside the parent, so that it takes its prefix

    def _part(self, tag: str) -> etree._Element | None:
        return next((child for child in self._root if local(child) == tag), None)

    # -- finding and making

    def _cell(self, row: int, column: int) -> etree._Element:
        line = self._rows[row] if row in self._rows else self._new_row(row)
        number = 0
        after: etree._Element | None = None  # never one without r: that one follows its neighbour directly
        for cell in line:
            if local(cell) != "c":
                continue
            reference = cell.get("r")
            number = parse_address(reference)[1] if reference else number + 1
            if number == column:
                return cell
            if number > column and after is None:
                after = cell
        new = self._new("c", line)
        new.set("r", address(row, column))
        style = self._style(line, column)
        if style is not None:
            new.set("s", style)
        if after is not None:
            line.insert(line.index(after), new)
        self._grow(line, row, column)
        return new

    def _new_row(self, row: int) -> etree._Element:
        new = self._new("row", self._data)
        new.set("r", str(row))
        after = min((number for number in self._rows if number > row), default=None)
        if after is not None:
            self._data.insert(self._data.index(self._rows[after]), new)
        self._rows[row] = new
        return new

    def _style(self, line: etree._Element, column: int) -> str | None:
        if line.get("s") is not None and line.get("customFormat") in ("1", "true"):
            return line.get("s")
        columns = self._part("cols")
        for col in () if columns is None else columns:
            if local(col) == "col" and _whole(col.get("min")) <= column <= _whole(col.get("max")):
                return col.get("style")
        return None

    def _grow(self, line: etree._Element, row: int, column: int) -> None:
        spans = [int(end) for end in re.findall(r"[0-9]{1,5}", line.get("spans") or "")]
        if spans and not min(spans) <= column <= max(spans):
            line.set("spans", f"{min(*spans, column)}:{max(*spans, column)}")
        dimension = self._part("dimension")
        reference = "" if dimension is None else dimension.get("ref") or ""
        if dimension is None or not _is_area(reference) or (row, column) in (area := parse_area(reference)):
            return
        first = address(min(area.top, row), min(area.left, column))
        last = address(max(area.bottom, row), max(area.right, column))
        dimension.set("ref", f"{first}:{last}")


def _is_area(text: str) -> bool:
    try:
        parse_area(text)
    except ValueError:
        return False
    return True


def _whole(text: str | None) -> int:
    return int(text) if text is not None and text.isascii() and text.isdigit() and len(text) < 9 else 0


def _stored(value: _Held | CellError) -> tuple[str | None, str | None]:
    """A value as ``t`` and the text of <v>."""
    match value:
        case None:
            return None, None
        case CellError():
            return "e", value.text
        case bool():
            return "b", str(int(value))
        case str():
            return "str", _escaped(value)
        case float() if not math.isfinite(value):
            return "e", "#NUM!"
        case float() if not value.is_integer():
            return None, repr(value)
    return None, str(int(value))


def _escaped(text: str) -> str:
    """Characters that XML cannot hold, as Excel writes them: _x0001_; and what only looks like that, disarmed."""
    text = re.sub(r"_(?=x[0-9A-Fa-f]{4}_)", "_x005F_", text)
    return re.sub("[\x00-\x08\x0b-\x1f\ud800-\udfff\ufffe\uffff]", lambda m: f"_x{ord(m[0]):04X}_", text)


# -- the other parts ---------------------------------------------------------------------------------------------------


def _without_calc_chain(package: Package) -> dict[str, bytes | None]:
    """The calculation chain lists all formulas; Excel makes a new one, but calls a file damaged whose list is short."""
    part = package.related(package.workbook, "calcChain")
    if part is None:
        return {}
    folder, _, name = package.workbook.rpartition("/")
    new: dict[str, bytes | None] = {part: None} if package.find(part) else {}
    for listing, tag in (("[Content_Types].xml", "Override"), (f"{folder}/_rels/{name}.rels", "Relationship")):
        listing = package.find(listing.lstrip("/")) or listing
        original = package.part(listing)
        root = parse_xml(original, listing)
        for element in list(root):
            named = element.get("PartName") or element.get("Type") or ""
            if etree.QName(element).localname == tag and named.casefold() in _calc_chain_names(part, named):
                root.remove(element)
        new[listing] = _serialised(root, original)
    return new


def _calc_chain_names(part: str, named: str) -> tuple[str, ...]:
    return f"/{part}".casefold(), named.casefold() if named.endswith("/calcChain") else ""


def _with_full_calc(package: Package) -> dict[str, bytes | None]:
    original = package.part(package.workbook)
    root = parse_xml(original, package.workbook)
    children = {local(child): child for child in root}
    calc = children.get("calcPr")
    if calc is None:
        before = [
            children[t] for t in ("sheets", "functionGroups", "externalReferences", "definedNames") if t in children
        ]
        calc = etree.SubElement(root, str(root.tag).rpartition("}")[0] + "}calcPr")
        root.insert(root.index(before[-1]) + 1, calc)
    if calc.get("fullCalcOnLoad") in ("1", "true"):
        return {}
    calc.set("fullCalcOnLoad", "1")
    return {package.workbook: _serialised(root, original)}


_PROLOG = re.compile(rb"(?:\xef\xbb\xbf)?\s*(?:<\?xml[^>]*\?>)?\s*")


def _serialised(root: etree._Element, original: bytes) -> bytes:
    """The part as bytes, under the very declaration it had."""
    tree = root.getroottree()
    encoding = (tree.docinfo.encoding or "UTF-8").upper()
    if encoding not in ("UTF-8", "ASCII", "US-ASCII"):
        return _bytes(etree.tostring(tree, encoding=encoding, xml_declaration=True))
    match = _PROLOG.match(original)
    body = _bytes(etree.tostring(tree, encoding="ASCII" if "ASCII" in encoding else "UTF-8", xml_declaration=False))
    return (match[0] if match else b"") + body


def _bytes(text: str | bytes) -> bytes:
    return text if isinstance(text, bytes) else text.encode()  # the stubs know both; with an encoding it is bytes
