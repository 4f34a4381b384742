"""Whose each file is: what is believed before what, which of several counts, and that nothing is guessed."""

from __future__ import annotations

import tracemalloc
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as some

from sheetgen.folders import gather
from sheetgen.handin import HandIn, How, Platform
from sheetgen.identity import Entry, Settled, settle
from sheetgen.roster import parse_roster
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
        (HandIn(), "", "", "a: nobody knows whose it is; its Student cell is empty"),
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
    settled = settle([Entry("a", _moodle("102", "Al"), "s2")], PLAIN)
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
    assert settled.unknown == ("d: nobody knows whose it is; its Student cell is empty",)
    assert settle([Entry("a", HandIn()), Entry("b", HandIn())]).unknown == ()  # nobody asked
    settled = settle([Entry("a", _named("s6"), "s7")])
    assert settled.unknown == ("a: the Student cell says 's7', but the name of the file says 's6'; that counts",)


def test_two_platforms_numbers_are_not_one_student() -> None:
    assert settle([Entry("a", _moodle("5")), Entry("b", _canvas("5")), Entry("c", _named("5"))]).counting == (0, 1, 2)


# --- duplicates -----------------------------------------------------------------------------------------------------


def test_two_students_who_name_one_row_by_different_routes() -> None:
    entries = [Entry("a", _named("s1")), Entry("b", _moodle("900"), "s1"), Entry("c", HandIn(), "s1")]
    settled = settle(entries, PLAIN)
    assert _of(settled) == [("s1", "roster"), ("900", "moodle"), ("s1", "roster")]
    assert settled.unknown == (
        "duplicates: a, b are of different students, but all name Jane Doe (s1); only the first is, by the name of the "
        "file",
    )
    assert settled.counting == (1, 2)
    settled = settle([Entry("a", _moodle("900"), "s1"), Entry("b", _moodle("901"), "s1")], PLAIN)
    assert _of(settled) == [("900", "moodle"), ("901", "moodle")]
    assert settled.unknown == (
        "duplicates: a, b are of different students, but all name Jane Doe (s1); none is taken for theirs",
    )
    assert [each.id for each in settled.missing] == ["s1", "s2"]


def test_two_files_of_one_student_are_no_duplicates() -> None:
    settled = settle([Entry("a", _moodle("900"), "s1"), Entry("b", _moodle("900"), "S1")], PLAIN)
    assert _of(settled) == [("s1", "roster")] * 2
    assert len(settled.counting) == 1
    assert settled.unknown == ()


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
        assert settled.unknown == ()
        assert [each.id for each in settled.missing] == ["s3", "s4"]
