"""Our table as it stands in a workbook that is not ours: the same numbers, in the cells that a layout names.

What comes out is a Sheet like any other, so that a formula over its cells is read from the same trees. This room knows
sheets and layouts; it must not know files.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from .layout import Layout, Spot, sides_of
from .quantities import COMPOSITE
from .sheet import Content, Kind, Sheet, Slot

Contents = Mapping[tuple[int, int], Content]  # a formula with its =


def as_it_stands(sheet: Sheet, tables: Layout, contents: Contents) -> Sheet:
    """``sheet`` with the cells of ``tables``, all of one worksheet, which hold ``contents``.

    Cells in units (thousands) and those of several numbers are none that a formula could refer to.
    """
    slots: list[Slot] = []
    spots: dict[tuple[str, str], tuple[int, int]] = {}
    for spot in (spot for table in tables for spot in table.spots()):
        key = spot.layer, spot.line.quantity
        if key in spots:
            continue
        plain = spot.line.unit == 1 and not spot.line.order and spot.line.quantity not in COMPOSITE
        content = contents.get((spot.row, spot.column))
        known = spot.answer if spot.answer in sheet.table.numbers else None
        if not plain or (known is None and content is None):
            continue
        kind: Kind = "blank" if content in (None, "") and known is not None else "given"
        spots[key] = spot.row, spot.column
        slots.append(Slot(spot.layer, spot.line.quantity, kind, known, None if kind == "blank" else content))
    worksheet = tables[0].sheet if tables else sheet.worksheet
    return replace(sheet, worksheet=worksheet, slots=tuple(slots), spots=spots, questions=None)


def spots_by_answer(layout: Layout) -> dict[str, tuple[str, Spot]]:
    """Answer -> worksheet and cell, of the first table that has it; a composite cell under its sides too."""
    found: dict[str, tuple[str, Spot]] = {}
    for table in layout:
        for spot in table.spots():
            found.setdefault(spot.answer, (table.sheet, spot))
    for table in layout:
        for spot in table.spots():
            for side in sides_of(spot.line, spot.layer):
                found.setdefault(side, (table.sheet, spot))
    return found
