"""Marks of questions: numbers as people type them, letters and options, texts for a person, and nothing given away."""

from __future__ import annotations

from pathlib import Path

import pytest

from sheetgen.marking import Answer, Held, Marked, Submission, mark
from sheetgen.sheet import Sheet
from tests.questions.small import sheet as laid_out

Typed = int | float | str | bool | None


def answered(sheet: Sheet, typed: dict[str, Typed], *, reveal: bool = False) -> Marked:
    """``typed`` by the question's id; its table is left blank."""
    assert sheet.questions is not None
    held = {cell.answer or "": Held("Table", "A1") for cell in sheet.blanks}
    held |= {cell.answer: Held("Questions", "C1", typed.get(cell.answer.removeprefix("question.")))
             for cell in sheet.questions.cells}  # fmt: skip
    return mark(sheet, Submission("x", held), reveal=reveal)


def of(sheet: Sheet, question: str, typed: Typed, *, reveal: bool = False) -> Answer:
    answers = answered(sheet, {question: typed}, reveal=reveal).answers
    return next(answer for answer in answers if answer.id == f"question.{question}")


# --- numbers --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("question", "typed", "status"),
    [
        ("1", 227, "correct"),
        ("1", "227 pixels", "correct"),
        ("1", "227", "correct"),
        ("1", 228, "wrong"),
        ("1", 224, "wrong"),
        ("6", 9.97, "correct"),
        ("6", 9.966, "correct"),
        ("6", "9,97", "correct"),
        ("6", "9.97 Bits", "correct"),
        ("6", 9.96, "wrong"),
        ("6", "9.97 bit", "correct"),
        ("6", "10 bit = 2^10 bytes", "wrong"),  # bytes are not bits
        ("6", 10, "correct"),
        ("6", "10", "correct"),
        ("6", 10.01, "wrong"),
        ("6", "ten", "unreadable"),
        ("8", 2178, "correct"),
        ("8", "2,178", "correct"),
        ("8", 2048, "correct"),
        ("8", 2112, "wrong"),
        ("9c", 9375, "correct"),
        ("10a", 67.4, "correct"),
        ("10a", "67.4 %", "correct"),
        ("10a", 0.674, "correct"),  # 67.4% typed into the cell
        ("10a", "0.674", "correct"),  # as it stands where the cell's format is lost
        ("10a", "0.674%", "wrong"),
        ("10a", "0.674 %", "wrong"),
        ("10a", "6740 %", "wrong"),
        ("10a", 67.5, "wrong"),
        ("10a", "67,4", "correct"),
        ("10a", 67, "wrong"),
        ("10c", 10184, "correct"),
        ("10c", "10,184", "correct"),
        ("10c", "10 184 categories", "correct"),
        ("10c", "10184 category", "correct"),
        ("10c", 10.084, "wrong"),
        ("10c", "10.084", "wrong"),
        ("10c", True, "unreadable"),
        ("10c", "  ", "blank"),
        ("10c", None, "blank"),
        ("7.conv2.bias", 1, "correct"),
        ("7.conv2.bias", 1.0, "correct"),
        ("7.conv1.bias", 0, "correct"),
        ("7.conv1.mean", 0, "correct"),
        ("7.conv1.mean", 0.001, "wrong"),
        ("7.fc6.bias", 0, "wrong"),
        ("7.fc6.std", 0.01, "correct"),
        ("7.fc6.std", "0.01", "correct"),
        ("7.fc6.std", 0.02, "wrong"),
        ("7.fc6.std", None, "blank"),
    ],
)
def test_numbers_of_alexnet(question: str, typed: Typed, status: str, sheet: Sheet) -> None:
    answer = of(sheet, question, typed)
    assert (answer.status, answer.score) == (status, answer.max_score if status == "correct" else 0)


def test_an_accepted_number_carries_its_comment(sheet: Sheet) -> None:
    assert of(sheet, "8", 2178).feedback == ""
    assert of(sheet, "8", 2048).feedback.startswith("The paper's figure, 32^2 * 2.")
    assert of(sheet, "6", 10).feedback.startswith("In whole bits")


def test_a_solution_by_rounding_is_told_so(sheet: Sheet) -> None:
    for n in (228, 229, 230):
        assert of(sheet, "1", n).feedback == (
            f"Question 1: {n} is not right. It is a solution only where a division is rounded down; the one without "
            "remainder is asked for."
        )
    assert of(sheet, "1", 231).feedback == "Question 1: 231 is not right; it leaves out the - 1."


def test_an_error_in_a_cell_is_unreadable(sheet: Sheet) -> None:
    marked = mark(sheet, Submission("x", {"question.8": Held("Q", "C9", None, "1/0", "the formula gives #DIV/0!")}))
    answer = next(answer for answer in marked.answers if answer.id == "question.8")
    assert (answer.status, answer.feedback) == ("unreadable", "The formula gives #DIV/0!.")


def test_a_cell_that_is_gone(sheet: Sheet) -> None:
    answers = {answer.id: answer for answer in mark(sheet, Submission("x", {})).answers}
    assert answers["question.2"].status == answers["question.8"].status == "unreadable"
    assert answers["question.8"].feedback == "The cell named question.8 is no longer in the workbook."
    assert (answers["question.8"].sheet, answers["question.8"].cell) == ("Questions", "C22")


# --- choices --------------------------------------------------------------------------------------------------------

CHOICE = """
- id: 3
  kind: choice
  text: Which?
  options: [It pools, "It adds (all of them).", {text: It makes  a distribution, right: true}, 2048, true]
  comment: Softmax.
"""


@pytest.fixture
def chosen(tmp_path: Path) -> Sheet:
    return laid_out(tmp_path, CHOICE)


RIGHT = ["C", "c", " c ", "C)", "(c)", "c.", "C:", "it makes a distribution", "It  makes a distribution."]


@pytest.mark.parametrize("typed", [*RIGHT, "C: It makes a distribution", "c) it makes a distribution"])
def test_the_right_option_however_it_is_typed(typed: str, chosen: Sheet) -> None:
    assert (of(chosen, "3", typed).status, of(chosen, "3", typed).feedback) == ("correct", "")


@pytest.mark.parametrize("typed", ["A", "it pools", "It adds (all of them)", 2048, "2048", True, "e"])
def test_another_option(typed: Typed, chosen: Sheet) -> None:
    assert of(chosen, "3", typed).status == "wrong"
    assert of(chosen, "3", typed).feedback.endswith("is not right.")


@pytest.mark.parametrize("typed", ["F", "AB", "A or C", "no idea", "C It pools", 3])
def test_what_is_no_option(typed: Typed, chosen: Sheet) -> None:
    assert of(chosen, "3", typed).status == "unreadable"
    assert of(chosen, "3", typed).feedback == "The cell holds none of the letters A to E, nor one of the options."


def test_a_choice_revealed(chosen: Sheet) -> None:
    answer = of(chosen, "3", "A", reveal=True)
    assert answer.feedback == "Question 3: A is not right. The answer is C: It makes a distribution. Softmax."
    assert answer.expected == "C"
    assert of(chosen, "3", "C", reveal=True).feedback == ""


# --- texts, and the total -------------------------------------------------------------------------------------------


def test_a_text_is_for_a_person_and_leaves_the_total_open(sheet: Sheet) -> None:
    marked = answered(sheet, {"2": "Far fewer parameters.", "3": "It is faster.", "4": " ", "8": 2178})
    answers = {answer.id: answer for answer in marked.answers}
    assert (answers["question.2"].status, answers["question.2"].score) == ("for-a-person", 0)
    assert answers["question.2"].given == "Far fewer parameters."
    assert answers["question.4"].status == answers["question.5"].status == "blank"
    assert (marked.score, marked.open, marked.max_score) == (2, 6, 80.5)
    assert not marked.all_correct


def test_an_unmarked_file_has_nothing_open(sheet: Sheet) -> None:
    marked = mark(sheet, Submission("x", {}, "it is empty"))
    assert (marked.max_score, marked.open) == (80.5, 0)


def test_an_open_text_is_no_finding_but_a_blank_one_is(tmp_path: Path) -> None:
    laid = laid_out(tmp_path, "- {id: 1, kind: text, text: Why?, answer: Because.}\n", "blanks: []\n")
    assert answered(laid, {"1": "So."}).all_correct
    assert not answered(laid, {}).all_correct


def test_texts_revealed(sheet: Sheet) -> None:
    answer = of(sheet, "5", "J(w)", reveal=True)
    assert "Model answer: The pixel-wise cross-entropy" in answer.feedback
    assert "Equation 1 of the paper has no minus sign" in answer.feedback
    assert str(answer.expected).startswith("The pixel-wise")


def test_a_text_without_a_model_answer(tmp_path: Path) -> None:
    laid = laid_out(tmp_path, "- {id: 1, kind: text, text: Why?}\n")
    assert of(laid, "1", "So.", reveal=True).feedback == "A person marks this."


# --- nothing given away ---------------------------------------------------------------------------------------------


def test_feedback_withholds_every_answer(sheet: Sheet) -> None:
    assert sheet.questions is not None
    for typed in ("7", 7.5, "nothing", True):
        for cell in sheet.questions.cells:
            answer = of(sheet, cell.answer.removeprefix("question."), typed)
            assert answer.expected is None
            for secret in ("227", "9.96", "9.97", "2178", "9375", "67.4", "40.9", "10184", "0.01", "Far fewer"):
                assert secret not in answer.feedback


def test_reveal_shows_the_working(sheet: Sheet) -> None:
    assert "The answer is (256 - 224 + 1)**2*2 = 2178. 33 positions" in of(sheet, "8", 9, reveal=True).feedback
    assert "= 227." in of(sheet, "1", 9, reveal=True).feedback
    assert "log2(1000) ≈ 9.96578." in of(sheet, "6", 9, reveal=True).feedback
    assert "The answer is 67.4." in of(sheet, "10a", 9, reveal=True).feedback
    assert of(sheet, "10a", 9, reveal=True).expected == 67.4
    assert "The answer is 1. Section 5" in of(sheet, "7.fc6.bias", 0, reveal=True).feedback
    assert "1200000/128 = 9375" in of(sheet, "9c", 9, reveal=True).feedback
