"""Workbooks made of a coursework: the blank, the key, a template of ours filled; and a coursework to start from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from ..errors import TemplateError, UsageError
from ..files import read_file, write_file
from ..sheet import Sheet, plain_number
from .apart import work_apart
from .discriminating import told
from .sheets import read_and_lay_out

if TYPE_CHECKING:
    from ..coursework import Coursework
    from ..workbook.fill import Filled
    from ..workbook.locate import Located as Found
    from ..workbook.package import Package, Place

OUTPUT = Path("output")


@dataclass(frozen=True, slots=True)
class Generated:
    coursework: Coursework
    blank: Path
    key: Path
    unseen: tuple[str, ...] = ()  # common mistakes that no blank tells from the right answer


def generate(coursework: str | Path, out: str | Path = OUTPUT) -> Generated:
    """Write ``<name>-blank.xlsx`` and ``<name>-key.xlsx`` into the folder ``out``; equal input gives equal bytes."""
    from ..diagnosis.discriminating import discriminates

    described, sheet, blank, key = _made(coursework)
    unseen = tuple(rule for _, rule in told(sheet, discriminates(sheet).common_unseen, ""))
    name = described.name
    paths = Generated(described, Path(out, f"{name}-blank.xlsx"), Path(out, f"{name}-key.xlsx"), unseen)
    write_file(paths.blank, blank)
    write_file(paths.key, key)
    return paths


def _made(coursework: str | Path) -> tuple[Coursework, Sheet, bytes, bytes]:
    """The coursework and its sheet, the blank and the key."""
    from ..workbook.write import blank_workbook

    described, sheet = read_and_lay_out(coursework)
    if not sheet.blanks and sheet.questions is None:
        raise UsageError(f"{coursework}: the coursework has no blanks, so there is nothing to hand out; see blanks:")
    blank = blank_workbook(described, sheet)
    return described, sheet, blank, fill_bytes(sheet, blank, f"{described.name}-blank.xlsx")[0].data


@dataclass(frozen=True, slots=True)
class Compared:
    """A workbook beside the blank or the key that the coursework gives, whichever it is more like."""

    path: Path
    what: Literal["blank", "key"]
    differences: tuple[str, ...]  # what is otherwise in it, in clauses


def compare(coursework: str | Path, workbooks: Sequence[str | Path]) -> tuple[Compared, ...]:
    """Whether each of ``workbooks`` is what ``generate`` would write; nothing is written."""
    _, _, blank, key = _made(coursework)
    read = ((path, read_file(path, "workbook")) for path in map(Path, workbooks))
    return tuple(work_apart(partial(_compare, blank, key, data, path), path) for path, data in read)


def _compare(blank: bytes, key: bytes, data: bytes, path: Path) -> Compared:
    from ..workbook.compare import differences
    from ..workbook.package import BrokenPackage

    try:
        of_key, of_blank = differences(key, data), differences(blank, data)
    except BrokenPackage as error:
        raise TemplateError(f"{path}: {error}") from error
    return Compared(path, "blank", of_blank) if len(of_blank) < len(of_key) else Compared(path, "key", of_key)


def fill_bytes(sheet: Sheet, template: bytes, shown_as: str, package: Package | None = None) -> tuple[Filled, Found]:
    """``template`` with every blank found filled, live formulas with their values beside them; and where they are.

    ``package`` is the template as it was read already.
    """
    from ..workbook.fill import Entry, fill
    from ..workbook.locate import locate
    from ..workbook.package import BrokenPackage, Package, Place

    try:
        package = package or Package.read(template)
        located = locate(package, sheet, elsewhere=False)
        if not located.places:
            raise TemplateError(
                f"{shown_as}: none of the {len(sheet.blanks)} blanks of {sheet.name} is in it: no cell has "
                f"the name of a blank, and no sheet has the headings of the table; start from the workbook that "
                f"'sheetgen generate' makes"
            )
        entries: dict[Place, Entry] = {}
        for answer, place in located.places.items():
            live = located.worksheet is not None and answer in sheet.table.numbers
            if (right := right_in_key(sheet, answer)) != "":
                entries[place] = Entry(right, located.sheet.formula(answer) if live else None)
        if located.questions is not None:  # the comments
            at = located.questions
            for question in at.questions:
                if question.remark:
                    place = Place(at.worksheet, at.rows[question.id], at.columns["remarks"])
                    entries[place] = Entry(question.remark)
        own = [
            Place(located.worksheet, cell.row, cell.column)
            for cell in located.sheet.cells
            if located.worksheet is not None and cell.kind == "given" and str(cell.content).startswith("=")
        ]
        return fill(template, entries, own, package), located
    except BrokenPackage as error:
        raise TemplateError(f"{shown_as}: {error}") from error


def right_in_key(sheet: Sheet, answer: str) -> int | float | str:
    """What the key holds for ``answer``: a number, the letter of an option, or a model answer, if there is one."""
    if answer in sheet.table.numbers or sheet.questions is None:
        return plain_number(sheet.table.value(answer))
    return sheet.questions.places[answer].question.model


def new(path: str | Path, name: str | None = None, *, force: bool = False) -> None:
    """Write a commented coursework to start from: the shipped one called ``name``, or a small one."""
    from ..shipped import STARTER, find, templates

    path = Path(path)
    if path.suffix.lower() not in (".yaml", ".yml"):
        raise UsageError(f"{path}: a coursework is a .yaml file; call it {path.with_suffix('.yaml')}")
    if path.exists() and not force:
        raise UsageError(f"{path} is there already; name another file, or say --force to write over it")
    source = templates() / STARTER if name is None else find(name)
    text = read_file(source, "coursework", "a .yaml file").decode("utf-8")
    # the schema lies beside the shipped ones only
    head = (
        "# An editor completes and checks this file if 'sheetgen schema > schema.json' has made the schema beside it.\n"
    )
    mark = "# yaml-language-server: $schema=schema.json\n"
    write_file(path, (mark + head + text.removeprefix(mark)).encode("utf-8"))
