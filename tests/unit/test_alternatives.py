"""Of rows and cells that a file holds in several versions, those that Excel shows are read."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache

import pytest

from sheetgen.workbook.fill import Entry, fill
from sheetgen.workbook.package import BrokenPackage, Package, Place
from tests.templates_made import edited, made

SPACES = (
    'xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006" '
    'xmlns:x14="http://schemas.microsoft.com/office/spreadsheetml/2009/9/main" '
    'xmlns:x15="http://schemas.microsoft.com/office/spreadsheetml/2010/11/main" xmlns:our="urn:our-own-program" '
)


def choice(requires: str, content: str) -> str:
    return f'<mc:Choice Requires="{requires}">{content}</mc:Choice>'


def versions(*branches: str) -> str:
    return f"<mc:AlternateContent>{''.join(branches)}</mc:AlternateContent>"


def fallback(content: str) -> str:
    return f"<mc:Fallback>{content}</mc:Fallback>"


def cell(number: int) -> str:
    return f'<c r="C3"><v>{number}</v></c>'


def row(number: int) -> str:
    return f'<row r="3">{cell(number)}</row>'


Make = Callable[[Callable[[int], str]], str]
CASES: dict[str, tuple[Make, int | None]] = {
    "a choice that Excel knows": (lambda one: versions(choice("x14", one(1)), fallback(one(2))), 1),
    "one of another program": (lambda one: versions(choice("our", one(1)), fallback(one(2))), 2),
    "the first of two": (lambda one: versions(choice("x15", one(1)), choice("x14", one(2)), fallback(one(3))), 1),
    "the second, the first is unknown": (lambda one: versions(choice("our", one(1)), choice("x14", one(2))), 2),
    "both must be known": (lambda one: versions(choice("x14 our", one(1)), fallback(one(2))), 2),
    "a prefix that means nothing": (lambda one: versions(choice("gone", one(1)), fallback(one(2))), 2),
    "no fallback": (lambda one: versions(choice("our", one(1))), None),
    "one in another": (lambda one: versions(choice("x14", versions(choice("our", one(1)), fallback(one(2))))), 2),
    "in a version that is not shown": (
        lambda one: versions(choice("our", versions(choice("x14", one(1)))), fallback(one(2))),
        2,
    ),
}


@lru_cache
def plain() -> bytes:
    return edited(made(), lambda xml: xml.replace("xmlns:r=", f"{SPACES}xmlns:r=", 1))


def with_rows(text: str) -> bytes:
    return edited(plain(), lambda xml: re.sub(r'<row r="3".*?</row>', lambda _: text, xml, flags=re.DOTALL))


@pytest.mark.parametrize("what", ["rows", "cells"])
@pytest.mark.parametrize("case", CASES)
def test_the_version_that_is_shown_is_read(case: str, what: str) -> None:
    make, value = CASES[case]
    text = make(row) if what == "rows" else f'<row r="3"><c r="A3"><v>9</v></c>{make(cell)}</row>'
    cells = Package.read(with_rows(text)).cells("Table")
    held = cells.get((3, 3))
    assert (held.value if held is not None else None) == value
    assert ((3, 1) in cells) == (what == "cells")
    assert (4, 1) in cells  # and the rows behind it


def test_such_a_row_is_not_filled_but_refused() -> None:
    data = with_rows(versions(choice("x14", row(1)), fallback(row(2))))
    with pytest.raises(
        BrokenPackage, match=r"certain programs only \(mc:AlternateContent among the rows\); open it in"
    ):
        fill(data, {Place("Table", 4, 4): Entry(1)})


def test_versions_within_versions_without_end() -> None:
    text = row(1)
    for _ in range(100):
        text = versions(choice("x14", text))
    assert (3, 3) not in Package.read(with_rows(text)).cells("Table")
