"""Where a student's formula points, held against where the answer's own formula does: ``C5 reads row 3, not row 4``.

A formula that reads the right cells is right for whatever these hold, and earns follow-through by that alone; one that
reads a neighbour's is told so. This room knows addresses and the sheet; it must not know values nor marks.
"""

from __future__ import annotations

from collections.abc import Mapping

from .addresses import address, cells_read, quote, sheet_prefix
from .judging import Held
from .language import ENGLISH, translations
from .quantities import QUANTITIES
from .sheet import Sheet

MOST_TOLD = 2  # wrong cells that are named


def points_elsewhere(sheet: Sheet, answer: str, found: Mapping[str, Held], language: str = ENGLISH) -> tuple[str, ...]:
    """Sentences for the cells that the formula in the answer's cell reads, where it should read others of their column.

    Only cells that students fill are known by their place in a workbook, in which rows may have moved.
    """
    held = found.get(answer)
    if held is None or held.formula is None:
        return ()
    formula = held.formula.replace(sheet_prefix(held.sheet), "").replace(f"{quote(held.sheet)}!", "")
    if "!" in formula:
        return ()
    theirs = {each.cell: name for name, each in found.items() if each.sheet == held.sheet}
    read = [theirs[cell] for cell in sorted(cells_read(formula)) if cell in theirs]
    wanted = _wanted(sheet, answer)
    if not read or not wanted or answer in read:
        return ()
    told, say = [], translations(language)
    for name in read:
        layer, _, quantity = name.rpartition(".")
        instead = [each for each in wanted if _column(each) == _column(name) and each not in read]
        if name not in wanted and instead:
            right = instead[0]
            sentence = say.gettext("{cell} refers to {wrong} ({layer}, {heading}); what it needs is {right} ({other}).")
            told.append(
                sentence.format(
                    cell=held.cell,
                    wrong=found[name].cell,
                    layer=layer,
                    heading=_heading(sheet, quantity),
                    right=found[right].cell,
                    other=right.rpartition(".")[0],
                )
            )
    return tuple(told[:MOST_TOLD])


def _heading(sheet: Sheet, quantity: str) -> str:
    """What the sheet, or the field, calls a quantity: the input's size stands in the column of the output's."""
    return sheet.headings.get(quantity) or sheet.headings.get(_column(quantity)) or QUANTITIES.get(quantity, quantity)


def _column(answer: str) -> str:
    return answer.rpartition(".")[2].replace("in_", "out_")


def _wanted(sheet: Sheet, answer: str) -> tuple[str, ...]:
    """The answers that the sheet's own formula reads."""
    formula = sheet.formula(answer)
    if formula is None:
        return ()
    cells = cells_read(formula)
    return tuple(name for name, place in sheet.places.items() if address(place.row, place.column) in cells)
