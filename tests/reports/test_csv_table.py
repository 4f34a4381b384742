"""The table of a class, read back by Python, pandas and LibreOffice; no text of a student's becomes a formula."""

from __future__ import annotations

import csv
import io
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import openpyxl
import pandas as pd
import pytest

from sheetgen import api, reports
from sheetgen.handin import NOBODY, HandIn
from sheetgen.marking import Marked
from sheetgen.records import Lines, Results, to_line
from sheetgen.reports import Asked
from sheetgen.reports import csv as table
from tests import sample_class
from tests.gradebooks import answer, marked, unmarked

ATTACKS = [
    "=1+1",
    "+1+1",
    "-1+1",
    "@SUM(A1)",
    "\t=1+1",
    "\r=1+1",
    "\n=1+1",
    " =1+1",
    "x;=1+1;y",
    'x;"=1+1"',
    '=HYPERLINK("http://x.example","y")',
    "=cmd|' /C calc'!A0",
    "＝1+1",
    '"=1+1',
    "\x00=1+1",
    "\u2028=1+1",
    "-5",
    "+3.5",
]
HARMLESS = ["Ada", "O'Neill; Rick", "a=b", "Anne-Marie", "a@x.edu", "3 - 2", "Doe, Jane", 'the "J"', "12", "5-5"]


def _rows(results: Results) -> list[dict[str, str]]:
    data = table.render(results, Asked(Path("class.csv")))
    assert data.startswith(b"\xef\xbb\xbf")
    text = data.decode("utf-8-sig")
    assert text.count("\r\n") == text.count("\n") == text.count("\r")  # nothing else breaks a line
    rows = list(csv.reader(io.StringIO(text, newline=""), strict=True))
    assert {len(row) for row in rows} == {len(rows[0])}
    assert len(set(rows[0])) == len(rows[0])
    return [dict(zip(rows[0], row, strict=True)) for row in rows[1:]]


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Results:
    return api.verify("alexnet", sample_class.make(tmp_path_factory.mktemp("class")))


def test_there_is_a_row_for_each_student_with_a_score_for_each_answer(sample: Results) -> None:
    rows = _rows(sample)
    assert [row["status"] for row in rows] == ["marked", "marked", "marked", "unmarked"]
    asked = [cell.answer for cell in sample.sheet.blanks] if sample.sheet else []
    assert list(rows[0])[-1] == "question.10c"
    assert set(asked) < set(rows[0])
    for row, each in zip(rows, sample.submissions, strict=True):
        scores = {answer.id: answer.score for answer in each.answers}
        if each.status == "marked":
            assert {id: float(row[id]) for id in scores} == scores
            assert float(row["score"]) == each.score == pytest.approx(sum(float(row[id]) for id in scores))
            assert float(row["open"]) == each.open
            assert sum(int(row[status]) for status in table.STATUSES) == len(each.answers)
        assert float(row["max_score"]) == each.max_score == 80.5
        assert row["summary"] == " ".join(each.summary)
    broken = rows[-1]
    assert broken["reason"].startswith("the file is cut short")
    empty = {title for title, text in broken.items() if not text}
    assert empty == {*broken} - {"file", "status", "reason", "max_score", "late"}  # no score is no 0


def test_the_same_stands_there_without_the_sheet_and_from_lines(sample: Results) -> None:
    lines = [to_line(each) for each in sample.submissions]
    at = [(sum(map(len, lines[:number])), len(line)) for number, line in enumerate(lines)]
    assert _rows(Results("alexnet", Lines(io.BytesIO(b"".join(lines)), at))) == _rows(sample)


def test_answers_that_are_met_later_are_columns_further_right() -> None:
    first, second = answer("a.x", score=1), answer("b.y", score=0.25)
    results = Results(
        "net", (unmarked(NOBODY), marked(NOBODY, answers=(first,)), marked(NOBODY, answers=(second, first)))
    )
    rows = _rows(results)
    assert [(row["a.x"], row["b.y"]) for row in rows] == [("", ""), ("1", ""), ("1", "0.25")]


def test_students_without_a_file_are_rows_too() -> None:
    missing = (HandIn("S9", "Nobody; =1", "n@x.edu", how="roster"),)
    rows = _rows(Results("net", (marked(HandIn("S1", late=True), answers=(answer(),)),), missing=missing))
    assert [(row["id"], row["status"], row["late"], row["score"]) for row in rows] == [
        ("S1", "marked", "yes", "40.25"),
        ("S9", "missing", "", ""),
    ]
    assert rows[1]["name"] == "Nobody;' =1"


@pytest.mark.parametrize(
    ("score", "text"), [(0.1 + 0.2, "0.3"), (1e-7, "0"), (1234567.5, "1234567.5"), (-0.25, "-0.25")]
)
def test_numbers_have_a_point_and_no_more_than_their_digits(score: float, text: str) -> None:
    assert _rows(Results("net", (marked(NOBODY, score),)))[0]["score"] == text


def test_what_may_begin_with_a_sign_is_left_alone() -> None:
    assert [table.safe(text) for text in HARMLESS] == HARMLESS


def _attacked() -> Results:
    def of(text: str) -> Marked:
        hand_in = HandIn(text, text, text)
        return replace(marked(hand_in, file=text, summary=(text,), answers=(answer(),)), reason=text)

    return Results("net", (*map(of, ATTACKS), *map(of, HARMLESS)), missing=(HandIn("=2+2", "=2+2", "=2+2"),))


@pytest.mark.parametrize("delimiter", [",", ";"])
def test_no_cell_begins_with_what_begins_a_formula_whatever_the_program_cuts_at(delimiter: str) -> None:
    data = table.render(_attacked(), Asked(Path("x.csv")))
    for row in csv.reader(io.StringIO(data.decode("utf-8-sig"), newline=""), delimiter=delimiter):
        for cell in row:
            assert not cell.strip().strip('"').strip().startswith(tuple("=+-@＝＋－＠")), cell


def test_pandas_reads_numbers_as_numbers(sample: Results) -> None:
    frame = pd.read_csv(io.BytesIO(table.render(sample, Asked(Path("x.csv")))))
    assert frame["score"].dtype == float
    assert frame["score"].isna().tolist() == [False, False, False, True]
    assert frame["score"].sum() == sum(each.score for each in sample.submissions)
    attacked = pd.read_csv(io.BytesIO(table.render(_attacked(), Asked(Path("x.csv")))), keep_default_na=False)
    assert len(attacked) == len(ATTACKS) + len(HARMLESS) + 1
    assert attacked["name"].tolist()[0] == "'=1+1"


@pytest.mark.parametrize("separators", ["44", "59"])  # comma, and semicolon as where commas are decimal marks
def test_libreoffice_finds_no_formula(separators: str, tmp_path: Path) -> None:
    (tmp_path / "class.csv").write_bytes(table.render(_attacked(), Asked(Path("x.csv"))))
    program = shutil.which("soffice")
    assert program, "LibreOffice is needed: apt install libreoffice-calc"
    # quote, UTF-8, from row 1, no formats, English, quoted cells are no text, numbers recognised, formulas evaluated
    reading = f"CSV:{separators},34,76,1,,1033,false,true,false,false,false,0,true"
    profile = f"-env:UserInstallation=file://{tmp_path}/profile"
    command = [program, "--headless", profile, f"--infilter={reading}", "--convert-to", "xlsx", "--outdir"]
    subprocess.run([*command, str(tmp_path), str(tmp_path / "class.csv")], check=True, capture_output=True, timeout=120)
    sheet = openpyxl.load_workbook(tmp_path / "class.xlsx").active
    assert sheet is not None
    cells = [cell for row in sheet.iter_rows() for cell in row if cell.value is not None]
    assert not [cell.value for cell in cells if cell.data_type == "f"]
    if separators == "44":
        assert sheet.max_row == len(ATTACKS) + len(HARMLESS) + 2
        place = table.COLUMNS.index("score") + 1
        assert sheet.cell(2, place).value == 40.25
        assert sheet.cell(2, 2).value == "'=1+1"


def test_the_kind_is_listed_and_written(sample: Results, tmp_path: Path) -> None:
    assert reports.kinds()["csv"].startswith("A table for spreadsheets and pandas")
    kind, target = reports.target(f"csv={tmp_path / 'class.csv'}")
    assert reports.write(kind, sample, Asked(target)).said == ()
    assert target.read_bytes() == table.render(sample, Asked(target))
