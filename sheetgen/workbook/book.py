"""What a workbook is to those who look for answers in it, whatever kind of file it came from.

``Package`` (an .xlsx) has all of this and more; ``Plain`` (a .csv or an .ods) has values only. Which of them reads a
file is settled by its content, never by its name. Must not know: what the cells mean, or any path on a disk.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from .archive import PLAIN_TEXT, UNKNOWN, BrokenPackage, what_instead
from .formats import Shown
from .package import Area, Cell, Package, Place, SheetEntry
from .plain import Plain, decode, is_ods, read_csv, read_ods


class Book(Protocol):
    """Sheets with cells, and the cells that names denote."""

    @property
    def sheets(self) -> tuple[SheetEntry, ...]: ...
    @property
    def date1904(self) -> bool: ...
    def sheet(self, name: str) -> SheetEntry | None: ...
    def place(self, name: str, sheet: str | None = None) -> Place | None: ...
    def definition(self, name: str, sheet: str) -> str | None: ...
    def cells(self, sheet: str) -> Mapping[tuple[int, int], Cell]: ...
    def areas(self, sheet: str) -> tuple[Area, ...]: ...
    def merged(self, sheet: str) -> tuple[Area, ...]: ...
    def shown(self, cell: Cell) -> Shown: ...


def open_book(data: bytes) -> Package | Plain:
    """The workbook in ``data``. Only for a worker: an .ods can be made to end the process. Raises BrokenPackage."""
    if data.startswith(b"PK"):
        return read_ods(data) if is_ods(data) else Package.read(data)
    instead = what_instead(data)
    text = decode(data) if instead in (PLAIN_TEXT, UNKNOWN) else None
    if text is None:
        raise BrokenPackage(UNKNOWN if instead == PLAIN_TEXT else instead)
    return read_csv(text)
