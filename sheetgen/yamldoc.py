"""A YAML file with the line of every path in it, and the words for what is wrong there.

``Document`` reads YAML 1.2 into plain data, keeps where each value stands and collects the mistakes that its readers
find, so that all of them are reported at once. It must not know what the file means: that is ``spec.py``.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Protocol, TypeVar

from pydantic import BaseModel, ValidationError

from .errors import SpecError, UsageError, did_you_mean

MAX_NODES = 100_000  # of a file with its aliases written out: stops a "billion laughs"

Where = tuple[str | int, ...]
# what no XML, and so no workbook, can hold; YAML lets it in as "\0"
_UNPRINTABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


class Document:
    """The data of a YAML file, the line of every path in it, and the mistakes found so far."""

    def __init__(self, path: Path, shown_as: str, content: bytes | None = None) -> None:
        """``content`` is what the file is to hold, where it has not been written yet."""
        self.path, self.shown_as = path, shown_as
        self.lines: dict[Where, int] = {}
        self.problems: list[tuple[int, str]] = []
        self.warnings: list[tuple[int, str]] = []
        self._nodes = 0
        self.data = self._load(content)

    def _load(self, content: bytes | None) -> Any:
        from ruamel.yaml import YAML
        from ruamel.yaml.error import MarkedYAMLError, YAMLError

        try:
            data = self.path.read_bytes() if content is None else content
            self.digest = hashlib.sha256(data).hexdigest()
            text = data.decode("utf-8-sig")
        except UnicodeDecodeError:
            raise SpecError((f"{self.shown_as}:1: not a text file in UTF-8; is it the YAML?",)) from None
        except OSError as error:
            raise UsageError(f"cannot read {self.shown_as}: {error.strerror or error}") from None
        try:
            node = YAML(typ="safe", pure=True).compose(text)
        except MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            line = mark.line + 1 if mark else 1
            raise SpecError((f"{self.shown_as}:{line}: not YAML: {error.problem or error.context}",)) from None
        except (YAMLError, RecursionError, ValueError) as error:
            raise SpecError((f"{self.shown_as}:1: not YAML: {str(error).splitlines()[0][:200]}",)) from None
        if node is None:
            raise SpecError(
                (f"{self.shown_as}:1: the file is empty; start from a shipped coursework such as alexnet.yaml",)
            )
        return self._convert(node, (), ())

    def _convert(self, node: Any, path: Where, above: tuple[int, ...]) -> Any:
        self._nodes += 1
        if id(node) in above or self._nodes > MAX_NODES:
            raise SpecError(
                (f"{self.shown_as}:{node.start_mark.line + 1}: aliases that contain themselves or too many",)
            )
        self.lines[path] = node.start_mark.line + 1
        above = (*above, id(node))
        if node.id == "scalar" and _UNPRINTABLE.search(node.value):
            self.problems.append((self.lines[path], f"{_dotted(path)}: holds a control character"))
        if node.id == "mapping":
            found: dict[str, Any] = {}
            for key_node, value_node in self._whole(node, path):
                key = str(key_node.value)
                line = key_node.start_mark.line + 1
                if key_node.id != "scalar":
                    self.problems.append((line, f"{_dotted(path)}: a key must be a plain word"))
                    continue
                if not key.strip() or _UNPRINTABLE.search(key):
                    self.problems.append((line, f"{_dotted(path)}: the key {key!r} is no word"))
                    continue
                if key == "<<":
                    self.problems.append((line, f"{_dotted(path)}: << is not known in YAML 1.2; write the keys out"))
                    continue
                if key in found:
                    first = self.lines[(*path, key)]
                    self.problems.append((line, f"{_dotted((*path, key))}: given twice, first in line {first}"))
                    continue
                found[key] = self._convert(value_node, (*path, key), above)
                self.lines[(*path, key)] = line
            return found
        if node.id == "sequence":
            return [self._convert(item, (*path, i), above) for i, item in enumerate(node.value)]
        return self._scalar(node)

    def _whole(self, node: Any, path: Where) -> list[tuple[Any, Any]]:
        """The entries of a mapping; a value in { } that a comma has cut in two, ``max(a, 1)``, is told and mended."""
        entries: list[tuple[Any, Any]] = []
        for key, value in node.value:
            last = entries[-1][1] if entries else None
            rest = key.id == "scalar" and key.style is None and value.id == "scalar" and value.value == ""
            if node.flow_style and rest and last is not None and _is_open(last):
                last.value = f"{last.value}, {key.value}"
                if not _is_open(last):
                    told = f'inside {{ }} a comma ends a value: put quotes around it, "{last.value}"'
                    self.problems.append(
                        (last.start_mark.line + 1, f"{_dotted((*path, entries[-1][0].value))}: {told}")
                    )
            else:
                entries.append((key, value))
        return entries

    def _scalar(self, node: Any) -> Any:
        tag, text = node.tag.rsplit(":", 1)[-1], node.value
        plain = text.replace("_", "").lower()
        try:
            if tag == "int":
                sign = -1 if plain.startswith("-") else 1
                digits = plain.lstrip("+-")
                base = {"0x": 16, "0o": 8}.get(digits[:2], 10)
                return sign * int(digits[2:] if base != 10 else digits, base)
            if tag == "float":
                return float(plain.replace(".inf", "inf").replace(".nan", "nan"))
        except ValueError:
            return text
        if tag == "bool" and plain in ("true", "false"):
            return plain == "true"
        return None if tag == "null" else text  # a date stays the text that was typed

    def line(self, path: Where) -> int:
        while path not in self.lines:
            path = path[:-1]
        return self.lines[path]

    def problem(self, path: Where, message: str) -> None:
        self.problems.append((self.line(path), f"{_dotted(path)}: {message}"))

    def warn(self, path: Where, message: str) -> None:
        self.warnings.append((self.line(path), f"{_dotted(path)}: {message}"))

    def listed(self, entries: Iterable[tuple[int, str]]) -> tuple[str, ...]:
        return tuple(f"{self.shown_as}:{line}: {text}" for line, text in sorted(entries))


def _is_open(node: Any) -> bool:
    """Whether it is text without quotes in which a bracket is still to be closed."""
    return node.id == "scalar" and node.style is None and node.value.count("(") > node.value.count(")")


def _dotted(path: Where) -> str:
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)
    return text.lstrip(".") or "top level"


M = TypeVar("M", bound=BaseModel)


class Told(Protocol):
    """Whoever collects mistakes."""

    def problem(self, path: Where, message: str) -> None: ...


def validate(
    model: type[M], data: Any, document: Told, path: Where, nested: Mapping[str, type[BaseModel]] | None = None
) -> M | None:
    """``data`` as ``model``; every mistake goes to ``document`` in words, and None comes back.

    ``nested`` says which model a key of ``model`` holds, for the did-you-mean of what stands inside it.
    """
    try:
        return model.model_validate(data)
    except ValidationError as error:
        for mistake in error.errors():
            where = tuple(part for part in mistake["loc"])
            fields = _fields_at(model, where, nested or {})
            document.problem(path + where, _in_words(mistake, fields))
        return None


def readable(model: type[BaseModel], data: Any) -> dict[str, Any]:
    """The keys of ``data`` that can be read as fields of ``model``, with what stands there."""
    if not isinstance(data, dict):
        return {}
    try:
        model.model_validate(data)
    except ValidationError as error:
        wrong = {mistake["loc"][0] for mistake in error.errors() if mistake["loc"]}
        return {key: value for key, value in data.items() if key not in wrong}
    return data


def _fields_at(model: type[BaseModel], where: Where, nested: Mapping[str, type[BaseModel]]) -> list[str]:
    """The keys that may stand where the mistake is."""
    for part in where[:-1]:
        model = nested.get(str(part), model)
    return [info.alias or name for name, info in model.model_fields.items()]


def _in_words(mistake: Any, fields: list[str]) -> str:
    kind, given = mistake["type"], shortly(mistake.get("input"))
    if kind == "extra_forbidden":
        return f"no such key{did_you_mean(mistake['loc'][-1], fields)}"
    if kind == "missing":
        return "must be given"
    if kind == "value_error":
        said = str(mistake["ctx"]["error"])
        return said if isinstance(mistake.get("input"), dict) else f"{said}, not {given}"
    if kind == "literal_error":
        expected = [word.strip("' ") for word in mistake["ctx"]["expected"].replace(" or ", ", ").split(",")]
        return f"{given} is not one of the words allowed here{did_you_mean(mistake['input'], expected)}"
    if kind in ("too_short", "too_long"):
        bound = "least" if kind == "too_short" else "most"
        asked = mistake["ctx"]["min_length" if kind == "too_short" else "max_length"]
        return f"must have at {bound} {asked}, not {mistake['ctx']['actual_length']}"
    names = {
        "int_type": "a whole number",
        "int_from_float": "a whole number",
        "bool_type": "true or false",
        "string_type": "text",
    }
    names |= {"float_type": "a number", "tuple_type": "a list", "model_type": "a mapping (key: value)"}
    names |= {"dict_type": "a mapping (key: value)"}
    if kind in names:
        return f"must be {names[kind]}, not {given}"
    what = mistake["msg"].removeprefix("Input ").removeprefix("String ")
    return f"{what.replace('should', 'must', 1)}, not {given}"


def shortly(given: object) -> str:
    """``given`` as a message quotes it, cut where it is long."""
    try:
        text = repr(given)
    except ValueError:  # an int of thousands of digits
        return "a number of thousands of digits"
    return text if len(text) <= 80 else f"{text[:77]}..."
