"""The command as a user runs it, in a process of its own, with the code of this checkout."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import IO

ROOT = Path(__file__).parents[1]


def run(
    *arguments: object, cwd: Path | None = None, stdout: IO[bytes] | None = None, **environment: str
) -> subprocess.CompletedProcess[str]:
    """``stdout`` is where its output goes, if it is not looked at."""
    command = [sys.executable, "-m", "sheetgen", *map(str, arguments)]
    path = {"PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8"}
    return subprocess.run(
        command,
        stdout=stdout or subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        cwd=cwd,
        env={**os.environ, **path, **environment},
    )
