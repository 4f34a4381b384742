"""What sheetgen wrote lies among the hand-ins: it is told, and not marked; a student's file always is, or is told."""

from __future__ import annotations

import hashlib
import io
import os
import shutil
import tracemalloc
import zipfile
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pytest

from sheetgen import api, seal
from sheetgen.errors import UsageError
from sheetgen.folders import gather
from sheetgen.records import Results
from sheetgen.reports import Asked
from sheetgen.similarity import compare
from sheetgen.workbook.package import Package, replace_parts
from tests.generated_class import Made, Maker, as_canvas, as_folder, as_moodle
from tests.runs import run
from tests.zips_made import workbook, zipped

COUNT = 8


@pytest.fixture(scope="module")
def made() -> list[Made]:
    return list(Maker(seed=4).make(COUNT))


@pytest.fixture
def folder(made: list[Made], tmp_path: Path) -> Path:
    as_folder(made, tmp_path / "class")
    return tmp_path / "class"


def _named(folder: Path) -> list[str]:
    return [file.shown for file in gather([folder]).files]


def _write(results: Results, **kinds: Path) -> None:
    for kind, path in kinds.items():
        api.write_report(kind.rstrip("_"), results, Asked(path))


# --- reports ----------------------------------------------------------------------------------------------------------


def test_reports_among_the_hand_ins_change_nothing(folder: Path) -> None:
    """Pages, tables, zips, results and workbooks that are returned, in the folder that is marked again."""
    before = _named(folder)
    results = api.verify("alexnet", folder, results=folder / "marks.jsonl", jobs=1)
    _write(results, html=folder / "class.html", html_=folder / "pages", html__=folder / "pages.zip")
    _write(results, xlsx=folder / "back", xlsx_=folder / "back.zip", csv=folder / "marks.csv")
    _write(results, similarity=folder / "similar.html")
    shutil.copy(folder / "marks.jsonl", folder / "marks.jsonl.part")
    again = api.verify("alexnet", folder, jobs=1)
    assert [each.file for each in again.submissions] == before
    assert list(again.submissions) == list(results.submissions)
    assert again.unknown == results.unknown
    written, returned = again.left_out
    assert written.startswith(f"not read, written by sheetgen: {folder / 'back.zip'}, {folder / 'class.html'}, ")
    assert written.endswith(f" and {COUNT + 3} more")  # of eight reports, and a page for each student
    assert returned.startswith(f"not read, returned by sheetgen, and the hand-ins are read: {folder / 'back'}/")
    assert returned.endswith(f" and {COUNT - 5} more")


def test_they_do_not_make_a_platforms_names_the_fewer(made: list[Made], tmp_path: Path) -> None:
    """Names are believed where more than half of the files have them."""
    with zipfile.ZipFile(io.BytesIO(as_moodle(made))) as archive:
        archive.extractall(tmp_path / "class")
    results = api.verify("alexnet", tmp_path / "class", jobs=1)
    _write(results, csv=tmp_path / "class" / "marks.csv", html=tmp_path / "class" / "pages", xlsx=tmp_path / "back")
    shutil.copytree(tmp_path / "back", tmp_path / "class" / "back")
    gathered = gather([tmp_path / "class"])
    assert [file.hand_in.name for file in gathered.files] == [each.student for each in results.submissions]
    assert len(gathered.files) == COUNT


def test_a_file_of_ours_that_is_named_is_told_too(folder: Path, tmp_path: Path) -> None:
    """A shell writes out all names of a folder, those of reports too."""
    results = api.verify("alexnet", folder, jobs=1)
    _write(results, xlsx=tmp_path / "back.zip", html=tmp_path / "class.html")
    first = sorted(folder.iterdir())[0]
    gathered = gather([tmp_path / "back.zip", tmp_path / "class.html", first])
    assert [file.path for file in gathered.files] == [first]
    assert len(gathered.left_out) == 2
    with pytest.raises(UsageError, match=r"there is no file to mark; not read, written by sheetgen: .*back\.zip; not"):
        gather([tmp_path / "back.zip", tmp_path / "class.html"])
    (tmp_path / "reports").mkdir()
    (tmp_path / "class.html").rename(tmp_path / "reports" / "class.html")
    with pytest.raises(UsageError, match=r"the folder .* holds no file to mark; not read, written by sheetgen: .*html"):
        gather([tmp_path / "reports"])


def test_the_command_tells_it(folder: Path) -> None:
    run("verify", "alexnet", "class", "--report", "html=class.html", "--exit-zero", cwd=folder.parent)
    (folder.parent / "class.html").rename(folder / "class.html")
    (folder / "<b>.html").write_bytes((folder / "class.html").read_bytes())
    done = run("verify", "alexnet", "class", "--report", "html=page.html", "--exit-zero", cwd=folder.parent)
    assert "not read, written by sheetgen: class/<b>.html, class/class.html" in done.stderr.splitlines()
    assert sum(line.startswith("class/") for line in done.stdout.splitlines()) == COUNT
    page = (folder.parent / "page.html").read_text()
    assert "not read, written by sheetgen: class/&lt;b&gt;.html, class/class.html" in page


@pytest.mark.parametrize(
    "text",
    [
        "Identifier,Full name,Status,Grade\nParticipant 12345,Jane Doe,Submitted for grading,41.50\n",
        '\ufeffIdentifier;"Full name";Grade\r\n"Participant 12345";"Jane Doe";"41,50"\r\n',
        "ID,Vollständiger Name,Status,Bewertung\nTeilnehmer/in12345,Jane Doe,Zur Bewertung abgegeben,-\n",
        'Student,ID,SIS User ID,Section,Table (9876)\n"Doe, Jane",123,S001,Sec 1,41.50\n',
        '\ufeff"Student";"ID";"Section"\r\n',
    ],
)
def test_the_list_of_a_platform_is_no_hand_in(text: str, folder: Path) -> None:
    (folder / "grades.csv").write_text(text, encoding="utf-8")
    assert len(gather([folder]).files) == COUNT
    assert gather([folder]).left_out == (f"not read, lists of a learning platform: {folder / 'grades.csv'}",)


@pytest.mark.parametrize(
    "text",
    [
        "Layer,Output height\nconv1,55\n",
        "Participant,Output height\nconv1,55\n",
        "Student,Name\nID,s1\n",
        "",
        "\n",
        "id,name,email\n",
        '{"file":"a.xlsx"}',
        "<!DOCTYPE html>\n<html><title>sheetgen</title>",
    ],
)
def test_what_a_student_wrote_is_none_of_them(text: str, tmp_path: Path) -> None:
    for name in ("a.csv", "a.html", "a.json"):
        (tmp_path / name).write_text(text)
    assert len(gather([tmp_path]).files) == 3
    assert gather([tmp_path]).left_out == ()


@pytest.mark.parametrize(("kind", "known"), [("csv", seal.TABLES[0] + ","), ("open", seal.TABLES[1] + "\r\n")])
def test_the_tables_begin_as_they_are_known(kind: str, known: str, tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    _write(Results("alexnet", ()), **{kind: path})
    text = path.read_text(encoding="utf-8-sig")
    assert path.read_bytes().decode("utf-8-sig").startswith(known)
    for separator in ";\t":  # as a spreadsheet program saves it again
        path.write_text(text.replace(",", separator))
        with pytest.raises(UsageError, match="not read, written by sheetgen"):
            gather([tmp_path])


# --- workbooks that are returned -------------------------------------------------------------------------------------


@pytest.fixture
def back(folder: Path) -> Path:
    """The workbook that one student got back, with an answer that is wrong."""
    results = api.verify("alexnet", folder, jobs=1)
    _write(results, xlsx=folder.parent / "back")
    chosen = next(each for each in results.submissions if each.count("wrong") and each.count("correct"))
    name = Path(chosen.file).stem
    return folder.parent / "back" / f"{name}-marked.xlsx"


def _resaved(data: bytes) -> bytes:
    book = openpyxl.load_workbook(io.BytesIO(data))
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def _edited_in_place(data: bytes) -> bytes:
    """By a program that changes one part and keeps all else of the zip, the seal too."""
    package = Package.read(data)
    part = package.sheets[0].part
    return replace_parts(data, {part: package.part(part).replace(b"</worksheet>", b" </worksheet>")})


def _seal_copied(data: bytes) -> bytes:
    """Onto another workbook, in the place where it is looked for."""
    other = bytearray(seal.sealed(workbook("other")))
    field = data[data.rfind(b"PK\5\6") - seal._SEAL.size : data.rfind(b"PK\5\6")]
    at = other.rfind(b"PK\5\6")
    other[at - len(field) : at] = field
    return bytes(other)


@pytest.mark.parametrize(
    "change", [_resaved, _edited_in_place, _seal_copied, lambda data: data + b"\0", lambda d: d[:-9]]
)
def test_a_returned_workbook_that_was_worked_on_is_a_hand_in(
    change: Callable[[bytes], bytes], back: Path, folder: Path
) -> None:
    data = back.read_bytes()
    assert seal.ours(back) is not None
    (folder / "again.xlsx").write_bytes(change(data))
    assert str(folder / "again.xlsx") in _named(folder)
    (folder / back.name).write_bytes(data)
    assert str(folder / back.name) not in _named(folder)
    assert f"the hand-ins are read: {folder / back.name}" in gather([folder]).left_out[0]


def test_what_was_returned_to_another_student_is_a_hand_in(back: Path, folder: Path, tmp_path: Path) -> None:
    """By the name that it has now; and similarity knows where it comes from."""
    original = str(folder / back.name.replace("-marked", ""))
    (folder / "40999_Nadia Nobody.xlsx").write_bytes(back.read_bytes())
    results = api.verify("alexnet", folder, jobs=1)
    marks = {each.file: each.score for each in results.submissions}
    assert marks[str(folder / "40999_Nadia Nobody.xlsx")] == marks[original]
    assert [[who.file for who in group] for group in compare(results).identical] == [
        [original, str(folder / "40999_Nadia Nobody.xlsx")]
    ]
    for student, counts in (("Nadia Nobody_77", True), ("Ben Baker_78", False)):
        inside = tmp_path / "moodle" / f"{student}_assignsubmission_file"
        inside.mkdir(parents=True, exist_ok=True)
        (inside / back.name).write_bytes(back.read_bytes())
        (tmp_path / "moodle" / "Ben Baker_78_assignsubmission_file").mkdir(exist_ok=True)
        shutil.copy(original, tmp_path / "moodle" / "Ben Baker_78_assignsubmission_file")
        assert (str(inside / back.name) in _named(tmp_path / "moodle")) is counts


def test_a_returned_workbook_is_all_that_there_is_of_a_student(back: Path, folder: Path) -> None:
    """Who hands it in as it came back is marked as before, where the first try is not here."""
    before = {each.file: each for each in api.verify("alexnet", folder, jobs=1).submissions}
    first = folder / back.name.replace("-marked", "")
    first.unlink()
    shutil.copy(back, folder / back.name)
    assert gather([folder]).left_out == ()
    again = {each.file: each for each in api.verify("alexnet", folder, jobs=1).submissions}
    assert again[str(folder / back.name)].score == before[str(first)].score
    # and what was made from that in turn is not read beside it
    _write(api.verify("alexnet", folder, jobs=1), xlsx=folder / "twice")
    assert str(folder / back.name) in _named(folder)
    assert len(_named(folder)) == COUNT


def test_a_name_that_begins_like_anothers_is_not_that(back: Path, folder: Path) -> None:
    original = folder / back.name.replace("-marked", "")
    shutil.copy(back, folder / f"{original.stem}a-marked.xlsx")
    assert str(folder / f"{original.stem}a-marked.xlsx") in _named(folder)
    shutil.copy(original, folder / "4.xlsx")
    original.unlink()
    shutil.copy(back, folder / back.name)
    assert str(folder / back.name) in _named(folder)


def test_a_seal_that_was_made_up_hides_nobody(folder: Path) -> None:
    """A seal has no secret; with other answers in it, a workbook is no returned one, whatever it says of itself."""
    one, other, *_ = sorted(folder.glob("*.xlsx"))
    assert compare(api.verify("alexnet", folder, jobs=1)).identical == ()
    before = compare(api.verify("alexnet", folder, jobs=1)).hand_ins
    for origin in (hashlib.sha256(other.read_bytes()).hexdigest(), "ab" * 32):
        forged = folder / f"{one.stem} again.xlsx"
        forged.write_bytes(seal.sealed(one.read_bytes(), origin))
        found = compare(api.verify("alexnet", folder, jobs=1))
        assert all(who.file != str(other) for group in found.identical for who in group)
        assert found.hand_ins == before + 1
        forged.unlink()


def test_a_long_name_in_what_looks_like_results_costs_no_memory(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(b'{"file":"' + b"a" * 2**22)
    tracemalloc.start()
    assert seal.ours(tmp_path / "a.csv") is None
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2**24


@pytest.mark.parametrize(("name", "pack"), [("canvas.zip", as_canvas), ("moodle.zip", as_moodle)])
def test_a_hand_in_may_lie_in_a_zip(
    name: str, pack: Callable[[list[Made]], bytes], made: list[Made], tmp_path: Path
) -> None:
    (tmp_path / name).write_bytes(pack(made))
    _write(api.verify("alexnet", tmp_path / name, jobs=1), xlsx=tmp_path / "back")
    gathered = gather([tmp_path / name, tmp_path / "back"])
    assert len(gathered.files) == COUNT
    assert "the hand-ins are read" in gathered.left_out[0]


def test_feedback_alone_is_known_too(tmp_path: Path) -> None:
    (tmp_path / "class").mkdir()
    (tmp_path / "class" / "a.xlsx").write_bytes(b"PK broken")
    _write(api.verify("alexnet", tmp_path / "class", jobs=1), xlsx=tmp_path / "class" / "back")
    assert [Path(each).name for each in _named(tmp_path / "class")] == ["a.xlsx"]


# --- the seal itself --------------------------------------------------------------------------------------------------


def _packed(members: int, comment: bytes = b"") -> bytes:
    stream = io.BytesIO(zipped({f"{number}.txt": os.urandom(9) for number in range(members)}))
    with zipfile.ZipFile(stream, "a") as archive:
        archive.comment = comment
    return stream.getvalue()


@pytest.mark.parametrize("members", [1, 2, 40])
@pytest.mark.parametrize("comment", [b"", b"by Ada", b"c" * 0xFFFF])
def test_a_sealed_zip_is_the_same_zip(members: int, comment: bytes, tmp_path: Path) -> None:
    data, path = _packed(members, comment), tmp_path / "a.xlsx"
    before = zipfile.ZipFile(io.BytesIO(data))
    path.write_bytes(seal.sealed(data, "ab" * 32))
    with zipfile.ZipFile(path) as after:
        assert after.testzip() is None
        assert after.comment == comment
        assert [after.read(name) for name in after.namelist()] == [before.read(name) for name in before.namelist()]
    assert seal.ours(path) == seal.Ours("ab" * 32)
    assert path.read_bytes()[: before.start_dir] == data[: before.start_dir]
    assert seal.sealed(data, "ab" * 32) == path.read_bytes()
    path.write_bytes(seal.sealed(path.read_bytes(), "cd" * 32))
    assert seal.ours(path) == seal.Ours("cd" * 32)
    for at in range(0, before.start_dir, 7):
        broken = bytearray(path.read_bytes())
        broken[at] ^= 1
        path.write_bytes(bytes(broken))
        assert seal.ours(path) is None
        broken[at] ^= 1
        path.write_bytes(bytes(broken))


@pytest.mark.parametrize("data", [b"", b"PK", b"PK\5\6", b"PK\5\6" + b"\0" * 18, b"PK\5\6" + b"\xff" * 18, b"PK" * 500])
def test_what_is_no_zip_is_left_as_it_is(data: bytes, tmp_path: Path) -> None:
    assert seal.sealed(data) == data
    (tmp_path / "a.xlsx").write_bytes(data)
    assert seal.ours(tmp_path / "a.xlsx") is None
