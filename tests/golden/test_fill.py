"""The lossless edit: what changes, what must not, and that other programs see the numbers."""

from __future__ import annotations

import csv
import io
import shutil
import subprocess
import zipfile
from pathlib import Path

import openpyxl
import pytest
from openpyxl.worksheet.formula import ArrayFormula

from sheetgen.workbook.fill import Entry, Kept, fill
from sheetgen.workbook.package import BrokenPackage, Cell, Package, Place, parse_address, replace_parts

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
SHEET = "xl/worksheets/sheet1.xml"


def at(cell: str, sheet: str = "Table") -> Place:
    return Place(sheet, *parse_address(cell))


def template() -> bytes:
    workbook = openpyxl.Workbook()
    sheet = workbook.active
    assert sheet is not None
    sheet.title = "Table"
    sheet["A1"], sheet["B1"], sheet["C1"], sheet["D1"] = 11, 96, "=B1+1", None
    sheet["D1"].number_format = "#,##0"
    sheet["F5"], sheet["G5"] = "=SUM(D1:D9)", "=NOPE(D1)"
    sheet.merge_cells("A7:B8")
    other = workbook.create_sheet("Sums")
    other["A1"], other["A2"] = "=Table!D1*2", "=Table!A1"
    workbook.calculation.fullCalcOnLoad = False
    out = io.BytesIO()
    workbook.save(out)
    return out.getvalue()


def parts(data: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as package:
        return {name: package.read(name) for name in package.namelist()}


def changed(old: bytes, new: bytes) -> set[str]:
    before, after = parts(old), parts(new)
    return {name for name in before.keys() | after.keys() if before.get(name) != after.get(name)}


def with_parts(**replaced: str) -> bytes:
    """The template with its sheet1 (``sheet``), workbook.xml (``workbook``) ... replaced by hand-made XML."""
    names = {"sheet": SHEET, "workbook": "xl/workbook.xml"}
    return replace_parts(template(), {names[key]: text.encode() for key, text in replaced.items()})


def test_fill() -> None:
    data = template()
    entries = {at("D1"): Entry(105_705_600, "=A1*B1*100100"), at("E2"): Entry(1.5, None), at("B1"): Entry(97, None)}
    done = fill(data, entries)
    assert done.filled == (at("D1"), at("E2"))
    assert done.kept == (Kept(at("B1"), 96, None, Entry(97, None)),)
    assert done.refreshed == (at("A1", "Sums"), at("F5"))
    assert changed(data, done.data) == {SHEET, "xl/worksheets/sheet2.xml", "xl/workbook.xml"}
    now = Package.read(done.data)
    assert now.cells("Table")[1, 4] == Cell("number", 105_705_600, "A1*B1*100100")
    assert now.cells("Table")[2, 5] == Cell("number", 1.5)
    assert now.cells("Table")[1, 2] == Cell("number", 96)
    assert now.cells("Table")[5, 6] == Cell("number", 105_705_600, "SUM(D1:D9)")
    assert now.cells("Table")[5, 7] == Cell("blank", None, "NOPE(D1)")
    assert now.cells("Sums")[1, 1] == Cell("number", 211_411_200, "Table!D1*2")
    assert now.cells("Sums")[2, 1] == Cell("blank", None, "Table!A1")
    assert openpyxl.load_workbook(io.BytesIO(done.data))["Table"]["D1"].number_format == "#,##0"
    assert b'fullCalcOnLoad="1"' in parts(done.data)["xl/workbook.xml"]


def test_a_second_fill_changes_nothing() -> None:
    entries = {at("D1"): Entry(7, "=A1 - 4"), at("E2"): Entry("a  b\x01_x0041_ ", None), at("Z99"): Entry(0.1, None)}
    data = template()
    once = fill(data, entries)
    again = fill(once.data, entries)
    assert (again.filled, again.kept, again.refreshed) == ((), (), ())
    assert again.data == once.data
    assert fill(data, entries).data == once.data
    assert Package.read(once.data).cells("Table")[2, 5].value == "a  b\x01_x0041_ "
    assert fill(data, {}).data == data


def test_kept() -> None:
    data = fill(template(), {at("D1"): Entry(1067, "A1*97")}).data
    kept = fill(data, {at("D1"): Entry(1067, "A1*B1"), at("C1"): Entry(97, "b1 + 1"), at("A1"): Entry(11.0, None)}).kept
    assert kept == (Kept(at("D1"), 1067, "A1*97", Entry(1067, "A1*B1")),)


def test_everything_else_in_the_part_survives() -> None:
    head = (
        '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\r\n'
        f'<x:worksheet xmlns:x="{MAIN}" xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006" '
        'xmlns:x14ac="http://schemas.microsoft.com/office/spreadsheetml/2009/9/ac" xmlns:u="urn:unused" '
        'mc:Ignorable="x14ac u">'
    )
    tail = (
        '<!-- kept --><x:mergeCells count="1"><x:mergeCell ref="A7:B8"/></x:mergeCells>'
        '<mc:AlternateContent><mc:Choice Requires="u"><q xmlns="urn:q" b="1" a="2"/></mc:Choice></mc:AlternateContent>'
        '<x:extLst><x:ext xmlns:x14="http://schemas.microsoft.com/office/spreadsheetml/2009/9/main" '
        'uri="{78C0D931-6437-407d-A8EE-F0AAD7539E65}"><x14:conditionalFormattings/></x:ext></x:extLst></x:worksheet>'
    )
    sheet = (
        head + '<x:dimension ref="A1:C3"/><x:cols><x:col min="4" max="5" style="2"/></x:cols><x:sheetData>'
        '<x:row r="1" spans="1:3" x14ac:dyDescent="0.25"><x:c r="A1"><x:v>11.0</x:v></x:c>'
        '<x:c r="C1" s="1"><x:extLst/></x:c></x:row>'
        '<x:row r="3" s="3" customFormat="1"><x:c r="B3"/></x:row></x:sheetData>' + tail
    )
    data = with_parts(sheet=sheet)
    entries = {at("B1"): Entry(5, "A1-6"), at("C1"): Entry(2, None), at("D1"): Entry("t", None)}
    done = fill(data, {**entries, at("E2"): Entry(4, None), at("A3"): Entry(3, None)})
    assert parts(done.data)[SHEET].decode() == (
        head + '<x:dimension ref="A1:E3"/><x:cols><x:col min="4" max="5" style="2"/></x:cols><x:sheetData>'
        '<x:row r="1" spans="1:4" x14ac:dyDescent="0.25"><x:c r="A1"><x:v>11.0</x:v></x:c>'
        '<x:c r="B1"><x:f>A1-6</x:f><x:v>5</x:v></x:c><x:c r="C1" s="1"><x:v>2</x:v><x:extLst/></x:c>'
        '<x:c r="D1" s="2" t="inlineStr"><x:is><x:t>t</x:t></x:is></x:c></x:row>'
        '<x:row r="2"><x:c r="E2" s="2"><x:v>4</x:v></x:c></x:row>'
        '<x:row r="3" s="3" customFormat="1"><x:c r="A3" s="3"><x:v>3</x:v></x:c><x:c r="B3"/></x:row></x:sheetData>'
        + tail
    )


def test_cells_and_rows_without_references() -> None:
    rows = "<row><c><v>1</v></c><c><v>2</v></c></row><row><c><v>3</v></c></row>"
    sheet = f'<worksheet xmlns="{MAIN}"><sheetData>{rows}</sheetData></worksheet>'
    done = fill(with_parts(sheet=sheet), {at("C1"): Entry(9, None), at("B4"): Entry(8, None)})
    values = {place: cell.value for place, cell in Package.read(done.data).cells("Table").items()}
    assert values == {(1, 1): 1, (1, 2): 2, (2, 1): 3, (1, 3): 9, (4, 2): 8}


def test_the_calculation_chain_goes_when_formulas_come() -> None:
    data = template()
    old = parts(data)
    chain = f'<calcChain xmlns="{MAIN}"><c r="C1" i="1"/></calcChain>'.encode()
    override = b'<Override PartName="/xl/calcChain.xml" ContentType="application/x-chain"/></Types>'
    relation = f'<Relationship Id="rId99" Type="{OFFICE}/calcChain" Target="calcChain.xml"/></Relationships>'.encode()
    rels = "xl/_rels/workbook.xml.rels"
    chained = replace_parts(
        data,
        {
            "xl/calcChain.xml": chain,
            "[Content_Types].xml": old["[Content_Types].xml"].replace(b"</Types>", override),
            rels: old[rels].replace(b"</Relationships>", relation),
        },
    )
    plain = fill(chained, {at("D1"): Entry(1, None)})
    assert "xl/calcChain.xml" in parts(plain.data)
    new = parts(fill(chained, {at("D1"): Entry(1, "=1")}).data)
    assert "xl/calcChain.xml" not in new
    assert b"calcChain" not in new["[Content_Types].xml"] + new[rels]
    assert new["[Content_Types].xml"].count(b"<Override") == old["[Content_Types].xml"].count(b"<Override")
    assert new[rels].count(b"<Relationship ") == old[rels].count(b"<Relationship ")


def test_a_workbook_without_calc_pr() -> None:
    old = parts(template())["xl/workbook.xml"].decode()
    start = old.index("<calcPr")
    without = old[:start] + old[old.index("/>", start) + 2 :]
    new = parts(fill(with_parts(workbook=without), {at("D1"): Entry(1, None)}).data)["xl/workbook.xml"].decode()
    assert new.replace('<calcPr fullCalcOnLoad="1"/>', "") == without
    assert new.index("</sheets>") < new.index("<calcPr")


def test_an_old_cache_is_better_than_our_error() -> None:
    rows = '<row r="1"><c r="A1"><f>NOPE(D1)</f><v>5</v></c><c r="B1" t="str"><f>D1*2</f><v>old</v></c>'
    rows += '<c r="C1"><f>IF(D1&gt;0,1,2)</f><v>1</v></c></row>'
    sheet = f'<worksheet xmlns="{MAIN}"><sheetData>{rows}</sheetData></worksheet>'
    done = fill(with_parts(sheet=sheet), {at("D1"): Entry(4, None)})
    assert done.refreshed == (at("A1", "Sums"), at("B1"))  # and C1's was right already
    now = Package.read(done.data).cells("Table")
    assert (now[1, 1].value, now[1, 2]) == (5, Cell("number", 8, "D1*2"))


def test_what_cannot_be_filled() -> None:
    workbook = openpyxl.load_workbook(io.BytesIO(template()))
    workbook["Table"]["H1"] = ArrayFormula("H1:H3", "=A1:A3*2")
    out = io.BytesIO()
    workbook.save(out)
    for place, why in ((at("B8"), "merged"), (at("H2"), "array formula"), (at("A1", "Nowhere"), "no sheet")):
        with pytest.raises(BrokenPackage, match=why) as caught:
            fill(out.getvalue(), {place: Entry(1, None)})
        assert str(place) in str(caught.value)
    assert fill(out.getvalue(), {at("A7"): Entry(1, None)}).filled == (at("A7"),)


@pytest.mark.skipif(shutil.which("soffice") is None, reason="LibreOffice is not installed")
def test_libreoffice_shows_the_numbers(tmp_path: Path) -> None:
    done = fill(template(), {at("D1"): Entry(105_705_600, "=A1*B1*100100"), at("E2"): Entry("text", None)})
    (tmp_path / "filled.xlsx").write_bytes(done.data)
    profile = f"-env:UserInstallation=file://{tmp_path}/profile"
    command = ["soffice", profile, "--headless", "--convert-to", "csv", "--outdir", str(tmp_path)]
    subprocess.run([*command, str(tmp_path / "filled.xlsx")], check=True, capture_output=True, timeout=120)
    with (tmp_path / "filled.csv").open(newline="") as file:
        rows = list(csv.reader(file))
    assert rows[0][:4] == ["11", "96", "97", "105705600"]
    assert rows[1][4] == "text"
