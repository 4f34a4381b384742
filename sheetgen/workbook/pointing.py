"""Where the formulas of answers point: to other workbooks, hidden sheets, and what nobody can follow.

A formula over another sheet is honest work; a number that comes ready from a hidden sheet or from another workbook is
something that a person who marks should know. What is said is what the file holds, and no verdict.

Must not know: which numbers are right, nor what any formula gives.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Set
from dataclasses import dataclass
from typing import Literal

from ..addresses import Area, address, sheet_prefix
from .engine import Engine, same
from .hidden import HiddenLines
from .package import BLANK, Package, Place
from .references import FETCHING, UNTRACEABLE, VOLATILE, Words, read_words

MOST_NOTES = 3  # of one cell
MOST_TRACED = 100  # cells whose readers are looked for: each costs a walk through the formulas

_CALLS = VOLATILE | FETCHING | UNTRACEABLE | {"HYPERLINK"}
# They give one of the cells that they are handed; and they give a number that only looks like one of a cell.
PICKING = frozenset({"INDEX", "LOOKUP", "VLOOKUP", "HLOOKUP", "XLOOKUP", "CHOOSE", "MAX", "MIN", "SUMIF", "SUMIFS"})
COUNTING = frozenset({"COUNT", "COUNTA", "COUNTIF", "ROW", "ROWS", "COLUMN", "COLUMNS", "MATCH", "XMATCH", "LEN"})
_CALL = re.compile(r"([A-Za-z][A-Za-z0-9.]*)\s*\(")
_ELSEWHERE = re.compile(r"[\[|\\]|://")  # other workbooks and programs
_WORD = re.compile(r"[^\W\d][\w.\\]*")
MOST_READ = 8  # references of a formula that may only take over a number, and steps from one such to the next
MOST_PASSED = 2_000  # cells that such a formula may be handed
# a cell and nothing else: =B4, =+Work!B4, =(B4)
_CELLS = re.compile(r"\$?[A-Za-z]{1,3}\$?[0-9]{1,7}\b(?!\()")
_BARE = re.compile(r"[+(\s]*(?:(?:'(?:[^']|'')+'|[^\W\d][\w.]*)!)?\$?[A-Za-z]{1,3}\$?[0-9]{1,7}[)\s]*")


@dataclass(frozen=True, slots=True)
class Oddity:
    """What is odd about a formula; ``told`` follows on "the formula"."""

    kind: Literal["workbook", "hidden", "volatile", "fetching", "untraceable", "link"]
    told: str


@dataclass(frozen=True, slots=True)
class Pointing:
    """The odd formulas of a workbook's sheets; ``own`` are the cells of the answers."""

    package: Package
    own: frozenset[Place]
    odd: Mapping[Place, tuple[Oddity, ...]]

    @classmethod
    def of(cls, package: Package, own: Collection[Place], sheets: Collection[str]) -> Pointing:
        """Look through all formulas of these sheets."""
        table = {place.sheet for place in own}
        hidden = frozenset(entry.name for entry in package.sheets if entry.hidden and entry.name not in table)
        names = _odd_names(package, hidden)
        found: dict[Place, tuple[Oddity, ...]] = {}
        for sheet in sheets:
            for (row, column), cell in package.cells(sheet).items():
                if cell.formula is None or not _may_be_odd(cell.formula, names, look_across=bool(hidden)):
                    continue
                words = read_words(package, cell.formula, sheet)
                oddities = tuple(_oddities(words, hidden - {sheet}))
                if oddities:
                    found[Place(sheet, row, column)] = oddities
        return cls(package, frozenset(own), found)

    def notes(self, engine: Engine, formulas: Mapping[Place, str]) -> dict[Place, tuple[str, ...]]:
        """What there is to say of each answer's cell; ``formulas`` are those of the answers."""
        said: dict[Place, list[str]] = {place: [] for place in formulas}
        lines = HiddenLines(self.package)
        for place, formula in formulas.items():
            said[place] += [f"The formula {oddity.told}." for oddity in self.odd.get(place, ())]
            if place not in self.odd:
                said[place] += self._taken_over(place, formula, engine, lines)
        between = [place for place in sorted(self.odd) if place not in formulas]
        for place in between[:MOST_TRACED]:
            told = [oddity.told for oddity in self.odd[place] if oddity.kind != "link"]
            for reader in sorted(engine.affected([place]) & said.keys()) if told else ():
                said[reader].append(f"It depends on {_where(place, reader.sheet)}, whose formula {told[0]}.")
        return {place: tuple(dict.fromkeys(notes))[:MOST_NOTES] for place, notes in said.items() if notes}

    def _taken_over(self, place: Place, formula: str, engine: Engine, lines: HiddenLines) -> Iterator[str]:
        """What to say of a formula that does no more than take over one number from outside of the table."""
        table = {each.sheet for each in self.own}
        at = place
        for _ in range(MOST_READ):
            source = self._only_source(at, formula, engine)
            if source is None or source in self.own or self.package.sheet(source.sheet) is None:
                return
            said = f"The formula takes its number only from {_where(source, place.sheet)}"
            line = lines.hiding(source)
            cell = self.package.cells(source.sheet).get((source.row, source.column), BLANK)
            if line is not None and not _within(source, self.own):
                yield f"{said}, in a hidden {line}."
                return
            if cell.formula is None:
                if source.sheet not in table and cell.kind == "number":
                    yield f"{said}, where it is typed in."  # and not worked out
                return
            if source in self.odd:
                return  # which is said of it
            at, formula = source, cell.formula

    def _only_source(self, place: Place, formula: str, engine: Engine) -> Place | None:
        """The one cell whose number the formula gives, unchanged: =Work!B4, =Work!B4+0, =INDEX(Work!B1:B9,4)."""
        bare = _BARE.fullmatch(formula) is not None
        if not bare and len(_CELLS.findall(formula)) > MOST_READ:
            return None
        words = read_words(self.package, formula, place.sheet)
        value = engine.value(place)
        found: list[Place] = []
        for reference in words.references:
            if reference.kind != "cells" or len(reference.sheets) != 1 or reference.area is None:
                return None
            if bare:
                return Place(reference.sheets[0], reference.area.top, reference.area.left)
            with_numbers = self._with_numbers(reference.sheets[0], reference.area)
            if with_numbers is None or (found and with_numbers):
                return None  # it is worked out of several
            found = with_numbers
        if (len(found) > 1 and not words.functions & PICKING) or words.functions & COUNTING:
            return None
        if isinstance(value, bool) or not isinstance(value, int | float):
            return None
        return next((each for each in found if same(engine.value(each), value)), None)

    def _with_numbers(self, sheet: str, area: Area) -> list[Place] | None:
        """The cells of the area that hold numbers or formulas; None for an area too large to look through."""
        if self.package.sheet(sheet) is None:
            return []
        cells = self.package.cells(sheet)
        size = (area.bottom - area.top + 1) * (area.right - area.left + 1)
        if min(size, len(cells)) > MOST_PASSED:
            return None
        if size <= len(cells):
            inside = ((row, column) for row in range(area.top, area.bottom + 1) for column in _columns(area))
        else:
            inside = (at for at in cells if at in area)
        return [
            Place(sheet, *at)
            for at in inside
            if (cell := cells.get(at)) is not None and (cell.kind == "number" or cell.formula is not None)
        ]


def _oddities(words: Words, hidden: Set[str]) -> Iterator[Oddity]:
    """What is odd about a formula; ``hidden`` are the hidden sheets other than its own."""
    outside = [each for each in words.references if each.kind == "other workbook"]
    away = [each for each in words.references if each.kind == "cells" and hidden & set(each.sheets)]
    ready = [each for each in words.references if each in outside or (each in away and hidden >= set(each.sheets))]
    verb = "takes its number only from" if len(ready) == len(words.references) else "reads"  # nothing worked out here
    if outside:
        yield Oddity("workbook", f"{verb} another workbook ({_short(outside[0].text)}), which is not opened")
    if away:
        sheet = sorted(hidden & set(away[0].sheets))[0]
        yield Oddity("hidden", f"{verb} the hidden sheet {_short(sheet)} ({_short(away[0].text)})")
    if (function := words.fetching) is not None:
        yield Oddity("fetching", f"asks for something outside of the workbook ({function}), which is not done here")
    if (function := words.volatile) is not None:
        yield Oddity("volatile", f"uses {function}, whose value no recalculation can confirm")
    for function in sorted(words.functions & UNTRACEABLE):
        yield Oddity("untraceable", f"uses {function}, so that which cells it reads cannot be told from it")
    if "HYPERLINK" in words.functions:
        yield Oddity("link", "holds a link (HYPERLINK), which is not followed")


def _odd_names(package: Package, hidden: Set[str]) -> frozenset[str]:
    """The defined names, without case, behind which there is something odd, directly or behind another name."""
    waiting: list[str] = []
    users: dict[str, list[str]] = {}  # a word -> the names whose definitions have it
    for name, sheet, text in package.definitions():
        if _may_be_odd(text, frozenset(), look_across=bool(hidden)) and any(
            _oddities(read_words(package, text, sheet), hidden)
        ):
            waiting.append(name)
        elif "!" not in text:
            for word in set(_WORD.findall(text)):
                users.setdefault(word.casefold(), []).append(name)
    found: set[str] = set()
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting.extend(users.get(name, ()))
    return frozenset(found)


def _may_be_odd(formula: str, names: Collection[str], *, look_across: bool) -> bool:
    """Whether it is worth reading word by word: nearly all formulas are not."""
    if _ELSEWHERE.search(formula) or (look_across and "!" in formula):
        return True
    if "(" in formula:
        for call in _CALL.findall(formula):
            if call.upper().removeprefix("XLFN.").removeprefix("XLWS.") in _CALLS:
                return True
    return bool(names) and any(word.casefold() in names for word in _WORD.findall(formula))


def _columns(area: Area) -> range:
    return range(area.left, area.right + 1)


def _within(source: Place, own: Collection[Place]) -> bool:
    """Whether a cell lies among those of the answers: a row or column hidden there is the sheet's own affair."""
    rows = [place.row for place in own if place.sheet == source.sheet]
    columns = [place.column for place in own if place.sheet == source.sheet]
    return bool(rows) and min(rows) <= source.row <= max(rows) and min(columns) <= source.column <= max(columns)


def _where(place: Place, seen_from: str) -> str:
    at = address(place.row, place.column)
    return at if place.sheet == seen_from else _short(f"{sheet_prefix(place.sheet)}{at}")


def _short(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= 60 else f"{text[:57]}..."
