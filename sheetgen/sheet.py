"""Which answer lives in which cell: the columns and rows of a coursework's sheet, and each cell's formula.

A formula on the sheet is the quantity's own tree, read over the sheet: a name that has a cell becomes its address, a
name that is computed elsewhere but has no cell is replaced by its formula, and what is left is a number, folded away.
This room knows tables and addresses; it must not know files, styles or libraries for workbooks. A Sheet is plain data:
marking with one that was laid out before (``cache.py``) needs nothing of what reads a YAML.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Literal

from . import expr
from .addresses import address
from .expr import Expr, Num, Sym
from .network import INPUT, TOTAL, NamedLayer
from .quantities import defined_name as defined_name
from .table import Table, compute

if TYPE_CHECKING:
    from .layers import Conventions
    from .spec import Coursework

TITLE_ROW, SUBTITLE_ROW, INSTRUCTION_ROW, LEGEND_ROW, HEADER_ROW = 1, 2, 3, 4, 5

Kind = Literal["label", "given", "blank", "none"]


@dataclass(frozen=True, slots=True)
class Slot:
    """What one cell of the table is for, wherever it stands. ``answer`` is the id of the number it shows, if any."""

    layer: str
    quantity: str
    kind: Kind
    answer: str | None = None
    content: str | int | None = None  # what a blank workbook shows
    marks: float = 0


@dataclass(frozen=True, slots=True)
class SheetCell:
    """A slot at its place; rows and columns count from 1."""

    row: int
    column: int
    slot: Slot

    @property
    def kind(self) -> Kind:
        return self.slot.kind

    @property
    def answer(self) -> str | None:
        return self.slot.answer

    @property
    def content(self) -> str | int | None:
        """What a blank workbook shows here; the width of a square input follows its height, as a formula."""
        return self.slot.content

    @property
    def marks(self) -> float:
        return self.slot.marks


@dataclass(frozen=True)
class Sheet:
    """The table of a coursework on a worksheet: what each cell is for, and the Excel formula of every number."""

    name: str  # of the coursework
    worksheet: str
    table: Table
    headings: Mapping[str, str] = field(hash=False)  # quantity -> heading
    slots: tuple[Slot, ...] = field(repr=False)  # row by row
    rows: Mapping[str, int] = field(hash=False)  # layer -> row, input and total too
    columns: Mapping[str, int] = field(hash=False)  # quantity -> column

    @cached_property
    def cells(self) -> tuple[SheetCell, ...]:
        """Every cell of the table, row by row, without the header."""
        return tuple(SheetCell(self.rows[slot.layer], self.columns[slot.quantity], slot) for slot in self.slots)

    @cached_property
    def places(self) -> Mapping[str, SheetCell]:
        """Answer id -> the cell that shows it, given or blank."""
        return {cell.answer: cell for cell in self.cells if cell.answer is not None}

    @cached_property
    def blanks(self) -> tuple[SheetCell, ...]:
        """The cells that the student fills, row by row."""
        return tuple(cell for cell in self.cells if cell.kind == "blank")

    @cached_property
    def _shown(self) -> Mapping[tuple[str, str], str | int | None]:
        return {(slot.layer, slot.quantity): slot.content for slot in self.slots}

    # --- formulas -----------------------------------------------------------------------------------------------

    def formula(self, answer: str) -> str | None:
        """The Excel formula of ``answer`` over the cells of this sheet, without ``=``; None for a plain number.

        None too where so few columns are shown that the formula would be longer, or deeper, than Excel takes.
        """
        layer, _, quantity = answer.rpartition(".")
        if layer == TOTAL:
            return self._sum(quantity)
        tree = self.table.quantities[answer].formula
        if layer == INPUT:
            return self._worked_number(answer, tree)
        references: dict[str, str] = {}
        try:
            tree = self._on_sheet(answer, references, top=True)
            return expr.excel(tree, references) if expr.symbols(tree) else None
        except (expr.ExpressionError, RecursionError):
            return None

    def _sum(self, quantity: str) -> str | None:
        column = self.columns.get(quantity)
        layers = [row for layer, row in self.rows.items() if layer not in (INPUT, TOTAL)]
        if column is None or not layers:
            return None
        return f"SUM({address(min(layers), column)}:{address(max(layers), column)})"

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
        if not top and place is not None and _holds_number(place):
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
        return expr.simplify(expr.substitute(quantity.formula, known))

    def _setting(self, layer: str, name: str, number: int, references: dict[str, str]) -> Expr:
        """A setting of the YAML: the cell that shows it (kernel_height in a column kernel_size), or its number."""
        stem = name.rpartition("_")[0]
        for quantity in (name, stem, f"{stem}_size"):
            if self._shown.get((layer, quantity)) == number:
                reference = address(self.rows[layer], self.columns[quantity])
                references[reference] = reference
                return Sym(reference)
        return Num(number)


def _holds_number(cell: SheetCell) -> bool:
    """Whether the cell will hold a number once the sheet is filled, so that a formula can refer to it."""
    if isinstance(cell.content, str):
        return cell.content.startswith("=")
    return cell.kind == "blank" or cell.content is not None


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


def lay_out(coursework: Coursework) -> Sheet:
    """The sheet of ``coursework`` as our own blank has it, with its numbers computed."""
    rows = {name: row for row, name in enumerate((INPUT, *coursework.rows, TOTAL), start=HEADER_ROW + 1)}
    columns = {column.quantity: number for number, column in enumerate(coursework.columns, start=1)}
    table = compute(coursework.network, coursework.conventions, coursework.rows)
    layers = {layer.name: layer for layer in coursework.network.layers}
    return Sheet(
        name=coursework.name,
        worksheet=coursework.sheet,
        table=table,
        headings={column.quantity: column.title for column in coursework.columns},
        slots=tuple(
            _slot(coursework, table, layers.get(layer), layer, quantity, columns)
            for layer in rows
            for quantity in columns
        ),
        rows=rows,
        columns=columns,
    )


def _slot(
    coursework: Coursework,
    table: Table,
    described: NamedLayer | None,
    layer: str,
    quantity: str,
    columns: Mapping[str, int],
) -> Slot:
    if quantity == "layer":
        return Slot(layer, quantity, "label", content=layer)
    if quantity == "type":
        return Slot(layer, quantity, "label", content=described.kind.describe() if described else "")
    answer = f"{layer}.{quantity}"
    if layer == INPUT and quantity.startswith("out_") and quantity.replace("out_", "in_") not in columns:
        answer = f"{INPUT}.{quantity.replace('out_', 'in_')}"  # the input's size stands in the output columns
    if answer in coursework.blanks:
        return Slot(layer, quantity, "blank", answer, marks=coursework.blanks[answer])
    known = answer if answer in table.numbers else None
    shown = described.kind.shown().get(quantity) if described else None
    if shown is not None:
        return Slot(layer, quantity, "given", known, shown)
    if known is not None and layer != TOTAL:
        return Slot(layer, quantity, "given", answer, _given(coursework, table, answer, columns))
    return Slot(layer, quantity, "none")


def _given(coursework: Coursework, table: Table, answer: str, columns: Mapping[str, int]) -> str | int:
    """A given number; one that would give an asked one away follows its cell instead.

    So does the input size of a layer that reads what is asked for, and the width of a square input whose height is.
    """
    height = f"{INPUT}.in_height"
    source = table.quantities[answer].binds.get("source")
    if isinstance(source, str) and source in coursework.blanks:
        layer, _, quantity = source.rpartition(".")
        column = columns.get(quantity, columns.get(quantity.replace("in_", "out_")))
        if column is not None and (layer == INPUT or layer in coursework.rows):
            return f"={address(HEADER_ROW + 1 + (INPUT, *coursework.rows).index(layer), column)}"
    square = table.numbers[height] == table.numbers[answer]
    if answer == f"{INPUT}.in_width" and height in coursework.blanks and square:
        return f"={address(HEADER_ROW + 1, columns['in_height' if 'in_height' in columns else 'out_height'])}"
    return table.value(answer)
