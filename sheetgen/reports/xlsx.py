"""Each student's own workbook, marked: coloured cells, comments, and a sheet with all feedback.

What was handed in is edited between its bytes (workbook/annotate.py). Where that cannot be, because it is signed, no
.xlsx, damaged or gone, the student gets a workbook with the sheet of feedback alone, which says why. Files are called
as the learning platform wants them back. No expected number is in them but in feedback that reveals it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import PurePath
from typing import TYPE_CHECKING

from ..addresses import parse_address
from ..harmless import printable
from ..language import N_, Translations, translations
from ..marking import NOWHERE, Answer, Marked
from ..quantities import defined_name
from ..questionnaire import INIT
from ..records import Results
from ..seal import sealed
from ..sheet import Sheet
from . import Asked
from ._grades import listed, number
from ._names import Unique, moodle_folder, unlike_moodle
from ._said import score

if TYPE_CHECKING:
    from ..workbook.annotate import Remark
    from ..workbook.looks import Fill
    from ..workbook.package import Package, Place
    from ..workbook.page import Line, Page

WORKBOOKS = (".xlsx", ".xlsm", ".xltx", ".xltm")  # what a workbook that was edited may be called
# Colours that differ in lightness, so that they are told apart in grey and whatever colours a person sees: from that
# of our own blanks (L* 96), in which a right answer stays as it is, down to 57. A blank has no text to be read on it.
FILLS: Mapping[str, tuple[str, str, str]] = {  # colour, pattern, what shows behind the pattern
    "for-a-person": ("D3D8EE", "solid", ""),
    "blank": ("7F7F7F", "lightUp", "F2F2F2"),
    "follow-through": ("9CCBEA", "solid", ""),
    "partly": ("5B9BD5", "lightDown", "E4EFF8"),
    "wrong": ("F0925E", "solid", ""),
    "unreadable": ("AC7BAF", "solid", ""),
}
# What is shown of a cell that several answers share: the worst.
_WORST = ("unreadable", "wrong", "blank", "partly", "follow-through", "for-a-person", "correct")
WORDS = {
    "follow-through": N_("follow-through"),
    "partly": N_("partly right"),
    "wrong": N_("wrong"),
    "unreadable": N_("unreadable"),
    "blank": N_("left blank"),
}
_COMMENTED = {"correct": N_("right"), "for-a-person": N_("for a person")}  # told only where a person says more
HEADINGS = (N_("Cell"), N_("Answer"), N_("What you wrote"), N_("Result"), N_("Marks"), N_("of"), N_("Feedback"))
NUMBERS = ("Marks", "of")
WIDTHS = (26.0, 22.0, 16.0, 10.0, 8.0, 64.0)  # of all columns but the first, which is as wide as what it names
ABOVE = 8  # lines of summary that leave room for the table below them; more stand behind it


def files(results: Results, asked: Asked) -> Iterator[tuple[str, bytes]]:
    """A workbook for each submission, under its name; one at a time."""
    say = translations(asked.language)
    known = _labels(results.sheet)
    names = _Names(each.file for each in results.submissions)
    alone = []
    for marked in results.submissions:
        data, edited = _returned(results, marked, asked.bytes_of(marked), known, say)
        if not edited:
            alone.append(printable(marked.file))
        yield names.of(marked, edited=edited), sealed(data, marked.content)
    if alone:
        asked.say(f"feedback in a workbook of its own, which says why it is not in the one handed in: {listed(alone)}")


def _returned(
    results: Results, marked: Marked, data: bytes | None, known: Mapping[str, str], say: Translations
) -> tuple[bytes, bool]:
    """The student's workbook with its marks and True; or the feedback alone and False."""
    from ..workbook.annotate import annotate, page_alone
    from ..workbook.package import BrokenPackage, Package

    why = ""
    if marked.status == "marked" and data is None:
        why = say.gettext("it is no longer there, or was changed after it was marked")
    elif marked.status == "marked" and data is not None:
        try:
            package = Package.read(data)
            places = _places(package, marked)
            page = _page(results, marked, places, known, say)
            ours = [each for status in FILLS if (each := _fill(status)) is not None]
            return annotate(data, _remarks(marked, places, say), page, package, ours), True
        except BrokenPackage as error:
            why = str(error)
    return page_alone(_page(results, marked, {}, known, say, why)), False


# --- cells ----------------------------------------------------------------------------------------------------------


def _places(package: Package, marked: Marked) -> dict[str, Place]:
    """Where each answer is, of those that are in the workbook."""
    from ..workbook.package import BLANK, Place

    found = {}
    for answer in marked.answers:
        entry = package.sheet(answer.sheet)
        if answer.cell == NOWHERE or entry is None:
            continue
        try:
            place = Place(entry.name, *parse_address(answer.cell))
        except ValueError:
            continue
        if answer.status == "unreadable" and not answer.given and package.place(defined_name(answer.id)) is None:
            held = package.cells(entry.name).get((place.row, place.column), BLANK)
            if held.formula is None:  # the cell was taken out, and what stands there now is another
                continue
        found[answer.id] = place
    return found


def _remarks(marked: Marked, places: Mapping[str, Place], say: Translations) -> dict[Place, Remark]:
    from ..workbook.annotate import Remark

    by_place: dict[Place, list[Answer]] = {}
    for answer in marked.answers:
        if answer.id in places:
            by_place.setdefault(places[answer.id], []).append(answer)
    found = {}
    for place, answers in by_place.items():
        worst = min((answer.status for answer in answers), key=_WORST.index)
        said = [_comment(answer, say) for answer in answers if _is_told(answer)]
        found[place] = Remark(_fill(worst), "\n\n".join(said), say.gettext("Marked before; it is correct now."))
    return found


def _is_told(answer: Answer) -> bool:
    return answer.status in WORDS or bool(answer.comment)


def _word(answer: Answer, say: Translations) -> str:
    return say.gettext({**WORDS, **_COMMENTED}[answer.status])


def _feedback(answer: Answer) -> str:
    """What is told beside the marks, which a person's feedback begins with."""
    return answer.comment if answer.graded else answer.feedback


def _comment(answer: Answer, say: Translations) -> str:
    marks = say.gettext("{status}: {score} of {most} marks").format(
        status=_word(answer, say), score=number(answer.score), most=number(answer.max_score)
    )
    return f"{marks}\n{_feedback(answer)}".strip()


def _fill(status: str) -> Fill | None:
    from ..workbook.looks import Fill

    return Fill(*FILLS[status]) if status in FILLS else None


# --- the page -------------------------------------------------------------------------------------------------------


def _page(
    results: Results,
    marked: Marked,
    places: Mapping[str, Place],
    known: Mapping[str, str],
    say: Translations,
    why: str = "",
) -> Page:
    """All that is said of a hand-in. ``why`` it is not said in the workbook itself."""
    from ..workbook.page import Page, lines_of

    lines = _head(results.coursework, marked, results.sheet, say, why)
    wrong = [answer for answer in marked.answers if _is_told(answer)]
    sheets = {answer.sheet for answer in marked.answers}
    shown = [
        answer.cell if len(sheets) == 1 or answer.cell == NOWHERE else f"{answer.sheet}!{answer.cell}"
        for answer in wrong
    ]
    widths = (min(40.0, 4.0 + max(map(len, shown), default=0)), *WIDTHS)
    if marked.status == "marked" and not wrong:
        fine = say.gettext("Nothing is wrong.") if marked.open else say.gettext("All answers are right.")
        lines.append(_told(fine))
    summary = [_told(f"• {sentence}") for sentence in marked.summary]
    above = sum(lines_of(sentence, sum(widths)) for sentence in marked.summary) <= ABOVE
    if above:
        lines += summary
    heading = 0
    if wrong:
        lines.append(_told(""))
        heading = len(lines) + 1
        lines += _table(wrong, shown, places, known, say)
    if not above:
        lines += [_told(""), *summary]
    return Page(say.gettext("Feedback"), widths, tuple(lines), heading)


def _head(coursework: str, marked: Marked, sheet: Sheet | None, say: Translations, why: str) -> list[Line]:
    """Whose it is, and the marks; or why there are none."""
    lines = [_told(say.gettext("Feedback on {coursework}").format(coursework=coursework), size=16, bold=True)]
    if marked.hand_in.shown:
        lines.append(_told(marked.hand_in.shown))
    if marked.status == "unmarked":
        reason = say.gettext("The file could not be marked: {reason}.").format(reason=marked.reason)
        return [*lines, _told(reason, bold=True)]
    lines.append(_told(score(marked, sheet, say, number), bold=True))
    if why:
        alone = say.gettext(
            "The marks could not be put into the file that was handed in: {why}. Here is the feedback alone."
        )
        lines.append(_told(alone.format(why=why)))
    return lines


def _told(text: str, size: int = 11, *, bold: bool = False) -> Line:
    from ..workbook.looks import Look
    from ..workbook.page import Line, PageCell

    return Line((PageCell(text, Look(size=size, bold=bold)),))


def _table(
    answers: Sequence[Answer],
    shown: Sequence[str],
    places: Mapping[str, Place],
    known: Mapping[str, str],
    say: Translations,
) -> list[Line]:
    """A line for each answer, below the headings; ``shown`` is what each one's cell is called."""
    from ..workbook.looks import Fill, Look
    from ..workbook.page import Line, PageCell

    head = Look(bold=True, colour="FFFFFF", fill=Fill("1F4E79"), lined=True)
    linked = Look(underlined=True, colour="0563C1", lined=True)
    plain, given, amount = Look(lined=True), Look(lined=True, is_text=True), Look(lined=True, right=True)
    lines = [Line(tuple(PageCell(say.gettext(each), replace(head, right=each in NUMBERS)) for each in HEADINGS))]
    for answer, at in zip(answers, shown, strict=True):
        place = places.get(answer.id)
        cells = (
            PageCell(at, linked if place is not None else plain, place),
            PageCell(known.get(answer.id, answer.id), plain),
            PageCell(answer.given, given),
            PageCell(_word(answer, say), Look(fill=_fill(answer.status), lined=True)),
            PageCell(answer.score, amount),
            PageCell(answer.max_score, amount),
            PageCell(_feedback(answer), plain),
        )
        lines.append(Line(cells))
    return lines


def _labels(sheet: Sheet | None) -> dict[str, str]:
    """What each answer is called: by its layer and its heading, or by its question."""
    if sheet is None:
        return {}
    found = {cell.answer or "": f"{cell.slot.layer}, {sheet.headings[cell.slot.quantity]}" for cell in sheet.blanks}
    for cell in sheet.questions.cells if sheet.questions is not None else ():
        layer = f", {cell.part.layer}, {INIT[cell.part.column]}" if cell.part.layer else ""
        found[cell.answer] = f"{cell.question.id}{layer}"
    return found


# --- names ----------------------------------------------------------------------------------------------------------


class _Names:
    """What each workbook is called: as the platform wants it back, and never twice, in whatever case."""

    def __init__(self, shown: Iterator[str]) -> None:
        self._alike = Counter(PurePath(each).name.casefold() for each in shown)
        self._unique = Unique()

    def of(self, marked: Marked, *, edited: bool) -> str:
        """A workbook that was not ``edited`` is an .xlsx, whatever was handed in."""
        parts = PurePath(marked.file).parts or ("submission",)
        name = PurePath(parts[-1])
        suffix = name.suffix if edited and name.suffix.lower() in WORKBOOKS else ".xlsx"
        if (of_moodle := moodle_folder(marked)) is not None:
            start = next(i for i, part in enumerate(parts) if part.startswith(of_moodle))
            folders, stem = parts[start:-1], name.stem
        elif marked.hand_in.platform == "canvas":
            folders, stem = (), name.stem
        else:
            alike = self._alike[name.name.casefold()] > 1
            folders = tuple(map(unlike_moodle, parts[-2:-1])) if alike else ()  # a folder for each student
            stem = f"{unlike_moodle(name.stem)}-marked"
        return self._unique.path("/".join((*folders, f"{stem}{suffix}")))
