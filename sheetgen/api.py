"""What the commands do, as functions: the only place where the edges (workbooks, PyTorch) meet.

    generate(coursework, out)            writes the blank and the key
    compare(coursework, workbooks)       says what in these is other than generate would write
    fill(coursework, template, out)      fills a copy of the blank, or somebody's own template
    locate(coursework, workbook)         says where a workbook has the table
    new(path, name)                      writes a coursework to start from
    verify(coursework, paths)            marks submissions
    read_results(path)                   takes the results that verify wrote to a file
    write_report(kind, results, asked)   writes a report of them
    discriminate(coursework)             says which mistakes the blanks cannot tell from the right answer
    check(coursework, ...)               holds every published number against its witnesses

``coursework`` is a path or the name of a shipped one. Faults of an instructor or the machine raise SheetgenError.
Edges are imported inside the functions, so that marking loads neither openpyxl nor torch.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeVar

from .errors import TemplateError, UsageError
from .expr import Value
from .files import read_file, write_file
from .handin import HandIn
from .layout import Layout, answer_at
from .marking import is_right, mark
from .network import INPUT
from .pasting import asks_text, skeleton_text
from .records import Results as Results
from .sheet import Sheet, defined_name, lay_out, plain_number

if TYPE_CHECKING:
    from .coursework import Coursework
    from .reports import Asked, Written
    from .witness import Measured
    from .workbook.audit import Disagreement
    from .workbook.book import Book
    from .workbook.elsewhere import Elsewhere
    from .workbook.fill import Filled
    from .workbook.locate import Located as Found
    from .workbook.package import Package, Place

Given = TypeVar("Given")
OUTPUT = Path("output")
_SAVE_AS = "open it in its program and save it as .xlsx (or: soffice --headless --convert-to xlsx FILE)"
_CONVERT = (".ods", ".csv", ".tsv", ".xls", ".xlsb", ".fods", ".numbers")
_READ_ONLY = (".ods", ".csv", ".tsv")  # what verify and locate read, but fill cannot write


def sheet_of(coursework: str | Path) -> Sheet:
    """The sheet of ``coursework``, remembered from the last time if nothing has changed since."""
    from .cache import recall
    from .shipped import find

    return recall(find(coursework)) or read_and_lay_out(coursework)[1]


def read_and_lay_out(coursework: str | Path) -> tuple[Coursework, Sheet]:
    """``coursework`` read and checked, and its sheet, which is kept for the next ``sheet_of``."""
    from .cache import keep
    from .shipped import find
    from .spec import load

    described = load(coursework)
    sheet = lay_out(described)
    keep(find(coursework), sheet, described.files)
    return described, sheet


# --- generate and fill ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Generated:
    coursework: Coursework
    blank: Path
    key: Path
    unseen: tuple[str, ...] = ()  # common mistakes that no blank tells from the right answer


def generate(coursework: str | Path, out: str | Path = OUTPUT) -> Generated:
    """Write ``<name>-blank.xlsx`` and ``<name>-key.xlsx`` into the folder ``out``; equal input gives equal bytes."""
    from .diagnosis.discriminating import discriminates

    described, sheet, blank, key = _made(coursework)
    unseen = tuple(rule for _, rule in _told(sheet, discriminates(sheet).common_unseen, ""))
    name = described.name
    paths = Generated(described, Path(out, f"{name}-blank.xlsx"), Path(out, f"{name}-key.xlsx"), unseen)
    write_file(paths.blank, blank)
    write_file(paths.key, key)
    return paths


def _made(coursework: str | Path) -> tuple[Coursework, Sheet, bytes, bytes]:
    """The coursework and its sheet, the blank and the key."""
    from .workbook.write import blank_workbook

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
    return tuple(
        _apart(partial(_compare, blank, key, read_file(path, "workbook"), path), path) for path in map(Path, workbooks)
    )  # fmt: skip


def _compare(blank: bytes, key: bytes, data: bytes, path: Path) -> Compared:
    from .workbook.compare import differences
    from .workbook.package import BrokenPackage

    try:
        of_key, of_blank = differences(key, data), differences(blank, data)
    except BrokenPackage as error:
        raise TemplateError(f"{path}: {error}") from error
    return Compared(path, "blank", of_blank) if len(of_blank) < len(of_key) else Compared(path, "key", of_key)


def fill_bytes(sheet: Sheet, template: bytes, shown_as: str, package: Package | None = None) -> tuple[Filled, Found]:
    """``template`` with every blank found filled, live formulas with their values beside them; and where they are.

    ``package`` is the template as it was read already.
    """
    from .workbook.fill import Entry, fill
    from .workbook.locate import locate
    from .workbook.package import BrokenPackage, Package, Place

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
            if (right := _right(sheet, answer)) != "":
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


def _right(sheet: Sheet, answer: str) -> int | float | str:
    """What the key holds for ``answer``: a number, the letter of an option, or a model answer, if there is one."""
    if answer in sheet.table.numbers or sheet.questions is None:
        return plain_number(sheet.table.value(answer))
    return sheet.questions.places[answer].question.model


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
    filled, report = _apart(partial(_fill, coursework, sheet, data, template, path), template)
    write_file(path, filled)
    return report


def _apart(work: Callable[[], Given], file: Path) -> Given:
    """What ``work`` gives, done on an instructor's file in a process with limits; raises TemplateError behind them."""
    from .workbook.sandbox import MEMORY, SECONDS, Ended, do_apart

    done = do_apart(work)
    if not isinstance(done, Ended):
        return done
    most = f"{MEMORY >> 20} MiB of memory"
    ended = f"it ended the program that works through it: it is damaged, made to do so, or needs more than {most}"
    why = {
        "slow": f"it takes more than {SECONDS} s of computing to work through it",
        "large": f"it takes more than {most} to work through it",
        "ended": ended,
        "killed": ended,
    }
    raise TemplateError(f"{file}: {why[done.how]}; leave out the sheets that are not needed, and try again")


def _fill(coursework: str | Path, sheet: Sheet, data: bytes, template: Path, path: Path) -> tuple[bytes, FillReport]:
    """The bytes to write to ``path``, and the report on them."""
    from .workbook.package import BrokenPackage, Package
    from .workbook.read import read_submission

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
    right = {place: _right(sheet, answers[place]) for place in done.filled if place in answers}
    wanted = [cell.answer or "" for cell in sheet.blanks]
    wanted += [cell.answer for cell in sheet.questions.cells] if sheet.questions is not None else []
    missing = tuple(answer for answer in wanted if answer not in located.places)
    return done.data, FillReport(path, len(right), tuple(kept), _led_astray(done.data, right), missing)


def _led_astray(data: bytes, right: Mapping[Place, Value]) -> tuple[str, ...]:
    """The filled cells that do not give what is right, in the workbook as it is now."""
    from .workbook.engine import Engine
    from .workbook.package import Package
    from .workbook.reach import sheets_read

    package = Package.read(data)
    engine = Engine(package, sheets_read(package, right))
    return tuple(str(place) for place, value in right.items() if not _gives(engine.value(place), value))


def _is_ours(sheet: Sheet, package: Package) -> bool:
    """Whether a template has our own table or our names; else its tables are somebody's."""
    from .workbook.locate import locate

    return bool(locate(package, sheet, elsewhere=False).places)


def _fill_elsewhere(
    coursework: str | Path, sheet: Sheet, data: bytes, package: Package, template: Path, path: Path
) -> tuple[bytes, FillReport]:
    """Fill a template that is not ours, wherever its tables were declared or recognised."""
    from .foreign import spots_by_answer
    from .workbook.compose import compose
    from .workbook.fill import fill as put

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


def tables_elsewhere(coursework: str | Path, package: Book, shown_as: str) -> tuple[Elsewhere, Sheet]:
    """The tables of a workbook that is not ours, and a sheet with the number of everything that they may ask for."""
    from .sheet import with_everything
    from .spec import load
    from .workbook.elsewhere import find_tables, tables_of_others

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
    return _apart(partial(_locate, coursework, sheet, read_file(workbook, "workbook"), workbook), workbook)


def _locate(coursework: str | Path, sheet: Sheet, data: bytes, workbook: Path) -> Located:
    from .workbook.book import open_book
    from .workbook.elsewhere import empty_cells, ours_as_layout
    from .workbook.locate import locate as find
    from .workbook.package import BrokenPackage

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
    from .sheet import with_everything
    from .spec import load
    from .workbook.elsewhere import tables_refused

    described = load(coursework)
    sheet = lay_out(described)
    refused = tables_refused(package, with_everything(described, sheet))
    quantities = dict.fromkeys((cell.answer or "").rpartition(".")[2] for cell in sheet.blanks)
    shown = next((entry.name for entry in package.sheets if not entry.hidden), "Sheet1")
    return skeleton_text(refused, shown, tuple(quantities), [name for name in sheet.rows if name != INPUT])


def _gives(now: object, right: Value) -> bool:
    return isinstance(now, int | float | str) and not isinstance(now, bool) and is_right(now, right)


def new(path: str | Path, name: str | None = None, *, force: bool = False) -> None:
    """Write a commented coursework to start from: the shipped one called ``name``, or a small one."""
    from .shipped import STARTER, find, templates

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


# --- verify ---------------------------------------------------------------------------------------------------------


def verify(
    coursework: str | Path,
    paths: str | Path | Sequence[str | Path],
    *,
    reveal: bool = False,
    language: str = "en",
    jobs: int | None = None,
    results: str | Path | None = None,
    resume: bool = False,
    cluster: str = "",
    roster: str | Path | None = None,
    names: str | None = None,
    progress: Callable[[int, int], None] | None = None,
    meanwhile: Callable[[], None] | None = None,
) -> Results:
    """Mark the workbooks in ``paths`` (files, folders, zips); a broken one is a result, not an error.

    What is said of wrong answers is in ``language`` (en, de). ``results`` is a file of JSON Lines to write, from which
    ``resume`` takes what is in it already. ``roster`` is a CSV of the students, ``names`` a pattern of their files'
    names such as ``{id}_{name}.xlsx``. Files are marked in ``jobs`` processes (by default one for each core), or on
    the Dask cluster whose scheduler is at ``cluster``. Where processes are not forked (Windows, macOS), a script that
    calls this has to do so below ``if __name__ == "__main__":``, as with any processes of Python's. ``meanwhile`` is
    called once, while a single file is read.
    """
    from .verifying import How, verify_files

    kept, listed = (None if path is None else Path(path) for path in (results, roster))
    how = How(reveal, language, jobs, kept, resume, cluster, listed, names, progress, meanwhile)
    given = [paths] if isinstance(paths, str | Path) else paths
    return verify_files(sheet_of(coursework), str(coursework), given, how)


def write_report(kind: str, results: Results, asked: Asked) -> Written:
    """Write one report of ``results``, whose files are at hand for the kinds that return them; see ``reports``."""
    from .reports import write
    from .verifying import files_again

    with files_again() as bytes_of:
        return write(kind, results, dataclasses.replace(asked, bytes_of=bytes_of))


def at_hand(results: Results, looked_at: int = 20) -> bool:
    """Whether any file of the results is where it was when it was marked; a few of them are looked at."""
    from .verifying import files_again

    few = [results.submissions[number] for number in range(min(looked_at, len(results.submissions)))]
    with files_again() as bytes_of:
        return any(not each.content or bytes_of(each) is not None for each in few) or not few


def read_results(path: str | Path, coursework: str | Path | None = None, roster: str | Path | None = None) -> Results:
    """The results that ``verify`` wrote to ``path``, held against the coursework as it is now.

    ``coursework`` is where it is, if not where ``verify`` found it. Who handed nothing in is known from the ``roster``,
    from that which ``verify`` was told if none is named here.
    """
    from .batch import keys
    from .ledger import read_lines
    from .records import Superseded
    from .roster import read_roster

    lines, heads = read_lines(Path(path))
    if not heads:
        raise UsageError(f"{path}: there are no results in it")
    if "coursework" not in heads[0]:
        raise UsageError(f"{path}: these are the results of a run that did not end; 'sheetgen verify --resume' goes on")
    sheet = sheet_of(coursework or str(heads[0].get("coursework", "")))
    if not {str(head.get("assignment")) for head in heads} <= keys(sheet):
        raise UsageError(
            f"{path}: these are not the results of {sheet.name} as it is now; verify again, with --resume it costs "
            f"nothing where nothing changed"
        )
    superseded = tuple(
        Superseded(str(head["file"]), str(head["student"] or ""), str(head["instead"]), str(head.get("why", "")))
        for head in heads
        if head.get("instead")
    )
    doubts = (str(doubt) for head in heads for doubt in head.get("doubts", ()))
    unknown = tuple(dict.fromkeys(doubts))  # one of several files is said of each of them
    counting = lines.only([not head.get("instead") for head in heads])
    there = {str(head.get("hand_in", {}).get("id", "")) for head in heads}
    try:
        left_out = tuple(map(str, heads[0].get("left_out", ())))
        absent = tuple(HandIn(**student) for student in heads[0].get("missing", ()))
    except TypeError:
        raise UsageError(f"{path}, line 1: this is no line of results; name the file that --results wrote") from None
    if roster is not None:
        absent = tuple(student for student in read_roster(Path(roster)).students if student.id not in there)
    return Results(sheet.name, counting, left_out, superseded, unknown, absent, sheet)


# --- check ----------------------------------------------------------------------------------------------------------

Told = tuple[tuple[str, str], ...]  # rules: their ids, and their words


@dataclass(frozen=True, slots=True)
class BlindSpot:
    """One answer: mistakes that give the right number in it, and those that give the same wrong one."""

    answer: str
    unseen: Told
    alike: tuple[Told, ...]


@dataclass(frozen=True, slots=True)
class Discriminated:
    """What an assignment can tell of how a student came to an answer; ``power`` is a share, 0 to 1."""

    coursework: str
    power: float
    rules: int
    unseen: Told
    alike: tuple[Told, ...]
    blanks: tuple[BlindSpot, ...]


def discriminate(coursework: str | Path) -> Discriminated:
    """Which mistakes the blanks of a coursework cannot tell from the right answer, or from each other."""
    from .diagnosis.discriminating import discriminates

    sheet = sheet_of(coursework)
    power = discriminates(sheet)
    return Discriminated(
        sheet.name,
        power.score,
        power.rules,
        _told(sheet, power.unseen, ""),
        tuple(_told(sheet, group, "") for group in power.alike),
        tuple(
            BlindSpot(
                each.answer,
                _told(sheet, each.unseen, each.answer),
                tuple(_told(sheet, group, each.answer) for group in each.alike),
            )
            for each in power.blanks
        ),
    )


def _told(sheet: Sheet, rules: Sequence[tuple[str, ...]], answer: str) -> Told:
    from .diagnosis import rule_id
    from .diagnosis.wording import clause

    return tuple((rule_id(rule), clause((rule,), sheet, answer)) for rule in rules)


@dataclass(frozen=True, slots=True)
class Checked:
    """The verdict on every published number: each id is agreed, or disagreed, or not seen by every witness."""

    device: str
    agreed: tuple[str, ...]
    disagreed: tuple[Disagreement, ...]
    not_witnessed: tuple[str, ...]
    witnesses: Mapping[str, int] = field(hash=False)  # witness -> how many numbers it saw


def check(
    coursework: str | Path,
    device: str = "auto",
    workbook: str | Path | None = None,
    progress: Callable[[str], None] | None = None,
) -> Checked:
    """Hold every number of the sheet against Python's integer, the workbook recalculated, and the real network.

    ``workbook`` is the key to check; by default the one that ``generate`` would write.
    """
    from .shown import losses_shown, measured_for, own_shown, questions_shown
    from .witness import measure
    from .workbook.audit import audit
    from .workbook.package import BrokenPackage
    from .workbook.write import blank_workbook

    described, sheet = read_and_lay_out(coursework)
    fresh = fill_bytes(sheet, blank_workbook(described, sheet), "the key")[0].data
    key, shown_as = (fresh, "the key") if workbook is None else (read_file(Path(workbook), "workbook"), str(workbook))
    try:
        in_workbook, wrong_cells = audit(sheet, key, fresh)
    except BrokenPackage as error:
        raise TemplateError(f"{shown_as}: {error}") from error
    wanted = measured_for(described, sheet)
    measured = measure(described.network, described.conventions, described.rows, device, progress, wanted=wanted)
    numbers = {**measured.numbers, **own_shown(described, sheet, measured.numbers)}
    numbers |= questions_shown(described, sheet, numbers, device)
    measured = dataclasses.replace(measured, numbers=numbers)
    return _verdict(sheet, in_workbook, wrong_cells, measured, losses_shown(sheet, device))


def published(sheet: Sheet) -> tuple[str, ...]:
    """Ids of the numbers that the table shows or asks for, row by row, and of those that the questions ask for."""
    return (*sheet.places, *(sheet.questions.numbers if sheet.questions is not None else ()))


def _verdict(
    sheet: Sheet,
    in_workbook: set[str],
    wrong_cells: tuple[Disagreement, ...],
    measured: Measured,
    losses: Mapping[str, tuple[float, float]] | None = None,
) -> Checked:
    from .workbook.audit import Disagreement

    disagreed = list(wrong_cells)
    losses = losses or {}
    for answer, (stated, theirs) in losses.items():  # a loss stands in a text: no cell shows its value
        if not math.isclose(stated, theirs, rel_tol=1e-9):
            disagreed.append(Disagreement(answer, theirs, stated, "torch"))
    agreed: list[str] = []
    unseen: list[str] = []
    for answer in published(sheet):
        expected = sheet.table.value(answer)
        number = measured.numbers.get(answer)
        if number is not None and number != expected:
            disagreed.append(Disagreement(answer, plain_number(expected), plain_number(number), "torch"))
    for answer, number in measured.opinions.items():
        if answer in measured.macs and number != measured.macs[answer]:
            disagreed.append(Disagreement(answer, measured.macs[answer], number, "flop_counter"))
    wrong = {each.id for each in disagreed}
    for answer in published(sheet):
        if answer in wrong:
            continue
        (agreed if answer in measured.numbers and answer in in_workbook else unseen).append(answer)
    agreed += [answer for answer in losses if answer not in wrong]
    numbers = published(sheet)
    return Checked(
        device=measured.device,
        agreed=tuple(agreed),
        disagreed=tuple(disagreed),
        not_witnessed=tuple(unseen),
        witnesses={
            "python": len(numbers) + len(losses),
            "excel": sum(answer in in_workbook for answer in numbers),
            "torch": sum(answer in measured.numbers for answer in numbers) + len(losses),
            "flop_counter": len(measured.opinions),
        },
    )
