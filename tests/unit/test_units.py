"""Units behind numbers, and equations between amounts."""

from __future__ import annotations

import pytest

from sheetgen.units import untrue, without_unit


@pytest.mark.parametrize(
    ("text", "unit", "number"),
    [
        ("10 bits", "bits", "10"),
        ("10 bit", "bits", "10"),
        (" 10Bit ", "bits", "10"),
        ("3 MACs", "MAC", "3"),
        ("9 category", "categories", "9"),
        ("67.4 %", "%", "67.4"),
        ("5 s", "s", "5"),
        ("5 m", "ms", "5 m"),
        ("227 px", "pixels", "227 px"),
        ("10", "bits", "10"),
        ("10", "", "10"),
    ],
)
def test_a_unit_is_taken_off_be_it_one_or_several(text: str, unit: str, number: str) -> None:
    assert without_unit(text, unit) == number


@pytest.mark.parametrize(
    "text",
    ["10 bit = 2^10 bytes", "10 bits = 11 bit", "2 Bytes = 8 bits", "1 byte = 2^3 byte", "(3 + 4)*2 MACs = 15 MACs"],
)
def test_what_is_not_so_is_said(text: str) -> None:
    left, right = text.split(" = ")
    assert untrue(text) == f"{left} is not {right}"


@pytest.mark.parametrize(
    "text",
    [
        "80 bits = 10 bytes",
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
