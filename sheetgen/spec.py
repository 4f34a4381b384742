"""YAML in, frozen models out, or every mistake at once: file, line, path, what is wrong, what was perhaps meant.

A file holds either a network (``name, input, layers``) or a coursework (``network:``, itself a network or the path of
another file, and ``coursework:``). Read as YAML 1.2: ``no`` is a word, ``010`` is ten, a key given twice is a mistake.
This room knows layers and the table's arithmetic (an impossible size is a mistake in the YAML); it must not know
workbooks or torch.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, Field, WithJsonSchema

from .errors import SpecError, UsageError, did_you_mean
from .expr import ExpressionError, parse
from .layers import KINDS, MOST, Conventions, Init, Strict
from .network import INPUT, TOTAL, NamedLayer, Network
from .quantities import COLUMNS, GIVEN_COLUMNS, LARGEST, QUANTITIES, SUMMABLE, defined_name
from .shipped import find
from .table import compute, shape_findings
from .yamldoc import Document, Where, shortly, validate

# --- models ---------------------------------------------------------------------------------------------------------


def _word_of(choices: Mapping[str, str]) -> Any:
    def check(given: object) -> object:
        if not isinstance(given, str) or given not in choices:
            raise ValueError(f"must be one of the quantities{did_you_mean(given, choices)}")
        return given

    return check


def _list_of(given: object) -> object:
    """A YAML list as a tuple, and a word by itself as a list of one."""
    return tuple(given) if isinstance(given, list) else (given,) if isinstance(given, str) else given


def _some(given: object) -> object:
    listed = _list_of(given)
    if listed == ():
        raise ValueError("must name at least one")
    return listed


Words = Annotated[
    tuple[str, ...],
    BeforeValidator(_list_of),
    WithJsonSchema({"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]}),
]


class Column(Strict):
    """A column of the sheet; the YAML may give just the quantity."""

    quantity: Annotated[
        str, BeforeValidator(_word_of(COLUMNS)), WithJsonSchema({"enum": list(COLUMNS), "type": "string"})
    ]
    heading: str | None = Field(None, min_length=1, max_length=200, description="By default the quantity's own name")

    @property
    def title(self) -> str:
        return self.heading or COLUMNS[self.quantity]


def _columns(given: object) -> object:
    listed = _list_of(given)
    if not isinstance(listed, tuple):
        return listed
    return tuple({"quantity": each} if isinstance(each, str) else each for each in listed)


Columns = Annotated[tuple[Column, ...], BeforeValidator(_columns)]


class Blank(Strict):
    """Cells that the student fills: each quantity of each layer named here."""

    quantities: Annotated[
        tuple[Annotated[str, BeforeValidator(_word_of(QUANTITIES))], ...],
        BeforeValidator(_some),
        WithJsonSchema(
            {
                "anyOf": [
                    {"enum": list(QUANTITIES)},
                    {"type": "array", "items": {"enum": list(QUANTITIES)}, "minItems": 1},
                ]
            }
        ),
    ] = Field(description="One or several quantities, as in conv1.parameters")
    layers: Words | None = Field(None, description="Layers, or input, or total; by default every layer of the table")
    given: Words = Field((), description="Layers whose cells show the number instead, as an example row does")
    marks: float = Field(1, ge=0, le=1000, description="Marks of each cell")


def _not_reserved(sheet: str) -> str:
    if sheet.casefold() == "history":
        raise ValueError("Excel keeps this name of a worksheet for itself")
    return sheet


class CourseworkText(Strict):
    """What ``coursework:`` may hold; names are checked against the network afterwards."""

    title: str | None = Field(None, max_length=200, description="By default the name of the network")
    source: str | None = Field(
        None, max_length=2000, description="Where the network comes from; printed under the title"
    )
    instructions: str | None = Field(
        None, max_length=5000, description="What the student is to do; printed under the title"
    )
    notes: Words = Field((), description="Sentences printed below the table")
    conventions: Conventions = Conventions()
    sheet: Annotated[str, AfterValidator(_not_reserved)] = Field(
        "Table", max_length=31, pattern=r"^[^\[\]:*?/\\'\n\r\t]+$", description="Name of the worksheet"
    )
    protect: bool = Field(True, description="Lock every cell but the blanks (without a password)")
    columns: Columns | None = Field(None, description="By default every computed quantity, after the given ones")
    blanks: Annotated[tuple[Blank, ...], BeforeValidator(_list_of)] | None = Field(
        None, description="By default every computed cell, one mark each"
    )
    omit: Words = Field((), description="Layers without parameters and connections to leave out of the table")


NESTED: Mapping[str, type[BaseModel]] = {"columns": Column, "blanks": Blank, "conventions": Conventions}


@dataclass(frozen=True, slots=True)
class Coursework:
    """Everything that a command needs to know, checked."""

    name: str  # of its files: alexnet
    network: Network
    title: str
    source: str
    instructions: str
    notes: tuple[str, ...]
    conventions: Conventions
    sheet: str
    protect: bool
    columns: tuple[Column, ...]
    rows: tuple[str, ...]  # layers shown, in order
    blanks: Mapping[str, float] = field(hash=False)  # answer id -> marks, in the order of the YAML
    given: frozenset[str]  # answer ids shown as examples
    files: tuple[tuple[Path, str], ...] = field(default=(), compare=False)  # read, with the SHA-256 of each
    warnings: tuple[str, ...] = field(default=(), compare=False)


# --- reading --------------------------------------------------------------------------------------------------------


def load(coursework: str | Path) -> Coursework:
    """The coursework of a YAML file, or of a shipped name such as ``alexnet``.

    Raises SpecError with every mistake of the file(s), UsageError where there is no such file.
    """
    path = find(coursework)
    return read(path, shown_as=str(coursework) if Path(str(coursework)) == path else path.name)


def read(path: Path, shown_as: str | None = None) -> Coursework:
    """The coursework in the file ``path``; ``shown_as`` is what messages call it."""
    document = Document(path, shown_as or str(path))
    data = document.data
    if not isinstance(data, dict):
        raise SpecError((f"{document.shown_as}:1: a coursework is a mapping with network: and coursework:",))
    network_document = document
    prefix: Where = ()
    if "network" in data or "coursework" in data:
        for key in data:
            if key not in ("network", "coursework"):
                document.problem((key,), f"no such key{did_you_mean(key, ('network', 'coursework'))}")
        network_data = data.get("network")
        if network_data is None:
            document.problem((), "network: must be given, a mapping or the path of another file")
        elif isinstance(network_data, str):
            try:
                elsewhere = Document(path.parent / network_data, network_data)
                if isinstance(elsewhere.data, dict) and "network" in elsewhere.data:
                    told = (
                        f"{network_data} is a whole coursework; a file with just name:, input: and layers: belongs here"
                    )
                    document.problem(("network",), told)
                    network_data = None
                else:
                    network_document, network_data = elsewhere, elsewhere.data
            except UsageError as error:  # no such file: a mistake of this one
                document.problem(("network",), str(error))
                network_data = None
        else:
            prefix = ("network",)
    else:
        network_data = data
    draft = _Draft(network_document, prefix, network_data, path.stem)
    text = data.get("coursework", {}) if network_data is not data else {}
    if text is None:
        text = {}  # nothing after coursework: is as if it were not there
    described = validate(CourseworkText, text, document, ("coursework",), NESTED)
    found: Coursework | None = None
    # where the coursework cannot be read, the network is still held against arithmetic, so that all mistakes are said
    checked = _Checked(document, described or CourseworkText(), draft, path.stem).coursework()
    if described is not None:
        found = checked
    documents = (document,) if network_document is document else (network_document, document)
    problems = tuple(line for each in documents for line in each.listed(each.problems))
    if problems or found is None:
        raise SpecError(problems)
    return found


RESERVED = (INPUT, TOTAL, "question")
LONGEST_NAME = 100
LAYER_NAME = rf"[^.\s][^.]{{0,{LONGEST_NAME - 1}}}"
MAX_LAYERS = 400


def _workbook_name(layer: str) -> str:
    """What tells the defined names of two layers apart: Excel does not mind capitals."""
    return defined_name(f"{layer}.").casefold()


class _Draft:
    """The network as far as it could be read: layers that are wrong are known by name only."""

    def __init__(self, document: Document, prefix: Where, data: Any, stem: str) -> None:
        self.document, self.prefix = document, prefix
        self.name = stem
        self.input: tuple[int, int, int] | None = None
        self.layers: list[NamedLayer] = []
        self.named: list[str] = []  # every layer, readable or not
        if not isinstance(data, dict):
            if data is not None:
                document.problem(prefix, "a network is a mapping with name:, input: and layers:")
            return
        for key in data:
            if key not in ("name", "input", "layers"):
                document.problem((*prefix, key), f"no such key{did_you_mean(key, ('name', 'input', 'layers'))}")
        self._read_head(data)
        layers = data.get("layers")
        if not isinstance(layers, dict) or not layers:
            document.problem((*prefix, "layers"), "must be a mapping of layers, such as conv1: {type: Conv2d, ...}")
            return
        if len(layers) > MAX_LAYERS:
            document.problem((*prefix, "layers"), f"a table may have at most {MAX_LAYERS} layers, not {len(layers)}")
            return
        taken = {_workbook_name(name): name for name in RESERVED}
        for name, fields in layers.items():
            if self._name_is_good(name, taken):
                self._read_layer(name, fields)
            if name not in RESERVED:
                self.named.append(name)

    def _name_is_good(self, name: str, taken: dict[str, str]) -> bool:
        """Whether a layer may be called ``name``; ``taken`` holds the names so far as the workbook spells them."""
        path: Where = (*self.prefix, "layers", name)
        if name in RESERVED or not re.fullmatch(LAYER_NAME, name):
            self.document.problem(
                path,
                "a layer may not be called input, total or question, nor have a point in its name "
                f"or more than {LONGEST_NAME} characters",
            )
            return False
        first = taken.setdefault(_workbook_name(name), name)
        if first != name:
            self.document.problem(path, f"a workbook cannot tell it from {first!r}; give it another name")
        return first == name

    def _read_head(self, data: dict[str, Any]) -> None:
        name = data.get("name", self.name)
        if isinstance(name, str) and name.strip():
            self.name = name
        else:
            self.document.problem((*self.prefix, "name"), f"must be text, not {shortly(name)}")
        shape = data.get("input")
        if shape is None:
            self.document.problem(self.prefix, "input: must be given as [channels, height, width]")
        elif (
            isinstance(shape, list)
            and len(shape) == 3
            and all(isinstance(n, int) and not isinstance(n, bool) and 0 < n <= MOST for n in shape)
        ):
            self.input = (shape[0], shape[1], shape[2])
        else:
            self.document.problem(
                (*self.prefix, "input"),
                f"must be [channels, height, width], whole and positive, at most {MOST:,}, not {shortly(shape)}",
            )

    def _read_layer(self, name: str, fields: Any) -> None:
        path: Where = (*self.prefix, "layers", name)
        if not isinstance(fields, dict):
            self.document.problem(path, f"a layer is a mapping such as {{type: Conv2d, ...}}, not {shortly(fields)}")
            return
        if "type" not in fields:
            self.document.problem(path, "type: must be given")
            return
        kind = KINDS.get(str(fields["type"]))
        if kind is None:
            self.document.problem(
                (*path, "type"), f"no such layer type {shortly(fields['type'])}{did_you_mean(fields['type'], KINDS)}"
            )
            return
        source = fields.get("from")
        if source is None:  # nothing after from: is as if it were not there, like every default
            source = self.named[-1] if self.named else INPUT
        if isinstance(source, str) and source != INPUT and source not in self.named:
            self.document.problem(
                (*path, "from"),
                f"there is no layer {source!r} above this one{did_you_mean(source, [INPUT, *self.named])}",
            )
        layer = validate(kind, fields, self.document, path, {"init": Init})
        if layer is not None and isinstance(source, str):
            self.layers.append(NamedLayer(name, layer, source))

    def network(self) -> Network | None:
        """The network, if every layer could be read."""
        if self.input is None or not self.layers or len(self.layers) < len(self.named) or self.document.problems:
            return None
        return Network(self.name, self.input, tuple(self.layers))


class _Checked:
    """The coursework's names checked against the network, and the network's sizes against arithmetic."""

    def __init__(self, document: Document, text: CourseworkText, draft: _Draft, stem: str) -> None:
        self.document, self.text, self.draft, self.stem = document, text, draft, stem

    def coursework(self) -> Coursework | None:
        text = self.text
        rows = tuple(name for name in self.draft.named if name not in text.omit)
        columns = text.columns if text.columns is not None else self._default_columns()
        self._check_columns(columns)
        self._check_layers(("omit",), text.omit, self.draft.named)
        blanks, given = self._blanks(rows, columns)
        self.asked = blanks
        self._check_sizes()
        network = self.draft.network()
        if network is None:
            return None
        self._warn_of_loose_ends()
        if not self._check_formulas(network):
            return None
        self._check_numbers(network, rows)
        warnings = self.draft.document.listed(self.draft.document.warnings)
        if self.draft.document is not self.document:
            warnings += self.document.listed(self.document.warnings)
        return Coursework(
            name=self.stem,
            network=network,
            title=text.title or network.name,
            source=text.source or "",
            instructions=text.instructions or "",
            notes=text.notes,
            conventions=text.conventions,
            sheet=text.sheet,
            protect=text.protect,
            columns=columns,
            rows=rows,
            blanks=blanks,
            given=given,
            files=tuple(dict.fromkeys((each.path, each.digest) for each in (self.document, self.draft.document))),
            warnings=warnings,
        )

    def _default_columns(self) -> tuple[Column, ...]:
        shown = {key for layer in self.draft.layers for key, value in layer.kind.shown().items() if value != 1}
        first = [
            key for key in GIVEN_COLUMNS if key in ("layer", "type", "kernel_size", "stride", "padding") or key in shown
        ]
        computed = [key for key in QUANTITIES if not key.startswith("in_")]
        return tuple(Column(quantity=key) for key in (*first, *computed))

    def _check_columns(self, columns: Sequence[Column]) -> None:
        seen: set[str] = set()
        headings: dict[str, str] = {}
        for i, column in enumerate(columns):
            if column.quantity in seen:
                self._problem(("columns", i), f"there is a column {column.quantity} already")
            seen.add(column.quantity)
            first = headings.setdefault(" ".join(column.title.split()).casefold(), column.quantity)
            if first != column.quantity:
                self._problem(("columns", i), f"the heading {column.title!r} stands over {first} already")
        self._warn_of_hidden_settings(seen)
        if "layer" not in seen:
            self._problem(("columns",), "the column layer must be there: it names the rows")

    def _warn_of_hidden_settings(self, columns: set[str]) -> None:
        """What a student cannot know: a stride of 4 where no column shows strides."""
        usual = {"stride": 1, "padding": 0, "dilation": 1, "groups": 1}
        for quantity in ("kernel_size", *usual):
            for layer in self.draft.layers if quantity not in columns else ():
                value = layer.kind.shown().get(quantity)
                if value is not None and value != usual.get(quantity):
                    self.document.warn(
                        ("coursework", "columns"),
                        f"no column shows the {quantity} of {layer.name} ({value}), and its numbers depend on it",
                    )
                    break

    def _warn_of_loose_ends(self) -> None:
        read = {layer.source for layer in self.draft.layers}
        for layer in self.draft.layers[:-1]:
            if layer.name not in read:
                path: Where = (*self.draft.prefix, "layers", layer.name)
                self.draft.document.warn(path, "no layer reads it, though it is not the last")

    def _check_layers(self, path: Where, names: Iterable[str], known: Sequence[str]) -> None:
        for i, name in enumerate(names):
            if name not in known:
                self._problem((*path, i), f"there is no layer {name!r}{did_you_mean(name, known)}")

    def _blanks(self, rows: tuple[str, ...], columns: Sequence[Column]) -> tuple[dict[str, float], frozenset[str]]:
        shown = {column.quantity for column in columns}
        declared = self.text.blanks
        if declared is None:
            computed = tuple(q for q in QUANTITIES if q in shown)
            totals = tuple(q for q in SUMMABLE if q in shown)
            declared = (Blank(quantities=computed),) if computed else ()
            declared += (Blank(quantities=totals, layers=(TOTAL,)),) if totals else ()
        blanks: dict[str, float] = {}
        given: set[str] = set()
        for i, blank in enumerate(declared):
            path: Where = ("blanks", i)
            so_far = len(blanks) + len(given)
            self._check_layers((*path, "layers"), blank.layers or (), (INPUT, *rows, TOTAL))
            self._check_layers((*path, "given"), blank.given, blank.layers or rows)
            for quantity in blank.quantities:
                self._check_quantity((*path, "quantities"), quantity)
                for layer in blank.layers if blank.layers is not None else rows:
                    if self._never_blank(layer, quantity, explicit=blank.layers is not None, path=path, shown=shown):
                        continue
                    answer = f"{layer}.{quantity}"
                    if layer in blank.given:
                        given.add(answer)
                    elif answer in blanks:
                        self._problem(path, f"{answer} is a blank already")
                    else:
                        blanks[answer] = blank.marks
            if self.text.blanks is not None and len(blanks) + len(given) == so_far and not self._wrong():
                self._problem(path, "asks for no cell: the YAML gives all of these numbers, or they are given: here")
        for answer in sorted(given & blanks.keys()):
            self._problem(("blanks",), f"{answer} is a blank and is given: too")
        return blanks, frozenset(given)

    def _wrong(self) -> bool:
        return bool(self.document.problems or self.draft.document.problems)

    def _check_quantity(self, path: Where, quantity: str) -> None:
        if quantity not in QUANTITIES:
            self._problem(path, f"there is no quantity {quantity!r}{did_you_mean(quantity, QUANTITIES)}")

    def _never_blank(self, layer: str, quantity: str, *, explicit: bool, path: Where, shown: set[str]) -> bool:
        """Whether layer.quantity cannot be a blank; says so where the YAML asked for it by name."""
        reason = None
        column = quantity.replace("in_", "out_") if layer == INPUT and quantity not in shown else quantity
        kind = next((each.kind for each in self.draft.layers if each.name == layer), None)
        if quantity not in QUANTITIES:
            return True  # said already
        if column not in shown:
            reason = f"the sheet has no column {column}; add it to columns:"
        elif layer == TOTAL and quantity not in SUMMABLE:
            reason = f"a total of {quantity} means nothing{did_you_mean(quantity, SUMMABLE)}"
        elif layer == INPUT and quantity not in ("in_height", "in_width", "in_channels"):
            reason = "the input has in_channels, in_height and in_width only"
        elif layer == INPUT and quantity == "in_channels":
            reason = "the input's channels are given: nothing on the sheet determines them"
        elif kind is not None and quantity in kind.settings():
            reason = f"{quantity} of a {kind.type} is given in the YAML, nothing determines it"
            if not explicit:
                return True  # "every layer" means every layer that computes it
        if reason is not None:
            self._problem(path, f"{layer}.{quantity} cannot be a blank: {reason}")
        return reason is not None

    def _check_sizes(self) -> None:
        """Impossible sizes are mistakes, fractional ones warnings: follows the shapes as far as they are known."""
        if self.draft.input is None or not self.draft.layers:
            return
        document = self.draft.document
        for finding in shape_findings(self.draft.input, self.draft.layers):
            say = document.problem if finding.fatal else document.warn
            say((*self.draft.prefix, "layers", finding.layer), finding.message)
        self._check_input_is_determined(self.draft.input)

    def _check_input_is_determined(self, shape: tuple[int, int, int]) -> None:
        first = self.draft.layers[0]
        axes = first.kind.axes() or (None, None)
        for side, size, axis in zip(("height", "width"), shape[1:], axes, strict=True):
            if f"{INPUT}.in_{side}" in self.asked and (axis is None or not axis.fits(size)):
                self._problem(
                    ("blanks",),
                    f"{INPUT}.in_{side} cannot be a blank: {first.name} does not determine it by exact division",
                )

    def _check_formulas(self, network: Network) -> bool:
        """Whether every formula can be written down: the taps that fall on padding are a term each."""
        good = True
        for layer in network.layers:
            try:
                for formula in layer.kind.formulas(self.text.conventions).values():
                    parse(formula)
            except ExpressionError:
                good = False
                self.draft.document.problem(
                    (*self.draft.prefix, "layers", layer.name),
                    "the kernel and its padding are too large for padding: not counted; count it",
                )
        return good

    def _check_numbers(self, network: Network, rows: tuple[str, ...]) -> None:
        table = compute(network, self.text.conventions, rows)
        for answer, number in table.numbers.items():
            if number > LARGEST:
                path: Where = (*self.draft.prefix, "layers", answer.rpartition(".")[0])
                self.draft.document.problem(path, f"{answer} is {number:,}: more than the 15 digits that Excel keeps")
                break  # all that follow from it are too
        for i, name in enumerate(self.text.omit):
            for quantity in ("parameters", "connections"):
                if table.value(f"{name}.{quantity}"):
                    self._problem(
                        ("omit", i), f"{name} has {quantity} and cannot be left out: the totals would be wrong"
                    )
                    break

    def _problem(self, path: Where, message: str) -> None:
        self.document.problem(("coursework", *path), message)
