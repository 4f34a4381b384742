"""The YAML that an import writes: read back as the same network, and written as a person would."""

from __future__ import annotations

from pathlib import Path

import pytest
from torch import nn

from sheetgen import importer
from sheetgen.errors import InternalError, UsageError
from sheetgen.importer import from_module, to_yaml
from sheetgen.network import NamedLayer, Network
from sheetgen.spec import load

from . import students
from .test_round_trip import all_kinds, layer, network


def read_back(network: Network, folder: Path) -> Network:
    file = folder / "back.yaml"
    file.write_text(to_yaml(network, ["Two lines", "of comment: [not yaml"]), encoding="utf-8")
    return load(file).network


def test_it_is_short_aligned_and_commented() -> None:
    assert from_module(students.UNet(), (1, 20, 22)).yaml == (
        "# Imported from UNet, which was run on an image of 1 × 20 × 22 (channels × height × width).\n"
        "network:\n"
        "  name: UNet\n"
        "  input: [1, 20, 22]        # channels, height, width\n"
        "  layers:\n"
        "    down:   {type: Conv2d, out_channels: 4, kernel_size: 3, activation: ReLU}\n"
        "    pool:   {type: MaxPool2d, kernel_size: 2}\n"
        "    bottom: {type: Conv2d, out_channels: 8, kernel_size: 3, activation: ReLU}\n"
        "    up:     {type: ConvTranspose2d, out_channels: 4, kernel_size: 2, stride: 2}\n"
        "    crop:   {type: CenterCrop, from: down, like: up}\n"
        "    cat:    {type: Concat, from: [crop, up]}\n"
        "    out:    {type: Conv2d, out_channels: 2, kernel_size: 1}\n"
    )


def plain(network: Network) -> list[NamedLayer]:
    """Layers whose from: is said only where it has to be, as in what an import gives."""
    above, found = "input", []
    for each in network.layers:
        implied = each.sources == (above,)
        given = None if implied else each.sources if len(each.sources) > 1 else each.sources[0]
        kind = each.kind.model_copy(update={"from_": given})
        found.append(NamedLayer(each.name, kind, each.sources, each.like, each.weights_of))
        above = each.name
    return found


def test_every_kind_and_setting_is_read_back(tmp_path: Path) -> None:
    everything = all_kinds()
    everything = Network("Every kind: of 'layer' \"#1\"", everything.input, tuple(plain(everything)))
    assert read_back(everything, tmp_path) == everything


@pytest.mark.parametrize(
    "name",
    ["no", "Yes", "on", "null", "~", "3", "1x1", "1e5", "0x1F", "0o7", "1_000", "true", "a: b", "a #b", "- a", "[a]",
     "{a}", "*a", "&a", "!a", "%a", "@a", "'a'", '"a"', "größe", "名", "a b", "a,b", "?", "-", "y", "inf",
     "2024-01-01", "=", "|", ">", "a\\b"],
)  # fmt: skip
def test_any_name_survives(name: str, tmp_path: Path) -> None:
    conv = layer(name, "Conv2d", "input", out_channels=3, kernel_size=1)
    second = layer("second", "Conv2d", name, out_channels=3, kernel_size=1)
    spec = Network(name, (3, 4, 4), (*plain(network(conv, second)),))
    assert read_back(spec, tmp_path) == spec
    reads = NamedLayer("third", layer("third", "Add", name, "second").kind, (name, "second"))
    assert read_back(Network(name, (3, 4, 4), (*spec.layers, reads)), tmp_path).layers[-1] == reads


def test_long_layers_are_broken_into_lines(tmp_path: Path) -> None:
    table = tuple(tuple(range(i % 7, 40)) for i in range(6))
    parts = [layer(f"a_part_with_a_long_name_{i}", "Conv2d", "input", out_channels=40, kernel_size=1) for i in range(9)]
    spec = network(
        *parts,
        layer("joined", "Concat", *(each.name for each in parts)),
        layer("mixed", "Conv2d", "joined", out_channels=6, kernel_size=3, connection_table=table),
    )
    spec = Network("long", spec.input, tuple(plain(spec)))
    text = to_yaml(spec)
    assert max(map(len, text.splitlines())) <= 160
    assert read_back(spec, tmp_path) == spec


def test_an_import_says_no_more_than_it_has_to() -> None:
    text = from_module(nn.Sequential(nn.Conv2d(3, 4, 3), nn.MaxPool2d(2, 2), nn.AvgPool2d(2, 1)), (3, 9, 9)).yaml
    for default in ("dilation", "groups", "bias", "padding", "ceil_mode", "from", "trainable", "count_include_pad"):
        assert f"{default}:" not in text
    assert "conv_0: {type: Conv2d, out_channels: 4, kernel_size: 3}" in text
    assert "pool_1: {type: MaxPool2d, kernel_size: 2}" in text
    assert "pool_2: {type: AvgPool2d, kernel_size: 2, stride: 1}" in text


def test_what_the_reader_would_refuse_is_not_written() -> None:
    """More connections than Excel has digits for: PyTorch can run it, and no coursework can be made of it."""
    net = nn.Sequential(nn.Conv2d(3, 1000, 11, padding=5))
    with pytest.raises(
        UsageError, match="runs in PyTorch, but cannot be a coursework, and nothing was written"
    ) as told:
        from_module(net, (3, 100_000, 100_000))
    assert "more than the 15 digits that Excel keeps" in str(told.value)
    assert "its YAML:" in str(told.value)


def test_a_file_that_says_something_else_is_not_written(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        importer, "to_yaml", lambda network, _: to_yaml(network).replace("kernel_size: 3", "kernel_size: 2")
    )
    with pytest.raises(InternalError, match="read back as another network"):
        from_module(nn.Sequential(nn.Conv2d(3, 4, 3)), (3, 8, 8))


def test_a_pool_that_hangs_over_its_image_comes_back(tmp_path: Path) -> None:
    found = from_module(nn.Sequential(nn.Conv2d(1, 2, 1), nn.MaxPool2d(4, ceil_mode=True)), (1, 3, 3))
    assert read_back(found.network, tmp_path).layers == found.network.layers
