"""A network as the YAML that a person would write. Knows networks and YAML; must not know torch."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any

from ..layers import Layer
from ..network import Network

_WIDTH = 120
_PLAIN = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_+-]*( [A-Za-z0-9_+-]+)*")
_LAST = ("trainable", "connection_table", "activation", "weights_of", "from_", "like")
# words to YAML 1.2, but truth values or nothing to many who read YAML 1.1
_TAKEN = re.compile(r"y|n|yes|no|on|off|true|false|null|nan|inf", re.IGNORECASE)


def to_yaml(network: Network, comment: Sequence[str] = ()) -> str:
    """``network``, which has no blocks, as a file that ``sheetgen`` reads back as the same; settings at their defaults
    are left out. ``comment`` stands above it, line by line."""
    lines = [f"# {' '.join(line.split())}" for line in comment]
    lines += [
        "network:",
        f"  name: {_scalar(network.name)}",
        f"  input: {_flow(network.input)}        # channels, height, width",
        "  layers:",
    ]
    keys = [f"{_scalar(layer.name)}:" for layer in network.layers]
    widest = max((len(key) for key in keys if len(key) <= 32), default=0)
    for key, layer in zip(keys, network.layers, strict=True):
        settings = list(_settings(layer.kind))
        line = f"    {key:<{widest}} {{{', '.join(f'{name}: {_flow(value)}' for name, value in settings)}}}"
        if len(line) <= _WIDTH:
            lines.append(line)
        else:
            lines.append(f"    {key}")
            for name, value in settings:
                lines += _block(f"      {name}: ", value)
    return "\n".join(lines) + "\n"


def _settings(kind: Layer) -> Iterator[tuple[str, Any]]:
    """What the YAML says of a layer: its type, what differs from the defaults, then what other layers it needs."""
    yield "type", kind.type
    fields = type(kind).model_fields
    for name in (*(name for name in fields if name not in _LAST), *_LAST):
        value = getattr(kind, name, None)
        if name == "type" or name not in fields or value is None or value == fields[name].default:
            continue
        yield fields[name].alias or name, value


def _block(key: str, value: Any) -> Iterator[str]:
    """``key: value`` on a line of its own, a long list below it."""
    line = f"{key}{_flow(value)}"
    if len(line) <= _WIDTH or not isinstance(value, tuple):
        yield line
        return
    yield key.rstrip()
    for each in value:
        yield f"        - {_flow(each)}"


def _flow(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    if isinstance(value, tuple):
        if len(value) == 2 and value[0] == value[1] and isinstance(value[0], int):
            return str(value[0])
        return f"[{', '.join(map(_flow, value))}]"
    return _scalar(value) if isinstance(value, str) else str(value)


@cache
def _scalar(text: str) -> str:
    """``text`` as YAML: plain where every reader takes it for a word, else in quotes."""
    from ruamel.yaml import YAML

    if _PLAIN.fullmatch(text) and not _TAKEN.fullmatch(text):
        if text[0].isalpha() and "+" not in text:
            return text
        node = YAML(typ="safe", pure=True).compose(text)  # 1x1 is a word, 0x1 and 1e1 are numbers
        if node.tag == "tag:yaml.org,2002:str" and node.value == text:
            return text
    return json.dumps(text, ensure_ascii=not text.isprintable())
