"""A worksheet of texts, written as XML: for a package that is edited, or one that has nothing else.

All that is written is text or a number, never a formula. Must not know: what the texts say.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ..addresses import address, quote
from .adding import HEAD
from .cells import disarmed
from .looks import Look
from .markup import attribute, escaped
from .package import Place

LONGEST = 32_767  # characters of a cell, as Excel counts them: two for each beyond the first 65,536
_POINTS = 15  # a line of text of size 11
_FITS = 1.12  # letters for each digit of a column's width: fewer than fit, in whatever font stands for Calibri
_HIGHEST = 409  # points that a row can have
_A4 = 9


@dataclass(frozen=True, slots=True)
class PageCell:
    content: str | int | float
    look: Look
    leads_to: Place | None = None  # a cell of the workbook, which a click shows


@dataclass(frozen=True, slots=True)
class Line:
    """A row, as high as its texts need. A line of one cell goes over the whole width."""

    cells: tuple[PageCell, ...]


@dataclass(frozen=True, slots=True)
class Page:
    """``widths`` of the columns, in characters; ``heading`` is the number of the line that stays in sight, from 1."""

    title: str
    widths: tuple[float, ...]
    lines: tuple[Line, ...] = ()
    heading: int = 0


def shortened(text: str) -> str:
    """At most as much as a cell or a comment can hold."""
    if len(text) * 2 <= LONGEST:
        return text
    return text.encode("utf-16-le", "replace")[: LONGEST * 2].decode("utf-16-le", "ignore")


def lines_of(text: str, characters: float) -> int:
    return sum(1 + int(max(0, len(line) - 1) / characters) for line in text.split("\n"))


def page_xml(page: Page, number_of: Callable[[Look], int], namespace: str) -> bytes:
    """The part; ``number_of`` gives the number of a look in the workbook's formats."""
    merged, links = [], []
    rows = []
    last = len(page.widths)
    for number, line in enumerate(page.lines, 1):
        cells = b"".join(_cell(number, column, cell, number_of(cell.look)) for column, cell in enumerate(line.cells, 1))
        if len(line.cells) == 1 and last > 1:
            merged.append(f"A{number}:{address(number, last)}")
        rows.append(b'<row r="%d" ht="%d" customHeight="1">%b</row>' % (number, _height(line, page.widths), cells))
        for column, cell in enumerate(line.cells, 1):
            if cell.leads_to is not None:
                links.append(_link(address(number, column), cell.leads_to))
    widths = b"".join(
        b'<col min="%d" max="%d" width="%g" customWidth="1"/>' % (column, column, width)
        for column, width in enumerate(page.widths, 1)
    )
    whole = f"A1:{address(max(1, len(page.lines)), last)}".encode()
    content = [
        b'<sheetPr><pageSetUpPr fitToPage="1"/></sheetPr>',
        b'<dimension ref="%b"/>' % whole,
        b'<sheetViews><sheetView showGridLines="0" workbookViewId="0">%b</sheetView></sheetViews>' % _pane(page),
        b'<sheetFormatPr defaultRowHeight="%d"/>' % _POINTS,
        b"<cols>%b</cols>" % widths,
        b"<sheetData>%b</sheetData>" % b"".join(rows),
        _grouped(b"mergeCells", [b"<mergeCell %b/>" % attribute(b"ref", area) for area in merged], counted=True),
        _grouped(b"hyperlinks", links),
        b'<pageMargins left="0.4" right="0.4" top="0.75" bottom="0.75" header="0.3" footer="0.3"/>',
        b'<pageSetup paperSize="%d" orientation="landscape" fitToHeight="0"/>' % _A4,
        b"<headerFooter><oddFooter>&amp;L%b&amp;R&amp;P / &amp;N</oddFooter></headerFooter>"
        % escaped(page.title.replace("&", "&&")),
        # a number that somebody wrote is a text here
        b'<ignoredErrors><ignoredError sqref="%b" numberStoredAsText="1"/></ignoredErrors>' % whole,
    ]
    return HEAD + b"<worksheet %b>%b</worksheet>" % (attribute(b"xmlns", namespace), b"".join(content))


def _cell(row: int, column: int, cell: PageCell, style: int) -> bytes:
    begun = b'<c r="%b" s="%d"' % (address(row, column).encode(), style)
    if not isinstance(cell.content, str):
        return begun + b"><v>%b</v></c>" % f"{cell.content:.15g}".encode()
    if not cell.content:
        return begun + b"/>"
    text = escaped(disarmed(shortened(cell.content)))
    return begun + b' t="inlineStr"><is><t xml:space="preserve">%b</t></is></c>' % text


def _height(line: Line, widths: Sequence[float]) -> int:
    """In points, since no program sees to merged cells, and not each to the others."""
    widths = widths if len(line.cells) > 1 else (sum(widths),)
    needed = (
        lines_of(str(cell.content), _FITS * width * 11 / cell.look.size) * _POINTS * cell.look.size / 11
        for cell, width in zip(line.cells, widths, strict=False)
    )
    return min(_HIGHEST, round(max(needed, default=_POINTS) + 3))


def _pane(page: Page) -> bytes:
    if not page.heading:
        return b""
    return b'<pane ySplit="%d" topLeftCell="A%d" activePane="bottomLeft" state="frozen"/>' % (
        page.heading,
        page.heading + 1,
    )


def _link(at: str, to: Place) -> bytes:
    location = f"{quote(to.sheet)}!{address(to.row, to.column)}"
    return b"<hyperlink %b %b/>" % (attribute(b"ref", at), attribute(b"location", location))


def _grouped(name: bytes, members: list[bytes], *, counted: bool = False) -> bytes:
    count = b' count="%d"' % len(members) if counted else b""
    return b"<%b%b>%b</%b>" % (name, count, b"".join(members), name) if members else b""
