"""Layers without windows, weights or branches: normalisation, dropout, functions of each value, flattening."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from pydantic import Field

from .base import Count, Layer, Reach, Shape, whole_reach


class Flatten(Layer):
    """All of the input as channels of one pixel."""

    type: Literal["Flatten"] = "Flatten"
    whole: ClassVar[bool] = True
    FORMULAS: ClassVar[Mapping[str, str]] = {
        **Layer.FORMULAS,
        "out_channels": "in_channels * in_height * in_width",
        "out_height": "1",
        "out_width": "1",
        "output_size": "out_channels",
    }

    def reach(self, axis: str) -> Reach | None:
        return whole_reach(axis)

    def unlike(self, shape: Shape, inputs: bool) -> bool:
        return inputs or shape[1:] != (1, 1)  # each of its maps is one unit

    def module(self, nn: Any, shape: Shape, out: Shape) -> Any:  # noqa: ARG002
        return nn.Sequential(nn.Flatten(), nn.Unflatten(1, (shape[0] * shape[1] * shape[2], 1, 1)))


class LocalResponseNorm(Layer):
    """Krizhevsky 2012, section 3.3. Changes no shape; its inputs are not counted as connections."""

    type: Literal["LocalResponseNorm"] = "LocalResponseNorm"
    size: Count
    alpha: float = 1e-4
    beta: float = 0.75
    k: float = 1.0

    def module(self, nn: Any, shape: Shape, out: Shape) -> Any:  # noqa: ARG002
        return nn.LocalResponseNorm(self.size, alpha=self.alpha, beta=self.beta, k=self.k)


class Dropout(Layer):
    """Sets a share ``p`` of its inputs to zero in training; nothing to count."""

    type: Literal["Dropout"] = "Dropout"
    p: float = Field(0.5, ge=0, le=1)

    def module(self, nn: Any, shape: Shape, out: Shape) -> Any:  # noqa: ARG002
        return nn.Dropout(self.p)


class _Function(Layer):
    """A function of each value by itself; nothing to count."""

    def module(self, nn: Any, shape: Shape, out: Shape) -> Any:  # noqa: ARG002
        return activation(nn, self.type)


class ReLU(_Function):
    type: Literal["ReLU"] = "ReLU"


class ReLU6(_Function):
    """ReLU, cut off at 6 (Howard 2017)."""

    type: Literal["ReLU6"] = "ReLU6"


class LeakyReLU(_Function):
    """With PyTorch's slope of 0.01."""

    type: Literal["LeakyReLU"] = "LeakyReLU"


class ELU(_Function):
    type: Literal["ELU"] = "ELU"


class GELU(_Function):
    type: Literal["GELU"] = "GELU"


class SiLU(_Function):
    type: Literal["SiLU"] = "SiLU"


class Hardswish(_Function):
    type: Literal["Hardswish"] = "Hardswish"


class Tanh(_Function):
    type: Literal["Tanh"] = "Tanh"


class Sigmoid(_Function):
    type: Literal["Sigmoid"] = "Sigmoid"


class Softmax(_Function):
    """Over the channels."""

    type: Literal["Softmax"] = "Softmax"


class LogSoftmax(_Function):
    """The logarithm of the softmax over the channels, as torch.nn.NLLLoss wants it."""

    type: Literal["LogSoftmax"] = "LogSoftmax"


FUNCTIONS: tuple[type[Layer], ...] = (
    ReLU,
    ReLU6,
    LeakyReLU,
    ELU,
    GELU,
    SiLU,
    Hardswish,
    Tanh,
    Sigmoid,
    Softmax,
    LogSoftmax,
)


def activation(nn: Any, name: str) -> Any:
    """The ``torch.nn`` module of an activation; softmax is taken over the channels."""
    return getattr(nn, name)(dim=1) if name in ("Softmax", "LogSoftmax") else getattr(nn, name)()
