"""Marks: what a student's cells hold, held against the table. Every fault of a student's is data here, never an error.

This room must not know files or workbooks: it is handed what was found in the cells.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from .addresses import address
from .expr import Value
from .sheet import Sheet, SheetCell, plain_number

Status = Literal["correct", "follow-through", "wrong", "blank", "unreadable"]
CLOSE = 1e-6  # a formula's answer may carry floating noise; a count that is off by one never passes


@dataclass(frozen=True, slots=True)
class Held:
    """What one cell of a submission holds: a number, a text, or nothing; ``problem`` says why there is no number."""

    sheet: str
    cell: str  # its address, L4
    value: int | float | str | bool | None = None
    formula: str | None = None
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class Submission:
    """One file: the cell found for each answer's id, or the ``reason`` why it cannot be marked."""

    file: str
    held: Mapping[str, Held]
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Because:
    """An explanation of a wrong number."""

    id: str
    rule: str
    certainty: Literal["only", "likely", "possible"]


@dataclass(frozen=True, slots=True)
class Answer:
    id: str
    sheet: str
    cell: str
    given: str
    status: Status
    score: float
    max_score: float
    because: tuple[Because, ...] = ()
    feedback: str = ""
    expected: int | float | str | None = None  # only where answers are revealed


@dataclass(frozen=True, slots=True)
class Marked:
    """The marks of one file; ``status`` is "unmarked", with a reason, where it could not be read."""

    file: str
    student: str | None
    status: Literal["marked", "unmarked"]
    reason: str | None
    score: float
    max_score: float
    answers: tuple[Answer, ...]

    @property
    def all_correct(self) -> bool:
        return self.status == "marked" and all(answer.status == "correct" for answer in self.answers)

    def count(self, status: Status) -> int:
        return sum(answer.status == status for answer in self.answers)


def mark(sheet: Sheet, submission: Submission, *, reveal: bool = False) -> Marked:
    """Marks of ``submission``; the expected numbers and their working are in it only with ``reveal``."""
    most = _total(cell.marks for cell in sheet.blanks)
    if submission.reason is not None:
        return Marked(submission.file, None, "unmarked", submission.reason, 0, most, ())
    answers = tuple(_mark_cell(sheet, cell, submission.held, reveal=reveal) for cell in sheet.blanks)
    return Marked(submission.file, None, "marked", None, _total(a.score for a in answers), most, answers)


def _total(marks: Iterable[float]) -> float:
    return round(math.fsum(marks), 6)  # decimal marks such as 0.1 add up to what a person adds up to


def _mark_cell(sheet: Sheet, cell: SheetCell, found: Mapping[str, Held], *, reveal: bool) -> Answer:
    answer = cell.answer or ""
    right = sheet.table.value(answer)
    held = found.get(answer)
    if held is None:
        gone = f"the cell named {answer} is no longer in the workbook"
        held = Held(sheet.worksheet, address(cell.row, cell.column), problem=gone)
    number: int | float | str | None
    number, problem = (None, held.problem) if held.problem else read_answer(held.value, right)
    status: Status
    if problem is not None:
        status, feedback = "unreadable", f"{_capital(problem)}."
    elif number is None:
        status, feedback = "blank", "Left blank."
    elif is_right(number, right, cell.near):
        status, feedback = "correct", ""
    else:
        status, feedback = "wrong", f"{_in_words(sheet, answer)}: {_shown(held.value)} is not right."
    if reveal and status != "correct":
        feedback += f" The answer is {sheet.table.working(answer)}."
    return Answer(
        id=answer,
        sheet=held.sheet,
        cell=held.cell,
        given=_shown(held.value),
        status=status,
        score=cell.marks if status == "correct" else 0,
        max_score=cell.marks,
        feedback=feedback,
        expected=plain_number(right) if reveal else None,
    )


def is_right(number: int | float | str, right: Value, near: float = 0) -> bool:
    """Whether a student's number is the right one: integers exactly, floats up to the noise of a calculation.

    ``near`` is how far off it may be, where the coursework says so. A size is a text, ``55 x 55 x 96``.
    """
    if isinstance(number, str) or isinstance(right, str):
        return number == right
    if isinstance(number, int) and isinstance(right, int) and not near:
        return number == right
    return abs(float(number) - float(right)) <= near + (CLOSE if isinstance(right, int) else abs(float(right)) * CLOSE)


# 34944, 34,944, 34 944, 34944.0: a number as people type it, groups of three separated by commas or spaces
_TYPED = re.compile(r"[+-]?(\d{1,3}(?:([, \u00a0\u202f])\d{3})(?:\2\d{3})*|\d{1,15})(?:\.0*)?", re.ASCII)


def read_number(value: int | float | str | bool | None) -> tuple[int | float | None, str | None]:
    """The number that a cell holds, or (None, why there is none); (None, None) is an empty cell."""
    if isinstance(value, bool):
        return None, f"the cell holds {str(value).upper()}, a number is expected"
    if isinstance(value, int | float):
        return (value, None) if math.isfinite(value) else (None, "the cell holds no finite number")
    if value is None or not value.strip():
        return None, None
    typed = _TYPED.fullmatch(value.strip())
    if typed is None:
        return None, f"the cell holds text that is no whole number: {value.strip()[:40]!r}"
    return int(re.sub(r"[^\d+-]", "", value.strip().partition(".")[0])), None


# 0.377, 0,377, 37.7 %
_DECIMAL = re.compile(r"([+-]?\d{1,15})(?:[.,](\d{1,15}))?\s*(%?)", re.ASCII)
# 55x55x96, 55 × 55 × 96, 55 * 55 * 96
_SIZE = re.compile(r"\s*(\d{1,9})\s*[x×*]\s*(\d{1,9})\s*[x×*]\s*(\d{1,9})\s*", re.ASCII | re.IGNORECASE)


def read_answer(value: int | float | str | bool | None, right: Value) -> tuple[int | float | str | None, str | None]:
    """What a cell holds, read as an answer of the kind that ``right`` is: a whole number, another number, a size."""
    if isinstance(right, int) or not isinstance(value, str) or not value.strip():
        number, problem = read_number(value)
        if isinstance(right, str) and number is not None:
            return None, "a size is expected, such as 55 x 55 x 96"
        return number, problem
    if isinstance(right, str):
        size = _SIZE.fullmatch(value)
        if size is None:
            return None, f"the cell holds no size such as 55 x 55 x 96: {value.strip()[:40]!r}"
        return " x ".join(str(int(part)) for part in size.groups()), None
    typed = _DECIMAL.fullmatch(value.strip())
    if typed is None:
        return None, f"the cell holds text that is no number: {value.strip()[:40]!r}"
    number = float(f"{typed[1]}.{typed[2] or 0}")
    return (number / 100 if typed[3] else number), None


def _shown(value: int | float | str | bool | None) -> str:
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return "" if value is None else str(value)


def _in_words(sheet: Sheet, answer: str) -> str:
    """The answer's place as the sheet spells it: ``conv1, Output height``."""
    cell = sheet.places[answer]
    return f"{cell.slot.layer}, {sheet.headings[cell.slot.quantity]}"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
