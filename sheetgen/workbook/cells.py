"""Cells written into the XML of one sheet, and every other byte of it left as it was.

Must not know: which cells should be written and whether that is allowed (obstacles.py), nor other parts.
"""

from __future__ import annotations

import math
import re
from bisect import bisect_left
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from .engine import CellError
from .markup import Element, Markup, escaped
from .package import BrokenPackage, address, parse_address, parse_area

Value = int | float | str | bool | CellError | None


@dataclass(frozen=True, slots=True)
class Write:
    """What a cell gets: a value, or a formula and its value, or a new value for the formula that is there and stays."""

    value: Value
    formula: str | None = None
    refreshes: bool = False


@dataclass(frozen=True, slots=True)
class Restyle:
    """A cell that keeps what it holds: the style that it gets for the one that it has."""

    style: Callable[[int], int]


Edit = Write | Restyle


def write_cells(data: bytes, part: str, sheet: str, writes: Mapping[tuple[int, int], Edit]) -> bytes:
    """The part with these cells, (row, column), written. Raises BrokenPackage, which names the ``sheet``."""
    return _Sheet(data, part, sheet, writes).written()


class _Sheet:
    def __init__(self, data: bytes, part: str, name: str, writes: Mapping[tuple[int, int], Edit]) -> None:
        self._name = name
        self._writes: dict[int, dict[int, Edit]] = {}
        for (row, column), write in sorted(writes.items()):
            self._writes.setdefault(row, {})[column] = write
        self._row = 0
        self._numbers: list[int] = []  # of the rows that are kept
        self._ahead = list(self._writes)
        self._before: dict[int, int] = {}  # a row that may be missing -> where in _numbers the row behind it is
        self._columns: list[tuple[int, int, str | None]] = []
        self._markup = Markup(data, part, self._keep)
        root = self._markup.root
        sheets = [child for child in root.children if child.name == "sheetData"]
        if len(sheets) != 1:
            raise BrokenPackage(f"the sheet {name!r} has no cells (sheetData is missing)")
        self._data = sheets[0]
        self._dimension = root.child("dimension")
        form = root.child("sheetFormatPr")
        self._hides_rows = form is not None and form.attributes.get("zeroHeight") in ("1", "true")

    def _keep(self, parent: Element, name: str, attributes: Mapping[str, str]) -> bool:
        match parent.name:
            case "worksheet":
                return name in ("dimension", "sheetFormatPr", "cols", "sheetData")
            case "cols" if name == "col":
                first, last = _whole(attributes.get("min")), _whole(attributes.get("max"))
                self._columns.append((first, last, attributes.get("style")))
            case "sheetData":
                return self._keep_row(name, attributes)
            case "row":
                return self._row in self._writes
            case "c":
                return True
        return False

    def _keep_row(self, name: str, attributes: Mapping[str, str]) -> bool:
        if name != "row":
            raise self._foreign()
        self._row = int(attributes.get("r") or self._row + 1)
        passed = bisect_left(self._ahead, self._row)
        if not passed and self._row not in self._writes:
            return False
        self._before.update(dict.fromkeys(self._ahead[:passed], len(self._numbers)))
        del self._ahead[:passed]
        self._numbers.append(self._row)
        return True

    def _foreign(self) -> BrokenPackage:
        return BrokenPackage(
            f"the sheet {self._name!r} cannot be filled: some of its cells are there for certain programs only "
            f"(mc:AlternateContent among the rows); open it in Excel and save it, which settles them"
        )

    def written(self) -> bytes:
        there = dict(zip(self._numbers, self._data.children, strict=True))
        first = b""  # the rows of a sheet that has none
        for row, writes in self._writes.items():
            if row in there:
                self._write_row(there[row], row, writes)
                continue
            new = self._new_row(row, writes)
            if self._markup.is_empty_tag(self._data):
                first += new
            elif row in self._before:
                self._markup.insert(self._data.children[self._before[row]].start, new)
            else:
                self._markup.insert(self._data.closing, new)
        if first:
            self._markup.replace(self._data.start, self._data.end, self._markup.rewritten(self._data, {}, first))
        self._grow_dimension()
        return self._markup.done()

    # -- rows

    def _new_row(self, row: int, writes: Mapping[int, Edit]) -> bytes:
        prefix = self._markup.prefix(self._data)
        cells = b"".join(self._new_cell(prefix, None, row, column, write) for column, write in writes.items())
        hidden = b' hidden="1"' if self._hides_rows else b""  # where all rows without an element are
        return b'<%brow r="%d"%b>%b</%brow>' % (prefix, row, hidden, cells, prefix)

    def _write_row(self, line: Element, row: int, writes: Mapping[int, Edit]) -> None:
        cells, tail = self._cells_of(line)
        prefix = self._markup.prefix(line)
        first = b""
        for column, write in writes.items():
            if column in cells:
                self._markup.replace(cells[column].start, cells[column].end, self._rewritten(cells[column], write))
                continue
            new = self._new_cell(prefix, line, row, column, write)
            if self._markup.is_empty_tag(line):
                first += new
            else:
                # never before a cell without r, which follows its neighbour directly: no column is between them
                behind = next((cell.start for number, cell in cells.items() if number > column), tail)
                self._markup.insert(behind, new)
        spans = _grown(line.attributes.get("spans"), writes)
        if first:
            self._markup.replace(line.start, line.end, self._markup.rewritten(line, spans, first))
        elif spans:
            self._markup.change(line, spans)

    def _cells_of(self, line: Element) -> tuple[dict[int, Element], int]:
        """The cells by column, and where the last one ends."""
        cells: dict[int, Element] = {}
        number, tail = 0, line.closing
        for child in line.children:
            if child.name == "extLst":
                tail = min(tail, child.start)
            elif child.name == "c":
                reference = child.attributes.get("r")
                number = parse_address(reference)[1] if reference else number + 1
                cells[number] = child
            else:
                raise self._foreign()
        return cells, tail

    # -- cells

    def _new_cell(self, prefix: bytes, line: Element | None, row: int, column: int, write: Edit) -> bytes:
        kind, content = (None, b"") if isinstance(write, Restyle) else _content(prefix, write)
        style = self._style(line, column)
        if isinstance(write, Restyle):
            style = str(write.style(_whole(style)))
        attributes = [f'r="{address(row, column)}"', f's="{style}"' if style else "", f't="{kind}"' if kind else ""]
        opened = " ".join(text for text in attributes if text).encode()
        return b"<%bc %b>%b</%bc>" % (prefix, opened, content, prefix)

    def _rewritten(self, cell: Element, write: Edit) -> bytes:
        markup = self._markup
        if isinstance(write, Restyle):
            old_style = _whole(cell.attributes.get("s"))
            style = write.style(old_style)
            return markup.whole(cell) if style == old_style else markup.altered(cell, {"s": str(style)})
        kind, content = _content(markup.prefix(cell), write)
        old = [child for child in cell.children if child.name in ("f", "v", "is")]
        if write.refreshes:
            content = b"".join(markup.whole(child) for child in old if child.name == "f") + content
        # vm describes the value and cm the formula that were there
        changes = {"t": kind, "vm": None} if write.refreshes else {"t": kind, "vm": None, "cm": None}
        ends = [cell.inner, *(child.end for child in old)]
        starts = [*(child.start for child in old), cell.closing]
        between = [markup.text[end:start] for end, start in zip(ends, starts, strict=True)]
        between.insert(1 if old else 0, content)
        return markup.rewritten(cell, changes, b"".join(between))

    def _style(self, line: Element | None, column: int) -> str | None:
        if line is not None and line.attributes.get("s") and line.attributes.get("customFormat") in ("1", "true"):
            return line.attributes["s"]
        return next((style for first, last, style in self._columns if first <= column <= last), None)

    def _grow_dimension(self) -> None:
        reference = "" if self._dimension is None else self._dimension.attributes.get("ref") or ""
        try:
            area = parse_area(reference)
        except ValueError:
            return
        assert self._dimension is not None
        written = [(row, column) for row, writes in self._writes.items() for column in writes]
        if all(at in area for at in written):
            return
        rows, columns = {row for row, _ in written}, {column for _, column in written}
        first = address(min(area.top, *rows), min(area.left, *columns))
        last = address(max(area.bottom, *rows), max(area.right, *columns))
        self._markup.change(self._dimension, {"ref": f"{first}:{last}"})


def _grown(spans: str | None, columns: Iterable[int]) -> dict[str, str | None]:
    """The row's ``spans`` (a hint where its cells are) where they have to change."""
    ends = [int(end) for end in re.findall(r"[0-9]{1,5}", spans or "")]
    if not ends or all(min(ends) <= column <= max(ends) for column in columns):
        return {}
    return {"spans": f"{min(*ends, *columns)}:{max(*ends, *columns)}"}


def _whole(text: str | None) -> int:
    return int(text) if text is not None and text.isascii() and text.isdigit() and len(text) < 9 else 0


# -- values ------------------------------------------------------------------------------------------------------------


def _content(prefix: bytes, write: Write) -> tuple[str | None, bytes]:
    """The cell's ``t``, and its new <f>, if it gets one, and <v> or <is>."""
    kind, text = _stored(write.value)
    content = b"" if write.formula is None else b"<%bf>%b</%bf>" % (prefix, escaped(write.formula), prefix)
    if text is None:
        return kind, content
    space = b' xml:space="preserve"' if text != text.strip() else b""
    if kind == "str" and write.formula is None and not write.refreshes:  # a shared string would change one more part
        inline = b"<%bis><%bt%b>%b</%bt></%bis>" % (prefix, prefix, space, escaped(text), prefix, prefix)
        return "inlineStr", content + inline
    return kind, content + b"<%bv%b>%b</%bv>" % (prefix, space, escaped(text), prefix)


def _stored(value: Value) -> tuple[str | None, str | None]:
    """A value as ``t`` and the text of <v>."""
    match value:
        case None:
            return None, None
        case CellError():
            return "e", value.text
        case bool():
            return "b", str(int(value))
        case str():
            return "str", disarmed(value)
        case float() if not math.isfinite(value):
            return "e", "#NUM!"
        case float() if not value.is_integer():
            return None, repr(value)
    return None, str(int(value))


def disarmed(text: str) -> str:
    """Characters that XML cannot hold, as Excel writes them: _x0001_; and what only looks like that, disarmed."""
    text = re.sub(r"_(?=x[0-9A-Fa-f]{4}_)", "_x005F_", text)
    return re.sub("[\x00-\x08\x0b-\x1f\ud800-\udfff\ufffe\uffff]", lambda m: f"_x{ord(m[0]):04X}_", text)
