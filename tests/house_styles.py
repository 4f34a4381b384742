"""Templates as other instructors make them, in five house styles, for AlexNet on one GPU.

Each is a workbook and the truth about it: what every column and row is. Made with openpyxl; nothing in them is ours.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

import openpyxl
from openpyxl.styles import Font, PatternFill
from openpyxl.worksheet.worksheet import Worksheet


@dataclass(frozen=True)
class Style:
    """``lines`` and ``layers``: where which quantity and layer stands, by column letter or row number."""

    name: str
    make: Callable[[], openpyxl.Workbook]
    sheet: str
    lines: Mapping[int | str, str]
    layers: Mapping[int | str, str]
    units: Mapping[str, int] = field(default_factory=dict)
    left: tuple[int | str, ...] = ()  # lines that are neither

    def data(self) -> bytes:
        out = io.BytesIO()
        self.make().save(out)
        return out.getvalue()


LAYERS = ("conv1", "pool1", "conv2", "pool2", "conv3", "conv4", "conv5", "pool5", "fc6", "fc7", "fc8")
WINDOWS = {  # kernel, stride, padding
    "conv1": (11, 4, 0),
    "pool1": (3, 2, 0),
    "conv2": (5, 1, 2),
    "pool2": (3, 2, 0),
    "conv3": (3, 1, 1),
    "conv4": (3, 1, 1),
    "conv5": (3, 1, 1),
    "pool5": (3, 2, 0),
}
CHANNELS = dict(zip(LAYERS, (96, 96, 256, 256, 384, 384, 256, 256, 4096, 4096, 1000), strict=True))


def _page(title: str) -> tuple[openpyxl.Workbook, Worksheet]:
    workbook = openpyxl.Workbook()
    page = workbook.active
    assert isinstance(page, Worksheet)
    page.title = title
    return workbook, page


def ours_like() -> openpyxl.Workbook:
    """One column a quantity, a row a layer, the header some rows down; other words than ours."""
    workbook, page = _page("Q1")
    page["B2"] = "Coursework 1: AlexNet"
    page["B2"].font = Font(bold=True, size=14)
    heads = "Layer name|Kernel size|Strides|Pad|# Filters|Height\nout|Width\nout|# Neurons|No. of weights|Biases"
    heads += "|Total params|# Connections|Comment"
    for column, head in enumerate(heads.split("|"), start=2):
        page.cell(4, column, head).font = Font(bold=True)
    labels = "Input|Conv-1 + ReLU|Max Pooling 1|Conv-2 + ReLU|Max Pooling 2|Conv-3 + ReLU|Conv-4 + ReLU|Conv-5 + ReLU"
    labels += "|Max Pooling 3|FC-6|FC-7|FC-8 (softmax)|Total"
    for row, label in enumerate(labels.split("|"), start=5):
        page.cell(row, 2, label)
    page["G5"] = page["H5"] = 227
    page["F5"] = 3
    for row, layer in enumerate(LAYERS, start=6):
        for column, setting in enumerate(WINDOWS.get(layer, ()), start=3):
            page.cell(row, column, setting)
        page.cell(row, 6, CHANNELS[layer])
        for column in range(7, 14):
            page.cell(row, column).fill = PatternFill("solid", fgColor="FFF2CC")
            page.cell(row, column).number_format = "#,##0"
    page["N6"] = "see the paper, section 3.5"
    return workbook


def transposed() -> openpyxl.Workbook:
    """One column for each layer."""
    workbook, page = _page("Network")
    for column, label in enumerate(("Input", *(layer.upper() for layer in LAYERS), "Sum"), start=2):
        page.cell(3, column, label)
    heads = ("Filter", "Stride", "Padding", "Depth", "Size", "Neurons", "Parameters", "Connections")
    for row, head in enumerate(heads, start=4):
        page.cell(row, 1, head)
    for column, layer in enumerate(LAYERS, start=3):
        for row, setting in enumerate(WINDOWS.get(layer, ()), start=4):
            page.cell(row, column, f"{setting}x{setting}" if row == 4 else setting)
        page.cell(7, column, CHANNELS[layer])
    page["B7"], page["B8"], page["C8"], page["D8"] = 3, 227, 55, 27
    return workbook


def two_rows() -> openpyxl.Workbook:
    """Headings in two rows, the upper ones merged; parameters in thousands, a formula in a given row."""
    workbook, page = _page("Table 1")
    for cells, text in (("A1:A2", "Layer"), ("B1:D1", "Input"), ("E1:G1", "Output"), ("H1:H2", "Params (k)")):
        page[cells.partition(":")[0]] = text
        page.merge_cells(cells)
    page["I1"], page["I2"] = "MACs", "(millions)"
    page.merge_cells("J1:J2")
    page["J1"] = "Units"
    for letter, side in zip("BCDEFG", "HWCHWC", strict=True):
        page[f"{letter}2"] = side
    shapes = {"conv1": (227, 227, 3), "pool1": (55, 55, 96), "conv2": (27, 27, 96)}
    for row, layer in enumerate(LAYERS, start=3):
        page.cell(row, 1, layer.replace("conv", "conv ").replace("fc", "dense "))
        for column, size in enumerate(shapes.get(layer, ()), start=2):
            page.cell(row, column, size)
        page.cell(row, 8).number_format = "#,##0.0"
    page["E3"], page["F3"], page["G3"] = 55, 55, 96
    page["H3"], page["H4"], page["J3"] = 34.944, 0, "=E3*F3*G3"
    page["A14"] = "Total"
    return workbook


def composite() -> openpyxl.Workbook:
    """Sizes in one cell, 55x55x96."""
    workbook, page = _page("AlexNet")
    page.append(["Step", "Operation", "Kernel", "Output shape (H x W x C)", "Params", "Memory (KB)"])
    names = "Image|Convolution 1|Pool 1|Convolution 2|Pool 2|Convolution 3|Convolution 4|Convolution 5|Pool 3"
    names += "|Fully connected 1|Fully connected 2|Output"
    for number, name in enumerate(names.split("|")):
        page.append([number, name])
    for row, layer in enumerate(LAYERS, start=3):
        if layer in WINDOWS:
            page.cell(row, 3, f"{WINDOWS[layer][0]} x {WINDOWS[layer][0]}")
    page["D2"], page["D3"], page["D4"] = "227x227x3", "55x55x96", "27x27x96"
    page["E4"] = 0
    return workbook


def toronto() -> openpyxl.Workbook:
    """The columns of Toronto's CSC411 (2019): # Units, # Weights, # Connections."""
    workbook, page = _page("Sheet1")
    page.append(["", "# Units", "# Weights", "# Connections"])
    for label in (
        *(f"Convolution Layer {number}" for number in range(1, 6)),
        "Fully Connected Layer 1",
        "Fully Connected Layer 2",
        "Output Layer",
    ):
        page.append([label])
    return workbook


def _lines(at: Iterable[int | str], quantities: str) -> dict[int | str, str]:
    return dict(zip(at, quantities.split(), strict=True))


_ROWS = {"conv1": 1, "pool1": 2, "conv2": 3, "pool2": 4, "conv3": 5, "conv4": 6, "conv5": 7, "pool5": 8}
_ROWS |= {"fc6": 9, "fc7": 10, "fc8": 11}
STYLES = (
    Style(
        "ours-like",
        ours_like,
        "Q1",
        _lines(
            "BCDEFGHIJKLM",
            "layer kernel_size stride padding out_channels out_height out_width neurons weights biases"
            " parameters connections",
        ),
        {5: "input", **{5 + at: name for name, at in _ROWS.items()}, 17: "total"},
        left=("N",),
    ),
    Style(
        "transposed",
        transposed,
        "Network",
        _lines(
            (3, *range(4, 12)),
            "layer kernel_size stride padding out_channels out_height neurons parameters connections",
        ),
        {"B": "input", **{"CDEFGHIJKLM"[at - 1]: name for name, at in _ROWS.items()}, "N": "total"},
    ),
    Style(
        "two-rows",
        two_rows,
        "Table 1",
        _lines(
            "ABCDEFGHIJ",
            "layer in_height in_width in_channels out_height out_width out_channels parameters macs neurons",
        ),
        {**{2 + at: name for name, at in _ROWS.items()}, 14: "total"},
        units={"parameters": 1000, "macs": 10**6},
    ),
    Style(
        "composite",
        composite,
        "AlexNet",
        {"B": "layer", "C": "kernel_size", "D": "output_size", "E": "parameters", "F": "activation_memory"},
        {2: "input", **{2 + at: name for name, at in _ROWS.items()}},
        units={"activation_memory": 1024},
    ),
    Style(
        "toronto",
        toronto,
        "Sheet1",
        {"A": "layer", "B": "neurons", "C": "weights", "D": "connections"},
        {2: "conv1", 3: "conv2", 4: "conv3", 5: "conv4", 6: "conv5", 7: "fc6", 8: "fc7", 9: "fc8"},
    ),
)
