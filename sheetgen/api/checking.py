"""Every published number held against its witnesses."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import TemplateError
from ..files import read_file
from ..sheet import Sheet, plain_number
from .making import fill_bytes
from .sheets import read_and_lay_out

if TYPE_CHECKING:
    from ..witness import Measured
    from ..workbook.audit import Disagreement


@dataclass(frozen=True, slots=True)
class Checked:
    """The verdict on every published number: each id is agreed, or disagreed, or not seen by every witness."""

    device: str
    agreed: tuple[str, ...]
    disagreed: tuple[Disagreement, ...]
    not_witnessed: tuple[str, ...]
    witnesses: Mapping[str, int] = field(hash=False)  # witness -> how many numbers it saw


def check(
    coursework: str | Path,
    device: str = "auto",
    workbook: str | Path | None = None,
    progress: Callable[[str], None] | None = None,
) -> Checked:
    """Hold every number of the sheet against Python's integer, the workbook recalculated, and the real network.

    ``workbook`` is the key to check; by default the one that ``generate`` would write.
    """
    from ..shown import losses_shown, measured_for, own_shown, questions_shown
    from ..witness import measure
    from ..workbook.audit import audit
    from ..workbook.package import BrokenPackage
    from ..workbook.write import blank_workbook

    described, sheet = read_and_lay_out(coursework)
    fresh = fill_bytes(sheet, blank_workbook(described, sheet), "the key")[0].data
    key, shown_as = (fresh, "the key") if workbook is None else (read_file(Path(workbook), "workbook"), str(workbook))
    try:
        in_workbook, wrong_cells = audit(sheet, key, fresh)
    except BrokenPackage as error:
        raise TemplateError(f"{shown_as}: {error}") from error
    wanted = measured_for(described, sheet)
    measured = measure(described.network, described.conventions, described.rows, device, progress, wanted=wanted)
    numbers = {**measured.numbers, **own_shown(described, sheet, measured.numbers)}
    numbers |= questions_shown(described, sheet, numbers, device)
    measured = dataclasses.replace(measured, numbers=numbers)
    return _verdict(sheet, in_workbook, wrong_cells, measured, losses_shown(sheet, device))


def published(sheet: Sheet) -> tuple[str, ...]:
    """Ids of the numbers that the table shows or asks for, row by row, and of those that the questions ask for."""
    return (*sheet.places, *(sheet.questions.numbers if sheet.questions is not None else ()))


def _verdict(
    sheet: Sheet,
    in_workbook: set[str],
    wrong_cells: tuple[Disagreement, ...],
    measured: Measured,
    losses: Mapping[str, tuple[float, float]] | None = None,
) -> Checked:
    from ..workbook.audit import Disagreement

    disagreed = list(wrong_cells)
    losses = losses or {}
    for answer, (stated, theirs) in losses.items():  # a loss stands in a text: no cell shows its value
        if not math.isclose(stated, theirs, rel_tol=1e-9):
            disagreed.append(Disagreement(answer, theirs, stated, "torch"))
    agreed: list[str] = []
    unseen: list[str] = []
    for answer in published(sheet):
        expected = sheet.table.value(answer)
        number = measured.numbers.get(answer)
        if number is not None and number != expected:
            disagreed.append(Disagreement(answer, plain_number(expected), plain_number(number), "torch"))
    for answer, number in measured.opinions.items():
        if answer in measured.macs and number != measured.macs[answer]:
            disagreed.append(Disagreement(answer, measured.macs[answer], number, "flop_counter"))
    wrong = {each.id for each in disagreed}
    for answer in published(sheet):
        if answer in wrong:
            continue
        (agreed if answer in measured.numbers and answer in in_workbook else unseen).append(answer)
    agreed += [answer for answer in losses if answer not in wrong]
    numbers = published(sheet)
    return Checked(
        device=measured.device,
        agreed=tuple(agreed),
        disagreed=tuple(disagreed),
        not_witnessed=tuple(unseen),
        witnesses={
            "python": len(numbers) + len(losses),
            "excel": sum(answer in in_workbook for answer in numbers),
            "torch": sum(answer in measured.numbers for answer in numbers) + len(losses),
            "flop_counter": len(measured.opinions),
        },
    )
