"""The operations that pool, and that scale up."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from torch import fx

from .calls import bound, only_input, pair, stride_of
from .rows import InexpressibleError, Value

if TYPE_CHECKING:
    from .translate import Translator


def max_pool2d(t: Translator, node: fx.Node) -> Value:
    a = bound(node, "input kernel_size stride padding dilation ceil_mode", padding=0, dilation=1, ceil_mode=False)
    return t.row(
        node,
        "MaxPool2d",
        [t.layered(a["input"], node)],
        kernel_size=pair(a["kernel_size"]),
        stride=stride_of(a["stride"], a["kernel_size"]),
        padding=pair(a["padding"]),
        ceil_mode=bool(a["ceil_mode"]),
        dilation=pair(a["dilation"]),
    )


def avg_pool2d(t: Translator, node: fx.Node) -> Value:
    a = bound(
        node, "input kernel_size stride padding ceil_mode count_include_pad divisor_override",
        padding=0, ceil_mode=False, count_include_pad=True,
    )  # fmt: skip
    if a["divisor_override"] is not None:
        raise InexpressibleError("divisor_override cannot be expressed")
    return t.row(
        node,
        "AvgPool2d",
        [t.layered(a["input"], node)],
        kernel_size=pair(a["kernel_size"]),
        stride=stride_of(a["stride"], a["kernel_size"]),
        padding=pair(a["padding"]),
        ceil_mode=bool(a["ceil_mode"]),
        count_include_pad=bool(a["count_include_pad"]),
    )


def adaptive_avg_pool2d(t: Translator, node: fx.Node) -> Value:
    size = pair(node.meta["shape"][2:])
    source = t.layered(only_input(node), node)
    if size == (1, 1):
        return t.row(node, "GlobalAvgPool2d", [source])
    return t.row(node, "AdaptiveAvgPool2d", [source], output_size=size)


def mean(t: Translator, node: fx.Node) -> Value:
    """The mean over height and width, at once or one after the other, is GlobalAvgPool2d."""
    a = bound(node, "input dim keepdim", keepdim=False)
    value = t.value(a["input"])
    if value.axes is None:
        value = t.settled(a["input"], node)
    channels, height, width = value.shape
    axes = value.axes
    if axes is None and value.seen == value.shape:
        axes = ("channels", "height", "width")
    elif axes is None and value.seen == (channels, height * width):
        axes = ("channels", "both")
    dims = a.get("axis", a["dim"])
    listed = [dims] if isinstance(dims, int) else list(dims or ())
    where = {each % (len(value.seen) + 1) - 1 for each in listed}
    if axes is None or not where or any(i < 0 or axes[i] == "channels" for i in where):
        raise InexpressibleError("only the mean over height and width of each channel can be expressed")
    left = tuple("" if i in where else axis for i, axis in enumerate(axes))
    if not a["keepdim"]:
        left = tuple(axis for axis in left if axis)
    seen = tuple(node.meta["shape"][1:])
    if any(axis in ("height", "width", "both") for axis in left):
        return replace(value, seen=seen, axes=left, origin=node)
    return t.row(node, "GlobalAvgPool2d", [value], shape=(channels, 1, 1))


def interpolate(t: Translator, node: fx.Node) -> Value:
    a = bound(node, "input size scale_factor mode align_corners", mode="nearest")
    source = t.layered(a["input"], node)
    mode = {"nearest-exact": "nearest"}.get(a["mode"], a["mode"])
    sizes = list(zip(node.meta["shape"][2:], source.shape[1:], strict=True))
    if mode not in ("nearest", "bilinear"):
        raise InexpressibleError(f"mode {mode}: only nearest and bilinear can be expressed")
    if a["align_corners"] or a.get("antialias"):
        raise InexpressibleError("align_corners and antialias cannot be expressed")
    if any(new % old for new, old in sizes):
        grown = " and ".join(f"{old} to {new}" for new, old in sizes)
        raise InexpressibleError(f"scales {grown}; only whole factors can be expressed")
    factors = tuple(new // old for new, old in sizes)
    return t.row(node, "Upsample", [source], scale_factor=factors, mode=mode)
