"""Which mistakes an assignment cannot see: rules that give the right number, and rules that give the same wrong one.

Right for the wrong reason is possible wherever a stride is 1, a padding 0, a division without remainder. A rule's
signature on a sheet is what it gives in each answer that it applies to; an assignment tells two rules apart where
their signatures differ, and sees one at all where its signature is not that of the right formulas. This room must not
know how rules are put into words.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from ..sheet import Sheet
from .changes import Rule
from .index import Index, index_of
from .trees import Number
from .weighing import cost

COMMON = 4.5  # bits of a rule that is worth a warning where no blank shows it


@dataclass(frozen=True, slots=True)
class Blind:
    """One answer: rules that give the right number in it, and groups of rules that give the same wrong one."""

    answer: str
    unseen: tuple[Rule, ...]
    alike: tuple[tuple[Rule, ...], ...]


@dataclass(frozen=True)
class Power:
    """What a whole sheet tells apart: the single changes of its formulas, and what the coursework declares."""

    blanks: tuple[Blind, ...]
    signatures: Mapping[Rule, tuple[tuple[str, Number], ...]] = field(hash=False, repr=False)

    @property
    def rules(self) -> int:
        """How many rules apply to some answer."""
        return len(self.signatures)

    @cached_property
    def unseen(self) -> tuple[Rule, ...]:
        """The rules that no answer of the sheet shows, the most common first."""
        return tuple(
            sorted((r for r, signature in self.signatures.items() if not signature), key=lambda r: (cost(r), r))
        )

    @cached_property
    def alike(self) -> tuple[tuple[Rule, ...], ...]:
        """Groups of rules that give the same number wherever they show."""
        groups: dict[tuple[tuple[str, Number], ...], list[Rule]] = {}
        for rule, signature in self.signatures.items():
            if signature:
                groups.setdefault(signature, []).append(rule)
        return tuple(tuple(sorted(group, key=lambda r: (cost(r), r))) for group in groups.values() if len(group) > 1)

    @property
    def score(self) -> float:
        """Of all pairs of rules, the right formulas among them, the share that the sheet tells apart: 0 to 1."""
        sizes = Counter(self.signatures.values())
        sizes[()] += 1  # the right formulas
        count = sum(sizes.values())
        pairs = count * (count - 1) // 2
        return 1.0 if not pairs else 1 - sum(size * (size - 1) // 2 for size in sizes.values()) / pairs

    @property
    def common_unseen(self) -> tuple[Rule, ...]:
        """Common mistakes that would go unnoticed on the whole sheet."""
        return tuple(rule for rule in self.unseen if cost(rule) <= COMMON)


def discriminates(sheet: Sheet) -> Power:
    """What the blanks and questions of a sheet can tell of how a student came to an answer."""
    index = index_of(sheet)
    signatures: dict[Rule, list[tuple[str, Number]]] = {}
    blanks = []
    for answer in index.answers:
        given: dict[Number, list[Rule]] = {}
        right = index.table.numbers[answer]
        for rule, number in _rules(index, answer):
            seen = signatures.setdefault(rule, [])
            if number != number:
                continue  # no number at all: a layer before the first
            listed = given.setdefault(number, [])
            if rule not in listed:
                listed.append(rule)
            if number != right and (answer, number) not in seen:
                seen.append((answer, number))
        unseen = given.pop(right, []) if not isinstance(right, str) else []
        shown = {rule for rules in given.values() for rule in rules}
        blanks.append(
            Blind(
                answer,
                tuple(rule for rule in unseen if rule not in shown),
                tuple(tuple(rules) for rules in given.values() if len(rules) > 1),
            )
        )
    return Power(tuple(blanks), {rule: tuple(sorted(each, key=str)) for rule, each in signatures.items()})


def _rules(index: Index, answer: str) -> list[tuple[Rule, Number]]:
    numbers = index.table.numbers
    found = [*index.changed(answer, numbers), *index.conventions(answer, numbers)]
    for rule, world in index.worlds.items():
        number = world.get(answer)
        if number is not None and not isinstance(number, str):
            found.append((rule, number))
    return found
