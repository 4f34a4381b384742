"""Quantities beyond the core: what is computed, for which layers, and what it adds up to in blocks and in all."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest

from sheetgen.expr import ExpressionError, parse, symbols
from sheetgen.layers import KINDS, Conventions, Layer
from sheetgen.network import Block, NamedLayer, Network
from sheetgen.quantities import COMPOSITE, CORE, FRACTIONAL, QUANTITIES, SHARES, SUMMABLE, Custom
from sheetgen.table import Table, compute, quantities
from tests.amounts import amount, total


def _layer(kind: str, **fields: Any) -> Layer:
    return KINDS[kind].model_validate({"type": kind, **fields})


def small(channels: int = 3) -> Network:
    """An inception block of two branches behind a convolution, then a classifier whose weights are fixed."""
    layers = (
        NamedLayer("stem", _layer("Conv2d", out_channels=4, kernel_size=3, bias=False), ("input",)),
        NamedLayer("bn", _layer("BatchNorm2d", activation="ReLU"), ("stem",)),
        NamedLayer("3a.1x1", _layer("Conv2d", out_channels=2, kernel_size=1), ("bn",)),
        NamedLayer("3a.3x3", _layer("Conv2d", out_channels=6, kernel_size=3, padding=1), ("bn",)),
        NamedLayer("3a.output", _layer("Concat", **{"from": ["1x1", "3x3"]}), ("3a.1x1", "3a.3x3")),
        NamedLayer("pool", _layer("MaxPool2d", kernel_size=2), ("3a.output",)),
        NamedLayer("fc", _layer("Linear", out_features=10), ("pool",)),
        NamedLayer("rbf", _layer("Linear", out_features=5, bias=False, trainable=False), ("fc",)),
    )
    block = Block("3a", "Inception", ("3a.1x1", "3a.3x3", "3a.output"), "bn")
    return Network("small", (channels, 8, 8), layers, (block,))


def table_of(*wanted: str, custom: tuple[Custom, ...] = (), said: Conventions | None = None, **more: Any) -> Table:
    return compute(small(), said, wanted=wanted, custom=custom, **more)


ALL = tuple(name for name in QUANTITIES if not name.startswith(("receptive_field", "jump", "centre")))


def test_by_hand() -> None:
    table = table_of(*ALL)
    rows = {row.name: row.values for row in table.rows}
    assert {name: rows["3a.3x3"][name] for name in ALL} == {
        "in_channels": 4, "in_height": 6, "in_width": 6, "out_channels": 6, "out_height": 6, "out_width": 6,
        "input_size": "6 x 6 x 4", "output_size": "6 x 6 x 6", "neurons": 216, "fan_in": 36, "weights": 216,
        "biases": 6, "parameters": 222, "fixed_parameters": 0, "running_statistics": 0, "connections": 37 * 216,
        "macs": 36 * 216, "flops": 72 * 216, "activation_memory": 864, "parameter_memory": 888,
        "fully_connected_parameters": 145 * 216, "fully_connected_ratio": Fraction(145 * 216, 222),
        "parameters_share": Fraction(222, 1078), "connections_share": 37 * 216 / amount(table.totals["connections"]),
        "macs_share": Fraction(36 * 216, 27 * 144 + 4 * 72 + 36 * 216 + 720 + 50),
    }  # fmt: skip
    assert rows["3a.output"]["input_size"] == "6 x 6 x 8"  # both branches
    assert rows["fc"]["input_size"] == "3 x 3 x 8"
    assert rows["fc"]["output_size"] == 10  # of a list, its length
    assert rows["bn"]["parameter_memory"] == 32  # the running statistics are no parameters
    assert [rows["rbf"][name] for name in ("parameters", "fixed_parameters", "parameter_memory")] == [0, 50, 200]


def test_published_reduction_of_parameters() -> None:
    """What question 2 asks: AlexNet's conv1 has 34,944 parameters; fully connected it would have 44,892,355,200."""
    net = Network("n", (3, 227, 227), (NamedLayer("c", _layer("Conv2d", out_channels=96, kernel_size=11, stride=4),
                                                  ("input",)),))  # fmt: skip
    table = compute(net, wanted=("fully_connected_ratio",))
    whole = (3 * 227 * 227 + 1) * 290400
    assert table.value("c.fully_connected_parameters") == whole
    assert table.value("c.fully_connected_ratio") == Fraction(whole, 34944)
    assert table.working("c.fully_connected_ratio") == f"{whole}/34944 ≈ 1.28469e+06"


def test_every_number_of_a_layer_has_a_formula_whose_names_are_bound() -> None:
    trees = quantities(small(), Conventions(), wanted=tuple(QUANTITIES))
    for answer, quantity in trees.items():
        assert quantity.id == answer
        assert set(symbols(parse(quantity.text))) == quantity.binds.keys()
        for bind in quantity.binds.values():
            assert isinstance(bind, int) or bind in trees, (answer, bind)


@pytest.mark.parametrize("name", SUMMABLE)
def test_totals_and_blocks_are_sums_of_their_layers(name: str) -> None:
    table = table_of(name)
    of = {row.name: row.values[name] for row in table.rows}
    assert table.totals[name] == table.value(f"total.{name}") == total(of.values())
    assert table.value(f"3a.{name}") == total(number for layer, number in of.items() if layer.startswith("3a."))


@pytest.mark.parametrize(("share", "of"), SHARES.items())
def test_shares_add_up_to_one(share: str, of: str) -> None:
    table = table_of(share)
    parts = [row.values[share] for row in table.rows]
    assert total(parts) == 1
    assert table.value(f"3a.{share}") == total(parts[2:5])
    assert table.value(f"3a.{share}") == amount(table.value(f"3a.{of}")) / amount(table.value(f"total.{of}"))
    assert share not in table.totals
    assert of in table.totals  # which it is a share of, asked for or not


def test_a_block_has_the_shapes_of_its_ends() -> None:
    table = table_of("input_size", "output_size")
    assert [table.value(f"3a.{name}") for name in ("in_channels", "in_height", "in_width")] == [4, 6, 6]
    assert [table.value(f"3a.{name}") for name in ("out_channels", "out_height", "out_width")] == [8, 6, 6]
    assert table.value("3a.input_size") == "6 x 6 x 4"
    assert table.value("3a.output_size") == "6 x 6 x 8"
    assert table.blocks == {"3a": ("3a.1x1", "3a.3x3", "3a.output")}
    at_once = Network("n", (3, 8, 8), small().layers[:1], (Block("b", "B", ("stem",), "input"),))
    assert compute(at_once).value("b.in_height") == 8


def test_a_block_adds_up_the_rows_that_are_shown() -> None:
    names = [layer.name for layer in small().layers]
    table = table_of(rows=[name for name in names if name != "3a.3x3"])
    assert table.value("3a.parameters") == 10
    assert table.blocks == {"3a": ("3a.1x1", "3a.output")}
    assert table_of(rows=names[:2]).blocks == {}
    assert "3a.parameters" not in table_of(rows=names[:2]).numbers


def test_what_is_not_asked_for_is_not_computed() -> None:
    table = table_of()
    assert table.totals.keys() == set(CORE) & set(SUMMABLE)
    assert not {answer for answer in table.numbers if answer.endswith((".macs", ".flops", "_share", "_size"))}
    assert all(set(row.values) == set(CORE) for row in table.rows)
    macs = table_of("flops")
    assert macs.value("stem.macs") == 27 * 144  # needed, but shown by nobody
    assert "macs" not in macs.rows[0].values
    assert "macs" not in macs.totals


def test_given_numbers_reach_blocks_and_shares() -> None:
    table = table_of("parameters_share", given={"3a.3x3.parameters": 1000})
    assert table.value("3a.parameters") == 1010
    assert table.value("total.parameters") == 1078 - 222 + 1000
    assert table.value("fc.parameters_share") == Fraction(730, 1856)
    assert table_of("parameters_share", given={"total.parameters": 730}).value("fc.parameters_share") == 1


def test_every_quantity_is_named_once() -> None:
    assert set(CORE) <= set(QUANTITIES)
    assert set(SUMMABLE) <= set(QUANTITIES) - FRACTIONAL
    assert set(SHARES) <= FRACTIONAL <= set(QUANTITIES)
    assert set(COMPOSITE) <= set(QUANTITIES)
    assert len(set(QUANTITIES.values())) == len(QUANTITIES)


# --- quantities of a coursework's own -------------------------------------------------------------------------------


def own(name: str, formula: str, *, total: bool = False) -> Custom:
    return Custom(name, formula, name.capitalize(), total)


def test_own_quantities() -> None:
    custom = (own("memory_kib", "neurons * 4 // 1024", total=True), own("double", "2 * memory_kib"))
    table = table_of("memory_kib", "double", custom=custom)
    assert table.value("stem.memory_kib") == 144 * 4 // 1024 == 0
    assert table_of("k", custom=(own("k", "neurons * 4 / 1024"),)).value("stem.k") == Fraction(9, 16)
    assert table.totals["memory_kib"] == total(row.values["memory_kib"] for row in table.rows)
    assert "double" not in table.totals
    assert table.rows[0].values["double"] == 0
    assert table.working("stem.memory_kib") == "4*144 // 1024 = 0"


def test_a_layer_that_lacks_a_name_has_no_such_quantity() -> None:
    custom = (own("taps", "kernel_height * kernel_width"), own("more", "taps + 1"), own("joined", "in2_channels"))
    table = table_of("taps", "more", "joined", custom=custom)
    assert [row.values.get("taps") for row in table.rows] == [9, None, 1, 9, None, 4, None, None]
    assert [row.values.get("more") for row in table.rows] == [10, None, 2, 10, None, 5, None, None]
    assert [row.values.get("joined") for row in table.rows if "joined" in row.values] == [6]
    summed = compute(small(), wanted=("taps",), custom=(own("taps", "kernel_height", total=True),))
    assert summed.totals["taps"] == 3 + 1 + 3 + 2
    assert summed.value("3a.taps") == 4


def test_own_quantities_of_totals_and_settings_and_bytes() -> None:
    custom = (own("part", "neurons / total_neurons"), own("bits", "8 * bytes"), own("field", "receptive_field ** 2"))
    said = Conventions(dtype="float16")
    table = table_of("part", "bits", "field", custom=custom, said=said)
    assert total(row.values["part"] for row in table.rows) == 1
    assert {row.values["bits"] for row in table.rows} == {16}
    assert table.value("3a.3x3.field") == 25


def test_what_has_no_value_says_which() -> None:
    with pytest.raises(ExpressionError, match=r"^bn\.k: division by zero$"):
        table_of("k", custom=(own("k", "neurons / macs"),))
    nothing = Network("n", (1, 4, 4), (NamedLayer("r", _layer("ReLU"), ("input",)),))
    table = compute(nothing, wanted=("parameters_share", "less"), custom=(own("less", "1 - parameters_share"),))
    assert not {answer for answer in table.numbers if answer.endswith(("share", "less"))}  # a share of nothing
    shares = compute(small(), wanted=("parameters_share", "macs_share")).rows
    assert all({"parameters_share", "macs_share"} <= row.values.keys() for row in shares)


def test_a_quantity_that_names_itself_has_no_value_and_no_end() -> None:
    """The reader refuses it; whoever makes one by hand has none."""
    table = table_of("a", "b", custom=(own("a", "b + 1"), own("b", "a + 1")))
    assert not {answer for answer in table.numbers if answer.endswith((".a", ".b"))}


def test_deep_networks_with_shares() -> None:
    """A share asks for a total, and that for layers far behind, whose channels are those of the first."""
    named = [("c0", _layer("Conv2d", out_channels=2, kernel_size=1))]
    named += [(f"r{i}", _layer("ReLU")) for i in range(600)]
    named += [("c1", _layer("Conv2d", out_channels=2, kernel_size=1))]
    layers = tuple(NamedLayer(name, kind, (named[i - 1][0] if i else "input",)) for i, (name, kind) in enumerate(named))
    net = Network("deep", (2, 4, 4), layers)
    table = compute(net, rows=("c0", "c1"), wanted=("parameters_share", "receptive_field"))
    assert table.value("c0.parameters_share") == Fraction(1, 2)
    assert table.totals["parameters"] == 12
