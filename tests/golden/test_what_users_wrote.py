"""Headings, dashes, units and rows below the table, as instructors write them: taken rightly, or left and said."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path

import openpyxl
import pytest

from sheetgen import api
from sheetgen.layout import SURE, Line, TableLayout
from sheetgen.recognise import known_of
from sheetgen.recognise.columns import agrees
from sheetgen.sheet import Sheet, lay_out, with_everything
from sheetgen.spec import load
from sheetgen.workbook.compose import compose
from sheetgen.workbook.elsewhere import Elsewhere, find_tables, tables_of_others
from sheetgen.workbook.package import Package
from tests.golden.test_house_styles import page_of

NAMES = ("conv1", "pool1", "conv2", "pool2", "conv3", "conv4", "conv5", "pool5", "fc6", "fc7", "fc8")
KERNELS = dict(zip(NAMES, (11, 3, 5, 3, 3, 3, 3, 3), strict=False))
FILTERS = {"conv1": 96, "conv2": 256, "conv3": 384, "conv4": 384, "conv5": 256, "fc6": 4096, "fc7": 4096, "fc8": 1000}


@pytest.fixture(scope="module")
def full() -> Sheet:
    described = load("alexnet")
    return with_everything(described, lay_out(described))


def sheet_of(**sheets: Sequence[Sequence[object]]) -> bytes:
    workbook = openpyxl.Workbook()
    workbook.remove(workbook.worksheets[0])
    for name, rows in sheets.items():
        page = workbook.create_sheet(name)
        for row in rows:
            page.append(row)
    out = io.BytesIO()
    workbook.save(out)
    return out.getvalue()


def found(data: bytes, sheet: Sheet) -> Elsewhere:
    tables = find_tables(Package.read(data), sheet)
    assert tables is not None
    return tables


def only(data: bytes, sheet: Sheet) -> TableLayout:
    (table,) = found(data, sheet).layout
    return table


def headed(heading: str, sheet: Sheet, cells: Sequence[object] = ()) -> tuple[Line | None, str]:
    """What a column of that heading beside the kernels was taken for; and why it was left."""
    held = [*cells, *[None] * (len(NAMES) - len(cells))]
    rows = [(name, KERNELS.get(name), cell) for name, cell in zip(NAMES, held, strict=True)]
    table = only(page_of(("Layer", "Kernel", heading), *rows), sheet)
    line = next((each for each in table.lines if each.at == 3), None)
    return line, next((each.why for each in table.left if each.at == 3 and each.of == "quantity"), "")


_OF_SOMETHING_ELSE = (
    "Points (params)|Correct params?|Marks for params|Comment on params|Cumulative params|Neurons per map|Time per MAC|"
    "Connections without padding|Mean of weights|Std of weights|Initial weights|Weights per filter|Params - check|"
    "Punkte (Parameter)|Gewichte pro Filter|Parameter, Kommentar|Moyenne des poids|Neurones par carte|"
    "Media de los pesos|Parámetros acumulados|Punteggio parametri|权重均值|每个滤波器的参数|"
    "パラメータ（点数）|重みの標準偏差"
)


@pytest.mark.parametrize("heading", _OF_SOMETHING_ELSE.split("|"))
def test_a_heading_of_something_else_is_left_alone(heading: str, full: Sheet) -> None:
    line, why = headed(heading, full)
    assert line is None
    assert "something else" in why or "counts connections with padding" in why


@pytest.mark.parametrize("heading", ["Params in GPU 1", "Params (solution)", "Formula for params"])
def test_a_word_that_is_not_understood_makes_it_unsure(heading: str, full: Sheet) -> None:
    line, _ = headed(heading, full)
    assert line is not None
    assert (line.quantity, line.certainty) == ("parameters", 0.55)
    settled, _ = headed(heading, full, [34_944, None, 614_656])
    assert settled is not None
    assert settled.certainty > SURE


@pytest.mark.parametrize("heading", ["Params incl. bias", "Parameters per layer", "Connections (with padding)"])
def test_words_that_change_nothing(heading: str, full: Sheet) -> None:
    line, _ = headed(heading, full)
    assert line is not None
    assert line.certainty >= SURE


_THOUSANDS = "Parameter, Tsd.|Parameter Tausend|Parameters in thousands|Paramètres, milliers|Parámetros en miles"


@pytest.mark.parametrize("heading", [*_THOUSANDS.split("|"), "Parametri, migliaia", "参数量，千"])
def test_thousands_in_words(heading: str, full: Sheet) -> None:
    line, _ = headed(heading, full)
    assert line is not None
    assert (line.quantity, line.unit) == ("parameters", 1000)


def test_bytes_are_of_memory_only(full: Sheet) -> None:
    for heading, quantity in (("Activations (MB)", "activation_memory"), ("Params (MB)", "parameter_memory")):
        line, _ = headed(heading, full)
        assert line is not None
        assert (line.quantity, line.unit) == (quantity, 2**20)


def test_numbers_in_full_below_a_unit_are_what_they_are(full: Sheet) -> None:
    line, _ = headed("Params (K)", full, [34_944, None, 614_656])
    assert line is not None
    assert (line.quantity, line.unit) == ("parameters", 1)


def test_means_and_deviations_make_the_bias_a_value(full: Sheet) -> None:
    rows = [(name, None, None, None, None) for name in NAMES]
    table = only(page_of(("Layer", "Params", "Mean of weights", "Std of weights", "Bias"), *rows), full)
    assert [line.quantity for line in table.lines] == ["layer", "parameters"]
    counted = only(page_of(("Layer", "Params", "Bias"), *(row[:3] for row in rows)), full)
    assert [line.quantity for line in counted.lines] == ["layer", "parameters", "biases"]


@pytest.mark.parametrize("heads", [("Filter", "Filter size"), ("Filter size", "Filter"), ("Filter", "Filtergröße")])
def test_the_heading_that_says_more_is_the_kernels_size(heads: tuple[str, str], full: Sheet) -> None:
    table = only(page_of(("Layer", *heads, "Stride", "Params"), *((name,) for name in NAMES)), full)
    said = {line.heading: line.quantity for line in table.lines}
    assert said["Filter"] == "out_channels"
    assert {said[head] for head in heads} == {"out_channels", "kernel_size"}


@pytest.mark.parametrize("dash", ["-", "–", "—", "n/a", "none", "x"])
def test_a_dash_is_no_number_and_no_finding(dash: str, full: Sheet) -> None:
    rows = [(name, KERNELS.get(name, dash), FILTERS.get(name, dash), None) for name in NAMES]
    package = Package.read(page_of(("Layer", "Kernel", "# Filters", "Params"), *rows))
    tables = find_tables(package, full)
    assert tables is not None
    assert [line.quantity for line in tables.layout[0].lines] == ["layer", "kernel_size", "out_channels", "parameters"]
    assert tables.notes == ()
    composed = compose(package, tables.layout, full)
    assert (composed.wrong, composed.right) == ((), 16)
    assert composed.notes == ("6 cells hold a dash or the like; left",)


def test_no_filters_of_a_pool_do_not_make_them_biases(full: Sheet) -> None:
    rows = [(name, FILTERS.get(name, 0), None) for name in NAMES]
    package = Package.read(page_of(("Layer", "# Filters", "Params"), *rows))
    tables = find_tables(package, full)
    assert tables is not None
    line = tables.layout[0].lines[1]
    assert line.quantity == "out_channels"
    assert line.certainty >= SURE
    assert compose(package, tables.layout, full).wrong == ()


def test_a_rounded_number_that_says_its_unit_is_right_in_its_precision(full: Sheet) -> None:
    rows = [(name, {"conv1": "35k", "fc8": "4.1M", "conv3": "885k", "conv2": "620k"}.get(name)) for name in NAMES]
    package = Package.read(page_of(("layer", "params"), *rows))
    tables = find_tables(package, full)
    assert tables is not None
    composed = compose(package, tables.layout, full)
    assert composed.right == 3
    assert [(each.held, each.right) for each in composed.wrong] == [("620k", "614656")]  # planted


def test_a_blank_size_is_left_with_what_to_do_and_a_shape_is_taken(full: Sheet) -> None:
    line, why = headed("Output size", full)
    assert line is None
    assert "not sure enough (" in why
    assert why.endswith("%); fill in one of its cells as an example, or give layout:")
    line, _ = headed("Output Shape", full)
    assert line is not None
    assert line.quantity == "output_size"
    assert line.certainty < SURE


def test_lines_at_the_end_are_listed(full: Sheet) -> None:
    rows = [*((name,) for name in NAMES), ("mystery layer",), ("another",), (), ("Hand in by Friday",)]
    table = only(page_of(("Layer", "Params"), *rows), full)
    assert [each.text for each in table.left if each.of == "layer"] == ["mystery layer", "another"]


def test_what_a_second_sheet_repeats_is_said(full: Sheet) -> None:
    rows = [(name, None) for name in NAMES]
    data = sheet_of(Sizes=[("Layer", "Params", "MACs"), *rows], Rough=[("Layer", "params"), *rows])
    assert found(data, full).notes == ("Rough has parameters once more, which Sizes has; both are taken for the table",)
    apart = sheet_of(Sizes=[("Layer", "Params"), *rows], Work=[("Layer", "MACs"), *rows])
    assert found(apart, full).notes == ()


def test_another_networks_workbook_is_left_alone_as_a_whole(full: Sheet) -> None:
    theirs = [(name, KERNELS.get(name), FILTERS.get(name), None) for name in NAMES]
    theirs = [(name, k and k + 2, f and f + 32, None) for name, k, f, _ in theirs]
    questions = [("Layer", "Params", "MACs"), *((name,) for name in NAMES)]
    data = sheet_of(Table=[("Layer", "Kernel size", "# Filters", "Params"), *theirs], Questions=questions)
    assert find_tables(Package.read(data), full) is None
    alone = sheet_of(Questions=questions)
    assert find_tables(Package.read(alone), full) is not None


def test_a_clear_heading_does_not_lose_to_a_twin(full: Sheet) -> None:
    """In millions most MACs are connections too, and connections are asked of the student, so may be wrong."""
    cells = (101, None, 448, None, 150, 224, 150, None, 38, 17, 9)
    line, _ = headed("MACs (M)", full, cells)
    assert line is not None
    assert line.quantity == "macs"


def test_numbers_below_bytes_are_no_count(full: Sheet) -> None:
    line, _ = headed("Activations (MB)", full, [290_400 / 2**20, None, 186_624 / 2**20])
    assert line is None or line.quantity == "activation_memory"


def test_of_kernel_and_kernel_size_the_second_is_it(full: Sheet) -> None:
    table = only(page_of(("Layer", "Kernel", "Kernel size", "Params"), *((name,) for name in NAMES)), full)
    assert [(line.at, line.quantity) for line in table.lines][1:] == [(3, "kernel_size"), (4, "parameters")]


def test_a_column_of_dashes_is_blank(full: Sheet) -> None:
    line, why = headed("Output size", full, ["-"] * len(NAMES))
    assert line is None
    assert "fill in one of its cells as an example" in why
    assert agrees("-", "pool1", Line(3, "parameters"), known_of(full)) is None


def test_small_marks_beside_a_dash_are_no_strides(full: Sheet) -> None:
    """A dash is no cell that is told: three small numbers agree by accident with it as without it."""
    assert headed("Rating", full, [4, 2, 1, "-"])[0] is None
    assert headed("Rating", full, [4, 2, 1, 2])[0] is not None  # four are more than an accident


def certainty(heading: str, cells: Sequence[object], sheet: Sheet) -> float:
    line, _ = headed(heading, sheet, cells)
    return line.certainty if line is not None else 0


def test_a_text_says_less_against_a_heading_than_a_wrong_given_number(full: Sheet) -> None:
    assert certainty("Stride", ["see below"], full) > certainty("Stride", [7], full) > 0
    # a student's own wrong answer says the least
    assert certainty("Params", [7], full) > certainty("Params", ["see below"], full)


def test_a_whole_column_of_wrong_answers_says_no_more_than_one(full: Sheet) -> None:
    one, many = (certainty("Params", cells, full) for cells in ([34_945], [34_945, 1, 7, 2, 9, 9, 8, 6]))
    assert one == many > 0.8


def test_layers_that_are_not_there_say_whose_table_it_is(full: Sheet) -> None:
    rows = [("Input",), *((f"Convolution {at}",) for at in range(1, 17))]
    data = page_of(("Layer", "Output size", "Params"), *rows)
    assert find_tables(Package.read(data), full) is None
    (said,) = tables_of_others(Package.read(data), full)
    assert "16 of its layers are not in alexnet" in said


def test_stages_are_left_and_the_rest_is_found() -> None:
    described = load("resnet18")
    sheet = with_everything(described, lay_out(described))
    names = ("conv1", "pool1", "conv2_x", "conv3_x", "conv4_x", "conv5_x", "average pool", "fc")
    table = only(page_of(("Layer name", "Params", "MACs"), *((name,) for name in names)), sheet)
    assert [layer.layer for layer in table.layers] == ["conv1", "pool1", "pool5", "fc"]
    assert [each.text for each in table.left] == ["conv2_x", "conv3_x", "conv4_x", "conv5_x"]


def test_given_units_say_which_dense_rows_these_are() -> None:
    described = load("lenet5")
    sheet = with_everything(described, lay_out(described))
    rows = (("Conv1",), ("AvgPool1",), ("Conv2",), ("AvgPool2",), ("FC1", 120), ("FC2", 84))
    tables = found(page_of(("Layer", "Output channels", "Params"), *rows), sheet)
    (table,) = tables.layout
    assert [layer.layer for layer in table.layers] == ["C1", "S2", "C3", "S4", "C5", "F6"]
    assert len(tables.notes) == 2  # against what their labels say, so that it is said


def test_fill_tells_of_dashes_in_one_line(tmp_path: Path) -> None:
    rows = [(name, KERNELS.get(name, "-"), None) for name in NAMES]
    (tmp_path / "theirs.xlsx").write_bytes(page_of(("Layer", "Kernel", "Params"), *rows))
    done = api.fill("alexnet", tmp_path / "theirs.xlsx", tmp_path / "filled.xlsx")
    assert "3 cells hold a dash or the like; left" in done.notes
    assert done.kept == ()
