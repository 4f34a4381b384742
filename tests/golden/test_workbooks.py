"""The blank and the key: nothing given away, everything live, the same in every reader."""

from __future__ import annotations

import io
import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import openpyxl
import pandas as pd
import pytest
from openpyxl.worksheet.worksheet import Worksheet

from sheetgen import api
from sheetgen.addresses import address
from sheetgen.errors import UsageError
from sheetgen.sheet import Sheet, defined_name, lay_out
from sheetgen.spec import read
from sheetgen.workbook.package import Package
from sheetgen.workbook.write import blank_workbook
from tests.conftest import Convert

ROOT = Path(__file__).parents[2]


def _parts(data: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def _page(data: bytes, *, values: bool = False) -> Worksheet:
    page = openpyxl.load_workbook(io.BytesIO(data), data_only=values).active
    assert isinstance(page, Worksheet)
    return page


def _number(shown: str) -> int:
    return int(shown.replace(",", "").strip())


# --- the blank ------------------------------------------------------------------------------------------------------


def _given_away(data: bytes, sheet: Sheet) -> list[str]:
    """Expected numbers of four digits or more that stand anywhere in the package, as digits or with separators."""
    everything = b"\n".join(_parts(data).values()).decode("utf-8", "replace")
    given = {4096, 1000}  # the units of fc6 to fc8 stand in the column of output channels
    values = (sheet.table.value(cell.answer or "") for cell in sheet.blanks)
    numbers = {value for value in values if isinstance(value, int)} - given
    return [
        str(number)
        for number in sorted(numbers)
        if number >= 1000
        for spelt in (str(number), f"{number:,}", f"{number:,}".replace(",", " "))
        if re.search(rf"(?<!\d){re.escape(spelt)}(?!\d)", everything)
    ]


def test_the_blank_gives_no_answer_away(sheet: Sheet, blank: bytes, key: bytes) -> None:
    assert _given_away(blank, sheet) == []
    assert len(_given_away(key, sheet)) > 30  # the search itself finds them where they are


def test_the_blank_has_no_cached_values_and_no_hidden_sheet(blank: bytes) -> None:
    package = Package.read(blank)
    assert [(entry.name, entry.hidden) for entry in package.sheets] == [("Table", False), ("Questions", False)]
    cells = [cell for entry in package.sheets for cell in package.cells(entry.name).values()]
    assert all(cell.value is None for cell in cells if cell.formula is not None)


def test_the_blank_is_set_up_with_care(sheet: Sheet, blank: bytes) -> None:
    page = _page(blank)
    assert page.freeze_panes == "B6"
    assert page.protection.sheet is True
    assert page.protection.password is None
    assert page.page_setup.orientation == "landscape"
    assert (page.page_setup.fitToWidth, page.page_setup.fitToHeight) == (1, 1)
    assert page.sheet_properties.pageSetUpPr is not None
    assert page.sheet_properties.pageSetUpPr.fitToPage is True
    assert page.print_title_rows == "$5:$5"
    unlocked = {cell.coordinate for row in page.iter_rows() for cell in row if not cell.protection.locked}
    blanks = {address(cell.row, cell.column) for cell in sheet.blanks}
    assert unlocked == {*blanks, "L1", "M1"}  # and the student's cell
    assert len(blanks) == 77
    assert {page[at].fill.fgColor.rgb for at in blanks} == {"FFFFF2CC"}
    assert all(page[at].value is None for at in blanks)


def test_every_blank_is_validated_with_a_message(sheet: Sheet, blank: bytes) -> None:
    page = _page(blank)
    validated: set[str] = set()
    (hint,) = (rule for rule in page.data_validations.dataValidation if "L1" in rule.sqref)  # the student's cell
    for rule in page.data_validations.dataValidation:
        if rule is hint:
            continue
        assert rule.type == "whole"
        assert rule.prompt
        assert rule.error
        assert rule.showErrorMessage
        for area in rule.sqref.ranges:
            validated |= {address(row, column) for row, column in area.cells}
    assert validated == {address(cell.row, cell.column) for cell in sheet.blanks}


def test_every_blank_has_its_name(sheet: Sheet, blank: bytes) -> None:
    names = openpyxl.load_workbook(io.BytesIO(blank)).defined_names
    expected = {
        defined_name(cell.answer or ""): f"Table!${address(1, cell.column)[:-1]}${cell.row}" for cell in sheet.blanks
    }
    found = {name: each.attr_text for name, each in names.items()}
    expected["student"] = "Table!$L$1"
    assert {name: target for name, target in found.items() if not name.startswith("question.")} == expected
    assert names["conv1.parameters"].attr_text == "Table!$L$7"


def test_unprotected_on_request(tmp_path: Path) -> None:
    text = (ROOT / "templates" / "alexnet.yaml").read_text(encoding="utf-8")
    spec = tmp_path / "open.yaml"
    spec.write_text(text.replace("coursework:\n", "coursework:\n  protect: false\n"), encoding="utf-8")
    coursework = read(spec)
    assert _page(blank_workbook(coursework, lay_out(coursework))).protection.sheet is False


def test_given_cells_stand_in_the_blank_and_are_no_answers(tmp_path: Path) -> None:
    text = (ROOT / "templates" / "alexnet.yaml").read_text(encoding="utf-8")
    spec = tmp_path / "example.yaml"
    row = "{quantities: [parameters, connections], "
    assert row in text
    spec.write_text(text.replace(row, row + "given: [conv1], "), encoding="utf-8")
    coursework = read(spec)
    sheet = lay_out(coursework)
    page = _page(blank_workbook(coursework, sheet))
    assert (page["L7"].value, page["M7"].value, page["L9"].value) == (34944, 105705600, None)
    assert page["L7"].protection.locked
    assert "conv1.parameters" not in {cell.answer for cell in sheet.blanks}


# --- equal input, equal bytes ---------------------------------------------------------------------------------------


IN_TEN_YEARS = """
import datetime, time
now = time.time
time.time = lambda: now() + 3.2e8
class Later(datetime.datetime):
    @classmethod
    def now(cls, tz=None):
        return datetime.datetime.fromtimestamp(time.time(), tz)
    @classmethod
    def utcnow(cls):
        return cls.now(datetime.UTC).replace(tzinfo=None)
datetime.datetime = Later
"""


@pytest.mark.parametrize("name", ["alexnet", "resnet50"])
def test_equal_input_gives_equal_bytes_whatever_the_machine(name: str, tmp_path: Path) -> None:
    """Another seed, time zone, language, folder, umask and decade, and without the sheet that is remembered."""
    (tmp_path / "later").mkdir()
    (tmp_path / "later" / "sitecustomize.py").write_text(IN_TEN_YEARS, encoding="utf-8")
    elsewhere = tmp_path / "Ünder another näme"
    elsewhere.mkdir()
    shutil.copy(ROOT / "templates" / f"{name}.yaml", elsewhere)
    plain = {key: value for key, value in os.environ.items() if key not in ("SOURCE_DATE_EPOCH", "TZ", "LANGUAGE")}
    here = {"PYTHONPATH": str(ROOT), "PYTHONHASHSEED": "1", "TZ": "UTC", "LC_ALL": "C", "SOURCE_DATE_EPOCH": "0"}
    there = {
        "PYTHONPATH": os.pathsep.join((str(tmp_path / "later"), str(ROOT))),
        "PYTHONHASHSEED": "2",
        "TZ": "Asia/Tokyo",
        "LC_ALL": "de_DE.UTF-8",
        "LANGUAGE": "de",
        "SHEETGEN_CACHE": "off",
    }
    made = []
    for folder, coursework, environment, mask in (
        (ROOT, name, here, 0o022),
        (elsewhere, f"{name}.yaml", there, 0o077),
    ):
        out = tmp_path / f"out-{environment['PYTHONHASHSEED']}"
        command = [sys.executable, "-m", "sheetgen", "generate", coursework, "--out", str(out)]
        subprocess.run(
            command, check=True, capture_output=True, cwd=folder, env={**plain, **environment}, umask=mask, timeout=120
        )
        made.append([(out / f"{name}-{kind}.xlsx").read_bytes() for kind in ("blank", "key")])
    assert made[0] == made[1]


def test_the_decade_of_that_test_is_another(tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text(IN_TEN_YEARS, encoding="utf-8")
    code = "import io, openpyxl, sys; b = openpyxl.Workbook(); b.save(sys.argv[1]); print(b.properties.created.year)"
    years = [
        int(
            subprocess.run(
                [sys.executable, "-c", code, str(tmp_path / "book.xlsx")],
                check=True,
                capture_output=True,
                text=True,
                env={**os.environ, **more},
            ).stdout
        )
        for more in ({}, {"PYTHONPATH": str(tmp_path)})
    ]
    assert years[1] >= years[0] + 10


def test_the_committed_blank_is_what_the_spec_generates(blank: bytes) -> None:
    committed = (ROOT / "templates" / "alexnet.xlsx").read_bytes()
    # part by part: another zlib may compress the same part to other bytes
    assert _parts(committed) == _parts(blank), "run: make template"
    assert list(_parts(committed)) == list(_parts(blank))


def test_filling_the_committed_blank_gives_the_generated_key(tmp_path: Path) -> None:
    generated = api.generate("alexnet", tmp_path)
    filled = api.fill("alexnet", generated.blank, tmp_path / "filled.xlsx")
    assert filled.path.read_bytes() == generated.key.read_bytes()
    committed = api.fill("alexnet", ROOT / "templates" / "alexnet.xlsx", tmp_path / "committed.xlsx")
    assert _parts(committed.path.read_bytes()) == _parts(generated.key.read_bytes())
    assert committed.filled == 77 + 37


# --- the key --------------------------------------------------------------------------------------------------------


def test_the_key_differs_from_the_blank_in_its_sheet_alone(blank: bytes, key: bytes) -> None:
    before, after = _parts(blank), _parts(key)
    assert list(before) == list(after)
    assert [name for name in before if before[name] != after[name]] == [
        "xl/worksheets/sheet1.xml",
        "xl/worksheets/sheet2.xml",
    ]


def test_the_key_shows_numbers_where_nothing_recalculates(sheet: Sheet, key: bytes) -> None:
    stored, live = _page(key, values=True), _page(key)
    frame = pd.read_excel(io.BytesIO(key), header=None, engine="openpyxl")
    for cell in sheet.blanks:
        expected = sheet.table.value(cell.answer or "")
        assert stored.cell(cell.row, cell.column).value == expected, cell.answer
        assert frame.iloc[cell.row - 1, cell.column - 1] == expected, cell.answer
        formula = live.cell(cell.row, cell.column).value
        # a pool's zero weights follow from nothing on the sheet; all else is a live formula
        assert str(formula).startswith("=") or (expected == 0 and cell.slot.quantity in ("weights", "biases"))
    assert stored["H6"].value == 227  # the sheet's own formula, brought up to date
    assert stored["M4"].value == "Filled in: 77 of 77"


def test_the_formulas_read_as_a_teacher_would_type_them(key: bytes) -> None:
    page = _page(key)
    typed = {at: page[at].value for at in ("G6", "G7", "H9", "I7", "J9", "K9", "L9", "M9", "J15", "L18")}
    assert typed == {
        "G6": "=(55-1)*4+11",
        "G7": "=INT((G6+2*E7-C7)/D7)+1",
        "H9": "=INT((H8+2*E9-C9)/D9)+1",
        "I7": "=F7*G7*H7",
        "J9": "=C9*C9*F8*F9",
        "K9": "=F9",
        "L9": "=J9+K9",
        "M9": "=(C9*C9*F8+1)*I9",
        "J15": "=F14*G14*H14*F15",
        "L18": "=SUM(L7:L17)",
    }


@pytest.mark.parametrize("kind", ["blank", "key"])
def test_libreoffice_shows_the_same_numbers(
    kind: str, sheet: Sheet, tmp_path: Path, libreoffice: Convert, request: pytest.FixtureRequest
) -> None:
    workbook = tmp_path / f"{kind}.xlsx"
    workbook.write_bytes(request.getfixturevalue(kind))
    rows = libreoffice(workbook)
    assert rows[0][0] == "The layers of AlexNet"
    for cell in sheet.blanks:
        shown = rows[cell.row - 1][cell.column - 1]
        if kind == "blank":
            assert shown == "", cell.answer
        else:
            assert _number(shown) == sheet.table.value(cell.answer or ""), cell.answer
    assert rows[3][12] == f"Filled in: {77 if kind == 'key' else 0} of 77"


def test_another_stride_carries_through_the_whole_key(key: bytes, tmp_path: Path, libreoffice: Convert) -> None:
    book = openpyxl.load_workbook(io.BytesIO(key))
    page = book.active
    assert isinstance(page, Worksheet)
    page["D7"] = 2  # conv1's stride
    book.save(tmp_path / "stride.xlsx")
    rows = libreoffice(tmp_path / "stride.xlsx")
    shown = {name: [_number(rows[row - 1][column]) for row in range(7, 15)] for name, column in (("h", 6), ("w", 7))}
    # by hand: (227 - 11) // 2 + 1 = 109, then 54, 54, 26, 26, 26, 26, 12
    assert shown["h"] == shown["w"] == [109, 54, 54, 26, 26, 26, 26, 12]
    assert _number(rows[6][8]) == 96 * 109 * 109
    assert _number(rows[6][12]) == (11 * 11 * 3 + 1) * 96 * 109 * 109
    assert _number(rows[14][9]) == 256 * 12 * 12 * 4096  # fc6's weights
    total = 34944 + 614656 + 885120 + 1327488 + 884992 + (256 * 12 * 12 + 1) * 4096 + 16781312 + 4097000
    assert _number(rows[17][11]) == total


# --- fill -----------------------------------------------------------------------------------------------------------


def test_filling_twice_changes_nothing_more(sheet: Sheet, key: bytes) -> None:
    again = api.fill_bytes(sheet, key, "key")[0]
    assert again.data == key
    assert (again.filled, again.kept, again.refreshed) == ((), (), ())


def test_what_a_cell_holds_already_is_kept_and_reported(blank: bytes, tmp_path: Path) -> None:
    book = openpyxl.load_workbook(io.BytesIO(blank))
    page = book.active
    assert isinstance(page, Worksheet)
    page["L7"], page["L9"] = 34848, "=J9+K9"
    book.save(tmp_path / "half.xlsx")
    done = api.fill("alexnet", tmp_path / "half.xlsx", tmp_path / "out.xlsx")
    assert done.kept == (api.KeptCell("'Table'!L7", "34848", 34944, agrees=False),)
    assert done.filled == 75 + 37
    assert done.led_astray == ("'Table'!L18",)  # the total adds up what is in L7
    assert _page(done.path.read_bytes())["L7"].value == 34848


def test_rows_inserted_and_a_sheet_renamed_are_followed(blank: bytes, tmp_path: Path) -> None:
    package = Package.read(blank)
    sheet_xml = package.part("xl/worksheets/sheet1.xml").decode()
    # as Excel does it: two rows inserted above the header, so that every row and every name moves down
    moved = re.sub(r'(<row r=")(\d+)"', lambda m: f'{m[1]}{_down(int(m[2]))}"', sheet_xml)
    moved = re.sub(r'(<c r="[A-Z]+)(\d+)"', lambda m: f'{m[1]}{_down(int(m[2]))}"', moved)
    moved = re.sub(r"(<f>)(.*?)(</f>)", lambda m: m[1] + _shifted(m[2]) + m[3], moved)
    moved = re.sub(r"<mergeCells.*?</mergeCells>|<dataValidations.*?</dataValidations>", "", moved)
    book = package.part("xl/workbook.xml").decode()
    book = re.sub(r"(Table!\$[A-Z]+\$)(\d+)(?=<)", lambda m: f"{m[1]}{_down(int(m[2]))}", book)
    book = book.replace("Table!$", "'My answers'!$").replace('name="Table"', 'name="My answers"')
    parts = {**_parts(blank), "xl/worksheets/sheet1.xml": moved.encode(), "xl/workbook.xml": book.encode()}
    template = tmp_path / "moved.xlsx"
    with zipfile.ZipFile(template, "w") as archive:
        for name, part in parts.items():
            archive.writestr(name, part)
    done = api.fill("alexnet", template, tmp_path / "filled.xlsx")
    assert (done.filled, done.kept, done.missing) == (77 + 37, (), ())
    page = _page(done.path.read_bytes())
    assert page.title == "My answers"
    assert page["G9"].value == "=INT((G8+2*E9-C9)/D9)+1"
    assert page["L20"].value == "=SUM(L9:L19)"
    marked = api.verify("alexnet", [done.path]).submissions[0]
    assert (marked.score, marked.max_score, marked.open) == (69.5, 80.5, 11)


def _down(row: int) -> int:
    return row + 2 if row >= 4 else row


def _shifted(formula: str) -> str:
    return re.sub(r"([A-Z]+)(\d+)", lambda m: f"{m[1]}{_down(int(m[2]))}", formula)


def test_a_given_number_that_was_changed_is_said(blank: bytes, tmp_path: Path) -> None:
    book = openpyxl.load_workbook(io.BytesIO(blank))
    page = book.active
    assert isinstance(page, Worksheet)
    page["D14"] = 1  # pool5's stride, 2
    book.save(tmp_path / "theirs.xlsx")
    done = api.fill("alexnet", tmp_path / "theirs.xlsx", tmp_path / "out.xlsx")
    assert (done.filled, done.kept) == (77 + 37, ())
    assert done.led_astray[:3] == ("'Table'!G14", "'Table'!H14", "'Table'!I14")


def test_kept_numbers_are_read_as_verify_reads_them(blank: bytes, tmp_path: Path) -> None:
    book = openpyxl.load_workbook(io.BytesIO(blank))
    page = book.active
    assert isinstance(page, Worksheet)
    page["L7"], page["I7"], page["K7"] = "34,944", "=96*55*55", "ninety-six"
    book.save(tmp_path / "half.xlsx")
    done = api.fill("alexnet", tmp_path / "half.xlsx", tmp_path / "out.xlsx")
    assert {(kept.cell[-2:], kept.agrees) for kept in done.kept} == {("L7", True), ("I7", True), ("K7", False)}


def test_rows_that_a_script_inserted_leave_the_names_behind(key: bytes, tmp_path: Path) -> None:
    book = openpyxl.load_workbook(io.BytesIO(key), data_only=True)
    page = book.active
    assert isinstance(page, Worksheet)
    page.insert_rows(8, 2)  # moves cells, but neither names nor merges
    book.save(tmp_path / "moved.xlsx")
    marked = api.verify("alexnet", [tmp_path / "moved.xlsx"]).submissions[0]
    assert (marked.score, marked.answers[8].cell) == (69.5, "G10")


def test_another_courseworks_workbook_is_not_marked(key: bytes, tmp_path: Path) -> None:
    (tmp_path / "key.xlsx").write_bytes(key)
    (tmp_path / "small.yaml").write_text(
        "network:\n  input: [1, 28, 28]\n  layers:\n    conv1: {type: Conv2d, out_channels: 8, kernel_size: 5}\n"
        "    pool1: {type: MaxPool2d, kernel_size: 2}\n    fc2: {type: Linear, out_features: 10}\n",
        encoding="utf-8",
    )
    marked = api.verify(tmp_path / "small.yaml", [tmp_path / "key.xlsx"]).submissions[0]
    assert marked.status == "unmarked"
    assert "this looks like another network's table" in (marked.reason or "")
    assert "is it the workbook of another coursework?" in (marked.reason or "")


@pytest.mark.parametrize("out", ["theirs.xlsx", "theirs.txt"])
def test_fill_never_writes_over_its_template_nor_under_another_type(out: str, blank: bytes, tmp_path: Path) -> None:
    (tmp_path / "theirs.xlsx").write_bytes(blank)
    with pytest.raises(UsageError):
        api.fill("alexnet", tmp_path / "theirs.xlsx", tmp_path / out)
    assert (tmp_path / "theirs.xlsx").read_bytes() == blank


def test_a_name_that_looks_like_a_formula_is_text(tmp_path: Path) -> None:
    (tmp_path / "my.yaml").write_text(
        'network:\n  input: [1, 8, 8]\n  layers:\n    "=1": {type: Conv2d, out_channels: 8, kernel_size: 5}\n'
    )
    coursework = read(tmp_path / "my.yaml")
    cell = _page(blank_workbook(coursework, lay_out(coursework)))["A7"]
    assert (cell.value, cell.data_type) == ("=1", "s")


def test_names_lost_the_table_is_found_by_its_words(blank: bytes, tmp_path: Path) -> None:
    book = openpyxl.load_workbook(io.BytesIO(blank))
    book.defined_names.clear()
    book.save(tmp_path / "nameless.xlsx")
    done = api.fill("alexnet", tmp_path / "nameless.xlsx", tmp_path / "filled.xlsx")
    assert (done.filled, done.missing) == (77 + 37, ())
