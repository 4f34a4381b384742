"""A class of six for the reports: right, half filled, two with the same mistakes, one hostile, one file that is broken.

Marked from what their cells hold, without files, so that it is quick. What the hostile student typed, and is called,
tries to become part of a page.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from sheetgen.handin import HandIn
from sheetgen.marking import Held, Marked, Submission, mark
from sheetgen.records import Results, Superseded
from sheetgen.sheet import Sheet
from tests.sample_class import Typed, right_answers

SCRIPT = "<script>alert(1)</script>"
IMAGE = '"><img src=http://example.org/x onerror=alert(2)>'
BIASES: dict[str, Typed] = {"conv1.parameters": 34848, "conv2.parameters": 614400, "conv3.parameters": 884736}
SHARED: dict[str, Typed] = {"question.10c": 5551}  # which no rule gives
NOTE = "the sheet is hidden"


def held(sheet: Sheet, answers: Mapping[str, Typed]) -> dict[str, Held]:
    """The cells of our own workbook with ``answers`` in them; the others are empty."""
    ids = [cell.answer or "" for cell in sheet.blanks]
    ids += [cell.answer for cell in sheet.questions.cells] if sheet.questions is not None else []
    return {
        answer: Held(sheet.worksheet if answer in sheet.places else "Questions", f"A{number}", answers.get(answer))
        for number, answer in enumerate(ids, start=1)
    }


def marked(sheet: Sheet, file: str, who: HandIn, answers: Mapping[str, Typed], *, reveal: bool = False) -> Marked:
    submission = Submission(file, held(sheet, answers), notes=(NOTE,) if "cleo" in file else ())
    return replace(mark(sheet, submission, reveal=reveal), hand_in=who)


def results(sheet: Sheet, *, reveal: bool = False) -> Results:
    right = right_answers(sheet)
    half = dict(list(right.items())[: len(right) // 2])
    hostile = {"conv3.neurons": IMAGE, "conv1.neurons": "\x01\u202e12", "question.2": SCRIPT, "question.1": "=1+1"}
    students = [
        marked(sheet, "class/ada.xlsx", HandIn("1", "Ada Abel"), right, reveal=reveal),
        marked(sheet, "class/ben.xlsx", HandIn("2", "Ben Baker", late=True), half, reveal=reveal),
        marked(sheet, "class/cleo.xlsx", HandIn("3", "Cleo Costa"), {**right, **BIASES, **SHARED}, reveal=reveal),
        marked(sheet, "class/dora.xlsx", HandIn("4", "Dora Demir"), {**right, **BIASES, **SHARED}, reveal=reveal),
        marked(sheet, f"class/{IMAGE}.xlsx", HandIn("5", SCRIPT), {**right, **hostile}, reveal=reveal),
        mark(sheet, Submission("class/fay.xlsx", {}, f"the file is {SCRIPT}")),
    ]
    return Results(
        "alexnet",
        students,
        (f"{SCRIPT} is no workbook",),
        (Superseded(f"old/{SCRIPT}.xlsx", SCRIPT, IMAGE, IMAGE),),
        (f"{IMAGE}: nobody knows",),
        (HandIn("7", f"Gus {SCRIPT}"),),
        sheet,
    )
