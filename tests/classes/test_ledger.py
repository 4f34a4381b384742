"""A results file: written as files are marked, continued after an interruption, redone where the assignment changed."""

from __future__ import annotations

import errno
import io
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import pytest

from sheetgen import api, batch
from sheetgen.errors import UsageError
from sheetgen.ledger import Ledger, part_of
from sheetgen.marking import Brief, mark
from sheetgen.records import Done, from_line, line, split
from sheetgen.workbook import sandbox
from tests.generated_class import Maker, as_folder
from tests.sample_class import hand_in

ROOT = Path(__file__).parents[2]
COUNT = 60
NOTHING = Brief("", None, "unmarked", "x", 0, 1)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("class") / "hand-ins"
    as_folder(list(Maker(seed=7).make(COUNT)), path)
    return path


@pytest.fixture
def marked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The files that were really marked, in this process, which is quicker than workers."""
    found: list[str] = []

    def here(assignment: batch.Assignment, file: str, data: bytes) -> object:
        found.append(file)
        return batch.mark_here(assignment, file, data)

    from concurrent.futures import ThreadPoolExecutor

    monkeypatch.setattr(batch, "Workers", lambda *_: ThreadPoolExecutor(1))
    original = batch.work_through

    def watched(begin: object, work: object, jobs: object, workers: int, _: object) -> object:
        import functools

        assert isinstance(work, functools.partial)
        return original(begin, functools.partial(here, *work.args), jobs, workers)  # type: ignore[arg-type]

    monkeypatch.setattr(batch, "work_through", watched)
    return found


def test_a_line_for_each_file_in_order_and_the_same_with_any_number_of_jobs(folder: Path, tmp_path: Path) -> None:
    files = []
    for jobs in (1, 2, 5):
        path = tmp_path / f"{jobs}.jsonl"
        results = api.verify("alexnet", folder, results=path, jobs=jobs)
        files.append(path.read_bytes())
        assert [from_line(line) for line in files[-1].splitlines()] == list(results.submissions)
        assert not part_of(path).exists()
    assert files[0] == files[1] == files[2]
    names = [json.loads(line)["file"] for line in files[0].splitlines()]
    assert names == sorted(names)
    assert len(names) == COUNT


def test_lines_hold_what_marking_gives(folder: Path, tmp_path: Path) -> None:
    from sheetgen.workbook.read import read_submission

    results = api.verify("alexnet", folder, results=tmp_path / "r.jsonl")
    sheet = api.sheet_of("alexnet")
    for each in results.submissions:
        alone = mark(sheet, read_submission(each.file, Path(each.file).read_bytes(), sheet))
        assert (each.score, each.answers, each.summary) == (alone.score, alone.answers, alone.summary)


@pytest.mark.parametrize("seed", range(3))
def test_killed_at_a_random_moment_and_resumed_it_is_the_same_file(folder: Path, tmp_path: Path, seed: int) -> None:
    whole = tmp_path / "whole.jsonl"
    api.verify("alexnet", [str(folder)], results=whole)
    path, chance = tmp_path / "killed.jsonl", random.Random(seed)
    command = [sys.executable, "-m", "sheetgen", "verify", "alexnet", str(folder), "--exit-zero"]
    command += ["--results", str(path), "--resume", "--jobs", str(1 + seed % 2)]
    seen: list[int] = []
    for _ in range(3):
        process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL)
        wanted, deadline = chance.randint(1, COUNT // 2), time.monotonic() + 60
        while process.poll() is None and time.monotonic() < deadline:
            if part_of(path).exists() and part_of(path).read_bytes().count(b"\n") >= wanted + sum(seen[-1:]):
                break
        process.send_signal(signal.SIGKILL)
        process.wait()
        if part_of(path).exists():
            seen.append(part_of(path).read_bytes().count(b"\n"))
    assert seen  # it was killed in the middle at least once
    done = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    assert "internal error" not in done.stderr
    assert path.read_bytes() == whole.read_bytes()
    assert not part_of(path).exists()


def test_only_late_hand_ins_are_marked_and_a_line_cut_in_the_middle_is_no_harm(
    folder: Path, tmp_path: Path, marked: list[str]
) -> None:
    hand_ins = shutil.copytree(folder, tmp_path / "hand-ins")
    path = tmp_path / "r.jsonl"
    api.verify("alexnet", hand_ins, results=path)
    assert len(marked) == COUNT
    marked.clear()
    for number in (3, 4):
        made = next(Maker(seed=100 + number).make(1))
        (hand_ins / f"4000{number}_late.xlsx").write_bytes(made.data)
    api.verify("alexnet", hand_ins, results=path, resume=True)
    assert [Path(file).name for file in marked] == ["40003_late.xlsx", "40004_late.xlsx"]
    assert len(path.read_bytes().splitlines()) == COUNT + 2
    # what an interrupted run leaves behind
    lines = path.read_bytes().splitlines(keepends=True)
    path.unlink()
    part_of(path).write_bytes(b"".join(lines[:10]) + lines[10][:100])
    marked.clear()
    api.verify("alexnet", hand_ins, results=path, resume=True)
    assert len(marked) == COUNT + 2 - 10
    assert path.read_bytes() == b"".join(lines)


def test_another_assignment_or_language_or_reveal_is_marked_anew(
    folder: Path, tmp_path: Path, marked: list[str]
) -> None:
    one = tmp_path / "one"
    one.mkdir()
    for name in sorted(folder.iterdir())[:3]:
        shutil.copy(name, one)
    coursework = tmp_path / "own.yaml"
    text = (ROOT / "templates" / "alexnet.yaml").read_text(encoding="utf-8")
    coursework.write_text(text, encoding="utf-8")
    path = tmp_path / "r.jsonl"
    api.verify(coursework, one, results=path)
    api.verify(coursework, one, results=path, resume=True)
    assert len(marked) == 3
    coursework.write_text(text.replace("follow_through: 0.5", "follow_through: 0.25"), encoding="utf-8")
    if "follow_through: 0.5" not in text:
        coursework.write_text(
            text.replace("coursework:\n", "coursework:\n  follow_through: 0.25\n", 1), encoding="utf-8"
        )
    api.verify(coursework, one, results=path, resume=True)
    assert len(marked) == 6
    api.verify(coursework, one, results=path, resume=True, language="de")
    assert len(marked) == 9
    api.verify(coursework, one, results=path, resume=True, language="de", reveal=True)
    assert len(marked) == 12
    api.verify(coursework, one, results=path, resume=True, language="de", reveal=True)
    assert len(marked) == 12


def test_results_are_read_again_only_for_the_assignment_that_they_are_of(folder: Path, tmp_path: Path) -> None:
    path = tmp_path / "r.jsonl"
    coursework = tmp_path / "own.yaml"
    text = (ROOT / "templates" / "alexnet.yaml").read_text(encoding="utf-8")
    coursework.write_text(text, encoding="utf-8")
    first = api.verify(coursework, folder, results=path, language="de")
    again = api.read_results(path)
    assert list(again.submissions) == list(first.submissions)
    assert again.sheet == first.sheet
    coursework.write_text(text.replace("out_channels: 96", "out_channels: 64"), encoding="utf-8")
    with pytest.raises(UsageError, match="not the results of own as it is now"):
        api.read_results(path)


@pytest.mark.parametrize("text", ["hello\n", "{}\n", '{"file": "a"}\n', "[1]\n", '"a"\n'])
def test_what_is_no_results_file_is_told_with_its_line(text: str, tmp_path: Path) -> None:
    path = tmp_path / "r.jsonl"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(UsageError, match="line 1: this is no line of results"):
        api.read_results(path)


def test_what_is_known_of_the_class_is_in_the_file_too(tmp_path: Path) -> None:
    """Which files do not count, whose nobody knows, who is missing, what was not read: each sentence once."""
    maker = Maker(seed=5)
    hand_ins = {
        "a": "s1",  # three who say that they are one student, which is told of each of them, in one sentence
        "b": "s1",
        "c": "s1",
        "d": "s2",
        "e": "s9",  # who is not on the roster
    }
    (tmp_path / "hand-ins").mkdir()
    for number, (name, student) in enumerate(hand_ins.items()):
        data = hand_in(maker.described, maker.sheet, {"student": student, "conv1.parameters": number})
        (tmp_path / "hand-ins" / f"{name}.xlsx").write_bytes(data)
    (tmp_path / "hand-ins" / "d (1).xlsx").write_bytes(
        hand_in(maker.described, maker.sheet, {"student": "s2", "conv1.parameters": 7})
    )
    (tmp_path / "hand-ins" / "link.xlsx").symlink_to("a.xlsx")
    (tmp_path / "roster.csv").write_text("Student ID,Name\ns1,Ada\ns2,Ben\ns3,Cleo\n")
    path = tmp_path / "r.jsonl"
    told = api.verify("alexnet", tmp_path / "hand-ins", results=path, roster=tmp_path / "roster.csv")
    again = api.read_results(path)
    assert [len(told.left_out), len(told.superseded), len(told.unknown), len(told.missing)] == [1, 1, 2, 2]
    for name in ("left_out", "superseded", "unknown", "missing"):
        assert getattr(again, name) == getattr(told, name)
    assert list(again.submissions) == list(told.submissions)


def test_the_same_bytes_under_another_kind_of_name_are_marked_anew(tmp_path: Path, marked: list[str]) -> None:
    """A text file is a .csv only where its name says so; otherwise that is told with its marks."""
    folder, path = tmp_path / "hand-ins", tmp_path / "r.jsonl"
    folder.mkdir()
    table = b"Layer;Output height\nconv1;55\n"
    (folder / "a.csv").write_bytes(table)
    (folder / "b.txt").write_bytes(b"notes")
    api.verify("alexnet", [folder / "a.csv", folder / "b.txt"], results=path)
    (folder / "a.csv").rename(folder / "a.xlsx")
    marked.clear()
    again = api.verify("alexnet", [folder / "a.xlsx", folder / "b.txt"], results=path, resume=True)
    assert [Path(name).name for name in marked] == ["a.xlsx"]
    assert "this is plain text, not a workbook" in (again.submissions[0].reason or "")


def test_a_change_of_our_own_code_marks_all_of_it_again(
    folder: Path, tmp_path: Path, marked: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    files, path = sorted(folder.iterdir())[:3], tmp_path / "r.jsonl"
    api.verify("alexnet", files, results=path)
    marked.clear()
    api.verify("alexnet", files, results=path, resume=True)
    assert marked == []
    monkeypatch.setattr(batch, "code", lambda: "edited")
    api.verify("alexnet", files, results=path, resume=True)
    assert len(marked) == 3


def test_the_code_is_the_same_wherever_it_lies_and_another_with_one_letter_changed(tmp_path: Path) -> None:
    copy, found = tmp_path / "sheetgen", []
    shutil.copytree(ROOT / "sheetgen", copy, ignore=shutil.ignore_patterns("__pycache__"))
    ask = [sys.executable, "-c", "from sheetgen.cache import code; print(code())"]
    for place, edited in ((ROOT, ""), (tmp_path, ""), (tmp_path, "workbook/cells.py"), (tmp_path, "locale/de/**/*.mo")):
        for part in copy.glob(edited) if edited else ():
            with part.open("a") as file:
                file.write("# edited\n")
        environment = {**os.environ, "PYTHONPATH": str(place)}
        found.append(subprocess.check_output(ask, cwd=tmp_path, env=environment, text=True))
    assert found[0] == found[1]
    assert len(set(found)) == 3


class Full(io.BytesIO):
    """A file on a disk with room for some bytes."""

    room = 0

    def write(self, data: Any, /) -> int:
        type(self).room -= len(bytes(data))
        if self.room < 0:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return super().write(data)


@pytest.mark.parametrize("room", [0, 20_000, 80_000])
def test_a_full_disk_is_told_with_the_place(
    room: int, folder: Path, marked: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """While it marks, and when it puts the lines in order."""
    monkeypatch.setattr(Full, "room", room)
    monkeypatch.setattr(tempfile, "TemporaryFile", Full)
    with pytest.raises(UsageError) as told:
        api.verify("alexnet", sorted(folder.iterdir())[:4])
    where = f"cannot keep the results in {tempfile.gettempdir()} while marking"
    assert str(told.value).startswith(f"{where}: No space left on device; ")
    assert len(marked) <= 4


def test_a_full_disk_under_the_results_is_told_with_their_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Full, "room", 0)
    with Ledger(tmp_path / "r.jsonl", "key") as ledger:
        monkeypatch.setattr(ledger, "_part", Full())
        with pytest.raises(UsageError, match=r"cannot write the results .*r.jsonl: No space left on device"):
            ledger.add(0, {"file": "a", "student": None}, Done(b"", None, "", NOTHING))


def test_two_runs_do_not_write_into_one_file(folder: Path, tmp_path: Path) -> None:
    path = tmp_path / "r.jsonl"
    found = Done(b'"status":"unmarked","reason":"x","score":0,"max_score":1,"answers":[]}', "x", "", NOTHING)
    with Ledger(path, "key") as ledger:
        ledger.add(0, {"file": "a.xlsx", "student": None}, found)
        written = part_of(path).read_bytes()
        assert written.count(b"\n") == 1
        for resume in (False, True):
            with pytest.raises(UsageError, match="another run writes its results to"):
                api.verify("alexnet", folder, results=path, resume=resume)
        assert part_of(path).read_bytes() == written  # nothing of it is lost
        lines = ledger.finish([(0, {"file": "a.xlsx", "student": None})])
    assert [each.file for each in lines] == ["a.xlsx"]


def test_a_worker_that_something_else_ends_costs_no_file_its_marks(folder: Path, tmp_path: Path) -> None:
    """As a machine does that is short of memory: every third of the workers' first moments."""
    killed: list[int] = []

    def kill(done: int, _: int) -> None:
        if done % 15 == 5 and len(killed) < 3:
            tasks = Path("/proc/self/task").iterdir()
            children = [child for task in tasks for child in (task / "children").read_text().split()]
            # forks of this process; not what Python itself keeps for processes that are spawned
            own = Path("/proc/self/cmdline").read_bytes()
            forked = [child for child in children if Path(f"/proc/{child}/cmdline").read_bytes() == own]
            os.kill(int(forked[0]), signal.SIGKILL)
            killed.append(int(forked[0]))

    whole, path = tmp_path / "whole.jsonl", tmp_path / "r.jsonl"
    api.verify("alexnet", folder, results=whole)
    api.verify("alexnet", folder, results=path, progress=kill)
    assert killed
    assert path.read_bytes() == whole.read_bytes()


@pytest.mark.parametrize("how", ["cut", "no-file", "no-body", "torn-body"])
def test_lines_that_somebody_edited_are_told_or_marked_anew(folder: Path, tmp_path: Path, how: str) -> None:
    whole, path = tmp_path / "whole.jsonl", tmp_path / "r.jsonl"
    api.verify("alexnet", folder, results=whole)
    first, second, *rest = whole.read_bytes().splitlines(keepends=True)
    head, body = split(second)
    damaged = {
        "cut": second[:-200] + b"\n",
        "no-file": line({name: value for name, value in head.items() if name != "file"}, body),
        "no-body": second.partition(b',"status":')[0] + b',"status":"marked"}\n',
        "torn-body": second.replace(b'"answers":[', b'"answers":[{', 1),
    }[how]
    path.write_bytes(b"".join([first, damaged, *rest]))
    if how != "no-file":
        with pytest.raises(UsageError, match="line 2: this is no line of results"):
            api.read_results(path)
    api.verify("alexnet", folder, results=path, resume=True)
    assert path.read_bytes() == whole.read_bytes()


def test_what_a_machine_was_too_busy_for_is_tried_again(folder: Path, tmp_path: Path) -> None:
    whole, path = tmp_path / "whole.jsonl", tmp_path / "r.jsonl"
    api.verify("alexnet", folder, results=whole)
    first, *rest = whole.read_bytes().splitlines(keepends=True)
    head, _ = split(first)
    slow = Done(
        b'"status":"unmarked","reason":'
        + json.dumps(sandbox.WHY["slow"]).encode()
        + b',"score":0,"max_score":1,"answers":[]}',
        sandbox.WHY["slow"],
        "",
        NOTHING,
    )
    path.write_bytes(b"".join([line(head, slow.body), *rest]))
    api.verify("alexnet", folder, results=path, resume=True)
    assert path.read_bytes() == whole.read_bytes()
