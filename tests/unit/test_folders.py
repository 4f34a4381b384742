"""Which files are marked: subfolders too, in a stable order, and nothing is left out without a word."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from sheetgen import folders
from sheetgen.contents import no_workbook, read
from sheetgen.errors import UsageError
from sheetgen.folders import gather
from sheetgen.packed import MAX_DEPTH, MAX_PACKED
from tests.generated_class import Made, Maker, as_canvas, as_moodle
from tests.zips_made import workbook, zipped


def _put(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(b"")


def test_a_folder_for_each_student_is_gone_into_in_order(tmp_path: Path) -> None:
    _put(
        tmp_path,
        "b.xlsx",
        "a10.xlsx",
        "a9.xlsx",
        "Zoe_12/b.xlsx",
        "Ada_7/z.xlsx",
        "Ada_7/a.xlsx",
        "Ada_7/more/c.xlsx",
        "a.xlsx",
    )
    _put(tmp_path, ".DS_Store", "~$a.xlsx", "__MACOSX/._a.xlsx", ".git/config", "Ada_7/.hidden/a.xlsx")
    found = gather([tmp_path])
    names = [
        "a.xlsx",
        "a9.xlsx",
        "a10.xlsx",
        "b.xlsx",
        "Ada_7/a.xlsx",
        "Ada_7/z.xlsx",
        "Ada_7/more/c.xlsx",
        "Zoe_12/b.xlsx",
    ]
    assert [file.path.relative_to(tmp_path).as_posix() for file in found.files] == names
    assert found.left_out == ()


def test_what_is_left_out_is_told(tmp_path: Path) -> None:
    _put(tmp_path, "elsewhere/secret.xlsx", "class/a.xlsx")
    (tmp_path / "class" / "sub").mkdir()
    (tmp_path / "class" / "folder").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "class" / "sub" / "link.xlsx").symlink_to(tmp_path / "elsewhere" / "secret.xlsx")
    (tmp_path / "class" / "sub" / "loop").symlink_to(tmp_path / "class")
    os.mkfifo(tmp_path / "class" / "pipe.xlsx")
    found = gather([tmp_path / "class"])
    assert [file.path for file in found.files] == [tmp_path / "class" / "a.xlsx"]
    assert found.left_out == (f"not read in {tmp_path / 'class'}/: 3 links, 1 pipe",)


def test_a_folder_without_a_file_to_mark_says_what_it_holds(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"holds no file to mark$"):
        gather([tmp_path])
    _put(tmp_path, ".DS_Store")
    (tmp_path / "a.xlsx").symlink_to(tmp_path / ".DS_Store")
    (tmp_path / "Ada").mkdir()
    with pytest.raises(UsageError, match=r"holds no file to mark, only 1 link, 1 hidden file, 1 empty folder$"):
        gather([tmp_path])


def test_depth_and_count_are_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _put(tmp_path, "/".join(["d"] * MAX_DEPTH) + "/in.xlsx", "/".join(["d"] * (MAX_DEPTH + 1)) + "/out.xlsx")
    found = gather([tmp_path])
    assert [file.path.name for file in found.files] == ["in.xlsx"]
    assert found.left_out == (f"not read in {tmp_path}/: 1 folder more than {MAX_DEPTH} deep",)
    monkeypatch.setattr(folders, "MAX_ENTRIES", 3)
    with pytest.raises(UsageError, match="holds more than 3 files; name the folder of one class"):
        gather([tmp_path])


def test_a_folder_that_cannot_be_opened_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _put(tmp_path, "a.xlsx", "Ada/b.xlsx")
    real = os.scandir

    def closed(path: Path) -> os._ScandirIterator[str]:  # to root nothing is closed
        if path.name == "Ada":
            raise PermissionError(13, "Permission denied")
        return real(path)

    monkeypatch.setattr(os, "scandir", closed)
    assert gather([tmp_path]).left_out == (f"not read in {tmp_path}/: 1 folder that cannot be opened",)
    with pytest.raises(UsageError, match=r"cannot read the folder .*Ada: Permission denied"):
        gather([tmp_path / "Ada"])


def test_files_named_stay_as_they_were_named(tmp_path: Path) -> None:
    _put(tmp_path, "a.xlsx")
    (tmp_path / "link.xlsx").symlink_to(tmp_path / "a.xlsx")
    os.mkfifo(tmp_path / "s")
    named = [tmp_path / "s", tmp_path / "link.xlsx", tmp_path / "a.xlsx"]
    assert [file.path for file in gather(named).files] == named
    assert [file.shown for file in gather(named).files] == [str(path) for path in named]
    assert read(gather(named).files[0]) == "it is no file (a device or a pipe)"


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("onlinetext.html", "typed into Moodle"),
        ("Copy of Table.gsheet", "a link to Google Sheets, not the file; download it as .xlsx"),
        ("table.FODS", "open it in its program and save it as .xlsx"),
        ("table.xlsx", ""),
        ("table.csv", ""),
        ("notes.txt", ""),
    ],
)
def test_what_is_no_workbook_by_its_name_is_called_what_it_is(name: str, told: str) -> None:
    said = no_workbook(name)
    assert told in said
    assert bool(told) == bool(said)


@pytest.mark.parametrize("make", [as_moodle, as_canvas])
def test_the_zip_of_a_class_in_a_folder_is_told_and_its_names_are_not_believed(
    make: Callable[[list[Made]], bytes], tmp_path: Path
) -> None:
    """A student might have packed it, and written other students' names into it."""
    made = list(Maker(seed=3).make(4))
    (tmp_path / "class.zip").write_bytes(make(made))
    (tmp_path / "mine.zip").write_bytes(make(made[:1]))
    named, lying = gather([tmp_path / "class.zip"]), gather([tmp_path])
    assert {file.hand_in.name for file in named.files} != {""}
    assert named.left_out == ()
    assert len(lying.files) == 5
    assert {file.hand_in.name for file in lying.files} == {""}
    (told,) = lying.left_out
    assert told.startswith(f"{tmp_path / 'class.zip'} looks like the zip of a class (4 students); ")


def test_of_gradescopes_export_in_a_folder_that_is_told_too(tmp_path: Path) -> None:
    (tmp_path / "export.zip").write_bytes(_export("submission_metadata.yml"))
    (tmp_path / "mine.zip").write_bytes(_export("notes.yml"))  # folders that a student called so
    (told,) = gather([tmp_path]).left_out[1:]  # after what stands beside the workbooks
    assert told.startswith(f"{tmp_path / 'export.zip'} looks like the zip of a class (2 students); ")


def _export(beside: str) -> bytes:
    names = (f"export/{beside}", "export/submission_11/table.xlsx", "export/submission_12/table.xlsx")
    return zipped(dict.fromkeys(names, workbook()))


@pytest.mark.parametrize("how", ["many files", "large"])
def test_the_zip_of_a_class_that_is_too_large_for_one_student_is_none_of_theirs(
    how: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    count = MAX_PACKED + 1 if how == "many files" else 3
    names = [f"Student {number}_{100 + number}_assignsubmission_file/table.xlsx" for number in range(count)]
    (tmp_path / "class.zip").write_bytes(zipped(dict.fromkeys(names, workbook())))
    if how == "large":
        monkeypatch.setattr(folders, "MAX_FILE", 100)
    told = f"{tmp_path / 'class.zip'} looks like the zip of a class ({count} students) and is not read here; name that "
    with pytest.raises(UsageError) as error:
        gather([tmp_path])
    assert str(error.value).startswith(f"the folder {tmp_path} holds no file to mark; {told}")
    _put(tmp_path, "ada.xlsx")
    gathered = gather([tmp_path])
    assert [file.shown for file in gathered.files] == [str(tmp_path / "ada.xlsx")]
    assert gathered.left_out[0].startswith(told)
    assert len(gather([tmp_path / "class.zip"]).files) == count  # which is the advice
