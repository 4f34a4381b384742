"""What is shipped, a coursework to start from, and those with blocks, fractions and errata, as a user types them."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import pytest

from sheetgen.quantities import QUANTITIES
from sheetgen.shipped import shipped, templates, titles
from sheetgen.spec import load
from tests.runs import run

GRAPH = """\
network:
  name: A "graph" [red]
  input: [3, 33, 33]
  blocks: {A: {layers: {x: {type: Conv2d, out_channels: 5, kernel_size: 3}, "y|<b>": {type: ReLU}}}}
  layers:
    c: {type: Conv2d, out_channels: 4, kernel_size: 3, stride: 2}
    a: {type: A, repeat: 2}
    s: {type: Add, from: [a, a]}
    fc: {type: Linear, out_features: 10, trainable: false}
coursework:
  quantities: {kib: {formula: neurons * 4 / 1024, total: true}, third: neurons / 3}
  columns: [layer, type, from, kernel_size, stride, output_size, parameters, parameters_share, fully_connected_ratio,
    macs, kib, third]
  errata: ["The paper says [red]54[/red], \\e[31mit is 55.", Two.]
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("graph")
    (folder / "g.yaml").write_text(GRAPH.replace("\\e[31m", ""), encoding="utf-8")
    return folder


# --- what is shipped ------------------------------------------------------------------------------------------------


def test_show_lists_what_is_shipped() -> None:
    done = run("show")
    assert (done.returncode, done.stderr) == (0, "")
    lines = dict(line.split("  ", 1) for line in done.stdout.splitlines())
    assert [name.strip() for name in lines] == list(shipped())
    assert lines["alexnet"].strip() == "The layers of AlexNet"
    assert all(title.strip() for title in lines.values())
    assert all(len(line) == len(line.rstrip()) for line in done.stdout.splitlines())


def test_the_list_as_json_and_its_titles_are_those_of_the_courseworks() -> None:
    data = json.loads(run("show", "--format", "json").stdout)
    assert data == [{"name": name, "title": title} for name, title in titles().items()]
    assert all(load(name).title == title for name, title in titles().items())


# --- a coursework of one's own --------------------------------------------------------------------------------------


def test_new_writes_a_coursework_that_shows_and_generates(tmp_path: Path) -> None:
    done = run("new", "mine.yaml", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "mine.yaml  edit it, then: sheetgen show mine.yaml\n"
    text = (tmp_path / "mine.yaml").read_text(encoding="utf-8")
    assert text.startswith("# yaml-language-server: $schema=schema.json\n# An editor ")
    assert text.count("#") > 10  # commented
    shown = run("show", "mine.yaml", cwd=tmp_path)
    assert (shown.returncode, shown.stderr) == (0, "")
    made = run("generate", "mine.yaml", cwd=tmp_path)
    assert made.returncode == 0
    assert made.stderr.startswith("warning: no blank tells") or not made.stderr
    assert (tmp_path / "output" / "mine-key.xlsx").is_file()


@pytest.mark.parametrize("name", ["alexnet", "googlenet"])
def test_new_from_a_shipped_one_is_the_same_coursework(tmp_path: Path, name: str) -> None:
    done = run("new", "sub/mine.yml", "--from", name, cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    text = (tmp_path / "sub" / "mine.yml").read_text(encoding="utf-8")
    assert text.count("yaml-language-server") == 1
    assert (templates() / f"{name}.yaml").read_text(encoding="utf-8").partition("\n")[2] in text
    mine, theirs = load(tmp_path / "sub" / "mine.yml"), load(name)
    assert (mine.network, mine.blanks, mine.columns) == (theirs.network, theirs.blanks, theirs.columns)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("there.yaml",), "there.yaml is there already; name another file, or say --force to write over it"),
        (("mine.txt",), "mine.txt: a coursework is a .yaml file; call it mine.yaml"),
        (("mine",), "mine: a coursework is a .yaml file; call it mine.yaml"),
        (("mine.yaml", "--from", "alxnet"), "no shipped coursework of that name; did you mean alexnet?"),
        (("mine.yaml", "--from", ""), "no coursework is named"),
        (("folder.yaml",), "folder.yaml is there already"),
        (("folder.yaml", "--force"), "folder.yaml: it is no file"),
        ((), "Missing argument 'FILE.yaml'"),
    ],
)
def test_new_refuses(tmp_path: Path, arguments: tuple[str, ...], said: str) -> None:
    (tmp_path / "there.yaml").write_text("mine\n")
    (tmp_path / "folder.yaml").mkdir()
    before = sorted(tmp_path.rglob("*"))
    done = run("new", *arguments, cwd=tmp_path)
    assert done.returncode == 2
    assert said in done.stderr
    assert done.stdout == ""
    assert sorted(tmp_path.rglob("*")) == before
    assert (tmp_path / "there.yaml").read_text() == "mine\n"


def test_new_writes_over_a_file_when_it_is_told_to(tmp_path: Path) -> None:
    (tmp_path / "there.yaml").write_text("mine\n")
    assert run("new", "there.yaml", "--force", cwd=tmp_path).returncode == 0
    assert load(tmp_path / "there.yaml").network.name == "My network"


# --- blocks, fractions, errata --------------------------------------------------------------------------------------


def test_show_json_of_a_graph(folder: Path) -> None:
    done = run("show", "g.yaml", "--format", "json", cwd=folder)
    assert (done.returncode, done.stderr) == (0, "")
    data = json.loads(done.stdout)
    layers = {layer["name"]: layer for layer in data["layers"]}
    assert list(layers) == ["c", "a.1.x", "a.1.y|<b>", "a.2.x", "a.2.y|<b>", "s", "fc"]
    assert layers["c"] == {
        "name": "c",
        "type": "Conv2d",
        "from": ["input"],
        "input": [3, 33, 33],
        "output": [4, 16, 16],
        "neurons": 1024,
        "weights": 108,
        "biases": 4,
        "parameters": 112,
        "connections": 28672,
        "parameters_share": 112 / 527,
        "fully_connected_ratio": 3268 * 1024 / 112,
        "macs": 27648,
        "kib": 4,
        "third": 1024 / 3,
    }
    assert layers["s"]["from"] == ["a.2.y|<b>", "a.2.y|<b>"]
    assert "fully_connected_ratio" not in layers["s"]  # it has no such number
    assert data["blocks"]["a"]["layers"] == ["a.1.x", "a.1.y|<b>", "a.2.x", "a.2.y|<b>"]
    assert data["blocks"]["a"]["parameters"] == 185 + 230
    assert data["blocks"]["a"]["kib"] == (980 + 980 + 720 + 720) / 256
    assert data["totals"]["parameters"] == 527
    assert "parameters_share" not in data["totals"]
    assert data["errata"] == ["The paper says [red]54[/red], it is 55.", "Two."]


def test_show_csv_of_a_graph(folder: Path) -> None:
    head, *rows = run("show", "g.yaml", "--format", "csv", cwd=folder).stdout.splitlines()
    columns = head.split(",")
    assert columns[-6:] == ["connections", "macs", "fully_connected_ratio", "parameters_share", "kib", "third"]
    first = dict(zip(columns, rows[0].split(","), strict=True))
    assert (first["output_size"], first["neurons"], first["kib"]) == ("16 x 16 x 4", "1024", "4.0")
    assert float(first["third"]) == pytest.approx(1024 / 3, rel=1e-15)
    assert rows[-1].startswith("total,,")
    total = dict(zip(columns, rows[-1].split(","), strict=True))
    assert (total["parameters"], total["parameters_share"], total["third"]) == ("527", "", "")


def test_show_markdown_of_a_graph_escapes_names(folder: Path) -> None:
    lines = run("show", "g.yaml", "--format", "markdown", cwd=folder).stdout.splitlines()
    assert lines[-2:] == [r"- The paper says \[red\]54\[/red\], it is 55.", "- Two."]
    lines = lines[: lines.index("")]
    assert len({line.replace("\\|", "").count("|") for line in lines}) == 1  # as many cells in every row
    assert lines[-3].startswith(
        r"| s | Add (from a.2.y\|\<b\>, a.2.y\|\<b\>) | 5 × 12 × 12 | 5 × 12 × 12 | 720 | 0 | 0 |"
    )
    assert "| 21.25 % |" in lines[2]
    assert lines[2].endswith("| 4 | 341.333 |")
    assert "| – |" in lines[4]


def test_show_prints_errata_and_no_markup(folder: Path) -> None:
    done = run("show", "g.yaml", cwd=folder)
    lines = done.stdout.splitlines()
    assert lines[0].strip() == 'A "graph" [red]'
    assert lines[-2:] == ["Erratum: The paper says [red]54[/red], it is 55.", "Erratum: Two."]
    assert "\x1b" not in done.stdout
    assert any(line.startswith("A MAC is one multiplication") for line in lines)
    shipped_one = run("show", "lenet5").stdout
    assert "340,908" in shipped_one
    assert "Erratum: " in shipped_one


def test_no_number_is_cut_however_many_columns_there_are(tmp_path: Path) -> None:
    text = GRAPH.partition("coursework:")[0] + f"coursework: {{columns: [layer, {', '.join(QUANTITIES)}]}}\n"
    (tmp_path / "wide.yaml").write_text(text, encoding="utf-8")
    lines = run("show", "wide.yaml", cwd=tmp_path).stdout.splitlines()
    assert not any("…" in line for line in lines)
    assert any(line.startswith("No room for input, type, ") for line in lines)
    assert max(len(line) for line in lines if line.startswith(("│", "┃"))) <= 160
    total = next(line for line in lines if line.startswith("│ total"))
    assert "│        527 │     105,262 │" in total  # parameters and connections


def test_the_errata_are_never_handed_out(folder: Path) -> None:
    done = run("generate", "g.yaml", "--out", folder / "out", cwd=folder)
    assert done.returncode == 0
    for kind in ("blank", "key"):
        with zipfile.ZipFile(folder / "out" / f"g-{kind}.xlsx") as archive:
            assert not any(b"it is 55" in archive.read(name) for name in archive.namelist())
    verified = run("verify", "g.yaml", "out/g-key.xlsx", cwd=folder)
    assert (verified.returncode, verified.stderr) == (0, "")
    assert "100 %" in verified.stdout


# --- check: usage only ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("--all", "alexnet"),
        ("--all", "--workbook", "key.xlsx"),
        ("--all", "--device", "tpu"),
    ],
)
def test_check_is_told_what_to_check(arguments: tuple[str, ...]) -> None:
    done = run("check", *arguments)
    assert done.returncode == 2
    assert done.stdout == ""
    said = "tpu" if "tpu" in arguments else "name one coursework (with --workbook, if you like) or say --all"
    assert said in done.stderr
