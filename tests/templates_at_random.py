"""Templates as nobody made them: any coursework's table in random words, order and place, among other things.

Each is a workbook and the truth about it. What the random choices may not do is lie: a given cell is right but for the
few that are planted as wrong, and a heading or a label is one that some author uses for what it stands for.
"""

from __future__ import annotations

import io
import json
import random
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import openpyxl
from openpyxl.worksheet.worksheet import Worksheet

from sheetgen.layout import answer_at
from sheetgen.network import INPUT, TOTAL
from sheetgen.quantities import COMPOSITE
from sheetgen.recognise import known_of
from sheetgen.recognise.known import SETTINGS
from sheetgen.sheet import Sheet

STYLES = ("plain", "transposed", "two-rows", "composite", "toronto")
COURSEWORKS = ("alexnet", "vgg16", "lenet5", "resnet18", "googlenet")
_SAID: Mapping[str, Sequence[str]] = json.loads(
    (Path(__file__).parent / "data" / "headings.json").read_text(encoding="utf-8")
)["spellings"]
# said of two quantities by different authors: where no cell settles it, nobody could know
_OPEN = {"Size", "Output", "OUTPUT", "Out", "Filter", "Depth", "Capacity", "Activation Size", "OPS", "Num Compute"}
_OPEN |= {"Forward Computation", "Calculation", "Input", "Step", "Operation", "id", "filters", "n_in", "n_out"}
_OPEN |= {"# Weights", "Num Weights", "weights", "Gewichte", "Num Outputs"}
_UPPER = {"in": ("Input", "Before", "IN"), "out": ("Output", "After", "OUT")}
_SIDES = {"height": ("H", "Height", "height"), "width": ("W", "Width", "width"), "channels": ("C", "Channels", "Ch")}
_DECOYS = ("Comment", "Your notes", "Marks", "Checked by", "Hint", "Source", "Done?")


@dataclass(frozen=True)
class Made:
    """A template, and what its lines are, by number: those of the quantities, and those of the layers."""

    data: bytes
    sheet: str
    transposed: bool
    lines: Mapping[int, str]
    layers: Mapping[int, str]


def make(sheet: Sheet, chance: random.Random, style: str) -> Made:
    """A template for the network of ``sheet``, which has every number."""
    return _Maker(sheet, chance, style).make()


class _Maker:
    def __init__(self, sheet: Sheet, chance: random.Random, style: str) -> None:
        self.sheet, self.chance, self.style = sheet, chance, style
        self.known = known_of(sheet)
        self.rows = {row.name: row.kind for row in sheet.table.rows}
        self.grid: dict[tuple[int, int], int | str] = {}  # (line of a layer, line of a quantity)
        self.merges: list[tuple[int, int, int, int]] = []

    def make(self) -> Made:
        chance = self.chance
        workbook = openpyxl.Workbook()
        page = workbook.active
        assert isinstance(page, Worksheet)
        page.title = chance.choice(("Sheet1", "Table", "Q1 (a)", "Answers"))
        columns = self._columns()
        layers = self._layers()
        top, left = chance.randrange(1, 9), chance.randrange(1, 5)
        deep = 2 if self.style == "two-rows" else 1
        first = top + deep
        at_lines = {left: "layer"}
        self.grid[top, left] = (
            "" if self.style == "toronto" else chance.choice(("Layer", "Layer name", "layer", "Name"))
        )
        column = left + 1
        for quantity in columns:
            if quantity is None:
                self.grid[top + deep - 1, column] = chance.choice(_DECOYS)
            else:
                at_lines[column] = quantity
                self._head(top, column, quantity)
            column += 1
        at_layers: dict[int, str] = {}
        row = first
        label = self._labeller(layers)
        for layer in layers:
            if chance.random() < 0.04:  # a row that was inserted
                if chance.random() < 0.5:
                    self.grid[row, left + 1] = "see the lecture"
                row += 1
            at_layers[row] = layer
            self.grid[row, left] = label(layer)
            row += 1
        self._give(at_layers, at_lines, columns, left)
        self._around(top, left, column, row)
        self._write(page)
        if chance.random() < 0.3:
            self._second_sheet(workbook)
        out = io.BytesIO()
        workbook.save(out)
        return Made(out.getvalue(), page.title, self.style == "transposed", at_lines, at_layers)

    # -- what is asked

    def _columns(self) -> list[str | None]:
        """The quantities in the order of their columns; None for a column of something else."""
        chance = self.chance
        if self.style == "toronto":
            return ["neurons", "weights", "connections"]
        settings = [each for each in ("kernel_size", "stride", "padding") if chance.random() < 0.7]
        if self.style == "composite":
            sizes = ["output_size", *(["input_size"] if chance.random() < 0.4 else [])]
        elif self.style == "two-rows":
            sizes = [f"{side}_{axis}" for side in ("in", "out") for axis in ("height", "width", "channels")]
            if chance.random() < 0.5:
                sizes = sizes[3:]
        else:
            sizes = ["out_channels", "out_height", *(["out_width"] if chance.random() < 0.6 else [])]
        counted = [
            each
            for each in ("neurons", "weights", "biases", "parameters", "connections", "macs", "receptive_field")
            if chance.random() < 0.5
        ] or ["parameters"]
        rest: list[str | None] = [*settings, *counted]
        if self.style in ("plain", "transposed", "composite"):
            rest += sizes
            chance.shuffle(rest)
        else:
            chance.shuffle(rest)
            rest = [*sizes, *rest]
        for _ in range(chance.randrange(3)):
            rest.append(None)
        if chance.random() < 0.3 and self.style != "two-rows":
            rest.insert(chance.randrange(len(rest)), None)
        numbers = self.known.quantities
        return [each for each in rest if each is None or each in numbers or each in SETTINGS]

    def _head(self, top: int, column: int, quantity: str) -> None:
        chance = self.chance
        side, _, axis = quantity.partition("_")
        if self.style == "two-rows":
            if side in _UPPER and axis in _SIDES:
                if axis == "height":
                    self.grid[top, column] = chance.choice(_UPPER[side])
                    self.merges.append((top, column, top, column + 2))
                self.grid[top + 1, column] = chance.choice(_SIDES[axis])
                return
            self.merges.append((top, column, top + 1, column))
        spellings = list(_SAID.get(quantity, (quantity.replace("_", " "),)))
        if self.style == "toronto":
            spellings = {"neurons": ["# Units"], "weights": ["# Weights"], "connections": ["# Connections"]}[quantity]
        elif not self._is_settled(quantity):
            spellings = [each for each in spellings if each not in _OPEN]
        said = chance.choice(spellings)
        if chance.random() < 0.15:
            said = said.upper() if chance.random() < 0.5 else said.replace(" ", "\n")
        self.grid[top, column] = said

    def _is_settled(self, quantity: str) -> bool:
        """Whether cells are given that tell the quantity, whatever its heading."""
        return quantity in (*SETTINGS, "out_channels")

    # -- the layers

    def _layers(self) -> list[str]:
        chance = self.chance
        kinds = dict(self.rows)
        drop = {kind for kind in ("LocalResponseNorm", "BatchNorm2d", "Add", "Concat") if chance.random() < 0.5}
        if self.style == "toronto":
            drop = {kind for kind in set(kinds.values()) if kind not in ("Conv2d", "Linear")}
        layers = [name for name, kind in kinds.items() if kind not in drop]
        if chance.random() < 0.3 and all("." not in name for name in layers):
            chance.shuffle(layers)
        ends = chance.random()
        before = [INPUT] if ends < 0.4 and self.style not in ("toronto", "two-rows") else []
        return [*before, *layers, *([TOTAL] if ends > 0.3 and self.style != "toronto" else [])]

    def _labeller(self, layers: Sequence[str]) -> Callable[[str], str]:
        """Says layers in one manner of the many that name each of them."""
        inner = [layer for layer in layers if layer not in (INPUT, TOTAL)]
        in_order = inner == [name for name in self.rows if name in inner]
        whole = {kind: [name for name in self.rows if self.rows[name] == kind] for kind in self.rows.values()}
        numbered = in_order and all([x for x in inner if self.rows[x] == k] in ([], v) for k, v in whole.items())
        plain_kinds = set(self.rows.values()) <= {"Conv2d", "Linear", "MaxPool2d", "LocalResponseNorm", "Subsample2d"}
        manners = ["name", "upper", "spaced", "remark"]
        if numbered and plain_kinds and len(inner) < 30:
            manners += ["counted", "kind"]
        manner = self.chance.choice(manners)
        ends = {
            INPUT: self.chance.choice(("Input", "input image", "Image")),
            TOTAL: self.chance.choice(("Total", "Sum")),
        }
        words = {"Conv2d": "Convolution", "Linear": "Fully connected", "MaxPool2d": "Max Pooling"}
        words |= {"LocalResponseNorm": "Normalisation", "Subsample2d": "Subsampling"}
        remark = self.chance.choice((" + ReLU", " (see text)", ", with bias"))

        def label(layer: str) -> str:
            if layer in ends:
                return ends[layer]
            kind = self.rows[layer]
            if manner == "upper":
                return layer.upper()
            if manner == "spaced":
                return re.sub(r"(?<=[a-z])(?=\d)", self.chance.choice((" ", "-")), layer, count=1)
            if manner == "remark" and kind in ("Conv2d", "Linear"):
                return layer + remark
            if manner == "counted":
                return f"{words[kind]} {whole[kind].index(layer) + 1}"
            return words[kind] if manner == "kind" else layer

        return label

    # -- the given cells

    def _give(
        self, layers: Mapping[int, str], lines: Mapping[int, str], columns: Sequence[str | None], left: int
    ) -> None:
        chance = self.chance
        order = chance.choice((None, (2, 0, 1)))
        for column, quantity in lines.items():
            if quantity == "layer":
                continue
            rate = 1.0 if self._is_settled(quantity) else chance.choice((0.0, 0.1, 0.3))
            if quantity.startswith(("in_", "out_")) or quantity in COMPOSITE:
                rate = max(rate, chance.choice((0.0, 0.2, 0.5)))
            if self.style == "toronto":
                rate = 0.0
            for row, layer in layers.items():
                value = self._value(layer, quantity, order)
                if value is None or chance.random() >= rate:
                    continue
                if chance.random() < 0.015 and isinstance(value, int) and value > 9:
                    value += 1  # the instructor's own slip
                self.grid[row, column] = value
        for column, decoy in enumerate(columns, start=left + 1):
            texts: Sequence[int | str] = chance.choice((("see the paper",), (2, 1, 3), ("",), ("A. Tutor", "B. Tutor")))
            for row in layers if decoy is None else ():
                if chance.random() < 0.4:
                    self.grid[row, column] = chance.choice(texts)

    def _value(self, layer: str, quantity: str, order: tuple[int, ...] | None) -> int | str | None:
        if quantity in COMPOSITE:
            sides = COMPOSITE[quantity]
            numbers = self.known.sides(layer, tuple(answer_at(layer, each).rpartition(".")[2] for each in sides))
            if numbers is None:
                return None
            return " x ".join(str(numbers[each]) for each in order or (0, 1, 2))
        value = self.known.number(layer, quantity)
        return value if isinstance(value, int) else None

    # -- what stands beside it

    def _around(self, top: int, left: int, right: int, below: int) -> None:
        chance = self.chance
        if top > 2 and chance.random() < 0.7:
            self.grid[1, left] = chance.choice(("Coursework 2", "Fill in the yellow cells", "Layers and parameters"))
            self.merges.append((1, left, 1, right))
        if top > 3 and chance.random() < 0.5:
            self.grid[2, left], self.grid[2, left + 1] = "Name:", "A. Student"
        if chance.random() < 0.4:  # who marks what
            scheme: dict[str, int | str] = {"Part": "Marks", "Table": 20, "Layer names": 4, "Total": 24}
            for row, part in enumerate(scheme, start=below + 2):
                self.grid[row, left], self.grid[row, left + 1] = part, scheme[part]
        if chance.random() < 0.4:
            self.grid[below + 8, left] = "Connections are counted with the bias, parameters too."
        if chance.random() < 0.3:  # what the words mean
            for at, pair in enumerate((("Symbol", "Meaning"), ("k", "kernel size"), ("s", "stride"), ("p", "padding"))):
                self.grid[top + at, right + 2], self.grid[top + at, right + 3] = pair

    def _write(self, page: Worksheet) -> None:
        turned = self.style == "transposed"
        for (row, column), value in self.grid.items():
            if value != "":
                page.cell(*((column, row) if turned else (row, column)), value)
        for top, left, bottom, right in self.merges:
            first, last = ((left, top), (right, bottom)) if turned else ((top, left), (bottom, right))
            page.merge_cells(start_row=first[0], start_column=first[1], end_row=last[0], end_column=last[1])
        if self.chance.random() < 0.3:
            page.row_dimensions[self.chance.randrange(5, 15)].hidden = True
            page.column_dimensions["D"].hidden = True

    def _second_sheet(self, workbook: openpyxl.Workbook) -> None:
        """Tables that are none of the network: formulas explained, and who handed in what."""
        other = workbook.create_sheet("Help")
        other.append(("Quantity", "Formula"))
        other.append(("Output height", "(H + 2P - K) / S + 1"))
        other.append(("Parameters", "K*K*C*F + F"))
        other.append(())
        other.append(("Group", "Size", "Weight"))
        for line in ((1, 3, 10), (2, 4, 20), (3, 3, 10)):
            other.append(line)
