"""How good the diagnosis is, and how quick: planted rules, random numbers, and the time of an AlexNet sheet.

    python benchmarks/diagnosis.py [--sheets N] [COURSEWORK...]

Planted: simulated students apply one, two or three rules wherever these can be applied, over their own earlier
numbers. A wrong cell counts as explained if its first explanation is the planted rule, or rules that give the very
same numbers on that sheet. Random: wrong numbers between a third and three times of the right one. Alone: mistakes that
have nothing in common, among random numbers.
"""

from __future__ import annotations

import argparse
import random
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations

from sheetgen.api import sheet_of
from sheetgen.diagnosis import diagnose
from sheetgen.diagnosis.changes import Rule
from sheetgen.diagnosis.forms import Form
from sheetgen.diagnosis.index import Index, index_of
from sheetgen.diagnosis.own import Own
from sheetgen.diagnosis.slips import slips
from sheetgen.diagnosis.trees import Number
from sheetgen.diagnosis.weighing import cost, is_slip
from sheetgen.expr import Value
from sheetgen.sheet import Sheet
from sheetgen.shipped import titles

Numbers = dict[str, Number]
COMMON = 5.0  # bits of a rule that many have in mind


def exact(_answer: str, given: Value, right: Value) -> bool:
    return given == right


def rules_of(index: Index) -> tuple[Rule, ...]:
    """The single rules that change some answer of the sheet, those of the formulas' own trees."""
    found: Counter[Rule] = Counter()
    for answer in index.answers:
        right = index.table.numbers[answer]
        found.update({rule for rule, number in index.changed(answer, index.table.numbers) if possible(number, right)})
    return tuple(sorted(found))


def possible(number: Value, right: Value) -> bool:
    """What a student would write down without noticing that it cannot be."""
    if isinstance(number, str) or isinstance(right, str) or number != number or number == right:
        return False
    return 0 < number < 10**15 and (not isinstance(right, int) or isinstance(number, int))


class Student:
    """Applies ``rules`` in every formula that they change, and carries what comes of it on."""

    def __init__(self, index: Index, rules: Sequence[Rule]) -> None:
        self.index, self.rules = index, rules

    def sheet(self) -> tuple[Numbers, dict[str, tuple[Rule, ...]]]:
        """All answers, and for each wrong one the rules that were applied in it (none where it only follows)."""
        index = self.index
        given: Numbers = {}
        applied: dict[str, tuple[Rule, ...]] = {}
        order = sorted(index.answers, key=index.dependents.order.__getitem__)
        for answer in order:
            own = Own(index.dependents, {a: n for a, n in given.items() if n != index.table.numbers[a]})
            number, used = self._answer(answer, own)
            given[answer] = number
            if number != index.table.numbers[answer]:
                applied[answer] = used
        return given, applied

    def _answer(self, answer: str, own: Own) -> tuple[Number, tuple[Rule, ...]]:
        form = self.index.forms.of(answer)
        right = own.follows(answer)
        truth = self.index.table.numbers[answer]
        assert not isinstance(truth, str)
        if right is None or isinstance(right, str) or (right != truth and not possible(right, truth)):
            return truth, ()  # nobody believes that
        if form is None:
            return right, ()
        usable = [rule for rule in self.rules if rule in form.rules]
        written_out = self.index.value(answer, form.expanded, own)  # right, whatever stands in the cells beside it
        for count in range(len(usable), 0, -1):
            for number in self._numbers(answer, form, tuple(usable[:count]), own):
                if possible(number, right) and number != written_out:
                    return number, self._at_work(answer, form, tuple(usable[:count]), number, own)
        return right, ()

    def _numbers(self, answer: str, form: Form, rules: tuple[Rule, ...], own: Own) -> Iterator[Number]:
        single = [tree for rule, tree in form.singles if (rule,) == rules]
        yield from (self.index.value(answer, tree, own) for tree in single or form.applied(rules))

    def _at_work(self, answer: str, form: Form, rules: tuple[Rule, ...], number: Number, own: Own) -> tuple[Rule, ...]:
        """As few of the rules as give the number: where a kernel is 1 x 1, to leave it out is no part of a mistake."""
        fewer = (some for count in range(1, len(rules)) for some in combinations(rules, count))
        return next((some for some in fewer if number in self._numbers(answer, form, some, own)), rules)


class Share:
    """Explained cells of so many, and those among them in which a planted rule was at work itself."""

    def __init__(self) -> None:
        self.good = self.wrong = self.good_applied = self.applied = 0
        self.missed: list[str] = []

    def add(self, right: bool, applied: bool, said: str) -> None:
        self.good, self.wrong = self.good + right, self.wrong + 1
        if applied:
            self.good_applied, self.applied = self.good_applied + right, self.applied + 1
        if not right and len(self.missed) < 40:
            self.missed.append(said)


def planted(index: Index, count: int, sheets: int, chance: random.Random) -> Share:
    """Explained and wrong cells of simulated sheets with ``count`` rules each."""
    rules, share = rules_of(index), Share()
    for _ in range(sheets if len(rules) >= count else 0):
        drawn = chance.sample(rules, count)
        given, applied = Student(index, drawn).sheet()
        bad = {answer: given[answer] for answer in applied}
        own = Own(index.dependents, bad)
        findings = diagnose(index.sheet, bad, exact, right=[answer for answer in given if answer not in bad])
        for answer, used in applied.items():
            finding = findings[answer]
            top = finding.why[0].rules if finding.why else ()
            if not used:
                right = bool(finding.follows)
            elif set(top) <= set(drawn):  # of two planted rules that give the same number here, either was applied
                right = bool(top) and gives(index, answer, top, bad[answer], own)
            else:
                alike = (each for each, others in applied.items() if others == used)
                right = bool(top) and all(gives(index, each, top, bad[each], own) for each in alike)
            said = f"{answer} {index.table.numbers[answer]} -> {bad[answer]} by {used}: {finding.why}"
            share.add(right, bool(used), said)
    return share


def gives(index: Index, answer: str, rules: tuple[Rule, ...], number: Number, own: Own) -> bool:
    """Whether these rules together give ``number``, over the true numbers or over the student's own."""
    wanted, apart = set(rules), own.without(answer)
    listed = [*index.singles(answer).get(number, ()), *index.elsewhere(answer, number, apart)]
    listed += [(rule,) for rule in index.giving(answer, number, apart)]
    # a hundredth, or twice as much, by whatever name
    meant = [each for each in (index.table.numbers[answer], own.follows(answer)) if not isinstance(each, str | None)]
    listed += [(rule,) for each in meant for rule, _ in slips(number, each) if not is_slip(rule)]
    if any(set(each) == wanted for each in listed):
        return True
    form = index.forms.of(answer)
    trees = form.applied(rules) if form is not None else ()
    return any(
        index.value(answer, tree, numbers) == number for tree in trees for numbers in (apart, index.table.numbers)
    )


def randomly(index: Index, sheets: int, chance: random.Random, part: float = 0.2) -> Share:
    """Explained and wrong cells of sheets in which a ``part`` of the numbers are random."""
    share = Share()
    for _ in range(sheets):
        bad: Numbers = {}
        for answer in chance.sample(index.answers, max(1, round(len(index.answers) * part))):
            right = index.table.numbers[answer]
            if isinstance(right, int) and right > 1:
                number = max(1, round(right * 3 ** chance.uniform(-1, 1)))
                if number != right:
                    bad[answer] = number
        right_ones = [answer for answer in index.answers if answer not in bad]
        for answer, finding in diagnose(index.sheet, bad, exact, right=right_ones).items():
            said = f"{answer} {index.table.numbers[answer]} -> {bad[answer]}: {finding.why[:1]}"
            share.add(not finding.why, True, said)
    return share


def alone(index: Index, sheets: int, chance: random.Random) -> tuple[Share, Share]:
    """Five numbers of a sheet each with a mistake of its own, among random ones in three tenths of it.

    The mistakes are single common rules, or slips of the hand. First of these the explained ones, by whatever; then
    the random ones, as ``randomly`` counts them.
    """
    mistakes, others = Share(), Share()
    whole = [answer for answer in index.answers if _whole(index.table.numbers[answer]) > 1]
    for _ in range(sheets):
        bad: Numbers = {}
        for answer in chance.sample(whole, min(5, len(whole))):
            right = _whole(index.table.numbers[answer])
            listed = [number for rule, number in index.changed(answer, index.table.numbers)
                      if cost(rule) <= COMMON and possible(number, right)]  # fmt: skip
            number = chance.choice(listed) if listed and chance.random() < 0.5 else slipped(right, chance)
            if possible(number, right):
                bad[answer] = number
        meant = set(bad)
        for answer in chance.sample(whole, round(0.3 * len(whole))):
            right = _whole(index.table.numbers[answer])
            number = max(1, round(right * 3 ** chance.uniform(-1, 1)))
            if number != right:
                bad.setdefault(answer, number)
        right_ones = [answer for answer in index.answers if answer not in bad]
        for answer, finding in diagnose(index.sheet, bad, exact, right=right_ones).items():
            said = f"{answer} {index.table.numbers[answer]} -> {bad[answer]}: {finding.why[:1]}"
            if answer in meant:
                mistakes.add(bool(finding.why), True, said)
            else:
                others.add(not finding.why, True, said)
    return mistakes, others


def _whole(number: Value) -> int:
    return number if isinstance(number, int) else 0


def slipped(right: int, chance: random.Random) -> int:
    """A number in which one digit is mistyped, left out or doubled, or two are swapped, or with a zero too many."""
    digits = str(right)
    at = chance.randrange(len(digits))
    before, here, after = digits[:at], digits[at], digits[at + 1 :]
    wrong = (f"{before}{chance.randrange(10)}{after}", f"{before}{after}", f"{before}{here}{here}{after}",
             f"{before}{after[:1]}{here}{after[1:]}", f"{digits}0")  # fmt: skip
    return int(chance.choice(wrong) or 0)


def timed(name: str) -> Iterator[str]:
    """In a fresh process: nothing of the index is there yet."""
    sheet = sheet_of(name)
    start = time.perf_counter()
    index = index_of(sheet)
    index.build()
    yield f"{name}: index of {len(index.answers)} answers in {time.perf_counter() - start:.3f} s"
    chance = random.Random(1)
    bad: dict[str, Number] = {}
    for answer in index.answers:
        right = index.table.numbers[answer]
        bad[answer] = (right if isinstance(right, int) and right else 5) * chance.randint(2, 9) + 1
    table = {answer: number for answer, number in bad.items() if not answer.startswith("question.")}
    for what, cells in (("cell of the table", table), ("answer, with the questions", bad)):
        best = min(_once(sheet, cells) for _ in range(9))
        yield f"{name}: every {what} wrong at random, {len(cells)}: {1000 * best:.1f} ms"


def _once(sheet: Sheet, bad: Mapping[str, Number]) -> float:
    start = time.perf_counter()
    diagnose(sheet, bad, exact)
    return time.perf_counter() - start


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("coursework", nargs="*")
    parser.add_argument("--sheets", type=int, default=30, help="simulated sheets of each coursework")
    parser.add_argument("--seed", type=int, default=0, help="other students")
    parser.add_argument("--missed", action="store_true", help="print what was not explained, or falsely")
    asked = parser.parse_args()
    names = asked.coursework or list(titles())
    for name in ("alexnet", "resnet152"):
        print(*timed(name), sep="\n", flush=True)
    kinds = ("1", "2", "3", "20 %", "50 %", "100 %")
    sums = {kind: Share() for kind in kinds}
    apart = Share(), Share()
    worst: dict[str, tuple[float, str]] = {}
    for name in names:
        index = index_of(sheet_of(name))
        chance = random.Random(f"{name} {asked.seed}")
        told = []
        for kind in kinds:
            if kind.endswith("%"):
                found = randomly(index, asked.sheets, chance, int(kind[:-2]) / 100)
                shown = 1 - found.good / max(found.wrong, 1)
                worst[kind] = max(worst.get(kind, (0.0, "")), (shown, name))
            else:
                found = planted(index, int(kind), asked.sheets, chance)
                shown = found.good / max(found.wrong, 1)
                worst[kind] = min(worst.get(kind, (1.0, "")), (shown, name))
            total = sums[kind]
            total.good, total.wrong = total.good + found.good, total.wrong + found.wrong
            total.good_applied += found.good_applied
            total.applied += found.applied
            told.append(f"{kind}: {shown:6.1%}")
            if asked.missed:
                print(*found.missed, sep="\n")
        print(f"{name:<22}" + "   ".join(told), flush=True)
        for total, found in zip(apart, alone(index, asked.sheets, chance), strict=True):
            total.good, total.wrong = total.good + found.good, total.wrong + found.wrong
    for kind, total in sums.items():
        least = f"worst {worst[kind][1]} {worst[kind][0]:.1%}"
        if kind.endswith("%"):
            shown = 1 - total.good / max(total.wrong, 1)
            print(f"{kind} of a sheet random: {shown:.2%} of {total.wrong} explained; {least}")
            continue
        applied = f"{total.good_applied / max(total.applied, 1):.2%} of the {total.applied} in which a rule is at work"
        print(
            f"{kind} planted: {total.good / max(total.wrong, 1):.2%} of {total.wrong} wrong cells, {applied}; {least}"
        )
    mistakes, others = apart
    print(
        f"mistakes alone among random numbers: {mistakes.good / max(mistakes.wrong, 1):.1%} of {mistakes.wrong} "
        f"explained, and of the random ones {1 - others.good / max(others.wrong, 1):.2%} of {others.wrong}"
    )


if __name__ == "__main__":
    main()
