"""What an instructor is told of a mistake that people make: one sentence each, and none that only follows from it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

import sheetgen
from sheetgen import api
from sheetgen.errors import UsageError
from sheetgen.records import Results
from tests.yamls import problems

HEAD = "network:\n  input: [3, 32, 32]\n  layers:\n    c: {type: Conv2d, out_channels: 8, kernel_size: 3}\n"


@pytest.mark.parametrize(
    ("layer", "at"),
    [
        ("{type: Conv2d, in_channels: 8, out_channels: 8, kernel_size: 3}", "in_channels"),
        ("{type: Linear, in_features: 7200, out_features: 3}", "in_features"),
        ("{type: BatchNorm2d, num_features: 8}", "num_features"),
    ],
)
def test_what_pytorch_is_told_and_a_spec_is_not(layer: str, at: str, tmp_path: Path) -> None:
    told = "it follows from the layer above, or from the one that from: names; leave it out"
    assert problems(tmp_path, f"{HEAD}    x: {layer}\n") == [f"my.yaml:5: network.layers.x.{at}: {told}"]


@pytest.mark.parametrize(
    "layer",
    [
        "{type: Add, from: [c, nobody]}",  # of 3 and 8 maps, if nobody were the input
        "{type: Conv2d, out_channels: 8, groups: 8, kernel_size: 3, from: nobody}",
        "{type: MaxPool2d, kernel_size: 2, from: x}",
        "{type: B, from: nobody}\n  blocks: {B: {layers: {a: {type: Add, from: [c, input]}}}}",
    ],
)
def test_nothing_follows_from_a_layer_that_there_is_not(layer: str, tmp_path: Path) -> None:
    (problem,) = problems(tmp_path, f"{HEAD}    x: {layer}\n")
    assert problem.startswith("my.yaml:5: network.layers.x.from")
    assert "there is no layer" in problem


@pytest.mark.parametrize("more", ["", "coursework: {title: A}\n", "courswork: {title: A}\n"])
def test_a_misspelt_network_is_one_mistake(more: str, tmp_path: Path) -> None:
    found = problems(tmp_path, HEAD.replace("network", "netwrok") + more)
    assert found[0] == "my.yaml:1: netwrok: no such key; did you mean network?"
    assert found[1:] == (["my.yaml:5: courswork: no such key; did you mean coursework?"] if "rsw" in more else [])


def test_a_mistake_inside_a_misspelt_network_is_told_too(tmp_path: Path) -> None:
    found = problems(tmp_path, HEAD.replace("network", "netwrok").replace("kernel_size: 3", "kernel_size: 0"))
    assert [problem.partition(": ")[0] for problem in found] == ["my.yaml:1", "my.yaml:4"]


@pytest.mark.parametrize(
    ("text", "path", "whole"),
    [
        ("{k: macs / max(parameters, 1), j: neurons}", "k", "macs / max(parameters, 1)"),
        ("{k: {formula: min(macs, max(1, 2)), heading: A}}", "k.formula", "min(macs, max(1, 2))"),
    ],
)
def test_a_comma_in_a_formula_without_quotes(text: str, path: str, whole: str, tmp_path: Path) -> None:
    (problem,) = problems(tmp_path, f"{HEAD}coursework:\n  quantities: {text}\n")
    assert problem == (
        f'my.yaml:6: coursework.quantities.{path}: inside {{ }} a comma ends a value: put quotes around it, "{whole}"'
    )


@pytest.mark.parametrize("which", ["a folder", "no file"])
def test_a_file_is_called_what_it_should_be(which: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever stands there instead: not everything that an instructor names is a workbook."""
    path = tmp_path
    if which == "no file":
        path = tmp_path / "pipe.xlsx"
        os.mkfifo(path)
    with pytest.raises(UsageError, match=f"is {which}.*; the gradebook is a .csv file"):
        sheetgen.report(Results("alexnet", ()), gradebook=path, moodle=tmp_path / "upload.csv")
    with pytest.raises(UsageError, match=f"roster .* is (no file|{which}).* CSV"):
        api.verify("alexnet", tmp_path, roster=path)
    with pytest.raises(UsageError, match=f"is {which}.*; the workbook is an .xlsx file"):
        api.locate("alexnet", path)
    monkeypatch.setattr("sheetgen.shipped.find", lambda _: path)
    with pytest.raises(UsageError, match=f"is {which}.*; the coursework is a .yaml file"):
        api.new(tmp_path / "mine.yaml", "alexnet")
