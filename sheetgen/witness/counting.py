"""Connections by running the real layers: all weights 1 on an input of ones, and each output counts its unit's inputs.

A bias is a quarter, so that one run shows both: 75.25 is a unit with 75 inputs and one bias. The runs are in float32
(twice as fast as float64, and in half of the memory), which is exact here: every addend is a whole number of quarters
and none is negative, so that no partial sum is larger than the output, in whatever order they are added; below 2**22
all of them are numbers that float32 has. An output that is larger than MOST_IN_FLOAT32 is counted again in float64. An
algorithm that does not simply add up products (Winograd, FFT) would round, and show itself by what is no whole number
of quarters: then there is no witness.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..layers import Conventions
from ..network import INPUT
from .building import Built, Sizes, is_bias, pair, working_part
from .machine import refusals_of
from .tensors import AXES

if TYPE_CHECKING:
    import torch
    from torch import Tensor, nn

BIAS = 0.25
MOST_IN_FLOAT32 = 1 << 20  # a quarter of 2**22: what rounds has room to show it
AT_ONCE = 1 << 25  # weights, or outputs, of one run
CHUNK = 1 << 24  # values in the input of one run of a pooling layer


@dataclass(frozen=True, slots=True)
class Counted:
    """Sums over the units of a layer, and the fan-in of the largest; None where nothing was measured."""

    connections: int | None = None  # under the conventions
    macs: int | None = None  # without biases, with padding; of layers with weights
    fan_in: int | None = None  # of the unit that has most, with padding
    # what the conventions give such a layer none of, whatever it is: nothing measured, nothing missing in a total
    decreed: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class _Sums:
    inputs: int
    biases: int
    largest: int


class Scratch:
    """Ones, for the weights of every layer in turn: to touch fresh memory is what takes the time."""

    def __init__(self, device: torch.device) -> None:
        import torch

        self.device = device
        self._ones = torch.empty(0, device=device)

    def ones(self, shape: Sequence[int], dtype: torch.dtype) -> Tensor:
        """To be read only: the same memory is given to all."""
        import torch

        size = math.prod(shape)
        if size > self._ones.numel() or dtype != self._ones.dtype:
            self._ones = torch.empty(0, device=self.device)  # given back first
            self._ones = torch.ones(size, dtype=dtype, device=self.device)
        return self._ones[:size].view(tuple(shape))

    def run(self, module: nn.Module, tensors: Mapping[str, Sequence[int]], image: Tensor, bias: float) -> Tensor:
        """The output of the real module with ones in its weights and ``bias`` in its biases, of these shapes."""
        import torch

        values = {
            name: torch.full(tuple(shape), bias, dtype=image.dtype, device=self.device)
            if is_bias(name)
            else self.ones(shape, image.dtype)
            for name, shape in tensors.items()
        }
        output: Tensor = torch.func.functional_call(module, values, (image,))
        return output


def count(row: Built, conventions: Conventions, scratch: Scratch, *, fan_in: bool = False) -> Counted:
    """The connections of a row; with ``fan_in``, that too of layers whose units are not run for their connections."""
    from torch import nn

    from ..modules import Subsample2d, TableConv2d

    part = working_part(row.module)
    no_products = frozenset({"macs", "flops"})
    if isinstance(part, nn.MaxPool2d | nn.AvgPool2d | nn.AdaptiveAvgPool2d):
        padded = conventions.padding == "counted"
        if conventions.pooling == "not counted":
            largest = _windows(row, part, padded=True, device=scratch.device) if fan_in else None
            return Counted(fan_in=largest and largest[1], decreed=no_products | {"connections"})
        found = _windows(row, part, padded=padded, device=scratch.device)
        largest = found if padded or not fan_in else _windows(row, part, padded=True, device=scratch.device)
        return Counted(connections=found and found[0], fan_in=largest and largest[1], decreed=no_products)
    if isinstance(part, nn.Conv2d | TableConv2d | nn.ConvTranspose2d | nn.Linear | Subsample2d):
        return _by_running(row, part, conventions, scratch)
    # nothing that the run could see; without weights it has no connections, by the convention of all tables
    none = isinstance(part, nn.BatchNorm2d) or not list(row.module.parameters())
    return Counted(decreed=no_products | {"connections"} if none else frozenset())


def opinion(row: Built) -> int | None:
    """FlopCounterMode's multiply-accumulates; None for a connection table, where it counts the weights that are not.

    Torch 2.13 counts a convolution by the shape of its weights, which for a table are mostly zeros made on the way.
    Transposed and grouped ones it counts as they are: all products, whether their sum is then cropped or not.
    """
    return None if getattr(row.module, "table", None) is not None else row.multiply_accumulates


# --- layers with weights --------------------------------------------------------------------------------------------


def _by_running(row: Built, part: nn.Module, conventions: Conventions, scratch: Scratch) -> Counted:
    whole = _with_all_products(row.module, part)
    everything = _sums(row, whole, scratch)
    if everything is None:
        return Counted()
    real = everything
    # a transposed convolution crops its output by its padding: whether there is a bias only the real one shows
    if whole is not row.module and (conventions.padding == "not counted" or _crops(part)):
        found = _sums(row, row.module, scratch)
        if found is None:
            return Counted(macs=everything.inputs, fan_in=everything.largest)
        real = found
    counted = everything.inputs if conventions.padding == "counted" else real.inputs
    if conventions.bias == "counted":
        counted += real.biases
    return Counted(counted, everything.inputs, everything.largest)


def _crops(part: nn.Module) -> bool:
    from torch import nn

    return isinstance(part, nn.ConvTranspose2d)


def _with_all_products(module: nn.Module, part: nn.Module) -> nn.Module:
    """The module as it is without zeros to pad with and without a border cut off; itself where it has neither."""
    from torch import nn

    from ..modules import TableConv2d

    if part is not module:
        return module
    if isinstance(part, nn.Conv2d | TableConv2d) and part.padding != (0, 0):
        padded = copy.copy(part)
        padded.padding_mode = "replicate"  # torch pads the ones with ones, where and as far as it pads with zeros
        return padded
    if isinstance(part, nn.ConvTranspose2d) and (part.padding, part.output_padding) != ((0, 0), (0, 0)):
        full = copy.copy(part)
        full.padding = full.output_padding = (0, 0)
        return full
    return module


def _sums(row: Built, module: nn.Module, scratch: Scratch) -> _Sums | None:
    """Added up over all units of ``module``; None where its outputs are no counts: of another shape, or not whole."""
    import torch

    for dtype in (torch.float32, torch.float64):
        units, pieces = 0, []
        for piece in _pieces(row, module):
            image = torch.ones((1, *piece.input), dtype=dtype, device=scratch.device)
            output = scratch.run(piece.module, piece.tensors, image, BIAS)
            of_piece = tuple(output.shape[1:])
            larger = module is not row.module and _crops(module)
            if len(of_piece) != len(row.output) or (not larger and of_piece[1:] != row.output[1:]):
                return None
            if dtype == torch.float32 and output.max().item() > MOST_IN_FLOAT32:
                break
            found = _tally(output)
            if found is None:
                return None
            units += of_piece[0]
            pieces.append(found)
        else:
            if units != row.output[0]:
                return None
            return _Sums(
                inputs=sum(piece.inputs for piece in pieces),
                biases=sum(piece.biases for piece in pieces),
                largest=max(piece.largest for piece in pieces),
            )
    return None


def _tally(output: Tensor) -> _Sums | None:
    """The inputs and the biases that each of ``output`` counts; the sums are exact, far below 2**53."""
    import torch

    quarters = output / BIAS
    if not bool((quarters == quarters.round()).all()):
        return None
    inputs = output.floor()
    biases = (output - inputs).sum(dtype=torch.float64).item() / BIAS
    return _Sums(int(inputs.sum(dtype=torch.float64).item()), int(biases), int(inputs.max().item()))


@dataclass(frozen=True, slots=True)
class _Piece:
    """Some output channels of a layer, as a module of its own: its input, and the shapes of its tensors."""

    module: nn.Module
    input: Sizes
    tensors: Mapping[str, Sizes]


def _pieces(row: Built, module: nn.Module) -> Iterator[_Piece]:
    """The layer as it is; one with too many weights or outputs for one run, channels by channels, every unit once."""
    from torch import nn

    part = working_part(module)
    shapes = {name: tuple(tensor.shape) for name, tensor in module.named_parameters()}
    largest = max([math.prod(row.output), *map(math.prod, shapes.values())])
    if largest <= AT_ONCE or not isinstance(part, nn.Conv2d | nn.ConvTranspose2d | nn.Linear):
        yield _Piece(module, row.input, shapes)
        return
    groups = 1 if isinstance(part, nn.Linear) else part.groups  # each of which is a convolution by itself
    channels = row.output[0] // groups
    across = 1 if isinstance(part, nn.ConvTranspose2d) else 0  # the axis of the weights that is one group's outputs
    at_once = max(1, channels * groups * AT_ONCE // largest)
    into = row.input if groups == 1 else (row.input[0] // groups, *row.input[1:])
    for _ in range(groups):
        for first in range(0, channels, at_once):
            some = min(at_once, channels - first)
            tensors: dict[str, Sizes] = {}
            for name, shape in shapes.items():
                if is_bias(name):
                    tensors[name] = (some,)
                else:
                    one_group = (shape[0] // groups, *shape[1:])
                    tensors[name] = (*one_group[:across], some, *one_group[across + 1 :])
            yield _Piece(_of_channels(module, some), into, tensors)


def _of_channels(module: nn.Module, channels: int) -> nn.Module:
    """The module for fewer channels at its end, of one group."""
    from torch import nn

    if isinstance(module, nn.Sequential):
        parts = [
            nn.Unflatten(part.dim, (channels, *part.unflattened_size[1:])) if isinstance(part, nn.Unflatten) else part
            for part in module
        ]
        return nn.Sequential(*parts)
    if isinstance(module, nn.Conv2d | nn.ConvTranspose2d):
        one = copy.copy(module)
        one.groups = 1
        return one
    return module


# --- layers that pool -----------------------------------------------------------------------------------------------


def _windows(row: Built, pool: nn.Module, *, padded: bool, device: torch.device) -> tuple[int, int] | None:
    """The inputs of all units of a pooling layer, and of the largest, by trying out which lines reach each unit.

    A window is a grid, so that its inputs are its rows times its columns. Lines are tried by residue class modulo the
    window's extent: a window has at most one line of each class, and its unit shows more than nothing iff it has it.
    """
    from torch import nn

    height, width = row.input[-2:]
    if padded and isinstance(pool, nn.MaxPool2d | nn.AvgPool2d):
        # every pixel on padding, or (ceil_mode) beyond it, made a real one; windows stay where they were
        pool, stride, ceil, before = copy.copy(pool), pair(pool.stride), pool.ceil_mode, pair(pool.padding)
        pool.padding, pool.ceil_mode = 0, False
        height += 2 * before[0] + (stride[0] - 1 if ceil else 0)
        width += 2 * before[1] + (stride[1] - 1 if ceil else 0)
    lines = [_lines(pool, axis, (row.input[0], height, width), row.output, device) for axis in (0, 1)]
    if lines[0] is None or lines[1] is None:
        return None
    inputs = lines[0] * lines[1]
    return int(inputs.sum().item()), int(inputs.max().item())


def _lines(
    pool: nn.Module, axis: int, image: tuple[int, int, int], units: Sizes, device: torch.device
) -> Tensor | None:
    """The number of rows (``axis`` 0) or columns (1) that reach each unit; None where there are not such units."""
    import torch
    from torch import nn

    size = image[1 + axis]
    classes = size  # of an adaptive pool's windows nothing is known beforehand
    if isinstance(pool, nn.MaxPool2d | nn.AvgPool2d):
        kernel, dilation = pair(pool.kernel_size)[axis], pair(getattr(pool, "dilation", 1))[axis]
        classes = min(size, dilation * (kernel - 1) + 1)
    colour = torch.arange(size, device=device) % classes
    found = torch.zeros(units, dtype=torch.int64, device=device)
    at_once = max(1, CHUNK // math.prod(image))
    for first in range(0, classes, at_once):
        wanted = torch.arange(first, min(first + at_once, classes), device=device)
        lit = (colour == wanted[:, None]).to(torch.float32)
        shape = (len(wanted), 1, size, 1) if axis == 0 else (len(wanted), 1, 1, size)
        output = pool(lit.view(shape).expand(len(wanted), *image))
        reached = output[..., : units[-2], : units[-1]] > 0  # more units than there were: only beyond the padding
        if tuple(reached.shape[1:]) != units:
            return None
        found += reached.sum(dim=0)
    return found


# --- the input ------------------------------------------------------------------------------------------------------


def of_input(first: Built, scratch: Scratch) -> dict[str, int]:
    """The sizes of the input along the axes whose last line reaches a unit of the first layer.

    This is what "the windows cover the input exactly" shows of itself. Where lines are left over, or the first layer
    has no windows, the layer says nothing of the input's size.
    """
    import torch

    if len(first.layer.kind.axes()) != 2:
        return {}
    last = torch.zeros((3, *first.input), dtype=torch.float32, device=scratch.device)
    last[0, -1], last[1, :, -1], last[2, :, :, -1] = 1, 1, 1
    shapes = {name: tuple(tensor.shape) for name, tensor in first.module.named_parameters()}
    with refusals_of(first.name, scratch.device):
        reached = (scratch.run(first.module, shapes, last, bias=0) > 0).flatten(1).any(dim=1).tolist()
    return {f"{INPUT}.in_{axis}": size for axis, size, it in zip(AXES, first.input, reached, strict=True) if it}
