"""The Excel reading of the notation against LibreOffice: a few hundred random formulas in one workbook, read as CSV."""

from __future__ import annotations

import openpyxl
import pytest

from sheetgen.expr import Expr, excel, numeric, parse, text, value
from tests.conftest import Convert
from tests.trees import NAMES, Env, seeded

COUNT, SEED, LIMIT = 600, 1998, 10**13
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


@pytest.fixture(scope="module")
def recalculated(
    tmp_path_factory: pytest.TempPathFactory, libreoffice: Convert
) -> tuple[list[tuple[Expr, Env]], list[str]]:
    """The cases, and what LibreOffice shows for each."""
    cases: list[tuple[Expr, Env]] = [(parse(formula), CORNER_ENV) for formula, _ in CORNERS]
    cases += seeded(COUNT, SEED, LIMIT)
    workbook = openpyxl.Workbook()
    page = workbook.active
    assert page is not None
    for row, (tree, env) in enumerate(cases, start=1):
        for column, name in enumerate(NAMES, start=1):
            page.cell(row, column, env[name])
        cell = page.cell(row, len(NAMES) + 1, f"={excel(tree, {name: f'{COLUMNS[name]}{row}' for name in NAMES})}")
        cell.number_format = "0"
    path = tmp_path_factory.mktemp("notation") / "formulas.xlsx"
    workbook.save(path)
    return cases, [line[len(NAMES)] for line in libreoffice(path)]


def test_every_random_formula_has_the_same_value(recalculated: tuple[list[tuple[Expr, Env]], list[str]]) -> None:
    cases, shown = recalculated
    assert len(shown) == len(cases) == COUNT + len(CORNERS)
    different = {
        text(tree): (env, number, value(tree, env))
        for (tree, env), number in zip(cases, shown, strict=True)
        if number != str(value(tree, env))
    }
    assert not different


def test_the_corners(recalculated: tuple[list[tuple[Expr, Env]], list[str]]) -> None:
    shown = recalculated[1][: len(CORNERS)]
    assert [(formula, int(number)) for (formula, _), number in zip(CORNERS, shown, strict=True)] == CORNERS


def test_the_random_formulas_use_the_whole_notation(
    recalculated: tuple[list[tuple[Expr, Env]], list[str]],
) -> None:
    printed = " ".join(text(tree) for tree, _ in recalculated[0][len(CORNERS) :])
    for piece in (" + ", " - ", "*", " // ", " % ", "**", "min(", "max(", "ceil_div(", "(-"):
        assert printed.count(piece) > 20, piece
    assert sum(numeric(tree, env) < 0 for tree, env in recalculated[0]) > 100
    assert len(set(recalculated[1])) > 200
