"""Which layers of a network have a receptive field that is one number: their units are followed, over one period.

The formulas of the kinds (``Layer.reach``) compose the size, the jump and the start of a layer's units, or the means of
them where units differ. Means do not always compose: a stride picks some units and leaves others, the middle of a map
is not its mean, and what two branches see together is more than either mean. So every unit of a period is followed down
to the pixels that it sees, and a layer has the numbers iff the formulas, over those of its inputs, come to just that.

A unit is that of all maps of a layer at one place, and the image and every layer go on beyond their borders. This room
knows networks and formulas; it must not know tables of numbers, coursework or files.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import TYPE_CHECKING

from . import expr
from .expr import Value
from .network import INPUT, NamedLayer, Network
from .shapes import AXES, shapes_of

if TYPE_CHECKING:
    from .layers import Shape

MOST_WORK = 200_000  # units that are looked at for one layer: a tenth of a second


def layers_with_fields(network: Network, side: str) -> frozenset[str]:
    """The layers of which the receptive field, jump and start along ``side`` (height or width) are numbers.

    Not those of which some unit sees nothing, whose branches drift apart (their jumps differ), whose period is too long
    to follow, or that read some maps and leave out others which see something else; nor what is behind them.
    """
    shapes = shapes_of(network.input, network.layers)
    seen = {INPUT: _Seen(((0, 0),), 1)}
    for layer in network.layers:
        if layer.name in shapes and all(source in seen for source in layer.sources):
            found = _follow(layer, [seen[source] for source in layer.sources], shapes, side)
            if found is not None:
                seen[layer.name] = found
    return frozenset(seen) - {INPUT}


@dataclass(frozen=True)
class _Seen:
    """The first and the last pixel that each unit of a period sees; the next period sees ``pixels`` further on."""

    ends: tuple[tuple[int, int], ...]
    pixels: int
    unlike: bool = False  # its maps may differ in what they see
    alone: bool = False  # it is a single unit, the first, because something has read all of the image

    @cached_property
    def jump(self) -> Fraction:
        return Fraction(self.pixels, len(self.ends))

    @cached_property
    def size(self) -> Fraction:
        ends = self.ends[:1] if self.alone else self.ends
        return Fraction(sum(last - first + 1 for first, last in ends), len(ends))

    @cached_property
    def start(self) -> Fraction:
        ends = self.ends[:1] if self.alone else self.ends
        return sum((first - unit * self.jump for unit, (first, _) in enumerate(ends)), Fraction(0)) / len(ends)

    def of(self, unit: int) -> tuple[int, int]:
        period, unit = divmod(unit, len(self.ends))
        first, last = self.ends[unit]
        return first + period * self.pixels, last + period * self.pixels

    def together(self, units: range) -> tuple[int, int]:
        """What ``units`` see together; those a period apart see the same further on, so that the outer ones will do."""
        period = len(self.ends)
        return min(self.of(unit)[0] for unit in units[:period]), max(self.of(unit)[1] for unit in units[-period:])


def _follow(layer: NamedLayer, read: Sequence[_Seen], shapes: Mapping[str, Shape], side: str) -> _Seen | None:
    kind, at = layer.kind, AXES.index(side)
    size, out = shapes[layer.source][at], shapes[layer.name][at]
    unlike = any(each.unlike for each in read)
    if len({each.jump for each in read}) > 1 or (unlike and kind.leaves_out(shapes[layer.source][0])):
        return None
    step = kind.step(side, size, out)
    known = math.lcm(*(len(each.ends) for each in read))
    # so many units on, a whole number of periods further on is read
    period = step.denominator * (known // math.gcd(known, step.numerator))
    if period * min(known, len(kind.reads(side, 0, size, out)) + 1) > MOST_WORK:
        return None
    ends = []
    for unit in range(period):
        units = kind.reads(side, unit, size, out)
        if not units:
            return None
        branches = [each.together(units) for each in read]
        ends.append((min(first for first, _ in branches), max(last for _, last in branches)))
    jump = read[0].jump * step
    seen = _Seen(
        *_shortest(ends, jump),
        unlike=kind.unlike(shapes[layer.source], unlike or (kind.stacks and len({each.ends for each in read}) > 1)),
        alone=out == 1 and (kind.whole or any(each.alone for each in read)),
    )
    return seen if _composed(layer, read, shapes, side) == (seen.size, seen.jump, seen.start) else None


def _shortest(ends: Sequence[tuple[int, int]], jump: Fraction) -> tuple[tuple[tuple[int, int], ...], int]:
    """The shortest period in which the units are the same, and its pixels."""
    for period in range(1, len(ends) + 1):
        further = period * jump
        if len(ends) % period or further.denominator > 1:
            continue
        before = zip(ends, ends[period:], strict=False)
        if all([end + further for end in near] == list(far) for near, far in before):
            return tuple(ends[:period]), int(further)
    raise AssertionError("a whole period is one")


def _composed(
    layer: NamedLayer, read: Sequence[_Seen], shapes: Mapping[str, Shape], side: str
) -> tuple[Value, Value, Value] | None:
    """Size, jump and start as the formulas of the kind have them; None where it has none."""
    reach = layer.kind.reach(side)
    if reach is None:
        return None
    at = AXES.index(side)
    env: dict[str, Value] = {f"in_{side}": shapes[layer.source][at], f"out_{side}": shapes[layer.name][at]}
    env |= layer.kind.settings()
    for name, seen in (("in", read[0]), *((f"in{i}", each) for i, each in enumerate(read, start=1))):
        env |= {f"{name}_receptive_field": seen.size, f"{name}_jump": seen.jump, f"{name}_start": seen.start}
    size, jump, start = (expr.value(expr.parse(text), env) for text in (reach.size, reach.jump, reach.start))
    return size, jump, start
