"""A PyTorch module -> the network of a spec, by running it once; what cannot be expressed is named.

``import_network`` finds and runs the user's code, ``from_module`` takes a module that is there already. The run needs
no numbers: tensors are fake (sizes without memory) where the module lets them be, and real where it does not.

This room knows networks and torch, which it loads when it is asked to import; it must not know files of its own.
"""

from __future__ import annotations

import inspect
import logging
import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import DeviceError, InternalError, SpecError, UsageError
from ..layers import Shape
from ..network import Network
from . import theirs
from .text import to_yaml as to_yaml

if TYPE_CHECKING:
    from torch import Tensor, nn

    from .translate import Translated

IMAGE: Shape = (3, 224, 224)
BATCH = 2  # more than one image, so that what mixes them shows
MOST_TOLD = 20  # reasons why a network cannot be expressed


@dataclass(frozen=True, slots=True)
class Imported:
    """A network, the text of its YAML, and what of the module the table does not show."""

    network: Network
    yaml: str = field(repr=False)
    warnings: tuple[str, ...]


def import_network(target: str, image: Shape = IMAGE) -> Imported:
    """The network of ``target``, ``student.py:Net`` or ``package.models:net``, run on an image of ``image``.

    ``image`` is (channels, height, width). The file or module is executed, and what it names is called without
    arguments unless it is a module already; what the code prints goes to stderr. Raises UsageError (it cannot be
    found, run or expressed: all reasons, with the modules' paths), DeviceError (no torch).
    """
    _need_torch()
    name = target.rpartition(":")[2]
    with theirs.quiet(), theirs.named(target) as found:
        translated = _run(lambda: theirs.construct(found, name), image, name)
    return _imported(translated, target, image)


def from_module(module: nn.Module, image: Shape = IMAGE, name: str = "") -> Imported:
    """The network of ``module``, run on an image of (channels, height, width) in eval mode, and left in its own.

    >>> from torch import nn
    >>> net = nn.Sequential(nn.Conv2d(1, 8, 5), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(1152, 10))
    >>> [(layer.name, layer.kind.describe()) for layer in from_module(net, (1, 28, 28)).network.layers]
    [('conv_0', 'Conv2d + ReLU'), ('pool_2', 'MaxPool2d'), ('fc_4', 'Linear')]

    Raises as ``import_network`` does.
    """
    _need_torch()
    name = name or type(module).__name__
    on_meta = {each.device.type for each in module.parameters()} == {"meta"}
    return _imported(_run(lambda: theirs.construct(module, name), image, name, on_meta=on_meta), name, image)


def _imported(translated: Translated, target: str, image: Shape) -> Imported:
    network = translated.network
    if network is None:
        listed = list(translated.problems[:MOST_TOLD])
        if len(translated.problems) > MOST_TOLD:
            listed.append(f"and {len(translated.problems) - MOST_TOLD} more")
        raise UsageError("\n".join((f"{target} cannot be expressed, and nothing was written:", *listed)))
    size = " × ".join(map(str, image))
    comment = f"Imported from {target}, which was run on an image of {size} (channels × height × width)."
    yaml = to_yaml(network, [comment])
    _read_back(network, yaml, target)
    return Imported(network, yaml, translated.warnings)


def _read_back(network: Network, yaml: str, target: str) -> None:
    """What is written will be read as the same: UsageError where the reader refuses it, InternalError if it differs."""
    from ..spec import read

    try:
        again = read(Path("imported.yaml"), "its YAML", yaml.encode()).network
    except SpecError as error:
        told = f"{target} runs in PyTorch, but cannot be a coursework, and nothing was written:"
        raise UsageError("\n".join((told, *error.problems))) from None
    if (again.input, again.layers) != (network.input, network.layers):
        raise InternalError(f"the YAML of {target} is read back as another network")


def _need_torch() -> None:
    try:
        import torch  # noqa: F401
    except (ImportError, OSError) as error:  # OSError: a library of torch's own is missing
        raise DeviceError(
            f"a network cannot be imported: PyTorch could not be imported ({error}); "
            "install it with: pip install 'sheetgen[torch]'"
        ) from error


def _run(make: Callable[[], nn.Module], image: Shape, name: str, *, on_meta: bool = False) -> Translated:
    """The module that ``make`` gives, run and translated.

    Fake tensors take no memory and no time, but code that computes with numbers while it builds a network, or calls
    another library, may not bear them: what fails is tried again with real ones, whose errors are the user's to see,
    and at last with a single image, which some code takes for granted. ``on_meta``: the module is on the device meta,
    whose tensors have no numbers either, and are quicker.
    """
    title = name.rpartition(".")[2]
    for without_numbers in (nullcontext, _fake_tensors) if on_meta else (_fake_tensors,):
        try:
            with without_numbers():
                return _recorded(make(), image, BATCH, title)
        except theirs.FailedError:
            pass
    module = make()
    try:
        return _recorded(module, image, BATCH, title)
    except theirs.FailedError:
        return _recorded(module, image, 1, title)


@contextmanager
def _fake_tensors() -> Iterator[None]:
    from torch._subclasses.fake_tensor import FakeTensorMode

    log = logging.getLogger("torch._subclasses.fake_tensor")  # would print a traceback before it raises
    was, log.disabled = log.disabled, True
    try:
        with FakeTensorMode(allow_non_fake_inputs=True):  # the weights of a module that was built before are real
            yield
    finally:
        log.disabled = was


def _is_fake(tensor: Tensor) -> bool:
    from torch._subclasses.fake_tensor import FakeTensor

    return isinstance(tensor, FakeTensor)


def _recorded(module: nn.Module, image: Shape, batch: int, title: str) -> Translated:
    import torch
    from torch.nn.parameter import is_lazy

    from .operations import LEAVES
    from .record import record
    from .translate import translate

    weight = next((each for each in module.parameters() if each.is_floating_point()), torch.empty(0))
    tensor = torch.zeros((batch, *image), device=weight.device, dtype=weight.dtype)
    _takes_an_image(module, title)
    training = {each: each.training for each in module.modules()}
    size = " × ".join(map(str, image))
    with ExitStack() as settings:
        settings.callback(_restore, training)
        settings.enter_context(_uncompiled())
        settings.enter_context(warnings.catch_warnings())
        warnings.simplefilter("ignore")  # what PyTorch advises is no news to who wants a table
        images = "an image" if batch == 1 else f"{batch} images"
        settings.enter_context(theirs.running(f"{title} ran on {images} of {size}"))
        module.eval()
        if any(is_lazy(each) for each in module.parameters()):
            if _is_fake(tensor):
                raise theirs.FailedError("its weights get their sizes as it runs, and would stay fake")
            with torch.no_grad():
                module(tensor)
        recording = record(module, tensor, LEAVES)
    return translate(recording, module, title)


def _takes_an_image(module: nn.Module, title: str) -> None:
    try:
        inspect.signature(module.forward).bind(None)
    except TypeError as error:
        raise UsageError(f"{title} is given an image, and its forward does not take just that: {error}") from None
    except ValueError:
        pass  # written in C: what it takes shows when it is called


def _restore(training: dict[nn.Module, bool]) -> None:
    for module, was in training.items():
        module.training = was


def _uncompiled() -> AbstractContextManager[object]:
    """What the user's code compiles runs as it stands; only where it has loaded the compiler."""
    import torch

    return torch.compiler.set_stance("force_eager") if "torch._dynamo" in sys.modules else nullcontext()
