"""The bytes of a file to mark, out of a folder, a zip, or a student's zip in it; or why they cannot be had.

That is a student's fault or the disk's, and so it is a sentence, not an error. This room must not know what a workbook
holds, nor which files are to be marked.
"""

from __future__ import annotations

import io
import stat
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from .handin import File
from .packed import student_members
from .zips import BrokenZip, open_stream, read_member, too_large

MAX_FILE = 32 * 1024 * 1024  # bytes of a submission; the filled sheet has 10 kB

_LINK = "this is a link to {}, not the file; download it as .xlsx (File, Download) and hand that in"
_NO_WORKBOOKS = {  # by the end of a name: what its content does not tell, or not as well
    "onlinetext.html": "this is text that was typed into Moodle, not a workbook",
    ".gsheet": _LINK.format("Google Sheets"),
    ".gdoc": _LINK.format("Google Docs"),
    ".url": _LINK.format("a page"),
    ".webloc": _LINK.format("a page"),
    ".fods": "this is a flat OpenDocument file (.fods); open it in its program and save it as .xlsx",
}


def no_workbook(name: str) -> str:
    """What a file is that by its name is no workbook, in a sentence; nothing where it may be one."""
    folded = name.casefold()
    return next((told for ending, told in _NO_WORKBOOKS.items() if folded.endswith(ending)), "")


def read(file: File) -> bytes | str:
    """The bytes of one file, or in a sentence why they cannot be had. For many, see ``reading``."""
    with reading() as read_one:
        return read_one(file)


@contextmanager
def reading() -> Iterator[Callable[[File], bytes | str]]:
    """``read`` for many files, one after the other and from one thread: a zip stays open until another is read from."""
    with ExitStack() as outer, ExitStack() as inner:
        yield _Reader(outer, inner).read


class _Reader:
    """Keeps the zip that was read from last, and the student's zip inside of it."""

    def __init__(self, outer: ExitStack, inner: ExitStack) -> None:
        self._outer, self._inner = outer, inner
        self._path: Path | None = None
        self._zip: zipfile.ZipFile | str = ""
        self._packed: tuple[Path, str] | None = None
        self._packed_zip: zipfile.ZipFile | str = ""

    def read(self, file: File) -> bytes | str:
        name = file.inner or file.member or file.path.name
        if instead := no_workbook(name):
            return instead
        data = self._inside(file) if file.member else whole(file.path)
        if isinstance(data, bytes) and data.startswith(b"PK") and name.casefold().endswith(".zip"):
            return _zip_itself(data)
        return data

    def _inside(self, file: File) -> bytes | str:
        if file.inner and (file.path, file.member) == self._packed:
            return _member(self._packed_zip, file.inner)
        if file.path != self._path:
            self._outer.close()
            self._path, self._zip = file.path, _open(file.path, self._outer)
        data = _member(self._zip, file.member)
        if not file.inner:
            return data
        self._inner.close()
        self._packed, self._packed_zip = (file.path, file.member), _open_bytes(data, self._inner)
        return _member(self._packed_zip, file.inner)


def _member(opened: zipfile.ZipFile | str, name: str) -> bytes | str:
    if isinstance(opened, str):
        return opened
    try:
        return read_member(opened, opened.getinfo(name), MAX_FILE)
    except KeyError:
        return "it is no longer in its zip"


def _open(path: Path, stack: ExitStack) -> zipfile.ZipFile | str:
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            return "its zip is no file any more"
        return stack.enter_context(open_stream(stack.enter_context(path.open("rb"))))
    except BrokenZip as error:
        return str(error)
    except OSError as error:
        return f"its zip cannot be read: {error.strerror or error}"


def _open_bytes(data: bytes | str, stack: ExitStack) -> zipfile.ZipFile | str:
    if isinstance(data, str):
        return data
    try:
        return stack.enter_context(open_stream(io.BytesIO(data)))
    except BrokenZip as error:
        return str(error)


def whole(path: Path) -> bytes | str:
    """The bytes of a file on the disk."""
    try:
        about = path.stat()
        if not stat.S_ISREG(about.st_mode):
            return "it is no file (a device or a pipe)"
        if about.st_size > MAX_FILE:
            return too_large(about.st_size, MAX_FILE)
        with path.open("rb") as opened:
            data = opened.read(MAX_FILE + 1)  # what it says of its size may be out of date
        return data if len(data) <= MAX_FILE else too_large(len(data), MAX_FILE)
    except OSError as error:
        return f"it cannot be read: {error.strerror or error}"


def _zip_itself(data: bytes) -> bytes | str:
    """A zip whose files are not read one by one: a workbook by another name, a broken one, or one too deep."""
    try:
        if student_members(open_stream(io.BytesIO(data)), Counter()) is None:
            return data
    except BrokenZip as error:
        return str(error)
    return "this is a zip inside of a zip, which is not looked into; hand in the workbook itself"
