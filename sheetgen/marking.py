"""Marks: what a student's cells hold, held against the table. Every fault of a student's is data here, never an error.

This room must not know files or workbooks: it is handed what was found in the cells.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Literal

from . import reading
from .addresses import address
from .expr import Call, Number, Op, Value, plain, words
from .quantities import COMPOSITE
from .questionnaire import INIT, Question, QuestionCell, lettered
from .reading import Habit, Reading, Sides
from .reading.claims import untrue
from .sheet import Sheet, SheetCell, plain_number

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
    unit: int = 1  # what the number in the cell is a multiple of: 1000 in a column of thousands
    of: tuple[str, ...] = ()  # the ids of the numbers that the cell shows together, in their order: 55 x 55 x 96
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
    habit = _habit(sheet, submission.held)
    answers = tuple(_mark_cell(sheet, cell, submission.held, habit, reveal=reveal) for cell in sheet.blanks)
    answers += tuple(_mark_question(sheet, cell, submission.held, habit, reveal=reveal) for cell in asked)
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


@dataclass(frozen=True, slots=True)
class _Verdict:
    """What a cell was judged to be; ``said`` to the student, after a wrong number or as why there is none."""

    status: Status
    said: str = ""
    notes: tuple[str, ...] = ()


def _mark_cell(sheet: Sheet, cell: SheetCell, found: Mapping[str, Held], habit: Habit, *, reveal: bool) -> Answer:
    answer = cell.answer or ""
    right = sheet.table.value(answer)
    held = found.get(answer) or _gone(answer, sheet.worksheet, cell)
    heading = sheet.headings[cell.slot.quantity]
    if held.of:
        judged = _judge_among(held, answer, {each: sheet.table.value(each) for each in held.of}, habit, heading)
    else:
        judged = _judge_cell(held, cell.slot.quantity, right, cell.near, habit, heading)
    status, feedback = judged.status, judged.said
    if status == "wrong":
        feedback = f"{_in_words(sheet, answer)}: {_shown(held.value)} is not right."
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
        notes=(*held.notes, *judged.notes),
        expected=plain_number(right) if reveal else None,
    )


def _gone(answer: str, worksheet: str, cell: SheetCell | QuestionCell) -> Held:
    gone = f"the cell named {answer} is no longer in the workbook"
    return Held(worksheet, address(cell.row, cell.column), problem=gone)


_SIDES = frozenset(side for sides in COMPOSITE.values() for side in sides)  # and channels: one length each


def _judge_cell(held: Held, quantity: str, right: Value, near: float, habit: Habit, heading: str) -> _Verdict:
    if held.problem is not None:
        return _Verdict("unreadable", f"{_capital(held.problem)}.")
    sized = isinstance(right, str) or quantity in COMPOSITE  # of a vector the size is a number
    kind: reading.Kind = "number" if held.unit != 1 else _kind(right, sized=sized, side=quantity in _SIDES)
    read = reading.read(held.value, kind, shown=held.shown, habit=habit, unit=heading)
    if (unread := _unread(read)) is not None:
        return unread
    if sized:
        return _judge_size(read, right, named=quantity in COMPOSITE)
    if held.unit != 1:
        return _judge_in_units(read, held, right, near)
    return _judge_number(read, read.numbers[0], read.others, right, near)


def _judge_in_units(read: Reading, held: Held, right: Value, near: float) -> _Verdict:
    """A number in thousands or millions, right within its last digit: 62.4 of a column in millions is 62,400,000.

    One that is right as it stands was written out in full, where thousands were asked: right too, and said.
    """
    whole = [Fraction(each) * held.unit for each in (read.numbers[0], *read.others)]
    digits = str(held.value).strip() if isinstance(held.value, str) else repr(held.value)
    half = max(read.half, Fraction(1, 2 * 10 ** len(_decimals(digits)))) * held.unit
    scaled = replace(read, half=half if half <= reading.COARSEST * abs(whole[0]) else Fraction(0))
    judged = _judge_number(scaled, whole[0], whole[1:], right, near)
    if judged.status == "wrong" and is_right(read.numbers[0], right, near):
        note = f"It is written out in full; the column is in units of {held.unit:,}."
        return _Verdict("correct", "", (*read.notes, note))
    return judged


def _decimals(digits: str) -> str:
    behind = re.search(r"[.,](\d+)", digits)
    return behind[1] if behind is not None and "e" not in digits else ""


def _judge_among(held: Held, answer: str, right: Mapping[str, Value], habit: Habit, heading: str) -> _Verdict:
    """One number, or all, of a cell that shows several: ``right`` holds all of them by id, in the cell's order."""
    if held.problem is not None:
        return _Verdict("unreadable", f"{_capital(held.problem)}.")
    read = reading.read(held.value, "size", shown=held.shown, habit=habit, unit=heading)
    if (unread := _unread(read)) is not None:
        return unread
    sides = _exact(each for each in right.values() if not isinstance(each, str))
    usual = [each.rpartition("_")[2] for each in right] == ["height", "width", "channels"]
    match = reading.compare(_exact(read.numbers), sides, channels_last=usual)
    if answer not in right or match in ("same", "channels first"):
        return _judge_size(read, " x ".join(map(plain, sides)), named=usual)
    given = dict(zip(right, _exact(read.numbers), strict=False))
    if len(read.numbers) != len(sides):
        said = f"The cell holds {len(read.numbers)} number{'s' * (len(read.numbers) > 1)}, {len(sides)} are expected."
        return _Verdict("unreadable", said, read.notes)
    if given[answer] == right[answer]:
        return _Verdict("correct", "", read.notes)
    notes = ("The numbers are right, but stand in another order.",) if match == "other order" else ()
    return _Verdict("wrong", "", (*read.notes, *notes))


def _kind(right: Value, *, sized: bool = False, side: bool = False) -> reading.Kind:
    if sized:
        return "size"
    return "number" if not isinstance(right, int) else "side" if side else "count"


def _unread(read: Reading) -> _Verdict | None:
    if read.problem is not None:
        return _Verdict("unreadable", f"{_capital(read.problem)}.", read.notes)
    return None if read.numbers else _Verdict("blank", "Left blank.")


def _judge_number(read: Reading, number: Number, others: Iterable[Number], right: Value, near: float) -> _Verdict:
    """Right within ``near``, where the coursework says how near; where not, a rounded number within its own precision.

    So no ~ makes a number right that is not so without it, where a tolerance is stated. Of two numbers that a text can
    mean either may be the right one; and what is in doubt is not told to be wrong.
    """
    if any(is_right(each, right, near) for each in (number, *others)):
        return _Verdict("correct", "", read.notes)
    if read.doubt is not None:
        return _Verdict("unreadable", f"{_capital(read.doubt)}.")
    if read.half and not near and is_right(number, right, float(read.half)):
        note = f"It is rounded to {plain(read.half)} either way, and right within that; the exact number is asked."
        return _Verdict("correct", "", (*read.notes, note))
    return _Verdict("wrong", "", read.notes)


def _judge_size(read: Reading, right: Value, *, named: bool) -> _Verdict:
    """``named``: its sides are height, width and channels, so that another order can be told."""
    sides = _sides(right)
    given = _exact(read.numbers)
    if any(_exact((other,)) == sides for other in read.others):
        return _Verdict("correct", "", read.notes)
    match = reading.compare(given, sides, channels_last=named)
    if match == "same":
        return _Verdict("correct", "", read.notes)
    if match == "channels first":
        return _Verdict(
            "correct", "", (*read.notes, "Its channels stand first; here a size is height x width x channels.")
        )
    if len(given) == 1 and match == "too few":
        return _Verdict("unreadable", "A size is expected, such as 55 x 55 x 96.")
    order = " than height x width x channels" if named and len(sides) == 3 else ""
    notes = {
        "other order": f"The numbers are right, but stand in another order{order}.",
        "too few": f"It has {len(given)} numbers, and {len(sides)} are asked.",
    }
    return _Verdict("wrong", "", (*read.notes, *([notes[match]] if match in notes else [])))


def _sides(size: Value) -> Sides:
    """55 x 55 x 96 as three numbers; a vector's one."""
    return tuple(Fraction(side) for side in size.split(" x ")) if isinstance(size, str) else _exact((size,))


def _exact(numbers: Iterable[Number]) -> Sides:
    return tuple(number if isinstance(number, int) else Fraction(number) for number in numbers)


def is_right(number: Number | str, right: Value, near: float = 0) -> bool:
    """Whether a student's number is the right one: integers exactly, floats up to the noise of a calculation.

    ``near`` is how far off it may be, where the coursework says so. A size is a text, ``55 x 55 x 96``.
    """
    if isinstance(number, str) or isinstance(right, str):
        return number == right
    if isinstance(number, int) and isinstance(right, int) and not near:
        return number == right
    noise = CLOSE if isinstance(right, int) else abs(float(right)) * CLOSE
    return abs(Fraction(number) - Fraction(right)) <= near + noise  # exact: a text's number may be beyond a float


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


def _mark_question(
    sheet: Sheet, cell: QuestionCell, found: Mapping[str, Held], habit: Habit, *, reveal: bool
) -> Answer:
    assert sheet.questions is not None
    question, part = cell.question, cell.part
    held = found.get(part.id) or _gone(part.id, sheet.questions.worksheet, cell)
    right = sheet.table.value(part.id) if question.numbers else question.model
    if held.problem is not None:
        judged = _Verdict("unreadable", f"{_capital(held.problem)}.")
    elif held.value is None or (isinstance(held.value, str) and not held.value.strip()):
        judged = _Verdict("blank", "Left blank.")
    elif question.kind == "text":
        judged = _Verdict("for-a-person", "A person marks this.")
    elif question.kind == "choice":
        judged = _judge_choice(question, held.value)
    else:
        judged = _judge_asked(cell, held, right, habit)
    status, feedback = judged.status, judged.said
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


def _judge_asked(cell: QuestionCell, held: Held, right: Value, habit: Habit) -> _Verdict:
    """A question's number, and what there is to say of one that was foreseen."""
    unit, part = cell.question.unit, cell.part
    if isinstance(held.value, str) and (claim := untrue(held.value)) is not None:
        return _Verdict("wrong", f"{claim}.")
    read = reading.read(held.value, _kind(right), shown=held.shown, habit=habit, unit=unit)
    if (unread := _unread(read)) is not None:
        return unread
    number, *others = read.numbers[0], *read.others
    if unit == "%":  # 67.4 % typed as such is 0.674 in the cell, and is so even where its format was lost
        percents = [_percent(each) for each in (number, *others)]
        number, others = (percents[0], percents[1:]) if read.percent else (number, [*others, *percents])
    judged = _judge_number(read, number, others, right, part.near)
    if judged.status == "correct":
        return judged
    for known in part.known:
        if _judge_number(read, number, others, known.value, known.near).status == "correct":
            return _Verdict("correct" if known.right else "wrong", known.said, read.notes)
    return judged


def _percent(number: Number) -> Number:
    return Fraction(number) * 100 if not isinstance(number, float) else number * 100


def _judge_choice(question: Question, value: int | float | str | bool | None) -> _Verdict:
    chosen = _read_choice(_shown(value), question)
    if chosen is None:
        last = lettered(question.options)[-1][0]
        return _Verdict("unreadable", f"The cell holds none of the letters A to {last}, nor one of the options.")
    return _Verdict("correct" if chosen == question.model else "wrong")


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
