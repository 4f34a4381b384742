"""Zips for tests, sound and broken on purpose."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable, Mapping

WHEN = (2026, 6, 1, 9, 0, 0)


def zipped(members: Mapping[str, bytes] | Iterable[tuple[str, bytes]], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """A zip of ``members``, each saved at WHEN; the names as they are, twice where they come twice."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, data in members.items() if isinstance(members, Mapping) else members:
            archive.writestr(zipfile.ZipInfo(name, WHEN), data, method)
    return stream.getvalue()


def workbook(text: str = "") -> bytes:
    """What is taken for an .xlsx by its directory."""
    return zipped({"[Content_Types].xml": b"<Types/>", "xl/workbook.xml": text.encode()})


def locked(data: bytes) -> bytes:
    """The zip with the flag of a password on each of its members."""
    return _flagged(_flagged(data, b"PK\3\4", 6, 1), b"PK\1\2", 8, 1)


def _flagged(data: bytes, signature: bytes, at: int, flag: int) -> bytes:
    changed, found = bytearray(data), data.find(signature)
    while found >= 0:
        changed[found + at] |= flag
        found = data.find(signature, found + 4)
    return bytes(changed)


def without_utf8_flag(data: bytes) -> bytes:
    """As a Mac writes it: names in UTF-8, and nothing says so."""
    changed = bytearray(data)
    for signature, at in ((b"PK\3\4", 7), (b"PK\1\2", 9)):
        found = data.find(signature)
        while found >= 0:
            changed[found + at] &= ~8 & 0xFF
            found = data.find(signature, found + 4)
    return bytes(changed)
