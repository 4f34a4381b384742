"""Which whole numbers solve an equation over a network's quantities: every one that does, and those without rounding.

A size is a floor, so an equation such as ``conv1.out_height = 55`` has several solutions, 227 to 230, of which one
makes every division on the way come out whole. They are found by trying: the formulas are those of the table. This
room knows networks and formulas; it must not know questions, sheets or files.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from . import expr
from .expr import Call, Expr, ExpressionError, Neg, Num, Op, Sym, Value
from .network import INPUT, Network
from .shapes import AXES, shape_findings
from .table import EXACT_INPUT, Quantity

UNKNOWNS = tuple(f"{INPUT}.in_{axis}" for axis in AXES)
MOST_WORK = 300_000  # formulas computed: a few seconds


@dataclass(frozen=True, slots=True)
class Equation:
    """Two formulas over a network's quantities, and the sizes of its input that are all the same unknown number."""

    sides: tuple[Quantity, Quantity]
    unknowns: tuple[str, ...]  # of UNKNOWNS


@dataclass(frozen=True, slots=True)
class Solutions:
    every: tuple[int, ...]
    exact: tuple[int, ...]  # those for which every floor on the way comes out without remainder


def solve(
    network: Network,
    quantities: Mapping[str, Quantity],
    equation: Equation,
    between: tuple[int, int],
) -> Solutions:
    """The numbers from ``between[0]`` to ``between[1]`` that, put in for all unknowns, make the two sides equal.

    An image of n × n pixels has two unknowns. A number for which some layer cannot be is no solution. Raises
    ExpressionError where the sides do not depend on the unknowns, or where there is too much to try.
    """
    sides, unknowns = equation.sides, equation.unknowns
    varying: list[Quantity] = []
    known: dict[str, Value] = {}
    varies = set(unknowns)
    needed = _needed(sides, quantities)
    for answer in needed:
        quantity = quantities[answer]
        if answer in varies:
            continue
        if varies.intersection(_ids(quantity)):
            varies.add(answer)
            varying.append(quantity)
        else:
            known[answer] = expr.value(quantity.formula, _env(quantity, known))
    if not varies.intersection(needed):
        raise ExpressionError(f"neither side depends on {' or '.join(unknowns)}")
    if (between[1] - between[0] + 1) * (len(varying) + 1) > MOST_WORK:
        raise ExpressionError("there is too much to try; give a smaller between:")
    trees = {quantity.id: _folded(quantity, known) for quantity in varying}
    one, other = (_folded(side, known) for side in sides)
    every, exact = [], []
    for n in range(between[0], between[1] + 1):
        numbers = {**known, **dict.fromkeys(unknowns, n)}
        try:
            for answer, tree in trees.items():
                numbers[answer] = expr.value(tree, numbers)
            left, right = expr.value(one, numbers), expr.value(other, numbers)
        except ExpressionError:
            continue  # no such network
        if left == right and _can_be(network, unknowns, n):
            every.append(n)
            if all(_divides(each.formula, _env(each, numbers)) for each in (*varying, *sides)):
                exact.append(n)
    return Solutions(tuple(every), tuple(exact))


def _needed(sides: Sequence[Quantity], quantities: Mapping[str, Quantity]) -> dict[str, None]:
    """Ids of all that the sides are computed from, in an order in which none precedes its needs."""
    found: dict[str, None] = {}
    todo = [(bind, False) for side in sides for bind in _ids(side)]
    while todo:
        answer, ready = todo.pop()
        if ready:
            found[answer] = None
        elif answer not in found:
            todo.append((answer, True))
            todo += [(bind, False) for bind in _ids(quantities[answer])]
    return found


def _folded(quantity: Quantity, known: Mapping[str, Value]) -> Expr:
    """The formula over ids, with what is known folded away: it is computed a thousand times."""
    put_in: dict[str, Expr] = {}
    for name, bind in quantity.binds.items():
        number = bind if isinstance(bind, int) else known.get(bind)
        put_in[name] = Num(number) if isinstance(number, int | Fraction) else Sym(str(bind))
    return expr.simplify(expr.substitute(quantity.formula, put_in))


def _ids(quantity: Quantity) -> list[str]:
    return [bind for bind in quantity.binds.values() if isinstance(bind, str)]


def _env(quantity: Quantity, numbers: Mapping[str, Value]) -> dict[str, Value]:
    return {name: bind if isinstance(bind, int) else numbers[bind] for name, bind in quantity.binds.items()}


def _can_be(network: Network, unknowns: Collection[str], n: int) -> bool:
    channels, height, width = (n if f"{INPUT}.in_{axis}" in unknowns else size
                               for axis, size in zip(AXES, network.input, strict=True))  # fmt: skip
    return not any(finding.fatal for finding in shape_findings((channels, height, width), network.layers))


def _divides(tree: Expr, env: Mapping[str, Value]) -> bool:
    """Whether every floor (or ceiling) in ``tree`` comes out without remainder."""
    match tree:
        case Op("//", left, right) | Call("ceil_div", (left, right)):
            whole = expr.value(Op("%", left, right), env) == 0
            return whole and _divides(left, env) and _divides(right, env)
        case Op(_, left, right):
            return _divides(left, env) and _divides(right, env)
        case Neg(of):
            return _divides(of, env)
        case Call("min" | "max", args):  # the others have no part in the value
            taken = expr.value(tree, env)
            return any(_divides(arg, env) for arg in args if expr.value(arg, env) == taken)
        case Call(_, args):
            return all(_divides(arg, env) for arg in args)
    return True


def worked(network: Network, answer: str, side: str, windows: int, solution: int) -> Quantity | None:
    """The number ``answer``, the input's height or width, as ``(55 - 1)*4 + 11``, where the first layer gives it."""
    first = network.layers[0]
    if side not in AXES[1:] or len(first.kind.axes()) != 2:
        return None
    settings: Mapping[str, int] = first.kind.settings()
    text = EXACT_INPUT.format(side)
    values = {**settings, f"out_{side}": windows}
    binds = {name: values[name] for name in expr.symbols(expr.parse(text)) if name in values}
    try:
        same = expr.value(expr.parse(text), binds) == solution
    except ExpressionError:  # padding: same has none of its own
        return None
    return Quantity(answer, text, binds) if same else None
