"""The sheet of questions in blank and key: complete, found again wherever it went, and nothing given away."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pytest
from openpyxl.workbook import Workbook
from openpyxl.worksheet.worksheet import Worksheet

from sheetgen import api
from sheetgen.addresses import address
from sheetgen.coursework import Coursework
from sheetgen.errors import TemplateError
from sheetgen.marking import Marked
from sheetgen.sheet import Sheet, lay_out, plain_number
from sheetgen.spec import load
from sheetgen.workbook.audit import audit
from sheetgen.workbook.locate import locate
from sheetgen.workbook.package import Package
from sheetgen.workbook.write import blank_workbook
from tests import sample_class
from tests.questions.small import coursework

ASKED = """
- {id: 1, kind: number, text: Share of conv1?, answer: conv1.parameters / total.parameters, unit: of all, marks: 2}
- {id: 2, kind: choice, text: Which?, options: [one, {text: two, right: true}, three], comment: Not three.}
- {id: 3, kind: text, text: Why?, answer: Because of the 2718 pixels.}
- {id: 4, kind: init, text: How?}
- {id: 5, kind: number, text: How large?, solve: conv1.out_height = 9, for: network.in_height}
- {id: 6, kind: number, text: Twice?, answer: 2 * conv1.out_height, accept: [{answer: 3141, comment: "Why so?"}]}
- {id: 7, kind: number, text: Of what has no cell?, answer: pool1.neurons + 1}
"""


@pytest.fixture
def described(tmp_path: Path) -> Coursework:
    return coursework(tmp_path, ASKED)


def _made(described: Coursework) -> tuple[Sheet, bytes, bytes]:
    laid = lay_out(described)
    blank = blank_workbook(described, laid)
    return laid, blank, api.fill_bytes(laid, blank, "blank")[0].data


def _book(data: bytes, *, values: bool = False) -> Workbook:
    return openpyxl.load_workbook(io.BytesIO(data), data_only=values)


def _page(data: bytes, *, values: bool = False) -> Worksheet:
    page = _book(data, values=values)["Questions"]
    assert isinstance(page, Worksheet)
    return page


def _saved(book: Workbook) -> bytes:
    written = io.BytesIO()
    book.save(written)
    return written.getvalue()


def _texts(data: bytes) -> str:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return "\n".join(archive.read(name).decode("utf-8", "replace") for name in archive.namelist())


# --- the blank ------------------------------------------------------------------------------------------------------


def _given_away(data: bytes, described: Coursework, sheet: Sheet) -> list[str]:
    """What is right, or told to nobody, and stands anywhere in the package."""
    secrets = {
        model for each in described.questions for model in (each.model, *each.remark.splitlines()) if len(model) > 1
    }
    secrets |= {known.said for each in described.questions for part in each.parts for known in part.known if known.said}
    everything = _texts(data)
    found = [secret for secret in sorted(secrets) if secret[:40] in everything]
    for answer in sheet.questions.numbers if sheet.questions is not None else ():
        number = plain_number(sheet.table.value(answer))
        found += [
            answer
            for spelt in (str(number), f"{number:,}")
            # a small number stands anywhere: as a row, a width, a style
            if len(spelt.replace(".", "")) >= 3 and re.search(rf"(?<![\d.]){re.escape(spelt)}(?!\d)", everything)
        ]
    return found


def test_the_blank_gives_no_answer_away(alexnet: Coursework, sheet: Sheet, blank: bytes, key: bytes) -> None:
    away = [answer for answer in _given_away(blank, alexnet, sheet) if answer != "question.9b"]
    assert away == []  # 128 is the name of a theme's colour
    assert len(_given_away(key, alexnet, sheet)) > 15  # the search finds them where they are


def test_nor_does_a_small_one(described: Coursework) -> None:
    laid, blank, key = _made(described)
    assert _given_away(blank, described, laid) == []
    assert {"Not three.", "Because of the 2718 pixels.", "question.1"} <= set(_given_away(key, described, laid))
    assert "3141" in _texts(key)
    assert "3141" not in _texts(blank)


def test_the_texts_of_the_blank(described: Coursework) -> None:
    page = _page(_made(described)[1])
    assert [page.cell(5, column).value for column in range(1, 7)] == [
        "No.", "Question", "Answer", "Unit", "Marks", "Remarks",
    ]  # fmt: skip
    assert [page.cell(6, column).value for column in range(1, 7)] == ["1", "Share of conv1?", None, "of all", 2, None]
    assert page["B7"].value == "Which?\nA   one\nB   two\nC   three"
    assert [page.cell(10, column).value for column in range(2, 6)] == [
        "Layer", "Mean", "Standard deviation", "Bias constant",
    ]  # fmt: skip
    assert [page.cell(row, 2).value for row in (11, 12, 13)] == ["conv1", "3a-1", "How large?"]
    assert page["E12"].value == "–"  # 3a-1 has no biases
    assert page["E9"].value == 5  # marks of the whole table
    assert page["C4"].value == '="Filled in: "&COUNTA(C6:C8,C11:C15,D11:D12,E11)&" of 11"'


def test_the_blank_is_set_up_with_care(described: Coursework) -> None:
    laid, blank, _ = _made(described)
    page = _page(blank)
    assert laid.questions is not None
    cells = {address(cell.row, cell.column) for cell in laid.questions.cells}
    assert {cell.coordinate for row in page.iter_rows() for cell in row if not cell.protection.locked} == cells
    assert {page[at].fill.fgColor.rgb for at in cells} == {"FFFFF2CC"}
    assert all(page[at].value is None for at in cells)
    assert page.protection.sheet is True
    assert page.protection.password is None
    assert page.freeze_panes == "B6"
    assert page.print_title_rows == "$5:$5"
    assert (page.page_setup.orientation, page.page_setup.fitToWidth, page.page_setup.fitToHeight) == ("landscape", 1, 0)
    assert not any(area.min_row > 3 for area in page.merged_cells.ranges)
    assert page["C8"].alignment.wrap_text
    assert (page.row_dimensions[8].height or 0) > 100
    rules = {rule.type: rule for rule in page.data_validations.dataValidation}
    assert set(rules) == {"decimal", "list"}
    assert str(rules["list"].sqref) == "C7"
    assert rules["list"].formula1 == '"A,B,C"'
    validated = {cell for area in rules["decimal"].sqref.ranges for cell in area.cells}
    assert {address(*at) for at in validated} == cells - {"C7", "C8"}  # a text may be anything
    assert all(rule.prompt and rule.error for rule in rules.values())


def test_text_that_looks_like_a_formula_is_text(tmp_path: Path) -> None:
    asked = '- {id: 1, kind: choice, text: "=1+1", options: ["=2", {text: "=3", right: true}]}\n'
    asked += '- {id: 2, kind: text, text: "@SUM(A1)", answer: "=4"}\n'
    asked += '- {id: 3, kind: number, text: "-", answer: 1, unit: "=5"}\n'
    _, blank, key = _made(coursework(tmp_path, asked))
    for data in (blank, key):
        cells = Package.read(data).cells("Questions")
        assert all(cell.formula is None for (row, _), cell in cells.items() if row > 5)
    assert cells[7, 3].value == "=4"


def test_every_answer_has_its_name(described: Coursework) -> None:
    laid, blank, _ = _made(described)
    package = Package.read(blank)
    assert laid.questions is not None
    for answer, cell in laid.questions.places.items():
        place = package.place(answer.replace("-", "_"))
        assert place is not None
        assert (place.sheet, place.row, place.column) == ("Questions", cell.row, cell.column)


def test_without_questions_there_is_no_second_sheet(tmp_path: Path) -> None:
    described = coursework(tmp_path, " []\n")
    laid, blank, _ = _made(described)
    assert laid.questions is None
    assert [entry.name for entry in Package.read(blank).sheets] == ["Table"]


def test_unprotected_on_request(tmp_path: Path) -> None:
    assert _page(_made(coursework(tmp_path, ASKED, "protect: false\n"))[1]).protection.sheet is False


# --- the key --------------------------------------------------------------------------------------------------------


def test_the_key_is_live(described: Coursework) -> None:
    _, _, key = _made(described)
    page, stored = _page(key), _page(key, values=True)
    assert {at: page[at].value for at in ("C6", "C7", "C8", "C13", "C14", "C15")} == {
        "C6": "=Table!E7/Table!E11",
        "C7": "B",
        "C8": "Because of the 2718 pixels.",
        "C13": "=(9-1)*3+5",
        "C14": "=2*Table!C7",
        "C15": "=Table!B8*Table!C8*Table!D8+1",
    }
    assert stored["C6"].value == pytest.approx(608 / 1650)
    assert [stored[at].value for at in ("C13", "C14", "C15", "C11", "D11", "E11", "C12", "D12")] == [
        29, 20, 201, 0, 0.01, 1, 0.5, 0.125,
    ]  # fmt: skip
    assert page["F7"].value == "Not three."
    assert page["F14"].value == "3141 is accepted too: Why so?"
    assert "29 to 31 are solutions" in str(page["F13"].value)
    assert stored["C4"].value == "Filled in: 11 of 11"


def test_alexnets_formulas_as_a_teacher_would_type_them(key: bytes) -> None:
    page, stored = _page(key), _page(key, values=True)
    typed = {str(page.cell(row, 1).value): page.cell(row, 3).value for row in range(6, 29)}
    assert {number: typed[number] for number in ("1", "6", "8", "9a", "9b", "9c", "10a", "10b", "10c")} == {
        "1": "=(55-1)*4+11",
        "6": "=LOG(1000,2)",
        "8": "=(256-224+1)^2*2",
        "9a": 90,
        "9b": 128,
        "9c": "=1200000/128",
        "10a": 67.4,
        "10b": 40.9,
        "10c": 10184,
    }
    assert [stored.cell(row, 3).value for row in (6, 22, 25)] == [227, 2178, 9375]


def test_filling_the_blank_is_the_key(tmp_path: Path) -> None:
    made = api.generate("alexnet", tmp_path)
    done = api.fill("alexnet", made.blank, tmp_path / "filled.xlsx")
    assert done.path.read_bytes() == made.key.read_bytes()
    assert (done.missing, done.kept, done.led_astray) == ((), (), ())
    again = api.fill("alexnet", made.key, tmp_path / "again.xlsx")
    assert (again.filled, again.kept) == (0, ())


def test_a_changed_stride_goes_through_the_questions(described: Coursework) -> None:
    from sheetgen.workbook.engine import Engine
    from sheetgen.workbook.package import Place

    _, _, key = _made(described)
    engine = Engine(Package.read(key))
    engine.set(Place("Table", 7, 3), 100)
    engine.recalculate()
    assert engine.value(Place("Questions", 14, 3)) == 200


def test_libreoffice_shows_the_same_answers(
    sheet: Sheet, key: bytes, tmp_path: Path, libreoffice: Callable[[Path], list[list[str]]]
) -> None:
    (tmp_path / "key.xlsx").write_bytes(key)
    assert sheet.questions is not None
    book = openpyxl.load_workbook(tmp_path / "key.xlsx")
    book.move_sheet("Questions", offset=-1)  # the fixture shows the first
    page = book["Questions"]
    assert page["C11"].number_format == "#,##0.00"  # log2(1000), to two decimals
    for cell in sheet.questions.cells:
        page.cell(cell.row, cell.column).number_format = "General"  # all the digits
    book.save(tmp_path / "key.xlsx")
    rows = libreoffice(tmp_path / "key.xlsx")
    for cell in sheet.questions.cells:
        shown = rows[cell.row - 1][cell.column - 1]
        if cell.question.numbers:
            assert float(shown) == pytest.approx(float(plain_number(sheet.table.value(cell.answer)))), cell.answer
        else:
            assert shown == cell.question.model
    assert rows[3][2] == "Filled in: 37 of 37"


def test_what_follows_from_many_cells_is_put_in_as_its_number() -> None:
    laid = lay_out(load("unet"))  # whose heights have no cells
    assert (laid.formula("question.1"), laid.table.value("question.1")) == ("(572-388)/2", 92)
    assert (laid.formula("question.2"), laid.table.value("question.2")) == (None, 684)


@pytest.mark.parametrize("name", ["More of them", "AB12", "R", "O Hara", "TRUE", "Tabelle"])
def test_the_table_may_have_any_name(name: str, tmp_path: Path) -> None:
    laid, _, key = _made(coursework(tmp_path, ASKED, f'sheet: "{name}"\n'))
    assert _page(key, values=True)["C14"].value == 20
    seen, wrong = audit(laid, key, key)
    assert not wrong
    assert "question.6" in seen


def test_only_questions_and_no_blanks(tmp_path: Path) -> None:
    described = coursework(tmp_path, ASKED, "blanks: []\n")
    made = api.generate(tmp_path / "my.yaml", tmp_path / "out")
    marked = api.verify(tmp_path / "my.yaml", [made.key]).submissions[0]
    assert marked.all_correct
    assert (marked.score, marked.open) == (sum(each.marks for each in described.questions) - 1, 1)


# --- found again ----------------------------------------------------------------------------------------------------


def _marked(tmp_path: Path, book: Workbook | bytes) -> Marked:
    (tmp_path / "hand-in.xlsx").write_bytes(book if isinstance(book, bytes) else _saved(book))
    return api.verify(tmp_path / "my.yaml", [tmp_path / "hand-in.xlsx"]).submissions[0]


@pytest.fixture
def perfect(described: Coursework) -> bytes:
    laid = lay_out(described)
    return sample_class.hand_in(described, laid, sample_class.right_answers(laid))


def _nameless(book: Workbook) -> Workbook:
    for name in list(book.defined_names):
        del book.defined_names[name]
    return book


def test_by_name(perfect: bytes, tmp_path: Path) -> None:
    assert _marked(tmp_path, perfect).all_correct


def test_by_number_where_the_names_are_lost(perfect: bytes, tmp_path: Path) -> None:
    assert _marked(tmp_path, _nameless(_book(perfect))).all_correct


def test_rows_that_a_script_inserted_leave_the_names_behind(perfect: bytes, tmp_path: Path) -> None:
    book = _book(perfect)
    page = book["Questions"]
    page.insert_rows(8, 3)
    page.insert_rows(4)
    marked = _marked(tmp_path, book)
    assert marked.all_correct
    cells = {answer.id: answer.cell for answer in marked.answers}
    assert (cells["question.1"], cells["question.3"], cells["question.4.conv1.bias"]) == ("C7", "C12", "E15")


def test_a_renamed_sheet_and_sorted_questions(perfect: bytes, tmp_path: Path) -> None:
    book = _nameless(_book(perfect))
    page = book["Questions"]
    page.title = "Fragen"
    for column in range(1, 7):  # the last two change places
        one, other = page.cell(14, column), page.cell(15, column)
        one.value, other.value = other.value, one.value
    assert _marked(tmp_path, book).all_correct


def test_a_number_that_became_one(perfect: bytes, tmp_path: Path) -> None:
    book = _nameless(_book(perfect))
    for row in (6, 7, 8, 9, 13, 14, 15):
        book["Questions"].cell(row, 1).value = int(str(book["Questions"].cell(row, 1).value))
    assert _marked(tmp_path, book).all_correct


def test_changed_headings_leave_the_names(perfect: bytes, tmp_path: Path) -> None:
    book = _book(perfect)
    book["Questions"]["B5"] = "Frage"
    assert _marked(tmp_path, book).all_correct


def test_a_deleted_sheet_is_said_answer_by_answer(perfect: bytes, tmp_path: Path) -> None:
    book = _book(perfect)
    del book["Questions"]
    answers = {answer.id: answer for answer in _marked(tmp_path, book).answers}
    assert answers["conv1.parameters"].status == "correct"
    assert {answers[f"question.{number}"].status for number in (1, 2, 3, 5, 6)} == {"unreadable"}


def test_the_questions_are_marked_where_the_table_is_gone(perfect: bytes, tmp_path: Path) -> None:
    book = _nameless(_book(perfect))
    del book["Table"]
    answers = {answer.id: answer for answer in _marked(tmp_path, book).answers}
    assert answers["question.5"].status == "correct"
    assert answers["conv1.parameters"].status == "unreadable"


@pytest.mark.usefixtures("described")
def test_another_courseworks_questions_are_not_taken_for_these(tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    described = coursework(
        other,
        "".join(f"- {{id: {i}, kind: number, text: Something else {i}, answer: {i}}}\n" for i in range(1, 8)),
        network="network:\n  input: [1, 4, 4]\n  layers:\n    x: {type: ReLU}\ncoursework:\n",
    )
    marked = _marked(tmp_path, _made(described)[2])
    assert marked.status == "unmarked"
    assert "the table is not in it" in str(marked.reason)


def test_a_cell_that_was_cut_and_pasted_takes_its_name_along(perfect: bytes, tmp_path: Path) -> None:
    book = _book(perfect)
    page = book["Questions"]
    page["H20"], page["C14"] = page["C14"].value, None
    book.defined_names["question.6"].attr_text = "Questions!$H$20"
    marked = _marked(tmp_path, book)
    assert marked.all_correct
    assert {answer.id: answer.cell for answer in marked.answers}["question.6"] == "H20"


def test_a_formula_over_the_table_is_recalculated(perfect: bytes, tmp_path: Path) -> None:
    book = _book(perfect)
    book["Questions"]["C14"] = "=2*Table!C7"
    assert _marked(tmp_path, book).all_correct
    book["Table"]["C7"] = 11
    answers = {answer.id: answer.given for answer in _marked(tmp_path, book).answers}
    assert answers["question.6"] == "22"


# --- fill -----------------------------------------------------------------------------------------------------------


def test_what_is_there_already_is_kept(described: Coursework, tmp_path: Path) -> None:
    book = _book(_made(described)[1])
    page = book["Questions"]
    page["C7"], page["C8"], page["C14"], page["C13"], page["F7"] = (
        "A",
        "My own words.",
        3141,
        "29 pixels",
        "Well, well.",
    )
    (tmp_path / "half.xlsx").write_bytes(_saved(book))
    done = api.fill(tmp_path / "my.yaml", tmp_path / "half.xlsx", tmp_path / "out.xlsx")
    kept = {each.cell: (each.held, each.agrees) for each in done.kept}
    assert kept == {
        "'Questions'!C7": ("A", False),
        "'Questions'!C8": ("My own words.", None),
        "'Questions'!C14": ("3141", True),
        "'Questions'!C13": ("29 pixels", True),  # words beside a number are no fault
        "'Questions'!F7": ("Well, well.", None),
    }
    assert _page(done.path.read_bytes())["C8"].value == "My own words."
    assert done.led_astray == ()


def test_what_the_table_holds_leads_a_question_astray(described: Coursework, tmp_path: Path) -> None:
    book = _book(_made(described)[1])
    book["Table"]["C7"] = 11
    (tmp_path / "half.xlsx").write_bytes(_saved(book))
    done = api.fill(tmp_path / "my.yaml", tmp_path / "half.xlsx", tmp_path / "out.xlsx")
    assert "'Questions'!C14" in done.led_astray


def test_a_template_without_the_questions(described: Coursework, tmp_path: Path) -> None:
    book = _book(_made(described)[1])
    del book["Questions"]
    (tmp_path / "old.xlsx").write_bytes(_saved(book))
    done = api.fill(tmp_path / "my.yaml", tmp_path / "old.xlsx", tmp_path / "out.xlsx")
    assert len(done.missing) == 11
    assert "question.4.3a-1.std" in done.missing


# --- the audit ------------------------------------------------------------------------------------------------------


def _wrong(described: Coursework, change: Callable[[Workbook], None]) -> set[tuple[str, str | None, str]]:
    """What the audit says of the key with the change, apart from the stored values that openpyxl drops."""
    laid, _, key = _made(described)
    book = _book(key)
    change(book)
    _, wrong = audit(laid, _saved(book), key)
    return {(each.id, each.cell, each.witness) for each in wrong if each.id != "stored values"}


def test_the_key_agrees_with_itself(described: Coursework) -> None:
    laid, _, key = _made(described)
    seen, wrong = audit(laid, key, key)
    assert wrong == ()
    assert seen >= set(api.published(laid))
    assert _wrong(described, lambda _: None) == set()


def test_every_changed_answer_is_named(described: Coursework) -> None:
    laid = lay_out(described)
    assert laid.questions is not None
    for cell in laid.questions.cells:
        at = address(cell.row, cell.column)
        if cell.question.kind == "text":
            continue
        changed = "C" if cell.question.kind == "choice" else 17

        def change(book: Workbook, at: str = at, changed: str | int = changed) -> None:
            book["Questions"][at] = changed

        assert (cell.answer, f"Questions!{at}", "excel") in _wrong(described, change)


@pytest.mark.parametrize(
    ("at", "typed", "expected"),
    [
        ("C14", 20, ("question.6", "Questions!C14", "excel (formula)")),  # right by chance
        ("C8", "Because of the 2719 pixels.", ("Questions!C8", "Questions!C8", "excel (beside the answers)")),
        ("B6", "Share of conv2?", ("Questions!B6", "Questions!B6", "excel (beside the answers)")),
        ("E6", 3, ("Questions!E6", "Questions!E6", "excel (beside the answers)")),
        ("F13", "9", ("Questions!F13", "Questions!F13", "excel (beside the answers)")),
        ("H3", 5, ("Questions!H3", "Questions!H3", "excel (beside the answers)")),
        ("B5", "Frage 1", ("Questions!B5", "Questions!B5", "excel (beside the answers)")),
    ],
)
def test_whatever_was_changed_is_named(
    at: str, typed: str | int, expected: tuple[str, str, str], described: Coursework
) -> None:
    assert _wrong(described, lambda book: book["Questions"].__setitem__(at, typed)) == {expected}


def test_a_key_without_its_questions_is_none(described: Coursework, tmp_path: Path) -> None:
    book = _book(_made(described)[2])
    del book["Questions"]
    (tmp_path / "key.xlsx").write_bytes(_saved(book))
    with pytest.raises(TemplateError, match="the questions of my are not in it"):
        api.check(tmp_path / "my.yaml", workbook=tmp_path / "key.xlsx")


def test_a_rearranged_sheet_is_audited_by_its_answers_alone(described: Coursework) -> None:
    def change(book: Workbook) -> None:
        book["Questions"].insert_rows(6, 2)
        book["Questions"]["B6"] = "Section 12"

    assert _wrong(described, change) == set()


def test_quotes_round_a_sheets_name_are_no_difference(described: Coursework) -> None:
    laid, _, key = _made(described)
    with_quotes = _book(key)
    with_quotes["Questions"]["C14"] = "=2*'Table'!C7"
    _, wrong = audit(laid, _saved(with_quotes), key)
    assert [each.id for each in wrong] == ["stored values"]


# --- remembered -----------------------------------------------------------------------------------------------------


def test_a_sheet_that_was_kept_has_its_questions(
    described: Coursework, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = api.sheet_of(tmp_path / "my.yaml")
    monkeypatch.setattr("sheetgen.spec.read", None)
    again = api.sheet_of(tmp_path / "my.yaml")
    assert again == first == lay_out(described)
    assert again.questions == first.questions
    assert again.formula("question.6") == "2*Table!C7"


def test_where_they_are_is_known_of_the_blank(described: Coursework) -> None:
    laid, blank, _ = _made(described)
    located = locate(Package.read(blank), laid)
    assert located.questions == laid.questions
    assert set(located.places) >= set(api.published(laid)) - set(laid.places)
