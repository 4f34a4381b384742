"""Results as pandas frames: what each column holds, its dtype, and that a frame says what the results say."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

import sheetgen
from sheetgen.frames import answers_frame, submissions_frame
from sheetgen.handin import HandIn
from sheetgen.records import Results
from sheetgen.sheet import Sheet
from tests import class_of_six
from tests.sample_class import make


@pytest.fixture(scope="module")
def results(sheet: Sheet) -> Results:
    return class_of_six.results(sheet)


@pytest.fixture(scope="module")
def answers(results: Results) -> pd.DataFrame:
    return results.to_frame()


def test_an_answer_is_a_row(results: Results, answers: pd.DataFrame) -> None:
    told = [
        (marked.file, each.id, each.status, each.score) for marked in results.submissions for each in marked.answers
    ]
    assert list(answers[["file", "answer", "status", "score"]].itertuples(index=False, name=None)) == told
    assert len(told) > 500
    names = "file student id answer layer quantity sheet cell given formula status score max_score because certainty"
    assert " ".join(answers.columns) == f"{names} follows feedback"


def test_marks_add_up(results: Results, answers: pd.DataFrame) -> None:
    given = answers.groupby("file")["score"].sum().round(6).to_dict()
    assert given == {marked.file: marked.score for marked in results.submissions if marked.status == "marked"}


def test_the_halves_of_an_id(answers: pd.DataFrame) -> None:
    halves = answers.dropna(subset="layer")
    assert (halves["layer"] + "." + halves["quantity"]).equals(halves["answer"])
    assert {"conv1", "total", "input"} <= set(halves["layer"])
    questions = answers[answers["layer"].isna()]
    assert questions["answer"].str.startswith("question.").all()
    assert questions["quantity"].isna().all()
    assert "question.7.fc6.bias" in set(questions["answer"])


def test_why(answers: pd.DataFrame) -> None:
    cleo = answers[answers["file"] == "class/cleo.xlsx"].set_index("answer")
    assert cleo.loc["conv1.parameters", "given"] == "34848"
    assert cleo.loc["conv1.parameters", "because"] == ("drop:biases",)
    assert cleo.loc["conv1.parameters", "certainty"] == "likely"
    assert cleo.loc["question.10c", "because"] == ()
    assert cleo["certainty"].isna()["question.10c"]
    assert "biases" in str(cleo.loc["conv1.parameters", "feedback"])
    why = answers.explode("because")["because"].value_counts()
    assert why["drop:biases"] >= 2 * len(class_of_six.BIASES)


def test_what_follows_is_said_with_marks_or_without(results: Results) -> None:
    first = results.submissions[0]
    one, two, three, *_ = first.answers
    told = (replace(one, status="follow-through"), replace(two, status="wrong", follows=True), three)
    assert answers_frame([replace(first, answers=told)])["follows"].tolist() == [True, True, False]


@pytest.mark.parametrize("of", ["answers", "submissions"])
def test_dtypes_are_those_of_an_empty_class(results: Results, of: str) -> None:
    make_frame = {"answers": answers_frame, "submissions": submissions_frame}[of]
    frame, empty = make_frame(results.submissions), make_frame([])
    assert frame.dtypes.to_dict() == empty.dtypes.to_dict()
    assert len(empty) == 0
    assert pd.api.types.is_string_dtype(frame["status"])
    assert pd.api.types.is_float_dtype(frame["score"])


def test_a_submission_is_a_row(results: Results) -> None:
    frame = results.to_frame("submissions")
    assert frame["file"].tolist() == [marked.file for marked in results.submissions]
    counts = ["correct", "follow_through", "wrong", "blank", "unreadable", "for_a_person"]
    assert frame[counts].sum(axis="columns").tolist() == [len(marked.answers) for marked in results.submissions]
    broken = frame.iloc[-1]
    assert broken["status"] == "unmarked"
    assert class_of_six.SCRIPT in broken["reason"]
    assert frame["late"].tolist() == [False, True, False, False, False, False]
    assert frame["id"].tolist()[:5] == ["1", "2", "3", "4", "5"]
    assert frame["id"].isna().tolist() == [False] * 5 + [True]


def test_times_are_times(results: Results) -> None:
    first, second, *_ = results.submissions
    timed = [replace(first, hand_in=HandIn(time="2026-06-01T09:00:00")), replace(second, hand_in=HandIn(time="x"))]
    assert submissions_frame(timed)["time"].tolist() == [pd.Timestamp(2026, 6, 1, 9), pd.NaT]


def test_right_numbers_are_in_it_only_where_they_were_revealed(sheet: Sheet, answers: pd.DataFrame) -> None:
    assert "expected" not in answers
    revealed = class_of_six.results(sheet, reveal=True).to_frame().set_index(["file", "answer"])
    assert revealed.loc[("class/cleo.xlsx", "conv1.parameters"), "expected"] == 34944


def test_another_frame_is_refused(results: Results) -> None:
    with pytest.raises(ValueError, match=r"not of 'answer'$"):
        results.to_frame("answer")  # type: ignore[arg-type]


def test_results_that_were_kept_give_the_same_frames(tmp_path: Path) -> None:
    make(tmp_path / "class")
    kept = tmp_path / "marks.jsonl"
    results = sheetgen.verify("alexnet", tmp_path / "class", results=kept, jobs=1)
    again = sheetgen.read_results(kept)
    pd.testing.assert_frame_equal(again.to_frame(), results.to_frame())
    pd.testing.assert_frame_equal(again.to_frame("submissions"), results.to_frame("submissions"))
    assert results.to_frame("submissions")["status"].tolist() == ["marked"] * 3 + ["unmarked"]
