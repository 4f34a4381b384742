"""Random expressions for the property tests: trees whose values, and all values on the way, stay exact in Excel."""

from __future__ import annotations

import random

import formualizer
from hypothesis import strategies as st

from sheetgen.expr import Call, Expr, ExpressionError, Neg, Num, Op, Sym, value

NAMES = ("a", "b", "c", "d")
CELLS = {"a": "A1", "b": "B1", "c": "C1", "d": "D1"}
EXACT = 10**12  # Excel keeps 15 digits; MOD refuses quotients of about 1e12

leaves = st.one_of(st.integers(-12, 300).map(Num), st.sampled_from(NAMES).map(Sym))
trees: st.SearchStrategy[Expr] = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.builds(Op, st.sampled_from(["+", "-", "*", "//", "%"]), inner, inner),
        st.builds(Op, st.just("**"), inner, st.integers(0, 3).map(Num)),
        st.builds(Neg, inner),
        st.builds(lambda args: Call("min", tuple(args)), st.lists(inner, min_size=1, max_size=3)),
        st.builds(lambda args: Call("max", tuple(args)), st.lists(inner, min_size=1, max_size=3)),
        st.builds(lambda x, y: Call("ceil_div", (x, y)), inner, inner),
    ),
    max_leaves=12,
)
environments = st.fixed_dictionaries({name: st.integers(-40, 400) for name in NAMES})


def parts(expr: Expr) -> list[Expr]:
    """``expr`` and everything in it."""
    match expr:
        case Neg(of):
            return [expr, *parts(of)]
        case Op(_, left, right):
            return [expr, *parts(left), *parts(right)]
        case Call(_, args):
            return [expr, *(each for arg in args for each in parts(arg))]
    return [expr]


def exact_value(expr: Expr, env: dict[str, int]) -> int | None:
    """The value, or None where there is none or a number on the way is too large for a spreadsheet."""
    try:
        values = [value(part, env) for part in parts(expr)]
    except ExpressionError:
        return None
    return values[0] if max(map(abs, values)) < EXACT else None


def random_tree(chance: random.Random, depth: int = 4) -> Expr:
    """The same trees for a plain random generator, with a seed that is kept."""
    if depth == 0 or chance.random() < 0.2:
        return Num(chance.randint(-12, 300)) if chance.random() < 0.4 else Sym(chance.choice(NAMES))
    kind = chance.choice(["op", "op", "op", "power", "neg", "min", "max", "ceil_div"])
    if kind == "op":
        return Op(
            chance.choice(["+", "-", "*", "//", "%"]), random_tree(chance, depth - 1), random_tree(chance, depth - 1)
        )
    if kind == "power":
        return Op("**", random_tree(chance, depth - 1), Num(chance.randint(0, 3)))
    if kind == "neg":
        return Neg(random_tree(chance, depth - 1))
    count = 2 if kind == "ceil_div" else chance.randint(1, 3)
    return Call(kind, tuple(random_tree(chance, depth - 1) for _ in range(count)))


def by_formualizer(formula: str, env: dict[str, int]) -> object:
    """The value of an Excel formula over the cells of CELLS."""
    config = formualizer.EvaluationConfig()
    config.enable_parallel = False
    book = formualizer.Workbook(config=formualizer.WorkbookConfig(eval_config=config))
    book.add_sheet("S")
    for column, name in enumerate(NAMES, start=1):
        book.set_value("S", 1, column, env[name])
    book.set_formula("S", 2, 1, f"={formula}")
    return book.evaluate_cell("S", 2, 1)
