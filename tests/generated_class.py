"""A class of any size as classes are: perfect, half filled, with mistakes that are carried on, and broken.

Equal arguments give equal bytes. Hand-ins are made by writing cells into the blank, some milliseconds each.
"""

from __future__ import annotations

import argparse
import datetime
import io
import random
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.diagnosis import Numbers, Student, rules_of
from sheetgen.coursework import Coursework
from sheetgen.diagnosis.changes import Rule
from sheetgen.diagnosis.index import Index, index_of
from sheetgen.expr import Value
from sheetgen.sheet import Sheet, defined_name, lay_out, plain_number
from sheetgen.spec import load
from sheetgen.workbook.cells import Write, write_cells
from sheetgen.workbook.package import Package, Place, replace_parts
from sheetgen.workbook.write import blank_workbook

FIRST = "Ada Ben Chiara Dmitri Elif Farah Goran Hana Ivo Jana Kofi Lena Mehmet Nadia Olu Petra Quentin Rosa Sven Tariq"
LAST = "Abel Baker Costa Demir Eriksen Fischer Gupta Haas Ivanov Jensen Kim Lopez Meyer Novak Okafor Petrov Quist Rossi"
COMMON = ("drop:biases", "once:padding", "drop:in_channels", "unsquared:kernel", "swap:in_channels:out_channels")
BROKEN = 0.01  # of the hand-ins
FORMULAS = 0.2  # of the students type formulas where they can
SHARES = {"perfect": 0.25, "partly": 0.15, "mistakes": 0.45, "slips": 0.15}


@dataclass(frozen=True, slots=True)
class Made:
    """One student's hand-in."""

    id: str
    name: str
    kind: str
    data: bytes
    when: datetime.datetime

    @property
    def canvas_name(self) -> str:
        """Canvas's lower-cased sortable name without punctuation."""
        first, last = self.name.split()
        return f"{last}{first}".lower()


class Maker:
    """Makes hand-ins of one coursework."""

    def __init__(self, coursework: str = "alexnet", seed: int = 0) -> None:
        self.described: Coursework = load(coursework)
        self.sheet: Sheet = lay_out(self.described)
        self.blank = blank_workbook(self.described, self.sheet)
        self.package = Package.read(self.blank)
        self.index: Index = index_of(self.sheet)
        self.rules = rules_of(self.index)
        self.chance = random.Random(seed)
        self._known: dict[tuple[Rule, ...], Numbers] = {}
        self.right: dict[str, Value] = {}
        for cell in self.sheet.blanks:
            self.right[cell.answer or ""] = plain_number(self.sheet.table.value(cell.answer or ""))
        for asked in self.sheet.questions.cells if self.sheet.questions is not None else ():
            model = (
                plain_number(self.sheet.table.value(asked.answer)) if asked.question.numbers else asked.question.model
            )
            self.right[asked.answer] = "As the paper says." if asked.question.kind == "text" else model
        self.places = {answer: self.package.place(defined_name(answer)) for answer in self.right}
        # a few dozen ways of getting it wrong, some of them much more common than others, as in any class
        single = list(self.rules)
        self.chance.shuffle(single)
        single.sort(key=lambda rule: not any(":".join(rule).startswith(each) for each in COMMON))
        self.ways = [tuple(single[i : i + 1 + i % 3]) for i in range(min(40, len(single)))]

    def make(self, count: int) -> Iterator[Made]:
        for number in range(count):
            yield self._one(number)

    def _one(self, number: int) -> Made:
        chance = self.chance
        first, last = FIRST.split(), LAST.split()
        name = f"{first[number % len(first)]} {last[number // len(first) % len(last)]}"
        kind = chance.choices(list(SHARES), list(SHARES.values()))[0]
        answers = dict(self.right)
        if kind == "mistakes" or (kind == "partly" and chance.random() < 0.5):
            way = self.ways[min(int(chance.expovariate(0.15)), len(self.ways) - 1)] if self.ways else ()
            answers |= self._with(way)
        if kind in ("slips", "mistakes"):
            for answer in chance.sample(list(answers), min(len(answers), chance.randint(0, 4))):
                answers[answer] = self._slipped(answers[answer])
        if kind == "partly":
            answers = dict(list(answers.items())[: chance.randint(1, len(answers) - 1)])
        when = datetime.datetime(2026, 6, 1, 9) + datetime.timedelta(seconds=chance.randint(0, 10**6))
        data = self.workbook(answers, f"{name} {number}", when, formulas=chance.random() < FORMULAS)
        if chance.random() < BROKEN:
            kind, data = "broken", chance.choice((data[: len(data) // 3], b"", b"see my mail\n" * 40, data[:-30]))
        return Made(str(40_000 + number), name, kind, data, when)

    def _with(self, way: tuple[Rule, ...]) -> Numbers:
        if way not in self._known:
            given, applied = Student(self.index, way).sheet()
            self._known[way] = {answer: given[answer] for answer in applied if answer in self.right}
        return self._known[way]

    def _slipped(self, value: Value) -> Value:
        digits = str(value)
        if not isinstance(value, int) or value < 10:
            return value
        at = self.chance.randrange(len(digits) - 1)
        swapped = digits[:at] + digits[at + 1] + digits[at] + digits[at + 2 :]
        return int(self.chance.choice((swapped, f"{digits}0", digits[:at] + digits[at + 1 :])))

    def workbook(self, answers: dict[str, Value], creator: str, when: datetime.datetime, *, formulas: bool) -> bytes:
        """The blank with ``answers`` in it, saved by ``creator``."""
        writes: dict[str, dict[tuple[int, int], Write]] = {}
        wrong = {answer for answer, value in answers.items() if value != self.right[answer]}
        for answer, value in answers.items():
            place = self.places[answer]
            assert isinstance(place, Place)
            number = plain_number(value)
            formula = self.sheet.formula(answer) if formulas and not wrong and answer in self.sheet.places else None
            writes.setdefault(place.sheet, {})[place.row, place.column] = Write(number, formula)
        parts: dict[str, bytes | None] = {}
        for entry in self.package.sheets:
            if entry.name in writes:
                parts[entry.part] = write_cells(
                    self.package.part(entry.part), entry.part, entry.name, writes[entry.name]
                )
        core = self.package.part("docProps/core.xml").replace(
            b">sheetgen</cp:lastModifiedBy", f">{creator}</cp:lastModifiedBy".encode()
        )
        stamp = f"{when:%Y-%m-%dT%H:%M:%SZ}".encode()
        parts["docProps/core.xml"] = core.replace(
            b"2000-01-01T00:00:00Z</dcterms:modified", stamp + b"</dcterms:modified"
        )
        return replace_parts(self.blank, parts)


def as_folder(made: Sequence[Made], folder: Path) -> list[Path]:
    """Files that are called by their students' ids: 40001_Ada Abel.xlsx."""
    folder.mkdir(parents=True, exist_ok=True)
    found = []
    for each in made:
        path = folder / f"{each.id}_{each.name}.xlsx"
        path.write_bytes(each.data)
        found.append(path)
    return found


def as_moodle(made: Sequence[Made]) -> bytes:
    """The zip that Moodle hands out; its participants are not the students' ids."""
    return _zip((f"{each.name}_{participant(each)}_assignsubmission_file/table.xlsx", each) for each in made)


def as_canvas(made: Sequence[Made]) -> bytes:
    return _zip((f"{each.canvas_name}_{user(each)}_{70_000 + int(each.id)}_table.xlsx", each) for each in made)


def participant(made: Made) -> int:
    return 900_000 + int(made.id)


def user(made: Made) -> int:
    return 500_000 + int(made.id)


def roster(made: Sequence[Made]) -> bytes:
    """A roster in which a student has the university's id, and those of both platforms."""
    lines = ["Student ID,Name,Identifier,Canvas ID,E-mail"]
    lines += [
        f"{each.id},{each.name},Participant {participant(each)},{user(each)},{each.id}@example.edu" for each in made
    ]
    return "\n".join(lines).encode() + b"\n"


def _zip(members: Iterator[tuple[str, Made]]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, each in members:
            archive.writestr(zipfile.ZipInfo(name, each.when.timetuple()[:6]), each.data)
    return stream.getvalue()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--count", type=int, default=400)
    parser.add_argument("--coursework", default="alexnet")
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    made = list(Maker(asked.coursework, asked.seed).make(asked.count))
    as_folder(made, asked.folder)
    asked.folder.with_name(f"{asked.folder.name}-moodle.zip").write_bytes(as_moodle(made))
    asked.folder.with_name(f"{asked.folder.name}-canvas.zip").write_bytes(as_canvas(made))
    asked.folder.with_name(f"{asked.folder.name}-roster.csv").write_bytes(roster(made))


if __name__ == "__main__":
    main()
