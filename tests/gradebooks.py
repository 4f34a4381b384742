"""Moodle and Canvas as far as they read a grading worksheet and a gradebook, written from what their importers do.

Sources: Moodle's mod/assign/feedback/offline/importgradeslib.php and locallib.php (columns by heading, the number of a
participant behind the length of a word, which rows are skipped) and PHP's fgetcsv, in which a backslash keeps a quote
from ending a cell; Canvas's lib/gradebook_importer.rb (columns, order of matching, decimal marks, blank cells). The
headings are those of Moodle's language packs. Nothing here imports what it is to judge, but the records.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sheetgen.handin import HandIn
from sheetgen.marking import Answer, Marked

NEVER = "-"


def moodle_student(number: int | str, **more: Any) -> HandIn:
    return HandIn(id=str(number), how="moodle", platform="moodle", platform_id=str(number), **more)


def marked(hand_in: HandIn, score: float = 40.25, most: float = 50, **more: Any) -> Marked:
    file = more.pop("file", f"{hand_in.shown or hand_in.platform_id or hand_in.email}.xlsx")
    return Marked(file, None, "marked", None, score, most, more.pop("answers", ()), hand_in=hand_in, **more)


def unmarked(hand_in: HandIn, most: float = 50, file: str = "broken.xlsx") -> Marked:
    return Marked(file, None, "unmarked", "the file is cut short or damaged", 0, most, (), hand_in=hand_in)


def answer(id: str = "conv1.parameters", cell: str = "L7", status: str = "wrong", **more: Any) -> Answer:
    facts: dict[str, Any] = {"sheet": "Table", "given": "1", "score": 0, "max_score": 1, "feedback": "1 is not right."}
    return Answer(id=id, cell=cell, status=status, **{**facts, **more})  # type: ignore[arg-type]


# --- Moodle ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Pack:
    """The words of a language pack that a worksheet holds, and its decimal mark."""

    identifier: str
    name: str
    email: str
    status: str
    grade: str
    most: str
    changeable: str
    submitted: str
    modified: str
    comments: str
    participant: str
    yes: str
    no: str
    mark: str


ENGLISH = Pack(
    "Identifier", "Full name", "Email address", "Status", "Grade", "Maximum Grade", "Grade can be changed",
    "Last modified (submission)", "Last modified (grade)", "Feedback comments", "Participant ", "Yes", "No", ".",
)  # fmt: skip
GERMAN = Pack(
    "ID", "Vollständiger Name", "E-Mail-Adresse", "Status", "Bewertung", "Bestwertung",
    "Bewertung kann geändert werden", "Zuletzt geändert (Abgabe)", "Zuletzt geändert (Bewertung)",
    "Feedback als Kommentar", "Teilnehmer/in", "Ja", "Nein", ",",
)  # fmt: skip
FRENCH = Pack(
    "Identifiant", "Nom complet", "Adresse de courriel", "Statut", "Note", "Note maximale",
    "La note peut être modifiée", "Dernière modification (travail remis)", "Dernière modification (note)",
    "Feedback par commentaires", "Participant", "Oui", "Non", ",",
)  # fmt: skip
# A pack of which nothing in sheetgen knows a word, but for yes and no.
MADE_UP = Pack("Aa", "Bb", "Cc", "Dd", "Ee", "Ff", "Gg", "Hh", "Ii", "Jj", "Zz ", "はい", "いいえ", ",")
PACKS = {"en": ENGLISH, "de": GERMAN, "fr": FRENCH, "made up": MADE_UP}


@dataclass
class Student:
    number: int
    name: str
    email: str
    grade: float | None = None
    comment: str = ""
    locked: bool = False
    graded: str = NEVER  # the moment of its grade, as the worksheet prints it
    touched: bool = False  # was it graded again after the download?
    username: str = ""


@dataclass
class Moodle:
    pack: Pack
    students: list[Student]
    most: float = 50
    blind: bool = False
    delimiter: str = ","
    line_end: str = "\n"
    mark: bytes = b""
    quoting: int = csv.QUOTE_MINIMAL
    encoding: str = "utf-8"
    has_comments: bool = True
    usernames: bool = False
    workflow: bool = False
    skipped: dict[int, str] = field(default_factory=dict)

    def worksheet(self) -> bytes:
        """As the download writes it."""
        pack = self.pack
        head = [pack.identifier, *([] if self.blind else [pack.name, *(["User"] * self.usernames), pack.email])]
        head += [pack.status, pack.grade, pack.most, *(["Workflow"] * self.workflow), pack.changeable, pack.submitted]
        head += [pack.modified, *([pack.comments] * self.has_comments)]
        stream = io.StringIO(newline="")
        writer = csv.writer(
            stream, delimiter=self.delimiter, lineterminator=self.line_end, quoting=csv.QUOTE_ALL if self.quoting else 0
        )
        writer.writerow(head)
        for each in self.students:
            who = [] if self.blind else [each.name, *([each.username] * self.usernames), each.email]
            row = [f"{pack.participant}{each.number}", *who, "submitted - graded"]
            row += ["" if each.grade is None else self._print(each.grade), self._print(self.most)]
            row += [*(["In marking"] * self.workflow), pack.no if each.locked else pack.yes]
            row += ["Monday, 1 June 2026, 9:00 AM", each.graded, *([each.comment] * self.has_comments)]
            writer.writerow(row)
        return self.mark + stream.getvalue().encode(self.encoding)

    def _print(self, number: float) -> str:
        return f"{number:.2f}".replace(".", self.pack.mark)

    def take(self, data: bytes) -> None:
        """Import ``data`` as the upload does, without "update records that have been modified"."""
        rows = list(php_rows(data.removeprefix(codecs.BOM_UTF8).decode(self.encoding), self.delimiter))
        head = rows[0]
        wanted = (self.pack.identifier, self.pack.grade, self.pack.modified)
        assert all(title in head for title in wanted), "Moodle refuses a worksheet without its three columns"
        ids, grades, moments = (head.index(title) for title in wanted)
        comments = head.index(self.pack.comments) if self.pack.comments in head else None
        by_number = {each.number: each for each in self.students}
        for row in rows[1:]:
            student = by_number.get(int(row[ids][len(self.pack.participant) :]))
            if student is None:
                continue
            text = row[grades].replace(" ", "").replace(self.pack.mark, ".")
            grade = float(re.match(r"[0-9.]*", text)[0]) if text else None  # type: ignore[index]
            stale = student.touched or row[moments] != student.graded
            if grade is None:
                why = "blank"
            elif student.grade == grade:
                why = "unchanged"
            elif stale:
                why = "stale"
            elif student.locked:
                why = "locked"
            elif not 0 <= grade <= self.most:
                why = "out of range"
            else:
                why, student.grade = "", grade
            if why:
                self.skipped[student.number] = why
            if not stale and comments is not None:
                student.comment = row[comments]


def php_rows(text: str, delimiter: str) -> Iterator[list[str]]:
    """PHP's fgetcsv: as everybody reads it, but that behind a backslash a quote ends no cell."""
    cells, cell, quoted, at = [], "", False, 0
    while at < len(text):
        each = text[at]
        if quoted:
            if each == "\\":
                cell += text[at : at + 2]
                at += 1
            elif each == '"' and text[at + 1 : at + 2] == '"':
                cell += '"'
                at += 1
            elif each == '"':
                quoted = False
            else:
                cell += each
        elif each == '"' and not cell:
            quoted = True
        elif each == delimiter:
            cells.append(cell)
            cell = ""
        elif each in "\r\n":
            if cells or cell:
                yield [*cells, cell]
            cells, cell = [], ""
        else:
            cell += each
        at += 1
    assert not quoted, "a cell that never ends"
    if cells or cell:
        yield [*cells, cell]


# --- Canvas ---------------------------------------------------------------------------------------------------------


@dataclass
class Canvas:
    """One course: users by their ids with SIS id, login and name; scores by user and assignment, "EX" for excused."""

    users: Mapping[int, tuple[str, str, str]]
    assignments: dict[int, tuple[str, float | None]]
    scores: dict[tuple[int, int], str] = field(default_factory=dict)
    not_assigned: frozenset[int] = frozenset()
    new: list[str] = field(default_factory=list)  # students and assignments that an import would make
    semicolons: bool = False
    sis: bool = True
    read_only: str = "(read only)"
    hidden_row: bool = False
    first_and_last: bool = False
    custom: bool = False

    def gradebook(self) -> bytes:
        """As the export writes it."""
        head = ["LastName", "FirstName"] if self.first_and_last else ["Student"]
        head += ["ID", *(["SIS User ID"] * self.sis), "SIS Login ID", "Section", *(["Notes"] * self.custom)]
        wide = len(head)
        head += [f"{title} ({id})" for id, (title, _) in self.assignments.items()]
        head += ["Assignments Current Score", "Final Score"]
        rows = [head]
        if self.hidden_row:
            rows.append([""] * wide + ["Manual Posting"] * len(self.assignments) + ["", ""])
        points = ["" if points is None else self._print(points) for _, points in self.assignments.values()]
        rows.append(["    Points Possible", *[""] * (wide - 1), *points, self.read_only, self.read_only])
        for id, (sis, login, name) in self.users.items():
            names = name.split(", ") if self.first_and_last else [name]
            row = [*names, str(id), *([sis] * self.sis), login, "Sec 1", *(["says =1"] * self.custom)]
            row += ["N/A" if id in self.not_assigned else self.scores.get((id, each), "") for each in self.assignments]
            rows.append([*row, "50.00", "50.00"])
        stream = io.StringIO(newline="")
        csv.writer(stream, delimiter=";" if self.semicolons else ",", lineterminator="\n").writerows(rows)
        return codecs.BOM_UTF8 + stream.getvalue().encode()

    def _print(self, number: float) -> str:
        return f"{number:.2f}".replace(".", "," if self.semicolons else ".")

    def take(self, data: bytes) -> None:
        """Import ``data``."""
        text = data.decode("utf-8-sig")
        rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text.splitlines()[:3])))
        rows = [[_normal(cell) for cell in row] for row in rows if not re.fullmatch(r"[;, ]*", ",".join(row))]
        head = rows[0]
        split = head[0] == "LastName"
        assert split or "Student" in head[0]
        at = 2 if split else 1
        assert "ID" in head[at]
        columns = {title: place for place, title in enumerate(head)}
        assert len(head) > 3
        assert "Section" in columns, "Canvas: Invalid header row"
        meant: dict[int, int] = {}
        for place in range(columns["Section"] + 1, len(head)):
            if re.search(r"(Current|Final) Score", head[place]):
                continue
            found = re.fullmatch(r"(.*)\s\((\d+)\)", head[place], re.DOTALL)
            if found and int(found[2]) in self.assignments:
                meant[int(found[2])] = place
            else:
                self.new.append(head[place])
        for row in rows[1:]:
            if "Points Possible" in row[0]:
                for id, place in meant.items():
                    assert _same(row[place], self.assignments[id][1]), "the points of the assignment would change"
                continue
            user = self._user(row, columns, at)
            if user is None:
                self.new.append(row[0])
                continue
            for id, place in meant.items():
                if user not in self.not_assigned:
                    self.scores[user, id] = row[place].strip()  # a blank cell takes the grade away

    def _user(self, row: Sequence[str], columns: Mapping[str, int], at: int) -> int | None:
        if row[at].isdigit() and int(row[at]) in self.users:
            return int(row[at])
        for title, fact in (("SIS User ID", 0), ("SIS Login ID", 1)):
            if title in columns and row[columns[title]]:
                for id, facts in self.users.items():
                    if facts[fact] == row[columns[title]]:
                        return id
        return next((id for id, facts in self.users.items() if facts[2] == row[0]), None)


def _delimiter(lines: Sequence[str]) -> str:
    """As Canvas tells it, from the first three lines."""
    cells = {}
    for each in ";,":
        widths = {len(next(csv.reader([line], delimiter=each), [])) for line in lines}
        cells[each] = widths.pop() if len(widths) == 1 else 0
    return ";" if cells[";"] > cells[","] else ","


def _normal(cell: str) -> str:
    if re.fullmatch(r"-?[0-9.,]+%?", cell):
        *before, last = re.split(r"[,.]", cell)
        return f"{''.join(before)}.{last}" if before else last
    return cell


def _same(text: str, points: float | None) -> bool:
    return text == "" if points is None else float(text) == points
