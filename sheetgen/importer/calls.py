"""What a recorded call was given: its arguments by name. Knows torch.fx; must not know layers."""

from __future__ import annotations

from math import prod
from typing import Any

from torch import fx

from .rows import InexpressibleError

WEIGHT = "weight"  # the operation of a node that holds a tensor that no call made


def call_of(node: fx.Node) -> int:
    """The number of the run of the module that a node is part of."""
    calls = node.meta["calls"]
    return int(calls[-1].number) if calls else 0


def size_of(node: fx.Node) -> int:
    return prod(node.meta["shape"] or (0,))


def bound(node: fx.Node, names: str, **defaults: Any) -> dict[str, Any]:
    """The arguments of a call by name; ``names`` are the positional ones."""
    given = dict(zip(names.split(), node.args, strict=False))
    return {**dict.fromkeys(names.split()), **defaults, **given, **node.kwargs}


def pair(given: Any) -> tuple[int, int]:
    if isinstance(given, int):
        return (given, given)
    sizes = [int(each) for each in given]
    return (sizes[0], sizes[-1])


def stride_of(given: Any, kernel: Any) -> tuple[int, int] | None:
    """The stride of a pooling; None where it is the kernel's size, as a YAML leaves it out."""
    stride = pair(given or kernel)
    return None if stride == pair(kernel) else stride


def weight_of(node: Any) -> Any:
    """The tensor of a weight's node; None where there is none."""
    if node is None:
        return None
    if node.meta["op"] != WEIGHT:
        raise InexpressibleError("its weights are another layer's output")
    return node.meta["tensor"]


def only_input(node: fx.Node) -> fx.Node:
    return node.all_input_nodes[0]
