"""The arithmetic of a network: every quantity of every layer, from the formulas of the kinds.

``compute`` gives a Table; with ``given``, the student's own earlier values take the place of the computed ones in every
formula that uses them (follow-through). Numbers are Python ints. This room knows networks and formulas; it must not
know sheets, files or torch.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from . import expr
from .errors import InternalError
from .expr import Expr
from .network import INPUT, TOTAL, NamedLayer, Network
from .quantities import QUANTITIES, SUMMABLE

if TYPE_CHECKING:
    import pandas as pd

    from .layers import Conventions

# The inverse of a window layer's output size: the one input that it covers to the last pixel ("exact division")
EXACT_INPUT = "(out_{0} - 1)*stride_{0} + dilation_{0}*(kernel_{0} - 1) + 1 - 2*padding_{0}"


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
    """A layer: its name, the kind in words, its input and output as (channels, height, width), all its numbers."""

    name: str
    type: str
    input: tuple[int, int, int]
    output: tuple[int, int, int]
    values: Mapping[str, int] = field(hash=False)


@dataclass(frozen=True, slots=True)
class Table:
    network: str
    input: tuple[int, int, int]
    rows: tuple[Row, ...]
    totals: Mapping[str, int] = field(hash=False)
    quantities: Mapping[str, Quantity] = field(repr=False, hash=False)
    numbers: Mapping[str, int] = field(repr=False, hash=False)

    def value(self, answer: str) -> int:
        """The number with the id ``answer``: ``conv1.parameters``, ``input.in_height``, ``total.connections``."""
        return self.numbers[answer]

    def working(self, answer: str) -> str:
        """The number's formula with the numbers put in: ``(227 + 2*0 - 11) // 4 + 1 = 55``."""
        quantity = self.quantities[answer]
        env = {name: self._bound(bind) for name, bind in quantity.binds.items()}
        usual = {name: expr.ONE for name in env if env[name] == 1 and name.startswith(("dilation", "groups"))}
        tree = expr.simplify(expr.substitute(quantity.formula, usual))
        # a bare number or name has no working: 96, not 96 = 96
        return expr.words(tree, env) if isinstance(tree, expr.Op | expr.Call) else str(self.numbers[answer])

    def _bound(self, bind: str | int) -> int:
        return bind if isinstance(bind, int) else self.numbers[bind]

    def to_frame(self) -> pd.DataFrame:
        """One row a layer, one column a quantity, and a last row ``total`` (missing where a total means nothing)."""
        import pandas as pd

        records: list[dict[str, Any]] = [{"layer": row.name, "type": row.type, **row.values} for row in self.rows]
        records.append({"layer": TOTAL, "type": "", **self.totals})
        frame = pd.DataFrame.from_records(records).set_index("layer")
        return frame.astype(dict.fromkeys(QUANTITIES, "Int64"))


def quantities(network: Network, conventions: Conventions, rows: Sequence[str] | None = None) -> Mapping[str, Quantity]:
    """Every number of the table by id, in an order in which none comes before what it needs, but for the input's.

    ``rows`` are the layers that the totals add up; by default all.
    """
    found: dict[str, Quantity] = {}

    def add(answer: str, formula: str, binds: Mapping[str, str | int]) -> None:
        names = expr.symbols(expr.parse(formula))
        found[answer] = Quantity(answer, formula, {name: binds[name] for name in names})

    for axis, size in zip(("channels", "height", "width"), network.input, strict=True):
        add(f"{INPUT}.in_{axis}", str(size), {})
    for layer in network.layers:
        from_input = layer.source == INPUT
        formulas = layer.kind.formulas(conventions)
        binds: dict[str, str | int] = {name: f"{layer.name}.{name}" for name in (*formulas, *QUANTITIES)}
        binds |= layer.kind.settings()
        for axis in ("channels", "height", "width"):
            source = f"{layer.source}.{'in' if from_input else 'out'}_{axis}"
            add(f"{layer.name}.in_{axis}", "source", {"source": source})
        for name, number in layer.kind.settings().items():
            if name in QUANTITIES:
                add(f"{layer.name}.{name}", str(number), {})
        for name, formula in formulas.items():
            add(f"{layer.name}.{name}", formula, binds)
    shown = [layer.name for layer in network.layers if rows is None or layer.name in rows]
    for name in SUMMABLE:
        terms = {f"row{i}": f"{layer}.{name}" for i, layer in enumerate(shown)}
        add(f"{TOTAL}.{name}", _sum_of(tuple(terms)), terms)
    _ask_input(network, add)
    return found


def _sum_of(names: Sequence[str], together: int = 50) -> str:
    """``a + b + c``; many of them in brackets of 50, so that no tree gets too deep."""
    groups = [" + ".join(names[i : i + together]) for i in range(0, len(names), together)]
    return " + ".join(f"({group})" for group in groups) if len(groups) > 1 else "".join(groups) or "0"


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
    given: Mapping[str, int] | None = None,
) -> Table:
    """Every number of ``network``.

    ``given`` holds numbers by id (a student's) that take the place of the computed ones wherever a formula uses them;
    the number of a given id itself stays the computed one, from what it depends on.
    """
    from .layers import Conventions

    trees = quantities(network, conventions or Conventions(), rows)
    given = given or {}
    numbers: dict[str, int] = {}

    def number(bind: str | int) -> int:
        if isinstance(bind, int):
            return bind
        if bind in given:
            return given[bind]
        return computed(bind)

    def computed(answer: str) -> int:
        if answer not in numbers:
            quantity = trees[answer]
            try:
                numbers[answer] = expr.value(
                    quantity.formula, {name: number(bind) for name, bind in quantity.binds.items()}
                )
            except expr.ExpressionError as error:
                if given:
                    raise
                raise InternalError(f"{answer} cannot be computed: {error}") from error
        return numbers[answer]

    for answer in trees:  # in an order in which few calls nest
        computed(answer)
    shown = [layer for layer in network.layers if rows is None or layer.name in rows]
    return Table(
        network=network.name,
        input=network.input,
        rows=tuple(_row(layer, numbers) for layer in shown),
        totals={name: numbers[f"{TOTAL}.{name}"] for name in SUMMABLE},
        quantities=trees,
        numbers=numbers,
    )


def _row(layer: NamedLayer, numbers: Mapping[str, int]) -> Row:
    values = {name: numbers[f"{layer.name}.{name}"] for name in QUANTITIES}
    return Row(
        name=layer.name,
        type=layer.kind.describe(),
        input=(values["in_channels"], values["in_height"], values["in_width"]),
        output=(values["out_channels"], values["out_height"], values["out_width"]),
        values=values,
    )


# --- sizes that cannot be, or that leave something over -------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ShapeFinding:
    layer: str
    fatal: bool
    message: str


def shape_findings(input_shape: tuple[int, int, int], layers: Sequence[NamedLayer]) -> Iterator[ShapeFinding]:
    """What the sizes along the network give away, layer by layer; behind a layer that cannot be, nothing is known."""
    from .layers import Conventions

    shapes: dict[str, tuple[int, int, int]] = {INPUT: input_shape}
    for layer in layers:
        shape = shapes.get(layer.source)
        if shape is None:
            continue
        findings = list(_layer_findings(layer, shape))
        yield from findings
        if any(finding.fatal for finding in findings):
            continue
        settings = dict(layer.kind.settings())
        env = {**dict(zip(("in_channels", "in_height", "in_width"), shape, strict=True)), **settings}
        formulas = layer.kind.formulas(Conventions())
        shapes[layer.name] = tuple(  # type: ignore[assignment]  # of three
            env[name] if name in env else expr.value(expr.parse(formulas[name]), env)
            for name in ("out_channels", "out_height", "out_width")
        )


def _layer_findings(layer: NamedLayer, shape: tuple[int, int, int]) -> Iterator[ShapeFinding]:
    groups = layer.kind.settings().get("groups", 1)
    out_channels = layer.kind.settings().get("out_channels", groups)
    if shape[0] % groups or out_channels % groups:
        yield ShapeFinding(
            layer.name, True, f"groups: {groups} must divide the {shape[0]} input and {out_channels} output channels"
        )
    same = getattr(layer.kind, "padding", None) == "same"
    for axis, side, size in zip(layer.kind.axes(), ("height", "width"), shape[1:], strict=False):
        line = "row" if side == "height" else "column"
        if same and axis.stride != 1:
            yield ShapeFinding(
                layer.name, True, f"padding: same needs stride 1 (PyTorch), here the {side}'s is {axis.stride}"
            )
        if not same and 2 * axis.before > axis.kernel and layer.kind.type.endswith("Pool2d"):
            yield ShapeFinding(
                layer.name,
                True,
                f"padding {axis.before} may be at most half of the kernel ({axis.kernel} {line}s, PyTorch)",
            )
        padded = size + axis.before + axis.after
        if axis.extent > padded:
            yield ShapeFinding(
                layer.name,
                True,
                f"the kernel is larger than its input: {axis.extent} {line}s, but the input has "
                f"{size}{f' and {padded - size} of padding' if padded > size else ''}",
            )
            continue
        left_over = (padded - axis.extent) % axis.stride
        if left_over and not axis.ceil:
            lost = max(0, left_over - axis.after)
            what = (
                f"the last {line if lost == 1 else f'{lost} {line}s'} of {size} ({_span(size - lost + 1, size)}) "
                f"{'is' if lost == 1 else 'are'} never read"
                if lost
                else f"{left_over} {line}{'s' if left_over > 1 else ''} of padding never read"
            )
            yield ShapeFinding(
                layer.name,
                False,
                f"the windows do not fit the {side} exactly: ({size} + {axis.before + axis.after} - {axis.extent}) / "
                f"{axis.stride} is not whole; rounded down, {what}",
            )


def _span(first: int, last: int) -> str:
    return str(first) if first == last else f"{first} to {last}"
