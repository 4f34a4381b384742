"""The shapes along a network, and what they give away: sizes that cannot be, or that leave something over.

This room knows networks and formulas; it must not know tables of numbers, coursework or files.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from . import expr
from .expr import Value
from .network import INPUT, NamedLayer

if TYPE_CHECKING:
    from .layers import Layer, Shape

AXES = ("channels", "height", "width")


@dataclass(frozen=True, slots=True)
class ShapeFinding:
    layer: str
    fatal: bool
    message: str


def shapes_of(input_shape: Shape, layers: Sequence[NamedLayer]) -> dict[str, Shape]:
    """The output of each layer, and the input's own; of a layer that cannot be, and behind it, there is none."""
    shapes: dict[str, Shape] = {INPUT: input_shape}
    for layer in layers:
        read = _read(layer, shapes)
        if read is None:
            continue
        shape = _output(layer.kind, read)
        if min(shape) > 0:
            shapes[layer.name] = shape
    return shapes


def shape_findings(input_shape: Shape, layers: Sequence[NamedLayer]) -> Iterator[ShapeFinding]:
    """What the sizes along the network give away, layer by layer; behind a layer that cannot be, nothing is known."""
    shapes: dict[str, Shape] = {INPUT: input_shape}
    inputs: dict[str, Sequence[Shape]] = {}  # what each layer reads
    for layer in layers:
        read = _read(layer, shapes)
        if read is None:
            continue
        mistakes = [ShapeFinding(layer.name, True, message) for message in layer.kind.mistakes(read)]
        if mistakes:
            yield from mistakes
            continue
        if layer.weights_of is not None and layer.weights_of in inputs:
            mine, theirs = (_weights(layer.kind, shapes) for shapes in (read, inputs[layer.weights_of]))
            if mine != theirs:
                told = f"{layer.weights_of} has {theirs} weights and biases, but it would need {mine} for its own input"
                yield ShapeFinding(layer.name, True, told)
                continue
        inputs[layer.name] = read
        shape = _output(layer.kind, read)
        if min(shape) < 1:
            yield ShapeFinding(layer.name, True, f"its output would be {' × '.join(map(str, shape))}")
            continue
        yield from _left_over(layer, read[0])
        shapes[layer.name] = shape


def _read(layer: NamedLayer, shapes: Mapping[str, Shape]) -> Sequence[Shape] | None:
    """What the layer reads, and last what it is like; None where one of them is not known."""
    read = [shapes.get(source) for source in layer.sources]
    read += [shapes.get(layer.like)] if layer.like is not None else []
    known = [shape for shape in read if shape is not None]
    return known if len(known) == len(read) else None


def _weights(kind: Layer, read: Sequence[Shape]) -> int:
    """How many weights and biases ``kind`` has of its own, used again or not."""
    (parameters,) = _whole(kind.model_copy(update={"weights_of": None, "trainable": True}), read, ("parameters",))
    return parameters


def _output(kind: Layer, read: Sequence[Shape]) -> Shape:
    channels, height, width = _whole(kind, read, tuple(f"out_{axis}" for axis in AXES))
    return channels, height, width


def _whole(kind: Layer, read: Sequence[Shape], names: Sequence[str]) -> tuple[int, ...]:
    """The numbers that the formulas of ``kind`` give for what it reads."""
    from .layers import Conventions

    env: dict[str, Value] = {f"in_{axis}": size for axis, size in zip(AXES, read[0], strict=True)}
    for i, shape in enumerate(read, start=1):
        env |= {f"in{i}_{axis}": size for axis, size in zip(AXES, shape, strict=True)}
    env |= {f"like_{axis}": size for axis, size in zip(AXES, read[-1], strict=True)}
    formulas = kind.formulas(Conventions())
    if "in_channels" in formulas:  # of what is joined
        del env["in_channels"]
    env |= kind.settings()

    def number(name: str) -> Value:
        if name not in env:
            tree = expr.parse(formulas[name])
            env[name] = expr.value(tree, {symbol: number(symbol) for symbol in expr.symbols(tree)})
        return env[name]

    found = tuple(number(name) for name in names)
    assert all(isinstance(each, int) for each in found)
    return tuple(each for each in found if isinstance(each, int))


def _left_over(layer: NamedLayer, shape: Shape) -> Iterator[ShapeFinding]:
    """Pixels of the image that no window reads though they stand as close as those that are: rounding lost them."""
    if getattr(layer.kind, "padding", None) == "same":
        return
    for axis, side, size in zip(layer.kind.axes(), ("height", "width"), shape[1:], strict=False):
        left_over = (size + axis.before + axis.after - axis.extent) % axis.stride
        lost = max(0, left_over - axis.after)
        if lost and not axis.ceil and axis.extent >= axis.stride:
            line = "row" if side == "height" else "column"
            what = (
                f"the last {line if lost == 1 else f'{lost} {line}s'} of {size} ({_span(size - lost + 1, size)}) "
                f"{'is' if lost == 1 else 'are'} never read"
            )
            yield ShapeFinding(
                layer.name,
                False,
                f"the windows do not fit the {side} exactly: ({size} + {axis.before + axis.after} - {axis.extent}) / "
                f"{axis.stride} is not whole; rounded down, {what}",
            )


def _span(first: int, last: int) -> str:
    return str(first) if first == last else f"{first} to {last}"
