"""A workbook that is handed back: marks are in it, nothing else of it has changed, and other programs show it.

And the comparison that says so sees each kind of loss: faults are planted and have to be found.
"""

from __future__ import annotations

import io
import re
import warnings
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pytest
from lxml import etree

from sheetgen.workbook.annotate import Remark, annotate, page_alone
from sheetgen.workbook.looks import MOST, Fill, Look
from sheetgen.workbook.package import BrokenPackage, Package, replace_parts
from sheetgen.workbook.page import Line, Page, PageCell
from tests import templates_made as made
from tests.golden.test_lossless import by_libreoffice, folder, soffice, templates  # noqa: F401 - fixtures
from tests.templates_made import SHEET, TEMPLATES, WORKBOOK, at, edited, parts
from tests.undone import changes

RED, GREY = Fill("F0925E"), Fill("7F7F7F", "lightUp", "F2F2F2")
SAID = "wrong: 0 of 1 marks\n1 < 2 & 3"
# D2 to D4 are blank cells with a style, F3 is no cell in a row that is there, B9 in none, D6 a formula, A2 a text
REMARKS = {
    at("D2"): Remark(RED, SAID),
    at("D3"): Remark(GREY, "left blank"),
    at("D4"): Remark(RED),
    at("F3"): Remark(RED, SAID),
    at("B9"): Remark(GREY, "left blank"),
    at("D6"): Remark(RED, SAID),
    at("A2"): Remark(None, "only said"),
}
CELLS = frozenset(str(place).partition("!")[2] for place in REMARKS)
PLAIN = Look(lined=True, is_text=True)
PAGE = Page(
    "Feedback",
    (12, 30),
    (
        Line((PageCell("3.5 of 7 marks", Look(bold=True)),)),
        Line((PageCell("Cell", Look(fill=RED)), PageCell("Feedback", Look(fill=GREY)))),
        Line((PageCell("D2", PLAIN, at("D2")), PageCell("=1+1 <&> \x00 _x0041_ \ud800 " + "ab" * 20_000, PLAIN))),
        Line((PageCell(0.5, PLAIN), PageCell("", PLAIN))),
    ),
    heading=2,
)
NAMES = ["libreoffice.xlsx", *TEMPLATES]
STUDENTS_OWN = {  # cells that have a comment, by template: it stays
    "comments.xlsx": {"D2", "B9"},
    "threaded_comments.xlsx": {"D2", "B9"},
    "libreoffice.xlsx": {"D2"},
    "streamed.xlsx": {"D2", "B9"},
    "strict.xlsx": {"D2", "B9"},
    "everything.xlsx": {"D2", "B9"},
    "openpyxl.xlsx": {"D2"},
}


@pytest.fixture(scope="module")
def marked(templates: dict[str, bytes]) -> dict[str, bytes]:  # noqa: F811
    return {name: annotate(data, REMARKS, PAGE) for name, data in templates.items()}


@pytest.mark.parametrize("name", NAMES)
def test_nothing_else_has_changed(name: str, templates: dict[str, bytes], marked: dict[str, bytes]) -> None:  # noqa: F811
    assert changes(templates[name], marked[name], {SHEET: CELLS}) == []
    assert annotate(templates[name], REMARKS, PAGE) == marked[name]  # equal bytes for equal input


@pytest.mark.parametrize("name", NAMES)
def test_the_cells_keep_all_but_their_background(
    name: str,
    templates: dict[str, bytes],  # noqa: F811
    marked: dict[str, bytes],
) -> None:
    before, after = (_styles_of(data) for data in (templates[name], marked[name]))
    was, now = (_cells(data) for data in (templates[name], marked[name]))
    for place, remark in REMARKS.items():
        cell = str(place).partition("!")[2]
        if name == "without_references.xlsx" and cell not in now:
            continue  # which test_cells_without_references sees
        row = re.search(rf'<(?:x:)?row r="{place.row}"[^>]* s="([0-9]+)"', _text(templates[name]))
        old, new = before[int(was.get(cell) or (row[1] if row else 0))], after[int(now.get(cell, "0"))]
        assert {**new[0], "fillId": "", "applyFill": ""} == {**old[0], "fillId": "", "applyFill": ""}
        assert new[1] == old[1]
        if remark.fill is not None:
            assert remark.fill.colour in new[2]
            assert f'"{remark.fill.pattern}"' in new[2]
        elif cell in was:
            assert now[cell] == was[cell]


# In what order Excel wants them (ECMA-376 part 1, CT_Worksheet and CT_Workbook); else it calls a file damaged.
WORKSHEET = [
    "sheetPr",
    "dimension",
    "sheetViews",
    "sheetFormatPr",
    "cols",
    "sheetData",
    "sheetCalcPr",
    "sheetProtection",
    "protectedRanges",
    "scenarios",
    "autoFilter",
    "sortState",
    "dataConsolidate",
    "customSheetViews",
    "mergeCells",
    "phoneticPr",
    "conditionalFormatting",
    "dataValidations",
    "hyperlinks",
    "printOptions",
    "pageMargins",
    "pageSetup",
    "headerFooter",
    "rowBreaks",
    "colBreaks",
    "customProperties",
    "cellWatches",
    "ignoredErrors",
    "smartTags",
    "drawing",
    "legacyDrawing",
    "legacyDrawingHF",
    "drawingHF",
    "picture",
    "oleObjects",
    "controls",
    "webPublishItems",
    "tableParts",
    "extLst",
]
BOOK = [
    "fileVersion",
    "fileSharing",
    "workbookPr",
    "workbookProtection",
    "bookViews",
    "sheets",
    "functionGroups",
    "externalReferences",
    "definedNames",
    "calcPr",
    "oleSize",
    "customWorkbookViews",
    "pivotCaches",
    "extLst",
]


@pytest.mark.parametrize("name", NAMES)
def test_elements_stand_in_excels_order(name: str, marked: dict[str, bytes]) -> None:
    there = parts(marked[name])
    for part, order in ((SHEET, WORKSHEET), (WORKBOOK, BOOK), (_last_sheet(there), WORKSHEET)):
        spaces = (made.MAIN, "http://purl.oclc.org/ooxml/spreadsheetml/main")
        names = [etree.QName(child) for child in etree.fromstring(there[part]) if isinstance(child.tag, str)]
        places = [order.index(each.localname) for each in names if each.namespace in spaces]
        assert places == sorted(places), (part, [each.localname for each in names])


def _last_sheet(there: dict[str, bytes]) -> str:
    return [part for part in there if part.startswith("xl/worksheets/sheet")][-1]


def test_cells_without_references(marked: dict[str, bytes]) -> None:
    styles = _styles_of(marked["without_references.xlsx"])
    row = next(etree.fromstring(parts(marked["without_references.xlsx"])[SHEET]).iter("{*}row"))
    second = row.getnext()
    assert second is not None
    assert RED.colour in styles[int(second[3].get("s") or 0)][2]  # D2, the fourth of its row


def _cells(data: bytes) -> dict[str, str]:
    root = etree.fromstring(parts(data)[SHEET])
    return {str(cell.get("r")): cell.get("s") or "0" for cell in root.iter("{*}c") if cell.get("r")}


def _text(data: bytes) -> str:
    return parts(data)[SHEET].replace(b"\0", b"").decode("utf-8", "replace")


def _styles_of(data: bytes) -> list[tuple[dict[str, str], list[bytes], str]]:
    """Of each format its attributes, what is in it, and its background as XML."""
    root = etree.fromstring(parts(data)["xl/styles.xml"])
    groups = {etree.QName(group).localname: group for group in root if isinstance(group.tag, str)}
    return [
        (
            {str(name): str(value) for name, value in xf.attrib.items()},
            [etree.tostring(child) for child in xf],
            etree.tostring(groups["fills"][int(xf.get("fillId") or 0)]).decode(),
        )
        for xf in groups["cellXfs"]
    ]


@pytest.mark.parametrize("name", [name for name in NAMES if name != "strict.xlsx"])  # which openpyxl finds empty
def test_openpyxl_reads_them(name: str, templates: dict[str, bytes], marked: dict[str, bytes]) -> None:  # noqa: F811
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it says what it would lose
        old, new = (openpyxl.load_workbook(io.BytesIO(data)) for data in (templates[name], marked[name]))
    assert new.sheetnames == [*old.sheetnames, "Feedback"]
    page, before = new["Table"], old["Table"]
    own = STUDENTS_OWN.get(name, set())
    for place, remark in REMARKS.items():
        cell = str(place).partition("!")[2]
        comment, was = page[cell].comment, before[cell].comment
        assert page[cell].value == before[cell].value
        assert (was is not None) == (cell in own)
        if was is not None:
            assert (comment.text, comment.author) == (was.text, was.author)
        elif remark.comment:
            assert (comment.text, comment.author) == (remark.comment, "sheetgen")
            assert comment.width > 100
        else:
            assert comment is None
    feedback = new["Feedback"]
    assert feedback["A1"].value == "3.5 of 7 marks"
    assert feedback["A3"].hyperlink.location == "'Table'!D2"
    assert feedback["B3"].data_type == "s"
    assert feedback["B3"].value.startswith("=1+1 <&> ")
    assert feedback["B3"].quotePrefix
    assert (feedback["A4"].value, feedback.freeze_panes, feedback.print_title_rows) == (0.5, "A3", "$2:$2")
    assert feedback["A1"].font.b
    assert (
        b'<ignoredError sqref="A1:B4" numberStoredAsText="1"/>' in parts(marked[name])[_last_sheet(parts(marked[name]))]
    )


@pytest.mark.parametrize("name", NAMES)
def test_our_own_reader_sees_the_same(name: str, templates: dict[str, bytes], marked: dict[str, bytes]) -> None:  # noqa: F811
    before, after = Package.read(templates[name]), Package.read(marked[name])
    assert [each.name for each in after.sheets] == [*(each.name for each in before.sheets), "Feedback"]
    for sheet in before.sheets:
        assert after.cells(sheet.name) == before.cells(sheet.name)
        assert after.merged(sheet.name) == before.merged(sheet.name)
    assert after.names == before.names
    shown = after.cells("Feedback")[3, 2].value
    assert isinstance(shown, str)
    assert shown.startswith("=1+1 <&> \x00 _x0041_ ")
    assert len(shown) <= 32_767
    assert not any(cell.formula for cell in after.cells("Feedback").values())


def test_libreoffice_shows_them(marked: dict[str, bytes], folder: Path) -> None:  # noqa: F811
    """Colours, comments and the page, in one file for each, as it understood them."""
    files = [folder / f"{Path(name).stem}.marked{Path(name).suffix}" for name in marked]
    for file, data in zip(files, marked.values(), strict=True):
        file.write_bytes(data)
    soffice(folder, "fods", *files)
    wrong = {}
    for name, file in zip(marked, files, strict=True):
        text = file.with_suffix(".fods").read_text(encoding="utf-8")
        wanted = sum(bool(remark.comment) for remark in REMARKS.values()) - len(STUDENTS_OWN.get(name, set()))
        notes = re.findall(r"<office:annotation\b.*?</office:annotation>", text, re.DOTALL)
        ours = [each for each in notes if re.search("marks<|left blank<|only said<", each)]
        seen = (len(ours), text.count("#f0925e") > 0, 'table:name="Feedback"' in text, "3.5 of 7 marks" in text)
        if seen != (wanted, True, True, True):
            wrong[name] = seen
    assert not wrong


# -- places that are no cell of their own, and things that are taken ---------------------------------------------------


def test_what_is_hidden_in_a_merged_cell_is_marked_on_the_one_that_shows(templates: dict[str, bytes]) -> None:  # noqa: F811
    data = annotate(templates["merged.xlsx"], {at("G4"): Remark(RED, "a"), at("F3"): Remark(GREY, "b")}, PAGE)
    page = openpyxl.load_workbook(io.BytesIO(data))["Table"]
    assert (page["F3"].comment.text, page["F3"].fill.fgColor.rgb) == ("a\n\nb", "FFF0925E")
    assert changes(templates["merged.xlsx"], data, {SHEET: {"F3"}}) == []


def test_a_title_and_numbers_that_are_taken() -> None:
    data = annotate(annotate(made.made(), {}, PAGE), {}, PAGE)
    book = openpyxl.load_workbook(io.BytesIO(data))
    assert book.sheetnames == ["Table", "Feedback", "Feedback (2)"]
    text = parts(data)[WORKBOOK].decode()
    for found in (re.findall(r'sheetId="(\d+)"', text), re.findall(r'r:id="(\w+)"', text)):
        assert len(found) == len(set(found)) == 3
    crowded = edited(made.made(), lambda xml: xml.replace('sheetId="1"', 'sheetId="65534"'), WORKBOOK)
    assert 'sheetId="1"' in parts(annotate(crowded, {}, PAGE))[WORKBOOK].decode()


def test_names_of_a_sheet_stay_those_of_that_sheet() -> None:
    name = '<definedNames><definedName name="n" localSheetId="0">Table!$A$1</definedName></definedNames>'
    named = edited(made.made(), lambda xml: xml.replace("<calcPr", f"{name}<calcPr"), WORKBOOK)
    text = parts(annotate(named, {}, PAGE))[WORKBOOK].decode()
    assert re.findall(r'localSheetId="(\d)"', text) == ["0", "1"]


def test_a_strict_workbook_stays_strict(marked: dict[str, bytes]) -> None:
    new = {part: data for part, data in parts(marked["strict.xlsx"]).items() if part.endswith((".rels", ".xml"))}
    for part, data in new.items():
        assert b"schemas.openxmlformats.org/officeDocument/2006/relationships" not in data, part
        assert b"schemas.openxmlformats.org/spreadsheetml/2006/main" not in data, part


def test_two_sheets_that_are_one_part() -> None:
    twice = edited(
        made.made(),
        lambda xml: xml.replace("</sheets>", '<sheet name="Again" sheetId="2" r:id="rId1"/></sheets>'),
        WORKBOOK,
    )
    done = annotate(twice, {at("D2"): Remark(RED, "x"), at("D3", "Again"): Remark(RED)}, PAGE)
    styles, cells = _styles_of(done), _cells(done)
    assert all(RED.colour in styles[int(cells[cell])][2] for cell in ("D2", "D3"))


def test_rows_are_as_high_as_their_texts() -> None:
    texts = ["x", "word " * 10, "word " * 60, "a\nb\nc", "x" * 30_000]
    lines = tuple(Line((PageCell("1", PLAIN), PageCell(text, PLAIN))) for text in texts)
    sheet = openpyxl.load_workbook(io.BytesIO(page_alone(Page("P", (8, 26), lines))))["P"]
    heights = [sheet.row_dimensions[row].height for row in range(1, 6)]
    assert heights == [18, 33, 168, 48, 409]  # lines of 15 points, and 3 more; 409 is the most


def test_a_workbook_without_formats() -> None:
    data = made.made()
    bare = edited(
        data, lambda xml: re.sub(r"<Relationship [^>]*/styles\"[^>]*/>", "", xml), "xl/_rels/workbook.xml.rels"
    )
    bare = edited(bare, lambda xml: re.sub(r"<Override [^>]*styles\+xml\"/>", "", xml), "[Content_Types].xml")
    bare = edited(replace_parts(bare, {"xl/styles.xml": None}), lambda xml: re.sub(' s="[12]"', "", xml))
    page = openpyxl.load_workbook(io.BytesIO(annotate(bare, {at("D2"): Remark(RED)}, PAGE)))["Table"]
    assert (page["D2"].fill.fgColor.rgb, page["A2"].fill.fgColor.rgb) == ("FFF0925E", "00000000")


@pytest.mark.parametrize("groups", [(), ("fills",), ("fonts", "borders"), ("fonts", "fills", "borders", "cellXfs")])
def test_formats_of_which_groups_are_missing(groups: tuple[str, ...]) -> None:
    """Excel counts the first two backgrounds as none and grey, whatever stands there."""
    data = made.made()
    for group in groups:
        data = edited(data, lambda xml, g=group: re.sub(rf"<{g} .*?</{g}>", "", xml), "xl/styles.xml")  # type: ignore[misc]
    root = etree.fromstring(parts(annotate(data, {at("D2"): Remark(RED)}, PAGE))["xl/styles.xml"])
    fills = root.find("{*}fills")
    assert fills is not None
    kinds = [fill[0].get("patternType") for fill in fills]
    assert kinds[:2] == ["none", "gray125"]
    assert kinds.count("lightUp") == 1
    order = [etree.QName(child).localname for child in root]
    assert [name for name in ("fonts", "fills", "borders", "cellXfs", "cellStyles") if name in order] == [
        name for name in order if name in ("fonts", "fills", "borders", "cellXfs", "cellStyles")
    ]


def test_formats_that_are_odd() -> None:
    """A cell whose format is not there keeps it, and one whose background is not to be shown shows ours."""
    data = edited(made.made(), lambda xml: xml.replace('<c r="D2" s="1"', '<c r="D2" s="999"'))
    data = edited(data, lambda xml: xml.replace('applyFill="1"', 'applyFill="0"'), "xl/styles.xml")
    done = annotate(data, {at("D2"): Remark(RED), at("D3"): Remark(RED)}, PAGE)
    assert _cells(done)["D2"] == "999"
    shown = _styles_of(done)[int(_cells(done)["D3"])]
    assert (shown[0]["applyFill"], RED.colour in shown[2]) == ("1", True)


@pytest.mark.parametrize("count", [MOST - 1, MOST, MOST + 500])
def test_formats_near_the_most_that_excel_takes(count: int) -> None:
    xfs = '<xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/>' * (count - 3)
    full = edited(made.made(), lambda xml: xml.replace("</cellXfs>", f"{xfs}</cellXfs>"), "xl/styles.xml")
    full = edited(full, lambda xml: re.sub(r'<cellXfs count="\d+"', f'<cellXfs count="{count}"', xml), "xl/styles.xml")
    data = annotate(full, REMARKS, PAGE)
    assert changes(full, data, {SHEET: CELLS}) == []
    root = etree.fromstring(parts(data)["xl/styles.xml"])
    assert len(root.findall("{*}cellXfs/{*}xf")) == max(count, MOST)
    page = openpyxl.load_workbook(io.BytesIO(data))
    assert page["Table"]["D2"].comment.text == SAID
    assert page["Feedback"]["A1"].value == "3.5 of 7 marks"


def test_shapes_have_numbers_of_their_own(templates: dict[str, bytes]) -> None:  # noqa: F811
    for name in ("controls.xlsx", "comments.xlsx", "form_controls.xlsx", "macros.xlsm"):
        data = annotate(templates[name], {at(f"J{row}"): Remark(None, "x") for row in range(1, 1500)}, PAGE)
        drawing = next(text for part, text in parts(data).items() if part.endswith("vmlDrawing1.vml")).decode()
        numbers = [int(each) for each in re.findall(r' id="_x0000_s(\d+)"', drawing)]
        assert len(numbers) == len(set(numbers)) > 1499
        blocks = re.search(r'<o:idmap v:ext="edit" data="([\d,]+)"', drawing)
        assert blocks is not None
        assert {each // 1024 for each in numbers} == set(map(int, blocks[1].split(",")))


def test_a_thread_without_its_old_comment_is_kept() -> None:
    said = '<threadedComment ref="D3" id="{1}"><text>student</text></threadedComment>'
    data = TEMPLATES["threaded_comments.xlsx"]()
    part = "xl/threadedComments/threadedComment1.xml"
    data = edited(data, lambda xml: xml.replace("/>", f">{said}</ThreadedComments>"), part)
    page = openpyxl.load_workbook(io.BytesIO(annotate(data, REMARKS, PAGE)))["Table"]
    assert page["D3"].comment is None
    assert page["F3"].comment is not None


def test_drawings_of_two_sheets_share_no_block() -> None:
    book = openpyxl.Workbook()
    book.create_sheet("More")
    out = io.BytesIO()
    book.save(out)
    data = annotate(out.getvalue(), {at("A1", "Sheet"): Remark(RED, "x"), at("A1", "More"): Remark(RED, "y")}, PAGE)
    drawings = [content.decode() for part, content in parts(data).items() if part.endswith(".vml")]
    maps = [re.findall(r'idmap v:ext="edit" data="([0-9]+)"', drawing) for drawing in drawings]
    assert maps == [["1"], ["2"]]
    again = openpyxl.load_workbook(io.BytesIO(data))
    assert [again[name]["A1"].comment.text for name in ("Sheet", "More")] == ["x", "y"]


@pytest.mark.parametrize(
    "spoilt",
    [
        lambda data: replace_parts(data, {"xl/comments1.xml": b"<comments"}),
        lambda data: replace_parts(data, {"xl/comments1.xml": b"<comments/>"}),
        lambda data: replace_parts(data, {"xl/drawings/vmlDrawing1.vml": b"<xml>"}),
        lambda data: replace_parts(data, {"xl/drawings/vmlDrawing1.vml": None}),
    ],
)
def test_comments_that_are_damaged_stay_so(spoilt: Callable[[bytes], bytes]) -> None:
    """The sheet gets colours and no comment; the page has all of them."""
    data = spoilt(TEMPLATES["comments.xlsx"]())
    done = annotate(data, REMARKS, PAGE)
    assert changes(data, done, {SHEET: CELLS}) == []
    assert not [name for name in parts(done) if name.endswith(("comments2.xml", "vmlDrawing2.vml"))]
    assert "Feedback" in parts(done)[WORKBOOK].decode()


@pytest.mark.parametrize("encoding", ["utf-16", "utf-8-sig"])
def test_comments_in_other_encodings(encoding: str) -> None:
    data = TEMPLATES["comments.xlsx"]()
    for part in ("xl/comments1.xml", "xl/drawings/vmlDrawing1.vml"):
        text = parts(data)[part].decode().replace("UTF-8", encoding.replace("-sig", ""))
        data = replace_parts(data, {part: text.encode(encoding)})
    done = annotate(data, REMARKS, PAGE)
    assert changes(data, done, {SHEET: CELLS}) == []
    assert openpyxl.load_workbook(io.BytesIO(done))["Table"]["F3"].comment.text == SAID


def test_a_signed_workbook_is_not_touched() -> None:
    kind = "http://schemas.openxmlformats.org/package/2006/relationships/digital-signature"
    data = made.attached(made.made(), "_xmlsignatures/origin.sigs", b"", f"{kind}/origin", "application/x", "")
    data = made.attached(
        data, "_xmlsignatures/sig1.xml", b"<S/>", f"{kind}/signature", "text/xml", "_xmlsignatures/origin.sigs"
    )
    with pytest.raises(BrokenPackage, match=r"^it has a digital signature"):
        annotate(data, REMARKS, PAGE)


def test_the_page_alone() -> None:
    data = page_alone(PAGE)
    assert data == page_alone(PAGE)
    page = openpyxl.load_workbook(io.BytesIO(data))["Feedback"]
    assert (page["A1"].value, page["A3"].hyperlink, page.freeze_panes, page["A1"].font.b) == (
        "3.5 of 7 marks",
        None,
        "A3",
        True,
    )
    assert Package.read(data).cells("Feedback")[4, 1].value == 0.5


# -- the comparison itself ---------------------------------------------------------------------------------------------

FAULTS = {
    "a value": (SHEET, r"<v>3</v>", "<v>4</v>"),
    "a style of another cell": (SHEET, r'<c r="A3"', '<c r="A3" s="1"'),
    "a cell that holds something": (SHEET, r'(<c r="F3"[^>]*)></c>', r"\1><v>1</v></c>"),
    "another new cell": (SHEET, r'(<c r="F3")', r'<c r="E3"/>\1'),
    "a height": (SHEET, r'<row r="3"', '<row r="3" ht="30"'),
    "a link": (SHEET, r"<hyperlink .*?/>", ""),
    "an old format": ("xl/styles.xml", r'<xf numFmtId="0" ', '<xf numFmtId="1" '),
    "a count of formats": ("xl/styles.xml", r'<cellXfs count="\d+"', '<cellXfs count="2"'),
    "a style's name": ("xl/styles.xml", "Normal", "Else"),
    "a sheet": (WORKBOOK, r'<sheet name="Table"', '<sheet name="Tabel"'),
    "a view": (WORKBOOK, r"<workbookView ", '<workbookView activeTab="1" '),
    "a type": ("[Content_Types].xml", r"<Default ", '<Default Extension="x" ContentType="y"/><Default '),
    "a relationship": ("xl/_rels/workbook.xml.rels", "theme1", "theme2"),
    "a student's comment": ("xl/comments1.xml", "kernel height", "kernel width"),
    "a student's box": ("xl/drawings/vmlDrawing1.vml", "visibility:visible|<x:Visible/>", ""),
    "a property": ("docProps/app.xml", "Worksheets", "Sheets"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_the_comparison_sees(fault: str) -> None:
    part, old, new = FAULTS[fault]
    data = TEMPLATES["comments.xlsx"]()
    done = annotate(data, REMARKS, PAGE)
    assert changes(data, done, {SHEET: CELLS}) == []
    assert changes(data, edited(done, lambda xml: re.sub(old, new, xml, count=1), part), {SHEET: CELLS})


def test_the_comparison_sees_other_parts() -> None:
    data = TEMPLATES["comments.xlsx"]()
    done = annotate(data, REMARKS, PAGE)
    assert changes(data, replace_parts(done, {"xl/theme/theme1.xml": None}), {SHEET: CELLS})
    assert changes(data, replace_parts(done, {"xl/extra.xml": b"<a/>"}), {SHEET: CELLS})
