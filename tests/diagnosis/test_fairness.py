"""What a student could complain of: marks lost for a blank, rules that are not theirs, numbers told too early.

Each number is worked out by hand; the layers' own numbers are those of AlexNet and GoogLeNet as the courseworks have
them.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path

import pytest

from sheetgen.api import sheet_of
from sheetgen.diagnosis import Finding, diagnose
from sheetgen.diagnosis.index import index_of
from sheetgen.diagnosis.trees import Number
from sheetgen.diagnosis.wording import cell_sentence, summary
from sheetgen.expr import Value
from tests.laid import Lay

IMAGE = "input.in_height"


def exactly(_answer: str, given: Value, right: Value) -> bool:
    return given == right


def found(
    wrong: Mapping[str, Number], course: str = "alexnet", blank: Collection[str] = (), computed: Collection[str] = ()
) -> dict[str, Finding]:
    """Of a student who has everything right but ``wrong`` and ``blank``."""
    sheet = sheet_of(course)
    right = [each for each in index_of(sheet).answers if each not in wrong and each not in blank]
    return diagnose(sheet, wrong, exactly, right=right, computed=computed)


def both(layer: str, size: int) -> dict[str, Number]:
    return {f"{layer}.out_height": size, f"{layer}.out_width": size}


def ids(finding: Finding) -> list[str]:
    return [why.id for why in finding.why]


def no_cell(_answer: str) -> str:
    return ""


# --- what follows ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("blank", [(), ("pool5.neurons", "fc6.weights")])
def test_a_cell_between_may_be_blank_or_right(blank: tuple[str, ...]) -> None:
    # pool5 7 x 7 for 6 x 6: 7*7*256 units of 9 connections; fc6's 7*7*256 inputs and a bias for each of 4096 units
    wrong = {**both("pool5", 7), "pool5.connections": 7 * 7 * 256 * 9, "fc6.parameters": (7 * 7 * 256 + 1) * 4096}
    findings = found(wrong, blank=blank)
    for answer in ("pool5.connections", "fc6.parameters"):
        assert findings[answer].credit
        assert set(findings[answer].follows) == {"pool5.out_height", "pool5.out_width"}
        assert ids(findings[answer]) == []
    wrong["pool5.connections"] = 7 * 6 * 256 * 9
    assert not found(wrong, blank=blank)["pool5.connections"].credit


def test_what_follows_from_a_copied_number_earns_its_part() -> None:
    # 3a without its pool_proj: 64 + 128 + 32, which is also 4b.3x3's number; a pool keeps the channels
    findings = found({"3a.output.out_channels": 224, "3b.pool.out_channels": 224}, "googlenet")
    assert ids(findings["3a.output.out_channels"])[0] == "lacks-input"
    assert findings["3b.pool.out_channels"].credit
    # 528 is 4d's number, and none that 3a's branches give: copied, and carried on rightly
    findings = found({"3a.output.out_channels": 528, "3b.pool.out_channels": 528}, "googlenet")
    assert ids(findings["3a.output.out_channels"])[0].startswith("row:")
    assert findings["3b.pool.out_channels"].credit
    # and what only one branch gives is still that: of 3b's 128, 192, 96 and 64 the largest
    assert ids(found({"3b.output.out_channels": 192}, "googlenet")["3b.output.out_channels"])[0] == "not-concatenated"


def test_nothing_is_earned_behind_what_cannot_be_however_far() -> None:
    # conv2 300 for 27: larger than the image of 227. pool2 (300 - 3)//2 + 1 = 149 = conv3, which are not
    wrong: dict[str, Number] = {**both("conv2", 300), **both("pool2", 149), **both("conv3", 149)}
    wrong |= {"conv3.neurons": 149 * 149 * 384, "conv3.connections": 149 * 149 * 384 * (9 * 256 + 1)}
    findings = found(wrong)
    behind = [answer for answer in wrong if not answer.startswith("conv2")]
    assert {findings[answer].barred for answer in behind} == {"impossible"}
    # -1 x -1 x 256 units are 256, which could be, and yet follow from what cannot
    wrong = {**both("conv2", -1), "conv2.neurons": 256, "conv2.connections": 256 * 2401}
    assert found(wrong)["conv2.connections"].barred == "impossible"
    # who is 1 off has nothing barred
    wrong = {**both("conv2", 26), "conv2.neurons": 26 * 26 * 256, "conv2.connections": 26 * 26 * 256 * 2401}
    assert found(wrong)["conv2.connections"].credit


def test_a_nought_bars_one_step_and_is_not_said_to_be_impossible() -> None:
    # conv1 without biases: 34848 parameters, 96 fewer than right, and so is the total of 62378344
    wrong = {"conv1.biases": 0, "conv1.parameters": 34848, "total.parameters": 62378248}
    findings = found(wrong)
    assert (findings["conv1.parameters"].barred, findings["total.parameters"].credit) == ("zero", True)
    said = cell_sentence(sheet_of("alexnet"), findings["conv1.parameters"], "34848", no_cell)
    assert said.endswith("It earns nothing, because it follows from a 0 or is one.")
    # a layer of no neurons at all cannot be
    assert found({"conv1.neurons": 0, "total.neurons": 491336})["total.neurons"].barred == "impossible"


def test_what_earns_nothing_is_not_called_right_in_the_summary() -> None:
    # 781736 neurons without conv1's 290400
    findings = found({"conv1.neurons": 0, "total.neurons": 491336})
    assert summary(sheet_of("alexnet"), findings, no_cell) == ("No reason was found for conv1, Neurons.",)
    findings = found({"conv1.neurons": 290401, "total.neurons": 781737})
    (told,) = summary(sheet_of("alexnet"), findings, no_cell)
    assert "1 later number follows from that" in told


# --- rules that are not the student's --------------------------------------------------------------------------------


def test_who_has_the_image_right_took_no_other() -> None:
    # conv5 12 for 13 is what 224 gives, and pool5's (12 - 3)//2 + 1 = 5
    wrong = {**both("conv5", 12), "pool5.neurons": 5 * 5 * 256}
    blank = ("pool5.out_height", "pool5.out_width")
    assert not any("input:224" in ids(each) for each in found(wrong, blank=blank).values())
    of_image = index_of(sheet_of("alexnet")).of_image
    assert IMAGE in of_image
    assert any("input:224" in ids(each) for each in found(wrong, blank=(*blank, *of_image)).values())
    # 226 is another wrong one: (226 - 11)//4 + 1 = 54, as 224 gives
    asked = [each for each in of_image if each != IMAGE]
    assert not any("input:224" in ids(each) for each in found({IMAGE: 226, **wrong}, blank=(*blank, *asked)).values())
    assert ids(found({IMAGE: 224, **wrong}, blank=(*blank, *asked))["pool5.neurons"]) == ["input:224"]


def test_a_rule_of_elsewhere_is_not_said_of_what_is_calculated_rightly() -> None:
    # conv2 forgets its padding, 27 - 5 + 1 = 23; pool2 (23 - 3)//2 + 1 = 11; conv3 11 + 2 - 3 + 1 = 11, rightly. Over
    # the true 13 it would be 13 - 3 + 1 = 11 without the padding
    findings = found({**both("conv2", 23), **both("pool2", 11), **both("conv3", 11)})
    assert ids(findings["conv2.out_height"])[0] == "drop:padding"
    assert findings["conv3.out_height"].credit
    assert ids(findings["conv3.out_height"]) == []


def test_a_formula_that_reads_the_right_cells_has_no_rule_in_it() -> None:
    # conv1's weights without the input channels, 11*11*96, and its parameters with the 96 biases
    wrong = {"conv1.weights": 11616, "conv1.parameters": 11712}
    typed, computed = found(wrong), found(wrong, computed=["conv1.parameters"])
    assert ids(typed["conv1.parameters"]) == ["drop:in_channels"]
    assert ids(computed["conv1.parameters"]) == []
    assert computed["conv1.parameters"].credit


def test_rows_that_are_right_speak_against_a_rule() -> None:
    # 227 by 4, 57 by 2, 28 = 27's own ... rounded up, as if the padding kept the size: the layers of stride 1 are
    # right, which without the kernel, 27 + 2*2 + 1 = 32, they would not be
    sizes = {"conv1": 57, "pool1": 29, "conv2": 29, "pool2": 15, "conv3": 15, "conv4": 15, "conv5": 15, "pool5": 8}
    findings = found({f"{layer}.out_height": size for layer, size in sizes.items()})
    assert ids(findings["conv1.out_height"]) == ids(findings["pool5.out_height"]) == ["same"]
    # (k - 1) of the new jump, 2, and k of the old one, 1, are the same in a pool of 2 by 2: pool1's field of 5 + 2 = 7.
    # Without the - 1 the convolutions behind would be 3 and not 2 jumps larger
    fields = {"pool1": 7, "conv2_1": 11, "conv2_2": 15, "pool2": 19, "conv3_1": 27, "conv3_2": 35, "conv3_3": 43}
    fields |= {"pool3": 51, "conv4_1": 67, "conv4_2": 83, "conv4_3": 99, "pool4": 115}
    fields |= {"conv5_1": 147, "conv5_2": 179, "conv5_3": 211, "pool5": 243}
    findings = found({f"{layer}.receptive_field": field for layer, field in fields.items()}, "vgg16")
    assert ids(findings["pool1.receptive_field"])[0] == ids(findings["pool2.receptive_field"])[0] == "swap:in_jump:jump"


def test_two_wrong_numbers_do_not_explain_each_other() -> None:
    # conv3 and conv5 have 3*3*256*384*13*13 and 3*3*384*256*13*13 products, the same: twice these in both
    twice = 2 * 9 * 256 * 384 * 169
    findings = found({"conv3.connections": twice, "conv5.connections": twice})
    assert [ids(each)[0] for each in findings.values()] == ["drop:biases+flops"] * 2
    # of a number that no rule gives the later may be a copy of the earlier one, and not the other way round
    copied = found({"conv3.connections": 271828182, "conv5.connections": 271828182})
    assert ids(copied["conv3.connections"]) == []
    assert ids(copied["conv5.connections"]) == ["row:conv3"]


def test_connections_counted_as_flops() -> None:
    # conv1: 55*55*96 units of 11*11*3 products and a bias
    right = 55 * 55 * 96 * (363 + 1)
    assert ids(found({"conv1.connections": 2 * right})["conv1.connections"])[0] == "flops"
    said = cell_sentence(
        sheet_of("alexnet"), found({"conv1.connections": 2 * right})["conv1.connections"], "1", no_cell
    )
    assert "for each connection" in said


@pytest.mark.parametrize(
    ("course", "answer", "number", "rule"),
    [
        # conv1: 55*55 places of 11*11*3*96 weights, and the 96 biases once
        ("alexnet", "conv1.connections", 55 * 55 * 11 * 11 * 3 * 96 + 96, "biases-once"),
        # pool1: 27*27*96 units that see 3*3 of all 96 maps, with and without a bias
        ("alexnet", "pool1.connections", 27 * 27 * 96 * (9 * 96 + 1), "as-convolution"),
        ("alexnet", "pool1.connections", 27 * 27 * 96 * 9 * 96, "as-convolution"),
        # 84 inputs of each of 10 outputs, which have no biases in LeNet-5
        ("lenet5", "OUTPUT.connections", 84 * 10 + 10, "counted:biases"),
        # a scale and a shift for each of 64 channels: one of the two
        ("resnet18", "bn1.parameters", 64, "drop:biases"),
        # 513000 parameters, ten times: a network has its parameters once, however many images there are
        ("resnet18", "fc.parameters", 5130000, "slip:zeros"),
    ],
)
def test_a_mistake_that_is_often_made_has_its_own_rule(course: str, answer: str, number: int, rule: str) -> None:
    why = ids(found({answer: number}, course)[answer])
    assert why[0] == rule
    assert not {"not-concatenated", "batch:10", "drop:in_channels"} & set(why)


def test_half_of_a_number_may_be_a_digit_as_well(tmp_path: Path) -> None:
    # 5*5*1*8 = 200 weights: 100 is half of them, and one digit from them
    layers = "\n    conv1: {type: Conv2d, out_channels: 8, kernel_size: 5}"
    sheet = Lay(tmp_path)(layers, "{columns: [layer, weights]}", "[1, 28, 28]")
    why = diagnose(sheet, {"conv1.weights": 100}, exactly)["conv1.weights"].why
    assert why
    assert why[0].certainty != "only"


# --- numbers told too early ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("blank", "rule"), [((), "row:conv5"), (("conv5.connections",), "row:another")], ids=["right", "blank"]
)
def test_a_row_is_named_only_whose_number_is_known(blank: tuple[str, ...], rule: str) -> None:
    # conv5: 13*13*256 units of 3*3*384 products and a bias
    wrong = {"conv3.connections": 13 * 13 * 256 * (9 * 384 + 1)}
    finding = found(wrong, blank=blank)["conv3.connections"]
    assert ids(finding) == [rule]
    assert ("conv5" in cell_sentence(sheet_of("alexnet"), finding, "1", no_cell)) == (not blank)


def test_rows_that_are_exchanged_are_copies_of_true_numbers() -> None:
    # fc7's 4096*4096 and fc8's 4096*1000 weights, and with 4096 and 1000 biases
    wrong: dict[str, Number] = {"fc7.weights": 4096000, "fc8.weights": 16777216}
    wrong |= {"fc7.parameters": 4097000, "fc8.parameters": 16781312}
    findings = found(wrong)
    assert {ids(each)[0] for each in findings.values()} == {"row:another"}


def test_a_column_that_is_shifted_is_one_cause() -> None:
    layers = ("conv1", "pool1", "conv2", "pool2", "conv3", "conv4", "conv5", "pool5", "fc6")
    below = (*layers[1:], "fc7")
    numbers = sheet_of("alexnet").table.numbers
    wrong: dict[str, Number] = {}
    for layer, other in zip(layers, below, strict=True):
        number = numbers[f"{other}.parameters"]
        assert isinstance(number, int)
        wrong[f"{layer}.parameters"] = number
    assert {ids(each)[0] for each in found(wrong).values()} == {"row:below"}
