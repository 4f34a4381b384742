"""Every rule in words: each its own, in every language, and none that gives a blank away."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path

import pytest

from sheetgen.api import sheet_of
from sheetgen.diagnosis import Explained, Finding, naming, wording
from sheetgen.diagnosis.changes import Rule, rule_id
from sheetgen.diagnosis.weighing import Certainty
from sheetgen.diagnosis.wording import cell_sentence, clause, summary
from sheetgen.language import Translations, languages, translations
from sheetgen.quantities import COMPOSITE
from sheetgen.sheet import Sheet
from sheetgen.shipped import shipped
from tests import translations as made
from tests.diagnosis.shipped_rules import rules_of
from tests.laid import Lay

CERTAINTIES: tuple[Certainty, ...] = ("only", "likely", "possible")


def said(rules: str, answer: str, sheet: Sheet | None = None, language: str = "en") -> str:
    each = tuple(tuple(rule.split(":")) for rule in rules.split("+"))
    return clause(each, sheet or sheet_of("alexnet"), answer, language)


@pytest.fixture
def lay(tmp_path: Path) -> Lay:
    return Lay(tmp_path)


@pytest.mark.parametrize(
    ("rules", "answer", "words"),
    [
        ("drop:biases", "conv1.parameters", "leaves out the biases"),
        ("once:padding", "conv2.out_height", "counts the padding once instead of twice"),
        ("drop:stride", "conv1.out_height", "does not divide by the stride"),
        ("drop:stride", "", "does not divide by the stride"),
        ("drop:one", "conv1.out_height", "leaves out the + 1"),
        ("unsquared:kernel", "conv1.weights", "takes the kernel's side once instead of squaring it"),
        ("drop:in_size", "fc6.weights", "uses the input without flattening it"),
        ("drop:in_size", "total.weights", "uses the input without flattening it"),
        ("drop:in_size", "conv1.out_height", "leaves out the size of the input"),
        ("swap:out_channels:in_channels", "conv1.weights", "uses the input channels in place of the output channels"),
        ("before:kernel", "conv2.weights", "takes the kernel of the layer before"),
        ("add", "conv1.weights", "adds where it should multiply"),
        ("halved:in_channels", "conv2.weights", "keeps half of the input channels, as if there were two groups"),
        ("mixed-up:connections:parameters", "conv3.parameters", "gives the connections, not the parameters"),
        ("mixed-up:connections:parameters", "conv3.connections", "gives the parameters, not the connections"),
        ("mixed-up:connections:parameters", "", "mixes up the connections and the parameters"),
        ("row:above", "conv2.neurons", "repeats the number of the row above (pool1)"),
        ("row:below", "conv2.neurons", "gives the number of the row below (pool2)"),
        ("row:fc7", "fc6.weights", "gives the number of fc7"),
        ("input:224", "conv1.out_height", "takes 224 for the size of the input"),
        ("batch:10", "conv1.neurons", "counts a batch of 10 images"),
        ("batch:256", "conv1.neurons", "counts a whole batch of images"),  # conv2 has 256 biases
        ("rounded:3", "conv1.neurons", "rounds to three figures"),
        ("slip:swapped", "conv1.neurons", "has two neighbouring digits swapped"),
        ("left-out:conv1", "total.weights", "leaves out conv1"),
        ("left-out:conv1", "", "leaves out conv1"),
        ("left-out:Linear", "total.weights", "leaves out the Linear layers"),
        ("drop:biases+only-in:Linear", "total.parameters", "leaves out the biases, in the Linear layers only"),
        ("drop:biases+once:padding", "", "leaves out the biases and counts the padding once instead of twice"),
        (
            "mixed-up:connections:parameters+drop:biases",
            "conv1.parameters",
            "gives the connections, not the parameters, and leaves out the biases",
        ),
        (
            "misconception:two-gpu-split",
            "conv2.weights",
            "keeps the paper's split over two GPUs, where conv2, conv4 and conv5 see half of the maps",
        ),
        (
            "convention:bias",
            "conv1.connections",
            "leaves the biases out of the connections, although here they are counted",
        ),
    ],
)
def test_a_rule_in_words(rules: str, answer: str, words: str) -> None:
    assert said(rules, answer) == words


@pytest.mark.parametrize(
    ("rules", "answer", "words"),
    [
        ("drop:biases", "conv1.parameters", "lässt die Bias-Werte weg"),
        ("drop:stride", "conv1.out_height", "teilt nicht durch die Schrittweite"),
        ("swap:in_channels:out_channels", "conv1.weights", "nimmt die Ausgabekanäle und nicht die Eingabekanäle"),
        ("mixed-up:connections:parameters", "conv1.parameters", "gibt die Verbindungen an, nicht die Parameter"),
        ("drop:biases+only-in:Linear", "total.weights", "lässt die Bias-Werte weg, aber nur in den Linear-Schichten"),
    ],
)
def test_a_rule_in_german(rules: str, answer: str, words: str) -> None:
    assert said(rules, answer, language="de") == words


def test_the_coursework_s_own_sentence_is_quoted_in_another_language() -> None:
    words = said("misconception:two-gpu-split", "conv2.weights", language="de")
    assert words.startswith("folgt der Regel „keeps the paper's split")


def test_a_convention_is_said_from_the_coursework_s_side(lay: Lay) -> None:
    layers = "\n    conv1: {type: Conv2d, out_channels: 8, kernel_size: 3, padding: 1}"
    strict = lay(layers, "{conventions: {bias: not counted, padding: not counted}}", "[3, 32, 32]")
    counts = "counts the biases as connections, although here they are not counted"
    assert said("convention:bias", "conv1.connections", strict) == counts
    counts = "counts the connections to the padding, although here they are not counted"
    assert said("convention:padding", "", strict) == counts
    loose = lay(layers, "{}", "[3, 32, 32]")
    assert said("convention:padding", "", loose).startswith("leaves out the connections to the padding")


def test_what_is_a_coursework_s_own_is_called_what_its_sheet_calls_it(lay: Lay) -> None:
    sheet = lay(
        "\n    conv1: {type: Conv2d, out_channels: 8, kernel_size: [1, 7]}",
        "{quantities: {work_done: {formula: macs * 3, heading: Work}}, "
        "columns: [layer, {quantity: parameters, heading: Learnables}, weights, work_done]}",
        "[3, 32, 32]",
    )
    assert said("mixed-up:parameters:work_done", "conv1.work_done", sheet) == 'gives "Learnables", not "Work"'
    assert said("mixed-up:parameters:work_done", "conv1.work_done", sheet, "de") == "gibt „Learnables“ an, nicht „Work“"
    assert said("drop:never_heard_of", "conv1.weights", sheet) == 'leaves out "never heard of"'
    assert said("unsquared:kernel", "conv1.weights", sheet) == "takes the kernel once instead of height times width"


def test_a_question_s_own_numbers() -> None:
    torchvision, resnet = sheet_of("alexnet-torchvision"), sheet_of("resnet152")
    assert said("drop:id0", "question.1", torchvision) == "leaves out the parameters of fc6"
    assert said("drop:id3", "question.1", torchvision) == "does not divide by the parameters of the whole network"
    assert said("drop:id0", "", torchvision) == "leaves out a number of the formula"
    assert said("drop:15470264320", "question.1", resnet) == "does not divide by the number 15,470,264,320"
    assert said("drop:#15470264320", "", resnet) == "leaves out a number of the formula"


def test_what_has_no_words_is_said_all_the_same() -> None:
    assert said("misconception:gone", "conv1.weights") == "follows a wrong rule that is known for this coursework"
    assert said("never-heard-of:it", "conv1.weights") == "follows another rule than the one that is asked"


# --- all of them -----------------------------------------------------------------------------------------------------


def faults(name: str) -> Iterator[str]:
    """Rules of a shipped coursework that have no clause of their own, or one that says what it must not."""
    sheet, found = rules_of(name)
    unsaid = {translations(language).gettext(wording._UNKNOWN) for language in languages()}
    secret = secrets(sheet) - {0, 1}  # of which nobody learns anything: "leaves out the + 1"
    names = sorted({*sheet.rows, *(row.name for row in sheet.table.rows)}, key=len, reverse=True)
    named = re.compile("|".join(rf"(?<![\w.]){re.escape(each)}(?!\w)" for each in names))
    number = re.compile(r"(?<![\w.])\d[\d,]*(?:\.\d+)?")
    for rules, answers in found.items():
        for answer in (*answers, ""):
            for language in languages():
                words = clause(rules, sheet, answer, language)
                where = f"{name} {answer} {'+'.join(map(rule_id, rules))} {language}: {words}"
                plain = named.sub("", words)
                if answer == "input.in_height" and rules[0][0] == "input":
                    plain = plain.replace(rules[0][1], "")  # of the image's own cell it is what the student typed
                if words in unsaid or not words.strip():
                    yield f"no clause: {where}"
                if re.search(r"[:_{}*#]|\bid\d", plain) or (len(rules[0]) > 1 and rule_id(rules[0]) in plain):
                    yield f"an id: {where}"
                if any(Fraction(each.replace(",", "")) in secret for each in number.findall(plain)):
                    yield f"an answer: {where}"


def secrets(sheet: Sheet) -> set[Fraction]:
    """The right numbers of all blanks and questions, of sizes their sides."""
    found: set[Fraction] = set()
    asked = [cell.answer or "" for cell in sheet.blanks]
    asked += sheet.questions.numbers if sheet.questions is not None else ()
    for answer in asked:
        layer, _, quantity = answer.rpartition(".")
        for each in (answer, *(f"{layer}.{side}" for side in COMPOSITE.get(quantity, ()))):
            right = sheet.table.numbers.get(each)
            if right is not None and not isinstance(right, str):
                found.add(Fraction(right))
    return found


@pytest.mark.parametrize("name", shipped())
def test_every_rule_has_its_clause_and_none_gives_an_answer_away(name: str) -> None:
    assert list(faults(name))[:5] == []


def _meaning(rule: Rule) -> Rule:
    """The same for rules that mean the same, or that differ in a number that is not always said."""
    if rule[0] in ("batch", "rounded", "input"):
        return rule[:1]
    same: dict[Rule, Rule] = {("twice", "biases"): ("doubled", "biases")}
    return same.get(rule, tuple(re.sub(r"in\d_(start|receptive_field|jump)", r"in0_\1", each) for each in rule))


@pytest.mark.parametrize("language", languages())
def test_two_rules_have_two_clauses(language: str) -> None:
    for name in ("alexnet", "unet", "lenet5", "vgg16"):
        sheet, found = rules_of(name)
        known: dict[tuple[str, str], Rule] = {}
        for (rule, *more), answers in found.items():
            for answer in answers if not more and "*" not in "".join(rule) else ():
                if not answer.startswith("question."):
                    said_so = known.setdefault((answer, clause((rule,), sheet, answer, language)), _meaning(rule))
                    assert said_so == _meaning(rule)


@pytest.fixture
def afresh(monkeypatch: pytest.MonkeyPatch) -> None:
    """No clause of another test is remembered."""

    def remember(_sheet: Sheet, _key: object, make: Callable[[], object]) -> object:
        return make()

    monkeypatch.setattr(Sheet, "remember", remember)


@pytest.mark.usefixtures("afresh")
def test_a_clause_that_is_missing_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    kept = {head: words for head, words in wording._OF_PART.items() if head != "halved"}
    monkeypatch.setattr(wording, "_OF_PART", kept)
    assert any(fault.startswith("no clause: vgg11 ") for fault in faults("vgg11"))


@pytest.mark.usefixtures("afresh")
def test_an_answer_in_a_clause_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(naming, "is_secret", lambda _number, _sheet: False)
    assert any(fault.startswith("an answer: alexnet ") for fault in faults("alexnet"))


@pytest.mark.usefixtures("afresh")
def test_nothing_is_said_that_no_catalogue_has(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: set[str] = set()

    class Listening(Translations):
        def gettext(self, message: str) -> str:
            asked.add(message)
            return message

        def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
            asked.add(msgid1)
            return msgid1 if n == 1 else msgid2

    monkeypatch.setattr(wording, "translations", lambda _language="en": Listening())
    for name in ("alexnet", "resnet101", "unet"):
        sheet, found = rules_of(name)
        for rules, answers in found.items():
            clause(rules, sheet, answers[0])
    why = (Explained((("drop", "biases"),), "only"),)
    for finding in (
        Finding("conv2.neurons"),
        Finding("conv2.neurons", depends=("conv2.out_height",)),
        Finding("conv2.neurons", ("conv2.out_height", "total.weights", "question.1"), why=why),
        *(Finding("conv2.neurons", why=(Explained((("add",),), each),)) for each in CERTAINTIES),
    ):
        cell_sentence(sheet_of("alexnet"), finding, "1", lambda _answer: "")
        summary(sheet_of("alexnet"), {finding.answer: finding}, lambda _answer: "")
    assert len(asked) > 60
    assert asked <= {message if isinstance(message, str) else message[0] for message in made.extracted()}


# --- sentences -------------------------------------------------------------------------------------------------------

ADDRESSES = {"conv3.out_height": "F11", "conv2.out_height": "F9", "conv1.out_height": "F7"}
PADDING, PLUS, IMAGE = (("once", "padding"),), (("drop", "one"),), (("input", "224"),)


def place(answer: str) -> str:
    return ADDRESSES.get(answer, "")


@pytest.mark.parametrize(
    ("finding", "given", "sentence"),
    [
        (
            Finding("conv2.out_height", why=(Explained(PADDING, "only"),)),
            "25",
            "conv2, Output height: 25 is not right; it counts the padding once instead of twice.",
        ),
        (
            Finding("conv2.out_height", why=(Explained(PADDING, "likely"),)),
            "25",
            "conv2, Output height: 25 is not right; it seems that it counts the padding once instead of twice.",
        ),
        (
            Finding("conv1.out_height", why=(Explained(PLUS, "possible"), Explained(IMAGE, "possible"))),
            "54",
            "conv1, Output height: 54 is not right; it may be that it leaves out the + 1, or takes 224 for the size of "
            "the input.",
        ),
        (
            Finding("conv3.connections", ("conv3.out_height",), True, depends=("conv3.out_height",)),
            "149,585,056",
            "conv3, Connections: 149,585,056 is right for your own Output height of conv3 (F11), which is not.",
        ),
        (
            Finding("conv2.out_height", ("conv1.out_height",), True, (Explained(IMAGE, "likely"),)),
            "26",
            "conv2, Output height: 26 is right for your own Output height of conv1 (F7), which is not.",
        ),
        (
            Finding("conv1.parameters", ("conv1.weights",), True, (Explained((("drop", "in_channels"),), "likely"),)),
            "11712",
            "conv1, Parameters: 11712 is right for your own Weights of conv1, which is not. As elsewhere, it "
            "leaves out the input channels.",
        ),
        (
            Finding("conv2.out_height", ("pool1.out_height",), barred="impossible"),
            "0",
            "conv2, Output height: 0 is right for your own Output height of pool1, which is not. It earns nothing: "
            "it follows from a number that cannot be, or is one.",
        ),
        (Finding("fc6.weights"), "{x} __", "fc6, Weights: {x} __ is not right."),
        (
            Finding("conv3.neurons", depends=("conv3.out_height", "conv2.out_height")),
            "7",
            "conv3, Neurons: 7 is not right. Nor does it follow from your own Output height of conv3 (F11) and Output "
            "height of conv2 (F9).",
        ),
        (
            Finding("question.1", why=(Explained(IMAGE, "only"),)),
            "224",
            "Question 1: 224 is not right; it takes 224 for the size of the input.",
        ),
        (Finding("question.7.conv2.bias"), "2", "Question 7, conv2, Bias constant: 2 is not right."),
        (
            Finding("total.weights", tuple(f"conv{i}.weights" for i in (1, 2, 3, 4, 5)), True),
            "9",
            "total, Weights: 9 is right for your own Weights of conv1, Weights of conv2, Weights of conv3 and 2 "
            "others, which are not.",
        ),
    ],
)
def test_the_sentence_of_a_cell(finding: Finding, given: str, sentence: str) -> None:
    assert cell_sentence(sheet_of("alexnet"), finding, given, place) == sentence


def test_the_sentence_of_a_cell_in_german() -> None:
    finding = Finding("conv3.connections", ("conv3.out_height",), True)
    assert cell_sentence(sheet_of("alexnet"), finding, "7", place, "de") == (
        "conv3, Connections: 7 ist ein Folgefehler: richtig für Ihren eigenen Wert bei Output height von conv3 (F11), "
        "der nicht stimmt."
    )
