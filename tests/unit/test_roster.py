"""Rosters as they come: headings, encodings, separators, a platform's own lists, and all mistakes at once."""

from __future__ import annotations

from pathlib import Path

import pytest

from sheetgen.errors import UsageError
from sheetgen.handin import HandIn
from sheetgen.roster import parse_roster, read_roster
from tests.gradebooks import PACKS, Moodle, Pack, Student

CANVAS = (  # as shared/FORMATS has it, from Canvas's own importer
    b"Student,ID,SIS User ID,SIS Login ID,Section,AlexNet table (9876)\n"
    b"    Points Possible,,,,,50.00\n"
    b'"Doe, Jane",123,S001,jdoe,Sec 1,41.50\n'
)
MOODLE = (
    b"Identifier,Full name,Email address,Status,Grade,Maximum Grade,Grade can be changed\n"
    b"Participant 12345,Jane Doe,j@x.edu,Submitted for grading,41.50,50.00,Yes\n"
)


def test_canvas_makes_up_a_student_who_is_none() -> None:
    assert parse_roster(CANVAS + b'"Student, Test",999,,0a1b,Sec 1,\n', "r.csv") == parse_roster(CANVAS, "r.csv")
    apart = CANVAS.replace(b"Student,", b"LastName,FirstName,").replace(b'"Doe, Jane"', b"Doe,Jane")
    apart = apart.replace(b"Possible,", b"Possible,,")
    assert parse_roster(apart, "r.csv").platforms == parse_roster(CANVAS, "r.csv").platforms
    both = [parse_roster(data, "r.csv").students for data in (apart, apart + b"Student,Test,999,,0a1b,Sec 1,\n")]
    assert both[0] == both[1] != ()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_encodings_and_separators(encoding: str, delimiter: str) -> None:
    lines = [("Matrikelnummer", "Vorname", "Nachname", "E-Mail-Adresse"), ("007", "Jürgen", "Groß", "j@x.edu")]
    data = "\r\n".join(delimiter.join(line) for line in lines).encode(encoding)
    roster = parse_roster(data, "r.csv")
    assert roster.students == (HandIn("007", "Jürgen Groß", "j@x.edu", "roster", platform_id="007"),)
    assert roster.find(" 007 ") == roster.find("J@X.EDU") == roster.named("jürgen  groß") == (0,)
    assert roster.find("7") == roster.find("") == roster.named("Jürgen") == ()


@pytest.mark.parametrize(
    "heading",
    [
        "id", "Student ID", "student_id", "SIS User ID", "SIS Login ID", "SID", "Identifier", "Username", "Login",
        "Matriculation number", "Matrikelnummer", "Matrikel-Nr.", "Matr.Nr.", "E-mail", "Email Address", "E-Mail",
        "Benutzername", "ID number", "Canvas ID", "University ID",
    ],
)  # fmt: skip
def test_headings_of_ids(heading: str) -> None:
    assert parse_roster(f"Note,{heading}\nx,ab7\n".encode(), "r").students[0].id == "ab7"


@pytest.mark.parametrize(
    ("headings", "row"),
    [
        ("Name", "Jane Doe"),
        ("First name,Surname", "Jane,Doe"),
        ("Nachname,Vorname", "Doe,Jane"),
        ("Student", "Jane Doe"),
    ],
)
def test_headings_of_names(headings: str, row: str) -> None:
    assert parse_roster(f"ID,{headings}\n7,{row}\n".encode(), "r").students[0].name == "Jane Doe"


def test_canvas_gradebook() -> None:
    roster = parse_roster(CANVAS, "r")
    assert roster.students == (HandIn("S001", "Doe, Jane", "", "roster", platform_id="123"),)
    assert roster.find("123", "canvas") == roster.find("jdoe") == roster.find("s001") == (0,)
    assert roster.find("S001", "canvas") == ()  # Canvas's numbers are in the column of Canvas
    assert roster.named("Jane Doe") == roster.named("doe, jane") == (0,)


def test_moodles_worksheet_in_any_language() -> None:
    german = b"ID,Vollst\xc3\xa4ndiger Name,E-Mail-Adresse\nTeilnehmer/in 12345,Jane Doe,j@x.edu\n"
    for data in (MOODLE, german):
        roster = parse_roster(data, "r")
        assert roster.students == (HandIn("j@x.edu", "Jane Doe", "j@x.edu", "roster", platform_id="12345"),)
        assert roster.find("12345", "moodle") == (0,)


NO_BLANK = Pack("Aa", "Bb", "Cc", "Dd", "Ee", "Ff", "Gg", "Hh", "Ii", "Jj", "Zz", "はい", "いいえ", ",")


@pytest.mark.parametrize("blind", [False, True])
@pytest.mark.parametrize("pack", [*PACKS.values(), NO_BLANK], ids=[*PACKS, "no blank"])
def test_the_number_of_a_participant_in_each_language(pack: Pack, blind: bool) -> None:
    students = [Student(940_000 + n, f"Student {n}", f"s{n}@x.edu", grade=n or None) for n in range(2)]
    roster = parse_roster(Moodle(pack, students, blind=blind).worksheet(), "r.csv")
    assert [each.platform_id for each in roster.students] == ["940000", "940001"]
    assert [roster.find(number, "moodle") for number in ("940000", "940001")] == [(0,), (1,)]


def test_student_numbers_that_begin_with_a_letter_are_no_participants() -> None:
    for heading in ("ID", "Identifier"):
        roster = parse_roster(f"{heading},Name,Score,Most\ns1,Ada,1.00,50.00\ns2,Ben,2.00,40.00\n".encode(), "r.csv")
        assert [each.id for each in roster.students] == ["s1", "s2"]
    roster = parse_roster(b"ID,Name,Score,Most\ns1,Ada,1.00,50.00\ns2,Ben,2.00,50.00\n", "r.csv")
    assert (roster.find("s1"), dict(roster.platforms)) == ((0,), {})


def test_gradescopes_roster() -> None:
    roster = parse_roster(b"First Name,Last Name,SID,Email\nJane,Doe,007,j@x.edu\n", "r")
    assert roster.students == (HandIn("007", "Jane Doe", "j@x.edu", "roster", platform_id="007"),)


def test_a_platforms_number_is_not_the_students() -> None:
    data = b"Student ID,Canvas ID,Name\n5,9,Ada\n9,5,Ben\n"
    roster = parse_roster(data, "r")
    assert (roster.find("5", "canvas"), roster.find("5")) == ((1,), (0,))


def test_ids_stay_as_they_are_written() -> None:
    data = b'sep=;\r\nID;Name\r\n"=""007""";A\r\n12345.0;B\r\n0;"C\r\nD"\r\n\r\n;;\r\n1e3;E\r\n'
    assert [each.id for each in parse_roster(data, "r").students] == ["007", "12345", "0", "1e3"]


def test_all_mistakes_are_told_at_once_with_their_lines() -> None:
    data = b'Student ID,Name,Email\n7,"Ada\nB",a@x\n ,Ben,\n7,Cy,c@x\n8,Di,A@X \n1.2E+10,Ed,e@x\n'
    with pytest.raises(UsageError) as error:
        parse_roster(data, "r.csv")
    assert str(error.value).splitlines() == [
        "the roster r.csv, line 4: Ben has no id",
        "the roster r.csv, line 5: the id 7 is that of line 2 too",
        "the roster r.csv, line 6: the id A@X is that of line 2 too",
        "the roster r.csv, line 7: 1.2E+10 is an id that a spreadsheet has rounded; format the column as text",
    ]


def test_a_hundred_mistakes_are_not_a_hundred_lines() -> None:
    with pytest.raises(UsageError) as error:
        parse_roster(b"ID,Name\n" + b",x\n" * 100, "r")
    assert len(str(error.value).splitlines()) == 21
    assert str(error.value).endswith("and 80 more")


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "is empty"),
        (b"\n \n", "is empty"),
        (b"Name,Grade\nAda,1\n", r"line 1: no column can be a student's id \(found 'Name', 'Grade'\)"),
        (b"ID,Name\n", "there is no student below the headings"),
        (b"PK\3\4rest", "is a workbook; save it as CSV"),
        (b"ID\n" + b"x" * 200_000, "cannot be read as a CSV"),
        (b"x" * (16 * 2**20 + 1), "has more than 16 MiB"),
    ],
)
def test_what_is_no_roster(data: bytes, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        parse_roster(data, "r")


def test_a_roster_that_cannot_be_opened(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="there is no roster"):
        read_roster(tmp_path / "r.csv")
    with pytest.raises(UsageError, match="is no file; it is a CSV"):
        read_roster(tmp_path)
    (tmp_path / "r.csv").write_bytes(CANVAS)
    assert len(read_roster(tmp_path / "r.csv").students) == 1
