"""Imports point up the list of rooms only, and what students run loads nothing heavy."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "sheetgen"
# Each may import those before it; rooms of one line may not import each other.
ROOMS = [
    {"__init__"},
    {"errors"},
    {"addresses", "expr", "quantities"},
    {"layers", "shipped"},
    {"network"},
    {"table", "yamldoc"},
    {"spec"},
    {"sheet"},
    {"cache", "marking"},
    {"workbook", "witness"},  # the edges
    {"api"},
    {"cli"},
    {"__main__"},
]
LEVEL = {room: level for level, rooms in enumerate(ROOMS) for room in rooms}


def _imports(path: Path) -> set[str]:
    """The rooms that a module imports when it is loaded or run; what only a type checker sees does not count."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    typing_only = {
        id(node)
        for branch in ast.walk(tree)
        if isinstance(branch, ast.If) and ast.unparse(branch.test) == "TYPE_CHECKING"
        for node in ast.walk(branch)
    }
    depth = len(path.relative_to(PACKAGE).parts)
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.level == depth and id(node) not in typing_only:
            found |= {node.module.split(".")[0]} if node.module else {alias.name for alias in node.names}
        names = [node.module or ""] if isinstance(node, ast.ImportFrom) and not node.level else []
        names += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        found |= {"an absolute import" for name in names if name.partition(".")[0] == "sheetgen"}
    return found - {"__version__"}


@pytest.mark.parametrize("path", sorted(PACKAGE.rglob("*.py")), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_point_up_only(path: Path) -> None:
    room = path.relative_to(PACKAGE).parts[0].removesuffix(".py")
    if room == "reports":
        assert _imports(path) == set()
        return
    for imported in _imports(path):
        assert LEVEL[imported] < LEVEL[room], f"{room} imports {imported}"


def test_the_test_would_see_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.test_rooms.PACKAGE", tmp_path)
    (tmp_path / "table.py").write_text("from .spec import load\nfrom . import expr\n", encoding="utf-8")
    assert _imports(tmp_path / "table.py") == {"spec", "expr"}


@pytest.mark.parametrize(
    ("imported", "absent"),
    [
        ("sheetgen", ["pydantic", "lxml", "typer", "torch", "pandas", "openpyxl", "numpy", "ruamel"]),
        ("sheetgen.spec, sheetgen.sheet", ["torch", "pandas", "openpyxl", "numpy", "lxml", "formualizer"]),
        (
            "sheetgen.api, sheetgen.marking, sheetgen.workbook.read",
            ["torch", "pandas", "openpyxl", "pydantic", "ruamel"],
        ),
        ("sheetgen.witness", ["torch", "openpyxl", "pandas"]),
    ],
)
def test_nothing_heavy_is_loaded(imported: str, absent: list[str]) -> None:
    code = f"import sys, {imported}; print(sorted({{m.split('.')[0] for m in sys.modules}} & set({absent!r})))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=PACKAGE.parent)
    assert done.stdout.strip() == "[]"
