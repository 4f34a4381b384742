"""Recalculation: values, errors that stay in their cell, names, and what changes when a cell does."""

from __future__ import annotations

import io
from typing import NoReturn

import openpyxl
import pytest
from openpyxl.workbook.defined_name import DefinedName
from openpyxl.worksheet.formula import ArrayFormula

from sheetgen.workbook.engine import CellError, Engine, Value, same
from sheetgen.workbook.package import Package, Place, parse_address


def at(cell: str, sheet: str = "My S") -> Place:
    return Place(sheet, *parse_address(cell))


def engine(**cells: object) -> Engine:
    workbook = openpyxl.Workbook()
    sheet = workbook.active
    assert sheet is not None
    sheet.title = "My S"
    for cell, content in cells.items():
        sheet[cell] = content  # type: ignore[assignment]
    other = workbook.create_sheet("O'x")
    other["A1"], other["A2"] = "='My S'!A1+1", "=conv1.in"
    workbook.defined_names["conv1.in"] = DefinedName("conv1.in", attr_text="'My S'!$A$1")
    workbook.defined_names["both"] = DefinedName("both", attr_text="'My S'!$A$1:$A$2")
    workbook.defined_names["relative"] = DefinedName("relative", attr_text="'My S'!A1")
    other.defined_names["conv1.in"] = DefinedName("conv1.in", attr_text="'O''x'!$A$1")
    out = io.BytesIO()
    workbook.save(out)
    return Engine(Package.read(out.getvalue()))


@pytest.mark.parametrize(
    ("formula", "expected"),
    [
        ("=A1*A2", 96 * 121),
        ("=conv1.in*2", 192),
        ("=CONV1.IN/64", 1.5),
        ("=SUM(both)", 217),
        ('="conv1.in"&conv1.in', "conv1.in96"),
        ("=A1=96", True),
        ("=Z99", 0),
        ("=2^53-1", 2**53 - 1),
        ("=2^60", 2.0**60),
        ("=A1/0", CellError("#DIV/0!")),
        ('=VALUE("x")', CellError("#VALUE!")),
        ("=NOPE(1)", CellError("#NAME?")),
        ("=nobody", CellError("#NAME?")),
        ("=relative", CellError("#NAME?")),
        ("=1+", CellError("#NAME?")),
        ("=SUM(A1", CellError("#NAME?")),
        ("=Missing!A1", CellError("#REF!")),
        ("=DATE(2024,1,2)", 45293),
        ('="é😀"&conv1.in', "é😀96"),
    ],
)
def test_values(formula: str, expected: Value) -> None:
    found = engine(A1=96, A2=121, B1=formula).value(at("B1"))
    assert found == expected
    assert type(found) is type(expected)


def test_a_bad_formula_harms_no_other() -> None:
    one = engine(A1=1, B1="=NOPE(1)", B2="=1+", B3="=[9]Else!A1", B4="=B3+A1", B5="=B5", B6="=A1+1")
    one.recalculate()
    values = [one.value(at(f"B{row}")) for row in range(1, 7)]
    # The other workbook's value was never cached here, so it is empty; a circle is an error of its cell.
    assert values == [CellError("#NAME?"), CellError("#NAME?"), None, 1, CellError("#CIRC!"), 2]


def test_what_only_excel_knows_is_held_at_its_cache() -> None:
    one = engine(A1=1, B1="=NOW()", B2="=A1+RAND()", B3="=A1+1")
    assert one.value(at("B1")) is None
    assert one.value(at("B2")) is None
    assert one.value(at("B3")) == 2


@pytest.mark.parametrize(
    "formula", ["=1 2", "=((1", "=A1:", '="x', "=", "={1;2,3}", "=1+", "=" + "(" * 300 + "1" + ")" * 300]
)
def test_what_it_cannot_parse_is_an_error_of_that_cell_alone(formula: str) -> None:
    one = engine(A1=1, B1="=A1", B2="=A1+1")
    one.set(at("B1"), formula)
    one.recalculate()
    assert (one.value(at("B1")), one.value(at("B2"))) == (CellError("#NAME?"), 2)
    assert (one.is_readable(at("B1")), one.is_readable(at("B2"))) == (False, True)


def test_a_fault_of_our_own_is_not_taken_for_a_bad_formula(monkeypatch: pytest.MonkeyPatch) -> None:
    def wrong(*_: object) -> NoReturn:
        raise ValueError("ours")

    monkeypatch.setattr("sheetgen.workbook.engine.read_reference", wrong)
    with pytest.raises(ValueError, match="ours"):
        engine(A1=1, B1="=Other!A1")


def test_an_engine_that_broke_is_not_taken_for_a_bad_formula() -> None:
    class Broken:
        def set_formula(self, *_: object) -> NoReturn:
            raise RuntimeError("lock: poisoned lock: another task failed inside")

    one = engine(A1=1)
    one._workbook = Broken()  # type: ignore[assignment]
    with pytest.raises(RuntimeError, match="poisoned"):
        one.set(at("B1"), "=A1")


@pytest.mark.parametrize("large", [2**63, -(2**63) - 1, 10**300])
def test_whole_numbers_beyond_64_bits(large: int) -> None:
    one = engine(A1=1, B1="=A1*0+55", B2="=A1/2")
    one.set(at("A1"), large)
    one.recalculate()
    assert (one.value(at("B1")), one.value(at("B2"))) == (55, large / 2)


def test_names_of_a_sheet_go_before_global_ones() -> None:
    assert engine(A1=5).value(at("A2", "O'x")) == 6


def test_set_and_changed() -> None:
    one = engine(A1=5, B1="=A1*2", B2="=IF(A1>0,1,2)", B3="=A3")
    assert one.changed() == ()
    one.set(at("A1", "MY S"), 7)
    one.recalculate()
    assert (one.value(at("B1")), one.value(at("A1", "O'x"))) == (14, 8)
    assert one.changed() == (at("B1"), at("A1", "O'x"), at("A2", "O'x"))
    assert one.affected([at("A1")]) == {at("B1"), at("B2"), at("A1", "O'x"), at("A2", "O'x")}
    one.settle()
    assert one.changed() == ()
    one.set(at("A3"), "=B1+1")
    one.recalculate()
    assert one.value(at("A3")) == one.value(at("B3")) == 15
    one.set(at("A3"), None)
    one.recalculate()
    assert one.value(at("A3")) is None
    one.set(at("A3"), True)
    assert one.value(at("A3")) is True


def test_array_formulas_fill_their_range() -> None:
    one = engine(A1=1, A2=2, B1=ArrayFormula("B1:B2", "=A1:A2*10"), B2=999, C1="=SUM(B1:B2)")
    assert one.value(at("C1")) == 30


def test_large_integers_stay_exact() -> None:
    assert engine(A1=16_777_217).value(at("A1")) == 16_777_217
    assert engine(A1=1, B1="=A1*105705600").value(at("B1")) == 105_705_600


def test_same() -> None:
    assert same(1, 1.0)
    assert same(0.1 + 0.2, 0.3)
    assert not same(1, True)
    assert not same(1, "1")
    assert not same(9007199254740993, 9007199254740992)
    assert not same(None, 0)
