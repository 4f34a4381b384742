"""Which sheets the formulas of answers read: what no answer reads must cost no marks, whatever is wrong with it."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from typing import Any

import pytest
import xlsxwriter  # type: ignore[import-untyped]

from sheetgen.workbook import reach
from sheetgen.workbook.opinion import Verdict, judge
from sheetgen.workbook.package import BrokenPackage, Package, Place, parse_address, replace_parts
from sheetgen.workbook.reach import sheets_read

Extend = Callable[[Any], None]
SHEETS = ("S", "Work", "Jan", "Feb", "Mar", "Data")


def workbook(cells: Mapping[str, object], extend: Extend | None = None, broken: str | None = None) -> Package:
    """Six sheets, S the first, on which ``cells`` stand; the part of the sheet ``broken`` is no XML."""
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True})
    pages = {name: book.add_worksheet(name) for name in SHEETS}
    for at, content in cells.items():
        name, _, cell = at.rpartition("!")
        if isinstance(content, str) and content.startswith("{"):
            pages[name or "S"].write_array_formula(cell, content)
        else:
            pages[name or "S"].write(cell.partition(":")[0], content)
    if extend is not None:
        extend(book)
    book.close()
    if broken is None:
        return Package.read(out.getvalue())
    part = Package.read(out.getvalue()).sheets[SHEETS.index(broken)].part
    return Package.read(replace_parts(out.getvalue(), {part: b"<worksheet><sheetData><row r="}))


def read_by(cells: Mapping[str, object], extend: Extend | None = None, at: str = "B1") -> set[str]:
    return set(sheets_read(workbook(cells, extend), [Place("S", *parse_address(at))]))


@pytest.mark.parametrize(
    ("cells", "more"),
    [
        ({"B1": "=A1*2"}, set()),
        ({"B1": "=Work!A1"}, {"Work"}),
        ({"B1": "=A1", "A1": "=A9", "A9": "=SUM(Work!A1:B9)"}, {"Work"}),
        ({"B1": "=Work!A1", "Work!A1": "=Data!Z9+1"}, {"Work", "Data"}),
        ({"B1": "=Work!A1", "Work!A2": "=Data!Z9+1"}, {"Work"}),  # nobody reads A2
        ({"B1": "=SUM(Work!A:A)", "Work!A2": "=Data!Z9+1"}, {"Work", "Data"}),
        ({"B1": "=SUM(Work!2:2)", "Work!A2": "=Data!Z9+1"}, {"Work", "Data"}),
        ({"B1": "=SUM(Jan:Mar!A1)"}, {"Jan", "Feb", "Mar"}),
        ({"B1": "=SUM(Jan:Mar!A1)", "Feb!A1": "=Work!A1"}, {"Jan", "Feb", "Mar", "Work"}),
        ({"B1": "=Work!A1", "Work!A1": "=B2", "B2": "=Data!A1"}, {"Work"}),  # Work's own B2, which is empty
        ({"B1": "=Work!A1", "Work!A1": "=S!B2", "B2": "=Data!A1"}, {"Work", "Data"}),
        ({"B1": "=Work!A2", "Work!A1:A3": "{=Data!A1:A3*2}"}, {"Work", "Data"}),  # filled by a formula above it
        ({"A1:B1": "{=Data!A1:B1*2}"}, {"Data"}),
        ({"B1": "=B1+Work!A1"}, {"Work"}),  # a circle
        ({"B1": "=nobody+Nowhere!A1"}, set()),
        ({"B1": '="Data!A1"'}, set()),
        ({"B1": "=A1", "C1": "=Data!A1"}, set()),  # beside the answer
        ({"B1": 55}, set()),
    ],
)
def test_through_cells(cells: Mapping[str, object], more: set[str]) -> None:
    assert read_by(cells) == {"S", *more}


@pytest.mark.parametrize(
    "formula",
    ['=INDIRECT("Data!A1")', "=SUM(OFFSET(A1,1,1))", "=SUM(A1:INDEX(A1:A9,3))", "=SUM(S!A1:S!A3)", "=SUM(A1:nam)"],
)
def test_what_may_read_anything_reads_all(formula: str) -> None:
    assert read_by({"B1": formula}) == set(SHEETS)
    assert read_by({"B1": "=Work!C3", "Work!C3": formula}) == set(SHEETS)
    assert read_by({"B1": "=Work!C3", "Work!C4": formula}) == {"S", "Work"}


@pytest.mark.parametrize(
    ("definitions", "more"),
    [
        ({"it": "=Data!$A$1"}, {"Data"}),
        ({"it": "=other*2", "other": "=SUM(Data!$A$1:$A$3)"}, {"Data"}),
        ({"it": "=it+1"}, set()),
        ({"it": "=3"}, set()),
        ({"it": "=Work!$A$1"}, {"Work"}),
        ({"it": "=Work!$A$2"}, {"Work", "Mar"}),
        ({"it": "=Work!A1"}, {"Work", "Mar"}),  # without $ it may mean A2
        ({"it": "=INDIRECT($A$1)"}, set(SHEETS)),
        ({"it": "=SUM(Jan:Feb!$A$1)"}, {"Jan", "Feb"}),
        ({"Jan!it": "=Data!$A$1", "it": "=Feb!$A$1"}, {"Feb"}),
        ({"S!it": "=Data!$A$1", "it": "=Feb!$A$1"}, {"Data"}),
    ],
)
def test_through_names(definitions: Mapping[str, str], more: set[str]) -> None:
    def define(book: Any) -> None:
        for name, text in definitions.items():
            book.define_name(name, text)

    assert read_by({"B1": "=IT*2", "Work!A2": "=Mar!A1"}, define) == {"S", *more}


@pytest.mark.parametrize(
    ("formula", "more"),
    [
        ("=SUM(Sizes[Height])", {"Work"}),
        ("=SUM(sizes[Width])", {"Work", "Data"}),
        ("=SUM(Sizes)", {"Work", "Data"}),
        ("=SUM(Sizes[Nobody])", {"Work", "Data"}),
        ("=SUM(Other[Height])", set()),
        ("=SUM(through_a_name)", {"Work", "Data"}),
    ],
)
def test_through_tables(formula: str, more: set[str]) -> None:
    def extend(book: Any) -> None:
        columns = [{"header": "Height"}, {"header": "Width"}]
        book.get_worksheet_by_name("Work").add_table("A1:B3", {"name": "Sizes", "columns": columns})
        book.define_name("through_a_name", "=Sizes[@Width]")

    assert read_by({"B1": formula, "Work!B3": "=Data!A1"}, extend) == {"S", *more}


def test_a_name_of_this_row_of_a_table_is_another_in_each_row() -> None:
    def extend(book: Any) -> None:
        columns = [{"header": "Height"}, {"header": "Width"}]
        book.get_worksheet_by_name("Work").add_table("A1:B3", {"name": "Sizes", "columns": columns})
        book.define_name("width_here", "=Sizes[@Width]")

    rows = {"Work!B2": "=Mar!A1", "Work!B3": "=Data!A1", "Work!C2": "=width_here", "Work!C3": "=width_here"}
    assert read_by({"B1": "=Work!C2+Work!C3", **rows}, extend) == {"S", "Work", "Mar", "Data"}


def verdict(cells: Mapping[str, object], broken: str = "Data") -> Verdict:
    return judge(workbook(cells, broken=broken), {"a": Place("S", 1, 2)})["a"]


def test_a_damaged_sheet_costs_nothing_that_does_not_read_it() -> None:
    assert verdict({"A1": 5, "B1": "=A1*2+Work!A1", "Work!A1": 1, "C1": "=Data!A1"}).problem is None
    assert verdict({"A1": 5, "B1": "=SUM(Jan:Feb!A1)+A1", "A9": "=INDIRECT(A1)"}, "Mar").problem is None
    for formula in ("=Data!A1", "=SUM(Mar:Data!A1)", '=INDIRECT("A1")'):
        with pytest.raises(BrokenPackage, match="is damaged XML"):
            verdict({"A1": 5, "B1": formula})


def test_formulas_that_nobody_reads_are_not_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sheetgen.workbook.opinion.MOST_FORMULAS", 3)
    many = {f"Data!A{row}": "=1" for row in range(1, 9)}
    assert verdict({"A1": 5, "B1": "=A1", **many}, "Feb").problem is None
    with pytest.raises(BrokenPackage, match="it has 9 formulas"):
        verdict({"A1": 5, "B1": "=Data!A1", **many}, "Feb")


def test_the_same_value_and_notes_as_of_the_whole_workbook(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of all three rooms that look through the sheets: both engines, the doubts and where formulas point."""
    cells = {
        "A1": "1.234",
        "B1": "=SUM(Jan:Mar!A1)*2+Work!A1",
        "Work!A1": "=INDEX(Jan!A1:A3,1)",
        "Jan!A1": 3,
        "Feb!A1": "=MOD(0.7,0.1)",
        "Mar!A1": '=HYPERLINK("x",4)',
        "Data!A1": "=RAND()",
    }
    some = verdict(cells, "Data")
    assert some.notes
    monkeypatch.setattr("sheetgen.workbook.opinion.sheets_read", lambda package, _: [e.name for e in package.sheets])
    assert judge(workbook(cells), {"a": Place("S", 1, 2)})["a"] == some


def test_a_walk_without_end_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    cells = {f"A{row}": f"=SUM(A$1:A{row - 1})" for row in range(2, 200)} | {"B1": "=A199"}
    assert read_by(cells) == {"S"}
    monkeypatch.setattr(reach, "MOST_STEPS", 100)
    assert read_by(cells) == set(SHEETS)
