"""Hostile and broken files, each named for its attack; all made from one honest hand-in, equal bytes every time.

    python tests/hostile/make.py FOLDER     writes them, to look at

``CASES`` gives for each file its bytes and what is to be said of it: ``MARKED`` where the attack does nothing and the
honest answers count, ``Told`` where they count but for what is said of conv1's height, else words of the reason.
What is to be said of a file twice is the same (test_corpus.py).
"""

from __future__ import annotations

import io
import random
import re
import struct
import sys
import zipfile
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[2]))

from sheetgen.sheet import lay_out
from sheetgen.spec import load
from tests import sample_class

WRITTEN = "sheetgen-hostile-3f81c0"  # what the attacks would write, and nothing else is called
MARKED = "marked"
ANY = ""  # that it is damaged, or marks: bytes flipped at random may hit anything
SHEET, BOOK, RELS = "xl/worksheets/sheet1.xml", "xl/workbook.xml", "xl/_rels/workbook.xml.rels"
SLOW = "reading it takes more than"  # of time, or of memory
ENDED = "reading it ended the program"
Content = str | bytes


@dataclass(frozen=True, slots=True)
class Told:
    """What is said of an answer in a hand-in that is marked: its ``status``, and ``words`` of feedback or notes."""

    status: str
    words: str


def stored(words: str) -> Told:
    """The stored value counts, and ``words`` say what is odd about it."""
    return Told("correct", words)


Wanted = str | Told


def honest() -> bytes:
    """A hand-in in which all is right."""
    described = load("alexnet")
    sheet = lay_out(described)
    return sample_class.hand_in(described, sheet, sample_class.right_answers(sheet))


@dataclass(frozen=True, slots=True)
class Base:
    """The honest hand-in, and ways to spoil it."""

    data: bytes
    parts: Mapping[str, bytes]

    @classmethod
    def read(cls, data: bytes) -> Base:
        with zipfile.ZipFile(io.BytesIO(data)) as opened:
            return cls(data, {name: opened.read(name) for name in opened.namelist()})

    def with_parts(self, **parts: Content) -> bytes:
        names = {"sheet": SHEET, "book": BOOK, "rels": RELS, "strings": "xl/sharedStrings.xml"}
        return zipped({**self.parts, **{names.get(key, key): content for key, content in parts.items()}})

    def replaced(self, part: str, old: str, new: str) -> bytes:
        text = self.parts[part].decode()
        assert old in text, f"{part} has no {old}"
        return zipped({**self.parts, part: text.replace(old, new, 1)})

    def rows(self, rows: str) -> bytes:
        """With these rows below the table."""
        return self.replaced(SHEET, "</sheetData>", rows + "</sheetData>")

    def cell(self, content: str, rows: str = "", attributes: str = "", at: str = "G7") -> bytes:
        """With this in the cell of conv1's height, and these rows below the table."""
        text, count = re.subn(
            rf'<c r="{at}"[^>]*>.*?</c>',
            lambda _: f'<c r="{at}"{attributes}>{content}</c>',
            self.parts[SHEET].decode(),
            count=1,
        )
        assert count == 1
        return zipped({**self.parts, SHEET: text.replace("</sheetData>", rows + "</sheetData>")})

    def formula(self, formula: str, rows: str = "") -> bytes:
        return self.cell(f"<f>{formula}</f><v>55</v>", rows)

    def beside(self, sheet: Content, formula: str) -> bytes:
        """With this part as a third sheet, Data, and this formula for conv1's height."""
        book = (
            self.parts[BOOK]
            .decode()
            .replace("</sheets>", f'<sheet name="Data" sheetId="99" xmlns:r="{_OFFICE}" r:id="rId99"/></sheets>')
        )
        more = f'<Relationship Type="{_OFFICE}/worksheet" Target="worksheets/data.xml" Id="rId99"/></Relationships>'
        rels = self.parts[RELS].decode().replace("</Relationships>", more)
        more_parts: dict[str, Content] = {"book": book, "rels": rels, "xl/worksheets/data.xml": sheet}
        return Base.read(self.with_parts(**more_parts)).formula(formula)

    def strings(self, items: str, attributes: str = "") -> bytes:
        """With a table of shared strings, which the cell of conv1's height refers to."""
        names = f'<Relationship Type="{_OFFICE}/sharedStrings" Target="sharedStrings.xml" Id="rId99"/></Relationships>'
        table = f'<sst xmlns="{_MAIN}"{attributes}>{items}</sst>'
        text = re.sub(r'<c r="G7"[^>]*>.*?</c>', '<c r="G7" t="s"><v>0</v></c>', self.parts[SHEET].decode())
        rels = self.parts[RELS].decode().replace("</Relationships>", names)
        return self.with_parts(strings=table, rels=rels, sheet=text)


_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"


# -- zips ------------------------------------------------------------------------------------------------------------


def zipped(parts: Mapping[str, Content]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as target:
        for name, content in parts.items():
            target.writestr(_dated(name), content, zipfile.ZIP_DEFLATED)
    return out.getvalue()


def _dated(name: str) -> zipfile.ZipInfo:
    return zipfile.ZipInfo(name, (2000, 1, 1, 0, 0, 0))


def _raw_zip(entries: list[tuple[bytes, bytes]], listed: list[tuple[bytes, int]] | None = None) -> bytes:
    """A zip made by hand: its stored entries, and a directory of names and which entry each denotes."""
    out, places = bytearray(), []
    for name, content in entries:
        places.append(len(out))
        sums = (zlib.crc32(content), len(content), len(content))
        out += struct.pack("<4s5H3I2H", b"PK\3\4", 20, 0, 0, 0, 33, *sums, len(name), 0) + name + content
    start = len(out)
    listed = listed if listed is not None else [(name, number) for number, (name, _) in enumerate(entries)]
    for name, number in listed:
        content = entries[number][1]
        sums = (zlib.crc32(content), len(content), len(content))
        out += struct.pack(
            "<4s6H3I5H2I", b"PK\1\2", 20, 20, 0, 0, 0, 33, *sums, len(name), 0, 0, 0, 0, 0, places[number]
        )
        out += name
    count = min(len(listed), 0xFFFF)
    return bytes(out + struct.pack("<4s4H2IH", b"PK\5\6", 0, 0, count, count, len(out) - start, start, 0))


def _with_name(base: Base, name: str) -> bytes:
    return zipped({**base.parts, name: "x"})


def _lying(base: Base) -> bytes:
    """A bomb of 40 MiB whose headers say 100 bytes."""
    bomb = base.with_parts(sheet=b" " * (40 * 2**20))
    return bomb.replace(struct.pack("<I", 40 * 2**20), struct.pack("<I", 100))


def _twice(base: Base) -> bytes:
    return _raw_zip([*((name.encode(), data) for name, data in base.parts.items()), (SHEET.encode(), b"<x/>")])


def _overlapping(base: Base) -> bytes:
    """One bomb that a thousand names denote."""
    entries = [(name.encode(), data) for name, data in base.parts.items()]
    names = [(name, number) for number, (name, _) in enumerate(entries)]
    return _raw_zip(entries, [*names, *((b"xl/%d.xml" % i, 0) for i in range(1000))])


def _nested(data: bytes, times: int) -> bytes:
    for _ in range(times):
        data = zipped({"inner.xlsx": data})
    return data


ZIPS: dict[str, tuple[Callable[[Base], bytes], Wanted]] = {
    "deflate-bomb": (lambda b: b.with_parts(sheet=b" " * (100 * 2**20)), "unpacks to 100 MiB, more than 250 times"),
    "deflate-bomb-in-many-parts": (
        lambda b: zipped({**b.parts, **{f"xl/{i}.xml": b" " * (15 * 2**20) for i in range(18)}}),
        "unpacks to more than 256 MiB",
    ),
    "deflate-bomb-that-lies": (_lying, "damaged"),
    "nested-zip": (lambda b: _nested(b.data, 1), "a zip archive that holds inner.xlsx"),
    "nested-zip-of-fifty": (lambda b: _nested(b.data, 50), "a zip archive that holds inner.xlsx"),
    "overlapping-zip": (_overlapping, "overlaps another"),
    "hundred-thousand-entries": (
        lambda _: _raw_zip([(b"%d" % i, b"") for i in range(100_000)]),
        "more than 10,000 parts",
    ),
    "traversal-name": (lambda b: _with_name(b, f"../../../tmp/{WRITTEN}"), "leads out of the file"),
    "traversal-inside": (lambda b: _with_name(b, f"xl/../../{WRITTEN}"), "leads out of the file"),
    "traversal-backslash": (lambda b: _with_name(b, f"xl\\..\\..\\{WRITTEN}"), "leads out of the file"),
    "absolute-name": (lambda b: _with_name(b, f"/tmp/{WRITTEN}"), "leads out of the file"),
    "drive-name": (lambda b: _with_name(b, f"C:/{WRITTEN}"), "leads out of the file"),
    "nul-in-a-name": (
        lambda b: _raw_zip([*((n.encode(), d) for n, d in b.parts.items()), (b"xl/x\0.xml", b"")]),
        "leads out of the file",
    ),
    "two-parts-of-one-name": (_twice, "is in the file twice"),
}


def _noise(characters: int, seed: int = 2) -> str:
    """Text that does not pack tightly."""
    return random.Random(seed).randbytes(characters // 2 + 1).hex()[:characters]


# -- XML -------------------------------------------------------------------------------------------------------------

_XXE = '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>'
_LAUGHS = "<!DOCTYPE x [" + "".join(f'<!ENTITY e{i} "{f"&e{i - 1};" * 10 if i else "ha"}">' for i in range(10)) + "]>"


def _spoilt(base: Base, part: str, doctype: str, entity: str) -> bytes:
    text = re.sub(r"<\?xml.*?\?>", "", base.parts[part].decode())
    return zipped({**base.parts, part: doctype + text.replace("The layers of AlexNet", f"&{entity};")})


def _utf16(base: Base) -> bytes:
    text = _XXE + base.parts[SHEET].decode().replace("The layers of AlexNet", "&e;")
    return base.with_parts(sheet='<?xml version="1.0" encoding="UTF-16"?>'.encode("utf-16") + text.encode("utf-16-le"))


_EMPTY = "".join(f'<row r="{row}"/>' for row in range(100, 1_048_577))
_STRINGS = "".join(f"<si><t>{i}</t></si>" for i in range(1_000_000))
_PHONETIC = '<si><t>55</t><rPh sb="0" eb="1"><t>66</t></rPh></si>'

XML: dict[str, tuple[Callable[[Base], bytes], Wanted]] = {
    "xxe-sheet": (lambda b: _spoilt(b, SHEET, _XXE, "e"), "has a DTD"),
    "xxe-workbook": (lambda b: _spoilt(b, BOOK, _XXE, "e"), "has a DTD"),
    "xxe-parameter-entity": (
        lambda b: _spoilt(b, SHEET, '<!DOCTYPE x [<!ENTITY % p SYSTEM "http://127.0.0.1:9/x.dtd"> %p;]>', "amp"),
        "has a DTD",
    ),
    "xxe-utf-16": (_utf16, "has a DTD"),
    "billion-laughs": (lambda b: _spoilt(b, SHEET, _LAUGHS, "e9"), "has a DTD"),
    "elements-a-million-deep": (
        lambda b: b.with_parts(sheet="<a>" * 1_000_000 + "</a>" * 1_000_000),
        "damaged XML",
    ),
    "attribute-of-11-mib": (
        lambda b: b.replaced(SHEET, '<row r="1"', f'<row x="{_noise(11 * 2**20)}" r="1"'),
        "damaged XML",
    ),
    "a1-and-xfd1048576": (
        lambda b: b.rows('<row r="1048576"><c r="A1048576"><v>1</v></c><c r="XFD1048576"><v>1</v></c></row>'),
        MARKED,
    ),
    "million-empty-rows": (lambda b: b.rows(_EMPTY), MARKED),
    "million-shared-strings": (lambda b: b.strings("<si><t>55</t></si>" + _STRINGS), "more than 2,000,000 XML tags"),
    "false-unique-count": (
        lambda b: b.strings(_PHONETIC, ' count="4294967295" uniqueCount="4294967295"'),
        MARKED,
    ),
    "merge-of-the-whole-sheet": (
        lambda b: b.replaced(
            SHEET, "</sheetData>", '</sheetData><mergeCells><mergeCell ref="A1:XFD1048576"/></mergeCells>'
        ),
        MARKED,
    ),
    "row-out-of-range": (lambda b: b.rows('<row r="1048577"/>'), "there is no row '1048577'"),
    "row-zero": (lambda b: b.rows('<row r="0"/>'), "there is no row '0'"),
    "row-of-a-thousand-digits": (lambda b: b.rows(f'<row r="{"9" * 1000}"/>'), "there is no row"),
    "column-out-of-range": (lambda b: b.rows('<row r="100"><c r="XFE100"/></row>'), "there is no cell 'XFE100'"),
    "row-twice": (lambda b: b.rows('<row r="7"/>'), "row 7 is there twice"),
    "cell-twice": (
        lambda b: b.rows('<row r="100"><c r="A100"><v>1</v></c><c r="A100"><v>2</v></c></row>'),
        "the cell A100 is there twice",
    ),
    "string-out-of-range": (lambda b: b.cell("<v>4000000000</v>", attributes=' t="s"'), "holds text number 4000000000"),
    "nan": (lambda b: b.cell("<v>NaN</v>"), "unreadable"),
    "infinity": (lambda b: b.cell("<v>Infinity</v>"), "unreadable"),
    "number-too-large": (lambda b: b.cell("<v>1e999</v>"), "unreadable"),
    "number-of-a-million-digits": (lambda b: b.cell(f"<v>{'9' * 1_000_000}</v>"), "unreadable"),
    "cells-of-32767-characters": (
        lambda b: b.cell(
            f"<is><t>{'9' * 32_767}</t></is>",
            "".join(
                f'<row r="{row}"><c t="inlineStr"><is><t>{_noise(32_767)}</t></is></c></row>' for row in range(100, 300)
            ),
            ' t="inlineStr"',
        ),
        "unreadable",
    ),
    "cell-of-12-million-characters": (
        lambda b: b.cell(
            "<is>" + "".join(f"<t>{_noise(10**6, seed)}</t>" for seed in range(12)) + "</is>", "", ' t="inlineStr"'
        ),
        "unreadable",
    ),
    "names-by-the-ten-thousand": (
        lambda b: b.replaced(
            BOOK,
            "</definedNames>",
            "".join(f'<definedName name="n{i}">Table!$A${i}</definedName>' for i in range(1, 50_000))
            + "</definedNames>",
        ),
        MARKED,
    ),
    "sheets-by-the-thousand": (
        lambda b: b.replaced(
            BOOK,
            "</sheets>",
            "".join(f'<sheet name="s{i}" sheetId="{i}" xmlns:r="{_OFFICE}" r:id="rId1"/>' for i in range(3, 3000))
            + "</sheets>",
        ),
        MARKED,
    ),
}


# -- formulas --------------------------------------------------------------------------------------------------------


def _column(formulas: list[str], first: int = 100) -> str:
    return "".join(f'<row r="{row}"><c r="A{row}"><f>{text}</f></c></row>' for row, text in enumerate(formulas, first))


def _chain(length: int) -> str:
    return _column(["1", *(f"A{row}+1" for row in range(100, 99 + length))])


def _million() -> str:
    chance = random.Random(5)
    rows = (
        f"<row>{''.join(f'<c><v>{chance.getrandbits(20)}</v></c>' for _ in range(110))}</row>" for _ in range(10_000)
    )
    return f'<worksheet xmlns="{_MAIN}"><sheetData>{"".join(rows)}</sheetData></worksheet>'


def _numbers(count: int) -> str:
    return "".join(f'<row r="{row}"><c r="A{row}"><v>{row}</v></c></row>' for row in range(20_000, 20_000 + count))


FORMULAS: dict[str, tuple[Callable[[Base], bytes], Wanted]] = {
    "text-doubled-forty-times": (
        lambda b: b.formula("LEN(A140)", _column(['"xxxxxxxx"', *(f"A{r}&amp;A{r}" for r in range(100, 140))])),
        ENDED,
    ),
    "sumproduct-of-20000-x-20000": (
        lambda b: b.formula("SUMPRODUCT((A20000:A39999&gt;=TRANSPOSE(A20000:A39999))*1)", _numbers(20_000)),
        SLOW,
    ),
    "chain-of-100000": (lambda b: b.formula("A100099", _chain(100_000)), "at most 20,000 are recalculated"),
    "chain-of-3000": (lambda b: b.formula("A3099*0+55", _chain(3000)), MARKED),
    "chain-backwards": (
        lambda b: b.formula("A100", _column([*(f"A{row + 1}+0" for row in range(100, 3000)), "55"])),
        MARKED,
    ),
    "circle": (
        lambda b: b.formula("A100", _column(["A101", "A100"])),
        Told("unreadable", "its cells refer to each other in a circle"),
    ),
    "circle-with-itself": (
        lambda b: b.formula("G7+1"),
        Told("unreadable", "its cells refer to each other in a circle"),
    ),
    "volatile": (
        lambda b: b.formula("NOW()+RAND()+TODAY()*0"),
        stored("uses NOW, whose value no recalculation can confirm"),
    ),
    "rept": (
        lambda b: b.formula('LEN(REPT("x",1000000000))'),
        stored("programs differ in how long a text may be (REPT). The stored value 55 counts."),
    ),
    "rept-of-rept": (
        lambda b: b.formula('LEN(REPT(REPT(REPT("x",32767),32767),32767))'),
        stored("programs differ in how long a text may be (REPT). The stored value 55 counts."),
    ),
    "sequence": (
        lambda b: b.formula("SUM(_xlfn.SEQUENCE(1048576,16384))"),
        stored("One recalculation gives #NUM!, which no second one confirms. The stored value 55 counts."),
    ),
    "power-tower": (lambda b: b.formula("9^9^9^9^9"), Told("unreadable", "The formula gives #NUM!.")),
    "factorial": (
        lambda b: b.formula("FACT(1000000000)+COMBIN(1000000000,500000000)"),
        Told("unreadable", "The formula gives #NUM!."),
    ),
    "webservice": (
        lambda b: b.formula('WEBSERVICE("http://127.0.0.1:{port}/")'),
        stored("asks for something outside of the workbook (WEBSERVICE), which is not done here"),
    ),
    "hyperlink": (
        lambda b: b.formula('HYPERLINK("http://127.0.0.1:{port}/",55)'),
        stored("holds a link (HYPERLINK), which is not followed"),
    ),
    "image": (
        lambda b: b.formula('_xlfn.IMAGE("http://127.0.0.1:{port}/")'),
        stored("asks for something outside of the workbook (IMAGE), which is not done here"),
    ),
    "indirect": (
        lambda b: b.formula('INDIRECT("A"&amp;RANDBETWEEN(1,1048576))'),
        stored("uses INDIRECT, so that which cells it reads cannot be told from it"),
    ),
    "indirect-to-a-file": (
        lambda b: b.formula("INDIRECT(\"'file:///etc/passwd'#$A.A1\")"),
        stored("INDIRECT may name another workbook, which is not opened. The stored value 55 counts."),
    ),
    "dde": (
        lambda b: b.formula(f"cmd|'/C touch {WRITTEN}'!A0"),
        stored("asks for something outside of the workbook (DDE), which is not done here"),
    ),
    "other-workbook": (
        lambda b: b.formula("'/etc/[passwd]Sheet1'!A1"),
        stored("takes its number only from another workbook ('/etc/[passwd]Sheet1'!A1), which is not opened"),
    ),
    "parentheses-4000-deep": (
        lambda b: b.formula("(" * 4000 + "1" + ")" * 4000),
        stored("cannot be recalculated here: it cannot be read here. The stored value 55 counts."),
    ),
    "minus-8000-times": (
        lambda b: b.formula("-" * 8000 + "1"),
        stored("A recalculation gives 1, but may be wrong: it cannot be read here. The stored value 55 counts."),
    ),
    "shared-formula-bomb": (
        lambda b: b.rows(
            f'<row r="100"><c r="A100"><f t="shared" si="0" ref="A100:A9000">"{"x" * 8000}"&amp;A1</f></c></row>'
            + "".join(f'<row r="{r}"><c r="A{r}"><f t="shared" si="0"/></c></row>' for r in range(101, 9000))
        ),
        "its shared formulas are too long",
    ),
    "damaged-sheet-that-no-answer-reads": (lambda b: b.beside("<worksheet", "5*11"), MARKED),
    "damaged-sheet-that-an-answer-reads": (lambda b: b.beside("<worksheet", "Data!A1"), "data.xml is damaged XML"),
    "million-cells-that-no-answer-reads": (lambda b: b.beside(_million(), "5*11"), MARKED),
    "number-beyond-64-bits": (
        lambda b: b.formula("A100*0+55", f'<row r="100"><c r="A100"><v>{10**30}</v></c></row>'),
        MARKED,
    ),
    "array-over-the-whole-sheet": (
        lambda b: b.cell('<f t="array" ref="A1:XFD1048576">ROW(A1:XFD1048576)</f><v>55</v>'),
        stored("its cells refer to each other in a circle. The stored value 55 counts."),
    ),
}


# -- what is no workbook, or not only one ----------------------------------------------------------------------------

_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600


def _ods(table: str) -> bytes:
    names = ("office", "table", "text")
    spaces = " ".join(f'xmlns:{n}="urn:oasis:names:tc:opendocument:xmlns:{n}:1.0"' for n in names)
    body = f'<table:table table:name="Table">{table}</table:table>'
    content = (
        f"<office:document-content {spaces}><office:body><office:spreadsheet>{body}"
        "</office:spreadsheet></office:body></office:document-content>"
    )
    kind = b"application/vnd.oasis.opendocument.spreadsheet"
    listed = (
        '<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"><manifest:file-entry '
        f'manifest:full-path="/" manifest:media-type="{kind.decode()}"/></manifest:manifest>'
    )
    return _raw_zip(
        [(b"mimetype", kind), (b"content.xml", content.encode()), (b"META-INF/manifest.xml", listed.encode())]
    )


_ODS_CELL = '<table:table-cell office:value-type="float" office:value="1"><text:p>1</text:p></table:table-cell>'


def _binary(base: Base) -> bytes:
    rels = base.parts["_rels/.rels"].decode().replace("workbook.xml", "workbook.bin")
    return zipped({**base.parts, "_rels/.rels": rels, "xl/workbook.bin": b"\x83\x01\0"})


def _macro(base: Base) -> bytes:
    types = base.parts["[Content_Types].xml"].decode()
    plain, macro = "openxmlformats-officedocument.spreadsheetml.sheet.main", "ms-excel.sheet.macroEnabled.main"
    assert plain in types
    return zipped({**base.parts, "[Content_Types].xml": types.replace(plain, macro), "xl/vbaProject.bin": _OLE})


OTHERS: dict[str, tuple[Callable[[Base], bytes], Wanted]] = {
    "empty": (lambda _: b"", "the file is empty"),
    "encrypted": (lambda _: _OLE + "EncryptedPackage".encode("utf-16-le"), "protected by a password"),
    "old-xls": (lambda _: _OLE + "Workbook".encode("utf-16-le"), "an old .xls workbook"),
    "csv": (
        lambda _: b"layer;parameters\nconv1;34944\n",
        "plain text, not a workbook; hand in the .xlsx. Read as a .csv: the table is not in it",
    ),
    "html": (lambda _: b"<!DOCTYPE html><html><body>Log in</body></html>", "an HTML page"),
    "html-table": (lambda _: b"<table><tr><td>1</td></tr></table>", "an HTML page"),
    "pdf": (lambda _: b"%PDF-1.7\n" + bytes(range(256)) * 4, "a PDF"),
    "excel-2003-xml": (lambda _: b'<?xml version="1.0"?><?mso-application progid="Excel.Sheet"?>', "Excel 2003"),
    "noise": (lambda _: random.Random(1).randbytes(5000), "not an .xlsx workbook"),
    "xlsb": (_binary, "a binary workbook (.xlsb)"),
    "macro": (_macro, MARKED),
    "csv-of-commas": (lambda _: b"," * 2**20, "more than 500,000 cells"),
    "csv-of-lines": (lambda _: b"\n" * 2**20, "more than 500,000 cells"),
    "csv-of-one-field": (lambda _: b'a,"' + b"x" * 2**20, "is a quotation mark left open?"),
    "csv-of-columns": (lambda _: b"1," * 20_000, "larger than a sheet"),
    "ods-a1-and-xfd1048576": (
        lambda _: _ods(
            f'<table:table-row>{_ODS_CELL}</table:table-row><table:table-row table:number-rows-repeated="1048574">'
            "<table:table-cell/></table:table-row><table:table-row>"
            f'<table:table-cell table:number-columns-repeated="16383"/>{_ODS_CELL}</table:table-row>'
        ),
        "the .ods is damaged",
    ),
    "ods-rows-repeated": (
        lambda _: _ods(f'<table:table-row table:number-rows-repeated="4294967295">{_ODS_CELL}</table:table-row>'),
        "more than 500,000 cells",
    ),
    "ods-columns-repeated": (
        lambda _: _ods(
            "<table:table-row>"
            + _ODS_CELL.replace("<table:table-cell", '<table:table-cell table:number-columns-repeated="4000000000"')
            + "</table:table-row>"
        ),
        "the table is not in it",
    ),
    "ods-of-nothing": (lambda _: _ods(""), "the table is not in it"),
}


def _truncated(sixteenth: int) -> Callable[[Base], bytes]:
    return lambda base: base.data[: len(base.data) * sixteenth // 16]


def _flipped(seed: int) -> Callable[[Base], bytes]:
    def flip(base: Base) -> bytes:
        chance, data = random.Random(seed), bytearray(base.data)
        for _ in range(chance.randint(1, 12)):
            data[chance.randrange(len(data))] = chance.randrange(256)
        return bytes(data)

    return flip


def _flipped_xml(seed: int) -> Callable[[Base], bytes]:
    """The same inside the parts, where no checksum sees it."""

    def flip(base: Base) -> bytes:
        chance = random.Random(seed)
        name = chance.choice([SHEET, BOOK, RELS, "_rels/.rels"])
        data = bytearray(base.parts[name])
        for _ in range(chance.randint(1, 4)):
            data[chance.randrange(len(data))] = chance.choice(b'<>"&/ 0A9:=')
        return zipped({**base.parts, name: bytes(data)})

    return flip


CASES: dict[str, tuple[Callable[[Base], bytes], Wanted]] = {
    **ZIPS,
    **XML,
    **FORMULAS,
    **OTHERS,
    **{f"truncated-{n:02}-16": (_truncated(n), "cut short or damaged") for n in range(1, 16)},
    **{f"flipped-{seed:02}": (_flipped(seed), ANY) for seed in range(40)},
    **{f"flipped-xml-{seed:02}": (_flipped_xml(seed), ANY) for seed in range(40)},
}


def write(folder: Path, port: int = 9) -> list[str]:
    """Every case into ``folder`` as NAME.xlsx; those that call home call ``port`` of this machine."""
    base = Base.read(honest())
    for name, (make, _) in CASES.items():
        data = make(base)
        if name in ("webservice", "hyperlink", "image"):
            parts = Base.read(data).parts
            data = zipped({**parts, SHEET: parts[SHEET].replace(b"{port}", b"%d" % port)})
        (folder / f"{name}.xlsx").write_bytes(data)
    return list(CASES)


if __name__ == "__main__":
    target = Path(sys.argv[1])
    target.mkdir(parents=True, exist_ok=True)
    print(len(write(target)), "files")
