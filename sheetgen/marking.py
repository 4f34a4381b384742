"""Marks: what a student's cells hold, held against the table. Every fault of a student's is data here, never an error.

This room must not know files or workbooks: it is handed what was found in the cells.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from . import reading
from .addresses import address
from .expr import Call, Op, plain, words
from .judging import Held as Held
from .judging import Status as Status
from .judging import Verdict, capital, judge_among, judge_asked, judge_cell, judge_choice, shown_as
from .judging import is_right as is_right
from .questionnaire import INIT, QuestionCell
from .reading import Habit
from .sheet import Sheet, SheetCell, plain_number

NOWHERE = "–"  # for a cell's address, where the file has none for an answer
_NOT_HERE = "Not in this file."


@dataclass(frozen=True, slots=True)
class Submission:
    """One file: the cell found for each answer's id, or the ``reason`` why it cannot be marked."""

    file: str
    held: Mapping[str, Held]
    reason: str | None = None
    notes: tuple[str, ...] = ()  # what a person who marks should know of the file, in sentences
    whole: bool = True  # was it our own workbook, so that a cell that is not there was taken out?


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
    habit = _habit(sheet, submission.held)
    found = submission.held
    if not submission.whole:
        places = {cell.answer or "": sheet.worksheet for cell in sheet.blanks}
        if sheet.questions is not None:
            places |= dict.fromkeys((cell.answer for cell in asked), sheet.questions.worksheet)
        found = {**{answer: Held(worksheet, NOWHERE) for answer, worksheet in places.items()}, **found}
    answers = tuple(_mark_cell(sheet, cell, found, habit, reveal=reveal) for cell in sheet.blanks)
    answers += tuple(_mark_question(sheet, cell, found, habit, reveal=reveal) for cell in asked)
    still = _total(answer.max_score for answer in answers if answer.status == "for-a-person")
    score = _total(answer.score for answer in answers)
    return Marked(submission.file, None, "marked", None, score, most, answers, still, submission.notes)


def _total(marks: Iterable[float]) -> float:
    return round(math.fsum(marks), 6)  # decimal marks such as 0.1 add up to what a person adds up to


def _habit(sheet: Sheet, held: Mapping[str, Held]) -> Habit:
    """Which mark the student puts before decimals, from all the numbers that they typed as text; not from prose."""
    asked = sheet.questions.numbers if sheet.questions is not None else ()
    numbers = (held.get(answer) for answer in (*(cell.answer or "" for cell in sheet.blanks), *asked))
    return reading.habit(each.value for each in numbers if each is not None and isinstance(each.value, str))


def _mark_cell(sheet: Sheet, cell: SheetCell, found: Mapping[str, Held], habit: Habit, *, reveal: bool) -> Answer:
    answer = cell.answer or ""
    right = sheet.table.value(answer)
    held = found.get(answer) or _gone(answer, sheet.worksheet, cell)
    heading = sheet.headings[cell.slot.quantity]
    if held.of:
        judged = judge_among(held, answer, {each: sheet.table.value(each) for each in held.of}, habit, heading)
    else:
        judged = judge_cell(held, cell.slot.quantity, right, cell.near, habit, heading)
    status, feedback = judged.status, judged.said
    if held.cell == NOWHERE:
        feedback = _NOT_HERE
    if status == "wrong":
        feedback = f"{_in_words(sheet, answer)}: {shown_as(held.value)} is not right."
    if reveal and status != "correct":
        feedback += f" The answer is {sheet.table.working(answer)}."
    return Answer(
        id=answer,
        sheet=held.sheet,
        cell=held.cell,
        given=shown_as(held.value),
        status=status,
        score=cell.marks if status == "correct" else 0,
        max_score=cell.marks,
        feedback=feedback,
        notes=(*held.notes, *judged.notes),
        expected=plain_number(right) if reveal else None,
    )


def _gone(answer: str, worksheet: str, cell: SheetCell | QuestionCell) -> Held:
    gone = f"the cell named {answer} is no longer in the workbook"
    return Held(worksheet, address(cell.row, cell.column), problem=gone)


def _in_words(sheet: Sheet, answer: str) -> str:
    """The answer's place as the sheet spells it: ``conv1, Output height``."""
    cell = sheet.places[answer]
    return f"{cell.slot.layer}, {sheet.headings[cell.slot.quantity]}"


# --- questions ------------------------------------------------------------------------------------------------------


def _mark_question(
    sheet: Sheet, cell: QuestionCell, found: Mapping[str, Held], habit: Habit, *, reveal: bool
) -> Answer:
    assert sheet.questions is not None
    question, part = cell.question, cell.part
    held = found.get(part.id) or _gone(part.id, sheet.questions.worksheet, cell)
    right = sheet.table.value(part.id) if question.numbers else question.model
    if held.problem is not None:
        judged = Verdict("unreadable", f"{capital(held.problem)}.")
    elif held.value is None or (isinstance(held.value, str) and not held.value.strip()):
        judged = Verdict("blank", "Left blank." if held.cell != NOWHERE else _NOT_HERE)
    elif question.kind == "text":
        judged = Verdict("for-a-person", "A person marks this.")
    elif question.kind == "choice":
        judged = judge_choice(question, held.value)
    else:
        judged = judge_asked(cell, held, right, habit)
    status, feedback = judged.status, judged.said
    if status == "wrong":
        place = f"Question {question.id}" + (f", {part.layer}, {INIT[part.column]}" if part.layer else "")
        feedback = f"{place}: {shown_as(held.value)} is not right.{feedback and ' '}{feedback}"
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
        given=shown_as(held.value),
        status=status,
        score=part.marks if status == "correct" else 0,
        max_score=part.marks,
        feedback=feedback,
        notes=(*held.notes, *judged.notes),
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
