"""``questions:`` of the YAML: the models of each kind, and the mistakes that show without the network.

This room must not know networks, sheets or workbooks; what is right is computed in ``answers.py``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, Field, WithJsonSchema

from . import prose
from .coursework import Formula, Share, Words, written
from .errors import did_you_mean
from .layers import Strict
from .quantities import defined_name
from .questionnaire import PREFIX, lettered
from .tolerance import Tolerance
from .yamldoc import Told, Where, validate

MOST_OPTIONS = 26
LOSS = "loss"  # in the braces of a model answer
BY_DEFAULT = "by default whole numbers, and decimals that the YAML gives, are exact, and others within 0.5 %"

# --- the models -----------------------------------------------------------------------------------------------------


def _word(given: object) -> object:
    return str(given).lower() if isinstance(given, bool) else written(given)


_TEXT_OR_NUMBER = WithJsonSchema({"type": ["string", "number"], "minLength": 1})


def _identifies(given: str) -> str:
    if re.match(_IDENTIFIER, given) is None:
        raise ValueError("must be at most 20 letters, digits, - and _, of which the first is a letter or a digit")
    return given


_IDENTIFIER = "^[A-Za-z0-9][A-Za-z0-9_-]{0,19}$"
Identifier = Annotated[
    str,
    BeforeValidator(written),
    AfterValidator(_identifies),
    WithJsonSchema({"type": ["string", "integer"], "pattern": _IDENTIFIER}),
]
Prose = Annotated[str, Field(min_length=1, max_length=5000)]


class _Base(Strict):
    id: Identifier = Field(description="Its number, such as 8 or 9a: letters, digits, - and _")
    text: Prose = Field(description="What is asked, {network.in_height} printed as its number")
    marks: float = Field(1, ge=0, le=1000, description="What it is worth; of kind init, what each cell is worth")
    comment: Prose | None = Field(
        None, description="For the key and --reveal, {conv1.neurons} printed as its number; never handed out"
    )


class Accepted(Strict):
    """Another number that counts as right; the YAML may give just the number."""

    answer: Formula = Field(description="A number, or a formula")
    comment: Prose | None = Field(None, description="Told to the student who gives it")
    tolerance: Tolerance | None = None


def _accepted(given: object) -> object:
    if not isinstance(given, list):
        return given
    return tuple(each if isinstance(each, dict) else {"answer": each} for each in given)


class NumberText(_Base):
    """A number: a formula, or the solution of an equation."""

    kind: Literal["number"]
    answer: Formula | None = Field(
        None, description="A number, or a formula over quantities such as conv1.parameters / total.parameters"
    )
    solve: str | None = Field(
        None, min_length=1, max_length=1000, description="An equation to solve, such as conv1.out_height = 55"
    )
    for_: Words | None = Field(
        None, alias="for", description="Its unknown, such as network.in_height; several are the same number"
    )
    exact: bool | None = Field(
        None,
        description="true: only the solution for which no division is rounded is right; false: every solution is. "
        "By default true where there is just one such solution and the network's own size is no other one",
    )
    between: Annotated[tuple[int, int] | None, BeforeValidator(lambda g: tuple(g) if isinstance(g, list) else g)] = (
        Field(None, description="The numbers tried as solutions; by default 1 to 1024, or to twice the image's size")
    )
    unit: str | None = Field(
        None, min_length=1, max_length=40, description="Printed behind the answer, which is counted in it"
    )
    tolerance: Tolerance | None = Field(None, description=f"How near is right; {BY_DEFAULT}")
    accept: Annotated[tuple[Accepted, ...], BeforeValidator(_accepted)] = Field(
        (), description="Other numbers that count as right"
    )
    follow_through: Share | None = Field(
        None,
        description="Share of the marks for what is right for the student's own earlier numbers; by default the "
        "coursework's",
    )


class Option(Strict):
    """What may be chosen; the YAML may give just the text of one that is not right."""

    text: Annotated[str, Field(min_length=1, max_length=500), BeforeValidator(_word), _TEXT_OR_NUMBER]
    right: bool = False


def _options(given: object) -> object:
    if not isinstance(given, list):
        return given
    return tuple(each if isinstance(each, dict) else {"text": each} for each in given)


class ChoiceText(_Base):
    """Options, of which one is right."""

    kind: Literal["choice"]
    options: Annotated[
        tuple[Option, ...],
        Field(min_length=2, max_length=MOST_OPTIONS),
        BeforeValidator(_options),
    ] = Field(description="Texts, and the right one as {text: ..., right: true}")


_LOG = "log p_l(x)(x)"  # p the softmax over the channels at pixel x, l(x) its label


class Loss(Strict):
    """What the answer says of the pixel-wise cross-entropy of the U-Net paper (equation 1), for check to witness."""

    sign: Literal[-1, 1] = Field(description="-1 for a loss to be minimised")
    weighted: bool = Field(description="Has each pixel a weight?")

    @property
    def equation(self) -> str:
        """What ``{loss}`` prints: the equation that ``check`` evaluates by hand, in the paper's letters."""
        return f"E = {'- ' if self.sign < 0 else ''}sum over the pixels x of {'w(x) ' if self.weighted else ''}{_LOG}"


class TextText(_Base):
    """A text, which a person marks."""

    kind: Literal["text"]
    answer: Prose | None = Field(
        None, description="A model answer, for the key and --reveal; {loss} prints the equation of loss:"
    )
    loss: Loss | None = Field(
        None, description="The loss that the model answer states as {loss}, for check to witness; by default all of it"
    )


class InitText(_Base):
    """A table of the initial values: mean and standard deviation of the weights, and the bias, of each layer."""

    kind: Literal["init"]
    layers: Words | None = Field(None, description="By default every layer with init:")
    tolerance: Tolerance | None = Field(None, description="How near is right; exact by default")


QuestionText = NumberText | ChoiceText | TextText | InitText
KINDS: Mapping[str, type[NumberText | ChoiceText | TextText | InitText]] = {
    "number": NumberText,
    "choice": ChoiceText,
    "text": TextText,
    "init": InitText,
}
NESTED: Mapping[str, type[BaseModel]] = {
    "tolerance": Tolerance,
    "loss": Loss,
    "accept": Accepted,
    "options": Option,
}


# --- what can be said without the network ---------------------------------------------------------------------------


def read_questions(raw: Sequence[Any], told: Told, path: Where) -> list[tuple[int, QuestionText]]:
    """Each question that can be read, with its number in the list; the mistakes go to ``told``."""
    found: list[tuple[int, QuestionText]] = []
    taken: dict[str, str] = {}
    for i, given in enumerate(raw):
        here: Where = (*path, i)
        if not isinstance(given, dict):
            told.problem(here, "a question is a mapping with id:, kind: and text:")
            continue
        kind = given.get("kind")
        if not isinstance(kind, str) or kind not in KINDS:
            what = "kind: must be given" if kind is None else f"no such kind {kind!r}"
            told.problem((*here, "kind"), f"{what}{did_you_mean(kind or '', KINDS)}")
            continue
        question = validate(KINDS[kind], given, told, here, NESTED)
        if question is None:
            continue
        name = defined_name(f"{PREFIX}.{question.id}").casefold()
        if name in taken:
            first = taken[name]
            same = "" if first == question.id else f" (Excel takes {first} and {question.id} for the same name)"
            told.problem((*here, "id"), f"there is a question {first} already{same}")
        taken.setdefault(name, question.id)
        wrong: list[str] = []
        if isinstance(question, ChoiceText):
            wrong, here = list(_wrong_options(question.options)), (*here, "options")
        elif isinstance(question, NumberText):
            wrong = list(_wrong_number(question))
        else:
            wrong, here = list(_wrong_loss(question)), (*here, "answer")
        for message in wrong:
            told.problem(here, message)
        if not wrong:
            found.append((i, question))
    return found


def _wrong_options(options: Sequence[Option]) -> Iterator[str]:
    right = [letter for letter, option in lettered([str(each.right) for each in options]) if option == "True"]
    if not right:
        yield "no option is right; write the right one as {text: ..., right: true}"
    elif len(right) > 1:
        yield f"{len(right)} options are right ({', '.join(right)}), and only one may be"
    texts: dict[str, str] = {}
    for letter, option in lettered([each.text for each in options]):
        plain = " ".join(option.split()).casefold()
        first = texts.setdefault(plain, letter)
        if first != letter:
            yield f"the options {first} and {letter} say the same"
        if len(plain) == 1 and plain != letter.casefold() and ord("a") <= ord(plain) < ord("a") + len(options):
            yield f"the option {letter} is the letter of another one, {plain.upper()}"


def _wrong_number(question: NumberText) -> Iterator[str]:
    if (question.answer is None) == (question.solve is None):
        yield "must have one of answer: and solve:"
    if (question.solve is None) != (question.for_ is None):
        yield "solve: and for: go together: for: names the unknown, such as network.in_height"
    if question.between is not None and (question.solve is None or not 0 < question.between[0] < question.between[1]):
        yield "between: must be two whole numbers, of which the first is positive and less than the second, with solve:"


def _wrong_loss(question: TextText | InitText) -> Iterator[str]:
    """An equation that the answer types instead would be witnessed by nothing."""
    if not isinstance(question, TextText) or question.answer is None:
        return
    stated = LOSS in prose.formulas(question.answer)
    if question.loss is not None and not stated:
        yield "must state the loss as {loss}: it prints the equation of loss:, which is what check witnesses"
    elif stated and question.loss is None:
        yield "{loss} prints the equation of loss:, which is not given"
