"""What a cell says, held against what is right there: correct, wrong, blank, unreadable, and why.

Students see notes too. So a note says how a cell was read, in words that are the same for a right number and for a
wrong one: the verdict alone tells these apart, and ``said``, which explains it. Two notes explain why a cell counts as
right, and stand beside no other: that a number is written out in full although the column is in units, and that
channels stand first. Nobody can tell from a wrong number which of the two was meant.

This room knows readings and right answers; it must not know sheets, files, or how marks are added up.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Literal

from . import reading
from .expr import Number, Value, plain
from .quantities import COMPOSITE
from .questionnaire import Question, QuestionCell, lettered
from .reading import Habit, Reading, Sides
from .reading.claims import untrue

Status = Literal["correct", "follow-through", "partly", "wrong", "blank", "unreadable", "for-a-person"]
ROUNDED = "Judged as rounded to the nearest "  # begins the note on a number that is not given to its last digit
_WITH_UNIT = re.compile(r"\d\s*(?:[^\W\d_]|[*x×]?\s*10\s*\^)")  # 34.9K, 1.05e8
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
class Verdict:
    """What a cell was judged to be; ``said`` to the student, after a wrong number or as why there is none."""

    status: Status
    said: str = ""
    notes: tuple[str, ...] = ()
    numbers: tuple[Number, ...] = ()  # what a wrong cell says: a number, in full; of a size its sides


_SIDES = frozenset(side for sides in COMPOSITE.values() for side in sides)  # and channels: one length each


def judge_cell(held: Held, quantity: str, right: Value, near: float, habit: Habit, heading: str) -> Verdict:
    if held.problem is not None:
        return Verdict("unreadable", f"{capital(held.problem)}.")
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


def _judge_in_units(read: Reading, held: Held, right: Value, near: float) -> Verdict:
    """A number in thousands or millions, right within its last digit: 62.4 of a column in millions is 62,400,000.

    One that is right as it stands was written out in full, where thousands were asked: right too, and said.
    """
    # 44.9 as it was typed, not as a float holds it
    whole = [
        Fraction(repr(each) if isinstance(each, float) else each) * held.unit
        for each in (read.numbers[0], *read.others)
    ]  # fmt: skip
    digits = held.value.strip() if isinstance(held.value, str) else plain(Fraction(read.numbers[0]))
    # 35.0 as text may be what a .csv makes of the number 35 in a format with decimals: it says no more than 35
    half = max(read.half, Fraction(1, 2 * 10 ** len(_decimals(digits).rstrip("0")))) * held.unit
    coarse = half > reading.COARSEST * abs(whole[0])
    scaled = replace(read, half=Fraction(0) if coarse else half)
    surely = _judge_number(replace(scaled, doubt=None), whole[0], whole[1:], right, near)
    if surely.status == "correct":  # 35.000 too, which may be 35 or 35000
        return surely
    judged = _judge_number(scaled, whole[0], whole[1:], right, near)
    in_full = _judge_number(read, read.numbers[0], read.others, right, near)
    if in_full.status == "correct":  # 62,378,344 or 62.4M
        if isinstance(held.value, str) and _WITH_UNIT.search(held.value) is not None:
            return in_full  # 34.9K in a column of thousands is what such a column asks for
        note = f"It is written out in full; the column is in units of {held.unit:,}."
        return Verdict("correct", "", (*in_full.notes, note))
    if (
        judged.status == "wrong" and coarse and whole[0] and is_right(whole[0], right, float(half))
    ):  # 4 of 4.096 millions
        said = f"{digits} is rounded so coarsely that it cannot be marked; type the exact number."
        return Verdict("unreadable", said, read.notes)
    return judged


def _decimals(digits: str) -> str:
    behind = re.search(r"[.,](\d+)", digits)
    return behind[1] if behind is not None and "e" not in digits else ""


def judge_among(held: Held, answer: str, right: Mapping[str, Value], habit: Habit, heading: str) -> Verdict:
    """One number, or all, of a cell that shows several: ``right`` holds all of them by id, in the cell's order."""
    if held.problem is not None:
        return Verdict("unreadable", f"{capital(held.problem)}.")
    read = reading.read(held.value, "size", shown=held.shown, habit=habit, unit=heading)
    if (unread := _unread(read)) is not None:
        return unread
    sides = _exact(each for each in right.values() if not isinstance(each, str))
    order = [each.rpartition("_")[2] for each in right]
    if read.sides and set(order) <= set(read.sides):  # H=55, W=55, C=96: whatever the column's order
        by_name = dict(zip(read.sides, read.numbers, strict=True))
        read = replace(read, numbers=tuple(by_name[side] for side in order), sides=tuple(order))
    usual = order == ["height", "width", "channels"]
    match = reading.compare(_exact(read.numbers), sides, channels_last=usual and not read.sides)
    if answer not in right or match in ("same", "channels first"):
        return _judge_size(read, " x ".join(map(plain, sides)), named=usual)
    given = dict(zip(right, _exact(read.numbers), strict=False))
    if len(read.numbers) != len(sides):
        said = f"The cell holds {len(read.numbers)} number{'s' * (len(read.numbers) > 1)}, {len(sides)} are expected."
        return Verdict("unreadable", said, read.notes)
    if given[answer] == right[answer]:
        return Verdict("correct", "", read.notes)
    said = "" if match != "other order" else _OTHER_SIDES if read.sides else _other_order()
    return Verdict("wrong", said, read.notes, (given[answer],))


_OTHER_SIDES = "The numbers are right, but what is written beside them gives them to other sides."


def _other_order(usual: str = "") -> str:
    return f"The numbers are right, but stand in another order{usual}."


def _kind(right: Value, *, sized: bool = False, side: bool = False) -> reading.Kind:
    if sized:
        return "size"
    return "number" if not isinstance(right, int) else "side" if side else "count"


def _unread(read: Reading) -> Verdict | None:
    if read.problem is not None:
        return Verdict("unreadable", f"{capital(read.problem)}.", read.notes)
    return None if read.numbers else Verdict("blank", "Left blank.")


def _judge_number(read: Reading, number: Number, others: Iterable[Number], right: Value, near: float) -> Verdict:
    """Right within ``near``, where the coursework says how near; where not, a rounded number within its own precision.

    So no ~ makes a number right that is not so without it, where a tolerance is stated. Of two numbers that a text can
    mean either may be the right one; and what is in doubt is not told to be wrong.
    """
    notes = _notes(read, right, near)
    if any(is_right(each, right, near) for each in (number, *others)):
        return Verdict("correct", "", notes)
    if read.doubt is not None:
        return Verdict("unreadable", f"{capital(read.doubt)}.")
    if read.half and not near and is_right(number, right, float(read.half)):
        return Verdict("correct", "", notes)
    return Verdict("wrong", "", notes, (number,))


def _notes(read: Reading, right: Value, near: float) -> tuple[str, ...]:
    """How a number was read, and that it was given as a rounded one; of whole numbers, one to the unit is exact."""
    if near or 2 * read.half <= (1 if isinstance(right, int) else 0):
        return read.notes
    return (*read.notes, f"{ROUNDED}{_grouped(2 * read.half)}; the exact number is asked.")


def _grouped(number: Fraction) -> str:
    return f"{number.numerator:,}" if number.denominator == 1 else plain(number)


def _judge_size(read: Reading, right: Value, *, named: bool) -> Verdict:
    """``named``: its sides are height, width and channels, so that another order can be told."""
    sides = _sides(right)
    given = _exact(read.numbers)
    if any(_exact((other,)) == sides for other in read.others):
        return Verdict("correct", "", read.notes)
    match = reading.compare(given, sides, channels_last=named and not read.sides)  # H=96 is no channels
    if match == "same":
        return Verdict("correct", "", read.notes)
    if match == "channels first":
        return Verdict(
            "correct", "", (*read.notes, "Its channels stand first; here a size is height x width x channels.")
        )
    if len(given) == 1 and match == "too few":
        return Verdict("unreadable", "A size is expected, such as 55 x 55 x 96.")
    if match == "other order":
        usual = " than height x width x channels" if named and len(sides) == 3 else ""
        return Verdict("wrong", _OTHER_SIDES if read.sides else _other_order(usual), read.notes)
    many = len(given) < len(sides) or len(given) > max(3, len(sides))
    counted = (f"It has {len(given)} numbers, and {len(sides)} are asked.",) if many else ()
    sided = given if match == "different" and len(given) == len(sides) else ()
    if named and len(sided) == 3 and sided[2] != sides[2] == sided[0]:
        sided = (sided[1], sided[2], sided[0])  # its channels stand first
    return Verdict("wrong", "", (*read.notes, *counted), sided)


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


def shown_as(value: int | float | str | bool | None) -> str:
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return "" if value is None else str(value)


def capital(text: str) -> str:
    return text[:1].upper() + text[1:]


# --- questions ------------------------------------------------------------------------------------------------------


def judge_asked(cell: QuestionCell, held: Held, right: Value, habit: Habit) -> Verdict:
    """A question's number, and what there is to say of one that was foreseen."""
    unit, part = cell.question.unit, cell.part
    if isinstance(held.value, str) and (claim := untrue(held.value)) is not None:
        return Verdict("wrong", f"{claim}.")
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
            return Verdict("correct" if known.right else "wrong", known.said, _notes(read, right, part.near))
    return judged


def _percent(number: Number) -> Number:
    return Fraction(number) * 100 if not isinstance(number, float) else number * 100


def judge_choice(question: Question, value: int | float | str | bool | None) -> Verdict:
    chosen = read_choice(shown_as(value), question)
    if chosen is None:
        last = lettered(question.options)[-1][0]
        return Verdict("unreadable", f"The cell holds none of the letters A to {last}, nor one of the options.")
    return Verdict("correct" if chosen == question.model else "wrong")


def read_choice(typed: str, question: Question) -> str | None:
    """The letter that ``typed`` stands for: b, B), (b), the option's text, or B and the text behind it."""
    said = " ".join(typed.split()).casefold().rstrip(".")
    for letter, option in lettered(question.options):
        small, text = letter.casefold(), " ".join(option.split()).casefold().rstrip(".")
        if said in (small, f"{small})", f"({small})", f"{small}:", text):
            return letter
        if re.fullmatch(rf"\(?{small}[).: ]+{re.escape(text)}", said):
            return letter
    return None
