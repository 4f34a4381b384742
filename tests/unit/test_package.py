"""Reading a workbook: what stands in its cells, and that no bytes do worse than BrokenPackage."""

from __future__ import annotations

import functools
import io
import zipfile

import openpyxl
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from openpyxl.workbook.defined_name import DefinedName

from sheetgen.workbook import archive, package
from sheetgen.workbook.package import BrokenPackage, Cell, Package, Place, address, parse_address, replace_parts
from sheetgen.workbook.package import translate as moved

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
STRICT_MAIN = "http://purl.oclc.org/ooxml/spreadsheetml/main"
STRICT_OFFICE = "http://purl.oclc.org/ooxml/officeDocument/relationships"
RELS = "http://schemas.openxmlformats.org/package/2006/relationships"


def zipped(parts: dict[str, str | bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as target:
        for name, content in parts.items():
            target.writestr(zipfile.ZipInfo(name), content)
    return out.getvalue()


def rels(office: str, *targets: tuple[str, str, str]) -> str:
    body = "".join(f'<Relationship Id="{i}" Type="{office}/{kind}" Target="{t}"/>' for i, kind, t in targets)
    return f'<Relationships xmlns="{RELS}">{body}</Relationships>'


def parts(
    rows: str, main: str = MAIN, office: str = OFFICE, names: str = "", strings: str = ""
) -> dict[str, str | bytes]:
    return {
        "_rels/.rels": rels(office, ("r1", "officeDocument", "xl/workbook.xml")),
        "xl/workbook.xml": f'<workbook xmlns="{main}" xmlns:r="{office}"><sheets><sheet name="S" sheetId="1" r:id="a"/>'
        f"</sheets>{names}</workbook>",
        "xl/_rels/workbook.xml.rels": rels(
            office, ("a", "worksheet", "worksheets/s.xml"), ("b", "sharedStrings", "/xl/strings.xml")
        ),
        "xl/worksheets/s.xml": f'<worksheet xmlns="{main}"><sheetData>{rows}</sheetData></worksheet>',
        "xl/strings.xml": f'<sst xmlns="{main}">{strings}</sst>',
    }


def cells(rows: str, strings: str = "") -> dict[str, Cell]:
    read = Package.read(zipped(parts(rows, strings=strings))).cells("S")
    return {address(*at): cell for at, cell in read.items()}


def broken(data: bytes) -> str:
    """The sentence that reading all of it ends in."""
    with pytest.raises(BrokenPackage) as caught:
        read_all(data)
    return str(caught.value)


def read_all(data: bytes) -> None:
    package = Package.read(data)
    for entry in package.sheets:
        package.cells(entry.name)
        package.areas(entry.name)


@functools.cache
def ordinary() -> bytes:
    workbook = openpyxl.Workbook()
    sheet = workbook.active
    assert sheet is not None
    sheet.title = "My 'S'"
    sheet["A1"], sheet["B2"], sheet["C3"], sheet["D4"], sheet["E5"] = 34848, "=A1*2", "text", 1.5, True
    workbook.create_sheet("Hidden").sheet_state = "hidden"
    workbook.defined_names["conv1.weights"] = DefinedName("conv1.weights", attr_text="'My ''S'''!$B$2")
    workbook.defined_names["area"] = DefinedName("area", attr_text="'My ''S'''!$B$2:$C$3")
    workbook.defined_names["relative"] = DefinedName("relative", attr_text="'My ''S'''!B2")
    workbook.worksheets[1].defined_names["own"] = DefinedName("own", attr_text="Hidden!$A$7")
    workbook.worksheets[1].defined_names["conv1.weights"] = DefinedName("conv1.weights", attr_text="Hidden!$A$8")
    out = io.BytesIO()
    workbook.save(out)
    return out.getvalue()


def test_an_ordinary_workbook() -> None:
    package = Package.read(ordinary())
    assert [(s.name, s.hidden) for s in package.sheets] == [("My 'S'", False), ("Hidden", True)]
    assert package.cells("my 's'") == {
        (1, 1): Cell("number", 34848),
        (2, 2): Cell("blank", None, "A1*2"),
        (3, 3): Cell("text", "text"),
        (4, 4): Cell("number", 1.5),
        (5, 5): Cell("boolean", True),
    }
    assert dict(package.names) == {"conv1.weights": Place("My 'S'", 2, 2), "own": Place("Hidden", 7, 1)}
    assert package.place("CONV1.Weights") == Place("My 'S'", 2, 2)
    assert package.place("conv1.weights", "hidden") == Place("Hidden", 8, 1)
    assert package.place("OWN") == Place("Hidden", 7, 1)
    assert package.place("area") is None
    assert str(Place("My 'S'", 4, 12)) == "'My ''S'''!L4"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("34848", Cell("number", 34848)),
        ("34848.0", Cell("number", 34848)),
        ("1.057056E8", Cell("number", 105705600)),
        ("16777217", Cell("number", 16777217)),
        ("9007199254740993", Cell("number", 9007199254740993)),
        ("0.1", Cell("number", 0.1)),
        ("NaN", Cell("error", "#NUM!")),
        ("Infinity", Cell("error", "#NUM!")),
        ("1e999", Cell("error", "#NUM!")),
        ("1_000", Cell("error", "#NUM!")),
        ("1<!-- cut -->2", Cell("number", 12)),
    ],
)
def test_numbers(text: str, expected: Cell) -> None:
    found = cells(f"<row><c><v>{text}</v></c></row>")["A1"]
    assert found == expected
    assert type(found.value) is type(expected.value)


def test_kinds() -> None:
    rows = """<row r="2"><c r="B2" t="s"><v>0</v></c><c t="inlineStr"><is><r><t>in</t></r><r><t>line</t></r></is></c>
    <c t="str"><f>"a"</f><v>a_x0041_</v></c><c t="b"><v>1</v></c><c t="e"><f>=1/0</f><v>#DIV/0!</v></c>
    <c t="d"><v>2024-01-02T12:00:00</v></c><c s="1"/></row><row><c><v>7</v></c></row>"""
    strings = "<si><r><rPr><b/></rPr><t>ri</t></r><r><t>ch</t></r><rPh sb='0' eb='1'><t>NO</t></rPh></si>"
    assert cells(rows, strings) == {
        "B2": Cell("text", "rich"),
        "C2": Cell("text", "inline"),
        "D2": Cell("text", "aA", '"a"'),
        "E2": Cell("boolean", True),
        "F2": Cell("error", "#DIV/0!", "1/0"),
        "G2": Cell("number", 45293.5),
        "A3": Cell("number", 7),
    }


def test_shared_and_array_formulas() -> None:
    rows = """<row r="1"><c r="B1"><f t="shared" si="0" ref="B1:C2">A1*$A$1+LOG10(A1)&amp;"A1"</f></c>
    <c r="C1"><f t="shared" si="0"/><v>3</v></c></row><row r="2"><c r="B2"><f t="shared" si="0"/></c>
    <c r="D2"><f t="array" ref="D2:D3">A1:A2*2</f></c></row>"""
    assert {at: cell.formula for at, cell in cells(rows).items()} == {
        "B1": 'A1*$A$1+LOG10(A1)&"A1"',
        "C1": 'B1*$A$1+LOG10(B1)&"A1"',
        "B2": 'A2*$A$1+LOG10(A2)&"A1"',
        "D2": "A1:A2*2",
    }
    (area,) = Package.read(zipped(parts(rows))).areas("S")
    assert (3, 4) in area
    assert (4, 4) not in area


@pytest.mark.parametrize(
    ("formula", "expected"),
    [
        ("SUM(A1:$B$2)", "SUM(C2:$B$2)"),
        ("A1E5+1E5+AB1(2)", "A1E5+1E5+AB1(2)"),
        ("Sheet1!A1+'A1'!A1+A1!B1", "Sheet1!C2+'A1'!C2+A1!D2"),
        ("1:1+$2:2+A:$A", "2:2+$2:3+C:$A"),
        ("Table1[[#This Row],[A1]]", "Table1[[#This Row],[A1]]"),
        ("XFD1+A1048576", "#REF!+#REF!"),
    ],
)
def test_translation(formula: str, expected: str) -> None:
    assert moved(formula, 1, 2) == expected


def test_strict_and_prefixed_namespaces() -> None:
    strict = parts("<row><c><v>1</v></c></row>", STRICT_MAIN, STRICT_OFFICE)
    assert Package.read(zipped(strict)).cells("S") == {(1, 1): Cell("number", 1)}
    prefixed = parts("")
    prefixed["xl/worksheets/s.xml"] = (
        f'<x:worksheet xmlns:x="{MAIN}"><x:sheetData><x:row r="3"><x:c><x:f>1+1</x:f><x:v>2</x:v></x:c></x:row>'
        "</x:sheetData></x:worksheet>"
    )
    assert Package.read(zipped(prefixed)).cells("S") == {(3, 1): Cell("number", 2, "1+1")}


@given(st.integers(1, 1_048_576), st.integers(1, 16_384))
@example(4, 12)
def test_addresses_round_trip(row: int, column: int) -> None:
    assert parse_address(address(row, column)) == (row, column)


def test_addresses() -> None:
    assert (address(4, 12), address(1, 26), address(1, 27), address(1, 16_384)) == ("L4", "Z1", "AA1", "XFD1")
    for wrong in ("", "A0", "XFE1", "A1048577", "1A", "A1:B2", "A-1"):
        with pytest.raises(ValueError, match=r"not a cell address|outside the sheet"):
            parse_address(wrong)


# -- broken files ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "empty"),
        (archive._OLE + "EncryptedPackage".encode("utf-16-le"), "password"),
        (archive._OLE + "Workbook".encode("utf-16-le"), "old .xls"),
        (b"layer,weights\nconv1,34848\n", "plain text"),
        ("käse;1\n".encode("utf-16"), "plain text"),
        (b"<!DOCTYPE html><html>", "HTML"),
        (b"%PDF-1.7", "PDF"),
        (bytes(range(256)), "not an .xlsx"),
        (zipped({"a.txt": "x"}), "without a workbook"),
        (zipped({"mimetype": "application/vnd.oasis.opendocument.spreadsheet"}), ".ods"),
        (zipped({"a/b.xlsx": "x"}), "holds a/b.xlsx"),
        (zipped({"_rels/.rels": rels(OFFICE, ("r", "officeDocument", "xl/workbook.bin"))}), "xlsb"),
        (zipped({"_rels/.rels": rels(OFFICE, ("r", "officeDocument", "xl/w.xml"))}), "xl/w.xml is declared but"),
        (zipped({"_rels/.rels": "<a>"}), "_rels/.rels is damaged XML"),
        (zipped({"_rels/.rels": '<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>'}), "DTD"),
        (zipped({"_rels/.rels": "<!DOCTYPE a><a/>".encode("utf-16")}), "DTD"),
        (zipped({"A": "x", "a": "x"}), "twice"),
        (zipped({str(i): "" for i in range(10_001)}), "more than 10,000 parts"),
    ],
)
def test_what_it_is_instead(data: bytes, says: str) -> None:
    assert says in broken(data)


@pytest.mark.parametrize(
    ("rows", "says"),
    [
        ('<row r="1"/><row r="1"/>', "row 1 is there twice"),
        ('<row r="0"/>', "no row"),
        ('<row r="1048577"/>', "no row"),
        ('<row r="1"><c r="XFE1"/></row>', "no cell 'XFE1'"),
        ('<row r="1"><c r="B1"/><c r="A1"/><c/></row>', "B1 is there twice"),
        ('<row r="1"><c r="B2"/></row>', "stands in row 1"),
        ('<row r="1"><c t="s"><v>9</v></c></row>', "text number 9"),
        ('<row r="1"><c><f t="shared" si="1"/></c></row>', "nowhere"),
        (f'<row r="1"><c><f>{"1+" * 5000}1</f></c></row>', "longer"),
    ],
)
def test_cells_that_cannot_be(rows: str, says: str) -> None:
    assert says in broken(zipped(parts(rows)))


def test_bombs() -> None:
    big = zipped({**parts(""), "xl/worksheets/s.xml": b" " * (archive.MAX_PART + 1)})
    assert "64 MiB" in broken(big)
    lying = big.replace((archive.MAX_PART + 1).to_bytes(4, "little"), (100).to_bytes(4, "little"))
    assert lying != big
    assert "xl/worksheets/s.xml is damaged" in broken(lying)


def test_a_missing_sheet_part() -> None:
    without = parts("")
    del without["xl/worksheets/s.xml"]
    assert "'S' is declared but its part is missing" in broken(zipped(without))


@pytest.mark.parametrize("sixteenth", range(16))
def test_truncation(sixteenth: int) -> None:
    assert broken(ordinary()[: len(ordinary()) * sixteenth // 16])


@settings(max_examples=300, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 255)), min_size=1, max_size=8))
def test_flipped_bytes(flips: list[tuple[int, int]]) -> None:
    data = bytearray(ordinary())
    for at, byte in flips:
        data[at % len(data)] = byte
    try:
        read_all(bytes(data))
    except BrokenPackage as error:
        assert str(error)  # noqa: PT017  (the other outcome, a workbook that still reads, is as good)


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(sorted(parts(""))), st.integers(0, 10**6), st.binary(min_size=1, max_size=6))
def test_flipped_xml(part: str, at: int, junk: bytes) -> None:
    whole = parts(
        '<row r="1"><c r="A1" t="s"><f t="shared" si="0" ref="A1:B2">B1</f><v>0</v></c></row>', strings="<si/>"
    )
    content = bytearray(str(whole[part]).encode())
    at %= len(content)
    content[at : at + len(junk)] = junk
    whole[part] = bytes(content)
    try:
        read_all(zipped(whole))
    except BrokenPackage as error:
        assert str(error)  # noqa: PT017


NAMES = (
    '<definedNames><definedName name="here">Table!$A$1</definedName>'
    '<definedName name="Own" localSheetId="0">Table!$B$2</definedName></definedNames>'
)
PREFIXED = f'<x:definedNames xmlns:x="{MAIN}"><x:definedName name="here">Table!$C$3</x:definedName></x:definedNames>'


def named(inside: str, *sheets: str, more: str = "") -> bytes:
    """A workbook with these sheets, and this behind them in its main part."""
    listed = "".join(f'<sheet name="{name}" sheetId="{n}" r:id="rId{n}"/>' for n, name in enumerate(sheets, 1))
    book = f'<workbook xmlns="{MAIN}" xmlns:r="{OFFICE}"{more}><sheets>{listed}</sheets>{inside}</workbook>'
    targets = [(f"rId{n}", "worksheet", f"worksheets/sheet{n}.xml") for n in range(1, len(sheets) + 1)]
    sheet = f'<worksheet xmlns="{MAIN}"><sheetData/></worksheet>'
    return zipped(
        {
            "_rels/.rels": rels(OFFICE, ("rId1", "officeDocument", "xl/workbook.xml")),
            "xl/workbook.xml": book,
            "xl/_rels/workbook.xml.rels": rels(OFFICE, *targets),
            **{f"xl/worksheets/sheet{n}.xml": sheet for n in range(1, len(sheets) + 1)},
        }
    )


@pytest.mark.parametrize(
    "spoilt",
    [
        f"<!--{NAMES}-->",
        f"<?x {NAMES}?>",
        f"<extLst>{NAMES}</extLst>",
        f'<a xmlns="other">{NAMES}</a>',
        f"{PREFIXED}<e>{NAMES}</e>",
        f"<e>{NAMES}</e>{PREFIXED}",
        NAMES.replace("<definedNames>", '<definedNames a="1">').replace("$A$1", "$C$3"),
        NAMES.replace("$A$1", "$A<!-- -->$2"),
    ],
)
def test_names_are_remembered_but_nobody_can_leave_wrong_ones_behind(spoilt: str) -> None:
    """The names of one workbook are those of the next, if they are written alike; not if they only look alike."""

    def names(data: bytes) -> dict[str, Place]:
        return dict(Package.read(data).names)

    true = {"here": Place("Table", 1, 1), "Own": Place("Table", 2, 2)}
    package._known_names.clear()
    wrong = names(named(spoilt, "Table"))
    package._known_names.clear()
    assert names(named(NAMES, "Table")) == true
    assert names(named(spoilt, "Table")) == wrong
    assert wrong != true
    assert names(named(NAMES, "Table")) == true
    assert names(named(NAMES, "Other", "Table")) == {"here": Place("Table", 1, 1), "Own": Place("Table", 2, 2)}
    assert Package.read(named(NAMES, "Other", "Table")).place("own", "Other") == Place("Table", 2, 2)
    assert Package.read(named(NAMES, "Table", "Other")).place("own", "Other") == Place("Table", 2, 2)
    assert names(named(NAMES, "Other")) == {}


@pytest.mark.parametrize("other", ["urn:foo", MAIN])
def test_what_a_prefix_means_is_not_in_the_names(other: str) -> None:
    """The same bytes in two workbooks that mean different things by them."""
    inside = f'{NAMES.replace("</definedNames>", "")}<x:definedName name="a">Table!$D$4</x:definedName></definedNames>'

    def names(uri: str) -> set[str]:
        return set(Package.read(named(inside, "Table", more=f' xmlns:x="{uri}"')).names)

    package._known_names.clear()
    alone = names("urn:foo" if other == MAIN else MAIN)
    package._known_names.clear()
    names(other)
    assert names("urn:foo" if other == MAIN else MAIN) == alone


def test_texts_and_formats_are_those_of_the_workbook_itself() -> None:
    """What is remembered of the workbook before is not read into the next, however alike the two are."""

    def text(shared: str) -> str | int | float | bool | None:
        return cells('<row r="1"><c r="A1" t="s"><v>0</v></c></row>', f"<si><t>{shared}</t></si>")["A1"].value

    assert [text(each) for each in ("55", "27", "55", "13", "13")] == ["55", "27", "55", "13", "13"]


def test_names_in_another_encoding_are_other_names() -> None:
    def with_names(encoding: str) -> bytes:
        data = named(NAMES.replace("here", "dé"), "Table")
        with zipfile.ZipFile(io.BytesIO(data)) as old:
            book = f'<?xml version="1.0" encoding="{encoding}"?>'.encode() + old.read("xl/workbook.xml")
        return replace_parts(data, {"xl/workbook.xml": book})

    package._known_names.clear()
    for _ in range(2):
        assert "dÃ©" in Package.read(with_names("iso-8859-1")).names
        assert "dé" in Package.read(with_names("utf-8")).names


def test_replace_parts() -> None:
    data = ordinary()
    new = replace_parts(data, {"xl/styles.xml": b"<new/>", "docProps/app.xml": None, "x/added.xml": b"<a/>"})
    assert new == replace_parts(data, {"xl/styles.xml": b"<new/>", "docProps/app.xml": None, "x/added.xml": b"<a/>"})
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(io.BytesIO(new)) as now:
        expected = [n for n in old.namelist() if n != "docProps/app.xml"]
        assert now.namelist() == [*expected, "x/added.xml"]
        for name in expected:
            assert now.read(name) == (b"<new/>" if name == "xl/styles.xml" else old.read(name))
            assert now.getinfo(name).date_time == old.getinfo(name).date_time
            assert now.getinfo(name).compress_type == old.getinfo(name).compress_type


def test_sizes_of_the_old_file_do_not_come_along() -> None:
    """A zip64 field holds them; what else a program notes beside a part stays."""
    own = b"\x99\x99\x03\x00own"
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as target:
        for name in ("a", "b"):
            info = zipfile.ZipInfo(name)
            info.extra = own + b"\x01\x00\x10\x00" + bytes(16) + own
            target.writestr(info, name * 100)
    with zipfile.ZipFile(io.BytesIO(replace_parts(out.getvalue(), {"a": b"new"}))) as now:
        assert [info.extra for info in now.infolist()] == [own + own, own + own]
        assert (now.read("a"), now.read("b")) == (b"new", b"b" * 100)
