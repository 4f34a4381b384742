"""What cannot be imported is named, with the module's path and the user's line, and nothing is given."""

from __future__ import annotations

import linecache
import re
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch import nn

from sheetgen.errors import DeviceError, UsageError
from sheetgen.importer import from_module, import_network
from sheetgen.layers import Shape

from . import students

FILE = str(Path(students.__file__))


def refusal(make: Callable[[], nn.Module], image: Shape = (3, 8, 8)) -> str:
    with pytest.raises(UsageError) as caught:
        from_module(make(), image, "Net")
    return str(caught.value)


def refusal_of(name: str, image: Shape = (3, 8, 8)) -> str:
    with pytest.raises(UsageError) as caught:
        import_network(f"{FILE}:{name}", image)
    return str(caught.value)


def line_of(message: str) -> str:
    """The user's line that a message points to."""
    found = re.search(r"students\.py:(\d+)", message)
    assert found is not None, message
    return linecache.getline(FILE, int(found[1]))


def refused(target: str) -> str:
    with pytest.raises(UsageError) as caught:
        import_network(target)
    return str(caught.value)


# --- no layer kind ----------------------------------------------------------------------------------------------------


def test_modules_without_a_layer_type_are_named_by_their_paths_all_of_them() -> None:
    message = refusal(students.Sequences)
    first, *told = message.splitlines()
    assert first == "Net cannot be expressed, and nothing was written:"
    assert [line.partition(" there is")[0] for line in told] == [
        "stem.1 (GroupNorm):",
        "Sequences: transpose:",
        "encoder.lstm (LSTM):",
        "attention (TransformerEncoder):",
    ]
    assert "self.encoder.lstm" in line_of(told[2])


def test_settings_that_cannot_be_expressed_are_named() -> None:
    told = refusal(students.Settings, (3, 6, 6)).splitlines()[1:]
    expected = [
        r"reflect \(Conv2d\): padding_mode reflect: only zeros",
        # of what follows from it nothing is known but that which is no layer whatever it reads
        r"gate \(Gate\): mul: there is no layer type for it",
        r"Settings: log_sigmoid: there is no layer type for it",
        r"Settings: permute: there is no layer type for it",
    ]
    assert len(told) == len(expected), told
    for line, pattern in zip(told, expected, strict=True):
        assert re.match(pattern, line), line


class Tail(nn.Module):
    """Its function behind a convolution, so that the function is the only thing wrong."""

    def __init__(self, function: Callable[[torch.Tensor], object], *layers: nn.Module) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3)
        self.layers = nn.ModuleList(layers)
        self.function = function

    def forward(self, x: torch.Tensor) -> object:
        x = self.conv(x)
        for layer in self.layers:
            x = layer(x)
        return self.function(x)


F = nn.functional
ODD: list[tuple[Callable[[torch.Tensor], object], str]] = [
    (lambda x: F.softmax(x, 2), "softmax along axis 2"),
    (lambda x: F.softmax(x.flatten(2), 1), "only Flatten changes a shape"),
    (lambda x: F.interpolate(x, 7), "scales 6 to 7 and 6 to 7; only whole factors"),
    (lambda x: F.interpolate(x, scale_factor=2, mode="bicubic"), "mode bicubic"),
    (lambda x: F.interpolate(x, scale_factor=2, mode="bilinear", align_corners=True), "align_corners"),
    (lambda x: x[:, :2], "cuts channels"),
    (lambda x: x[:1], "cuts channels or a vector"),
    (lambda x: x[:, :, 1:] + 0 * 0, "takes rows 1 to 5 of 6 and columns 0 to 5 of 6"),
    (lambda x: F.relu(x[:, :, :3, 1:4]), "takes rows 0 to 2 of 6 and columns 1 to 3 of 6"),
    (lambda x: F.relu(x[:, :, 1:5, 1:5]), "no layer above has that size"),
    (lambda x: x[:, :, ::2], "takes each 2th"),
    (lambda x: x[:, 0], "picks from a tensor"),
    (lambda x: x[x > 0], "gt: there is no layer type"),
    (lambda x: x + 1, "adds a number"),
    (lambda x: x + torch.ones(1), "adds a tensor that is no layer's output"),
    (lambda x: x + x.mean((2, 3), keepdim=True), "adds 4 × 6 × 6 and 4 × 1 × 1"),
    (lambda x: torch.add(x, x, alpha=2), "adds 2 times"),
    (lambda x: torch.cat([x, x], 2), "joins along axis 2"),
    (lambda x: torch.cat([x, torch.ones(2, 1, 6, 6)], 1), "joins a tensor that is no layer's output"),
    (lambda x: torch.stack([x, x]), "stack: there is no layer type"),
    (lambda x: x.view(-1, 72), "images of a batch are mixed"),
    (lambda x: F.max_pool2d(x.view(-1, 1, 12, 12), 2), "in the shape 1 × 12 × 12; only Flatten"),
    (lambda x: F.pad(x, (1, 0)), r"pads by \[1, 0\]"),
    (lambda x: x.mean(1), "only the mean over height and width"),
    (lambda x: x.mean(), "only the mean over height and width"),
    (lambda x: x.mean(3), "mean over one side only"),
    (lambda x: x.expand(2, 4, 6, 6).repeat(1, 2, 1, 1), "repeat: there is no layer type"),
    (lambda x: F.conv2d(x, x[:, :, :3, :3]), "weights are another layer's output"),
    (lambda x: F.conv2d(x, torch.ones(1, 4, 1, 1)), "no parameters or buffers of the network"),
    (lambda x: F.linear(x, torch.ones(2, 6)), "sees all of it at once"),
    (lambda x: F.batch_norm(x, torch.zeros(4), torch.ones(4), training=True), "mean of the batch"),
    (lambda x: F.avg_pool2d(x, 2, divisor_override=3), "divisor_override"),
    (lambda x: F.max_pool2d(x, 2, return_indices=True)[0], "max_pool2d_with_indices"),
    (lambda x: F.adaptive_max_pool2d(x, 1), "adaptive_max_pool2d"),
    (lambda x: F.gelu(x, approximate="tanh"), "approximate tanh"),
    (lambda x: F.hardtanh(x), "hardtanh from 0 to 6"),
    (lambda x: F.elu(x, 2.0), "alpha 2.0"),
    (lambda x: x.chunk(2, 1)[0], "chunk: there is no layer type"),
    (lambda x: x.fill_(1), "fill: there is no layer type"),
]  # fmt: skip


@pytest.mark.parametrize(("function", "reason"), ODD, ids=[reason for _, reason in ODD])
def test_what_a_function_does_is_named(function: Callable[[torch.Tensor], object], reason: str) -> None:
    message = refusal(lambda: Tail(function))
    assert re.search(reason, message), message
    assert "test_refusals.py:" in message


LAYERS: list[tuple[nn.Module, str]] = [
    (nn.Conv2d(4, 4, 3, padding=1, padding_mode="circular"), "padding_mode circular"),
    (nn.utils.parametrizations.weight_norm(nn.Conv2d(4, 4, 1)), "made in the run"),
    (nn.BatchNorm2d(4, track_running_stats=False), "running statistics"),
    (nn.InstanceNorm2d(4), "there is no layer type"),
    (nn.PReLU(), "there is no layer type"),
    (nn.Linear(6, 2), "reads its input as 4 × 6 × 6"),
    (nn.PixelShuffle(2), "there is no layer type"),
    (nn.LeakyReLU(0.2), "negative_slope 0.2 cannot be expressed; LeakyReLU is PyTorch's"),
]


@pytest.mark.parametrize(("layer", "reason"), LAYERS, ids=[type(layer).__name__ for layer, _ in LAYERS])
def test_a_layer_is_named_by_its_path(layer: nn.Module, reason: str) -> None:
    message = refusal(lambda: Tail(nn.functional.relu, nn.Identity(), layer))
    assert re.search(reason, message), message
    assert message.splitlines()[1].startswith("layers.1 (")


def test_weights_used_again_otherwise_are_named() -> None:
    other = refusal(students.OtherStride)
    assert "OtherStride: uses weights of conv with another stride" in other
    assert "not all of them; weights_of: is for all" in refusal(students.OtherBias)


def test_what_is_changed_through_a_view_is_no_longer_followed() -> None:
    assert "changed in place" in refusal(students.Aliases)


def test_a_layer_half_frozen_is_named() -> None:
    assert "conv (Conv2d): some of its parameters are trained and some are not" in refusal(students.HalfFrozen)


@pytest.mark.filterwarnings("ignore:.*torch.jit:DeprecationWarning")
def test_what_no_recording_sees_is_named() -> None:
    message = refusal(students.Unseen)
    assert "script (" in message
    assert "there is no layer type for it" in message


@pytest.mark.parametrize("kind", [students.Nothing, students.Elsewhere])
def test_a_network_without_layers_is_none(kind: type[nn.Module]) -> None:
    assert re.search("does not come from any layer|nothing that depends on its input", refusal(kind))


def test_only_the_first_reasons_are_told() -> None:
    deep = nn.Sequential(*(nn.Sequential(nn.PReLU()) for _ in range(30)))
    told = refusal(lambda: deep).splitlines()
    assert len(told) == 22
    assert told[-1] == "and 10 more"


def test_too_many_layers_are_refused() -> None:
    many = nn.Sequential(*(nn.Conv2d(1, 1, 1) for _ in range(1001)))
    assert "has 1001 layers, and a table may have at most 1000" in refusal(lambda: many, (1, 2, 2))


# --- decisions --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["Decides", "Hides"])
def test_a_network_that_decides_by_numbers_has_no_one_table(name: str) -> None:
    message = refusal_of(name)
    assert "decides by the value of a tensor" in message
    assert "if x.mean() > 0:" in line_of(message)


@pytest.mark.parametrize("reads", ["item", "tolist", "numpy", "__float__", "__int__"])
def test_reading_a_value_is_a_decision(reads: str) -> None:
    message = refusal(lambda: Tail(lambda x: getattr(x.flatten()[0] if reads != "numpy" else x, reads)()))
    assert "reads the value of a tensor" in message


# --- the user's code --------------------------------------------------------------------------------------------------


def test_a_class_that_needs_arguments_says_which() -> None:
    message = refusal_of("Needs")
    assert "needs width" in message
    assert "depth" not in message.partition(":")[0]
    assert "def net(): return Needs(width=...)" in message
    assert import_network(f"{FILE}:needs", (3, 8, 8)).network.layers[0].name == "conv"


def test_a_forward_that_needs_more_than_an_image_says_so() -> None:
    assert "does not take just that: missing a required argument: 'y'" in refusal_of("TwoImages")


def test_an_error_of_the_users_code_is_a_sentence_with_their_line() -> None:
    message = refusal_of("Breaks")
    assert "ValueError: no such data set (while Breaks() was called)" in message
    assert "raise ValueError" in line_of(message)


def test_an_error_of_the_run_is_pytorchs_own() -> None:
    message = refusal_of("WrongSize")
    assert "RuntimeError: mat1 and mat2 shapes cannot be multiplied (1x192 and 10x2)" in message
    assert "while WrongSize ran on an image of 3 × 8 × 8" in message
    assert "self.fc(x.flatten(1))" in line_of(message)


def test_sys_exit_is_a_sentence() -> None:
    message = refusal_of("Leaves")
    assert "ended the program (sys.exit('no GPU, no fun'))" in message
    assert "sys.exit" in line_of(message)


def test_what_is_no_module_is_said() -> None:
    assert "no_module() gives a list, not a torch.nn.Module" in refusal_of("no_module")
    assert "is a class, but no torch.nn.Module" in refusal_of("Squares")
    assert "did you mean ResNet?" in refusal_of("resnet")
    assert "it defines no torch.nn.Module" in refused("json:Net")


def test_a_function_that_gives_a_module_is_among_what_is_known(tmp_path: Path) -> None:
    text = "from torch import nn\ndef tiny(): return nn.ReLU()\ndef wide(width, *more): return nn.ReLU()\n"
    (tmp_path / "net.py").write_text(text)
    assert refused(f"{tmp_path}/net.py:Nope").endswith("net.py has no Nope; known: tiny")


def test_a_final_logarithm_of_the_softmax_is_an_activation() -> None:
    class Digits(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.fc = nn.Linear(192, 10)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return torch.log_softmax(self.fc(x.flatten(1)), dim=1)

    (row,) = from_module(Digits(), (3, 8, 8)).network.layers
    assert (row.kind.type, row.kind.activation) == ("Linear", "LogSoftmax")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("import sys; sys.exit(3)", "net.py:1: the code ended the program (sys.exit(3)) while"),
        ("x = = 1", "net.py:1: SyntaxError: invalid syntax"),
        ("\n1 / 0", "net.py:2: ZeroDivisionError: division by zero (while"),
        ("import not_there_at_all", "net.py:1: ModuleNotFoundError: No module named 'not_there_at_all'"),
        ("input('your name? ')", "net.py:1: EOFError"),
        ("raise BaseException('all')", "BaseException: all"),
    ],
)
def test_a_file_that_cannot_be_imported_is_a_sentence(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "net.py").write_text(text)
    message = refused(f"{tmp_path}/net.py:Net")
    assert said in message, message
    assert "Traceback" not in message


def test_nothing_is_left_of_the_users_file(tmp_path: Path) -> None:

    (tmp_path / "helper.py").write_text("width = 4")
    (tmp_path / "net.py").write_text(
        "import helper, sys\nfrom torch import nn\n"
        "def net():\n    assert len(sys.argv) == 1\n    return nn.Conv2d(3, helper.width, 1)"
    )
    path, argv = list(sys.path), list(sys.argv)
    found = import_network(f"{tmp_path}/net.py:net", (3, 4, 4))
    assert found.network.layers[0].name == "conv"
    assert (path, argv) == (sys.path, sys.argv)
    assert not {"helper", "net"} & sys.modules.keys()
    assert {each.name for each in tmp_path.iterdir()} == {"helper.py", "net.py"}  # no __pycache__ beside theirs


@pytest.mark.parametrize(
    ("target", "said"),
    [
        ("student.py", "does not say what to import"),
        (":Net", "does not say what to import"),
        ("nowhere.py:Net", "there is no file nowhere.py"),
        ("lecture.ipynb/:Net", "is a notebook; save it as a .py file"),
        ("notes/net.txt:Net", "is no .py file"),
        ("not_there_at_all:Net", "there is no module not_there_at_all"),
        ("not there:Net", "no module"),
        ("torch.nn:Conv2d", "needs in_channels, out_channels, kernel_size"),
    ],
)
def test_a_target_that_cannot_be_found_says_so(target: str, said: str) -> None:
    assert said in refused(target)


def test_without_torch_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:

    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(DeviceError, match=r"pip install 'sheetgen\[torch\]'"):
        import_network("student.py:Net")
