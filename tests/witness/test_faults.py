"""Planted faults: a network that is not what the spec says, or a formula that is wrong, shows by the ids it changes."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping

import pytest
import torch

from sheetgen import modules, table
from sheetgen.errors import InternalError
from sheetgen.layers import AvgPool2d, Conv2d, Conventions, Layer, Linear, MaxPool2d
from sheetgen.network import Network
from tests.witness.nets import COUNTED, REAL, TABLE, ZOO, a, build_another, computed, disagreed, network, on_cpu, unseen

STRIDED = network((4, 11, 11), a=Conv2d(out_channels=6, kernel_size=(3, 3), stride=(2, 2), padding=(1, 1), groups=2))
SAME = network((1, 9, 9), a=Conv2d(out_channels=1, kernel_size=(3, 3), dilation=(2, 2), padding="same"))
POOL = network((2, 11, 11), a=MaxPool2d(kernel_size=(2, 2), stride=(2, 2)))
PADDED_POOL = network((2, 11, 11), a=AvgPool2d(kernel_size=(3, 3), stride=(2, 2), padding=(1, 1)))
CEIL_POOL = network((2, 10, 10), a=MaxPool2d(kernel_size=(3, 3), stride=(2, 2), ceil_mode=True))
DILATED_POOL = network((2, 10, 10), a=MaxPool2d(kernel_size=(2, 2), stride=(2, 2), dilation=(2, 2)))
TABLED = network((3, 7, 7), a=a("Conv2d", out_channels=4, kernel_size=3, padding=1, connection_table=TABLE))
PER_UNIT = network((1, 7, 7), a=a("Conv2d", out_channels=2, kernel_size=3, bias="per unit"))
TRANSPOSED = network(
    (4, 6, 5), a=a("ConvTranspose2d", out_channels=2, kernel_size=3, stride=2, padding=1, output_padding=1, groups=2)
)
SUBSAMPLED = network((3, 8, 8), a=a("Subsample2d", kernel_size=2))
ADAPTIVE = network((3, 9, 9), a=a("AdaptiveAvgPool2d", output_size=4))
NORMALISED = network((3, 4, 4), a=a("BatchNorm2d"))
UPSAMPLED = network((3, 4, 4), a=a("Upsample", scale_factor=[2, 3]))
FULL = network((2, 3, 4), a=Linear(out_features=5))


@pytest.mark.parametrize(
    ("net", "changes", "conventions", "wrong"),
    [
        (STRIDED, {"stride": (2, 3)}, COUNTED, "out_width neurons connections"),
        (STRIDED, {"padding": (0, 1)}, COUNTED, "out_height neurons connections"),
        (STRIDED, {"groups": 1}, COUNTED, "weights parameters connections"),
        (STRIDED, {"bias": False}, COUNTED, "biases parameters connections"),
        (STRIDED, {"bias": False}, Conventions(bias="not counted"), "biases parameters"),
        (STRIDED, {"out_channels": 8}, COUNTED, "out_channels neurons weights biases parameters connections"),
        (STRIDED, {"kernel_size": (4, 3)}, COUNTED, "weights parameters connections out_height neurons"),
        (SAME, {"dilation": (1, 1)}, REAL, "connections"),  # the shapes do not tell
        (SAME, {"dilation": (1, 1)}, COUNTED, ""),  # and with padding counted nothing does: it is the same number
        (POOL, {"kernel_size": (3, 3)}, COUNTED, "connections"),
        (POOL, {"stride": (3, 3)}, COUNTED, "out_height out_width neurons connections"),
        (PADDED_POOL, {"padding": (0, 0)}, COUNTED, "out_height out_width neurons connections"),
        (CEIL_POOL, {"ceil_mode": False}, COUNTED, "out_height out_width neurons connections"),
        (DILATED_POOL, {"dilation": (1, 1)}, REAL, "out_height out_width neurons connections"),
        (FULL, {"out_features": 6}, COUNTED, "out_channels neurons weights biases parameters connections"),
        (FULL, {"bias": False}, COUNTED, "biases parameters connections"),
        (TABLED, {"connection_table": ((0,), (0, 1), (2,), (1, 2))}, COUNTED, "weights parameters connections"),
        (TABLED, {"connection_table": None}, COUNTED, "weights parameters connections"),
        (PER_UNIT, {"bias": True}, COUNTED, "biases parameters"),  # each unit has one in any case
        (TABLED, {"padding": (0, 2)}, REAL, "out_height out_width neurons connections"),
        (TRANSPOSED, {"stride": (3, 2)}, COUNTED, "out_height neurons connections"),
        (TRANSPOSED, {"padding": (0, 1)}, COUNTED, "out_height neurons connections"),
        (TRANSPOSED, {"output_padding": (0, 0)}, REAL, "out_height out_width neurons connections"),
        (TRANSPOSED, {"groups": 1}, COUNTED, "weights parameters connections"),
        (TRANSPOSED, {"bias": False}, COUNTED, "biases parameters connections"),
        (SUBSAMPLED, {"kernel_size": (3, 2), "stride": (2, 2)}, COUNTED, "connections out_height neurons"),
        (SUBSAMPLED, {"bias": False}, COUNTED, "biases parameters connections"),
        (ADAPTIVE, {"output_size": (4, 5)}, COUNTED, "out_width neurons connections"),
        (NORMALISED, {"affine": False}, COUNTED, "weights biases parameters"),
        (UPSAMPLED, {"scale_factor": (2, 2)}, COUNTED, "out_width neurons"),
    ],
    ids=lambda value: str(value) if isinstance(value, dict) else "",
)
def test_a_wrong_network_shows(
    monkeypatch: pytest.MonkeyPatch, net: Network, changes: dict[str, object], conventions: Conventions, wrong: str
) -> None:
    assert disagreed(net, conventions) == set()
    build_another(monkeypatch, type(net.layers[0].kind), **changes)
    assert disagreed(net, conventions) == ids(wrong)


def ids(quantities: str) -> set[str]:
    """Of the only layer, ``a``, and of the totals."""
    named = quantities.split()
    summed = ("neurons", "weights", "biases", "parameters", "connections")
    return {f"a.{name}" for name in named} | {f"total.{name}" for name in named if name in summed}


def test_a_linear_layer_that_does_not_flatten_shows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Linear, "module", lambda self, nn, shape, _out: nn.Linear(shape[2], self.out_features))
    assert disagreed(FULL) == ids("out_channels out_height out_width neurons weights parameters connections")


def test_a_linear_layer_without_its_unflatten_shows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        Linear,
        "module",
        lambda _, nn, shape, _out: nn.Sequential(nn.Flatten(), nn.Linear(shape[0] * shape[1] * shape[2], 5)),
    )
    assert unseen(FULL) >= {"a.out_channels", "a.out_height", "a.out_width"}
    assert disagreed(FULL) == set()


def test_a_layer_that_torch_refuses_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Linear, "module", lambda _, nn, shape, _out: nn.Linear(shape[0] * shape[1] * shape[2], 5))
    with pytest.raises(InternalError, match=r"^a: PyTorch .* refuses a layer"):
        on_cpu(FULL)


def test_a_run_whose_outputs_are_no_counts_is_no_witness(monkeypatch: pytest.MonkeyPatch) -> None:
    forward = torch.nn.Linear.forward
    monkeypatch.setattr(torch.nn.Linear, "forward", lambda self, image: forward(self, image) + 0.1)
    found = on_cpu(FULL)
    assert not any(answer.endswith("connections") for answer in {**found.numbers, **found.macs})
    assert found.numbers["total.parameters"] == 125


def test_the_fourth_opinion_is_one_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    from torch.utils.flop_counter import FlopCounterMode

    count = FlopCounterMode.get_total_flops
    monkeypatch.setattr(FlopCounterMode, "get_total_flops", lambda self: count(self) * 2)
    found = on_cpu(FULL)
    assert (found.opinions, found.macs) == ({"a.connections": 240}, {"a.connections": 120})


# --- planted faults: a formula is wrong -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("quantity", "formula", "wrong"),
    [
        ("out_height", "({}) + 1", "out_height neurons connections"),
        ("out_width", "in_width // stride_width", "out_width neurons connections"),
        ("neurons", "out_height * out_width", "neurons connections"),
        ("weights", "kernel_height * kernel_width * in_channels * out_channels", "weights parameters"),
        ("biases", "neurons", "biases parameters"),
        ("parameters", "weights", "parameters"),
        ("connections", "({}) - neurons", "connections"),
    ],
)
def test_a_wrong_formula_shows(monkeypatch: pytest.MonkeyPatch, quantity: str, formula: str, wrong: str) -> None:
    formulas = Conv2d.formulas

    def faulty(self: Conv2d, conventions: Conventions) -> Mapping[str, str]:
        right = formulas(self, conventions)
        return {**right, quantity: formula.format(right[quantity])}

    monkeypatch.setattr(Conv2d, "formulas", faulty)
    assert disagreed(STRIDED) == ids(wrong)


def test_a_wrong_formula_for_the_input_shows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(table, "EXACT_INPUT", table.EXACT_INPUT.replace("- 2*padding", "+ 2*padding"))
    assert disagreed(STRIDED) >= {"input.in_height", "input.in_width"}


@pytest.mark.parametrize("conventions", [COUNTED, REAL], ids=["counted", "real"])
@pytest.mark.parametrize("net", [PADDED_POOL, CEIL_POOL], ids=["padded", "ceil"])
def test_a_pool_that_forgets_the_convention_shows(
    monkeypatch: pytest.MonkeyPatch, net: Network, conventions: Conventions
) -> None:
    kind = type(net.layers[0].kind)
    formulas: Callable[[Layer, Conventions], Mapping[str, str]] = kind.formulas
    other = REAL if conventions == COUNTED else COUNTED
    monkeypatch.setattr(kind, "formulas", lambda self, _: formulas(self, other))
    assert disagreed(net, conventions) == ids("connections")


# --- planted faults: joins, crops and tables ------------------------------------------------------------------------


def test_a_concatenation_that_forgets_a_branch_shows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(modules.Concat, "forward", lambda _, *images: torch.cat(images[1:], dim=1))
    assert disagreed(ZOO["inception"]) >= {"cat.out_channels", "cat.neurons", "fc.in_channels", "mixed.out_channels"}


def test_a_crop_that_is_too_wide_shows(monkeypatch: pytest.MonkeyPatch) -> None:
    crop = modules.CenterCrop.forward
    monkeypatch.setattr(modules.CenterCrop, "forward", lambda self, image: crop(self, image)[..., 1:, :])
    with pytest.raises(InternalError, match=r"^cat: PyTorch .* refuses"):
        on_cpu(ZOO["u"])


def test_a_crop_is_like_what_torch_made_of_its_model(monkeypatch: pytest.MonkeyPatch) -> None:
    build_another(monkeypatch, type(ZOO["u"].layers[3].kind), output_padding=(1, 1))
    assert disagreed(ZOO["u"]) >= {"up.out_height", "crop.out_height", "crop.out_width", "cat.in_height"}


def test_weights_that_a_table_should_not_have_show(monkeypatch: pytest.MonkeyPatch) -> None:
    """A dense convolution instead of a mask: more inputs a unit than the table names."""
    whole = modules.TableConv2d.whole_weight
    monkeypatch.setattr(modules.TableConv2d, "whole_weight", lambda self: torch.ones_like(whole(self)))
    assert disagreed(TABLED, wanted=("fan_in", "macs")) == {
        "a.connections",
        "total.connections",
        "a.macs",
        "total.macs",
    }


def test_a_layer_that_shares_no_weights_shows() -> None:
    net = ZOO["weights used again"]
    apart = dataclasses.replace(net, layers=tuple(dataclasses.replace(row, weights_of=None) for row in net.layers))
    expected, numbers = computed(net), on_cpu(apart).numbers
    wrong = {answer for answer, number in numbers.items() if number != expected[answer]}
    assert wrong >= {"b.weights", "m.biases", "d.parameters", "total.parameters"}


@pytest.mark.parametrize(
    ("name", "kind", "changes", "quantity"),
    [
        ("residual", "Conv2d", {"kernel_size": (1, 1), "padding": (0, 0)}, "fan_in"),
        ("residual", "Conv2d", {"groups": 2}, "macs"),
        ("fixed", "Conv2d", {"bias": False}, "fully_connected_parameters"),
        ("normalised", "BatchNorm2d", {"affine": False}, "parameter_memory"),
        ("u", "ConvTranspose2d", {"output_padding": (1, 1)}, "output_size"),
        ("adaptive", "AdaptiveAvgPool2d", {"output_size": (5, 4)}, "activation_memory"),
    ],
)
def test_what_is_wanted_shows_a_wrong_network_too(
    monkeypatch: pytest.MonkeyPatch, name: str, kind: str, changes: dict[str, object], quantity: str
) -> None:
    net = ZOO[name]
    (found,) = {type(layer.kind) for layer in net.layers if layer.kind.type == kind}
    assert disagreed(net, wanted=(quantity,)) == set()
    build_another(monkeypatch, found, **changes)
    assert any(answer.endswith(quantity) for answer in disagreed(net, wanted=(quantity,)))


def test_weights_that_should_be_fixed_and_are_not_show(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.nn.Module, "requires_grad_", lambda self, _: self)
    wrong = disagreed(ZOO["fixed"], wanted=("fixed_parameters",))
    assert wrong >= {"a.fixed_parameters", "a.weights", "b.biases", "total.fixed_parameters", "total.parameters"}
