"""The questions held against a network: what is right for each, computed, or every mistake in them.

A number is a formula over the network's quantities, ``conv1.parameters / total.parameters``, or the solution of an
equation over them. This room knows the table's arithmetic; it must not know sheets or workbooks.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING

from . import expr
from .errors import did_you_mean
from .expr import ExpressionError, Neg, Num, Number
from .formulas import Formulas, Says
from .layers import Conventions
from .network import INPUT
from .quantities import LARGEST
from .questionnaire import FOLLOW_THROUGH, INIT, PREFIX, Known, Part, Question, lettered
from .questions import LOSS, ChoiceText, InitText, NumberText, QuestionText, TextText
from .solve import UNKNOWNS, Equation, Solutions, solve, worked
from .table import Quantity
from .tolerance import Tolerance
from .yamldoc import Where

if TYPE_CHECKING:
    from .layers import Init

ROUNDED = 0.005  # of a number that is computed and not whole, where nothing is said: 9.966 or 9.97 for log2(1000)
PER_CENT = ("%", "percent", "per cent")
MOST_SIZES = 1024  # tried for an unknown size, where nothing is said; or twice the image's, if that is more

Layers = Callable[[Where, Iterable[str], Sequence[str]], Iterable[str]]


class Checked:
    """The questions held against a network: ``questions`` as they are asked, ``numbers`` by the id of the answer.

    ``formulas`` has the network, and computes the table for itself and these questions.
    """

    def __init__(
        self,
        read: Sequence[tuple[int, QuestionText]],
        formulas: Formulas,
        conventions: Conventions,
        rows: Sequence[str],
        layers: Layers,
        problem: Says,
        warn: Says,
        follow_through: float = FOLLOW_THROUGH,
    ) -> None:
        self.network, self.formulas, self.layers = formulas.network, formulas, layers
        self._say, self._say_softly = problem, warn
        self._follow_through = follow_through
        self.questions: list[Question] = []
        self.numbers: dict[str, Quantity] = {}
        self.equations: dict[str, Equation] = {}
        self.path: Where = ()
        for i, question in read:
            for text in _formulas(question):
                formulas.read(("questions", i), text)
            for key, sentence in _sentences(question):
                formulas.read_sentence(("questions", i, *key), sentence, _words(question, key))
        try:
            formulas.compute(conventions, rows)
        except ExpressionError as error:
            problem(("questions",), str(error))
            return
        for i, given in read:
            self.path = ("questions", i)
            question = self._put(given)
            match question:
                case NumberText():
                    found = self._number(question)
                case InitText():
                    found = self._init(question)
                case _:
                    found = _plain(question)
            if found is not None:
                self.questions.append(found)

    def _problem(self, message: str) -> None:
        self._say(self.path, message)

    def _warn(self, message: str) -> None:
        self._say_softly(self.path, message)

    def _put(self, question: QuestionText) -> QuestionText:
        """The question with the numbers that its sentences name put in."""
        said = {
            key: self.formulas.said(
                (*self.path, *key), sentence, handed_out=key[0] in ("text", "accept"), words=_words(question, key)
            )
            for key, sentence in _sentences(question)
        }
        changed: dict[str, object] = {str(key[0]): sentence for key, sentence in said.items() if len(key) == 1}
        if isinstance(question, NumberText):
            changed["accept"] = tuple(
                each.model_copy(update={"comment": said.get(("accept", i, "comment"))})
                for i, each in enumerate(question.accept)
            )
        return question.model_copy(update=changed)

    # --- numbers

    def _formula(self, text: str) -> Quantity | None:
        return self.formulas.formula(self.path, text)

    def _value(self, quantity: Quantity) -> Number | None:
        """The number that it gives, if Excel can hold it."""
        try:
            number = self.formulas.number(quantity)
        except ExpressionError as error:
            self._problem(str(error))
            return None
        if abs(float(number)) > LARGEST:
            self._problem(f"the answer is {expr.plain(number)}: more than the 15 digits that Excel keeps")
            return None
        return number

    def _number(self, question: NumberText) -> Question | None:
        answer = f"{PREFIX}.{question.id}"
        right: Number
        known: list[Known] = []
        remarks = [question.comment] if question.comment else []
        if question.solve is not None:
            found = self._solved(question, answer)
            if found is None:
                return None
            quantity, right, others, exact = found
            if others:
                said = "It is a solution only where a division is rounded down; the one without remainder is asked for."
                known = [Known(n, 0, said if exact else "", not exact) for n in others]
                remarks.append(
                    f"With rounding, {_spans(sorted([right, *others]))} are solutions"
                    + ("; only one of them divides without remainder." if exact else ", and each is right.")
                )
        else:
            formula = self._formula(question.answer or "")
            number = self._value(formula) if formula is not None else None
            if formula is None or number is None:
                return None
            if (question.unit or "").strip() in PER_CENT and _is_share(formula):
                self._problem(
                    f"an answer is counted in its unit, so that this would be {expr.plain(number)} %; "
                    f"in per cent it is 100 * ({question.answer})"
                )
            quantity, right = Quantity(answer, formula.text, formula.binds), number
        for each in question.accept:
            formula = self._formula(each.answer)
            number = self._value(formula) if formula is not None else None
            if formula is None or number is None:
                continue
            if each.comment and _gives_away(each.comment, right):
                self._problem(
                    f"the comment on {expr.plain(number)} is told to students, and holds the right number; leave it out"
                )
            known.append(Known(number, _near(number, formula, each.tolerance), each.comment or "", True))
            remarks.append(f"{expr.plain(number)} is accepted too" + (f": {each.comment}" if each.comment else "."))
        self.numbers[answer] = quantity
        near = _near(right, quantity, question.tolerance)
        share = self._follow_through if question.follow_through is None else question.follow_through
        part = Part(answer, question.marks, near, tuple(known), follow_through=share)
        remark = "\n".join(remarks)
        return Question(question.id, "number", question.text, (part,), question.unit or "", remark=remark)

    def _solved(self, question: NumberText, answer: str) -> tuple[Quantity, int, list[int], bool] | None:
        """The solution's formula, the solution, the others, and whether those are wrong."""
        asked = question.for_ or ()
        unknowns = [
            f"{INPUT}.{name.removeprefix('network.')}" if name.startswith("network.") else name for name in asked
        ]
        for name, unknown in zip(asked, unknowns, strict=True):
            if unknown not in UNKNOWNS:
                choices = [each.replace(INPUT, "network", 1) for each in UNKNOWNS]
                self._problem(f"for: an unknown is a size of the input, not {name!r}{did_you_mean(name, choices)}")
        sides = [self._formula(text) for text in _sides(question.solve or "")]
        if len(sides) != 2:
            self._problem("solve: is an equation with one =, such as conv1.out_height = 55")
            return None
        left, right = sides
        if left is None or right is None or not unknowns or not set(unknowns) <= set(UNKNOWNS):
            return None
        between = question.between or (1, max(MOST_SIZES, 2 * max(self.network.input)))
        try:
            equation = Equation((left, right), tuple(unknowns))
            found = solve(self.network, self.formulas.known, equation, between)
        except ExpressionError as error:
            self._problem(f"solve: {error}")
            return None
        sizes = {self.formulas.numbers[unknown] for unknown in unknowns}
        own = next((n for n in found.every if sizes == {n}), None)  # the network's own size, if it is a solution
        exact = question.exact
        if exact is None:  # a network that works is no wrong answer
            exact = len(found.exact) == 1 and own in (None, *found.exact)
        solution = self._the_one(found, own, exact=exact, between=between)
        if solution is None:
            return None
        if exact and own not in (None, solution):
            self._warn(
                f"solve: {own}, the network's own size, solves it with rounding, and is marked wrong; "
                "say exact: false where it is right"
            )
        quantity = None
        ids = list(left.binds.values())
        windows = expr.value(right.formula, {}) if not right.binds else None
        for side in ("height", "width"):
            alone = ids == [f"{self.network.layers[0].name}.out_{side}"] and isinstance(left.formula, expr.Sym)
            if alone and f"{INPUT}.in_{side}" in unknowns and isinstance(windows, int):
                quantity = worked(self.network, answer, side, windows, solution)
        self.equations[answer] = equation
        others = [n for n in found.every if n != solution]
        return quantity or Quantity(answer, str(solution), {}), solution, others, exact

    def _the_one(self, found: Solutions, own: int | None, *, exact: bool, between: tuple[int, int]) -> int | None:
        """The solution that the key gives: of several that are right the network's own, or the one that divides."""
        tried = f"from {between[0]} to {between[1]}"
        if not found.every:
            self._problem(f"solve: no whole number {tried} solves it; between: says which are tried")
        elif exact and not found.exact:
            self._problem(
                f"solve: no number {tried} solves it without remainder, only with rounding: {_spans(found.every)}; "
                "say exact: false where these are right"
            )
        elif exact and len(found.exact) > 1:
            self._problem(f"solve: has several solutions without remainder: {_spans(found.exact)}")
        elif between[1] in found.every:
            self._problem(f"solve: {between[1]}, the largest number tried, solves it too; there may be more")
        else:
            return own if own is not None and not exact else (found.exact or found.every)[0]
        return None

    # --- initial values

    def _init(self, question: InitText) -> Question | None:
        own = [layer for layer in self.network.layers if layer.weights_of is None]  # weights of its own
        inits = {layer.name: getattr(layer.kind, "init", None) for layer in own}
        biased = {layer.name: bool(getattr(layer.kind, "bias", True)) for layer in own}
        declared: dict[str, Init] = {name: init for name, init in inits.items() if init is not None}
        asked: Iterable[str] = declared
        if question.layers is not None:
            asked = tuple(self.layers((*self.path, "layers"), question.layers, tuple(inits)))
            for name in asked:
                if name not in declared:
                    self._problem(f"{name} has no init: in the network, so that nothing can be asked about it")
        elif not declared:
            self._problem("no layer of the network has init:, so that nothing can be asked")
        parts = []
        for layer in asked:
            for column in INIT if layer in declared else ():
                if column == "bias" and not biased[layer]:
                    continue
                number = _exactly(getattr(declared[layer], column))
                answer = f"{PREFIX}.{question.id}.{layer}.{column}"
                self.numbers[answer] = Quantity(answer, _decimal(number), {})
                near = question.tolerance.distance(number) if question.tolerance is not None else 0.0
                parts.append(Part(answer, question.marks, near, layer=layer, column=column))
        return (
            Question(question.id, "init", question.text, tuple(parts), remark=question.comment or "") if parts else None
        )


def _plain(question: ChoiceText | TextText) -> Question:
    part = Part(f"{PREFIX}.{question.id}", question.marks)
    remark = question.comment or ""
    if isinstance(question, TextText):
        loss = (question.loss.sign, question.loss.weighted) if question.loss is not None else None
        model = question.answer or (question.loss.equation if question.loss is not None else "")
        return Question(question.id, "text", question.text, (part,), model=model, remark=remark, loss=loss)
    options = tuple(each.text for each in question.options)
    letters = [letter for letter, _ in lettered(options)]
    right = next((letter for letter, each in zip(letters, question.options, strict=True) if each.right), "")
    return Question(question.id, "choice", question.text, (part,), options=options, model=right, remark=remark)


def _formulas(question: QuestionText) -> Iterator[str]:
    if isinstance(question, NumberText):
        yield from [question.answer] if question.answer is not None else []
        yield from _sides(question.solve or "")
        yield from (each.answer for each in question.accept)


def _sentences(question: QuestionText) -> Iterator[tuple[Where, str]]:
    """What may name numbers, with where in the question it stands."""
    yield ("text",), question.text
    if question.comment is not None:
        yield ("comment",), question.comment
    if isinstance(question, TextText) and question.answer is not None:
        yield ("answer",), question.answer
    for i, each in enumerate(question.accept if isinstance(question, NumberText) else ()):
        if each.comment is not None:
            yield ("accept", i, "comment"), each.comment


def _words(question: QuestionText, key: Where) -> Mapping[str, str]:
    """What a sentence of the question, not handed out, may name beside numbers."""
    if not isinstance(question, TextText) or question.loss is None or key == ("text",):
        return {}
    return {LOSS: question.loss.equation}


def _is_share(formula: Quantity) -> bool:
    """Whether it is a share that nobody has made per cents of: part / whole, or a quantity that is one."""
    if re.search(r"(?<![\w.])(100|0?\.01)(?![\w.])", formula.text):
        return False
    shares = any(str(bind).endswith(("_share", "_ratio")) for bind in formula.binds.values())
    return shares or re.search("(?<!/)/(?!/)", formula.text) is not None


def _sides(equation: str) -> list[str]:
    """The two sides of an equation; none where there are not two."""
    sides = [side.strip() for side in equation.split("=")]
    return sides if len(sides) == 2 and all(sides) else []


def _near(right: Number, formula: Quantity, tolerance: Tolerance | None) -> float:
    """How far off an answer may be; 67.4 that stands in the YAML is meant as it stands."""
    if tolerance is not None:
        return tolerance.distance(right)
    tree = formula.formula.of if isinstance(formula.formula, Neg) else formula.formula
    exact = isinstance(right, int) or isinstance(tree, Num)
    return 0.0 if exact else ROUNDED * abs(float(right))


def _exactly(number: float) -> int | Fraction:
    """0.01 as 1/100: what the YAML says, not the nearest float."""
    exact = Fraction(repr(number)) if isinstance(number, float) else Fraction(number)
    return exact.numerator if exact.denominator == 1 else exact


def _decimal(number: int | Fraction) -> str:
    """In the notation; ``1/3`` where no decimal is exact."""
    return expr.plain(number) if expr.is_exact(number) else f"{number.numerator} / {number.denominator}"


def _spans(numbers: Sequence[int]) -> str:
    """227, 228, 229, 230 and 240 as ``227 to 230, 240``."""
    runs: list[list[int]] = []
    for number in numbers:
        if runs and runs[-1][1] == number - 1:
            runs[-1][1] = number
        else:
            runs.append([number, number])
    return ", ".join(str(first) if first == last else f"{first} to {last}" for first, last in runs)


def _gives_away(said: str, right: Number) -> bool:
    spelt = {expr.plain(right)} | ({f"{right:,}", f"{right:,}".replace(",", " ")} if isinstance(right, int) else set())
    return any(re.search(rf"(?<![\d.]){re.escape(each)}(?!\d|\.\d)", said) for each in spelt)
