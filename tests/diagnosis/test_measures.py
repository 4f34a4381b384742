"""The measures of benchmarks/diagnosis.py on a few courseworks: planted rules are found, random numbers are not.

The students are drawn with fixed seeds, so that the shares are the same on every machine.
"""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest

from benchmarks.diagnosis import Share, Student, exact, planted, randomly
from sheetgen.api import sheet_of
from sheetgen.diagnosis import diagnose
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


# Where the weighing before the last one missed the most
@pytest.mark.parametrize(
    ("name", "rules", "least"),
    [
        ("vgg16", 1, 0.97),
        ("inception-v3", 1, 0.97),
        ("resnet50", 2, 0.90),
        ("resnet18", 2, 0.90),
        ("resnet18", 3, 0.80),
    ],
)
def test_planted_rules_are_found_where_two_look_alike(name: str, rules: int, least: float) -> None:
    found = planted(index_of(sheet_of(name)), rules, 2 * SHEETS, random.Random(name))
    assert found.wrong > 200
    assert found.good / found.wrong >= least


def test_random_numbers_are_not_explained() -> None:
    assert 1 - share(lambda index, chance: randomly(index, 3 * SHEETS, chance))[0] < 0.05


@pytest.mark.parametrize("name", ["unet-padded", "zfnet", "lenet5"])  # sizes and receptive fields of few digits
def test_a_sheet_of_nothing_but_random_numbers_is_not_explained(name: str) -> None:
    found = randomly(index_of(sheet_of(name)), 2 * SHEETS, random.Random(name), part=1.0)
    assert found.wrong > 200
    assert 1 - found.good / found.wrong < 0.09


def test_without_a_price_for_chance_they_would_be(monkeypatch: pytest.MonkeyPatch) -> None:
    def dear(_given: Number, _right: Number) -> float:
        return 40.0

    monkeypatch.setattr("sheetgen.diagnosis.by_chance", dear)
    assert 1 - share(lambda index, chance: randomly(index, 3 * SHEETS, chance))[0] > 0.1


def test_a_rule_carried_on_over_own_numbers_is_no_copied_number() -> None:
    # U-Net without any size changed by a window: 570 all the way down and up, which also stands in the first row
    index = index_of(sheet_of("unet"))
    given, applied = Student(index, [("kept",)]).sheet()
    findings = diagnose(index.sheet, {answer: given[answer] for answer in applied}, exact)
    told = {finding.why[0].id for answer, finding in findings.items() if applied[answer] and finding.why}
    assert told == {"kept"}
    assert all(finding.why or finding.follows for finding in findings.values())
