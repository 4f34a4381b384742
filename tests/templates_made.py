"""Templates as other people's programs make them, one for each feature that a fill could lose.

All hold the same small table on their first sheet, ``Table``, whose blanks are ``ENTRIES``. XlsxWriter and openpyxl
make what they can; what no library writes is put into the package by hand.
"""

from __future__ import annotations

import base64
import io
import re
import zipfile
from collections.abc import Callable

import openpyxl
import xlsxwriter  # type: ignore[import-untyped]
from openpyxl.chart import BarChart
from openpyxl.comments import Comment
from openpyxl.workbook.protection import WorkbookProtection
from xlsxwriter.workbook import Workbook  # type: ignore[import-untyped]
from xlsxwriter.worksheet import Worksheet  # type: ignore[import-untyped]

from sheetgen.workbook.fill import Entry
from sheetgen.workbook.package import Place, parse_address, replace_parts

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
MICROSOFT = "http://schemas.microsoft.com/office"
X14 = f"{MICROSOFT}/spreadsheetml/2009/9/main"
TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml"
SHEET = "xl/worksheets/sheet1.xml"
WORKBOOK = "xl/workbook.xml"
PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


def at(cell: str, sheet: str = "Table") -> Place:
    return Place(sheet, *parse_address(cell))


ENTRIES = {  # D2 to D4 are blank cells, F3 is in a row that is there, B9 in one that is not
    at("D2"): Entry(12, "=B2*C2"),
    at("D3"): Entry(105_705_600),
    at("D4"): Entry(0.25),
    at("F3"): Entry("a < b & c"),
    at("B9"): Entry(7, "=3+4"),
}
SHOWN = {"D2": 12, "D3": 105_705_600, "D4": 0.25, "F3": "a < b & c", "B9": 7, "D6": 105_705_612.25}
FILLED = frozenset(str(place).partition("!")[2] for place in ENTRIES)
REFRESHED = frozenset({"D6"})  # =SUM(D2:D4)

Feature = Callable[[Workbook, Worksheet], object]


def made(*features: Feature, options: dict[str, object] | None = None) -> bytes:
    """The table, by XlsxWriter, with these features."""
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True, **(options or {})}) as book:
        page = book.add_worksheet("Table")
        blank = book.add_format({"num_format": "#,##0.##", "bg_color": "#FFFFCC"})
        page.write_row("A1", ["layer", "units", "size", "parameters"])
        for row, line in enumerate([("conv1", 3, 4), ("conv2", 5, 6), ("fc3", 7, 8)], start=1):
            page.write_row(row, 0, line)
            page.write_blank(row, 3, None, blank)
        page.write_formula("D6", "=SUM(D2:D4)", None, 0)
        page.write_url("A12", "https://example.org/?a=1&b=2", string="the sheet of tasks")
        for feature in features:
            feature(book, page)
    return out.getvalue()


# -- what XlsxWriter writes --------------------------------------------------------------------------------------------


def _drawings(book: Workbook, page: Worksheet) -> None:
    page.insert_textbox("H2", "Fill the yellow cells.", {"textlink": "=$A$2"})
    chart = book.add_chart({"type": "column"})
    chart.add_series({"values": "=Table!$D$2:$D$4", "categories": "=Table!$A$2:$A$4"})
    page.insert_chart("H8", chart)
    page.insert_image("H24", "pixel.png", {"image_data": io.BytesIO(PIXEL)})
    page.set_background(io.BytesIO(PIXEL))
    page.set_header("&L&G", {"image_left": "pixel.png", "image_data_left": io.BytesIO(PIXEL)})


def _controls(_: Workbook, page: Worksheet) -> None:
    page.insert_button("H2", {"macro": "check", "caption": "Check"})
    page.insert_checkbox("H4", True)


def _comments(_: Workbook, page: Worksheet) -> None:
    page.write_comment("D2", "kernel height * kernel width ...", {"author": "TA", "visible": True})
    page.write_comment("B9", "an empty cell with a comment")


def _rich(book: Workbook, page: Worksheet) -> None:
    page.write_rich_string("A8", "with ", book.add_format({"bold": True}), "bold", " and\nnew line")
    page.write_string("A9", "  spaces & <signs> _x0041_ \x07")


def _conditional(book: Workbook, page: Worksheet) -> None:
    page.conditional_format("D2:D4", {"type": "data_bar", "data_bar_2010": True, "bar_solid": True})
    page.conditional_format("D2:D4", {"type": "icon_set", "icon_style": "3_flags"})
    page.conditional_format("D2", {"type": "blanks", "format": book.add_format({"bg_color": "red"})})
    page.add_sparkline("G2", {"range": "Table!B2:D2", "type": "column"})
    page.data_validation("D2:D4", {"validate": "decimal", "criteria": ">=", "value": 0, "input_message": "a number"})
    page.ignore_errors({"number_stored_as_text": "A1:D9"})


def _formulas(_: Workbook, page: Worksheet) -> None:
    page.write_array_formula("H2:H4", "{=B2:B4*C2:C4}", None, 12)
    page.write_number("H3", 30)
    page.write_number("H4", 56)
    page.write_dynamic_array_formula("J2:J3", "=UNIQUE(B2:B3)", None, 3)
    page.write_number("J3", 5)


def _table(_: Workbook, page: Worksheet) -> None:
    columns = [{"header": "name"}, {"header": "n", "formula": "=2*[@m]"}, {"header": "m", "total_function": "sum"}]
    page.add_table("H2:J5", {"name": "Layers", "columns": columns, "total_row": True, "style": "Table Style Light 11"})


def _merged(_: Workbook, page: Worksheet) -> None:
    page.merge_range("A10:D10", "merged")
    page.merge_range("F3:G4", "")  # its first cell is filled


def _protected(book: Workbook, page: Worksheet) -> None:
    page.protect("secret", {"select_locked_cells": False})
    page.unprotect_range("D2:D3", "Answers")
    page.set_row(8, None, book.add_format({"locked": True, "hidden": True}))
    book.define_name("answer", "=Table!$D$2")


def _printed(_: Workbook, page: Worksheet) -> None:
    page.set_landscape()
    page.set_footer("&CPage &P")
    page.print_area("A1:G20")
    page.set_h_pagebreaks([6])
    page.freeze_panes(1, 1)
    page.autofilter("A1:D4")
    page.set_column("F:G", 20, None, {"level": 1})
    page.set_row(6, 30, None, {"hidden": True})
    page.set_default_row(hide_unused_rows=True)


def _macros(book: Workbook, _: Worksheet) -> None:
    book.add_vba_project(io.BytesIO(b"macros, as bytes"), is_stream=True)


# -- by hand -----------------------------------------------------------------------------------------------------------


def parts(data: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as package:
        return {name: package.read(name) for name in package.namelist()}


def attached(data: bytes, part: str, content: bytes | str, kind: str, content_type: str, of: str = SHEET) -> bytes:
    """The package with one more part, which ``of`` names in a relationship of this kind."""
    there = parts(data)
    folder, _, name = of.rpartition("/")
    rels = f"{folder}/_rels/{name}.rels".lstrip("/")
    none = '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"></Relationships>'
    old = there.get(rels, none.encode()).decode()
    one = f'<Relationship Id="x{len(there)}" Type="{kind}" Target="/{part}"/></Relationships>'
    listed = there["[Content_Types].xml"].decode()
    override = f'<Override PartName="/{part}" ContentType="{content_type}"/></Types>'
    return replace_parts(
        data,
        {
            part: content if isinstance(content, bytes) else content.encode(),
            rels: old.replace("</Relationships>", one).encode(),
            "[Content_Types].xml": listed.replace("</Types>", override).encode(),
        },
    )


def edited(data: bytes, edit: Callable[[str], str], part: str = SHEET) -> bytes:
    old = parts(data)[part].decode()
    new = edit(old)
    assert new != old, "the edit found nothing to change"
    return replace_parts(data, {part: new.encode()})


def _threaded_comments() -> bytes:
    comments = f'<ThreadedComments xmlns="{MICROSOFT}/spreadsheetml/2018/threadedcomments"/>'
    people = f'<personList xmlns="{MICROSOFT}/spreadsheetml/2018/threadedcomments"/>'
    data = made(_comments)
    kind = f"{MICROSOFT}/2017/10/relationships"
    data = attached(
        data,
        "xl/threadedComments/threadedComment1.xml",
        comments,
        f"{kind}/threadedComment",
        f"{MICROSOFT.removeprefix('http://')}.threadedcomments+xml",
    )
    return attached(
        data, "xl/persons/person.xml", people, f"{kind}/person", "application/vnd.ms-excel.person+xml", WORKBOOK
    )


def _form_controls() -> bytes:
    """A drop-down as Excel 2010 writes it: for programs that know controls, and the old way for others."""
    data = attached(
        made(_controls),
        "xl/ctrlProps/ctrlProp1.xml",
        f'<formControlPr xmlns="{X14}" objectType="Drop" fmlaLink="$B$9"/>',
        f"{OFFICE}/ctrlProp",
        "application/vnd.ms-excel.controlproperties+xml",
    )
    control = (
        '<mc:AlternateContent xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006">'
        '<mc:Choice Requires="x14"><controls><mc:AlternateContent><mc:Choice Requires="x14">'
        '<control shapeId="1025" r:id="x99" name="Drop Down 1"/></mc:Choice></mc:AlternateContent></controls>'
        "</mc:Choice></mc:AlternateContent></worksheet>"
    )
    root = f'xmlns:x14="{X14}" xmlns:r='
    return edited(data, lambda xml: xml.replace("xmlns:r=", root, 1).replace("</worksheet>", control))


def _slicer() -> bytes:
    data = attached(
        made(_table),
        "xl/slicers/slicer1.xml",
        f'<slicers xmlns="{X14}"><slicer name="s" cache="Slicer_s" rowHeight="1"/></slicers>',
        f"{MICROSOFT}/2007/relationships/slicer",
        "application/vnd.ms-excel.slicer+xml",
    )
    extension = (
        '<extLst><ext uri="{3A4CF648-6AED-40f4-86FF-DC5316D8AED3}" xmlns:x15="urn:unused">'
        f'<x14:slicerList xmlns:x14="{X14}"/></ext></extLst></worksheet>'
    )
    return edited(data, lambda xml: xml.replace("</worksheet>", extension))


def _bytes_of_others() -> bytes:
    """Printer settings and custom XML, and a calculation chain."""
    data = attached(made(), "xl/printerSettings/p1.bin", bytes(range(256)), f"{OFFICE}/printerSettings", f"{TYPE}.p")
    data = attached(data, "customXml/item1.xml", "<course><x/></course>", f"{OFFICE}/customXml", "text/xml", WORKBOOK)
    comment = "<!-- sheets --><Override "
    data = edited(data, lambda xml: xml.replace("<Override ", comment, 1), "[Content_Types].xml")
    chain = f'<calcChain xmlns="{MAIN}"><c r="D6" i="1"/></calcChain>'
    data = edited(data, lambda xml: xml.replace(' fullCalcOnLoad="1"', ' calcMode="manual"'), WORKBOOK)
    return attached(data, "xl/calcChain.xml", chain, f"{OFFICE}/calcChain", f"{TYPE}.calcChain+xml", WORKBOOK)


def _uncalculated(data: bytes) -> bytes:
    """Without the note that all is to be calculated on opening, which XlsxWriter makes and others do not."""
    return edited(data, lambda xml: re.sub("<calcPr[^>]*/>", "", xml), WORKBOOK)


def _signed_macros() -> bytes:
    """The signature of the macros, which covers nothing but them."""
    kind = f"{MICROSOFT}/2006/relationships/vbaProjectSignature"
    return attached(made(_macros), "xl/vbaProjectSignature.bin", b"signature", kind, "application/vnd.ms-office.vba")


STRICT = (
    ("http://schemas.openxmlformats.org/spreadsheetml/2006/main", "http://purl.oclc.org/ooxml/spreadsheetml/main"),
    ("http://schemas.openxmlformats.org/officeDocument/2006/", "http://purl.oclc.org/ooxml/officeDocument/"),
    ("http://schemas.openxmlformats.org/drawingml/2006/", "http://purl.oclc.org/ooxml/drawingml/"),
)


def strict(data: bytes) -> bytes:
    """As Excel's "Strict Open XML Spreadsheet": other namespaces and kinds of relationship."""
    new: dict[str, bytes | None] = {}
    for name, content in parts(data).items():
        if name.endswith((".xml", ".rels")):
            for transitional, pure in STRICT:
                content = content.replace(transitional.encode(), pure.encode())
            new[name] = content
    return replace_parts(data, new)


def prefixed(data: bytes) -> bytes:
    """As the Open XML SDK writes it: <x:worksheet>, <x:c> ..."""

    def edit(xml: str) -> str:
        xml = re.sub(r"<(/?)(\w+)(?=[\s/>])", r"<\1x:\2", xml)
        return xml.replace(' xmlns="', ' xmlns:x="', 1)

    return edited(edited(data, edit), edit, WORKBOOK)


def without_references(data: bytes) -> bytes:
    """Neither cells nor rows say where they are, as far as that follows from their order."""

    def bare(row: re.Match[str]) -> str:
        number = re.search(r'r="(\d+)"', row[0])
        assert number is not None
        text = row[0].replace(f' r="{number[1]}"', "", 1) if int(number[1]) < 5 else row[0]
        return re.sub(r'<c r="([A-D])\d+"', "<c", text) if int(number[1]) < 5 else text

    return edited(data, lambda xml: re.sub(r"<row .*?</row>", bare, xml))


def _shared_formulas(xml: str) -> str:
    """One formula for three cells, as Excel writes what was dragged down."""
    master = '<f t="shared" ref="H2:H4" si="0">B2*C2</f>'
    for row, value in ((2, 12), (3, 30), (4, 56)):
        formula = master if row == 2 else '<f t="shared" si="0"/>'
        xml = re.sub(
            rf'(<row r="{row}".*?)(?=</row>)', rf'\1<c r="H{row}">{formula}<v>{value}</v></c>', xml, flags=re.DOTALL
        )
    return xml


def _odd_xml(xml: str) -> str:
    """All that an XML writer may do and Excel never does."""
    xml = xml.replace("<sheetData>", '<!-- cells --><?app keep="1"?>\r\n<sheetData\n>\r\n  ').replace(
        "</row>", "</row>\r\n"
    )
    xml = xml.replace('<c r="D2" s="1"/>', "<c\n  s='1'   r='D2' ></c >").replace('r="D3" s="1"/>', "s='1' r='D3'\t/>")
    ignorable = (
        'xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006" mc:Ignorable="unused x14ac" '
        'xmlns:unused="urn:unused" xmlns:x14ac="urn:ac" xmlns:r='
    )
    tail = (
        '<legacy xmlns="urn:else" note="a&#10;b&#x9;&quot;c&quot; &gt; d"><![CDATA[<kept> & so]]></legacy>'
        '<mc:AlternateContent><mc:Choice Requires="unused"><u:v xmlns:u="urn:u" b="1" a="2"/></mc:Choice>'
        "</mc:AlternateContent></worksheet >\n<!-- end -->"
    )
    return xml.replace("xmlns:r=", ignorable, 1).replace("</worksheet>", tail)


def utf16(data: bytes) -> bytes:
    xml = parts(data)[SHEET].decode().replace('encoding="UTF-8"', 'encoding="UTF-16"')
    return replace_parts(data, {SHEET: xml.encode("utf-16")})


def _content_type(data: bytes, kind: str) -> bytes:
    return edited(data, lambda xml: xml.replace(f"{TYPE}.sheet.main+xml", kind), "[Content_Types].xml")


def streamed(data: bytes) -> bytes:
    """The zip as a program writes it that cannot go back: sizes behind the parts; and a needless zip64 field."""

    class Pipe(io.BytesIO):
        def seekable(self) -> bool:
            return False

    out = Pipe()
    with zipfile.ZipFile(out, "w") as package:
        for name, content in parts(data).items():
            info = zipfile.ZipInfo(name)
            info.compress_type = zipfile.ZIP_STORED if name.startswith("docProps") else zipfile.ZIP_DEFLATED
            with package.open(info, "w", force_zip64=True) as stream:
                stream.write(content)
    return out.getvalue()


def by_openpyxl() -> bytes:
    book = openpyxl.load_workbook(io.BytesIO(made(_printed, _protected)))
    page = book["Table"]
    page["D2"].comment = Comment("count the biases", "TA")
    page["A1"].hyperlink = "https://example.org"
    page.column_dimensions.group("H", "J", hidden=True)
    book.create_chartsheet("Picture").add_chart(BarChart())
    book.security = WorkbookProtection(lockStructure=True)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


WITH_MACROS = "application/vnd.ms-excel.{}.macroEnabled.main+xml"
TEMPLATES: dict[str, Callable[[], bytes]] = {
    "drawings.xlsx": lambda: made(_drawings),
    "controls.xlsx": lambda: made(_controls),
    "comments.xlsx": lambda: made(_comments),
    "rich.xlsx": lambda: made(_rich),
    "conditional.xlsx": lambda: made(_conditional),
    "formulas.xlsx": lambda: made(_formulas),
    "shared_formulas.xlsx": lambda: edited(made(), _shared_formulas),
    "table.xlsx": lambda: made(_table),
    "merged.xlsx": lambda: made(_merged),
    "protected.xlsx": lambda: made(_protected),
    "printed.xlsx": lambda: made(_printed),
    "date1904.xlsx": lambda: made(options={"date_1904": True}),
    "inline_strings.xlsx": lambda: made(_rich, options={"constant_memory": True}),
    "macros.xlsm": lambda: made(_macros, _controls),
    "signed_macros.xlsm": _signed_macros,
    "template.xltx": lambda: _content_type(made(), f"{TYPE}.template.main+xml"),
    "template.xltm": lambda: edited(
        made(_macros),
        lambda xml: xml.replace(WITH_MACROS.format("sheet"), WITH_MACROS.format("template")),
        "[Content_Types].xml",
    ),
    "threaded_comments.xlsx": _threaded_comments,
    "form_controls.xlsx": _form_controls,
    "slicer.xlsx": _slicer,
    "bytes_of_others.xlsx": _bytes_of_others,
    "strict.xlsx": lambda: strict(_uncalculated(made(_drawings, _comments, _formulas))),
    "prefixed.xlsx": lambda: prefixed(_uncalculated(made(_conditional))),
    "without_references.xlsx": lambda: without_references(made()),
    "odd_xml.xlsx": lambda: edited(made(), _odd_xml),
    "utf16.xlsx": lambda: utf16(made(_rich)),
    "streamed.xlsx": lambda: streamed(made(_comments)),
    "openpyxl.xlsx": by_openpyxl,
    "everything.xlsx": lambda: made(_drawings, _comments, _rich, _conditional, _formulas, _table),
}
