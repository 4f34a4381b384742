"""A Dask cluster as an executor, for classes beyond one machine. Only ``--cluster`` loads Dask (``sheetgen[cluster]``).

Must not know: what the tasks do.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from concurrent.futures import Executor
from typing import Any

from .errors import UsageError

SECONDS = 20  # until a scheduler has to answer
PATIENCE = 60  # seconds without a result until it is looked whether the scheduler is still there
CLOSING = 2  # seconds for taking leave
RETRIES = 2  # of a task that failed for a reason of its worker's


@contextlib.contextmanager
def connect(address: str) -> Iterator[tuple[Callable[[], Executor], int]]:
    """How to begin work on the cluster whose scheduler is at ``address``, and how many tasks it does at a time."""
    try:
        from distributed import Client
    except ImportError:
        raise UsageError("--cluster needs Dask, which is not installed: pip install 'sheetgen[cluster]'") from None
    try:
        client: Any = Client(address, timeout=SECONDS, set_as_default=False)  # type: ignore[no-untyped-call]
    except (OSError, ValueError, TimeoutError) as error:
        raise UsageError(
            f"--cluster {address}: no Dask scheduler answers there ({error}); start one with 'dask scheduler', and "
            f"name its address, such as tcp://host:8786"
        ) from None

    def begin() -> Executor:
        if client.status != "running":
            raise UsageError(
                f"--cluster {address}: the scheduler does not answer any more; what is marked by now is kept where "
                f"--results says, and --resume goes on from there"
            )
        found: Executor = client.get_executor(pure=False, retries=RETRIES)
        return found

    try:
        cores = sum(client.nthreads().values())
        if cores:
            yield begin, cores
            return
        raise UsageError(f"--cluster {address}: the cluster has no workers; start some with 'dask worker {address}'")
    finally:
        with contextlib.suppress(Exception):  # it may have gone
            client.close(timeout=CLOSING)
