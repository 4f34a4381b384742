"""Marks that a person gives: read from the file of the answers that wait for them, and put into results.

Each line of that file (the report ``open``) has the key of one answer: of whose it is, what was asked and what was
written. So marks count wherever the same answer is handed in again, and never for another one. They are no part of a
results file, whose lines hold what marking gave. This room must not know how a file is marked, nor what a report is.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePath
from typing import overload

from .delimited import read
from .errors import UsageError
from .files import read_file
from .judging import Status
from .marking import Answer, Marked, total
from .records import Results
from .roster import folded

COLUMNS = ("question", "asked", "id", "name", "file", "answer", "most", "marks", "comment", "key")
MOST_TOLD = 20  # lines named in one message
LONGEST = 2000  # characters of a comment
_AMOUNT = re.compile(r"[0-9]{1,6}(?:[.,][0-9]{1,6})?")


@dataclass(frozen=True, slots=True)
class Given:
    """What a person gave for one answer, and the line of the file that says so."""

    marks: float
    comment: str
    line: int


def key_of(marked: Marked, answer: Answer) -> str:
    """Equal for the same answer of the same student to the same question, in whatever file. No number to Excel."""
    who = folded(marked.hand_in.id) or PurePath(marked.file).name
    told = json.dumps([who, answer.id, answer.given])
    return f"k{hashlib.sha256(told.encode()).hexdigest()[:15]}"


# --- the file -------------------------------------------------------------------------------------------------------


def read_given(path: str | Path) -> dict[str, Given]:
    """The marks in ``path``, by the answers' keys. Raises UsageError with all mistakes, a line each."""
    rows = read(read_file(Path(path), "marks", "a .csv file"), f"file of marks {path}").rows
    head = [cell.strip().casefold() for cell in rows[0]] if rows else []
    missing = [name for name in ("key", "marks") if head.count(name) != 1]
    if missing:
        raise UsageError(
            f"{path}: it has no column {' and no column '.join(missing)}; fill in the file that --report open=FILE "
            f"writes, and leave its headings as they are"
        )
    columns = {name: head.index(name) for name in ("key", "marks", "comment") if name in head}
    found: dict[str, Given] = {}
    wrong: list[str] = []
    for line, row in enumerate(rows[1:], 2):
        cells = {name: _plain(row[at]) for name, at in columns.items() if at < len(row)}
        key, marks = cells.get("key", ""), cells.get("marks", "")
        if not marks:
            continue
        if not _AMOUNT.fullmatch(marks):
            wrong.append(f"line {line}: {marks[:40]!r} are no marks; write a number such as 2 or 1.5")
            continue
        comment = cells.get("comment", "")
        if len(comment) > LONGEST:
            wrong.append(
                f"line {line}: a comment of {len(comment):,} characters; {LONGEST:,} fit into a cell's comment"
            )
        given = Given(float(marks.replace(",", ".")), comment, line)
        before = found.setdefault(key, given)
        if before.marks != given.marks:
            wrong.append(f"line {line}: {marks} marks, but line {before.line} gives the same answer {before.marks:g}")
    _refuse(path, wrong)
    return found


def _plain(cell: str) -> str:
    """A cell without the apostrophe that keeps it from being a formula."""
    text = " ".join(cell.split())
    return text[1:] if text[:1] == "'" and text[1:2] in "=+-@＝＋－＠" else text


def _refuse(path: str | Path, wrong: Sequence[str]) -> None:
    if wrong:
        more = [f"and {len(wrong) - MOST_TOLD} lines more"] if len(wrong) > MOST_TOLD else []
        raise UsageError("\n".join(f"{path}: {told}" for told in (*wrong[:MOST_TOLD], *more)))


# --- in results -----------------------------------------------------------------------------------------------------


def with_marks(results: Results, path: str | Path) -> Results:
    """``results`` with the marks that a person wrote into the file at ``path``. Raises UsageError."""
    return with_given(results, read_given(path), path)


def with_given(results: Results, given: Mapping[str, Given], shown: str | Path) -> Results:
    """``results`` with the marks that a person gave, from the file ``shown``.

    Raises UsageError for more marks than there are. Marks of answers that nobody handed in are told in ``left_out``:
    the student has another answer by now, or it is the file of another class.
    """
    used: set[str] = set()
    wrong: list[str] = []
    for marked in results.submissions:
        for answer in marked.answers:
            if answer.status == "for-a-person" and (found := given.get(key := key_of(marked, answer))) is not None:
                used.add(key)
                if found.marks > answer.max_score:
                    wrong.append(
                        f"line {found.line}: {found.marks:g} marks, and {answer.id} has at most {answer.max_score:g}"
                    )
    _refuse(shown, list(dict.fromkeys(wrong)))
    stale = sorted(each.line for key, each in given.items() if key not in used)
    left_out = results.left_out
    if stale:
        lines = ", ".join(map(str, stale[:MOST_TOLD])) + (" ..." if len(stale) > MOST_TOLD else "")
        left_out += (
            f"{shown}: the marks in {'line' if len(stale) == 1 else 'lines'} {lines} count for nothing, since nobody "
            f"has that answer (any more); write the report open=FILE again to see what is handed in now",
        )
    return replace(results, submissions=_Graded(results.submissions, given), left_out=left_out, graded=True)


class _Graded(Sequence[Marked]):
    """Submissions that get the marks of a person when they are looked at."""

    def __init__(self, submissions: Sequence[Marked], given: Mapping[str, Given]) -> None:
        self._submissions, self._given = submissions, given

    def __len__(self) -> int:
        return len(self._submissions)

    @overload
    def __getitem__(self, index: int) -> Marked: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Marked]: ...
    def __getitem__(self, index: int | slice) -> Marked | Sequence[Marked]:
        if isinstance(index, slice):
            return _Graded(self._submissions[index], self._given)
        return _graded(self._submissions[index], self._given)

    def __iter__(self) -> Iterator[Marked]:
        return (_graded(marked, self._given) for marked in self._submissions)


def _graded(marked: Marked, given: Mapping[str, Given]) -> Marked:
    answers = tuple(
        _with(answer, given.get(key_of(marked, answer))) if answer.status == "for-a-person" else answer
        for answer in marked.answers
    )
    return replace(
        marked,
        answers=answers,
        score=total(answer.score for answer in answers),
        open=total(answer.max_score for answer in answers if answer.status == "for-a-person"),
        graded=True,
    )


def _with(answer: Answer, given: Given | None) -> Answer:
    if given is None:
        return answer
    status: Status = "correct" if given.marks == answer.max_score else "partly" if given.marks else "wrong"
    feedback = given.comment or ("" if status == "correct" else f"{given.marks:g} of {answer.max_score:g} marks.")
    return replace(answer, status=status, score=given.marks, feedback=feedback, graded=True)
