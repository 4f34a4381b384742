"""A class on the command line: zips, rosters, reports, results, and what goes wrong with each of them."""

from __future__ import annotations

import json
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import pytest

from sheetgen import printing
from sheetgen.printing import console
from tests.generated_class import Made, Maker, as_folder, as_moodle, roster

ROOT = Path(__file__).parents[2]
COUNT = 16


@pytest.fixture(scope="module")
def made() -> list[Made]:
    return list(Maker(seed=3).make(COUNT))


@pytest.fixture(scope="module")
def folder(made: list[Made], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of hand-ins, the same as Moodle's zip, and the roster."""
    path = tmp_path_factory.mktemp("class")
    as_folder(made, path / "hand-ins")
    (path / "moodle.zip").write_bytes(as_moodle(made))
    (path / "roster.csv").write_bytes(roster(made))
    return path


def run(*arguments: object, where: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "sheetgen", *map(str, arguments)]
    environment = {"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin", "HOME": str(where)}
    return subprocess.run(command, capture_output=True, text=True, cwd=where, timeout=120, env=environment)


def test_a_line_for_each_and_several_reports_in_one_run(folder: Path, made: list[Made], tmp_path: Path) -> None:
    done = run(
        "verify", "alexnet", folder / "moodle.zip", "--roster", folder / "roster.csv", "--report", "html=class.html",
        "--report", "csv=marks.csv", "--report", "xlsx=back.zip", "--results", "marks.jsonl", where=tmp_path,
    )  # fmt: skip
    assert done.returncode == 1, done.stderr
    lines = done.stdout.splitlines()
    assert len(lines) == COUNT + 1
    assert sum(each.name in done.stdout for each in made) == COUNT
    assert "--report html=class.html" in lines[-1]
    told = done.stderr.splitlines()
    assert told[:2] == ["class.html  html", "marks.csv  csv"]
    assert told[-1] == "back.zip  xlsx"
    assert (tmp_path / "class.html").read_text(encoding="utf-8").startswith("<!DOCTYPE html>")
    assert len((tmp_path / "marks.csv").read_text(encoding="utf-8-sig").splitlines()) >= COUNT + 1
    names = zipfile.ZipFile(tmp_path / "back.zip").namelist()
    assert len(names) == COUNT
    assert all("_assignsubmission_file/table" in name for name in names)
    assert len((tmp_path / "marks.jsonl").read_bytes().splitlines()) == COUNT
    # and the same later, from the results alone
    again = run("report", "marks.jsonl", "html=again.html", "xlsx=again.zip", where=tmp_path)
    assert again.returncode == 0, again.stderr
    assert (tmp_path / "again.html").read_bytes() == (tmp_path / "class.html").read_bytes()
    assert (tmp_path / "again.zip").read_bytes() == (tmp_path / "back.zip").read_bytes()


def test_the_workbooks_that_come_back_are_those_handed_in_or_say_that_they_are_gone(
    made: list[Made], tmp_path: Path
) -> None:
    mine = tmp_path / "hand-ins"
    as_folder(made[:3], mine)
    run("verify", "alexnet", "hand-ins", "--results", "marks.jsonl", where=tmp_path)
    first, second, _ = sorted(mine.iterdir())
    first.unlink()
    second.write_bytes(made[5].data)
    done = run("report", "marks.jsonl", "xlsx=back", where=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "a workbook of its own" in done.stderr
    assert first.name in done.stderr
    assert second.name in done.stderr
    sheets = {
        path.name: zipfile.ZipFile(path).read("xl/workbook.xml").count(b"<sheet ")
        for path in (tmp_path / "back").iterdir()
    }
    assert sorted(sheets.values()) == [1, 1, 3]  # the feedback alone, twice; and table, questions and feedback


def test_json_of_a_class_is_one_document_whatever_reports_print(folder: Path, tmp_path: Path) -> None:
    done = run(
        "verify", "alexnet", folder / "hand-ins", "--format", "json", "--report", "github=summary.md", "--exit-zero",
        "--names", "{id}_{name}.xlsx", where=tmp_path,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert [set(found), len(found["submissions"])] == [{"coursework", "submissions"}, COUNT]
    assert found["submissions"][0]["hand_in"]["id"] == "40000"
    assert not {"content", "assignment", "properties"} & set(found["submissions"][0])
    assert "::error" in done.stderr
    empty = run("verify", "alexnet", folder / "hand-ins" / "40001_Ben Abel.xlsx", "--format", "json", where=tmp_path)
    assert len(json.loads(empty.stdout)["submissions"]) == 1


def test_who_is_missing_unknown_or_handed_in_twice_is_told_on_stderr(made: list[Made], tmp_path: Path) -> None:
    as_folder(made[:3], tmp_path / "hand-ins")
    newer = Made(made[0].id, "Again", "", made[1].data, made[0].when)
    as_folder([newer], tmp_path / "hand-ins")
    as_folder([Made("99999", "Nobody", "", made[2].data, made[2].when)], tmp_path / "hand-ins")
    (tmp_path / "roster.csv").write_bytes(roster(made[:5]))
    done = run(
        "verify", "alexnet", "hand-ins", "--names", "{id}_{name}.xlsx", "--roster", "roster.csv", "--exit-zero",
        where=tmp_path,
    )  # fmt: skip
    missing = "; ".join(f"{each.name} ({each.id})" for each in made[3:5])
    assert f"nothing from 2 students of the roster: {missing}" in done.stderr
    assert "99999" in done.stderr
    assert f"does not count: of {made[0].name}" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--resume"], "goes with --results FILE"),
        (["--report", "htm=x.html"], "did you mean html?"),
        (["--report", "csv=x.xlsx"], "this report is no workbook but a .csv file; call it x.csv"),
        (["--report", "html"], "say where to write it, such as html=output/html"),
        (["--report", "moodle=x.csv"], "--gradebook"),
        (["--report", "xlsx=x.pdf"], "name a folder, or a .zip"),
        (["--gradebook", "none.csv", "--report", "moodle=x.csv"], "there is no file none.csv"),
        (["--roster", "none.csv"], "none.csv"),
        (["--names", "{name}.xlsx"], "{id}"),
        (["--jobs", "0"], "--jobs"),
        (["--cluster", "tcp://127.0.0.1:9"], "no Dask scheduler answers there"),
        (["--results", "."], "it is a folder"),
        (["--gradebook", "g.csv"], "is filled by a report"),
        (["--report", "csv=a.csv", "--assignment", "AlexNet"], "goes with --report canvas"),
        (["--report", "csv=s.csv", "--report", "html=s.csv"], "is written by"),
        (["--report", "csv=s.jsonl", "--results", "s.jsonl"], "is written by"),
        (["--report", "gradescope=r.json"], "this report is of one submission, and there are 16"),
        (["--suggest-misconceptions", "--format", "json"], "ask for one of them"),
        (["--results", "other.txt"], "holds something else"),
    ],
)
def test_what_cannot_be_is_told_before_or_instead_of_a_traceback(
    folder: Path, tmp_path: Path, arguments: list[str], told: str
) -> None:
    (tmp_path / "other.txt").write_text("a letter\n", encoding="utf-8")
    (tmp_path / "g.csv").write_text("Identifier\n", encoding="utf-8")
    done = run("verify", "alexnet", folder / "hand-ins", *arguments, where=tmp_path)
    assert done.returncode == 2, done.stdout + done.stderr
    assert (tmp_path / "other.txt").read_text(encoding="utf-8") == "a letter\n"
    assert told in " ".join(done.stderr.replace("│", "").split())
    assert "Traceback" not in done.stderr
    assert not list(tmp_path.glob("x.*"))


def test_nothing_that_is_read_is_written_over(made: list[Made], tmp_path: Path) -> None:
    hand_ins = tmp_path / "hand-ins"
    as_folder(made[:2], hand_ins)
    (tmp_path / "class.zip").write_bytes(as_moodle(made[:2]))
    (tmp_path / "roster.csv").write_bytes(roster(made[:2]))
    one = next(hand_ins.iterdir())
    before = {path: path.read_bytes() for path in tmp_path.rglob("*.[xzc]*") if path.is_file()}
    for arguments in (
        ["class.zip", "--report", "xlsx=class.zip"],
        ["class.zip", "--results", "class.zip"],
        ["hand-ins", "--report", "xlsx=hand-ins"],
        ["hand-ins", "--report", f"csv={one}"],
        ["hand-ins", "--report", "xlsx=hand-ins/back"],
        ["hand-ins", "--report", "csv=hand-ins/marks.csv"],
        ["hand-ins", "--report", "xlsx=hand-ins/sub/back.zip"],
        ["hand-ins", "--report", "html=hand-ins/class.html"],
        ["hand-ins", "--results", "hand-ins/marks.jsonl"],
        ["hand-ins", "--results", str(one)],
        [str(one), "--report", f"csv={one}"],
        ["hand-ins", "--roster", "roster.csv", "--report", "csv=roster.csv"],
    ):
        done = run("verify", "alexnet", *arguments, where=tmp_path)
        assert (done.returncode, "error" in done.stderr.lower()) == (2, True), (arguments, done.stderr)
        assert {path: path.read_bytes() for path in tmp_path.rglob("*.[xzc]*") if path.is_file()} == before
    run("verify", "alexnet", "hand-ins", "--results", "marks.jsonl", where=tmp_path)
    done = run("report", "marks.jsonl", "csv=marks.jsonl", where=tmp_path)
    assert (done.returncode, "written over" in done.stderr) == (2, True)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "m.jsonl").write_bytes((tmp_path / "marks.jsonl").read_bytes())
    done = run("report", "m.jsonl", "xlsx=m.zip", where=elsewhere)
    assert (done.returncode, "none of the 2 hand-ins is found" in done.stderr) == (2, True)
    done = run("report", "html=x.html", "m.jsonl", where=elsewhere)
    assert (done.returncode, "the results come first" in done.stderr) == (2, True)


def test_report_alone_lists_the_kinds_and_says_what_is_missing(tmp_path: Path) -> None:
    done = run("report", where=tmp_path)
    assert done.returncode == 0
    kinds = {line.split()[0] for line in done.stdout.splitlines()}
    assert kinds == {path.stem for path in (ROOT / "sheetgen" / "reports").glob("[a-z]*.py")}
    assert run("report", "none.jsonl", where=tmp_path).returncode == 2
    (tmp_path / "stopped.jsonl.part").write_bytes(b"")
    assert (
        "the same 'sheetgen verify' with --resume goes on"
        in run("report", "stopped.jsonl", "html=x.html", where=tmp_path).stderr
    )
    done = run("report", "none.jsonl", "html=x.html", where=tmp_path)
    assert (done.returncode, "cannot read the results none.jsonl" in done.stderr) == (2, True)


def test_an_interrupted_run_says_how_to_go_on() -> None:
    """The words; that it does go on is held in tests/classes."""
    told: list[str] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(console, "passing", told.append)
        clock = iter([100.0, 100.1, 101.0, 102.0])
        patch.setattr(time, "monotonic", lambda: next(clock))
        tell = printing.counter()
        for number in (0, 1, 50, 100):
            tell(number, 400)
    assert told == [
        "marked 0 of 400",
        "marked 1 of 400",
        "marked 50 of 400, 50 a second, 0:07 left",
        "marked 100 of 400, 50 a second, 0:06 left",
    ]


def test_a_report_from_results_says_the_same_as_one_of_the_run(made: list[Made], tmp_path: Path) -> None:
    """Who is missing, what in the folder was not read, and what has to be said of whose files they are."""
    as_folder(made[:5], tmp_path / "hand-ins")
    (tmp_path / "hand-ins" / "notes.docx").write_bytes(b"x")
    (tmp_path / "hand-ins" / "link.xlsx").symlink_to("/etc/passwd")
    (tmp_path / "roster.csv").write_bytes(roster(made))
    names = ("--names", "{id}_{name}.xlsx", "--roster", "roster.csv", "--exit-zero", "--results", "r.jsonl")
    reports = ("html=page.html", "csv=table.csv", "html=pages.zip")
    done = run("verify", "alexnet", "hand-ins", *names, *(f"--report={each}" for each in reports), where=tmp_path)
    assert "link" in done.stderr
    assert "of the roster" in done.stderr
    wanted = {name: (tmp_path / name).read_bytes() for name in ("page.html", "table.csv", "pages.zip")}
    again = run("report", "r.jsonl", *reports, where=tmp_path)
    assert again.returncode == 0
    assert {name: (tmp_path / name).read_bytes() for name in wanted} == wanted
    assert "1 link" in wanted["page.html"].decode()
    shorter = roster(made[:6])
    (tmp_path / "roster.csv").write_bytes(shorter)
    run("report", "r.jsonl", "csv=table.csv", "--roster", "roster.csv", where=tmp_path)
    assert (tmp_path / "table.csv").read_bytes() != wanted["table.csv"]  # the one that is named now counts
    whole = [json.loads(line) for line in (tmp_path / "r.jsonl").read_text().splitlines()]
    assert ["left_out" in line for line in whole] == [True, *[False] * (len(whole) - 1)]
    for name in ("left_out", "missing"):  # as an earlier version wrote them
        del whole[0][name]
    (tmp_path / "old.jsonl").write_text("".join(json.dumps(line, separators=(",", ":")) + "\n" for line in whole))
    assert run("report", "old.jsonl", "csv=old.csv", where=tmp_path).returncode == 0


def test_reports_are_in_the_language_of_the_results(made: list[Made], tmp_path: Path) -> None:
    as_folder(made[:4], tmp_path / "hand-ins")
    run("verify", "alexnet", "hand-ins", "--language", "de", "--results", "r.jsonl", "--exit-zero", where=tmp_path)
    done = run("report", "r.jsonl", "html=page.html", where=tmp_path)
    assert (done.returncode, done.stderr) == (0, "page.html  html\n")
    assert '<html lang="de">' in (tmp_path / "page.html").read_text(encoding="utf-8")
    done = run("report", "r.jsonl", "html=page.html", "--language", "en", where=tmp_path)
    assert '<html lang="en">' in (tmp_path / "page.html").read_text(encoding="utf-8")
    assert done.stderr.startswith("what is wrong was said in de, and stays so; verify again with --language en\n")
