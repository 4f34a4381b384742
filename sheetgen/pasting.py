"""What ``locate`` found, as lines of YAML to paste below ``coursework:``; what is in doubt stands there as a comment.

This room knows layouts; it must not know workbooks, or what is right in any cell.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator, Mapping, Sequence

from .addresses import letters
from .layout import WORDS, LayerLine, Layout, Line, TableLayout
from .quantities import COMPOSITE

_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_.]*(?:[ -][A-Za-z0-9_.]+)*")
_WORDS_OF_YAML = frozenset({"true", "false", "null", "yes", "no", "on", "off", "y", "n"})


def layout_text(layout: Layout) -> str:
    """``coursework:`` and ``layout:`` in it, as the YAML holds it: a line for each quantity and each layer."""
    return "".join(f"{line}\n" for line in ("coursework:", "  layout:", *_tables(layout)))


def _tables(layout: Layout) -> Iterator[str]:
    for table in layout:
        yield f"  - sheet: {scalar(table.sheet)}"
        if table.header is not None:
            yield f"    header: {_place(table, table.header, layers=True)}"
        lines = [line for line in table.lines if line.quantity not in WORDS]
        yield "    quantities:"
        yield from (f"      {_line(table, line)}" for line in lines)
        yield from (f"      {each}" for each in _doubtful(table, "quantity"))
        if table.layers:
            yield "    layers:"
            yield from (f"      {_layer(table, layer)}" for layer in table.layers)
            yield from (f"      {each}" for each in _doubtful(table, "layer"))


def skeleton_text(layout: Layout, sheet: str, quantities: Sequence[str], layers: Sequence[str]) -> str:
    """A ``layout:`` to complete by hand where recognition gave up; all of it is in doubt, and stands as comments.

    ``layout`` are tables that are likelier another network's; without them there are the names to put places to.
    """
    lines = ["coursework:", "  layout:"]
    for told in _tables(layout):
        of_table = told.startswith(("  -", "    header:", "    quantities:", "    layers:"))
        lines.append(told if of_table else f"      # {told.strip().removeprefix('# ')}")
    if not layout:
        lines += [
            f"  - sheet: {scalar(sheet)}",
            "    # header: 4   # the row of the headings",
            "    quantities:   # the column of each, or its row where each layer has a column",
            *(f"      # {name}: {letters(at)}" for at, name in enumerate(quantities, start=2)),
            "    layers:   # the row of each; without layers: they are found by their labels",
            *(f"      # {scalar(name)}: {at}" for at, name in enumerate(layers, start=5)),
        ]
    return "".join(f"{line}\n" for line in lines)


def asks_text(columns: Sequence[str], empty: Mapping[str, Sequence[str]], blocks: Collection[str]) -> str:
    """``columns:`` and ``blanks:`` that ask for what is ``empty``: quantity -> the layers of which it is."""
    alike: dict[tuple[str, ...], list[str]] = {}
    for quantity, layers in empty.items():
        alike.setdefault(tuple(layers), []).append(quantity)
    lines = [
        "  # what is empty in this workbook, to stand in place of columns: and blanks:",
        f"  columns: [{', '.join(['layer', *columns])}]",
        "  blanks:",
    ]
    for layers, quantities in alike.items():
        rows = [scalar(each) for each in layers if each not in blocks]
        sums = [scalar(each) for each in layers if each in blocks]
        asked = [f"quantities: [{', '.join(quantities)}]"]
        asked += [f"layers: [{', '.join(rows)}]"] if rows else []
        asked += [f"blocks: [{', '.join(sums)}]"] if sums else []
        lines.append(f"    - {{{', '.join(asked)}}}")
    return "".join(f"{line}\n" for line in lines)


def _place(table: TableLayout, number: int, *, layers: bool) -> str:
    return letters(number) if layers == table.transposed else str(number)


def _line(table: TableLayout, line: Line) -> str:
    more = [f"unit: {line.unit}"] if line.unit != 1 else []
    if line.order and line.order != COMPOSITE.get(line.quantity):
        more.append(f"order: [{', '.join(line.order)}]")
    if line.heading:
        more.append(f"heading: {scalar(line.heading)}")
    return _entry(line.quantity, _place(table, line.at, layers=False), more)


def _layer(table: TableLayout, layer: LayerLine) -> str:
    more = [f"label: {scalar(layer.label)}"] if layer.label else []
    return _entry(scalar(layer.layer), _place(table, layer.at, layers=True), more)


def _entry(name: str, at: str, more: Sequence[str]) -> str:
    at = scalar(at) if not at.isdigit() else at  # column N, which some readers take for a no
    return f"{name}: {{at: {at}, {', '.join(more)}}}" if more else f"{name}: {at}"


def _doubtful(table: TableLayout, of: str) -> Iterator[str]:
    """The lines that were taken for nothing, but could be something."""
    for left in table.left:
        if left.of == of and left.could:
            place = _place(table, left.at, layers=of == "layer")
            text = {"quantity": "heading", "layer": "label"}[of]
            entry = _entry(scalar(left.could), place, [f"{text}: {scalar(left.text)}"] if left.text else [])
            yield f"# {entry}   # {left.certainty:.0%}"


def scalar(text: str) -> str:
    """A text as YAML reads it back: in quotation marks where it could be read as something else."""
    if _PLAIN.fullmatch(text) is not None and text.casefold() not in _WORDS_OF_YAML:
        return text
    quoted = json.dumps(text, ensure_ascii=False)
    return "".join(char if char.isprintable() else f"\\U{ord(char):08x}" for char in quoted)
