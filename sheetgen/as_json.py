"""What ``--format json`` prints, as plain data: the contract of the commands. Computes nothing, prints nothing."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

from .printing import headings
from .records import plain

if TYPE_CHECKING:
    from .api import Checked, Discriminated
    from .coursework import Coursework
    from .marking import Marked
    from .records import Results
    from .table import Table


def table_json(coursework: Coursework, table: Table) -> dict[str, Any]:
    from .sheet import plain_number

    return {
        "network": table.network,
        "input": list(table.input),
        "layers": [
            {
                "name": row.name,
                "type": row.kind,
                "from": list(row.sources),
                "input": list(row.input),
                "output": list(row.output),
                **{name: plain_number(row.values[name]) for name in headings(coursework) if name in row.values},
            }
            for row in table.rows
        ],
        "blocks": {
            block: {
                "layers": list(layers),
                **{name: plain_number(table.value(f"{block}.{name}")) for name in table.totals},
            }
            for block, layers in table.blocks.items()
        },
        "totals": {name: plain_number(total) for name, total in table.totals.items()},
        "errata": list(coursework.errata),
        "questions": [
            {
                "id": each.id,
                "kind": each.kind,
                "text": each.text,
                "options": list(each.options),
                "unit": each.unit,
                "marks": each.marks,
            }
            for each in coursework.questions
        ],
    }


def results_json(results: Results) -> dict[str, Any]:
    """The contract of ``verify --format json``; ``expected`` is in it only where answers were revealed."""
    return {"coursework": results.coursework, "submissions": [submission_json(each) for each in results.submissions]}


def submission_json(marked: Marked) -> dict[str, Any]:
    data = dataclasses.asdict(marked)
    for name in ("properties", "content", "assignment"):
        del data[name]  # for comparing and continuing: in the lines of a results file
    known = bool(marked.hand_in.how or marked.hand_in.platform)
    data["hand_in"] = plain(marked.hand_in) if known else None
    for name in ("hand_in", "student_cell", "instead", "doubts", "graded"):
        if not data[name]:
            del data[name]
    for answer in data["answers"]:
        for name in ("expected", "formula"):
            if answer[name] is None:
                del answer[name]
        for name in ("follows", "graded", "comment"):
            if not answer[name]:
                del answer[name]
    return data


def checked_json(checked: Checked) -> dict[str, Any]:
    data = {field.name: getattr(checked, field.name) for field in dataclasses.fields(checked)}
    data["agreed"] = len(checked.agreed)
    data["disagreed"] = [
        {key: value for key, value in dataclasses.asdict(each).items() if value is not None or key == "measured"}
        for each in checked.disagreed
    ]
    data["not_witnessed"] = list(checked.not_witnessed)
    data["witnesses"] = dict(checked.witnesses)
    return data


def discriminated_json(told: Discriminated) -> dict[str, Any]:
    """What ``check --discriminates --format json`` prints."""

    def rules(each: tuple[tuple[str, str], ...]) -> list[dict[str, str]]:
        return [{"id": id, "rule": rule} for id, rule in each]

    return {
        "coursework": told.coursework,
        "power": round(told.power, 4),
        "rules": told.rules,
        "unseen": rules(told.unseen),
        "alike": [rules(group) for group in told.alike],
        "blanks": [
            {"id": each.answer, "unseen": rules(each.unseen), "alike": [rules(group) for group in each.alike]}
            for each in told.blanks
        ],
    }
