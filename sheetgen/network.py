"""The graph of a network: named layers, each with the layer that it reads. Knows nothing of files or numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .layers import Layer

INPUT, TOTAL = "input", "total"  # the pseudo-layers of a table: its first and its last row


@dataclass(frozen=True, slots=True)
class NamedLayer:
    name: str
    kind: Layer
    source: str  # the layer whose output it reads, or "input"


@dataclass(frozen=True, slots=True)
class Network:
    """A directed graph without cycles: a layer reads the layer that ``source`` names, which stands above it."""

    name: str
    input: tuple[int, int, int]  # channels, height, width
    layers: tuple[NamedLayer, ...]
