"""Text out of a submission is data wherever it goes: no terminal and no CI log obeys it, in file names neither."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from sheetgen.printing import printable
from sheetgen.workbook.package import Package, replace_parts
from tests.hostile import make
from tests.runs import run

TEXTS = {
    "G7": "::error file=a.py,line=1::broken",
    "H7": " \t::warning::x",
    "I7": "a\n::error::b",
    "J7": "a\r::add-mask::b",
    "K7": "##[error]c",
    "L7": "##vso[task.complete result=Failed;]d",
    "M7": "\x1b]0;title\x07\x1b[31m\x9b31m",
    "G8": "\u202e\u2066abc\u200b\ufeff\u2028::error::",
    "H8": "[red]x[/red] :smile:",
    "I8": "=cmd|'/C calc'!A0",
    "J8": "<script>alert(1)</script>",
}
NAMES = ["::error::a.xlsx", "b\n::error::b.xlsx", "c\x1b[31m\u202ec.xlsx", "##[error]d.xlsx", "e.xlsx"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("text")
    base = make.Base.read(make.honest())
    data = base.data
    for at, text in TEXTS.items():
        escaped = "".join(char if char.isalnum() else f"_x{ord(char):04X}_" for char in text)  # as Excel writes them
        data = make.Base.read(data).cell(f"<is><t>{escaped}</t></is>", "", ' t="inlineStr"', at)
    book = Package.read(data).part(make.BOOK).decode()
    assert 'name="Questions"' in book
    data = replace_parts(data, {make.BOOK: book.replace('name="Questions"', 'name="::error::Q"').encode()})
    for name in NAMES:
        (folder / name).write_bytes(data)
    (folder / "::error::broken.xlsx").write_bytes(make.CASES["traversal-name"][0](base))
    return folder


def _assert_harmless(text: str) -> None:
    for line in text.split("\n"):
        assert not line.lstrip().startswith("::"), line
        assert all(char.isprintable() for char in line), line
    assert "##[" not in text
    assert "##vso[" not in text


def test_a_terminal_and_a_log_obey_nothing(folder: Path) -> None:
    done = run("verify", "alexnet", *sorted(path.name for path in folder.iterdir()), cwd=folder)
    assert done.returncode == 1
    assert done.stderr == ""
    _assert_harmless(done.stdout)
    for said in ("error file=a.py,line=1::broken", "[red]x[/red] :smile:", "<script>", "unmarked: ", "error::Q!C7"):
        assert said in done.stdout  # shown, but not obeyed
    assert len([line for line in done.stdout.split("\n") if ".xlsx  " in line]) == len(NAMES) + 1


def test_json_is_ascii_and_holds_every_text_as_it_was(folder: Path) -> None:
    done = run("verify", "alexnet", ".", "--format", "json", cwd=folder)
    assert done.stdout.isascii()
    _assert_harmless(done.stdout)
    found = {each["file"]: each for each in json.loads(done.stdout)["submissions"]}
    assert set(found) == {*NAMES, "::error::broken.xlsx"}
    for name in NAMES:
        answers = {answer["cell"]: answer for answer in found[name]["answers"] if answer["sheet"] == "Table"}
        assert {at: answers[at]["given"] for at in TEXTS} == TEXTS


def test_messages_of_mistakes_obey_nothing(folder: Path) -> None:
    for arguments in (("verify", "alexnet", "::error::nowhere"), ("verify", "x\n::error::y", "e.xlsx")):
        done = run(*arguments, cwd=folder)
        assert done.returncode == 2
        _assert_harmless(done.stderr)


def test_what_is_harmless_stays_as_it_is() -> None:
    for text in ("std::vector", "a:: b", "conv1, 55 × 55", "# 1", "##", "C++ [x]", "日本語"):
        assert printable(text) == text


def test_the_texts_are_what_would_be_obeyed() -> None:
    for text in TEXTS.values():
        if text not in (TEXTS["H8"], TEXTS["I8"], TEXTS["J8"]):
            with pytest.raises(AssertionError):
                _assert_harmless(text)
