"""``misconceptions:`` held against the network: which formula each puts in the place of which, or every mistake in it.

A rule is tried on the table's own numbers, so that one that gives nothing, follows from itself or changes no number
that is asked is told when the YAML is read. This room knows tables and a coursework's models; it must not know YAML
documents, sheets, or how a student's number is explained.
"""

from __future__ import annotations

import heapq
import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

from . import expr, prose
from .coursework import MisconceptionText
from .errors import did_you_mean
from .expr import ExpressionError, Value
from .formulas import Says
from .layers import KINDS, Conventions, Layer
from .misconceptions import Misconception
from .network import INPUT, TOTAL, Network
from .quantities import Custom
from .table import Quantity, Table
from .yamldoc import Where

# What the YAML calls a setting -> what formulas call it.
_IN_FORMULAS: Mapping[str, tuple[str, ...]] = {
    "kernel_size": ("kernel_height", "kernel_width"),
    "stride": ("stride_height", "stride_width"),
    "padding": ("padding_height", "padding_width"),
    "dilation": ("dilation_height", "dilation_width"),
    "output_padding": ("output_padding_height", "output_padding_width"),
    "scale_factor": ("scale_height", "scale_width"),
    "out_features": ("out_channels",),
}
_SIZES = ("in_channels", "in_height", "in_width")  # what the input has
_NAME = re.compile(r"[^\W\d]\w*")
_NUMBER = re.compile(r"(?<![\d.])\d{1,3}(?:[,\u202f ]\d{3})+(?!\d)|(?<![\d.])\d+(?:\.\d+)?")
_SIZE = re.compile(r"\d+(?: ?[x×*·] ?\d+)+")
MOST_VISITS = 20  # of one number while a rule is carried on: more, and it follows from itself

Meant = Callable[[Where, str], Sequence[str]]  # the rows that a name stands for; told, and none, where there is none


class Believed:
    """The misconceptions of a coursework on ``network``; ``found`` are those without mistake.

    ``table`` has its numbers, ``asked`` are the blanks, and ``questions`` the formulas of the questions' numbers.
    ``says`` has the sentences with the numbers that they name put in.
    """

    def __init__(
        self,
        given: Sequence[MisconceptionText],
        says: Sequence[str],
        network: Network,
        conventions: Conventions,
        custom: Sequence[Custom],
        table: Table,
        asked: Collection[str],
        questions: Mapping[str, Quantity],
        meant: Meant,
        problem: Says,
        warn: Says,
    ) -> None:
        self.table, self._custom, self._conventions = table, custom, conventions
        self._kinds = {layer.name: layer.kind for layer in network.layers}
        self._asked, self._questions, self._meant, self._problem = asked, questions, meant, problem
        self._formulas_of: dict[str, Mapping[str, str]] = {}
        self._names: dict[str, dict[str, str | int]] = {}
        self._readers: dict[str, list[str]] = {}
        self._order = {answer: i for i, answer in enumerate(table.quantities)}
        for answer, quantity in table.quantities.items():
            known = self._names.setdefault(answer.rpartition(".")[0], {})
            known[answer.rpartition(".")[2]] = answer
            for name, bind in quantity.binds.items():
                known.setdefault(name, bind)
                if isinstance(bind, str):
                    self._readers.setdefault(bind, []).append(answer)
        self.found: list[Misconception] = []
        for i, (each, said) in enumerate(zip(given, says, strict=True)):
            path: Where = ("misconceptions", i)
            self._check_sentence((*path, "says"), each.says)
            instead = self._instead(path, each)
            if instead is None:
                continue
            changed = self._carried(path, instead)
            if changed is not None and not self._matters(changed):
                warn(path, f"{each.id} changes no number that is asked")
            self.found.append(Misconception(each.id, said, instead))

    # --- the sentence

    def _check_sentence(self, path: Where, sentence: str) -> None:
        """It is told to students, so that it may not hold a number that they are to find, nor name one in braces.

        The latter is seen to where the braces are read: a given number may be named although a blank's is the same.
        """
        try:
            said = " ".join(piece for piece in prose.pieces(sentence) if isinstance(piece, str))
        except ExpressionError:
            return
        words = sorted((*self._kinds, *KINDS), key=len, reverse=True)
        rest = re.sub(rf"(?<!\w)(?:{'|'.join(map(re.escape, words))})(?!\w)", " ", said)
        numbers = {re.sub(r"[,\u202f ]", "", found[0]) for found in _NUMBER.finditer(rest)}
        numbers |= {re.sub(r" ?[×*·x] ?", " x ", found[0]) for found in _SIZE.finditer(rest)}
        for answer in (*self._asked, *self._questions) if numbers else ():
            right = self.table.numbers.get(answer)
            if right is None and answer in self._questions:
                right = self._of_question(self._questions[answer])
            if right is not None and expr.plain(right) in numbers:
                told = f"students are told it, and it holds {expr.plain(right)}, the right number of {answer}"
                self._problem(path, f"{told}; leave it out, or use words")
                return

    def _of_question(self, question: Quantity) -> Value | None:
        bound = {name: self._number(bind) for name, bind in question.binds.items()}
        env = {name: number for name, number in bound.items() if number is not None}
        try:
            return expr.value(question.formula, env)
        except ExpressionError:
            return None  # told where the question is read

    def _number(self, bind: str | int) -> Value | None:
        return bind if isinstance(bind, int) else self.table.numbers.get(bind)

    # --- the formulas

    def _instead(self, path: Where, given: MisconceptionText) -> dict[str, str] | None:
        """Id -> formula; None where something is wrong."""
        found: dict[str, str] = {}
        good = True
        listed = given.layers
        rows: list[str] = list(self._kinds)
        if listed is not None:
            meant = [self._meant((*path, "layers", i), name) for i, name in enumerate(listed)]
            good = all(meant)
            rows = list(dict.fromkeys(row for some in meant for row in some))
        for key, formula in given.instead.items():
            here: Where = (*path, "instead", key)
            layer, _, name = key.rpartition(".")
            these: Sequence[str] = self._meant(here, layer) if layer else rows
            explicit = {layer} if layer else set(listed or ())
            try:
                expr.parse(formula)
            except ExpressionError as error:
                self._problem(here, str(error))
                good = False
                continue
            if not these:
                good = False  # told already
                continue
            having = [(row, each) for row in these for each in self._called(row, name)]
            lacking = [row for row in these if row in explicit and not self._called(row, name)]
            if lacking or not having:
                self._problem(here, self._lack(lacking or these, name))
                good = False
            for row, each in having:
                answer = f"{row}.{each}"
                text = self._written(here, row, each, formula)
                if answer in found and text is not None:
                    self._problem(here, f"{answer} is given already")
                if text is None or answer in found:
                    good = False
                    break  # of the other layers it would mostly be the same mistake
                found[answer] = text
        return found if good else None

    def _called(self, row: str, name: str) -> tuple[str, ...]:
        """What formulas of ``row`` call the quantity or setting ``name``; nothing if it has none."""
        if row in (INPUT, TOTAL):
            known = f"{row}.{name}" in self.table.quantities and (row == TOTAL or name in _SIZES)
            return (name,) if known else ()
        settings = self._kinds[row].settings() if row in self._kinds else {}
        names = _IN_FORMULAS.get(name, (name,))
        if all(each in settings for each in names):
            return names
        return (name,) if f"{row}.{name}" in self.table.quantities else ()

    def _lack(self, rows: Sequence[str], name: str) -> str:
        known = dict.fromkeys(each for row in rows for each in self._may_be_given(row))
        who = rows[0] if len(rows) == 1 else "no layer here"
        return f"{who} has {'no ' if len(rows) == 1 else ''}{name!r}{did_you_mean(name, known)}"

    def _may_be_given(self, row: str) -> Iterator[str]:
        if row == INPUT:
            yield from _SIZES
            return
        yield from self._kinds[row].settings() if row in self._kinds else ()
        yield from (name for name, bind in self._names.get(row, {}).items() if bind == f"{row}.{name}")

    def _formulas(self, row: str) -> Mapping[str, str]:
        """What the table need not have: all formulas of a layer's kind, and the coursework's own."""
        if row not in self._formulas_of:
            kind = self._kinds.get(row)
            formulas = dict(kind.formulas(self._conventions)) if kind is not None else {}
            self._formulas_of[row] = formulas | {each.name: each.formula for each in self._custom}
        return self._formulas_of[row]

    def _written(self, path: Where, row: str, name: str, formula: str) -> str | None:
        """``formula`` over what the table knows of ``row``; a setting's, and the input's, as a number.

        In the formula of a quantity its own name is the right formula: ``parameters: parameters + out_channels``.
        """
        answer = f"{row}.{name}"
        is_setting = row == INPUT or name in self._settings(row)
        try:
            text = self._expanded(row, formula, () if is_setting else (name,), own=None if is_setting else name)
            value = self._value(row, text)
            right = self.table.numbers.get(answer)
            if is_setting and (not isinstance(value, int) or value < 0):
                raise ExpressionError(f"is a whole number, not {expr.plain(value)}")
            if right is not None and isinstance(value, str) != isinstance(right, str):
                raise ExpressionError(f"is {expr.plain(right)}, and not of the kind of {expr.plain(value)}")
        except ExpressionError as error:
            self._problem(path, f"{answer}: {error}")
            return None
        return str(value) if is_setting else text

    def _settings(self, row: str) -> Mapping[str, int]:
        kind: Layer | None = self._kinds.get(row)
        return {"bytes": self._conventions.bytes, **kind.settings()} if kind is not None else {}

    def _expanded(self, row: str, formula: str, above: tuple[str, ...], own: str | None = None) -> str:
        """``formula`` with what the table does not have written out."""
        known, settings, formulas = self._names.get(row, {}), self._settings(row), self._formulas(row)
        put_in: dict[str, str] = {}
        for name in expr.symbols(expr.parse(formula)):
            if name == own:
                put_in[name] = f"({self.table.quantities[f'{row}.{name}'].text})"
            elif name in known:
                continue
            elif name in settings:
                put_in[name] = str(settings[name])
            elif name.startswith("total_") and f"{TOTAL}.{name.removeprefix('total_')}" in self.table.numbers:
                continue
            elif name in formulas and name not in above:
                put_in[name] = f"({self._expanded(row, formulas[name], (*above, name))})"
            else:
                near = did_you_mean(name, dict.fromkeys((*known, *settings, *formulas)))
                raise ExpressionError(f"{row} has no {name!r}{near}")
        text = _NAME.sub(lambda found: put_in.get(found[0], found[0]), formula) if put_in else formula
        expr.parse(text)  # it may have grown too long
        return text

    def _source(self, row: str, name: str) -> str | int | None:
        if name.startswith("total_") and name not in self._names.get(row, {}):
            return f"{TOTAL}.{name.removeprefix('total_')}"
        return self._names.get(row, {}).get(name, self._settings(row).get(name))

    def _value(self, row: str, text: str) -> Value:
        """What a formula of ``row`` gives for the right numbers."""
        env = {}
        for name in expr.symbols(expr.parse(text)):
            number = self._number(bind) if (bind := self._source(row, name)) is not None else None
            if number is not None:
                env[name] = number
        return expr.value(expr.parse(text), env)

    # --- what follows

    def _carried(self, path: Where, instead: Mapping[str, str]) -> Mapping[str, Value] | None:
        """The numbers that differ where the rule holds throughout; None, and told, where there is no end to it."""
        numbers = self.table.numbers
        changed: dict[str, Value] = {}
        more: dict[str, list[str]] = {}  # readers that only the rule's formulas make
        first = [answer for answer in instead if answer in self._order]
        settings: dict[str, set[str]] = {}
        for answer, text in instead.items():
            row, _, name = answer.rpartition(".")
            settings.setdefault(row, set()).add(name)
            for each in expr.symbols(expr.parse(text)) if answer in self._order else ():
                source = self._source(row, each)
                if isinstance(source, str) and source != answer:
                    more.setdefault(source, []).append(answer)
        for answer, quantity in self.table.quantities.items():
            names = settings.get(answer.rpartition(".")[0], ())
            if any(isinstance(quantity.binds.get(name), int) for name in names):
                first.append(answer)
        queued = {self._order[answer] for answer in first}
        waiting = sorted(queued)  # a heap: what comes first in the table is computed first
        answers = list(self.table.quantities)
        visits: dict[str, int] = {}
        while waiting:
            at = heapq.heappop(waiting)
            queued.discard(at)
            answer = answers[at]
            visits[answer] = visits.get(answer, 0) + 1
            if visits[answer] > MOST_VISITS:
                self._problem(path, f"{answer} would follow from itself")
                return None
            before = changed.get(answer, numbers[answer])
            try:
                after = self._under(answer, instead, changed)
            except ExpressionError:
                after = numbers[answer]  # nothing that follows from the rule can be said of it
            if after == before:
                continue
            changed[answer] = after
            for reader in (*self._readers.get(answer, ()), *more.get(answer, ())):
                if self._order[reader] not in queued:
                    queued.add(self._order[reader])
                    heapq.heappush(waiting, self._order[reader])
        return {answer: number for answer, number in changed.items() if number != numbers[answer]}

    def _under(self, answer: str, instead: Mapping[str, str], changed: Mapping[str, Value]) -> Value:
        """One number under the rule, with the numbers ``changed`` so far."""
        row = answer.rpartition(".")[0]
        quantity = self.table.quantities[answer]
        text = instead.get(answer)
        tree = quantity.formula if text is None else expr.parse(text)
        env: dict[str, Value] = {}
        for name in expr.symbols(tree):
            source = quantity.binds.get(name)
            source = self._source(row, name) if source is None else source
            wrong = instead.get(f"{row}.{name}")
            if isinstance(source, str):
                env[name] = changed.get(source, self.table.numbers[source])
            elif source is not None:
                env[name] = int(wrong) if wrong is not None else source
        return expr.value(tree, env)

    def _matters(self, changed: Mapping[str, Value]) -> bool:
        """Whether any of the numbers is asked, or a question's follows from it."""
        asked = set(self._asked)
        for question in self._questions.values():
            asked |= {bind for bind in question.binds.values() if isinstance(bind, str)}
        return not asked.isdisjoint(changed)
