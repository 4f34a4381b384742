"""Whose each file is: what is believed before what, which of several counts, and that nothing is guessed."""

from __future__ import annotations

import os
import tracemalloc
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as some

from sheetgen.folders import gather
from sheetgen.handin import HandIn, How, Platform
from sheetgen.identity import Entry, Settled, settle
from sheetgen.roster import Roster, parse_roster
from tests.zips_made import workbook, zipped

ROSTER = parse_roster(
    b"Student ID,Login,Name,E-mail,Identifier,Canvas ID\n"
    b"s1,jdoe,Jane Doe,jane@x.edu,Participant 101,201\n"
    b"s2,jroe,John Roe,john@x.edu,Participant 102,202\n"
    b"s3,akim,Alex Kim,alex@x.edu,Participant 103,203\n"
    b"s4,akim2,Alex Kim,alex2@x.edu,Participant 104,204\n",
    "r.csv",
)
PLAIN = parse_roster(b"ID,Name\ns1,Jane Doe\ns2,John Roe\n", "r.csv")


def _moodle(number: str, name: str = "") -> HandIn:
    return HandIn(number, name, "", "moodle", "moodle", number)


def _canvas(number: str, order: int = 0) -> HandIn:
    return HandIn(number, "doejane", "", "canvas", "canvas", number, order=order)


def _named(number: str) -> HandIn:
    return HandIn(number, how="file name")


def _of(settled: Settled) -> list[tuple[str, How]]:
    return [(each.id, each.how) for each in settled.hand_ins]


@pytest.mark.parametrize(
    ("hand_in", "cell", "id", "said"),
    [
        (_moodle("102"), "", "s2", ""),
        (_canvas("202"), "", "s2", ""),
        (_named("JROE "), "", "s2", ""),
        (HandIn(), " S2 ", "s2", ""),
        (HandIn(), "john@x.edu", "s2", ""),
        (HandIn(), "John Roe", "s2", "a: taken for John Roe (s2) by the name in the Student cell, not by an id"),
        (HandIn(), "Roe", "", "a: the Student cell says 'Roe', and nobody on the roster has that"),
        (HandIn(), "alex kim", "", "a: the Student cell says 'alex kim', and 2 students on the roster have that name"),
        (HandIn(), "", "", "a: nobody knows whose it is; no id is typed into its Student cell"),
        (HandIn(), "x" * 101, "", "a: nobody knows whose it is; what its Student cell holds is too long for an id"),
        (_moodle("102"), "s2", "s2", ""),
        (_moodle("102"), "Johnny", "s2", ""),  # a nickname contradicts nobody
        (
            _moodle("102"),
            "s1",
            "s2",
            "a: the Student cell says 's1', Jane Doe (s1), but Moodle says John Roe (s2); that",
        ),
        (_moodle("102"), "s77", "s2", "a: the Student cell says 's77', nobody on the roster, but Moodle says John Roe"),
        (
            _named("s2"),
            "Jane Doe",
            "s2",
            "a: the Student cell says 'Jane Doe', Jane Doe (s1), but the name of the file",
        ),
        (_moodle("999"), "", "", "a: Moodle says '999', and nobody on the roster has that"),
        (
            _moodle("999"),
            "s1",
            "",
            "a: the Student cell says 's1', Jane Doe (s1), who has another id than that of Moodle",
        ),
        (
            replace(_moodle("102"), id="s1", how="file name"),
            "",
            "s2",
            "a: the name of the file says 's1', Jane Doe (s1)",
        ),
        (HandIn(name="Group 5", platform="moodle"), "", "", "a: Moodle says that it was handed in by 'Group 5', which"),
        (HandIn(name="Group 5", platform="moodle"), "s1", "s1", ""),
        (
            HandIn("", "Ann", "", "", "gradescope"),
            "",
            "",
            "a: Gradescope says that it was handed in by 'Ann', which is no",
        ),
    ],
)
def test_what_is_believed_before_what(hand_in: HandIn, cell: str, id: str, said: str) -> None:
    settled = settle([Entry("a", hand_in, cell)], ROSTER)
    ((found, how),) = _of(settled)
    assert (found, how) == (id, "roster") if id else how != "roster"
    assert len(settled.unknown) == bool(said)
    assert "".join(settled.unknown).startswith(said)
    assert [each.id for each in settled.missing] == [each for each in ("s1", "s2", "s3", "s4") if each != id]


def test_a_roster_without_the_platforms_ids_is_met_through_the_cell() -> None:
    settled = settle([Entry("a", _moodle("102", "John Roe"), "s2")], PLAIN)
    (found,) = settled.hand_ins
    assert found == HandIn("s2", "John Roe", "", "roster", "moodle", "102")
    assert settled.unknown == ()


def test_without_a_roster_the_best_evidence_is_the_id() -> None:
    entries = [
        Entry("a", _moodle("5"), "s5"),
        Entry("b", _named("s6"), "Ann"),
        Entry("c", HandIn(), "s7"),
        Entry("d", HandIn()),
    ]
    settled = settle(entries)
    assert _of(settled) == [("5", "moodle"), ("s6", "file name"), ("s7", "Student cell"), ("", "")]
    assert settled.unknown == (
        "d: nobody knows whose it is; its name does not match --names, and no id is typed into its Student cell",
    )
    assert settle([Entry("a", HandIn()), Entry("b", HandIn())]).unknown == ()  # nobody asked
    settled = settle([Entry("a", _named("s6"), "s7")])
    assert settled.unknown == ("a: the Student cell says 's7', but the name of the file says 's6'; that counts",)


def test_two_platforms_numbers_are_not_one_student() -> None:
    assert settle([Entry("a", _moodle("5")), Entry("b", _canvas("5")), Entry("c", _named("5"))]).counting == (0, 1, 2)


# --- duplicates -----------------------------------------------------------------------------------------------------


def test_two_students_who_name_one_row_by_different_routes() -> None:
    entries = [Entry("a", _named("s1")), Entry("b", _moodle("900"), "s1"), Entry("c", HandIn(), "s1")]
    settled = settle(entries, PLAIN)
    assert _of(settled) == [("s1", "roster"), ("900", "moodle"), ("", "")]
    assert settled.unknown == (
        "duplicates: a, b, c all name Jane Doe (s1); only the first is, by the name of the file; leave only the file "
        "that counts, or name the files by --names",
    )
    assert settled.counting == (0, 1, 2)
    assert settled.doubts == {1: settled.unknown, 2: settled.unknown}
    settled = settle(entries[:2], PLAIN)
    assert settled.unknown == (
        "duplicates: a, b are of different students, but all name Jane Doe (s1); only the first is, by the name of the "
        "file",
    )
    settled = settle([Entry("a", _moodle("900"), "s1"), Entry("b", _moodle("901"), "s1")], PLAIN)
    assert _of(settled) == [("900", "moodle"), ("901", "moodle")]
    assert settled.unknown == (
        "duplicates: a, b are of different students, but all name Jane Doe (s1); none is taken for theirs",
    )
    assert [each.id for each in settled.missing] == ["s1", "s2"]


def test_two_files_of_one_student_are_no_duplicates() -> None:
    entries = [Entry("a", _moodle("900"), "s1"), Entry("b", replace(_moodle("900"), time="2026-06-01"), "S1")]
    settled = settle([replace(entries[0], hand_in=replace(_moodle("900"), time="2026-06-02")), entries[1]], PLAIN)
    assert _of(settled) == [("s1", "roster")] * 2
    assert settled.counting == (0,)
    assert settled.unknown == ()


@pytest.mark.parametrize("roster", [None, ROSTER], ids=["no roster", "roster"])
@pytest.mark.parametrize("platform", ["moodle", "gradescope"])
def test_the_cell_joins_no_two_teams(platform: Platform, roster: Roster | None) -> None:
    teams = [HandIn(name=f"Group {n}", platform=platform, time=f"2026-06-{n}") for n in (12, 14)]
    settled = settle([Entry("12/a.xlsx", teams[0], "s1"), Entry("14/a.xlsx", teams[1], "s1", blank=True)], roster)
    assert settled.counting == (0, 1)
    assert [(each.id, each.shown, each.how) for each in settled.hand_ins] == [
        ("", "Group 12", ""),
        ("", "Group 14", ""),
    ]
    called = "Jane Doe (s1)" if roster else "'s1'"
    assert settled.unknown == (
        f"duplicates: 12/a.xlsx, 14/a.xlsx are of different teams, but all name {called}; none is taken for theirs",
    )
    assert settled.doubts == dict.fromkeys((0, 1), settled.unknown)
    settled = settle([Entry("12/a.xlsx", teams[0], "s1"), Entry("b.xlsx", _named("s1"))], roster)
    assert [each.id for each in settled.hand_ins] == ["", "s1"]
    assert "are of different students, but all name" in settled.unknown[0]
    assert settled.counting == (0, 1)


def test_a_teams_own_files_are_one_hand_in() -> None:
    team = HandIn(name="Group 12", platform="moodle")
    files = [("a", "2026-06-01", "s1"), ("b", "2026-06-02", "s1")]
    for roster in (None, ROSTER):
        settled = settle([Entry(name, replace(team, time=time), cell) for name, time, cell in files], roster)
        assert (settled.counting, settled.unknown, settled.hand_ins[1].id) == ((1,), (), "s1")
        settled = settle([Entry(name, replace(team, time=time)) for name, time, _ in files], roster)
        assert settled.counting == (1,)
    entries = [
        Entry("a", replace(team, time="2026-06-01"), "s1"),
        Entry("b", replace(team, time="2026-06-02")),
        Entry("c", replace(team, name="Group 14"), "s1"),
    ]
    assert settle(entries).counting == (1, 2)  # whom the cell names is open, but not which team it is
    # two teams of Gradescope may have the same names
    alike = [HandIn(name="Li Wei, Ann", platform="gradescope", time=time) for _, time, _ in files]
    assert settle([Entry(str(at), each, "s1") for at, each in enumerate(alike)]).counting == (0, 1)


@pytest.mark.parametrize("roster", [None, ROSTER], ids=["no roster", "roster"])
@pytest.mark.parametrize("cell", ["s1", "S1 "])
def test_who_types_anothers_id_supersedes_nobody(cell: str, roster: Roster | None) -> None:
    entries = [
        Entry("a-victim.xlsx", HandIn(time="2026-06-01"), "s1"),
        Entry("b-mallory.xlsx", HandIn(time="2026-06-02"), cell),
        Entry("c.xlsx", HandIn(time="2026-06-03"), "s2"),
    ]
    settled = settle(entries, roster)
    assert (settled.counting, settled.superseded) == ((0, 1, 2), ())
    assert [each.id for each in settled.hand_ins] == ["", "", "s2"]
    called = "Jane Doe (s1)" if roster else "'s1'"
    assert settled.unknown == (
        f"duplicates: a-victim.xlsx, b-mallory.xlsx all say that they are of {called}, and nothing but their Student "
        "cells does; none is taken for theirs; leave only the file that counts, or name the files by --names",
    )
    assert settled.doubts == dict.fromkeys((0, 1), settled.unknown)


def test_a_name_in_the_cell_is_as_little_proof() -> None:
    settled = settle([Entry("a.xlsx", HandIn(), "s1"), Entry("b.xlsx", HandIn(), "Jane Doe")], ROSTER)
    assert settled.counting == (0, 1)
    (said,) = settled.unknown  # and not that b was taken for her
    assert said.startswith("duplicates: a.xlsx, b.xlsx all say")


def test_many_who_type_one_id_are_one_short_sentence() -> None:
    settled = settle([Entry(f"{n}.xlsx", HandIn(), "s1") for n in range(300)])
    assert settled.counting == tuple(range(300))
    (said,) = settled.unknown
    assert "4.xlsx, 5.xlsx and 294 more all say" in said


@pytest.mark.parametrize(
    ("names", "one"),
    [
        (("d/a.xlsx", "d/a (1).xlsx"), True),
        (("d/a (1).xlsx", "d/a (2).XLSX"), True),
        (("d/a.xlsx", "d/a(12).xlsx"), True),
        (("d/A.xlsx", "d/a-1.xlsx"), True),
        (("d/a_v1.xlsx", "d/a_v2.xlsx"), True),
        (("d/a.xlsx", "d/a - Copy.xlsx"), True),
        (("d/a - Kopie.xlsx", "d/a - Kopie (2).xlsx"), True),
        (("d/a.xlsx", "d/a copy.xlsx"), True),
        (("d/a.xlsx", "d/a copyright.xlsx"), False),
        (("d/a.zip/t.xlsx", "d/a (1).zip/t.xlsx"), True),
        (("d/a.xlsx", "e/a.xlsx"), False),  # a folder for each student
        (("d (1)/a.xlsx", "d/a.xlsx"), False),
        (("d.1/a.xlsx", "d.2/a.xlsx"), False),
        (("d/hw-1.xlsx", "d/hw-2.xlsx"), False),  # numbers of students
        (("d/hw.xlsx", "d/hw-4711.xlsx"), False),
        (("d/hw_4711.xlsx", "d/hw_4712.xlsx"), False),
        (("d/a.xlsx", "d/a (1)b.xlsx"), False),
    ],
)
def test_copies_of_one_file_are_one_students(names: tuple[str, str], one: bool) -> None:
    for roster in (None, ROSTER):
        settled = settle([Entry(name, HandIn(), "s1") for name in names], roster)
        assert settled.counting == ((1,) if one else (0, 1))
        assert bool(settled.unknown) != one


@pytest.mark.parametrize(
    ("ids", "roster", "said"),
    [
        (
            ("s1", "s1-1"),
            PLAIN,
            "the name of the file says 's1-1', and nobody on the roster has that; if it is a copy ",
        ),
        (("s2", "s1_v2"), PLAIN, "the name of the file says 's1_v2', and nobody on the roster has that; if it is a co"),
        (("s1", "s7-1"), PLAIN, "the name of the file says 's7-1', and nobody on the roster has that"),
        (
            ("s1", "s1-1"),
            None,
            "the name of the file says 's1-1', taken for another student than 's1'; if it is a copy",
        ),
        (("s1", "s2-1"), None, ""),  # ids of one class may all look like that
        (("s1-1", "s1-2"), None, ""),
        (("s1", "s1-2026"), None, ""),
    ],
)
def test_a_name_that_may_be_a_copy_or_an_id_is_told_and_joins_nobody(
    ids: tuple[str, str], roster: Roster | None, said: str
) -> None:
    settled = settle([Entry(f"d/{each}.xlsx", _named(each)) for each in ids], roster)
    assert settled.counting == (0, 1)
    assert settled.superseded == ()
    assert [each[: len(said) + len(f"d/{ids[1]}.xlsx: ")] for each in settled.unknown] == (
        [f"d/{ids[1]}.xlsx: {said}"] if said else []
    )
    if said.endswith("has that"):
        assert settled.unknown[0].endswith("has that")
    elif said:
        whose = ids[1][:2]
        assert settled.unknown[0].endswith(
            f"if it is a copy by '{whose}', call it '{whose} (1)', which no id looks like"
        )


def test_what_a_browser_or_windows_calls_a_second_file_is_the_same_students(tmp_path: Path) -> None:
    """And that advice is good: what is called so counts, if it is the newest."""
    for number, name in enumerate(("s1", "s1 (1)", "s2", "s2 - Kopie", "s3", "s3-1")):
        (tmp_path / f"{name}.xlsx").write_bytes(workbook())
        os.utime(tmp_path / f"{name}.xlsx", (1_000_000_000 + 60 * number,) * 2)
    files = gather([tmp_path], "{id}.xlsx").files
    settled = settle([Entry(file.shown, file.hand_in) for file in files])
    assert {each.file: each.counts for each in settled.superseded} == {
        str(tmp_path / "s1.xlsx"): str(tmp_path / "s1 (1).xlsx"),
        str(tmp_path / "s2.xlsx"): str(tmp_path / "s2 - Kopie.xlsx"),
    }
    assert sorted(each.id for each in settled.hand_ins) == ["s1", "s1", "s2", "s2", "s3", "s3-1"]


def test_copies_go_with_what_they_are_a_copy_of() -> None:
    names = ("victim.xlsx", "victim (1).xlsx", "mallory.xlsx")
    settled = settle([Entry(name, HandIn(time="2026"), "s1") for name in names])
    assert settled.counting == (1, 2)
    assert [each.file for each in settled.superseded] == ["victim.xlsx"]
    entries = [Entry("s1.xlsx", _named("s1")), Entry("s1 (1).xlsx", HandIn(), "s1"), Entry("b.xlsx", HandIn(), "s1")]
    settled = settle(entries)
    assert [each.id for each in settled.hand_ins] == ["s1", "s1", ""]
    assert settled.counting == (1, 2)


@pytest.mark.parametrize(
    ("platform", "name", "cell", "believed"),
    [
        ("moodle", "Mal Lory", "s1", False),
        ("moodle", "Mal Lory", "Jane Doe", False),
        ("moodle", "jane  doe", "s1", True),
        ("moodle", "Doe, Jane", "s3", True),
        ("moodle", "", "s1", True),  # marking is blind
        ("moodle", "Mal Lory", "s2", True),  # the roster has no name of theirs
        ("canvas", "lorymal", "s1", False),
        ("canvas", "doejane", "s1", True),
        ("canvas", "vanderdoejane", "s4", True),
        ("canvas", "doejanevander", "s4", True),
        ("canvas", "krausejrgen", "s5", True),  # by what dropped its letters
        ("gradescope", "Mal Lory", "s1", False),
    ],
)
def test_a_cell_that_names_another_than_the_platform_is_not_believed(
    platform: Platform, name: str, cell: str, believed: bool
) -> None:
    rows = 's1,Jane Doe\ns2,\ns3,"Doe, Jane"\ns4,Jane van der Doe\ns5,Jürgen Krause\n'
    if cell == "Jane Doe":
        rows = rows.replace('s3,"Doe, Jane"\n', "")  # a name that two have is nobody's
    roster = parse_roster(f"ID,Name\n{rows}".encode(), "r.csv")
    hand_in = HandIn("102", name, "", "canvas" if platform == "canvas" else "moodle", platform, "102")
    settled = settle([Entry("a", hand_in, cell)], roster)
    (found,) = settled.hand_ins
    assert found.id == (cell if believed else "102")
    assert found.name == (roster.students[roster.find(cell)[0]].name or name if believed else name)
    word = platform.capitalize()
    said = f"a: the Student cell says '{cell}', Jane Doe (s1), but {word} says 'Mal Lory'; the cell is not believed"
    assert settled.unknown == (() if believed else (said.replace("Mal Lory", name),))
    assert ("s1" in [each.id for each in settled.missing]) == (not believed or cell != "s1")


# --- which counts ---------------------------------------------------------------------------------------------------


def _at(time: str, *, order: int = 0, platform: Platform = "canvas") -> HandIn:
    return HandIn("7", "", "", "canvas" if platform == "canvas" else "file name", platform, "7", time=time, order=order)


def test_the_newest_counts_and_the_others_are_named() -> None:
    entries = [
        Entry("a", _at("2026-06-02T09:00:00")),
        Entry("b", _at("2026-06-03T09:00:00")),
        Entry("c", _at("2026-06-01")),
    ]
    settled = settle(entries)
    assert settled.counting == (1,)
    assert [(each.file, each.student, each.counts, each.why) for each in settled.superseded] == [
        ("a", "7", "b", ""), ("c", "7", "b", ""),
    ]  # fmt: skip


def test_the_platforms_number_comes_before_the_time() -> None:
    entries = [Entry("a", _at("2026-06-01", order=9)), Entry("b", _at("2026-06-03", order=8))]
    assert settle(entries).counting == (0,)
    entries[1] = Entry("b", _at("2026-06-03"))  # without a number: then only the time tells
    assert settle(entries).counting == (1,)


def test_a_newest_that_could_not_be_marked_does_not_count() -> None:
    entries = [
        Entry("a", _at("2026-06-01"), reason="the file is empty"),
        Entry("b", _at("2026-06-02")),
        Entry("c", _at("2026-06-03"), reason="this is a PDF"),
    ]
    settled = settle(entries)
    assert settled.counting == (1,)
    assert [each.why for each in settled.superseded] == ["", "it could not be marked: this is a PDF"]
    unmarked = [replace(each, reason="it is broken") for each in entries]
    assert settle(unmarked).counting == (2,)


@pytest.mark.parametrize("times", [("", "", ""), ("2026-06-01",) * 3, ("2026-06-01", "", "2026-06-01")])
def test_where_nothing_tells_the_last_by_name_counts(times: tuple[str, str, str]) -> None:
    names = ("hw10.xlsx", "hw9.xlsx", "hw2.xlsx")
    settled = settle([Entry(name, _at(time)) for name, time in zip(names, times, strict=True)])
    assert settled.counting == (0,)
    assert {each.why for each in settled.superseded} == {"nothing tells which is newer, so the last by name counts"}
    assert settled.unknown == (
        "hw10.xlsx: nothing tells whether it is newer than hw9.xlsx, hw2.xlsx; it counts, as the last by name",
    )
    assert settled.doubts == {0: settled.unknown}


@pytest.mark.parametrize(
    "names",
    [
        ("40002_Chiara Abel.xlsx", "40002_Chiara Abel (1).xlsx"),
        ("40002_Chiara Abel (9).xlsx", "40002_Chiara Abel (10).xlsx"),
        ("40002_Chiara Abel.xlsx", "40002_Chiara Abel(1).xlsx"),
        ("40002_Chiara Abel.xlsx", "40002_Chiara Abel-1.xlsx"),
        ("40002_Chiara Abel - Copy.xlsx", "40002_Chiara Abel - Copy (2).xlsx"),
        ("40002_Chiara Abel.zip/t.xlsx", "40002_Chiara Abel (1).zip/t.xlsx"),
    ],
)
@pytest.mark.parametrize("newest_first", [False, True])
def test_where_only_copies_tell_the_last_copy_counts(names: tuple[str, str], newest_first: bool) -> None:
    entries = [Entry(name, _named("40002")) for name in (names[::-1] if newest_first else names)]
    settled = settle(entries)
    (old,) = settled.superseded
    assert (old.file, old.counts) == names
    assert old.why == "nothing else tells which is newer, so the last copy by name counts"
    assert settled.unknown == ()
    timed = [
        replace(each, hand_in=replace(each.hand_in, time=f"2026-06-0{2 - (each.shown == names[1])}"))
        for each in entries
    ]
    (old,) = settle(timed).superseded
    assert (old.counts, old.why) == (names[0], "")  # a time tells more than a name


def test_a_blank_never_counts_before_a_filled_workbook() -> None:
    entries = [
        Entry("a", _at("2026-06-01"), reason="it is a PDF"),
        Entry("b", _at("2026-06-02")),
        Entry("c", _at("2026-06-03"), blank=True),
        Entry("d", _at("2026-06-04"), reason="it is a PDF"),
    ]
    settled = settle(entries)
    assert settled.counting == (1,)
    assert [each.why for each in settled.superseded] == [
        "",
        "nothing is filled in",
        "it could not be marked: it is a PDF",
    ]
    assert settled.unknown == ()
    settled = settle([each for each in entries if each.shown != "b"])
    assert [each.counts for each in settled.superseded] == ["c", "c"]  # before one that could not be marked
    settled = settle([replace(each, hand_in=_at("")) for each in entries])  # no times: a blank is still the worse
    assert (settled.counting, settled.unknown) == ((1,), ())
    settled = settle([replace(each, hand_in=_at("", order=at + 1)) for at, each in enumerate(entries)])
    assert settled.counting == (1,)


def test_of_files_that_could_not_be_marked_no_doubt_is_told() -> None:
    settled = settle([Entry(name, _at(""), reason="it is a PDF") for name in ("a", "b")])
    assert (settled.counting, settled.unknown) == ((1,), ())


def test_what_a_platform_calls_by_one_number_is_one_students() -> None:
    """Only the older of two files says who it is; the newer counts, as it does without a roster."""
    older, newer = (replace(_moodle("900", "Jane Doe"), time=f"2026-01-0{day}T00:00:00") for day in (1, 2))
    settled = settle([Entry("a", older, "s1"), Entry("b", newer), Entry("c", _moodle("901", "Jane Doe"))], PLAIN)
    assert [each.id for each in settled.hand_ins] == ["s1", "s1", "901"]
    assert settled.counting == (1, 2)
    assert [each.id for each in settled.missing] == ["s2"]
    nobody = _moodle("900")
    settled = settle([Entry("a", nobody, "s1"), Entry("b", nobody, "s2"), Entry("c", nobody)], PLAIN)
    assert settled.hand_ins[2].id == "900"  # the two that know do not agree


def test_files_of_nobody_known_count_each() -> None:
    settled = settle([Entry("a", HandIn(time="2026")), Entry("b", HandIn(time="2027"))], ROSTER)
    assert settled.counting == (0, 1)
    assert settled.superseded == ()


# --- all of it ------------------------------------------------------------------------------------------------------


def test_strangers_of_a_whole_class_are_one_sentence() -> None:
    settled = settle([Entry(str(n), _moodle(str(n))) for n in range(900, 910)], PLAIN)
    assert settled.unknown == (
        "none of the 10 files of Moodle is of a student on the roster; use the list that Moodle hands out for its "
        "grades, which has its ids",
    )


def test_what_a_student_wrote_stays_on_one_line_and_short() -> None:
    settled = settle([Entry("a\x1b[31m\nb", HandIn(), "\x1b[2J::error::\n" + "x" * 80)], ROSTER)
    assert all(each.isprintable() for each in settled.unknown[0])
    assert len(settled.unknown[0]) < 150
    (found,) = settle([Entry("a", HandIn(), "s\x001")]).hand_ins
    assert found.id == "s\ufffd1"


CELLS = some.sampled_from(["", "s1", "S2", "s9", "Jane Doe", "Alex Kim", "jane@x.edu"])
HAND_INS = some.sampled_from(
    [HandIn(), _moodle("101"), _moodle("109"), _canvas("202", 3), _canvas("202", 4), _named("s3")]
)


@given(some.lists(some.tuples(HAND_INS, CELLS, some.booleans()), max_size=8), some.booleans())
def test_every_file_counts_or_is_named(files: list[tuple[HandIn, str, bool]], with_roster: bool) -> None:
    entries = [Entry(str(at), each, cell, "broken" if bad else None) for at, (each, cell, bad) in enumerate(files)]
    settled = settle(entries, ROSTER if with_roster else None)
    older = {each.file for each in settled.superseded}
    assert sorted([*older, *(str(at) for at in settled.counting)], key=int) == [each.shown for each in entries]
    assert {each.counts for each in settled.superseded} <= {str(at) for at in settled.counting}
    known = [settled.hand_ins[at].id for at in settled.counting if settled.hand_ins[at].how == "roster"]
    assert len(known) == len(set(known))
    for old, new in settled.instead.items():  # by more than what their Student cells say
        assert HandIn() not in (files[old][0], files[int(new)][0])
    if with_roster:
        assert sorted([*known, *(each.id for each in settled.missing)]) == ["s1", "s2", "s3", "s4"]


def test_a_large_class_stays_small() -> None:
    count = 10_000
    rows = "\n".join(f"s{n},Student {n},Participant {n}" for n in range(count))
    roster = parse_roster(f"ID,Name,Identifier\n{rows}".encode(), "r")
    entries = [Entry(f"class/{n}.xlsx", _moodle(str(n)), f"s{n}") for n in range(count)]
    tracemalloc.start()
    try:
        settled = settle(entries, roster)
        assert tracemalloc.get_traced_memory()[1] < 20_000_000
    finally:
        tracemalloc.stop()
    assert len(settled.counting) == count
    assert settled.unknown == ()
    assert settled.missing == ()


def test_one_class_is_the_same_class_from_each_platform(tmp_path: Path) -> None:
    """A Moodle zip, a Canvas zip and a folder, each with a student's second file and a zipped one."""
    first, second = workbook("1"), workbook("2")
    packed = zipped({"table.xlsx": first})
    ways = {
        "moodle.zip": {
            "Jane Doe_101_assignsubmission_file/a.xlsx": first, "Jane Doe_101_assignsubmission_file/b.xlsx": second,
            "John Roe_102_assignsubmission_file/c.zip": packed,
        },
        "canvas.zip": {
            "doejane_201_31_a.xlsx": first, "doejane_LATE_201_32_b.xlsx": second, "roejohn_202_33_c.zip": packed,
        },
        "named.zip": {"s1_a.xlsx": first, "s1_b.xlsx": second, "s2_c.zip": packed},
    }  # fmt: skip
    for name, members in ways.items():
        (tmp_path / name).write_bytes(zipped(members))
        files = gather([tmp_path / name], "{id}_*" if name == "named.zip" else None).files
        settled = settle([Entry(file.shown, file.hand_in) for file in files], ROSTER)
        assert _of(settled) == [("s1", "roster"), ("s1", "roster"), ("s2", "roster")]
        assert settled.counting == (1, 2)
        doubt = (
            f"{files[1].shown}: nothing tells whether it is newer than {files[0].shown}; it counts, as the last by name"
        )
        assert settled.unknown == (() if name == "canvas.zip" else (doubt,))  # Canvas has a number of each upload
        assert [each.id for each in settled.missing] == ["s3", "s4"]
