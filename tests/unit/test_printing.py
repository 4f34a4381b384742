"""What people see of results."""

from __future__ import annotations

import pytest

from sheetgen.api import Results
from sheetgen.marking import Answer, Marked
from sheetgen.printing import print_results


@pytest.mark.parametrize(
    ("score", "most", "printed"),
    [
        (69.25, 69.5, "99 %"),
        (69.5, 69.5, "100 %"),
        (0.57, 1, "57 %"),
        (29, 100, "29 %"),
        (0, 3, "0 %"),
        (0, 0, "100 %"),
    ],
)
def test_a_score_is_100_per_cent_only_where_nothing_is_missing(
    score: float, most: float, printed: str, capsys: pytest.CaptureFixture[str]
) -> None:
    answer = Answer("a.b", "Table", "C7", "3", "wrong", score, most)
    print_results(Results("a", (Marked("mine.xlsx", None, "marked", None, score, most, (answer,)),)))
    assert f"{score:g}/{most:g}  {printed}  (" in capsys.readouterr().out
