"""The autograder, set up and run for real in Gradescope's folders, from wheels and without a network."""

from __future__ import annotations

import io
import json
import shutil
import subprocess
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from sheetgen import api
from sheetgen.autograder import requirements, write_autograder
from sheetgen.coursework import Coursework
from sheetgen.sheet import Sheet
from tests import gradescope, sample_class
from tests.hostile import make
from tests.reports.test_gradescope_results import SCHEMA

USERS: dict[str, Any] = {
    "id": 12345,
    "created_at": "2026-06-01T14:22:32.365935-07:00",
    "assignment": {"due_date": None, "total_points": "20.0"},
    "users": [{"email": "ada@example.com", "id": 7, "name": "Ada ::error::Lovelace"}],
    "previous_submissions": [],
}


@dataclass(frozen=True)
class Built:
    root: Path
    said: subprocess.CompletedProcess[str]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    folder = tmp_path_factory.mktemp("gradescope")
    (folder / "wheels").mkdir()
    for pin in requirements():
        gradescope.wheel_of_installed(pin.partition("==")[0], folder / "wheels")
    write_autograder("alexnet", folder / "autograder.zip", folder / "wheels")
    return Built(folder / "root", gradescope.build(folder / "autograder.zip", folder / "root"))


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> list[bytes]:
    """What ada, ben, cleo and dan hand in."""
    return [path.read_bytes() for path in sample_class.make(tmp_path_factory.mktemp("sample"))]


def submitted(built: Built, handed_in: dict[str, bytes], about: object = USERS) -> tuple[Any, str]:
    found, log = gradescope.submit(built.root, handed_in, about)
    jsonschema.validate(found, {**SCHEMA, "properties": {**SCHEMA["properties"], "tests": {}}})
    assert log
    assert not any(line.lstrip().startswith("::") for line in log.splitlines())
    return found, log


def test_setup_says_that_it_is_ready(built: Built) -> None:
    assert built.said.returncode == 0, built.said.stderr
    assert "sheetgen autograder: ready; 114 answers, 80.5 marks" in built.said.stdout
    installed = {path.name.split("-")[0] for path in built.root.glob("source/venv/lib/*/site-packages/*.dist-info")}
    assert "lxml" in installed
    assert not installed & {"torch", "pandas", "numpy", "openpyxl", "matplotlib", "sheetgen"}


def test_a_right_submission(built: Built, files: list[bytes]) -> None:
    found, log = submitted(built, {"ada.xlsx": files[0]})
    assert found["score"] == 69.5
    assert {test["status"] for test in found["tests"]} == {"passed"}
    assert "student: Ada " in log
    assert "Ada" not in json.dumps(found)
    assert found["output"].startswith("File: ada.xlsx\n")


def test_a_wrong_submission_gets_its_feedback_and_no_right_number(
    built: Built, files: list[bytes], tmp_path: Path
) -> None:
    found, log = submitted(built, {"cleo.xlsx": files[2]})
    assert found["score"] == 61.5
    outputs = {test["name"]: test["output"] for test in found["tests"] if test["status"] == "failed"}
    assert len(outputs) == 9
    assert "leaves out the biases" in outputs["conv1.parameters (Table!L7)"]
    (tmp_path / "cleo.xlsx").write_bytes(files[2])
    (marked,) = api.verify("alexnet", [tmp_path / "cleo.xlsx"], reveal=True).submissions
    right = {str(each.expected) for each in marked.answers if each.status == "wrong"} - {"227", "1", "0", "27"}
    assert "34944" in right
    for number in right:
        assert number not in json.dumps(found) + log


def test_formulas_and_other_formats_are_read_with_what_is_installed(
    built: Built, alexnet: Coursework, sheet: Sheet, tmp_path: Path
) -> None:
    answers = {**sample_class.right_answers(sheet), "conv1.neurons": "=F7*G7*H7", "conv1.weights": "=SUM(11*11*3*96)"}
    workbook = sample_class.hand_in(alexnet, sheet, answers)
    found, _ = submitted(built, {"a.xlsx": workbook})
    assert found["score"] == 69.5
    (tmp_path / "a.xlsx").write_bytes(workbook)
    command = ["soffice", "--headless", f"-env:UserInstallation=file://{tmp_path}/profile", "--convert-to", "ods"]
    subprocess.run([*command, "--outdir", tmp_path, tmp_path / "a.xlsx"], check=True, capture_output=True, timeout=120)
    found, log = submitted(built, {"a.ods": (tmp_path / "a.ods").read_bytes()})
    assert found["score"] == 69.5, log
    for module in ("ironcalc", "typer"):  # the second opinion, and the commands, for whoever looks into the image
        done = subprocess.run([built.root / "source/venv/bin/python", "-c", f"import {module}"], capture_output=True)
        assert done.returncode == 0, module


@pytest.mark.parametrize("attack", ["deflate-bomb", "deflate-bomb-that-lies", "shared-formula-bomb", "traversal-name"])
def test_a_hostile_file_is_a_result(attack: str, built: Built, files: list[bytes]) -> None:
    damage, said = make.CASES[attack]
    assert isinstance(said, str)
    found, _ = submitted(built, {"a.xlsx": damage(make.Base.read(files[0]))})
    (test,) = found["tests"]
    assert (found["score"], test["score"], test["max_score"]) == (0, 0, 69.5)
    assert said in test["output"]


def test_nothing_handed_in_is_said(built: Built) -> None:
    found, _ = submitted(built, {})
    assert found["tests"][0]["output"].startswith("No file to mark is in what was handed in.")
    assert found["score"] == 0


def test_what_nobody_put_there_is_passed_over(built: Built, files: list[bytes]) -> None:
    more = {".DS_Store": b"x", "__MACOSX/._ada.xlsx": b"x", "~$ada.xlsx": b"x", "notes.pdf": b"%PDF-1.4"}
    found, _ = submitted(built, {**more, "my folder/ada.xlsx": files[0]})
    assert found["score"] == 69.5


def test_of_several_workbooks_none_is_guessed(built: Built, files: list[bytes]) -> None:
    found, _ = submitted(built, {"new.xlsx": files[0], "old.xlsx": files[1]})
    said = "2 workbooks were handed in (new.xlsx, old.xlsx), so nothing was marked. Hand in again"
    assert found["tests"][0]["output"].startswith(said)
    found, _ = submitted(built, {"a.pdf": b"%PDF-1.4", "b.txt": b"b"})
    assert found["tests"][0]["output"].startswith("No workbook is among the 2 files that were handed in (a.pdf, b.txt)")
    found, _ = submitted(built, {"a.pdf": b"%PDF-1.4"})
    assert "PDF" in found["tests"][0]["output"]


def zipped(members: dict[str, bytes]) -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        for name, member in members.items():
            archive.writestr(name, member)
    return data.getvalue()


def test_a_zip_is_looked_into_and_a_broken_one_is_theirs(built: Built, files: list[bytes]) -> None:
    found, _ = submitted(built, {"mine.zip": zipped({"my/ada.xlsx": files[0], "my/notes.txt": b"x"})})
    assert found["score"] == 69.5
    assert found["output"].startswith("File: ada.xlsx\n")
    found, _ = submitted(built, {"mine.zip": zipped({"a.xlsx": files[0], "b.xlsx": files[0]})})
    assert "2 workbooks were handed in (a.xlsx, b.xlsx)" in found["tests"][0]["output"]
    for broken in (b"PK broken", b"no zip", b"", zipped({"b.zip": zipped({"a.xlsx": files[0]})})):
        found, _ = submitted(built, {"mine.zip": broken})
        assert found["tests"][0]["tags"] == ["unmarked"]


@pytest.mark.parametrize("about", [None, [], {}, {"users": None}, {"users": ["x", {"name": None}]}])
def test_marks_do_not_hang_on_who_handed_in(about: object, built: Built, files: list[bytes]) -> None:
    found, log = submitted(built, {"ada.xlsx": files[0]}, about)
    assert found["score"] == 69.5
    assert "student: not known" in log


def test_a_group_is_all_of_its_members(built: Built, files: list[bytes]) -> None:
    users = [{"id": 1, "name": "Ada"}, {"id": 2, "name": "Ben"}]
    _, log = submitted(built, {"ada.xlsx": files[0]}, {**USERS, "users": users})
    assert "student: Ada, Ben" in log


# --- what goes wrong is not the student's fault ---------------------------------------------------------------------


def assert_no_fault_of_theirs(found: Any) -> None:
    assert found["score"] == 0
    assert found["tests"] == []
    assert "This is not your fault" in found["output"]
    assert found["stdout_visibility"] == "hidden"


@pytest.mark.parametrize("lost", ["venv", "autograder.json", "sheetgen/templates", "sheetgen/marking.py"])
def test_a_broken_autograder_says_that_it_is_not_their_fault(lost: str, built: Built, files: list[bytes]) -> None:
    path = built.root / "source" / lost
    path.rename(built.root / "lost")
    try:
        found, log = submitted(built, {"ada.xlsx": files[0]})
    finally:
        (built.root / "lost").rename(path)
    assert_no_fault_of_theirs(found)
    assert "nothing was marked (exit code" in log
    assert ("setup.sh did not come to its end" in log) == (lost == "venv")
    assert submitted(built, {"ada.xlsx": files[0]})[0]["score"] == 69.5


def test_a_program_that_is_killed_leaves_the_message(built: Built, files: list[bytes]) -> None:
    program = built.root / "source/sheetgen/autograder/__main__.py"
    whole = program.read_text()
    program.write_text(whole.replace("    print_results(results)\n", "    os.kill(os.getpid(), 9)\n"))
    try:
        found, log = submitted(built, {"ada.xlsx": files[0]})
    finally:
        program.write_text(whole)
    assert_no_fault_of_theirs(found)
    assert "exit code 137" in log


def test_a_folder_that_is_not_there_is_no_missing_file(built: Built) -> None:
    shutil.rmtree(built.root / "submission")
    shutil.rmtree(built.root / "results")
    done = gradescope.command(built.root, "run_autograder")
    assert done.returncode == 0
    assert_no_fault_of_theirs(json.loads((built.root / "results/results.json").read_bytes()))
    assert "cannot read the folder" in done.stdout


def test_a_module_that_a_student_hands_in_is_not_imported(built: Built, files: list[bytes]) -> None:
    planted = {f"{name}.py": b"raise SystemExit('planted')" for name in ("json", "sheetgen", "sitecustomize", "lxml")}
    found, log = submitted(built, {**planted, "ada.xlsx": files[0]})
    assert found["score"] == 69.5
    assert "planted" not in log


def test_a_set_up_that_cannot_mark_fails(built: Built) -> None:
    blank = built.root / "source/blank.xlsx"
    whole = blank.read_bytes()
    blank.write_bytes(whole[:5000])
    python = built.root / "source/venv/bin/python"
    done = subprocess.run(
        [python, "-m", "sheetgen.autograder", "--try"], cwd=blank.parent, capture_output=True, text=True
    )
    blank.write_bytes(whole)
    assert done.returncode == 2
    assert "the blank workbook could not be marked: the file is cut short" in done.stdout
