"""Equations between amounts: which are not so."""

from __future__ import annotations

import pytest

from sheetgen.reading.claims import untrue


@pytest.mark.parametrize(
    "text",
    ["10 bit = 2^10 bytes", "2 Bytes = 8 bits", "(3 + 4)*2 bits = 15 BYTE", "10 bits. = 1 byte", "-10 bits = 10 bytes"],
)
def test_what_is_not_so_is_said(text: str) -> None:
    assert untrue(text) == text.replace("=", "is not")


@pytest.mark.parametrize(
    "text",
    [
        "80 bits = 10 bytes",
        "9.97 bits = 1.25 bytes",  # rounded
        "9.97 bits = 10 bits",
        "5 * 5 * 96 = 2400",  # the reading's business
        "n = 227 pixels",
        "1 KiB = 1024 bytes",  # of other units nothing is known
        "1 GMACs = 1000 MMACs",
        "9^9^9^9 bits = 1 bit",
        "1/0 bits = 1 bit",
        ") bits = 1 bit",
        "10 bit = 10 bits = 3 bits",
        "10 bit",
        "=",
        "",
        "1" * 30_000 + " bits = 1 bit",
    ],
)
def test_nothing_else_is_called_untrue(text: str) -> None:
    assert untrue(text) is None
