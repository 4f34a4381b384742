"""Flat trees: the same values as the notation's own, and every form of the shipped courseworks gives its number."""

from __future__ import annotations

import math
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sheetgen.api import sheet_of
from sheetgen.diagnosis.index import Index
from sheetgen.diagnosis.own import Own
from sheetgen.diagnosis.trees import added, compile_trees, evaluate, flat, multiplied, names
from sheetgen.expr import ExpressionError, parse, value
from sheetgen.shipped import shipped

NAMES = ("a", "b", "c")
TEXTS = st.recursive(
    st.sampled_from([*NAMES, "0", "1", "2", "3"]),
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from(["+", "-", "*", "//", "/", "%"]), inner).map(
            lambda parts: f"({parts[0]} {parts[1]} {parts[2]})"
        ),
        st.tuples(st.sampled_from(["ceil_div", "min", "max"]), inner, inner).map(
            lambda parts: f"{parts[0]}({parts[1]}, {parts[2]})"
        ),
        inner.map(lambda text: f"(-{text})"),
    ),
    max_leaves=12,
)


@given(TEXTS, st.tuples(*[st.integers(-9, 99)] * 3))
def test_a_flat_tree_has_the_value_of_the_formula(text: str, numbers: tuple[int, int, int]) -> None:
    env = dict(zip(NAMES, numbers, strict=True))
    try:
        right = value(parse(text), env)
    except ExpressionError:
        return  # divided by zero somewhere
    assert evaluate(flat(parse(text)), env) == right


def test_what_has_no_value_equals_nothing() -> None:
    assert math.isnan(float(evaluate(flat(parse("a // b")), {"a": 5, "b": 0})))
    assert math.isnan(float(evaluate(flat(parse("a * missing")), {"a": 5})))
    assert evaluate(flat(parse("a / b")), {"a": 5, "b": 2}) == Fraction(5, 2)


def test_sums_and_products_are_laid_flat() -> None:
    assert flat(parse("(a + b) - (c - 1)")) == ("+", "a", "b", ("-", "c"), 1)
    assert flat(parse("2 * (a * 3) * b")) == ("*", 6, "a", "b")
    assert added("a", 1, -1) == "a"
    assert multiplied("a", 0) == 0
    assert tuple(names(flat(parse("a * b + a")))) == ("a", "b", "a")


def test_what_trees_share_is_computed_once() -> None:
    together, read = compile_trees([flat(parse("a * b + 1")), flat(parse("a * b - 1"))])
    assert read == ("a", "b")
    assert together(4, 5) == (21, 19)


@pytest.mark.parametrize("name", shipped())
def test_every_form_gives_the_number_of_its_answer(name: str) -> None:
    index = Index(sheet_of(name))
    nobody = Own(index.dependents, {})
    seen = 0
    for answer in index.answers:
        form = index.forms.of(answer)
        if form is not None:
            right = index.table.numbers[answer]
            assert not isinstance(right, str)
            assert () in index.giving(answer, right, nobody), answer
            assert index.value(answer, form.tree, index.table.numbers) == index.table.numbers[answer]
            seen += 1
    assert seen > 10
