"""Writes the laid-out sheet of every shipped coursework beside its YAML; run by ``make template``, held by a test."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from pathlib import Path

from sheetgen.cache import shipped_entry, shipped_path
from sheetgen.sheet import lay_out
from sheetgen.shipped import templates
from sheetgen.spec import read


def entries() -> Iterator[tuple[Path, str]]:
    """The path of each entry, and what it should hold."""
    for path in sorted(templates().glob("*.yaml")):
        yield shipped_path(path), shipped_entry(lay_out(read(path)), path)


if __name__ == "__main__":
    for target, text in entries():
        target.write_bytes(gzip.compress(text.encode(), mtime=0))
