"""The students of a class, from a CSV: an instructor's own list, or the gradebook that a learning platform hands out.

Columns are found by their headings, in English and German. Ids are texts, and are compared exactly, but for capitals
and blanks around: 007 is not 7. This room must not know files that were handed in, nor workbooks.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

from .errors import UsageError
from .handin import HandIn, Platform
from .platforms import means_participant, participant

MOST_BYTES = 16 * 2**20
MOST_TOLD = 20  # mistakes in one message
# Headings in small letters, without blanks and punctuation. What comes first is the better id to show.
_HEADINGS = """
number: studentid studentnumber studentno studentnr sid sisuserid sisid idnumber matriculationnumber matriculationno
number: matriculation matricnumber matricno registrationnumber enrolmentnumber enrollmentnumber universityid
number: matrikelnummer matrikelnr matrikel matrnr matnr idnummer studierendennummer studentennummer
id: id
login: sisloginid login loginid username user userid account netid uid benutzername benutzer anmeldename kennung
login: nutzername unikennung integrationid
email: email emailaddress mail emailadresse mailadresse universityemail sisemail
moodle: identifier identifikator participant participantid moodleid teilnehmerin teilnehmernummer
canvas: canvasid canvasuserid
name: name fullname student studentname studentin studierende studierender displayname anzeigename
name: vollständigername vollstaendigername vollername
first: firstname givenname givennames forename first vorname vornamen
last: lastname surname familyname last nachname familienname
"""
_KINDS = [(line.partition(":")[0], word) for line in _HEADINGS.split("\n") for word in line.partition(":")[2].split()]
_KNOWN = {word: (kind, rank) for rank, (kind, word) in enumerate(_KINDS)}
_TEST_STUDENT = ("Student, Test", "Test Student")  # of a gradebook: whom Canvas makes up for a teacher's preview
_IDS = ("number", "id", "login", "email", "moodle", "canvas")  # the order in which one of them is shown
_GRADE = re.compile(r"[0-9]+[.,][0-9]{2}")  # as Moodle prints a grade, and the most that there is
_ROUNDED = re.compile(r"[0-9]([.,][0-9]+)?[eE]\+[0-9]+")  # what a spreadsheet makes of a long number


@dataclass(frozen=True, slots=True)
class Roster:
    """The students, each as a hand-in of nobody's file, and which rows an id or a name stands for."""

    students: tuple[HandIn, ...]
    own: Mapping[str, tuple[int, ...]] = field(hash=False)  # ids that students know: numbers, logins, addresses
    platforms: Mapping[Platform, Mapping[str, tuple[int, ...]]] = field(hash=False)  # a platform's own numbers
    names: Mapping[str, tuple[int, ...]] = field(hash=False)

    def find(self, text: str, platform: Platform = "") -> tuple[int, ...]:
        """The rows that have this id: the platform's, if it is one and the roster has that column; else any.

        A student cannot know the number that a platform gave them, so that those come last for what they typed.
        """
        wanted = folded(text)
        if platform in self.platforms:
            return self.platforms[platform].get(wanted, ())
        if not wanted:
            return ()
        own = self.own.get(wanted, ())
        others = (ids.get(wanted, ()) for ids in self.platforms.values())
        return own or tuple(dict.fromkeys(row for rows in others for row in rows))

    def may_be(self, row: int, name: str, platform: Platform) -> bool:
        """Whether the student of a row is called ``name`` by a platform, as far as the roster has a name to compare.

        Canvas writes ``doejane`` for Doe, Jane: last names first, without blanks and punctuation.
        """
        known = self.students[row].name
        if not known or not name or row in self.named(name):
            return True
        words = folded(known).replace(",", " ").split()
        turned = (_letters("".join(words[at:] + words[:at])) for at in range(len(words)))
        wanted = _letters(name)
        return platform == "canvas" and wanted != "" and any(wanted in (each, _ascii(each)) for each in turned)

    def named(self, text: str) -> tuple[int, ...]:
        """The rows that have this name, as ``Jane Doe`` or as ``Doe, Jane``."""
        return self.names.get(folded(text), ())


def folded(text: str) -> str:
    """What ids and names are compared by."""
    return " ".join(unicodedata.normalize("NFC", text).split()).casefold()


def _letters(name: str) -> str:
    return "".join(each for each in folded(name) if each.isalnum())


def _ascii(letters: str) -> str:
    """What is left where the others are dropped."""
    return "".join(each for each in letters if each.isascii())


# --- reading --------------------------------------------------------------------------------------------------------


def read_roster(path: Path) -> Roster:
    """Raises UsageError with all mistakes, a line each."""
    try:
        if path.exists() and not path.is_file():
            raise UsageError(f"the roster {path} is no file; it is a CSV")
        with path.open("rb") as stream:
            data = stream.read(MOST_BYTES + 1)
    except FileNotFoundError:
        raise UsageError(f"there is no roster {path}") from None
    except OSError as error:
        raise UsageError(f"cannot read the roster {path}: {error.strerror or error}") from None
    return parse_roster(data, str(path))


def parse_roster(data: bytes, shown: str) -> Roster:
    """The roster in ``data``; ``shown`` is what messages call it."""
    if len(data) > MOST_BYTES:
        raise UsageError(f"the roster {shown} has more than {MOST_BYTES >> 20} MiB; it is the list of one class")
    if data.startswith((b"PK\3\4", b"\xd0\xcf\x11\xe0")):
        raise UsageError(f"the roster {shown} is a workbook; save it as CSV UTF-8, and name that")
    try:
        lines = list(_lines(_decoded(data)))
    except csv.Error as error:
        raise UsageError(f"the roster {shown} cannot be read as a CSV ({error}); save it as CSV UTF-8 again") from None
    if not lines:
        raise UsageError(f"the roster {shown} is empty; its first line is the headings, such as Student ID, Name")
    (first, headings), *rows = lines
    columns = _columns(headings, rows)
    if not any(kind in columns for kind in _IDS):
        found = ", ".join(repr(each[:30]) for each in headings[:12])
        raise UsageError(
            f"the roster {shown}, line {first}: no column can be a student's id (found {found}); give it a "
            f"heading such as Student ID, Matrikelnummer, SIS User ID, Identifier, Username or Email address"
        )
    if 0 in columns.get("moodle", ()) and _are_participants([row for _, row in rows], known=False):
        rows = [(line, [number[1] if (number := participant(row[0])) else "", *row[1:]]) for line, row in rows]
    return _roster(columns, rows, shown)


def _decoded(data: bytes) -> str:
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return data.decode("utf-16", "replace")
    if b"\0" in data[:200]:  # UTF-16 that does not say so: the zeros of ASCII come second, or first
        return data.decode("utf-16-le" if data[1:2] == b"\0" else "utf-16-be", "replace")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("cp1252", "replace")  # as Excel saves "CSV" in western Europe


def _lines(text: str) -> Iterator[tuple[int, list[str]]]:
    """The rows that are not empty, each with the number of its first line."""
    skipped = 0
    delimiter = None
    if match := re.match(r"sep=(.)\r?\n", text):  # Excel's own way to say it
        text, skipped, delimiter = text[match.end() :], 1, match[1]
    head = next((line for line in text.splitlines() if line.strip()), "")
    delimiter = delimiter or max(",;\t", key=lambda each: (_known(head, each), head.count(each)))
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    line = 1 + skipped
    for row in reader:
        if any(cell.strip() for cell in row):
            yield line, [_plain(cell) for cell in row]
        line = reader.line_num + 1 + skipped


def _known(head: str, delimiter: str) -> int:
    return sum(_word(cell) in _KNOWN for row in csv.reader([head], delimiter=delimiter) for cell in row)


def _plain(cell: str) -> str:
    """Without blanks around, the ``="007"`` that saves zeros from Excel, and the .0 of an id that was a number."""
    text = " ".join(cell.split())
    if match := re.fullmatch(r'="(.*)"', text):
        text = match[1].strip()
    return text[:-2] if re.fullmatch(r"[0-9]+\.0", text) else text


def _word(heading: str) -> str:
    return re.sub(r"[\W_]+", "", unicodedata.normalize("NFC", heading)).casefold()


def _columns(headings: Sequence[str], rows: Sequence[tuple[int, list[str]]]) -> Mapping[str, list[int]]:
    """The columns of each kind, the best heading first."""
    found: dict[str, list[tuple[int, int]]] = {}
    words = [_word(each) for each in headings]
    named = "student" in words or {"lastname", "firstname"} <= set(words)
    canvas = named and "id" in words and "section" in words  # its gradebook, where ID is Canvas's own
    for at, word in enumerate(words):
        kind, rank = _KNOWN.get(word, ("", 0))
        if canvas and kind == "id":
            kind = "canvas"
        if at == 0 and kind in ("", "id") and _are_participants([row for _, row in rows], known=kind == "id"):
            kind = "moodle"  # whose headings are in the language of its user
        if kind:
            found.setdefault(kind, []).append((rank, at))
    return {kind: [at for _, at in sorted(columns)] for kind, columns in found.items()}


def _are_participants(rows: Sequence[Sequence[str]], *, known: bool) -> bool:
    """Whether the first column is Moodle's; ``known`` says that its heading is one of ids.

    Student numbers may look alike (s1, s2), so that without a blank the word must be one that we know; or the heading
    is none that we know, and the list holds grades as Moodle's does.
    """
    words = {found[0] if (found := participant(row[0])) else None for row in rows}
    word = next(iter(words), None)
    if len(words) != 1 or word is None:
        return False
    return _is_moodles(word) or (not known and _hold_grades(rows))


def _is_moodles(word: str) -> bool:
    return word[-1] == " " or means_participant(word)


def _hold_grades(rows: Sequence[Sequence[str]]) -> bool:
    """Whether one column is the same number with two decimals throughout, and that before it is grades, or empty."""
    columns = list(zip(*rows, strict=False))
    return any(
        len(set(most)) == 1
        and _GRADE.fullmatch(most[0])
        and all(each in ("", "-") or _GRADE.fullmatch(each) for each in grades)
        for grades, most in pairwise(columns[2:])
    )


def _roster(columns: Mapping[str, list[int]], rows: Sequence[tuple[int, list[str]]], shown: str) -> Roster:
    students: list[HandIn] = []
    own: dict[str, list[int]] = {}
    platforms: dict[Platform, dict[str, list[int]]] = {}
    if "moodle" in columns:
        platforms["moodle"] = {}
    if "canvas" in columns:
        platforms["canvas"] = {}
    names: dict[str, list[int]] = {}
    mistakes: list[str] = []
    seen: dict[tuple[int, str], int] = {}  # in which line an id of a column was
    for line, row in rows:
        name = _name(columns, row)
        ids = list(_ids(columns, row))
        if "canvas" in columns and (name.startswith("Points Possible") or name in _TEST_STUDENT or not (name or ids)):
            continue  # the gradebook's lines below its headings
        if not ids:
            mistakes.append(f"line {line}: {name or 'a student'} has no id")
        for at, _, text in ids:
            if _ROUNDED.fullmatch(text):
                mistakes.append(
                    f"line {line}: {text} is an id that a spreadsheet has rounded; format the column as text"
                )
            elif (before := seen.setdefault((at, folded(text)), line)) != line:
                mistakes.append(f"line {line}: the id {text[:60]} is that of line {before} too")
        number = len(students)
        for _, kind, text in ids:
            index = platforms["moodle"] if kind == "moodle" else platforms["canvas"] if kind == "canvas" else own
            if number not in index.setdefault(folded(text), []):
                index[folded(text)].append(number)
        for each in dict.fromkeys(_spellings(name)):
            names.setdefault(each, []).append(number)
        students.append(_student(name, ids))
    if not students and not mistakes:
        mistakes.append("there is no student below the headings")
    if mistakes:
        more = [f"and {len(mistakes) - MOST_TOLD} more"] if len(mistakes) > MOST_TOLD else []
        raise UsageError("\n".join([f"the roster {shown}, {each}" for each in mistakes[:MOST_TOLD]] + more))
    return Roster(
        tuple(students),
        {text: tuple(rows) for text, rows in own.items()},
        {platform: {text: tuple(rows) for text, rows in ids.items()} for platform, ids in platforms.items()},
        {text: tuple(rows) for text, rows in names.items()},
    )


def _ids(columns: Mapping[str, list[int]], row: Sequence[str]) -> Iterator[tuple[int, str, str]]:
    """The column, its kind, and the id, of each cell that is one, the best to show first."""
    for kind in _IDS:
        for at in columns.get(kind, ()):
            text = row[at] if at < len(row) else ""
            if kind == "moodle" and (found := participant(text)) and _is_moodles(found[0]):
                text = found[1]
            if text:
                yield at, kind, text


def _student(name: str, ids: Sequence[tuple[int, str, str]]) -> HandIn:
    shown = ids[0][2] if ids else ""
    email = next((text for _, kind, text in ids if kind == "email"), "")
    platform_id = next((text for _, kind, text in ids if kind in ("moodle", "canvas")), shown)
    return HandIn(id=shown, name=name, email=email, how="roster", platform_id=platform_id)


def _name(columns: Mapping[str, list[int]], row: Sequence[str]) -> str:
    def cell(kind: str) -> str:
        return next((row[at] for at in columns.get(kind, ()) if at < len(row) and row[at]), "")

    return cell("name") if "name" in columns else f"{cell('first')} {cell('last')}".strip()


def _spellings(name: str) -> Iterator[str]:
    """A name, and where it has one comma the other way round: both are the name, letter by letter."""
    if name:
        yield folded(name)
    last, comma, first = name.partition(",")
    if comma and "," not in first and first.strip():
        yield folded(f"{first} {last}")
