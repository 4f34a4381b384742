"""Small networks of every kind of layer, and what is measured and computed of them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import pytest

from sheetgen import table
from sheetgen.expr import Value
from sheetgen.layers import KINDS, Conventions, Layer
from sheetgen.network import Block, NamedLayer, Network
from sheetgen.quantities import CORE, QUANTITIES
from sheetgen.witness import Measured, measure

Shape = tuple[int, int, int]
COUNTED = Conventions()
REAL = Conventions(padding="not counted")  # only real pixels are connections
EVERY = [
    Conventions(bias=bias, padding=padding, pooling=pooling)
    for bias in ("counted", "not counted")
    for padding in ("counted", "not counted")
    for pooling in ("counted", "not counted")
]
SEEN = tuple(name for name in QUANTITIES if name.startswith(("receptive_field", "jump", "centre")))
COUNTS = tuple(name for name in QUANTITIES if name not in SEEN)  # what is quick to measure


def a(kind: str, /, **fields: Any) -> Layer:
    """A layer as the YAML has it: ``a("Conv2d", out_channels=4, kernel_size=3)``."""
    given = {("from" if name == "from_" else name): value for name, value in fields.items()}
    return KINDS[kind].model_validate({"type": kind, **given})


def network(shape: Shape, /, *blocks: Block, **layers: Layer) -> Network:
    """Each layer reads the one above, unless it says from what."""
    named: list[NamedLayer] = []
    above = "input"
    for name, kind in layers.items():
        named_sources = (kind.from_,) if isinstance(kind.from_, str) else kind.from_
        like, shared = getattr(kind, "like", None), getattr(kind, "weights_of", None)
        named.append(NamedLayer(name, kind, named_sources or (above,), like, shared))
        above = name
    return Network("a network", shape, tuple(named), blocks)


def on_cpu(net: Network, conventions: Conventions = COUNTED, wanted: Collection[str] = ()) -> Measured:
    return measure(net, conventions, [layer.name for layer in net.layers], device="cpu", wanted=wanted)


def computed(net: Network, conventions: Conventions = COUNTED, wanted: Collection[str] = ()) -> Mapping[str, Value]:
    """The quantities of CORE and those wanted, without what only their formulas need."""
    numbers = table.compute(net, conventions, wanted=wanted).numbers
    return {answer: value for answer, value in numbers.items() if answer.rpartition(".")[2] in {*CORE, *wanted}}


def disagreed(net: Network, conventions: Conventions = COUNTED, wanted: Collection[str] = ()) -> set[str]:
    """Ids whose measured number is not the computed one."""
    expected = computed(net, conventions, wanted)
    measured = on_cpu(net, conventions, wanted).numbers
    return {answer for answer, number in measured.items() if answer not in expected or number != expected[answer]}


def unseen(net: Network, conventions: Conventions = COUNTED, wanted: Collection[str] = ()) -> set[str]:
    """Ids of quantities that were not measured; of the image a pixel sees itself, which nobody measures."""
    found = on_cpu(net, conventions, wanted).numbers
    return {
        answer
        for answer in computed(net, conventions, wanted)
        if answer not in found and not (answer.startswith("input.") and answer.rpartition(".")[2] in SEEN)
    }


def build_another(patch: pytest.MonkeyPatch, kind: type[Layer], **changes: object) -> None:
    """The module is built as if the spec had said something else."""
    module = kind.module
    patch.setattr(kind, "module", lambda self, nn, shape, out: module(self.model_copy(update=changes), nn, shape, out))


TABLE = [[0], [0, 1], [2], [1, 2, 0]]
ZOO = {
    "plain": network((3, 9, 8), a=a("Conv2d", out_channels=4, kernel_size=[3, 2])),
    "padded": network((3, 9, 8), a=a("Conv2d", out_channels=4, kernel_size=[5, 3], padding=[2, 1], stride=[2, 1])),
    "more padding than kernel": network((1, 4, 4), a=a("Conv2d", out_channels=2, kernel_size=2, padding=3)),
    "dilated": network((2, 11, 9), a=a("Conv2d", out_channels=3, kernel_size=3, dilation=[2, 3], padding=[2, 3])),
    "grouped": network((6, 7, 7), a=a("Conv2d", out_channels=9, kernel_size=3, groups=3, padding=1)),
    "depthwise": network((4, 7, 7), a=a("Conv2d", out_channels=4, kernel_size=3, groups=4, padding=1)),
    "same": network((2, 7, 6), a=a("Conv2d", out_channels=3, kernel_size=[3, 5], padding="same")),
    "same, even": network(
        (2, 7, 6), a=a("Conv2d", out_channels=3, kernel_size=[4, 2], padding="same", dilation=[1, 3])
    ),
    "no bias": network((3, 6, 6), a=a("Conv2d", out_channels=4, kernel_size=3, bias=False, padding=1)),
    "a bias for each unit": network(
        (1, 8, 8), a=a("Conv2d", out_channels=3, kernel_size=5, stride=2, padding=2, bias="per unit")
    ),
    "a bias for each unit, same": network(
        (2, 5, 6), a=a("Conv2d", out_channels=2, kernel_size=[2, 4], padding="same", bias="per unit", groups=2)
    ),
    "table": network((3, 7, 6), a=a("Conv2d", out_channels=4, kernel_size=3, padding=1, connection_table=TABLE)),
    "table, same": network(
        (3, 7, 6),
        a=a("Conv2d", out_channels=4, kernel_size=[2, 3], padding="same", connection_table=TABLE, bias="per unit"),
    ),
    "transposed": network((2, 5, 4), a=a("ConvTranspose2d", out_channels=3, kernel_size=2, stride=2)),
    "transposed, cropped": network(
        (2, 5, 4), a=a("ConvTranspose2d", out_channels=3, kernel_size=[4, 3], stride=[2, 1], padding=[1, 2])
    ),
    "transposed, grouped, dilated": network(
        (4, 5, 4),
        a=a(
            "ConvTranspose2d",
            out_channels=6,
            kernel_size=3,
            stride=[3, 1],
            padding=1,
            output_padding=[2, 0],
            groups=2,
            dilation=[1, 2],
            bias=False,
        ),
    ),
    "transposed, from one pixel": network((5, 1, 2), a=a("ConvTranspose2d", out_channels=2, kernel_size=4, bias=False)),
    "subsampled": network(
        (3, 8, 7), a=a("Subsample2d", kernel_size=2), b=a("Subsample2d", kernel_size=[2, 1], stride=1)
    ),
    "subsampled without bias": network((3, 8, 8), a=a("Subsample2d", kernel_size=[2, 3], bias=False)),
    "max": network((2, 9, 8), a=a("MaxPool2d", kernel_size=[3, 2], stride=2)),
    "max, padded": network((2, 9, 8), a=a("MaxPool2d", kernel_size=[3, 2], stride=[2, 3], padding=1)),
    "max, ceil": network((2, 8, 8), a=a("MaxPool2d", kernel_size=3, stride=[2, 4], ceil_mode=True)),
    "max, ceil, padded": network(
        (1, 7, 6), a=a("MaxPool2d", kernel_size=[3, 2], stride=[3, 2], padding=1, ceil_mode=True)
    ),
    "max, dilated": network((2, 9, 9), a=a("MaxPool2d", kernel_size=[3, 2], stride=[1, 2], padding=1, dilation=[2, 3])),
    "avg": network((2, 9, 8), a=a("AvgPool2d", kernel_size=3, stride=[2, 1], padding=1)),
    "avg, real pixels only": network(
        (2, 8, 8), a=a("AvgPool2d", kernel_size=3, padding=1, ceil_mode=True, count_include_pad=False)
    ),
    "whole image": network((3, 6, 5), a=a("AvgPool2d", kernel_size=[6, 5])),
    "global": network((3, 6, 5), a=a("GlobalAvgPool2d")),
    "adaptive": network((3, 9, 8), a=a("AdaptiveAvgPool2d", output_size=[3, 4])),
    "adaptive, overlapping": network((3, 9, 8), a=a("AdaptiveAvgPool2d", output_size=[4, 3])),
    "adaptive, larger": network((2, 4, 3), a=a("AdaptiveAvgPool2d", output_size=[6, 3])),
    "linear": network((3, 4, 5), a=a("Linear", out_features=7), b=a("Linear", out_features=2, bias=False)),
    "without weights": network(
        (3, 4, 5), a=a("ReLU"), b=a("Dropout"), c=a("LocalResponseNorm", size=3), d=a("Flatten")
    ),
    "functions": network(
        (2, 3, 3),
        **{
            name.lower(): a(name)
            for name in (
                "ReLU6",
                "LeakyReLU",
                "ELU",
                "GELU",
                "SiLU",
                "Hardswish",
                "Tanh",
                "Sigmoid",
                "Softmax",
                "LogSoftmax",
            )
        },
    ),
    "normalised": network(
        (4, 6, 6), a=a("BatchNorm2d"), b=a("BatchNorm2d", affine=False), c=a("BatchNorm2d", trainable=False)
    ),
    "upsampled": network(
        (2, 4, 3), a=a("Upsample", scale_factor=[2, 3]), b=a("Upsample", scale_factor=2, mode="bilinear")
    ),
    "fixed": network(
        (2, 5, 5),
        a=a("Conv2d", out_channels=3, kernel_size=3, trainable=False),
        b=a("Linear", out_features=4, trainable=False),
    ),
    "weights used again": network(
        (2, 6, 6),
        a=a("Conv2d", out_channels=2, kernel_size=3, padding=1),
        n=a("BatchNorm2d"),
        b=a("Conv2d", out_channels=2, kernel_size=3, padding=1, weights_of="a"),
        m=a("BatchNorm2d", weights_of="n"),
        c=a("Linear", out_features=72),
        d=a("Linear", out_features=72, weights_of="c"),
    ),
    "all": network(
        (2, 12, 12),
        conv=a("Conv2d", out_channels=4, kernel_size=3, padding=1, activation="ReLU"),
        norm=a("LocalResponseNorm", size=5),
        pool=a("MaxPool2d", kernel_size=3, stride=2, ceil_mode=True),
        flat=a("Flatten"),
        drop=a("Dropout"),
        fc=a("Linear", out_features=10, activation="Softmax"),
    ),
    "branches": network(
        (2, 8, 8),
        stem=a("Conv2d", out_channels=4, kernel_size=3),
        left=a("Conv2d", out_channels=3, kernel_size=1, activation="Tanh"),
        right=a("MaxPool2d", kernel_size=2, from_="stem"),
        side=a("AvgPool2d", kernel_size=4, from_="input"),
        end=a("Linear", out_features=2, from_="left"),
    ),
    "residual": network(
        (2, 9, 9),
        Block("block", "Basic", ("conv", "norm", "short", "sum"), "stem"),
        stem=a("Conv2d", out_channels=4, kernel_size=3, stride=2, padding=1),
        conv=a("Conv2d", out_channels=6, kernel_size=3, padding=1, stride=2, bias=False),
        norm=a("BatchNorm2d", activation="ReLU"),
        short=a("Conv2d", out_channels=6, kernel_size=1, stride=2, from_="stem"),
        sum=a("Add", from_=["norm", "short"], activation="ReLU"),
        pool=a("GlobalAvgPool2d"),
    ),
    "inception": network(
        (3, 10, 10),
        Block("mixed", "Inception", ("one", "three_a", "three_b", "pool", "pooled", "cat"), "input"),
        one=a("Conv2d", out_channels=2, kernel_size=1),
        three_a=a("Conv2d", out_channels=3, kernel_size=[1, 7], padding=[0, 3], from_="input"),
        three_b=a("Conv2d", out_channels=4, kernel_size=[7, 1], padding=[3, 0]),
        pool=a("AvgPool2d", kernel_size=3, stride=1, padding=1, from_="input"),
        pooled=a("Conv2d", out_channels=5, kernel_size=1),
        cat=a("Concat", from_=["one", "three_b", "pooled"]),
        fc=a("Linear", out_features=4),
    ),
    "cropped, an odd rest": network(
        (1, 9, 12),
        small=a("Conv2d", out_channels=1, kernel_size=[4, 6]),
        crop=a("CenterCrop", from_="input", like="small"),
        sum=a("Add", from_=["crop", "small"]),
    ),
    "u": network(
        (1, 30, 30),
        down=a("Conv2d", out_channels=3, kernel_size=3, activation="ReLU"),
        pool=a("MaxPool2d", kernel_size=2),
        bottom=a("Conv2d", out_channels=6, kernel_size=3),
        up=a("ConvTranspose2d", out_channels=3, kernel_size=2, stride=2),
        crop=a("CenterCrop", from_="down", like="up"),
        cat=a("Concat", from_=["crop", "up"]),
        end=a("Conv2d", out_channels=3, kernel_size=3),
        out=a("Conv2d", out_channels=2, kernel_size=1),
    ),
}
