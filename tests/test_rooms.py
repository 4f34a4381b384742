"""The direction of imports, and what a light import must not load."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "sheetgen"
# From the inside out: a room may import those above it. Rooms of one line are neighbours that never import each other,
# but for the parts of workbook/, which are one room.
ROOMS = [
    {"errors", "expr", "quantities", "addresses", "modules", "harmless", "zips", "seal", "__version__"},
    {"language", "layers", "shipped", "delimited", "files", "handin", "packed", "reading", "vocabulary", "prose"},
    {"network", "platforms", "name_pattern", "contents"},
    {"folders", "roster"},
    {"yamldoc", "layout", "shapes"},
    {"fields", "pasting"},
    {"table", "tolerance"},
    {"questionnaire", "solve", "formulas", "misconceptions"},
    {"coursework", "draft", "judging"},
    {"questions", "declared", "believed", "variants"},
    {"answers"},
    {"spec"},
    {"schema"},
    {"sheet"},
    {"cache", "recognise", "foreign", "diagnosis", "pointed"},
    {"marking"},
    {"frames"},
    {"records"},
    {"assembled"},
    {"workbook", "witness", "importer"},
    {"shown"},
    {"identity", "ledger"},
    {"batch", "cluster"},
    {"verifying"},
    {"statistics", "similarity", "given"},
    {"suggest"},
    {"reports"},
    {"api"},
    {"printing"},
    {"as_json"},
    {"autograder"},
    {"__init__"},  # what a script may ask the package for; a room asks it for its version only
    {"cli"},
    {"__main__"},
]
LEVEL = {room: level for level, rooms in enumerate(ROOMS) for room in rooms}


def _room(module: Path) -> str:
    return module.relative_to(PACKAGE).parts[0].removesuffix(".py")


def _imported(module: Path) -> Iterator[str]:
    """The rooms that ``module`` imports, at its top or later; what is only for type checkers too."""
    for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[1] for alias in node.names if alias.name.startswith("sheetgen."))
        elif isinstance(node, ast.ImportFrom):
            above = module.relative_to(PACKAGE.parent).parts[: -node.level] if node.level else ()
            path = [*above, *(node.module.split(".") if node.module else ())]
            if path[0] == "sheetgen":
                yield from [path[1]] if len(path) > 1 else (_named(alias.name) for alias in node.names)


def _named(name: str) -> str:
    return name if name in LEVEL else "__init__"  # from . import verify


MODULES = sorted(PACKAGE.rglob("*.py"))


@pytest.mark.parametrize("module", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_point_up_the_list(module: Path) -> None:
    room = _room(module)
    assert room in LEVEL, f"{module.name} has no place in the list of rooms"
    wrong = [other for other in _imported(module) if other != room and LEVEL[other] >= LEVEL[room]]
    assert not wrong, f"{room} must not know {wrong}"


def test_the_list_of_rooms_sees_imports() -> None:
    assert set(_imported(PACKAGE / "sheet.py")) >= {"expr", "network", "quantities", "table", "layers", "coursework"}
    assert "spec" in set(_imported(PACKAGE / "api" / "sheets.py"))
    assert {"sheet", "workbook"} <= set(_imported(PACKAGE / "workbook" / "locate.py"))
    assert {"__version__", "as_json"} <= set(_imported(PACKAGE / "cli" / "app.py")) | set(
        _imported(PACKAGE / "cli" / "making.py")
    )
    assert len(MODULES) > 15


TABLE = [
    (row.split("`")[1], row)
    for row in (PACKAGE.parent / "docs" / "architecture.md").read_text(encoding="utf-8").splitlines()
    if row.startswith("| `")
]


def test_the_rooms_are_those_of_the_documentation_in_their_order() -> None:
    rooms = [name.removesuffix(".py").rstrip("/") for name, _ in TABLE]
    assert set(rooms) == set(LEVEL) - {"__version__"}
    assert len(rooms) == len(set(rooms))
    assert [LEVEL[room] for room in rooms] == sorted(LEVEL[room] for room in rooms)
    for name, _ in TABLE:
        assert (PACKAGE / name).is_dir() if name.endswith("/") else (PACKAGE / name).is_file(), name


@pytest.mark.parametrize("room", ["workbook", "diagnosis", "cli"])
def test_the_parts_of_a_room_are_all_named(room: str) -> None:
    row = dict(TABLE)[f"{room}/"]
    assert {part.stem for part in (PACKAGE / room).glob("[!_]*.py") if f"`{part.stem}`" not in row} == set()


def test_a_room_has_one_place() -> None:
    assert sum(map(len, ROOMS)) == len(LEVEL)


HEAVY = ("torch", "pandas", "numpy", "openpyxl", "formualizer", "matplotlib", "jinja2", "lxml")


@pytest.mark.parametrize(
    ("imports", "more"),
    [
        ("sheetgen", ("pydantic", "ruamel", "typer", "rich")),
        ("sheetgen.spec, sheetgen.table, sheetgen.sheet", ("typer", "rich")),
        ("sheetgen.sheet, sheetgen.marking", ("pydantic", "ruamel", "typer", "rich")),
        ("sheetgen.importer", ("typer", "rich")),
        ("sheetgen.cli", ("pydantic", "ruamel")),
    ],
)
def test_a_light_import_loads_nothing_heavy(imports: str, more: tuple[str, ...]) -> None:
    code = f"import sys, {imports}; print(*sorted({{name.partition('.')[0] for name in sys.modules}}))"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=PACKAGE.parent, timeout=60
    )
    loaded = set(done.stdout.split())
    assert "sheetgen" in loaded
    assert not loaded & {*HEAVY, *more}


def test_reading_a_coursework_loads_nothing_heavy() -> None:
    code = """
import sys
from sheetgen.spec import load
from sheetgen.sheet import lay_out
assert lay_out(load("alexnet")).table.totals["parameters"] == 62378344
print(*sorted({name.partition(".")[0] for name in sys.modules}))
"""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=PACKAGE.parent, timeout=60
    )
    assert not set(done.stdout.split()) & {*HEAVY, "typer", "rich"}
