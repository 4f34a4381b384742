"""Blocks: written out into rows, parameters put in, names looked up; and every mistake in them, once, with its row."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from sheetgen.network import Block
from sheetgen.spec import read
from sheetgen.table import Table, compute
from tests.amounts import amount
from tests.yamls import good, problems

SPECS = Path(__file__).parents[1] / "data" / "specs"
CONV = "{type: Conv2d, out_channels: $n, kernel_size: 3}"
RELU = "{A: {layers: {x: {type: ReLU}}}}"


def text(blocks: str, layers: str, shape: str = "[3, 32, 32]") -> str:
    """Line 1 is network:, the blocks are line 3 and the layers line 4."""
    return f"network:\n  input: {shape}\n  blocks: {blocks}\n  layers: {layers}\n"


def sources(folder: Path, blocks: str, layers: str) -> dict[str, tuple[str, ...]]:
    return {layer.name: layer.sources for layer in good(folder, text(blocks, layers)).network.layers}


def table_of(name: str) -> Table:
    coursework = read(SPECS / f"{name}.yaml")
    return compute(coursework.network, coursework.conventions, coursework.rows, wanted=("fixed_parameters",))


# --- the examples ---------------------------------------------------------------------------------------------------


def test_inception() -> None:
    table = table_of("inception_block")
    assert list(table.blocks) == ["3a", "3b"]
    assert table.blocks["3a"] == tuple(
        f"3a.{name}" for name in ("1x1", "3x3_reduce", "3x3", "5x5_reduce", "5x5", "pool", "pool_proj", "output")
    )
    rows = {row.name: row for row in table.rows}
    assert rows["3a.output"].sources == ("3a.1x1", "3a.3x3", "3a.5x5", "3a.pool_proj")
    assert rows["3a.pool"].sources == ("pool2",)
    assert rows["3b.1x1"].sources == rows["3b.pool"].sources == ("3a.output",)
    assert rows["3a.output"].output == (256, 28, 28)  # Szegedy 2015, table 1
    assert rows["3b.output"].output == (480, 28, 28)
    assert [table.value(f"{name}.parameters") for name in table.blocks] == [163_696, 388_736]


def test_residual_blocks_in_blocks() -> None:
    table = table_of("resnet_block")
    assert list(table.blocks) == ["conv1", "stage1a", "stage1b"]
    assert table.rows[0].name == "conv1.conv"
    assert len(table.blocks["stage1b"]) == 2 * 7
    rows = {row.name: row for row in table.rows}
    assert rows["stage1a.shortcut.conv"].sources == ("pool1",)
    assert rows["stage1a.add"].sources == ("stage1a.expand.bn", "stage1a.shortcut.bn")
    assert rows["stage1b.1.add"].sources == ("stage1b.1.expand.bn", "stage1a.add")
    assert rows["stage1b.2.add"].sources == ("stage1b.2.expand.bn", "stage1b.1.add")
    # the first stage of ResNet-50: 215,808 parameters (torchvision's layer1)
    assert amount(table.value("stage1a.parameters")) + amount(table.value("stage1b.parameters")) == 215_808
    assert table.value("conv1.parameters") == 9_408 + 128
    assert rows["stage1b.2.add"].output == (256, 56, 56)


def test_unet() -> None:
    table = table_of("unet")
    sizes = {row.name: row.output for row in table.rows}
    # Ronneberger 2015, figure 1
    assert [sizes[f"down{i}.conv_b"][1] for i in (1, 2, 3, 4)] == [568, 280, 136, 64]
    assert [sizes[f"dec{i}.conv_b"][1] for i in (4, 3, 2, 1)] == [52, 100, 196, 388]
    assert sizes["bottom.conv_b"] == (1024, 28, 28)
    assert sizes["crop4"] == (512, 56, 56)
    assert sizes["cat4"] == (1024, 56, 56)
    assert sizes["out"] == (2, 388, 388)
    assert next(row for row in table.rows if row.name == "crop4").sources == ("down4.conv_b",)


def test_lenet5() -> None:
    table = table_of("lenet5")
    parameters = {row.name: row.values["parameters"] for row in table.rows}
    assert parameters == {"C1": 156, "S2": 12, "C3": 1_516, "S4": 32, "C5": 48_120, "F6": 10_164, "OUTPUT": 0}
    connections = [122_304, 5_880, 151_600, 2_000, 48_120, 10_164, 840]  # LeCun 1998, section II.B
    assert [row.values["connections"] for row in table.rows] == connections
    assert (table.totals["parameters"], table.totals["connections"]) == (60_000, 340_908)
    assert table.totals["fixed_parameters"] == 840


# --- what is right --------------------------------------------------------------------------------------------------


def test_parameters_and_their_defaults(tmp_path: Path) -> None:
    blocks = "{A: {parameters: {n: , k: 3, pad: [0, 1]}, layers: {x: {type: Conv2d, out_channels: $n, "
    blocks += "kernel_size: [$k, 1], padding: $pad, init: {std: $k}}}}}"
    net = good(
        tmp_path, text(blocks, "{a: {type: A, n: 4}, b: {type: A, n: 5, k: 5, pad: 0}, c: {type: A, n: 6, k: }}")
    )
    kinds = {layer.name: layer.kind for layer in net.network.layers}
    assert [kinds[name].settings()["out_channels"] for name in ("a.x", "b.x", "c.x")] == [4, 5, 6]
    assert [kinds[name].settings()["kernel_height"] for name in ("a.x", "b.x", "c.x")] == [
        3,
        5,
        3,
    ]  # k: is as if absent
    assert [kinds[name].settings()["padding_width"] for name in ("a.x", "b.x", "c.x")] == [1, 0, 1]


def test_a_type_and_a_name_may_be_parameters(tmp_path: Path) -> None:
    blocks = "{A: {parameters: {t: ReLU, f: input, r: 1}, layers: {x: {type: $t, from: $f, repeat: $r}}}}"
    layers = "{s: {type: ReLU}, a: {type: A, t: Tanh}, b: {type: A, f: s, r: 2}}"
    kinds = [layer.kind.type for layer in good(tmp_path, text(blocks, layers)).network.layers]
    assert kinds == ["ReLU", "Tanh", "ReLU", "ReLU"]
    assert sources(tmp_path, blocks, layers) == {
        "s": ("input",),
        "a.x": ("s",),
        "b.x.1": ("s",),
        "b.x.2": ("b.x.1",),
    }


def test_a_dollar_elsewhere_is_a_dollar(tmp_path: Path) -> None:
    blocks = "{A: {parameters: {n: 1}, layers: {$n: {type: ReLU}, cash$: {type: ReLU}}}}"
    assert list(sources(tmp_path, blocks, "{a: {type: A}}")) == ["a.$n", "a.cash$"]


def test_names_are_looked_up_inside_first_then_outside(tmp_path: Path) -> None:
    blocks = "{A: {layers: {y: {type: ReLU, from: x}, x: {type: ReLU, from: input}, z: {type: ReLU, from: x}}}}"
    assert sources(tmp_path, blocks, "{x: {type: ReLU}, s: {type: ReLU}, a: {type: A}}") == {
        "x": ("input",),
        "s": ("x",),
        "a.y": ("x",),  # no x inside above it
        "a.x": ("s",),
        "a.z": ("a.x",),
    }


def test_input_is_what_the_block_reads_at_every_level(tmp_path: Path) -> None:
    blocks = "{In: {layers: {x: {type: ReLU}, y: {type: Add, from: [x, input]}}}, "
    blocks += "Out: {layers: {p: {type: ReLU}, q: {type: In}, r: {type: In, from: input}}}}"
    assert sources(tmp_path, blocks, "{a: {type: Out}, b: {type: Out, from: input}}") == {
        "a.p": ("input",),
        "a.q.x": ("a.p",),
        "a.q.y": ("a.q.x", "a.p"),
        "a.r.x": ("input",),
        "a.r.y": ("a.r.x", "input"),
        "b.p": ("input",),
        "b.q.x": ("b.p",),
        "b.q.y": ("b.q.x", "b.p"),
        "b.r.x": ("input",),
        "b.r.y": ("b.r.x", "input"),
    }


def test_dotted_names(tmp_path: Path) -> None:
    blocks = "{In: {layers: {x: {type: ReLU}, y: {type: ReLU}}}, "
    blocks += "Out: {layers: {p: {type: In}, q: {type: ReLU, from: p.x}, r: {type: ReLU, from: p}}}}"
    layers = "{a: {type: Out}, b: {type: In, repeat: 2}, c: {type: ReLU, from: a.p.x}, d: {type: ReLU, from: b.1}, "
    layers += "e: {type: ReLU, from: b.2.x}, f: {type: ReLU, from: b}, g: {type: ReLU, from: a.p}}"
    found = sources(tmp_path, blocks, layers)
    assert {name: found[name] for name in ("a.q", "a.r", "c", "d", "e", "f", "g")} == {
        "a.q": ("a.p.x",),
        "a.r": ("a.p.y",),  # a block's name is its last layer
        "c": ("a.p.x",),
        "d": ("b.1.y",),
        "e": ("b.2.x",),
        "f": ("b.2.y",),
        "g": ("a.p.y",),
    }


def test_repeated_layers_and_blocks_follow_one_another(tmp_path: Path) -> None:
    found = good(tmp_path, text(RELU, "{a: {type: A, repeat: 2, from: input}, r: {type: Tanh, repeat: 3}}")).network
    assert {layer.name: layer.source for layer in found.layers} == {
        "a.1.x": "input",
        "a.2.x": "a.1.x",
        "r.1": "a.2.x",
        "r.2": "r.1",
        "r.3": "r.2",
    }
    assert found.blocks == (
        Block("a", "A × 2", ("a.1.x", "a.2.x"), "input"),
        Block("r", "Tanh × 3", ("r.1", "r.2", "r.3"), "a.2.x"),
    )


def test_repeating_once_is_not_repeating(tmp_path: Path) -> None:
    found = good(tmp_path, text(RELU, "{a: {type: A, repeat: 1}, r: {type: Tanh, repeat: }}")).network
    assert [layer.name for layer in found.layers] == ["a.x", "r"]
    assert found.blocks == (Block("a", "A", ("a.x",), "input"),)


def test_like_and_weights_of_name_what_is_inside(tmp_path: Path) -> None:
    blocks = "{A: {layers: {x: {type: Conv2d, out_channels: 3, kernel_size: 3}, y: {type: CenterCrop, from: input, "
    blocks += "like: x}, z: {type: Conv2d, out_channels: 3, kernel_size: 3, weights_of: x}}}}"
    layers = "{a: {type: A}, b: {type: A}, c: {type: CenterCrop, from: input, like: a}, "
    layers += "d: {type: Conv2d, out_channels: 3, kernel_size: 3, weights_of: a.x}}"
    coursework = good(tmp_path, text(blocks, layers))
    found = {layer.name: (layer.like, layer.weights_of) for layer in coursework.network.layers}
    assert (found["a.y"], found["a.z"]) == (("a.x", None), (None, "a.x"))
    assert (found["b.y"], found["b.z"]) == (("b.x", None), (None, "b.x"))
    assert (found["c"], found["d"]) == (("a.z", None), (None, "a.x"))
    table = compute(coursework.network)
    assert table.value("a.y.out_height") == 30
    assert table.totals["parameters"] == 2 * 84


def test_any_script(tmp_path: Path) -> None:
    found = good(tmp_path, text("{Å: {layers: {層: {type: ReLU}}}}", "{ブロック: {type: Å, repeat: 2}}"))
    assert [layer.name for layer in found.network.layers] == ["ブロック.1.層", "ブロック.2.層"]


def test_layers_read_by_none(tmp_path: Path) -> None:
    blocks = "{A: {layers: {x: {type: ReLU}, y: {type: ReLU, from: input}}}}"
    warnings = good(tmp_path, text(blocks, "{a: {type: A}, b: {type: ReLU}}")).warnings
    assert warnings == ("my.yaml:4: network.layers.a: no layer reads a.x, though it is not the last",)
    unused = good(tmp_path, text(RELU, "{a: {type: ReLU}}")).warnings
    assert unused == ("my.yaml:3: network.blocks.A: no layer uses this block",)


# --- mistakes -------------------------------------------------------------------------------------------------------

A_BLOCK = "a block is a mapping with layers:, at least one, and parameters: if it has any"
A_NAME = (
    "a layer may not be called input, total or question, nor have a point in its name or more than 100 characters "
    "(200 with its blocks' names)"
)


@pytest.mark.parametrize(
    ("blocks", "layers", "said"),
    [
        # the block itself
        ("{A: {layers: {}}}", "{a: {type: A}}", [f"3: network.blocks.A: {A_BLOCK}"]),
        ("{A: {parameters: {n: 1}}}", "{a: {type: A}}", [f"3: network.blocks.A: {A_BLOCK}"]),
        ("{A: }", "{a: {type: A}}", [f"3: network.blocks.A: {A_BLOCK}"]),
        ("{A: 3}", "{a: {type: A}}", [f"3: network.blocks.A: {A_BLOCK}"]),
        (
            "[A]",
            "{a: {type: ReLU}}",
            ["3: network.blocks: must be a mapping of blocks, each with parameters: and layers:"],
        ),
        (
            "{A: {layers: {x: {type: ReLU}}, layer: 3}}",
            "{a: {type: A}}",
            ["3: network.blocks.A.layer: no such key; did you mean layers?"],
        ),
        (
            "{ReLU: {layers: {x: {type: Tanh}}}}",
            "{a: {type: ReLU}}",
            ["3: network.blocks.ReLU: ReLU is a layer type; give the block another name"],
        ),
        (
            "{A: {parameters: [n], layers: {x: {type: ReLU}}}}",
            "{a: {type: A}}",
            ["3: network.blocks.A.parameters: must be a mapping such as {out_channels: , stride: 1}"],
        ),
        (
            "{A: {parameters: {from: 3}, layers: {x: {type: ReLU}}}}",
            "{a: {type: A}}",
            ["3: network.blocks.A.parameters.from: is what every layer has; name it otherwise"],
        ),
        # its parameters
        (
            f"{{A: {{parameters: {{n: }}, layers: {{x: {CONV}}}}}}}",
            "{a: {type: A}, b: {type: A, n: }, c: {type: A, n: 3}}",
            ["4: network.layers.a: the block A needs n:", "4: network.layers.b: the block A needs n:"],
        ),
        (
            f"{{A: {{parameters: {{n: 2}}, layers: {{x: {CONV}}}}}}}",
            "{a: {type: A, m: 3, activation: ReLU}}",
            [
                "4: network.layers.a.activation: the block A has no such parameter; known: n",
                "4: network.layers.a.m: the block A has no such parameter; known: n",
            ],
        ),
        (
            f"{{A: {{parameters: {{width: 2}}, layers: {{x: {CONV}}}}}}}",
            "{a: {type: A}, b: {type: A}}",
            ["3: network.blocks.A.layers.x.out_channels: the block has no parameter 'n'; known: width"],
        ),
        (
            f"{{A: {{parameters: {{n: }}, layers: {{x: {CONV}}}}}}}",
            "{a: {type: A, n: four}, b: {type: A, n: four}, c: {type: A, n: 0}}",
            [
                "3: network.blocks.A.layers.x.out_channels: must be a whole number, not 'four' (in a.x)",
                "3: network.blocks.A.layers.x.out_channels: must be greater than or equal to 1, not 0 (in c.x)",
            ],
        ),
        (
            "{A: {parameters: {n: 1}, layers: {x: {type: ReLU, from: $n}}}}",
            "{a: {type: A}}",
            ["3: network.blocks.A.layers.x.from: must be text, not 1 (in a.x)"],
        ),
        (
            RELU,
            "{c: {type: Conv2d, out_channels: $n, kernel_size: $}}",
            [
                "4: network.layers.c.kernel_size: $ stands for a parameter, and only a block has parameters",
                "4: network.layers.c.out_channels: $n stands for a parameter, and only a block has parameters",
            ],
        ),
        (RELU, "{a: $x}", ["4: network.layers.a: $x stands for a parameter, and only a block has parameters"]),
        # what is in it
        (
            "{A: {layers: {x: {type: Conv2D}, y: {kernel: 3}, z: 3}}}",
            "{a: {type: A}, b: {type: A, repeat: 5}}",
            [
                "3: network.blocks.A.layers.x.type: no such layer type 'Conv2D'; did you mean Conv2d? (in a.x)",
                "3: network.blocks.A.layers.y: type: must be given (in a.y)",
                "3: network.blocks.A.layers.z: a layer is a mapping such as {type: Conv2d, ...}, not 3 (in a.z)",
            ],
        ),
        ("{A: {layers: {input: {type: ReLU}}}}", "{a: {type: A}}", [f"3: network.blocks.A.layers.input: {A_NAME}"]),
        ("{A: {layers: {x.y: {type: ReLU}}}}", "{a: {type: A}}", [f"3: network.blocks.A.layers.x.y: {A_NAME}"]),
        (
            "{A: {layers: {x: {type: ReLU}, X: {type: ReLU}}}}",
            "{a: {type: A}}",
            ["3: network.blocks.A.layers.X: a workbook cannot tell it from 'a.x'; give it another name"],
        ),
        (
            "{A: {layers: {x: {type: ReLU}, y: {type: ReLU, from: 1x1}}}}",
            "{s: {type: ReLU}, a: {type: A}}",
            ["3: network.blocks.A.layers.y.from: there is no layer '1x1' above this one; known: input, x, s"],
        ),
        (
            "{A: {layers: {x: {type: ReLU, from: a}}}}",
            "{a: {type: A}}",
            ["3: network.blocks.A.layers.x.from: there is no layer 'a' above this one; known: input"],
        ),
        (
            "{A: {layers: {x: {type: CenterCrop, like: x}, y: {type: Linear, out_features: 1, weights_of: y}}}}",
            "{a: {type: A}}",
            [
                "3: network.blocks.A.layers.x.like: there is no layer 'x' above this one; known: input",
                "3: network.blocks.A.layers.y.weights_of: there is no layer 'y' above this one; known: input, x",
            ],
        ),
        # a block inside itself
        (
            "{A: {layers: {x: {type: B}}}, B: {layers: {y: {type: A}}}}",
            "{a: {type: A}}",
            [
                "3: network.blocks.B.layers.y: a block cannot contain itself, nor be deeper than 12: A in B in A "
                "(in a.x.y)"
            ],
        ),
        # its use
        (
            RELU,
            "{a: {type: A}, b: {type: A, from: [a, input]}}",
            ["4: network.layers.b.from: the block A has one input, not 2"],
        ),
        (
            RELU,
            "{a: {type: B}, b: {type: a}}",
            [
                "4: network.layers.a.type: no such layer type 'B'",
                "4: network.layers.b.type: no such layer type 'a'; did you mean A?",
            ],
        ),
        (
            RELU,
            "{a: {type: A}, b: {type: A, from: nowhere}}",
            ["4: network.layers.b.from: there is no layer 'nowhere' above this one; known: input, a"],
        ),
        (
            RELU,
            "{a: {type: A, repeat: 1e9}, b: {type: A, repeat: 0}, c: {type: ReLU, repeat: true}}",
            [
                "4: network.layers.a.repeat: must be a whole number from 1 to 1000, not 1000000000.0",
                "4: network.layers.b.repeat: must be a whole number from 1 to 1000, not 0",
                "4: network.layers.c.repeat: must be a whole number from 1 to 1000, not True",
            ],
        ),
        # arithmetic: where the YAML has the block, with the row
        (
            "{A: {layers: {x: {type: Conv2d, out_channels: 3, kernel_size: [40, 1]}}}}",
            "{a: {type: A}, b: {type: A}}",
            ["4: network.layers.a: a.x: the kernel is larger than its input: 40 rows, but the input has 32"],
        ),
    ],
)
def test_mistakes(tmp_path: Path, blocks: str, layers: str, said: list[str]) -> None:
    assert problems(tmp_path, text(blocks, layers)) == [f"my.yaml:{line}" for line in said]


def test_one_block_may_not_have_the_name_of_a_layer_beside_it(tmp_path: Path) -> None:
    (first, second) = problems(tmp_path, text(RELU, "{a: {type: A}, A: {type: A}}"))
    assert first == "my.yaml:3: network.blocks.A.layers.x: a workbook cannot tell it from 'a.x'; give it another name"
    assert second == "my.yaml:4: network.layers.A: a workbook cannot tell it from 'a'; give it another name"


def test_names_with_their_blocks_have_a_limit(tmp_path: Path) -> None:
    (problem,) = problems(
        tmp_path, text(f"{{A: {{layers: {{{'x' * 100}: {{type: ReLU}}}}}}}}", f"{{{'y' * 100}: {{type: A}}}}")
    )
    assert A_NAME in problem
    good(tmp_path, text(f"{{A: {{layers: {{{'x' * 99}: {{type: ReLU}}}}}}}}", f"{{{'y' * 100}: {{type: A}}}}"))


def test_a_thousand_rows_and_no_more(tmp_path: Path) -> None:
    blocks = "{A: {layers: {x: {type: ReLU, repeat: 100}}}}"
    assert len(good(tmp_path, text(blocks, "{a: {type: A, repeat: 10}}")).network.layers) == 1000
    assert problems(tmp_path, text(blocks, "{a: {type: A, repeat: 10}, b: {type: ReLU}}")) == [
        "my.yaml:4: network.layers.b: with its blocks written out a table may have at most 1000 layers"
    ]
    assert problems(tmp_path, text(blocks, "{a: {type: A, repeat: 11}}")) == [
        "my.yaml:3: network.blocks.A.layers.x: with its blocks written out a table may have at most 1000 layers "
        "(in a.11.x.1)"
    ]


@pytest.mark.parametrize("innermost", ["ReLU", "A"])
def test_blocks_that_multiply_end(tmp_path: Path, innermost: str) -> None:
    """A thousand times a thousand times a thousand, or blocks that contain themselves a thousand times."""
    blocks = "{A: {layers: {x: {type: B, repeat: 1000}}}, B: {layers: {x: {type: C, repeat: 1000}, "
    blocks += f"y: {{type: C, repeat: 1000}}}}}}, C: {{layers: {{x: {{type: {innermost}, repeat: 1000}}}}}}}}"
    started = time.perf_counter()
    (problem,) = problems(tmp_path, text(blocks, "{a: {type: A, repeat: 1000}, b: {type: A, repeat: 1000}}"))
    assert "at most 1000 layers" in problem if innermost == "ReLU" else "cannot contain itself" in problem
    assert time.perf_counter() - started < 3


def test_a_chain_of_blocks_may_be_twelve_deep(tmp_path: Path) -> None:
    def chain(depth: int) -> str:
        inner = ", ".join(f"B{i}: {{layers: {{x: {{type: {f'B{i + 1}' if i < depth else 'ReLU'}}}}}}}"
                          for i in range(1, depth + 1))  # fmt: skip
        return f"{{{inner}}}"

    assert good(tmp_path, text(chain(12), "{a: {type: B1}}")).rows == ("a" + ".x" * 12,)
    (problem,) = problems(tmp_path, text(chain(13), "{a: {type: B1}}"))
    assert "nor be deeper than 12: B13 in B12 in B11" in problem


# --- weights that are used again ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("layers", "said"),
    [
        (
            "{a: {type: ReLU}, b: {type: Linear, out_features: 3, weights_of: a}}",
            "b.weights_of: a is no Linear, whose weights could be used again",
        ),
        (
            "{b: {type: Linear, out_features: 3, weights_of: input}}",
            "b.weights_of: input is no Linear, whose weights could be used again",
        ),
        (
            "{a: {type: Linear, out_features: 4}, b: {type: Linear, out_features: 3, weights_of: a}}",
            "b.weights_of: a has other settings, so its weights do not fit",
        ),
        (
            "{a: {type: Linear, out_features: 3}, b: {type: Linear, out_features: 3, weights_of: a}}",
            "b: a has 9219 weights and biases, but it would need 12 for its own input",
        ),
        (
            "{a: {type: BatchNorm2d}, c: {type: Conv2d, out_channels: 4, kernel_size: 1}, "
            "b: {type: BatchNorm2d, weights_of: a}}",
            "b: a has 6 weights and biases, but it would need 8 for its own input",
        ),
    ],
)
def test_weights_that_do_not_fit(tmp_path: Path, layers: str, said: str) -> None:
    assert problems(tmp_path, text("{}", layers)) == [f"my.yaml:4: network.layers.{said}"]


def test_weights_that_fit(tmp_path: Path) -> None:
    layers = "{a: {type: Conv2d, out_channels: 3, kernel_size: 3, padding: 1, activation: ReLU}, p: {type: MaxPool2d, "
    layers += "kernel_size: 2}, b: {type: Conv2d, out_channels: 3, kernel_size: 3, padding: 1, weights_of: a}, "
    layers += "c: {type: Conv2d, out_channels: 3, kernel_size: 3, padding: 1, weights_of: b, init: {std: 1}}}"
    assert compute(good(tmp_path, text("{}", layers)).network).totals["parameters"] == 84


# --- joins and crops ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("layers", "said"),
    [
        (
            "{a: {type: Conv2d, out_channels: 4, kernel_size: 3}, b: {type: Add, from: [a, input]}}",
            "b: the shapes of what is added must be the same, but a is 4 × 30 × 30, input is 3 × 32 × 32 "
            "(channels × height × width)",
        ),
        (
            "{a: {type: Conv2d, out_channels: 4, kernel_size: 3}, b: {type: Concat, from: [a, input]}}",
            "b: height and width of what is concatenated must be the same, but a is 4 × 30 × 30, input is 3 × 32 × 32 "
            "(channels × height × width)",
        ),
        (
            "{a: {type: Conv2d, out_channels: 4, kernel_size: 3}, b: {type: CenterCrop, from: a, like: input}}",
            "b: cannot crop 30 × 30 (height × width) to 32 × 32, the size of input",
        ),
        ("{b: {type: Add}}", "b.from: must be given"),
        ("{b: {type: Add, from: input}}", "b.from: must be a list, not 'input'"),
        ("{b: {type: Add, from: []}}", "b.from: must name two layers, or more up to 100, not []"),
        ("{b: {type: Add, from: [input]}}", "b.from: must name two layers, or more up to 100, not ['input']"),
        ("{b: {type: Add, from: [input, 3]}}", "b.from[1]: must be text, not 3"),
        ("{b: {type: Add, from: [input, [input]]}}", "b.from[1]: must be text, not ['input']"),
        ("{b: {type: Add, from: [input, c]}}", "b.from[1]: there is no layer 'c' above this one; known: input"),
        ("{b: {type: ReLU, from: [input]}}", "b.from: must be text, not ['input']"),
        ("{b: {type: ReLU, from: []}}", "b.from: must be text, not []"),
        ("{b: {type: CenterCrop}}", "b.like: must be given"),
        ("{b: {type: CenterCrop, like: 3}}", "b.like: must be text, not 3"),
        ("{b: {type: CenterCrop, like: c}}", "b.like: there is no layer 'c' above this one; known: input"),
        (
            "{b: {type: ConvTranspose2d, out_channels: 1, kernel_size: 3, stride: [2, 1], output_padding: [1, 1]}}",
            "b: output_padding 1 of the width must be less than its stride or its dilation, 1 (PyTorch)",
        ),
        (
            "{b: {type: ConvTranspose2d, out_channels: 1, kernel_size: 3, padding: 20}}",
            "b: its output would be 1 × -6 × -6",
        ),
        (
            "{b: {type: ConvTranspose2d, out_channels: 4, kernel_size: 3, groups: 3}}",
            "b: groups: 3 must divide the 3 input and 4 output channels",
        ),
        (
            "{b: {type: Conv2d, out_channels: 2, kernel_size: 3, connection_table: [[0, 2], [1, 3]]}}",
            "b: connection_table names map 3, but the input has the maps 0 to 2",
        ),
        (
            "{b: {type: Conv2d, out_channels: 2, kernel_size: 3, connection_table: 5}}",
            "b.connection_table: must be a list with the input maps of each output map, counted from 0, not 5",
        ),
        (
            "{b: {type: Conv2d, out_channels: 2, kernel_size: 3, connection_table: [[0]]}}",
            "b: connection_table has 1 row, one for each output map, but out_channels is 2",
        ),
        (
            "{b: {type: Conv2d, out_channels: 2, kernel_size: 3, connection_table: [[0], [1]], groups: 2}}",
            "b: connection_table and groups exclude each other",
        ),
        (
            "{b: {type: Subsample2d, kernel_size: [33, 1]}}",
            "b: the kernel is larger than its input: 33 rows, but the input has 32",
        ),
    ],
)
def test_mistakes_of_joins_crops_and_other_kinds(tmp_path: Path, layers: str, said: str) -> None:
    assert problems(tmp_path, text("{}", layers)) == [f"my.yaml:4: network.layers.{said}"]


@pytest.mark.parametrize("kind", ["Conv2d", "ConvTranspose2d"])
def test_a_huge_kernel_is_refused_quickly_where_padding_is_not_counted(tmp_path: Path, kind: str) -> None:
    layers = f"{{b: {{type: {kind}, out_channels: 1, kernel_size: 10000000, padding: 10000000, stride: 10000000}}}}"
    started = time.perf_counter()
    found = problems(tmp_path, text("{}", layers) + "coursework: {conventions: {padding: not counted}}\n")
    assert found[0].startswith("my.yaml:4: network.layers.b: ")
    assert time.perf_counter() - started < 2
