"""An instructor's files: read whole, and written as a whole or not at all. What is in them this room must not know."""

from __future__ import annotations

import contextlib
import errno
import os
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from .errors import UsageError

MOST_BYTES = 256 * 1024 * 1024  # of an instructor's file, pictures and all
_FULL = (errno.ENOSPC, errno.EDQUOT)


def read_file(path: Path, what: str, kind: str = "an .xlsx file") -> bytes:
    """The bytes of an instructor's file; ``what`` it is for, and what ``kind`` of file that is, is said of others."""
    try:
        about = path.stat()
        if not stat.S_ISREG(about.st_mode) and not stat.S_ISDIR(about.st_mode):
            raise UsageError(f"{path} is no file (a device or a pipe); the {what} is {kind}")
        if about.st_size > MOST_BYTES:
            raise UsageError(f"{path} has {about.st_size / 2**20:,.0f} MiB; a {what} has at most {MOST_BYTES >> 20}")
        return path.read_bytes()
    except IsADirectoryError:
        raise UsageError(f"{path} is a folder; the {what} is {kind}") from None
    except FileNotFoundError:
        raise UsageError(f"there is no file {path}") from None
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror or error}") from None


def write_file(path: Path, data: bytes) -> None:
    """Write ``data`` as a whole or not at all."""
    with writing(path) as file:
        file.write(data)


@contextlib.contextmanager
def writing(path: Path) -> Iterator[IO[bytes]]:
    """A file to write into, beside ``path``, which takes its name at the end; after an error it is gone."""
    temporary = None
    try:
        path = path.resolve()  # a link stays one
        if path.exists() and not path.is_file():
            raise UsageError(f"cannot write {path}: it is no file")
        path.parent.mkdir(parents=True, exist_ok=True)
        mode = stat.S_IMODE(path.stat().st_mode) if path.exists() else 0o666 & ~_umask()
        with tempfile.NamedTemporaryFile(dir=path.parent, prefix=".sheetgen-", delete=False) as file:
            temporary = Path(file.name)
            yield file.file
        temporary.chmod(mode)
        temporary.replace(path)
    except BaseException as error:
        if temporary is not None:
            temporary.unlink(missing_ok=True)
        if isinstance(error, OSError):
            raise unwritten(f"write {path}", error) from None
        raise


def unwritten(told: str, error: OSError, advice: str = "make room there, or name another place") -> UsageError:
    """Why something cannot be written, wherever that happens; ``advice`` is for a disk that is full."""
    why = f"cannot {told}: {error.strerror or error}"
    return UsageError(f"{why}; {advice}" if error.errno in _FULL else why)


def _umask() -> int:
    mask = os.umask(0o077)
    os.umask(mask)
    return mask
