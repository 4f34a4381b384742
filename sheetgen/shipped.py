"""The shipped courseworks, and which file a name stands for. Knows nothing of what is in them."""

from __future__ import annotations

import re
from pathlib import Path

from .errors import UsageError, did_you_mean

STARTER = Path("starter") / "coursework.yaml"  # within templates(): what a new coursework begins with


def templates() -> Path:
    """The folder of the shipped courseworks: inside the installed package, or beside it in a checkout."""
    inside = Path(__file__).parent / "templates"
    return inside if inside.is_dir() else Path(__file__).parent.parent / "templates"


def shipped() -> tuple[str, ...]:
    """Names of the shipped courseworks."""
    return tuple(sorted(path.stem for path in templates().glob("*.yaml")))


def titles() -> dict[str, str]:
    """The title of each shipped coursework by its name, from a line of its YAML: a list needs no reading of it."""
    found = {}
    for name in shipped():
        text = (templates() / f"{name}.yaml").read_text(encoding="utf-8")
        title = re.search(r"^  title: (.+?)\s*$", text, re.MULTILINE)
        found[name] = title[1].strip("\"'") if title else ""
    return found


def find(coursework: str | Path) -> Path:
    """The YAML file that ``coursework``, a path or a shipped name, stands for."""
    path = Path(coursework)
    if not str(coursework).strip():
        raise UsageError(f"no coursework is named; give a .yaml file or one of: {', '.join(shipped())}")
    try:
        if path.is_file():
            return path
    except OSError as error:  # a folder on the way may not be entered
        raise UsageError(f"cannot read {coursework}: {error.strerror or error}") from None
    if str(coursework) in shipped():
        return templates() / f"{coursework}.yaml"
    if path.is_dir():
        raise UsageError(f"{coursework} is a folder; a coursework is a .yaml file or one of: {', '.join(shipped())}")
    raise UsageError(
        f"there is no file {str(coursework)!r} and no shipped coursework of that name"
        f"{did_you_mean(coursework, shipped())}"
    )
