"""The commands on a coursework with questions: what they print, how they end."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from sheetgen.coursework import Coursework
from sheetgen.sheet import Sheet, lay_out
from tests import sample_class
from tests.questions.small import coursework
from tests.runs import run

ASKED = """
- {id: 1, kind: number, text: How many?, answer: 7, accept: [{answer: 8, comment: Nearly.}], unit: pieces, marks: 2}
- {id: 2, kind: text, text: Why?, answer: Because., marks: 3}
- {id: 3, kind: choice, text: Which?, options: [one, {text: two, right: true}], comment: Not one.}
"""


@pytest.fixture
def described(tmp_path: Path) -> Coursework:
    return coursework(tmp_path, ASKED, "blanks: []\n")


def _hand_in(described: Coursework, folder: Path, answers: dict[str, sample_class.Typed]) -> Path:
    laid: Sheet = lay_out(described)
    file = folder / "hand-in.xlsx"
    file.write_bytes(sample_class.hand_in(described, laid, answers))
    return file


RIGHT: dict[str, sample_class.Typed] = {"question.1": 7, "question.2": "So.", "question.3": "B"}


def test_show_prints_the_questions_and_no_answers(described: Coursework, tmp_path: Path) -> None:
    done = run("show", tmp_path / "my.yaml")
    assert done.returncode == 0
    questions = done.stdout[done.stdout.index("\nQuestions\n") :].split("\n")
    assert questions[2:] == [
        "1  How many?  [a number (pieces), 2 marks]",
        "2  Why?  [a text, 3 marks]",
        "3  Which?",
        "   A   one",
        "   B   two  [a choice, 1 mark]",
        "",
    ]
    assert described.questions


def test_show_json_is_additive() -> None:
    data = json.loads(run("show", "alexnet", "--format", "json").stdout)
    assert [each["id"] for each in data["questions"]][:3] == ["1", "2", "3"]
    assert data["questions"][5] == {
        "id": "6",
        "kind": "number",
        "text": data["questions"][5]["text"],
        "options": [],
        "unit": "bits",
        "marks": 1,
    }
    assert "2178" not in json.dumps(data["questions"])


def test_generate_says_what_there_is(described: Coursework, tmp_path: Path) -> None:
    done = run("generate", tmp_path / "my.yaml", "--out", tmp_path)
    assert "0 blanks, 0 marks; 3 questions, 6 marks" in done.stdout
    assert described.questions


def _verified(folder: Path, *arguments: object) -> tuple[int, dict[str, Any]]:
    done = run("verify", folder / "my.yaml", folder / "hand-in.xlsx", "--format", "json", *arguments)
    submission: dict[str, Any] = json.loads(done.stdout)["submissions"][0]
    return done.returncode, submission


def test_an_open_text_is_no_finding(described: Coursework, tmp_path: Path) -> None:
    _hand_in(described, tmp_path, RIGHT)
    code, submission = _verified(tmp_path)
    assert (code, submission["score"], submission["max_score"], submission["open"]) == (0, 3, 6, 3)
    assert {answer["id"]: answer["status"] for answer in submission["answers"]} == {
        "question.1": "correct",
        "question.2": "for-a-person",
        "question.3": "correct",
    }
    assert not any("expected" in answer for answer in submission["answers"])
    done = run("verify", tmp_path / "my.yaml", tmp_path / "hand-in.xlsx")
    assert done.stdout.splitlines()[0].endswith("3/3  (+ 3 for a person)  100 %  (2 correct, 1 for-a-person)")
    assert done.stdout.splitlines()[1].strip() == "for a person: 1 cell (Questions!C7)"
    assert run("verify", tmp_path / "my.yaml", tmp_path / "hand-in.xlsx", "--fail-under", 100).returncode == 0


def test_a_blank_text_and_a_wrong_choice_are_findings(described: Coursework, tmp_path: Path) -> None:
    _hand_in(described, tmp_path, {**RIGHT, "question.3": "A"})
    code, submission = _verified(tmp_path)
    assert (code, submission["score"], submission["open"]) == (1, 2, 3)
    assert run("verify", tmp_path / "my.yaml", tmp_path / "hand-in.xlsx", "--fail-under", 66).returncode == 0
    assert run("verify", tmp_path / "my.yaml", tmp_path / "hand-in.xlsx", "--fail-under", 67).returncode == 1
    _hand_in(described, tmp_path, {"question.1": 7, "question.3": "B"})
    code, submission = _verified(tmp_path)
    assert (code, submission["score"], submission["open"]) == (1, 3, 0)


def test_an_accepted_answer_is_printed_with_its_comment(described: Coursework, tmp_path: Path) -> None:
    _hand_in(described, tmp_path, {**RIGHT, "question.1": 8})
    done = run("verify", tmp_path / "my.yaml", tmp_path / "hand-in.xlsx")
    assert done.returncode == 0
    assert "Questions!C6  question.1  correct        Nearly." in done.stdout


def test_reveal(described: Coursework, tmp_path: Path) -> None:
    _hand_in(described, tmp_path, {"question.1": 9, "question.2": "So.", "question.3": "one"})
    code, submission = _verified(tmp_path, "--reveal")
    assert code == 1
    assert [answer["expected"] for answer in submission["answers"]] == [7, "Because.", "B"]
    assert [answer["feedback"] for answer in submission["answers"]] == [
        "Question 1: 9 is not right. The answer is 7. 8 is accepted too: Nearly.",
        "A person marks this. Model answer: Because.",
        "Question 3: one is not right. The answer is B: two. Not one.",
    ]
    printed = run("verify", tmp_path / "my.yaml", tmp_path / "hand-in.xlsx", "--reveal").stdout
    assert "Model answer: Because." in printed


def test_mistakes_are_told_with_their_line(tmp_path: Path) -> None:
    coursework(tmp_path, ASKED)
    text = (tmp_path / "my.yaml").read_text(encoding="utf-8").replace("answer: 7", "anwser: 7")
    (tmp_path / "my.yaml").write_text(text, encoding="utf-8")
    done = run("show", "my.yaml", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "error: my.yaml:12: coursework.questions[0].anwser: no such key; did you mean answer?\n"


def test_fill_names_what_it_cannot_judge(described: Coursework, tmp_path: Path) -> None:
    _hand_in(described, tmp_path, {"question.2": "My words."})
    done = run("fill", tmp_path / "my.yaml", tmp_path / "hand-in.xlsx", "--out", tmp_path / "out.xlsx")
    assert "2 cells filled" in done.stdout
    assert "kept 'Questions'!C7: it holds My words., which a person has to judge" in done.stdout
