"""Sheets of all shapes, random cells of them filled: what was there stays, and the rest is as it was."""

from __future__ import annotations

import functools
import re

from hypothesis import example, given, settings
from hypothesis import strategies as st
from lxml import etree

from sheetgen.addresses import Area
from sheetgen.workbook.fill import Entry, fill
from sheetgen.workbook.package import BrokenPackage, Package, address, replace_parts
from tests import templates_made as made
from tests.lossless import lost
from tests.templates_made import MAIN, SHEET, at, parts

ROWS, COLUMNS = 9, 7
CONTENTS = (
    "",
    "",
    "<p:v>5</p:v>",
    "<p:f>1+1</p:f><p:v>2</p:v>",
    "<!-- none -->",
    "<p:v></p:v>",
    "<p:extLst><p:ext/></p:extLst>",
)


@st.composite
def _cells(draw: st.DrawFn, row: int) -> str:
    found, last = [], 0
    for column in sorted(draw(st.sets(st.integers(1, COLUMNS), max_size=COLUMNS))):
        bare = column == last + 1 and draw(st.booleans())
        reference = "" if bare else f' r="{address(row, column)}"'
        style = draw(st.sampled_from(["", ' s="1"', " s='0' ph=\"1\""]))
        content = draw(st.sampled_from(CONTENTS))
        empty = not content and draw(st.booleans())
        found.append(f"<p:c{style}{reference}{'/>' if empty else f'>{content}</p:c>'}")
        last = column
    return draw(st.sampled_from(["", " ", "\r\n"])).join(found)


@st.composite
def sheets(draw: st.DrawFn) -> str:
    rows, last = [], 0
    for row in sorted(draw(st.sets(st.integers(1, ROWS), max_size=6))):
        number = "" if row == last + 1 and draw(st.booleans()) else f' r="{row}"'
        about = draw(st.sampled_from(["", ' spans="2:3"', ' s="1" customFormat="1"', ' s="1"', " ht='30'  hidden='1'"]))
        cells = draw(_cells(row))
        tail = draw(st.sampled_from(["", "", "<p:extLst/>", "\n"]))
        empty = not cells + tail and draw(st.booleans())
        rows.append(f"<p:row{number}{about}{'/>' if empty else f'>{cells}{tail}</p:row>'}")
        last = row
    merges = "".join(f'<p:mergeCell ref="{area}"/>' for area in draw(st.lists(_areas(), max_size=2)))
    hint = draw(st.sampled_from(["", '<p:dimension ref="B2:C3"/>', '<p:dimension ref="A1"/>', '<p:dimension ref=""/>']))
    columns = draw(st.sampled_from(["", '<p:cols><p:col min="2" max="3" style="1"/><p:col min="9" max="9"/></p:cols>']))
    data = f"<p:sheetData>{''.join(rows)}</p:sheetData>" if bool(rows) or draw(st.booleans()) else "<p:sheetData/>"
    tail = f"<p:mergeCells>{merges}</p:mergeCells>" if merges else "<!-- end -->"
    text = f'<p:worksheet xmlns:p="{MAIN}">{hint}{columns}{data}{tail}</p:worksheet>'
    return text if draw(st.booleans()) else re.sub("(</?)p:", r"\1", text.replace("xmlns:p=", "xmlns="))


@st.composite
def _areas(draw: st.DrawFn) -> str:
    rows = sorted(draw(st.tuples(st.integers(1, ROWS), st.integers(1, ROWS))))
    columns = sorted(draw(st.tuples(st.integers(1, COLUMNS), st.integers(1, COLUMNS))))
    return f"{address(rows[0], columns[0])}:{address(rows[1], columns[1])}"


TARGETS = st.dictionaries(
    st.tuples(st.integers(1, ROWS + 2), st.integers(1, COLUMNS + 2)),
    st.sampled_from([Entry(7), Entry(1.5), Entry(" a<b "), Entry(2, "=1+1"), Entry("x", '="x"')]),
    min_size=1,
    max_size=6,
)


@functools.cache
def around() -> bytes:
    return made.made()


@settings(max_examples=120, deadline=None)
@given(sheets(), TARGETS)
@example(f'<worksheet xmlns="{MAIN}"><sheetData/></worksheet>', {(2, 2): Entry(7), (1, 9): Entry(7), (2, 1): Entry(7)})
def test_random_cells_of_random_sheets(sheet: str, targets: dict[tuple[int, int], Entry]) -> None:
    data = replace_parts(around(), {SHEET: sheet.encode()})
    before = Package.read(data)
    held, merged = before.cells("Table"), before.merged("Table")
    entries = {at(address(*cell)): entry for cell, entry in targets.items()}
    try:
        done = fill(data, entries)
    except BrokenPackage as error:
        named = {cell for cell in targets if f"!{address(*cell)} " in str(error)}
        hidden = {cell for cell in targets if _hidden(cell, merged) and cell not in held}
        assert named == hidden or (named < hidden and len(named) == 5)
        assert named
        return
    filled = {(place.row, place.column) for place in done.filled}
    assert filled == targets.keys() - held.keys()
    assert not any(_hidden(cell, merged) for cell in filled)
    assert lost(data, done.data, {address(*cell) for cell in filled}) == []
    now = Package.read(done.data).cells("Table")
    assert {cell: now[cell].value for cell in filled} == {cell: targets[cell].value for cell in filled}
    assert {cell: value for cell, value in now.items() if cell not in filled} == held
    assert fill(done.data, entries).data == done.data
    _is_in_order(parts(done.data)[SHEET])


def _hidden(cell: tuple[int, int], merged: tuple[Area, ...]) -> bool:
    return any(cell in area and cell != (area.top, area.left) for area in merged)


def _is_in_order(xml: bytes) -> None:
    """Excel calls a sheet damaged whose rows or cells are not in order, and those without r count from the last."""
    root = etree.fromstring(xml)
    row = 0
    for line in root.iter(f"{{{MAIN}}}row"):
        number = int(line.get("r") or row + 1)
        assert number > row
        row, column = number, 0
        for cell in line.iter(f"{{{MAIN}}}c"):
            at = re.fullmatch(r"([A-Z])([0-9]+)", cell.get("r") or f"{chr(65 + column)}{row}")
            assert at is not None
            assert (ord(at[1]) - 64 > column, int(at[2])) == (True, row)
            column = ord(at[1]) - 64
        kinds = [etree.QName(child).localname for child in line if isinstance(child.tag, str)]
        assert kinds == sorted(kinds), "an extLst comes last"
