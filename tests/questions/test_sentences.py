"""Numbers that sentences of the YAML name in braces: put in, held against the network, and not given away."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from sheetgen import api
from sheetgen.marking import Held, Submission, mark
from sheetgen.sheet import lay_out
from tests.questions.small import NETWORK, coursework, problems
from tests.runs import run

MORE = """
instructions: "The image is {network.in_height} pixels high {{so}}."
notes: ["{conv1.macs / 10**3:.1f} K MACs.", "{conv1.output_size}"]
errata: "The paper says 600; it is {conv1.parameters}."
blanks: [{quantities: parameters}]
"""
QUESTIONS = """
- {id: 1, kind: text, text: "Has it {fc2.neurons} outputs?", answer: "{total.parameters * 1000} times", comment: "{2**10}"}
- id: 2
  kind: number
  text: t
  answer: 3
  accept: [{answer: 4, comment: "As {network.in_height / 8} is."}]
  comment: "{conv1.parameters / total.parameters:.3f}"
- {id: 3, kind: choice, text: t, options: [a, {text: b, right: true}], comment: "{pool1.out_height}"}
- {id: 4, kind: init, text: t, comment: "{log2(1000):.2f}"}
"""  # noqa: E501


def test_they_are_put_in(tmp_path: Path) -> None:
    described = coursework(tmp_path, QUESTIONS, MORE)
    assert described.instructions == "The image is 32 pixels high {so}."
    assert described.notes == ("60.0 K MACs.", "10 × 10 × 8")
    assert described.errata == ("The paper says 600; it is 608.",)
    text, number, choice, init = described.questions
    assert (text.text, text.model, text.remark) == ("Has it 10 outputs?", "1,650,000 times", "1,024")
    assert number.remark == "0.368\n4 is accepted too: As 4 is."
    assert number.parts[0].known[0].said == "As 4 is."
    assert (choice.remark, init.remark) == ("5", "9.97")


def test_they_follow_the_network(tmp_path: Path) -> None:
    wider = NETWORK.replace("out_channels: 8", "out_channels: 9")
    assert coursework(tmp_path, QUESTIONS, MORE, wider).errata == ("The paper says 600; it is 684.",)


def test_where_they_are_read(tmp_path: Path) -> None:
    coursework(tmp_path, QUESTIONS, MORE)
    shown = run("show", "my.yaml", cwd=tmp_path).stdout
    assert "Erratum: The paper says 600; it is 608." in shown
    assert json.loads(run("show", "my.yaml", "--format", "json", cwd=tmp_path).stdout)["errata"] == [
        "The paper says 600; it is 608."
    ]
    made = api.generate(tmp_path / "my.yaml", tmp_path / "made")
    assert api.check(tmp_path / "my.yaml", device="meta", workbook=made.key).disagreed == ()
    described = coursework(tmp_path, QUESTIONS, MORE)
    held = {"question.1": Held("Questions", "C7", "text"), "question.2": Held("Questions", "C8", 4)}
    answers = {each.id: each.feedback for each in mark(lay_out(described), Submission("x", held), reveal=True).answers}
    assert answers["question.1"] == "A person marks this. Model answer: 1,650,000 times 1,024"
    assert answers["question.2"] == "As 4 is."


MISTAKES = """
notes: ["{conv1.parametres} and {conv2.macs}", "{conv1.parameters", "{parameters}"]
errata:
  - "{network.parameters}"
  - "{1 / pool1.parameters:.1f} {conv1.parameters}"
  - "{1 / 3}"
  - "{open('x')}"
  - "{9**9**9**9}"
  - "{}"
  - "{conv1.parameters:2}"
"""


def test_each_mistake_has_its_line(tmp_path: Path) -> None:
    found = problems(tmp_path, '- {id: 1, kind: text, text: t, answer: "{conv1.macz}"}', MISTAKES)
    assert found == [
        "11: coursework.notes[0]: there is no layer 'conv2'; did you mean conv1?",
        "11: coursework.notes[0]: there is no quantity 'parametres'; did you mean parameters?",
        "11: coursework.notes[1]: a { stands alone: a number is named as in {conv1.parameters}, and a brace itself is "
        "written twice",
        "11: coursework.notes[2]: 'parameters' is no quantity: say of which layer, as in conv1.parameters",
        "13: coursework.errata[0]: input has no parameters",
        "14: coursework.errata[1]: division by zero",
        "15: coursework.errata[2]: 0.333333... does not end: say how many decimals are printed, as in :.2f",
        "16: coursework.errata[3]: \"open('x')\" is not in the notation (names, numbers, + - * / // % **, min, max, "
        "ceil_div, gcd, log2, size)",
        "17: coursework.errata[4]: a value grows too large",
        "18: coursework.errata[5]: cannot read the formula '': invalid syntax",
        "19: coursework.errata[6]: {conv1.parameters:2}: behind a colon stands how many decimals are printed, "
        "as in :.2f",
        "21: coursework.questions[0].answer: there is no quantity 'macz'; did you mean macs?",
    ]


@pytest.mark.parametrize(
    "sentence",
    [
        'instructions: "conv1 has {conv1.parameters}."',
        'notes: "{(conv1.parameters - 8) / 75}"',
        'notes: ["None.", "{conv1.parameters:.0f}"]',
    ],
)
def test_what_is_handed_out_gives_no_answer_away(sentence: str, tmp_path: Path) -> None:
    asked = "- {id: 1, kind: text, text: t}"
    (found,) = problems(tmp_path, asked, f"{sentence}\nblanks: [{{quantities: parameters}}]\n")
    assert found.endswith("conv1.parameters is a blank, and this is handed out: it would give the answer away")
    shown = sentence.replace("conv1.parameters", "conv1.out_channels")
    assert coursework(tmp_path, asked, f"{shown}\nblanks: [{{quantities: parameters}}]\n").questions


def test_nor_do_questions_and_what_students_are_told(tmp_path: Path) -> None:
    more = "blanks: [{quantities: parameters}]\n"
    (asked,) = problems(tmp_path, '- {id: 1, kind: text, text: "Why {total.parameters + fc2.parameters}?"}', more)
    assert asked.startswith("12: coursework.questions[0].text: fc2.parameters is a blank")
    told = '- {id: 1, kind: number, text: t, answer: 3, accept: [{answer: 4, comment: "%s"}]}'
    (blank,) = problems(tmp_path, told % "{fc2.parameters}", more)
    assert blank.startswith("12: coursework.questions[0].accept[0].comment: fc2.parameters is a blank")
    (right,) = problems(tmp_path, told % "It is {9 / 3}.", more)
    assert "is told to students, and holds the right number" in right


def test_a_stated_loss_is_printed_from_what_is_witnessed(tmp_path: Path) -> None:
    def model(loss: str, more: str = "") -> str:
        asked = f"- {{id: 1, kind: text, text: t, loss: {loss}{more}}}\n"
        return coursework(tmp_path, asked).questions[0].model

    stated = model("{sign: -1, weighted: true}")
    assert stated == "E = - sum over the pixels x of w(x) log p_l(x)(x)"
    assert model("{sign: 1, weighted: true}") == stated.replace("- ", "")
    assert model("{sign: -1, weighted: false}") == stated.replace("w(x) ", "")
    assert model("{sign: -1, weighted: true}", ', answer: "It is {loss}, x a pixel."') == f"It is {stated}, x a pixel."
