"""The README is true: its commands run, its YAML is read, its links lead somewhere, every command is in it."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from click import Group
from typer.main import get_command

from sheetgen.cli import app
from sheetgen.coursework import CourseworkText
from sheetgen.expr import FUNCTIONS
from sheetgen.questions import NumberText
from sheetgen.reports import kinds
from sheetgen.spec import read
from tests import sample_class

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
SHELL = [line for block in re.findall(r"```sh\n(.*?)```", README, re.DOTALL) for line in block.splitlines()]
COMMANDS = [line for line in SHELL if line.startswith("sheetgen ")]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("readme")
    sample_class.make(folder / "output" / "class")
    (folder / "templates").symlink_to(ROOT / "templates")
    return folder


@pytest.mark.parametrize("line", COMMANDS)
def test_the_commands_run(line: str, folder: Path) -> None:
    command, _, target = line.partition(" > ")
    words = [sys.executable, "-m", *shlex.split(command)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(words, cwd=folder, env=environment, capture_output=True, text=True, encoding="utf-8")
    warned = done.stderr.startswith("warning: no blank tells") and "generate" in line  # of what AlexNet cannot show
    reports = {kind: path for kind, _, path in (word.partition("=") for word in words) if path and kind in kinds()}
    told = [each for each in done.stderr.splitlines() if not each.startswith("xlsx: feedback in a workbook of its own")]
    assert (done.returncode, [] if warned else told) == (0, [f"{path}  {kind}" for kind, path in reports.items()])
    assert done.stdout or reports
    assert all((folder / path).stat().st_size for path in reports.values())
    assert not target or target == "schema.json"


def test_all_of_them_were_found() -> None:
    assert len(COMMANDS) == 15
    assert SHELL[0].startswith("make demo ")
    assert SHELL[1].startswith("make test ")


def test_the_python_runs(folder: Path) -> None:
    (code,) = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    told = "print(len(answers), *hardest.index, sep='\\n')"
    done = subprocess.run(
        [sys.executable, "-c", code + told],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stderr) == (0, "")
    count, *hardest = done.stdout.split()
    assert int(count) == 3 * (77 + 37)  # of the three workbooks that can be read; one is broken
    assert len(hardest) == 5
    assert (folder / "output" / "class.html").exists()


def test_the_yaml_is_a_coursework(tmp_path: Path) -> None:
    block, other, _ = re.findall(r"```yaml\n(.*?)```", README, re.DOTALL)
    (tmp_path / "small.yaml").write_text(block, encoding="utf-8")
    (tmp_path / "residual.yaml").write_text(other, encoding="utf-8")
    with_blocks = read(tmp_path / "residual.yaml")
    assert with_blocks.warnings == ()  # it can be solved as it stands
    assert "stage1.3.add" in with_blocks.rows
    assert {"stage1.1.conv.macs", "total.parameters"} <= set(with_blocks.blanks)
    coursework = read(tmp_path / "small.yaml")
    assert coursework.warnings == ()
    assert [layer.name for layer in coursework.network.layers] == ["conv1", "pool1", "fc2"]
    assert {blank.marks for blank in coursework.blanks.values()} == {1}
    # every computed cell: 3 x (sizes, neurons, weights, biases, parameters, connections) and 1 x channels, 5 totals
    assert len(coursework.blanks) == 3 * 7 + 1 + 5


def test_the_misconceptions_are_those_of_a_coursework(tmp_path: Path) -> None:
    *_, block = re.findall(r"```yaml\n(.*?)```", README, re.DOTALL)
    network = (ROOT / "tests" / "data" / "alexnet_network.yaml").read_text(encoding="utf-8")
    (tmp_path / "network.yaml").write_text(network, encoding="utf-8")
    text = f"network: network.yaml\ncoursework:\n{textwrap.indent(block, '  ')}"
    (tmp_path / "my.yaml").write_text(text, encoding="utf-8")
    coursework = read(tmp_path / "my.yaml")
    assert not [each for each in coursework.warnings if "misconceptions" in each]
    found = {each.id: each.instead for each in coursework.misconceptions}
    assert found["two-gpu-split"] == {f"{layer}.groups": "2" for layer in ("conv2", "conv4", "conv5")}
    assert found["bias-for-each-unit"] == {f"conv{i}.biases": "neurons" for i in range(1, 6)}
    assert found["background-class"] == {"fc8.out_channels": "1001"}


def test_the_keys_of_a_coursework_are_all_named() -> None:
    assert {key for key in CourseworkText.model_fields if f"`{key}`" not in README} == set()


def test_the_reports_are_all_named() -> None:
    table = README[README.index("| report | what it is |") :].partition("\n\n")[0]
    named = [line.split(" | ")[0] for line in table.splitlines()[2:]]
    assert set(re.findall(r"`(\w+)`", " ".join(named))) == set(kinds())


def test_the_options_of_a_class_are_all_named() -> None:
    group = get_command(app)
    assert isinstance(group, Group)
    options = {option for each in group.commands["verify"].params for option in each.opts}
    assert "--roster" in options
    assert {option for option in options if option.startswith("--") and option not in README} == set()


def test_the_keys_of_a_question_are_all_named() -> None:
    keys = {info.alias or name for name, info in NumberText.model_fields.items()}
    assert {key for key in keys - {"comment"} if f"`{key}`" not in README and f"`{key}:`" not in README} == set()


def test_the_functions_of_a_formula_are_all_named() -> None:
    assert {name for name in FUNCTIONS if f"`{name}`" not in README and f"`{name}(" not in README} == set()


def test_the_links_lead_somewhere() -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", README):
        assert (ROOT / target).exists(), target


def test_every_command_is_documented_and_shows_examples() -> None:
    for command in app.registered_commands:
        assert command.callback is not None
        name = command.name or command.callback.__name__
        assert f"sheetgen {name}" in README, name
        assert "Example" in (command.callback.__doc__ or ""), name


def test_the_layer_types_are_all_named() -> None:
    from sheetgen.layers import KINDS

    sentence = README[README.index("Layer types:") :].partition("\n\n")[0]
    assert set(re.findall(r"`(\w+)`", sentence)) == set(KINDS)
