"""How much an explanation costs, and how much it saves: the shortest account of a whole sheet wins.

All is counted in bits. To tell a wrong number without any explanation takes as many bits as there are numbers of its
size to choose from; to tell it by a rule takes the bits that name the rule, fewer for a common one, and once for the
whole sheet. So a rule that explains five cells beats five rules that explain one each, one change beats two, a common
rule beats a rare one, and a rule that could give nearly any number explains nothing. Minimum description length:
Rissanen 1978. This room must not know formulas, nor how a rule is put into words.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
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
    ("halved",): 5.5,
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
    ("lacks-input",): 4.2,
    ("biases-once",): 4.5,
    ("as-convolution",): 5.0,
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
    ("batch", "10"): 6.0,  # which zeros too many make as well
    ("batch", "100"): 6.0,
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
TOGETHER = 1.0  # bits more in each number in which several rules are at work
PAIR = 2.0  # bits more, once, for rules that show only together
BY_CHANCE = 2.0  # bits: about one wrong number in four has no reason that could be found
LEAST = 1.5  # bits that an explanation must save, or it is none: nearly three to one
MOST_SELDOM = 1.2  # bits that a rule pays for showing in few of its rows; everybody may slip up once
MOST_UNLIKELY = 3.0  # bits by which right rows speak for another rule, however many they are
CONTRADICTED = 1.0  # bits for each right answer that a misconception would have made wrong
SURELY = 4.0  # bits that the explanation of a single cell must save before nothing else is thought of
CLOSE, FAR = 1.0, 4.0  # bits by which another explanation is as good, or at least worth a doubt
_ORDER = math.log(9.0)  # a random number of the right order: between a third and three times of it


@lru_cache(maxsize=4096)
def cost(rule: Rule) -> float:
    """Bits that name a rule, once for a sheet; nothing for a slip, see ``slip_cost``."""
    if is_slip(rule):
        return 0.0
    return _COSTS.get(rule[:2], _COSTS.get(rule[:1], _RARE))


@lru_cache(maxsize=4096)
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
    refused: Mapping[Rule, int] = MappingProxyType({}),
) -> dict[str, Chosen]:
    """The smallest set of rules that explains the most cells; cells that nothing explains are not in it.

    ``fits`` are the explanations of each cell, ``chance`` the bits of its number without one, and ``shows`` in how
    many rows of the sheet a rule gives a wrong number: one that would show in ten and shows in one is less likely the
    reason. ``against`` has the answers that are right and would be wrong by a rule of many parts; ``refused`` the rows
    in which any rule would show that does not, which is no reason against a slip of the mind, but one for another rule.
    """
    account = _Account(fits, chance, shows, against, refused)
    account.add_rules()
    account.remove_rules()
    together: dict[frozenset[Rule], set[str]] = {}
    for cell in account.chosen:
        for fit in fits[cell]:
            together.setdefault(frozenset(fit.rules), set()).add(cell)
    found: dict[str, Chosen] = {}
    for cell in sorted(account.chosen):
        best = account.chosen[cell]
        certainty, others = _certainty(cell, best, fits[cell], together, against, refused)
        alone = len(together[frozenset(best.rules)]) == 1
        far_fetched = any(rule[0] in ("mixed-up", "batch") for rule in best.rules) and len(best.rules) > 1
        if certainty == "only" and (far_fetched or (alone and chance[cell] - account.doubt - _bits(best) < SURELY)):
            certainty = "likely"
        found[cell] = Chosen(best.rules, certainty, others)
    return found


class _Account:
    """A sheet's wrong numbers told by rules: the rules that are paid, and what each cell costs beside them."""

    def __init__(
        self,
        fits: Mapping[str, tuple[Fit, ...]],
        chance: Mapping[str, float],
        shows: Mapping[Rule, int],
        against: Mapping[Rule, int],
        refused: Mapping[Rule, int],
    ) -> None:
        self.chance, self.shows, self.against, self.refused = chance, shows, against, refused
        self.rows = {cell: cell.rpartition(".")[0] for cell in fits}
        self.paid: set[Rule] = set()
        self.doubt = 0.0  # bits that an explanation costs in each cell where most cells of the sheet have none
        self.chosen: dict[str, Fit] = {}
        self.needs = {
            cell: [(frozenset(rule for rule in fit.rules if not is_slip(rule)), _own_bits(fit), fit) for fit in listed]
            for cell, listed in fits.items()
        }

    def which(self, more: int = 0) -> float:
        """Bits that say in a cell which of the rules is at work."""
        return math.log2(max(1, len(self.paid) + more)) / 2

    def price(self, rules: Iterable[Rule], covered: Iterable[str]) -> float:
        """What rules cost once: their names, that they show in these cells only, and what speaks against them."""
        rows = {self.rows[cell] for cell in covered}
        return math.fsum(  # which is the same in any order: sets have none
            cost(rule) + _seldom(self.shows.get(rule, 1), len(rows)) + CONTRADICTED * self.against.get(rule, 0)
            for rule in rules
        )

    def add_rules(self) -> None:
        """Rules one after the other, the one that saves the most first, until none saves enough."""
        least: dict[str, float] = {}  # what each cell pays now
        missing: dict[frozenset[Rule], dict[str, float]] = {}  # rules that are not paid -> cells, and what these pay
        for cell, listed in self.needs.items():
            slips = min((bits for needed, bits, _ in listed if not needed), default=math.inf)
            least[cell] = slips if self.chance[cell] - slips >= LEAST else self.chance[cell]
            for needed, bits, _ in listed:
                if needed and self.chance[cell] > bits:
                    cells = missing.setdefault(needed, {})
                    cells[cell] = min(bits, cells.get(cell, bits))
        while True:
            # bits saved, less what right cells say against it; the rules by name; the rules
            best: tuple[float, list[str], frozenset[Rule]] | None = None
            for rules, cells in missing.items():
                which = self.which(len(rules))
                covered = [cell for cell, bits in cells.items() if bits + which < least[cell]]
                if not covered:
                    continue
                now, told = sum(least[cell] for cell in covered), sum(cells[cell] + which for cell in covered)
                if best is not None and now - told < best[0]:
                    continue  # whatever its name costs
                told += self.price(rules, covered) + (PAIR if len(rules) > 1 else 0.0)
                gain = now - told
                enough = gain > 0 and sum(self.chance[cell] for cell in covered) - told >= LEAST
                names = sorted(map(_named, rules))
                gain -= _unlikely(rules, self.refused)
                if enough and (best is None or (gain, names) > best[:2]):
                    best = gain, names, rules
            if best is None:
                return
            new = best[2]
            self.paid |= new
            for rules in [rules for rules in missing if not rules.isdisjoint(new)]:
                cells = missing.pop(rules)
                rest = rules - new
                there = missing.setdefault(rest, {}) if rest else least
                for cell, bits in cells.items():
                    there[cell] = min(bits, there.get(cell, bits))

    def remove_rules(self) -> None:
        """Rules that those which came later have made needless, and those that a doubtful sheet does not bear out.

        How many wrong numbers have no reason is learnt from the sheet itself: where nearly all have none, that a
        single one is what some rule gives is most likely chance.
        """
        while True:
            self._assign()
            explained = len(self.chosen)
            odds = (len(self.needs) - explained + 1) / (explained + 1)  # Laplace's rule of succession
            doubt = max(0.0, math.log2(odds))
            settled = doubt <= self.doubt
            self.doubt = max(doubt, self.doubt)
            needless = self._needless()
            if needless:
                self.paid -= needless
            elif settled:
                return

    def _assign(self) -> None:
        """The explanation of each cell by what is paid: what it pays itself, and its share of its rules' names."""
        possible: dict[str, list[tuple[float, Fit]]] = {}
        users: dict[Rule, int] = {}
        which = self.which()
        for cell, listed in self.needs.items():
            chance = self.chance[cell] - self.doubt
            able = [
                (bits, fit)
                for needed, bits, fit in listed
                if needed <= self.paid and chance - bits - (which * len(needed) if needed else LEAST) > 0
            ]
            if able:
                possible[cell] = able
                for rule in {rule for _, fit in able for rule in fit.rules}:
                    users[rule] = users.get(rule, 0) + 1
        self.chosen = {}
        for cell, able in possible.items():
            shares = [
                (bits + sum((cost(rule) + _unlikely((rule,), self.refused)) / users[rule] for rule in fit.rules), fit)
                for bits, fit in able
            ]
            self.chosen[cell] = min(shares, key=lambda share: (share[0], share[1].rules))[1]

    def _needless(self) -> set[Rule]:
        """Rules, the first that are found, without which the account is no longer."""
        uses: dict[Rule, set[str]] = {rule: set() for rule in self.paid}
        for cell, fit in self.chosen.items():
            for rule in fit.rules:
                if rule in uses:
                    uses[rule].add(cell)
        which = self.which()
        for rule in sorted(uses, key=lambda rule: (len(uses[rule]), rule)):
            cells = uses[rule]
            gone = {each for each in uses if uses[each] <= cells}
            kept = self.paid - gone
            chance = told = instead = 0.0
            for cell in cells:
                without = self.chance[cell] - self.doubt
                chance += without
                told += _own_bits(self.chosen[cell]) + which * len(self.chosen[cell].rules)
                others = (bits + which * len(needed) for needed, bits, _ in self.needs[cell] if needed <= kept)
                instead += min((without, *others))
            price = self.price(gone, cells)
            if chance - told - price < LEAST or instead - told - price <= 0:
                return gone
        return set()


def _named(rule: Rule) -> str:
    return ":".join(rule)


def _seldom(shows: int, explains: int) -> float:
    """More, for a rule that would show in many answers and explains few."""
    return min(math.log2(max(1.0, shows / max(1, explains))) / 2, MOST_SELDOM)


def _unlikely(rules: Iterable[Rule], refused: Mapping[Rule, int]) -> float:
    """Less likely than another, for a rule that would show in rows that are right."""
    rows = [refused[rule] for rule in rules if rule in refused]
    return math.fsum(min(math.log2(1.0 + each), MOST_UNLIKELY) for each in rows) if rows else 0.0


def _own_bits(fit: Fit) -> float:
    """What the cell itself pays."""
    return fit.own + (TOGETHER if len(fit.rules) > 1 else 0.0)


def _bits(fit: Fit) -> float:
    """What an explanation costs that explains this cell only."""
    return _own_bits(fit) + (PAIR if len(fit.rules) > 1 else 0.0) + sum(map(cost, fit.rules))


def _certainty(
    cell: str,
    fit: Fit,
    listed: tuple[Fit, ...],
    together: Mapping[frozenset[Rule], set[str]],
    against: Mapping[Rule, int],
    refused: Mapping[Rule, int],
) -> tuple[Certainty, tuple[tuple[Rule, ...], ...]]:
    """Whether other rules explain the same cells as well, or nearly."""
    rules = frozenset(fit.rules)
    same, bits, unlikely = together[rules], _bits(fit), _unlikely(fit.rules, refused)
    close: list[tuple[float, tuple[Rule, ...]]] = []
    doubted = False
    for other in listed:
        more = _bits(other) - bits
        if more > FAR + MOST_UNLIKELY * len(rules):
            continue  # whatever else is said of it
        theirs = frozenset(other.rules)
        if theirs >= rules:
            continue
        # for every cell of the rule's that the other does not explain, it would need a reason of its own
        more += len(same - together.get(theirs, {cell})) * 6.0
        more += CONTRADICTED * sum(against.get(rule, 0) for rule in other.rules)
        more += _unlikely(other.rules, refused) - unlikely
        if more <= CLOSE:
            close.append((more, other.rules))
        elif more <= FAR:
            doubted = True
    close.sort()
    if close:
        return "possible", tuple(rules for _, rules in close[:3])
    return ("likely" if doubted else "only"), ()
