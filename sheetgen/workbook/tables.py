"""Tables (Excel's ListObjects), and references to their columns written out as cells.

``T[Params]`` and ``T[[#This Row],[Height]]`` are read by neither engine throughout. Written out as cells they are, and
mean the same in each. Grammar: ECMA-376 part 1, 18.17.6.8, and ``[@Height]`` as Excel shows it.

Must not know: what the cells hold, or what becomes of the formula.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from ..addresses import Area, letters, parse_area, quote
from .archive import BrokenPackage, local, parse_xml
from .package import Package, Place
from .sheetdata import unescape

MOST_TABLES = 1_000  # of a workbook; each costs the parse of a part

_ESCAPABLE = r"(?:'.|[^\[\]'])"
_REFERENCE = re.compile(rf"([^\[\]!]*)\[((?:{_ESCAPABLE}|\[{_ESCAPABLE}*\])*)\]", re.DOTALL)
_ITEM = re.compile(rf"\s*\[({_ESCAPABLE}*)\]\s*([,:;]?)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Table:
    """``area`` is all of it; of that ``headers`` rows at the top and ``totals`` at the bottom are not data."""

    name: str
    sheet: str
    area: Area
    columns: tuple[str, ...]
    headers: int = 1
    totals: int = 0

    @property
    def data(self) -> Area:
        return Area(self.area.top + self.headers, self.area.left, self.area.bottom - self.totals, self.area.right)


def read_tables(package: Package) -> Mapping[str, Table]:
    """The workbook's tables by their names without case; one that is damaged is left out."""
    found: dict[str, Table] = {}
    for entry in package.sheets:
        try:
            parts = package.all_related(entry.part, "table")
        except BrokenPackage:
            continue
        for part in parts:
            if len(found) == MOST_TABLES:
                return found
            table = _read_table(package, entry.name, part)
            if table is not None:
                found.setdefault(table.name.casefold(), table)
    return found


def _read_table(package: Package, sheet: str, part: str) -> Table | None:
    try:
        root = parse_xml(package.part(part), part)
        table = Table(
            name=root.get("displayName") or root.get("name") or "",
            sheet=sheet,
            area=parse_area(root.get("ref") or ""),
            columns=tuple(unescape(each.get("name") or "") for each in root.iter() if local(each) == "tableColumn"),
            headers=int(root.get("headerRowCount") or 1),
            totals=int(root.get("totalsRowCount") or 0),
        )
    except (BrokenPackage, ValueError):
        return None
    whole = len(table.columns) == table.area.right - table.area.left + 1 and table.data.top <= table.data.bottom
    return table if whole and table.headers in (0, 1) and table.totals in (0, 1) else None


def write_out(operand: str, at: Place, tables: Mapping[str, Table]) -> str | None:
    """The cells that ``operand`` names in a formula that stands ``at``; None for what is no reference to a table."""
    if "[" not in operand:
        table = tables.get(operand.casefold())
        return None if table is None else _cells(table, table.data)
    match = _REFERENCE.fullmatch(operand)
    if match is None:
        return None
    name = match[1].strip()
    table = tables.get(name.casefold()) if name else _around(at, tables)
    if table is None:
        return None
    read = _read_inside(match[2], table)
    if read is None:
        return None
    parts, columns = read
    rows = _rows(table, parts, at)
    if rows is None:
        return None
    return _cells(table, Area(rows[0], table.area.left + columns[0], rows[1], table.area.left + columns[1]))


def _around(at: Place, tables: Mapping[str, Table]) -> Table | None:
    there = (each for each in tables.values() if each.sheet == at.sheet and (at.row, at.column) in each.area)
    return next(there, None)


def _read_inside(inside: str, table: Table) -> tuple[set[str], tuple[int, int]] | None:
    """The parts of the table (``#this row``, ``#headers`` ...) and the columns, counted from 0, that are meant."""
    parts: set[str] = set()
    inside = inside.strip()
    if inside.startswith("@"):
        parts.add("#this row")
        inside = inside[1:].strip()
    if not inside:
        return parts, (0, len(table.columns) - 1)
    items = list(_items(inside))
    if not items:  # one word without brackets of its own
        items = [(inside, "")]
    columns: list[int] = []
    for text, _ in items:
        if text.startswith("#"):
            parts.add(" ".join(text.casefold().split()))
            continue
        index = _column(table, re.sub(r"'(.)", r"\1", text, flags=re.DOTALL))
        if index is None:
            return None
        columns.append(index)
    spans = [text for text, mark in items if mark == ":"]
    if len(columns) > 2 or (len(columns) == 2) != (len(spans) == 1):
        return None  # two columns side by side are a union, which no engine here reads
    if not columns:
        return parts, (0, len(table.columns) - 1)
    return parts, (min(columns), max(columns))


def _items(inside: str) -> Iterator[tuple[str, str]]:
    """Each ``[word]``, with the mark behind it; nothing where the text is not made of those."""
    found, at = [], 0
    while at < len(inside):
        match = _ITEM.match(inside, at)
        if match is None:
            return
        found.append((match[1], match[2]))
        at = match.end()
    if not found[-1][1]:
        yield from found


def _column(table: Table, name: str) -> int | None:
    wanted = " ".join(name.casefold().split())
    return next((i for i, each in enumerate(table.columns) if " ".join(each.casefold().split()) == wanted), None)


def _rows(table: Table, parts: set[str], at: Place) -> tuple[int, int] | None:
    top, bottom, data = table.area.top, table.area.bottom, table.data
    if parts == {"#this row"}:
        return (at.row, at.row) if at.sheet == table.sheet and data.top <= at.row <= data.bottom else None
    known = {
        frozenset[str](): (data.top, data.bottom),
        frozenset({"#data"}): (data.top, data.bottom),
        frozenset({"#all"}): (top, bottom),
        frozenset({"#headers"}): (top, top) if table.headers else None,
        frozenset({"#totals"}): (bottom, bottom) if table.totals else None,
        frozenset({"#headers", "#data"}): (top, data.bottom),
        frozenset({"#data", "#totals"}): (data.top, bottom),
    }
    return known.get(frozenset(parts))


def _cells(table: Table, area: Area) -> str:
    first, last = f"${letters(area.left)}${area.top}", f"${letters(area.right)}${area.bottom}"
    return f"{quote(table.sheet)}!{first}" + ("" if first == last else f":{last}")
