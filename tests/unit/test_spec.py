"""The YAML: every mistake at once, where it stands, and what was perhaps meant."""

from __future__ import annotations

import hashlib
import json
import pickle
import re
import time
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from sheetgen.coursework import Asked
from sheetgen.errors import SpecError, UsageError
from sheetgen.quantities import QUANTITIES
from sheetgen.schema import json_schema
from sheetgen.shipped import find, shipped, templates
from sheetgen.spec import load, read
from sheetgen.table import compute
from sheetgen.yamldoc import Document
from tests.yamls import good, problems, written

DATA = Path(__file__).parents[1] / "data"
HEAD = "network:\n  input: [3, 32, 32]\n  layers:\n"
CONV = "    c1: {type: Conv2d, out_channels: 4, kernel_size: 5}\n"
GOOD = HEAD + CONV
FORM = re.compile(r"[^:\n]+\.yaml:[1-9][0-9]*: [^:\n]+: \S.*")


# --- what is right --------------------------------------------------------------------------------------------------


def test_alexnet() -> None:
    coursework = load("alexnet")
    assert coursework.name == "alexnet"
    assert coursework.network.input == (3, 227, 227)
    assert [layer.name for layer in coursework.network.layers][:4] == ["conv1", "norm1", "pool1", "conv2"]
    assert coursework.rows[:3] == ("conv1", "pool1", "conv2")
    assert len(coursework.rows) == 11
    assert coursework.blanks["input.in_height"] == Asked(2)
    assert coursework.blanks["conv1.out_height"] == Asked(0.5)
    assert {"fc6.out_height", "fc8.out_width"} <= coursework.given
    assert coursework.warnings == ()
    assert hash(coursework) == hash(load("alexnet"))
    assert pickle.loads(pickle.dumps(coursework)) == coursework


def test_a_network_alone() -> None:
    coursework = read(DATA / "alexnet_network.yaml")
    assert coursework.title == "AlexNet, one tower"
    assert coursework.conventions.bias == coursework.conventions.padding == "counted"
    assert [column.quantity for column in coursework.columns] == [
        *("layer", "type", "kernel_size", "stride", "padding", "out_channels", "out_height", "out_width"),
        *("neurons", "weights", "biases", "parameters", "connections"),
    ]
    assert len(coursework.rows) == 13
    # every computed cell: 13 layers x 8 quantities without 8 x out_channels given, and 5 totals
    assert len(coursework.blanks) == 13 * 8 - 8 + 5
    assert set(coursework.blanks.values()) == {Asked(1)}
    assert compute(coursework.network).value("total.parameters") == 62378344


def test_a_whole_coursework_is_no_network(tmp_path: Path) -> None:
    written(tmp_path, "network: {input: [1, 4, 4], layers: {r: {type: ReLU}}}\n", "other.yaml")
    (tmp_path / "my.yaml").write_text("network: other.yaml\n", encoding="utf-8")
    with pytest.raises(SpecError) as caught:
        read(tmp_path / "my.yaml", "my.yaml")
    told = "other.yaml is a whole coursework; a file with just name:, input: and layers: belongs here"
    assert caught.value.problems == (f"my.yaml:1: network: {told}",)


def test_a_coursework_may_be_absent_and_a_network_elsewhere(tmp_path: Path) -> None:
    (tmp_path / "nets").mkdir()
    written(tmp_path / "nets", "input: [1, 4, 4]\nlayers: {r: {type: ReLU}}\n", "net.yaml")
    coursework = good(tmp_path, "network: nets/net.yaml\n")
    assert coursework.network.name == "my"
    read_files = (tmp_path / "my.yaml", tmp_path / "nets" / "net.yaml")
    assert coursework.files == tuple((path, hashlib.sha256(path.read_bytes()).hexdigest()) for path in read_files)
    assert good(tmp_path, "network: nets/net.yaml\ncoursework: {title: T}\n").title == "T"


def test_yaml_1_2(tmp_path: Path) -> None:
    text = HEAD + "    no: {type: ReLU}\n    on: {type: Conv2d, out_channels: 010, kernel_size: 0x5, stride: 0o2}\n"
    coursework = good(tmp_path, text + "    12: {type: ReLU, from: no}\n    ~: {type: ReLU}\n")
    assert [layer.name for layer in coursework.network.layers] == ["no", "on", "12", "~"]
    table = compute(coursework.network)
    assert table.rows[1].output == (10, 14, 14)
    assert table.rows[2].input == (3, 32, 32)
    assert good(tmp_path, GOOD + "coursework: {title: 2012-09-30}\n").title == "2012-09-30"


def test_nothing_after_a_key_is_its_default(tmp_path: Path) -> None:
    text = (
        HEAD + "    a: {type: MaxPool2d, kernel_size: 2, stride: , activation: , from: }\n    b: {type: ReLU, from: }\n"
    )
    assert [layer.source for layer in good(tmp_path, text).network.layers] == ["input", "a"]


def test_mistakes_in_the_coursework_hide_none_of_the_network(tmp_path: Path) -> None:
    text = HEAD + "    c1: {type: Conv2d, out_channels: 4, kernel_size: 50}\ncoursework: {tittle: x}\n"
    assert [problem.partition(": ")[2][:40] for problem in problems(tmp_path, text)] == [
        "network.layers.c1: the kernel is larger ",
        "network.layers.c1: the kernel is larger ",
        "coursework.tittle: no such key; did you ",
    ]


def test_sizes_are_a_number_or_two(tmp_path: Path) -> None:
    text = HEAD + "    c: {type: Conv2d, out_channels: 2, kernel_size: [3, 5], padding: [1, 0], stride: 1}\n"
    assert compute(good(tmp_path, text).network).rows[0].output == (2, 32, 28)


def test_anchors_stand_for_what_they_name(tmp_path: Path) -> None:
    text = HEAD + "    a: &conv {type: Conv2d, out_channels: &n 7, kernel_size: *n}\n    b: *conv\n"
    assert compute(good(tmp_path, text).network).rows[1].output == (7, 20, 20)


def test_from_makes_branches(tmp_path: Path) -> None:
    text = (
        HEAD
        + "    a: {type: ReLU}\n    b: {type: Flatten, from: a}\n    c: {type: ReLU, from: a}\n    d: {type: ReLU}\n"
    )
    text += "    e: {type: ReLU, from: input}\n"
    assert [layer.source for layer in good(tmp_path, text).network.layers] == ["input", "a", "a", "c", "input"]


def test_shipped_names(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    assert "alexnet" in shipped()
    assert find("alexnet") == templates() / "alexnet.yaml"
    with pytest.raises(UsageError, match=r"no file 'alexnte' and no shipped coursework .*; did you mean alexnet\?"):
        find("alexnte")
    with pytest.raises(UsageError, match="is a folder"):
        find(tmp_path)
    with pytest.raises(UsageError, match=r"cannot read nowhere\.yaml"):
        read(tmp_path / "nowhere.yaml", "nowhere.yaml")


# --- mistakes, each by itself ---------------------------------------------------------------------------------------

LAYER = "my.yaml:4: network.layers.c1"


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        (
            "{type: Conv2d, out_chanels: 4, kernel_size: 5}",
            [".out_chanels: no such key; did you mean out_channels?", ".out_channels: must be given"],
        ),
        (
            "{type: Conv2D, out_channels: 4, kernel_size: 5}",
            [".type: no such layer type 'Conv2D'; did you mean Conv2d?"],
        ),
        ("{type: Maxpool, kernel_size: 5}", [".type: no such layer type 'Maxpool'; did you mean MaxPool2d?"]),
        ("{type: [Conv2d]}", [".type: no such layer type ['Conv2d']; did you mean Conv2d?"]),
        ("{kernel_size: 5}", [": type: must be given"]),
        ("3", [": a layer is a mapping such as {type: Conv2d, ...}, not 3"]),
        ("", [": a layer is a mapping such as {type: Conv2d, ...}, not None"]),
        (
            '{type: Conv2d, out_channels: "3", kernel_size: "5"}',
            [
                ".kernel_size: must be a whole number or [height, width], not '5'",
                ".out_channels: must be a whole number, not '3'",
            ],
        ),
        (
            "{type: Conv2d, out_channels: 3.5, kernel_size: 3.0}",
            [
                ".kernel_size: must be a whole number or [height, width], not 3.0",
                ".out_channels: must be a whole number, not 3.5",
            ],
        ),
        (
            "{type: Conv2d, out_channels: true, kernel_size: true}",
            [
                ".kernel_size: must be a whole number or [height, width], not True",
                ".out_channels: must be a whole number, not True",
            ],
        ),
        (
            "{type: Conv2d, out_channels: -1, kernel_size: -5, stride: 0, padding: -1}",
            [
                ".kernel_size: must be at least 1, not -5",
                ".out_channels: must be greater than or equal to 1, not -1",
                ".padding: must be at least 0, not -1",
                ".stride: must be at least 1, not 0",
            ],
        ),
        ("{type: Conv2d, out_channels: 1, kernel_size: 5, bias: 1}", [".bias: must be true, false or per unit, not 1"]),
        (
            "{type: Conv2d, out_channels: 1, kernel_size: 5, bias: no}",
            [".bias: must be true, false or per unit, not 'no'"],
        ),
        ("{type: Linear, out_features: 1, bias: per unit}", [".bias: must be true or false, not 'per unit'"]),
        ("{type: Linear, out_features: 1, trainable: no}", [".trainable: must be true or false, not 'no'"]),
        (
            "{type: Conv2d, out_channels: 1, kernel_size: 5, activation: relu}",
            [".activation: 'relu' is not one of the words allowed here; did you mean ReLU?"],
        ),
        (
            "{type: Conv2d, out_channels: 1, kernel_size: 5, padding: valid}",
            [".padding: must be a whole number or [height, width], or the word same, not 'valid'"],
        ),
        (
            "{type: Conv2d, out_channels: 1, kernel_size: [5, 5, 5]}",
            [".kernel_size: must be a whole number or [height, width], not [5, 5, 5]"],
        ),
        (
            "{type: Conv2d, out_channels: 1, kernel_size: 5, init: {sdt: 0.1}}",
            [".init.sdt: no such key; did you mean std?", ".init.std: must be given"],
        ),
        (
            "{type: Conv2d, out_channels: 1, kernel_size: 5, init: {std: .inf}}",
            [".init.std: must be a finite number, not inf"],
        ),
        ("{type: LocalResponseNorm, size: 5, alpha: .nan}", [".alpha: must be a finite number, not nan"]),
        ("{type: Dropout, p: 2}", [".p: must be less than or equal to 1, not 2"]),
        (
            "{type: Conv2d, out_channels: 20000000, kernel_size: 20000000}",
            [
                ".kernel_size: must be at most 10,000,000, not 20000000",
                ".out_channels: must be less than or equal to 10000000, not 20000000",
            ],
        ),
        (
            "{type: Conv2d, out_channels: 4, kernel_size: 5, groups: 2}",
            [": groups: 2 must divide the 3 input and 4 output channels"],
        ),
        (
            "{type: Conv2d, out_channels: 4, kernel_size: [50, 5], padding: 1}",
            [": the kernel is larger than its input: 50 rows, but the input has 32 and 2 of padding"],
        ),
        (
            "{type: ReLU, from: c2}",
            [".from: there is no layer 'c2' above this one; known: input"],
        ),
        ("{type: ReLU, from: c1}", [".from: there is no layer 'c1' above this one; known: input"]),
        ("{type: ReLU, from: inptu}", [".from: there is no layer 'inptu' above this one; did you mean input?"]),
        ("{type: ReLU, from: 3}", [".from: must be text, not 3"]),
        ("{type: ReLU, type: Tanh}", [".type: given twice, first in line 4"]),
        ("{<<: {type: ReLU}}", [": << is not known in YAML 1.2; write the keys out", ": type: must be given"]),
        ("{type: ReLU, ? [a] : b}", [": a key must be a plain word"]),
    ],
)
def test_mistakes_in_a_layer(tmp_path: Path, fields: str, said: list[str]) -> None:
    assert problems(tmp_path, HEAD + f"    c1: {fields}\n") == [LAYER + each for each in said]


@pytest.mark.parametrize("name", ["input", "total", "question", "a.b", "x" * 101])
def test_names_that_a_layer_may_not_have(tmp_path: Path, name: str) -> None:
    (problem,) = problems(tmp_path, HEAD + f"    {name}: {{type: ReLU}}\n    ok: {{type: ReLU}}\n")
    assert problem.startswith(f"my.yaml:4: network.layers.{name}: a layer may not be called input, total or question")


@pytest.mark.parametrize("name", ['""', '" "', r'"a\0b"', r'"\x1b"'])
def test_names_that_are_no_word(tmp_path: Path, name: str) -> None:
    (problem,) = problems(tmp_path, HEAD + f"    {name}: {{type: ReLU}}\n    ok: {{type: ReLU}}\n")
    assert re.fullmatch(r"my\.yaml:4: network\.layers: the key '.*' is no word", problem)


@pytest.mark.parametrize(("first", "second"), [("a-b", "a_b"), ("Conv", "conv"), ("3x3", "_3x3"), ("é!", "É?")])
def test_names_that_a_workbook_cannot_tell_apart(tmp_path: Path, first: str, second: str) -> None:
    text = HEAD + f"    {first}: {{type: ReLU}}\n    {second}: {{type: ReLU}}\n"
    expected = f"my.yaml:5: network.layers.{second}: a workbook cannot tell it from '{first}'; give it another name"
    assert problems(tmp_path, text) == [expected]


@pytest.mark.parametrize("name", ["Total", "INPUT"])
def test_the_pseudo_layers_in_capitals_are_taken_too(tmp_path: Path, name: str) -> None:
    (problem,) = problems(tmp_path, HEAD + f"    {name}: {{type: ReLU}}\n")
    assert f"cannot tell it from '{name.lower()}'" in problem


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("network:\n  layers: {a: {type: ReLU}}\n", "1: network: input: must be given as [channels, height, width]"),
        ("network:\n  input: [3, 4]\n  layers: {a: {type: ReLU}}\n", "2: network.input: must be [channels, height"),
        ("network:\n  input: [3, 0, 4]\n  layers: {a: {type: ReLU}}\n", "2: network.input: must be [channels"),
        ("network:\n  input: [3, true, 4]\n  layers: {a: {type: ReLU}}\n", "2: network.input: must be [channels"),
        ("network:\n  input: 3x4x4\n  layers: {a: {type: ReLU}}\n", "2: network.input: must be [channels"),
        (f"network:\n  input: [{'9' * 5000}, 1, 1]\n  layers: {{a: {{type: ReLU}}}}\n", "2: network.input: must be ["),
        ("network:\n  input: [3, 4, 4]\n", "1: network.layers: must be a mapping of layers"),
        ("network:\n  input: [3, 4, 4]\n  layers: [a]\n", "3: network.layers: must be a mapping of layers"),
        (
            "network:\n  input: [3, 4, 4]\n  layer: {}\n  layers: {a: {type: ReLU}}\n",
            "3: network.layer: no such key; did",
        ),
        (
            "network:\n  name: 3\n  input: [3, 4, 4]\n  layers: {a: {type: ReLU}}\n",
            "2: network.name: must be text, not 3",
        ),
        ("network: 3\n", "1: network: a network is a mapping with name:, input: and layers:"),
        ("network: [1]\n", "1: network: a network is a mapping"),
        ("network:\n", "1: top level: network: must be given, a mapping or the path of another file"),
        ("coursework: {}\n", "1: top level: network: must be given"),
        ("network: nowhere.yaml\n", "1: network: cannot read nowhere.yaml: No such file or directory"),
        ("network: .\n", "1: network: cannot read .: Is a directory"),
        (GOOD + "courswork: {}\n", "5: courswork: no such key; did you mean coursework?"),
        (GOOD + "network: {}\n", "5: network: given twice, first in line 1"),
    ],
)
def test_mistakes_in_a_network(tmp_path: Path, text: str, said: str) -> None:
    (problem,) = problems(tmp_path, text)
    assert problem.startswith(f"my.yaml:{said}")
    assert len(problem) < 300


def test_too_many_layers(tmp_path: Path) -> None:
    many = "".join(f"    r{i}: {{type: ReLU}}\n" for i in range(1001))
    assert problems(tmp_path, HEAD + many) == [
        "my.yaml:3: network.layers: a table may have at most 1000 layers, not 1001"
    ]


@pytest.mark.parametrize(
    ("coursework", "said"),
    [
        (" 3", ": must be a mapping (key: value), not 3"),
        (" []", ": must be a mapping (key: value), not []"),
        (" {tittle: x}", ".tittle: no such key; did you mean title?"),
        (" {title: 3}", ".title: must be text, not 3"),
        (r' {title: "a\0b"}', ".title: holds a control character"),
        (" {protect: no}", ".protect: must be true or false, not 'no'"),
        (" {conventions: {bias: count}}", ".conventions.bias: 'count' is not one of the words allowed here; did"),
        (
            " {conventions: {bias: yes}}",
            ".conventions.bias: 'yes' is not one of the words allowed here; known: counted",
        ),
        (" {conventions: {paddin: counted}}", ".conventions.paddin: no such key; did you mean padding?"),
        (
            " {sheet: a/b}",
            ".sheet: the name of a worksheet may not be empty, nor hold [ ] : * ? / \\ ' or a line break, not 'a/b'",
        ),
        (' {sheet: "it\'s"}', ".sheet: the name of a worksheet may not be empty, nor hold"),
        (" {sheet: ''}", ".sheet: the name of a worksheet may not be empty, nor hold"),
        (" {sheet: History}", ".sheet: Excel keeps this name of a worksheet for itself, not 'History'"),
        (f" {{sheet: {'a' * 32}}}", ".sheet: must have at most 31 characters"),
        (" {notes: [3]}", ".notes[0]: must be text, not 3"),
        (
            " {columns: [layer, out_heigth]}",
            ".columns[1]: must be one of the quantities; did you mean out_height?, not 'out_heigth'",
        ),
        (" {columns: [layer, {heading: x}]}", ".columns[1].quantity: must be given"),
        (
            " {columns: [layer, {quantity: neurons, headin: x}]}",
            ".columns[1].headin: no such key; did you mean heading?",
        ),
        (" {columns: [layer, {quantity: [neurons]}]}", ".columns[1].quantity: must be text, not ['neurons']"),
        (" {columns: [layer, {quantity: nerons}]}", ".columns[1]: must be one of the quantities; did you mean neur"),
        (" {columns: [layer, 3]}", ".columns[1]: must be a mapping (key: value), not 3"),
        (" {columns: [layer, neurons, neurons]}", ".columns[2]: there is a column neurons already"),
        (" {columns: [neurons]}", ".columns: the column layer must be there: it names the rows"),
        (" {omit: c11}", ".omit[0]: there is no layer 'c11'; did you mean c1?"),
        (" {omit: c1}", ".omit[0]: c1 has parameters and cannot be left out: the totals would be wrong"),
        (" {blanks: parameters}", ".blanks[0]: must be a mapping (key: value), not 'parameters'"),
        (" {blanks: {quantities: parameters}}", ".blanks: must be a list, not {'quantities': 'parameters'}"),
        (" {blanks: [{quantities: []}]}", ".blanks[0].quantities: must name at least one, not []"),
        (" {blanks: [{quantities: [[parameters]]}]}", ".blanks[0].quantities[0]: must be text, not ['parameters']"),
        (
            " {blanks: [{quantities: [neurons, paramters]}]}",
            ".blanks[0].quantities[1]: must be one of the quantities; did you mean parameters?, not 'paramters'",
        ),
        (
            " {blanks: [{quantities: paramters}]}",
            ".blanks[0].quantities[0]: must be one of the quantities; did you mean param",
        ),
        (
            " {blanks: [{quantities: stride}]}",
            ".blanks[0].quantities[0]: stride cannot be a blank: it is given in the YAML, nothing determines it",
        ),
        (
            " {blanks: [{quantities: parameters, layers: cc1}]}",
            ".blanks[0].layers[0]: there is no layer 'cc1'; did you mean c1?",
        ),
        (
            " {blanks: [{quantities: parameters, given: cc1}]}",
            ".blanks[0].given[0]: there is no layer 'cc1'; did you mean c1?",
        ),
        (" {blanks: [{quantities: parameters, given: [3]}]}", ".blanks[0].given[0]: must be text, not 3"),
        (
            " {blanks: [{quantities: parameters, marks: -1}]}",
            ".blanks[0].marks: must be greater than or equal to 0, not -1",
        ),
        (" {blanks: [{quantities: parameters, marks: true}]}", ".blanks[0].marks: must be a number, not True"),
        (" {blanks: [{quantities: parameters, marks: .nan}]}", ".blanks[0].marks: must be a finite number, not nan"),
        (
            " {blanks: [{quantities: parameters}, {quantities: parameters, layers: c1}]}",
            ".blanks[1]: c1.parameters is a blank already",
        ),
        (
            " {blanks: [{quantities: parameters, given: c1}, {quantities: parameters, layers: c1}]}",
            ".blanks: c1.parameters is a blank and is given: too",
        ),
        (
            " {blanks: [{quantities: out_height, layers: total}]}",
            ".blanks[0]: total.out_height cannot be a blank: a total",
        ),
        (
            " {blanks: [{quantities: out_channels, layers: c1}]}",
            ".blanks[0]: c1.out_channels cannot be a blank: out_channels of a Conv2d is given in the YAML",
        ),
        (" {blanks: [{quantities: out_channels}]}", ".blanks[0]: asks for no cell"),
        (
            " {blanks: [{quantities: neurons, layers: input}]}",
            ".blanks[0]: input.neurons cannot be a blank: the input has",
        ),
        (
            " {blanks: [{quantities: in_channels, layers: input}]}",
            ".blanks[0]: input.in_channels cannot be a blank: the input's channels are given",
        ),
        (
            " {columns: [layer], blanks: [{quantities: parameters}]}",
            ".blanks[0]: parameters cannot be a blank: the sheet has no column parameters; add it to columns:",
        ),
    ],
)
def test_mistakes_in_a_coursework(tmp_path: Path, coursework: str, said: str) -> None:
    (problem,) = problems(tmp_path, GOOD + f"coursework:{coursework}\n")
    assert problem.startswith(f"my.yaml:5: coursework{said}")
    assert FORM.fullmatch(problem)


def test_a_layer_left_out_has_no_blanks(tmp_path: Path) -> None:
    text = GOOD + "    r: {type: ReLU}\ncoursework:\n  omit: r\n  blanks: [{quantities: neurons, layers: r}]\n"
    (problem,) = problems(tmp_path, text)
    assert problem.startswith("my.yaml:8: coursework.blanks[0].layers[0]: there is no layer 'r'")


@pytest.mark.parametrize("pooling", ["counted", "not counted"])
def test_a_pooling_layer_may_be_left_out_where_it_counts_nothing(tmp_path: Path, pooling: str) -> None:
    text = GOOD + "    p: {type: MaxPool2d, kernel_size: 2}\n"
    text += f"coursework: {{omit: p, conventions: {{pooling: {pooling}}}}}\n"
    if pooling == "not counted":
        assert good(tmp_path, text).rows == ("c1",)
    else:
        (problem,) = problems(tmp_path, text)
        assert "omit[0]: p has connections and cannot be left out" in problem


def test_padding_that_cannot_be_written_down_tap_by_tap(tmp_path: Path) -> None:
    text = HEAD + "    c1: {type: Conv2d, out_channels: 1, kernel_size: 201, padding: 100}\n"
    assert len(good(tmp_path, text).blanks) == 12
    (problem,) = problems(tmp_path, text + "coursework: {conventions: {padding: not counted}}\n")
    assert problem == LAYER + ": the kernel of c1 and its padding are too large for padding: not counted; count it"


# --- many mistakes at once ------------------------------------------------------------------------------------------


def test_all_mistakes_at_once(tmp_path: Path) -> None:
    text = """\
network:
  nam: broken
  input: [3, 32]
  layers:
    conv1: {type: Conv2d, out_channels: "96", kernel_sise: 11}
    pool1: {type: MaxPool, kernel_size: 3}
    conv2:
      type: Conv2d
      out_channels: 4
      out_channels: 5
      kernel_size: 3
      from: pol1
    fc: {type: Linear, out_features: 3.5, bias: yes}
coursework:
  conventions: {bias: maybe}
  columns: [layer, parametres]
  omit: norm
"""
    assert problems(tmp_path, text) == [
        "my.yaml:2: network.nam: no such key; did you mean name?",
        "my.yaml:3: network.input: must be [channels, height, width], whole and positive, at most 10,000,000, "
        "not [3, 32]",
        "my.yaml:5: network.layers.conv1.kernel_sise: no such key; did you mean kernel_size?",
        "my.yaml:5: network.layers.conv1.kernel_size: must be given",
        "my.yaml:5: network.layers.conv1.out_channels: must be a whole number, not '96'",
        "my.yaml:6: network.layers.pool1.type: no such layer type 'MaxPool'; did you mean MaxPool2d?",
        "my.yaml:10: network.layers.conv2.out_channels: given twice, first in line 9",
        "my.yaml:12: network.layers.conv2.from: there is no layer 'pol1' above this one; did you mean pool1?",
        "my.yaml:13: network.layers.fc.bias: must be true or false, not 'yes'",
        "my.yaml:13: network.layers.fc.out_features: must be a whole number, not 3.5",
        "my.yaml:15: coursework.conventions.bias: 'maybe' is not one of the words allowed here; "
        "known: counted, not counted",
        "my.yaml:16: coursework.columns[1]: must be one of the quantities; did you mean parameters?, not 'parametres'",
        "my.yaml:17: coursework.omit[0]: there is no layer 'norm'; known: conv1, pool1, conv2, fc",
    ]


def test_names_are_checked_where_the_coursework_can_be_read(tmp_path: Path) -> None:
    text = HEAD + "    c1: {type: Conv2D}\n    c2: {type: ReLU}\ncoursework: {omit: [cc2], columns: [layer, layer]}\n"
    assert problems(tmp_path, text) == [
        "my.yaml:4: network.layers.c1.type: no such layer type 'Conv2D'; did you mean Conv2d?",
        "my.yaml:6: coursework.columns[1]: there is a column layer already",
        "my.yaml:6: coursework.omit[0]: there is no layer 'cc2'; did you mean c2?",
    ]


def test_mistakes_in_two_files(tmp_path: Path) -> None:
    written(tmp_path, "input: [3, 4]\nlayers:\n  a: {type: Relu}\n", "net.yaml")
    assert problems(tmp_path, "network: net.yaml\ncoursework: {tittle: x}\n") == [
        "net.yaml:1: input: must be [channels, height, width], whole and positive, at most 10,000,000, not [3, 4]",
        "net.yaml:3: layers.a.type: no such layer type 'Relu'; did you mean ReLU?",
        "my.yaml:2: coursework.tittle: no such key; did you mean title?",
    ]


def test_a_network_that_names_itself(tmp_path: Path) -> None:
    (told,) = problems(tmp_path, "network: my.yaml\n")
    assert told.startswith("my.yaml:1: network: my.yaml is a whole coursework; ")


# --- sizes ----------------------------------------------------------------------------------------------------------


def test_fractional_sizes_are_warnings(tmp_path: Path) -> None:
    text = "network:\n  input: [3, 224, 230]\n  layers:\n"
    text += "    c1: {type: Conv2d, out_channels: 4, kernel_size: 11, stride: 4}\n"
    assert good(tmp_path, text).warnings == (
        LAYER + ": the windows do not fit the height exactly: (224 + 0 - 11) / 4 is not whole; "
        "rounded down, the last row of 224 (224) is never read",
        LAYER + ": the windows do not fit the width exactly: (230 + 0 - 11) / 4 is not whole; "
        "rounded down, the last 3 columns of 230 (228 to 230) are never read",
    )


@pytest.mark.parametrize(
    ("layer", "exact"),
    [
        ("{type: Conv2d, out_channels: 4, kernel_size: 4, stride: 4}", True),
        ("{type: Conv2d, out_channels: 4, kernel_size: 5, stride: 4}", False),
        ("{type: Conv2d, out_channels: 4, kernel_size: 5, padding: same}", True),
        ("{type: Conv2d, out_channels: 4, kernel_size: 4, padding: same}", False),
        ("{type: MaxPool2d, kernel_size: 3, stride: 2, ceil_mode: true}", False),
        ("{type: Conv2d, out_channels: 4, kernel_size: [4, 5], stride: 4}", True),  # the height alone is asked for
        ("{type: Linear, out_features: 4}", False),
        ("{type: ReLU}", False),
    ],
)
def test_the_input_can_be_a_blank_only_where_division_is_exact(tmp_path: Path, layer: str, exact: bool) -> None:
    text = HEAD + f"    c1: {layer}\ncoursework:\n  blanks: [{{quantities: in_height, layers: input}}]\n"
    if exact:
        assert good(tmp_path, text).blanks == {"input.in_height": Asked(1)}
    else:
        assert problems(tmp_path, text) == [
            "my.yaml:6: coursework.blanks: input.in_height cannot be a blank: "
            "c1 does not determine it by exact division"
        ]


# --- files that are no YAML, or too much of it ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "my.yaml:1: the file is empty"),
        (b"# nothing\n\n", "my.yaml:1: the file is empty"),
        (b"hello\n", "my.yaml:1: a coursework is a mapping"),
        (b"[1, 2]\n", "my.yaml:1: a coursework is a mapping"),
        (b"\xff\xfe\x00\x01", "my.yaml:1: not a text file in UTF-8"),
        (b"PK\x03\x04\x14\x00\x06\x00", "my.yaml:1: not YAML: "),
        ("network: 1\n".encode("utf-16"), "my.yaml:1: not a text file in UTF-8"),
        (b"network:\n\tinput: [1, 2, 3]\n", "my.yaml:2: not YAML: found character '\\t'"),
        (b"network: [1, 2\n", "my.yaml:2: not YAML: "),
        (b"network: {a: 1\nb: 2}}\n", "my.yaml:2: not YAML: "),
        (b"a: 1\n---\nb: 2\n", "my.yaml:2: not YAML: "),
        (b"network: *nothing\n", "my.yaml:1: not YAML: found undefined alias"),
        (b"network: " + b"[" * 500 + b"]" * 500, "my.yaml:1: not YAML: "),
        (b"network: &a\n  input: [1, 2, 3]\n  layers: *a\n", "my.yaml:1: aliases that contain themselves or too many"),
    ],
)
def test_files_that_cannot_be_read(tmp_path: Path, content: bytes, said: str) -> None:
    path = tmp_path / "my.yaml"
    path.write_bytes(content)
    with pytest.raises(SpecError) as caught:
        read(path, "my.yaml")
    (problem,) = caught.value.problems
    assert problem.startswith(said)
    assert "\n" not in problem


def test_billion_laughs(tmp_path: Path) -> None:
    text = "a: &a [x, x, x, x, x, x, x, x, x, x]\n"
    for before, letter in zip("abcdefgh", "bcdefghi", strict=True):
        text += f"{letter}: &{letter} [{', '.join([f'*{before}'] * 10)}]\n"
    started = time.perf_counter()
    (problem,) = problems(tmp_path, text)
    assert "aliases that contain themselves or too many" in problem
    assert time.perf_counter() - started < 5


def test_tags_make_nothing_but_plain_data(tmp_path: Path) -> None:
    text = "network: !!python/object/apply:os.system ['exit 1']\n"
    assert problems(tmp_path, text) == [
        "my.yaml:1: network: a network is a mapping with name:, input: and layers:",
    ]
    text = GOOD + "coursework: {protect: !!bool maybe, title: !!int four}\n"
    (problem,) = problems(tmp_path, text)
    assert problem == "my.yaml:5: coursework.protect: must be true or false, not 'maybe'"


def test_a_byte_order_mark_is_no_mistake(tmp_path: Path) -> None:
    path = tmp_path / "my.yaml"
    path.write_bytes(b"\xef\xbb\xbf" + GOOD.replace("\n", "\r\n").encode())
    assert read(path).rows == ("c1",)


# --- the JSON Schema ------------------------------------------------------------------------------------------------

SCHEMA = json_schema()
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)


def _data(path: Path) -> Any:
    return Document(path, path.name).data


def test_the_schema_is_a_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    assert json.loads(json.dumps(SCHEMA)) == SCHEMA
    assert SCHEMA["$schema"] == "https://json-schema.org/draft/2020-12/schema"


def test_the_committed_schema_is_this_one() -> None:
    assert json.loads((templates() / "schema.json").read_text(encoding="utf-8")) == SCHEMA


@pytest.mark.parametrize(
    "path", [*templates().glob("*.yaml"), DATA / "alexnet_network.yaml"], ids=lambda path: path.name
)
def test_the_schema_takes_what_is_shipped(path: Path) -> None:
    VALIDATOR.validate(_data(path))


def _with(fields: str) -> str:
    return HEAD + f"    c1: {{type: Conv2d, out_channels: 4, kernel_size: 5{fields}}}\n"


def _block(block: str, layer: str = "{type: B, n: 2}") -> str:
    """A network with the block B, and one layer; where the block has no parameter n, none is given."""
    used = layer if "n:" in block.partition("layers")[0] else layer.replace(", n: 2", "")
    return f"input: [3, 32, 32]\nblocks: {{B: {block}}}\nlayers: {{b: {{type: B{_given(block)}}}, c: {used}}}\n"


def _given(block: str) -> str:
    return ", n: 2" if "n:" in block.partition("layers")[0] else ""


@pytest.mark.parametrize(
    ("text", "right"),
    [
        (GOOD, True),
        ("input: [3, 32, 32]\nlayers: {a: {type: ReLU}}\n", True),
        ("name: x\ninput: [3, 32, 32]\nlayers: {a: {type: ReLU}, b: {type: ReLU, from: a}}\n", True),
        ("input: [3, 32, 32]\nlayers: {a: {type: ReLU}}\ncoursework: {}\n", False),
        ("input: [3, 32]\nlayers: {a: {type: ReLU}}\n", False),
        ("input: [3, 32, 10000001]\nlayers: {a: {type: ReLU}}\n", False),
        ("input: [3, 32, 32]\nlayers: {}\n", False),
        ("input: [3, 32, 32]\nlayers: {a.b: {type: ReLU}}\n", False),
        ("input: [3, 32, 32]\nlayers: {total: {type: ReLU}}\n", False),
        ("input: [3, 32, 32]\nlayers: {totals: {type: ReLU}}\n", True),
        ("layers: {a: {type: ReLU}}\n", False),
        ("hello\n", False),
        (HEAD + "    a: {type: Conv2D}\n", False),
        (HEAD + "    a: {kernel_size: 3}\n", False),
        (HEAD + "    a: 3\n", False),
        (HEAD + "    a: {type: Conv2d, kernel_size: 3}\n", False),
        (HEAD + "    a: {type: Conv2d, out_channels: 3}\n", False),
        (HEAD + "    a: {type: Linear}\n", False),
        (HEAD + "    a: {type: Linear, out_features: 3, init: {std: 0.1}, activation: Softmax}\n", True),
        (HEAD + "    a: {type: Linear, out_features: 3, init: {sdt: 0.1}}\n", False),
        (HEAD + "    a: {type: MaxPool2d, kernel_size: 2, padding: same}\n", False),
        (HEAD + "    a: {type: MaxPool2d, kernel_size: 2, ceil_mode: true, stride: [2, 1]}\n", True),
        (HEAD + "    a: {type: Dropout, p: 2}\n", False),
        (_with(", kernal: 3"), False),
        (_with(", stride: 0"), False),
        (_with(", stride: [1, 2]"), True),
        (_with(", stride: [1, 2, 3]"), False),
        (_with(", stride: '1'"), False),
        (_with(", stride: 1.5"), False),
        (_with(", padding: same"), True),
        (_with(", padding: valid"), False),
        (_with(", padding: -1"), False),
        (_with(", dilation: 10000001"), False),
        (_with(", bias: 1"), False),
        (_with(", bias: false"), True),
        (_with(", activation: relu"), False),
        (_with(", activation: "), True),
        (_with(", from: input"), True),
        (_with(", from: "), True),
        (_with(", from: 3"), False),
        (GOOD + "coursework:\n", True),
        (GOOD + "coursework: {}\n", True),
        (GOOD + "coursework: {tittle: x}\n", False),
        (GOOD + "coursework: {notes: one}\n", True),
        (GOOD + "coursework: {notes: [3]}\n", False),
        (GOOD + "coursework: {conventions: {bias: not counted}}\n", True),
        (GOOD + "coursework: {conventions: {bias: no}}\n", False),
        (GOOD + "coursework: {sheet: 'a/b'}\n", False),
        (GOOD + "coursework: {sheet: Sheet 1}\n", True),
        (GOOD + "coursework: {protect: no}\n", False),
        (GOOD + "coursework: {columns: layer}\n", True),
        (GOOD + "coursework: {columns: [layer, {quantity: neurons, heading: Units}]}\n", True),
        (GOOD + "coursework: {columns: [layer, nerons]}\n", False),
        (GOOD + "coursework: {columns: [layer, {quantity: neurons, headin: Units}]}\n", False),
        (GOOD + "coursework: {blanks: []}\n", True),
        (GOOD + "coursework: {blanks: [{quantities: neurons, layers: c1, marks: 0.5}]}\n", True),
        (GOOD + "coursework: {blanks: [{quantities: [neurons, weights], layers: [c1, total]}]}\n", True),
        (GOOD + "coursework: {blanks: [{quantities: []}]}\n", False),
        (GOOD + "coursework: {blanks: [{quantities: nerons}]}\n", False),
        (GOOD + "coursework: {blanks: [{quantities: stride}]}\n", False),
        (GOOD + "coursework: {blanks: [{quantities: neurons, marks: -1}]}\n", False),
        (GOOD + "coursework: {blanks: [{quantities: neurons, marks: true}]}\n", False),
        (GOOD + "coursework: {blanks: [{layers: c1}]}\n", False),
        (GOOD + "coursework: {blanks: {quantities: neurons}}\n", False),
        (GOOD + "foo: 1\n", False),
        # blocks
        (
            _block("{parameters: {n: , k: 3}, layers: {x: {type: Conv2d, out_channels: $n, kernel_size: [$k, 1]}}}"),
            True,
        ),
        (_block("{parameters: {n: 3}, layers: {x: {type: Linear, out_features: $n, init: {std: $n}}}}"), True),
        (_block("{parameters: {n: 3}, layers: {x: {type: ReLU, repeat: $n}}}"), True),
        (_block("{parameters: , layers: {x: {type: ReLU, repeat: }}}"), True),
        (
            _block(
                "{parameters: {t: ReLU, f: input}, layers: {x: {type: $t, from: $f}, y: {type: Add, from: [x, $f]}}}"
            ),
            True,
        ),
        (_block("{layers: {x: {type: ReLU, repeat: 3}}}", "{type: B, repeat: 2, from: input}"), True),
        (_block("{layers: {x: {type: ReLU}}}", "{type: ReLU, repeat: 0}"), False),
        (_block("{layers: {x: {type: ReLU}}}", "{type: ReLU, repeat: 1001}"), False),
        (_block("{layers: {x: {type: ReLU}}}", "{type: ReLU, repeat: many}"), False),
        (_block("{layers: {x: {type: ReLU}}}", "{type: Linear, out_features: $n}"), False),
        (_block("{layers: {x: {type: ReLU}}}", "{type: MaxPool2d, kernel_size: [$n, 1]}"), False),
        (_block("{layers: {x: {type: ReLU}}}", "$n"), False),
        (_block("{layers: {}}"), False),
        (_block("{parameters: {n: 3}}"), False),
        (_block("3"), False),
        (_block("{layer: {x: {type: ReLU}}}"), False),
        (_block("{layers: {x: 3}}"), False),
        (_block("{layers: {x.y: {type: ReLU}}}"), False),
        (_block("{layers: {total: {type: ReLU}}}"), False),
        (_block("{layers: {x: {kernel_size: 3}}}"), False),
        (_block("{layers: {x: {type: Linear, out_features: 3.5}}}"), False),
        (_block("{parameters: [n], layers: {x: {type: ReLU}}}"), False),
        (_block("{parameters: {from: 3}, layers: {x: {type: ReLU}}}"), False),
        ("input: [3, 32, 32]\nblocks: {ReLU: {layers: {x: {type: Tanh}}}}\nlayers: {a: {type: ReLU}}\n", False),
        ("input: [3, 32, 32]\nblocks: [B]\nlayers: {a: {type: ReLU}}\n", False),
        ("input: [3, 32, 32]\nblocks:\nlayers: {a: {type: ReLU}}\n", True),
        # the other kinds
        (HEAD + "    a: {type: B}\n", False),
        (HEAD + "    a: {type: $t}\n", False),
        (HEAD + "    a: {type: Add, from: [input, input]}\n", True),
        (HEAD + "    a: {type: Add, from: [input]}\n", False),
        (HEAD + "    a: {type: Add, from: input}\n", False),
        (HEAD + "    a: {type: Concat}\n", False),
        (HEAD + "    a: {type: ReLU, from: [input]}\n", False),
        (HEAD + "    a: {type: CenterCrop, like: input}\n", True),
        (HEAD + "    a: {type: CenterCrop}\n", False),
        (HEAD + "    a: {type: Upsample, scale_factor: [2, 3], mode: bilinear}\n", True),
        (HEAD + "    a: {type: Upsample, scale_factor: 0.5}\n", False),
        (HEAD + "    a: {type: Upsample, scale_factor: 2, mode: cubic}\n", False),
        (HEAD + "    a: {type: AdaptiveAvgPool2d, output_size: 7}\n", True),
        (HEAD + "    a: {type: AdaptiveAvgPool2d}\n", False),
        (HEAD + "    a: {type: BatchNorm2d, affine: false, trainable: true}\n", True),
        (HEAD + "    a: {type: BatchNorm2d, affine: 0}\n", False),
        (
            HEAD + "    a: {type: ConvTranspose2d, out_channels: 2, kernel_size: 2, stride: 2, output_padding: 1}\n",
            True,
        ),
        (HEAD + "    a: {type: ConvTranspose2d, out_channels: 2, kernel_size: 2, padding: same}\n", False),
        (_with(", bias: per unit"), True),
        (_with(", bias: per_unit"), False),
        (_with(", connection_table: [[0], [1], [0, 2], 1]").replace(", 1]", ", [1]]"), True),
        (_with(", connection_table: 5"), False),
        (_with(", connection_table: [[0], [1], [], [2]]"), False),
        (_with(", connection_table: [[0], [1], [-1], [2]]"), False),
        (_with(", connection_table: [[0], [1], [a], [2]]"), False),
        (_with(", trainable: false"), True),
        (_with(", trainable: no"), False),
        (_with(", weights_of: 3"), False),
        # the coursework
        (
            GOOD + "coursework: {quantities: {k: neurons * 4, j: 3}, columns: [layer, k], blanks: [{quantities: k}]}\n",
            True,
        ),
        (GOOD + "coursework: {quantities: {k: {formula: neurons, heading: K, total: true}}}\n", True),
        (GOOD + "coursework: {quantities: {K: neurons}}\n", False),
        (GOOD + "coursework: {quantities: {k: [3]}}\n", False),
        (GOOD + "coursework: {quantities: {k: {heading: K}}}\n", False),
        (GOOD + "coursework: {quantities: {k: {formula: neurons, totl: true}}}\n", False),
        (GOOD + "coursework: {quantities: [k]}\n", False),
        (GOOD + "coursework: {columns: [layer, k]}\n", False),
        (GOOD + "coursework: {columns: [layer, {quantity: k}]}\n", False),
        (GOOD + "coursework: {blanks: [{quantities: [neurons, k]}]}\n", False),
        (GOOD + "coursework: {quantities: {k: 3}, blanks: [{quantities: stride}]}\n", False),
        (GOOD + "coursework: {columns: [layer, macs, output_size, receptive_field, parameters_share]}\n", True),
        (GOOD + "coursework: {blanks: [{quantities: neurons, tolerance: {relative: 0.1}}]}\n", True),
        (GOOD + "coursework: {blanks: [{quantities: neurons, tolerance: {}}]}\n", False),
        (GOOD + "coursework: {blanks: [{quantities: neurons, tolerance: {absolute: 1, places: 1}}]}\n", False),
        (GOOD + "coursework: {blanks: [{quantities: neurons, tolerance: {absolute: -1}}]}\n", False),
        (GOOD + "coursework: {blanks: [{quantities: neurons, tolerance: {places: 0.5}}]}\n", False),
        (GOOD + "coursework: {blanks: [{quantities: neurons, tolerance: 3}]}\n", False),
        (GOOD + "coursework: {conventions: {flops: 1 per MAC, dtype: int8}}\n", True),
        (GOOD + "coursework: {conventions: {dtype: int9}}\n", False),
        (GOOD + "coursework: {errata: [one, two], subtotals: false}\n", True),
        (GOOD + "coursework: {errata: {one: two}}\n", False),
        (GOOD + "coursework: {subtotals: no}\n", False),
    ],
)
def test_the_reader_and_the_schema_agree(tmp_path: Path, text: str, right: bool) -> None:
    path = written(tmp_path, text)
    assert VALIDATOR.is_valid(_data(path)) is right
    if right:
        read(path)
    else:
        with pytest.raises(SpecError):
            read(path)


def test_the_one_thing_a_schema_cannot_see(tmp_path: Path) -> None:
    """JSON has one kind of number: 5.0 is an integer to a schema, but not to the reader."""
    path = written(tmp_path, _with(", stride: 1.0"))
    assert VALIDATOR.is_valid(_data(path))
    assert problems(tmp_path, _with(", stride: 1.0")) == [
        LAYER + ".stride: must be a whole number or [height, width], not 1.0"
    ]


def test_the_schema_knows_every_quantity() -> None:
    asked = SCHEMA["$defs"]["Blank"]["properties"]["quantities"]["anyOf"][0]
    assert asked["anyOf"][0]["enum"] == list(QUANTITIES)
