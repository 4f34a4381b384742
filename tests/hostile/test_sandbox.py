"""Each limit of the sandbox, held against a reader that breaks it: here the reader itself is what is hostile."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import NoReturn

import pytest

from sheetgen import api, batch
from sheetgen.marking import Held, Submission
from sheetgen.sheet import Sheet
from sheetgen.workbook import read, sandbox
from sheetgen.workbook.workers import Workers
from tests.hostile import make

ROOT = Path(__file__).parents[2]
kept: list[bytes | bytearray] = []


class Panic(BaseException):
    """As pyo3's, no Exception."""


def _hang() -> None:
    while True:
        pass


def _sleep() -> None:
    time.sleep(1000)


def _grow() -> None:
    while len(kept) < 2**16:
        kept.append(bytes(2**24))  # which no one touches: a busy machine gives pages slowly


def _abort() -> None:
    os.abort()


def _kill() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _leave() -> None:
    os._exit(5)


def _bug() -> NoReturn:
    raise KeyError("conv1")


def _panic() -> NoReturn:
    raise Panic("index out of bounds")


def _say() -> None:
    print("from python", file=sys.__stdout__, flush=True)  # which pytest has not replaced by a file
    os.write(1, b"from below\n")
    os.write(2, b"from below\n")


def _write() -> None:
    Path("written").write_text("x")


def _interrupt() -> None:
    os.kill(os.getpid(), signal.SIGINT)  # as Ctrl-C does, to all processes of the terminal


def _leave_fat() -> None:
    while len(kept) < 25:
        kept.append(bytearray(2**24))


def _die_later() -> None:
    threading.Timer(0.2, os.abort).start()


def _take_a_while() -> None:
    time.sleep(0.6)


DEEDS: dict[bytes, Callable[[], None]] = {
    name.removeprefix("_").encode(): deed
    for name, deed in globals().items()
    if name.startswith("_") and callable(deed) and getattr(deed, "__module__", "") == __name__
}


def _misread(file: str, data: bytes, sheet: Sheet) -> Submission:
    DEEDS.get(data, lambda: None)()
    return Submission(file, {"who": Held(sheet.worksheet, "A1", os.getpid())})


def read_one(sheet: Sheet, file: str, data: bytes) -> Submission:
    found = sandbox.do_apart(partial(sandbox.read_bounded, file, data, sheet))
    return found if isinstance(found, Submission) else Submission(file, {}, sandbox.WHY[found.how])


def read_class(sheet: Sheet, files: Iterable[tuple[str, bytes]], workers: int = 2) -> list[Submission]:
    """The submissions in their order, as the workers of a class read them."""
    found: dict[int, Submission] = {}
    jobs = (batch.Job(number, *file) for number, file in enumerate(files))
    begin = partial(Workers, workers)
    for job, read_or_why in batch.work_through(
        begin, partial(sandbox.read_bounded, sheet=sheet), jobs, workers, sandbox.STUCK
    ):
        if isinstance(read_or_why, str):
            found[job.number] = Submission(job.file, {}, read_or_why)
        else:
            found[job.number] = read_or_why
    return [found[number] for number in sorted(found)]


@pytest.fixture
def misread(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(read, "read_submission", _misread)  # workers are forked, so they have it too


BROKEN = {
    "hang": "more than 8 s",
    "grow": "more than 768 MiB of memory",
    "abort": "reading it ended the program",
    "kill": "reading it ended the program",
    "leave": "reading it ended the program",
    "bug": "internal error, our fault: KeyError: 'conv1'; please report it",
    "panic": "internal error, our fault: Panic: index out of bounds",
    "write": "internal error, our fault: OSError: [Errno 27]",
}


def children() -> set[str]:
    """The processes that this one has started and not buried, zombies too; what Python keeps for spawning is one."""
    tasks = Path("/proc/self/task").iterdir()
    return {child for task in tasks for child in (task / "children").read_text().split()}


@pytest.mark.usefixtures("misread")
@pytest.mark.parametrize("deed", BROKEN)
def test_a_single_file(deed: str, sheet: Sheet, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(sandbox, "SECONDS", 1)
    monkeypatch.chdir(tmp_path)
    before = children()
    found = read_one(sheet, "a", deed.encode())
    assert (found.file, found.held) == ("a", {})
    assert BROKEN[deed] in (found.reason or "")
    assert not any(path.stat().st_size for path in tmp_path.iterdir())
    assert children() == before  # nobody is left


@pytest.mark.usefixtures("misread")
def test_a_class_goes_on_past_each_of_them(sheet: Sheet, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(sandbox, "SECONDS", 1)
    monkeypatch.chdir(tmp_path)
    files: list[tuple[str, bytes]] = []
    for deed in BROKEN:
        files += [(deed, deed.encode()), (f"after {deed}", b"")]
    found = read_class(sheet, iter(files))
    assert [each.file for each in found] == [file for file, _ in files]
    for each in found:
        if each.file in BROKEN:
            assert BROKEN[each.file] in (each.reason or "")
        else:
            assert each.reason is None
    workers = {each.held["who"].value for each in found if each.held}
    assert len(workers) < 8  # they are used again
    assert os.getpid() not in workers
    assert not multiprocessing.active_children()


@pytest.mark.usefixtures("misread")
@pytest.mark.parametrize("count", [1, 2])
def test_who_sleeps_is_ended_by_the_clock(count: int, sheet: Sheet, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sandbox, "WAIT", 0.5)
    files = [("a", b"sleep"), ("b", b"")][:count]
    found = [read_one(sheet, *files[0])] if count == 1 else read_class(sheet, files)
    assert "more than 8 s" in (found[0].reason or "")
    assert all(each.reason is None for each in found[1:])


@pytest.mark.usefixtures("misread")
@pytest.mark.parametrize("count", [1, 2])
def test_a_worker_says_nothing(count: int, sheet: Sheet) -> None:
    """Into a pipe, as a terminal is: what goes to a file ends at the limit for files anyway."""
    ours, theirs = os.pipe()
    kept_open = [os.dup(stream) for stream in (1, 2)]
    try:
        for stream in (1, 2):
            os.dup2(theirs, stream)
        files = [("a", b"say"), ("b", b"abort")]
        found = [read_one(sheet, *files[0])] if count == 1 else read_class(sheet, files)
        os.write(2, b"the end")
    finally:
        for stream, copy in zip((1, 2), kept_open, strict=True):
            os.dup2(copy, stream)
            os.close(copy)
        os.close(theirs)
    with os.fdopen(ours, "rb") as told:
        assert told.read() == b"the end"
    assert found[0].reason is None


@pytest.mark.usefixtures("misread")
def test_what_a_file_leaves_behind_is_not_the_next_ones(sheet: Sheet) -> None:
    fat, after, thin = read_class(sheet, [("a", b"leave_fat"), ("b", b""), ("c", b"")], 1)
    assert fat.reason is after.reason is thin.reason is None
    assert fat.held["who"] != after.held["who"] == thin.held["who"]


@pytest.mark.usefixtures("misread")
def test_a_pool_that_breaks_is_begun_anew(sheet: Sheet, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sandbox, "STUCK", 3)  # where it died with a lock in its hand, only the clock tells

    def slowly() -> Iterator[tuple[str, bytes]]:
        yield "a", b"die_later"
        for name in "bcdef":
            time.sleep(0.3)
            yield name, b""

    found = read_class(sheet, slowly(), 1)
    assert [each.file for each in found] == list("abcdef")
    assert {each.reason for each in found} == {None}


@pytest.mark.usefixtures("misread")
def test_a_crash_that_a_file_leaves_behind_is_not_the_next_ones(sheet: Sheet) -> None:
    found = read_class(sheet, [("a", b"die_later"), ("b", b"take_a_while"), ("c", b"")], 1)
    assert {each.file: each.reason for each in found} == {"a": None, "b": None, "c": None}


@pytest.mark.parametrize(("deed", "attempts"), [(_abort, 1), (_kill, 2)])
def test_only_what_others_ended_is_tried_again(deed: Callable[[], None], attempts: int, tmp_path: Path) -> None:
    """A crash would come again, and a file should not cost its time twice."""
    told = tmp_path / "attempts"
    told.touch()

    def work() -> None:
        os.write(opened, b"x")
        deed()

    with os.fdopen(os.open(told, os.O_WRONLY | os.O_APPEND), "wb") as file, pytest.MonkeyPatch.context() as patch:
        opened = file.fileno()
        patch.setattr(sandbox, "limit_worker", lambda _: None)  # which lets a worker write no file
        assert isinstance(sandbox.do_apart(work), sandbox.Ended)
    assert told.read_bytes() == b"x" * attempts


def test_workers_that_cannot_begin_are_our_fault(sheet: Sheet, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_: object) -> NoReturn:
        raise OSError("no room")

    monkeypatch.setattr(sandbox, "begin", fail)
    found = read_class(sheet, [("a", b""), ("b", b"")])
    assert ["the reading processes do not answer" in (each.reason or "") for each in found] == [True, True]


def test_workers_that_are_not_forked(sheet: Sheet, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sandbox, "FORKS", False)
    monkeypatch.setattr(sandbox, "context", lambda: multiprocessing.get_context("spawn"))
    honest = make.honest()
    whole, cut = read_class(sheet, [("a", honest), ("b", honest[:5000])])
    assert whole.reason is None
    assert len(whole.held) == 114
    assert "cut short" in (cut.reason or "")
    assert read_one(sheet, "a", honest) == whole


def test_a_system_without_limits_has_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "resource", None)
    sandbox.limit_worker(1)
    monkeypatch.delattr(signal, "setitimer")
    sandbox._end_after(0.001)
    assert sum(range(10**6))  # still here


def test_what_leaves_a_worker_is_bounded(sheet: Sheet, monkeypatch: pytest.MonkeyPatch) -> None:
    long = "x" * 10**6

    def read_long(file: str, data: bytes, sheet: Sheet) -> Submission:
        held = Held(sheet.worksheet, "A1", long, long, long, notes=(long,))
        return Submission(file, {"a": held}, None if data else long, (long,))

    monkeypatch.setattr(read, "read_submission", read_long)
    found = read_one(sheet, "a", b"x")
    held = found.held["a"]
    texts = [held.value, held.formula, held.problem, *held.notes, *found.notes]
    assert {len(str(text)) for text in texts} == {sandbox.LONGEST}


@pytest.mark.usefixtures("misread")
@pytest.mark.parametrize("count", [1, 2])
def test_a_worker_leaves_ctrl_c_to_who_waits(count: int, sheet: Sheet) -> None:
    """It would die of it with a hand-in that looks as if it had ended the program."""
    files = [("a", b"interrupt"), ("b", b"")][:count]
    found = [read_one(sheet, *files[0])] if count == 1 else read_class(sheet, files)
    assert [each.reason for each in found] == [None] * count


def test_ctrl_c_ends_the_workers(tmp_path: Path) -> None:
    base = make.Base.read(make.honest())
    slow = make.CASES["sumproduct-of-20000-x-20000"][0](base)
    for name in ("a.xlsx", "b.xlsx", "c.xlsx"):
        (tmp_path / name).write_bytes(slow)
    for paths in ([tmp_path], [tmp_path / "a.xlsx"]):
        process = subprocess.Popen(
            [sys.executable, "-m", "sheetgen", "verify", "alexnet", *map(str, paths)],
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            start_new_session=True,
            stderr=subprocess.PIPE,
            text=True,
        )
        _await(lambda pid=process.pid: _members(pid) > 1)  # type: ignore[misc]
        time.sleep(0.5)
        os.killpg(process.pid, signal.SIGINT)
        _, errors = process.communicate(timeout=60)
        assert (process.returncode, errors) == (130, "error: stopped before the end, by Ctrl-C\n")
        _await(lambda pid=process.pid: _members(pid) == 0)  # type: ignore[misc]


@pytest.mark.parametrize(
    ("ended_by", "number"), [(signal.SIGTERM, 1), (signal.SIGHUP, 3), (signal.SIGKILL, 1), (signal.SIGKILL, 3)]
)
def test_workers_end_with_who_started_them(ended_by: signal.Signals, number: int, tmp_path: Path) -> None:
    """In the middle of native code, where no Python runs, and at once: not when their own time is spent."""
    for name in range(number):
        (tmp_path / f"{name}.xlsx").write_bytes(make.honest())
    script = "import hashlib, sys; from sheetgen.workbook import read, sandbox; from sheetgen import api; "
    script += (
        "read.read_submission = lambda *_: hashlib.pbkdf2_hmac('sha256', b'', b'', 2**31 - 1); "  # for ten minutes
    )
    script += "sandbox.SECONDS = sandbox.WAIT = sandbox.STUCK = 1000; api.verify('alexnet', sys.argv[1:])"
    with subprocess.Popen(
        [sys.executable, "-c", script, str(tmp_path)],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        start_new_session=True,
        stderr=subprocess.DEVNULL,
    ) as process:
        _await(lambda: _members(process.pid) > 1)
        time.sleep(1)  # until they compute
        process.send_signal(ended_by)
        process.wait(timeout=60)
        try:
            _await(lambda: _members(process.pid) == 0, 20)
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)


def test_a_class_with_what_hangs_and_what_kills_leaves_no_process_behind(tmp_path: Path) -> None:
    """Nor files: the command itself, in a session of its own, so that whoever outlives it is found."""
    base = make.Base.read(make.honest())
    attacks = {
        "hangs": "sumproduct-of-20000-x-20000",
        "kills": "text-doubled-forty-times",
        "hangs-too": "sumproduct-of-20000-x-20000",
    }
    for name, attack in attacks.items():
        (tmp_path / f"{name}.xlsx").write_bytes(make.CASES[attack][0](base))
    (tmp_path / "honest.xlsx").write_bytes(base.data)
    before = {str(path) for path in tmp_path.rglob("*")}
    process = subprocess.Popen(
        [sys.executable, "-m", "sheetgen", "verify", "alexnet", str(tmp_path)],
        env={**os.environ, "PYTHONPATH": str(ROOT), "TMPDIR": str(tmp_path)},
        start_new_session=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    told, errors = process.communicate(timeout=300)
    assert _members(process.pid) == 0  # and not only later: there is nobody to wait for them
    assert (process.returncode, errors) == (1, "")
    slow = told.count("reading it takes more than 8 s")
    ended = told.count("reading it ended the program")  # for want of memory, where a machine is quick to need it
    assert (slow + ended, ended >= 1) == (3, True)
    assert "honest.xlsx  69.5/69.5" in told
    assert {str(path) for path in tmp_path.rglob("*")} == before


def _await(done: Callable[[], bool], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def _members(group: int) -> int:
    """Processes of a group that still run."""
    found = 0
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, _, of = stat.read_text().rpartition(")")[2].split()[:3]
        except (OSError, ValueError):
            continue
        found += int(of) == group and state != "Z"
    return found


def test_progress_and_order(tmp_path: Path) -> None:
    honest = make.honest()
    for number in range(9):
        (tmp_path / f"{number}.xlsx").write_bytes(honest if number % 2 else honest[:3000])
    told: list[tuple[int, int]] = []
    results = api.verify("alexnet", [tmp_path], progress=lambda *numbers: told.append(numbers))
    assert [Path(each.file).stem for each in results.submissions] == list("012345678")
    assert [each.status for each in results.submissions] == ["unmarked", "marked"] * 4 + ["unmarked"]
    assert told == [(number, 9) for number in range(9)]
