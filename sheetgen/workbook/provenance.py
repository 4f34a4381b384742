"""Of whom a workbook says that it is: what its Student cell holds, and the document's own properties.

All of it is what somebody typed or a program wrote, and may be anybody's: nothing is concluded from it here. What is
missing, damaged or made to harm is simply absent. This room must not know answers, rosters, or who the students are.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Collection

from lxml import etree

from ..quantities import STUDENT
from .archive import BrokenPackage, parse_xml
from .package import Package, Place, parse_area
from .sheetdata import BLANK, joined

LONGEST_ID, LONGEST_PROPERTY = 100, 200  # characters
LARGEST_PART = 64 * 1024  # bytes of a part with properties; those that programs write have about one
LARGEST_SHEET = 4 * 2**20  # bytes of a sheet that is read for the sake of this one cell

# element -> what it is called here; strict workbooks (ISO 29500) have another name for the second kind of part
_CORE = {"creator": "creator", "lastModifiedBy": "modifier", "created": "created", "modified": "modified"}
_EXTENDED = {"Application": "application"}
_PARTS = {"core-properties": _CORE, "extended-properties": _EXTENDED, "extendedProperties": _EXTENDED}


def student_cell(package: Package, known: Collection[str] = ()) -> str:
    """What was typed into the cell named ``student``, on one line; "" where there is none, and for a formula.

    ``known`` are the sheets that are read anyhow. Another one, to which a student may have moved the name, is read only
    if that costs nothing to speak of.
    """
    try:
        at = _place(package)
        if at is None or (at.sheet not in known and _size(package, at.sheet) > LARGEST_SHEET):
            return ""
        if any((at.row, at.column) in area for area in package.areas(at.sheet)):
            return ""  # an array formula's result
        cell = package.cells(at.sheet).get((at.row, at.column), BLANK)
    except BrokenPackage:
        return ""
    if cell.formula is not None or cell.kind not in ("number", "text"):
        return ""
    value = cell.value
    if isinstance(value, float) and value.is_integer():
        value = int(value)  # 12345.0 is how some programs write 12345
    return one_line(str(value), LONGEST_ID)


def _place(package: Package) -> Place | None:
    """The cell with the name; of a merged one, which Excel names as a whole, its first part."""
    at = package.place(STUDENT)
    if at is not None:
        return at
    for name, sheet, text in package.definitions():
        if name != STUDENT:
            continue
        scope, _, cells = text.rpartition("!")
        entry = package.sheet(scope.removeprefix("'").removesuffix("'").replace("''", "'") or sheet)
        if entry is None or _size(package, entry.name) > LARGEST_SHEET:
            continue
        try:
            area = parse_area(cells)
        except ValueError:
            continue
        if area in package.merged(entry.name):
            return Place(entry.name, area.top, area.left)
    return None


def _size(package: Package, sheet: str) -> int:
    entry = package.sheet(sheet)
    return 0 if entry is None else package.size(entry.part)


def properties(package: Package) -> dict[str, str]:
    """Of the document: creator, modifier, created, modified and application, those that are there, each on one line."""
    found: dict[str, str] = {}
    for kind, names in _PARTS.items():
        part = package.related("", kind)
        for element in _children(package, part) if part is not None else ():
            name = names.get(element.tag.rpartition("}")[2]) if isinstance(element.tag, str) else None
            if name is not None and (text := one_line(joined(element), LONGEST_PROPERTY)):
                found.setdefault(name, text)
    return found


def _children(package: Package, part: str) -> list[etree._Element]:
    """What stands in a part, as far as that is small and sound."""
    try:
        return list(parse_xml(package.part(part), part)) if package.size(part) <= LARGEST_PART else []
    except BrokenPackage:
        return []


def one_line(text: str, longest: int) -> str:
    """``text`` on one line, without control characters and marks that nobody sees, and cut off after ``longest``."""
    begins = text[: 40 * longest]  # a cell may be made to hold millions of characters
    seen = (each for each in begins if each.isspace() or unicodedata.category(each) not in ("Cc", "Cf", "Cs"))
    return " ".join("".join(seen).split())[:longest].rstrip()
