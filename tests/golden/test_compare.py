"""A key or a blank beside the one that its coursework gives: what is otherwise, told by its cell where that can be."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import openpyxl
import pytest

from sheetgen import api
from sheetgen.errors import TemplateError, UsageError
from sheetgen.workbook.compare import differences
from sheetgen.workbook.fill import Entry, fill
from sheetgen.workbook.package import Package, Place, replace_parts
from tests.runs import run

SHEET = "xl/worksheets/sheet1.xml"


def _edited(data: bytes, old: bytes, new: bytes, part: str = SHEET) -> bytes:
    content = Package.read(data).part(part)
    assert content.count(old) == 1
    return replace_parts(data, {part: content.replace(old, new)})


def _cell(data: bytes, at: str) -> bytes:
    """A cell of the table as it stands in the file."""
    content = Package.read(data).part(SHEET)
    first = content.index(f'<c r="{at}"'.encode())
    return content[first : content.index(b"</c>", first) + 4]


@pytest.mark.parametrize(
    ("at", "holds", "told"),
    [
        ("L7", b"<v>3</v>", "Table!L7 holds 3, the coursework gives =J7+K7"),
        ("L7", b"<f>J7</f><v>34944</v>", "Table!L7 holds =J7, the coursework gives =J7+K7"),
        ("L7", b"<f>J7+K7</f><v>34943</v>", "Table!L7 has 34943 stored beside its formula, not 34944"),
        (
            "L7",
            b"<f>J7+K7</f>",
            "Table!L7 has no value stored beside the formula, as when a program saves without calculating",
        ),
        ("L7", b"", "Table!L7 holds nothing, the coursework gives =J7+K7"),
        ("C7", b"<v>12</v>", "Table!C7 holds 12, the coursework gives 11"),
    ],
)
def test_a_cell_is_told_by_its_address(at: str, holds: bytes, told: str, key: bytes) -> None:
    old = _cell(key, at)
    new = old[: old.index(b">") + 1] + holds + b"</c>"
    assert differences(key, _edited(key, old, new)) == (told,)


def test_a_number_as_text_is_not_the_number(key: bytes) -> None:
    old = _cell(key, "C7")
    new = old[: old.index(b">")].replace(b' t="n"', b"") + b' t="inlineStr"><is><t>11</t></is></c>'
    assert differences(key, _edited(key, old, new)) == ('Table!C7 holds "11", the coursework gives 11',)


def test_a_text_and_a_title_are_told(key: bytes) -> None:
    assert differences(key, fill(key, {Place("Table", 1, 12): Entry("s1234567")}).data) == (
        "Table!L1 holds s1234567, the coursework gives nothing",
    )


def test_what_is_no_cell_is_told_by_what_it_is(key: bytes) -> None:
    wider = _edited(key, b'<col width="21"', b'<col width="22"')
    assert differences(key, wider) == ("Table is the same in its cells, but not in its looks, sizes, locks or hints",)
    assert differences(key, _edited(key, b"Table!$L$7<", b"Table!$L$8<", "xl/workbook.xml")) == (
        "the name conv1.parameters is Table!$L$8, the coursework gives Table!$L$7",
    )
    theirs = _edited(key, b"sheetgen</dc:creator>", b"Somebody</dc:creator>", "docProps/core.xml")
    assert differences(key, theirs) == ("its part docProps/core.xml is another (its author and dates)",)
    assert differences(key, replace_parts(key, {"xl/more.xml": b"<x/>"})) == (
        "it has the part xl/more.xml, which does not belong to it",
    )
    assert differences(key, replace_parts(key, {"xl/theme/theme1.xml": None})) == (
        "it has no part xl/theme/theme1.xml",
    )


def _packed(data: bytes, *, level: int, date: tuple[int, int, int, int, int, int] | None, turned: bool) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w") as new:
        for info in reversed(old.infolist()) if turned else old.infolist():
            copy = zipfile.ZipInfo(info.filename, date or info.date_time)
            copy.compress_type, copy.external_attr, copy.create_system = info.compress_type, info.external_attr, 0
            new.writestr(copy, old.read(info.filename), compresslevel=level)
    return out.getvalue()


def test_another_zlib_makes_no_difference_but_another_date_does(key: bytes) -> None:
    same = _packed(key, level=1, date=None, turned=False)
    assert same != key
    assert differences(key, same) == ()
    again = ("its parts are the same, but were packed again: in another order, or with other dates",)
    assert differences(key, _packed(key, level=6, date=(2026, 6, 1, 9, 0, 0), turned=False)) == again
    assert differences(key, _packed(key, level=6, date=None, turned=True)) == again


def test_a_file_that_another_program_saved_is_told_so(key: bytes, tmp_path: Path) -> None:
    book = openpyxl.load_workbook(io.BytesIO(key))
    book["Table"]["L7"] = 3
    book["Questions"].title = "More"
    book.save(tmp_path / "saved.xlsx")
    theirs = _edited(
        (tmp_path / "saved.xlsx").read_bytes(), b"Microsoft Excel", b"LibreOffice/25.2", "docProps/app.xml"
    )
    told = differences(key, theirs)
    assert told[0].startswith("it was saved by LibreOffice/25.2 ")
    assert told[1] == "Table!L7 holds 3, the coursework gives =J7+K7"
    assert "Table!M4 and 71 others have no value stored beside the formula" in told[2]
    assert "it has no sheet Questions" in told
    assert "it has the sheet More, which does not belong to it" in told


def test_it_is_taken_for_what_it_is_more_like(blank: bytes, key: bytes, tmp_path: Path) -> None:
    typed = fill(blank, {Place("Table", 7, 12): Entry(34944)}).data
    for name, data in (("a", blank), ("b", key), ("c", typed), ("d", _edited(key, _cell(key, "L7"), b""))):
        (tmp_path / f"{name}.xlsx").write_bytes(data)
    found = api.compare("alexnet", [tmp_path / f"{name}.xlsx" for name in "abcd"])
    assert [(each.what, len(each.differences)) for each in found] == [
        ("blank", 0),
        ("key", 0),
        ("blank", 2),
        ("key", 1),
    ]
    assert found[2].differences == (
        "Table!M4 has Filled in: 1 of 77 stored beside its formula, the coursework gives none",
        "Table!L7 holds 34944, the coursework gives nothing",
    )
    assert found[3].differences == ("Table!L7 holds nothing, the coursework gives =J7+K7",)


def test_the_command_names_the_cell_writes_nothing_and_exits_1(key: bytes, tmp_path: Path) -> None:
    (tmp_path / "good.xlsx").write_bytes(key)
    text = fill(key, {Place("Table", 1, 12): Entry("::error::x\x07")}).data
    (tmp_path / "bad.xlsx").write_bytes(text)
    before = sorted(path.name for path in tmp_path.iterdir())
    done = run("generate", "alexnet", "--same-as", "good.xlsx", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "good.xlsx  is the key that alexnet gives\n"
    done = run("generate", "alexnet", "--same-as", "good.xlsx", "--same-as", "bad.xlsx", cwd=tmp_path)
    assert done.returncode == 1
    lines = done.stdout.splitlines()
    assert lines[:2] == [
        "good.xlsx  is the key that alexnet gives",
        "bad.xlsx  is not the key that alexnet gives; generate it again",
    ]
    assert lines[2].startswith("  Table!L1 holds :")
    assert "::error::" not in done.stdout
    assert "\x07" not in done.stdout
    assert sorted(path.name for path in tmp_path.iterdir()) == before


def test_many_differences_are_counted(key: bytes, tmp_path: Path) -> None:
    filled = fill(key, {Place("Table", row, 20): Entry(row) for row in range(30, 60)}).data
    (tmp_path / "key.xlsx").write_bytes(filled)
    done = run("generate", "alexnet", "--same-as", tmp_path / "key.xlsx")
    lines = done.stdout.splitlines()
    assert (done.returncode, len(lines), lines[-1]) == (1, 22, "  and 10 more")


def test_what_is_no_workbook_is_said(tmp_path: Path) -> None:
    (tmp_path / "key.xlsx").write_bytes(b"%PDF-1.7")
    with pytest.raises(TemplateError, match=r"key\.xlsx: this is a PDF"):
        api.compare("alexnet", [tmp_path / "key.xlsx"])
    with pytest.raises(UsageError, match=r"there is no file .*gone\.xlsx"):
        api.compare("alexnet", [tmp_path / "gone.xlsx"])
