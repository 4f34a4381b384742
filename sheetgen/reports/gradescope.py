"""Gradescope's results.json of one submission: a test for each answer, with its score and its feedback.

Every test is visible, since one that is hidden hides the student's total. What a person marks is no test, so that the
scores of the tests add up to the marks that can be given by now. Texts are Gradescope's plain ``text`` throughout.
"""

from __future__ import annotations

import json
import math
from typing import Any

from ..harmless import printable
from ..marking import Answer, Marked
from ..records import Results
from . import Asked
from ._said import MOST, by_machine, marked_by_machine, the_one, told, where

SUFFIX = ".json"
OF_ONE = True


def render(results: Results, asked: Asked) -> bytes:
    marked = the_one("gradescope", asked.target, results)
    return json.dumps(_results(marked, results), indent=1).encode("ascii") + b"\n"


def _results(marked: Marked, results: Results) -> dict[str, Any]:
    if marked.status == "unmarked":
        tests = [_unmarked(marked, results)]
    else:
        tests = [_test(number, answer) for number, answer in enumerate(by_machine(marked, results), start=1)]
    return {
        "score": marked.score,
        "output": "\n".join(_output(marked, results)),
        "output_format": "text",
        "test_output_format": "text",
        "test_name_format": "text",
        "visibility": "visible",
        "stdout_visibility": "hidden",
        "tests": tests,
    }


def _output(marked: Marked, results: Results) -> list[str]:
    file = f"File: {printable(marked.file)}"
    if marked.status == "unmarked":
        return ["Nothing was marked; why, and what to do, is below. You can hand in again.", file]
    mine = by_machine(marked, results)
    most = round(math.fsum(answer.max_score for answer in mine), 6)
    lines = [file, f"{marked.score:g} of {most:g} marks."]
    theirs = [answer for answer in marked.answers if answer not in mine]
    if given := [answer for answer in theirs if answer.status == "for-a-person"]:
        lines.append(f"A person marks {_questions(given)}: {marked.open:g} more marks, not counted here.")
    if left := [answer for answer in theirs if answer.status != "for-a-person"]:
        lines.append(f"Nothing to mark for a person in {_questions(left)}.")
    lines += [printable(sentence, MOST) for sentence in (*marked.summary, *marked.notes)]
    return lines


def _questions(answers: list[Answer]) -> str:
    named = ", ".join(answer.id.removeprefix("question.") for answer in answers)
    return f"{'question' if len(answers) == 1 else 'questions'} {printable(named, MOST)}"


def _test(number: int, answer: Answer) -> dict[str, Any]:
    at = where(answer)
    return {
        "number": str(number),
        "name": f"{printable(answer.id)} ({at})" if at else printable(answer.id),
        "score": answer.score,
        "max_score": answer.max_score,
        "status": "passed" if answer.status == "correct" else "failed",
        "output": told(answer) or ("Right." if answer.status == "correct" else answer.status),
        "tags": [answer.status],
        "visibility": "visible",
    }


def _unmarked(marked: Marked, results: Results) -> dict[str, Any]:
    marks = marked_by_machine(results.sheet)
    return {
        "number": "1",
        "name": "The file can be read",
        "score": 0,
        "max_score": round(math.fsum(marks.values()), 6) if marks else marked.max_score,
        "status": "failed",
        "output": printable(marked.reason or "", MOST),
        "tags": ["unmarked"],
        "visibility": "visible",
    }
