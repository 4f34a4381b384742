"""The parts and cells of an .xlsx: bytes in, cells out; parts replaced, bytes out.

Hostile bytes are expected here: whatever is wrong with a file ends in ``BrokenPackage``, whose text is one sentence
for a user, without the path (the caller knows it). What is odd in a single cell is a value, not an error.

Must not know: what the cells mean (networks, answers, marks), how formulas are computed, or any path on a disk.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from lxml import etree

MAX_ENTRIES = 10_000
MAX_PART = 64 * 2**20  # bytes, decompressed
MAX_TOTAL = 256 * 2**20
MAX_CELLS = 2_000_000  # in one sheet; each costs some 300 bytes here
MAX_FORMULA = 8_192  # characters: Excel's own limit
MAX_SHARED = 16 * 2**20  # characters of all shared formulas of a sheet, written out: 8 kB by 64 kB would be a bomb
LAST_ROW, LAST_COLUMN = 1_048_576, 16_384

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
STRICT = "http://purl.oclc.org/ooxml/spreadsheetml/main"
NAMESPACES = (MAIN, STRICT)
_RELATIONSHIPS = (
    "http://schemas.openxmlformats.org/officeDocument/2006/relationships",
    "http://purl.oclc.org/ooxml/officeDocument/relationships",
)


class BrokenPackage(Exception):  # noqa: N818  (a state of the file; callers turn it into their error)
    """The bytes are not a workbook that can be used; ``str()`` is one sentence for a user, without the path."""


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """One cell of one sheet; row and column count from 1."""

    sheet: str
    row: int
    column: int

    def __str__(self) -> str:
        return f"{quote(self.sheet)}!{address(self.row, self.column)}"


@dataclass(frozen=True, slots=True)
class Cell:
    """What a cell holds. ``value`` is the literal, or the cached value where there is a ``formula`` (without "=")."""

    kind: Literal["blank", "number", "text", "boolean", "error"]
    value: int | float | str | bool | None = None
    formula: str | None = None


BLANK = Cell("blank")


@dataclass(frozen=True, slots=True)
class SheetEntry:
    name: str
    part: str
    hidden: bool


@dataclass(frozen=True, slots=True)
class Area:
    """The cells that one array formula or data table fills."""

    top: int
    left: int
    bottom: int
    right: int

    def __contains__(self, at: tuple[int, int]) -> bool:
        return self.top <= at[0] <= self.bottom and self.left <= at[1] <= self.right


# -- addresses ---------------------------------------------------------------------------------------------------------

_ADDRESS = re.compile(r"\$?([A-Za-z]{1,3})\$?([1-9][0-9]{0,6})")
_SHEET = r"(?:'((?:[^']|'')+)'|([^\W\d][\w.]*))!"
_ONE_CELL = re.compile(_SHEET + r"(\$[A-Za-z]{1,3}\$[1-9][0-9]{0,6})(?::(\$[A-Za-z]{1,3}\$[1-9][0-9]{0,6}))?")


def letters(column: int) -> str:
    """12 -> "L"."""
    text = ""
    while column:
        column, rest = divmod(column - 1, 26)
        text = chr(65 + rest) + text
    return text


def address(row: int, column: int) -> str:
    """(4, 12) -> "L4"."""
    return f"{letters(column)}{row}"


def parse_address(text: str) -> tuple[int, int]:
    """ "L4" or "$L$4" -> (4, 12). Raises ValueError for what is no cell of a sheet."""
    match = _ADDRESS.fullmatch(text)
    if match is None:
        raise ValueError(f"not a cell address: {text[:20]!r}")
    row, column = int(match[2]), _column(match[1])
    if row > LAST_ROW or column > LAST_COLUMN:
        raise ValueError(f"outside the sheet: {text!r}")
    return row, column


def parse_area(text: str) -> Area:
    """ "A1:B3" or "A1". Raises ValueError."""
    first, _, last = text.partition(":")
    (top, left), (bottom, right) = parse_address(first), parse_address(last or first)
    return Area(min(top, bottom), min(left, right), max(top, bottom), max(left, right))


def quote(sheet: str) -> str:
    """A sheet's name as formulas write it, always in quotes: no list of which names need them can then be wrong."""
    return "'" + sheet.replace("'", "''") + "'"


def _column(text: str) -> int:
    number = 0
    for letter in text.upper():
        number = number * 26 + ord(letter) - 64
    return number


# -- shared formulas ---------------------------------------------------------------------------------------------------

# In order: what may look like a reference but is none (text, quoted names, brackets), cells, rows, columns, numbers
# (1E5 holds "E5"), words (LOG10 is a function). Each alternative is linear: a hostile formula cannot make it backtrack.
_TOKEN = re.compile(
    r"""(?P<skip>"(?:[^"]|"")*"|'(?:[^']|'')*'|\[(?:[^\[\]]|\[[^\[\]]*\])*\])
    |(?P<cell>(?P<c1>\$?)(?P<c>[A-Za-z]{1,3})(?P<c2>\$?)(?P<r>[1-9][0-9]{0,6}))(?![\w.(!\[\\])
    |(?P<rows>\$?[0-9]+:\$?[0-9]+)(?![\w.])
    |(?P<columns>\$?[A-Za-z]{1,3}:\$?[A-Za-z]{1,3})(?![\w.(!\[\\$])
    |[0-9]+(?:\.[0-9]*)?(?:[eE][+-]?[0-9]+)?|[^\W\d][\w.\\]*""",
    re.VERBOSE,
)


def translate(formula: str, rows: int, columns: int) -> str:
    """The formula as it reads ``rows`` further down and ``columns`` further right: relative references move."""

    def row(text: str) -> str | None:
        number = int(text.lstrip("$")) + (0 if text.startswith("$") else rows)
        return f"{'$' * text.startswith('$')}{number}" if 1 <= number <= LAST_ROW else None

    def column(text: str) -> str | None:
        number = _column(text.lstrip("$")) + (0 if text.startswith("$") else columns)
        return f"{'$' * text.startswith('$')}{letters(number)}" if 1 <= number <= LAST_COLUMN else None

    def moved(match: re.Match[str]) -> str:
        if match["cell"]:
            new_column, new_row = column(match["c1"] + match["c"]), row(match["c2"] + match["r"])
            return f"{new_column}{new_row}" if new_column and new_row else "#REF!"
        both = match["rows"] or match["columns"]
        if not both:
            return match[0]
        ends = [(row if match["rows"] else column)(end) for end in both.split(":")]
        return f"{ends[0]}:{ends[1]}" if ends[0] and ends[1] else "#REF!"

    return _TOKEN.sub(moved, formula)


# -- the zip -----------------------------------------------------------------------------------------------------------

_OLE = bytes.fromhex("d0cf11e0a1b11ae1")


class _Archive:
    """The zip of a package: its entries by part name, read one at a time and never beyond the caps."""

    def __init__(self, data: bytes) -> None:
        if not data.startswith(b"PK"):
            raise BrokenPackage(_what_instead(data))
        # Counted before zipfile makes an object of each: a directory of a million entries would take seconds.
        # (The signature can also stand inside an embedded, stored package; the cap leaves room for it.)
        if data.count(b"PK\x01\x02") > MAX_ENTRIES:
            raise BrokenPackage(f"the file holds more than {MAX_ENTRIES:,} parts")
        try:
            self.zip = zipfile.ZipFile(io.BytesIO(data))
        except Exception as error:  # zipfile raises some ten kinds for damaged directories
            raise BrokenPackage("the file is cut short or damaged (its zip directory cannot be read)") from error
        self.entries: dict[str, zipfile.ZipInfo] = {}
        self._folded: dict[str, str] = {}
        self._spent = 0
        for info in self.zip.infolist():
            if info.filename.endswith("/"):
                continue
            name = info.filename.replace("\\", "/").lstrip("/")  # some .NET writers use backslashes; Excel reads them
            if name.casefold() in self._folded:
                raise BrokenPackage(f"the part {name} is in the file twice")
            if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
                raise BrokenPackage(f"the part {name} is compressed in a way that Excel does not use")
            self._folded[name.casefold()] = name
            self.entries[name] = info
        if sum(info.file_size for info in self.entries.values()) > MAX_TOTAL:
            raise BrokenPackage(f"the file unpacks to more than {MAX_TOTAL // 2**20} MiB")

    def find(self, name: str) -> str | None:
        """The entry's own spelling: part names are compared without case (ECMA-376 part 2, 6.2.2.3)."""
        return self._folded.get(name.casefold())

    def read(self, name: str) -> bytes:
        found = self.find(name)
        if found is None:
            raise BrokenPackage(f"the part {name} is declared but missing")
        info = self.entries[found]
        if info.flag_bits & 1:
            raise BrokenPackage("the file is protected by a password; save it without one")
        try:
            with self.zip.open(info) as stream:
                data = stream.read(MAX_PART + 1)
        except Exception as error:  # zlib, zipfile, struct, EOF: all say that these bytes cannot be unpacked
            raise BrokenPackage(f"the part {name} is damaged and cannot be unpacked") from error
        # The header's sizes may lie, so what really came out is what counts.
        if len(data) > MAX_PART:
            raise BrokenPackage(f"the part {name} unpacks to more than {MAX_PART // 2**20} MiB")
        self._spent += len(data)
        if self._spent > MAX_TOTAL:
            raise BrokenPackage(f"the file unpacks to more than {MAX_TOTAL // 2**20} MiB")
        return data


def _what_instead(data: bytes) -> str:
    head = data[:1024].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if not data:
        return "the file is empty"
    if data.startswith(_OLE):
        if "EncryptedPackage".encode("utf-16-le") in data:
            return "the workbook is protected by a password; save it without one"
        if any(name.encode("utf-16-le") in data for name in ("Workbook", "Book")):
            return "this is an old .xls workbook; open it in Excel and save it as .xlsx"
        return "this is an old Office file, not an .xlsx workbook"
    if head.startswith(b"%pdf"):
        return "this is a PDF, not an .xlsx workbook"
    if b"mso-application" in head or b"office:spreadsheet" in head:
        return "this is an XML spreadsheet of Excel 2003; open it in Excel and save it as .xlsx"
    if head.startswith((b"<!doctype html", b"<html", b"<table", b"<head", b"<meta")):
        return "this is an HTML page, not an .xlsx workbook; perhaps a download page was saved instead of the file"
    try:
        data[:4096].decode("utf-16" if data.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8", "strict")
    except UnicodeDecodeError as error:
        if error.end < min(len(data), 4096) - 3:  # not just a character cut at the end of the sample
            return "this is not an .xlsx workbook (nor any other kind of file known here)"
    if b"\0" in data[:4096] and not data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "this is not an .xlsx workbook (nor any other kind of file known here)"
    return "this is plain text (perhaps a CSV), not an .xlsx workbook; open it in Excel and save it as .xlsx"


def _which_zip(archive: _Archive) -> str:
    if archive.find("mimetype") and b"opendocument" in archive.read("mimetype"):
        return "this is an OpenDocument file (.ods); save it as .xlsx"
    if archive.find("Index/Document.iwa") or archive.find("Index.zip"):
        return "this is a Numbers document; export it as .xlsx"
    for part, what in (("word/document.xml", "a Word document"), ("ppt/presentation.xml", "a presentation")):
        if archive.find(part):
            return f"this is {what}, not an .xlsx workbook"
    inside = [name for name in archive.entries if name.lower().endswith((".xlsx", ".xlsm", ".xls", ".ods"))]
    if inside:
        return f"this is a zip archive that holds {inside[0]}; unpack it first"
    return "this is a zip archive without a workbook in it"


def replace_parts(data: bytes, new: Mapping[str, bytes | None]) -> bytes:
    """The package with these parts replaced, added (at the end) or, for None, removed; all else as it was.

    The other entries keep content, order, dates, attributes and way of compression, so equal input gives equal output.
    """
    archive = _Archive(data)
    wanted = {archive.find(name) or name: content for name, content in new.items()}
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as target:
        target.comment = archive.zip.comment
        for info in archive.zip.infolist():
            name = info.filename.replace("\\", "/").lstrip("/")
            content = wanted.pop(name) if name in wanted else b"" if info.is_dir() else archive.read(name)
            if content is None:
                continue
            copy = zipfile.ZipInfo(info.filename, info.date_time)
            copy.compress_type, copy.comment, copy.extra = info.compress_type, info.comment, info.extra
            copy.create_system, copy.external_attr = info.create_system, info.external_attr
            copy.internal_attr = info.internal_attr
            target.writestr(copy, content)
        for name, content in wanted.items():
            if content is not None:
                added = zipfile.ZipInfo(name)  # dated 1980, not now
                added.compress_type = zipfile.ZIP_DEFLATED
                target.writestr(added, content)
    return out.getvalue()


# -- XML ---------------------------------------------------------------------------------------------------------------


def parse_xml(data: bytes, part: str) -> etree._Element:
    """The root of a part, with all its comments and white space. No entities, no network, no DTD."""
    _refuse_dtd(data, part)
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        root = etree.fromstring(data, parser)
    except (etree.LxmlError, ValueError, LookupError) as error:
        raise _damaged(part, error) from error
    if root.getroottree().docinfo.doctype:  # in an encoding that the search of the bytes did not see through
        raise BrokenPackage(f"the part {part} has a DTD, which no workbook needs")
    return root


def _refuse_dtd(data: bytes, part: str) -> None:
    # Before parsing, since entities in attributes are expanded while parsing; UTF-16 has a zero in each ASCII letter.
    if b"<!DOCTYPE" in data or (b"\0" in data[:4] and b"<!DOCTYPE" in data.replace(b"\0", b"")):
        raise BrokenPackage(f"the part {part} has a DTD, which no workbook needs")


def _damaged(part: str, error: Exception) -> BrokenPackage:
    return BrokenPackage(f"the part {part} is damaged XML ({' '.join(str(error).split())[:120] or 'no content'})")


def _rows(data: bytes, part: str) -> Iterator[etree._Element]:
    """Each <row> of a sheet once it is whole; emptied afterwards, so that a large sheet never stands in memory."""
    _refuse_dtd(data, part)
    try:
        for _, row in etree.iterparse(
            io.BytesIO(data),
            events=("end",),
            tag=[f"{{{namespace}}}row" for namespace in NAMESPACES],
            resolve_entities=False,
            no_network=True,
            huge_tree=False,
            remove_comments=True,  # so that a comment inside <v> does not hide the digits behind it
            remove_pis=True,
        ):
            parent = row.getparent()
            if parent is not None and local(parent) == "sheetData":
                yield row
                row.clear()
    except (etree.LxmlError, ValueError, LookupError) as error:
        raise _damaged(part, error) from error


def local(element: etree._Element) -> str:
    """The tag without namespace; "" for comments and for elements of other vocabularies than SpreadsheetML."""
    tag = element.tag
    if not isinstance(tag, str):
        return ""
    namespace, _, name = tag.rpartition("}")
    return name if namespace[1:] in NAMESPACES else ""
