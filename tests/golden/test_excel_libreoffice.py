"""The Excel reading of the notation against LibreOffice: a few hundred random formulas in one workbook, read as CSV."""

from __future__ import annotations

import openpyxl
import pytest

from sheetgen.expr import Expr, excel, numeric, parse, text, value
from tests.conftest import Convert
from tests.trees import NAMES, Env, close, seeded

COUNT, SEED, LIMIT = 600, 1998, 10**13
FRACTIONS = 300
COLUMNS = dict(zip(NAMES, "ABCD", strict=True))

# The sharp corners, each by hand: formula and value with alpha = -7, beta = 2, gamma = 3, delta = 0.
CORNERS = [
    ("alpha // beta", -4),
    ("alpha // -beta", 3),
    ("-alpha // beta", 3),
    ("-(alpha // beta)", 4),
    ("alpha % beta", 1),
    ("-alpha % -gamma", -2),
    ("ceil_div(alpha, beta)", -3),
    ("ceil_div(-alpha, beta)", 4),
    ("gamma - ceil_div(alpha, -beta)", -1),
    ("-beta**2", -4),
    ("(-beta)**2", 4),
    ("-2**2", -4),
    ("beta**gamma**beta", 512),
    ("(beta**gamma)**beta", 64),
    ("alpha - (beta - gamma)", -6),
    ("alpha - beta - gamma", -12),
    ("100 // (beta*gamma)", 16),
    ("100 // beta // gamma", 16),
    ("100 // beta * gamma", 150),
    ("100 // (alpha + 4)", -34),
    ("beta * -gamma", -6),
    ("min(alpha, beta) * max(delta, gamma)", -21),
    ("delta**gamma", 0),
    ("gamma**delta", 1),
    ("9999999999999 // 10000000", 999999),
]
CORNER_ENV = {"alpha": -7, "beta": 2, "gamma": 3, "delta": 0}
# And of what is not whole, or not a number: with alpha = 1000, beta = 6, gamma = 4, delta = 0.
MORE_CORNERS = [
    ("alpha / beta / gamma", 1000 / 24),
    ("alpha / (beta / gamma)", 2000 / 3),
    ("-beta / gamma", -1.5),
    ("(beta / gamma)**2", 2.25),
    ("67.4 * beta", 404.4),
    ("beta * (1/3)", 2),
    ("log2(alpha)", 9.965784284662087),
    *((f"log2({2**n})", n) for n in (0, 1, 3, 10, 29, 31, 47)),
    ("gcd(alpha, beta)", 2),
    ("gcd(delta, beta)", 6),
    ("min(beta / gamma, 2)", 1.5),
    ("size(alpha, beta + 1, gamma)", "1000 x 7 x 4"),
    ("size(beta / gamma, -beta)", "1.5 x -6"),
]
MORE_ENV = {"alpha": 1000, "beta": 6, "gamma": 4, "delta": 0}


@pytest.fixture(scope="module")
def recalculated(
    tmp_path_factory: pytest.TempPathFactory, libreoffice: Convert
) -> tuple[list[tuple[Expr, Env]], list[str]]:
    """The cases, and what LibreOffice shows for each."""
    cases: list[tuple[Expr, Env]] = [(parse(formula), CORNER_ENV) for formula, _ in CORNERS]
    cases += seeded(COUNT, SEED, LIMIT)
    cases += [(parse(formula), MORE_ENV) for formula, _ in MORE_CORNERS]
    cases += seeded(FRACTIONS, SEED, 10**9, fractions=True)
    workbook = openpyxl.Workbook()
    page = workbook.active
    assert page is not None
    for row, (tree, env) in enumerate(cases, start=1):
        for column, name in enumerate(NAMES, start=1):
            page.cell(row, column, env[name])
        cell = page.cell(row, len(NAMES) + 1, f"={excel(tree, {name: f'{COLUMNS[name]}{row}' for name in NAMES})}")
        cell.number_format = "0" if row <= COUNT + len(CORNERS) else "0.000000000000000E+00"
    path = tmp_path_factory.mktemp("notation") / "formulas.xlsx"
    workbook.save(path)
    return cases, [line[len(NAMES)] for line in libreoffice(path)]


def test_every_random_formula_has_the_same_value(recalculated: tuple[list[tuple[Expr, Env]], list[str]]) -> None:
    cases, shown = recalculated
    whole = COUNT + len(CORNERS)
    assert len(shown) == len(cases) == whole + FRACTIONS + len(MORE_CORNERS)
    different = {
        text(tree): (env, number, value(tree, env))
        for (tree, env), number in zip(cases[:whole], shown[:whole], strict=True)
        if number != str(value(tree, env))
    }
    assert not different


def test_every_random_fraction_has_the_same_value(recalculated: tuple[list[tuple[Expr, Env]], list[str]]) -> None:
    cases, shown = recalculated[0][-FRACTIONS:], recalculated[1][-FRACTIONS:]
    different = {
        text(tree): (env, number, value(tree, env))
        for (tree, env), number in zip(cases, shown, strict=True)
        if not close(float(number), numeric(tree, env), tree, env)
    }
    assert not different
    printed = " ".join(text(tree) for tree, _ in cases)
    for piece in ("/", ".", "log2(", " // ", "min("):
        assert printed.count(piece) > 20, piece
    assert sum(not isinstance(value(tree, env), int) for tree, env in cases) > 150


def test_the_corners_of_what_is_not_whole(recalculated: tuple[list[tuple[Expr, Env]], list[str]]) -> None:
    shown = recalculated[1][COUNT + len(CORNERS) : -FRACTIONS]
    for (formula, right), found in zip(MORE_CORNERS, shown, strict=True):
        if isinstance(right, str):
            assert (formula, found) == (formula, right) == (formula, value(parse(formula), MORE_ENV))
        else:
            assert float(found) == pytest.approx(right, rel=1e-14), formula
            assert float(numeric(parse(formula), MORE_ENV)) == pytest.approx(right, rel=1e-14)


def test_the_corners(recalculated: tuple[list[tuple[Expr, Env]], list[str]]) -> None:
    shown = recalculated[1][: len(CORNERS)]
    assert [(formula, int(number)) for (formula, _), number in zip(CORNERS, shown, strict=True)] == CORNERS


def test_the_random_formulas_use_the_whole_notation(
    recalculated: tuple[list[tuple[Expr, Env]], list[str]],
) -> None:
    random = slice(len(CORNERS), len(CORNERS) + COUNT)
    printed = " ".join(text(tree) for tree, _ in recalculated[0][random])
    for piece in (" + ", " - ", "*", " // ", " % ", "**", "min(", "max(", "ceil_div(", "(-"):
        assert printed.count(piece) > 20, piece
    assert sum(numeric(tree, env) < 0 for tree, env in recalculated[0][random]) > 100
    assert len(set(recalculated[1][random])) > 200
