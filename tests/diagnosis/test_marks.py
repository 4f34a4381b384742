"""Marks for what follows: the share that the YAML states, of a size only where all of its sides follow."""

from __future__ import annotations

import json

import pytest

from sheetgen.marking import Answer, Held, Submission, mark
from sheetgen.sheet import Sheet, plain_number
from tests.laid import Lay
from tests.runs import run

LAYERS = (
    "\n    conv1: {type: Conv2d, out_channels: 8, kernel_size: 3}\n    pool1: {type: MaxPool2d, kernel_size: 2}"
    "\n    conv2: {type: Conv2d, out_channels: 16, kernel_size: 3}"
)


@pytest.fixture
def lay(tmp_path_factory: pytest.TempPathFactory) -> Lay:
    return Lay(tmp_path_factory.mktemp("marks"))


def marked(sheet: Sheet, changed: dict[str, float | str]) -> dict[str, Answer]:
    held: dict[str, Held] = {}
    for cell in sheet.blanks:
        answer = cell.answer or ""
        value = changed.get(answer, plain_number(sheet.table.value(answer)))
        held[answer] = Held(sheet.worksheet, f"A{len(held) + 1}", value)
    return {each.id: each for each in mark(sheet, Submission("a.xlsx", held, whole=False)).answers}


@pytest.mark.parametrize(
    ("said", "status", "score"),
    [
        ("", "follow-through", 1.0),
        ("follow_through: 0.75, ", "follow-through", 1.5),
        ("follow_through: 0, ", "wrong", 0),
    ],
)
def test_the_yaml_states_the_share(lay: Lay, said: str, status: str, score: float) -> None:
    asked = f"{{{said}columns: [layer, out_height], blanks: [{{quantities: out_height, marks: 2}}]}}"
    sheet = lay(LAYERS, asked, "[3, 32, 32]")
    found = marked(sheet, {"conv1.out_height": 28, "pool1.out_height": 14})  # 30 and 15
    assert (found["pool1.out_height"].status, found["pool1.out_height"].score) == (status, score)
    assert found["conv1.out_height"].score == 0
    # where it earns nothing, that is told apart from a number that nothing explains
    assert (found["pool1.out_height"].follows, found["conv1.out_height"].follows) == (status == "wrong", False)


def test_the_share_may_differ_by_column(lay: Lay) -> None:
    asked = (
        "{follow_through: {default: 0.5, neurons: 0.25}, columns: [layer, out_height, out_width, neurons], "
        "blanks: [{quantities: [out_height, neurons]}]}"
    )
    found = marked(lay(LAYERS, asked, "[3, 32, 32]"), {"conv1.out_height": 28, "conv1.neurons": 8 * 28 * 30})
    assert found["conv1.neurons"].score == 0.25


@pytest.mark.parametrize(("size", "status"), [("14 x 14 x 8", "follow-through"), ("14 x 13 x 8", "wrong")])
def test_a_size_follows_if_all_of_its_sides_do(lay: Lay, size: str, status: str) -> None:
    asked = "{columns: [layer, output_size], blanks: [{quantities: output_size}]}"
    sheet = lay(LAYERS, asked, "[3, 32, 32]")
    found = marked(sheet, {"conv1.output_size": "28 x 28 x 8", "pool1.output_size": size})
    assert found["pool1.output_size"].status == status


def test_a_size_without_its_maps_is_told_so(lay: Lay) -> None:
    asked = "{columns: [layer, output_size], blanks: [{quantities: output_size}]}"
    sheet = lay(LAYERS, asked, "[3, 32, 32]")
    for size in ("30 x 30", "29 x 30"):
        (first, *_) = marked(sheet, {"conv1.output_size": size}).values()
        assert (first.status, first.score) == ("wrong", 0)
        assert first.feedback == f"conv1, Output size: {size} is not right; the number of maps is missing."
    # what follows from one cell follows from one, and by the name of its column
    found = marked(sheet, {"conv1.output_size": "28 x 28 x 8", "pool1.output_size": "14 x 14 x 8"})
    told = "pool1, Output size: 14 x 14 x 8 is right for your own Output size of conv1 (A1), which is not."
    assert found["pool1.output_size"].feedback == told


def test_a_column_without_marks_for_what_follows_says_so(lay: Lay) -> None:
    asked = "{follow_through: 0, columns: [layer, out_height], blanks: [{quantities: out_height}]}"
    found = marked(lay(LAYERS, asked, "[3, 32, 32]"), {"conv1.out_height": 28, "pool1.out_height": 14})
    assert found["pool1.out_height"].feedback.endswith("which is not. In this column that earns nothing.")
    found = marked(
        lay(LAYERS, asked.replace("0", "0.5", 1), "[3, 32, 32]"), {"conv1.out_height": 28, "pool1.out_height": 14}
    )
    assert found["pool1.out_height"].feedback.endswith("which is not.")


def test_a_column_of_thousands_follows_within_its_last_digit(lay: Lay) -> None:
    sheet = lay(
        LAYERS,
        "{columns: [layer, parameters], blanks: [{quantities: parameters}, {quantities: parameters, layers: total}]}",
        "[3, 64, 64]",
    )
    held = {
        cell.answer or "": Held(sheet.worksheet, "A1", float(sheet.table.value(cell.answer or "")) / 1000, unit=1000)
        for cell in sheet.blanks
    }
    held["conv2.parameters"] = Held(sheet.worksheet, "A2", 14.9, unit=1000)  # 1.168
    held["total.parameters"] = Held(sheet.worksheet, "A3", 15.1, unit=1000)  # 14.9 and conv1's 0.224, rounded
    found = {each.id: each for each in mark(sheet, Submission("a.xlsx", held, whole=False)).answers}
    assert found["total.parameters"].status == "follow-through"


def test_discriminates_is_printed_and_is_json() -> None:
    printed = run("check", "alexnet", "--discriminates")
    assert (printed.returncode, printed.stderr) == (0, "")
    assert "no blank shows that a student rounds up instead of down" in printed.stdout
    data = json.loads(run("check", "alexnet", "--discriminates", "--format", "json").stdout)
    assert 0.99 < data["power"] <= 1
    assert {"id": "round:up", "rule": "rounds up instead of down"} in data["unseen"]
    height = next(each for each in data["blanks"] if each["id"] == "conv1.out_height")
    assert {"id": "once:padding", "rule": "counts the padding once instead of twice"} in height["unseen"]


def test_discriminates_goes_with_one_coursework() -> None:
    done = run("check", "--all", "--discriminates")
    assert done.returncode == 2
    assert "--discriminates" in done.stderr
