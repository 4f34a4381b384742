"""PyTorch modules that ``torch.nn`` lacks: LeCun's two layers, and joins and crops as modules of their own.

They are ordinary modules, for anybody's network. This room knows torch only; the layer kinds import it when a network
is built.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

Pair = tuple[int, int]


class TableConv2d(nn.Module):
    """Convolution with a connection table, or with a bias for each output unit, or both (LeCun 1989, 1998).

    ``table`` names, for each output map, the input maps that it sees, counted from 0; only weights between maps that
    are connected exist: ``weight`` is (pairs of maps, kernel height, kernel width), in the order of the table. Without
    a table ``weight`` is that of ``nn.Conv2d``. ``bias`` is True (one for each map), False, or the (channels, height,
    width) of the output, for one for each unit.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Pair,
        *,
        stride: Pair = (1, 1),
        padding: Pair | str = (0, 0),
        dilation: Pair = (1, 1),
        groups: int = 1,
        table: Sequence[Sequence[int]] | None = None,
        bias: bool | tuple[int, int, int] = True,
    ) -> None:
        super().__init__()
        self.in_channels, self.out_channels, self.kernel_size = in_channels, out_channels, kernel_size
        self.stride, self.padding, self.dilation, self.groups = stride, padding, dilation, groups
        self.padding_mode = "zeros"
        self.table = None if table is None else tuple(tuple(row) for row in table)
        if self.table is None:
            shape: tuple[int, ...] = (out_channels, in_channels // groups, *kernel_size)
        else:
            shape = (sum(map(len, self.table)), *kernel_size)
        self.weight = nn.Parameter(torch.empty(shape))
        units = (out_channels,) if bias is True else bias
        self.bias = nn.Parameter(torch.empty(units)) if units else None
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """As ``nn.Conv2d`` does, with the fan-in of the map that sees most."""
        maps = self.in_channels // self.groups if self.table is None else max(map(len, self.table))
        bound = 1 / math.sqrt(maps * math.prod(self.kernel_size))
        for parameter in self.parameters():
            nn.init.uniform_(parameter, -bound, bound)

    def whole_weight(self) -> Tensor:
        """The weights as ``nn.Conv2d`` has them, zero where maps are not connected."""
        if self.table is None:
            return self.weight
        pairs = [(i, j) for i, row in enumerate(self.table) for j in row]
        index = tuple(torch.tensor(each, device=self.weight.device) for each in zip(*pairs, strict=True))
        whole = self.weight.new_zeros((self.out_channels, self.in_channels, *self.kernel_size))
        return whole.index_put(index, self.weight)

    def _border(self) -> list[int]:
        """Lines to pad with: left, right, above, below. Of an odd number for "same" torch puts the larger half last."""
        found: list[int] = []
        for i in (1, 0):
            if isinstance(self.padding, str):
                whole = self.dilation[i] * (self.kernel_size[i] - 1)
                found += [whole // 2, whole - whole // 2]
            else:
                found += [self.padding[i]] * 2
        return found

    def forward(self, image: Tensor) -> Tensor:
        padding: Pair | str = self.padding
        if self.padding_mode != "zeros":
            image = functional.pad(image, self._border(), mode=self.padding_mode)
            padding = (0, 0)
        output = functional.conv2d(image, self.whole_weight(), None, self.stride, padding, self.dilation, self.groups)
        if self.bias is None:
            return output
        return output + (self.bias if self.bias.dim() > 1 else self.bias.view(-1, 1, 1))


class Subsample2d(nn.Module):
    """Trainable subsampling (LeCun 1998, S2 and S4): each map's window is summed, times ``weight``, plus ``bias``.

    It runs as the depthwise convolution that it is, all weights of a window being the same one.
    """

    def __init__(self, channels: int, kernel_size: Pair, stride: Pair, *, bias: bool = True) -> None:
        super().__init__()
        self.kernel_size, self.stride = kernel_size, stride
        self.weight = nn.Parameter(torch.empty(channels))
        self.bias = nn.Parameter(torch.empty(channels)) if bias else None
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Uniform within 1 / sqrt(fan-in)."""
        bound = 1 / math.sqrt(math.prod(self.kernel_size))
        for parameter in self.parameters():
            nn.init.uniform_(parameter, -bound, bound)

    def forward(self, image: Tensor) -> Tensor:
        channels = self.weight.shape[0]
        windows = self.weight.view(channels, 1, 1, 1).expand(channels, 1, *self.kernel_size)
        return functional.conv2d(image, windows, self.bias, self.stride, groups=channels)


class Add(nn.Module):
    """Sum of its inputs."""

    def forward(self, *images: Tensor) -> Tensor:
        total = images[0]
        for image in images[1:]:
            total = total + image
        return total


class Concat(nn.Module):
    """Its inputs, channel behind channel."""

    def forward(self, *images: Tensor) -> Tensor:
        return torch.cat(images, dim=1)


class CenterCrop(nn.Module):
    """The middle ``size`` (height, width) of an image; of an odd rest the larger part is cut behind."""

    def __init__(self, size: Pair) -> None:
        super().__init__()
        self.size = size

    def forward(self, image: Tensor) -> Tensor:
        top, left = ((whole - part) // 2 for whole, part in zip(image.shape[-2:], self.size, strict=True))
        return image[..., top : top + self.size[0], left : left + self.size[1]]
