"""Convolutions: with groups, with a connection table, and transposed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from math import gcd
from typing import Annotated, Any, ClassVar, Literal

from pydantic import BeforeValidator, Field, WithJsonSchema, model_validator

from .base import (
    FLOOR,
    MOST,
    SIDES,
    Axis,
    Conventions,
    Count,
    Init,
    Padding,
    Reach,
    SameOrPadding,
    Shape,
    Size,
    misfits,
    show_pair,
    sliding_reach,
    windows,
)
from .weighted import Bias, Weighted

MOST_PAIRS = 100_000  # of maps in a connection table


def _table(given: object) -> object:
    if not isinstance(given, list | tuple) or not given:
        raise ValueError("must be a list with the input maps of each output map, counted from 0")
    rows = [row if isinstance(row, list | tuple) else [row] for row in given]
    for row in rows:
        if not row or not all(isinstance(n, int) and not isinstance(n, bool) and 0 <= n < MOST for n in row):
            raise ValueError("must be lists of input maps, counted from 0, none of them empty")
        if len(set(row)) < len(row):
            raise ValueError(f"must name each input map once, which {list(row)} does not")
    if sum(map(len, rows)) > MOST_PAIRS:
        raise ValueError(f"must have at most {MOST_PAIRS:,} pairs of maps")
    return tuple(tuple(row) for row in rows)


_ROW_SCHEMA = {"type": "array", "items": {"type": "integer", "minimum": 0}, "minItems": 1}
ConnectionTable = Annotated[
    tuple[tuple[int, ...], ...],
    BeforeValidator(_table),
    WithJsonSchema({"type": "array", "items": _ROW_SCHEMA, "minItems": 1}),
]


class Conv2d(Weighted):
    """Convolution. Weights: Krizhevsky 2012, section 3.5; connections, connection table: LeCun 1998, section II.B."""

    type: Literal["Conv2d"] = "Conv2d"
    out_channels: Count
    kernel_size: Size
    stride: Size = (1, 1)
    padding: SameOrPadding = (0, 0)
    dilation: Size = (1, 1)
    groups: Count = 1
    bias: Bias = True
    connection_table: ConnectionTable | None = Field(
        None, description="Which input maps, counted from 0, each output map sees; by default all"
    )
    init: Init | None = None

    fully_connected: ClassVar[str | None] = "in_channels * in_height * in_width"

    @model_validator(mode="after")
    def _table_fits(self) -> Conv2d:
        if self.connection_table is not None:
            if self.groups != 1:
                raise ValueError("connection_table and groups exclude each other")
            if len(self.connection_table) != self.out_channels:
                rows = len(self.connection_table)
                raise ValueError(
                    f"connection_table has {rows} row{'' if rows == 1 else 's'}, one for each output map, "
                    f"but out_channels is {self.out_channels}"
                )
        return self

    def axes(self) -> tuple[Axis, ...]:
        found = []
        for i in (0, 1):
            kernel, dilation = self.kernel_size[i], self.dilation[i]
            if self.padding == "same":  # torch puts the odd one behind
                whole = dilation * (kernel - 1)
                before, after = whole // 2, whole - whole // 2
            else:
                before = after = self.padding[i]
            found.append(Axis(kernel=kernel, stride=self.stride[i], dilation=dilation, before=before, after=after))
        return tuple(found)

    def _weights(self) -> str:
        if self.connection_table is not None:
            return "kernel_height * kernel_width * table_pairs"
        return "kernel_height * kernel_width * (in_channels // groups) * out_channels"

    def _biases(self) -> str:
        return {True: "out_channels", False: "0", "per unit": "neurons"}[self.bias]

    def _own_formulas(self, conventions: Conventions) -> Mapping[str, str]:
        # taps of the windows, maps that all output maps see together, and the units of one map
        taps, seen, units = "kernel_height * kernel_width", "(in_channels // groups) * out_channels", ""
        found = {"fan_in": f"{taps} * (in_channels // groups)", "macs": "fan_in * neurons"}
        if self.connection_table is not None:
            seen, units = "table_pairs", "out_height * out_width"
            found = {"fan_in": f"{taps} * table_widest", "macs": f"{taps} * table_pairs * {units}"}
        if self.padding != "same":
            found |= {f"out_{axis}": FLOOR.format(axis) for axis in SIDES}
        biases = self.bias is not False and conventions.bias == "counted"
        if conventions.padding == "not counted":
            for axis, side in zip(self.axes(), SIDES, strict=True):
                found[f"taps_{side}"] = axis.taps(side)
            connections = f"taps_height * taps_width * {seen}"
        elif self.connection_table is not None:
            connections = f"{taps} * {seen} * {units}"
        else:
            connections = f"{taps} * (in_channels // groups) * neurons"
            if biases:
                return found | {"connections": f"({taps} * (in_channels // groups) + 1) * neurons"}
        return found | {"connections": f"{connections} + neurons" if biases else connections}

    def reach(self, axis: str) -> Reach | None:
        return sliding_reach(axis)

    def unlike(self, shape: Shape, inputs: bool) -> bool:  # noqa: ARG002
        return inputs and (self.groups > 1 or self.connection_table is not None)

    def leaves_out(self, channels: int) -> bool:
        table = self.connection_table
        return table is not None and len({each for row in table for each in row}) < channels

    def mistakes(self, shapes: Sequence[Shape]) -> Iterator[str]:
        channels = shapes[0][0]
        if channels % self.groups or self.out_channels % self.groups:
            yield (f"groups: {self.groups} must divide the {channels} input and {self.out_channels} output channels")
        for row in self.connection_table or ():
            if max(row) >= channels:
                yield f"connection_table names map {max(row)}, but the input has the maps 0 to {channels - 1}"
                break
        for stride, side in zip(self.stride, SIDES, strict=True):
            if self.padding == "same" and stride != 1:
                yield f"padding: same needs stride 1 (PyTorch), here the {side}'s is {stride}"
        yield from misfits(self.axes(), shapes[0])

    def settings(self) -> Mapping[str, int]:
        found = {"out_channels": self.out_channels, "groups": self.groups, **windows(self.axes())}
        if self.connection_table is not None:
            found["table_pairs"] = sum(map(len, self.connection_table))
            found["table_widest"] = max(map(len, self.connection_table))
        return found

    def shown(self) -> Mapping[str, str | int]:
        return {
            "kernel_size": show_pair(self.kernel_size),
            "stride": show_pair(self.stride),
            "padding": self.padding if self.padding == "same" else show_pair(self.padding),
            "dilation": show_pair(self.dilation),
            "groups": self.groups,
            "out_channels": self.out_channels,
        }

    def remarks(self) -> Iterator[str]:
        yield from super().remarks()
        if self.connection_table is not None:
            yield f"{sum(map(len, self.connection_table))} pairs of maps"

    def module(self, nn: Any, shape: Shape, out: Shape) -> Any:
        settings: dict[str, Any] = {"stride": self.stride, "padding": self.padding, "dilation": self.dilation}
        if self.connection_table is None and self.bias != "per unit":
            plain = {**settings, "groups": self.groups, "bias": self.bias}
            return nn.Conv2d(shape[0], self.out_channels, self.kernel_size, **plain)
        from ..modules import TableConv2d

        return TableConv2d(
            shape[0],
            self.out_channels,
            self.kernel_size,
            **settings,
            groups=self.groups,
            table=self.connection_table,
            bias=out if self.bias == "per unit" else self.bias,
        )


class ConvTranspose2d(Weighted):
    """Transposed convolution: each input pixel is spread over a window of the output (Dumoulin, Visin 2016, section 4).

    A connection is a pair of input and output unit with a weight between them. ``padding`` cuts off that much of the
    output's border; what would have fallen there is counted where padding is.
    """

    type: Literal["ConvTranspose2d"] = "ConvTranspose2d"
    out_channels: Count
    kernel_size: Size
    stride: Size = (1, 1)
    padding: Padding = (0, 0)
    output_padding: Padding = (0, 0)
    groups: Count = 1
    bias: bool = True
    dilation: Size = (1, 1)
    init: Init | None = None

    fully_connected: ClassVar[str | None] = "in_channels * in_height * in_width"

    def _axes(self) -> tuple[Axis, ...]:
        """The windows that slide over the output, one for each input."""
        return tuple(
            Axis(
                kernel=self.kernel_size[i],
                stride=self.stride[i],
                dilation=self.dilation[i],
                before=self.padding[i],
                after=self.padding[i] - self.output_padding[i],
            )
            for i in (0, 1)
        )

    def _weights(self) -> str:
        return "kernel_height * kernel_width * (in_channels // groups) * out_channels"

    def _biases(self) -> str:
        return "out_channels" if self.bias else "0"

    def _own_formulas(self, conventions: Conventions) -> Mapping[str, str]:
        maps = "(in_channels // groups) * out_channels"
        # of the taps of a window, every so many-th falls on the same output
        found = {
            f"out_{side}": f"(in_{side} - 1)*stride_{side} - 2*padding_{side} + dilation_{side}*(kernel_{side} - 1)"
            f" + output_padding_{side} + 1"
            for side in SIDES
        }
        found["fan_in"] = " * ".join(self._most_taps(i) for i in (0, 1)) + " * (in_channels // groups)"
        found["macs"] = f"kernel_height * kernel_width * in_height * in_width * {maps}"
        connections = found["macs"]
        if conventions.padding == "not counted":
            for axis, side in zip(self._axes(), SIDES, strict=True):
                found[f"taps_{side}"] = axis.taps(side, windows="in", pixels="out")
            connections = f"taps_height * taps_width * {maps}"
        biases = self.bias and conventions.bias == "counted"
        return found | {"connections": f"{connections} + neurons" if biases else connections}

    def _most_taps(self, i: int) -> str:
        """Taps that fall on one and the same output, at most: every so many-th of a window, each from another input."""
        side, common = SIDES[i], gcd(self.stride[i], self.dilation[i])
        apart = f" // {common}" if common > 1 else ""
        return f"min(ceil_div(kernel_{side}, stride_{side}{apart}), ceil_div(in_{side}, dilation_{side}{apart}))"

    def reach(self, axis: str) -> Reach | None:
        i = SIDES.index(axis)
        if self.stride[i] > 1 and (self.dilation[i] > 1 or self.kernel_size[i] < self.stride[i]):
            return None  # between the taps are outputs that see nothing, or inputs that are not seen
        extent = f"dilation_{axis} * (kernel_{axis} - 1)"
        return Reach(
            size=f"in_receptive_field + ({extent} + 1 - stride_{axis}) * in_jump / stride_{axis}",
            jump=f"in_jump / stride_{axis}",
            start=f"in_start + (2*padding_{axis} - 2*{extent} + stride_{axis} - 1) * in_jump / (2*stride_{axis})",
        )

    def reads(self, axis: str, unit: int, size: int, out: int) -> range:  # noqa: ARG002
        i = SIDES.index(axis)
        stride, dilation, at = self.stride[i], self.dilation[i], unit + self.padding[i]
        # of the windows' taps, which lie ``dilation`` apart, every so many-th falls on the unit
        every = stride // gcd(stride, dilation)
        taps = [tap for tap in range(min(every, self.kernel_size[i])) if (at - tap * dilation) % stride == 0]
        if not taps:
            return range(0)
        most = taps[0] + (self.kernel_size[i] - 1 - taps[0]) // every * every
        apart = every * dilation // stride
        return range((at - most * dilation) // stride, (at - taps[0] * dilation) // stride + 1, apart)

    def step(self, axis: str, size: int, out: int) -> Fraction:  # noqa: ARG002
        return Fraction(1, self.stride[SIDES.index(axis)])

    def unlike(self, shape: Shape, inputs: bool) -> bool:  # noqa: ARG002
        return inputs and self.groups > 1

    def mistakes(self, shapes: Sequence[Shape]) -> Iterator[str]:
        channels = shapes[0][0]
        if channels % self.groups or self.out_channels % self.groups:
            yield (f"groups: {self.groups} must divide the {channels} input and {self.out_channels} output channels")
        for i, side in enumerate(SIDES):
            limit = max(self.stride[i], self.dilation[i])
            if self.output_padding[i] >= limit:
                yield (
                    f"output_padding {self.output_padding[i]} of the {side} must be less than its stride or its "
                    f"dilation, {limit} (PyTorch)"
                )

    def settings(self) -> Mapping[str, int]:
        return {
            "out_channels": self.out_channels,
            "groups": self.groups,
            **windows(self._axes()),
            **{f"output_padding_{side}": n for side, n in zip(SIDES, self.output_padding, strict=True)},
        }

    def shown(self) -> Mapping[str, str | int]:
        return {
            "kernel_size": show_pair(self.kernel_size),
            "stride": show_pair(self.stride),
            "padding": show_pair(self.padding),
            "dilation": show_pair(self.dilation),
            "groups": self.groups,
            "out_channels": self.out_channels,
        }

    def remarks(self) -> Iterator[str]:
        yield from super().remarks()
        if self.output_padding != (0, 0):
            yield f"output_padding {show_pair(self.output_padding)}"

    def module(self, nn: Any, shape: Shape, out: Shape) -> Any:  # noqa: ARG002
        return nn.ConvTranspose2d(
            shape[0],
            self.out_channels,
            self.kernel_size,
            stride=self.stride,
            padding=self.padding,
            output_padding=self.output_padding,
            groups=self.groups,
            bias=self.bias,
            dilation=self.dilation,
        )
