"""questions: in the YAML: what it may hold, what comes out as right, and every mistake with its line."""

from __future__ import annotations

import math
import pickle
from fractions import Fraction
from pathlib import Path

import jsonschema
import pytest

from sheetgen.coursework import Coursework
from sheetgen.expr import Value
from sheetgen.schema import json_schema
from sheetgen.sheet import Sheet
from sheetgen.yamldoc import Document
from tests.questions.small import NETWORK, coursework, problems, sheet

NUMBER = "- {id: 1, kind: number, text: How many?, answer: %s}\n"


def value(folder: Path, formula: str) -> Value:
    return sheet(folder, NUMBER % f'"{formula}"').table.value("question.1")


# --- what is right --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("formula", "right"),
    [
        ("90", 90),
        ("67.4", Fraction(337, 5)),
        ("(256 - 224 + 1)**2 * 2", 2178),
        ("1200000 / 128", 9375),
        ("log2(1024)", 10),
        ("conv1.out_height", 10),
        ("conv1.out_height * conv1.out_height", 100),
        ("network.in_height + input.in_width", 64),
        ("conv1.parameters / total.parameters", Fraction(608, 608 + 32 + 1010)),
        ("3a-1.parameters - 2", 30),  # a name with a dash, and a minus
        ("fc2.parameters-3a-1.parameters", 978),
        ("fc2.fully_connected_parameters", 1010),  # a quantity without a column
        ("2*conv1.macs", 2 * 75 * 800),
        ("pool1.connections", 4 * 200),
    ],
)
def test_a_formula_over_the_networks_quantities(formula: str, right: Value, tmp_path: Path) -> None:
    assert value(tmp_path, formula) == right


@pytest.mark.parametrize(
    ("formula", "near"),
    [("90", 0), ("67.4", 0), ("-67.4", 0), ("3 * 8", 0), ("1 / 64", 0.005 / 64), ("2 / 3", 0.01 / 3)],
)
def test_how_near_is_right_where_nothing_is_said(formula: str, near: float, tmp_path: Path) -> None:
    laid = sheet(tmp_path, NUMBER % f'"{formula}"')
    assert laid.questions is not None
    assert laid.questions.places["question.1"].part.near == pytest.approx(near)


@pytest.mark.parametrize(
    ("formula", "said"),
    [
        ("conv1.parameters / total.parameters", "0.368485 %; in per cent it is 100 * (conv1.parameters / total.par"),
        ("conv1.parameters_share", "0.368485 %; in per cent it is 100 * (conv1.parameters_share)"),
        ("100 * conv1.parameters / total.parameters", ""),
        ("conv1.parameters / (0.01 * total.parameters)", ""),
        ("conv1.parameters // 600", ""),
        ("0.4", ""),
    ],
)
def test_a_share_is_not_taken_for_per_cents(formula: str, said: str, tmp_path: Path) -> None:
    asked = f'- {{id: 1, kind: number, text: t, answer: {formula}, unit: "%"}}\n'
    if said:
        (problem,) = problems(tmp_path, asked)
        assert f"an answer is counted in its unit, so that this would be {said}" in problem
    else:
        assert coursework(tmp_path, asked).questions


def test_a_logarithm_is_a_float(tmp_path: Path) -> None:
    assert value(tmp_path, "log2(1000)") == pytest.approx(math.log2(1000))


def test_numbers_need_no_quotes(tmp_path: Path) -> None:
    assert sheet(tmp_path, NUMBER % "67.4").table.value("question.1") == Fraction(337, 5)
    assert sheet(tmp_path, NUMBER % "0.00001").table.value("question.1") == Fraction(1, 100_000)


def test_a_blocks_own_numbers(tmp_path: Path) -> None:
    network = """\
network:
  input: [1, 8, 8]
  blocks:
    Two:
      parameters: {width: }
      layers:
        a: {type: Conv2d, out_channels: $width, kernel_size: 3}
        b: {type: Conv2d, out_channels: 1, kernel_size: 1}
  layers:
    first: {type: Two, width: 5}
coursework:
"""
    assert sheet(tmp_path, NUMBER % "first.parameters", network=network).table.value("question.1") == 50 + 6
    assert sheet(tmp_path, NUMBER % "first.a.parameters", network=network).table.value("question.1") == 50


def test_how_near_is_near(tmp_path: Path) -> None:
    def near(more: str) -> float:
        asked = coursework(tmp_path, f"- {{id: 1, kind: number, text: t, {more}}}\n").questions
        return asked[0].parts[0].near

    assert near("answer: 90") == near("answer: 67.4") == 0  # all of it can be typed
    assert near("answer: log2(1000)") == pytest.approx(0.005 * math.log2(1000))  # of this nobody can
    assert near("answer: 1 / 3") == pytest.approx(0.005 / 3)
    assert near("answer: log2(1000), tolerance: {places: 2}") == pytest.approx(0.005)
    assert near("answer: 90, tolerance: {absolute: 5}") == 5
    assert near("answer: 90, tolerance: {relative: 0.1}") == pytest.approx(9)


def test_order_marks_and_texts_are_the_yamls(tmp_path: Path) -> None:
    asked = coursework(
        tmp_path,
        """
        - {id: 9b, kind: text, text: Why?, marks: 4, answer: Because.}
        - {id: 2, kind: choice, text: Which?, options: [one, {text: 2.5, right: true}, no]}
        - {id: 7, kind: init, text: How?, marks: 0.5}
        - {id: 1, kind: number, text: How many?, answer: 3, unit: of them, comment: Count.}
        """,
    ).questions
    assert [question.id for question in asked] == ["9b", "2", "7", "1"]
    assert [question.marks for question in asked] == [4, 1, 2.5, 1]
    assert asked[0].model == "Because."
    assert (asked[1].options, asked[1].model) == (("one", "2.5", "no"), "B")
    assert asked[1].asked == "Which?\nA   one\nB   2.5\nC   no"
    assert (asked[3].unit, asked[3].remark) == ("of them", "Count.")


def test_initial_values_are_those_of_the_network(tmp_path: Path) -> None:
    laid = sheet(tmp_path, "- {id: 7, kind: init, text: How?}\n")
    assert laid.questions is not None
    found = {answer: laid.table.value(answer) for answer in laid.questions.numbers}
    assert found == {  # 3a-1 has no biases, fc2 no init:
        "question.7.conv1.mean": 0,
        "question.7.conv1.std": Fraction(1, 100),
        "question.7.conv1.bias": 1,
        "question.7.3a-1.mean": Fraction(1, 2),
        "question.7.3a-1.std": Fraction(1, 8),
    }


def test_of_some_layers_only(tmp_path: Path) -> None:
    asked = coursework(tmp_path, "- {id: 7, kind: init, text: How?, layers: conv*}\n").questions
    assert {part.layer for part in asked[0].parts} == {"conv1"}


def test_a_network_whose_init_is_no_decimal(tmp_path: Path) -> None:
    network = NETWORK.replace("std: 0.01", "std: 0.0012345678901234567")
    assert sheet(tmp_path, "- {id: 7, kind: init, text: How?}\n", network=network).table.value(
        "question.7.conv1.std"
    ) == Fraction("0.0012345678901234567")


def test_a_coursework_with_questions_is_plain_data(alexnet: Coursework) -> None:
    assert pickle.loads(pickle.dumps(alexnet)) == alexnet
    assert hash(alexnet) == hash(pickle.loads(pickle.dumps(alexnet)))


def test_alexnets_questions(alexnet: Coursework, sheet: Sheet) -> None:
    right = {f"question.{each.id}": sheet.table.value(f"question.{each.id}")
             for each in alexnet.questions if each.kind == "number"}  # fmt: skip
    logarithm = right.pop("question.6")
    assert logarithm == pytest.approx(9.965784)
    assert right == {
        "question.1": 227,
        "question.8": 2178,
        "question.9a": 90,
        "question.9b": 128,
        "question.9c": 9375,
        "question.10a": Fraction(674, 10),
        "question.10b": Fraction(409, 10),
        "question.10c": 10184,
    }
    assert [each.id for each in alexnet.questions if each.kind == "text"] == ["2", "3", "4", "5"]
    biases = [layer for layer in ("conv1", "conv2", "conv3", "conv4", "conv5", "fc6", "fc7", "fc8")
              if sheet.table.value(f"question.7.{layer}.bias")]  # fmt: skip
    assert biases == ["conv2", "conv4", "conv5", "fc6", "fc7"]  # Krizhevsky 2012, section 5
    assert {sheet.table.value(f"question.7.{layer}.std") for layer in biases} == {Fraction(1, 100)}


def test_the_conventions_of_a_question_are_said(tmp_path: Path) -> None:
    from sheetgen.sheet import remarks

    assert not any("MAC" in said for said in remarks(coursework(tmp_path, NUMBER % "3")))
    assert any("MAC" in said for said in remarks(coursework(tmp_path, NUMBER % "conv1.macs")))


# --- mistakes -------------------------------------------------------------------------------------------------------


def test_all_mistakes_at_once_each_with_its_line(tmp_path: Path) -> None:
    found = problems(
        tmp_path,
        """
        - {id: 1, kind: numbr, text: t, answer: 3}
        - {id: 2, kind: number, text: t, anwser: 3}
        - {id: 2, kind: number, text: t, answer: conv1.out_hight}
        - {id: 3, kind: number, text: t, answer: conv2.out_height}
        - {id: 4, kind: number, text: t, answer: out_height * 2}
        - {id: 5, kind: number, text: t, answer: "3 +"}
        - {id: 3, kind: choice, text: t, options: [{text: a, right: true}, {text: b, right: true}]}
        - {id: 6, kind: choice, text: t, options: [one, two]}
        - {id: 7, kind: text}
        - just text
        """,
    )
    assert found == [
        "12: coursework.questions[0].kind: no such kind 'numbr'; did you mean number?",
        "13: coursework.questions[1].anwser: no such key; did you mean answer?",
        "14: coursework.questions[2]: there is no quantity 'out_hight'; did you mean out_height?",
        "15: coursework.questions[3]: there is no layer 'conv2'; did you mean conv1?",
        "16: coursework.questions[4]: 'out_height' is no quantity: say of which layer, as in conv1.parameters",
        "17: coursework.questions[5]: cannot read the formula '3 +': invalid syntax",
        "18: coursework.questions[6].id: there is a question 3 already",
        "18: coursework.questions[6].options: 2 options are right (A, B), and only one may be",
        "19: coursework.questions[7].options: no option is right; write the right one as {text: ..., right: true}",
        "20: coursework.questions[8].text: must be given",
        "21: coursework.questions[9]: a question is a mapping with id:, kind: and text:",
    ]


def test_all_mistakes_in_formulas_at_once(tmp_path: Path) -> None:
    found = problems(
        tmp_path,
        """
        - {id: 1, kind: number, text: t, answer: conv1.out_hight}
        - {id: 2, kind: number, text: t, answer: conv2.out_height + fc3.biases}
        - {id: 3, kind: number, text: t, answer: out_height * 2}
        - {id: 4, kind: number, text: t, answer: "3 +"}
        - {id: 5, kind: number, text: t, answer: pool1.jump_height + network.parameters}
        - {id: 6, kind: number, text: t, answer: conv1.output_size}
        - {id: 7, kind: number, text: t, answer: 1 / pool1.parameters}
        - {id: 8, kind: number, text: t, answer: conv1.parameters, accept: [conv1.parametres]}
        - {id: 9, kind: number, text: t, answer: 10**20}
        - {id: 10, kind: number, text: t, solve: conv1.out_height = 9, for: network.in_heigth}
        """,
    )
    assert found == [
        "12: coursework.questions[0]: there is no quantity 'out_hight'; did you mean out_height?",
        "13: coursework.questions[1]: there is no layer 'conv2'; did you mean conv1?",
        "13: coursework.questions[1]: there is no layer 'fc3'; did you mean fc2?",
        "14: coursework.questions[2]: 'out_height' is no quantity: say of which layer, as in conv1.parameters",
        "15: coursework.questions[3]: cannot read the formula '3 +': invalid syntax",
        "16: coursework.questions[4]: input has no parameters",
        "17: coursework.questions[5]: '10 x 10 x 8' is a text, and no number to calculate with",
        "18: coursework.questions[6]: division by zero",
        "19: coursework.questions[7]: there is no quantity 'parametres'; did you mean parameters?",
        "20: coursework.questions[8]: the answer is 100000000000000000000: more than the 15 digits that Excel keeps",
        "21: coursework.questions[9]: for: an unknown is a size of the input, not 'network.in_heigth'; "
        "did you mean network.in_height?",
    ]


@pytest.mark.parametrize(
    ("question", "said"),
    [
        ("id: 1, kind: number, text: t", "must have one of answer: and solve:"),
        ("id: 1, kind: number, text: t, answer: 3, solve: a = 3, for: b", "must have one of answer: and solve:"),
        ("id: 1, kind: number, text: t, solve: conv1.out_height = 9", "solve: and for: go together"),
        ("id: 1, kind: number, text: t, answer: 3, for: network.in_height", "solve: and for: go together"),
        ("id: 1, kind: number, text: t, answer: 3, between: [1, 9]", "between: must be two whole numbers"),
        (
            "id: 1, kind: number, text: t, solve: a = 1, for: b, between: [1, 2, 3]",
            "between: must have at most 2, not 3",
        ),
        ("id: 1, kind: number, text: t, answer: 3, tolerance: {}", "must have exactly one of absolute:"),
        ("id: 1, kind: number, text: t, answer: 3, tolerance: {place: 2}", "no such key; did you mean places?"),
        ("id: 1, kind: number, text: t, answer: 3, tolerance: {absolute: -1}", "greater than or equal to 0"),
        ("id: 1, kind: number, text: t, answer: 3, tolerance: {places: 1, absolute: 2}", "must have exactly one of"),
        ("id: 1, kind: number, text: t, answer: 3, accept: [{anser: 4}]", "no such key; did you mean answer?"),
        ("id: 1, kind: number, text: t, answer: 3, accept: 4", "must be a list, not 4"),
        ("id: 1, kind: number, text: t, answer: true", "must be text, not True"),
        ("id: 1, kind: number, text: t, answer: 3, options: [a, b]", "no such key"),
        ("id: 1.5, kind: number, text: t, answer: 3", "must be at most 20 letters, digits, - and _, of which"),
        ("id: a b, kind: number, text: t, answer: 3", "must be at most 20 letters, digits, - and _, of which"),
        ("kind: number, text: t, answer: 3", "id: must be given"),
        ("id: 1, text: t, answer: 3", "kind: must be given"),
        ("id: 1, kind: number, text: t, answer: 3, marks: -1", "greater than or equal to 0"),
        ("id: 1, kind: choice, text: t, options: [a]", ".options: must have at least 2, not 1"),
        ("id: 1, kind: choice, text: t, options: [{text: x, rigth: true}, y]", "no such key; did you mean right?"),
        ("id: 1, kind: choice, text: t, options: [x, {text: X, right: true}]", "the options A and B say the same"),
        ("id: 1, kind: choice, text: t, options: [b, {text: a, right: true}]", "is the letter of another one, B"),
        ("id: 1, kind: text, text: t, loss: {sign: 2, weighted: true}", "is not one of the words allowed here"),
        ("id: 1, kind: text, text: t, loss: {sign: -1}", "weighted: must be given"),
        ("id: 1, kind: text, text: t, answer: E, loss: {sign: -1, weighted: true}", "must state the loss as {loss}"),
        ('id: 1, kind: text, text: t, answer: "{{loss}}", loss: {sign: -1, weighted: true}', "as {loss}"),
        ('id: 1, kind: text, text: t, answer: "{loss}"', "the equation of loss:, which is not given"),
        ('id: 1, kind: text, text: "{loss}", loss: {sign: -1, weighted: true}', "'loss' is no quantity"),
        ("id: 1, kind: init, text: t, layers: convv1", "there is no layer 'convv1'; did you mean conv1?"),
        ("id: 1, kind: init, text: t, layers: fc2", "fc2 has no init: in the network"),
    ],
)
def test_a_mistake_in_words(question: str, said: str, tmp_path: Path) -> None:
    found = problems(tmp_path, f"- {{{question}}}\n")
    assert any(said in problem for problem in found), found
    assert all(problem.startswith("11: coursework.questions[0]") for problem in found)


def test_solve_without_a_solution(tmp_path: Path) -> None:
    def said(question: str) -> str:
        (problem,) = problems(tmp_path, f"- {{id: 1, kind: number, text: t, for: network.in_height, {question}}}\n")
        return problem.partition("]: ")[2]

    assert said("solve: conv1.out_height = 0") == (
        "solve: no whole number from 1 to 1024 solves it; between: says which are tried"
    )
    assert said("solve: conv1.out_height = 9.5").startswith("solve: no whole number from 1 to 1024 solves it")
    assert said("solve: conv1.out_height = 9, between: [40, 50]").startswith("solve: no whole number from 40 to 50 ")
    assert said("solve: conv1.out_height = 9, between: [30, 35], exact: true") == (
        "solve: no number from 30 to 35 solves it without remainder, only with rounding: 30 to 31; "
        "say exact: false where these are right"
    )
    assert said("solve: conv1.out_height") == "solve: is an equation with one =, such as conv1.out_height = 55"
    assert said("solve: conv1.out_height == 9") == "solve: is an equation with one =, such as conv1.out_height = 55"
    assert said("solve: 3 = 3") == "solve: neither side depends on input.in_height"
    assert said("solve: conv1.weights = 600").startswith("solve: neither side depends on")
    assert said("solve: pool1.out_channels = 8").startswith("solve: neither side depends on")
    many = "solve: network.in_height - network.in_height = 0, exact: false, between: [20, 30]"
    assert said(many) == "solve: 30, the largest number tried, solves it too; there may be more"
    several = "solve: network.in_height - network.in_height = 0, exact: true, between: [20, 30]"
    assert said(several) == "solve: has several solutions without remainder: 20 to 30"
    assert said("solve: conv1.out_height = 9, between: [1, 9000000]").endswith("give a smaller between:")


def test_no_layer_with_init(tmp_path: Path) -> None:
    network = NETWORK.replace(", init: {std: 0.01, bias: 1}", "").replace(", init: {mean: 0.5, std: 0.125}", "")
    assert problems(tmp_path, "- {id: 7, kind: init, text: How?}\n", network=network) == [
        "11: coursework.questions[0]: no layer of the network has init:, so that nothing can be asked"
    ]


def test_excel_knows_no_capitals(tmp_path: Path) -> None:
    asked = "- {id: 1A, kind: text, text: t}\n- {id: 1a, kind: text, text: t}\n- {id: 1-A, kind: text, text: t}\n"
    asked += "- {id: 1_a, kind: text, text: t}\n"
    assert problems(tmp_path, asked) == [
        "12: coursework.questions[1].id: there is a question 1A already (Excel takes 1A and 1a for the same name)",
        "14: coursework.questions[3].id: there is a question 1-A already (Excel takes 1-A and 1_a for the same name)",
    ]


def test_two_sheets_of_one_name(tmp_path: Path) -> None:
    assert problems(tmp_path, NUMBER % "3", "questions_sheet: table\n") == [
        "10: coursework.questions_sheet: the table's worksheet is named Table already; see sheet:"
    ]
    assert coursework(tmp_path, NUMBER % "3", "questions_sheet: More\n").questions_sheet == "More"


def test_what_a_student_is_told_must_not_give_the_answer_away(tmp_path: Path) -> None:
    asked = '- {id: 8, kind: number, text: t, answer: 2178, accept: [{answer: 2048, comment: "%s"}]}\n'
    for told in ("It is 2178.", "33 x 66 = 2,178", "not 2 178 but"):
        (problem,) = problems(tmp_path, asked % told)
        assert "the comment on 2048 is told to students, and holds the right number" in problem
    assert coursework(tmp_path, asked % "Not 12178, nor 2178.5.").questions


def test_a_mistake_in_the_network_hides_none_in_a_question(tmp_path: Path) -> None:
    network = NETWORK.replace("kernel_size: 5", "kernel_size: 50")
    found = problems(tmp_path, "- {id: 1, kind: number, text: t, anwser: 3}\n", network=network)
    assert any("kernel is larger" in problem for problem in found)
    assert found[-1] == "11: coursework.questions[0].anwser: no such key; did you mean answer?"


# --- the schema -----------------------------------------------------------------------------------------------------

GOOD = """
- {id: 1, kind: number, text: t, answer: 3, accept: [4, {answer: 5, comment: c}], tolerance: {places: 2}, unit: u}
- {id: x, kind: number, text: t, solve: conv1.out_height = 9, for: [network.in_height], exact: false, between: [1, 99]}
- {id: 2, kind: choice, text: t, options: [a, {text: b, right: true}, 3]}
- {id: 3, kind: text, text: t, answer: "{loss}", loss: {sign: -1, weighted: true}}
- {id: 4, kind: init, text: t, marks: 0.5, comment: c}
"""


def _document(folder: Path, questions: str) -> object:
    coursework(folder, GOOD)
    text = (folder / "my.yaml").read_text(encoding="utf-8")
    (folder / "your.yaml").write_text(text[: text.index("  questions:")] + f"  questions:{questions}", encoding="utf-8")
    return Document(folder / "your.yaml", "your.yaml").data


def test_the_schema_takes_what_the_reader_takes(tmp_path: Path) -> None:
    indented = GOOD.replace("\n-", "\n    -")
    assert jsonschema.Draft202012Validator(json_schema()).is_valid(_document(tmp_path, indented))


@pytest.mark.parametrize(
    "question",
    [
        "{id: 1, kind: numbr, text: t}",
        "{id: 1, kind: number, text: t, anwser: 3}",
        "{id: 1, kind: text, text: t, loss: {sign: 2, weighted: true}}",
        "{id: 1, kind: choice, text: t, options: [a]}",
        "{id: 1, kind: init, text: t, marks: -1}",
        "{kind: init, text: t}",
        "text",
    ],
)
def test_the_schema_refuses_what_the_reader_refuses(question: str, tmp_path: Path) -> None:
    assert not jsonschema.Draft202012Validator(json_schema()).is_valid(_document(tmp_path, f" [{question}]\n"))
