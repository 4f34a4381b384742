"""Layers that pool, and that scale up: windows without weights."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from typing import Any, ClassVar, Literal

from pydantic import Field

from .base import (
    CEIL,
    FLOOR,
    SIDES,
    Axis,
    Conventions,
    Layer,
    Padding,
    Pair,
    Reach,
    Shape,
    Size,
    misfits,
    show_pair,
    sliding_reach,
    whole_reach,
    windows,
)


class _Pool2d(Layer):
    """A unit of a pooling layer has one window of one channel as its inputs, and no bias."""

    kernel_size: Size
    stride: Size | None = Field(None, description="By default the kernel size")
    padding: Padding = (0, 0)
    ceil_mode: bool = Field(False, description="Round the output size up instead of down")

    def _dilation(self) -> Pair:
        return (1, 1)

    def axes(self) -> tuple[Axis, ...]:
        stride, dilation = self.stride or self.kernel_size, self._dilation()
        return tuple(
            Axis(
                kernel=self.kernel_size[i],
                stride=stride[i],
                dilation=dilation[i],
                before=self.padding[i],
                after=self.padding[i],
                ceil=self.ceil_mode,
            )
            for i in (0, 1)
        )

    def _own_formulas(self, conventions: Conventions) -> Mapping[str, str]:
        size = CEIL if self.ceil_mode else FLOOR
        found = {f"out_{axis}": size.format(axis) for axis in SIDES}
        found["fan_in"] = "kernel_height * kernel_width"
        if conventions.pooling == "counted":
            found["connections"] = "kernel_height * kernel_width * neurons"
            if conventions.padding == "not counted":
                for axis, side in zip(self.axes(), SIDES, strict=True):
                    found[f"taps_{side}"] = axis.taps(side)
                found["connections"] = "taps_height * taps_width * out_channels"
        return found

    def reach(self, axis: str) -> Reach | None:
        return sliding_reach(axis)

    def mistakes(self, shapes: Sequence[Shape]) -> Iterator[str]:
        for axis, line in zip(self.axes(), ("row", "column"), strict=True):
            if 2 * axis.before > axis.kernel:
                yield f"padding {axis.before} may be at most half of the kernel ({axis.kernel} {line}s, PyTorch)"
        yield from misfits(self.axes(), shapes[0])

    def settings(self) -> Mapping[str, int]:
        return windows(self.axes())

    def shown(self) -> Mapping[str, str | int]:
        return {
            "kernel_size": show_pair(self.kernel_size),
            "stride": show_pair(self.stride or self.kernel_size),
            "padding": show_pair(self.padding),
            "dilation": show_pair(self._dilation()),
        }

    def remarks(self) -> Iterator[str]:
        if self.ceil_mode:
            yield "ceil_mode"


class MaxPool2d(_Pool2d):
    """Maximum of a window, channel by channel."""

    type: Literal["MaxPool2d"] = "MaxPool2d"
    dilation: Size = (1, 1)

    def _dilation(self) -> Pair:
        return self.dilation

    def module(self, nn: Any, shape: Shape, out: Shape) -> Any:  # noqa: ARG002
        return nn.MaxPool2d(
            self.kernel_size, self.stride, padding=self.padding, dilation=self.dilation, ceil_mode=self.ceil_mode
        )


class AvgPool2d(_Pool2d):
    """Mean of a window, channel by channel."""

    type: Literal["AvgPool2d"] = "AvgPool2d"
    count_include_pad: bool = Field(True, description="Does the mean divide by the padding's pixels too?")

    def module(self, nn: Any, shape: Shape, out: Shape) -> Any:  # noqa: ARG002
        return nn.AvgPool2d(
            self.kernel_size,
            self.stride,
            padding=self.padding,
            ceil_mode=self.ceil_mode,
            count_include_pad=self.count_include_pad,
        )


class AdaptiveAvgPool2d(Layer):
    """Mean of windows that are laid so that the output has a size given beforehand.

    PyTorch's window of output o is the pixels from floor(o*in/out) to ceil((o+1)*in/out) - 1. All windows together
    have in + out - gcd(in, out) pixels along an axis: neighbours share one wherever a border falls into a pixel.
    """

    type: Literal["AdaptiveAvgPool2d"] = "AdaptiveAvgPool2d"
    output_size: Size

    def _own_formulas(self, conventions: Conventions) -> Mapping[str, str]:
        # the widest window: a fraction of a pixel more at either end makes a pixel of each
        widest = "(in_{0} // out_{0} + min(2, in_{0} % out_{0} // gcd(in_{0}, out_{0})))"
        found = {"fan_in": " * ".join(widest.format(side) for side in SIDES)}
        found |= {f"out_{side}": str(size) for side, size in zip(SIDES, self.output_size, strict=True)}
        if conventions.pooling == "counted":
            found |= {f"taps_{side}": f"in_{side} + out_{side} - gcd(in_{side}, out_{side})" for side in SIDES}
            found["connections"] = "taps_height * taps_width * out_channels"
        return found

    def reach(self, axis: str) -> Reach | None:
        common = f"gcd(in_{axis}, out_{axis})"
        return Reach(
            size=f"in_receptive_field + (in_{axis} - {common}) * in_jump / out_{axis}",
            jump=f"in_jump * in_{axis} / out_{axis}",
            start=f"in_start - (out_{axis} - {common}) * in_jump / (2*out_{axis})",
        )

    def reads(self, axis: str, unit: int, size: int, out: int) -> range:  # noqa: ARG002
        return range(unit * size // out, -(-(unit + 1) * size // out))

    def step(self, axis: str, size: int, out: int) -> Fraction:  # noqa: ARG002
        return Fraction(size, out)

    def remarks(self) -> Iterator[str]:
        yield f"output {self.output_size[0]} × {self.output_size[1]}"

    def module(self, nn: Any, shape: Shape, out: Shape) -> Any:  # noqa: ARG002
        return nn.AdaptiveAvgPool2d(self.output_size)


class GlobalAvgPool2d(Layer):
    """Mean of each channel (Lin, Chen, Yan 2014, section 3.2): AdaptiveAvgPool2d with the output 1 × 1."""

    type: Literal["GlobalAvgPool2d"] = "GlobalAvgPool2d"
    whole: ClassVar[bool] = True

    FORMULAS: ClassVar[Mapping[str, str]] = {
        **Layer.FORMULAS,
        "out_height": "1",
        "out_width": "1",
        "fan_in": "in_height * in_width",
    }

    def _own_formulas(self, conventions: Conventions) -> Mapping[str, str]:
        return {"connections": "in_height * in_width * neurons"} if conventions.pooling == "counted" else {}

    def reach(self, axis: str) -> Reach | None:
        return whole_reach(axis)

    def module(self, nn: Any, shape: Shape, out: Shape) -> Any:  # noqa: ARG002
        return nn.AdaptiveAvgPool2d(1)


class Upsample(Layer):
    """Each pixel repeated (nearest), or interpolated between neighbours (bilinear); no connections, by convention."""

    type: Literal["Upsample"] = "Upsample"
    scale_factor: Size
    mode: Literal["nearest", "bilinear"] = "nearest"

    FORMULAS: ClassVar[Mapping[str, str]] = {
        **Layer.FORMULAS,
        "out_height": "in_height * scale_height",
        "out_width": "in_width * scale_width",
    }

    def reach(self, axis: str) -> Reach | None:
        scale = f"scale_{axis}"
        if self.mode == "nearest":
            size, start = "in_receptive_field", f"in_start - ({scale} - 1) * in_jump / (2*{scale})"
        elif self.scale_factor[SIDES.index(axis)] % 2:
            # the middle one of an odd number of outputs falls on a pixel and sees no other
            size, start = (
                f"in_receptive_field + ({scale} - 1) * in_jump / {scale}",
                f"in_start - ({scale} - 1) * in_jump / {scale}",
            )
        else:
            size, start = "in_receptive_field + in_jump", f"in_start - (2*{scale} - 1) * in_jump / (2*{scale})"
        return Reach(size=size, jump=f"in_jump / {scale}", start=start)

    def reads(self, axis: str, unit: int, size: int, out: int) -> range:  # noqa: ARG002
        scale = self.scale_factor[SIDES.index(axis)]
        if self.mode == "nearest":
            return range(unit // scale, unit // scale + 1)
        # between the two pixels around (unit + 1/2) / scale - 1/2, or on one of them
        below, above = (2 * unit + 1 - scale) // (2 * scale), -(-(2 * unit + 1 - scale) // (2 * scale))
        return range(below, above + 1)

    def step(self, axis: str, size: int, out: int) -> Fraction:  # noqa: ARG002
        return Fraction(1, self.scale_factor[SIDES.index(axis)])

    def settings(self) -> Mapping[str, int]:
        return {f"scale_{side}": size for side, size in zip(SIDES, self.scale_factor, strict=True)}

    def remarks(self) -> Iterator[str]:
        yield f"{show_pair(self.scale_factor)}-fold, {self.mode}"

    def module(self, nn: Any, shape: Shape, out: Shape) -> Any:  # noqa: ARG002
        return nn.Upsample(scale_factor=tuple(map(float, self.scale_factor)), mode=self.mode)
