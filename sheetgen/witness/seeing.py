"""Receptive fields, jumps and centres: one pixel after the other is lit, and which units notice is written down.

The real modules are run on an image that is larger than the network's, so that there are units whose field no border
clips. It is done along one axis: lines across that axis are pictures of their own, and picture number p has the one
pixel p lit. For that, every window is cut down to one line across the axis, and to one channel, because channels are
all treated alike. Weights are 1 and there are no biases, so that a unit gives more than zero iff it sees the lit pixel.
What a layer gives is thus its Jacobian (the gradient of each unit with respect to each pixel), but for the size of the
entries, which are made 1 again behind each layer, so that nothing can overflow or fade.

Left out are functions of a value by itself (a dead ReLU would see nothing), normalisation and dropout. What reads all
of its input (Linear, Flatten, GlobalAvgPool2d) is, on the larger image, the window over as many lines that it is, and
an adaptive pool keeps the ratio of its output to its input.
"""

from __future__ import annotations

import copy
import math
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from ..errors import InternalError
from ..layers import (
    FUNCTIONS,
    BatchNorm2d,
    CenterCrop,
    Dropout,
    Flatten,
    GlobalAvgPool2d,
    Layer,
    Linear,
    LocalResponseNorm,
)
from ..network import INPUT
from .building import Built, is_bias, pair, working_part
from .machine import refusals_of

if TYPE_CHECKING:
    import torch
    from torch import Tensor, nn

AT_ONCE = 1 << 22  # pixels of the pictures that are run together: what a processor has at hand
MOST_WORK = 3 << 30  # pixels and units of all layers in all pictures together: half a minute
PROBE = 1 << 13  # pixels of the image in which a single lit one tells how large the image must be
LEAST = 1e-9  # below it are only the roundings of an interpolation's weights that are zero
PASSING: tuple[type[Layer], ...] = (BatchNorm2d, LocalResponseNorm, Dropout, *FUNCTIONS)
WHOLE = (Linear, Flatten, GlobalAvgPool2d)


@dataclass(frozen=True, slots=True)
class Field:
    """What a layer's units see of the image, in pixels: unit u the ``size`` pixels from ``start + u*jump`` on.

    Where neighbouring units differ, it is the mean over a whole period of them.
    """

    size: Fraction
    jump: Fraction
    start: Fraction


def fields(built: Sequence[Built], axis: int, device: torch.device) -> dict[str, Field]:
    """The fields of the layers along ``axis`` (0: height, 1: width); absent for those that cannot be seen.

    These are layers of which some units see nothing of the image, whose fields are larger than can be tried out, or
    that join what does not fit together on a larger image, and what is behind them.
    """
    import torch

    strip = _Strip(built, axis, device)
    with torch.no_grad(), _one_channel_at_a_time():
        return strip.fields()


@contextmanager
def _one_channel_at_a_time() -> Iterator[None]:
    """Of the processor: one thread, which is as fast for such small sums, and far faster where others are busy.

    And without oneDNN, whose convolutions of a single channel take several times as long as torch's own.
    """
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # TF32 is for other machines, says whoever turns oneDNN off
            with torch.backends.mkldnn.flags(enabled=False):
                yield
    finally:
        torch.set_num_threads(threads)


@dataclass(slots=True)
class _Seen:
    """The first and the last lit pixel that each unit of a layer sees; a last of -1 says that it sees none."""

    first: Tensor
    last: Tensor

    def largest(self) -> int:
        """The size of the largest field, as far as the image shows it."""
        return int((self.last - self.first).max().item()) + 1


class _Strip:
    """The network along one axis, for images that are larger by a whole number of periods."""

    def __init__(self, built: Sequence[Built], axis: int, device: torch.device) -> None:
        self.built, self.axis, self.device = built, axis, device
        self.pixels = next(
            row.inputs[row.layer.sources.index(INPUT)][1 + axis] for row in built if INPUT in row.layer.sources
        )
        self.last_reader = {source: row.name for row in built for source in row.layer.sources}
        self.period = self._period()
        self.alone = self._alone()

    def _period(self) -> int:
        """Pixels by which the image must grow for every layer to grow by whole units."""
        jumps = {INPUT: Fraction(1)}
        for row in self.built:
            jumps[row.name] = jumps[row.layer.source] * self._step(row)
        return math.lcm(*(jump.numerator for jump in jumps.values()))

    def _alone(self) -> set[str]:
        """Layers of a single unit, because something has read the whole image: only that unit counts, not its like."""
        found: set[str] = set()
        for row in self.built:
            whole = isinstance(row.layer.kind, WHOLE) or any(source in found for source in row.layer.sources)
            if whole and row.output[1 + self.axis] == 1:
                found.add(row.name)
        return found

    def _step(self, row: Built) -> Fraction:
        """Lines of its input from one unit of a layer to the next."""
        from torch import nn

        part = working_part(row.module)
        if isinstance(row.layer.kind, WHOLE) or part is None:
            return Fraction(1)
        if isinstance(part, nn.AdaptiveAvgPool2d):
            return Fraction(row.input[1 + self.axis], row.output[1 + self.axis])
        if isinstance(part, nn.Upsample):
            return 1 / Fraction(pair(part.scale_factor)[self.axis])
        stride = Fraction(pair(getattr(part, "stride", 1))[self.axis])
        return 1 / stride if isinstance(part, nn.ConvTranspose2d) else stride

    def grown(self, pixels: int) -> int:
        """The size of an image of at least as many ``pixels`` (and not of its own) that the network fits as its own."""
        return self.pixels + (-(-(pixels - self.pixels) // self.period) or 1) * self.period

    def fields(self) -> dict[str, Field]:
        if self.period > PROBE:
            return {}
        size = self.grown(max(PROBE, 4 * self.period))
        probed = self.run(size, range(size // 2, size // 2 + 1))
        work = 1 + sum(len(seen.last) for seen in probed.values()) / size  # for one pixel in one picture
        most = math.isqrt(int(MOST_WORK / work))
        # as many units as see one pixel, so many jumps is a unit's field long
        needed = max((self._margins(int(self._reach(name, seen, size))) for name, seen in probed.items()), default=0)
        while True:
            size = self.grown(min(needed, most))
            found = self.run(size, range(size))
            needed = max((self._margins(seen.largest()) for seen in found.values()), default=0)
            if size >= needed or 10 * size > 9 * most:  # as large as it must be, or nearly as it may be
                break
        known: dict[str, Field] = {}
        for row in self.built:
            seen = found.get(row.name)
            field = None if seen is None else self._field(row.name, seen, size)
            if field is not None and all(source in known or source == INPUT for source in row.layer.sources):
                known[row.name] = field
        return known

    def _margins(self, field: int) -> int:
        """An image in whose middle some periods of units are clear of the border."""
        return 3 * field + 5 * self.period

    def _reach(self, name: str, seen: _Seen, size: int) -> Fraction:
        units = (seen.last >= 0).nonzero()
        across = int((units[-1] - units[0]).item()) + 2 if len(units) else 0
        return across * Fraction(self.period, max(1, self._units(name, seen, size)))

    def _units(self, name: str, seen: _Seen, size: int) -> int:
        """Units of a layer in one period, by which it has grown with the image; 0 where that is none or no number."""
        more = len(seen.last) - next(row.output[1 + self.axis] for row in self.built if row.name == name)
        periods = (size - self.pixels) // self.period
        return more // periods if more % periods == 0 else 0

    def _field(self, name: str, seen: _Seen, size: int) -> Field | None:
        """The mean over one period of units in the middle of the image; None where some see nothing, or no period."""
        units, margin = self._units(name, seen, size), seen.largest()
        # what a border clips sees only pixels that are less than one field away from it
        clear = (seen.last >= 0) & (seen.first >= margin) & (seen.last < size - margin)
        if units < 1 or not bool(clear.any()):
            return None
        begin = (int(clear.nonzero()[0].item()) // units + 2) * units  # where the period begins as it does at unit 0
        if not bool(clear[begin : begin + 2 * units].all()) or len(clear) < begin + 2 * units:
            return None
        first, last = (ends[begin : begin + 2 * units].tolist() for ends in (seen.first, seen.last))
        jumps = {far - near for ends in (first, last) for near, far in zip(ends, ends[units:], strict=False)}
        if len(jumps) != 1:
            return None
        jump = Fraction(jumps.pop(), units)
        alike = range(1 if name in self.alone else units)
        sizes = [Fraction(last[i] - first[i] + 1) for i in alike]
        starts = [first[i] - (begin + i) * jump for i in alike]
        return Field(sum(sizes, Fraction(0)) / len(sizes), jump, sum(starts, Fraction(0)) / len(starts))

    # --- running ----------------------------------------------------------------------------------------------------

    def run(self, size: int, lit: range) -> dict[str, _Seen]:
        """What the units of each layer see of the pixels ``lit``, one a picture, of an image of ``size`` pixels."""
        import torch

        found: dict[str, _Seen] = {}
        at_once = max(1, AT_ONCE // size)
        for start in range(lit.start, lit.stop, at_once):
            pixels = torch.arange(start, min(start + at_once, lit.stop), device=self.device)
            for name, picture in self._pictures(size, pixels):
                from_end = ((size - pixels) * picture).amax(dim=1)
                seen = _Seen(size - from_end.long(), ((pixels + 1) * picture).amax(dim=1).long() - 1)
                so_far = found.setdefault(name, seen)
                so_far.first = torch.minimum(so_far.first, seen.first)
                so_far.last = torch.maximum(so_far.last, seen.last)
        return found

    def _pictures(self, size: int, pixels: Tensor) -> Iterator[tuple[str, Tensor]]:
        """Each layer's picture (units, pictures) as it runs: 1 where a unit sees the lit pixel, else 0."""
        import torch

        image = torch.zeros((size, len(pixels)), dtype=torch.float32, device=self.device)
        image[pixels, torch.arange(len(pixels), device=self.device)] = 1
        values = {INPUT: (image if self.axis == 0 else image.mT)[None, None]}
        sizes = {INPUT: size}
        for row in self.built:
            given = [values[source] for source in row.layer.sources if source in values]
            like = None if row.layer.like is None else sizes.get(row.layer.like)
            output = None
            if len(given) == len(row.layer.sources):
                # what torch refuses of an image of another size has no picture
                with suppress(InternalError), refusals_of(row.name, self.device):
                    output = self._seen_through(row, given, like)
            for source in row.layer.sources:
                if self.last_reader[source] == row.name:
                    values.pop(source, None)
            if output is None:
                continue
            picture = output[0, 0] if self.axis == 0 else output[0, 0].mT
            sizes[row.name] = len(picture)
            if row.name in self.last_reader:
                values[row.name] = output
            yield row.name, picture

    def _seen_through(self, row: Built, given: Sequence[Tensor], like: int | None) -> Tensor | None:
        """The layer's picture of the pictures ``given``; None where it has none."""
        import torch
        from torch import nn

        image, lines = given[0], 2 + self.axis
        size = image.shape[lines]
        if isinstance(row.layer.kind, PASSING):
            return image
        if isinstance(row.layer.kind, WHOLE):
            window = [1, 1]
            window[self.axis] = row.input[1 + self.axis]
            return nn.functional.conv2d(image, image.new_ones((1, 1, *window))).sign_()
        if len(given) > 1:
            if len({each.shape[lines] for each in given}) > 1:
                return None
            joined: Tensor = row.module(*given)
            return joined.amax(dim=1, keepdim=True).sign()
        part = working_part(row.module)
        if part is None:
            return None
        cut: Any = _cut(part, self.axis)
        if isinstance(row.layer.kind, CenterCrop):
            if like is None or size - like != row.input[1 + self.axis] - row.output[1 + self.axis]:
                return None
            cut.size = (like, image.shape[3]) if self.axis == 0 else (image.shape[2], like)
        if isinstance(part, nn.AdaptiveAvgPool2d):
            output = Fraction(size * row.output[1 + self.axis], row.input[1 + self.axis])
            cut.output_size = (int(output), None) if self.axis == 0 else (None, int(output))
        if isinstance(part, nn.Upsample):  # float64 tells a weight that is zero from a small one
            weights: Tensor = cut(image.double())
            return (weights > LEAST).to(torch.float32)
        tensors = {
            name: image.new_zeros(1) if is_bias(name) else image.new_ones(_one_channel(parameter, self.axis))
            for name, parameter in part.named_parameters()
        }
        seen: Tensor = torch.func.functional_call(cut, tensors, (image,))
        return seen.sign()


def _cut(part: nn.Module, axis: int) -> nn.Module:
    """The module with windows of one line across ``axis``, for one channel."""
    cut = copy.copy(part)
    across = {"kernel_size": 1, "stride": 1, "padding": 0, "dilation": 1, "output_padding": 0, "scale_factor": 1.0}
    for name, one_line in across.items():
        given = getattr(part, name, None)
        if given is not None and not isinstance(given, str):  # padding "same" is none for one line
            along = pair(given)[axis]
            setattr(cut, name, (along, one_line) if axis == 0 else (one_line, along))
    for name, alone in {"groups": 1, "table": None}.items():
        if hasattr(part, name):
            setattr(cut, name, alone)
    return cut


def _one_channel(weight: Tensor, axis: int) -> tuple[int, ...]:
    """The shape of weights for one channel: as many as there really are along ``axis``, one across."""
    if weight.dim() == 1:
        return (1,)
    along: int = weight.shape[weight.dim() - 2 + axis]
    return (1, 1, along, 1) if axis == 0 else (1, 1, 1, along)
