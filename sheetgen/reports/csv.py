"""A table for spreadsheets and pandas: a row for each student, a column of marks for each answer (.csv).

Excel opens it with a double click, pandas with ``read_csv``. What a student wrote never becomes a formula in either.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import get_args

from ..delimited import EXCEL
from ..judging import Status
from ..marking import Marked
from ..records import Results
from . import Asked
from ._grades import number, one_line

SUFFIX = ".csv"
STATUSES = get_args(Status)
COLUMNS = (
    "id",
    "name",
    "email",
    "file",
    "status",
    "reason",
    "score",
    "max_score",
    "open",
    "late",
    *STATUSES,
    "summary",
)
# Behind a semicolon too: a program set to those takes it for the end of a cell, since commas are text there. For the
# same reason an id such as -5 is no exception: with what follows behind the comma it would begin a formula.
_FORMULA = re.compile(r"(^|;)(?=[\s\"]*[=+\-@＝＋－＠])")


def render(results: Results, asked: Asked) -> bytes:  # noqa: ARG001 - the contract of a report
    """In one pass: an answer that is met later is a column further right, which earlier rows leave empty."""
    places: dict[str, int] = {}
    if results.sheet is not None:
        blanks = [cell.answer for cell in results.sheet.blanks if cell.answer]
        questions = results.sheet.questions.cells if results.sheet.questions is not None else ()
        for answer in (*blanks, *(cell.answer for cell in questions)):
            places.setdefault(answer, len(places))
    lines = [(line, len(places)) for line in _lines(results, places)]
    head = _line([*COLUMNS, *map(safe, places)])
    end = EXCEL.line_end
    text = "".join(f"{line}{',' * (len(places) - width)}{end}" for line, width in [(head, len(places)), *lines])
    return EXCEL.mark + text.encode(EXCEL.encoding)


def safe(text: str) -> str:
    """``text`` such that no spreadsheet program takes it for a formula: an apostrophe before what would begin one."""
    text = one_line(text)
    return _FORMULA.sub(r"\1'", text)


def _lines(results: Results, places: dict[str, int]) -> Iterator[str]:
    for marked in results.submissions:
        yield _line([*_about(marked), *_scores(marked, places)])
    for hand_in in results.missing:
        told = [hand_in.id, hand_in.name, hand_in.email, "", "missing"]
        yield _line([*map(safe, told), *[""] * (len(COLUMNS) - len(told)), *[""] * len(places)])


def _about(marked: Marked) -> Iterator[str]:
    who, has_marks = marked.hand_in, marked.status == "marked"
    for text in (who.id, who.name, who.email, marked.file, marked.status, marked.reason or ""):
        yield safe(text)
    yield number(marked.score) if has_marks else ""
    yield number(marked.max_score)
    yield number(marked.open) if has_marks else ""
    yield "yes" if who.late else "no"
    for status in STATUSES:
        yield str(marked.count(status)) if has_marks else ""
    yield safe(" ".join(marked.summary))


def _scores(marked: Marked, places: dict[str, int]) -> list[str]:
    scores = [""] * len(places)
    for answer in marked.answers:
        place = places.setdefault(answer.id, len(places))
        scores += [""] * (place + 1 - len(scores))
        scores[place] = number(answer.score)
    return scores


def _line(cells: list[str]) -> str:
    return EXCEL.delimiter.join(map(EXCEL.quoted, cells))
