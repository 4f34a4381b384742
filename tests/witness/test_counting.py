"""Layers run piece by piece, and outputs too large for float32, are counted exactly; what rounds is no witness."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch

from sheetgen.layers import Conventions
from sheetgen.network import Network
from sheetgen.witness import counting
from tests.witness.nets import COUNTED, REAL, ZOO, a, disagreed, network, on_cpu

WIDE = {
    "convolution": network((4, 9, 9), a=a("Conv2d", out_channels=7, kernel_size=3, padding=1)),
    "grouped": network((6, 9, 9), a=a("Conv2d", out_channels=9, kernel_size=3, padding=1, groups=3)),
    "depthwise": network((5, 9, 9), a=a("Conv2d", out_channels=5, kernel_size=3, groups=5, stride=2)),
    "linear": network((4, 5, 5), a=a("Linear", out_features=11), b=a("Linear", out_features=3, bias=False)),
    "transposed": network(
        (4, 5, 5),
        a=a("ConvTranspose2d", out_channels=6, kernel_size=3, stride=2, padding=1, output_padding=1, groups=2),
    ),
}


@pytest.mark.parametrize("at_once", [1, 20, 100])
@pytest.mark.parametrize("conventions", [COUNTED, REAL], ids=["counted", "real"])
@pytest.mark.parametrize("net", [*WIDE.values(), ZOO["same, even"]], ids=[*WIDE, "same, even"])
def test_slices_add_up(monkeypatch: pytest.MonkeyPatch, net: Network, conventions: Conventions, at_once: int) -> None:
    whole = on_cpu(net, conventions, ("fan_in", "macs"))
    monkeypatch.setattr(counting, "AT_ONCE", at_once)
    assert on_cpu(net, conventions, ("fan_in", "macs")) == whole
    assert disagreed(net, conventions, ("fan_in", "macs")) == set()


def runs_of(monkeypatch: pytest.MonkeyPatch, net: Network) -> list[tuple[torch.dtype, int]]:
    """The dtype and the number of weights of each run that counts."""
    seen: list[tuple[torch.dtype, int]] = []
    run = counting.Scratch.run

    def watched(self: counting.Scratch, module: Any, tensors: Any, image: torch.Tensor, bias: float) -> torch.Tensor:
        if bias:
            seen.append((image.dtype, sum(torch.Size(shape).numel() for shape in tensors.values())))
        return run(self, module, tensors, image, bias)

    monkeypatch.setattr(counting.Scratch, "run", watched)
    assert disagreed(net) == set()
    return seen


def test_only_what_float32_cannot_count_is_counted_in_float64(monkeypatch: pytest.MonkeyPatch) -> None:
    within = network((1, 1, (1 << 20) - 1), a=a("Linear", out_features=2))
    assert runs_of(monkeypatch, within) == [(torch.float32, 1 << 21)]


def test_a_fan_in_beyond_float32_is_exact(monkeypatch: pytest.MonkeyPatch) -> None:
    net = network((1, 1, (1 << 24) + 1), a=a("Linear", out_features=3))  # the first number that float32 lacks
    assert runs_of(monkeypatch, net) == [
        (torch.float32, (1 << 24) + 2),  # one unit of them would be too much already
        *[(torch.float64, (1 << 24) + 2)] * 3,
    ]
    assert on_cpu(net).numbers["a.connections"] == 3 * ((1 << 24) + 2)


def test_a_unit_with_two_biases_shows(monkeypatch: pytest.MonkeyPatch) -> None:
    forward = torch.nn.Conv2d.forward

    def twice(self: torch.nn.Conv2d, image: torch.Tensor) -> torch.Tensor:
        assert self.bias is not None
        return forward(self, image) + self.bias.view(-1, 1, 1)

    monkeypatch.setattr(torch.nn.Conv2d, "forward", twice)
    assert disagreed(ZOO["plain"]) == {"a.connections", "total.connections"}


@pytest.mark.parametrize(
    "wrong",
    [
        lambda output: output * (1 + 1e-6),  # as FFT rounds
        lambda output: output + 0.1,
        lambda output: output * float("nan"),
        lambda output: output[:, :, :-1],
        lambda output: output[:, 1:],
    ],
    ids=["rounded", "no quarters", "nan", "a line short", "a channel short"],
)
def test_what_is_no_count_is_no_witness(
    monkeypatch: pytest.MonkeyPatch, wrong: Callable[[torch.Tensor], torch.Tensor]
) -> None:
    run = counting.Scratch.run
    monkeypatch.setattr(counting.Scratch, "run", lambda self, *given, **named: wrong(run(self, *given, **named)))
    found = on_cpu(network((3, 40, 40), a=a("Conv2d", out_channels=16, kernel_size=7)), wanted=("macs", "fan_in"))
    assert not any(answer.endswith(("connections", "macs", "fan_in")) for answer in {**found.numbers, **found.macs})
    assert found.numbers["total.parameters"] == 16 * (3 * 49 + 1)
