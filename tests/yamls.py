"""YAML texts as files, read: what comes out, or every mistake."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest

from sheetgen.coursework import Coursework
from sheetgen.errors import SpecError
from sheetgen.spec import read


def written(folder: Path, text: str, name: str = "my.yaml") -> Path:
    (folder / name).write_text(text, encoding="utf-8")
    return folder / name


def good(folder: Path, text: str) -> Coursework:
    return read(written(folder, text), "my.yaml")


def problems(folder: Path, text: str) -> list[str]:
    """The lines of the mistakes, of an error that survives being sent elsewhere."""
    path = written(folder, text)
    with pytest.raises(SpecError) as caught:
        read(path, "my.yaml")
    again = pickle.loads(pickle.dumps(caught.value))
    assert again.problems == caught.value.problems
    assert str(again) == str(caught.value) == "\n".join(caught.value.problems)
    assert caught.value.problems
    assert caught.value.exit_code == 2
    return list(caught.value.problems)
