"""What a cell's number format makes of a number: a date, a percentage, or neither (ECMA-376 part 1, 18.8.30 and 31).

Must not know: sheets, cells, or what a number means.
"""

from __future__ import annotations

import re
from typing import Literal

from lxml import etree

from .archive import local

Shown = Literal["", "date", "percent"]

# The formats that have a number but no code in the file; 27 to 36 and 50 to 58 are dates of East Asia.
_BUILT_IN: dict[int, Shown] = {
    **dict.fromkeys((9, 10), "percent"),
    **dict.fromkeys((*range(14, 23), *range(27, 37), *range(45, 48), *range(50, 59)), "date"),
}
_LONGEST_CODE = 255  # Excel's own limit
# What prints as it stands, quoted or behind a backslash, and what is colour, condition or locale; but [h] is hours
_LITERAL = re.compile(r'"[^"]*"?|[\\_*].?|\[(?!(?:h+|m+|s+)\])[^\]]*\]?', re.DOTALL | re.IGNORECASE)
_DATE = re.compile(r"[dmyhs]")  # General and 0.00E+00 have none


def shown_by_code(code: str) -> Shown:
    """What a format's code, ``0.0%`` or ``d/m/yyyy``, makes of a positive number."""
    kept = _LITERAL.sub("", code[:_LONGEST_CODE]).partition(";")[0].lower()
    if "%" in kept:
        return "percent"
    return "date" if _DATE.search(kept) is not None else ""


def read_formats(styles: etree._Element) -> tuple[Shown, ...]:
    """What each style of the part xl/styles.xml makes of a number, by the index that a cell's ``s`` names."""
    codes: dict[int, Shown] = {}
    found: list[Shown] = []
    for group in styles:
        if local(group) == "numFmts":
            for each in group:
                number = _index(each.get("numFmtId")) if local(each) == "numFmt" else None
                if number is not None:
                    codes[number] = shown_by_code(each.get("formatCode") or "")
        elif local(group) == "cellXfs":
            for each in group:
                if local(each) == "xf":
                    number = _index(each.get("numFmtId")) or 0
                    found.append(codes[number] if number in codes else _BUILT_IN.get(number, ""))
    return tuple(found)


def _index(text: str | None) -> int | None:
    return int(text) if text is not None and len(text) < 9 and text.isascii() and text.isdigit() else None
