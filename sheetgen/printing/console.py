"""The terminal: its colours, complaints, warnings and progress."""

from __future__ import annotations

import math
import os
import sys
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from ..harmless import printable

if TYPE_CHECKING:
    from rich.console import Console

    from ..coursework import Coursework


def screen() -> Console:
    from rich.console import Console

    # in a pipe the width is nobody's screen: lines stay whole, so that grep finds them
    return Console(width=None if sys.stdout.isatty() else 160, highlight=False, markup=False, emoji=False)


def load_printer() -> None:
    """Load what prints, in time that would be waited."""
    import rich.console
    import rich.text  # noqa: F401


def complain(message: str) -> None:
    first, *rest = message.splitlines() or ["unknown error"]
    label = "\x1b[1;31merror:\x1b[0m" if sys.stderr.isatty() and "NO_COLOR" not in os.environ else "error:"
    for i, line in enumerate((first, *rest)):
        print(f"{label} {printable(line, 1000)}" if i == 0 else f"       {printable(line, 1000)}", file=sys.stderr)


def warn(coursework: Coursework) -> None:
    for warning in coursework.warnings:
        print(f"warning: {printable(warning, 1000)}", file=sys.stderr)


def complain_softly(unseen: Sequence[str], most: int = 6) -> None:
    """Of a fresh assignment: the common mistakes that it would not show."""
    few = "; ".join(unseen[:most]) + (f"; and {len(unseen) - most} more" if len(unseen) > most else "")
    told = "no blank tells these mistakes from the right answer"
    print(f"warning: {told}: {printable(few, 2000)} (see 'sheetgen check --discriminates')", file=sys.stderr)


def passing(what: str) -> None:
    """Progress on a terminal: one line that the next one replaces; empty, it is gone."""
    print(f"\r\x1b[K{printable(what)}", end="", file=sys.stderr, flush=True)


def counted(number: float, what: str) -> str:
    """1 question, 2 questions."""
    return f"{number if isinstance(number, int) else f'{number:g}'} {what}{'' if number == 1 else 's'}"


def counter() -> Callable[[int, int], None]:
    """How many submissions are marked, how quickly, and how long it will take; a single one is not worth a word."""
    begun: list[tuple[float, int]] = []

    def tell(number: int, count: int) -> None:
        if count == 1:
            return
        now = time.monotonic()
        begun[:] = begun or [(now, number)]
        seconds, done = now - begun[0][0], number - begun[0][1]
        if not done or seconds < 0.5:
            passing(f"marked {number} of {count}")
            return
        rate = done / seconds
        left = math.ceil((count - number) / rate)
        passing(f"marked {number} of {count}, {rate:.3g} a second, {left // 60}:{left % 60:02} left")

    return tell
