"""A run of a PyTorch module, recorded as a ``torch.fx`` graph.

Every call of a torch function, method or operator on what the image became is a node, whole as the user wrote it:
``F.local_response_norm`` is one node, and so is ``nn.Dropout`` in use. A node's meta says what translation needs: the
operation's name, the shape, the modules that were running, the user's line. Shapes are plain numbers, so that code
which looks at them simply runs; code which looks at *values* cannot be recorded and says so.

This room knows torch; it must not know layer kinds.
"""

from __future__ import annotations

import sys
import sysconfig
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any

import torch
from torch import Tensor, fx, nn
from torch.fx import node as fx_node
from torch.nn.modules.module import register_module_forward_hook, register_module_forward_pre_hook
from torch.overrides import TorchFunctionMode

from ..errors import UsageError

# what makes a number, or a shape, of values; on what the image became it cannot be known
_READS_VALUES = frozenset(
    (
        "__bool__",
        "__int__",
        "__float__",
        "__complex__",
        "__index__",
        "__contains__",
        "__array__",
        "item",
        "tolist",
        "numpy",
        "is_nonzero",
        "equal",
        "allclose",
        "nonzero",
        "unique",
        "unique_consecutive",
        "masked_select",
        "argwhere",
    )
)
_OURS = (str(Path(torch.__file__).parent), str(Path(__file__).parents[1]), sysconfig.get_path("stdlib"))


_map: Any = fx_node.map_aggregate  # over what tuples, lists, dicts and slices hold; its type changes by version


class ReadsValuesError(UsageError):
    """The user's code asked for the numbers in a tensor: another image may take another way."""


@dataclass(frozen=True, slots=True)
class Call:
    """One run of a module; ``path`` is None for a module that is no part of the network."""

    path: str | None
    module: nn.Module
    number: int  # no two runs have the same


@dataclass(frozen=True, slots=True)
class Recording:
    """``graph``: placeholder, get_attr (weights), call_function, call_module (a whole layer), output. Nodes' meta:

    ``op`` (conv2d, add, __getitem__ ...), ``shape`` (None unless it is one tensor), ``calls`` (the modules that were
    running, outermost first), ``where`` (student.py:12), ``stale`` (it reads what was changed behind its back);
    of weights: ``tensor``.
    """

    graph: fx.Graph
    output: fx.Node
    called: frozenset[int] = field(repr=False)  # ids of the modules that ran


def record(module: nn.Module, image: Tensor, leaves: tuple[type[nn.Module], ...]) -> Recording:
    """Run ``module`` on ``image`` and record it; a module of one of the types ``leaves`` is one node.

    What the user's code raises passes through. Raises ReadsValuesError, also where the user's code caught it.
    """
    recorder = _Recorder(module, image, leaves)
    with recorder.watching_modules(), torch.no_grad(), recorder:
        returned = module(image)
    return recorder.finish(returned)


class _Recorder(TorchFunctionMode):
    def __init__(self, module: nn.Module, image: Tensor, leaves: tuple[type[nn.Module], ...]) -> None:
        super().__init__()
        self.graph = fx.Graph()
        self._paths = {id(each): path for path, each in module.named_modules()}
        self._weight_nodes: dict[int, fx.Node] = {}
        self._versions: dict[int, int] = {}  # of those, as they were first read
        self._nodes: dict[int, tuple[fx.Node, int]] = {}  # id of a tensor -> its node, its version then
        self._kept: list[object] = []  # an id is a tensor's only as long as it lives
        self._leaves, self._inside_leaf = leaves, False
        self._running: list[Call] = []
        self._called: set[int] = set()
        self._count = 0
        self._refused: ReadsValuesError | None = None
        node = self.graph.placeholder("image")
        node.meta |= {"op": "input", "shape": tuple(image.shape), "calls": (), "where": "", "stale": False}
        self._know(image, node)

    # --- tensors --------------------------------------------------------------------------------------------------

    def _know(self, tensor: Tensor, node: fx.Node) -> None:
        self._kept.append(tensor)
        self._nodes[id(tensor)] = (node, _version(tensor))

    def _is_known(self, arguments: object) -> bool:
        found = False

        def look(leaf: object) -> object:
            nonlocal found
            found = found or (isinstance(leaf, Tensor) and id(leaf) in self._nodes)
            return leaf

        _map(arguments, look)
        return found

    def _as_nodes(self, arguments: Any) -> tuple[Any, bool]:
        """``arguments`` with nodes in the place of tensors, and whether one was changed through another view of it."""
        stale = False

        def convert(leaf: Any) -> Any:
            nonlocal stale
            if not isinstance(leaf, Tensor):
                return leaf
            if id(leaf) not in self._nodes:
                return self._weight(leaf)
            node, version = self._nodes[id(leaf)]
            stale = stale or version != _version(leaf)
            return node

        return _map(arguments, convert), stale

    def _weight(self, tensor: Tensor) -> fx.Node:
        if id(tensor) not in self._weight_nodes:
            node = self.graph.create_node("get_attr", "tensor")
            node.meta |= {"op": "weight", "tensor": tensor, "shape": tuple(tensor.shape)}
            self._weight_nodes[id(tensor)] = node
            self._versions[id(tensor)] = _version(tensor)
            self._kept.append(tensor)
        return self._weight_nodes[id(tensor)]

    def _add(self, kind: str, target: Any, op: str, read: tuple[Any, bool], returned: Any) -> None:
        (args, kwargs), stale = read
        node = self.graph.create_node(kind, target, args, kwargs, name=op.strip("_"))
        shape = tuple(returned.shape) if isinstance(returned, Tensor) else None
        node.meta |= {"op": op, "shape": shape, "calls": tuple(self._running), "where": _where(), "stale": stale}
        for tensor in _tensors(returned):
            self._know(tensor, node)

    # --- functions ------------------------------------------------------------------------------------------------

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: object,
        args: tuple[Any, ...] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        kwargs = kwargs or {}
        op = _name(func)
        ours = not self._inside_leaf and self._is_known((args, kwargs))
        if ours and op in _READS_VALUES:
            self._refused = ReadsValuesError(self._reads_values(op))
            raise self._refused
        read = self._as_nodes((args, kwargs)) if ours else None  # before it changes anything in place
        returned = func(*args, **kwargs)
        if read is not None and self._is_made_of_the_image(returned, args):
            self._add("call_function", func, op, read, returned)
        return returned

    def _is_made_of_the_image(self, returned: Any, args: tuple[Any, ...]) -> bool:
        if args and returned is args[0] and isinstance(returned, Tensor) and id(returned) not in self._nodes:
            return self._versions.get(id(returned)) != _version(returned)  # weight.to(image) may be the weight itself
        return any(True for _ in _tensors(returned))

    def _reads_values(self, op: str) -> str:
        running = [call for call in self._running if call.path is not None]
        path = f"{running[-1].path or type(running[-1].module).__name__}: " if running else ""
        what = (
            "decides by the value of a tensor" if op == "__bool__" else f"reads the value of a tensor ({op.strip('_')})"
        )
        return (
            f"{path}{_where()} {what}; what follows may be another for another image, and a table has one way through "
            "the network"
        )

    # --- modules --------------------------------------------------------------------------------------------------

    @contextmanager
    def watching_modules(self) -> Iterator[None]:
        with ExitStack() as hooks:
            hooks.callback(register_module_forward_pre_hook(self._enter).remove)
            hooks.callback(register_module_forward_hook(self._leave, always_call=True).remove)
            yield

    def _enter(self, module: nn.Module, _: object) -> None:
        if self._inside_leaf:
            return
        self._count += 1
        self._called.add(id(module))
        self._running.append(Call(self._paths.get(id(module)), module, self._count))
        if isinstance(module, self._leaves):
            self._inside_leaf = True
            self._called |= {id(each) for each in module.modules()}

    def _leave(self, module: nn.Module, args: tuple[Any, ...], returned: Any) -> None:
        if self._inside_leaf and self._running[-1].module is not module:
            return  # a part of the leaf
        whole, self._inside_leaf = self._inside_leaf, False
        path = self._running[-1].path
        unseen = path and isinstance(returned, Tensor) and id(returned) not in self._nodes
        if (whole or unseen) and isinstance(returned, Tensor) and self._is_known(args):
            # a leaf, or what computes where nothing is seen: in TorchScript, in another library
            read = self._as_nodes((args, {}))
            self._add("call_module", path or "module", type(module).__name__, read, returned)
        while self._running and self._running.pop().module is not module:
            pass  # what raised on the way out

    def finish(self, returned: Any) -> Recording:
        if self._refused is not None:
            raise self._refused
        output, stale = self._as_nodes(returned if isinstance(returned, tuple | list | dict) else _plain(returned))
        node = self.graph.output(output)
        node.meta |= {"op": "output", "shape": None, "calls": (), "where": "", "stale": stale}
        return Recording(self.graph, node, frozenset(self._called))


def _plain(returned: Any) -> Any:
    """What a data class or an object of an output holds: its tensors, by name."""
    if isinstance(returned, Tensor):
        return returned
    if hasattr(returned, "__dict__"):
        return {name: each for name, each in vars(returned).items() if isinstance(each, Tensor)}
    return {}


def _tensors(value: Any) -> Iterator[Tensor]:
    if isinstance(value, Tensor):
        yield value
    elif isinstance(value, tuple | list):
        for each in value:
            yield from _tensors(each)


def _version(tensor: Tensor) -> int:
    """Counts the changes in place of a tensor and of its views."""
    try:
        return tensor._version
    except RuntimeError:  # made under torch.inference_mode, which does not count
        return 0


def _name(func: Callable[..., Any]) -> str:
    """conv2d, add (also for + and +=), data (of x.data), __getitem__."""
    name = getattr(func, "__name__", "") or type(func).__name__
    if name == "__get__":
        return str(getattr(getattr(func, "__self__", None), "__name__", name))
    return name if name.startswith("__") else name.rstrip("_").removeprefix("special_")


def _where() -> str:
    """The user's line that is running, student.py:12."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        name = frame.f_code.co_filename
        if not name.startswith(("<", *_OURS)):
            return f"{Path(name).name}:{frame.f_lineno}"
        frame = frame.f_back
    return ""
