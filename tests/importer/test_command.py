"""``sheetgen import`` as a user types it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from sheetgen.spec import load

ROOT = Path(__file__).parents[2]
STUDENTS = Path(__file__).parent / "students.py"


def run(*arguments: object, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    path = {"PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8", "PYTHONUNBUFFERED": ""}
    return subprocess.run(
        [sys.executable, "-m", "sheetgen", "import", *map(str, arguments)],
        capture_output=True,
        text=True,
        encoding="utf-8",
        cwd=cwd,
        env={**os.environ, **path},
        timeout=120,
    )


def test_the_yaml_alone_is_printed(tmp_path: Path) -> None:
    done = run(f"{STUDENTS}:Frozen", "--input", "3,8,8")
    assert done.returncode == 0, done.stderr
    assert "this file says hello" in done.stderr
    assert "warning: not in the table, because the output does not depend on it: auxiliary" in done.stderr
    file = tmp_path / "frozen.yaml"
    file.write_text(done.stdout, encoding="utf-8")
    assert [each.name for each in load(file).network.layers] == ["backbone", "edges", "pool", "head"]
    assert done.stdout.startswith(f"# Imported from {STUDENTS}:Frozen, which was run on an image of 3 × 8 × 8")


def test_prints_of_programs_and_libraries_go_to_stderr_too(tmp_path: Path) -> None:
    (tmp_path / "net.py").write_text(
        "import os, sys\nfrom torch import nn\nos.system('echo from a program')\nos.write(1, b'from C\\n')\n"
        "sys.stdout.write('from Python\\n')\nclass Net(nn.Sequential):\n"
        "    def __init__(self):\n        super().__init__(nn.Conv2d(3, 4, 3))\n"
    )
    done = run("net:Net", cwd=tmp_path)  # a module of the current folder
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("# Imported from net:Net")
    assert {"from a program", "from C", "from Python"} <= set(done.stderr.splitlines())


def test_a_file_is_written_once_and_overwritten_only_when_told(tmp_path: Path) -> None:
    target, out = f"{STUDENTS}:small", tmp_path / "nets" / "small.yaml"
    done = run(target, "--input", "3x8x8", "--out", out)
    assert (done.returncode, done.stdout) == (0, f"{out}  3 layers\n"), done.stderr
    first = out.read_bytes()
    out.write_text("mine")
    done = run(target, "--input", "3,8,8", "--out", out)
    assert done.returncode == 2
    assert "--force overwrites it" in done.stderr
    assert out.read_text() == "mine"
    assert run(target, "--input", "3,8,8", "--out", out, "--force").returncode == 0
    assert out.read_bytes() == first
    assert [each.name for each in out.parent.iterdir()] == ["small.yaml"]


@pytest.mark.parametrize("name", ["Sequences", "Leaves"])
def test_what_cannot_be_imported_writes_nothing(name: str, tmp_path: Path) -> None:
    done = run(f"{STUDENTS}:{name}", "--input", "3,8,8", "--out", tmp_path / "net.yaml")
    assert done.returncode == 2
    assert done.stdout == ""
    assert "error: " in done.stderr
    assert "Traceback" not in done.stderr
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("size", ["3,224", "3,224,0", "3,-1,5", "3,²,2", "3,99999999999,1"])
def test_a_size_that_is_none_is_refused(size: str) -> None:
    done = run(f"{STUDENTS}:UNet", f"--input={size}")
    assert done.returncode == 2
    assert "channels, height and width" in done.stderr
    assert "hello" not in done.stderr  # before anything is run


def test_help_says_that_the_file_is_run() -> None:
    done = run("--help")
    assert done.returncode == 0
    assert "The Python file is executed" in done.stdout
    assert "sheetgen import student.py:Net" in done.stdout
