"""GitHub Classroom's result, counted as its reporter counts, which runs in the same log."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from sheetgen import api, reports
from sheetgen.errors import UsageError
from sheetgen.marking import Answer, Marked
from sheetgen.records import Results
from tests import sample_class
from tests.hostile_results import hostile

TEXTS = [f"question.{number}" for number in (2, 3, 4, 5)]  # of alexnet, for a person
LONGEST = 128 * 1024 - len("ALEXNET_RESULTS=") - 1  # of one string in a Linux program's environment


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    return sample_class.make(tmp_path_factory.mktemp("sample"))


def output(results: Results, folder: Path) -> Any:
    """What a reporter gets from the step's output."""
    target = folder / "output"
    target.write_text("other=1\n")
    reports.write("classroom", results, reports.Asked(target))
    other, line, end = target.read_text().split("\n")
    assert (other, end) == ("other=1", "")
    name, _, value = line.partition("=")
    assert name == "result"
    assert len(value) < LONGEST
    return json.loads(base64.b64decode(value, validate=True))


def log(result: Any) -> str:
    """What the reporter prints of it, and the points of its notice."""
    lines = []
    for test in result["tests"]:
        lines.append(f"\N{WHITE HEAVY CHECK MARK} {test['name']}\n")
        if test["status"] != "pass":
            lines.append(f"Error: {test['message'] or test['name']}\n")
    return "\n".join(lines)


def test_equal_tests_of_one_point_so_that_both_counts_agree(files: list[Path], tmp_path: Path) -> None:
    for file in files[:3]:
        results = api.verify("alexnet", [file])
        (marked,) = results.submissions
        result = output(results, tmp_path)
        given = [answer for answer in marked.answers if answer.id not in TEXTS]
        assert len(given) == 110  # whoever leaves blank what a person marks
        assert [test["name"] for test in result["tests"]] == [answer.id for answer in given]
        assert result["version"] == 1
        assert result["max_score"] == len(given)
        passed = [test["status"] == "pass" for test in result["tests"]]
        assert passed == [answer.status == "correct" for answer in given]
        in_the_log = sum(passed) / len(passed) * result["max_score"]
        in_the_notice = sum(test["score"] for test in result["tests"])
        assert in_the_log == in_the_notice == sum(passed)
        assert result["status"] == ("pass" if all(passed) else "fail")
    assert result["status"] == "fail"


def test_what_follows_from_a_mistake_is_no_pass(tmp_path: Path) -> None:
    answer = Answer("conv1.parameters", "Table", "L7", "1", "follow-through", 0.5, 1)
    result = output(Results("alexnet", (Marked("a.xlsx", None, "marked", None, 0.5, 1, (answer,)),)), tmp_path)
    assert (result["status"], result["tests"][0]["status"], result["tests"][0]["score"]) == ("fail", "fail", 0)


def test_of_a_file_that_cannot_be_read_every_test_fails(files: list[Path], tmp_path: Path) -> None:
    perfect = output(api.verify("alexnet", [files[0]]), tmp_path)
    results = api.verify("alexnet", [files[3]])
    broken = output(results, tmp_path)
    assert [test["name"] for test in broken["tests"]] == [test["name"] for test in perfect["tests"]]
    assert broken["max_score"] == perfect["max_score"]
    assert {test["message"] for test in broken["tests"]} == {results.submissions[0].reason}
    assert not any(test["score"] for test in broken["tests"])
    alone = output(Results("alexnet", results.submissions), tmp_path)  # the coursework is not known any more
    assert [test["status"] for test in alone["tests"]] == ["fail"]


def test_json_is_written_anew(files: list[Path], tmp_path: Path) -> None:
    results = api.verify("alexnet", [files[2]])
    target = tmp_path / "result.json"
    for _ in range(2):
        reports.write("classroom", results, reports.Asked(target))
    assert json.loads(target.read_text()) == output(results, tmp_path)


def test_it_is_of_one_submission(files: list[Path], tmp_path: Path) -> None:
    results = api.verify("alexnet", files)
    with pytest.raises(UsageError, match="this report is of one submission, and there are 4; name one student's file"):
        reports.write("classroom", results, reports.Asked(tmp_path / "out.json"))
    assert not (tmp_path / "out.json").exists()


def test_no_message_forges_a_notice(tmp_path: Path) -> None:
    result = output(hostile(), tmp_path)
    text = log(result)
    assert "forged" in text  # it is shown
    for line in text.splitlines():
        assert not line.lstrip().startswith("::"), line
        assert line.isprintable()
    assert "##[" not in text
    assert {test["name"] for test in result["tests"]} == {
        answer.id for answer in hostile().submissions[0].answers if answer.status != "for-a-person"
    }


def test_messages_are_cut_until_the_result_fits_an_environment_variable(tmp_path: Path) -> None:
    def result(count: int) -> Any:
        answers = tuple(
            Answer(f"conv{number}.parameters", "Table", "L7", "1", "wrong", 0, 1, (), "long " * 200)
            for number in range(count)
        )
        return output(Results("alexnet", (Marked("a.xlsx", None, "marked", None, 0, count, answers),)), tmp_path)

    lengths = [len(result(count)["tests"][0]["message"]) for count in (20, 200, 300, 500)]
    assert lengths == sorted(lengths, reverse=True)
    assert lengths[0] > 400
    assert lengths[-1] < 100
    assert len(result(500)["tests"]) == 500
