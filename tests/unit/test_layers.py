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
from sheetgen.quantities import QUANTITIES
from sheetgen.table import Table, compute

EVERY = [
    Conventions.model_validate({"bias": bias, "padding": padding, "pooling": pooling})
    for bias, padding, pooling in itertools.product(("counted", "not counted"), repeat=3)
]
LEAST: dict[str, dict[str, Any]] = {
    "Conv2d": {"out_channels": 4, "kernel_size": 3},
    "MaxPool2d": {"kernel_size": 2},
    "AvgPool2d": {"kernel_size": 2},
    "Linear": {"out_features": 5},
    "LocalResponseNorm": {"size": 5},
}


def layer(kind: str, **fields: Any) -> Layer:
    return KINDS[kind].model_validate({"type": kind, **fields})


def table_of(kind: str, shape: tuple[int, int, int], said: Conventions | None = None, **fields: Any) -> Table:
    return compute(Network("one", shape, (NamedLayer("it", layer(kind, **fields), ("input",)),)), said)


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
    assert table.rows[0].input == shape
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


def test_conventions_change_nothing_but_connections() -> None:
    for kind in KINDS:
        tables = [table_of(kind, (2, 5, 7), said, **LEAST.get(kind, {})) for said in EVERY]
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
@settings(max_examples=200, deadline=None)
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
    assert _count(size, axis) == (size, int(table.value("it.connections") ** 0.5))
    assert table.value("it.out_height") == size


@given(
    size=st.integers(1, 30),
    kernel=st.integers(1, 7),
    stride=st.integers(1, 7),
    dilation=st.integers(1, 3),
    padding=st.integers(0, 3),
    ceil=st.booleans(),
)
@settings(max_examples=200, deadline=None)
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


@pytest.mark.parametrize("kind", KINDS)
def test_every_formula_reads_and_every_name_in_it_is_known(kind: str) -> None:
    it = layer(kind, **LEAST.get(kind, {}))
    for said in EVERY:
        formulas = it.formulas(said)
        known = {*formulas, *it.settings(), "in_channels", "in_height", "in_width"}
        for name, formula in formulas.items():
            tree = expr.parse(formula)
            assert expr.parse(expr.text(tree)) is not None
            assert set(expr.symbols(tree)) <= known, (kind, name)
        assert set(QUANTITIES) <= known
        assert not set(formulas) & set(it.settings())


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_is_frozen_and_says_what_it_is(kind: str) -> None:
    it = layer(kind, **LEAST.get(kind, {}), activation="Tanh")
    assert it.describe() == f"{kind} + Tanh"
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
