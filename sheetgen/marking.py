"""Marks: what a student's cells hold, held against the table. Every fault of a student's is data here, never an error.

This room must not know files or workbooks: it is handed what was found in the cells.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import TYPE_CHECKING, Literal

from . import reading
from .addresses import address
from .expr import Call, Number, Op, Value, plain, words
from .handin import NOBODY, HandIn
from .judging import Held as Held
from .judging import Status as Status
from .judging import Verdict, capital, judge_among, judge_asked, judge_cell, judge_choice, shown_as
from .judging import is_right as is_right
from .pointed import points_elsewhere
from .quantities import COMPOSITE
from .questionnaire import INIT, QuestionCell
from .reading import Habit
from .sheet import Sheet, SheetCell, plain_number

if TYPE_CHECKING:
    from .diagnosis import Finding

NOWHERE = "–"  # for a cell's address, where the file has none for an answer
_NOT_HERE = "Not in this file."
SHORT = 40  # characters of a text that other students may have typed too


@dataclass(frozen=True, slots=True)
class Submission:
    """One file: the cell found for each answer's id, or the ``reason`` why it cannot be marked."""

    file: str
    held: Mapping[str, Held]
    reason: str | None = None
    notes: tuple[str, ...] = ()  # what a person who marks should know of the file, in sentences
    whole: bool = True  # was it our own workbook, so that a cell that is not there was taken out?
    student: str = ""  # what its Student cell says
    properties: Mapping[str, str] = field(
        default_factory=dict, hash=False
    )  # of the document: creator, modifier, created


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
    formula: str | None = None  # the cell's, without its =
    follows: bool = False  # wrong and without marks, but right for the student's own earlier numbers
    graded: bool = False  # a person gave its marks: what a program cannot judge
    comment: str = ""  # and said this of it


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
    summary: tuple[str, ...] = ()  # what went wrong, a sentence for each cause
    hand_in: HandIn = NOBODY
    instead: str = ""  # the file that counts in the place of this one, of the same student
    doubts: tuple[str, ...] = ()  # why it is not known, or not sure, whose it is, in sentences
    student_cell: str = ""  # what the Student cell says, whoever handed the file in
    properties: Mapping[str, str] = field(
        default_factory=dict, hash=False
    )  # of the document: creator, modifier, created
    content: str = ""  # SHA-256 of the file's bytes
    assignment: str = ""  # what the marks depend on beside the file: the coursework, our version, the options
    graded: bool = False  # the marks that a person gives are in it, as far as they are given

    @property
    def all_correct(self) -> bool:
        return self.brief().all_correct

    def count(self, status: Status) -> int:
        return sum(answer.status == status for answer in self.answers)

    def brief(self) -> Brief:
        counts: dict[str, int] = {}
        for answer in self.answers:
            counts[answer.status] = counts.get(answer.status, 0) + 1
        marks = (self.score, self.max_score, self.open)
        return Brief(self.file, self.student, self.status, self.reason, *marks, counts, self.graded)


@dataclass(frozen=True, slots=True)
class Brief:
    """What one line says of a file: its fields are those of ``Marked``, and how many answers have each status."""

    file: str
    student: str | None
    status: Literal["marked", "unmarked"]
    reason: str | None
    score: float
    max_score: float
    open: float = 0
    counts: Mapping[str, int] = field(default_factory=dict, hash=False)
    graded: bool = False

    @property
    def all_correct(self) -> bool:
        """Whether nothing is to be found fault with; what a person has yet to read is no fault."""
        return self.status == "marked" and self.counts.keys() <= {"correct", "for-a-person"}

    @property
    def all_blank(self) -> bool:
        """Whether it is the workbook as it was handed out."""
        return self.counts.keys() == {"blank"}

    def percent(self, sheet: Sheet | None) -> float:
        """The score as a percentage of the marks that are given by now."""
        most = given_by_now(self, sheet)
        return 100 * self.score / most if most else 100.0


def marked_by_a_person(sheet: Sheet | None) -> Mapping[str, float]:
    """The marks of each answer that a person gives, by id, whoever left it blank; empty where that is not known."""
    if sheet is None or sheet.questions is None:
        return {}
    return {cell.answer: cell.part.marks for cell in sheet.questions.cells if cell.question.kind == "text"}


def given_by_now(marked: Marked | Brief, sheet: Sheet | None) -> float:
    """How many marks there are without those that a person gives: for every student of a coursework the same.

    Once a person gives marks, without those only that are still to be given.
    """
    if marked.graded:
        return round(marked.max_score - marked.open, 6)
    known = marked_by_a_person(sheet)
    return round(marked.max_score - (math.fsum(known.values()) if known else marked.open), 6)


@dataclass(frozen=True, slots=True)
class _Judged:
    """One answer before its marks: what its cell holds, how that was judged, and what it is worth."""

    answer: str
    held: Held
    verdict: Verdict
    marks: float
    follow_through: float  # the share of its marks that following from an earlier mistake earns
    place: str  # in the sheet's words
    near: float = 0
    revealed: str = ""  # what --reveal adds
    expected: int | float | str | None = None


def mark(sheet: Sheet, submission: Submission, *, reveal: bool = False, language: str = "en") -> Marked:
    """Marks of ``submission``; the expected numbers and their working are in it only with ``reveal``.

    A wrong number that is right for the student's own earlier ones earns a part of its marks, and what explains it is
    said in ``language``.
    """
    asked = sheet.questions.cells if sheet.questions is not None else ()
    most = total([*(cell.marks for cell in sheet.blanks), *(cell.part.marks for cell in asked)])
    if submission.reason is not None:
        return Marked(
            submission.file,
            None,
            "unmarked",
            submission.reason,
            0,
            most,
            (),
            student_cell=submission.student,
            properties=submission.properties,
        )
    habit = _habit(sheet, submission.held)
    found = submission.held
    if not submission.whole:
        places = {cell.answer or "": sheet.worksheet for cell in sheet.blanks}
        if sheet.questions is not None:
            places |= dict.fromkeys((cell.answer for cell in asked), sheet.questions.worksheet)
        found = {**{answer: Held(worksheet, NOWHERE) for answer, worksheet in places.items()}, **found}
    judged = [_judge_blank(sheet, cell, found, habit, reveal=reveal) for cell in sheet.blanks]
    judged += [_judge_question(sheet, cell, found, habit, reveal=reveal) for cell in asked]
    told = _explained(sheet, judged, found, habit, language)
    answers = tuple(_answer(each, told, reveal=reveal) for each in judged)
    still = total(answer.max_score for answer in answers if answer.status == "for-a-person")
    score = total(answer.score for answer in answers)
    return Marked(
        submission.file,
        None,
        "marked",
        None,
        score,
        most,
        answers,
        still,
        submission.notes,
        told.summary,
        student_cell=submission.student,
        properties=submission.properties,
    )


@dataclass(frozen=True, slots=True)
class _Told:
    """What is known of wrong answers: which earn follow-through, why they are wrong, in words."""

    credit: frozenset[str] = frozenset()
    follows: frozenset[str] = frozenset()
    because: Mapping[str, tuple[Because, ...]] = field(default_factory=dict, hash=False)
    feedback: Mapping[str, str] = field(default_factory=dict, hash=False)
    summary: tuple[str, ...] = ()


def _explained(
    sheet: Sheet, judged: Sequence[_Judged], found: Mapping[str, Held], habit: Habit, language: str
) -> _Told:
    """Why the wrong answers are wrong. The rooms that know are loaded only where there is one."""
    wrong = {each.answer: each for each in judged if each.verdict.status == "wrong"}
    numbers = dict(_wrong_numbers(sheet, wrong.values()))
    flat = [each for each in wrong.values() if _lacks_maps(each, sheet.table.numbers.get(each.answer), habit)]
    if not numbers and not flat:
        return _Told()
    from .diagnosis import Explained, diagnose
    from .diagnosis.wording import cell_sentence, clause, earns_nothing, lacks_maps_sentence, summary

    near = {each.answer: max(each.near, _half(each.held)) for each in wrong.values()}
    findings = diagnose(
        sheet,
        numbers,
        lambda answer, given, value: is_right(given, value, near.get(answer, 0.0)),
        right=[each.answer for each in judged if each.verdict.status == "correct"],
        computed=[each.answer for each in wrong.values() if each.held.formula is not None],
    )
    whole: dict[str, Finding] = {}
    for each in wrong.values():
        finding = _of_sides(each.answer, findings)
        if finding is not None and not each.verdict.said:  # what was foreseen is said already
            whole[each.answer] = finding

    def place(answer: str) -> str:
        """The cell of an answer, or of the size that it is a side of."""
        layer, _, name = answer.rpartition(".")
        sizes = (f"{layer}.{size}" for size, sides in COMPOSITE.items() if name in sides)
        return next((found[each].cell for each in (answer, *sizes) if each in found), "")

    pointed = {answer: points_elsewhere(sheet, answer, found, language) for answer in whole}
    for answer, told in pointed.items():
        if told and not whole[answer].follows:  # which says it better than any rule that gives the same number
            whole[answer] = replace(whole[answer], why=(Explained((("points",),), "only"),))
    because: dict[str, tuple[Because, ...]] = {}
    feedback = {each.answer: lacks_maps_sentence(each.place, shown_as(each.held.value), language) for each in flat}
    for answer, finding in whole.items():
        because[answer] = tuple(
            Because(why.id, clause(why.rules, sheet, answer, language), why.certainty) for why in finding.why
        )
        given = shown_as(wrong[answer].held.value)
        said = [cell_sentence(sheet, finding, given, place, language)]
        if finding.credit and not wrong[answer].follow_through:
            said.append(earns_nothing(language))
        said += pointed[answer]
        feedback[answer] = " ".join(said)
    credit = frozenset(answer for answer, finding in whole.items() if finding.credit and wrong[answer].follow_through)
    follows = frozenset(answer for answer, finding in whole.items() if finding.follows)
    return _Told(credit, follows, because, feedback, summary(sheet, whole, place, language))


def _half(held: Held) -> float:
    """How far a number in a column of thousands may be off: half of the last digit that was typed."""
    if held.unit == 1 or not isinstance(held.value, int | float):
        return 0.0
    decimals = 0 if float(held.value).is_integer() else len(repr(float(held.value)).partition(".")[2])
    return float(Fraction(held.unit, 2 * 10**decimals))


def _wrong_numbers(sheet: Sheet, wrong: Iterable[_Judged]) -> Iterator[tuple[str, Number]]:
    """What the student gave, by id; of a size each side that is wrong."""
    for each in wrong:
        numbers, right = each.verdict.numbers, sheet.table.numbers.get(each.answer)
        layer, _, quantity = each.answer.rpartition(".")
        sides = COMPOSITE.get(quantity, ())
        if sides and len(numbers) in (1, 3):
            for side, number in zip(sides if len(numbers) == 3 else sides[2:], numbers, strict=True):
                if sheet.table.numbers.get(f"{layer}.{side}", number) != number:
                    yield f"{layer}.{side}", number
        elif len(numbers) == 1 and right is not None and not isinstance(right, str):
            yield each.answer, numbers[0]


def _lacks_maps(judged: _Judged, right: Value | None, habit: Habit) -> bool:
    """Whether height and width were typed where the maps are asked as well."""
    sized = judged.answer.rpartition(".")[2] in COMPOSITE and isinstance(right, str) and right.count(" x ") == 2
    if not sized or judged.verdict.said:
        return False
    read = reading.read(judged.held.value, "size", shown=judged.held.shown, habit=habit)
    return len(read.numbers) == 2


def _of_sides(answer: str, findings: Mapping[str, Finding]) -> Finding | None:
    """What is known of an answer; of a size what is known of its wrong sides together."""
    if answer in findings:
        return findings[answer]
    layer, _, quantity = answer.rpartition(".")
    sides = [findings[f"{layer}.{side}"] for side in COMPOSITE.get(quantity, ()) if f"{layer}.{side}" in findings]
    if not sides:
        return None
    from .diagnosis import Finding

    told = next((side for side in sides if side.why), sides[0])
    follows = all(side.follows for side in sides)
    return Finding(
        answer,
        tuple(dict.fromkeys(each for side in sides for each in side.follows)) if follows else (),
        all(side.credit for side in sides),
        told.why if all(side.why or side.follows for side in sides) else (),
        tuple(dict.fromkeys(each for side in sides for each in side.depends)),
        next((side.barred for side in sides if side.barred), ""),
    )


def _answer(judged: _Judged, told: _Told, *, reveal: bool) -> Answer:
    status, feedback, score = judged.verdict.status, judged.verdict.said, 0.0
    if judged.held.cell == NOWHERE:
        feedback = _NOT_HERE
    if status == "wrong":
        said = f"{judged.place}: {shown_as(judged.held.value)} is not right.{feedback and ' '}{feedback}"
        feedback = told.feedback.get(judged.answer, said)
        if judged.answer in told.credit:
            status, score = "follow-through", judged.marks * judged.follow_through
    if status == "correct":
        score = judged.marks
    elif reveal:
        feedback = " ".join(f"{feedback}{judged.revealed}".split())  # on one line
    return Answer(
        id=judged.answer,
        sheet=judged.held.sheet,
        cell=judged.held.cell,
        given=shown_as(judged.held.value),
        status=status,
        score=score,
        max_score=judged.marks,
        because=told.because.get(judged.answer, ()),
        feedback=feedback,
        follows=status == "wrong" and judged.answer in told.follows,
        notes=(*judged.held.notes, *judged.verdict.notes),
        expected=judged.expected if reveal else None,
        formula=judged.held.formula,
    )


def total(marks: Iterable[float]) -> float:
    """Marks added up, without the noise of halves and tenths in floating point."""
    return round(math.fsum(marks), 6)  # decimal marks such as 0.1 add up to what a person adds up to


def _habit(sheet: Sheet, held: Mapping[str, Held]) -> Habit:
    """Which mark the student puts before decimals, from all the numbers that they typed as text; not from prose."""
    asked = sheet.questions.numbers if sheet.questions is not None else ()
    texts = {answer: each.value for answer, each in held.items() if isinstance(each.value, str)}
    numbers = (cell.answer or "" for cell in sheet.blanks) if texts else ()
    return reading.habit(texts[answer] for answer in (*numbers, *asked) if answer in texts)


def _judge_blank(sheet: Sheet, cell: SheetCell, found: Mapping[str, Held], habit: Habit, *, reveal: bool) -> _Judged:
    answer = cell.answer or ""
    right = sheet.table.value(answer)
    held = found.get(answer) or _gone(answer, sheet.worksheet, cell)
    heading = sheet.headings[cell.slot.quantity]
    if held.of:
        judged = judge_among(held, answer, {each: sheet.table.value(each) for each in held.of}, habit, heading)
    else:
        judged = _as_others(
            sheet, answer, held, habit, lambda: judge_cell(held, cell.slot.quantity, right, cell.near, habit, heading)
        )
    return _Judged(
        answer,
        held,
        judged,
        cell.marks,
        cell.slot.follow_through,
        f"{cell.slot.layer}, {heading}",
        cell.near,
        f" The answer is {sheet.table.working(answer)}." if reveal else "",
        plain_number(right),
    )


def _as_others(sheet: Sheet, answer: str, held: Held, habit: Habit, judge: Callable[[], Verdict]) -> Verdict:
    """The verdict on a cell, remembered: most students' cells hold what many others' do."""
    if held.problem is not None or (isinstance(held.value, str) and len(held.value) > SHORT):
        return judge()
    return sheet.remember(("judged", answer, type(held.value), held.value, held.shown, held.unit, habit), judge)


def _gone(answer: str, worksheet: str, cell: SheetCell | QuestionCell) -> Held:
    gone = f"the cell named {answer} is no longer in the workbook"
    return Held(worksheet, address(cell.row, cell.column), problem=gone)


# --- questions ------------------------------------------------------------------------------------------------------


def _judge_question(
    sheet: Sheet, cell: QuestionCell, found: Mapping[str, Held], habit: Habit, *, reveal: bool
) -> _Judged:
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
        judged = _as_others(sheet, part.id, held, habit, lambda: judge_asked(cell, held, right, habit))
    place = f"Question {question.id}" + (f", {part.layer}, {INIT[part.column]}" if part.layer else "")
    told = "" if not reveal else _working(sheet, part.id) if question.numbers else question.revealed
    what = "Model answer:" if question.kind == "text" else "The answer is"
    revealed = f" {what} {told}{'' if question.kind == 'text' else '.'}" if told else ""
    revealed += f" {question.remark}" if question.remark else ""
    return _Judged(
        part.id, held, judged, part.marks, part.follow_through, place, part.near, revealed, plain_number(right)
    )


def _working(sheet: Sheet, answer: str) -> str:
    """The question's formula as it was asked, with the numbers put in: ``(256 - 224 + 1)**2*2 = 2178``."""
    quantity = sheet.table.quantities[answer]
    if any(isinstance(bind, int) for bind in quantity.binds.values()):
        return sheet.table.working(answer)
    if not isinstance(quantity.formula, Op | Call):
        return plain(sheet.table.value(answer))
    return words(quantity.formula, {name: sheet.table.value(str(bind)) for name, bind in quantity.binds.items()})
