"""Headings and labels in the words that people use."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sheetgen.quantities import COLUMNS
from sheetgen.vocabulary import Label, hear, hear_label, said_names
from sheetgen.vocabulary.words import cut

DATA = json.loads((Path(__file__).parents[1] / "data" / "headings.json").read_text(encoding="utf-8"))
SPELLINGS = [(quantity, each) for quantity, spellings in DATA["spellings"].items() for each in spellings]


@pytest.mark.parametrize(("quantity", "spelling"), SPELLINGS)
def test_a_spelling_in_use_means_what_it_means_there(quantity: str, spelling: str) -> None:
    heard = hear(spelling).quantities
    assert max(heard, key=lambda name: heard[name]) == quantity
    assert set(heard) <= set(COLUMNS)


@pytest.mark.parametrize("language", DATA["in_other_languages"])
def test_the_usual_words_of_other_languages(language: str) -> None:
    heard = {
        (quantity, each): hear(each).quantities
        for quantity, spellings in DATA["in_other_languages"][language].items()
        for each in spellings
    }
    assert len(heard) > 25
    assert not {
        (quantity, each): dict(meant)
        for (quantity, each), meant in heard.items()
        if not meant or max(meant, key=lambda name: meant[name]) != quantity or meant[quantity] < 0.5
    }


@pytest.mark.parametrize(
    ("word", "pieces"),
    [
        ("输出通道数", ["输出", "通道", "数"]),
        ("参数", ["参数"]),  # not 参 and 数, a number of something
        ("函数值", ["函", "数", "值"]),
        ("pooling層", ["pooling", "層"]),
        ("プーリング層", ["プーリング", "層"]),
        ("kernel", ["kernel"]),
    ],
)
def test_words_that_no_space_separates(word: str, pieces: list[str]) -> None:
    assert list(cut(word)) == pieces


@pytest.mark.parametrize("spelling", DATA["of_the_input"] + DATA["several"])
def test_what_is_no_column_of_ours_means_nothing(spelling: str) -> None:
    assert hear(spelling).quantities == {}


@pytest.mark.parametrize(("heading", "unit"), DATA["units"].items())
def test_units(heading: str, unit: int | None) -> None:
    assert hear(heading).unit == unit


@pytest.mark.parametrize(
    ("heading", "order"),
    [
        ("Output (H x W x C)", ("height", "width", "channels")),
        ("C×H×W", ("channels", "height", "width")),
        ("width;height", ("width", "height")),
        ("Output size", ()),
    ],
)
def test_the_order_of_a_size(heading: str, order: tuple[str, ...]) -> None:
    assert hear(heading).order == order


@pytest.mark.parametrize("heading", ["Name your sources", "", "   ", "Comment", "AlexNet", "see above", "x" * 500])
def test_other_words_are_not_heard(heading: str) -> None:
    assert max(hear(heading).quantities.values(), default=0) < 0.75 or hear(heading).quantities.get("layer")


@pytest.mark.parametrize(
    ("label", "family", "number"),
    [
        ("Conv-1", "conv", 1),
        ("conv 1", "conv", 1),
        ("C1", "conv", 1),
        ("CONV1 + ReLU", "conv", 1),
        ("Convolution 2 (5x5)", "conv", 2),
        ("Conv2d", "conv", None),
        ("conv2d_1", "conv", 1),
        ("layer1.0.conv2", "conv", 2),
        ("layer2.0.downsample.1", "bn", None),
        ("[-1, 64, 55, 55]", "", None),
        ("2nd conv", "conv", 2),
        ("Max Pooling 1", "pool", 1),
        ("MaxPool2d", "pool", None),
        ("S2", "pool", 2),
        ("FC6", "fc", 6),
        ("fc1", "fc", 1),
        ("Dense", "fc", None),
        ("Fully-connected layer 1", "fc", 1),
        ("Batch norm 1", "bn", 1),
        ("Input image", "input", None),
        ("Total", "total", None),
        ("Σ", "total", None),
        ("Output Layer", "output", None),
        ("Layer 3", "", 3),
        ("12", "", 12),
        ("Faltung 3", "conv", 3),
        ("Couche entièrement connectée 1", "fc", 1),
        ("Capa totalmente conectada 2", "fc", 2),
        ("Convoluzione 2", "conv", 2),
        ("卷积层1", "conv", 1),
        ("最大池化 2", "pool", 2),
        ("全連接層 6", "fc", 6),
        ("第3层", "", 3),
        ("总计", "total", None),
        ("畳み込み層1", "conv", 1),
        ("プーリング層2", "pool", 2),
        ("全結合層1", "fc", 1),
        ("入力画像", "input", None),
    ],
)
def test_labels(label: str, family: str, number: int | None) -> None:
    heard = hear_label(label)
    assert (heard.family, heard.number) == (family, number)


def test_a_name_is_the_same_however_it_is_written() -> None:
    for spelling in ("conv1", "Conv-1", "CONV 1", "conv_1", "Ｃｏｎｖ１", "Conv 1 + ReLU", "conv1 (11x11, stride 4)"):
        assert "conv1" in said_names(spelling), spelling
    assert "3a1x1" in said_names("3a.1x1")
    assert "3a1x1" in said_names("3a / 1 × 1".replace(" / ", "."))


@given(st.text(max_size=300))
def test_any_text_is_heard_or_not(text: str) -> None:
    heard, label = hear(text), hear_label(text)
    assert set(heard.quantities) <= set(COLUMNS)
    assert all(0 < weight <= 1 for weight in heard.quantities.values())
    assert isinstance(label, Label)
