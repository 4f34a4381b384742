"""What a unit sees of the image, against sets of pixels followed through small networks, one axis at a time.

The image goes on beyond its border, as the quantity has it: units are followed at every place of an endless line.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from math import prod
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from sheetgen.expr import ExpressionError, Value
from sheetgen.layers import KINDS
from sheetgen.network import NamedLayer, Network
from sheetgen.shapes import shape_findings, shapes_of
from sheetgen.table import Table, compute
from tests.amounts import amount

NAMES = ("receptive_field", "jump", "centre")
SIDES = ("height", "width")
WANTED = tuple(f"{name}{suffix}" for name in NAMES for suffix in ("", "_height", "_width"))
Described = Sequence[tuple[str, str, dict[str, Any]]]  # name, kind, fields
Pixels = frozenset[int]


def network(size: tuple[int, int], described: Described, channels: int = 1) -> Network:
    layers: list[NamedLayer] = []
    for i, (name, kind, fields) in enumerate(described):
        source = fields.get("from", described[i - 1][0] if i else "input")
        it = KINDS[kind].model_validate({"type": kind, **fields})
        sources = tuple(source) if isinstance(source, list) else (source,)
        layers.append(NamedLayer(name, it, sources, fields.get("like")))
    return Network("n", (channels, *size), tuple(layers))


def table_of(size: tuple[int, int], described: Described) -> Table:
    return compute(network(size, described), wanted=WANTED)


def seen_by(net: Network, table: Table, axis: int) -> Callable[[str, int], Pixels]:
    """Layer and unit -> the pixels that the unit sees along ``axis``; units and pixels count from 0, on both sides."""
    layers = {layer.name: layer for layer in net.layers}
    known: dict[tuple[str, int], Pixels] = {}

    def sizes(name: str) -> tuple[int, int]:
        row = next(row for row in table.rows if row.name == name)
        return row.input[axis + 1], row.output[axis + 1]

    def find(name: str, unit: int) -> Pixels:
        if name == "input":
            return frozenset([unit])
        if (name, unit) not in known:
            units = _read(layers[name], unit, axis, *sizes(name))
            known[name, unit] = frozenset().union(*(find(source, i) for source, i in units))
        return known[name, unit]

    return find


def _read(layer: NamedLayer, unit: int, axis: int, size: int, out: int) -> list[tuple[str, int]]:
    """The units that this one reads, with the layer that each belongs to."""
    kind: Any = layer.kind
    above = layer.source
    match kind.type:
        case "Conv2d" | "MaxPool2d" | "AvgPool2d" | "Subsample2d":
            window = kind.axes()[axis]
            first = unit * window.stride - window.before
            return [(above, first + tap * window.dilation) for tap in range(window.kernel)]
        case "ConvTranspose2d":
            kernel, stride = kind.kernel_size[axis], kind.stride[axis]
            at = [unit + kind.padding[axis] - tap * kind.dilation[axis] for tap in range(kernel)]
            return [(above, each // stride) for each in at if each % stride == 0]
        case "Upsample" if kind.mode == "nearest":
            return [(above, unit // kind.scale_factor[axis])]
        case "Upsample":  # between the two pixels around (unit + 1/2) / scale - 1/2, or on one of them
            middle = Fraction(2 * unit + 1, 2 * kind.scale_factor[axis]) - Fraction(1, 2)
            return [(above, each) for each in {middle.__floor__(), middle.__ceil__()}]
        case "AdaptiveAvgPool2d":
            return [(above, i) for i in range(unit * size // out, -(-(unit + 1) * size // out))]
        case "GlobalAvgPool2d" | "Linear" | "Flatten":
            return [(above, i) for i in range(size)]
        case "CenterCrop":
            return [(above, unit + (size - out) // 2)]
    return [(source, unit) for source in layer.sources]


def found_by_following(net: Network, table: Table, name: str, axis: int, units: Sequence[int]) -> dict[str, Fraction]:
    """Extent and jump and centre, each the mean over ``units``, which are a whole number of periods."""
    find = seen_by(net, table, axis)
    seen = [find(name, unit) for unit in units]
    count = len(units)
    extent = Fraction(sum(max(each) - min(each) + 1 for each in seen), count)
    jump = Fraction(min(find(name, units[0] + count)) - min(seen[0]), count)
    start = sum(((min(each) - unit * jump) for each, unit in zip(seen, units, strict=True)), Fraction(0)) / count
    return {"receptive_field": extent, "jump": jump, "centre": start + (extent - 1) / 2}


def assert_as_followed(size: tuple[int, int], described: Described, period: int, **only: Sequence[int]) -> Table:
    """Every layer's numbers along both axes; ``only`` has the units of layers that have no others."""
    net = network(size, described)
    table = table_of(size, described)
    for row in table.rows:
        for axis, side in enumerate(SIDES):
            numbers = {name: table.value(f"{row.name}.{name}_{side}") for name in NAMES}
            followed = found_by_following(net, table, row.name, axis, only.get(row.name, range(period)))
            if row.output[axis + 1] == 1 and row.kind in ("Linear", "Flatten", "GlobalAvgPool2d"):
                del numbers["jump"], followed["jump"]  # there is no second unit
            assert (row.name, side, numbers) == (row.name, side, followed)
        for name in NAMES:  # a column for both sides has the height's
            assert table.value(f"{row.name}.{name}") == table.value(f"{row.name}.{name}_height")
    return table


# --- by hand --------------------------------------------------------------------------------------------------------


def test_alexnet_as_published() -> None:
    """Araujo, Norris, Sim (Distill 2019) give AlexNet (v2) 195 pixels, a stride of 32 and 64 of padding."""
    described: Described = [
        ("conv1", "Conv2d", {"out_channels": 1, "kernel_size": 11, "stride": 4}),
        ("pool1", "MaxPool2d", {"kernel_size": 3, "stride": 2}),
        ("conv2", "Conv2d", {"out_channels": 1, "kernel_size": 5, "padding": 2}),
        ("pool2", "MaxPool2d", {"kernel_size": 3, "stride": 2}),
        *((f"conv{i}", "Conv2d", {"out_channels": 1, "kernel_size": 3, "padding": 1}) for i in (3, 4, 5)),
        ("pool5", "MaxPool2d", {"kernel_size": 3, "stride": 2}),
    ]
    table = table_of((227, 227), described)
    assert [table.value(f"{row.name}.receptive_field") for row in table.rows] == [11, 19, 51, 67, 99, 131, 163, 195]
    assert [table.value(f"{row.name}.jump") for row in table.rows] == [4, 8, 8, 16, 16, 16, 16, 32]
    # the first unit of pool5: 195 pixels from -64 on, whose middle is pixel 33
    assert table.value("pool5.centre") == -64 + 97 == 33


def test_vgg16_as_published() -> None:
    """Araujo, Norris, Sim: 212 pixels, stride 32, padding 90."""
    described: list[tuple[str, str, dict[str, Any]]] = []
    for block, convolutions in enumerate((2, 2, 3, 3, 3)):
        described += [(f"c{block}{i}", "Conv2d", {"out_channels": 1, "kernel_size": 3, "padding": 1})
                      for i in range(convolutions)]  # fmt: skip
        described.append((f"p{block}", "MaxPool2d", {"kernel_size": 2}))
    table = table_of((224, 224), described)
    last = [table.value(f"p4.{name}") for name in NAMES]
    assert last == [212, 32, Fraction(-90 * 2 + 211, 2)]


def test_the_working_is_that_of_a_text_book() -> None:
    table = table_of((20, 20), [("a", "Conv2d", {"out_channels": 1, "kernel_size": 3, "stride": 2, "padding": 1}),
                                ("b", "Conv2d", {"out_channels": 1, "kernel_size": 5})])  # fmt: skip
    assert table.working("b.receptive_field") == "3 + (5 - 1)*2 = 11"
    assert table.working("b.jump") == "2*1 = 2"
    assert table.working("a.centre") == "-1 + (3 - 1)/2 = 0"


# --- chains ---------------------------------------------------------------------------------------------------------

small = st.tuples(st.integers(1, 3), st.integers(1, 3))
window = st.fixed_dictionaries(
    {"kernel_size": small, "stride": small, "dilation": small, "padding": st.sampled_from([0, 1, (0, 1)])}
)
plain = st.one_of(
    window.map(lambda fields: ("Conv2d", {"out_channels": 1, **fields})),
    st.integers(1, 4).map(lambda k: ("Conv2d", {"out_channels": 1, "kernel_size": k, "padding": "same"})),
    small.map(lambda size: ("Subsample2d", {"kernel_size": size})),
    st.just(("ReLU", {})),
    st.just(("BatchNorm2d", {})),
    small.map(lambda size: ("MaxPool2d", {"kernel_size": size, "stride": 2, "ceil_mode": True})),
)


@given(st.lists(plain, min_size=1, max_size=5))
@settings(max_examples=50, deadline=None)
def test_chains(kinds: list[tuple[str, dict[str, Any]]]) -> None:
    described = [(f"l{i}", kind, fields) for i, (kind, fields) in enumerate(kinds)]
    assume(not [each for each in shape_findings((1, 99, 90), network((99, 90), described).layers) if each.fatal])
    assert_as_followed((99, 90), described, 1)


upwards = st.one_of(
    small.map(lambda scale: ("Upsample", {"scale_factor": scale})),
    small.map(lambda scale: ("Upsample", {"scale_factor": scale, "mode": "bilinear"})),
    st.tuples(st.integers(2, 4), st.integers(1, 2), st.integers(0, 1)).map(
        lambda k: ("ConvTranspose2d", {"out_channels": 1, "kernel_size": k[0], "stride": k[1], "padding": k[2]})
    ),
    st.tuples(small, st.integers(0, 1)).map(
        lambda k: ("ConvTranspose2d", {"out_channels": 1, "kernel_size": k[0], "dilation": 2, "padding": k[1]})
    ),
    st.just(("ConvTranspose2d", {"out_channels": 1, "kernel_size": 3, "stride": 2, "padding": 1, "output_padding": 1})),
)


close = st.tuples(small, small).map(
    lambda k: ("Conv2d", {"out_channels": 1, "kernel_size": k[0], "dilation": k[1], "padding": 1})
)


@given(st.lists(plain, max_size=2), upwards, st.lists(st.one_of(close, upwards), max_size=2))
@settings(max_examples=40, deadline=None)
def test_units_behind_an_upsampling_are_averaged(before: list[Any], up: Any, behind: list[Any]) -> None:
    described = [(f"l{i}", kind, fields) for i, (kind, fields) in enumerate([*before, up, *behind])]
    assume(not [each for each in shape_findings((1, 60, 61), network((60, 61), described).layers) if each.fatal])
    period = prod(prod(_scales(fields)) for _, _, fields in described)
    assert_as_followed((60, 61), described, period)


def _scales(fields: dict[str, Any]) -> tuple[int, ...]:
    scale = fields.get("scale_factor", fields.get("stride", 1))
    return scale if isinstance(scale, tuple) else (scale,)


@pytest.mark.parametrize("up", [{"scale_factor": 2}, {"scale_factor": (2, 1)}])
def test_a_stride_over_units_that_differ_has_no_mean(up: dict[str, Any]) -> None:
    described: Described = [
        ("up", "Upsample", up),
        ("close", "Conv2d", {"out_channels": 1, "kernel_size": 2}),
        ("far", "Conv2d", {"out_channels": 1, "kernel_size": 2, "stride": 2}),
        ("behind", "ReLU", {}),
    ]
    table = table_of((9, 9), described)
    assert table.value("close.receptive_field") == Fraction(3, 2)
    for row in ("far", "behind"):
        assert f"{row}.receptive_field_height" not in table.numbers
        assert (f"{row}.centre_width" in table.numbers) is (up["scale_factor"] == (2, 1))


def test_a_period_by_hand() -> None:
    """Two outputs of each pixel: every other unit of a window of two sees two pixels."""
    described: Described = [
        ("up", "Upsample", {"scale_factor": 2}),
        ("c", "Conv2d", {"out_channels": 1, "kernel_size": 2}),
    ]
    find = seen_by(network((9, 9), described), table_of((9, 9), described), 0)
    assert [sorted(find("c", unit)) for unit in range(4)] == [[0], [0, 1], [1], [1, 2]]


@pytest.mark.parametrize(
    ("fields", "size", "jump", "centre"),
    [
        ({"kernel_size": 2, "stride": 2}, 1, Fraction(1, 2), Fraction(-1, 4)),  # each output has one tap on it
        ({"kernel_size": 3, "stride": 1}, 3, 1, -1),
        ({"kernel_size": 3, "stride": 1, "padding": 1}, 3, 1, 0),
        ({"kernel_size": 3, "stride": 2}, Fraction(3, 2), Fraction(1, 2), Fraction(-1, 2)),  # one pixel, or two
        ({"kernel_size": 4, "stride": 2, "padding": 1}, 2, Fraction(1, 2), Fraction(-1, 4)),
        ({"kernel_size": 3, "dilation": 2, "padding": 2}, 5, 1, 0),
    ],
)
def test_transposed_convolution(fields: dict[str, Any], size: Value, jump: Value, centre: Value) -> None:
    table = assert_as_followed((8, 8), [("up", "ConvTranspose2d", {"out_channels": 1, **fields})], 4)
    assert [table.value(f"up.{name}") for name in NAMES] == [size, jump, centre]


@pytest.mark.parametrize("fields", [{"kernel_size": 1, "stride": 2}, {"kernel_size": 3, "stride": 2, "dilation": 2},
                                    {"kernel_size": [2, 1], "stride": 2}])  # fmt: skip
def test_where_units_see_nothing_there_is_no_receptive_field(fields: dict[str, Any]) -> None:
    described: Described = [
        ("a", "Conv2d", {"out_channels": 1, "kernel_size": 3}),
        ("up", "ConvTranspose2d", {"out_channels": 1, **fields}),
        ("b", "Conv2d", {"out_channels": 1, "kernel_size": 3}),
    ]
    table = table_of((8, 8), described)
    assert table.value("a.receptive_field") == 3
    for layer in ("up", "b"):
        assert f"{layer}.receptive_field_width" not in table.numbers
        assert ("receptive_field" in table.rows[1].values) is (fields["kernel_size"] == [2, 1])  # the height's
    assert amount(table.value("b.out_height")) > 0


@pytest.mark.parametrize("size", [7, 12])
@pytest.mark.parametrize("out", [1, 2, 3, 4, 5, 6, 7, 9])
def test_adaptive_pooling_is_averaged_over_its_units(size: int, out: int) -> None:
    described: Described = [
        ("a", "Conv2d", {"out_channels": 1, "kernel_size": 3, "stride": 2, "padding": 1}),
        ("pool", "AdaptiveAvgPool2d", {"output_size": out}),
    ]
    net, table = network((2 * size, 2 * size), described), table_of((2 * size, 2 * size), described)
    find = seen_by(net, table, 0)
    seen = [find("pool", unit) for unit in range(out)]
    assert table.value("pool.receptive_field") == Fraction(sum(max(each) - min(each) + 1 for each in seen), out)
    jump, centre = table.value("pool.jump"), table.value("pool.centre")
    assert jump == Fraction(2 * size, out)
    mean = Fraction(sum(max(each) + min(each) for each in seen), 2 * out)
    assert mean == amount(centre) + Fraction(out - 1, 2) * amount(jump)


# --- layers that see everything, crops, joins -----------------------------------------------------------------------


@pytest.mark.parametrize("kind", [("Linear", {"out_features": 3}), ("Flatten", {}), ("GlobalAvgPool2d", {}),
                                  ("AdaptiveAvgPool2d", {"output_size": 1})])  # fmt: skip
def test_the_whole_of_the_input(kind: tuple[str, dict[str, Any]]) -> None:
    described: Described = [
        ("a", "Conv2d", {"out_channels": 2, "kernel_size": (3, 5), "stride": (2, 1), "padding": 1}),
        ("all", *kind),
        ("then", "Linear", {"out_features": 2}),
    ]
    table = assert_as_followed((9, 8), described, 1, all=[0], then=[0]) if kind[0] != "AdaptiveAvgPool2d" else None
    table = table or table_of((9, 8), described)
    # rows -1 to 9 and columns -1 to 8, of which the image has 0 to 8 and 0 to 7
    assert [table.value(f"all.receptive_field_{side}") for side in SIDES] == [11, 10]
    assert [table.value(f"then.centre_{side}") for side in SIDES] == [4, Fraction(7, 2)]


INCEPTION: Described = [
    ("stem", "Conv2d", {"out_channels": 1, "kernel_size": 3, "stride": 2, "padding": 1}),
    ("1x1", "Conv2d", {"out_channels": 1, "kernel_size": 1}),
    ("reduce", "Conv2d", {"out_channels": 1, "kernel_size": 1, "from": "stem"}),
    ("5x5", "Conv2d", {"out_channels": 1, "kernel_size": 5, "padding": 2}),
    ("pool", "MaxPool2d", {"kernel_size": (3, 1), "stride": 1, "padding": (1, 0), "from": "stem"}),
    ("output", "Concat", {"from": ["1x1", "5x5", "pool"]}),
    ("next", "Conv2d", {"out_channels": 1, "kernel_size": 3, "padding": 1}),
]
RESIDUAL: Described = [
    ("stem", "Conv2d", {"out_channels": 1, "kernel_size": 7, "stride": 2, "padding": 3}),
    ("a", "Conv2d", {"out_channels": 1, "kernel_size": 3, "stride": 2, "padding": 1}),
    ("b", "Conv2d", {"out_channels": 1, "kernel_size": 3, "padding": 1}),
    ("short", "Conv2d", {"out_channels": 1, "kernel_size": 1, "stride": 2, "from": "stem"}),
    ("add", "Add", {"from": ["short", "b"]}),
    ("c", "Conv2d", {"out_channels": 1, "kernel_size": 3, "padding": 1}),
    ("add2", "Add", {"from": ["c", "add"]}),
]
ONE_SIDED: Described = [  # branches that look to either side: the union is wider than each
    ("left", "Conv2d", {"out_channels": 1, "kernel_size": 2, "padding": "same"}),
    ("crop", "CenterCrop", {"from": "left", "like": "small"}),
    ("add", "Add", {"from": ["crop", "small"]}),
]
SKIP: Described = [  # copied and cropped, beside what comes up from below
    ("down", "Conv2d", {"out_channels": 1, "kernel_size": 3}),
    ("pool", "MaxPool2d", {"kernel_size": 2}),
    ("bottom", "Conv2d", {"out_channels": 1, "kernel_size": 3}),
    ("up", "ConvTranspose2d", {"out_channels": 1, "kernel_size": 2, "stride": 2}),
    ("crop", "CenterCrop", {"from": "down", "like": "up"}),
    ("cat", "Concat", {"from": ["crop", "up"]}),
    ("dec", "Conv2d", {"out_channels": 1, "kernel_size": 3}),
]


@pytest.mark.parametrize("described", [INCEPTION, RESIDUAL, SKIP], ids=["inception", "residual", "skip"])
def test_joins_see_what_their_branches_see_together(described: Described) -> None:
    assert_as_followed((42, 38), described, 2)


@st.composite
def graphs(draw: st.DrawFn) -> tuple[int, list[tuple[str, str, dict[str, Any]]]]:
    """Layers that read one of the last two, joins and crops where sizes let them, and in the end all of the image."""
    size = draw(st.integers(6, 24))
    described: list[tuple[str, str, dict[str, Any]]] = []
    names = ["input"]
    for i in range(draw(st.integers(1, 6))):
        shapes = shapes_of((1, size, 5), network((size, 5), described).layers)
        source = draw(st.sampled_from(names[-2:]))
        pairs = [[one, other] for one in names for other in names if one < other and shapes[one][1] == shapes[other][1]]
        smaller = [name for name in names if shapes[name][1] < shapes[source][1]]
        kind, fields = draw(st.one_of(plain, upwards, adaptive))
        if pairs and draw(st.integers(0, 2)) == 0:
            kind, fields = "Concat", {"from": draw(st.sampled_from(pairs))}
        elif smaller and draw(st.integers(0, 4)) == 0:
            kind, fields = "CenterCrop", {"like": draw(st.sampled_from(smaller)), "from": source}
        named = (f"l{i}", kind, {"from": source, **fields})
        again = shapes_of((1, size, 5), network((size, 5), [*described, named]).layers)
        if f"l{i}" in again and again[f"l{i}"][1] < 200:
            described.append(named)
            names.append(f"l{i}")
    assume(described)
    last = draw(st.sampled_from([("GlobalAvgPool2d", {}), ("Flatten", {}), ("Linear", {"out_features": 1})]))
    return size, [*described, ("all", *last)]


adaptive = st.integers(1, 6).map(lambda out: ("AdaptiveAvgPool2d", {"output_size": (out, 5)}))


@given(graphs())
@settings(max_examples=150, deadline=None)
def test_a_number_is_given_only_where_it_is_that_of_the_units(graph: tuple[int, list[Any]]) -> None:
    size, described = graph
    net, period = network((size, 5), described), 1
    for _, _, fields in described:
        for name in ("scale_factor", "stride", "output_size"):
            scale = fields.get(name, 1)
            period *= scale[0] if isinstance(scale, tuple) else scale
    assume(period <= 300)
    table = compute(net, wanted=("receptive_field_height", "jump_height", "centre_height"))
    for row in table.rows:
        numbers = {name: table.numbers.get(f"{row.name}.{name}_height") for name in NAMES}
        if numbers["receptive_field"] is None:
            continue
        followed = found_by_following(net, table, row.name, 0, range(1 if row.name == "all" else period))
        if row.name == "all":
            del numbers["jump"], followed["jump"]  # there is no second unit
        assert (row.name, numbers) == (row.name, followed)


def test_branches_that_look_to_either_side() -> None:
    described = [("small", "Conv2d", {"out_channels": 1, "kernel_size": 4}), *ONE_SIDED]
    described[1] = ("left", "Conv2d", {"out_channels": 1, "kernel_size": 2, "padding": "same", "from": "input"})
    table = assert_as_followed((12, 12), described, 1)
    # small: pixels 0 to 3; left: 0 and 1, cropped by one: 1 and 2
    assert [table.value(f"add.{name}") for name in NAMES] == [4, 1, Fraction(3, 2)]


def test_a_crop_of_an_odd_rest_begins_where_pytorch_has_it() -> None:
    described: Described = [
        ("small", "Conv2d", {"out_channels": 1, "kernel_size": 4}),
        ("crop", "CenterCrop", {"from": "input", "like": "small"}),
    ]
    table = assert_as_followed((9, 9), described, 1)
    assert table.value("crop.centre") == 1  # of 3 pixels too many one is cut in front


# --- what is asked for ----------------------------------------------------------------------------------------------


def test_only_what_is_asked_for_is_computed() -> None:
    net = network((9, 9), INCEPTION)
    assert not {answer for answer in compute(net).numbers if "receptive" in answer or "jump" in answer}
    numbers: Mapping[str, Value] = compute(net, wanted=("jump_width",)).numbers
    assert "next.jump_width" in numbers
    assert "next.receptive_field_height" not in numbers
    assert compute(net, wanted=("receptive_field",)).totals.keys() == compute(net).totals.keys()  # nothing to add up


def test_a_students_jump_goes_on() -> None:
    net = network((20, 20), [("a", "Conv2d", {"out_channels": 1, "kernel_size": 3, "stride": 2}),
                             ("b", "Conv2d", {"out_channels": 1, "kernel_size": 3})])  # fmt: skip
    assert compute(net, wanted=WANTED).value("b.receptive_field") == 7
    assert compute(net, given={"a.jump": 1}, wanted=WANTED).value("b.receptive_field") == 5
    with pytest.raises(ExpressionError, match=r"b\.receptive_field: .* is a text"):
        compute(net, given={"a.jump": "two"}, wanted=WANTED)
