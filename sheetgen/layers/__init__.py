"""Every layer kind, whole: what its YAML may say, the formulas of its quantities, its PyTorch module.

A new kind is one class in the file where its like stand, listed in KINDS; names and defaults are those of ``torch.nn``.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from .base import MOST as MOST
from .base import SIDES as SIDES
from .base import Axis as Axis
from .base import Conventions as Conventions
from .base import Init as Init
from .base import Layer as Layer
from .base import Reach as Reach
from .base import Shape as Shape
from .base import Strict as Strict
from .convolution import Conv2d as Conv2d
from .convolution import ConvTranspose2d as ConvTranspose2d
from .joining import Add as Add
from .joining import CenterCrop as CenterCrop
from .joining import Concat as Concat
from .plain import FUNCTIONS as FUNCTIONS
from .plain import Dropout as Dropout
from .plain import Flatten as Flatten
from .plain import LocalResponseNorm as LocalResponseNorm
from .plain import ReLU as ReLU
from .plain import Tanh as Tanh
from .plain import activation as activation
from .pooling import AdaptiveAvgPool2d as AdaptiveAvgPool2d
from .pooling import AvgPool2d as AvgPool2d
from .pooling import GlobalAvgPool2d as GlobalAvgPool2d
from .pooling import MaxPool2d as MaxPool2d
from .pooling import Upsample as Upsample
from .weighted import BatchNorm2d as BatchNorm2d
from .weighted import Linear as Linear
from .weighted import Subsample2d as Subsample2d
from .weighted import Weighted as Weighted

_KINDS: tuple[type[Layer], ...] = (
    Conv2d,
    ConvTranspose2d,
    Linear,
    BatchNorm2d,
    Subsample2d,
    MaxPool2d,
    AvgPool2d,
    AdaptiveAvgPool2d,
    GlobalAvgPool2d,
    Upsample,
    Add,
    Concat,
    CenterCrop,
    LocalResponseNorm,
    Dropout,
    Flatten,
    *FUNCTIONS,
)
KINDS: Mapping[str, type[Layer]] = MappingProxyType({kind.__name__: kind for kind in _KINDS})
