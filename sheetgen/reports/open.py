"""Answers that a person marks, a line each, to fill in and hand to --marks (.csv).

One question after the other, each student's answer in a line; where marks were given already they stand there. What a
student wrote never becomes a formula.
"""

from __future__ import annotations

from ..delimited import EXCEL, write
from ..errors import UsageError
from ..given import COLUMNS, key_of, read_given
from ..marking import Answer
from ..records import Results
from . import Asked
from ._grades import number
from .csv import safe

SUFFIX = ".csv"
LONGEST = 500  # characters of a question


def render(results: Results, asked: Asked) -> bytes:
    """Raises UsageError where marks that are in the target's place already would be lost."""
    if asked.target.is_file():
        lost = read_given(asked.target).keys() - {
            key_of(marked, answer) for marked in results.submissions for answer in marked.answers if answer.graded
        }
        if lost:
            raise UsageError(
                f"--report open={asked.target}: there are marks in this file, which would be lost; hand it to --marks, "
                f"and name another one to write"
            )
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
                row = [*map(safe, about), number(answer.max_score), *_given(answer), key]
                lines.append((order.get(answer.id, len(order)), at, row))
    if not lines:
        asked.say("no answer waits for a person")
    return write([COLUMNS, *(row for _, _, row in sorted(lines))], EXCEL)


def _given(answer: Answer) -> tuple[str, str]:
    if not answer.graded:
        return "", ""
    told = f"{answer.score:g} of {answer.max_score:g} marks."
    return number(answer.score), safe("" if answer.feedback == told else answer.feedback)
