"""A sheet as its student has it: the numbers that follow where some earlier ones are the student's own.

What a formula reads is the student's number where that cell was answered wrongly, and the true one elsewhere: a cell
that was left blank, or holds nothing that can be read, falls back to it. Numbers without a cell are computed. This
room must not know why a number is wrong.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Set
from typing import Protocol

from .. import expr
from ..addresses import parse_address
from ..expr import Value
from ..quantities import COMPOSITE
from ..sheet import Sheet
from ..table import Table

LARGEST = 10**18  # of a student's number that is calculated with


class Dependents:
    """Which numbers of a sheet are computed from which, and which are asked."""

    def __init__(self, sheet: Sheet) -> None:
        self.table = sheet.table
        self.readers: dict[str, list[str]] = {}
        for answer, quantity in sheet.table.quantities.items():
            for bind in quantity.binds.values():
                if isinstance(bind, str):
                    self.readers.setdefault(bind, []).append(answer)
        self._itself: dict[str, frozenset[str]] = {}
        self.order = _ordered(sheet.table)
        self.asked: set[str] = set()
        for cell in sheet.blanks:
            answer = cell.answer or ""
            layer, _, name = answer.rpartition(".")
            self.asked |= {answer, *(f"{layer}.{side}" for side in COMPOSITE.get(name, ()))}
        self.same = _same_cells(sheet)  # given cells that show what another cell holds

    def itself(self, answer: str) -> frozenset[str]:
        """The answer, and the numbers without a blank that are computed from it."""
        if answer not in self._itself:
            self._itself[answer] = frozenset((answer, *self.behind((answer,))))
        return self._itself[answer]

    def behind(self, wrong: Collection[str]) -> set[str]:
        """Numbers without a blank of their own that change where ``wrong`` are the student's."""
        found: set[str] = set()
        waiting = list(wrong)
        while waiting:
            answer = waiting.pop()
            for reader in (*self.readers.get(answer, ()), *self.same.get(answer, ())):
                if reader not in self.asked and reader not in found:
                    found.add(reader)
                    waiting.append(reader)
        return found


def _ordered(table: Table) -> dict[str, int]:
    """Each number's place in an order in which none comes before what it is computed from; without recursion."""
    order: dict[str, int] = {}
    for first in table.quantities:
        waiting = [first]
        while waiting:
            answer = waiting[-1]
            if answer in order:
                waiting.pop()
                continue
            read = tuple(table.quantities[answer].binds.values()) if answer in table.quantities else ()
            before = [bind for bind in read if isinstance(bind, str) and bind not in order and bind not in waiting]
            if before:
                waiting += before
            else:
                order[answer] = len(order)
                waiting.pop()
    return order


def _same_cells(sheet: Sheet) -> dict[str, list[str]]:
    """The width of a square input follows the cell of its height: answer -> the ids that are shown as the same."""
    at = {(cell.row, cell.column): cell.answer for cell in sheet.cells if cell.answer is not None}
    found: dict[str, list[str]] = {}
    for cell in sheet.cells:
        text = cell.content
        if cell.kind != "given" or cell.answer is None or not isinstance(text, str) or not text.startswith("="):
            continue
        try:
            followed = at.get(parse_address(text[1:]))
        except ValueError:  # a formula of more than one cell
            continue
        if followed is not None and followed != cell.answer:
            found.setdefault(followed, []).append(cell.answer)
    return found


class Numbers(Protocol):
    """Numbers by their ids."""

    @property
    def get(self) -> Callable[[str], Value | None]: ...


class OwnNumbers(Numbers, Protocol):
    """A student's numbers by their ids; those in ``hidden`` are not known here."""

    @property
    def whole(self) -> Own: ...
    @property
    def hidden(self) -> Set[str]: ...


class _Without:
    __slots__ = ("_get", "hidden", "whole")

    def __init__(self, whole: Own, hidden: Set[str]) -> None:
        self.whole, self.hidden, self._get = whole, hidden, whole.get

    def get(self, answer: str, /) -> Value | None:
        return None if answer in self.hidden else self._get(answer)


class Own:
    """Every number of the sheet by id, as it follows from a student's own ``wrong`` numbers."""

    hidden: Set[str] = frozenset()

    def __init__(self, dependents: Dependents, wrong: Mapping[str, Value]) -> None:
        self._table, self._dependents = dependents.table, dependents
        self._wrong = frozenset(wrong)
        self._behind = dependents.behind(wrong)
        self._shown_by = {shown: answer for answer in wrong for shown in dependents.same.get(answer, ())}
        self.changed: Set[str] = self._wrong | self._behind
        self._all: dict[str, Value] = {**self._table.numbers, **wrong}
        for answer in sorted(self._behind, key=dependents.order.__getitem__):
            followed = self._shown_by.get(answer)
            number = self._all[followed] if followed is not None else self.follows(answer)
            if number is None:
                del self._all[answer]
            else:
                self._all[answer] = number
        self.get: Callable[[str], Value | None] = self._all.get  # a call less, a hundred times for each cell

    @property
    def whole(self) -> Own:
        return self

    def follows(self, answer: str) -> Value | None:
        """What the number's own formula gives here; None where that is nothing."""
        quantity = self._table.quantities[answer]
        try:
            env = {name: bind if isinstance(bind, int) else self._all[bind] for name, bind in quantity.binds.items()}
            return expr.value(quantity.formula, env)
        except (expr.ExpressionError, KeyError):
            return None

    def without(self, answer: str) -> OwnNumbers:
        """The same, where neither ``answer`` is known nor what follows from it: no number explains itself."""
        if answer not in self._wrong:
            return self
        return _Without(self, self._dependents.itself(answer))

    def changes(self, answer: str) -> bool:
        """Whether the number differs from the true one here."""
        return answer in self.changed

    def sources(self, answer: str, read: Collection[str] | None = None) -> tuple[str, ...]:
        """The student's own wrong numbers that the number's formula reads, directly or through what has no cell.

        ``read`` is what it reads where its formula is written in another way.
        """
        found: dict[str, None] = {}
        seen: set[str] = set()
        waiting = [answer]
        while waiting:
            here = waiting.pop()
            binds = read if read is not None and here == answer else self._table.quantities[here].binds.values()
            for bind in binds:
                if isinstance(bind, str) and bind not in seen:
                    seen.add(bind)
                    if bind in self._shown_by and bind not in self._wrong:
                        found[self._shown_by[bind]] = None
                    elif bind in self._behind:
                        waiting.append(bind)
                    elif bind in self._wrong:
                        found[bind] = None
        return tuple(found)
