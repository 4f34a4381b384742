"""What a person sees of a blank: nothing cut off, nothing beside the table, no sum of a part."""

from __future__ import annotations

import io
import itertools
from pathlib import Path

import openpyxl
import pytest
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

from sheetgen.addresses import address
from sheetgen.sheet import Sheet, lay_out
from sheetgen.spec import read
from sheetgen.workbook.write import blank_workbook
from tests.laid import filled, recalculated

NESTED = """
network:
  input: [3, 32, 32]
  blocks:
    One: {layers: {convolution: {type: Conv2d, out_channels: 3, kernel_size: 3, padding: 1}, relu: {type: ReLU}}}
    Two: {layers: {r: {type: One, repeat: 2}}}
  layers:
    pair: {type: Two, repeat: 2}
    fc: {type: Linear, out_features: 10}
coursework:
  instructions: Fill every shaded cell, and take care that each number is the one of its own row, not of another one.
  quantities: {memory_kib: neurons * 4 / 1024, odd: neurons / 35, tiny: 1 / neurons, whole: 2 * neurons}
  columns: [layer, kernel_size, padding, output_size, neurons, parameters, jump, memory_kib, odd, tiny, whole]
  blanks: [{quantities: parameters, layers: "pair.*.convolution"}]
"""


def _blank(folder: Path, text: str) -> tuple[Sheet, Worksheet]:
    (folder / "my.yaml").write_text(text, encoding="utf-8")
    described = read(folder / "my.yaml")
    sheet = lay_out(described)
    page = openpyxl.load_workbook(io.BytesIO(blank_workbook(described, sheet))).active
    assert isinstance(page, Worksheet)
    return sheet, page


@pytest.fixture
def nested(tmp_path: Path) -> tuple[Sheet, Worksheet]:
    return _blank(tmp_path, NESTED)


def test_names_in_blocks_have_room_for_their_indent(nested: tuple[Sheet, Worksheet]) -> None:
    sheet, page = nested
    names = [page.cell(row, 1) for row in sheet.rows.values()]
    assert {cell.alignment.indent for cell in names} == {1, 5}
    assert page.column_dimensions["A"].width >= max(
        len(str(cell.value)) + 1.5 * cell.alignment.indent for cell in names
    )


def test_numbers_and_headings_keep_off_the_lines(nested: tuple[Sheet, Worksheet]) -> None:
    sheet, page = nested
    row = sheet.rows["fc"]
    shown = {quantity: page.cell(row, column) for quantity, column in sheet.columns.items()}
    assert {quantity: shown[quantity].number_format for quantity in ("jump", "memory_kib", "odd", "tiny", "whole")} == {
        "jump": "#,##0_)",
        "memory_kib": "#,##0.0000_)",
        "odd": "#,##0.000_)",
        "tiny": "#,##0.000000_)",
        "whole": "#,##0_)",
    }
    assert shown["output_size"].alignment.indent == 1
    width = page.column_dimensions[get_column_letter(sheet.columns["memory_kib"])].width
    assert width >= len("Memory kib") + 2


def test_a_block_shows_no_sum_of_a_part(nested: tuple[Sheet, Worksheet]) -> None:
    sheet, _ = nested
    held = filled(sheet)
    parameters, neurons = (sheet.places[f"pair.{name}"] for name in ("parameters", "neurons"))
    at = address(parameters.row, parameters.column)
    assert parameters.kind == neurons.kind == "given"
    assert recalculated(held)[at] == 4 * (81 + 3)
    first = next(cell for cell in sheet.blanks if cell.answer == "pair.1.r.1.convolution.parameters")
    del held[address(first.row, first.column)]  # the last one that the student has still to fill
    found = recalculated(held)
    assert found[at] == ""
    assert found[address(neurons.row, neurons.column)] == 8 * 3072  # all of these are given


def test_sentences_end_with_the_table(nested: tuple[Sheet, Worksheet]) -> None:
    sheet, page = nested
    right = get_column_letter(len(sheet.columns))
    below_title = [str(area) for area in page.merged_cells.ranges if area.min_row > 1]
    assert {area.partition(":")[2].rstrip("0123456789") for area in below_title} == {right}
    assert any(str(area).endswith(f":{right}1") for area in page.merged_cells.ranges)  # the student's cell
    assert str(page[f"{right}4"].value).startswith('="Filled in: ')


def test_a_narrow_table_leaves_its_sentences_room(tmp_path: Path) -> None:
    network = "network:\n  input: [1, 9, 9]\n  layers: {c: {type: Conv2d, out_channels: 2, kernel_size: 3}}\n"
    sheet, page = _blank(tmp_path, network + "coursework: {columns: [layer, kernel_size, parameters]}\n")
    assert len(sheet.columns) == 3
    (last,) = {area.max_col for area in page.merged_cells.ranges if area.min_row > 1}
    widths = [page.column_dimensions[get_column_letter(column)].width for column in range(1, last + 1)]
    assert 84 <= sum(widths) < 84 + 11
    legend = [cell for cell in page[4] if cell.value is not None]
    assert [str(cell.value)[:12] for cell in legend] == ["shaded", "yours to fil", "white", "given", '="Filled in:']
    for cell, behind in itertools.pairwise(legend[:-1]):  # none reaches into the next
        assert len(str(cell.value)) - 2 <= sum(widths[cell.column - 1 : behind.column - 1])
