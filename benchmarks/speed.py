"""Side by side with what a user would use instead; prints ratios from one run, for docs/benchmarks.md.

    make bench

Timings are noisy, so each pair is measured in turns and compared by its fastest runs.
"""

from __future__ import annotations

import functools
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).parents[1]
RUNS = 15


def fastest(*jobs: Callable[[], object], runs: int = RUNS) -> list[float]:
    """The fastest time of each job in seconds; the jobs take turns, so that a slow moment hits all of them."""
    best = [float("inf")] * len(jobs)
    for _ in range(runs):
        for i, job in enumerate(jobs):
            start = time.perf_counter()
            job()
            best[i] = min(best[i], time.perf_counter() - start)
    return best


def process(*arguments: str, cache: str | None = None) -> Callable[[], object]:
    """A job that runs Python as a whole process."""
    environment = {**os.environ, **({"SHEETGEN_CACHE": cache} if cache else {})}

    def job() -> object:
        return subprocess.run(
            [sys.executable, *arguments], cwd=ROOT, env=environment, check=True, stdout=subprocess.DEVNULL
        )

    return job


def report(what: str, ours: float, theirs: float, rival: str) -> None:
    print(f"{what:<58} {ours * 1000:9.1f} ms   {rival}: {theirs * 1000:9.1f} ms   ratio {ours / theirs:.3g}")


def verify_one(folder: Path) -> None:
    key = str(folder / "alexnet-key.xlsx")
    load = f"import openpyxl; openpyxl.load_workbook({key!r})"
    frame = f"import pandas; pandas.read_excel({key!r}, engine='openpyxl')"
    verify = ("-m", "sheetgen", "verify", "alexnet", key)
    warm, first, openpyxl, pandas = fastest(
        process(*verify, cache=str(folder / "cache")),
        process(*verify, cache="off"),
        process("-c", load),
        process("-c", frame),
    )
    report("verify one workbook, whole process", warm, openpyxl, "import openpyxl and load it")
    report("verify one workbook, whole process", warm, pandas, "pandas.read_excel")
    report("the same, the first time after the YAML changed", first, openpyxl, "import openpyxl and load it")


def sandbox(folder: Path) -> None:
    """What a worker costs a file: the same reading in this process, and in a worker that is used again and again."""
    import io
    import zipfile

    from sheetgen import api
    from sheetgen.workbook.guard import open_zip
    from sheetgen.workbook.read import read_submission
    from sheetgen.workbook.workers import Workers

    sheet, data, count = api.sheet_of("alexnet"), (folder / "alexnet-key.xlsx").read_bytes(), 100
    readers = Workers(1)
    read = functools.partial(read_submission, sheet=sheet)

    def here() -> object:
        return [read_submission("key.xlsx", data, sheet) for _ in range(count)]

    def there() -> object:
        asked = [readers.submit(read, "key.xlsx", data) for _ in range(count)]
        return [each.result() for each in asked]

    def directory() -> object:
        return [zipfile.ZipFile(io.BytesIO(data)) for _ in range(count)]

    def guarded() -> object:
        return [open_zip(data) for _ in range(count)]

    try:
        there()
        inside, outside, looked, opened = fastest(here, there, guarded, directory, runs=10)
    finally:
        readers.shutdown()
    report("read a submission in a worker", outside / count, inside / count, "in this process")
    report("the guard on its zip directory", looked / count, opened / count, "zipfile reads the directory")


def recognition() -> None:
    """A table in somebody else's words, found; against opening the file. And what people type, read as numbers."""
    import io

    import openpyxl
    import pandas

    from sheetgen import api, reading
    from sheetgen.workbook.elsewhere import find_tables
    from sheetgen.workbook.package import Package
    from tests.house_styles import STYLES

    sheet = api.sheet_of("alexnet")
    files = [style.data() for style in STYLES]
    ours, theirs = fastest(
        lambda: [find_tables(Package.read(data), sheet) for data in files],
        lambda: [openpyxl.load_workbook(io.BytesIO(data)) for data in files],
        runs=30,
    )
    report(
        "open a foreign workbook and recognise its table", ours / len(files), theirs / len(files), "openpyxl loads it"
    )
    texts = [f"{sheet.table.value(cell.answer or ''):,}" for cell in sheet.blanks]
    column = pandas.Series(texts)
    ours, theirs = fastest(
        lambda: [reading.read(text, "count") for text in texts],
        lambda: pandas.to_numeric(column.str.replace(",", ""), errors="coerce"),
        runs=50,
    )
    report(f"read {len(texts)} cells such as 34,944", ours, theirs, "pandas: str.replace and to_numeric")


def generate(folder: Path) -> None:
    out = str(folder / "bench")
    ours, theirs = fastest(
        process("-m", "sheetgen", "generate", "alexnet", "--out", out),
        process("-c", "import openpyxl; openpyxl.Workbook().save('/dev/null')"),
        runs=7,
    )
    report("generate blank and key, whole process", ours, theirs, "openpyxl: save an empty workbook")


def table() -> None:
    """The table against torchinfo, which needs the network itself to know its shapes and parameters."""
    import torch
    import torchinfo

    from sheetgen.spec import load
    from sheetgen.table import compute

    described = load("alexnet")

    def ours() -> object:
        return compute(described.network, described.conventions, described.rows)

    module = torch.nn.Sequential()
    shape = described.network.input
    outputs = {row.name: row.output for row in compute(described.network).rows}
    for layer in described.network.layers:
        module.append(layer.kind.module(torch.nn, shape, outputs[layer.name]))
        shape = outputs[layer.name]

    def summary() -> object:
        return torchinfo.summary(module, (1, *described.network.input), verbose=0, device="cpu")

    (mine,) = fastest(ours, runs=50)
    (theirs,) = fastest(summary, runs=3)
    report("compute the AlexNet table", mine, theirs, "torchinfo.summary of the built network")


FORWARD = """
import torch
from torch import nn
with torch.no_grad():
    net = nn.Sequential(
        nn.Conv2d(3, 96, 11, 4), nn.ReLU(), nn.LocalResponseNorm(5), nn.MaxPool2d(3, 2),
        nn.Conv2d(96, 256, 5, padding=2), nn.ReLU(), nn.LocalResponseNorm(5), nn.MaxPool2d(3, 2),
        nn.Conv2d(256, 384, 3, padding=1), nn.ReLU(), nn.Conv2d(384, 384, 3, padding=1), nn.ReLU(),
        nn.Conv2d(384, 256, 3, padding=1), nn.ReLU(), nn.MaxPool2d(3, 2), nn.Flatten(),
        nn.Linear(9216, 4096), nn.ReLU(), nn.Linear(4096, 4096), nn.ReLU(), nn.Linear(4096, 1000), nn.Softmax(1),
    )
    net(torch.randn(2, 3, 227, 227))
"""


def check() -> None:
    ours, theirs = fastest(
        process("-m", "sheetgen", "check", "alexnet", "--device", "cpu"), process("-c", FORWARD), runs=5
    )
    report("check alexnet on the CPU, whole process", ours, theirs, "import torch, build the network, one forward pass")


def main() -> None:
    sys.path.insert(0, str(ROOT))
    from sheetgen import api

    print(f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        api.generate("alexnet", folder)
        verify_one(folder)
        sandbox(folder)
        recognition()
        generate(folder)
    table()
    check()


if __name__ == "__main__":
    main()
