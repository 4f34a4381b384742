"""The commands as a user types them: what they print, what they write, how they end."""

from __future__ import annotations

import json
import os
import pickle
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from openpyxl.worksheet.worksheet import Worksheet

from sheetgen import errors
from sheetgen.coursework import Coursework
from sheetgen.sheet import Sheet
from sheetgen.workbook.package import Package, replace_parts
from tests import sample_class
from tests.runs import run

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def hand_ins(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("class")
    sample_class.make(folder)
    return folder


# --- show -----------------------------------------------------------------------------------------------------------


def test_show_json_is_the_contract() -> None:
    done = run("show", "alexnet", "--format", "json")
    assert done.returncode == 0
    data = json.loads(done.stdout)
    assert data["network"] == "AlexNet, one tower"
    assert data["input"] == [3, 227, 227]
    assert data["layers"][0] == {
        "name": "conv1",
        "type": "Conv2d",
        "from": ["input"],
        "input": [3, 227, 227],
        "output": [96, 55, 55],
        "neurons": 290400,
        "weights": 34848,
        "biases": 96,
        "parameters": 34944,
        "connections": 105705600,
    }
    assert data["totals"]["parameters"] == 62378344
    assert data["totals"]["connections"] == sum(layer["connections"] for layer in data["layers"])
    assert "norm1" not in {layer["name"] for layer in data["layers"]}


def test_show_prints_a_table_without_colour_in_a_pipe() -> None:
    done = run("show", "alexnet")
    assert "62,378,344" in done.stdout
    assert "A connection is one input of one unit" in done.stdout
    assert "\x1b" not in done.stdout


def test_show_csv_and_markdown() -> None:
    rows = run("show", "alexnet", "--format", "csv").stdout.splitlines()
    assert rows[1] == "conv1,Conv2d + ReLU,3,227,227,96,55,55,290400,34848,96,34944,105705600"
    assert rows[-1].startswith("total,,")
    assert "| conv1 | Conv2d + ReLU | 3 × 227 × 227 |" in run("show", "alexnet", "--format", "markdown").stdout


def test_a_reader_that_goes_away_is_no_error() -> None:
    command = f"{sys.executable} -m sheetgen show alexnet --format json | head -1"
    command += "; exit ${PIPESTATUS[0]}"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, cwd=ROOT)
    assert (done.returncode, done.stdout, done.stderr) == (0, "{\n", "")


def test_an_output_that_cannot_be_written_is_said() -> None:
    command = f"{sys.executable} -m sheetgen show alexnet --format json > /dev/full"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, cwd=ROOT)
    told = (
        "error: cannot write the output to /dev/full: No space left on device; make room there, or send it elsewhere\n"
    )
    assert (done.returncode, done.stderr) == (2, told)


@pytest.mark.parametrize("columns", ["40", "60", "80", "120", "200"])
def test_no_number_is_cut_in_a_narrow_terminal(columns: str) -> None:
    code = (
        "import sys; sys.stdout.isatty = lambda: True; sys.argv = ['sheetgen', 'show', 'alexnet']\n"
        "from sheetgen.cli import main; main()"
    )
    environment = {**os.environ, "COLUMNS": columns, "PYTHONIOENCODING": "utf-8", "NO_COLOR": "1"}
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, encoding="utf-8", cwd=ROOT, env=environment
    )
    assert "105,705,600" in done.stdout
    assert "34,944" in done.stdout
    assert "conv1" in done.stdout
    assert "…" not in done.stdout


# --- generate and fill ----------------------------------------------------------------------------------------------


def test_generate_writes_two_workbooks_and_nothing_else(tmp_path: Path) -> None:
    done = run("generate", "alexnet", cwd=tmp_path)
    assert done.returncode == 0
    assert done.stderr.startswith("warning: no blank tells these mistakes from the right answer: ")
    assert done.stderr.count("\n") == 1  # what rounding does nowhere show in AlexNet
    assert "77 blanks" in done.stdout
    assert sorted(str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*")) == [
        "output",
        "output/alexnet-blank.xlsx",
        "output/alexnet-key.xlsx",
    ]


def test_generate_into_what_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    done = run("generate", "alexnet", "--out", tmp_path / "file")
    assert done.returncode == 2
    assert "cannot write" in done.stderr
    assert "Traceback" not in done.stderr


def test_folders_in_folders_are_read_and_what_is_none_is_said(hand_ins: Path, tmp_path: Path) -> None:
    for name in ("Anna_1", "Bob_2", "__MACOSX", ".hidden"):
        (tmp_path / "class" / name).mkdir(parents=True)
        shutil.copy(hand_ins / "ada.xlsx", tmp_path / "class" / name / "table.xlsx")
    (tmp_path / "class" / "link.xlsx").symlink_to(hand_ins / "ada.xlsx")
    (tmp_path / "class" / "up").symlink_to(tmp_path)
    os.mkfifo(tmp_path / "class" / "pipe.xlsx")
    done = run("verify", "alexnet", "class", "--format", "json", cwd=tmp_path)
    data = json.loads(done.stdout)
    assert [each["file"] for each in data["submissions"]] == ["class/Anna_1/table.xlsx", "class/Bob_2/table.xlsx"]
    assert done.stderr == "not read in class/: 2 links, 1 pipe\n"
    (tmp_path / "none").mkdir()
    (tmp_path / "none" / "link.xlsx").symlink_to(hand_ins / "ada.xlsx")
    done = run("verify", "alexnet", "none", cwd=tmp_path)
    assert (done.returncode, "holds no file to mark, only 1 link" in done.stderr) == (2, True)


def test_a_layout_at_the_top_of_a_yaml_is_told_where_it_belongs(tmp_path: Path) -> None:
    (tmp_path / "my.yaml").write_text("network: {input: [1, 8, 8], layers: {a: {type: ReLU}}}\nlayout: []\n")
    done = run("show", "my.yaml", cwd=tmp_path)
    assert "my.yaml:2: layout: no such key here; it belongs below coursework:" in done.stderr


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            "input: [1, 8, 8]\nlayout: []\nlayers: {a: {type: ReLU}}\n",
            "my.yaml:2: layout: no such key of a network; it belongs below coursework:, and the network then below "
            "network:\n",
        ),
        (
            "network:\n  input: [1, 8, 8]\n  title: x\n  layers: {a: {type: ReLU}}\n",
            "my.yaml:3: network.title: no such key of a network; it belongs below coursework:\n",
        ),
    ],
)
def test_a_key_of_a_coursework_among_those_of_a_network(tmp_path: Path, text: str, told: str) -> None:
    (tmp_path / "my.yaml").write_text(text)
    done = run("show", "my.yaml", cwd=tmp_path)
    assert (done.returncode, done.stderr.count("my.yaml:")) == (2, 1)
    assert told in done.stderr


def test_fill_says_what_it_kept(tmp_path: Path) -> None:
    book = openpyxl.load_workbook(ROOT / "templates" / "alexnet.xlsx")
    page = book.active
    assert isinstance(page, Worksheet)
    page["L7"] = 34848
    book.save(tmp_path / "theirs.xlsx")
    before = (tmp_path / "theirs.xlsx").read_bytes()
    done = run("fill", "alexnet", "theirs.xlsx", cwd=tmp_path)
    assert done.returncode == 1  # a wrong cell is a finding
    assert "113 cells filled" in done.stdout
    assert "kept 'Table'!L7: it holds 34848; the right number is 34944" in done.stdout
    assert (tmp_path / "theirs.xlsx").read_bytes() == before
    assert (tmp_path / "output" / "theirs-filled.xlsx").is_file()


def test_a_fill_that_fills_nothing_is_a_finding(tmp_path: Path) -> None:
    first = run("fill", "alexnet", ROOT / "templates" / "alexnet.xlsx", "--out", tmp_path / "key.xlsx")
    assert (first.returncode, "nothing to fill" in first.stdout) == (0, False)
    book = openpyxl.load_workbook(tmp_path / "key.xlsx")
    book["Table"]["L7"] = "34,944"  # kept, and right
    book.save(tmp_path / "key.xlsx")
    done = run("fill", "alexnet", "key.xlsx", cwd=tmp_path)
    assert done.returncode == 1
    assert "  kept 'Table'!L7: it holds 34,944, which is right\n" in done.stdout
    assert "the right number" not in done.stdout
    assert "  nothing to fill: no cell that was recognised is empty and can be filled; " in done.stdout


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "empty"),
        (b"a,b\n1,2\n", "not an .xlsx workbook"),
        (b"PK\x03\x04 cut", "cut short"),
        (None, "there is no file"),
    ],
)
def test_fill_refuses_what_is_no_workbook(tmp_path: Path, content: bytes | None, said: str) -> None:
    if content is not None:
        (tmp_path / "theirs.xlsx").write_bytes(content)
    done = run("fill", "alexnet", "theirs.xlsx", cwd=tmp_path)
    assert done.returncode == 2
    assert said in done.stderr
    assert not (tmp_path / "output").exists()


def test_fill_refuses_a_workbook_without_the_table(tmp_path: Path) -> None:
    openpyxl.Workbook().save(tmp_path / "other.xlsx")
    done = run("fill", "alexnet", tmp_path / "other.xlsx", "--out", tmp_path / "out.xlsx")
    assert done.returncode == 2
    assert "no table of alexnet was recognised in it" in done.stderr
    assert not (tmp_path / "out.xlsx").exists()


# --- verify ---------------------------------------------------------------------------------------------------------


def _verified(*arguments: object) -> tuple[int, dict[str, Any]]:
    done = run("verify", "alexnet", *arguments, "--format", "json")
    return done.returncode, json.loads(done.stdout)


def test_a_perfect_sheet_ends_with_0(hand_ins: Path) -> None:
    code, data = _verified(hand_ins / "ada.xlsx")
    submission = data["submissions"][0]
    assert code == 0
    assert data["coursework"] == "alexnet"
    assert (submission["status"], submission["reason"], submission["student"]) == ("marked", None, None)
    assert (submission["score"], submission["max_score"], submission["open"]) == (69.5, 80.5, 11)
    assert submission["answers"][0] == {
        "id": "input.in_height",
        "sheet": "Table",
        "cell": "G6",
        "given": "227",
        "status": "correct",
        "score": 2,
        "max_score": 2,
        "because": [],
        "feedback": "",
        "notes": [],
    }


def test_the_key_itself_is_perfect(tmp_path: Path) -> None:
    run("generate", "alexnet", "--out", tmp_path)
    assert run("verify", "alexnet", tmp_path / "alexnet-key.xlsx").returncode == 0
    assert run("verify", "alexnet", tmp_path / "alexnet-blank.xlsx").returncode == 1


def test_mistakes_are_marked_and_answers_withheld(hand_ins: Path) -> None:
    code, data = _verified(hand_ins / "cleo-mistakes.xlsx")
    answers = {answer["id"]: answer for answer in data["submissions"][0]["answers"]}
    wrong = {name: answer["given"] for name, answer in answers.items() if answer["status"] == "wrong"}
    assert code == 1
    assert wrong == {name: str(number) for name, number in sample_class.MISTAKES.items()}
    assert answers["conv1.neurons"]["status"] == "correct"  # a formula
    # by hand: 69.5 less 2 (n), 0.5 (a size), 4 x 1 (parameters, the total among them), 2 x 0.25 (biases) and 1
    assert data["submissions"][0]["score"] == 61.5
    assert "expected" not in answers["conv1.parameters"]
    assert "34944" not in json.dumps([answers[name] for name in wrong])


def test_reveal_shows_the_answer_and_its_working(hand_ins: Path) -> None:
    _, data = _verified(hand_ins / "cleo-mistakes.xlsx", "--reveal")
    answers = {answer["id"]: answer for answer in data["submissions"][0]["answers"]}
    assert answers["conv2.out_height"]["expected"] == 27
    assert "(27 + 2*2 - 5) // 1 + 1 = 27" in answers["conv2.out_height"]["feedback"]


def test_a_class_goes_on_past_a_broken_file(hand_ins: Path) -> None:
    done = run("verify", "alexnet", hand_ins)
    lines = done.stdout.splitlines()
    assert done.returncode == 1
    assert next(line for line in lines if "ada.xlsx" in line).endswith(
        "69.5/69.5  (+ 11 for a person)  100 %  (110 correct, 4 for-a-person)"
    )
    assert any("ben-half-filled.xlsx" in line and "57 blank" in line for line in lines)
    assert any("dan-broken.xlsx  unmarked: the file is cut short" in line for line in lines)
    assert "\x1b" not in done.stdout


def test_thresholds(hand_ins: Path) -> None:
    mistakes = hand_ins / "cleo-mistakes.xlsx"  # 61.5 of 69.5: 88.49 %
    assert run("verify", "alexnet", mistakes, "--fail-under", 88).returncode == 0
    assert run("verify", "alexnet", mistakes, "--fail-under", 89).returncode == 1
    assert run("verify", "alexnet", hand_ins / "dan-broken.xlsx", "--fail-under", 0).returncode == 1
    assert run("verify", "alexnet", hand_ins, "--exit-zero").returncode == 0


def _with(tmp_path: Path, values: dict[str, str | float | bool]) -> Path:
    book = openpyxl.load_workbook(ROOT / "templates" / "alexnet.xlsx")
    page = book.active
    assert isinstance(page, Worksheet)
    for cell, value in values.items():
        page[cell] = value
    book.save(tmp_path / "hand-in.xlsx")
    return tmp_path / "hand-in.xlsx"


def test_every_status(tmp_path: Path) -> None:
    hand_in = _with(
        tmp_path,
        {
            "G6": 227,
            "G7": "=INT((G6-C7)/D7)+1",
            "H7": 54.25,
            "I7": "290,400",
            "J7": "eleven",
            "K7": "=1/0",
            "L7": True,
            "M7": "=NOSUCHFUNCTION(1)",
            "G8": " ",
            "I8": 69983,
        },
    )
    _, data = _verified(hand_in)
    found = {answer["cell"]: (answer["status"], answer["feedback"]) for answer in data["submissions"][0]["answers"]}
    assert found["G6"] == found["G7"] == found["I7"] == ("correct", "")
    assert found["H7"] == ("wrong", "conv1, Output width: 54.25 is not right.")
    assert found["J7"] == ("unreadable", "The cell holds text that is no whole number: 'eleven'.")
    assert found["K7"] == ("unreadable", "The formula gives #DIV/0!.")
    assert found["L7"] == ("unreadable", "The cell holds TRUE, a number is expected.")
    assert found["M7"][0] == "unreadable"
    assert found["G8"][0] == found["M18"][0] == "blank"
    assert found["I8"][0] == "wrong"


def test_a_stale_number_beside_a_formula_is_not_believed(tmp_path: Path, hand_ins: Path) -> None:
    data = (hand_ins / "cleo-mistakes.xlsx").read_bytes()
    part = "xl/worksheets/sheet1.xml"
    xml = Package.read(data).part(part).decode()
    assert "<f>F7*G7*H7</f>" in xml
    forged = xml.replace("<f>F7*G7*H7</f>", "<f>F7*G7</f>", 1)
    forged = re.sub(r"(<f>F7\*G7</f>)(<v>[^<]*</v>)?", r"\1<v>290400</v>", forged)
    (tmp_path / "forged.xlsx").write_bytes(replace_parts(data, {part: forged.encode()}))
    _, results = _verified(tmp_path / "forged.xlsx")
    answer = next(each for each in results["submissions"][0]["answers"] if each["id"] == "conv1.neurons")
    assert (answer["status"], answer["given"]) == ("wrong", str(96 * 55))


BROKEN = {
    "empty.xlsx": (b"", "the file is empty"),
    "encrypted.xlsx": (
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600 + "EncryptedPackage".encode("utf-16-le"),
        "password",
    ),
    "old.xlsx": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600 + "Workbook".encode("utf-16-le"), ".xls"),
    "text.xlsx": (b"layer;parameters\nconv1;34944\n", "text"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_file_that_is_no_workbook_is_one_sentence(name: str, tmp_path: Path, hand_ins: Path) -> None:
    content, said = BROKEN[name]
    (tmp_path / name).write_bytes(content)
    done = run("verify", "alexnet", tmp_path / name, hand_ins / "ada.xlsx")
    first, second, *_ = done.stdout.splitlines()
    assert "unmarked: " in first
    assert said in first
    assert "100 %" in second
    assert done.returncode == 1


def test_a_workbook_of_something_else(tmp_path: Path) -> None:
    openpyxl.Workbook().save(tmp_path / "other.xlsx")
    done = run("verify", "alexnet", tmp_path / "other.xlsx")
    assert "unmarked: the table is not in it" in done.stdout


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.xlsx")
    done = run("verify", "alexnet", tmp_path / "pipe.xlsx")
    assert "unmarked: it is no file" in done.stdout


def test_student_text_cannot_steer_the_terminal(tmp_path: Path) -> None:
    hand_in = _with(tmp_path, {"J7": "[red]x"})
    evil = tmp_path / "a\x1b[31m\u202eb.xlsx"
    hand_in.rename(evil)
    done = run("verify", "alexnet", evil)
    assert "\x1b" not in done.stdout
    assert "\u202e" not in done.stdout


# --- mistakes of the one who types ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("show", "alxnet"), "did you mean alexnet?"),
        (("verify", "alexnet", "nowhere.xlsx"), "there is no file nowhere.xlsx"),
        (("generate",), "Missing argument"),
        (("check",), "name one coursework"),
        (("check", "alexnet", "--all"), "name one coursework"),
        (("check", "--all", "--workbook", "key.xlsx"), "name one coursework"),
        (("show", "alexnet", "--format", "xml"), "xml"),
        (("check", "alexnet", "--workbook", "nowhere.xlsx"), "there is no file nowhere.xlsx"),
        (("nonsense",), "No such command"),
        (("show", " "), "no coursework is named"),
    ],
)
def test_a_mistake_is_a_sentence_and_2(arguments: tuple[str, ...], said: str) -> None:
    done = run(*arguments)
    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


def test_mistakes_of_a_spec_are_all_there_with_their_lines(tmp_path: Path) -> None:
    (tmp_path / "my.yaml").write_text(
        "network:\n  input: [3, 32, 32]\n  layers:\n    c1: {type: Conv2d, out_chanels: 6, kernel_size: 5}\n"
        "    c2: {type: Conv3d}\n"
    )
    done = run("show", "my.yaml", cwd=tmp_path)
    assert done.returncode == 2
    assert "my.yaml:4: network.layers.c1.out_chanels: no such key; did you mean out_channels?" in done.stderr
    assert "my.yaml:5: network.layers.c2.type: no such layer type 'Conv3d'; did you mean Conv2d?" in done.stderr


def test_a_warning_goes_to_stderr(tmp_path: Path) -> None:
    (tmp_path / "my.yaml").write_text(
        "network:\n  input: [3, 224, 224]\n  layers:\n"
        "    c1: {type: Conv2d, out_channels: 6, kernel_size: 11, stride: 4}\n"
    )
    done = run("show", "my.yaml", "--format", "json", cwd=tmp_path)
    assert done.returncode == 0
    assert json.loads(done.stdout)["layers"][0]["output"] == [6, 54, 54]
    assert "warning: my.yaml:4: network.layers.c1" in done.stderr


def test_what_a_student_cannot_know_and_loose_ends_are_warned_of(tmp_path: Path) -> None:
    (tmp_path / "my.yaml").write_text(
        "network:\n  input: [3, 9, 9]\n  layers:\n"
        "    c1: {type: Conv2d, out_channels: 6, kernel_size: 3, stride: 2}\n"
        "    c2: {type: Conv2d, out_channels: 6, kernel_size: 1, from: input}\n"
        "coursework:\n  columns: [layer, kernel_size, out_channels, out_height]\n"
    )
    done = run("show", "my.yaml", cwd=tmp_path)
    assert done.returncode == 0
    assert done.stderr.splitlines() == [
        "warning: my.yaml:4: network.layers.c1: no layer reads c1, though it is not the last",
        "warning: my.yaml:7: coursework.columns: no column shows the stride of c1 (2), and its numbers depend on it",
    ]


def test_too_many_formulas_are_not_recalculated(tmp_path: Path) -> None:
    hand_in = _with(tmp_path, {"G7": "=A20100", **{f"A{row}": f"=A{row - 1}+1" for row in range(100, 20101)}})
    done = run("verify", "alexnet", hand_in)
    assert "unmarked: it has 20," in done.stdout
    assert "at most 20,000 are recalculated" in done.stdout


def test_our_own_fault_is_3_and_no_traceback() -> None:
    broken = "import sheetgen.table as t; t.compute = None; from sheetgen.cli import main; import sys; "
    broken += "sys.argv = ['sheetgen', 'show', 'alexnet']; main()"
    done = subprocess.run([sys.executable, "-c", broken], capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 3
    assert "internal error, our fault" in done.stderr
    assert "Traceback" not in done.stderr


def test_errors_pickle() -> None:
    for error in (errors.UsageError("a"), errors.SpecError(("a", "b")), errors.DeviceError("c")):
        again = pickle.loads(pickle.dumps(error))
        assert (type(again), str(again), again.exit_code) == (type(error), str(error), error.exit_code)


# --- what is loaded -------------------------------------------------------------------------------------------------


def test_verify_and_help_load_nothing_heavy(hand_ins: Path) -> None:
    heavy = "('torch', 'pandas', 'openpyxl', 'numpy')"
    for arguments in (["verify", "alexnet", str(hand_ins / "ada.xlsx")], ["--help"]):
        code = (
            f"import sys, os; os._exit = sys.exit; sys.argv = ['sheetgen', *{arguments!r}]\n"
            "from sheetgen.cli import main\n"
            "try: main()\n"
            f"except SystemExit as stop: print('LOADED', [m for m in {heavy} if m in sys.modules], stop.code)"
        )
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT)
        assert done.stdout.splitlines()[-1] == "LOADED [] 0", done.stdout + done.stderr


def test_the_schema_is_the_committed_one() -> None:
    committed = (ROOT / "templates" / "schema.json").read_text(encoding="utf-8")
    assert run("schema").stdout == committed, "run: make schema"


def test_every_shipped_yaml_names_the_schema() -> None:
    for path in (ROOT / "templates").glob("*.yaml"):
        assert path.read_text(encoding="utf-8").startswith("# yaml-language-server: $schema=schema.json\n")


def test_hand_ins_of_the_sample_class_need_known_answers(alexnet: Coursework, sheet: Sheet) -> None:
    with pytest.raises(AssertionError, match="is no blank"):
        sample_class.hand_in(alexnet, sheet, {"conv1.nonsense": 1})
