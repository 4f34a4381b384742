"""``make demo``: what it writes, and that it ends with the page of its class."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.demo import CLASS, GENERATED, PAGE

ROOT = Path(__file__).parents[2]


def test_the_demo_ends_with_the_page_of_its_class(tmp_path: Path) -> None:
    command = [sys.executable, str(ROOT / "tests" / "demo.py")]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, encoding="utf-8")
    assert done.returncode == 0, done.stderr
    assert str(PAGE) in done.stdout.splitlines()[-1]
    assert f"a sample class of {GENERATED + 4}" in done.stdout
    assert len(list((tmp_path / CLASS).iterdir())) == GENERATED + 4
    assert len(list((tmp_path / "output" / "marked").iterdir())) == GENERATED + 4
    assert f"{GENERATED + 4} hand-ins" in (tmp_path / PAGE).read_text(encoding="utf-8")
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert f"mark a class of {GENERATED + 4}" in readme
