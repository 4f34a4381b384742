"""What on a sheet is right for the student's own earlier numbers, and which of these nothing may follow from.

A number is held against its formula over the student's own numbers, and against the formula with those of its row
written out, as who left a cell between blank calculates it. This room must not know rules, nor why a number is wrong.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Literal

from ..expr import Value
from ..network import INPUT, TOTAL
from .index import Index
from .own import Own
from .trees import Number

Right = Callable[[str, Number, Value], bool]  # answer, a student's number, a value: is it right within tolerance?

# What an earlier number is that nothing may follow from: it cannot be what it claims to be; it is 0, where others may
# count nothing; or the same mistake, a unit or another quantity, is in both
Barred = Literal["", "impossible", "zero", "copied"]
# Quantities that are 0 by another convention, or in another layer; a size or a neuron there must be
_MAY_BE_NONE = frozenset({"weights", "biases", "parameters", "fixed_parameters", "running_statistics", "connections",
                          "macs", "flops", "parameter_memory"})  # fmt: skip


class Following:
    """Of one student's sheet."""

    def __init__(self, index: Index, given: Mapping[str, Number], is_right: Right) -> None:
        self.index, self.given, self.is_right = index, given, is_right
        self.own = Own(index.dependents, given)
        self._numbers = index.table.numbers
        self._read: dict[str, tuple[str, ...]] = {}  # what is read where the row's own numbers are written out

    def value(self, answer: str) -> Value | None:
        """What the student's own numbers give for the answer; None where none of them is read."""
        # who writes the row's own numbers out, or left a cell between blank, reads what that cell is computed from
        if not self.reads_own(answer) and not any(map(self.own.changes, self.index.read_by(answer))):
            return None
        carried = self.own.follows(answer)
        by_blocks = self._over_blocks(answer, carried)
        if by_blocks is not None and self.is_right(answer, self.given[answer], by_blocks):
            return by_blocks
        return carried

    def _over_blocks(self, answer: str, carried: Value | None) -> Value | None:
        """A total as who adds up the blocks' own rows gets it, where these are asked and were answered wrongly."""
        terms, quantity = self.index.terms(answer), answer.rpartition(".")[2]
        if not terms or carried is None or isinstance(carried, str) or not answer.startswith(f"{TOTAL}."):
            return None
        whole: Number = carried
        for block, layers in self.index.table.blocks.items():
            own = self.given.get(f"{block}.{quantity}")
            parts = [self.own.get(f"{layer}.{quantity}") for layer in layers if f"{layer}.{quantity}" in terms]
            numbers = [part for part in parts if part is not None and not isinstance(part, str)]
            if own is not None and len(numbers) == len(parts):
                whole = whole + own - sum(numbers)
        return whole if whole != carried else None

    def reads_own(self, answer: str) -> bool:
        quantity = self.index.table.quantities[answer]
        name = answer.rpartition(".")[2]
        if answer.startswith(f"{TOTAL}.") and any(f"{block}.{name}" in self.given for block in self.index.table.blocks):
            return True
        return any(isinstance(bind, str) and self.own.changes(bind) for bind in quantity.binds.values())

    def holds(self, answer: str, follows: dict[str, Value]) -> bool:
        """Whether the number is right for the student's own; ``follows`` is then told which one that is."""
        given, right = self.given[answer], self._numbers[answer]
        carried = follows[answer]
        if carried != right and self.is_right(answer, given, carried):
            return True
        written_out = self._written_out(answer)
        if written_out is None or written_out == right or not self.is_right(answer, given, written_out):
            return False
        follows[answer] = written_out
        self._read[answer] = self.index.read_by(answer)
        return True

    def _written_out(self, answer: str) -> Number | None:
        """The number for who writes the row's own numbers out: k*k*C*K + K, whatever stands in the weights' cell."""
        form = self.index.forms.of(answer)
        if form is None or form.tree == form.expanded:
            return None
        if not any(self.own.changes(each) for each in self.index.read_by(answer)):
            return None
        number = self.index.value(answer, form.expanded, self.own.without(answer))
        return number if number == number else None

    def sources(self, answer: str) -> tuple[str, ...]:
        """The student's own wrong numbers that the number is computed from."""
        return self.own.sources(answer, self._read.get(answer))

    def all_sources(self, answer: str) -> tuple[str, ...]:
        """The same, of a total its blocks' own rows as well."""
        depends = self.sources(answer)
        if answer.startswith(f"{TOTAL}."):
            name = answer.rpartition(".")[2]
            depends += tuple(each for block in self.index.table.blocks if (each := f"{block}.{name}") in self.given)
        return depends

    def fault_of(self, answer: str, number: Value) -> Barred:
        """Why a number cannot be what it claims to be: whole and positive where it is, no larger than its input."""
        right = self._numbers[answer]
        if isinstance(number, str) or isinstance(right, str):
            return "impossible"
        layer, _, quantity = answer.rpartition(".")
        if isinstance(right, int) and number != int(number):
            return "impossible"
        if number == 0 < right:
            return "zero" if quantity in _MAY_BE_NONE else "impossible"
        if number < 0 <= right:
            return "impossible"
        if quantity in ("out_height", "out_width") and layer not in (INPUT, TOTAL):
            read = self._numbers.get(f"{layer}.{quantity.replace('out', 'in')}")
            image = self.own.get(f"{INPUT}.{quantity.replace('out', 'in')}")  # of the student's own
            if isinstance(read, int) and isinstance(image, int) and right <= read and number > max(image, read):
                return "impossible"
        return ""

    def faults(self, follows: Mapping[str, Value]) -> dict[str, Barred]:
        """Of each of the student's numbers what is wrong with it, or with one of those that it follows from.

        What cannot be goes along the chain, however long. A 0 goes one step: behind it, others may count the same.
        """
        found: dict[str, Barred] = {}
        for answer in sorted(self.given, key=self.index.dependents.order.__getitem__):
            found[answer] = self.fault_of(answer, self.given[answer])
            if answer in follows:
                behind = [self.fault_of(answer, follows[answer]), *(found[each] for each in self.all_sources(answer))]
                found[answer] = "impossible" if "impossible" in behind else found[answer]
        return found
