"""Formulas over a network's numbers as a coursework has them, ``conv1.parameters / total.parameters``: read, computed.

The notation has no dots, so that an id becomes a symbol before it is parsed. Questions ask for the number of such a
formula; sentences name some in braces, and get their numbers put in. All are read before any is computed, so that one
table holds what they need. This room knows the table's arithmetic; it must not know questions, sheets or workbooks.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from types import MappingProxyType
from typing import Protocol

from . import expr, prose
from .errors import did_you_mean
from .expr import ExpressionError, Number, Value
from .layers import Conventions
from .network import INPUT, TOTAL, Network
from .quantities import QUANTITIES, Custom
from .table import Quantity, compute, quantities
from .yamldoc import Where


class _Names:
    """The ids that formulas may use: ``<row>.<quantity>``, where a row is a layer, a block, input or total."""

    def __init__(self, network: Network, custom: Sequence[Custom]) -> None:
        self.rows = [layer.name for layer in network.layers] + [block.name for block in network.blocks] + [INPUT, TOTAL]
        self.quantities = [*QUANTITIES, *(each.name for each in custom)]
        if "network" not in self.rows:
            self.rows.append("network")  # another word for the input
        known = "|".join(re.escape(row) for row in sorted(self.rows, key=len, reverse=True))
        # a known row whatever it is called, and else anything that looks like an id; 67.4 does not
        self.pattern = re.compile(rf"(?<![\w.])(?:{known})\.[A-Za-z_]\w*|(?<![\w.])\w+(?:\.\w+)*\.[A-Za-z_]\w*")

    def read(self, text: str) -> tuple[Quantity, list[str]]:
        """The formula with symbols for ids, as a Quantity without id, and what is wrong with the ids."""
        stem = "id"
        while stem in text:
            stem += "_"
        binds: dict[str, str] = {}
        wrong: list[str] = []

        def symbol(match: re.Match[str]) -> str:
            row, _, quantity = match[0].rpartition(".")
            if row not in self.rows:
                wrong.append(f"there is no layer {row!r}{did_you_mean(row, self.rows)}")
            elif quantity not in self.quantities:
                wrong.append(f"there is no quantity {quantity!r}{did_you_mean(quantity, self.quantities)}")
            answer = f"{INPUT if row == 'network' else row}.{quantity}"
            known = next((name for name, bind in binds.items() if bind == answer), f"{stem}{len(binds)}")
            binds[known] = answer
            return known

        replaced = self.pattern.sub(symbol, text)
        tree = expr.parse(replaced)
        wrong += [
            f"{name!r} is no quantity: say of which layer, as in conv1.parameters"
            for name in expr.symbols(tree)
            if name not in binds
        ]
        return Quantity("", replaced, binds), wrong


class Says(Protocol):
    def __call__(self, path: Where, message: str) -> None: ...


class Formulas:
    """The formulas of a coursework on ``network``: ``read`` each, ``compute`` once, then ask for numbers.

    Mistakes go to ``problem``, with where in the coursework they are. ``blanks`` are what students fill in.
    """

    def __init__(self, network: Network, custom: Sequence[Custom], blanks: Collection[str], problem: Says) -> None:
        self.network, self._custom, self._blanks, self._problem = network, custom, blanks, problem
        self._names = _Names(network, custom)
        self._read: dict[str, Quantity | None] = {}  # text -> as it was read; None where something is wrong
        self.known: Mapping[str, Quantity] = {}
        self.numbers: Mapping[str, Value] = {}  # of those, by id; none until they are computed

    def read(self, path: Where, text: str) -> None:
        if text in self._read:
            return
        self._read[text] = None
        try:
            quantity, wrong = self._names.read(text)
        except ExpressionError as error:
            self._problem(path, str(error))
            return
        for message in wrong:
            self._problem(path, message)
        if not wrong:
            self._read[text] = quantity

    def compute(self, conventions: Conventions, rows: Sequence[str]) -> None:
        """Compute the numbers that the formulas name; ExpressionError where one of those has no value."""
        read = [quantity for quantity in self._read.values() if quantity is not None]
        wanted = sorted({str(bind).rpartition(".")[2] for quantity in read for bind in quantity.binds.values()})
        self.known = quantities(self.network, conventions, rows, wanted, self._custom)
        self.numbers = compute(self.network, conventions, rows, wanted=wanted, custom=self._custom).numbers

    def formula(self, path: Where, text: str) -> Quantity | None:
        """The formula, if every id in it has a number."""
        quantity = self._read[text]
        for bind in quantity.binds.values() if quantity is not None else ():
            if isinstance(bind, str) and bind not in self.known:
                row, _, name = bind.rpartition(".")
                kind = next((layer.kind.type for layer in self.network.layers if layer.name == row), None)
                self._problem(path, f"{row} has no {name}" + (f": a {kind} has none" if kind else ""))
                return None
        return quantity

    def number(self, quantity: Quantity) -> Number:
        """What it gives; ExpressionError where that is nothing, or no number."""
        return expr.numeric(quantity.formula, self._bound(quantity))

    def _bound(self, quantity: Quantity) -> Mapping[str, Value]:
        return {name: self.numbers[str(bind)] for name, bind in quantity.binds.items()}

    # --- sentences

    def read_sentence(self, path: Where, sentence: str, words: Collection[str] = ()) -> None:
        for text in prose.formulas(sentence):
            if text not in words:
                self.read(path, text)

    def said(
        self, path: Where, sentence: str, *, handed_out: bool, words: Mapping[str, str] = MappingProxyType({})
    ) -> str:
        """``sentence`` with the numbers that it names put in, and what it names of ``words``.

        What is ``handed_out`` may not name a blank: that would give its answer away.
        """
        if not self.numbers:
            return sentence  # why there are none is said already
        said = ""
        try:
            for piece in prose.pieces(sentence):
                if isinstance(piece, str):
                    said += piece
                elif piece.formula in words:
                    said += words[piece.formula]
                else:
                    said += self._printed(path, piece, handed_out=handed_out)
        except ExpressionError as error:
            self._problem(path, str(error))
        return said

    def _printed(self, path: Where, named: prose.Named, *, handed_out: bool) -> str:
        quantity = self.formula(path, named.formula)
        if quantity is None:
            return ""
        asked = [bind for bind in quantity.binds.values() if bind in self._blanks]
        if asked and handed_out:
            self._problem(path, f"{asked[0]} is a blank, and this is handed out: it would give the answer away")
        return prose.printed(expr.value(quantity.formula, self._bound(quantity)), named.places)
