"""The JSON Schema of the YAML, built from the same models that the reader checks with."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

from .layers import KINDS, MOST
from .quantities import COLUMNS
from .spec import LAYER_NAME, MAX_LAYERS, RESERVED, CourseworkText


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
    for name, kind in KINDS.items():
        reference = add(name, kind)
        defs[name]["properties"]["type"] = {"const": name}
        layers.append({"if": {"properties": {"type": {"const": name}}}, "then": reference})
    layer = {
        "type": "object",
        "required": ["type"],
        "properties": {"type": {"enum": list(KINDS), "description": "A class of torch.nn"}},
        "allOf": layers,
    }
    column = add("CourseworkText", CourseworkText)
    columns = defs["CourseworkText"]["properties"]["columns"]["anyOf"][0]
    columns["items"] = {"anyOf": [{"enum": list(COLUMNS)}, columns["items"]]}
    defs["CourseworkText"]["properties"]["columns"]["anyOf"].insert(0, {"enum": list(COLUMNS)})
    positive = {"type": "integer", "minimum": 1, "maximum": MOST}
    shape = {"type": "array", "items": positive, "minItems": 3, "maxItems": 3}
    network = {
        "type": "object",
        "additionalProperties": False,
        "required": ["input", "layers"],
        "properties": {
            "name": {"type": "string"},
            "input": {**shape, "description": "channels, height, width"},
            "layers": {
                "type": "object",
                "minProperties": 1,
                "maxProperties": MAX_LAYERS,
                "propertyNames": {"pattern": f"^{LAYER_NAME}$", "not": {"enum": list(RESERVED)}},
                "additionalProperties": {"$ref": "#/$defs/Layer"},
            },
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
