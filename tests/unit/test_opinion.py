"""Which value of a formula counts: stored or recalculated, by the word of two engines; and where formulas point."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Callable, Mapping
from typing import Any

import openpyxl
import pytest
import xlsxwriter  # type: ignore[import-untyped]
from openpyxl.worksheet.formula import ArrayFormula

from sheetgen.expr import excel
from sheetgen.workbook import doubts, second
from sheetgen.workbook.engine import CellError, Engine, Value
from sheetgen.workbook.opinion import Verdict, agree, judge
from sheetgen.workbook.package import Package, Place, parse_address, replace_parts
from sheetgen.workbook.second import SecondOpinion
from tests.trees import NAMES, seeded

Typed = int | float | str | bool | tuple[str, int | float | str | bool] | None  # a formula has its stored value beside
Extend = Callable[[Any], None]


def saved(cells: Mapping[str, Typed], *, extend: Extend | None = None, calculation: str = "") -> bytes:
    """A workbook whose first sheet, S, holds ``cells``; "Key!A1" are on other sheets, "-Key!A1" on hidden ones."""
    out = io.BytesIO()
    workbook = xlsxwriter.Workbook(out, {"in_memory": True})
    pages = {"S": workbook.add_worksheet("S")}
    for at, content in cells.items():
        name, _, cell = at.rpartition("!")
        page = pages.get(name.lstrip("-") or "S")
        if page is None:
            page = pages[name.lstrip("-")] = workbook.add_worksheet(name.lstrip("-"))
            if name.startswith("--"):
                page.very_hidden()
            elif name.startswith("-"):
                page.hide()
        if isinstance(content, tuple):
            page.write_formula(cell, content[0], None, content[1])
        elif isinstance(content, str) and content.startswith("{"):
            page.write_array_formula(cell, content)
        else:
            page.write(cell.partition(":")[0], content)
    if extend is not None:
        extend(workbook)
    workbook.close()
    data = out.getvalue()
    part = "xl/workbook.xml"  # XlsxWriter's own setting asks every program to calculate: no student's file does
    xml = Package.read(data).part(part).decode()
    assert ' fullCalcOnLoad="1"' in xml
    return replace_parts(data, {part: xml.replace(' fullCalcOnLoad="1"', calculation).encode()})


def unstored(cells: Mapping[str, object]) -> bytes:
    """The same by openpyxl, which stores no value beside a formula."""
    workbook = openpyxl.Workbook()
    page = workbook.active
    assert page is not None
    page.title = "S"
    for at, content in cells.items():
        page[at] = content  # type: ignore[assignment]
    out = io.BytesIO()
    workbook.save(out)
    return out.getvalue()


def verdict(data: bytes, cell: str = "B1", *others: str) -> Verdict:
    places = {at: Place("S", *parse_address(at)) for at in (cell, *others)}
    return judge(Package.read(data), places)[cell]


def said(data: bytes, cell: str = "B1", *others: str) -> str:
    return " ".join(verdict(data, cell, *others).notes)


# -- stored and recalculated


@pytest.mark.parametrize(
    ("formula", "stored"),
    [
        ("=A1*A2", 96 * 121),
        ("=A1/7", 13.714285714285714),
        ("=A1/7", 13.7142857142857),  # the 15 digits that some programs write
        ('=A1&" x "&A2', "96 x 121"),
        ("=A1>A2", False),
        ("=A1/0", "#DIV/0!"),
        ("=Z9", 0),
        ("=NOSUCHFUNCTION(A1)", "#NAME?"),
        ("=SUM(A1:A2)", 217),
        ("=A1", "96"),  # a number stored as text
        ("=A1*A2", "11616.0"),
        ('=A1&""', 96),
    ],
)
def test_a_stored_value_that_is_what_the_formula_gives_counts(formula: str, stored: int | float | str | bool) -> None:
    found = verdict(saved({"A1": 96, "A2": 121, "B1": (formula, stored)}))
    assert found.notes == ()
    if isinstance(stored, str) and stored.startswith("#"):
        assert (found.value, found.problem) == (None, f"the formula gives {stored}")
    else:
        assert (found.value, found.problem) == (stored, None)
        assert type(found.value) is type(stored)


def test_the_second_engine_is_not_loaded_where_all_agrees(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "ironcalc", raising=False)
    assert verdict(saved({"A1": 96, "B1": ("=A1*2", 192)})).value == 192
    assert "ironcalc" not in sys.modules
    assert verdict(saved({"A1": 96, "B1": ("=A1*2", 193)})).value == 192
    assert "ironcalc" in sys.modules


@pytest.mark.parametrize(
    ("formula", "stored", "gives"),
    [
        ("=A1*A2", 290400, 11616),
        ("=A1*A2", 11617, 11616),
        ("=A1*125000000", 12000000001, 12000000000),  # one off in ten thousand million
        ("=A1/7", 13.7, 96 / 7),
        ("=A1", "97", 96),
        ("=A1", "~96", 96),
        ('=A1&"x"', "97x", "96x"),
        ("=A1>A2", True, False),
        ("=A1*2", True, 192),
    ],
)
def test_what_both_engines_contradict_is_said_and_does_not_count(
    formula: str, stored: int | float | str | bool, gives: Value
) -> None:
    found = verdict(saved({"A1": 96, "A2": 121, "B1": (formula, stored)}))
    assert (found.value, found.problem) == (gives, None)
    (note,) = found.notes
    assert note.startswith("The stored value ")
    assert "is not what the formula gives" in note
    assert note.endswith("it is old, or was changed. The recalculated value counts.")


def test_the_words_of_a_contradiction() -> None:
    cells: dict[str, Typed] = {"A1": 5, "B1": ("=A1+2", 5)}
    assert said(saved(cells)) == (
        "The stored value 5 is not what the formula gives, 7: it is old, or was changed. The recalculated value counts."
    )
    assert "the file asks to be recalculated when it is opened" in said(saved(cells, calculation=' fullCalcOnLoad="1"'))
    assert "calculates only when it is told to" in said(saved(cells, calculation=' calcMode="manual"'))


def test_a_number_stored_where_the_formula_is_an_error() -> None:
    found = verdict(saved({"A1": 5, "B1": ("=A1/0", 55)}))
    assert (found.value, found.problem) == (None, "the formula gives #DIV/0!")
    assert "The stored value 55 is not what the formula gives, #DIV/0!" in found.notes[0]


def test_errors() -> None:
    found = verdict(saved({"A1": 5, "B1": ("=A1*2", "#REF!")}))
    assert (found.value, found.problem) == (10, None)
    assert found.notes == ("The stored value is the error #REF!, but the formula gives 10, which counts.",)
    found = verdict(saved({"B1": ("=SQRT(-1)", "#VALUE!")}))  # as LibreOffice names it
    assert (found.value, found.problem, found.notes) == (None, "the formula gives #VALUE!", ())


def test_a_forged_step_before_the_answer_is_seen() -> None:
    data = saved({"A1": 5, "C1": ("=A1*10", 999), "B1": ("=C1+1", 1000)})
    assert verdict(data).value == 51
    assert "The stored value 1000 is not what the formula gives, 51" in said(data)


def test_no_stored_value_is_no_suspicion() -> None:
    found = verdict(unstored({"A1": 5, "B1": "=A1*2"}))
    assert (found.value, found.problem, found.notes) == (10, None, ())
    assert verdict(unstored({"B1": "=A1"})).value == 0
    found = verdict(unstored({"A1": 5, "B1": "=A1/0"}))
    assert (found.value, found.problem, found.notes) == (None, "the formula gives #DIV/0!", ())
    one_knows = unstored({"A1": 2, "A2": 3, "C1": 4, "D1": 5, "B1": "=SUM(MMULT(A1:A2,C1:D1))"})
    assert verdict(one_knows).value == 45
    assert verdict(unstored({"B1": "=NOSUCHFUNCTION(1)"})).problem == "the formula gives #NAME?"


@pytest.mark.parametrize(
    ("formula", "stored"),
    [
        ("=SUM(MMULT(A1:A2,C1:D1))", 9 * 217),  # formualizer has no MMULT
        ("=SUM(_xlfn.MAP(A1:A2,_xlfn.LAMBDA(_xlpm.x,_xlpm.x*2)))", 434),
        ("=FLOOR(-5.5,-1)", -5),
        ('=VALUE("1,234")', 1234),
        ("=_xlfn.AGGREGATE(9,4,A1:A2)", 217),  # ironcalc has no AGGREGATE
    ],
)
def test_what_one_engine_lacks_the_other_confirms(formula: str, stored: int) -> None:
    found = verdict(saved({"A1": 96, "A2": 121, "C1": 4, "D1": 5, "B1": (formula, stored)}))
    assert (found.value, found.notes) == (stored, ())


@pytest.mark.parametrize("formula", ["=SUM(MMULT(A1:A2,C1:D1))", "=_xlfn.AGGREGATE(9,4,A1:A2)+0"])
def test_one_engine_alone_accuses_nobody(formula: str) -> None:
    found = verdict(saved({"A1": 96, "A2": 121, "C1": 4, "D1": 5, "B1": (formula, 3)}))
    assert found.value == 3
    assert found.notes[0].startswith("A recalculation gives ")
    assert "but may be wrong: only one recalculation knows " in found.notes[0]
    assert found.notes[0].endswith("The stored value 3 counts.")


def test_what_no_engine_knows_counts_as_stored() -> None:
    found = verdict(saved({"A1": 96, "B1": ("=NOSUCHFUNCTION(A1)", 7)}))
    assert found.value == 7
    assert found.notes == (
        "The formula cannot be recalculated here: no recalculation knows NOSUCHFUNCTION. The stored value 7 counts.",
    )


def test_an_unknown_function_that_an_iferror_hides_accuses_nobody() -> None:
    found = verdict(saved({"C1": ("=IFERROR(NOSUCHFUNCTION(1),5)", 12), "B1": ("=C1*2", 24)}))
    assert found.value == 24
    assert "may be wrong: no recalculation knows NOSUCHFUNCTION. The stored value 24 counts." in found.notes[0]


@pytest.mark.parametrize(
    ("cells", "stored"),
    [
        ({"A1": 2, "A2": 4, "A3": 6, "B2": ("=A1:A3*10", 40)}, 40),  # Excel's rule of old: the one in its own row
        ({"A1": 2, "A2": 4, "A3": 6, "B2": ("=SUM(A1:A3*10)", 40)}, 40),
        ({"A1": 2, "A2": 4, "A3": 6, "C2": ("=ABS(A1:A3)", 4), "B2": ("=C2+1", 5)}, 5),
        ({"A1": "1.234", "B2": ("=A1*2", 2468)}, 2468),  # on a German computer
        ({"A1": "3,5", "B2": ("=A1*2", 7)}, 7),
        ({"B2": ('=VALUE("1.234")', 1234)}, 1234),
        ({"C1": ("=RAND()", 0.25), "B2": ("=C1*4", 1)}, 1),
        ({"B2": ("=INT((0.1+0.7)*10)", 8)}, 8),  # LibreOffice; Excel says 7
        ({"A1": 0.1, "A2": 0.7, "B2": ("=INT((A1+A2)*10)", 8)}, 8),
        ({"A1": True, "B2": ("=SUM(A1)", 1)}, 1),
        ({"B2": ("=TRUE=1", True)}, True),
        ({"B2": ("=TRUE()=1", True)}, True),
        ({"A1": 9, "A2": 4, "A3": 6, "B2": ("=LOOKUP(5,A1:A3)", 9)}, 9),
        ({"B2": ("=2^60", 1152921504606850048)}, 1152921504606850048),  # 15 digits of it
    ],
)
def test_two_engines_that_err_alike_accuse_nobody(cells: dict[str, Typed], stored: int) -> None:
    found = verdict(saved(cells), "B2")
    assert found.value == stored
    assert not any("is not what the formula gives" in note for note in found.notes)


ROUNDING = "programs round in different ways"
LANGUAGE = "which depends on the computer's language"


@pytest.mark.parametrize(
    ("formula", "reason"),
    [
        ("=INT(A1)", ROUNDING),
        ("=TRUNC(A1)", ROUNDING),
        ("=MOD(A1,3)", ROUNDING),
        ("=QUOTIENT(A1,3)", ROUNDING),
        ("=ROUND(A1,0)", ROUNDING),
        ("=ROUNDUP(A1,0)", ROUNDING),
        ("=ROUNDDOWN(A1,0)", ROUNDING),
        ("=MROUND(A1,3)", ROUNDING),
        ("=EVEN(A1)", ROUNDING),
        ("=ODD(A1)", ROUNDING),
        ("=FLOOR(A1,1)", ROUNDING),
        ("=CEILING(A1,1)", ROUNDING),
        ("=_xlfn.FLOOR.MATH(A1)", ROUNDING),
        ("=_xlfn.CEILING.MATH(A1)", ROUNDING),
        ("=_xlfn.FLOOR.PRECISE(A1)", ROUNDING),
        ("=_xlfn.CEILING.PRECISE(A1)", ROUNDING),
        ("=ISO.CEILING(A1)", ROUNDING),
        ('=VALUE("1")', LANGUAGE),
        ('=_xlfn.NUMBERVALUE("1")', LANGUAGE),
        ('=DATEVALUE("1/2/2024")', LANGUAGE),
        ('=TIMEVALUE("1:30")', LANGUAGE),
        ('=TEXT(A1,"0")', LANGUAGE),
        ("=DOLLAR(A1)", LANGUAGE),
        ("=FIXED(A1)", LANGUAGE),
        ("=LOOKUP(A1,A1:A2)", "programs search in different ways"),
        ("=VLOOKUP(A1,A1:A2,1)", "programs search in different ways"),
        ("=HLOOKUP(A1,A1:A2,1)", "programs search in different ways"),
        ("=MATCH(A1,A1:A2)", "programs search in different ways"),
        ('=REPT("x",99999)', "how long a text may be (REPT)"),
        ('=INDIRECT("[1]Key!A1")', "INDIRECT may name another workbook, which is not opened"),
        ("=SUM(A1)", None),
        ('=INDIRECT("A1")', None),
    ],
)
def test_each_function_that_gives_rise_to_a_doubt(
    formula: str, reason: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Written out, since a name that falls out of a list of the product would fall out of a test over it too."""
    monkeypatch.setattr(doubts, "_unknown_to_the_first", lambda _: set())  # then other doubts would go before
    package = Package.read(saved({"A1": 5.6, "A2": 7.5, "B1": (formula, 4444), "B2": ("=B1+1", 4445)}))
    found = doubts.Reasons(package, Engine(package))
    for cell in ((1, 2), (2, 2)):  # and for what is computed from it
        why = found.why(Place("S", *cell), lambda _: True)
        assert (why is None) if reason is None else (reason in (why or ""))


def test_a_number_rounded_from_a_whole_one_is_no_doubt() -> None:
    package = Package.read(saved({"A1": 5, "B1": ("=_xlfn.FLOOR.MATH(A1/2)", 3)}))
    assert doubts.Reasons(package, Engine(package)).why(Place("S", 1, 2), lambda _: True) is None


@pytest.mark.parametrize("depth", [80, 4000])
def test_a_formula_too_deep_to_be_read_costs_no_more_than_itself(depth: int) -> None:
    data = saved({"A1": ("=1+1", 2), "B1": (f"={'(' * depth}1{')' * depth}", 55)})
    assert verdict(data, "B1", "A1").value == 55
    assert said(data, "B1", "A1").endswith("The stored value 55 counts.")
    assert verdict(data, "A1", "B1") == Verdict("1+1", 2)


def test_a_formula_that_hides_behind_one_that_nobody_recalculates() -> None:
    note = said(saved({"A1": 2, "A2": 4, "C2": ("=A1:A2*10", 999), "B2": ("=C2+1", 1000)}), "B2")
    assert note.startswith("Not all that it depends on can be recalculated: one cell is taken out of a range.")
    assert note.endswith("The stored value 1000 counts.")


def test_a_formula_that_nobody_recalculates_confirms_nothing() -> None:
    found = verdict(saved({"A1": 2, "A2": 4, "B2": ("=A1:A2*10", 999)}), "B2")
    assert found.value == 999
    assert "one cell is taken out of a range. The stored value 999 counts." in found.notes[0]


def test_a_range_that_a_function_takes_whole_is_no_excuse() -> None:
    data = saved({"A1": 2, "A2": 4, "A3": 6, "B2": ("=SUM(A1:A3)*INDEX(A1:A3,2)+SUMPRODUCT(A1:A3*A1:A3)", 40)})
    assert verdict(data, "B2").value == 12 * 4 + 56
    assert "The stored value 40 is not" in said(data, "B2")


def test_a_division_rounded_down_is_no_excuse() -> None:
    data = saved({"A1": 227, "A2": 11, "A3": 4, "B1": ("=INT((A1-A2)/A3)+1", 56)})
    assert verdict(data).value == 55
    assert "The stored value 56 is not what the formula gives, 55" in said(data)


def test_rounded_as_shown() -> None:
    cells: dict[str, Typed] = {"A1": 1, "C1": ("=A1/3", 0.33), "B1": ("=C1*300", 99)}
    found = verdict(saved(cells, calculation=' fullPrecision="0"'))
    assert found.value == 99
    assert "the rounded numbers that it shows" in found.notes[0]
    assert verdict(saved(cells)).value == 100


def test_two_recalculations_that_differ_accuse_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither confirms what is stored, but they are not of one mind: it counts, and both numbers are said."""
    monkeypatch.setattr(SecondOpinion, "value", lambda _self, _place: 999)
    found = verdict(saved({"A1": 6, "B1": ("=A1*7", 41)}))
    assert (found.value, found.problem) == (41, None)
    assert found.notes == ("Two recalculations differ, 42 and 999. The stored value 41 counts.",)


def test_a_circle_has_no_value_whatever_is_stored() -> None:
    """But where the workbook says that its circles are meant, and are repeated until they settle."""
    for cells in ({"B1": ("=B1+1", 55)}, {"B1": ("=C1+1", 0), "C1": ("=B1+1", 0)}):
        found = verdict(saved(cells))
        assert (found.value, found.problem) == (
            None,
            "the formula needs its own value: its cells refer to each other in a circle",
        )
    found = verdict(saved({"B1": ("=C1+1", 7), "C1": ("=B1/2", 6)}, calculation=' iterate="1"'))
    assert (found.value, found.problem) == (7, None)
    assert "in a circle. The stored value 7 counts." in found.notes[0]


@pytest.mark.parametrize("formula", ["=RAND()*9", "=TODAY()-46000", "=NOW()", "=RANDBETWEEN(1,6)"])
def test_volatile_functions_keep_what_is_stored(formula: str) -> None:
    found = verdict(saved({"B1": (formula, 4)}))
    assert found.value == 4
    assert "whose value no recalculation can confirm. It is not recalculated; the stored value 4 counts." in said(
        saved({"B1": (formula, 4)})
    )


def test_what_hangs_on_a_volatile_cell_is_said() -> None:
    data = saved({"C1": ("=RAND()", 0.5), "B1": ("=C1*10", 5)})
    assert verdict(data).value == 5
    assert verdict(data).notes == (
        "It depends on C1, whose formula uses RAND, whose value no recalculation can confirm.",
    )


def test_what_hangs_on_a_value_that_is_nowhere_is_not_marked() -> None:
    for cells in ({"B1": "=[1]Else!A1"}, {"C1": "=[1]Else!A1", "B1": "=C1*2"}):
        found = verdict(unstored(cells))
        assert found.value is None
        assert found.problem is not None
        assert "the file stores no value for it; open it in a spreadsheet program and save it again" in found.problem


# -- shared and array formulas, tables


def test_array_formulas() -> None:
    def fill(stored: tuple[int, int]) -> bytes:
        def extend(workbook: Any) -> None:
            page = workbook.worksheets()[0]
            page.write_array_formula("B1:B2", "{=A1:A2*10}", None, stored[0])
            page.write_number("B2", stored[1])

        return saved({"A1": 2, "A2": 4}, extend=extend)

    for cell, right in (("B1", 20), ("B2", 40)):
        found = verdict(fill((20, 40)), cell)
        assert (found.value, found.notes, found.formula) == (right, (), "A1:A2*10")
    assert verdict(fill((21, 41)), "B1").value == 20
    assert verdict(fill((21, 41)), "B2").value == 40
    assert "The stored value 41 is not what the formula gives, 40" in said(fill((21, 41)), "B2")
    assert verdict(unstored({"A1": 2, "A2": 4, "B1": ArrayFormula("B1:B2", "=A1:A2*10")}), "B2").value == 40


def test_shared_formulas() -> None:
    data = saved({"A1": 2, "A2": 4, "B1": ("=A1*3", 6), "B2": ("=A2*3", 13)})
    part = Package.read(data).sheets[0].part
    xml = Package.read(data).part(part).decode()
    shared = xml.replace("<f>A1*3</f>", '<f t="shared" ref="B1:B2" si="0">A1*3</f>').replace(
        "<f>A2*3</f>", '<f t="shared" si="0"/>'
    )
    assert shared.count('si="0"') == 2
    data = replace_parts(data, {part: shared.encode()})
    assert verdict(data, "B1", "B2").notes == ()
    assert verdict(data, "B2").value == 12


TABLE = {"columns": [{"header": "Layer"}, {"header": "Height"}, {"header": "Par [k]!"}]}


def tabled(formula: str, stored: int | str, cell: str = "F3") -> Verdict:
    def extend(workbook: Any) -> None:
        page = workbook.worksheets()[0]
        page.add_table("A1:C4", {"name": "Sizes", **TABLE, "data": [["c1", 3, 30], ["c2", 5, 50], ["c3", 7, 70]]})

    return verdict(saved({cell: (formula, stored)}, extend=extend), cell)


@pytest.mark.parametrize(
    ("formula", "right"),
    [
        ("=SUM(Sizes[Height])", 15),
        ("=SUM(sizes[height])", 15),
        ("=Sizes[[#This Row],[Height]]*2", 10),
        ("=Sizes[@Height]*2", 10),
        ("=Sizes[[#This Row],[Par '[k']!]]", 50),
        ("=SUM(Sizes[[#This Row],[Height]:[Par '[k']!]])", 55),
        ("=SUM(Sizes[[Height]:[Par '[k']!]])", 165),
        ("=SUM(Sizes[])", 165),
        ("=SUM(Sizes)", 165),
        ("=ROWS(Sizes[#All])", 4),
        ("=ROWS(Sizes[[#Headers],[#Data],[Height]])", 4),
        ("=Sizes[[#Headers],[Height]]", "Height"),
        ("=SUMPRODUCT(Sizes[Height]*Sizes[Par '[k']!])", 3 * 30 + 5 * 50 + 7 * 70),
    ],
)
def test_references_to_tables(formula: str, right: int | str) -> None:
    found = tabled(formula, right)
    assert (found.value, found.notes) == (right, ())
    wrong = tabled(formula, 4444)
    assert wrong.value == right
    assert "The stored value 4444 is not what the formula gives" in wrong.notes[0]


@pytest.mark.parametrize(
    "formula",
    [
        "=SUM(Other[Height])",
        "=SUM(Sizes[Width])",
        "=Sizes[[#Totals],[Height]]",
        "=SUM(Sizes[[Height],])",
        "=SUM(Sizes[[Height],[Par '[k']!]])",
    ],
)
def test_references_that_no_table_has(formula: str) -> None:
    found = tabled(formula, 15)
    assert found.value == 15
    assert "The stored value 15 counts." in found.notes[0]


def test_this_row_of_a_table_is_known_only_beside_it() -> None:
    assert tabled("=[@Height]", 5, "F3").value == 5
    found = tabled("=Sizes[@Height]", 5, "F9")
    assert found.value == 5
    assert "The stored value 5 counts." in found.notes[0]


def test_defined_names() -> None:
    def extend(workbook: Any) -> None:
        workbook.define_name("taps", "=S!$A$1*S!$A$2")  # formualizer gets only names of cells written out
        workbook.define_name("k", "=S!$A$1")

    found = verdict(saved({"A1": 3, "A2": 4, "B1": ("=taps*k", 36)}, extend=extend))
    assert (found.value, found.notes) == (36, ())


# -- where a formula points


@pytest.mark.parametrize(
    ("formula", "says"),
    [
        ("=[1]Key!B4", "takes its number only from another workbook ([1]Key!B4), which is not opened."),
        ("='[1]My key'!B4", "takes its number only from another workbook ('[1]My key'!B4), which is not opened."),
        (r"='C:\x\[key.xlsx]K'!B4", "which is not opened."),
        ("=[1]Key!B4*A1", "reads another workbook ([1]Key!B4), which is not opened."),
        ('=_xlfn.WEBSERVICE("http://x.example")', "asks for something outside of the workbook (WEBSERVICE)"),
        ("=cmd|'/C calc'!A0", "asks for something outside of the workbook (DDE)"),
    ],
)
def test_what_lies_outside_is_not_fetched_and_said(formula: str, says: str) -> None:
    found = verdict(saved({"A1": 1, "B1": (formula, 55)}))
    assert found.value == 55
    assert found.notes[0].startswith("The formula ")
    assert says in found.notes[0]
    assert found.notes[-1] == "It is not recalculated; the stored value 55 counts."


@pytest.mark.parametrize("sheet", ["-Key", "--Key"])
def test_a_key_on_a_hidden_sheet(sheet: str) -> None:
    key = f"{sheet}!B4"
    assert said(saved({key: 55, "B1": ("=Key!B4", 55)})) == (
        "The formula takes its number only from the hidden sheet Key (Key!B4)."
    )
    assert said(saved({key: 55, "B1": ("=ROUND(Key!$B$4,0)+0", 55)})).startswith(
        "The formula takes its number only from the hidden sheet Key"
    )
    assert said(saved({key: 55, "A1": 1, "B1": ("=A1*Key!B4", 55)})) == (
        "The formula reads the hidden sheet Key (Key!B4)."
    )
    assert said(saved({key: 55, "A9": ("=Key!B4", 55), "B1": ("=A9", 55)})) == (
        "It depends on A9, whose formula takes its number only from the hidden sheet Key (Key!B4)."
    )
    # the answer that reads the key is told of, not all those that follow from it
    follows = saved({key: 55, "B1": ("=Key!B4", 55), "B2": ("=B1*2", 110)})
    assert verdict(follows, "B2", "B1").notes == ()


def test_a_hidden_sheet_between_two_others() -> None:
    note = said(saved({"-Key!B4": 55, "Last!B4": 0, "B1": ("=SUM(S:Last!B4)", 55)}))
    assert note.endswith("The formula reads the hidden sheet Key (S:Last!B4).")


def test_a_hidden_sheet_behind_a_name() -> None:
    data = saved({"-Key!B4": 55, "B1": ("=secret", 55)}, extend=lambda book: book.define_name("secret", "=Key!$B$4"))
    assert "the hidden sheet Key" in said(data)


def test_working_on_another_sheet_is_honest() -> None:
    work: dict[str, Typed] = {"A1": 5, "Work!B4": ("=S!A1*11", 55), "B1": ("=Work!B4", 55)}
    assert verdict(saved(work)).notes == ()
    assert verdict(saved({"Work!B4": 5, "A1": 11, "B1": ("=Work!B4*A1", 55)})).notes == ()
    assert said(saved({"Work!B4": 55, "B1": ("=Work!B4", 55)})) == (
        "The formula takes its number only from Work!B4, where it is typed in."
    )


@pytest.mark.parametrize(
    "formula",
    [
        "=Data!A1+0",
        "=SUM(Data!A1)",
        "=1*Data!A1",
        "=INDEX(Data!A1:A3,1)",
        "=VLOOKUP(C1,Data!C1:D2,2,FALSE)",
        "=taken",
        "=taken*1",
        "=ROUND(taken,0)",
        "=Z9",
        "=Z9+0",
        "=Data!B1",
    ],
)
def test_a_typed_number_that_is_only_taken_over_is_said(formula: str) -> None:
    cells: dict[str, Typed] = {
        "Data!A1": 55,
        "Data!A2": 27,
        "Data!A3": 13,
        "Data!B1": ("=A1", 55),
        "Data!C1": "conv1",
        "Data!D1": 55,
        "Data!C2": "conv2",
        "Data!D2": 27,
        "C1": "conv1",
        "Z9": ("=Data!$A$1", 55),
        "B1": (formula, 55),
    }
    found = verdict(saved(cells, extend=lambda workbook: workbook.define_name("taken", "=Data!$A$1")))
    at = "D1" if "VLOOKUP" in formula else "A1"
    assert found.notes == (f"The formula takes its number only from Data!{at}, where it is typed in.",)
    assert found.value == 55


@pytest.mark.parametrize(
    ("formula", "gives"),
    [
        ("=(Data!A1-11)/4+1", 55),
        ("=Data!A2*Data!A3", 55),
        ("=Data!A3*Data!A2", 55),
        ("=C1*Data!A2/55", 55),
        ("=SUM(Data!A1:A3)", 283),
        ("=COUNT(Data!A1:A5)", 5),
        ("=ROW(Data!A7)", 7),
        ("=SUM(Data!A4,Data!A7)", 7),
        ("=SUM(Data!A7:A8)", 7),
        ("=Data!A5+0", 5),  # =A4+5, worked out there
    ],
)
def test_what_is_worked_out_of_another_sheet_is_honest(formula: str, gives: int) -> None:
    cells: dict[str, Typed] = {
        "Data!A1": 227,
        "Data!A2": 55,
        "Data!A3": 1,
        "Data!A4": 0,
        "Data!A5": ("=A4+5", 5),
        "Data!A7": 7,
        "Data!A8": 0,
        "C1": 55,
        "B1": (formula, gives),
    }
    assert verdict(saved(cells)).notes == ()


def test_the_sheet_of_an_answer_is_no_other_sheet() -> None:
    data = saved({"Questions!C9": ("=S!B1", 55), "B1": 55})
    places = {"conv1.out_height": Place("S", 1, 2), "question.1": Place("Questions", 9, 3)}
    assert judge(Package.read(data), places) == {"question.1": Verdict("S!B1", 55)}
    hidden = saved({"-Sums!C9": ("=S!A1*55", 55), "A1": 1, "B1": ("=A1*Sums!C9", 55)})
    places = {"conv1.out_height": Place("S", 1, 2), "question.1": Place("Sums", 9, 3)}
    assert all(not each.notes for each in judge(Package.read(hidden), places).values())


def test_hidden_rows_and_columns_beside_the_table() -> None:
    def extend(workbook: Any) -> None:
        page = workbook.worksheets()[0]
        page.set_column("Y:Z", None, None, {"hidden": True})
        page.set_row(98, None, None, {"hidden": True})

    cells: dict[str, Typed] = {"Z9": 55, "C99": 56, "X9": 57}
    for formula, note in (
        ("=Z9", "The formula takes its number only from Z9, in a hidden column."),
        ("=C99", "The formula takes its number only from C99, in a hidden row."),
        ("=X9", ""),
    ):
        assert said(saved({**cells, "B1": (formula, cells[formula[1:]])}, extend=extend)) == note  # type: ignore[dict-item]
    within = saved({"A1": ("=Z1", 5), "Z1": 5, "AA1": ("=A1", 5)}, extend=extend)
    assert verdict(within, "A1", "AA1").notes == ()


@pytest.mark.parametrize(
    ("row", "column", "hides"),
    [
        ('hidden="1"', "", "row"),
        ('hidden="true"', "", "row"),
        ('hidden="false"', 'hidden="0" width="9"', ""),
        ('ht="0" customHeight="1"', "", "row"),
        ("ht = '0.0'", "", "row"),
        ('ht="0.5"', "", "row"),
        ('ht="15"', 'width="0.7"', ""),
        ('ht="x"', 'width=""', ""),
        ("", 'hidden="true"', "column"),
        ("", 'width="0" customWidth="1"', "column"),
        ("", 'width="0.05"', "column"),
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_what_counts_as_hidden(row: str, column: str, hides: str, encoding: str) -> None:
    data = saved({"B1": ("=C9", 55), "C9": 55})
    part = "xl/worksheets/sheet1.xml"
    xml = Package.read(data).part(part).decode()
    assert '<row r="9"' in xml
    xml = xml.replace('<row r="9"', f'<row r="9" {row}')
    xml = xml.replace("<sheetData>", f'<cols><col min="3" max="3" {column}/></cols><sheetData>')
    xml = xml.replace('encoding="UTF-8"', f'encoding="{encoding}"')
    note = f"The formula takes its number only from C9, in a hidden {hides}." if hides else ""
    assert said(replace_parts(data, {part: xml.encode(encoding)})) == note


def test_what_cannot_be_followed_is_said() -> None:
    found = verdict(saved({"A1": 55, "B1": ('=INDIRECT("A"&1)', 55)}))
    assert (found.value, found.notes) == (
        55,
        ("The formula uses INDIRECT, so that which cells it reads cannot be told from it.",),
    )
    assert said(saved({"B1": ('=HYPERLINK("http://x.example","55")', "55")})) == (
        "The formula holds a link (HYPERLINK), which is not followed."
    )


def test_words_of_a_text_are_no_references() -> None:
    assert verdict(saved({"-Key!B4": 5, "B1": ('="Key!B4 [1]x RAND()"', "Key!B4 [1]x RAND()")})).notes == ()


# -- the second engine is only a guest


@pytest.mark.parametrize("fault", ["panics", "raises", "is missing"])
def test_a_second_engine_that_fails_is_survived(fault: str, monkeypatch: pytest.MonkeyPatch) -> None:
    import ironcalc

    def broken(*_: object) -> object:
        if fault == "panics":
            ironcalc.test_panic()
        raise RuntimeError

    if fault == "is missing":
        monkeypatch.setitem(sys.modules, "ironcalc", None)
    else:
        monkeypatch.setattr(ironcalc, "create", broken)
    found = verdict(saved({"A1": 5, "B1": ("=A1+2", 5)}))
    assert found.value == 5
    assert found.notes == ("One recalculation gives 7, which no second one confirms. The stored value 5 counts.",)


def test_a_panic_while_computing_prints_nothing(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    import ironcalc

    class Model:
        def __getattr__(self, name: str) -> Callable[..., object]:
            if name != "evaluate":
                return lambda *_: None
            return self._evaluate

        def _evaluate(self) -> None:
            os.write(1, b"noise")
            ironcalc.test_panic()

    monkeypatch.setattr(ironcalc, "create", lambda *_: Model())
    assert verdict(saved({"A1": 5, "B1": ("=A1+2", 5)})).value == 5
    os.write(1, b"ours")
    assert capfd.readouterr() == ("ours", "")


def test_an_interrupt_is_nobodys_panic(monkeypatch: pytest.MonkeyPatch) -> None:
    import ironcalc

    def interrupted(*_: object) -> object:
        raise KeyboardInterrupt

    monkeypatch.setattr(ironcalc, "create", interrupted)
    with pytest.raises(KeyboardInterrupt):
        verdict(saved({"A1": 5, "B1": ("=A1+2", 5)}))


def test_output_that_is_closed_does_not_disturb() -> None:
    kept = os.dup(2)
    os.close(2)
    try:
        assert verdict(saved({"A1": 5, "B1": ("=A1+2", 5)})).value == 7
    finally:
        os.dup2(kept, 2)
        os.close(kept)


def test_a_workbook_beyond_measure_is_not_given_to_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(second, "MOST_CELLS", 1)
    assert verdict(saved({"A1": 5, "B1": ("=A1+2", 5)})).value == 5


def test_names_of_names_of_names_end() -> None:
    def extend(workbook: Any) -> None:
        for number in range(40):
            workbook.define_name(f"doubled_{number}_", "=" + "+".join([f"doubled_{number + 1}_"] * 50))
        workbook.define_name("doubled_40_", "=Key!$A$1")
        workbook.define_name("circle_", "=circle_+1")

    data = saved({"-Key!A1": 1, "B1": ("=doubled_0_", 7), "B2": ("=circle_", 8)}, extend=extend)
    assert verdict(data, "B1", "B2").value == 7
    assert "The formula takes its number only from the hidden sheet Key (Key!$A$1)." in said(data, "B1", "B2")
    assert verdict(data, "B2", "B1").value == 8


def test_a_long_chain() -> None:
    count = 3_000
    cells: dict[str, Typed] = {"A1": 1, "B1": (f"=A{count}", 5)}
    cells |= {f"A{row}": (f"=A{row - 1}+1", row) for row in range(2, count + 1)}
    assert verdict(saved(cells)).value == count


@pytest.mark.parametrize("fractions", [False, True])
def test_both_engines_agree_on_what_coursework_computes(fractions: bool) -> None:
    cases = seeded(300, 7, 10**9 if fractions else 10**13, fractions=fractions)
    cells: dict[str, object] = {}
    for row, (tree, env) in enumerate(cases, 1):
        columns = dict(zip(NAMES, "ABCD", strict=True))
        cells |= {f"{columns[name]}{row}": env[name] for name in NAMES}
        cells[f"E{row}"] = f"={excel(tree, {name: f'{columns[name]}{row}' for name in NAMES})}"
    package = Package.read(unstored(cells))
    one, other = Engine(package), SecondOpinion(package, ())
    places = [Place("S", row, 5) for row in range(1, len(cases) + 1)]
    values = {place: (one.value(place), other.value(place)) for place in places}
    assert not any(isinstance(value, CellError) for pair in values.values() for value in pair)
    assert {str(place): pair for place, pair in values.items() if not agree(*pair)} == {}


def test_agree() -> None:
    assert agree(CellError("#NUM!"), CellError("#VALUE!"))
    assert not agree(CellError("#NAME?"), CellError("#VALUE!"))
    assert not agree(CellError("#NAME?"), 1)
    assert agree(None, 0)
    assert agree(None, "")
    assert not agree(None, False)
    assert agree(0.1 + 0.2, 0.3)
    assert agree(34943.99999999999, 34944)
    assert not agree(10**10, 10**10 + 1)
    assert not agree(1, True)
    assert agree("1", 1)
    assert agree(1, "1.0")
    assert not agree(1, "2")
    assert not agree(1, "1 or 2")
    assert not agree(1, "TRUE")
    assert not agree(True, "1")
    assert not agree("a", 0)
    assert agree(CellError("#N/A"), CellError("#N/A"))
    assert not agree(CellError("#N/A"), "#N/A")
