"""What differs between a workbook and its filled copy, beyond the cells that were filled: part by part, node by node.

Written without anything of sheetgen, so that it does not overlook what that overlooks.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Collection, Iterator

from lxml import etree


def lost(
    old: bytes,
    new: bytes,
    filled: Collection[str],
    refreshed: Collection[str] = (),
    sheet: str = "xl/worksheets/sheet1.xml",
) -> list[str]:
    """Each thing that is other than it was, as a sentence; ``filled`` and ``refreshed`` are cells of ``sheet``."""
    with zipfile.ZipFile(io.BytesIO(old)) as before, zipfile.ZipFile(io.BytesIO(new)) as after:
        chain = {name for name in before.namelist() if name.endswith("calcChain.xml")}
        kept = [name for name in before.namelist() if name not in chain]
        found = [] if [n for n in after.namelist() if n not in chain] == kept else ["the parts are others, or moved"]
        chained = bool(chain) and not chain & set(after.namelist())
        for name in sorted(set(kept) & set(after.namelist())):
            one, other = before.read(name), after.read(name)
            if one == other:
                continue
            if name == sheet:
                found += [f"{name}: {what}" for what in sheet_differences(one, other, filled, refreshed)]
            elif name == "xl/workbook.xml":
                found += [f"{name}: {what}" for what in _differences(one, other, "calcPr")]
            elif chained and (name == "[Content_Types].xml" or name.endswith("workbook.xml.rels")):
                found += [f"{name}: {what}" for what in _chain_differences(one, other)]
            else:
                found.append(f"{name} is another")
        return found


def sheet_differences(old: bytes, new: bytes, filled: Collection[str], refreshed: Collection[str] = ()) -> list[str]:
    return [*_prologs(old, new), *_Sheets(filled, refreshed).compare(etree.fromstring(old), etree.fromstring(new))]


def _differences(old: bytes, new: bytes, but: str) -> list[str]:
    """Of parts in which only the attributes of ``but`` may change, or it may come."""
    before, after = etree.fromstring(old), etree.fromstring(new)
    for root in (before, after):
        for element in root:
            if _local(element) == but:
                assert len(element) == 0
                element.getparent().remove(element)  # type: ignore[union-attr]
    return [*_prologs(old, new), *nodes(before, after)]


def _chain_differences(old: bytes, new: bytes) -> list[str]:
    before = etree.fromstring(old)
    for element in list(before):
        if "calcChain" in str(sorted(element.attrib.values())):
            before.remove(element)
    return [*_prologs(old, new), *nodes(before, etree.fromstring(new))]


def _prologs(old: bytes, new: bytes) -> list[str]:
    """What stands before the root and behind it, byte for byte."""
    start, zero = re.compile(rb"<\x00?[A-Za-z]"), re.compile(rb">[^>]*\Z")
    heads = [part[: found.start()] if (found := start.search(part)) else b"" for part in (old, new)]
    tails = [found[0] if (found := zero.search(part)) else b"" for part in (old, new)]
    return ["the declaration is another"] * (heads[0] != heads[1]) + ["the end is another"] * (tails[0] != tails[1])


def nodes(old: etree._Element, new: etree._Element, path: str = "") -> Iterator[str]:
    """Where two trees differ: tags, attributes and their order, declared namespaces, texts, comments."""
    here = f"{path}/{_local(old)}"
    yield from shallow(old, new, here)
    if len(old) != len(new):
        yield f"{here} holds {len(new)} nodes, not {len(old)}"
    for one, other in zip(old, new, strict=False):
        yield from nodes(one, other, here)


def shallow(old: etree._Element, new: etree._Element, here: str, may: Collection[str] = ()) -> Iterator[str]:
    """The same of two nodes without their children; the attributes ``may`` differ."""
    if old.tag != new.tag:
        yield f"{here} is now {_local(new)}"
    if isinstance(old.tag, str) and old.prefix != new.prefix:
        yield f"{here} has the prefix {new.prefix}"
    before, after = ([pair for pair in _items(node) if pair[0] not in may] for node in (old, new))
    if before != after:
        yield f"{here} has the attributes {after}, not {before}"
    if isinstance(old.tag, str) and list(old.nsmap.items()) != list(new.nsmap.items()):
        yield f"{here} declares other namespaces"
    if (old.text or "") != (new.text or ""):
        yield f"{here} says {new.text!r}, not {old.text!r}"
    if (old.tail or "") != (new.tail or ""):
        yield f"behind {here} stands {new.tail!r}, not {old.tail!r}"


class _Sheets:
    """Two sheets, the second filled: rows and cells are held side by side by their numbers."""

    def __init__(self, filled: Collection[str], refreshed: Collection[str]) -> None:
        self.filled, self.refreshed = filled, refreshed

    def compare(self, old: etree._Element, new: etree._Element) -> Iterator[str]:
        yield from shallow(old, new, "/worksheet")
        if len(old) != len(new):
            yield f"the sheet holds {len(new)} nodes, not {len(old)}"
        for one, other in zip(old, new, strict=False):
            if _local(one) == "sheetData":
                yield from self._rows(one, other)
            elif _local(one) == "dimension":
                yield from shallow(one, other, "/dimension", ("ref",))
            else:
                yield from nodes(one, other)

    def _rows(self, old: etree._Element, new: etree._Element) -> Iterator[str]:
        before, after = dict(_numbered_rows(old)), dict(_numbered_rows(new))
        yield from shallow(old, new, "/sheetData")
        if list(before) != [row for row in after if row in before]:
            yield "rows are missing or moved"
        for number in after.keys() - before.keys():
            others = [at for at, _ in _numbered_cells(after[number], number) if at not in self.filled]
            if others or set(after[number].attrib) - {"r", "hidden"}:
                yield f"row {number} is new, and holds {others or after[number].attrib}"
        for number in before.keys() & after.keys():
            one, other = before[number], after[number]
            yield from shallow(one, other, f"/row {number}", ("spans",))
            yield from self._cells(dict(_numbered_cells(one, number)), dict(_numbered_cells(other, number)))
            yield from (
                line
                for pair in zip(*([e for e in row if _local(e) != "c"] for row in (one, other)), strict=True)
                for line in nodes(pair[0], pair[1], f"/row {number}")
            )

    def _cells(self, before: dict[str, etree._Element], after: dict[str, etree._Element]) -> Iterator[str]:
        if list(before) != [at for at in after if at in before]:
            yield f"cells are missing or moved: {list(before)} became {list(after)}"
        for at, cell in after.items():
            if at in before:
                yield from self._cell(at, before[at], cell)
            elif at not in self.filled:
                yield f"{at} is new"

    def _cell(self, at: str, old: etree._Element, new: etree._Element) -> Iterator[str]:
        if at not in self.filled and at not in self.refreshed:
            yield from nodes(old, new)
            return
        if old.get("s") != new.get("s") or (old.tail or "") != (new.tail or ""):
            yield f"{at} has the style {new.get('s')}, not {old.get('s')}"
        if at in self.refreshed:
            formulas = [next((child for child in cell if _local(child) == "f"), None) for cell in (old, new)]
            if formulas[0] is not None and formulas[1] is not None:
                yield from nodes(formulas[0], formulas[1], at)
            elif formulas != [None, None]:
                yield f"{at} has lost its formula, or got one"
        kept = [[child for child in cell if _local(child) not in ("f", "v", "is")] for cell in (old, new)]
        if len(kept[0]) != len(kept[1]):
            yield f"{at} has lost what stood beside its value"
        for pair in zip(*kept, strict=False):
            yield from nodes(pair[0], pair[1], at)


def _numbered_rows(data: etree._Element) -> Iterator[tuple[int, etree._Element]]:
    number = 0
    for row in data:
        if _local(row) == "row":
            number = int(row.get("r") or number + 1)
            yield number, row


def _numbered_cells(row: etree._Element, number: int) -> Iterator[tuple[str, etree._Element]]:
    column = 0
    for cell in row:
        if _local(cell) == "c":
            at = cell.get("r")
            column = _column(at) if at else column + 1
            yield at or f"{_letters(column)}{number}", cell


def _column(at: str) -> int:
    number = 0
    for letter in at.rstrip("0123456789"):
        number = number * 26 + ord(letter) - 64
    return number


def _letters(column: int) -> str:
    return (chr(64 + (column - 1) // 26) if column > 26 else "") + chr(65 + (column - 1) % 26)


def _items(node: etree._Element) -> list[tuple[str, str]]:
    return [(str(name), str(value)) for name, value in node.attrib.items()] if isinstance(node.tag, str) else []


def _local(node: etree._Element) -> str:
    return str(node.tag).rpartition("}")[2] if isinstance(node.tag, str) else "a comment"
