"""The real network: what it measures is what the formulas compute, for every kind of layer and every convention."""

from __future__ import annotations

import subprocess
import sys
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from sheetgen import spec, table
from sheetgen.coursework import Coursework
from sheetgen.layers import (
    AdaptiveAvgPool2d,
    AvgPool2d,
    Conv2d,
    Conventions,
    ConvTranspose2d,
    GlobalAvgPool2d,
    Init,
    Layer,
    Linear,
    MaxPool2d,
    Subsample2d,
)
from sheetgen.network import Network
from sheetgen.quantities import SHARES
from sheetgen.shapes import shape_findings
from sheetgen.witness import Measured, build, measure, measure_init, weighted_cross_entropy
from tests.witness.nets import COUNTED, COUNTS, EVERY, SEEN, ZOO, disagreed, network, on_cpu, unseen

CPU = torch.device("cpu")
EVERYTHING = (*COUNTS, *SEEN)

# --- AlexNet --------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def alexnet() -> Coursework:
    return spec.load("alexnet")


@pytest.fixture(scope="module")
def measured(alexnet: Coursework) -> Measured:
    return measure(alexnet.network, alexnet.conventions, alexnet.rows, device="cpu", wanted=EVERYTHING)


def holds(measured: Measured, alexnet: Coursework) -> None:
    numbers = table.compute(alexnet.network, alexnet.conventions, alexnet.rows, wanted=EVERYTHING).numbers
    assert dict(measured.numbers) == {answer: numbers[answer] for answer in measured.numbers}
    assert len(measured.numbers) > 400
    assert measured.opinions == measured.macs != {}


def test_alexnet_is_what_its_formulas_say(measured: Measured, alexnet: Coursework) -> None:
    holds(measured, alexnet)
    assert set(measured.macs) == {
        f"{name}.connections" for name in ("conv1", "conv2", "conv3", "conv4", "conv5", "fc6", "fc7", "fc8")
    }


def test_alexnet_is_what_is_published(measured: Measured) -> None:
    numbers = measured.numbers
    assert numbers["conv1.connections"] == 105_705_600
    assert numbers["total.parameters"] == 62_378_344
    assert numbers["input.in_height"] == 227
    assert measured.macs["conv1.connections"] == 105_705_600 - 290_400
    assert [numbers[f"{name}.receptive_field"] for name in ("conv5", "pool5")] == [163, 195]


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA here")
@pytest.mark.parametrize("device", ["auto", "cuda"])
def test_alexnet_on_the_gpu(alexnet: Coursework, device: str) -> None:
    cudnn = torch.backends.cudnn.enabled
    found = measure(alexnet.network, alexnet.conventions, alexnet.rows, device=device, wanted=EVERYTHING)
    holds(found, alexnet)
    assert found.device == f"cuda:0 ({torch.cuda.get_device_name(0)})"
    assert torch.backends.cudnn.enabled == cudnn


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA here")
@pytest.mark.parametrize("conventions", EVERY, ids=str)
def test_all_kinds_on_the_gpu(conventions: Conventions) -> None:
    for net in ZOO.values():
        rows = [layer.name for layer in net.layers]
        on_gpu = measure(net, conventions, rows, device="cuda", wanted=(*sensible(net), *SEEN))
        here = on_cpu(net, conventions, (*sensible(net), *SEEN))
        assert (on_gpu.numbers, on_gpu.opinions, on_gpu.macs) == (here.numbers, here.opinions, here.macs)


@pytest.mark.parametrize("name", ["lecun1989", "lenet5", "nin", "squeezenet", "mobilenet-v2", "alexnet-two-gpu"])
def test_shipped_networks_are_what_their_formulas_say(name: str) -> None:
    """The small ones; ``sheetgen check --all`` measures them all."""
    described = spec.load(name)
    found = measure(described.network, described.conventions, described.rows, device="cpu", wanted=EVERYTHING)
    expected = table.compute(described.network, described.conventions, described.rows, wanted=EVERYTHING).numbers
    assert dict(found.numbers) == {answer: expected[answer] for answer in found.numbers}
    assert {answer for answer in described.blanks if answer in expected} <= set(found.numbers)
    assert found.opinions == {answer: found.macs[answer] for answer in found.opinions}


# --- every kind, every convention -----------------------------------------------------------------------------------

RUN = (Conv2d, ConvTranspose2d, Linear, Subsample2d)
POOLS = (MaxPool2d, AvgPool2d, AdaptiveAvgPool2d, GlobalAvgPool2d)


def sensible(net: Network, conventions: Conventions = COUNTED) -> tuple[str, ...]:
    """COUNTS without the shares of totals that are zero, of which there are none."""
    totals = table.compute(net, conventions, wanted=SHARES.values()).totals
    return tuple(name for name in COUNTS if name not in SHARES or totals[SHARES[name]])


def silent(kind: Layer, conventions: Conventions) -> set[str]:
    """The quantities of which there are none by convention, so that nothing can be measured."""
    if isinstance(kind, RUN):
        return {"fully_connected_parameters"} if isinstance(kind, Subsample2d) else set()
    none = {"macs", "macs_share", "flops", "fully_connected_parameters"}
    if not isinstance(kind, POOLS):
        none.add("fan_in")
    if not isinstance(kind, POOLS) or conventions.pooling == "not counted":
        none |= {"connections", "connections_share"}
    return none


@pytest.mark.parametrize("conventions", EVERY, ids=lambda c: f"{c.bias}/{c.padding}/{c.pooling}")
@pytest.mark.parametrize("net", ZOO.values(), ids=ZOO)
def test_measured_is_computed(net: Network, conventions: Conventions) -> None:
    wanted = sensible(net, conventions)
    assert disagreed(net, conventions, wanted) == set()
    expected = {f"{layer.name}.{name}" for layer in net.layers for name in silent(layer.kind, conventions)}
    missing = {answer for answer in unseen(net, conventions, wanted) if not answer.startswith("input.")}
    assert missing == {answer for answer in expected if answer.rpartition(".")[2] in (*wanted, "connections")}


@pytest.mark.parametrize("net", ZOO.values(), ids=ZOO)
def test_flop_counter_agrees_where_it_has_an_opinion(net: Network) -> None:
    found = on_cpu(net)
    assert set(found.macs) == {f"{layer.name}.connections" for layer in net.layers if isinstance(layer.kind, RUN)}
    of_tables = {f"{row.name}.connections" for row in net.layers if getattr(row.kind, "connection_table", None)}
    assert dict(found.opinions) == {answer: macs for answer, macs in found.macs.items() if answer not in of_tables}


@pytest.mark.parametrize("dtype", ["float64", "bfloat16", "int8"])
def test_memory_is_counted_in_the_declared_dtype(dtype: str) -> None:
    conventions = Conventions.model_validate({"dtype": dtype, "flops": "1 per MAC"})
    assert disagreed(ZOO["fixed"], conventions, sensible(ZOO["fixed"])) == set()


def test_numbers_are_what_was_asked_for() -> None:
    net = ZOO["residual"]
    plain, more = on_cpu(net).numbers, on_cpu(net, wanted=("macs", "macs_share", "kernel_size", "my_own")).numbers
    assert not any(answer.endswith(("macs", "size", "receptive_field")) for answer in plain)
    assert {answer.rpartition(".")[2] for answer in more.keys() - plain.keys()} == {"macs", "macs_share"}


def test_a_tensor_used_twice_counts_once() -> None:
    numbers = on_cpu(ZOO["weights used again"], wanted=("running_statistics", "parameter_memory")).numbers
    assert [numbers[f"{name}.parameters"] for name in "anbmcd"] == [38, 4, 0, 0, 5256, 0]
    assert [numbers[f"{name}.running_statistics"] for name in "nm"] == [4, 0]
    assert numbers["total.parameter_memory"] == 4 * (38 + 4 + 5256)
    assert numbers["b.connections"] == numbers["a.connections"]


def test_a_block_has_its_ends_and_its_sums() -> None:
    net = ZOO["residual"]
    wanted = ("macs", "macs_share", "input_size", "output_size")
    numbers = on_cpu(net, wanted=wanted).numbers
    assert (numbers["block.input_size"], numbers["block.output_size"]) == ("5 x 5 x 4", "3 x 3 x 6")
    assert numbers["block.macs"] == 36 * 6 * 9 + 4 * 6 * 9
    assert numbers["block.macs_share"] == Fraction(36 * 6 * 9 + 4 * 6 * 9, 18 * 4 * 25 + 36 * 6 * 9 + 4 * 6 * 9)
    fewer = measure(net, COUNTED, ["stem", "conv"], device="cpu", wanted=wanted).numbers
    assert fewer["block.macs"] == 36 * 6 * 9
    assert "block.macs" not in measure(net, COUNTED, ["stem"], device="cpu", wanted=wanted).numbers


pairs = st.tuples(st.integers(1, 4), st.integers(1, 4))
small = st.tuples(st.integers(1, 3), st.integers(1, 3))
paddings = st.tuples(st.integers(0, 3), st.integers(0, 3))
words = st.sampled_from(["counted", "not counted"])


@st.composite
def convolutions(draw: st.DrawFn) -> tuple[int, Layer]:
    groups = draw(st.integers(1, 3))
    same = draw(st.booleans()) and draw(st.booleans())
    layer = Conv2d(
        out_channels=groups * draw(st.integers(1, 2)),
        kernel_size=draw(pairs),
        stride=(1, 1) if same else draw(small),
        padding="same" if same else draw(paddings),
        dilation=draw(small),
        groups=groups,
        bias=draw(st.booleans()),
    )
    return groups * draw(st.integers(1, 2)), layer


@st.composite
def poolings(draw: st.DrawFn) -> tuple[int, Layer]:
    kernel = draw(pairs)
    common: dict[str, Any] = {
        "kernel_size": kernel,
        "stride": draw(st.none() | pairs),
        "padding": draw(st.tuples(*(st.integers(0, size // 2) for size in kernel))),
        "ceil_mode": draw(st.booleans()),
    }
    if draw(st.booleans()):
        return 2, MaxPool2d(**common, dilation=draw(small))
    return 2, AvgPool2d(**common, count_include_pad=draw(st.booleans()))


@st.composite
def transposed(draw: st.DrawFn) -> tuple[int, Layer]:
    groups, stride, dilation = draw(st.integers(1, 3)), draw(small), draw(small)
    layer = ConvTranspose2d(
        out_channels=groups * draw(st.integers(1, 2)),
        kernel_size=draw(pairs),
        stride=stride,
        padding=draw(paddings),
        output_padding=draw(st.tuples(*(st.integers(0, max(both) - 1) for both in zip(stride, dilation, strict=True)))),
        groups=groups,
        bias=draw(st.booleans()),
        dilation=dilation,
    )
    return groups * draw(st.integers(1, 2)), layer


@st.composite
def tabled(draw: st.DrawFn) -> tuple[int, Layer]:
    rows = draw(st.lists(st.lists(st.integers(0, 2), min_size=1, unique=True), min_size=1, max_size=4))
    layer = Conv2d(
        out_channels=len(rows),
        kernel_size=draw(pairs),
        stride=draw(small),
        padding=draw(paddings),
        dilation=draw(small),
        connection_table=tuple(map(tuple, rows)),
        bias=draw(st.sampled_from([True, False, "per unit"])),
    )
    return 3, layer


@st.composite
def without_settings(draw: st.DrawFn) -> tuple[int, Layer]:
    if draw(st.booleans()):
        return 2, AdaptiveAvgPool2d(output_size=draw(st.tuples(st.integers(1, 14), st.integers(1, 14))))
    return 2, draw(st.sampled_from([GlobalAvgPool2d(), Subsample2d(kernel_size=(2, 3)), Linear(out_features=3)]))


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.filter_too_much])
@given(
    of=convolutions() | poolings() | transposed() | tabled() | without_settings(),
    size=st.tuples(st.integers(1, 12), st.integers(1, 12)),
    conventions=st.builds(Conventions, bias=words, padding=words),
)
def test_the_closed_formulas_hold(of: tuple[int, Layer], size: tuple[int, int], conventions: Conventions) -> None:
    channels, layer = of
    net = network((channels, *size), a=layer)
    assume(not any(finding.fatal for finding in shape_findings(net.input, net.layers)))
    wanted = ("fan_in", "macs") if isinstance(layer, RUN) else ("fan_in",)
    assert disagreed(net, conventions, wanted) == set()
    assert {answer for answer in unseen(net, conventions, wanted) if not answer.startswith("input.")} == set()
    found = on_cpu(net, conventions)
    assert found.opinions == ({} if getattr(layer, "connection_table", None) else found.macs)


# --- what it says of itself, and what it leaves as it was -----------------------------------------------------------


def test_from_joins_what_it_names() -> None:
    numbers = on_cpu(ZOO["branches"]).numbers
    assert [numbers[f"{name}.in_channels"] for name in ("stem", "left", "right", "side", "end")] == [2, 4, 4, 2, 3]
    assert numbers["side.in_height"] == 8
    assert numbers["end.weights"] == 3 * 6 * 6 * 2


def test_totals_add_the_rows_of_the_table_only() -> None:
    net = ZOO["branches"]
    found = measure(net, COUNTED, ["stem", "end"], device="cpu").numbers
    for quantity in ("neurons", "weights", "biases", "parameters", "connections"):
        stem, end = found[f"stem.{quantity}"], found[f"end.{quantity}"]
        assert isinstance(stem, int)
        assert isinstance(end, int)
        assert found[f"total.{quantity}"] == stem + end


AXES = ("in_channels", "in_height", "in_width")


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        (Conv2d(out_channels=1, kernel_size=(3, 3), stride=(2, 2)), AXES[:2]),  # a column is left over
        (MaxPool2d(kernel_size=(2, 2)), ("in_channels", "in_width")),  # a row is
        (Conv2d(out_channels=1, kernel_size=(3, 3), stride=(2, 2), padding=(1, 1)), AXES),  # only padding is
        (AvgPool2d(kernel_size=(3, 4), stride=(1, 1)), AXES),
        (Linear(out_features=3), ()),  # there are no windows
    ],
    ids=["conv", "max", "padded", "avg", "linear"],
)
def test_the_input_is_seen_where_the_windows_reach_its_end(kind: Layer, said: tuple[str, ...]) -> None:
    numbers = on_cpu(network((2, 9, 8), a=kind)).numbers
    sizes = dict(zip(AXES, (2, 9, 8), strict=True))
    found = {answer: number for answer, number in numbers.items() if answer.startswith("input.")}
    assert found == {f"input.{axis}": sizes[axis] for axis in said}


RUNS = ("connections", "connections_share", "macs", "macs_share", "flops", "fan_in")


def test_meta_leaves_the_connections_and_the_input_unwitnessed(alexnet: Coursework, measured: Measured) -> None:
    found = measure(alexnet.network, alexnet.conventions, alexnet.rows, device="meta", wanted=EVERYTHING)
    assert found.device == "meta"
    assert found.opinions == found.macs == {}
    assert dict(found.numbers) == {
        answer: number
        for answer, number in measured.numbers.items()
        if answer.rpartition(".")[2] not in {*RUNS, *SEEN} and not answer.startswith("input.")
    }


def test_meta_of_layers_without_connections_is_no_measurement_either() -> None:
    found = measure(ZOO["without weights"], COUNTED, ["a", "b"], device="meta").numbers
    assert not any(answer.endswith("connections") for answer in found)


def test_weights_start_as_the_spec_says() -> None:
    init = Init(mean=0.5, std=0.01, bias=1.0)
    net = network(
        (3, 20, 20),
        said=Conv2d(out_channels=64, kernel_size=(5, 5), init=init),
        unsaid=Conv2d(out_channels=64, kernel_size=(5, 5)),
        full=Linear(out_features=50, init=Init(std=0.02)),
    )
    said, unsaid, full = (dict(row.module.named_parameters()) for row in build(net, CPU))
    assert said["weight"].mean().item() == pytest.approx(0.5, abs=0.001)
    assert said["weight"].std().item() == pytest.approx(0.01, rel=0.05)
    assert set(said["bias"].tolist()) == {1.0}
    bound = 1 / (64 * 25) ** 0.5  # torch's own: uniform within it
    assert 0.99 * bound < unsaid["weight"].abs().max().item() <= bound
    assert 0.5 * bound < unsaid["bias"].abs().max().item() <= bound
    assert full["1.weight"].std().item() == pytest.approx(0.02, rel=0.05)
    assert set(full["1.bias"].tolist()) == {0.0}
    again = build(net, CPU)[0].module.get_parameter("weight")
    assert torch.equal(again, said["weight"])


def test_torch_is_left_as_it_was() -> None:
    def state() -> tuple[object, ...]:
        threads, of_one = torch.get_num_threads(), torch.backends.mkldnn.enabled
        return torch.get_rng_state().tolist(), threads, of_one, torch.get_default_dtype(), torch.is_grad_enabled()

    torch.set_num_threads(2)
    before = state()
    on_cpu(ZOO["all"], wanted=EVERYTHING)
    weighted_cross_entropy(-1, True, "cpu")
    measure_init(network((1, 3, 3), x=Linear(out_features=2, init=Init(std=1))), "cpu")
    assert state() == before
    torch.set_num_threads(1)


def test_a_torch_that_counts_in_float64_is_measured_the_same() -> None:
    before = [on_cpu(ZOO[name], wanted=EVERYTHING) for name in ("all", "u")]
    torch.set_default_dtype(torch.float64)
    try:
        assert [on_cpu(ZOO[name], wanted=EVERYTHING) for name in ("all", "u")] == before
    finally:
        torch.set_default_dtype(torch.float32)


def test_progress_names_the_layers() -> None:
    told: list[str] = []
    measure(ZOO["linear"], COUNTED, ["a", "b"], device="cpu", progress=told.append)
    assert told == ["a", "b", "a", "b"]


def test_torch_comes_only_with_the_measurement_and_without_its_compiler() -> None:
    code = """
import sys
from sheetgen import spec, witness
assert not [name for name in sys.modules if name.partition(".")[0] == "torch"]
from sheetgen.layers import Conv2d, Conventions
from sheetgen.network import NamedLayer, Network
layer = NamedLayer("a", Conv2d(out_channels=2, kernel_size=(3, 3), padding=(1, 1), activation="ReLU"), ("input",))
found = witness.measure(Network("n", (1, 5, 5), (layer,)), Conventions(), ["a"], device="cpu")
assert found.opinions == found.macs == {"a.connections": 450}, found
assert "torch" in sys.modules
assert "torch._dynamo" not in sys.modules
"""
    root = Path(spec.__file__).parents[1]
    done = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
