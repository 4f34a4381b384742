"""The rows of a table in the making: what each reads, its weights, its name. Knows layer kinds; must not know torch."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from math import prod
from typing import Any

from pydantic import ValidationError

from ..draft import LONGEST_NAME, MAX_LAYERS, RESERVED, workbook_name
from ..layers import KINDS, Shape
from ..network import INPUT, NamedLayer, Network

IMAGE = -1  # the network's input, where a row is named by its number
# what a layer is called that no module names
WORDS = {
    "Conv2d": "conv",
    "ConvTranspose2d": "deconv",
    "Linear": "fc",
    "BatchNorm2d": "bn",
    "MaxPool2d": "pool",
    "AvgPool2d": "pool",
    "AdaptiveAvgPool2d": "pool",
    "GlobalAvgPool2d": "pool",
    "Concat": "cat",
    "CenterCrop": "crop",
    "LocalResponseNorm": "norm",
    "Dropout": "drop",
}


class InexpressibleError(Exception):
    """Why something cannot be written as a layer; ``node`` is to blame, if it is not the one at hand."""

    def __init__(self, reason: str, node: Any = None) -> None:
        super().__init__(reason)
        self.node = node


@dataclass(frozen=True, slots=True)
class Value:
    """What a tensor of the run is: the output of a row, all its numbers in their order, perhaps in another shape."""

    row: int
    shape: Shape  # of the row's output
    seen: tuple[int, ...]  # the tensor's own, without the batch
    crop: Crop | None = None  # only this part of it; a row only when something reads it
    axes: tuple[str, ...] | None = None  # of a mean that is not yet over both sides: what is left
    origin: Any = field(default=None, compare=False)  # the node that cut, averaged or reshaped


@dataclass(frozen=True, slots=True)
class Crop:
    top: int
    left: int
    height: int
    width: int


@dataclass(slots=True)
class Row:
    kind: str
    fields: dict[str, Any]
    sources: tuple[int, ...]
    shape: Shape
    name: str  # as wished for
    numbered: bool  # no module's name: several are told apart by a number
    node: Any
    call: int = 0  # the run of the module that it is part of
    weights: tuple[int, ...] = ()  # ids of its tensors
    counted: int = 0  # parameters, trained or fixed
    like: int | None = None
    weights_of: int | None = None
    activation: str | None = None
    lazy: bool = False  # made when something came to read it


class Rows:
    """Rows by number; one that became part of another is None."""

    def __init__(self, image: Shape) -> None:
        self.image = image
        self.all: list[Row | None] = []
        self._flat: dict[int, int] = {}
        self._crops: dict[tuple[int, Crop], int] = {}
        self._owner: dict[int, int] = {}  # id of a tensor -> the row that uses it first

    def __getitem__(self, number: int) -> Row:
        row = self.all[number]
        assert row is not None
        return row

    def add(self, row: Row) -> Value:
        """The output of ``row``, now the last."""
        self.all.append(row)
        return Value(len(self.all) - 1, row.shape, row.shape)

    def flattened(self, value: Value, name: str, numbered: bool, node: Any) -> Value:
        """The output of a row Flatten that reads ``value``."""
        size = prod(value.shape)
        if value.row not in self._flat:
            row = Row("Flatten", {}, (value.row,), (size, 1, 1), name, numbered, node, lazy=True)
            self._flat[value.row] = self.add(row).row
        return Value(self._flat[value.row], (size, 1, 1), value.seen)

    def cropped(self, value: Value, beside: Iterable[Value], name: str, numbered: bool) -> Value:
        """The output of a row CenterCrop that cuts ``value``; it is like one of ``beside``, or any row of its size."""
        crop = value.crop
        assert crop is not None
        channels, height, width = value.shape
        middle = ((height - crop.height) // 2, (width - crop.width) // 2)
        if (crop.top, crop.left) != middle:
            raise InexpressibleError(
                f"takes rows {crop.top} to {crop.top + crop.height - 1} of {height} and columns {crop.left} to "
                f"{crop.left + crop.width - 1} of {width}, counted from 0; CenterCrop takes the middle, from row "
                f"{middle[0]} and column {middle[1]} on",
                value.origin,
            )
        key = (value.row, crop)
        if key not in self._crops:
            size = (crop.height, crop.width)
            like = self.of_size(size, beside)
            if like is None:
                raise InexpressibleError(
                    f"cuts out {size[0]} × {size[1]}, but no layer above has that size, which CenterCrop could be like",
                    value.origin,
                )
            row = Row("CenterCrop", {}, (value.row,), (channels, *size), name, numbered, value.origin, lazy=True)
            row.like = like
            self._crops[key] = self.add(row).row
        return Value(self._crops[key], (channels, crop.height, crop.width), value.seen)

    def of_size(self, size: tuple[int, int], beside: Iterable[Value] = ()) -> int | None:
        """A row whose output has this height and width: one of ``beside``, else the nearest above."""
        for value in beside:
            if value.crop is None and value.shape[1:] == size:
                return value.row
        for number in reversed(range(len(self.all))):
            row = self.all[number]
            if row is not None and row.shape[1:] == size:
                return number
        return IMAGE if self.image[1:] == size else None

    def share(self, row: Row) -> None:
        """Where the tensors of ``row`` are another's already, it uses that one's weights; raises InexpressibleError."""
        firsts = {self._owner[each] for each in row.weights if each in self._owner}
        if not firsts:
            self._owner |= dict.fromkeys(row.weights, len(self.all))
            return
        first = self[min(firsts)]
        apart = f"uses weights of {first.name}"
        if len(firsts) > 1 or first.weights != row.weights:
            raise InexpressibleError(f"{apart}, but not all of them; weights_of: is for all")
        if first.kind != row.kind or first.fields != row.fields:
            changed = [key for key in first.fields if first.fields[key] != row.fields.get(key)]
            raise InexpressibleError(f"{apart} with another {', '.join(changed) or 'kind'}; weights_of: needs the same")
        row.weights_of = min(firsts)

    def remove(self, number: int) -> None:
        """A row that nothing reads any more."""
        self.all[number] = None

    # --- the network ----------------------------------------------------------------------------------------------

    def network(self, title: str) -> tuple[Network, dict[str, Row]]:
        """The network, and the row of each layer's name. Raises InexpressibleError."""
        names = self._names()
        if len(names) > MAX_LAYERS:
            raise InexpressibleError(f"has {len(names)} layers, and a table may have at most {MAX_LAYERS}")
        layers: list[NamedLayer] = []
        above = INPUT
        names[IMAGE] = INPUT
        for number, row in enumerate(self.all):
            if row is None:
                continue
            sources = tuple(names[source] for source in row.sources)
            others = {
                key: names[other] for key, other in (("like", row.like), ("weights_of", row.weights_of))
                if other is not None
            }  # fmt: skip
            given: dict[str, Any] = {"type": row.kind, **row.fields, **others}
            if row.activation:
                given["activation"] = row.activation
            if len(sources) > 1:
                given["from"] = sources
            elif sources != (above,):
                given["from"] = sources[0]
            try:
                kind = KINDS[row.kind].model_validate(given)
            except ValidationError as error:
                first = error.errors()[0]
                where = ".".join(map(str, first["loc"]))
                raise InexpressibleError(f"{where}: {first['msg']}", row.node) from None
            layers.append(NamedLayer(names[number], kind, sources, **others))
            above = names[number]
        rows = {names[number]: row for number, row in enumerate(self.all) if row is not None}
        return Network(title, self.image, tuple(layers)), rows

    def _names(self) -> dict[int, str]:
        """A name for each row: first those that modules give, then the others, numbered where there are several."""
        taken = {workbook_name(name) for name in RESERVED}
        names: dict[int, str] = {}
        rows = [(number, row) for number, row in enumerate(self.all) if row is not None]
        wished = [row.name for _, row in rows if row.numbered]
        for number, row in rows:
            if not row.numbered:
                names[number] = _free(row.name, taken, start=2, apart="_")
        for number, row in rows:
            if row.numbered:
                several = wished.count(row.name) > 1
                names[number] = _free(row.name, taken, start=1 if several else 2, numbered=several)
        return names


def _free(name: str, taken: set[str], *, start: int, apart: str = "", numbered: bool = False) -> str:
    name = name[-(LONGEST_NAME - 6) :]
    found, number = name, start
    if numbered:
        found, number = f"{name}{start}", start + 1
    while workbook_name(found) in taken:
        found, number = f"{name}{apart}{number}", number + 1
    taken.add(workbook_name(found))
    return found


def layer_name(path: str, kind: str) -> str:
    """``features.0`` as features_0; a path of numbers only gets a word before it: conv_0."""
    name = re.sub(r"[^\w-]+", "_", path)
    return f"{word(kind)}_{name}" if re.fullmatch(r"[\d_]+", name) else name


def word(kind: str) -> str:
    """What a layer of this kind is called: conv, pool, relu."""
    return WORDS.get(kind, kind.removesuffix("2d").lower())


def values_of(nodes: Iterable[Any], values: Mapping[Any, Value | None]) -> Sequence[Value]:
    return [value for node in nodes if (value := values.get(node)) is not None]
