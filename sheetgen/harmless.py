"""Text that others wrote, made fit to be printed: on one line, and nothing in it that a terminal or a CI log obeys.

Also XML 1.0 can hold what comes out. This room must not know where the text comes from, nor where it goes.
"""

from __future__ import annotations

import re

_REPLACED = "\N{REPLACEMENT CHARACTER}"
# of GitHub, where :: begins a line (or a wrapped one), and ##[ or ##vso[ stands anywhere in it; of Azure too
_CI_COMMAND = re.compile(r"(?<!\S)::|##(?:vso)?\[")


def printable(text: str, most: int = 200) -> str:
    """``text`` on one line, with what a terminal or a CI log would obey replaced: control characters, ``::error::``."""
    kept = "".join(char if char.isprintable() else _REPLACED for char in text)
    kept = _CI_COMMAND.sub(lambda match: match[0][:-1] + _REPLACED, kept)
    return kept if len(kept) <= most else f"{kept[: most - 1]}…"
