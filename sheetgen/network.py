"""The graph of a network: named layers, each with the layers that it reads. Knows nothing of files or numbers."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .layers import Layer

INPUT, TOTAL = "input", "total"  # the pseudo-layers of a table: its first and its last row


@dataclass(frozen=True, slots=True)
class NamedLayer:
    name: str  # a layer of a block has its block's name before its own: 3a.1x1
    kind: Layer
    sources: tuple[str, ...]  # the layers whose output it reads, or "input"
    like: str | None = None  # the layer that a crop is like
    weights_of: str | None = None  # the layer whose weights it uses again

    @property
    def source(self) -> str:
        """The first of its sources, for most layers the only one."""
        return self.sources[0]

    def reads(self, others: Collection[str] = ()) -> tuple[str, ...]:
        """Its sources in the words of a table: those of its own block without the block's name.

        With it where the short name is that of one of the ``others`` too.
        """
        block = self.name.rpartition(".")[0] + "."
        short = (source.removeprefix(block) for source in self.sources)
        return tuple(source if name in others else name for source, name in zip(self.sources, short, strict=True))

    def describe(self, others: Collection[str] = (), *, sources: bool = True) -> str:
        """The kind in the words of a table, with its sources where the YAML names them."""
        return self.kind.describe(self.reads(others) if sources and self.kind.from_ else ())


@dataclass(frozen=True, slots=True)
class Block:
    """Layers that the YAML uses under one name; ``source`` is what the first of them read as their input."""

    name: str
    type: str  # in words: Inception, or Bottleneck × 2 where it is repeated
    layers: tuple[str, ...]
    source: str


@dataclass(frozen=True, slots=True)
class Network:
    """A directed graph without cycles: a layer reads layers that stand above it."""

    name: str
    input: tuple[int, int, int]  # channels, height, width
    layers: tuple[NamedLayer, ...]
    blocks: tuple[Block, ...] = ()
