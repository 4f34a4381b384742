"""Modules of PyTorch -> specs: which rows there are, and that they compute what the module computes."""

from __future__ import annotations

import random
import re
import resource
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, cast

import pytest
import torch
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from sheetgen.assembled import assemble
from sheetgen.errors import UsageError
from sheetgen.importer import Imported, from_module, import_network
from sheetgen.layers import Shape
from sheetgen.network import Network
from sheetgen.table import compute

from . import students

Rows = list[tuple[str, str]]


def rows(network: Network) -> Rows:
    """The layers with their kinds in words, as a table shows them."""
    return [(layer.name, layer.describe()) for layer in network.layers]


def imported(module: nn.Module, image: Shape) -> Imported:
    return from_module(module, image)


EXPECTED: list[tuple[type[nn.Module], Shape, Rows]] = [
    (
        students.FunctionalAlexNet,
        (3, 67, 67),
        [
            ("conv1", "Conv2d + ReLU"),
            ("norm", "LocalResponseNorm"),
            ("pool1", "MaxPool2d"),
            ("conv2", "Conv2d + ReLU"),
            ("pool2", "MaxPool2d"),
            ("conv3", "Conv2d + ReLU"),
            ("fc1", "Linear + ReLU"),
            ("drop", "Dropout"),
            ("fc2", "Linear + Softmax"),
        ],
    ),
    (
        students.ResNet,
        (3, 32, 32),
        [
            ("stem", "Conv2d (no bias) + ReLU"),
            ("layer1_0_conv1", "Conv2d (no bias)"),
            ("layer1_0_bn1", "BatchNorm2d + ReLU"),
            ("layer1_0_conv2", "Conv2d (no bias)"),
            ("layer1_0_bn2", "BatchNorm2d"),
            ("layer1_0_add", "Add (from layer1_0_bn2, stem) + ReLU"),
            ("layer1_1_downsample_0", "Conv2d (no bias)"),
            ("layer1_1_downsample_1", "BatchNorm2d"),
            ("layer1_1_conv1", "Conv2d (from layer1_0_add, no bias)"),
            ("layer1_1_bn1", "BatchNorm2d + ReLU"),
            ("layer1_1_conv2", "Conv2d (no bias)"),
            ("layer1_1_bn2", "BatchNorm2d"),
            ("layer1_1_add", "Add (from layer1_1_bn2, layer1_1_downsample_1) + ReLU"),
            ("avgpool", "GlobalAvgPool2d"),
            ("fc", "Linear"),
        ],
    ),
    (
        students.Inception,
        (3, 8, 8),
        [
            ("branch1", "Conv2d + ReLU"),
            ("branch2_0", "Conv2d (from input) + ReLU"),
            ("branch2_2", "Conv2d + ReLU"),
            ("pool", "MaxPool2d (from input, ceil_mode)"),
            ("proj", "Conv2d + ReLU"),
            ("cat", "Concat (from branch1, branch2_2, proj)"),
            ("pool2", "GlobalAvgPool2d"),
        ],
    ),
    (
        students.UNet,
        (1, 20, 22),
        [
            ("down", "Conv2d + ReLU"),
            ("pool", "MaxPool2d"),
            ("bottom", "Conv2d + ReLU"),
            ("up", "ConvTranspose2d"),
            ("crop", "CenterCrop (from down, like up)"),
            ("cat", "Concat (from crop, up)"),
            ("out", "Conv2d"),
        ],
    ),
    (
        students.CutBefore,
        (1, 12, 12),
        [
            ("a", "Conv2d"),
            ("b", "Conv2d (from input)"),
            ("crop", "CenterCrop (from a, like b)"),
            ("add", "Add (from crop, b)"),
        ],
    ),
    (
        students.Decoder,
        (3, 8, 8),
        [
            ("fc", "Linear + ELU"),
            ("up", "ConvTranspose2d (output_padding 1) + SiLU"),
            ("upsample", "Upsample (2 × 3-fold, nearest)"),
            ("bigger", "Upsample (2-fold, bilinear)"),
            ("out", "ConvTranspose2d (no bias) + Sigmoid"),
        ],
    ),
    (
        students.Shared,
        (3, 8, 8),
        [
            ("conv", "Conv2d + ReLU"),
            ("bn", "BatchNorm2d (not affine)"),
            ("pool", "MaxPool2d"),
            ("conv_2", "Conv2d (weights of conv)"),
            ("bn_2", "BatchNorm2d (weights of bn, not affine) + ReLU"),
            ("pool_2", "MaxPool2d"),
            ("conv_3", "Conv2d (weights of conv) + Tanh"),
            ("add", "Add (from pool_2, pool_2, conv_3)"),
        ],
    ),
    (
        students.Mixed,
        (3, 8, 8),
        [
            ("conv", "Conv2d (no bias)"),
            ("act", "LeakyReLU"),
            ("pool", "GlobalAvgPool2d"),
            ("flatten", "Flatten (from conv)"),
            ("cat", "Concat (from flatten, pool)"),
            ("norm", "BatchNorm2d + GELU"),
            ("fc", "Linear"),
        ],
    ),
    (
        students.Frozen,
        (3, 8, 8),
        [
            ("backbone", "Conv2d (fixed weights)"),
            ("edges", "Conv2d (no bias, fixed weights)"),
            ("pool", "GlobalAvgPool2d"),
            ("head", "Linear"),
        ],
    ),
    (
        students.ByHand,
        (3, 8, 8),
        [
            ("kernel", "Conv2d + ReLU6"),
            ("hardswish", "Hardswish"),
            ("add", "Add (from kernel, hardswish)"),
        ],
    ),
    (students.Lazy, (3, 8, 8), [("conv", "Conv2d + ReLU"), ("fc", "Linear")]),
    (students.OneImage, (3, 8, 8), [("conv", "Conv2d"), ("fc", "Linear")]),
]
NAMES = [kind.__name__ for kind, _, _ in EXPECTED]


@pytest.mark.parametrize(("kind", "image", "expected"), EXPECTED, ids=NAMES)
def test_a_module_becomes_these_rows(kind: type[nn.Module], image: Shape, expected: Rows) -> None:
    assert rows(imported(kind(), image).network) == expected


def copy_weights(module: nn.Module, network: Network) -> nn.Module:
    """The network assembled, with the weights of ``module``, whose paths its layers are named after."""
    net = assemble(network).eval()
    tensors = {
        re.sub(r"[^\w]", "_", path): tensor for path, tensor in (*module.named_parameters(), *module.named_buffers())
    }
    own = {"kernel_weight": "kernel", "kernel_bias": "shift", "edges_weight": "edges"}
    with torch.no_grad():
        for path, tensor in (*net.named_parameters(), *net.named_buffers()):
            if not path.endswith("num_batches_tracked"):
                name = re.sub(r"[^\w]", "_", path)
                tensor.copy_(tensors[own.get(name, name)])
    return net


@pytest.mark.parametrize(("kind", "image"), [each[:2] for each in EXPECTED], ids=NAMES)
def test_the_spec_computes_what_the_module_computes(kind: type[nn.Module], image: Shape) -> None:
    torch.manual_seed(0)
    module = kind().eval()
    batch = 1 if kind is students.OneImage else 3
    picture = torch.randn(batch, *image)
    with torch.no_grad():
        right = module(picture)  # lazy layers get their sizes
        for path, tensor in module.named_buffers():
            if path.endswith("running_mean"):
                tensor.normal_()
        right = module(picture)
        net = copy_weights(module, imported(module, image).network)
        assert torch.allclose(net(picture).flatten(1), right.flatten(1), atol=1e-6)


@pytest.mark.parametrize(("kind", "image"), [each[:2] for each in EXPECTED], ids=NAMES)
def test_the_table_has_the_modules_parameters(kind: type[nn.Module], image: Shape) -> None:
    module = kind()
    network = imported(module, image).network
    table = compute(network, wanted=("fixed_parameters",))
    trained = [each for name, each in module.named_parameters() if each.requires_grad and "auxiliary" not in name]
    assert table.totals["parameters"] == sum(each.numel() for each in trained)


def test_settings_are_read_from_the_run() -> None:
    network = imported(students.FunctionalAlexNet(), (3, 67, 67)).network
    kinds: dict[str, Any] = {layer.name: layer.kind for layer in network.layers}
    assert (kinds["conv1"].stride, kinds["conv2"].groups, kinds["conv2"].padding) == ((4, 4), 2, (2, 2))
    assert (kinds["norm"].size, kinds["norm"].k, kinds["norm"].alpha) == (5, 2, 1e-4)
    assert (kinds["pool1"].kernel_size, kinds["pool1"].stride, kinds["drop"].p) == ((3, 3), (2, 2), 0.5)
    inception: dict[str, Any] = {
        each.name: each.kind for each in imported(students.Inception(), (3, 8, 8)).network.layers
    }
    assert inception["branch2_2"].padding == "same"
    assert inception["pool"].ceil_mode


def test_what_the_output_does_not_depend_on_is_said() -> None:
    warnings = imported(students.Frozen(), (3, 8, 8)).warnings
    assert warnings == (
        "spatial (Dropout2d): left out, as it does nothing in use",
        "not in the table, because the output does not depend on it: auxiliary (20 parameters), unused",
    )
    assert imported(students.ResNet(), (3, 32, 32)).warnings == ()


def test_a_module_is_left_as_it_was() -> None:
    module = students.ResNet()
    module.layer1.eval()
    before = {name: tensor.clone() for name, tensor in module.state_dict().items()}
    imported(module, (3, 32, 32))
    assert module.training
    assert not module.layer1.training
    after = module.state_dict()
    assert all(torch.equal(before[name], after[name]) for name in before)
    with pytest.raises(RuntimeError):  # no hook is left behind: it would record where there is no recording
        module(torch.zeros(1))


def test_weights_take_no_memory_as_long_as_nobody_asks_for_their_numbers() -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    network = import_network(f"{students.__file__}:Huge").network
    assert compute(network).totals["parameters"] == 602_116_000
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 1_000_000  # kB


def test_half_precision_and_devices_follow_the_module() -> None:
    module = students.UNet().to(torch.bfloat16)
    assert len(imported(module, (1, 20, 22)).network.layers) == 7
    assert len(imported(students.UNet().to("meta"), (1, 20, 22)).network.layers) == 7


class Sums(nn.Module):
    """Sums that are one row, and sums that are not."""

    def __init__(self) -> None:
        super().__init__()
        self.a, self.b, self.c = (nn.Conv2d(1, 1, 1) for _ in range(3))

    def forward(self, x: Tensor) -> Tensor:
        a, b, c = self.a(x), self.b(x), self.c(x)
        read_twice = a + b
        activated = torch.relu(b + c)
        return torch.add(read_twice, c) + torch.add(activated, read_twice)


def test_a_sum_of_several_is_one_row_unless_a_part_is_read_by_itself() -> None:
    assert rows(imported(Sums(), (1, 4, 4)).network)[3:] == [
        ("add1", "Add (from a, b)"),
        ("add2", "Add (from b, c) + ReLU"),
        ("add3", "Add (from add1, c, add2, add1)"),
    ]


class PreActivation(nn.Module):
    """DenseNet's: what is normalised is read by others too; in place, so that they read it activated or not."""

    def __init__(self, inplace: bool) -> None:
        super().__init__()
        self.conv = nn.Conv2d(1, 2, 1)
        self.relu = nn.ReLU(inplace)
        self.other = nn.Conv2d(2, 2, 1)

    def forward(self, x: Tensor) -> Tensor:
        x = self.conv(x)
        return torch.cat([self.other(self.relu(x)), x], 1)


def test_an_activation_is_a_row_where_others_read_what_was_before_it() -> None:
    apart = rows(imported(PreActivation(inplace=False), (1, 4, 4)).network)
    assert apart == [
        ("conv", "Conv2d"),
        ("relu", "ReLU"),
        ("other", "Conv2d"),
        ("cat", "Concat (from other, conv)"),
    ]
    changed = rows(imported(PreActivation(inplace=True), (1, 4, 4)).network)
    assert changed == [("conv", "Conv2d + ReLU"), ("other", "Conv2d"), ("cat", "Concat (from other, conv)")]


class Pair(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.a, self.b = nn.Conv2d(3, 3, 1), nn.Conv2d(3, 3, 1)


class Checkpointed(Pair):
    def forward(self, x: Tensor) -> Tensor:
        return checkpoint(self.b, torch.relu(self.a(x)), use_reentrant=False)  # type: ignore[no-any-return]


class InferenceOnly(Pair):
    @torch.inference_mode()
    def forward(self, x: Tensor) -> Tensor:
        x = self.a(x)
        torch.relu_(x)
        return self.b(x)  # type: ignore[no-any-return]


class Hooked(Pair):
    def __init__(self) -> None:
        super().__init__()
        self.a.register_forward_hook(lambda _module, _read, returned: torch.relu(returned))

    def forward(self, x: Tensor) -> Tensor:
        return self.b.forward(self.a(x))  # a module run past its own call


class Wary(Pair):
    """Looks at the type of the image, which fake tensors have not."""

    def forward(self, x: Tensor) -> dict[str, object]:
        assert type(x) is Tensor
        return {"out": self.b(torch.relu(self.a(x))), "scale": 2}


@pytest.mark.parametrize("kind", [Checkpointed, InferenceOnly, Hooked, Wary])
def test_however_it_is_run_it_is_the_same_network(kind: type[nn.Module]) -> None:
    assert rows(imported(kind(), (3, 4, 4)).network) == [("a", "Conv2d + ReLU"), ("b", "Conv2d")]


@dataclass
class Outputs:
    image: Tensor
    features: Tensor


class Several(Pair):
    """Two outputs, the second in weights that two modules share, and a layer that is made as it runs."""

    def __init__(self) -> None:
        super().__init__()
        self.b.weight, self.b.bias = self.a.weight, self.a.bias

    def forward(self, x: Tensor) -> Outputs:
        if not hasattr(self, "fc"):
            self.fc = nn.Linear(x[0].numel(), 2)
        x = self.a(x)
        return Outputs(self.b(x), self.fc(x.flatten(1)))


def test_several_outputs_shared_weights_and_late_layers() -> None:
    found = imported(Several(), (3, 4, 4))
    assert rows(found.network) == [
        ("a", "Conv2d"),
        ("b", "Conv2d (weights of a)"),
        ("fc", "Linear (from a)"),
    ]
    assert found.warnings == ("it returns 2 tensors; the table does not say which layers are outputs",)


class Fuzzed(nn.Module):
    """Any way through a few layers, by functions, operators and changes in place."""

    def __init__(self, seed: int) -> None:
        super().__init__()
        self.seed = seed
        self.stem, self.one, self.bn = nn.Conv2d(3, 4, 1), nn.Conv2d(8, 4, 1), nn.BatchNorm2d(4)
        self.convs = nn.ModuleList(nn.Conv2d(4, 4, 3, padding=1) for _ in range(2))
        self.relu, self.drop, self.fc = nn.ReLU(inplace=True), nn.Dropout(0.3), nn.Linear(4 * 9, 5)

    def forward(self, x: Tensor) -> Tensor:
        chance = random.Random(self.seed)
        known = [self.stem(x)]
        steps: list[Callable[[Tensor, Tensor], Tensor]] = [
            lambda a, _: self.convs[0](a),
            lambda a, _: self.convs[1](a),
            lambda a, _: self.bn(a),
            lambda a, _: self.relu(a),
            lambda a, _: torch.tanh(a),
            lambda a, _: a.sigmoid_(),
            lambda a, b: a + b,
            lambda a, b: a.add_(b),
            lambda a, b: self.one(torch.cat([a, b], 1)),
            lambda a, _: a.flatten(1).view(a.shape),
            lambda a, _: self.drop(a.clone()),
            lambda a, b: cast("Tensor", sum([a, b, known[0]])),
        ]
        for _ in range(chance.randint(3, 12)):
            known.append(chance.choice(steps)(chance.choice(known), chance.choice(known)))
        return self.fc(known[-1].flatten(1))  # type: ignore[no-any-return]


def test_whatever_it_does_is_imported_rightly_or_refused() -> None:
    refused = 0
    for seed in range(60):
        torch.manual_seed(seed)
        module = Fuzzed(seed).eval()
        picture = torch.randn(2, 3, 3, 3)
        with torch.no_grad():
            right = module(picture)
            try:
                network = imported(module, (3, 3, 3)).network
            except UsageError as error:
                assert "changed in place" in str(error)  # noqa: PT017
                refused += 1
                continue
            assert torch.allclose(copy_weights(module, network)(picture), right, atol=1e-5), seed
    assert 0 < refused < 20


def test_names_are_told_apart_as_a_workbook_tells_them() -> None:
    net = nn.Sequential()
    for name in ("input", "Conv", "conv", "a-b", "a_b", "größe", "$x <<"):
        net.add_module(name, nn.Conv2d(3, 3, 1))
    net.add_module("nest", nn.Sequential(nn.Sequential(nn.Conv2d(3, 3, 1))))
    found = [layer.name for layer in imported(net, (3, 4, 4)).network.layers]
    assert found == ["input_2", "Conv", "conv_2", "a-b", "a_b_2", "größe", "_x_", "nest_0_0"]


def test_a_very_long_path_is_cut() -> None:
    net: nn.Module = nn.Conv2d(3, 3, 1)
    for _ in range(12):
        net = nn.Sequential()
        net.add_module("a_rather_long_name", nn.Conv2d(3, 3, 1))
    deep: nn.Module = net
    for _ in range(12):
        holder = nn.Sequential()
        holder.add_module("a_rather_long_name", deep)
        deep = holder
    (layer,) = imported(deep, (3, 4, 4)).network.layers
    assert len(layer.name) <= 100
    assert layer.name.endswith("long_name")
