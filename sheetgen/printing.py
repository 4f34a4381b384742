"""What people see: tables, verdicts, warnings. Plain text through rich, in colour on a terminal only.

Nothing that stands in a file or a cell is taken for markup, and control characters are replaced. This room must not
know how anything is computed, nor exit codes.
"""

from __future__ import annotations

import math
import os
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from .expr import Value, plain
from .harmless import printable as printable
from .layout import SURE
from .quantities import COMPOSITE, CORE, GIVEN_COLUMNS

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

    from .api import Checked, Compared, Discriminated, Located, Results
    from .coursework import Coursework
    from .marking import Answer, Marked, Status
    from .questionnaire import Question
    from .table import Table


def _console() -> Console:
    from rich.console import Console

    # in a pipe the width is nobody's screen: lines stay whole, so that grep finds them
    return Console(width=None if sys.stdout.isatty() else 160, highlight=False, markup=False, emoji=False)


def load_printer() -> None:
    """Load what prints, in time that would be waited."""
    import rich.console
    import rich.text  # noqa: F401


def complain(message: str) -> None:
    first, *rest = message.splitlines() or ["unknown error"]
    label = "\x1b[1;31merror:\x1b[0m" if sys.stderr.isatty() and "NO_COLOR" not in os.environ else "error:"
    for i, line in enumerate((first, *rest)):
        print(f"{label} {printable(line, 1000)}" if i == 0 else f"       {printable(line, 1000)}", file=sys.stderr)


def warn(coursework: Coursework) -> None:
    for warning in coursework.warnings:
        print(f"warning: {printable(warning, 1000)}", file=sys.stderr)


def complain_softly(unseen: Sequence[str], most: int = 6) -> None:
    """Of a fresh assignment: the common mistakes that it would not show."""
    few = "; ".join(unseen[:most]) + (f"; and {len(unseen) - most} more" if len(unseen) > most else "")
    told = "no blank tells these mistakes from the right answer"
    print(f"warning: {told}: {printable(few, 2000)} (see 'sheetgen check --discriminates')", file=sys.stderr)


def passing(what: str) -> None:
    """Progress on a terminal: one line that the next one replaces; empty, it is gone."""
    print(f"\r\x1b[K{printable(what)}", end="", file=sys.stderr, flush=True)


def counted(number: float, what: str) -> str:
    """1 question, 2 questions."""
    return f"{number if isinstance(number, int) else f'{number:g}'} {what}{'' if number == 1 else 's'}"


def counter() -> Callable[[int, int], None]:
    """How many submissions are marked, how quickly, and how long it will take; a single one is not worth a word."""
    begun: list[tuple[float, int]] = []

    def tell(number: int, count: int) -> None:
        if count == 1:
            return
        now = time.monotonic()
        begun[:] = begun or [(now, number)]
        seconds, done = now - begun[0][0], number - begun[0][1]
        if not done or seconds < 0.5:
            passing(f"marked {number} of {count}")
            return
        rate = done / seconds
        left = math.ceil((count - number) / rate)
        passing(f"marked {number} of {count}, {rate:.3g} a second, {left // 60}:{left % 60:02} left")

    return tell


_HEADINGS = ("neurons", "weights", "biases", "parameters", "connections")


def headings(coursework: Coursework) -> tuple[str, ...]:
    """The quantities that are printed beside the shapes: the usual ones, and what the coursework asks for beyond."""
    apart = {*_HEADINGS, *CORE, *COMPOSITE, *GIVEN_COLUMNS}
    return (*_HEADINGS, *(name for name in coursework.wanted if name not in apart))


def number(value: Value | None, quantity: str = "") -> str:
    """As a table prints it: 1,234, 37.75 %, 67.4; a dash where there is none."""
    if value is None:
        return "–"
    if quantity.endswith("_share") and not isinstance(value, str):
        return f"{100 * float(value):.2f} %"
    return f"{value:,}" if isinstance(value, int) else plain(value)


def print_shipped(titles: Mapping[str, str]) -> None:
    """The names of the shipped courseworks, each with its title."""
    wide = max(map(len, titles), default=0)
    for name, title in titles.items():
        print(f"{name:<{wide}}  {printable(title)}")


def print_table(coursework: Coursework, table: Table) -> None:
    from rich.table import Table as Grid

    cells: dict[str, list[str]] = {
        "layer": [row.name for row in table.rows] + ["total"],
        "type": [row.type for row in table.rows] + [""],
        "input": [_shape(row.input) for row in table.rows] + [""],
        "output": [_shape(row.output) for row in table.rows] + [""],
    }
    for name in headings(coursework):
        whole = number(table.totals[name]) if name in table.totals else ""
        cells[name] = [number(row.values.get(name), name) for row in table.rows] + [whole]
    console = _console()
    left_out: list[str] = []
    more = [name for name in reversed(cells) if name not in ("layer", "type", "input", "output", *_HEADINGS)]
    for column in ("input", "type", "biases", "weights", "output", "neurons", *more):  # no number is ever cut
        if sum(max(map(len, [name, *column])) + 3 for name, column in cells.items()) < console.width:
            break
        del cells[column]
        left_out.append(column)
    grid = Grid(title=printable(table.network), title_justify="left", title_style="bold")
    for name in cells:
        grid.add_column(name, justify="left" if name in ("layer", "type") else "right", no_wrap=True)
    for i in range(len(table.rows)):
        grid.add_row(*(column[i] for column in cells.values()), end_section=i == len(table.rows) - 1)
    grid.add_row(*(column[-1] for column in cells.values()), style="bold")
    console.print(grid)
    if left_out:
        console.print(f"No room for {', '.join(left_out)}; --format csv prints all.", soft_wrap=True, style="dim")
    from .sheet import conventions_sentence, remarks

    sentences = remarks(coursework)
    if not any(sentence.startswith("A connection ") for sentence in sentences):
        sentences = (conventions_sentence(coursework.conventions), *sentences)
    for sentence in sentences:
        console.print(sentence, soft_wrap=True, style="dim")
    for erratum in coursework.errata:
        console.print(f"Erratum: {printable(erratum, 2000)}", soft_wrap=True)
    if coursework.questions:
        _print_questions(console, coursework.questions)


def _print_questions(console: Console, questions: Sequence[Question]) -> None:
    """What is asked, without what is right."""
    from rich.text import Text

    wide = max(len(question.id) for question in questions)
    console.print(Text("\nQuestions", "bold"))
    for question in questions:
        what = {"number": "a number", "choice": "a choice", "text": "a text", "init": "a table"}[question.kind]
        unit = f" ({printable(question.unit)})" if question.unit else ""
        first, *more = question.asked.splitlines()
        for i, line in enumerate((first, *more)):
            ending = f"  [{what}{unit}, {counted(question.marks, 'mark')}]" if i == len(more) else ""
            console.print(f"{question.id if not i else '':<{wide}}  {printable(line, 5000)}{ending}", soft_wrap=True)


def _shape(shape: tuple[int, int, int]) -> str:
    return " × ".join(map(str, shape))


def markdown(coursework: Coursework, table: Table) -> str:
    """The table, the errata, and the questions without what is right."""
    from .questionnaire import lettered

    names = headings(coursework)
    lines = [
        "| layer | type | input | output | " + " | ".join(names) + " |",
        "|---|---|---|---|" + "---:|" * len(names),
    ]
    for row in table.rows:
        numbers = " | ".join(number(row.values.get(name), name) for name in names)
        lines.append(
            f"| {_escaped(row.name)} | {_escaped(row.type)} | {_shape(row.input)} | {_shape(row.output)} | {numbers} |"
        )
    totals = " | ".join(number(table.totals[name]) if name in table.totals else "" for name in names)
    lines.append(f"| **total** | | | | {totals} |")
    if coursework.errata:
        lines += ["", "**Errata**", "", *(f"- {_escaped(' '.join(erratum.split()))}" for erratum in coursework.errata)]
    if coursework.questions:
        lines += ["", "**Questions**"]
    for question in coursework.questions:
        unit = f"in {_escaped(question.unit)}, " if question.unit else ""
        asked = _escaped(" ".join(question.text.split()))
        lines += ["", f"**{_escaped(question.id)}** {asked} ({unit}{counted(question.marks, 'mark')})"]
        if question.options:
            lines += ["", *(f"- {letter}: {_escaped(option)}" for letter, option in lettered(question.options))]
    return "\n".join(lines)


def _escaped(text: str) -> str:
    return "".join(f"\\{char}" if char in "\\`*_[]<>|" else char for char in text)


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

    from .marking import given_by_now

    console = _console()
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

    from .judging import ROUNDED
    from .marking import NOWHERE

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


def print_located(found: Located) -> None:
    """What each line of a workbook's tables was taken for, how sure that is, and why; then what was left alone."""
    from rich.table import Table as Grid
    from rich.text import Text

    console = _console()
    how = {
        "ours": f"found by the {'names and ' if found.named else ''}headings of our own workbook",
        "declared": "where layout: says",
        "followed": "found by the headings and labels of layout:",
        "recognised": "recognised by headings, labels and content",
    }[found.how]
    if not found.layout:
        console.print(f"{how}: the blanks have their names, but the table's headings and labels are gone")
    for table in found.layout:
        title = f"{printable(table.sheet)}: {how}{', a column for each layer' if table.transposed else ''}"
        grid = Grid(title=title, title_justify="left", title_style="bold")
        for name in ("where", "written", "taken for", "sure", "why"):
            grid.add_column(name, justify="right" if name == "sure" else "left", overflow="fold")
        for line in table.lines:
            order = f" ({', '.join(line.order)})" if line.order else ""
            unit = f", in units of {line.unit:,}" if line.unit != 1 else ""
            where = table.named(line.at, layers=False)
            grid.add_row(where, *_taken(line.heading, f"{line.quantity}{order}{unit}", line.certainty, line.why))
        for layer in table.layers:
            where = table.named(layer.at, layers=True)
            grid.add_row(where, *_taken(layer.label, layer.layer, layer.certainty, layer.why))
        for alone in table.left:
            where = table.named(alone.at, layers=alone.of == "layer")
            grid.add_row(where, Text(printable(alone.text, 60)), Text("left alone", "dim"), "", Text(alone.why))
        console.print(grid)
    for note in found.notes:
        console.print(Text(f"note: {printable(note, 1000)}", "dim"), soft_wrap=True)


def _taken(written: str, taken_for: str, certainty: float, why: str) -> tuple[Text, ...]:
    from rich.text import Text

    sure = Text(f"{certainty:.0%}", "green" if certainty >= SURE else "yellow")
    return Text(printable(written, 60)), Text(taken_for), sure, Text(why)


def print_discriminated(told: Discriminated) -> None:
    """Blank by blank what it cannot tell; then what the whole sheet cannot, and a score."""
    from rich.text import Text

    console = _console()
    wide = max((len(each.answer) for each in told.blanks), default=0)
    for blank in told.blanks:
        said = [f"right although the student {rule}" for _, rule in blank.unseen]
        said += [" = ".join(rule for _, rule in group) for group in blank.alike]
        for i, line in enumerate(said):
            at = printable(blank.answer) if i == 0 else ""
            console.print(Text(f"{at:<{wide + 2}}{printable(line, 1000)}"), soft_wrap=True)
    console.print(Text("On the whole sheet", "bold"))
    for _, rule in told.unseen:
        console.print(Text(f"  no blank shows that a student {printable(rule)}", "yellow"), soft_wrap=True)
    for group in told.alike:
        console.print(
            Text(f"  told apart nowhere: {printable(' = '.join(rule for _, rule in group), 1000)}"), soft_wrap=True
        )
    seen = told.rules - len(told.unseen)
    console.print(
        f"{seen} of {told.rules} mistakes show in some blank; of all pairs {100 * told.power:.1f} % are told apart"
    )


def print_checked(checked: Checked) -> None:
    from rich.text import Text

    console = _console()
    names = {
        "python": "Python integer",
        "excel": "workbook, recalculated",
        "torch": "PyTorch network",
        "flop_counter": "FlopCounterMode",
    }
    console.print(f"device: {printable(checked.device)}")
    for witness, count in checked.witnesses.items():
        console.print(f"  {names.get(witness, witness):<24}{count:>4} numbers")
    for each in checked.disagreed:
        where = f" (cell {each.cell})" if each.cell else ""
        console.print(
            Text.assemble(
                ("disagrees ", "red"),
                printable(each.id),
                where,
                f": expected {each.expected}, ",
                f"{each.witness} says {'nothing' if each.measured is None else printable(str(each.measured))}",
            ),
            soft_wrap=True,
        )
    if checked.not_witnessed:
        console.print(f"not witnessed: {', '.join(map(printable, checked.not_witnessed))}", soft_wrap=True)
    verdict = (
        f"{len(checked.agreed)} agreed, {len(checked.disagreed)} disagreed, {len(checked.not_witnessed)} not witnessed"
    )
    console.print(Text(verdict, "bold red" if checked.disagreed else "bold green"))


def print_checked_line(name: str, checked: Checked, seconds: float) -> None:
    """One coursework of many: how many numbers agreed, and whatever did not, on lines of its own."""
    from rich.text import Text

    console = _console()
    bad = bool(checked.disagreed)
    line = Text.assemble(
        f"{name:<20} ",
        ("disagrees" if bad else "agrees   ", "bold red" if bad else "green"),
        f" {len(checked.agreed):>5} numbers",
        f", {len(checked.not_witnessed)} not witnessed" if checked.not_witnessed else "",
        f"  {seconds:.1f} s",
    )
    console.print(line, soft_wrap=True)
    for each in checked.disagreed[:20]:
        said = "nothing" if each.measured is None else printable(str(each.measured))
        told = f"  {printable(each.id)}: expected {each.expected}, {each.witness} says {said}"
        console.print(Text(told, "red"), soft_wrap=True)
    if len(checked.disagreed) > 20:
        console.print(f"  ... and {len(checked.disagreed) - 20} more; sheetgen check {name} lists all")


def print_compared(coursework: str, compared: Compared, most: int = 20) -> None:
    """One workbook: that it is what the coursework gives, or what is otherwise in it."""
    path, given = printable(str(compared.path), 1000), f"the {compared.what} that {printable(coursework, 1000)} gives"
    if not compared.differences:
        print(f"{path}  is {given}")
        return
    print(f"{path}  is not {given}; generate it again")
    for each in compared.differences[:most]:
        print(f"  {printable(each, 1000)}")
    if len(compared.differences) > most:
        print(f"  and {len(compared.differences) - most} more")


def print_checked_all(found: Mapping[str, Checked], seconds: float) -> None:
    from rich.text import Text

    wrong = [name for name, checked in found.items() if checked.disagreed]
    numbers = sum(len(checked.agreed) for checked in found.values())
    devices = ", ".join(dict.fromkeys(printable(checked.device) for checked in found.values()))
    verdict = (
        f"{counted(len(found), 'coursework')} on {devices}: {counted(numbers, 'number')} agreed, "
        f"{counted(len(wrong), 'coursework')} with a disagreement, "
        f"{seconds:.0f} s"
    )
    _console().print(Text(verdict, "bold red" if wrong else "bold green"), soft_wrap=True)
