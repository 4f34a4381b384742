"""The network of a YAML as far as it can be read: blocks written out, names looked up, every mistake with its line.

A block is layers under parameters of their own: ``$name`` stands for a parameter's value, ``input`` for what the block
reads, and its last layer is its output. Names are looked up inside first, then outside. This room knows layers and
YAML documents; it must not know courseworks, nor arithmetic.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from .errors import did_you_mean
from .layers import KINDS, MOST, Init, Layer
from .network import INPUT, TOTAL, Block, NamedLayer, Network
from .quantities import defined_name
from .yamldoc import Document, Where, shortly, validate

RESERVED = (INPUT, TOTAL, "question")
UNKNOWN = ""  # in the place of a row that there is not: nothing follows from its shape
# what PyTorch is told, and a spec is not
INFERRED = ("in_channels", "in_features", "num_features", "normalized_shape")
LONGEST_NAME = 100
LONGEST_PATH = 200  # of a row, its blocks' names before its own; Excel's names have 255
LAYER_NAME = rf"[^.\s][^.]{{0,{LONGEST_NAME - 1}}}"
MAX_LAYERS = 1000
MAX_DEPTH = 12  # of blocks in blocks
NETWORK_KEYS = ("name", "input", "blocks", "layers")
BLOCK_KEYS = ("parameters", "layers")


def workbook_name(layer: str) -> str:
    """What tells the defined names of two layers apart: Excel does not mind capitals."""
    return defined_name(f"{layer}.").casefold()


@dataclass(frozen=True, slots=True)
class _BlockText:
    """A block as the YAML has it; a parameter without a value must be given where the block is used."""

    name: str
    parameters: Mapping[str, Any] = field(hash=False)
    layers: Mapping[str, Any] = field(hash=False)
    path: Where


@dataclass(slots=True)
class _Scope:
    """What names mean at one level: the network's own, or inside one use of a block."""

    input: str
    prefix: str = ""  # of the rows' names: "3a."
    parameters: Mapping[str, Any] | None = None
    outer: _Scope | None = None
    last: str | None = None  # the row above
    blocks: tuple[str, ...] = ()  # that this one is in

    def outwards(self) -> Iterator[_Scope]:
        """This level, then those around it."""
        scope: _Scope | None = self
        while scope is not None:
            yield scope
            scope = scope.outer


class Draft:
    """The network as far as it could be read: layers that are wrong are known by name only."""

    def __init__(self, document: Document, prefix: Where, data: Any, stem: str) -> None:
        self.document, self.prefix = document, prefix
        self.name = stem
        self.input: tuple[int, int, int] | None = None
        self.layers: list[NamedLayer] = []
        self.named: list[str] = []  # every row, readable or not
        self.blocks: list[Block] = []
        self.places: dict[str, Where] = {}  # row -> where the YAML has it
        self._outputs: dict[str, str] = {}  # whole name of a layer or a block, as far as read -> the row it ends in
        self._texts: dict[str, _BlockText] = {}
        self._broken: set[str] = set()  # blocks that could not be read
        self._used: set[str] = set()
        self._told: set[tuple[Where, str]] = set()
        self._taken = {workbook_name(name): name for name in RESERVED}
        self._full = False
        self._endless = False  # some block contains itself
        if not isinstance(data, dict):
            if data is not None:
                document.problem(prefix, "a network is a mapping with name:, input: and layers:")
            return
        for key in data:
            if key not in NETWORK_KEYS:
                document.problem((*prefix, key), f"no such key{did_you_mean(key, NETWORK_KEYS)}")
        self._read_head(data)
        self._read_blocks(data.get("blocks"))
        layers = data.get("layers")
        if not isinstance(layers, dict) or not layers:
            document.problem((*prefix, "layers"), "must be a mapping of layers, such as conv1: {type: Conv2d, ...}")
            return
        if len(layers) > MAX_LAYERS:
            document.problem((*prefix, "layers"), f"a table may have at most {MAX_LAYERS} layers, not {len(layers)}")
            return
        self._expand(layers, (*prefix, "layers"), _Scope(INPUT), None)
        for name in self._texts:
            if name not in self._used:
                document.warn((*prefix, "blocks", name), "no layer uses this block")

    def network(self) -> Network | None:
        """The network, if every layer could be read."""
        if self.input is None or not self.layers or len(self.layers) < len(self.named) or self.document.problems:
            return None
        return Network(self.name, self.input, tuple(self.layers), tuple(self.blocks))

    def place(self, row: str) -> Where:
        return self.places.get(row, (*self.prefix, "layers"))

    # --- name, input, blocks ------------------------------------------------------------------------------------

    def _read_head(self, data: Mapping[str, Any]) -> None:
        name = data.get("name", self.name)
        if isinstance(name, str) and name.strip():
            self.name = name
        else:
            self.document.problem((*self.prefix, "name"), f"must be text, not {shortly(name)}")
        shape = data.get("input")
        if shape is None:
            self.document.problem(self.prefix, "input: must be given as [channels, height, width]")
        elif (
            isinstance(shape, list)
            and len(shape) == 3
            and all(isinstance(n, int) and not isinstance(n, bool) and 0 < n <= MOST for n in shape)
        ):
            self.input = (shape[0], shape[1], shape[2])
        else:
            self.document.problem(
                (*self.prefix, "input"),
                f"must be [channels, height, width], whole and positive, at most {MOST:,}, not {shortly(shape)}",
            )

    def _read_blocks(self, blocks: Any) -> None:
        path: Where = (*self.prefix, "blocks")
        if blocks is None:
            return
        if not isinstance(blocks, dict):
            self.document.problem(path, "must be a mapping of blocks, each with parameters: and layers:")
            return
        for name, text in blocks.items():
            here: Where = (*path, name)
            if name in KINDS:
                self.document.problem(here, f"{name} is a layer type; give the block another name")
                continue
            if not isinstance(text, dict) or not isinstance(text.get("layers"), dict) or not text["layers"]:
                told = "a block is a mapping with layers:, at least one, and parameters: if it has any"
                self.document.problem(here, told)
                self._broken.add(name)
                continue
            for key in text:
                if key not in BLOCK_KEYS:
                    self.document.problem((*here, key), f"no such key{did_you_mean(key, BLOCK_KEYS)}")
            parameters = text.get("parameters") or {}
            if not isinstance(parameters, dict):
                self.document.problem((*here, "parameters"), "must be a mapping such as {out_channels: , stride: 1}")
                parameters = {}
            for key in parameters:
                if key in ("type", "from", "repeat"):
                    self.document.problem((*here, "parameters", key), "is what every layer has; name it otherwise")
            self._texts[name] = _BlockText(name, parameters, text["layers"], here)

    # --- layers ---------------------------------------------------------------------------------------------------

    def _expand(self, layers: Mapping[str, Any], path: Where, scope: _Scope, top: Where | None) -> None:
        """Every layer of one level, in order; ``top`` is where the YAML's own layer stands that they belong to."""
        for name, text in layers.items():
            here: Where = (*path, name)
            where = top or here
            good = self._name_is_good(name, scope, here)
            before = len(self.named)
            lacking: set[Where] = set()
            fields = self._substituted(text, scope, here, lacking)
            read = self._sources(fields, scope, here) if isinstance(fields, dict) else None
            count = self._repeat(fields, here)
            row = scope.prefix + name
            for i in range(1, count + 1):
                if self._full:
                    return
                each = row if count == 1 else f"{row}.{i}"
                self._use(each, fields, read, scope, here, where, _Telling(self, each, lacking), readable=good)
                read = None if scope.last is None else (scope.last,)
                if name not in RESERVED and scope.last is not None:
                    self._outputs[each] = self._outputs[row] = scope.last
            rows = tuple(self.named[before:])
            if top is None and rows != (row,) and rows:
                first = next((layer for layer in self.layers if layer.name == rows[0]), None)
                kind = str(fields.get("type")) if isinstance(fields, dict) else ""
                repeated = f"{kind} × {count}" if count > 1 else kind
                self.blocks.append(Block(row, repeated, rows, self._entry(rows, first)))

    def _entry(self, rows: tuple[str, ...], first: NamedLayer | None) -> str:
        """What a block reads: the first source of its layers that lies outside."""
        for layer in self.layers:
            if layer.name in rows:
                for source in layer.sources:
                    if source not in rows:
                        return source
        return first.source if first else INPUT

    def _use(
        self,
        row: str,
        fields: Any,
        read: tuple[str, ...] | None,
        scope: _Scope,
        here: Where,
        top: Where,
        told: _Telling,
        *,
        readable: bool,
    ) -> None:
        """One layer, or one block written out, under the name ``row``."""
        kind = fields.get("type") if isinstance(fields, dict) else None
        block = self._texts.get(kind) if isinstance(kind, str) else None
        if block is None:
            if len(self.named) >= MAX_LAYERS:
                self._full = True
                if not self._endless:
                    most = f"with its blocks written out a table may have at most {MAX_LAYERS} layers"
                    self._problem(here, most, row)
                return
            self.places[row] = top
            if readable:
                self._read_layer(row, fields, read, scope, here, told)
            if row.rpartition(".")[2] not in RESERVED:
                self.named.append(row)
                scope.last = row
            return
        self._used.add(block.name)
        if block.name in scope.blocks or len(scope.blocks) >= MAX_DEPTH:
            chain = " in ".join((block.name, *reversed(scope.blocks)))
            self._problem(here, f"a block cannot contain itself, nor be deeper than {MAX_DEPTH}: {chain}", row)
            self._endless = True
            self._full = len(self.named) >= MAX_LAYERS
            self.named.append(row)  # it counts, so that there is an end
            return
        source = read[0] if read else scope.last or scope.input
        if read is not None and len(read) > 1:
            self._problem((*here, "from"), f"the block {block.name} has one input, not {len(read)}", row)
        inside = _Scope(
            source, f"{row}.", self._arguments(block, fields, here, row), scope, blocks=(*scope.blocks, block.name)
        )
        self._expand(block.layers, (*block.path, "layers"), inside, top)
        scope.last = inside.last or scope.last

    def _arguments(self, block: _BlockText, fields: Mapping[str, Any], here: Where, row: str) -> dict[str, Any]:
        given = {key: value for key, value in fields.items() if key not in ("type", "from", "repeat")}
        for key in given:
            if key not in block.parameters:
                self._problem(
                    (*here, key),
                    f"the block {block.name} has no such parameter{did_you_mean(key, block.parameters)}",
                    row,
                )
        found = {**block.parameters, **{key: value for key, value in given.items() if value is not None}}
        missing = [key for key in block.parameters if found[key] is None]
        if missing:
            self._problem(here, f"the block {block.name} needs {', '.join(f'{key}:' for key in missing)}", row)
        return found

    def _substituted(self, value: Any, scope: _Scope, here: Where, lacking: set[Where]) -> Any:
        """``value`` with each ``$name`` replaced by the parameter's value; ``lacking`` gets the places without one."""
        if isinstance(value, dict):
            return {key: self._substituted(each, scope, (*here, key), lacking) for key, each in value.items()}
        if isinstance(value, list):
            return [self._substituted(each, scope, (*here, i), lacking) for i, each in enumerate(value)]
        if not isinstance(value, str) or not value.startswith("$"):
            return value
        name = value[1:]
        if scope.parameters is None:
            self._problem(here, f"{value} stands for a parameter, and only a block has parameters", "")
        elif name not in scope.parameters:
            self._problem(here, f"the block has no parameter {name!r}{did_you_mean(name, scope.parameters)}", "")
        elif scope.parameters[name] is not None:  # else that is a mistake where the block is used
            return scope.parameters[name]
        lacking.add(here)
        return None

    def _repeat(self, fields: Any, here: Where) -> int:
        count = fields.get("repeat") if isinstance(fields, dict) else None
        if count is None:
            return 1
        if not isinstance(count, int) or isinstance(count, bool) or not 1 <= count <= MAX_LAYERS:
            self._problem((*here, "repeat"), f"must be a whole number from 1 to {MAX_LAYERS}, not {shortly(count)}", "")
            return 1
        return count

    def _sources(self, fields: Mapping[str, Any], scope: _Scope, here: Where) -> tuple[str, ...] | None:
        """The rows that ``from:`` names; None where it names none, and the layer above is read."""
        named = fields.get("from")
        if named is None:  # nothing after from: is as if it were not there, like every default
            return None
        listed = named if isinstance(named, list) else [named]
        found = []
        for i, each in enumerate(listed):
            if isinstance(each, str):
                path: Where = (*here, "from", i) if isinstance(named, list) else (*here, "from")
                found.append(self._row(each, scope, path) or UNKNOWN)
        return tuple(found) or None

    def _row(self, name: str, scope: _Scope, path: Where) -> str | None:
        """The row whose output ``name`` stands for; a mistake where there is none above."""
        outwards = [each.prefix for each in scope.outwards()]
        whole = (prefix + name for prefix in outwards)
        found = scope.input if name == INPUT else next((self._outputs[n] for n in whole if n in self._outputs), None)
        if found is None:
            known = [INPUT, *(n for prefix in outwards for n in self._beside(prefix))]
            self._problem(path, f"there is no layer {name!r} above this one{did_you_mean(name, known)}", "")
        return found

    def _beside(self, prefix: str) -> Iterator[str]:
        """The names so far at the level whose rows begin with ``prefix``."""
        for name in self._outputs:
            if name.startswith(prefix) and "." not in name[len(prefix) :]:
                yield name[len(prefix) :]

    def _name_is_good(self, name: str, scope: _Scope, here: Where) -> bool:
        """Whether a layer may be called ``name``, and the workbook can tell it from those so far."""
        row = scope.prefix + name
        if name in RESERVED or not re.fullmatch(LAYER_NAME, name) or len(row) > LONGEST_PATH:
            self._problem(
                here,
                "a layer may not be called input, total or question, nor have a point in its name "
                f"or more than {LONGEST_NAME} characters ({LONGEST_PATH} with its blocks' names)",
                "",
            )
            return False
        first = self._taken.setdefault(workbook_name(row), row)
        if first != row:
            self._problem(here, f"a workbook cannot tell it from {first!r}; give it another name", "")
        return first == row

    def _read_layer(
        self, row: str, fields: Any, read: tuple[str, ...] | None, scope: _Scope, here: Where, told: _Telling
    ) -> None:
        if not isinstance(fields, dict):
            told.problem(here, f"a layer is a mapping such as {{type: Conv2d, ...}}, not {shortly(fields)}")
            return
        if "type" not in fields:
            told.problem(here, "type: must be given")
            return
        kind = KINDS.get(str(fields["type"]))
        if kind is None:
            if fields["type"] not in list(self._broken):
                near = did_you_mean(fields["type"], [*KINDS, *self._texts])
                told.problem((*here, "type"), f"no such layer type {shortly(fields['type'])}{near}")
            return
        inferred = [key for key in INFERRED if key in fields and key not in kind.model_fields]
        for key in inferred:
            told.problem(
                (*here, key), "it follows from the layer above, or from the one that from: names; leave it out"
            )
        own = {key: value for key, value in fields.items() if key != "repeat" and key not in inferred}
        layer = validate(kind, own, told, here, {"init": Init})
        if layer is None:
            return
        sources = read or ((scope.last or scope.input),)
        others = {}
        for key in ("like", "weights_of"):
            name = getattr(layer, key, None)
            if name is not None:
                others[key] = self._row(name, scope, (*here, key))
                if others[key] is None:
                    return
        shared = others.get("weights_of")
        if shared is not None and not self._same_weights(layer, shared, here, row):
            return
        self.layers.append(NamedLayer(row, layer, sources, **others))

    def _same_weights(self, layer: Layer, other: str, here: Where, row: str) -> bool:
        """Whether ``layer`` can use the weights of the row ``other``: the same kind, with the same settings."""
        first = next((each.kind for each in self.layers if each.name == other), None)
        apart = {"from_", "activation", "weights_of", "init"}
        if first is None or type(first) is not type(layer):
            self._problem((*here, "weights_of"), f"{other} is no {layer.type}, whose weights could be used again", row)
            return False
        if first.model_dump(exclude=apart) != layer.model_dump(exclude=apart):
            self._problem((*here, "weights_of"), f"{other} has other settings, so its weights do not fit", row)
            return False
        return True

    def _problem(self, path: Where, message: str, row: str) -> None:
        """A mistake at ``path``, once; in a block's own text with the row where it came out."""
        if (path, message) in self._told:
            return
        self._told.add((path, message))
        in_block = path[len(self.prefix) : len(self.prefix) + 1] == ("blocks",)
        self.document.problem(path, f"{message} (in {row})" if in_block and row else message)


@dataclass(frozen=True, slots=True)
class _Telling:
    """Where the mistakes of one row go; at the places that lack a parameter's value they are told already."""

    draft: Draft
    row: str
    lacking: set[Where]

    def problem(self, path: Where, message: str) -> None:
        if not any(path[: len(place)] == place for place in self.lacking):
            self.draft._problem(path, message, self.row)
