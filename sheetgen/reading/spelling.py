"""How people write a number: digits of any script, marks between them, and which mark stands before the decimals.

Texts in, numbers out, exactly. This module must not know what is asked, nor where the text stood.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Literal

LONGEST = 1_000  # characters of an answer; a number with its working is far shorter, and a cell can hold 32,767
MOST_DIGITS = 40  # of one number, with its decimals
MOST_ZEROS = 40  # that an exponent may add: 1e999999999 would fill the memory

Mark = Literal[".", ","]

# --- characters -----------------------------------------------------------------------------------------------------

_SUPERSCRIPTS = "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻"
_RAISED = re.compile(f"[{_SUPERSCRIPTS}]+")
_LOWERED = str.maketrans(_SUPERSCRIPTS, "0123456789+-")
_CHARACTERS = {
    **dict.fromkeys("−‐‑‒–—―﹣", "-"),
    **dict.fromkeys("✕✖⨉⨯", "×"),
    **dict.fromkeys("·∙⋅•∗⁎・", "*"),
    **dict.fromkeys("÷∕⁄", "/"),
    **dict.fromkeys("’‘ʼ′`´", "'"),
    **dict.fromkeys("≈∼≃≅≒", "~"),
    **dict.fromkeys("→⇒⟶", "->"),
    "“": '"',
    "”": '"',
    "„": '"',
    "٬": "_",  # the Arabic mark of thousands, which is never anything else
    "٪": "%",
    **dict.fromkeys("✓✔☑", ""),
    **dict.fromkeys("约約", "~"),
    "乘": "×",
    "、": ";",
    "。": ".",
    "⌊": "floor(",
    "⌈": "ceil(",
    "⌋": ")",
    "⌉": ")",
}
# 1½ is 1 + 1/2, and so is 1 ½; of 1.5½, ½½ and 12 345½ nobody can tell
_PARTS = "¼-¾⅐-⅞"
_FRACTION = re.compile(
    rf"(?<![0-9.,'_){_PARTS}])(?<![0-9] )(?:(?P<whole>[0-9]{{1,15}}) ?)?(?P<part>[{_PARTS}])(?![0-9{_PARTS}])"
)
_ARABIC_DECIMAL = "٫"
_QUOTED = re.compile(r"""["'](.*)["']""", re.DOTALL)


def clean(text: str) -> str:
    """``text`` in ASCII signs as far as it has any: 34,944 for ３４，９４４, 10^8 for 10⁸; single spaces."""
    if not text.isascii():
        text = _RAISED.sub(lambda raised: f"^{raised[0].translate(_LOWERED)}", text)
        text = "".join(map(_plain, text))
        text = _FRACTION.sub(_added, text)
    text = " ".join(text.split())
    if (quoted := _QUOTED.fullmatch(text)) is not None:
        text = quoted[1].strip()
    return text.removeprefix("'").rstrip(";!").strip()  # the apostrophe that makes a text of a number


def _plain(char: str) -> str:
    if char.isascii():
        return char
    if (known := _CHARACTERS.get(char)) is not None:
        return known
    category = unicodedata.category(char)
    if category == "Nd":
        return str(unicodedata.decimal(char))
    if category == "Cf":  # marks of direction, zero-width spaces: nobody sees them
        return ""
    if "\uff01" <= char <= "\uff5e":  # the wide forms of ASCII
        return chr(ord(char) - 0xFEE0)
    return "." if char == _ARABIC_DECIMAL else char


def _added(match: re.Match[str]) -> str:
    part = unicodedata.normalize("NFKC", match["part"]).replace("\u2044", "/")
    return f"({match['whole']}+{part})" if match["whole"] else f"({part})"


# --- one number -----------------------------------------------------------------------------------------------------

# What one number is made of; groups by a space are of three digits, so that "55 55" stays two numbers.
NUMERAL = r"[0-9]+(?:[.,'_][0-9]+| [0-9]{3}(?![0-9]))*\.?(?:[eE][+-]?[0-9]{1,9}(?![\w.]))?|\.[0-9]+"
_NUMERAL = re.compile(NUMERAL)
_GROUPED = re.compile(r"[0-9]+(?:[.,'_ ][0-9]+)+")


@dataclass(frozen=True, slots=True)
class Numeral:
    """One number as typed. ``last`` is the power of ten of its last digit; ``other``, what else it may mean.

    ``mark`` is the one that can be read in two ways, where nothing else shows which is meant. ``decimals``: what it is
    if its mark stands before decimals, where it was read as one between thousands.
    """

    value: int | Fraction
    last: int
    scientific: bool = False
    other: int | Fraction | None = None
    mark: Mark | None = None
    decimals: int | Fraction | None = None


@dataclass(frozen=True, slots=True)
class Habit:
    """Which mark the author puts before decimals, where the texts show it."""

    decimal: Mark | None = None


def habit(texts: Iterable[str]) -> Habit:
    """What all texts of one author show together; nothing where some show the one and some the other."""
    marks: set[Mark] = set()
    for text in texts:
        if len(text) <= LONGEST and ("." in text or "," in text):
            for typed in _GROUPED.findall(clean(text)):
                marks |= _shows(typed)
    return Habit(marks.pop()) if len(marks) == 1 else Habit()


def _shows(typed: str) -> set[Mark]:
    """The decimal mark that one number shows: a point for 0.377, 1,234.5 and 62,378,344; nothing for 34,944."""
    groups, marks = re.split(r"[.,'_ ]", typed), re.findall(r"[.,'_ ]", typed)
    last, before = marks[-1], set(marks[:-1])
    if last not in ".,":
        return set()
    if not before:  # one mark
        return {_mark(last)} if not _grouped(groups) else set()
    if before == {last}:
        return {_mark("," if last == "." else ".")} if _grouped(groups) else set()
    return {_mark(last)} if len(before) == 1 and _grouped(groups[:-1]) else set()


def _mark(mark: str) -> Mark:
    return "." if mark == "." else ","


def _grouped(groups: list[str]) -> bool:
    """Whether these are groups of thousands: 62 378 344, or as in India, 6 23 78 344."""
    first, *rest = groups
    if first.startswith("0") or not rest or len(rest[-1]) != 3:
        return False
    if len(first) <= 3 and all(len(group) == 3 for group in rest):
        return True
    return len(rest) > 1 and len(first) <= 2 and all(len(group) == 2 for group in rest[:-1])


def numeral(typed: str, habit: Habit, *, whole: bool) -> Numeral | None:
    """The number that a text of NUMERAL's form is; None where its marks make no number, ``3,4944,1``.

    One mark and three digits behind it, ``34.944``, are thousands where a ``whole`` number is asked: as decimals they
    could not be right. Else the author's habit tells; without one they are decimals, and the other reading is kept.
    """
    mantissa, _, power = typed.lower().partition("e")
    mantissa = mantissa.rstrip(".") if mantissa.count(".") == 1 else mantissa
    mantissa = f"0{mantissa}" if mantissa.startswith(".") else mantissa
    exponent = int(power or 0)
    if len(mantissa) > 2 * MOST_DIGITS or abs(exponent) > MOST_ZEROS:
        return None
    if mantissa.isdigit():
        return _scaled(mantissa, "", exponent, bool(power))
    groups, marks = re.split(r"[.,'_ ]", mantissa), re.findall(r"[.,'_ ]", mantissa)
    last, before = marks[-1], set(marks[:-1])
    if before - {last}:  # 1,234.5: the last mark is the decimal one
        if last not in ".," or len(before) > 1 or last in before or not _grouped(groups[:-1]):
            return None
        return _scaled("".join(groups[:-1]), groups[-1], exponent, bool(power))
    if len(marks) > 1 or last not in ".,":
        return _scaled("".join(groups), "", exponent, bool(power)) if _grouped(groups) else None
    decimal = _scaled(groups[0], groups[1], exponent, bool(power))
    if decimal is None or not _grouped(groups) or power:
        return decimal
    thousands = _scaled("".join(groups), "", 0, False)
    assert thousands is not None
    if whole:
        mark = None if habit.decimal not in (None, last) else _mark(last)
        return replace(thousands, mark=mark, decimals=decimal.value)
    if habit.decimal is not None:
        return decimal if habit.decimal == last else thousands
    return replace(decimal, other=thousands.value, mark=_mark(last))


def _scaled(head: str, tail: str, exponent: int, scientific: bool) -> Numeral | None:
    if len(head) + len(tail) > MOST_DIGITS:
        return None
    last = exponent - len(tail)
    return Numeral(times_ten(int(head + tail), last), last, scientific)


def times_ten(number: int | Fraction, power: int) -> int | Fraction:
    """``number`` times ten to the ``power``, exactly."""
    if power == 0:
        return number
    if power > 0:
        return number * 10**power if isinstance(number, int) else whole_if_it_is(number * 10**power)
    return whole_if_it_is(Fraction(number) / 10**-power)


def whole_if_it_is(number: Fraction) -> int | Fraction:
    return number.numerator if number.denominator == 1 else number
