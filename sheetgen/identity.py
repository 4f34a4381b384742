"""Whose each file is, once all of a class are read: which of a student's files counts, who is unknown, who is missing.

What is known of a file is believed in this order: the id that the platform gave, the id in its name, the Student cell.
A roster says which student has an id; a name in a Student cell is as good only where the roster has it once. Nothing is
guessed: what does not agree, and what names nobody, is said in a sentence. This room must not know how a file was read.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from .handin import HandIn, How, Platform
from .packed import natural
from .records import Superseded
from .roster import Roster, folded

MOST_SHOWN = 60  # letters of what a student wrote, in a sentence
MOST_ID = 100  # letters: more is no id
_WORDS: dict[How, str] = {
    "moodle": "Moodle",
    "canvas": "Canvas",
    "gradescope": "Gradescope",
    "file name": "the name of the file",
    "Student cell": "the Student cell",
}


@dataclass(frozen=True, slots=True)
class Entry:
    """What is known of one file after it was read."""

    shown: str
    hand_in: HandIn
    student_cell: str = ""
    reason: str | None = None  # why it could not be marked


@dataclass(frozen=True, slots=True)
class Settled:
    """Whose the files are. Numbers are places among the entries."""

    hand_ins: tuple[HandIn, ...]  # of each entry
    counting: tuple[int, ...]  # the entries that count, in their order
    superseded: tuple[Superseded, ...]
    unknown: tuple[str, ...]
    missing: tuple[HandIn, ...]
    doubts: Mapping[int, tuple[str, ...]] = field(default_factory=dict, hash=False)  # ``unknown``, by entry
    instead: Mapping[int, str] = field(default_factory=dict, hash=False)  # of an entry that does not count: what does


class _Evidence(NamedTuple):
    """What names the student of a file."""

    how: How
    id: str
    platform: Platform = ""  # whose number it is


class _Claim(NamedTuple):
    """Whose one entry is said to be: the roster's row, or an id that nobody on it has."""

    row: int | None
    id: str
    how: How  # "" for nobody
    stronger: str = ""  # the evidence that comes before, and names nobody on the roster
    by_name: bool = False


def settle(entries: Iterable[Entry], roster: Roster | None = None) -> Settled:
    """Whose each entry is, in one pass over ``entries``, which are in the order of the files."""
    files = list(entries)
    said: list[tuple[int, str]] = []  # the entry, and a sentence on it
    numbered = {} if roster is None else {each: _rows_of(ids.values()) for each, ids in roster.platforms.items()}
    claims = [_claim(entry, roster, numbered, at, said) for at, entry in enumerate(files)]
    if roster is not None:
        _part_duplicates(files, claims, roster, said)
    _tell_unknown(files, claims, roster, said)
    hand_ins = tuple(_final(entry.hand_in, claim, roster) for entry, claim in zip(files, claims, strict=True))
    of_one: dict[object, list[int]] = {}
    for at, claim in enumerate(claims):
        of_one.setdefault(_student(claim, at), []).append(at)
    counting: list[int] = []
    others: list[tuple[int, int, str]] = []
    for theirs in of_one.values():
        newest, older = _newest(files, theirs)
        counting.append(newest)
        others += [(at, newest, why) for at, why in older]
    rows = {claim.row for claim in claims}
    return Settled(
        hand_ins,
        tuple(sorted(counting)),
        tuple(
            Superseded(files[at].shown, hand_ins[at].shown, files[newest].shown, why)
            for at, newest, why in sorted(others)
        ),
        tuple(dict.fromkeys(sentence for _, sentence in sorted(said, key=lambda each: each[0]))),
        () if roster is None else tuple(each for at, each in enumerate(roster.students) if at not in rows),
        {at: tuple(each for number, each in said if number == at) for at in dict(said)},
        {at: files[newest].shown for at, newest, _ in others},
    )


def _rows_of(ids: Iterable[Iterable[int]]) -> frozenset[int]:
    return frozenset(row for rows in ids for row in rows)


def _student(claim: _Claim, at: int) -> object:
    """Equal for the files of one student; a file of nobody known is one of its own."""
    if claim.row is not None:
        return claim.row
    if not claim.how:
        return (at,)
    return (claim.how if claim.how in ("moodle", "canvas") else "", folded(claim.id))  # whose numbers are their own


def _final(hand_in: HandIn, claim: _Claim, roster: Roster | None) -> HandIn:
    if claim.row is None or roster is None:
        return replace(hand_in, id=_clean(claim.id), how=claim.how)
    row = roster.students[claim.row]
    return replace(
        hand_in,
        id=row.id,
        name=row.name or hand_in.name,
        email=row.email or hand_in.email,
        how="roster",
        platform_id=hand_in.platform_id or row.platform_id,
    )


# --- the evidence ---------------------------------------------------------------------------------------------------


def _evidence(entry: Entry) -> list[_Evidence]:
    """The most trusted first."""
    hand_in, cell = entry.hand_in, " ".join(entry.student_cell.split())
    found = []
    if hand_in.platform_id and hand_in.platform:
        found.append(_Evidence(hand_in.platform, hand_in.platform_id, hand_in.platform))
    if hand_in.id and hand_in.how == "file name":
        found.append(_Evidence("file name", hand_in.id))
    if cell and len(cell) <= MOST_ID:
        found.append(_Evidence("Student cell", cell))
    return found


def _claim(
    entry: Entry,
    roster: Roster | None,
    numbered: Mapping[Platform, frozenset[int]],
    at: int,
    said: list[tuple[int, str]],
) -> _Claim:
    """Whose the entry is by what is known of it alone; what of it does not agree is ``said``.

    ``numbered`` are the rows of the roster that have a number of each platform.
    """
    evidence = _evidence(entry)
    if not evidence:
        return _Claim(None, "", "")
    first, file = evidence[0], _clean(entry.shown)
    if roster is None:
        _compare(entry, evidence, at, said)
        return _Claim(None, first.id, first.how)
    found: _Claim | None = None
    for number, each in enumerate(evidence):
        rows = roster.find(each.id, each.platform)
        if not rows and each.platform == "gradescope":
            rows = roster.find(entry.hand_in.email)
        by_name = not rows and each.how == "Student cell"
        if by_name:
            rows = roster.named(each.id)
        called = _called(roster.students[rows[0]]) if rows else "nobody on the roster"
        if found is not None and found.row is not None:
            if found.row not in rows and (len(rows) == 1 or (not rows and _looks_like_an_id(each.id))):
                counts = f"{_WORDS[found.how]} says {_called(roster.students[found.row])}"
                said.append((at, f"{file}: {_says(each)}, {called}, but {counts}; that counts"))
        elif len(rows) > 1:
            what = "name" if by_name else "id"
            said.append((at, f"{file}: {_says(each)}, and {len(rows)} students on the roster have that {what}"))
        elif rows and number and rows[0] in numbered.get(first.platform, ()):  # which is not this file's number
            said.append((at, f"{file}: {_says(each)}, {called}, who has another id than that of {_WORDS[first.how]}"))
        elif rows:
            found = _Claim(rows[0], each.id, each.how, f"{first.how} {folded(first.id)}" if number else "", by_name)
            if by_name:
                said.append((at, f"{file}: taken for {called} by the name in the Student cell, not by an id"))
    return found or _Claim(None, first.id, first.how)


def _compare(entry: Entry, evidence: Sequence[_Evidence], at: int, said: list[tuple[int, str]]) -> None:
    """Without a roster, two ids are another's only where both are the university's: a platform has its own numbers."""
    hand_in = entry.hand_in
    known = {folded(each) for each in (hand_in.id, hand_in.email, hand_in.name, hand_in.platform_id) if each}
    first = next((each for each in evidence if each.how in ("file name", "gradescope")), None)
    cell = evidence[-1]
    if first and cell.how == "Student cell" and _looks_like_an_id(cell.id) and folded(cell.id) not in known:
        said.append((at, f"{_clean(entry.shown)}: {_says(cell)}, but {_says(first)}; that counts"))


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
        listed = ", ".join(_clean(entries[at].shown) for at in ([] if own is None else [own]) + borrowed[:5])
        more = f" and {len(borrowed) - 5} more" if len(borrowed) > 5 else ""
        end = "none is taken for theirs" if own is None else f"only the first is, by {_WORDS[claims[own].how]}"
        called = _called(roster.students[row])
        said.append(
            (borrowed[0], f"duplicates: {listed}{more} are of different students, but all name {called}; {end}")
        )
        for at in borrowed:
            first = _evidence(entries[at])[0]
            claims[at] = _Claim(None, first.id, first.how, claims[at].stronger)


def _tell_unknown(
    entries: Sequence[Entry], claims: Sequence[_Claim], roster: Roster | None, said: list[tuple[int, str]]
) -> None:
    """Sentences for those of whom nobody knows who they are; none where nobody was asked for, and nobody is known."""
    if roster is None and not any(claim.how for claim in claims):
        return
    told = {at for at, _ in said} | {at for at, claim in enumerate(claims) if claim.stronger}
    strangers: dict[Platform, list[int]] = {}
    for at, claim in enumerate(claims):
        platform = entries[at].hand_in.platform
        if roster is not None and claim.row is None and at not in told and platform and claim.how == platform:
            strangers.setdefault(platform, []).append(at)
    for platform, files in strangers.items():
        if len(files) > 3 and len(files) == sum(each.hand_in.platform == platform for each in entries):
            words = f"none of the {len(files)} files of {_WORDS[platform]} is of a student on the roster; use the list"
            said.append((files[0], f"{words} that {_WORDS[platform]} hands out for its grades, which has its ids"))
            told.update(files)
    for at, (entry, claim) in enumerate(zip(entries, claims, strict=True)):
        if at in told or claim.row is not None:
            continue
        if not claim.how:
            said.append((at, f"{_clean(entry.shown)}: {_nobody(entry)}"))
        elif roster is not None:
            says = _says(_Evidence(claim.how, claim.id))
            said.append((at, f"{_clean(entry.shown)}: {says}, and nobody on the roster has that"))


def _nobody(entry: Entry) -> str:
    hand_in, cell = entry.hand_in, " ".join(entry.student_cell.split())
    if hand_in.platform:
        by = f" by {_shown(hand_in.name)}" if hand_in.name else ""
        return f"{_WORDS[hand_in.platform]} says that it was handed in{by}, which is no one student"
    if len(cell) > MOST_ID:
        return "nobody knows whose it is; what its Student cell holds is too long for an id"
    return f"nobody knows whose it is; {'it could not be marked' if entry.reason else 'its Student cell is empty'}"


# --- which of them counts -------------------------------------------------------------------------------------------


def _newest(entries: Sequence[Entry], files: Sequence[int]) -> tuple[int, list[tuple[int, str]]]:
    """Of one student's files the newest that could be marked; the others, each with why if it is not just older."""
    if len(files) == 1:
        return files[0], []
    by_number = all(entries[at].hand_in.order for at in files)  # a number says nothing of a file that has none

    def age(at: int) -> tuple[int, str]:
        hand_in = entries[at].hand_in
        return (hand_in.order if by_number else 0, hand_in.time)

    could = [at for at in files if entries[at].reason is None] or list(files)
    latest = max(map(age, could))
    untold = not by_number and any(not entries[at].hand_in.time for at in could)
    alike = could if untold else [at for at in could if age(at) == latest]
    counts = max(alike, key=lambda at: (natural(entries[at].shown), at))
    others = []
    for at in files:
        why = ""
        if at not in could and age(at) >= age(counts):
            why = f"it could not be marked: {_clean(entries[at].reason or '')}"
        elif at in alike:
            why = "nothing tells which is newer, so the last by name counts"
        if at != counts:
            others.append((at, why))
    return counts, others


# --- words ----------------------------------------------------------------------------------------------------------


def _says(evidence: _Evidence) -> str:
    return f"{_WORDS[evidence.how]} says {_shown(evidence.id)}"


def _called(student: HandIn) -> str:
    return _clean(f"{student.name} ({student.id})" if student.name and student.id else student.shown)


def _shown(text: str) -> str:
    """What a student wrote, on one line, in quotes, and not too long."""
    clean = _clean(text)
    return f"'{clean if len(clean) <= MOST_SHOWN else clean[:MOST_SHOWN] + '…'}'"


def _clean(text: str) -> str:
    line = " ".join(text.split())
    return line if line.isprintable() else "".join(each if each.isprintable() else "\ufffd" for each in line)
