"""GitHub Classroom's result: a test of one point for each answer, passed where the answer is right.

Partial scores would make the log's table and the points that Classroom reports disagree, so there are none: a number
that follows from an earlier mistake is no pass. What a person marks is no test. A target that ends in ``.json`` gets
the JSON; to any other, such as ``$GITHUB_OUTPUT``, the line ``result=<base64>`` is appended.
"""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

from ..harmless import printable
from ..marking import Marked
from ..records import Results
from . import Asked
from ._said import by_machine, marked_by_machine, the_one, told

SUFFIX = ".json"
OF_ONE = True
# The reporter gets the result in an environment variable, and no string of a Linux program's environment may be longer
# than 128 KiB; messages are cut until it fits.
_MOST_BYTES = 120 * 1024
_LENGTHS = (500, 240, 120, 60, 0)


def appends(target: Path) -> bool:
    return target.suffix.lower() != ".json"


def render(results: Results, asked: Asked) -> bytes:
    marked = the_one("classroom", asked.target, results)
    for most in _LENGTHS:
        text = json.dumps(_result(marked, results, most)).encode("ascii")
        line = base64.b64encode(text)
        if len(line) <= _MOST_BYTES:
            break
    return b"result=" + line + b"\n" if appends(asked.target) else text + b"\n"


def _result(marked: Marked, results: Results, most: int) -> dict[str, Any]:
    if marked.status == "unmarked":
        ids = list(marked_by_machine(results.sheet)) or ["the file can be read"]
        found = [(answer, False, printable(marked.reason or "", most) if most else "") for answer in ids]
    else:
        found = [
            (answer.id, answer.status == "correct", told(answer, most) if most else "")
            for answer in by_machine(marked, results)
        ]
        found = found or [("the file can be read", True, "")]  # all is for a person: there must be a test
    passed = all(right for _, right, _ in found)
    return {
        "version": 1,
        "status": "pass" if passed else "fail",
        "max_score": len(found),
        "tests": [
            {
                "name": printable(answer),
                "status": "pass" if right else "fail",
                "score": int(right),
                "message": "" if right else said or "see the report",
                "test_code": "",
                "filename": "",
                "line_no": 0,
                "duration": 0,
            }
            for answer, right, said in found
        ],
    }
