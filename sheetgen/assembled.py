"""A network as one PyTorch module, to train or to look at: the graph of a spec, its rows as submodules.

    >>> import torch
    >>> from sheetgen.spec import load
    >>> net = assemble(load("lenet5").network)
    >>> net.C3.weight.shape                       # 60 pairs of maps, see sheetgen.modules.TableConv2d
    torch.Size([60, 5, 5])
    >>> net(torch.zeros(8, 1, 32, 32)).shape
    torch.Size([8, 10])

This room knows networks, their shapes and torch; it must not know how a network is measured, nor files.
"""

from __future__ import annotations

from contextlib import nullcontext
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from .layers import FUNCTIONS, Init, activation
from .network import INPUT, NamedLayer, Network
from .table import compute

if TYPE_CHECKING:
    from .layers import Shape

# Kinds whose module alone does not show that it is a row: a ReLU may be the activation of the row above, a flattening
# part of the layer below, and a mean over the whole image goes by two names.
_WRAPPED = frozenset(("Flatten", "AdaptiveAvgPool2d", *(kind.__name__ for kind in FUNCTIONS)))


class Row(nn.Module):
    """A row of the table whose module alone does not show that it is one. ``kind`` is its type in the YAML."""

    def __init__(self, kind: str, module: nn.Module) -> None:
        super().__init__()
        self.kind, self.module = kind, module

    def forward(self, image: Tensor) -> Tensor:
        output: Tensor = self.module(image)
        return output

    def extra_repr(self) -> str:
        return self.kind


class Assembled(nn.Module):
    """The layers of a network, run in order; ``rows`` says which submodule is whose.

    An image is (batch, channels, height, width), and so is every layer's output; of the last layer's, height and width
    are dropped where both are 1, as losses want it.
    """

    def __init__(self, network: Network) -> None:
        super().__init__()
        table = compute(network)
        shapes: dict[str, tuple[Shape, Shape]] = {row.name: (row.input, row.output) for row in table.rows}
        self.network = network
        self.rows: dict[str, str] = {}  # layer -> path of its submodule
        self.activations: dict[str, str] = {}
        self._last_reader = {source: layer.name for layer in network.layers for source in layer.sources}
        for layer in network.layers:
            if layer.weights_of is not None:
                self.rows[layer.name] = self.rows[layer.weights_of]
            else:
                self.rows[layer.name] = self._add(layer.name, _module(layer, *shapes[layer.name]))
            if layer.kind.activation:
                module = activation(nn, layer.kind.activation)
                self.activations[layer.name] = self._add(f"{layer.name}_activation", module)

    def _add(self, path: str, module: nn.Module) -> str:
        """Put ``module`` where its name says, ``3a.1x1`` inside ``3a``; a name that is taken gets a ``_``."""
        inside: nn.Module = self
        *blocks, name = path.split(".")
        taken = []
        for block in blocks:
            while hasattr(inside, block) and type(inside._modules.get(block)) is not nn.Module:
                block += "_"
            if block not in inside._modules:
                inside.add_module(block, nn.Module())  # only holds others
            inside = inside.get_submodule(block)
            taken.append(block)
        while hasattr(inside, name):
            name += "_"
        inside.add_module(name, module)
        return ".".join((*taken, name))

    def forward(self, image: Tensor) -> Tensor:
        outputs = {INPUT: image}
        output = image
        for layer in self.network.layers:
            module = self.get_submodule(self.rows[layer.name])
            read = [outputs[source] for source in layer.sources]
            if isinstance(module, nn.Linear):
                output = module(read[0].flatten(1))[..., None, None]
            else:
                output = module(*read)
            if layer.name in self.activations:
                output = self.get_submodule(self.activations[layer.name])(output)
            outputs[layer.name] = output
            for source in layer.sources:
                if self._last_reader[source] == layer.name:
                    outputs.pop(source, None)  # nobody needs its memory any more
        return output.flatten(1) if output.shape[2:] == (1, 1) else output


def assemble(network: Network, device: str | torch.device | None = None) -> Assembled:
    """``network`` as one ``torch.nn.Module``, its weights drawn as PyTorch draws them, or as ``init:`` says.

    On the device ``"meta"`` it has shapes but no numbers, and takes no memory. A layer is a submodule of its name
    (``net.conv1``, ``net.get_submodule("3a.1x1")``), its activation one behind it (``net.conv1_activation``). Layers
    that share weights share the module. Of layers that nothing reads only the last has an output.
    """
    with torch.device(device) if device is not None else nullcontext():
        return Assembled(network)


def _module(layer: NamedLayer, shape: Shape, out: Shape) -> nn.Module:
    kind: Any = layer.kind
    module: nn.Module = kind.module(nn, shape, out)
    if kind.type == "Linear":  # without its flattening, so that its weights are called fc6.weight
        module = next(each for each in module.modules() if isinstance(each, nn.Linear))
    elif kind.type in _WRAPPED:
        module = Row(kind.type, module)
    if getattr(kind, "init", None) is not None:
        _initialise(module, kind.init)
    if getattr(kind, "trainable", True) is False:
        module.requires_grad_(False)
    return module


def _initialise(module: nn.Module, init: Init) -> None:
    for name, parameter in module.named_parameters():
        if name.endswith("bias"):
            nn.init.constant_(parameter, init.bias)
        else:
            nn.init.normal_(parameter, init.mean, init.std)
