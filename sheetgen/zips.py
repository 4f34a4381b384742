"""The directory of a zip, looked at before anything in it is unpacked, and one member read within a limit.

A workbook is a zip, and so is what a learning platform hands out; both come from strangers. Nothing is ever unpacked to
a disk. This room must not know what the members are for, nor any path outside the zip.
"""

from __future__ import annotations

import datetime
import stat
import struct
import zipfile
from typing import IO, Literal

MAX_DIRECTORY = 64 * 2**20  # bytes, and
MAX_MEMBERS = 50_000  # of any zip: zipfile makes an object of each
_ENTRY = b"PK\x01\x02"  # each entry of the directory begins with it
_LOCAL = struct.Struct(
    "<4s5H3I2H"
)  # a local header: signature, version ... CRC, sizes, lengths of name and extra field
_LATER = 8  # the flag that sizes stand behind the content, and are 0 here
_UTF8 = 0x800  # the flag that the name is in UTF-8
_UNKNOWN = (0, 0xFFFFFFFF)  # sizes that a local header leaves to the directory or to zip64

Fault = Literal["elsewhere", "overlaps", "lies"]


class BrokenZip(Exception):  # noqa: N818  (a state of the file; callers turn it into their error)
    """The zip cannot be used; ``str()`` is one sentence for a user, without the path."""


# --- the directory --------------------------------------------------------------------------------------------------


class _Bounded:
    """A stream for zipfile, which reads the whole directory with one call, as large as the file says that it is."""

    def __init__(self, stream: IO[bytes]) -> None:
        self.seek, self.tell, self.seekable = stream.seek, stream.tell, stream.seekable
        self._read, self.looking, self._end = stream.read, True, stream.seek(0, 2)

    def read(self, size: int = -1) -> bytes:
        if not self.looking:
            return self._read(size)
        left = max(self._end - self.tell(), 0)
        size = left if size < 0 else min(size, left)
        data = self._read(size) if size <= MAX_DIRECTORY else b""
        if size > MAX_DIRECTORY or data.count(_ENTRY) > MAX_MEMBERS:
            raise BrokenZip(f"the zip says that it holds more than {MAX_MEMBERS:,} files")
        return data


def open_stream(stream: IO[bytes]) -> zipfile.ZipFile:
    """The zip in ``stream``, whose directory agrees with what it lists. Raises BrokenZip; closes nothing."""
    bounded = _Bounded(stream)
    try:
        opened = zipfile.ZipFile(bounded)
    except (BrokenZip, MemoryError):
        raise
    except Exception as error:  # zipfile raises some ten kinds for damaged directories
        raise BrokenZip("the zip is cut short or damaged (its directory cannot be read)") from error
    bounded.looking = False
    assert isinstance(opened, zipfile.ZipFile)
    if found := misplaced(opened, stream):
        name = spelled(found[0])[:100]
        why = {
            "elsewhere": "does not stand where its directory says",
            "overlaps": "overlaps another file in it",
            "lies": "has sizes that contradict each other",
        }
        raise BrokenZip(f"the zip is damaged, or made to mislead: {name!r} {why[found[1]]}")
    return opened


def misplaced(opened: zipfile.ZipFile, stream: IO[bytes]) -> tuple[zipfile.ZipInfo, Fault] | None:
    """The first entry that does not stand where the directory says, say the same of itself, and end before the next."""
    in_order = sorted(opened.infolist(), key=lambda info: info.header_offset)
    ends = [*(info.header_offset for info in in_order), opened.start_dir][1:]
    for info, end in zip(in_order, ends, strict=True):
        at = info.header_offset
        if at < 0:
            return info, "elsewhere"
        stream.seek(at)
        header = stream.read(_LOCAL.size)
        if len(header) < _LOCAL.size or header[:4] != b"PK\x03\x04":
            return info, "elsewhere"
        _, _, flags, _, _, _, _, packed, unpacked, name, extra = _LOCAL.unpack(header)
        if at + _LOCAL.size + name + extra + info.compress_size > end:
            return info, "overlaps"
        if flags & _LATER:
            continue
        for said, listed in ((packed, info.compress_size), (unpacked, info.file_size)):
            if said != listed and said not in _UNKNOWN:
                return info, "lies"
    return None


# --- one entry ------------------------------------------------------------------------------------------------------


def part_name(info: zipfile.ZipInfo) -> str:
    return info.filename.replace("\\", "/")  # some .NET writers use backslashes; Excel reads them


def spelled(info: zipfile.ZipInfo) -> str:
    """The name as people see it: without the flag it is in the old code page, unless it is UTF-8 all the same.

    Macs and old Moodles write UTF-8 and do not say so; that other text is UTF-8 by accident does not happen.
    """
    name = part_name(info)
    if not info.flag_bits & _UTF8 and not name.isascii():
        try:
            return name.encode("cp437").decode("utf-8")
        except UnicodeError:
            return name
    return name


def leads_out(info: zipfile.ZipInfo) -> bool:
    """Whether the name, taken for a path, would lead out of a folder, or holds what ends a name for some programs."""
    name = part_name(info)
    return name.startswith("/") or name[1:2] == ":" or ".." in name.split("/") or "\0" in info.orig_filename


def is_link(info: zipfile.ZipInfo) -> bool:
    return stat.S_ISLNK(info.external_attr >> 16)


def saved(info: zipfile.ZipInfo) -> str:
    """When the member was saved, as far as its zip says so: 1980 is what those write who do not."""
    try:
        return datetime.datetime(*info.date_time).isoformat() if info.date_time[0] > 1980 else ""
    except ValueError:
        return ""


def read_member(opened: zipfile.ZipFile, info: zipfile.ZipInfo, most: int) -> bytes | str:
    """The member's bytes, or in a sentence why they cannot be had. No more than it says is unpacked."""
    if info.flag_bits & 1:
        return "it is protected by a password in its zip; pack it without one"
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):  # others can ask for gigabytes
        return "it is packed in its zip in an unusual way; pack it as an ordinary zip"
    if info.file_size > most:
        return too_large(info.file_size, most)
    try:
        with opened.open(info) as stream:
            data = stream.read(info.file_size + 1)  # not more: as much as is asked for is unpacked, then cut off
    except MemoryError:
        raise
    except Exception:  # zlib, zipfile, struct, EOF, the disk: all say that these bytes cannot be had
        return "it is damaged in its zip and cannot be unpacked"
    if len(data) != info.file_size:
        return "it is damaged in its zip: it unpacks to less than it says"
    return data


def too_large(size: int, most: int) -> str:
    return f"it has {size / 2**20:,.1f} MiB, the most is {most >> 20}"
