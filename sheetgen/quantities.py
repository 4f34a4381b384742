"""The names of what a table can show, each once: quantities, their headings, columns, and names in a workbook.

Plain words, so that marking a submission need not load what reads a YAML.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType

# Every quantity that is computed, in the order of a sensible table, with its heading. The sizes of memory are in bytes
# of the conventions' dtype; a receptive field, its jump (the distance of neighbouring units' fields, the effective
# stride) and the centre of the first unit's are in pixels of the image, along its height where no side is named.
QUANTITIES: Mapping[str, str] = MappingProxyType(
    {
        "in_channels": "Input channels",
        "in_height": "Input height",
        "in_width": "Input width",
        "out_channels": "Output channels",
        "out_height": "Output height",
        "out_width": "Output width",
        "input_size": "Input size",
        "output_size": "Output size",
        "neurons": "Neurons",
        "fan_in": "Fan-in",
        "weights": "Weights",
        "biases": "Biases",
        "parameters": "Parameters",
        "fixed_parameters": "Fixed parameters",
        "running_statistics": "Running statistics",
        "connections": "Connections",
        "macs": "MACs",
        "flops": "FLOPs",
        "activation_memory": "Activation memory (bytes)",
        "parameter_memory": "Parameter memory (bytes)",
        "receptive_field": "Receptive field",
        "receptive_field_height": "Receptive field, height",
        "receptive_field_width": "Receptive field, width",
        "jump": "Jump",
        "jump_height": "Jump, height",
        "jump_width": "Jump, width",
        "centre": "Centre of the first unit",
        "centre_height": "Centre of the first unit, height",
        "centre_width": "Centre of the first unit, width",
        "fully_connected_parameters": "Parameters if fully connected",
        "fully_connected_ratio": "Fully connected / own parameters",
        "parameters_share": "Share of parameters",
        "connections_share": "Share of connections",
        "macs_share": "Share of MACs",
    }
)
# What every table has; the others are computed where a column or a formula asks for them.
CORE = (
    "in_channels",
    "in_height",
    "in_width",
    "out_channels",
    "out_height",
    "out_width",
    "neurons",
    "weights",
    "biases",
    "parameters",
    "connections",
)
# Several numbers in one cell, 55 x 55 x 96: height, width, channels.
COMPOSITE: Mapping[str, tuple[str, str, str]] = MappingProxyType(
    {
        "input_size": ("in_height", "in_width", "in_channels"),
        "output_size": ("out_height", "out_width", "out_channels"),
    }
)
# Those that need not be whole.
FRACTIONAL = frozenset(
    name
    for name in QUANTITIES
    if name.endswith(("_share", "_ratio")) or name.startswith(("receptive_field", "jump", "centre"))
)
LARGEST = 999_999_999_999_999  # 15 digits, the most that Excel keeps exactly
# Those that a totals row can add up.
SUMMABLE = (
    "neurons",
    "weights",
    "biases",
    "parameters",
    "fixed_parameters",
    "running_statistics",
    "connections",
    "macs",
    "flops",
    "activation_memory",
    "parameter_memory",
    "fully_connected_parameters",
)
SHARES: Mapping[str, str] = MappingProxyType({f"{name}_share": name for name in ("parameters", "connections", "macs")})
# Columns that show what the YAML says.
GIVEN_COLUMNS: Mapping[str, str] = MappingProxyType(
    {
        "layer": "Layer",
        "type": "Type",
        "from": "Input from",
        "kernel_size": "Kernel",
        "stride": "Stride",
        "padding": "Padding",
        "dilation": "Dilation",
        "groups": "Groups",
    }
)
COLUMNS: Mapping[str, str] = MappingProxyType({**GIVEN_COLUMNS, **QUANTITIES})


@dataclass(frozen=True, slots=True)
class Custom:
    """A quantity of a coursework's own: a formula over the others and a layer's settings.

    A layer that lacks something the formula names has no such quantity.
    """

    name: str
    formula: str
    heading: str
    total: bool = False  # may a totals row add it up?


STUDENT = "student"  # the workbook's name of the cell for the student's id; an answer's has a point in it


@lru_cache(maxsize=4096)
def defined_name(answer: str) -> str:
    """The workbook's name of a blank: the answer's id, except where Excel would not take it for a name.

    A name may not begin with a digit (``_3a.1x1.parameters``) nor hold other than letters, digits, ``_`` and ``.``;
    ``a-b`` becomes ``a_b``. It cannot look like a cell: an id has a point and a quantity at its end. Excel takes names
    that differ in capitals only for the same; that no two layers get the same name is seen to by ``spec.py``.
    """
    kept = "".join(char if char.isalpha() or char.isdecimal() or char in "._" else "_" for char in answer)
    return kept if kept[0].isalpha() or kept[0] == "_" else f"_{kept}"
