"""The names of what a table can show, each once: quantities, their headings, columns, and names in a workbook.

Plain words, so that marking a submission need not load what reads a YAML.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

# Every quantity that is computed, in the order of a sensible table, with its heading.
QUANTITIES: Mapping[str, str] = MappingProxyType(
    {
        "in_channels": "Input channels",
        "in_height": "Input height",
        "in_width": "Input width",
        "out_channels": "Output channels",
        "out_height": "Output height",
        "out_width": "Output width",
        "neurons": "Neurons",
        "weights": "Weights",
        "biases": "Biases",
        "parameters": "Parameters",
        "connections": "Connections",
    }
)
LARGEST = 999_999_999_999_999  # 15 digits, the most that Excel keeps exactly
# Those that a totals row can add up.
SUMMABLE = ("neurons", "weights", "biases", "parameters", "connections")
# Columns that show what the YAML says.
GIVEN_COLUMNS: Mapping[str, str] = MappingProxyType(
    {
        "layer": "Layer",
        "type": "Type",
        "kernel_size": "Kernel",
        "stride": "Stride",
        "padding": "Padding",
        "dilation": "Dilation",
        "groups": "Groups",
    }
)
COLUMNS: Mapping[str, str] = MappingProxyType({**GIVEN_COLUMNS, **QUANTITIES})


def defined_name(answer: str) -> str:
    """The workbook's name of a blank: the answer's id, except where Excel would not take it for a name.

    A name may not begin with a digit (``_3a.1x1.parameters``) nor hold other than letters, digits, ``_`` and ``.``;
    ``a-b`` becomes ``a_b``. It cannot look like a cell: an id has a point and a quantity at its end. Excel takes names
    that differ in capitals only for the same; that no two layers get the same name is seen to by ``spec.py``.
    """
    kept = "".join(char if char.isalpha() or char.isdecimal() or char in "._" else "_" for char in answer)
    return kept if kept[0].isalpha() or kept[0] == "_" else f"_{kept}"
