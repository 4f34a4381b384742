"""The notation: a formula is written once, as short text, and everything else is a reading of its tree.

    >>> out = parse("(in_height + 2*padding - kernel) // stride + 1")
    >>> value(out, {"in_height": 227, "padding": 0, "kernel": 11, "stride": 4})
    55
    >>> excel(out, {"in_height": "C5", "padding": "F5", "kernel": "D5", "stride": "E5"})
    'INT((C5+2*F5-D5)/E5)+1'
    >>> words(out, {"in_height": 227, "padding": 0, "kernel": 11, "stride": 4})
    '(227 + 2*0 - 11) // 4 + 1 = 55'

The text is Python's own expression syntax cut down to names, numbers, ``+ - * / // % **``, ``min``, ``max``,
``ceil_div``, ``gcd``, ``log2`` and ``size``, which joins numbers to a text: ``size(55, 55, 96)`` is ``55 x 55 x 96``.
Trees are immutable and hashable. Arithmetic is exact and bounded, so that no text can make it hang: Python ints, and
fractions where ``/`` or a decimal such as ``67.4`` makes them; only the logarithm of what is no power of two is a
float. This room must not know what a layer, a cell or a workbook is: names are names.
"""

from __future__ import annotations

import ast
import math
import operator
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from itertools import accumulate
from typing import Any

MAX_TEXT = 8192  # characters of a formula, Excel's own limit for a cell
MAX_DEPTH = 100  # of a parsed tree; far below what Python's stack can hold
MAX_NESTING = 64  # of brackets in a cell's formula, Excel's own limit
MAX_BITS = 4096  # of any intermediate value: 9**9**9**9 is refused at once


Number = int | Fraction | float
Value = Number | str  # a text only where ``size`` stands on top


class ExpressionError(ValueError):
    """A text that is not in the notation, or a tree that has no value; the message says why."""


@dataclass(frozen=True, slots=True)
class Num:
    value: int | Fraction


@dataclass(frozen=True, slots=True)
class Sym:
    name: str


@dataclass(frozen=True, slots=True)
class Neg:
    of: Expr


@dataclass(frozen=True, slots=True)
class Op:
    """``left op right`` with op one of ``+ - * / // % **``."""

    op: str
    left: Expr
    right: Expr


@dataclass(frozen=True, slots=True)
class Call:
    """One of FUNCTIONS, with as many arguments as it takes."""

    name: str
    args: tuple[Expr, ...]


Expr = Num | Sym | Neg | Op | Call

ZERO, ONE = Num(0), Num(1)
# name -> how many arguments it takes, at least and at most
FUNCTIONS = {
    "min": (1, MAX_TEXT),
    "max": (1, MAX_TEXT),
    "ceil_div": (2, 2),
    "gcd": (2, 2),
    "log2": (1, 1),
    "size": (2, 9),
}
_OPERATORS: dict[type[ast.operator], str] = {
    ast.Add: "+",
    ast.Sub: "-",
    ast.Mult: "*",
    ast.Div: "/",
    ast.FloorDiv: "//",
    ast.Mod: "%",
    ast.Pow: "**",
}


# --- text to tree ---------------------------------------------------------------------------------------------------


@lru_cache(maxsize=4096)
def parse(text: str) -> Expr:
    """The tree of ``text``; ExpressionError, with the place, for whatever is not in the notation."""
    if len(text) > MAX_TEXT:
        raise ExpressionError(f"a formula may have at most {MAX_TEXT} characters, this has {len(text)}")
    try:
        tree = ast.parse(text.strip(), mode="eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        reason = error.msg if isinstance(error, SyntaxError) else "too deep or not text"
        raise ExpressionError(f"cannot read the formula {text[:60]!r}: {reason}") from None
    return _convert(tree.body, text, 0)


def _convert(node: ast.expr, text: str, depth: int) -> Expr:
    if depth > MAX_DEPTH:
        raise ExpressionError(f"the formula {text[:60]!r} is nested deeper than {MAX_DEPTH}")
    match node:
        case ast.Constant(value=int(number)) if not isinstance(number, bool) and number.bit_length() <= MAX_BITS:
            return Num(number)
        case ast.Constant(value=float(number)) if math.isfinite(number):
            return Num(_decimal(ast.get_source_segment(text.strip(), node) or ""))
        case ast.Name(id=name):
            return Sym(name)
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return Neg(_convert(operand, text, depth + 1))
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _OPERATORS:
            return Op(_OPERATORS[type(op)], _convert(left, text, depth + 1), _convert(right, text, depth + 1))
        case ast.Call(func=ast.Name(id=name), args=args, keywords=[]) if name in FUNCTIONS and args:
            least, most = FUNCTIONS[name]
            if not least <= len(args) <= most:
                takes = {(1, 1): "one argument", (2, 2): "two arguments"}.get(
                    (least, most), f"{least} to {most} arguments"
                )
                raise ExpressionError(f"{name} takes {takes}, got {len(args)} in {text[:60]!r}")
            return Call(name, tuple(_convert(arg, text, depth + 1) for arg in args))
    piece = ast.get_source_segment(text.strip(), node) or type(node).__name__
    raise ExpressionError(
        f"{piece[:60]!r} is not in the notation (names, numbers, + - * / // % **, {', '.join(FUNCTIONS)})"
    )


def _decimal(typed: str) -> int | Fraction:
    """67.4 as 337/5, from the digits as they were typed: no float in between."""
    if len(typed) > 40 or "e" in typed.lower():
        raise ExpressionError(f"{typed[:40]!r} is not in the notation: write the number out, in at most 40 characters")
    return _whole_if_it_is(Fraction(typed.replace("_", "")))


def _whole_if_it_is(number: Fraction) -> int | Fraction:
    return number.numerator if number.denominator == 1 else number


@lru_cache(maxsize=4096)
def symbols(expr: Expr) -> tuple[str, ...]:
    """The names in ``expr``, each once, in reading order."""
    return tuple(dict.fromkeys(_names(expr)))


def _names(expr: Expr) -> Iterator[str]:
    match expr:
        case Sym(name):
            yield name
        case Neg(of):
            yield from _names(of)
        case Op(_, left, right):
            yield from _names(left)
            yield from _names(right)
        case Call(_, args):
            for arg in args:
                yield from _names(arg)


def substitute(expr: Expr, known: Mapping[str, Expr]) -> Expr:
    """``expr`` with the named symbols replaced by trees; the others stay."""
    match expr:
        case Sym(name):
            return known.get(name, expr)
        case Neg(of):
            return Neg(substitute(of, known))
        case Op(op, left, right):
            return Op(op, substitute(left, known), substitute(right, known))
        case Call(name, args):
            return Call(name, tuple(substitute(arg, known) for arg in args))
    return expr


# --- reading 1: an exact value --------------------------------------------------------------------------------------


def value(expr: Expr, env: Mapping[str, Value]) -> Value:
    """The exact value of ``expr`` where each name stands for ``env[name]``.

    An int wherever it is whole, else a Fraction; a float where a logarithm is none; a text from ``size``. Raises
    ExpressionError for a name that ``env`` lacks, a division by zero, a negative power, 0**0 (undefined, as in Excel)
    and any intermediate of more than MAX_BITS bits.
    """
    match expr:
        case Num(number):
            return number
        case Sym(name):
            try:
                return env[name]
            except KeyError:
                raise ExpressionError(f"no value for {name!r}") from None
        case Neg(of):
            return -_number(value(of, env))
        case Call(name, args):
            return _call(name, [value(arg, env) for arg in args])
        case Op(op, left, right):
            return _apply(op, value(left, env), value(right, env))


def numeric(expr: Expr, env: Mapping[str, Value]) -> Number:
    """``value`` where it is a number; ExpressionError where it is a text."""
    return _number(value(expr, env))


def _number(found: Value) -> Number:
    if isinstance(found, str):
        raise ExpressionError(f"{found!r} is a text, and no number to calculate with")
    return found


def _call(name: str, args: list[Value]) -> Value:
    numbers = [_number(arg) for arg in args]
    if name == "size":
        return " x ".join(plain(each) for each in numbers)
    if name == "ceil_div":
        return -_apply("//", -numbers[0], numbers[1])
    if name == "gcd":
        a, b = numbers
        if not (isinstance(a, int) and isinstance(b, int) and a >= 0 and b >= 0):
            raise ExpressionError(f"gcd({plain(a)}, {plain(b)}): both must be whole and not negative")
        return math.gcd(a, b)
    if name == "log2":
        return _log2(numbers[0])
    return min(numbers) if name == "min" else max(numbers)


def _log2(of: Number) -> Number:
    if of <= 0:
        raise ExpressionError(f"log2({plain(of)}) has no value")
    if isinstance(of, int) and of & (of - 1) == 0:
        return of.bit_length() - 1
    if isinstance(of, Fraction):
        return math.log2(of.numerator) - math.log2(of.denominator)
    return math.log2(of)


def _apply(op: str, left: Value, right: Value) -> Number:
    a, b = _number(left), _number(right)
    if isinstance(a, int) and isinstance(b, int):
        return _of_ints(op, a, b)
    if op in ("/", "//", "%") and b == 0:
        raise ExpressionError("division by zero")
    if op == "**":
        if not isinstance(b, int) or b < 0:
            raise ExpressionError(f"{plain(a)}**{plain(b)} has no exact value")
        if _bits(a) * b > MAX_BITS:
            raise ExpressionError("a value grows too large")
    try:
        found: Number = _OF_NUMBERS[op](a, b)
    except OverflowError:
        raise ExpressionError("a value grows too large") from None
    if _bits(found) > MAX_BITS:
        raise ExpressionError("a value grows too large")
    return _whole_if_it_is(found) if isinstance(found, Fraction) else found


_OF_NUMBERS: dict[str, Any] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "//": operator.floordiv,
    "%": operator.mod,
    "**": operator.pow,
}


def _bits(of: Number) -> int:
    if isinstance(of, float):
        return 64
    return of.bit_length() if isinstance(of, int) else of.numerator.bit_length() + of.denominator.bit_length()


def _of_ints(op: str, a: int, b: int) -> int | Fraction:
    if op == "+":
        return a + b
    if op == "-":
        return a - b
    if op == "*":
        if a.bit_length() + b.bit_length() > MAX_BITS:
            raise ExpressionError("a value grows too large")
        return a * b
    if op == "**":
        if b < 0 or (a == 0 and b == 0):
            raise ExpressionError(f"{a}**{b} has no whole value")
        if a.bit_length() * b > MAX_BITS:
            raise ExpressionError("a value grows too large")
        return int(a**b)
    if b == 0:
        raise ExpressionError("division by zero")
    if op == "/":
        return _whole_if_it_is(Fraction(a, b))
    return a // b if op == "//" else a % b


def plain(number: Value, digits: int = 6) -> str:
    """A number as text: 34944, 67.4; one that no decimal ends, to ``digits`` significant ones: 0.333333."""
    if isinstance(number, Fraction) and number.denominator != 1:
        exact = _exact_decimal(number)
        return exact if exact is not None else _rounded(number, digits)
    return f"{number:.{digits}g}" if isinstance(number, float) else str(number)


def _rounded(number: Fraction, digits: int) -> str:
    try:
        return f"{float(number):.{digits}g}"
    except OverflowError:
        return str(round(number))


def is_exact(number: Value) -> bool:
    """Whether ``plain`` shows all of it."""
    return not isinstance(number, float) and (not isinstance(number, Fraction) or _exact_decimal(number) is not None)


def _exact_decimal(number: Fraction) -> str | None:
    """337/5 as 67.4; None where no short decimal is exact."""
    for places in range(1, 13):
        scaled = number * 10**places
        if scaled.denominator == 1:
            digits = str(abs(scaled.numerator)).rjust(places + 1, "0")
            return f"{'-' if number < 0 else ''}{digits[:-places]}.{digits[-places:]}"
    return None


# --- simplification: as a teacher would have written it -------------------------------------------------------------


def simplify(expr: Expr) -> Expr:
    """``expr`` with its numbers folded away: ``1*(k - 1) + 1`` becomes ``k``, ``x*1 + 0`` becomes ``x``.

    Wherever ``expr`` has a value, the result has the same value. Terms and factors keep their order.
    """
    match expr:
        case Neg() | Op("+", _, _) | Op("-", _, _):
            return _sum(expr)
        case Op("*", _, _):
            return _product(expr)
        case Op(op, left, right):
            return _quotient_or_power(op, simplify(left), simplify(right))
        case Call(name, args):
            return _function(name, tuple(simplify(arg) for arg in args))
    return expr


def _num(constant: Fraction) -> Num:
    return Num(_whole_if_it_is(constant))


def _sum(expr: Expr) -> Expr:
    constant = Fraction(0)
    terms: list[tuple[int, Expr]] = []

    def collect(node: Expr, sign: int) -> None:
        nonlocal constant
        match node:
            case Op("+", left, right):
                collect(left, sign)
                collect(right, sign)
            case Op("-", left, right):
                collect(left, sign)
                collect(right, -sign)
            case Neg(of):
                collect(of, -sign)
            case Num(number):
                constant += sign * number
            case _:
                simple = simplify(node)
                if isinstance(simple, Neg | Num) or (isinstance(simple, Op) and simple.op in "+-"):
                    collect(simple, sign)  # it became a sum only now: 1*(k - 1) did
                else:
                    terms.append((sign, simple))

    collect(expr, 1)
    result: Expr | None = None
    for sign, term in terms:
        if result is None:
            result = term if sign > 0 else Neg(term)
        else:
            result = Op("+" if sign > 0 else "-", result, term)
    if result is None:
        return _num(constant)
    if constant == 0:
        return result
    return Op("+" if constant > 0 else "-", result, _num(abs(constant)))


def _product(expr: Expr) -> Expr:
    constant = Fraction(1)
    factors: list[Expr] = []

    def collect(node: Expr) -> None:
        nonlocal constant
        match node:
            case Op("*", left, right):
                collect(left)
                collect(right)
            case Num(number):
                constant *= number
            case Neg(of):
                constant = -constant
                collect(of)
            case _:
                simple = simplify(node)
                if isinstance(simple, Neg | Num) or (isinstance(simple, Op) and simple.op == "*"):
                    collect(simple)
                else:
                    factors.append(simple)

    collect(expr)
    if constant == 0 or not factors:
        return _num(constant)
    if abs(constant) != 1:
        factors.insert(0, _num(abs(constant)))
    result = factors[0]
    for factor in factors[1:]:
        result = Op("*", result, factor)
    return Neg(result) if constant < 0 else result


def _quotient_or_power(op: str, left: Expr, right: Expr) -> Expr:
    if isinstance(left, Num) and isinstance(right, Num):
        try:
            folded = _apply(op, left.value, right.value)
        except ExpressionError:
            return Op(op, left, right)  # has no value; leave it as it was written
        # 1/3 stays a quotient: no decimal would be as exact
        return Num(folded) if not isinstance(folded, float) and is_exact(folded) else Op(op, left, right)
    if right == ONE:
        return ZERO if op == "%" else left
    return Op(op, left, right)


def _function(name: str, args: tuple[Expr, ...]) -> Expr:
    if name == "ceil_div" and args[1] == ONE:
        return args[0]
    if name in ("ceil_div", "gcd"):
        return _folded(name, args)
    if name not in ("min", "max"):
        return Call(name, args)
    args = tuple(dict.fromkeys(args))
    if len(args) == 1:
        return args[0]
    return _folded(name, args)


def _folded(name: str, args: tuple[Expr, ...]) -> Expr:
    """The call as a number, where all its arguments are numbers and it has a value."""
    call = Call(name, args)
    if not all(isinstance(arg, Num) for arg in args):
        return call
    try:
        found = value(call, {})
    except ExpressionError:
        return call
    return Num(found) if isinstance(found, int | Fraction) else call


# --- readings 2 and 3: Excel text, and words ------------------------------------------------------------------------
# One printer; a dialect says how a division, a power and a call are spelt. Levels: 1 sum, 2 product, 3 sign, 4 power,
# 5 atom. Whatever stands where a higher level is needed gets brackets.


def excel(expr: Expr, cells: Mapping[str, str]) -> str:
    """The formula as Excel text without the leading ``=``; ``cells[name]`` is a reference or a literal number.

    ``//`` is a floor for negative numbers too, the minus sign binds as in Excel (tighter than ``^``), and only
    functions that every spreadsheet has are used: INT, MOD, MIN, MAX, GCD, LOG. ExpressionError for what Excel would
    not take: more than 8,192 characters, or more than 64 brackets in one another.
    """
    text = _print(expr, cells, _ExcelDialect())[0]
    if len(text) + 1 > MAX_TEXT:
        raise ExpressionError(f"the Excel formula would have {len(text) + 1} characters, the most is {MAX_TEXT}")
    deepest = max(accumulate((char == "(") - (char == ")") for char in text))
    if deepest > MAX_NESTING:
        raise ExpressionError(f"the Excel formula would be nested {deepest} deep, the most is {MAX_NESTING}")
    return text


def text(expr: Expr, names: Mapping[str, str] | None = None) -> str:
    """``expr`` in the notation itself, names replaced by what ``names`` says: ``parse(text(e)) == e`` in value."""
    return _print(expr, names or {}, _NotationDialect())[0]


def words(expr: Expr, env: Mapping[str, Value]) -> str:
    """The working with the numbers put in: ``(227 + 2*0 - 11) // 4 + 1 = 55``."""
    found = value(expr, env)
    put_in = {name: plain(env[name]) for name in symbols(expr)}
    return f"{text(expr, put_in)} {'=' if is_exact(found) else '≈'} {plain(found)}"


class _NotationDialect:
    plus, minus, names_may_be_missing = " + ", " - ", True

    def binary(self, op: str, left: tuple[str, int], right: tuple[str, int]) -> tuple[str, int]:
        if op == "**":
            return f"{_at(left, 5)}**{_at(right, 5)}", 4
        sign = op if op in "*/" else f" {op} "
        return f"{_at(left, 2)}{sign}{_at(right, 3)}", 2

    def call(self, name: str, args: Sequence[tuple[str, int]]) -> tuple[str, int]:
        return f"{name}({', '.join(arg for arg, _ in args)})", 5


class _ExcelDialect:
    plus, minus, names_may_be_missing = "+", "-", False

    def binary(self, op: str, left: tuple[str, int], right: tuple[str, int]) -> tuple[str, int]:
        if op == "**":
            return f"{_at(left, 5)}^{_at(right, 5)}", 4
        if op == "//":
            return f"INT({_at(left, 2)}/{_at(right, 5)})", 5
        if op == "%":
            return f"MOD({left[0]},{right[0]})", 5
        return f"{_at(left, 2)}{op}{_at(right, 3)}", 2

    def call(self, name: str, args: Sequence[tuple[str, int]]) -> tuple[str, int]:
        if name == "size":  # & binds looser than any arithmetic
            return '&" x "&'.join(arg for arg, _ in args), 0
        if name == "log2":
            return f"LOG({args[0][0]},2)", 5
        if name == "ceil_div":  # -INT(-x) is a ceiling for every sign and needs no function that differs by version
            return f"-INT(-{_at(args[0], 5)}/{_at(args[1], 5)})", 3
        return f"{name.upper()}({','.join(arg for arg, _ in args)})", 5


def _at(printed: tuple[str, int], level: int) -> str:
    return printed[0] if printed[1] >= level else f"({printed[0]})"


def _print(expr: Expr, names: Mapping[str, str], dialect: _NotationDialect | _ExcelDialect) -> tuple[str, int]:
    match expr:
        case Num(number):
            if not is_exact(number):
                number = Fraction(number)
                return dialect.binary(
                    "/", (str(number.numerator), 5 if number >= 0 else 3), (str(number.denominator), 5)
                )
            return plain(number), 5 if number >= 0 else 3
        case Sym(name):
            known = names.get(name)
            if known is None:
                if not dialect.names_may_be_missing:
                    raise ExpressionError(f"{name!r} has no cell")
                known = name
            return known, 3 if known.startswith("-") else 5
        case Neg(of):
            return "-" + _at(_print(of, names, dialect), 5), 3
        case Op(op, left, right) if op in "+-":
            a, b = _print(left, names, dialect), _print(right, names, dialect)
            sign = dialect.plus if op == "+" else dialect.minus
            # a minus after an operator, 1 - -2, reads badly and a bracket costs nothing
            return f"{a[0]}{sign}{_at(b, 2) if not b[0].startswith('-') else f'({b[0]})'}", 1
        case Op(op, left, right):
            return dialect.binary(op, _print(left, names, dialect), _print(right, names, dialect))
        case Call(name, args):
            return dialect.call(name, [_print(arg, names, dialect) for arg in args])
