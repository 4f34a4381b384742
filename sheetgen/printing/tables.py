"""A coursework as it is shown: its table, its questions, the same as Markdown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from ..expr import Value, plain
from ..harmless import printable
from ..quantities import COMPOSITE, CORE, GIVEN_COLUMNS
from .console import counted, screen

if TYPE_CHECKING:
    from rich.console import Console

    from ..coursework import Coursework
    from ..questionnaire import Question
    from ..table import Table

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
    console = screen()
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
    from ..sheet import conventions_sentence, remarks

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
    from ..questionnaire import lettered

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
