"""What is known of a coursework's network while a table of it is looked for: its layers, and every number by place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from ..expr import Value
from ..layout import answer_at
from ..network import INPUT, TOTAL
from ..quantities import COMPOSITE, QUANTITIES
from ..sheet import Sheet
from ..vocabulary import OF_KIND, hear_label, plain_name

SETTINGS = ("kernel_size", "stride", "padding", "dilation", "groups")


@dataclass(frozen=True, slots=True)
class Named:
    """A layer as a label may speak of it: the number in its own name, and which of its family it is."""

    name: str
    plain: str
    short: str  # of a layer in a block, without the block's name
    family: str
    own: int | None
    nth: int
    called: str = ""  # the family of what it may be called as well: C5, whose kernel covers its map, is fully connected


class Known:
    """The layers of a sheet, and what stands where."""

    def __init__(self, sheet: Sheet) -> None:
        self.sheet = sheet
        self.layers: tuple[Named, ...] = tuple(self._named())

    def _named(self) -> list[Named]:
        kinds = {row.name: row.kind for row in self.sheet.table.rows}
        families: dict[str, int] = {}
        found = []
        for name in self.sheet.rows:
            family = {INPUT: "input", TOTAL: "total"}.get(name, OF_KIND.get(kinds.get(name, ""), ""))
            families[family] = families.get(family, 0) + 1
            short = name.rpartition(".")[2]
            called = "fc" if family == "conv" and self._covers_its_map(name) else ""
            found.append(
                Named(name, plain_name(name), plain_name(short), family, _own(short), families[family], called)
            )
        return found

    def _covers_its_map(self, layer: str) -> bool:
        numbers = self.sheet.table.numbers
        sides = [numbers.get(f"{layer}.{side}") for side in ("in_height", "in_width", "out_height", "out_width")]
        return sides[2:] == [1, 1] and sides[:2] != [1, 1]

    def has_filters(self, layer: str) -> bool:
        return bool(self.sheet.table.numbers.get(f"{layer}.weights"))

    @cached_property
    def counts_padding(self) -> bool:
        """Whether the coursework's connections include those to padding."""
        of = (each for answer, each in self.sheet.table.quantities.items() if answer.endswith(".connections"))
        return not any(name.startswith("taps") for quantity in of for name in quantity.binds)

    @cached_property
    def has_blocks(self) -> bool:
        return bool(self.sheet.table.blocks)

    @cached_property
    def quantities(self) -> tuple[str, ...]:
        """The quantities that some layer has a number of, and the settings."""
        shown = {answer.rpartition(".")[2] for answer in self.sheet.table.numbers}
        sizes = tuple(size for size in COMPOSITE if size not in shown)
        return (*(name for name in QUANTITIES if name in shown), *sizes, *SETTINGS)

    @cached_property
    def asked(self) -> frozenset[str]:
        """The quantities of the coursework's own columns, and the sides of sizes among them."""
        columns = set(self.sheet.columns)
        for size, sides in COMPOSITE.items():
            if size in columns:
                columns.update(sides)
            elif columns.issuperset(sides[:2]):
                columns.add(size)
        return frozenset(columns)

    def is_blank(self, layer: str, quantity: str) -> bool:
        return answer_at(layer, quantity) in self._blanks

    @cached_property
    def _blanks(self) -> frozenset[str]:
        return frozenset(cell.answer or "" for cell in self.sheet.blanks)

    def number(self, layer: str, quantity: str) -> Value | None:
        """What is right in the cell of a layer and a quantity; of a setting as the YAML has it."""
        if quantity in SETTINGS:
            return self._settings.get((layer, quantity))
        return self.sheet.table.numbers.get(answer_at(layer, quantity))

    def sides(self, layer: str, order: tuple[str, ...]) -> tuple[int, ...] | None:
        """The sides of a composite size, in ``order``."""
        found = [self.sheet.table.numbers.get(answer_at(layer, side)) for side in order]
        return tuple(side for side in found if isinstance(side, int)) if None not in found else None

    def shown(self, layer: str, quantity: str) -> Value | None:
        """What is right in a cell, as a person writes it: 55 x 55 x 96 of a size."""
        if quantity not in COMPOSITE:
            return self.number(layer, quantity)
        sides = self.sides(layer, COMPOSITE[quantity])
        return None if sides is None else " x ".join(map(str, sides))

    @cached_property
    def _settings(self) -> Mapping[tuple[str, str], Value]:
        """The settings that the formulas name: kernel_height 11 and kernel_width 11 are the kernel_size 11."""
        found: dict[tuple[str, str], dict[str, int]] = {}
        for answer, quantity in self.sheet.table.quantities.items():
            layer = answer.rpartition(".")[0]
            if layer == INPUT:  # its size is found from the first layer's settings, which are not its own
                continue
            for name, bind in quantity.binds.items():
                stem, _, side = name.rpartition("_")
                setting = {"kernel": "kernel_size"}.get(stem, stem)
                if isinstance(bind, int) and side in ("height", "width") and setting in SETTINGS:
                    found.setdefault((layer, setting), {})[side] = bind
                elif isinstance(bind, int) and name == "groups":
                    found.setdefault((layer, name), {})["height"] = bind
        return {key: next(iter(sides.values())) for key, sides in found.items() if len(set(sides.values())) == 1}


def _own(name: str) -> int | None:
    return hear_label(name).number
