"""A small network and the questions on it, from text."""

from __future__ import annotations

import textwrap
from pathlib import Path

import pytest

from sheetgen.coursework import Coursework
from sheetgen.errors import SpecError
from sheetgen.sheet import Sheet, lay_out
from sheetgen.spec import read

NETWORK = """\
network:
  input: [3, 32, 32]
  layers:
    conv1: {type: Conv2d, out_channels: 8, kernel_size: 5, stride: 3, init: {std: 0.01, bias: 1}}
    pool1: {type: MaxPool2d, kernel_size: 2}
    3a-1: {type: Conv2d, out_channels: 4, kernel_size: 1, bias: false, init: {mean: 0.5, std: 0.125}}
    fc2: {type: Linear, out_features: 10}
coursework:
  columns: [layer, out_channels, out_height, out_width, parameters]
"""


def coursework(folder: Path, questions: str, more: str = "", network: str = NETWORK) -> Coursework:
    """``questions`` is the list in YAML, ``more`` other keys of the coursework."""
    text = network + textwrap.indent(textwrap.dedent(more), "  ")
    text += "  questions:\n" + textwrap.indent(textwrap.dedent(questions), "    ")
    (folder / "my.yaml").write_text(text, encoding="utf-8")
    return read(folder / "my.yaml", "my.yaml")


def sheet(folder: Path, questions: str, more: str = "", network: str = NETWORK) -> Sheet:
    return lay_out(coursework(folder, questions, more, network))


def problems(folder: Path, questions: str, more: str = "", network: str = NETWORK) -> list[str]:
    """The mistakes without the file's name: ``10: coursework.questions[0].id: must be given``."""
    with pytest.raises(SpecError) as caught:
        coursework(folder, questions, more, network)
    return [problem.removeprefix("my.yaml:") for problem in caught.value.problems]
