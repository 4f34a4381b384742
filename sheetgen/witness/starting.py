"""How the weights of a fresh network are distributed, against what the spec declares."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING

from ..layers import Init
from ..network import INPUT, Network
from .building import SEED, build, is_bias, materialised
from .machine import AUTO, META, device_of, refusals_of

if TYPE_CHECKING:
    from torch import Tensor

STANDARD_ERRORS = 6  # a sample strays further once in a billion times
CHUNK = 1 << 22  # weights that are added up at once


def measure_init(network: Network, device: str = AUTO) -> dict[str, dict[str, float]]:
    """What the tensors of each layer with ``init:`` hold, once the real layer is initialised.

    ``weights`` is how many there are, ``mean`` and ``std`` are the sample's; ``bias_least`` and ``bias_most`` the
    smallest and the largest bias, of a layer that has biases. A layer that uses another's weights has none of its own.
    Raises DeviceError for the meta device, which has no values.
    """
    where = device_of(device, computes=True)
    import torch

    shapes = {row.name: row.output for row in build(network, torch.device(META))}
    shapes[INPUT] = network.input
    generator = torch.Generator(where).manual_seed(SEED)
    found: dict[str, dict[str, float]] = {}
    for layer in network.layers:
        if getattr(layer.kind, "init", None) is None or layer.weights_of is not None:
            continue
        with torch.no_grad(), refusals_of(layer.name, where):
            tensors = materialised(layer, shapes, where, generator).named_parameters()
            for name, tensor in tensors:
                ends = {"bias_least": tensor.min().item(), "bias_most": tensor.max().item()}
                found.setdefault(layer.name, {}).update(ends if is_bias(name) else _sample(tensor))
    return found


def _sample(tensor: Tensor) -> dict[str, float]:
    """Size, mean and standard deviation, in float64 throughout."""
    flat, size = tensor.flatten(), tensor.numel()
    chunks = [flat[start : start + CHUNK] for start in range(0, size, CHUNK)]
    mean = sum(chunk.double().sum().item() for chunk in chunks) / size
    squares = sum((chunk.double() - mean).square().sum().item() for chunk in chunks)
    return {"weights": size, "mean": mean, "std": math.sqrt(squares / max(1, size - 1))}


def agrees(declared: Init, measured: Mapping[str, float]) -> dict[str, bool]:
    """Whether a layer's sample (of ``measure_init``) is one of the declared distribution: mean, std, and bias if any.

    The mean of n weights has the standard error std / sqrt(n), their standard deviation std / sqrt(2(n - 1)).
    """
    size = measured["weights"]
    near = STANDARD_ERRORS * declared.std
    found = {"mean": abs(measured["mean"] - declared.mean) <= near / math.sqrt(size)}
    if size > 1:  # a single weight does not vary
        found["std"] = abs(measured["std"] - declared.std) <= near / math.sqrt(2 * (size - 1))
    if "bias_least" in measured:
        found["bias"] = all(
            math.isclose(measured[end], declared.bias, rel_tol=1e-6) for end in ("bias_least", "bias_most")
        )
    return found
