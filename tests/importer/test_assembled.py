"""A network as one module: its graph, its names, its weights, and that it learns."""

from __future__ import annotations

import copy
import resource
from typing import Any

import pytest
import torch
from torch import nn

from sheetgen.assembled import assemble
from sheetgen.layers import Init
from sheetgen.spec import load
from sheetgen.table import compute

from .test_round_trip import all_kinds, layer, network


def test_rows_are_submodules_of_their_names() -> None:
    net: Any = assemble(load("googlenet").network, "meta")
    branch = net.get_submodule("3a.1x1")
    assert isinstance(branch, nn.Conv2d)
    assert branch.weight.shape == (64, 192, 1, 1)
    assert isinstance(net.get_submodule("3a.1x1_activation"), nn.ReLU)
    assert isinstance(net.linear, nn.Linear)
    assert net.rows["5b.pool_proj"] == "5b.pool_proj"
    assert list(net.state_dict())[:2] == ["conv1.weight", "conv1.bias"]


@pytest.mark.parametrize("name", ["resnet18", "mobilenet-v2", "unet", "lenet5", "lecun1989"])
def test_it_has_the_parameters_and_the_output_of_the_table(name: str) -> None:
    spec = load(name).network
    table = compute(spec, wanted=("fixed_parameters",))
    net: Any = assemble(spec, "meta")
    assert sum(each.numel() for each in net.parameters() if each.requires_grad) == table.totals["parameters"]
    last = table.rows[-1].output
    shape = net(torch.zeros(2, *spec.input, device="meta")).shape
    assert tuple(shape[1:]) == (last if last[1:] != (1, 1) else last[:1])


def test_vgg_takes_no_memory_on_the_meta_device() -> None:
    spec = load("vgg19").network
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assemble(spec, "meta")
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100_000  # kB; the weights are 575 MB


def test_the_graph_is_run_as_it_stands() -> None:
    """Against the same written out."""
    torch.manual_seed(0)
    spec = network(
        layer("a", "Conv2d", "input", out_channels=3, kernel_size=3, padding=1, activation="ReLU"),
        layer("b", "Conv2d", "input", out_channels=3, kernel_size=3, padding=1),
        layer("c", "Conv2d", "a", out_channels=3, kernel_size=3, padding=1, weights_of="a"),
        layer("sum", "Add", "c", "b", "input"),
        layer("crop", "CenterCrop", "sum", like="small"),
        layer("small", "MaxPool2d", "input", kernel_size=4, stride=4),
        layer("cat", "Concat", "small", "crop", "small"),
        layer("fc", "Linear", "cat", out_features=5),
    )
    # the layer that the crop is like stands above it in a spec
    layers = list(spec.layers)
    layers[4], layers[5] = layers[5], layers[4]
    spec = network(*layers)
    net: Any = assemble(spec)
    image = torch.randn(2, 3, 16, 16)
    a = torch.relu(net.a(image))
    summed = net.a(a) + net.b(image) + image
    small = nn.functional.max_pool2d(image, 4)
    joined = torch.cat([small, summed[:, :, 6:10, 6:10], small], 1)
    assert torch.equal(net(image), nn.functional.linear(joined.flatten(1), net.fc.weight, net.fc.bias))
    assert net.rows["c"] == "a"
    assert len(list(net.parameters())) == 6


def test_it_learns() -> None:
    torch.manual_seed(0)
    net: Any = assemble(load("lenet5").network)
    fixed = net.OUTPUT.weight.detach().clone()
    before = net.C1.weight.detach().clone()
    images, targets = torch.randn(16, 1, 32, 32), torch.arange(16) % 10
    optimizer = torch.optim.SGD([each for each in net.parameters() if each.requires_grad], lr=0.05)
    losses = []
    for _ in range(8):
        loss = nn.functional.cross_entropy(net(images), targets)
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < losses[0]
    assert torch.equal(net.OUTPUT.weight, fixed)
    assert not torch.equal(net.C1.weight, before)


def test_the_declared_initialisation_is_drawn() -> None:
    torch.manual_seed(0)
    spec = network(
        layer("conv", "Conv2d", "input", out_channels=64, kernel_size=5, init=Init(std=0.5, mean=3.0, bias=1.0)),
        layer("fc", "Linear", "conv", out_features=20, init=Init(std=0.01)),
    )
    net: Any = assemble(spec)
    assert float(net.conv.weight.detach().mean()) == pytest.approx(3, abs=0.05)
    assert float(net.conv.weight.detach().std()) == pytest.approx(0.5, abs=0.05)
    assert bool((net.conv.bias == 1).all())
    assert float(net.fc.weight.detach().std()) == pytest.approx(0.01, rel=0.05)
    assert bool((net.fc.bias == 0).all())


def test_names_that_a_module_has_already_get_an_underscore() -> None:
    names = ["forward", "type", "rows", "network", "a.b", "a.b.c", "half", "training.x", "x_activation"]
    layers, above = [], "input"
    for name in names:
        layers.append(layer(name, "Conv2d", above, out_channels=3, kernel_size=1))
        above = name
    layers.append(layer("x", "Conv2d", above, out_channels=3, kernel_size=1, activation="ReLU"))
    net: Any = assemble(network(*layers))
    assert [net.rows[name] for name in names] == [
        "forward_", "type_", "rows_", "network_", "a.b", "a.b_.c", "half_", "training_.x", "x_activation",
    ]  # fmt: skip
    assert net.activations == {"x": "x_activation_"}
    assert net(torch.zeros(1, 3, 16, 16)).shape == (1, 3, 16, 16)


@pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel:UserWarning")
def test_a_copy_is_another_network() -> None:
    net: Any = assemble(all_kinds()).eval()
    image = torch.randn(2, 3, 16, 16)
    right = net(image)
    other = copy.deepcopy(net)
    with torch.no_grad():
        other.conv.weight.zero_()
    assert torch.equal(net(image), right)
    other.load_state_dict(net.state_dict())
    assert torch.equal(other(image), right)
