"""Whose a file is by a learning platform's names, decided for a class; what only looks alike is nobody's."""

from __future__ import annotations

import json
import string
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as some

from sheetgen.errors import UsageError
from sheetgen.folders import gather
from sheetgen.handin import HandIn
from sheetgen.name_pattern import parse
from sheetgen.platforms import means_participant, participant, recognise
from tests.gradebooks import PACKS, Pack
from tests.zips_made import workbook, zipped


def _who(*names: str, **lists: bytes) -> dict[str, HandIn]:
    return dict(recognise(names, lambda path: lists.get(path.rpartition("/")[2].partition(".")[0])).hand_ins)


# --- Moodle ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("ending", ["file/table.xlsx", "file_/table.xlsx", "file/deeper/table.xlsx", "file_table.xlsx"])
def test_moodle(ending: str) -> None:
    names = [f"class/Jane van der Doe_12345_assignsubmission_{ending}", f"class/Al_9_assignsubmission_{ending}"]
    jane, al = _who(*names).values()
    assert jane == HandIn("12345", "Jane van der Doe", "", "moodle", "moodle", "12345")
    assert (al.id, al.name) == ("9", "Al")


def test_people_whose_names_differ_in_a_digit_are_people() -> None:
    found = _who(*(f"Student {n}_{n}_assignsubmission_file/t.xlsx" for n in (1, 2)))
    assert [each.id for each in found.values()] == ["1", "2"]


def test_moodle_when_marking_is_blind() -> None:
    for word in ("Participant", "Teilnehmerin"):
        found = _who(*(f"{word}_{n}_assignsubmission_file/t.xlsx" for n in (1, 2)))
        assert list(found.values()) == [HandIn(n, "", "", "moodle", "moodle", n) for n in ("1", "2")]


@pytest.mark.parametrize("pack", PACKS.values(), ids=list(PACKS))
def test_a_participant_in_each_language(pack: Pack) -> None:
    assert participant(f"{pack.participant}940000") == (pack.participant, "940000")
    assert means_participant(pack.participant) or pack.participant[-1] == " "
    assert not means_participant("s")
    assert [participant(text) for text in ("940000", "Participant", "Participant 12 a", "")] == [None] * 4


def test_a_team_is_nobodys_id() -> None:
    for word in ("Group", "Gruppe", "Joukkue"):  # the last is of a language that is not known
        found = _who(*(f"{word}_{n}_assignsubmission_file/t.xlsx" for n in (1, 2)))
        assert list(found.values()) == [HandIn(name=f"{word} {n}", platform="moodle") for n in (1, 2)]
    assert list(_who("Group_5_assignsubmission_file/t.xlsx").values()) == [HandIn(name="Group 5", platform="moodle")]


def test_what_students_write_below_moodles_own_part_is_not_believed() -> None:
    (found,) = _who("Al_9_assignsubmission_file/Bo_7_assignsubmission_file/Cy_8_assignsubmission_file_t.xlsx").values()
    assert found.id == "9"
    (found,) = _who("Al_9_assignsubmission_file_Bo_7_assignsubmission_file_t.xlsx").values()
    assert found.id == "9"
    names = ["class/ada.xlsx", "class/ben.xlsx", "class/Bo_7_assignsubmission_file/t.xlsx"]
    assert _who(*names) == {}  # one folder of three is no platform


NAMES = some.text(string.ascii_letters + "éß '-", min_size=1, max_size=12).filter(str.strip)
NUMBERS = some.integers(1, 10**9)
FILES = some.text(string.ascii_letters + string.digits + "_-. ", min_size=1, max_size=20)


@given(some.lists(some.tuples(NAMES, NUMBERS, FILES), min_size=1, max_size=5, unique_by=lambda each: each[1]))
def test_every_moodle_name_is_read_back(people: list[tuple[str, int, str]]) -> None:
    folders = {f"{name}_{number}_assignsubmission_file/{file}": number for name, number, file in people}
    flat = {f"{name}_{number}_assignsubmission_file_{file}": number for name, number, file in people}
    for paths in (folders, flat):
        found = _who(*paths)
        assert found.keys() == paths.keys()
        assert all(each.platform_id in ("", str(paths[path])) for path, each in found.items())


# --- Canvas ---------------------------------------------------------------------------------------------------------


def test_canvas() -> None:
    found = _who("c/doejane_LATE_123_456_hw_1_2-1.xlsx", "c/doejohn_124_457_789_1_2.xlsx")
    jane = HandIn("123", "doejane", "", "canvas", "canvas", "123", late=True, order=456)
    assert list(found.values()) == [jane, HandIn("124", "doejohn", "", "canvas", "canvas", "124", order=457)]


def test_canvas_when_marking_is_blind() -> None:
    found = _who("anon_123_456_hw.xlsx", "anon_LATE_a1B2c_457_hw.xlsx")
    assert [(each.id, each.name, each.late, each.order) for each in found.values()] == [
        ("123", "", False, 456),
        ("a1B2c", "", True, 457),
    ]


@pytest.mark.parametrize(
    "names",
    [
        ["hw_12_3.xlsx", "hw_13_4.xlsx"],
        ["hw_12_3_final.xlsx", "hw_13_3_final.xlsx"],  # a version
        ["hw_12_3_final.xlsx", "hw_13_4_final.xlsx"],  # all of one name
        ["hw_2026_0601_final.xlsx"],  # one student alone may be a date
        ["doe_1_4711_hw.xlsx", "roe_1_4712_hw.xlsx"],  # a group, whose people are several
        ["doe_4711_1_hw.xlsx", "roe_4712_1_hw.xlsx"],  # an attempt
        ["Doe_123_456_hw.xlsx", "Roe_124_457_hw.xlsx"],  # Canvas writes no capitals
        ["doejane_123_456_hw.xlsx", "doejohn_124_457_hw.xlsx", "ada.xlsx", "ben.xlsx"],  # half of a class
    ],
)
def test_what_only_looks_like_canvas_is_nobodys(names: list[str]) -> None:
    assert _who(*names) == {}


def test_a_student_cannot_be_another_by_the_name_of_their_file() -> None:
    found = _who("mallory_66_900_doejane_LATE_123_456_hw.xlsx", "doejane_123_456_hw.xlsx")
    assert [each.id for each in found.values()] == ["66", "123"]


@given(
    some.lists(
        some.tuples(some.text(string.ascii_lowercase, min_size=1), some.booleans(), NUMBERS, NUMBERS, FILES),
        min_size=2, max_size=6, unique_by=(lambda each: each[2], lambda each: each[3], lambda each: each[0]),
    )
)  # fmt: skip
def test_every_canvas_name_is_read_back(people: list[tuple[str, bool, int, int, str]]) -> None:
    names = [f"{name}{'_LATE' * late}_{user}_{upload}_{file}" for name, late, user, upload, file in people]
    found = [(each.late, int(each.id), each.order) for each in _who(*names).values()]
    assert found == [(late, user, upload) for _, late, user, upload, _ in people]


@given(some.lists(some.text(max_size=60).map(lambda text: text.replace("\0", "")), max_size=6))
def test_no_name_is_a_fault(names: list[str]) -> None:
    for each in _who(*names, submission_metadata=b"\xff{").values():
        assert each.platform


# --- Gradescope -----------------------------------------------------------------------------------------------------

EXPORT = b"""---
submission_11:
  :submitters:
  - :name: Jane Doe
    :sid: '007'
    :email: jane@x.edu
  :created_at: 2026-06-01 09:00:00.123456000 Z
  :results:
    broken: [\t
    output: |
      submission_12:
        :submitters:
        - :name: Mallory
submission_12:
  :submitters:
  - :name: John Roe
    :sid:
    :email: john@x.edu
  :created_at: 2026-06-01 09:30:00.5 +02:00
submission_13:
  :submitters:
  - :name: Ann
    :sid: 8
    :email: ann@x.edu
  - :name: Bob
    :sid: 9
    :email: bob@x.edu
"""


def test_gradescopes_export(tmp_path: Path) -> None:
    names = [f"e/submission_{n}/table.xlsx" for n in (11, 12, 13)]
    theirs = "e/submission_12/submission_metadata.yml"  # a student's own file
    members = {**dict.fromkeys(names, workbook()), "e/submission_metadata.yml": EXPORT, theirs: b""}
    (tmp_path / "export.zip").write_bytes(zipped(members))
    files = gather([tmp_path / "export.zip"]).files
    assert [file.member for file in files] == [names[0], theirs, *names[1:]]
    jane, _, john, team = (file.hand_in for file in files)
    time = "2026-06-01T09:00:00"
    assert jane == HandIn("007", "Jane Doe", "jane@x.edu", "gradescope", "gradescope", "007", time=time)
    assert (john.id, john.name, john.time) == ("john@x.edu", "John Roe", "2026-06-01T07:30:00")
    assert team == HandIn(name="Ann, Bob", platform="gradescope", time="2026-06-01T09:00:00")


def test_a_list_that_a_student_put_there_is_not_believed() -> None:
    lists = {"submission_metadata": EXPORT.replace(b"submission_11", b"submission_1")}
    names = ["c/ada.xlsx", "c/ben.xlsx", "c/bo/submission_metadata.yml", "c/bo/submission_1/t.xlsx"]
    assert _who(*names, **lists) == {}
    found = recognise(["c/submission_1/t.xlsx"], lambda _: b"a: [")
    assert not found.hand_ins
    assert found.told[0].startswith("c/submission_metadata.yml cannot be read (")


def test_an_autograders_layout(tmp_path: Path) -> None:
    (tmp_path / "submission").mkdir()
    (tmp_path / "submission" / "table.xlsx").write_bytes(workbook())
    about = {"created_at": "2026-06-01T09:00:00.1+00:00", "users": [{"email": "j@x.edu", "id": 5, "name": "Jane Doe"}]}
    (tmp_path / "submission_metadata.json").write_text(json.dumps(about))
    (file,) = gather([tmp_path / "submission"]).files
    assert file.hand_in == HandIn(
        "j@x.edu", "Jane Doe", "j@x.edu", "gradescope", "gradescope", "j@x.edu", time="2026-06-01T09:00:00"
    )
    (tmp_path / "submission_metadata.json").write_text("{")
    assert gather([tmp_path / "submission"]).files[0].hand_in.id == ""


# --- the pattern ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("pattern", "path", "found"),
    [
        ("{id}_{name}.xlsx", "class/007_Jane van_der Doe.XLSX", {"id": "007", "name": "Jane van_der Doe"}),
        ("{name}_{id}.xlsx", "class/van_der_Doe_007.xlsx", {"id": "007", "name": "van_der_Doe"}),
        ("{id}-*", "s12-hw-3.xlsx", {"id": "s12"}),
        ("submissions/{id}/*.xlsx", "a/Submissions/s12/t.xlsx", {"id": "s12"}),
        ("submissions/{id}/*.xlsx", "a/other/s12/t.xlsx", None),
        ("{id}.xlsx", "a/s12.xlsm", None),
        ("hw.+{id}.xlsx", "hwww1.xlsx", None),  # no regular expression
        ("hw.+{id}.xlsx", "hw.+1.xlsx", {"id": "1"}),
        ("{id}/t.xlsx", "t.xlsx", None),
        ("{name}_{id}_*", "doe_1_hw.xlsx", {"id": "1", "name": "doe"}),
        ("{name}_{id}_*", "van_doe_1_hw.xlsx", None),  # doe, or 1?
    ],
)
def test_a_pattern_is_held_against_the_end_of_a_path(pattern: str, path: str, found: dict[str, str] | None) -> None:
    assert parse(pattern).match(path) == found


@pytest.mark.parametrize(
    ("pattern", "said"),
    [
        ("*.xlsx", "it has no {id}"),
        ("{id}_{id}.xlsx", "it has more than one {id}"),
        ("{id}_{nme}.xlsx", "there is no field {nme}; did you mean name?"),
        ("{id}{name}.xlsx", "nothing stands between {id} and {name}"),
        ("*{id}.xlsx", "nothing stands between * and {id}"),
        ("{id}_{.xlsx", "a brace belongs to"),
        ("{id}_{}.xlsx", "a brace belongs to"),
        ("../{id}.xlsx", "without . and .."),
        ("/{id}.xlsx", "write it as the end of a path"),
        ("{id}_*_*_*_*", "more than 4"),
        ("{id}_{name}_{name}", "more than one {name}"),
        ("", "it has no {id}"),
    ],
)
def test_a_pattern_that_is_none_is_an_error(pattern: str, said: str) -> None:
    with pytest.raises(UsageError) as error:
        parse(pattern)
    assert str(error.value).startswith(f"--names {pattern}: ")
    assert said in str(error.value)


def test_a_pattern_that_fits_no_file_is_an_error_and_one_that_is_unclear_is_told(tmp_path: Path) -> None:
    for name in ("s1_van_hw.xlsx", "x.xlsx"):
        (tmp_path / name).write_bytes(b"")
    with pytest.raises(UsageError, match=r"--names \{id\}-\*: no file has such a name, for example .*s1_van_hw.xlsx"):
        gather([tmp_path], "{id}-*")
    found = gather([tmp_path], "{id}_*")
    assert [file.hand_in.id for file in found.files] == ["s1", ""]
    found = gather([tmp_path], "*_{id}.*")
    assert [file.hand_in.id for file in found.files] == ["hw", ""]
    found = gather([tmp_path], "{name}_{id}_*")
    assert [file.hand_in.id for file in found.files] == ["van", ""]
    (tmp_path / "s1_van_doe_hw.xlsx").write_bytes(b"")
    found = gather([tmp_path], "{name}_{id}_*")
    assert [file.hand_in.id for file in found.files] == ["", "van", ""]
    unclear = f"the pattern {{name}}_{{id}}_* does not say where the id ends in {tmp_path}/s1_van_doe_hw.xlsx"
    assert found.left_out == (f"{unclear}, so nobody is known by it",)


def test_a_pattern_sees_the_name_that_a_student_gave_their_zip(tmp_path: Path) -> None:
    (tmp_path / "s1_doe.zip").write_bytes(zipped({"s9_other.xlsx": workbook()}))
    (tmp_path / "s2_roe.xlsx").write_bytes(workbook())
    found = gather([tmp_path], "{id}_{name}.xlsx")
    assert [(file.hand_in.id, file.hand_in.name, file.hand_in.how) for file in found.files] == [
        ("s1", "doe", "file name"),
        ("s2", "roe", "file name"),
    ]


@pytest.mark.parametrize("pattern", ["{id}_{name}.xlsx", "{id}_{name}.*", "{id}_{name}.zip"])
def test_a_pattern_sees_the_name_of_a_zip_that_holds_no_workbook(tmp_path: Path, pattern: str) -> None:
    inner = zipped({"table.xlsx": workbook()})
    (tmp_path / "40006_Goran Abel.zip").write_bytes(zipped({"inner.zip": inner}))
    (tmp_path / "40007_Ida Berg.zip").write_bytes(b"no zip at all")
    (tmp_path / "class.zip").write_bytes(zipped({"40008_Jo Cox.zip": zipped({"inner.zip": inner})}))
    found = [gather([path], pattern).files[0] for path in (tmp_path, tmp_path / "class.zip")]
    assert [(each.hand_in.id, each.hand_in.name) for each in found] == [("40006", "Goran Abel"), ("40008", "Jo Cox")]
    assert [each.hand_in.id for each in gather([tmp_path], pattern).files] == ["40006", "40007", ""]


def test_a_platform_and_a_pattern_are_both_kept(tmp_path: Path) -> None:
    names = ["Al_1_assignsubmission_file/s1.xlsx", "Bo_2_assignsubmission_file/s2.xlsx"]
    (tmp_path / "class.zip").write_bytes(zipped(dict.fromkeys(names, workbook())))
    al = gather([tmp_path / "class.zip"], "{id}.xlsx").files[0].hand_in
    assert al == HandIn("s1", "Al", "", "file name", "moodle", "1", time="2026-06-01T09:00:00")


@pytest.mark.parametrize(
    ("pattern", "path", "found"),
    [
        ("{id}.xlsx", "4711 (1).xlsx", {"id": "4711"}),
        ("{id}.xlsx", "4711(12).xlsx", {"id": "4711"}),
        ("{id}_{name}.xlsx", "4711_Ada Abel (2).xlsx", {"id": "4711", "name": "Ada Abel"}),
        ("{id}.xlsx", "4711 - Copy.xlsx", {"id": "4711"}),
        ("{id}.xlsx", "4711 - Copy (2).xlsx", {"id": "4711"}),
        ("{id}.xlsx", "4711 - Kopie.XLSX", {"id": "4711"}),
        ("{id}.xlsx", "4711 – kopie.xlsx", {"id": "4711"}),
        ("{id}.xlsx", "4711 copy.xlsx", {"id": "4711"}),
        ("{id}.xlsx", "4711 Kopie 2.xlsx", {"id": "4711"}),
        ("{id}.xlsx", "4711 (1) - Copy.xlsx", {"id": "4711"}),
        ("{id}.xlsx", "4711 - Copyright.xlsx", {"id": "4711 - Copyright"}),
        ("{id}.xlsx", "4711copy.xlsx", {"id": "4711copy"}),
        ("{id}.xlsx", "copy.xlsx", {"id": "copy"}),
        ("{id}_{name}.xlsx", "4711_Ada Kopie.xlsx", {"id": "4711", "name": "Ada Kopie"}),
        ("{id}_{name}.xlsx", "4711_Ada - Kopie.xlsx", {"id": "4711", "name": "Ada"}),
        ("{id}/*.xlsx", "4711/table (1).xlsx", {"id": "4711"}),
        ("{id}/*.xlsx", "4711 (1)/table.xlsx", {"id": "4711 (1)"}),  # no program calls a folder so
        ("{id}.xlsx", "4711 (2026).xlsx", {"id": "4711 (2026)"}),  # a year is no copy
        ("{id}.xlsx", "4711-1.xlsx", {"id": "4711-1"}),  # which may be an id
        ("{name} ({id}).xlsx", "Ada Abel (12).xlsx", {"id": "12", "name": "Ada Abel"}),
    ],
)
def test_the_mark_of_a_copy_belongs_to_no_id(pattern: str, path: str, found: dict[str, str] | None) -> None:
    assert parse(pattern).match(path) == found
