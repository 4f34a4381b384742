"""Five students of the AlexNet coursework, each with one thing on their mind; the rest they do right.

    python -m tests.five_students     writes their workbooks into tests/data/students

Every number is worked out here the way that student would: nothing of ``sheetgen.diagnosis`` is used.
"""

from __future__ import annotations

from pathlib import Path

from sheetgen.coursework import Coursework
from sheetgen.sheet import Sheet, lay_out
from sheetgen.spec import load
from tests.sample_class import Typed, hand_in, right_answers

FOLDER = Path(__file__).parent / "data" / "students"

# name: kernel, stride, padding, output channels; a pool has no channels of its own
LAYERS: dict[str, tuple[int, int, int, int | None]] = {
    "conv1": (11, 4, 0, 96),
    "pool1": (3, 2, 0, None),
    "conv2": (5, 1, 2, 256),
    "pool2": (3, 2, 0, None),
    "conv3": (3, 1, 1, 384),
    "conv4": (3, 1, 1, 384),
    "conv5": (3, 1, 1, 256),
    "pool5": (3, 2, 0, None),
    "fc6": (0, 0, 0, 4096),
    "fc7": (0, 0, 0, 4096),
    "fc8": (0, 0, 0, 1000),
}
COLUMNS = ("neurons", "weights", "biases", "parameters", "connections")


class Student:
    """Fills the table from top to bottom, with whatever the subclass does differently."""

    image = 227

    def fan_in(self, layer: str, kernel: int, channels: int) -> int:  # noqa: ARG002
        return kernel * kernel * channels

    def size(self, layer: str, height: int, width: int) -> tuple[int, int]:  # noqa: ARG002
        return height, width

    def bias(self) -> int:
        return 1

    def answers(self) -> dict[str, Typed]:
        found: dict[str, Typed] = {"input.in_height": self.image, "question.1": self.image}
        height = width = self.image
        channels = 3
        totals = dict.fromkeys(COLUMNS, 0)
        for name, (kernel, stride, padding, maps) in LAYERS.items():
            if kernel:
                height = (height + 2 * padding - kernel) // stride + 1
                width = (width + 2 * padding - kernel) // stride + 1
                height, width = self.size(name, height, width)
                fan_in = self.fan_in(name, kernel, channels) if maps else kernel * kernel
                found |= {f"{name}.out_height": height, f"{name}.out_width": width}
            else:
                fan_in = height * width * channels
                height = width = 1
            trained = fan_in * maps if maps else 0
            channels = maps or channels
            neurons = channels * height * width
            biases = channels * self.bias() if maps else 0
            bias = self.bias() if maps else 0
            row = (neurons, trained, biases, trained + biases, (fan_in + bias) * neurons)
            found |= {f"{name}.{column}": number for column, number in zip(COLUMNS, row, strict=True)}
            found = self.row(name, found)
            for column in COLUMNS:
                number = found[f"{name}.{column}"]
                assert isinstance(number, int)
                totals[column] += number
        return found | {f"total.{column}": number for column, number in totals.items()}

    def row(self, layer: str, found: dict[str, Typed]) -> dict[str, Typed]:  # noqa: ARG002
        return found


class PaperImage(Student):
    """(a) takes 224 x 224, as the paper says."""

    image = 224


class NoBiases(Student):
    """(b) forgets all biases."""

    def bias(self) -> int:
        return 0


class TwoGpus(Student):
    """(c) keeps the paper's split: conv2, conv4 and conv5 see half of the maps."""

    def fan_in(self, layer: str, kernel: int, channels: int) -> int:
        return kernel * kernel * channels // (2 if layer in ("conv2", "conv4", "conv5") else 1)


class MixedUp(Student):
    """(d) writes parameters and connections into each other's column, from conv3 on."""

    def row(self, layer: str, found: dict[str, Typed]) -> dict[str, Typed]:
        if layer in list(LAYERS)[4:]:
            there, here = found[f"{layer}.parameters"], found[f"{layer}.connections"]
            found |= {f"{layer}.parameters": here, f"{layer}.connections": there}
        return found


class Mistyped(Student):
    """(e) types 72 for 27, the height of pool1, and goes on from there."""

    def size(self, layer: str, height: int, width: int) -> tuple[int, int]:
        return (72 if layer == "pool1" else height), width


STUDENTS: dict[str, type[Student]] = {
    "a-paper-image": PaperImage,
    "b-no-biases": NoBiases,
    "c-two-gpus": TwoGpus,
    "d-mixed-up": MixedUp,
    "e-mistyped": Mistyped,
}


def workbook(student: type[Student], coursework: Coursework, sheet: Sheet) -> bytes:
    return hand_in(coursework, sheet, {**right_answers(sheet), **student().answers()})


def main() -> None:
    coursework = load("alexnet")
    sheet = lay_out(coursework)
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, student in STUDENTS.items():
        (FOLDER / f"{name}.xlsx").write_bytes(workbook(student, coursework, sheet))


if __name__ == "__main__":
    main()
