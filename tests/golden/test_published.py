"""Every shipped coursework against figures that others have published for its network (tests/data/published.json)."""

from __future__ import annotations

import dataclasses
import functools
import json
import shutil
from collections.abc import Iterator
from fnmatch import fnmatchcase
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from sheetgen.coursework import Coursework
from sheetgen.shipped import shipped, templates
from sheetgen.spec import load
from sheetgen.table import Table, compute

Fact = dict[str, Any]

PUBLISHED: dict[str, Any] = json.loads(
    (Path(__file__).parents[1] / "data" / "published.json").read_text(encoding="utf-8")
)
FIELDS = {"id", "value", "rounded_to", "of", "plus", "input", "source", "note"}


def _listed(ids: str | list[str]) -> list[str]:
    return [ids] if isinstance(ids, str) else ids


def _facts(name: str) -> list[Fact]:
    found: list[Fact] = PUBLISHED.get(name, [])
    return found


@functools.cache
def _shipped(name: str) -> Coursework:
    return load(name)


def _table(described: Coursework, facts: list[Fact], image: tuple[int, int, int] | None = None) -> Table:
    network = described.network if image is None else dataclasses.replace(described.network, input=image)
    wanted = {answer.rpartition(".")[2] for fact in facts for answer in _all_ids(fact)}
    return compute(network, described.conventions, described.rows, wanted=sorted(wanted))


def _all_ids(fact: Fact) -> list[str]:
    return [*_listed(fact["id"]), *fact.get("of", [])]


def _sum(table: Table, layers: list[str], ids: str | list[str]) -> Fraction:
    """The numbers with these ids, added up; a pattern stands for every layer that it fits."""
    added = Fraction(0)
    for answer in _listed(ids):
        layer, _, quantity = answer.rpartition(".")
        fitting = [name for name in layers if fnmatchcase(name, layer)] or [layer]
        added += sum((Fraction(table.value(f"{name}.{quantity}")) for name in fitting), Fraction(0))
    return added


def disagreements(described: Coursework, facts: list[Fact]) -> Iterator[str]:
    """Each published figure that the coursework's table does not give."""
    layers = [layer.name for layer in described.network.layers]
    tables: dict[tuple[int, int, int] | None, Table] = {}
    for fact in facts:
        image = tuple(fact["input"]) if "input" in fact else None
        if image not in tables:
            tables[image] = _table(described, facts, image)
        table = tables[image]
        computed = _sum(table, layers, fact["id"]) + fact.get("plus", 0)
        if "of" in fact:
            computed /= _sum(table, layers, fact["of"])
        if abs(computed - Fraction(str(fact["value"]))) > Fraction(str(fact.get("rounded_to", 0))) / 2:
            yield f"{fact['id']} is {float(computed):,.15g}, published {fact['value']:,} ({fact['source']})"


@pytest.mark.parametrize("name", shipped())
def test_published_figures_come_out(name: str) -> None:
    facts = _facts(name)
    assert facts, f"{name} is shipped, but published.json has no figure for it"
    assert list(disagreements(_shipped(name), facts)) == []


def test_the_facts_are_in_order() -> None:
    """None for a coursework that is not shipped, none without a source, no field that is read by nobody."""
    assert {name for name in PUBLISHED if not name.startswith("_")} == set(shipped())
    for name in shipped():
        for fact in _facts(name):
            assert {"id", "value", "source"} <= fact.keys() <= FIELDS, fact
            assert fact["source"] in PUBLISHED["_sources"], fact
    used = {fact["source"] for name in shipped() for fact in _facts(name)}
    assert used == set(PUBLISHED["_sources"])


FAULTS = {
    "lenet5": (
        "C3:\n      type: Conv2d\n      out_channels: 16\n      kernel_size: 5",
        "kernel_size: 5",
        "kernel_size: 3",
    ),
    "resnet50": ("width: 256, out_channels: 1024, repeat: 5", "repeat: 5", "repeat: 4"),
    "mobilenet-v1": ("groups: $in_channels", "groups: $in_channels", "groups: 1"),
    "unet": ("crop3:  {type: CenterCrop, from: down3", "from: down3", "from: down2"),
    "vgg16": ("conv3_2: {type: Conv2d, out_channels: 256, kernel_size: 3", "kernel_size: 3", "kernel_size: 1"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_planted_fault_is_found(name: str, tmp_path: Path) -> None:
    where, right, wrong = FAULTS[name]
    copy = tmp_path / f"{name}.yaml"
    shutil.copyfile(templates() / f"{name}.yaml", copy)
    text = copy.read_text(encoding="utf-8")
    assert text.count(where) == 1
    copy.write_text(text.replace(where, where.replace(right, wrong)), encoding="utf-8")
    assert list(disagreements(load(copy), _facts(name)))
