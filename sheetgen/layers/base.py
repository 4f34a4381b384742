"""What all layer kinds share: the values a YAML may hold, the conventions, sliding windows, and the base of the kinds.

A kind's formula is text in the notation of ``expr.py`` over

- the kind's own settings (``kernel_height``, ``groups``, ``out_channels`` of a convolution ...),
- the shape of its inputs (``in_channels``, ``in_height``, ``in_width``; ``in1_channels``, ``in2_channels`` ... where it
  joins several; ``like_height`` where it is told to be like another),
- what its inputs see of the image (``in_receptive_field``, ``in_jump``, ``in_start``; ``in2_jump`` ...),
- other quantities of the same layer (``neurons``, ``weights`` ...), and ``bytes`` of the declared dtype.

Nothing here computes a number, knows a cell, or imports torch: ``torch.nn`` is handed to ``module``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
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
    flops: Literal["2 per MAC", "1 per MAC"] = Field(
        "2 per MAC", description="Floating point operations of a multiply-accumulate (MAC)"
    )
    dtype: Literal["float64", "float32", "bfloat16", "float16", "int8"] = Field(
        "float32", description="What one activation or one parameter is stored as, for the memory"
    )

    @property
    def bytes(self) -> int:
        """Of one number of the dtype."""
        return {"float64": 8, "float32": 4, "bfloat16": 2, "float16": 2, "int8": 1}[self.dtype]


# --- values a YAML may hold -----------------------------------------------------------------------------------------

Pair = tuple[int, int]
Shape = tuple[int, int, int]  # channels, height, width
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

MOST_TAPS = 1000  # that are written out in a formula; 200 would be too long for a cell already

Activation = Literal[
    "ReLU", "ReLU6", "LeakyReLU", "ELU", "GELU", "SiLU", "Hardswish", "Tanh", "Sigmoid", "Softmax",
    "LogSoftmax",
]  # fmt: skip


MOST_JOINED = 100


def _names(given: object) -> object:
    if not isinstance(given, list | tuple):
        return given
    if not 2 <= len(given) <= MOST_JOINED:
        raise ValueError(f"must name two layers, or more up to {MOST_JOINED}")
    return tuple(given)


Names = Annotated[
    tuple[Annotated[str, Field(min_length=1)], ...],
    BeforeValidator(_names),
    WithJsonSchema({"type": "array", "items": {"type": "string"}, "minItems": 2, "maxItems": MOST_JOINED}),
]


class Layer(Strict):
    """What all kinds share. By default a layer changes no shape and has no parameters and no connections."""

    type: str
    from_: str | None = Field(None, alias="from", description="Name of the layer whose output is the input of this one")
    activation: Activation | None = Field(
        None, description="A function after the layer, without a row of its own in the table"
    )

    # quantity -> formula; a kind overrides what differs
    FORMULAS: ClassVar[Mapping[str, str]] = {
        "out_channels": "in_channels",
        "out_height": "in_height",
        "out_width": "in_width",
        "neurons": "out_channels * out_height * out_width",
        "fan_in": "0",
        "weights": "0",
        "biases": "0",
        "parameters": "weights + biases",
        "fixed_parameters": "0",
        "running_statistics": "0",
        "connections": "0",
        "macs": "0",
        "activation_memory": "neurons * bytes",
        "parameter_memory": "(parameters + fixed_parameters) * bytes",
        "fully_connected_parameters": "0",
    }
    trains: ClassVar[bool] = False  # has weights
    least_sources: ClassVar[int] = 1
    whole: ClassVar[bool] = False  # reads all of its input, and gives a single unit
    stacks: ClassVar[bool] = False  # lays the maps of its inputs one behind the other, so that they stay apart

    def formulas(self, conventions: Conventions) -> Mapping[str, str]:
        """Quantity -> formula text, for this layer's settings and these conventions; what is absent has no sense."""
        flops = "2 * macs" if conventions.flops == "2 per MAC" else "macs"
        return {**self.FORMULAS, "flops": flops, **self._own_formulas(conventions)}

    def _own_formulas(self, conventions: Conventions) -> Mapping[str, str]:  # noqa: ARG002
        """What differs from FORMULAS for these settings and conventions."""
        return {}

    def reach(self, axis: str) -> Reach | None:  # noqa: ARG002
        """What one unit sees of the image along ``axis`` (height or width); None where that cannot be said."""
        return UNCHANGED

    def reads(self, axis: str, unit: int, size: int, out: int) -> range:  # noqa: ARG002
        """The input units that ``unit`` reads along ``axis``, of ``size`` units as of ``out``; lines have no ends.

        Of several inputs it reads the same units. What follows from it is held against ``reach`` (``fields.py``).
        """
        for window, side in zip(self.axes(), SIDES, strict=False):
            if side == axis:
                return window.reads(unit)
        return range(unit, unit + (size if self.whole else 1))

    def step(self, axis: str, size: int, out: int) -> Fraction:  # noqa: ARG002
        """Units of the input from what one unit reads to what the next one reads, on the average."""
        strides = {side: window.stride for side, window in zip(SIDES, self.axes(), strict=False)}
        return Fraction(strides.get(axis, 1))

    def unlike(self, shape: Shape, inputs: bool) -> bool:  # noqa: ARG002
        """Whether its maps may see different parts of the image; ``inputs``: whether those of its input may."""
        return inputs

    def leaves_out(self, channels: int) -> bool:  # noqa: ARG002
        """Whether some of the input's maps are read by none of its own."""
        return False

    def mistakes(self, shapes: Sequence[Shape]) -> Iterator[str]:  # noqa: ARG002
        """What PyTorch would refuse, given the ``shapes`` of the inputs (and last, of the layer that it is like)."""
        return iter(())

    def settings(self) -> Mapping[str, int]:
        """The numbers of the YAML under the names that the formulas use."""
        return {}

    def shown(self) -> Mapping[str, str | int]:
        """What a sheet's given columns (kernel_size, stride, padding ...) show for this layer."""
        return {}

    def remarks(self) -> Iterator[str]:
        """What the words of a table say of the settings that no column shows: ``no bias``."""
        return iter(())

    def describe(self, reads: Sequence[str] = ()) -> str:
        """The kind in the words of a table: ``Conv2d (from stem, no bias) + ReLU``; ``reads`` are what it is from."""
        said = [f"from {', '.join(reads)}"] if reads else []
        said += self.remarks()
        remarks = f" ({', '.join(said)})" if said else ""
        return self.type + remarks + (f" + {self.activation}" if self.activation else "")

    def module(self, nn: Any, shape: Shape, out: Shape) -> Any:
        """The ``torch.nn`` module for an input of ``shape`` (channels, height, width), without the activation.

        ``out`` is the shape that the formulas expect of it, which only a bias of each unit's own needs.
        """
        raise NotImplementedError(self.type)

    def axes(self) -> tuple[Axis, ...]:
        """The sliding windows of the layer, height then width; none for a layer without windows."""
        return ()


@dataclass(frozen=True, slots=True)
class Reach:
    """Formulas of what a unit sees of the image along one axis, in pixels.

    ``size`` is its receptive field, ``jump`` the distance from one unit's to the next, ``start`` the first pixel of
    the first unit's, counted from the image's own first pixel: before it (padding) it is negative. A unit is that of
    all maps at one place: what they see together. Where units of one layer differ (behind an upsampling), each is the
    mean, so that unit u sees the ``size`` pixels from ``start + u*jump`` on. Means do not always compose: ``fields.py``
    says for which layers of a network these formulas hold.
    """

    size: str
    jump: str
    start: str


UNCHANGED = Reach("in_receptive_field", "in_jump", "in_start")


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

    def reads(self, unit: int) -> range:
        """The pixels that one window touches, those on padding too."""
        first = unit * self.stride - self.before
        return range(first, first + self.extent, self.dilation)

    def fits(self, size: int) -> bool:
        """Whether the windows cover ``size`` pixels, and as much padding at both ends, to the last one."""
        return self.before == self.after and (size + 2 * self.before - self.extent) % self.stride == 0

    def taps(self, axis: str, windows: str = "out", pixels: str = "in") -> str:
        """Formula for the inputs that all windows touch along ``axis``, those on padding left out.

        All taps, less those before the first pixel and those behind the last: only the outermost taps of a window can
        fall there, so that there are few terms, one for each. A transposed convolution is the same the other way
        round: its windows slide over the output, one for each input.
        """
        count, size, pad = f"{windows}_{axis}", f"{pixels}_{axis}", f"padding_{axis}"
        kernel, stride, dilation = f"kernel_{axis}", f"stride_{axis}", f"dilation_{axis}"
        terms = [f"{kernel} * {count}"]
        terms += [
            f"min({count}, ceil_div({pad} - {tap} * {dilation}, {stride}))" for tap in self._outermost(self.before)
        ]
        terms += [
            f"max(0, {count} - max(0, ceil_div({size} + {pad} - ({kernel} - {tap + 1}) * {dilation}, {stride})))"
            for tap in self._outermost(self.after + (self.stride - 1 if self.ceil else 0))
        ]
        return " - ".join(terms)

    def _outermost(self, pixels: int) -> range:
        """The taps that can fall on the outermost ``pixels``; of many, more than any formula can hold."""
        return range(min(self.kernel, -(-max(0, pixels) // self.dilation), MOST_TAPS))


# The output size of sliding windows: Dumoulin, Visin (2016), relationship 15; "same" and PyTorch say the same
FLOOR = "(in_{0} + 2*padding_{0} - dilation_{0}*(kernel_{0} - 1) - 1) // stride_{0} + 1"
# PyTorch drops a last window that would start in the far padding; the second term of min says so
CEIL = (
    "min(ceil_div(in_{0} + 2*padding_{0} - dilation_{0}*(kernel_{0} - 1) - 1, stride_{0}) + 1,"
    " ceil_div(in_{0} + padding_{0}, stride_{0}))"
)
SIDES = ("height", "width")


def windows(axes: tuple[Axis, ...]) -> dict[str, int]:
    """The settings of ``axes`` under the names that formulas use."""
    return {
        f"{what}_{name}": number
        for name, axis in zip(SIDES, axes, strict=True)
        for what, number in (
            ("kernel", axis.kernel),
            ("stride", axis.stride),
            ("dilation", axis.dilation),
            ("padding", axis.before),
        )
    }


def sliding_reach(axis: str) -> Reach:
    """What a unit sees through a window that slides by ``stride``: Araujo, Norris, Sim (Distill 2019)."""
    return Reach(
        size=f"in_receptive_field + dilation_{axis} * (kernel_{axis} - 1) * in_jump",
        jump=f"in_jump * stride_{axis}",
        start=f"in_start - padding_{axis} * in_jump",
    )


def whole_reach(axis: str) -> Reach:
    """What a unit sees that reads the whole of its input."""
    return Reach(size=f"in_receptive_field + (in_{axis} - 1) * in_jump", jump="in_jump", start="in_start")


def misfits(axes: tuple[Axis, ...], shape: Shape) -> Iterator[str]:
    """Windows that are larger than their input."""
    for axis, side, size in zip(axes, SIDES, shape[1:], strict=True):
        padded = size + axis.before + axis.after
        # rounding up, PyTorch takes a window that goes beyond the padding by less than a step
        if axis.extent > padded + (axis.stride - 1 if axis.ceil else 0):
            line = "row" if side == "height" else "column"
            yield (
                f"the kernel is larger than its input: {axis.extent} {line}s, but the input has "
                f"{size}{f' and {padded - size} of padding' if padded > size else ''}"
            )


def show_pair(pair: Pair) -> str | int:
    """3, or 3 × 2 where height and width differ."""
    return pair[0] if pair[0] == pair[1] else f"{pair[0]} × {pair[1]}"
