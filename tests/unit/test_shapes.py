"""Shapes along a network: sizes that cannot be, and pixels that no window reads."""

from __future__ import annotations

from typing import Any

import pytest

from sheetgen.layers import KINDS, Layer
from sheetgen.network import NamedLayer
from sheetgen.shapes import shape_findings, shapes_of


def _layer(kind: str, **fields: Any) -> Layer:
    return KINDS[kind].model_validate({"type": kind, **fields})


def conv(out: int, kernel: int, **more: Any) -> Layer:
    return _layer("Conv2d", out_channels=out, kernel_size=kernel, **more)


def chain(**layers: Layer) -> list[NamedLayer]:
    names = ["input", *layers]
    return [NamedLayer(name, kind, (names[i],)) for i, (name, kind) in enumerate(layers.items())]


def _findings(shape: tuple[int, int, int], **layers: Layer) -> list[tuple[str, bool, str]]:
    found = shape_findings(shape, chain(**layers))
    return [(finding.layer, finding.fatal, finding.message) for finding in found]


def test_exact_sizes_are_not_worth_a_word() -> None:
    assert (
        _findings(
            (3, 227, 227),
            conv1=conv(96, 11, stride=4),
            pool1=_layer("MaxPool2d", kernel_size=3, stride=2),
            fc=_layer("Linear", out_features=10),
        )
        == []
    )


def test_rows_and_columns_lost_are_named() -> None:
    assert _findings((3, 224, 225), conv1=conv(96, 11, stride=4)) == [
        (
            "conv1",
            False,
            "the windows do not fit the height exactly: (224 + 0 - 11) / 4 is not whole; "
            "rounded down, the last row of 224 (224) is never read",
        ),
        (
            "conv1",
            False,
            "the windows do not fit the width exactly: (225 + 0 - 11) / 4 is not whole; "
            "rounded down, the last 2 columns of 225 (224 to 225) are never read",
        ),
    ]


@pytest.mark.parametrize(("size", "lost"), [(224, 0), (225, 0), (226, 1), (227, 0)])
def test_padding_lost_loses_no_pixels(size: int, lost: int) -> None:
    """(size + 4 - 11) / 4 leaves 1, 2, 3 and none over, of which the two of the far padding are no loss."""
    found = _findings((3, size, 227), conv1=conv(64, 11, stride=4, padding=2))
    assert len(found) == lost
    assert all("rounded down, the last row of 226 (226) is never read" in message for *_, message in found)


def test_pixels_between_windows_that_lie_apart_are_no_loss() -> None:
    assert _findings((3, 8, 8), conv1=conv(64, 1, stride=3)) == []


def test_ceil_mode_loses_nothing() -> None:
    assert _findings((3, 6, 6), pool=_layer("MaxPool2d", kernel_size=3, stride=2, ceil_mode=True)) == []


@pytest.mark.parametrize(
    ("layer", "said"),
    [
        (conv(4, 11), "the kernel is larger than its input: 11 rows, but the input has 8"),
        (conv(4, 11, padding=1), "11 rows, but the input has 8 and 2 of padding"),
        (conv(4, 4, dilation=3), "the kernel is larger than its input: 10 rows"),
        (conv(4, 3, groups=2), "groups: 2 must divide the 3 input and 4 output channels"),
        (conv(4, 3, groups=3), "groups: 3 must divide the 3 input and 4 output channels"),
        (conv(4, 3, stride=2, padding="same"), "padding: same needs stride 1"),
        (_layer("MaxPool2d", kernel_size=3, padding=2), "padding 2 may be at most half of the kernel (3 rows"),
    ],
)
def test_impossible_sizes(layer: Layer, said: str) -> None:
    found = _findings((3, 8, 8), first=layer, second=conv(4, 100))
    assert found[0][:2] == ("first", True)
    assert said in found[0][2]
    assert {finding[0] for finding in found} == {"first"}  # behind it nothing is known


@pytest.mark.parametrize(("size", "fits"), [(1, False), (2, True), (3, True), (4, True)])
def test_rounding_up_a_window_may_hang_over(size: int, fits: bool) -> None:
    """As PyTorch has it: MaxPool2d(4, 3, ceil_mode=True) gives a pixel for 2 and none for 1."""
    hanging = _layer("MaxPool2d", kernel_size=4, stride=3, ceil_mode=True)
    told = [message for _, _, message in _findings((1, size, 4), it=hanging)]
    assert told == [] if fits else told == ["the kernel is larger than its input: 4 rows, but the input has 1"]
    assert shapes_of((1, size, 4), chain(it=hanging)).get("it") == ((1, 1, 1) if fits else None)
    assert _findings((1, 3, 4), it=_layer("MaxPool2d", kernel_size=4, stride=3)) != []


def test_shapes_are_followed_as_far_as_they_can_be() -> None:
    assert shapes_of((3, 9, 8), chain(a=conv(4, 3), b=conv(5, 9), c=conv(6, 1))) == {
        "input": (3, 9, 8),
        "a": (4, 7, 6),
    }
