"""The tables that ``layout:`` declares, held against the network: layers, quantities, and lines that can be.

This room knows a coursework's models and layouts; it must not know YAML documents or workbooks.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence

from .addresses import LAST_COLUMN, LAST_ROW, parse_letters
from .coursework import LineAt, TableAt
from .errors import did_you_mean
from .layout import LayerLine, Layout, Line, TableLayout
from .quantities import COLUMNS, COMPOSITE

Path = tuple[str | int, ...]
Problem = Callable[[Path, str], None]


def read_layout(tables: Sequence[TableAt], layers: Collection[str], own: Collection[str], problem: Problem) -> Layout:
    """The Layout of ``tables``; every mistake is told to ``problem`` with its path below ``layout``.

    ``layers`` may be named, and ``own`` are the quantities of the coursework's own.
    """
    found = []
    for i, table in enumerate(tables):
        upright = all(isinstance(line.at, str) for line in table.quantities.values())
        if not upright and not all(isinstance(line.at, int) for line in table.quantities.values()):
            problem((i, "quantities"), "must all be columns (letters), or all rows (numbers)")
            continue
        kind = int if upright else str
        lines = [_line((i, "quantities", name), name, line, own, problem) for name, line in table.quantities.items()]
        rows = []
        for layer, stands in table.layers.items():
            at = stands.at
            where: Path = (i, "layers", layer)
            if layer not in layers:
                problem(where, f"there is no layer {layer!r}{did_you_mean(layer, list(layers))}")
            elif not isinstance(at, kind):
                what = "a row's number" if upright else "a column's letter"
                other = "columns" if upright else "rows"
                problem(where, f"must be {what}: the quantities stand in {other}")
            elif (number := _number(where, at, problem)) is not None:
                rows.append(LayerLine(number, layer, _on_one_line(stands.label)))
        header = None
        if table.header is not None and not isinstance(table.header, kind):
            problem((i, "header"), "must be of the same kind as the layers: a row's number, or a column's letter")
        elif table.header is not None:
            header = _number((i, "header"), table.header, problem)
        known = tuple(line for line in lines if line is not None)
        for numbers, of in (([line.at for line in known], "quantities"), ([row.at for row in rows], "layers")):
            if len(set(numbers)) < len(numbers):
                problem((i, of), "two of them stand in one place")
        found.append(TableLayout(table.sheet, not upright, header, known, tuple(rows)))
    return tuple(found)


def _line(where: Path, name: str, line: LineAt, own: Collection[str], problem: Problem) -> Line | None:
    if name not in COLUMNS and name not in own:
        told = did_you_mean(name, [*COLUMNS, *own])
        problem(where, f"must be one of the quantities{told}, not {name!r}")
        return None
    sides = COMPOSITE.get(name, ())
    if line.order and (not sides or not set(line.order) <= set(sides) or len(set(line.order)) != len(line.order)):
        told = (
            f"names sides out of {', '.join(sides)}, each once" if sides else f"{name} is one number, without an order"
        )
        problem((*where, "order"), told)
        return None
    number = _number(where, line.at, problem)
    return None if number is None else Line(number, name, _on_one_line(line.heading), unit=line.unit, order=line.order)


def _on_one_line(text: str) -> str:
    return " ".join(text.split())


def _number(where: Path, at: int | str, problem: Problem) -> int | None:
    """A line's number; None, and told, where a sheet has no such line."""
    if isinstance(at, int):
        if 1 <= at <= LAST_ROW:
            return at
        problem(where, f"there is no row {at}")
        return None
    try:
        return parse_letters(at)
    except ValueError:
        problem(where, f"there is no column {at[:20]!r}; the last is {LAST_COLUMN_NAME}")
        return None


LAST_COLUMN_NAME = "XFD"
assert parse_letters(LAST_COLUMN_NAME) == LAST_COLUMN
