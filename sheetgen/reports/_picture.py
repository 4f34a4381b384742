"""The picture of a class: how its marks are distributed, drawn by matplotlib as SVG to stand inside a page.

What matplotlib writes is made fit for a strict page: no style attributes, which a content security policy forbids, no
ids, no fonts, no metadata. Colours and letters are the page's own, by class. This room must not know results.
"""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lxml.etree import _Element

_SVG = "{http://www.w3.org/2000/svg}"
_WIDTH, _HEIGHT = 7.6, 2.9  # inches of 72 points, which are the picture's own units
_KEPT = ("text-anchor", "font-size", "stroke-width", "stroke-dasharray")  # of matplotlib's styles
_NUMBER = re.compile(r"-?\d+\.\d+")


def histogram(counts: Sequence[int], median: float | None, title: str, across: str, up: str, said: str) -> str:
    """``counts`` students in equal parts of 0 to 100 %, as SVG; ``median`` is a share, 0 to 1, and ``said`` beside it.

    ``title`` is read out in the place of the picture; ``across`` and ``up`` are what its axes show.
    """
    from matplotlib import rc_context, rcdefaults, rcParams
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure
    from matplotlib.ticker import MaxNLocator

    width = 100 / len(counts)
    with rc_context():
        rcdefaults()  # whatever style a user has set for their own pictures
        rcParams.update({"svg.fonttype": "none", "font.size": 10})
        figure = Figure(figsize=(_WIDTH, _HEIGHT))
        FigureCanvasSVG(figure)
        axes = figure.add_axes((0.07, 0.17, 0.9, 0.74))
        axes.set_axisbelow(True)
        figure.patch.set_visible(False)
        axes.patch.set_visible(False)
        places = [(i + 0.5) * width for i in range(len(counts))]
        for bar, count in zip(axes.bar(places, counts, width * 0.86), counts, strict=True):
            bar.set_clip_on(False)
            bar.set_gid("bar")
            if count:
                axes.text(bar.get_x() + bar.get_width() / 2, count, str(count), ha="center", va="bottom", gid="count")
        most = max(counts, default=0) or 1
        axes.set_xlim(0, 100)
        axes.set_ylim(0, most * 1.18)
        axes.set_xticks(range(0, 101, 10))
        axes.yaxis.set_major_locator(MaxNLocator(4, integer=True))
        axes.tick_params(length=0)
        for spine in axes.spines.values():
            spine.set_visible(False)
        for line in axes.get_ygridlines():
            line.set_gid("line")
        axes.grid(visible=True, axis="y", linewidth=0.6, clip_on=False)
        axes.set_xlabel(across, gid="axis")
        axes.text(0, 1.04, up, transform=axes.transAxes, ha="left", va="bottom", gid="axis")
        if median is not None:
            at = 100 * median
            axes.plot([at, at], [0, most * 1.13], linewidth=1.2, dashes=(3, 2), clip_on=False, zorder=0.8, gid="median")
            left = at > 50
            axes.text(
                at + (-0.8 if left else 0.8),
                most * 1.15,
                said,
                ha="right" if left else "left",
                va="bottom",
                gid="said",
            )
        out = io.BytesIO()
        nothing = {"Date": None, "Creator": None, "Format": None, "Type": None}
        figure.savefig(out, format="svg", metadata=nothing)
    return _fit(out.getvalue(), title)


def _fit(svg: bytes, title: str) -> str:
    from lxml import etree

    root = etree.fromstring(svg, etree.XMLParser(resolve_entities=False, no_network=True, remove_comments=True))
    for element in list(root.iter()):
        if element.tag in (f"{_SVG}metadata", f"{_SVG}defs", f"{_SVG}style", f"{_SVG}use"):
            _take_out(element)
            continue
        named = element.attrib.pop("id", "")
        if named and not re.search(r"_\d+$", named):  # axes_1 is matplotlib's own
            element.set("class", named)
        element.attrib.pop("clip-path", "")
        for each in element.attrib.pop("style", "").split(";"):
            name, _, value = each.partition(":")
            if name.strip() in _KEPT:
                element.set(name.strip(), value.strip())
        if "rotate(-0 " in element.get("transform", ""):
            del element.attrib["transform"]
        for name in ("d", "x", "y"):
            if name in element.attrib:
                element.set(name, _NUMBER.sub(lambda found: f"{float(found[0]):.1f}", str(element.get(name))))
    for name in ("width", "height", "version"):
        root.attrib.pop(name, "")
    root.set("role", "img")
    root.set("aria-label", title)
    root.set("class", "picture")
    _hollow(root)
    etree.cleanup_namespaces(root)
    text = etree.tostring(root, encoding="unicode")
    return re.sub(r">\s+<", "><", text).strip()


def _take_out(element: _Element) -> None:
    parent = element.getparent()
    if parent is not None:
        parent.remove(element)


def _hollow(root: _Element) -> None:
    """Take out groups without anything in them."""
    for element in reversed(list(root.iter(f"{_SVG}g"))):
        if not len(element) and not (element.text or "").strip():
            _take_out(element)
