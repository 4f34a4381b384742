"""Whose table it is: the network's own with a few slips in it, or another network's.

Each number that a table gives is likelier in the one or in the other, and so is each row of weights that the network
does not have (the logarithm of the ratio is summed up, the numbers taken for independent). Small numbers prove little:
kernels of 3 and strides of 1 are everybody's. Networks of one family share so much that their tables cannot be told
apart by it; then their rows and cells that differ are named one by one. This room must not know worksheets.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ..expr import Value
from ..layout import WORDS, Layout, Line, TableLayout
from .columns import Column, Held, agrees, is_small, plainly, verdicts
from .known import Known

# chances of a given number in a table of the network, and in one of another
SLIP = 0.07
SHARED_SMALL, SHARED = 0.6, 0.3  # that another network has the same
# and of a convolution or a dense layer that the network does not have
STRANGE_OURS, STRANGE_THEIRS = 0.05, 0.4
LEAST_PROOF = 4  # numbers that differ, and rows that are strange, before they speak against a table


@dataclass(frozen=True, slots=True)
class Differs:
    """A given number that is not the network's: the line and the layer where it stands, what it is and should be."""

    line: int
    layer: str
    quantity: str
    held: Held
    right: Value | None


@dataclass(frozen=True, slots=True)
class Evidence:
    """How many given numbers agree, which do not, the rows that the network does not have, and what all of it says."""

    agree: int
    differ: tuple[Differs, ...]
    strange: tuple[str, ...]
    score: float  # below 0 another network is likelier

    @property
    def is_ours(self) -> bool:
        return self.score >= 0 or len(self.differ) + len(self.strange) < LEAST_PROOF


def weigh(columns: Sequence[Column], lines: Mapping[int, Line], strange: Sequence[str], known: Known) -> Evidence:
    """What the given numbers say. Columns that were left alone speak too, as what their headings say that they are.

    The kernels of another network are why they were.
    """
    agree, score = 0, len(strange) * math.log(STRANGE_OURS / STRANGE_THEIRS)
    differ = []
    for column in columns:
        line = lines.get(column.at)
        quantity = line.quantity if line is not None else plainly(column)
        if quantity is None or quantity in WORDS:
            continue
        for layer, value, same in verdicts(column, quantity, known):
            shared = SHARED_SMALL if is_small(value) else SHARED
            score += math.log((1 - SLIP) / shared if same else SLIP / (1 - shared))
            agree += same
            if not same:
                differ.append(Differs(column.at, layer, quantity, value, known.shown(layer, quantity)))
    return Evidence(agree, tuple(differ), tuple(strange), score)


@dataclass(frozen=True, slots=True)
class Stranger:
    """A table that is likelier another network's: on which sheet, the evidence, what its lines would be of this one,
    and the cell of a number that differs.
    """

    sheet: str
    evidence: Evidence
    table: TableLayout
    row: int = 0
    column: int = 0


def fits(layout: Layout, cells: Mapping[str, Mapping[tuple[int, int], Held]], known: Known) -> bool:
    """Whether the numbers that a layout's given cells hold are, by and large, those of the network there.

    ``cells`` are the worksheets' by name. What a student fills proves nothing; nor do cells that hold no number.
    """
    agree = differ = 0
    for table in layout:
        if table.sheet not in cells:
            return False
        for spot in table.spots():
            value = cells[table.sheet].get((spot.row, spot.column))
            if value is None or known.is_blank(spot.layer, spot.line.quantity):
                continue
            verdict = agrees(value, spot.layer, spot.line, known)
            agree, differ = agree + (verdict is True), differ + (verdict is False)
    return agree >= differ or differ < LEAST_PROOF
