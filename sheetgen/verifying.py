"""``verify``: files gathered, marked, and settled whose they are; the rooms that do each of it know none of the others.

A single file is marked in one process of its own; a class over an executor (``batch.py``), its results on disk
(``ledger.py``), so that neither all files nor all results stand in memory.
"""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .contents import read, reading
from .errors import UsageError
from .folders import gather
from .handin import NOBODY, File
from .marking import Marked, Submission, mark
from .records import Results, plain
from .sheet import Sheet

if TYPE_CHECKING:
    from .batch import Job
    from .identity import Settled
    from .roster import Roster

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class How:
    """How ``verify`` goes about it: everything that has a default."""

    reveal: bool = False
    language: str = "en"
    jobs: int | None = None  # processes; by default one for each core
    results: Path | None = None  # the file of JSON Lines to write
    resume: bool = False  # and to take what is in it already
    cluster: str = ""  # the address of a Dask scheduler
    roster: Path | None = None
    names: str | None = None  # the pattern of the files' names
    progress: Progress | None = None
    meanwhile: Callable[[], None] | None = None  # called once, while a single file is read


def verify_files(sheet: Sheet, named: str, paths: Sequence[str | Path], how: How) -> Results:
    """Mark the files in ``paths`` against ``sheet``; ``named`` is what the results call the coursework's source."""
    from .roster import read_roster

    roster = None if how.roster is None else read_roster(how.roster)
    gathered = gather(paths, how.names)
    if how.progress is not None:
        how.progress(0, len(gathered.files))
    if len(gathered.files) == 1 and how.results is None and not how.cluster:
        marked = _alone(sheet, gathered.files[0], how)
        settled = _settle([(gathered.files[0], marked.student_cell, marked.reason, marked.brief().all_blank)], roster)
        submissions: Sequence[Marked] = (_whose(marked, settled, 0),)
        return _results(sheet, submissions, gathered.left_out, settled, how.language)
    return _class(sheet, named, gathered.files, gathered.left_out, roster, how)


# --- one file -------------------------------------------------------------------------------------------------------


def _alone(sheet: Sheet, file: File, how: How) -> Marked:
    from .workbook.sandbox import WHY, Ended, do_apart

    data = read(file)
    if isinstance(data, str):
        return mark(sheet, Submission(file.shown, {}, data))
    found = do_apart(partial(_read_and_mark, sheet, file.shown, data, how.reveal, how.language), how.meanwhile)
    if isinstance(found, Ended):
        return mark(sheet, Submission(file.shown, {}, WHY[found.how]))
    return replace(found, content=_hash(data))


def _read_and_mark(sheet: Sheet, file: str, data: bytes, reveal: bool, language: str) -> Marked:
    from .workbook.sandbox import read_bounded

    return mark(sheet, read_bounded(file, data, sheet), reveal=reveal, language=language)


def _hash(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


# --- a class --------------------------------------------------------------------------------------------------------


def _class(
    sheet: Sheet, named: str, files: Sequence[File], left_out: tuple[str, ...], roster: Roster | None, how: How
) -> Results:
    from . import batch
    from .ledger import Ledger
    from .records import Done
    from .workbook import sandbox

    assignment = batch.Assignment.of(sheet, reveal=how.reveal, language=how.language)
    contents = [""] * len(files)
    # of each file its Student cell, why it is unmarked, and whether nothing is filled in
    told: dict[int, tuple[str, str | None, bool]] = {}

    ledger = Ledger(how.results, assignment.key, resume=how.resume, may_pass=sandbox.may_pass)
    with ledger, reading() as read_one:

        def take(number: int, found: Done | str) -> None:
            if isinstance(found, str):
                found = batch.unmarked(assignment, files[number].shown, found)
            head = {"file": files[number].shown, "content": contents[number]}
            ledger.add(number, head, found)
            told[number] = found.student_cell, found.reason, found.brief.all_blank
            if how.progress is not None and len(told) < len(files):
                how.progress(len(told), len(files))

        def jobs() -> Iterator[Job]:
            for number, file in enumerate(files):
                data = read_one(file)
                if isinstance(data, str):
                    take(number, data)
                    continue
                contents[number] = _hash(data)
                known = ledger.known(contents[number], file.shown)
                if known is None:
                    yield batch.Job(number, file.shown, data)
                else:
                    take(number, known)

        with contextlib.ExitStack() as closing:
            if how.cluster:
                from .cluster import PATIENCE, connect

                begin, workers = closing.enter_context(connect(how.cluster))
                work, patience = partial(batch.mark_apart, assignment), PATIENCE
            else:
                begin, workers = batch.local(assignment, len(files), how.jobs)
                work, patience = partial(batch.mark_here, assignment), sandbox.STUCK
            for job, found in batch.work_through(begin, work, jobs(), workers, patience):
                take(job.number, found)
        settled = _settle([(file, *told[number]) for number, file in enumerate(files)], roster)
        whys = {each.file: each.why for each in settled.superseded}
        heads = [_head(named, file, contents[number], settled, number, whys) for number, file in enumerate(files)]
        if heads:  # of the class as a whole
            heads[0] |= {"left_out": list(left_out)} if left_out else {}
            heads[0] |= {"missing": [plain(each) for each in settled.missing]} if settled.missing else {}
        lines = ledger.finish(enumerate(heads))
        counting = frozenset(settled.counting)
    counted = lines.only([number in counting for number in range(len(files))])
    return _results(sheet, counted, left_out, settled, how.language)


# --- the files once more --------------------------------------------------------------------------------------------


@contextlib.contextmanager
def files_again() -> Iterator[Callable[[Marked], bytes | None]]:
    """The bytes that a result is of, read once more; None where they are gone, or are others by now."""
    inside: dict[Path, dict[str, File]] = {}  # the files of each zip, by what results call them

    def find(shown: str) -> File | None:
        path = Path(shown)
        if path.is_file():
            return File(shown, path)
        zipped = next((parent for parent in path.parents if parent.is_file()), None)
        if zipped is None:
            return None
        if zipped not in inside:
            try:
                inside[zipped] = {file.shown: file for file in gather([zipped]).files}
            except UsageError:  # it is another file by now
                inside[zipped] = {}
        return inside[zipped].get(shown)

    with reading() as read_one:

        def again(marked: Marked) -> bytes | None:
            file = find(marked.file) if marked.content else None
            data = "" if file is None else read_one(file)
            return data if isinstance(data, bytes) and _hash(data) == marked.content else None

        yield again


def _settle(found: Sequence[tuple[File, str, str | None, bool]], roster: Roster | None) -> Settled:
    from .identity import Entry, settle

    entries = [Entry(file.shown, file.hand_in, cell, reason, blank) for file, cell, reason, blank in found]
    return settle(entries, roster)


def _head(
    named: str, file: File, content: str, settled: Settled, number: int, whys: Mapping[str, str]
) -> dict[str, Any]:
    """What a line says of its file before the marks; without what is as it is by default."""
    hand_in = settled.hand_ins[number]
    found = {
        "file": file.shown,
        "student": hand_in.shown or None,
        "instead": settled.instead.get(number, ""),
        "why": whys.get(file.shown, ""),
        "doubts": list(settled.doubts.get(number, ())),
        "hand_in": None if hand_in == NOBODY else plain(hand_in),
        "content": content,
        "coursework": named,
    }
    return {name: value for name, value in found.items() if value or name == "student"}


def _whose(marked: Marked, settled: Settled, number: int) -> Marked:
    hand_in, doubts = settled.hand_ins[number], settled.doubts.get(number, ())
    return replace(marked, student=hand_in.shown or None, hand_in=hand_in, doubts=doubts)


def _results(
    sheet: Sheet, counting: Sequence[Marked], left_out: tuple[str, ...], settled: Settled, language: str
) -> Results:
    whose = (settled.superseded, settled.unknown, settled.missing)
    return Results(sheet.name, counting, left_out, *whose, sheet, language)
