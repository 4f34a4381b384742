"""Files of delimited text: read as others read them, and what is not changed comes back byte for byte."""

from __future__ import annotations

import codecs
import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sheetgen.delimited import EXCEL, Dialect, read, write
from sheetgen.errors import UsageError

# No NUL, which is no text, and none of the surrogates, which have no bytes.
TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=12)
CELL = TEXT | st.sampled_from(['"', '""', "a,b", "x;y", "1\n2", "\r", '"q"', " =1", "Doe, Jane", "ä€", "\ufeff"])
ROWS = st.integers(1, 4).flatmap(lambda width: st.lists(st.lists(CELL, min_size=width, max_size=width), min_size=1))
DIALECT = st.builds(
    lambda encoding, delimiter, line_end, quote_all: Dialect(encoding[0], encoding[1], delimiter, line_end, quote_all),
    st.sampled_from(
        [("utf-8", b""), ("utf-8", codecs.BOM_UTF8), ("utf-16-le", codecs.BOM_UTF16_LE), ("utf-16-be", b"\xfe\xff")]
    ),
    st.sampled_from(",;\t"),
    st.sampled_from(["\n", "\r\n", "\r"]),
    st.booleans(),
)
RAGGED = st.lists(
    st.sampled_from(['"', '""', ",", ";", "\t", "\n", "\r\n", "\r", "a", " ", "ä", "1,5", '"x"', "=", "\u2028"])
).map("".join)


@given(RAGGED, st.sampled_from([b"", codecs.BOM_UTF8]))
def test_any_text_comes_back_byte_for_byte_or_is_refused(text: str, mark: bytes) -> None:
    data = mark + text.encode()
    if not text:
        with pytest.raises(UsageError, match="the roster is empty"):
            read(data, "roster")
    elif '"' in text:
        try:
            found = read(data, "roster")
        except UsageError:
            return  # a quote that is never closed, and nothing else is refused
        assert found.edited({}) == data
    else:
        assert read(data, "roster").edited({}) == data


@given(ROWS, DIALECT)
def test_what_is_written_is_read(rows: list[list[str]], dialect: Dialect) -> None:
    data = write(rows, dialect)
    encoding = {"utf-8": "utf-8-sig"}.get(dialect.encoding, "utf-16") if dialect.mark else dialect.encoding
    text = data.decode(encoding)
    assert list(csv.reader(io.StringIO(text, newline=""), delimiter=dialect.delimiter)) == rows  # as Python reads it
    regular = text.replace(dialect.delimiter, "")
    starts_with_mark = not dialect.mark and text.startswith("\ufeff")
    if len(rows[0]) > 1 and not starts_with_mark and not any(each in regular for each in ",;\t"):
        found = read(data, "file")
        assert found.rows == tuple(map(tuple, rows))
        assert found.edited({}) == data
        assert found.dialect.delimiter == dialect.delimiter
        assert (found.dialect.encoding, found.dialect.mark) == (dialect.encoding, dialect.mark)


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_the_delimiter_is_the_one_that_cuts_rows_alike(delimiter: str, end: str) -> None:
    noise = "".join({",", ";", "\t"} - {delimiter}) * 20
    rows = [["Student", "ID", "Note"], ["Doe, Jane; jr.", "1,5", "a\tb"], [f"Roe{noise}.", "2,5", "x;y,z"]]
    found = read(write(rows, Dialect(delimiter=delimiter, line_end=end)), "file")
    assert found.rows == tuple(map(tuple, rows))
    assert (found.dialect.delimiter, found.dialect.line_end) == (delimiter, end)


def test_a_change_leaves_every_other_byte() -> None:
    data = b'\xef\xbb\xbfa;"b";c\r\n1;"2;";"3"\n4;;\r\n"l";"o" ;st'
    changed = read(data, "file").edited({(1, 0): "x;y", (2, 2): 'say "so"', (3, 1): ""})
    assert changed == b'\xef\xbb\xbfa;"b";c\r\n"x;y";"2;";"3"\n4;;"say ""so"""\r\n"l";;st'


def test_rows_and_columns_can_be_chosen() -> None:
    found = read(b'a,b,c\r\n1,"2",3\r\n4,5\r\n7,8,"9"', "file")
    assert found.edited({(2, 2): "six"}, rows=[0, 3, 2], columns=[2, 0]) == b'c,a\r\n"9",7\r\nsix,4\r\n'
    assert found.edited({}, rows=[3, 1]) == b'7,8,"9"\r\n1,"2",3\r\n'


def test_a_file_that_quotes_everything_goes_on_doing_so() -> None:
    found = read(b'"a","b"\n"1",""\n', "file")
    assert found.dialect.quote_all
    assert found.edited({(1, 1): "x"}) == b'"a","b"\n"1","x"\n'


def test_text_of_windows_is_read_and_stays_so() -> None:
    data = "Name;Straße\r\nJosé;Köln\r\n".encode("cp1252")
    found = read(data, "file")
    assert found.rows[1] == ("José", "Köln")
    assert found.edited({(1, 1): "Zürich"}) == "Name;Straße\r\nJosé;Zürich\r\n".encode("cp1252")


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"", "the roster is empty"),
        (b"PK\x03\x04rest", "is a workbook"),
        (b"\xd0\xcf\x11\xe0rest", "is a workbook"),
        (b"a,b\0c\n", "is no text"),
        (b'a,b\n1,2\n3,"4\n5,6\n', "opens in line 3 is never closed"),
        (b"\xff\xfea", "encoding that is not known"),
        (b"a,b\n\x81\n", "encoding that is not known"),
    ],
)
def test_what_is_no_such_file_is_refused_in_words(data: bytes, told: str) -> None:
    with pytest.raises(UsageError, match=told):
        read(data, "roster")


def test_excels_dialect_begins_with_its_mark() -> None:
    assert write([["a", "b"], [""]], EXCEL) == b'\xef\xbb\xbfa,b\r\n""\r\n'
