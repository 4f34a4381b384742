"""Machines that cannot: no torch, no such device, not enough memory."""

from __future__ import annotations

import sys

import pytest
import torch

from sheetgen.errors import DeviceError
from sheetgen.layers import Linear
from sheetgen.witness import machine, measure, measure_init, weighted_cross_entropy
from tests.witness.nets import COUNTED, ZOO, network, on_cpu


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
    assert found.device == f"cpu ({machine.processor()})"
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
    batch = 2 if as_it == "runs" else 1

    def run(self: torch.nn.Linear, image: torch.Tensor) -> torch.Tensor:
        if self.out_features == 2 and len(image) == batch:
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


def test_what_has_no_values_cannot_start_or_lose() -> None:
    for computing in (lambda: measure_init(ZOO["all"], "meta"), lambda: weighted_cross_entropy(-1, True, "meta")):
        with pytest.raises(DeviceError, match="meta has shapes and no values"):
            computing()
