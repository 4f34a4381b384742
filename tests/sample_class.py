"""A sample class for the demo and the tests: four hand-ins, made from the blank as a student would leave it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from sheetgen.coursework import Coursework
from sheetgen.files import write_file
from sheetgen.sheet import Sheet, defined_name, lay_out, plain_number
from sheetgen.spec import load
from sheetgen.workbook.fill import Entry, fill
from sheetgen.workbook.package import Package
from sheetgen.workbook.write import blank_workbook

Typed = int | float | str
# What a student who leaves out the biases, and takes n from the paper, types; each with the reason in words.
MISTAKES: dict[str, Typed] = {
    "input.in_height": 224,  # the paper's figure
    "conv1.parameters": 34848,  # without the biases
    "conv2.parameters": 614400,
    "conv2.out_height": 25,  # the padding counted once
    "fc6.parameters": 1052672,  # without flattening
    "total.parameters": 62369152,  # biases in the convolutions only
    "question.7.fc6.bias": 0,  # the paper's 1 in the fully connected layers overlooked
    "question.7.fc7.bias": 0,
    "question.10c": 10.084,  # a slip for 10,184
}


def hand_in(coursework: Coursework, sheet: Sheet, answers: Mapping[str, Typed]) -> bytes:
    """The blank of ``sheet`` with ``answers`` typed into it, by id; text that begins with = is a formula."""
    blank = blank_workbook(coursework, sheet)
    package = Package.read(blank)
    entries = {}
    for answer, typed in answers.items():
        place = package.place(defined_name(answer))
        assert place is not None, f"{answer} is no blank"
        if isinstance(typed, str) and typed.startswith("="):
            entries[place] = Entry(None, typed[1:])
        else:
            entries[place] = Entry(typed, None)
    return fill(blank, entries).data


def right_answers(sheet: Sheet) -> dict[str, Typed]:
    """Every blank's right number, typed, every right option's letter, and a few words where a text is asked for."""
    found: dict[str, Typed] = {
        cell.answer: plain_number(sheet.table.value(cell.answer)) for cell in sheet.blanks if cell.answer
    }
    for cell in sheet.questions.cells if sheet.questions is not None else ():
        if cell.question.numbers:
            found[cell.answer] = plain_number(sheet.table.value(cell.answer))
        else:
            found[cell.answer] = cell.question.model if cell.question.kind == "choice" else "As the paper says."
    return found


def make(folder: Path, coursework: str = "alexnet") -> list[Path]:
    """Write the class's four files into ``folder``: perfect, half filled, with mistakes, broken."""
    described = load(coursework)
    sheet = lay_out(described)
    right = right_answers(sheet)
    half = dict(list(right.items())[: len(right) // 2])
    files = {
        "ada.xlsx": hand_in(described, sheet, right),
        "ben-half-filled.xlsx": hand_in(described, sheet, half),
        "cleo-mistakes.xlsx": hand_in(
            described, sheet, {**right, **MISTAKES, "conv1.neurons": "=F7*G7*H7", "question.8": 2048}
        ),
        "dan-broken.xlsx": hand_in(described, sheet, right)[:4000],  # an upload that broke off
    }
    for name, data in files.items():
        write_file(folder / name, data)
    return [folder / name for name in files]
