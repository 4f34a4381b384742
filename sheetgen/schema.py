"""The JSON Schema of the YAML, built from the same models that the reader checks with."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from pydantic import BaseModel

from .coursework import CourseworkText
from .draft import LAYER_NAME, MAX_LAYERS, RESERVED
from .layers import KINDS, MOST
from .quantities import COLUMNS, QUANTITIES
from .questions import KINDS as QUESTIONS

_PARAMETER = {"type": "string", "pattern": r"^\$.+$", "description": "A parameter of the block"}
_NO_PARAMETER: dict[str, Any] = {
    "not": {"type": "string", "pattern": r"^\$"},
    "items": {"$ref": "#/$defs/NoParameter"},
    "additionalProperties": {"$ref": "#/$defs/NoParameter"},
}


def _or_parameter(schema: dict[str, Any]) -> dict[str, Any]:
    """In a block any setting may be a parameter, and any part of one."""
    return {"anyOf": [_with_parameters(schema), _PARAMETER]}


def _with_parameters(schema: dict[str, Any]) -> dict[str, Any]:
    found = dict(schema)
    if "items" in schema:
        found["items"] = _or_parameter(schema["items"])
    if "anyOf" in schema:
        found["anyOf"] = [_with_parameters(each) for each in schema["anyOf"]]
    return found


def _only(words: Iterable[str]) -> dict[str, Any]:
    """One of ``words``, or a list of them."""
    some = {"enum": list(words)}
    return {"anyOf": [some, {"type": "array", "items": some}]}


def json_schema() -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) of the YAML, so that an editor completes and checks it."""
    defs: dict[str, Any] = {}

    def add(name: str, model: type[BaseModel]) -> dict[str, str]:
        schema = model.model_json_schema(by_alias=True)
        defs.update(schema.pop("$defs", {}))
        schema["title"] = name
        defs[name] = schema
        return {"$ref": f"#/$defs/{name}"}

    layers = []
    repeat = {
        "anyOf": [{"type": "integer", "minimum": 1, "maximum": MAX_LAYERS}, _PARAMETER, {"type": "null"}],
        "description": "So many, one behind the other",
    }
    for name, kind in KINDS.items():
        reference = add(name, kind)
        properties = defs[name]["properties"]
        defs[name]["properties"] = {key: _or_parameter(value) for key, value in properties.items()}
        defs[name]["properties"] |= {"type": {"const": name}, "repeat": repeat}
        layers.append({"if": {"properties": {"type": {"const": name}}}, "then": reference})
    defs["Init"]["properties"] = {key: _or_parameter(value) for key, value in defs["Init"]["properties"].items()}
    layer = {
        "type": "object",
        "required": ["type"],
        "properties": {
            "type": {
                "anyOf": [{"enum": list(KINDS)}, {"type": "string"}],
                "description": "A class of torch.nn, or a block of this file",
            },
            "repeat": repeat,
        },
        "allOf": layers,
    }
    column = add("CourseworkText", CourseworkText)
    text = defs["CourseworkText"]["properties"]
    columns = text["columns"]["anyOf"][0]
    word = {"anyOf": [{"enum": list(COLUMNS)}, {"type": "string"}]}
    columns["items"] = {"anyOf": [word, columns["items"]]}
    text["columns"]["anyOf"].insert(0, word)
    known = {"enum": list(COLUMNS)}
    shown = {"anyOf": [known, {"type": "object", "properties": {"quantity": known}}]}
    listed_only = {"anyOf": [known, {"type": "array", "items": shown}, {"type": "null"}]}
    asked_only = {"items": {"properties": {"quantities": _only(QUANTITIES)}}}
    # without quantities of its own, a coursework has those that there are
    defs["CourseworkText"] |= {
        "if": {"required": ["quantities"]},
        "else": {"properties": {"columns": listed_only, "blanks": asked_only}},
    }
    own = text["quantities"]
    own["propertyNames"] = {"pattern": "^[a-z][a-z0-9_]*$"}
    own["additionalProperties"] = {"anyOf": [{"type": ["string", "integer"]}, own["additionalProperties"]]}
    for key in ("quantities", "layers"):
        lines = defs["TableAt"]["properties"][key]
        lines["additionalProperties"] = {
            "anyOf": [*defs["LineAt"]["properties"]["at"]["anyOf"], lines["additionalProperties"]]
        }
    text["layout"] = {"anyOf": [{"$ref": "#/$defs/TableAt"}, text["layout"]]}
    text["questions"]["items"] = {
        "type": "object",
        "required": ["kind"],
        "properties": {"kind": {"enum": list(QUESTIONS), "description": "What an answer is"}},
        "allOf": [
            {"if": {"properties": {"kind": {"const": kind}}}, "then": add(f"Question, {kind}", model)}
            for kind, model in QUESTIONS.items()
        ],
    }
    for asked, key in (("number", "accept"), ("choice", "options")):  # each may be given by itself
        listed = defs[f"Question, {asked}"]["properties"][key]
        listed["items"] = {"anyOf": [{"type": ["string", "number", "boolean"]}, listed["items"]]}
    positive = {"type": "integer", "minimum": 1, "maximum": MOST}
    shape = {"type": "array", "items": positive, "minItems": 3, "maxItems": 3}
    some_layers = {
        "type": "object",
        "minProperties": 1,
        "maxProperties": MAX_LAYERS,
        "propertyNames": {"pattern": f"^{LAYER_NAME}$", "not": {"enum": list(RESERVED)}},
        "additionalProperties": {"$ref": "#/$defs/Layer"},
    }
    outside = {"allOf": [{"$ref": "#/$defs/Layer"}, {"$ref": "#/$defs/NoParameter"}]}
    block = {
        "type": "object",
        "additionalProperties": False,
        "required": ["layers"],
        "properties": {
            "parameters": {
                "type": ["object", "null"],
                "propertyNames": {"not": {"enum": ["type", "from", "repeat"]}},
                "description": "Each with its default; one without must be given",
            },
            "layers": some_layers,
        },
    }
    network = {
        "type": "object",
        "additionalProperties": False,
        "required": ["input", "layers"],
        "properties": {
            "name": {"type": "string"},
            "input": {**shape, "description": "channels, height, width"},
            "blocks": {
                "type": ["object", "null"],
                "propertyNames": {"not": {"enum": list(KINDS)}},
                "description": "Layers under one name, used as a type; $name is a parameter's value",
                "additionalProperties": block,
            },
            "layers": {**some_layers, "additionalProperties": outside},
        },
        # without blocks, a type is one of PyTorch's
        "if": {"required": ["blocks"]},
        "else": {
            "properties": {"layers": {"additionalProperties": {"properties": {"type": {"enum": list(KINDS)}}}}},
        },
    }
    defs |= {"Layer": layer, "NoParameter": _NO_PARAMETER, "Network": network}
    whole = {
        "type": "object",
        "additionalProperties": False,
        "required": ["network"],
        "properties": {
            "network": {"anyOf": [{"$ref": "#/$defs/Network"}, {"type": "string", "description": "Path of a file"}]},
            "coursework": {"anyOf": [column, {"type": "null"}]},
        },
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "sheetgen coursework",
        "anyOf": [whole, {"$ref": "#/$defs/Network"}],
        "$defs": defs,
    }
