"""Hand-ins marked, their results taken up again, and reports of them."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import UsageError
from ..handin import HandIn
from ..records import Results
from .sheets import sheet_of

if TYPE_CHECKING:
    from ..marking import Marked
    from ..reports import Asked, Written


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
    from ..verifying import How, verify_files

    kept, listed = (None if path is None else Path(path) for path in (results, roster))
    how = How(reveal, language, jobs, kept, resume, cluster, listed, names, progress, meanwhile)
    given = [paths] if isinstance(paths, str | Path) else paths
    return verify_files(sheet_of(coursework), str(coursework), given, how)


def write_report(kind: str, results: Results, asked: Asked) -> Written:
    """Write one report of ``results``, whose files are at hand for the kinds that return them; see ``reports``."""
    from ..reports import write
    from ..verifying import files_again

    with files_again() as bytes_of:
        return write(kind, results, dataclasses.replace(asked, bytes_of=bytes_of))


def at_hand(results: Results, looked_at: int = 20) -> bool:
    """Whether any file of the results is where it was when it was marked; a few of them are looked at."""
    from ..verifying import files_again

    few = [results.submissions[number] for number in range(min(looked_at, len(results.submissions)))]
    with files_again() as bytes_of:
        return any(not each.content or bytes_of(each) is not None for each in few) or not few


def read_results(path: str | Path, coursework: str | Path | None = None, roster: str | Path | None = None) -> Results:
    """The results that ``verify`` wrote to ``path``, held against the coursework as it is now.

    ``coursework`` is where it is, if not where ``verify`` found it. Who handed nothing in is known from the ``roster``,
    from that which ``verify`` was told if none is named here.
    """
    from ..batch import keys
    from ..ledger import read_lines
    from ..records import Superseded

    if not Path(path).exists() and Path(f"{path}.part").exists():
        raise UsageError(
            f"{path}: the run that writes it did not end; the same 'sheetgen verify' with --resume goes on"
        )
    lines, heads = read_lines(Path(path))
    if not heads:
        raise UsageError(f"{path}: there are no results in it")
    if "coursework" not in heads[0]:
        raise UsageError(f"{path}: these are the results of a run that did not end; 'sheetgen verify --resume' goes on")
    sheet = sheet_of(coursework or str(heads[0].get("coursework", "")))
    known = keys(sheet)
    if not {str(head.get("assignment")) for head in heads} <= known.keys():
        raise UsageError(
            f"{path}: these are not the results of {sheet.name} as it is now, marked by this version of sheetgen; "
            f"verify again with --resume, which costs nothing where nothing changed"
        )
    superseded = tuple(
        Superseded(str(head["file"]), str(head["student"] or ""), str(head["instead"]), str(head.get("why", "")))
        for head in heads
        if head.get("instead")
    )
    doubts = (str(doubt) for head in heads for doubt in head.get("doubts", ()))
    unknown = tuple(dict.fromkeys(doubts))  # one of several files is said of each of them
    counting = lines.only([not head.get("instead") for head in heads])
    try:
        left_out = tuple(map(str, heads[0].get("left_out", ())))
        absent = tuple(HandIn(**student) for student in heads[0].get("missing", ()))
    except TypeError:
        raise UsageError(f"{path}, line 1: this is no line of results; name the file that --results wrote") from None
    if roster is not None:
        absent = _missing(lines, Path(roster))
    spoken = known[str(heads[0].get("assignment"))]
    return Results(sheet.name, counting, left_out, superseded, unknown, absent, sheet, spoken)


def _missing(submissions: Sequence[Marked], roster: Path) -> tuple[HandIn, ...]:
    """Who on the roster is of none of the files, from all that is known of these, as ``verify`` would know it."""
    from ..identity import Entry, settle
    from ..roster import read_roster

    listed = read_roster(roster)
    entries = []
    for marked in submissions:
        hand_in = marked.hand_in
        own = hand_in.id if hand_in.how in ("file name", "roster") else ""  # else it is the platform's, or the cell's
        named = dataclasses.replace(hand_in, id=own, how="file name" if own else "")
        entries.append(Entry(marked.file, named, marked.student_cell, marked.reason, marked.brief().all_blank))
    missing = settle(entries, listed).missing
    if entries and len(missing) == len(listed.students):
        raise UsageError(
            f"{roster}: none of the {len(entries)} hand-ins is of a student on this roster; is it the list of this "
            f"class? Of Moodle's and Canvas's files take the list that they hand out for the grades"
        )
    return missing
