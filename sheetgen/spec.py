"""YAML in, frozen models out, or every mistake at once: file, line, path, what is wrong, what was perhaps meant.

A file holds either a network (``name, input, blocks, layers``) or a coursework (``network:``, itself a network or the
path of another file, and ``coursework:``). Read as YAML 1.2: ``no`` is a word, ``010`` is ten, a key given twice is a
mistake. This room knows layers and the table's arithmetic (an impossible size is a mistake in the YAML); it must not
know workbooks or torch.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from fnmatch import fnmatchcase
from pathlib import Path

from .answers import Checked
from .believed import Believed
from .coursework import DEFAULT, NESTED, Asked, Blank, Column, Coursework, CourseworkText, heading_of, needed
from .declared import read_layout
from .draft import NETWORK_KEYS, Draft
from .errors import SpecError, UsageError, did_you_mean
from .expr import ExpressionError, Value, parse, plain, symbols
from .formulas import Formulas
from .layers import KINDS, SIDES
from .layout import Layout
from .misconceptions import Misconception
from .network import INPUT, TOTAL, Network
from .quantities import COLUMNS, COMPOSITE, CORE, GIVEN_COLUMNS, LARGEST, QUANTITIES, SUMMABLE, Custom
from .questionnaire import FOLLOW_THROUGH
from .questions import read_questions
from .shapes import shape_findings
from .shipped import find
from .table import SUFFIXES, Quantity, Table, compute, quantities
from .yamldoc import Document, Where, readable, shortly, validate

_SIDED = ("receptive_field", "jump", "centre")  # which are numbers of one side each
_WHOLE = ("network", "coursework")
_KEPT = ("parameters", "connections", "fixed_parameters", "running_statistics")  # of a layer that cannot be left out
# what formulas call numbers that no column can show
_INSIDE = re.compile(r"(in\d*|like|out|taps|start|total)_.*|start|bytes")

# --- reading --------------------------------------------------------------------------------------------------------


def load(coursework: str | Path) -> Coursework:
    """The coursework of a YAML file, or of a shipped name such as ``alexnet``.

    Raises SpecError with every mistake of the file(s), UsageError where there is no such file.
    """
    path = find(coursework)
    return read(path, shown_as=str(coursework) if Path(str(coursework)) == path else path.name)


def read(path: Path, shown_as: str | None = None, content: bytes | None = None) -> Coursework:
    """The coursework in the file ``path``; ``shown_as`` is what messages call it.

    ``content`` is what the file is to hold, where it has not been written yet.
    """
    document = Document(path, shown_as or str(path), content)
    data = document.data
    if not isinstance(data, dict):
        raise SpecError((f"{document.shown_as}:1: a coursework is a mapping with network: and coursework:",))
    network_document = document
    prefix: Where = ()
    if _is_whole(data):
        meant = {key: key for key in _WHOLE if key in data}  # what it is called -> the key that it is under
        for key in data:
            if key not in _WHOLE:
                below = " here; it belongs below coursework:" if key in CourseworkText.model_fields else ""
                document.problem((key,), f"no such key{below or did_you_mean(key, _WHOLE)}")
                near = difflib.get_close_matches(key, _WHOLE, n=1)
                meant.setdefault(near[0] if near else key, key)
        network_key = meant.get("network", "network")
        network_data = data.get(network_key)
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
            prefix = (network_key,)
    else:
        network_data = data
    text = data.get("coursework", {}) if network_data is not data else {}
    draft = Draft(network_document, prefix, _only_network(network_document, prefix, network_data), path.stem)
    if text is None:
        text = {}  # nothing after coursework: is as if it were not there
    described = validate(CourseworkText, text, document, ("coursework",), NESTED)
    found: Coursework | None = None
    # where the coursework cannot be read, the rest of it, and the network, are still checked: all mistakes are said
    checked = _Checked(document, described or _what_can_be_read(text), draft, path.stem).coursework()
    if described is not None:
        found = checked
    documents = (document,) if network_document is document else (network_document, document)
    problems = tuple(line for each in documents for line in each.listed(each.problems))
    if problems or found is None:
        raise SpecError(problems)
    return found


def _only_network(document: Document, prefix: Where, data: object) -> object:
    """The network without the keys of a coursework, which are told where they belong."""
    if not isinstance(data, dict):
        return data
    strayed = [key for key in data if key in CourseworkText.model_fields and key not in NETWORK_KEYS]
    for key in strayed:
        where = "it belongs below coursework:" + ("" if prefix else ", and the network then below network:")
        document.problem((*prefix, key), f"no such key of a network; {where}")
    return {key: value for key, value in data.items() if key not in strayed} if strayed else data


def _is_whole(data: Mapping[str, object]) -> bool:
    """Whether the file is meant as a coursework, and not as just the network of one."""
    if any(key in data for key in _WHOLE):
        return True
    return not any(key in data for key in NETWORK_KEYS) and any(difflib.get_close_matches(key, _WHOLE) for key in data)


def _what_can_be_read(text: object) -> CourseworkText:
    """The coursework without the keys that are wrong, and without those that these would be held against."""
    sound = readable(CourseworkText, text)
    for key, follow in (("quantities", ("columns", "blanks")), ("columns", ("blanks",)), ("subtotals", ("blanks",))):
        if isinstance(text, dict) and key in text and key not in sound:
            sound = {each: value for each, value in sound.items() if each not in follow}
    return CourseworkText.model_validate(sound)


def _told(number: Value | None) -> str:
    return "unknown" if number is None else plain(number)


class _Checked:
    """The coursework's names checked against the network, and the network's sizes against arithmetic."""

    def __init__(self, document: Document, text: CourseworkText, draft: Draft, stem: str) -> None:
        self.document, self.text, self.draft, self.stem = document, text, draft, stem
        self.custom: tuple[Custom, ...] = ()
        self.kinds = {layer.name: layer.kind for layer in draft.layers}

    def coursework(self) -> Coursework | None:
        text = self.text
        omitted = self._layers(("omit",), text.omit, self.draft.named)
        rows = tuple(name for name in self.draft.named if name not in omitted)
        self.custom = tuple(self._custom())
        columns = text.columns if text.columns is not None else self._default_columns()
        columns = tuple(self._titled(column) for column in columns)
        self._check_columns(columns)
        self._check_sizes()
        network = self.draft.network()
        computable = network is not None and not self._wrong() and self._check_formulas(network)
        # which numbers there are at all: known only of a network that can be
        self.has = (
            set(quantities(network, text.conventions, rows, [each.quantity for each in columns], self.custom))
            if network is not None and computable
            else None
        )
        self._check_follow_through()
        self._check_ids()
        blanks, given = self._blanks(rows, columns)
        if self.draft.input is not None and self.draft.layers:
            self._check_input_is_determined(self.draft.input, blanks)
        layout = self._layout(rows)
        asked = read_questions(text.questions, self.document, ("coursework", "questions"))
        if text.questions and text.questions_sheet.casefold() == text.sheet.casefold():
            self._problem(("questions_sheet",), f"the table's worksheet is named {text.sheet} already; see sheet:")
        if network is None or not computable:
            return None
        self._warn_of_loose_ends()
        formulas = Formulas(network, self.custom, blanks, self._problem)
        sentences = dict(self._sentences())
        for path, sentence in sentences.items():
            formulas.read_sentence(path, sentence)
        usual = text.follow_through.get(DEFAULT, FOLLOW_THROUGH)
        questions = Checked(asked, formulas, text.conventions, rows, self._layers, self._problem, self._warn, usual)
        said = {
            path: formulas.said(path, sentence, handed_out=path[0] != "errata") for path, sentence in sentences.items()
        }
        self._check_numbers(network, rows, columns, omitted)
        wanted = needed(tuple(column.quantity for column in columns), questions.numbers)
        misconceptions = self._misconceptions(network, rows, wanted, blanks, questions.numbers, said)
        warnings = self.draft.document.listed(self.draft.document.warnings)
        if self.draft.document is not self.document:
            warnings += self.document.listed(self.document.warnings)
        return Coursework(
            name=self.stem,
            network=network,
            title=text.title or network.name,
            source=text.source or "",
            instructions=said.get(("instructions",), ""),
            notes=tuple(said["notes", i] for i in range(len(text.notes))),
            errata=tuple(said["errata", i] for i in range(len(text.errata))),
            conventions=text.conventions,
            sheet=text.sheet,
            protect=text.protect if text.protect is not None else not network.blocks,
            custom=self.custom,
            columns=columns,
            rows=rows,
            subtotals=text.subtotals,
            blanks=blanks,
            given=given,
            questions=tuple(questions.questions),
            questions_sheet=text.questions_sheet,
            numbers=questions.numbers,
            equations=questions.equations,
            layout=layout,
            misconceptions=misconceptions,
            files=tuple(dict.fromkeys((each.path, each.digest) for each in (self.document, self.draft.document))),
            warnings=warnings,
        )

    def _sentences(self) -> Iterable[tuple[Where, str]]:
        """What may name numbers in braces, with where it stands."""
        if self.text.instructions:
            yield ("instructions",), self.text.instructions
        for key, listed in (("notes", self.text.notes), ("errata", self.text.errata)):
            yield from (((key, i), sentence) for i, sentence in enumerate(listed))
        yield from ((("misconceptions", i, "says"), each.says) for i, each in enumerate(self.text.misconceptions))

    def _misconceptions(
        self,
        network: Network,
        rows: tuple[str, ...],
        wanted: Sequence[str],
        blanks: Collection[str],
        asked: Mapping[str, Quantity],
        said: Mapping[Where, str],
    ) -> tuple[Misconception, ...]:
        given = self.text.misconceptions
        if not given:
            return ()
        try:
            table = compute(network, self.text.conventions, rows, wanted=wanted, custom=self.custom)
        except ExpressionError:
            return ()  # told already, where a column asks for it
        known = (INPUT, *self.draft.named, TOTAL)
        believed = Believed(
            given,
            [said["misconceptions", i, "says"] for i in range(len(given))],
            network,
            self.text.conventions,
            self.custom,
            table,
            blanks,
            asked,
            lambda path, name: self._meant(path, name, known, KINDS),
            self._problem,
            self._warn,
        )
        return tuple(believed.found)

    def _check_ids(self) -> None:
        seen: set[str] = set()
        for i, each in enumerate(self.text.misconceptions):
            if each.id in seen:
                self._problem(("misconceptions", i, "id"), f"there is a misconception {each.id} already")
            seen.add(each.id)

    def _check_follow_through(self) -> None:
        known = [DEFAULT, *QUANTITIES, *self.text.quantities]
        for name in self.text.follow_through:
            if name not in known:
                near = did_you_mean(name, known)
                self._problem(("follow_through", name), f"must be default or one of the quantities{near}, not {name!r}")

    def _follow_through(self, blank: Blank, quantity: str) -> float:
        """Share of the marks of a blank: its own, else its column's, else the coursework's."""
        if blank.follow_through is not None:
            return blank.follow_through
        declared = self.text.follow_through
        return declared.get(quantity, declared.get(DEFAULT, FOLLOW_THROUGH))

    def _layout(self, rows: tuple[str, ...]) -> Layout:
        blocks = [block.name for block in self.draft.blocks] if self.text.subtotals else []
        layers, own = (INPUT, *rows, *blocks, TOTAL), [each.name for each in self.custom]
        return read_layout(self.text.layout, layers, own, lambda path, told: self._problem(("layout", *path), told))

    def _default_columns(self) -> tuple[Column, ...]:
        shown = {key for layer in self.draft.layers for key, value in layer.kind.shown().items() if value != 1}
        first = [
            key for key in GIVEN_COLUMNS if key in ("layer", "type", "kernel_size", "stride", "padding") or key in shown
        ]
        computed = [key for key in CORE if not key.startswith("in_")]
        return tuple(Column(quantity=key) for key in (*first, *computed))

    def _custom(self) -> Iterable[Custom]:
        """The coursework's own quantities; a formula may name those above it."""
        kinds = self.draft.layers
        settings = {name for layer in kinds for name in layer.kind.settings()} | {"bytes"}
        known = {name for name in QUANTITIES if name not in COMPOSITE}
        totals = {f"total_{name}" for name in SUMMABLE}
        for name, text in self.text.quantities.items():
            path: Where = ("quantities", name)
            if not re.fullmatch(r"[a-z][a-z0-9_]{0,60}", name):
                self._problem(path, "a quantity's name is small letters, digits and _, and begins with a letter")
                continue
            if name in COLUMNS or name in settings or _INSIDE.fullmatch(name):
                self._problem(path, f"the name {name} is taken")
                continue
            try:
                named = symbols(parse(text.formula))
            except ExpressionError as error:
                self._problem(path, str(error))
                continue
            strange = [each for each in named if each not in known | settings | totals]
            for each in strange:
                if each in self.text.quantities:
                    self._problem(path, f"{each} is declared below; it must stand above what is computed from it")
                    continue
                near = did_you_mean(each, [*known, *settings, *totals])
                self._problem(path, f"no layer here has {each!r}{near}")
            if not strange:
                known.add(name)
                yield Custom(name, text.formula, heading_of(name, text), text.total)

    def _titled(self, column: Column) -> Column:
        """A column of a quantity of the coursework's own gets its heading."""
        own = {each.name: each.heading for each in self.custom}
        if column.heading is None and column.quantity in own:
            return column.model_copy(update={"heading": own[column.quantity]})
        return column

    def _check_columns(self, columns: Sequence[Column]) -> None:
        seen: set[str] = set()
        headings: dict[str, str] = {}
        own = [each.name for each in self.custom]
        for i, column in enumerate(columns):
            if column.quantity not in COLUMNS and column.quantity not in own:
                if column.quantity not in self.text.quantities:  # else its own mistake is told already
                    self._problem(
                        ("columns", i),
                        f"must be one of the quantities{did_you_mean(column.quantity, [*COLUMNS, *own])}, "
                        f"not {column.quantity!r}",
                    )
                continue
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
        read = {source for layer in self.draft.layers for source in layer.sources}
        for layer in self.draft.layers[:-1]:
            if layer.name not in read:
                told = f"no layer reads {layer.name}, though it is not the last"
                self.draft.document.warn(self.draft.place(layer.name), told)

    def _layers(self, path: Where, names: Iterable[str], known: Collection[str]) -> Mapping[str, int]:
        """The layers that ``names`` stand for: layers, blocks, and patterns; one that is none is a mistake.

        Each with which of the names it was.
        """
        found: dict[str, int] = {}
        for i, name in enumerate(names):
            for row in self._meant((*path, i), name, known):
                found.setdefault(row, i)
        return found

    def _meant(self, path: Where, name: str, known: Collection[str], kinds: Collection[str] = ()) -> Sequence[str]:
        """The layers that ``name`` stands for, of those ``known``; ``kinds`` may be named too."""
        blocks = {block.name: block.layers for block in self.draft.blocks}
        if name in known:
            return (name,)
        if name in blocks:
            these = [row for row in blocks[name] if row in known]
            if not these:
                self._problem(path, f"none of the layers of {name} is among those that are meant here")
            return these
        if name in kinds:
            these = [row for row, kind in self.kinds.items() if kind.type == name]
            if not these:
                self._problem(path, f"no layer is of type {name}")
            return these
        pattern = any(char in name for char in "*?[")
        these = [row for row in known if row.startswith(f"{name}.")]
        if not these and pattern:
            these = [row for row in self.draft.named if row in known and fnmatchcase(row, name)]
        if not these:
            what = "no layer is like" if pattern else "there is no layer"
            used = {kind.type for kind in self.kinds.values()} if kinds else ()
            self._problem(path, f"{what} {name!r}{did_you_mean(name, [*known, *blocks, *sorted(used)])}")
        return these

    def _blanks(self, rows: tuple[str, ...], columns: Sequence[Column]) -> tuple[dict[str, Asked], frozenset[str]]:
        shown = {column.quantity for column in columns}
        own = [each.name for each in self.custom]
        declared = self.text.blanks
        if declared is None:
            computed = tuple(q for q in (*QUANTITIES, *own) if q in shown)
            totals = tuple(q for q in computed if self._has_total(q))
            declared = (Blank(quantities=computed),) if computed else ()
            declared += (Blank(quantities=totals, layers=(TOTAL,)),) if totals else ()
        blanks: dict[str, Asked] = {}
        given: set[str] = set()
        for i, blank in enumerate(declared):
            path: Where = ("blanks", i)
            so_far = len(blanks) + len(given)
            layers: Collection[str] = rows if not blank.blocks else ()
            if blank.layers is not None:
                layers = self._layers((*path, "layers"), blank.layers, (INPUT, *rows, TOTAL))
            examples = self._layers((*path, "given"), blank.given, layers)
            for number, quantity in enumerate(blank.quantities):
                if quantity in GIVEN_COLUMNS:
                    told = f"{quantity} cannot be a blank: it is given in the YAML, nothing determines it"
                    self._problem((*path, "quantities", number), told)
                    continue
                if quantity not in QUANTITIES and quantity not in self.text.quantities:
                    near = did_you_mean(quantity, [*QUANTITIES, *own])
                    told = f"must be one of the quantities{near}, not {quantity!r}"
                    self._problem((*path, "quantities", number), told)
                    continue
                if quantity not in shown and INPUT not in layers:  # once, not for each of the layers
                    told = f"{quantity} cannot be a blank: the sheet has no column {quantity}; add it to columns:"
                    self._problem(path, told)
                    continue
                named = set(blank.layers or ())
                cells = [(layer, layer in named) for layer in layers]
                cells += [(block, True) for block in self._own_rows((*path, "blocks"), blank.blocks)]
                for layer, explicit in cells:
                    if self._never_blank(layer, quantity, explicit=explicit, path=path, shown=shown):
                        continue
                    answer = f"{layer}.{quantity}"
                    if layer in examples:
                        given.add(answer)
                    elif answer in blanks:
                        self._problem(path, f"{answer} is a blank already")
                    else:
                        share = self._follow_through(blank, quantity)
                        blanks[answer] = Asked(blank.marks, blank.tolerance, share)
            if self.text.blanks is not None and len(blanks) + len(given) == so_far and not self._wrong():
                self._problem(path, "asks for no cell: the YAML gives all of these numbers, or they are given: here")
        for answer in sorted(given & blanks.keys()):
            self._problem(("blanks",), f"{answer} is a blank and is given: too")
        return blanks, frozenset(given)

    def _own_rows(self, path: Where, names: Iterable[str]) -> Iterable[str]:
        blocks = [block.name for block in self.draft.blocks]
        for i, name in enumerate(names):
            if name in blocks and self.text.subtotals:
                yield name
            elif name in blocks:
                self._problem((*path, i), f"{name} has no row of its own: subtotals is false")
            else:
                self._problem((*path, i), f"there is no block {name!r}{did_you_mean(name, blocks)}")

    def _wrong(self) -> bool:
        return bool(self.document.problems or self.draft.document.problems)

    def _has_total(self, quantity: str) -> bool:
        return quantity in SUMMABLE or any(each.name == quantity and each.total for each in self.custom)

    def _never_blank(self, layer: str, quantity: str, *, explicit: bool, path: Where, shown: set[str]) -> bool:
        """Whether layer.quantity cannot be a blank; says so where the YAML asked for it by name."""
        reason = None
        column = quantity.replace("in_", "out_") if layer == INPUT and quantity not in shown else quantity
        kind = self.kinds.get(layer)
        if quantity not in QUANTITIES and quantity not in {each.name for each in self.custom}:
            return True  # said already
        if column not in shown:
            reason = f"the sheet has no column {column}; add it to columns:"
        elif layer == TOTAL and not self._has_total(quantity):
            reason = f"a total of {quantity} means nothing{did_you_mean(quantity, SUMMABLE)}"
        elif layer == INPUT and quantity not in ("in_height", "in_width", "in_channels"):
            reason = "the input has in_channels, in_height and in_width only"
        elif layer == INPUT and quantity == "in_channels":
            reason = "the input's channels are given: nothing on the sheet determines them"
        elif kind is not None and quantity in kind.settings():
            reason = f"{quantity} of a {kind.type} is given in the YAML, nothing determines it"
            if not explicit:
                return True  # "every layer" means every layer that computes it
        elif self.has is not None and layer != INPUT and f"{layer}.{quantity}" not in self.has:
            reason = f"a {kind.type} has none" if kind is not None else "the block has none"
            if not explicit:
                return True
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
            inside = "." in finding.layer  # a row of a block: its line is the block's, so its name is said
            say(self.draft.place(finding.layer), f"{finding.layer}: {finding.message}" if inside else finding.message)

    def _check_input_is_determined(self, shape: tuple[int, int, int], asked: Mapping[str, Asked]) -> None:
        first = self.draft.layers[0]
        axes = first.kind.axes() or (None, None)
        for side, size, axis in zip(SIDES, shape[1:], axes, strict=True):
            if f"{INPUT}.in_{side}" in asked and (axis is None or not axis.fits(size)):
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
                    self.draft.place(layer.name),
                    f"the kernel of {layer.name} and its padding are too large for padding: not counted; count it",
                )
        return good

    def _check_numbers(
        self, network: Network, rows: tuple[str, ...], columns: Sequence[Column], omitted: Mapping[str, int]
    ) -> None:
        wanted = [each.quantity for each in columns]
        # where the YAML has what is named: a column, or a formula of the coursework's own
        named: dict[str, Where] = dict.fromkeys(wanted, ("columns",))
        for each in self.custom:
            named[each.name] = ("quantities", each.name)
            named |= {name: named[each.name] for name in symbols(parse(each.formula)) if name not in named}
        sided = [f"{name}{suffix}" for name in _SIDED if name in named for suffix, _ in SUFFIXES]
        try:
            table = compute(network, self.text.conventions, rows, wanted=[*wanted, *sided], custom=self.custom)
        except ExpressionError as error:  # of what the YAML asks for, such as a share of nothing
            answer = str(error).partition(":")[0]
            quantity = answer.rpartition(".")[2]
            hint = "; a layer may have none of what it divides by: write max(parameters, 1), not parameters"
            own = any(each.name == quantity for each in self.custom) and str(error).endswith("division by zero")
            self._problem(named.get(quantity, ("columns",)), f"{error}{hint if own else ''}")
            return
        self._check_sides(table, named)
        for answer, number in table.numbers.items():
            layer, _, quantity = answer.rpartition(".")
            if isinstance(number, str) or (quantity not in CORE and quantity not in wanted):
                continue
            if not -LARGEST <= number <= LARGEST:
                told = f"{answer} is {shortly(round(number))}: more than the 15 digits that Excel keeps"
                self.draft.document.problem(self.draft.place(layer), told)
                break  # all that follow from it are too
        for name, i in omitted.items():
            for quantity in _KEPT:
                if table.numbers.get(f"{name}.{quantity}"):
                    told = f"{name} has {quantity} and cannot be left out: the totals would be wrong"
                    self._problem(("omit", i), told)
                    break

    def _check_sides(self, table: Table, named: Mapping[str, Where]) -> None:
        """One column, or name, for both sides is for what is the same on both."""
        for name in _SIDED:
            for row in table.rows if name in named else ():
                height, width = (table.numbers.get(f"{row.name}.{name}_{side}") for side in SIDES)
                if height != width:
                    self._problem(
                        named[name],
                        f"the {name} of {row.name} is {_told(height)} (height) and {_told(width)} (width); "
                        f"use {name}_height and {name}_width",
                    )
                    break

    def _problem(self, path: Where, message: str) -> None:
        self.document.problem(("coursework", *path), message)

    def _warn(self, path: Where, message: str) -> None:
        self.document.warn(("coursework", *path), message)
