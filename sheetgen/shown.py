"""What the real network shows of the coursework's own quantities and questions: numbers that follow from measured ones,
initial values, a loss.

A question about anything else (the birth of a data set, 2 to the power of 10) no network can witness. This room knows
questions and the witness; it must not know workbooks.
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from fractions import Fraction
from typing import TYPE_CHECKING

from . import expr
from .expr import Value
from .questionnaire import PREFIX, Part
from .witness import agrees, measure_init, weighted_cross_entropy

if TYPE_CHECKING:
    from .coursework import Coursework
    from .sheet import Sheet
    from .solve import Equation
    from .table import Quantity


def measured_for(described: Coursework, sheet: Sheet) -> tuple[str, ...]:
    """The quantities to measure: those that are shown or asked for, and those that the coursework's own follow from."""
    own = {each.name for each in described.custom}
    of_own = (each for answer, each in sheet.table.quantities.items() if answer.rpartition(".")[2] in own)
    follow_from = {bind.rpartition(".")[2] for each in of_own for bind in each.binds.values() if isinstance(bind, str)}
    return (*described.needed, *sorted(follow_from - {*described.needed}))


def own_shown(described: Coursework, sheet: Sheet, measured: Mapping[str, Value]) -> dict[str, int | Fraction | str]:
    """The coursework's own quantities by their formulas over ``measured`` numbers and the YAML's settings, by id.

    One is there only if all that it follows from was measured or is a setting, and not only settings: of these the
    network shows nothing.
    """
    own = {each.name for each in described.custom}
    found: dict[str, Value | None] = {}
    declared: set[str] = set()

    def number(answer: str) -> Value | None:
        if answer in measured or answer.rpartition(".")[2] not in own:
            return measured.get(answer)
        if answer not in found:
            quantity = sheet.table.quantities[answer]
            binds = {name: bind if isinstance(bind, int) else number(bind) for name, bind in quantity.binds.items()}
            known = {name: bind for name, bind in binds.items() if bind is not None}
            found[answer] = None
            if len(known) == len(binds):
                with contextlib.suppress(expr.ExpressionError):  # a measured 0 that the table does not have
                    found[answer] = expr.value(quantity.formula, known)
            if all(isinstance(bind, int) or bind in declared for bind in quantity.binds.values()):
                declared.add(answer)
        return found[answer]

    numbers = {answer: number(answer) for answer in sheet.table.quantities if answer.rpartition(".")[2] in own}
    return {
        answer: Fraction(each) if isinstance(each, float) else each
        for answer, each in numbers.items()
        if each is not None and answer not in declared
    }


def questions_shown(
    described: Coursework, sheet: Sheet, measured: Mapping[str, Value], device: str
) -> dict[str, int | Fraction]:
    """The answers to questions as the network shows them, by id; ``measured`` are the table's numbers as measured."""
    found: dict[str, Value] = {}
    questions = sheet.questions.questions if sheet.questions is not None else ()
    for question in questions:
        for part in question.numbers if question.kind == "number" else ():
            equation = described.equations.get(part.id)
            if equation is None:
                number = _computed(described.numbers[part.id], measured)
            else:
                number = _solved(equation, measured, part, sheet.table.value(part.id))
            if number is not None:
                found[part.id] = number
    values = [part for question in questions if question.kind == "init" for part in question.parts]
    if values and device != "meta":  # which has no values
        samples = measure_init(described.network, device)
        declared = {layer.name: getattr(layer.kind, "init", None) for layer in described.network.layers}
        for part in values:
            sample, init = samples.get(part.layer), declared[part.layer]
            if sample is not None and init is not None and (fits := agrees(init, sample).get(part.column)) is not None:
                found[part.id] = sheet.table.value(part.id) if fits else _of_sample(part, sample, init.bias)
    return {
        answer: number if isinstance(number, int) else Fraction(number)
        for answer, number in found.items()
        if not isinstance(number, str)
    }


def _computed(quantity: Quantity, measured: Mapping[str, Value]) -> Value | None:
    """The formula over measured numbers; None for mere arithmetic, and where a number was not measured."""
    binds = {name: str(bind) for name, bind in quantity.binds.items()}
    if not binds or any(bind not in measured for bind in binds.values()):
        return None
    return expr.value(quantity.formula, {name: measured[bind] for name, bind in binds.items()})


def _solved(equation: Equation, measured: Mapping[str, Value], part: Part, right: Value) -> Value | None:
    """The answer, where the network has a size that is right and the equation holds on it as measured.

    Of a size that solves the equation and is not asked for nothing is shown: that the division leaves a remainder
    cannot be seen. A size that solves it unforeseen is what disputes the answer.
    """
    sizes = {measured.get(unknown) for unknown in equation.unknowns}
    known = [bind for side in equation.sides for bind in side.binds.values() if isinstance(bind, str)]
    if len(sizes) != 1 or None in sizes or any(bind not in measured for bind in known):
        return None
    left, other = (
        expr.value(side.formula, {name: measured[str(bind)] for name, bind in side.binds.items()})
        for side in equation.sides
    )
    size = sizes.pop()
    if left != other:
        return None
    foreseen = {known.value: known.right for known in part.known}
    return (right if foreseen[size] else None) if size in foreseen else size


def _of_sample(part: Part, sample: Mapping[str, float], bias: float) -> float:
    if part.column != "bias":
        return sample[part.column]
    return max((sample["bias_least"], sample["bias_most"]), key=lambda value: abs(value - bias))


def losses_shown(sheet: Sheet, device: str) -> dict[str, tuple[float, float]]:
    """The losses that model answers state, evaluated on one map: by their own equation, and by PyTorch."""
    questions = sheet.questions.questions if sheet.questions is not None and device != "meta" else ()
    return {
        f"{PREFIX}.{question.id}.loss": weighted_cross_entropy(*question.loss, device)
        for question in questions
        if question.loss is not None
    }
