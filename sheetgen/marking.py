"""Marks: what a student's cells hold, held against the table. Every fault of a student's is data here, never an error.

This room must not know files or workbooks: it is handed what was found in the cells.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from .addresses import address
from .expr import Call, Op, Value, plain, words
from .questionnaire import INIT, Question, QuestionCell, lettered
from .sheet import Sheet, SheetCell, plain_number
from .units import untrue, without_unit

Status = Literal["correct", "follow-through", "wrong", "blank", "unreadable", "for-a-person"]
CLOSE = 1e-6  # a formula's answer may carry floating noise; a count that is off by one never passes


@dataclass(frozen=True, slots=True)
class Held:
    """What one cell of a submission holds: a number, a text, or nothing; ``problem`` says why there is no number."""

    sheet: str
    cell: str  # its address, L4
    value: int | float | str | bool | None = None
    formula: str | None = None
    problem: str | None = None
    shown: Literal["", "date", "percent"] = ""  # what the cell's number format makes of the number
    notes: tuple[str, ...] = ()  # what a person who marks should know of the cell, in sentences


@dataclass(frozen=True, slots=True)
class Submission:
    """One file: the cell found for each answer's id, or the ``reason`` why it cannot be marked."""

    file: str
    held: Mapping[str, Held]
    reason: str | None = None
    notes: tuple[str, ...] = ()  # what a person who marks should know of the file, in sentences


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
    notes: tuple[str, ...] = ()  # not for the mark: how the cell was read, what is odd about it
    expected: int | float | str | None = None  # only where answers are revealed


@dataclass(frozen=True, slots=True)
class Marked:
    """The marks of one file; ``status`` is "unmarked", with a reason, where it could not be read.

    ``open`` are marks that a person has yet to give; ``max_score`` includes them.
    """

    file: str
    student: str | None
    status: Literal["marked", "unmarked"]
    reason: str | None
    score: float
    max_score: float
    answers: tuple[Answer, ...]
    open: float = 0
    notes: tuple[str, ...] = ()

    @property
    def all_correct(self) -> bool:
        """Whether nothing is to be found fault with; what a person has yet to read is no fault."""
        fine = ("correct", "for-a-person")
        return self.status == "marked" and all(answer.status in fine for answer in self.answers)

    def count(self, status: Status) -> int:
        return sum(answer.status == status for answer in self.answers)


def mark(sheet: Sheet, submission: Submission, *, reveal: bool = False) -> Marked:
    """Marks of ``submission``; the expected numbers and their working are in it only with ``reveal``."""
    asked = sheet.questions.cells if sheet.questions is not None else ()
    most = _total([*(cell.marks for cell in sheet.blanks), *(cell.part.marks for cell in asked)])
    if submission.reason is not None:
        return Marked(submission.file, None, "unmarked", submission.reason, 0, most, ())
    answers = tuple(_mark_cell(sheet, cell, submission.held, reveal=reveal) for cell in sheet.blanks)
    answers += tuple(_mark_question(sheet, cell, submission.held, reveal=reveal) for cell in asked)
    still = _total(answer.max_score for answer in answers if answer.status == "for-a-person")
    score = _total(answer.score for answer in answers)
    return Marked(submission.file, None, "marked", None, score, most, answers, still, submission.notes)


def _total(marks: Iterable[float]) -> float:
    return round(math.fsum(marks), 6)  # decimal marks such as 0.1 add up to what a person adds up to


def _mark_cell(sheet: Sheet, cell: SheetCell, found: Mapping[str, Held], *, reveal: bool) -> Answer:
    answer = cell.answer or ""
    right = sheet.table.value(answer)
    held = found.get(answer) or _gone(answer, sheet.worksheet, cell)
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
        notes=held.notes,
        expected=plain_number(right) if reveal else None,
    )


def _gone(answer: str, worksheet: str, cell: SheetCell | QuestionCell) -> Held:
    gone = f"the cell named {answer} is no longer in the workbook"
    return Held(worksheet, address(cell.row, cell.column), problem=gone)


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
_SIZE = re.compile(r"\d{1,9}(?:\.\d{1,6})?(?:\s*[x×*]\s*\d{1,9}(?:\.\d{1,6})?)+", re.ASCII | re.IGNORECASE)


def read_answer(value: int | float | str | bool | None, right: Value) -> tuple[int | float | str | None, str | None]:
    """What a cell holds, read as an answer of the kind that ``right`` is: a whole number, another number, a size."""
    if not isinstance(value, str) or not value.strip() or (isinstance(right, int) and not value.strip().endswith("%")):
        number, problem = read_number(value)
        if isinstance(right, str) and number is not None:
            return None, "a size is expected, such as 55 x 55 x 96"
        return number, problem
    if isinstance(right, str):
        if _SIZE.fullmatch(value.strip()) is None:
            return None, f"the cell holds no size such as 55 x 55 x 96: {value.strip()[:40]!r}"
        return " x ".join(plain(Fraction(part)) for part in re.split(r"(?i)\s*[x×*]\s*", value.strip())), None
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


# --- questions ------------------------------------------------------------------------------------------------------


def _mark_question(sheet: Sheet, cell: QuestionCell, found: Mapping[str, Held], *, reveal: bool) -> Answer:
    assert sheet.questions is not None
    question, part = cell.question, cell.part
    held = found.get(part.id) or _gone(part.id, sheet.questions.worksheet, cell)
    right = sheet.table.value(part.id) if question.numbers else question.model
    status: Status
    if held.problem is not None:
        status, feedback = "unreadable", f"{_capital(held.problem)}."
    elif held.value is None or (isinstance(held.value, str) and not held.value.strip()):
        status, feedback = "blank", "Left blank."
    elif question.kind == "text":
        status, feedback = "for-a-person", "A person marks this."
    elif question.kind == "choice":
        status, feedback = _judge_choice(question, held.value)
    else:
        status, feedback = _judge_number(cell, held.value, right)
    if status == "wrong":
        place = f"Question {question.id}" + (f", {part.layer}, {INIT[part.column]}" if part.layer else "")
        feedback = f"{place}: {_shown(held.value)} is not right.{feedback and ' '}{feedback}"
    if reveal and status != "correct":
        told = _working(sheet, part.id) if question.numbers else question.revealed
        what = " Model answer:" if question.kind == "text" else " The answer is"
        feedback += f"{what} {told}{'' if question.kind == 'text' else '.'}" if told else ""
        feedback += f" {question.remark}" if question.remark else ""
        feedback = " ".join(feedback.split())  # on one line
    return Answer(
        id=part.id,
        sheet=held.sheet,
        cell=held.cell,
        given=_shown(held.value),
        status=status,
        score=part.marks if status == "correct" else 0,
        max_score=part.marks,
        feedback=feedback,
        notes=held.notes,
        expected=plain_number(right) if reveal else None,
    )


def _working(sheet: Sheet, answer: str) -> str:
    """The question's formula as it was asked, with the numbers put in: ``(256 - 224 + 1)**2*2 = 2178``."""
    quantity = sheet.table.quantities[answer]
    if any(isinstance(bind, int) for bind in quantity.binds.values()):
        return sheet.table.working(answer)
    if not isinstance(quantity.formula, Op | Call):
        return plain(sheet.table.value(answer))
    return words(quantity.formula, {name: sheet.table.value(str(bind)) for name, bind in quantity.binds.items()})


def _judge_number(cell: QuestionCell, value: int | float | str | bool | None, right: Value) -> tuple[Status, str]:
    """The status, and what there is to say of a number that was foreseen."""
    unit = cell.question.unit
    signed = isinstance(value, str) and value.rstrip().endswith("%")
    if isinstance(value, str) and unit:
        if (claim := untrue(value)) is not None:
            return "wrong", f"{claim}."
        value = without_unit(value, unit)
    number, problem = read_answer(value, right)
    if problem is not None:  # a decimal where a whole number is right, and the other way round
        other, still = read_answer(value, 0.5) if isinstance(right, int) else read_number(value)
        number, problem = (other, None) if still is None else (None, problem)
    if number is None or isinstance(number, str):
        return "unreadable", f"{_capital(problem or 'the cell holds no number')}."
    # 67.4 % typed as such is 0.674 in the cell; a sign that is there says what the number is
    numbers = [number, number * 100] if unit == "%" and not signed else [number]
    if any(is_right(each, right, cell.part.near) for each in numbers):
        return "correct", ""
    for known in cell.part.known:
        if any(is_right(each, known.value, known.near) for each in numbers):
            return "correct" if known.right else "wrong", known.said
    return "wrong", ""


def _judge_choice(question: Question, value: int | float | str | bool | None) -> tuple[Status, str]:
    chosen = _read_choice(_shown(value), question)
    if chosen is None:
        last = lettered(question.options)[-1][0]
        return "unreadable", f"The cell holds none of the letters A to {last}, nor one of the options."
    return ("correct", "") if chosen == question.model else ("wrong", "")


def _read_choice(typed: str, question: Question) -> str | None:
    """The letter that ``typed`` stands for: b, B), (b), the option's text, or B and the text behind it."""
    said = " ".join(typed.split()).casefold().rstrip(".")
    for letter, option in lettered(question.options):
        small, text = letter.casefold(), " ".join(option.split()).casefold().rstrip(".")
        if said in (small, f"{small})", f"({small})", f"{small}:", text):
            return letter
        if re.fullmatch(rf"\(?{small}[).: ]+{re.escape(text)}", said):
            return letter
    return None
