"""What the parts of a formula, the quantities and the answers of a sheet are called in a sentence.

A part is said as an object with its article ("the output channels"; in German in the accusative), so that every rule
can name it in the same place. What only one coursework has is called what its sheet calls it. No name holds the right
number of a blank. This room must not know rules, nor what a student wrote.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from ..expr import Expr, Neg, Num, Op, Sym, Value
from ..language import N_, Translations, listed
from ..network import INPUT, TOTAL
from ..quantities import COMPOSITE, QUANTITIES
from ..questionnaire import INIT, PREFIX
from ..sheet import Sheet
from .changes import AFTER, BEFORE, part
from .forms import NUMBER

_NUMBER = N_("a number of the formula")
_PARTS: Mapping[str, str] = {
    "in_channels": N_("the input channels"),
    "out_channels": N_("the output channels"),
    "in_height": N_("the input height"),
    "in_width": N_("the input width"),
    "out_height": N_("the output height"),
    "out_width": N_("the output width"),
    "in_size": N_("the size of the input"),
    "out_size": N_("the size of the output"),
    "like_size": N_("the size that it is cropped to"),
    "in": N_("the shape of the input"),
    "out": N_("the shape of the output"),
    "input_size": N_("the shape of the input"),
    "output_size": N_("the shape of the output"),
    "kernel": N_("the kernel"),
    "stride": N_("the stride"),
    "padding": N_("the padding"),
    "dilation": N_("the dilation"),
    "output_padding": N_("the output padding"),
    "groups": N_("the groups"),
    "bytes": N_("the bytes of one number"),
    "taps": N_("the window's places on the input"),
    "table_pairs": N_("the pairs of connected maps"),
    "table_widest": N_("the most maps that one map sees"),
    "neurons": N_("the neurons"),
    "fan_in": N_("the fan-in"),
    "weights": N_("the weights"),
    "biases": N_("the biases"),
    "parameters": N_("the parameters"),
    "fixed_parameters": N_("the fixed parameters"),
    "running_statistics": N_("the running statistics"),
    "connections": N_("the connections"),
    "macs": N_("the MACs"),
    "flops": N_("the FLOPs"),
    "activation_memory": N_("the memory of the activations"),
    "parameter_memory": N_("the memory of the parameters"),
    "receptive_field": N_("the receptive field"),
    "receptive_field_height": N_("the height of the receptive field"),
    "receptive_field_width": N_("the width of the receptive field"),
    "jump": N_("the jump"),
    "jump_height": N_("the jump along the height"),
    "jump_width": N_("the jump along the width"),
    "start": N_("the start of the receptive fields"),
    "centre": N_("the centre of the first unit"),
    "centre_height": N_("the centre of the first unit along the height"),
    "centre_width": N_("the centre of the first unit along the width"),
    "fully_connected_parameters": N_("the parameters of a fully connected layer"),
    "fully_connected_ratio": N_("the ratio of fully connected to own parameters"),
    "parameters_share": N_("the share of the parameters"),
    "connections_share": N_("the share of the connections"),
    "macs_share": N_("the share of the MACs"),
    "total_parameters": N_("the parameters of the whole network"),
    "total_connections": N_("the connections of the whole network"),
    "total_macs": N_("the MACs of the whole network"),
    "number": _NUMBER,
}
_OF_BRANCH = re.compile(r"in\d*_(receptive_field|jump|start)\w*|in\d+_(channels|height|width|size)")
_ASKED = re.compile(r"id_?\d+")  # a number of the table in the formula of a question
_BETWEEN_THOUSANDS = re.compile(r"(?<=\d)[,\N{NO-BREAK SPACE}\N{THIN SPACE} ](?=\d{3}\b)")
_MOST = 3  # parts that are named one by one


def say_part(name: str, sheet: Sheet, answer: str, say: Translations) -> str:
    """What a part of a formula is called: ``kernel*in_channels``, ``before.stride``, a question's ``id0``."""
    inside = tuple(dict.fromkeys(_one(each, sheet, answer, say) for each in name.split("*")))
    if len(inside) > 1 and say.gettext(_NUMBER) in inside:
        return say.gettext("a part of the formula")
    return listed(say, inside[:_MOST])


def _one(name: str, sheet: Sheet, answer: str, say: Translations) -> str:
    for where, message in (
        (BEFORE, N_("{part} of the layer before")),
        (AFTER, N_("{part} of the layer after it")),
    ):
        if name.startswith(where):
            return say.gettext(message).format(part=_one(name.removeprefix(where), sheet, answer, say))
    if name.removeprefix(NUMBER).isdecimal():
        told = say_given(name.removeprefix(NUMBER), sheet, answer)
        return say.gettext("the number {number}").format(number=told) if told else say.gettext(_NUMBER)
    quantity = sheet.table.quantities.get(answer)
    bind = quantity.binds.get(name) if quantity is not None and _ASKED.fullmatch(name) else None
    if isinstance(bind, str):
        layer, _, of = bind.rpartition(".")
        if layer == TOTAL:
            return _one(f"total_{of}", sheet, answer, say)
        whose = say_quantity(of, sheet, say)
        return say.gettext("{part} of {layer}").format(part=whose, layer=layer) if layer != INPUT else whose
    if _ASKED.fullmatch(name):
        return say.gettext(_NUMBER)
    branch = _OF_BRANCH.fullmatch(name)
    if branch is not None and name not in _PARTS:
        of = say_quantity(branch[1] or part(f"in_{branch[2]}"), sheet, say)
        if name.startswith("in_"):
            return say.gettext("{part} of the layer before").format(part=of)
        return say.gettext("{part} of a layer that it reads").format(part=of)
    if name.startswith("total_") and name not in _PARTS:
        of = heading_of(name.removeprefix("total_"), sheet)
        return say.gettext('the "{heading}" of the whole network').format(heading=of)
    return say_quantity(name, sheet, say)


def say_quantity(name: str, sheet: Sheet, say: Translations) -> str:
    """A quantity as an object: the connections; in the sheet's own words where it has some."""
    heading = sheet.headings.get(name)
    own = heading is not None and heading != QUANTITIES.get(name, heading)
    if name in _PARTS and not own:
        return say.gettext(_PARTS[name])
    return say.gettext('"{heading}"').format(heading=heading_of(name, sheet))


def heading_of(quantity: str, sheet: Sheet) -> str:
    """What the sheet calls a quantity, whether it has a column or not."""
    return sheet.headings.get(quantity) or QUANTITIES.get(quantity) or quantity.replace("_", " ").replace(":", " ")


# --- numbers that may be named ---------------------------------------------------------------------------------------


def is_secret(number: Value, sheet: Sheet) -> bool:
    """Whether a number is the right one of some blank or question: no sentence may hold it."""
    asked = [cell.answer or "" for cell in sheet.blanks]
    asked += sheet.questions.numbers if sheet.questions is not None else ()
    for answer in asked:
        layer, _, quantity = answer.rpartition(".")
        for each in (answer, *(f"{layer}.{side}" for side in COMPOSITE.get(quantity, ()))):
            if sheet.table.numbers.get(each) == number:
                return True
    return False


def say_number(number: str, sheet: Sheet) -> str | None:
    """A number of a rule, unless it is asked somewhere."""
    return None if is_secret(int(number), sheet) else f"{int(number):,}"


def say_given(number: str, sheet: Sheet, answer: str) -> str | None:
    """A number of a question's formula, if its text gives it."""
    if sheet.questions is None or answer not in sheet.questions.places:
        return None
    text = _BETWEEN_THOUSANDS.sub("", sheet.questions.places[answer].question.text)
    there = re.search(rf"(?<![\d.]){number}(?![\d]|\.\d)", text)
    return say_number(number, sheet) if there else None


def divides(name: str, sheet: Sheet, answer: str) -> bool:
    """Whether the answer's formula divides by a part; by stride and groups all do that are not known better."""
    quantity = sheet.table.quantities.get(answer)
    tree = quantity.formula if quantity is not None else None
    wanted = {each.removeprefix(NUMBER) for each in name.split("*")}
    if tree is not None and wanted <= _parts(tree):
        return any(_parts(divisor) == wanted for divisor in _divisors(tree))
    return name in ("stride", "groups") or name.startswith("total_")


def _divisors(tree: Expr) -> list[Expr]:
    if isinstance(tree, Op):
        below = [tree.right] if tree.op in ("/", "//") else []
        return below + _divisors(tree.left) + _divisors(tree.right)
    return [each for arg in getattr(tree, "args", ()) for each in _divisors(arg)]


def _parts(tree: Expr) -> set[str]:
    match tree:
        case Sym(name):
            return {part(name)}
        case Num(number):
            return {str(number)}
        case Neg(of):
            return _parts(of)
        case Op(_, left, right):
            return _parts(left) | _parts(right)
    return {each for arg in getattr(tree, "args", ()) for each in _parts(arg)}


# --- answers ---------------------------------------------------------------------------------------------------------


def say_answer(answer: str, sheet: Sheet, say: Translations, *, inside: bool = False) -> str:
    """An answer's place as the sheet spells it: ``conv1, Output height``; ``Question 7, conv1, Mean``.

    ``inside`` a sentence a question is written small, where the language does so.
    """
    if is_question(answer):
        cell = sheet.questions.places.get(answer) if sheet.questions is not None else None
        number = cell.question.id if cell is not None else answer.removeprefix(f"{PREFIX}.")
        message = N_("question {number}") if inside else N_("Question {number}")
        said = say.gettext(message).format(number=number)
        return f"{said}, {cell.part.layer}, {INIT[cell.part.column]}" if cell is not None and cell.part.layer else said
    layer, _, quantity = answer.rpartition(".")
    return f"{layer}, {heading_of(quantity, sheet)}"


def is_asked(name: str) -> bool:
    """Whether a part is of a question's own formula: its numbers, and those of the table that it names."""
    return any(_ASKED.fullmatch(each) or each.startswith(NUMBER) for each in name.split("*"))


def is_nameless(name: str, sheet: Sheet, answer: str) -> bool:
    """Whether a part of a formula is a number that the question's text does not give."""
    number = name.removeprefix(NUMBER)
    return name == "number" or (number.isdecimal() and say_given(number, sheet, answer) is None)


def is_question(answer: str) -> bool:
    return answer.startswith(f"{PREFIX}.")
