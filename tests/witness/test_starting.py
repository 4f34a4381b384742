"""How weights start, and a loss by hand: what agrees, and what a fault makes of it."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest
import torch

from sheetgen.layers import Init
from sheetgen.witness import agrees, measure_init, weighted_cross_entropy
from tests.witness.nets import a, network

INIT = Init(mean=0.5, std=0.01, bias=1.0)
NET = network(
    (3, 20, 20),
    said=a("Conv2d", out_channels=64, kernel_size=5, init=INIT),
    again=a("Conv2d", out_channels=64, kernel_size=5, init=INIT, weights_of="said", from_="input"),
    unsaid=a("Conv2d", out_channels=64, kernel_size=5),
    up=a("ConvTranspose2d", out_channels=8, kernel_size=3, bias=False, init=Init(std=2.0)),
    table=a("Conv2d", out_channels=2, kernel_size=3, bias="per unit", connection_table=[[0], [0, 7]], init=INIT),
    full=a("Linear", out_features=50, init=Init(std=0.02, bias=-1)),
)


def test_each_layer_that_declares_its_start_is_measured() -> None:
    found = measure_init(NET, "cpu")
    assert set(found) == {"said", "up", "table", "full"}
    assert found["said"]["weights"] == 64 * 3 * 25
    assert found["table"]["weights"] == 27
    assert found["said"]["mean"] == pytest.approx(0.5, abs=1e-3)
    assert found["said"]["std"] == pytest.approx(0.01, rel=0.05)
    assert (found["full"]["bias_least"], found["full"]["bias_most"]) == (-1, -1)
    assert "bias_least" not in found["up"]
    for layer in NET.layers:
        if layer.name in found:
            verdict = agrees(layer.kind.init, found[layer.name])  # type: ignore[attr-defined]
            assert verdict == dict.fromkeys(verdict, True)
            assert set(verdict) == ({"mean", "std"} if layer.name == "up" else {"mean", "std", "bias"})


def test_a_layer_on_its_own_starts_as_it_does_in_the_network() -> None:
    assert measure_init(NET, "cpu") == measure_init(NET, "cpu")


@pytest.mark.parametrize(
    ("declared", "wrong"),
    [
        (Init(mean=0.5, std=0.011, bias=1.0), "std"),
        (Init(mean=0.505, std=0.01, bias=1.0), "mean"),
        (Init(mean=0.5, std=0.01), "bias"),
        (Init(mean=0.0, std=0.01, bias=1.0), "mean"),
    ],
)
def test_another_distribution_shows(declared: Init, wrong: str) -> None:
    verdict = agrees(declared, measure_init(NET, "cpu")["said"])
    assert [name for name, fits in verdict.items() if not fits] == [wrong]


@pytest.mark.parametrize(
    ("fault", "wrong"),
    [
        (lambda tensor, mean, std: tensor.uniform_(mean, mean + std), {"mean", "std"}),
        (lambda tensor, mean, _: tensor.fill_(mean), {"std"}),
        (lambda tensor, mean, std: tensor.normal_(mean, math.sqrt(std)), {"std"}),
    ],
    ids=["uniform", "constant", "std for variance"],
)
def test_another_start_shows(monkeypatch: pytest.MonkeyPatch, fault: Callable[..., object], wrong: set[str]) -> None:
    monkeypatch.setattr(torch.nn.init, "normal_", lambda tensor, mean, std, **_: fault(tensor, mean, std))
    verdict = agrees(INIT, measure_init(NET, "cpu")["said"])
    assert {name for name, fits in verdict.items() if not fits} >= wrong


def test_one_bias_that_strays_shows() -> None:
    sample = measure_init(NET, "cpu")["said"]
    assert not agrees(INIT, {**sample, "bias_most": 1.1})["bias"]


def test_a_single_weight_has_no_deviation() -> None:
    net = network((1, 1, 1), a=a("Linear", out_features=1, init=Init(std=1)))
    sample = measure_init(net, "cpu")["a"]
    assert (sample["weights"], sample["std"]) == (1, 0)
    assert set(agrees(Init(std=1), sample)) == {"mean", "bias"}


def test_the_loss_by_hand_is_torchs_with_its_sign_and_its_weights() -> None:
    by_hand, theirs = weighted_cross_entropy(-1, True, "cpu")
    assert by_hand == pytest.approx(theirs, rel=1e-12)
    assert theirs > 0


@pytest.mark.parametrize(("sign", "weighted"), [(1, True), (-1, False), (1, False)])
def test_another_loss_shows(sign: int, weighted: bool) -> None:
    by_hand, theirs = weighted_cross_entropy(sign, weighted, "cpu")
    assert not math.isclose(by_hand, theirs, rel_tol=0.1)
    assert weighted_cross_entropy(sign, weighted, "cpu") == (by_hand, theirs)
