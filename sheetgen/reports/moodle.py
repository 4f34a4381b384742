"""Moodle's offline grading worksheet, filled with grades and comments (.csv).

The worksheet is the one that was downloaded (``_worksheet.py``), since Moodle takes back its own headings only, in the
teacher's language, and tells by the times in it what somebody has graded meanwhile. Nothing is changed in it but two
cells of each student whose file was marked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from ..delimited import Delimited, read
from ..errors import UsageError
from ..handin import HandIn
from ..marking import Marked
from ..platforms import participant
from ..records import Results
from . import Asked
from ._comments import comment
from ._grades import Index, listed, number, one_line, own_id, scaled, take_each, tell_provisional
from ._worksheet import NO, Columns, amount, find_columns

SUFFIX = ".csv"
NEEDED = (
    "the report moodle fills the grading worksheet of the assignment: turn on Offline grading worksheet in its "
    "settings, choose Download grading worksheet where its submissions are graded, and name the file with "
    "--gradebook FILE"
)

Rows = Mapping[int, tuple[str, ...]]  # the students', by their place in the file


@dataclass(frozen=True, slots=True)
class Grade:
    """What goes into a student's row."""

    grade: Decimal
    most: Decimal  # marks that there are in the coursework
    points: Decimal  # that Moodle gives for them
    open: float  # marks that a person has yet to give
    comment: str


Grades = Mapping[int, Grade]


def render(results: Results, asked: Asked) -> bytes:
    if asked.gradebook is None:
        raise UsageError(NEEDED)
    sheet = read(asked.gradebook, "grading worksheet")
    head, *rest = sheet.rows
    rows = {
        place: (*row, *("",) * (len(head) - len(row)))
        for place, row in enumerate(rest, start=1)
        if any(cell.strip() for cell in row)  # an empty line is no student
    }
    columns = find_columns(head, list(rows.values()))
    find = _finder(rows, columns)

    def take(marked: Marked, row: int) -> Grade:
        points = amount(rows[row][columns.most]) or Decimal(0)
        said = _sayable(comment(marked, asked.language, results.sheet), sheet)
        return Grade(scaled(marked, points), Decimal(number(marked.max_score)), points, marked.open, said)

    found = take_each(results.submissions, find, take, asked.say, "grading worksheet")
    locked = [row for row in found if rows[row][columns.changeable].strip().casefold() in NO]
    for row in locked:
        del found[row]
    _tell(asked.say, rows, columns, found, locked)
    tell_provisional(asked.say, [grade.open for grade in found.values()])
    mark = (
        "," if any("," in cells[place] for cells in rows.values() for place in (columns.most, columns.grade)) else "."
    )
    changes: dict[tuple[int, int], str] = {}
    for row, grade in found.items():
        changes[row, columns.grade] = str(grade.grade).replace(".", mark)
        if columns.feedback is not None:
            changes[row, columns.feedback] = grade.comment
    return sheet.edited(changes)


def _finder(rows: Rows, columns: Columns) -> Callable[[HandIn], int | None]:
    """The row of a student: by Moodle's participant, else the e-mail address, else an id that Moodle shows."""
    numbered = {row: participant(cells[columns.identifier].strip()) for row, cells in rows.items()}
    participants = Index((row, found[1]) for row, found in numbered.items() if found is not None)
    shown = [Index((row, cells[column]) for row, cells in rows.items()) for column in columns.identities]

    def find(hand_in: HandIn) -> int | None:
        if hand_in.platform == "moodle":
            row = participants.find(hand_in.platform_id)
            if row is not None:
                return row
        for known in (hand_in.email if "@" in hand_in.email else "", own_id(hand_in)):
            found = {row for index in shown if known and (row := index.find(known)) is not None}
            if found:
                return found.pop() if len(found) == 1 else None
        return None

    return find


def _sayable(said: str, sheet: Delimited) -> str:
    """A comment in the worksheet's own encoding: what that lacks becomes HTML's numbers of characters."""
    encoding = sheet.dialect.encoding
    return said.encode(encoding, "xmlcharrefreplace").decode(encoding)


def _tell(say: Callable[[str], None], rows: Rows, columns: Columns, found: Grades, locked: Sequence[int]) -> None:
    def named(places: Iterable[int]) -> str:
        return listed([one_line(rows[row][columns.identifier]) for row in places])

    if locked:
        say(f"left as they are, because Moodle says that the grade cannot be changed: {named(locked)}")
    for most, points in sorted({(grade.most, grade.points) for grade in found.values()}):
        if most != points:
            say(f"grades are scaled from {number(most)} marks to the maximum grade of {number(points)}")
    other = [row for row, grade in found.items() if amount(rows[row][columns.grade]) not in (None, grade.grade)]
    if other:
        say(f"another grade stood there and is replaced: {named(other)}")
    if columns.feedback is None:
        say("the worksheet has no column of comments (turn on Feedback comments); only grades are filled in")
        return
    lost = [row for row, grade in found.items() if rows[row][columns.feedback].strip() not in ("", grade.comment)]
    if lost:
        say(f"another comment stood there and is replaced: {named(lost)}")
