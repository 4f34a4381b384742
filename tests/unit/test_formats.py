"""Number formats: which cells show a date or a percentage, from the file to the mark."""

from __future__ import annotations

import io
from datetime import date
from typing import Any

import openpyxl
import pytest
from lxml import etree

from sheetgen.marking import Held, mark
from sheetgen.sheet import Sheet
from sheetgen.workbook.archive import replace_parts
from sheetgen.workbook.formats import Shown, read_formats, shown_by_code
from sheetgen.workbook.package import Package
from sheetgen.workbook.read import read_submission
from tests.unit.test_package import MAIN, OFFICE, STRICT_MAIN, STRICT_OFFICE, parts, rels, zipped


@pytest.mark.parametrize(
    ("code", "shown"),
    [
        ("General", ""),
        ("GENERAL", ""),
        ("0", ""),
        ("#,##0", ""),
        ("#,##0.00;[Red]-#,##0.00", ""),
        ("0.00E+00", ""),
        ("##0.0e-0", ""),
        ('0.0,,"M"', ""),
        ('0 "days"', ""),
        (r"0\d", ""),
        ("_d0_m", ""),
        ("[Red]0", ""),
        ("[$€-407] 0", ""),
        ("[>100]0;0", ""),
        ("@", ""),
        ("", ""),
        ('0;"minus" d', ""),  # negative numbers only
        ("0%", "percent"),
        ("0.0 %", "percent"),
        ("[Red]0.00%;-0%", "percent"),
        (r"0\%", ""),
        ('0"%"', ""),
        ("d/m/yyyy", "date"),
        ("DD.MM.YY", "date"),
        ("[$-409]mmm d, yyyy", "date"),
        ("[$-F800]dddd\\,\\ mmmm\\ dd\\,\\ yyyy", "date"),
        ("h:mm AM/PM", "date"),
        ("[h]:mm", "date"),
        ("[ss]", "date"),
        ('"' + "x" * 1000 + "d", ""),
        ("[" * 1000, ""),
    ],
)
def test_what_a_code_makes_of_a_number(code: str, shown: Shown) -> None:
    assert shown_by_code(code) == shown


STYLES = (
    '<styleSheet xmlns="{}"><numFmts><numFmt numFmtId="164" formatCode="0.0%"/><numFmt numFmtId="165" '
    'formatCode="d.m."/><numFmt numFmtId="14" formatCode="0"/><numFmt numFmtId="x" formatCode="0%"/><numFmt/></numFmts>'
    '<cellStyleXfs><xf numFmtId="9"/></cellStyleXfs><cellXfs><xf/>{}</cellXfs></styleSheet>'
)


@pytest.mark.parametrize("main", [MAIN, STRICT_MAIN])
def test_the_styles_of_a_file(main: str) -> None:
    ids = (0, 1, 9, 10, 11, 14, 15, 22, 45, 49, 164, 165, 30, 999, "x", -1)
    root = etree.fromstring(STYLES.format(main, "".join(f'<xf numFmtId="{i}"/>' for i in ids)))
    percent, day = "percent", "date"
    # 14 has a code of its own here
    assert read_formats(root) == (
        "",
        "",
        "",
        percent,
        percent,
        "",
        "",
        day,
        day,
        day,
        "",
        percent,
        day,
        day,
        "",
        "",
        "",
    )


def _cells(rows: str, styles: str | None, main: str = MAIN, office: str = OFFICE) -> dict[tuple[int, int], Shown]:
    files = parts(rows, main, office)
    files["xl/_rels/workbook.xml.rels"] = rels(
        office, ("a", "worksheet", "worksheets/s.xml"), ("c", "styles", "styles.xml")
    )
    if styles is not None:
        files["xl/styles.xml"] = styles
    package = Package.read(zipped(files))
    return {at: package.shown(cell) for at, cell in package.cells("S").items()}


ROWS = (
    '<row r="1"><c r="A1"><v>1</v></c><c r="B1" s="1"><v>1</v></c><c r="C1" s="2"><v>1</v></c><c r="D1" s="3"><v>1</v>'
    '</c><c r="E1" s="-1"><v>1</v></c><c r="F1" s="99999999999"><v>1</v></c><c r="G1" t="d"><v>2025-03-05</v></c></row>'
)


@pytest.mark.parametrize(("main", "office"), [(MAIN, OFFICE), (STRICT_MAIN, STRICT_OFFICE)])
def test_the_cells_of_a_file(main: str, office: str) -> None:
    styles = STYLES.format(main, '<xf numFmtId="164"/><xf numFmtId="165"/>')
    assert list(_cells(ROWS, styles, main, office).values()) == ["", "percent", "date", "", "", "", "date"]


@pytest.mark.parametrize("styles", [None, "", "<styleSheet", "<other/>", "<!DOCTYPE a><a/>"])
def test_a_file_without_usable_styles_is_read_all_the_same(styles: str | None) -> None:
    assert list(_cells(ROWS, styles).values()) == ["", "", "", "", "", "", "date"]


def test_the_first_style_counts_too() -> None:
    styles = STYLES.format(MAIN, "").replace("<cellXfs><xf/>", '<cellXfs><xf numFmtId="9"/>')
    assert _cells(ROWS, styles)[1, 1] == "percent"


def test_a_shared_formula_keeps_its_style() -> None:
    rows = (
        '<row r="1"><c r="A1" s="1"><f t="shared" si="0"/><v>1</v></c></row>'
        '<row r="2"><c r="A2"><f t="shared" ref="A1:A2" si="0">1+0</f><v>1</v></c></row>'
    )
    assert _cells(rows, STYLES.format(MAIN, '<xf numFmtId="164"/>')) == {(1, 1): "percent", (2, 1): ""}


# --- from the file to the mark --------------------------------------------------------------------------------------


def _typed(blank: bytes, sheet: Sheet, answers: dict[str, tuple[Any, str | None]]) -> bytes:
    """The blank with values typed into it, and number formats as a spreadsheet would set them."""
    book = openpyxl.load_workbook(io.BytesIO(blank))
    page = book[sheet.worksheet]
    for answer, (value, number_format) in answers.items():
        place = sheet.places[answer]
        cell = page.cell(place.row, place.column)
        cell.value = value
        if number_format is not None:
            cell.number_format = number_format
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def test_dates_and_percentages_end_to_end(blank: bytes, sheet: Sheet) -> None:
    typed: dict[str, tuple[Any, str | None]] = {
        "conv1.parameters": (date(2025, 3, 5), "d/m/yyyy"),  # 3-5 was typed
        "conv1.weights": (34848, "yyyy-mm-dd"),  # the right number, in a cell that a date had been in
        "conv1.biases": (0.96, "0%"),
        "conv1.neurons": (290400, "#,##0"),
        "conv2.parameters": ("=614400+256", "d/m/yy"),
        "conv2.weights": ("=1/2", "0.0%"),
        "conv2.biases": ("256", None),
        "conv3.parameters": ("３.６e1", None),
    }
    data = _typed(blank, sheet, typed)
    submission = read_submission("x", data, sheet)
    assert {answer: submission.held[answer].shown for answer in typed} == {
        "conv1.parameters": "date",
        "conv1.weights": "date",
        "conv1.biases": "percent",
        "conv1.neurons": "",
        "conv2.parameters": "date",
        "conv2.weights": "percent",
        "conv2.biases": "",
        "conv3.parameters": "",
    }
    answers = {answer.id: answer for answer in mark(sheet, submission).answers}
    assert {answer: answers[answer].status for answer in typed} == {
        "conv1.parameters": "unreadable",
        "conv1.weights": "correct",
        "conv1.biases": "unreadable",
        "conv1.neurons": "correct",
        "conv2.parameters": "correct",
        "conv2.weights": "unreadable",
        "conv2.biases": "correct",
        "conv3.parameters": "wrong",
    }
    assert answers["conv1.parameters"].feedback.startswith("The cell shows a date: spreadsheets make one of what looks")
    assert answers["conv1.weights"].notes == ("The cell shows a date; its number, 34848, was read.",)
    assert answers["conv1.biases"].feedback.startswith("The cell shows 96 %, a number without % is expected")
    # the same file without its styles: only the numbers are left
    bare = read_submission("x", replace_parts(data, {"xl/styles.xml": b"<broken"}), sheet)
    assert {held.shown for held in bare.held.values()} == {""}
    assert bare.held["conv1.weights"] == Held(sheet.worksheet, submission.held["conv1.weights"].cell, 34848)
