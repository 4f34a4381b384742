"""Sentences of the YAML that name numbers: what stands in braces is a formula, printed as the number that it gives.

    >>> pieces("{conv1.parameters} of {total.parameters / 10**6:.1f} million {{sic}}")
    (Named(formula='conv1.parameters', places=None), ' of ', Named(formula='total.parameters / 10**6', places=1), \
' million {sic}')
    >>> printed(44892355200), printed(Fraction(217, 4)), printed(Fraction(62378344, 10**6), 1)
    ('44,892,355,200', '54.25', '62.4')

So no number of a network is typed a second time where nothing would hold it against the network. This room must not
know networks, nor what a formula's names stand for.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

from .expr import ExpressionError, Value, is_exact, plain

_BRACES = re.compile(r"\{\{|\}\}|\{([^{}]*)\}|[{}]")
_PLACES = re.compile(r"\.([0-9]{1,2})f")


@dataclass(frozen=True, slots=True)
class Named:
    """A formula in a sentence, and to how many decimals its number is printed; None: to all that it has."""

    formula: str
    places: int | None = None


def pieces(text: str) -> tuple[str | Named, ...]:
    """The sentence cut at its braces; ``{{`` and ``}}`` are braces that are meant as such.

    Raises ExpressionError for a brace without its partner, and for anything but decimals behind a colon.
    """
    return tuple(_pieces(text))


def _pieces(text: str) -> Iterator[str | Named]:
    kept, end = "", 0
    for brace in _BRACES.finditer(text):
        kept, end = kept + text[end : brace.start()], brace.end()
        if brace[1] is None:
            if len(brace[0]) == 1:
                told = "stands alone: a number is named as in {conv1.parameters}, and a brace itself is written twice"
                raise ExpressionError(f"a {brace[0]} {told}")
            kept += brace[0][0]
            continue
        if kept:
            yield kept
        kept = ""
        yield _named(brace[1])
    if kept + text[end:]:
        yield kept + text[end:]


def _named(inside: str) -> Named:
    formula, colon, places = inside.rpartition(":")
    if not colon:
        return Named(inside.strip())
    decimals = _PLACES.fullmatch(places.strip())
    if decimals is None:
        raise ExpressionError(f"{{{inside}}}: behind a colon stands how many decimals are printed, as in :.2f")
    return Named(formula.strip(), int(decimals[1]))


def formulas(text: str) -> tuple[str, ...]:
    """The formulas that a sentence names, in their order; none of one whose braces are wrong."""
    try:
        return tuple(piece.formula for piece in pieces(text) if isinstance(piece, Named))
    except ExpressionError:
        return ()


def printed(number: Value, places: int | None = None) -> str:
    """A number as sentences have it: 62,378,344, rounded half up to ``places`` decimals; a size as 55 × 55 × 96.

    Raises ExpressionError where no decimals end it and ``places`` does not say how many are wanted.
    """
    if isinstance(number, str):
        return number.replace(" x ", " × ")
    if places is None:
        if not is_exact(number):
            raise ExpressionError(f"{plain(number)}... does not end: say how many decimals are printed, as in :.2f")
        whole, point, decimals = plain(number).partition(".")
        return f"{int(whole):,}{point}{decimals}" if int(whole) else plain(number)  # int would lose the sign of -0.5
    scaled = math.floor(abs(Fraction(number)) * 10**places + Fraction(1, 2))
    whole_part, rest = divmod(scaled, 10**places)
    sign = "-" if number < 0 and scaled else ""
    return f"{sign}{whole_part:,}" + (f".{rest:0{places}d}" if places else "")
