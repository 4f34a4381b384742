"""The measures of benchmarks/diagnosis.py on a few courseworks: planted rules are found, random numbers are not.

The students are drawn with fixed seeds, so that the shares are the same on every machine.
"""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest

from benchmarks.diagnosis import Share, planted, randomly
from sheetgen.api import sheet_of
from sheetgen.diagnosis.index import Index, index_of
from sheetgen.diagnosis.trees import Number

COURSEWORKS = ("alexnet", "lenet5", "googlenet", "resnet18", "unet")
SHEETS = 6


def share(measure: Callable[[Index, random.Random], Share]) -> tuple[float, float]:
    """Of all wrong cells the share that is explained; and of those in which a rule is at work."""
    good = wrong = good_applied = applied = 0
    for name in COURSEWORKS:
        found = measure(index_of(sheet_of(name)), random.Random(name))
        good, wrong = good + found.good, wrong + found.wrong
        good_applied, applied = good_applied + found.good_applied, applied + found.applied
    assert wrong > 200
    return good / wrong, good_applied / applied


@pytest.mark.parametrize(("rules", "least"), [(1, 0.97), (2, 0.90), (3, 0.80)])
def test_planted_rules_are_found(rules: int, least: float) -> None:
    assert share(lambda index, chance: planted(index, rules, SHEETS, chance))[0] >= least


def test_random_numbers_are_not_explained() -> None:
    assert 1 - share(lambda index, chance: randomly(index, 3 * SHEETS, chance))[0] < 0.05


def test_without_a_price_for_chance_they_would_be(monkeypatch: pytest.MonkeyPatch) -> None:
    def dear(_given: Number, _right: Number) -> float:
        return 40.0

    monkeypatch.setattr("sheetgen.diagnosis.by_chance", dear)
    assert 1 - share(lambda index, chance: randomly(index, 3 * SHEETS, chance))[0] > 0.1
