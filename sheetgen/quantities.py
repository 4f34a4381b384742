"""The names of what a table can show, each once: quantities, their headings, and the columns of a sheet.

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
