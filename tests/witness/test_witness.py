"""The real network: what it measures is what the formulas compute, and a fault on either side shows, by its id."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from sheetgen import spec, table, witness
from sheetgen.errors import DeviceError, InternalError
from sheetgen.layers import (
    AvgPool2d,
    Conv2d,
    Conventions,
    Dropout,
    Flatten,
    Init,
    Layer,
    Linear,
    LocalResponseNorm,
    MaxPool2d,
    ReLU,
)
from sheetgen.network import NamedLayer, Network
from sheetgen.witness import Measured, build, measure

Shape = tuple[int, int, int]
COUNTED = Conventions()
REAL = Conventions(padding="not counted")  # only real pixels are connections
EVERY = [
    Conventions(bias=bias, padding=padding, pooling=pooling)
    for bias in ("counted", "not counted")
    for padding in ("counted", "not counted")
    for pooling in ("counted", "not counted")
]
CPU = torch.device("cpu")


@pytest.fixture(scope="module", autouse=True)
def _one_thread() -> Iterator[None]:
    """On a busy machine, threads that wait for each other make small layers ten times slower."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def network(shape: Shape, **layers: Layer) -> Network:
    named = []
    above = "input"
    for name, kind in layers.items():
        named.append(NamedLayer(name, kind, kind.from_ or above))
        above = name
    return Network("a network", shape, tuple(named))


def on_cpu(net: Network, conventions: Conventions = COUNTED) -> Measured:
    return measure(net, conventions, [layer.name for layer in net.layers], device="cpu")


def computed(net: Network, conventions: Conventions = COUNTED) -> Mapping[str, int]:
    return table.compute(net, conventions).numbers


def disagreed(net: Network, conventions: Conventions = COUNTED) -> set[str]:
    """Ids whose measured number is not the computed one."""
    expected = computed(net, conventions)
    return {answer for answer, number in on_cpu(net, conventions).numbers.items() if number != expected[answer]}


def unseen(net: Network, conventions: Conventions = COUNTED) -> set[str]:
    """Ids of quantities that were not measured."""
    found = on_cpu(net, conventions).numbers
    quantities = {answer for answer in computed(net, conventions) if "taps" not in answer}
    return quantities - set(found)


# --- AlexNet --------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def alexnet() -> spec.Coursework:
    return spec.load("alexnet")


@pytest.fixture(scope="module")
def measured(alexnet: spec.Coursework) -> Measured:
    return measure(alexnet.network, alexnet.conventions, alexnet.rows, device="cpu")


def holds(measured: Measured, alexnet: spec.Coursework) -> None:
    numbers = table.compute(alexnet.network, alexnet.conventions, alexnet.rows).numbers
    assert {answer: measured.numbers.get(answer) for answer in alexnet.blanks} == {
        answer: numbers[answer] for answer in alexnet.blanks
    }
    assert dict(measured.numbers) == {answer: numbers[answer] for answer in measured.numbers}
    assert measured.opinions == measured.macs != {}


def test_alexnet_is_what_its_formulas_say(measured: Measured, alexnet: spec.Coursework) -> None:
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
def test_alexnet_on_the_gpu(alexnet: spec.Coursework, device: str) -> None:
    cudnn = torch.backends.cudnn.enabled
    found = measure(alexnet.network, alexnet.conventions, alexnet.rows, device=device)
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


# --- every kind, every convention -----------------------------------------------------------------------------------

ZOO = {
    "plain": network((3, 9, 8), a=Conv2d(out_channels=4, kernel_size=(3, 2))),
    "padded": network((3, 9, 8), a=Conv2d(out_channels=4, kernel_size=(5, 3), padding=(2, 1), stride=(2, 1))),
    "more padding than kernel": network((1, 4, 4), a=Conv2d(out_channels=2, kernel_size=(2, 2), padding=(3, 3))),
    "dilated": network((2, 11, 9), a=Conv2d(out_channels=3, kernel_size=(3, 3), dilation=(2, 3), padding=(2, 3))),
    "grouped": network((6, 7, 7), a=Conv2d(out_channels=9, kernel_size=(3, 3), groups=3, padding=(1, 1))),
    "depthwise": network((4, 7, 7), a=Conv2d(out_channels=4, kernel_size=(3, 3), groups=4, padding=(1, 1))),
    "same": network((2, 7, 6), a=Conv2d(out_channels=3, kernel_size=(3, 5), padding="same")),
    "same, even": network((2, 7, 6), a=Conv2d(out_channels=3, kernel_size=(4, 2), padding="same", dilation=(1, 3))),
    "no bias": network((3, 6, 6), a=Conv2d(out_channels=4, kernel_size=(3, 3), bias=False, padding=(1, 1))),
    "max": network((2, 9, 8), a=MaxPool2d(kernel_size=(3, 2), stride=(2, 2))),
    "max, padded": network((2, 9, 8), a=MaxPool2d(kernel_size=(3, 2), stride=(2, 3), padding=(1, 1))),
    "max, ceil": network((2, 8, 8), a=MaxPool2d(kernel_size=(3, 3), stride=(2, 4), ceil_mode=True)),
    "max, ceil, padded": network(
        (1, 7, 6), a=MaxPool2d(kernel_size=(3, 2), stride=(3, 2), padding=(1, 1), ceil_mode=True)
    ),
    "max, dilated": network((2, 9, 9), a=MaxPool2d(kernel_size=(3, 2), stride=(1, 2), padding=(1, 1), dilation=(2, 3))),
    "avg": network((2, 9, 8), a=AvgPool2d(kernel_size=(3, 3), stride=(2, 1), padding=(1, 1))),
    "avg, real pixels only": network(
        (2, 8, 8), a=AvgPool2d(kernel_size=(3, 3), padding=(1, 1), ceil_mode=True, count_include_pad=False)
    ),
    "whole image": network((3, 6, 5), a=AvgPool2d(kernel_size=(6, 5))),
    "linear": network((3, 4, 5), a=Linear(out_features=7), b=Linear(out_features=2, bias=False)),
    "without weights": network((3, 4, 5), a=ReLU(), b=Dropout(), c=LocalResponseNorm(size=3), d=Flatten()),
    "all": network(
        (2, 12, 12),
        conv=Conv2d(out_channels=4, kernel_size=(3, 3), padding=(1, 1), activation="ReLU"),
        norm=LocalResponseNorm(size=5),
        pool=MaxPool2d(kernel_size=(3, 3), stride=(2, 2), ceil_mode=True),
        flat=Flatten(),
        drop=Dropout(),
        fc=Linear(out_features=10, activation="Softmax"),
    ),
    "branches": network(
        (2, 8, 8),
        stem=Conv2d(out_channels=4, kernel_size=(3, 3)),
        left=Conv2d(out_channels=3, kernel_size=(1, 1), activation="Tanh"),
        right=MaxPool2d.model_validate({"kernel_size": 2, "from": "stem"}),
        side=AvgPool2d.model_validate({"kernel_size": 4, "from": "input"}),
        end=Linear.model_validate({"out_features": 2, "from": "left"}),
    ),
}


@pytest.mark.parametrize("conventions", EVERY, ids=lambda c: f"{c.bias}/{c.padding}/{c.pooling}")
@pytest.mark.parametrize("net", ZOO.values(), ids=ZOO)
def test_measured_is_computed(net: Network, conventions: Conventions) -> None:
    assert disagreed(net, conventions) == set()
    found = on_cpu(net, conventions)
    assert found.opinions == found.macs
    assert set(found.macs) == {f"{layer.name}.connections" for layer in net.layers if layer.kind.trains}
    missing = {answer for answer in unseen(net, conventions) if not answer.startswith("input.")}
    silent = (MaxPool2d, AvgPool2d) if conventions.pooling == "not counted" else ()
    assert missing == {
        f"{layer.name}.connections"
        for layer in net.layers
        if isinstance(layer.kind, silent) or not isinstance(layer.kind, Conv2d | Linear | MaxPool2d | AvgPool2d)
    }


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


# --- machines that cannot -------------------------------------------------------------------------------------------


def test_without_torch_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(DeviceError, match=r"pip install 'sheetgen\[torch\]'"):
        on_cpu(ZOO["plain"])


def test_cuda_insists(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(DeviceError, match="--device cpu"):
        measure(ZOO["plain"], COUNTED, ["a"], device="cuda")


def test_auto_takes_the_cpu_where_there_is_no_gpu_and_names_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    found = measure(ZOO["plain"], COUNTED, ["a"])
    assert found.device == f"cpu ({witness._processor()})"
    assert len(found.device) > len("cpu ()")


def test_a_device_that_is_none() -> None:
    with pytest.raises(DeviceError, match=r"no device 'tpu'.*auto, cpu, cuda, meta"):
        measure(ZOO["plain"], COUNTED, ["a"], device="tpu")


@pytest.mark.parametrize(
    "error",
    [
        torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 GiB.\nMore."),
        RuntimeError(
            "[enforce fail at alloc_cpu.cpp:119] err == 0. DefaultCPUAllocator: can't allocate memory: 8 bytes"
        ),
        MemoryError(),
    ],
    ids=lambda error: type(error).__name__,
)
@pytest.mark.parametrize("as_it", ["runs", "is measured"])
def test_out_of_memory_names_the_layer(monkeypatch: pytest.MonkeyPatch, error: Exception, as_it: str) -> None:
    forward = torch.nn.Linear.forward
    dtype = torch.float32 if as_it == "runs" else torch.float64

    def run(self: torch.nn.Linear, image: torch.Tensor) -> torch.Tensor:
        if self.out_features == 2 and image.dtype == dtype:
            raise error
        return forward(self, image)

    monkeypatch.setattr(torch.nn.Linear, "forward", run)
    with pytest.raises(DeviceError, match=r"^b: out of memory on cpu .*--device meta") as caught:
        on_cpu(ZOO["linear"])
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("features", [10**12, 10**30])
def test_a_layer_larger_than_any_memory(features: int) -> None:
    # past what the spec's reader would let through
    huge = Linear(out_features=1).model_copy(update={"out_features": features})
    with pytest.raises(DeviceError, match=r"^huge: out of memory"):
        on_cpu(network((3, 8, 8), huge=huge))


# --- planted faults: the network is not what the spec says ----------------------------------------------------------

STRIDED = network((4, 11, 11), a=Conv2d(out_channels=6, kernel_size=(3, 3), stride=(2, 2), padding=(1, 1), groups=2))
SAME = network((1, 9, 9), a=Conv2d(out_channels=1, kernel_size=(3, 3), dilation=(2, 2), padding="same"))
POOL = network((2, 11, 11), a=MaxPool2d(kernel_size=(2, 2), stride=(2, 2)))
PADDED_POOL = network((2, 11, 11), a=AvgPool2d(kernel_size=(3, 3), stride=(2, 2), padding=(1, 1)))
CEIL_POOL = network((2, 10, 10), a=MaxPool2d(kernel_size=(3, 3), stride=(2, 2), ceil_mode=True))
DILATED_POOL = network((2, 10, 10), a=MaxPool2d(kernel_size=(2, 2), stride=(2, 2), dilation=(2, 2)))
FULL = network((2, 3, 4), a=Linear(out_features=5))


def build_another(monkeypatch: pytest.MonkeyPatch, kind: type[Layer], **changes: object) -> None:
    """The module is built as if the spec had said something else."""
    module = kind.module
    monkeypatch.setattr(kind, "module", lambda self, nn, shape: module(self.model_copy(update=changes), nn, shape))


@pytest.mark.parametrize(
    ("net", "changes", "conventions", "wrong"),
    [
        (STRIDED, {"stride": (2, 3)}, COUNTED, "out_width neurons connections"),
        (STRIDED, {"padding": (0, 1)}, COUNTED, "out_height neurons connections"),
        (STRIDED, {"groups": 1}, COUNTED, "weights parameters connections"),
        (STRIDED, {"bias": False}, COUNTED, "biases parameters connections"),
        (STRIDED, {"bias": False}, Conventions(bias="not counted"), "biases parameters"),
        (STRIDED, {"out_channels": 8}, COUNTED, "out_channels neurons weights biases parameters connections"),
        (STRIDED, {"kernel_size": (4, 3)}, COUNTED, "weights parameters connections out_height neurons"),
        (SAME, {"dilation": (1, 1)}, REAL, "connections"),  # the shapes do not tell
        (SAME, {"dilation": (1, 1)}, COUNTED, ""),  # and with padding counted nothing does: it is the same number
        (POOL, {"kernel_size": (3, 3)}, COUNTED, "connections"),
        (POOL, {"stride": (3, 3)}, COUNTED, "out_height out_width neurons connections"),
        (PADDED_POOL, {"padding": (0, 0)}, COUNTED, "out_height out_width neurons connections"),
        (CEIL_POOL, {"ceil_mode": False}, COUNTED, "out_height out_width neurons connections"),
        (DILATED_POOL, {"dilation": (1, 1)}, REAL, "out_height out_width neurons connections"),
        (FULL, {"out_features": 6}, COUNTED, "out_channels neurons weights biases parameters connections"),
        (FULL, {"bias": False}, COUNTED, "biases parameters connections"),
    ],
    ids=lambda value: str(value) if isinstance(value, dict) else "",
)
def test_a_wrong_network_shows(
    monkeypatch: pytest.MonkeyPatch, net: Network, changes: dict[str, object], conventions: Conventions, wrong: str
) -> None:
    assert disagreed(net, conventions) == set()
    build_another(monkeypatch, type(net.layers[0].kind), **changes)
    assert disagreed(net, conventions) == ids(wrong)


def ids(quantities: str) -> set[str]:
    """Of the only layer, ``a``, and of the totals."""
    named = quantities.split()
    summed = ("neurons", "weights", "biases", "parameters", "connections")
    return {f"a.{name}" for name in named} | {f"total.{name}" for name in named if name in summed}


def test_a_linear_layer_that_does_not_flatten_shows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Linear, "module", lambda self, nn, shape: nn.Linear(shape[2], self.out_features))
    assert disagreed(FULL) == ids("out_channels out_height out_width neurons weights parameters connections")


def test_a_linear_layer_without_its_unflatten_shows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        Linear, "module", lambda _, nn, shape: nn.Sequential(nn.Flatten(), nn.Linear(shape[0] * shape[1] * shape[2], 5))
    )
    assert unseen(FULL) >= {"a.out_channels", "a.out_height", "a.out_width"}
    assert disagreed(FULL) == set()


def test_a_layer_that_torch_refuses_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Linear, "module", lambda _, nn, shape: nn.Linear(shape[0] * shape[1] * shape[2], 5))
    with pytest.raises(InternalError, match=r"^a: PyTorch .* refuses a layer"):
        on_cpu(FULL)


def test_a_run_whose_outputs_are_no_counts_is_no_witness(monkeypatch: pytest.MonkeyPatch) -> None:
    forward = torch.nn.Linear.forward
    monkeypatch.setattr(torch.nn.Linear, "forward", lambda self, image: forward(self, image) + 0.25)
    found = on_cpu(FULL)
    assert not any(answer.endswith("connections") for answer in {**found.numbers, **found.macs})
    assert found.numbers["total.parameters"] == 125


def test_the_fourth_opinion_is_one_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    from torch.utils.flop_counter import FlopCounterMode

    count = FlopCounterMode.get_total_flops
    monkeypatch.setattr(FlopCounterMode, "get_total_flops", lambda self: count(self) * 2)
    found = on_cpu(FULL)
    assert (found.opinions, found.macs) == ({"a.connections": 240}, {"a.connections": 120})


# --- planted faults: a formula is wrong -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("quantity", "formula", "wrong"),
    [
        ("out_height", "({}) + 1", "out_height neurons connections"),
        ("out_width", "in_width // stride_width", "out_width neurons connections"),
        ("neurons", "out_height * out_width", "neurons connections"),
        ("weights", "kernel_height * kernel_width * in_channels * out_channels", "weights parameters"),
        ("biases", "neurons", "biases parameters"),
        ("parameters", "weights", "parameters"),
        ("connections", "({}) - neurons", "connections"),
    ],
)
def test_a_wrong_formula_shows(monkeypatch: pytest.MonkeyPatch, quantity: str, formula: str, wrong: str) -> None:
    formulas = Conv2d.formulas

    def faulty(self: Conv2d, conventions: Conventions) -> Mapping[str, str]:
        right = formulas(self, conventions)
        return {**right, quantity: formula.format(right[quantity])}

    monkeypatch.setattr(Conv2d, "formulas", faulty)
    assert disagreed(STRIDED) == ids(wrong)


def test_a_wrong_formula_for_the_input_shows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(table, "EXACT_INPUT", table.EXACT_INPUT.replace("- 2*padding", "+ 2*padding"))
    assert disagreed(STRIDED) >= {"input.in_height", "input.in_width"}


@pytest.mark.parametrize("conventions", [COUNTED, REAL], ids=["counted", "real"])
@pytest.mark.parametrize("net", [PADDED_POOL, CEIL_POOL], ids=["padded", "ceil"])
def test_a_pool_that_forgets_the_convention_shows(
    monkeypatch: pytest.MonkeyPatch, net: Network, conventions: Conventions
) -> None:
    kind = type(net.layers[0].kind)
    formulas: Callable[[Layer, Conventions], Mapping[str, str]] = kind.formulas
    other = REAL if conventions == COUNTED else COUNTED
    monkeypatch.setattr(kind, "formulas", lambda self, _: formulas(self, other))
    assert disagreed(net, conventions) == ids("connections")
