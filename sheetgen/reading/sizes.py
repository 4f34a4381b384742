"""A size in one cell: several numbers, in the notations of people and of programs, and in the order of either.

    55x55x96     55 × 55 × 96     (96, 55, 55)     (None, 55, 55, 96)     torch.Size([1, 96, 55, 55])     96@55x55

This module must not know which size is right; ``compare`` is handed two.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from fractions import Fraction
from typing import Literal

from .figures import Token, figure, tokens
from .spelling import Habit

Sides = tuple[int | Fraction, ...]
Match = Literal["same", "channels first", "other order", "too few", "different"]

MOST_SIDES = 9
_BATCH = re.compile(r"none|-1|n|b|bs|batch|batch_size|\?|_")
_OPEN, _CLOSE = "([{", ")]}"


def sides(clean: str, habit: Habit, known: frozenset[str]) -> Sides | None:
    """The numbers of a size in the order they are written, without the batch; None where the text is no size.

    Channels that stand alone beside an @, ``96@55x55``, are put last, where the sheet has them.
    """
    typed = tokens(clean)
    alone = [token for token in typed if token.kind != "word"]
    if [token.kind for token in alone] == ["num"] and alone[0].text.count(",") == 1:
        return _numbers([typed], habit, known)  # 4,096 of a vector; a list would have brackets
    found = _unwrapped(typed)
    if found is None:
        return None
    before, at, behind = _split_at(found, "@")
    if at:
        maps, rest = _numbers(_pieces(before), habit, known), _numbers(_pieces(behind), habit, known)
        if maps is not None and rest is not None and len(rest) == 1:
            maps, rest = rest, maps  # 55x55@96
        return (*rest, *maps) if maps is not None and rest is not None and len(maps) == 1 < len(rest) else None
    pieces = _pieces(found)
    batch = len(pieces) > 1 and _BATCH.fullmatch("".join(token.text for token in pieces[0]).casefold()) is not None
    return _numbers(pieces[1:] if batch else pieces, habit, known)


def _unwrapped(found: list[Token]) -> list[Token] | None:
    """Without the brackets around all of it, and a name before them; None where brackets are left open."""
    end = len(found)
    while end and found[end - 1].text in (".", ",", ";"):
        end -= 1
    start = 0
    while start < end and (found[start].kind == "word" or found[start].text in (":", "=")):
        if _BATCH.fullmatch(found[start].text.casefold()) is not None:
            break
        start += 1
    while end - start >= 2 and found[start].text in _OPEN:
        if found[end - 1].text != _CLOSE[_OPEN.index(found[start].text)]:
            return None
        start, end = start + 1, end - 1
    found = found[start:end]
    while found and found[-1].text == ",":
        found = found[:-1]  # (96,)
    return found if found and not any(token.text in _OPEN + _CLOSE for token in found) else None


def _split_at(found: Sequence[Token], text: str) -> tuple[list[Token], bool, list[Token]]:
    for at, token in enumerate(found):
        if token.text == text:
            return list(found[:at]), True, list(found[at + 1 :])
    return list(found), False, []


def _pieces(found: Sequence[Token]) -> list[list[Token]]:
    """Cut at each x, or at each comma where there is none."""
    times = [token.text in ("x", "*") for token in found]
    if any(times):
        pieces: list[list[Token]] = [[]]
        for token, cut in zip(found, times, strict=True):
            if cut:
                pieces.append([])
            else:
                pieces[-1].append(token)
        return pieces
    pieces = [[]]
    for token in found:
        if token.text in (",", ";"):
            pieces.append([])
        elif token.kind == "num" and "," in token.text:  # (96,55,55): in a list a comma separates
            first, *rest = token.text.split(",")
            if any(len(each) > 1 and each.startswith("0") for each in rest):  # but for thousands: (4,096)
                pieces[-1].append(token)
                continue
            pieces[-1].append(Token("num", first, token.touches))
            pieces += [[Token("num", each, False)] for each in rest]
        else:
            pieces[-1].append(token)
    return pieces


def _numbers(pieces: Sequence[Sequence[Token]], habit: Habit, known: frozenset[str]) -> Sides | None:
    if len(pieces) > MOST_SIDES:
        return None
    read: list[int | Fraction] = []
    written = [side for piece in pieces for side in _squared(piece, alone=len(pieces) == 1)]
    for side in written:
        each = figure(side, habit, whole=True, known=known)
        if each is None or not each.plain or each.rounded or each.percent or each.left:
            return None
        if isinstance(each.value, float) or each.value < 0:
            return None
        read.append(each.value)
    return tuple(read)


def _squared(piece: Sequence[Token], *, alone: bool) -> list[Sequence[Token]]:
    """55² x 96 has the sides 55, 55 and 96."""
    texts = [token.text for token in piece]
    if len(texts) == 3 and texts[1] in ("^", "**") and (texts[2] == "2" or (alone and texts[2] == "3")):
        return [piece[:1]] * int(texts[2])
    return [piece]


def compare(given: Sides, right: Sides, *, channels_last: bool) -> Match:
    """How a size as it was given is like the right one.

    A vector is the same with and without its ones: 4096, 1 x 1 x 4096, 4096 x 1 x 1. ``channels_last``: the right one
    is height, width, channels; the order of PyTorch, channels before both, is then known by its name.
    """
    if len(given) == len(right) + 1 and len(given) > 2 and given[0] == 1:
        given = given[1:]  # a batch of one
    if given == right:
        return "same"
    bare = tuple(side for side in right if side != 1)
    if len(bare) <= 1 and tuple(side for side in given if side != 1) == bare:
        return "same"
    if channels_last and len(right) == 3 and given == (right[2], *right[:2]):
        return "channels first"
    if sorted(given) == sorted(right):
        return "other order"
    return "too few" if len(given) < len(right) else "different"
