"""The formulas that numbers would have if one convention of the coursework were its other choice.

A student who counts no biases where they count is right by another convention. So that it can be said, a sheet carries
these formulas as text. This room knows layers and the table's formulas; it must not know sheets, or what a student
wrote.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING

from .expr import ExpressionError, parse, symbols
from .quantities import SHARES, Custom
from .table import Table

if TYPE_CHECKING:
    from .coursework import Coursework
    from .layers import Conventions, Layer

OTHERWISE: Mapping[str, tuple[str, str]] = {
    "bias": ("counted", "not counted"),
    "padding": ("counted", "not counted"),
    "pooling": ("counted", "not counted"),
    "flops": ("2 per MAC", "1 per MAC"),
}
# which quantities a convention is about: the others need not be looked at
_ABOUT = {"bias": "connections", "padding": "connections", "pooling": "connections", "flops": "flops"}


def variants(coursework: Coursework, table: Table, wanted: Collection[str]) -> Mapping[str, Mapping[str, str]]:
    """Convention -> id -> formula, of the numbers whose formula differs if that convention alone is the other way.

    Only of quantities that are ``wanted``, or that these follow from, and what the formulas need that ``table`` lacks
    (``conv1.taps_height``). Conventions on which nothing depends are left out.
    """
    followed = _followed(wanted, coursework.custom)
    others = {name: flipped(coursework.conventions, name) for name in OTHERWISE if _ABOUT[name] in followed}
    found: dict[str, dict[str, str]] = {name: {} for name in others}
    for layer in coursework.network.layers if others else ():
        own = layer.kind.formulas(coursework.conventions)
        for name, other in others.items():
            if own.get(_ABOUT[name], "0") != "0" or name == "pooling":  # what has none has none by any convention
                found[name] |= _differing(layer.name, layer.kind, own, other, table, followed)
    return {name: texts for name, texts in found.items() if texts}


def flipped(said: Conventions, name: str) -> Conventions:
    """The conventions with the one ``name`` the other way."""
    one, other = OTHERWISE[name]
    return said.model_copy(update={name: other if getattr(said, name) == one else one})


def _differing(
    layer: str, kind: Layer, own: Mapping[str, str], other: Conventions, table: Table, followed: Collection[str]
) -> dict[str, str]:
    texts = kind.formulas(other)
    settings = kind.settings()
    waiting = [
        name
        for name, text in texts.items()
        if name in followed and text != own.get(name) and f"{layer}.{name}" in table.quantities
    ]
    found: dict[str, str] = {}
    try:
        while waiting:
            name = waiting.pop()
            answer = f"{layer}.{name}"
            if answer not in found:
                found[answer] = texts[name]
                waiting += [
                    each
                    for each in symbols(parse(texts[name]))
                    if each in texts
                    and each not in settings
                    and (texts[each] != own.get(each) or f"{layer}.{each}" not in table.quantities)
                ]
    except ExpressionError:  # a kernel too large for the taps to be written out; the reader would refuse it
        return {}
    return found


def _followed(wanted: Collection[str], custom: Sequence[Custom]) -> set[str]:
    """The quantities ``wanted``, those that the coursework's own are computed from, and those that shares are of."""
    formulas = {each.name: each.formula for each in custom}
    found: set[str] = set()
    waiting = list(wanted)
    while waiting:
        name = waiting.pop().removeprefix("total_")
        if name not in found:
            found.add(name)
            waiting += symbols(parse(formulas[name])) if name in formulas else ()
            waiting += [SHARES[name]] if name in SHARES else ()
    return found
