"""The formulas under other conventions: what the whole table says under them, and no more than is asked."""

from __future__ import annotations

from pathlib import Path

import pytest

from sheetgen import expr
from sheetgen.expr import Value
from sheetgen.sheet import Sheet, lay_out
from sheetgen.shipped import templates
from sheetgen.spec import read
from sheetgen.table import compute, quantities
from sheetgen.variants import OTHERWISE, flipped
from tests.yamls import good

NETWORK = """\
network:
  input: [3, 32, 32]
  layers:
    c1: {type: Conv2d, out_channels: 4, kernel_size: 5, padding: 2}
    p1: {type: MaxPool2d, kernel_size: 2}
    fc: {type: Linear, out_features: 10}
"""


def laid_out(folder: Path, said: str) -> Sheet:
    return lay_out(good(folder, NETWORK + f"coursework: {said}\n"))


def value(sheet: Sheet, convention: str, answer: str) -> Value:
    """The variant's number, with its own helpers and otherwise the table's numbers."""
    texts, table = sheet.variants[convention], sheet.table
    layer = answer.rpartition(".")[0]
    binds = {
        name: bind
        for other, quantity in table.quantities.items()
        if other.startswith(f"{layer}.")
        for name, bind in quantity.binds.items()
        if isinstance(bind, int)
    }

    def number(name: str) -> Value:
        there = f"{layer}.{name}"
        if there in texts and there != answer:
            return value(sheet, convention, there)
        return table.numbers[there] if there in table.numbers else binds[name]

    tree = expr.parse(texts[answer])
    return expr.value(tree, {name: number(name) for name in expr.symbols(tree)})


SHIPPED = sorted(path.stem for path in templates().glob("*.yaml"))


@pytest.mark.parametrize(
    "name", [name for name in SHIPPED if not name.startswith(("resnet1", "densenet", "inception"))]
)
def test_they_are_what_the_whole_table_is_under_them(name: str) -> None:
    coursework = read(templates() / f"{name}.yaml")
    sheet = lay_out(coursework)
    shown = {*sheet.columns, *coursework.needed}
    for convention in OTHERWISE:
        other = flipped(coursework.conventions, convention)
        texts = quantities(coursework.network, other, coursework.rows, coursework.needed, coursework.custom)
        differing = {
            answer: quantity.text
            for answer, quantity in texts.items()
            if answer.rpartition(".")[2] in shown
            and answer in sheet.table.quantities
            and quantity.text != sheet.table.quantities[answer].text
        }
        found = sheet.variants.get(convention, {})
        assert differing.items() <= found.items()
        helpers = found.keys() - differing.keys()
        assert all(answer.rpartition(".")[2].startswith("taps_") for answer in helpers)
        numbers = compute(coursework.network, other, wanted=coursework.needed, custom=coursework.custom).numbers
        for answer in differing:
            assert value(sheet, convention, answer) == numbers[answer]


def test_only_conventions_that_matter(tmp_path: Path) -> None:
    assert laid_out(tmp_path, "{columns: [layer, type, parameters, macs]}").variants == {}
    found = laid_out(tmp_path, "{columns: [layer, type, flops]}").variants
    assert {name: sorted(texts) for name, texts in found.items()} == {"flops": ["c1.flops", "fc.flops", "p1.flops"]}
    found = laid_out(tmp_path, "{columns: [layer, type, connections]}").variants
    assert {name: sorted(texts) for name, texts in found.items()} == {
        "bias": ["c1.connections", "fc.connections"],
        "padding": [
            *("c1.connections", "c1.taps_height", "c1.taps_width"),
            *("p1.connections", "p1.taps_height", "p1.taps_width"),
        ],
        "pooling": ["p1.connections"],
    }


@pytest.mark.parametrize(
    "said",
    [
        "{columns: [layer, type, connections_share]}",
        "{quantities: {twice: 2 * connections}, columns: [layer, type, twice]}",
        "{quantities: {part: neurons / total_connections}, columns: [layer, type, part]}",
        "{columns: [layer, type, neurons], questions: [{id: 1, kind: number, text: A, answer: c1.connections}]}",
    ],
)
def test_what_is_asked_may_follow_from_connections(tmp_path: Path, said: str) -> None:
    assert list(laid_out(tmp_path, said).variants) == ["bias", "padding", "pooling"]


def test_a_coursework_that_does_not_count_has_the_formulas_of_one_that_does(tmp_path: Path) -> None:
    conventions = "conventions: {bias: not counted, padding: not counted, pooling: not counted, flops: 1 per MAC}"
    found = laid_out(tmp_path, f"{{{conventions}, columns: [layer, type, connections, flops]}}").variants
    assert found["flops"]["c1.flops"] == "2 * macs"
    assert sorted(found["bias"]) == ["c1.connections", "fc.connections"]
    assert "taps_height" in found["bias"]["c1.connections"]  # which the table has: only one convention is changed
    assert "taps_height" not in found["padding"]["c1.connections"]
    assert "p1.connections" in found["pooling"]


def test_a_kernel_too_large_to_be_written_out_has_no_variant(tmp_path: Path) -> None:
    network = NETWORK.replace("kernel_size: 5, padding: 2", "kernel_size: 600, padding: 599")
    found = lay_out(good(tmp_path, network + "coursework: {columns: [layer, type, connections]}\n")).variants
    assert [answer for answer in found["padding"] if answer.startswith("c1")] == []
    assert "p1.connections" in found["padding"]
