"""What was marked: a line for each file, and for each answer that is not right."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from ..harmless import printable
from .console import counted, screen

if TYPE_CHECKING:
    from rich.console import Console

    from ..marking import Answer, Marked, Status
    from ..records import Results

_COLOURS: dict[Status, str] = {
    "correct": "green",
    "follow-through": "yellow",
    "partly": "yellow",
    "wrong": "red",
    "blank": "dim",
    "unreadable": "magenta",
    "for-a-person": "cyan",
}


A_CLASS = 12  # files of which each answer is printed; of more a line each


ROUNDED_EACH = 2  # rounded numbers that have a line each; more are one line


# What is not worth a line each, unless the answers are revealed.
_TOGETHER: dict[Status, str] = {"blank": "left blank: ", "for-a-person": "for a person: "}


def standing(results: Results) -> Iterator[str]:
    """What there is to say of who handed in, a sentence each."""
    for each in results.superseded:
        why = f" ({each.why})" if each.why else ""
        yield f"{each.file} does not count: of {each.student}, {each.counts} does{why}"
    yield from results.unknown
    if results.missing:
        named = (f"{each.name} ({each.id})" if each.name and each.id else each.shown for each in results.missing[:20])
        few = "; ".join(named)  # a name may hold a comma
        more = f" and {len(results.missing) - 20} more" if len(results.missing) > 20 else ""
        yield f"nothing from {counted(len(results.missing), 'student')} of the roster: {few}{more}"


def print_kinds(kinds: Mapping[str, str]) -> None:
    """The kinds of reports, a line each."""
    wide = max(map(len, kinds))
    for name, what in kinds.items():
        print(f"{name:<{wide}}  {what}")


def print_results(results: Results) -> None:
    """Per submission a line with the score, then one for each answer that is not right; of a class only the first."""
    from rich.text import Text

    from ..marking import given_by_now

    console = screen()
    details = len(results.submissions) <= A_CLASS
    for number, brief in enumerate(results.briefs()):
        name = printable(brief.file)
        if brief.student:
            name = f"{printable(brief.student)}, {name}"
        if brief.status == "unmarked":
            console.print(
                Text.assemble((name, "bold"), ("  unmarked: ", "magenta"), printable(brief.reason or "", 1000)),
                soft_wrap=True,
            )
            continue
        most = given_by_now(brief, results.sheet)
        share = math.floor(brief.percent(results.sheet) + 1e-9)  # down: 100 % is all of it
        colour = "green" if brief.all_correct else "red"
        counts = ", ".join(f"{brief.counts[each]} {each}" for each in _COLOURS if each in brief.counts)
        console.print(
            Text.assemble(
                (name, "bold"),
                ("  ", ""),
                (f"{brief.score:g}/{most:g}", colour),
                (f"  (+ {brief.open:g} for a person)" if brief.open else "", "cyan"),
                f"  {share} %  ({counts})",
            ),
            soft_wrap=True,
        )
        if not details:
            continue
        marked = results.submissions[number]
        for note in marked.notes:
            console.print(Text(f"  note: {printable(note, 1000)}", "dim"), soft_wrap=True)
        for cause in marked.summary:
            console.print(Text(f"  {printable(cause, 2000)}", "yellow"), soft_wrap=True)
        _print_answers(console, marked)

    if not details:
        console.print(Text("what is wrong, and why: verify one file, or --report html=class.html", "dim"))


def _print_answers(console: Console, marked: Marked) -> None:
    from rich.text import Text

    from ..judging import ROUNDED
    from ..marking import NOWHERE

    rounded = [each for each in marked.answers if each.status == "correct" and _is_only(each, ROUNDED)]
    rounded = rounded if len(rounded) > ROUNDED_EACH else []
    if rounded:
        few = ", ".join(_cell(each) for each in rounded[:12]) + (" ..." if len(rounded) > 12 else "")
        told = f"{counted(len(rounded), 'cell')} ({few}), right as far as they go; the exact numbers are asked."
        console.print(Text.assemble("  ", ("rounded: ", _COLOURS["correct"]), told), soft_wrap=True)
    todo = [answer for answer in marked.answers if answer.status != "correct" or answer.feedback or answer.notes]
    todo = [answer for answer in todo if answer not in rounded]
    wide = max((len(answer.id) for answer in todo), default=0)
    cells = {answer.id: _cell(answer) for answer in todo}
    at = max((len(cell) for cell in cells.values()), default=0) + 2
    for answer in todo:
        if answer.status in _TOGETHER and answer.expected is None and not answer.notes:
            continue
        line = Text.assemble(
            "  ",
            f"{cells[answer.id]:<{max(at, 5)}}",
            f"{printable(answer.id):<{wide + 2}}",
            (f"{answer.status:<15}", _COLOURS[answer.status]),
            printable(" ".join((answer.feedback, *answer.notes)).strip(), 6000),
        )
        console.print(line, soft_wrap=True)
    for status, label in _TOGETHER.items():
        these = [each for each in todo if each.status == status and each.expected is None and not each.notes]
        nowhere = [each.id for each in these if each.cell == NOWHERE]
        if nowhere:
            few = ", ".join(nowhere[:6]) + (" ..." if len(nowhere) > 6 else "")
            told = f"{counted(len(nowhere), 'answer')} ({printable(few)})"
            console.print(Text.assemble("  ", ("no cell in this file: ", _COLOURS[status]), told), soft_wrap=True)
        these = [each for each in these if each.cell != NOWHERE]
        if these:
            few = ", ".join(_cell(answer) for answer in these[:12]) + (" ..." if len(these) > 12 else "")
            told = f"{counted(len(these), 'cell')} ({few})"
            console.print(Text.assemble("  ", (label, _COLOURS[status]), told), soft_wrap=True)


def _is_only(answer: Answer, note: str) -> bool:
    """Whether all there is to say of a right answer is a note that begins with ``note``."""
    said = answer.feedback or (answer.expected is not None)
    return not said and len(answer.notes) == 1 and answer.notes[0].startswith(note)


def _cell(answer: Answer) -> str:
    """L7 of the table; of a question the sheet's name before it."""
    return f"{printable(answer.sheet)}!{answer.cell}" if answer.id.startswith("question.") else answer.cell
