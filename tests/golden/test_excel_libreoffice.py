"""The Excel text of random formulas, recalculated by LibreOffice."""

from __future__ import annotations

import random
from pathlib import Path

import openpyxl
from openpyxl.worksheet.worksheet import Worksheet

from sheetgen.expr import excel, simplify, text
from tests.conftest import Convert
from tests.expressions import NAMES, exact_value, random_tree

CASES = 400


def test_libreoffice_agrees(tmp_path: Path, libreoffice: Convert) -> None:
    chance = random.Random(2012)
    book = openpyxl.Workbook()
    page = book.active
    assert isinstance(page, Worksheet)
    expected: list[tuple[str, int]] = []
    while len(expected) < CASES:
        tree = random_tree(chance)
        if len(expected) % 2:
            tree = simplify(tree)
        env = {name: chance.randint(-40, 400) for name in NAMES}
        number = exact_value(tree, env)
        if number is None:
            continue
        row = len(expected) + 1
        for column, name in enumerate(NAMES, start=1):
            page.cell(row, column, env[name])
        cells = {name: f"{letter}{row}" for name, letter in zip(NAMES, "ABCD", strict=True)}
        page.cell(row, 5, "=" + excel(tree, cells)).number_format = "0"
        expected.append((f"{text(tree)} with {env}", number))
    book.save(tmp_path / "formulas.xlsx")
    rows = libreoffice(tmp_path / "formulas.xlsx")
    assert [(what, int(row[4])) for (what, _), row in zip(expected, rows, strict=True)] == expected
