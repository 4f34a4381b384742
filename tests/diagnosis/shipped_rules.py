"""Every rule that can be found in a shipped coursework, each with the answers that show how it is said."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from functools import cache

from sheetgen.api import sheet_of
from sheetgen.diagnosis.changes import Rule
from sheetgen.diagnosis.index import Index, index_of
from sheetgen.diagnosis.slips import BATCHES
from sheetgen.sheet import Sheet

# What slips and conventions there are does not depend on a coursework; lists of slips.py and variants.py
OF_THE_HAND: tuple[Rule, ...] = (
    *(("slip", each) for each in ("digit", "swapped", "dropped", "doubled", "inserted", "zeros", "zeros-lost")),
    *(("rounded", str(figures)) for figures in range(2, 16)),
    *(("batch", str(images)) for images in BATCHES),
    ("unit", "1000"),
    ("unit", "1000000"),
    ("percent",),
)


@cache
def rules_of(name: str) -> tuple[Sheet, dict[tuple[Rule, ...], tuple[str, ...]]]:
    """The rules of a coursework, alone and in pairs, with one answer of each quantity that they are in."""
    sheet = sheet_of(name)
    index = index_of(sheet)
    found: dict[tuple[Rule, ...], dict[str, str]] = {}
    named: Counter[tuple[str, str]] = Counter()  # rules that differ in the row that they name only
    for answer in index.answers:
        kind = answer.rpartition(".")[2]
        own = answer if answer.startswith("question.") else kind
        for rules in _of_answer(index, answer):
            if rules[0][0] in ("row", "left-out", "counted-twice") and rules not in found:
                named[rules[0][0], own] += 1
                if named[rules[0][0], own] > 6:
                    continue
            found.setdefault(rules, {}).setdefault(own, answer)
    return sheet, {rules: tuple(answers.values()) for rules, answers in found.items()}


def _of_answer(index: Index, answer: str) -> Iterator[tuple[Rule, ...]]:
    for listed in index.singles(answer).values():
        yield from listed
    form = index.forms.of(answer)
    if form is not None:
        yield from ((rule,) for rule, _ in form.singles)
        yield from ((rule,) for rules, _ in form.doubles for rule in rules)
    yield from ((rule,) for rule in index.worlds)
    yield from ((rule,) for rule in OF_THE_HAND)
