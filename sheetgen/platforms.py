"""Whose file is it, by the names that Moodle, Canvas and Gradescope give to what they hand out for a whole class.

What only looks like such a name must not be taken for one: hw_12_3_final.xlsx is no Canvas upload, and a student may
call a file as they like. So it is decided for the class: a platform's names are believed where more than half of the
files have them and where they fit together (of two students of Canvas neither the user nor the file is the same), and
then only the part that the platform writes itself, which is the one that comes first. What a file holds, and what is
inside of a zip that a student packed, this room must not know.
"""

from __future__ import annotations

import datetime
import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from .handin import HandIn

_MOODLE_FOLDER = re.compile(r"(.+?)_([0-9]+)_assignsubmission_[a-z]+_?", re.DOTALL)
_MOODLE_FILE = re.compile(r"(.+?)_([0-9]+)_assignsubmission_[a-z]+_.+", re.DOTALL)
_CANVAS = re.compile(r"([^_]+?)(_LATE)?_([0-9]+)_([0-9]+)_.+", re.DOTALL)
_CANVAS_ANONYMOUS = re.compile(r"(anon)(_LATE)?_([A-Za-z0-9]+)_([0-9]+)_.+", re.DOTALL)
_GRADESCOPE_FOLDER = re.compile(r"submission_[0-9]+")
_GRADESCOPE_LIST = "submission_metadata.yml"
_AUTOGRADER_LIST = "submission_metadata.json"
# What stands in a name's place where marking is blind, and where a team handed in, in the languages that we know of.
_PARTICIPANT = ("participant", "teilnehmerin", "teilnehmer", "participante", "partecipante", "deelnemer")
_NUMBERED = re.compile(r"([^\W\d]\D*)([0-9]+)")  # many language packs have no blank between
_TEAM = ("group", "gruppe", "groupe", "grupo", "gruppo", "groep", "team")


@dataclass(frozen=True, slots=True)
class Recognised:
    """The hand-in of each name that is a platform's, the names that are the platform's own lists, what to say."""

    hand_ins: Mapping[str, HandIn] = field(default_factory=dict, hash=False)
    lists: frozenset[str] = frozenset()
    told: tuple[str, ...] = ()


def recognise(names: Iterable[str], text_of: Callable[[str], bytes | None]) -> Recognised:
    """Who handed in each of a class's files. ``names`` are paths with slashes; ``text_of`` gives what a path holds."""
    distinct = list(dict.fromkeys(names))
    for platform in (_moodle, _canvas):
        if found := platform(distinct):
            return Recognised(found)
    return _gradescope(distinct, text_of)


def students_in(names: Iterable[str]) -> int:
    """How many students' files a platform would hand out under these names; 0 where they are no platform's."""
    distinct = list(dict.fromkeys(names))
    if found := _moodle(distinct) or _canvas(distinct):
        return len({(hand_in.platform_id, hand_in.name) for hand_in in found.values()})
    lists = {name for name in distinct if name.rpartition("/")[2] == _GRADESCOPE_LIST}
    return len({folder for _, (at, folder) in _beside(distinct).items() if at in lists})


def _most(found: Mapping[str, object], names: Sequence[str]) -> bool:
    return 2 * len(found) > len(names)


# --- Moodle ---------------------------------------------------------------------------------------------------------


def _moodle(names: Sequence[str]) -> Mapping[str, HandIn]:
    """By ``Jane Doe_12345_assignsubmission_file``, of the outermost folder that has it, else of the file."""
    found = {}
    for path in names:
        *folders, name = path.split("/")
        outermost = next((match for each in folders if (match := _MOODLE_FOLDER.fullmatch(each))), None)
        if match := outermost or _MOODLE_FILE.fullmatch(name):
            found[path] = (match[1], match[2])
    if not _most(found, names):
        return {}
    numbers: dict[str, set[str]] = {}
    for person, number in found.values():
        numbers.setdefault(person.casefold(), set()).add(number)
    # One word for several people is no name. In a language that we do not know it may mean a team, whose number would
    # be taken for a participant's: then nobody is known.
    for_all = len(numbers) == 1 and len(next(iter(numbers.values()))) > 1
    return {path: _of_moodle(person, number, for_all=for_all) for path, (person, number) in found.items()}


def _of_moodle(person: str, number: str, *, for_all: bool) -> HandIn:
    if means_participant(person):
        return HandIn(id=number, how="moodle", platform="moodle", platform_id=number)
    if _word(person) in _TEAM or for_all:
        return HandIn(name=f"{person} {number}", platform="moodle")
    return HandIn(id=number, name=person, how="moodle", platform="moodle", platform_id=number)


def participant(text: str) -> tuple[str, str] | None:
    """Word and number of ``Participant 12345``, as Moodle's lists have it in any language: the word ends in a blank
    or does not. A student number such as ``s123`` looks the same; see ``means_participant``.
    """
    found = _NUMBERED.fullmatch(text)
    return None if found is None else (found[1], found[2])


def means_participant(word: str) -> bool:
    """Whether it is Moodle's word for a participant, in a language that is known here."""
    return _word(word) in _PARTICIPANT


def _word(person: str) -> str:
    return "".join(each for each in person.casefold() if each.isalpha())


# --- lists ----------------------------------------------------------------------------------------------------------


def is_list_of_grades(begins: bytes) -> bool:
    """Whether a .csv that begins so is Canvas's gradebook, or Moodle's worksheet in a language that is known here."""
    lines = begins.decode("utf-8-sig", "replace").splitlines()[:2]
    cells = [[cell.strip('" ') for cell in re.split("[,;\t]", line)] for line in lines]
    if not cells:
        return False
    of_moodle = len(cells) == 2 and (found := participant(cells[1][0])) is not None and means_participant(found[0])
    return cells[0][:2] == ["Student", "ID"] or of_moodle


# --- Canvas ---------------------------------------------------------------------------------------------------------


def _canvas(names: Sequence[str]) -> Mapping[str, HandIn]:
    """By ``doejane_LATE_123_456_hw1.xlsx``: the name without blanks, whether it is late, the user, the file."""
    found: dict[str, re.Match[str]] = {}
    for path in names:
        name = path.rpartition("/")[2]
        match = _CANVAS_ANONYMOUS.fullmatch(name) or _CANVAS.fullmatch(name)
        if match and match[1] == match[1].lower() and not any(each.isspace() for each in match[1]):
            found[path] = match
    if not _most(found, names) or not _fits_together(list(found.values())):
        return {}
    return {
        path: HandIn(
            id=match[3],
            name="" if match[1] == "anon" else match[1],
            how="canvas",
            platform="canvas",
            platform_id=match[3],
            late=match[2] is not None,
            order=int(match[4][:18]),  # no upload has a number of more digits
        )
        for path, match in found.items()
    }


def _fits_together(matches: Sequence[re.Match[str]]) -> bool:
    """Whether these numbers can be users and files: a file is one person's, and a person has one name.

    Where all have one name, or there is but one student, the numbers may as well be dates and versions; then LATE or
    anon has to stand there, which nobody else writes.
    """
    names: dict[str, str] = {}  # by user
    owners: dict[str, str] = {}  # by file
    for match in matches:
        if names.setdefault(match[3], match[1]) != match[1] or owners.setdefault(match[4], match[3]) != match[3]:
            return False
    return len(set(names.values())) > 1 or any(match[2] or match[1] == "anon" for match in matches)


# --- Gradescope -----------------------------------------------------------------------------------------------------


def _gradescope(names: Sequence[str], text_of: Callable[[str], bytes | None]) -> Recognised:
    """By the list that stands beside the folders ``submission_123`` of an export, or that of an autograder."""
    beside = _beside(names)
    if beside:
        lists = {path: text_of(path) for path in dict.fromkeys(path for path, _ in beside.values())}
        others = [path for path in names if path not in lists]
        people: dict[str, Mapping[str, HandIn]] = {}
        told = []
        for path, text in lists.items():
            if text is not None:
                try:
                    people[path] = _export(text)
                except ValueError as error:
                    told.append(f"{path} cannot be read ({error}), so nobody is known by it")
        found = {path: people[at][folder] for path, (at, folder) in beside.items() if folder in people.get(at, {})}
        if _most(found, others):
            return Recognised(found, frozenset(lists), tuple(told))
        return Recognised(told=tuple(told))
    return _autograder(names, text_of)


def _beside(names: Sequence[str]) -> dict[str, tuple[str, str]]:
    """The list, and the folder, of each file that is in one of an export's."""
    beside = {}
    for path in names:
        parts = path.split("/")
        at = next((at for at, part in enumerate(parts[:-1]) if _GRADESCOPE_FOLDER.fullmatch(part)), None)
        if at is not None:  # the outermost: a list that lies deeper is a student's
            beside[path] = ("/".join([*parts[:at], _GRADESCOPE_LIST]), parts[at])
    return beside


def _export(text: bytes) -> Mapping[str, HandIn]:
    """The students of ``submission_metadata.yml``. Raises ValueError where it is none."""
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    try:
        # Every scalar as it is written, so that the id 007 stays one; without the history of each submission, which is
        # most of the file and holds what programs and students printed.
        data = YAML(typ="base", pure=True).load("\n".join(_who_and_when(text.decode("utf-8"))))
    except (YAMLError, UnicodeError, RecursionError) as error:
        raise ValueError(" ".join(str(error).split())[:120]) from None
    if not isinstance(data, dict):
        raise ValueError("it lists no submissions")
    found = {}
    for folder, about in data.items():
        if isinstance(about, dict) and isinstance(about.get(":submitters"), list):
            people = [each for each in about[":submitters"] if isinstance(each, dict)]
            found[str(folder)] = _submitted(
                [{str(key).strip(":"): value for key, value in each.items()} for each in people],
                about.get(":created_at"),
            )
    return found


def _who_and_when(text: str) -> Iterable[str]:
    """The lines of each submission's ``:submitters:`` and ``:created_at:``, which stand two blanks in."""
    wanted = True
    for line in text.splitlines():
        if line[:1] not in ("", " "):
            wanted = True
        elif line[:2] == "  " and line[2:3] not in ("", " ", "-"):
            wanted = line[2:].startswith((":submitters:", ":created_at:"))
        if wanted:
            yield line


def _autograder(names: Sequence[str], text_of: Callable[[str], bytes | None]) -> Recognised:
    """One submission: its files in ``submission``, and ``submission_metadata.json`` beside."""
    beside = {}
    for path in names:
        parts = path.split("/")
        if "submission" in parts[:-1]:
            beside[path] = "/".join([*parts[: parts.index("submission")], _AUTOGRADER_LIST])
    lists = frozenset(beside.values())
    text = text_of(next(iter(lists))) if len(lists) == 1 else None  # one machine marks one submission
    others = [path for path in names if path not in lists]
    if text is None or not _most(beside, others):
        return Recognised()
    try:
        data = json.loads(text)
        people = [each for each in data["users"] if isinstance(each, dict)]
    except (ValueError, TypeError, KeyError, RecursionError):
        return Recognised(told=(f"{next(iter(lists))} cannot be read, so nobody is known by it",))
    return Recognised(dict.fromkeys(beside, _submitted(people, data.get("created_at"))), lists)


def _submitted(people: Sequence[Mapping[str, Any]], when: object) -> HandIn:
    """Who handed in a submission; where several did together, it is nobody's in particular."""
    time = _time(when)
    if len(people) != 1:
        names = ", ".join(name for each in people if (name := _text(each.get("name"))))
        return HandIn(name=names, platform="gradescope", time=time)
    name, email, number = (_text(people[0].get(key)) for key in ("name", "email", "sid"))
    known = number or email or _text(people[0].get("id"))
    return HandIn(known, name, email, "gradescope" if known else "", "gradescope", known, time=time)


def _text(value: object) -> str:
    return " ".join(str(value).split()) if isinstance(value, str | int) and value not in ("~", "null") else ""


def _time(when: object) -> str:
    """``2026-06-01 09:00:00.123 Z`` and ``2026-06-01T09:00:00.123+02:00`` in UTC; nothing where it is no time."""
    if not isinstance(when, str):
        return ""
    match = re.fullmatch(r"(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(?:\.\d+)? ?(Z|[+-]\d\d:?\d\d)?", when.strip())
    try:
        if match is None:
            return ""
        zone = "" if match[3] in (None, "Z") else match[3]
        time = datetime.datetime.fromisoformat(f"{match[1]}T{match[2]}{zone}")
        return (time.astimezone(datetime.UTC).replace(tzinfo=None) if zone else time).isoformat()
    except (ValueError, OverflowError):
        return ""
