"""The wheel holds all that it needs: built, installed into a fresh environment, run from another folder."""

from __future__ import annotations

import os
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_the_installed_wheel_shows_alexnet(tmp_path: Path) -> None:
    pip = [sys.executable, "-m", "pip", "-q", "--disable-pip-version-check"]
    build = [*pip, "wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", str(tmp_path), str(ROOT)]
    subprocess.run(build, check=True, capture_output=True, text=True)
    (wheel,) = tmp_path.glob("sheetgen-*.whl")
    venv.create(tmp_path / "fresh", with_pip=True)
    python = tmp_path / "fresh" / ("Scripts" if os.name == "nt" else "bin") / "python"
    environment = {**os.environ, "PIP_CONSTRAINT": str(ROOT / "constraints.txt"), "SHEETGEN_CACHE": "off"}
    environment.pop("PYTHONPATH", None)
    install = [str(python), "-m", "pip", "install", "-q", "--disable-pip-version-check", str(wheel)]
    subprocess.run(install, check=True, capture_output=True, text=True, env=environment)
    command = [str(python.parent / "sheetgen"), "show", "alexnet", "--format", "json"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, env=environment)
    assert done.returncode == 0, done.stderr
    assert '"parameters": 62378344' in done.stdout
    # the first verify reads no YAML: the sheet is shipped, and is not used for another YAML of that name
    empty = {**environment, "SHEETGEN_CACHE": str(tmp_path / "nothing-kept-yet")}
    blank = str(ROOT / "templates" / "alexnet.xlsx")
    script = (
        "import sys; from sheetgen import api\n"
        f"print(api.verify('alexnet', [{blank!r}]).submissions[0].max_score, 'pydantic' in sys.modules)"
    )
    done = subprocess.run([str(python), "-c", script], capture_output=True, text=True, cwd=tmp_path, env=empty)
    assert done.stdout == "80.5 False\n", done.stderr
    # the German catalogue is in it
    hand_in = str(ROOT / "tests" / "data" / "students" / "b-no-biases.xlsx")
    command = [str(python.parent / "sheetgen"), "verify", "alexnet", hand_in, "--language", "de", "--exit-zero"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, env=environment, encoding="utf-8")
    assert "lässt die Bias-Werte weg" in done.stdout, done.stderr
    # and so are the templates of the pages
    report = tmp_path / "class.html"
    command = [
        str(python.parent / "sheetgen"),
        "verify",
        "alexnet",
        hand_in,
        "--report",
        f"html={report}",
        "--exit-zero",
    ]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, env=environment)
    assert "leaves out the biases" in report.read_text(encoding="utf-8"), done.stderr
    # without torch, check says what to install
    command = [str(python.parent / "sheetgen"), "check", "alexnet"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, env=environment)
    assert done.returncode == 2
    assert "sheetgen[torch]" in done.stderr
    # and all the shipped files are there
    script = "import sheetgen.shipped as s; print(sorted(p.name for p in s.templates().iterdir()))"
    done = subprocess.run([str(python), "-c", script], capture_output=True, text=True, cwd=tmp_path, env=environment)
    assert done.stdout.strip() == str(sorted(path.name for path in (ROOT / "templates").iterdir()))
