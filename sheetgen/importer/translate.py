"""A recorded run -> a network: each live operation becomes a row, part of one, or a reason why it cannot be.

This room knows recordings and rows; what each operation means stands in ``operations.py``.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from math import prod

from torch import Tensor, fx, nn

from ..errors import InternalError
from ..layers import Shape
from ..network import Network
from ..table import compute
from .calls import WEIGHT, call_of
from .operations import HANDLERS, is_transparent
from .record import Call, Recording
from .rows import IMAGE, InexpressibleError, Row, Rows, Value, layer_name, values_of, word

_HOLDERS = (nn.Sequential, nn.DataParallel)  # torch's own, but no layers


@dataclass(frozen=True, slots=True)
class Translated:
    """``network`` is None where there are ``problems``."""

    network: Network | None
    problems: tuple[str, ...]
    warnings: tuple[str, ...]


def translate(recording: Recording, module: nn.Module, name: str) -> Translated:
    """The network that was recorded, or everything of it that no layer kind can express."""
    return Translator(recording, module).translated(name)


class Translator:
    """The state that the handlers of operations work on."""

    def __init__(self, recording: Recording, module: nn.Module) -> None:
        self.recording, self.module = recording, module
        image = next(iter(recording.graph.nodes))
        self.batch, *shape = image.meta["shape"]
        self.rows = Rows((shape[0], shape[1], shape[2]))
        self.values: dict[fx.Node, Value | None] = {image: Value(IMAGE, self.rows.image, self.rows.image)}
        self.sums: dict[fx.Node, list[Value]] = {}  # the terms of an addition that may grow
        self.registered: dict[int, str] = {}
        for named in (module.named_buffers, module.named_parameters):
            self.registered |= {id(tensor): path for path, tensor in named()}
        self.left_out: dict[str, None] = {}
        self._readers: dict[fx.Node, frozenset[fx.Node]] = {}
        self._problems: dict[tuple[str, str], str] = {}

    def translated(self, name: str) -> Translated:
        _erase_dead(self.recording.graph)
        for node in self.recording.graph.nodes:
            if node.meta["op"] in ("input", WEIGHT):
                continue
            try:
                self.values[node] = self._value(node)
            except InexpressibleError as error:
                self.values[node] = None
                self._blame(error.node or node, str(error))
        if not self._problems and not any(self.rows.all):
            self._problems["", ""] = "its output does not come from any layer"
        network: Network | None = None
        warnings: tuple[str, ...] = ()
        if not self._problems:
            try:
                network, rows = self.rows.network(name)
            except InexpressibleError as error:
                self._blame(error.node or self.recording.output, str(error))
            else:
                _hold_against(network, rows)
                warnings = tuple(self._warnings())
        return Translated(network, tuple(self._problems.values()), warnings)

    def _value(self, node: fx.Node) -> Value | None:
        op = node.meta["op"]
        handler = HANDLERS.get(op)
        if handler is None and op != "output":
            raise InexpressibleError("")
        if node.meta["stale"]:
            raise InexpressibleError("reads what was changed in place, through another view of it or in part")
        read = [each for each in node.all_input_nodes if each.meta["op"] != WEIGHT]
        if any(self.values[each] is None for each in read):
            return None  # of something that is named already
        if op == "output":
            if not read:
                raise InexpressibleError("returns nothing that depends on its input")
            for each in read:
                self.settled(each, node)
            return None
        assert handler is not None
        if node.meta["shape"] is None:
            raise InexpressibleError("gives several tensors")
        return handler(self, node)

    # --- what handlers ask ----------------------------------------------------------------------------------------

    def value(self, read: fx.Node) -> Value:
        """What a node holds, perhaps only a part of a row's output."""
        value = self.values.get(read)
        if value is None:
            raise InexpressibleError("reads a tensor that is no layer's output")
        return value

    def settled(self, read: fx.Node, reader: fx.Node) -> Value:
        """What ``reader`` reads, as the output of a row: a part that was cut out gets its row now."""
        value = self.value(read)
        if value.axes is not None:
            raise InexpressibleError("takes the mean over one side only", value.origin)
        if value.crop is None:
            return value
        beside = values_of((each for each in reader.all_input_nodes if each is not read), self.values)
        return self.rows.cropped(value, beside, *self.named(value.origin, "CenterCrop"))

    def layered(self, read: fx.Node, reader: fx.Node) -> Value:
        """The same, in the shape of the row's output; flattened, it gets a row Flatten now."""
        value = self.settled(read, reader)
        size = prod(value.shape)
        if value.seen == value.shape:
            return value
        if value.seen not in ((size,), (size, 1, 1)):
            raise InexpressibleError(
                f"reads an output of {_by(value.shape)} in the shape {_by(value.seen)}; only Flatten changes a shape"
            )
        if value.shape == (size, 1, 1):
            return value
        return self.rows.flattened(value, *self.named(value.origin or reader, "Flatten"), reader)

    def row(
        self, node: fx.Node, kind: str, sources: Sequence[Value], *, shape: Shape | None = None, **settings: object
    ) -> Value:
        """The output of a new row for ``node``; its shape is by default the run's."""
        read = tuple(each.row for each in sources)
        made = Row(kind, dict(settings), read, shape or _shape(node), *self.named(node, kind), node, call_of(node))
        return replace(self.rows.add(made), seen=tuple(node.meta["shape"][1:]))

    def weighted(
        self, node: fx.Node, kind: str, source: Value, tensors: Sequence[Tensor | None], state: Sequence[Tensor] = (),
        **settings: object,
    ) -> Value:  # fmt: skip
        """The same for a layer with weights: ``tensors`` are its parameters, ``state`` what else it keeps."""
        own = [each for each in tensors if each is not None]
        for each in (*own, *state):
            if id(each) not in self.registered:
                raise InexpressibleError("its weights are no parameters or buffers of the network, but made in the run")
        trained = {isinstance(each, nn.Parameter) and each.requires_grad for each in own}
        if len(trained) > 1:
            raise InexpressibleError(
                "some of its parameters are trained and some are not; trainable: is for all of a layer"
            )
        if trained == {False}:
            settings["trainable"] = False
        path = self.registered[id((*own, *state)[0])]
        named = self._named_by_weights(path, node, kind)
        made = Row(kind, dict(settings), (source.row,), _shape(node), *named, node, call_of(node))
        made.weights = tuple(id(each) for each in (*own, *state))
        made.counted = sum(each.numel() for each in own)
        self.rows.share(made)
        return replace(self.rows.add(made), seen=tuple(node.meta["shape"][1:]))

    def readers(self, node: fx.Node) -> frozenset[fx.Node]:
        """Who reads the numbers of ``node``, in whatever shape."""
        if node not in self._readers:
            found: set[fx.Node] = set()
            for user in node.users:
                found |= self.readers(user) if is_transparent(user) else {user}
            self._readers[node] = frozenset(found)
        return self._readers[node]

    def leave_out(self, node: fx.Node) -> None:
        """Say that the operation of ``node`` is no row and does no harm."""
        call = _to_blame(node)
        torchs = call is not None and _is_torchs(call.module)
        self.left_out[f"{_said(call)}{'' if torchs else node.meta['op'] + ' '}left out, as it does nothing in use"] = (
            None
        )

    # --- names ----------------------------------------------------------------------------------------------------

    def named(self, node: fx.Node, kind: str) -> tuple[str, bool]:
        """What a row is to be called, and whether that is no module's own name."""
        calls: tuple[Call, ...] = node.meta["calls"]
        known = [call for call in calls if call.path is not None]
        if not known:
            return word(kind), True
        last = known[-1]
        if last is calls[-1] and last.path and _is_library(last.module):
            return layer_name(last.path, kind), False
        prefix = layer_name(f"{last.path}_", kind) if last.path else ""
        return f"{prefix}{word(kind)}", True

    def _named_by_weights(self, path: str, node: fx.Node, kind: str) -> tuple[str, bool]:
        """The same for a layer whose first weight is at ``path``: a function's is called after its weights."""
        name, numbered = self.named(node, kind)
        owner, _, weight = path.rpartition(".")
        if numbered and owner and _is_library(self.module.get_submodule(owner)):
            return layer_name(owner, kind), False
        if numbered and weight not in ("weight", "running_mean"):
            return layer_name(path, kind), False
        return name, numbered

    # --- what is said ---------------------------------------------------------------------------------------------

    def _blame(self, node: fx.Node, reason: str) -> None:
        call, op, where = _to_blame(node), node.meta["op"], node.meta.get("where", "")
        if not reason:
            torchs = call is not None and _is_torchs(call.module)
            reason = f"{'' if torchs else f'{op}: '}there is no layer type for it"
        key = (call.path or "" if call else "", reason)
        self._problems.setdefault(key, f"{_said(call)}{reason}{f' ({where})' if where else ''}")

    def _warnings(self) -> Iterator[str]:
        yield from self.left_out
        used = {each for row in self.rows.all if row is not None for each in row.weights}
        idle = list(_idle(self.module, "", used, self.recording.called))
        if idle:
            yield f"not in the table, because the output does not depend on it: {', '.join(idle)}"
        outputs = len(self.recording.output.all_input_nodes)
        if outputs > 1:
            yield f"it returns {outputs} tensors; the table does not say which layers are outputs"


def _erase_dead(graph: fx.Graph) -> None:
    """What the output does not depend on."""
    for node in reversed(graph.nodes):
        if not node.users and node.op not in ("placeholder", "output"):
            graph.erase_node(node)


def _shape(node: fx.Node) -> Shape:
    sizes = node.meta["shape"][1:]
    if len(sizes) == 1:
        return (sizes[0], 1, 1)
    if len(sizes) != 3:
        raise InexpressibleError(f"its output has {len(sizes) + 1} axes; a table has images (4) and vectors (2)")
    return (sizes[0], sizes[1], sizes[2])


def _by(shape: Sequence[int]) -> str:
    return " × ".join(map(str, shape))


def _is_torchs(module: nn.Module) -> bool:
    return type(module).__module__.startswith("torch.nn.") and not isinstance(module, _HOLDERS)


def _is_library(module: nn.Module) -> bool:
    """Whether a module is a layer, and not a network of the user's own."""
    return _is_torchs(module) or type(module).__module__.startswith("sheetgen.")


def _to_blame(node: fx.Node) -> Call | None:
    """The module of which a reader knows that it is not ours: the outermost of PyTorch's own, or the innermost."""
    known = [call for call in node.meta["calls"] if call.path is not None]
    return next((call for call in known if _is_torchs(call.module)), known[-1] if known else None)


def _said(call: Call | None) -> str:
    if call is None:
        return ""
    kind = type(call.module).__name__
    return f"{call.path} ({kind}): " if call.path else f"{kind}: "


def _idle(module: nn.Module, path: str, used: set[int], called: frozenset[int]) -> Iterator[str]:
    """The outermost modules, and the parameters, that the output does not depend on."""
    parameters = list(module.parameters())
    if path and not any(id(each) in used for each in parameters):
        ran = any(id(each) in called for each in module.modules())
        if parameters:
            yield f"{path} ({sum(each.numel() for each in parameters):,} parameters)"
            return
        if not ran and not any(id(each) in used for each in module.buffers()):
            yield path
            return
    for name, parameter in module.named_parameters(recurse=False):
        if id(parameter) not in used:
            yield f"{path}.{name}".lstrip(".")
    for name, child in module.named_children():
        yield from _idle(child, f"{path}.{name}".lstrip("."), used, called)


def _hold_against(network: Network, rows: dict[str, Row]) -> None:
    """The formulas against the run: shapes and parameters of every row. Raises InternalError."""
    for row in compute(network, wanted=("fixed_parameters",)).rows:
        seen = rows[row.name]
        counted = row.values["parameters"] + row.values["fixed_parameters"]  # type: ignore[operator]
        if row.output != seen.shape or (seen.weights_of is None and counted != seen.counted):
            raise InternalError(
                f"{row.name} ({row.kind}): the table has {_by(row.output)} and {counted} parameters, but the network "
                f"has {_by(seen.shape)} and {seen.counted}"
            )
