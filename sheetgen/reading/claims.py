"""An answer that says what is not so, whichever of its numbers is the right one: ``10 bit = 2^10 bytes``.

Looked at are amounts in two units of which it is known how many make the other, as far apart as no rounding is. No text
is evaluated: arithmetic on plain numbers is read by the notation. This room must not know questions or marks.
"""

from __future__ import annotations

import re
from fractions import Fraction

from ..expr import ExpressionError, numeric, parse

LONGEST = 200  # characters of an equation that is looked at
ROUNDED = Fraction(1, 10)  # of the larger amount: 9.97 bits are 1.25 bytes
_BITS = {"bit": 1, "byte": 8}
_AMOUNT = re.compile(r"([\d.+\-*/^() ]*[\d)])\s*([A-Za-z]+)\.?", re.ASCII)


def untrue(text: str) -> str | None:
    """What is not so in an equation of two amounts; None where nothing is, or where there is none."""
    if len(text) > LONGEST or text.count("=") != 1:
        return None
    sides = [_AMOUNT.fullmatch(" ".join(side.split())) for side in text.split("=")]
    left, right = sides
    if left is None or right is None:
        return None
    factors = [_BITS.get(side[2].casefold().removesuffix("s")) for side in (left, right)]
    if factors[0] is None or factors[1] is None or factors[0] == factors[1]:
        return None
    numbers = _number(left[1]), _number(right[1])
    if numbers[0] is None or numbers[1] is None:
        return None
    amounts = numbers[0] * factors[0], numbers[1] * factors[1]
    if abs(amounts[0] - amounts[1]) <= ROUNDED * max(abs(each) for each in amounts):
        return None
    return f"{left[0].strip()} is not {right[0].strip()}"


def _number(typed: str) -> Fraction | None:
    try:
        return Fraction(numeric(parse(typed.replace("^", "**")), {}))
    except ExpressionError:
        return None
