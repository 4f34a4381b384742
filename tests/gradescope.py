"""Gradescope's side of an autograder: its folders under a root of our own, laid out as its documentation says."""

from __future__ import annotations

import base64
import csv
import hashlib
import io
import json
import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Mapping
from importlib import metadata
from pathlib import Path
from typing import Any


def wheel_of_installed(name: str, folder: Path) -> Path:
    """The wheel that ``name`` was installed from, made again of its files, so that no network is needed."""
    installed = metadata.distribution(name)
    tags = [line[5:] for line in (installed.read_text("WHEEL") or "").splitlines() if line.startswith("Tag: ")]
    tag = max(tags, key=lambda each: each.startswith("py3"))
    record, files = io.StringIO(), {}
    about = f"{installed.name}-{installed.version}".replace("-", "_")
    for path in installed.files or ():
        made_here = path.parts[0] == ".." or path.name in ("INSTALLER", "REQUESTED", "direct_url.json", "RECORD")
        if not made_here and path.suffix != ".pyc":
            files[path.as_posix()] = path.read_binary()
    (info,) = {name.split("/")[0] for name in files if name.split("/")[0].endswith(".dist-info")}
    writer = csv.writer(record, lineterminator="\n")
    for inside, data in files.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
        writer.writerow((inside, f"sha256={digest}", len(data)))
    writer.writerow((f"{info}/RECORD", "", ""))
    about = info.removesuffix(".dist-info")
    with zipfile.ZipFile(folder / f"{about}-{tag}.whl", "w") as archive:
        for inside, data in files.items():
            archive.writestr(inside, data)
        archive.writestr(f"{info}/RECORD", record.getvalue())
    return folder / f"{about}-{tag}.whl"


def build(autograder: Path, root: Path) -> subprocess.CompletedProcess[str]:
    """What Gradescope does when an autograder is uploaded: extract it, copy run_autograder, run setup.sh."""
    source = root / "source"
    with zipfile.ZipFile(autograder) as archive:
        for about in archive.infolist():
            archive.extract(about, source)
            (source / about.filename).chmod(about.external_attr >> 16 & 0o777)
    shutil.copy(source / "run_autograder", root / "run_autograder")
    for folder in ("submission", "results"):
        (root / folder).mkdir()
    return command(root, "source/setup.sh", PYTHON=sys.executable)


def command(root: Path, script: str, **more: str) -> subprocess.CompletedProcess[str]:
    """A script of the autograder, in an environment that holds nothing of ours."""
    keep = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    environment = {**keep, "AUTOGRADER_ROOT": str(root), **more}
    return subprocess.run([root / script], capture_output=True, text=True, cwd=root, env=environment, timeout=300)


def submit(root: Path, files: Mapping[str, bytes], about: object = None) -> tuple[Any, str]:
    """What is in results.json after ``files`` were handed in, and what only the instructor sees."""
    shutil.rmtree(root / "submission", ignore_errors=True)
    shutil.rmtree(root / "results", ignore_errors=True)
    (root / "submission").mkdir()
    (root / "results").mkdir()
    for name, data in files.items():
        (root / "submission" / name).parent.mkdir(parents=True, exist_ok=True)
        (root / "submission" / name).write_bytes(data)
    metadata_file = root / "submission_metadata.json"
    metadata_file.unlink(missing_ok=True)
    if about is not None:
        metadata_file.write_text(json.dumps(about))
    done = command(root, "run_autograder")
    assert done.returncode == 0, done.stderr
    return json.loads((root / "results" / "results.json").read_bytes()), done.stdout + done.stderr
