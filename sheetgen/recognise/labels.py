"""Which line is which layer, from the labels that a person gave them.

Each label is weighed against each layer; what is named outright is settled wherever it stands, so that rows may be
moved or sorted, and the rest by their order, which is that of the network.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from ..vocabulary import hear_label, said_names
from .known import Known
from .numbering import Says, what_counts

NAMED, OUTRIGHT, BY_PLACE, BY_KIND = (
    0.95,
    0.75,
    0.7,
    0.38,
)  # weights: the layer's own name; what speaks of one layer only; "output"; its kind
LEAST = 0.2
IN_ORDER = 0.9  # certainty
BY_CONTENT = 0.5  # from which on cells have spoken for what a kind leaves open
HINTED = 0.3  # of a kind, where only what the cells hold may speak for it
UNPLACED, DISPUTED = 0.45, 0.6  # most certainty beside rows of the kind that have no layer: by order alone, and else
MOST_ALIGNED = 400_000  # pairs of a label and a layer that are tried in order


Content = Callable[[int, str], tuple[float, int]]  # cells that agree, small numbers for little; that do not


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

    def _weights(self, text: str, says: Says = Says.ALL) -> Mapping[str, float]:
        """Layer -> how well ``text`` fits as its label, from LEAST to 1."""
        names, label = said_names(text), hear_label(text)
        found: dict[str, float] = {}
        for layer in self.known.layers:
            if layer.plain in names and layer.family not in ("input", "total"):  # which any sheet may have
                found[layer.name] = 1.0 if layer.plain == names[0] else NAMED
        if says is Says.KIND:
            found = dict.fromkeys(found, 0.5) if self.known.has_blocks else {}
        elif says is Says.ORDINAL:
            found = {}
        elif found:
            return found
        if not names or label.stage:
            return found
        doubt = 0.6**label.strange
        for layer in self.known.layers:
            if layer.short in names and layer.short != layer.plain:
                found[layer.name] = 0.5
            elif layer.name in found:
                continue
            elif label.family and label.family == layer.family:
                if layer.family in ("input", "total"):  # "Total encoder" is another total
                    found[layer.name] = 0.9 if not label.strange else 0
                elif label.number is None or says is Says.KIND:
                    found[layer.name] = 0.4 * doubt
                elif label.number == layer.own and says is not Says.ORDINAL:
                    found[layer.name] = 0.9 * doubt
                elif label.number == layer.nth:  # which says little where blocks have many of a kind
                    found[layer.name] = (0.4 if self.known.has_blocks else 0.8) * doubt
            elif label.family and label.family == layer.called and (label.number is None or says is Says.KIND):
                found[layer.name] = BY_KIND * doubt
        inner = [layer for layer in self.known.layers if layer.family not in ("input", "total")]
        if not found and label.family == "output" and says is not Says.KIND:
            found[inner[-1].name] = 0.7
        if not found and not label.family and label.number is not None and 0 < label.number <= len(inner):
            found[inner[label.number - 1].name] = 0.4
        return {name: weight for name, weight in found.items() if weight >= 0.2}

    def match(self, labels: Sequence[tuple[int, str]], content: Content | None = None) -> dict[int, Match]:
        """Line -> the layer it is of, for (line, label) pairs in the order of the lines; each layer once.

        ``content`` tells of a line and a layer how many of its given cells agree and how many do not: what a label
        leaves open, the cells settle.
        """
        counts = what_counts(labels, self.known.layers)
        weighed = [(line, weights) for line, text in labels if (weights := self.weights(text, counts[line]))]
        said = dict(weighed)
        if content is not None:
            heard = {line: hear_label(text).family for line, text in labels}
            weighed = [(line, self._settled(line, heard[line], weights, content)) for line, weights in weighed]
        ordered, outright = self._in_order(weighed), self._outright(weighed)
        better = sum(each.weight for each in ordered.values()) >= sum(each.weight for each in outright.values()) - 1e-9
        found = {
            line: match
            if match.layer in said[line]
            else Match(match.layer, match.weight, DISPUTED)  # what its cells say, against its label
            for line, match in (ordered if better else outright).items()
        }
        return self._beside_unplaced(found, labels)

    def _settled(self, line: int, family: str, weights: Mapping[str, float], content: Content) -> Mapping[str, float]:
        """The weights of a line's label with what its given cells say of each layer, those of its kind too."""
        if max(weights.values()) >= NAMED:
            return weights
        found = {}
        for layer in self.known.layers:
            of_kind = family not in ("", "input", "total") and family in (layer.family, layer.called)
            weight = weights.get(layer.name, HINTED if of_kind else 0)
            if not weight:
                continue
            agree, differ = content(line, layer.name)
            if layer.name in weights or (agree >= 1 and not differ):
                found[layer.name] = min(0.94, weight + 0.12 * min(agree, 4)) * 0.5**differ
        return {layer: weight for layer, weight in found.items() if weight >= 0.1} or weights

    def _beside_unplaced(self, found: Mapping[int, Match], labels: Sequence[tuple[int, str]]) -> dict[int, Match]:
        """The matches, less sure where another row of their kind has no layer: which of them has none, who knows."""
        heard = {line: hear_label(text) for line, text in labels}
        unplaced = {
            label.family
            for line, label in heard.items()
            if line not in found and not label.strange and label.family not in ("", "input", "total", "output")
        } & {layer.family for layer in self.known.layers}
        return {
            line: Match(
                match.layer,
                match.weight,
                min(match.certainty, UNPLACED if match.weight < BY_CONTENT else DISPUTED),
            )
            if match.weight < NAMED and heard[line].family in unplaced
            else match
            for line, match in found.items()
        }

    def _outright(self, weighed: Sequence[tuple[int, Mapping[str, float]]]) -> dict[int, Match]:
        """The best pairs first, wherever they stand."""
        place = {layer.name: at for at, layer in enumerate(self.known.layers)}
        pairs = sorted(
            (-weight, line, place[layer], layer) for line, weights in weighed for layer, weight in weights.items()
        )
        found: dict[int, Match] = {}
        taken: set[str] = set()
        for minus, line, _, layer in pairs:
            if line not in found and layer not in taken and -minus >= LEAST:
                taken.add(layer)
                found[line] = Match(layer, -minus, 0)
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
        """With how sure each is: against what else its label could mean that is no other line's."""
        taken = {match.layer for match in found.values()}
        sure = {}
        for line, match in found.items():
            rivals = [weight for layer, weight in weighed[line].items() if layer not in taken]
            if match.weight >= NAMED:
                certainty = 0.99
            elif BY_KIND <= match.weight < BY_PLACE and not rivals:  # as many of the kind as layers, in their order
                certainty = IN_ORDER
            else:
                most = match.weight + (0.1 if match.weight >= BY_PLACE else 0.3)  # below it, cells have spoken
                certainty = match.weight / (match.weight + max(rivals, default=0)) * min(0.98, most)
                if match.weight > BY_PLACE and not rivals:
                    certainty = max(certainty, IN_ORDER)
            sure[line] = Match(match.layer, match.weight, round(certainty, 3))
        return sure
