"""Which wrong cells of a sheet have one cause: the same rule, or an earlier mistake that they follow from.

This room must not know how a cause is put into words, nor where cells are.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ..quantities import COMPOSITE
from ..sheet import Sheet
from . import Finding
from .changes import Rule
from .weighing import Certainty

_SUREST: tuple[Certainty, ...] = ("only", "likely", "possible")


@dataclass(frozen=True, slots=True)
class Cause:
    """``rules`` are wrong in ``cells``; no rules: nothing explains these. ``carried`` only follow from ``cells``.

    Answers are in the order of the sheet. ``certainty`` is that of the surest cell.
    """

    rules: tuple[Rule, ...]
    cells: tuple[str, ...]
    carried: tuple[str, ...]
    certainty: Certainty


def causes(sheet: Sheet, findings: Mapping[str, Finding]) -> tuple[Cause, ...]:
    """The causes of a sheet's wrong cells, in the order of their first cell; what nothing explains is the last one.

    A number that is right for the student's own earlier ones belongs to the cause where that chain begins.
    """
    order = {answer: place for place, answer in enumerate(_order(sheet))}
    wrong = sorted(findings, key=lambda answer: order.get(answer, len(order)))
    cells: dict[frozenset[Rule], list[str]] = {}
    carried: dict[frozenset[Rule], list[str]] = {}
    roots = _roots(findings)
    for answer in wrong:
        root = roots[answer]
        (cells if root == answer else carried).setdefault(_rules(findings[root]), []).append(answer)
    nothing: frozenset[Rule] = frozenset()
    return tuple(
        Cause(
            _as_said(rules, findings, these),
            tuple(these),
            tuple(carried.get(rules, ())),
            min((_certainty(findings[answer]) for answer in these), key=_SUREST.index),
        )
        for rules, these in sorted(cells.items(), key=lambda each: each[0] == nothing)  # which keeps their order
    )


def _order(sheet: Sheet) -> list[str]:
    """The answers of a sheet as they stand, its questions behind its table."""
    asked = sheet.questions.cells if sheet.questions is not None else ()
    return [*(cell.answer or "" for cell in sheet.blanks), *(cell.answer for cell in asked)]


def _rules(finding: Finding) -> frozenset[Rule]:
    return frozenset(finding.why[0].rules) if finding.why else frozenset()


def _as_said(rules: frozenset[Rule], findings: Mapping[str, Finding], cells: list[str]) -> tuple[Rule, ...]:
    """The rules in the order that their first cell has them in."""
    return findings[cells[0]].why[0].rules if rules else ()


def _certainty(finding: Finding) -> Certainty:
    return finding.why[0].certainty if finding.why else "possible"


def _roots(findings: Mapping[str, Finding]) -> dict[str, str]:
    """Where the chain that leads to each answer begins; the first of several, and each chain is walked once."""
    found: dict[str, str] = {}
    for first in findings:
        path: dict[str, None] = {}
        answer = first
        while answer not in found:
            path[answer] = None
            cells = (_cell_of(each, findings) for each in findings[answer].follows)
            before = next((cell for cell in cells if cell is not None and cell not in path), None)
            if before is None:
                found[answer] = answer
            else:
                answer = before
        found |= dict.fromkeys(path, found[answer])
    return found


def _cell_of(answer: str, findings: Mapping[str, Finding]) -> str | None:
    """The wrong answer that holds a number: itself, or the size that it is a side of."""
    layer, _, name = answer.rpartition(".")
    sizes = (f"{layer}.{size}" for size, sides in COMPOSITE.items() if name in sides)
    return next((each for each in (answer, *sizes) if each in findings), None)
