"""The notation: what it lets in, its exact value, its Excel text and its words."""

from __future__ import annotations

import pickle
import time
from fractions import Fraction

import formualizer
import pytest
from hypothesis import assume, given, settings

from sheetgen.expr import (
    MAX_TEXT,
    Call,
    Expr,
    ExpressionError,
    Neg,
    Num,
    Op,
    Sym,
    excel,
    is_exact,
    numeric,
    parse,
    plain,
    simplify,
    substitute,
    symbols,
    text,
    value,
    words,
)
from tests.trees import CELLS, NAMES, Env, close, envs, fractional, seeded, trees, within

# --- parsing --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("formula", "tree"),
    [
        ("7", Num(7)),
        ("  k ", Sym("k")),
        ("-k", Neg(Sym("k"))),
        ("a - b - c", Op("-", Op("-", Sym("a"), Sym("b")), Sym("c"))),
        ("a + b*c", Op("+", Sym("a"), Op("*", Sym("b"), Sym("c")))),
        ("2**3**2", Op("**", Num(2), Op("**", Num(3), Num(2)))),
        ("-2**2", Neg(Op("**", Num(2), Num(2)))),
        ("a // b % c", Op("%", Op("//", Sym("a"), Sym("b")), Sym("c"))),
        ("ceil_div(a, 2)", Call("ceil_div", (Sym("a"), Num(2)))),
        ("min(a, 1, b)", Call("min", (Sym("a"), Num(1), Sym("b")))),
        ("max(a)", Call("max", (Sym("a"),))),
        ("(" * 60 + "a" + ")" * 60, Sym("a")),
    ],
)
def test_parse(formula: str, tree: Expr) -> None:
    assert parse(formula) == tree


@pytest.mark.parametrize(
    ("formula", "named"),
    [
        ("conv.weights", "conv.weights"),
        ("k[0]", "k[0]"),
        ("eval(k)", "eval(k)"),
        ("__import__('os')", "__import__"),
        ("k.__class__()", "k.__class__()"),
        ("1e3", "1e3"),
        ("2j", "2j"),
        ("k + 'x'", "'x'"),
        ("True + 1", "True"),
        ("None", "None"),
        ("...", "..."),
        ("a < b", "a < b"),
        ("a == b", "a == b"),
        ("a and b", "a and b"),
        ("not a", "not a"),
        ("+a", "+a"),
        ("~a", "~a"),
        ("a @ b", "a @ b"),
        ("a << b", "a << b"),
        ("a & b", "a & b"),
        ("a if b else c", "a if b else c"),
        ("lambda: 1", "lambda: 1"),
        ("(a := 1)", "a := 1"),
        ("[a]", "[a]"),
        ("(a, b)", "(a, b)"),
        ("{a: b}", "{a: b}"),
        ("[a for a in b]", "[a for a in b]"),
        ("f'{a}'", "f'{a}'"),
        ("min(*a)", "*a"),
        ("min(a, key=b)", "min(a, key=b)"),
        ("min()", "min()"),
        ("(min)(a)(b)", "(min)(a)(b)"),
        ("await_(a)", "await_(a)"),
    ],
)
def test_what_is_not_in_the_notation_is_refused_by_name(formula: str, named: str) -> None:
    with pytest.raises(ExpressionError, match="is not in the notation") as error:
        parse(formula)
    assert named in str(error.value)


@pytest.mark.parametrize(
    "formula", ["", "   ", "a b", "a +", "(a", "a)", "a; b", "a = 1", "a\n+1", "\0", "\ud800", "# a"]
)
def test_what_is_no_expression_is_refused(formula: str) -> None:
    with pytest.raises(ExpressionError, match="cannot read the formula"):
        parse(formula)


@pytest.mark.parametrize(
    ("formula", "found"),
    [
        ("7 / 2", Fraction(7, 2)),
        ("6 / 2", 3),
        ("67.4", Fraction(337, 5)),
        ("0.1 + 0.2", Fraction(3, 10)),
        ("4.0", 4),
        ("2 * 1.5", 3),
        ("7 / 2 // 1", 3),
        ("-7 / 2 % 2", Fraction(1, 2)),
        ("(1 / 3) ** 2", Fraction(1, 9)),
        ("ceil_div(7 / 2, 2)", 2),
        ("gcd(12, 18)", 6),
        ("gcd(0, 5)", 5),
        ("log2(1024)", 10),
        ("log2(1 / 8)", -3),
        ("log2(1000)", pytest.approx(9.965784284662087)),
        ("size(55, 27.5, 96)", "55 x 27.5 x 96"),
        ("min(1 / 2, 1)", Fraction(1, 2)),
    ],
)
def test_beyond_whole_numbers(formula: str, found: object) -> None:
    assert value(parse(formula), {}) == found
    assert value(simplify(parse(formula)), {}) == found


@pytest.mark.parametrize(
    "formula",
    ["1 / 0", "2 ** 0.5", "gcd(1 / 2, 3)", "gcd(-1, 3)", "log2(0)", "log2(-1)", "size(1, 2) + 1", "-size(1, 2)",
     "(1/3)**5000", "log2(3) * 2**1100", "(1/7)**900 + (1/11)**900"],
)  # fmt: skip
def test_what_has_no_value(formula: str) -> None:
    with pytest.raises(ExpressionError):
        value(parse(formula), {})
    simplify(parse(formula))


def test_fractions_as_text() -> None:
    half, third = parse("a / 2"), parse("a / 3")
    assert words(half, {"a": 55}) == "55/2 = 27.5"
    assert words(third, {"a": 1}) == "1/3 ≈ 0.333333"
    assert text(Num(Fraction(1, 3))) == "1/3"
    assert text(Op("*", Num(Fraction(-1, 3)), Sym("a"))) == "-1/3*a"
    assert text(Op("**", Num(Fraction(1, 3)), Num(2))) == "(1/3)**2"
    assert excel(parse("67.4 * a"), {"a": "B2"}) == "67.4*B2"
    assert excel(parse("a / (2 * a)"), {"a": "B2"}) == "B2/(2*B2)"
    assert excel(parse("log2(a) + gcd(a, 4)"), {"a": "B2"}) == "LOG(B2,2)+GCD(B2,4)"
    assert excel(parse("size(a, a + 1, 96)"), {"a": "B2"}) == 'B2&" x "&B2+1&" x "&96'
    assert simplify(parse("a * (1 / 3)")) == Op("*", Sym("a"), Op("/", Num(1), Num(3)))


@pytest.mark.parametrize("formula", ["ceil_div(a)", "ceil_div(a, b, c)"])
def test_ceil_div_takes_two(formula: str) -> None:
    with pytest.raises(ExpressionError, match="ceil_div takes two arguments"):
        parse(formula)


# --- bounds ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "formula",
    [
        "(" * 100_000 + "a" + ")" * 100_000,
        "(" * 4_000 + "a" + ")" * 4_000,
        "-" * 8_000 + "a",
        "+".join("a" * 3_000),
        "a + " * 2_048 + "a",
        "9" * 8_000,
        "9" * 4_000,
    ],
)
def test_long_and_deep_formulas_are_refused_quickly(formula: str) -> None:
    started = time.perf_counter()
    with pytest.raises(ExpressionError):
        parse(formula)
    assert time.perf_counter() - started < 1


def test_the_deepest_formula() -> None:
    assert value(parse("-" * 100 + "a"), {"a": 3}) == 3
    with pytest.raises(ExpressionError, match="nested deeper than 100"):
        parse("-" * 101 + "a")


def test_the_longest_formula() -> None:
    longest = "min(" + ", ".join(["abc"] * 1637) + ")"
    assert len(longest) <= MAX_TEXT < len(longest) + 6
    assert value(parse(longest), {"abc": 3}) == 3


@pytest.mark.parametrize(
    "formula",
    ["9**9**9**9", "2**5000", "(2**2000)*(2**2000)*(2**2000)", "2**2**2**2**2**2", "(-9)**9**9", "10**3000*10**3000"],
)
def test_large_values_are_refused_at_once(formula: str) -> None:
    started = time.perf_counter()
    with pytest.raises(ExpressionError, match="too large"):
        value(parse(formula), {})
    assert simplify(parse(formula)) is not None
    assert time.perf_counter() - started < 0.5


@pytest.mark.parametrize(
    ("formula", "reason"),
    [
        ("a // (b - b)", "division by zero"),
        ("a % 0", "division by zero"),
        ("ceil_div(a, 0)", "division by zero"),
        ("2**(0 - a)", "no whole value"),
        ("0**0", "no whole value"),
        ("a + nowhere", "no value for 'nowhere'"),
    ],
)
def test_no_value(formula: str, reason: str) -> None:
    with pytest.raises(ExpressionError, match=reason):
        value(parse(formula), {"a": 3, "b": 2})
    if "nowhere" not in formula:
        with pytest.raises(ExpressionError, match=reason):
            value(simplify(parse(formula)), {"a": 3, "b": 2})


# --- value ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("formula", "number"),
    [
        ("(227 + 2*0 - 11)//4 + 1", 55),
        ("-7 // 2", -4),
        ("7 // -2", -4),
        ("-7 % 3", 2),
        ("7 % -3", -2),
        ("ceil_div(7, 2)", 4),
        ("ceil_div(-7, 2)", -3),
        ("ceil_div(7, -2)", -3),
        ("ceil_div(6, 2)", 3),
        ("-2**2", -4),
        ("(-2)**2", 4),
        ("2**3**2", 512),
        ("a - (b - c)", 7),
        ("min(3, 2, 5) + max(3, 2, 5)", 7),
        ("10**20 + 1", 100_000_000_000_000_000_001),
        ("5**0", 1),
        ("0**5", 0),
    ],
)
def test_value(formula: str, number: int) -> None:
    env = {"a": 6, "b": 3, "c": 4}
    assert value(parse(formula), env) == number
    assert type(value(parse(formula), env)) is int


def test_symbols_each_once_in_reading_order() -> None:
    assert symbols(parse("b + a*b - min(c, a)**d")) == ("b", "a", "c", "d")
    assert symbols(parse("1 + 2")) == ()


def test_substitute_everywhere() -> None:
    tree = parse("-k + k*(s - ceil_div(k, s))")
    assert value(substitute(tree, {"k": Num(11)}), {"s": 4}) == -11 + 11 * (4 - 3)
    assert substitute(tree, {}) == tree
    assert symbols(substitute(tree, {"k": Sym("s")})) == ("s",)


# --- immutability ---------------------------------------------------------------------------------------------------


@given(trees)
@settings(max_examples=40, deadline=None)
def test_trees_are_plain_immutable_data(tree: Expr) -> None:
    again = pickle.loads(pickle.dumps(tree))
    assert again == tree
    assert hash(again) == hash(tree)
    assert len({tree, again}) == 1


@pytest.mark.parametrize("tree", [Num(1), Sym("a"), Neg(Num(1)), Op("+", Num(1), Num(2)), Call("min", (Num(1),))])
def test_a_part_cannot_be_changed(tree: Expr) -> None:
    (first, *_) = type(tree).__dataclass_fields__
    with pytest.raises((AttributeError, TypeError)):  # TypeError: the slots of 3.11
        setattr(tree, first, None)
    with pytest.raises((AttributeError, TypeError)):
        tree.more = 1  # type: ignore[union-attr]


# --- simplification -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("formula", "simple"),
    [
        ("x*1", "x"),
        ("1*x", "x"),
        ("x + 0", "x"),
        ("0 + x", "x"),
        ("x - 0", "x"),
        ("0 - x", "-x"),
        ("x*0", "0"),
        ("x*0 + y", "y"),
        ("x // 1", "x"),
        ("x % 1", "0"),
        ("x**1", "x"),
        ("ceil_div(x, 1)", "x"),
        ("1*(k - 1) + 1", "k"),
        ("i + 2*0 - 1*(k - 1) - 1", "i - k"),
        ("(i + 2*0 - 1*(k - 1) - 1) // 1 + 1", "i - k + 1"),
        ("(i + 2*p - 1*(k - 1) - 1) // s + 1", "(i + 2*p - k) // s + 1"),
        ("k * k * (in_channels // 1) * out", "k*k*in_channels*out"),
        ("(k*k*(c // 1) + 1) * n", "(k*k*c + 1)*n"),
        ("w + 0", "w"),
        ("0 + 0", "0"),
        ("--x", "x"),
        ("-(-3)", "3"),
        ("-(a - b)", "-a + b"),
        ("a - (b - c)", "a - b + c"),
        ("2*3*x", "6*x"),
        ("x*2*3", "6*x"),
        ("x*-1", "-x"),
        ("-2*x*-3", "6*x"),
        ("(55 - 1)*4 + 11", "227"),
        ("min(x, x)", "x"),
        ("min(3, 5) + x", "x + 3"),
        ("max(4)", "4"),
        ("ceil_div(7, 2)*x", "4*x"),
        ("7 // 2", "3"),
        ("-7 // 2 + x", "x - 4"),
        ("2**3 + x", "x + 8"),
        ("x // 2 * 2", "2*(x // 2)"),
        ("min(1*x, 0 + y)", "min(x, y)"),
        ("(x + 0)**2", "x**2"),
        ("x // (1*s)", "x // s"),
        ("0.5*x*3", "1.5*x"),
        ("x*0.5", "0.5*x"),
        ("-0.5*x*-2", "x"),
        ("x + 0.1 + 0.2", "x + 0.3"),
        ("x + 1/3", "x + 1/3"),
        ("x*(1/4)", "0.25*x"),
        ("x*(1/3)", "x*(1/3)"),
        ("x / 1", "x"),
        ("6 / 4 + x", "x + 1.5"),
        ("gcd(6, 4)*x", "2*x"),
        ("log2(8)*x", "log2(8)*x"),
        ("size(1*x, 2 + 3)", "size(x, 5)"),
    ],
)
def test_simplify_as_a_teacher_would_write(formula: str, simple: str) -> None:
    assert text(simplify(parse(formula))) == simple


@pytest.mark.parametrize("formula", ["5 // 0", "5 % 0", "0**0", "2**-1", "ceil_div(5, 0)"])
def test_what_has_no_value_is_not_folded_into_one(formula: str) -> None:
    with pytest.raises(ExpressionError):
        value(simplify(parse(formula)), {})


@given(trees, envs)
@settings(max_examples=80, deadline=None)
def test_simplify_keeps_the_value(tree: Expr, env: Env) -> None:
    assume(within(tree, env, 10**300))
    simple = simplify(tree)
    assert value(simple, env) == value(tree, env)
    assert set(symbols(simple)) <= set(symbols(tree))
    assert simplify(simple) == simple


@given(trees, envs)
@settings(max_examples=60, deadline=None)
def test_folding_known_numbers_keeps_the_value(tree: Expr, env: Env) -> None:
    assume(within(tree, env, 10**300))
    known: dict[str, Expr] = {name: Num(env[name]) for name in NAMES[:2]}
    assert value(simplify(substitute(tree, known)), env) == value(tree, env)


@given(fractional, envs)
@settings(max_examples=80, deadline=None)
def test_simplify_keeps_fractions_exactly(tree: Expr, env: Env) -> None:
    assume(within(tree, env, 10**300))
    simple, right = simplify(tree), value(tree, env)
    assert value(simple, env) == (pytest.approx(right, rel=1e-9, abs=1e-9) if isinstance(right, float) else right)
    assert simplify(simple) == simple


@given(fractional, envs)
@settings(max_examples=60, deadline=None)
def test_fractions_read_back(tree: Expr, env: Env) -> None:
    assume(within(tree, env, 10**300))
    assert value(parse(text(tree)), env) == value(tree, env)
    left, sign, right = words(tree, env).rpartition(" ≈ " if " ≈ " in words(tree, env) else " = ")
    found = value(parse(left), {})
    assert plain(found) == right
    assert is_exact(found) == (sign == " = ")


@given(fractional, envs)
@settings(max_examples=60, deadline=None)
def test_a_fraction_is_never_whole(tree: Expr, env: Env) -> None:
    """Else 2 would not be an int everywhere, and exact marking would end."""
    assume(within(tree, env, 10**300))
    found = value(tree, env)
    assert not isinstance(found, Fraction) or found.denominator > 1


# --- text and words -------------------------------------------------------------------------------------------------


@given(trees, envs)
@settings(max_examples=80, deadline=None)
def test_text_reads_back_with_the_same_value(tree: Expr, env: Env) -> None:
    assume(within(tree, env, 10**300))
    assert value(parse(text(tree)), env) == value(tree, env)


@given(trees, envs)
@settings(max_examples=60, deadline=None)
def test_words_are_a_true_equation(tree: Expr, env: Env) -> None:
    assume(within(tree, env, 10**300))
    left, _, right = words(tree, env).rpartition(" = ")
    assert int(right) == value(tree, env) == value(parse(left), {})


@pytest.mark.parametrize(
    ("formula", "said"),
    [
        ("(i + 2*p - k) // s + 1", "(227 + 2*0 - 11) // 4 + 1 = 55"),
        ("k*k*c*o", "11*11*3*96 = 34848"),
        ("(k*k*c + 1) * n", "(11*11*3 + 1)*290400 = 105705600"),
        ("i - m", "227 - (-5) = 232"),
        ("m**2", "(-5)**2 = 25"),
        ("-m", "-(-5) = 5"),
        ("ceil_div(i, s)", "ceil_div(227, 4) = 57"),
        ("i % s", "227 % 4 = 3"),
        ("min(i, k) + 1", "min(227, 11) + 1 = 12"),
    ],
)
def test_words(formula: str, said: str) -> None:
    env = {"i": 227, "p": 0, "k": 11, "s": 4, "c": 3, "o": 96, "n": 290400, "m": -5}
    assert words(parse(formula), env) == said


def test_text_with_other_names() -> None:
    assert text(parse("a*(b - c)"), {"a": "height", "c": "kernel"}) == "height*(b - kernel)"


# --- Excel ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("formula", "cell"),
    [
        ("(a + 2*b - c) // d + 1", "INT((A1+2*B1-C1)/D1)+1"),
        ("a // b", "INT(A1/B1)"),
        ("a*b // c", "INT(A1*B1/C1)"),
        ("a // (b*c)", "INT(A1/(B1*C1))"),
        ("a // b // c", "INT(INT(A1/B1)/C1)"),
        ("a * (b // c)", "A1*INT(B1/C1)"),
        ("a - (b - c)", "A1-(B1-C1)"),
        ("a - (b + c)", "A1-(B1+C1)"),
        ("a - b - c", "A1-B1-C1"),
        ("a + (b + c)", "A1+(B1+C1)"),
        ("a * (b + c)", "A1*(B1+C1)"),
        ("a * (b*c)", "A1*(B1*C1)"),
        ("-2**2", "-(2^2)"),
        ("(-2)**2", "(-2)^2"),
        ("(-a)**2", "(-A1)^2"),
        ("-a**2", "-(A1^2)"),
        ("a**b**c", "A1^(B1^C1)"),
        ("(a**b)**c", "(A1^B1)^C1"),
        ("(a + b)**2", "(A1+B1)^2"),
        ("2**(a // b)", "2^INT(A1/B1)"),
        ("a - -b", "A1-(-B1)"),
        ("a * -b", "A1*-B1"),
        ("a % (b + c)", "MOD(A1,B1+C1)"),
        ("a % b * c", "MOD(A1,B1)*C1"),
        ("min(a, b + c, 0)", "MIN(A1,B1+C1,0)"),
        ("max(0, a - 1)", "MAX(0,A1-1)"),
        ("ceil_div(a, b)", "-INT(-A1/B1)"),
        ("ceil_div(a - 1, b*c) + 1", "-INT(-(A1-1)/(B1*C1))+1"),
        ("c - ceil_div(a, b)", "C1-(-INT(-A1/B1))"),
        ("ceil_div(a, b)**2", "(-INT(-A1/B1))^2"),
    ],
)
def test_excel_text(formula: str, cell: str) -> None:
    assert excel(parse(formula), {"a": "A1", "b": "B1", "c": "C1", "d": "D1"}) == cell


def test_excel_with_a_negative_number_for_a_name() -> None:
    cells = {"a": "-3", "b": "B1"}
    assert excel(parse("a**2"), cells) == "(-3)^2"
    assert excel(parse("b - a"), cells) == "B1-(-3)"
    assert excel(parse("ceil_div(a, b)"), cells) == "-INT(-(-3)/B1)"


def test_excel_needs_a_cell_for_every_name() -> None:
    with pytest.raises(ExpressionError, match="'b' has no cell"):
        excel(parse("a + b"), {"a": "A1"})


def test_excel_limits() -> None:
    many = "max(" + ", ".join(["a"] * 2000) + ")"
    assert len(excel(parse(many), {"a": "AA1"})) == 8004
    with pytest.raises(ExpressionError, match="would have 10005 characters, the most is 8192"):
        excel(parse(many), {"a": "AAA1"})
    nested = "a"
    for _ in range(64):
        nested = f"min({nested}, b)"
    assert excel(parse(nested), {"a": "A1", "b": "B1"}).startswith("MIN(MIN(")
    with pytest.raises(ExpressionError, match="nested 65 deep"):
        excel(parse(f"min({nested}, b)"), {"a": "A1", "b": "B1"})


class _Formualizer:
    """One workbook for many formulas."""

    def __init__(self) -> None:
        config = formualizer.EvaluationConfig()
        config.enable_parallel = False
        self._workbook = formualizer.Workbook(config=formualizer.WorkbookConfig(eval_config=config))
        self._workbook.add_sheet("S")

    def __call__(self, formula: str, env: Env) -> object:
        for column, name in enumerate(NAMES, start=1):
            self._workbook.set_value("S", 1, column, env[name])
        self._workbook.set_formula("S", 2, 1, f"={formula}")
        self._workbook.evaluate_all()
        return self._workbook.get_value("S", 2, 1)


ENGINE = _Formualizer()


@given(trees, envs)
@settings(max_examples=80, deadline=None)
def test_excel_recalculated_by_formualizer(tree: Expr, env: Env) -> None:
    assume(within(tree, env, 10**13))
    assert ENGINE(excel(tree, CELLS), env) == value(tree, env)


def test_excel_recalculated_by_formualizer_for_deep_trees() -> None:
    for tree, env in seeded(70, seed=11, limit=10**13):
        assert ENGINE(excel(tree, CELLS), env) == value(tree, env), text(tree)
    for tree, env in seeded(70, seed=12, limit=10**9, fractions=True):
        assert close(ENGINE(excel(tree, CELLS), env), value(tree, env), tree, env), text(tree)


@given(fractional, envs)
@settings(max_examples=80, deadline=None)
def test_fractions_recalculated_by_formualizer(tree: Expr, env: Env) -> None:
    assume(within(tree, env, 10**13))
    assert close(ENGINE(excel(tree, CELLS), env), value(tree, env), tree, env)
    simple = simplify(tree)
    assert close(ENGINE(excel(simple, CELLS), env), value(tree, env), tree, env)


@pytest.mark.parametrize(
    ("formula", "found"),
    [
        ("size(alpha, beta + 1, gamma // 2)", "7 x 4 x 2"),
        ("size(alpha / 2, -beta)", "3.5 x -3"),
        ("gcd(alpha * 6, 4)", 2),
        ("67.4 * alpha", 471.8),
        ("alpha / beta / gamma", 7 / 15),
        ("alpha / (beta / gamma)", 35 / 3),
        ("-alpha / beta", -7 / 3),
        ("(alpha / beta) ** 2", 49 / 9),
        ("2 ** (alpha - beta) / 2", 8),
        ("alpha % beta / 2", 0.5),
    ],
)
def test_what_is_not_whole_recalculated(formula: str, found: object) -> None:
    env = {"alpha": 7, "beta": 3, "gamma": 5, "delta": 0}
    assert ENGINE(excel(parse(formula), CELLS), env) == (pytest.approx(found) if isinstance(found, float) else found)
    right = value(parse(formula), env)
    assert right == found if isinstance(found, str) else float(numeric(parse(formula), env)) == pytest.approx(found)


@pytest.mark.parametrize("power", range(0, 50, 7))
def test_logarithms_of_powers_of_two_are_whole(power: int) -> None:
    env = {**dict.fromkeys(NAMES, 0), "alpha": 2**power}
    assert value(parse("log2(alpha)"), env) == power
    assert ENGINE(excel(parse("log2(alpha)"), CELLS), env) == power


def test_excel_gives_an_error_where_there_is_no_value() -> None:
    env = dict.fromkeys(NAMES, 0)
    for formula in ("INT(A1/B1)", "MOD(A1,B1)"):
        assert isinstance(ENGINE(formula, env), dict)
