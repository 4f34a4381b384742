"""What sheetgen wrote, known again by what it holds, so that a report among the hand-ins is not taken for one.

Pages and tables are known by how they begin. A workbook that is returned, and a zip of reports, carry a seal: a field
of the last entry of their directory, where programs look past it, with the hash of all that stands before, and that of
the file that it was made from. Whoever saves such a workbook again, or changes one byte of it, has broken the seal, and
has a hand-in; whoever copies the seal into another file has only broken it. This room must not know what reports say,
nor which files are to be marked.
"""

from __future__ import annotations

import hashlib
import io
import re
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import IO

# An extra field of a zip's entry: its number, its length, whose it is, what the file was made from, what stands before.
_SEAL = struct.Struct("<2H8s32s32s")
_NUMBER, _OWNER = 0x6773, b"sheetgen"
_END = struct.Struct("<4s4H2LH")  # of the directory: signature, disks, entries, its length, where it begins, a comment
_ENTRY = struct.Struct("<4s6H3L5H2L")  # of the directory
_LONGEST_COMMENT = 0xFFFF
_BLOCK = 2**20

GENERATOR = '<meta name="generator" content="sheetgen">'
TABLES = (  # what the reports csv and open begin with; a person saves the second again, with other separators
    "id,name,email,file,status,reason,score,max_score,open,late",
    "question,asked,id,name,file,answer,most,marks,comment,key",
)
_SEPARATORS = bytes.maketrans(b";\t", b",,")
_HEAD = 1024  # bytes in which a page says so, and a table and results begin
_RESULTS = re.compile(rb'\{"file":"(?:[^"\\]++|\\.)*+",.*"assignment":"[0-9a-f]{64}","status":"', re.DOTALL)
_LONGEST_LINE = 2**22  # bytes of one of results, as far as its status


@dataclass(frozen=True, slots=True)
class Ours:
    """A file that sheetgen wrote; of a workbook that was returned, the SHA-256 of the hand-in."""

    made_from: str = ""


def sealed(data: bytes, made_from: str = "") -> bytes:
    """The workbook with its seal; ``made_from`` is the SHA-256 of the hand-in, where that is known."""
    stream = io.BytesIO(data)
    seal(stream, made_from)
    return stream.getvalue()


def seal(stream: IO[bytes], made_from: str = "") -> None:
    """Put a seal on the zip that was written to ``stream``; one as large as zip64 stays without."""
    found = _end(stream)
    if found is None:
        return
    at, end = found
    _, *disks, entries, _, length, begin, comment = _END.unpack(end[: _END.size])
    if not entries or begin + length != at:
        return
    stream.seek(begin)
    directory = bytearray(stream.read(length))
    last = 0
    for _ in range(entries - 1):
        last += sum(_ENTRY.unpack_from(directory, last)[10:13], _ENTRY.size)
    name, extra, of_entry = _ENTRY.unpack_from(directory, last)[10:13]
    if last + _ENTRY.size + name + extra != length or of_entry:
        return
    struct.pack_into("<H", directory, last + 30, extra + _SEAL.size)
    before = bytes.fromhex(made_from or "00" * 32)
    directory += _SEAL.pack(_NUMBER, _SEAL.size - 4, _OWNER, before, _hash(stream, begin))
    counted = (b"PK\5\6", *disks, entries, entries, len(directory), begin, comment)
    stream.seek(begin)
    stream.write(directory + _END.pack(*counted) + end[_END.size :])


def ours(path: Path) -> Ours | None:
    """What a file on the disk is, if sheetgen wrote it and nobody has changed it since."""
    try:
        with path.open("rb") as stream:
            head = stream.read(_HEAD)
            if head.startswith(b"PK"):
                return _by_seal(stream)
            return Ours() if _by_its_beginning(head, stream) else None
    except OSError:
        return None  # which reading it will tell


def made_from(data: bytes) -> str:
    """The SHA-256 of the hand-in that a workbook was returned for, if this is one and nobody has changed it since."""
    found = _by_seal(io.BytesIO(data))
    return found.made_from if found is not None else ""


def _by_seal(stream: IO[bytes]) -> Ours | None:
    found = _end(stream)
    if found is None or found[0] < _SEAL.size:
        return None
    stream.seek(found[0] - _SEAL.size)
    number, length, owner, made_from, before = _SEAL.unpack(stream.read(_SEAL.size))
    if (number, length, owner) != (_NUMBER, _SEAL.size - 4, _OWNER) or _hash(stream, _begin(found[1])) != before:
        return None
    return Ours(made_from.hex() if any(made_from) else "")


def _by_its_beginning(head: bytes, stream: IO[bytes]) -> bool:
    if head.startswith(b'{"file":"'):
        stream.seek(0)
        return _RESULTS.match(stream.readline(_LONGEST_LINE)) is not None
    if head.startswith(b"<!DOCTYPE html>"):
        return GENERATOR.encode() in head
    return head.removeprefix(b"\xef\xbb\xbf").translate(_SEPARATORS).startswith(tuple(map(str.encode, TABLES)))


def _end(stream: IO[bytes]) -> tuple[int, bytes] | None:
    """Where a zip's last record begins, behind its directory, and that record with the comment."""
    size = stream.seek(0, io.SEEK_END)
    for most in (_END.size, _END.size + _LONGEST_COMMENT):  # nearly no zip has a comment
        stream.seek(max(0, size - most))
        tail = stream.read(most)
        at = tail.rfind(b"PK\5\6")
        if at >= 0 and len(tail) - at >= _END.size:
            end = tail[at:]
            return (size - len(end), end) if len(end) == _END.size + _END.unpack_from(end)[-1] else None
    return None


def _begin(end: bytes) -> int:
    begin: int = _END.unpack_from(end)[-2]
    return begin


def _hash(stream: IO[bytes], most: int) -> bytes:
    """Of the first ``most`` bytes."""
    found = hashlib.sha256()
    stream.seek(0)
    while most > 0 and (block := stream.read(min(most, _BLOCK))):
        found.update(block)
        most -= len(block)
    return found.digest()
