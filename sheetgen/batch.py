"""A class marked, file by file, over any executor with ``concurrent.futures``' interface.

``mark_all`` takes files and gives, as each is done, the body of its line of results. A file is read and marked in one
task, in a process that it can at worst end: on this machine in workers that are used again (``local``), on a cluster
in a process of its own beside the one that took the task. This room must not know where files come from, nor who
handed them in; those who mark must not know that there are others.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import zlib
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import BrokenExecutor, CancelledError, Executor, Future
from dataclasses import dataclass, field
from functools import partial
from queue import Empty, SimpleQueue
from typing import Generic, TypeVar

from .cache import code, packed, unpacked
from .language import languages
from .marking import Submission, mark
from .records import Done, done
from .sheet import Sheet
from .workbook import sandbox
from .workbook.workers import WorkerEndedError, Workers

Given = TypeVar("Given")
AHEAD = 8  # files asked for beyond those that are being marked: a slow one must not make the other workers wait
TRIES = 3  # to begin anew with workers that fail without a file's doing
MANY = 20  # files from which on someone will be wrong: what explains it is built once, before there are workers


@dataclass(frozen=True, slots=True)
class Assignment:
    """What a file is marked against, and how: small enough to be sent with each task."""

    key: str  # SHA-256 of all that the marks depend on beside the file
    text: bytes  # the sheet, packed
    reveal: bool = False
    language: str = "en"

    @classmethod
    def of(cls, sheet: Sheet, *, reveal: bool = False, language: str = "en") -> Assignment:
        text = packed(sheet)
        told = json.dumps([code(), text, reveal, language])
        key = hashlib.sha256(told.encode()).hexdigest()
        found = cls(key, zlib.compress(text.encode(), 6), reveal, language)
        _sheets[key] = sheet
        return found


def keys(sheet: Sheet) -> dict[str, str]:
    """Of the assignments that marking against ``sheet`` may have been, whatever the options, with their languages."""
    return {
        Assignment.of(sheet, reveal=reveal, language=language).key: language
        for reveal in (False, True)
        for language in languages()
    }


_sheets: dict[str, Sheet] = {}  # those that this process has unpacked, or inherited when it was forked


def _sheet_of(assignment: Assignment) -> Sheet:
    sheet = _sheets.get(assignment.key)
    if sheet is None:
        _sheets.clear()  # a cluster's worker lives longer than an assignment
        sheet = _sheets[assignment.key] = unpacked(zlib.decompress(assignment.text).decode())
    return sheet


# --- in a worker ----------------------------------------------------------------------------------------------------


def mark_here(assignment: Assignment, file: str, data: bytes) -> Done:
    """Read and mark one file in this process, which has limits already."""
    sheet = _sheet_of(assignment)
    submission = sandbox.read_bounded(file, data, sheet)
    try:
        with sandbox.not_the_file():
            marked = mark(sheet, submission, reveal=assignment.reveal, language=assignment.language)
    except Exception as error:  # a bug of ours: the class goes on
        marked = mark(sheet, Submission(file, {}, sandbox.ours(error)))
    return done(marked)


def mark_apart(assignment: Assignment, file: str, data: bytes) -> Done:
    """The same in a process of its own, on a machine whose processes have none."""
    _build(_sheet_of(assignment))  # kept by this process, for all that it forks
    found = sandbox.do_apart(partial(mark_here, assignment, file, data))
    return found if isinstance(found, Done) else unmarked(assignment, file, sandbox.WHY[found.how])


def unmarked(assignment: Assignment, file: str, reason: str) -> Done:
    return done(mark(_sheet_of(assignment), Submission(file, {}, reason)))


def _build(sheet: Sheet) -> None:
    from .diagnosis.index import index_of

    index_of(sheet).build()


# --- over an executor -----------------------------------------------------------------------------------------------


@dataclass(slots=True)
class Job:
    """One file to be worked on; ``number`` is whatever its owner knows it by."""

    number: int
    file: str
    data: bytes = field(repr=False)
    tries: int = 0


def local(assignment: Assignment, count: int, jobs: int | None = None) -> tuple[Callable[[], Executor], int]:
    """How to begin this machine's workers for ``count`` files, and how many there are."""
    sheet = _sheet_of(assignment)
    if count > MANY and sandbox.FORKS:
        _build(sheet)
    workers = max(1, min(count, jobs or sandbox.cores()))
    return partial(Workers, workers, None if sandbox.FORKS else partial(_hold, assignment)), workers


def _hold(assignment: Assignment) -> None:
    _sheet_of(assignment)


def work_through(
    begin: Callable[[], Executor],
    work: Callable[[str, bytes], Given],
    jobs: Iterable[Job],
    workers: int,
    patience: float | None = None,
) -> Iterator[tuple[Job, Given | str]]:
    """What ``work`` gives for each job, or why it gives nothing, as each is done.

    An executor that breaks, or from which nothing comes for ``patience`` seconds, is begun anew. What takes workers
    down with it is found by doing again, one at a time, what was asked of them then.
    """
    run: _Run[Given] = _Run(begin, work, patience)
    try:
        for job in jobs:
            yield from run.finished()
            while len(run.pending) >= workers + AHEAD:
                yield from run.wait()
            run.ask(job)
        while run.pending:
            yield from run.wait()
        for job in run.suspects:
            run.ask(job)
            while run.pending:
                yield from run.wait(alone=True)
    finally:
        run.end()


class _Run(Generic[Given]):
    def __init__(
        self, begin: Callable[[], Executor], work: Callable[[str, bytes], Given], patience: float | None
    ) -> None:
        self._begin, self._work, self._patience = begin, work, patience
        self._executor: Executor | None = None
        self._given_up: list[Job] = []
        self._done: SimpleQueue[Future[Given]] = SimpleQueue()  # which is quicker than to look at all that are pending
        self.pending: dict[Future[Given], Job] = {}
        self.suspects: list[Job] = []

    def ask(self, job: Job) -> None:
        for _ in range(TRIES):
            if self._executor is None:
                self._executor = self._begin()
            try:
                asked = self._executor.submit(self._work, job.file, job.data)
            except Exception:  # a pool that broke, a cluster that has gone: each says it in its own way
                self._begin_anew()
            else:
                self.pending[asked] = job
                asked.add_done_callback(self._done.put)
                return
        self._given_up.append(job)

    def wait(self, *, alone: bool = False) -> Iterator[tuple[Job, Given | str]]:
        """What is done next; nothing where workers had to be begun anew."""
        try:
            first = self._done.get(timeout=self._patience)
        except Empty:
            self._begin_anew()
        else:
            yield from self._taken(first, alone=alone)
        yield from self.finished(alone=alone)

    def finished(self, *, alone: bool = False) -> Iterator[tuple[Job, Given | str]]:
        """What is done by now."""
        with contextlib.suppress(Empty):
            while True:
                yield from self._taken(self._done.get_nowait(), alone=alone)
        while self._given_up:
            yield self._given_up.pop(), sandbox.NO_ANSWER

    def _taken(self, future: Future[Given], *, alone: bool) -> Iterator[tuple[Job, Given | str]]:
        job = self.pending.pop(future, None)
        if job is None:  # it was asked for anew meanwhile
            return
        error: BaseException | None
        try:
            error = future.exception()
        except CancelledError as cancelled:
            error = cancelled
        if error is None:
            yield job, future.result()
        elif isinstance(error, WorkerEndedError) and error.how in ("slow", "large"):
            yield job, sandbox.WHY[error.how]
        elif isinstance(error, WorkerEndedError) and error.how == "fat":
            self.ask(job)
        elif not alone:  # a file before it, or a machine short of memory or stopped for a while, ends innocent ones too
            self.suspects.append(job)
        else:
            yield job, _why(error)

    def _begin_anew(self) -> None:
        """Ask new workers for all that is open; what was asked too often is given up."""
        waiting = {future: job for future, job in self.pending.items() if not future.done()}
        self.end()
        for future in waiting:
            del self.pending[future]
        for job in waiting.values():
            job.tries += 1
            if job.tries < TRIES:
                self.ask(job)
            else:
                self._given_up.append(job)

    def end(self) -> None:
        executor, self._executor = self._executor, None
        if executor is not None:
            for future in self.pending:
                future.cancel()
            with contextlib.suppress(Exception):  # nobody may be there any more
                executor.shutdown(wait=False)  # Dask's takes no other argument


def _why(error: BaseException) -> str:
    """Why a file is unmarked that was done alone, and failed again."""
    if isinstance(error, WorkerEndedError):
        return sandbox.WHY["slow" if error.how == "late" else "ended"]
    if type(error) is BrokenExecutor:  # of our own workers: what a file does to them is a WorkerEndedError
        return sandbox.NO_ANSWER
    if isinstance(error, BrokenExecutor | CancelledError) or type(error).__name__ == "KilledWorker":  # Dask's
        return sandbox.WHY["ended"]
    return sandbox.ours(error)
