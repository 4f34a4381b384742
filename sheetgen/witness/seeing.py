"""Receptive fields, jumps and centres: single pixels are lit, and which units notice is written down.

The real modules are run on an image whose size suits, so that there are units whose field no border clips. It is done
along one axis: lines across that axis are pictures of their own, and every window is cut down to one line across.
Weights are 1 and there are no biases, so that a unit gives more than zero iff it sees the lit pixel. What a layer gives
is thus a column of its Jacobian (the gradient of each unit with respect to one pixel), but for the size of the entries,
which are made 1 again behind each layer, so that nothing can overflow or fade.

The network looks the same from so many pixels further on (its period), so that a period of pixels shows all that there
is to see; one more shows that it is a period. A layer's unit is that of all its channels at one place. Channels that
see the same are one picture: so are those of the image, and all that come out of weights which tie every channel to
every other. Those that are concatenated are kept apart, and groups and connection tables choose among them.

Left out are functions of a value by itself (a dead ReLU would see nothing), normalisation and dropout. What reads all
of its input (Linear, Flatten, GlobalAvgPool2d) is, on another image, the window over as many lines that it is, and an
adaptive pool keeps the ratio of its output to its input.
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

AT_ONCE = 1 << 24  # values of one layer in the pictures that are run together
MOST_WORK = 3 << 30  # multiplications of all layers in all pictures together: half a minute
MOST_PICTURES = 1 << 12  # of one pixel each: pixels of a period
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
    that join what does not fit together on another image, and what is behind them.
    """
    import torch

    with torch.no_grad(), _one_channel_at_a_time():
        return _Strip(built, axis, device).fields()


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
    """The first and the last lit pixel that each unit of a layer sees; a last of -1 says that it sees none.

    ``ends`` has the units that notice the first lit pixel, and those that notice the last one.
    """

    first: Tensor
    last: Tensor
    ends: list[Tensor]


class _Strip:
    """The network along one axis, for images that differ from its own by a whole number of periods."""

    def __init__(self, built: Sequence[Built], axis: int, device: torch.device) -> None:
        self.built, self.axis, self.device = built, axis, device
        self.pixels = next(
            row.inputs[row.layer.sources.index(INPUT)][1 + axis] for row in built if INPUT in row.layer.sources
        )
        self.last_reader = {source: row.name for row in built for source in row.layer.sources}
        self.jumps = {INPUT: Fraction(1)}  # pixels from one unit to the next, of branches the first one's
        self.slack = {INPUT: Fraction(0)}  # unit u sees no pixel that is further than this from u*jump
        for row in built:
            jump = self.jumps[row.layer.source]
            self.jumps[row.name] = jump * self._step(row)
            self.slack[row.name] = max(self.slack[each] for each in row.layer.sources) + self._span(row) * jump
        self.period = math.lcm(*(jump.numerator for jump in self.jumps.values()))
        self.alone = self._alone()
        # whether some layer reads some channels, and others not: else they need not be kept apart
        self.chosen = any(_weight(row) is not None and not _ties_all(row) for row in built)

    def _alone(self) -> set[str]:
        """Layers of a single unit, because something has read the whole image: only that unit counts, not its like."""
        found: set[str] = set()
        for row in self.built:
            whole = isinstance(row.layer.kind, WHOLE) or any(source in found for source in row.layer.sources)
            if whole and row.output[1 + self.axis] == 1:
                found.add(row.name)
        return found

    def _lines(self, row: Built) -> tuple[int, int]:
        """Of its input and its output, on the network's own image."""
        return row.input[1 + self.axis], row.output[1 + self.axis]

    def _step(self, row: Built) -> Fraction:
        """Lines of its input from one unit of a layer to the next."""
        from torch import nn

        part = working_part(row.module)
        if isinstance(row.layer.kind, WHOLE) or part is None:
            return Fraction(1)
        if isinstance(part, nn.AdaptiveAvgPool2d):
            return Fraction(*self._lines(row))
        if isinstance(part, nn.Upsample):
            return 1 / Fraction(pair(part.scale_factor)[self.axis])
        stride = Fraction(pair(getattr(part, "stride", 1))[self.axis])
        return 1 / stride if isinstance(part, nn.ConvTranspose2d) else stride

    def _span(self, row: Built) -> Fraction:
        """How many lines of its input a unit looks away at most; how large an image must be follows, and no more."""
        from torch import nn

        before, after = self._lines(row)
        part = working_part(row.module)
        if isinstance(row.layer.kind, WHOLE):
            return Fraction(before)
        if isinstance(row.layer.kind, CenterCrop):
            return Fraction(before - after)
        if part is None or isinstance(part, nn.Upsample | nn.AdaptiveAvgPool2d):
            return self._step(row) + 1
        kernel, dilation, padding = (
            0 if isinstance(given, str) else int(pair(given)[self.axis])  # padding "same" is less than the kernel
            for given in (getattr(part, *each) for each in (("kernel_size", 1), ("dilation", 1), ("padding", 0)))
        )
        span = Fraction(max(padding, dilation * (kernel - 1) - padding))
        return span * self._step(row) + 1 if isinstance(part, nn.ConvTranspose2d) else span

    # --- how large an image -----------------------------------------------------------------------------------------

    def _size(self, slack: Fraction) -> int:
        """The size of an image on which all units that notice a lit pixel are there, if they see no further."""
        lost = max(self.pixels - self._lines(row)[1] * self.jumps[row.name] for row in self._within(slack))
        needed = math.ceil(2 * slack + max(Fraction(0), lost)) + 6 * self.period
        return self.pixels + (-(-(needed - self.pixels) // self.period) or 1) * self.period

    def _within(self, slack: Fraction) -> list[Built]:
        return [row for row in self.built if self.slack[row.name] <= slack]

    def _work(self, slack: Fraction) -> int:
        """Multiplications for all pictures of the rows that see so far."""
        size, work = self._size(slack), Fraction(0)
        for row in self._within(slack):
            kernel = pair(getattr(working_part(row.module), "kernel_size", 1))[self.axis]
            work += size / self.jumps[row.name] * kernel * self._channels(row)
        return int(work) * (self.period + 1)

    def _channels(self, row: Built) -> int:
        """That are kept apart, at most."""
        return max(row.input[0], row.output[0]) if self.chosen else 1

    def fields(self) -> dict[str, Field]:
        if self.period > MOST_PICTURES:
            return {}
        # what sees further than can be tried out is left out, with all that is behind it
        slacks = sorted({self.slack[row.name] for row in self.built}, reverse=True)
        slack = next((each for each in slacks if self._work(each) <= MOST_WORK), None)
        if slack is None:
            return {}
        size, start = self._size(slack), math.ceil(slack) + 2 * self.period
        found = self.run(size, range(start, start + self.period + 1), self._within(slack))
        known: dict[str, Field] = {}
        for row in self.built:
            field = self._field(row, found[row.name], size) if row.name in found else None
            if field is not None and all(source in known or source == INPUT for source in row.layer.sources):
                known[row.name] = field
        return known

    def _field(self, row: Built, seen: _Seen, size: int) -> Field | None:
        """The mean over one period of units; None where some see nothing, or the period is none."""
        more, periods = len(seen.last) - self._lines(row)[1], (size - self.pixels) // self.period
        units = more // periods if more % periods == 0 else 0  # by which the layer grows with the image
        noticing = (seen.last >= 0).nonzero().flatten().tolist()
        if units < 1 or not noticing or noticing[0] == 0 or noticing[-1] == len(seen.last) - 1:
            return None
        near, far = (units_of.tolist() for units_of in seen.ends)
        if [unit + units for unit in near] != far:
            return None
        ends: list[tuple[int, int] | None] = [None] * units
        for unit, first, last in zip(
            noticing, seen.first[noticing].tolist(), seen.last[noticing].tolist(), strict=True
        ):
            before, of = divmod(unit, units)
            own = first - before * self.period, last - before * self.period
            so_far = ends[of] or own
            ends[of] = min(so_far[0], own[0]), max(so_far[1], own[1])
        known = [each for each in ends if each is not None]
        if len(known) < units:
            return None
        jump, alike = Fraction(self.period, units), known[:1] if row.name in self.alone else known
        sizes = sum(last - first + 1 for first, last in alike)
        starts = sum((first - unit * jump for unit, (first, _) in enumerate(alike)), Fraction(0))
        return Field(Fraction(sizes, len(alike)), jump, starts / len(alike))

    # --- running ----------------------------------------------------------------------------------------------------

    def run(self, size: int, lit: range, rows: Sequence[Built]) -> dict[str, _Seen]:
        """What the units of ``rows`` see of the pixels ``lit``, one a picture, of an image of ``size`` pixels."""
        import torch

        found: dict[str, _Seen] = {}
        widest = max(self._channels(row) * int(size / self.jumps[row.name] + 1) for row in rows)
        at_once = max(1, AT_ONCE // widest)
        for start in range(lit.start, lit.stop, at_once):
            pixels = torch.arange(start, min(start + at_once, lit.stop), device=self.device)
            for name, picture in self._pictures(size, pixels, rows):
                last = (picture * (pixels + 1)[:, None]).amax(dim=0).long() - 1
                first = size - (picture * (size - pixels)[:, None]).amax(dim=0).long()
                so_far = found.setdefault(name, _Seen(first, last, [picture[0].nonzero().flatten()] * 2))
                so_far.first = torch.minimum(so_far.first, first)
                so_far.last = torch.maximum(so_far.last, last)
                so_far.ends[1] = picture[-1].nonzero().flatten()
        return found

    def _pictures(self, size: int, pixels: Tensor, rows: Sequence[Built]) -> Iterator[tuple[str, Tensor]]:
        """Each layer's pictures (pictures, units) as it runs: 1 where a unit sees the lit pixel, else 0."""
        import torch

        image = torch.zeros((len(pixels), size), dtype=torch.float32, device=self.device)
        image[torch.arange(len(pixels), device=self.device), pixels] = 1
        # a picture of a single channel is that of all of them
        values = {INPUT: image[:, None, :, None] if self.axis == 0 else image[:, None, None, :]}
        sizes = {INPUT: size}
        for row in rows:
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
            picture = output.amax(dim=1).flatten(1)
            sizes[row.name] = picture.shape[1]
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
            if not isinstance(row.layer.kind, GlobalAvgPool2d):
                image = image.amax(dim=1, keepdim=True)
            window = self._lines(row)[0]
            if size < window:
                return None
            total = nn.functional.pad(image, (0, 0, 1, 0) if self.axis == 0 else (1, 0, 0, 0)).cumsum(dim=lines)
            units = size - window + 1
            return (total.narrow(lines, window, units) > total.narrow(lines, 0, units)).to(torch.float32)
        if len(given) > 1:
            if len({each.shape[lines] for each in given}) > 1:
                return None
            apart = self.chosen and (row.input[0] > row.inputs[0][0] or any(each.shape[1] > 1 for each in given))
            if apart:
                given = [each.expand(-1, shape[0], -1, -1) for each, shape in zip(given, row.inputs, strict=True)]
            joined: Tensor = row.module(*given).sign()
            return joined if apart else joined.amax(dim=1, keepdim=True)
        part = working_part(row.module)
        if part is None:
            return None
        if _ties_all(row):
            image = image.amax(dim=1, keepdim=True)
        alike = image.shape[1] == 1
        cut: Any = _cut(part, self.axis, alike=alike)
        if isinstance(row.layer.kind, CenterCrop):
            if like is None or size - like != row.input[1 + self.axis] - row.output[1 + self.axis]:
                return None
            cut.size = (like, 1) if self.axis == 0 else (1, like)
        if isinstance(part, nn.AdaptiveAvgPool2d):
            output = int(Fraction(size * row.output[1 + self.axis], row.input[1 + self.axis]))
            cut.output_size = (output, None) if self.axis == 0 else (None, output)
        if isinstance(part, nn.Upsample):  # float64 tells a weight that is zero from a small one
            image = image.double()
        tensors = {
            name: image.new_zeros(1 if alike else (parameter.shape[0], *[1] * (parameter.dim() - 1)))
            if is_bias(name)
            else image.new_ones(_one_line(parameter, self.axis, alike=alike))
            for name, parameter in part.named_parameters()
        }
        seen: Tensor = torch.func.functional_call(cut, tensors, (image,))
        if not tensors:
            return (seen > LEAST).to(torch.float32)
        return (seen > 0.5).to(torch.float32)  # sums of ones, which may have come about by way of rounded transforms


def _ties_all(row: Built) -> bool:
    """Whether there is a weight between each channel that the layer reads and each that it gives."""
    weight = _weight(row)
    return (
        weight is not None and weight.dim() == 4 and weight.shape[0] * weight.shape[1] == row.input[0] * row.output[0]
    )


def _weight(row: Built) -> Tensor | None:
    """The kernels of a convolution, (channels, channels, height, width), or (pairs of channels, height, width)."""
    weight = getattr(working_part(row.module), "weight", None)
    return weight if weight is not None and weight.dim() > 2 else None


def _cut(part: nn.Module, axis: int, *, alike: bool) -> nn.Module:
    """The module with windows of one line across ``axis``; for one channel where all are ``alike``."""
    cut = copy.copy(part)
    across = {"kernel_size": 1, "stride": 1, "padding": 0, "dilation": 1, "output_padding": 0, "scale_factor": 1.0}
    for name, one_line in across.items():
        given = getattr(part, name, None)
        if given is not None and not isinstance(given, str):  # padding "same" is none for one line
            along = pair(given)[axis]
            setattr(cut, name, (along, one_line) if axis == 0 else (one_line, along))
    for name, alone in {"groups": 1, "table": None}.items():
        if alike and hasattr(part, name):
            setattr(cut, name, alone)
    return cut


def _one_line(weight: Tensor, axis: int, *, alike: bool) -> tuple[int, ...]:
    """The shape of weights with one line across ``axis``."""
    if weight.dim() == 1:
        return (1,) if alike else tuple(weight.shape)
    along: int = weight.shape[weight.dim() - 2 + axis]
    channels = (1, 1) if alike else tuple(weight.shape[:-2])
    return (*channels, along, 1) if axis == 0 else (*channels, 1, along)
