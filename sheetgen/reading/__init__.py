"""What a student wrote in a cell, read as a number: exactly, with how precisely it was given, or why it cannot be.

    >>> read("~62.4M params", "count").numbers, read("~62.4M params", "count").half
    ((62400000,), Fraction(50000, 1))
    >>> read("11*11*3*96 + 96", "count").numbers
    (34944,)
    >>> read("torch.Size([1, 96, 55, 55])", "size").numbers
    (1, 96, 55, 55)
    >>> read("9^9^9", "count").problem
    "the cell holds a calculation that has no value here (a value grows too large): '9^9^9'"

What is read never depends on what is right. A text that can honestly be read in two ways says both; which counts is
for the one who marks. This room must not know sheets, files or marks, and no text is ever evaluated.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Literal

from ..expr import ExpressionError, Number, parse, plain, value
from .figures import APPROXIMATELY, Figure, Token, figure, rounds, tokens, words_of
from .named import NAMES, named_order, named_sides
from .sizes import Match, Sides, compare, sides
from .spelling import LONGEST, Habit, clean, habit

__all__ = ["LAST_DATE", "Habit", "Kind", "Match", "Reading", "Shown", "Sides", "compare", "habit", "read"]

# What is asked: how many there are; the length of one side; a number that need not be whole; several sides.
Kind = Literal["count", "side", "number", "size"]
Shown = Literal["", "date", "percent"]
Typed = int | float | str | bool | None

COARSEST = Fraction(1, 20)  # of the number: half of the last of two digits, at most. 1e9 would be right for anything
LAST_DATE = 2_958_465  # 31 December 9999: Excel shows no larger number as a date


@dataclass(frozen=True, slots=True)
class Reading:
    """What a cell says. ``numbers`` is empty for an empty cell, and where there is a ``problem``; one, or a size's.

    ``half``: how far the number may be from what was meant, because it was written as a rounded one; else 0.
    ``others``: numbers that the same text can mean as well. ``doubt``: why the cell, if its number is not right, cannot
    be told to be wrong. ``notes`` are sentences for a person. ``sides``: which side each of the numbers is, height,
    width or channels, where the text of a size says so.
    """

    numbers: tuple[Number, ...] = ()
    half: Fraction = Fraction(0)
    percent: bool = False
    others: tuple[Number, ...] = ()
    problem: str | None = None
    doubt: str | None = None
    notes: tuple[str, ...] = ()
    sides: tuple[str, ...] = ()


_EMPTY, _NO_HABIT = Reading(), Habit()


def read(value: Typed, kind: Kind, *, shown: Shown = "", habit: Habit = _NO_HABIT, unit: str = "") -> Reading:
    """Read a cell's ``value`` as an answer of this ``kind``.

    ``shown`` is what the cell's format makes of a number; ``habit``, which mark the author puts before decimals;
    ``unit``, the unit or heading whose words may stand beside the number. Raises nothing.
    """
    if isinstance(value, bool):
        return Reading(problem=f"the cell holds {str(value).upper()}, a number is expected")
    if isinstance(value, int | float):
        return _number(value, kind, shown)
    if value is None or not value.strip():
        return _EMPTY
    if value.isascii() and value.isdigit() and len(value) <= 15:
        return Reading((int(value),))
    if len(value.strip()) > LONGEST:
        return Reading(problem=f"the cell holds a text of {len(value.strip()):,} characters, a number is expected")
    text = clean(value)
    if not text:
        return _EMPTY
    found = _size(text, habit, unit) if kind == "size" else _one(text, kind, habit, unit)
    return found or Reading(problem=_unreadable(value.strip(), text, kind))


def _number(value: int | float, kind: Kind, shown: Shown) -> Reading:
    if not math.isfinite(value):
        return Reading(problem="the cell holds no finite number")
    if shown == "date" and 0 <= value <= LAST_DATE:
        return Reading(
            (value,),
            doubt="the cell shows a date: spreadsheets make one of what looks like it, such as 3-5 or 1/2; "
            "format the cell as a number and type the answer again",
            notes=(f"The cell shows a date; its number, {_said(value)}, was read.",),
        )
    if shown == "percent":
        percent = f"{plain(Fraction(value) * 100 if isinstance(value, int) else value * 100)} %"
        doubt = (
            f"the cell shows {percent}, a number without % is expected; format the cell as a number and type it again"
        )
        return Reading((value,), percent=True, doubt=None if kind == "number" else doubt)
    return Reading((value,), notes=_thousandths(value) if kind == "count" and isinstance(value, float) else ())


def _thousandths(value: float) -> tuple[str, ...]:
    """10.184 where a whole number is asked: a slip of the keyboard, or thousands in another country's way."""
    scaled = round(value * 1000)
    if scaled % 10 == 0 or not 1_000 <= scaled < 1_000_000 or abs(value * 1000 - scaled) > 1e-6:
        return ()
    return (f"{_said(value)} is no whole number; if its point separates thousands, type {scaled}.",)


def _said(number: Number) -> str:
    """For a sentence: whole numbers in full as far as they are of a sensible length."""
    if isinstance(number, float) and number.is_integer() and abs(number) < 1e15:
        return str(int(number))
    text = plain(number)
    return text if len(text) <= 30 else f"a number of {len(text)} digits"


def _quoted(text: str) -> str:
    return repr(text[:40])


_REFERENCE = re.compile(r"\$?[A-Za-z]{1,3}\$?[1-9][0-9]{0,6}\b(?!\()")


_CALCULATION = re.compile(r"(?:= ?)?[0-9 +*/().^x-]{3,200}")


def _unreadable(typed: str, text: str, kind: Kind) -> str:
    if text.startswith("=") and _REFERENCE.search(text) is not None:
        return f"the cell holds a formula as text, which is not calculated: {_quoted(typed)}"
    if _CALCULATION.fullmatch(text) is not None:
        try:
            value(parse(text.lstrip("= ").replace("^", "**").replace("x", "*")), {})
        except ExpressionError as error:
            why = str(error)
            if why in ("division by zero", "a value grows too large"):
                return f"the cell holds a calculation that has no value here ({why}): {_quoted(typed)}"
    if kind == "size":
        return f"the cell holds no size such as 55 x 55 x 96: {_quoted(typed)}"
    return f"the cell holds text that is no {'number' if kind == 'number' else 'whole number'}: {_quoted(typed)}"


# --- one number -----------------------------------------------------------------------------------------------------


def _one(text: str, kind: Kind, habit: Habit, unit: str) -> Reading | None:
    known, found = words_of(unit), tokens(text)
    rounding = any(rounds(found, at) for at in range(len(found)))
    if (
        kind in ("count", "side")
        and not rounding
        and (several := _several(text, found, kind, habit, known)) is not None
    ):
        return several
    figures = _stated(found, habit, whole=kind != "number", known=known)
    if not figures:
        return None
    if kind != "number":
        figures = [_as_decimals(each, figures) for each in figures]
    stated = [each for each in figures if each.plain]
    if len(stated) > 1 and any(not _agree(a, b) and not _cut(a, b) for a in stated for b in stated):
        two = " and ".join(dict.fromkeys(_quoted(each.typed) for each in stated[:3]))
        return Reading(problem=f"the cell holds more than one number, {two}; one is expected")
    answer = min(stated, key=lambda each: (each.rounded, each.last)) if stated else figures[-1]
    for each, working in ((a, b) for a in stated for b in stated) if kind != "number" else ():
        if _nearest(working, each):  # 54.25 ≈ 54: what is not whole is working. The whole one is no more rounded
            taken = _reading(replace(each, rounded=False), figures, kind)
            note = f"{_quoted(working.typed)} stands beside it; the whole number, {_said(each.value)}, counts."
            return replace(taken, notes=(*taken.notes, note))
    return _reading(answer, figures, kind)


def _as_decimals(each: Figure, figures: Sequence[Figure]) -> Figure:
    """28.125 in ``28.125 ≈ 28``: what stands beside it shows that its point is no mark of thousands."""
    if each.decimals is None or any(other is not each and _agree(other, each) for other in figures):
        return each
    decimal = replace(each, value=each.decimals, last=-3, mark=None, decimals=None)
    beside = any(
        _agree(other, decimal) or _cut(decimal, other) or _nearest(decimal, other)
        for other in figures
        if other is not each
    )
    return decimal if beside else each


def _nearest(working: Figure, whole: Figure) -> bool:
    """Whether ``whole`` is the whole number next to ``working``, above or below it."""
    if Fraction(whole.value).denominator != 1 or Fraction(working.value).denominator == 1:
        return False
    return abs(Fraction(whole.value) - Fraction(working.value)) < 1


def _cut(a: Figure, b: Figure) -> bool:
    """Whether an arrow leads from the one to the other: 54.75 -> 54, as a division rounds."""
    return (b.led and _nearest(a, b)) or (a.led and _nearest(b, a))


def _reading(answer: Figure, figures: Sequence[Figure], kind: Kind) -> Reading:
    typed, said = _quoted(answer.typed), _said(answer.value)
    others: tuple[Number, ...] = ()
    doubt = None
    notes: list[str] = []
    whole = kind != "number"
    if whole and answer.mark == ".":  # 34,944 is the usual way
        notes.append(f"{typed} was read as {said}, since a whole number is asked; the other cells do not show it.")
    elif answer.other is not None:
        others = (answer.other,)
        doubt = f"{typed} can mean {said} or {_said(answer.other)}; type it without a mark between thousands"
        notes.append(f"{typed} can mean {said} or {_said(answer.other)}.")
    elif whole and _LONG_GROUP.fullmatch(answer.typed) is not None:
        doubt = f"{typed} is no whole number; between thousands a comma has three digits behind it"
    elif _RANGE.fullmatch(answer.typed) is not None:
        doubt = f"{typed} can be a range or a difference, {said}; type one number"
    for each in figures:
        if not each.plain and each is not answer and not _agree(each, answer) and not _goes_on(each, figures):
            notes.append(f"The working gives {_said(each.value)}; {said} is stated, and that counts.")
            if each.aside:
                doubt = f"{typed} and {_quoted(each.typed)} behind it may be a product or two numbers; type one number"
    if whole and answer.percent:
        doubt = f"{typed} is a percentage, and a number without % is expected; type it again"
    if answer.left:
        notes.append(f"Left out when reading the number: {_quoted(' '.join(answer.left))}.")
    half = answer.half if answer.rounded else Fraction(0)
    least = Fraction(1, 2) if whole else 0  # what is whole is exact to that already
    if half and half > max(least, COARSEST * abs(Fraction(answer.value))):
        doubt = f"{typed} is rounded so coarsely that it cannot be marked; type the exact number"
    return Reading((answer.value,), half, answer.percent, others, None, doubt, tuple(notes))


_LONG_GROUP = re.compile(r"[0-9]{1,3},[0-9]{4,}")  # 3,4944
_RANGE = re.compile(r"[0-9]+ ?- ?[0-9]+")


def _agree(a: Figure, b: Figure) -> bool:
    if Fraction(a.value).denominator == Fraction(b.value).denominator == 1 and not (a.rounded and b.rounded):
        half = b.half if b.rounded else a.half if a.rounded else 0  # a whole number is exact: 54 = 55, 54 ~ 55
        return abs(Fraction(a.value) - Fraction(b.value)) <= half
    return a.value == b.value or abs(Fraction(a.value) - Fraction(b.value)) <= a.half + b.half


def _goes_on(each: Figure, figures: Sequence[Figure]) -> bool:
    """11*11*3*96 = 34848 + 96 = 34944: the next calculation begins with what this one gives."""
    behind = [other for at, other in enumerate(figures) if at and figures[at - 1] is each]
    return bool(behind) and behind[0].first == each.value


_SIGNS = ("=", "~", ":", "->")
_ASIDE = Token("op", "(=", False)  # where a bracket behind a number is opened
MOST_PARTS = 12


def _stated(found: Sequence[Token], habit: Habit, *, whole: bool, known: frozenset[str]) -> list[Figure]:
    """The number, or the calculation, on each side of = and ≈, and in a bracket behind a number.

    What begins with a word and ends at a = is a name: ``n = 227``; what has words and is no number, a working in names.
    None, where another part cannot be read.
    """
    parts: list[tuple[str, list[Token]]] = [("=", [])]  # the sign before each
    for token in _opened(found):
        if token.text not in (*_SIGNS, _ASIDE.text):
            parts[-1][1].append(token)
        elif parts[-1][1]:
            parts.append((token.text, []))
        elif token.text != ":":
            parts[-1] = (token.text, [])
    parts = [part for part in parts if part[1]]
    if len(parts) > MOST_PARTS:
        return []
    figures: list[Figure] = []
    for at, (sign, part) in enumerate(parts):
        named = at + 1 < len(parts) and part[0].kind == "word" and parts[at + 1][0] in ("=", ":", "->")
        if named and not rounds(part, 0) and part[0].text.casefold() not in APPROXIMATELY:
            continue
        read = figure(part, habit, whole=whole, known=known, about=sign == "~")
        kinds = {token.kind for at, token in enumerate(part) if not rounds(part, at)}
        if read is None and "num" in kinds and "word" not in kinds:
            return []
        if read is not None:
            figures.append(replace(read, aside=sign == _ASIDE.text, led=sign == "->"))
    return figures


def _opened(found: Sequence[Token]) -> list[Token]:
    """A bracket behind a number, ``34944 (=11*11*3*96 + 96)``, as a part of its own; one that multiplies stays."""
    opened: list[Token] = []
    inside, number = 0, False
    for at, token in enumerate(found):
        before, after = found[at - 1] if at else token, found[at + 1] if at + 1 < len(found) else token
        if not inside and token.text in "([" and number and (before.kind in ("num", "word") or before.text in "%)]"):
            if not rounds(found, at - 1) and (not token.touches or before.kind == "word" or after.text in "=~"):
                opened.append(_ASIDE)
                inside = 1
                continue
        elif inside:
            inside += (token.text in "([") - (token.text in ")]")
            if not inside:
                opened.append(Token("op", "=", False))
                continue
        number = number or token.kind == "num"
        opened.append(token)
    return opened


# --- several numbers ------------------------------------------------------------------------------------------------

_LISTED = frozenset(",;()[]{}:-")
_PAIR = re.compile(r"([0-9]{1,6}),\1")  # 55,55
_SQUARE = re.compile(r"([0-9]{1,6}) ?\^ ?2")  # 55²


def _several(text: str, found: Sequence[Token], kind: Kind, habit: Habit, known: frozenset[str]) -> Reading | None:
    """A size or a list where one number is asked; None where the text is neither."""
    signs = {token.text for token in found if token.kind == "op"}
    times = signs == {"x"}
    listed = signs <= _LISTED and ("," in text or ";" in text) and not signs.isdisjoint(",;([{")
    if kind == "side" and (power := _SQUARE.fullmatch(text)) is not None:
        return _product_or_side(text, int(power[1]), int(power[1]) ** 2)
    several = sides(text, habit, known) if times or listed else None
    if several is None and kind == "side" and (pair := _PAIR.fullmatch(text)) is not None:
        several = int(pair[1]), int(pair[1])
    if several is None or len(several) < 2:
        return None
    square = len(several) == 2 and several[0] == several[1]
    expected = f"the cell holds {_quoted(text)}, one number is expected"
    if kind == "side" and square:
        return Reading((several[0],), notes=(f"{_quoted(text)} was read as a square of side {_said(several[0])}.",))
    if listed or kind == "side":
        return Reading(problem=expected)
    if not square:
        return None
    return _product_or_side(text, several[0], several[0] * several[1])


def _product_or_side(text: str, side: Number, product: Number) -> Reading:
    doubt = f"{_quoted(text)} can mean {_said(product)} or a square of side {_said(side)}; type one number"
    return Reading((product,), others=(side,), doubt=doubt, notes=(f"{_capital(doubt.partition(';')[0])}.",))


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


_EQUALS = re.compile("=>|->|=")


def _size(text: str, habit: Habit, unit: str) -> Reading | None:
    """A size; what stands behind a = may be its product, ``6 x 6 x 256 = 9216``."""
    if (named := named_sides(text)) is not None:
        return Reading(tuple(named.values()), sides=tuple(named))
    text, order = named_order(text)
    known = words_of(unit)
    parts = _EQUALS.split(text)
    if len(parts) > MOST_PARTS:
        return None
    read = [found for part in parts if (found := sides(part.strip(), habit, known)) is not None]
    several = list(dict.fromkeys(found for found in read if len(found) > 1))
    if len(several) > 1:
        return Reading(problem=f"the cell holds more than one size: {_quoted(text)}")
    if not several:
        return Reading(read[-1]) if read else None
    names: tuple[str, ...] = ()
    if order and len(order) == len(several[0]):  # 96x55x55 (CHW)
        by_name = dict(zip(order, several[0], strict=True))
        names = tuple(name for name in NAMES if name in by_name)
        several[0] = tuple(by_name[name] for name in names)
    elif "@" in text and len(several[0]) == len(NAMES):
        names = NAMES
    product = math.prod(several[0])
    stated = [found[0] for found in read if len(found) == 1]
    wrong = [f"The sides multiply to {_said(product)}, not {_said(each)}." for each in stated if each != product]
    others = tuple(each for each in stated if each == product)[:1]
    return Reading(several[0], others=others, notes=tuple(wrong[:1]), sides=names)
