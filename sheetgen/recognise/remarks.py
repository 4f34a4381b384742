"""What is written below a heading and above the first layer: a unit, or a remark, which may change what it means.

This room must not know worksheets.
"""

from __future__ import annotations

from dataclasses import replace

from ..vocabulary import Heard, hear, hear_unit
from .columns import is_dash


def with_remark(heading: str, heard: Heard, remark: str) -> tuple[str, Heard]:
    """A heading and what it means, together with the text below it.

    A unit is taken. Of what is not understood, or says otherwise, only the doubt is: the heading is strange then.
    """
    bare = remark.strip("()[]{} ")
    if not bare or is_dash(bare):
        return heading, heard
    unit = hear_unit(f"({bare})")  # of a bare letter too
    if unit is None and not any(char.isalpha() and char not in "xX" for char in bare):
        return heading, heard  # 227x227 is a value
    if unit is not None and unit == heard.unit:
        return heading, heard
    both = f"{heading} {remark}".strip()
    if heard.unit is None and hear_unit(remark) is not None:
        headed = f"{heading} ({bare})"
        if (together := hear(headed)).quantities:
            return headed, together
    if not heard.quantities or (unit is None and _says_the_same(hear(both), heard)):
        return both, heard
    return both, replace(heard, strange=True)


def _says_the_same(one: Heard, other: Heard) -> bool:
    same = one.unit == other.unit and one.quantities.keys() == other.quantities.keys()
    return same and not one.strange
