"""A size whose text says which number is which side, in letters or in words, in whatever order they stand.

    H=55, W=55, C=96     96 channels, 55 x 55     96x55x55 (CHW)     高55 宽55 通道96

What does not name its numbers without a doubt is no named size: it is left to ``sizes``. Must not know which is right.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

NAMES = ("height", "width", "channels")
_SAID = {
    "height": "h height high hoch höhe hoehe hauteur alto 高 高さ 高度",
    "width": "w width wide breit breite largeur ancho 宽 宽度 寬 寬度 幅",
    "channels": "c d ch channel channels depth deep map maps filter filters kernels kanal kanäle kanaele tief tiefe "
    "filtern filtres canal canaux profondeur 通道 通道数 通道數 チャネル チャネル数 チャンネル チャンネル数 深度 深さ",
    "batch": "n batch",
    "": "of and with und mit de feature output out input in je à et size sized größe taille",
}
_WORDS = {word: name for name, words in _SAID.items() for word in words.split()}
_PIECE = re.compile(r"[0-9]{1,9}|[^\W\d_]+|[=:]|[ x×*,;/()\[\]]", re.IGNORECASE)
_SIGNS = {"=": "=", ":": "=", "x": "x", "×": "x", "*": "x", "by": "x"}
_GROUPED = re.compile(r"[0-9],[0-9]{3}(?![0-9])")  # 7 x 7 x 1,024
_ORDER = r"[hwcd](?:\s*[x×,*]?\s*[hwcd]){1,2}"
_BEFORE = re.compile(rf"[(\[]?\s*({_ORDER})\s*[)\]]?\s*[:= ]\s*(?=[(\[0-9])", re.IGNORECASE)
_BEHIND = re.compile(rf"\s*[(\[]\s*({_ORDER})\s*[)\]]\s*$|(?<=[0-9)\]])\s+({_ORDER})\s*$", re.IGNORECASE)


def named_sides(text: str) -> dict[str, int] | None:
    """The numbers by their names, height, width, channels in this order; None where they have none."""
    pieces = _PIECE.findall(text)
    if "".join(pieces) != text or (_GROUPED.search(text) is not None and re.search("[x×*]", text.casefold())):
        return None
    line: list[int | str] = []  # numbers, names, and the signs = and x between them
    for piece in pieces:
        word = piece.casefold()
        if piece.isdigit():
            line.append(int(piece))
        elif (name := _WORDS.get(word)) is not None:
            line += [name] if name else []
        elif word in _SIGNS:
            line.append(_SIGNS[word])
        elif piece.isalpha():
            return None
    found = _paired(line)
    if found is None or found.pop("batch", 1) != 1 or len(found) < 2:
        return None
    return {name: found[name] for name in NAMES if name in found}


def _paired(line: Sequence[int | str]) -> dict[str, int] | None:
    """Each name with the number beside it; a lone one of channels leaves height and width to the other two."""
    names = [each for each in line if isinstance(each, str) and each not in _SIGNS.values()]
    numbers = [each for each in line if isinstance(each, int)]
    step = _step(line)
    if step is None or not 2 <= len(numbers) <= 4 or len(set(names)) < len(names):
        return None
    bare = [each for each in line if each != "="]
    given: dict[str, int] = {}
    rest = list(bare)
    for at, each in enumerate(bare):
        if isinstance(each, str) and each in names:
            number = bare[at + step] if 0 <= at + step < len(bare) else each
            if not isinstance(number, int):
                return None
            given[each] = number
            rest[at] = rest[at + step] = ""
    if all(isinstance(each, str) for each in rest):
        return given
    # 96 channels, 55 x 55; but in 96 x 55 x 55 maps nothing says that 55 of the three are the maps
    match [each for each in rest if each != ""]:
        case [int(height), "x", int(width)] if given.keys() - {"batch"} == {"channels"}:
            return {**given, "height": height, "width": width}
        case ["x", int(height), "x", int(width)] if given.keys() == {"channels"} and line[1] == "channels":
            return {**given, "height": height, "width": width}
    return None


def _step(line: Sequence[int | str]) -> int | None:
    """Where a name's number stands: behind it (1), or before it (-1); None where nothing tells."""
    named = [isinstance(each, str) and each not in _SIGNS.values() for each in line]
    if not any(named) or len(line) < 4:
        return None
    if "=" in line:
        marked = all(line[at + 1 : at + 2] == ["="] for at, each in enumerate(named) if each)
        return 1 if marked and line.count("=") == sum(named) else None
    if named[0] != named[-1]:
        return 1 if named[0] else -1
    return -1 if named[1] and sum(named) == 1 else None  # 96 channels, 55 x 55


def named_order(text: str) -> tuple[str, tuple[str, ...]]:
    """``text`` without the letters of an order before or behind its numbers, and the sides that they say."""
    for pattern in (_BEHIND, _BEFORE):
        found = pattern.search(text) if pattern is _BEHIND else pattern.match(text)
        if found is not None:
            letters = re.findall("[hwcd]", next(group for group in found.groups() if group).casefold())
            sides = tuple(_WORDS[letter] for letter in letters)
            if len(set(sides)) == len(sides):
                return f"{text[: found.start()]}{text[found.end() :]}", sides
    return text, ()
