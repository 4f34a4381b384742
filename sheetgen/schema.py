"""The JSON Schema of the YAML, built from the same models that the reader checks with."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

from .coursework import CourseworkText
from .draft import LAYER_NAME, MAX_LAYERS, RESERVED
from .layers import KINDS, MOST
from .quantities import COLUMNS

_PARAMETER = {"type": "string", "pattern": r"^\$.+$", "description": "A parameter of the block"}


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
    repeat = {"type": "integer", "minimum": 1, "maximum": MAX_LAYERS, "description": "So many, one behind the other"}
    for name, kind in KINDS.items():
        reference = add(name, kind)
        properties = defs[name]["properties"]
        # in a block any setting may be a parameter
        defs[name]["properties"] = {key: {"anyOf": [value, _PARAMETER]} for key, value in properties.items()}
        defs[name]["properties"] |= {"type": {"const": name}, "repeat": repeat}
        layers.append({"if": {"properties": {"type": {"const": name}}}, "then": reference})
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
    own = text["quantities"]
    own["propertyNames"] = {"pattern": "^[a-z][a-z0-9_]*$"}
    own["additionalProperties"] = {"anyOf": [{"type": ["string", "integer"]}, own["additionalProperties"]]}
    positive = {"type": "integer", "minimum": 1, "maximum": MOST}
    shape = {"type": "array", "items": positive, "minItems": 3, "maxItems": 3}
    some_layers = {
        "type": "object",
        "minProperties": 1,
        "maxProperties": MAX_LAYERS,
        "propertyNames": {"pattern": f"^{LAYER_NAME}$", "not": {"enum": list(RESERVED)}},
        "additionalProperties": {"$ref": "#/$defs/Layer"},
    }
    block = {
        "type": "object",
        "additionalProperties": False,
        "required": ["layers"],
        "properties": {
            "parameters": {"type": "object", "description": "Each with its default; one without must be given"},
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
                "type": "object",
                "description": "Layers under one name, used as a type; $name is a parameter's value",
                "additionalProperties": block,
            },
            "layers": some_layers,
        },
    }
    defs |= {"Layer": layer, "Network": network}
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
