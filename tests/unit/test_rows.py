"""A sheet read by its pattern and one walked through give the same, whatever is in it; and most are read by pattern."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import openpyxl
import pytest
import xlsxwriter  # type: ignore[import-untyped]
from hypothesis import given, settings
from hypothesis import strategies as st

from sheetgen.workbook import rows
from sheetgen.workbook.archive import BrokenPackage
from sheetgen.workbook.package import Package
from sheetgen.workbook.sheetdata import SheetEntry, SheetReader
from tests.hostile import make

MAIN = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
DYNAMIC = 'xmlns:x14ac="http://schemas.microsoft.com/office/spreadsheetml/2009/9/ac"'
STRINGS = ("zero", "one", "two")


def sheet_of(body: str, head: str = "", root: str = f"{MAIN} {DYNAMIC}") -> bytes:
    return f"{head}<worksheet {root}><sheetData>{body}</sheetData></worksheet>".encode()


def read(data: bytes, *, walked: bool) -> object:
    """The cells of a sheet, or that it is broken."""
    with pytest.MonkeyPatch.context() as patch:
        if walked:
            patch.setattr(rows, "_plainly", lambda *_: None)
        try:
            reader = SheetReader(SheetEntry("Table", "sheet1.xml", hidden=False), data, lambda: STRINGS, False)
        except BrokenPackage:
            return "broken"
        return {at: (cell, cell.style) for at, cell in reader.cells.items()}, reader.areas


def is_plain(data: bytes) -> bool:
    return rows._plainly(data, "sheet1.xml") is not None


# --- the same -------------------------------------------------------------------------------------------------------

TEXTS = ("", "0", "55", " 55 ", "1e3", "a&amp;b", "&#233;", "&#xE9;", "&#128;", "&lt;c r=&quot;A1&quot;/>", "_x0041_",
         "x]]&gt;", "&nbsp;", "é", "\u2028", "&#0;", "<!-- 1 -->2", "<![CDATA[3]]>", "1\r\n2", "&", "<b/>",
         "a\tb")  # fmt: skip
INSIDE = (
    "<v>{}</v>", "<v/>", "<v />", "<v></v>", '<v xml:space="preserve">{}</v>', "<f>{}</f>", "<f>{}</f><v>1</v>", "<f/>",
    '<f t="shared" si="0"/><v>2</v>', '<f t="shared" ref="A1:A9" si="0">{}</f>', '<f t="array" ref="A1:B2">{}</f>',
    '<f t="dataTable" ref="A1:A2" r1="B1"/>', "<is><t>{}</t></is>", "<is><t/></is>", "<is><r><t>{}</t></r></is>",
    "<is/>", "", "<x/>", "<v>1</v><f>2</f>", '<f ca="1">{}</f>', "<is><t>a</t><rPh/></is>", "<v>1</v><v>2</v>",
)  # fmt: skip
KINDS = ("", ' t="n"', ' t="s"', ' t="str"', ' t="b"', ' t="e"', ' t="inlineStr"', ' t="d"', ' t="?"', " t='s'")
PLACES = (' r="A{row}"', ' r="B{row}"', ' r="AB{row}"', "", ' r="A9"', ' r="a{row}"', ' r="$C${row}"', ' r="XFE{row}"')
STYLES = ("", ' s="3"', ' s=""', ' s="-1"', ' s="123456789"', " s='3'", ' s="3" s="4"', ' cm="1"')
ROWS = (
    '<row r="{row}">{}</row>', '<row r="{row}" spans="1:3" x14ac:dyDescent="0.25">{}</row>', "<row>{}</row>",
    '<row r="{row}"/>{}', '<row r="{row}" ht="15" r="4">{}</row>', '<row spans="1:3" r="{row}">{}</row>', "{}",
    '<row r="{row}" hidden=\'1\'>{}</row>', '<row r="{row}">{}</row><row r="{row}"/>', '<row  r="{row}">{}</row>\n',
    '<row r="{row}" undeclared:a="1">{}</row>', "<row r=\"{row}\" {main}>{}</row>", '<x:row r="{row}">{}</x:row>',
    '<row r="{row}" xmlns="other">{}</row>', '<row r="{row}"><row r="9">{}</row></row>', "<!-- -->", "<?pi ?>",
    '<row r="1048577">{}</row>', '<row r="{row}" customFormat="1" s="2">{}</row>',
)  # fmt: skip


@st.composite
def bodies(draw: st.DrawFn) -> str:
    found = []
    odd = draw(st.integers(0, 3))  # how often something is taken that is not the usual
    one = st.sampled_from

    def choose(of: tuple[str, ...]) -> str:
        return draw(one(of)) if draw(st.integers(0, 9)) <= odd else draw(one(of[:3]))

    for row in range(1, draw(st.integers(1, 4)) + 1):
        cells = []
        for _ in range(draw(st.integers(0, 3))):
            inside = choose(INSIDE).format(choose(TEXTS))
            place = choose(PLACES).format(row=row)
            cells.append(f"<c{place}{choose(STYLES)}{choose(KINDS)}>{inside}</c>")
        found.append(choose(ROWS).format("".join(cells), row=row, main=MAIN))
    return "".join(found)


HEADS = ("", '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n', "<?xml version='1.0' encoding='iso-8859-1'?>",
         "<!-- <sheetData> -->", "\ufeff", '<?xml version="1.0" encoding="ascii"?>', " ")  # fmt: skip
ROOTS = (f"{MAIN} {DYNAMIC}", MAIN, 'xmlns="other"', "", f"{MAIN} a='<'", f'{DYNAMIC} b=" xmlns=" {MAIN}')


@settings(max_examples=600, deadline=None)
@given(bodies(), st.sampled_from(HEADS), st.sampled_from(ROOTS))
def test_both_ways_give_the_same(body: str, head: str, root: str) -> None:
    data = sheet_of(body, head, root)
    assert read(data, walked=False) == read(data, walked=True)


@pytest.mark.parametrize("inside", INSIDE)
@pytest.mark.parametrize("text", TEXTS)
def test_each_text_in_each_element(inside: str, text: str) -> None:
    for kind in KINDS:
        data = sheet_of(f'<row r="1"><c r="A1" s="3"{kind}>{inside.format(text)}</c></row>')
        assert read(data, walked=False) == read(data, walked=True), data


@pytest.mark.parametrize("row", ROWS)
@pytest.mark.parametrize("head", HEADS)
@pytest.mark.parametrize("root", ROOTS)
def test_each_row_in_each_document(row: str, head: str, root: str) -> None:
    cell = '<c r="A1"><v>1</v></c>'
    for body in (row.format(cell, row=1, main=MAIN), row.format("", row=1, main=MAIN)):
        for more in ("", '<row r="7"><c r="B7" t="str"><v>é</v></c></row>', '<row r="7"/>'):
            data = sheet_of(body + more, head, root)
            assert read(data, walked=False) == read(data, walked=True), data


ROW = '<row r="1"><c r="A1"><v>1</v></c></row>'
PREFIXED = f"<x:sheetData xmlns:{MAIN.replace('xmlns', 'x')}>{ROW.replace('1', '2')}</x:sheetData>"


@pytest.mark.parametrize(
    "inside",
    [
        f"<!--<sheetData>{ROW}</sheetData>-->",
        f"<?x <sheetData>{ROW}</sheetData>?>",
        f"<![CDATA[<sheetData>{ROW}</sheetData>]]>",
        f"<sheetData>{ROW}</sheetData><sheetData>{ROW.replace('1', '2')}</sheetData>",
        f"<sheetData>{ROW}</sheetData><sheetData />",
        f'<sheetData a="1">{ROW}</sheetData>',
        f"<a><sheetData>{ROW}</sheetData></a>",
        f'<a xmlns="other"><sheetData>{ROW}</sheetData></a>',
        f"<sheetData>{ROW}</sheetData>{ROW.replace('1', '2')}",
        f"<b/>{ROW}",
        f"<sheetData>{ROW}</sheetData>".replace("row>", "row >"),
        f"<sheetData>{ROW}</sheetData>{PREFIXED}",
        f"{PREFIXED}<sheetData>{ROW}</sheetData>",
        "<sheetData/>",
        "<sheetData></sheetData>",
        f"<sheetData>{ROW}",
    ],
)
def test_what_only_looks_like_a_sheet(inside: str) -> None:
    data = f"<worksheet {MAIN}>{inside}</worksheet>".encode()
    assert read(data, walked=False) == read(data, walked=True)


def test_the_hostile_ones_too() -> None:
    base = make.Base.read(make.honest())
    seen = 0
    for name, (made, _) in make.CASES.items():
        data = made(base)
        if len(data) > 2**20 or not data.startswith(b"PK"):
            continue
        try:
            package = Package.read(data)
            parts = [package.part(entry.part) for entry in package.sheets]
        except BrokenPackage:
            continue
        for part in parts:
            if len(part) <= rows.PLAIN_UP_TO:
                assert read(part, walked=False) == read(part, walked=True), name
                seen += 1
    assert seen > 100


# --- most are read by pattern ---------------------------------------------------------------------------------------


def test_what_programs_write_is_plain(blank: bytes, key: bytes, tmp_path: Path) -> None:
    book = openpyxl.load_workbook(io.BytesIO(key))
    book.save(tmp_path / "openpyxl.xlsx")
    with xlsxwriter.Workbook(tmp_path / "xlsxwriter.xlsx") as other:
        work = other.add_worksheet()
        work.write_row(0, 0, ["Layer", "Größe & Zahl", 55, 1.5, True])
        work.write_formula(1, 0, '="a"&B1', value="a")
        work.set_row(7, 30)
    saved = [blank, key, *((tmp_path / f"{name}.xlsx").read_bytes() for name in ("openpyxl", "xlsxwriter"))]
    for data in saved:
        package = Package.read(data)
        assert all(is_plain(package.part(entry.part)) for entry in package.sheets)


def test_what_excel_and_libreoffice_write_is_plain() -> None:
    excel = sheet_of(
        '<row r="1" spans="1:3" ht="25.5" customHeight="1" x14ac:dyDescent="0.25"><c r="A1" s="1" t="s"><v>0</v></c>'
        '<c r="B1" s="4"/><c r="C1"><f>SUM(A1:A2)</f><v>3</v></c></row>'
        '<row r="2" spans="1:3" x14ac:dyDescent="0.25"><c r="A2" t="str"><f t="shared" ref="A2:A3" si="0">B2&amp;"x"'
        '</f><v>x</v></c></row><row r="9" spans="1:3" ht="8" x14ac:dyDescent="0.25"/>',
        '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\r\n',
        f'{MAIN} xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006" mc:Ignorable="x14ac" {DYNAMIC}',
    )
    libreoffice = sheet_of(
        '<row r="1" customFormat="false" ht="12.8" hidden="false" customHeight="false" outlineLevel="0">'
        '<c r="A1" s="0" t="s"><v>1</v></c><c r="B1" s="0" t="n"><f aca="false">A1+1</f><v>2</v></c></row>'
    )
    for data in (excel, libreoffice):
        assert is_plain(data)
        assert read(data, walked=False) == read(data, walked=True)


def test_a_row_is_remembered_but_not_what_depends_on_the_workbook(key: bytes) -> None:
    row = '<row r="1"><c r="A1" t="s"><v>0</v></c></row><row r="2"><c r="A2" t="d"><v>2026-01-01</v></c></row>'

    def cells(strings: tuple[str, ...], *, date1904: bool) -> list[object]:
        reader = SheetReader(SheetEntry("T", "p", hidden=False), sheet_of(row), lambda: strings, date1904)
        return [cell.value for cell in reader.cells.values()]

    first, second = cells(("one",), date1904=False), cells(("two",), date1904=True)
    assert (first[0], second[0]) == ("one", "two")
    assert isinstance(first[1], int)
    assert isinstance(second[1], int)
    assert first[1] - second[1] == 1462
    package = Package.read(key)
    part = package.part(package.sheets[0].part)
    before = rows._known_piece.cache_info().hits
    assert [row.cells for row in rows.read_rows(part, "")] == [row.cells for row in rows.read_rows(part, "")]
    assert rows._known_piece.cache_info().hits > before


def test_a_zip_of_one_class_has_few_rows_of_its_own(key: bytes) -> None:
    """Two workbooks that differ in one cell share all rows but one."""
    other = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(key)) as old, zipfile.ZipFile(other, "w") as new:
        for name in old.namelist():
            new.writestr(name, old.read(name).replace(b">34944<", b">34848<", 1))
    known = [Package.read(data) for data in (key, other.getvalue())]
    first, second = ([*rows.read_rows(each.part(each.sheets[0].part), "")] for each in known)
    different = [one.number for one, two in zip(first, second, strict=True) if one is not two]
    assert len(different) == 1
