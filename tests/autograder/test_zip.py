"""What is in an autograder's zip, which wheels will do, and how setup.sh finds a Python."""

from __future__ import annotations

import json
import os
import shutil
import stat
import subprocess
import sys
import zipfile
from importlib import metadata
from pathlib import Path

import pytest

from sheetgen.autograder import NEEDED, requirements, write_autograder
from sheetgen.errors import UsageError
from sheetgen.sheet import lay_out
from sheetgen.spec import load
from tests.runs import run

SMALL = """\
name: small
input: [1, 8, 8]
layers:
  conv1: {type: Conv2d, out_channels: 2, kernel_size: 3}
"""
SCRIPTS = Path(__file__).parents[2] / "sheetgen" / "autograder"
ROOT = Path(__file__).parents[2]


def contents(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


# --- the zip --------------------------------------------------------------------------------------------------------


def test_what_gradescope_looks_for_is_at_the_root_and_can_be_run(tmp_path: Path) -> None:
    write_autograder("alexnet", tmp_path / "a.zip")
    with zipfile.ZipFile(tmp_path / "a.zip") as archive:
        for about in archive.infolist():
            mode = about.external_attr >> 16
            assert stat.S_ISREG(mode)
            script = about.filename in ("setup.sh", "run_autograder")
            assert mode & 0o777 == (0o755 if script else 0o644), about.filename
            assert about.create_system == 3
            if script:
                assert archive.read(about).startswith(b"#!/usr/bin/env bash\n")
                assert b"\r" not in archive.read(about)
        names = archive.namelist()
    assert {"setup.sh", "run_autograder", "sheetgen/cli/app.py", "sheetgen/templates/alexnet.yaml"} <= set(names)
    assert not any("__pycache__" in name or name.endswith(".pyc") for name in names)
    assert [name for name in names if name.startswith("sheetgen/templates/")] == ["sheetgen/templates/alexnet.yaml"]


def test_equal_input_gives_equal_bytes(tmp_path: Path) -> None:
    write_autograder("alexnet", tmp_path / "a.zip")
    write_autograder("alexnet", tmp_path / "b.zip")
    assert (tmp_path / "a.zip").read_bytes() == (tmp_path / "b.zip").read_bytes()


def test_an_installed_package_makes_the_same_zip(tmp_path: Path) -> None:
    write_autograder("alexnet", tmp_path / "a.zip")
    with zipfile.ZipFile(tmp_path / "a.zip") as archive:
        archive.extractall(tmp_path / "installed")  # where the templates are inside the package
    (tmp_path / "installed/sheetgen/templates/other.yaml").write_text("x")
    code = "import pathlib, sheetgen.autograder as made; made.write_autograder('alexnet', pathlib.Path('b.zip'))"
    environment = {**os.environ, "PYTHONPATH": str(tmp_path / "installed")}
    subprocess.run([sys.executable, "-c", code], check=True, cwd=tmp_path, env=environment)
    assert (tmp_path / "b.zip").read_bytes() == (tmp_path / "a.zip").read_bytes()


def test_requirements_are_pinned_to_what_is_installed(tmp_path: Path) -> None:
    write_autograder("alexnet", tmp_path / "a.zip")
    pins = dict(line.split("==") for line in contents(tmp_path / "a.zip")["requirements.txt"].decode().split())
    for name, version in pins.items():
        assert metadata.version(name) == version
    assert {"lxml", "pydantic-core", "ruamel-yaml"} <= set(pins)  # what is required by what is required
    assert not set(pins) & {"torch", "pandas", "numpy", "openpyxl", "pytest", "sheetgen"}


def test_what_is_needed_is_what_sheetgen_depends_on() -> None:
    declared = (ROOT / "pyproject.toml").read_text().partition("dependencies = [")[2].partition("]")[0]
    for name in NEEDED:
        assert f'"{name}' in declared
    with pytest.raises(UsageError, match="no-such-package is not installed here"):
        requirements(["no-such-package"])


@pytest.mark.parametrize("where", ["beside", "above", "absolute", "same name"])
@pytest.mark.parametrize("begins", ["", "\ufeff", "# \N{GRINNING FACE}\r\n"])
def test_the_network_is_found_wherever_it_lies(where: str, begins: str, tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    (folder / "deep").mkdir(parents=True)
    names = {
        "beside": "net.yaml",
        "above": "../networks/net.yaml",
        "absolute": str(tmp_path / "elsewhere" / "net.yaml"),
        "same name": "deep/my.yaml",
    }
    network = folder / names[where]
    network.parent.mkdir(exist_ok=True, parents=True)
    network.write_text(SMALL)
    rest = "coursework: {title: 'network: x', columns: [layer, parameters]}  # network: no\n"
    (folder / "my.yaml").write_bytes(f"{begins}network: {names[where]}  # which\n{rest}".encode())
    write_autograder(str(folder / "my.yaml"), tmp_path / "a.zip", language="de")
    inside = contents(tmp_path / "a.zip")
    assert json.loads(inside["autograder.json"]) == {"coursework": "coursework/my.yaml", "language": "de"}
    with zipfile.ZipFile(tmp_path / "a.zip") as archive:
        archive.extractall(tmp_path / "source")
    shutil.rmtree(folder)
    shutil.rmtree(tmp_path / "elsewhere", ignore_errors=True)
    there = load(tmp_path / "source/coursework/my.yaml")
    assert lay_out(there).table.totals["parameters"] == 2 * (9 + 1)
    assert there.title == "network: x"
    assert rest in inside["coursework/my.yaml"].decode()
    assert len([name for name in inside if name.startswith("coursework/")]) == 2


def test_a_coursework_without_blanks_is_refused(tmp_path: Path) -> None:
    blanks = "coursework: {title: x, columns: [layer, parameters], blanks: []}\n"
    (tmp_path / "my.yaml").write_text("network:\n  " + SMALL.replace("\n", "\n  ") + "\n" + blanks)
    with pytest.raises(UsageError, match="the coursework has no blanks, so there is nothing to mark"):
        write_autograder(str(tmp_path / "my.yaml"), tmp_path / "a.zip")
    assert not (tmp_path / "a.zip").exists()


def test_the_command(tmp_path: Path) -> None:
    done = run("gradescope", "alexnet", "--out", "a.zip", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    told = "a.zip  69.5 points under Autograder points, 11 more are for a person; installs "
    assert done.stdout.startswith(told)
    done = run("gradescope", "alexnet", "--out", "a.zip", "--wheels", ".", cwd=tmp_path)
    assert done.returncode == 2
    assert "no wheel in . for " in done.stderr
    assert "pip download" in done.stderr
    assert requirements()[-1] in done.stderr
    assert "…" not in done.stderr


# --- wheels ---------------------------------------------------------------------------------------------------------


def wheels(folder: Path, tags: dict[str, list[str]]) -> Path:
    """Empty files named as the wheels of everything that is needed; of some by the tags given."""
    folder.mkdir()
    for pin in requirements():
        name, version = pin.split("==")
        for tag in tags.get(name, ["py3-none-any"]):
            (folder / f"{name.replace('-', '_')}-{version}-{tag}.whl").write_bytes(b"")
    (folder / "torch-2.13.0-py3-none-any.whl").write_bytes(b"")
    return folder


LINUX = "manylinux_2_17_x86_64.manylinux2014_x86_64"


@pytest.mark.parametrize(
    ("tags", "versions"),
    [
        ({}, ["3.13", "3.12", "3.14", "3.11"]),
        ({"lxml": [f"cp312-cp312-{LINUX}"]}, ["3.12"]),
        ({"lxml": [f"cp312-cp312-{LINUX}", f"cp311-cp311-{LINUX}"]}, ["3.12", "3.11"]),
        ({"formualizer": [f"cp312-abi3-{LINUX}"]}, ["3.13", "3.12", "3.14"]),
        ({"shellingham": ["py2.py3-none-any"], "lxml": [f"cp313-cp313-{LINUX}"]}, ["3.13"]),
    ],
)
def test_the_python_is_one_that_all_wheels_are_for(
    tags: dict[str, list[str]], versions: list[str], tmp_path: Path
) -> None:
    write_autograder("alexnet", tmp_path / "a.zip", wheels(tmp_path / "w", tags))
    inside = contents(tmp_path / "a.zip")
    assert inside["pythons.txt"].decode().split() == versions
    assert f"wheels/{next(iter((tmp_path / 'w').glob('lxml*'))).name}" in inside
    assert not any("torch" in name for name in inside)


@pytest.mark.parametrize(
    ("tags", "said"),
    [
        ({"lxml": []}, "no wheel in .* for lxml==[0-9.]+; this gets them all:\npip download "),
        ({"lxml": ["cp312-cp312-win_amd64"]}, "of lxml==[0-9.]+ are for no Python 3.11 or later on Linux"),
        ({"lxml": [f"cp310-cp310-{LINUX}"]}, "of lxml==[0-9.]+ are for no Python 3.11 or later on Linux"),
        (
            {"lxml": [f"cp312-cp312-{LINUX}"], "pydantic-core": [f"cp313-cp313-{LINUX}"]},
            r"are for no one version of Python: lxml==[0-9.]+ for 3\.12; pydantic-core==[0-9.]+ for 3\.13",
        ),
    ],
)
def test_wheels_that_will_not_do_are_refused(tags: dict[str, list[str]], said: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=said):
        write_autograder("alexnet", tmp_path / "a.zip", wheels(tmp_path / "w", tags))
    assert not (tmp_path / "a.zip").exists()


# --- setup.sh finds a Python ----------------------------------------------------------------------------------------


def set_up(tmp_path: Path, pythons: dict[str, str], apt_get: str | None) -> subprocess.CompletedProcess[str]:
    """setup.sh on a machine with these Pythons, by name, and this apt-get; it gets no further than the venv."""
    programs, source = tmp_path / "bin", tmp_path / "root" / "source"
    programs.mkdir()
    source.mkdir(parents=True)
    shutil.copy(SCRIPTS / "setup.sh", source)
    (source / "setup.sh").chmod(0o755)
    (source / "pythons.txt").write_text("3.13\n3.12\n3.11\n")
    for name in ("bash", "env", "sed", "grep", "cat", "chmod"):
        (programs / name).symlink_to(shutil.which(name) or "")
    for name, version in pythons.items():
        program(programs / name, python(version))
    if apt_get is not None:
        program(programs / "apt-get", apt_get)
    environment = {"PATH": str(programs), "AUTOGRADER_ROOT": str(tmp_path / "root")}
    if "PYTHON" in os.environ:
        environment["PYTHON"] = ""
    return subprocess.run(
        [source / "setup.sh"], capture_output=True, text=True, cwd=tmp_path, env=environment, timeout=60
    )


def program(path: Path, text: str) -> None:
    path.write_text(f"#!{shutil.which('bash')}\n{text}")
    path.chmod(0o755)


def python(version: str) -> str:
    """A Python that says its version, and that it was asked for a venv."""
    if version == "none":  # a shim of nothing, or one without venv
        return "exit 1\n"
    return f"""case "$1" in
-c) echo {version} ;;
--version) echo "Python {version}.9" ;;
-m) echo "venv by $0"; exit 1 ;;
esac
"""


def test_the_first_python_that_will_do_is_taken(tmp_path: Path) -> None:
    there = {"python3": "3.10", "python3.11": "3.11", "python3.12": "3.12", "python3.13": "none"}
    done = set_up(tmp_path, there, None)
    assert "Python 3.12.9" in done.stdout
    assert f"venv by {tmp_path}/bin/python3.12" in done.stdout
    assert done.returncode == 1  # since this one makes no venv
    assert "makes no virtual environment" in done.stderr


def test_where_there_is_none_apt_get_installs_one(tmp_path: Path) -> None:
    has = f"""echo "$@" >>"{tmp_path}/asked"
if [ "$1" = install ] && [ "$4" = python3.11 ]; then
    cat >"{tmp_path}/bin/python3.11" <<'EOT'
#!{shutil.which("bash")}
{python("3.11")}
EOT
    chmod +x "{tmp_path}/bin/python3.11"
elif [ "$1" = install ]; then
    exit 100
fi
"""
    done = set_up(tmp_path, {"python3": "3.10"}, has)
    assert f"venv by {tmp_path}/bin/python3.11" in done.stdout, done.stderr
    asked = (tmp_path / "asked").read_text().splitlines()
    packages = [f"install -y --no-install-recommends python{v} python{v}-venv" for v in ("3.13", "3.12", "3.11")]
    assert asked == ["update", *packages]


@pytest.mark.parametrize("apt_get", [None, "exit 100\n"])
def test_where_none_can_be_had_it_is_said(apt_get: str | None, tmp_path: Path) -> None:
    done = set_up(tmp_path, {"python3": "3.10", "python3.13": "none"}, apt_get)
    assert done.returncode == 1
    assert "it needs Python 3.13 or 3.12 or 3.11, and apt-get has none of them" in done.stderr
    assert "choose a newer base image" in done.stderr


def test_what_cannot_be_installed_is_said(tmp_path: Path) -> None:
    write_autograder("alexnet", tmp_path / "a.zip", wheels(tmp_path / "w", {}))  # which are no wheels
    with zipfile.ZipFile(tmp_path / "a.zip") as archive:
        archive.extractall(tmp_path / "root/source")
    script = tmp_path / "root/source/setup.sh"
    script.chmod(0o755)
    environment = {**os.environ, "PYTHON": sys.executable, "AUTOGRADER_ROOT": str(tmp_path / "root")}
    done = subprocess.run([script], capture_output=True, text=True, env=environment, timeout=120)
    assert done.returncode == 1
    assert "pip could not install requirements.txt, see above" in done.stderr
