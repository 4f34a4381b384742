"""A fill loses nothing, whatever the template holds, and other programs show the numbers.

And the comparison that says so sees each kind of loss: faults are planted and have to be found.
"""

from __future__ import annotations

import csv
import difflib
import io
import re
import shutil
import subprocess
import warnings
from pathlib import Path

import openpyxl
import pytest

from sheetgen.workbook.fill import Entry, Filled, fill
from sheetgen.workbook.package import BrokenPackage, Package, Place, parse_address, replace_parts
from tests import templates_made as made
from tests.conftest import UTF8_CSV
from tests.lossless import lost, sheet_differences
from tests.templates_made import ENTRIES, FILLED, MAIN, REFRESHED, SHEET, SHOWN, TEMPLATES, at, parts

FODS = Path(__file__).parents[1] / "data" / "template.fods"


def soffice(folder: Path, to: str, *files: Path) -> None:
    program = shutil.which("soffice")
    assert program, "LibreOffice is needed as a second opinion: apt install libreoffice-calc"
    command = [program, "--headless", f"-env:UserInstallation=file://{folder}/profile", "--convert-to", to]
    subprocess.run([*command, "--outdir", str(folder), *map(str, files)], check=True, capture_output=True, timeout=240)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("lossless")


@pytest.fixture(scope="module")
def by_libreoffice(folder: Path) -> bytes:
    """A template with a text box, a form control, a comment and a pivot table that LibreOffice wrote."""
    soffice(folder, "xlsx", FODS)
    return (folder / "template.xlsx").read_bytes()


@pytest.fixture(scope="module")
def templates(by_libreoffice: bytes) -> dict[str, bytes]:
    return {"libreoffice.xlsx": by_libreoffice, **{name: make() for name, make in TEMPLATES.items()}}


@pytest.fixture(scope="module")
def filled(templates: dict[str, bytes]) -> dict[str, Filled]:
    return {name: fill(data, ENTRIES) for name, data in templates.items()}


NAMES = ["libreoffice.xlsx", *TEMPLATES]


# feature -> the template that has it, the part in which it shows, and how
FEATURES: dict[str, tuple[str, str, str]] = {
    "text box": ("drawings.xlsx", r"xl/drawings/drawing\d.xml", "txBox"),
    "chart": ("drawings.xlsx", r"xl/charts/chart\d.xml", "<c:chart>"),
    "image": ("drawings.xlsx", r"xl/media/image\d.png", ""),
    "form control": ("form_controls.xlsx", r"xl/ctrlProps/ctrlProp\d.xml", "formControlPr"),
    "form control, the old way": ("controls.xlsx", r"xl/drawings/vmlDrawing\d.vml", 'ObjectType="Button"'),
    "comment": ("comments.xlsx", r"xl/comments\d.xml", "<comment "),
    "threaded comment": ("threaded_comments.xlsx", r"xl/threadedComments/.*", "ThreadedComments"),
    "rich text": ("rich.xlsx", "xl/sharedStrings.xml", "<r><rPr><b/>"),
    "x14 conditional format": ("conditional.xlsx", SHEET, "<x14:conditionalFormatting "),
    "sparkline": ("conditional.xlsx", SHEET, "<x14:sparkline>"),
    "printer settings": ("bytes_of_others.xlsx", r"xl/printerSettings/.*", ""),
    "cached value": ("formulas.xlsx", SHEET, "<v>30</v>"),
    "macros": ("macros.xlsm", "xl/vbaProject.bin", "macros"),
    "shared formula": ("shared_formulas.xlsx", SHEET, '<f t="shared" si="0"/>'),
    "array formula": ("formulas.xlsx", SHEET, '<f t="array" ref="H2:H4">'),
    "dynamic array": ("formulas.xlsx", SHEET, ' cm="1"'),
    "merged cells": ("merged.xlsx", SHEET, '<mergeCell ref="F3:G4"/>'),
    "ListObject": ("table.xlsx", r"xl/tables/table\d.xml", 'totalsRowCount="1"'),
    "protected sheet": ("protected.xlsx", SHEET, "<sheetProtection "),
    "protected range": ("protected.xlsx", SHEET, "<protectedRange "),
    "date1904": ("date1904.xlsx", "xl/workbook.xml", 'date1904="1"'),
    "strict": ("strict.xlsx", SHEET, "http://purl.oclc.org/ooxml/spreadsheetml/main"),
    "mc:AlternateContent": ("odd_xml.xlsx", SHEET, "<mc:AlternateContent>"),
    "mc:AlternateContent around controls": ("form_controls.xlsx", SHEET, "<mc:AlternateContent "),
    "cells without r=": ("without_references.xlsx", SHEET, '<c t="s">'),
    "prefixed namespaces": ("prefixed.xlsx", SHEET, "<x:sheetData>"),
    "calculation chain": ("bytes_of_others.xlsx", "xl/calcChain.xml", "<calcChain "),
}


@pytest.mark.parametrize("feature", FEATURES)
def test_each_feature_is_in_its_template(feature: str, templates: dict[str, bytes]) -> None:
    """So that what follows proves something of it; and whatever is no part with cells stays byte for byte."""
    name, pattern, shown = FEATURES[feature]
    there = {part: data for part, data in parts(templates[name]).items() if re.fullmatch(pattern, part)}
    assert any(shown.encode() in data for data in there.values()), list(parts(templates[name]))


@pytest.mark.parametrize("name", NAMES)
def test_nothing_is_lost(name: str, templates: dict[str, bytes], filled: dict[str, Filled]) -> None:
    assert (set(filled[name].filled), filled[name].kept, filled[name].refreshed) == (set(ENTRIES), (), (at("D6"),))
    assert lost(templates[name], filled[name].data, FILLED, REFRESHED) == []


@pytest.mark.parametrize("name", NAMES)
def test_the_sheet_is_byte_for_byte_what_it_was_around_the_cells(
    name: str, templates: dict[str, bytes], filled: dict[str, Filled]
) -> None:
    encoding = "utf-16" if name.startswith("utf16") else "utf-8"
    old, new = (parts(data)[SHEET].decode(encoding).split("<") for data in (templates[name], filled[name].data))
    edits = difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes()
    changed = {piece for kind, start, end, _, _ in edits if kind != "equal" for piece in old[start:end]}
    # the tags of cells that were empty, the old sum, and hints where in its row, and where in the sheet, cells are
    pieces = re.compile(r"(?:x:)?(?:c\b[^>]*/?>\s*|/c ?>|v>0?|/v>|(?:row|dimension)\b[^>]*>)", re.DOTALL)
    assert not {piece for piece in changed if pieces.fullmatch(piece) is None}
    assert len(changed) < 15


@pytest.mark.parametrize("name", NAMES)
def test_the_values_are_there_and_a_second_fill_changes_nothing(name: str, filled: dict[str, Filled]) -> None:
    data = filled[name].data
    now = Package.read(data).cells("Table")
    assert {cell: now[parse_address(cell)].value for cell in SHOWN} == SHOWN
    assert now[parse_address("D2")].formula == "B2*C2"
    again = fill(data, ENTRIES)
    assert (again.filled, again.kept, again.refreshed, again.data) == ((), (), (), data)


@pytest.mark.parametrize("name", [name for name in NAMES if name != "strict.xlsx"])  # which openpyxl finds empty
def test_openpyxl_reads_them(name: str, filled: dict[str, Filled]) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it says what it would lose
        page = openpyxl.load_workbook(io.BytesIO(filled[name].data))["Table"]
    assert (page["D2"].value, page["F3"].value, page["B9"].value) == ("=B2*C2", "a < b & c", "=3+4")


def test_libreoffice_shows_the_numbers(filled: dict[str, Filled], folder: Path) -> None:
    files = [folder / f"{Path(name).stem}.filled{Path(name).suffix}" for name in filled]
    for file, done in zip(files, filled.values(), strict=True):
        file.write_bytes(done.data)
    soffice(folder, UTF8_CSV, *files)
    wrong, as_text = {}, {cell: str(value) for cell, value in SHOWN.items()}
    for file in files:
        with file.with_suffix(".csv").open(encoding="utf-8", newline="") as text:
            lines = list(csv.reader(text))
        shown = {cell: lines[row - 1][column - 1] for cell in SHOWN for row, column in [parse_address(cell)]}
        if {cell: text.replace(",", "") for cell, text in shown.items()} != as_text:
            wrong[file.name] = shown
    assert not wrong


def test_a_pivot_table_of_libreoffice_is_not_written_into(by_libreoffice: bytes) -> None:
    location = re.search(rb'<location ref="(\w+):(\w+)"', parts(by_libreoffice)["xl/pivotTables/pivotTable1.xml"])
    assert location is not None
    (top, left), (bottom, right) = (parse_address(corner.decode()) for corner in location.groups())
    held = Package.read(by_libreoffice).cells("Summary")
    inside = [(row, column) for row in range(top, bottom + 1) for column in range(left, right + 1)]
    place = Place("Summary", *next(cell for cell in inside if cell not in held))
    with pytest.raises(BrokenPackage, match=rf"^the cell {place} cannot be filled: it lies in the pivot table "):
        fill(by_libreoffice, {place: Entry(1)})


# -- the comparison itself ---------------------------------------------------------------------------------------------

FAULTS: dict[str, tuple[str, str]] = {
    "an extension dropped": (r"<extLst>.*</extLst>", ""),
    "what is ignorable no longer declared": (r' xmlns:x14ac="[^"]*"', ""),
    "a prefix for the same namespace": (r"<sheetPr/>", f'<s:sheetPr xmlns:s="{MAIN}"/>'),
    "attributes in another order": (r'<v b="1" a="2"/>', '<v a="2" b="1"/>'),
    "a value changed": (r"<v>5</v>", "<v>50</v>"),
    "a style lost": (r'(<c r="D3") s="1"', r"\1"),
    "a formula rewritten": (r"SUM\(D2:D4\)", "SUM(D2:D3)"),
    "a cell too many": (r'(<c r="D4")', r'<c r="C4a"/>\1'),
    "a row too many": (r"</sheetData>", '<row r="99"><c r="A99"/></row></sheetData>'),
    "rows moved": (r'(<row r="2".*?</row>)(<row r="3".*?</row>)', r"\2\1"),
    "a height lost": (r' ht="30"', ""),
    "a comment lost": (r"<!-- kept -->", ""),
    "standalone lost": (r' standalone="yes"', ""),
    "white space": (r"</sheetData>", "</sheetData> "),
    "a shared formula written out": (r'<f t="shared" si="0"/>', "<f>B3*C3</f>"),
    "an array formula cut short": (r'ref="G2:G3"', 'ref="G2:G2"'),
    "a merge lost": (r"<mergeCell ref[^>]*/>", ""),
}


def _rich_sheet() -> str:
    root = f'<worksheet xmlns="{MAIN}" xmlns:x14ac="urn:ac"'
    array = '<c r="G2"><f t="array" ref="G2:G3">A2*2</f><v>1</v></c>'
    master = '<c r="H2"><f t="shared" ref="H2:H3" si="0">B2*C2</f><v>7</v></c>'
    rows = (
        f'<row r="2" ht="30"><c r="A2"><v>5</v></c><c r="D2" s="1"/>{array}{master}</row>'
        '<row r="3"><c r="D3" s="1"/><c r="H3"><f t="shared" si="0"/><v>7</v></c></row>'
        '<row r="4"><c r="D4"/></row><row r="6"><c r="D6"><f>SUM(D2:D4)</f><v>0</v></c></row>'
    )
    return (
        f'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n{root}><sheetPr/><sheetData>{rows}</sheetData>'
        '<!-- kept --><mergeCells><mergeCell ref="A8:B8"/></mergeCells><v b="1" a="2"/><extLst><ext/></extLst>'
        "</worksheet>"
    )


@pytest.mark.parametrize("fault", FAULTS)
def test_the_comparison_sees(fault: str) -> None:
    old = _rich_sheet()
    data = replace_parts(made.made(), {SHEET: old.encode()})
    done = parts(fill(data, ENTRIES).data)[SHEET].decode()
    assert sheet_differences(old.encode(), done.encode(), FILLED, REFRESHED) == []
    faulty = re.sub(*FAULTS[fault], done, flags=re.DOTALL)
    assert faulty != done
    assert sheet_differences(old.encode(), faulty.encode(), FILLED, REFRESHED)


def test_the_comparison_sees_other_parts() -> None:
    data = TEMPLATES["bytes_of_others.xlsx"]()
    done = fill(data, ENTRIES).data
    assert lost(data, done, FILLED, REFRESHED) == []
    assert "xl/calcChain.xml" not in parts(done)
    for part, content in (
        ("xl/printerSettings/p1.bin", b"else"),
        ("customXml/item1.xml", None),
        ("xl/styles.xml", parts(data)["xl/styles.xml"] + b"\n"),
        ("xl/workbook.xml", parts(done)["xl/workbook.xml"].replace(b"<bookViews>", b"<bookViews >x")),
        ("xl/workbook.xml", parts(done)["xl/workbook.xml"].replace(b"<calcPr ", b"<fileSharing/><calcPr ")),
        ("[Content_Types].xml", parts(data)["[Content_Types].xml"].replace(b"text/xml", b"text/else")),
        ("xl/extra.xml", b"<a/>"),
    ):
        assert lost(data, replace_parts(done, {part: content}), FILLED, REFRESHED), part
