"""The same class as a folder, a Moodle zip and a Canvas zip: the same marks for the same students."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from sheetgen import api
from sheetgen.errors import UsageError
from sheetgen.records import Results
from tests.generated_class import Made, Maker, as_canvas, as_folder, as_moodle, roster

COUNT = 24


@pytest.fixture(scope="module")
def made() -> list[Made]:
    return list(Maker(seed=5).make(COUNT))


def _marks(results: Results) -> dict[str, tuple[str, float]]:
    return {each.hand_in.id: (each.status, each.score) for each in results.submissions}


def test_a_folder_and_the_zips_of_two_platforms_get_the_same_marks(made: list[Made], tmp_path: Path) -> None:
    as_folder(made, tmp_path / "folder")
    (tmp_path / "moodle.zip").write_bytes(as_moodle(made))
    (tmp_path / "canvas.zip").write_bytes(as_canvas(made))
    (tmp_path / "roster.csv").write_bytes(roster(made))
    by_name = api.verify("alexnet", tmp_path / "folder", names="{id}_{name}.xlsx", roster=tmp_path / "roster.csv")
    moodle = api.verify("alexnet", tmp_path / "moodle.zip", roster=tmp_path / "roster.csv")
    canvas = api.verify("alexnet", tmp_path / "canvas.zip", roster=tmp_path / "roster.csv")
    assert set(_marks(by_name)) == {each.id for each in made}
    assert len(_marks(by_name)) == COUNT
    assert _marks(by_name) == _marks(moodle) == _marks(canvas)
    assert len(set(_marks(by_name).values())) > COUNT // 3  # not all are alike
    for results in (by_name, moodle, canvas):
        assert not [*results.missing, *results.unknown, *results.superseded]
    assert {each.hand_in.platform for each in moodle.submissions} == {"moodle"}
    assert {each.hand_in.platform_id for each in canvas.submissions} == {str(500_000 + int(each.id)) for each in made}
    assert {each.student for each in moodle.submissions} == {each.name for each in made}


@pytest.mark.parametrize("knew", [False, True])
@pytest.mark.parametrize("kind", ["folder", "moodle.zip", "canvas.zip"])
def test_a_roster_that_comes_later_tells_who_is_missing(
    kind: str, knew: bool, made: list[Made], tmp_path: Path
) -> None:
    """Named with ``report`` and not with ``verify``, it finds the students by the ids of either platform."""
    some = made[:-2]
    as_folder(some, tmp_path / "folder")
    (tmp_path / "moodle.zip").write_bytes(as_moodle(some))
    (tmp_path / "canvas.zip").write_bytes(as_canvas(some))
    listed = tmp_path / "roster.csv"
    listed.write_bytes(roster(made))
    names, results = "{id}_{name}.xlsx" if kind == "folder" else None, tmp_path / "r.jsonl"
    api.verify("alexnet", tmp_path / kind, names=names, roster=listed if knew else None, results=results)
    assert [each.id for each in api.read_results(results, roster=listed).missing] == [each.id for each in made[-2:]]
    assert not api.read_results(results).missing or knew
    listed.write_bytes(roster([Made("9", "Somebody Else", "none", b"", made[0].when)]))
    with pytest.raises(UsageError, match="none of the 22 hand-ins is of a student on this roster"):
        api.read_results(results, roster=listed)


def test_an_untouched_blank_never_counts_before_a_filled_workbook(made: list[Made], tmp_path: Path) -> None:
    from sheetgen.workbook.write import blank_workbook

    maker = Maker(seed=5)
    blank = blank_workbook(maker.described, maker.sheet)
    full = next(each for each in made if each.kind == "perfect")
    later = Made(full.id, full.name, "blank", blank, full.when.replace(year=2027))
    with zipfile.ZipFile(tmp_path / "moodle.zip", "w") as archive:
        for name, each in (("table.xlsx", full), ("a-blank.xlsx", later), ("z-blank.xlsx", later)):
            info = zipfile.ZipInfo(f"{full.name}_77_assignsubmission_file/{name}", each.when.timetuple()[:6])
            archive.writestr(info, each.data)
        other = next(each for each in made if each.name != full.name)
        info = zipfile.ZipInfo(f"{other.name}_78_assignsubmission_file/table.xlsx", other.when.timetuple()[:6])
        archive.writestr(info, blank)
    results = api.verify("alexnet", tmp_path / "moodle.zip", results=tmp_path / "r.jsonl")
    assert {each.hand_in.id: each.score for each in results.submissions} == {"77": 69.5, "78": 0}
    assert len(results.superseded) == 2
    again = api.verify("alexnet", tmp_path / "moodle.zip", results=tmp_path / "r.jsonl", resume=True)
    assert list(again.submissions) == list(results.submissions)


def test_of_several_files_the_newest_counts_and_who_is_missing_is_told(made: list[Made], tmp_path: Path) -> None:
    few = made[:4]
    twice = [*few, Made(few[0].id, few[0].name, "again", few[1].data, few[0].when.replace(year=2027))]
    (tmp_path / "roster.csv").write_bytes(roster(made[:6]))
    archive = as_moodle(few)
    (tmp_path / "one.zip").write_bytes(archive)
    (tmp_path / "two.zip").write_bytes(as_moodle(twice[-1:]))
    results = api.verify("alexnet", [tmp_path / "one.zip", tmp_path / "two.zip"], roster=tmp_path / "roster.csv")
    assert len(results.submissions) == 4
    (old,) = results.superseded
    assert (old.student, "one.zip" in old.file, "two.zip" in old.counts) == (few[0].name, True, True)
    assert [each.id for each in results.missing] == [each.id for each in made[4:6]]
    marks = {each.hand_in.id: each.score for each in results.submissions}
    assert marks[few[0].id] == marks[few[1].id]  # of the newer file, which is the other's
