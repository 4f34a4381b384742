"""The GitHub Action and the pre-commit hooks, run as they stand in a repository of their own.

GitHub itself is not here: a step's script is run by bash as GitHub's runner does, with the environment that the step
says. pip, which would download PyTorch, is replaced by a script that notes down what it was asked for.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from sheetgen import api
from sheetgen.workbook.package import Package, replace_parts

ROOT = Path(__file__).parents[2]
SPEC = """
network:
  name: A small net
  input: [1, 12, 12]
  layers:
    conv1: {type: Conv2d, out_channels: 4, kernel_size: 3, activation: ReLU}
    fc2: {type: Linear, out_features: 10}
"""
SHEET = "xl/worksheets/sheet1.xml"
KEY, BLANK = "the keys/small-key.xlsx", "hand out/small-blank.xlsx"


def _yaml(name: str) -> Any:
    return YAML(typ="safe", pure=True).load((ROOT / name).read_text(encoding="utf-8"))


ACTION = _yaml("action.yml")
STEPS = {step["id"]: step for step in ACTION["runs"]["steps"] if "run" in step}
HOOKS = {hook["id"]: hook for hook in _yaml(".pre-commit-hooks.yaml")}


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository with a coursework, its key and its blank, in folders with a space."""
    here = tmp_path / "repository"
    here.mkdir()
    (here / "small.yaml").write_text(SPEC, encoding="utf-8")
    made = api.generate(here / "small.yaml", here)
    for path, file in ((here / KEY, made.key), (here / BLANK, made.blank)):
        path.parent.mkdir()
        file.rename(path)
    for command in (["init", "-q"], ["add", "."]):
        subprocess.run(["git", *command], cwd=here, check=True, capture_output=True)
    return here


@pytest.fixture
def commands(tmp_path: Path) -> Path:
    """A folder with the command sheetgen, of this checkout, and a pip that only notes down its arguments."""
    folder = tmp_path / "bin"
    folder.mkdir()
    scripts = {
        "sheetgen": f'PYTHONPATH="{ROOT}" exec "{sys.executable}" -P -m sheetgen "$@"',
        "pip": f'printf "%s\\n" "constraint=$PIP_CONSTRAINT" "$@" > "{tmp_path}/pip.txt"',
    }
    for name, line in scripts.items():
        (folder / name).write_text(f"#!/bin/sh\n{line}\n", encoding="utf-8")
        (folder / name).chmod(0o755)
    return folder


def _spoil(key: Path, old: str, new: str) -> None:
    data = key.read_bytes()
    content = Package.read(data).part(SHEET).decode()
    assert len(re.findall(old, content)) == 1
    key.write_bytes(replace_parts(data, {SHEET: re.sub(old, new, content).encode()}))


def _wrong_number(key: Path) -> None:
    """A number typed over the formula of conv1's parameters, 40."""
    place = Package.read(key.read_bytes()).place("conv1.parameters")
    assert place is not None
    at = f"{'ABCDEFGHIJKLMNOP'[place.column - 1]}{place.row}"
    _spoil(key, rf'(<c r="{at}"[^>]*>)<f>[^<]*</f><v>40</v>', r"\1<v>41</v>")


# --- the action -----------------------------------------------------------------------------------------------------


def _value(expression: str, inputs: dict[str, str]) -> str:
    """What GitHub puts in the place of ``${{ inputs.key }}``."""
    match = re.fullmatch(r"\$\{\{ (inputs\.([a-z-]+)|github\.action_path) \}\}", expression)
    assert match is not None, expression
    return str(ROOT) if match[2] is None else inputs[match[2]]


def _step(name: str, where: Path, commands: Path, **given: str) -> tuple[int, str, str]:
    """Exit code, what it printed, and its outputs."""
    inputs = {key: str(each.get("default", "")) for key, each in ACTION["inputs"].items()}
    inputs |= {key.replace("_", "-"): text for key, text in given.items()}
    step, script, outputs = STEPS[name], commands / f"{name}.sh", commands / f"{name}.out"
    script.write_text(step["run"], encoding="utf-8")
    outputs.write_text("", encoding="utf-8")
    environment = {key: value for key, value in os.environ.items() if key != "PIP_CONSTRAINT"}
    environment |= {key: _value(text, inputs) for key, text in step["env"].items()}
    environment |= {"PATH": f"{commands}{os.pathsep}{os.environ['PATH']}", "GITHUB_OUTPUT": str(outputs)}
    done = subprocess.run(
        ["bash", "--noprofile", "--norc", "-e", "-o", "pipefail", str(script)],
        cwd=where,
        env=environment,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=120,
    )
    return done.returncode, done.stdout + done.stderr, outputs.read_text(encoding="utf-8")


def test_the_action_is_what_github_takes() -> None:
    assert ACTION["runs"]["using"] == "composite"
    assert {"name", "description", "inputs", "outputs", "runs"} <= ACTION.keys()
    assert list(STEPS) == ["install", "generated", "check"]
    assert all(each["description"] for each in (*ACTION["inputs"].values(), *ACTION["outputs"].values()))
    assert [name for name, each in ACTION["inputs"].items() if each.get("required")] == ["coursework"]
    assert all(isinstance(each.get("default", ""), str) for each in ACTION["inputs"].values())
    for each in STEPS.values():
        assert each["shell"] == "bash"
        assert "${{" not in each["run"]  # an input in a script is code
        named = set(re.findall(r"\$\{?([A-Z_]+)", each["run"])) - {"GITHUB_OUTPUT", "PIP_CONSTRAINT"}
        assert named == set(each["env"])
    used = set(re.findall(r"inputs\.([a-z-]+)", (ROOT / "action.yml").read_text(encoding="utf-8")))
    assert used == set(ACTION["inputs"])
    # both of the later steps run where the other found something, but not without the command
    assert STEPS["check"]["if"] == "${{ !cancelled() && steps.install.outcome == 'success' }}"
    for name, output in (("same", "generated"), ("agrees", "check")):
        assert ACTION["outputs"][name]["value"] == f"${{{{ steps.{output}.outputs.{name} }}}}"
        assert f'echo "{name}=' in STEPS[output]["run"]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, ["--extra-index-url", "https://download.pytorch.org/whl/cpu", f"{ROOT}[torch]"]),
        ({"device": "cuda"}, [f"{ROOT}[torch]"]),
        ({"version": "0.2.0", "device": "auto"}, ["sheetgen[torch]==0.2.0"]),
        ({"version": "git+https://host/s@v1", "device": "auto"}, ["sheetgen[torch] @ git+https://host/s@v1"]),
        ({"version": "1 -i evil; touch pwned", "device": "auto"}, ["sheetgen[torch]==1 -i evil; touch pwned"]),
    ],
)
def test_what_is_installed(given: dict[str, str], expected: list[str], tmp_path: Path, commands: Path) -> None:
    assert _step("install", tmp_path, commands, **given)[0] == 0
    constraint, *asked = (tmp_path / "pip.txt").read_text(encoding="utf-8").splitlines()
    assert asked == ["install", "--quiet", *expected]
    assert constraint == f"constraint={'' if 'version' in given else ROOT / 'constraints.txt'}"
    assert (ROOT / "constraints.txt").exists()
    assert not (tmp_path / "pwned").exists()


def test_a_repository_in_order_passes(repository: Path, commands: Path) -> None:
    code, said, outputs = _step("generated", repository, commands, coursework="small.yaml", key=KEY, blank=BLANK)
    assert (code, outputs) == (0, "same=true\n")
    assert f"{KEY}  is the key that small.yaml gives" in said
    assert f"{BLANK}  is the blank that small.yaml gives" in said
    code, said, outputs = _step("check", repository, commands, coursework="small.yaml", key=KEY)
    assert (code, outputs) == (0, "agrees=true\n"), said
    code, said, outputs = _step("generated", repository, commands, coursework="small.yaml")
    assert (code, said, outputs) == (0, "", "")  # nothing to compare
    assert _step("check", repository, commands, coursework="small.yaml", device="meta")[0] == 0


def test_a_wrong_number_in_the_key_fails_both_and_is_named(repository: Path, commands: Path) -> None:
    _wrong_number(repository / KEY)
    code, said, outputs = _step("generated", repository, commands, coursework="small.yaml", key=KEY, blank=BLANK)
    assert (code, outputs) == (1, "same=false\n")
    assert re.search(r"Table![A-Z]7 holds 41, the coursework gives =\w7\+\w7", said)
    assert f"{BLANK}  is the blank" in said
    code, said, outputs = _step("check", repository, commands, coursework="small.yaml", key=KEY)
    assert (code, outputs) == (1, "agrees=false\n")
    assert re.search(r"conv1\.parameters\D.*\b41\b", said)


def test_a_key_whose_looks_were_changed_is_another(repository: Path, commands: Path) -> None:
    _spoil(repository / KEY, r'(<sheetView[^>]*zoomScale=")110"', r'\g<1>120"')
    code, said, outputs = _step("generated", repository, commands, coursework="small.yaml", key=KEY)
    assert (code, outputs) == (1, "same=false\n")
    assert "Table is the same in its cells, but not in its looks" in said
    assert _step("check", repository, commands, coursework="small.yaml", key=KEY)[0] == 0  # whose business it is not


def test_a_key_that_was_not_made_again_is_caught(repository: Path, commands: Path) -> None:
    (repository / "small.yaml").write_text(SPEC.replace("out_channels: 4", "out_channels: 8"), encoding="utf-8")
    code, said, _ = _step("generated", repository, commands, coursework="small.yaml", key=KEY)
    assert code == 1
    assert "holds 4, the coursework gives 8" in said


def test_findings_may_be_warnings_but_faults_fail(repository: Path, commands: Path) -> None:
    _wrong_number(repository / KEY)
    lenient = {"coursework": "small.yaml", "key": KEY, "fail_on_disagreement": "false"}
    for name, output in (("generated", "same=false\n"), ("check", "agrees=false\n")):
        code, said, outputs = _step(name, repository, commands, **lenient)
        assert (code, outputs) == (0, output)
        assert "\n::warning title=sheetgen::" in said
        code, said, outputs = _step(name, repository, commands, **{**lenient, "key": "gone.xlsx"})
        assert (code, outputs) == (2, output)
        assert "there is no file gone.xlsx" in said


HOSTILE = """x"; touch pwned; $(touch pwned) `touch pwned` '; touch pwned; ' ${{ github.token }}"""


@pytest.mark.parametrize("name", ["generated", "check"])
@pytest.mark.parametrize(
    "given",
    [
        {"coursework": HOSTILE, "key": KEY},
        {"coursework": "small.yaml", "key": HOSTILE},
        {"coursework": "--help", "key": KEY},
        {"coursework": "small.yaml", "key": KEY, "device": HOSTILE},
        {"coursework": "small.yaml", "key": "x\n::error::pwned\n"},
    ],
)
def test_inputs_are_never_code(given: dict[str, str], name: str, repository: Path, commands: Path) -> None:
    if name == "generated" and "device" in given:
        assert "DEVICE" not in STEPS[name]["env"]
        return
    code, said, _ = _step(name, repository, commands, **given)
    assert code == 2
    assert not list(repository.rglob("pwned*"))
    assert not any(line.startswith("::") for line in said.splitlines())


# --- the hooks ------------------------------------------------------------------------------------------------------


def test_the_hooks_are_what_pre_commit_takes() -> None:
    command = [sys.executable, "-m", "pre_commit", "validate-manifest", ".pre-commit-hooks.yaml"]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    assert list(HOOKS) == ["sheetgen-generated", "sheetgen-check"]
    for hook in HOOKS.values():
        assert hook["language"] == "python"
        assert hook["pass_filenames"] is False  # no file's name says of which coursework it is
        assert [bool(re.search(hook["files"], each)) for each in ("a/b.yaml", "b.yml", "k.xlsx", "b.py")] == [
            True,
            True,
            True,
            False,
        ]


def test_what_the_example_in_the_manifest_says_is_a_configuration(tmp_path: Path) -> None:
    text = (ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8")
    lines = [line[4:] for line in text.splitlines() if line.startswith("#   ")]
    config = tmp_path / ".pre-commit-config.yaml"
    config.write_text("repos:\n" + "\n".join(lines) + "\n", encoding="utf-8")
    subprocess.run(
        [sys.executable, "-m", "pre_commit", "validate-config", str(config)], check=True, capture_output=True
    )
    (repo,) = YAML(typ="safe", pure=True).load(config.read_text(encoding="utf-8"))["repos"]
    assert [hook["id"] for hook in repo["hooks"]] == list(HOOKS)


def _commit(repository: Path, commands: Path) -> subprocess.CompletedProcess[str]:
    """What pre-commit says of all files, with the hooks as they stand but for what would be downloaded for them."""
    arguments = {
        "sheetgen-generated": ["small.yaml", "--same-as", KEY, "--same-as", BLANK],
        "sheetgen-check": ["small.yaml", "--workbook", KEY, "--device", "cpu"],
    }
    local = [
        {key: value for key, value in hook.items() if key != "additional_dependencies"}
        | {"language": "system", "args": arguments[name]}
        for name, hook in HOOKS.items()
    ]
    with (repository / ".pre-commit-config.yaml").open("w", encoding="utf-8") as file:
        YAML(typ="safe", pure=True).dump({"repos": [{"repo": "local", "hooks": local}]}, file)
    subprocess.run(["git", "add", "."], cwd=repository, check=True, capture_output=True)
    environment = {
        **os.environ,
        "PATH": f"{commands}{os.pathsep}{os.environ['PATH']}",
        "PRE_COMMIT_HOME": str(commands / "home"),
    }
    return subprocess.run(
        [sys.executable, "-m", "pre_commit", "run", "--all-files", "--color", "never"],
        cwd=repository,
        env=environment,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=120,
    )


def test_pre_commit_passes_what_is_in_order_and_stops_a_wrong_number(repository: Path, commands: Path) -> None:
    done = _commit(repository, commands)
    assert (done.returncode, done.stdout.count("Passed")) == (0, 2), done.stdout + done.stderr
    _wrong_number(repository / KEY)
    done = _commit(repository, commands)
    assert (done.returncode, done.stdout.count("Failed")) == (1, 2)
    assert "holds 41, the coursework gives" in done.stdout
    assert re.search(r"conv1\.parameters\D.*\b41\b", done.stdout)
