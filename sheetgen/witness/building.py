"""The network as real modules, each run on a random batch as soon as it stands."""

from __future__ import annotations

import inspect
import sys
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..layers import Conv2d, Init, activation
from ..network import INPUT, NamedLayer, Network
from .machine import CPU, CUDA, META, insist_on_memory, refusals_of

if TYPE_CHECKING:
    import torch
    from torch import Tensor, nn

BATCH = 2  # more than one sample, so that what belongs to the batch is not taken for the layer's
SEED = 0
Sizes = tuple[int, ...]  # of one sample: channels, height, width, unless a module gives something else


@dataclass(frozen=True, slots=True)
class Built:
    """A row of the table as a real module, with what its hook saw of one sample as it ran."""

    layer: NamedLayer
    module: nn.Module
    inputs: tuple[Sizes, ...]  # one for each source
    output: Sizes
    multiply_accumulates: int  # FlopCounterMode's

    @property
    def name(self) -> str:
        return self.layer.name

    @property
    def input(self) -> Sizes:
        """What it reads: its input, or the first of several; what is concatenated is read as one image."""
        from ..modules import Concat

        first = self.inputs[0]
        if isinstance(self.module, Concat):
            return (sum(shape[0] for shape in self.inputs), *first[1:])
        return first


def build(network: Network, device: torch.device, tell: Callable[[str], None] = lambda _: None) -> tuple[Built, ...]:
    """The network, layer by layer, each run on a random batch.

    So torch itself says which shape the next layer meets. An output is kept until its last reader has run. Neither
    torch's random numbers nor its settings change.
    """
    import torch

    generator = torch.Generator(CPU if device.type == META else device).manual_seed(SEED)
    last_reader = {source: layer.name for layer in network.layers for source in layer.sources}
    values: dict[str, Tensor] = {}
    shapes: dict[str, Sizes] = {INPUT: network.input}
    modules: dict[str, nn.Module] = {}
    built: list[Built] = []
    with torch.no_grad(), warnings.catch_warnings():
        # that torch copies the input there is no news to a reader of coursework
        warnings.filterwarnings("ignore", "Using padding='same' with even kernel", UserWarning)
        for layer in network.layers:
            tell(layer.name)
            with refusals_of(layer.name, device):
                if not built:
                    batch = torch.empty((BATCH, *network.input), dtype=torch.float32, device=device)
                    values[INPUT] = batch if device.type == META else batch.normal_(generator=generator)
                if layer.weights_of is not None:
                    module = modules[layer.weights_of]
                else:
                    module = materialised(layer, shapes, device, generator)
                row, output = _run(layer, module, [values[source] for source in layer.sources])
                if layer.kind.activation is not None:
                    output = activation(torch.nn, layer.kind.activation)(output)
            built.append(row)
            modules[layer.name], shapes[layer.name] = module, tuple(output.shape[1:])
            if layer.name in last_reader:
                values[layer.name] = output
            for source in set(layer.sources):
                if last_reader[source] == layer.name:
                    del values[source]
    return tuple(built)


def materialised(
    layer: NamedLayer, shapes: Mapping[str, Sizes], device: torch.device, generator: torch.Generator
) -> nn.Module:
    """The module with its tensors on ``device``, initialised as the spec says, or else as torch does.

    ``shapes`` are those of the layers above. A tensor requires a gradient iff the spec lets it be trained.
    """
    import torch

    module = planned(layer, shapes)
    if device.type == META:
        return module
    if device.type == CPU:  # with the largest tensor once more, for the connections
        sizes = [parameter.numel() for parameter in module.parameters()]
        insist_on_memory(4 * sum(sizes) + 4 * max(sizes, default=0))
    for part in module.modules():  # to_empty() would do it too, but first loads torch._refs, for 0.25 s
        for name, tensor in list(part.named_parameters(recurse=False)):
            real = torch.empty(tensor.shape, dtype=tensor.dtype, device=device)
            part.register_parameter(name, torch.nn.Parameter(real, requires_grad=tensor.requires_grad))
        for name, buffer in list(part.named_buffers(recurse=False)):
            part.register_buffer(name, torch.empty(buffer.shape, dtype=buffer.dtype, device=device))
    init: Init | None = getattr(layer.kind, "init", None)
    if init is None:
        with torch.random.fork_rng(devices=[device] if device.type == CUDA else []):
            for part in module.modules():
                reset = getattr(part, "reset_parameters", None)
                if reset is not None:
                    reset()
        return module
    for name, parameter in module.named_parameters():
        if is_bias(name):
            torch.nn.init.constant_(parameter, init.bias)
        else:
            torch.nn.init.normal_(parameter, init.mean, init.std, generator=generator)
    return module


def planned(layer: NamedLayer, shapes: Mapping[str, Sizes]) -> nn.Module:
    """The module on the meta device: sizes, but no memory is taken and no random number drawn."""
    import torch

    channels, height, width = (*shapes[layer.source], 1, 1)[:3]
    shape = channels, height, width
    told = shape  # what a module cannot know of itself
    with torch.device(META):
        if layer.like is not None:
            like = (*shapes[layer.like], 1, 1)[:3]
            told = (channels, like[1], like[2])
        elif isinstance(layer.kind, Conv2d) and layer.kind.bias == "per unit":
            # how many units there are is left to torch, and so no formula's word is taken for it
            plain = layer.kind.model_copy(update={"bias": False}).module(torch.nn, shape, shape)
            units = plain.to(torch.float32)(torch.empty((1, *shape), dtype=torch.float32)).shape
            told = units[1], units[2], units[3]
        module: nn.Module = layer.kind.module(torch.nn, shape, told).to(torch.float32).eval()
    return module.requires_grad_(getattr(layer.kind, "trainable", True))


def _run(layer: NamedLayer, module: nn.Module, values: Sequence[Tensor]) -> tuple[Built, Tensor]:
    from torch.utils.flop_counter import FlopCounterMode

    seen: list[tuple[tuple[Sizes, ...], Sizes]] = []

    def hook(_: nn.Module, given: tuple[Tensor, ...], output: Tensor) -> None:
        seen.append((tuple(tuple(each.shape[1:]) for each in given), tuple(output.shape[1:])))

    handle = module.register_forward_hook(hook)
    with _uncompiled(), FlopCounterMode(display=False) as counter:
        output: Tensor = module(*values)
    handle.remove()
    ((into, out_of),) = seen
    return Built(layer, module, into, out_of, counter.get_total_flops() // 2 // BATCH), output


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


def working_part(module: nn.Module) -> nn.Module | None:
    """The one module that does a row's work, apart from what reshapes around it; None where there are several."""
    from torch import nn

    working = [part for part in module.modules() if not isinstance(part, nn.Sequential | nn.Flatten | nn.Unflatten)]
    return working[0] if len(working) == 1 else None


def is_bias(name: str) -> bool:
    return name.rpartition(".")[2] == "bias"


def pair(given: Any) -> tuple[Any, Any]:
    """(height, width) of what a module keeps, which is one number where both are the same."""
    return (given[0], given[1]) if isinstance(given, tuple) else (given, given)
