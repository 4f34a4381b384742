"""Reports of marked submissions: each module of this folder is a kind, ``--report KIND=TARGET`` by its name.

A module has a docstring whose first line says what it is, and one or both of

    render(results, asked) -> bytes                     a report that is one file; SUFFIX is what its name ends with
    files(results, asked) -> Iterator[(name, bytes)]    one that is a folder, or a zip if the target's name ends so

With both, the target decides: a folder or a zip for ``files``, else ``render``. Kinds for CI systems may have more:

    appends(target) -> bool                  whether ``render``'s bytes are added to what the file holds
    to_print(results) -> tuple[str, ...]     lines that the command line prints as they are, for a CI log to obey

A kind that fills a file has NEEDED, the sentence that asks for it; one of a single submission has OF_ONE.

A kind is found by listing this folder, so that a new one is a new file. What the instructor should know beside (who
could not be matched) is said in sentences by ``asked.say``. Reports are made from results alone, in one pass where they
can; they must not know how marks are given, and escape whatever a student wrote.
"""

from __future__ import annotations

import os
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from importlib import import_module
from pathlib import Path
from types import ModuleType

from ..errors import UsageError, did_you_mean
from ..files import unwritten, write_file, writing
from ..marking import Marked
from ..records import Results
from ..seal import seal
from ._names import Unique

WORKBOOKS = (".xlsx", ".xlsm", ".xls", ".ods")
WHEN = (1980, 1, 1, 0, 0, 0)  # every file of a zip: equal results give equal bytes


@dataclass(frozen=True, slots=True)
class Asked:
    """What a report is asked for beside the results."""

    target: Path
    gradebook: bytes | None = None  # the file downloaded from the learning platform, for kinds that fill it
    language: str = "en"
    bytes_of: Callable[[Marked], bytes | None] = lambda _: None  # the file that was marked, as long as it is unchanged
    largest: int = 2**20  # bytes that a kind with a limit may print
    assignment: str = ""  # the assignment of the gradebook that is meant, where it has several
    say: Callable[[str], None] = lambda _: None  # what the instructor should know, a sentence each; see ``write``


def kinds() -> dict[str, str]:
    """The name of each kind of report, and what it is, in a line."""
    folder = Path(__file__).parent
    names = sorted(path.stem for path in folder.glob("*.py") if not path.stem.startswith("_"))
    return {name: (_module(name).__doc__ or "").partition("\n")[0].rstrip(".") for name in names}


def _module(kind: str) -> ModuleType:
    return import_module(f"{__name__}.{kind}")


def fills(kind: str) -> bool:
    """Whether a report fills a file from a learning platform."""
    return hasattr(_module(kind), "NEEDED")


def of_one(kind: str) -> bool:
    """Whether a report is of one submission."""
    return bool(getattr(_module(kind), "OF_ONE", False))


def target(text: str) -> tuple[str, Path]:
    """``html=class.html`` as kind and path. Raises UsageError for a kind that is not known, and one without a path."""
    kind, equals, path = text.partition("=")
    known = [each.stem for each in Path(__file__).parent.glob("*.py") if not each.stem.startswith("_")]
    if kind not in known:
        raise UsageError(f"--report {text}: there is no report {kind!r}{did_you_mean(kind, sorted(known))}")
    if not equals or not path:
        raise UsageError(f"--report {text}: say where to write it, such as {kind}=output/{kind}{_suffix(kind)}")
    return kind, Path(path)


def _suffix(kind: str) -> str:
    return getattr(_module(kind), "SUFFIX", "") or ".zip"


@dataclass(frozen=True, slots=True)
class Written:
    """What there is to say of a report: sentences for the instructor, and lines to print as they are."""

    said: tuple[str, ...]
    to_print: tuple[str, ...]


def look(kind: str, asked: Asked, coursework: str) -> None:
    """Raises UsageError for what is wrong with a report however the marks turn out, before anything is marked."""
    module = _module(kind)
    if _is_many(module, asked.target) is None:
        raise UsageError(f"--report {kind}={asked.target}: this report is many files; name a folder, or a .zip")
    if not _is_many(module, asked.target) and asked.target.is_dir():
        raise UsageError(f"--report {kind}={asked.target} is a folder; this report is a {module.SUFFIX} file")
    if asked.target.suffix.lower() in WORKBOOKS and not _is_many(module, asked.target):
        raise UsageError(
            f"--report {kind}={asked.target}: this report is no workbook but a {module.SUFFIX} file; call it "
            f"{asked.target.with_suffix(module.SUFFIX).name}"
        )
    if hasattr(module, "NEEDED"):
        module.render(Results(coursework, ()), replace(asked, say=lambda _: None))


def _is_many(module: ModuleType, path: Path) -> bool | None:
    """Whether the report is many files, for this target; None where it can be nothing else, and the target is one."""
    many = path.suffix.lower() == ".zip" or path.suffix == "" or path.is_dir()
    if not hasattr(module, "files"):
        return False
    return True if many else False if hasattr(module, "render") else None


def write(kind: str, results: Results, asked: Asked) -> Written:
    """Write one report to ``asked.target``, each of its files as a whole or not at all."""
    said: list[str] = []
    _write(kind, results, replace(asked, say=said.append))
    return Written(tuple(said), tuple(getattr(_module(kind), "to_print", _nothing)(results)))


def _write(kind: str, results: Results, asked: Asked) -> None:
    look(kind, asked, results.coursework)
    module, path = _module(kind), asked.target
    if not _is_many(module, path):
        if getattr(module, "appends", _never)(path):
            _append(path, lambda largest: module.render(results, replace(asked, largest=largest)), asked.largest)
        else:
            write_file(path, module.render(results, asked))
    elif path.suffix.lower() == ".zip":
        _write_zip(path, module.files(results, asked))
    else:
        names = Unique()
        for name, data in module.files(results, asked):
            write_file(path / names.path(name), data)


def _never(_: Path) -> bool:
    return False


def _nothing(_: Results) -> tuple[str, ...]:
    return ()


def _append(path: Path, render: Callable[[int], bytes], largest: int) -> None:
    """Add to what other steps of a job wrote; all of it together may have ``largest`` bytes."""
    held, added = b"", False
    try:
        held = path.read_bytes() if path.is_file() else b""  # /dev/stdout is none
        begun = b"\n" if held and not held.endswith(b"\n") else b""
        data = render(max(largest - len(held) - len(begun), 0))
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("ab") as file:
            added = path.is_file()
            file.write(begun + data if data else b"")
    except OSError as error:
        if added:
            os.truncate(path, len(held))  # nothing half written stays behind
        raise unwritten(f"write {path}", error) from None


def _write_zip(path: Path, members: Iterator[tuple[str, bytes]]) -> None:
    with writing(path) as stream:
        with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
            names = Unique()
            for name, data in members:
                about = zipfile.ZipInfo(names.path(name), WHEN)
                about.compress_type = zipfile.ZIP_STORED if name.endswith(".xlsx") else zipfile.ZIP_DEFLATED
                about.external_attr = 0o644 << 16
                archive.writestr(about, data)
        seal(stream)
