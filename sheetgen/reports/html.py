"""A page of the class (.html), or as a folder or zip that page and one for each student.

The class page shows how marks are distributed, the table as a map of what the class got right, the indices of each
blank, and what many got wrong; names of students stand behind all that, folded away. A student's page holds what that
student handed in and nothing of anybody else; the notes for who marks are not in it, nor any number that is right,
unless the results were made to reveal them. Pages need no script and fetch nothing: a content security policy says so
to the browser, which lets through this very style sheet only. Jinja2 escapes whatever stands in a file or a cell.
"""

from __future__ import annotations

import base64
import hashlib
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING
from urllib.parse import quote

from ..judging import Status, read_choice
from ..language import N_, Translations, translations
from ..marking import NOWHERE, Answer, Marked, given_by_now
from ..questionnaire import lettered
from ..records import Results
from ..sheet import Sheet
from ..statistics import Common, Item, Statistics
from . import Asked
from ._everybody import Withheld
from ._names import file_name, moodle_folder, own_name, unlike_moodle
from ._said import beside, tally_for
from ._tables import Layout, is_question

if TYPE_CHECKING:
    from jinja2 import Environment

SUFFIX = ".html"
TEMPLATES = Path(__file__).parent / "templates"
STATUSES: Mapping[Status, tuple[str, str, str]] = {  # class of style, mark, word
    "correct": ("ok", "✓", N_("right")),
    "follow-through": ("ft", "→", N_("follow-through")),
    "partly": ("pt", "◐", N_("partly right")),
    "wrong": ("no", "✗", N_("wrong")),
    "unreadable": ("un", "?", N_("unreadable")),
    "blank": ("bl", "○", N_("left blank")),
    "for-a-person": ("pe", "…", N_("for a person")),
}
MOST_CAUSES, MOST_SHARED, MOST_REASONS, MOST_CELLS = 20, 25, 25, 12
LONGEST = 60  # characters of what a cell holds, in a table
LONGEST_NAME = 150  # bytes of a page's, which leaves room for a number and .html
MANY = 100  # students, from which on the marks are counted in twentieths
# what no page may hold: control characters, halves of a character, marks that turn the direction of writing
_UNPRINTABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\u202a-\u202e\u2066-\u2069\ufffe\uffff]")


def render(results: Results, asked: Asked) -> bytes:
    """The page of the class."""
    pages, tally = _Pages(results, asked.language), tally_for(results)
    students = []
    for marked in results.submissions:
        tally.add(marked)
        students.append(Student.of(marked, results.sheet))
    return pages.of_class(tally.statistics(), students)


def files(results: Results, asked: Asked) -> Iterator[tuple[str, bytes]]:
    """A page for each student, then ``index.html``, the class's, which links to them."""
    pages, tally = _Pages(results, asked.language), tally_for(results)
    students = []
    taken: set[str] = set()
    for marked in results.submissions:
        tally.add(marked)
        name = page_name(marked, taken)
        students.append(Student.of(marked, results.sheet, name))
        yield name, pages.of_student(marked)
    yield "index.html", pages.of_class(tally.statistics(), students)


def page_name(marked: Marked, taken: set[str]) -> str:
    """What a student's page is called: ``students/<file>.html``, or where Moodle looks for feedback.

    Names that a file system takes for the same are told apart by a number; ``taken`` are those given already.
    """
    folder = moodle_folder(marked)
    stem = folder or unlike_moodle(PurePosixPath(own_name(marked.file)).stem)
    stem = file_name(stem, LONGEST_NAME).strip(". ") or "_"
    number, unique = 1, stem
    while unique.casefold() in taken:
        number += 1
        unique = f"{stem}-{number}"
    taken.add(unique.casefold())
    return f"{unique}/feedback.html" if folder and unique == stem else f"students/{unique}.html"


@dataclass(frozen=True, slots=True)
class Student:
    """A line of the class page's list."""

    name: str
    file: str
    page: str  # where their own page is, as a link; empty without one
    reason: str | None
    score: float
    share: float  # of the marks that are given by now
    late: bool
    counts: Mapping[Status, int]

    @classmethod
    def of(cls, marked: Marked, sheet: Sheet | None, page: str = "") -> Student:
        counts = {status: count for status in STATUSES if (count := marked.count(status))}
        hand_in = marked.hand_in
        return cls(
            hand_in.shown or marked.student or "",
            marked.file,
            quote(page),
            marked.reason if marked.status == "unmarked" else None,
            marked.score,
            marked.brief().percent(sheet) / 100,
            hand_in.late,
            counts,
        )


@dataclass(frozen=True, slots=True)
class Where:
    """The cells of one column, each with how many students it concerns."""

    column: str
    cells: tuple[tuple[str, int], ...]


class _Pages:
    """Fills the templates, in one language."""

    def __init__(self, results: Results, language: str) -> None:
        self.results, self.language = results, language
        self.say: Translations = translations(language)
        self.layout = Layout(results.sheet)
        self._comma = self.say.gettext("1.5")[1]  # the mark before decimals

    # --- pages --------------------------------------------------------------------------------------------------

    def of_class(self, statistics: Statistics, students: Sequence[Student]) -> bytes:
        order = {item.id: place for place, item in enumerate(statistics.items)}
        items = {item.id: item for item in statistics.items}
        bins = 20 if statistics.marked >= MANY else 10
        is_partly = any("partly" in item.counts for item in statistics.items)
        still = math.fsum(item.max_score for item in statistics.items if item.for_a_person)
        return self._page(
            "class.html",
            css="class.css",
            statistics=statistics,
            results=self.results,
            students=students,
            items=items,
            picture=self._picture(statistics, bins) if statistics.marked else "",
            rest=beside(still, statistics.most + still, self.say, self.number) if still else "",
            is_withheld=Withheld(self.results.sheet).holds,
            statuses={each: told for each, told in STATUSES.items() if each != "partly" or is_partly},
            most_students=max(each.students for each in (*statistics.causes, statistics.follow_through)),
            most_causes=MOST_CAUSES,
            most_shared=MOST_SHARED,
            most_reasons=MOST_REASONS,
            name_of=self._name,
            given_as=self._given,
            where=lambda common: self._where(common, order),
            heat=heat,
        )

    def of_student(self, marked: Marked) -> bytes:
        answers = {answer.id: answer for answer in marked.answers}
        return self._page(
            "student.html",
            css="student.css",
            marked=marked,
            name=marked.hand_in.shown or marked.student or own_name(marked.file),
            file=own_name(marked.file),
            answers=answers,
            now=given_by_now(marked, self.results.sheet),
            rest=self._rest(marked),
            told=[answer for answer in marked.answers if self._is_told(answer)],
            blank=self._where_of(marked, "blank"),
            nowhere=[answer.id for answer in marked.answers if answer.cell == NOWHERE],
            for_a_person=[answer for answer in marked.answers if answer.status == "for-a-person"],
        )

    def _rest(self, marked: Marked) -> str:
        """What there is beside the marks that are given by now; empty where there is nothing."""
        if given_by_now(marked, self.results.sheet) == marked.max_score:
            return ""
        return beside(marked.open, marked.max_score, self.say, self.number)

    def _is_told(self, answer: Answer) -> bool:
        """Whether there is a sentence of its own to say of an answer."""
        if answer.status == "for-a-person":
            return bool(answer.comment)
        revealed = answer.expected is not None
        return bool(answer.feedback) and answer.cell != NOWHERE and (answer.status != "blank" or revealed)

    def _where_of(self, marked: Marked, status: Status) -> Sequence[str]:
        return [
            f"{answer.sheet}!{answer.cell}" if is_question(answer.id) else answer.cell
            for answer in marked.answers
            if answer.status == status and answer.cell != NOWHERE
        ]

    def _page(self, template: str, css: str, **values: object) -> bytes:
        style, policy = _style(css)
        text = self._environment.get_template(template).render(style=style, policy=policy, **values)
        return _UNPRINTABLE.sub("\N{REPLACEMENT CHARACTER}", text).encode("utf-8")

    @cached_property
    def _environment(self) -> Environment:
        from jinja2 import Environment, FileSystemLoader, StrictUndefined

        made = Environment(
            loader=FileSystemLoader(TEMPLATES),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        made.globals |= {
            "gettext": self.say.gettext,
            "ngettext": self.say.ngettext,
            "language": self.language,
            "layout": self.layout,
            "title": self.layout.title or self.results.coursework,
            "coursework": self.results.coursework,
            "statuses": STATUSES,
            "is_question": is_question,
            "own_name": own_name,
            "nowhere_cell": NOWHERE,
        }
        made.filters |= {
            "number": self.number,
            "percent": self.percent,
            "share": share,
            "by_row": self._by_row,
            "short": short,
            "capital": lambda text: f"{text[:1].upper()}{text[1:]}",
        }
        return made

    # --- what stands in them ------------------------------------------------------------------------------------

    def number(self, value: float, digits: int | None = None) -> str:
        """As people write it: 53.5, or 53,5; with ``digits`` always as many decimals."""
        text = f"{round(value, 2):g}" if digits is None else f"{value:.{digits}f}"
        return text.replace(".", self._comma).replace("-", "−")

    def percent(self, part: float | None) -> str:
        return "–" if part is None else f"{share(part)}\N{NO-BREAK SPACE}%"

    def _picture(self, statistics: Statistics, bins: int) -> str:
        from markupsafe import Markup

        from ._picture import histogram

        counts = statistics.distribution(bins)
        width = 100 // bins
        parts = [
            self.say.gettext("{low} to {high} %: {count}").format(low=i * width, high=(i + 1) * width, count=count)
            for i, count in enumerate(counts)
            if count
        ]
        label = self.say.gettext("Histogram: how many students have what share of the marks.")
        median = statistics.share(statistics.median or 0)
        return Markup(  # made by us, of whole numbers and our own words
            histogram(
                counts,
                median,
                f"{label} {'; '.join(parts)}.",
                self.say.gettext("Share of the {most} marks in %").format(most=self.number(statistics.most)),
                self.say.gettext("Students"),
                self.say.gettext("median"),
            )
        )

    def _where(self, common: Common, order: Mapping[str, int]) -> tuple[Sequence[Where], int]:
        """The cells that most students have it in, by column in the sheet's order; and how many more there are."""
        most = sorted(common.cells.items(), key=lambda each: (-each[1], order.get(each[0], 0)))[:MOST_CELLS]
        columns: dict[str, list[tuple[str, int]]] = {}
        for answer, count in sorted(most, key=lambda each: order.get(each[0], 0)):
            columns.setdefault(self._column(answer), []).append((self.layout.row(answer), count))
        return [Where(column, tuple(cells)) for column, cells in columns.items()], len(common.cells) - len(most)

    def _by_row(self, items: Sequence[Item]) -> list[list[Item]]:
        """The blanks of one layer together, and those of one question."""
        found: dict[str, list[Item]] = {}
        for item in items:
            question = is_question(item.id)
            found.setdefault(self.layout.column(item.id) if question else self.layout.row(item.id), []).append(item)
        return list(found.values())

    def _name(self, answer: str) -> tuple[str, str]:
        """What a blank is called, what it is of first: conv1, Parameters; or Question 7, conv1 Mean."""
        row, column = self.layout.row(answer), self._column(answer)
        return (column, row) if is_question(answer) else (row, column)

    def _given(self, answer: str, given: str) -> str:
        """What several have in a cell; of an option its words too."""
        questions = self.results.sheet.questions if self.results.sheet is not None else None
        cell = questions.places.get(answer) if questions is not None else None
        letter = read_choice(given, cell.question) if cell is not None else None
        return short(
            given if cell is None or letter is None else f"{letter}: {dict(lettered(cell.question.options))[letter]}"
        )

    def _column(self, answer: str) -> str:
        column = self.layout.column(answer)
        return self.say.gettext("Question {number}").format(number=column) if is_question(answer) else column


def heat(item: Item | None) -> str:
    """The class of style of a blank's share of right answers, in tenths: h0 to h10; h10 is all."""
    if item is None or not item.students or item.for_a_person:
        return "hx"
    return f"h{math.floor(10 * item.right + 1e-9)}"


def share(part: float | None) -> str:
    """In per cent, rounded; but what is something is not nothing, and 100 is all of it."""
    if part is None:
        return "–"
    whole = math.floor(100 * part + 0.5 + 1e-9)  # a half goes up, as people round
    if part > 0 and not whole:
        return "<1"
    return ">99" if part < 1 and whole == 100 else str(whole)


def short(text: str, most: int = LONGEST) -> str:
    """What a cell holds, on one line and not too long for a table."""
    line = " ".join(text.split())
    return line if len(line) <= most else f"{line[: most - 1]}…"


@lru_cache(maxsize=2)
def _style(css: str) -> tuple[object, str]:
    """A page's style sheet, and the policy that lets through this one and nothing else."""
    from markupsafe import Markup

    text = "".join((TEMPLATES / name).read_text(encoding="utf-8") for name in ("page.css", css))
    text = re.sub(r"\n\s*", "\n", re.sub(r"/\*.*?\*/", "", text, flags=re.DOTALL)).strip()
    digest = base64.b64encode(hashlib.sha256(text.encode("utf-8")).digest()).decode("ascii")
    return Markup(text), f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
