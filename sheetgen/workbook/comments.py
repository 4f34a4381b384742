"""Comments put on cells of a sheet: the part that holds their texts, and the drawing (VML) without which none shows.

A cell that has a comment keeps it as it is. Must not know: what the comments are for.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from ..addresses import LAST_COLUMN, LAST_ROW, address, parse_address
from .adding import HEAD, Additions
from .archive import BrokenPackage
from .cells import disarmed
from .markup import Element, Markup, attribute, encoding_of, escaped

AUTHOR = "sheetgen"
_COMMENTS = "application/vnd.openxmlformats-officedocument.spreadsheetml.comments+xml"
_DRAWING = "application/vnd.openxmlformats-officedocument.vmlDrawing"
_THREADED = "http://schemas.microsoft.com/office/spreadsheetml/2018/threadedcomments"
# What stands behind <legacyDrawing> in a sheet, should it be there (ECMA-376 part 1, CT_Worksheet).
_BEHIND = (
    "legacyDrawingHF",
    "drawingHF",
    "picture",
    "oleObjects",
    "controls",
    "webPublishItems",
    "tableParts",
    "extLst",
)

WIDTH = 270  # pixels of a comment
_CHARACTERS, _LINE = 42, 15  # that fit on one of its lines, and its height, in the size that Excel writes comments in
_WALK = 200  # columns or rows over which a comment may reach, where most are hidden


def add_comments(
    added: Additions,
    part: str,
    sheet: bytes,
    texts: Mapping[tuple[int, int], str],
    settled: Mapping[tuple[int, int], str],
) -> bytes:
    """The sheet with comments on these cells, (row, column); those that have one keep it, but where it is ours.

    Of ours those in ``settled`` change too; no cell gets one for that. Raises BrokenPackage.
    """
    comments = added.package.related(part, "comments")
    if not texts and comments is None:
        return sheet
    old = None if comments is None else _Comments(added.package.part(comments), comments)
    ours = old.ours() if old is not None else {}
    taken = {*(old.cells() if old is not None else ()), *_threaded(added, part)}
    new = {at: text for at, text in sorted(texts.items()) if at not in taken}
    again = {at: text for at, text in {**settled, **texts}.items() if at in ours}
    if not new and not again:
        return sheet
    if not new:
        assert old is not None
        assert comments is not None
        added.new[comments] = old.written({}, again)
        return sheet
    page = _Sheet(sheet, part)
    drawing, relates = _drawing(added, part, page)
    shapes = _with_shapes(added, page, drawing, new)  # before anything is added: it may find the drawing damaged
    if old is not None and comments is not None:
        added.new[comments] = old.written(new, again)
    else:
        name = added.name("xl/comments{}.xml")
        added.add(name, _new_comments(page, new), _COMMENTS)
        added.relate(part, "comments", name)
    if not relates:
        added.new[drawing] = shapes
        return sheet
    added.add(drawing, shapes, _DRAWING)
    return page.with_drawing(added.relate(part, "vmlDrawing", drawing), added.office)


def _threaded(added: Additions, part: str) -> Iterator[tuple[int, int]]:
    for each in added.package.all_related(part, "threadedComment"):
        markup = Markup(added.package.part(each), each, namespaces=(_THREADED,))
        yield from _places(markup.root.children)


def _places(elements: list[Element]) -> Iterator[tuple[int, int]]:
    for element in elements:
        try:
            yield parse_address(element.attributes.get("ref") or "")
        except ValueError:
            continue  # Excel calls that damaged, and we keep it


# -- the texts ---------------------------------------------------------------------------------------------------------


class _Comments:
    """The comments that a sheet has."""

    def __init__(self, data: bytes, part: str) -> None:
        self._markup = Markup(data, part, lambda parent, _, __: parent.name in ("comments", "authors", "commentList"))
        authors, listed = (self._markup.root.child(name) for name in ("authors", "commentList"))
        if authors is None or listed is None:
            raise BrokenPackage(f"the part {part} is damaged: it lacks its authors, or its list of comments")
        self._authors, self._list = authors, listed
        names = [self._markup.text[each.inner : each.closing].strip() for each in authors.children]
        self._author = names.index(AUTHOR.encode()) if AUTHOR.encode() in names else None

    def cells(self) -> set[tuple[int, int]]:
        return set(_places(self._list.children))

    def ours(self) -> dict[tuple[int, int], Element]:
        """Those of an earlier marking."""
        found = {}
        for each in self._list.children:
            for at in _places([each]):
                if each.attributes.get("authorId") == str(self._author):
                    found[at] = each
        return found

    def written(self, new: Mapping[tuple[int, int], str], again: Mapping[tuple[int, int], str]) -> bytes:
        """With ``new`` ones behind those that there are, and other texts in ours."""
        markup = self._markup
        prefix, number = markup.prefix(markup.root), self._author
        if new and number is None:
            number = len(self._authors.children)
            markup.append(self._authors, b"<%bauthor>%b</%bauthor>" % (prefix, AUTHOR.encode(), prefix))
        for at, element in self.ours().items():
            if at in again and number is not None:
                markup.replace(element.start, element.end, _comment(prefix, number, at, again[at]))
        if new and number is not None:
            markup.append(self._list, b"".join(_comment(prefix, number, *each) for each in new.items()))
        return markup.done()


def _new_comments(page: _Sheet, texts: Mapping[tuple[int, int], str]) -> bytes:
    listed = b"".join(_comment(b"", 0, *each) for each in texts.items())
    return HEAD + b"<comments %b><authors><author>%b</author></authors><commentList>%b</commentList></comments>" % (
        attribute(b"xmlns", page.namespace),
        AUTHOR.encode(),
        listed,
    )


def _comment(prefix: bytes, author: int, at: tuple[int, int], text: str) -> bytes:
    content = b'<%bt xml:space="preserve">%b</%bt>' % (prefix, escaped(disarmed(text)), prefix)
    return b'<%bcomment ref="%b" authorId="%d"><%btext>%b</%btext></%bcomment>' % (
        prefix,
        address(*at).encode(),
        author,
        prefix,
        content,
        prefix,
        prefix,
    )


# -- the sheet ---------------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Sizes:
    """Pixels of columns and rows: a comment is placed by the cells that it covers."""

    columns: list[tuple[int, int, int]] = field(default_factory=list)  # first, last, pixels
    column: int = 64
    rows: dict[int, int] = field(default_factory=dict)
    row: int = 20

    def of_column(self, number: int) -> int:
        return next((size for first, last, size in self.columns if first <= number <= last), self.column)

    def of_row(self, number: int) -> int:
        return self.rows.get(number, self.row)


class _Sheet:
    """What a sheet says of its drawings, and of the sizes of its cells."""

    def __init__(self, data: bytes, part: str) -> None:
        self.sizes = _Sizes()
        self._row = 0
        self._markup = Markup(data, part, self._keep)
        root = self._markup.root
        self.namespace = self._markup.namespace
        self.drawing = root.child("legacyDrawing")
        self.shape_ids = [int(each) for each in re.findall(rb'\bshapeId="([0-9]{1,9})"', self._markup.text)]

    def _keep(self, parent: Element, name: str, attributes: Mapping[str, str]) -> bool:
        sizes, hidden = self.sizes, attributes.get("hidden") in ("1", "true")
        match name:
            case "sheetFormatPr":
                sizes.row = (
                    0 if attributes.get("zeroHeight") in ("1", "true") else _height(attributes, "defaultRowHeight")
                )
                wide = _number(attributes.get("defaultColWidth"))
                sizes.column = round(wide * 7) if wide else 64
            case "col":
                first, last = (int(_number(attributes.get(end)) or 0) for end in ("min", "max"))
                wide = _number(attributes.get("width"))
                sizes.columns.append((first, last, 0 if hidden else round(wide * 7) if wide else sizes.column))
            case "row":
                self._row = int(_number(attributes.get("r")) or self._row + 1)
                if hidden or "ht" in attributes:
                    sizes.rows[self._row] = 0 if hidden else _height(attributes, "ht")
        return parent.name == "worksheet"

    def with_drawing(self, identifier: str, office: str) -> bytes:
        markup = self._markup
        prefix = markup.prefix(markup.root)
        bound = markup.bound((office,))
        declared = b"" if bound else attribute(b" xmlns:r", office)
        reference = b"<%blegacyDrawing%b %b/>" % (
            prefix,
            declared,
            attribute(f"{bound or 'r'}:id".encode(), identifier),
        )
        before = [child for child in markup.root.children if child.name and child.name not in _BEHIND]
        markup.insert(before[-1].end, reference)
        return markup.done()


def _height(attributes: Mapping[str, str], name: str) -> int:
    points = _number(attributes.get(name))
    return round(points * 4 / 3) if points is not None else 20


def _number(text: str | None) -> float | None:
    try:
        number = float(text or "")
    except ValueError:
        return None
    return number if 0 <= number < 2e6 else None


# -- the drawing -------------------------------------------------------------------------------------------------------

_BLOCK = 1024  # identifiers of shapes come in blocks, and a drawing says which are its own
_DECLARED = (  # on each of our own shapes: a drawing that is there may call these otherwise
    'xmlns:v="urn:schemas-microsoft-com:vml" xmlns:o="urn:schemas-microsoft-com:office:office" '
    'xmlns:x="urn:schemas-microsoft-com:office:excel"'
)
_NEW = '<xml {declared}><o:shapelayout v:ext="edit"><o:idmap v:ext="edit" data="{block}"/></o:shapelayout></xml>'
_KIND = (
    '<v:shapetype {declared} id="_x0000_t202" coordsize="21600,21600" o:spt="202" path="m,l,21600r21600,l21600,xe">'
    '<v:stroke joinstyle="miter"/><v:path gradientshapeok="t" o:connecttype="rect"/></v:shapetype>'
)
_SHAPE = (
    '<v:shape {declared} id="_x0000_s{number}" type="#_x0000_t202" style="position:absolute;z-index:{order};'
    'visibility:hidden" fillcolor="#ffffe1" o:insetmode="auto"><v:fill color2="#ffffe1"/>'
    '<v:shadow on="t" color="black" obscured="t"/><v:path o:connecttype="none"/>'
    '<v:textbox style="mso-direction-alt:auto"><div style="text-align:left"></div></v:textbox>'
    '<x:ClientData ObjectType="Note"><x:MoveWithCells/><x:SizeWithCells/><x:Anchor>{anchor}</x:Anchor>'
    "<x:AutoFill>False</x:AutoFill><x:Row>{row}</x:Row><x:Column>{column}</x:Column></x:ClientData></v:shape>"
)
_END = re.compile(r"</xml\s*>\s*\Z")
_IDS = re.compile(r"_x0000_s([0-9]{1,9})\b")
_MAP = re.compile(r"(<o:idmap\b[^>]*?\bdata\s*=\s*)([\"'])([0-9, ]*)\2")


def _drawing(added: Additions, part: str, page: _Sheet) -> tuple[str, bool]:
    """The sheet's VML, and whether it has yet to be made."""
    if page.drawing is None:
        return added.name("xl/drawings/vmlDrawing{}.vml"), True
    identifier = next((value for name, value in page.drawing.attributes.items() if name.endswith("}id")), "")
    found = added.package.related_as(part, identifier)
    if found is None or added.package.find(found) is None:
        raise BrokenPackage(f"the part {part} names a drawing that is not there")
    return found, False


def _with_shapes(added: Additions, page: _Sheet, drawing: str, texts: Mapping[tuple[int, int], str]) -> bytes:
    """The VML with a box for each text. It is no sound XML where Excel itself wrote it, and edited as text."""
    if page.drawing is None:
        block, encoding = 1 + max(_blocks(added), default=0), "utf-8"
        text = _NEW.format(declared=_DECLARED, block=block)
        first = block * _BLOCK + 1
    else:
        data = added.package.part(drawing)
        encoding = encoding_of(data)
        try:
            text = data.decode(encoding)
        except (UnicodeError, LookupError):
            raise BrokenPackage(f"the part {drawing} is damaged (its characters are not {encoding})") from None
        first = 1 + max([_BLOCK, *map(int, _IDS.findall(text)), *page.shape_ids])
        own, all_blocks = _listed(text), list(_blocks(added))
        needed = range(first // _BLOCK, (first + len(texts)) // _BLOCK + 1)
        if any(block in all_blocks and block not in own for block in needed):  # another drawing's
            first = (1 + max(all_blocks)) * _BLOCK + 1
    end = _END.search(text)
    if end is None:
        raise BrokenPackage(f"the part {drawing} is no drawing of Excel's")
    kind = "" if 'id="_x0000_t202"' in text else _KIND.format(declared=_DECLARED)
    shapes = "".join(
        _SHAPE.format(
            declared=_DECLARED,
            number=first + i,
            order=first % _BLOCK + i,
            anchor=_anchor(page.sizes, at, said),
            row=at[0] - 1,
            column=at[1] - 1,
        )
        for i, (at, said) in enumerate(texts.items())
    )
    whole = text[: end.start()] + kind + shapes + text[end.start() :]
    return _MAP.sub(lambda match: _grown(match, first, first + len(texts) - 1), whole, count=1).encode(encoding)


def _blocks(added: Additions) -> Iterator[int]:
    """The blocks that the workbook's drawings have, old and new."""
    for sheet in added.package.sheets:
        for part in added.package.all_related(sheet.part, "vmlDrawing"):
            data = added.package.part(part) if added.package.find(part) else b""
            yield from _listed(data.replace(b"\0", b"").decode("latin-1"))
    for name, content in added.new.items():
        if name.endswith(".vml") and content is not None:
            yield from _listed(content.decode("latin-1"))


def _listed(text: str) -> list[int]:
    found = _MAP.search(text)
    return [int(each) for each in re.findall(r"[0-9]{1,6}", found[3])] if found is not None else []


def _grown(found: re.Match[str], first: int, last: int) -> str:
    """The blocks of a drawing with those of its new shapes."""
    blocks = re.findall(r"[0-9]{1,6}", found[3])
    more = [str(block) for block in range(first // _BLOCK, last // _BLOCK + 1) if str(block) not in blocks]
    return f"{found[1]}{found[2]}{','.join([*blocks, *more])}{found[2]}" if more else found[0]


def _anchor(sizes: _Sizes, at: tuple[int, int], text: str) -> str:
    """Where the box is, as the cells at its corners and pixels from theirs: to the right of the cell."""
    lines = sum(1 + len(line) // _CHARACTERS for line in text.split("\n"))
    height = min(40, lines + 1) * _LINE
    left, right, rest = _reach(sizes.of_column, min(at[1] + 1, LAST_COLUMN - _WALK), 15, WIDTH)
    top, bottom, below = _reach(sizes.of_row, max(1, min(at[0] - 1, LAST_ROW - _WALK)), 4, height)
    return f"{left - 1}, 15, {top - 1}, 4, {right - 1}, {rest}, {bottom - 1}, {below}"


def _reach(size: Callable[[int], int], first: int, offset: int, pixels: int) -> tuple[int, int, int]:
    """The first and the last cell of a line, and how far into the last one it goes."""
    rest, last = offset + pixels, first
    while rest > size(last) and last < first + _WALK:
        rest -= size(last)
        last += 1
    return first, last, min(rest, size(last))
