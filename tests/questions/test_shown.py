"""What a real network shows of the questions: sizes, formulas over measured numbers, initial values, a loss."""

from __future__ import annotations

import dataclasses
import itertools
import math
import re
from fractions import Fraction
from pathlib import Path
from typing import Any, Literal

import pytest
import torch

from sheetgen import api, shown
from sheetgen.api import checking
from sheetgen.coursework import Coursework
from sheetgen.layers import Conv2d
from sheetgen.questionnaire import Question
from sheetgen.questions import Loss
from sheetgen.sheet import Sheet, lay_out
from sheetgen.spec import read
from sheetgen.witness import Measured, weighted_cross_entropy
from sheetgen.witness.building import SEED
from sheetgen.witness.loss import CLASSES, HEIGHT, WIDTH
from tests.questions.small import NETWORK, coursework

ASKED = """
- {id: 1, kind: number, text: t, solve: conv1.out_height = 10, for: network.in_height}
- {id: 2, kind: number, text: t, solve: conv1.out_height = 9, for: network.in_height}
- {id: 3, kind: number, text: t, answer: conv1.parameters / total.parameters}
- {id: 4, kind: number, text: t, answer: 2**10}
- {id: 5, kind: text, text: t, loss: {sign: -1, weighted: true}}
- {id: 6, kind: init, text: t}
- {id: 7, kind: choice, text: t, options: [a, {text: b, right: true}]}
"""


@pytest.fixture
def described(tmp_path: Path) -> Coursework:
    return coursework(tmp_path, ASKED)


@pytest.fixture
def laid(described: Coursework) -> Sheet:
    return lay_out(described)


MEASURED = {
    "input.in_height": 32,
    "conv1.out_height": 10,
    "conv1.parameters": 608,
    "total.parameters": 1650,
}


def test_what_follows_from_measured_numbers(described: Coursework, laid: Sheet) -> None:
    found = shown.questions_shown(described, laid, MEASURED, "meta")
    # 2: the network's own size is another one; 4: no network knows what 2**10 is
    assert found == {"question.1": 32, "question.3": Fraction(608, 1650)}


@pytest.mark.parametrize(
    ("size", "exact", "shown_as"),
    [
        (32, "false", 32),
        (31, "false", 32),  # any that is right: the equation has more than one
        (31, "true", 31),
        (32, "true", None),  # whether a division leaves a remainder no network shows
        (30, "true", 30),  # which should be no solution
    ],
)
def test_a_measured_size_that_solves_the_equation(size: int, exact: str, shown_as: int | None, tmp_path: Path) -> None:
    asked = f"- {{id: 1, kind: number, text: t, solve: conv1.out_height = 16, for: network.in_height, exact: {exact}}}"
    described = coursework(tmp_path, asked, network=NETWORK.replace("stride: 3", "stride: 2, padding: 2"))
    measured = {"input.in_height": size, "conv1.out_height": 16}
    found = shown.questions_shown(described, lay_out(described), measured, "meta")
    assert found.get("question.1") == shown_as


def test_what_was_not_measured_shows_nothing(described: Coursework, laid: Sheet) -> None:
    assert shown.questions_shown(described, laid, {}, "meta") == {}
    without = {answer: number for answer, number in MEASURED.items() if answer != "input.in_height"}
    assert "question.1" not in shown.questions_shown(described, laid, without, "meta")


def test_another_measurement_shows(described: Coursework, laid: Sheet) -> None:
    found = shown.questions_shown(described, laid, {**MEASURED, "conv1.parameters": 600}, "meta")
    assert found["question.3"] == Fraction(600, 1650)
    assert "question.1" not in shown.questions_shown(described, laid, {**MEASURED, "conv1.out_height": 9}, "meta")


def test_initial_values_of_the_real_network(described: Coursework, laid: Sheet) -> None:
    found = shown.questions_shown(described, laid, {}, "cpu")
    assert found == {
        "question.6.conv1.mean": 0,
        "question.6.conv1.std": Fraction(1, 100),
        "question.6.conv1.bias": 1,
        "question.6.3a-1.mean": Fraction(1, 2),
        "question.6.3a-1.std": Fraction(1, 8),
    }


def test_a_network_that_starts_otherwise_shows(
    described: Coursework, laid: Sheet, monkeypatch: pytest.MonkeyPatch
) -> None:
    samples = {
        "conv1": {"weights": 600.0, "mean": 0.5, "std": 0.0101, "bias_least": 1.0, "bias_most": 3.0},
        "3a-1": {"weights": 32.0, "mean": 0.5, "std": 0.9},
    }
    monkeypatch.setattr(shown, "measure_init", lambda *_: samples)
    found = {answer: float(number) for answer, number in shown.questions_shown(described, laid, {}, "cpu").items()}
    assert found == {
        "question.6.conv1.mean": 0.5,
        "question.6.conv1.std": 0.01,  # within what chance does
        "question.6.conv1.bias": 3.0,
        "question.6.3a-1.mean": 0.5,
        "question.6.3a-1.std": 0.9,
    }


def test_the_loss_agrees_with_pytorchs_only_with_its_sign_and_its_weights(laid: Sheet) -> None:
    assert laid.questions is not None

    def agrees(loss: tuple[int, bool]) -> bool:
        asked = [each if each.loss is None else dataclasses.replace(each, loss=loss) for each in questions]
        there = dataclasses.replace(laid, questions=dataclasses.replace(questionnaire, questions=tuple(asked)))
        losses = shown.losses_shown(there, "cpu")
        assert set(losses) == {"question.5.loss"}
        checked = checking._verdict(there, set(api.published(there)), (), nothing, losses)
        assert ("question.5.loss" in checked.agreed) != ("question.5.loss" in {each.id for each in checked.disagreed})
        return "question.5.loss" in checked.agreed

    questionnaire = laid.questions
    questions: tuple[Question, ...] = questionnaire.questions
    nothing = Measured("cpu", {}, {}, {})
    assert agrees((-1, True))
    assert not agrees((1, True))  # as the paper prints it
    assert not agrees((-1, False))


@pytest.mark.parametrize(("sign", "weighted"), [(-1, True), (1, True), (-1, False), (1, False)])
def test_the_equation_that_is_printed_is_the_one_that_is_evaluated(sign: Literal[-1, 1], weighted: bool) -> None:
    """Read from its words, on the witness's map, pixel by pixel."""
    words = re.fullmatch(
        r"E = (- )?sum over the pixels x of (w\(x\) )?log p_l\(x\)\(x\)", Loss(sign=sign, weighted=weighted).equation
    )
    assert words is not None
    generator = torch.Generator().manual_seed(SEED)
    scores = torch.randn((1, CLASSES, HEIGHT, WIDTH), generator=generator, dtype=torch.float64)[0]
    labels = torch.randint(CLASSES, (1, HEIGHT, WIDTH), generator=generator)[0]
    weights = 0.5 + 10 * torch.rand((1, HEIGHT, WIDTH), generator=generator, dtype=torch.float64)[0]
    added = 0.0
    for y, x in itertools.product(range(HEIGHT), range(WIDTH)):
        p = [math.exp(score) for score in scores[:, y, x].tolist()]
        log = math.log(p[int(labels[y, x])] / sum(p))
        added += (float(weights[y, x]) if words[2] else 1) * log
    by_hand, _ = weighted_cross_entropy(sign, weighted)
    assert by_hand == pytest.approx(-added if words[1] else added, rel=1e-12)


def test_on_the_meta_device_there_are_no_values(described: Coursework, laid: Sheet) -> None:
    assert shown.losses_shown(laid, "meta") == {}
    assert not any(answer.startswith("question.6") for answer in shown.questions_shown(described, laid, {}, "meta"))


def test_the_whole_check_of_a_small_network(described: Coursework, tmp_path: Path) -> None:
    checked = api.check(tmp_path / "my.yaml", device="cpu")
    assert checked.disagreed == ()
    assert set(checked.not_witnessed) == {"question.2", "question.4"}
    asked = [answer for answer in checked.agreed if answer.startswith("question.")]
    assert asked == [
        "question.1",
        "question.3",
        *(f"question.6.conv1.{name}" for name in ("mean", "std", "bias")),
        *(f"question.6.3a-1.{name}" for name in ("mean", "std")),
        "question.5.loss",
    ]
    assert checked.witnesses["python"] == len(checked.agreed) + 2
    assert checked.witnesses["excel"] == checked.witnesses["python"] - 1  # a loss stands in no cell
    assert described.questions


def test_the_meta_device_checks_what_it_can(tmp_path: Path) -> None:
    coursework(tmp_path, ASKED)
    checked = api.check(tmp_path / "my.yaml", device="meta")
    assert checked.disagreed == ()
    assert "question.3" in checked.agreed
    assert {"question.1", "question.6.conv1.mean"} <= set(checked.not_witnessed)


def test_a_layer_without_biases_of_its_own_weights(tmp_path: Path) -> None:
    network = NETWORK.replace(
        "fc2:", "again: {type: Conv2d, out_channels: 4, kernel_size: 1, init: {std: 1}}\n    fc2:"
    )
    laid = lay_out(coursework(tmp_path, "- {id: 6, kind: init, text: t}\n", network=network))
    assert laid.questions is not None
    assert "question.6.again.bias" in laid.questions.numbers
    assert "question.6.3a-1.bias" not in laid.questions.numbers


# --- quantities of the coursework's own -----------------------------------------------------------------------------

OWN = """
network:
  input: [2, 9, 9]
  layers:
    c: {type: Conv2d, out_channels: 4, kernel_size: 3}
    r: {type: ReLU}
coursework:
  quantities:
    kib: {formula: "neurons * 4 / 1024", total: true}
    twice: 2 * kib
    part: kib / total_neurons
    window: kernel_height * kernel_width
    depth: fan_in - window
    load: connections + neurons
    taps: connections / window
  columns: [layer, type, kib, twice, part, window, depth, load, taps]
"""


def own(folder: Path) -> tuple[Coursework, Sheet]:
    (folder / "own.yaml").write_text(OWN, encoding="utf-8")
    described = read(folder / "own.yaml")
    return described, lay_out(described)


def test_own_quantities_follow_from_measured_numbers_and_settings(tmp_path: Path) -> None:
    described, laid = own(tmp_path)
    measured: dict[str, Any] = {
        "c.neurons": 196,
        "r.neurons": 196,
        "c.fan_in": 18,
        "c.connections": 3724,
        "total.neurons": 392,
    }
    found = shown.own_shown(described, laid, measured)
    assert found == {answer: laid.table.value(answer) for answer in found}
    # no network shows a setting by itself, and none that a ReLU has no connections
    of_c = {answer.removeprefix("c.") for answer in found if answer.startswith("c.")}
    assert of_c == {"kib", "twice", "part", "depth", "load", "taps"}
    assert "r.kib" in found
    assert "r.load" not in found
    assert "total.kib" in found
    assert {"c.depth", "c.kib"} - set(shown.own_shown(described, laid, {"c.neurons": 196})) == {"c.depth"}
    assert "total.kib" not in shown.own_shown(described, laid, {"c.neurons": 196})


def test_check_witnesses_own_quantities(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own(tmp_path)
    checked = api.check(tmp_path / "own.yaml", "cpu")
    assert {"c.kib", "r.twice", "c.depth", "total.kib"} <= set(checked.agreed)
    assert {"c.window", "r.load"} <= set(checked.not_witnessed)
    assert checked.disagreed == ()
    module = Conv2d.module
    wrong = {"out_channels": 5}
    monkeypatch.setattr(
        Conv2d, "module", lambda self, nn, shape, out: module(self.model_copy(update=wrong), nn, shape, out)
    )
    assert {"c.kib", "r.twice"} <= {each.id for each in api.check(tmp_path / "own.yaml", "cpu").disagreed}
