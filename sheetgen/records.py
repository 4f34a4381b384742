"""The results of a class: a line of JSON for each file, and what is known of the class as a whole.

A line is the submission as ``verify --format json`` prints it, with who handed it in and the hashes that say of what
file and of which assignment it is the result. Results are read from their lines when they are looked at, so that those
of ten thousand files need not stand in memory. This room must not know how a file is marked, nor what a report is.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import MISSING, dataclass, field, fields
from typing import Any, overload

from .handin import HandIn
from .marking import Answer, Because, Marked
from .sheet import Sheet


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


class Lines(Sequence[Marked]):
    """Submissions that stand as lines, and are read when they are asked for."""

    def __init__(self, lines: Sequence[bytes]) -> None:
        self._lines = lines

    def __len__(self) -> int:
        return len(self._lines)

    @overload
    def __getitem__(self, index: int) -> Marked: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Marked]: ...
    def __getitem__(self, index: int | slice) -> Marked | Sequence[Marked]:
        return Lines(self._lines[index]) if isinstance(index, slice) else from_line(self._lines[index])

    def __iter__(self) -> Iterator[Marked]:
        return map(from_line, self._lines)


# --- one line -------------------------------------------------------------------------------------------------------


def to_line(marked: Marked) -> bytes:
    """One line of JSON, in ASCII, without what is as it is by default."""
    return json.dumps(_plain(marked), separators=(",", ":")).encode("ascii") + b"\n"


def from_line(line: bytes | str) -> Marked:
    """Raises ValueError where the line is none of ours."""
    try:
        data = json.loads(line)
        answers = tuple(
            Answer(
                **{
                    **answer,
                    "because": tuple(Because(**each) for each in answer.get("because", ())),
                    "notes": tuple(answer.get("notes", ())),
                }
            )
            for answer in data["answers"]
        )
        hand_in = HandIn(**data.get("hand_in", {}))
        lists = {name: tuple(data.get(name, ())) for name in ("notes", "summary")}
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


_ALWAYS = {Marked: ("file", "student", "status", "reason", "score", "max_score")}
_NAMES = {kind: tuple(each.name for each in fields(kind)) for kind in (Marked, Answer, Because, HandIn)}
_DEFAULTS = {kind: _defaults(kind) for kind in _NAMES}
_NOTHING = object()


def _plain(value: Any) -> Any:
    """Our records as dictionaries, without the fields that are as they are by default."""
    names = _NAMES.get(type(value))
    if names is None:
        return [_plain(each) for each in value] if isinstance(value, tuple) else value
    defaults, always = _DEFAULTS[type(value)], _ALWAYS.get(type(value), ())
    found = {}
    for name in names:
        held = getattr(value, name)
        if name in always or held != defaults.get(name, _NOTHING):
            found[name] = _plain(held)
    return found
