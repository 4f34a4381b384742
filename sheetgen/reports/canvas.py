"""Canvas's gradebook with the grades of one assignment, for its import (.csv).

It is cut from the gradebook that was downloaded: the columns that say who a student is, and the assignment's. To Canvas
a blank cell says that there is no grade, a student or a column that is not in the file says nothing; so there is a row
for each student with a grade of ours, and no other, and what Canvas has of all others stays.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from ..delimited import read
from ..errors import UsageError, did_you_mean
from ..handin import HandIn
from ..marking import Marked
from ..records import Results
from . import Asked
from ._grades import Index, listed, number, one_line, own_id, scaled, take_each, tell_provisional

SUFFIX = ".csv"
NEEDED = (
    "the report canvas fills the gradebook of the course: in Canvas choose Grades, Export, Export Entire Gradebook, "
    "and name the file with --gradebook FILE"
)
_TITLE = re.compile(r"(.*)\s\((\d+)\)", re.DOTALL)  # as Canvas itself takes a title and an id apart
_TOTALS = re.compile(r"(Current|Final) (Score|Points|Grade)|Override (Score|Grade|Status)")
_POINTS = "Points Possible"
EXCUSED, NOT_ASSIGNED = "EX", "N/A"
Row = Sequence[str]


@dataclass(frozen=True, slots=True)
class Assignment:
    column: int
    title: str
    id: str


def render(results: Results, asked: Asked) -> bytes:
    if asked.gradebook is None:
        raise UsageError(NEEDED)
    gradebook = read(asked.gradebook, "gradebook")
    head, *rest = gradebook.rows
    body = {place: (*row, *("",) * (len(head) - len(row))) for place, row in enumerate(rest, start=1)}
    section = _last_column_about_students(head)
    points_row = next((place for place, row in body.items() if _POINTS in row[0]), None)
    offered = list(_assignments(head, section, body[points_row] if points_row is not None else ()))
    assignment = _choose(offered, asked.assignment, results)
    if not asked.assignment and len(offered) > 1:
        asked.say(
            f'the grades are those of "{one_line(assignment.title)} ({assignment.id})"; --assignment names another'
        )
    students = {place: row for place, row in body.items() if place != points_row and row[_id_column(head)].strip()}
    worth = _number(body[points_row][assignment.column]) if points_row is not None else None
    if not worth:
        asked.say(f'"{one_line(assignment.title)}" has no points in the gradebook, so that scores are not scaled')

    still: dict[int, float] = {}  # what a person has yet to give, by row

    def take(marked: Marked, row: int) -> tuple[Decimal, Decimal]:
        most = Decimal(number(marked.max_score))
        still[row] = marked.open
        return scaled(marked, worth or most), most

    found = take_each(results.submissions, _finder(head, students, section), take, asked.say, "gradebook")
    kept = _grades_to_write(found, students, assignment, asked.say)
    for most in sorted({most for _, most in kept.values()}):
        if worth and most != worth:
            asked.say(f"scores are scaled from {number(most)} marks to the {number(worth)} points of the assignment")
    tell_provisional(asked.say, [still[place] for place in kept])
    if not kept:
        asked.say("there is no grade for any student of the gradebook, so that nothing is to be imported")
    return gradebook.edited(
        {(place, assignment.column): str(score) for place, (score, _) in kept.items()},
        rows=[0, *([points_row] if points_row is not None else ()), *sorted(kept)],
        columns=[*range(section + 1), assignment.column],
    )


def _grades_to_write(
    found: Mapping[int, tuple[Decimal, Decimal]],
    students: Mapping[int, Row],
    assignment: Assignment,
    say: Callable[[str], None],
) -> dict[int, tuple[Decimal, Decimal]]:
    """Without those whom Canvas takes no grade for, and telling whose grade is replaced."""
    kept = dict(found)
    for word, why in ((EXCUSED, "excused in Canvas, and left so"), (NOT_ASSIGNED, "not assigned this in Canvas")):
        those = [place for place in kept if students[place][assignment.column].strip().casefold() == word.casefold()]
        if those:
            say(f"{why}: {_named(those, students)}")
        for place in those:
            del kept[place]
    stood = {place: _number(students[place][assignment.column]) for place in kept}
    other = [place for place, (score, _) in kept.items() if stood[place] not in (None, score)]
    if other:
        say(f"another grade stood there and is replaced: {_named(other, students)}")
    return kept


def _named(places: Sequence[int], students: Mapping[int, Row]) -> str:
    return listed([one_line(students[place][0]) for place in places], "; ")  # a name holds a comma


# --- columns --------------------------------------------------------------------------------------------------------


def _last_column_about_students(head: Row) -> int:
    begins = "Student" in head[0] or list(head[:2]) == ["LastName", "FirstName"]
    section = next((place for place, title in enumerate(head) if title.strip() == "Section"), 0)
    if not begins or section <= _id_column(head) or "ID" not in head[_id_column(head)]:
        titles = listed([f'"{one_line(title)[:60]}"' for title in head])
        raise UsageError(
            "the gradebook is not Canvas's: its first columns have to be Student, ID, ... and Section, and they are "
            f"{titles}. Export it again from Grades, and change no column"
        )
    return section


def _id_column(head: Row) -> int:
    return 2 if head[0] == "LastName" else 1


def _assignments(head: Row, section: int, points: Row) -> list[Assignment]:
    """The columns that Canvas takes grades from: with an id in the title, and points that are a number or nothing."""
    found = []
    for column, title in enumerate(head[section + 1 :], start=section + 1):
        parts = _TITLE.fullmatch(title.strip())
        fixed = bool(points) and points[column].strip() and _number(points[column]) is None  # "(read only)", translated
        if parts and not fixed and not _TOTALS.search(title):
            found.append(Assignment(column, parts[1].strip(), parts[2]))
    return found


def _choose(offered: Sequence[Assignment], named: str, results: Results) -> Assignment:
    shown = listed([f'"{one_line(each.title)} ({each.id})"' for each in offered])
    if not offered:
        raise UsageError("the gradebook has no assignment that takes grades; make one in Canvas and export it again")
    if named:
        wanted = _plain(named)
        for fitting in (
            [each for each in offered if wanted in (each.id, _plain(each.title), _plain(f"{each.title} ({each.id})"))],
            [each for each in offered if wanted in _plain(each.title)],
        ):
            if len(fitting) == 1:
                return fitting[0]
        near = did_you_mean(named, [each.title for each in offered])
        raise UsageError(f"--assignment {named}: the gradebook has {shown}{near}; give the number in brackets")
    name = _plain(results.coursework)
    for fitting in (
        [each for each in offered if _plain(each.title) == name],
        [each for each in offered if name and f" {name} " in f" {_plain(each.title)} "],
    ):
        if len(fitting) == 1:
            return fitting[0]
    if len(offered) == 1:
        return offered[0]
    raise UsageError(
        f"which assignment of the gradebook is meant is not clear: {shown}. Say so with --assignment NAME, or with "
        "the number in brackets"
    )


def _plain(title: str) -> str:
    return " ".join(re.findall(r"\w+", title.casefold()))


def _number(text: str) -> Decimal | None:
    """As the import reads one: the last comma or point is the decimal mark, whatever the language."""
    if not re.fullmatch(r"[0-9.,]*[0-9][0-9.,]*", text.strip()):
        return None
    *before, last = re.split(r"[.,]", text.strip())
    return Decimal(f"{''.join(before)}.{last or 0}" if before else last)


# --- students -------------------------------------------------------------------------------------------------------


def _finder(head: Row, students: Mapping[int, Row], section: int) -> Callable[[HandIn], int | None]:
    """The row of a student, in the order in which Canvas itself looks: its own id, the SIS's, the login."""

    def index(column: int | None) -> Index:
        return Index((place, row[column]) for place, row in students.items() if column is not None)

    places = {re.sub(r"\s+", " ", title).strip(): column for column, title in enumerate(head[: section + 1])}
    users, sis, logins = index(_id_column(head)), index(places.get("SIS User ID")), index(places.get("SIS Login ID"))

    def find(hand_in: HandIn) -> int | None:
        own = own_id(hand_in)
        tried = [(users, hand_in.platform_id)] if hand_in.platform == "canvas" else []
        tried += [(sis, own), (logins, own), (logins, hand_in.email)]
        return next((row for known, text in tried if (row := known.find(text)) is not None), None)

    return find
