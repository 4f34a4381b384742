"""Five students with one thing on their mind: one cause is named, the marks are those of a hand calculation.

Marks of the sheet: n 2; heights and widths of eight layers 0.5 each; of eleven layers neurons, weights and biases 0.5
each, parameters and connections 1 each; five totals 1 each: 2 + 8 + 16.5 + 22 + 5 = 53.5. A number that is right for
the student's own earlier ones gets half of its marks.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from sheetgen import api
from sheetgen.marking import Marked
from sheetgen.sheet import lay_out
from sheetgen.spec import load
from tests.five_students import FOLDER, STUDENTS, workbook

HALF = 0.5
# What each loses, cell by cell, and the one rule that is to be named
LOST = {
    # n itself, in the table and as question 1; half of 16 sizes, 8 numbers of neurons, fc6's weights and parameters,
    # 9 numbers of connections (fc6's too), 4 totals (all but the biases')
    "a-paper-image": (2 + 1 + HALF * (16 * 0.5 + 8 * 0.5 + 0.5 + 1 + 9 + 4), "input:224"),
    # 8 layers' biases, which are 0 and so no number that anything follows from; their 8 parameters and 8 connections;
    # of the totals the biases', and half of the parameters' and the connections'
    "b-no-biases": (8 * 0.5 + 8 + 8 + 1 + HALF * 2, "drop:biases"),
    # 3 layers' weights and connections; half of their parameters and of 3 totals
    "c-two-gpus": (3 * 0.5 + 3 + HALF * (3 + 3), "misconception:two-gpu-split"),
    # conv3, conv4, conv5 and pool5, both columns (in fc6 to fc8 the two are the same number); half of the parameters'
    # total, and the connections' total, which adds up a pool5 of 0
    "d-mixed-up": (4 + 4 + HALF * 1 + 1, "mixed-up:connections:parameters"),
    # the size itself; half of 6 heights, 7 numbers of neurons and 7 of connections, fc6's weights, parameters and
    # connections, and 4 totals
    "e-mistyped": (0.5 + HALF * (6 * 0.5 + 7 * 0.5 + 7 + 0.5 + 1 + 1 + 4), "slip:swapped"),
}


@pytest.fixture(scope="module")
def marked() -> dict[str, Marked]:
    results = api.verify("alexnet", [FOLDER])
    return {Path(each.file).stem: each for each in results.submissions}


def test_the_files_are_what_the_students_hand_in() -> None:
    coursework = load("alexnet")
    sheet = lay_out(coursework)
    for name, student in STUDENTS.items():
        assert (FOLDER / f"{name}.xlsx").read_bytes() == workbook(student, coursework, sheet), (
            "python -m tests.five_students writes them anew"
        )


@pytest.mark.parametrize("name", LOST)
def test_the_marks_are_those_of_the_hand_calculation(marked: dict[str, Marked], name: str) -> None:
    each = marked[name]
    assert each.max_score - each.open - each.score == pytest.approx(LOST[name][0])


@pytest.mark.parametrize("name", LOST)
def test_one_cause_is_named(marked: dict[str, Marked], name: str) -> None:
    each = marked[name]
    assert len(each.summary) == 1, each.summary
    rules = {why.id for answer in each.answers for why in answer.because[:1]}
    assert rules == {LOST[name][1]}
    wrong = [answer for answer in each.answers if answer.status in ("wrong", "follow-through")]
    assert all(answer.because or answer.status == "follow-through" or answer.follows for answer in wrong)


@pytest.mark.parametrize("name", LOST)
def test_no_expected_number_is_told(marked: dict[str, Marked], name: str) -> None:
    numbers = load_numbers()
    for answer in marked[name].answers:
        if answer.status in ("wrong", "follow-through"):
            said = re.sub(r"[A-Z]+[0-9]+", "", " ".join((answer.feedback, *(why.rule for why in answer.because))))
            told = set(re.findall(r"[0-9][0-9,]*", said.replace(" ", " ")))
            assert str(numbers[answer.id]) not in {each.replace(",", "").rstrip(",") for each in told}, said
    given = {answer.given for answer in marked[name].answers}
    right = {
        str(numbers[answer.id]) for answer in marked[name].answers if answer.id in numbers and answer.status == "wrong"
    }
    said = re.sub(r"[A-Z]+[0-9]+", "", " ".join(marked[name].summary))
    told = {each.replace(",", "") for each in re.findall(r"[0-9][0-9,]{2,}", said)}
    assert not told & (right - given)


def load_numbers() -> dict[str, object]:
    return dict(lay_out(load("alexnet")).table.numbers)


@pytest.mark.parametrize("language", ["en", "de"])
def test_the_command_prints_it(language: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "sheetgen", "verify", "alexnet", str(FOLDER), "--language", language],
        capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    assert done.returncode == 1
    assert not done.stderr.strip()
    words = {"en": ("224", "leaves out the biases", "follow-through"), "de": ("224", "Bias", "follow-through")}[
        language
    ]
    for word in words:
        assert word in done.stdout
