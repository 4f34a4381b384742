"""The arithmetic of a network: every quantity of every layer, from the formulas of the kinds.

``compute`` gives a Table; with ``given``, the student's own earlier values take the place of the computed ones in every
formula that uses them (follow-through). Numbers are Python ints, and fractions where a quantity need not be whole.
This room knows networks and formulas; it must not know sheets, files or torch.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Protocol

from . import expr
from .errors import InternalError
from .expr import Expr, Value
from .fields import layers_with_fields
from .network import INPUT, TOTAL, Block, NamedLayer, Network
from .quantities import COMPOSITE, CORE, QUANTITIES, SHARES, SUMMABLE, Custom
from .shapes import AXES as AXES

if TYPE_CHECKING:
    import pandas as pd

    from .layers import Conventions

# The inverse of a window layer's output size: the one input that it covers to the last pixel ("exact division")
EXACT_INPUT = "(out_{0} - 1)*stride_{0} + dilation_{0}*(kernel_{0} - 1) + 1 - 2*padding_{0}"
_ALWAYS = frozenset(CORE)  # what has a value for every network that the spec reader lets through
_REACH = re.compile(r"\b(in\d*_(?:receptive_field|jump|start))\b")
_SEEN = ("receptive_field", "jump", "centre", "start")
_OF_INPUT = {"receptive_field": "1", "jump": "1", "start": "0"}  # a pixel of the image sees itself
# Along the height, twice: a sheet for square windows has one column for both sides.
SUFFIXES = (("", "height"), ("_height", "height"), ("_width", "width"))


class _Add(Protocol):
    def __call__(self, answer: str, formula: str, binds: Mapping[str, str | int]) -> None: ...


@dataclass(frozen=True, slots=True)
class Quantity:
    """One number of the table: its formula, and what each name in it stands for.

    ``binds`` maps a name to the id of another number (``conv1.out_height``) or to a number of the YAML itself.
    """

    id: str
    text: str
    binds: Mapping[str, str | int] = field(hash=False)

    @property
    def formula(self) -> Expr:
        return expr.parse(self.text)  # which remembers


@dataclass(frozen=True, slots=True)
class Row:
    """A layer: its name, kind, the kind in words, what it reads, its first input and its output, all its numbers.

    Shapes are (channels, height, width).
    """

    name: str
    kind: str
    type: str
    sources: tuple[str, ...]
    input: tuple[int, int, int]
    output: tuple[int, int, int]
    values: Mapping[str, Value] = field(hash=False)


@dataclass(frozen=True, slots=True)
class Table:
    """``totals`` and ``blocks`` hold sums over ``rows``; ``blocks`` says which of them belong to which block."""

    network: str
    input: tuple[int, int, int]
    rows: tuple[Row, ...]
    blocks: Mapping[str, tuple[str, ...]] = field(hash=False)
    totals: Mapping[str, Value] = field(hash=False)
    quantities: Mapping[str, Quantity] = field(repr=False, hash=False)
    numbers: Mapping[str, Value] = field(repr=False, hash=False)

    def value(self, answer: str) -> Value:
        """The number with the id ``answer``: ``conv1.parameters``, ``input.in_height``, ``total.connections``."""
        return self.numbers[answer]

    def working(self, answer: str) -> str:
        """The number's formula with the numbers put in: ``(227 + 2*0 - 11) // 4 + 1 = 55``."""
        quantity = self.quantities[answer]
        env = {name: self._bound(bind) for name, bind in quantity.binds.items()}
        usual = {name: expr.ONE for name in env if env[name] == 1 and name.startswith(("dilation", "groups"))}
        tree = expr.simplify(expr.substitute(quantity.formula, usual))
        # a bare number or name has no working: 96, not 96 = 96
        if isinstance(tree, expr.Op) or (isinstance(tree, expr.Call) and tree.name != "size"):
            return expr.words(tree, env)
        return expr.plain(self.numbers[answer])

    def _bound(self, bind: str | int) -> Value:
        return bind if isinstance(bind, int) else self.numbers[bind]

    def to_frame(self) -> pd.DataFrame:
        """One row a layer, one column a quantity, and a last row ``total`` (missing where a total means nothing)."""
        import pandas as pd

        records: list[dict[str, Any]] = [{"layer": row.name, "type": row.type, **row.values} for row in self.rows]
        shown = {name for record in records for name in record}
        records.append({"layer": TOTAL, "type": "", **{n: v for n, v in self.totals.items() if n in shown}})
        whole = [n for n in shown if all(isinstance(record.get(n, 0), int) for record in records)]
        for record in records:
            record |= {name: float(value) for name, value in record.items() if isinstance(value, Fraction)}
        frame = pd.DataFrame.from_records(records).set_index("layer")
        return frame.astype(dict.fromkeys(whole, "Int64"))


def quantities(
    network: Network,
    conventions: Conventions,
    rows: Sequence[str] | None = None,
    wanted: Collection[str] = (),
    custom: Sequence[Custom] = (),
) -> Mapping[str, Quantity]:
    """Every number of the table by id, in an order in which none comes before what it needs, but for input and totals.

    ``rows`` are the layers that the totals add up; by default all. There are the quantities of CORE, those ``wanted``,
    and what these are computed from; ``custom`` are the coursework's own. A layer for which a quantity has no sense
    has no number for it.
    """
    found: dict[str, Quantity] = {}

    def add(answer: str, formula: str, binds: Mapping[str, str | int]) -> None:
        names = expr.symbols(expr.parse(formula))
        found[answer] = Quantity(answer, formula, {name: binds[name] for name in names})

    asked = tuple(dict.fromkeys((*CORE, *wanted)))
    named = {name for each in custom for name in expr.symbols(expr.parse(each.formula))}
    for suffix, _ in SUFFIXES:  # what a unit sees depends on all that the layers before it see
        if any(f"{name}{suffix}" in named.union(asked) for name in _SEEN):
            asked += tuple(f"{name}{suffix}" for name in _OF_INPUT)
    shown = [layer.name for layer in network.layers if rows is None or layer.name in rows]
    summed = [name for name in SUMMABLE if name in asked]
    summed += [each.name for each in custom if each.total and each.name in asked]
    summed += [
        name for name in SUMMABLE if name not in summed and (f"total_{name}" in named or f"{name}_share" in asked)
    ]
    _add_input(network, {*asked, *named}, add)
    sides = {side for suffix, side in SUFFIXES if any(f"{name}{suffix}" in asked for name in _SEEN)}
    seeing = {side: layers_with_fields(network, side) for side in sides}
    for layer in network.layers:
        formulas = _LayerQuantities(layer, conventions, custom, found, summed, seeing)
        for name in (*asked, *summed):
            formulas.add(name)
    for block in network.blocks:
        _add_block(block, [name for name in block.layers if name in shown], asked, summed, found, add)
    for name in summed:
        _add_sum(f"{TOTAL}.{name}", [f"{layer}.{name}" for layer in shown], found, add)
    _ask_input(network, add)
    return _without_shares_of_nothing(found) if SHARES.keys() & {*asked, *named} else found


def _without_shares_of_nothing(found: Mapping[str, Quantity]) -> dict[str, Quantity]:
    """Where a total is 0, no layer has a share of it, nor what follows from one."""
    numbers: dict[str, Value] = {}
    kept: dict[str, Quantity] = {}
    missing: set[str] = set()
    for answer, quantity in found.items():
        if answer.rpartition(".")[2] in SHARES:
            continue
        env = {name: bind if isinstance(bind, int) else numbers.get(bind) for name, bind in quantity.binds.items()}
        known = {name: number for name, number in env.items() if number is not None}
        if len(known) == len(env):
            with contextlib.suppress(expr.ExpressionError):
                numbers[answer] = expr.value(quantity.formula, known)
    for answer, quantity in found.items():
        share = SHARES.get(answer.rpartition(".")[2])
        nothing = share is not None and numbers.get(f"{TOTAL}.{share}") == 0
        if nothing or not missing.isdisjoint(map(str, quantity.binds.values())):
            missing.add(answer)
        else:
            kept[answer] = quantity
    return kept


def _add_sum(answer: str, terms: Sequence[str], known: Mapping[str, Quantity], add: _Add) -> None:
    binds: dict[str, str | int] = {f"r{i}": term for i, term in enumerate(terms) if term in known}
    add(answer, _sum_of(tuple(binds)), binds)


def _sum_of(names: Sequence[str], together: int = 50) -> str:
    """``a + b + c``; many of them in brackets of 50, so that no tree gets too deep."""
    groups = [" + ".join(names[i : i + together]) for i in range(0, len(names), together)]
    return " + ".join(f"({group})" for group in groups) if len(groups) > 1 else "".join(groups) or "0"


def _add_input(network: Network, asked: Collection[str], add: _Add) -> None:
    for axis, size in zip(AXES, network.input, strict=True):
        add(f"{INPUT}.in_{axis}", str(size), {})
    if COMPOSITE.keys() & set(asked):
        sides = COMPOSITE["input_size"]
        add(f"{INPUT}.input_size", f"size({', '.join(sides)})", {side: f"{INPUT}.{side}" for side in sides})
    for suffix, _ in SUFFIXES if any(name.startswith(_SEEN) for name in asked) else ():
        for name, formula in _OF_INPUT.items():
            add(f"{INPUT}.{name}{suffix}", formula, {})


def _add_block(
    block: Block,
    shown: Sequence[str],
    asked: Sequence[str],
    summed: Sequence[str],
    known: Mapping[str, Quantity],
    add: _Add,
) -> None:
    """A block's own row: the shapes at its two ends, the sums of its layers, and their shares of the whole."""
    if not shown:
        return
    for axis in AXES:
        source = f"{block.source}.{'in' if block.source == INPUT else 'out'}_{axis}"
        add(f"{block.name}.in_{axis}", "source", {"source": source})
        add(f"{block.name}.out_{axis}", "source", {"source": f"{block.layers[-1]}.out_{axis}"})
    for name in dict.fromkeys((*summed, *asked)):
        if name in COMPOSITE:
            sides = {side: f"{block.name}.{side}" for side in COMPOSITE[name]}
            add(f"{block.name}.{name}", f"size({', '.join(sides)})", sides)
        elif name in SHARES:
            of = SHARES[name]
            add(f"{block.name}.{name}", "part / whole", {"part": f"{block.name}.{of}", "whole": f"{TOTAL}.{of}"})
        elif name in summed:
            _add_sum(f"{block.name}.{name}", [f"{layer}.{name}" for layer in shown], known, add)


class _LayerQuantities:
    """The formulas of one layer and what their names stand for; adds those that are asked for, and what they need."""

    def __init__(
        self,
        layer: NamedLayer,
        conventions: Conventions,
        custom: Sequence[Custom],
        found: dict[str, Quantity],
        summed: Collection[str],
        seeing: Mapping[str, Collection[str]],
    ) -> None:
        self.name, self.found = layer.name, found
        settings = layer.kind.settings()
        self.settings: dict[str, int] = {"bytes": conventions.bytes, **settings}
        self.outside: dict[str, str] = {f"total_{name}": f"{TOTAL}.{name}" for name in summed}
        for i, source in enumerate(layer.sources, start=1):
            self._read(f"in{i}", source)
        self._read("in", layer.source)
        if layer.like is not None:
            self._read("like", layer.like)
        self.formulas = {f"in_{axis}": f"in1_{axis}" for axis in AXES}
        self.formulas |= {name: f"size({', '.join(sides)})" for name, sides in COMPOSITE.items()}
        self.formulas |= layer.kind.formulas(conventions)
        self.formulas |= {name: str(number) for name, number in settings.items() if name in QUANTITIES}
        self.formulas |= {share: f"{of} / total_{of}" for share, of in SHARES.items()}
        for suffix, axis in SUFFIXES:
            reach = layer.kind.reach(axis)
            if reach is not None and layer.name in seeing.get(axis, ()):
                for name, text in (("receptive_field", reach.size), ("jump", reach.jump), ("start", reach.start)):
                    self.formulas[f"{name}{suffix}"] = _REACH.sub(rf"\1{suffix}", text)
                self.formulas[f"centre{suffix}"] = f"start{suffix} + (receptive_field{suffix} - 1) / 2"
        self.formulas |= {each.name: each.formula for each in custom}
        self.pending: set[str] = set()

    def _read(self, name: str, source: str) -> None:
        """What ``in2_channels``, ``in2_jump`` ... stand for: numbers of the layer that is read."""
        for axis in AXES:
            self.outside[f"{name}_{axis}"] = f"{source}.{'in' if source == INPUT else 'out'}_{axis}"
        for reach in _OF_INPUT:
            for suffix, _ in SUFFIXES:
                self.outside[f"{name}_{reach}{suffix}"] = f"{source}.{reach}{suffix}"

    def add(self, name: str) -> bool:
        """Whether the layer has the quantity ``name``; it is then added, behind what it needs."""
        answer = f"{self.name}.{name}"
        if answer in self.found:
            return True
        if name not in self.formulas or name in self.pending:
            return False
        self.pending.add(name)
        binds: dict[str, str | int] = {}
        for symbol in expr.symbols(expr.parse(self.formulas[name])):
            if symbol in self.settings:
                binds[symbol] = self.settings[symbol]
            elif symbol in self.formulas:
                if not self.add(symbol):
                    return False
                binds[symbol] = f"{self.name}.{symbol}"
            else:
                other = self.outside.get(symbol)
                if other is None or (other not in self.found and not other.startswith(f"{TOTAL}.")):
                    return False
                binds[symbol] = other
        self.found[answer] = Quantity(answer, self.formulas[name], binds)
        return True


def _ask_input(network: Network, add: _Add) -> None:
    """The input's size as the answer to a question: the one that the first layer covers to the last pixel.

    Bound to plain numbers, not to cells: the first layer's output follows from the input on the sheet, and a formula
    the other way round would close a circle.
    """
    first = network.layers[0]
    if len(first.kind.axes()) != 2:
        return
    settings = first.kind.settings()
    for axis, side, size in zip(first.kind.axes(), ("height", "width"), network.input[1:], strict=True):
        if axis.fits(size):
            windows = (size + 2 * axis.before - axis.extent) // axis.stride + 1
            add(f"{INPUT}.in_{side}", EXACT_INPUT.format(side), {**settings, f"out_{side}": windows})


def compute(
    network: Network,
    conventions: Conventions | None = None,
    rows: Sequence[str] | None = None,
    given: Mapping[str, Value] | None = None,
    *,
    wanted: Collection[str] = (),
    custom: Sequence[Custom] = (),
) -> Table:
    """Every number of ``network``: the quantities of CORE, those ``wanted``, and what these are computed from.

    ``given`` holds numbers by id (a student's) that take the place of the computed ones wherever a formula uses them;
    the number of a given id itself stays the computed one, from what it depends on.
    """
    from .layers import Conventions

    trees = quantities(network, conventions or Conventions(), rows, wanted, custom)
    given = given or {}
    numbers: dict[str, Value] = {}

    def number(bind: str | int) -> Value:
        if isinstance(bind, int):
            return bind
        if bind in given:
            return given[bind]
        return computed(bind)

    def computed(answer: str) -> Value:
        if answer not in numbers:
            quantity = trees[answer]
            try:
                numbers[answer] = expr.value(
                    quantity.formula, {name: number(bind) for name, bind in quantity.binds.items()}
                )
            except expr.ExpressionError as error:
                if given or answer.rpartition(".")[2] not in _ALWAYS:
                    raise expr.ExpressionError(f"{answer}: {error}") from error
                raise InternalError(f"{answer} cannot be computed: {error}") from error
        return numbers[answer]

    # in an order in which few calls nest: a share asks for a total, and so for all layers, before these are there
    for answer in sorted(trees, key=lambda answer: answer.rpartition(".")[2] not in _ALWAYS):
        computed(answer)
    shown = [layer for layer in network.layers if rows is None or layer.name in rows]
    names = [name for name in QUANTITIES if name in CORE or name in wanted]
    names += [each.name for each in custom]
    others = {layer.name for layer in network.layers}
    return Table(
        network=network.name,
        input=network.input,
        rows=tuple(_row(layer, numbers, names, others) for layer in shown),
        blocks={
            block.name: kept
            for block in network.blocks
            if (kept := tuple(layer.name for layer in shown if layer.name in block.layers))
        },
        totals={name.partition(".")[2]: numbers[name] for name in trees if name.startswith(f"{TOTAL}.")},
        quantities=trees,
        numbers=numbers,
    )


def _row(layer: NamedLayer, numbers: Mapping[str, Value], names: Collection[str], others: Collection[str]) -> Row:
    values = {name: numbers[f"{layer.name}.{name}"] for name in names if f"{layer.name}.{name}" in numbers}
    return Row(
        name=layer.name,
        kind=layer.kind.type,
        type=layer.describe(others),
        sources=layer.sources,
        input=_shape(values, "in"),
        output=_shape(values, "out"),
        values=values,
    )


def _shape(values: Mapping[str, Value], side: str) -> tuple[int, int, int]:
    channels, height, width = (values[f"{side}_{axis}"] for axis in AXES)
    assert isinstance(channels, int)
    assert isinstance(height, int)
    assert isinstance(width, int)
    return channels, height, width
