"""Which answer lives in which cell: the columns and rows of a coursework's sheet, and each cell's formula.

A formula on the sheet is the quantity's own tree, read over the sheet: a name that has a cell becomes its address, a
name that is computed elsewhere but has no cell is replaced by its formula, and what is left is a number, folded away.
This room knows tables and addresses; it must not know files, styles or libraries for workbooks.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from . import expr
from .expr import Expr, Num, Sym
from .layers import Conventions
from .network import INPUT, TOTAL, NamedLayer
from .spec import Coursework
from .table import Table, compute

TITLE_ROW, SUBTITLE_ROW, INSTRUCTION_ROW, LEGEND_ROW, HEADER_ROW = 1, 2, 3, 4, 5

Kind = Literal["label", "given", "blank", "none"]


@dataclass(frozen=True, slots=True)
class SheetCell:
    """One cell of the table. ``answer`` is the id of the number it shows, if it shows one; ``marks`` of a blank."""

    row: int
    column: int
    kind: Kind
    answer: str | None = None
    content: str | int | None = None  # what a blank workbook shows
    marks: float = 0


@dataclass(frozen=True)
class Sheet:
    """The sheet of ``coursework``: every cell of its table, and the Excel formula of every number."""

    coursework: Coursework
    table: Table
    rows: Mapping[str, int]  # layer -> row, input and total too
    columns: Mapping[str, int]  # quantity -> column

    @cached_property
    def _layers(self) -> Mapping[str, NamedLayer]:
        return {layer.name: layer for layer in self.coursework.network.layers}

    @cached_property
    def cells(self) -> tuple[SheetCell, ...]:
        """Every cell of the table, row by row, without the header."""
        return tuple(self._cell(layer, column) for layer in self.rows for column in self.columns)

    @cached_property
    def places(self) -> Mapping[str, SheetCell]:
        """Answer id -> the cell that shows it, given or blank."""
        return {cell.answer: cell for cell in self.cells if cell.answer is not None}

    @cached_property
    def blanks(self) -> tuple[SheetCell, ...]:
        """The cells that the student fills, row by row."""
        return tuple(cell for cell in self.cells if cell.kind == "blank")

    def _cell(self, layer: str, quantity: str) -> SheetCell:
        row, column = self.rows[layer], self.columns[quantity]
        if quantity == "layer":
            return SheetCell(row, column, "label", content=layer)
        if quantity == "type":
            kind = self._layers[layer].kind.describe() if layer in self._layers else ""
            return SheetCell(row, column, "label", content=kind)
        answer = self._answer(layer, quantity)
        if answer in self.coursework.blanks:
            return SheetCell(row, column, "blank", answer, marks=self.coursework.blanks[answer])
        if layer in self._layers:
            shown = self._layers[layer].kind.shown().get(quantity)
            if shown is not None:
                return SheetCell(row, column, "given", answer if answer in self.table.numbers else None, shown)
        if answer in self.coursework.given or (layer == INPUT and answer in self.table.numbers):
            return SheetCell(row, column, "given", answer, self._given(answer))
        if answer in self.table.numbers and layer != TOTAL and not quantity.startswith(("kernel", "stride")):
            return SheetCell(row, column, "given", answer, self.table.value(answer))
        return SheetCell(row, column, "none")

    def _answer(self, layer: str, quantity: str) -> str:
        if layer == INPUT and quantity.startswith("out_") and quantity.replace("out_", "in_") not in self.columns:
            return f"{INPUT}.{quantity.replace('out_', 'in_')}"  # the input's size stands in the output columns
        return f"{layer}.{quantity}"

    def _given(self, answer: str) -> str | int:
        """A given number; the width of a square input whose height is asked for follows the height."""
        other = f"{INPUT}.in_height"
        square = self.table.numbers.get(other) == self.table.numbers[answer]
        if answer == f"{INPUT}.in_width" and other in self.coursework.blanks and square:
            column = self.columns["in_height" if "in_height" in self.columns else "out_height"]
            return f"={address(self.rows[INPUT], column)}"
        return self.table.value(answer)

    # --- formulas -----------------------------------------------------------------------------------------------

    def formula(self, answer: str) -> str | None:
        """The Excel formula of ``answer`` over the cells of this sheet, without ``=``; None for a plain number."""
        layer, _, quantity = answer.rpartition(".")
        if layer == TOTAL:
            return self._sum(quantity)
        tree = self.table.quantities[answer].formula
        if layer == INPUT:
            return self._worked_number(answer, tree)
        references: dict[str, str] = {}
        tree = expr.simplify(self._on_sheet(answer, references, top=True))
        return expr.excel(tree, references) if expr.symbols(tree) else None

    def _sum(self, quantity: str) -> str | None:
        column = self.columns.get(quantity)
        if column is None or not self.coursework.rows:
            return None
        first, last = self.coursework.rows[0], self.coursework.rows[-1]
        return f"SUM({address(self.rows[first], column)}:{address(self.rows[last], column)})"

    def _worked_number(self, answer: str, tree: Expr) -> str | None:
        """The input's size as a sum with the numbers put in: a formula over cells would close a circle."""
        binds = self.table.quantities[answer].binds
        numbers = {name: bind for name, bind in binds.items() if isinstance(bind, int)}
        dull = {name: Num(number) for name, number in numbers.items() if number in (0, 1)}
        worked = expr.simplify(expr.substitute(tree, dull))
        return expr.excel(worked, {name: str(numbers[name]) for name in numbers}) if expr.symbols(worked) else None

    def _on_sheet(self, answer: str, references: dict[str, str], *, top: bool = False) -> Expr:
        """The tree of ``answer``: names that have a cell become symbols named by their address."""
        place = self.places.get(answer)
        if not top and place is not None and isinstance(self._shown_number(place), int):
            name = address(place.row, place.column)
            references[name] = name
            return Sym(name)
        quantity = self.table.quantities[answer]
        layer = answer.rpartition(".")[0]
        known: dict[str, Expr] = {}
        for name, bind in quantity.binds.items():
            if isinstance(bind, str):
                known[name] = self._on_sheet(bind, references)
            else:
                known[name] = self._setting(layer, name, bind, references)
        return expr.substitute(quantity.formula, known)

    def _shown_number(self, place: SheetCell) -> int | str | None:
        """The number that the cell will hold once it is filled; text where it shows something else."""
        if place.kind == "blank" or (isinstance(place.content, str) and place.content.startswith("=")):
            return 0
        return place.content

    def _setting(self, layer: str, name: str, number: int, references: dict[str, str]) -> Expr:
        """A setting of the YAML: the cell that shows it (kernel_height in a column kernel_size), or its number."""
        shown = self._layers[layer].kind.shown() if layer in self._layers else {}
        stem = name.rpartition("_")[0]
        for quantity in (name, stem, f"{stem}_size"):
            if quantity in self.columns and shown.get(quantity) == number:
                reference = address(self.rows[layer], self.columns[quantity]) if layer in self.rows else ""
                if reference:
                    references[reference] = reference
                    return Sym(reference)
        return Num(number)


def conventions_sentence(said: Conventions) -> str:
    """What a connection is, in a sentence for the sheet."""
    biases = "biases are counted" if said.bias == "counted" else "biases are not counted"
    padding = f"inputs that fall on zero padding are {said.padding}"
    pooling = (
        "the inputs of a pooling unit are counted" if said.pooling == "counted" else "pooling units have no connections"
    )
    return (
        f"A connection is one input of one unit: {biases}, {padding}, and {pooling}. "
        "A bias is one parameter of its output channel."
    )


def address(row: int, column: int) -> str:
    """``(4, 12)`` is ``L4``."""
    letters = ""
    while column:
        column, letter = divmod(column - 1, 26)
        letters = chr(ord("A") + letter) + letters
    return f"{letters}{row}"


def defined_name(answer: str) -> str:
    """The workbook's name of a blank: the answer's id, except where Excel would not take it for a name.

    A name may not begin with a digit (``_3a.1x1.parameters``), hold other than letters, digits, ``_`` and ``.``, or
    look like a cell.
    """
    kept = "".join(char if char.isalnum() or char in "._" else "_" for char in answer)
    return kept if kept[0].isalpha() or kept[0] == "_" else f"_{kept}"


def lay_out(coursework: Coursework) -> Sheet:
    """The sheet of ``coursework`` as our own blank has it, with its numbers computed."""
    names = (INPUT, *coursework.rows, TOTAL)
    return Sheet(
        coursework,
        compute(coursework.network, coursework.conventions, coursework.rows),
        rows={name: row for row, name in enumerate(names, start=HEADER_ROW + 1)},
        columns={column.quantity: number for number, column in enumerate(coursework.columns, start=1)},
    )
