"""The wrong rules that a coursework declares, as plain data: what is said of each, and which formulas it has instead.

For what no change of one formula makes: another network's numbers, one more class, statistics counted as parameters.
This room must not know YAML documents, networks, or how a wrong number is explained.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Misconception:
    """``says`` continues "The student ...", and holds no number that is asked.

    ``instead`` has the formula that the rule puts in the place of the right one, by the id of the number
    (``conv2.weights``) or of the setting (``conv1.padding_height``, always a number). The names in a formula are its
    layer's own: settings, or numbers that the sheet's table has.
    """

    id: str
    says: str
    instead: Mapping[str, str] = field(hash=False)
