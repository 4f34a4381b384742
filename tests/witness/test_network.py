"""The real network: what it measures is what the formulas compute, for every kind of layer and every convention."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from sheetgen import spec, table
from sheetgen.coursework import Coursework
from sheetgen.expr import ExpressionError
from sheetgen.layers import (
    AdaptiveAvgPool2d,
    AvgPool2d,
    Conv2d,
    Conventions,
    ConvTranspose2d,
    GlobalAvgPool2d,
    Layer,
    Linear,
    MaxPool2d,
    Subsample2d,
)
from sheetgen.network import Network
from sheetgen.quantities import SHARES
from sheetgen.witness import Measured, measure
from tests.witness.nets import COUNTED, COUNTS, EVERY, ZOO, a, disagreed, network, on_cpu, unseen

# --- AlexNet --------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def alexnet() -> Coursework:
    return spec.load("alexnet")


@pytest.fixture(scope="module")
def measured(alexnet: Coursework) -> Measured:
    return measure(alexnet.network, alexnet.conventions, alexnet.rows, device="cpu", wanted=alexnet.needed)


def holds(measured: Measured, alexnet: Coursework) -> None:
    numbers = table.compute(alexnet.network, alexnet.conventions, alexnet.rows).numbers
    assert {answer: measured.numbers.get(answer) for answer in alexnet.blanks} == {
        answer: numbers[answer] for answer in alexnet.blanks
    }
    assert dict(measured.numbers) == {answer: numbers[answer] for answer in measured.numbers}
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


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA here")
@pytest.mark.parametrize("device", ["auto", "cuda"])
def test_alexnet_on_the_gpu(alexnet: Coursework, device: str) -> None:
    cudnn = torch.backends.cudnn.enabled
    found = measure(alexnet.network, alexnet.conventions, alexnet.rows, device=device, wanted=alexnet.needed)
    holds(found, alexnet)
    assert found.device == f"cuda:0 ({torch.cuda.get_device_name(0)})"
    assert torch.backends.cudnn.enabled == cudnn


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA here")
@pytest.mark.parametrize("conventions", EVERY, ids=str)
def test_all_kinds_on_the_gpu(conventions: Conventions) -> None:
    for net in ZOO.values():
        rows = [layer.name for layer in net.layers]
        on_gpu, here = measure(net, conventions, rows, device="cuda"), on_cpu(net, conventions)
        assert (on_gpu.numbers, on_gpu.opinions, on_gpu.macs) == (here.numbers, here.opinions, here.macs)


# --- every kind, every convention --------------------------------------------------------------------------------------

TESTS_HERE

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


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.filter_too_much])
@given(
    of=convolutions() | poolings(),
    size=st.tuples(st.integers(1, 12), st.integers(1, 12)),
    conventions=st.builds(Conventions, bias=words, padding=words),
)
def test_the_closed_formulas_hold(of: tuple[int, Layer], size: tuple[int, int], conventions: Conventions) -> None:
    channels, layer = of
    net = network((channels, *size), a=layer)
    assume(not any(finding.fatal for finding in table.shape_findings(net.input, net.layers)))
    assert disagreed(net, conventions) == set()
    assert {answer for answer in unseen(net, conventions) if not answer.startswith("input.")} == set()
    found = on_cpu(net, conventions)
    assert found.opinions == found.macs


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
        assert found[f"total.{quantity}"] == found[f"stem.{quantity}"] + found[f"end.{quantity}"]


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


def test_meta_leaves_the_connections_and_the_input_unwitnessed(alexnet: spec.Coursework, measured: Measured) -> None:
    found = measure(alexnet.network, alexnet.conventions, alexnet.rows, device="meta")
    assert found.device == "meta"
    assert found.opinions == found.macs == {}
    assert dict(found.numbers) == {
        answer: number
        for answer, number in measured.numbers.items()
        if not answer.endswith(".connections") and not answer.startswith("input.")
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
    before = (torch.get_rng_state(), torch.get_num_threads(), torch.get_default_dtype(), torch.is_grad_enabled())
    on_cpu(ZOO["all"])
    after = (torch.get_rng_state(), torch.get_num_threads(), torch.get_default_dtype(), torch.is_grad_enabled())
    assert torch.equal(before[0], after[0])
    assert before[1:] == after[1:]


def test_a_torch_that_counts_in_float64_is_measured_the_same() -> None:
    before = on_cpu(ZOO["all"])
    torch.set_default_dtype(torch.float64)
    try:
        assert on_cpu(ZOO["all"]) == before
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
layer = NamedLayer("a", Conv2d(out_channels=2, kernel_size=(3, 3), padding=(1, 1), activation="ReLU"), "input")
found = witness.measure(Network("n", (1, 5, 5), (layer,)), Conventions(), ["a"], device="cpu")
assert found.opinions == found.macs == {"a.connections": 450}, found
assert "torch" in sys.modules
assert "torch._dynamo" not in sys.modules
"""
    root = Path(spec.__file__).parents[1]
    done = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


