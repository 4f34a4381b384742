"""A Gradescope autograder for a coursework: one zip with sheetgen's own code in it, so that any version works.

The zip holds ``setup.sh`` and ``run_autograder``, which Gradescope looks for, this package, the coursework's files, the
blank workbook (on which ``setup.sh`` tries everything), and what is to be installed: pinned to the versions that are
installed here, or as wheels. No right answers are in it but those that follow from the YAML. Equal input gives equal
bytes. How a submission is marked in there is ``__main__.py``.
"""

from __future__ import annotations

import io
import json
import math
import re
import zipfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import UsageError
from ..files import read_file, write_file
from ..reports._said import marked_by_machine
from ..shipped import find, templates

if TYPE_CHECKING:
    from ..coursework import Coursework

# Of what sheetgen depends on, what marking a workbook and its report load; a test runs it with nothing else installed.
NEEDED = (
    "click",
    "formualizer",
    "ironcalc",
    "lxml",
    "pebble",
    "pydantic",
    "python-calamine",
    "rich",
    "ruamel.yaml",
    "typer",
)
PYTHONS = ("3.13", "3.12", "3.14", "3.11")  # that sheetgen runs on, in the order in which setup.sh looks for them;
# 3.11 last, since it is a release candidate that Ubuntu 22.04 has, and its only one
_PACKAGE = Path(__file__).parents[1]
_EXECUTABLE = ("setup.sh", "run_autograder")
_WHEN = (1980, 1, 1, 0, 0, 0)
_FEW = 5  # that are named in a message
_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?")


@dataclass(frozen=True, slots=True)
class Written:
    pins: tuple[str, ...]  # what is installed, name==version
    points: float  # what the autograder gives at most
    open: float  # and a person


def write_autograder(coursework: str, out: Path, wheels: Path | None = None, language: str = "en") -> Written:
    """Write the zip to ``out``. What is said of wrong answers will be in ``language``."""
    if out.suffix.lower() != ".zip":
        raise UsageError(f"--out {out}: Gradescope takes a zip; call it {out.with_suffix('.zip')}")
    from ..language import translations
    from ..sheet import lay_out
    from ..spec import load
    from ..workbook.write import blank_workbook

    translations(language)  # raises where there is no such language
    described = load(coursework)
    sheet = lay_out(described)
    if not sheet.blanks and sheet.questions is None:
        raise UsageError(f"{coursework}: the coursework has no blanks, so there is nothing to mark; see blanks:")
    pins = requirements()
    files = {
        "blank.xlsx": blank_workbook(described, sheet),
        **_coursework(coursework, described, language),
        **_code(),
        "requirements.txt": "".join(f"{pin}\n" for pin in pins).encode(),
        "pythons.txt": "\n".join(PYTHONS).encode() + b"\n",
    }
    if wheels is not None:
        files |= _wheels(wheels, pins)
    write_file(out, _zipped(files))
    mine = math.fsum(marked_by_machine(sheet).values())
    asked = sheet.questions.cells if sheet.questions is not None else ()
    every = math.fsum([*(cell.marks for cell in sheet.blanks), *(cell.part.marks for cell in asked)])
    return Written(pins, round(mine, 6), round(every - mine, 6))


def _zipped(files: Mapping[str, bytes]) -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in sorted(files):
            about = zipfile.ZipInfo(name, _WHEN)
            about.create_system = 3  # Unix, on Windows too, else the bits are lost that make a file executable
            about.external_attr = (0o100755 if name in _EXECUTABLE else 0o100644) << 16
            about.compress_type = zipfile.ZIP_STORED if name.endswith(".whl") else zipfile.ZIP_DEFLATED
            archive.writestr(about, files[name])
    return data.getvalue()


# --- the coursework and the code ------------------------------------------------------------------------------------


def _coursework(coursework: str, described: Coursework, language: str) -> dict[str, bytes]:
    """The coursework's files, of a shipped one at its place in the package."""
    path = find(coursework)
    if path.parent == templates():
        inside, named = f"sheetgen/templates/{path.name}", path.stem
    else:
        inside, named = f"coursework/{path.name}", f"coursework/{path.name}"
    text = read_file(path, "coursework", "a .yaml file")
    files = {}
    for other, _ in described.files:
        if other != path:  # which network: names; it lies beside the YAML in the zip, wherever it lies here
            name = other.name if other.name != path.name else f"network-{other.name}"
            files[str(Path(inside).with_name(name))] = read_file(other, "network", "a .yaml file")
            text = _naming(text, name)
    about = {"coursework": named, "language": language}
    return {**files, inside: text, "autograder.json": json.dumps(about, indent=1).encode() + b"\n"}


def _naming(yaml: bytes, network: str) -> bytes:
    """``yaml`` with ``network`` as the value of network:, and all else as it is."""
    from ruamel.yaml import YAML

    text = yaml.decode("utf-8-sig")
    for key, value in YAML(typ="safe", pure=True).compose(text).value:
        if key.value == "network" and value.value != network:
            return f"{text[: value.start_mark.index]}{json.dumps(network)}{text[value.end_mark.index :]}".encode()
    return yaml


def _code() -> dict[str, bytes]:
    """This package as it is installed, and its two scripts at the root, where Gradescope looks for them."""
    files = {}
    for path in sorted(_PACKAGE.rglob("*")):
        inside = path.relative_to(_PACKAGE)
        made = "__pycache__" in inside.parts or inside.parts[0] == "templates" or path.name.startswith(".")
        if path.is_file() and not made:
            files[f"sheetgen/{inside.as_posix()}"] = path.read_bytes()
    for name in _EXECUTABLE:
        files[name] = files[f"sheetgen/autograder/{name}"]
    return files


# --- what is to be installed ----------------------------------------------------------------------------------------


def requirements(needed: Iterable[str] = NEEDED) -> tuple[str, ...]:
    """``needed`` and all that they require, pinned to the versions that are installed here."""
    found: dict[str, str] = {}
    todo = list(needed)
    while todo:
        name = _normal(todo.pop())
        if name in found:
            continue
        try:
            about = metadata.distribution(name)
        except metadata.PackageNotFoundError:
            if name in map(_normal, needed):
                raise UsageError(f"{name} is not installed here, and its version is to be pinned: install it") from None
            continue  # it is for another system or an older Python
        found[name] = about.version.partition("+")[0]
        for each in about.requires or ():
            required, _, marker = each.partition(";")
            if (match := _NAME.match(required.strip())) and "extra" not in marker:
                todo.append(match[0])
    return tuple(f"{name}=={found[name]}" for name in sorted(found))


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _wheels(folder: Path, pins: tuple[str, ...]) -> dict[str, bytes]:
    """The wheels for ``pins``, and the versions of Python that all of them are for."""
    found: dict[str, list[Path]] = {}
    for path in sorted(folder.glob("*.whl")):
        name, version, *_ = path.stem.split("-")
        found.setdefault(f"{_normal(name)}=={version}", []).append(path)
    missing = [pin for pin in pins if pin not in found]
    if missing:
        systems = ("manylinux_2_28_x86_64", "manylinux_2_17_x86_64", "manylinux2014_x86_64", "any")
        command = f"pip download --no-deps --only-binary=:all: --python-version {PYTHONS[-1]}"
        command += "".join(f" --platform {system}" for system in systems) + f" -d {folder} {' '.join(pins)}"
        few = ", ".join(missing[:_FEW]) + (f" and {len(missing) - _FEW} more" if len(missing) > _FEW else "")
        raise UsageError(f"no wheel in {folder} for {few}; this gets them all:\n{command}")
    suits = {pin: {version for path in found[pin] for version in PYTHONS if _suits(path, version)} for pin in pins}
    none = [pin for pin in pins if not suits[pin]]
    if none:
        raise UsageError(f"the wheels in {folder} of {', '.join(none)} are for no Python 3.11 or later on Linux")
    versions = [version for version in PYTHONS if all(version in suits[pin] for pin in pins)]
    if not versions:
        each = "; ".join(f"{pin} for {', '.join(sorted(suits[pin]))}" for pin in pins if len(suits[pin]) < len(PYTHONS))
        raise UsageError(f"the wheels in {folder} are for no one version of Python: {each}")
    files = {f"wheels/{path.name}": read_file(path, "wheel", "a .whl file") for pin in pins for path in found[pin]}
    return {**files, "pythons.txt": "\n".join(versions).encode() + b"\n"}


def _suits(wheel: Path, version: str) -> bool:
    """Whether a wheel's name says that it is for this version of Python, on Linux."""
    pythons, abi, platform = wheel.stem.split("-")[-3:]
    if platform != "any" and "linux" not in platform:
        return False
    minor = int(version.partition(".")[2])
    for python in pythons.split("."):
        if python in ("py3", f"cp3{minor}", f"py3{minor}"):
            return True
        if "abi3" in abi.split(".") and (since := re.fullmatch(r"cp3(\d+)", python)) and int(since[1]) <= minor:
            return True
    return False
