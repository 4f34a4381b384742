"""What each operation of PyTorch is as a layer. A new one is one function here, named in HANDLERS.

A handler is given the translator and the node, and returns the node's value, or raises InexpressibleError.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from math import prod
from types import MappingProxyType
from typing import TYPE_CHECKING

from torch import fx

from ..assembled import Row as OwnRow
from ..layers import FUNCTIONS
from ..modules import Add, CenterCrop, Concat, Subsample2d, TableConv2d
from .calls import WEIGHT, bound, call_of, only_input, pair, size_of
from .pooling import adaptive_avg_pool2d, avg_pool2d, interpolate, max_pool2d, mean
from .rows import Crop, InexpressibleError, Value
from .weighted import batch_norm, conv2d, conv_transpose2d, linear, subsample, table_conv

if TYPE_CHECKING:
    from .translate import Translator

Handler = Callable[["Translator", fx.Node], Value]
LEAVES = (Add, CenterCrop, Concat, OwnRow, Subsample2d, TableConv2d)  # modules that are one layer each

# the same numbers in the same order, whatever their shape or type
_IDENTITY = frozenset(
    (
        "contiguous",
        "clone",
        "detach",
        "to",
        "float",
        "double",
        "half",
        "bfloat16",
        "cpu",
        "cuda",
        "type",
        "type_as",
        "data",
        "alias",
        "requires_grad",
        "positive",
        "expand",
        "expand_as",
    )
)
_VIEWS = frozenset(
    ("view", "reshape", "flatten", "ravel", "squeeze", "unsqueeze", "unflatten", "view_as", "reshape_as")
)
_LEFT_OUT = frozenset(
    ("dropout1d", "dropout2d", "dropout3d", "feature_dropout", "alpha_dropout", "feature_alpha_dropout")
)
_CUTS = frozenset(("__getitem__", "narrow", "pad"))


def is_transparent(node: fx.Node) -> bool:
    """Whether a node only hands on the numbers that it reads."""
    op = node.meta["op"]
    if op in _CUTS:
        return bool(size_of(node) == size_of(node.all_input_nodes[0]))
    return op in _IDENTITY or op in _VIEWS or op in _LEFT_OUT or (op == "add" and _adds_nothing(node))


# --- joining and cutting --------------------------------------------------------------------------------------------


def _adds_nothing(node: fx.Node) -> bool:
    """0 + x, with which Python's sum begins."""
    return len(node.all_input_nodes) == 1 and any(type(each) in (int, float) and each == 0 for each in node.args)


def _add(t: Translator, node: fx.Node) -> Value:
    a = bound(node, "input other alpha", alpha=1)
    terms = [a["input"], a["other"]]
    if _adds_nothing(node):
        return t.settled(only_input(node), node)
    if not all(isinstance(each, fx.Node) for each in terms):
        raise InexpressibleError("adds a number; only outputs of layers are added")
    if any(each.meta["op"] == WEIGHT for each in terms):
        raise InexpressibleError("adds a tensor that is no layer's output")
    if a["alpha"] != 1:
        raise InexpressibleError(f"adds {a['alpha']} times the other; only plain sums can be expressed")
    if any(each.meta["shape"] != node.meta["shape"] for each in terms):
        shapes = " and ".join(" × ".join(map(str, each.meta["shape"][1:])) for each in terms)
        raise InexpressibleError(f"adds {shapes}; only equal shapes are added")
    read = [t.layered(each, node) for each in terms]
    found: list[Value] = []
    for each, value in zip(terms, read, strict=True):
        parts = t.sums.get(each)
        alone = parts and t.readers(each) == {node} and [other.row for other in read].count(value.row) == 1
        if parts and alone and t.rows[value.row].call == call_of(node) and t.rows[value.row].activation is None:
            t.rows.remove(value.row)  # a + b + c is one sum
            found += parts
        else:
            found.append(value)
    t.sums[node] = found
    return t.row(node, "Add", found)


def _cat(t: Translator, node: fx.Node) -> Value:
    a = bound(node, "tensors dim", dim=0)
    tensors, dim = a["tensors"], a.get("axis", a["dim"])
    if any(not isinstance(each, fx.Node) or each.meta["op"] == WEIGHT for each in tensors):
        raise InexpressibleError("joins a tensor that is no layer's output")
    if dim % len(node.meta["shape"]) != 1:
        raise InexpressibleError(f"joins along axis {dim}; only channels (1) are concatenated")
    if len(tensors) == 1:
        return t.settled(tensors[0], node)
    return t.row(node, "Concat", [t.layered(each, node) for each in tensors])


def _join(t: Translator, node: fx.Node) -> Value:
    """A module Add or Concat of ours: one row, whatever it reads."""
    return t.row(node, node.meta["op"], [t.layered(each, node) for each in node.args])  # type: ignore[arg-type]


def _center_crop(t: Translator, node: fx.Node) -> Value:
    """A module CenterCrop of ours, which is a row even where it cuts nothing."""
    source = t.layered(only_input(node), node)
    size = (node.meta["shape"][2], node.meta["shape"][3])
    beside = [t.values.get(each) for user in node.users for each in user.all_input_nodes if each is not node]
    like = t.rows.of_size(size, [each for each in beside if each is not None])
    if like is None:
        raise InexpressibleError(f"cuts out {size[0]} × {size[1]}, but no layer above has that size")
    value = t.row(node, "CenterCrop", [source])
    t.rows[value.row].like = like
    return value


def _getitem(t: Translator, node: fx.Node) -> Value:
    given = node.args[1]
    index = list(given) if isinstance(given, tuple) else [given]
    value = t.value(only_input(node))
    sizes = (t.batch, *value.seen)
    if any(each is Ellipsis for each in index):
        at = next(i for i, each in enumerate(index) if each is Ellipsis)
        named = sum(each is not None and each is not Ellipsis for each in index)
        index[at : at + 1] = [slice(None)] * (len(sizes) - named)
    index += [slice(None)] * (len(sizes) - sum(each is not None for each in index))
    seen: list[int] = []
    part = [(0, size) for size in sizes]
    axis = 0
    for each in index:
        if each is None:
            seen.append(1)
            continue
        if isinstance(each, slice) and all(isinstance(n, int | None) for n in (each.start, each.stop, each.step)):
            start, stop, step = each.indices(sizes[axis])
            if step != 1:
                raise InexpressibleError(f"takes each {step}th of an axis")
            part[axis] = (start, stop - start)
            seen.append(stop - start)
        elif not isinstance(each, int) or isinstance(each, bool) or axis == 0 or sizes[axis] != 1:
            raise InexpressibleError("picks from a tensor; only the middle of an image can be cut out")
        axis += 1
    return _cut(t, node, value, part, tuple(seen))


def _narrow(t: Translator, node: fx.Node) -> Value:
    a = bound(node, "input dim start length")
    value = t.value(a["input"])
    sizes = (t.batch, *value.seen)
    part = [(0, size) for size in sizes]
    axis = a["dim"] % len(sizes)
    part[axis] = (a["start"] % sizes[axis], a["length"])
    return _cut(t, node, value, part, node.meta["shape"])


def _pad(t: Translator, node: fx.Node) -> Value:
    a = bound(node, "input pad mode value", mode="constant")
    value = t.value(a["input"])
    if a["mode"] != "constant":
        raise InexpressibleError(f"padding_mode {a['mode']}: only zeros can be expressed")
    if any(each > 0 for each in a["pad"]):
        raise InexpressibleError(
            f"pads by {list(a['pad'])}, which is no layer; give the padding to the layer that reads it"
        )
    sizes = (t.batch, *value.seen)
    part = [(0, size) for size in sizes]
    for i in range(len(a["pad"]) // 2):
        before, after = -a["pad"][2 * i], -a["pad"][2 * i + 1]
        part[-1 - i] = (before, sizes[-1 - i] - before - after)
    return _cut(t, node, value, part, node.meta["shape"])


def _cut(t: Translator, node: fx.Node, value: Value, part: list[tuple[int, int]], sizes: tuple[int, ...]) -> Value:
    """``part`` of each axis of ``value``: its first and how many."""
    whole = (t.batch, *value.seen)
    cut = [i for i, (first, count) in enumerate(part) if (first, count) != (0, whole[i])]
    if not cut:
        return _seen(t, node)
    image = (value.shape[0], value.crop.height, value.crop.width) if value.crop else value.shape
    if value.axes is not None or value.seen != image or min(cut) < 2 or len(sizes) != 4:
        raise InexpressibleError("cuts channels or a vector; only the middle of an image can be cut out")
    before = value.crop or Crop(0, 0, *value.shape[1:])
    crop = Crop(before.top + part[2][0], before.left + part[3][0], part[2][1], part[3][1])
    return replace(value, seen=(value.shape[0], crop.height, crop.width), crop=crop, origin=node)


# --- shapes, functions, and what stays as it is ---------------------------------------------------------------------


def _same(t: Translator, node: fx.Node) -> Value:
    if node.meta["shape"] != only_input(node).meta["shape"]:
        raise InexpressibleError("repeats its input")
    return t.value(only_input(node))


def _seen(t: Translator, node: fx.Node) -> Value:
    """The same numbers in another shape."""
    value = t.settled(only_input(node), node)
    sizes = node.meta["shape"]
    if not sizes or prod(sizes[1:]) != prod(value.shape):
        raise InexpressibleError(f"gives {' × '.join(map(str, sizes))}, in which images of a batch are mixed")
    return replace(value, seen=tuple(sizes[1:]), origin=node)


def _local_response_norm(t: Translator, node: fx.Node) -> Value:
    a = bound(node, "input size alpha beta k", alpha=1e-4, beta=0.75, k=1.0)
    source = t.layered(a["input"], node)
    alpha, beta, k = float(a["alpha"]), float(a["beta"]), float(a["k"])
    return t.row(node, "LocalResponseNorm", [source], size=a["size"], alpha=alpha, beta=beta, k=k)


def _dropout(t: Translator, node: fx.Node) -> Value:
    a = bound(node, "input p", p=0.5)
    return _each(t, node, "Dropout", p=float(a["p"]))


def _left_out(t: Translator, node: fx.Node) -> Value:
    t.leave_out(node)
    return _same(t, node)


def _each(t: Translator, node: fx.Node, kind: str, **settings: object) -> Value:
    """A row that changes each value by itself, and so no shape."""
    source = t.settled(only_input(node), node)
    return t.row(node, kind, [source], shape=source.shape, **settings)


def _activated(t: Translator, node: fx.Node, kind: str) -> Value:
    """``kind`` as the activation of the row that it reads, where nothing else reads that; else as a row."""
    source = t.settled(only_input(node), node)
    row = t.rows[source.row] if source.row >= 0 else None
    if (
        row is not None
        and row.activation is None
        and not row.lazy
        and t.readers(row.node) == {node}
        and (row.kind not in _FUNCTIONS or row.node.op == "call_module")  # x.relu().tanh() is two rows
    ):
        row.activation = kind
        return source
    return _each(t, node, kind)


def _function(kind: str, names: str = "input", **expected: object) -> Handler:
    """An activation that has to have the settings ``expected``, which are PyTorch's defaults."""

    def handle(t: Translator, node: fx.Node) -> Value:
        a = bound(node, names, **expected)
        other = [f"{name} {a[name]}" for name, value in expected.items() if a[name] != value]
        if other:
            raise InexpressibleError(f"{', '.join(other)} cannot be expressed; {kind} is PyTorch's, with its defaults")
        return _activated(t, node, kind)

    return handle


def _hardtanh(t: Translator, node: fx.Node) -> Value:
    a = bound(node, "input min_val max_val", min_val=-1.0, max_val=1.0)
    if (a["min_val"], a["max_val"]) != (0, 6):
        raise InexpressibleError("there is no layer type for it; only hardtanh from 0 to 6 has one, ReLU6")
    return _activated(t, node, "ReLU6")


def _softmax(kind: str) -> Handler:
    def handle(t: Translator, node: fx.Node) -> Value:
        dim, axes = bound(node, "input dim")["dim"], len(node.meta["shape"])
        if dim is None:  # what F.softmax then takes
            dim = 0 if axes in (0, 1, 3) else 1
        if dim % axes != 1:
            raise InexpressibleError(f"takes the softmax along axis {dim}; {kind} is over the channels (1)")
        source = t.layered(only_input(node), node)
        if source.row >= 0 and t.rows[source.row].lazy:  # of all that was flattened
            return t.row(node, kind, [source], shape=source.shape)
        return _activated(t, node, kind)

    return handle


def _own_row(t: Translator, node: fx.Node) -> Value:
    """A module Row of sheetgen.assembled says itself what it is."""
    kind = node.meta["calls"][-1].module.kind
    source = t.layered(only_input(node), node)
    if kind == "AdaptiveAvgPool2d":
        return t.row(node, kind, [source], output_size=pair(node.meta["shape"][2:]))
    return t.row(node, kind, [source])


_FUNCTIONS = frozenset(kind.__name__ for kind in FUNCTIONS)
HANDLERS: Mapping[str, Handler] = MappingProxyType(
    {
        "conv2d": conv2d,
        "conv_transpose2d": conv_transpose2d,
        "linear": linear,
        "batch_norm": batch_norm,
        "max_pool2d": max_pool2d,
        "avg_pool2d": avg_pool2d,
        "adaptive_avg_pool2d": adaptive_avg_pool2d,
        "mean": mean,
        "interpolate": interpolate,
        "add": _add,
        "cat": _cat,
        "concat": _cat,
        "concatenate": _cat,
        "__getitem__": _getitem,
        "narrow": _narrow,
        "pad": _pad,
        "local_response_norm": _local_response_norm,
        "dropout": _dropout,
        "relu": _function("ReLU"),
        "relu6": _function("ReLU6"),
        "leaky_relu": _function("LeakyReLU", "input negative_slope", negative_slope=0.01),
        "elu": _function("ELU", "input alpha", alpha=1.0),
        "gelu": _function("GELU", approximate="none"),
        "silu": _function("SiLU"),
        "hardswish": _function("Hardswish"),
        "tanh": _function("Tanh"),
        "sigmoid": _function("Sigmoid"),
        "hardtanh": _hardtanh,
        "softmax": _softmax("Softmax"),
        "log_softmax": _softmax("LogSoftmax"),
        "Add": _join,
        "Concat": _join,
        "CenterCrop": _center_crop,
        "TableConv2d": table_conv,
        "Subsample2d": subsample,
        "Row": _own_row,
        **dict.fromkeys(_IDENTITY, _same),
        **dict.fromkeys(_VIEWS, _seen),
        **dict.fromkeys(_LEFT_OUT, _left_out),
    }
)
