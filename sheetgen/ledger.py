"""The results of a run on disk, a line for each file, so that memory stays flat and an interrupted run can go on.

While a run lasts its lines stand in ``FILE.part``, each written as its file is done; at the end they are put in the
order of the files, under FILE's own name. A run that resumes takes from both what is still valid: the result of the
same bytes, marked against the same assignment. Must not know: how files are marked, or identified.
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
import tempfile
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from pathlib import Path, PurePath
from typing import IO, Any

from .errors import UsageError
from .files import unwritten, writing
from .marking import Brief
from .records import Done, Lines, done_before, line, split

_Place = tuple[IO[bytes], int, int]  # a file, where in it a line begins, and its length


class Ledger:
    """Use as a context: at its end the file is closed, and an unfinished ``.part`` stays for the next run."""

    def __init__(
        self, path: Path | None, assignment: str, *, resume: bool = False, may_pass: Callable[[str | None], bool] = bool
    ) -> None:
        """``may_pass`` says of the reason why a file is unmarked whether it should be tried again."""
        self._path, self._assignment, self._may_pass = path, assignment, may_pass
        self._bodies: dict[str, _Place] = {}  # by what was marked
        self._lines: dict[int, _Place] = {}  # of this run, by the file's number
        self._briefs: dict[int, Brief] = {}
        self._closing = contextlib.ExitStack()
        try:
            if path is None:
                temporary = tempfile.TemporaryFile()  # noqa: SIM115  (closed with all the others)
                self._part: IO[bytes] = self._closing.enter_context(temporary)
                return
            _look_at(path)
            path.parent.mkdir(parents=True, exist_ok=True)
            opened = os.open(part_of(path), os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0), 0o666)
            self._part = self._closing.enter_context(os.fdopen(opened, "r+b"))
            _lock(self._part, path)  # before a byte of it is changed: another run may be writing
            end = 0
            if resume:
                if path.exists():
                    self._remember(self._closing.enter_context(path.open("rb")))
                end = self._remember(self._part)
            self._part.seek(end)
            self._part.truncate()
        except BaseException as error:
            with contextlib.suppress(OSError):
                self._closing.close()
            if isinstance(error, OSError):
                raise self._unwritten(error) from None
            raise

    def __enter__(self) -> Ledger:
        return self

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(OSError):  # what could not be written is tried once more, and has been told
            self._closing.close()

    def _unwritten(self, error: OSError) -> UsageError:
        if self._path is not None:
            return unwritten(f"write the results {self._path}", error, "make room there, and go on with --resume")
        try:
            folder = tempfile.gettempdir()
        except FileNotFoundError:  # Python tries to write into each that it knows, and calls a full one unusable
            folder, error = "any folder for temporary files", OSError(errno.ENOSPC, error.strerror)
        told = f"keep the results in {folder} while marking"
        return unwritten(told, error, "make room there, name another folder by TMPDIR, or a file by --results")

    def _remember(self, file: IO[bytes]) -> int:
        """What the lines of ``file`` are the results of; where its last whole line ends."""
        at = 0
        file.seek(0)
        for text in file:
            if not text.endswith(b"\n"):
                break  # the run was ended while it wrote
            with contextlib.suppress(ValueError):
                head, body = split(text)
                whole = body.endswith(b"}") and not self._may_pass(done_before(body).reason)
                if whole and head.get("assignment") == self._assignment and head.get("content"):
                    self._bodies[marked_by(str(head["content"]), str(head.get("file")))] = file, at, len(text)
            at += len(text)
        return at

    def known(self, content: str, file: str) -> Done | None:
        """What marking these bytes gave before; not what a machine's trouble gave, which is tried again."""
        place = self._bodies.get(marked_by(content, file)) if content else None
        if place is None:
            return None
        return done_before(split(_read(place))[1])

    def add(self, number: int, head: Mapping[str, Any], found: Done) -> None:
        """Write the line of one file; ``head`` says which it is."""
        text = line({**head, "assignment": self._assignment}, found.body)
        try:
            self._part.seek(0, os.SEEK_END)
            place = self._part, self._part.tell(), len(text)
            self._part.write(text)
            self._part.flush()
        except OSError as error:
            raise self._unwritten(error) from None
        self._lines[number], self._briefs[number] = place, found.brief
        if content := head.get("content"):
            self._bodies[marked_by(content, head["file"])] = place

    def finish(self, heads: Iterable[tuple[int, Mapping[str, Any]]]) -> Lines:
        """The lines in the order of ``heads``, by number, under the name that they are to have."""
        at: list[tuple[int, int]] = []
        briefs: list[Brief] = []

        def put(into: IO[bytes]) -> None:
            begin = 0
            for number, head in heads:
                text = line({**head, "assignment": self._assignment}, split(_read(self._lines[number]))[1])
                into.write(text)
                at.append((begin, len(text)))
                begin += len(text)
                briefs.append(replace(self._briefs[number], file=head["file"], student=head["student"]))

        if self._path is None:
            try:
                whole: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115  (the results read from it)
                put(whole)
                whole.flush()
            except OSError as error:
                raise self._unwritten(error) from None
        else:
            with writing(self._path) as new:
                put(new)
            whole = self._path.open("rb")
            part_of(self._path).unlink(missing_ok=True)
        return Lines(whole, at, briefs=briefs)


def _look_at(path: Path) -> None:
    """Raises UsageError where there is something that is no results of ours, which nobody wants to lose."""
    if path.is_dir():
        raise UsageError(f"cannot write the results {path}: it is a folder; name a file, such as results.jsonl")
    if path.exists() and not path.is_file():
        raise UsageError(f"cannot write the results {path}: it is no file; name one, such as results.jsonl")
    if path.is_file() and path.stat().st_size:
        with path.open("rb") as file:
            try:
                split(file.readline())
            except ValueError:
                raise UsageError(
                    f"cannot write the results {path}: there is a file of that name that holds something else; name "
                    f"another, or remove it"
                ) from None


def part_of(path: Path) -> Path:
    return path.with_name(f"{path.name}.part")


def marked_by(content: str, file: str) -> str:
    """What the marks of a file depend on: its bytes, and the end of its name, which says what a text file is."""
    return f"{content} {PurePath(file).suffix.lower()}"


def _read(place: _Place) -> bytes:
    file, begin, length = place
    file.seek(begin)
    return file.read(length)


def read_lines(path: Path) -> tuple[Lines, list[dict[str, Any]]]:
    """The lines of a results file, and their heads. Raises UsageError where it is none, with the line's number."""
    at: list[tuple[int, int]] = []
    heads: list[dict[str, Any]] = []
    begin = 0
    try:
        file = path.open("rb")
    except OSError as error:
        raise UsageError(f"cannot read the results {path}: {error.strerror or error}") from None
    lines = Lines(file, at)
    for number, text in enumerate(file, 1):
        try:
            head, body = split(text)
            if not {"reason", "score", "max_score", "answers"} <= json.loads(b"{" + body).keys():
                raise ValueError("a line that lost a part")
            heads.append({"file": "", "student": None, **head})
        except ValueError:
            told = f"{path}, line {number}: this is no line of results; name the file that --results wrote"
            raise UsageError(told) from None
        at.append((begin, len(text)))
        begin += len(text)
    return lines, heads


def _lock(file: IO[bytes], path: Path) -> None:
    """Two runs must not write into one file; where the system has no locks, nothing holds them apart."""
    try:
        import fcntl
    except ImportError:
        return
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        raise UsageError(
            f"another run writes its results to {path} just now; wait for it, or name another file"
        ) from None
