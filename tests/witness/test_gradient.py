"""The receptive field by the gradient itself: of single units of the network as one module, down to its image.

The witness tries out which units notice a lit pixel; here torch's own automatic differentiation says it once more, on
the assembled network: positive weights, and means in the place of maxima, so that no gradient is zero but where nothing
is seen. The large networks have one channel a layer; of small ones, whose channels differ, all are as they are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest
import torch
from torch import Tensor

from sheetgen.assembled import Assembled, assemble
from sheetgen.layers import (
    AvgPool2d,
    BatchNorm2d,
    Conv2d,
    ConvTranspose2d,
    Dropout,
    Layer,
    LocalResponseNorm,
    MaxPool2d,
)
from sheetgen.network import NamedLayer, Network
from sheetgen.spec import load
from sheetgen.table import compute
from sheetgen.witness import build
from sheetgen.witness.seeing import fields
from tests.witness.nets import a
from tests.witness.nets import network as network_of

CASES = [
    ("alexnet", (611, 67), ["conv1", "pool1", "conv2", "conv5", "pool5"]),
    ("vgg16", (480, 64), ["conv1_2", "pool2", "conv5_3", "pool5"]),
    ("googlenet", (960, 64), ["3a.5x5", "3a.output", "4e.output", "5b.output"]),
    ("resnet50", (960, 64), ["pool1", "res2b.2.add", "res3b.3.add", "res5b.2.add"]),
    ("unet", (572, 572), ["down1.conv_b", "bottom.conv_b", "up4", "dec4.conv_b", "dec1.conv_b", "out"]),
]


def thin(kind: Layer) -> Layer:
    """The same windows, with one channel and without what hides a gradient."""
    if isinstance(kind, BatchNorm2d | LocalResponseNorm):
        return Dropout()  # which in use changes nothing
    if isinstance(kind, MaxPool2d):
        assert kind.dilation == (1, 1)
        shape = kind.model_dump(include={"kernel_size", "stride", "padding", "ceil_mode"})
        return AvgPool2d.model_validate(shape)
    if isinstance(kind, Conv2d | ConvTranspose2d):
        return kind.model_copy(update={"out_channels": 1, "groups": 1, "activation": None})
    return kind.model_copy(update={"activation": None})


def thinned(network: Network, image: tuple[int, int], last: str) -> Network:
    layers: list[NamedLayer] = []
    for layer in network.layers:
        layers.append(replace(layer, kind=thin(layer.kind)))
        if layer.name == last:
            break
    return Network(network.name, (1, *image), tuple(layers))


def outputs(module: Assembled, image: Tensor) -> dict[str, Tensor]:
    """What each layer gives."""
    found: dict[str, Tensor] = {}

    def keep(name: str) -> None:
        def hook(_module: object, _given: object, output: Tensor) -> None:
            found[name] = output

        module.get_submodule(module.rows[name]).register_forward_hook(hook)

    for name in module.rows:
        keep(name)
    module(image)
    return found


def seen(output: Tensor, image: Tensor, jump: Fraction, units: int) -> tuple[Fraction, Fraction]:
    """Mean size and start of the fields of so many units in the middle, along the height."""
    sizes, starts = [], []
    first = output.shape[2] // 2 - units // 2
    for unit in range(first, first + units):
        (gradient,) = torch.autograd.grad(output[0, :, unit, output.shape[3] // 2].sum(), image, retain_graph=True)
        lines = gradient[0, 0].abs().sum(dim=1).nonzero().flatten().tolist()
        assert lines[0] > 0
        assert lines[-1] < image.shape[2] - 1, "the border clips what a unit sees; take a larger image"
        sizes.append(lines[-1] - lines[0] + 1)
        starts.append(lines[0] - unit * jump)
    return Fraction(sum(sizes), units), sum(starts, Fraction(0)) / units


@pytest.mark.parametrize(("name", "image", "layers"), CASES, ids=[case[0] for case in CASES])
def test_the_gradient_reaches_as_far_as_the_formula_says(
    name: str, image: tuple[int, int], layers: Sequence[str]
) -> None:
    network = load(name).network
    wanted = ["receptive_field_height", "jump_height", "centre_height"]
    numbers = compute(network, wanted=wanted).numbers
    module = assemble(thinned(network, image, layers[-1])).double().eval()
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.fill_(1 / max(1, parameter[0].numel()))
    pixels = torch.rand((1, 1, *image), dtype=torch.float64, requires_grad=True)
    given = outputs(module, pixels)
    for layer in layers:
        jump = Fraction(str(numbers[f"{layer}.jump_height"]))
        units = 16 if name == "unet" else 1  # behind an upsampling, units differ; 16 are a whole period
        size, start = seen(given[layer], pixels, jump, units)
        assert (layer, size) == (layer, numbers[f"{layer}.receptive_field_height"])
        assert (layer, start + (size - 1) / 2) == (layer, numbers[f"{layer}.centre_height"])


def every(kind: Layer) -> Layer:
    """As ``thin``, with all the channels."""
    thinned = thin(kind)
    if isinstance(kind, Conv2d):
        return kind.model_copy(update={"activation": None})
    return thinned


BRANCHES = {
    "one": a("Conv2d", out_channels=2, kernel_size=1, stride=2),
    "seven": a("Conv2d", out_channels=2, kernel_size=7, padding=3, stride=2, from_="input"),
    "both": a("Concat", from_=["one", "seven"]),
    "pool": a("MaxPool2d", kernel_size=3, stride=1, padding=1),
}


@pytest.mark.parametrize(
    ("end", "sizes"),
    [
        ({"groups": 2, "kernel_size": 1}, [5, 11]),
        ({"connection_table": [[0], [1]], "kernel_size": 1}, [5, 5]),
        ({"connection_table": [[2, 3], [1, 0]], "kernel_size": 3}, [15, 9]),
        ({"kernel_size": 1}, [11, 11]),
    ],
    ids=["groups", "a table that leaves out", "table", "all"],
)
def test_the_gradient_of_each_channel_and_of_all_of_them(end: dict[str, Any], sizes: list[int]) -> None:
    """Of a unit of each channel; the witness has what they see together, the table too or nothing."""
    net = network_of((1, 40, 40), **BRANCHES, end=a("Conv2d", out_channels=2, **end))
    layers = tuple(replace(layer, kind=every(layer.kind)) for layer in net.layers)
    module = assemble(replace(net, layers=layers)).double().eval()
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.fill_(1)
    pixels = torch.rand((1, 1, 40, 40), dtype=torch.float64, requires_grad=True)
    output = outputs(module, pixels)["end"]
    one_by_one = [seen(output[:, [channel]], pixels, Fraction(2), 1)[0] for channel in (0, 1)]
    assert one_by_one == sizes
    together, start = seen(output, pixels, Fraction(2), 1)
    measured = fields(build(net, torch.device("meta")), 0, torch.device("cpu"))["end"]
    assert (measured.size, measured.start) == (together, start)
    published = compute(net, wanted=("receptive_field",)).numbers.get("end.receptive_field")
    assert published in (together, None)
    assert (published is None) is (together < 11)
