"""What a coursework is: the models of ``coursework:`` in the YAML, and the checked result.

This room knows layers and quantities; it must not know YAML documents, sheets or workbooks.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, Field, WithJsonSchema

from .addresses import LAST_ROW
from .layers import Conventions, Strict
from .layout import Layout
from .misconceptions import Misconception
from .network import Network
from .quantities import COLUMNS, GIVEN_COLUMNS, QUANTITIES, Custom
from .questionnaire import FOLLOW_THROUGH, Question
from .solve import Equation
from .table import Quantity
from .tolerance import Tolerance


def list_of(given: object) -> object:
    """A YAML list as a tuple, and a word by itself as a list of one."""
    return tuple(given) if isinstance(given, list) else (given,) if isinstance(given, str) else given


def written(given: object) -> object:
    """A number of the YAML as text: 67.4 stays 67.4."""
    if isinstance(given, bool) or not isinstance(given, int | float):
        return given
    return str(given) if isinstance(given, int) else f"{Decimal(repr(given)):f}"


def _some(given: object) -> object:
    listed = list_of(given)
    if listed == ():
        raise ValueError("must name at least one")
    return listed


Words = Annotated[
    tuple[str, ...],
    BeforeValidator(list_of),
    WithJsonSchema({"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]}),
]
_WORD = {"type": "string"}
_TEXT_OR_NUMBER = WithJsonSchema({"type": ["string", "number"], "minLength": 1})
Formula = Annotated[str, Field(min_length=1, max_length=1000), BeforeValidator(written), _TEXT_OR_NUMBER]
Share = Annotated[float, Field(ge=0, le=1)]
_OWN = {"type": "string", "pattern": "^[a-z][a-z0-9_]*$", "not": {"enum": list(GIVEN_COLUMNS)}}
_QUANTITY = {"anyOf": [{"enum": list(QUANTITIES)}, _OWN]}
_COLUMN = {"anyOf": [{"enum": list(COLUMNS)}, {"type": "string", "pattern": "^[a-z][a-z0-9_]*$"}]}


class Column(Strict):
    """A column of the sheet; the YAML may give just the quantity."""

    quantity: Annotated[str, WithJsonSchema(_COLUMN)]
    heading: str | None = Field(None, min_length=1, max_length=200, description="By default the quantity's own name")

    @property
    def title(self) -> str:
        return self.heading or COLUMNS.get(self.quantity, self.quantity)


def _columns(given: object) -> object:
    listed = list_of(given)
    if not isinstance(listed, tuple):
        return listed
    return tuple({"quantity": each} if isinstance(each, str) else each for each in listed)


Columns = Annotated[tuple[Column, ...], BeforeValidator(_columns)]


class Blank(Strict):
    """Cells that the student fills: each quantity of each layer named here."""

    quantities: Annotated[
        tuple[str, ...],
        BeforeValidator(_some),
        WithJsonSchema({"anyOf": [_QUANTITY, {"type": "array", "items": _QUANTITY, "minItems": 1}]}),
    ] = Field(description="One or several quantities, as in conv1.parameters")
    layers: Words | None = Field(
        None,
        description="Layers, blocks (all their layers), patterns such as 3a.*, input, or total; "
        "by default every layer of the table",
    )
    blocks: Words = Field((), description="Blocks whose own row, with their sums, is to be filled")
    given: Words = Field((), description="Layers whose cells show the number instead, as an example row does")
    marks: float = Field(1, ge=0, le=1000, description="Marks of each cell")
    tolerance: Tolerance | None = Field(
        None, description="How near is right; by default whole numbers are exact, and others within 0.5 %"
    )
    follow_through: Share | None = Field(
        None, description="Share of the marks for what is right for the student's own earlier numbers"
    )


def _shares(given: object) -> object:
    return {DEFAULT: given} if isinstance(given, int | float) and not isinstance(given, bool) else given


DEFAULT = "default"
Shares = Annotated[
    dict[str, Share],
    BeforeValidator(_shares),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "number", "minimum": 0, "maximum": 1},
                {"type": "object", "additionalProperties": {"type": "number", "minimum": 0, "maximum": 1}},
            ]
        }
    ),
]


def _continues(given: str) -> str:
    if given[0].isupper() or given.rstrip()[-1:] in (*".!?:;", "") or "\n" in given.strip():
        raise ValueError('must continue "The student ...": begin small, be one line, and end without a point')
    return given.strip()


_ID = "^[a-z0-9-]+$"


def _identifies(given: str) -> str:
    if re.match(_ID, given) is None or given.endswith("\n"):
        raise ValueError("must be small letters, digits and -")
    return given


class MisconceptionText(Strict):
    """A wrong rule that students are known to follow, which no change of one formula makes."""

    id: Annotated[
        str,
        Field(max_length=60),
        BeforeValidator(written),
        AfterValidator(_identifies),
        WithJsonSchema({"type": ["string", "integer"], "pattern": _ID, "maxLength": 60}),
    ] = Field(description="Its name in statistics: small letters, digits and -")
    says: Annotated[str, Field(min_length=1, max_length=500), AfterValidator(_continues)] = Field(
        description='What the student does, as it continues "The student ...": counts the classes as 1001'
    )
    layers: Words | None = Field(
        None, description="Layers, blocks, patterns or types that it holds for; by default all that have the quantity"
    )
    instead: dict[str, Formula] = Field(
        min_length=1,
        description="The wrong formula, or number, of a quantity or setting of these layers (weights), or of the "
        "layers that the key itself names (conv1.padding, BatchNorm2d.parameters, input.in_height)",
    )


class CustomText(Strict):
    """A quantity of the coursework's own; the YAML may give just the formula."""

    formula: str = Field(min_length=1, max_length=1000, description="Over other quantities and a layer's settings")
    heading: str | None = Field(None, min_length=1, max_length=200, description="By default its name")
    total: bool = Field(False, description="Does the totals row add it up?")


def _custom(given: object) -> object:
    if not isinstance(given, dict):
        return given
    return {
        name: {"formula": str(each)} if isinstance(each, str | int) and not isinstance(each, bool) else each
        for name, each in given.items()
    }


def _names_a_sheet(sheet: str) -> str:
    if re.search(_NOT_IN_A_NAME, sheet) or not sheet:
        raise ValueError("the name of a worksheet may not be empty, nor hold [ ] : * ? / \\ ' or a line break")
    if sheet.casefold() == "history":
        raise ValueError("Excel keeps this name of a worksheet for itself")
    return sheet


_NOT_IN_A_NAME = r"[\[\]:*?/\\'\n\r\t]"
SheetName = Annotated[
    str,
    Field(max_length=31, json_schema_extra={"pattern": r"^[^\[\]:*?/\\'\n\r\t]+$"}),
    AfterValidator(_names_a_sheet),
]


Place = Annotated[
    int | str,
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "integer", "minimum": 1, "maximum": LAST_ROW},
                {"type": "string", "pattern": "^[A-Za-z]{1,3}$"},
            ]
        }
    ),
]


class LineAt(Strict):
    """Where a quantity stands; the YAML may give just the column's letter, or the row's number."""

    at: Place = Field(description="The column's letter, or the row's number where each layer has a column")
    unit: Annotated[int, Field(ge=1, le=10**12)] = Field(1, description="What the numbers there are multiples of: 1000")
    order: Annotated[tuple[str, ...], BeforeValidator(list_of)] = Field(
        (), description="The sides of a composite size as they are written: [out_height, out_width]"
    )
    heading: str = Field("", max_length=200, description="What is written above it: a workbook without it is doubted")


class LayerAt(Strict):
    """Where a layer stands; the YAML may give just the row's number, or the column's letter."""

    at: Place = Field(description="The row's number, or the column's letter where each layer has a column")
    label: str = Field("", max_length=200, description="What is written there: a workbook without it is doubted")


def _lines(given: object) -> object:
    if not isinstance(given, dict):
        return given
    return {name: each if isinstance(each, dict) else {"at": each} for name, each in given.items()}


def _tables(given: object) -> object:
    return (given,) if isinstance(given, dict) else list_of(given)


class TableAt(Strict):
    """A table of somebody's own workbook: ``sheetgen locate`` writes it."""

    sheet: str = Field(min_length=1, max_length=31, description="Name of the worksheet")
    header: Place | None = Field(None, description="The row (or the column) of the headings")
    quantities: Annotated[dict[str, LineAt], BeforeValidator(_lines)] = Field(
        min_length=1, description="Where each quantity stands: parameters: F"
    )
    layers: Annotated[dict[str, LayerAt], BeforeValidator(_lines)] = Field(
        {}, description="Where each layer stands: conv1: 7; without it they are found by their labels"
    )


class CourseworkText(Strict):
    """What ``coursework:`` may hold; names are checked against the network afterwards."""

    title: str | None = Field(None, max_length=200, description="By default the name of the network")
    source: str | None = Field(
        None, max_length=2000, description="Where the network comes from; printed under the title"
    )
    instructions: str | None = Field(
        None,
        max_length=5000,
        description="What the student is to do; printed under the title, {input.in_height} as its number",
    )
    notes: Words = Field((), description="Sentences printed below the table, {conv1.out_height} as its number")
    errata: Words = Field(
        (),
        description="Where the source disagrees with arithmetic; printed by show, {total.macs / 10**9:.2f} as its "
        "number, and never handed out",
    )
    conventions: Conventions = Conventions()
    sheet: SheetName = Field("Table", description="Name of the worksheet")
    protect: bool | None = Field(
        None,
        description="Lock every cell but the blanks (without a password)? By default yes, but not where blocks are "
        "grouped: Excel opens and closes no groups on a protected sheet",
    )
    quantities: Annotated[
        dict[str, CustomText],
        BeforeValidator(_custom),
    ] = Field({}, description="Quantities of the coursework's own: memory_kib: neurons * 4 // 1024")
    columns: Columns | None = Field(None, description="By default every core quantity, after the given ones")
    blanks: Annotated[tuple[Blank, ...], BeforeValidator(list_of)] | None = Field(
        None, description="By default every computed cell, one mark each"
    )
    follow_through: Shares = Field(
        {DEFAULT: FOLLOW_THROUGH},
        description="Share of the marks for what is right for the student's own earlier numbers: 0.5, or "
        "{default: 0.5, parameters: 0.75}",
    )
    misconceptions: Annotated[tuple[MisconceptionText, ...], BeforeValidator(list_of)] = Field(
        (), description="Wrong rules that students are known to follow, with a sentence for each"
    )
    layout: Annotated[tuple[TableAt, ...], BeforeValidator(_tables)] = Field(
        (), description="Where the numbers stand in a workbook that sheetgen did not make"
    )
    omit: Words = Field((), description="Layers without parameters and connections to leave out of the table")
    subtotals: bool = Field(True, description="Has each block a row of its own, with its sums?")
    questions: Annotated[tuple[Any, ...], BeforeValidator(list_of)] = Field(
        (), description="Further questions, on a worksheet of their own"
    )  # each is read as what its kind: says, see questions.py
    questions_sheet: SheetName = Field("Questions", description="Name of that worksheet")


NESTED: Mapping[str, type[BaseModel]] = {
    "columns": Column,
    "blanks": Blank,
    "conventions": Conventions,
    "quantities": CustomText,
    "tolerance": Tolerance,
    "layout": TableAt,
    "misconceptions": MisconceptionText,
}


@dataclass(frozen=True, slots=True)
class Asked:
    """What a blank is worth, how near is right, and the share of it for what follows from earlier mistakes."""

    marks: float
    tolerance: Tolerance | None = None
    follow_through: float = FOLLOW_THROUGH


@dataclass(frozen=True, slots=True)
class Coursework:
    """Everything that a command needs to know, checked."""

    name: str  # of its files: alexnet
    network: Network
    title: str
    source: str
    instructions: str
    notes: tuple[str, ...]
    errata: tuple[str, ...]
    conventions: Conventions
    sheet: str
    protect: bool
    custom: tuple[Custom, ...]
    columns: tuple[Column, ...]
    rows: tuple[str, ...]  # layers shown, in order
    subtotals: bool
    blanks: Mapping[str, Asked] = field(hash=False)  # by answer id, in the order of the YAML
    given: frozenset[str]  # answer ids shown as examples
    questions: tuple[Question, ...] = ()
    questions_sheet: str = "Questions"
    numbers: Mapping[str, Quantity] = field(default_factory=dict, hash=False)  # of the questions, by answer id
    equations: Mapping[str, Equation] = field(default_factory=dict, hash=False)  # of those that ask for a solution
    layout: Layout = ()
    misconceptions: tuple[Misconception, ...] = ()
    files: tuple[tuple[Path, str], ...] = field(default=(), compare=False)  # read, with the SHA-256 of each
    warnings: tuple[str, ...] = field(default=(), compare=False)

    @property
    def wanted(self) -> tuple[str, ...]:
        """The quantities of the columns, beyond which the table need not go."""
        return tuple(column.quantity for column in self.columns)

    @property
    def needed(self) -> tuple[str, ...]:
        """The quantities of the columns and of the questions' formulas."""
        return needed(self.wanted, self.numbers)


def needed(wanted: tuple[str, ...], asked: Mapping[str, Quantity]) -> tuple[str, ...]:
    """The quantities ``wanted`` for columns, and those that the formulas of what is ``asked`` name."""
    binds = {bind for each in asked.values() for bind in each.binds.values() if isinstance(bind, str)}
    return (*wanted, *sorted({bind.rpartition(".")[2] for bind in binds} - set(wanted)))


def heading_of(name: str, custom: CustomText) -> str:
    """``memory_kib`` as Memory kib, unless the YAML says better."""
    return custom.heading or name.replace("_", " ").capitalize()
