"""Which value of a formula counts: the stored one, or the recalculated.

What a file stores beside a formula is what the student saw, and is as a rule what counts: a stored value that an
engine confirms is true. Where the first engine (engine.py) says otherwise or cannot tell, the second (second.py) is
asked. Only where both contradict the stored value, and neither has a reason to be wrong, is that said, and the
recalculated value counts. No engine's word alone is ever held against a student.

Must not know: which numbers are right, nor how results are shown.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cached_property

from ..addresses import Area
from ..reading import read
from .doubts import ONE_OF_A_RANGE, Reasons
from .engine import UNCOMPUTED, CellError, Engine, Value
from .package import BLANK, BrokenPackage, Cell, Package, Place
from .pointing import Pointing
from .reach import sheets_read
from .second import UNKNOWN, SecondOpinion

MOST_FORMULAS = (
    20_000  # of the sheets that answers read; the key has 71, and a chain of 100,000 keeps the engine busy for a minute
)
MOST_EXACT = 10**15  # larger numbers are stored with 15 digits by some programs


@dataclass(frozen=True, slots=True)
class Verdict:
    """What counts as the value of a formula's cell; ``problem`` says why nothing does."""

    formula: str
    value: int | float | str | bool | None = None
    problem: str | None = None
    notes: tuple[str, ...] = ()


def judge(package: Package, places: Mapping[str, Place]) -> dict[str, Verdict]:
    """The verdict on each answer whose cell has a formula, or is filled by one; raises BrokenPackage for too many."""
    cells = {sheet: package.cells(sheet) for sheet in {place.sheet for place in places.values()}}
    areas = {sheet: package.areas(sheet) for sheet in cells}
    formulas: dict[Place, str] = {}
    for place in places.values():
        text = cells[place.sheet].get((place.row, place.column), BLANK).formula
        if text is None and areas[place.sheet]:
            text = _array_formula(cells[place.sheet], areas[place.sheet], (place.row, place.column))
        if text is not None:
            formulas[place] = text
    if not formulas:
        return {}  # most sheets hold numbers only; then nothing is recalculated
    sheets = sheets_read(package, formulas)
    count = sum(each.formula is not None for sheet in sheets for each in package.cells(sheet).values())
    if count > MOST_FORMULAS:
        raise BrokenPackage(f"it has {count:,} formulas, and at most {MOST_FORMULAS:,} are recalculated")
    court = _Court(package, places, sheets)
    notes = court.pointing.notes(court.engine, formulas)
    verdicts = {
        place: court.verdict(
            place, text, cells[place.sheet].get((place.row, place.column), BLANK), notes.get(place, ())
        )
        for place, text in formulas.items()
    }
    return {answer: verdicts[place] for answer, place in places.items() if place in verdicts}


def _array_formula(cells: Mapping[tuple[int, int], Cell], areas: tuple[Area, ...], at: tuple[int, int]) -> str | None:
    """The array formula that fills a cell without one of its own."""
    return next((cells.get((area.top, area.left), BLANK).formula for area in areas if at in area), None)


def agree(value: Value, stored: Value) -> bool:
    """Whether a recalculated value confirms a stored one: whole numbers exactly, others up to the noise of floats.

    Programs name errors differently (the root of -1 is #NUM!, and #VALUE! in LibreOffice): one confirms another, but
    for those that tell of the engine instead.
    """
    if value is None:  # =A1 of an empty cell
        return stored in (0, "") and not isinstance(stored, bool)
    if isinstance(value, CellError) and isinstance(stored, CellError):
        return value == stored or not _cannot(value, UNCOMPUTED | UNKNOWN)
    if isinstance(value, str) != isinstance(stored, str):  # a number that is stored as text is no other number
        value, stored = _as_number(value), _as_number(stored)
    if isinstance(value, bool) or isinstance(stored, bool) or not isinstance(value, int | float):
        return type(value) is type(stored) and value == stored
    if not isinstance(stored, int | float):
        return False
    if float(value).is_integer() and float(stored).is_integer() and abs(stored) < MOST_EXACT:
        return value == stored
    return math.isclose(value, stored, rel_tol=1e-9, abs_tol=1e-12)


def _as_number(value: Value) -> Value:
    """A text as the number that it plainly is; all else as it is."""
    if not isinstance(value, str):
        return value
    found = read(value, "number")
    if len(found.numbers) != 1 or found.doubt or found.others or found.half or found.percent or found.notes:
        return value
    number = found.numbers[0]
    return number if isinstance(number, int) else float(number)


class _Court:
    """Both engines and the file on the sheets that count. What is rarely needed is made when it first is."""

    def __init__(self, package: Package, places: Mapping[str, Place], sheets: Collection[str]) -> None:
        self.package, self.engine = package, Engine(package, sheets)
        self.pointing = Pointing.of(package, places.values(), sheets)

    def verdict(self, place: Place, formula: str, cell: Cell, notes: tuple[str, ...]) -> Verdict:
        stored = _stored(cell)
        if not self.engine.is_formula(place) and (cell.formula is not None or self._is_filled_by_held(place)):
            if stored is None:
                return _nothing(formula, notes)
            return _counts(
                stored, formula, (*notes, f"It is not recalculated; the stored value {_said(stored)} counts.")
            )
        first = self.engine.value(place)
        if stored is None:
            return self._unstored(place, formula, first, notes)
        if agree(first, stored):
            return _counts(stored, formula, notes)
        second = self.second.value(place)
        if agree(second, stored):
            if place in self.reasons.behind_crossing:  # whose stored values the second engine was given
                told = f"Not all that it depends on can be recalculated: {ONE_OF_A_RANGE}. {_stands(stored)}"
                return _counts(stored, formula, (told, *notes))
            return _counts(stored, formula, notes)
        return self._contradicted(place, formula, stored, first, second, notes)

    def _unstored(self, place: Place, formula: str, first: Value, notes: tuple[str, ...]) -> Verdict:
        """Of a file that some script wrote: whatever engine can, tells."""
        if place in self.unstored_behind:
            return _nothing(formula, notes)
        for value in (first, self.second.value(place) if _cannot(first, UNCOMPUTED) else None):
            if value is not None and not _cannot(value, UNCOMPUTED | UNKNOWN):
                return _counts(value, formula, notes)
        if first is None:
            return _counts(0, formula, notes)
        return _counts(first, formula, notes)  # as the error that it is

    def _contradicted(
        self, place: Place, formula: str, stored: Value, first: Value, second: Value, notes: tuple[str, ...]
    ) -> Verdict:
        """No engine confirms the stored value."""
        counts = _stands(stored)
        mute = [_cannot(first, UNCOMPUTED), _cannot(second, UNKNOWN)]
        doubt = self.reasons.why(place, self.second.knows)
        if str(first) == str(second) == "#CIRC!" and doubt is None and not self.package.iterates:
            told = "the formula needs its own value: its cells refer to each other in a circle"
            return Verdict(formula, None, told, notes)
        if all(mute):
            why = doubt or ("its cells refer to each other in a circle" if str(first) == "#CIRC!" else None)
            told = f"The formula cannot be recalculated here{f': {why}' if why else ''}. {counts}"
        elif any(mute) and doubt is None:
            one = second if mute[0] else first
            told = f"One recalculation gives {_said(one)}, which no second one confirms. {counts}"
        elif not any(mute) and not agree(first, second):
            told = f"Two recalculations differ, {_said(first)} and {_said(second)}. {counts}"
        elif doubt is not None:
            told = f"A recalculation gives {_said(second if mute[0] else first)}, but may be wrong: {doubt}. {counts}"
        elif isinstance(first, CellError) and first.text == "#VALUE!":
            # numbers typed as text, "3,5": what becomes of them in a formula depends on the computer's language
            told = f"A recalculation gives {_said(first)}, which depends on the computer's language. {counts}"
        elif isinstance(stored, CellError):
            told = f"The stored value is the error {stored}, but the formula gives {_said(first)}, which counts."
            return _counts(first, formula, (told, *notes))
        else:
            told = (
                f"The stored value {_said(stored)} is not what the formula gives, {_said(first)}: "
                f"{self.reasons.stale}. The recalculated value counts."
            )
            return _counts(first, formula, (told, *notes))
        return _counts(stored, formula, (told, *notes))

    def _is_filled_by_held(self, place: Place) -> bool:
        """Whether what fills the cell is an array formula, or a data table, that is not computed."""
        return any(
            (place.row, place.column) in area and not self.engine.is_formula(Place(place.sheet, area.top, area.left))
            for area in self.package.areas(place.sheet)
        )

    @cached_property
    def unstored_behind(self) -> frozenset[Place]:
        """What is computed from cells that no engine computes and the file stores no value of."""
        return self.engine.affected(
            place
            for place in self.pointing.odd
            if not self.engine.is_formula(place)
            and self.package.cells(place.sheet)[place.row, place.column].value is None
        )

    @cached_property
    def second(self) -> SecondOpinion:
        return SecondOpinion(self.package, self.reasons.held | self.reasons.crossing, self.engine.sheets)

    @cached_property
    def reasons(self) -> Reasons:
        return Reasons(self.package, self.engine)


def _stored(cell: Cell) -> Value:
    return CellError(str(cell.value)) if cell.kind == "error" else cell.value


def _counts(value: Value, formula: str, notes: tuple[str, ...]) -> Verdict:
    if isinstance(value, CellError):
        return Verdict(formula, None, f"the formula gives {value}", notes)
    return Verdict(formula, value, None, notes)


def _nothing(formula: str, notes: tuple[str, ...]) -> Verdict:
    problem = (
        "the formula cannot be recalculated here, and the file stores no value for it; "
        "open it in a spreadsheet program and save it again"
    )
    return Verdict(formula, None, problem, notes)


def _cannot(value: Value, unknown: frozenset[str]) -> bool:
    """Whether a value says that the engine could not tell."""
    return isinstance(value, CellError) and value.text in unknown


def _stands(stored: Value) -> str:
    return f"The stored value {_said(stored)} counts."


def _said(value: Value) -> str:
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, str):
        short = " ".join(value.split())
        return f"\u201c{short if len(short) <= 40 else short[:37] + '...'}\u201d"
    return "nothing" if value is None else str(value)
