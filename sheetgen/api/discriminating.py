"""What an assignment can tell of how a student came to an answer, in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ..sheet import Sheet
from .sheets import sheet_of

Told = tuple[tuple[str, str], ...]  # rules: their ids, and their words


@dataclass(frozen=True, slots=True)
class BlindSpot:
    """One answer: mistakes that give the right number in it, and those that give the same wrong one."""

    answer: str
    unseen: Told
    alike: tuple[Told, ...]


@dataclass(frozen=True, slots=True)
class Discriminated:
    """What an assignment can tell of how a student came to an answer; ``power`` is a share, 0 to 1."""

    coursework: str
    power: float
    rules: int
    unseen: Told
    alike: tuple[Told, ...]
    blanks: tuple[BlindSpot, ...]


def discriminate(coursework: str | Path) -> Discriminated:
    """Which mistakes the blanks of a coursework cannot tell from the right answer, or from each other."""
    from ..diagnosis.discriminating import discriminates

    sheet = sheet_of(coursework)
    power = discriminates(sheet)
    return Discriminated(
        sheet.name,
        power.score,
        power.rules,
        told(sheet, power.unseen, ""),
        tuple(told(sheet, group, "") for group in power.alike),
        tuple(
            BlindSpot(
                each.answer,
                told(sheet, each.unseen, each.answer),
                tuple(told(sheet, group, each.answer) for group in each.alike),
            )
            for each in power.blanks
        ),
    )


def told(sheet: Sheet, rules: Sequence[tuple[str, ...]], answer: str) -> Told:
    from ..diagnosis import rule_id
    from ..diagnosis.wording import clause

    return tuple((rule_id(rule), clause((rule,), sheet, answer)) for rule in rules)
