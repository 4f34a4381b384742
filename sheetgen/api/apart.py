"""What is done to an instructor's file in a process of its own, with limits."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from ..errors import TemplateError

Given = TypeVar("Given")


def work_apart(work: Callable[[], Given], file: Path) -> Given:
    """What ``work`` gives, done on an instructor's file in a process with limits; raises TemplateError behind them."""
    from ..workbook.sandbox import MEMORY, SECONDS, Ended, do_apart

    done = do_apart(work)
    if not isinstance(done, Ended):
        return done
    most = f"{MEMORY >> 20} MiB of memory"
    ended = f"it ended the program that works through it: it is damaged, made to do so, or needs more than {most}"
    why = {
        "slow": f"it takes more than {SECONDS} s of computing to work through it",
        "large": f"it takes more than {most} to work through it",
        "ended": ended,
        "killed": ended,
    }
    raise TemplateError(f"{file}: {why[done.how]}; leave out the sheets that are not needed, and try again")
