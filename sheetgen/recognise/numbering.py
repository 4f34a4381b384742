"""Whether the numbers in the labels of one table count: as names of layers, as ordinals of a kind, or not at all.

"Conv 2" is the second convolution only in a table whose convolutions are numbered 1 to n. A summary that a program
printed numbers all its rows (Conv2d-1, ReLU-2, MaxPool2d-3, Conv2d-4), Keras begins at nothing and then 1, others write
a kernel's size (CONV3-64), and three "FC" of a network with two are numbered for another reading of it. There only the
kinds and their order are left. This room must not know what stands beside the labels.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Mapping, Sequence
from enum import Enum

from ..vocabulary import Label, hear_label, plain_name, said_names
from .known import Named


class Says(Enum):
    """What of a label tells the layer: all of it; its kind, and its number in the order; its kind alone."""

    ALL = "all"
    ORDINAL = "ordinal"
    KIND = "kind"


_ENDS = ("", "input", "total")


def what_counts(labels: Sequence[tuple[int, str]], layers: Sequence[Named]) -> Mapping[int, Says]:
    """Line -> what of its label counts, for the (line, label) pairs of one table in the order of its lines."""
    heard = {line: hear_label(text) for line, text in labels}
    times = Counter(plain_name(text) for _, text in labels)
    names = {layer.plain for layer in layers}
    found: dict[int, Says] = {}
    running = _is_running(list(heard.values()))
    for family in {label.family for label in heard.values()}:
        lines = [line for line, label in heard.items() if label.family == family]
        says = Says.ALL if family in _ENDS else _of_family([heard[line] for line in lines], family, layers)
        found.update(dict.fromkeys(lines, says))
    for line, text in labels:
        plain = plain_name(text)
        if times[plain] > 1 and heard[line].family not in _ENDS:
            found[line] = Says.KIND  # what several rows are called is nobody's name
        elif not names.isdisjoint(said_names(text)) and not (running and found[line] is Says.KIND):
            found[line] = Says.ALL
    return found


def _of_family(labels: Sequence[Label], family: str, layers: Sequence[Named]) -> Says:
    own = {layer.own for layer in layers if layer.family == family}
    count = sum(layer.family == family for layer in layers)
    numbers = [label.number for label in labels if label.number is not None]
    bare = len(labels) - len(numbers)
    if not numbers or (len(labels) == 1 and (own & set(numbers) or numbers[0] <= count)):
        return Says.ALL
    if len(set(numbers)) < len(numbers):
        return Says.KIND
    in_order = sorted(numbers) == list(range(1, len(numbers) + 1)) and len(numbers) <= count
    if in_order and bare and len(labels) <= count:  # conv2d, conv2d_1, conv2d_2
        return Says.KIND
    if own.issuperset(numbers):
        return Says.ORDINAL if in_order and len(numbers) == count else Says.ALL
    return (Says.ORDINAL if len(numbers) == count else Says.ALL) if in_order else Says.KIND


def _is_running(labels: Sequence[Label]) -> bool:
    """Whether one count runs through the rows of all kinds."""
    numbered = [label for label in labels if label.number is not None and label.family not in _ENDS]
    numbers = [label.number or 0 for label in numbered]
    return (
        len({label.family for label in numbered}) > 1
        and len(numbers) > 2
        and all(before < after for before, after in itertools.pairwise(numbers))
    )
