"""The results of a class: a line of JSON for each file, and what is known of the class as a whole.

A line is the submission as ``verify --format json`` prints it, with who handed it in and the hashes that say of what
file and of which assignment it is the result. Results are read from their lines when they are looked at, so that those
of ten thousand files need not stand in memory. This room must not know how a file is marked, nor what a report is.
"""

from __future__ import annotations

import json
import weakref
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import MISSING, dataclass, field, fields
from itertools import compress
from typing import IO, TYPE_CHECKING, Any, Literal, overload

from .handin import HandIn
from .language import ENGLISH
from .marking import Answer, Because, Brief, Marked
from .sheet import Sheet

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True)
class Superseded:
    """A file that does not count, because its student handed in a newer one."""

    file: str
    student: str
    counts: str  # the file that does
    why: str = ""  # where the newer one is this: it could not be marked


@dataclass(frozen=True)
class Results:
    """What ``verify`` found: one submission for each student, in the order of the files.

    A student of whom nobody knows who it is counts as one of their own for each file.
    """

    coursework: str
    submissions: Sequence[Marked]
    left_out: tuple[str, ...] = ()  # what in the folders was not read, a sentence for each
    superseded: tuple[Superseded, ...] = ()
    unknown: tuple[str, ...] = ()  # files of which it is not known, or not sure, who handed them in, in sentences
    missing: tuple[HandIn, ...] = ()  # students of the roster of whom there is no file
    sheet: Sheet | None = field(default=None, repr=False)  # what was asked
    language: str = ENGLISH  # in which it is said what is wrong
    graded: bool = False  # the marks that a person gives are in it, as far as they are given
    about_marks: tuple[str, ...] = ()  # what became of them, in sentences

    def briefs(self) -> Iterator[Brief]:
        """What one line says of each submission; of many that were marked just now, without reading them again."""
        known = self.submissions.briefs if isinstance(self.submissions, Lines) else None
        yield from known if known is not None else (each.brief() for each in self.submissions)

    def to_frame(self, of: Literal["answers", "submissions"] = "answers") -> pd.DataFrame:
        """A pandas frame with one row for each answer of each submission, or one for each submission.

        Only what counts is in it: not what ``superseded`` names. See ``frames.py`` for the columns.
        """
        from .frames import answers_frame, submissions_frame

        frames = {"answers": answers_frame, "submissions": submissions_frame}
        if of not in frames:
            raise ValueError(f"a frame is of 'answers' or of 'submissions', not of {of!r}")
        return frames[of](self.submissions)


class Lines(Sequence[Marked]):
    """Submissions that stand as lines in a file, which is read when they are looked at, and closed with the last."""

    def __init__(
        self,
        file: IO[bytes],
        at: Sequence[tuple[int, int]],
        whole: Lines | None = None,
        briefs: Sequence[Brief] | None = None,
    ) -> None:
        self._file, self._at = file, at  # of each line where it begins, and its length
        self._whole = whole
        self.briefs = briefs  # where they are known without reading the lines
        if whole is None:
            weakref.finalize(self, file.close)

    def __len__(self) -> int:
        return len(self._at)

    def only(self, counts: Sequence[bool]) -> Lines:
        """Those of which it is said."""
        briefs = None if self.briefs is None else list(compress(self.briefs, counts))
        return Lines(self._file, list(compress(self._at, counts)), self, briefs)

    @overload
    def __getitem__(self, index: int) -> Marked: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Marked]: ...
    def __getitem__(self, index: int | slice) -> Marked | Sequence[Marked]:
        if isinstance(index, slice):
            return Lines(self._file, self._at[index], self)
        begin, length = self._at[index]
        self._file.seek(begin)
        return from_line(self._file.read(length))

    def __iter__(self) -> Iterator[Marked]:
        return (self[number] for number in range(len(self)))


# --- one line -------------------------------------------------------------------------------------------------------


_STATUS = b',"status":'  # begins what marking gives; a quote in a text is never bare, so that it stands there once
_HEAD = ("file", "student", "instead", "doubts", "hand_in", "content", "assignment", "coursework")


@dataclass(frozen=True, slots=True)
class Done:
    """One file as it was marked, before it is known whose it is: the body of its line, and what that depends on."""

    body: bytes
    reason: str | None
    student_cell: str
    brief: Brief


def done(marked: Marked) -> Done:
    body = {name: value for name, value in plain(marked).items() if name not in _HEAD}
    return Done(_dumped(body)[1:], marked.reason, marked.student_cell, marked.brief())


def done_before(body: bytes) -> Done:
    """Raises ValueError where the body is none."""
    found = json.loads(b"{" + body)
    if not isinstance(found, dict) or "reason" not in found:
        raise ValueError("no line of results")
    answers = found.get("answers") or ()
    if not all(isinstance(answer, dict) for answer in answers):
        raise ValueError("no line of results")
    counts = Counter(str(answer.get("status")) for answer in answers)
    kept = {name: found[name] for name in ("status", "reason", "score", "max_score") if name in found}
    if len(kept) < 4:
        raise ValueError("no line of results")
    brief = Brief("", None, **kept, open=found.get("open", 0), counts=dict(counts))
    return Done(body, found["reason"], str(found.get("student_cell", "")), brief)


def to_line(marked: Marked) -> bytes:
    """One line of JSON, in ASCII, without what is as it is by default."""
    whole = plain(marked)
    return line({name: whole[name] for name in _HEAD if name in whole}, done(marked).body)


def line(head: Mapping[str, Any], body: bytes) -> bytes:
    return _dumped(head)[:-1] + b"," + body + b"\n"


def split(text: bytes) -> tuple[dict[str, Any], bytes]:
    """Head and body of a line. Raises ValueError where it is none of ours."""
    head, status, body = text.rstrip(b"\n").partition(_STATUS)
    found = json.loads(head + b"}")
    if not status or not isinstance(found, dict):
        raise ValueError("no line of results")
    return found, status[1:] + body


def _dumped(data: Any) -> bytes:
    return json.dumps(data, separators=(",", ":")).encode("ascii")


def from_line(text: bytes | str) -> Marked:
    """Raises ValueError where the line is none of ours."""
    try:
        data = json.loads(text)
        for name in ("coursework", "why", "left_out", "missing"):  # of the class, not of the submission
            data.pop(name, None)
        for answer in data["answers"]:
            if "because" in answer:
                answer["because"] = tuple(Because(**each) for each in answer["because"])
            if "notes" in answer:
                answer["notes"] = tuple(answer["notes"])
        answers = tuple(Answer(**answer) for answer in data["answers"])
        hand_in = HandIn(**data.get("hand_in", {}))
        lists = {name: tuple(data.get(name, ())) for name in ("notes", "summary", "doubts")}
        return Marked(**{**data, **lists, "answers": answers, "hand_in": hand_in})
    except (TypeError, KeyError, AttributeError) as error:
        raise ValueError(f"no line of results: {error}") from None


def _defaults(kind: type) -> dict[str, Any]:
    found = {}
    for each in fields(kind):
        if each.default is not MISSING:
            found[each.name] = each.default
        elif each.default_factory is not MISSING:
            found[each.name] = each.default_factory()
    return found


_ALWAYS: dict[type, tuple[str, ...]] = {Marked: ("file", "student", "status", "reason", "score", "max_score")}
_NOTHING = object()
_FIELDS = {  # of each kind its fields, each with what it is by default
    kind: tuple(
        (each.name, _NOTHING if each.name in _ALWAYS.get(kind, ()) else _defaults(kind).get(each.name, _NOTHING))
        for each in fields(kind)
    )
    for kind in (Marked, Answer, Because, HandIn)
}


def plain(value: Any) -> Any:
    """Our records as dictionaries, without the fields that are as they are by default."""
    kind = type(value)
    if kind is tuple:
        return [plain(each) for each in value]
    if kind not in _FIELDS:
        return value
    found = {}
    for name, default in _FIELDS[kind]:
        held = getattr(value, name)
        if held != default:
            found[name] = plain(held) if type(held) is tuple or type(held) in _FIELDS else held
    return found
