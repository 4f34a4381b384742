"""Values out of .csv and .ods, and the zip directory's guard: what is read, what is refused, and why."""

from __future__ import annotations

import io
import shutil
import struct
import subprocess
import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sheetgen import api
from sheetgen.coursework import Coursework
from sheetgen.errors import TemplateError, UsageError
from sheetgen.marking import Marked, mark
from sheetgen.sheet import Sheet
from sheetgen.workbook import guard
from sheetgen.workbook.archive import Archive, BrokenPackage
from sheetgen.workbook.book import Book, open_book
from sheetgen.workbook.package import Package
from sheetgen.workbook.plain import Plain, decode, find_delimiter
from sheetgen.workbook.read import read_submission
from tests import sample_class
from tests.hostile import make


def values(text: str) -> dict[str, object]:
    from sheetgen.addresses import address

    return {address(*at): cell.value for at, cell in open_book(text.encode()).cells("CSV").items()}


@pytest.mark.parametrize(
    ("text", "delimiter"),
    [
        ("a,b,c\n1,2,3\n", ","),
        ("a;b;c\n1,5;2,5;3,5\n", ";"),
        ("Layer;Weights\nconv1;34,944\nconv2;614,400\n", ";"),  # one comma in each row too
        ("a\tb\tc\n1,5\t2\t3\n", "\t"),
        ('"The layers; of all, AlexNet"\na,b\n"1,000","2;3"\n', ","),
        ("one column\nonly\n", ";"),
        ("", ";"),
    ],
)
def test_the_delimiter(text: str, delimiter: str) -> None:
    assert find_delimiter(text) == delimiter


def test_excel_names_its_delimiter_in_a_line_that_is_no_row() -> None:
    assert values("sep=|\na|1;2\nb|3\n") == {"A1": "a", "B1": "1;2", "A2": "b", "B2": 3}


def test_what_a_field_holds() -> None:
    text = 'a,"34,944",  227 ,-5,0.5,TRUE,#DIV/0!,"two\nlines",,=A1+1,1e5,9999999999999999\n'
    assert values(text) == {
        "A1": "a",
        "B1": "34,944",
        "C1": 227,
        "D1": -5,
        "E1": "0.5",  # whose point may be a comma elsewhere: left to those who read what students type
        "F1": True,
        "G1": "#DIV/0!",
        "H1": "two\nlines",
        "J1": "=A1+1",  # never computed
        "K1": "1e5",
        "L1": "9999999999999999",
    }
    kinds = [cell.kind for cell in open_book(text.encode()).cells("csv").values()]
    assert kinds == ["text", "text", "number", "number", "text", "boolean", "error", *["text"] * 4]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252"])
def test_encodings(encoding: str) -> None:
    text = "Größe;Höhe\r\nconv1;55 × 55\r\n"
    assert decode(text.encode(encoding)) == text
    book = open_book(text.encode(encoding))
    assert book.cells("CSV")[2, 2].value == "55 × 55"


@pytest.mark.parametrize("data", [b"a\0b", b"\x81\x8d", b"\xff\xfea", b"\0", "a\0b".encode("utf-16")])
def test_no_text(data: bytes) -> None:
    assert decode(data) is None
    with pytest.raises(BrokenPackage, match=r"not an \.xlsx workbook"):
        open_book(data)


def test_both_kinds_are_books(blank: bytes) -> None:
    books: list[Book] = [Package.read(blank), open_book(b"a,b\n")]
    for book in books:
        assert book.sheet(book.sheets[0].name.upper()) == book.sheets[0]
        assert book.areas(book.sheets[0].name) == ()
        assert book.place("no name") is None
        assert book.definition("no name", book.sheets[0].name) is None
        with pytest.raises(BrokenPackage, match="has no sheet 'nowhere'"):
            book.cells("nowhere")


def test_what_a_cell_of_an_ods_holds() -> None:
    def cell(kind: str, **value: str) -> str:
        said = "".join(f' office:{name}-value="{each}"' for name, each in value.items())
        return f'<table:table-cell office:value-type="{kind}"{said}><text:p>x</text:p></table:table-cell>'

    row = (
        cell("date", date="2026-05-03")
        + cell("float").replace('"float"', '"float" office:value="55"')
        + cell("percentage").replace('"percentage"', '"percentage" office:value="0.25"')
        + cell("boolean", boolean="true")
        + cell("time", time="PT12H00M00S")
        + cell("string")
    )
    book = open_book(make._ods(f"<table:table-row>{row}</table:table-row>"))
    cells = [book.cells("Table")[1, column] for column in range(1, 7)]
    assert [cell.value for cell in cells] == [46145, 55, 0.25, True, 0.5, "x"]  # days since 1899-12-30, as in Excel
    assert [book.shown(cell) for cell in cells] == ["date", "", "", "", "date", ""]


# -- a whole coursework, saved by LibreOffice -------------------------------------------------------------------------


Save = Callable[[bytes, str], bytes]


@pytest.fixture(scope="module")
def save_as(tmp_path_factory: pytest.TempPathFactory) -> Save:
    program = shutil.which("soffice")
    assert program, "LibreOffice is needed: apt install libreoffice-calc"
    folder = tmp_path_factory.mktemp("saved")

    def save(data: bytes, kind: str) -> bytes:
        (folder / "hand-in.xlsx").write_bytes(data)
        command = [program, "--headless", f"-env:UserInstallation=file://{folder}/profile", "--convert-to", kind]
        subprocess.run(
            [*command, "--outdir", str(folder), str(folder / "hand-in.xlsx")],
            check=True,
            capture_output=True,
            timeout=120,
        )
        return (folder / f"hand-in.{kind.partition(':')[0]}").read_bytes()

    return save


@pytest.fixture(scope="module")
def hand_in(alexnet: Coursework, sheet: Sheet) -> bytes:
    typed = {**sample_class.right_answers(sheet), **sample_class.MISTAKES, "conv1.neurons": "=F7*G7*H7"}
    typed.pop("fc8.parameters")
    typed["conv3.weights"] = "=1/0"
    typed["conv4.weights"] = "dunno"
    return sample_class.hand_in(alexnet, sheet, typed)


def _verdicts(marked: Marked) -> dict[str, tuple[str, str, str]]:
    return {answer.id: (answer.cell, answer.status, _plainly(answer.given)) for answer in marked.answers}


def _plainly(given: str) -> str:
    """Without a number format's commas, and without the digits on which programs differ."""
    bare = given.strip().replace(",", "")
    return f"{float(bare):.12g}" if bare.replace(".", "", 1).isdecimal() else bare


def test_an_ods_is_marked_like_the_xlsx(hand_in: bytes, save_as: Save, sheet: Sheet) -> None:
    ods = save_as(hand_in, "ods")
    book = open_book(ods)
    assert isinstance(book, Plain)
    assert [entry.name for entry in book.sheets] == ["Table", "Questions"]
    found = mark(sheet, read_submission("a.xlsx", ods, sheet))  # whatever it is called
    wanted = mark(sheet, read_submission("a.xlsx", hand_in, sheet))
    assert (found.score, found.status) == (wanted.score, "marked")
    assert found.notes == ("It is an .ods file: cells that hold an error count as empty (there are 1).",)
    assert _verdicts(found) == {**_verdicts(wanted), "conv3.weights": ("J11", "blank", "")}
    assert {"correct", "wrong", "blank", "unreadable", "for-a-person"} == {each.status for each in found.answers}


def test_a_csv_is_marked_like_the_table_of_the_xlsx(hand_in: bytes, save_as: Save, sheet: Sheet) -> None:
    text = save_as(hand_in, "csv:Text - txt - csv (StarCalc):59,34,ANSI")  # semicolons, in Windows' encoding
    found = mark(sheet, read_submission("a.csv", text, sheet))
    wanted = mark(sheet, read_submission("a.xlsx", hand_in, sheet))
    mine, theirs = _verdicts(found), _verdicts(wanted)
    asked = {answer for answer in mine if answer.startswith("question.")}
    assert asked
    assert {k: v for k, v in mine.items() if k not in asked} == {k: v for k, v in theirs.items() if k not in asked}
    assert {mine[answer][1] for answer in asked} == {"blank"}
    assert found.notes == (
        "It is a .csv file, which holds one sheet only: the questions cannot be in it; hand in the whole workbook.",
    )


@pytest.mark.parametrize("name", ["theirs.ods", "theirs.CSV", "theirs.xls", "theirs.xlsb"])
def test_fill_refuses_by_name_and_says_how_to_convert(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(b"x")
    with pytest.raises(UsageError, match=r"fill works on \.xlsx; open it .* --convert-to xlsx") as caught:
        api.fill("alexnet", tmp_path / name, tmp_path / "out.xlsx")
    assert caught.value.exit_code == 2
    assert not (tmp_path / "out.xlsx").exists()


def test_fill_refuses_by_content(hand_in: bytes, save_as: Save, tmp_path: Path) -> None:
    for data, said in ((save_as(hand_in, "ods"), r"\.ods.* save it as \.xlsx"), (b"a,b\n", r"CSV.* save it as \.xlsx")):
        (tmp_path / "theirs.xlsx").write_bytes(data)
        with pytest.raises(TemplateError, match=said):
            api.fill("alexnet", tmp_path / "theirs.xlsx", tmp_path / "out.xlsx")


# -- the guard ---------------------------------------------------------------------------------------------------------


def _zip(method: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as target:
        for name in ("a.xml", "b.xml"):
            target.writestr(zipfile.ZipInfo(name), b"<a/>" * 1000, method)
    return out.getvalue()


def test_an_ordinary_zip_passes() -> None:
    for data in (_zip(), _zip(zipfile.ZIP_STORED), b"PK\5\6" + b"\0" * 18):
        assert guard.open_zip(data).testzip() is None


def test_a_zip_that_was_written_to_a_stream_passes() -> None:
    class Stream(io.RawIOBase):
        """Cannot go back: sizes then stand behind the content."""

        def __init__(self) -> None:
            self.data = bytearray()

        def writable(self) -> bool:
            return True

        def write(self, data: Any) -> int:
            self.data += bytes(data)
            return len(bytes(data))

    stream = Stream()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as target:
        target.writestr("a.xml", b"<a/>" * 1000)
        target.writestr("b.xml", b"<b/>")
    assert struct.unpack_from("<H", stream.data, 6)[0] & 8
    assert guard.open_zip(bytes(stream.data)).testzip() is None


@pytest.mark.parametrize(
    ("at", "new", "said"),
    [
        (22, 5, "sizes contradict"),  # the size in the local header
        (18, 5, "sizes contradict"),  # the packed size
        (0, 1, "does not stand where it should"),
        (28, 60_000, "overlaps"),  # the length of the extra field
    ],
)
def test_headers_that_disagree(at: int, new: int, said: str) -> None:
    data = bytearray(_zip())
    struct.pack_into("<H" if at == 28 else "<I", data, at, new)
    with pytest.raises(BrokenPackage, match=said):
        guard.open_zip(bytes(data))


@pytest.mark.parametrize("names", [("xl/A.xml", "XL/a.xml"), ("xl/a.xml", "XL/A.XML"), ("xl/a.xml", "xl\\a.xml")])
def test_names_that_are_one_to_excel(names: tuple[str, str]) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as target:
        for name in names:
            target.writestr(name, b"<a/>")
    with pytest.raises(BrokenPackage, match="is in the file twice"):
        guard.open_zip(out.getvalue())


def test_the_last_part_ends_before_the_directory() -> None:
    data = bytearray(_zip(zipfile.ZIP_STORED))
    last = data.rindex(b"PK\3\4")
    struct.pack_into("<H", data, last + 28, 1)  # one byte more before its content
    with pytest.raises(BrokenPackage, match=r"b\.xml overlaps"):
        guard.open_zip(bytes(data))


@pytest.mark.parametrize("at", [18, 22])
def test_only_two_sizes_are_left_to_the_directory(at: int) -> None:
    """0 and all ones say "see there" (zip64, streams). Any other size is a claim, and must be the directory's."""
    for size in (1, 2, 0x7FFFFFFF, 0xFFFF, 0x80000000, 0xFFFFFFFE):
        data = bytearray(_zip())
        struct.pack_into("<I", data, at, size)
        with pytest.raises(BrokenPackage, match="sizes contradict"):
            guard.open_zip(bytes(data))
    for size in (0, 0xFFFFFFFF):
        data = bytearray(_zip())
        struct.pack_into("<I", data, at, size)
        assert guard.open_zip(bytes(data)).namelist() == ["a.xml", "b.xml"]


def test_a_part_that_unpacks_to_less_than_it_says_is_damaged() -> None:
    data = _zip().replace(struct.pack("<I", 4000), struct.pack("<I", 4001))
    archive = Archive(data)
    with pytest.raises(BrokenPackage, match=r"a\.xml is damaged"):
        archive.read("a.xml")


def test_what_is_packed_tightly_but_small_passes() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as target:
        target.writestr("a.xml", b" " * guard.SMALL)
    assert guard.open_zip(out.getvalue()).namelist() == ["a.xml"]


def test_a_look_at_ten_thousand_entries_is_no_attack_of_its_own() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as target:
        for number in range(guard.MAX_ENTRIES):
            target.writestr(zipfile.ZipInfo(str(number)), b"")
    begun = time.monotonic()
    guard.open_zip(out.getvalue())
    assert time.monotonic() - begun < 10  # only a guard against hanging
