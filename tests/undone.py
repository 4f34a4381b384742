"""What was put into a workbook taken out of it again: then it has to be the one that was handed in, node by node.

Nothing here knows how the product puts things in; it finds what is new by comparing.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Collection, Iterator, Mapping

from lxml import etree

from tests.lossless import nodes

NEW = re.compile(r"xl/(worksheets/(_rels/)?sheet|comments|drawings/vmlDrawing|styles)\d*\.\w+(\.rels)?")
GROUPS = ("fonts", "fills", "borders", "cellXfs")


def changes(old: bytes, new: bytes, cells: Mapping[str, Collection[str]]) -> list[str]:
    """What is otherwise than it should be; ``cells`` are those that may get a colour and a comment, by their part."""
    with zipfile.ZipFile(io.BytesIO(old)) as before, zipfile.ZipFile(io.BytesIO(new)) as after:
        names = before.namelist()
        found = [] if after.namelist()[: len(names)] == names else ["parts are missing, or moved"]
        for name in sorted(set(names) & set(after.namelist())):
            one, other = before.read(name), after.read(name)
            if one != other:
                found += [f"{name}: {what}" for what in _part(name, one, other, cells)]
        for name in set(after.namelist()) - set(names):
            if not NEW.fullmatch(name):
                found.append(f"{name} is new")
    return found


def _part(name: str, old: bytes, new: bytes, cells: Mapping[str, Collection[str]]) -> Iterator[str]:
    if name.endswith(".vml"):
        one, other = (
            part.decode("utf-16" if part[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8") for part in (old, new)
        )
        mapped = re.compile(r'(idmap[^>]*data=")[^"]*')
        if mapped.sub(r"\1", one) != mapped.sub(r"\1", _without_ours(other)):
            yield "the drawing is another"
        return
    if re.sub(rb"<[^?!].*", b"", old, flags=re.DOTALL) != re.sub(rb"<[^?!].*", b"", new, flags=re.DOTALL):
        yield "the declaration is another"
    before, after = etree.fromstring(old), etree.fromstring(new)
    if name in cells:
        yield from _sheet(before, after, cells[name])
    elif name.endswith("styles.xml"):
        yield from _styles(before, after)
    elif name.endswith("workbook.xml"):
        _drop_last(before, after, "sheets")
        names = _child(after, "definedNames")
        if names is not None and _child(before, "definedNames") is None:
            after.remove(names) if len(names) == 1 else None
        else:
            _drop_last(before, after, "definedNames")
    elif name == "[Content_Types].xml" or name.endswith(".rels"):
        for each in list(after)[len(before) :]:
            after.remove(each)
    elif "comments" in name:
        _drop_last(before, after, "authors")
        listed, more = _child(before, "commentList"), _child(after, "commentList")
        assert listed is not None
        assert more is not None
        for each in list(more)[len(listed) :]:
            more.remove(each)
    else:
        yield "is another"
        return
    yield from nodes(before, after)


def _without_ours(text: str) -> str:
    text = re.sub(r'<v:shapetype xmlns:v[^>]*id="_x0000_t202".*?</v:shapetype>', "", text, flags=re.DOTALL)
    return re.sub(r"<v:shape xmlns:v.*?</v:shape>", "", text, flags=re.DOTALL)


def _drop_last(before: etree._Element, after: etree._Element, group: str) -> None:
    """The one child that ``after`` has more; two are one too many."""
    one, other = _child(before, group), _child(after, group)
    if one is not None and other is not None and len(other) == len(one) + 1:
        other.remove(other[-1])


def _sheet(before: etree._Element, after: etree._Element, may: Collection[str]) -> Iterator[str]:
    old = {cell.get("r"): cell for cell in before.iter("{*}c")}
    if None in old:  # cells that do not say where they are: in order
        yield from _in_order(before, after)
        return
    for cell in list(after.iter("{*}c")):
        at = str(cell.get("r"))
        if at not in may:
            continue
        if at not in old:
            row = cell.getparent()
            assert row is not None
            if len(cell) or set(cell.attrib) - {"r", "s"}:
                yield f"{at} is new, and holds something"
            row.remove(cell)
            if not len(row) and not any(each.get("r") == row.get("r") for each in before.iter("{*}row")):
                sheet_data = row.getparent()
                assert sheet_data is not None
                sheet_data.remove(row)
            continue
        style = old[at].get("s")
        if style is None:
            if cell.get("s") is not None:
                del cell.attrib["s"]
        else:
            cell.set("s", style)
    _forget(before, after, "{*}dimension", "ref")
    for one, other in zip(before.iter("{*}row"), after.iter("{*}row"), strict=False):
        if one.get("spans") is not None:
            other.set("spans", str(one.get("spans")))
    if _child(before, "legacyDrawing") is None and (drawing := _child(after, "legacyDrawing")) is not None:
        after.remove(drawing)


def _in_order(before: etree._Element, after: etree._Element) -> Iterator[str]:
    """As far as rows go that hold no cell without a name: the same cells, but for their styles."""
    said = [
        [(cell.get("r"), cell.get("t"), etree.tostring(cell, method="text")) for cell in root.iter("{*}c")]
        for root in (before, after)
    ]
    said = [[cell for cell in cells if cell[0] is None or cell[2]] for cells in said]
    if said[0] != said[1]:
        yield "its cells are others"
    for root in (before, after):
        for each in list(root):
            if etree.QName(each).localname in ("sheetData", "dimension", "legacyDrawing"):
                root.remove(each)


def _forget(before: etree._Element, after: etree._Element, tag: str, name: str) -> None:
    for one, other in zip(before.iter(tag), after.iter(tag), strict=True):
        if one.get(name) is not None:
            other.set(name, str(one.get(name)))


def _styles(before: etree._Element, after: etree._Element) -> Iterator[str]:
    """New formats stand behind the old ones, and one that has an old one's look has all of it but the background."""
    for group in GROUPS:
        one, other = _child(before, group), _child(after, group)
        if one is None or other is None:
            continue
        if other.get("count") is not None and other.get("count") != str(len(other)):
            yield f"{group} counts {other.get('count')}, and has {len(other)}"
        for each in list(other)[len(one) :]:
            other.remove(each)
        if one.get("count") is not None:
            other.set("count", str(one.get("count")))


def _child(element: etree._Element, name: str) -> etree._Element | None:
    return next((child for child in element if isinstance(child.tag, str) and child.tag.endswith(f"}}{name}")), None)
