"""Formulas of a table as a student may have them in mind, and all their changes, worked out once for all layers alike.

Layers of one kind share their formulas, so that a ResNet of 152 layers has no more forms than one of 18. A form knows
its tree, its single and double changes, and compiled functions that give the value of all of them at once. This room
must not know what a student wrote.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache

from .. import expr
from ..expr import Value
from ..sheet import Sheet
from ..table import Quantity
from .changes import AFTER, BEFORE, Changed, Rule, changes
from .own import Numbers
from .trees import MISSING, Compiled, Node, Number, compile_trees, evaluate, flat, names, replaced

MOST_DOUBLES = 1_500  # of one form; those of the plainest rules come first
MOST_KNOWN = 250  # rows of numbers for which a form's changes are remembered
MOST_WAYS = 12  # in which several rules change one formula
NUMBER = "#"  # before a number of a question's own: #256
MOST_NAMES = 40  # of a formula whose changes are listed; sums over a network are treated apart (sums.py)
_OF_WINDOWS = ("in_channels", "in_height", "in_width", "out_channels", "out_height", "out_width")
_LEAVES = frozenset(_OF_WINDOWS) | {"taps_height", "taps_width"}  # numbers of their own, however they are computed
_FOLDED = ("dilation_height", "dilation_width", "groups", "output_padding_height", "output_padding_width")
# Rules that are not combined with others: the second would hide the first
_ALONE = frozenset(
    {
        "nothing",
        "not-concatenated",
        "lacks-input",
        "uncropped",
        "per-slice",
        "same",
        "divided",
        "by-kernel",
        "kept",
        "inverted",
        "product",
    }
)

Giving = Mapping[Number, tuple[Rule, ...]]  # a number -> the changes of one formula that give it
Double = tuple[tuple[Rule, Rule], Node]


@dataclass(frozen=True)
class Form:
    """A formula's tree for one quantity, with its changes; ``expanded`` has the row's own numbers put in."""

    quantity: str
    tree: Node
    expanded: Node
    _applied: dict[tuple[Rule, ...], tuple[Node, ...]] = field(default_factory=dict, compare=False, repr=False)
    _giving: dict[tuple[Value, ...], Giving] = field(default_factory=dict, compare=False, repr=False)

    @cached_property
    def singles(self) -> tuple[Changed, ...]:
        found: dict[Node, Rule] = {}
        for tree in dict.fromkeys((self.tree, self.expanded)):
            for rule, changed in changes(tree, self.quantity):
                if not any(NUMBER in each for each in rule):
                    found.setdefault(changed, rule)
        for tree in (self.tree, self.expanded):
            found.pop(tree, None)
        return tuple((rule, changed) for changed, rule in found.items())

    @cached_property
    def doubles(self) -> tuple[Double, ...]:
        seen: set[Node] = {self.tree, self.expanded, *(changed for _, changed in self.singles)}
        found: list[Double] = []
        singles = [each for each in self.singles if each[0][0] not in _ALONE]
        for first, changed in singles:
            if len(found) >= MOST_DOUBLES:
                break
            for second, twice in changes(changed, self.quantity):
                if second != first and second[0] not in _ALONE and twice not in seen:
                    seen.add(twice)
                    found.append(((first, second), twice))
        return tuple(found)

    @cached_property
    def rules(self) -> frozenset[Rule]:
        return frozenset(rule for rule, _ in self.singles)

    def applied(self, rules: tuple[Rule, ...]) -> tuple[Node, ...]:
        """The formula changed by several rules at once, in every way that there is."""
        if rules not in self._applied:
            trees: tuple[Node, ...] = tuple(dict.fromkeys((self.tree, self.expanded)))
            for rule in rules:
                trees = tuple(
                    dict.fromkeys(new for tree in trees for each, new in changes(tree, self.quantity) if each == rule)
                )
            self._applied[rules] = trees[:MOST_WAYS]
        return self._applied[rules]

    @cached_property
    def of_singles(self) -> tuple[Compiled, tuple[str, ...]]:
        """The formula's value, then one for each of ``singles``; and the names that they read."""
        return compile_trees([self.expanded, *(changed for _, changed in self.singles)])

    def giving(self, values: tuple[Value, ...]) -> Giving:
        """Number -> the single changes that give it where the names of ``of_singles`` have these numbers.

        Of the formula's own number (): what changes nothing there explains nothing. Remembered, since students of a
        class share their numbers, the right ones and the wrong ones; of whole numbers only, since 0.5 is as good a key
        as 1/2, and what comes of it is not the same.
        """
        whole = all(type(value) is int or value is MISSING for value in values)
        if whole and values in self._giving:
            return self._giving[values]
        itself, *changed = self.of_singles[0](*values)
        found: dict[Number, tuple[Rule, ...]] = {}
        for (rule, _), number in zip(self.singles, changed, strict=True):
            found[number] = (*found.get(number, ()), rule)
        found[itself] = ((),)
        if whole:
            if len(self._giving) >= MOST_KNOWN:
                self._giving.clear()
            self._giving[values] = found
        return found

    @cached_property
    def of_doubles(self) -> tuple[Compiled, tuple[str, ...]]:
        return compile_trees([changed for _, changed in self.doubles])


@lru_cache(maxsize=512)
def _form(quantity: str, tree: Node, expanded: Node) -> Form:
    return Form(quantity, tree, expanded)


class Forms:
    """The forms of one sheet's numbers, and where the names in them have their numbers from."""

    def __init__(self, sheet: Sheet) -> None:
        self.quantities = sheet.table.quantities
        self.numbers = sheet.table.numbers
        self.order = [row.name for row in sheet.table.rows]
        self._layers: dict[str, dict[str, str | int]] = {}
        for answer, quantity in self.quantities.items():
            layer, _, name = answer.rpartition(".")
            known = self._layers.setdefault(layer, {})
            known[name] = answer
            for symbol, bind in quantity.binds.items():
                if isinstance(bind, int) or symbol not in known:
                    known.setdefault(symbol, bind)
        self._forms: dict[str, Form | None] = {}

    def of(self, answer: str) -> Form | None:
        """The form of a number; None for a sum over many, a size, and what has no formula."""
        if answer not in self._forms:
            self._forms[answer] = self._made(answer)
        return self._forms[answer]

    def _made(self, answer: str) -> Form | None:
        quantity = self.quantities.get(answer)
        if quantity is None or len(quantity.binds) > MOST_NAMES or is_sum(quantity):
            return None
        formula = quantity.formula
        if isinstance(formula, expr.Call) and formula.name == "size":
            return None
        tree = self._tree(quantity)
        name = answer.rpartition(".")[2]
        return _form(name if not answer.startswith("question.") else "question", tree, self._expanded(answer, tree))

    def _tree(self, quantity: Quantity) -> Node:
        """As a teacher would write it: without what is 1 everywhere, and of a clip the part that holds."""
        folded = {
            name: expr.Num(bind)
            for name, bind in quantity.binds.items()
            if isinstance(bind, int) and name in _FOLDED and bind in (0, 1)
        }
        if not quantity.binds:
            return flat(_numbers_named(quantity.formula))
        tree = expr.simplify(expr.substitute(quantity.formula, folded))
        return self._unclipped(flat(tree), quantity)

    def _unclipped(self, node: Node, quantity: Quantity) -> Node:
        if not isinstance(node, tuple) or node[0] != "min" or len(node) != 3:
            return node
        env = {name: bind if isinstance(bind, int) else self.numbers.get(bind) for name, bind in quantity.binds.items()}
        known = {name: number for name, number in env.items() if number is not None}
        first: Node = node[1]
        return first if evaluate(first, known) == evaluate(node, known) else node

    def _expanded(self, answer: str, tree: Node, depth: int = 0) -> Node:
        """With the row's own numbers written out: weights + biases over kernels and channels."""
        layer = answer.rpartition(".")[0]
        quantity = self.quantities[answer]
        put_in: dict[str, Node] = {}
        for name, bind in quantity.binds.items():
            if name == "in_channels" and isinstance(bind, str) and self._is_joined(bind):
                put_in[name] = self._tree(self.quantities[bind])
                continue
            own = (
                isinstance(bind, str)
                and bind.rpartition(".")[0] == layer
                and name not in _LEAVES
                and name in set(names(tree))
            )
            if own and depth < 4 and isinstance(bind, str):
                inner = self.quantities[bind]
                if len(inner.binds) <= MOST_NAMES and not _is_size(inner):
                    put_in[name] = self._expanded(bind, self._tree(inner), depth + 1)
        return replaced(tree, put_in) if put_in else tree

    def _is_joined(self, answer: str) -> bool:
        """Whether a layer's input channels are those of several layers, one behind the other."""
        return answer in self.quantities and len(self.quantities[answer].binds) > 1

    # --- the names' numbers

    def source(self, answer: str, name: str) -> str | int | None:
        """Where ``name`` in a form of ``answer`` has its number from: an id, or a setting of the YAML."""
        if name.startswith(NUMBER):
            return int(name.removeprefix(NUMBER))
        layer, _, _ = answer.rpartition(".")
        quantity = self.quantities.get(answer)
        bound = quantity.binds.get(name) if quantity is not None else None
        if bound is not None:
            return bound
        for where, step in ((BEFORE, -1), (AFTER, 1)):
            if name.startswith(where):
                return self._beside(layer, step, name.removeprefix(where))
        found = self._layers.get(layer, {}).get(name)
        if found is None and name.startswith("total_"):  # which a misconception may read
            total = f"total.{name.removeprefix('total_')}"
            return total if total in self.quantities else None
        return found

    def _beside(self, layer: str, step: int, name: str) -> str | int | None:
        """The same number of the next layer that has one."""
        if layer not in self.order:
            return None
        at = self.order.index(layer) + step
        while 0 <= at < len(self.order):
            found = self._layers.get(self.order[at], {}).get(name)
            if found is not None:
                return found
            at += step
        return None


def _numbers_named(tree: expr.Expr) -> expr.Expr:
    """A question's formula over plain numbers, 256 - 224 + 1, with names for them: else all would be one number."""
    match tree:
        case expr.Num(int(number)) if number > 1:
            return expr.Sym(f"{NUMBER}{number}")
        case expr.Op("**", left, right):
            return expr.Op("**", _numbers_named(left), right)
        case expr.Op(op, left, right):
            return expr.Op(op, _numbers_named(left), _numbers_named(right))
        case expr.Neg(of):
            return expr.Neg(_numbers_named(of))
    return tree


def is_sum(quantity: Quantity) -> bool:
    """Whether it adds up layers: a total, or a block's own number."""
    return "r0" in quantity.binds or (quantity.text == "0" and quantity.id.startswith("total."))


def _is_size(quantity: Quantity) -> bool:
    return isinstance(quantity.formula, expr.Call) and quantity.formula.name == "size"


def bound(sources: tuple[str | int | None, ...], own: Numbers) -> tuple[Value, ...]:
    """The numbers of names, with ``own`` for those that have an id."""
    get = own.get
    found: list[Value] = []
    for source in sources:
        number = get(source) if type(source) is str else source
        found.append(MISSING if number is None or type(number) is str else number)
    return tuple(found)
