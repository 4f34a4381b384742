"""Why a number is wrong: every wrong number of a sheet held against every small change of its own formula.

``diagnose`` is handed what a student answered and which of it is wrong, and says of each wrong number whether it
follows from the student's own earlier numbers, which rule explains it, and how sure that is. Trees and their changes
are in ``trees``, ``changes`` and ``forms``; what they give for a coursework in ``index``; what follows from the
student's own numbers in ``following``; slips of the hand in ``slips``; which explanation wins in ``weighing``; words
for all of it in ``wording``. This room must not know cells, files, marks or how a number was typed.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations, islice

from ..expr import Value
from ..sheet import Sheet
from .changes import Rule
from .changes import rule_id as rule_id
from .following import Barred, Following, Right
from .index import Index, index_of, row_of, sides_of
from .own import LARGEST
from .slips import BATCHES, slips
from .trees import Number
from .weighing import Certainty, Chosen, Fit, by_chance, choose, cost, is_slip, slip_cost

MOST_FITS = 24  # explanations of one cell that are weighed
# Bits that say over which numbers a rule was applied. Who has an earlier number wrong carries on with it, as a rule;
# where the formula itself reads none of the student's own, the true ones are what is expected.
CARRIED, NOT_CARRIED, OWN = 0.3, 2.0, 1.0
COPY = 4.0  # bits that a wrong number of another row costs in each cell: what made the one made the other
ANOTHER_ROW: Rule = ("row", "another")
SHIFTED = 3  # numbers of the row above, or below, that make a column one that is shifted
FEW = 10  # images; a smaller factor beside another mistake is more likely something else
SELDOM = 10  # cells; a rule that explains fewer may have two others behind it
MOST_KNOWN = 5  # rules of other cells that are tried together in one


@dataclass(frozen=True, slots=True)
class Explained:
    """One explanation of a number: rules that hold together, and how sure it is."""

    rules: tuple[Rule, ...]
    certainty: Certainty

    @property
    def id(self) -> str:
        return "+".join(map(rule_id, self.rules))


@dataclass(frozen=True, slots=True)
class Finding:
    """What is known of one wrong number."""

    answer: str
    follows: tuple[str, ...] = ()  # the student's own earlier wrong answers that it is right for
    credit: bool = False  # does that earn a part of the marks?
    why: tuple[Explained, ...] = ()  # the best first; several where they explain it equally well
    depends: tuple[str, ...] = ()  # earlier wrong answers that it reads, whether it is right for them or not
    barred: Barred = ""  # why it earns nothing, although it follows


def diagnose(
    sheet: Sheet,
    wrong: Mapping[str, Number],
    is_right: Right,
    *,
    right: Collection[str] = (),
    computed: Collection[str] = (),
) -> dict[str, Finding]:
    """Of each wrong number by its answer's id why it is wrong.

    ``wrong`` holds what the student gave, of sizes the sides that are wrong; ``right`` are the answers that are right,
    and ``computed`` those that a formula in the cell gives: no hand slipped there, and nothing was copied. A number too
    large to calculate with is taken for none.
    """
    index = index_of(sheet)
    given = {
        answer: number
        for answer, number in wrong.items()
        if answer in index.table.quantities and _calculable(number)
    }  # fmt: skip
    found = _Diagnosis(index, given, is_right, right, computed).found()
    return {answer: found.get(answer, Finding(answer)) for answer in wrong}


def _calculable(number: Number) -> bool:
    return number == number and -LARGEST < number < LARGEST


class _Diagnosis:
    """One student's sheet."""

    def __init__(
        self,
        index: Index,
        given: Mapping[str, Number],
        is_right: Right,
        right: Collection[str],
        computed: Collection[str],
    ) -> None:
        self.index, self.given = index, given
        self.right, self.computed = right, computed
        self._right = frozenset((*right, *(side for answer in right for side in sides_of(answer))))
        self._layers = Counter(answer.rpartition(".")[0] for answer in given)
        self._columns = Counter(answer.rpartition(".")[2] for answer in given)
        self.numbers = index.table.numbers
        self.following = Following(index, given, is_right)
        self.own = self.following.own
        self._known_over_own: dict[str, list[tuple[Rule, ...]]] = {}
        self._shifts: Counter[Rule] = Counter()  # how many numbers are those of the row above, or below

    def found(self) -> dict[str, Finding]:
        follows: dict[str, Value] = {}
        fits: dict[str, tuple[Fit, ...]] = {}
        for answer, number in self.given.items():
            carried = self.following.value(answer)
            if carried is not None and not isinstance(carried, str):
                follows[answer] = carried
            fits[answer] = _cheapest(self._singles(answer, number, follows.get(answer)))
        right = {answer for answer in follows if self.following.holds(answer, follows)}
        chosen = self._choose(fits, right)
        known = Counter(rule for each in chosen.values() for rule in each.rules if not is_slip(rule))
        more = False
        for answer in self.given:
            if answer in right:
                continue
            seldom = answer not in chosen or all(known[rule] < SELDOM for rule in chosen[answer].rules)
            several = list(self._of_known(answer, known)) if len(known) > 1 else []
            if seldom or _is_weak(chosen[answer].rules):
                several += islice(self._doubles(answer), MOST_FITS)
            several = [fit for fit in dict.fromkeys(several) if fit not in fits[answer]]
            if several:
                fits[answer] += tuple(several)
                more = True
        if more:
            chosen = self._choose(fits, right)
        chosen |= self._mistyped(fits, right, chosen)
        faults = self.following.faults({answer: follows[answer] for answer in right})
        self._shifts = Counter(rule for each in chosen.values() for rule in each.rules if rule[1:] in _BESIDE)
        return {
            answer: self._finding(answer, faults if answer in right else None, chosen.get(answer))
            for answer in self.given
        }

    def _mistyped(
        self, fits: Mapping[str, tuple[Fit, ...]], right: set[str], chosen: Mapping[str, Chosen]
    ) -> dict[str, Chosen]:
        """A number that no rule explains, from which others follow rightly: a slip, however many would be as near.

        Who calculates everything behind it correctly knows the rules.
        """
        roots = {source for answer in right for source in self.following.sources(answer)} - right - chosen.keys()
        found: dict[str, Chosen] = {}
        for answer in sorted(roots):
            near = [fit for fit in fits[answer] if all(map(is_slip, fit.rules))]
            if near:
                found[answer] = Chosen(min(near, key=lambda fit: fit.own).rules, "likely")
        return found

    @cached_property
    def _chance(self) -> dict[str, float]:
        return {answer: by_chance(number, _number(self.numbers[answer])) for answer, number in self.given.items()}

    def _choose(self, fits: Mapping[str, tuple[Fit, ...]], right: set[str]) -> dict[str, Chosen]:
        """Numbers that are right for the student's own earlier ones need no rule; they take one that others need."""
        chance = self._chance
        open_fits = {answer: listed for answer, listed in fits.items() if answer not in right}
        against = {
            rule: sum(answer in world for answer in self.right)
            for rule, world in self.index.worlds.items()
            if rule[0] == "misconception"
        }  # fmt: skip
        chosen = choose(open_fits, chance, self.index.shows, against, self._refused(open_fits, right))
        known = {rule for each in chosen.values() for rule in each.rules if not is_slip(rule)}
        for answer in sorted(right):
            here = [fit.rules for fit in fits[answer] if fit.rules[0][0] in _UNITS]
            if answer not in self.computed:  # a formula that reads the right cells has no rule in it
                here += self._at_work(answer)
            both = [rules for rules in here if set(rules) <= known]
            if both:
                chosen[answer] = Chosen(min(both, key=lambda rules: (sum(map(cost, rules)), rules)), "likely")
        return chosen

    def _refused(self, fits: Mapping[str, tuple[Fit, ...]], right: set[str]) -> dict[Rule, int]:
        """In how many rows a rule would have shown whose numbers are right, or right for the student's own.

        Not of what is done once, as to copy a number; nor of another network, behind which all follows rightly.
        """
        fine, shown = self._right | right, self.index.shown
        columns = Counter(answer.rpartition(".")[2] for answer in fine)
        found: dict[Rule, int] = {}
        for answer, listed in fits.items():
            for rule in {rule for fit in listed for rule in fit.rules if rule[0] not in _DONE_ONCE}:
                if rule[0] in _OF_COLUMN:
                    found[rule] = max(found.get(rule, 0), columns[answer.rpartition(".")[2]])
                elif rule not in found and rule in shown:
                    found[rule] = len(set(map(row_of, fine & shown[rule])))
        return found

    def _at_work(self, answer: str) -> Iterator[tuple[Rule, ...]]:
        """Rules that a number obeys which is right for the student's own earlier ones.

        Over the true numbers, so that the rule is in this cell and not only before it; and, unless it changes the
        network itself or names another number, over the student's own as well: what gives the number only where the
        earlier ones are right was not done by who had them wrong.
        """
        exact = _exact(self.given[answer])
        over_own = set(self._over_own(answer))
        for rules in self.index.singles(answer).get(exact, ()):
            if rules[0][0] in _OF_NETWORK or rules in over_own:
                yield rules

    # --- explanations

    def _singles(self, answer: str, number: Number, carried: Value | None) -> Iterator[Fit]:
        """Everything that gives the number in one step; over the true numbers, and over the student's own."""
        right = self.numbers[answer]
        over_true, over_own = (NOT_CARRIED, CARRIED) if carried not in (None, right) else (0.0, OWN)
        exact = _exact(number)
        plain = dict.fromkeys(rules for rules in self._over_true(answer, exact) if rules[0] not in self._other_images)
        own = dict.fromkeys(self._over_own(answer) if carried is not None or self._near_own(answer) else ())
        for rules in {**plain, **own}:
            if rules[0][0] == "row":
                if rules in plain and answer not in self.computed:
                    yield Fit(rules)
                elif self._may_copy(answer, rules[0]):
                    yield Fit(rules, COPY)
            else:
                yield Fit(rules, over_own if rules not in plain else 0.0 if rules in own else over_true)
        seen = plain.keys() | own.keys()
        for meant, over in {carried: over_own if carried != right else 0.0, right: over_true}.items():
            if meant is None or isinstance(meant, str):
                continue
            for rule, alike in slips(number, meant):
                if (rule,) in seen or (is_slip(rule) and answer in self.computed):
                    continue
                if rule[0] == "batch" and not self._counts_images(answer, int(rule[1])):
                    continue
                seen.add((rule,))
                yield Fit((rule,), over + (slip_cost(rule, alike) if is_slip(rule) else math.log2(alike)))

    @cached_property
    def _other_images(self) -> frozenset[Rule]:
        """Sizes of the image that the student did not take, who was asked for it and gave another."""
        asked = {answer: self.numbers[answer] for answer in self.index.of_image if answer in self._right}
        given = {*asked.values(), *(self.given[answer] for answer in self.index.of_image if answer in self.given)}
        sizes = (rule for rule in self.index.worlds if rule[0] == "input")
        return frozenset(rule for rule in sizes if given and int(rule[1]) not in given)

    def _over_true(self, answer: str, number: Number) -> Iterator[tuple[Rule, ...]]:
        singles = self.index.singles(answer)
        yield from singles.get(number, ())
        if not isinstance(number, int):
            right = self.numbers[answer]
            for other, listed in singles.items():
                if not isinstance(other, int) and other != number and _rounds(number, other) and other != right:
                    yield from listed

    def _over_own(self, answer: str) -> list[tuple[Rule, ...]]:
        if answer not in self._known_over_own:
            index, own, number = self.index, self.own.without(answer), _exact(self.given[answer])
            found: list[tuple[Rule, ...]] = [(rule,) for rule in index.giving(answer, number, own) if rule]
            found += [(rule,) for rule in index.otherwise(answer, number, own)]
            found += index.elsewhere(answer, number, own)
            found += [rules for rules, value in index.summed(answer, own, rows=False) if value == number]
            self._known_over_own[answer] = found
        return self._known_over_own[answer]

    def _may_copy(self, answer: str, rule: Rule) -> bool:
        """Whether a wrong number of another row may stand here: of one before it, or two would explain each other."""
        copied = self.index.copied_from(answer, rule)
        rows = [*self.index.sheet.rows]
        here, there = (row_of(each) for each in (answer, copied or ""))
        known = copied in self.given and answer not in self.computed and {here, there} <= {*rows}
        return known and rows.index(there) < rows.index(here)

    def _counts_images(self, answer: str, factor: int) -> bool:
        """Whether a factor may be a number of images: of what is counted, and none that the layer itself has."""
        name = answer.rpartition(".")[2]
        return name in _PER_IMAGE and not answer.startswith("question.") and factor not in self.index.sizes(answer)

    def _near_own(self, answer: str) -> bool:
        """Whether a number beside it, of its row or its column, is the student's own."""
        layer, _, quantity = answer.rpartition(".")
        return self._layers[layer] > 1 or self._columns[quantity] > 1

    def _doubles(self, answer: str) -> Iterator[Fit]:
        """Two changes of the formula that give the number; a change, and a batch of images."""
        index, exact = self.index, _exact(self.given[answer])
        seen: set[tuple[Rule, ...]] = set()
        sources: list[tuple[Rule, ...]] = list(index.doubles(answer).get(exact, ()))
        if self.following.reads_own(answer):
            sources += index.giving_twice(answer, exact, self.own.without(answer))
        for rules in sources:
            if rules not in seen:
                seen.add(rules)
                yield Fit(rules)
        if isinstance(exact, int):
            for batch in BATCHES:
                if batch >= FEW and exact % batch == 0 and self._counts_images(answer, batch):
                    for rules in index.singles(answer).get(exact // batch, ()):
                        if len(rules) == 1 and rules[0][0] in ("drop", "convention", "misconception"):
                            yield Fit((*rules, ("batch", str(batch))))

    def _of_known(self, answer: str, known: Counter[Rule]) -> Iterator[Fit]:
        """Several rules at once, of those that explain the most other cells of the sheet."""
        form, exact = self.index.forms.of(answer), _exact(self.given[answer])
        if form is None:
            return
        usable = sorted(known.keys() & form.rules, key=lambda rule: (-known[rule], rule))[:MOST_KNOWN]
        for count in (2, 3):
            for some in combinations(sorted(usable), count):
                if any(self.index.value(answer, tree, self.own) == exact for tree in form.applied(some)):
                    yield Fit(some)

    def _finding(self, answer: str, faults: Mapping[str, Barred] | None, chosen: Chosen | None) -> Finding:
        """``faults`` are those of all numbers, where the given one is right for the student's own earlier ones."""
        depends = self.following.all_sources(answer)
        why: list[Explained] = []
        if chosen is not None:
            why.append(Explained(self._tellable(answer, chosen.rules), chosen.certainty))
            others = dict.fromkeys(self._tellable(answer, rules) for rules in chosen.others)
            why += [Explained(rules, "possible") for rules in others if rules != why[0].rules]
        if faults is None:
            return Finding(answer, why=tuple(why), depends=depends)
        barred = self._barred(answer, faults, depends, why)
        return Finding(answer, depends, not barred, tuple(why), depends, barred)

    def _tellable(self, answer: str, rules: tuple[Rule, ...]) -> tuple[Rule, ...]:
        """Rules without the name of a row whose right number this is, and which the student has not found.

        A column that is shifted by a row is one slip of the place, and is said to be one.
        """
        return tuple(ANOTHER_ROW if rule[0] == "row" and self._gives_away(answer, rule) else rule for rule in rules)

    def _gives_away(self, answer: str, rule: Rule) -> bool:
        copied = self.index.copied_from(answer, rule)
        if self._shifts[rule] >= SHIFTED or copied is None or copied in self._right or not self.index.is_asked(copied):
            return False
        return self.given[answer] == self.numbers[copied]

    def _barred(
        self, answer: str, faults: Mapping[str, Barred], depends: tuple[str, ...], why: list[Explained]
    ) -> Barred:
        """Why following from the student's own numbers earns no marks, where it does not."""
        found = {faults[each] for each in (answer, *depends)}
        for fault in ("impossible", "zero"):
            if fault in found:
                return fault
        return "copied" if any(rule[0] in _COPIED for each in why for rule in each.rules) else ""


_PER_IMAGE = frozenset({"neurons", "connections", "macs", "flops"})  # a network has its weights once
_UNITS = frozenset({"unit", "percent"})
_BESIDE = frozenset({("above",), ("below",)})
_COPIED = _UNITS | {"mixed-up"}
_OF_COLUMN = _UNITS | {"batch"}
_DONE_ONCE = frozenset({"row", "nothing", "misconception", "input"})
_OF_NETWORK = frozenset({"misconception", "input", "mixed-up"})


def _is_weak(rules: tuple[Rule, ...]) -> bool:
    """Explanations that two rules together may beat: a copied number, a slip, a batch, two things in one number."""
    return len(rules) > 1 or any(rule[0] in ("row", "batch", "unit") or is_slip(rule) for rule in rules)


def _cheapest(fits: Iterable[Fit]) -> tuple[Fit, ...]:
    return tuple(sorted(fits, key=lambda fit: fit.own + sum(map(cost, fit.rules)))[:MOST_FITS])


def _number(value: Value) -> Number:
    return 0 if isinstance(value, str) else value


def _exact(number: Number) -> Number:
    if isinstance(number, float):
        return int(number) if number.is_integer() else number
    return number


def _rounds(given: Number, meant: Number) -> bool:
    """16.33 for 49/3: to as many decimals as were given, at least one."""
    text = repr(float(given))
    decimals = len(text.partition(".")[2])
    return decimals >= 1 and abs(float(meant) - float(given)) <= 0.51 * 10.0**-decimals
