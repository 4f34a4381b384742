"""How much an explanation costs, and how much it saves: the shortest account of a whole sheet wins.

All is counted in bits. To tell a wrong number without any explanation takes as many bits as there are numbers of its
size to choose from; to tell it by a rule takes the bits that name the rule, fewer for a common one, and once for the
whole sheet. So a rule that explains five cells beats five rules that explain one each, one change beats two, a common
rule beats a rare one, and a rule that could give nearly any number explains nothing. Minimum description length:
Rissanen 1978. This room must not know formulas, nor how a rule is put into words.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

from .changes import Rule
from .trees import Number

Certainty = Literal["only", "likely", "possible"]

# Bits that name a rule: what is common, by its first word or its first two. The order is that of the mistakes that
# collections of wrong answers show: biases, rounding, padding and the +1 before all.
_COSTS: Mapping[Rule, float] = {
    ("misconception",): 3.5,  # the coursework names it
    ("drop", "biases"): 3.0,
    ("drop", "padding"): 4.0,
    ("once", "padding"): 3.8,
    ("drop", "one"): 3.8,
    ("drop", "minus-one"): 4.0,
    ("drop", "stride"): 4.2,
    ("drop", "in_channels"): 4.0,
    ("drop", "in_size"): 4.2,
    ("drop", "kernel"): 5.0,
    ("drop", "out_channels"): 5.0,
    ("drop", "out_size"): 5.0,
    ("drop",): 5.5,
    ("unsquared",): 4.5,
    ("single", "biases"): 4.2,
    ("per-unit", "biases"): 4.2,
    ("round", "up"): 4.0,
    ("round", "down"): 4.0,
    ("round", "none"): 3.8,
    ("round",): 5.0,
    ("twice", "one"): 4.8,
    ("twice",): 6.0,
    ("once",): 5.0,
    ("halved",): 5.0,
    ("divided",): 5.5,
    ("convention",): 4.0,
    ("input",): 4.0,
    ("mixed-up",): 4.5,
    ("row", "above"): 4.0,
    ("row", "below"): 4.5,
    ("row",): 8.0,
    ("swap", "in_channels"): 5.0,
    ("swap", "out_channels"): 5.0,
    ("swap", "in_size"): 5.5,
    ("swap", "out_size"): 5.5,
    ("swap", "in"): 5.5,
    ("swap", "out"): 5.5,
    ("swap", "padding"): 7.5,
    ("swap", "stride"): 7.5,
    ("swap",): 6.5,
    ("before",): 6.0,
    ("after",): 6.0,
    ("add",): 6.0,
    ("sum",): 6.0,
    ("weighted",): 5.0,
    ("same",): 4.2,
    ("kept",): 4.6,
    ("nothing",): 4.5,
    ("flops",): 3.5,
    ("counted", "biases"): 4.2,
    ("pooled",): 4.5,
    ("again",): 5.5,
    ("per-slice",): 5.5,
    ("per-input",): 5.5,
    ("dtype",): 4.5,
    ("not-concatenated",): 4.0,
    ("uncropped",): 4.0,
    ("thousand",): 4.0,
    ("left-out",): 6.0,
    ("counted-twice",): 7.0,
    ("only-in",): 2.0,
    ("unit",): 4.5,
    ("percent",): 5.5,
    ("batch", "2"): 9.0,  # the smaller the factor, the more else makes it
    ("batch", "4"): 8.0,
    ("batch", "8"): 7.0,
    ("batch",): 5.0,
}
_RARE = 7.0
# Of slips, which are no rules: every cell pays for its own
_SLIPS: Mapping[Rule, float] = {
    ("rounded",): 4.5,
    ("rounded-places",): 2.0,
    ("slip", "swapped"): 4.5,
    ("slip", "zeros"): 4.5,
    ("slip", "zeros-lost"): 4.5,
    ("slip", "dropped"): 4.5,
    ("slip", "doubled"): 4.5,
    ("slip", "digit"): 4.5,
    ("slip", "inserted"): 5.0,
}
PAIR = 3.0  # more for two rules in one number
BY_CHANCE = 2.0  # bits: about one wrong number in four has no reason that could be found
LEAST = 1.5  # bits that an explanation must save, or it is none: nearly three to one
MOST_SELDOM = 1.2  # bits that a rule pays for showing in few of its rows; everybody may slip up once
CONTRADICTED = 1.0  # bits for each right answer that a misconception would have made wrong
SURELY = 4.0  # bits that the explanation of a single cell must save before nothing else is thought of
CLOSE, FAR = 1.0, 4.0  # bits by which another explanation is as good, or at least worth a doubt
_ORDER = math.log(9.0)  # a random number of the right order: between a third and three times of it


def cost(rule: Rule) -> float:
    """Bits that name a rule, once for a sheet; nothing for a slip, see ``slip_cost``."""
    if is_slip(rule):
        return 0.0
    return _COSTS.get(rule[:2], _COSTS.get(rule[:1], _RARE))


def is_slip(rule: Rule) -> bool:
    """Whether it is a slip of the hand, which explains one cell and says nothing of the next."""
    return rule[:2] in _SLIPS or rule[:1] in _SLIPS


def slip_cost(rule: Rule, alike: int) -> float:
    """Bits that each cell pays for a slip, of which ``alike`` numbers are as near."""
    return (_SLIPS.get(rule[:2]) or _SLIPS.get(rule[:1]) or _RARE) + math.log2(alike)


def by_chance(given: Number, right: Number) -> float:
    """Bits that tell a wrong number of which nothing is known but its rough size."""
    if not given:
        return 6.0 + BY_CHANCE
    size = abs(float(given))
    meant = abs(float(right)) or size  # beside nothing any size is as good
    numbers = size * _ORDER * 10 ** _decimals(given)
    away = abs(math.log(size / meant)) / math.log(3.0)
    sign = 2.0 if (given < 0) != (right < 0) else 0.0
    return math.log2(max(numbers, 4.0)) + BY_CHANCE + sign + max(0.0, away - 1.0)


def _decimals(given: Number) -> int:
    """The decimals that a number was given with: 0.03 is one of few, 0.0305 one of many."""
    if isinstance(given, int) or float(given).is_integer():
        return 0
    return min(len(repr(float(given)).partition(".")[2]), 6)


@dataclass(frozen=True, slots=True)
class Fit:
    """Rules that together give exactly the number in a cell; ``own`` are bits that only this cell pays."""

    rules: tuple[Rule, ...]
    own: float = 0.0


@dataclass(frozen=True, slots=True)
class Chosen:
    """The explanation of one cell, and what explains it as well."""

    rules: tuple[Rule, ...]
    certainty: Certainty
    others: tuple[tuple[Rule, ...], ...] = ()


def choose(
    fits: Mapping[str, tuple[Fit, ...]],
    chance: Mapping[str, float],
    shows: Mapping[Rule, int],
    against: Mapping[Rule, int] = MappingProxyType({}),
) -> dict[str, Chosen]:
    """The smallest set of rules that explains the most cells; cells that nothing explains are not in it.

    ``fits`` are the explanations of each cell, ``chance`` the bits of its number without one, and ``shows`` in how
    many rows of the sheet a rule gives a wrong number: one that would show in ten and shows in one is less likely the
    reason. ``against`` has the answers that are right and would be wrong by a rule of many parts.
    """
    cells = {cell: listed for cell, listed in fits.items() if listed}
    needs = {
        cell: [(frozenset(fit.rules), fit.own + (PAIR if len(fit.rules) > 1 else 0.0)) for fit in listed]
        for cell, listed in cells.items()
    }
    sets = {needed for listed in needs.values() for needed, _ in listed}
    using: dict[Rule, set[str]] = {}
    for cell, listed in cells.items():
        for fit in listed:
            for rule in fit.rules:
                using.setdefault(rule, set()).add(cell)
    paid: set[Rule] = set()
    open_cells = set(cells)
    while open_cells:
        best: tuple[float, list[str], frozenset[Rule]] | None = None
        for rules in sets:
            allowed: Set[Rule] = rules | paid
            new = rules - paid
            covered, gain = [], 0.0
            which = math.log2(max(1, sum(not is_slip(rule) for rule in allowed))) / 2  # bits that say which of them
            for cell in open_cells & set().union(*(using[rule] for rule in rules)):
                own = _own_bits(needs[cell], rules, new, allowed)
                if own is not None and chance[cell] - own - which > 0:
                    covered.append(cell)
                    gain += chance[cell] - own - which
            if covered:
                gain -= _price(rules - paid, covered, shows)
                gain -= sum(CONTRADICTED * against.get(rule, 0) for rule in rules - paid)
                if best is None or (gain, sorted(map(_named, rules))) > (best[0], sorted(map(_named, best[2]))):
                    best = gain, covered, rules
        if best is None or best[0] < LEAST:
            break
        paid |= best[2]
        open_cells.difference_update(best[1])
        sets.discard(best[2])
    found: dict[str, Chosen] = {}
    explained = set(cells) - open_cells
    together: dict[frozenset[Rule], set[str]] = {}
    for cell in explained:
        for fit in cells[cell]:
            together.setdefault(frozenset(fit.rules), set()).add(cell)
    for cell in sorted(explained):
        best_fit = min((f for f in cells[cell] if set(f.rules) <= paid), key=lambda f: (_bits(f), f.rules))
        certainty, others = _certainty(cell, best_fit, cells[cell], together, against)
        alone = len(together[frozenset(best_fit.rules)]) == 1
        far_fetched = any(rule[0] in ("mixed-up", "batch") for rule in best_fit.rules) and len(best_fit.rules) > 1
        if certainty == "only" and (far_fetched or (alone and chance[cell] - _bits(best_fit) < SURELY)):
            certainty = "likely"
        found[cell] = Chosen(best_fit.rules, certainty, others)
    return found


def _named(rule: Rule) -> str:
    return ":".join(rule)


def _own_bits(
    listed: Iterable[tuple[frozenset[Rule], float]], rules: frozenset[Rule], new: frozenset[Rule], allowed: Set[Rule]
) -> float | None:
    """What the cell itself pays where ``allowed`` rules are known, and it needs all ``new`` ones.

    A cell that one of two new rules explains is that rule's own affair: it must not carry the other along.
    """
    least: float | None = None
    for needed, bits in listed:
        if new <= needed <= allowed and not rules.isdisjoint(needed) and (least is None or bits < least):
            least = bits
    return least


def _price(rules: Iterable[Rule], covered: list[str], shows: Mapping[Rule, int]) -> float:
    """What new rules cost once: their names, and that they show in these cells only."""
    rows = {cell.rpartition(".")[0] for cell in covered}
    return sum(cost(rule) + _seldom(shows.get(rule, 1), len(rows)) for rule in rules if not is_slip(rule))


def _seldom(shows: int, explains: int) -> float:
    """More, for a rule that would show in many answers and explains few."""
    return min(math.log2(max(1.0, shows / explains)) / 2, MOST_SELDOM)


def _bits(fit: Fit) -> float:
    return fit.own + (PAIR if len(fit.rules) > 1 else 0.0) + sum(map(cost, fit.rules))


def _certainty(
    cell: str,
    fit: Fit,
    listed: tuple[Fit, ...],
    together: Mapping[frozenset[Rule], set[str]],
    against: Mapping[Rule, int],
) -> tuple[Certainty, tuple[tuple[Rule, ...], ...]]:
    """Whether other rules explain the same cells as well, or nearly."""
    same = together[frozenset(fit.rules)]
    close: list[tuple[float, tuple[Rule, ...]]] = []
    doubted = False
    for other in listed:
        if set(other.rules) == set(fit.rules) or set(other.rules) > set(fit.rules):
            continue
        theirs = together.get(frozenset(other.rules), {cell})
        # for every cell of the rule's that the other does not explain, it would need a reason of its own
        missing = len(same - theirs)
        more = _bits(other) - _bits(fit) + missing * 6.0
        more += CONTRADICTED * sum(against.get(rule, 0) for rule in other.rules)
        if more <= CLOSE:
            close.append((more, other.rules))
        elif more <= FAR:
            doubted = True
    close.sort()
    if close:
        return "possible", tuple(rules for _, rules in close[:3])
    return ("likely" if doubted else "only"), ()
