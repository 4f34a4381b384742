"""Results as pandas frames: a row for each answer of each submission, or one for each submission.

Only who asks for a frame loads pandas. This room must not know files, nor what is asked of a class; what it is handed
is read once, so that the lines of a large results file never stand in memory beside the frame.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, get_args

from .judging import Status
from .marking import NOWHERE, Answer, Marked
from .questionnaire import PREFIX

if TYPE_CHECKING:
    import pandas as pd

# In the order of the columns. What may be missing has a dtype with a word for it, so that a column has the same one
# whatever a class handed in.
_ANSWERS = {
    **dict.fromkeys(("file", "student", "id", "answer", "layer", "quantity", "sheet", "cell"), "string"),
    **dict.fromkeys(("given", "formula", "status"), "string"),
    **dict.fromkeys(("score", "max_score"), "float64"),
    "because": "object",
    "certainty": "string",
    "follows": "bool",
    "feedback": "string",
    "expected": "object",
}
_SUBMISSIONS = {
    **dict.fromkeys(("file", "student", "id", "email", "platform"), "string"),
    "late": "bool",
    "time": "datetime64[s]",
    **dict.fromkeys(("status", "reason"), "string"),
    **dict.fromkeys(("score", "max_score", "open"), "float64"),
    **{status.replace("-", "_"): "int64" for status in get_args(Status)},
    "summary": "string",
}


def answers_frame(submissions: Iterable[Marked]) -> pd.DataFrame:
    """One row an answer, in the order of the submissions and of the sheet.

    ``layer`` and ``quantity`` are the two halves of the answer's id, and missing for a question. ``because`` holds the
    ids of the rules that explain a wrong number, a tuple that ``explode`` makes rows of, and ``certainty`` is that of
    the first. A file that could not be marked has no answers, and so no row. ``expected`` is there only where answers
    were revealed.
    """
    frame = _frame((_answer_row(marked, answer) for marked in submissions for answer in marked.answers), _ANSWERS)
    return frame if frame["expected"].notna().any() else frame.drop(columns="expected")


def _answer_row(marked: Marked, answer: Answer) -> dict[str, Any]:
    layer, _, quantity = answer.id.rpartition(".")
    asked = answer.id.startswith(f"{PREFIX}.")
    return {
        **_who(marked),
        "answer": answer.id,
        "layer": None if asked else layer,
        "quantity": None if asked else quantity,
        "sheet": answer.sheet,
        "cell": None if answer.cell == NOWHERE else answer.cell,
        "given": answer.given or None,
        "formula": answer.formula,
        "status": answer.status,
        "score": answer.score,
        "max_score": answer.max_score,
        "because": tuple(each.id for each in answer.because),
        "certainty": answer.because[0].certainty if answer.because else None,
        "follows": answer.follows or answer.status == "follow-through",
        "feedback": answer.feedback or None,
        "expected": answer.expected,
    }


def submissions_frame(submissions: Iterable[Marked]) -> pd.DataFrame:
    """One row a submission: its marks, how many answers have each status, and why it could not be marked."""
    return _frame(map(_submission_row, submissions), _SUBMISSIONS)


def _submission_row(marked: Marked) -> dict[str, Any]:
    return {
        **_who(marked),
        "email": marked.hand_in.email or None,
        "platform": marked.hand_in.platform or None,
        "late": marked.hand_in.late,
        "time": marked.hand_in.time or None,
        "status": marked.status,
        "reason": marked.reason,
        "score": marked.score,
        "max_score": marked.max_score,
        "open": marked.open,
        **{status.replace("-", "_"): marked.count(status) for status in get_args(Status)},
        "summary": "\n".join(marked.summary) or None,
    }


def _who(marked: Marked) -> dict[str, Any]:
    return {"file": marked.file, "student": marked.student, "id": marked.hand_in.id or None}


def _frame(rows: Iterable[dict[str, Any]], types: dict[str, str]) -> pd.DataFrame:
    import pandas as pd

    columns: dict[str, list[Any]] = {name: [] for name in types}
    for row in rows:
        for name, values in columns.items():
            values.append(row[name])
    frame = pd.DataFrame({name: pd.Series(values, dtype="object") for name, values in columns.items()})
    if "time" in types:
        frame["time"] = pd.to_datetime(frame["time"], errors="coerce", format="ISO8601")
    return frame.astype(types)
