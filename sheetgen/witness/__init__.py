"""The third witness: a real PyTorch network built from the spec, whose figures are measured, never recomputed.

- Shapes and neurons: a forward hook on the module of each row, on a real batch (``building.py``).
- Weights, biases, parameters, memory: the elements of the module's tensors (``tensors.py``).
- Connections, fan-in, multiply-accumulates: the real layer is run with every weight 1 on an input of ones. Each output
  is then the fan-in of its unit, and their sum the connections. Padding is zeros, and so is not counted; padded with
  ones instead, it is. A pooling unit has no weights: which pixels reach it is tried out (``counting.py``).
- The input's size: does the first layer's last window reach the last row, column and channel?
- Receptive fields: one pixel after the other is lit, and which units notice is written down (``seeing.py``).
- How the weights start, and a loss written out by hand against PyTorch's (``starting.py``, ``loss.py``).

What a measurement cannot see is absent: a convention ("pooling is not counted") is nothing that a network shows.
A fourth opinion comes from torch.utils.flop_counter, which counts multiply-accumulates by rules of its own.

This room knows networks and torch, which it imports when it is asked to measure; it must not know the formulas.
"""

from __future__ import annotations

from .building import Built as Built
from .building import build as build
from .loss import weighted_cross_entropy as weighted_cross_entropy
from .machine import DEVICES as DEVICES
from .measuring import Measured as Measured
from .measuring import measure as measure
from .starting import agrees as agrees
from .starting import measure_init as measure_init
