"""Names of a report's files, whatever students call theirs: writable anywhere, never one for two files."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sheetgen import reports
from sheetgen.errors import UsageError
from sheetgen.files import write_file
from sheetgen.marking import Marked
from sheetgen.records import Results
from sheetgen.reports import Asked
from sheetgen.reports._grades import one_line
from sheetgen.reports._names import LONGEST, Unique, file_name
from sheetgen.reports.csv import safe

LETTERS, EMOJI = "n" * 240 + ".xlsx", "\N{GRINNING FACE}" * 90 + ".xlsx"


def test_a_long_name_loses_its_middle_and_keeps_its_suffix() -> None:
    assert file_name("ada.xlsx") == "ada.xlsx"
    assert file_name("n" * LONGEST) == "n" * LONGEST
    for name in (LETTERS, EMOJI, "ü" * 100 + ".xlsx"):
        found = file_name(name)
        assert LONGEST - 8 <= len(found.encode()) <= LONGEST
        assert found.endswith(f"{name[-10]}.xlsx")
    assert file_name("J" * 300 + "_1234567890_assignsubmission_file").endswith("J_1234567890_assignsubmission_file")


@given(st.lists(st.text(max_size=400), max_size=5), st.sampled_from([".xlsx", "", ".", ".html", "." + "x" * 200]))
def test_any_name_is_one_that_can_be_written_and_is_unique(names: list[str], suffix: str) -> None:
    unique = Unique()
    found = [unique.path(name + suffix) for name in names for _ in range(3)]
    assert len({each.casefold() for each in found}) == len(found)
    for each in found:
        for part in each.split("/"):
            assert 0 < len(part.encode("utf-8")) <= LONGEST
            assert part not in (".", "..")
            assert not set(part) & set('\x00\n<>:"|?*\\\u202e\u2066\u200f')


def _of(names: list[str]) -> Any:
    def files(*_: Results | Asked) -> Iterator[tuple[str, bytes]]:
        for number, name in enumerate(names):
            yield name, b"%d" % number

    return SimpleNamespace(files=files)


@pytest.fixture
def report(monkeypatch: pytest.MonkeyPatch) -> Any:
    def write(names: list[str], path: Path) -> None:
        monkeypatch.setattr(reports, "_module", lambda _: _of(names))
        reports.write("xlsx", Results("alexnet", ()), Asked(path))

    return write


def test_long_names_are_written_and_none_over_another(report: Any, tmp_path: Path) -> None:
    names = [LETTERS, LETTERS.replace("nnnn.", "NNNN."), "n" * 150 + "other" + LETTERS[155:], EMOJI, "a/" + EMOJI]
    report(names, tmp_path / "folder")
    report(names, tmp_path / "folder.zip")
    written = {path.read_bytes() for path in (tmp_path / "folder").rglob("*.xlsx")}
    assert written == {b"%d" % number for number in range(len(names))}
    with zipfile.ZipFile(tmp_path / "folder.zip") as archive:
        held = {name: archive.read(name) for name in archive.namelist()}
    assert {name: (tmp_path / "folder" / name).read_bytes() for name in held} == held
    assert len(held) == len(names)


def test_a_file_that_cannot_be_written_is_named(report: Any, tmp_path: Path) -> None:
    (tmp_path / "folder" / "ben.xlsx").mkdir(parents=True)
    with pytest.raises(UsageError, match=r"cannot write .*ben\.xlsx"):
        report(["ada.xlsx", "ben.xlsx"], tmp_path / "folder")
    assert (tmp_path / "folder" / "ada.xlsx").read_bytes() == b"0"


def test_a_name_of_255_bytes_can_be_written(tmp_path: Path) -> None:
    """What it is called before it is whole is no longer than that."""
    path = tmp_path / ("n" * 251 + ".csv")
    write_file(path, b"1")
    assert [each.name for each in tmp_path.iterdir()] == [path.name]
    with pytest.raises(UsageError, match=r"cannot write .*nnn"):
        write_file(tmp_path / ("n" * 256), b"1")


def test_no_name_and_no_cell_turns_the_direction_of_writing(report: Any, tmp_path: Path) -> None:
    turned = "ada\u202exslx.exe\u2066\u200e\u200f.xlsx"
    report([turned], tmp_path / "folder")
    assert [each.name for each in (tmp_path / "folder").iterdir()] == ["adaxslx.exe.xlsx"]
    assert safe(turned) == one_line(turned) == "adaxslx.exe.xlsx"
    assert safe("\u202e=1+1") == "'=1+1"


def test_pages_are_where_the_list_says_whatever_files_are_called(tmp_path: Path) -> None:
    from urllib.parse import unquote

    from lxml.html import fromstring

    files = [LETTERS, EMOJI, "x\u202e.xlsx", "n" * 150 + "other" + LETTERS[155:]]
    unmarked = [Marked(f"class/{file}", None, "unmarked", "it is empty", 0, 1, ()) for file in files]
    reports.write("html", Results("alexnet", unmarked), Asked(tmp_path / "pages"))
    index: Any = fromstring((tmp_path / "pages" / "index.html").read_text(encoding="utf-8"))
    links = index.xpath("//table[@class='names']//a/@href")
    assert len({unquote(link) for link in links}) == len(files)
    for link in links:
        assert (tmp_path / "pages" / unquote(link)).is_file()
