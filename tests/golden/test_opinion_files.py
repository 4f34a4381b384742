"""Stored and recalculated values of whole workbooks: no honest file, whichever program saved it, is accused."""

from __future__ import annotations

import io
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pytest
from openpyxl.workbook.defined_name import DefinedName
from openpyxl.worksheet.formula import ArrayFormula
from openpyxl.worksheet.table import Table

from sheetgen.api import generate
from sheetgen.marking import Held
from sheetgen.sheet import Sheet, lay_out
from sheetgen.spec import load
from sheetgen.workbook.opinion import judge
from sheetgen.workbook.package import Package, Place, replace_parts
from sheetgen.workbook.read import read_submission

Resave = Callable[[Path], bytes]

# Where programs differ most: rounding, signs, errors, TRUE as a number, text as a number, ranges where one cell is due.
FORMULAS = """
A1+B2*3 | -A1^2 | 2^-1 | A1&B1 | SUM(A1:A20) | AVERAGE(B1:B20) | ROUND(B3,0) | FLOOR(B5,1) | CEILING(B5,1)
INT(-B3) | FLOOR(-5.5,-1) | FLOOR(-5.5,1) | CEILING(-5.5,1) | CEILING(-5.5,-1) | MOD(-7,3) | MOD(7,-3)
QUOTIENT(-7,2) | 1/0 | NA() | COUNT(A1:D20) | COUNTIF(A1:A20,">3") | SUMPRODUCT((A1:A20>3)*B1:B20)
IF(A1>100,1) | IFERROR(A1/0,9) | ISNUMBER(A1) | VLOOKUP(4,A1:B20,2,0) | LOOKUP(5,A1:A20) | VALUE("12") | D2*2
D1*2 | D3*1 | "2"*"3" | "3,5"*2 | "1,234"+1 | LOG(8,2) | A1:A20*2 | SUM(A1:A20*2) | ABS(A1:A20)
TEXT(B3,"0.00") | AND(A1>0,A2>0) | TRUE | TRUE=1 | TRUE+1 | SUM(D5) | MAX(D1:D5) | SQRT(-1) | C1+1
DATE(2024,1,2) | 50% | 0.1+0.2-0.3 | 1-0.9-0.1 | INT(0.1*3*10) | INT((0.1+0.7)*10) | ROUND(2.5,0)
ROUND(-2.5,0) | ROUND(1.005,2) | OFFSET(A1,1,0) | INDIRECT("A2") | SUM(MMULT(A1:B2,A3:B4)) | Z99 | Z99&""
"a"="A" | 1="1" | 1e15+0.3 | 123456789012*1000 | 2^53+1 | 2^60 | 1/3*3 | 100*1.1 | SUM(A:A) | SUM(A1:B3 B2:C4)
TRANSPOSE(A1:A2) | TODAY() | RAND() | GCD(12,18) | PERCENTILE(A1:A20,0.3) | SUM(sizes[Height])
sizes[[#This Row],[Height]]*2 | A1*fan_in | NOSUCH(1)
"""


@pytest.fixture(scope="module")
def resaved(tmp_path_factory: pytest.TempPathFactory) -> Resave:
    """A workbook as LibreOffice saves it."""
    program = shutil.which("soffice")
    assert program, "LibreOffice is needed as a second opinion: apt install libreoffice-calc"
    profile = tmp_path_factory.mktemp("libreoffice")

    def save(workbook: Path) -> bytes:
        out = tmp_path_factory.mktemp("saved")
        command = [program, "--headless", f"-env:UserInstallation=file://{profile}", "--convert-to", "xlsx"]
        subprocess.run([*command, "--outdir", str(out), str(workbook)], check=True, capture_output=True, timeout=120)
        return (out / workbook.name).read_bytes()

    return save


@pytest.fixture(scope="module")
def key(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("key")
    generate("alexnet", folder)
    return folder / "alexnet-key.xlsx"


@pytest.fixture(scope="module")
def sheet() -> Sheet:
    return lay_out(load("alexnet"))


def read(data: bytes, sheet: Sheet) -> dict[str, Held]:
    submission = read_submission("x.xlsx", data, sheet)
    assert submission.reason is None
    return dict(submission.held)


def test_no_program_s_honest_work_is_called_stale(tmp_path: Path, resaved: Resave) -> None:
    workbook = openpyxl.Workbook()
    page = workbook.active
    assert page is not None
    page.title = "S"
    for row in range(1, 21):
        page.cell(row, 1, row * 7 % 13 - 3)
        page.cell(row, 2, row * 1.1)
        page.cell(row, 3, f"t{row}")
    texts: tuple[str | bool, ...] = ("3,5", "1234", "12%", "55x55", True)
    for row, typed in enumerate(texts, 1):
        page.cell(row, 4, typed)
    page["F1"], page["G1"] = "Layer", "Height"
    for number in range(2, 202):
        page.cell(number, 6, f"c{number}")
        page.cell(number, 7, number)
    page.add_table(Table(displayName="sizes", ref="F1:G201"))
    workbook.defined_names["fan_in"] = DefinedName("fan_in", attr_text="S!$A$7")
    formulas = [formula.strip() for formula in FORMULAS.replace("\n", "|").split("|") if formula.strip()]
    for row, formula in enumerate(formulas, 2):
        page.cell(row, 10, f"={formula}")
        page.cell(row, 11, f"=IF(ISNUMBER(J{row}),J{row}*2,J{row})")
    page["L1"] = ArrayFormula("L1:L3", "=A1:A3*10")
    workbook.save(tmp_path / "honest.xlsx")
    package = Package.read(resaved(tmp_path / "honest.xlsx"))
    places = {f"{row}.{column}": Place("S", row, column) for row in range(2, len(formulas) + 2) for column in (10, 11)}
    places |= {f"{row}.12": Place("S", row, 12) for row in (1, 2, 3)}
    verdicts = judge(package, places)
    assert len(verdicts) == len(places)
    called = {
        package.cells("S")[places[answer].row, places[answer].column].formula: verdict.notes
        for answer, verdict in verdicts.items()
        if any("is not what the formula gives" in note or "which counts" in note for note in verdict.notes)
    }
    assert called == {}
    # and what most people type is confirmed, not merely let pass
    assert all(not verdicts[f"{row}.{column}"].notes for row in range(2, 12) for column in (10, 11))


def test_the_key_has_nothing_said_of_it(key: Path, sheet: Sheet) -> None:
    held = read(key.read_bytes(), sheet)
    assert sum(each.formula is not None for each in held.values()) > 70
    assert [each for each in held.values() if each.notes or each.problem] == []


def test_a_key_without_stored_values_reads_the_same(key: Path, sheet: Sheet) -> None:
    out = io.BytesIO()
    openpyxl.load_workbook(key).save(out)
    bare, whole = read(out.getvalue(), sheet), read(key.read_bytes(), sheet)
    assert {answer: (each.value, each.notes) for answer, each in bare.items()} == {
        answer: (each.value, each.notes) for answer, each in whole.items()
    }


def test_a_key_saved_by_libreoffice_reads_the_same(key: Path, sheet: Sheet, resaved: Resave) -> None:
    again, whole = read(resaved(key), sheet), read(key.read_bytes(), sheet)
    assert {answer: each.value for answer, each in again.items()} == pytest.approx(
        {answer: each.value for answer, each in whole.items()}
    )
    assert [each for each in again.values() if each.notes] == []


def test_a_number_pasted_beside_a_formula_is_told_to_the_marker(key: Path, sheet: Sheet) -> None:
    data = key.read_bytes()
    package = Package.read(data)
    place = package.place("conv1.out_height")
    assert place is not None
    part = next(entry.part for entry in package.sheets if entry.name == place.sheet)
    xml = package.part(part).decode()
    cell = package.cells(place.sheet)[place.row, place.column]
    assert cell.value == 55
    head, mark, tail = xml.partition(f"<f>{cell.formula}</f><v>")
    assert mark
    forged = replace_parts(data, {part: f"{head}{mark}54{tail.removeprefix('55')}".encode()})
    held = read(forged, sheet)["conv1.out_height"]
    assert held.value == 55
    assert held.notes[0].startswith("The stored value 54 is not what the formula gives, 55: ")
    rest = read(forged, sheet)
    assert [answer for answer, each in rest.items() if each.notes] == ["conv1.out_height"]
