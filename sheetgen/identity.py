"""Whose each file is, once all of a class are read: which of a student's files counts, who is unknown, who is missing.

What is known of a file is believed in this order: the id that the platform gave, the id in its name, the Student cell.
A roster says which student has an id; a name in a Student cell is as good only where the roster has it once. Nothing is
guessed: what does not agree, and what names nobody, is said in a sentence. This room must not know how a file was read.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from .handin import HandIn, Platform
from .packed import natural
from .roster import Roster, folded

MOST_SHOWN = 60  # letters of what a student wrote, in a sentence
MOST_ID = 100  # letters: more is no id
_CALLED: dict[Platform, str] = {"moodle": "Moodle", "canvas": "Canvas", "gradescope": "Gradescope"}


@dataclass(frozen=True, slots=True)
class Entry:
    """What is known of one file after it was read."""

    shown: str
    hand_in: HandIn
    student_cell: str = ""
    reason: str | None = None  # why it could not be marked


@dataclass(frozen=True, slots=True)
class Older:
    """A file that does not count: its place among the entries, that of the one that does, and why, if it is newer."""

    entry: int
    counts: int
    why: str = ""


@dataclass(frozen=True, slots=True)
class Settled:
    hand_ins: tuple[HandIn, ...]  # whose each entry is
    counting: tuple[int, ...]  # the entries that count, in their order
    superseded: tuple[Older, ...]
    unknown: tuple[str, ...]
    missing: tuple[HandIn, ...]


class _Claim(NamedTuple):
    """Whose one entry is said to be: the roster's row, or the id of nobody on it."""

    row: int | None
    id: str
    how: str  # "moodle", "canvas", "gradescope", "file name", "Student cell", or "" for nobody
    stronger: str = ""  # the evidence that comes before, and names nobody of the roster
    by_name: bool = False


def settle(entries: Iterable[Entry], roster: Roster | None = None) -> Settled:
    """Whose each entry is, in one pass over ``entries``, which are in the order of the files."""
    all_of_them = list(entries)
    said: list[tuple[int, str]] = []  # the entry, and a sentence on it
    claims = [_claim(entry, roster, at, said) for at, entry in enumerate(all_of_them)]
    if roster is not None:
        _part_duplicates(all_of_them, claims, roster, said)
    _tell_unknown(all_of_them, claims, roster, said)
    hand_ins = tuple(_final(entry.hand_in, claim, roster) for entry, claim in zip(all_of_them, claims, strict=True))
    groups: dict[object, list[int]] = {}
    for at, claim in enumerate(claims):
        groups.setdefault(_student(claim, at), []).append(at)
    counting, older = [], []
    for files in groups.values():
        newest, others = _newest(all_of_them, files)
        counting.append(newest)
        older += others
    rows = {claim.row for claim in claims}
    missing = () if roster is None else tuple(each for at, each in enumerate(roster.students) if at not in rows)
    said.sort(key=lambda each: each[0])
    return Settled(
        hand_ins,
        tuple(sorted(counting)),
        tuple(sorted(older, key=lambda each: each.entry)),
        tuple(dict.fromkeys(sentence for _, sentence in said)),
        missing,
    )


def _student(claim: _Claim, at: int) -> object:
    """Equal for the files of one student; a file of nobody known is one of its own."""
    if claim.row is not None:
        return claim.row
    if not claim.how:
        return (at,)
    kind = claim.how if claim.how in _CALLED else ""  # a platform's numbers are not those of students
    return (kind, folded(claim.id))


# --- the evidence ---------------------------------------------------------------------------------------------------


def _evidence(entry: Entry) -> list[tuple[str, str, Platform]]:
    """What names the student, the most trusted first: how, the id, and the platform whose id it is."""
    hand_in, cell = entry.hand_in, " ".join(entry.student_cell.split())
    found: list[tuple[str, str, Platform]] = []
    if hand_in.platform_id and hand_in.platform:
        found.append((hand_in.platform, hand_in.platform_id, hand_in.platform))
    if hand_in.id and hand_in.how == "file name":
        found.append(("file name", hand_in.id, ""))
    if cell and len(cell) <= MOST_ID:
        found.append(("Student cell", cell, ""))
    return found


def _claim(entry: Entry, roster: Roster | None, at: int, said: list[tuple[int, str]]) -> _Claim:
    """Whose the entry is by what is known of it alone, and what of it does not agree."""
    evidence = _evidence(entry)
    if not evidence:
        return _Claim(None, "", "")
    if roster is None:
        _compare(entry, evidence, at, said)
        return _Claim(None, evidence[0][1], evidence[0][0])
    first = _Claim(None, evidence[0][1], evidence[0][0])
    found: _Claim | None = None
    for number, (how, text, platform) in enumerate(evidence):
        rows = roster.find(text, platform)
        if platform == "gradescope" and len(rows) != 1:
            rows = roster.find(entry.hand_in.email)
        by_name = not rows and how == "Student cell"
        if by_name:
            rows = roster.named(text)
        if found is not None:
            if found.row not in rows and (len(rows) == 1 or (not rows and _looks_like_an_id(text))):
                other = _called(roster.students[rows[0]]) if rows else "nobody on the roster"
                called = _called(roster.students[found.row or 0])
                said.append(
                    (at, f"{_file(entry)}: {_says(how, text)} ({other}), but {_by(found, called)}; that counts")
                )
        elif len(rows) == 1:
            stronger = f"{evidence[0][0]} {folded(evidence[0][1])}" if number else ""
            found = _Claim(rows[0], text, how, stronger, by_name)
        elif rows:
            what = "name" if by_name else "id"
            said.append((at, f"{_file(entry)}: {_says(how, text)}, and {len(rows)} of the roster have that {what}"))
    if found is not None and found.by_name:
        called = _called(roster.students[found.row or 0])
        said.append((at, f"{_file(entry)}: taken for {called} by the name in the Student cell, not by an id"))
    return found or first


def _compare(entry: Entry, evidence: Sequence[tuple[str, str, Platform]], at: int, said: list[tuple[int, str]]) -> None:
    """Without a roster, two ids are another's only where both are the university's: a platform has its own numbers."""
    hand_in = entry.hand_in
    known = {folded(each) for each in (hand_in.id, hand_in.email, hand_in.name, hand_in.platform_id) if each}
    ours = [each for each in evidence if each[0] in ("file name", "gradescope")]
    for how, text, _ in evidence[1:]:
        if ours and how == "Student cell" and _looks_like_an_id(text) and folded(text) not in known:
            first = ours[0]
            said.append((at, f"{_file(entry)}: {_says(how, text)}, but {_says(first[0], first[1])}; that counts"))


def _looks_like_an_id(text: str) -> bool:
    return any(each.isdigit() for each in text)


def _part_duplicates(
    entries: Sequence[Entry], claims: list[_Claim], roster: Roster, said: list[tuple[int, str]]
) -> None:
    """Two students who name one row: who is known by the better evidence has it; among equals, nobody.

    They are two where the platform, or the name of the file, calls them by different ids, although the roster has not
    got those. Files of which nothing else is known go with whoever has the row.
    """
    by_row: dict[int, list[int]] = {}
    for at, claim in enumerate(claims):
        if claim.row is not None:
            by_row.setdefault(claim.row, []).append(at)
    for row, files in by_row.items():
        borrowed = [at for at in files if claims[at].stronger]
        own = next((at for at in files if not claims[at].stronger and claims[at].how != "Student cell"), None)
        if not borrowed or (own is None and len({claims[at].stronger for at in borrowed}) == 1):
            continue
        called = _called(roster.students[row])
        listed = ", ".join(_file(entries[at]) for at in ([] if own is None else [own]) + borrowed[:5])
        more = f" and {len(borrowed) - 5} more" if len(borrowed) > 5 else ""
        end = "none of them is taken for theirs" if own is None else f"only the first, by {_how(claims[own].how)}, is"
        said.append((borrowed[0], f"duplicates: {listed}{more} are of different students and all name {called}; {end}"))
        for at in borrowed:
            how, text, _ = _evidence(entries[at])[0]
            claims[at] = _Claim(None, text, how)


def _tell_unknown(
    entries: Sequence[Entry], claims: Sequence[_Claim], roster: Roster | None, said: list[tuple[int, str]]
) -> None:
    """Sentences for those of whom nobody knows who they are. Where nobody is known at all, and none was asked for, none."""
    if roster is None and not any(claim.how for claim in claims):
        return
    told = {at for at, _ in said}
    strangers = [at for at, claim in enumerate(claims) if claim.row is None and claim.how]
    by_platform: dict[str, list[int]] = {}
    for at in strangers if roster is not None else ():
        by_platform.setdefault(claims[at].how, []).append(at)
    for how, files in by_platform.items():
        if len(files) > 3 and len(files) == sum(each.hand_in.platform == how for each in entries):
            said.append(
                (
                    files[0],
                    f"none of the {len(files)} files that {_CALLED[entries[files[0]].hand_in.platform]} named is of a "
                    f"student on the roster; use the list that {_CALLED[entries[files[0]].hand_in.platform]} hands out "
                    f"for its gradebook, which has its ids",
                )
            )
            told.update(files)
    for at, (entry, claim) in enumerate(zip(entries, claims, strict=True)):
        if at in told or claim.row is not None:
            continue
        if not claim.how:
            said.append((at, f"{_file(entry)}: {_nobody(entry)}"))
        elif roster is not None:
            said.append((at, f"{_file(entry)}: {_says(claim.how, claim.id)}, who is not on the roster"))


def _nobody(entry: Entry) -> str:
    hand_in = entry.hand_in
    if len(" ".join(entry.student_cell.split())) > MOST_ID:
        return "nobody is known to have handed it in; what the Student cell holds is too long for an id"
    if hand_in.platform:
        by = f" by {_shown(hand_in.name)}" if hand_in.name else ""
        return f"{_CALLED[hand_in.platform]} says that it was handed in{by}, which is no one student"
    if entry.reason is not None:
        return "nobody is known to have handed it in, and it could not be marked"
    return "nobody is known to have handed it in; its Student cell is empty"


# --- which of them counts -------------------------------------------------------------------------------------------


def _newest(entries: Sequence[Entry], files: Sequence[int]) -> tuple[int, list[Older]]:
    """Of one student's files the newest that could be marked, and the others."""
    if len(files) == 1:
        return files[0], []
    platforms = {entries[at].hand_in.platform for at in files}
    # a platform's numbers say which is the later upload only among its own
    by_number = len(platforms) == 1 and all(entries[at].hand_in.order for at in files)

    def age(at: int) -> tuple[int, str]:
        hand_in = entries[at].hand_in
        return (hand_in.order if by_number else 0, hand_in.time)

    could = [at for at in files if entries[at].reason is None] or list(files)
    latest = max(map(age, could))
    unknown = not by_number and any(not entries[at].hand_in.time for at in could)
    alike = could if unknown else [at for at in could if age(at) == latest]
    counts = max(alike, key=lambda at: (natural(entries[at].shown), at))
    others = []
    for at in files:
        if at == counts:
            continue
        why = ""
        if at not in could:
            why = f"it could not be marked: {entries[at].reason}"
        elif at in alike:
            why = "nothing tells which is newer, so the last by name counts"
        others.append(Older(at, counts, why))
    return counts, others


# --- words ----------------------------------------------------------------------------------------------------------


def _final(hand_in: HandIn, claim: _Claim, roster: Roster | None) -> HandIn:
    if claim.row is not None and roster is not None:
        row = roster.students[claim.row]
        return replace(
            hand_in,
            id=row.id,
            name=row.name or hand_in.name,
            email=row.email or hand_in.email,
            how="roster",
            platform_id=hand_in.platform_id or row.platform_id,
        )
    how = next(
        (each for each in ("moodle", "canvas", "gradescope", "file name", "Student cell") if each == claim.how), ""
    )
    return replace(hand_in, id=_clean(claim.id), how=how)


def _file(entry: Entry) -> str:
    return entry.shown


def _says(how: str, text: str) -> str:
    what = {"file name": "the name of the file", "Student cell": "the Student cell"}
    return f"{what.get(how) or _CALLED[_platform(how)]} says {_shown(text)}"


def _by(claim: _Claim, called: str) -> str:
    return f"{_how(claim.how)} says {called}"


def _how(how: str) -> str:
    return {"file name": "the name of the file", "Student cell": "the Student cell"}.get(how) or _CALLED[_platform(how)]


def _platform(how: str) -> Platform:
    return next(each for each in _CALLED if each == how)


def _called(student: HandIn) -> str:
    return f"{student.name} ({student.id})" if student.name and student.id else student.shown


def _shown(text: str) -> str:
    """What a student wrote, on one line, in quotes, and not too long."""
    clean = _clean(text)
    return f"'{clean if len(clean) <= MOST_SHOWN else clean[:MOST_SHOWN] + '…'}'"


def _clean(text: str) -> str:
    return "".join(each if each.isprintable() else "�" for each in " ".join(text.split()))
