"""Recognition of templates that chance made: what is taken for something is right, and what is sure is never wrong.

``python -m tests.golden.test_templates_at_random 300`` prints the rates of more of them, and what was not right.
"""

from __future__ import annotations

import random
import sys
from collections import Counter
from collections.abc import Iterator, Sequence

import pytest

from sheetgen.layout import SURE, WORDS
from sheetgen.sheet import Sheet, lay_out, with_everything
from sheetgen.spec import load
from sheetgen.workbook.elsewhere import find_tables
from sheetgen.workbook.package import Package
from tests.golden.test_house_styles import page_of
from tests.templates_at_random import COURSEWORKS, STYLES, Made, make

EACH = 3  # templates of a coursework in a style


def everything() -> dict[str, Sheet]:
    described = {name: load(name) for name in COURSEWORKS}
    return {name: with_everything(each, lay_out(each)) for name, each in described.items()}


@pytest.fixture(scope="module")
def sheets() -> dict[str, Sheet]:
    return everything()


def judged(made: Made, sheet: Sheet) -> Iterator[tuple[str, str]]:
    """Of each line, and each that was taken for one: "right", "left alone", "wrong" or "wrong, but sure"; and what."""
    tables = find_tables(Package.read(made.data), sheet)
    lines: dict[int, tuple[str, float]] = {}
    layers: dict[int, tuple[str, float]] = {}
    for table in tables.layout if tables is not None else ():
        if (table.sheet, table.transposed) != (made.sheet, made.transposed):
            yield "wrong, but sure", f"a table on {table.sheet}"
            continue
        lines |= {each.at: (each.quantity, each.certainty) for each in table.lines if each.quantity != "from"}
        layers |= {each.at: (each.layer, each.certainty) for each in table.layers}
    for found, truth in ((lines, made.lines), (layers, made.layers)):
        for at in sorted({*found, *truth}):
            taken, certainty = found.get(at, (None, 0))
            wrong = "wrong, but sure" if certainty >= SURE else "wrong"
            verdict = "right" if taken == truth.get(at) else "left alone" if taken is None else wrong
            yield verdict, f"line {at} is {truth.get(at)}, taken for {taken} ({certainty:.0%})"


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("name", COURSEWORKS)
def test_what_is_sure_is_right(name: str, style: str, sheets: dict[str, Sheet]) -> None:
    for number in range(EACH):
        found = list(judged(make(sheets[name], random.Random(f"{name} {style} {number}"), style), sheets[name]))
        rates = Counter(verdict for verdict, _ in found)
        assert not rates["wrong, but sure"], (number, [what for verdict, what in found if verdict == "wrong, but sure"])
        assert rates["right"] >= 0.97 * rates.total() - 1, (number, [each for each in found if each[0] != "right"])


# --- what was once mistaken in such templates -------------------------------------------------------------------------


def test_a_list_of_symbols_beside_a_table_is_no_row_of_headings(sheets: dict[str, Sheet]) -> None:
    data = page_of(
        (None, "# Units", "# Weights", "# Connections", None, "Symbol", "Meaning"),
        ("conv1", None, None, None, None, "k", "kernel size"),
        ("conv2", None, None, None, None, "s", "stride"),
        *((name,) for name in ("conv3", "conv4", "conv5", "fc6", "fc7", "fc8")),
    )
    tables = find_tables(Package.read(data), sheets["alexnet"])
    assert tables is not None
    (table,) = tables.layout
    assert [line.quantity for line in table.lines] == ["layer", "neurons", "weights", "connections"]
    assert len(table.layers) == 8


def test_a_total_of_marks_below_a_table_is_no_total_of_the_network(sheets: dict[str, Sheet]) -> None:
    def rows(*last: tuple[object, ...]) -> list[int]:
        names = ("C1", "S2", "C3", "S4", "C5", "F6", "OUTPUT")
        data = page_of(("Layer", "# Params"), *((name,) for name in names), *last)
        tables = find_tables(Package.read(data), sheets["lenet5"])
        assert tables is not None
        return [layer.at for table in tables.layout for layer in table.layers if layer.layer == "total"]

    marks: tuple[tuple[object, ...], ...] = ((), ("Part", "Marks"), ("Table", 20), ("Total", 24))
    assert rows(*marks) == []
    assert rows(("Sum",), *marks) == [9]
    assert rows((), ("Total",), *marks) == [10]
    assert rows(("Softmax",), ("Total",)) == [10]


def test_a_remark_is_no_size_of_one_by_one(sheets: dict[str, Sheet]) -> None:
    rows = [(name, "see the paper") for name in ("C1", "S2", "C3", "S4", "C5", "F6", "OUTPUT")]
    data = page_of(("Layer", "Hint", "# Params"), *rows)
    tables = find_tables(Package.read(data), sheets["lenet5"])
    assert tables is not None
    assert [line.quantity for line in tables.layout[0].lines] == ["layer", "parameters"]


def test_numbers_that_count_something_else_are_no_layers(sheets: dict[str, Sheet]) -> None:
    data = page_of(("Group", "Size", "Weight"), (1, 3, 10), (2, 4, 20), (3, 3, 10))
    assert find_tables(Package.read(data), sheets["vgg16"]) is None


def test_sizes_are_written_alike_in_one_table(sheets: dict[str, Sheet]) -> None:
    rows = [("C1", None, "28x28x6"), ("S2", None, "14x14x6"), ("C3",), ("S4",), ("C5",), ("F6",), ("OUTPUT",)]
    tables = find_tables(Package.read(page_of(("Layer", "Input Size", "Output Size"), *rows)), sheets["lenet5"])
    assert tables is not None
    assert [line.quantity for line in tables.layout[0].lines] == ["layer", "input_size", "output_size"]


_NAMES = ("conv1", "pool1", "conv2", "pool2", "conv3", "conv4", "conv5", "pool5", "fc6", "fc7", "fc8")
_COUNTED = (
    "Convolution 1|Max Pooling 1|Convolution 2|Max Pooling 2|Convolution 3|Convolution 4|Convolution 5|Max Pooling 3"
)
_COUNTED += "|Fully connected 1|Fully connected 2|Fully connected 3"
_KINDS = [label.rstrip(" 12345") for label in _COUNTED.split("|")]


@pytest.mark.parametrize("gap", [True, False])
@pytest.mark.parametrize("right", [_NAMES, _COUNTED.split("|"), _KINDS], ids=["names", "counted", "kinds"])
@pytest.mark.parametrize("left", [_NAMES, _COUNTED.split("|"), _KINDS], ids=["names", "counted", "kinds"])
def test_two_tables_side_by_side_are_two(
    left: Sequence[str], right: Sequence[str], gap: bool, sheets: dict[str, Sheet]
) -> None:
    between = (None,) if gap else ()
    rows = [(one, None, None, *between, other) for one, other in zip(left, right, strict=True)]
    data = page_of(("Layer", "H out", "C out", *between, "Layer", "# Params", "# Connections"), *rows)
    tables = find_tables(Package.read(data), sheets["alexnet"])
    assert tables is not None
    found = {tuple(line.quantity for line in table.lines) for table in tables.layout}
    assert found == {("layer", "out_height", "out_channels"), ("layer", "parameters", "connections")}
    assert all([layer.layer for layer in table.layers] == list(_NAMES) for table in tables.layout)


@pytest.mark.parametrize("heading", ["Type", "Operation", "Kind of layer", "From", "Input from"])
def test_a_column_of_types_or_sources_begins_no_table(heading: str, sheets: dict[str, Sheet]) -> None:
    held = _KINDS if "rom" not in heading else ("input", *_NAMES)
    rows = [(one, None, other) for one, other in zip(_NAMES, held, strict=False)]
    data = page_of(("Layer", "H out", heading, "# Params", "# Connections"), *rows)
    tables = find_tables(Package.read(data), sheets["alexnet"])
    assert tables is not None
    (table,) = tables.layout
    counted = [line.quantity for line in table.lines if line.quantity not in WORDS]
    assert counted == ["out_height", "parameters", "connections"]


def test_a_table_in_chinese(sheets: dict[str, Sheet]) -> None:
    labels = "输入|卷积层1|池化层1|卷积层2|池化层2|卷积层3|卷积层4|卷积层5|池化层3|全连接层1|全连接层2|全连接层3|总计"
    heads = (
        "层名",
        "卷积核大小",
        "步长",
        "输出通道数",
        "输出尺寸",
        "权重（不含偏置）",
        "参数量（万）",
        "连接数",
        "备注",
    )
    data = page_of(("作业二",), (), heads, *((label,) for label in labels.split("|")))
    tables = find_tables(Package.read(data), sheets["alexnet"])
    assert tables is not None
    (table,) = tables.layout
    asked = ["layer", "kernel_size", "stride", "out_channels", "output_size", "weights", "parameters", "connections"]
    assert [line.quantity for line in table.lines] == asked
    assert [line.unit for line in table.lines] == [1, 1, 1, 1, 1, 1, 10**4, 1]
    assert [layer.layer for layer in table.layers] == ["input", *_NAMES, "total"]


def main(most: int) -> None:
    sheets = everything()
    total: Counter[str] = Counter()
    for number in range(most):
        name, style = COURSEWORKS[number % len(COURSEWORKS)], STYLES[number // len(COURSEWORKS) % len(STYLES)]
        for verdict, what in judged(make(sheets[name], random.Random(number), style), sheets[name]):
            total[verdict] += 1
            if verdict != "right":
                print(f"{number} {name} {style}: {verdict}: {what}")
    print(*(f"{verdict} {count} ({count / total.total():.2%})" for verdict, count in total.most_common()), sep="; ")


if __name__ == "__main__":
    main(int(sys.argv[1]))
