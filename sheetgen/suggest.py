"""Common wrong values that nothing explains, as ``misconceptions:`` to paste below ``coursework:`` and to complete.

What many students have, and no rule gives, is mostly a rule that the instructor knows and the coursework does not. The
values that the same students have are one misconception. Nothing of what a student wrote is in it but numbers, read as
numbers and written anew. ``says:`` stays empty, so that the reader of the YAML asks for it where it was forgotten.
This room knows results and the table; it must not know how a rule is tried, nor YAML documents.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass
from decimal import Decimal

from .diagnosis.own import Dependents
from .marking import Answer
from .network import INPUT
from .pasting import scalar
from .quantities import COMPOSITE
from .questionnaire import PREFIX
from .records import Results
from .sheet import Sheet
from .similarity import follow_from_own, number_in

FEWEST = 3  # students
SHARE = 0.02  # of the class
ALIKE = 0.5  # of the students who have one of two values, those who have both, where the two are one misconception
MOST = 20  # suggestions
LARGEST = 10**15  # in size; Excel keeps 15 digits
Number = int | float


@dataclass(frozen=True, slots=True)
class _Value:
    """A wrong value, and who has it."""

    answer: str
    number: Number
    cell: str
    students: Set[int]


def suggest(results: Results) -> str:
    """YAML, indented as it stands below ``coursework:``; only comments where nothing is common."""
    found: dict[tuple[str, Number], tuple[str, set[int]]] = {}
    marked = 0
    dependents = Dependents(results.sheet) if results.sheet is not None else None
    for student, submission in enumerate(results.submissions):
        if submission.status != "marked":
            continue
        marked += 1
        follows = follow_from_own(dependents, submission)[0] if dependents is not None else set()
        for answer in submission.answers:
            if answer.id not in follows and (number := _unexplained(answer)) is not None:
                found.setdefault((answer.id, number), (answer.cell, set()))[1].add(student)
    least = max(FEWEST, math.ceil(SHARE * marked))
    common = [_Value(*key, cell, who) for key, (cell, who) in found.items() if len(who) >= least]
    common.sort(key=lambda value: (-len(value.students), value.answer, value.number))
    usable = [value for value in common if _may_be_declared(value, results.sheet)]
    other = [value for value in common if value not in usable]
    return "".join(f"{line}\n" for line in _lines(results, _grouped(usable), other, marked, least))


def _unexplained(answer: Answer) -> Number | None:
    if answer.status != "wrong" or answer.because or answer.graded:
        return None
    number = number_in(answer.given)
    if number is None or abs(number) >= LARGEST:
        return None
    return int(number) if float(number).is_integer() else number


def _may_be_declared(value: _Value, sheet: Sheet | None) -> bool:
    """Whether ``instead:`` can hold it: no question, no row of a block, no size in one cell; the input's is whole."""
    row, _, quantity = value.answer.rpartition(".")
    if value.answer.startswith(f"{PREFIX}.") or quantity in COMPOSITE:
        return False
    if sheet is not None and row in sheet.table.blocks:
        return False  # there the name means each of the block's layers
    whole = isinstance(value.number, int) and value.number >= 0
    return whole or row != INPUT


def _grouped(values: Sequence[_Value]) -> list[list[_Value]]:
    """Values that mostly the same students have, with the most common one of them first; no two are of one cell."""
    groups: list[list[_Value]] = []
    for value in values:
        for group in groups:
            first = group[0]
            both = len(first.students & value.students)
            if both >= ALIKE * len(first.students | value.students):
                group.append(value)
                break
        else:
            groups.append([value])
    return groups


def _lines(
    results: Results, groups: Sequence[Sequence[_Value]], other: Sequence[_Value], marked: int, least: int
) -> Iterator[str]:
    about = f"wrong values that nothing explains, each of at least {least} of {marked:,} students"
    if groups:
        yield f"  # W{about[1:]}."
        yield '  # Complete each says: so that it continues "The student ...", without a number that is asked; take out'
        yield "  # what is no rule. If the coursework has misconceptions: already, add these to them."
        yield "  misconceptions:"
        taken = {each.id for each in results.sheet.misconceptions} if results.sheet is not None else set()
        ids = (name for i in range(1, MOST + len(taken) + 1) if (name := f"common-{i}") not in taken)
        for name, group in zip(ids, groups[:MOST], strict=False):
            yield from _suggested(name, group)
        if len(groups) > MOST:
            yield f"  # and {len(groups) - MOST} more that fewer students have"
    else:
        yield f"  # There are no {about}{', that a rule could name' if other else ''}."
    if other:
        yield "  # Common too, but nothing that instead: could hold (a question, a size, the row of a block):"
        yield from (f"  #   {each.answer}: {_written(each.number)}, {_students(each)}" for each in other[:MOST])


def _suggested(name: str, group: Sequence[_Value]) -> Iterator[str]:
    everybody = frozenset[int]().union(*(value.students for value in group))
    cells = f"{len(group)} cells" if len(group) > 1 else "1 cell"
    yield f"    - id: {name}  # {len(everybody):,} students, {cells}"
    yield "      says:  # to be completed"
    yield "      instead:"
    for value in group:
        yield f"        {scalar(value.answer)}: {_written(value.number)}  # {value.cell}, {_students(value)}"


def _students(value: _Value) -> str:
    return f"{len(value.students):,} students"


def _written(number: Number) -> str:
    return str(number) if isinstance(number, int) else f"{Decimal(repr(number)):f}"
