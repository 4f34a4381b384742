"""Every layer kind by itself, its windows counted one by one."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from sheetgen import expr
from sheetgen.layers import KINDS, Axis, Conventions, Layer
from sheetgen.network import NamedLayer, Network
from sheetgen.quantities import CORE
from sheetgen.table import Table, compute
from tests.amounts import amount

EVERY = [
    Conventions.model_validate({"bias": bias, "padding": padding, "pooling": pooling})
    for bias, padding, pooling in itertools.product(("counted", "not counted"), repeat=3)
]
LEAST: dict[str, dict[str, Any]] = {
    "Conv2d": {"out_channels": 4, "kernel_size": 3},
    "ConvTranspose2d": {"out_channels": 4, "kernel_size": 3},
    "Subsample2d": {"kernel_size": 2},
    "AdaptiveAvgPool2d": {"output_size": 2},
    "Upsample": {"scale_factor": 2},
    "Add": {"from": ["input", "input"]},
    "Concat": {"from": ["input", "input"]},
    "CenterCrop": {"like": "input"},
    "MaxPool2d": {"kernel_size": 2},
    "AvgPool2d": {"kernel_size": 2},
    "Linear": {"out_features": 5},
    "LocalResponseNorm": {"size": 5},
}


def layer(kind: str, **fields: Any) -> Layer:
    return KINDS[kind].model_validate({"type": kind, **fields})


def table_of(kind: str, shape: tuple[int, int, int], said: Conventions | None = None, **fields: Any) -> Table:
    it = layer(kind, **fields)
    sources = tuple(fields["from"]) if isinstance(fields.get("from"), list) else ("input",)
    return compute(Network("one", shape, (NamedLayer("it", it, sources, like=fields.get("like")),)), said)


# --- shapes and counts, by hand -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "fields", "shape", "output", "parameters", "connections"),
    [
        ("Conv2d", {"out_channels": 96, "kernel_size": 11, "stride": 4}, (3, 227, 227), (96, 55, 55), 34944, 105705600),
        ("Conv2d", {"out_channels": 4, "kernel_size": 3}, (2, 5, 7), (4, 3, 5), 76, 19 * 60),
        ("Conv2d", {"out_channels": 4, "kernel_size": [3, 5]}, (2, 5, 7), (4, 3, 3), 124, 31 * 36),
        ("Conv2d", {"out_channels": 4, "kernel_size": 3, "stride": [1, 2]}, (2, 5, 7), (4, 3, 3), 76, 19 * 36),
        ("Conv2d", {"out_channels": 4, "kernel_size": 3, "padding": [0, 1]}, (2, 5, 7), (4, 3, 7), 76, 19 * 84),
        ("Conv2d", {"out_channels": 4, "kernel_size": 3, "padding": "same"}, (2, 5, 7), (4, 5, 7), 76, 19 * 140),
        ("Conv2d", {"out_channels": 4, "kernel_size": [2, 4], "padding": "same"}, (1, 5, 7), (4, 5, 7), 36, 9 * 140),
        ("Conv2d", {"out_channels": 4, "kernel_size": 3, "dilation": 2}, (2, 5, 7), (4, 1, 3), 76, 19 * 12),
        ("Conv2d", {"out_channels": 4, "kernel_size": 3, "groups": 2}, (2, 5, 7), (4, 3, 5), 40, 10 * 60),
        ("Conv2d", {"out_channels": 4, "kernel_size": 3, "bias": False}, (2, 5, 7), (4, 3, 5), 72, 18 * 60),
        ("MaxPool2d", {"kernel_size": 3, "stride": 2}, (96, 55, 55), (96, 27, 27), 0, 9 * 69984),
        ("MaxPool2d", {"kernel_size": 2}, (3, 7, 8), (3, 3, 4), 0, 4 * 36),
        ("MaxPool2d", {"kernel_size": 2, "ceil_mode": True}, (3, 7, 8), (3, 4, 4), 0, 4 * 48),
        ("MaxPool2d", {"kernel_size": 2, "dilation": 2}, (3, 7, 8), (3, 3, 3), 0, 4 * 27),
        ("MaxPool2d", {"kernel_size": 3, "stride": 1, "padding": 1}, (3, 7, 8), (3, 7, 8), 0, 9 * 168),
        ("AvgPool2d", {"kernel_size": [2, 4], "stride": [2, 1]}, (3, 7, 8), (3, 3, 5), 0, 8 * 45),
        # PyTorch leaves out a last window that would begin in the far padding: 3, not 4
        ("AvgPool2d", {"kernel_size": 2, "stride": 2, "padding": 1, "ceil_mode": True}, (1, 5, 4), (1, 3, 3), 0, 36),
        ("MaxPool2d", {"kernel_size": 1, "stride": 3, "ceil_mode": True}, (1, 5, 6), (1, 2, 2), 0, 4),
        ("Linear", {"out_features": 10}, (2, 3, 4), (10, 1, 1), 250, 250),
        ("Linear", {"out_features": 10, "bias": False}, (2, 3, 4), (10, 1, 1), 240, 240),
        ("LocalResponseNorm", {"size": 5}, (2, 3, 4), (2, 3, 4), 0, 0),
        ("Dropout", {}, (2, 3, 4), (2, 3, 4), 0, 0),
        ("ReLU", {}, (2, 3, 4), (2, 3, 4), 0, 0),
        ("Tanh", {}, (2, 3, 4), (2, 3, 4), 0, 0),
        ("Sigmoid", {}, (2, 3, 4), (2, 3, 4), 0, 0),
        ("Softmax", {}, (2, 3, 4), (2, 3, 4), 0, 0),
        ("Flatten", {}, (2, 3, 4), (24, 1, 1), 0, 0),
        # each of the 6 inputs is spread over 9 outputs of each of 4 maps, and each of the 80 outputs has its bias
        ("ConvTranspose2d", {"out_channels": 4, "kernel_size": 3}, (1, 2, 3), (4, 4, 5), 40, 9 * 24 + 80),
        (
            "ConvTranspose2d",
            {"out_channels": 4, "kernel_size": 2, "stride": 2},
            (3, 5, 7),
            (4, 10, 14),
            52,
            420 * 4 + 560,
        ),
        (
            "ConvTranspose2d",
            {"out_channels": 4, "kernel_size": 3, "stride": 2, "padding": 1, "output_padding": 1, "bias": False},
            (2, 5, 7),
            (4, 10, 14),
            72,
            70 * 9 * 4,
        ),
        (
            "ConvTranspose2d",
            {"out_channels": 4, "kernel_size": 3, "groups": 2},
            (2, 5, 7),
            (4, 7, 9),
            40,
            35 * 9 * 4 + 252,
        ),
        ("ConvTranspose2d", {"out_channels": 1, "kernel_size": 3, "dilation": 2}, (1, 1, 1), (1, 5, 5), 10, 9 + 25),
        ("Conv2d", {"out_channels": 4, "kernel_size": 3, "groups": 4}, (4, 5, 7), (4, 3, 5), 40, 10 * 60),  # depthwise
        ("Conv2d", {"out_channels": 8, "kernel_size": 3, "groups": 4}, (4, 5, 7), (8, 3, 5), 80, 10 * 120),
        ("Conv2d", {"out_channels": 4, "kernel_size": 3, "bias": "per unit"}, (2, 5, 7), (4, 3, 5), 72 + 60, 19 * 60),
        # 1 + 2 + 2 of 6 pairs of maps
        (
            "Conv2d",
            {"out_channels": 3, "kernel_size": 3, "connection_table": [[0], [0, 1], [0, 1]]},
            (2, 5, 7),
            (3, 3, 5),
            45 + 3,
            45 * 15 + 45,
        ),
        ("Subsample2d", {"kernel_size": 2}, (6, 28, 28), (6, 14, 14), 12, 5 * 1176),  # LeCun 1998: S2 has 5,880
        ("Subsample2d", {"kernel_size": 2}, (16, 10, 10), (16, 5, 5), 32, 2000),  # and S4, 2,000
        ("Subsample2d", {"kernel_size": [2, 3], "stride": 1, "bias": False}, (2, 4, 5), (2, 3, 3), 2, 6 * 18),
        ("BatchNorm2d", {}, (6, 5, 7), (6, 5, 7), 12, 0),
        ("BatchNorm2d", {"affine": False}, (6, 5, 7), (6, 5, 7), 0, 0),
        ("AdaptiveAvgPool2d", {"output_size": 1}, (6, 5, 7), (6, 1, 1), 0, 6 * 35),
        ("AdaptiveAvgPool2d", {"output_size": [2, 3]}, (2, 5, 7), (2, 2, 3), 0, 2 * 6 * 9),  # 6 rows, 9 columns
        ("AdaptiveAvgPool2d", {"output_size": 7}, (1, 3, 7), (1, 7, 7), 0, 9 * 7),  # larger than its input
        ("GlobalAvgPool2d", {}, (6, 5, 7), (6, 1, 1), 0, 6 * 35),
        ("Upsample", {"scale_factor": [2, 3]}, (6, 5, 7), (6, 10, 21), 0, 0),
        ("Upsample", {"scale_factor": 2, "mode": "bilinear"}, (6, 5, 7), (6, 10, 14), 0, 0),
        ("Add", {"from": ["input", "input"]}, (6, 5, 7), (6, 5, 7), 0, 0),
        ("Concat", {"from": ["input", "input", "input"]}, (6, 5, 7), (18, 5, 7), 0, 0),
        ("CenterCrop", {"like": "input"}, (6, 5, 7), (6, 5, 7), 0, 0),
    ],
)
def test_a_layer(
    kind: str,
    fields: dict[str, Any],
    shape: tuple[int, int, int],
    output: tuple[int, int, int],
    parameters: int,
    connections: int,
) -> None:
    table = table_of(kind, shape, **fields)
    assert table.rows[0].input == ((shape[0] * len(fields["from"]), *shape[1:]) if kind == "Concat" else shape)
    assert table.rows[0].output == output
    assert table.value("it.neurons") == output[0] * output[1] * output[2]
    assert table.value("it.parameters") == parameters
    assert table.value("it.connections") == connections


@pytest.mark.parametrize(
    ("kind", "fields", "said", "connections"),
    [
        ("Conv2d", {"out_channels": 4, "kernel_size": 3}, {"bias": "not counted"}, 18 * 60),
        ("Conv2d", {"out_channels": 4, "kernel_size": 3}, {"pooling": "not counted"}, 19 * 60),
        ("Linear", {"out_features": 10}, {"bias": "not counted"}, 700),
        ("MaxPool2d", {"kernel_size": 2}, {"bias": "not counted"}, 4 * 12),
        ("MaxPool2d", {"kernel_size": 2}, {"pooling": "not counted"}, 0),
        # 3 x 3 with padding 1 over 5 x 7: 13 of 15 rows and 19 of 21 columns of taps fall on pixels
        ("Conv2d", {"out_channels": 4, "kernel_size": 3, "padding": 1}, {"padding": "not counted"}, 13 * 19 * 8 + 140),
        (
            "Conv2d",
            {"out_channels": 4, "kernel_size": 3, "padding": 1},
            {"padding": "not counted", "bias": "not counted"},
            13 * 19 * 8,
        ),
        ("MaxPool2d", {"kernel_size": 3, "stride": 1, "padding": 1}, {"padding": "not counted"}, 13 * 19 * 2),
        # "same" with an even kernel pads behind only: 9 of 10 rows, 13 of 14 columns
        (
            "Conv2d",
            {"out_channels": 1, "kernel_size": 2, "padding": "same"},
            {"padding": "not counted"},
            9 * 13 * 2 + 35,
        ),
    ],
)
def test_conventions(kind: str, fields: dict[str, Any], said: dict[str, Any], connections: int) -> None:
    assert table_of(kind, (2, 5, 7), Conventions(**said), **fields).value("it.connections") == connections


def test_flops_and_memory_follow_their_conventions() -> None:
    for kind, flops, dtype, size in (("2 per MAC", 2, "float32", 4), ("1 per MAC", 1, "int8", 1),
                                     ("1 per MAC", 1, "float64", 8), ("1 per MAC", 1, "bfloat16", 2)):  # fmt: skip
        said = Conventions.model_validate({"flops": kind, "dtype": dtype})
        it = NamedLayer("it", layer("Conv2d", **LEAST["Conv2d"]), ("input",))
        wanted = ("macs", "flops", "activation_memory", "parameter_memory")
        table = compute(Network("one", (2, 5, 7), (it,)), said, wanted=wanted)
        assert [table.value(f"it.{name}") for name in wanted] == [18 * 60, flops * 18 * 60, 60 * size, 76 * size]


def test_conventions_change_nothing_but_connections() -> None:
    for kind in KINDS:
        shape = (4, 5, 7)
        tables = [table_of(kind, shape, said, **LEAST.get(kind, {})) for said in EVERY]
        rest = {tuple(number for name, number in t.rows[0].values.items() if name != "connections") for t in tables}
        assert len(rest) == 1, kind


# --- against counting, window by window -----------------------------------------------------------------------------


def _count(size: int, axis: Axis) -> tuple[int, int]:
    """Positions of the window, and taps on pixels, found by moving it: PyTorch's rules, no formula."""
    starts: list[int] = []
    start = -axis.before
    while True:
        last = start + axis.dilation * (axis.kernel - 1)
        fits = last < size + axis.after
        if not fits and not axis.ceil:
            break
        if not fits and (start >= size or (starts and starts[-1] + axis.extent >= size + axis.after)):
            break  # ceil mode: one window may stick out, if it begins before the far padding
        starts.append(start)
        start += axis.stride
    taps = [start + tap * axis.dilation for start in starts for tap in range(axis.kernel)]
    return len(starts), sum(0 <= tap < size for tap in taps)


@given(
    size=st.integers(1, 40),
    kernel=st.integers(1, 9),
    stride=st.integers(1, 7),
    dilation=st.integers(1, 4),
    padding=st.integers(0, 9),
)
@settings(max_examples=100, deadline=None)
def test_convolution_windows(size: int, kernel: int, stride: int, dilation: int, padding: int) -> None:
    axis = Axis(kernel=kernel, stride=stride, dilation=dilation, before=padding, after=padding)
    assume(axis.extent <= size + 2 * padding)
    said = Conventions(padding="not counted", bias="not counted")
    table = table_of(
        "Conv2d",
        (1, size, size),
        said,
        out_channels=1,
        kernel_size=kernel,
        stride=stride,
        dilation=dilation,
        padding=padding,
    )
    positions, taps = _count(size, axis)
    assert table.value("it.out_height") == positions
    assert table.value("it.connections") == taps**2


def test_same_pads_the_odd_pixel_behind() -> None:
    (height, width) = layer("Conv2d", out_channels=1, kernel_size=[4, 2], dilation=[1, 3], padding="same").axes()
    assert (height.before, height.after) == (1, 2)
    assert (width.before, width.after) == (1, 2)


@given(size=st.integers(1, 30), kernel=st.integers(1, 9), dilation=st.integers(1, 3))
@settings(max_examples=60, deadline=None)
def test_same_windows(size: int, kernel: int, dilation: int) -> None:
    found = layer("Conv2d", out_channels=1, kernel_size=kernel, dilation=dilation, padding="same")
    said = Conventions(padding="not counted", bias="not counted")
    table = compute(Network("one", (1, size, size), (NamedLayer("it", found, ("input",)),)), said)
    axis = Axis(
        kernel=kernel,
        stride=1,
        dilation=dilation,
        before=dilation * (kernel - 1) // 2,
        after=dilation * (kernel - 1) - dilation * (kernel - 1) // 2,
    )
    assert _count(size, axis) == (size, int(float(amount(table.value("it.connections"))) ** 0.5))
    assert table.value("it.out_height") == size


@given(
    size=st.integers(1, 30),
    kernel=st.integers(1, 7),
    stride=st.integers(1, 7),
    dilation=st.integers(1, 3),
    padding=st.integers(0, 3),
    ceil=st.booleans(),
)
@settings(max_examples=100, deadline=None)
def test_pooling_windows(size: int, kernel: int, stride: int, dilation: int, padding: int, ceil: bool) -> None:
    axis = Axis(kernel=kernel, stride=stride, dilation=dilation, before=padding, after=padding, ceil=ceil)
    assume(2 * padding <= kernel and axis.extent <= size + 2 * padding)
    table = table_of(
        "MaxPool2d",
        (1, size, size),
        Conventions(padding="not counted"),
        kernel_size=kernel,
        stride=stride,
        dilation=dilation,
        padding=padding,
        ceil_mode=ceil,
    )
    positions, taps = _count(size, axis)
    assert table.value("it.out_height") == positions
    assert table.value("it.connections") == taps**2


# --- what holds for every kind --------------------------------------------------------------------------------------


SIZES = ("channels", "height", "width")
READ = {f"{name}_{axis}" for name in ("in", "in1", "in2", "like") for axis in SIZES}
SEEN = {f"{name}_{what}" for name in ("in", "in1", "in2") for what in ("receptive_field", "jump", "start")}


@pytest.mark.parametrize("kind", KINDS)
def test_every_formula_reads_and_every_name_in_it_is_known(kind: str) -> None:
    it = layer(kind, **LEAST.get(kind, {}))
    for said in EVERY:
        formulas = it.formulas(said)
        known = {*formulas, *it.settings(), *READ, "bytes"}
        for name, formula in formulas.items():
            tree = expr.parse(formula)
            assert expr.parse(expr.text(tree)) is not None
            assert set(expr.symbols(tree)) <= known, (kind, name)
        assert {*CORE, "fan_in", "macs", "flops", "activation_memory", "parameter_memory"} <= known
        assert not set(formulas) & set(it.settings())
        for side in ("height", "width"):
            reach = it.reach(side)
            assert reach is not None
            for formula in (reach.size, reach.jump, reach.start):
                assert set(expr.symbols(expr.parse(formula))) <= known | SEEN, (kind, formula)


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_is_frozen_and_says_what_it_is(kind: str) -> None:
    it = layer(kind, **LEAST.get(kind, {}), activation="Tanh")
    said = {"AdaptiveAvgPool2d": " (output 2 × 2)", "Upsample": " (2-fold, nearest)", "CenterCrop": " (like input)"}
    assert it.describe() == f"{kind}{said.get(kind, '')} + Tanh"
    assert it == layer(kind, **LEAST.get(kind, {}), activation="Tanh")
    assert hash(it) == hash(layer(kind, **LEAST.get(kind, {}), activation="Tanh"))
    with pytest.raises(ValidationError):
        it.activation = None  # type: ignore[misc]
    with pytest.raises(ValidationError, match="Extra inputs"):
        layer(kind, **LEAST.get(kind, {}), kernal=3)


def test_what_the_sheet_shows() -> None:
    shown = layer("Conv2d", out_channels=8, kernel_size=[3, 5], stride=2, padding="same", groups=4).shown()
    assert shown == {
        "kernel_size": "3 × 5",
        "stride": 2,
        "padding": "same",
        "dilation": 1,
        "groups": 4,
        "out_channels": 8,
    }
    assert layer("MaxPool2d", kernel_size=3).shown() == {"kernel_size": 3, "stride": 3, "padding": 0, "dilation": 1}
    assert layer("Linear", out_features=8).shown() == {"out_channels": 8}
    assert layer("ReLU").shown() == {}


@pytest.mark.parametrize(
    ("kind", "fields"),
    [
        ("Conv2d", {"out_channels": 0}),
        ("Conv2d", {"out_channels": True}),
        ("Conv2d", {"out_channels": 4.0}),
        ("Conv2d", {"out_channels": 10_000_001}),
        ("Conv2d", {"kernel_size": 0}),
        ("Conv2d", {"kernel_size": [3]}),
        ("Conv2d", {"kernel_size": [3, 3, 3]}),
        ("Conv2d", {"kernel_size": "3"}),
        ("Conv2d", {"kernel_size": [3, True]}),
        ("Conv2d", {"padding": -1}),
        ("Conv2d", {"padding": "valid"}),
        ("Conv2d", {"stride": 0}),
        ("Conv2d", {"bias": 1}),
        ("Conv2d", {"activation": "relu"}),
        ("Conv2d", {"init": {"std": float("inf")}}),
        ("Conv2d", {"init": {"std": 0}}),
        ("MaxPool2d", {"padding": "same"}),
        ("Dropout", {"p": 1.5}),
        ("Dropout", {"p": float("nan")}),
        ("LocalResponseNorm", {"size": 0}),
        ("Conv2d", {"bias": "per_unit"}),
        ("Conv2d", {"connection_table": 5}),
        ("Conv2d", {"connection_table": []}),
        ("Conv2d", {"connection_table": [[0], [0], [0]]}),  # 3 rows for 4 out_channels
        ("Conv2d", {"connection_table": [[0], [0], [0], []]}),
        ("Conv2d", {"connection_table": [[0], [0], [0], [1, 1]]}),
        ("Conv2d", {"connection_table": [[0], [0], [0], [-1]]}),
        ("Conv2d", {"connection_table": [[0], [0], [0], [True]]}),
        ("Conv2d", {"connection_table": [[0], [0], [0], ["a"]]}),
        ("Conv2d", {"connection_table": [[0], [0], [0], [0]], "groups": 2}),
        ("Conv2d", {"connection_table": [list(range(25_001))] * 4}),
        ("Conv2d", {"trainable": 0}),
        ("Conv2d", {"weights_of": 3}),
        ("ConvTranspose2d", {"padding": "same"}),
        ("ConvTranspose2d", {"output_padding": -1}),
        ("ConvTranspose2d", {"bias": "per unit"}),
        ("Add", {"from": "input"}),
        ("Add", {"from": ["input"]}),
        ("Add", {"from": ["input"] * 101}),
        ("Add", {"from": ["input", 3]}),
        ("Concat", {"from": None}),
        ("CenterCrop", {"like": 3}),
        ("CenterCrop", {"from": ["a", "b"]}),
        ("Upsample", {"scale_factor": 0.5}),
        ("Upsample", {"mode": "bicubic"}),
        ("AdaptiveAvgPool2d", {"output_size": 0}),
        ("AdaptiveAvgPool2d", {"output_size": None}),
        ("GlobalAvgPool2d", {"output_size": 1}),
        ("BatchNorm2d", {"affine": 1}),
        ("Subsample2d", {"padding": 1}),
        ("Subsample2d", {"bias": "per unit"}),
    ],
)
def test_what_a_layer_may_not_say(kind: str, fields: dict[str, Any]) -> None:
    layer(kind, **LEAST.get(kind, {}))
    with pytest.raises(ValidationError):
        layer(kind, **{**LEAST.get(kind, {}), **fields})


@pytest.mark.parametrize(
    ("size", "fits"), [(226, False), (227, True), (228, False), (229, False), (230, False), (231, True)]
)
def test_exact_division(size: int, fits: bool) -> None:
    assert Axis(kernel=11, stride=4, dilation=1, before=0, after=0).fits(size) is fits
    assert Axis(kernel=11, stride=4, dilation=1, before=2, after=2).fits(size - 4) is fits
    assert not Axis(kernel=11, stride=4, dilation=1, before=1, after=2).fits(size - 3)
