"""The changes of AlexNet's formulas, each number worked out by hand."""

from __future__ import annotations

import pytest

from sheetgen.api import sheet_of
from sheetgen.diagnosis.changes import rule_id
from sheetgen.diagnosis.index import Index

INDEX = Index(sheet_of("alexnet"))

# answer -> rule -> the wrong number, in the words of arithmetic
BY_HAND: dict[str, dict[str, float]] = {
    "conv1.out_height": {  # (227 + 2*0 - 11) // 4 + 1 = 55
        "drop:one": 54,
        "twice:one": 56,
        "drop:stride": 217,  # 227 - 11 + 1
        "drop:kernel": 57,  # 227 // 4 + 1
        "same": 57,  # ceil(227 / 4)
        "divided": 56,  # 227 // 4
        "kept": 227,
        "swap:kernel:stride": 56,  # (227 - 4) // 4 + 1
    },
    "conv2.out_height": {  # (27 + 2*2 - 5) // 1 + 1 = 27
        "once:padding": 25,
        "drop:padding": 23,
        "drop:kernel": 32,
        "drop:one": 26,
        "before:kernel": 29,  # pool1's 3: 27 + 4 - 3 + 1
    },
    "pool1.out_height": {"round:up": 27, "drop:one": 26, "drop:stride": 53},  # (55 - 3) // 2 + 1 = 27
    "conv2.neurons": {"drop:out_channels": 729, "unsquared:out_size": 6912, "drop:out_size": 256},  # 256 * 27 * 27
    "conv2.weights": {  # 5 * 5 * 96 * 256
        "drop:in_channels": 6400,
        "unsquared:kernel": 122880,
        "drop:kernel": 24576,
        "halved:in_channels": 307200,
        "swap:in_channels:out_channels": 1638400,
        "added:biases": 614656,
    },
    "conv2.biases": {"drop:biases": 0, "single:biases": 1, "per-unit:biases": 186624},
    "conv2.parameters": {  # 614400 + 256
        "drop:biases": 614400,
        "single:biases": 614401,
        "drop:in_channels": 6656,
        "per-unit:biases": 801024,
    },
    "conv2.connections": {  # (5*5*96 + 1) * 186624
        "drop:biases": 447897600,
        "drop:in_channels": 4852224,  # 26 * 186624
        "drop:out_channels": 1750329,  # 2401 * 27 * 27
    },
    "fc6.parameters": {"drop:in_size": 1052672, "drop:biases": 37748736},  # 6*6*256*4096 + 4096
    "pool1.parameters": {"weighted": 83040},  # 3*3*96*96 + 96, as if it were a convolution
    "pool1.biases": {"weighted": 96},
    "question.8": {"drop:one": 2048},  # (256 - 224 + 1)**2 * 2
}


@pytest.mark.parametrize("answer", BY_HAND)
def test_a_rule_gives_the_number_that_a_student_would_get(answer: str) -> None:
    given: dict[str, set[object]] = {}
    for rule, number in INDEX.changed(answer, INDEX.table.numbers):
        given.setdefault(rule_id(rule), set()).add(number)
    for name, wrong in BY_HAND[answer].items():
        assert wrong in given.get(name, set()), f"{name}: {given.get(name)}"


def test_no_change_is_the_formula_itself() -> None:
    for answer in INDEX.answers:
        form = INDEX.forms.of(answer)
        if form is not None:
            trees = [tree for _, tree in form.singles]
            assert len(set(trees)) == len(trees)
            assert form.tree not in trees
            assert form.expanded not in trees


def test_the_same_rule_has_the_same_id_in_every_column() -> None:
    shows = {rule_id(rule): count for rule, count in INDEX.shows.items()}
    assert shows["drop:biases"] == 9  # eight layers and the totals, whatever the column


def test_double_changes_come_after_single_ones() -> None:
    singles, doubles = INDEX.singles("conv2.parameters"), INDEX.doubles("conv2.parameters")
    assert (("drop", "biases"),) in singles[614400]
    assert 614400 not in doubles or all(len(rules) == 2 for rules in doubles[614400])
    both = {frozenset(rules) for rules in doubles[6400]}  # 5*5*256: neither the channels nor the biases
    assert frozenset({("drop", "in_channels"), ("drop", "biases")}) in both
