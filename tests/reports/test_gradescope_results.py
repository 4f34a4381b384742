"""Gradescope's results.json against what its documentation says of each field."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from sheetgen import api, reports
from sheetgen.errors import UsageError
from sheetgen.marking import Answer, Marked
from sheetgen.records import Results
from tests import sample_class
from tests.hostile_results import hostile

TEXT = {"type": "string"}
MARKS = {"type": "number", "minimum": 0}
FORMAT = {"enum": ["text", "html", "simple_format", "md", "ansi"]}
TEXTS = [f"question.{number}" for number in (2, 3, 4, 5)]  # of alexnet, for a person
VISIBILITY = {"enum": ["visible", "hidden", "after_due_date", "after_published"]}
# The fields of docs/specs.md in Gradescope's autograder_samples; a field that it does not name is refused.
SCHEMA: dict[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "required": ["score", "tests"],
    "properties": {
        "score": MARKS,
        "execution_time": MARKS,
        "output": TEXT,
        "output_format": FORMAT,
        "test_output_format": FORMAT,
        "test_name_format": FORMAT,
        "visibility": VISIBILITY,
        "stdout_visibility": VISIBILITY,
        "extra_data": {"type": "object"},
        "tests": {
            "type": "array",
            "minItems": 1,
            "items": {
                "type": "object",
                "additionalProperties": False,
                "required": ["score", "max_score", "name"],
                "properties": {
                    "score": MARKS,
                    "max_score": MARKS,
                    "status": {"enum": ["passed", "failed"]},
                    "name": TEXT,
                    "name_format": FORMAT,
                    "number": TEXT,
                    "output": TEXT,
                    "output_format": FORMAT,
                    "tags": {"type": "array", "items": TEXT},
                    "visibility": VISIBILITY,
                    "extra_data": {"type": "object"},
                },
            },
        },
        "leaderboard": {"type": "array"},
    },
}


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    return sample_class.make(tmp_path_factory.mktemp("sample"))


def written(results: Results, folder: Path) -> Any:
    reports.write("gradescope", results, reports.Asked(folder / "results.json"))
    found = json.loads((folder / "results.json").read_bytes())
    jsonschema.validate(found, SCHEMA)
    return found


def test_the_tests_add_up_to_the_marks_that_can_be_given_by_now(files: list[Path], tmp_path: Path) -> None:
    for file in files[:3]:
        results = api.verify("alexnet", [file])
        (marked,) = results.submissions
        found = written(results, tmp_path)
        assert found["score"] == marked.score == round(math.fsum(test["score"] for test in found["tests"]), 6)
        most = round(math.fsum(test["max_score"] for test in found["tests"]), 6)
        assert most == 69.5  # of the 80.5 that there are, whoever leaves the texts for a person blank
        assert f"{marked.score:g} of 69.5 marks." in found["output"]


def test_each_answer_is_a_test_with_its_feedback(files: list[Path], tmp_path: Path) -> None:
    results = api.verify("alexnet", [files[2]])
    (marked,) = results.submissions
    found = written(results, tmp_path)
    given = [answer for answer in marked.answers if answer.id not in TEXTS]
    assert [test["name"] for test in found["tests"]] == [f"{each.id} ({each.sheet}!{each.cell})" for each in given]
    assert [test["number"] for test in found["tests"]] == [str(number + 1) for number in range(len(given))]
    for test, answer in zip(found["tests"], given, strict=True):
        assert test["tags"] == [answer.status]
        assert test["status"] == ("passed" if answer.status == "correct" else "failed")
        assert answer.feedback in test["output"]
        assert test["output"]
    for sentence in marked.summary:
        assert sentence in found["output"]


def test_a_part_of_the_marks_is_no_pass(tmp_path: Path) -> None:
    answer = Answer("conv1.parameters", "Table", "L7", "1", "follow-through", 0.5, 1, feedback="As before.")
    found = written(Results("alexnet", (Marked("a.xlsx", None, "marked", None, 0.5, 1, (answer,)),)), tmp_path)
    assert (found["tests"][0]["score"], found["tests"][0]["status"]) == (0.5, "failed")


def test_questions_for_a_person_are_named_and_not_counted(files: list[Path], tmp_path: Path) -> None:
    found = written(api.verify("alexnet", [files[0]]), tmp_path)
    assert "A person marks questions 2, 3, 4, 5: 11 more marks, not counted here." in found["output"]
    left = written(api.verify("alexnet", [files[1]]), tmp_path)
    assert "Nothing to mark for a person in questions 2, 3, 4, 5." in left["output"]
    for each in (found, left):
        assert not any(test["name"].startswith("question.2 ") for test in each["tests"])


def test_nothing_is_hidden(files: list[Path], tmp_path: Path) -> None:
    for results in (api.verify("alexnet", [files[2]]), api.verify("alexnet", [files[3]])):
        found = written(results, tmp_path)
        assert found["visibility"] == "visible"
        assert {test["visibility"] for test in found["tests"]} == {"visible"}
        assert found["stdout_visibility"] == "hidden"
        assert found["output_format"] == found["test_output_format"] == found["test_name_format"] == "text"


def test_a_file_that_cannot_be_read_says_why(files: list[Path], tmp_path: Path) -> None:
    results = api.verify("alexnet", [files[3]])
    found = written(results, tmp_path)
    (test,) = found["tests"]
    assert (found["score"], test["score"], test["status"]) == (0, 0, "failed")
    assert test["output"] == results.submissions[0].reason
    perfect = written(api.verify("alexnet", [files[0]]), tmp_path)
    assert test["max_score"] == perfect["score"]  # without what a person marks


def test_it_is_of_one_submission(files: list[Path], tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="this report is of one submission, and there are 4"):
        written(api.verify("alexnet", files), tmp_path)


def test_what_was_typed_is_plain_text(tmp_path: Path) -> None:
    found = written(hostile(), tmp_path)
    texts = [found["output"], *(test["output"] for test in found["tests"]), *(test["name"] for test in found["tests"])]
    assert any("<script>alert(1)</script>" in text for text in texts)  # as text it does nothing
    assert all(line.isprintable() for text in texts for line in text.split("\n"))


def test_no_right_number_is_in_it(files: list[Path], tmp_path: Path) -> None:
    results = api.verify("alexnet", [files[2]])
    text = json.dumps(written(results, tmp_path))
    revealed = api.verify("alexnet", [files[2]], reveal=True)
    wrong = [answer for answer in revealed.submissions[0].answers if answer.status == "wrong"]
    assert "34944" in {str(answer.expected) for answer in wrong}
    for answer in wrong:
        assert answer.expected is not None
        if len(str(answer.expected)) > 3:
            assert str(answer.expected) not in text
