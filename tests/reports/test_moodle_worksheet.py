"""Moodle's grading worksheet, filled, and taken back by a model of Moodle's own import."""

from __future__ import annotations

import codecs
import csv
import io
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sheetgen import reports
from sheetgen.delimited import read
from sheetgen.errors import UsageError
from sheetgen.handin import NOBODY, HandIn
from sheetgen.marking import NOWHERE, Answer, Marked
from sheetgen.records import Results
from sheetgen.reports import Asked, moodle
from sheetgen.reports._comments import LONGEST, comment
from tests.gradebooks import ENGLISH, GERMAN, PACKS, Moodle, Pack, Student, answer, marked, moodle_student, unmarked

GRADED = "Tuesday, 2 June 2026, 10:15 AM"


def _class() -> list[Student]:
    return [
        Student(12345, 'Jane "JD" Doe', "jane@x.edu", username="jd01"),
        Student(
            12346, "Rick Roe", "rick@x.edu", grade=10, comment='<p>old,\n"note"</p>', graded=GRADED, username="rr02"
        ),
        Student(12347, "José; Ñandú", "jose@x.edu", locked=True, grade=3, graded=GRADED, username="jn03"),
        Student(12348, "Zoë Zack", "zoe@x.edu", username="zz04"),
    ]


def _fill(platform: Moodle, *submissions: Marked, language: str = "en") -> tuple[bytes, list[str]]:
    said: list[str] = []
    asked = Asked(Path("grades.csv"), platform.worksheet(), language=language, say=said.append)
    return moodle.render(Results("alexnet", submissions), asked), said


def _changed(before: bytes, after: bytes) -> set[tuple[int, int]]:
    """The cells that differ, by row and column; all else of the two files has to be the same, byte for byte."""
    old, new = read(before, "worksheet"), read(after, "worksheet")
    assert old.dialect == new.dialect
    assert old.ends == new.ends
    assert [len(row) for row in old.written] == [len(row) for row in new.written]
    cells = {(row, place) for row, cells in enumerate(old.written) for place in range(len(cells))}
    return {(row, place) for row, place in cells if old.written[row][place] != new.written[row][place]}


@pytest.mark.parametrize("pack", PACKS.values(), ids=PACKS)
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("blind", [False, True])
@pytest.mark.parametrize("quoting", [csv.QUOTE_MINIMAL, csv.QUOTE_ALL])
def test_moodle_takes_the_grades_back(pack: Pack, delimiter: str, blind: bool, quoting: int) -> None:
    platform = Moodle(pack, _class(), blind=blind, delimiter=delimiter, quoting=quoting, workflow=blind)
    before = platform.worksheet()
    after, said = _fill(platform, marked(moodle_student(12345), 40.25), marked(moodle_student(12346), 0))
    head = read(before, "worksheet").rows[0]
    wanted = {(row, head.index(title)) for row in (1, 2) for title in (pack.grade, pack.comments)}
    assert _changed(before, after) == wanted
    platform.take(after)
    assert [each.grade for each in platform.students] == [40.25, 0, 3, None]
    assert platform.students[0].comment == "<p>Score: 40.25 of 50.</p>"
    assert platform.students[3].comment == ""
    assert platform.skipped == {12347: "unchanged", 12348: "blank"}
    assert [sentence.split(":")[0] for sentence in said] == [
        "another grade stood there and is replaced",
        "another comment stood there and is replaced",
    ]


@pytest.mark.parametrize(
    ("line_end", "mark", "encoding"),
    [("\r\n", codecs.BOM_UTF8, "utf-8"), ("\r\n", b"", "cp1252"), ("\n", b"", "utf-8"), ("\r", b"", "utf-8")],
)
def test_the_file_stays_written_as_it_was(line_end: str, mark: bytes, encoding: str) -> None:
    platform = Moodle(GERMAN, _class(), line_end=line_end, mark=mark, encoding=encoding, delimiter=";")
    wrong = answer(feedback="日本 is not right.")
    after, _ = _fill(platform, marked(moodle_student(12345), answers=(wrong,)))
    assert len(_changed(platform.worksheet(), after)) == 2
    platform.take(after)
    told = {"utf-8": "日本", "cp1252": "&#26085;&#26412;"}[encoding]
    assert platform.students[0].comment == f"<p>Score: 40.25 of 50.</p><p>L7: {told} is not right.</p>"


def test_the_decimal_mark_is_the_worksheets() -> None:
    for pack, text in ((ENGLISH, b",40.25,50.00,"), (GERMAN, b',"40,25","50,00",')):
        assert text in _fill(Moodle(pack, _class()), marked(moodle_student(12345)))[0]


def test_other_maximum_grades_scale_and_are_told() -> None:
    platform = Moodle(GERMAN, _class(), most=10)
    after, said = _fill(platform, marked(moodle_student(12345), 61.5, 80.5), marked(moodle_student(12348), 80.5, 80.5))
    platform.take(after)
    assert (platform.students[0].grade, platform.students[3].grade) == (7.64, 10)  # 7.6397...
    assert said == ["grades are scaled from 80.5 marks to the maximum grade of 10"]
    assert "Punkte" not in platform.students[0].comment


def test_a_half_is_rounded_as_people_round() -> None:
    platform = Moodle(ENGLISH, _class(), most=100)
    after, _ = _fill(platform, marked(moodle_student(12345), 0.125, 100))
    platform.take(after)
    assert platform.students[0].grade == 0.13


def test_without_marks_there_is_no_grade_to_scale() -> None:
    with pytest.raises(UsageError, match="0 marks at most"):
        _fill(Moodle(ENGLISH, _class()), marked(moodle_student(12345), 0, 0))


def test_locked_rows_stay_and_are_told() -> None:
    platform = Moodle(GERMAN, _class())
    after, said = _fill(platform, marked(moodle_student(12347)))
    assert after == platform.worksheet()
    assert said == ["left as they are, because Moodle says that the grade cannot be changed: Teilnehmer/in12347"]


def test_what_was_graded_after_the_download_is_left_to_moodle() -> None:
    platform = Moodle(ENGLISH, _class())
    after, _ = _fill(platform, marked(moodle_student(12345)))
    platform.students[0].touched = True
    platform.take(after)
    assert platform.skipped[12345] == "stale"


def test_unmarked_and_unknown_submissions_leave_the_file_and_are_told() -> None:
    platform = Moodle(ENGLISH, _class())
    after, said = _fill(
        platform,
        unmarked(moodle_student(12345)),
        marked(moodle_student(99999), file="stranger.xlsx"),
        marked(NOBODY, file="evil\n::error::x.xlsx"),
    )
    assert after == platform.worksheet()
    assert said == [
        "not in the grading worksheet, by any id: stranger.xlsx (99999), evil ::error::x.xlsx",
        "without a grade, because the file could not be marked: broken.xlsx (12345)",
    ]


def test_two_submissions_of_one_row_are_told_and_neither_counts() -> None:
    platform = Moodle(ENGLISH, _class())
    roster = HandIn("S1", "Jane", "JANE@x.edu ", how="roster")
    after, said = _fill(platform, marked(moodle_student(12345), file="a.xlsx"), marked(roster, file="b.xlsx"))
    assert after == platform.worksheet()
    assert said == [
        "one row of the grading worksheet has several submissions, and stays as it is: a.xlsx (12345), b.xlsx (Jane)"
    ]


@pytest.mark.parametrize(
    ("hand_in", "row"),
    [
        (moodle_student(12346), 2),
        (moodle_student(12346, email="jane@x.edu"), 2),  # the participant decides
        (moodle_student(99, email="Jane@X.edu"), 1),  # of another assignment: then the address
        (HandIn("zz04", how="roster"), 4),
        (HandIn("ZZ04", how="Student cell"), 4),
        (HandIn("zoe@x.edu", how="file name"), 4),
        (HandIn("zz04", email="zoe@x.edu", how="roster"), 4),
        (HandIn("12345", how="canvas", platform="canvas", platform_id="12345"), None),  # another platform's number
        (HandIn("jd01", how="canvas", platform="canvas", platform_id="jd01"), None),  # is nobody's id here
        (HandIn("", name="Rick Roe"), None),  # never by name
        (HandIn("Rick Roe", how="file name"), None),
        (HandIn("submitted - graded", how="file name"), None),
        (HandIn("12345", how="roster"), None),  # a university's number that looks like a participant's
        (HandIn("", email="@"), None),
    ],
)
@pytest.mark.parametrize("pack", [ENGLISH, PACKS["made up"]], ids=["en", "made up"])
def test_rows_are_found_by_ids_alone(hand_in: HandIn, row: int | None, pack: Pack) -> None:
    platform = Moodle(pack, _class(), usernames=True)
    after, said = _fill(platform, marked(hand_in, file="x.xlsx"))
    assert {place for place, _ in _changed(platform.worksheet(), after)} == ({row} if row else set())
    assert any(sentence.startswith("not in the grading worksheet") for sentence in said) == (row is None)


@pytest.mark.parametrize(
    "hand_in",
    [
        HandIn("Cher", how="file name"),  # a name of one word is still a name
        HandIn("Team One", how="file name"),  # as a group or a marker may be called, whose column looks like an id's
        HandIn("S1", email="same@x.edu", how="roster"),  # one student's address is another's user name
    ],
)
def test_what_finds_a_name_or_two_students_finds_nobody(hand_in: HandIn) -> None:
    students = [
        Student(1, "Cher", "cher@x.edu", username="same@x.edu"),
        Student(2, "Rick Roe", "same@x.edu", username="Team One"),
    ]
    platform = Moodle(ENGLISH, students, usernames=True)
    after, said = _fill(platform, marked(hand_in, file="x.xlsx"))
    assert after == platform.worksheet()
    assert said[0].startswith("not in the grading worksheet, by any id: x.xlsx")


def test_an_address_of_two_rows_finds_neither() -> None:
    students = [*_class(), Student(12349, "Twin", "jane@x.edu")]
    platform = Moodle(ENGLISH, students)
    after, _ = _fill(platform, marked(HandIn("S1", email="jane@x.edu", how="roster")))
    assert after == platform.worksheet()


def test_a_worksheet_without_comments_gets_grades() -> None:
    platform = Moodle(ENGLISH, _class(), has_comments=False)
    after, said = _fill(platform, marked(moodle_student(12345)))
    assert len(_changed(platform.worksheet(), after)) == 1
    assert said == ["the worksheet has no column of comments (turn on Feedback comments); only grades are filled in"]


def _edited(change: dict[tuple[int, int], str], pack: Pack = ENGLISH, students: list[Student] | None = None) -> bytes:
    return read(Moodle(pack, students or _class()).worksheet(), "worksheet").edited(change)


@pytest.mark.parametrize(
    ("gradebook", "told"),
    [
        (None, "--gradebook FILE"),
        (b"a,b\n1,2\n", "no column is Identifier"),
        (b"Identifier,Grade\n", "no row of a student"),
        (Moodle(ENGLISH, _class()).worksheet().replace(b",50.00,", b",Good,"), "set the assignment's grade to points"),
        (Moodle(ENGLISH, _class()).worksheet().replace(b"50.00", b"50.5", 1), "no column is Maximum Grade"),
        (_edited({(1, 4): "60"}), "no column is Maximum Grade"),  # a grade that is more than there is
        (_edited({(2, 0): "Participant 12345"}), "Participant 12345 stands in it twice; take one of the lines out"),
        (_edited({(2, 0): "Teilnehmer 12346"}), "no column is Identifier"),
        (_edited({(0, 0): "x", (0, 1): "Identifier"}), 'its column "Identifier" is called Identifier, but its cells'),
        (_edited({(0, 8): "x", (0, 7): "Last modified (grade)"}, students=_class()[:1]), ""),
        (_edited({(1, 6): "perhaps"}), "no column is Grade can be changed"),
        (_edited({(1, 8): "yesterday"}), 'called Last modified (grade), but behind the maximum'),
        (_edited({(0, 0): "A", (0, 4): "B", (0, 5): "C", (1, 3): "50", (2, 3): "50", (3, 3): "50", (4, 3): "50"}
                 | {(row, 2): "" for row in range(1, 5)}), '"Status", "C" may each be Maximum Grade'),
    ],
)  # fmt: skip
def test_what_is_in_doubt_is_told_and_not_filled(gradebook: bytes | None, told: str) -> None:
    results = Results("alexnet", (marked(moodle_student(12345)),))
    if not told:  # headings decide where the cells leave a choice
        before = gradebook or b""
        assert _changed(before, moodle.render(results, Asked(Path("x.csv"), before))) == {(1, 4), (1, 9)}
        return
    with pytest.raises(UsageError) as caught:
        moodle.render(results, Asked(Path("x.csv"), gradebook))
    assert told in str(caught.value)


def test_a_doubt_lists_the_columns_and_says_what_to_do() -> None:
    with pytest.raises(UsageError, match="switch Moodle to English") as caught:
        moodle.render(Results("alexnet", ()), Asked(Path("x.csv"), _edited({(1, 6): "perhaps"}, PACKS["made up"])))
    assert '"Aa", "Bb", "Cc"' in str(caught.value)


# --- comments -------------------------------------------------------------------------------------------------------

ANSWERS = (
    answer("conv1.parameters", "L7", feedback="conv1, Parameters: 34848 is not right; it leaves out the biases."),
    answer("conv1.neurons", "I7", "correct", score=1, feedback=""),
    answer("fc6.neurons", "I15", "blank", feedback="Left blank."),
    answer("fc6.weights", "J15", "blank", feedback="Left blank."),
    answer("fc6.biases", NOWHERE, "blank", feedback="Not in this file."),
    answer("question.2", "C7", "for-a-person", feedback="A person marks this."),
)


def test_a_comment_says_the_score_the_causes_and_the_cells() -> None:
    told = marked(NOBODY, 41.5, 80.5, open=11.0, summary=("In 2 cells (L7, L9) it is so.",), answers=ANSWERS)
    assert comment(told) == (
        "<p>Score: 41.5 of 69.5 that are marked by now; up to 11 more from a person; 80.5 in all.</p>"
        "<p>In 2 cells (L7, L9) it is so.</p>"
        "<p>L7: conv1, Parameters: 34848 is not right; it leaves out the biases.</p>"
        "<p>fc6.biases: Not in this file.</p>"
        "<p>Left blank: I15, J15.</p>"
    )
    assert comment(told, "de").startswith("<p>Punkte: 41.5 von 69.5, die bisher bewertet sind; bis zu 11")
    assert comment(told, "de").endswith("<p>Leer gelassen: I15, J15.</p>")


def test_cells_of_several_worksheets_are_told_apart() -> None:
    other = answer("question.1", "L7", sheet="Questions", feedback="Left blank.", status="blank")
    assert comment(marked(NOBODY, answers=(*ANSWERS[:1], other))).endswith(
        "<p>Table L7: conv1, Parameters: 34848 is not right; it leaves out the biases.</p>"
        "<p>Left blank: Questions L7.</p>"
    )


def test_a_comment_has_an_end_and_says_so() -> None:
    many = tuple(answer(f"x.{number}", f"A{number}", feedback="wrong " * 20) for number in range(500))
    blank = tuple(replace(each, status="blank", feedback="Left blank.") for each in many)
    told = comment(marked(NOBODY, answers=many))
    assert LONGEST * 0.9 < len(told) < LONGEST * 1.1
    shown = told.count("wrong wrong") // 10
    assert told.endswith(f"<p>{500 - told.count('<p>A')} more sentences are left out here.</p>")
    assert shown
    assert comment(marked(NOBODY, answers=blank)).endswith("<p>500 answers were left blank.</p>")
    one_more = (*many[: told.count("<p>A")], answer("y", "B1", feedback="wrong " * 20))
    assert comment(marked(NOBODY, answers=one_more)).endswith("<p>1 more sentence is left out here.</p>")


NASTY = [
    '<script>alert(1)</script> & "quotes" \\',
    "$$\\input{/etc/passwd}$$ \\(x\\) `x`",
    "{mlang other}[[embed]] \r\n,;\t\x00\x1b\u2028",
    '\\"',
    "=HYPERLINK(0)",
]


@pytest.mark.parametrize("text", NASTY)
def test_what_a_student_wrote_is_escaped(text: str) -> None:
    platform = Moodle(ENGLISH, _class())
    after, _ = _fill(platform, marked(moodle_student(12345), answers=(answer(feedback=f"{text} is not right."),)))
    rows = list(csv.reader(io.StringIO(after.decode(), newline="")))
    said = rows[1][-1]
    assert not set(said.replace("<p>", "").replace("</p>", "")) & set('<>"\\$`[]{}\r\n\t\x00\x1b\u2028')
    platform.take(after)
    assert platform.students[0].comment == said  # PHP and Python read the same
    assert platform.students[1].comment == _class()[1].comment


@given(st.text(), st.text())
def test_any_text_comes_through_moodles_reader(before: str, text: str) -> None:
    students = [
        Student(1, "A", "a@x.edu", comment=before.replace("\\", "").replace("\r", "")),
        Student(2, "B", "b@x.edu"),
    ]
    platform = Moodle(ENGLISH, students)
    try:
        platform.worksheet().decode()
    except UnicodeEncodeError:
        return
    if "\0" in before:
        return
    answers = (answer(feedback=text or "x"),)
    after, _ = _fill(platform, marked(moodle_student(2), answers=answers))
    platform.take(after)
    assert students[1].grade == 40.25
    assert students[1].comment == comment(marked(NOBODY, answers=answers))


def test_right_numbers_are_told_only_with_reveal() -> None:
    hidden = Answer("a.b", "Table", "L7", "1", "wrong", 0, 1, feedback="1 is not right.", expected=34944)
    assert "34944" not in comment(marked(NOBODY, answers=(hidden,)))
    shown = replace(hidden, status="blank", feedback="Left blank. The answer is 34944.")
    assert comment(marked(NOBODY, answers=(shown,))).endswith("<p>L7: Left blank. The answer is 34944.</p>")


def test_write_returns_what_the_instructor_should_know(tmp_path: Path) -> None:
    platform = Moodle(ENGLISH, _class())
    asked = Asked(tmp_path / "grades.csv", platform.worksheet())
    said = reports.write("moodle", Results("alexnet", (marked(NOBODY, file="who.xlsx"),)), asked).said
    assert said == ("not in the grading worksheet, by any id: who.xlsx",)
    assert asked.target.read_bytes() == platform.worksheet()
