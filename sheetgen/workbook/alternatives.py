"""Content in several versions, for programs that know more or less: which one Excel shows (mc:AlternateContent).

The first Choice whose required namespaces are all understood counts, else the Fallback (ISO/IEC 29500-3, section 7.6).
Understood is what Microsoft's own Excel of today writes: its namespaces of spreadsheets and drawings. This room must
not know what the versions hold.
"""

from __future__ import annotations

from collections.abc import Iterator

from lxml import etree

_COMPATIBILITY = "http://schemas.openxmlformats.org/markup-compatibility/2006"
ALTERNATE, CHOICE, FALLBACK = (f"{{{_COMPATIBILITY}}}{name}" for name in ("AlternateContent", "Choice", "Fallback"))
_UNDERSTOOD = ("http://schemas.microsoft.com/office/", "http://schemas.openxmlformats.org/")
MOST_NESTED = 10


def shown_children(element: etree._Element, depth: int = 0) -> Iterator[etree._Element]:
    """The children of ``element`` with the version that is shown in the place of each AlternateContent."""
    for child in element:
        if child.tag != ALTERNATE:
            yield child
        elif depth < MOST_NESTED:
            branch = next((each for each in child if _is_branch(each) and _is_chosen(each)), None)
            if branch is not None:
                yield from shown_children(branch, depth + 1)


def home_of(element: etree._Element) -> etree._Element | None:
    """The element that ``element`` is shown in, beyond AlternateContent; None where it is in a version that is not."""
    parent = element.getparent()
    for _ in range(MOST_NESTED):
        if parent is None or not _is_branch(parent):
            return parent
        alternate = parent.getparent()
        if alternate is None or alternate.tag != ALTERNATE or not _is_chosen(parent):
            return None
        parent = alternate.getparent()
    return None


def _is_branch(element: etree._Element) -> bool:
    return element.tag in (CHOICE, FALLBACK)


def _is_chosen(branch: etree._Element) -> bool:
    """Whether this version is shown: no Choice before it is, and it is itself understood."""
    before = (each for each in branch.itersiblings(preceding=True) if each.tag == CHOICE)
    return _is_understood(branch) and not any(_is_understood(each) for each in before)


def _is_understood(branch: etree._Element) -> bool:
    if branch.tag == FALLBACK:
        return True
    needed = (branch.get("Requires") or "").split()
    return bool(needed) and all((branch.nsmap.get(prefix) or "").startswith(_UNDERSTOOD) for prefix in needed)
