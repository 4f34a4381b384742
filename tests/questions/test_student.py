"""The student whose marked answer sheet the coursework comes from: each answer is judged as it was then.

Question, what the student answered, what is right: an MSc coursework on Krizhevsky, Sutskever and Hinton (2012). The
workbook was lost; this one holds the same answers.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from sheetgen import api
from sheetgen.coursework import Coursework
from sheetgen.marking import Marked
from sheetgen.sheet import Sheet
from tests import sample_class

# Biases 1 in conv2, conv4 and conv5, 0 elsewhere: also in the fully connected layers, where the paper has 1.
ONES = ("conv2", "conv4", "conv5")
LAYERS = ("conv1", "conv2", "conv3", "conv4", "conv5", "fc6", "fc7", "fc8")

ANSWERS: dict[str, sample_class.Typed] = {
    "question.1": "=(55-1)*4+11",  # (n + 2p - f)/s + 1 = 55, so n = 227
    "question.2": "A CNN has far fewer connections and parameters, which in a feed-forward net grow with the input. "
    "Larger ones are limited by time and GPU memory.",
    "question.3": "It trains several times faster than tanh to the same training error (section 3.1, figure 1).",
    "question.4": "A fully connected layer with 1000 outputs and a softmax; the largest is the prediction.",
    "question.5": "Weighted pixel-wise cross-entropy, J(w) = sum over x of w(x) log p_l(x)(x).",
    "question.6": "10 bit = 2^10 bytes",  # 1000 categories, 2^10 = 1024; but bytes are not bits
    "question.8": "=(256-224+1)^2*2",  # 2178, not 2048
    "question.9a": 90,
    "question.9b": 128,
    "question.9c": "=1.2*10^6/128",
    "question.10a": "67.4 %",
    "question.10b": "40.9 %",
    "question.10c": 10.084,  # the paper has 10,184
    **{f"question.7.{layer}.mean": 0 for layer in LAYERS},
    **{f"question.7.{layer}.std": 0.01 for layer in LAYERS},
    **{f"question.7.{layer}.bias": int(layer in ONES) for layer in LAYERS},
}
WRONG = {"question.6", "question.7.fc6.bias", "question.7.fc7.bias", "question.10c"}
FOR_A_PERSON = {"question.2", "question.3", "question.4", "question.5"}


@pytest.fixture(scope="module")
def marked(alexnet: Coursework, sheet: Sheet, tmp_path_factory: pytest.TempPathFactory) -> Marked:
    table = {answer: typed for answer, typed in sample_class.right_answers(sheet).items() if "question" not in answer}
    file = tmp_path_factory.mktemp("student") / "student.xlsx"
    file.write_bytes(sample_class.hand_in(alexnet, sheet, {**table, **ANSWERS}))
    return api.verify("alexnet", [file]).submissions[0]


def test_every_answer_is_judged_as_it_was(marked: Marked) -> None:
    asked = {answer.id: answer.status for answer in marked.answers if answer.id.startswith("question.")}
    assert set(asked) == set(ANSWERS)
    assert {answer for answer, status in asked.items() if status == "wrong"} == WRONG
    assert {answer for answer, status in asked.items() if status == "for-a-person"} == FOR_A_PERSON
    assert {status for answer, status in asked.items() if answer not in WRONG | FOR_A_PERSON} == {"correct"}


def test_the_marks(marked: Marked) -> None:
    # 80.5 of which 11 are a person's; less two biases of 0.25, and the bits' and the categories' 1
    assert (marked.score, marked.max_score, marked.open) == (67, 80.5, 11)
    assert not marked.all_correct


def test_what_the_student_is_told(marked: Marked) -> None:
    told = {answer.id: answer.feedback for answer in marked.answers}
    assert told["question.10c"] == "Question 10c: 10.084 is not right."
    assert told["question.7.fc7.bias"] == "Question 7, fc7, Bias constant: 0 is not right."
    assert told["question.6"] == "Question 6: 10 bit = 2^10 bytes is not right. 10 bit is not 2^10 bytes."
    assert told["question.1"] == told["question.8"] == ""


def test_the_students_own_words_are_there_for_whoever_marks_them(marked: Marked) -> None:
    given = {answer.id: answer.given for answer in marked.answers}
    assert all(given[answer] == ANSWERS[answer] for answer in FOR_A_PERSON)


def test_the_papers_own_number_of_bits(alexnet: Coursework, sheet: Sheet, tmp_path: Path) -> None:
    for name, typed in (("number", 10), ("unit", "10 bit")):
        (tmp_path / f"{name}.xlsx").write_bytes(sample_class.hand_in(alexnet, sheet, {"question.6": typed}))
    for marked in api.verify("alexnet", [tmp_path]).submissions:
        answer = next(each for each in marked.answers if each.id == "question.6")
        assert (answer.status, answer.score) == ("correct", 1)
        assert answer.feedback.startswith("In whole bits, as the paper says")


def test_the_papers_own_figure_for_question_8(alexnet: Coursework, sheet: Sheet, tmp_path: Path) -> None:
    (tmp_path / "paper.xlsx").write_bytes(sample_class.hand_in(alexnet, sheet, {"question.8": 2048}))
    answers = {answer.id: answer for answer in api.verify("alexnet", [tmp_path / "paper.xlsx"]).submissions[0].answers}
    assert answers["question.8"].status == "correct"
    assert "The paper's figure" in answers["question.8"].feedback
