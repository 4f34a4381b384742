"""What hooks and tensors show without a further run: shapes, parameters, memory, and a full connection's parameters."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING

from ..layers import Conv2d, Conventions, ConvTranspose2d, Flatten, Linear
from ..quantities import COMPOSITE
from .building import Built, Sizes, is_bias
from .machine import META

if TYPE_CHECKING:
    from torch import Tensor

AXES = ("channels", "height", "width")
Value = int | Fraction | str
CONNECTABLE = (Conv2d, ConvTranspose2d, Linear)  # what a fully connected layer could stand in for


def of_hook(row: Built, conventions: Conventions) -> dict[str, Value]:
    """The shapes, the neurons (the values that come out for one sample) and the bytes that they take."""
    import torch

    with torch.device(META):
        kept = torch.empty(row.output, dtype=getattr(torch, conventions.dtype))
    found: dict[str, Value] = {
        f"{row.name}.neurons": math.prod(row.output),
        f"{row.name}.activation_memory": kept.numel() * kept.element_size(),
    }
    found |= of_shapes(row.name, row.input, row.output)
    if isinstance(row.layer.kind, Linear | Flatten):  # features have no height and width worth a word
        found[f"{row.name}.output_size"] = math.prod(row.output)
    return found


def of_shapes(name: str, into: Sizes, out_of: Sizes) -> dict[str, Value]:
    """The sizes at the two ends of a row or block, each by itself and as a text."""
    found: dict[str, Value] = {}
    for side, shape in (("in", into), ("out", out_of)):
        if len(shape) == len(AXES):  # a row that gives no image shows no height
            found |= {f"{name}.{side}_{axis}": size for axis, size in zip(AXES, shape, strict=True)}
    for size, sides in COMPOSITE.items():
        told = [found.get(f"{name}.{side}") for side in sides]
        if None not in told:
            found[f"{name}.{size}"] = " x ".join(map(str, told))
    return found


def of_tensors(rows: Sequence[Built], conventions: Conventions) -> dict[str, Value]:
    """Parameters, statistics and memory: a tensor that several rows use counts once, in the first of them."""
    counted: set[int] = set()

    def new(tensors: Iterator[tuple[str, Tensor]]) -> dict[str, Tensor]:
        found = {name: tensor for name, tensor in tensors if id(tensor) not in counted}
        counted.update(map(id, found.values()))
        return found

    numbers: dict[str, Value] = {}
    for row in rows:
        for quantity, number in _of_own(new(row.module.named_parameters()), conventions).items():
            numbers[f"{row.name}.{quantity}"] = number
        buffers = new(row.module.named_buffers())
        numbers[f"{row.name}.running_statistics"] = sum(
            tensor.numel() for name, tensor in buffers.items() if not name.endswith("num_batches_tracked")
        )
        full = _if_fully_connected(row)
        if full is not None:
            numbers[f"{row.name}.fully_connected_parameters"] = full
            parameters = numbers[f"{row.name}.parameters"]
            if isinstance(parameters, int) and parameters > 0:
                numbers[f"{row.name}.fully_connected_ratio"] = Fraction(full, parameters)
    return numbers


def _of_own(tensors: Mapping[str, Tensor], conventions: Conventions) -> dict[str, int]:
    """Of the tensors of one row that no row above it has."""
    import torch

    trained = {name: tensor.numel() for name, tensor in tensors.items() if tensor.requires_grad}
    biases = sum(size for name, size in trained.items() if is_bias(name))
    everything = sum(tensor.numel() for tensor in tensors.values())
    with torch.device(META):
        element = torch.empty((), dtype=getattr(torch, conventions.dtype)).element_size()
    return {
        "weights": sum(trained.values()) - biases,
        "biases": biases,
        "parameters": sum(trained.values()),
        "fixed_parameters": everything - sum(trained.values()),
        "parameter_memory": everything * element,
    }


def _if_fully_connected(row: Built) -> int | None:
    """The elements of a real ``nn.Linear`` between all that the row reads and all that it gives; None without sense."""
    import torch
    from torch import nn

    if not isinstance(row.layer.kind, CONNECTABLE):
        return None
    bias = any(is_bias(name) for name, _ in row.module.named_parameters())
    try:
        with torch.device(META):
            full = nn.Linear(math.prod(row.input), math.prod(row.output), bias=bias)
    except RuntimeError:  # more elements than torch can count
        return None
    return sum(parameter.numel() for parameter in full.parameters())
