"""A workbook marked: cells coloured, comments on them, a page of texts behind its sheets, and nothing else changed.

As a fill does it, parts that need no change stay byte for byte, and the others are edited between their bytes. What
cannot be edited raises ``BrokenPackage``; ``page_alone`` makes a workbook that holds the page and nothing else.

Must not know: what colours and comments say, or any path on a disk.
"""

from __future__ import annotations

import contextlib
import io
import zipfile
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from functools import partial

from .adding import CONTENT_TYPES, HEAD, OFFICE, Additions, Relationship, content_types, relationships
from .archive import MAIN, STRICT
from .cells import Restyle, write_cells
from .comments import add_comments
from .looks import Fill, Looks, no_formats
from .markup import Markup, attribute
from .obstacles import is_signed
from .package import Area, BrokenPackage, Package, Place, quote, replace_parts
from .page import Line, Page, page_xml, shortened
from .sheetdata import unescape

_SPREADSHEET = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_LAST_SHEET_ID = 65_534
_LONGEST_TITLE = 31


@dataclass(frozen=True, slots=True)
class Remark:
    """What a cell gets. Where it was marked before and now gets no comment, its old one says ``settled``."""

    fill: Fill | None = None
    comment: str = ""
    settled: str = ""


def annotate(
    data: bytes,
    remarks: Mapping[Place, Remark],
    page: Page,
    package: Package | None = None,
    before: Collection[Fill] = (),
) -> bytes:
    """The workbook with the remarks on its cells and the page behind its sheets; equal input gives equal bytes.

    What is hidden in a merged cell is marked on the one that shows. A cell that has a comment keeps it, but one of ours
    from an earlier marking; a sheet whose comments are damaged gets none. ``package`` is ``data`` as it was read
    already; ``before`` are the colours of an earlier marking, which go from cells that get none. Raises BrokenPackage.
    """
    package = package or Package.read(data)
    if is_signed(package):
        raise BrokenPackage("it has a digital signature, which any mark in it would make invalid")
    markup = Markup(
        package.part(package.workbook), package.workbook, lambda parent, name, _: _wanted(parent.name, name)
    )
    added = Additions(package, strict=markup.namespace == STRICT)
    styles = package.related(package.workbook, "styles")
    there = styles if styles is not None and package.find(styles) else None
    looks = Looks(no_formats(markup.namespace) if there is None else package.part(there), there or "xl/styles.xml")
    for name, on_sheet in _by_sheet(package, remarks).items():
        entry = package.sheet(name)
        if entry is None:
            raise BrokenPackage(f"the workbook has no sheet {name!r}")
        sheet = added.new.get(entry.part) or package.part(entry.part)  # two sheets may be one part
        coloured = {
            at: Restyle(partial(looks.filled, fill=each.fill))
            for at, each in on_sheet.items()
            if each.fill is not None or looks.has(before)
        }
        new = write_cells(sheet, entry.part, name, coloured) if coloured else sheet
        texts = {at: shortened(each.comment) for at, each in on_sheet.items() if each.comment}
        settled = {at: shortened(each.settled) for at, each in on_sheet.items() if each.settled and not each.comment}
        with contextlib.suppress(BrokenPackage):  # where its comments are damaged: the page has them all
            new = add_comments(added, entry.part, new, texts, settled)
        if new != sheet:
            added.new[entry.part] = new
    _add_page(added, markup, page, looks)
    if there is not None:
        added.new[there] = looks.done()
    else:
        name = "xl/styles.xml"  # where some programs look for it, whatever the package says
        name = name if package.find(name) is None else added.name("xl/styles{}.xml")
        added.add(name, looks.done(), f"{_SPREADSHEET}.styles+xml")
        added.relate(package.workbook, "styles", name)
    return replace_parts(data, added.parts())


def _by_sheet(package: Package, remarks: Mapping[Place, Remark]) -> dict[str, dict[tuple[int, int], Remark]]:
    """The remarks by sheet, (row, column), each where it shows: several of one cell are one, the first one's colour."""
    found: dict[str, dict[tuple[int, int], Remark]] = {}
    areas: dict[str, tuple[Area, ...]] = {}
    for place, remark in remarks.items():
        merged = areas.setdefault(place.sheet, package.merged(place.sheet) if place.sheet not in areas else ())
        at = next(((each.top, each.left) for each in merged if (place.row, place.column) in each), None)
        on_sheet = found.setdefault(place.sheet, {})
        at = at or (place.row, place.column)
        other = on_sheet.get(at)
        if other is not None:
            texts = [text for text in (other.comment, remark.comment) if text]
            remark = Remark(other.fill or remark.fill, "\n\n".join(texts), other.settled or remark.settled)
        on_sheet[at] = remark
    return found


# -- the page ----------------------------------------------------------------------------------------------------------


def _wanted(parent: str, name: str) -> bool:
    return parent == "workbook" or (parent == "sheets" and name == "sheet")


def _add_page(added: Additions, markup: Markup, page: Page, looks: Looks) -> None:
    sheets = markup.root.child("sheets")
    assert sheets is not None, "a workbook without sheets was read"
    taken = {unescape(each.attributes.get("name") or "").casefold() for each in sheets.children}
    title = _free_title(page.title, taken)
    part = added.name("xl/worksheets/sheet{}.xml")
    added.add(part, page_xml(page, looks.number, markup.namespace), f"{_SPREADSHEET}.worksheet+xml")
    identifier = added.relate(added.package.workbook, "worksheet", part)
    _list_page(markup, page, title, identifier, added.office)
    added.new[added.package.workbook] = markup.done()


def _list_page(markup: Markup, page: Page, title: str, identifier: str, office: str) -> None:
    """Put the page behind the workbook's other sheets."""
    sheets = markup.root.child("sheets")
    assert sheets is not None, "a workbook without sheets was read"
    bound = markup.bound((office,))
    pairs = [
        *([] if bound else [(b"xmlns:r", office)]),
        (b"name", title),
        (b"sheetId", str(_free_number([each.attributes.get("sheetId") or "" for each in sheets.children]))),
        (f"{bound or 'r'}:id".encode(), identifier),
    ]
    prefix = markup.prefix(sheets)
    markup.append(sheets, b"<%bsheet %b/>" % (prefix, b" ".join(attribute(*pair) for pair in pairs)))
    if page.heading:
        _repeat_heading(markup, title, page.heading, len(sheets.children))


def _free_title(title: str, taken: set[str]) -> str:
    number, free = 1, title[:_LONGEST_TITLE]
    while free.casefold() in taken:
        number += 1
        more = f" ({number})"
        free = title[: _LONGEST_TITLE - len(more)] + more
    return free


def _free_number(taken: list[str]) -> int:
    numbers = {int(each) for each in taken if each.isascii() and each.isdigit() and len(each) < 9}
    after = max(numbers, default=0) + 1
    return after if after <= _LAST_SHEET_ID else next(i for i in range(1, _LAST_SHEET_ID) if i not in numbers)


def _repeat_heading(markup: Markup, title: str, heading: int, index: int) -> None:
    """The line of headings on each page that is printed; the page is the sheet number ``index``, from 0."""
    names = markup.root.child("definedNames")
    prefix = markup.prefix(markup.root)
    text = f"{quote(title)}!${heading}:${heading}".encode()
    pairs = ((b"name", "_xlnm.Print_Titles"), (b"localSheetId", str(index)))
    whole = b"<%bdefinedName %b>%b</%bdefinedName>" % (
        prefix,
        b" ".join(attribute(*pair) for pair in pairs),
        text.replace(b"&", b"&amp;").replace(b"<", b"&lt;"),
        prefix,
    )
    if names is not None:
        markup.append(names, whole)
        return
    before = [each for each in markup.root.children if each.name in ("sheets", "functionGroups", "externalReferences")]
    markup.insert(before[-1].end, b"<%bdefinedNames>%b</%bdefinedNames>" % (prefix, whole, prefix))


# -- a workbook of its own ---------------------------------------------------------------------------------------------


def page_alone(page: Page) -> bytes:
    """A workbook that holds the page and nothing else, for a file that cannot be edited; its links are left out."""
    lines = (Line(tuple(replace(cell, leads_to=None) for cell in line.cells)) for line in page.lines)
    page = replace(page, lines=tuple(lines))
    book, sheet, styles = "xl/workbook.xml", "xl/worksheets/sheet1.xml", "xl/styles.xml"
    skeleton = b"<workbook %b %b><bookViews><workbookView/></bookViews><sheets></sheets></workbook>" % (
        attribute(b"xmlns", MAIN),
        attribute(b"xmlns:r", OFFICE),
    )
    looks = Looks(no_formats(MAIN), styles)
    markup = Markup(HEAD + skeleton, book, lambda parent, name, _: _wanted(parent.name, name))
    _list_page(markup, page, _free_title(page.title, set()), "rId1", OFFICE)
    kind = f"{_SPREADSHEET}.{{}}+xml"
    parts = {
        CONTENT_TYPES: content_types(
            {book: kind.format("sheet.main"), sheet: kind.format("worksheet"), styles: kind.format("styles")}
        ),
        "_rels/.rels": relationships([Relationship("rId1", f"{OFFICE}/officeDocument", f"/{book}")]),
        book: markup.done(),
        "xl/_rels/workbook.xml.rels": relationships(
            [
                Relationship("rId1", f"{OFFICE}/worksheet", f"/{sheet}"),
                Relationship("rId2", f"{OFFICE}/styles", f"/{styles}"),
            ]
        ),
        sheet: page_xml(page, looks.number, MAIN),
        styles: looks.done(),
    }
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as target:
        for name, content in parts.items():
            about = zipfile.ZipInfo(name)  # dated 1980, not now
            about.compress_type = zipfile.ZIP_DEFLATED
            target.writestr(about, content)
    return out.getvalue()
