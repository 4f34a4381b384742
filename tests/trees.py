"""Random formulas with their numbers: for hypothesis, and by a fixed seed for the one run of LibreOffice."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from fractions import Fraction

from hypothesis import strategies as st

from sheetgen.expr import Call, Expr, ExpressionError, Neg, Num, Op, Sym, Value, numeric

NAMES = ("alpha", "beta", "gamma", "delta")
CELLS = dict(zip(NAMES, ("A1", "B1", "C1", "D1"), strict=True))
Env = Mapping[str, int]

leaves = st.one_of(st.integers(-20, 300).map(Num), st.sampled_from(NAMES).map(Sym))


def _grown(children: st.SearchStrategy[Expr]) -> st.SearchStrategy[Expr]:
    plain = st.builds(Op, st.sampled_from(("+", "-", "*", "//", "%")), children, children)
    power = st.builds(Op, st.just("**"), children, st.integers(0, 3).map(Num))
    most = st.builds(Call, st.sampled_from(("min", "max")), st.lists(children, min_size=1, max_size=3).map(tuple))
    ceil = st.builds(Call, st.just("ceil_div"), st.tuples(children, children))
    return st.one_of(plain, plain, power, most, ceil, st.builds(Neg, children))


trees: st.SearchStrategy[Expr] = st.recursive(leaves, _grown, max_leaves=12)


def _num(number: Fraction) -> Expr:
    return Num(number.numerator if number.denominator == 1 else number)


# decimals as people type them, thirds, and whole trees; a floor of what is not whole is where floats and fractions part
_parts = st.one_of(
    trees,
    st.decimals(-3, 3, places=1).map(lambda number: _num(Fraction(number))),
    st.decimals(-99, 99, places=2).map(lambda number: _num(Fraction(number))),
    st.builds(lambda a, b: _num(Fraction(a, b)), st.integers(-50, 50), st.integers(1, 12)),
    st.builds(Call, st.just("gcd"), st.tuples(st.integers(0, 90).map(Num), st.integers(1, 90).map(Num))),
)


def _shared(children: st.SearchStrategy[Expr]) -> st.SearchStrategy[Expr]:
    quotient = st.builds(Op, st.sampled_from(("/", "+", "-", "*")), children, children)
    power = st.builds(Op, st.just("**"), children, st.integers(0, 3).map(Num))
    most = st.builds(Call, st.sampled_from(("min", "max")), st.lists(children, min_size=1, max_size=3).map(tuple))
    return st.one_of(quotient, quotient, power, most, st.builds(Neg, children), children.map(_logarithm))


def _logarithm(tree: Expr) -> Expr:
    """Of a number that is 1 or more."""
    return Call("log2", (Op("+", Op("*", tree, tree), Num(1)),))


fractional: st.SearchStrategy[Expr] = st.recursive(_parts, _shared, max_leaves=6)
envs: st.SearchStrategy[Env] = st.fixed_dictionaries({name: st.integers(-50, 500) for name in NAMES})


def parts(expr: Expr) -> Iterator[Expr]:
    """``expr`` and every tree in it."""
    yield expr
    match expr:
        case Neg(of):
            yield from parts(of)
        case Op(_, left, right):
            yield from parts(left)
            yield from parts(right)
        case Call(_, args):
            for arg in args:
                yield from parts(arg)


def within(expr: Expr, env: Env, limit: int) -> bool:
    """Whether ``expr`` has a value and everything in it stays where a spreadsheet's numbers are exact.

    LibreOffice's INT rounds what is within 2**-48 of a whole number, relative to its size, up to it. The gap between
    a quotient and the next whole number is at least 1 / numerator: 10**13 is far on the safe side.
    """
    try:
        return all(-limit < numeric(part, env) < limit for part in parts(expr))
    except ExpressionError:
        return False


def close(found: object, right: Value, tree: Expr, env: Env) -> bool:
    """Whether a spreadsheet's float is the right number, up to the rounding of the largest in the calculation."""
    if isinstance(right, str) or isinstance(found, bool) or not isinstance(found, int | float):
        return found == right
    largest = max(abs(float(numeric(part, env))) for part in parts(tree))
    return abs(found - float(right)) <= 1e-9 * max(1.0, largest)


def seeded(count: int, seed: int, limit: int, *, fractions: bool = False) -> list[tuple[Expr, Env]]:
    """The same ``count`` formulas and environments in every run, in numbers that a spreadsheet holds exactly.

    With ``fractions`` these stand under quotients, decimals and logarithms.
    """
    chance = random.Random(seed)

    def share(depth: int) -> Expr:
        pick = chance.randrange(9 if depth else 3)
        if pick < 2:
            return grow(1)
        if pick == 2:
            return _num(Fraction(chance.randrange(-500, 500), chance.choice((1, 3, 7, 10, 100))))
        if pick == 3:
            return _logarithm(share(depth - 1))
        if pick == 4:
            return Call(chance.choice(("min", "max")), tuple(share(depth - 1) for _ in range(chance.randint(1, 3))))
        return Op(chance.choice(("/", "/", "+", "-", "*")), share(depth - 1), share(depth - 1))

    def grow(depth: int) -> Expr:
        pick = chance.randrange(11 if depth else 3)
        if pick < 2:
            return Sym(chance.choice(NAMES))
        if pick == 2:
            return Num(chance.choice((-7, -1, 0, 1, 2, 3, 5, 11, 227)))
        if pick == 3:
            return Neg(grow(depth - 1))
        if pick == 4:
            return Op("**", grow(depth - 1), Num(chance.randrange(4)))
        if pick == 5:
            return Call("ceil_div", (grow(depth - 1), grow(depth - 1)))
        if pick == 6:
            return Call(chance.choice(("min", "max")), tuple(grow(depth - 1) for _ in range(chance.randint(1, 3))))
        return Op(chance.choice(("+", "-", "*", "//", "%")), grow(depth - 1), grow(depth - 1))

    found: list[tuple[Expr, Env]] = []
    while len(found) < count:
        tree = share(3) if fractions else grow(4)
        env = {name: chance.choice((chance.randint(-9, 9), chance.randint(1, 600))) for name in NAMES}
        if isinstance(tree, Neg | Op | Call) and within(tree, env, limit):
            found.append((tree, env))
    return found
