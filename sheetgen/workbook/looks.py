"""How cells look: the formats of a workbook (xl/styles.xml), with new ones put behind those that there are.

The old ones stay as they are, byte for byte and by their numbers. Must not know: sheets, cells, or what a look is for.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from .adding import HEAD
from .markup import Element, Markup, attribute

MOST = 64_000  # formats of cells: Excel's own limit is a little above, and it drops what lies beyond
MOST_FONTS = 500  # Excel shows 512 of a workbook
# The groups that count here, each in its place among all that the part may have.
_ORDER = ("numFmts", "fonts", "fills", "borders", "cellStyleXfs", "cellXfs")
_XF = 'numFmtId="0" fontId="0" fillId="0" borderId="0"'
_DEFAULTS = {  # what stands first in a group that a workbook lacks
    "fonts": ('<font><sz val="11"/><name val="Calibri"/><family val="2"/></font>',),
    "fills": ('<fill><patternFill patternType="none"/></fill>', '<fill><patternFill patternType="gray125"/></fill>'),
    "borders": ("<border><left/><right/><top/><bottom/><diagonal/></border>",),
    "cellStyleXfs": (f"<xf {_XF}/>",),
    "cellXfs": (f'<xf {_XF} xfId="0"/>',),
}


_FILL = re.compile(r"patternType=\"(\w+)\".*?fgColor rgb=\"FF(\w{6})\"", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Fill:
    """A background: a colour (RRGGBB), or with a ``pattern`` its lines in ``colour`` on ``behind``."""

    colour: str
    pattern: str = "solid"
    behind: str = ""


@dataclass(frozen=True, slots=True)
class Look:
    """The whole format of a cell of ours: its text is at the top left, and wrapped."""

    size: int = 11
    bold: bool = False
    underlined: bool = False
    colour: str = "1F2933"
    fill: Fill | None = None
    lined: bool = False
    is_text: bool = False  # stays text also where a person edits it, though it begins with =
    right: bool = False


def no_formats(namespace: str) -> bytes:
    """The part of a workbook that has no formats of its own."""
    groups = "".join(f'<{name} count="{len(first)}">{"".join(first)}</{name}>' for name, first in _DEFAULTS.items())
    normal = '<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles>'
    return HEAD + f'<styleSheet xmlns="{namespace}">{groups}{normal}</styleSheet>'.encode()


def _keep(parent: Element, _: str, __: Mapping[str, str]) -> bool:
    return parent.name in ("styleSheet", "fonts", "fills", "borders", "cellXfs")


class Looks:
    """The part, read once; ``done`` gives it with what was asked for. Raises BrokenPackage."""

    def __init__(self, data: bytes, part: str) -> None:
        self._markup = Markup(data, part, _keep)
        if self._markup.is_empty_tag(self._markup.root):
            self._markup = Markup(no_formats(self._markup.namespace), part, _keep)
        self._prefix = self._markup.prefix(self._markup.root).decode()
        self._groups = {child.name: child for child in self._markup.root.children if child.name in _ORDER}
        self._xfs = [child for child in self._children("cellXfs") if child.name == "xf"]
        self._new: dict[str, list[bytes]] = {}
        self._numbers: dict[tuple[str, bytes], int] = {}
        self._looks: dict[Look, int] = {}
        self._filled: dict[tuple[int, Fill | None], int] = {}
        self._before: set[str] = set()  # backgrounds that go, by their numbers

    def has(self, fills: Collection[Fill]) -> bool:
        """Whether the workbook has any of these backgrounds; from now on ``filled`` with none takes them away."""
        wanted = {(fill.pattern, fill.colour) for fill in fills}
        for number, each in enumerate(self._children("fills")):
            said = self._markup.whole(each).decode()
            if (match := _FILL.search(said)) is not None and (match[1], match[2].upper()) in wanted:
                self._before.add(str(number))
        return bool(self._before)

    def filled(self, old: int, fill: Fill | None) -> int:
        """The number of the format that is ``old`` but for its background; ``old`` itself where there is no room."""
        if (old, fill) in self._filled:
            return self._filled[old, fill]
        if old >= max(1, len(self._xfs)) or self._count("cellXfs") >= MOST:
            return old
        if fill is None and not (self._xfs and self._xfs[old].attributes.get("fillId") in self._before):
            return old
        background = self._number("fills", self._fill(fill)) if fill is not None else 0
        if self._xfs:
            xf = self._markup.altered(self._xfs[old], {"fillId": str(background), "applyFill": "1"})
        else:
            xf = self._own(f'<xf numFmtId="0" fontId="0" fillId="{background}" borderId="0" applyFill="1"/>')
        self._filled[old, fill] = self._number("cellXfs", xf)
        return self._filled[old, fill]

    def number(self, look: Look) -> int:
        """The number of a format that looks so; the workbook's own first one where there is no room."""
        if look in self._looks:
            return self._looks[look]
        if self._count("cellXfs") >= MOST:
            return 0
        style = "<b/>" * look.bold + "<u/>" * look.underlined
        font = f'<font>{style}<sz val="{look.size}"/><color rgb="FF{look.colour}"/><name val="Calibri"/></font>'
        fonts = self._number("fonts", self._own(font)) if self._count("fonts") < MOST_FONTS else 0
        fills = self._number("fills", self._fill(look.fill)) if look.fill is not None else 0
        line = '<{0} style="thin"><color rgb="FFCBD2D9"/></{0}>'
        sides = "".join(line.format(side) for side in ("left", "right", "top", "bottom"))
        borders = self._number("borders", self._own(f"<border>{sides}<diagonal/></border>")) if look.lined else 0
        numbers = f'numFmtId="0" fontId="{fonts}" fillId="{fills}" borderId="{borders}"'
        base = ' xfId="0"' if "cellStyleXfs" in self._groups else ""
        quoted = ' quotePrefix="1"' if look.is_text else ""
        applied = 'applyNumberFormat="1" applyFont="1" applyFill="1" applyBorder="1" applyAlignment="1"'
        indent = ' indent="1"' if look.lined else ""
        aligned = f'<alignment horizontal="{"right" if look.right else "left"}" vertical="top" wrapText="1"{indent}/>'
        self._looks[look] = self._number("cellXfs", self._own(f"<xf {numbers}{base}{quoted} {applied}>{aligned}</xf>"))
        return self._looks[look]

    def done(self) -> bytes:
        markup = self._markup
        for place, group in enumerate(_ORDER):
            new = self._new.get(group)
            if not new:
                continue
            if group in self._groups:
                count = str(len(self._children(group)) + len(new))
                element = self._groups[group]
                counted = {"count": count} if "count" in element.attributes else {}
                markup.append(element, b"".join(new), counted)
                continue
            name = f"{self._prefix}{group}".encode()
            whole = b"<%b %b>%b</%b>" % (name, attribute(b"count", str(len(new))), b"".join(new), name)
            before = [self._groups[each] for each in _ORDER[:place] if each in self._groups]
            if before:
                markup.insert(before[-1].end, whole)
            else:
                markup.insert(markup.root.inner, whole)
        return markup.done()

    # -- pieces

    def _children(self, group: str) -> list[Element]:
        return self._groups[group].children if group in self._groups else []

    def _count(self, group: str) -> int:
        return len(self._children(group)) + len(self._new.get(group, ()))

    def _number(self, group: str, xml: bytes) -> int:
        """The number of a new member of a group; the same for the same."""
        if (group, xml) not in self._numbers:
            new = self._new.setdefault(group, [])
            # Excel shows the first two backgrounds as none and grey, whatever the file says
            for default in _DEFAULTS[group][self._count(group) :]:
                new.append(self._own(default))
            self._numbers[group, xml] = self._count(group)
            new.append(xml)
        return self._numbers[group, xml]

    def _fill(self, fill: Fill) -> bytes:
        behind = f'<bgColor rgb="FF{fill.behind}"/>' if fill.behind else '<bgColor indexed="64"/>'
        colours = f'<fgColor rgb="FF{fill.colour}"/>{behind}'
        return self._own(f'<fill><patternFill patternType="{fill.pattern}">{colours}</patternFill></fill>')

    def _own(self, xml: str) -> bytes:
        """With the prefix that the part has for its elements."""
        if self._prefix:
            xml = xml.replace("</", "\0").replace("<", f"<{self._prefix}").replace("\0", f"</{self._prefix}")
        return xml.encode()
