"""Every shipped coursework as workbooks: keys agree with their spec cell by cell, blocks are grouped and summed."""

from __future__ import annotations

import functools
import gzip
import io
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from sheetgen import api
from sheetgen.addresses import address
from sheetgen.cache import shipped_entry, shipped_path
from sheetgen.coursework import Coursework
from sheetgen.marking import is_right
from sheetgen.sheet import Sheet, lay_out
from sheetgen.shipped import shipped, templates
from sheetgen.spec import load
from sheetgen.workbook.audit import audit
from sheetgen.workbook.package import Package, replace_parts
from sheetgen.workbook.write import blank_workbook
from tests.conftest import Convert

PART = "xl/worksheets/sheet1.xml"


@functools.cache
def _described(name: str) -> Coursework:
    return load(name)


@functools.cache
def _sheet(name: str) -> Sheet:
    return lay_out(_described(name))


@functools.cache
def _blank(name: str) -> bytes:
    return blank_workbook(_described(name), _sheet(name))


@functools.cache
def _key(name: str) -> bytes:
    return api.fill_bytes(_sheet(name), _blank(name), name)[0].data


def _xml(data: bytes) -> str:
    return Package.read(data).part(PART).decode()


def _changed(key: bytes, change: Callable[[str], str]) -> bytes:
    after = change(_xml(key))
    assert after != _xml(key)
    return replace_parts(key, {PART: after.encode()})


def _wrong(name: str, key: bytes) -> list[tuple[str, str | None, object]]:
    return [(each.id, each.cell, each.measured) for each in audit(_sheet(name), key, _key(name))[1]]


@pytest.mark.parametrize("name", shipped())
def test_every_cell_of_the_key_is_as_the_spec_has_it(name: str) -> None:
    seen, wrong = audit(_sheet(name), _key(name), _key(name))
    assert wrong == ()
    assert seen >= set(_sheet(name).places)
    assert len(_sheet(name).blanks) >= 20
    again = api.fill_bytes(_sheet(name), _key(name), name)[0]
    assert (again.data, again.filled, again.kept) == (_key(name), (), ())


@pytest.mark.parametrize("name", shipped())
def test_the_shipped_sheet_is_what_the_code_lays_out(name: str) -> None:
    path = templates() / f"{name}.yaml"
    packed = gzip.decompress(shipped_path(path).read_bytes()).decode()
    assert packed == shipped_entry(_sheet(name), path), "run: make template"


@pytest.mark.parametrize("name", shipped())
def test_reading_says_nothing_that_is_not_meant(name: str) -> None:
    """No warning but of sizes that leave something over, which their papers' networks do."""
    assert [said for said in _described(name).warnings if "do not fit" not in said] == []


# --- blocks ---------------------------------------------------------------------------------------------------------


def _levels(data: bytes) -> dict[int, int]:
    rows = re.findall(r"<row ([^>]*)>", _xml(data))
    levels = {}
    for attributes in rows:
        number, level = re.search(r'\br="(\d+)"', attributes), re.search(r'outlineLevel="(\d+)"', attributes)
        assert number is not None
        levels[int(number[1])] = int(level[1]) if level else 0
    return levels


@pytest.mark.parametrize("kind", [_blank, _key], ids=["blank", "key"])
def test_the_layers_of_a_block_are_grouped_under_its_row(kind: Callable[[str], bytes]) -> None:
    data, sheet = kind("googlenet"), _sheet("googlenet")
    levels = _levels(data)
    rows = {name: levels[row] for name, row in sheet.rows.items()}
    assert (
        {name for name, level in rows.items() if level}
        == {name for name in rows if "." in name}
        == {layer for layers in sheet.table.blocks.values() for layer in layers}
    )
    assert set(rows.values()) == {0, 1}
    assert all(sheet.rows[block] == sheet.rows[layers[0]] - 1 for block, layers in sheet.table.blocks.items())
    assert re.search(r'<outlinePr [^>]*summaryBelow="0"', _xml(data))  # the row with the sums stands above
    assert re.search(r'<sheetFormatPr [^>]*outlineLevelRow="1"', _xml(data))  # Excel shows no buttons without it
    book = openpyxl.load_workbook(io.BytesIO(data))
    assert not book["Table"].protection.sheet  # on a protected sheet groups neither open nor close


def test_a_googlenet_in_libreoffice(tmp_path: Path, libreoffice: Convert) -> None:
    """Blocks, sums over parts of a column, sizes, shares: the same in another program, cell by cell."""
    (tmp_path / "key.xlsx").write_bytes(_key("googlenet"))
    shown, sheet = libreoffice(tmp_path / "key.xlsx"), _sheet("googlenet")
    assert len(sheet.table.blocks) == 9
    for answer, cell in sheet.places.items():
        right, text = sheet.table.value(answer), shown[cell.row - 1][cell.column - 1].strip()
        if isinstance(right, int) and "×" not in text:
            assert (answer, int(text.replace(",", ""))) == (answer, right)
    total = sheet.places["total.parameters"]
    assert shown[total.row - 1][total.column - 1].strip() == f"{sheet.table.totals['parameters']:,}"


FRACTIONS = """\
network:
  input: [3, 33, 33]
  blocks: {A: {parameters: {n: }, layers: {x: {type: Conv2d, out_channels: $n, kernel_size: 3}, y: {type: ReLU}}}}
  layers:
    c: {type: Conv2d, out_channels: 4, kernel_size: 3, stride: 2}
    a: {type: A, n: 5, repeat: 2}
    up: {type: ConvTranspose2d, out_channels: 3, kernel_size: 3, stride: 2}
    crop: {type: CenterCrop, from: c, like: a}
    fc: {type: Linear, out_features: 7}
coursework:
  quantities: {kib: {formula: neurons * 4 / 1024, total: true}, log: log2(neurons), back: "-neurons"}
  columns: [layer, type, from, kernel_size, output_size, neurons, parameters, parameters_share, receptive_field, jump,
    centre, fully_connected_ratio, kib, log, back]
  blanks:
    - {quantities: [output_size, parameters, parameters_share, receptive_field, jump, centre, fully_connected_ratio]}
    - {quantities: [kib, log, back]}
    - {quantities: [output_size, neurons, parameters, parameters_share, kib], blocks: a}
    - {quantities: [parameters, kib], layers: total}
"""


@pytest.fixture(scope="module")
def fractions(tmp_path_factory: pytest.TempPathFactory) -> tuple[Coursework, Sheet]:
    path = tmp_path_factory.mktemp("fractions") / "my.yaml"
    path.write_text(FRACTIONS, encoding="utf-8")
    described = load(path)
    return described, lay_out(described)


def test_fractions_and_sizes_in_libreoffice(
    fractions: tuple[Coursework, Sheet], tmp_path: Path, libreoffice: Convert
) -> None:
    described, sheet = fractions
    key = api.fill_bytes(sheet, blank_workbook(described, sheet), "blank")[0].data
    assert audit(sheet, key, key)[1] == ()
    book = openpyxl.load_workbook(io.BytesIO(key))
    for cell in sheet.cells:
        if cell.answer is not None:
            book["Table"].cell(cell.row, cell.column).number_format = "General"  # all the digits
    book.save(tmp_path / "key.xlsx")
    shown = libreoffice(tmp_path / "key.xlsx")
    assert {type(sheet.table.value(str(cell.answer))).__name__ for cell in sheet.blanks} == {
        *("int", "str", "Fraction", "float"),
    }
    for cell in sheet.blanks:
        right, text = sheet.table.value(str(cell.answer)), shown[cell.row - 1][cell.column - 1]
        found = text if isinstance(right, str) else float(text)
        near = 0 if isinstance(right, str | int) else 1e-6 * abs(float(right))  # General shows ten digits
        assert is_right(found, right, near), (cell.answer, text, right)


# as many decimals as the column needs: all of them, or three digits of the least
FORMATS = {
    "kib": "#,##0.0000_)",
    "log": "#,##0.00_)",
    "centre": "#,##0_)",
    "jump": "#,##0_)",
    "receptive_field": "#,##0_)",
}


def test_blanks_of_fractions_are_validated_as_what_they_are(fractions: tuple[Coursework, Sheet]) -> None:
    described, sheet = fractions
    page = openpyxl.load_workbook(io.BytesIO(blank_workbook(described, sheet)))["Table"]
    rules: dict[str, Any] = {}
    for rule in page.data_validations.dataValidation:
        for area in rule.sqref.ranges:
            rules |= {address(row, column): rule for row, column in area.cells}
    by_quantity = {str(cell.answer).rpartition(".")[2]: rules[address(cell.row, cell.column)] for cell in sheet.blanks}
    assert {quantity: rule.type for quantity, rule in by_quantity.items()} == {
        "output_size": None,
        "parameters": "whole",
        "neurons": "whole",
        "back": "whole",
        **dict.fromkeys(
            ("parameters_share", "receptive_field", "jump", "centre", "fully_connected_ratio", "kib", "log"), "decimal"
        ),
    }
    assert by_quantity["back"].formula1 == "-999999999999999"  # it is negative
    assert by_quantity["parameters"].formula1 == "0"
    assert all(rule.prompt for rule in by_quantity.values())
    formats = {cell.slot.quantity: page.cell(cell.row, cell.column).number_format for cell in sheet.blanks}
    assert formats["output_size"] == "General"  # a text, whose cell is indented
    assert {quantity: formats[quantity] for quantity in ("kib", "log", "centre", "jump", "receptive_field")} == FORMATS
    assert formats["parameters_share"] == "0.00%_)"
    assert formats["back"] == formats["parameters"] == "#,##0_)"


# --- planted faults -------------------------------------------------------------------------------------------------


def test_a_wrong_number_in_the_sum_of_a_block_is_named() -> None:
    cell = _sheet("googlenet").places["3a.parameters"]
    assert cell.kind == "blank"
    at = address(cell.row, cell.column)
    typed = _changed(
        _key("googlenet"),
        lambda xml: re.sub(rf'(<c r="{at}"[^>]*>)<f>[^<]*</f><v>163696</v>', r"\g<1><v>163697</v>", xml),
    )
    assert _wrong("googlenet", typed) == [("3a.parameters", at, 163697)]


def test_a_sum_that_leaves_a_layer_out_is_named() -> None:
    cell = _sheet("googlenet").places["3a.parameters"]
    at = address(cell.row, cell.column)
    short = _changed(
        _key("googlenet"),
        lambda xml: re.sub(rf'(<c r="{at}"[^>]*><f>SUM\([A-Z]+)(\d+)', lambda m: f"{m[1]}{int(m[2]) + 1}", xml),
    )
    assert [(name, where) for name, where, _ in _wrong("googlenet", short)] == [("3a.parameters", at)]


def test_a_wrong_number_in_the_given_sum_of_a_block_is_named() -> None:
    sheet = _sheet("googlenet")
    cell = sheet.places["3b.parameters"]
    assert "SUM(" in str(cell.content)
    at = address(cell.row, cell.column)
    typed = _changed(
        _key("googlenet"),
        lambda xml: re.sub(rf'(<c r="{at}"[^>]*>)<f>[^<]*</f><v>388736</v>', r"\g<1><v>388735</v>", xml),
    )
    assert _wrong("googlenet", typed) == [("3b.parameters", at, 388735)]


def test_a_layer_that_was_renamed_in_a_block_is_named() -> None:
    changed = _changed(_key("googlenet"), lambda xml: xml.replace(">3a.pool_proj<", ">3a.pool_prej<", 1))
    assert [name for name, *_ in _wrong("googlenet", changed)] == ["3a.pool_proj.layer"]


@pytest.mark.parametrize("name", shipped())
def test_what_is_asked_has_a_cell(name: str) -> None:
    described = load(name)
    assert not any("?" in sentence for sentence in (described.instructions, *described.notes))
