"""Marks that a person gives: written out, filled in, read back, and the same in every report."""

from __future__ import annotations

import csv
import io
import json
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

import sheetgen
from sheetgen import api, given, reports
from sheetgen.coursework import Coursework
from sheetgen.errors import UsageError
from sheetgen.marking import Marked
from sheetgen.records import Results
from sheetgen.reports._comments import comment
from sheetgen.sheet import Sheet
from sheetgen.workbook.package import Package
from tests import sample_class

ROOT = Path(__file__).parents[2]
TEXTS = {"ada": "It saves memory.", "ben": "-1; it's a list,\nof two", "cleo": ""}  # to the first question in words
Row = dict[str, str]


@pytest.fixture(scope="module")
def texts(sheet: Sheet) -> dict[str, float]:
    """The questions that a person marks, with their marks."""
    assert sheet.questions is not None
    return {cell.answer: cell.part.marks for cell in sheet.questions.cells if cell.question.kind == "text"}


@pytest.fixture(scope="module")
def folder(
    alexnet: Coursework, sheet: Sheet, texts: dict[str, float], tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """Three students who have all numbers right, and one file that is none; the texts differ."""
    path = tmp_path_factory.mktemp("given") / "hand-ins"
    path.mkdir()
    first, *others = texts
    for name, text in TEXTS.items():
        answers = {**sample_class.right_answers(sheet), first: text, **{each: f"{name} on {each}" for each in others}}
        if not text:
            del answers[first]
        (path / f"{name}.xlsx").write_bytes(sample_class.hand_in(alexnet, sheet, answers))
    (path / "dan.xlsx").write_bytes(b"none")
    return path


@pytest.fixture(scope="module")
def results(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Results:
    return api.verify("alexnet", folder, names="{id}.xlsx", results=tmp_path_factory.mktemp("r") / "r.jsonl")


def opened(results: Results, path: Path) -> list[Row]:
    sheetgen.report(results, open=path)
    return list(csv.DictReader(io.StringIO(path.read_text(encoding="utf-8-sig"), newline="")))


def filled(rows: Sequence[Row], path: Path, fill: Callable[[Row], tuple[str, str]]) -> Path:
    """The file as a person saves it who writes marks and comment into each line."""
    done = [{**row, **dict(zip(("marks", "comment"), fill(row), strict=True))} for row in rows]
    with path.open("w", encoding="utf-8-sig", newline="") as stream:
        writer = csv.DictWriter(stream, list(rows[0]))
        writer.writeheader()
        writer.writerows(done)
    return path


def of(results: Results, name: str) -> Marked:
    return next(each for each in results.submissions if Path(each.file).stem == name)


def test_a_line_for_each_answer_one_question_after_the_other(
    results: Results, texts: dict[str, float], tmp_path: Path
) -> None:
    rows = opened(results, tmp_path / "open.csv")
    first, *others = texts
    assert [(row["id"], row["question"]) for row in rows] == [
        *((name, first) for name in ("ada", "ben")),  # who left it blank has nothing to mark
        *((name, each) for each in others for name in TEXTS),
    ]
    assert {row["question"]: float(row["most"]) for row in rows} == texts
    assert {(row["marks"], row["comment"]) for row in rows} == {("", "")}
    assert len({row["key"] for row in rows}) == len(rows)
    assert all(
        re.fullmatch("k[0-9a-f]{15}-[0-9a-f]{15}", row["key"]) for row in rows
    )  # which no program takes for a number
    ada, ben = rows[:2]
    assert ada["answer"] == "It saves memory."
    assert ben["answer"].startswith("'-1; it's a list,")  # no formula, on one line
    assert 0 < len(ada["asked"]) <= 500


def test_marks_by_hand_calculation(results: Results, texts: dict[str, float], tmp_path: Path) -> None:
    """69.5 marks are the machine's. Ada gets all, Ben half of each, Cleo nothing for what she wrote."""
    rows = opened(results, tmp_path / "open.csv")
    assert sum(texts.values()) == 11
    share = {"ada": 1.0, "ben": 0.5, "cleo": 0.0}
    path = filled(
        rows, tmp_path / "marked.csv", lambda row: (f"{share[row['id']] * float(row['most']):g}", "=1 <b>is</b> fine")
    )
    graded = sheetgen.with_marks(results, path)
    assert {Path(each.file).stem: (each.score, each.open) for each in graded.submissions} == {
        "ada": (80.5, 0), "ben": (75, 0), "cleo": (69.5, 0), "dan": (0, 0),
    }  # fmt: skip
    assert {each.percent(None) for each in graded.briefs() if each.status == "marked"} == {
        100, 100 * 75 / 80.5, 100 * 69.5 / 80.5,
    }  # fmt: skip
    statuses = {name: {answer.status for answer in of(graded, name).answers if answer.id in texts} for name in TEXTS}
    assert statuses == {"ada": {"correct"}, "ben": {"partly"}, "cleo": {"wrong", "blank"}}
    assert graded.left_out == results.left_out
    assert [each.score for each in graded.submissions[1:3]] == [75, 69.5]
    assert [each.score for each in results.submissions] == [69.5, 69.5, 69.5, 0]  # the others are as they were
    again = opened(graded, tmp_path / "again.csv")
    assert [(row["key"], float(row["marks"])) for row in again] == [
        (row["key"], share[row["id"]] * float(row["most"])) for row in rows
    ]
    assert {row["comment"] for row in again} == {"'=1 <b>is</b> fine"}
    assert list(sheetgen.with_marks(results, tmp_path / "again.csv").submissions) == list(graded.submissions)


def test_every_report_has_them(results: Results, texts: dict[str, float], tmp_path: Path) -> None:
    rows = opened(results, tmp_path / "open.csv")
    half = filled(rows, tmp_path / "m.csv", lambda row: (f"{float(row['most']) / 2:g}", "<script>alert(1)</script>"))
    graded = sheetgen.with_marks(results, half)
    sheetgen.report(
        graded, html=tmp_path / "pages", xlsx=tmp_path / "back", csv=tmp_path / "c.csv", github=tmp_path / "s.md"
    )
    (page,) = (path for path in (tmp_path / "pages").rglob("*.html") if "ada" in path.name)
    text = page.read_text()
    assert "<script>" not in text
    assert text.count("&lt;script&gt;alert(1)&lt;/script&gt;") == len(texts)
    assert "Left for a person" not in text
    seen = re.sub(r"<[^>]*>", " ", text)
    assert re.search(r"75\s+of\s+80\.5", seen)
    (path,) = (path for path in (tmp_path / "back").rglob("*.xlsx") if "ada" in path.name)
    feedback = [str(cell.value) for cell in Package.read(path.read_bytes()).cells("Feedback").values()]
    assert feedback.count("partly right") == len(texts)
    assert any("75 of 80.5" in each for each in feedback)
    table = list(csv.DictReader(io.StringIO((tmp_path / "c.csv").read_text(encoding="utf-8-sig"))))
    assert {row["id"]: (row["score"], row["open"], row["partly"]) for row in table if row["status"] == "marked"} == {
        "ada": ("75", "0", "4"), "ben": ("75", "0", "4"), "cleo": ("73", "0", "3"),
    }  # fmt: skip
    assert "75 of 80.5" in (tmp_path / "s.md").read_text().replace("/", " of ")
    assert "no reason" not in (tmp_path / "s.md").read_text()
    none = filled(rows, tmp_path / "none.csv", lambda _: ("0", "No."))
    sheetgen.report(sheetgen.with_marks(results, none), github=tmp_path / "none.md")
    assert "no reason" not in (tmp_path / "none.md").read_text()
    whole = (tmp_path / "pages" / "index.html").read_text()
    assert "80.5" in re.sub(r"<[^>]*>", " ", whole)
    cells = [(int(style), int(per_cent)) for style, per_cent in re.findall(r'<td class="h(\d+)">(\d+)</td>', whole)]
    assert [each for each in cells if each != (10, 100)] == [(3, 33), (5, 50), (5, 50), (5, 50)]


def test_what_a_person_has_marked_in_part_stays_open_in_part(
    results: Results, texts: dict[str, float], tmp_path: Path
) -> None:
    rows = opened(results, tmp_path / "open.csv")
    first = next(iter(texts))
    some = filled(rows, tmp_path / "m.csv", lambda row: ("1" if row["question"] == first else "", ""))
    ada = of(sheetgen.with_marks(results, some), "ada")
    assert (ada.score, ada.open) == (70.5, 11 - texts[first])
    assert ada.brief().percent(None) == 100 * 70.5 / (69.5 + texts[first])


def test_the_page_of_a_class_that_is_marked_in_part(results: Results, tmp_path: Path) -> None:
    """What is open for anybody is in no figure of the class; a student's line is of the marks given to this one."""
    rows = opened(results, tmp_path / "open.csv")
    some = filled(rows, tmp_path / "m.csv", lambda row: (row["most"] if row["id"] == "ada" else "", ""))
    sheetgen.report(sheetgen.with_marks(results, some), html=tmp_path / "page.html", github=tmp_path / "s.md")
    assert "| 100.0 % | 100.0 % | 100.0 % | 100.0 % | 100.0 % | 100.0 % |" in (tmp_path / "s.md").read_text()
    seen = re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", (tmp_path / "page.html").read_text()))
    assert re.search(r"Highest 69.5 100 % of 69.5", seen)
    assert "% by now" in seen
    assert re.search(r"ada.xlsx 80.5 100 ", seen)
    assert re.search(r"ben.xlsx 69.5 100 ", seen)
    assert max(map(int, re.findall(r"([0-9]+)\s%", seen))) == 100


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (lambda text: text.replace(",marks,", ",points,"), "it has no column marks"),
        (lambda text: text.replace(",key", ",k", 1), "it has no column key"),
        (lambda _: "Key;x\n", "it has no column marks"),
        (lambda text: text.replace(",1,ok", ",one,ok", 1), "line 2: 'one' are no marks; write a number"),
        (lambda text: text.replace(",1,ok", ",-1,ok", 1), "line 2: '-1' are no marks"),
        (lambda text: text.replace(",1,ok", ",=1+1,ok", 1), "line 2: '=1+1' are no marks"),
        (lambda text: text.replace(",1,ok", ",4.25,ok", 1), "line 2: 4.25 marks, and question.2 has at most 4"),
        (lambda text: text.replace(",1,ok", f",1,{'ok' * 1001}", 1), "line 2: a comment of 2,002 characters"),
        (lambda text: text + text.splitlines()[1].replace(",1,", ",0,"), "line 6: 0 marks and the comment 'ok', but"),
        (lambda text: text + text.splitlines()[1].replace(",ok,", ",OK,"), "line 6: 1 marks and the comment 'OK', but"),
        (lambda text: text.replace(",ok,k", ",ok,q", 1), "line 2: the column key says"),
    ],
)  # fmt: skip
def test_each_mistake_is_told_with_its_line(
    spoil: Callable[[str], str], told: str, results: Results, tmp_path: Path
) -> None:
    rows = [row for row in opened(results, tmp_path / "open.csv") if row["id"] == "ada"]
    path = filled(rows, tmp_path / "m.csv", lambda _: ("1", "ok"))
    path.write_text(spoil(path.read_text(encoding="utf-8-sig")), encoding="utf-8", newline="")
    with pytest.raises(UsageError) as error:
        sheetgen.with_marks(results, path)
    assert f"{path}{',' if told.startswith('line') else ':'} {told.format(path=path)}" in str(error.value)


@pytest.mark.parametrize(("encoding", "delimiter"), [("cp1252", ";"), ("utf-16", "\t"), ("utf-8", ",")])
def test_as_other_programs_save_it(encoding: str, delimiter: str, results: Results, tmp_path: Path) -> None:
    """With a comma in the marks, columns in another order, and one that a person added."""
    rows = opened(results, tmp_path / "open.csv")
    path = tmp_path / "m.csv"
    with path.open("w", encoding=encoding, newline="") as stream:
        writer = csv.writer(stream, delimiter=delimiter)
        writer.writerow(["Mine", "Comment", " MARKS ", "Key"])
        writer.writerows([["x", "schön", "0,5", row["key"]] for row in rows])
    ada = of(sheetgen.with_marks(results, path), "ada")
    assert ada.score == 69.5 + 0.5 * 4
    assert {answer.comment for answer in ada.answers if answer.graded} == {"schön"}
    assert {answer.feedback for answer in ada.answers if answer.id == "question.2"} == {"0.5 of 4 marks. schön"}


def test_marks_are_of_what_was_written_not_of_the_file(
    alexnet: Coursework, sheet: Sheet, texts: dict[str, float], results: Results, tmp_path: Path
) -> None:
    """Handed in once more with another number, the same answers keep their marks; another answer has none."""
    rows = opened(results, tmp_path / "open.csv")
    path = filled(rows, tmp_path / "m.csv", lambda _: ("1", ""))
    first, *others = texts
    answers = {**sample_class.right_answers(sheet), "conv1.weights": 7, first: "Another."}
    answers |= {each: f" ada  on {each}" for each in others}  # which is as before to whoever reads it
    (tmp_path / "new").mkdir()
    (tmp_path / "new" / "ada.xlsx").write_bytes(sample_class.hand_in(alexnet, sheet, answers))
    graded = sheetgen.with_marks(api.verify("alexnet", tmp_path / "new", names="{id}.xlsx"), path)
    (ada,) = graded.submissions
    assert [answer.score for answer in ada.answers if answer.id in texts] == [0, 1, 1, 1]
    assert ada.open == texts[first]
    taken, told = graded.about_marks
    assert taken == f"marks of 3 answers; 1 wait for a person ({first} 1)"
    assert told.startswith(
        f"8 of 11 lines count for nothing, since nobody has that answer (any more): {path}, line 2 (ada"
    )


def test_the_same_words_of_two_students_have_marks_of_their_own(
    alexnet: Coursework, sheet: Sheet, texts: dict[str, float], tmp_path: Path
) -> None:
    """Not named by an id, they are told apart by their files."""
    data = sample_class.hand_in(alexnet, sheet, dict.fromkeys(texts, "The same."))
    (tmp_path / "in").mkdir()
    for name in ("eva", "fay"):
        (tmp_path / "in" / f"{name}.xlsx").write_bytes(data)
    for names in (None, "{id}.xlsx"):
        results = api.verify("alexnet", tmp_path / "in", names=names)
        rows = [row for row in opened(results, tmp_path / "open.csv") if "eva" in row["file"]]
        graded = sheetgen.with_marks(results, filled(rows, tmp_path / "m.csv", lambda _: ("1", "")))
        assert {Path(each.file).stem: (each.score, each.open) for each in graded.submissions} == {
            "eva": (len(texts), 0), "fay": (0, sum(texts.values())),
        }  # fmt: skip


def test_marks_stay_when_a_student_is_called_otherwise(folder: Path, results: Results, tmp_path: Path) -> None:
    """Without the pattern nobody has an id, and elsewhere the files have other paths."""
    path = filled(opened(results, tmp_path / "open.csv"), tmp_path / "m.csv", lambda row: (row["most"], row["id"]))
    shutil.copytree(folder, tmp_path / "elsewhere")
    graded = sheetgen.with_marks(api.verify("alexnet", tmp_path / "elsewhere"), path)
    assert [each.score for each in graded.submissions] == [80.5, 80.5, 76.5, 0]
    assert {each.comment for each in of(graded, "ben").answers if each.graded} == {"ben"}
    assert graded.about_marks == ("marks of 11 answers; 0 wait for a person",)


def test_a_platforms_number_is_no_students_id(
    alexnet: Coursework, sheet: Sheet, texts: dict[str, float], tmp_path: Path
) -> None:
    data = sample_class.hand_in(alexnet, sheet, dict.fromkeys(texts, "The same."))
    other = sample_class.hand_in(alexnet, sheet, {**dict.fromkeys(texts, "The same."), "conv1.weights": 7})
    (tmp_path / "late").mkdir()
    (tmp_path / "late" / "4711.xlsx").write_bytes(other)
    (tmp_path / "late" / "folder").mkdir()
    with zipfile.ZipFile(tmp_path / "moodle.zip", "w") as archive:
        archive.writestr("Ada Abel_4711_assignsubmission_file/cw.xlsx", data)
    results = api.verify("alexnet", [tmp_path / "moodle.zip", tmp_path / "late"], names="{id}.xlsx")
    assert {each.hand_in.id for each in results.submissions} == {"4711"}
    rows = [row for row in opened(results, tmp_path / "open.csv") if row["name"] == "Ada Abel"]
    graded = sheetgen.with_marks(results, filled(rows, tmp_path / "m.csv", lambda _: ("1", "Well done, Ada.")))
    assert sorted(each.open for each in graded.submissions) == [0, 11]


def test_a_file_that_somebody_else_hands_in_now_has_no_marks_of_its_first_student(
    alexnet: Coursework, sheet: Sheet, texts: dict[str, float], tmp_path: Path
) -> None:
    first = sample_class.hand_in(alexnet, sheet, dict.fromkeys(texts, "The same."))
    second = sample_class.hand_in(alexnet, sheet, {**dict.fromkeys(texts, "The same."), "conv1.weights": 7})
    for name, data in (("one/ada", first), ("two/ada", second), ("two/carl", first)):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / f"{name}.xlsx").write_bytes(data)
    rows = opened(api.verify("alexnet", tmp_path / "one", names="{id}.xlsx"), tmp_path / "open.csv")
    path = filled(rows, tmp_path / "m.csv", lambda row: (row["most"], "Well done, Ada."))
    graded = sheetgen.with_marks(api.verify("alexnet", tmp_path / "two", names="{id}.xlsx"), path)
    assert {each.hand_in.id: each.open for each in graded.submissions} == {"ada": 0, "carl": 11}


def test_one_list_after_the_other_and_the_same_once_more(results: Results, tmp_path: Path) -> None:
    rows = opened(results, tmp_path / "open.csv")
    every = filled(rows, tmp_path / "m.csv", lambda _: ("1", "Good; -1 for the rest, =so. \u202eX"))
    once = sheetgen.with_marks(results, every)
    again = sheetgen.with_marks(once, every)
    assert again.about_marks == once.about_marks == ("marks of 11 answers; 0 wait for a person",)
    assert list(again.submissions) == list(once.submissions)
    opened(once, tmp_path / "n.csv")  # the comment comes back as it was
    assert list(sheetgen.with_marks(results, every, tmp_path / "n.csv").submissions) == list(once.submissions)


def test_two_who_hand_in_one_file_have_marks_of_their_own_when_they_are_called_otherwise(
    alexnet: Coursework, sheet: Sheet, texts: dict[str, float], tmp_path: Path
) -> None:
    """Nobody knows which of the two is left."""
    data = sample_class.hand_in(alexnet, sheet, dict.fromkeys(texts, "The same."))
    for name in ("two/eva", "two/fay", "one/gus"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / f"{name}.xlsx").write_bytes(data)
    rows = opened(api.verify("alexnet", tmp_path / "two"), tmp_path / "open.csv")
    one = api.verify("alexnet", tmp_path / "one")
    path = filled(rows, tmp_path / "m.csv", lambda row: ("1" if "eva" in row["file"] else "0", ""))
    with pytest.raises(UsageError, match="line 2: neither this nor any other line is of an answer"):
        sheetgen.with_marks(one, path)
    alike = filled(rows, tmp_path / "m.csv", lambda _: ("1", ""))
    assert [each.score for each in sheetgen.with_marks(one, alike).submissions] == [len(texts)]


def test_what_a_person_said_of_a_right_answer_is_told_and_a_wrong_one_is_no_misconception(
    alexnet: Coursework, sheet: Sheet, texts: dict[str, float], tmp_path: Path
) -> None:
    answers = {**sample_class.right_answers(sheet), **dict.fromkeys(texts, "42"), "conv1.weights": 12345}
    (tmp_path / "in").mkdir()
    for name in ("eva", "fay", "gus"):
        (tmp_path / "in" / f"{name}.xlsx").write_bytes(sample_class.hand_in(alexnet, sheet, answers))
    results = api.verify("alexnet", tmp_path / "in")
    rows = opened(results, tmp_path / "open.csv")
    right = sheetgen.with_marks(results, filled(rows, tmp_path / "m.csv", lambda row: (row["most"], "Well said.")))
    assert comment(right.submissions[0]).count("Well said.") == len(texts)
    wrong = sheetgen.with_marks(results, filled(rows, tmp_path / "m.csv", lambda _: ("0", "")))
    assert "12345" in sheetgen.suggest_misconceptions(wrong)
    assert "question" not in sheetgen.suggest_misconceptions(wrong)


def test_several_people_mark(results: Results, texts: dict[str, float], tmp_path: Path) -> None:
    """Each a file of their own, in which the others' lines are empty."""
    rows = opened(results, tmp_path / "open.csv")
    ours = [filled(rows, tmp_path / f"{name}.csv", lambda row, name=name: ("1" if name in row["question"] else "", ""))  # type: ignore[misc]
            for name in texts]  # fmt: skip
    graded = sheetgen.with_marks(results, *ours)
    assert of(graded, "ada").score == 69.5 + len(texts)
    assert graded.about_marks == ("marks of 11 answers; 0 wait for a person",)
    two = filled(rows, tmp_path / "two.csv", lambda _: ("2", ""))
    with pytest.raises(UsageError, match=f"two.csv, line 2: 2 marks, but {ours[0]}, line 2 has 1 marks"):
        sheetgen.with_marks(results, ours[0], two)


def test_a_comment_without_marks_is_told_and_kept(results: Results, tmp_path: Path) -> None:
    rows = opened(results, tmp_path / "open.csv")
    path = filled(rows, tmp_path / "m.csv", lambda row: ("", "See me." if row["id"] == "ada" else ""))
    graded = sheetgen.with_marks(results, path)
    assert (of(graded, "ada").score, of(graded, "ada").open) == (69.5, 11)
    again = opened(graded, tmp_path / "again.csv")
    assert {(row["id"], row["marks"], row["comment"]) for row in again} == {
        ("ada", "", "See me."), ("ben", "", ""), ("cleo", "", ""),
    }  # fmt: skip
    sheetgen.report(graded, html=tmp_path / "pages", xlsx=tmp_path / "back", github=tmp_path / "s.md")
    (page,) = (path for path in (tmp_path / "pages").rglob("*.html") if "ada" in path.name)
    assert page.read_text().count("See me.") == 4
    (book,) = (path for path in (tmp_path / "back").rglob("*.xlsx") if "ada" in path.name)
    assert [str(cell.value) for cell in Package.read(book.read_bytes()).cells("Feedback").values()].count(
        "See me."
    ) == 4
    with pytest.raises(UsageError, match="there are marks in this file, which would be lost"):
        sheetgen.report(results, open=path)


def test_in_german_it_is_written_and_said_as_there(results: Results, tmp_path: Path) -> None:
    path = tmp_path / "open.csv"
    rows = opened(results, path)
    half = sheetgen.with_marks(results, filled(rows, path, lambda _: ("0.5", "Naja.")), language="de")
    assert "0,5 von 4 Punkten. Naja." in {answer.feedback for answer in of(half, "ada").answers}
    sheetgen.report(half, open=path, language="de")
    lines = path.read_text(encoding="utf-8-sig").splitlines()
    assert lines[0] == ";".join(given.COLUMNS)
    assert ";4;0,5;Naja.;k" in lines[1]
    assert list(sheetgen.with_marks(results, path, language="de").submissions) == list(half.submissions)


def test_where_there_is_nothing_to_mark_it_is_said(results: Results, tmp_path: Path) -> None:
    asked = reports.Asked(tmp_path / "open.csv")
    assert reports.write("open", results, asked).said == ()
    assert reports.write("open", Results("alexnet", ()), asked).said == ("no answer waits for a person",)


def test_nobodys_work_is_written_over(results: Results, tmp_path: Path) -> None:
    path = tmp_path / "open.csv"
    rows = opened(results, path)
    assert opened(results, path) == rows  # nothing is in it yet
    filled(rows, path, lambda _: ("1", ""))
    before = path.read_bytes()
    with pytest.raises(UsageError, match="there are marks in this file, which would be lost"):
        sheetgen.report(results, open=path)
    assert path.read_bytes() == before
    sheetgen.report(sheetgen.with_marks(results, path), open=path)
    assert [row["marks"] for row in csv.DictReader(io.StringIO(path.read_text(encoding="utf-8-sig")))] == ["1"] * len(
        rows
    )


def test_on_the_command_line(folder: Path, tmp_path: Path) -> None:
    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "sheetgen", *arguments]
        environment = {"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin", "HOME": str(tmp_path)}
        return subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False, env=environment)

    verify = ("verify", "alexnet", str(folder), "--names", "{id}.xlsx", "--exit-zero")
    assert run(*verify, "--results", "r.jsonl", "--report", "open=open.csv").returncode == 0
    rows = list(csv.DictReader(io.StringIO((tmp_path / "open.csv").read_text(encoding="utf-8-sig"), newline="")))
    filled(rows, tmp_path / "m.csv", lambda row: (row["most"], "Good."))
    lines = (tmp_path / "r.jsonl").read_bytes()
    done = run(*verify, "--marks", "m.csv", "--results", "r.jsonl", "--resume")
    assert "ada, " in done.stdout
    assert "80.5/80.5  100 %" in done.stdout
    assert (tmp_path / "r.jsonl").read_bytes() == lines  # which hold what marking gave
    done = run(*verify, "--marks", "m.csv", "--format", "json")
    assert {each["score"] for each in json.loads(done.stdout)["submissions"]} == {
        80.5,
        80.5 - 4,
        0,
    }  # Cleo left one of 4 marks blank
    assert run("report", "r.jsonl", "csv=c.csv", "--marks", "m.csv").returncode == 0
    assert ",80.5,80.5,0," in (tmp_path / "c.csv").read_text(encoding="utf-8-sig")
    for command in (("report", "r.jsonl", "csv=m.csv"), (*verify, "--report", "csv=m.csv")):
        done = run(*command, "--marks", "m.csv")
        assert (done.returncode, "would be written over what is read" in done.stderr) == (2, True)
    (tmp_path / "m.csv").write_text(f"key,marks\nk{'0' * 15}-{'0' * 15},1\n")
    done = run("report", "r.jsonl", "csv=c.csv", "--marks", "m.csv")
    assert (done.returncode, "m.csv, line 2: neither this nor any other line is of an answer" in done.stderr) == (
        2,
        True,
    )
    done = run("report", "r.jsonl", "csv=c.csv", "--marks", "none.csv")
    assert (done.returncode, done.stderr) == (2, "error: there is no file none.csv\n")
