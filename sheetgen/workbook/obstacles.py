"""What forbids that a cell, or a workbook, is written into: what Excel would call damaged, or write over itself.

Protection and locked cells are none: they keep a person's hands off in the program, and the instructor asked for this.

Must not know: what the cells mean, nor how they are written.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

from lxml import etree

from ..addresses import Area, address
from .archive import local, parse_xml
from .package import BLANK, MAX_MERGED, BrokenPackage, Package, Place, parse_area
from .tables import Table, read_tables

_TABLE_HELP = "turn the table into a plain range first (Table Design > Convert to Range)"


def is_signed(package: Package) -> bool:
    """Whether any change would make a digital signature invalid (that of macros alone covers nothing else)."""
    origin = package.related("", "origin")
    return origin is not None and package.find(origin) is not None and package.related(origin, "signature") is not None


def refuse_signed(package: Package) -> None:
    """Raises BrokenPackage where a digital signature would become invalid."""
    if is_signed(package):
        raise BrokenPackage(
            "the workbook has a digital signature, which filling would make invalid; remove it first "
            "(File > Info > View Signatures), or fill a copy without it"
        )


def obstacles(package: Package, places: Iterable[Place]) -> dict[Place, str]:
    """Each of these empty cells that cannot be filled, and why: half a sentence."""
    by_sheet: dict[str, list[Place]] = {}
    for place in places:
        by_sheet.setdefault(place.sheet, []).append(place)
    found: dict[Place, str] = {}
    tables = read_tables(package).values()
    for sheet, wanted in by_sheet.items():
        for area, why, corner in _of_sheet(package, sheet, tables):
            for place in wanted:
                at = place.row, place.column
                if at in area and not (corner and at == (area.top, area.left)):
                    found.setdefault(place, why)
    return {place: found[place] for place in sorted(found)}


def _of_sheet(package: Package, sheet: str, tables: Collection[Table]) -> Iterator[tuple[Area, str, bool]]:
    """(the cells, why not, whether their first cell may be filled)."""
    entry = package.sheet(sheet)
    assert entry is not None
    merged = package.merged(sheet)
    if len(merged) >= MAX_MERGED:
        raise BrokenPackage(f"the sheet {sheet!r} cannot be filled: it has {MAX_MERGED:,} merged cells or more")
    for area in merged:
        yield area, f"it is hidden in the merged cell {_text(area)}; unmerge that first", True
    cells = package.cells(sheet)
    for area in package.areas(sheet):
        formula = cells.get((area.top, area.left), BLANK).formula or ""
        what = "data table" if formula.startswith("TABLE(") else "array formula"
        yield area, f"it belongs to the {what} in {_text(area)}; clear that first", False
    yield from (each for table in tables if table.sheet == entry.name for each in _of_table(table))
    for part in package.all_related(entry.part, "pivotTable"):
        root = parse_xml(package.part(part), part)
        location = next((child for child in root if local(child) == "location"), None)
        if location is not None and (whole := _area(location)) is not None:
            why = f"it lies in the pivot table {root.get('name')!r} ({_text(whole)}), which Excel writes itself"
            yield whole, f"{why}; put the answers outside of it", False


def _of_table(table: Table) -> Iterator[tuple[Area, str, bool]]:
    """Excel calls a workbook damaged whose cells say other than the table's own list of headings and totals."""
    area, name = table.area, f"{table.name!r} ({_text(table.area)})"
    if table.headers:
        headings = Area(area.top, area.left, table.data.top - 1, area.right)
        yield headings, f"it is a heading of the table {name}; give it its heading, or {_TABLE_HELP}", False
    if table.totals:
        last = Area(table.data.bottom + 1, area.left, area.bottom, area.right)
        yield last, f"it is in the total row of the table {name}; {_TABLE_HELP}", False


def _area(element: etree._Element) -> Area | None:
    try:
        return parse_area(element.get("ref") or "")
    except ValueError:
        return None


def _text(area: Area) -> str:
    first, last = address(area.top, area.left), address(area.bottom, area.right)
    return first if first == last else f"{first}:{last}"
