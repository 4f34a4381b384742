"""Where a table stands in somebody's workbook: which line holds which quantity, and which layer stands where.

A table has its quantities in columns and its layers in rows, or the other way round; "line" is whichever of the two it
is, counted from 1. A Layout is found by recognition or declared in the YAML (``layout:``). Plain data; this room must
not know workbooks, networks, or what any number is.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from .addresses import letters
from .network import INPUT
from .quantities import COMPOSITE

SURE = 0.9  # a certainty from which on nothing need be said
LEAST = 0.5  # below it nothing is filled or marked
WORDS = frozenset({"layer", "type", "from"})  # columns without numbers


@dataclass(frozen=True, slots=True)
class Line:
    """A line of numbers: the column ``quantity``, its heading, how sure that is (0 to 1), and why.

    Its numbers are multiples of ``unit``; of a composite size ``order`` are the sides as they are written, which may be
    two: ("out_height", "out_width").
    """

    at: int
    quantity: str
    heading: str = ""
    certainty: float = 1
    why: str = ""
    unit: int = 1
    order: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class LayerLine:
    """The line of one layer, of the input or of the totals."""

    at: int
    layer: str
    label: str = ""
    certainty: float = 1
    why: str = ""


@dataclass(frozen=True, slots=True)
class LeftAlone:
    """A line that was taken for nothing; ``of`` says whether it could have been a quantity's or a layer's."""

    at: int
    of: str
    text: str
    why: str
    could: str = ""  # what it is likeliest, where that is not sure enough
    certainty: float = 0  # and how sure that is


@dataclass(frozen=True, slots=True)
class Spot:
    """One cell of a table: the number ``answer``, or those that a composite size is made of."""

    row: int
    column: int
    layer: str
    line: Line
    certainty: float

    @property
    def answer(self) -> str:
        return answer_at(self.layer, self.line.quantity)


@dataclass(frozen=True, slots=True)
class TableLayout:
    """One table of one worksheet. ``header`` is the line of the headings, nearest to the numbers."""

    sheet: str
    transposed: bool  # are the layers columns?
    header: int | None
    lines: tuple[Line, ...]
    layers: tuple[LayerLine, ...]
    left: tuple[LeftAlone, ...] = ()

    def spots(self) -> Iterator[Spot]:
        """The cells of all numbers, layer by layer."""
        for layer in self.layers:
            for line in self.lines:
                if line.quantity not in WORDS:
                    row, column = (line.at, layer.at) if self.transposed else (layer.at, line.at)
                    yield Spot(row, column, layer.layer, line, min(line.certainty, layer.certainty))

    def named(self, at: int, *, layers: bool) -> str:
        """A line as a person calls it: column D, row 7."""
        return f"column {letters(at)}" if layers == self.transposed else f"row {at}"


Layout = tuple[TableLayout, ...]


def answer_at(layer: str, quantity: str) -> str:
    """The id of the number in a cell: what stands in the output columns of the input's row is the input's size."""
    if layer == INPUT:
        quantity = {"output_size": "input_size"}.get(quantity, quantity)
        if quantity.startswith("out_"):
            quantity = quantity.replace("out_", "in_", 1)
    return f"{layer}.{quantity}"


def sides_of(line: Line, layer: str) -> tuple[str, ...]:
    """The ids of the numbers that a composite cell of ``line`` shows, in its order."""
    order = line.order or COMPOSITE.get(line.quantity, ())
    return tuple(answer_at(layer, side) for side in order)
