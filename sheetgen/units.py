"""Units behind a number: ``10 bit`` is 10 bits, and ``10 bit = 2^10 bytes`` is not so.

This room must not know questions or marks. No text is evaluated; arithmetic on plain numbers is read by the notation.
"""

from __future__ import annotations

import re

from .expr import ExpressionError, Number, numeric, parse

LONGEST = 200  # characters of an equation that is looked at
_BITS = {"bit": 1, "byte": 8}  # each unit that is so many of another
_AMOUNT = re.compile(r"([\d.+\-*/^() ]*[\d)])\s*([A-Za-z]+)\.?", re.ASCII)


def without_unit(text: str, unit: str) -> str:
    """``text`` without ``unit`` at its end, be it one or several: ``227 pixel``, ``227 pixels``."""
    text, unit = text.strip(), unit.strip()
    for ending in (unit, f"{unit}s", _singular(unit)) if unit else ():
        if text[-len(ending) :].casefold() == ending.casefold():
            return text[: -len(ending)].rstrip()
    return text


def untrue(text: str) -> str | None:
    """What is not so in an equation of two amounts that can be compared; None where nothing is, or none is there."""
    if len(text) > LONGEST or text.count("=") != 1:
        return None
    sides = [_AMOUNT.fullmatch(" ".join(side.split())) for side in text.split("=")]
    left, right = sides
    if left is None or right is None:
        return None
    of_left, of_right = (_singular(side[2].casefold()) for side in (left, right))
    factors = (_BITS[of_left], _BITS[of_right]) if {of_left, of_right} <= _BITS.keys() else (1, 1)
    if factors == (1, 1) and of_left != of_right:
        return None  # other units, of which nothing is known
    amounts = (_number(left[1]), _number(right[1]))
    if amounts[0] is None or amounts[1] is None or amounts[0] * factors[0] == amounts[1] * factors[1]:
        return None
    return f"{left[0].strip()} is not {right[0].strip()}"


def _singular(unit: str) -> str:
    """Of a word of some length: a unit may be just s, or ms."""
    if len(unit) > 4 and unit.endswith("ies"):
        return f"{unit[:-3]}y"
    return unit[:-1] if len(unit) > 2 and unit.endswith("s") else unit


def _number(typed: str) -> Number | None:
    try:
        return numeric(parse(typed.replace("^", "**")), {})
    except ExpressionError:
        return None
