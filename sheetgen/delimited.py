"""Files of delimited text (.csv): read with the way in which they are written, and written in the same way.

Learning platforms, Excel and people write them differently: with a mark of the encoding or without, with commas or
semicolons, quoting all or little. What is not changed comes back byte for byte, because each cell is kept as it was
written. What the cells mean this room must not know.
"""

from __future__ import annotations

import codecs
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice

from .errors import UsageError

DELIMITERS = (",", ";", "\t")
SAMPLED = 200  # rows in which the delimiter is looked for
_MARKS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))


@dataclass(frozen=True, slots=True)
class Dialect:
    """How a file is written: its encoding, the mark that it begins with, what ends a cell and a row, what is quoted."""

    encoding: str = "utf-8"
    mark: bytes = b""
    delimiter: str = ","
    line_end: str = "\r\n"
    quote_all: bool = False

    def quoted(self, text: str) -> str:
        """``text`` as a cell of such a file."""
        special = any(each in text for each in f'{self.delimiter}"\r\n')
        if self.quote_all or special or text != text.strip():
            return '"' + text.replace('"', '""') + '"'
        return text


EXCEL = Dialect(mark=codecs.BOM_UTF8)  # what Excel opens with a double click and without asking


@dataclass(frozen=True, slots=True)
class Delimited:
    """The rows of a file as they are written, quotes and all; ``ends`` is what ends each, maybe not the last."""

    dialect: Dialect
    written: tuple[tuple[str, ...], ...]
    ends: tuple[str, ...]

    @property
    def rows(self) -> tuple[tuple[str, ...], ...]:
        """What the cells say."""
        return tuple(tuple(map(_unquoted, row)) for row in self.written)

    def edited(
        self,
        changes: Mapping[tuple[int, int], str],
        rows: Iterable[int] | None = None,
        columns: Sequence[int] | None = None,
    ) -> bytes:
        """The file with ``changes``, by row and column; of all its rows and columns, or of these, in this order.

        A row that is too short for a change is made longer.
        """
        say, found = self.dialect, []
        by_row: dict[int, dict[int, str]] = {}
        for (row, column), text in changes.items():
            by_row.setdefault(row, {})[column] = text
        chosen = list(range(len(self.written)) if rows is None else rows)
        for number, row in enumerate(chosen):
            cells, here = list(self.written[row]), by_row.get(row, {})
            cells += [say.quoted("")] * (max((*here, *(columns or ()), -1)) + 1 - len(cells))
            for column, text in here.items():
                cells[column] = say.quoted(text)
            if columns is not None:
                cells = [cells[column] for column in columns]
            last = number == len(chosen) - 1
            found.append(say.delimiter.join(cells) + (self.ends[row] or ("" if last else say.line_end)))
        return say.mark + "".join(found).encode(say.encoding)


def write(rows: Iterable[Sequence[str]], dialect: Dialect) -> bytes:
    """New rows. One of a single empty cell is quoted, since an empty line is no row to most readers."""
    lines = (
        dialect.delimiter.join(map(dialect.quoted, row)) if tuple(row) != ("",) else '""' for row in rows
    )  # fmt: skip
    return dialect.mark + "".join(f"{line}{dialect.line_end}" for line in lines).encode(dialect.encoding)


def read(data: bytes, what: str) -> Delimited:
    """The rows of ``data``; raises UsageError where it is no such file. ``what`` is what messages call it."""
    if data.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
        raise UsageError(f"the {what} is a workbook, not delimited text; save it as .csv, or download it as that")
    mark, encoding, text = _decoded(data, what)
    if "\0" in text:
        raise UsageError(f"the {what} is no text; download it again as .csv")
    delimiter = _delimiter(text)
    written: list[tuple[str, ...]] = []
    ends = []
    for cells, end in _rows(text, delimiter):
        if cells and _left_open(cells[-1]):
            line = text.count("\n", 0, len(text) - len(cells[-1])) + 1
            raise UsageError(f"the {what}: a quote that opens in line {line} is never closed; download it again")
        written.append(cells)
        ends.append(end)
    if not written:
        raise UsageError(f"the {what} is empty; download it again")
    usual = Counter(end for end in ends if end).most_common(1)
    filled = [cell for cells in written for cell in cells]
    return Delimited(
        Dialect(
            encoding,
            mark,
            delimiter,
            usual[0][0] if usual else "\r\n",
            all(cell.startswith('"') for cell in filled),
        ),
        tuple(written),
        tuple(ends),
    )


def _decoded(data: bytes, what: str) -> tuple[bytes, str, str]:
    marked = [each for each in _MARKS if data.startswith(each[0])]
    for mark, encoding in marked or ((b"", "utf-8"), (b"", "cp1252")):  # the latter is what Excel saves, if not asked
        try:
            return mark, encoding, data[len(mark) :].decode(encoding)
        except UnicodeDecodeError:
            continue
    raise UsageError(f"the {what} is text in an encoding that is not known; save it as .csv in UTF-8")


def _delimiter(text: str) -> str:
    """The one that cuts the rows most alike; of two that do, the one that makes more cells."""

    def regular(delimiter: str) -> tuple[int, int]:
        widths = [len(cells) for cells, _ in islice(_rows(text, delimiter), SAMPLED)]
        if not widths or widths[0] < 2:
            return 0, 0
        return sum(width == widths[0] for width in widths), widths[0]

    return max(DELIMITERS, key=regular)


@lru_cache
def _cell(delimiter: str) -> re.Pattern[str]:
    other = rf"[^{re.escape(delimiter)}\r\n]*"
    return re.compile(rf'((?:"[^"]*+(?:""[^"]*+)*+(?:"{other}|\Z))|{other})({re.escape(delimiter)}|\r\n|\r|\n|\Z)')


def _rows(text: str, delimiter: str) -> Iterator[tuple[tuple[str, ...], str]]:
    """Each row's cells as they are written, and what ends the row."""
    match, at = _cell(delimiter).match, 0
    cells: list[str] = []
    while at < len(text) or cells:
        found = match(text, at)
        assert found is not None
        cells.append(found[1])
        at = found.end()
        if found[2] != delimiter:
            yield tuple(cells), found[2]
            cells = []


def _left_open(written: str) -> bool:
    return re.match(r'"[^"]*+(?:""[^"]*+)*+\Z', written) is not None


def _unquoted(written: str) -> str:
    if not written.startswith('"'):
        return written
    inside = re.match(r'"([^"]*+(?:""[^"]*+)*+)"?', written)
    assert inside is not None
    return inside[1].replace('""', '"') + written[inside.end() :]
