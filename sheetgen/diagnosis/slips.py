"""Slips of the hand: what a wrong number has in common with the one that was meant, digit by digit.

A slip is nobody's rule: it explains one cell. How much it explains depends on how many numbers are one slip away, so
each comes with the number of its like. This room knows two numbers at a time and nothing else.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from .changes import Rule
from .trees import Number

LEAST = 10  # of a single digit every other digit is one slip away
UNITS = (1000, 1_000_000, 1_000_000_000, 1024, 1_048_576)
BATCHES = (2, 4, 8, 10, 16, 20, 32, 50, 64, 100, 128, 256, 512)
AS_CALCULATED = Fraction(1, 10**9)  # of a number with all its decimals, relative
Slip = tuple[Rule, int]  # and how many numbers are as near as it


def slips(given: Number, meant: Number) -> Iterator[Slip]:
    """The slips that lead from ``meant`` to ``given``."""
    one, other = _exactly(given), _exactly(meant)
    if one == 0 and isinstance(other, Fraction) and 2 * abs(other) <= 1:
        yield ("rounded-places", "0"), 1
    if one and other and one != other:
        yield from _between(one, other)


def _between(given: int | Fraction, meant: int | Fraction) -> Iterator[Slip]:
    yield from _of_size(given, meant)
    if not isinstance(meant, int):
        yield from _to_places(given, meant)
    if not (isinstance(given, int) and isinstance(meant, int)) or meant < LEAST or given < 0:
        return
    typed, right = str(given), str(meant)
    yield from _rounded(given, meant)
    if len(typed) == len(right):
        wrong = [i for i, (a, b) in enumerate(zip(typed, right, strict=True)) if a != b]
        if len(wrong) == 1:
            yield ("slip", "digit"), 9 * len(right)
        if len(wrong) == 2 and wrong[1] == wrong[0] + 1 and _swapped(typed, wrong) == right:
            yield ("slip", "swapped"), max(1, len(right) - 1)
    if len(typed) == len(right) - 1 and any(right[:i] + right[i + 1 :] == typed for i in range(len(right))):
        yield ("slip", "dropped"), len(right)
    if len(typed) == len(right) + 1:
        added = [i for i in range(len(typed)) if typed[:i] + typed[i + 1 :] == right]
        if any(typed[i] in (typed[i - 1 : i] or " ") + typed[i + 1 : i + 2] for i in added):
            yield ("slip", "doubled"), len(right)
        elif added:
            yield ("slip", "inserted"), 9 * (len(right) + 1)


def _exactly(number: Number) -> int | Fraction | None:
    """A number with the decimals that it is written with: 105.7 is 1057/10, not what a float makes of it.

    A workbook keeps fifteen digits, and what a formula's result has beyond them is noise.
    """
    if isinstance(number, float):
        if number != number or number in (float("inf"), float("-inf")):
            return None
        found = Fraction(f"{number:.15g}")
        return found.numerator if found.denominator == 1 else found
    return number


def _of_size(given: int | Fraction, meant: int | Fraction) -> Iterator[Slip]:
    """Zeros too many, another unit, a batch of images."""
    for power in (10, 100):
        if given == meant * power:
            yield ("slip", "zeros"), 2
        if given * power == meant:
            yield ("slip", "zeros-lost"), 2
    if given * 100 == meant or (
        isinstance(meant, Fraction) and (_is_near(given, meant * 100, 1) or _is_as_calculated(given, meant * 100))
    ):
        yield ("percent",), 1
    for unit in UNITS:
        if given == meant * unit:
            yield ("unit", str(unit)), 1
        elif meant < 2 * given * unit < 4 * meant and _is_near(given * unit, meant, unit, given):
            yield ("unit", str(unit)), 4  # to as many decimals as one likes
    images = given // meant if isinstance(given, int) and isinstance(meant, int) and given % meant == 0 else 0
    if images in BATCHES and meant >= LEAST:
        yield ("batch", str(images)), 1


def _is_near(scaled: int | Fraction, meant: int | Fraction, unit: int, typed: int | Fraction | None = None) -> bool:
    """34.9 in a column of thousands, for 34,944: right within half of the last decimal that was typed."""
    places = _places(scaled if typed is None else typed)
    return places is not None and bool(abs(Fraction(scaled - meant)) * 2 * 10**places <= unit)


def _is_as_calculated(given: int | Fraction, meant: int | Fraction) -> bool:
    """A number that a machine calculated: as near as its last binary digits let it be."""
    return bool(abs(Fraction(given) - meant) <= AS_CALCULATED * abs(Fraction(meant)))


def _places(given: int | Fraction) -> int | None:
    """The decimals that a number has; None for one that no few decimals end."""
    if isinstance(given, int):
        return 0
    return next((places for places in range(13) if (Fraction(given) * 10**places).denominator == 1), None)


def _to_places(given: int | Fraction, meant: Fraction) -> Iterator[Slip]:
    """A number that is not whole, rounded to so many decimals that it is no longer near enough."""
    places = _places(given)
    if places is not None and places < 6 and abs(Fraction(given) - meant) * 2 * 10**places <= 1:
        yield ("rounded-places", str(places)), 1


def _rounded(given: int, meant: int) -> Iterator[Slip]:
    """To some figures, at least two, up or down or to the nearest."""
    digits = len(str(meant))
    for kept in range(2, digits):
        step = 10 ** (digits - kept)
        if given % step == 0 and abs(given - meant) < step:
            yield ("rounded", str(kept)), 2 * digits
            return


def _swapped(typed: str, at: list[int]) -> str:
    """``typed`` with two neighbouring digits exchanged."""
    return typed[: at[0]] + typed[at[1]] + typed[at[0]] + typed[at[1] + 1 :]
