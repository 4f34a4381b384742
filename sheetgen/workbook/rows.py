"""The rows and cells of a sheet's XML as they are written there: nothing is looked up, and nothing judged.

Nearly every sheet is written plainly, cell behind cell without comments or prefixes. Such a one is read by one pattern,
in half of the time that Python needs to walk through a tree of elements; any other is walked through. lxml parses both,
so that what is no XML is refused alike. Must not know: what a cell's kind, style or formula mean.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple, cast

from lxml import etree

from .alternatives import shown_children
from .archive import NAMESPACES, is_plain, local, parse_xml, rows

PLAIN_UP_TO = 2**20  # bytes of a sheet that are held as a whole
LONGEST_KNOWN = 4096  # characters of a row that is remembered


_ROW, _CELL, _VALUE, _FORMULA, _INLINE = (
    frozenset(f"{{{namespace}}}{name}" for namespace in NAMESPACES) for name in ("row", "c", "v", "f", "is")
)  # their tags: looked at a million times, they are not taken apart


class Formula(NamedTuple):
    """<f>: what is written in it, and its attributes."""

    text: str
    attributes: Mapping[str, str]


class RawCell(NamedTuple):
    """The texts of one <c>: its attributes r, s and t, and what is in it; None where there is none."""

    reference: str | None
    style: str | None
    kind: str | None
    formula: Formula | None
    value: str | None
    inline: etree._Element | str | None  # <is>, or its only text


@dataclass(slots=True)
class Row:
    """The number of a row as it is written, if it is, and its cells.

    ``settled`` is for who reads it: a row that many sheets have is handed out again with what was put there.
    """

    number: str | None
    cells: Iterable[RawCell]
    settled: Any = None


def read_rows(data: bytes, part: str) -> Iterable[Row]:
    """Raises BrokenPackage."""
    return _plainly(data, part) or _walked(data, part)


# -- any sheet ---------------------------------------------------------------------------------------------------------


def _walked(data: bytes, part: str) -> Iterator[Row]:
    readable = data.removeprefix(b"\xef\xbb\xbf").lstrip()[:2].strip(b"<?!abcdefghijklmnopqrstuvwxyz") == b""
    alternatives = b"AlternateContent" in data or not readable  # UTF-16 has a zero behind each letter
    for row in rows(data, part):
        yield Row(row.get("r"), map(_cell, _cells(row, alternatives=alternatives)))


def _cells(row: etree._Element, *, alternatives: bool) -> Iterator[etree._Element]:
    return (child for child in (shown_children(row) if alternatives else row) if child.tag in _CELL)


def _cell(element: etree._Element) -> RawCell:
    formula: Formula | None = None
    value: str | None = None
    inline: etree._Element | None = None
    for child in element:
        tag = child.tag
        if tag in _VALUE:
            value = child.text
        elif tag in _FORMULA:
            formula = Formula(child.text or "", cast("Mapping[str, str]", child.attrib))
        elif tag in _INLINE:
            inline = child
    return RawCell(element.get("r"), element.get("s"), element.get("t"), formula, value, inline)


# -- a plain one -------------------------------------------------------------------------------------------------------

_ATTRIBUTES = r'(?: [A-Za-z0-9:]+="[^"<&\t\n]*")*'
_TOKEN = re.compile(
    r'<c r="(?P<r>[A-Z]{1,3}[1-9][0-9]{0,6})"(?: s="(?P<s>[0-9]{1,8})")?(?: t="(?P<t>[A-Za-z]+)")?'
    rf"(?:/>|>(?:<f(?P<fs>{_ATTRIBUTES})(?:/>|>(?P<f>[^<]*)</f>))?"
    r'(?:<v(?: xml:space="preserve")?>(?P<v>[^<]*)</v>|<v ?/>'
    r'|<is><t(?: xml:space="preserve")?>(?P<is>[^<]*)</t></is>)?</c>)'
    rf'|<row r="(?P<number>[0-9]+)"{_ATTRIBUTES}(?P<empty>/?)>'
)
_ATTRIBUTE = re.compile(r'([A-Za-z0-9:]+)="([^"]*)"')
_OPEN, _CLOSE, _ROW_END = b"<sheetData>", b"</sheetData>", "</row>"
_ENTITY = re.compile(r"&(?:#([0-9]+)|#x([0-9A-Fa-f]+)|(amp|lt|gt|quot|apos));")
_NAMED = {"amp": "&", "lt": "<", "gt": ">", "quot": '"', "apos": "'"}


def _plainly(data: bytes, part: str) -> list[Row] | None:
    """The same, of a sheet that is written plainly; None for any other."""
    begin, end = data.find(_OPEN) + len(_OPEN), data.find(_CLOSE)
    plain = (
        len(data) <= PLAIN_UP_TO
        and len(_OPEN) <= begin <= end
        and is_plain(data, b"worksheet")
        and b"\r" not in data[begin:end]
        and data.count(b"sheetData") == 2
    )
    if not plain or local(parse_xml(data, part)) != "worksheet":
        return None
    *pieces, rest = data[begin:end].decode().split(_ROW_END)  # lxml has read it
    found: list[Row] = []
    for piece in pieces:
        rows = _known_piece(piece) if len(piece) <= LONGEST_KNOWN else _piece(piece)
        if rows is None:
            return None
        found += rows
    last = _piece(rest)
    return None if last is None else [*found, *last]


def _piece(text: str) -> tuple[Row, ...] | None:
    """The rows that stand before the end of one, the others empty; None where there is anything else."""
    found: list[Row] = []
    cells: list[RawCell] | None = None
    at = 0
    while at < len(text):
        token = _TOKEN.match(text, at)
        if token is None:
            return None
        at = token.end()
        reference, style, kind, attributes, formula, value, inline, number, empty = token.groups()
        if number is None:
            if cells is None:
                return None
            held = None if attributes is None else Formula(_text(formula or ""), dict(_ATTRIBUTE.findall(attributes)))
            cells.append(RawCell(reference, style, kind, held, value and _text(value), inline and _text(inline)))
        elif cells is not None:
            return None
        elif empty:
            found.append(Row(number, ()))
        else:
            cells = []
            found.append(Row(number, cells))
    return tuple(found)


# Rows of a class's workbooks are mostly those of the one that was handed out
_known_piece = lru_cache(maxsize=512)(_piece)


def _text(written: str) -> str:
    return _decoded(written) if "&" in written else written


@lru_cache(maxsize=1024)
def _decoded(written: str) -> str:
    def character(entity: re.Match[str]) -> str:
        decimal, hexadecimal, name = entity.groups()
        return _NAMED[name] if name else chr(int(decimal) if decimal else int(hexadecimal, 16))

    return _ENTITY.sub(character, written)
