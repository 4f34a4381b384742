"""What tests share: AlexNet's sheet and workbooks, LibreOffice as a second opinion, a cache of their own."""

from __future__ import annotations

import csv
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from sheetgen import api
from sheetgen.coursework import Coursework
from sheetgen.sheet import Sheet, lay_out
from sheetgen.spec import load
from sheetgen.workbook.write import blank_workbook

Convert = Callable[[Path], list[list[str]]]
UTF8_CSV = "csv:Text - txt - csv (StarCalc):44,34,76"  # comma, quote, and UTF-8 whatever the locale


@pytest.fixture(scope="session", autouse=True)
def _own_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SHEETGEN_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(scope="session")
def alexnet() -> Coursework:
    return load("alexnet")


@pytest.fixture(scope="session")
def sheet(alexnet: Coursework) -> Sheet:
    return lay_out(alexnet)


@pytest.fixture(scope="session")
def blank(alexnet: Coursework, sheet: Sheet) -> bytes:
    return blank_workbook(alexnet, sheet)


@pytest.fixture(scope="session")
def key(sheet: Sheet, blank: bytes) -> bytes:
    return api.fill_bytes(sheet, blank, "blank")[0].data


@pytest.fixture(scope="session")
def libreoffice(tmp_path_factory: pytest.TempPathFactory) -> Convert:
    """The rows of a workbook's first sheet as LibreOffice shows them, recalculated."""
    program = shutil.which("soffice")
    assert program, "LibreOffice is needed as a second opinion: apt install libreoffice-calc"
    profile = tmp_path_factory.mktemp("libreoffice")

    def convert(workbook: Path) -> list[list[str]]:
        out = tmp_path_factory.mktemp("csv")
        command = [program, "--headless", f"-env:UserInstallation=file://{profile}", "--convert-to", UTF8_CSV]
        subprocess.run([*command, "--outdir", str(out), str(workbook)], check=True, capture_output=True, timeout=120)
        with (out / f"{workbook.stem}.csv").open(encoding="utf-8", newline="") as file:
            return list(csv.reader(file))

    return convert
