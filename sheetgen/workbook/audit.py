"""A key workbook as a witness: every number of its table, recalculated, stored and as a formula, against the spec.

Not a single number can be changed in the sheet without being named by its cell: not in a blank, nor among what is
given, nor in a title or a note. This room must not know torch, nor what the other witnesses say.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass

from ..sheet import Sheet, plain_number
from .engine import Engine
from .fill import canonical
from .locate import Located, locate
from .package import BLANK, BrokenPackage, Cell, Package, Place, address


@dataclass(frozen=True, slots=True)
class Disagreement:
    """A witness says otherwise. ``cell`` is the cell of the workbook, where the witness is one."""

    id: str
    expected: int | float | str
    measured: int | float | str | None
    witness: str
    cell: str | None = None


def audit(sheet: Sheet, key: bytes, fresh: bytes) -> tuple[set[str], tuple[Disagreement, ...]]:
    """The ids of the numbers that ``key`` shows, and all that is otherwise in it than the spec has it.

    ``fresh`` is the key that the spec makes. Raises BrokenPackage where ``key`` is no key of this coursework.
    """
    package = Package.read(key)
    located = locate(package, sheet)
    if located.worksheet is None and located.places == _own_places(sheet):
        located = Located(located.places, sheet, sheet.worksheet)  # a heading or a label was changed; it will be named
    if located.worksheet is None:
        raise BrokenPackage(
            f"the table of {sheet.name} is not in it: no sheet has all of its headings and the names of all its layers"
        )
    cells = package.cells(located.worksheet)
    if not any((cell.row, cell.column) in cells for cell in located.sheet.blanks):
        raise BrokenPackage("not one blank is filled; is this the blank instead of the key?")
    engine = Engine(package)
    seen: set[str] = set()
    wrong: list[Disagreement] = []
    bare: list[str] = []  # formulas without a stored value
    for cell in located.sheet.cells:
        answer = cell.answer or f"{cell.slot.layer}.{cell.slot.quantity}"
        follows = cell.kind == "blank" or (isinstance(cell.content, str) and cell.content.startswith("="))
        known = follows and answer in sheet.table.numbers
        expected = plain_number(sheet.table.value(answer)) if known else cell.content
        if cell.kind == "none" or expected is None or expected == "":
            continue
        seen.add(answer)
        place = located.places.get(answer) or Place(located.worksheet, cell.row, cell.column)
        held = package.cells(place.sheet).get((place.row, place.column), BLANK)
        formula = located.sheet.formula(answer) if cell.kind == "blank" else None
        found = _fault(held, engine.value(place), expected, formula)
        if held.formula is not None and held.value is None:
            bare.append(address(place.row, place.column))
        if found is not None:
            said, instead, witness = found
            wrong.append(Disagreement(answer, instead, said, witness, address(place.row, place.column)))
    if bare:  # one thing, done by the program that saved the file: not a fault of each cell
        told = f"{len(bare)} formulas without one, for viewers that do not calculate"
        wrong.append(Disagreement("stored values", "a value beside each formula", told, "excel", bare[0]))
    wrong += _beside_the_table(package, located, sheet, fresh)
    return seen, tuple(wrong)


def _own_places(sheet: Sheet) -> dict[str, Place]:
    return {cell.answer or "": Place(sheet.worksheet, cell.row, cell.column) for cell in sheet.blanks}


def _fault(
    held: Cell, now: object, expected: int | float | str, formula: str | None
) -> tuple[int | float | str | None, int | float | str, str] | None:
    """What a cell says, what it should, and by which witness; None where all is well."""
    if not _same(now, expected):
        return _plain(now), expected, "excel"
    unstored = held.formula is not None and held.value is None
    if not unstored and not _same(held.value, expected):
        return _plain(held.value), expected, "excel (stored value)"
    if formula is not None and canonical(held.formula or "") != canonical(formula):
        # right by chance, and only until something changes
        return f"={held.formula}" if held.formula else _plain(held.value), f"={formula}", "excel (formula)"
    return None


def _same(held: object, expected: int | float | str) -> bool:
    """Whether a cell holds what is expected; TRUE is not 1, and a quotient is as exact as a float can be."""
    if isinstance(held, bool):
        return False
    if isinstance(expected, float) and isinstance(held, int | float):
        return math.isclose(held, expected, rel_tol=1e-12)
    return held == expected


def _beside_the_table(package: Package, located: Located, sheet: Sheet, fresh: bytes) -> Iterator[Disagreement]:
    """Numbers in titles, notes and empty cells that are otherwise than in the key that the spec makes.

    Where the table stands elsewhere than in our own blank, the sheet was rearranged, and what stands around it is its
    owner's.
    """
    if located.worksheet is None or (located.sheet.rows, located.sheet.columns) != (sheet.rows, sheet.columns):
        return
    ours, theirs = Package.read(fresh).cells(sheet.worksheet), package.cells(located.worksheet)
    shown = {(cell.row, cell.column) for cell in sheet.cells if cell.kind != "none" and cell.content != ""}
    for at in sorted({*ours, *theirs} - shown):
        expected, held = ours.get(at, BLANK), theirs.get(at, BLANK)
        unstored = held.formula is not None and held.value is None
        for told in ("formula",) if unstored else ("formula", "value"):
            wanted, found = getattr(expected, told), getattr(held, told)
            if _digits(wanted) != _digits(found):
                where = address(*at)
                yield Disagreement(where, _plain(wanted) or "nothing", _plain(found), "excel (beside the table)", where)
                break


def _digits(value: object) -> list[str]:
    return re.findall(r"\d+", str(value)) if value is not None else []


def _plain(value: object) -> int | float | str | None:
    if isinstance(value, bool):
        return str(value).upper()
    return value if isinstance(value, int | float | str) or value is None else str(value)
