"""Marks one submission inside a Gradescope autograder: ``python -m sheetgen.autograder ROOT``.

ROOT is /autograder. What is printed only instructors see; what a student sees is ROOT/results/results.json. Where this
program fails it leaves that file alone, since ``run_autograder`` has written there what is to be said then. With
``--try`` in place of ROOT it marks the blank workbook, so that a broken set-up shows when the image is built.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import traceback
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from .. import api, reports
from ..contents import read
from ..errors import OK, OUR_FAULT, SheetgenError, UsageError
from ..folders import gather
from ..handin import File, HandIn
from ..harmless import printable
from ..marking import Marked, Submission, mark
from ..printing import print_results
from ..records import Results

_WORKBOOKS = (".xlsx", ".xlsm", ".ods", ".csv", ".tsv")
_NAMED = 10  # files that are named in a message


def main(arguments: Sequence[str]) -> int:
    source = Path(__file__).parents[2]
    try:
        if list(arguments) == ["--try"]:
            _try(source)
        elif len(arguments) == 1:
            grade(source, Path(arguments[0]))
        else:
            raise UsageError("python -m sheetgen.autograder ROOT, or --try")
    except SheetgenError as error:
        print(f"error: {error}")
        return error.exit_code
    except Exception:
        traceback.print_exc()  # to the instructor, who has nothing else to report
        return OUR_FAULT
    return OK


def grade(source: Path, root: Path) -> None:
    """Mark what is in ``root``/submission, and write the results."""
    about = json.loads((source / "autograder.json").read_text(encoding="utf-8"))
    coursework = _coursework(source, about)
    sheet = api.sheet_of(coursework)
    chosen = choose(root / "submission")
    data = chosen if isinstance(chosen, str) else read(chosen)
    name = "none" if isinstance(chosen, str) else _name(chosen)
    if isinstance(data, str):
        marked = mark(sheet, Submission(name, {}, data))
    else:
        marked = replace(_marked(coursework, name, data, about["language"]), file=name, doubts=())
    hand_in = student(root / "submission_metadata.json")
    marked = replace(marked, student=hand_in.name or None, hand_in=hand_in)
    results = Results(sheet.name, (marked,), sheet=sheet)
    print(f"student: {printable(hand_in.shown or 'not known')}")
    print_results(results)
    reports.write("gradescope", results, reports.Asked(root / "results" / "results.json", language=about["language"]))


def _marked(coursework: str, name: str, data: bytes, language: str) -> Marked:
    """Marked under a name of ours: what a student calls a file, or packs it into, decides nothing."""
    suffix = Path(name).suffix.lower()
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / f"workbook{suffix if suffix in _WORKBOOKS else ''}"
        file.write_bytes(data)
        return api.verify(coursework, [file], language=language).submissions[0]


def _name(file: File) -> str:
    return Path(file.shown).name


def _coursework(source: Path, about: dict[str, Any]) -> str:
    named: str = about["coursework"]
    return str(source / named) if "/" in named else named


def _try(source: Path) -> None:
    coursework = _coursework(source, json.loads((source / "autograder.json").read_text(encoding="utf-8")))
    (marked,) = api.verify(coursework, [source / "blank.xlsx"]).submissions
    if marked.status != "marked" or not marked.answers:
        raise UsageError(f"the blank workbook could not be marked: {marked.reason}")
    print(f"sheetgen autograder: ready; {len(marked.answers)} answers, {marked.max_score:g} marks")


def choose(submission: Path) -> File | str:
    """The one workbook that was handed in; or, to the student, why it is not clear which that is.

    The files' times are when Gradescope wrote them here, so that nothing tells which of several is the newest.
    """
    if not os.access(submission, os.R_OK | os.X_OK):
        raise UsageError(f"cannot read the folder {submission}")
    try:
        files = gather([submission]).files
    except UsageError:
        return "No file to mark is in what was handed in. Hand in your workbook, one .xlsx file."
    workbooks = [file for file in files if _name(file).lower().endswith(_WORKBOOKS)]
    if len(workbooks) == 1 or len(files) == 1:
        return (workbooks or files)[0]
    named = ", ".join(_name(file) for file in (workbooks or files)[:_NAMED])
    named += ", ..." if len(workbooks or files) > _NAMED else ""
    what = f"{len(workbooks)} workbooks were" if workbooks else f"No workbook is among the {len(files)} files that were"
    return f"{what} handed in ({named}), so nothing was marked. Hand in again, with your workbook alone, as .xlsx."


def student(about: Path) -> HandIn:
    """Who handed in, as Gradescope says; of a group all of them. Nobody where it does not say."""
    try:
        data = json.loads(about.read_text(encoding="utf-8"))
        users = [user for user in data["users"] if isinstance(user, dict)]
    except (OSError, ValueError, LookupError, TypeError):
        print(f"{about.name} says nothing of who handed in")
        return HandIn()

    def all_of(field: str) -> str:
        return ", ".join(str(user[field]) for user in users if user.get(field) is not None)

    return HandIn(
        id=all_of("id"),
        name=all_of("name"),
        email=all_of("email"),
        how="gradescope",
        platform="gradescope",
        platform_id=str(data.get("id", "")),
        time=str(data.get("created_at", "")),
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
