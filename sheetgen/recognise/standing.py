"""Whether a declared table stands on a worksheet where ``layout:`` says, and where it has gone if it does not.

A student inserts a row, and what was declared names other cells. So each heading, each label and each given number is
held against what is expected there: the text that ``layout:`` gives, or else what the words mean. What is written
elsewhere now is followed by its text. Pure: a worksheet is handed in as the values of its cells.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from ..addresses import address
from ..layout import LEAST, LayerLine, Line, Spot, TableLayout
from ..vocabulary import hear, normal
from .columns import PLAINLY, Held, agrees, holds_number
from .known import Known
from .labels import OUTRIGHT, Labels

Cells = Mapping[tuple[int, int], Held]
HEADED = 3  # lines of headings, of which the lowest that says something counts
MOST_SEARCHED = 200  # lines in which headings and labels are looked for
ENOUGH = 0.8  # of the headings and of the labels must be found elsewhere, or the table has not moved there
DOUBTED = 0.6  # certainty of a line beside which something else is written
_SHOWN = 40  # characters of a text


@dataclass(frozen=True, slots=True)
class Standing:
    """A declared table with what is written at its lines.

    ``moved`` says of headings and labels that they stand elsewhere, ``changed`` that others are written there;
    ``given`` numbers could be compared, of which those at ``differ`` are not the network's.
    """

    table: TableLayout
    moved: tuple[str, ...]
    changed: tuple[str, ...]
    given: int
    differ: tuple[str, ...]


def hold(table: TableLayout, cells: Cells, labels: Labels) -> Standing:
    """``table`` held against the worksheet with these ``cells``."""
    page = _Page(table, cells)
    moved: list[str] = []
    changed: list[str] = []
    compared = list(_given(table, cells, labels.known))
    lines = []
    for line in table.lines:
        seen = page.heading(line.at)
        doubt = page.doubts_heading(line, seen)
        of_line = [same for spot, same in compared if spot.line is line]
        why = [_why(line.heading, seen, doubt, "heading"), _agreeing(of_line)]
        lines.append(_seen(line, seen, doubt, why))
        _tell(doubt, f"{table.named(line.at, layers=False)} ({line.quantity})", line.heading, seen, moved, changed)
    column = page.label_column(labels)
    layers = []
    for layer in table.layers:
        seen = page.text(layer.at, column)
        doubt = page.doubts_label(layer, seen, column, labels)
        certainty = DOUBTED if doubt else 1
        told = _why(layer.label, seen, doubt, "label")
        layers.append(replace(layer, label=seen, certainty=certainty, why=told))
        _tell(doubt, f"{table.named(layer.at, layers=True)} ({layer.layer})", layer.label, seen, moved, changed)
    differ = tuple(_differs(spot, cells, labels.known) for spot, same in compared if not same)
    seen_table = replace(table, lines=tuple(lines), layers=tuple(layers))
    return Standing(seen_table, tuple(moved), tuple(changed), len(compared), differ)


def with_rows(table: TableLayout, cells: Cells, labels: Labels) -> TableLayout:
    """``table``, which names no layers, with those whose labels stand beside its quantities."""
    page = _Page(table, cells)
    taken = {line.at for line in table.lines}
    best: list[LayerLine] = []
    for column in page.columns:
        if column in taken:
            continue
        texts = [(row, text) for row in page.rows if row > (table.header or 0) and (text := page.text(row, column))]
        found = [
            LayerLine(row, match.layer, page.text(row, column), match.certainty, "what its label says")
            for row, match in labels.match(texts).items()
            if match.certainty >= LEAST
        ]
        if sum(each.certainty for each in found) > sum(each.certainty for each in best):
            best = found
    return replace(table, layers=tuple(sorted(best, key=lambda each: each.at)))


def follow(table: TableLayout, worksheet: str, cells: Cells) -> TableLayout | None:
    """``table`` where its headings and labels stand on ``worksheet``; None where most of them do not, or have no text.

    Texts that are the same are taken in their order.
    """
    page = _Page(replace(table, sheet=worksheet), cells)
    lines = [line for line in table.lines if line.heading]
    layers = [layer for layer in table.layers if layer.label]
    if len(lines) < len(table.lines) or len(layers) < len(table.layers) or not layers:
        return None
    headings, labels = [line.heading for line in lines], [layer.label for layer in layers]
    headed = {row: page.headings(row, headings) for row in page.rows}
    best = max(headed, key=lambda row: (len(headed[row]), -row), default=0)
    columns = headed.get(best, {})
    rows = max((page.labels(column, best, labels) for column in page.columns), key=len, default={})
    if len(columns) < ENOUGH * len(lines) or len(rows) < ENOUGH * len(layers):
        return None
    return TableLayout(
        worksheet,
        table.transposed,
        best,
        tuple(replace(line, at=columns[i], why="its heading") for i, line in enumerate(lines) if i in columns),
        tuple(replace(layer, at=rows[i], why="its label") for i, layer in enumerate(layers) if i in rows),
    )


class _Page:
    """The worksheet, turned so that the layers of the table are rows."""

    def __init__(self, table: TableLayout, cells: Cells) -> None:
        self.table = table
        held = {at: value for at, value in cells.items() if value not in (None, "") and max(at) <= MOST_SEARCHED * 10}
        self.cells = {(column, row): value for (row, column), value in held.items()} if table.transposed else held
        self.rows = sorted({row for row, _ in self.cells})[:MOST_SEARCHED]
        self.columns = sorted({column for _, column in self.cells})[:MOST_SEARCHED]

    def text(self, row: int, column: int) -> str:
        value = self.cells.get((row, column))
        if isinstance(value, int) and not isinstance(value, bool):
            return str(value)
        return " ".join(value.split()) if isinstance(value, str) and len(value) < 1000 else ""

    def heading(self, column: int, row: int | None = None) -> str:
        """What is written above a line: in the ``row`` of the headings or, where that is empty, over it."""
        last = row or self.table.header or 0
        return next((text for at in range(last, last - HEADED, -1) if (text := self.text(at, column))), "")

    def doubts_heading(self, line: Line, seen: str) -> str:
        """ "moved", "changed", or nothing: whether what is ``seen`` above a line is not its heading."""
        others = [other for other in self.table.lines if other is not line]
        if line.heading:
            if _alike(line.heading, seen) or self.table.header is None:
                return ""
            headings = [other for other in others if seen and _alike(other.heading, seen)]
            gone = any(_alike(line.heading, self.heading(column)) for column in self._unclaimed)
            return "moved" if headings or gone else "changed"
        heard = hear(seen).quantities
        if self.table.header is None or heard.get(line.quantity, 0) >= LEAST:
            return ""
        another = any(heard.get(other.quantity, 0) > OUTRIGHT for other in others)
        gone = not heard.get(line.quantity) and any(
            hear(self.heading(column)).quantities.get(line.quantity, 0) >= PLAINLY for column in self._unclaimed
        )
        return "moved" if another or gone else ""

    @property
    def _unclaimed(self) -> Iterator[int]:
        """The columns of which nothing is declared."""
        taken = {line.at for line in self.table.lines}
        return (column for column in self.columns if column not in taken)

    def label_column(self, labels: Labels) -> int:
        """The column in which the labels stand."""
        taken = {line.at for line in self.table.lines}
        said = {_normal(layer.label) for layer in self.table.layers if layer.label}

        def worth(column: int) -> float:
            texts = [text for layer in self.table.layers if (text := self.text(layer.at, column))]
            return sum(
                1 if _normal(text) in said else max(labels.weights(text).values(), default=0) / 2
                for text in texts
                if not text.isdigit() or said
            )

        return max((column for column in self.columns if column not in taken), key=worth, default=0)

    def doubts_label(self, layer: LayerLine, seen: str, column: int, labels: Labels) -> str:
        """As ``doubts_heading``, of a layer's label."""
        others = [other for other in self.table.layers if other is not layer]
        taken = {other.at for other in self.table.layers}
        elsewhere = [text for row in self.rows if row not in taken and (text := self.text(row, column))]
        if layer.label:
            if _normal(layer.label) == _normal(seen):
                return ""
            another = any(seen and _normal(other.label) == _normal(seen) for other in others)
            taken = {other.at for other in self.table.layers}
            gone = any(_normal(self.text(row, column)) == _normal(layer.label) for row in self.rows if row not in taken)
            return "moved" if another or gone else "changed"
        weights = labels.weights(seen) if seen else {}
        own = weights.get(layer.layer, 0)
        another = any(weights.get(other.layer, 0) > max(own, OUTRIGHT) for other in others)
        gone = not own and any(labels.weights(text).get(layer.layer, 0) > OUTRIGHT for text in elsewhere)
        return "moved" if another or gone else ""

    def headings(self, row: int, wanted: Sequence[str]) -> dict[int, int]:
        """Which of the headings ``wanted`` stand in a row, by their number, and in which column."""
        return _in_turn(((column, self.heading(column, row)) for column in self.columns), wanted, whole=False)

    def labels(self, column: int, below: int, wanted: Sequence[str]) -> dict[int, int]:
        """Which of the labels ``wanted`` stand in a column, and in which row."""
        texts = ((row, self.text(row, column)) for row in self.rows if row > below)
        return _in_turn(texts, wanted, whole=True)


def _in_turn(texts: Iterable[tuple[int, str]], wanted: Sequence[str], whole: bool) -> dict[int, int]:
    """Number of a wanted text -> the line where it stands; of equal ones the first stands first."""
    said = [{text} if whole else _endings(text) for text in map(_normal, wanted)]
    some = frozenset().union(*said)
    found: dict[int, int] = {}
    for at, text in texts:
        if (seen := _normal(text)) in some:
            number = next((i for i, each in enumerate(said) if i not in found and seen in each), None)
            if number is not None:
                found[number] = at
    return found


_normal = lru_cache(maxsize=65_536)(normal)  # a sheet is gone through once for each of its rows


def _endings(text: str) -> set[str]:
    """A heading in two lines may stand there with its lower one alone."""
    words = text.split(" ")
    return {" ".join(words[at:]) for at in range(len(words))}


def _alike(heading: str, seen: str) -> bool:
    """Whether a heading is ``seen``, or the lower of its two lines is."""
    return bool(seen) and _normal(seen) in _endings(_normal(heading))


def _given(table: TableLayout, cells: Cells, known: Known) -> Iterator[tuple[Spot, bool]]:
    """The cells of given numbers that can be compared, and whether they agree; what a student fills proves nothing."""
    for spot in table.spots():
        value = cells.get((spot.row, spot.column))
        if value in (None, "") or not holds_number(value) or known.is_blank(spot.layer, spot.line.quantity):
            continue
        if (same := agrees(value, spot.layer, spot.line, known)) is not None:
            yield spot, same


def _differs(spot: Spot, cells: Cells, known: Known) -> str:
    held = str(cells.get((spot.row, spot.column)))[:_SHOWN]
    right = known.shown(spot.layer, spot.line.quantity)
    return f"{address(spot.row, spot.column)} holds {held}, but {spot.answer} is {right}"


def _seen(line: Line, seen: str, doubt: str, why: Iterable[str]) -> Line:
    told = "; ".join(each for each in why if each)
    return replace(line, heading=seen, certainty=DOUBTED if doubt else 1, why=told)


def _why(said: str, seen: str, doubt: str, what: str) -> str:
    if doubt:
        return f"layout:, but its {what} is another" if said else f"layout:, but its {what} says something else"
    return f"layout:, and its {what}" if said and seen else "layout:"


def _agreeing(verdicts: Sequence[bool]) -> str:
    if not verdicts:
        return ""
    agree, differ = verdicts.count(True), verdicts.count(False)
    cells = f"{agree} of its cells {'agrees' if agree == 1 else 'agree'}"
    return f"{cells}, {differ} {'does' if differ == 1 else 'do'} not" if differ else cells


def _tell(doubt: str, where: str, said: str, seen: str, moved: list[str], changed: list[str]) -> None:
    if doubt:
        there = repr(seen[:_SHOWN]) if seen else "nothing"
        told = f"{where} has {there} written at it" + (f", not {said[:_SHOWN]!r}" if said else "")
        (moved if doubt == "moved" else changed).append(told)
