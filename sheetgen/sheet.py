"""Which answer lives in which cell: the columns and rows of a coursework's sheet, and each cell's formula.

A formula on the sheet is the quantity's own tree, read over the sheet: a name that has a cell becomes its address, a
name that is computed elsewhere but has no cell is replaced by its formula, and what is left is a number, folded away.
This room knows tables and addresses; it must not know files, styles or libraries for workbooks. A Sheet is plain data:
marking with one that was laid out before (``cache.py``) needs nothing of what reads a YAML.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from . import expr
from .addresses import address, sheet_prefix
from .expr import Expr, Num, Sym, Value
from .layout import Layout
from .misconceptions import Misconception
from .network import INPUT, TOTAL, NamedLayer, Network
from .quantities import COMPOSITE, QUANTITIES, SHARES
from .quantities import defined_name as defined_name
from .questionnaire import FOLLOW_THROUGH, PREFIX, Questionnaire
from .questionnaire import lay_out as lay_out_questions
from .table import AXES, Quantity, Table, compute
from .variants import variants

if TYPE_CHECKING:
    from .coursework import Coursework
    from .layers import Conventions

TITLE_ROW, SUBTITLE_ROW, INSTRUCTION_ROW, LEGEND_ROW, HEADER_ROW = 1, 2, 3, 4, 5

Known = TypeVar("Known")
MOST_KNOWN = 50_000  # things that are remembered from one student to the next, each some hundred bytes
LONGEST_TREE = 2_000  # cells and numbers in one formula: no longer one would fit into a cell
MOST_CELLS = 12  # of the table in the formula of a question's number that has no cell
MOST_ARGUMENTS = 250  # of SUM; Excel takes 255
ROUNDED = 0.005  # of a number that is not whole: 0.6 % for 0.6005 %, but not 0.61 %
_INPUTS = (*(f"in_{axis}" for axis in AXES), "input_size")  # of a block those of its two ends
_OUTPUTS = (*(f"out_{axis}" for axis in AXES), "output_size")

Kind = Literal["label", "given", "blank", "none"]
Content = str | int | float | None


@dataclass(frozen=True, slots=True)
class Slot:
    """What one cell of the table is for, wherever it stands. ``answer`` is the id of the number it shows, if any."""

    layer: str
    quantity: str
    kind: Kind
    answer: str | None = None
    content: Content = None  # what a blank workbook shows
    marks: float = 0
    near: float = 0  # how far off the answer may be
    follow_through: float = FOLLOW_THROUGH  # share of the marks for what is right for the student's own earlier numbers


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
    def content(self) -> Content:
        """What a blank workbook shows here; the width of a square input follows its height, as a formula."""
        return self.slot.content

    @property
    def marks(self) -> float:
        return self.slot.marks

    @property
    def near(self) -> float:
        return self.slot.near


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
    questions: Questionnaire | None = None  # on a worksheet of their own
    layout: Layout = ()  # where the coursework says that its tables stand, in a workbook that is not ours
    # where each layer's quantity stands, in a workbook that is not ours; else rows and columns say it
    spots: Mapping[tuple[str, str], tuple[int, int]] | None = field(default=None, hash=False)
    misconceptions: tuple[Misconception, ...] = ()  # wrong rules that the coursework declares
    # convention -> the formulas, by id, of the numbers that would be others under its other choice
    variants: Mapping[str, Mapping[str, str]] = field(default_factory=dict, repr=False, hash=False)

    @cached_property
    def cells(self) -> tuple[SheetCell, ...]:
        """Every cell of the table, row by row, without the header."""
        placed = ((slot, self.at(slot.layer, slot.quantity)) for slot in self.slots)
        return tuple(SheetCell(*at, slot) for slot, at in placed if at is not None)

    def at(self, layer: str, quantity: str) -> tuple[int, int] | None:
        """Row and column of a layer's quantity; None where it has no cell."""
        if self.spots is not None:
            return self.spots.get((layer, quantity))
        row, column = self.rows.get(layer), self.columns.get(quantity)
        return None if row is None or column is None else (row, column)

    @cached_property
    def places(self) -> Mapping[str, SheetCell]:
        """Answer id -> the cell that shows it, given or blank."""
        return {cell.answer: cell for cell in self.cells if cell.answer is not None}

    @cached_property
    def blanks(self) -> tuple[SheetCell, ...]:
        """The cells that the student fills, row by row."""
        return tuple(cell for cell in self.cells if cell.kind == "blank")

    @cached_property
    def remembered(self) -> dict[object, Any]:
        """What marking with this sheet worked out before, and will again: see ``remember``."""
        return {}

    def remember(self, key: object, work: Callable[[], Known]) -> Known:
        """What ``work`` gives, the same for every student for whom ``key`` is the same. No more than MOST_KNOWN."""
        known: Known | None = self.remembered.get(key)
        if known is None:
            known = work()
            if len(self.remembered) < MOST_KNOWN:
                self.remembered[key] = known
        return known

    def level(self, row: str) -> int:
        """How deep a row stands in blocks: 0 for a layer of the network's own, and for a block's own row."""
        return 0 if row in (INPUT, TOTAL) or row in self.table.blocks else min(row.count("."), 7)

    @cached_property
    def _shown(self) -> Mapping[tuple[str, str], Content]:
        return {(slot.layer, slot.quantity): slot.content for slot in self.slots}

    # --- formulas -----------------------------------------------------------------------------------------------

    def formula(self, answer: str) -> str | None:
        """The Excel formula of ``answer`` over the cells of this sheet, without ``=``; None for a plain number.

        None too where so few columns are shown that the formula would be longer, or deeper, than Excel takes.
        """
        layer, _, quantity = answer.rpartition(".")
        if answer.startswith(f"{PREFIX}."):
            return self._asked(answer)
        if layer == TOTAL:
            return self._sum([row.name for row in self.table.rows], quantity)
        if layer == INPUT:
            return self._worked_number(answer, self.table.quantities[answer].formula)
        if layer in self.table.blocks and quantity not in (*SHARES, *_INPUTS, *_OUTPUTS):
            return self._sum(self.table.blocks[layer], quantity)
        try:
            tree = self._tree(answer)
            return expr.excel(tree, {name: name for name in names}) if (names := expr.symbols(tree)) else None
        except (expr.ExpressionError, RecursionError):
            return None

    def _sum(self, layers: Sequence[str], quantity: str) -> str | None:
        places = [self.at(layer, quantity) for layer in layers]
        known = [place for place in places if place is not None]
        return sum_of_cells(known) if len(known) == len(places) else None

    def _worked_number(self, answer: str, tree: Expr) -> str | None:
        """The input's size as a sum with the numbers put in: a formula over cells would close a circle."""
        binds = self.table.quantities[answer].binds
        numbers = {name: bind for name, bind in binds.items() if isinstance(bind, int)}
        dull = {name: Num(number) for name, number in numbers.items() if number in (0, 1)}
        worked = expr.simplify(expr.substitute(tree, dull))
        names = expr.symbols(worked)
        if not names or not numbers.keys() >= set(names):
            return None
        return expr.excel(worked, {name: str(numbers[name]) for name in names})

    def _asked(self, answer: str) -> str | None:
        """A question's number over the cells of the table, which stands on another worksheet; ``LOG(1000,2)``."""
        quantity = self.table.quantities[answer]
        tree = quantity.formula
        if any(isinstance(bind, int) for bind in quantity.binds.values()):
            return self._worked_number(answer, tree)
        if isinstance(tree, Num) or (isinstance(tree, expr.Neg) and isinstance(tree.of, Num)):
            return None
        try:
            put_in = {name: self._cell(str(bind)) or self._short(str(bind)) for name, bind in quantity.binds.items()}
            tree = expr.substitute(tree, put_in)
            there = sheet_prefix(self.worksheet)
            return expr.excel(tree, {name: f"{there}{name}" for name in expr.symbols(tree)})
        except (expr.ExpressionError, RecursionError):
            return None

    def _short(self, answer: str) -> Expr:
        """The formula of a number without a cell, as far as a person would type it out; else the number itself."""
        number = self.table.value(answer)
        with contextlib.suppress(expr.ExpressionError, RecursionError):
            tree = self._tree(answer)
            if len(expr.symbols(tree)) <= MOST_CELLS:
                return tree
        return Num(number) if isinstance(number, int | Fraction) else self._tree(answer)

    @cached_property
    def _trees(self) -> dict[str, tuple[Expr, int]]:
        return {}

    def _tree(self, answer: str) -> Expr:
        """The tree of ``answer`` with addresses of cells for its names; ExpressionError where it grows too long."""
        known = self._trees.get(answer)
        if known is None:
            quantity = self.table.quantities[answer]
            layer = answer.rpartition(".")[0]
            put_in: dict[str, Expr] = {}
            size = 1
            for name, bind in quantity.binds.items():
                if isinstance(bind, int):
                    put_in[name] = self._setting(layer, name, bind)
                elif (cell := self._cell(bind)) is not None:
                    put_in[name] = cell
                elif not bind.startswith(f"{layer}.") and (start := self._start(bind)) is not None:
                    put_in[name] = start
                    size += 2
                else:
                    put_in[name] = self._tree(bind)
                    size += self._trees[bind][1]
            # what is inlined through many layers grows with each: stop before it gets out of hand
            if size > LONGEST_TREE:
                raise expr.ExpressionError("the formula would be too long for a cell")
            known = expr.simplify(expr.substitute(quantity.formula, put_in)), size
            self._trees[answer] = known
        return known[0]

    def _cell(self, answer: str) -> Expr | None:
        """The cell that shows ``answer``, if one does."""
        place = self.places.get(answer)
        return Sym(address(place.row, place.column)) if place is not None and _holds_number(place) else None

    def _start(self, answer: str) -> Expr | None:
        """Where the first unit of another layer begins to see, from the cells of its centre and its field."""
        layer, _, quantity = answer.rpartition(".")
        if not quantity.startswith("start"):
            return None
        centre, extent = (
            self._cell(f"{layer}.{quantity.replace('start', name)}") for name in ("centre", "receptive_field")
        )
        if centre is None or extent is None:
            return None
        return expr.Op("-", centre, expr.Op("/", expr.Op("-", extent, expr.ONE), Num(2)))

    def _setting(self, layer: str, name: str, number: int) -> Expr:
        """A setting of the YAML: the cell that shows it (kernel_height in a column kernel_size), or its number."""
        stem = name.rpartition("_")[0]
        for quantity in (name, stem, f"{stem}_size"):
            at = self.at(layer, quantity)
            if at is not None and self._shown.get((layer, quantity)) == number:
                return Sym(address(*at))
        return Num(number)


def sum_of_rows(rows: Sequence[int], column: int) -> str | None:
    """``SUM(L7:L14,L16)``: the sum of a column over ``rows``; rows of blocks, which are sums, are not among them."""
    return sum_of_cells([(row, column) for row in rows])


def sum_of_cells(cells: Sequence[tuple[int, int]]) -> str | None:
    """``SUM(L7:L14,L16)``, or ``SUM(C5:L5)`` where the cells stand side by side."""
    areas = _areas(cells)
    groups = [areas[i : i + MOST_ARGUMENTS] for i in range(0, len(areas), MOST_ARGUMENTS)]
    return "+".join(f"SUM({','.join(group)})" for group in groups) or None


def _areas(cells: Sequence[tuple[int, int]]) -> list[str]:
    """Neighbours as one area: ``L7:L14``."""
    across = len({row for row, _ in cells}) == 1 and len(cells) > 1
    runs: list[list[tuple[int, int]]] = []
    for row, column in sorted(cells, key=lambda at: at if across else (at[1], at[0])):
        if runs and runs[-1][1] == ((row, column - 1) if across else (row - 1, column)):
            runs[-1][1] = row, column
        else:
            runs.append([(row, column), (row, column)])
    return [address(*first) + (f":{address(*last)}" if last != first else "") for first, last in runs]


def _holds_number(cell: SheetCell) -> bool:
    """Whether the cell will hold a number once the sheet is filled, so that a formula can refer to it."""
    if isinstance(cell.content, str):
        return cell.content.startswith("=")
    if cell.slot.quantity in COMPOSITE:
        return False  # a text, in most rows
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


def remarks(coursework: Coursework) -> tuple[str, ...]:
    """The conventions, in sentences: each that some column of the coursework depends on."""
    shown, said = set(coursework.needed), coursework.conventions
    kinds = {layer.kind.type for layer in coursework.network.layers}
    connections = conventions_sentence(said)
    if any(getattr(layer.kind, "bias", None) == "per unit" for layer in coursework.network.layers):
        connections = connections.removesuffix(".") + ", but where the type says so each unit has its own."
    found = [connections] if shown & {"connections", "connections_share"} else []
    if shown & {"macs", "macs_share", "flops"}:
        each = "two FLOPs" if said.flops == "2 per MAC" else "one FLOP"
        found.append(
            "A MAC is one multiplication of an input with a weight and its addition, of layers with weights, zero "
            "padding counted and biases not" + (f"; it is {each}." if "flops" in shown else ".")
        )
    if shown & {"activation_memory", "parameter_memory"}:
        found.append(f"Memory is in bytes of {said.dtype} ({said.bytes} a number), of one image.")
    if "BatchNorm2d" in kinds and shown & {"weights", "biases", "parameters", "running_statistics"}:
        found.append(
            "Batch normalisation has two parameters per channel, a scale and a shift. Its running mean and variance "
            "are no parameters; Keras counts them, as non-trainable ones."
        )
    if any(name.startswith(("receptive_field", "jump", "centre")) for name in shown):
        found.append(
            "A receptive field is counted in pixels of the image, as if the image and the output of every layer, a "
            "single unit too, went on beyond their borders; it is what all channels at one place see together. The "
            "jump is the distance from one unit's to the next; centres count from 0, the first pixel."
        )
    return tuple(found)


def lay_out(coursework: Coursework) -> Sheet:
    """The sheet of ``coursework`` as our own blank has it, with its numbers computed."""
    network = coursework.network
    table = compute(
        network, coursework.conventions, coursework.rows, wanted=coursework.needed, custom=coursework.custom
    )
    table = _with_questions(table, coursework.numbers)
    names: list[str] = [INPUT]
    above = {layers[0]: block for block, layers in table.blocks.items()} if coursework.subtotals else {}
    for name in coursework.rows:
        names += [above[name], name] if name in above else [name]
    rows = {name: row for row, name in enumerate((*names, TOTAL), start=HEADER_ROW + 1)}
    columns = {column.quantity: number for number, column in enumerate(coursework.columns, start=1)}
    layers = {layer.name: _reading_rows(layer, network, rows) for layer in network.layers}
    types = {block.name: block.type for block in network.blocks}
    making = _Slots(coursework, table, rows, columns, ends={block.name: block.layers[-1] for block in network.blocks})
    return Sheet(
        name=coursework.name,
        worksheet=coursework.sheet,
        table=table,
        headings={column.quantity: column.title for column in coursework.columns},
        slots=tuple(
            making.of_block(name, types[name], quantity)
            if name in types and name not in layers
            else making.of_layer(name, layers.get(name), quantity)
            for name in rows
            for quantity in columns
        ),
        rows=rows,
        columns=columns,
        questions=(
            lay_out_questions(coursework.questions_sheet, coursework.questions) if coursework.questions else None
        ),
        layout=coursework.layout,
        misconceptions=coursework.misconceptions,
        variants=variants(coursework, table, coursework.needed),
    )


def with_everything(coursework: Coursework, sheet: Sheet, rows: Collection[str] | None = None) -> Sheet:
    """``sheet`` with the number of every quantity of every layer, those too that its own columns do not show.

    For a table that is not ours: ``rows`` are the layers that it lists, over which its totals go; by default all.
    """
    network = coursework.network
    listed = [layer.name for layer in network.layers if rows is None or layer.name in rows]
    wanted = [*QUANTITIES, *(each.name for each in coursework.custom)]
    while True:
        try:
            table = compute(network, coursework.conventions, listed, wanted=wanted, custom=coursework.custom)
            break
        except expr.ExpressionError as error:  # such as a share of nothing: no layer has one
            failed = str(error).partition(":")[0].rpartition(".")[2]
            if failed not in wanted:
                raise
            wanted.remove(failed)
    above = {layers[0]: block for block, layers in table.blocks.items()}
    names: list[str] = [INPUT]
    for name in listed:
        names += [above[name], name] if name in above else [name]
    return replace(
        sheet,
        table=table,
        rows={name: row for row, name in enumerate((*names, TOTAL), start=HEADER_ROW + 1)},
        questions=None,
        variants=variants(coursework, table, wanted),
    )


def _with_questions(table: Table, asked: Mapping[str, Quantity]) -> Table:
    """The table with the numbers of the questions, which are computed from its own."""
    numbers = {
        answer: expr.value(
            quantity.formula,
            {name: bind if isinstance(bind, int) else table.numbers[bind] for name, bind in quantity.binds.items()},
        )
        for answer, quantity in asked.items()
    }
    return replace(table, quantities={**table.quantities, **asked}, numbers={**table.numbers, **numbers})


def _reading_rows(layer: NamedLayer, network: Network, rows: Collection[str]) -> NamedLayer:
    """``layer`` as the sheet tells of it: in the place of a source that is left out stands what that one reads."""
    above = {each.name: each.source for each in network.layers}

    def shown(source: str) -> str:
        while source not in rows and source in above:
            source = above[source]
        return source

    return replace(layer, sources=tuple(shown(source) for source in layer.sources))


@dataclass(frozen=True, slots=True)
class _Slots:
    """What each cell of the table is for."""

    coursework: Coursework
    table: Table
    rows: Mapping[str, int]
    columns: Mapping[str, int]
    ends: Mapping[str, str]  # block -> its last layer
    sizes: dict[tuple[str, ...], str] = field(default_factory=dict)  # what the sides of an asked size are -> its id

    def __post_init__(self) -> None:
        for answer in self.coursework.blanks:
            if answer.rpartition(".")[2] in COMPOSITE:
                self.sizes.setdefault(self._sides(answer), answer)

    def of_layer(self, layer: str, described: NamedLayer | None, quantity: str) -> Slot:
        """A cell of a layer's row, or of the input's or the totals' (which no layer describes)."""
        if quantity == "layer":
            return Slot(layer, quantity, "label", content=layer)
        if quantity == "type":
            said = described.describe(self.rows, sources="from" not in self.columns) if described else ""
            return Slot(layer, quantity, "label", content=said)
        if quantity == "from":
            return Slot(layer, quantity, "label", content=", ".join(described.reads(self.rows)) if described else "")
        answer = f"{layer}.{quantity}"
        if layer == INPUT and quantity.startswith("out") and quantity.replace("out", "in", 1) not in self.columns:
            answer = f"{INPUT}.{quantity.replace('out', 'in', 1)}"  # the input's size stands in the output columns
        if answer in self.coursework.blanks:
            return self._blank(layer, quantity, answer)
        known = answer if answer in self.table.numbers else None
        shown = described.kind.shown().get(quantity) if described else None
        if shown is not None:
            return Slot(layer, quantity, "given", known, shown)
        if known is not None and layer != TOTAL:
            return Slot(layer, quantity, "given", answer, self._given(answer))
        return Slot(layer, quantity, "none")

    def of_block(self, block: str, kind: str, quantity: str) -> Slot:
        """A cell of a block's own row: what is not asked follows the rows below, as a formula."""
        if quantity in ("layer", "type"):
            return Slot(block, quantity, "label", content=block if quantity == "layer" else kind)
        answer = f"{block}.{quantity}"
        if answer in self.coursework.blanks:
            return self._blank(block, quantity, answer)
        if answer not in self.table.numbers:
            return Slot(block, quantity, "none")
        column, layers = self.columns[quantity], self.table.blocks[block]
        if quantity in _OUTPUTS and self.ends[block] in self.rows:
            at = self.rows[self.ends[block]]
            return Slot(block, quantity, "given", answer, f"={address(at, column)}")
        if quantity in (*SHARES, *_INPUTS, *_OUTPUTS):
            return Slot(block, quantity, "given", answer, self._given(answer))
        rows = [self.rows[each] for each in layers]
        total, areas = sum_of_rows(rows, column), _areas([(row, column) for row in rows])
        if len(areas) > MOST_ARGUMENTS:
            return Slot(block, quantity, "given", answer, f"={total}")
        # while some of it is still to be filled, a sum would be a number that is not the block's
        count = sum(f"{each}.{quantity}" in self.table.numbers for each in layers)
        return Slot(block, quantity, "given", answer, f'=IF(COUNT({",".join(areas)})={count},{total},"")')

    def _blank(self, layer: str, quantity: str, answer: str) -> Slot:
        asked, right = self.coursework.blanks[answer], self.table.value(answer)
        near = 0.0
        if asked.tolerance is not None and not isinstance(right, str):
            near = asked.tolerance.distance(right)
        elif not isinstance(right, str | int):
            near = ROUNDED * abs(float(right))  # nobody can type all of a third
        return Slot(layer, quantity, "blank", answer, marks=asked.marks, near=near, follow_through=asked.follow_through)

    def _given(self, answer: str) -> Content:
        """A given number; one that would give an asked one away follows its cell instead.

        So does whatever is the same number by its formula (the input size of a layer that reads what is asked for, the
        size behind a layer that keeps it), and the width of a square input whose height is asked for. What the YAML
        shows as an example it shows.
        """
        height = f"{INPUT}.in_height"
        number = self.table.value(answer)
        if answer in self.coursework.given:
            return plain_number(number)
        for same in self._followed(answer):
            if same in self.coursework.blanks:
                layer, _, quantity = same.rpartition(".")
                column = self.columns.get(quantity, self.columns.get(quantity.replace("in_", "out_")))
                if column is not None and layer in self.rows:
                    return f"={address(self.rows[layer], column)}"
        asked = self.sizes.get(self._sides(answer))
        if asked is not None:
            layer, _, quantity = asked.rpartition(".")
            cell = address(self.rows[layer], self.columns[quantity])
            # a list is as long as it has channels
            return f"={cell}" if self.table.value(asked) == number else f'="1 x 1 x "&{cell}'
        if answer.endswith(("_share", "_ratio")) and not isinstance(number, str):
            return float(f"{float(number):.3g}")  # all its digits would give away what it is a share of
        if answer == f"{INPUT}.in_width" and height in self.coursework.blanks:
            column = self.columns["in_height" if "in_height" in self.columns else "out_height"]
            if self.table.numbers[height] == number:
                return f"={address(HEADER_ROW + 1, column)}"
        return plain_number(number)

    def _followed(self, answer: str) -> Iterator[str]:
        """The ids of the numbers that ``answer`` is by its formula, from layer to layer."""
        while True:
            quantity = self.table.quantities[answer]
            bind = quantity.binds.get(quantity.formula.name) if isinstance(quantity.formula, Sym) else None
            if not isinstance(bind, str):
                return
            answer = bind
            yield answer

    def _sides(self, answer: str) -> tuple[str, ...]:
        """What the sides of a size, 55 x 55 x 96, are; of another number nothing."""
        layer, _, quantity = answer.rpartition(".")
        sides = [f"{layer}.{side}" for side in COMPOSITE.get(quantity, ())]
        return tuple([side, *self._followed(side)][-1] for side in sides)


def plain_number(number: Value) -> int | float | str:
    """As a cell holds it."""
    return float(number) if isinstance(number, Fraction) else number
