"""What each number of a sheet would be under every wrong rule: built once for a coursework, when a wrong answer comes.

The rules of one number are the changes of its own formula; that another number was given in its place, of the same row
or the same column; another convention of the coursework; another size of the image; and the misconceptions that the
coursework declares. This room must not know what a student wrote, nor which explanation is the best.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property, lru_cache

from .. import expr
from ..expr import Value, parse
from ..network import INPUT, TOTAL
from ..quantities import COMPOSITE
from ..sheet import Sheet
from .changes import Rule
from .forms import Form, Forms, Giving, bound, is_sum
from .own import Dependents, Numbers, Own, OwnNumbers
from .trees import MISSING, Node, Number, evaluate, flat, names

# Sizes that images come in, and are taken for each other: MNIST 28 and LeNet-5's 32, ImageNet's crops 224, AlexNet's
# 227, ImageNet's 256, Inception-v3's 299
IMAGES = (28, 32, 224, 227, 256, 299)
NEARLY = 0.2  # how much one size may differ from another that it is taken for
_SIZES = frozenset({"in_channels", "in_height", "in_width", "out_channels", "out_height", "out_width"})

Matches = dict[Number, list[tuple[Rule, ...]]]  # a wrong number -> the rules that give it
# Of an answer: its form, where the form's names have their numbers from, which ids these are, and which single changes
# give what number over the true ones
_Reading = tuple[Form, tuple[str | int | None, ...], frozenset[str], Giving]


class Index:
    def __init__(self, sheet: Sheet) -> None:
        self.sheet, self.table = sheet, sheet.table
        self.forms = Forms(sheet)
        self.dependents = Dependents(sheet)
        self._beside: dict[str, list[tuple[str, Rule]]] = {}
        self._column: dict[str, list[tuple[str, Rule]]] = {}
        self._singles: dict[str, Matches] = {}
        self._doubles: dict[str, Matches] = {}
        self._readings: dict[str, _Reading | None] = {}
        self._otherwise: dict[str, tuple[frozenset[str], tuple[tuple[Rule, Number], ...]]] = {}
        self._read_by: dict[str, tuple[str, ...]] = {}
        self._sizes: dict[str, frozenset[int]] = {}
        self._student: Own | None = None  # the one asked for last, and what changes give over that one's numbers
        self._giving: dict[str, Giving] = {}
        self._known_sources: dict[tuple[str, bool], tuple[str | int | None, ...]] = {}

    # --- which numbers are diagnosed

    @cached_property
    def answers(self) -> tuple[str, ...]:
        """The numbers that students give: the blanks, the sides of sizes, the questions."""
        found: dict[str, None] = {}
        for cell in self.sheet.blanks:
            answer = cell.answer or ""
            sides = [side for side in sides_of(answer) if side in self.table.numbers]
            found |= dict.fromkeys(sides or [answer])
        asked = self.sheet.questions.numbers if self.sheet.questions is not None else ()
        found |= dict.fromkeys(answer for answer in asked if answer in self.table.quantities)
        return tuple(found)

    @cached_property
    def of_image(self) -> tuple[str, ...]:
        """The answers that are the size of the image: in the table, and of a question that is solved for it."""
        size = self.table.numbers.get(f"{INPUT}.in_height")
        sides = (f"{INPUT}.in_height", f"{INPUT}.in_width")
        return tuple(
            answer for answer in self.answers
            if answer in sides or (isinstance(size, int) and self._asks_for_the_image(answer, size))
        )  # fmt: skip

    def sizes(self, answer: str) -> frozenset[int]:
        """The sizes and channels of the answer's layer."""
        if answer not in self._sizes:
            names = ("in_channels", "out_channels", "in_height", "out_height") if answer.rpartition(".")[0] else ()
            sources = (self.forms.source(answer, name) for name in names)
            numbers = (self.table.numbers.get(each) if isinstance(each, str) else each for each in sources)
            self._sizes[answer] = frozenset(number for number in numbers if isinstance(number, int))
        return self._sizes[answer]

    def is_asked(self, answer: str) -> bool:
        """Whether a number is a blank's, or a side of one."""
        return answer in self.dependents.asked

    @cached_property
    def _rows(self) -> Mapping[str, tuple[str, ...]]:
        """Quantity -> the layers of the sheet that have it, in their order."""
        found: dict[str, list[str]] = {}
        for layer in self.sheet.rows:
            if layer in (INPUT, TOTAL):
                continue
            for quantity in self._quantities(layer):
                found.setdefault(quantity, []).append(layer)
        return {quantity: tuple(layers) for quantity, layers in found.items()}

    @cached_property
    def _shown(self) -> tuple[str, ...]:
        """Quantities with a column, and the sides of the sizes that have one."""
        shown = [quantity for each in self.sheet.headings for quantity in (*COMPOSITE.get(each, ()), each)]
        return tuple(dict.fromkeys(shown))

    def _quantities(self, layer: str) -> Iterator[str]:
        for quantity in self._shown:
            number = self.table.numbers.get(f"{layer}.{quantity}")
            if number is not None and not isinstance(number, str):
                yield quantity

    # --- a form's numbers

    def _singles_of(self, answer: str, form: Form, own: Numbers) -> tuple[Number, ...]:
        """What the answer's formula gives over the numbers ``own``, then each of its single changes."""
        function, names = form.of_singles
        return function(*bound(self._sources(answer, names, doubles=False), own))

    def _doubles_of(self, answer: str, form: Form, own: Numbers) -> tuple[Number, ...]:
        function, names = form.of_doubles
        return function(*bound(self._sources(answer, names, doubles=True), own))

    def _sources(self, answer: str, names: tuple[str, ...], *, doubles: bool) -> tuple[str | int | None, ...]:
        """Where the names of a form have their numbers from, for this answer."""
        key = (answer, doubles)
        if key not in self._known_sources:
            self._known_sources[key] = tuple(self.forms.source(answer, name) for name in names)
        return self._known_sources[key]

    def changed(self, answer: str, own: Numbers) -> Iterator[tuple[Rule, Number]]:
        """Every single change of the answer's formula over the numbers ``own``."""
        form = self.forms.of(answer)
        if form is not None:
            values = self._singles_of(answer, form, own)
            yield from ((rule, value) for (rule, _), value in zip(form.singles, values[1:], strict=True))

    def changed_twice(self, answer: str, own: Numbers) -> Iterator[tuple[tuple[Rule, ...], Number]]:
        form = self.forms.of(answer)
        if form is not None:
            values = self._doubles_of(answer, form, own)
            yield from ((rules, value) for (rules, _), value in zip(form.doubles, values, strict=True))

    def giving(self, answer: str, number: Number, own: OwnNumbers) -> tuple[Rule, ...]:
        """The single changes of the answer's formula that give ``number``; () alone where the formula itself does."""
        reading = self._reading(answer)
        if reading is None:
            return ()
        form, sources, read, over_true = reading
        whole = own.whole
        if read.isdisjoint(whole.changed):
            return over_true.get(number, ())
        if not read.isdisjoint(own.hidden):
            return form.giving(bound(sources, own)).get(number, ())
        if whole is not self._student:
            self._student, self._giving = whole, {}
        if answer not in self._giving:
            self._giving[answer] = form.giving(bound(sources, whole))
        return self._giving[answer].get(number, ())

    def _reading(self, answer: str) -> _Reading | None:
        if answer not in self._readings:
            form = self.forms.of(answer)
            if form is None:
                self._readings[answer] = None
            else:
                sources = self._sources(answer, form.of_singles[1], doubles=False)
                over_true = form.giving(bound(sources, self.table.numbers))
                read = frozenset(source for source in sources if isinstance(source, str))
                self._readings[answer] = form, sources, read, over_true
        return self._readings[answer]

    def giving_twice(self, answer: str, number: Number, own: Numbers) -> Iterator[tuple[Rule, ...]]:
        form = self.forms.of(answer)
        if form is None:
            return
        values = self._doubles_of(answer, form, own)
        if number in values and self._singles_of(answer, form, own)[0] != number:
            yield from (rules for (rules, _), value in zip(form.doubles, values, strict=True) if value == number)

    def value(self, answer: str, tree: Node, own: Numbers) -> Number:
        """What a changed tree of the answer's formula gives over the numbers ``own``."""
        env: dict[str, Value] = {}
        for name in names(tree):
            source = self.forms.source(answer, name)
            number = own.get(source) if isinstance(source, str) else source
            if number is not None:
                env[name] = number
        return evaluate(tree, env)

    def read_by(self, answer: str) -> tuple[str, ...]:
        """The numbers that an answer is computed from where those of its own row are written out."""
        if answer not in self._read_by:
            form = self.forms.of(answer)
            sources = (self.forms.source(answer, name) for name in names(form.expanded)) if form is not None else ()
            self._read_by[answer] = tuple(dict.fromkeys(source for source in sources if isinstance(source, str)))
        return self._read_by[answer]

    def elsewhere(self, answer: str, number: Number, own: OwnNumbers) -> Iterator[tuple[Rule, ...]]:
        """Numbers of elsewhere that are ``number``: the row's other quantities, plain and changed; the other rows."""
        for other, rule in self._others(answer):
            for changed in self.giving(other, number, own):
                if not changed or other.rpartition(".")[2] not in _SIZES:
                    yield (rule, changed) if changed else (rule,)
        for row, rule in self._neighbours(answer):
            if own.get(row) == number:
                yield (rule,)

    # --- other rules than the formula's own

    def around(self, answer: str) -> Iterator[tuple[tuple[Rule, ...], Number]]:
        """Numbers of elsewhere, over the true ones: the row's other quantities, plain and changed; the other rows."""
        numbers = self.table.numbers
        for other, rule in self._others(answer):
            right = numbers[other]
            if not isinstance(right, str):
                yield (rule,), right
            for changed, number in self.changed(other, numbers) if other.rpartition(".")[2] not in _SIZES else ():
                yield (rule, changed), number
        for row, rule in self._neighbours(answer):
            there = numbers[row]
            if not isinstance(there, str):
                yield (rule,), there

    def _others(self, answer: str) -> Sequence[tuple[str, Rule]]:
        """The other numbers of the row that may be given for this one, and the rule that says so."""
        if answer not in self._beside:
            layer, _, quantity = answer.rpartition(".")
            numbers = self.table.numbers
            self._beside[answer] = [
                (f"{layer}.{other}", ("mixed-up", *sorted((quantity, other))))
                for other in (() if answer.startswith("question.") else self._likes(layer, quantity))
                if numbers[f"{layer}.{other}"] != numbers[answer]  # nobody can tell them apart: a square's two sides
            ]
        return self._beside[answer]

    def _neighbours(self, answer: str) -> Sequence[tuple[str, Rule]]:
        """The column's other numbers, and the rule that says which row was taken."""
        if answer not in self._column:
            layer, _, quantity = answer.rpartition(".")
            rows = self._rows.get(quantity, ())
            at = rows.index(layer) if layer in rows else -9
            beside = {at - 1: "above", at + 1: "below"}
            self._column[answer] = [
                (f"{row}.{quantity}", ("row", beside.get(place, row)))
                for place, row in enumerate(rows if at >= 0 else ())
                # where both rows have the same number, nobody can tell whether it was copied
                if row != layer and self.table.numbers[f"{row}.{quantity}"] != self.table.numbers[answer]
            ]
        return self._column[answer]

    def copied_from(self, answer: str, rule: Rule) -> str | None:
        """The answer of another row that the rule says was taken."""
        return next((row for row, each in self._neighbours(answer) if each == rule), None)

    def _likes(self, layer: str, quantity: str) -> Iterator[str]:
        """Quantities of the row that may be given for this one: sizes for sizes, counts for counts."""
        for other in self._quantities(layer) if layer != TOTAL else self._totals:
            if other != quantity and (other in _SIZES) == (quantity in _SIZES):
                yield other

    @cached_property
    def _totals(self) -> tuple[str, ...]:
        return tuple(name for name in self._shown if f"{TOTAL}.{name}" in self.table.numbers)

    def conventions(self, answer: str, own: Numbers) -> Iterator[tuple[Rule, Number]]:
        """The number under another convention than the coursework's."""
        form = self.forms.of(answer)
        for name, texts in self.sheet.variants.items():
            if name == "bias" and form is not None and ("drop", "biases") in form.rules:
                continue  # not to count the biases is to leave them out, by whatever name
            if answer in texts:
                yield ("convention", name), self._of_text(answer, texts[answer], own, texts)

    def otherwise(self, answer: str, number: Number, own: OwnNumbers) -> Iterator[Rule]:
        """The conventions by which the answer is ``number`` for the student."""
        if answer not in self._otherwise:
            texts = self.sheet.variants.values()
            read = (self._read_by_text(answer, each[answer], each) for each in texts if answer in each)
            over_true = tuple(self.conventions(answer, self.table.numbers))
            self._otherwise[answer] = frozenset().union(*read), over_true
        read_by_any, over_true = self._otherwise[answer]
        found = over_true if read_by_any.isdisjoint(own.whole.changed) else self.conventions(answer, own)
        yield from (rule for rule, value in found if value == number)

    def _read_by_text(self, answer: str, text: str, more: Mapping[str, str], depth: int = 0) -> frozenset[str]:
        """The ids of the numbers that ``_of_text`` reads."""
        layer = answer.rpartition(".")[0]
        found: set[str] = set()
        for name in expr.symbols(parse(text)):
            there = f"{layer}.{name}"
            if there in more and there != answer and depth < 4:
                found |= self._read_by_text(there, more[there], more, depth + 1)
            elif isinstance(source := self.forms.source(answer, name), str):
                found.add(source)
        return frozenset(found)

    def _of_text(self, answer: str, text: str, own: Numbers, more: Mapping[str, str], depth: int = 0) -> Number:
        """A formula's value in a layer, whose names may be formulas among ``more``."""
        layer = answer.rpartition(".")[0]
        env: dict[str, Value] = {}
        for name in expr.symbols(parse(text)):
            there = f"{layer}.{name}"
            if there in more and there != answer and depth < 4:
                env[name] = self._of_text(there, more[there], own, more, depth + 1)
                continue
            source = self.forms.source(answer, name)
            number = own.get(source) if isinstance(source, str) else source
            env[name] = MISSING if number is None else number
        return evaluate(_flat(text), env)

    @cached_property
    def worlds(self) -> Mapping[Rule, Mapping[str, Value]]:
        """Rules that change the network itself: the numbers of all that differs under each, carried on throughout."""
        found: dict[Rule, Mapping[str, Value]] = {}
        for each in self.sheet.misconceptions:
            found["misconception", each.id] = self.carried(each.instead)
        height, width = (self.table.numbers.get(f"{INPUT}.in_{side}") for side in ("height", "width"))
        if isinstance(height, int) and height == width:
            for size in IMAGES:
                if size != height and abs(size - height) <= NEARLY * height:
                    numbers = dict.fromkeys((f"{INPUT}.in_height", f"{INPUT}.in_width"), str(size))
                    asked = {answer: size for answer in self.answers if self._asks_for_the_image(answer, height)}
                    found["input", str(size)] = {**self.carried(numbers), **asked}
        return found

    def _asks_for_the_image(self, answer: str, size: int) -> bool:
        """Whether a question asks for the size of the image, solved from an equation."""
        quantity = self.table.quantities[answer]
        solved = any(isinstance(bind, int) for bind in quantity.binds.values())
        return answer.startswith("question.") and solved and self.table.numbers[answer] == size

    def carried(self, instead: Mapping[str, str]) -> dict[str, Value]:
        """Every number that differs where the formulas ``instead`` hold: what a student has who carries one on."""
        numbers = self.table.numbers
        known: dict[str, Value] = {}
        waiting = [answer for answer in instead if answer in numbers]
        # a setting, conv1.padding_height, has no number of its own; whatever the layer computes may read it
        for answer in instead:
            layer, _, name = answer.rpartition(".")
            waiting += [
                each for each, quantity in self.table.quantities.items()
                if each.rpartition(".")[0] == layer and isinstance(quantity.binds.get(name), int)
            ]  # fmt: skip
        behind = self._behind(waiting)

        for answer in sorted(behind, key=self.dependents.order.__getitem__):
            try:
                known[answer] = self._instead(answer, instead, known)
            except expr.ExpressionError:
                known[answer] = numbers[answer]
        return {answer: found for answer, found in known.items() if found != numbers[answer]}

    def _instead(self, answer: str, instead: Mapping[str, str], known: Mapping[str, Value]) -> Value:
        """One number where the formulas ``instead`` hold, and what is ``known`` differs."""
        tree = parse(instead[answer]) if answer in instead else self.table.quantities[answer].formula
        layer = answer.rpartition(".")[0]
        env: dict[str, Value] = {}
        for name in expr.symbols(tree):
            source, there = self.forms.source(answer, name), f"{layer}.{name}"
            if isinstance(source, int) and there in instead and there != answer:
                env[name] = expr.value(parse(instead[there]), {})
            elif isinstance(source, str):
                env[name] = known[source] if source in known else self.table.numbers[source]
            elif source is not None:
                env[name] = source
        return expr.value(tree, env)

    def _behind(self, first: list[str]) -> set[str]:
        """All that is computed from these, these too."""
        found: set[str] = set()
        waiting = list(first)
        while waiting:
            answer = waiting.pop()
            if answer not in found:
                found.add(answer)
                waiting += self.dependents.readers.get(answer, ())
                waiting += self.dependents.same.get(answer, ())
        return found

    # --- sums

    def terms(self, answer: str) -> tuple[str, ...]:
        """What a total, or a block's own number, adds up; nothing for other numbers."""
        quantity = self.table.quantities[answer]
        return tuple(map(str, quantity.binds.values())) if is_sum(quantity) else ()

    def summed(self, answer: str, own: Numbers, *, rows: bool) -> Iterator[tuple[tuple[Rule, ...], Number]]:
        """A sum with a row left out or counted twice; with ``rows``, one rule in all rows, or in those of one kind."""
        terms = self.terms(answer)
        numbers = [own.get(term) for term in terms]
        if not terms or any(isinstance(number, str) or number is None for number in numbers):
            return
        known: dict[str, int] = {t: n for t, n in zip(terms, numbers, strict=True) if isinstance(n, int)}
        total = sum(known.values())
        for term, number in known.items():
            if number:
                layer = term.rpartition(".")[0]
                yield (("left-out", layer),), total - number
                yield (("counted-twice", layer),), total + number
        kinds = {row.name: row.kind for row in self.table.rows}
        by_kind: dict[str, int] = {}
        for term, number in known.items():
            kind = kinds.get(term.rpartition(".")[0], "")
            by_kind[kind] = by_kind.get(kind, 0) + number
        if len([kind for kind, number in by_kind.items() if number]) > 1:
            for kind, number in by_kind.items():
                if number:
                    yield (("left-out", kind),), total - number
        if not rows:
            return
        yield from ((rules, total + more) for rules, more in self._in_rows(terms, own).items())

    def _in_rows(self, terms: tuple[str, ...], own: Numbers) -> dict[tuple[Rule, ...], Number]:
        """What a sum has more where one rule holds in its rows: in all, or in those of one kind."""
        more: dict[tuple[Rule, ...], Number] = {}
        kinds = {row.name: row.kind for row in self.table.rows}
        for term in terms:
            right = own.get(term)
            if isinstance(right, str) or right is None:
                continue
            seen: set[Rule] = set()
            for rule, number in (*self.changed(term, own), *self.conventions(term, own)):
                if rule in seen or number != number or number == right:
                    continue
                seen.add(rule)
                for rules in ((rule,), (rule, ("only-in", kinds.get(term.rpartition(".")[0], "")))):
                    more[rules] = more.get(rules, 0) + number - right
        # a rule that is one kind's only anyway needs no "only in"
        return {
            rules: number
            for rules, number in more.items()
            if len(rules) == 1 or more.get(rules[:1]) != number
        }  # fmt: skip

    # --- looked up: over the true numbers

    def singles(self, answer: str) -> Matches:
        """Wrong number -> rules, over the true numbers."""
        if answer not in self._singles:
            found: Matches = {}
            right = self.table.numbers[answer]
            for rules, number in self._all_singles(answer):
                if number == number and number != right:
                    listed = found.setdefault(number, [])
                    if rules not in listed:
                        listed.append(rules)
            self._singles[answer] = found
        return self._singles[answer]

    def _all_singles(self, answer: str) -> Iterator[tuple[tuple[Rule, ...], Number]]:
        numbers = self.table.numbers
        yield from (((rule,), number) for rule, number in self.changed(answer, numbers))
        yield from self.around(answer)
        yield from (((rule,), number) for rule, number in self.conventions(answer, numbers))
        for rule, world in self.worlds.items():
            number = world.get(answer)
            if number is not None and not isinstance(number, str):
                yield (rule,), number
        yield from self.summed(answer, numbers, rows=True)

    def doubles(self, answer: str) -> Matches:
        if answer not in self._doubles:
            found: Matches = {}
            right = self.table.numbers[answer]
            for rules, number in self.changed_twice(answer, self.table.numbers):
                if number == number and number != right:
                    found.setdefault(number, []).append(rules)
            self._doubles[answer] = found
        return self._doubles[answer]

    @cached_property
    def shown(self) -> Mapping[Rule, frozenset[str]]:
        """The answers in which each rule gives a wrong number."""
        found: dict[Rule, set[str]] = {}
        for answer in self.answers:
            rules = {each[0] for listed in self.singles(answer).values() for each in listed if len(each) == 1}
            for rule in rules:
                found.setdefault(rule, set()).add(answer)
        return {rule: frozenset(answers) for rule, answers in found.items()}

    @cached_property
    def shows(self) -> Mapping[Rule, int]:
        """In how many rows of the sheet each rule gives a wrong number: height and width are no two occasions."""
        return {rule: len(set(map(row_of, answers))) for rule, answers in self.shown.items()}

    def build(self) -> None:
        """All of it at once; it is otherwise built as far as it is asked for."""
        _ = self.shows
        for answer in self.answers:
            self.doubles(answer)


@lru_cache(maxsize=1024)
def _flat(text: str) -> Node:
    return flat(parse(text))


@lru_cache(maxsize=16_384)
def row_of(answer: str) -> str:
    """The row of the table that an answer stands in; of a question the question."""
    return answer if answer.startswith("question.") else answer.rpartition(".")[0]


def sides_of(answer: str) -> tuple[str, ...]:
    """The numbers that a size is made of; none of another answer."""
    layer, _, quantity = answer.rpartition(".")
    return tuple(f"{layer}.{side}" for side in COMPOSITE.get(quantity, ()))


_KEPT: list[Index] = []
_MOST_KEPT = 4


def index_of(sheet: Sheet) -> Index:
    """The index of a coursework's sheet, kept for the next submission."""
    for kept in _KEPT:
        if kept.sheet is sheet:
            return kept
    made = Index(sheet)
    _KEPT.append(made)
    del _KEPT[:-_MOST_KEPT]
    return made
