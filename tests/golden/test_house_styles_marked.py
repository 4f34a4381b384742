"""Hand-ins on templates of other people: found, read in their units and sizes, and marked like those on our own."""

from __future__ import annotations

import io
from collections.abc import Mapping
from pathlib import Path

import openpyxl
import pytest
from openpyxl.worksheet.worksheet import Worksheet

from sheetgen import api
from sheetgen.marking import Answer, Marked, mark
from sheetgen.sheet import Sheet, lay_out
from sheetgen.spec import load
from sheetgen.workbook.read import read_submission
from tests.house_styles import STYLES, Style

NETWORK = Path(__file__).parents[1] / "data" / "alexnet_network.yaml"
ASKED = {  # what each template asks for
    "ours-like": "[out_height, out_width, neurons, weights, biases, parameters, connections]",
    "transposed": "[out_height, neurons, parameters, connections]",
    "two-rows": "[out_height, out_width, parameters, macs, neurons]",
    "composite": "[output_size, parameters, activation_memory]",
    "toronto": "[neurons, weights, connections]",
}


def coursework(folder: Path, style: str) -> Path:
    asked = ASKED[style]
    layers = "[conv1, conv2, conv3, conv4, conv5, fc6, fc7, fc8]"
    where = f", layers: {layers}" if style == "toronto" else ""
    path = folder / f"{style}.yaml"
    path.write_text(
        f"network: {NETWORK}\n"
        f"coursework:\n  columns: [layer, type, kernel_size, stride, padding, out_channels, {asked[1:-1]}]\n"
        f"  omit: [norm1, norm2]\n"
        f"  blanks: [{{quantities: {asked}{where}}}]\n",
        encoding="utf-8",
    )
    return path


def filled(folder: Path, style: Style, typed: Mapping[str, object] = {}) -> tuple[Sheet, bytes]:
    """A template filled rightly, and then the cells of ``typed`` overwritten."""
    path = coursework(folder, style.name)
    (folder / "theirs.xlsx").write_bytes(style.data())
    api.fill(path, folder / "theirs.xlsx", folder / "filled.xlsx")
    workbook = openpyxl.load_workbook(folder / "filled.xlsx")
    page = workbook[style.sheet]
    for at, value in typed.items():
        page[at].value = value
    out = io.BytesIO()
    workbook.save(out)
    return lay_out(load(path)), out.getvalue()


def marked(folder: Path, style: Style, typed: Mapping[str, object] = {}) -> Marked:
    sheet, data = filled(folder, style, typed)
    return mark(sheet, read_submission("a.xlsx", data, sheet))


def named(name: str) -> Style:
    return next(style for style in STYLES if style.name == name)


def answer(found: Marked, answer_id: str) -> Answer:
    return next(each for each in found.answers if each.id == answer_id)


@pytest.mark.parametrize("style", STYLES, ids=lambda style: style.name)
def test_a_perfect_one(style: Style, tmp_path: Path) -> None:
    found = marked(tmp_path, style)
    assert found.reason is None
    assert {
        each.id: (each.status, each.given, each.feedback) for each in found.answers if each.status != "correct"
    } == {}
    assert found.score == found.max_score > 20
    assert found.notes[0].startswith("The table is not that of our own workbook")


@pytest.mark.parametrize("style", STYLES, ids=lambda style: style.name)
def test_a_blank_one_and_a_wrong_one(style: Style, tmp_path: Path) -> None:
    sheet = lay_out(load(coursework(tmp_path, style.name)))
    empty = mark(sheet, read_submission("a.xlsx", style.data(), sheet))
    given = {each.id for each in empty.answers if each.status != "blank"}
    assert empty.reason is None
    assert len(given) < 9  # what the template shows
    place = next(
        each for each in marked(tmp_path, style).answers if each.id == "conv2.parameters" or style.name == "toronto"
    )
    wrong = marked(tmp_path, style, {place.cell: 123})
    assert [each.id for each in wrong.answers if each.status == "wrong"] == [place.id]


def test_in_units(tmp_path: Path) -> None:
    typed = {
        "H5": 614.656,  # thousands, as asked
        "H7": "885.1",  # rounded, and right within that
        "H9": 884992,  # written out in full
        "H8": 1327.5,
        "H11": 37752.9,  # 37,752,832 is 37752.8
        "I5": 448,  # millions: 447.8976
    }
    found = marked(tmp_path, named("two-rows"), typed)
    status = {each.cell: (each.id, each.status) for each in found.answers if each.cell in typed}
    assert status == {
        "H5": ("conv2.parameters", "correct"),
        "H7": ("conv3.parameters", "correct"),
        "H8": ("conv4.parameters", "correct"),
        "H9": ("conv5.parameters", "correct"),
        "H11": ("fc6.parameters", "wrong"),
        "I5": ("conv2.macs", "correct"),
    }
    assert "in units of 1,000" in answer(found, "conv5.parameters").notes[0]
    assert "Judged as rounded to" in answer(found, "conv3.parameters").notes[0]


@pytest.mark.parametrize(
    ("typed", "status", "said"),
    [
        ("27x27x256", "correct", ""),
        ("27 × 27 × 256", "correct", ""),
        ("(256, 27, 27)", "correct", "channels stand first"),
        ("[1, 256, 27, 27]", "correct", "channels stand first"),
        ("(None, 27, 27, 256)", "correct", ""),
        ("27x256x27", "wrong", "another order"),
        ("27x27x255", "wrong", ""),
        ("27x27", "wrong", ""),
        ("dunno", "unreadable", ""),
        (27, "unreadable", ""),
    ],
)
def test_a_size_in_one_cell(typed: object, status: str, said: str, tmp_path: Path) -> None:
    found = answer(marked(tmp_path, named("composite"), {"D5": typed}), "conv2.output_size")
    assert (found.cell, found.status) == ("D5", status)
    assert said in " ".join((*found.notes, found.feedback))


def test_sides_that_are_asked_apart_and_written_together(tmp_path: Path) -> None:
    """The coursework asks for height, width and channels, the template has one cell for them."""
    style = named("composite")
    path = tmp_path / "apart.yaml"
    path.write_text(
        f"network: {NETWORK}\n"
        "coursework:\n  omit: [norm1, norm2]\n"
        "  columns: [layer, kernel_size, stride, padding, out_channels, out_height, out_width, parameters]\n"
        "  blanks: [{quantities: [out_height, out_width, parameters]}]\n"
    )
    sheet = lay_out(load(path))
    _, data = filled(tmp_path, style, {"D5": "26x27x256", "D6": "(256, 13, 13)", "D7": "x", "D8": "13x13"})
    found = mark(sheet, read_submission("a.xlsx", data, sheet))
    status = {each.id: each.status for each in found.answers}
    assert (status["conv2.out_height"], status["conv2.out_width"]) == ("wrong", "correct")
    assert (status["pool2.out_height"], status["pool2.out_width"]) == ("correct", "correct")
    assert (status["conv3.out_height"], status["conv3.out_width"]) == ("unreadable", "unreadable")
    assert status["conv4.out_height"] == "unreadable"
    assert (status["fc6.out_height"], status["fc6.out_width"]) == ("correct", "correct")


def test_too_few_of_the_blanks_are_no_proof(tmp_path: Path) -> None:
    found = api.verify("alexnet", [_written(tmp_path, named("toronto"))])
    assert found.submissions[0].reason is not None
    assert "a table like it is on Sheet1, but it has only 24 of the 77 blanks" in found.submissions[0].reason


def test_our_own_sheet_after_google_and_a_student(tmp_path: Path, key: bytes, sheet: Sheet) -> None:
    """Names lost, the sheet renamed, headings in other words, a column moved in between, rows sorted: still found."""
    workbook = openpyxl.load_workbook(io.BytesIO(key))
    page = workbook["Table"]
    assert isinstance(page, Worksheet)
    for name in list(workbook.defined_names):
        del workbook.defined_names[name]
    other = openpyxl.Workbook()
    copy = other.active
    assert isinstance(copy, Worksheet)
    copy.title = "Tabelle1"
    values = openpyxl.load_workbook(io.BytesIO(key), data_only=True)["Table"]
    words = {"Parameters": "Anzahl Parameter", "Connections": "Verbindungen", "Output height": "H out"}
    for row in values.iter_rows():
        for cell in row:
            if cell.value is not None and cell.row != 8:
                column = cell.column + (cell.column > 4)
                copy.cell(cell.row + 2, column).value = words.get(str(cell.value), cell.value)
    copy["E7"] = "my own notes"
    (tmp_path / "a.xlsx").write_bytes(b"")
    other.save(tmp_path / "a.xlsx")
    found = mark(sheet, read_submission("a.xlsx", (tmp_path / "a.xlsx").read_bytes(), sheet))
    assert found.reason is None
    assert {each.status for each in found.answers} == {"correct", "blank"}
    missed = {each.id.partition(".")[0] for each in found.answers if each.status == "blank"}
    assert missed == {"pool1", "question"}  # whose row, the eighth, was left out, and whose sheet
    assert {each.cell for each in found.answers if each.status == "blank"} == {"–"}


def _written(folder: Path, style: Style) -> Path:
    (folder / "hand-in.xlsx").write_bytes(style.data())
    return folder / "hand-in.xlsx"
