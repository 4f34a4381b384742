"""The questions of a coursework: what each asks, what counts as right, and which answer lives in which cell.

A Questionnaire is to the sheet of questions what a Sheet is to the table: plain data, so that marking needs nothing of
what reads a YAML. The number that is right, and its formula, are the table's like any other (``question.8``). This room
must not know files, styles, or how an answer is marked.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType
from typing import Literal

from .expr import Value

FIRST_ROW = 6  # under the title, the instructions, the legend and the headings
PREFIX = "question"
FOLLOW_THROUGH = 0.5  # of the marks, where nothing is said, for what is right for a student's own earlier numbers
Kind = Literal["number", "choice", "text", "init"]

# Columns of the sheet with their headings; a table of initial values stands in four of them.
HEADINGS: Mapping[str, str] = MappingProxyType(
    {"id": "No.", "text": "Question", "answer": "Answer", "unit": "Unit", "marks": "Marks", "remarks": "Remarks"}
)
INIT: Mapping[str, str] = MappingProxyType({"mean": "Mean", "std": "Standard deviation", "bias": "Bias constant"})
INIT_COLUMNS: Mapping[str, str] = MappingProxyType({"layer": "text", "mean": "answer", "std": "unit", "bias": "marks"})


@dataclass(frozen=True, slots=True)
class Known:
    """A number that students are known to give: ``right`` although it is another one, or wrong for a known reason."""

    value: Value
    near: float
    said: str  # to the student
    right: bool


@dataclass(frozen=True, slots=True)
class Part:
    """One answer to give: a question's only one, or a layer's mean, standard deviation or bias."""

    id: str
    marks: float
    near: float = 0  # how far off a number may be
    known: tuple[Known, ...] = ()
    layer: str = ""
    column: str = "answer"  # of HEADINGS, or of INIT
    follow_through: float = FOLLOW_THROUGH  # share of the marks for what is right for the student's own numbers


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked. ``model`` is the letter of the right option, or a model answer; ``remark`` is the key's."""

    id: str
    kind: Kind
    text: str
    parts: tuple[Part, ...]
    unit: str = ""
    options: tuple[str, ...] = ()
    model: str = ""
    remark: str = ""
    loss: tuple[int, bool] | None = None  # its sign, and whether pixels are weighted

    @property
    def marks(self) -> float:
        return round(math.fsum(part.marks for part in self.parts), 6)

    @property
    def numbers(self) -> tuple[Part, ...]:
        """Its answers that are numbers."""
        return self.parts if self.kind in ("number", "init") else ()

    @property
    def asked(self) -> str:
        """The question as it is printed, with its options."""
        return "\n".join((self.text, *(f"{letter}   {option}" for letter, option in lettered(self.options))))

    @property
    def revealed(self) -> str:
        """What is right, of a question whose answer is no number."""
        return f"{self.model}: {dict(lettered(self.options))[self.model]}" if self.kind == "choice" else self.model


def lettered(options: Sequence[str]) -> tuple[tuple[str, str], ...]:
    """Each option with its letter, from A on."""
    return tuple((chr(ord("A") + i), option) for i, option in enumerate(options))


@dataclass(frozen=True, slots=True)
class QuestionCell:
    """The cell of one answer; rows and columns count from 1."""

    row: int
    column: int
    question: Question
    part: Part

    @property
    def answer(self) -> str:
        return self.part.id


@dataclass(frozen=True)
class Questionnaire:
    """The questions on their worksheet. ``rows`` has each question's row by its id, and of a table ``7.conv1``."""

    worksheet: str
    questions: tuple[Question, ...]
    rows: Mapping[str, int] = field(hash=False)
    columns: Mapping[str, int] = field(hash=False)  # of HEADINGS

    @cached_property
    def cells(self) -> tuple[QuestionCell, ...]:
        """The cells that the student fills, question by question."""
        return tuple(
            QuestionCell(
                self.rows[f"{question.id}.{part.layer}" if part.layer else question.id],
                self.columns[INIT_COLUMNS.get(part.column, part.column)],
                question,
                part,
            )
            for question in self.questions
            for part in question.parts
        )

    @cached_property
    def places(self) -> Mapping[str, QuestionCell]:
        return {cell.answer: cell for cell in self.cells}

    @property
    def numbers(self) -> tuple[str, ...]:
        """Ids of the answers that are numbers."""
        return tuple(part.id for question in self.questions for part in question.numbers)


def lay_out(worksheet: str, questions: Sequence[Question]) -> Questionnaire:
    """One row a question; below a question for initial values a small table, a row for its headings and one a layer."""
    rows: dict[str, int] = {}
    row = FIRST_ROW
    for question in questions:
        rows[question.id] = row
        layers = dict.fromkeys(part.layer for part in question.parts if part.layer)
        rows |= {f"{question.id}.{layer}": row + 2 + i for i, layer in enumerate(layers)}
        row += 1 + (1 + len(layers) if layers else 0)
    columns = {name: column for column, name in enumerate(HEADINGS, start=1)}
    return Questionnaire(worksheet, tuple(questions), rows, columns)
