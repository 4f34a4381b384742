"""Which line is which layer, from the labels that a person gave them.

Each label is weighed against each layer; what is named outright is settled wherever it stands, so that rows may be
moved or sorted, and the rest by their order, which is that of the network.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from ..vocabulary import hear_label, said_names
from .known import Known

NAMED, OUTRIGHT = 0.95, 0.75  # weights: the layer's own name, and what speaks of one layer only
LEAST = 0.35
MOST_ALIGNED = 400_000  # pairs of a label and a layer that are tried in order


@dataclass(frozen=True, slots=True)
class Match:
    layer: str
    weight: float
    certainty: float


class Labels:
    """Weighs labels against the layers of one network."""

    def __init__(self, known: Known) -> None:
        self.known = known
        self.weights = lru_cache(maxsize=4096)(self._weights)

    def _weights(self, text: str) -> Mapping[str, float]:
        """Layer -> how well ``text`` fits as its label, from LEAST to 1."""
        names, label = said_names(text), hear_label(text)
        found: dict[str, float] = {}
        for layer in self.known.layers:
            if layer.plain in names:
                found[layer.name] = 1.0 if layer.plain == names[0] else NAMED
        if found or not names:
            return found
        for layer in self.known.layers:
            if layer.short in names and layer.short != layer.plain:
                found[layer.name] = 0.5
            elif label.family and label.family == layer.family:
                if layer.family in ("input", "total"):
                    found[layer.name] = 0.9
                elif label.number is None:
                    found[layer.name] = 0.4
                elif label.number == layer.own:
                    found[layer.name] = 0.9
                elif label.number == layer.nth:
                    found[layer.name] = 0.8
        inner = [layer for layer in self.known.layers if layer.family not in ("input", "total")]
        if not found and label.family == "output":
            found[inner[-1].name] = 0.7
        if not found and not label.family and label.number is not None and 0 < label.number <= len(inner):
            found[inner[label.number - 1].name] = 0.4
        return found

    def match(self, labels: Sequence[tuple[int, str]]) -> dict[int, Match]:
        """Line -> the layer it is of, for (line, label) pairs in the order of the lines; each layer once."""
        weighed = [(line, weights) for line, text in labels if (weights := self.weights(text))]
        ordered = self._in_order(weighed)
        outright = self._outright(weighed)
        if sum(each.weight for each in ordered.values()) > sum(each.weight for each in outright.values()):
            return ordered
        return outright

    def _outright(self, weighed: Sequence[tuple[int, Mapping[str, float]]]) -> dict[int, Match]:
        """The best pairs first, wherever they stand."""
        pairs = sorted(
            ((weight, -line, layer) for line, weights in weighed for layer, weight in weights.items()), reverse=True
        )
        found: dict[int, Match] = {}
        taken: set[str] = set()
        for weight, minus, layer in pairs:
            if -minus not in found and layer not in taken and weight >= LEAST:
                taken.add(layer)
                found[-minus] = Match(layer, weight, 0)
        return self._sure(found, dict(weighed))

    def _in_order(self, weighed: Sequence[tuple[int, Mapping[str, float]]]) -> dict[int, Match]:
        """The best pairs that keep the order of the network (as sequences are aligned: Needleman, Wunsch 1970)."""
        layers = [layer.name for layer in self.known.layers]
        if len(layers) * len(weighed) > MOST_ALIGNED:
            return {}
        best = [[0.0] * (len(layers) + 1) for _ in range(len(weighed) + 1)]
        for i in range(len(weighed) - 1, -1, -1):
            weights = weighed[i][1]
            row, below = best[i], best[i + 1]
            for j in range(len(layers) - 1, -1, -1):
                row[j] = max(row[j + 1], below[j], weights.get(layers[j], 0.0) + below[j + 1])
        found: dict[int, Match] = {}
        i = j = 0
        while i < len(weighed) and j < len(layers):
            line, weights = weighed[i]
            weight = weights.get(layers[j], 0.0)
            if weight >= LEAST and best[i][j] == weight + best[i + 1][j + 1]:
                found[line] = Match(layers[j], weight, 0)
                i, j = i + 1, j + 1
            elif best[i][j] == best[i][j + 1]:
                j += 1
            else:
                i += 1
        return self._sure(found, dict(weighed))

    def _sure(self, found: dict[int, Match], weighed: Mapping[int, Mapping[str, float]]) -> dict[int, Match]:
        """With how sure each is: against what else its label could mean, as far as that is not another line's."""
        taken = {match.layer: line for line, match in found.items()}
        sure = {}
        for line, match in found.items():
            rivals = [
                weight
                for layer, weight in weighed[line].items()
                if layer != match.layer and (layer not in taken or found[taken[layer]].weight < weight)
            ]
            certainty = match.weight / (match.weight + max(rivals, default=0) + 0.05) if match.weight < NAMED else 0.99
            sure[line] = Match(match.layer, match.weight, round(certainty, 3))
        return sure
