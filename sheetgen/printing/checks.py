"""What check, compare, locate and discriminate found."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from ..harmless import printable
from ..layout import SURE
from .console import counted, screen

if TYPE_CHECKING:
    from rich.text import Text

    from ..api import Checked, Compared, Discriminated, Located


def print_located(found: Located) -> None:
    """What each line of a workbook's tables was taken for, how sure that is, and why; then what was left alone."""
    from rich.table import Table as Grid
    from rich.text import Text

    console = screen()
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

    console = screen()
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

    console = screen()
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

    console = screen()
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
    screen().print(Text(verdict, "bold red" if wrong else "bold green"), soft_wrap=True)
