"""What a sheet shows of graphs, blocks and quantities of all kinds; and no given number is one that is asked for."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from sheetgen.sheet import MOST_ARGUMENTS, Sheet, sum_of_rows
from sheetgen.spec import read
from sheetgen.table import compute
from tests.laid import Lay, assert_every_formula_gives_its_number, filled, recalculated

NET = """
    c1: {type: Conv2d, out_channels: 4, kernel_size: 3, stride: 2, activation: ReLU}
    norm: {type: LocalResponseNorm, size: 5}
    relu: {type: ReLU}
    3a: {type: A, n: 6}
    3b: {type: A, n: 5, repeat: 2}
    crop: {type: CenterCrop, from: relu, like: 3b}
    join: {type: Concat, from: [3b, crop]}
    pool: {type: GlobalAvgPool2d}
    fc: {type: Linear, out_features: 10}
    soft: {type: Softmax}
  blocks:
    A:
      parameters: {n: 3}
      layers:
        x: {type: Conv2d, out_channels: $n, kernel_size: 3}
        y: {type: BatchNorm2d}
        up: {type: Dropout}
"""
SHAPE = "[3, 33, 33]"


@pytest.fixture
def lay(tmp_path: Path) -> Lay:
    return Lay(tmp_path)


def given_away(sheet: Sheet, path: Path) -> list[str]:
    """Given cells that are an asked number: they would change with it, and by as much."""
    coursework = read(path)
    found = []
    for cell in sheet.blanks:
        answer = str(cell.answer)
        right = sheet.table.value(answer)
        wrong = f"{right} x 1" if isinstance(right, str) else right + 1
        other = compute(coursework.network, coursework.conventions, coursework.rows, {answer: wrong},
                        wanted=coursework.wanted, custom=coursework.custom)  # fmt: skip
        for each, place in sheet.places.items():
            static = place.kind == "given" and not str(place.content).startswith("=")
            same = sheet.table.numbers.get(each) == right and other.numbers.get(each) == wrong
            if static and same and each not in coursework.given:
                found.append(f"{each} gives {answer} away")
    return found


@pytest.mark.parametrize(
    "coursework",
    [
        "{columns: [layer, in_height, in_width, out_channels, out_height, out_width, neurons], "
        "blanks: [{quantities: out_height}]}",
        "{columns: [layer, in_channels, in_height, out_channels, out_height], omit: [norm, relu], "
        "blanks: [{quantities: out_height, layers: [c1, '*.x', join]}, {quantities: out_channels, layers: join}]}",
        "{columns: [layer, in_height, out_height], omit: [norm], blanks: [{quantities: out_height, layers: c1}]}",
        "{columns: [layer, out_channels, biases, weights, parameters], blanks: [{quantities: out_channels}]}",
        "{columns: [layer, in_height, in_width, out_height, out_width], "
        "blanks: [{quantities: [in_height, in_width], layers: input}]}",
    ],
)
def test_nothing_given_is_an_asked_number(lay: Lay, tmp_path: Path, coursework: str) -> None:
    sheet = lay(NET, coursework, shape=SHAPE)
    assert sheet.blanks
    assert given_away(sheet, tmp_path / "my.yaml") == []
    assert_every_formula_gives_its_number(sheet)


def test_the_search_finds_what_is_given_away(lay: Lay, tmp_path: Path) -> None:
    sheet = lay(NET, "{columns: [layer, in_height, out_height], blanks: [{quantities: out_height}]}", shape=SHAPE)
    place = sheet.places["relu.in_height"]
    assert place.content == "=C8"
    told = replace(place.slot, content=16)  # as if it were the number itself
    slots = tuple(told if slot == place.slot else slot for slot in sheet.slots)
    assert given_away(replace(sheet, slots=slots), tmp_path / "my.yaml") == [
        "relu.in_height gives c1.out_height away",
        "relu.in_height gives norm.out_height away",
    ]


def test_sizes_that_pass_through_follow_the_cell_that_is_asked_for(lay: Lay) -> None:
    columns = "columns: [layer, in_height, out_height], omit: norm"
    sheet = lay(NET, f"{{{columns}, blanks: [{{quantities: out_height, layers: c1}}]}}", shape=SHAPE)
    contents = {name: sheet.places[name].content for name in ("relu.in_height", "relu.out_height", "3a.in_height")}
    assert contents == {"relu.in_height": "=C7", "relu.out_height": "=C7", "3a.in_height": "=C7"}
    assert sheet.places["3a.x.out_height"].content == 14  # a number of its own
    example = lay(
        NET, f"{{{columns}, blanks: [{{quantities: out_height, layers: [c1, relu], given: relu}}]}}", shape=SHAPE
    )
    assert example.places["relu.out_height"].content == 16  # the YAML shows it


def test_sizes_in_one_cell_pass_through_too(lay: Lay) -> None:
    columns = "columns: [layer, input_size, output_size], omit: norm"
    sheet = lay(NET, f"{{{columns}, blanks: [{{quantities: output_size, layers: [c1, 3a.y, fc]}}]}}", shape=SHAPE)
    assert_every_formula_gives_its_number(sheet)
    assert sheet.places["relu.input_size"].content == sheet.places["relu.output_size"].content == "=C7"
    assert sheet.places["3a.x.output_size"].content == "=C11"  # that of 3a.y, which keeps it
    assert sheet.places["3b.1.x.output_size"].content == "12 x 12 x 5"
    assert sheet.places["soft.input_size"].content == '="1 x 1 x "&C23'  # fc's is a list, whose length is asked for
    assert recalculated(filled(sheet))["B24"] == "1 x 1 x 10"
    assert sheet.places["input.input_size"].content == "33 x 33 x 3"


def test_a_given_share_is_no_way_to_the_number(lay: Lay) -> None:
    sheet = lay(
        NET, "{columns: [layer, parameters, parameters_share], blanks: [{quantities: parameters}]}", shape=SHAPE
    )
    share, right = sheet.places["c1.parameters_share"].content, sheet.table.value("c1.parameters_share")
    assert isinstance(share, float)
    assert share != float(right)
    assert share == pytest.approx(float(right), rel=0.005)


# --- blocks ---------------------------------------------------------------------------------------------------------


def test_rows_of_blocks(lay: Lay) -> None:
    columns = "layer, type, from, out_channels, out_height, output_size, parameters, parameters_share, jump"
    sheet = lay(NET, f"{{columns: [{columns}], blanks: [{{quantities: parameters, blocks: 3b}}]}}", shape=SHAPE)
    contents = {quantity: sheet._shown[row, quantity] for row in ("3a",) for quantity in sheet.columns}
    at = sheet.rows["3a"]
    assert contents == {
        "layer": "3a",
        "type": "A",
        "from": None,
        "out_channels": f"=D{at + 3}",
        "out_height": f"=E{at + 3}",
        "output_size": f"=F{at + 3}",
        "parameters": f'=IF(COUNT(G{at + 1}:G{at + 3})=3,SUM(G{at + 1}:G{at + 3}),"")',
        "parameters_share": sheet.places["3a.parameters_share"].content,
        "jump": None,  # of a block it means nothing
    }
    assert sheet._shown["3b", "type"] == "A × 2"
    blank = sheet.places["3b.parameters"]
    assert (blank.kind, blank.content) == ("blank", None)
    at = sheet.rows["3b"]
    assert sheet.formula("3b.parameters") == f"SUM(G{at + 1}:G{at + 6})"
    assert_every_formula_gives_its_number(sheet)


def test_asked_ends_and_shares_of_blocks(lay: Lay) -> None:
    columns = "layer, in_height, out_height, output_size, macs, macs_share"
    asked = "{quantities: [in_height, out_height, output_size, macs_share], blocks: 3a}"
    sheet = lay(NET, f"{{columns: [{columns}], blanks: [{asked}, {{quantities: macs, layers: total}}]}}", shape=SHAPE)
    at = sheet.rows["3a"]
    assert sheet.formula("3a.in_height") == f"C{at - 1}"
    assert sheet.formula("3a.out_height") == f"C{at + 3}"
    assert sheet.formula("3a.macs_share") == f"E{at}/E{sheet.rows['total']}"
    assert sheet.formula("3a.output_size") == f'C{at}&" x "&14&" x "&6'
    assert_every_formula_gives_its_number(sheet)


def test_a_block_whose_last_layer_is_left_out(lay: Lay) -> None:
    net = NET.replace("type: Dropout", "type: Upsample, scale_factor: 2").replace("relu, like: 3b", "3b, like: 3a")
    net = net.replace("join: {type: Concat, from: [3b, crop]}", "join: {type: Concat, from: [crop, 3a]}")
    sheet = lay(net, "{columns: [layer, out_height, neurons], omit: ['*.up']}", shape=SHAPE)
    assert sheet.table.value("3a.out_height") == 28
    assert sheet.places["3a.out_height"].content == 28  # the last row of it has 14
    assert sheet.places["3a.y.out_height"].kind == "blank"
    assert sheet.places["3a.neurons"].content == '=IF(COUNT(C11:C12)=2,SUM(C11:C12),"")'
    assert_every_formula_gives_its_number(sheet)


def test_levels(lay: Lay) -> None:
    sheet = lay(NET, shape=SHAPE)
    assert {row: sheet.level(row) for row in ("input", "c1", "3a", "3a.x", "3b", "3b.2.y", "total")} == {
        "input": 0,
        "c1": 0,
        "3a": 0,
        "3a.x": 1,
        "3b": 0,
        "3b.2.y": 2,
        "total": 0,
    }
    deep = "\n    a: {type: B1}\n  blocks:" + "".join(
        f"\n    B{i}: {{layers: {{x: {{type: {f'B{i + 1}' if i < 12 else 'ReLU'}}}}}}}" for i in range(1, 13)
    )
    assert lay(deep).level("a" + ".x" * 12) == 7  # the most that Excel takes


@pytest.mark.parametrize("subtotals", ["true", "false"])
def test_totals_never_count_a_block_twice(lay: Lay, subtotals: str) -> None:
    sheet = lay(NET, f"{{columns: [layer, parameters, neurons], subtotals: {subtotals}}}", shape=SHAPE)
    held = filled(sheet)
    for name in sheet.table.blocks if subtotals == "true" else ():
        held[f"B{sheet.rows[name]}"] = 10**9  # whatever a student types there
    values = recalculated(held)
    assert values[f"B{sheet.rows['total']}"] == sheet.table.totals["parameters"]
    assert values[f"C{sheet.rows['total']}"] == sheet.table.totals["neurons"]


# --- sums of rows ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rows", "formula"),
    [
        ([], None),
        ([7], "SUM(C7)"),
        ([7, 8, 9], "SUM(C7:C9)"),
        ([9, 7, 8], "SUM(C7:C9)"),
        ([7, 9, 10, 12], "SUM(C7,C9:C10,C12)"),
    ],
)
def test_sum_of_rows(rows: list[int], formula: str | None) -> None:
    assert sum_of_rows(rows, 3) == formula


def test_a_sum_of_more_areas_than_excel_takes() -> None:
    formula = sum_of_rows(range(1, 2 * (MOST_ARGUMENTS + 1), 2), 1)
    assert formula is not None
    first, second = formula.split("+")
    assert first.count(",") == MOST_ARGUMENTS - 1
    assert second == f"SUM(A{2 * MOST_ARGUMENTS + 1})"


# --- formulas -------------------------------------------------------------------------------------------------------


def test_a_centre_follows_from_the_centre_and_the_field_above(lay: Lay) -> None:
    """And not from all the layers above: of a hundred, that would be a chain of a hundred terms."""
    layers = "".join(f"\n    c{i}: {{type: Conv2d, out_channels: 2, kernel_size: 3, padding: 1}}" for i in range(100))
    columns = "columns: [layer, kernel_size, padding, receptive_field, jump, centre]"
    sheet = lay(layers, f"{{{columns}}}", shape="[1, 8, 8]")
    assert sheet.formula("c0.centre") == "-(C7*E6)+(D7-1)/2"
    assert sheet.formula("c99.centre") == "F105-(D105-1)/2-C106*E105+(D106-1)/2"
    assert_every_formula_gives_its_number(sheet)
    bare = lay(layers, "{columns: [layer, centre, receptive_field]}", shape="[1, 8, 8]")
    assert bare.formula("c99.centre") == "B105-(C105-1)/2+(C106-1)/2-1"  # the jumps are numbers
    assert_every_formula_gives_its_number(bare)


@pytest.mark.parametrize(
    "columns",
    [
        "centre_height, receptive_field_height",
        "centre_width, receptive_field_width, jump_width",
        "centre_height",
        "receptive_field_width",
        "jump_height, centre_height",
    ],
)
def test_fields_with_few_columns_shown(lay: Lay, columns: str) -> None:
    net = """
    c1: {type: Conv2d, out_channels: 4, kernel_size: 3, stride: [2, 1], padding: [1, 0]}
    down: {type: MaxPool2d, kernel_size: 2}
    deep: {type: Conv2d, out_channels: 4, kernel_size: 3}
    up: {type: ConvTranspose2d, out_channels: 4, kernel_size: [4, 2], stride: 2, padding: [1, 0]}
    crop: {type: CenterCrop, from: c1, like: up}
    join: {type: Concat, from: [crop, up]}
    zoom: {type: Upsample, scale_factor: [2, 1], mode: bilinear}
    out: {type: Conv2d, out_channels: 2, kernel_size: 3, padding: same}
    pool: {type: AdaptiveAvgPool2d, output_size: [1, 3]}
    fc: {type: Linear, out_features: 10}
    """
    assert_every_formula_gives_its_number(lay(net, f"{{columns: [layer, {columns}]}}", shape="[3, 32, 30]"))


def test_quantities_of_its_own_with_few_columns_shown(lay: Lay) -> None:
    own = "quantities: {a: macs / (1 + parameters), b: {formula: 2.5 * a + bytes, total: true}, "
    own += "c: 'size(kernel_height, out_width)', d: log2(neurons)}"
    for columns in ("a", "b", "a, b", "c, d, parameters", "b, macs, out_width"):
        sheet = lay(NET, f"{{{own}, columns: [layer, {columns}]}}", shape=SHAPE)
        assert_every_formula_gives_its_number(sheet)
    assert lay(NET, f"{{{own}, columns: [layer, a, b]}}", shape=SHAPE).formula("c1.b") == "2.5*B7+4"


def test_the_input_in_words_has_no_formula(lay: Lay) -> None:
    sheet = lay(NET, "{columns: [layer, input_size, in_height]}", shape=SHAPE)
    assert sheet.formula("input.input_size") is None
    assert sheet.formula("input.in_channels") is None
    assert sheet.formula("input.in_height") == "(16-1)*2+3"
