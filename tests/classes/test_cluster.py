"""A class on a real Dask scheduler with two workers on this machine, one of which is killed in the middle."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import Executor
from pathlib import Path

import pytest

from sheetgen import api, batch, cluster
from sheetgen.cluster import connect
from sheetgen.errors import UsageError
from sheetgen.workbook import sandbox
from tests.generated_class import Maker, as_folder

ROOT = Path(__file__).parents[2]
COUNT = 80
SCHEDULER = "from distributed.cli.dask_scheduler import main; main()"
WORKER = "from distributed.cli.dask_worker import main; main()"


class Cluster:
    """A scheduler and two workers, each in processes of its own."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.processes: list[subprocess.Popen[bytes]] = []
        found = self._start(SCHEDULER, "--host", "127.0.0.1", "--port", "0", "--no-dashboard", until=r"tcp://[\d.:]+")
        self.address = found
        for _ in range(2):
            self.add_worker()

    def add_worker(self) -> None:
        """Without a nanny, which would start it again: a machine that is lost does not come back."""
        arguments = (self.address, "--no-nanny", "--nthreads", "1", "--no-dashboard", "--memory-limit", "0")
        self._start(WORKER, *arguments, until="Registered to")

    def _start(self, code: str, *arguments: str, until: str) -> str:
        log = self._folder / f"{len(self.processes)}.log"
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        with log.open("wb") as out:
            command = [sys.executable, "-c", code, *arguments]
            process = subprocess.Popen(command, env=environment, cwd=self._folder, stdout=out, stderr=out)
        self.processes.append(process)
        deadline = time.monotonic() + 60
        while (found := re.search(until, log.read_text(errors="replace"))) is None:
            assert process.poll() is None, log.read_text(errors="replace")
            assert time.monotonic() < deadline, log.read_text(errors="replace")
            time.sleep(0.05)
        return found[0]

    def stop(self) -> None:
        for process in reversed(self.processes):
            process.kill()
            process.wait()


@pytest.fixture
def workers(tmp_path: Path) -> Iterator[Cluster]:
    found = Cluster(tmp_path)
    try:
        yield found
    finally:
        found.stop()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("class") / "hand-ins"
    as_folder(list(Maker(seed=11).make(COUNT)), path)
    return path


def test_a_worker_that_is_killed_in_the_middle_loses_nothing(workers: Cluster, folder: Path, tmp_path: Path) -> None:
    here, there = tmp_path / "here.jsonl", tmp_path / "there.jsonl"
    api.verify("alexnet", folder, results=here)
    when: list[int] = []

    def kill_one(done: int, _: int) -> None:
        if done >= COUNT // 4 and not when:
            when.append(done)
            workers.processes[1].send_signal(signal.SIGKILL)

    results = api.verify("alexnet", folder, results=there, cluster=workers.address, progress=kill_one)
    assert when
    assert when[0] < COUNT
    assert workers.processes[1].wait(timeout=10) == -signal.SIGKILL
    assert there.read_bytes() == here.read_bytes()  # nothing lost, nothing twice, in the same order
    assert len(results.submissions) == COUNT


def _end_the_worker(_: str, data: bytes) -> int:
    if data == b"deadly":
        os._exit(1)
    time.sleep(0.02)
    return len(data)


def test_what_kills_its_workers_is_told_once_and_costs_nobody_else_anything(workers: Cluster) -> None:
    workers.add_worker()
    for _ in range(8):  # each dies of it
        workers.add_worker()
    jobs = [batch.Job(number, f"{number}.xlsx", b"deadly" if number == 5 else b"x" * number) for number in range(30)]
    with connect(workers.address) as (begin, cores):
        found = list(batch.work_through(begin, _end_the_worker, jobs, cores))
    assert sorted(job.number for job, _ in found) == list(range(30))
    for job, given in found:
        assert given == (sandbox.WHY["ended"] if job.number == 5 else job.number)


def test_a_scheduler_that_goes_away_is_told_and_what_was_marked_is_kept(
    workers: Cluster, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cluster, "PATIENCE", 2)
    import dask

    def kill_all(done: int, _: int) -> None:
        if done == COUNT // 4:
            for process in workers.processes:
                process.kill()

    path = tmp_path / "r.jsonl"
    quick = {"distributed.comm.timeouts.connect": "1s", "distributed.scheduler.work-stealing": False}
    with dask.config.set(quick), pytest.raises(UsageError, match=r"does not answer any more.*--resume"):
        api.verify("alexnet", folder, results=path, cluster=workers.address, progress=kill_all)
    assert not path.exists()
    kept = (tmp_path / "r.jsonl.part").read_bytes().count(b"\n")
    assert kept >= COUNT // 4
    results = api.verify("alexnet", folder, results=path, resume=True)
    assert len(results.submissions) == COUNT


def test_where_no_scheduler_answers_it_is_told(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    monkeypatch.setattr(cluster, "SECONDS", 1)
    with pytest.raises(UsageError, match="no Dask scheduler answers there"):
        api.verify("alexnet", folder, cluster="tcp://127.0.0.1:9")
    with pytest.raises(UsageError, match="--cluster nonsense"):
        api.verify("alexnet", folder, cluster="nonsense")


def test_without_dask_it_is_told_what_to_install(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(UsageError, match=r"sheetgen\[cluster\]"):
        api.verify("alexnet", folder, cluster="tcp://127.0.0.1:9")


def test_any_executor_will_do() -> None:
    """``concurrent.futures``' own, of processes: what ends one of them breaks the pool, and is found out alone."""
    import multiprocessing
    from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor

    begun: list[Executor] = []

    def begin() -> Executor:
        begun.append(ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("spawn")))
        return begun[-1]

    jobs = [batch.Job(number, f"{number}.xlsx", b"deadly" if number == 3 else b"x" * number) for number in range(12)]
    found = {job.number: given for job, given in batch.work_through(begin, _end_the_worker, jobs, 2)}
    assert found == {number: number for number in range(12)} | {3: sandbox.WHY["ended"]}
    assert len(begun) > 1
    threads = batch.work_through(lambda: ThreadPoolExecutor(3), _fail, jobs, 3)
    assert {given for _, given in threads} == {
        "internal error, our fault: KeyError: 'conv1'; please report it, with the file"
    }
    assert threading.active_count() < 20


def _fail(_file: str, _data: bytes) -> int:
    raise KeyError("conv1")
