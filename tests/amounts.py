"""Values of a table as numbers to calculate with: a table's value may be a text, and mypy knows that."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction

from sheetgen.expr import Value


def amount(value: Value) -> Fraction:
    """``value``, which is a number, exactly."""
    assert not isinstance(value, str)
    return Fraction(value)


def total(values: Iterable[Value]) -> Fraction:
    """The sum of numbers."""
    return sum(map(amount, values), Fraction(0))
