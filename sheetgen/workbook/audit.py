"""A key workbook as a witness: every number of its table, recalculated, stored and as a formula, against the spec.

Not a single number can be changed in the sheet without being named by its cell: not in a blank, nor among what is
given, nor in a title or a note. This room must not know torch, nor what the other witnesses say.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from ..questionnaire import QuestionCell
from ..sheet import Sheet, SheetCell, plain_number
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
    located = _located(package, sheet)
    assert located.worksheet is not None
    cells = package.cells(located.worksheet)
    if not any((cell.row, cell.column) in cells for cell in located.sheet.blanks):
        raise BrokenPackage("not one blank is filled; is this the blank instead of the key?")
    engine = Engine(package)
    seen: set[str] = set()
    wrong: list[Disagreement] = []
    bare: list[str] = []  # formulas without a stored value
    for each in (*_of_table(located, sheet), *_of_questions(located, sheet)):
        seen.add(each.answer)
        held = package.cells(each.place.sheet).get((each.place.row, each.place.column), BLANK)
        found = _fault(held, engine.value(each.place), each.expected, each.formula)
        if held.formula is not None and held.value is None:
            bare.append(_at(each.place, located))
        if found is not None:
            said, instead, witness = found
            wrong.append(Disagreement(each.answer, instead, said, witness, _at(each.place, located)))
    if bare:  # one thing, done by the program that saved the file: not a fault of each cell
        told = f"{len(bare)} formulas without one, for viewers that do not calculate"
        wrong.append(Disagreement("stored values", "a value beside each formula", told, "excel", bare[0]))
    ours = Package.read(fresh)
    if (located.sheet.rows, located.sheet.columns) == (sheet.rows, sheet.columns):
        shown = {(cell.row, cell.column) for cell in sheet.cells if cell.kind != "none" and cell.content != ""}
        wrong += _beside(ours.cells(sheet.worksheet), cells, shown, "", "excel (beside the table)")
    asked, moved = sheet.questions, located.questions
    if asked is not None and moved is not None and (moved.rows, moved.columns) == (asked.rows, asked.columns):
        shown = {(cell.row, cell.column) for cell in asked.cells if cell.question.kind != "text"}
        there, prefix = package.cells(moved.worksheet), f"{moved.worksheet}!"
        wrong += _beside(ours.cells(asked.worksheet), there, shown, prefix, "excel (beside the answers)")
    return seen, tuple(wrong)


def _located(package: Package, sheet: Sheet) -> Located:
    """Where table and questions are; where only a heading or a label was changed, which will be named, as we made them.

    Raises BrokenPackage.
    """
    located = locate(package, sheet)
    if located.worksheet is None and _stand(located.places, sheet.worksheet, sheet.blanks):
        located = replace(located, sheet=sheet, worksheet=sheet.worksheet)
    if located.worksheet is None:
        raise BrokenPackage(
            f"the table of {sheet.name} is not in it: no sheet has all of its headings and the names of all its layers"
        )
    asked = sheet.questions
    if asked is not None and located.questions is None and _stand(located.places, asked.worksheet, asked.cells):
        located = replace(located, questions=asked)
    if asked is not None and located.questions is None:
        raise BrokenPackage(
            f"the questions of {sheet.name} are not in it: no sheet has their headings and all of their numbers"
        )
    return located


def _stand(places: Mapping[str, Place], worksheet: str, cells: Iterable[SheetCell | QuestionCell]) -> bool:
    """Whether each answer stands where our own blank has it."""
    return all(places.get(cell.answer or "") == Place(worksheet, cell.row, cell.column) for cell in cells)


def _at(place: Place, located: Located) -> str:
    """The cell as it is named to people: of the table just L7, else with its sheet."""
    at = address(place.row, place.column)
    return at if place.sheet == located.worksheet else f"{place.sheet}!{at}"


@dataclass(frozen=True, slots=True)
class _Shown:
    """A cell that shows a number, or the letter of an option."""

    answer: str
    place: Place
    expected: int | float | str
    formula: str | None


def _of_table(located: Located, sheet: Sheet) -> Iterator[_Shown]:
    for cell in located.sheet.cells:
        answer = cell.answer or f"{cell.slot.layer}.{cell.slot.quantity}"
        follows = cell.kind == "blank" or (isinstance(cell.content, str) and cell.content.startswith("="))
        known = follows and answer in sheet.table.numbers
        expected = plain_number(sheet.table.value(answer)) if known else cell.content
        if cell.kind == "none" or expected is None or expected == "":
            continue
        place = located.places.get(answer) or Place(located.worksheet or "", cell.row, cell.column)
        yield _Shown(answer, place, expected, located.sheet.formula(answer) if cell.kind == "blank" else None)


def _of_questions(located: Located, sheet: Sheet) -> Iterator[_Shown]:
    asked = located.questions
    for cell in asked.cells if asked is not None else ():
        place = located.places.get(cell.answer) or Place(asked.worksheet if asked else "", cell.row, cell.column)
        if cell.question.numbers:
            formula = located.sheet.formula(cell.answer)
            yield _Shown(cell.answer, place, plain_number(sheet.table.value(cell.answer)), formula)
        elif cell.question.kind == "choice":
            yield _Shown(cell.answer, place, cell.question.model, None)


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


def _beside(
    ours: Mapping[tuple[int, int], Cell],
    theirs: Mapping[tuple[int, int], Cell],
    shown: set[tuple[int, int]],
    prefix: str,
    witness: str,
) -> Iterator[Disagreement]:
    """Numbers in titles, notes and empty cells that are otherwise than in the key that the spec makes.

    Only of a sheet that is laid out as our own blank: what stands around a rearranged one is its owner's.
    """
    for at in sorted({*ours, *theirs} - shown):
        expected, held = ours.get(at, BLANK), theirs.get(at, BLANK)
        unstored = held.formula is not None and held.value is None
        for told in ("formula",) if unstored else ("formula", "value"):
            wanted, found = getattr(expected, told), getattr(held, told)
            if _digits(wanted) != _digits(found):
                where = f"{prefix}{address(*at)}"
                yield Disagreement(where, _plain(wanted) or "nothing", _plain(found), witness, where)
                break


def _digits(value: object) -> list[str]:
    return re.findall(r"\d+", str(value)) if value is not None else []


def _plain(value: object) -> int | float | str | None:
    if isinstance(value, bool):
        return str(value).upper()
    return value if isinstance(value, int | float | str) or value is None else str(value)
