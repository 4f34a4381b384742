"""Somebody's workbook: where it has the table, and a copy of it with the blanks filled."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import TemplateError, UsageError
from ..expr import Value
from ..files import read_file, write_file
from ..layout import Layout, answer_at
from ..marking import is_right, mark
from ..network import INPUT
from ..pasting import asks_text, skeleton_text
from ..sheet import Sheet, defined_name, lay_out
from .apart import work_apart
from .making import OUTPUT, fill_bytes, right_in_key
from .sheets import sheet_of

if TYPE_CHECKING:
    from ..workbook.book import Book
    from ..workbook.elsewhere import Elsewhere
    from ..workbook.package import Package, Place

_SAVE_AS = "open it in its program and save it as .xlsx (or: soffice --headless --convert-to xlsx FILE)"
_CONVERT = (".ods", ".csv", ".tsv", ".xls", ".xlsb", ".fods", ".numbers")
_READ_ONLY = (".ods", ".csv", ".tsv")  # what verify and locate read, but fill cannot write


@dataclass(frozen=True, slots=True)
class KeptCell:
    """A cell that held something already, and what it should hold."""

    cell: str
    held: str  # as typed, a formula with its =
    right: int | float | str
    agrees: bool | None  # None for a text, which only a person can judge


@dataclass(frozen=True, slots=True)
class FillReport:
    path: Path
    filled: int
    kept: tuple[KeptCell, ...]
    led_astray: tuple[str, ...]  # filled cells whose formula gives another number, because of what the template holds
    missing: tuple[str, ...]  # answers without a cell in the template
    agreeing: int = 0  # cells of the template's own that hold the right number
    notes: tuple[str, ...] = ()  # of a table that is not ours: how it was found, what was not sure
    left: tuple[str, ...] = ()  # and its lines that were left alone


def fill(coursework: str | Path, template: str | Path, out: str | Path | None = None) -> FillReport:
    """Fill the blanks of ``template`` into ``out`` and change nothing else.

    By default ``out`` is ``output/<template>-filled`` with the template's suffix (.xlsx, .xlsm ...). The template is
    worked through in a process of its own, as ``verify`` reads a submission.
    """
    template = Path(template)
    if template.suffix.lower() in _CONVERT:
        raise UsageError(f"{template}: fill works on .xlsx; {_SAVE_AS}, and fill that")
    sheet = sheet_of(coursework)
    data = read_file(template, "template")
    path = Path(out or OUTPUT / f"{template.stem}-filled{template.suffix}")
    if path.suffix.lower() != template.suffix.lower():
        raise UsageError(f"--out {path}: the filled copy is a {template.suffix} file like its template")
    if path.exists() and path.samefile(template):
        raise UsageError(f"--out {path} is the template itself; name another file for the filled copy")
    filled, report = work_apart(partial(_fill, coursework, sheet, data, template, path), template)
    write_file(path, filled)
    return report


def _fill(coursework: str | Path, sheet: Sheet, data: bytes, template: Path, path: Path) -> tuple[bytes, FillReport]:
    """The bytes to write to ``path``, and the report on them."""
    from ..workbook.package import BrokenPackage, Package
    from ..workbook.read import read_submission

    try:
        package = Package.read(data)
        if not _is_ours(sheet, package):
            return _fill_elsewhere(coursework, sheet, data, package, template, path)
    except BrokenPackage as error:
        raise TemplateError(f"{template}: {error}") from error
    done, located = fill_bytes(sheet, data, str(template), package)
    answers = {place: answer for answer, place in located.places.items()}
    # what a cell holds already is judged as verify judges it
    judged = {each.id: each.status for each in mark(sheet, read_submission(path.name, done.data, sheet)).answers}
    kept = []
    for each in done.kept:
        status = judged.get(answers.get(each.place, ""), "for-a-person")
        held = f"={each.held_formula}" if each.held_formula else str(each.held)
        agrees = None if status == "for-a-person" else status == "correct"
        assert each.wanted.value is not None
        kept.append(KeptCell(str(each.place), held, each.wanted.value, agrees))
    right = {place: right_in_key(sheet, answers[place]) for place in done.filled if place in answers}
    wanted = [cell.answer or "" for cell in sheet.blanks]
    wanted += [cell.answer for cell in sheet.questions.cells] if sheet.questions is not None else []
    missing = tuple(answer for answer in wanted if answer not in located.places)
    return done.data, FillReport(path, len(right), tuple(kept), _led_astray(done.data, right), missing)


def _led_astray(data: bytes, right: Mapping[Place, Value]) -> tuple[str, ...]:
    """The filled cells that do not give what is right, in the workbook as it is now."""
    from ..workbook.engine import Engine
    from ..workbook.package import Package
    from ..workbook.reach import sheets_read

    package = Package.read(data)
    engine = Engine(package, sheets_read(package, right))
    return tuple(str(place) for place, value in right.items() if not _gives(engine.value(place), value))


def _is_ours(sheet: Sheet, package: Package) -> bool:
    """Whether a template has our own table or our names; else its tables are somebody's."""
    from ..workbook.locate import locate

    return bool(locate(package, sheet, elsewhere=False).places)


def _fill_elsewhere(
    coursework: str | Path, sheet: Sheet, data: bytes, package: Package, template: Path, path: Path
) -> tuple[bytes, FillReport]:
    """Fill a template that is not ours, wherever its tables were declared or recognised."""
    from ..foreign import spots_by_answer
    from ..workbook.compose import compose
    from ..workbook.fill import fill as put

    found, full = tables_elsewhere(coursework, package, str(template))
    composed = compose(package, found.layout, full)
    done = put(data, composed.entries, package=package)
    led_astray = _led_astray(done.data, {at: composed.entries[at].value or 0 for at in done.filled})
    kept = tuple(KeptCell(str(each.place), each.held, each.right, False) for each in composed.wrong)
    answers = spots_by_answer(found.layout)
    missing = tuple(cell.answer or "" for cell in sheet.blanks if cell.answer not in answers)
    left = tuple(f"{place}: {why}" for place, why in composed.barred.items() if "hidden in the merged" not in why)
    left += tuple(
        f"{table.sheet}, {table.named(each.at, layers=each.of == 'layer')} ({each.text!r}): {each.why}"
        for table in found.layout
        for each in table.left
    )
    notes = (_how(found), *found.notes, *composed.notes)
    report = FillReport(path, len(done.filled), kept, led_astray, missing, composed.right, notes=notes, left=left)
    return done.data, report


def _how(found: Elsewhere) -> str:
    more = "; 'sheetgen locate' shows what was taken for what" if found.how == "recognised" else ""
    return f"the table is {found.where()}{more}"


def _gives(now: object, right: Value) -> bool:
    return isinstance(now, int | float | str) and not isinstance(now, bool) and is_right(now, right)


def tables_elsewhere(coursework: str | Path, package: Book, shown_as: str) -> tuple[Elsewhere, Sheet]:
    """The tables of a workbook that is not ours, and a sheet with the number of everything that they may ask for."""
    from ..sheet import with_everything
    from ..spec import load
    from ..workbook.elsewhere import find_tables, tables_of_others

    described = load(coursework)  # which nothing keeps: no file is written where templates are worked through
    sheet = lay_out(described)
    full = with_everything(described, sheet)
    found = find_tables(package, full)
    if found is None and (others := tables_of_others(package, full)):
        raise TemplateError(
            f"{shown_as}: {'; '.join(others)}; is it the workbook of another coursework? If it is this one's, name the "
            f"cells in layout: (see 'sheetgen locate --help')"
        )
    if found is None:
        raise TemplateError(
            f"{shown_as}: no table of {sheet.name} was recognised in it: no cell has the name of a blank, and on no "
            f"sheet stand its layers beside headings that are understood; name the cells in layout: (see "
            f"'sheetgen locate --help'), or start from the workbook that 'sheetgen generate' makes"
        )
    listed = {layer.layer for table in found.layout for layer in table.layers}
    counted = ("parameters", "connections", "fixed_parameters")
    left_out = [row.name for row in full.table.rows if row.name not in listed]
    if not any(full.table.numbers.get(f"{name}.{each}") for name in left_out for each in counted):
        full = with_everything(described, sheet, listed)  # the totals of a table go over its own rows
    return found, full


# --- locate ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Located:
    """Where a workbook has the table: by our names and headings ("ours"), "declared" by layout:, or "recognised".

    "followed" are the headings and labels of layout: where they stand elsewhere.
    """

    how: str
    layout: Layout
    notes: tuple[str, ...]
    named: bool = False  # has any blank its name?
    asks: str = ""  # the columns: and blanks: of what is empty, as YAML, where the coursework asks for something else
    skeleton: str = ""  # a layout: to complete by hand, where the table was "refused"


def locate(coursework: str | Path, workbook: str | Path) -> Located:
    """What each line of the workbook's tables was taken for, and how sure that is."""
    workbook = Path(workbook)
    if workbook.suffix.lower() in _CONVERT and workbook.suffix.lower() not in _READ_ONLY:
        raise UsageError(f"{workbook}: locate works on .xlsx, .ods and .csv; {_SAVE_AS}, and ask again")
    sheet = sheet_of(coursework)
    return work_apart(partial(_locate, coursework, sheet, read_file(workbook, "workbook"), workbook), workbook)


def _locate(coursework: str | Path, sheet: Sheet, data: bytes, workbook: Path) -> Located:
    from ..workbook.book import open_book
    from ..workbook.elsewhere import empty_cells, ours_as_layout
    from ..workbook.locate import locate as find
    from ..workbook.package import BrokenPackage

    try:
        package = open_book(data)
        ours = find(package, sheet, elsewhere=False)
        if ours.places:
            layout = ours_as_layout(ours.sheet, package, ours.worksheet, ours.places)
            named = any(package.place(defined_name(answer)) == place for answer, place in ours.places.items())
            return Located("ours", layout, (), named)
        try:
            found, full = tables_elsewhere(coursework, package, str(workbook))
        except TemplateError as refused:
            return Located("refused", (), (str(refused),), skeleton=_skeleton(coursework, package))
        asks = _asks(sheet, full, found.layout, empty_cells(package, found.layout, full))
    except BrokenPackage as error:
        raise TemplateError(f"{workbook}: {error}") from error
    return Located(found.how, found.layout, found.notes, asks=asks)


def _asks(sheet: Sheet, full: Sheet, layout: Layout, empty: Mapping[str, Sequence[str]]) -> str:
    """``columns:`` and ``blanks:`` for what is empty; nothing where the coursework asks for just that."""
    asked = {cell.answer for cell in sheet.blanks if (cell.answer or "").partition(".")[0] != INPUT}
    if not empty or asked == {answer_at(layer, name) for name, layers in empty.items() for layer in layers}:
        return ""
    columns = dict.fromkeys(line.quantity for table in layout for line in table.lines if line.quantity != "layer")
    return asks_text(tuple(columns), empty, full.table.blocks)


def _skeleton(coursework: str | Path, package: Book) -> str:
    from ..sheet import with_everything
    from ..spec import load
    from ..workbook.elsewhere import tables_refused

    described = load(coursework)
    sheet = lay_out(described)
    refused = tables_refused(package, with_everything(described, sheet))
    quantities = dict.fromkeys((cell.answer or "").rpartition(".")[2] for cell in sheet.blanks)
    shown = next((entry.name for entry in package.sheets if not entry.hidden), "Sheet1")
    return skeleton_text(refused, shown, tuple(quantities), [name for name in sheet.rows if name != INPUT])
