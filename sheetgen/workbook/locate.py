"""Where the answers are in a workbook: by the blanks' defined names, and by the words of our own sheets.

A defined name follows its cell when rows are inserted or a sheet is renamed. The table is also found by its own words:
the row that holds all our headings, and below it the rows that carry our layers' names; and the questions by theirs,
the headings and the questions' numbers. Where the two disagree, the words decide: they are what the student saw.
This room must not know what the answers are worth.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import TYPE_CHECKING

from ..questionnaire import HEADINGS, QuestionCell, Questionnaire
from ..sheet import Sheet, SheetCell, defined_name
from .book import Book
from .hidden import HiddenLines
from .package import BLANK, BrokenPackage, Cell, Package, Place

if TYPE_CHECKING:
    from ..layout import Spot
    from .elsewhere import Elsewhere

MOST_NAMES = 0.8  # of the blanks: fewer, without the table's words, are no proof that it is this table
LIKE_IT = 0.25  # of the blanks: a visible table with so many is what was handed in, though too little to be marked
MOST_COPIES = 12  # sheets in which the table is looked for once more
COPY = 8  # times as large as the table's sheet may be a copy of it
SEARCHED_ROWS = 200  # in which a header row is looked for
LONGEST_KEPT = 200  # characters of a text that is remembered from one file to the next
MOST_HEADS = 3  # rows with all headings of the questions: more are nobody's honest work, and each costs a whole look


@dataclass(frozen=True, slots=True)
class Located:
    """``places`` of the answers that were found; ``sheet`` is the layout as it stands in this workbook."""

    places: Mapping[str, Place]
    sheet: Sheet
    worksheet: str | None  # the name of the worksheet with the table, if the table was found
    questions: Questionnaire | None = None  # as they stand in this workbook, if their sheet was found
    elsewhere: Elsewhere | None = None  # the tables where they are not ours; without ``places`` they are too little
    spots: Mapping[str, Spot] = field(default_factory=dict)  # of the blanks that stand in them


def locate(package: Book, sheet: Sheet, *, elsewhere: bool = True) -> Located:
    """Where each blank of ``sheet`` is in ``package``, and the rows and columns of its sheets as they are there.

    With ``elsewhere`` tables that are not ours count too: those of ``layout:``, and what is recognised.
    """
    named = _named(package, sheet.blanks)
    hidden = {entry.name for entry in package.sheets if entry.hidden}
    table, places = _ours(package, sheet, named, [each.name for each in package.sheets if not each.hidden])
    tables: Elsewhere | None = None
    spots: dict[str, tuple[str, Spot]] = {}
    if elsewhere and sheet.blanks and not places:
        from .elsewhere import ENOUGH, find_tables  # most hand-ins are on our own workbook, and need none of it

        tables = find_tables(package, sheet)
        found = tables.spots() if tables is not None else {}
        spots = {cell.answer or "": at for cell in sheet.blanks if (at := found.get(cell.answer or ""))}
        if len(spots) >= max(1, ENOUGH * len(sheet.blanks)):
            places = {answer: Place(name, spot.row, spot.column) for answer, (name, spot) in spots.items()}
    if hidden and not places and len(spots) < LIKE_IT * len(sheet.blanks):  # nothing that a person sees is the table
        table, places = _ours(package, sheet, named, list(hidden))
        tables, spots = (None, {}) if places else (tables, spots)
    asked = None
    if sheet.questions is not None:
        asked, answers = _locate_questions(package, sheet.questions, trusted=table is not None or bool(places))
        places |= answers
    worksheet = table.worksheet if table is not None else None
    return Located(places, table or sheet, worksheet, asked, tables, {answer: at[1] for answer, at in spots.items()})


def twins(package: Book, sheet: Sheet, located: Located) -> tuple[str, ...]:
    """Other sheets in sight that hold our table once more, with other answers than those that count.

    No other sheet may cost a student the marks of this one: one that is far larger, or damaged, is no copy.
    """
    if located.worksheet is None:
        return ()
    sheets = {name: package.cells(name) for name in {at.sheet for at in located.places.values()}}
    ours = {answer: sheets[at.sheet].get((at.row, at.column), BLANK) for answer, at in located.places.items()}
    most = COPY * _bytes(package, located.worksheet)
    found = []
    for name in [entry.name for entry in package.sheets if not entry.hidden][:MOST_COPIES]:
        if name == located.worksheet or _bytes(package, name) > most:
            continue
        try:
            cells, there = package.cells(name), _find_table(package, name, sheet)
        except BrokenPackage:
            continue
        held = {} if there is None else {each.answer: cells.get((each.row, each.column)) for each in there.blanks}
        if any(
            cell is not None and cell.value not in (None, ours.get(answer or "", BLANK).value)
            for answer, cell in held.items()
        ):
            found.append(name)
    return tuple(found)


def _bytes(package: Book, name: str) -> int:
    """How large a sheet is as it stands in the file; 0 where it has been read already."""
    entry = package.sheet(name)
    return len(package.part(entry.part)) if isinstance(package, Package) and entry is not None else 0


def _ours(
    package: Book, sheet: Sheet, named: Mapping[str, Place], worksheets: Collection[str]
) -> tuple[Sheet | None, dict[str, Place]]:
    """Our own table on one of these worksheets, as it stands there, and the places of the blanks."""
    for name in _in_turn(package, named, sheet.worksheet):
        if name in worksheets and (table := _find_table(package, name, sheet)) is not None:
            return table, _settled(package, name, table.cells, table.blanks, named)
    # names alone: most of them, or they are those of another coursework that has some layers in common
    there = {answer: place for answer, place in named.items() if place.sheet in worksheets}
    return None, there if len(there) >= MOST_NAMES * len(sheet.blanks) else {}


def _locate_questions(
    package: Book, questions: Questionnaire, *, trusted: bool
) -> tuple[Questionnaire | None, dict[str, Place]]:
    """The questions as they stand in the workbook, and the places of their answers.

    Two courseworks may have the same numbers for their questions: where the table was not found, texts must agree too.
    """
    named = _named(package, questions.cells)
    for name in _in_turn(package, named, questions.worksheet):
        try:
            moved = _find_questions(package, name, questions, trusted=trusted)
        except BrokenPackage:  # a sheet that is damaged costs nobody the marks of the table
            if not trusted or any(place.sheet == name for place in named.values()):
                raise
            continue
        if moved is not None:
            return moved, _settled(package, name, moved.cells, moved.cells, named)
    return None, named if trusted else {}


def _named(package: Book, cells: Iterable[SheetCell | QuestionCell]) -> dict[str, Place]:
    places = {cell.answer or "": package.place(defined_name(cell.answer or "")) for cell in cells}
    return {answer: place for answer, place in places.items() if place is not None}


def _in_turn(package: Book, named: Mapping[str, Place], worksheet: str) -> list[str]:
    """The worksheets, the likeliest first."""
    hosts = {place.sheet for place in named.values()}
    entries = sorted(package.sheets, key=lambda entry: (entry.hidden, entry.name not in hosts, entry.name != worksheet))
    return [entry.name for entry in entries]


def _settled(
    package: Book,
    name: str,
    shown: Iterable[SheetCell | QuestionCell],
    blanks: Iterable[SheetCell | QuestionCell],
    named: Mapping[str, Place],
) -> dict[str, Place]:
    """The sheet's own cell for each answer, but where it is empty and the name has gone elsewhere.

    Names and table agree wherever a spreadsheet program moved them. Rows that a script inserted, or a student sorted,
    leave the names behind on other answers' cells; a cell that was cut and pasted takes its name out of the table.
    """
    cells = package.cells(name)
    slots = {(cell.row, cell.column) for cell in shown}
    places: dict[str, Place] = {}
    for cell in blanks:
        answer, own = cell.answer or "", Place(name, cell.row, cell.column)
        other = named.get(answer, own)
        elsewhere = other.sheet != name or (other.row, other.column) not in slots
        places[answer] = other if elsewhere and (cell.row, cell.column) not in cells else own
    return places


def _find_table(package: Book, name: str, sheet: Sheet) -> Sheet | None:
    cells = package.cells(name)
    by_row = _words(cells)
    headings = {quantity: _same(heading) for quantity, heading in sheet.headings.items()}
    heads = [row for row in sorted(by_row) if all(heading in by_row[row] for heading in headings.values())]
    for row in _seen_first(package, name, heads):
        columns = {quantity: by_row[row][heading] for quantity, heading in headings.items()}
        labels: dict[str, int] = {}
        for (at, column), cell in cells.items():
            if at > row and column == columns["layer"] and cell.value is not None:
                labels.setdefault(_same(str(cell.value)), at)
        if all(_same(layer) in labels for layer in sheet.rows):
            rows = {layer: labels[_same(layer)] for layer in sheet.rows}
            if (name, rows, columns) == (sheet.worksheet, sheet.rows, sheet.columns):
                return sheet  # which knows its cells already
            return replace(sheet, worksheet=name, rows=rows, columns=columns)
    return None


def _seen_first(package: Book, name: str, rows: list[int]) -> list[int]:
    """Rows of headings, those that a person sees first: a second table in hidden rows is not what was handed in."""
    if len(rows) < 2 or not isinstance(package, Package):
        return rows
    lines = HiddenLines(package)
    return sorted(rows, key=lambda row: lines.hiding(Place(name, row, 0)) is not None)


def _words(cells: Mapping[tuple[int, int], Cell]) -> dict[int, dict[str, int]]:
    """Row -> the texts in it, each with its column."""
    found: dict[int, dict[str, int]] = {}
    for (row, column), cell in cells.items():
        if row <= SEARCHED_ROWS and isinstance(cell.value, str):
            found.setdefault(row, {}).setdefault(_same(cell.value), column)
    return found


def _find_questions(package: Book, name: str, asked: Questionnaire, *, trusted: bool) -> Questionnaire | None:
    """The questions as they stand on the worksheet ``name``; of a table, each layer's row is below its question's."""
    cells = package.cells(name)
    by_row = _words(cells)
    heads = [row for row in sorted(by_row) if all(_same(heading) in by_row[row] for heading in HEADINGS.values())]
    for row in heads[:MOST_HEADS]:
        columns = {each: by_row[row][_same(heading)] for each, heading in HEADINGS.items()}
        below: dict[str, dict[str, list[int]]] = {"id": {}, "text": {}}
        heading = {columns[each]: each for each in below}
        for at, column in sorted(where for where in cells if where[0] > row and where[1] in heading):
            if (value := cells[at, column].value) is not None:
                below[heading[column]].setdefault(_same(str(value)), []).append(at)
        rows = {question.id: below["id"].get(_same(question.id), [0])[0] for question in asked.questions}
        if not all(rows.values()):
            continue
        if not trusted:
            said = [str(cells.get((rows[each.id], columns["text"]), BLANK).value) for each in asked.questions]
            agree = sum(_same(text) == _same(each.asked) for text, each in zip(said, asked.questions, strict=True))
            if agree < MOST_NAMES * len(said):
                continue
        for question in asked.questions:
            for layer in dict.fromkeys(part.layer for part in question.parts if part.layer):
                labelled = below["text"].get(_same(layer), [])
                rows[f"{question.id}.{layer}"] = next((at for at in labelled if at > rows[question.id]), 0)
        if all(rows.values()):
            if (name, rows, columns) == (asked.worksheet, asked.rows, asked.columns):
                return asked
            return replace(asked, worksheet=name, rows=rows, columns=columns)
    return None


def _same(text: str) -> str:
    return _folded(text) if len(text) < LONGEST_KEPT else " ".join(text.split()).casefold()


@lru_cache(maxsize=4096)
def _folded(text: str) -> str:
    return " ".join(text.split()).casefold()
