"""``layout:`` held against each workbook: rows and columns that a student inserts, pastes into the wrong place."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from pathlib import Path

import openpyxl
import pytest
from openpyxl.worksheet.worksheet import Worksheet

from sheetgen.errors import SpecError
from sheetgen.layout import Layout
from sheetgen.marking import mark
from sheetgen.sheet import lay_out
from sheetgen.spec import load
from sheetgen.workbook.elsewhere import find_tables
from sheetgen.workbook.package import Package
from sheetgen.workbook.read import read_submission
from tests.golden.test_house_styles import page_of
from tests.golden.test_what_users_wrote import found
from tests.house_styles import LAYERS, STYLES, Style
from tests.runs import run

NETWORK = """\
network:
  input: [3, 32, 32]
  layers:
    conv1: {type: Conv2d, out_channels: 8, kernel_size: 5}
    conv2: {type: Conv2d, out_channels: 12, kernel_size: 3}
    conv3: {type: Conv2d, out_channels: 24, kernel_size: 3, stride: 2}
    fc: {type: Linear, out_features: 10}
coursework:
  columns: [layer, kernel_size, stride, out_channels, weights, parameters]
  blanks: [{quantities: [weights, parameters]}]
"""
PLAIN = """\
  layout:
    sheet: Q1
    header: 2
    quantities: {kernel_size: B, stride: C, out_channels: D, weights: E, parameters: F}
    layers: {conv1: 3, conv2: 4, conv3: 5, fc: 6}
"""
WITH_TEXTS = """\
  layout:
    sheet: Q1
    header: 2
    quantities:
      kernel_size: {at: B, heading: Kernel}
      stride: {at: C, heading: Stride}
      out_channels: {at: D, heading: Depth}
      weights: {at: E, heading: No. of weights}
      parameters: {at: F, heading: Params}
    layers:
      conv1: {at: 3, label: Conv 1}
      conv2: {at: 4, label: Conv 2}
      conv3: {at: 5, label: Conv 3}
      fc: {at: 6, label: Dense}
"""
Change = Callable[[Worksheet], object]


def write(folder: Path, layout: str) -> Path:
    path = folder / "mine.yaml"
    path.write_text(NETWORK + layout, encoding="utf-8")
    return path


def handed_in(change: Change = lambda _: None, rows: Sequence[Sequence[object]] = ()) -> bytes:
    """A hand-in in which all is right, changed by ``change``."""
    workbook = openpyxl.Workbook()
    page = workbook.active
    assert isinstance(page, Worksheet)
    page.title = "Q1"
    given = rows or (
        ("Conv 1", 5, 1, 8, 600, 608),
        ("Conv 2", 3, 1, 12, 864, 876),
        ("Conv 3", 3, 2, 24, 2592, 2616),
        ("Dense", None, None, 10, 34560, 34570),
    )
    for row in (("Homework",), ("Layer", "Kernel", "Stride", "Depth", "No. of weights", "Params"), *given):
        page.append(list(row))
    change(page)
    out = io.BytesIO()
    workbook.save(out)
    return out.getvalue()


def places(layout: Layout) -> dict[str, tuple[int, int]]:
    return {spot.answer: (spot.row, spot.column) for table in layout for spot in table.spots()}


def column_of_working(page: Worksheet) -> None:
    page.insert_cols(6)
    page["F2"] = "my working"
    page["F3"] = "5*5*3*8 + 8"


CHANGES: dict[str, Change] = {
    "row above": lambda page: page.insert_rows(1, 2),
    "row between": lambda page: page.insert_rows(4),
    "column": column_of_working,
    "sheet renamed": lambda page: setattr(page, "title", "Answers"),
    "rows sorted": lambda page: page.move_range("A3:F3", rows=5),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
@pytest.mark.parametrize("layout", [PLAIN, WITH_TEXTS], ids=["places", "texts"])
def test_what_was_moved_is_marked_where_it_stands(layout: str, change: Change, tmp_path: Path) -> None:
    sheet = lay_out(load(write(tmp_path, layout)))
    submission = read_submission("s.xlsx", handed_in(change), sheet)
    marked = mark(sheet, submission)
    assert (marked.status, marked.score) == ("marked", marked.max_score)
    assert any(note.startswith("the table is not where layout: says (") for note in submission.notes)


@pytest.mark.parametrize("layout", [PLAIN, WITH_TEXTS], ids=["places", "texts"])
def test_what_stands_where_layout_says_is_taken_with_its_words(layout: str, tmp_path: Path) -> None:
    tables = found(handed_in(), lay_out(load(write(tmp_path, layout))))
    assert (tables.how, tables.notes) == ("declared", ())
    (table,) = tables.layout
    assert [line.heading for line in table.lines] == ["Kernel", "Stride", "Depth", "No. of weights", "Params"]
    assert [layer.label for layer in table.layers] == ["Conv 1", "Conv 2", "Conv 3", "Dense"]
    assert "3 of its cells agree" in table.lines[0].why


def test_texts_of_layout_say_more_than_what_words_mean(tmp_path: Path) -> None:
    """Where Weights are the parameters, and labels count from 0, only the YAML can know."""
    layout = WITH_TEXTS.replace("heading: No. of weights", "heading: Params").replace(
        "F, heading: Params", "F, heading: Weights"
    )
    for number in (1, 2, 3):
        layout = layout.replace(f"label: Conv {number}", f"label: Conv {number - 1}")

    def renamed(page: Worksheet) -> None:
        page["E2"], page["F2"] = "Params", "Weights"
        for row in (3, 4, 5):
            page.cell(row, 1, f"Conv {row - 3}")

    sheet = lay_out(load(write(tmp_path, layout)))
    tables = found(handed_in(renamed), sheet)
    assert (tables.how, tables.notes) == ("declared", ())

    def moved(page: Worksheet) -> None:
        renamed(page)
        page.insert_rows(4)

    tables = found(handed_in(moved), sheet)
    assert tables.how == "followed"
    assert places(tables.layout)["conv2.parameters"] == (5, 6)


def test_a_word_that_was_changed_is_told_and_nothing_moves(tmp_path: Path) -> None:
    sheet = lay_out(load(write(tmp_path, WITH_TEXTS)))
    tables = found(handed_in(lambda page: setattr(page["F2"], "value", "Parameter (all)")), sheet)
    assert tables.how == "declared"
    assert tables.notes == ("layout: column F (parameters) has 'Parameter (all)' written at it, not 'Params'",)


def test_another_networks_numbers_are_not_taken_for_what_layout_says(tmp_path: Path) -> None:
    rows = (("Conv 1", 7, 2, 64), ("Conv 2", 5, 4, 128), ("Conv 3", 7, 4, 512), ("Dense", None, None, 1000))
    sheet = lay_out(load(write(tmp_path, WITH_TEXTS)))
    assert find_tables(Package.read(handed_in(rows=rows)), sheet) is None


def test_locate_tells_of_given_cells_that_disagree(tmp_path: Path) -> None:
    (tmp_path / "t.xlsx").write_bytes(handed_in(lambda page: setattr(page["D4"], "value", 13)))
    done = run("locate", write(tmp_path, WITH_TEXTS), tmp_path / "t.xlsx")
    assert done.returncode == 1
    told = "note: 1 of 10 given cells disagrees with layout:, D4 holds 13, but conv2.out_channels is 12"
    assert told in done.stdout
    (tmp_path / "t.xlsx").write_bytes(handed_in())
    done = run("locate", tmp_path / "mine.yaml", tmp_path / "t.xlsx")
    assert done.returncode == 0
    assert "No. of weights │ weights" in done.stdout
    assert "weights: {at: E, heading: No. of weights}" in done.stdout


def test_a_paste_that_is_misplaced_is_seen(tmp_path: Path) -> None:
    swapped = PLAIN.replace("weights: E, parameters: F", "weights: F, parameters: E")
    tables = found(handed_in(), lay_out(load(write(tmp_path, swapped))))
    assert tables.how == "recognised"
    assert "(column F (weights) has 'Params' written at it)" in tables.notes[0]
    assert places(tables.layout)["conv1.parameters"] == (3, 6)


def test_rows_are_found_by_their_labels_where_layout_names_none(tmp_path: Path) -> None:
    only = (
        "  layout: {sheet: Q1, header: 2, quantities: {kernel_size: B, out_channels: D, weights: E, parameters: F}}\n"
    )
    sheet = lay_out(load(write(tmp_path, only)))
    tables = found(handed_in(lambda page: page.insert_rows(4)), sheet)
    assert tables.how == "declared"
    assert [(layer.at, layer.layer) for layer in tables.layout[0].layers] == [
        (3, "conv1"),
        (5, "conv2"),
        (6, "conv3"),
        (7, "fc"),
    ]


# --- what locate prints to be completed -------------------------------------------------------------------------------


def test_where_recognition_gives_up_there_is_a_layout_to_complete(tmp_path: Path) -> None:
    """Another network's kernels, and words that nobody knows: the one gives its lines in doubt, the other names."""
    rows = (("Conv 1", 7, 2, 64), ("Conv 2", 5, 4, 128), ("Conv 3", 7, 4, 512), ("Dense", None, None, 1000))
    coursework = write(tmp_path, "")
    (tmp_path / "other.xlsx").write_bytes(handed_in(rows=rows))
    done = run("locate", coursework, tmp_path / "other.xlsx")
    assert done.returncode == 2
    assert "another network's table" in done.stderr
    assert "      # parameters: {at: F, heading: Params}\n" in done.stdout
    assert "      # conv1: {at: 3, label: Conv 1}\n" in done.stdout
    (tmp_path / "words.xlsx").write_bytes(page_of(("Ebene", "Anzahl"), ("eins", None), ("zwei", None)))
    done = run("locate", coursework, tmp_path / "words.xlsx", "--format", "yaml")
    assert done.returncode == 2
    assert "no table of mine was recognised in it" in done.stderr
    for line in ("  - sheet: Sheet", "      # parameters: C", "      # conv1: 5", "      # fc: 8"):
        assert f"{line}\n" in done.stdout
    completed = (
        done.stdout.partition("\n")[2].replace("# header: 4", "header: 1").replace("# parameters: C", "parameters: B")
    )
    for number, layer in enumerate(("conv1", "conv2"), start=5):
        completed = completed.replace(f"# {layer}: {number}", f"{layer}: {number - 3}")
    tables = found((tmp_path / "words.xlsx").read_bytes(), lay_out(load(write(tmp_path, completed))))
    assert places(tables.layout) == {"conv1.parameters": (2, 2), "conv2.parameters": (3, 2)}


def test_what_is_left_alone_is_told_with_its_certainty_and_printed_as_a_comment(tmp_path: Path) -> None:
    rows = (("Layer", "Output", "# Params"), *((layer, None, None) for layer in LAYERS))
    (tmp_path / "t.xlsx").write_bytes(page_of(*rows))
    done = run("locate", "alexnet", tmp_path / "t.xlsx")
    assert "      # output_size: {at: B, heading: Output}   # 4" in done.stdout
    assert "is not sure enough (4" in done.stdout
    assert "give layout:" in done.stdout


@pytest.mark.parametrize("style", STYLES, ids=lambda style: style.name)
def test_blanks_that_are_printed_can_be_pasted(style: Style, tmp_path: Path) -> None:
    """They ask for all that is empty; what is asked by them already is not printed again."""
    (tmp_path / "t.xlsx").write_bytes(style.data())
    done = run("locate", "alexnet", tmp_path / "t.xlsx", "--format", "yaml")
    network = (Path(__file__).parents[2] / "templates" / "alexnet.yaml").read_text(encoding="utf-8")
    own = tmp_path / "own.yaml"
    own.write_text(network[: network.index("coursework:\n")] + done.stdout, encoding="utf-8")
    sheet = lay_out(load(own))
    tables = found(style.data(), sheet)
    assert tables.how == "declared"
    asked = {cell.answer for cell in sheet.blanks}
    assert len(asked) >= 15
    assert asked <= set(places(tables.layout))
    again = run("locate", own, tmp_path / "t.xlsx", "--format", "yaml")
    assert "blanks:" in done.stdout
    assert "blanks:" not in again.stdout


def test_a_column_that_is_missing_is_told_once(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(
        NETWORK.replace("blanks: [{quantities: [weights, parameters]}]", "blanks: [{quantities: macs}]"), "utf-8"
    )
    with pytest.raises(SpecError) as caught:
        load(path)
    assert str(caught.value).count("has no column macs") == 1
