"""What is remembered from one student to the next changes nothing: each is told what they would be told alone."""

from __future__ import annotations

import random
from fractions import Fraction

import pytest

from sheetgen.api import sheet_of
from sheetgen.diagnosis import Finding, diagnose
from sheetgen.diagnosis.index import _KEPT, Index, index_of
from sheetgen.diagnosis.own import Own
from sheetgen.diagnosis.trees import Number
from sheetgen.expr import Value

Wrong = dict[str, Number]


def exact(_answer: str, given: Number, right: Value) -> bool:
    return given == right


SHEET = sheet_of("alexnet")


def told(wrong: Wrong) -> dict[str, Finding]:
    return diagnose(SHEET, wrong, exact)


def students(index: Index) -> list[Wrong]:
    """Who carry on with a wrong size, calculate with other conventions, or type fractions, ints and floats alike."""
    chance, numbers, found = random.Random(3), index.table.numbers, []
    asked = [answer for answer in index.answers if isinstance(numbers[answer], int)]
    sizes: tuple[Number, ...] = (54, 54.0, Fraction(54), 54.25, Fraction(217, 4), 56)
    for size in sizes:
        wrong: Wrong = {"conv1.out_height": size, "conv1.out_width": size}
        own = Own(index.dependents, wrong)
        for answer in asked:
            follows = own.follows(answer)
            if answer not in wrong and not isinstance(follows, str | None) and follows != numbers[answer]:
                wrong[answer] = follows
        for answer in chance.sample(asked, 12):
            listed = [number for number in index.singles(answer) if isinstance(number, int)]
            wrong[answer] = chance.choice(listed or [7])
        own = Own(index.dependents, wrong)
        for answer in chance.sample(asked, 25):  # another quantity of the row, wrongly computed from one's own
            beside = [other for other, _ in index._others(answer) if other in asked]
            changed = [number for other in beside for _, number in index.changed(other, own) if number == number]
            wrong[answer] = chance.choice(changed or [7])
        found.append({answer: number for answer, number in wrong.items() if number != numbers[answer]})
    return found


@pytest.fixture(scope="module")
def alone() -> list[tuple[Wrong, dict[str, Finding]]]:
    found = []
    for wrong in students(index_of(SHEET)):
        _KEPT.clear()
        found.append((wrong, told(wrong)))
    return found


@pytest.mark.parametrize("seed", range(4))
def test_in_any_order(alone: list[tuple[Wrong, dict[str, Finding]]], seed: int) -> None:
    order = list(alone)
    random.Random(seed).shuffle(order)
    for wrong, finding in (*order, *order[:2]):
        assert told(wrong) == finding


def test_whole_numbers_are_kept_apart_from_floats() -> None:
    """54.0 is as good a key as 54, but what is multiplied by it is no whole number any more, and is rounded."""
    index = index_of(SHEET)
    form = index.forms.of("conv2.weights")
    assert form is not None
    _, names = form.of_singles
    whole = tuple(10**9 + number for number in range(len(names)))
    as_float = tuple(float(number) for number in whole)
    assert whole == as_float

    def shown(values: tuple[Number, ...]) -> list[str]:
        return list(map(repr, form.giving(values)))

    for first, second in ((whole, as_float), (as_float, whole)):
        form._giving.clear()
        fresh = shown(second)
        form._giving.clear()
        assert shown(first) != fresh
        assert shown(second) == fresh
