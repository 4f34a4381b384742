"""Which answer lives in which cell, and the formula of each as a teacher would have typed it."""

from __future__ import annotations

import pickle
import re
from pathlib import Path

import pytest

from sheetgen.addresses import address
from sheetgen.network import INPUT, TOTAL
from sheetgen.quantities import COLUMNS
from sheetgen.sheet import Sheet, conventions_sentence, defined_name
from sheetgen.spec import read
from tests.laid import Lay, assert_every_formula_gives_its_number, filled, recalculated

# all but those that stand for both sides, which on an odd image differ
ALL_COLUMNS = ", ".join(name for name in COLUMNS if name not in ("receptive_field", "jump", "centre"))
ALEXNET = """
    conv1: {type: Conv2d, out_channels: 96, kernel_size: 11, stride: 4}
    pool1: {type: MaxPool2d, kernel_size: 3, stride: 2}
    conv2: {type: Conv2d, out_channels: 256, kernel_size: 5, padding: 2}
    pool2: {type: MaxPool2d, kernel_size: 3, stride: 2}
    conv3: {type: Conv2d, out_channels: 384, kernel_size: 3, padding: 1}
    fc6: {type: Linear, out_features: 4096}
"""
ODD = """
    conv1: {type: Conv2d, out_channels: 12, kernel_size: [5, 3], stride: [2, 1], padding: [1, 2]}
    relu1: {type: ReLU}
    conv2: {type: Conv2d, out_channels: 8, kernel_size: 3, dilation: 2, groups: 4, padding: 2, bias: false}
    conv3: {type: Conv2d, out_channels: 6, kernel_size: [3, 4], padding: same, groups: 2}
    branch: {type: Conv2d, out_channels: 5, kernel_size: 1, from: relu1}
    pool: {type: AvgPool2d, kernel_size: 3, stride: 2, padding: 1, ceil_mode: true, from: conv3}
    dilated: {type: MaxPool2d, kernel_size: 2, stride: [2, 1], dilation: 3}
    norm: {type: LocalResponseNorm, size: 5}
    drop: {type: Dropout, p: 0.5}
    flat: {type: Flatten}
    fc: {type: Linear, out_features: 10, bias: false}
    soft: {type: Softmax}
"""


@pytest.fixture
def lay(tmp_path: Path) -> Lay:
    return Lay(tmp_path)


# --- the shipped coursework -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answer", "formula"),
    [
        ("input.in_height", "(55-1)*4+11"),
        ("conv1.out_height", "INT((G6+2*E7-C7)/D7)+1"),
        ("conv1.out_width", "INT((H6+2*E7-C7)/D7)+1"),
        ("conv1.neurons", "F7*G7*H7"),
        ("conv1.weights", "C7*C7*F6*F7"),
        ("conv1.biases", "F7"),
        ("conv1.parameters", "J7+K7"),
        ("conv1.connections", "(C7*C7*F6+1)*I7"),
        ("pool1.out_height", "INT((G7+2*E8-C8)/D8)+1"),
        ("pool1.neurons", "F8*G8*H8"),
        ("pool1.weights", None),
        ("pool1.biases", None),
        ("pool1.parameters", "J8+K8"),
        ("pool1.connections", "C8*C8*I8"),
        ("conv2.connections", "(C9*C9*F8+1)*I9"),
        ("fc6.weights", "F14*G14*H14*F15"),
        ("fc6.connections", "(F14*G14*H14+1)*I15"),
        ("fc7.weights", "F15*G15*H15*F16"),
        ("total.parameters", "SUM(L7:L17)"),
        ("total.connections", "SUM(M7:M17)"),
    ],
)
def test_formulas_of_alexnet(sheet: Sheet, answer: str, formula: str | None) -> None:
    assert sheet.formula(answer) == formula


def test_every_number_of_alexnet(sheet: Sheet) -> None:
    assert_every_formula_gives_its_number(sheet)
    values = recalculated(filled(sheet))
    assert values["L18"] == 62378344
    assert values["M7"] == 105705600


def test_a_changed_stride_goes_through_the_whole_table(sheet: Sheet) -> None:
    held = filled(sheet)
    held["D7"] = 2
    values = recalculated(held)
    assert values["G7"] == 109
    assert [values[f"G{row}"] for row in (8, 9, 10, 14)] == [54, 54, 26, 12]
    assert values["L15"] == (256 * 12 * 12 + 1) * 4096


def test_cells_of_alexnet(sheet: Sheet) -> None:
    assert sheet.places["input.in_height"].kind == "blank"
    assert address(sheet.places["input.in_height"].row, sheet.places["input.in_height"].column) == "G6"
    assert sheet.places["input.in_width"].content == "=G6"  # the number itself would give the height away
    assert sheet.places["input.in_channels"].content == 3
    assert sheet.places["fc6.out_height"].kind == "given"
    assert sheet.places["fc6.out_height"].content == 1
    assert sheet.places["conv1.out_channels"].content == 96
    assert "conv2.in_height" not in sheet.places
    assert len(sheet.blanks) == 1 + 8 * 2 + 11 * 5 + 5
    assert sum(cell.marks for cell in sheet.blanks) == 2 + 8 + 11 * 3.5 + 5
    assert [cell.content for cell in sheet.cells if cell.column == 1] == [
        *("input", "conv1", "pool1", "conv2", "pool2", "conv3", "conv4", "conv5", "pool5", "fc6", "fc7", "fc8"),
        "total",
    ]
    kinds = {cell.kind for cell in sheet.cells if cell.row == 18 and cell.column in (3, 4, 5, 6, 7, 8)}
    assert kinds == {"none"}  # a total of heights means nothing


def test_a_sheet_is_plain_data(sheet: Sheet) -> None:
    again = pickle.loads(pickle.dumps(sheet))
    assert again == sheet
    assert hash(again) == hash(sheet)
    assert again.formula("conv1.neurons") == "F7*G7*H7"
    with pytest.raises(AttributeError):
        sheet.name = "other"  # type: ignore[misc]


# --- columns that are not there -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("columns", "answer", "formula"),
    [
        # layer A, out_channels B, out_height C, out_width D, parameters E; numbers of the YAML are put in
        ("layer, out_channels, out_height, out_width, parameters", "conv1.parameters", "121*B6*B7+B7"),
        ("layer, out_channels, out_height, out_width, parameters", "conv1.out_height", "INT((C6-11)/4)+1"),
        ("layer, out_channels, out_height, out_width, parameters", "conv2.out_height", "C8"),
        ("layer, kernel_size, out_channels, out_height, parameters", "conv1.parameters", "B7*B7*C6*C7+C7"),
        ("layer, kernel_size, stride, out_channels, out_height", "conv1.out_height", "INT((E6-B7)/C7)+1"),
        ("layer, kernel_size, stride, out_channels, out_height", "conv2.out_height", "INT((E8-B9+4)/C9)+1"),
        ("layer, padding, out_height", "conv1.out_height", "INT((C6+2*B7-11)/4)+1"),
        ("layer, kernel_size, parameters", "conv1.parameters", "288*B7*B7+96"),
        ("layer, parameters", "conv1.parameters", None),
        ("layer, out_height, neurons", "conv1.neurons", "5280*B7"),
        ("layer, neurons", "conv1.neurons", None),
        ("layer, weights, parameters", "conv1.parameters", "B7+96"),
        ("layer, biases, parameters", "conv1.parameters", "B7+34848"),
        ("layer, weights, biases, parameters", "pool1.parameters", "B8+C8"),
        ("layer, in_channels, in_height, out_height", "pool1.in_height", "D7"),
        ("layer, in_channels, in_height, out_height", "conv1.in_channels", "B6"),
        ("layer, in_channels, in_height, out_height", "pool1.out_height", "INT((C8-3)/2)+1"),
        ("layer, in_height", "pool1.in_height", "INT((B7-11)/4)+1"),
        ("layer, dilation, kernel_size, out_height", "conv1.out_height", "INT((D6-B7*(C7-1)-1)/4)+1"),
        ("layer, groups, kernel_size, out_channels, weights", "conv1.weights", "C7*C7*INT(D6/B7)*D7"),
    ],
)
def test_what_has_no_column_is_put_in_and_folded_away(lay: Lay, columns: str, answer: str, formula: str | None) -> None:
    sheet = lay(ALEXNET, f"{{columns: [{columns}]}}")
    assert sheet.formula(answer) == formula
    assert_every_formula_gives_its_number(sheet)


COURSEWORKS = [
    "{}",
    f"{{columns: [{ALL_COLUMNS}]}}",
    "{columns: [layer, out_height, out_width, neurons, parameters, connections]}",
    "{columns: [layer, connections, parameters]}",
    "{columns: [layer, in_height, in_width, in_channels, connections]}",
    "{columns: [layer, kernel_size, stride, padding, neurons, weights]}",
    f"{{columns: [{ALL_COLUMNS}], conventions: {{padding: not counted}}}}",
    "{columns: [layer, padding, out_height, out_width, connections], conventions: {padding: not counted}}",
    "{columns: [layer, connections], conventions: {padding: not counted, bias: not counted}}",
    f"{{columns: [{ALL_COLUMNS}], conventions: {{pooling: not counted, bias: not counted}}}}",
    f"{{columns: [{ALL_COLUMNS}], blanks: [{{quantities: [out_height, connections]}}]}}",
    f"{{columns: [{ALL_COLUMNS}], blanks: [{{quantities: [parameters, neurons], layers: [total]}}]}}",
]


@pytest.mark.parametrize("coursework", COURSEWORKS)
@pytest.mark.parametrize("layers", [ALEXNET, ODD], ids=["alexnet", "odd"])
def test_every_formula_gives_its_number_whatever_is_shown(lay: Lay, layers: str, coursework: str) -> None:
    sheet = lay(layers, coursework, shape="[3, 67, 67]" if layers is ALEXNET else "[4, 37, 29]")
    assert_every_formula_gives_its_number(sheet)
    assert sum(cell.kind == "blank" for cell in sheet.cells) == len(sheet.blanks) > 0


@pytest.mark.parametrize(
    ("answer", "formula"),
    [
        # A layer, B kernel, C stride, D padding, E dilation, F groups, G channels, H height, I width, J connections
        ("conv1.out_height", "INT((H6-4*E7+1)/2)+1"),  # 5 × 3 is text: the numbers are put in
        ("conv1.out_width", "I6-2*E7+4"),
        ("conv2.out_height", "INT((H8+2*D9-E9*(B9-1)-1)/C9)+1"),
        ("conv2.connections", "B9*B9*INT(G8/F9)*G9*H9*I9"),
        ("conv3.out_height", "H9"),  # padding: same
        ("branch.out_width", "INT((I8+2*D11-E11*(B11-1)-1)/C11)+1"),  # from: relu1, not the row above
        ("pool.out_height", "MIN(-INT(-(H10+2*D12-E12*(B12-1)-1)/C12)+1,-INT(-(H10+D12)/C12))"),
        ("flat.out_channels", "G15*H15*I15"),
        ("flat.out_height", None),
    ],
)
def test_odd_formulas(lay: Lay, answer: str, formula: str | None) -> None:
    columns = "layer, kernel_size, stride, padding, dilation, groups, out_channels, out_height, out_width, connections"
    sheet = lay(ODD, f"{{columns: [{columns}]}}", shape="[4, 37, 29]")
    assert sheet.formula(answer) == formula


def test_taps_on_pixels_only(lay: Lay) -> None:
    coursework = "{columns: [layer, kernel_size, padding, out_channels, out_height, out_width, connections], "
    sheet = lay(
        "\n    c: {type: Conv2d, out_channels: 4, kernel_size: 3, padding: 1}",
        coursework + "conventions: {padding: not counted}}",
        shape="[2, 5, 7]",
    )
    taps = "({k}*{out}-MIN({out},{p})-MAX(0,{out}-MAX(0,{size}+{p}-{k}+1)))"
    height = taps.format(k="B7", out="E7", p="C7", size="E6")
    width = taps.format(k="B7", out="F7", p="C7", size="F6")
    assert sheet.formula("c.connections") == f"{height}*{width}*D6*D7+D7*E7*F7"
    assert sheet.table.value("c.connections") == 13 * 19 * 2 * 4 + 140
    assert_every_formula_gives_its_number(sheet)


HALVES = "".join(f"\n    s{i}: {{type: Conv2d, out_channels: 1, kernel_size: 1, stride: 2}}" for i in range(70))


def test_sizes_without_a_column_are_followed_through_the_layers(lay: Lay) -> None:
    sheet = lay(HALVES, "{columns: [layer, stride, in_height, neurons], blanks: [{quantities: neurons}]}")
    assert sheet.formula("s1.neurons") == "(INT((C8-1)/B8)+1)*(INT(INT(226/B7)/B8)+1)"  # no width but the input's
    assert_every_formula_gives_its_number(lay(HALVES, "{columns: [layer, out_height, out_width, neurons]}"))


def test_a_formula_that_excel_would_not_take_is_a_plain_number(lay: Lay) -> None:
    sheet = lay(HALVES, "{columns: [layer, stride, neurons], blanks: [{quantities: neurons}]}")
    assert sheet.formula("s20.neurons") is not None
    assert sheet.formula("s69.neurons") is None  # 70 strides in one another
    numbers = lay(HALVES, "{columns: [layer, out_height, neurons], blanks: [{quantities: neurons}]}")
    assert numbers.formula("s69.neurons") == "B76"  # the widths are numbers, however many


def test_layers_left_out_are_followed_through(lay: Lay) -> None:
    many = "".join(f"\n    r{i}: {{type: ReLU}}" for i in range(70))
    names = ", ".join(f"r{i}" for i in range(70))
    sheet = lay(many + "\n    c: {type: Conv2d, out_channels: 1, kernel_size: 1, stride: 2}", f"{{omit: [{names}]}}")
    assert sheet.formula("c.out_height") == "INT((G6+2*E7-C7)/D7)+1"
    assert sheet.formula("total.neurons") == "SUM(I7)"


GRAPH = """
    stem: {type: Conv2d, out_channels: 8, kernel_size: 3, stride: 2, padding: 1, bias: false}
    norm: {type: BatchNorm2d, activation: ReLU}
    res: {type: Residual, width: 8, repeat: 2}
    down: {type: MaxPool2d, kernel_size: 2}
    deep: {type: Conv2d, out_channels: 16, kernel_size: 3}
    up: {type: ConvTranspose2d, out_channels: 6, kernel_size: 2, stride: 2}
    crop: {type: CenterCrop, from: res, like: up}
    join: {type: Concat, from: [crop, up, crop]}
    zoom: {type: Upsample, scale_factor: 2, mode: bilinear}
    adapt: {type: AdaptiveAvgPool2d, output_size: [5, 7]}
    sub: {type: Subsample2d, kernel_size: 2}
    table: {type: Conv2d, out_channels: 2, kernel_size: 2, connection_table: [[0, 2], [1]], bias: per unit}
    pool: {type: GlobalAvgPool2d}
    fc: {type: Linear, out_features: 10, trainable: false}
  blocks:
    Residual:
      parameters: {width: }
      layers:
        a: {type: Conv2d, out_channels: $width, kernel_size: 3, padding: 1}
        b: {type: Conv2d, out_channels: $width, kernel_size: 3, padding: 1, groups: 2}
        sum: {type: Add, from: [b, input]}
"""
OWN = "quantities: {kib: {formula: neurons * 4 / 1024, total: true}, per_map: neurons // out_channels + kernel_height}"


@pytest.mark.parametrize(
    "coursework",
    [
        f"{{{OWN}, columns: [{ALL_COLUMNS}, kib, per_map]}}",
        f"{{{OWN}, columns: [{ALL_COLUMNS}, kib], subtotals: false}}",
        f"{{{OWN}, columns: [{ALL_COLUMNS}, kib], conventions: {{padding: not counted, pooling: not counted}}}}",
        "{columns: [layer, type, output_size, parameters, parameters_share, receptive_field_height, centre_width]}",
        "{columns: [layer, kernel_size, out_channels, connections]}",
        "{columns: [layer, macs, fully_connected_ratio, jump_height]}",
        "{columns: [layer, parameters], blanks: [{quantities: parameters, blocks: res}]}",
    ],
)
def test_every_formula_of_a_graph_gives_its_number(lay: Lay, coursework: str) -> None:
    assert_every_formula_gives_its_number(lay(GRAPH, coursework, shape="[3, 40, 44]"))


def test_a_block_has_a_row_of_its_own_above_its_layers(lay: Lay) -> None:
    sheet = lay(GRAPH, "{columns: [layer, out_height, parameters, macs_share]}", shape="[3, 40, 44]")
    rows = list(sheet.rows)
    assert rows[3:10] == ["res", *(f"res.{i}.{name}" for i in (1, 2) for name in ("a", "b", "sum"))]
    assert [sheet.level(row) for row in ("norm", "res", "res.1.a", "res.2.sum", "total")] == [0, 0, 2, 2, 0]
    assert sheet.places["res.parameters"].content == '=IF(COUNT(C10:C15)=6,SUM(C10:C15),"")'
    assert sheet.places["res.out_height"].content == "=B15"
    assert sheet.formula("total.parameters") == "SUM(C7:C8,C10:C26)"  # the block's own row is no addend
    assert sheet.table.value("res.parameters") == 2 * (584 + 296)


def test_without_subtotals_blocks_are_only_grouped(lay: Lay) -> None:
    sheet = lay(GRAPH, "{columns: [layer, parameters], subtotals: false}", shape="[3, 40, 44]")
    assert "res" not in sheet.rows
    assert sheet.level("res.1.a") == 2
    assert sheet.formula("total.parameters") == "SUM(B7:B25)"


def test_a_formula_that_would_grow_with_every_layer_is_a_number(lay: Lay) -> None:
    """With no sizes shown, what a layer inlines doubles with every sum of two branches."""
    layers = "\n    l0: {type: Conv2d, out_channels: 2, kernel_size: 1}"
    for i in range(1, 40):
        layers += (
            f"\n    l{i}: {{type: Concat, from: [l{i - 1}, l{i - 1}]}}"
            if i < 12
            else (f"\n    l{i}: {{type: Add, from: [l{i - 1}, l{i - 1}]}}")
        )
    sheet = lay(layers, "{columns: [layer, connections, neurons]}", shape="[1, 8, 8]")
    assert sheet.formula("l39.neurons") is None
    assert sheet.table.value("l39.neurons") == 2**12 * 64


def test_a_formula_that_would_double_with_every_block_is_given_up_early(lay: Lay) -> None:
    """Where a block begins to see is the least of where its branches do: with no cell for it, two trees for each."""
    layers = "\n    b0: {type: Conv2d, out_channels: 2, kernel_size: 3, padding: 1}"
    for i in range(1, 31):
        layers += f"\n    a{i}: {{type: Conv2d, out_channels: 2, kernel_size: 3, padding: 1, from: b{i - 1}}}"
        layers += f"\n    b{i}: {{type: Add, from: [b{i - 1}, a{i}]}}"
    sheet = lay(layers, "{columns: [layer, receptive_field]}", shape="[1, 64, 64]")
    formulas = [sheet.formula(f"b{i}.receptive_field") for i in range(1, 31)]
    assert formulas[0] is not None
    assert formulas[-1] is None
    assert_every_formula_gives_its_number(sheet)


# --- what is given --------------------------------------------------------------------------------------------------


def test_example_cells(lay: Lay) -> None:
    sheet = lay(ALEXNET, "{blanks: [{quantities: [neurons, parameters], given: conv1}]}")
    assert sheet.places["conv1.neurons"].kind == "given"
    assert sheet.places["conv1.neurons"].content == 290400
    assert sheet.places["conv1.parameters"].content == 34944
    assert sheet.places["pool1.neurons"].kind == "blank"
    assert sheet.places["pool1.neurons"].content is None
    assert "conv1.neurons" not in {cell.answer for cell in sheet.blanks}
    assert sheet.places["conv1.weights"].content == 34848  # not asked for: given
    assert "total.parameters" not in sheet.places  # a total that is not asked for is not shown


@pytest.mark.parametrize("height", ["in_height, out_height", "out_height, in_height"])
def test_an_input_size_does_not_give_the_output_above_away(lay: Lay, height: str) -> None:
    sheet = lay(ALEXNET, f"{{columns: [layer, {height}], blanks: [{{quantities: out_height, given: pool1}}]}}")
    out = "BC"[height.startswith("in")]
    assert sheet.places["pool1.in_height"].content == f"={out}7"
    assert sheet.places["conv2.in_height"].content == 27  # pool1's output is given
    assert sheet.places["conv1.in_height"].content == 227
    assert_every_formula_gives_its_number(sheet)


def test_a_given_width_of_an_input_that_is_not_square_is_a_number(lay: Lay) -> None:
    blanks = "{blanks: [{quantities: in_height, layers: input}]}"
    assert lay(ALEXNET, blanks, shape="[3, 227, 231]").places["input.in_width"].content == 231
    assert lay(ALEXNET, blanks).places["input.in_width"].content == "=G6"


# --- names and addresses --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answer", "name"),
    [
        ("conv1.parameters", "conv1.parameters"),
        ("3a.1x1.parameters", "_3a.1x1.parameters"),
        ("C1.weights", "C1.weights"),  # the point makes it no cell
        ("R1C1.weights", "R1C1.weights"),
        ("R.weights", "R.weights"),
        ("TRUE.weights", "TRUE.weights"),
        ("a-b.weights", "a_b.weights"),
        ("conv 1 (3×3).weights", "conv_1__3_3_.weights"),
        ("größe.weights", "größe.weights"),
        ("卷积.weights", "卷积.weights"),
        ("²x.weights", "_x.weights"),
        ("½.weights", "_.weights"),
        ("a'b!$.weights", "a_b__.weights"),
        ("\\x.weights", "_x.weights"),
        ("=1+1.weights", "_1_1.weights"),
        ("input.in_height", "input.in_height"),
        ("total.connections", "total.connections"),
    ],
)
def test_defined_names(answer: str, name: str) -> None:
    assert defined_name(answer) == name
    assert re.fullmatch(r"[^\W\d][\w.]*", name)
    assert not re.fullmatch(r"(?i)\$?[a-z]{1,3}\$?[0-9]+|r[0-9]*c[0-9]*|[rc]", name)


def test_names_are_no_longer_than_excel_takes() -> None:
    assert len(defined_name("1" * 100 + ".connections")) <= 255


@pytest.mark.parametrize(
    ("row", "column", "text"),
    [
        (1, 1, "A1"),
        (4, 12, "L4"),
        (18, 26, "Z18"),
        (18, 27, "AA18"),
        (7, 702, "ZZ7"),
        (7, 703, "AAA7"),
        (9, 16384, "XFD9"),
    ],
)
def test_address(row: int, column: int, text: str) -> None:
    assert address(row, column) == text


def test_no_two_answers_share_a_cell_or_a_name(lay: Lay) -> None:
    sheet = lay(ODD, f"{{columns: [{ALL_COLUMNS}]}}", shape="[4, 37, 29]")
    cells = [(cell.row, cell.column) for cell in sheet.cells]
    answers = [cell.answer for cell in sheet.cells if cell.answer is not None]
    assert len(set(cells)) == len(cells) == len(sheet.rows) * len(sheet.columns)
    assert len({defined_name(answer).casefold() for answer in answers}) == len(answers) == len(set(answers))
    assert next(iter(sheet.rows)) == INPUT
    assert list(sheet.rows)[-1] == TOTAL


def test_conventions_in_a_sentence(lay: Lay, tmp_path: Path) -> None:
    lay(ALEXNET)
    said = read(tmp_path / "my.yaml").conventions
    assert conventions_sentence(said) == (
        "A connection is one input of one unit: biases are counted, inputs that fall on zero padding are counted, "
        "and the inputs of a pooling unit are counted. A bias is one parameter of its output channel."
    )
    lay(ALEXNET, "{conventions: {bias: not counted, padding: not counted, pooling: not counted}}")
    assert conventions_sentence(read(tmp_path / "my.yaml").conventions) == (
        "A connection is one input of one unit: biases are not counted, inputs that fall on zero padding are not "
        "counted, and pooling units have no connections. A bias is one parameter of its output channel."
    )
