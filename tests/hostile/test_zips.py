"""Zips of classes and of students: what is read, what is refused, and that nothing is unpacked beyond its limits."""

from __future__ import annotations

import struct
import tracemalloc
import warnings
import zipfile
from pathlib import Path
from typing import IO

import pytest

from sheetgen import contents, folders, packed, zips
from sheetgen.contents import read, reading
from sheetgen.errors import UsageError
from sheetgen.folders import gather
from tests.zips_made import locked, without_utf8_flag, workbook, zipped


def _put(path: Path, data: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path


def _names(path: Path) -> list[str]:
    return [file.shown.removeprefix(f"{path}/") for file in gather([path]).files]


def test_a_zip_gives_the_files_and_the_order_of_the_folder_that_it_unpacks_to(tmp_path: Path) -> None:
    members = {
        "b/2.xlsx": b"1", "b/10.xlsx": b"2", "b/c/1.xlsx": b"3", "a.xlsx": b"4", "B.xlsx": b"5", "x10.xlsx": b"6",
        "x9.xlsx": b"7", "__MACOSX/b/._2.xlsx": b"", "b/._2.xlsx": b"", "b/~$2.xlsx": b"", ".DS_Store": b"", "e/": b"",
        "b/1.zip": zipped({"in/table.xlsx": workbook("1"), "readme.txt": b"", "__MACOSX/._table.xlsx": b""}),
    }  # fmt: skip
    unpacked = tmp_path / "class"
    for name, data in members.items():
        if not name.endswith("/"):
            _put(unpacked / name, data)
    archive = _put(tmp_path / "class.zip", zipped(members))
    from_folder, from_zip = gather([unpacked]), gather([archive])
    expected = [
        "a.xlsx",
        "B.xlsx",
        "x9.xlsx",
        "x10.xlsx",
        "b/1.zip/in/table.xlsx",
        "b/2.xlsx",
        "b/10.xlsx",
        "b/c/1.xlsx",
    ]
    assert _names(unpacked) == _names(archive) == expected
    assert [read(file) for file in from_zip.files] == [read(file) for file in from_folder.files]
    assert read(from_zip.files[4]) == workbook("1")
    beside = "1 file beside the workbooks in students' zips"
    assert from_zip.left_out == (f"not read in {archive}: {beside}",)
    assert from_folder.left_out == (f"not read in {unpacked}/: {beside}",)
    assert {file.hand_in.time for file in from_zip.files} == {"2026-06-01T09:00:00"}


def test_a_workbook_is_a_zip_and_stays_one_file(tmp_path: Path) -> None:
    for name in ("a.xlsx", "b.zip", "c.ZIP"):
        _put(tmp_path / "class" / name, workbook())
    assert _names(tmp_path / "class") == ["a.xlsx", "b.zip", "c.ZIP"]
    assert [read(file) for file in gather([tmp_path / "class"]).files] == [workbook()] * 3
    assert [file.shown for file in gather([tmp_path / "class" / "b.zip"]).files] == [f"{tmp_path}/class/b.zip"]


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (zipped({"t.xlsx": workbook()})[:-30], "the zip is cut short or damaged (its directory cannot be read)"),
        (zipped({}), "the zip holds no file"),
        (zipped({"__MACOSX/._t.xlsx": b"", "../t.xlsx": b""}), "the zip holds no file, only 1 file whose name leads"),
        (zipped({f"{n}.txt": b"" for n in range(packed.MAX_PACKED + 1)}), "the zip holds more than 100 files"),
        (locked(zipped({"t.xlsx": workbook()})), "it is protected by a password in its zip; pack it without one"),
        (zipped({"t.xlsx": workbook()}, zipfile.ZIP_LZMA), "it is packed in its zip in an unusual way"),
        (zipped({"deeper.zip": zipped({"t.xlsx": workbook()})}), "this is a zip inside of a zip"),
        (zipped({"t.xlsx": b"0123456789"}, 0).replace(b"0123456789", b"0123456780"), "it is damaged in its zip"),
        (zipped({"t.xlsx": b"<a/>" * 1000}).replace(struct.pack("<I", 4000), struct.pack("<I", 4001)), "to less than"),
        (zipped({"t.xlsx": b"<a/>" * 1000}, 0).replace(b"PK\3\4", b"PK\3\5", 1), "does not stand where its directory"),
    ],
    ids=lambda each: each[:24] if isinstance(each, str) else "",
)
@pytest.mark.parametrize("inside_zip", [False, True])
def test_a_students_broken_zip_is_one_result_with_its_reason(
    data: bytes, said: str, inside_zip: bool, tmp_path: Path
) -> None:
    if inside_zip:
        named = _put(tmp_path / "class.zip", zipped({"ada/hw.zip": data, "ben/table.xlsx": workbook()}))
    else:
        named = tmp_path / "class"
        _put(named / "ada" / "hw.zip", data)
        _put(named / "ben" / "table.xlsx", workbook())
    files = gather([named]).files
    assert len(files) == 2
    reason = read(files[0])
    assert isinstance(reason, str)
    assert said in reason
    assert read(files[1]) == workbook()


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"see my mail", "is called .zip, but is no zip"),
        (b"", "is called .zip, but is no zip"),
        (zipped({"t.xlsx": workbook()})[:-30], "cut short or damaged"),
        (zipped({"../t.xlsx": workbook()}), "holds no file to mark, only 1 file whose name leads out of the zip"),
        (zipped({}), "holds no file to mark$"),
        (locked(zipped({"t.xlsx": workbook()})), "is protected by a password; unpack it, and name the folder"),
        (zipped({"a": b"<a/>" * 1000}, 0).replace(b"PK\3\4", b"PK\3\5", 1), "'a' does not stand where its directory"),
    ],
)
def test_the_instructors_broken_zip_is_an_error(data: bytes, said: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=said):
        gather([_put(tmp_path / "class.zip", data)])


def test_overlapping_members_are_refused(tmp_path: Path) -> None:
    """One compressed stream under many names: a small zip that unpacks to as much as one likes."""
    data = zipped({"a.xlsx": b"a" * 100, "b.xlsx": b"a" * 100}, 0)
    directory = data.index(b"PK\1\2", data.index(b"PK\1\2") + 4)
    overlapping = data[: directory + 42] + struct.pack("<I", 0) + data[directory + 46 :]  # b begins where a does
    with pytest.raises(UsageError, match="overlaps another file in it"):
        gather([_put(tmp_path / "class.zip", overlapping)])


@pytest.mark.parametrize("name", ["../up.xlsx", "/etc/up.xlsx", "C:/up.xlsx", "a/../../up.xlsx", "..\\up.xlsx"])
def test_names_that_lead_out_are_counted_and_never_opened(name: str, tmp_path: Path) -> None:
    archive = _put(tmp_path / "class.zip", zipped({name: b"up", "a.xlsx": b"a"}))
    found = gather([archive])
    assert [read(file) for file in found.files] == [b"a"]
    assert found.left_out == (f"not read in {archive}: 1 file whose name leads out of the zip",)
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["class.zip"]


def test_a_link_in_a_zip_is_not_followed(tmp_path: Path) -> None:
    link = zipfile.ZipInfo("link.xlsx")
    link.create_system, link.external_attr = 3, 0o120777 << 16
    with zipfile.ZipFile(tmp_path / "class.zip", "w") as target:
        target.writestr(link, "/etc/passwd")
        target.writestr("a.xlsx", b"a")
    found = gather([tmp_path / "class.zip"])
    assert [file.member for file in found.files] == ["a.xlsx"]
    assert found.left_out == (f"not read in {tmp_path}/class.zip: 1 link",)


def test_of_two_members_with_one_name_the_last_counts(tmp_path: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # zipfile's own, about the name
        data = zipped([("a.xlsx", b"old"), ("a.xlsx", b"new")])
    found = gather([_put(tmp_path / "class.zip", data)])
    assert [read(file) for file in found.files] == [b"new"]
    assert "1 file whose name is in the zip twice, of which the last counts" in found.left_out[0]


@pytest.mark.parametrize("name", ["Jürgen Müller/t.xlsx", "Łukasz/t.xlsx", "山田/t.xlsx"])
def test_names_in_utf8_are_read_whether_or_not_the_zip_says_so(name: str, tmp_path: Path) -> None:
    data = zipped({name: b"t"})
    for each in (data, without_utf8_flag(data)):
        archive = _put(tmp_path / "class.zip", each)
        assert _names(archive) == [name]
        assert read(gather([archive]).files[0]) == b"t"
    assert without_utf8_flag(data) != data


def test_names_in_the_old_code_page_are_read(tmp_path: Path) -> None:
    data = zipped({"J?rgen.xlsx": b"t"}).replace(b"J?rgen", b"J\x81rgen")
    assert _names(_put(tmp_path / "class.zip", data)) == ["Jürgen.xlsx"]


def test_what_is_too_large_is_not_unpacked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bomb = _put(tmp_path / "class.zip", zipped({"bomb.xlsx": b"\0" * (contents.MAX_FILE + 1), "b.zip": b"x" * 10}))
    files = gather([bomb]).files
    monkeypatch.setattr(zipfile.ZipExtFile, "read", None)  # nothing may ask for its bytes
    assert read(files[1]) == "it has 32.0 MiB, the most is 32"


def test_a_member_that_says_less_than_it_holds_is_cut_off(tmp_path: Path) -> None:
    """The directory says 10 bytes; a hundred megabytes are packed."""
    data = zipped({"a.xlsx": b"\0" * 100_000_000})
    archive = _put(tmp_path / "class.zip", data.replace(struct.pack("<I", 100_000_000), struct.pack("<I", 10)))
    (file,) = gather([archive]).files
    tracemalloc.start()
    try:
        assert read(file) == "it is damaged in its zip and cannot be unpacked"  # by its checksum
        assert tracemalloc.get_traced_memory()[1] < 10_000_000
    finally:
        tracemalloc.stop()


def test_a_directory_of_a_million_entries_is_refused_before_it_is_parsed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive = _put(tmp_path / "class.zip", zipped({f"{n}.xlsx": b"" for n in range(30)}))
    assert len(gather([archive]).files) == 30
    monkeypatch.setattr(zips, "MAX_MEMBERS", 20)
    monkeypatch.setattr(zipfile.ZipInfo, "__init__", None)  # no object may be made
    with pytest.raises(UsageError, match="the zip says that it holds more than 20 files"):
        gather([archive])


def test_a_class_zip_is_opened_once_for_all_its_members(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    inner = zipped({"1.xlsx": workbook("1"), "2.xlsx": workbook("2")})
    members = {f"{n}.xlsx": str(n).encode() for n in range(20)} | {"z.zip": inner}
    other = _put(tmp_path / "other.zip", zipped({"a.xlsx": b"a"}))
    files = gather([_put(tmp_path / "class.zip", zipped(members)), other]).files
    opened: list[IO[bytes]] = []

    def counted(stream: IO[bytes]) -> zipfile.ZipFile:
        opened.append(stream)
        return zips.open_stream(stream)

    monkeypatch.setattr(contents, "open_stream", counted)
    with reading() as read_one:
        data = [read_one(file) for file in files]
        assert len(opened) == 3  # the class, the student's zip in it, and the other
    assert data == [*(str(n).encode() for n in range(20)), workbook("1"), workbook("2"), b"a"]
    assert all(stream.closed for stream in opened if hasattr(stream, "name"))


def test_a_zip_that_is_gone_or_changed_is_a_reason(tmp_path: Path) -> None:
    archive = _put(tmp_path / "class.zip", zipped({"a.xlsx": b"a"}))
    (file,) = gather([archive]).files
    archive.write_bytes(zipped({"b.xlsx": b"b"}))
    assert read(file) == "it is no longer in its zip"
    archive.write_bytes(b"PK")
    assert read(file) == "the zip is cut short or damaged (its directory cannot be read)"
    archive.unlink()
    assert read(file) == "its zip cannot be read: No such file or directory"


def test_depth_and_count_are_bounded_in_zips_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    deep = "/".join(["d"] * packed.MAX_DEPTH)
    archive = _put(tmp_path / "class.zip", zipped({f"{deep}/in.xlsx": b"", f"{deep}/d/out.xlsx": b"", "a": b""}))
    assert _names(archive) == ["a", f"{deep}/in.xlsx"]
    assert gather([archive]).left_out == (f"not read in {archive}: 1 folder more than {packed.MAX_DEPTH} deep",)
    monkeypatch.setattr(folders, "MAX_ENTRIES", 1)
    with pytest.raises(UsageError, match="holds more than 1 files; name the zip of one class"):
        gather([archive])
