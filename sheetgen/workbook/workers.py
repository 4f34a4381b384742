"""The processes in which a class is read: an executor whose workers may die, run out of time, and are used again.

Apart from ``sandbox.py``, because a single file needs neither pebble nor ``concurrent.futures``, which take half as
long to load as a whole ``verify`` takes. Must not know: what the work is.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable
from concurrent.futures import BrokenExecutor, Executor, Future, InvalidStateError
from functools import partial
from typing import TYPE_CHECKING, Any, Literal

from . import sandbox

if TYPE_CHECKING:
    from pebble import ProcessPool


class WorkerEndedError(Exception):
    """What a file did to its worker; or to that of the next one ("fat"); or that nothing came for too long ("late")."""

    def __init__(self, how: sandbox.How | Literal["fat", "late"]) -> None:
        super().__init__(how)
        self.how = how


class Workers(Executor):
    """Processes with limits, used again from task to task: ``concurrent.futures``' interface over pebble's pool.

    ``prepare`` is called in each when it begins. A future raises WorkerEndedError where its task ended its process, and
    BrokenExecutor where nobody will do it any more.
    """

    def __init__(self, count: int, prepare: Callable[[], None] | None = None) -> None:
        self._count, self._prepare = count, prepare
        self._pool: ProcessPool | None = None
        self._open: set[Future[Any]] = set()

    def submit(self, work: Callable[..., Any], /, *args: Any, **more: Any) -> Future[Any]:
        first = self._pool is None
        pool = self._pool = self._pool or self._begun()
        found: Future[Any] = Future()
        found.set_running_or_notify_cancel()
        self._open.add(found)
        try:
            asked = pool.schedule(sandbox.limited, args=(partial(work, *args, **more),), timeout=sandbox.WAIT)
        except RuntimeError as error:  # a pool that broke takes nothing any more
            raise BrokenExecutor(str(error)) from error
        asked.add_done_callback(partial(self._hand_on, found))
        if first:
            threading.Thread(target=self._watch, args=(pool,), daemon=True).start()
        return found

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:  # noqa: ARG002
        pool, self._pool = self._pool, None
        if pool is not None:
            pool.stop()  # type: ignore[no-untyped-call]
            pool.join()
        self._give_up()

    def _begun(self) -> ProcessPool:
        from pebble import ProcessPool

        from . import opinion, plain, read  # noqa: F401  (once, for all workers that are forked)

        sandbox.hold_the_line()
        prepare = (self._prepare,)
        return ProcessPool(self._count, initializer=sandbox.begin, initargs=prepare, context=sandbox.context())

    def _watch(self, pool: ProcessPool) -> None:
        """A pool that breaks forgets what it was asked last: nobody would ever answer."""
        while pool is self._pool and pool.active:
            time.sleep(0.2)
        if pool is self._pool:
            self._give_up()

    def _give_up(self) -> None:
        for found in list(self._open):
            _settle(found, BrokenExecutor("the pool has ended"))

    def _hand_on(self, found: Future[Any], asked: Future[Any]) -> None:
        from pebble import ProcessExpired

        self._open.discard(found)
        error: BaseException | None = None
        if asked.cancelled():
            error = BrokenExecutor("the pool has ended")
        elif isinstance(error := asked.exception(), ProcessExpired):
            error = WorkerEndedError(
                "fat" if error.exitcode == sandbox.TOO_FAT else sandbox.why_it_ended(error.exitcode).how
            )
        elif isinstance(error, TimeoutError):
            error = WorkerEndedError("late")
        elif isinstance(error, BrokenExecutor):  # its subclasses say that a task may have done it
            error = BrokenExecutor(str(error))
        if error is not None:
            _settle(found, error)
        else:
            with contextlib.suppress(InvalidStateError):
                found.set_result(asked.result())


def _settle(found: Future[Any], error: BaseException) -> None:
    with contextlib.suppress(InvalidStateError):
        found.set_exception(error)
