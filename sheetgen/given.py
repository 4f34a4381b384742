"""Marks that a person gives: read from the file of the answers that wait for them, and put into results.

Each line of that file (the report ``open``) has the key of one answer: of whose it is, what was asked and what was
written, and of the file that it stood in. So marks count wherever the same answer is handed in again, or its student is
named otherwise by now, and never for another one. They are no part of a results file, whose lines hold what marking
gave. This room must not know how a file is marked, nor what a report is.
"""

from __future__ import annotations

import hashlib
import json
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import overload

from .delimited import read
from .errors import UsageError
from .files import read_file
from .judging import Status
from .language import Translations, translations
from .marking import Answer, Marked, total
from .records import Results
from .roster import folded

COLUMNS = ("question", "asked", "id", "name", "file", "answer", "most", "marks", "comment", "key")
MOST_TOLD = 20  # lines named in one message
LONGEST = 2000  # characters of a comment
_AMOUNT = re.compile(r"[0-9]{1,6}(?:[.,][0-9]{1,6})?")
_GUARDED = re.compile(
    r"(^|;)'(?=[\s\"]*[=+\-@＝＋－＠])"
)  # as the reports guard what a spreadsheet takes for a formula
_KEY = re.compile(r"k[0-9a-f]{15}-[0-9a-f]{15}")


@dataclass(frozen=True, slots=True)
class Given:
    """What one line gives to an answer; without ``marks`` it waits still."""

    where: str  # to-mark.csv, line 3
    whose: str  # Ada Abel, question.2
    marks: float | None
    comment: str


@dataclass(frozen=True, slots=True)
class Marks:
    """What a person gave, by each half of the answers' keys: whose it is, and what file it stood in."""

    by_student: Mapping[str, Given]
    by_file: Mapping[str, Given]

    def of(self, marked: Marked, answer: Answer) -> Given | None:
        """What is given to an answer; by its file only where its student has no line, not even an empty one."""
        if answer.status != "for-a-person" and not answer.graded:
            return None
        student, file = key_of(marked, answer).split("-")
        return self.by_student.get(student) or self.by_file.get(file)


def key_of(marked: Marked, answer: Answer) -> str:
    """Two halves, of the student's answer and of the file's. Of a student whom nobody knows it is the path's."""
    text, hand_in = " ".join(answer.given.split()), marked.hand_in
    platform = hand_in.how if hand_in.how in ("moodle", "canvas") else "id"  # whose numbers are their own
    whose = (platform, folded(hand_in.id)) if hand_in.id else ("path", marked.file)
    student = _half(*whose, answer.id, text)
    return f"k{student}-{_half(marked.content or marked.file, answer.id, text)}"  # which no program takes for a number


def _half(*parts: str) -> str:
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:15]


# --- the file -------------------------------------------------------------------------------------------------------


def read_marks(paths: Iterable[str | Path]) -> Marks:
    """The marks in files of one class. Raises UsageError with all mistakes, a line each."""
    by_student: dict[str, Given] = {}
    by_file: dict[str, list[Given]] = {}
    wrong: list[str] = []
    for path in paths:
        for key, given in _read(Path(path), wrong):
            student, file = key.split("-")
            before = by_student.setdefault(student, given)
            if before.marks is None and not before.comment:
                by_student[student] = given
            elif (given.marks is not None or given.comment) and _is_other(before, given):
                wrong.append(
                    f"{given.where}: {_told(given)}, but {before.where} has {_told(before)} for the same answer"
                )
            by_file.setdefault(file, []).append(given)
    _refuse(wrong)
    # of copies, and of a file that two hand in, the same answer may have several marks
    alone = {f: each for f, these in by_file.items() if (each := _same(these)) is not None}
    return Marks(by_student, alone)


def _is_other(one: Given, two: Given) -> bool:
    return (one.marks, one.comment) != (two.marks, two.comment)


def _same(these: Sequence[Given]) -> Given | None:
    return None if any(_is_other(these[0], each) for each in these) else these[0]


def _told(given: Given) -> str:
    marks = "no marks" if given.marks is None else f"{given.marks:g} marks"
    return f"{marks} and the comment {given.comment[:60]!r}" if given.comment else marks


def _read(path: Path, wrong: list[str]) -> Iterator[tuple[str, Given]]:
    rows = read(read_file(path, "marks", "a .csv file"), f"file of marks {path}").rows
    head = [cell.strip().casefold() for cell in rows[0]] if rows else []
    missing = [name for name in ("key", "marks") if head.count(name) != 1]
    if missing:
        raise UsageError(
            f"{path}: it has no column {' and no column '.join(missing)}; fill in the file that --report open=FILE "
            f"writes, and leave its headings as they are"
        )
    columns = {name: head.index(name) for name in COLUMNS if name in head}
    for number, row in enumerate(rows[1:], 2):
        cells = {name: _plain(row[at]) if at < len(row) else "" for name, at in columns.items()}
        where, key, marks, comment = f"{path}, line {number}", cells["key"], cells["marks"], cells.get("comment", "")
        if marks and not _AMOUNT.fullmatch(marks):
            wrong.append(f"{where}: {marks[:40]!r} are no marks; write a number such as 2 or 1.5")
        elif len(comment) > LONGEST:
            wrong.append(f"{where}: a comment of {len(comment):,} characters; {LONGEST:,} fit into a cell's comment")
        elif not _KEY.fullmatch(key):
            if marks or comment:
                wrong.append(f"{where}: the column key says {key[:40]!r}, so that nobody knows what this is given to")
        else:
            named = (cells.get("name") or cells.get("id") or cells.get("file", ""), cells.get("question", ""))
            whose = ", ".join(each[:80] for each in named if each)
            yield key, Given(where, whose, float(marks.replace(",", ".")) if marks else None, comment)


def _plain(cell: str) -> str:
    """A cell on one line, without what nobody sees, and the apostrophes that keep it from being a formula."""
    seen = "".join(each if unicodedata.category(each)[0] != "C" else " " * each.isspace() for each in cell)
    return _GUARDED.sub(r"\1", " ".join(seen.split()))


def _refuse(wrong: Sequence[str]) -> None:
    if wrong:
        more = [f"and {len(wrong) - MOST_TOLD} lines more"] if len(wrong) > MOST_TOLD else []
        raise UsageError("\n".join((*wrong[:MOST_TOLD], *more)))


# --- in results -----------------------------------------------------------------------------------------------------


def with_marks(results: Results, *paths: str | Path, language: str = "") -> Results:
    """``results`` with the marks that a person wrote into files, and what became of them in ``about_marks``.

    What students are told of them is in ``language``, or in that of the results. Raises UsageError.
    """
    return with_given(results, read_marks(paths), language)


def with_given(results: Results, marks: Marks, language: str = "") -> Results:
    """The same of ``marks`` that were read. Raises UsageError for too many, and where none is of this class."""
    say = translations(language or results.language)
    marks = _without_copies(marks, results)
    used: set[Given] = set()
    wrong: dict[str, None] = {}
    taken = 0
    waiting: Counter[str] = Counter()
    for marked in results.submissions:
        for answer in marked.answers:
            given = marks.of(marked, answer)
            if given is not None:
                used.add(given)
                if given.marks is not None and given.marks > answer.max_score:
                    most = f"{answer.id} has at most {answer.max_score:g}"
                    wrong[f"{given.where}: {given.marks:g} marks, and {most}"] = None
            if answer.graded or (given is not None and given.marks is not None):
                taken += 1
            elif answer.status == "for-a-person":
                waiting[answer.id] += 1
    _refuse(list(wrong))
    every = [given for given in marks.by_student.values() if given.marks is not None or given.comment]
    stale = [given for given in every if given not in used]
    if every and len(stale) == len(every):
        raise UsageError(
            f"{stale[0].where}: neither this nor any other line is of an answer of these hand-ins; is it the list of "
            f"another class? --report open=FILE writes the one of this"
        )
    about = _about(taken, waiting, stale, len(every))
    return replace(results, submissions=_Graded(results.submissions, marks, say), about_marks=about, graded=True)


def _without_copies(marks: Marks, results: Results) -> Marks:
    """Without what a file says that several have handed in, or whose student has the same answer in another by now."""
    found: Counter[str] = Counter()
    there: set[Given | None] = set()
    for marked in results.submissions:
        for answer in marked.answers:
            if answer.status == "for-a-person" or answer.graded:
                student, file = key_of(marked, answer).split("-")
                found[file] += 1
                there.add(marks.by_student.get(student))
    known = {file: given for file, given in marks.by_file.items() if found[file] == 1 and given not in there}
    return replace(marks, by_file=known)


def _about(taken: int, waiting: Mapping[str, int], stale: Sequence[Given], every: int) -> tuple[str, ...]:
    still = ", ".join(f"{answer} {count}" for answer, count in sorted(waiting.items()))
    told = [f"marks of {taken} answers; {sum(waiting.values())} wait for a person{f' ({still})' if still else ''}"]
    if stale:
        named = "; ".join(f"{given.where} ({given.whose})" for given in stale[:MOST_TOLD])
        more = f" and {len(stale) - MOST_TOLD} more" if len(stale) > MOST_TOLD else ""
        told.append(
            f"{len(stale)} of {every} lines count for nothing, since nobody has that answer (any more): {named}{more}; "
            f"--report open=FILE writes what is handed in now"
        )
    return tuple(told)


class _Graded(Sequence[Marked]):
    """Submissions that get the marks of a person when they are looked at."""

    def __init__(self, submissions: Sequence[Marked], marks: Marks, say: Translations) -> None:
        self._submissions, self._marks, self._say = submissions, marks, say

    def __len__(self) -> int:
        return len(self._submissions)

    @overload
    def __getitem__(self, index: int) -> Marked: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Marked]: ...
    def __getitem__(self, index: int | slice) -> Marked | Sequence[Marked]:
        if isinstance(index, slice):
            return _Graded(self._submissions[index], self._marks, self._say)
        return self._graded(self._submissions[index])

    def __iter__(self) -> Iterator[Marked]:
        return map(self._graded, self._submissions)

    def _graded(self, marked: Marked) -> Marked:
        answers = tuple(_with(answer, self._marks.of(marked, answer), self._say) for answer in marked.answers)
        return replace(
            marked,
            answers=answers,
            score=total(answer.score for answer in answers),
            open=total(answer.max_score for answer in answers if answer.status == "for-a-person"),
            graded=True,
        )


def _with(answer: Answer, given: Given | None, say: Translations) -> Answer:
    if given is None:
        return answer
    if given.marks is None:
        return replace(answer, feedback=given.comment or answer.feedback, comment=given.comment)
    most = answer.max_score
    status: Status = "correct" if given.marks == most else "partly" if given.marks else "wrong"
    score, all_of_it = (f"{each:g}".replace(".", say.gettext("1.5")[1]) for each in (given.marks, most))
    told = say.gettext("{score} of {most} marks.").format(score=score, most=all_of_it)
    feedback = f"{told} {given.comment}".strip() if given.comment or status != "correct" else ""
    return replace(answer, status=status, score=given.marks, feedback=feedback, comment=given.comment, graded=True)
