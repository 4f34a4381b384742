"""What several reports say alike: whose submission it is, what is told of an answer, the one submission that there is.

It must not know any report.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from ..errors import UsageError
from ..harmless import printable
from ..language import Translations
from ..marking import NOWHERE, Answer, Marked, given_by_now, marked_by_a_person
from ..records import Results
from ..sheet import Sheet
from ..statistics import Tally

MOST = 2000  # characters of what is said of an answer


def whose(marked: Marked) -> str:
    """The student where one is known, else the file."""
    return printable(marked.hand_in.shown or marked.student or marked.file)


def where(answer: Answer) -> str:
    """``Table!L4``; nothing where the file has no cell for it."""
    return "" if answer.cell == NOWHERE else f"{printable(answer.sheet)}!{answer.cell}"


def told(answer: Answer, most: int = MOST) -> str:
    """What the student is told of an answer, and what is odd about its cell, on one line."""
    return printable(" ".join((answer.feedback, *answer.notes)).strip(), most)


def split(answer: str) -> tuple[str, str]:
    """``conv1.parameters`` as layer and quantity; of ``question.7.fc6.bias`` as ``question`` and the rest."""
    first, _, rest = answer.partition(".")
    if first == "question":
        return first, rest
    layer, _, quantity = answer.rpartition(".")
    return layer, quantity


def the_one(kind: str, target: object, results: Results) -> Marked:
    """The only submission. Raises UsageError where there are several, or none."""
    count = len(results.submissions)
    if count != 1:
        told = f"there are {count}; name one student's file" if count else "there is none"
        raise UsageError(f"--report {kind}={target}: this report is of one submission, and {told}")
    return results.submissions[0]


def by_machine(marked: Marked, results: Results) -> list[Answer]:
    """The answers that no person marks, whoever left what blank, so that they are the same for every student.

    Once a person gives marks, all that have them.
    """
    mine = {} if results.graded else marked_by_machine(results.sheet)
    return [each for each in marked.answers if (each.id in mine if mine else each.status != "for-a-person")]


def marked_by_machine(sheet: Sheet | None) -> Mapping[str, float]:
    """The marks of each answer that no person has to give, by id, in the sheet's order; empty where it is not known."""
    if sheet is None:
        return {}
    found = {cell.answer: cell.marks for cell in sheet.blanks if cell.answer is not None}
    for cell in sheet.questions.cells if sheet.questions is not None else ():
        if cell.question.kind != "text":
            found[cell.answer] = cell.part.marks
    return found


# --- figures of a class ----------------------------------------------------------------------------------------------


def tally_for(results: Results) -> Tally:
    """Answers in words are as all others once each of the class has its marks; until then nobody's count."""
    if not results.graded:
        return Tally(marked_by_a_person(results.sheet))
    answers = (answer for marked in results.submissions for answer in marked.answers)
    return Tally({answer.id for answer in answers if answer.status == "for-a-person"})


# --- marks that are given by now ------------------------------------------------------------------------------------


def score(marked: Marked, sheet: Sheet | None, say: Translations, number: Callable[[float], str]) -> str:
    """The score in a sentence: out of what is marked by now, and what there is beside."""
    now, known = given_by_now(marked, sheet), number(marked.score)
    if now == marked.max_score:
        return say.gettext("Score: {score} of {most}.").format(score=known, most=number(now))
    return say.gettext("Score: {score} of {now} that are marked by now; {rest}.").format(
        score=known, now=number(now), rest=beside(marked.open, marked.max_score, say, number)
    )


def beside(still: float, most: float, say: Translations, number: Callable[[float], str]) -> str:
    """What there is beside the marks that are given by now: ``up to 11 more from a person; 80.5 in all``."""
    if still:
        told = say.gettext("up to {open} more from a person; {most} in all")
    else:
        told = say.gettext("no more from a person, who has nothing to read; {most} in all")
    return told.format(open=number(still), most=number(most))
