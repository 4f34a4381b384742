"""Marks that a person gives are in no percentage and in no "out of": the same everywhere, whoever left what blank."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

import sheetgen
from sheetgen import api
from sheetgen.coursework import Coursework
from sheetgen.marking import given_by_now
from sheetgen.records import Results
from sheetgen.sheet import Sheet
from sheetgen.workbook.package import Package
from tests import sample_class

NOW = "69.5"


@pytest.fixture(scope="module")
def file(alexnet: Coursework, sheet: Sheet, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Everything right, but two of the questions that a person marks are left blank."""
    texts = [cell.answer for cell in sheet.questions.cells if cell.question.kind == "text"] if sheet.questions else []
    answers = {each: typed for each, typed in sample_class.right_answers(sheet).items() if each not in texts[:2]}
    path = tmp_path_factory.mktemp("now") / "mine.xlsx"
    path.write_bytes(sample_class.hand_in(alexnet, sheet, answers))
    return path


@pytest.fixture(scope="module")
def results(file: Path) -> Results:
    return api.verify("alexnet", [file])


def test_some_of_them_are_open_and_some_are_blank(results: Results, sheet: Sheet) -> None:
    (marked,) = results.submissions
    assert 0 < marked.open < marked.max_score - float(NOW)
    assert marked.score == float(NOW) == given_by_now(marked, sheet)
    assert marked.brief().percent(sheet) == 100


def test_the_terminal(file: Path) -> None:
    verify = [sys.executable, "-m", "sheetgen", "verify", "alexnet", str(file)]
    done = subprocess.run([*verify, "--fail-under", "100"], capture_output=True, text=True, check=False)
    assert re.search(rf"{NOW}/{NOW}  \(\+ .* for a person\)  100 %", done.stdout)
    assert done.returncode == 0


@pytest.mark.parametrize("kind", ["html", "github", "xlsx"])
def test_the_reports(kind: str, results: Results, tmp_path: Path) -> None:
    target = tmp_path / ("summary.md" if kind == "github" else kind)
    match kind:
        case "html":
            sheetgen.report(results, html=target)
        case "github":
            sheetgen.report(results, github=target)
        case "xlsx":
            sheetgen.report(results, xlsx=target)
    if kind == "xlsx":
        (path,) = target.rglob("*.xlsx")
        text = " ".join(str(cell.value) for cell in Package.read(path.read_bytes()).cells("Feedback").values())
    else:
        (path,) = [target] if target.is_file() else (page for page in target.rglob("*.html") if "mine" in page.name)
        text = path.read_text()
    text = re.sub(r"<[^>]*>|\\", "", text)
    (marked,) = results.submissions
    assert re.search(rf"{NOW}\W+of\W+{NOW}", text)
    assert f"of {marked.max_score - marked.open:g}" not in text  # which is another number for each student
