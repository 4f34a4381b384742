"""The tour is true: each of its cells runs, and prints what stands below it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests import tour


def test_the_tour_prints_what_stands_in_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    page = tour.PAGE.read_text(encoding="utf-8")
    assert tour.played(page) == page  # else: python -m tests.tour, and look at what it changed
    for picture in ("class-page.png",):
        assert f"]({picture})" in page
        assert (tour.PAGE.parent / picture).exists()


def test_the_cells_are_the_whole_of_the_tour() -> None:
    page = tour.PAGE.read_text(encoding="utf-8")
    found = list(tour.cells(page))
    assert len(found) == page.count("```python") == 11
    for name in ("show", "generate", "check", "verify", "suggest_misconceptions", "report"):
        assert any(f"sheetgen.{name}(" in cell for cell in found), name
