"""The arithmetic of whole networks against published numbers, and what a table is asked for."""

from __future__ import annotations

import json
import pickle
from pathlib import Path
from typing import Any

import pytest

from sheetgen.expr import ExpressionError
from sheetgen.layers import KINDS, Conventions, Layer
from sheetgen.network import NamedLayer, Network
from sheetgen.quantities import CORE
from sheetgen.table import compute, quantities

PUBLISHED = json.loads((Path(__file__).parents[1] / "data" / "published_alexnet.json").read_text(encoding="utf-8"))

COUNTED = Conventions(pooling="not counted")
NO_BIAS = Conventions(bias="not counted", pooling="not counted")
REAL_PIXELS = Conventions(bias="not counted", padding="not counted", pooling="not counted")


def _layer(kind: str, **fields: Any) -> Layer:
    return KINDS[kind].model_validate({"type": kind, **fields})


def chain(shape: tuple[int, int, int], **layers: Layer) -> Network:
    names = ["input", *layers]
    return Network(
        "test",
        shape,
        tuple(NamedLayer(name, kind, (names[i],)) for i, (name, kind) in enumerate(layers.items())),
    )


def conv(out: int, kernel: int, **more: Any) -> Layer:
    return _layer("Conv2d", out_channels=out, kernel_size=kernel, **more)


def pool(kernel: int, stride: int) -> Layer:
    return _layer("MaxPool2d", kernel_size=kernel, stride=stride)


def linear(out: int) -> Layer:
    return _layer("Linear", out_features=out)


def alexnet(groups: int = 1) -> Network:
    return chain(
        (3, 227, 227),
        conv1=conv(96, 11, stride=4),
        pool1=pool(3, 2),
        conv2=conv(256, 5, padding=2, groups=groups),
        pool2=pool(3, 2),
        conv3=conv(384, 3, padding=1),
        conv4=conv(384, 3, padding=1, groups=groups),
        conv5=conv(256, 3, padding=1, groups=groups),
        pool5=pool(3, 2),
        fc6=linear(4096),
        fc7=linear(4096),
        fc8=linear(1000),
    )


def torchvision_alexnet() -> Network:
    return chain(
        (3, 224, 224),
        conv1=conv(64, 11, stride=4, padding=2),
        pool1=pool(3, 2),
        conv2=conv(192, 5, padding=2),
        pool2=pool(3, 2),
        conv3=conv(384, 3, padding=1),
        conv4=conv(256, 3, padding=1),
        conv5=conv(256, 3, padding=1),
        pool5=pool(3, 2),
        fc6=linear(4096),
        fc7=linear(4096),
        fc8=linear(1000),
    )


def vgg_d() -> Network:
    layers: dict[str, Layer] = {}
    for block, (convolutions, channels) in enumerate(((2, 64), (2, 128), (3, 256), (3, 512), (3, 512)), start=1):
        for i in range(1, convolutions + 1):
            layers[f"conv{block}_{i}"] = conv(channels, 3, padding=1)
        layers[f"pool{block}"] = pool(2, 2)
    return chain((3, 224, 224), **layers, fc6=linear(4096), fc7=linear(4096), fc8=linear(1000))


# --- published numbers ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "network"),
    [
        ("alexnet_single_tower", alexnet()),
        ("alexnet_grouped", alexnet(groups=2)),
        ("alexnet_torchvision", torchvision_alexnet()),
        ("vgg_D", vgg_d()),
    ],
)
def test_published_tables(name: str, network: Network) -> None:
    counted, no_bias, real = (compute(network, said) for said in (COUNTED, NO_BIAS, REAL_PIXELS))
    rows = PUBLISHED[name]["computed"]
    assert len(rows) in (11, 16)
    for row in rows:
        layer = row["layer"]
        out = [counted.value(f"{layer}.out_{axis}") for axis in ("channels", "height", "width")]
        assert (layer, out) == (layer, row["out"])
        found = {
            "neurons": counted.value(f"{layer}.neurons"),
            "params": counted.value(f"{layer}.parameters"),
            "connections": no_bias.value(f"{layer}.connections"),
            "connections_with_bias": counted.value(f"{layer}.connections"),
            "connections_real_pixels": real.value(f"{layer}.connections"),
        }
        assert (layer, found) == (layer, {key: row[key] for key in found})


def test_alexnet_as_the_coursework_counts_it() -> None:
    table = compute(alexnet())
    assert table.totals == {
        "neurons": 290400 + 69984 + 186624 + 43264 + 64896 + 64896 + 43264 + 9216 + 4096 + 4096 + 1000,
        "weights": 62367776,
        "biases": 10568,
        "parameters": 62378344,
        "connections": 1135915368 + 9 * (69984 + 43264 + 9216),  # published, and 9 inputs of each pooling unit
    }
    assert table.value("conv1.connections") == 105705600
    assert table.value("pool1.connections") == 9 * 69984
    assert table.value("conv1.weights") == 34848
    assert table.value("fc6.weights") == 37748736
    assert table.value("input.in_height") == 227
    assert table.rows[0].input == (3, 227, 227)
    assert table.rows[0].output == (96, 55, 55)
    assert [row.name for row in table.rows][-3:] == ["fc6", "fc7", "fc8"]


def test_published_totals() -> None:
    assert compute(alexnet()).totals["parameters"] == PUBLISHED["alexnet_single_tower"]["published"]["params_total"]
    assert compute(alexnet(groups=2)).totals["parameters"] == 60965224  # Caffe's bvlc_alexnet
    assert compute(alexnet(groups=2), NO_BIAS).totals["connections"] == 724406816
    assert compute(alexnet(groups=2), COUNTED).totals["connections"] == 725066088
    assert compute(alexnet(groups=2), REAL_PIXELS).totals["connections"] == 671322656
    assert compute(torchvision_alexnet()).totals["parameters"] == 61100840
    vgg = PUBLISHED["vgg_D"]["totals"]
    totals = compute(vgg_d(), COUNTED).totals
    assert (totals["parameters"], totals["weights"], totals["biases"]) == (138357544, vgg["weights"], vgg["biases"])
    assert totals["connections"] == vgg["conn_bias"]
    assert compute(vgg_d(), REAL_PIXELS).totals["connections"] == vgg["conn_real"]


@pytest.mark.parametrize(
    ("network", "layer", "number"),
    [
        (chain((1, 32, 32), C1=conv(6, 5)), "C1", 0),
        (chain((16, 5, 5), C5=conv(120, 5)), "C5", 1),
        (chain((120, 1, 1), F6=linear(84)), "F6", 2),
    ],
)
def test_layers_of_lenet5(network: Network, layer: str, number: int) -> None:
    row = PUBLISHED["lenet5_layers"]["computed"][number]
    table = compute(network)
    assert row["layer"] == layer
    assert table.rows[0].output == tuple(row["out"])
    assert table.value(f"{layer}.parameters") == row["params"]
    assert table.value(f"{layer}.connections") == row["connections_with_bias"]


# --- totals, ids, frames --------------------------------------------------------------------------------------------


def test_totals_add_up_the_rows_asked_for() -> None:
    network = alexnet()
    table = compute(network, rows=("conv1", "fc8"))
    assert [row.name for row in table.rows] == ["conv1", "fc8"]
    assert table.totals["parameters"] == 34944 + 4097000
    assert table.value("total.biases") == 96 + 1000
    assert table.value("conv2.parameters") == 614656  # still known by its id
    assert compute(network, rows=()).totals == dict.fromkeys(table.totals, 0)


def test_every_id() -> None:
    table = compute(chain((3, 8, 8), c=conv(4, 3), r=_layer("ReLU")))
    shapes = {f"input.in_{axis}" for axis in ("channels", "height", "width")}
    rows = {f"{layer}.{quantity}" for layer in ("c", "r") for quantity in CORE}
    totals = {f"total.{name}" for name in ("neurons", "weights", "biases", "parameters", "connections")}
    assert set(table.numbers) == set(table.quantities) == shapes | rows | totals
    assert all(type(number) is int for number in table.numbers.values())
    with pytest.raises(KeyError):
        table.value("c.paramters")


def test_numbers_are_exact_beyond_floats() -> None:
    table = compute(chain((10**6, 1000, 1000), fc=linear(10**6 - 1)))
    assert table.value("fc.weights") == 999999000000000000
    assert table.value("fc.parameters") == 999999000000999999
    assert type(table.value("fc.parameters")) is int


@pytest.mark.parametrize("layers", [1, 49, 50, 51, 101, 150, 400])
def test_many_layers(layers: int) -> None:
    table = compute(chain((1, 4, 4), **{f"c{i}": conv(1, 1) for i in range(layers)}))
    assert table.totals == {
        "neurons": 16 * layers,
        "weights": layers,
        "biases": layers,
        "parameters": 2 * layers,
        "connections": 32 * layers,
    }
    worked = " + ".join(["1"] * layers)
    assert table.working("total.biases") == (f"{worked} = {layers}" if layers > 1 else "1")


def test_working() -> None:
    table = compute(alexnet(groups=2))
    assert table.working("conv1.out_height") == "(227 + 2*0 - 11) // 4 + 1 = 55"
    assert table.working("conv1.weights") == "11*11*3*96 = 34848"
    assert table.working("conv2.weights") == "5*5*(96 // 2)*256 = 307200"
    assert table.working("conv1.connections") == "(11*11*3 + 1)*290400 = 105705600"
    assert table.working("conv1.parameters") == "34848 + 96 = 34944"
    assert table.working("fc6.in_height") == "6"
    # the question asks for the one size that the windows of conv1 cover exactly
    assert table.working("input.in_height") == "(55 - 1)*4 + 11 - 2*0 = 227"


def test_the_input_is_asked_for_only_where_it_is_determined() -> None:
    exact = quantities(chain((3, 227, 230), c=conv(96, 11, stride=4)), Conventions())
    assert exact["input.in_height"].binds == {
        "out_height": 55,
        "stride_height": 4,
        "dilation_height": 1,
        "kernel_height": 11,
        "padding_height": 0,
    }
    assert exact["input.in_width"].text == "230"  # 227 to 230 all give 55


def test_to_frame() -> None:
    frame = compute(alexnet()).to_frame()
    assert list(frame.index) == [*(layer.name for layer in alexnet().layers), "total"]
    assert list(frame.columns) == ["type", *CORE]
    assert frame.loc["conv1", "parameters"] == 34944
    assert frame.loc["total", "connections"] == 1137017544
    assert frame["out_height"].isna().sum() == 1  # a total of heights means nothing
    assert {str(frame[name].dtype) for name in CORE} == {"Int64"}
    wanted = compute(alexnet(), wanted=("jump", "parameters_share", "output_size")).to_frame()
    dtypes = [str(wanted[name].dtype) for name in ("neurons", "jump", "parameters_share")]
    assert dtypes == ["Int64", "Int64", "float64"]
    assert wanted.loc["conv1", "parameters_share"] == pytest.approx(34944 / 62378344)
    assert wanted.loc["conv1", "output_size"] == "55 x 55 x 96"


def test_a_table_is_plain_data() -> None:
    table = compute(alexnet())
    again = pickle.loads(pickle.dumps(table))
    assert again == table
    assert hash(again) == hash(table)
    assert compute(alexnet(groups=2)) != table
    with pytest.raises(AttributeError):
        table.network = "other"  # type: ignore[misc]


# --- follow-through -------------------------------------------------------------------------------------------------


def test_given_numbers_take_the_place_of_computed_ones() -> None:
    table = compute(alexnet(), given={"conv1.out_height": 54})
    assert table.value("conv1.out_height") == 55  # itself from what it depends on
    assert table.value("conv1.out_width") == 55
    assert table.value("conv1.neurons") == 96 * 54 * 55
    assert table.value("conv1.connections") == 364 * 96 * 54 * 55
    assert table.value("pool1.in_height") == 54
    assert table.value("pool1.out_height") == 26
    assert table.value("conv1.weights") == 34848


def test_a_given_number_reaches_sums_and_totals() -> None:
    table = compute(alexnet(), given={"conv1.biases": 0, "fc8.parameters": 1})
    assert table.value("conv1.parameters") == 34848
    assert table.value("fc8.parameters") == 4097000
    assert table.value("total.parameters") == 62378344 - 96 - 4097000 + 1
    assert table.value("total.biases") == 10568 - 96


def test_given_numbers_may_be_nonsense() -> None:
    table = compute(alexnet(), given={"conv1.out_height": -7, "conv2.out_height": 0})
    assert table.value("pool1.out_height") == -4  # (-7 - 3) // 2 + 1
    assert table.value("conv2.neurons") == 0
    with pytest.raises(ExpressionError, match="too large"):
        compute(alexnet(), given={"conv1.out_height": 10**1300})


def test_the_input_follows_no_given_output() -> None:
    table = compute(alexnet(), given={"conv1.out_height": 54, "input.in_height": 224})
    assert table.value("input.in_height") == 227
    assert table.value("conv1.in_height") == 224


# --- the graph ------------------------------------------------------------------------------------------------------


def test_a_layer_reads_what_from_names() -> None:
    network = Network(
        "two branches",
        (3, 10, 10),
        (
            NamedLayer("stem", conv(4, 3), ("input",)),
            NamedLayer("left", conv(5, 3), ("stem",)),
            NamedLayer("right", conv(6, 1), ("stem",)),
            NamedLayer("other", conv(7, 3), ("input",)),
        ),
    )
    table = compute(network)
    assert [row.input for row in table.rows] == [(3, 10, 10), (4, 8, 8), (4, 8, 8), (3, 10, 10)]
    assert [row.output for row in table.rows] == [(4, 8, 8), (5, 6, 6), (6, 8, 8), (7, 8, 8)]
    assert table.value("right.weights") == 4 * 6
    follow = compute(network, given={"stem.out_height": 9})
    assert follow.value("left.out_height") == 7
    assert follow.value("right.out_height") == 9
    assert follow.value("other.out_height") == 8
