"""The notation: what it takes, what it refuses, and that all its readings agree."""

from __future__ import annotations

import doctest
import pickle
from dataclasses import FrozenInstanceError

import pytest
from hypothesis import assume, given, settings

import sheetgen.expr
from sheetgen.expr import (
    MAX_TEXT,
    Expr,
    ExpressionError,
    Num,
    Op,
    Sym,
    excel,
    parse,
    simplify,
    symbols,
    text,
    value,
    words,
)
from tests.expressions import CELLS, by_formualizer, environments, exact_value, trees


def test_the_docstring_is_true() -> None:
    assert doctest.testmod(sheetgen.expr) == (0, 4)


# --- what it takes and what it refuses ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "refused",
    [
        "a.b", "f(a)", "1.5", "'a'", "True", "None", "a < b", "a and b", "lambda: 1", "(a := 1)", "[a]", "a[0]", "*a",
        "min(a, key=b)", "min(*a)", "min()", "ceil_div(a)", "ceil_div(a, b, c)", "a if b else c", "+a", "~a", "a / b",
        "a @ b", "a << b", "1j", "...", "", " ", "a b", "a +", "__import__('os')", "a; b", "f'{a}'", "a\x00b",
        "1_0 _", "min(a for a in b)", "a" * (MAX_TEXT + 1), "(" * 5000 + "a" + ")" * 5000, "-" * 3000 + "a",
    ],
)  # fmt: skip
def test_what_is_not_in_the_notation_is_refused(refused: str) -> None:
    with pytest.raises(ExpressionError):
        parse(refused)


def test_a_refusal_names_the_piece() -> None:
    with pytest.raises(ExpressionError, match=r"'conv1\.out'"):
        parse("2 * conv1.out + 1")
    with pytest.raises(ExpressionError, match=r"write // \(floor\) or ceil_div"):
        parse("a / b")


@pytest.mark.parametrize("endless", ["9**9**9**9", "(9**999)**999", "2**4095*2**4095", "-(2**99999)", "10**-1", "0**0"])
def test_what_grows_or_has_no_whole_value_is_an_error_at_once(endless: str) -> None:
    with pytest.raises(ExpressionError):
        value(parse(endless), {})


@pytest.mark.parametrize("broken", ["a // 0", "a % 0", "ceil_div(a, 0)", "b"])
def test_no_value(broken: str) -> None:
    with pytest.raises(ExpressionError):
        value(parse(broken), {"a": 1})


@pytest.mark.parametrize(
    ("formula", "expected"),
    [
        ("-7 // 2", -4), ("7 // -2", -4), ("-7 % 3", 2), ("2**3**2", 512), ("-2**2", -4), ("(-2)**2", 4),
        ("ceil_div(7, 2)", 4), ("ceil_div(-7, 2)", -3), ("ceil_div(8, 2)", 4), ("min(3, 1, 2)", 1), ("max(3)", 3),
        ("1 - 2 - 3", -4), ("1 - (2 - 3)", 2), ("2 * 3 // 4", 1),
        ("10**40 + 1 - 10**40", 1),
    ],
)  # fmt: skip
def test_values_are_exact(formula: str, expected: int) -> None:
    assert value(parse(formula), {}) == expected


def test_trees_are_values() -> None:
    tree = parse("a*(b + 1)")
    assert tree == parse(" a * (b+1) ")
    assert hash(tree) == hash(pickle.loads(pickle.dumps(tree)))
    assert symbols(parse("b + a*b - min(c, a)")) == ("b", "a", "c")
    with pytest.raises(FrozenInstanceError):
        tree.op = "+"  # type: ignore[union-attr, misc]


# --- simplification -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "simple"),
    [
        ("x*1", "x"), ("1*x", "x"), ("x + 0", "x"), ("0 + x", "x"), ("x - 0", "x"), ("x*0", "0"), ("x // 1", "x"),
        ("x % 1", "0"), ("x**1", "x"), ("1*(k - 1) + 1", "k"), ("in_channels // 1", "in_channels"),
        ("(n + 2*p - 1*(k - 1) - 1) // s + 1", "(n + 2*p - k) // s + 1"),
        ("(n + 2*0 - 1*(11 - 1) - 1) // 4 + 1", "(n - 11) // 4 + 1"),
        ("(n + 2*p - 1*(k - 1) - 1) // 1 + 1", "n + 2*p - k + 1"),
        ("2*3*x", "6*x"), ("x*2*3", "6*x"), ("-(-x)", "x"), ("a - (b - c)", "a - b + c"), ("-a*-b", "a*b"),
        ("min(x, x)", "x"), ("min(2, 3)", "2"), ("ceil_div(x, 1)", "x"), ("ceil_div(7, 2)", "4"), ("7 // 2", "3"),
        ("x // 0", "x // 0"), ("2 + x + 3", "x + 5"), ("x - 5 + 2", "x - 3"), ("0*x + 3", "3"),
    ],
)  # fmt: skip
def test_as_a_teacher_would_have_written_it(written: str, simple: str) -> None:
    assert text(simplify(parse(written))) == simple


@settings(max_examples=300)
@given(trees, environments)
def test_simplifying_keeps_the_value(tree: Expr, env: dict[str, int]) -> None:
    expected = exact_value(tree, env)
    assume(expected is not None)
    assert value(simplify(tree), env) == expected


@settings(max_examples=300)
@given(trees, environments)
def test_text_reads_back(tree: Expr, env: dict[str, int]) -> None:
    expected = exact_value(tree, env)
    assume(expected is not None)
    assert value(parse(text(tree)), env) == expected
    assert words(tree, env).endswith(f" = {expected}")
    assert value(parse(words(tree, env).rpartition(" = ")[0]), {}) == expected  # the numbers put in


# --- Excel ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("formula", "typed"),
    [
        ("(a + 2*b - c) // d + 1", "INT((A1+2*B1-C1)/D1)+1"),
        ("-2**2", "-(2^2)"),  # Excel's own -2^2 is 4
        ("(-a)**2", "(-A1)^2"),
        ("a**b**c", "A1^(B1^C1)"),  # Excel's own runs from the left
        ("(a**b)**c", "(A1^B1)^C1"),
        ("a - (b - c)", "A1-(B1-C1)"),
        ("a - (-b)", "A1-(-B1)"),
        ("a*(b // c)", "A1*INT(B1/C1)"),
        ("a // (b*c)", "INT(A1/(B1*C1))"),
        ("a*b // c", "INT(A1*B1/C1)"),
        ("(a + b) % c", "MOD(A1+B1,C1)"),
        ("ceil_div(a + b, c)", "-INT(-(A1+B1)/C1)"),
        ("a - ceil_div(b, c)", "A1-(-INT(-B1/C1))"),
        ("max(0, a - 1)", "MAX(0,A1-1)"),
        ("a*(b + c)*d", "A1*(B1+C1)*D1"),
    ],
)
def test_excel_text(formula: str, typed: str) -> None:
    assert excel(parse(formula), CELLS) == typed


def test_excel_needs_a_cell_for_every_name_and_room() -> None:
    with pytest.raises(ExpressionError, match="'e' has no cell"):
        excel(parse("a + e"), CELLS)
    long: Expr = Sym("a")
    for _ in range(90):
        long = Op("+", long, Num(10**90))
    with pytest.raises(ExpressionError, match="8192"):
        excel(long, CELLS)


@settings(max_examples=300, deadline=None)
@given(trees, environments)
def test_formualizer_agrees(tree: Expr, env: dict[str, int]) -> None:
    expected = exact_value(tree, env)
    assume(expected is not None)
    for reading in (tree, simplify(tree)):
        if exact_value(reading, env) is not None:
            assert by_formualizer(excel(reading, CELLS), env) == expected
