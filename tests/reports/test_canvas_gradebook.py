"""Canvas's gradebook import, taken by a model of Canvas's own importer."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from sheetgen.delimited import read
from sheetgen.errors import UsageError
from sheetgen.handin import NOBODY, HandIn
from sheetgen.marking import Marked
from sheetgen.records import Results
from sheetgen.reports import Asked, canvas
from tests.gradebooks import Canvas, marked, unmarked

USERS = {
    123: ("S001", "jdoe", "Doe, Jane"),
    124: ("S002", "rroe@x.edu", 'Roe, Rick "R"'),
    125: ("00124", "123", "Zack; Zoë"),  # whose ids are others' numbers
    126: ("S004", "S005", '="Mal, Ory"'),
    127: ("S006", "S001", "New\nline, Name"),
}
ASSIGNMENTS = {
    9875: ("Essay", 10.0),
    9876: ("AlexNet table", 50.0),
    9877: ("AlexNet (bonus) 2", 5.0),
}


def _course(**more: Any) -> Canvas:
    facts: dict[str, Any] = {"users": USERS, "assignments": dict(ASSIGNMENTS), **more}
    facts.setdefault("scores", {(123, 9875): "7.00", (124, 9876): "12.00", (125, 9876): "3.00"})
    return Canvas(**facts)


def _user(number: int | str, **more: Any) -> HandIn:
    return HandIn(id=str(number), how="canvas", platform="canvas", platform_id=str(number), **more)


def _import(course: Canvas, *submissions: Marked, assignment: str = "9876", name: str = "net") -> tuple[str, list[str]]:
    said: list[str] = []
    asked = Asked(Path("grades.csv"), course.gradebook(), assignment=assignment, say=said.append)
    data = canvas.render(Results(name, submissions), asked)
    course.take(data)
    assert not course.new, "Canvas would make a student or an assignment"
    return data.decode("utf-8-sig"), said


@pytest.mark.parametrize("semicolons", [False, True])
@pytest.mark.parametrize("sis", [False, True])
@pytest.mark.parametrize("first_and_last", [False, True])
@pytest.mark.parametrize("read_only", ["(read only)", "(schreibgeschützt)"])
def test_canvas_takes_the_grades_of_one_assignment(
    semicolons: bool, sis: bool, first_and_last: bool, read_only: str
) -> None:
    users = {id: (sis, login, name if ", " in name else f"{name}, A") for id, (sis, login, name) in USERS.items()}
    course = _course(
        users=users, semicolons=semicolons, sis=sis, first_and_last=first_and_last, read_only=read_only,
        hidden_row=sis, custom=semicolons,
    )  # fmt: skip
    before = dict(course.scores)
    text, said = _import(course, marked(_user(123), 41.5), marked(_user(127), 0), marked(_user(124), 12))
    assert course.scores == {**before, (123, 9876): "41.50", (127, 9876): "0.00", (124, 9876): "12.00"}
    assert said == []
    rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=";" if semicolons else ","))
    names = ["LastName", "FirstName"] if first_and_last else ["Student"]
    assert rows[0] == [*names, "ID", *(["SIS User ID"] * sis), "SIS Login ID", "Section", "AlexNet table (9876)"]
    assert rows[1][0] == "    Points Possible"
    assert rows[1][-1] == ("50,00" if semicolons else "50.00")
    assert [row[len(names)] for row in rows[2:]] == ["123", "124", "127"]


def test_the_cells_about_students_stay_as_they_were_written() -> None:
    course = _course()
    data = course.gradebook()
    text, _ = _import(course, marked(_user(124), 12), marked(_user(126), 1.5))
    old = {row[0]: row[:5] for row in read(data, "gradebook").written}
    new = read(text.encode(), "gradebook").written
    assert all(old[row[0]] == row[:5] for row in new)
    assert new[-1][0] == '"=""Mal, Ory"""'


def test_who_has_no_grade_of_ours_is_not_in_the_file() -> None:
    course = _course(scores={(125, 9876): "3.00", (127, 9876): "EX"}, not_assigned=frozenset({126}))
    graded_meanwhile = course.gradebook()
    course.scores[124, 9876] = "44"  # by hand, after the download
    said: list[str] = []
    asked = Asked(Path("x.csv"), graded_meanwhile, assignment="9876", say=said.append)
    submissions = (marked(_user(123)), marked(_user(126)), marked(_user(127)), unmarked(_user(125)))
    data = canvas.render(Results("net", submissions), asked)
    course.take(data)
    assert course.scores == {
        (123, 9876): "40.25", (124, 9876): "44", (125, 9876): "3.00", (127, 9876): "EX",
    }  # fmt: skip
    assert said == [
        "without a grade, because the file could not be marked: broken.xlsx (125)",
        "excused in Canvas, and left so: New line, Name",
        'not assigned this in Canvas: ="Mal, Ory"',
    ]


def test_a_grade_that_is_replaced_is_told() -> None:
    course = _course()
    _, said = _import(course, marked(_user(124), 12.5), marked(_user(125), 3))
    assert said == ['another grade stood there and is replaced: Roe, Rick "R"']
    assert course.scores[124, 9876] == "12.50"


def test_scores_are_scaled_to_the_points() -> None:
    course = _course()
    _, said = _import(course, marked(_user(123), 61.5, 80.5), marked(_user(127), 80.5, 80.5))
    assert (course.scores[123, 9876], course.scores[127, 9876]) == ("38.20", "50.00")  # 38.198...
    assert said == ["scores are scaled from 80.5 marks to the 50 points of the assignment"]


@pytest.mark.parametrize("points", [None, 0.0])
def test_without_points_nothing_is_scaled_and_that_is_told(points: float | None) -> None:
    course = _course(assignments={9876: ("AlexNet table", points)})
    _, said = _import(course, marked(_user(123), 61.5, 80.5))
    assert course.scores[123, 9876] == "61.50"
    assert said == ['"AlexNet table" has no points in the gradebook, so that scores are not scaled']


@pytest.mark.parametrize(
    ("hand_in", "user"),
    [
        (_user(124), 124),
        (_user(124, email="jdoe"), 124),  # Canvas's own id comes first
        (HandIn("S001", platform="canvas", platform_id="124", how="roster"), 124),
        (HandIn("s001", how="roster"), 123),
        (HandIn("00124", how="Student cell"), 125),  # an SIS id, though 124 is a user's
        (HandIn("124", how="roster"), None),  # an SIS id that nobody has
        (HandIn("123", how="roster"), 125),  # a login
        (HandIn("S005", how="file name"), 126),
        (HandIn("x", email="RROE@x.edu", how="roster"), 124),
        (HandIn("123", how="moodle", platform="moodle", platform_id="123"), None),
        (HandIn("S001", how="gradescope", platform="gradescope", platform_id="S001"), None),
        (_user(999), None),
        (HandIn("", name="Doe, Jane"), None),  # never by name
        (HandIn("Doe, Jane", name="Doe, Jane", how="file name"), None),
        (NOBODY, None),
    ],
)
def test_students_are_found_by_ids_alone(hand_in: HandIn, user: int | None) -> None:
    course = _course(scores={})
    _, said = _import(course, marked(hand_in, file="x.xlsx"))
    assert course.scores == ({(user, 9876): "40.25"} if user else {})
    assert said[0].startswith("not in the gradebook, by any id: x.xlsx") if user is None else not said


def test_two_submissions_of_one_student_are_told_and_neither_counts() -> None:
    course = _course()
    before = dict(course.scores)
    _, said = _import(course, marked(_user(123), file="a.xlsx"), unmarked(HandIn("S001", how="roster"), file="b.xlsx"))
    assert course.scores == before
    assert "one row of the gradebook has several submissions, and stays as it is: a.xlsx (123), b.xlsx (S001)" in said
    assert "there is no grade for any student of the gradebook, so that nothing is to be imported" in said


@pytest.mark.parametrize(
    ("name", "named", "titles", "chosen"),
    [
        ("net", "9876", ["Essay", "AlexNet table"], 2),
        ("net", "AlexNet table", ["Essay", "AlexNet table", "AlexNet table 2"], 2),
        ("net", "alexnet TABLE", ["Essay", "AlexNet table"], 2),
        ("net", "AlexNet table (9876)", ["Essay", "AlexNet table"], 2),
        ("net", "table", ["Essay", "AlexNet table"], 2),
        ("alexnet", "", ["Essay", "AlexNet", "AlexNet table"], 2),
        ("alexnet", "", ["Essay", "Week 3: AlexNet's table"], 2),
        ("vgg-16", "", ["Essay", "VGG 16 (as in the paper)"], 2),
        ("net", "", ["The only one"], 1),
        ("net", "", ["Essay", "Internet"], 0),  # a part of a word is no name
        ("alexnet", "", ["AlexNet 1", "AlexNet 2"], 0),
        ("net", "AlexNet", ["AlexNet 1", "AlexNet 2"], 0),
        ("net", "Esay", ["Essay", "AlexNet"], 0),
        ("net", "12", ["Essay", "AlexNet 12", "VGG 12"], 0),
    ],
)
def test_the_assignment_is_named_or_the_only_one_that_can_be_meant(
    name: str, named: str, titles: list[str], chosen: int
) -> None:
    course = _course(assignments={9874 + number: (title, 50.0) for number, title in enumerate(titles, 1)}, scores={})
    if chosen:
        _import(course, marked(_user(123)), assignment=named, name=name)
        assert course.scores == {(123, 9874 + chosen): "40.25"}
    else:
        with pytest.raises(UsageError) as caught:
            _import(course, marked(_user(123)), assignment=named, name=name)
        told = str(caught.value)
        assert all(f'"{title} ({9874 + number})"' in told for number, title in enumerate(titles, 1))
        assert "--assignment" in told
        assert ("did you mean Essay?" in told) == (named == "Esay")


def test_which_assignment_was_taken_is_told_where_there_were_several() -> None:
    course = _course(assignments={9875: ("Essay", 50.0), 9876: ("AlexNet quiz", 50.0)}, scores={})
    told = 'the grades are those of "AlexNet quiz (9876)"; --assignment names another'
    assert _import(course, marked(_user(123)), assignment="", name="alexnet")[1] == [told]
    assert _import(course, marked(_user(123)), assignment="9876")[1] == []
    alone = _course(assignments={9876: ("AlexNet quiz", 50.0)}, scores={})
    assert _import(alone, marked(_user(123)), assignment="")[1] == []


def test_a_column_that_canvas_keeps_to_itself_is_never_chosen() -> None:
    course = _course(assignments={9876: ("AlexNet", 50.0)}, read_only="(nur lesen)")
    data = course.gradebook().replace(b"Final Score", b"Final Mark (2026)").replace(b"Assignments Cur", b"AlexNet Cur")
    out = canvas.render(Results("net", (marked(_user(123)),)), Asked(Path("x.csv"), data))
    assert out.decode("utf-8-sig").splitlines()[0].endswith("Section,AlexNet (9876)")


def test_a_total_of_a_grading_period_is_no_assignment_even_without_the_row_of_points() -> None:
    course = _course(assignments={9876: ("AlexNet", 50.0)})
    data = course.gradebook().replace(b"Final Score", b"Final Score (2026)")
    lines = [line for line in data.split(b"\n") if b"Points Possible" not in line]
    said: list[str] = []
    asked = Asked(Path("x.csv"), b"\n".join(lines), say=said.append)
    course.take(canvas.render(Results("net", (marked(_user(123), 61.5, 80.5),)), asked))
    assert course.scores[123, 9876] == "61.50"
    assert said == ['"AlexNet" has no points in the gradebook, so that scores are not scaled']


@pytest.mark.parametrize(
    ("gradebook", "told"),
    [
        (None, "--gradebook FILE"),
        (b"Identifier,Grade\n1,2\n", 'they are "Identifier", "Grade"'),
        (b"Student,ID,AlexNet (1)\nA,1,\n", "Section"),
        (b"Student,Section,ID,AlexNet (1)\nA,1,1,\n", "Student, ID, ... and Section"),
        (b"Student,ID,Section,AlexNet\nA,1,1,\n", "has no assignment that takes grades"),
    ],
)
def test_what_is_no_gradebook_is_refused_in_words(gradebook: bytes | None, told: str) -> None:
    with pytest.raises(UsageError) as caught:
        canvas.render(Results("alexnet", (marked(_user(123)),)), Asked(Path("x.csv"), gradebook))
    assert told in str(caught.value)


def test_a_score_is_never_written_with_a_decimal_comma_or_thousands() -> None:
    course = _course(assignments={9876: ("AlexNet", 4000.0)}, semicolons=True, scores={})
    text, _ = _import(course, replace(marked(_user(123)), score=33.333333), assignment="")
    assert text.splitlines()[-1].endswith(";2666.67")
