"""What ``coursework:`` says of graphs: blocks and patterns, quantities of its own, tolerances, columns of all kinds."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest

from sheetgen.coursework import Asked
from sheetgen.quantities import QUANTITIES
from sheetgen.sheet import lay_out
from sheetgen.tolerance import Tolerance
from tests.yamls import good, problems

NETWORK = """\
network:
  input: [3, 32, 32]
  blocks:
    A: {parameters: {n: }, layers: {x: {type: Conv2d, out_channels: $n, kernel_size: 3}, y: {type: ReLU}}}
  layers:
    c1: {type: Conv2d, out_channels: 4, kernel_size: 5}
    3a: {type: A, n: 4}
    3b: {type: A, n: 5, repeat: 2}
    fc: {type: Linear, out_features: 10}
"""
ROWS = ("c1", "3a.x", "3a.y", "3b.1.x", "3b.1.y", "3b.2.x", "3b.2.y", "fc")


def blanks(folder: Path, said: str) -> list[str]:
    return list(good(folder, NETWORK + f"coursework: {said}\n").blanks)


def mistakes(folder: Path, said: str) -> list[str]:
    """Those in the coursework, which is line 10, without file and line."""
    found = problems(folder, NETWORK + f"coursework: {said}\n")
    assert all(line.startswith("my.yaml:10: coursework") for line in found)
    return [line.removeprefix("my.yaml:10: coursework") for line in found]


# --- layers, blocks and patterns ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("named", "rows"),
    [
        ("3a", ["3a.x", "3a.y"]),
        ("3b", ["3b.1.x", "3b.1.y", "3b.2.x", "3b.2.y"]),
        ("3b.1", ["3b.1.x", "3b.1.y"]),
        ("3b.2.y", ["3b.2.y"]),
        ("'*.x'", ["3a.x", "3b.1.x", "3b.2.x"]),
        ("'3?.x'", ["3a.x"]),
        ("'3[ab].*x'", ["3a.x", "3b.1.x", "3b.2.x"]),
        ("[fc, 3a, c1, 3a.x]", ["fc", "3a.x", "3a.y", "c1"]),
        ("'*'", list(ROWS)),
        ("[c1, total]", ["c1", "total"]),
    ],
)
def test_layers_blocks_and_patterns(tmp_path: Path, named: str, rows: list[str]) -> None:
    asked = f"{{blanks: [{{quantities: parameters, layers: {named}}}]}}"
    assert blanks(tmp_path, asked) == [f"{row}.parameters" for row in rows]


def test_a_pattern_is_of_layers_not_of_pseudo_layers(tmp_path: Path) -> None:
    (mistake,) = mistakes(tmp_path, "{blanks: [{quantities: parameters, layers: 'tot*'}]}")
    assert mistake.startswith(".blanks[0].layers[0]: no layer is like 'tot*'")


def test_given_takes_blocks_and_patterns_too(tmp_path: Path) -> None:
    coursework = good(tmp_path, NETWORK + "coursework: {blanks: [{quantities: neurons, given: [3b, '3a.*']}]}\n")
    assert list(coursework.blanks) == ["c1.neurons", "fc.neurons"]
    assert coursework.given == {f"{row}.neurons" for row in ROWS[1:7]}


@pytest.mark.parametrize(
    ("named", "rows"),
    [("3a.y", 7), ("'*.y'", 5), ("['3a.y', '3b.?.y']", 5), ("[]", 8)],
)
def test_omit_takes_patterns_too(tmp_path: Path, named: str, rows: int) -> None:
    assert len(good(tmp_path, NETWORK + f"coursework: {{omit: {named}}}\n").rows) == rows


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("{omit: 3a}", [".omit[0]: 3a.x has parameters and cannot be left out: the totals would be wrong"]),
        (
            "{omit: ['*.y', c1, '3b.*']}",
            [
                ".omit[1]: c1 has parameters and cannot be left out: the totals would be wrong",
                ".omit[2]: 3b.1.x has parameters and cannot be left out: the totals would be wrong",
                ".omit[2]: 3b.2.x has parameters and cannot be left out: the totals would be wrong",
            ],
        ),
        (
            "{omit: 3c}",
            [".omit[0]: there is no layer '3c'; known: c1, 3a.x, 3a.y, 3b.1.x, 3b.1.y, 3b.2.x, 3b.2.y, fc, 3a, 3b"],
        ),
        (
            "{blanks: [{quantities: parameters, layers: 'z*'}]}",
            [
                ".blanks[0].layers[0]: no layer is like 'z*'; known: input, c1, 3a.x, 3a.y, 3b.1.x, 3b.1.y, 3b.2.x, "
                "3b.2.y, fc, total, 3a, 3b"
            ],
        ),
        (
            "{blanks: [{quantities: parameters, layers: c1, given: 3a}]}",
            [".blanks[0].given[0]: none of the layers of 3a is among those that are meant here"],
        ),
        (
            "{blanks: [{quantities: parameters, layers: [3a, c1]}, {quantities: parameters, layers: '3?.x'}]}",
            [".blanks[1]: 3a.x.parameters is a blank already"],
        ),
    ],
)
def test_names_that_mean_nothing(tmp_path: Path, said: str, told: list[str]) -> None:
    assert mistakes(tmp_path, said) == told


# --- blocks of their own row ----------------------------------------------------------------------------------------


def test_the_row_of_a_block_is_asked_for_by_blocks(tmp_path: Path) -> None:
    assert blanks(tmp_path, "{blanks: [{quantities: [parameters, out_height], blocks: [3a, 3b]}]}") == [
        "3a.parameters",
        "3b.parameters",
        "3a.out_height",
        "3b.out_height",
    ]
    assert blanks(tmp_path, "{blanks: [{quantities: neurons, layers: [c1, 3a], blocks: 3a}]}") == [
        "c1.neurons",
        "3a.x.neurons",
        "3a.y.neurons",
        "3a.neurons",
    ]


def test_the_row_of_a_block_is_never_asked_for_by_default(tmp_path: Path) -> None:
    asked = good(tmp_path, NETWORK).blanks
    assert {answer.rpartition(".")[0] for answer in asked} == {*ROWS, "total"}


@pytest.mark.parametrize(
    ("said", "told"),
    [
        (
            "{blanks: [{quantities: parameters, blocks: 3c}]}",
            ".blanks[0].blocks[0]: there is no block '3c'; known: 3a,",
        ),
        (
            "{blanks: [{quantities: parameters, blocks: [c1]}]}",
            ".blanks[0].blocks[0]: there is no block 'c1'; known: 3a",
        ),
        (
            "{subtotals: false, blanks: [{quantities: parameters, blocks: 3a}]}",
            ".blanks[0].blocks[0]: 3a has no row of its own: subtotals is false",
        ),
        (
            "{columns: [layer, jump], blanks: [{quantities: jump, blocks: 3a}]}",
            ".blanks[0]: 3a.jump cannot be a blank: the block has none",
        ),
        (
            "{columns: [layer, neurons], blanks: [{quantities: parameters, blocks: 3a}]}",
            ".blanks[0]: parameters cannot be a blank: the sheet has no column parameters; add it to columns:",
        ),
        ("{subtotals: no}", ".subtotals: must be true or false, not 'no'"),
    ],
)
def test_rows_of_blocks_that_cannot_be_asked_for(tmp_path: Path, said: str, told: str) -> None:
    (mistake,) = mistakes(tmp_path, said)
    assert mistake.startswith(told)


def test_where_blocks_are_grouped_the_sheet_is_open_unless_it_says_so(tmp_path: Path) -> None:
    assert not good(tmp_path, NETWORK).protect
    assert good(tmp_path, NETWORK + "coursework: {protect: true}\n").protect
    plain = "network: {input: [1, 4, 4], layers: {r: {type: ReLU}}}\n"
    assert good(tmp_path, plain).protect
    assert not good(tmp_path, plain + "coursework: {protect: false}\n").protect


# --- quantities of its own ------------------------------------------------------------------------------------------


def test_own_quantities(tmp_path: Path) -> None:
    said = (
        "quantities: {memory_kib: neurons * 4 // 1024, deep: {formula: memory_kib + 1, heading: D, total: true}, n: 3}"
    )
    coursework = good(
        tmp_path, NETWORK + f"coursework: {{{said}, columns: [layer, memory_kib, deep, {{quantity: n, heading: N}}]}}\n"
    )
    assert [(each.name, each.heading, each.total) for each in coursework.custom] == [
        ("memory_kib", "Memory kib", False),
        ("deep", "D", True),
        ("n", "N", False),
    ]
    assert [column.title for column in coursework.columns] == ["Layer", "Memory kib", "D", "N"]
    assert [answer for answer in coursework.blanks if answer.startswith(("c1", "total"))] == [
        "c1.memory_kib",
        "c1.deep",
        "c1.n",
        "total.deep",
    ]


@pytest.mark.parametrize(
    ("quantities", "told"),
    [
        ("{a: a}", [".a: a is declared below; it must stand above what is computed from it"]),
        ("{a: b, b: neurons}", [".a: b is declared below; it must stand above what is computed from it"]),
        ("{A: neurons}", [".A: a quantity's name is small letters, digits and _, and begins with a letter"]),
        ("{neurons: 3}", [".neurons: the name neurons is taken"]),
        ("{stride: 3}", [".stride: the name stride is taken"]),
        ("{kernel_height: 3}", [".kernel_height: the name kernel_height is taken"]),
        ("{in_size: 3, in2_jump: 3, out_x: 3, taps_height: 3, start: 3, start_width: 3, like_height: 3, bytes: 3}",
         [f".{name}: the name {name} is taken" for name in
          ("bytes", "in2_jump", "in_size", "like_height", "out_x", "start", "start_width", "taps_height")]),
        ("{a: nerons + 1}", [".a: no layer here has 'nerons'; did you mean neurons?"]),
        ("{a: neurons +}", [".a: cannot read the formula 'neurons +': invalid syntax"]),
        ("{a: sum(neurons)}", [".a: 'sum(neurons)' is not in the notation (names, numbers, + - * / // % **, min, max, "
                               "ceil_div, gcd, log2, size)"]),
        ("{a: output_size}", [".a: no layer here has 'output_size'"]),
        ("{a: scale_height}", [".a: no layer here has 'scale_height'; did you mean stride_height?"]),
        ("{a: [3]}", [".a: must be a mapping (key: value), not [3]"]),
        ("{a: }", [".a: must be a mapping (key: value), not None"]),
        ("{a: true}", [".a: must be a mapping (key: value), not True"]),
        ("{a: {formul: 3}}", [".a.formul: no such key; did you mean formula?", ".a.formula: must be given"]),
        ("{a: {formula: 3}}", [".a.formula: must be text, not 3"]),
        ("3", [": must be a mapping (key: value), not 3"]),
    ],
)  # fmt: skip
def test_mistakes_in_own_quantities(tmp_path: Path, quantities: str, told: list[str]) -> None:
    assert mistakes(tmp_path, f"{{quantities: {quantities}}}") == [f".quantities{each}" for each in told]


def test_all_mistakes_in_own_quantities_at_once(tmp_path: Path) -> None:
    said = "{quantities: {a: nerons, b: a, c: {formula: x y}, d: neurons}, columns: [layer, a, b, d, e], "
    said += "blanks: [{quantities: [a, d, f]}]}"
    assert [each.partition(":")[0] for each in mistakes(tmp_path, said)] == [
        ".blanks[0].quantities[2]",
        ".columns[4]",
        ".quantities.a",
        ".quantities.b",
        ".quantities.c",
    ]


@pytest.mark.parametrize(
    ("formula", "told"),
    [
        (
            "weights / biases",
            "3a.y.k: division by zero; a layer may have none of what it divides by: "
            "write max(parameters, 1), not parameters",
        ),
        ("2 ** neurons", "c1.k: a value grows too large"),
        ("log2(connections)", "3a.y.k: log2(0) has no value"),
    ],
)
def test_own_quantities_without_a_value_are_told_where_they_stand(tmp_path: Path, formula: str, told: str) -> None:
    said = f"{{quantities: {{k: {formula}}}, columns: [layer, k]}}"
    assert mistakes(tmp_path, said) == [f".quantities.k: {told}"]


@pytest.mark.parametrize("formula", ["2**2000", "2**2000 / 3", "-2**60", "10**15"])
def test_numbers_larger_than_excel_keeps(tmp_path: Path, formula: str) -> None:
    (problem,) = problems(tmp_path, NETWORK + f"coursework: {{quantities: {{k: {formula}}}, columns: [layer, k]}}\n")
    assert problem.startswith("my.yaml:6: network.layers.c1: c1.k is ")
    assert problem.endswith(": more than the 15 digits that Excel keeps")
    assert len(problem) < 250


def test_an_own_quantity_of_a_field_is_held_to_square_windows_too(tmp_path: Path) -> None:
    oblong = NETWORK.replace("kernel_size: 5", "kernel_size: [5, 3]")
    said = "coursework: {quantities: {k: receptive_field ** 2}, columns: [layer, k]}\n"
    good(tmp_path, NETWORK + said)
    assert problems(tmp_path, oblong + said) == [
        "my.yaml:10: coursework.quantities.k: the receptive_field of c1 is 5 (height) and 3 (width); "
        "use receptive_field_height and receptive_field_width"
    ]
    good(tmp_path, oblong + said.replace("receptive_field", "receptive_field_width"))


# --- columns --------------------------------------------------------------------------------------------------------


def test_one_column_for_both_sides_is_for_square_windows(tmp_path: Path) -> None:
    said = "coursework: {columns: [layer, jump, centre, receptive_field]}\n"
    good(tmp_path, NETWORK + said)
    assert problems(tmp_path, NETWORK.replace("kernel_size: 5", "kernel_size: 5, stride: [1, 2]") + said) == [
        "my.yaml:10: coursework.columns: the centre of 3a.x is 3 (height) and 4 (width); "
        "use centre_height and centre_width",
        "my.yaml:10: coursework.columns: the jump of c1 is 1 (height) and 2 (width); use jump_height and jump_width",
        "my.yaml:10: coursework.columns: the receptive_field of 3a.x is 7 (height) and 9 (width); "
        "use receptive_field_height and receptive_field_width",
    ]
    sided = "coursework: {columns: [layer, jump_height, jump_width, receptive_field_width, centre_height]}\n"
    good(tmp_path, NETWORK.replace("kernel_size: 5", "kernel_size: 5, stride: [1, 2]") + sided)


def test_shares_of_nothing(tmp_path: Path) -> None:
    text = "network: {input: [1, 4, 4], layers: {r: {type: ReLU}}}\ncoursework: {columns: [layer, macs_share]}\n"
    (slot,) = (
        slot for slot in lay_out(good(tmp_path, text)).slots if (slot.layer, slot.quantity) == ("r", "macs_share")
    )
    assert slot.kind == "none"
    said = "blanks: [{quantities: macs_share, layers: r}]}"
    (told,) = problems(tmp_path, text.replace("macs_share]}", f"macs_share], {said}"))
    assert "r.macs_share cannot be a blank: a ReLU has none" in told


def test_every_quantity_may_be_a_column(tmp_path: Path) -> None:
    coursework = good(tmp_path, NETWORK + f"coursework: {{columns: [layer, {', '.join(QUANTITIES)}]}}\n")
    table = lay_out(coursework).table
    assert set(table.rows[0].values) == set(QUANTITIES)
    assert table.value("fc.output_size") == 10
    assert table.value("3a.output_size") == "26 x 26 x 4"
    assert "fc.centre" in coursework.blanks
    assert "c1.out_channels" not in coursework.blanks  # given in the YAML


def test_a_size_in_one_cell_may_be_asked_for(tmp_path: Path) -> None:
    said = (
        "{columns: [layer, input_size, output_size], blanks: [{quantities: output_size, blocks: 3a, layers: [c1, fc]}]}"
    )
    assert blanks(tmp_path, said) == ["c1.output_size", "fc.output_size", "3a.output_size"]
    (mistake,) = mistakes(
        tmp_path, "{columns: [layer, output_size], blanks: [{quantities: output_size, layers: total}]}"
    )
    assert mistake.startswith(".blanks[0]: total.output_size cannot be a blank: a total of output_size means nothing")


def test_what_a_layer_has_not_is_no_blank(tmp_path: Path) -> None:
    said = "{columns: [layer, fully_connected_ratio], blanks: [{quantities: fully_connected_ratio}]}"
    asked = [f"{row}.fully_connected_ratio" for row in ("c1", "3a.x", "3b.1.x", "3b.2.x", "fc")]
    assert blanks(tmp_path, said) == asked
    said = "{columns: [layer, fully_connected_ratio], blanks: [{quantities: fully_connected_ratio, layers: 3a}]}"
    assert blanks(tmp_path, said) == ["3a.x.fully_connected_ratio"]
    (mistake,) = mistakes(tmp_path, said.replace("3a", "3a.y"))
    assert mistake == ".blanks[0]: 3a.y.fully_connected_ratio cannot be a blank: a ReLU has none"


# --- tolerances, errata, conventions --------------------------------------------------------------------------------


def test_tolerances(tmp_path: Path) -> None:
    said = "{blanks: [{quantities: neurons, layers: c1, marks: 2, tolerance: {relative: 0.01}}, {quantities: neurons, "
    said += "layers: 3a.x, tolerance: {absolute: 5}}, {quantities: neurons, layers: fc, tolerance: {places: 0}}, "
    said += "{quantities: weights, layers: fc, tolerance: }]}"
    coursework = good(tmp_path, NETWORK + f"coursework: {said}\n")
    assert coursework.blanks["c1.neurons"] == Asked(2, Tolerance(relative=0.01))
    assert coursework.blanks["fc.weights"] == Asked(1)
    near = {cell.answer: cell.near for cell in lay_out(coursework).blanks}
    assert near == {"c1.neurons": 31.36, "3a.x.neurons": 5, "fc.neurons": 0.5, "fc.weights": 0}


def test_how_far_off() -> None:
    assert Tolerance(absolute=0.5).distance(7) == 0.5
    assert Tolerance(relative=0.1).distance(Fraction(-5)) == 0.5
    assert [Tolerance(places=n).distance(7) for n in (0, 1, 2)] == [0.5, 0.05, 0.005]


@pytest.mark.parametrize(
    ("tolerance", "told"),
    [
        ("3", ".tolerance: must be a mapping (key: value), not 3"),
        ("{}", ".tolerance: must have exactly one of absolute:, relative: and places:"),
        ("{absolute: 1, places: 2}", ".tolerance: must have exactly one of absolute:, relative: and places:"),
        ("{absolut: 1}", ".tolerance.absolut: no such key; did you mean absolute?"),
        ("{absolute: -1}", ".tolerance.absolute: must be greater than or equal to 0, not -1"),
        ("{relative: .inf}", ".tolerance.relative: must be a finite number, not inf"),
        ("{places: 1.5}", ".tolerance.places: must be a whole number, not 1.5"),
        ("{places: 13}", ".tolerance.places: must be less than or equal to 12, not 13"),
    ],
)
def test_tolerances_that_cannot_be(tmp_path: Path, tolerance: str, told: str) -> None:
    said = f"{{blanks: [{{quantities: neurons, tolerance: {tolerance}}}]}}"
    assert mistakes(tmp_path, said) == [f".blanks[0]{told}"]


def test_errata(tmp_path: Path) -> None:
    assert good(tmp_path, NETWORK + "coursework: {errata: one}\n").errata == ("one",)
    assert good(tmp_path, NETWORK + "coursework: {errata: [one, two]}\n").errata == ("one", "two")
    assert mistakes(tmp_path, "{errata: [3]}") == [".errata[0]: must be text, not 3"]


@pytest.mark.parametrize(
    ("conventions", "told"),
    [
        ("{dtype: float12}", ".dtype: 'float12' is not one of the words allowed here; did you mean float32?"),
        ("{flops: 3}", ".flops: 3 is not one of the words allowed here; known: 2 per MAC, 1 per MAC"),
    ],
)
def test_conventions_that_cannot_be(tmp_path: Path, conventions: str, told: str) -> None:
    assert mistakes(tmp_path, f"{{conventions: {conventions}}}") == [f".conventions{told}"]


# --- all mistakes at once -------------------------------------------------------------------------------------------


def test_one_wrong_key_hides_none_of_the_others(tmp_path: Path) -> None:
    said = "{titel: x, conventions: {bias: no}, columns: [layer, nerons], omit: c2, "
    said += "blanks: [{quantities: parametres, layers: c3}]}"
    assert [each.partition(":")[0] for each in mistakes(tmp_path, said)] == [
        ".blanks[0].layers[0]",
        ".blanks[0].quantities[0]",
        ".columns[1]",
        ".conventions.bias",
        ".omit[0]",
        ".titel",
    ]


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("{columns: 3, blanks: [{quantities: macs}]}", [".columns: must be a list, not 3"]),
        ("{quantities: 3, columns: [layer, k], blanks: [{quantities: k}]}", [".quantities: must be a mapping (key: v"]),
        ("{subtotals: 3, blanks: [{quantities: neurons, blocks: 3a}]}", [".subtotals: must be true or false, not 3"]),
    ],
)
def test_a_wrong_key_makes_no_others_wrong(tmp_path: Path, said: str, told: list[str]) -> None:
    found = mistakes(tmp_path, said)
    assert len(found) == len(told)
    assert all(each.startswith(start) for each, start in zip(found, told, strict=True))
