"""The zip and the XML of an .xlsx: parts out of hostile bytes, and parts put back.

Whatever is wrong with a file ends in ``BrokenPackage``, whose text is one sentence for a user, without the path (the
caller knows it). Must not know: sheets, cells, formulas, or any path on a disk.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator, Mapping
from functools import lru_cache

from lxml import etree

from .alternatives import home_of
from .guard import MAX_TOTAL, open_zip, part_name
from .guard import BrokenPackage as BrokenPackage

MAX_PART = 64 * 2**20  # bytes, decompressed
MAX_TAGS = 2_000_000  # of a part that is read as a whole: some 500,000 different texts

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
STRICT = "http://purl.oclc.org/ooxml/spreadsheetml/main"
NAMESPACES = (MAIN, STRICT)


# -- the zip -----------------------------------------------------------------------------------------------------------

_OLE = bytes.fromhex("d0cf11e0a1b11ae1")


class Archive:
    """The zip of a package: its entries by part name, read one at a time and never beyond the caps."""

    def __init__(self, data: bytes) -> None:
        if not data.startswith(b"PK"):
            raise BrokenPackage(what_instead(data))
        self.zip = open_zip(data)
        self.entries = {part_name(info): info for info in self.zip.infolist() if not info.is_dir()}
        self._folded = {name.casefold(): name for name in self.entries}
        self._spent = 0

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
        except MemoryError:
            raise
        except Exception as error:  # zlib, zipfile, struct, EOF: all say that these bytes cannot be unpacked
            raise BrokenPackage(f"the part {name} is damaged and cannot be unpacked") from error
        # The headers may lie, so what really came out is what counts.
        if len(data) > MAX_PART:
            raise BrokenPackage(f"the part {name} unpacks to more than {MAX_PART // 2**20} MiB")
        if len(data) != info.file_size:
            raise BrokenPackage(f"the part {name} is damaged: it unpacks to less than it says")
        self._spent += len(data)
        if self._spent > MAX_TOTAL:
            raise BrokenPackage(f"the file unpacks to more than {MAX_TOTAL // 2**20} MiB")
        return data


PLAIN_TEXT = "this is plain text (perhaps a CSV), not an .xlsx workbook; open it in Excel and save it as .xlsx"
UNKNOWN = "this is not an .xlsx workbook (nor any other kind of file known here)"


def what_instead(data: bytes) -> str:
    """What bytes that are no zip are."""
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
            return UNKNOWN
    if b"\0" in data[:4096] and not data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return UNKNOWN
    return PLAIN_TEXT


def what_zip(archive: Archive) -> str:
    if archive.find("mimetype") and b"opendocument" in archive.read("mimetype"):
        return "this is an OpenDocument file (.ods), not an .xlsx workbook; open it in its program and save it as .xlsx"
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
    archive = Archive(data)
    wanted = {archive.find(name) or name: content for name, content in new.items()}
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as target:
        target.comment = archive.zip.comment
        for info in archive.zip.infolist():
            name = part_name(info)
            content = wanted.pop(name) if name in wanted else b"" if info.is_dir() else archive.read(name)
            if content is None:
                continue
            copy = zipfile.ZipInfo(info.filename, info.date_time)
            copy.compress_type, copy.comment, copy.extra = info.compress_type, info.comment, _own_extra(info.extra)
            copy.create_system, copy.external_attr = info.create_system, info.external_attr
            copy.internal_attr = info.internal_attr
            target.writestr(copy, content)
        for name, content in wanted.items():
            if content is not None:
                added = zipfile.ZipInfo(name)  # dated 1980, not now
                added.compress_type = zipfile.ZIP_DEFLATED
                target.writestr(added, content)
    return out.getvalue()


def _own_extra(extra: bytes) -> bytes:
    """Without the sizes and places of the old file (zip64), which would contradict those of the new one."""
    kept, at = b"", 0
    while at + 4 <= len(extra):
        end = at + 4 + int.from_bytes(extra[at + 2 : at + 4], "little")
        if extra[at : at + 2] != b"\1\0":
            kept += extra[at:end]
        at = end
    return kept


# -- XML ---------------------------------------------------------------------------------------------------------------


def parse_xml(data: bytes, part: str) -> etree._Element:
    """The root of a part, with all its comments and white space. No entities, no network, no DTD."""
    _refuse_dtd(data, part)
    if data.count(b"<") > MAX_TAGS:
        raise BrokenPackage(f"the part {part} has more than {MAX_TAGS:,} XML tags")
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, strip_cdata=False
    )
    try:
        root = etree.fromstring(data, parser)
    except (etree.LxmlError, ValueError, LookupError) as error:
        raise _damaged(part, error) from error
    if (
        root.getroottree().docinfo.internalDTD is not None
    ):  # in an encoding that the search of the bytes did not see through
        raise BrokenPackage(f"the part {part} has a DTD, which no workbook needs")
    return root


def is_plain(data: bytes, root: bytes) -> bool:
    """Whether a well-formed part has this root, without a prefix, and no comments or namespaces to be misled by.

    Then what reads like an element without a prefix is one, of the root's namespace.
    """
    return (
        data.startswith((b"<%b " % root, b"<%b>" % root), declared.end() if (declared := _DECLARED.match(data)) else 0)
        and b"<!" not in data
        and data.count(b"<?") == data.startswith(b"<?")
        and data.count(b"xmlns") == data.count(b"xmlns:") + 1  # the one of the root
    )


_DECLARED = re.compile(rb'<\?xml version="1\.0"(?: encoding="[Uu][Tt][Ff]-8")?(?: standalone="(?:yes|no)")?\s*\?>\s*')


def _refuse_dtd(data: bytes, part: str) -> None:
    # Before parsing, since entities in attributes are expanded while parsing; UTF-16 has a zero in each ASCII letter.
    if b"<!DOCTYPE" in data or (b"\0" in data[:4] and b"<!DOCTYPE" in data.replace(b"\0", b"")):
        raise BrokenPackage(f"the part {part} has a DTD, which no workbook needs")


def _damaged(part: str, error: Exception) -> BrokenPackage:
    return BrokenPackage(f"the part {part} is damaged XML ({' '.join(str(error).split())[:120] or 'no content'})")


def rows(data: bytes, part: str) -> Iterator[etree._Element]:
    """Each <row> of a sheet once it is whole; emptied afterwards, so that a large sheet never stands in memory."""
    _refuse_dtd(data, part)
    home = None
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
            if parent is not None and parent is not home and local(parent) != "sheetData":
                parent = home_of(row)
            if parent is not None and (parent is home or local(parent) == "sheetData"):
                home = parent  # a name looked at a million times takes a second
                yield row
            row.clear()
    except (etree.LxmlError, ValueError, LookupError) as error:
        raise _damaged(part, error) from error


def elements(data: bytes, part: str, tag: str, most: int) -> Iterator[etree._Element]:
    """The first ``most`` elements <tag> of a sheet; what stands before them is dropped as it is read."""
    _refuse_dtd(data, part)
    tags = [f"{{{namespace}}}{name}" for namespace in NAMESPACES for name in (tag, "row")]
    try:
        for _, element in etree.iterparse(
            io.BytesIO(data), events=("end",), tag=tags, resolve_entities=False, no_network=True, huge_tree=False
        ):
            if local(element) == tag:
                yield element
                most -= 1
                if most <= 0:
                    return
            element.clear()
    except (etree.LxmlError, ValueError, LookupError) as error:
        raise _damaged(part, error) from error


def local(element: etree._Element) -> str:
    """The tag without namespace; "" for comments and for elements of other vocabularies than SpreadsheetML."""
    tag = element.tag
    return _local(tag) if isinstance(tag, str) else ""


@lru_cache(maxsize=512)
def _local(tag: str) -> str:
    namespace, _, name = tag.rpartition("}")
    return name if namespace[1:] in NAMESPACES else ""
