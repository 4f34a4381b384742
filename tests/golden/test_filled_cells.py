"""What is written into empty cells of any make, and what cannot be filled safely and is refused in a sentence."""

from __future__ import annotations

import io
import re
from pathlib import Path

import openpyxl
import pytest

from sheetgen import api
from sheetgen.errors import TemplateError, UsageError
from sheetgen.workbook.fill import Entry, fill
from sheetgen.workbook.package import BrokenPackage, Package, address, replace_parts
from tests import templates_made as made
from tests.lossless import lost
from tests.templates_made import MAIN, OFFICE, SHEET, TEMPLATES, at, parts

ONE = {at("D2"): Entry(12, "=B2*C2")}


def with_rows(rows: str, tail: str = "", head: str = "") -> bytes:
    sheet = f'<worksheet xmlns="{MAIN}">{head}<sheetData>{rows}</sheetData>{tail}</worksheet>'
    return replace_parts(made.made(), {SHEET: sheet.encode()})


def sheet_of(data: bytes) -> str:
    return parts(data)[SHEET].decode()


@pytest.mark.parametrize(
    ("cell", "becomes"),
    [
        ('<c r="D2"/>', '<c r="D2"><f>B2*C2</f><v>0</v></c>'),
        ('<c r="D2" s="3" ph="1"><v></v></c>', '<c r="D2" s="3" ph="1"><f>B2*C2</f><v>0</v></c>'),
        ('<c r="D2" t="s"><v/></c>', '<c r="D2"><f>B2*C2</f><v>0</v></c>'),
        (
            '<c t="str" r="D2"><v></v><extLst><ext/></extLst></c>',
            '<c r="D2"><f>B2*C2</f><v>0</v><extLst><ext/></extLst></c>',
        ),
        (
            '<c r="D2" t="inlineStr"><is><r><rPr><b/></rPr><t></t></r><rPh sb="0" eb="0"><t>x</t></rPh></is></c>',
            '<c r="D2"><f>B2*C2</f><v>0</v></c>',
        ),
        ('<c r="D2" cm="1" vm="2"/>', '<c r="D2"><f>B2*C2</f><v>0</v></c>'),
        ('<c r="D2"><f/></c>', '<c r="D2"><f>B2*C2</f><v>0</v></c>'),
    ],
)
def test_an_empty_cell_of_any_make(cell: str, becomes: str) -> None:
    done = fill(with_rows(f'<row r="2">{cell}</row>'), ONE)
    assert sheet_of(done.data) == sheet_of(with_rows(f'<row r="2">{becomes}</row>'))


@pytest.mark.parametrize(
    ("formula", "shown"),
    [
        ('<f t="shared" ref="D2:D3" si="0">B2+C2</f>', "B2+C2"),
        ('<f t="array" ref="D2">B2+C2</f>', "B2+C2"),
        ("<f>B2+C2</f>", "B2+C2"),
        ('<f t="dataTable" ref="D2" r1="A1"/>', "TABLE(A1,)"),
    ],
)
def test_the_master_of_any_formula_is_kept(formula: str, shown: str) -> None:
    data = with_rows(f'<row r="2"><c r="D2">{formula}</c></row><row r="3"><c r="D3"><f t="shared" si="0"/></c></row>')
    if "shared" not in formula:
        data = with_rows(f'<row r="2"><c r="D2">{formula}</c></row>')
    done = fill(data, {**ONE, at("E9"): Entry(1)})
    assert [kept.held_formula for kept in done.kept] == [shown]
    assert formula in sheet_of(done.data)


def test_a_blank_between_the_cells_of_a_shared_formula() -> None:
    shared = '<row r="{}"><c r="D{}"><f t="shared" {}si="0">{}</f><v>0</v></c></row>'
    first, last = shared.format(1, 1, 'ref="D1:D3" ', "B1+1"), shared.format(3, 3, "", "")
    done = fill(with_rows(f'{first}<row r="2"><c r="D2"/></row>{last}'), {at("D2"): Entry(4), at("B3"): Entry(5)})
    now = Package.read(done.data).cells("Table")
    assert {place: cell.formula for place, cell in now.items()} == {
        (1, 4): "B1+1",
        (2, 4): None,
        (3, 4): "B3+1",
        (3, 2): None,
    }
    assert done.refreshed == (at("D3"),)  # D1 reads nothing that was filled
    assert '<f t="shared" si="0"></f><v>6</v>' in sheet_of(done.data)


def test_what_an_array_formula_fills_is_brought_up_to_date() -> None:
    rows = (
        '<row r="1"><c r="A1"><v>1</v></c><c r="B1" cm="1"><f t="array" ref="B1:B3">A1:A3*2</f><v>2</v></c></row>'
        '<row r="2"><c r="A2"/><c r="B2"><v>0</v></c></row><row r="3"><c r="B3"><v>0</v></c></row>'
    )
    done = fill(with_rows(rows), {at("A2"): Entry(21)})
    assert done.refreshed == (at("B2"),)
    assert sheet_of(done.data) == sheet_of(
        with_rows(rows.replace('<c r="A2"/><c r="B2"><v>0', '<c r="A2"><v>21</v></c><c r="B2"><v>42'))
    )


def test_a_value_described_elsewhere_is_no_longer_what_is_described() -> None:
    rows = '<row r="1"><c r="B1" t="e" cm="1" vm="1"><f t="array" ref="B1">1/A1</f><v>#DIV/0!</v></c></row>'
    done = fill(with_rows(rows), {at("A1"): Entry(4)})
    assert '<c r="B1" cm="1"><f t="array" ref="B1">1/A1</f><v>0.25</v></c>' in sheet_of(done.data)


def test_a_new_row_is_hidden_where_all_others_are() -> None:
    head = '<sheetFormatPr defaultRowHeight="15" zeroHeight="1"/>'
    done = fill(with_rows('<row r="1"/>', head=head), {at("A1"): Entry(1), at("A2"): Entry(2)})
    assert '<row r="1"><c r="A1"><v>1</v></c></row><row r="2" hidden="1"><c r="A2">' in sheet_of(done.data)


@pytest.mark.parametrize("data", ["<sheetData/>", "<sheetData></sheetData>", "<sheetData ><!-- none --></sheetData>"])
def test_a_sheet_without_rows(data: str) -> None:
    empty = replace_parts(made.made(), {SHEET: f'<worksheet xmlns="{MAIN}">{data}</worksheet>'.encode()})
    done = fill(empty, {at("B3"): Entry(1), at("A3"): Entry(2), at("A1"): Entry(3)})
    rows = '<row r="1"><c r="A1"><v>3</v></c></row><row r="3"><c r="A3"><v>2</v></c><c r="B3"><v>1</v></c></row>'
    inside = "<!-- none -->" if "none" in data else ""
    opened = "<sheetData >" if inside else "<sheetData>"
    assert sheet_of(done.data) == f'<worksheet xmlns="{MAIN}">{opened}{inside}{rows}</sheetData></worksheet>'


# -- what is refused ---------------------------------------------------------------------------------------------------


def refusal(data: bytes, *cells: str, sheet: str = "Table") -> str:
    with pytest.raises(BrokenPackage) as caught:
        fill(data, {at(cell, sheet): Entry(1) for cell in cells})
    return str(caught.value)


def test_tables() -> None:
    """An empty heading does not occur in Excel's own tables, but in those that scripts make."""
    data = made.edited(
        TEMPLATES["table.xlsx"](), lambda xml: re.sub(r'<c r="(H2|J6|I5|J5)".*?</c>', r'<c r="\1"/>', xml)
    )
    data = made.edited(data, lambda xml: xml.replace('ref="H2:J5"', 'ref="H2:J6"', 1), "xl/tables/table1.xml")
    assert refusal(data, "H2") == (
        "the cell 'Table'!H2 cannot be filled: it is a heading of the table 'Layers' (H2:J6); give it its heading, "
        "or turn the table into a plain range first (Table Design > Convert to Range)"
    )
    assert "'Table'!J6 cannot be filled: it is in the total row of the table 'Layers'" in refusal(data, "J6")
    done = fill(data, {at("I5"): Entry(4), at("J5"): Entry(2), at("J7"): Entry(3), at("K2"): Entry(5)})
    assert len(done.filled) == 4
    assert (
        lost(data, done.data, ["I5", "J5", "J7", "K2"], [address(each.row, each.column) for each in done.refreshed])
        == []
    )


def test_pivot_tables() -> None:
    pivot = f'<pivotTableDefinition xmlns="{MAIN}" name="By layer"><location ref="H2:I5"/></pivotTableDefinition>'
    kind = f"{OFFICE}/pivotTable"
    data = made.attached(made.made(), "xl/pivotTables/pivotTable1.xml", pivot, kind, f"{made.TYPE}.pivotTable+xml")
    assert refusal(data, "I5") == (
        "the cell 'Table'!I5 cannot be filled: it lies in the pivot table 'By layer' (H2:I5), which Excel writes "
        "itself; put the answers outside of it"
    )
    assert fill(data, {at("I6"): Entry(1)}).filled


def test_merged_cells() -> None:
    data = TEMPLATES["merged.xlsx"]()
    assert refusal(data, "G4") == (
        "the cell 'Table'!G4 cannot be filled: it is hidden in the merged cell F3:G4; unmerge that first"
    )


def test_array_formulas_and_data_tables() -> None:
    array, table = '<f t="array" ref="A1:A3">{1;2;3}</f>', '<f t="dataTable" ref="C1:C3" r1="A9"/>'
    rows = f'<row r="1"><c r="A1">{array}</c><c r="C1">{table}</c></row>'
    assert "it belongs to the array formula in A1:A3; clear that first" in refusal(with_rows(rows), "A2")
    assert "it belongs to the data table in C1:C3; clear that first" in refusal(with_rows(rows), "C2")


def test_all_cells_are_told_at_once() -> None:
    data = TEMPLATES["merged.xlsx"]()
    said = refusal(data, "G3", "F4", "G4", "B10", "C10", "D10", "D2")
    assert said.count("cannot be filled") == 5
    assert said.endswith("; and 1 more cells")


@pytest.mark.parametrize(
    "rows",
    [
        '<mc:Alternate xmlns:mc="urn:mc"><mc:Choice><row r="2"/></mc:Choice></mc:Alternate>',
        '<row r="2"><mc:Alternate xmlns:mc="urn:mc"><mc:Choice><c r="D2"/></mc:Choice></mc:Alternate></row>',
    ],
)
def test_cells_for_certain_programs_only(rows: str) -> None:
    rows = rows.replace("mc:Alternate", "mc:AlternateContent").replace(
        "urn:mc", "http://schemas.openxmlformats.org/markup-compatibility/2006"
    )
    assert "the sheet 'Table' cannot be filled: some of its cells are there for certain programs only" in refusal(
        with_rows(rows), "D2"
    )


def test_a_signed_workbook() -> None:
    kind = "http://schemas.openxmlformats.org/package/2006/relationships/digital-signature"
    content = "application/vnd.openxmlformats-package.digital-signature-{}"
    data = made.attached(made.made(), "_xmlsignatures/origin.sigs", b"", f"{kind}/origin", content.format("origin"), "")
    assert fill(data, ONE).filled  # the place for signatures alone is no signature
    signed = made.attached(
        data,
        "_xmlsignatures/sig1.xml",
        '<Signature xmlns="http://www.w3.org/2000/09/xmldsig#"/>',
        f"{kind}/signature",
        content.format("xmlsignature+xml"),
        "_xmlsignatures/origin.sigs",
    )
    assert "has a digital signature, which filling would make invalid; remove it first" in refusal(signed, "D2")
    assert fill(signed, {at("A2"): Entry("conv1")}).data == signed  # nothing to fill, nothing to refuse


@pytest.mark.parametrize("content", [b"<worksheet/>", b'<worksheet xmlns="%s"/>' % MAIN.encode()])
def test_a_sheet_without_cells(content: bytes) -> None:
    assert "the sheet 'Table' has no cells" in refusal(replace_parts(made.made(), {SHEET: content}), "D2")


# -- the command -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("suffix", [".xlsm", ".XLSM", ".xltx"])
def test_the_copy_is_a_file_of_the_templates_type(
    suffix: str, blank: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    template = tmp_path / f"theirs{suffix}"
    macros = made.attached(
        blank, "xl/vbaProject.bin", b"macros", f"{made.MICROSOFT}/vba", "application/vba", made.WORKBOOK
    )
    template.write_bytes(macros)
    done = api.fill("alexnet", template)
    assert done.path == Path("output") / f"theirs-filled{suffix}"
    assert parts(done.path.read_bytes())["xl/vbaProject.bin"] == b"macros"
    with pytest.raises(UsageError, match=rf"the filled copy is a {suffix} file like its template"):
        api.fill("alexnet", template, tmp_path / "else.xlsx")
    assert template.read_bytes() == macros


def test_the_command_names_the_file_and_the_cell(blank: bytes, tmp_path: Path) -> None:
    book = openpyxl.load_workbook(io.BytesIO(blank))
    book["Table"].merge_cells("K7:L7")
    book.save(tmp_path / "theirs.xlsx")
    with pytest.raises(TemplateError) as caught:
        api.fill("alexnet", tmp_path / "theirs.xlsx", tmp_path / "out.xlsx")
    assert str(caught.value).startswith(
        f"{tmp_path / 'theirs.xlsx'}: the cell 'Table'!L7 cannot be filled: it is hidden"
    )
    assert not (tmp_path / "out.xlsx").exists()


@pytest.mark.parametrize(
    ("name", "data", "says"),
    [
        (
            "old.xlsx",
            bytes.fromhex("d0cf11e0a1b11ae1") + "Workbook".encode("utf-16-le"),
            "open it in Excel and save it as .xlsx",
        ),
        (
            "locked.xlsx",
            bytes.fromhex("d0cf11e0a1b11ae1") + "EncryptedPackage".encode("utf-16-le"),
            "save it without one",
        ),
        ("binary.xlsx", None, "binary workbook (.xlsb); save it as .xlsx"),
    ],
)
def test_other_kinds_of_files(name: str, data: bytes | None, says: str, tmp_path: Path) -> None:
    binary = made.edited(made.made(), lambda xml: xml.replace("xl/workbook.xml", "xl/workbook.bin"), "_rels/.rels")
    (tmp_path / name).write_bytes(binary if data is None else data)
    with pytest.raises(TemplateError) as caught:
        api.fill("alexnet", tmp_path / name)
    assert says in str(caught.value)
