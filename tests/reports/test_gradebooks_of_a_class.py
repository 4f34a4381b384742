"""A generated class, marked for real: both gradebooks and the table say the same marks, and no right number."""

from __future__ import annotations

import csv
import io
import re
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from sheetgen import api, reports
from sheetgen.handin import HandIn
from sheetgen.marking import Marked
from sheetgen.records import Results
from sheetgen.reports import Asked
from tests.generated_class import Made, Maker, as_folder, participant, user
from tests.gradebooks import GERMAN, Canvas, Moodle, Student

STUDENTS = 16


@dataclass(frozen=True)
class Class:
    made: list[Made]
    results: Results

    @property
    def by_id(self) -> dict[str, Marked]:
        return {each.hand_in.id: each for each in self.results.submissions}


@pytest.fixture(scope="module")
def marks(tmp_path_factory: pytest.TempPathFactory) -> Class:
    made = list(Maker(seed=3).make(STUDENTS))
    made[5] = replace(made[5], kind="broken", data=made[5].data[:2000])
    results = api.verify("alexnet", as_folder(made, tmp_path_factory.mktemp("class")))
    whose = {
        each.id: HandIn(each.id, each.name, f"{each.id}@example.edu", "roster", "moodle", str(participant(each)))
        for each in made
    }
    submissions = [replace(each, hand_in=whose[Path(each.file).name[:5]]) for each in results.submissions]
    return Class(made, replace(results, submissions=tuple(submissions)))


def test_both_gradebooks_and_the_table_say_the_same_marks(marks: Class, tmp_path: Path) -> None:
    moodle = Moodle(
        GERMAN, [Student(participant(each), each.name, f"{each.id}@x.edu") for each in marks.made], most=161
    )
    canvas = Canvas(
        {user(each): (each.id, f"u{each.id}", each.name) for each in marks.made}, {5: ("AlexNet table", 80.5)}
    )
    broken = marks.by_id[marks.made[5].id].file
    said = {
        kind: reports.write(kind, marks.results, Asked(tmp_path / f"{kind}.csv", gradebook)).said
        for kind, gradebook in (("csv", None), ("moodle", moodle.worksheet()), ("canvas", canvas.gradebook()))
    }
    assert said["csv"] == ()
    told = f"without a grade, because the file could not be marked: {broken} ({marks.made[5].name})"
    graded = [each for each in marks.results.submissions if each.status == "marked"]
    waiting = [each.open for each in graded if each.open]
    assert 1 < len(waiting) < len(graded)
    provisional = (
        f"{len(waiting)} of {len(graded)} grades are provisional: a person has yet to give up to {max(waiting):g} "
        "marks, which count as 0 in the file"
    )
    assert said["canvas"] == (told, provisional)
    assert said["moodle"] == (told, "grades are scaled from 80.5 marks to the maximum grade of 161", provisional)
    moodle.take((tmp_path / "moodle.csv").read_bytes())
    canvas.take((tmp_path / "canvas.csv").read_bytes())
    assert not canvas.new
    rows = {
        row["id"]: row
        for row in csv.DictReader(io.StringIO((tmp_path / "csv.csv").read_bytes().decode("utf-8-sig"), newline=""))
    }
    assert len(rows) == STUDENTS
    for each, student in zip(marks.made, moodle.students, strict=True):
        result = marks.by_id[each.id]
        if each.kind == "broken":
            assert (student.grade, rows[each.id]["score"], (user(each), 5) in canvas.scores) == (None, "", False)
        else:
            assert student.grade == 2 * result.score
            assert float(canvas.scores[user(each), 5]) == float(rows[each.id]["score"]) == result.score


def test_no_comment_holds_a_right_number_that_its_student_does_not_have(marks: Class, tmp_path: Path) -> None:
    moodle = Moodle(GERMAN, [Student(participant(each), each.name, "") for each in marks.made])
    reports.write("moodle", marks.results, Asked(tmp_path / "moodle.csv", moodle.worksheet()))
    moodle.take((tmp_path / "moodle.csv").read_bytes())
    sheet = marks.results.sheet
    assert sheet is not None
    right = {each.answer: str(sheet.table.value(each.answer or "")) for each in sheet.blanks}
    withheld = 0
    for each, student in zip(marks.made, moodle.students, strict=True):
        answers = marks.by_id[each.id].answers
        own = {number for answer in answers for number in re.findall(r"\d+", answer.given)}
        for answer in answers:
            number = right.get(answer.id, "")
            if answer.status != "correct" and len(number) > 3 and number not in own:
                withheld += 1
                assert not re.search(rf"(?<!\d){number}(?!\d)", student.comment)
    assert withheld > STUDENTS
