"""A disk that is full: whatever was to be written is named, with what to do, and nothing half written stays behind."""

from __future__ import annotations

import contextlib
import errno
import io
import os
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from sheetgen import api, reports
from sheetgen.autograder import write_autograder
from sheetgen.errors import UsageError
from sheetgen.ledger import Ledger
from sheetgen.records import Results
from sheetgen.reports import Asked
from tests.runs import run
from tests.sample_class import make

ROOM = (0, 900)  # bytes: nothing can be written, or the beginning of it
WRITERS: dict[str, Callable[[Results, Path], object]] = {
    "marks.csv": lambda results, path: api.write_report("csv", results, Asked(path)),
    "class.html": lambda results, path: api.write_report("html", results, Asked(path)),
    "pages.zip": lambda results, path: api.write_report("html", results, Asked(path)),
    "pages": lambda results, path: api.write_report("html", results, Asked(path)),
    "back": lambda results, path: api.write_report("xlsx", results, Asked(path)),
    "back.zip": lambda results, path: api.write_report("xlsx", results, Asked(path)),
    "key": lambda _, path: api.generate("alexnet", path),
    "filled.xlsx": lambda results, path: api.fill("alexnet", results.submissions[0].file, path),
    "mine.yaml": lambda _, path: api.new(path, "alexnet"),
    "autograder.zip": lambda _, path: write_autograder("alexnet", path, None, "en"),
    "marks.jsonl": lambda results, path: api.verify("alexnet", results.submissions[0].file, results=path),
}


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Results:
    return api.verify("alexnet", make(tmp_path_factory.mktemp("class"))[:2])


class Small(io.FileIO):
    """A file on a disk with room for some bytes."""

    room = 0

    def write(self, data: Any, /) -> int:
        fits = bytes(data)[: max(0, type(self).room - self.tell())]
        if not fits:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return super().write(fits)  # as a disk takes what still fits


@contextlib.contextmanager
def _small(*, dir: Path, delete: bool, prefix: str = "tmp") -> Iterator[SimpleNamespace]:
    assert not delete
    handle, name = tempfile.mkstemp(dir=dir, prefix=prefix)
    os.close(handle)
    with io.BufferedRandom(Small(name, "w+b")) as file:
        yield SimpleNamespace(name=name, file=file, write=file.write)


@pytest.mark.parametrize("room", ROOM)
@pytest.mark.parametrize("name", WRITERS)
def test_what_could_not_be_written_is_named_and_gone(
    name: str, room: int, results: Results, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Small, "room", room)
    monkeypatch.setattr(tempfile, "NamedTemporaryFile", _small)
    with pytest.raises(UsageError) as told:
        WRITERS[name](results, tmp_path / name)
    assert str(told.value).startswith(f"cannot write {tmp_path / name}")
    assert str(told.value).endswith(": No space left on device; make room there, or name another place")
    left = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert left == ([tmp_path / "marks.jsonl.part"] if name == "marks.jsonl" else [])  # from which --resume goes on


@pytest.mark.parametrize("name", ["marks.csv", "filled.xlsx"])
def test_what_was_there_before_stays(
    name: str, results: Results, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / name).write_bytes(b"before")
    monkeypatch.setattr(Small, "room", 900)
    monkeypatch.setattr(tempfile, "NamedTemporaryFile", _small)
    with pytest.raises(UsageError, match="No space left"):
        WRITERS[name](results, tmp_path / name)
    assert [(path.name, path.read_bytes()) for path in tmp_path.iterdir()] == [(name, b"before")]


def test_what_is_added_to_a_file_is_added_as_a_whole(
    results: Results, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    summary = tmp_path / "summary.md"
    summary.write_text("of other steps\n")
    monkeypatch.setattr(Small, "room", 100)
    original = Path.open

    def opened(path: Path, mode: str = "r", **more: Any) -> Any:
        return io.BufferedWriter(Small(path, mode)) if mode == "ab" else original(path, mode, **more)

    monkeypatch.setattr(Path, "open", opened)
    with pytest.raises(UsageError) as told:
        reports.write("github", results, Asked(summary))
    assert str(told.value).startswith(f"cannot write {summary}: No space left on device; make room there")
    assert summary.read_text() == "of other steps\n"


def test_the_device_that_is_always_full(results: Results, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot write /dev/full: No space left on device; make room there"):
        reports.write("github", results, Asked(Path("/dev/full")))
    with pytest.raises(UsageError, match="cannot write the results /dev/full: it is no file; name one"):
        Ledger(Path("/dev/full"), "key")  # before a class is marked for nothing
    (tmp_path / "to").symlink_to("/dev/full")
    with pytest.raises(UsageError, match="cannot write /dev/full: it is no file"):
        reports.write("csv", results, Asked(tmp_path / "to"))


@pytest.mark.parametrize("room", [0, 100, 20_000])
@pytest.mark.parametrize("named", [True, False])
def test_results_are_named_although_what_was_kept_back_cannot_be_written_at_the_end_either(
    named: bool, room: int, results: Results, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file that is closed tries once more to write what it holds: a short line, or the end of a long one."""
    (tmp_path / "broken.xlsx").write_bytes(b"PK")
    files = [tmp_path / "broken.xlsx", *(Path(each.file) for each in results.submissions)]
    monkeypatch.setattr(Small, "room", room)
    original, path = os.fdopen, tmp_path / "marks.jsonl"

    def opened(number: int, mode: str) -> Any:
        return io.BufferedRandom(Small(number, mode)) if mode == "r+b" else original(number, mode)

    def temporary() -> Any:
        return io.BufferedRandom(Small(tmp_path / "temporary", "w+b"))

    monkeypatch.setattr(os, "fdopen", opened)
    monkeypatch.setattr(tempfile, "TemporaryFile", temporary)
    with pytest.raises(UsageError) as told:
        api.verify("alexnet", files, results=path if named else None, jobs=1)
    if named:
        assert str(told.value) == (
            f"cannot write the results {path}: No space left on device; make room there, and go on with --resume"
        )
    else:
        where = f"cannot keep the results in {tempfile.gettempdir()} while marking: No space left on device; make room"
        assert str(told.value).startswith(where)


def test_a_folder_for_temporary_files_that_is_full_is_told(results: Results, monkeypatch: pytest.MonkeyPatch) -> None:
    """Python calls all of them unusable then, and does not say which."""

    def none(*_: object) -> str:
        raise FileNotFoundError(errno.ENOENT, "No usable temporary directory found in ['/tmp', '/home/ada']")

    monkeypatch.setattr(tempfile, "gettempdir", none)
    monkeypatch.setattr(tempfile, "TemporaryFile", none)
    with pytest.raises(UsageError) as told:
        api.verify("alexnet", [each.file for each in results.submissions])
    assert str(told.value) == (
        "cannot keep the results in any folder for temporary files while marking: No usable temporary directory found "
        "in ['/tmp', '/home/ada']; make room there, name another folder by TMPDIR, or a file by --results"
    )


def test_output_that_is_sent_to_a_full_disk_is_told_with_its_place(results: Results) -> None:
    file = results.submissions[0].file
    with Path("/dev/full").open("wb") as full:
        done = run("verify", "alexnet", file, "--format", "json", stdout=full)
    assert done.returncode == 2
    assert done.stderr.splitlines()[-1] == (
        "error: cannot write the output to /dev/full: No space left on device; make room there, or send it elsewhere"
    )
