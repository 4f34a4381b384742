"""The machine that measures: which device, what it is called, and what its refusals mean."""

from __future__ import annotations

import platform
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import DeviceError, InternalError

if TYPE_CHECKING:
    import torch

AUTO, CPU, CUDA, META = DEVICES = ("auto", "cpu", "cuda", "meta")


def device_of(asked: str, *, computes: bool = False) -> torch.device:
    """The device that ``asked`` (one of DEVICES) stands for; DeviceError where there is none, or no torch.

    So is META where what is asked for are values, which it ``computes`` none of.
    """
    try:
        import torch
    except (ImportError, OSError) as error:  # OSError: a library of torch's own is missing
        raise DeviceError(
            f"the network cannot be measured: PyTorch could not be imported ({error}); "
            "install it with: pip install 'sheetgen[torch]'"
        ) from error
    if asked not in DEVICES:
        raise DeviceError(f"there is no device {asked!r}; choose one of {', '.join(DEVICES)}")
    if asked == META and computes:
        raise DeviceError("the device meta has shapes and no values; choose auto, cpu or cuda")
    if asked == CUDA and not torch.cuda.is_available():
        built = "this PyTorch is built without CUDA" if torch.version.cuda is None else "PyTorch finds no CUDA device"
        raise DeviceError(
            f"there is no GPU to measure on: {built}; use --device cpu, or install a PyTorch for your GPU "
            "(https://pytorch.org/get-started)"
        )
    if asked == CUDA or (asked == AUTO and torch.cuda.is_available()):
        return torch.device(CUDA, torch.cuda.current_device())
    return torch.device(CPU if asked == AUTO else asked)


def describe(device: torch.device) -> str:
    """The device and its name: ``cuda:0 (NVIDIA H200)``."""
    import torch

    if device.type == META:
        return META
    name = torch.cuda.get_device_name(device) if device.type == CUDA else processor()
    return f"{device} ({name})"


def processor() -> str:
    told = Path("/proc/cpuinfo")
    found = re.search(r"^model name\s*:\s*(.+?)\s*$", told.read_text(), re.MULTILINE) if told.exists() else None
    return found[1] if found else platform.processor() or platform.machine() or "unknown processor"


@contextmanager
def refusals_of(layer: str, device: torch.device) -> Iterator[None]:
    """Whatever torch refuses within is an error that names the layer."""
    try:
        yield
    except (RuntimeError, MemoryError, OverflowError, TypeError, ValueError) as error:
        import torch

        said = (str(error).strip() or type(error).__name__).splitlines()[0]
        if isinstance(error, torch.OutOfMemoryError | MemoryError) or re.search(
            r"out of memory|allocate memory|not enough memory|ALLOC_FAILED|overflow", str(error), re.IGNORECASE
        ):
            another = "--device cpu or --device meta" if device.type == CUDA else "--device meta"
            raise DeviceError(
                f"{layer}: out of memory on {device} ({said}); try {another}, which measures "
                f"{'in the main memory or ' if device.type == CUDA else ''}shapes and parameters only"
            ) from error
        if device.type == CUDA and re.search("CUDA|cuDNN|CUBLAS", str(error), re.IGNORECASE):
            raise DeviceError(f"{layer}: {device} failed ({said}); try --device cpu") from error
        raise InternalError(
            f"{layer}: PyTorch {torch.__version__} refuses a layer that sheetgen takes for possible ({said})"
        ) from error


def insist_on_memory(needed: int) -> None:
    """Linux promises more memory than there is, and ends the process that takes it at its word: ask first."""
    told = Path("/proc/meminfo")
    found = re.search(r"^MemAvailable:\s*(\d+) kB$", told.read_text(), re.MULTILINE) if told.exists() else None
    if found and needed > int(found[1]) * 1024:
        raise MemoryError(f"{needed:,} bytes are needed, {int(found[1]) * 1024:,} are available")
