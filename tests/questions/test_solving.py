"""Solutions of equations over a network: all of them, and those without rounding, against trying it on the table."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path

import pytest

from sheetgen import expr
from sheetgen.coursework import Coursework
from sheetgen.layers import KINDS, Conventions
from sheetgen.network import NamedLayer, Network
from sheetgen.sheet import Sheet, lay_out
from sheetgen.solve import Equation, solve
from sheetgen.spec import read
from sheetgen.table import Quantity, compute, quantities
from tests.questions.small import NETWORK, coursework

_RELU = (NamedLayer("r", KINDS["ReLU"].model_validate({"type": "ReLU"}), ("input",)),)


def _tried(network: Network, holds: Callable[[dict[str, int]], bool], most: int) -> list[int]:
    """By the table of each network in turn; one that cannot be has no table that is looked at."""
    found = []
    for n in range(1, most + 1):
        table = compute(dataclasses.replace(network, input=(network.input[0], n, n)))
        sizes = {answer: number for answer, number in table.numbers.items() if isinstance(number, int)}
        if min(min(row.output) for row in table.rows) > 0 and holds(sizes):
            found.append(n)
    return found


def _solved(network: Network, left: str, right: int, most: int = 300) -> tuple[list[int], list[int]]:
    sides = Quantity("", "x", {"x": left}), Quantity("", str(right), {})
    asked = Equation(sides, ("input.in_height", "input.in_width"))
    found = solve(network, quantities(network, Conventions()), asked, (1, most))
    return list(found.every), list(found.exact)


# --- question 1 of the coursework -----------------------------------------------------------------------------------


def test_question_1_has_four_solutions_and_one_that_divides(alexnet: Coursework, sheet: Sheet) -> None:
    (part,) = alexnet.questions[0].parts
    assert sheet.table.value("question.1") == 227
    assert [(known.value, known.right) for known in part.known] == [(228, False), (229, False), (230, False)]
    assert "227 to 230 are solutions" in alexnet.questions[0].remark
    assert sheet.formula("question.1") == "(55-1)*4+11"
    assert sheet.table.working("question.1").endswith("= 227")


def test_every_solution_of_alexnets_conv1(alexnet: Coursework) -> None:
    assert _solved(alexnet.network, "conv1.out_height", 55) == ([227, 228, 229, 230], [227])
    # (n - 11) // 4 + 1 = 54 for the paper's 224, and never without remainder
    assert 224 in _solved(alexnet.network, "conv1.out_height", 54)[0]


def test_rounding_further_down_the_network(alexnet: Coursework) -> None:
    every, exact = _solved(alexnet.network, "pool5.out_height", 6)
    assert every == _tried(alexnet.network, lambda of: of["pool5.out_height"] == 6, 300)
    # by hand: 6 comes from 13, 13 from 27, 27 from 55, 55 from 227; each pool divides by 2 without remainder
    assert (len(every), every[0], exact) == (32, 227, [227])


@pytest.mark.parametrize(
    ("layers", "left", "right"),
    [
        ("c: {type: Conv2d, out_channels: 3, kernel_size: 4, stride: 3, padding: 2, dilation: 2}", "c.out_height", 7),
        ("c: {type: Conv2d, out_channels: 3, kernel_size: 4, padding: same}", "c.neurons", 3 * 41 * 41),
        ("p: {type: MaxPool2d, kernel_size: 3, stride: 2, ceil_mode: true}", "p.out_height", 12),
        ("p: {type: AvgPool2d, kernel_size: 4, stride: 3, padding: 1}", "p.connections", 16 * 25 * 3),
        ("t: {type: ConvTranspose2d, out_channels: 2, kernel_size: 3, stride: 2}", "t.out_width", 21),
        ("f: {type: Linear, out_features: 2}", "f.weights", 2 * 3 * 64),
    ],
)
def test_against_trying(layers: str, left: str, right: int, tmp_path: Path) -> None:
    (tmp_path / "my.yaml").write_text(f"input: [3, 50, 50]\nlayers:\n  {layers}\n", encoding="utf-8")
    network = read(tmp_path / "my.yaml").network
    every, exact = _solved(network, left, right, 120)
    assert every == _tried(network, lambda of: of[left] == right, 120)
    assert every
    assert set(exact) <= set(every)


def test_a_ceiling_is_a_rounding_too(tmp_path: Path) -> None:
    (tmp_path / "my.yaml").write_text(
        "input: [3, 50, 50]\nlayers:\n  p: {type: MaxPool2d, kernel_size: 3, stride: 3, ceil_mode: true}\n"
    )
    # ceil((n - 3) / 3) + 1 = 5: from 13 to 15, of which 15 divides
    assert _solved(read(tmp_path / "my.yaml").network, "p.out_height", 5) == ([13, 14, 15], [15])


@pytest.mark.parametrize(
    ("text", "divides"),
    [
        ("(n // 2) // 3", {12}),  # 13: 13 // 2 = 6, which 3 divides, but 2 does not divide 13
        ("-((n + 1) // 2 * 2) // 2", {13}),
        ("max(n // 2, 3)", {12, 14}),
        ("ceil_div(n // 7, 2)", {14}),
        ("12 // (n // 6)", {12}),
    ],
)
def test_every_quotient_on_the_way_must_come_out(text: str, divides: set[int]) -> None:
    network = Network("", (1, 5, 5), _RELU)
    of_n = Quantity("", text, {"n": "input.in_height"})
    known = quantities(network, Conventions())
    exact: set[int] = set()
    for n in (12, 13, 14):
        value = expr.value(of_n.formula, {"n": n})
        asked = Equation((of_n, Quantity("", str(value), {})), ("input.in_height",))
        exact |= set(solve(network, known, asked, (n, n)).exact)
    assert exact == divides


def test_a_size_for_which_another_layer_cannot_be_is_no_solution(tmp_path: Path) -> None:
    # conv1 gives 1 for 5 to 7 and 2 for 8 to 10; the pool behind it needs 2
    asked = "- {id: 1, kind: number, text: t, solve: conv1.out_height = %d, for: %s}\n"
    found = lay_out(coursework(tmp_path, asked % (2, "[network.in_height, network.in_width]")))
    assert found.table.value("question.1") == 8
    network = read(tmp_path / "my.yaml").network
    assert _solved(network, "conv1.out_height", 1) == ([], [])


def test_the_width_stays_where_only_the_height_is_unknown(tmp_path: Path) -> None:
    asked = "- {id: 1, kind: number, text: t, solve: conv1.neurons = 8 * 9 * 10, for: network.in_height, exact: true}\n"
    described = coursework(tmp_path, asked)
    assert lay_out(described).table.value("question.1") == 29
    assert lay_out(described).formula("question.1") is None  # no closed form is known: the number itself


def test_without_exact_every_solution_is_right(tmp_path: Path) -> None:
    asked = "- {id: 1, kind: number, text: t, solve: conv1.out_height = 9, for: network.in_height, exact: false}\n"
    described = coursework(tmp_path, asked)
    assert lay_out(described).table.value("question.1") == 29
    assert [(known.value, known.right) for known in described.questions[0].parts[0].known] == [(30, True), (31, True)]
    assert described.questions[0].remark == "With rounding, 29 to 31 are solutions, and each is right."


HALVED = NETWORK.replace("stride: 3", "stride: 2, padding: 2")  # of 31 and of 32 pixels it makes 16; 31 divides


@pytest.mark.parametrize(
    ("asked", "right", "others", "warned"),
    [
        ("solve: conv1.out_height = 16", 32, {31: True}, False),  # the network's own size is no wrong answer
        ("solve: conv1.out_height = 16, exact: false", 32, {31: True}, False),
        ("solve: conv1.out_height = 16, exact: true", 31, {32: False}, True),
        ("solve: conv1.out_height = 17", 33, {34: False}, False),  # its own size is no solution
        ("solve: conv1.out_height = 17, between: [34, 40]", 34, {}, False),  # none divides
    ],
)
def test_which_solution_is_asked_for_where_nothing_is_said(
    asked: str, right: int, others: dict[int, bool], warned: bool, tmp_path: Path
) -> None:
    both = "[network.in_height, network.in_width]"
    described = coursework(tmp_path, f"- {{id: 1, kind: number, text: t, for: {both}, {asked}}}\n", network=HALVED)
    laid = lay_out(described)
    assert laid.table.value("question.1") == right
    assert {known.value: known.right for known in described.questions[0].parts[0].known} == others
    told = "coursework.questions[0]: solve: 32, the network's own size, solves it with rounding, and is marked wrong"
    assert any(told in warning for warning in described.warnings) == warned


def test_the_working_shows_a_padding(tmp_path: Path) -> None:
    asked = "- {id: 1, kind: number, text: t, solve: conv1.out_height = 9, for: network.in_height}\n"
    laid = lay_out(coursework(tmp_path, asked, network=NETWORK.replace("stride: 3", "stride: 3, padding: 2")))
    assert laid.formula("question.1") == "(9-1)*3+5-2*2"
    assert laid.table.value("question.1") == 25


def test_the_equation_may_be_of_two_quantities(tmp_path: Path) -> None:
    asked = (
        "- {id: 1, kind: number, text: t, solve: conv1.out_height = network.in_width - 22, for: network.in_height}\n"
    )
    assert lay_out(coursework(tmp_path, asked)).table.value("question.1") == 32


def test_a_chain_of_a_thousand_layers(tmp_path: Path) -> None:
    layers = "".join(f"    r{i}: {{type: ReLU}}\n" for i in range(900))
    network = f"network:\n  input: [1, 9, 9]\n  layers:\n{layers}coursework:\n  columns: [layer, out_height]\n"
    asked = "- {id: 1, kind: number, text: t, solve: r899.out_height = 9, for: network.in_height, between: [5, 20]}\n"
    assert lay_out(coursework(tmp_path, asked, network=network)).table.value("question.1") == 9
