"""Formulas as flat trees that are quick to change, to tell apart and to evaluate by the thousand.

A sum has all its terms side by side and a product all its factors, so that "leave one out" is one step. Trees are
nested tuples, strings (names) and numbers; equal trees are equal objects to a dictionary. ``compile_trees`` makes one
Python function of many trees, in which what they share is computed once. This room must not know what a name means.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from fractions import Fraction
from functools import lru_cache
from typing import Any

from ..expr import MAX_BITS, Call, Expr, Neg, Num, Op, Sym, Value

# ("+", terms), ("-", of), ("*", factors), and with two arguments "//" "/" "%" "**" "ceil" "near" "gcd";
# ("min" | "max" | "size", arguments), ("log2", of)
Node = str | int | Fraction | tuple[Any, ...]
Number = int | Fraction | float
MISSING = math.nan  # for a name without a number: it equals nothing, and so does what follows from it
Compiled = Callable[..., tuple[Number, ...]]


def flat(expr: Expr) -> Node:
    """The tree of a formula with sums and products laid flat, numbers folded away where they change nothing."""
    match expr:
        case Num(number):
            return number
        case Sym(name):
            return name
        case Neg(of):
            return negative(flat(of))
        case Op("+", left, right):
            return added(flat(left), flat(right))
        case Op("-", left, right):
            return added(flat(left), negative(flat(right)))
        case Op("*", left, right):
            return multiplied(flat(left), flat(right))
        case Op(op, left, right):
            a, b = flat(left), flat(right)
            return a if b == 1 and op in ("//", "/", "**") else (op, a, b)
        case Call(name, args):
            flat_args = tuple(flat(arg) for arg in args)
            if name == "ceil_div":
                return flat_args[0] if flat_args[1] == 1 else ("ceil", *flat_args)
            return (name, *dict.fromkeys(flat_args)) if name in ("min", "max") else (name, *flat_args)
    raise AssertionError(expr)


def negative(of: Node) -> Node:
    if type(of) is int or type(of) is Fraction:
        return -of
    if isinstance(of, tuple) and of[0] == "-":
        inner: Node = of[1]
        return inner
    if isinstance(of, tuple) and of[0] == "+":
        return added(*(negative(term) for term in of[1:]))
    return ("-", of)


def added(*terms: Node) -> Node:
    """Their sum; of numbers among them one is left, at the end."""
    kept: list[Node] = []
    constant: int | Fraction = 0
    for term in terms:
        inside = term[1:] if isinstance(term, tuple) and term[0] == "+" else (term,)
        for each in inside:
            if type(each) is int or type(each) is Fraction:  # isinstance asks a base class, which takes its time
                constant += each
            else:
                kept.append(each)
    if constant or not kept:
        kept.append(constant)
    return kept[0] if len(kept) == 1 else ("+", *kept)


def multiplied(*factors: Node) -> Node:
    """Their product; of numbers among them one is left, in front."""
    kept: list[Node] = []
    constant: int | Fraction = 1
    for factor in factors:
        inside = factor[1:] if isinstance(factor, tuple) and factor[0] == "*" else (factor,)
        for each in inside:
            if type(each) is int or type(each) is Fraction:
                constant *= each
            else:
                kept.append(each)
    if constant == 0:
        return 0
    if constant != 1 or not kept:
        kept.insert(0, constant)
    return kept[0] if len(kept) == 1 else ("*", *kept)


def rebuilt(node: tuple[Any, ...], at: int, part: Node) -> Node:
    """``node`` with its argument ``at`` (from 1) replaced, and laid flat again."""
    args = (*node[1:at], part, *node[at + 1 :])
    if node[0] == "+":
        return added(*args)
    if node[0] == "*":
        return multiplied(*args)
    if node[0] == "-":
        return negative(part)
    return (node[0], *args)


def names(node: Node) -> Iterator[str]:
    """The names in a tree, in reading order, as often as they occur."""
    if isinstance(node, str):
        yield node
    elif isinstance(node, tuple):
        for part in node[1:]:
            yield from names(part)


def replaced(node: Node, by: Mapping[str, Node]) -> Node:
    """The tree with names replaced."""
    if isinstance(node, str):
        return by.get(node, node)
    if not isinstance(node, tuple):
        return node
    args = [replaced(part, by) for part in node[1:]]
    if node[0] == "+":
        return added(*args)
    if node[0] == "*":
        return multiplied(*args)
    if node[0] == "-":
        return negative(args[0])
    if args[-1] == 1 and node[0] in ("//", "/", "ceil", "near"):
        return args[0]
    return (node[0], *args)


# --- values ---------------------------------------------------------------------------------------------------------


def _over(a: Number, b: Number) -> Number:
    if not b:
        return MISSING
    if isinstance(a, int) and isinstance(b, int):
        whole, rest = divmod(a, b)
        return Fraction(a, b) if rest else whole
    return a / b


def _power(a: Number, b: Number) -> Number:
    if not isinstance(b, int) or b < 0 or isinstance(a, float) or (not a and not b):
        return MISSING
    bits = a.bit_length() if isinstance(a, int) else a.numerator.bit_length() + a.denominator.bit_length()
    return a**b if bits * b <= MAX_BITS else MISSING


def _near(a: Number, b: Number) -> Number:
    return (2 * a + b) // (2 * b) if b else MISSING  # half up, as Excel's ROUND


def _log2(a: Number) -> Number:
    if a != a or a <= 0:
        return MISSING
    return a.bit_length() - 1 if isinstance(a, int) and a & (a - 1) == 0 else math.log2(a)


def _gcd(a: Number, b: Number) -> Number:
    return math.gcd(a, b) if isinstance(a, int) and isinstance(b, int) else MISSING


_TWO = {
    "//": "({0} // {1} if {1} else N)",
    "ceil": "(-(-{0} // {1}) if {1} else N)",
    "%": "({0} % {1} if {1} else N)",
    "/": "over({0}, {1})",
    "exactly": "({0} // {1} if {0} % {1} == 0 else N)",  # nothing where a rest is left
    "**": "power({0}, {1})",
    "near": "near({0}, {1})",
    "gcd": "gcd({0}, {1})",
}
_GLOBALS: dict[str, Any] = {
    "N": MISSING, "over": _over, "power": _power, "near": _near, "gcd": _gcd, "log2": _log2, "min": min, "max": max,
    "F": Fraction, "__builtins__": {},
}  # fmt: skip


def compile_trees(trees: Sequence[Node], known: Sequence[str] = ()) -> tuple[Compiled, tuple[str, ...]]:
    """A function that gives the values of all ``trees``, and the names whose numbers it takes, ``known`` ones first.

    Its text is made of our own formulas only. Values are exact: ints and fractions; a tree that has none there
    (divided by zero, a name without a number) gives MISSING. Texts (``size``) have no value here.
    """
    lines: list[str] = []
    taken = list(known)
    done: dict[Node, str] = {name: f"a{i}" for i, name in enumerate(known)}

    def code(node: Node) -> str:
        found = done.get(node)
        if found is not None and type(node) is not Fraction:
            return found
        if isinstance(node, int):
            return f"({node})" if node < 0 else str(node)
        if isinstance(node, Fraction):
            return f"F({node.numerator}, {node.denominator})"
        if isinstance(node, str):
            done[node] = f"a{len(taken)}"
            taken.append(node)
            return done[node]
        args = [code(part) for part in node[1:]]
        op = node[0]
        if op == "+":
            text = " + ".join(args)
        elif op == "*":
            text = " * ".join(args)
        elif op == "-":
            text = f"-{args[0]}"
        elif op in _TWO:
            text = _TWO[op].format(*args)
        elif op in ("min", "max", "log2"):
            text = f"{op}({', '.join(args)}{',' if len(args) == 1 and op != 'log2' else ''})"
            if len(args) == 1 and op != "log2":
                text = args[0]
        else:
            text = "N"
        name = f"t{len(lines)}"
        lines.append(f" {name} = {text}")
        done[node] = name
        return name

    results = [code(tree) for tree in trees]
    head = f"def f({', '.join(f'a{i}' for i in range(len(taken)))}):"
    body = "\n".join([head, *lines, f" return ({', '.join(results)}{',' if results else ''})"])
    space: dict[str, Any] = dict(_GLOBALS)
    exec(compile(body, "<formulas>", "exec"), space)
    return space["f"], tuple(taken)


@lru_cache(maxsize=4096)
def _compiled(node: Node) -> tuple[Compiled, tuple[str, ...]]:
    return compile_trees([node])


def evaluate(node: Node, env: Mapping[str, Value]) -> Number:
    """The value of one tree; MISSING where it has none."""
    function, used = _compiled(node)
    numbers = [env.get(name, MISSING) for name in used]
    return function(*(MISSING if isinstance(each, str) else each for each in numbers))[0]
