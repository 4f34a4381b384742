"""The third witness: a real PyTorch network built from the spec, whose figures are measured, never recomputed.

- Shapes and neurons: a forward hook on the module of each row, on a real batch.
- Weights, biases, parameters: the elements of the module's tensors.
- Connections: the real layer is run in float64 with every weight 1, no bias, on an input of ones. Each output is then
  the fan-in of its unit, and their sum the connections. Padding is zeros, and so is not counted; padded with ones
  instead, it is. Biases: weights 0 and biases 1. A pooling unit has no weights: which pixels reach it is tried out.
- The input's size: does the first layer's last window reach the last row, column and channel?

What a measurement cannot see is absent: a convention ("pooling is not counted") is nothing that a network shows.
A fourth opinion comes from torch.utils.flop_counter, which counts multiply-accumulates by rules of its own.

This room knows networks and torch, which it imports when it is asked to measure; it must not know the formulas.
"""

from __future__ import annotations

import copy
import inspect
import math
import platform
import re
import sys
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from .errors import DeviceError, InternalError
from .layers import Conventions, activation
from .network import INPUT, TOTAL, NamedLayer, Network
from .quantities import SUMMABLE

if TYPE_CHECKING:
    import torch
    from torch import Tensor, nn

AXES = ("channels", "height", "width")
BATCH = 2  # more than one sample, so that what belongs to the batch is not taken for the layer's
SEED = 0
CHUNK = 1 << 24  # values in the input of one run of a pooling layer
AUTO, CPU, CUDA, META = DEVICES = ("auto", "cpu", "cuda", "meta")


@dataclass(frozen=True, slots=True)
class Measured:
    """What the network showed. An id that was not measured is absent.

    ``numbers``: answer id -> the measured number. ``opinions``: ``<layer>.connections`` -> FlopCounterMode's
    multiply-accumulates of one sample, for layers with weights: connections without biases, padding counted.
    ``macs``: the same quantity as measured here, whatever the conventions; to hold ``opinions`` against.
    """

    device: str
    numbers: Mapping[str, int] = field(hash=False)
    opinions: Mapping[str, int] = field(hash=False)
    macs: Mapping[str, int] = field(hash=False)


@dataclass(frozen=True, slots=True)
class Built:
    """A row of the table as a real module, with what its hook saw of one sample as it ran."""

    name: str
    module: nn.Module
    input: tuple[int, ...]
    output: tuple[int, ...]
    multiply_accumulates: int  # FlopCounterMode's


def measure(
    network: Network,
    conventions: Conventions,
    rows: Sequence[str],
    device: str = AUTO,
    progress: Callable[[str], None] | None = None,
) -> Measured:
    """Build ``network`` on ``device``, run it, and measure every quantity of every layer.

    ``rows`` are the layers that the totals add up. ``progress`` is called with each layer's name as it is built and
    again as its connections are measured. Raises DeviceError: no torch, no such device, out of memory.
    """
    try:
        import torch
    except (ImportError, OSError) as error:  # OSError: a library of torch's own is missing
        raise DeviceError(
            f"the network cannot be measured: PyTorch could not be imported ({error}); "
            "install it with: pip install 'sheetgen[torch]'"
        ) from error
    where = _device(device)
    tell = progress or (lambda _: None)
    numbers: dict[str, int] = {}
    opinions: dict[str, int] = {}
    macs: dict[str, int] = {}
    decreed: set[str] = set()  # no connections by convention: nothing measured, nothing missing in the total
    with ExitStack() as settings:
        settings.enter_context(torch.no_grad())
        settings.enter_context(warnings.catch_warnings())
        # that torch copies the input there is no news to a reader of coursework
        warnings.filterwarnings("ignore", "Using padding='same' with even kernel", UserWarning)
        built = build(network, where, tell)
        for row in built:
            numbers |= _of_hook(row) | _of_tensors(row)
        if where.type != META:
            if where.type == CUDA:  # cuDNN may choose FFT or Winograd, which round: a count must be whole
                settings.enter_context(torch.backends.cudnn.flags(enabled=False))
            scratch = _Scratch(where)
            numbers |= _of_input(built[0], scratch)
            for row in built:
                tell(row.name)
                answer = f"{row.name}.connections"
                with _refusals_of(row.name, where):
                    fan_in = _fan_in(row, conventions, scratch)
                if fan_in.decreed:
                    decreed.add(answer)
                if fan_in.counted is not None:
                    numbers[answer] = fan_in.counted
                if fan_in.macs is not None:
                    macs[answer] = fan_in.macs
                    opinions[answer] = row.multiply_accumulates
    for quantity in SUMMABLE:
        addends = [f"{name}.{quantity}" for name in rows]
        if all(answer in numbers or answer in decreed for answer in addends):
            numbers[f"{TOTAL}.{quantity}"] = sum(numbers.get(answer, 0) for answer in addends)
    if where.type == META:  # of rows that are none, nothing was measured either
        numbers.pop(f"{TOTAL}.connections", None)
    return Measured(_describe(where), numbers, opinions, macs)


# --- the machine ----------------------------------------------------------------------------------------------------


def _device(asked: str) -> torch.device:
    import torch

    if asked not in DEVICES:
        raise DeviceError(f"there is no device {asked!r}; choose one of {', '.join(DEVICES)}")
    if asked == CUDA and not torch.cuda.is_available():
        built = "this PyTorch is built without CUDA" if torch.version.cuda is None else "PyTorch finds no CUDA device"
        raise DeviceError(
            f"there is no GPU to measure on: {built}; use --device cpu, or install a PyTorch for your GPU "
            "(https://pytorch.org/get-started)"
        )
    if asked == CUDA or (asked == AUTO and torch.cuda.is_available()):
        return torch.device(CUDA, torch.cuda.current_device())
    return torch.device(CPU if asked == AUTO else asked)


def _describe(device: torch.device) -> str:
    """The device and its name: ``cuda:0 (NVIDIA H200)``."""
    import torch

    if device.type == META:
        return META
    name = torch.cuda.get_device_name(device) if device.type == CUDA else _processor()
    return f"{device} ({name})"


def _processor() -> str:
    told = Path("/proc/cpuinfo")
    found = re.search(r"^model name\s*:\s*(.+?)\s*$", told.read_text(), re.MULTILINE) if told.exists() else None
    return found[1] if found else platform.processor() or platform.machine() or "unknown processor"


@contextmanager
def _refusals_of(layer: str, device: torch.device) -> Iterator[None]:
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


def _insist_on_memory(needed: int) -> None:
    """Linux promises more memory than there is, and ends the process that takes it at its word: ask first."""
    told = Path("/proc/meminfo")
    found = re.search(r"^MemAvailable:\s*(\d+) kB$", told.read_text(), re.MULTILINE) if told.exists() else None
    if found and needed > int(found[1]) * 1024:
        raise MemoryError(f"{needed:,} bytes are needed, {int(found[1]) * 1024:,} are available")


# --- the network ----------------------------------------------------------------------------------------------------


def build(network: Network, device: torch.device, tell: Callable[[str], None] = lambda _: None) -> tuple[Built, ...]:
    """The network, layer by layer, each run on a random batch as soon as it stands.

    So torch itself says which shape the next layer meets. Neither torch's random numbers nor its settings change.
    """
    import torch

    generator = torch.Generator(CPU if device.type == META else device).manual_seed(SEED)
    last_reader = {layer.source: layer.name for layer in network.layers}
    values: dict[str, Tensor] = {}
    built = []
    with torch.no_grad():
        for layer in network.layers:
            tell(layer.name)
            with _refusals_of(layer.name, device):
                if not values:
                    batch = torch.empty((BATCH, *network.input), dtype=torch.float32, device=device)
                    values[INPUT] = batch if device.type == META else batch.normal_(generator=generator)
                value = values[layer.source]
                module = _materialised(layer, tuple(value.shape[1:]), device, generator)
                row, output = _run(layer.name, module, value)
                if layer.kind.activation is not None:
                    output = activation(torch.nn, layer.kind.activation)(output)
            built.append(row)
            if layer.name in last_reader:
                values[layer.name] = output
            if last_reader[layer.source] == layer.name and layer.source != INPUT:
                del values[layer.source]
    return tuple(built)


def _materialised(
    layer: NamedLayer, shape: tuple[int, ...], device: torch.device, generator: torch.Generator
) -> nn.Module:
    """The module with its tensors on ``device``, initialised as the spec says, or else as torch does."""
    import torch

    with torch.device(META):  # sizes first: no memory is taken, no random number drawn
        channels, height, width = (*shape, 1, 1)[:3]
        module: nn.Module = layer.kind.module(torch.nn, (channels, height, width)).to(torch.float32).eval()
    if device.type == META:
        return module
    if device.type == CPU:  # with the largest tensor once more in float64, for the connections
        sizes = [parameter.numel() for parameter in module.parameters()]
        _insist_on_memory(4 * sum(sizes) + 8 * max(sizes, default=0))
    for part in module.modules():  # to_empty() would do it too, but first loads torch._refs, for 0.25 s
        for name, planned in list(part.named_parameters(recurse=False)):
            tensor = torch.empty(planned.shape, dtype=planned.dtype, device=device)
            part.register_parameter(name, torch.nn.Parameter(tensor, requires_grad=False))
    init = getattr(layer.kind, "init", None)
    if init is None:
        with torch.random.fork_rng(devices=[device] if device.type == CUDA else []):
            for part in module.modules():
                reset = getattr(part, "reset_parameters", None)
                if reset is not None:
                    reset()
        return module
    for name, parameter in module.named_parameters():
        if _is_bias(name):
            torch.nn.init.constant_(parameter, init.bias)
        else:
            torch.nn.init.normal_(parameter, init.mean, init.std, generator=generator)
    return module


def _run(name: str, module: nn.Module, value: Tensor) -> tuple[Built, Tensor]:
    from torch.utils.flop_counter import FlopCounterMode

    seen: list[tuple[tuple[int, ...], tuple[int, ...]]] = []

    def hook(_: nn.Module, given: tuple[Tensor, ...], output: Tensor) -> None:
        seen.append((tuple(given[0].shape[1:]), tuple(output.shape[1:])))

    handle = module.register_forward_hook(hook)
    with _uncompiled(), FlopCounterMode(display=False) as counter:
        output: Tensor = module(value)
    handle.remove()
    ((into, out_of),) = seen
    return Built(name, module, into, out_of, counter.get_total_flops() // 2 // BATCH), output


@contextmanager
def _uncompiled() -> Iterator[None]:
    """Spares the 0.9 s in which FlopCounterMode loads torch's compiler, only to tell it to keep away.

    Where nothing has loaded the compiler, there is nobody to tell. The mark is torch's own memory of having told.
    """
    from torch.utils import flop_counter

    mode = getattr(flop_counter, "_FlopCounterMode", None)
    if mode is None or "torch._dynamo" in sys.modules:
        yield
        return
    dispatch = inspect.unwrap(mode.__torch_dispatch__)
    dispatch.__dynamo_disable = dispatch
    try:
        yield
    finally:
        del dispatch.__dynamo_disable


def _is_bias(name: str) -> bool:
    return name.rpartition(".")[2] == "bias"


# --- shapes and tensors ---------------------------------------------------------------------------------------------


def _of_hook(row: Built) -> dict[str, int]:
    """The shapes, and the neurons: the values that come out for one sample."""
    found = {f"{row.name}.neurons": math.prod(row.output)}
    for side, shape in (("in", row.input), ("out", row.output)):
        if len(shape) == len(AXES):  # a row that gives no image shows no height
            found |= {f"{row.name}.{side}_{axis}": size for axis, size in zip(AXES, shape, strict=True)}
    return found


def _of_tensors(row: Built) -> dict[str, int]:
    sizes = {name: parameter.numel() for name, parameter in row.module.named_parameters()}
    return {
        f"{row.name}.weights": sum(size for name, size in sizes.items() if not _is_bias(name)),
        f"{row.name}.biases": sum(size for name, size in sizes.items() if _is_bias(name)),
        f"{row.name}.parameters": sum(sizes.values()),
    }


# --- connections ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _FanIn:
    """Sums over the units of a layer; None where nothing was measured."""

    counted: int | None = None  # under the conventions
    macs: int | None = None  # without biases, with padding; of layers with weights
    decreed: bool = False  # the conventions give such a layer no connections, whatever it is


class _Scratch:
    """One float64 buffer for the weights of every layer in turn: to touch fresh memory is what takes the time."""

    def __init__(self, device: torch.device) -> None:
        import torch

        self.device = device
        self._buffer = torch.empty(0, dtype=torch.float64, device=device)

    def filled(self, shape: Sequence[int], value: float) -> Tensor:
        """A tensor of ``value`` that is good until the next one is asked for."""
        import torch

        size = math.prod(shape)
        if size > self._buffer.numel():
            self._buffer = torch.empty(0, dtype=torch.float64, device=self.device)  # given back first
            self._buffer = torch.empty(size, dtype=torch.float64, device=self.device)
        return self._buffer[:size].view(tuple(shape)).fill_(value)

    def run(self, module: nn.Module, image: Tensor, weight: float, bias: float) -> Tensor:
        """The output of the real module with all its weights and all its biases set to these, in float64."""
        import torch

        tensors = {}
        for name, parameter in module.named_parameters():
            if _is_bias(name):
                tensors[name] = torch.full(parameter.shape, bias, dtype=torch.float64, device=self.device)
            else:
                tensors[name] = self.filled(parameter.shape, weight)
        output: Tensor = torch.func.functional_call(module, tensors, (image,))
        return output


def _fan_in(row: Built, conventions: Conventions, scratch: _Scratch) -> _FanIn:
    import torch
    from torch import nn

    working = [part for part in row.module.modules() if not isinstance(part, nn.Sequential | nn.Flatten | nn.Unflatten)]
    (part,) = working if len(working) == 1 else (None,)
    if isinstance(part, nn.MaxPool2d | nn.AvgPool2d):
        if conventions.pooling == "not counted":
            return _FanIn(decreed=True)
        return _FanIn(_windows(row, part, padded=conventions.padding == "counted", device=scratch.device))
    if not isinstance(part, nn.Conv2d | nn.Linear):
        # nothing that the run could see; without weights it has no connections, by the convention of all tables
        return _FanIn(decreed=not list(row.module.parameters()))
    ones = torch.ones((1, *row.input), dtype=torch.float64, device=scratch.device)
    padded = row.module
    if isinstance(part, nn.Conv2d) and part is row.module and part.padding != (0, 0):
        padded = copy.copy(part)
        padded.padding_mode = "replicate"  # torch pads the ones with ones, where and as far as it pads with zeros
    macs = _whole_sum(scratch.run(padded, ones, weight=1, bias=0), row)
    counted = macs
    if conventions.padding == "not counted" and padded is not row.module:
        counted = _whole_sum(scratch.run(row.module, ones, weight=1, bias=0), row)
    if conventions.bias == "counted" and counted is not None:
        biases = _whole_sum(scratch.run(row.module, ones, weight=0, bias=1), row)
        counted = None if biases is None else counted + biases
    return _FanIn(counted, macs)


def _whole_sum(fan_in: Tensor, row: Built) -> int | None:
    """The sum of the units' counts; None where they are none: of another shape, or not whole."""
    import torch

    if tuple(fan_in.shape[1:]) != row.output:
        return None
    whole = fan_in.to(torch.int64)
    return int(whole.sum().item()) if bool((whole == fan_in).all()) else None


def _windows(row: Built, pool: nn.MaxPool2d | nn.AvgPool2d, *, padded: bool, device: torch.device) -> int | None:
    """The inputs of all units of a pooling layer, by trying out which rows and which columns reach each unit.

    A window is a grid, so that its inputs are its rows times its columns. Lines are tried by residue class modulo the
    window's extent: a window has at most one line of each class, and its unit shows more than nothing iff it has it.
    """
    height, width = row.input[-2:]
    before = [0, 0]
    if padded:
        # every pixel on padding, or (ceil_mode) beyond it, made a real one; windows stay where they were
        pool, stride, ceil, before = copy.copy(pool), _pair(pool.stride), pool.ceil_mode, list(_pair(pool.padding))
        pool.padding, pool.ceil_mode = 0, False
        height += 2 * before[0] + (stride[0] - 1 if ceil else 0)
        width += 2 * before[1] + (stride[1] - 1 if ceil else 0)
    lines = [_lines(pool, axis, (row.input[0], height, width), row.output, device) for axis in (0, 1)]
    if lines[0] is None or lines[1] is None:
        return None
    return int((lines[0] * lines[1]).sum().item())


def _lines(
    pool: nn.MaxPool2d | nn.AvgPool2d,
    axis: int,
    image: tuple[int, int, int],
    units: tuple[int, ...],
    device: torch.device,
) -> Tensor | None:
    """The number of rows (``axis`` 0) or columns (1) that reach each unit; None where there are not such units."""
    import torch

    kernel, dilation = _pair(pool.kernel_size)[axis], _pair(getattr(pool, "dilation", 1))[axis]
    classes = dilation * (kernel - 1) + 1
    size = image[1 + axis]
    colour = torch.arange(size, device=device) % classes
    found = torch.zeros(units, dtype=torch.int64, device=device)
    at_once = max(1, CHUNK // math.prod(image))
    for first in range(0, min(classes, size), at_once):
        wanted = torch.arange(first, min(first + at_once, classes, size), device=device)
        lit = (colour == wanted[:, None]).to(torch.float32)
        shape = (len(wanted), 1, size, 1) if axis == 0 else (len(wanted), 1, 1, size)
        output = pool(lit.view(shape).expand(len(wanted), *image))
        reached = output[..., : units[-2], : units[-1]] > 0  # more units than there were: only beyond the padding
        if tuple(reached.shape[1:]) != units:
            return None
        found += reached.sum(dim=0)
    return found


def _pair(given: int | tuple[int, ...]) -> tuple[int, int]:
    return (given, given) if isinstance(given, int) else (given[0], given[1])


# --- the input ------------------------------------------------------------------------------------------------------


def _of_input(first: Built, scratch: _Scratch) -> dict[str, int]:
    """The sizes of the input along the axes whose last line reaches a unit of the first layer.

    This is what "the windows cover the input exactly" shows of itself. Where lines are left over, or the first layer
    has no windows, the layer says nothing of the input's size.
    """
    import torch
    from torch import nn

    if not isinstance(first.module, nn.Conv2d | nn.MaxPool2d | nn.AvgPool2d):
        return {}
    last = torch.zeros((3, *first.input), dtype=torch.float64, device=scratch.device)
    last[0, -1], last[1, :, -1], last[2, :, :, -1] = 1, 1, 1
    with _refusals_of(first.name, scratch.device):
        reached = (scratch.run(first.module, last, weight=1, bias=0) > 0).flatten(1).any(dim=1).tolist()
    return {f"{INPUT}.in_{axis}": size for axis, size, it in zip(AXES, first.input, reached, strict=True) if it}
