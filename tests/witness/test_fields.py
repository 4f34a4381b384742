"""Receptive fields: what is tried out pixel by pixel is what the formulas say, and a fault in the network shows."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest
import torch
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from sheetgen import modules, spec, table
from sheetgen.layers import Conv2d, Layer
from sheetgen.network import Network
from sheetgen.shapes import shape_findings
from sheetgen.witness import build, seeing
from sheetgen.witness.seeing import Field, fields
from tests.witness.nets import SEEN, ZOO, a, build_another, computed, disagreed, network, on_cpu

CPU, META = torch.device("cpu"), torch.device("meta")


def seen(net: Network, axis: int = 0) -> dict[str, Field]:
    """The fields of a network whose weights need not be there: only their number is looked at."""
    return fields(build(net, META), axis, CPU)


def expected(net: Network, side: str = "height") -> dict[str, Field]:
    """By the formulas; of the layers that have them."""
    numbers = table.compute(net, wanted=SEEN).numbers
    found = {}
    for layer in net.layers:
        size, jump, centre = (
            numbers.get(f"{layer.name}.{name}_{side}") for name in ("receptive_field", "jump", "centre")
        )
        if isinstance(size, int | Fraction) and isinstance(jump, int | Fraction) and isinstance(centre, int | Fraction):
            found[layer.name] = Field(Fraction(size), Fraction(jump), centre - Fraction(size - 1) / 2)
    return found


# --- what is known --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "known"),
    [
        ("alexnet", {"conv1": 11, "pool1": 19, "conv5": 163, "pool5": 195}),
        ("vgg16", {"conv5_3": 196, "pool5": 212}),
        ("resnet50", {}),
        ("inception-v3", {}),
        ("densenet121", {}),
        ("mobilenet-v2", {}),
        ("unet", {}),
        ("unet-padded", {}),
    ],
)
def test_networks_see_what_is_published_and_what_the_formulas_say(name: str, known: dict[str, int]) -> None:
    net = spec.load(name).network
    found = seen(net)
    assert {layer: found[layer].size for layer in known} == known
    assert found == expected(net)
    assert set(found) == {layer.name for layer in net.layers}


def test_both_sides_are_measured_by_themselves() -> None:
    net = ZOO["inception"]
    numbers = on_cpu(net, wanted=SEEN).numbers
    assert (numbers["three_a.receptive_field_height"], numbers["three_a.receptive_field_width"]) == (1, 7)
    assert (numbers["three_b.receptive_field_height"], numbers["three_b.receptive_field_width"]) == (7, 7)
    assert numbers["cat.receptive_field"] == 7
    only = on_cpu(net, wanted=("jump_width",)).numbers
    assert {answer for answer in only if answer.rpartition(".")[2] in SEEN} == {
        f"{layer.name}.jump_width" for layer in net.layers
    }


def test_units_that_differ_are_averaged() -> None:
    net = network((1, 8, 8), a=a("Upsample", scale_factor=3, mode="bilinear"))
    # of three units one falls on a pixel, the others between two
    assert seen(net)["a"] == Field(Fraction(5, 3), Fraction(1, 3), Fraction(-2, 3))


# --- every kind -----------------------------------------------------------------------------------------------------

CHAINS = {
    "dilated": network(
        (1, 40, 40),
        a=a("Conv2d", out_channels=1, kernel_size=3, dilation=7),
        b=a("MaxPool2d", kernel_size=2, dilation=9),
    ),
    "two taps far apart": network((1, 60, 60), a=a("Conv2d", out_channels=1, kernel_size=2, dilation=50)),
    "gaps between windows": network((2, 30, 30), a=a("Conv2d", out_channels=1, kernel_size=2, stride=5), b=a("ReLU")),
    "even and same": network((1, 9, 9), a=a("Conv2d", out_channels=1, kernel_size=4, padding="same"), b=a("Tanh")),
    "ceil": network(
        (1, 12, 12),
        a=a("MaxPool2d", kernel_size=3, stride=2, ceil_mode=True),
        b=a("AvgPool2d", kernel_size=3, stride=2, padding=1, ceil_mode=True, count_include_pad=False),
    ),
    "transposed": network(
        (1, 9, 9),
        a=a("Conv2d", out_channels=2, kernel_size=3, stride=4, padding=1),
        b=a("ConvTranspose2d", out_channels=2, kernel_size=4, stride=2, padding=1),
        c=a("ConvTranspose2d", out_channels=2, kernel_size=5, stride=3, padding=2, output_padding=1, groups=2),
        d=a("Conv2d", out_channels=1, kernel_size=3),
    ),
    "upsampled": network(
        (1, 16, 16),
        a=a("MaxPool2d", kernel_size=4),
        b=a("Upsample", scale_factor=[3, 2], mode="bilinear"),
        c=a("Conv2d", out_channels=2, kernel_size=3, padding=1),
        d=a("Upsample", scale_factor=[2, 5]),
    ),
    "adaptive": network(
        (1, 26, 26),
        a=a("Conv2d", out_channels=1, kernel_size=3, padding=1, stride=2),
        b=a("AdaptiveAvgPool2d", output_size=[6, 1]),
        c=a("Conv2d", out_channels=1, kernel_size=3, padding=1),
    ),
    "whole": network(
        (1, 20, 15),
        a=a("Conv2d", out_channels=1, kernel_size=3, stride=2),
        b=a("Flatten"),
        c=a("Linear", out_features=3),
        d=a("Softmax"),
    ),
    "subsampled": network(
        (1, 28, 28),
        a=a("Conv2d", out_channels=2, kernel_size=5, bias="per unit"),
        b=a("Subsample2d", kernel_size=[2, 3]),
    ),
}


@pytest.mark.parametrize("side", ["height", "width"])
@pytest.mark.parametrize("net", [*ZOO.values(), *CHAINS.values()], ids=[*ZOO, *CHAINS])
def test_measured_is_computed(net: Network, side: str) -> None:
    assert seen(net, axis=["height", "width"].index(side)) == expected(net, side)


steps = st.integers(1, 3)


@st.composite
def layers(draw: st.DrawFn) -> Layer:
    kind = draw(
        st.sampled_from(
            ["Conv2d", "MaxPool2d", "AvgPool2d", "ConvTranspose2d", "Upsample", "AdaptiveAvgPool2d", "Linear"]
        )
    )
    if kind == "Upsample":
        return a(kind, scale_factor=draw(steps), mode=draw(st.sampled_from(["nearest", "bilinear"])))
    if kind == "Linear":
        return a(kind, out_features=1)
    if kind == "AdaptiveAvgPool2d":
        return a(kind, output_size=draw(st.integers(1, 9)))
    size = draw(st.integers(1, 4))
    given = {"kernel_size": size, "stride": draw(steps), "padding": draw(st.integers(0, size // 2))}
    if kind != "AvgPool2d":
        given["dilation"] = draw(steps)
    return a(kind, **given, out_channels=1) if kind.startswith("Conv") else a(kind, **given)


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.filter_too_much])
@given(chain=st.lists(layers(), min_size=1, max_size=4), size=st.integers(4, 20))
def test_any_chain(chain: list[Layer], size: int) -> None:
    net = network((1, size, size), **{f"l{i}": kind for i, kind in enumerate(chain)})
    assume(not any(finding.fatal for finding in shape_findings(net.input, net.layers)))
    found, formulas = seen(net), expected(net)
    assert {name: field for name, field in found.items() if name in formulas} == formulas


def test_what_reads_all_of_an_image_is_a_single_unit_and_no_mean() -> None:
    net = network((1, 4, 4), a=a("Upsample", scale_factor=2), b=a("GlobalAvgPool2d"), c=a("ReLU"))
    found = seen(net)
    assert found["a"] == Field(Fraction(1), Fraction(1, 2), Fraction(-1, 4))
    assert found["b"] == found["c"] == Field(Fraction(4), Fraction(1, 2), Fraction(0))


# --- channels that differ, and means that do not compose ------------------------------------------------------------


def two_branches(**end: Layer) -> Network:
    return network(
        (2, 20, 20),
        one=a("Conv2d", out_channels=2, kernel_size=1),
        seven=a("Conv2d", out_channels=2, kernel_size=7, padding=3, from_="input"),
        both=a("Concat", from_=["one", "seven"]),
        **end,
    )


def behind_both(*rows: list[int], **more: Any) -> Layer:
    return a("Conv2d", out_channels=len(rows), kernel_size=1, connection_table=list(rows), **more)


@pytest.mark.parametrize(
    ("end", "size"),
    [
        ({"end": a("Conv2d", out_channels=2, kernel_size=3, groups=2)}, 9),  # of one group 3, of both together 9
        ({"end": behind_both([0, 1], [2, 3])}, 7),
        ({"relu": a("ReLU"), "pool": a("MaxPool2d", kernel_size=3, stride=1), "end": behind_both([0], [3], [1, 2])}, 9),
        ({"deep": a("Conv2d", out_channels=4, kernel_size=1, groups=4), "end": a("BatchNorm2d")}, 7),
    ],
    ids=["groups", "table", "table behind pool", "depthwise"],
)
def test_a_unit_is_that_of_all_channels(end: dict[str, Layer], size: int) -> None:
    net = two_branches(**end)
    assert seen(net) == expected(net)
    assert seen(net)["end"].size == size


@pytest.mark.parametrize(
    "end",
    [
        {"end": behind_both([0], [0, 1])},
        {"deep": a("Conv2d", out_channels=4, kernel_size=1, groups=4), "end": behind_both([1])},
        {"again": a("Add", from_=["both", "both"]), "end": behind_both([0, 1])},
    ],
    ids=["table", "behind depthwise", "behind a sum"],
)
def test_where_maps_are_left_out_that_see_more_there_is_no_number(end: dict[str, Layer]) -> None:
    """The published size would have been 7; the network, whose channels are kept apart, sees 1."""
    net = two_branches(**end)
    assert "end" not in expected(net)
    assert seen(net)["end"].size == 1
    assert seen(net)["both"].size == expected(net)["both"].size == 7


def test_the_maps_of_a_flattened_image_are_its_units() -> None:
    flat = {"a": a("Conv2d", out_channels=1, kernel_size=3), "flat": a("Flatten")}
    some = a("Conv2d", out_channels=1, kernel_size=1, connection_table=[[0, 5]])
    every = a("Conv2d", out_channels=1, kernel_size=1)
    assert set(expected(network((1, 6, 6), **flat, end=some))) == {"a", "flat"}
    assert expected(network((1, 6, 6), **flat, end=every))["end"].size == 6
    assert expected(network((1, 3, 3), **flat, some=a("Conv2d", out_channels=1, kernel_size=1)))["some"].size == 3


def test_the_witness_would_contradict_a_number_of_channels_that_are_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    net = two_branches(end=behind_both([0], [1]))
    monkeypatch.setattr(Conv2d, "leaves_out", lambda _, channels: channels < 0)
    assert {"end.receptive_field", "end.receptive_field_width"} <= disagreed(net, wanted=SEEN) & set(
        computed(net, wanted=SEEN)
    )


UP = a("Upsample", scale_factor=2)
MEANLESS = {
    "linear behind windows of two sizes": network(
        (1, 7, 7), a=a("AdaptiveAvgPool2d", output_size=3), end=a("Linear", out_features=2)
    ),
    "all of what was scaled up": network((1, 8, 8), a=UP, end=a("GlobalAvgPool2d")),
    "flat": network(
        (1, 8, 8),
        a=a("ConvTranspose2d", out_channels=1, kernel_size=3, stride=2, output_padding=1),
        end=a("Flatten"),
    ),
    "a stride over units that differ": network(
        (1, 9, 9), a=UP, end=a("Conv2d", out_channels=1, kernel_size=2, stride=2)
    ),
    "jumps of 1 and 3/4": network(
        (1, 8, 8),
        p=a("MaxPool2d", kernel_size=3),
        u=a("Upsample", scale_factor=4),
        end=a("Concat", from_=["input", "u"]),
    ),
    **{
        f"{s}-fold {mode} beside {k}": network(
            (1, 12, 12),
            p=a("MaxPool2d", kernel_size=s),
            u=a("Upsample", scale_factor=s, mode=mode),
            c=a("Conv2d", out_channels=1, kernel_size=k, padding=k // 2, from_="input"),
            end=a("Concat", from_=["u", "c"]),
        )
        for s, mode, k in ((3, "nearest", 3), (3, "bilinear", 5), (4, "nearest", 3), (4, "nearest", 5))
    },
}


@pytest.mark.parametrize("net", MEANLESS.values(), ids=MEANLESS)
def test_where_no_formula_holds_there_is_no_number(net: Network) -> None:
    """The reason is in the network: what it shows is not what the formula would say."""
    assert set(expected(net)) == {layer.name for layer in net.layers[:-1]}
    found = seen(net)
    assert ("end" in found) is (net is not MEANLESS["jumps of 1 and 3/4"])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(table, "layers_with_fields", lambda net, _: [layer.name for layer in net.layers])
        assert found.get("end") != expected(net)["end"]


@pytest.mark.parametrize(
    ("kind", "size"),
    [(a("Linear", out_features=2), 4), (a("GlobalAvgPool2d"), 4), (a("Flatten"), 4)],
    ids=["linear", "gap", "flatten"],
)
def test_where_windows_are_alike_the_number_stays(kind: Layer, size: int) -> None:
    net = network((1, 8, 8), a=a("AdaptiveAvgPool2d", output_size=4), crop=a("MaxPool2d", kernel_size=2), end=kind)
    assert seen(net) == expected(net)
    assert seen(net)["end"] == Field(Fraction(2 * size), Fraction(4), Fraction(0))


def test_a_join_of_even_branches_beside_what_was_scaled_up_keeps_its_number() -> None:
    net = network(
        (1, 12, 12),
        p=a("MaxPool2d", kernel_size=2),
        u=a("ConvTranspose2d", out_channels=1, kernel_size=2, stride=2),
        c=a("Conv2d", out_channels=1, kernel_size=5, padding=2, from_="input"),
        end=a("Concat", from_=["u", "c"]),
    )
    assert seen(net) == expected(net)
    assert seen(net)["end"].size == 5


# --- what cannot be seen --------------------------------------------------------------------------------------------


def test_behind_units_that_see_nothing_nothing_is_said() -> None:
    net = network(
        (1, 8, 8),
        a=a("Conv2d", out_channels=1, kernel_size=3),
        b=a("ConvTranspose2d", out_channels=1, kernel_size=1, stride=2),
        c=a("Conv2d", out_channels=1, kernel_size=3),
    )
    assert set(seen(net)) == {"a"} == set(expected(net))


def test_what_fits_at_one_size_only_is_not_seen() -> None:
    """All of an image as one pixel, blown up to the size of the map beside it: on a larger image it would not fit."""
    net = network(
        (1, 8, 8),
        a=a("Conv2d", out_channels=2, kernel_size=3, padding=1),
        all=a("GlobalAvgPool2d"),
        up=a("Upsample", scale_factor=8),
        both=a("Concat", from_=["a", "up"]),
        end=a("Conv2d", out_channels=1, kernel_size=1),
    )
    assert set(seen(net)) == {"a", "all", "up"}
    # and it has no such number: the branches drift apart, 8 units of one for a unit of the other
    assert set(expected(net)) == {"a", "all", "up"}
    assert disagreed(net, wanted=SEEN) == set()


def test_a_field_that_is_too_large_to_try_out_is_not_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(seeing, "MOST_WORK", 5_000)
    net = network((1, 400, 400), a=a("Conv2d", out_channels=1, kernel_size=5), b=a("Linear", out_features=2))
    assert set(seen(net)) == {"a"}


def test_on_an_image_that_is_too_small_nothing_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """A unit that a border clips would see too little."""
    net = network((1, 30, 30), a=a("Conv2d", out_channels=1, kernel_size=9), b=a("MaxPool2d", kernel_size=3, padding=1))
    assert seen(net) == expected(net)
    monkeypatch.setattr(seeing._Strip, "_span", lambda *_: Fraction(0))
    assert seen(net) == {}


def test_what_does_not_repeat_is_not_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    """The last picture is that of the pixel that lies a period behind the first."""
    forward = torch.nn.MaxPool2d.forward

    def forgetful(self: torch.nn.MaxPool2d, image: torch.Tensor) -> torch.Tensor:
        output: torch.Tensor = forward(self, image).clone()
        output[-1] = 0
        return output

    monkeypatch.setattr(torch.nn.MaxPool2d, "forward", forgetful)
    assert set(seen(CHAIN)) == {"a"}


def test_a_period_that_is_too_long_is_not_tried() -> None:
    net = network((1, 20_000, 4), a=a("MaxPool2d", kernel_size=[9000, 1]), b=a("ReLU"))
    assert seen(net) == {}


def test_a_large_image_costs_no_more_than_a_small_one() -> None:
    net = network((1, 200_000, 4), a=a("Conv2d", out_channels=1, kernel_size=[5, 1], stride=2), b=a("Flatten"))
    assert seen(net) == expected(net)


# --- planted faults -------------------------------------------------------------------------------------------------

CHAIN = network(
    (1, 33, 33),
    a=a("Conv2d", out_channels=2, kernel_size=5, padding=2, dilation=2),
    b=a("MaxPool2d", kernel_size=3, stride=2),
    c=a("ConvTranspose2d", out_channels=2, kernel_size=4, stride=2, padding=1),
)


@pytest.mark.parametrize(
    ("layer", "changes", "wrong"),
    [
        (0, {"kernel_size": (3, 5)}, "receptive_field centre"),
        (0, {"dilation": (1, 2)}, "receptive_field centre"),
        (0, {"padding": (3, 2)}, "centre"),
        (0, {"stride": (2, 1)}, "jump"),
        (1, {"kernel_size": (4, 3)}, "receptive_field centre"),
        (1, {"stride": (1, 2)}, "jump"),
        (2, {"kernel_size": (6, 4)}, "receptive_field centre"),
        (2, {"padding": (0, 1)}, "centre"),
        (2, {"stride": (3, 2)}, "jump"),
    ],
)
def test_a_wrong_network_shows(
    monkeypatch: pytest.MonkeyPatch, layer: int, changes: dict[str, object], wrong: str
) -> None:
    assert disagreed(CHAIN, wanted=SEEN) == set()
    at = CHAIN.layers[layer]
    build_another(monkeypatch, type(at.kind), **changes)
    found = disagreed(CHAIN, wanted=SEEN)
    assert found >= {f"{at.name}.{name}" for name in wrong.split()}
    assert found >= {f"{at.name}.{name}_height" for name in wrong.split()}
    assert not {answer for answer in found if answer.endswith(tuple(f"{name}_width" for name in ("field", "centre")))}
    assert not any(
        answer.startswith(row.name) and "receptive" in answer for answer in found for row in CHAIN.layers[:layer]
    )


def test_a_crop_that_is_not_of_the_middle_shows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(modules.CenterCrop, "forward", lambda self, image: image[..., : self.size[0], : self.size[1]])
    wrong = disagreed(ZOO["u"], wanted=SEEN)
    assert {"crop.centre", "crop.centre_width"} <= wrong
    assert not any(answer.startswith(("crop.receptive", "up.")) for answer in wrong)


def test_a_branch_that_is_not_joined_shows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(modules.Add, "forward", lambda _, *images: images[-1])
    assert {"sum.receptive_field", "sum.receptive_field_width"} <= disagreed(ZOO["residual"], wanted=SEEN)


def test_a_module_that_reads_other_lines_shows(monkeypatch: pytest.MonkeyPatch) -> None:
    forward = torch.nn.MaxPool2d.forward

    def shifted(self: torch.nn.MaxPool2d, image: torch.Tensor) -> torch.Tensor:
        output: torch.Tensor = forward(self, torch.nn.functional.pad(image[:, :, 1:], (0, 0, 0, 1)))
        return output

    monkeypatch.setattr(torch.nn.MaxPool2d, "forward", shifted)
    assert {"b.centre", "b.centre_height"} <= disagreed(CHAIN, wanted=SEEN)
