"""Every layer kind, whole: what its YAML may say, the formulas of its quantities, its PyTorch module.

A new kind is one class here, listed in KINDS. A quantity's formula is text in the notation of ``expr.py`` over

- the kind's own settings (``kernel_height``, ``groups``, ``out_channels`` of a convolution ...),
- the shape of the input (``in_channels``, ``in_height``, ``in_width``),
- other quantities of the same layer (``neurons``, ``weights`` ...).

Nothing here computes a number, knows a cell, or imports torch: ``torch.nn`` is handed to ``module``.
Names and defaults are those of ``torch.nn``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Annotated, Any, ClassVar, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema


class Strict(BaseModel):
    """Frozen; a key that is not a field is a mistake; nothing is converted silently (``"3"`` is not 3)."""

    # built when first used: a coursework uses a few of the kinds
    model_config = ConfigDict(
        frozen=True, extra="forbid", strict=True, populate_by_name=True, allow_inf_nan=False, defer_build=True
    )


class Conventions(Strict):
    """What a connection is. The defaults are LeCun's (1998): every input of every unit, its bias included."""

    bias: Literal["counted", "not counted"] = Field(
        "counted", description="Does the bias of a unit count as one of its connections?"
    )
    padding: Literal["counted", "not counted"] = Field(
        "counted", description="Do the inputs of a unit that fall on zero padding count as connections?"
    )
    pooling: Literal["counted", "not counted"] = Field(
        "counted", description="Do the inputs of a pooling unit count as connections?"
    )


# --- values a YAML may hold -----------------------------------------------------------------------------------------

Pair = tuple[int, int]
_INT_OR_PAIR = "a whole number or [height, width]"
MOST = 10_000_000  # of a size or a number of channels: a slip of the keyboard, and every product stays computable


def _pair(least: int) -> Any:
    def check(given: object) -> Pair:
        both = given if isinstance(given, list | tuple) else (given, given)
        if len(both) != 2 or not all(isinstance(n, int) and not isinstance(n, bool) for n in both):
            raise ValueError(f"must be {_INT_OR_PAIR}")
        if min(both) < least:
            raise ValueError(f"must be at least {least}")
        if max(both) > MOST:
            raise ValueError(f"must be at most {MOST:,}")
        return (both[0], both[1])

    return check


def _pair_schema(least: int) -> WithJsonSchema:
    number = {"type": "integer", "minimum": least, "maximum": MOST}
    return WithJsonSchema({"anyOf": [number, {"type": "array", "items": number, "minItems": 2, "maxItems": 2}]})


Size = Annotated[Pair, BeforeValidator(_pair(1)), _pair_schema(1)]
Padding = Annotated[Pair, BeforeValidator(_pair(0)), _pair_schema(0)]


def _same_or_pair(given: object) -> object:
    if isinstance(given, str):
        if given != "same":
            raise ValueError(f"must be {_INT_OR_PAIR}, or the word same")
        return given
    return _pair(0)(given)


SameOrPadding = Annotated[
    Literal["same"] | Pair,
    BeforeValidator(_same_or_pair),
    WithJsonSchema({"anyOf": [{"const": "same"}, *(_pair_schema(0).json_schema or {})["anyOf"]]}),
]
Count = Annotated[int, Field(ge=1, le=MOST)]


class Init(Strict):
    """Weights drawn from a Gaussian, biases constant (torch.nn.init.normal_ and constant_)."""

    mean: float = Field(0.0, description="Mean of the Gaussian that the weights are drawn from")
    std: float = Field(gt=0, description="Standard deviation of that Gaussian")
    bias: float = Field(0.0, description="The constant that every bias starts from")


# --- the kinds ------------------------------------------------------------------------------------------------------


class Layer(Strict):
    """What all kinds share. By default a layer changes no shape and has no parameters and no connections."""

    type: str
    from_: str | None = Field(None, alias="from", description="Name of the layer whose output is the input of this one")
    activation: Literal["ReLU", "Tanh", "Sigmoid", "Softmax"] | None = Field(
        None, description="A function after the layer, without a row of its own in the table"
    )

    # quantity -> formula; a kind overrides what differs
    FORMULAS: ClassVar[Mapping[str, str]] = {
        "out_channels": "in_channels",
        "out_height": "in_height",
        "out_width": "in_width",
        "neurons": "out_channels * out_height * out_width",
        "weights": "0",
        "biases": "0",
        "parameters": "weights + biases",
        "connections": "0",
    }
    trains: ClassVar[bool] = False  # has weights

    def formulas(self, conventions: Conventions) -> Mapping[str, str]:  # noqa: ARG002
        """Quantity -> formula text, for this layer's settings and these conventions."""
        return self.FORMULAS

    def settings(self) -> Mapping[str, int]:
        """The numbers of the YAML under the names that the formulas use."""
        return {}

    def shown(self) -> Mapping[str, str | int]:
        """What a sheet's given columns (kernel_size, stride, padding ...) show for this layer."""
        return {}

    def describe(self) -> str:
        """The kind in the words of a table, with what no column shows: ``Conv2d (no bias) + ReLU``."""
        said = [f"from {self.from_}"] if self.from_ else []
        said += ["no bias"] if getattr(self, "bias", True) is False else []
        said += ["ceil_mode"] if getattr(self, "ceil_mode", False) else []
        remarks = f" ({', '.join(said)})" if said else ""
        return self.type + remarks + (f" + {self.activation}" if self.activation else "")

    def module(self, nn: Any, shape: tuple[int, int, int]) -> Any:
        """The ``torch.nn`` module for an input of ``shape`` (channels, height, width), without the activation."""
        raise NotImplementedError(self.type)

    def axes(self) -> tuple[Axis, ...]:
        """The sliding windows of the layer, height then width; none for a layer without windows."""
        return ()


@dataclass(frozen=True, slots=True)
class Axis:
    """A window that slides along one axis; all numbers in pixels."""

    kernel: int
    stride: int
    dilation: int
    before: int  # padding at the near end
    after: int  # and at the far end
    ceil: bool = False

    @property
    def extent(self) -> int:
        """Pixels from the first to the last that one window touches."""
        return self.dilation * (self.kernel - 1) + 1

    def fits(self, size: int) -> bool:
        """Whether the windows cover ``size`` pixels, and as much padding at both ends, to the last one."""
        return self.before == self.after and (size + 2 * self.before - self.extent) % self.stride == 0

    def taps(self, axis: str) -> str:
        """Formula for the inputs that all windows touch along ``axis``, those on padding left out.

        All taps, less those before the first pixel and those behind the last: only the outermost taps of a window can
        fall there, so that there are few terms, one for each.
        """
        out, size, pad = f"out_{axis}", f"in_{axis}", f"padding_{axis}"
        kernel, stride, dilation = f"kernel_{axis}", f"stride_{axis}", f"dilation_{axis}"
        terms = [f"{kernel} * {out}"]
        terms += [
            f"min({out}, ceil_div({pad} - {tap} * {dilation}, {stride}))"
            for tap in range(self.kernel)
            if tap * self.dilation < self.before
        ]
        overhang = self.after + (self.stride - 1 if self.ceil else 0)
        terms += [
            f"max(0, {out} - max(0, ceil_div({size} + {pad} - ({kernel} - {tap + 1}) * {dilation}, {stride})))"
            for tap in range(self.kernel)
            if tap * self.dilation < overhang
        ]
        return " - ".join(terms)


_FLOOR = "(in_{0} + 2*padding_{0} - dilation_{0}*(kernel_{0} - 1) - 1) // stride_{0} + 1"
# PyTorch drops a last window that would start in the far padding; the second term of min says so
_CEIL = (
    "min(ceil_div(in_{0} + 2*padding_{0} - dilation_{0}*(kernel_{0} - 1) - 1, stride_{0}) + 1,"
    " ceil_div(in_{0} + padding_{0}, stride_{0}))"
)


def _windows(axes: tuple[Axis, ...]) -> dict[str, int]:
    return {
        f"{what}_{name}": number
        for name, axis in zip(("height", "width"), axes, strict=True)
        for what, number in (
            ("kernel", axis.kernel),
            ("stride", axis.stride),
            ("dilation", axis.dilation),
            ("padding", axis.before),
        )
    }


def _show_pair(pair: Pair) -> str | int:
    return pair[0] if pair[0] == pair[1] else f"{pair[0]} × {pair[1]}"


class Conv2d(Layer):
    """Convolution. Weights: Krizhevsky 2012, section 3.5; connections: LeCun 1998, section II.B."""

    type: Literal["Conv2d"] = "Conv2d"
    out_channels: Count
    kernel_size: Size
    stride: Size = (1, 1)
    padding: SameOrPadding = (0, 0)
    dilation: Size = (1, 1)
    groups: Count = 1
    bias: bool = True
    init: Init | None = None

    trains: ClassVar[bool] = True

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

    def formulas(self, conventions: Conventions) -> Mapping[str, str]:
        height, width = self.axes()
        fan_in = "kernel_height * kernel_width * (in_channels // groups)"
        biases = self.bias and conventions.bias == "counted"
        found = dict(self.FORMULAS) | {
            "weights": f"{fan_in} * out_channels",
            "biases": "out_channels" if self.bias else "0",
            "connections": f"({fan_in} + 1) * neurons" if biases else f"{fan_in} * neurons",
        }
        del found["out_channels"]  # a setting
        if self.padding != "same":
            found |= {f"out_{axis}": _FLOOR.format(axis) for axis in ("height", "width")}
        if conventions.padding == "not counted":
            found |= {
                "taps_height": height.taps("height"),
                "taps_width": width.taps("width"),
                "connections": "taps_height * taps_width * (in_channels // groups) * out_channels"
                + (" + neurons" if biases else ""),
            }
        return found

    def settings(self) -> Mapping[str, int]:
        return {"out_channels": self.out_channels, "groups": self.groups, **_windows(self.axes())}

    def shown(self) -> Mapping[str, str | int]:
        return {
            "kernel_size": _show_pair(self.kernel_size),
            "stride": _show_pair(self.stride),
            "padding": self.padding if self.padding == "same" else _show_pair(self.padding),
            "dilation": _show_pair(self.dilation),
            "groups": self.groups,
            "out_channels": self.out_channels,
        }

    def module(self, nn: Any, shape: tuple[int, int, int]) -> Any:
        return nn.Conv2d(
            shape[0],
            self.out_channels,
            self.kernel_size,
            stride=self.stride,
            padding=self.padding,
            dilation=self.dilation,
            groups=self.groups,
            bias=self.bias,
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

    def formulas(self, conventions: Conventions) -> Mapping[str, str]:
        size = _CEIL if self.ceil_mode else _FLOOR
        found = dict(self.FORMULAS) | {f"out_{axis}": size.format(axis) for axis in ("height", "width")}
        if conventions.pooling == "counted":
            found["connections"] = "kernel_height * kernel_width * neurons"
            if conventions.padding == "not counted":
                height, width = self.axes()
                found |= {
                    "taps_height": height.taps("height"),
                    "taps_width": width.taps("width"),
                    "connections": "taps_height * taps_width * out_channels",
                }
        return found

    def settings(self) -> Mapping[str, int]:
        return _windows(self.axes())

    def shown(self) -> Mapping[str, str | int]:
        return {
            "kernel_size": _show_pair(self.kernel_size),
            "stride": _show_pair(self.stride or self.kernel_size),
            "padding": _show_pair(self.padding),
            "dilation": _show_pair(self._dilation()),
        }


class MaxPool2d(_Pool2d):
    """Maximum of a window, channel by channel."""

    type: Literal["MaxPool2d"] = "MaxPool2d"
    dilation: Size = (1, 1)

    def _dilation(self) -> Pair:
        return self.dilation

    def module(self, nn: Any, shape: tuple[int, int, int]) -> Any:  # noqa: ARG002
        return nn.MaxPool2d(
            self.kernel_size, self.stride, padding=self.padding, dilation=self.dilation, ceil_mode=self.ceil_mode
        )


class AvgPool2d(_Pool2d):
    """Mean of a window, channel by channel."""

    type: Literal["AvgPool2d"] = "AvgPool2d"
    count_include_pad: bool = Field(True, description="Does the mean divide by the padding's pixels too?")

    def module(self, nn: Any, shape: tuple[int, int, int]) -> Any:  # noqa: ARG002
        return nn.AvgPool2d(
            self.kernel_size,
            self.stride,
            padding=self.padding,
            ceil_mode=self.ceil_mode,
            count_include_pad=self.count_include_pad,
        )


class Linear(Layer):
    """Fully connected: flattens its input first, so that every unit sees every input."""

    type: Literal["Linear"] = "Linear"
    out_features: Count
    bias: bool = True
    init: Init | None = None

    trains: ClassVar[bool] = True

    def formulas(self, conventions: Conventions) -> Mapping[str, str]:
        fan_in = "in_channels * in_height * in_width"
        biases = self.bias and conventions.bias == "counted"
        found = dict(self.FORMULAS) | {
            "out_height": "1",
            "out_width": "1",
            "weights": f"{fan_in} * out_channels",
            "biases": "out_channels" if self.bias else "0",
            "connections": f"({fan_in} + 1) * neurons" if biases else f"{fan_in} * neurons",
        }
        del found["out_channels"]
        return found

    def settings(self) -> Mapping[str, int]:
        return {"out_channels": self.out_features}

    def shown(self) -> Mapping[str, str | int]:
        return {"out_channels": self.out_features}

    def module(self, nn: Any, shape: tuple[int, int, int]) -> Any:
        linear = nn.Linear(shape[0] * shape[1] * shape[2], self.out_features, bias=self.bias)
        return nn.Sequential(nn.Flatten(), linear, nn.Unflatten(1, (self.out_features, 1, 1)))


class Flatten(Layer):
    """All of the input as channels of one pixel."""

    type: Literal["Flatten"] = "Flatten"
    FORMULAS: ClassVar[Mapping[str, str]] = {
        **Layer.FORMULAS,
        "out_channels": "in_channels * in_height * in_width",
        "out_height": "1",
        "out_width": "1",
    }

    def module(self, nn: Any, shape: tuple[int, int, int]) -> Any:
        return nn.Sequential(nn.Flatten(), nn.Unflatten(1, (shape[0] * shape[1] * shape[2], 1, 1)))


class LocalResponseNorm(Layer):
    """Krizhevsky 2012, section 3.3. Changes no shape; its inputs are not counted as connections."""

    type: Literal["LocalResponseNorm"] = "LocalResponseNorm"
    size: Count
    alpha: float = 1e-4
    beta: float = 0.75
    k: float = 1.0

    def module(self, nn: Any, shape: tuple[int, int, int]) -> Any:  # noqa: ARG002
        return nn.LocalResponseNorm(self.size, alpha=self.alpha, beta=self.beta, k=self.k)


class Dropout(Layer):
    """Sets a share ``p`` of its inputs to zero in training; nothing to count."""

    type: Literal["Dropout"] = "Dropout"
    p: float = Field(0.5, ge=0, le=1)

    def module(self, nn: Any, shape: tuple[int, int, int]) -> Any:  # noqa: ARG002
        return nn.Dropout(self.p)


class _Function(Layer):
    """A function of each value by itself; nothing to count."""

    def module(self, nn: Any, shape: tuple[int, int, int]) -> Any:  # noqa: ARG002
        return activation(nn, self.type)


class ReLU(_Function):
    type: Literal["ReLU"] = "ReLU"


class Tanh(_Function):
    type: Literal["Tanh"] = "Tanh"


class Sigmoid(_Function):
    type: Literal["Sigmoid"] = "Sigmoid"


class Softmax(_Function):
    """Over the channels."""

    type: Literal["Softmax"] = "Softmax"


def activation(nn: Any, name: str) -> Any:
    """The ``torch.nn`` module of an activation; softmax is taken over the channels."""
    return nn.Softmax(dim=1) if name == "Softmax" else getattr(nn, name)()


KINDS: Mapping[str, type[Layer]] = MappingProxyType(
    {
        kind.__name__: kind
        for kind in (
            Conv2d,
            MaxPool2d,
            AvgPool2d,
            Linear,
            LocalResponseNorm,
            Dropout,
            ReLU,
            Tanh,
            Sigmoid,
            Softmax,
            Flatten,
        )
    }
)
