"""Silly courseworks: a good one with anything put anywhere is read, or refused in words; nothing crashes or hangs."""

from __future__ import annotations

import copy
import json
import random
import re
from pathlib import Path
from typing import Any

import pytest

from sheetgen.errors import SpecError
from sheetgen.sheet import lay_out
from sheetgen.spec import read

FORM = re.compile(r"[^:\n]+\.yaml:[1-9][0-9]*: [^\n]+")
GOOD: dict[str, Any] = {
    "network": {
        "name": "net",
        "input": [3, 32, 32],
        "blocks": {
            "Res": {
                "parameters": {"n": None, "k": 3},
                "layers": {
                    "a": {"type": "Conv2d", "out_channels": "$n", "kernel_size": "$k", "padding": "same"},
                    "b": {"type": "BatchNorm2d", "activation": "ReLU"},
                    "s": {"type": "Add", "from": ["b", "input"]},
                },
            }
        },
        "layers": {
            "c1": {"type": "Conv2d", "out_channels": 4, "kernel_size": 3, "stride": [2, 2], "init": {"std": 0.1}},
            "r": {"type": "Res", "n": 4, "repeat": 2},
            "t": {"type": "Conv2d", "out_channels": 2, "kernel_size": 1, "connection_table": [[0, 1], [2]]},
            "up": {"type": "ConvTranspose2d", "out_channels": 4, "kernel_size": 2, "stride": 2},
            "zoom": {"type": "Upsample", "scale_factor": 2, "mode": "bilinear"},
            "crop": {"type": "CenterCrop", "from": "zoom", "like": "r"},
            "cat": {"type": "Concat", "from": ["crop", "r", "c1"]},
            "pool": {"type": "AdaptiveAvgPool2d", "output_size": 3},
            "sub": {"type": "Subsample2d", "kernel_size": 2},
            "d": {"type": "Linear", "out_features": 12, "from": "sub"},
            "e": {"type": "Linear", "out_features": 12, "weights_of": "d", "from": "sub"},
        },
    },
    "coursework": {
        "title": "T",
        "notes": ["n"],
        "errata": "e",
        "conventions": {"bias": "counted", "padding": "not counted", "flops": "1 per MAC"},
        "quantities": {"kib": {"formula": "neurons * 4 / 1024", "total": True}, "k2": "kernel_height ** 2"},
        "columns": ["layer", "type", {"quantity": "neurons", "heading": "N"}, "kib", "k2", "macs_share", "output_size",
                    "parameters", "centre_height"],
        "blanks": [
            {"quantities": ["neurons", "kib"], "layers": ["c1", "r", "*.a"], "marks": 0.5, "tolerance": {"places": 1}},
            {"quantities": "parameters", "blocks": ["r"], "given": []},
            {"quantities": "output_size", "layers": "d"},
        ],
        "omit": [],
        "subtotals": True,
        "protect": False,
    },
}  # fmt: skip
SILLY: list[Any] = [
    *(None, True, False, 0, 1, -1, 2, 3.5, 10**7, 10**30, 1e300, "", " ", "$", "$n", "$k", "input", "total", "same"),
    *("c1", "r", "r.1", "r.1.a", "*", "[", "ReLU", "Res", "Conv2d", "neurons", "output_size", "1/0", "2**99999", "a"),
    *("per unit", "not counted", "x" * 300, "a.b", "=1+1", "層", [], {}, [[]], [None], [0], ["c1"], [1, 2], [1, 2, 3]),
    *(["input", "input"], {"a": 1}, {"type": "ReLU"}, {"type": "Res"}, {"layers": {}}, {"formula": "neurons"}),
    ["r", ["c1"]],
]
MORE = ("from", "repeat", "type", "like", "weights_of", "kernel_size", "bias", "x")


def places(data: Any, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    """Every place in ``data`` where something stands."""
    inner = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    return [*([path] if path else []), *(each for key, value in inner for each in places(value, (*path, key)))]


def put(data: Any, path: tuple[str | int, ...], chance: random.Random) -> None:
    """Something silly at ``path``: a value, a key renamed, a key more, or nothing at all."""
    for part in path[:-1]:
        data = data[part]
    what = chance.randrange(6)
    if what == 0:
        del data[path[-1]]
    elif what == 1 and isinstance(data, dict):
        value = data.pop(path[-1])
        data[str(chance.choice(SILLY))[:40]] = value
    elif what == 2 and isinstance(data, dict):
        data[chance.choice(MORE)] = chance.choice(SILLY)
    else:
        data[path[-1]] = copy.deepcopy(chance.choice(SILLY))


def mistakes(folder: Path, data: Any) -> tuple[str, ...]:
    """Those of ``data``, if it is not read and laid out."""
    path = folder / "my.yaml"
    path.write_text(json.dumps(data, ensure_ascii=False), encoding="utf-8")
    try:
        lay_out(read(path, "my.yaml"))
    except SpecError as error:
        return error.problems or ("nothing",)
    return ()


def test_the_good_one(tmp_path: Path) -> None:
    assert mistakes(tmp_path, GOOD) == ()


@pytest.mark.parametrize("seed", range(12))
def test_anything_anywhere(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    for _ in range(4):
        data = copy.deepcopy(GOOD)
        for _ in range(chance.choice((1, 1, 2, 3))):
            if spots := places(data):
                put(data, chance.choice(spots), chance)
        found = mistakes(tmp_path, data)
        assert all(FORM.fullmatch(each) for each in found), found
        assert len(set(found)) == len(found)
