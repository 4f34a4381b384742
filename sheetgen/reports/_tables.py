"""The table and the questions of a coursework as rows of cells, and what each of them is called, for people to look at.

It is always our own layout, wherever a student's table stood. This room must not know results, pages or languages.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from ..addresses import address
from ..questionnaire import INIT, PREFIX, Question
from ..sheet import Sheet, Slot

_LABELS = ("layer",)  # the column that names its row


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell: a blank with its answer's id, a number or a text that was given, or nothing."""

    kind: Literal["blank", "number", "text", "none"]
    text: str = ""
    answer: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    label: str
    level: int
    cells: tuple[Cell, ...]


@dataclass(frozen=True)
class Grid:
    """A table with headings above and beside it."""

    corner: str
    headings: tuple[str, ...]
    rows: tuple[Row, ...]

    @cached_property
    def asked(self) -> tuple[bool, ...]:
        """Whether anything is asked in each column; a narrow screen leaves out the others."""
        columns = zip(*(row.cells for row in self.rows), strict=True)
        return tuple(any(cell.kind == "blank" for cell in column) for column in columns)


@dataclass(frozen=True)
class Layout:
    """What a coursework asks, in our own layout; without a sheet there are only ids."""

    sheet: Sheet | None

    @property
    def title(self) -> str:
        return self.sheet.table.network if self.sheet is not None else ""

    @cached_property
    def table(self) -> Grid | None:
        """The table; None where nothing of it is asked."""
        sheet = self.sheet
        if sheet is None or not sheet.blanks:
            return None
        slots = {(slot.layer, slot.quantity): slot for slot in sheet.slots}
        quantities = [each for each in sheet.headings if each not in _LABELS]
        rows = []
        for layer in dict.fromkeys(slot.layer for slot in sheet.slots):
            cells = tuple(_cell(slots.get((layer, quantity))) for quantity in quantities)
            named = slots.get((layer, _LABELS[0]))
            label = str(named.content) if named is not None and named.content else layer
            rows.append(Row(label, sheet.level(layer), cells))
        return Grid(sheet.headings.get(_LABELS[0], ""), tuple(sheet.headings[each] for each in quantities), tuple(rows))

    @property
    def questions(self) -> tuple[Question, ...]:
        """The questions with one answer each."""
        return tuple(each for each in self._questions if each.kind != "init")

    @cached_property
    def tables_of_questions(self) -> Mapping[str, Grid]:
        """The questions that ask for a table, by number."""
        found = {}
        for question in self._questions:
            if question.kind == "init":
                by_place = {(part.layer, part.column): part.id for part in question.parts}
                columns = [each for each in INIT if any(column == each for _, column in by_place)]
                rows = tuple(
                    Row(layer, 0, tuple(_blank(by_place.get((layer, column))) for column in columns))
                    for layer in dict.fromkeys(part.layer for part in question.parts)
                )
                found[question.id] = Grid("", tuple(INIT[each] for each in columns), rows)
        return found

    @property
    def texts(self) -> Mapping[str, str]:
        return {question.id: question.text for question in self._questions}

    @property
    def _questions(self) -> tuple[Question, ...]:
        asked = self.sheet.questions if self.sheet is not None else None
        return asked.questions if asked is not None else ()

    # --- names --------------------------------------------------------------------------------------------------

    def column(self, answer: str) -> str:
        """What a blank's column is called: Parameters; of a question its number."""
        if answer.startswith(f"{PREFIX}."):
            return f"{answer.split('.')[1]}"
        quantity = answer.rpartition(".")[2]
        return self.sheet.headings.get(self._shown_in(answer), quantity) if self.sheet is not None else quantity

    def row(self, answer: str) -> str:
        """What its row is called: conv1; of a question's table the row and the column."""
        if answer.startswith(f"{PREFIX}."):
            _, _, rest = answer.removeprefix(f"{PREFIX}.").partition(".")
            layer, _, column = rest.rpartition(".")
            return f"{layer} {INIT.get(column, column)}" if layer else rest
        return answer.rpartition(".")[0]

    def cell(self, answer: str) -> str:
        """Its address in our workbook, L7; empty without one."""
        if self.sheet is None:
            return ""
        at = self.sheet.places.get(answer) or (
            self.sheet.questions.places.get(answer) if self.sheet.questions is not None else None
        )
        return address(at.row, at.column) if at is not None else ""

    def _shown_in(self, answer: str) -> str:
        """The quantity in whose column an answer stands: the input's in_height is in that of out_height."""
        at = self.sheet.places.get(answer) if self.sheet is not None else None
        return at.slot.quantity if at is not None else answer.rpartition(".")[2]


def is_question(answer: str) -> bool:
    return answer.startswith(f"{PREFIX}.")


def _cell(slot: Slot | None) -> Cell:
    if slot is None or slot.kind == "none":
        return Cell("none")
    if slot.kind == "blank":
        return _blank(slot.answer)
    text = "" if slot.content is None else str(slot.content)
    if slot.kind == "given" and text.startswith("="):
        return Cell("none")  # a formula follows what the student types: there is nothing to show before
    return Cell("text" if isinstance(slot.content, str) else "number", text)


def _blank(answer: str | None) -> Cell:
    return Cell("blank", "", answer) if answer else Cell("none")
