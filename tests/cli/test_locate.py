"""``sheetgen locate`` and ``fill`` of workbooks that are not ours, from the command line."""

from __future__ import annotations

import json
from pathlib import Path

import openpyxl
import pytest

from tests.hostile import make
from tests.house_styles import STYLES
from tests.runs import run


@pytest.fixture(scope="module")
def theirs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("theirs")
    for style in STYLES:
        (folder / f"{style.name}.xlsx").write_bytes(style.data())
    return folder


def test_our_own_is_found_by_its_names(theirs: Path) -> None:
    run("generate", "alexnet", "--out", theirs)
    done = run("locate", "alexnet", theirs / "alexnet-blank.xlsx", "--format", "json")
    said = json.loads(done.stdout)
    assert done.returncode == 0
    assert (said["how"], said["notes"]) == ("ours", [])
    assert [line["quantity"] for line in said["tables"][0]["lines"]][:2] == ["layer", "type"]
    assert "77 of 77 blanks have their names" in said["tables"][0]["lines"][0]["why"]


def test_somebody_elses_is_recognised(theirs: Path) -> None:
    done = run("locate", "alexnet", theirs / "transposed.xlsx")
    assert done.returncode == 0
    assert "Network: recognised by headings, labels and content, a column for each layer" in done.stdout
    for words in (
        "row 7",
        "Depth",
        "out_channels",
        "12 of its cells agree",
        "coursework:\n  layout:",
        "header: A",
        "conv1: {at: C, label: CONV1}",
    ):
        assert words in done.stdout


def test_what_is_not_sure_is_a_finding(theirs: Path) -> None:
    done = run("locate", "alexnet", theirs / "toronto.xlsx")
    assert done.returncode == 1
    assert "note: Sheet1, column C ('# Weights') was taken for weights; that is not sure (63%)" in done.stdout


def test_no_table_is_a_sentence(theirs: Path) -> None:
    workbook = openpyxl.Workbook()
    workbook.active["A1"] = "Shopping"  # type: ignore[index]
    workbook.save(theirs / "other.xlsx")
    for command in ("locate", "fill"):
        done = run(command, "alexnet", theirs / "other.xlsx", cwd=theirs)
        assert done.returncode == 2
        assert "no table of alexnet was recognised in it" in done.stderr
        assert "layout:" in done.stderr
    assert not (theirs / "output").exists()


def test_filling_says_how_it_was_found(theirs: Path, tmp_path: Path) -> None:
    done = run("fill", "alexnet", theirs / "composite.xlsx", "--out", tmp_path / "filled.xlsx")
    assert done.returncode == 0
    for words in (
        "30 cells filled",
        "the table is recognised on AlexNet",
        "12 cells held a number already, and it is right",
        "column F ('Memory (KB)') was taken for activation_memory; that is not sure",
        "left alone: AlexNet, column A ('Step')",
    ):
        assert words in done.stdout


def test_what_is_no_workbook_of_cells_is_told_to_be_converted(theirs: Path) -> None:
    (theirs / "table.numbers").write_bytes(b"PK")
    done = run("locate", "alexnet", theirs / "table.numbers")
    assert done.returncode == 2
    assert "locate works on .xlsx, .ods and .csv; open it in its program and save it as .xlsx" in done.stderr


ROWS = (("Layer", "Neurons", "Params"), *((name, "", "") for name in ("conv1", "conv2", "conv3", "fc6", "fc7", "fc8")))


def _ods() -> bytes:
    cell = '<table:table-cell office:value-type="string"><text:p>{}</text:p></table:table-cell>'
    return make._ods("".join(f"<table:table-row>{''.join(map(cell.format, row))}</table:table-row>" for row in ROWS))


@pytest.mark.parametrize("suffix", ["csv", "ods"])
def test_what_verify_reads_is_located_too(suffix: str, tmp_path: Path) -> None:
    file = tmp_path / f"table.{suffix}"
    if suffix == "csv":
        file.write_text("\n".join(",".join(row) for row in ROWS), encoding="utf-8")
    else:
        file.write_bytes(_ods())
    done = run("locate", "alexnet", file, "--format", "json")
    (table,) = json.loads(done.stdout)["tables"]
    assert [line["quantity"] for line in table["lines"]] == ["layer", "neurons", "parameters"]
    assert [layer["layer"] for layer in table["layers"]] == ["conv1", "conv2", "conv3", "fc6", "fc7", "fc8"]


def test_nothing_to_fill_is_said(theirs: Path, tmp_path: Path) -> None:
    run("fill", "alexnet", theirs / "composite.xlsx", "--out", tmp_path / "filled.xlsx")
    done = run("fill", "alexnet", tmp_path / "filled.xlsx", "--out", tmp_path / "again.xlsx")
    assert "nothing to fill: no cell that was recognised is empty" in done.stdout


def test_without_names_it_is_found_by_the_headings(theirs: Path) -> None:
    run("generate", "alexnet", "--out", theirs)
    named = run("locate", "alexnet", theirs / "alexnet-blank.xlsx")
    assert "found by the names and headings of our own" in named.stdout
    workbook = openpyxl.load_workbook(theirs / "alexnet-blank.xlsx")
    workbook.defined_names.clear()
    workbook.save(theirs / "nameless.xlsx")
    done = run("locate", "alexnet", theirs / "nameless.xlsx")
    assert "found by the headings of our own" in done.stdout
    assert "0 of 77 blanks have their names" in done.stdout
