"""Cell addresses and the references in a formula's text.

Must not know: workbooks, values, or what a formula computes.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

LAST_ROW, LAST_COLUMN = 1_048_576, 16_384
_KNOWN = 16_384  # addresses that are remembered: the hand-ins of a class have the same
MOST_IN_RANGE = 10_000  # cells that are named one by one


@dataclass(frozen=True, slots=True)
class Area:
    """The cells that one array formula or data table fills."""

    top: int
    left: int
    bottom: int
    right: int

    def __contains__(self, at: tuple[int, int]) -> bool:
        return self.top <= at[0] <= self.bottom and self.left <= at[1] <= self.right


_ADDRESS = re.compile(r"\$?([A-Za-z]{1,3})\$?([1-9][0-9]{0,6})")


def letters(column: int) -> str:
    """12 -> "L"."""
    text = ""
    while column:
        column, rest = divmod(column - 1, 26)
        text = chr(65 + rest) + text
    return text


@lru_cache(maxsize=_KNOWN)
def address(row: int, column: int) -> str:
    """(4, 12) -> "L4"."""
    return f"{letters(column)}{row}"


@lru_cache(maxsize=_KNOWN)
def parse_address(text: str) -> tuple[int, int]:
    """ "L4" or "$L$4" -> (4, 12). Raises ValueError for what is no cell of a sheet."""
    match = _ADDRESS.fullmatch(text)
    if match is None:
        raise ValueError(f"not a cell address: {text[:20]!r}")
    row, column = int(match[2]), _column(match[1])
    if row > LAST_ROW or column > LAST_COLUMN:
        raise ValueError(f"outside the sheet: {text!r}")
    return row, column


def parse_area(text: str) -> Area:
    """ "A1:B3" or "A1". Raises ValueError."""
    first, _, last = text.partition(":")
    (top, left), (bottom, right) = parse_address(first), parse_address(last or first)
    return Area(min(top, bottom), min(left, right), max(top, bottom), max(left, right))


def quote(sheet: str) -> str:
    """A sheet's name as formulas write it, always in quotes: no list of which names need them can then be wrong."""
    return "'" + sheet.replace("'", "''") + "'"


def sheet_prefix(sheet: str) -> str:
    """What stands before a reference to another sheet, as a person types it: quoted only where it has to be."""
    # AB1 and R are too like cells, TRUE is a value
    plain = sheet.isascii() and sheet.isalpha() and len(sheet) > 3 and sheet.casefold() not in ("true", "false")
    return f"{sheet if plain else quote(sheet)}!"


def parse_letters(text: str) -> int:
    """ "L" -> 12. Raises ValueError for what is no column of a sheet."""
    if not (0 < len(text) < 4 and text.isascii() and text.isalpha()) or _column(text) > LAST_COLUMN:
        raise ValueError(f"there is no column {text[:20]!r}")
    return _column(text)


def _column(text: str) -> int:
    number = 0
    for letter in text.upper():
        number = number * 26 + ord(letter) - 64
    return number


# -- shared formulas ---------------------------------------------------------------------------------------------------

# In order: what may look like a reference but is none (text, quoted names, brackets), cells, rows, columns, numbers
# (1E5 holds "E5"), words (LOG10 is a function). Each alternative is linear: a hostile formula cannot make it backtrack.
_TOKEN = re.compile(
    r"""(?P<skip>"(?:[^"]|"")*"|'(?:[^']|'')*'|\[(?:[^\[\]]|\[[^\[\]]*\])*\])
    |(?P<cell>(?P<c1>\$?)(?P<c>[A-Za-z]{1,3})(?P<c2>\$?)(?P<r>[1-9][0-9]{0,6}))(?![\w.(!\[\\])
    |(?P<rows>\$?[0-9]+:\$?[0-9]+)(?![\w.])
    |(?P<columns>\$?[A-Za-z]{1,3}:\$?[A-Za-z]{1,3})(?![\w.(!\[\\$])
    |[0-9]+(?:\.[0-9]*)?(?:[eE][+-]?[0-9]+)?|[^\W\d][\w.\\]*""",
    re.VERBOSE,
)


def translate(formula: str, rows: int, columns: int) -> str:
    """The formula as it reads ``rows`` further down and ``columns`` further right: relative references move."""

    def row(text: str) -> str | None:
        number = int(text.lstrip("$")) + (0 if text.startswith("$") else rows)
        return f"{'$' * text.startswith('$')}{number}" if 1 <= number <= LAST_ROW else None

    def column(text: str) -> str | None:
        number = _column(text.lstrip("$")) + (0 if text.startswith("$") else columns)
        return f"{'$' * text.startswith('$')}{letters(number)}" if 1 <= number <= LAST_COLUMN else None

    def moved(match: re.Match[str]) -> str:
        if match["cell"]:
            new_column, new_row = column(match["c1"] + match["c"]), row(match["c2"] + match["r"])
            return f"{new_column}{new_row}" if new_column and new_row else "#REF!"
        both = match["rows"] or match["columns"]
        if not both:
            return match[0]
        ends = [(row if match["rows"] else column)(end) for end in both.split(":")]
        return f"{ends[0]}:{ends[1]}" if ends[0] and ends[1] else "#REF!"

    return _TOKEN.sub(moved, formula)


def cells_read(formula: str) -> frozenset[str]:
    """The cells that a formula names, without $, those of ranges one by one as far as a range is a small one."""
    found: set[str] = set()
    tokens = [match for match in _TOKEN.finditer(formula) if match["cell"]]
    for first, match in zip([None, *tokens], tokens, strict=False):
        row, column = parse_address(match["cell"])
        found.add(address(row, column))
        if first is not None and formula[first.end() : match.start()] == ":":
            top, left = parse_address(first["cell"])
            if (row - top + 1) * (column - left + 1) <= MOST_IN_RANGE:
                found |= {address(y, x) for y in range(top, row + 1) for x in range(left, column + 1)}
    return frozenset(found)
