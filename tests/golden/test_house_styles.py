"""Templates of other people: every column and row is found, filled in their own manner, and nothing else."""

from __future__ import annotations

import io
import random
from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path

import openpyxl
import pytest
from openpyxl.worksheet.cell_range import CellRange
from openpyxl.worksheet.worksheet import Worksheet

from sheetgen import api
from sheetgen.addresses import letters
from sheetgen.layout import SURE, Layout, answer_at
from sheetgen.sheet import Sheet, lay_out, with_everything
from sheetgen.spec import load
from sheetgen.workbook.elsewhere import Elsewhere, find_tables
from sheetgen.workbook.engine import Engine
from sheetgen.workbook.package import Package, Place
from tests.house_styles import LAYERS, STYLES, WINDOWS, Style

each_style = pytest.mark.parametrize("style", STYLES, ids=lambda style: style.name)


@pytest.fixture(scope="module")
def full() -> Sheet:
    """AlexNet's sheet with every number that a template may ask for."""
    described = load("alexnet")
    return with_everything(described, lay_out(described))


def found(data: bytes, sheet: Sheet) -> Elsewhere:
    tables = find_tables(Package.read(data), sheet)
    assert tables is not None
    return tables


def lines(layout: Layout) -> dict[int | str, str]:
    return {
        (each.at if table.transposed else letters(each.at)): each.quantity for table in layout for each in table.lines
    }


def layers(layout: Layout) -> dict[int | str, str]:
    return {
        (letters(each.at) if table.transposed else each.at): each.layer for table in layout for each in table.layers
    }


def changed(style: Style, change: Callable[[Worksheet], None]) -> bytes:
    workbook = style.make()
    page = workbook.active
    assert isinstance(page, Worksheet)
    change(page)
    out = io.BytesIO()
    workbook.save(out)
    return out.getvalue()


# --- found ----------------------------------------------------------------------------------------------------------


@each_style
def test_every_column_and_row_is_right(style: Style, full: Sheet) -> None:
    layout = found(style.data(), full).layout
    assert [table.sheet for table in layout] == [style.sheet]
    assert lines(layout) == dict(style.lines)
    assert layers(layout) == dict(style.layers)
    units = {each.quantity: each.unit for table in layout for each in table.lines if each.unit != 1}
    assert units == dict(style.units)
    assert {letters(each.at) for table in layout for each in table.left if each.of == "quantity"} >= set(style.left)


@each_style
def test_what_is_not_sure_is_said(style: Style, full: Sheet) -> None:
    tables = found(style.data(), full)
    unsure = [each.heading for table in tables.layout for each in table.lines if each.certainty < SURE]
    rows = [each.label for table in tables.layout for each in table.layers if each.certainty < SURE]
    assert len(tables.notes) == len(unsure) + len(rows)
    assert all(any(repr(text) in note for note in tables.notes) for text in (*unsure, *rows))
    assert set(rows) <= {"Output", "Output Layer"}
    # with nothing in its cells and no bias beside it, a weight may be a parameter
    assert ("# Weights" in unsure) == (style.name == "toronto")


@each_style
def test_lines_that_were_inserted_hidden_or_renamed(style: Style, full: Sheet) -> None:
    def change(page: Worksheet) -> None:
        merged = [str(area) for area in page.merged_cells.ranges]
        for area in merged:  # openpyxl moves no merged cells
            page.unmerge_cells(area)
        page.insert_rows(1, 3)
        page.insert_cols(1, 2)
        for area in merged:
            moved = CellRange(area)
            moved.shift(col_shift=2, row_shift=3)
            page.merge_cells(moved.coord)
        page["A1"] = "Name: A. Student"
        page.title = "Copy of the table"
        page.column_dimensions["D"].hidden = True
        page.row_dimensions[9].hidden = True

    layout = found(changed(style, change), full).layout
    assert list(lines(layout).values()) == list(style.lines.values())
    assert set(layers(layout).values()) == set(style.layers.values())
    assert {table.sheet for table in layout} == {"Copy of the table"}
    first, moved = found(style.data(), full).layout[0].layers[0], layout[0].layers[0]
    assert moved.at - first.at == (2 if layout[0].transposed else 3)


@pytest.mark.parametrize(
    "style", [each for each in STYLES if each.name in ("ours-like", "two-rows")], ids=lambda style: style.name
)
def test_rows_that_were_sorted(style: Style, full: Sheet) -> None:
    def change(page: Worksheet) -> None:
        first, last = (6, 16) if style.name == "ours-like" else (3, 13)
        rows = [[cell.value for cell in page[row]] for row in range(first, last + 1)]
        random.Random(4).shuffle(rows)
        for row, values in enumerate(rows, start=first):
            for column, value in enumerate(values, start=1):
                page.cell(row, column).value = value

    data = changed(style, change)
    layout = found(data, full).layout
    page = openpyxl.load_workbook(io.BytesIO(data))[style.sheet]
    column = "B" if style.name == "ours-like" else "A"
    for at, layer in layers(layout).items():
        label = str(page[f"{column}{at}"].value).casefold()
        digit = "".join(char for char in layer if char.isdigit())
        if layer.startswith("conv"):
            assert label.startswith("conv")
            assert digit in label
    assert set(layers(layout).values()) == set(style.layers.values())
    assert lines(layout) == dict(style.lines)


def test_columns_that_were_moved_and_cells_that_were_merged(full: Sheet) -> None:
    """Kernel and connections change places; a heading and a label are merged with the empty cells beside them."""

    def change(page: Worksheet) -> None:
        for row in range(4, 18):
            one, other = page.cell(row, 3), page.cell(row, 13)
            one.value, other.value = other.value, one.value
        page.insert_cols(3)
        page.merge_cells("B4:C4")
        for row in range(5, 18):
            page.merge_cells(start_row=row, end_row=row, start_column=2, end_column=3)

    style = STYLES[0]
    layout = found(changed(style, change), full).layout
    moved = {letters(ord(at) - 63) if at > "B" else at: each for at, each in style.lines.items() if isinstance(at, str)}
    moved["D"], moved["N"] = moved["N"], moved["D"]
    assert lines(layout) == moved
    assert layers(layout) == dict(style.layers)


def test_two_tables_on_one_sheet(full: Sheet) -> None:
    """Sizes above, what is counted below; and a third beside them."""
    page = (workbook := openpyxl.Workbook()).active
    assert isinstance(page, Worksheet)
    names = ["conv1", "pool1", "conv2", "pool2", "conv3", "conv4", "conv5", "pool5", "fc6", "fc7", "fc8"]
    for row, name in enumerate(["Layer", *names], start=1):
        page.cell(row, 1, name)
        page.cell(row + 20, 1, name)
        page.cell(row, 6, name)
    for column, heads in ((2, ("H out", "W out", "C out")), (7, ("RF", "Jump"))):
        for i, head in enumerate(heads):
            page.cell(1, column + i, head)
    for column, head in ((2, "# Parameters"), (3, "# Connections")):
        page.cell(21, column, head)
    page["G2"] = 11
    out = io.BytesIO()
    workbook.save(out)
    layout = found(out.getvalue(), full).layout
    held = {(table.header, each.at): each.quantity for table in layout for each in table.lines}
    assert held == {
        (1, 1): "layer",
        (1, 2): "out_height",
        (1, 3): "out_width",
        (1, 4): "out_channels",
        (1, 6): "layer",
        (1, 7): "receptive_field",
        (1, 8): "jump",
        (21, 1): "layer",
        (21, 2): "parameters",
        (21, 3): "connections",
    }
    assert all({each.layer for each in table.layers} == set(names) for table in layout)


def test_content_settles_what_the_words_leave_open(full: Sheet) -> None:
    """Depth is the number of filters here, "Input Channel" a size, Parameters are settings: all seen in the wild."""
    page = (workbook := openpyxl.Workbook()).active
    assert isinstance(page, Worksheet)
    page.append(["Layer", "Input Channel (n_in)", "Depth", "Parameters", "Params"])
    for layer, size, depth, settings in (
        ("conv1", 227, 96, "11x11, s=4"),
        ("pool1", 55, 96, "3x3, s=2"),
        ("conv2", 27, 256, "5x5, p=2"),
        ("pool2", 27, 256, "3x3, s=2"),
        ("conv3", 13, 384, "3x3, p=1"),
    ):
        page.append([layer, size, depth, settings])
    page["E2"] = 34944
    out = io.BytesIO()
    workbook.save(out)
    tables = found(out.getvalue(), full)
    assert lines(tables.layout) == {"A": "layer", "B": "in_height", "C": "out_channels", "E": "parameters"}
    assert [each.text for table in tables.layout for each in table.left if each.of == "quantity"] == ["Parameters"]


def test_content_overrules_a_heading(full: Sheet) -> None:
    """Under "Filters" stand the sizes of square maps, each a height as well as a width: the height is meant."""
    page = (workbook := openpyxl.Workbook()).active
    assert isinstance(page, Worksheet)
    page.append(["Layer", "Filters", "# params", "Kernel"])
    heights = {"conv1": 55, "pool1": 27, "conv2": 27, "pool2": 13, "conv3": 13, "pool5": 6}
    for name, height in heights.items():
        page.append([name, height, None, WINDOWS[name][0]])
    out = io.BytesIO()
    workbook.save(out)
    assert lines(found(out.getvalue(), full).layout) == {
        "A": "layer",
        "B": "out_height",
        "C": "parameters",
        "D": "kernel_size",
    }


def test_another_networks_table_is_not_taken(full: Sheet) -> None:
    """VGG's layers have such names too, but its given cells are others."""
    page = (workbook := openpyxl.Workbook()).active
    assert isinstance(page, Worksheet)
    page.append(["Layer", "Kernel", "Output height", "Channels", "Parameters"])
    for name, kernel, height, channels in (
        ("conv1", 3, 224, 64),
        ("conv2", 3, 224, 64),
        ("pool1", 2, 112, 64),
        ("conv3", 3, 112, 128),
        ("conv4", 3, 112, 128),
        ("pool2", 2, 56, 128),
        ("conv5", 3, 56, 256),
    ):
        page.append([name, kernel, height, channels])
    out = io.BytesIO()
    workbook.save(out)
    tables = find_tables(Package.read(out.getvalue()), full)
    assert tables is None or not any(
        each.quantity in ("out_height", "out_channels", "kernel_size")
        for table in tables.layout
        for each in table.lines
    )


def page_of(*rows: Sequence[object]) -> bytes:
    workbook = openpyxl.Workbook()
    page = workbook.active
    assert isinstance(page, Worksheet)
    for row in rows:
        page.append(list(row))
    out = io.BytesIO()
    workbook.save(out)
    return out.getvalue()


def _kind(layer: str) -> str:
    return "fully connected" if layer.startswith("fc") else "max pooling" if "pool" in layer else "convolution"


def test_layers_that_are_known_by_their_kind_only(full: Sheet) -> None:
    """In the order of the network, whatever else ties; and where some are left out, as their given cells say."""
    whole = page_of(("Layer", "Params"), *((_kind(layer),) for layer in LAYERS))
    assert list(layers(found(whole, full).layout).values()) == list(LAYERS)
    some = page_of(
        ("Layer", "Kernel", "# Filters", "Params"),
        ("convolution", 5, 256),
        ("convolution", 3, 384),
        ("convolution", 3, 256),
        ("fully connected", None, 1000),
    )
    told = layers(found(some, full).layout)
    assert (told[2], told[4], told[5]) == ("conv2", "conv5", "fc8")
    assert 3 not in told or told[3] in ("conv3", "conv4")
    alone = page_of(("Layer", "Params"), ("convolution",), ("max pooling",), ("softmax",))
    assert find_tables(Package.read(alone), full) is None


def test_zeros_prove_no_unit(full: Sheet) -> None:
    rows = [(name, 0 if name in ("conv1", "pool1") else None) for name in LAYERS]
    (table,) = found(page_of(("Layer", "Neurons", "Params"), *rows), full).layout
    assert {line.unit for line in table.lines} == {1}
    assert {line.quantity for line in table.lines} >= {"layer", "parameters"}


def test_one_cell_with_many_digits_proves_a_unit(full: Sheet) -> None:
    rows = [(name, 105.7056 if name == "conv1" else None) for name in LAYERS]
    (table,) = found(page_of(("Layer", "Connections"), *rows), full).layout
    assert {line.quantity: line.unit for line in table.lines}["connections"] == 10**6


def test_settings_in_words_are_no_headings(full: Sheet) -> None:
    rows = [(name, f"{WINDOWS[name][0]}x3, s{WINDOWS[name][1]}" if name in WINDOWS else None) for name in LAYERS]
    (table,) = found(page_of(("Layer", "Parameters", "# connections"), *rows), full).layout
    assert [layer.layer for layer in table.layers] == list(LAYERS)
    assert {line.quantity for line in table.lines} == {"layer", "connections"}


def test_a_total_of_something_else_is_no_total(full: Sheet) -> None:
    (table,) = found(
        page_of(("Layer", "Params"), *((name,) for name in LAYERS), ("Total encoder",), ("Your total marks",)), full
    ).layout
    assert [layer.layer for layer in table.layers] == list(LAYERS)


def test_no_table_where_there_is_none(full: Sheet) -> None:
    chance = random.Random(7)
    words = ["conv1", "Output", "Notes", "see", "fc7", "Parameters", "12", "Layer", "total", "=A1", "x"]
    for _ in range(30):
        page = (workbook := openpyxl.Workbook()).active
        assert isinstance(page, Worksheet)
        for _ in range(25):
            at = chance.randrange(1, 12), chance.randrange(1, 9)
            page.cell(*at, chance.choice(words) if chance.random() < 0.7 else chance.randrange(99))
        out = io.BytesIO()
        workbook.save(out)
        tables = find_tables(Package.read(out.getvalue()), full)
        assert tables is None or all(table.lines and table.layers for table in tables.layout)


# --- filled ---------------------------------------------------------------------------------------------------------


@each_style
def test_filled_in_its_own_manner(style: Style, full: Sheet, tmp_path: Path) -> None:
    template, out = tmp_path / "theirs.xlsx", tmp_path / "filled.xlsx"
    template.write_bytes(style.data())
    report = api.fill("alexnet", template, out)
    before, after = Package.read(template.read_bytes()), Package.read(out.read_bytes())
    engine = Engine(after)
    layout = found(style.data(), full).layout
    seen = 0
    for spot in (spot for table in layout for spot in table.spots()):
        right = full.table.numbers.get(answer_at(spot.layer, spot.line.quantity))
        if right is None or spot.line.order:
            continue
        seen += 1
        value = engine.value(Place(style.sheet, spot.row, spot.column))
        assert isinstance(value, int | float), spot
        if spot.layer != "total":
            assert abs(Fraction(value) * spot.line.unit - Fraction(right)) < Fraction(right) / 10**12 + Fraction(
                1, 10**9
            )
    assert seen > 20
    assert not report.kept
    assert not report.led_astray
    kept = {at: cell for at, cell in before.cells(style.sheet).items() if cell.formula is None}
    assert {at: after.cells(style.sheet)[at] for at in kept} == kept


def test_totals_go_over_the_rows_that_are_listed(tmp_path: Path) -> None:
    template = tmp_path / "theirs.xlsx"
    template.write_bytes(STYLES[0].data())
    api.fill("alexnet", template, out := tmp_path / "filled.xlsx")
    page = openpyxl.load_workbook(out)["Q1"]
    columns = {name: letter for letter, name in STYLES[0].lines.items()}
    listed = [page[f"{columns['neurons']}{row}"].value for row in range(6, 17)]
    assert page[f"{columns['neurons']}17"].value == sum(listed)
    assert page[f"{columns['parameters']}17"].value == 62378344


def test_sizes_are_written_as_their_neighbours(tmp_path: Path) -> None:
    for written, expected in (
        ("55x55x96", "27x27x256"),
        ("55 × 55 × 96", "27 × 27 × 256"),
        ("(96, 55, 55)", "(256, 27, 27)"),
        ("[1, 96, 55, 55]", "[1, 256, 27, 27]"),
        ("(None, 55, 55, 96)", "(None, 27, 27, 256)"),
        ("55 x 55", "27 x 27"),
    ):
        workbook = next(style for style in STYLES if style.name == "composite").make()
        page = workbook.active
        assert isinstance(page, Worksheet)
        page["D1"] = "Output size"
        page["D2"] = page["D4"] = None
        page["D3"] = written
        workbook.save(template := tmp_path / "theirs.xlsx")
        api.fill("alexnet", template, out := tmp_path / "filled.xlsx")
        assert openpyxl.load_workbook(out)["AlexNet"]["D5"].value == expected, written


@pytest.mark.parametrize(("shown", "expected"), [("1x1x4096", "1x1x1000"), (4096, 1000)])
def test_vectors_are_written_as_their_neighbours(shown: object, expected: object, tmp_path: Path) -> None:
    workbook = next(style for style in STYLES if style.name == "composite").make()
    page = workbook.active
    assert isinstance(page, Worksheet)
    page["D11"] = shown  # type: ignore[assignment]
    workbook.save(template := tmp_path / "theirs.xlsx")
    api.fill("alexnet", template, out := tmp_path / "filled.xlsx")
    assert openpyxl.load_workbook(out)["AlexNet"]["D13"].value == expected


def test_formulas_where_the_neighbours_are_formulas(tmp_path: Path) -> None:
    """Theirs, moved, where that gives the right number; else ours over their cells; the total of ours."""
    template = tmp_path / "theirs.xlsx"
    template.write_bytes(next(style for style in STYLES if style.name == "two-rows").data())
    api.fill("alexnet", template, out := tmp_path / "filled.xlsx")
    page = openpyxl.load_workbook(out)["Table 1"]
    assert [page[f"J{row}"].value for row in (3, 4, 13, 14)] == [
        "=E3*F3*G3",
        "=E4*F4*G4",
        "=E13*F13*G13",
        "=SUM(J3:J13)",
    ]
    assert page["E4"].value == 27


def test_a_moved_formula_that_is_right_by_chance_is_not_taken(tmp_path: Path) -> None:
    """conv1's weights from its own kernel, but the filters of the row below, which happen to be as many: 96."""

    def change(page: Worksheet) -> None:
        page["L7"] = "=J7+K7"  # pool1's: 0 + 0, as it should be
        page["K9"] = "=F9*0"  # pool2's biases, in nobody's way
        page["I8"] = "=F8*H8*H8"  # conv2's neurons from its width, twice: maps are square

    template = tmp_path / "theirs.xlsx"
    template.write_bytes(changed(STYLES[0], change))
    api.fill("alexnet", template, out := tmp_path / "filled.xlsx")
    page = openpyxl.load_workbook(out)["Q1"]
    assert page["L8"].value == "=J8+K8"  # theirs, moved: it reads what ours reads
    assert page["I10"].value == "=F10*G10*H10"  # ours: theirs never reads the height
    assert page["K10"].value == "=F10"  # theirs gives 0 there


def test_wrong_cells_of_a_template_are_named(tmp_path: Path) -> None:
    def change(page: Worksheet) -> None:
        page["F8"] = 265  # 256 filters
        page["G7"] = "=D7*9+9"  # 27, right by a formula of their own
        page["H7"] = "=C7*9"  # 27 too
        page["I6"] = "=G6*H6"  # without the 96 maps; of cells that are yet to be filled
        page["I17"] = "=SUM(I6:I16)"  # wrong by what I6 lacks
        page["L17"] = "=SUM(L6:L16)"  # right, once they are filled

    template = tmp_path / "theirs.xlsx"
    template.write_bytes(changed(STYLES[0], change))
    report = api.fill("alexnet", template, tmp_path / "filled.xlsx")
    said = {each.cell: (each.held, each.right) for each in report.kept}
    assert said == {
        "'Q1'!F8": ("265", "256"),
        "'Q1'!I6": ("=G6*H6, which gives 3025", "290400"),
        "'Q1'!I17": ("=SUM(I6:I16), which gives 494361", "781736"),
    }


# --- layout: ----------------------------------------------------------------------------------------------------------


def test_what_locate_prints_can_be_pasted(tmp_path: Path, full: Sheet) -> None:
    """The block under coursework: finds the same cells, in a workbook whose words were taken out."""
    from sheetgen.pasting import layout_text

    for style in STYLES:
        layout = found(style.data(), full).layout
        head, _, block = layout_text(layout).rstrip().partition("\n")
        assert head == "coursework:"
        network = (Path(__file__).parents[2] / "templates" / "alexnet.yaml").read_text(encoding="utf-8")
        path = tmp_path / f"{style.name}.yaml"
        path.write_text(network.replace("coursework:\n", f"coursework:\n{block}\n", 1), encoding="utf-8")
        described = load(path)
        declared = with_everything(described, lay_out(described))
        again = [
            (spot.row, spot.column, spot.answer, spot.line.unit) for table in declared.layout for spot in table.spots()
        ]
        assert again == [
            (spot.row, spot.column, spot.answer, spot.line.unit) for table in layout for spot in table.spots()
        ]
        tables = find_tables(Package.read(style.data()), declared)
        assert tables is not None
        assert (tables.how, tables.notes) == ("declared", ())


def test_a_layout_that_does_not_fit_is_said(tmp_path: Path) -> None:
    """The given cells are elsewhere: a row was inserted. The table is then looked for, and that is said."""
    network = (Path(__file__).parents[2] / "templates" / "alexnet.yaml").read_text(encoding="utf-8")
    block = "layout: {sheet: Q1, quantities: {kernel_size: C, stride: D, padding: E, out_channels: F, parameters: L}, "
    block += "layers: {conv1: 6, pool1: 7, conv2: 8, pool2: 9, conv3: 10}}"
    path = tmp_path / "mine.yaml"
    path.write_text(network.replace("coursework:\n", f"coursework:\n  {block}\n", 1), encoding="utf-8")
    described = load(path)
    sheet = with_everything(described, lay_out(described))
    assert found(STYLES[0].data(), sheet).declared
    moved = found(changed(STYLES[0], lambda page: page.insert_rows(5)), sheet)
    assert not moved.declared
    assert moved.notes[0].startswith(
        "the table is not where layout: says (13 of 17 given cells disagree with layout:, F6 holds"
    )
    assert moved.notes[0].endswith("so it was looked for")
    assert layers(moved.layout)[7] == "conv1"
