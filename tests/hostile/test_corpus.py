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
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from sheetgen import api, contents
from sheetgen.as_json import results_json
from sheetgen.marking import Submission, mark
from sheetgen.records import Results
from sheetgen.sheet import Sheet
from sheetgen.workbook import sandbox
from tests.hostile import make

ROOT = Path(__file__).parents[2]
COMPUTES = 10  # seconds that a file may compute, whatever it is, all attempts together
SLACK = sandbox.WAIT + 10  # seconds by the clock behind which something hangs: other programs compute too
HOLDS = 2**30  # bytes that a process may hold
# Starts the command and says what it cost. By a process of its own: a program's peak begins with that of who starts it.
MEASURE = """
import os, pathlib, resource, subprocess, sys
code = subprocess.run(sys.argv[2:]).returncode
pathlib.Path(sys.argv[1]).write_text(str(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024))
os._exit(code)
"""


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
    measured = folder.parent / "measured"
    done = subprocess.run(
        [sys.executable, "-c", MEASURE, str(measured), *command],
        cwd=home,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    found = {Path(each["file"]).stem: each for each in json.loads(done.stdout)["submissions"]}
    left = sorted(_files(folder.parent) - before - {"measured"})
    return Run(done.returncode, done.stderr, found, int(measured.read_text()), left)


def _files(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*")}


def test_the_class_is_marked_to_the_end(run: Run) -> None:
    assert run.code == 1
    assert run.errors.endswith("class/: 4 links, 1 pipe\n")
    assert run.errors.count("\n") == 1
    assert set(run.submissions) == {*make.CASES, "honest"}
    assert run.submissions["honest"]["score"] == 69.5


def test_no_process_took_more_than_a_gibibyte(run: Run) -> None:
    assert sandbox.MEMORY / 2 < run.memory < HOLDS  # some files take what they can get, so workers are measured too


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
    if isinstance(wanted, make.Told):
        assert (found["status"], answer["status"]) == ("marked", wanted.status)
        assert wanted.words in " ".join([answer["feedback"], *answer["notes"]])
        assert found["score"] == (69.5 if wanted.status == "correct" else 69)
    elif wanted == make.MARKED:
        assert (found["status"], found["reason"], found["score"]) == ("marked", None, 69.5)
        assert answer["notes"] == []
    elif wanted == "unreadable":
        assert (found["status"], found["score"], answer["status"]) == ("marked", 69, "unreadable")
        assert answer["feedback"]
    elif wanted == make.ANY:
        assert found["score"] == 69.5 if found["status"] == "marked" else _tells_of_damage(found["reason"])
    else:
        assert found["status"] == "unmarked"
        spent = ("reading it ended the program", make.SLOW)  # memory, where a machine is quick to need it
        assert any(words in found["reason"] for words in (spent if wanted == make.SLOW else (wanted,)))
    # and by itself
    path = folder / f"{name}.xlsx"
    begun, computed = time.monotonic(), _computed()
    again = sandbox.do_apart(partial(sandbox.read_bounded, str(path), path.read_bytes(), sheet))
    if isinstance(again, sandbox.Ended):
        again = Submission(str(path), {}, sandbox.WHY[again.how])
    assert (1 if wanted == make.SLOW else 0) <= _computed() - computed < COMPUTES  # what is slow is seen to be
    assert time.monotonic() - begun < SLACK
    marked = results_json(Results("alexnet", (mark(sheet, again),)))
    alone = json.loads(json.dumps(marked["submissions"][0]))
    if wanted == make.SLOW:  # which of its limits it meets first is a race
        alone["reason"] = found["reason"]
    assert alone == found


def _computed() -> float:
    """Seconds that all processes took which this one started and waited for."""
    times = os.times()
    return times.children_user + times.children_system


def _tells_of_damage(reason: str) -> bool:
    return any(word in reason for word in ("damaged", "cut short", "missing", "unpacks to", "leads out"))


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
        file.truncate(contents.MAX_FILE + 1)  # with nothing in it
    (found,) = api.verify("alexnet", [tmp_path / "large.xlsx"]).submissions
    assert found.reason == "it has 32.0 MiB, the most is 32"
