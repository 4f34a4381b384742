"""Slips of the hand, and how much of an explanation each is."""

from __future__ import annotations

import pytest

from sheetgen.diagnosis.changes import rule_id
from sheetgen.diagnosis.slips import slips


@pytest.mark.parametrize(
    ("given", "meant", "slip"),
    [
        (34844, 34944, "slip:digit"),
        (34494, 34944, "slip:swapped"),
        (3944, 34944, "slip:dropped"),
        (344944, 34944, "slip:doubled"),
        (207, 27, "slip:inserted"),
        (349440, 34944, "slip:zeros"),
        (1000, 100000, "slip:zeros-lost"),
        (34.944, 34944, "unit:1000"),
        (35, 34944, "unit:1000"),
        (28.571428571428573, 2 / 7, "percent"),  # as a machine calculates it: 100 * 2 / 7
        (10.666899999999999, 0.106669, "percent"),  # 100 * 0.106669, as a machine has it
        (28.5714286, 2 / 7, "percent"),
        (28.571429571, 2 / 7, None),  # one in the last but three
        (62.4, 62378344, "unit:1000000"),
        (62378344000, 62378344, "unit:1000"),
        (35000, 34944, "rounded:2"),
        (34900, 34944, "rounded:3"),
        (448000, 34944 * 128 // 10, None),
        (4472832, 34944, "batch:128"),
        (34945, 96, None),
        (0, 96, None),
        (5, 6, None),  # of one digit every other is one slip away
    ],
)
def test_a_slip_is_seen(given: float, meant: int, slip: str | None) -> None:
    from fractions import Fraction

    number = given if isinstance(given, int) else Fraction(str(given))
    found = [rule_id(rule) for rule, _ in slips(number, meant)]
    assert (slip in found) if slip is not None else not [each for each in found if not each.startswith("rounded")]


def test_a_slip_says_how_many_numbers_are_as_near() -> None:
    assert dict(slips(34844, 34944))["slip", "digit"] == 45
    assert dict(slips(34494, 34944))["slip", "swapped"] == 4


def test_no_size_counts_images() -> None:
    from sheetgen.api import sheet_of
    from sheetgen.diagnosis import diagnose

    def rules(answer: str, given: int) -> list[str]:
        found = diagnose(sheet_of("alexnet"), {answer: given}, lambda _answer, number, value: number == value)
        return [each.id for each in found[answer].why]

    assert rules("conv1.connections", 105705600 * 64) == ["batch:64"]
    assert not [each for each in rules("conv1.out_height", 55 * 64) if each.startswith("batch")]


def test_what_a_formula_has_beyond_fifteen_digits_is_noise() -> None:
    # 100 * 0.285714, which a machine has as 28.571400000000004, for 2/7: rounded to four decimals of a per cent
    assert repr(100 * 0.285714) == "28.571400000000004"
    assert ("percent",) in dict(slips(100 * 0.285714, 2 / 7))
    assert ("percent",) not in dict(slips(100 * 0.285716, 2 / 7))
