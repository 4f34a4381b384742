"""What earns a part of the marks: right for the student's own earlier numbers, and nothing that explains it better."""

from __future__ import annotations

from collections.abc import Mapping

from sheetgen.api import sheet_of
from sheetgen.diagnosis import Finding, diagnose
from sheetgen.diagnosis.index import index_of
from sheetgen.diagnosis.own import Own
from sheetgen.diagnosis.trees import Number
from sheetgen.expr import Value

SHEET = sheet_of("alexnet")
RIGHT = SHEET.table.numbers


def exactly(_answer: str, given: Value, right: Value) -> bool:
    return given == right


def found(wrong: Mapping[str, Number]) -> dict[str, Finding]:
    return diagnose(SHEET, wrong, exactly)


def test_a_chain_of_any_length_follows() -> None:
    # pool1 38 for 27: conv2 38, pool2 (38 - 3)//2 + 1 = 18, conv3 18 ..., pool5 (18 - 3)//2 + 1 = 8
    chain = {"pool1": 38, "conv2": 38, "pool2": 18, "conv3": 18, "conv4": 18, "conv5": 18, "pool5": 8}
    findings = found({f"{layer}.out_height": size for layer, size in chain.items()})
    assert not findings["pool1.out_height"].credit
    for layer, before in zip(list(chain)[1:], chain, strict=False):
        assert findings[f"{layer}.out_height"].credit
        assert findings[f"{layer}.out_height"].follows == (f"{before}.out_height",)


def test_totals_follow() -> None:
    # conv1's 34944 as 35944: a thousand more, and so is the total
    findings = found({"conv1.parameters": 35944, "total.parameters": 62379344})
    assert findings["total.parameters"].credit
    assert findings["total.parameters"].follows == ("conv1.parameters",)


def test_a_blank_counts_with_its_true_number() -> None:
    # pool1 is blank, so that conv2's 26 follows from nothing
    assert not found({"conv1.out_height": 54, "conv2.out_height": 26})["conv2.out_height"].credit
    assert found({"conv1.out_height": 54, "pool1.out_height": 26, "conv2.out_height": 26})["conv2.out_height"].credit


def test_what_follows_through_numbers_without_a_cell_follows_too() -> None:
    # fc6's input is pool5's output: 5 x 6 x 256 inputs of 4096 units
    findings = found({"pool5.out_height": 5, "fc6.weights": 5 * 6 * 256 * 4096})
    assert findings["fc6.weights"].follows == ("pool5.out_height",)


def test_no_credit_behind_what_cannot_be() -> None:
    for size in (0, -27, 400):  # not positive; larger than the image
        carried = {"pool1.out_height": size, "conv2.out_height": size}
        assert not found(carried)["conv2.out_height"].credit, size
    assert not found({"conv1.biases": 0, "conv1.parameters": 34848})["conv1.parameters"].credit


def test_a_number_that_cannot_be_earns_nothing_itself() -> None:
    # pool1's height 1: conv2's would be 1 + 4 - 5 + 1 = 1, pool2's (1 - 3)//2 + 1 = 0
    findings = found({"pool1.out_height": 1, "conv2.out_height": 1, "pool2.out_height": 0})
    assert findings["conv2.out_height"].credit
    assert not findings["pool2.out_height"].credit


def test_a_unit_that_explains_the_whole_column_earns_nothing() -> None:
    layers = [row.name for row in SHEET.table.rows if RIGHT[f"{row.name}.parameters"]]
    thousands: dict[str, Number] = {}
    for name in (*layers, "total"):
        number = RIGHT[f"{name}.parameters"]
        assert isinstance(number, int)
        thousands[f"{name}.parameters"] = number * 1000
    findings = found(thousands)
    assert findings["total.parameters"].follows
    assert not findings["total.parameters"].credit
    assert {why.id for each in findings.values() for why in each.why[:1]} == {"unit:1000"}


def test_a_wrong_number_that_follows_and_obeys_a_rule_gets_both() -> None:
    wrong: dict[str, Number] = {"conv1.weights": 11616, "conv1.parameters": 11712, "conv2.weights": 6400}
    findings = found(wrong)
    assert findings["conv1.parameters"].credit
    assert [why.id for why in findings["conv1.parameters"].why] == ["drop:in_channels"]


def test_an_unexplained_number_is_not_forced() -> None:
    assert found({"conv2.parameters": 598127})["conv2.parameters"].why == ()


def test_numbers_too_large_to_calculate_with_are_nobodys() -> None:
    findings = found({"conv1.out_height": 10**400, "pool1.out_height": 26, "conv2.weights": float("inf")})
    assert findings["conv1.out_height"] == Finding("conv1.out_height")
    assert findings["conv2.weights"] == Finding("conv2.weights")


def test_no_number_explains_itself() -> None:
    # any number "is the weights without the biases" if the weights are one's own
    index = index_of(SHEET)
    own = Own(index.dependents, {"conv1.weights": 31415})
    assert own.without("conv1.weights").get("conv1.weights") is None
    assert own.without("conv1.biases").get("conv1.weights") == 31415
    assert found({"conv1.weights": 31415})["conv1.weights"].why == ()


def test_the_width_of_a_square_image_follows_its_height() -> None:
    # the sheet shows the width as =height: who takes 224 takes it for both
    findings = found({"input.in_height": 224, "conv1.out_height": 54, "conv1.out_width": 54})
    assert findings["conv1.out_width"].follows == ("input.in_height",)


def test_totals_over_the_blocks_that_are_asked_follow_too() -> None:
    # SqueezeNet's sheet asks for its modules' own rows: who mistakes one adds up the rows that stand there
    sheet = sheet_of("squeezenet")
    right = sheet.table.numbers
    wrong: dict[str, Number] = {}
    for answer in ("fire3.parameters", "total.parameters"):
        number = right[answer]
        assert isinstance(number, int)
        wrong[answer] = number + 1000
    assert diagnose(sheet, wrong, exactly)["total.parameters"].credit


def test_a_rule_that_changes_nothing_explains_nothing() -> None:
    # 1000 for the image: conv1's (1000 - 11)//4 + 1 = 248 follows; that it "counts the padding once" is idle talk
    findings = found({"input.in_height": 1000, "conv1.out_height": 248, "conv1.out_width": 248})
    assert findings["conv1.out_height"].why == ()
    assert findings["conv1.out_height"].credit


def test_why_nothing_is_earned_is_known() -> None:
    findings = found({"conv1.biases": 0, "conv1.parameters": 34848})
    assert (findings["conv1.parameters"].credit, findings["conv1.parameters"].barred) == (False, "zero")


def test_of_rows_that_are_alike_none_was_copied() -> None:
    # conv3 and conv4 have equally many neurons in every network of that kind
    chain = {"pool2.out_height": 14, "pool2.out_width": 14, "conv3.out_height": 14, "conv3.out_width": 14}
    findings = found({**chain, "conv4.out_height": 14, "conv4.out_width": 14, "conv4.neurons": 384 * 14 * 14})
    assert findings["conv4.neurons"].credit


def test_what_follows_and_cannot_be_is_said_to_follow_and_earns_nothing() -> None:
    # the stride multiplied instead of divided: conv1 (227 - 11)*4 + 1 = 865, larger than the image, and so is pool1
    findings = found({"conv1.out_height": 865, "pool1.out_height": (865 - 3) // 2 + 1})
    pool = findings["pool1.out_height"]
    assert (pool.follows, pool.credit, pool.barred) == (("conv1.out_height",), False, "impossible")


def test_who_writes_the_row_s_numbers_out_follows_too() -> None:
    # conv2's neurons are mistyped, but the connections are written out, (5*5*96 + 1)*256*26*27, at the student's own
    # height of 26: what stands in the neurons' cell is not in them
    wrong: dict[str, Number] = {"conv2.neurons": 123456, "conv2.out_height": 26}
    written_out = {**wrong, "conv2.connections": (5 * 5 * 96 + 1) * 256 * 26 * 27}
    connections = found(written_out)["conv2.connections"]
    assert connections.credit
    assert connections.follows == ("conv2.out_height",)
    taken = found({**wrong, "conv2.connections": (5 * 5 * 96 + 1) * 123456})["conv2.connections"]
    assert taken.follows == ("conv2.neurons",)
    neither = {**wrong, "conv2.connections": (5 * 5 * 96 + 1) * 256 * 26 * 26}
    assert not found(neither)["conv2.connections"].follows
