"""The package as a script sees it: its names, what each of them is, and what asking for one loads."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

import sheetgen
from sheetgen import api, importer, suggest
from sheetgen.cli import app
from sheetgen.errors import UsageError
from sheetgen.records import Results
from sheetgen.sheet import Sheet
from tests import class_of_six
from tests.sample_class import make

PACKAGE = Path(sheetgen.__file__).parent
AS_FUNCTIONS = {"import": "import_network", "gradescope": "write_autograder"}
NOT_FOR_SCRIPTS = {"schema"}  # text for editors


def test_the_names_are_what_they_are_called() -> None:
    assert sheetgen.verify is api.verify
    assert sheetgen.import_network is importer.import_network
    assert sheetgen.suggest_misconceptions is suggest.suggest
    for name in sheetgen.__all__:
        assert getattr(sheetgen, name) is not None
        assert name in dir(sheetgen)


def test_a_name_that_there_is_not() -> None:
    with pytest.raises(AttributeError, match=r"^module 'sheetgen' has no attribute 'verfy'$"):
        sheetgen.verfy  # type: ignore[attr-defined]  # noqa: B018
    assert not hasattr(sheetgen, "__path_hooks__")


def test_no_name_is_that_of_a_module() -> None:
    """Importing it would put the module in the place of the function."""
    modules = {path.stem for path in PACKAGE.glob("*.py")} | {path.name for path in PACKAGE.iterdir() if path.is_dir()}
    assert "suggest" in modules
    assert not modules & set(sheetgen.__all__)


def test_every_command_is_a_function() -> None:
    commands = {each.name or each.callback.__name__ for each in app.registered_commands if each.callback is not None}
    assert {AS_FUNCTIONS.get(name, name) for name in commands - NOT_FOR_SCRIPTS} <= set(sheetgen.__all__)
    for name in sheetgen.__all__:
        assert name in ("SheetgenError", "Results", "__version__") or f"{name}(" in (sheetgen.__doc__ or ""), name


@pytest.mark.parametrize(
    ("names", "more"),
    [("verify read_results report Results generate", {"pydantic"}), (" ".join(sheetgen.__all__), set())],
)
def test_a_function_loads_no_more_than_it_needs(names: str, more: set[str]) -> None:
    code = f"""
import sys, sheetgen
[getattr(sheetgen, name) for name in {names.split()!r}]
print(*sorted({{name.partition(".")[0] for name in sys.modules}}))
"""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=PACKAGE.parent, timeout=60
    )
    heavy = {"torch", "pandas", "numpy", "openpyxl", "matplotlib", "jinja2", "lxml", "typer", "rich"}
    assert not set(done.stdout.split()) & (heavy | more)


def test_show() -> None:
    table = sheetgen.show("alexnet")
    assert table.totals["parameters"] == 62378344
    assert table.to_frame().loc["conv1", "parameters"] == 34944


@pytest.fixture
def results(sheet: Sheet) -> Results:
    return class_of_six.results(sheet)


def test_reports(results: Results, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    page, table, log = tmp_path / "class.html", tmp_path / "class.csv", tmp_path / "summary.md"
    assert sheetgen.report(results, html=page, csv=str(table)) == ()
    assert page.read_bytes().startswith(b"<!DOCTYPE html>")
    assert table.read_text(encoding="utf-8-sig").count("\n") > len(results.submissions)
    assert capsys.readouterr().out == ""
    sheetgen.report(results, github=log)
    assert "::error" in capsys.readouterr().out  # which a CI log obeys


def test_workbooks_come_back_in_a_report(tmp_path: Path) -> None:
    make(tmp_path / "class")
    results = sheetgen.verify("alexnet", tmp_path / "class", jobs=1)
    sheetgen.report(results, xlsx=tmp_path / "marked")
    with zipfile.ZipFile(tmp_path / "marked" / "cleo-mistakes-marked.xlsx") as archive:
        assert "xl/comments1.xml" in archive.namelist()


def test_a_kind_that_there_is_not_is_refused_before_anything_is_written(results: Results, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"there is no report 'htm'; did you mean html\?"):
        sheetgen.report(results, csv=tmp_path / "class.csv", htm=tmp_path / "class.htm")
    with pytest.raises(UsageError, match=r"there is no file .*gone"):
        sheetgen.report(results, csv=tmp_path / "class.csv", gradebook=tmp_path / "gone")
    assert list(tmp_path.iterdir()) == []


def test_what_a_report_says_is_given_back(results: Results, tmp_path: Path) -> None:
    gradebook = tmp_path / "gradebook.csv"
    gradebook.write_text(
        'Student,ID,SIS User ID,SIS Login ID,Section,Table (9)\n    Points Possible,,,,,50\n"Abel, Ada",1,,,Sec 1,\n',
        encoding="utf-8",
    )
    said = sheetgen.report(results, canvas=tmp_path / "upload.csv", gradebook=gradebook, assignment="Table")
    assert any("Ben Baker" in each or "ben.xlsx" in each for each in said)
