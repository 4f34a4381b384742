"""Answers that a person marks, a line each, to fill in and hand to --marks (.csv).

One question after the other, each student's answer in a line; where marks were given already they stand there. What a
student wrote never becomes a formula. In German it is written as a spreadsheet program in German reads it: with
semicolons, and decimals behind a comma.
"""

from __future__ import annotations

from dataclasses import replace

from ..delimited import EXCEL, write
from ..errors import UsageError
from ..given import COLUMNS, Given, key_of, read_marks
from ..language import translations
from ..marking import Answer
from ..records import Results
from . import Asked
from ._grades import number
from .csv import safe

SUFFIX = ".csv"
LONGEST = 500  # characters of a question


def render(results: Results, asked: Asked) -> bytes:
    """Raises UsageError where marks that are in the target's place already would be lost."""
    comma = translations(asked.language).gettext("1.5")[1]
    there = read_marks([asked.target]).by_student if asked.target.is_file() else {}
    left = {student for student, given in there.items() if given.marks is not None or given.comment}
    questions = results.sheet.questions if results.sheet is not None else None
    asks = {cell.answer: cell.question.asked for cell in questions.cells} if questions is not None else {}
    order = {answer: place for place, answer in enumerate(asks)}
    lines: list[tuple[int, int, list[str]]] = []
    for at, marked in enumerate(results.submissions):
        for answer in marked.answers:
            if answer.status == "for-a-person" or answer.graded:
                who = marked.hand_in
                key = key_of(marked, answer)
                about = (answer.id, asks.get(answer.id, "")[:LONGEST], who.id, who.name, marked.file, answer.given)
                marks = number(answer.score) if answer.graded else ""
                amounts = (each.replace(".", comma) for each in (number(answer.max_score), marks))
                row = [*map(safe, about), *amounts, safe(answer.comment), key]
                lines.append((order.get(answer.id, len(order)), at, row))
                if _has(answer, there.get(key.partition("-")[0])):
                    left.discard(key.partition("-")[0])
    if left:
        raise UsageError(
            f"--report open={asked.target}: there are marks in this file, which would be lost; hand it to --marks, "
            f"and name another one to write"
        )
    if not lines:
        asked.say("no answer waits for a person")
    dialect = EXCEL if comma == "." else replace(EXCEL, delimiter=";")
    return write([COLUMNS, *(row for _, _, row in sorted(lines))], dialect)


def _has(answer: Answer, given: Given | None) -> bool:
    """Whether what a line gives is what the answer has, or the line gives nothing."""
    return given is None or (given.marks, given.comment) == (answer.score if answer.graded else None, answer.comment)
