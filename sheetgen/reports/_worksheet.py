"""Moodle's offline grading worksheet: which of its columns is which, in whatever language it was downloaded.

Moodle writes the headings in the teacher's language, and reads them in it. So a column is found by what its cells hold
and where Moodle puts it; the headings of some languages help where that leaves a choice, and must not contradict it.
What is in doubt is never filled. What is written into the cells this room must not know.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from ..errors import UsageError
from ..platforms import participant
from ._grades import listed, one_line

Row = Sequence[str]
AGAIN = "switch Moodle to English, download the worksheet again and leave its columns as they are"
# As Moodle's language packs have them; en, de, fr, es, pt, it, nl.
HEADINGS = {
    "Identifier": ("identifier", "id", "identifiant", "identificador", "identificativo", "identificatie"),
    "Grade": ("grade", "bewertung", "note", "calificación", "nota", "avaliação", "valutazione", "cijfer"),
    "Maximum Grade": ("maximum grade", "bestwertung", "note maximale", "calificación máxima", "nota máxima"),
    "Grade can be changed": (
        "grade can be changed",
        "bewertung kann geändert werden",
        "la note peut être modifiée",
        "la calificación puede ser cambiada",
        "la calificación puede cambiarse",
        "a nota pode ser alterada",
        "a nota pode ser alterada.",
    ),
    "Last modified (grade)": (
        "last modified (grade)",
        "zuletzt geändert (bewertung)",
        "dernière modification (note)",
        "última modificación (calificación)",
        "última atualização (avaliação)",
        "última modificação (nota)",
    ),
    "Feedback comments": (
        "feedback comments",
        "feedback als kommentar",
        "feedback-kommentare",
        "feedback par commentaires",
        "comentarios de retroalimentación",
        "comentários de feedback",
    ),
}
_YES = "yes ja oui sí si sim sì jo tak ano áno da да так evet igen kyllä jah jā taip ναι bai نعم بله כן có はい 是 예"
_NO = "no nein non não nee nej nei nie ne не нет ні hayır nem ei nē όχι nu ez لا خیر לא không いいえ 否 아니오"
YES, NO = frozenset(_YES.split()), frozenset(_NO.split())
_AMOUNT = re.compile(r"\d+(?:[.,]\d+)?")
_MOMENT = re.compile(r"-|(?=.*\d)(?:.*\b\d{4}\b|.*\d{1,2}[:.h]\d{2}).*")
LONGEST_MOMENT = 80  # characters


@dataclass(frozen=True, slots=True)
class Columns:
    identifier: int
    grade: int
    most: int
    changeable: int
    feedback: int | None  # a teacher may have turned comments off
    identities: tuple[int, ...]  # e-mail address, student number, whatever Moodle is set to show


def amount(text: str) -> Decimal | None:
    """A number as Moodle writes it: with either decimal mark, never with one of thousands."""
    text = text.strip()
    return Decimal(text.replace(",", ".")) if _AMOUNT.fullmatch(text) else None


def find_columns(head: Row, body: Sequence[Row]) -> Columns:
    """The columns of a worksheet, whose rows are all as wide as its head. Raises UsageError where one is in doubt."""
    if not body:
        raise UsageError("the grading worksheet has no row of a student; download it again")
    places = range(len(head))

    def column(place: int) -> list[str]:
        return [row[place].strip() for row in body]

    def choose(name: str, by_cells: Iterable[int], usual: Callable[[Sequence[int]], int] | None = None) -> int:
        fitting = list(by_cells)
        called = [place for place in places if head[place].strip().casefold() in HEADINGS[name]]
        both = [place for place in fitting if place in called]
        if called and fitting and not both:
            raise _doubt(head, f"its column {_titles(head, called)} is called {name}, but {_HOLDS[name]}")
        choice = both or fitting
        if len(choice) == 1 or (choice and usual is not None):
            return choice[0] if usual is None else usual(choice)
        if not fitting:
            raise _doubt(head, f"no column is {name}: {_HOLDS[name]}")
        raise _doubt(head, f"{_titles(head, choice)} may each be {name}")

    for place in places:
        if head[place].strip().casefold() in HEADINGS["Identifier"] and (twice := _twice(column(place))):
            raise UsageError(
                f"the grading worksheet cannot be filled: {one_line(twice)[:60]} stands in it twice; take one of the "
                f"lines out"
            )
    identifier = choose("Identifier", (place for place in places if _names_all(column(place))), min)
    pairs = [p for p in places if p - 1 > identifier and _one_amount(column(p)) and _grades(column(p - 1), column(p))]
    most = choose("Maximum Grade", pairs)
    grade = choose("Grade", [most - 1])
    moments = [place for place in places if place > most and all(map(_is_moment, column(place)))]
    modified = choose("Last modified (grade)", moments, max)
    answers = [place for place in range(most + 1, modified) if _says_yes_or_no(column(place))]
    changeable = choose("Grade can be changed", answers, min)
    behind = range(modified + 1, len(head))
    feedback = choose("Feedback comments", behind) if behind else None
    return Columns(identifier, grade, most, changeable, feedback, tuple(range(identifier + 2, grade)))


_HOLDS = {
    "Identifier": "its cells are a word and a number, another for each student, such as Participant 12345",
    "Grade": "it stands directly before the maximum grade, and its cells are empty or numbers up to that",
    "Maximum Grade": (
        "its cells hold the same number throughout, and the column before it grades up to that; a scale of words "
        "cannot be filled, so set the assignment's grade to points"
    ),
    "Grade can be changed": "behind the maximum grade, its cells say yes or no in a language that is known here",
    "Last modified (grade)": "behind the maximum grade, its cells are dates, or - where nothing is graded",
    "Feedback comments": "it stands behind the dates",
}


def _doubt(head: Row, what: str) -> UsageError:
    return UsageError(f"the grading worksheet cannot be filled: {what}. Its columns are {_titles(head)}; {AGAIN}")


def _titles(head: Row, places: Iterable[int] | None = None) -> str:
    shown = range(len(head)) if places is None else places
    return listed([f'"{one_line(head[place])[:60]}"' for place in shown])


def _twice(cells: Sequence[str]) -> str | None:
    """The first participant who stands there again."""
    return next((cell for at, cell in enumerate(cells) if participant(cell) is not None and cell in cells[:at]), None)


def _names_all(cells: Sequence[str]) -> bool:
    found = [each for each in map(participant, cells) if each is not None]
    words, numbers = {word for word, _ in found}, {number for _, number in found}
    return len(numbers) == len(cells) and len(words) == 1


def _one_amount(cells: Sequence[str]) -> bool:
    first = amount(cells[0])
    return len(set(cells)) == 1 and first is not None and first > 0


def _grades(cells: Sequence[str], most: Sequence[str]) -> bool:
    limit = amount(most[0]) or Decimal(0)
    given = [amount(cell) for cell in cells if cell not in ("", "-")]
    return all(each is not None and each <= limit for each in given)


def _is_moment(cell: str) -> bool:
    return len(cell) <= LONGEST_MOMENT and _MOMENT.fullmatch(cell) is not None


def _says_yes_or_no(cells: Sequence[str]) -> bool:
    return all(cell.casefold() in YES | NO for cell in cells)
