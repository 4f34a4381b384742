"""``follow_through:`` and ``misconceptions:`` of a coursework: what is read, every mistake, and what is laid out."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from ruamel.yaml import YAML

from sheetgen.diagnosis.index import Index
from sheetgen.expr import Value
from sheetgen.misconceptions import Misconception
from sheetgen.schema import json_schema
from sheetgen.sheet import Sheet, lay_out
from sheetgen.spec import load
from tests.yamls import good, problems

NETWORK = """\
network:
  input: [3, 32, 32]
  blocks:
    A: {layers: {x: {type: Conv2d, out_channels: 4, kernel_size: 3, bias: false}, n: {type: BatchNorm2d}}}
  layers:
    c1: {type: Conv2d, out_channels: 4, kernel_size: 5, padding: 2}
    p1: {type: MaxPool2d, kernel_size: 2}
    3a: {type: A, repeat: 2}
    fc: {type: Linear, out_features: 10}
"""


def rule(layers: str, instead: str, says: str = "halves the maps") -> str:
    named = f"layers: {layers}, " if layers else ""
    return f"{{misconceptions: [{{id: r, says: {says}, {named}instead: {instead}}}]}}"


def read_rule(folder: Path, layers: str, instead: str) -> dict[str, str]:
    coursework = good(folder, NETWORK + f"coursework: {rule(layers, instead)}\n")
    assert not [each for each in coursework.warnings if "misconceptions" in each]
    (found,) = coursework.misconceptions
    return dict(found.instead)


def mistakes(folder: Path, said: str) -> list[str]:
    """Those of the coursework, which is line 10, without file and line."""
    found = problems(folder, NETWORK + f"coursework: {said}\n")
    assert all(line.startswith("my.yaml:10: coursework.") for line in found)
    return [line.removeprefix("my.yaml:10: coursework.") for line in found]


# --- follow-through -------------------------------------------------------------------------------------------------


def shares(sheet: Sheet) -> dict[str, float]:
    return {str(cell.answer): cell.slot.follow_through for cell in sheet.blanks}


@pytest.mark.parametrize(
    ("said", "parameters", "neurons"),
    [
        ("title: A", 0.5, 0.5),
        ("follow_through: 0", 0, 0),
        ("follow_through: 1", 1, 1),
        ("follow_through: {parameters: 0.75}", 0.75, 0.5),
        ("follow_through: {default: 0.25, parameters: 0.75}", 0.75, 0.25),
    ],
)
def test_follow_through_is_said_once_or_by_column(tmp_path: Path, said: str, parameters: float, neurons: float) -> None:
    found = shares(lay_out(good(tmp_path, NETWORK + f"coursework: {{{said}}}\n")))
    assert (found["c1.parameters"], found["fc.neurons"], found["total.parameters"]) == (parameters, neurons, parameters)


def test_a_group_of_blanks_and_a_question_say_their_own(tmp_path: Path) -> None:
    blanks = (
        "[{quantities: [parameters, neurons], layers: c1, follow_through: 0.1}, {quantities: parameters, layers: fc}]"
    )
    questions = (
        "[{id: 1, kind: number, text: A, answer: c1.parameters}, "
        "{id: 2, kind: number, text: B, answer: c1.neurons, follow_through: 0}]"
    )
    usual = "{default: 0.3, parameters: 0.4}"
    said = f"{{follow_through: {usual}, blanks: {blanks}, questions: {questions}}}"
    sheet = lay_out(good(tmp_path, NETWORK + f"coursework: {said}\n"))
    assert shares(sheet) == {"c1.parameters": 0.1, "c1.neurons": 0.1, "fc.parameters": 0.4}
    assert sheet.questions is not None
    assert [cell.part.follow_through for cell in sheet.questions.cells] == [0.3, 0]


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("1.5", "follow_through.default: must be less than or equal to 1, not 1.5"),
        ("-0.1", "follow_through.default: must be greater than or equal to 0, not -0.1"),
        ("half", "follow_through: must be a mapping (key: value), not 'half'"),
        ("{neurns: 0}", "follow_through.neurns: must be default or one of the quantities; did you mean neurons?"),
        ("{kernel_size: 0}", "follow_through.kernel_size: must be default or one of the quantities"),
        ("{neurons: true}", "follow_through.neurons: must be a number, not True"),
    ],
)
def test_a_share_that_cannot_be(tmp_path: Path, said: str, told: str) -> None:
    (mistake,) = mistakes(tmp_path, f"{{follow_through: {said}}}")
    assert mistake.startswith(told)


# --- what a rule is for ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("layers", "instead", "found"),
    [
        ("c1", "{weights: in_channels * 2}", {"c1.weights": "in_channels * 2"}),
        ("", "{c1.weights: 7}", {"c1.weights": "7"}),
        ("", "{Linear.biases: 1}", {"fc.biases": "1"}),
        ("'3a.*.x'", "{weights: 1}", {"3a.1.x.weights": "1", "3a.2.x.weights": "1"}),
        ("", "{3a.groups: 2}", {"3a.1.x.groups": "2", "3a.2.x.groups": "2"}),  # its normalisations have no groups
        ("[Linear, p1]", "{neurons: 5}", {"p1.neurons": "5", "fc.neurons": "5"}),
        ("", "{groups: 2}", {"c1.groups": "2", "3a.1.x.groups": "2", "3a.2.x.groups": "2"}),
        # as the YAML calls them
        ("c1", "{padding: 0}", {"c1.padding_height": "0", "c1.padding_width": "0"}),
        ("", "{fc.out_features: 11}", {"fc.out_channels": "11"}),
        ("", "{input.in_height: 28}", {"input.in_height": "28"}),
        ("", "{total.parameters: neurons // 2}", {"total.parameters": "neurons // 2"}),
        # a setting is a number, whatever its formula
        ("c1", "{out_channels: out_channels // 2}", {"c1.out_channels": "2"}),
        ("c1", "{groups: in_channels}", {"c1.groups": "3"}),
        # its own name is the right formula, and what the table lacks is written out
        ("fc", "{parameters: parameters + 1}", {"fc.parameters": "(weights + biases) + 1"}),
        (
            "BatchNorm2d",
            "{parameters: parameters + running_statistics}",
            dict.fromkeys(("3a.1.n.parameters", "3a.2.n.parameters"), "(weights + biases) + (2 * in_channels)"),
        ),
        ("p1", "{neurons: fan_in + macs}", {"p1.neurons": "(kernel_height * kernel_width) + (0)"}),
        ("fc", "{biases: total_neurons}", {"fc.biases": "total_neurons"}),
    ],
)  # fmt: skip
def test_what_a_rule_is_for(tmp_path: Path, layers: str, instead: str, found: Mapping[str, str]) -> None:
    assert read_rule(tmp_path, layers, instead) == found


@pytest.mark.parametrize(
    ("layers", "instead", "told"),
    [
        ("c2", "{weights: 1}", ["layers[0]: there is no layer 'c2'; known: input, c1, p1"]),
        ("Conv2D", "{weights: 1}", ["layers[0]: there is no layer 'Conv2D'; did you mean Conv2d?"]),
        ("Upsample", "{neurons: 1}", ["layers[0]: no layer is of type Upsample"]),
        ("'q*'", "{weights: 1}", ["layers[0]: no layer is like 'q*'"]),
        ("c1", "{weigths: 1}", ["instead.weigths: c1 has no 'weigths'; did you mean weights?"]),
        ("", "{weigths: 1}", ["instead.weigths: no layer here has 'weigths'; did you mean weights?"]),
        ("p1", "{groups: 1}", ["instead.groups: p1 has no 'groups'"]),
        ("[c1, p1]", "{groups: 3}", ["instead.groups: p1 has no 'groups'"]),
        ("", "{c2.weights: 1}", ["instead.c2.weights: there is no layer 'c2'; known: input"]),
        ("", "{c1.wights: 1}", ["instead.c1.wights: c1 has no 'wights'; did you mean weights?"]),
        ("", "{input.neurons: 1}", ["instead.input.neurons: input has no 'neurons'; known: in_channels, in_height"]),
        ("c1", "{weights: 1 +}", ["instead.weights: cannot read the formula '1 +'"]),
        ("c1", "{weights: abs(3)}", ["instead.weights: 'abs(3)' is not in the notation"]),
        ("c1", "{weights: kernal_height}", ["instead.weights: c1.weights: c1 has no 'kernal_height'; did you"]),
        ("fc", "{weights: kernel_height}", ["instead.weights: fc.weights: fc has no 'kernel_height'"]),
        ("c1", "{weights: total_macs}", ["instead.weights: c1.weights: c1 has no 'total_macs'"]),
        ("c1", "{weights: 1 // (groups - 1)}", ["instead.weights: c1.weights: division by zero"]),
        ("c1", "{weights: 'size(1, 2)'}", ["instead.weights: c1.weights: is 300, and not of the kind of 1 x 2"]),
        ("c1", "{groups: 1 / 2}", ["instead.groups: c1.groups: is a whole number, not 0.5"]),
        ("c1", "{padding: -1}", ["instead.padding: c1.padding_height: is a whole number, not -1"]),
        ("c1", "{weights: 1, c1.weights: 2}", ["instead.c1.weights: c1.weights is given already"]),
        ("c1", "{weights: parameters + 1}", [": c1.weights would follow from itself"]),
        ("c1", "{weights: true}", ["instead.weights: must be text, not True"]),
        ("c1", "{}", ["instead: must have at least 1, not 0"]),
        ("c2", "{weights: abs(3), Conv.groups: 2}", [
            "instead.Conv.groups: there is no layer 'Conv'; did you mean",
            "instead.weights: 'abs(3)' is not",
            "layers[0]: there is no layer 'c2'",
        ]),
    ],
)  # fmt: skip
def test_every_mistake_of_a_rule(tmp_path: Path, layers: str, instead: str, told: list[str]) -> None:
    heading = "misconceptions[0]"
    found = sorted(each.removeprefix(heading).removeprefix(".") for each in mistakes(tmp_path, rule(layers, instead)))
    assert len(found) == len(told), found
    assert all(each.startswith(start) for each, start in zip(found, sorted(told), strict=True)), found


def test_all_mistakes_of_all_rules_are_told(tmp_path: Path) -> None:
    wrong = ("instead: {weights: 1}, id: A", "instead: {weights: 1}, id: a, sais: y", "id: b")
    rules = "[" + "".join(f"{{says: x, {each}}}, " for each in wrong) + "7]"
    assert sorted(each.partition(":")[0] for each in mistakes(tmp_path, f"{{misconceptions: {rules}}}")) == [
        "misconceptions[0].id",
        "misconceptions[1].sais",
        "misconceptions[2].instead",
        "misconceptions[3]",
    ]
    rules = "[{id: a, says: x 300, instead: {wieghts: 1}}, {id: b, says: '{c1.weights} x', instead: {weights: 1 1}}]"
    told = mistakes(tmp_path, f"{{misconceptions: {rules}, follow_through: {{wieghts: 1}}}}")
    assert sorted(each.partition(":")[0] for each in told) == [
        "follow_through.wieghts",
        "misconceptions[0].instead.wieghts",
        "misconceptions[0].says",
        "misconceptions[1].instead.weights",
        "misconceptions[1].says",
    ]


# --- its sentence ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("says", "told"),
    [
        ("Halves the maps", 'must continue "The student ...": begin small, be one line, and end without a point'),
        ("halves the maps.", 'must continue "The student ...": begin small'),
        ("'halves\n\nthe maps'", 'must continue "The student ...": begin small'),
        ("''", "must have at least 1"),
        ("halves all 300 weights", "students are told it, and it holds 300, the right number of c1.weights; leave it"),
        ("'counts 4,096 neurons'", "students are told it, and it holds 4096, the right number of c1.neurons"),
        ("takes 4096neurons", "students are told it, and it holds 4096, the right number of c1.neurons"),
        ("'takes {c1.weights}'", "c1.weights is a blank, and this is handed out: it would give the answer away"),
        ("'takes {c1.weights'", "a { stands alone"),
        ("'takes {c1.wights}'", "there is no quantity 'wights'; did you mean weights?"),
        ("gives 63 for it", "students are told it, and it holds 63, the right number of question.1"),
    ],
)
def test_a_sentence_that_cannot_be(tmp_path: Path, says: str, told: str) -> None:
    asked = "questions: [{id: 1, kind: number, text: A, answer: 9 * 7}]"
    found = problems(tmp_path, NETWORK + f"coursework: {rule('c1', '{weights: 1}', says)[:-1]}, {asked}}}\n")
    said = [each for each in found if "misconceptions[0].says: " in each]
    assert said, found
    assert said[0].partition("says: ")[2].startswith(told)


@pytest.mark.parametrize(
    ("says", "said"),
    [
        ("takes c1 for a Conv2d of 2 maps", None),  # names of layers and types are no numbers
        ("'reads {input.in_height} rows'", "reads 32 rows"),
        ("takes 3000 for it", None),  # which holds 300
        ("takes 300.5 for it", None),
    ],
)
def test_a_sentence_may_name_what_is_given(tmp_path: Path, says: str, said: str | None) -> None:
    coursework = good(tmp_path, NETWORK + f"coursework: {rule('c1', '{weights: 1}', says)}\n")
    assert coursework.misconceptions[0].says == (said or says)


@pytest.mark.parametrize("identifier", ["Two", "two_gpus", "", "a b", "a" * 61])
def test_an_id_that_cannot_be(tmp_path: Path, identifier: str) -> None:
    said = f"{{misconceptions: [{{id: '{identifier}', says: x, instead: {{weights: 1}}}}]}}"
    (mistake,) = mistakes(tmp_path, said)
    assert mistake.startswith("misconceptions[0].id: must ")


def test_an_id_may_be_a_number_and_stands_once(tmp_path: Path) -> None:
    one, two = (f"{{id: 1001, says: x, instead: {{c1.weights: {number}}}}}" for number in (1, 2))
    assert good(tmp_path, NETWORK + f"coursework: {{misconceptions: [{one}]}}\n").misconceptions[0].id == "1001"
    (mistake,) = mistakes(tmp_path, f"{{misconceptions: [{one}, {two}]}}")
    assert mistake == "misconceptions[1].id: there is a misconception 1001 already"


@pytest.mark.parametrize(
    ("instead", "warned"),
    [
        ("{c1.weights: 300}", True),  # as it is
        ("{c1.biases: 5}", True),  # which nobody is asked for
        ("{p1.neurons: 1}", True),
        ("{c1.padding: 0}", False),  # fc reads what is left
        ("{3a.1.n.weights: 3}", False),  # which a question counts
    ],
)
def test_a_rule_that_changes_nothing_asked_is_warned_of(tmp_path: Path, instead: str, warned: bool) -> None:
    blanks = "blanks: [{quantities: weights, layers: [c1, fc]}]"
    questions = "questions: [{id: 1, kind: number, text: A, answer: 2 * 3a.1.n.weights}]"
    said = f"{rule('', instead)[:-1]}, {blanks}, {questions}}}"
    warnings = good(tmp_path, NETWORK + f"coursework: {said}\n").warnings
    told = "my.yaml:10: coursework.misconceptions[0]: r changes no number that is asked"
    assert (told in warnings) is warned


# --- what follows from the shipped ones -----------------------------------------------------------------------------


def carried(sheet: Sheet, identifier: str) -> dict[str, Value]:
    (rule,) = (each for each in sheet.misconceptions if each.id == identifier)
    return {**sheet.table.numbers, **Index(sheet).carried(rule.instead)}


@pytest.fixture(name="alexnet", scope="module")
def _alexnet() -> Sheet:
    return lay_out(load("alexnet"))


@pytest.mark.parametrize(
    ("identifier", "other", "apart"),
    [
        ("two-gpu-split", "alexnet-two-gpu", set()),
        ("torchvision", "alexnet-torchvision", {"total.neurons", "total.connections"}),  # there, avgpool is a layer
    ],
)
def test_another_network_is_carried_through(alexnet: Sheet, identifier: str, other: str, apart: set[str]) -> None:
    found, there = carried(alexnet, identifier), lay_out(load(other)).table.numbers
    shared = {answer for answer in found.keys() & there.keys() if not answer.startswith("question.")}
    assert len(shared) > 100
    assert {answer for answer in shared if found[answer] != there[answer]} == apart
    assert any(found[answer] != alexnet.table.numbers[answer] for answer in shared)


def test_the_papers_numbers_of_neurons(alexnet: Sheet) -> None:
    assert carried(alexnet, "paper-neurons")["conv1.neurons"] == 253_440
    assert carried(alexnet, "one-gpu-only")["conv1.neurons"] == 145_200  # 55 * 55 * 48


@pytest.mark.parametrize(
    ("name", "identifier", "answer", "number"),
    [
        ("resnet50", "biased-convolutions", "total.parameters", 25_583_592),  # Keras: trainable params
        ("resnet50", "running-statistics", "total.parameters", 25_610_152),  # 25,557,032 and 2 * 26,560
        ("mobilenet-v1", "background-class", "total.parameters", 4_231_976 + 1_025),
        ("lenet5", "full-c3", "C3.parameters", 2_416),  # 16 * (6 * 25 + 1)
    ],
)
def test_well_known_numbers_of_others(name: str, identifier: str, answer: str, number: int) -> None:
    assert carried(lay_out(load(name)), identifier)[answer] == number


def test_a_rule_may_change_what_its_own_formulas_read(tmp_path: Path) -> None:
    sheet = lay_out(good(tmp_path, NETWORK + f"coursework: {rule('c1', '{out_channels: 3, weights: weights // 2}')}\n"))
    weights = "(kernel_height * kernel_width * (in_channels // groups) * out_channels) // 2"
    instead = {"c1.out_channels": "3", "c1.weights": weights}
    assert sheet.misconceptions == (Misconception("r", "halves the maps", instead),)
    found = carried(sheet, "r")
    assert (found["c1.weights"], found["c1.parameters"], found["3a.1.x.in_channels"]) == (112, 115, 3)


def test_a_rule_may_read_totals_and_be_one(tmp_path: Path) -> None:
    sheet = lay_out(good(tmp_path, NETWORK + f"coursework: {rule('', '{fc.biases: total_neurons}')}\n"))
    weights, neurons = (sheet.table.numbers[answer] for answer in ("fc.weights", "total.neurons"))
    assert isinstance(weights, int)
    assert isinstance(neurons, int)
    assert carried(sheet, "r")["fc.parameters"] == weights + neurons
    sheet = lay_out(good(tmp_path, NETWORK + f"coursework: {rule('', '{total.parameters: 2 * neurons}')}\n"))
    assert carried(sheet, "r")["total.parameters"] == 2 * neurons


# --- the schema -----------------------------------------------------------------------------------------------------

VALIDATOR = jsonschema.Draft202012Validator(json_schema())


@pytest.mark.parametrize(
    ("said", "right"),
    [
        ("{follow_through: 0}", True),
        ("{follow_through: {default: 1, parameters: 0.5}}", True),
        ("{follow_through: 2}", False),
        ("{follow_through: {default: -1}}", False),
        ("{blanks: [{quantities: weights, follow_through: 0.25}]}", True),
        ("{blanks: [{quantities: weights, follow_through: 1.25}]}", False),
        (rule("c1", "{weights: 1}"), True),
        (rule("[c1, Linear]", "{weights: in_channels, c1.padding: 0}"), True),
        (rule("c1", "{weights: [1]}"), False),
        (rule("c1", "{}"), False),
        ("{misconceptions: [{id: A, says: x, instead: {weights: 1}}]}", False),
        ("{misconceptions: [{id: a, instead: {weights: 1}}]}", False),
        ("{misconceptions: [{id: 1001, says: x, instead: {weights: 1}}]}", True),
        ("{questions: [{id: 1, kind: number, text: A, answer: 1, follow_through: 0}]}", True),
        ("{questions: [{id: 1, kind: text, text: A, answer: A, follow_through: 0}]}", False),
    ],
)
def test_the_reader_and_the_schema_agree(tmp_path: Path, said: str, right: bool) -> None:
    text = NETWORK + f"coursework: {said}\n"
    data: Any = json.loads(json.dumps(YAML(typ="safe", pure=True).load(text)))
    assert VALIDATOR.is_valid(data) is right
    assert bool(good(tmp_path, text)) if right else problems(tmp_path, text)


def test_a_sheet_without_them_has_none(tmp_path: Path) -> None:
    sheet = lay_out(good(tmp_path, NETWORK))
    assert sheet.misconceptions == ()
    assert replace(sheet) == sheet
