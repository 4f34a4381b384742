"""Numbers that sentences name: where they stand, and how they are printed."""

from __future__ import annotations

import doctest
from fractions import Fraction

import pytest

from sheetgen import prose
from sheetgen.expr import ExpressionError, Value
from sheetgen.prose import Named, formulas, pieces, printed


def test_the_examples_of_the_docstring() -> None:
    assert doctest.testmod(prose).failed == 0


@pytest.mark.parametrize(
    ("text", "cut"),
    [
        ("", ()),
        ("No number.", ("No number.",)),
        ("{a.b}", (Named("a.b"),)),
        ("It has { a.b / 2 }, not 3.", ("It has ", Named("a.b / 2"), ", not 3.")),
        ("{a.b:.2f}{c.d : .0f}", (Named("a.b", 2), Named("c.d", 0))),
        ("{{a}} and }}", ("{a} and }",)),
        ("{{{a.b}}}", ("{", Named("a.b"), "}")),
        ("w_{{ij}} {a.b}", ("w_{ij} ", Named("a.b"))),
    ],
)
def test_a_sentence_is_cut_at_its_braces(text: str, cut: tuple[str | Named, ...]) -> None:
    assert pieces(text) == cut
    assert formulas(text) == tuple(piece.formula for piece in cut if isinstance(piece, Named))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("a { b", "a { stands alone"),
        ("{a.b}} b", "a } stands alone"),
        ("{a {b.c}", "a { stands alone"),
        ("{a.b:2}", "behind a colon stands how many decimals"),
        ("{a.b:,}", "behind a colon stands how many decimals"),
        ("{a.b:.2e}", "behind a colon stands how many decimals"),
    ],
)
def test_braces_that_say_nothing_are_refused(text: str, told: str) -> None:
    with pytest.raises(ExpressionError) as caught:
        pieces(text)
    assert told in str(caught.value)
    assert formulas(text) == ()


@pytest.mark.parametrize(
    ("number", "places", "text"),
    [
        (0, None, "0"),
        (999, None, "999"),
        (44892355200, None, "44,892,355,200"),
        (-1234, None, "-1,234"),
        (Fraction(217, 4), None, "54.25"),
        (Fraction(12345678, 1000), None, "12,345.678"),
        (Fraction(-1, 2), None, "-0.5"),
        ("55 x 55 x 96", None, "55 × 55 × 96"),
        (34944, 1, "34,944.0"),
        (Fraction(1, 3), 2, "0.33"),
        (Fraction(5, 4), 1, "1.3"),  # half is rounded up, as people do
        (Fraction(-5, 4), 1, "-1.3"),
        (Fraction(1, 2), 0, "1"),
        (Fraction(-1, 10), 0, "0"),
        (Fraction(99_999, 100), 1, "1,000.0"),
        (9.965784, 2, "9.97"),
        (2.0, 3, "2.000"),
    ],
)
def test_a_number_is_printed_as_sentences_have_it(number: Value, places: int | None, text: str) -> None:
    assert printed(number, places) == text


@pytest.mark.parametrize("number", [Fraction(1, 3), 9.965784])
def test_what_does_not_end_is_not_rounded_unasked(number: Value) -> None:
    with pytest.raises(ExpressionError, match="say how many decimals are printed"):
        printed(number)
