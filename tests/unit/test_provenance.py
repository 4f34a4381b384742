"""Of whom a workbook says that it is: what was typed into the Student cell, and properties out of hostile parts."""

from __future__ import annotations

import tracemalloc

import pytest

from sheetgen.handin import NOBODY
from sheetgen.marking import Held, Submission, mark
from sheetgen.records import from_line, to_line
from sheetgen.sheet import Sheet
from sheetgen.workbook import provenance
from sheetgen.workbook.package import Package
from sheetgen.workbook.provenance import one_line, properties, student_cell
from sheetgen.workbook.read import read_submission
from tests.unit.test_package import OFFICE, RELS, parts, zipped

CORE = "http://schemas.openxmlformats.org/package/2006/relationships/metadata/core-properties"
EXTENDED = f"{OFFICE}/extended-properties"
STRICT_EXTENDED = "http://purl.oclc.org/ooxml/officeDocument/relationships/extendedProperties"
CORE_XML = (
    '<?xml version="1.0"?><cp:coreProperties xmlns:cp="http://schemas.openxmlformats.org/package/2006/metadata/'
    'core-properties" xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:dcterms="http://purl.org/dc/terms/">'
    "<dc:creator>{creator}</dc:creator><cp:lastModifiedBy>Ben</cp:lastModifiedBy>"
    "<dcterms:created>2026-06-01T09:00:00Z</dcterms:created><dcterms:modified>2026-06-02T10:00:00Z</dcterms:modified>"
    "<dc:title>Not asked</dc:title></cp:coreProperties>"
)
APP_XML = (
    '<Properties xmlns="http://schemas.openxmlformats.org/officeDocument/2006/extended-properties">'
    "<Application>Microsoft Excel</Application><Company>Not asked</Company></Properties>"
)
ALL = {
    "creator": "Ada",
    "modifier": "Ben",
    "created": "2026-06-01T09:00:00Z",
    "modified": "2026-06-02T10:00:00Z",
    "application": "Microsoft Excel",
}


def _named(name: str, target: str = "S!$B$2") -> str:
    return f'<definedNames><definedName name="{name}">{target}</definedName></definedNames>'


def _row(cell: str) -> str:
    return f'<row r="2">{cell}</row>'


def _student(cell: str, names: str = _named("student"), merged: str = "") -> str:
    made = parts(_row(cell), names=names, strings="<si><t>s1234567</t></si>")
    made["xl/worksheets/s.xml"] = str(made["xl/worksheets/s.xml"]).replace("</sheetData>", f"</sheetData>{merged}")
    return student_cell(Package.read(zipped(made)), {"S"})


def _with(core: str | bytes | None, app: str | bytes | None, kind: str = EXTENDED) -> Package:
    made = parts("")
    targets = [(f"{OFFICE}/officeDocument", "xl/workbook.xml"), (CORE, "docProps/core.xml"), (kind, "docProps/app.xml")]
    body = "".join(f'<Relationship Id="r{n}" Type="{of}" Target="{at}"/>' for n, (of, at) in enumerate(targets))
    made["_rels/.rels"] = f'<Relationships xmlns="{RELS}">{body}</Relationships>'
    for name, content in (("docProps/core.xml", core), ("docProps/app.xml", app)):
        if content is not None:
            made[name] = content
    return Package.read(zipped(made))


# --- the Student cell -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ('<c r="B2" t="s"><v>0</v></c>', "s1234567"),
        ('<c r="B2" t="inlineStr"><is><t>007</t></is></c>', "007"),
        ('<c r="B2" t="inlineStr"><is><r><t>s12</t></r><r><t>34</t></r></is></c>', "s1234"),
        ('<c r="B2"><v>12345</v></c>', "12345"),
        ('<c r="B2"><v>12345.0</v></c>', "12345"),
        ('<c r="B2"><v>1.2345E4</v></c>', "12345"),
        ('<c r="B2"><v>12.5</v></c>', "12.5"),
        ('<c r="B2" t="inlineStr"><is><t>=A1</t></is></c>', "=A1"),  # a text: reports escape it
        ('<c r="B2" t="inlineStr"><is><t>  two\nlines\tand  more </t></is></c>', "two lines and more"),
        ('<c r="B2" t="inlineStr"><is><t>a_x0007_b_x001B_[2J‮c​d</t></is></c>', "ab[2Jcd"),
        ('<c r="B2" t="str"><f>"s"&amp;1</f><v>s1</v></c>', ""),
        ('<c r="B2"><f>6*7</f><v>42</v></c>', ""),
        ('<c r="B2" t="b"><v>1</v></c>', ""),
        ('<c r="B2" t="e"><v>#N/A</v></c>', ""),
        ('<c r="B2"/>', ""),
        ("", ""),
        ('<c r="A2" t="str"><f t="array" ref="A2:B2">X1:Y1</f><v>x</v></c><c r="B2" t="str"><v>s1</v></c>', ""),
    ],
)
def test_what_was_typed_counts_and_nothing_else(cell: str, expected: str) -> None:
    assert _student(cell) == expected


TYPED = '<c r="B2" t="inlineStr"><is><t>s1</t></is></c>'


@pytest.mark.parametrize(
    ("names", "merged", "expected"),
    [
        (_named("Student"), "", "s1"),
        (_named("STUDENT", "'S'!$B$2"), "", "s1"),
        (_named("student", "S!$B$2:$B$2"), "", "s1"),
        (_named("student", "S!$B$2:$D$2"), '<mergeCells><mergeCell ref="B2:D2"/></mergeCells>', "s1"),
        (_named("student", "'S'!$B$2:$D$3"), '<mergeCells><mergeCell ref="B2:D3"/></mergeCells>', "s1"),
        (_named("student", "S!$B$2:$D$2"), "", ""),  # three cells: which of them?
        (_named("student", "S!$B$2:$D$2"), '<mergeCells><mergeCell ref="B2:C2"/></mergeCells>', ""),
        (_named("student", "#REF!"), "", ""),
        (_named("student", "Gone!$B$2"), "", ""),
        (_named("student", '"s1"'), "", ""),
        (_named("student", "S!$B$3"), "", ""),
        (_named("students"), "", ""),
        ("", "", ""),
    ],
)
def test_the_name_is_followed_to_one_cell(names: str, merged: str, expected: str) -> None:
    assert _student(TYPED, names, merged) == expected


def test_a_long_text_is_cut_and_a_large_other_sheet_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    long = f'<c r="B2" t="inlineStr"><is><t>{"x" * 99} y{"z" * 30_000}</t></is></c>'
    assert _student(long) == "x" * 99
    data = zipped(parts(_row(TYPED), names=_named("student")))
    monkeypatch.setattr(provenance, "LARGEST_SHEET", 10)
    assert student_cell(Package.read(data), {"S"}) == "s1"
    assert student_cell(Package.read(data)) == ""


def test_a_broken_sheet_beside_the_table_costs_no_answer() -> None:
    made = parts(_row(TYPED), names=_named("student"))
    made["xl/worksheets/s.xml"] = "<worksheet><sheetData><row>"
    assert student_cell(Package.read(zipped(made))) == ""


# --- the document's properties --------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [EXTENDED, STRICT_EXTENDED])
def test_the_properties_of_the_document(kind: str) -> None:
    assert properties(_with(CORE_XML.replace("{creator}", "Ada"), APP_XML, kind)) == ALL


def test_they_are_one_line_each_and_cut() -> None:
    found = properties(_with(CORE_XML.replace("{creator}", " A\n\td‮a<!-- x -->" + "z" * 900), APP_XML))
    assert found["creator"] == "A da" + "z" * 196
    assert properties(_with(CORE_XML.replace("{creator}", "\n"), None)).keys() == ALL.keys() - {
        "creator",
        "application",
    }


BOMB = '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]><x><creator>&b;</creator></x>'


@pytest.mark.parametrize(
    "core",
    [
        None,
        b"",
        b"\x00\xff\xfe",
        "<x><creator>Ada</x>",
        BOMB,
        BOMB.encode("utf-16"),
        '<!DOCTYPE x SYSTEM "file:///etc/hostname"><x><creator>Ada</creator></x>',
        "<x>" + "<creator>" * 3000 + "Ada" + "</creator>" * 3000 + "</x>",
        "<x><creator>Ada</creator>" + " " * 70_000 + "</x>",
    ],
    ids=["missing", "empty", "noise", "not closed", "entities", "entities in UTF-16", "outside", "deep", "large"],
)
def test_a_missing_or_hostile_part_is_absent_and_no_error(core: str | bytes | None) -> None:
    assert properties(_with(core, APP_XML)) == {"application": "Microsoft Excel"}


def test_a_part_that_unpacks_to_much_is_not_unpacked() -> None:
    package = _with("<x><creator>Ada</creator>" + " " * 2**23 + "</x>", APP_XML)
    tracemalloc.start()
    try:
        assert properties(package) == {"application": "Microsoft Excel"}
        assert tracemalloc.get_traced_memory()[1] < 2**20
    finally:
        tracemalloc.stop()


def test_what_nobody_sees_is_left_out() -> None:
    assert one_line("﻿s\x7f12­3 4\r\n", 100) == "s123 4"
    assert one_line("\x00" * 50 + "s1", 2) == "s1"
    assert one_line("\x00" * 10_000_000 + "s1", 2) == ""  # not looked through
    assert one_line("Ærø 学生 ١٢", 100) == "Ærø 学生 ١٢"


# --- handed on ------------------------------------------------------------------------------------------------------


def test_marks_carry_both_and_the_formula(sheet: Sheet) -> None:
    held = {"conv1.parameters": Held("Table", "L7", 34944, "J7+K7"), "conv1.weights": Held("Table", "J7", 1)}
    marked = mark(sheet, Submission("a.xlsx", held, student="007", properties=ALL, whole=False))
    assert (marked.student, marked.student_cell, dict(marked.properties)) == (None, "007", ALL)
    formulas = {answer.id: answer.formula for answer in marked.answers if answer.formula is not None}
    assert formulas == {"conv1.parameters": "J7+K7"}
    assert marked.hand_in == NOBODY
    assert from_line(to_line(marked)) == marked
    unmarked = mark(sheet, Submission("a.xlsx", {}, "why", student="007", properties=ALL))
    assert (unmarked.status, unmarked.student_cell, dict(unmarked.properties)) == ("unmarked", "007", ALL)


def test_a_file_without_the_table_still_says_of_whom_it_is(sheet: Sheet) -> None:
    made = parts(_row(TYPED), names=_named("student"))
    found = read_submission("a.xlsx", zipped(made), sheet)
    assert found.reason is not None
    assert (found.student, dict(found.properties)) == ("s1", {})


def test_our_own_key_is_by_sheetgen(sheet: Sheet, key: bytes) -> None:
    found = read_submission("key.xlsx", key, sheet)
    assert (found.student, found.properties["creator"], found.properties["modifier"]) == ("", "sheetgen", "sheetgen")
    assert found.properties["created"] == "2000-01-01T00:00:00Z"
    assert {answer.formula for answer in mark(sheet, found).answers if answer.id == "conv2.parameters"} == {"J9+K9"}
