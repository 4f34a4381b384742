# mypy: disable-error-code="no-any-return, no-untyped-call, return-value, arg-type, operator"
# ruff: noqa: N812, ARG002, ARG004
"""Networks as students and textbooks write them; each is imported by a test, as a module or from this very file."""

from __future__ import annotations

import sys

import torch
import torch.nn.functional as F
from torch import Tensor, nn

print("this file says hello")


class FunctionalAlexNet(nn.Module):
    """Everything but the weights is a function."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 12, 11, stride=4)
        self.conv2 = nn.Conv2d(12, 16, 5, padding=2, groups=2)
        self.conv3 = nn.Conv2d(16, 24, 3, padding=1)
        self.fc1 = nn.Linear(24 * 3 * 3, 40)
        self.fc2 = nn.Linear(40, 10)

    def forward(self, x: Tensor) -> Tensor:
        assert x.shape[1] == 3
        x = F.local_response_norm(F.relu(self.conv1(x)), size=5, k=2)
        x = F.max_pool2d(x, 3, 2)
        x = F.max_pool2d(F.relu(self.conv2(x)), kernel_size=3, stride=2)
        x = torch.relu(self.conv3(x))
        x = x.view(x.size(0), -1)
        x = F.dropout(F.relu(self.fc1(x)), training=self.training)
        return F.softmax(self.fc2(x), dim=1)


class BasicBlock(nn.Module):
    def __init__(self, inside: int, outside: int, stride: int = 1) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(inside, outside, 3, stride=stride, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(outside)
        self.relu = nn.ReLU(inplace=True)
        self.conv2 = nn.Conv2d(outside, outside, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(outside)
        self.downsample = None
        if stride != 1:
            shortcut = nn.Conv2d(inside, outside, 1, stride=stride, bias=False)
            self.downsample = nn.Sequential(shortcut, nn.BatchNorm2d(outside))

    def forward(self, x: Tensor) -> Tensor:
        identity = x if self.downsample is None else self.downsample(x)
        out = self.relu(self.bn1(self.conv1(x)))
        out = self.bn2(self.conv2(out))
        out += identity
        return self.relu(out)


class ResNet(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, 8, 7, stride=2, padding=3, bias=False)
        self.layer1 = nn.Sequential(BasicBlock(8, 8), BasicBlock(8, 16, stride=2))
        self.avgpool = nn.AdaptiveAvgPool2d((1, 1))
        self.fc = nn.Linear(16, 5)

    def forward(self, x: Tensor) -> Tensor:
        x = self.layer1(F.relu(self.stem(x), inplace=True))
        return self.fc(torch.flatten(self.avgpool(x), 1))


class Inception(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.branch1 = nn.Conv2d(3, 4, 1)
        self.branch2 = nn.Sequential(nn.Conv2d(3, 2, 1), nn.ReLU(), nn.Conv2d(2, 6, 3, padding="same"), nn.ReLU())
        self.pool = nn.MaxPool2d(3, stride=1, padding=1, ceil_mode=True)
        self.proj = nn.Conv2d(3, 5, 1)

    def forward(self, x: Tensor) -> Tensor:
        branches = [F.relu(self.branch1(x)), self.branch2(x), F.relu(self.proj(self.pool(x)))]
        return torch.cat(branches, dim=1).mean(dim=(2, 3))


class UNet(nn.Module):
    """Unpadded; what goes across is cropped by slices whose bounds come from shapes."""

    def __init__(self) -> None:
        super().__init__()
        self.down = nn.Conv2d(1, 4, 3)
        self.bottom = nn.Conv2d(4, 8, 3)
        self.up = nn.ConvTranspose2d(8, 4, 2, stride=2)
        self.out = nn.Conv2d(8, 2, 1)

    def forward(self, x: Tensor) -> Tensor:
        across = F.relu(self.down(x))
        up = self.up(F.relu(self.bottom(F.max_pool2d(across, 2))))
        top = (across.shape[2] - up.shape[2]) // 2
        left = (across.size(3) - up.size(3)) // 2
        across = across[:, :, top : top + up.shape[2]]
        across = across[..., left : left + up.shape[3]]
        return self.out(torch.cat((across, up), 1))


class CutBefore(nn.Module):
    """The cut comes before the layer that has its size."""

    def __init__(self) -> None:
        super().__init__()
        self.a = nn.Conv2d(1, 2, 3, padding=1)
        self.b = nn.Conv2d(1, 2, 5)

    def forward(self, x: Tensor) -> Tensor:
        cut = self.a(x)[:, :, 2:-2, 2:-2]
        return cut + self.b(x)


class Decoder(nn.Module):
    """From a vector to an image, scaled up by functions and by modules."""

    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(3 * 8 * 8, 6)
        self.up = nn.ConvTranspose2d(6, 4, 3, stride=2, padding=1, output_padding=1, groups=2)
        self.bigger = nn.Upsample(scale_factor=2, mode="bilinear")
        self.out = nn.ConvTranspose2d(4, 1, 2, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        x = F.elu(self.fc(x.flatten(1)))[:, :, None, None]
        x = F.interpolate(F.silu(self.up(x)), scale_factor=(2, 3), mode="nearest")
        return torch.sigmoid(self.out(self.bigger(x)))


class Shared(nn.Module):
    """One convolution and one pooling, several times."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 3, 3, padding=1)
        self.bn = nn.BatchNorm2d(3, affine=False)
        self.pool = nn.MaxPool2d(2)

    def forward(self, x: Tensor) -> Tensor:
        a = self.pool(self.bn(F.relu(self.conv(x))))
        b = self.pool(F.relu(self.bn(self.conv(a))))
        return b + b + torch.tanh(self.conv(b))


class Mixed(nn.Module):
    """A branch of vectors: flattened maps beside means, normalised, and activated where others read too."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3, bias=False)
        self.flatten = nn.Flatten()
        self.norm = nn.BatchNorm1d(4 * 36 + 4)
        self.act = nn.LeakyReLU()
        self.fc = nn.Linear(4 * 36 + 4, 3)

    def forward(self, x: Tensor) -> Tensor:
        x = self.conv(x)
        flat = self.flatten(x)
        means = F.adaptive_avg_pool2d(self.act(x), 1)[:, :, 0, 0]
        return self.fc(F.gelu(self.norm(torch.cat([flat, means], dim=-1))))


class Frozen(nn.Module):
    """A backbone that is not trained, a fixed filter, and a part that nothing reads."""

    def __init__(self) -> None:
        super().__init__()
        self.backbone = nn.Conv2d(3, 4, 3)
        self.backbone.requires_grad_(False)
        self.register_buffer("edges", torch.ones(4, 1, 3, 3))
        self.head = nn.Linear(4, 2)
        self.auxiliary = nn.Sequential(nn.Conv2d(4, 4, 1), nn.ReLU())
        self.unused = nn.Tanh()
        self.spatial = nn.Dropout2d()

    def forward(self, x: Tensor) -> Tensor:
        x = self.backbone(x)
        self.auxiliary[0](x)
        x = F.conv2d(x, self.edges, groups=4)
        return self.head(self.spatial(x).mean(3).mean(2))


class ByHand(nn.Module):
    """Its own parameters, a layer made on the way, a scale that is computed where the network is built."""

    def __init__(self) -> None:
        super().__init__()
        width = int(torch.linspace(0, 8, 3)[-1].item())
        self.kernel = nn.Parameter(torch.randn(width, 3, 3, 3))
        self.shift = nn.Parameter(torch.randn(width))

    def forward(self, x: Tensor) -> Tensor:
        x = nn.ReLU6()(F.conv2d(x, self.kernel.to(x), self.shift, padding=1))  # to: the weight itself
        print(f"the mean is {x.mean()}, the shape {x.shape}")
        return sum([x, F.hardswish(x)])


class Lazy(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.LazyConv2d(4, 3)
        self.fc = nn.LazyLinear(2)

    def forward(self, x: Tensor) -> Tensor:
        return self.fc(F.relu(self.conv(x)).flatten(1))


class OneImage(nn.Module):
    """Takes a batch of one for granted."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3)
        self.fc = nn.Linear(4 * 36, 2)

    def forward(self, x: Tensor) -> Tensor:
        return self.fc(self.conv(x).view(1, -1))


class Huge(nn.Module):
    """2.4 GB of weights."""

    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(3 * 224 * 224, 4000)

    def forward(self, x: Tensor) -> Tensor:
        return self.fc(x.flatten(1))


# --- what cannot be expressed -----------------------------------------------------------------------------------------


class Decides(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 3, 3)

    def forward(self, x: Tensor) -> Tensor:
        x = self.conv(x)
        if x.mean() > 0:
            x = F.relu(x)
        return x


class Hides(Decides):
    """Decides, and swallows the refusal."""

    def forward(self, x: Tensor) -> Tensor:
        try:
            return super().forward(x)
        except Exception:
            return self.conv(x)


class Sequences(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(3, 8, 3), nn.GroupNorm(2, 8))
        self.encoder = nn.Module()
        self.encoder.lstm = nn.LSTM(8, 4, batch_first=True)
        self.attention = nn.TransformerEncoder(nn.TransformerEncoderLayer(4, 2, batch_first=True), 2)

    def forward(self, x: Tensor) -> Tensor:
        x, _ = self.encoder.lstm(self.stem(x).flatten(2).transpose(1, 2))
        return self.attention(x)[:, -1]


class Gate(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x * torch.sigmoid(x)


class Settings(nn.Module):
    """Layers that there are, with settings that there are not."""

    def __init__(self) -> None:
        super().__init__()
        self.reflect = nn.Conv2d(3, 4, 3, padding=1, padding_mode="reflect")
        self.normed = nn.utils.parametrizations.weight_norm(nn.Conv2d(4, 4, 1))
        self.batch = nn.BatchNorm2d(4, track_running_stats=False)
        self.corners = nn.Upsample(scale_factor=2, mode="bilinear", align_corners=True)
        self.gate = Gate()

    def forward(self, x: Tensor) -> Tensor:
        outputs = [self.reflect(x)]
        base = outputs[0].detach()
        outputs += [self.normed(base), self.batch(base), self.corners(base), self.gate(base)]
        outputs += [F.logsigmoid(base), F.softmax(base, 2), F.interpolate(base, 5), base[:, :2], base[:, :, 1:]]
        outputs += [base.permute(0, 2, 3, 1), base + 1, base.view(2, 2, -1), F.pad(base, (1, 1))]
        return outputs


class OtherStride(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 3, 3)
        self.bare = nn.Conv2d(3, 3, 1)

    def forward(self, x: Tensor) -> Tensor:
        return F.conv2d(self.conv(x), self.conv.weight, self.conv.bias, stride=2)


class OtherBias(OtherStride):
    def forward(self, x: Tensor) -> Tensor:
        return F.conv2d(self.conv(x), self.bare.weight, self.conv.bias)


class Aliases(nn.Module):
    """Changes an image through a view of it, and reads the image."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 3, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        x = self.conv(x)
        F.relu(x.view(x.size(0), -1), inplace=True)
        return self.conv(x)


class HalfFrozen(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 3, 3)
        self.conv.weight.requires_grad_(False)

    def forward(self, x: Tensor) -> Tensor:
        return self.conv(x)


class Squares(torch.autograd.Function):
    @staticmethod
    def forward(ctx: object, x: Tensor) -> Tensor:
        return x.clone()


class Unseen(nn.Module):
    """What it computes, no recording of Python sees."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 3, 3)
        self.script = torch.jit.trace(nn.Sequential(nn.ReLU()), torch.zeros(2, 3, 6, 6))

    def forward(self, x: Tensor) -> Tensor:
        return self.script(self.conv(x))


class Nothing(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x.view(x.size(0), -1)


class Elsewhere(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 3, 3)

    def forward(self, x: Tensor) -> Tensor:
        return self.conv(torch.zeros(2, 3, 8, 8))


# --- what goes wrong --------------------------------------------------------------------------------------------------


class Needs(nn.Module):
    def __init__(self, width: int, depth: int = 2) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, width, depth)

    def forward(self, x: Tensor) -> Tensor:
        return self.conv(x)


class TwoImages(nn.Module):
    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        return x + y


class WrongSize(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(10, 2)

    def forward(self, x: Tensor) -> Tensor:
        return self.fc(x.flatten(1))


class Breaks(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        raise ValueError("no such data set")


class Leaves(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        sys.exit("no GPU, no fun")


def needs() -> Needs:
    return Needs(width=4)


def no_module() -> list[int]:
    return [1]


small = nn.Sequential(nn.Conv2d(3, 6, 5), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(6 * 4, 10))
