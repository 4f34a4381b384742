"""Layers with several inputs: sums and concatenations of branches, and a crop to the size of another layer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar, Literal

from pydantic import Field

from .base import Conventions, Layer, Names, Reach, Shape


class _Join(Layer):
    """A layer with two or more inputs; it has no connections, by convention."""

    from_: Names = Field(alias="from", description="The layers that it joins")  # type: ignore[assignment]

    least_sources: ClassVar[int] = 2

    @property
    def _inputs(self) -> range:
        return range(1, len(self.from_) + 1)

    def reach(self, axis: str) -> Reach | None:  # noqa: ARG002
        starts = ", ".join(f"in{i}_start" for i in self._inputs)
        ends = ", ".join(f"in{i}_start + in{i}_receptive_field" for i in self._inputs)
        return Reach(size=f"max({ends}) - min({starts})", jump="in_jump", start=f"min({starts})")

    def mistakes(self, shapes: Sequence[Shape]) -> Iterator[str]:
        same = [self._must_agree(shape) for shape in shapes]
        if len(set(same)) > 1:
            said = ", ".join(
                f"{name} is {' × '.join(map(str, shape))}" for name, shape in zip(self.from_, shapes, strict=True)
            )
            yield f"{self._what} must be the same, but {said} (channels × height × width)"

    _what: ClassVar[str]

    def _must_agree(self, shape: Shape) -> object:
        raise NotImplementedError


class Add(_Join):
    """Sum of its inputs, value by value (He 2016: the shortcut of a residual block)."""

    type: Literal["Add"] = "Add"

    _what: ClassVar[str] = "the shapes of what is added"

    def _must_agree(self, shape: Shape) -> object:
        return shape

    def module(self, nn: Any, shape: Shape, out: Shape) -> Any:  # noqa: ARG002
        from ..modules import Add as Module

        return Module()


class Concat(_Join):
    """Its inputs, channel behind channel (Szegedy 2015: the end of an inception block)."""

    type: Literal["Concat"] = "Concat"

    stacks: ClassVar[bool] = True
    _what: ClassVar[str] = "height and width of what is concatenated"

    def _own_formulas(self, conventions: Conventions) -> Mapping[str, str]:  # noqa: ARG002
        return {"in_channels": " + ".join(f"in{i}_channels" for i in self._inputs)}

    def _must_agree(self, shape: Shape) -> object:
        return shape[1:]

    def module(self, nn: Any, shape: Shape, out: Shape) -> Any:  # noqa: ARG002
        from ..modules import Concat as Module

        return Module()


class CenterCrop(Layer):
    """The middle of its input, as large as the layer ``like`` (Ronneberger 2015, figure 1: copy and crop)."""

    type: Literal["CenterCrop"] = "CenterCrop"
    like: str = Field(description="Name of the layer whose height and width the crop has")

    FORMULAS: ClassVar[Mapping[str, str]] = {
        **Layer.FORMULAS,
        "out_height": "like_height",
        "out_width": "like_width",
    }

    def reach(self, axis: str) -> Reach | None:
        return Reach("in_receptive_field", "in_jump", f"in_start + (in_{axis} - out_{axis}) // 2 * in_jump")

    def reads(self, axis: str, unit: int, size: int, out: int) -> range:  # noqa: ARG002
        first = unit + (size - out) // 2
        return range(first, first + 1)

    def mistakes(self, shapes: Sequence[Shape]) -> Iterator[str]:
        shape, like = shapes[0], shapes[-1]
        if shape[1] < like[1] or shape[2] < like[2]:
            yield (
                f"cannot crop {shape[1]} × {shape[2]} (height × width) to {like[1]} × {like[2]}, "
                f"the size of {self.like}"
            )

    def remarks(self) -> Iterator[str]:
        yield f"like {self.like}"

    def module(self, nn: Any, shape: Shape, out: Shape) -> Any:  # noqa: ARG002
        from ..modules import CenterCrop as Module

        return Module(out[1:])
