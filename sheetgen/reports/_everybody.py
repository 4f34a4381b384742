"""What of a student's values a page for the whole class must not show: numbers that are right in some cell.

A wrong value may well be right elsewhere, such as the weights that stand where the parameters are asked for, and a
class page is shown before everybody has the answers. This room must not know pages.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from ..sheet import Sheet

_NUMBER = re.compile(r"\d+(?:[.,' \u00a0\u202f]?\d+)*")
_NO_DIGITS = re.compile(r"\D")
_NOTHING_BEHIND = re.compile(r"[.,]0+$")


class Withheld:
    """The numbers that are asked for; without a sheet, of which they are not known, that is every number."""

    def __init__(self, sheet: Sheet | None) -> None:
        self._right = None if sheet is None else frozenset(each for text in _right(sheet) for each in _numbers(text))

    def holds(self, given: str) -> bool:
        """Whether one of these numbers is in what a student typed, however its thousands are written."""
        found = set(_numbers(given))
        return bool(found) if self._right is None else not found.isdisjoint(self._right)


def _right(sheet: Sheet) -> Iterator[str]:
    for cell in sheet.blanks:
        yield str(sheet.table.value(cell.answer or ""))
    for asked in sheet.questions.cells if sheet.questions is not None else ():
        if asked.question.numbers:
            yield str(sheet.table.value(asked.answer))


def _numbers(text: str) -> Iterator[str]:
    """The digits of each number in a text; of 34.944 those of 34944, which it may be, and without a .0 at its end."""
    for found in _NUMBER.findall(text):
        yield _NO_DIGITS.sub("", found)
        yield _NO_DIGITS.sub("", _NOTHING_BEHIND.sub("", found))
        yield from re.findall(r"\d+", found)
