"""What people see of results."""

from __future__ import annotations

from pathlib import Path

import pytest

from sheetgen.marking import Answer, Marked
from sheetgen.printing import counted, markdown, print_results
from sheetgen.records import Results
from sheetgen.spec import read
from sheetgen.table import compute


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


def test_one_is_not_many() -> None:
    assert [counted(n, "mark") for n in (0, 0.5, 1, 1.0, 2, 1234567)] == [
        "0 marks", "0.5 marks", "1 mark", "1 mark", "2 marks", "1234567 marks",
    ]  # fmt: skip


def test_markdown_has_the_errata_and_the_questions_without_what_is_right(tmp_path: Path) -> None:
    text = """network:
  input: [1, 9, 9]
  layers: {c: {type: Conv2d, out_channels: 2, kernel_size: 3}}
coursework:
  columns: [layer, kernel_size, parameters]
  errata: "The paper prints *21*."
  questions:
    - {id: 1, kind: number, text: How | many?, answer: 4711, unit: bits, comment: none}
    - {id: 2, kind: choice, text: Which?, options: [one, {text: two, right: true}], marks: 2}
"""
    (tmp_path / "my.yaml").write_text(text, encoding="utf-8")
    described = read(tmp_path / "my.yaml")
    printed = markdown(described, compute(described.network)).partition("| **total** ")[2].partition("\n")[2]
    assert (
        printed
        == """
**Errata**

- The paper prints \\*21\\*.

**Questions**

**1** How \\| many? (in bits, 1 mark)

**2** Which? (2 marks)

- A: one
- B: two"""
    )


def _rounded(cells: int) -> Marked:
    note = "Judged as rounded to the nearest 100; the exact number is asked."
    answers = tuple(
        Answer(f"a{n}.parameters", "Table", f"C{n}", "34.9k", "correct", 1, 1, notes=(note,)) for n in range(cells)
    )
    return Marked("mine.xlsx", None, "marked", None, cells, cells, answers)


def test_many_rounded_numbers_are_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    print_results(Results("a", (_rounded(32),)))
    said = capsys.readouterr().out
    assert "rounded: 32 cells (C0, C1, C2, " in said
    assert "nearest" not in said
    print_results(Results("a", (_rounded(2),)))
    assert capsys.readouterr().out.count("Judged as rounded to the nearest 100") == 2


def test_why_a_file_is_unmarked_is_not_cut_in_its_middle(capsys: pytest.CaptureFixture[str]) -> None:
    reason = f"the table is not in it: {'x' * 400}; is it the workbook of this coursework?"
    print_results(Results("a", (Marked("mine.xlsx", None, "unmarked", reason, 0, 1, ()),)))
    assert reason in capsys.readouterr().out
