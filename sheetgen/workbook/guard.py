"""The look at a zip's directory before anything in it is unpacked: what no program that saves workbooks writes.

Costs a few microseconds an entry, since nothing is decompressed. Sizes that lie are caught here as far as the headers
disagree, and where the entry is read otherwise (archive.py). Must not know: XML, sheets, or any path on a disk.
"""

from __future__ import annotations

import io
import zipfile

from ..zips import leads_out, misplaced
from ..zips import part_name as part_name

MAX_ENTRIES = 10_000
MAX_TOTAL = 256 * 2**20  # bytes, unpacked
SMALL = 16 * 2**20  # bytes of a part, unpacked: below, no ratio is an attack
MAX_RATIO = 250  # unpacked to packed; empty rows by the thousand come to 60, a bomb to 1,030


class BrokenPackage(Exception):  # noqa: N818  (a state of the file; callers turn it into their error)
    """The bytes are not a workbook that can be used; ``str()`` is one sentence for a user, without the path."""


def open_zip(data: bytes) -> zipfile.ZipFile:
    """The zip in ``data``, whose directory was found to be sound. Raises BrokenPackage."""
    # Counted before zipfile makes an object of each: a directory of a million entries would take seconds.
    # (The signature can also stand inside an embedded, stored package; the cap leaves room for it.)
    if data.count(b"PK\x01\x02") > MAX_ENTRIES:
        raise BrokenPackage(f"the file holds more than {MAX_ENTRIES:,} parts")
    stream = io.BytesIO(data)
    try:
        opened = zipfile.ZipFile(stream)
    except Exception as error:  # zipfile raises some ten kinds for damaged directories
        raise BrokenPackage("the file is cut short or damaged (its zip directory cannot be read)") from error
    entries = opened.infolist()
    _look_at_names(entries)
    _look_at_sizes(entries)
    _look_at_places(opened, stream)
    return opened


def _look_at_names(entries: list[zipfile.ZipInfo]) -> None:
    seen: set[str] = set()
    for info in entries:
        name = part_name(info)
        if leads_out(info):
            raise BrokenPackage(f"the part {name[:100]!r} has a name that leads out of the file; no workbook has such")
        if name.casefold() in seen:
            raise BrokenPackage(f"the part {name[:100]} is in the file twice")
        seen.add(name.casefold())


def _look_at_sizes(entries: list[zipfile.ZipInfo]) -> None:
    if sum(info.file_size for info in entries) > MAX_TOTAL:
        raise BrokenPackage(f"the file unpacks to more than {MAX_TOTAL // 2**20} MiB")
    for info in entries:
        if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise BrokenPackage(f"the part {part_name(info)[:100]} is compressed in a way that Excel does not use")
        if info.file_size > SMALL and info.file_size > MAX_RATIO * info.compress_size:
            raise BrokenPackage(
                f"the part {part_name(info)[:100]} unpacks to {info.file_size / 2**20:,.0f} MiB, more than "
                f"{MAX_RATIO} times its size; at most {SMALL // 2**20} MiB may be packed that tightly"
            )
        encrypted = info.flag_bits & 1  # which adds 12 bytes, and is told to the user where the part is read
        if info.compress_type == zipfile.ZIP_STORED and info.file_size != info.compress_size and not encrypted:
            raise _lie(info)


def _look_at_places(opened: zipfile.ZipFile, stream: io.BytesIO) -> None:
    """Each entry stands where the directory says, says the same of itself, and ends before the next one begins."""
    if (found := misplaced(opened, stream)) is None:
        return
    info, fault = found
    name = part_name(info)[:100]
    if fault == "elsewhere":
        raise BrokenPackage(f"the part {name} is damaged: it does not stand where it should")
    if fault == "overlaps":
        raise BrokenPackage(f"the part {name} overlaps another one; no workbook is packed like that")
    raise _lie(info)


def _lie(info: zipfile.ZipInfo) -> BrokenPackage:
    return BrokenPackage(f"the part {part_name(info)[:100]} is damaged: its sizes contradict each other")
