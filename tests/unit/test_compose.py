"""Formulas that are put into somebody's template: as those beside them, and none that nobody can read."""

from __future__ import annotations

import pytest

from sheetgen.sheet import lay_out, with_everything
from sheetgen.spec import load
from sheetgen.workbook.compose import compose, is_legible
from sheetgen.workbook.elsewhere import find_tables
from sheetgen.workbook.package import Package, Place
from tests.golden.test_house_styles import page_of


@pytest.mark.parametrize(
    ("formula", "legible"),
    [
        ("INT((INT((INT(A1/2)+1)/2)+1)/2)", True),
        ("INT((INT((INT((INT(A1/2)+1)/2)+1)/2)+1)/2)", False),
        ("INT(A1)+INT(A2)+INT(A3)+INT(A4)+INT(A5)", True),
        ("SUM(INT(MAX(INT(A1),(INT(A2)))),1)", True),
        ("SUM(A1:A9)", True),
    ],
)
def test_floors_inside_floors_are_no_help(formula: str, legible: bool) -> None:
    assert is_legible(formula) == legible


def test_a_total_is_added_up_like_those_beside_it() -> None:
    described = load("lenet5")
    sheet = with_everything(described, lay_out(described))
    names = [name for name in sheet.rows if name not in ("input", "total")]
    last = len(names) + 1
    rows = (("Layer", "Neurons", "# Params"), *((name,) for name in names), ("Sum", None, f"=SUM(C2:C{last})"))
    package = Package.read(page_of(*rows))
    found = find_tables(package, sheet)
    assert found is not None
    entries = compose(package, found.layout, sheet).entries
    assert entries[Place("Sheet", last + 1, 2)].formula == f"SUM(B2:B{last})"
    assert entries[Place("Sheet", 2, 2)].formula is None
