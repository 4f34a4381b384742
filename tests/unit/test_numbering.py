"""The numbers in labels: names, ordinals of a kind, or nothing at all."""

from __future__ import annotations

import pytest

from sheetgen.layout import SURE
from sheetgen.recognise import known_of
from sheetgen.recognise.labels import Labels
from sheetgen.recognise.numbering import Says, what_counts
from sheetgen.sheet import Sheet, lay_out, with_everything
from sheetgen.spec import load


def full(name: str) -> Sheet:
    described = load(name)
    return with_everything(described, lay_out(described))


@pytest.fixture(scope="module")
def labels() -> dict[str, Labels]:
    return {
        name: Labels(known_of(full(name))) for name in ("lenet5", "alexnet", "alexnet-torchvision", "vgg16", "resnet18")
    }


def layers(labels: Labels, *said: str) -> list[str]:
    matches = labels.match(list(enumerate(said)))
    return [matches[line].layer if line in matches else "" for line in range(len(said))]


EVERYDAY = ("Conv1", "AvgPool1", "Conv2", "AvgPool2", "FC1", "FC2", "FC3")


def test_three_dense_rows_of_a_network_whose_last_convolution_is_one(labels: dict[str, Labels]) -> None:
    assert layers(labels["lenet5"], *EVERYDAY) == ["C1", "S2", "C3", "S4", "C5", "F6", "OUTPUT"]
    with_conv = ("Conv1", "Pool1", "Conv2", "Pool2", "Conv3", "FC1", "FC2")
    assert layers(labels["lenet5"], *with_conv) == ["C1", "S2", "C3", "S4", "C5", "F6", "OUTPUT"]


def test_one_count_through_all_rows_names_no_layer(labels: dict[str, Labels]) -> None:
    kinds = "Conv2d ReLU MaxPool2d Conv2d ReLU MaxPool2d Conv2d ReLU Conv2d ReLU Conv2d ReLU MaxPool2d"
    printed = [f"{kind}-{at}" for at, kind in enumerate(kinds.split(), start=1)]
    found = layers(
        labels["alexnet-torchvision"], *printed, "AdaptiveAvgPool2d-14", "Linear-16", "Linear-19", "Linear-21"
    )
    own = ["conv1", "", "pool1", "conv2", "", "pool2", "conv3", "", "conv4", "", "conv5", "", "pool5"]
    assert found == [*own, "avgpool", "fc6", "fc7", "fc8"]


def test_a_name_under_one_count_through_all_rows_is_none(labels: dict[str, Labels]) -> None:
    """conv4 is AlexNet's fourth; here it is the fourth row."""
    said = ["conv1", "pool2", "conv3", "pool4", "conv5", "conv6", "conv7", "pool8"]
    own = ["conv1", "pool1", "conv2", "pool2", "conv3", "conv4", "conv5", "pool5"]
    assert layers(labels["alexnet"], *said) == own


def test_keras_begins_without_a_number(labels: dict[str, Labels]) -> None:
    said = "conv2d max_pooling2d conv2d_1 max_pooling2d_1 conv2d_2 conv2d_3 conv2d_4 max_pooling2d_2 flatten"
    own = ["conv1", "pool1", "conv2", "pool2", "conv3", "conv4", "conv5", "pool5", ""]
    assert layers(labels["alexnet"], *said.split(), "dense", "dense_1", "dense_2") == [*own, "fc6", "fc7", "fc8"]


def test_a_heading_over_its_rows_is_no_row_without_a_number(labels: dict[str, Labels]) -> None:
    said = ["Convolutional layers", *(f"Convolution {at}" for at in range(1, 6)), "FC 1", "FC 2", "FC 3"]
    own = ["", *(f"conv{at}" for at in range(1, 6)), "fc6", "fc7", "fc8"]
    assert layers(labels["alexnet"], *said) == own


def test_a_number_that_several_rows_have_is_a_kernels_size(labels: dict[str, Labels]) -> None:
    rows = "CONV3-64 CONV3-64 POOL2 CONV3-128 CONV3-128 POOL2"
    found = layers(labels["vgg16"], *rows.split(), *["CONV3-256"] * 3, "POOL2", *["CONV3-512"] * 3, "POOL2")
    assert found[:6] == ["conv1_1", "conv1_2", "pool1", "conv2_1", "conv2_2", "pool2"]
    assert found[6:] == ["conv3_1", "conv3_2", "conv3_3", "pool3", "conv4_1", "conv4_2", "conv4_3", "pool4"]


def test_the_paths_of_torchvisions_modules(labels: dict[str, Labels]) -> None:
    said = ["conv1", "bn1", "maxpool"]
    for stage, block in ((stage, block) for stage in range(1, 5) for block in (0, 1)):
        inner = ["conv1", "bn1", "conv2", "bn2"]
        inner += ["downsample.0", "downsample.1"] if stage > 1 and not block else []
        said += [f"layer{stage}.{block}.{each}" for each in inner]
    found = layers(labels["resnet18"], *said, "avgpool", "fc")
    rows = [row for row in labels["resnet18"].known.sheet.table.rows if row.kind != "Add"]
    assert found == [row.name for row in rows]


def test_a_stage_is_no_single_layer(labels: dict[str, Labels]) -> None:
    assert layers(labels["resnet18"], "conv2_x", "conv3_x", "conv4_x", "conv5_x") == [""] * 4


def test_nothing_is_sure_beside_a_row_of_its_kind_that_has_no_layer(labels: dict[str, Labels]) -> None:
    said = [(at, f"Conv {at}") for at in range(1, 8)]  # seven, where AlexNet has five
    matches = labels["alexnet"].match([(at, text.replace("Conv", "Convolution")) for at, text in said])
    assert len(matches) == 5
    assert max(match.certainty for match in matches.values()) < 0.5
    named = labels["alexnet"].match([(at, f"conv{at}") for at in range(1, 8)])
    assert [match.certainty for match in named.values()] == [0.99] * 5


def test_given_cells_that_are_another_layers_beat_what_the_label_says(labels: dict[str, Labels]) -> None:
    said = list(enumerate(("Conv1", "Pool1", "Conv2", "Pool2", "FC1", "FC2")))

    def content(line: int, layer: str) -> tuple[float, int]:
        right = {4: "C5", 5: "F6"}.get(line)  # 120 and 84 units
        return (2, 0) if right == layer else (0, 1 if right else 0)

    assert [match.layer for _, match in sorted(labels["lenet5"].match(said).items())][4:] == ["F6", "OUTPUT"]
    found = labels["lenet5"].match(said, content)
    assert (found[4].layer, found[5].layer) == ("C5", "F6")
    assert max(found[4].certainty, found[5].certainty) < 0.9


@pytest.mark.parametrize(
    ("name", "said", "says"),
    [
        ("alexnet", ["FC6", "FC7", "FC8"], Says.ALL),
        ("alexnet", ["FC1", "FC2", "FC3"], Says.ORDINAL),
        ("alexnet", ["FC2"], Says.ALL),
        ("alexnet", ["Dense 2", "Dense 4", "Dense 6"], Says.KIND),
        ("lenet5", ["FC1", "FC2", "FC3"], Says.KIND),
        ("vgg16", ["Convolution 3 (a)", "Convolution 3 (b)"], Says.KIND),
        ("vgg16", [f"Convolution {at}" for at in range(1, 14)], Says.ORDINAL),
    ],
)
def test_what_of_a_label_counts(name: str, said: list[str], says: Says, labels: dict[str, Labels]) -> None:
    assert set(what_counts(list(enumerate(said)), labels[name].known.layers).values()) == {says}


def test_names_with_two_numbers_and_a_remark_are_names_wherever_they_stand(labels: dict[str, Labels]) -> None:
    said = ["conv 5_1 (see text)", "conv 1_1 (see text)", "conv 3_2 (see text)", "conv 1_2 (see text)"]
    assert layers(labels["vgg16"], *said) == ["conv5_1", "conv1_1", "conv3_2", "conv1_2"]


def test_words_of_a_label_that_are_not_understood_make_it_unsure(labels: dict[str, Labels]) -> None:
    alexnet = labels["alexnet"]
    plain, odd, odder = (
        alexnet.match([(0, text)])[0].certainty
        for text in ("Convolution 2", "Convolution 2 frobnicated", "Our frobnicated convolution 2")
    )
    assert plain > SURE
    assert alexnet.weights("Convolution 2")["conv2"] > alexnet.weights("Convolution 2 frobnicated")["conv2"]
    assert plain > odd >= odder
