"""Every attack of make.py, through the command as a user types it and through the sandbox file by file.

Of each: a sentence or marks, an exit code, bounded time and memory, nothing written, nobody called, the same verdict
twice. What the limits themselves do is held in test_sandbox.py.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from sheetgen import api
from sheetgen.cli import results_json
from sheetgen.marking import mark
from sheetgen.sheet import Sheet
from sheetgen.workbook import sandbox
from tests.hostile import make

ROOT = Path(__file__).parents[2]
HANGS = sandbox.WAIT + 10  # seconds after which a file hangs; what is slow is ended by the sandbox before


@dataclass(frozen=True)
class Run:
    code: int
    errors: str
    submissions: dict[str, dict[str, Any]]
    memory: int  # bytes: the most that any of its processes held
    left: list[str]  # files that were not there before


@pytest.fixture(scope="module")
def called() -> Iterator[socket.socket]:
    """Somebody who listens on this machine, and should never be called."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.setblocking(False)
        yield server


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, called: socket.socket) -> Path:
    folder = tmp_path_factory.mktemp("hostile") / "class"
    folder.mkdir()
    make.write(folder, called.getsockname()[1])
    (folder / "honest.xlsx").write_bytes(make.honest())
    os.mkfifo(folder / "fifo.xlsx")
    (folder / "link.xlsx").symlink_to("/etc/passwd")
    (folder / "device.xlsx").symlink_to("/dev/zero")
    (folder / "loop.xlsx").symlink_to("loop.xlsx")
    (folder / "elsewhere").symlink_to("/etc")
    return folder


@pytest.fixture(scope="module")
def run(folder: Path) -> Run:
    """The whole folder at once, by the command."""
    home = folder.parent / "home"
    home.mkdir()
    before = _files(folder.parent)
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "TMPDIR": str(home), "SHEETGEN_CACHE": "off"}
    command = [sys.executable, "-m", "sheetgen", "verify", "alexnet", str(folder), "--format", "json"]
    with (folder.parent / "out").open("wb") as out, (folder.parent / "errors").open("wb") as errors:
        process = subprocess.Popen(command, cwd=home, env=environment, stdout=out, stderr=errors)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)  # for Popen: nothing is left to wait for
    text = (folder.parent / "out").read_text()
    found = {Path(each["file"]).stem: each for each in json.loads(text)["submissions"]} if text else {}
    left = sorted(_files(folder.parent) - before - {"out", "errors"})
    return Run(process.returncode, (folder.parent / "errors").read_text(), found, usage.ru_maxrss * 1024, left)


def _files(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*")}


def test_the_class_is_marked_to_the_end(run: Run) -> None:
    assert run.code == 1
    assert run.errors.endswith("class/: 4 links, 1 pipe\n")
    assert run.errors.count("\n") == 1
    assert set(run.submissions) == {*make.CASES, "honest"}
    assert run.submissions["honest"]["score"] == 69.5


def test_no_process_took_more_than_a_gibibyte(run: Run) -> None:
    assert 0 < run.memory < 2**30


def test_nothing_was_written(run: Run) -> None:
    assert run.left == []
    for folder in (Path("/tmp"), Path("/"), Path.cwd(), Path.home(), *Path.cwd().parents):
        assert not (folder / make.WRITTEN).exists()


def test_nobody_was_called(run: Run, called: socket.socket) -> None:
    assert run.code == 1
    with pytest.raises(BlockingIOError):
        called.accept()
    with socket.create_connection(called.getsockname()):  # it would have been seen
        called.accept()[0].close()


@pytest.mark.parametrize("name", make.CASES)
def test_a_sentence_within_the_time_and_the_same_again(name: str, run: Run, folder: Path, sheet: Sheet) -> None:
    wanted, found = make.CASES[name][1], run.submissions[name]
    answer = next((each for each in found["answers"] if each["id"] == "conv1.out_height"), {"status": ""})
    if wanted == make.MARKED:
        assert (found["status"], found["reason"], found["score"]) == ("marked", None, 69.5)
    elif wanted == "unreadable":
        assert (found["status"], found["score"], answer["status"]) == ("marked", 69, "unreadable")
        assert answer["feedback"]
    elif found["status"] == "unmarked":
        assert wanted in found["reason"]
        assert "our fault" not in found["reason"]
    else:
        assert wanted == make.ANY
    # and by itself
    path = folder / f"{name}.xlsx"
    begun = time.monotonic()
    (again,) = sandbox.read_all(sheet, [(str(path), path.read_bytes())], 1)
    assert time.monotonic() - begun < HANGS
    marked = results_json(api.Results("alexnet", (mark(sheet, again),)))
    assert json.loads(json.dumps(marked["submissions"][0])) == found


def test_the_corpus_is_made_alike_twice(folder: Path) -> None:
    base = make.Base.read(make.honest())
    for name in ("deflate-bomb-that-lies", "overlapping-zip", "flipped-07", "flipped-xml-07", "ods-rows-repeated"):
        assert make.CASES[name][0](base) == (folder / f"{name}.xlsx").read_bytes()


def test_what_is_named_outright_is_looked_at_but_not_waited_for(folder: Path) -> None:
    paths = [folder / name for name in ("fifo.xlsx", "device.xlsx", "loop.xlsx", "link.xlsx")]
    results = {Path(each.file).name: each.reason or "" for each in api.verify("alexnet", paths).submissions}
    assert results["fifo.xlsx"] == results["device.xlsx"] == "it is no file (a device or a pipe)"
    assert "it cannot be read: " in results["loop.xlsx"]
    assert "the table is not in it" in results["link.xlsx"]  # the user's own wish


def test_a_large_file_is_not_read(tmp_path: Path) -> None:
    with (tmp_path / "large.xlsx").open("wb") as file:
        file.truncate(api.MAX_FILE + 1)  # with nothing in it
    (found,) = api.verify("alexnet", [tmp_path / "large.xlsx"]).submissions
    assert found.reason == "it has 32.0 MiB, the most is 32"
