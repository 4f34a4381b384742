"""The sheet of a coursework, read and laid out, or remembered."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ..sheet import Sheet, lay_out

if TYPE_CHECKING:
    from ..coursework import Coursework


def sheet_of(coursework: str | Path) -> Sheet:
    """The sheet of ``coursework``, remembered from the last time if nothing has changed since."""
    from ..cache import recall
    from ..shipped import find

    return recall(find(coursework)) or read_and_lay_out(coursework)[1]


def read_and_lay_out(coursework: str | Path) -> tuple[Coursework, Sheet]:
    """``coursework`` read and checked, and its sheet, which is kept for the next ``sheet_of``."""
    from ..cache import keep
    from ..shipped import find
    from ..spec import load

    described = load(coursework)
    sheet = lay_out(described)
    keep(find(coursework), sheet, described.files)
    return described, sheet
