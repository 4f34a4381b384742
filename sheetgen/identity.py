"""Whose each file is, once all of a class are read: which of a student's files counts, who is unknown, who is missing.

What is known of a file is believed in this order: the id that the platform gave, the id in its name, the Student cell.
A roster says which student has an id; a name in a Student cell is as good only where the roster has it once. Students
type that cell, and may type another's id: alone it never makes two files one student's. Nothing is guessed: what does
not agree, and what names nobody, is said in a sentence. This room must not know how a file was read.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from .handin import HandIn, How, Platform
from .name_pattern import MARK_OF_COPY
from .packed import natural
from .records import Superseded
from .roster import Roster, folded

MOST_SHOWN = 60  # letters of what a student wrote, in a sentence
MOST_ID = 100  # letters: more is no id
MOST_LISTED = 5  # files in a sentence
_COPY = re.compile(rf"(.+?)({MARK_OF_COPY}+|_v[0-9]{{1,2}}|-[0-9]{{1,2}})", re.DOTALL | re.IGNORECASE)
_PERHAPS_A_COPY = re.compile(r"(.+?)[-_ ]v?[0-9]{1,2}", re.DOTALL | re.IGNORECASE)
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
    blank: bool = False  # was it marked, and is nothing filled in?


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
    together: object = None  # where nobody is known: equal for files that came together all the same


def settle(entries: Iterable[Entry], roster: Roster | None = None) -> Settled:
    """Whose each entry is, in one pass over ``entries``, which are in the order of the files."""
    files = list(entries)
    said: list[tuple[int, str]] = []  # the entry, and a sentence on it
    numbered = {} if roster is None else {each: _rows_of(ids.values()) for each, ids in roster.platforms.items()}
    claims = [_claim(entry, roster, numbered, at, said) for at, entry in enumerate(files)]
    _part_duplicates(files, claims, roster, said)
    _join_numbers(files, claims, said)
    _tell_unknown(files, claims, roster, said)
    hand_ins = tuple(_final(entry.hand_in, claim, roster) for entry, claim in zip(files, claims, strict=True))
    of_one: dict[object, list[int]] = {}
    for at, claim in enumerate(claims):
        of_one.setdefault(_student(claim, at), []).append(at)
    counting: list[int] = []
    others: list[tuple[int, int, str]] = []
    for theirs in of_one.values():
        newest, older, doubt = _newest(files, theirs)
        counting.append(newest)
        if doubt:
            said.append((newest, doubt))
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


def _join_numbers(files: Sequence[Entry], claims: list[_Claim], said: Sequence[tuple[int, str]]) -> None:
    """What a platform calls by one number is one student's: where the roster knows one of these files, it knows all."""
    told = {at for at, _ in said}
    rows: dict[tuple[str, str], set[int]] = {}
    for at, (entry, claim) in enumerate(zip(files, claims, strict=True)):
        if claim.row is not None and entry.hand_in.platform_id and at not in told:
            rows.setdefault((entry.hand_in.platform, entry.hand_in.platform_id), set()).add(claim.row)
    for at, (entry, claim) in enumerate(zip(files, claims, strict=True)):
        found = rows.get((entry.hand_in.platform, entry.hand_in.platform_id), set())
        if claim.row is None and len(found) == 1 and at not in told:
            claims[at] = claim._replace(row=min(found))


def _rows_of(ids: Iterable[Iterable[int]]) -> frozenset[int]:
    return frozenset(row for rows in ids for row in rows)


def _student(claim: _Claim, at: int) -> object:
    """Equal for the files of one student; a file of nobody known is one of its own, or with what came with it."""
    if claim.row is not None:
        return claim.row
    if not claim.how:
        return (at,) if claim.together is None else ("together", claim.together)
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
    evidence, together = _evidence(entry), _apart(entry.hand_in)
    if not evidence:
        return _Claim(None, "", "", together=together)
    first, file = evidence[0], _clean(entry.shown)
    if roster is None:
        _compare(entry, evidence, at, said)
        return _Claim(None, first.id, first.how, together=together)
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
        elif rows and number and not roster.may_be(rows[0], entry.hand_in.name, first.platform):
            who = f"but {_WORDS[first.how]} says {_shown(entry.hand_in.name)}"
            said.append((at, f"{file}: {_says(each)}, {called}, {who}; the cell is not believed"))
        elif rows:
            stronger = f"{first.how} {folded(first.id)}" if number else ""
            found = _Claim(rows[0], each.id, each.how, stronger, by_name, together)
    return found or _Claim(None, first.id, first.how, together=together)


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


def _apart(hand_in: HandIn) -> object:
    """Equal for the files of what a platform keeps as one, though it is no one student's: a team's."""
    if not hand_in.platform or hand_in.platform_id or not hand_in.name:
        return None
    # Moodle's team has a number in its name; two of Gradescope's may have the same names, but no moment in common
    return (hand_in.platform, folded(hand_in.name), hand_in.time if hand_in.platform == "gradescope" else "")


# --- duplicates -----------------------------------------------------------------------------------------------------


def _part_duplicates(
    entries: Sequence[Entry], claims: list[_Claim], roster: Roster | None, said: list[tuple[int, str]]
) -> None:
    """Several who name one student: who is known by the better evidence is taken for them; among equals, nobody.

    They are several where a platform, or the name of the file, calls them by different ids, although the roster has not
    got those, and where all that names the student is what was typed into the Student cell: unless the files' names are
    equal but for the marks of copies.
    """
    of_one: dict[object, list[int]] = {}
    for at, claim in enumerate(claims):
        if claim.how:
            of_one.setdefault(_student(claim, at), []).append(at)
    for files in of_one.values():
        borrowed = [at for at in files if claims[at].stronger or claims[at].how == "Student cell"]
        if not borrowed or len(files) == 1:
            continue
        copies = dict(zip(files, _copies([entries[at].shown for at in files]), strict=True))
        whose = {at: claims[at].stronger or claims[at].together or copies[at] for at in borrowed}
        own = [at for at in files if at not in whose]
        ours = {copies[at] for at in own}
        parted = [at for at in borrowed if whose[at] not in ours]
        if not parted or (not own and len(set(whose.values())) == 1):
            continue
        called = _called(roster.students[row]) if roster and (row := claims[files[0]].row) is not None else ""
        sentence = _duplicates(entries, claims, own, parted, called or _shown(claims[files[0]].id))
        for at in parted:
            said.append((at, sentence))
            first = _evidence(entries[at])[0]
            typed = first.how == "Student cell"
            together = claims[at].together or (files[0], whose[at])
            claims[at] = _Claim(None, *(("", "") if typed else (first.id, first.how)), "parted", together=together)


def _duplicates(
    entries: Sequence[Entry], claims: Sequence[_Claim], own: Sequence[int], parted: Sequence[int], called: str
) -> str:
    listed = _listed(entries, [*own[:1], *parted])
    typed = any(not claims[at].stronger and claims[at].together is None for at in parted)
    if typed and not own:
        what = f"all say that they are of {called}, and nothing but their Student cells does"
    else:
        who = "students" if own or not all(claims[at].together for at in parted) else "teams"
        what = f"{'' if typed else f'are of different {who}, but '}all name {called}"
    end = f"only the first is, by {_WORDS[claims[own[0]].how]}" if own else "none is taken for theirs"
    advice = "; leave only the file that counts, or name the files by --names" if typed else ""
    return f"duplicates: {listed} {what}; {end}{advice}"


def _listed(entries: Sequence[Entry], files: Sequence[int]) -> str:
    more = len(files) - MOST_LISTED - 1
    shown = ", ".join(_clean(entries[at].shown) for at in files[: MOST_LISTED + 1])
    return f"{shown} and {more} more" if more > 0 else shown


def _tell_unknown(
    entries: Sequence[Entry], claims: Sequence[_Claim], roster: Roster | None, said: list[tuple[int, str]]
) -> None:
    """Sentences for those of whom nobody knows who they are; none where nobody was asked for, and nobody is known."""
    if roster is None and not any(claim.how for claim in claims):
        return
    for at, claim in enumerate(claims):
        if claim.by_name and claim.row is not None and roster is not None:
            called = _called(roster.students[claim.row])
            file = _clean(entries[at].shown)
            said.append((at, f"{file}: taken for {called} by the name in the Student cell, not by an id"))
    told = {at for at, _ in said} | {at for at, claim in enumerate(claims) if claim.stronger}
    by_names = any(entry.hand_in.how == "file name" for entry in entries)
    by_name = {folded(claim.id) for claim in claims if claim.how == "file name"}
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
        says = _says(_Evidence(claim.how, claim.id)) if claim.how else _nobody(entry, by_names)
        of = _perhaps_of(claim, roster, by_name) if claim.how == "file name" else ""
        rename = f"; if it is a copy by {_shown(of)}, call it {_shown(f'{of} (1)')}, which no id looks like"
        if not claim.how:
            said.append((at, f"{_clean(entry.shown)}: {says}"))
        elif roster is not None:
            said.append((at, f"{_clean(entry.shown)}: {says}, and nobody on the roster has that{rename if of else ''}"))
        elif of:
            said.append((at, f"{_clean(entry.shown)}: {says}, taken for another student than {_shown(of)}{rename}"))


def _perhaps_of(claim: _Claim, roster: Roster | None, by_name: Collection[str]) -> str:
    """The student of whose id this one would be a copy's, 4711 for 4711-1, if there is one. It is as often an id."""
    found = _PERHAPS_A_COPY.fullmatch(claim.id)
    known = found is not None and (folded(found[1]) in by_name or (roster is not None and roster.find(found[1])))
    return found[1] if found is not None and known else ""


def _nobody(entry: Entry, by_names: bool) -> str:
    """``by_names`` says that files are known by a pattern of their names."""
    hand_in, cell = entry.hand_in, " ".join(entry.student_cell.split())
    if hand_in.platform:
        by = f" by {_shown(hand_in.name)}" if hand_in.name else ""
        return f"{_WORDS[hand_in.platform]} says that it was handed in{by}, which is no one student"
    if len(cell) > MOST_ID:
        why = "what its Student cell holds is too long for an id"
    else:  # that cell may be empty, or hold a formula, or not be there
        why = "it could not be marked" if entry.reason else "no id is typed into its Student cell"
    return f"nobody knows whose it is; {'its name does not match --names, and ' if by_names else ''}{why}"


# --- which of them counts -------------------------------------------------------------------------------------------


def _newest(entries: Sequence[Entry], files: Sequence[int]) -> tuple[int, list[tuple[int, str]], str]:
    """Of one student's files the newest that could be marked and is not blank; the others, each with why if it is not
    just older; and a sentence where that is in doubt.
    """
    if len(files) == 1:
        return files[0], [], ""
    by_number = all(entries[at].hand_in.order for at in files)  # a number says nothing of a file that has none

    def age(at: int) -> tuple[int, str]:
        hand_in = entries[at].hand_in
        return (hand_in.order if by_number else 0, hand_in.time)

    could = [at for at in files if entries[at].reason is None]
    filled = [at for at in could if not entries[at].blank] or could or list(files)
    latest = max(map(age, filled))
    untold = not by_number and any(not entries[at].hand_in.time for at in filled)
    alike = filled if untold else [at for at in filled if age(at) == latest]
    counts = max(alike, key=lambda at: (_in_order(entries[at].shown), at))
    told = _are_copies([entries[at].shown for at in alike])
    others = []
    for at in files:
        why = ""
        if at in alike:
            last = "last copy" if told else "last"
            why = f"nothing {'else ' if told else ''}tells which is newer, so the {last} by name counts"
        elif at not in filled and (untold or age(at) >= age(counts)):
            reason = entries[at].reason
            why = "nothing is filled in" if reason is None else f"it could not be marked: {_clean(reason)}"
        if at != counts:
            others.append((at, why))
    if told or len(alike) == 1 or not could:
        return counts, others, ""
    rest = _listed(entries, [at for at in alike if at != counts])
    file = _clean(entries[counts].shown)
    return counts, others, f"{file}: nothing tells whether it is newer than {rest}; it counts, as the last by name"


class _Spelled(NamedTuple):
    """A path without the marks that programs put behind the name of a copy: (1), -1, _v2."""

    parts: tuple[str, ...]
    numbers: tuple[int, ...]  # of the copy; 0 for none
    by_hyphen: bool  # which is as often a part of the name


def _spelled(shown: str) -> _Spelled:
    *folders, last = shown.split("/")
    parts, numbers, by_hyphen = [], [], False
    for at, part in enumerate([*folders, last]):
        packed = part.casefold().endswith(".zip")
        stem = part.rpartition(".")[0] or part if packed or at == len(folders) else part
        match = _COPY.fullmatch(stem) if packed or at == len(folders) else None
        parts.append((match[1] if match else stem).casefold())
        found = re.findall("[0-9]+", match[2])[-1:] if match else ["0"]
        numbers.append(int(found[0]) if found else 1)  # the first of Windows and of a Mac has none
        by_hyphen = by_hyphen or bool(match and match[2].startswith("-"))
    return _Spelled(tuple(parts), tuple(numbers), by_hyphen)


def _copies(names: Sequence[str]) -> list[tuple[str, ...]]:
    """Equal for names that are copies of each other; a hyphen makes one only beside the name without it."""
    spelled = [_spelled(name) for name in names]
    bare = {each.parts for each in spelled if not any(each.numbers)}
    return [
        ("", name) if each.by_hyphen and each.parts not in bare else each.parts
        for name, each in zip(names, spelled, strict=True)
    ]


def _are_copies(names: Sequence[str]) -> bool:
    """Whether they are copies of each other, each with another number."""
    return len(set(_copies(names))) == 1 and len({_spelled(name).numbers for name in names}) == len(names) > 1


def _in_order(shown: str) -> object:
    spelled = _spelled(shown)
    return natural("/".join(spelled.parts)), spelled.numbers, natural(shown)


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
