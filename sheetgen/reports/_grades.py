"""What the reports for gradebooks share: whose marks go into which row, scaled to its points; what is told of others.

A row is found by ids alone, never by a name. Where two hand-ins would go into one row, neither does, since nobody knows
which of them counts.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from decimal import ROUND_HALF_UP, Decimal
from typing import TypeVar

from ..errors import UsageError
from ..handin import HandIn
from ..marking import Marked
from ._names import without_directions

LISTED = 10  # names in a sentence; more are counted
_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
Taken = TypeVar("Taken")


def number(amount: float | Decimal) -> str:
    """Marks with a decimal point, no more digits than there are, and never an exponent."""
    text = f"{amount:.6f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def one_line(text: str) -> str:
    """What a student wrote without line breaks, controls and turns of direction; what is no character at all is a ?."""
    return _CONTROLS.sub(" ", without_directions(text)).encode("utf-8", "replace").decode("utf-8")


def scaled(marked: Marked, points: Decimal) -> Decimal:
    """The score as a share of ``points``, rounded to two decimals as people round."""
    score, most = Decimal(number(marked.score)), Decimal(number(marked.max_score))
    if not most:
        raise UsageError("the results have 0 marks at most, which make no grade; give the blanks `marks:` in the YAML")
    return (score * points / most).quantize(Decimal("0.01"), ROUND_HALF_UP)


def own_id(hand_in: HandIn) -> str:
    """The id that the institution gives a student; empty where all that is known is a platform's number, or a name.

    Platforms count from 1, so that one's number for a student may well be another student's id elsewhere.
    """
    known = hand_in.id.strip() if hand_in.how in ("roster", "file name", "Student cell") else ""
    return "" if re.search(r"\s", known) else known


class Index:
    """The rows in which each value of a column stands, so that a value that stands in two finds none."""

    def __init__(self, rows: Iterable[tuple[int, str]]) -> None:
        self._rows: dict[str, int | None] = {}
        for row, text in rows:
            key = text.strip().casefold()
            if key:
                self._rows[key] = None if key in self._rows else row

    def find(self, text: str) -> int | None:
        return self._rows.get(text.strip().casefold())


def take_each(
    submissions: Iterable[Marked],
    find: Callable[[HandIn], int | None],
    take: Callable[[Marked, int], Taken],
    say: Callable[[str], None],
    gradebook: str,
) -> dict[int, Taken]:
    """What ``take`` makes of each marked submission, by its row; the others are told, with what became of them."""
    found: dict[int, Taken] = {}
    files: dict[int, list[str]] = {}
    nobody, unmarked = [], []
    for marked in submissions:
        row, name = find(marked.hand_in), _named(marked)
        if row is None:
            nobody.append(name)
            continue
        files.setdefault(row, []).append(name)
        if marked.status == "marked":
            found[row] = take(marked, row)
        else:
            unmarked.append(name)
    for row, names in files.items():
        if len(names) > 1:
            found.pop(row, None)
            say(f"one row of the {gradebook} has several submissions, and stays as it is: {listed(names)}")
    if nobody:
        say(f"not in the {gradebook}, by any id: {listed(nobody)}")
    if unmarked:
        say(f"without a grade, because the file could not be marked: {listed(unmarked)}")
    return found


def tell_provisional(say: Callable[[str], None], still: Sequence[float]) -> None:
    """How many of the grades a person may yet raise, by ``still`` marks each: until then those count as none."""
    waiting = [each for each in still if each]
    if waiting:
        grades = f"{len(waiting)} of {len(still)} grades {'is' if len(waiting) == 1 else 'are'} provisional"
        say(f"{grades}: a person has yet to give up to {number(max(waiting))} marks, which count as 0 in the file")


def _named(marked: Marked) -> str:
    who = marked.hand_in.shown
    return one_line(f"{marked.file} ({who})" if who else marked.file)


def listed(names: Sequence[str], between: str = ", ") -> str:
    """The first few, and how many more there are."""
    more = len(names) - LISTED
    return between.join(names[:LISTED]) + (f" and {more} more" if more > 0 else "")
