"""Layers of a few units, whose connections, weights and fan-in are counted one by one: no formula, no closed form."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from sheetgen.layers import KINDS, Conventions
from sheetgen.network import NamedLayer, Network
from sheetgen.table import Table, compute

Shape = tuple[int, int, int]
WANTED = ("fan_in", "macs", "flops", "fully_connected_parameters", "fixed_parameters", "running_statistics")
EVERY = [
    Conventions.model_validate({"bias": bias, "padding": padding, "pooling": pooling})
    for bias, padding, pooling in itertools.product(("counted", "not counted"), repeat=3)
]


@dataclass(frozen=True)
class Wire:
    """One input of one output unit; ``weight`` is which of the layer's weights stands on it."""

    unit: tuple[int, ...]
    weight: object
    on_pixel: bool  # and not on padding, or cut off


def table_of(kind: str, shape: Shape, said: Conventions, fields: dict[str, Any]) -> Table:
    it = NamedLayer("it", KINDS[kind].model_validate({"type": kind, **fields}), ("input",))
    return compute(Network("one", shape, (it,)), said, wanted=WANTED)


def assert_counted(
    kind: str, shape: Shape, fields: dict[str, Any], wires: Sequence[Wire], units: Sequence[Any]
) -> None:
    """Hold every quantity of the layer, under every combination of conventions, against its wires and units."""
    bias = fields.get("bias", True)
    biases = {False: 0, True: len({unit[0] for unit in units}), "per unit": len(units)}[bias]
    weights = len({wire.weight for wire in wires})
    for said in EVERY:
        table = table_of(kind, shape, said, fields)
        counted = [wire for wire in wires if wire.on_pixel or said.padding == "counted"]
        found = {name: table.value(f"it.{name}") for name in ("neurons", "weights", "biases", "connections", "macs")}
        assert found == {
            "neurons": len(units),
            "weights": weights,
            "biases": biases,
            "connections": len(counted) + (len(units) if bias and said.bias == "counted" else 0),
            "macs": len(wires),
        }, said
        assert table.value("it.parameters") == weights + biases
        assert table.value("it.flops") == 2 * len(wires)
        assert table.value("it.fixed_parameters") == table.value("it.running_statistics") == 0


def units_of(output: Shape) -> list[tuple[int, int, int]]:
    channels, height, width = map(range, output)
    return list(itertools.product(channels, height, width))


# --- convolutions ---------------------------------------------------------------------------------------------------


def sees(out_map: int, maps: int, out_maps: int, groups: int, table: Sequence[Sequence[int]] | None) -> Sequence[int]:
    """The input maps of an output map."""
    if table is not None:
        return table[out_map]
    group = out_map // (out_maps // groups)
    return range(group * maps // groups, (group + 1) * maps // groups)


def convolved(
    shape: Shape, output: Shape, kernel: Any, stride: Any, padding: Any, dilation: Any, seen: Sequence[Sequence[int]]
) -> Iterator[Wire]:
    for out_map, y, x in units_of(output):
        for in_map, ky, kx in itertools.product(seen[out_map], range(kernel[0]), range(kernel[1])):
            row, column = y * stride[0] - padding[0] + ky * dilation[0], x * stride[1] - padding[1] + kx * dilation[1]
            on_pixel = 0 <= row < shape[1] and 0 <= column < shape[2]
            yield Wire((out_map, y, x), (out_map, in_map, ky, kx), on_pixel)


pairs = st.tuples(st.integers(1, 3), st.integers(1, 3))
paddings = st.tuples(st.integers(0, 3), st.integers(0, 3))
sides = st.tuples(st.integers(1, 5), st.integers(1, 5))
maps = st.sampled_from([(2, 4, 2), (4, 4, 4), (2, 3, 1), (4, 2, 2), (3, 6, 3), (1, 1, 1)])  # input, output, groups
biases = st.sampled_from([True, False, "per unit"])


@given(maps=maps, size=sides, kernel=pairs, stride=pairs, padding=paddings, dilation=pairs, bias=biases)
@example(maps=(4, 4, 4), size=(5, 4), kernel=(3, 3), stride=(2, 1), padding=(1, 1), dilation=(1, 1), bias=False)
@settings(max_examples=30, deadline=None)
def test_convolution(
    maps: tuple[int, int, int], size: Any, kernel: Any, stride: Any, padding: Any, dilation: Any, bias: Any
) -> None:
    room = [size[i] + 2 * padding[i] - dilation[i] * (kernel[i] - 1) - 1 for i in (0, 1)]
    assume(min(room) >= 0)
    channels, out_maps, groups = maps
    shape, output = (channels, *size), (out_maps, room[0] // stride[0] + 1, room[1] // stride[1] + 1)
    seen = [sees(i, channels, out_maps, groups, None) for i in range(out_maps)]
    wires = list(convolved(shape, output, kernel, stride, padding, dilation, seen))
    fields = {"out_channels": out_maps, "kernel_size": kernel, "stride": stride, "padding": padding,
              "dilation": dilation, "groups": groups, "bias": bias}  # fmt: skip
    assert_counted("Conv2d", shape, fields, wires, units_of(output))
    table = table_of("Conv2d", shape, Conventions(), fields)
    assert table.rows[0].output == output
    assert table.value("it.fan_in") == max(Counter(wire.unit for wire in wires).values())
    whole = prod(shape) + (1 if bias else 0)  # of one unit that sees everything
    assert table.value("it.fully_connected_parameters") == whole * prod(output)


tables = st.lists(st.sets(st.integers(0, 3), min_size=1), min_size=1, max_size=4)


@given(table=tables, kernel=pairs, stride=pairs, padding=paddings, bias=biases)
@settings(max_examples=30, deadline=None)
def test_connection_table(table: list[set[int]], kernel: Any, stride: Any, padding: Any, bias: Any) -> None:
    seen = [sorted(row) for row in table]
    shape = (4, 4, 3)
    room = [shape[i + 1] + 2 * padding[i] - kernel[i] for i in (0, 1)]
    assume(min(room) >= 0)
    output = (len(seen), room[0] // stride[0] + 1, room[1] // stride[1] + 1)
    wires = list(convolved(shape, output, kernel, stride, padding, (1, 1), seen))
    fields = {"out_channels": len(seen), "kernel_size": kernel, "stride": stride, "padding": padding,
              "connection_table": seen, "bias": bias}  # fmt: skip
    assert_counted("Conv2d", shape, fields, wires, units_of(output))
    found = table_of("Conv2d", shape, Conventions(), fields).value("it.fan_in")
    assert found == max(Counter(wire.unit for wire in wires).values())


def spread(
    shape: Shape, output: Shape, kernel: Any, stride: Any, padding: Any, dilation: Any, seen: Sequence[Sequence[int]]
) -> Iterator[Wire]:
    """A transposed convolution, from its inputs: each lies on a window of the output, of which padding is cut off."""
    for in_map, y, x in units_of(shape):
        for out_map in (each for each in range(output[0]) if in_map in seen[each]):
            for ky, kx in itertools.product(range(kernel[0]), range(kernel[1])):
                row = y * stride[0] + ky * dilation[0] - padding[0]
                column = x * stride[1] + kx * dilation[1] - padding[1]
                on_pixel = 0 <= row < output[1] and 0 <= column < output[2]
                yield Wire((out_map, row, column), (in_map, out_map, ky, kx), on_pixel)


UNET: dict[str, Any] = {
    "maps": (2, 2, 1),
    "size": (3, 3),
    "kernel": (2, 2),
    "stride": (2, 2),
    "padding": (0, 0),
    "more": (0, 0),
    "dilation": (1, 1),
    "bias": True,
}
TWICE = {**UNET, "maps": (2, 4, 2), "size": (3, 2), "kernel": (3, 3), "padding": (1, 1), "more": (1, 1)}
ODD = {**UNET, "kernel": (5, 3), "stride": (2, 3), "padding": (0, 1), "more": (0, 2), "dilation": (3, 2), "bias": False}


@given(
    maps=maps,
    size=st.tuples(st.integers(1, 4), st.integers(1, 3)),
    kernel=st.tuples(st.integers(1, 5), st.integers(1, 3)),
    stride=pairs,
    padding=paddings,
    more=st.tuples(st.integers(0, 2), st.integers(0, 2)),
    dilation=pairs,
    bias=st.booleans(),
)
@example(**UNET)
@example(**TWICE)
@example(**ODD)
@settings(max_examples=30, deadline=None)
def test_transposed_convolution(
    maps: tuple[int, int, int], size: Any, kernel: Any, stride: Any, padding: Any, more: Any, dilation: Any, bias: Any
) -> None:
    assume(all(more[i] < max(stride[i], dilation[i]) for i in (0, 1)))
    channels, out_maps, groups = maps
    shape = (channels, *size)
    extent = [(size[i] - 1) * stride[i] + dilation[i] * (kernel[i] - 1) + 1 - 2 * padding[i] + more[i] for i in (0, 1)]
    assume(min(extent) >= 1)
    output = (out_maps, extent[0], extent[1])
    seen = [sees(i, channels, out_maps, groups, None) for i in range(out_maps)]
    wires = list(spread(shape, output, kernel, stride, padding, dilation, seen))
    fields = {"out_channels": out_maps, "kernel_size": kernel, "stride": stride, "padding": padding,
              "output_padding": more, "dilation": dilation, "groups": groups, "bias": bias}  # fmt: skip
    assert_counted("ConvTranspose2d", shape, fields, wires, units_of(output))
    table = table_of("ConvTranspose2d", shape, Conventions(), fields)
    assert table.rows[0].output == output
    assert table.value("it.fully_connected_parameters") == (prod(shape) + bias) * prod(output)
    # the widest, cut off or not
    assert table.value("it.fan_in") == max(Counter(wire.unit for wire in wires).values())


def test_a_transposed_convolution_is_not_kernel_times_output() -> None:
    """At stride 2 that would be four times the connections that there are."""
    fields = {"out_channels": 1, "kernel_size": 2, "stride": 2, "bias": False}
    table = table_of("ConvTranspose2d", (1, 8, 8), Conventions(), fields)
    assert (table.value("it.connections"), table.value("it.neurons"), table.value("it.fan_in")) == (256, 256, 1)


# --- fully connected, subsampling, normalisation --------------------------------------------------------------------


@pytest.mark.parametrize("bias", [True, False])
def test_linear(bias: bool) -> None:
    wires = [Wire((unit, 0, 0), (unit, pixel), True) for unit in range(4) for pixel in units_of((2, 3, 2))]
    fields = {"out_features": 4, "bias": bias}
    assert_counted("Linear", (2, 3, 2), fields, wires, units_of((4, 1, 1)))
    table = table_of("Linear", (2, 3, 2), Conventions(), fields)
    assert (table.value("it.fan_in"), table.value("it.fully_connected_parameters")) == (12, 48 + 4 * bias)


@given(size=sides, kernel=pairs, stride=pairs, bias=st.booleans())
@settings(max_examples=20, deadline=None)
def test_subsampling_has_one_weight_for_a_map(size: Any, kernel: Any, stride: Any, bias: bool) -> None:
    assume(all(size[i] >= kernel[i] for i in (0, 1)))
    shape = (2, *size)
    output = (2, *((size[i] - kernel[i]) // stride[i] + 1 for i in (0, 1)))
    wires = [
        Wire(wire.unit, wire.unit[0], wire.on_pixel)
        for wire in convolved(shape, output, kernel, stride, (0, 0), (1, 1), [[0], [1]])
    ]
    fields = {"kernel_size": kernel, "stride": stride, "bias": bias}
    assert_counted("Subsample2d", shape, fields, wires, units_of(output))
    assert table_of("Subsample2d", shape, Conventions(), fields).value("it.fan_in") == kernel[0] * kernel[1]


@pytest.mark.parametrize("affine", [True, False])
def test_batch_normalisation_has_two_parameters_for_a_channel(affine: bool) -> None:
    for said in EVERY:
        table = table_of("BatchNorm2d", (5, 3, 2), said, {"affine": affine})
        found = [table.value(f"it.{name}") for name in ("weights", "biases", "parameters", "connections", "macs")]
        assert found == ([5, 5, 10, 0, 0] if affine else [0] * 5)
        assert table.value("it.running_statistics") == 10  # a mean and a variance each, which are no parameters
        assert table.value("it.neurons") == 30
        assert "it.fully_connected_ratio" not in table.numbers


# --- pooling --------------------------------------------------------------------------------------------------------


@given(size=st.tuples(st.integers(1, 20), st.integers(1, 9)), out=st.tuples(st.integers(1, 12), st.integers(1, 9)))
@example(size=(7, 7), out=(7, 7))
@example(size=(6, 6), out=(4, 3))
@example(size=(2, 3), out=(7, 7))
@settings(max_examples=60, deadline=None)
def test_adaptive_pooling(size: tuple[int, int], out: tuple[int, int]) -> None:
    def windows(axis: int) -> list[int]:
        """Pixels of each window, by PyTorch's rule."""
        return [-(-(o + 1) * size[axis] // out[axis]) - o * size[axis] // out[axis] for o in range(out[axis])]

    rows, columns = windows(0), windows(1)
    inputs = [height * width for height in rows for width in columns]
    for said in EVERY:
        table = table_of("AdaptiveAvgPool2d", (3, *size), said, {"output_size": out})
        assert table.rows[0].output == (3, *out)
        assert table.value("it.connections") == (3 * sum(inputs) if said.pooling == "counted" else 0)
        assert table.value("it.fan_in") == max(inputs)
        assert table.value("it.parameters") == table.value("it.macs") == 0


def test_global_pooling_is_adaptive_pooling_to_one() -> None:
    for said in EVERY:
        one = table_of("GlobalAvgPool2d", (3, 5, 4), said, {}).rows[0]
        other = table_of("AdaptiveAvgPool2d", (3, 5, 4), said, {"output_size": 1}).rows[0]
        assert one.values == other.values


# --- weights that are fixed, or used again --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "fields", "held"),
    [
        ("Linear", {"out_features": 10}, 250),
        ("Linear", {"out_features": 10, "bias": False}, 240),
        ("Conv2d", {"out_channels": 4, "kernel_size": 3}, 76),
        ("Conv2d", {"out_channels": 2, "kernel_size": 3, "connection_table": [[0], [0, 1]], "bias": "per unit"}, 31),
        ("ConvTranspose2d", {"out_channels": 4, "kernel_size": 3}, 76),
        ("Subsample2d", {"kernel_size": 2}, 4),
        ("BatchNorm2d", {}, 4),
    ],
)
def test_fixed_weights_are_no_parameters_but_connect(kind: str, fields: dict[str, Any], held: int) -> None:
    for said in EVERY:
        free = table_of(kind, (2, 3, 4), said, fields)
        fixed = table_of(kind, (2, 3, 4), said, {**fields, "trainable": False})
        assert free.value("it.parameters") == held
        assert [fixed.value(f"it.{name}") for name in ("weights", "biases", "parameters")] == [0, 0, 0]
        assert (fixed.value("it.fixed_parameters"), free.value("it.fixed_parameters")) == (held, 0)
        for name in ("neurons", "connections", "macs", "fan_in"):
            assert fixed.value(f"it.{name}") == free.value(f"it.{name}"), name


def test_weights_used_again_count_once() -> None:
    first = KINDS["Conv2d"].model_validate({"type": "Conv2d", "out_channels": 2, "kernel_size": 3, "padding": 1})
    again = first.model_copy(update={"weights_of": "a"})
    layers = (NamedLayer("a", first, ("input",)), NamedLayer("b", again, ("a",), weights_of="a"))
    table = compute(Network("two", (2, 4, 4), layers), wanted=("macs", "fixed_parameters", "fully_connected_ratio"))
    assert [table.value(f"{name}.parameters") for name in ("a", "b", "total")] == [38, 0, 38]
    assert table.value("b.fixed_parameters") == 0
    assert table.value("a.connections") == table.value("b.connections") == 19 * 32
    assert table.value("a.macs") == table.value("b.macs")
    assert "b.fully_connected_ratio" not in table.numbers
