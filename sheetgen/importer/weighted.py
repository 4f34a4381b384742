"""The operations with weights: convolutions, fully connected layers, normalisation, LeCun's subsampling."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, Any

import torch
from torch import fx

from .calls import bound, only_input, pair, stride_of, weight_of
from .rows import InexpressibleError, Value

if TYPE_CHECKING:
    from .translate import Translator


def conv2d(t: Translator, node: fx.Node) -> Value:
    a = bound(node, "input weight bias stride padding dilation groups", stride=1, padding=0, dilation=1, groups=1)
    source = t.layered(a["input"], node)
    padding = a["padding"]
    if isinstance(padding, str):
        padding = {"same": "same", "valid": (0, 0)}[padding]
    weight, bias = weight_of(a["weight"]), weight_of(a["bias"])
    return t.weighted(
        node,
        "Conv2d",
        source,
        (weight, bias),
        out_channels=weight.shape[0],
        kernel_size=tuple(weight.shape[2:]),
        stride=pair(a["stride"]),
        padding=padding if padding == "same" else pair(padding),
        dilation=pair(a["dilation"]),
        groups=a["groups"],
        bias=bias is not None,
    )


def conv_transpose2d(t: Translator, node: fx.Node) -> Value:
    a = bound(
        node, "input weight bias stride padding output_padding groups dilation",
        stride=1, padding=0, output_padding=0, groups=1, dilation=1,
    )  # fmt: skip
    source = t.layered(a["input"], node)
    weight, bias = weight_of(a["weight"]), weight_of(a["bias"])
    return t.weighted(
        node,
        "ConvTranspose2d",
        source,
        (weight, bias),
        out_channels=weight.shape[1] * a["groups"],
        kernel_size=tuple(weight.shape[2:]),
        stride=pair(a["stride"]),
        padding=pair(a["padding"]),
        output_padding=pair(a["output_padding"]),
        groups=a["groups"],
        bias=bias is not None,
        dilation=pair(a["dilation"]),
    )


def linear(t: Translator, node: fx.Node) -> Value:
    a = bound(node, "input weight bias")
    source = t.settled(a["input"], node)
    if source.seen != (prod(source.shape),):
        raise InexpressibleError(
            f"reads its input as {' × '.join(map(str, source.seen))}; a Linear of the table sees all of it at once"
        )
    weight, bias = weight_of(a["weight"]), weight_of(a["bias"])
    return t.weighted(node, "Linear", source, (weight, bias), out_features=weight.shape[0], bias=bias is not None)


def batch_norm(t: Translator, node: fx.Node) -> Value:
    names = "input running_mean running_var weight bias training"
    if node.target is torch.batch_norm:  # what F.batch_norm calls, in another order
        names = "input weight bias running_mean running_var training"
    a = bound(node, names, training=False)
    if a["training"]:
        raise InexpressibleError("normalises by the mean of the batch; only running statistics can be expressed")
    tensors = [weight_of(a[name]) for name in ("weight", "bias")]
    if (tensors[0] is None) != (tensors[1] is None):
        raise InexpressibleError("has a scale but no shift, or the other way round; BatchNorm2d has both or none")
    state = [weight_of(a[name]) for name in ("running_mean", "running_var")]
    return t.weighted(node, "BatchNorm2d", t.layered(a["input"], node), tensors, state, affine=tensors[0] is not None)


def table_conv(t: Translator, node: fx.Node) -> Value:
    module: Any = node.meta["calls"][-1].module
    if module.padding_mode != "zeros":
        raise InexpressibleError(f"padding_mode {module.padding_mode}: only zeros can be expressed")
    bias: bool | str = module.bias is not None
    if bias and module.bias.dim() > 1:
        bias = "per unit"
    return t.weighted(
        node,
        "Conv2d",
        t.layered(only_input(node), node),
        (module.weight, module.bias),
        out_channels=module.out_channels,
        kernel_size=pair(module.kernel_size),
        stride=pair(module.stride),
        padding=module.padding if isinstance(module.padding, str) else pair(module.padding),
        dilation=pair(module.dilation),
        groups=module.groups,
        bias=bias,
        connection_table=module.table,
    )


def subsample(t: Translator, node: fx.Node) -> Value:
    module: Any = node.meta["calls"][-1].module
    return t.weighted(
        node,
        "Subsample2d",
        t.layered(only_input(node), node),
        (module.weight, module.bias),
        kernel_size=pair(module.kernel_size),
        stride=stride_of(module.stride, module.kernel_size),
        bias=module.bias is not None,
    )
