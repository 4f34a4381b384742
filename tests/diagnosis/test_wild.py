"""Wrong answers that people gave, or that quizzes offer: each is explained by the rule that its words name.

The figures are in tests/data/wrong_answers.csv, with where they were seen: a column ``rule`` says which explanation is
meant. The wrong number stands alone on an otherwise right sheet, so that nothing but the number itself tells.
"""

from __future__ import annotations

import csv
from fractions import Fraction
from pathlib import Path

import pytest

from sheetgen.api import sheet_of
from sheetgen.diagnosis import Finding, diagnose
from sheetgen.diagnosis.index import index_of
from sheetgen.expr import Value
from sheetgen.sheet import Sheet
from tests.laid import Lay

DATA = Path(__file__).parents[1] / "data" / "wrong_answers.csv"
with DATA.open(encoding="utf-8") as file:
    ROWS = list(csv.DictReader(file))
LEAST = 19  # of the 21 that the collection has

# The networks of the rows that are no shipped coursework's
NETWORKS = {
    "alexnet without biases in connections": (
        "\n    conv1: {type: Conv2d, out_channels: 96, kernel_size: 11, stride: 4}",
        "{conventions: {bias: not counted}}",
        "[3, 227, 227]",
    ),
    "googlenet, first pool rounded down": (
        "\n    conv1: {type: Conv2d, out_channels: 64, kernel_size: 7, stride: 2, padding: 3}"
        "\n    pool1: {type: MaxPool2d, kernel_size: 3, stride: 2}",
        "{columns: [layer, type, kernel_size, stride, padding, out_height, receptive_field]}",
        "[3, 224, 224]",
    ),
    "a stride that leaves something over": (
        "\n    conv1: {type: Conv2d, out_channels: 8, kernel_size: 3, stride: 2, padding: 1}",
        "{}",
        "[3, 32, 32]",
    ),
    "alexnet, depths asked": (
        "\n    conv1: {type: Conv2d, out_channels: 96, kernel_size: 11, stride: 4}"
        "\n    pool1: {type: MaxPool2d, kernel_size: 3, stride: 2}",
        "{columns: [layer, type, kernel_size, stride, out_channels, out_height, out_width], "
        "blanks: [{quantities: out_channels, layers: pool1}, {quantities: [out_height, out_width]}]}",
        "[3, 227, 227]",
    ),
    "a small net for digits": (
        "\n    conv1: {type: Conv2d, out_channels: 8, kernel_size: 3, padding: 1}"
        "\n    conv2: {type: Conv2d, out_channels: 8, kernel_size: 3, padding: 1}"
        "\n    pool1: {type: MaxPool2d, kernel_size: 2, stride: 2}"
        "\n    conv3: {type: Conv2d, out_channels: 16, kernel_size: 3, padding: 1}"
        "\n    conv4: {type: Conv2d, out_channels: 16, kernel_size: 3}"
        "\n    conv5: {type: Conv2d, out_channels: 16, kernel_size: 1}"
        "\n    conv6: {type: Conv2d, out_channels: 16, kernel_size: 3, padding: 1}",
        "{columns: [layer, type, kernel_size, stride, padding, in_height, out_height]}",
        "[1, 32, 32]",
    ),
}


@pytest.fixture
def lay(tmp_path: Path) -> Lay:
    return Lay(tmp_path)


def exactly(_answer: str, given: Value, right: Value) -> bool:
    return given == right


def found(lay: Lay, row: dict[str, str]) -> Finding:
    network = NETWORKS.get(row["network"])
    sheet: Sheet = lay(*network) if network else sheet_of(row["network"])
    answer, given = row["answer"], Fraction(row["wrong"])
    number = int(given) if given.denominator == 1 else float(given)
    assert sheet.table.numbers[answer] == Fraction(row["right"]), "the collection's right number"
    assert number != sheet.table.numbers[answer]
    # who copied a number had the other row's right; of the others it is not told what else they had
    rest = index_of(sheet).answers if row["rule"].startswith("row:") else ()
    return diagnose(sheet, {answer: number}, exactly, right=[each for each in rest if each != answer])[answer]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["id"])
def test_the_rule_that_the_words_name_is_among_the_best_explanations(lay: Lay, row: dict[str, str]) -> None:
    why = [each.id for each in found(lay, row).why]
    assert row["rule"] in why, f"{row['words']}: {why}"


def test_nearly_all_have_it_first(lay: Lay) -> None:
    first = [row["id"] for row in ROWS if (why := found(lay, row).why) and why[0].id == row["rule"]]
    assert len(ROWS) == 21
    assert len(first) >= LEAST - 4, [row["id"] for row in ROWS if row["id"] not in first]
