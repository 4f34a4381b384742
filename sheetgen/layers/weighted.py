"""Layers with weights: what they have in common, fully connected layers, batch normalisation, trainable subsampling."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any, ClassVar, Literal

from pydantic import BeforeValidator, Field

from .base import (
    FLOOR,
    SIDES,
    Axis,
    Conventions,
    Count,
    Init,
    Layer,
    Reach,
    Shape,
    Size,
    misfits,
    show_pair,
    sliding_reach,
    whole_reach,
    windows,
)


class Weighted(Layer):
    """A layer with parameters: ``_weights`` and ``_biases`` say how many there are, its fields what becomes of them."""

    trainable: bool = Field(True, description="false: fixed weights, which are no parameters to train")
    weights_of: str | None = Field(
        None, description="Name of a layer of the same kind whose weights this one uses again; they count there only"
    )

    trains: ClassVar[bool] = True
    fully_connected: ClassVar[str | None] = None  # one unit's weights, if it saw all of the input

    def _weights(self) -> str:
        raise NotImplementedError

    def _biases(self) -> str:
        return "0"

    def formulas(self, conventions: Conventions) -> Mapping[str, str]:
        found = dict(super().formulas(conventions))
        weights, biases = self._weights(), self._biases()
        if self.fully_connected is not None:
            bias = " + 1" if biases != "0" else ""
            found["fully_connected_parameters"] = (
                f"({self.fully_connected}{bias}) * neurons" if bias else f"{self.fully_connected} * neurons"
            )
        if self.weights_of is None and self.trainable:
            found |= {"weights": weights, "biases": biases}
            if self.fully_connected is not None:
                found["fully_connected_ratio"] = "fully_connected_parameters / parameters"
        elif self.weights_of is None:
            found["fixed_parameters"] = weights if biases == "0" else f"{weights} + {biases}"
        for setting in self.settings():
            found.pop(setting, None)  # what the YAML gives, no formula does
        return found

    def remarks(self) -> Iterator[str]:
        bias = getattr(self, "bias", True)
        if bias is False:
            yield "no bias"
        if bias == "per unit":
            yield "a bias for each unit"
        if not self.trainable:
            yield "fixed weights"
        if self.weights_of is not None:
            yield f"weights of {self.weights_of}"


def _bias(given: object) -> object:
    if not isinstance(given, bool) and given != "per unit":
        raise ValueError("must be true, false or per unit")
    return given


Bias = Annotated[
    bool | Literal["per unit"],
    BeforeValidator(_bias),
    Field(description="true: one for each output channel; per unit: one for each output unit; false: none"),
]


class Linear(Weighted):
    """Fully connected: flattens its input first, so that every unit sees every input."""

    type: Literal["Linear"] = "Linear"
    out_features: Count
    bias: bool = True
    init: Init | None = None

    whole: ClassVar[bool] = True
    fully_connected: ClassVar[str | None] = "in_channels * in_height * in_width"

    def _weights(self) -> str:
        return "in_channels * in_height * in_width * out_channels"

    def _biases(self) -> str:
        return "out_channels" if self.bias else "0"

    def _own_formulas(self, conventions: Conventions) -> Mapping[str, str]:
        fan_in = "in_channels * in_height * in_width"
        biases = self.bias and conventions.bias == "counted"
        return {
            "out_height": "1",
            "out_width": "1",
            "output_size": "out_channels",
            "fan_in": fan_in,
            "macs": "fan_in * neurons",
            "connections": f"({fan_in} + 1) * neurons" if biases else f"{fan_in} * neurons",
        }

    def reach(self, axis: str) -> Reach | None:
        return whole_reach(axis)

    def unlike(self, shape: Shape, inputs: bool) -> bool:  # noqa: ARG002
        return False

    def settings(self) -> Mapping[str, int]:
        return {"out_channels": self.out_features}

    def shown(self) -> Mapping[str, str | int]:
        return {"out_channels": self.out_features}

    def module(self, nn: Any, shape: Shape, out: Shape) -> Any:  # noqa: ARG002
        linear = nn.Linear(shape[0] * shape[1] * shape[2], self.out_features, bias=self.bias)
        return nn.Sequential(nn.Flatten(), linear, nn.Unflatten(1, (self.out_features, 1, 1)))


class Subsample2d(Weighted):
    """Sum of a window, times one coefficient, plus one bias, per map (LeCun 1998, section II.B, layers S2 and S4)."""

    type: Literal["Subsample2d"] = "Subsample2d"
    kernel_size: Size
    stride: Size | None = Field(None, description="By default the kernel size")
    bias: bool = True
    init: Init | None = None

    def axes(self) -> tuple[Axis, ...]:
        stride = self.stride or self.kernel_size
        return tuple(Axis(kernel=self.kernel_size[i], stride=stride[i], dilation=1, before=0, after=0) for i in (0, 1))

    def _weights(self) -> str:
        return "out_channels"

    def _biases(self) -> str:
        return "out_channels" if self.bias else "0"

    def _own_formulas(self, conventions: Conventions) -> Mapping[str, str]:
        taps = "kernel_height * kernel_width"
        biases = self.bias and conventions.bias == "counted"
        return {
            **{f"out_{axis}": FLOOR.format(axis) for axis in SIDES},
            "fan_in": taps,
            "macs": "fan_in * neurons",
            "connections": f"({taps} + 1) * neurons" if biases else f"{taps} * neurons",
        }

    def reach(self, axis: str) -> Reach | None:
        return sliding_reach(axis)

    def mistakes(self, shapes: Sequence[Shape]) -> Iterator[str]:
        yield from misfits(self.axes(), shapes[0])

    def settings(self) -> Mapping[str, int]:
        return windows(self.axes())

    def shown(self) -> Mapping[str, str | int]:
        return {"kernel_size": show_pair(self.kernel_size), "stride": show_pair(self.stride or self.kernel_size)}

    def module(self, nn: Any, shape: Shape, out: Shape) -> Any:  # noqa: ARG002
        from ..modules import Subsample2d as Module

        return Module(shape[0], self.kernel_size, self.stride or self.kernel_size, bias=self.bias)


class BatchNorm2d(Weighted):
    """Ioffe, Szegedy 2015: a scale and a shift per channel. Its running mean and variance are no parameters.

    It has no connections, by convention: in use it is one multiplication and one addition, which the layer before it
    can do.
    """

    type: Literal["BatchNorm2d"] = "BatchNorm2d"
    affine: bool = Field(True, description="Has it a scale and a shift to train?")

    def _weights(self) -> str:
        return "in_channels" if self.affine else "0"

    def _biases(self) -> str:
        return "in_channels" if self.affine else "0"

    def _own_formulas(self, conventions: Conventions) -> Mapping[str, str]:  # noqa: ARG002
        return {"running_statistics": "2 * in_channels" if self.weights_of is None else "0"}

    def remarks(self) -> Iterator[str]:
        yield from super().remarks()
        if not self.affine:
            yield "not affine"

    def module(self, nn: Any, shape: Shape, out: Shape) -> Any:  # noqa: ARG002
        return nn.BatchNorm2d(shape[0], affine=self.affine)
