"""spec -> torch -> import -> the same table, for every shipped coursework and for every kind of layer."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from sheetgen.assembled import assemble
from sheetgen.errors import UsageError
from sheetgen.importer import from_module, to_yaml
from sheetgen.layers import KINDS
from sheetgen.network import NamedLayer, Network
from sheetgen.shipped import shipped
from sheetgen.spec import load
from sheetgen.table import Row, compute

QUANTITIES = ("fixed_parameters", "running_statistics", "macs", "fan_in", "receptive_field_height", "jump_width")


def numbers(row: Row) -> tuple[Any, ...]:
    return (row.kind, row.input, row.output, dict(row.values))


def table(network: Network) -> list[tuple[Any, ...]]:
    return [numbers(row) for row in compute(network, wanted=QUANTITIES).rows]


def named(network: Network) -> list[str]:
    return [layer.name for layer in network.layers]


def again(network: Network) -> Network:
    """The network as a module, imported; on the meta device it takes no memory."""
    found = from_module(assemble(network, "meta"), network.input, network.name)
    assert found.warnings == ()
    return found.network


def differences(network: Network, other: Network) -> list[str]:
    """What of the table is not the same, row by row; names may have _ in the place of points.

    A layer that uses weights again is called after the module that it shares.
    """
    ours, theirs = table(network), table(other)
    found = [f"{len(ours)} rows, {len(theirs)} come back"] if len(ours) != len(theirs) else []
    for i, (mine, back) in enumerate(zip(ours, theirs, strict=False)):
        if mine != back:
            found.append(f"{network.layers[i].name}: {mine} is not {back}")
        elif network.layers[i].weights_of is None and network.layers[i].name.replace(".", "_") != other.layers[i].name:
            found.append(f"{network.layers[i].name} is called {other.layers[i].name}")
        elif network.layers[i].kind.activation != other.layers[i].kind.activation:
            found.append(f"{network.layers[i].name} has another activation")
    return found


@pytest.mark.parametrize("name", shipped())
def test_a_shipped_network_comes_back(name: str, tmp_path: Path) -> None:
    network = load(name).network
    back = again(network)
    assert not differences(network, back)
    file = tmp_path / "back.yaml"
    file.write_text(to_yaml(back), encoding="utf-8")
    assert load(file).network == back  # the YAML says the same as the network that it was written from


def network(*layers: NamedLayer, image: tuple[int, int, int] = (3, 16, 16)) -> Network:
    return Network("net", image, layers)


def layer(name: str, type: str, *sources: str, **settings: Any) -> NamedLayer:
    given = {"from": list(sources) if len(sources) > 1 else sources[0]} if sources else {}
    others = {key: settings[key] for key in ("like", "weights_of") if key in settings}
    return NamedLayer(name, KINDS[type].model_validate({"type": type, **settings, **given}), sources, **others)


def all_kinds() -> Network:
    """Every kind of layer, with settings that are not the defaults, and with a pair where there can be one."""
    return network(
        layer("conv", "Conv2d", "input", out_channels=8, kernel_size=(3, 5), stride=(1, 2), padding=(2, 1), dilation=2,
              groups=1, bias=False, activation="ReLU"),
        layer("same", "Conv2d", "conv", out_channels=8, kernel_size=4, padding="same", groups=4, activation="GELU"),
        layer("table", "Conv2d", "same", out_channels=3, kernel_size=3, bias="per unit",
              connection_table=((0, 1), (2,), (0, 7, 3))),
        layer("units", "Conv2d", "table", out_channels=4, kernel_size=1, bias="per unit", trainable=False),
        layer("sub", "Subsample2d", "units", kernel_size=(2, 1), stride=1, activation="Tanh"),
        layer("bare", "Subsample2d", "sub", kernel_size=1, bias=False),
        layer("norm", "BatchNorm2d", "bare", affine=False),
        layer("bn", "BatchNorm2d", "norm", trainable=False, activation="LeakyReLU"),
        layer("lrn", "LocalResponseNorm", "bn", size=3, alpha=0.001, beta=0.5, k=2.0),
        layer("max", "MaxPool2d", "lrn", kernel_size=(3, 2), stride=1, padding=1, dilation=(1, 2), ceil_mode=True),
        layer("avg", "AvgPool2d", "max", kernel_size=2, stride=(1, 2), padding=1, count_include_pad=False),
        layer("adaptive", "AdaptiveAvgPool2d", "avg", output_size=(6, 3)),
        layer("up", "Upsample", "adaptive", scale_factor=(1, 2), mode="bilinear"),
        layer("near", "Upsample", "up", scale_factor=2, activation="ELU"),
        layer("deconv", "ConvTranspose2d", "near", out_channels=4, kernel_size=(4, 3), stride=2, padding=1,
              output_padding=(1, 0), groups=2, dilation=(1, 2)),
        layer("crop", "CenterCrop", "deconv", like="near"),
        layer("whole", "CenterCrop", "crop", like="near"),
        layer("cat", "Concat", "whole", "near", "crop", activation="SiLU"),
        layer("conv2", "Conv2d", "cat", out_channels=12, kernel_size=1),
        layer("conv3", "Conv2d", "conv2", out_channels=12, kernel_size=1, weights_of="conv2", activation="Sigmoid"),
        layer("add", "Add", "conv3", "cat", "conv2"),
        layer("add2", "Add", "add", "conv2"),
        layer("relu", "ReLU", "add2"),
        layer("relu6", "ReLU6", "relu", activation="Hardswish"),
        layer("softmax", "Softmax", "relu6"),
        layer("drop", "Dropout", "softmax", p=0.2, activation="Sigmoid"),
        layer("flat", "Flatten", "drop", activation="ReLU6"),
        layer("fc", "Linear", "flat", out_features=12, bias=False, activation="Softmax"),
        layer("flat2", "Flatten", "fc"),
        layer("fc2", "Linear", "flat2", out_features=12, bias=False, trainable=False),
        layer("one", "AdaptiveAvgPool2d", "fc2", output_size=1),
        layer("global", "GlobalAvgPool2d", "one", activation="ReLU"),
    )  # fmt: skip


def test_every_kind_comes_back() -> None:
    everything = all_kinds()
    assert {each.kind.type for each in everything.layers} >= KINDS.keys() - {
        "LeakyReLU", "ELU", "GELU", "SiLU", "Hardswish", "Tanh", "Sigmoid", "LogSoftmax",
    }  # fmt: skip
    back = again(everything)
    assert not differences(everything, back)
    names = {each.name: mine.name for each, mine in zip(back.layers, everything.layers, strict=True)} | {
        "input": "input"
    }
    for mine, each in zip(everything.layers, back.layers, strict=True):
        assert tuple(names[source] for source in each.sources) == mine.sources
        assert each.weights_of == mine.weights_of


def test_the_settings_come_back() -> None:
    """But for the initialisation, which no network shows, and what each of the kinds leaves to PyTorch."""
    everything = all_kinds()
    for mine, back in zip(everything.layers, again(everything).layers, strict=True):
        apart = {"from_", "stride"} if getattr(mine.kind, "stride", 1) is None else {"from_"}
        assert mine.kind.model_dump(exclude=apart) == back.kind.model_dump(exclude=apart), mine.name


@pytest.mark.parametrize("kind", ["ReLU", "ReLU6", "LeakyReLU", "ELU", "GELU", "SiLU", "Hardswish", "Tanh", "Sigmoid",
                                  "Softmax", "LogSoftmax"])  # fmt: skip
def test_an_activation_comes_back_as_what_it_was(kind: str) -> None:
    row = network(layer("conv", "Conv2d", "input", out_channels=2, kernel_size=3), layer("function", kind, "conv"))
    part = network(layer("conv", "Conv2d", "input", out_channels=2, kernel_size=3, activation=kind))
    first = network(
        layer("function", kind, "input"), layer("conv", "Conv2d", "function", out_channels=2, kernel_size=3)
    )
    for each in (row, part, first):
        assert not differences(each, again(each))


def test_the_comparison_sees_a_fault() -> None:
    """A round trip that loses a stride, a bias, a row or a name would be noticed."""
    right = load("lenet5").network
    first = right.layers[0]
    changes: list[dict[str, Any]] = [{"stride": (2, 2)}, {"bias": False}, {"trainable": False}, {"activation": None}]
    for change in changes:
        wrong = NamedLayer(first.name, first.kind.model_copy(update=change), first.sources)
        assert differences(right, Network("net", right.input, (wrong, *right.layers[1:]))), change
    assert differences(right, Network("net", right.input, right.layers[:-1]))
    renamed = NamedLayer("other", right.layers[-1].kind, right.layers[-1].sources)
    assert differences(right, Network("net", right.input, (*right.layers[:-1], renamed)))


def test_a_module_that_does_something_else_does_not_come_back() -> None:
    right = load("lenet5").network
    net = assemble(right, "meta")
    net.get_submodule("C5").stride = (2, 2)  # type: ignore[assignment]
    found = from_module(net, right.input).network
    assert [each.partition(":")[0] for each in differences(right, found)] == ["C5", "F6", "OUTPUT"]  # jumps
    net = assemble(right, "meta")
    net.get_submodule("S2").stride = (1, 1)  # type: ignore[assignment]
    net.get_submodule("F6").out_features = 7  # type: ignore[assignment]  # its weights say otherwise
    with pytest.raises(UsageError, match="must have same reduction dim"):
        from_module(net, right.input)
