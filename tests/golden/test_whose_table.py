"""Another network's table is left alone, with a sentence; the network's own is filled, with its slips named."""

from __future__ import annotations

import io
import random
from pathlib import Path

import openpyxl
import pytest
from openpyxl.worksheet.worksheet import Worksheet

from sheetgen import api
from sheetgen.errors import TemplateError
from sheetgen.sheet import Sheet, lay_out, with_everything
from sheetgen.spec import load
from sheetgen.workbook.elsewhere import find_tables, tables_of_others
from sheetgen.workbook.package import Package
from sheetgen.workbook.write import blank_workbook
from tests.house_styles import STYLES
from tests.templates_at_random import Made, make

NAMES = ("alexnet", "vgg16", "lenet5", "resnet18", "googlenet")


@pytest.fixture(scope="module")
def sheets() -> dict[str, Sheet]:
    described = {name: load(name) for name in NAMES}
    return {name: with_everything(each, lay_out(each)) for name, each in described.items()}


def template(sheets: dict[str, Sheet], name: str) -> Made:
    return make(sheets[name], random.Random(f"whose {name}"), "plain")


@pytest.mark.parametrize("of", NAMES)
@pytest.mark.parametrize("name", NAMES)
def test_a_network_fills_its_own_tables_only(name: str, of: str, sheets: dict[str, Sheet]) -> None:
    package = Package.read(template(sheets, of).data)
    assert (find_tables(package, sheets[name]) is not None) == (name == of)


@pytest.mark.parametrize("style", [each for each in STYLES if each.name != "toronto"], ids=lambda style: style.name)
def test_alexnets_table_is_not_vggs(style: object, sheets: dict[str, Sheet]) -> None:
    (data,) = [each.data() for each in STYLES if each is style]
    package = Package.read(data)
    assert find_tables(package, sheets["vgg16"]) is None
    (said,) = tables_of_others(package, sheets["vgg16"])
    assert "this looks like another network's table: " in said
    assert "numbers that it gives are not vgg16's" in said


@pytest.mark.parametrize("name", NAMES)
def test_slips_of_an_instructor_do_not_make_it_anothers(name: str, sheets: dict[str, Sheet]) -> None:
    """One given number in eight is wrong: nobody's template is worse."""
    made, chance = template(sheets, name), random.Random(name)
    workbook = openpyxl.load_workbook(io.BytesIO(made.data))
    page = workbook[made.sheet]
    given = [
        (row, column)
        for row in made.layers
        for column, quantity in made.lines.items()
        if quantity != "layer" and isinstance(page.cell(row, column).value, int)
    ]
    for row, column in chance.sample(given, len(given) // 8):
        page.cell(row, column).value = 2 * int(str(page.cell(row, column).value)) + 1
    out = io.BytesIO()
    workbook.save(out)
    tables = find_tables(Package.read(out.getvalue()), sheets[name])
    assert tables is not None
    assert {layer.layer for table in tables.layout for layer in table.layers} >= set(made.layers.values()) - {"input"}


def test_fill_says_why_it_leaves_the_table_alone(tmp_path: Path) -> None:
    described = load("alexnet")
    theirs, out = tmp_path / "theirs.xlsx", tmp_path / "filled.xlsx"
    theirs.write_bytes(blank_workbook(described, lay_out(described)))
    with pytest.raises(TemplateError) as caught:
        api.fill("vgg16", theirs, out)
    said = str(caught.value)
    for words in (
        "Table: this looks like another network's table: ",
        "numbers that it gives are not vgg16's (",
        "4 of its layers are not in vgg16 ('conv1', 'conv2', 'conv3' ...)",
        "it was left alone; is it the workbook of another coursework? If it is this one's, name the cells in layout:",
    ):
        assert words in said
    assert "Questions:" not in said
    assert not out.exists()


def test_the_other_networks_table_beside_ours_is_told_of(sheets: dict[str, Sheet], tmp_path: Path) -> None:
    workbook = STYLES[0].make()
    other = openpyxl.load_workbook(io.BytesIO(template(sheets, "vgg16").data)).active
    page = workbook.create_sheet("The other one")
    assert isinstance(other, Worksheet)
    for row in other.iter_rows():
        for cell in row:
            page.cell(cell.row, cell.column, cell.value)
    workbook.save(tmp_path / "theirs.xlsx")
    done = api.fill("alexnet", tmp_path / "theirs.xlsx", tmp_path / "filled.xlsx")
    assert done.filled > 20
    assert [note.partition(":")[0] for note in done.notes if "another network's table" in note] == ["The other one"]
    filled = openpyxl.load_workbook(tmp_path / "filled.xlsx")["The other one"]
    there, then = (
        {cell.coordinate: cell.value for row in each.iter_rows() for cell in row if cell.value is not None}
        for each in (page, filled)
    )
    assert there == then
