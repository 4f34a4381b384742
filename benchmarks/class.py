"""A whole class: marked against what openpyxl needs to load the same files, with memory, growth and reports.

    python benchmarks/class.py [--count 1000] [--many 10000] [--runs 3]

Each pair is measured in turns in one run and told as a ratio of the fastest times. The class is generated
(tests/generated_class.py): perfect, partly filled, consistent mistakes, typed and formula answers, 1 % broken.
"""

from __future__ import annotations

import argparse
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

LOAD = """
import sys, openpyxl
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

def load(path):
    try:
        return len(openpyxl.load_workbook(path).sheetnames)
    except Exception:
        return 0

if __name__ == "__main__":
    files = sorted(Path(sys.argv[1]).iterdir())
    with ProcessPoolExecutor(int(sys.argv[2])) as pool:
        print(sum(1 for found in pool.map(load, files, chunksize=8) if found))
"""
PEAK = """
import os, sys
from sheetgen import cli
leave = os._exit
def last(code):
    status = open("/proc/self/status").read()
    print(next(line for line in status.splitlines() if line.startswith("VmHWM")), file=sys.stderr)
    leave(code)
os._exit = last
cli.main()
"""


def run(*arguments: str) -> tuple[float, str]:
    start = time.perf_counter()
    done = subprocess.run([sys.executable, *arguments], cwd=ROOT, check=True, capture_output=True, text=True)
    return time.perf_counter() - start, done.stderr


def fastest(runs: int, *jobs: Callable[[], float]) -> list[float]:
    best = [float("inf")] * len(jobs)
    for _ in range(runs):
        for i, job in enumerate(jobs):
            best[i] = min(best[i], job())
    return best


def generate(folder: Path, count: int) -> None:
    from tests.generated_class import Maker, as_folder

    for made in Maker().make(count):
        as_folder([made], folder)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--many", type=int, default=10_000, help="0 leaves this measure out")
    parser.add_argument("--runs", type=int, default=3)
    asked = parser.parse_args()
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    print(f"{platform.system()} {platform.machine()}, {cores} cores, Python {platform.python_version()}", flush=True)
    with tempfile.TemporaryDirectory() as name:
        measure(Path(name), asked.count, asked.many, asked.runs, cores)


def measure(work: Path, count: int, many: int, runs: int, cores: int) -> None:
    results = str(work / "results.jsonl")

    def verify(folder: Path, jobs: int) -> float:
        command = ("-m", "sheetgen", "verify", "alexnet", str(folder), "--jobs", str(jobs), "--exit-zero")
        return run(*command, "--results", results)[0]

    folder = work / "class"
    generate(folder, count)
    ours, theirs = fastest(runs, lambda: verify(folder, cores), lambda: run("-c", LOAD, str(folder), str(cores))[0])
    print(
        f"verify {count} files with {cores} jobs, JSON Lines: {ours:.2f} s; openpyxl loads them: {theirs:.2f} s; "
        f"ratio {ours / theirs:.2f}",
        flush=True,
    )
    one, two = fastest(runs, lambda: verify(folder, 1), lambda: verify(folder, 2))
    print(f"a second job: {one:.2f} s with one, {two:.2f} s with two; {one / two:.2f} times", flush=True)
    page = work / "class.html"
    (seconds,) = fastest(runs, lambda: run("-m", "sheetgen", "report", results, f"html={page}")[0])
    print(f"html report of {count}: {seconds:.2f} s, {page.stat().st_size / 2**20:.2f} MiB", flush=True)
    if many:
        large = work / "large"
        generate(large, many)
        command = ("-c", PEAK, "verify", "alexnet", str(large), "--exit-zero", "--results", results)
        seconds, told = run(*command)
        again = verify(folder, cores)
        peak = int(told.rsplit("VmHWM:", 1)[1].split()[0]) / 1024
        print(
            f"verify {many}: {seconds:.1f} s, {seconds / again:.2f} times of {count} ({again:.2f} s); "
            f"peak of the parent {peak:.0f} MiB"
        )


if __name__ == "__main__":
    main()
