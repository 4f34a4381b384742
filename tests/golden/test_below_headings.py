"""What stands below a heading, or left of the first filled column: taken, or doubted so that it is said."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import openpyxl
import pytest

from sheetgen import api
from sheetgen.layout import SURE, TableLayout
from sheetgen.sheet import Sheet, lay_out, with_everything
from sheetgen.spec import load
from sheetgen.workbook.elsewhere import find_tables
from sheetgen.workbook.package import Package
from tests.golden.test_house_styles import page_of

NAMES = ("conv1", "pool1", "conv2", "pool2", "conv3", "conv4", "conv5", "pool5", "fc6", "fc7", "fc8")
LAYERS = [(name,) for name in NAMES]
COUNTED = ("Layer", "Params", "Connections")


@pytest.fixture(scope="module")
def full() -> Sheet:
    described = load("alexnet")
    return with_everything(described, lay_out(described))


def only(sheet: Sheet, *rows: Sequence[object]) -> TableLayout:
    tables = find_tables(Package.read(page_of(*rows)), sheet)
    assert tables is not None
    (table,) = tables.layout
    return table


_UNITS = (
    ("", "[k]", "[M]"),
    ("", "(in thousands)", "(in millions)"),
    ("name", "(k)", "(M)"),
    ("name", "in k", "in M"),
    ("Unit", "x 10^3", "× 1,000,000"),
    ("[-]", "Tsd.", "Mio."),
)


@pytest.mark.parametrize("units", _UNITS)
def test_units_in_a_line_of_their_own_are_the_headings(units: Sequence[str], full: Sheet) -> None:
    table = only(full, COUNTED, units, *LAYERS)
    assert [(line.quantity, line.unit) for line in table.lines[1:]] == [("parameters", 1000), ("connections", 10**6)]
    assert all(line.certainty >= SURE for line in table.lines)
    assert (table.header, [layer.at for layer in table.layers], table.left) == (2, list(range(3, 14)), ())


def test_units_below_two_lines_of_headings_and_across(full: Sheet) -> None:
    above = (("", "Output", "Output", ""), ("Layer", "height", "width", "Params"), ("", "[px]", "[px]", "[k]"))
    two = only(full, *above, *LAYERS)
    assert [(line.quantity, line.unit) for line in two.lines[3:]] == [("parameters", 1000)]
    turned = only(full, ("", "", *NAMES), ("Params", "[k]"), ("Connections", "[M]"))
    assert turned.transposed
    assert [(line.quantity, line.unit) for line in turned.lines[1:]] == [("parameters", 1000), ("connections", 10**6)]


def test_what_is_filled_is_in_the_units_of_their_line(tmp_path: Path) -> None:
    (tmp_path / "theirs.xlsx").write_bytes(page_of(COUNTED, ("", "[k]", "[M]"), *LAYERS))
    api.fill("alexnet", tmp_path / "theirs.xlsx", tmp_path / "filled.xlsx")
    page = openpyxl.load_workbook(tmp_path / "filled.xlsx").worksheets[0]
    assert [page.cell(3, column).value for column in (2, 3)] == [34.944, 105.7056]


@pytest.mark.parametrize(
    "remark", ["k", "see sheet 2", "thousand each", "to be rounded", "[M] or [k]", "memory", "each, thousands"]
)
def test_a_text_below_a_heading_that_is_not_understood_makes_it_unsure(remark: str, full: Sheet) -> None:
    table = only(full, COUNTED, ("", remark, ""), *LAYERS)
    assert [line.certainty >= SURE for line in table.lines] == [True, False, True]
    assert remark in table.lines[1].heading
    given = only(full, COUNTED, ("", remark, ""), ("conv1", 34_944), ("pool1",), ("conv2", 614_656), *LAYERS[3:])
    assert given.lines[1].certainty >= SURE  # its cells speak


def test_a_second_unit_makes_it_unsure(full: Sheet) -> None:
    table = only(full, ("Layer", "Params (k)", "Connections (M)"), ("", "[M]", "[M]"), *LAYERS)
    assert [(line.unit, line.certainty >= SURE) for line in table.lines[1:]] == [(1000, False), (10**6, True)]


@pytest.mark.parametrize("remark", ["(incl. bias)", "-", "(none)", "", "Params"])
def test_a_text_below_a_heading_that_changes_nothing(remark: str, full: Sheet) -> None:
    table = only(full, COUNTED, ("", remark, "[M]"), *LAYERS)
    assert [(line.unit, line.certainty >= SURE) for line in table.lines[1:]] == [(1, True), (10**6, True)]


@pytest.mark.parametrize("row", [("Mystery", "see above", "none"), ("Mystery", 12, "(M)"), ("ReLU", "", "(M)")])
def test_what_another_row_holds_is_no_remark(row: Sequence[object], full: Sheet) -> None:
    table = only(full, COUNTED, row, *LAYERS)
    assert [(line.unit, line.certainty >= SURE) for line in table.lines] == [(1, True)] * 3


def test_a_size_below_a_heading_is_no_remark(full: Sheet) -> None:
    table = only(full, ("Layer", "Output Shape", "Params"), ("", "227 x 227 x 3", ""), *LAYERS)
    assert table.lines[1].heading == "Output Shape"


def test_the_symbol_of_a_kernel_is_no_unit(full: Sheet) -> None:
    below = only(full, ("Layer", "Kernel", "Stride", "Params"), ("", "[k]", "[s]", "[k]"), *LAYERS)
    beside = only(full, ("Layer", "Kernel (K)", "Stride (S)", "Params (K)"), *LAYERS)
    for table in (below, beside):
        lines = [(line.quantity, line.unit) for line in table.lines[1:]]
        assert lines == [("kernel_size", 1), ("stride", 1), ("parameters", 1000)]


def test_headings_left_of_the_first_filled_column_are_taken(full: Sheet) -> None:
    head = ("biases", "marks", "parameters", "Layer", "out height", "out width")
    table = only(full, head, *((None, None, None, name) for name in NAMES))
    said = [(line.at, line.quantity) for line in table.lines]
    assert said == [(1, "biases"), (3, "parameters"), (4, "layer"), (5, "out_height"), (6, "out_width")]
    assert [(each.at, each.text) for each in table.left] == [(2, "marks")]


def test_headings_in_two_lines_left_of_the_labels_are_taken(full: Sheet) -> None:
    sides = ("height", "width", "depth")
    above = ("Parameters", "", "Output", "", "", "Input", "", "", "Layer")
    rows: list[tuple[object, ...]] = [(*[None] * 8, name) for name in NAMES]
    rows[0] = (*[None] * 5, 227, 227, 3, "conv1")
    table = only(full, above, ("weights", "bias", *sides, *sides, ""), *rows)
    said = {line.at: line.quantity for line in table.lines}
    ours = ["weights", "biases", "out_height", "out_width", "out_channels", "in_height", "in_width", "in_channels"]
    assert said == dict(enumerate([*ours, "layer"], start=1))
    assert table.left == ()


def test_what_heads_one_column_alone_is_no_group(full: Sheet) -> None:
    """ "Parameters" over "weights" and "biases" are those two; over "weights" alone they are both."""
    grouped = only(full, ("Layer", "Parameters (k)", ""), ("", "weights", "biases"), *LAYERS)
    assert [(line.quantity, line.unit) for line in grouped.lines[1:]] == [("weights", 1000), ("biases", 1000)]
    single = only(full, ("Layer", "Parameters", "Stride"), ("name", "weights", "of it"), *LAYERS)
    assert [line.quantity for line in single.lines[1:]] == ["parameters", "stride"]
