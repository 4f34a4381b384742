"""docs/tour.md as what it is, a notebook: its cells run in order in one namespace, and what they print put below them.

``python -m tests.tour`` writes the page anew; a test holds it to what it would be.
"""

from __future__ import annotations

import ast
import contextlib
import io
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

PAGE = Path(__file__).parents[1] / "docs" / "tour.md"
_CELL = re.compile(r"```(python|yaml)\n(.*?)```\n(?:\n```text\n.*?```\n)?", re.DOTALL)


def played(text: str) -> str:
    """The page with what its cells print now; files are read and written in the working directory."""
    namespace: dict[str, Any] = {}
    return _CELL.sub(lambda cell: _with_output(cell[1], cell[2], namespace), text)


def cells(text: str) -> Iterator[str]:
    return (cell[2] for cell in _CELL.finditer(text) if cell[1] == "python")


def _with_output(kind: str, code: str, namespace: dict[str, Any]) -> str:
    if kind == "yaml":
        Path(code.splitlines()[0].removeprefix("# ")).write_text(code, encoding="utf-8")
        return f"```yaml\n{code}```\n"
    printed = _run(code, namespace).rstrip()
    return f"```python\n{code}```\n" + (f"\n```text\n{printed}\n```\n" if printed else "")


def _run(code: str, namespace: dict[str, Any]) -> str:
    """What a cell prints, and the value of its last line where that is an expression."""
    *body, last = ast.parse(code).body
    with contextlib.redirect_stdout(io.StringIO()) as out:
        if isinstance(last, ast.Expr):
            exec(compile(ast.Module(body, []), str(PAGE), "exec"), namespace)
            value = eval(compile(ast.Expression(last.value), str(PAGE), "eval"), namespace)
            if value is not None:
                print(value)
        else:
            exec(compile(code, str(PAGE), "exec"), namespace)
    return "\n".join(line.rstrip() for line in out.getvalue().splitlines())


def main() -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        text = played(PAGE.read_text(encoding="utf-8"))
    PAGE.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
