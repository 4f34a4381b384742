"""The cell for the student's id: on every blank, out of the way of the table, and read as it was typed."""

from __future__ import annotations

import io
import shutil
import subprocess
import zipfile
from pathlib import Path

import openpyxl
import pytest
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

from sheetgen import api
from sheetgen.coursework import Coursework
from sheetgen.sheet import HEADER_ROW, Sheet, lay_out
from sheetgen.shipped import shipped
from sheetgen.spec import load, read
from sheetgen.workbook.fill import Entry, fill
from sheetgen.workbook.package import Package
from sheetgen.workbook.read import read_submission
from sheetgen.workbook.write import LEAST_TITLE, blank_workbook
from sheetgen.workbook.write_student import FIELD_WIDTH, LABEL, LABEL_WIDTH

NARROW = """
network:
  input: [1, 28, 28]
  layers:
    conv1: {type: Conv2d, out_channels: 8, kernel_size: 5}
    fc2: {type: Linear, out_features: 10}
coursework: {title: A title of a few words, columns: [layer, parameters]}
"""
LOPSIDED = """
network:
  input: [1, 28, 28]
  layers:
    conv1: {type: Conv2d, out_channels: 8, kernel_size: 5}
    a_layer_with_a_long_name_that_goes_on_and_on_and_on_for_ever: {type: Linear, out_features: 10}
coursework: {columns: [kernel_size, layer, stride, padding, out_height]}
"""


def _page(data: bytes) -> Worksheet:
    page = openpyxl.load_workbook(io.BytesIO(data)).active
    assert isinstance(page, Worksheet)
    return page


def _described(name: str, folder: Path) -> Coursework:
    texts = {"narrow": NARROW, "lopsided": LOPSIDED}
    if name not in texts:
        return load(name)
    (folder / f"{name}.yaml").write_text(texts[name], encoding="utf-8")
    return read(folder / f"{name}.yaml")


@pytest.mark.parametrize("name", ["narrow", "lopsided", *shipped()])
def test_it_stands_at_the_right_of_the_title_and_moves_nothing(name: str, tmp_path: Path) -> None:
    coursework = _described(name, tmp_path)
    sheet = lay_out(coursework)
    data = blank_workbook(coursework, sheet)
    page, at = _page(data), Package.read(data).place("student")
    assert at is not None
    assert (at.sheet, at.row) == (sheet.worksheet, 1)
    (label,) = (cell.column for cell in page[1] if cell.value == LABEL)
    merged = {(area.min_row, area.min_col): area.max_col for area in page.merged_cells.ranges}
    last = merged[3, 1]  # of the instructions, which go over the whole width
    spans = ((1, label - 1), (label, at.column - 1), (at.column, last))
    assert [merged.get((1, first), first) for first, _ in spans] == [end for _, end in spans]
    widths = [
        sum(page.column_dimensions[get_column_letter(column)].width for column in range(first, end + 1))
        for first, end in spans
    ]
    assert widths[0] >= LEAST_TITLE
    assert widths[1] >= LABEL_WIDTH
    assert widths[2] >= FIELD_WIDTH
    assert f":${get_column_letter(last)}$" in str(page.print_area)
    headings = [page.cell(HEADER_ROW, column).value for column in sheet.columns.values()]
    assert headings == list(sheet.headings.values())


def test_it_is_open_to_the_student_alone_and_keeps_zeros(blank: bytes) -> None:
    page = _page(blank)
    cell = page["L1"]
    assert page.protection.sheet is True
    as_written = openpyxl.load_workbook(io.BytesIO(blank), read_only=True)["Table"]  # else merged cells share a style
    assert [as_written[at].protection.locked for at in ("A1", "J1", "L1", "M1")] == [True, True, False, False]
    assert (cell.value, cell.number_format, cell.alignment.shrink_to_fit) == (None, "@", True)
    assert cell.fill.fgColor.rgb == page["L7"].fill.fgColor.rgb  # shaded as what is the student's to fill
    assert {side.style for side in (cell.border.left, cell.border.top, cell.border.bottom)} == {"thin"}
    (hint,) = (rule for rule in page.data_validations.dataValidation if "L1" in rule.sqref)
    assert (hint.type, hint.showInputMessage, hint.promptTitle) == (None, True, LABEL)
    assert hint.prompt


def test_it_is_no_blank(sheet: Sheet, blank: bytes, key: bytes) -> None:
    assert "student" not in {cell.answer for cell in sheet.blanks}
    assert _page(blank)["M4"].value.endswith('&" of 77"')
    assert "L1" not in _page(blank)["M4"].value
    assert _page(key)["L1"].value is None
    assert read_submission("key", key, sheet).student == ""


def _typed(workbook: bytes, text: str) -> bytes:
    place = Package.read(workbook).place("student")
    assert place is not None
    return fill(workbook, {place: Entry(text)}).data


def test_fill_check_and_locate_go_on_with_an_id_in_it(blank: bytes, key: bytes, tmp_path: Path) -> None:
    (tmp_path / "mine.xlsx").write_bytes(_typed(blank, "007"))
    filled = api.fill("alexnet", tmp_path / "mine.xlsx", tmp_path / "filled.xlsx")
    assert (filled.filled, filled.kept, filled.missing) == (77 + 37, (), ())
    assert _page(filled.path.read_bytes())["L1"].value == "007"
    assert api.locate("alexnet", tmp_path / "mine.xlsx").how == "ours"
    marked = api.verify("alexnet", [filled.path]).submissions[0]
    assert (marked.score, marked.student_cell, marked.student, marked.hand_in.how) == (
        69.5,
        "007",
        "007",
        "Student cell",
    )
    (tmp_path / "key.xlsx").write_bytes(key)
    assert api.check("alexnet", "meta", tmp_path / "key.xlsx").disagreed == ()
    (tmp_path / "somebodys.xlsx").write_bytes(_typed(key, "4711"))  # no key to publish
    assert [each.cell for each in api.check("alexnet", "meta", tmp_path / "somebodys.xlsx").disagreed] == ["L1"]


def test_a_roster_that_comes_later_knows_the_cell(key: bytes, tmp_path: Path) -> None:
    """Of Moodle's files too, whose numbers are not on it."""
    with zipfile.ZipFile(tmp_path / "moodle.zip", "w") as archive:
        for number, student in ((77, "007"), (78, "008")):
            archive.writestr(f"Ada {number}_{number}_assignsubmission_file/table.xlsx", _typed(key, student))
    (tmp_path / "roster.csv").write_text("Student ID,Name\n007,Ada 77\n008,Ada 78\n009,Cleo\n")
    api.verify("alexnet", tmp_path / "moodle.zip", results=tmp_path / "r.jsonl")
    (missing,) = api.read_results(tmp_path / "r.jsonl", roster=tmp_path / "roster.csv").missing
    assert missing.id == "009"


def test_libreoffice_keeps_the_name_and_the_zeros(blank: bytes, sheet: Sheet, tmp_path: Path) -> None:
    program = shutil.which("soffice")
    assert program, "LibreOffice is needed as a second opinion: apt install libreoffice-calc"
    (tmp_path / "mine.xlsx").write_bytes(_typed(blank, "007"))
    command = [program, "--headless", f"-env:UserInstallation=file://{tmp_path}/profile", "--convert-to", "xlsx"]
    command += ["--outdir", str(tmp_path / "again"), str(tmp_path / "mine.xlsx")]
    subprocess.run(command, check=True, capture_output=True, timeout=120)
    found = read_submission("mine", (tmp_path / "again" / "mine.xlsx").read_bytes(), sheet)
    assert found.student == "007"
    assert found.properties["application"].startswith("LibreOffice")
