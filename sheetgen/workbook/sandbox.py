"""Worker processes with limits, so that a file can at worst end the worker that reads it.

``do_apart`` does one piece of work in a process of its own; ``workers.py`` has a pool whose processes are used again
from file to file. Whatever a file does to its worker ends as one ``Ended``, or exception, that says how.

What holds where: a limit on time by the clock, and no output, on every system; on computing time, and no file written,
where there are ``setitimer`` and ``resource`` (not on Windows); on memory, where the kernel heeds it, and no worker
that outlives who started it (Linux).
Must not know: what is read, or its marks.
"""

from __future__ import annotations

import contextlib
import dataclasses
import faulthandler
import os
import pickle
import select
import signal
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from importlib.util import cache_from_source
from io import BufferedReader
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NoReturn, TypeVar

from ..errors import InternalError, SheetgenError
from ..marking import Held, Submission
from ..sheet import Sheet

if TYPE_CHECKING:
    from multiprocessing.context import BaseContext


SECONDS = 8  # of computing for one file; an ordinary one takes 5 ms
WAIT = 3 * SECONDS  # by the clock, since other programs compute too: else a busy machine would change a verdict
MEMORY = 768 * 2**20  # bytes that a worker may grow by; with what it begins with, less than 1 GiB
FAT = MEMORY // 4  # bytes that a file may leave behind in a worker that reads on
STUCK = WAIT + 10  # seconds without an answer from workers that should have ended a file long before
FORKS = sys.platform == "linux"  # a fork begins at once and does not run the main program's module again
LONGEST = 32_767  # characters of a text that leaves a worker: Excel's own limit for a cell

_OUT_OF_MEMORY, TOO_FAT = 77, 78  # exit codes of workers
_ALARM = getattr(signal, "SIGPROF", 0)  # which ends a worker whose time is over
_BY_ITSELF = {-getattr(signal, name, 0) for name in ("SIGABRT", "SIGSEGV", "SIGBUS", "SIGILL", "SIGFPE")} - {0}
_SLOW = f"reading it takes more than {SECONDS} s; is it the workbook that was handed out, with numbers filled in?"
_LARGE = f"reading it takes more than {MEMORY // 2**20} MiB of memory"
_ENDED = (
    "reading it ended the program that reads it: it is damaged or made to do so, or needs more than "
    f"{MEMORY // 2**20} MiB of memory"
)
_OURS = "internal error, our fault: {}; please report it, with the file"
NO_ANSWER = _OURS.format("the reading processes do not answer")

# -- one file ----------------------------------------------------------------------------------------------------------

Given = TypeVar("Given")
How = Literal["slow", "large", "ended", "killed"]
WHY: dict[How, str] = {"slow": _SLOW, "large": _LARGE, "ended": _ENDED, "killed": _ENDED}


@dataclass(frozen=True, slots=True)
class Ended:
    """A worker that gave nothing: its time or its memory was spent, it crashed ("ended"), or others ended it."""

    how: How


def do_apart(work: Callable[[], Given], meanwhile: Callable[[], None] | None = None) -> Given | Ended:
    """What ``work`` gives, done in a process of its own within the limits; or what ended that process.

    Errors of ours that it raises are raised here; any other is an InternalError. Where processes are not forked, it has
    to pickle: a ``partial`` of a module's function. ``meanwhile`` is called while it is done, where they are.
    """
    found = _by_a_fork(partial(_outcome, work), meanwhile) if FORKS else _by_a_pool(partial(_outcome, work))
    if isinstance(found, Ended) and found.how == "killed":  # a machine short of memory ends innocent processes too
        found = _by_a_fork(partial(_outcome, work)) if FORKS else _by_a_pool(partial(_outcome, work))
    if isinstance(found, SheetgenError):
        raise found
    return found


def _outcome(work: Callable[[], Given]) -> Given | SheetgenError:
    """In the worker: errors are handed back like results, since not every process hands them on."""
    _end_after(SECONDS)
    try:
        return work()
    except MemoryError:
        os._exit(_OUT_OF_MEMORY)
    except SheetgenError as error:
        return error
    except BaseException as error:  # pyo3's panics are no Exceptions
        told = _OURS.format(f"{type(error).__name__}: {error}"[:300])
        return InternalError(f"{traceback.format_exc()}{told}" if os.environ.get("SHEETGEN_DEBUG") else told)
    finally:
        _end_after(0)


def _by_a_fork(work: Callable[[], Given], meanwhile: Callable[[], None] | None = None) -> Given | Ended:
    """What ``work`` gives, as it was pickled; ``meanwhile`` is called while it is done."""
    hold_the_line()
    ours, theirs = os.pipe()
    worker = os.fork()
    if worker == 0:
        _answer_and_end(theirs, work)
    os.close(theirs)
    status = None
    try:
        if meanwhile is not None:
            meanwhile()
        with os.fdopen(ours, "rb") as answer:
            found = _received(answer, time.monotonic() + WAIT)
        if found is None:
            return Ended("slow")
        status = os.waitstatus_to_exitcode(os.waitpid(worker, 0)[1])
        if status != 0 or not found:
            return why_it_ended(status)
        given: Given = pickle.loads(found)
        return given
    finally:
        if status is None:
            os.kill(worker, signal.SIGKILL)
            os.waitpid(worker, 0)


def _answer_and_end(answer: int, work: Callable[[], object]) -> NoReturn:
    code = 1
    try:
        begin()
        with os.fdopen(answer, "wb") as stream:
            pickle.dump(work(), stream, pickle.HIGHEST_PROTOCOL)
        code = 0
    except MemoryError:
        code = _OUT_OF_MEMORY
    finally:
        os._exit(code)  # whatever is to be done when the process ends is the parent's to do


def _received(answer: BufferedReader, deadline: float) -> bytes | None:
    """All that comes before the other end is closed; None if that is not before the deadline."""
    found: list[bytes] = []
    while select.select([answer], [], [], max(0, deadline - time.monotonic()))[0]:
        if not (piece := os.read(answer.fileno(), 65_536)):
            return b"".join(found)
        found.append(piece)
    return None


def _by_a_pool(work: Callable[[], Given]) -> Given | Ended:
    """As by a fork, on systems that have none."""
    from pebble import ProcessExpired, ProcessPool

    pool = ProcessPool(1, initializer=begin, context=context())
    try:
        given: Given = pool.schedule(work, timeout=WAIT).result(timeout=STUCK)
        return given
    except ProcessExpired as error:
        return why_it_ended(error.exitcode)
    except TimeoutError:
        return Ended("slow")
    finally:
        pool.stop()  # type: ignore[no-untyped-call]
        pool.join()


def why_it_ended(code: int | None) -> Ended:
    if code == -_ALARM:
        return Ended("slow")
    if code == _OUT_OF_MEMORY:
        return Ended("large")
    return Ended("ended" if code in _BY_ITSELF else "killed")  # a crash would come again


def cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def context() -> BaseContext:
    import multiprocessing

    return multiprocessing.get_context("fork" if FORKS else None)


# -- in the worker -----------------------------------------------------------------------------------------------------

_at_first = 0  # bytes of memory that the worker had when it began


def begin(prepare: Callable[[], None] | None = None) -> None:
    global _at_first
    from . import read  # noqa: F401  (before nothing can be written, a .pyc neither)

    if not sys.dont_write_bytecode and _is_uncompiled():
        from . import opinion  # noqa: F401  (once, so that it need not be compiled for each file)
    faulthandler.disable()  # else it tells of a crash on the caller's terminal
    sys.dont_write_bytecode = True
    signal.signal(signal.SIGTERM, signal.SIG_DFL)  # ends it at once, in the middle of native code too
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the one who waits, who then ends the workers
    nothing = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(nothing, stream)
    _end_with_who_started_it()
    if prepare is not None:
        prepare()
    _at_first = _memory()
    limit_worker(_at_first + MEMORY)


_line: tuple[int, int, int] | None = None  # who made a pipe into which nobody writes, and its two ends


def hold_the_line() -> None:
    """Make the pipe that closes when this process ends, however that is: workers would compute on without it."""
    global _line
    if FORKS and (_line is None or _line[0] != os.getpid()):
        _line = (os.getpid(), *os.pipe())


def _end_with_who_started_it() -> None:
    """Let the system end this process when the line closes: by a signal, which needs nothing of the code that runs."""
    if _line is None:
        return
    import fcntl  # where there are forks

    _, ours, theirs = _line
    os.close(theirs)
    try:  # opened anew, since who is told of a pipe's end is noted with the opening, which forks share
        own = os.open(f"/proc/self/fd/{ours}", os.O_RDONLY | os.O_NONBLOCK)
    except OSError:  # no /proc: it ends when its time is spent
        return
    signal.signal(signal.SIGIO, signal.SIG_DFL)  # which ends it
    fcntl.fcntl(own, fcntl.F_SETOWN, os.getpid())
    fcntl.fcntl(own, fcntl.F_SETFL, os.O_ASYNC | os.O_NONBLOCK)
    if select.select([own], [], [], 0)[0]:  # it closed before it was watched
        os._exit(1)


def _is_uncompiled() -> bool:
    """Whether what recalculates has no .pyc of now: in a checkout, where no installer made one."""
    module = Path(__file__).with_name("opinion.py")
    try:
        return Path(cache_from_source(str(module))).stat().st_mtime < module.stat().st_mtime
    except (OSError, NotImplementedError):
        return True


def limit_worker(memory: int) -> None:
    """Let this process have ``memory`` bytes, and write no file; where the system has no such limit, it has none."""
    try:
        import resource
    except ImportError:  # Windows
        return
    for name, most in (("RLIMIT_AS", memory), ("RLIMIT_DATA", memory), ("RLIMIT_FSIZE", 0), ("RLIMIT_CORE", 0)):
        kind = getattr(resource, name, None)
        if kind is None:
            continue
        hard = resource.getrlimit(kind)[1]
        limit = most if hard == resource.RLIM_INFINITY else min(most, hard)
        try:
            resource.setrlimit(kind, (limit, limit))
        except (ValueError, OSError):
            continue  # macOS refuses some


def _memory() -> int:
    """Bytes that this process has mapped; 0 where the system does not tell."""
    try:
        return int(Path("/proc/self/statm").read_text().split()[0]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError, IndexError, AttributeError):
        return 0


def read_bounded(file: str, data: bytes, sheet: Sheet) -> Submission:
    """What a worker gives for a file: no text longer than a cell's; a reason where reading it shows a bug of ours."""
    from .read import read_submission

    try:
        return _bounded(read_submission(file, data, sheet))
    except MemoryError:
        os._exit(_OUT_OF_MEMORY)
    except SystemExit:
        raise
    except BaseException as error:  # pyo3's panics are no Exceptions
        return Submission(file, {}, ours(error))


def may_pass(reason: str | None) -> bool:
    """Whether a file that is unmarked for this reason may be marked another time: the machine's trouble, or ours."""
    return reason is not None and (reason in WHY.values() or reason.startswith(_OURS.partition("{")[0]))


def ours(error: BaseException) -> str:
    """Why a file is unmarked, where sheetgen is at fault."""
    return _OURS.format(f"{type(error).__name__}: {error}"[:300])


def limited(work: Callable[[], Given]) -> Given:
    """In a worker that is used again: ``work`` within the limit on time, where another file has left room for it."""
    if _memory() > _at_first + FAT:
        os._exit(TOO_FAT)  # what it still holds of another file is nothing to this one
    _end_after(SECONDS)
    try:
        return work()
    except MemoryError:
        os._exit(_OUT_OF_MEMORY)
    finally:
        _end_after(0)


@contextlib.contextmanager
def not_the_file() -> Iterator[None]:
    """What grows in here is our own, such as an index that is kept: it makes no worker fat."""
    global _at_first
    before = _memory()
    yield
    _at_first += max(0, _memory() - before)


def _end_after(seconds: float) -> None:
    """End this process once it has computed for ``seconds`` more, in whatever code it is then; 0 for never."""
    if hasattr(signal, "setitimer"):  # not on Windows, where the clock of who waits has to do
        signal.setitimer(signal.ITIMER_PROF, seconds)


def _bounded(found: Submission) -> Submission:
    """``found`` with no text longer than a cell's."""

    def short(text: str) -> str:
        return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"

    def cut(held: Held) -> Held:
        if held.problem is None and held.formula is None and not held.notes and type(held.value) is not str:
            return held
        texts = (held.value, held.problem, held.formula, *held.notes)
        if not any(isinstance(text, str) and len(text) > LONGEST for text in texts):
            return held
        value = short(held.value) if isinstance(held.value, str) else held.value
        problem = None if held.problem is None else short(held.problem)
        formula = None if held.formula is None else short(held.formula)
        notes = tuple(map(short, held.notes))
        return dataclasses.replace(held, value=value, formula=formula, problem=problem, notes=notes)

    reason = None if found.reason is None else short(found.reason)
    held = {answer: cut(each) for answer, each in found.held.items()}
    return dataclasses.replace(found, held=held, reason=reason, notes=tuple(map(short, found.notes)))
