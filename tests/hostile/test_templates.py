"""The attacks of make.py as templates: ``fill`` and ``locate`` end with a sentence, within the limits of a submission.

What comes out of a template that is good stays what it is without limits; a large honest one is filled.
"""

from __future__ import annotations

import multiprocessing
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

import openpyxl
import pytest
import xlsxwriter  # type: ignore[import-untyped]

from sheetgen import api
from sheetgen.errors import InternalError, SheetgenError, TemplateError
from sheetgen.sheet import Sheet
from sheetgen.workbook import locate, sandbox
from tests.hostile import make

ROOT = Path(__file__).parents[2]
COMPUTES = 2  # seconds that a template may here, so that those which take what they get cost a test no more
SPENT = {"sheets-by-the-thousand", "chain-of-100000", "sumproduct-of-20000-x-20000"}  # by filling them
# of what is cut short or flipped at random, some: all of them are read as test_corpus.py reads them
CASES = [name for name in make.CASES if not name.startswith(("truncated", "flipped")) or name.endswith(("07", "08-16"))]


@pytest.fixture(scope="module")
def base() -> make.Base:
    return make.Base.read(make.honest())


@pytest.fixture
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sandbox, "SECONDS", COMPUTES)


@pytest.mark.usefixtures("short")
@pytest.mark.parametrize("name", CASES)
def test_a_template_ends_with_a_sentence(name: str, base: make.Base, tmp_path: Path) -> None:
    template, out = tmp_path / f"{name}.xlsx", tmp_path / "out" / "filled.xlsx"
    template.write_bytes(make.CASES[name][0](base))
    for command in (lambda: api.locate("alexnet", template), lambda: api.fill("alexnet", template, out)):
        begun = _computed()
        told = _sentence(command)
        assert _computed() - begun < COMPUTES + 3  # with what unpickles, and all else of the worker
        assert told is None or told.startswith(f"{template}: ")
        assert told is None or len(told) < 1500
    if name in SPENT:
        assert f"it takes more than {COMPUTES} s of computing to work through it" in str(told)
    assert {path.name for path in tmp_path.rglob("*.xlsx")} == {template.name} | ({out.name} if told is None else set())


def _sentence(command: Callable[[], object]) -> str | None:
    """What was said of it where it was refused."""
    try:
        command()
    except InternalError:
        raise
    except SheetgenError as error:
        return str(error)
    return None


def _computed() -> float:
    times = os.times()
    return sum(times[:4])


@pytest.mark.parametrize("command", ["fill", "locate"])
def test_the_command_that_is_stopped(command: str, base: make.Base, tmp_path: Path) -> None:
    template = tmp_path / "chain.xlsx"
    template.write_bytes(make.CASES["chain-of-100000"][0](base))
    code = "from sheetgen.workbook import sandbox; sandbox.SECONDS = 0.01; from sheetgen import cli; cli.main()"
    done = subprocess.run(
        [sys.executable, "-c", code, command, "alexnet", str(template)],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr == (
        f"error: {template}: it takes more than 0.01 s of computing to work through it; leave out the sheets that are "
        "not needed, and try again\n"
    )
    assert [path.name for path in tmp_path.iterdir()] == ["chain.xlsx"]


def _grow(*_: object, **__: object) -> NoReturn:
    kept = []
    while True:
        kept.append(bytes(2**24))


def _abort(*_: object, **__: object) -> NoReturn:
    os.abort()


def _bug(*_: object, **__: object) -> NoReturn:
    raise KeyError("conv1")


@pytest.mark.parametrize(
    ("deed", "error", "said"),
    [
        (_grow, TemplateError, "it takes more than 768 MiB of memory to work through it"),
        (_abort, TemplateError, "it ended the program that works through it"),
        (_bug, InternalError, "internal error, our fault: KeyError: 'conv1'; please report it"),
    ],
)
def test_what_a_template_does_to_its_worker(
    deed: Callable[..., NoReturn],
    error: type[SheetgenError],
    said: str,
    base: make.Base,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(locate, "locate", deed)
    (tmp_path / "a.xlsx").write_bytes(base.data)
    with pytest.raises(error, match=said):
        api.fill("alexnet", tmp_path / "a.xlsx", tmp_path / "b.xlsx")
    with pytest.raises(error, match=said):
        api.locate("alexnet", tmp_path / "a.xlsx")
    assert not (tmp_path / "b.xlsx").exists()


def test_an_internal_error_shows_where_it_happened_if_asked(
    base: make.Base, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(locate, "locate", _bug)
    monkeypatch.setenv("SHEETGEN_DEBUG", "1")
    (tmp_path / "a.xlsx").write_bytes(base.data)
    with pytest.raises(InternalError, match="in _bug\n"):
        api.locate("alexnet", tmp_path / "a.xlsx")


def test_where_nothing_is_forked_it_is_the_same(
    base: make.Base, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a.xlsx").write_bytes(base.data)
    (tmp_path / "bad.xlsx").write_bytes(base.data[:5000])
    forked = api.locate("alexnet", tmp_path / "a.xlsx")
    monkeypatch.setattr(sandbox, "FORKS", False)
    monkeypatch.setattr(sandbox, "context", lambda: multiprocessing.get_context("spawn"))
    assert api.locate("alexnet", tmp_path / "a.xlsx") == forked
    with pytest.raises(TemplateError, match="cut short"):
        api.fill("alexnet", tmp_path / "bad.xlsx", tmp_path / "b.xlsx")
    assert isinstance(sandbox.do_apart(os.abort), sandbox.Ended)


def test_a_large_honest_template_is_filled(sheet: Sheet, tmp_path: Path) -> None:
    template, out = tmp_path / "large.xlsx", tmp_path / "filled.xlsx"
    with xlsxwriter.Workbook(template) as book:
        work = book.add_worksheet("Work")
        work.write_row(0, 0, ["Layer", "Output height", "Output channels", "Parameters"])
        for row, layer in enumerate(sheet.rows, 1):
            work.write(row, 0, layer)
        data = book.add_worksheet("Data")
        for row in range(10_000):
            data.write_row(row, 0, [row * column % 9973 for column in range(20)])
    report = api.fill("alexnet", template, out)
    assert (report.led_astray, report.kept) == ((), ())
    assert report.filled > 20
    filled = openpyxl.load_workbook(out, read_only=True)
    assert filled["Work"]["D3"].value == 34944
    assert filled["Data"]["T10000"].value == 9999 * 19 % 9973
