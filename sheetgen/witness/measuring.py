"""``measure``: every quantity that is wanted of every layer, of blocks, and in total."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from fractions import Fraction
from typing import TYPE_CHECKING

from ..layers import SIDES, Conventions
from ..network import INPUT, TOTAL, Block, Network
from ..quantities import CORE, SHARES, SUMMABLE
from .building import Built, build
from .counting import Scratch, count, of_input, opinion
from .machine import AUTO, CUDA, META, describe, device_of, refusals_of
from .seeing import fields
from .tensors import CONNECTABLE, Value, of_hook, of_shapes, of_tensors

if TYPE_CHECKING:
    import torch

RUN = frozenset({"connections", "fan_in", "macs", "flops"})  # what takes a run of each layer
SEEN = ("receptive_field", "jump", "centre")


@dataclass(frozen=True, slots=True)
class Measured:
    """What the network showed. An id that was not measured is absent.

    ``numbers``: answer id -> the measured number (the text ``55 x 55 x 96`` of a size; what need not be whole is a
    Fraction). ``opinions``: ``<layer>.connections`` -> FlopCounterMode's multiply-accumulates of one sample, for layers
    with weights: connections without biases, padding counted. ``macs``: the same quantity as measured here, whatever
    the conventions; to hold ``opinions`` against.
    """

    device: str
    numbers: Mapping[str, Value] = field(hash=False)
    opinions: Mapping[str, int] = field(hash=False)
    macs: Mapping[str, int] = field(hash=False)


def measure(
    network: Network,
    conventions: Conventions,
    rows: Sequence[str],
    device: str = AUTO,
    progress: Callable[[str], None] | None = None,
    wanted: Collection[str] = (),
) -> Measured:
    """Build ``network`` on ``device``, run it, and measure every quantity of every layer.

    The quantities are those of CORE and those ``wanted``; names that are no quantities are passed over. ``rows`` are
    the layers that the totals and the blocks' rows add up. ``progress`` is called with each layer's name as it is built
    and again as its connections are measured. Raises DeviceError: no torch, no such device, out of memory.
    """
    where = device_of(device)
    import torch

    tell = progress or (lambda _: None)
    summed = [name for name in SUMMABLE if name in CORE or name in wanted or f"{name}_share" in wanted]
    asked = {*CORE, *wanted, *summed}
    found: dict[str, Value] = {}
    opinions: dict[str, int] = {}
    macs: dict[str, int] = {}
    decreed: set[str] = set()
    with ExitStack() as settings:
        settings.enter_context(torch.no_grad())
        settings.enter_context(warnings.catch_warnings())
        # that torch copies the input there is no news to a reader of coursework
        warnings.filterwarnings("ignore", "Using padding='same' with even kernel", UserWarning)
        if where.type == CUDA:  # cuDNN may choose FFT or Winograd, which round: a count must be whole
            settings.enter_context(torch.backends.cudnn.flags(enabled=False))
        built = build(network, where, tell)
        for row in built:
            found |= of_hook(row, conventions)
            if not isinstance(row.layer.kind, CONNECTABLE):
                decreed.add(f"{row.name}.fully_connected_parameters")
        found |= of_tensors(built, conventions)
        if where.type != META:
            scratch = Scratch(where)
            found |= of_input(built[0], scratch)
            if all(f"{INPUT}.in_{axis}" in found for axis in ("channels", "height", "width")):
                found |= of_shapes(INPUT, network.input, ())
            for row in built:
                tell(row.name)
                with refusals_of(row.name, where):
                    counted = count(row, conventions, scratch, fan_in="fan_in" in asked)
                decreed |= {f"{row.name}.{quantity}" for quantity in counted.decreed}
                of_run = {"connections": counted.connections, "macs": counted.macs, "fan_in": counted.fan_in}
                if counted.macs is not None:
                    of_run["flops"] = counted.macs * (2 if conventions.flops == "2 per MAC" else 1)
                    theirs = opinion(row)
                    macs[f"{row.name}.connections"] = counted.macs
                    if theirs is not None:
                        opinions[f"{row.name}.connections"] = theirs
                found |= {f"{row.name}.{name}": number for name, number in of_run.items() if number is not None}
            found |= _of_fields(built, wanted, where)
    sums = _Sums([name for name in summed if where.type != META or name not in RUN], found, decreed)
    found |= sums.of(TOTAL, rows)
    for block in network.blocks:
        found |= _of_block(block, built, [name for name in block.layers if name in rows], network, sums)
    found |= _shares(found, [name for name in SHARES if name in wanted])
    kept = {answer: number for answer, number in found.items() if answer.rpartition(".")[2] in asked}
    return Measured(describe(where), kept, opinions, macs)


@dataclass(frozen=True, slots=True)
class _Sums:
    """Adds up what was measured; where one number is missing there is no sum, unless there is none by convention."""

    quantities: Sequence[str]
    numbers: Mapping[str, Value]
    decreed: Collection[str]

    def of(self, name: str, rows: Sequence[str]) -> Iterator[tuple[str, int]]:
        for quantity in self.quantities:
            answers = [f"{row}.{quantity}" for row in rows]
            addends = [self.numbers.get(answer, 0 if answer in self.decreed else None) for answer in answers]
            whole = [addend for addend in addends if isinstance(addend, int)]
            if len(whole) == len(addends):
                yield f"{name}.{quantity}", sum(whole)


def _of_block(
    block: Block, built: Sequence[Built], rows: Sequence[str], network: Network, sums: _Sums
) -> dict[str, Value]:
    """A block's own row: the shapes at its two ends as the hooks saw them, and the sums of its layers."""
    if not rows:
        return {}
    outputs = {INPUT: network.input, **{row.name: row.output for row in built}}
    found = of_shapes(block.name, outputs[block.source], outputs[block.layers[-1]])
    return found | dict(sums.of(block.name, rows))


def _shares(numbers: Mapping[str, Value], wanted: Sequence[str]) -> dict[str, Value]:
    found: dict[str, Value] = {}
    for share in wanted:
        whole = numbers.get(f"{TOTAL}.{SHARES[share]}")
        for answer, part in numbers.items():
            name, _, quantity = answer.rpartition(".")
            if (
                quantity == SHARES[share]
                and name != TOTAL
                and isinstance(part, int)
                and isinstance(whole, int)
                and whole
            ):
                found[f"{name}.{share}"] = Fraction(part, whole)
    return found


def _of_fields(built: Sequence[Built], wanted: Collection[str], device: torch.device) -> dict[str, Value]:
    """Receptive fields, jumps and centres, along the height where no side is named."""
    found: dict[str, Value] = {}
    for axis, side in enumerate(SIDES):
        suffixes = [
            suffix
            for suffix in (f"_{side}", *([""] if side == "height" else []))
            if any(f"{name}{suffix}" in wanted for name in SEEN)
        ]
        if not suffixes:
            continue
        for name, seen in fields(built, axis, device).items():
            for suffix in suffixes:
                found[f"{name}.receptive_field{suffix}"] = seen.size
                found[f"{name}.jump{suffix}"] = seen.jump
                found[f"{name}.centre{suffix}"] = seen.start + (seen.size - 1) / 2
    return found
