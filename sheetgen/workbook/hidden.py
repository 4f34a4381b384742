"""What a workbook hides: sheets, rows and columns that a person who opens it does not see.

Must not know what the cells mean, nor whether hiding is a fault.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Literal

from .archive import local, parse_xml
from .book import Book
from .package import Package, Place

if TYPE_CHECKING:
    from lxml import etree

MOST_SEARCHED = 8 * 2**20  # bytes of a sheet in which hidden rows and columns are looked for
LEAST_HEIGHT, LEAST_WIDTH = 1.0, 0.1  # points and characters: of what is smaller nobody sees a thing
# A size that may be next to nothing. Each begins with letters, which makes the search quick.
_SMALL = tuple(re.compile(name + rb"""\s*=\s*["'][\s+0.&-]""") for name in (b"ht", b"width"))


class HiddenLines:
    """The hidden rows and columns of sheets, looked for when they are first asked for."""

    def __init__(self, package: Package) -> None:
        self._package = package
        self._found: dict[str, tuple[set[int], list[tuple[int, int]]]] = {}

    def hiding(self, place: Place) -> Literal["row", "column"] | None:
        """What of the place is hidden."""
        if place.sheet not in self._found:
            self._found[place.sheet] = self._look(place.sheet)
        rows, columns = self._found[place.sheet]
        if place.row in rows:
            return "row"
        return "column" if any(first <= place.column <= last for first, last in columns) else None

    def _look(self, sheet: str) -> tuple[set[int], list[tuple[int, int]]]:
        entry = self._package.sheet(sheet)
        data = b"" if entry is None else self._package.part(entry.part)
        if entry is None or len(data) > MOST_SEARCHED:
            return set(), []
        if not _may_hide(data) and b"\0" not in data[:100]:  # as UTF-16 would have it
            return set(), []
        rows, columns = set(), []
        for element in parse_xml(data, entry.part).iter():
            try:
                if local(element) == "row" and _is_unseen(element, "ht", LEAST_HEIGHT):
                    rows.add(int(element.get("r") or 0))
                elif local(element) == "col" and _is_unseen(element, "width", LEAST_WIDTH):
                    columns.append((int(element.get("min") or 0), int(element.get("max") or 0)))
            except ValueError:  # nobody's row
                continue
        return rows, columns


def _may_hide(data: bytes) -> bool:
    if b"hidden" in data:
        return True
    found = (match.start() for size in _SMALL for match in size.finditer(data))
    return any(not data[at - 1 : at].isalpha() for at in found)  # the end of ``right`` is no ``ht``


def _is_unseen(line: etree._Element, size: str, least: float) -> bool:
    if line.get("hidden") in ("1", "true"):
        return True
    try:
        return float(line.get(size) or least) < least
    except ValueError:  # nobody's size
        return False


def out_of_sight(book: Book, places: Iterable[Place]) -> tuple[str, ...]:
    """In sentences, how many of these cells are hidden, and where: the answers of a submission should not be."""
    if not isinstance(book, Package):
        return ()
    hidden = {entry.name for entry in book.sheets if entry.hidden}
    lines = HiddenLines(book)
    found: dict[str, int] = {}
    for place in places:
        line = None if place.sheet in hidden else lines.hiding(place)
        if place.sheet in hidden or line is not None:
            where = f"on the hidden sheet {place.sheet}" if line is None else f"in hidden {line}s of {place.sheet}"
            found[where] = found.get(where, 0) + 1
    return tuple(
        f"{number} answer{'s' if number > 1 else ''} {'stand' if number > 1 else 'stands'} {where}; "
        "what a person sees of the workbook may be other numbers."
        for where, number in found.items()
    )
