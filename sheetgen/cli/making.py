"""Commands on courseworks and workbooks: show, new, generate, fill, locate, import, schema."""

from __future__ import annotations

import dataclasses
import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..as_json import table_json
from ..errors import BAD_INPUT, FINDINGS, UsageError
from ..files import write_file
from ..printing import (
    complain,
    complain_softly,
    counted,
    markdown,
    print_compared,
    print_located,
    print_shipped,
    print_table,
    printable,
    warn,
)

if TYPE_CHECKING:
    pass

from .app import CourseworkArgument, app, print_json


class ShowFormat(StrEnum):
    table = "table"
    json = "json"
    csv = "csv"
    markdown = "markdown"


class LocateFormat(StrEnum):
    table = "table"
    json = "json"
    yaml = "yaml"


@app.command()
def show(
    coursework: Annotated[
        str | None,
        typer.Argument(
            metavar="[COURSEWORK]", help="A .yaml file, or a shipped coursework; without it, what is shipped is listed."
        ),
    ] = None,
    format: Annotated[ShowFormat, typer.Option("--format", help="How to print it.")] = ShowFormat.table,
) -> None:
    """Print every number of the network, or list the shipped courseworks.

    csv is the numbers only; the other formats have the errata and the questions too.

    \b
    Examples:
      sheetgen show
      sheetgen show alexnet
      sheetgen show my-network.yaml --format csv > numbers.csv
    """
    if coursework is None:
        from ..shipped import titles

        if format is ShowFormat.json:
            print_json([{"name": name, "title": title} for name, title in titles().items()])
        else:
            print_shipped(titles())
        return
    from ..spec import load
    from ..table import compute

    described = load(coursework)
    table = compute(
        described.network, described.conventions, described.rows, wanted=described.wanted, custom=described.custom
    )
    warn(described)
    if format is ShowFormat.json:
        print_json(table_json(described, table))
    elif format is ShowFormat.csv:
        typer.echo(table.to_frame().to_csv(lineterminator="\n"), nl=False)
    elif format is ShowFormat.markdown:
        typer.echo(markdown(described, table))
    else:
        print_table(described, table)


@app.command()
def new(
    file: Annotated[Path, typer.Argument(metavar="FILE.yaml", help="The file to write.")],
    from_: Annotated[
        str | None, typer.Option("--from", metavar="NAME", help="A shipped coursework to start from, see show.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Write over a file that is there.")] = False,
) -> None:
    """Write a commented coursework to start from.

    \b
    Examples:
      sheetgen new mine.yaml
      sheetgen new mine.yaml --from resnet50
    """
    from .. import api

    api.new(file, from_, force=force)
    typer.echo(f"{file}  edit it, then: sheetgen show {file}")


@app.command()
def generate(
    coursework: CourseworkArgument,
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="The folder to write into.")] = Path("output"),
    same_as: Annotated[
        list[Path] | None,
        typer.Option(
            "--same-as",
            metavar="FILE",
            help="Write nothing; say what in this blank or key is other than would be written.",
            readable=False,
        ),
    ] = None,
) -> None:
    """Write the blank workbook to hand out, and the filled key.

    With --same-as, which can be given several times, exits 1 if a file is not what would be written.

    \b
    Examples:
      sheetgen generate alexnet
      sheetgen generate my-network.yaml --out next-year
      sheetgen generate my-network.yaml --same-as next-year/my-network-key.xlsx
    """
    from .. import api

    if same_as:
        compared = api.compare(coursework, same_as)
        for each in compared:
            print_compared(coursework, each)
        if any(each.differences for each in compared):
            raise typer.Exit(FINDINGS)
        return
    written = api.generate(coursework, out)
    warn(written.coursework)
    if written.unseen:
        complain_softly(written.unseen)
    marks = sum(blank.marks for blank in written.coursework.blanks.values())
    asked = written.coursework.questions
    more = f"; {counted(len(asked), 'question')}, {counted(sum(q.marks for q in asked), 'mark')}" if asked else ""
    blanks = counted(len(written.coursework.blanks), "blank")
    typer.echo(f"{written.blank}  {blanks}, {counted(marks, 'mark')}{more}")
    typer.echo(f"{written.key}  the same, filled with live formulas")


@app.command()
def fill(
    coursework: CourseworkArgument,
    template: Annotated[
        Path, typer.Argument(metavar="TEMPLATE", help="The .xlsx or .xlsm to fill; it is not changed.", readable=False)
    ],
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="FILE", help="The file to write [default: output/TEMPLATE-filled.xlsx or .xlsm]"),
    ] = None,
) -> None:
    """Fill the blanks of a workbook and change nothing else in it.

    A cell that already holds something is kept, and reported beside the right number; exits 1 if one is wrong,
    and if there was nothing to fill.

    \b
    Examples:
      sheetgen fill alexnet templates/alexnet.xlsx
      sheetgen fill alexnet half-done.xlsx --out done.xlsx
    """
    from .. import api

    done = api.fill(coursework, template, out)
    typer.echo(f"{printable(str(done.path), 1000)}  {counted(done.filled, 'cell')} filled")
    for note in done.notes:
        typer.echo(f"  {printable(note, 1000)}")
    if done.agreeing:
        typer.echo(f"  {counted(done.agreeing, 'cell')} held a number already, and it is right")
    for kept in done.kept:
        verdict = ", which is right" if kept.agrees else f"; the right number is {kept.right}"
        if kept.agrees is None:
            verdict = ", which a person has to judge"
        typer.echo(f"  kept {printable(kept.cell)}: it holds {printable(kept.held)}{verdict}")
    if done.led_astray:
        few = ", ".join(map(printable, done.led_astray[:5])) + (" ..." if len(done.led_astray) > 5 else "")
        typer.echo(f"  {counted(len(done.led_astray), 'filled formula')} led astray by what the template holds: {few}")
    if done.missing:
        few = ", ".join(done.missing[:5]) + (" ..." if len(done.missing) > 5 else "")
        typer.echo(f"  not found in the template: {counted(len(done.missing), 'blank')} ({few})")
    for each in done.left[:20]:
        typer.echo(f"  left alone: {printable(each, 1000)}")
    if not done.filled:
        told = "nothing to fill: no cell that was recognised is empty and can be filled"
        typer.echo(f"  {told}; 'sheetgen locate' shows what was")
    if not done.filled or any(kept.agrees is False for kept in done.kept):
        raise typer.Exit(FINDINGS)


@app.command()
def locate(
    coursework: CourseworkArgument,
    workbook: Annotated[
        Path, typer.Argument(metavar="WORKBOOK", help="An .xlsx, somebody's template or a submission.", readable=False)
    ],
    format: Annotated[LocateFormat, typer.Option("--format", help="How to print it.")] = LocateFormat.table,
) -> None:
    """Say where a workbook has the table, what each line was taken for, and how sure that is.

    Found by the names of our blanks and by our headings; where layout: in the coursework's YAML says, if the workbook
    bears it out; or recognised by headings, labels and what the cells hold. --format yaml prints just what is to be
    pasted below coursework: in the YAML. Exits 1 if anything is not sure, 2 with a layout: to complete by hand where
    no table was recognised. columns: and blanks: are printed where those of the YAML ask for other cells than are
    empty.

    \b
    A layout: is, for each table:
      layout:
      - sheet: Q1
        header: 4                 # the row of the headings; a column (A) where each layer has one
        quantities:
          parameters: F           # its column, or with the heading that stands there:
          macs: {at: G, unit: 1000000, heading: "MACs (M)"}
          output_size: {at: H, order: [out_height, out_width]}
        layers:                   # without it the rows are found by their labels
          conv1: {at: 5, label: "Conv 1"}

    \b
    Examples:
      sheetgen locate alexnet their-template.xlsx
      sheetgen locate alexnet their-template.xlsx --format yaml
    """
    from .. import api
    from ..layout import SURE
    from ..pasting import layout_text

    found = api.locate(coursework, workbook)
    if found.how == "refused":
        complain(found.notes[0])
        if format is LocateFormat.json:
            print_json({"how": found.how, "notes": list(found.notes), "tables": []})
        else:
            typer.echo(found.skeleton, nl=False)
        raise typer.Exit(BAD_INPUT)
    if format is LocateFormat.json:
        tables = [dataclasses.asdict(table) for table in found.layout]
        print_json({"how": found.how, "notes": list(found.notes), "tables": tables})
    else:
        if format is LocateFormat.table:
            print_located(found)
        typer.echo(layout_text(found.layout) + found.asks, nl=False)
    doubted = found.how in ("declared", "followed") and found.notes
    sure = [each.certainty for table in found.layout for each in table.lines]
    sure += [each.certainty for table in found.layout for each in table.layers]
    if doubted or min(sure, default=1) < SURE:
        raise typer.Exit(FINDINGS)


@app.command("import")
def import_(
    target: Annotated[
        str,
        typer.Argument(
            metavar="MODULE:CALLABLE", help="A .py file or a module, and a class, function or instance in it."
        ),
    ],
    image: Annotated[
        str, typer.Option("--input", metavar="C,H,W", help="The image to run it on: channels, height, width.")
    ] = "3,224,224",
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE.yaml", help="The file to write [default: print it]")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Overwrite the file if there is one.")] = False,
) -> None:
    """Turn a PyTorch module into the YAML of its network, by running it.

    The Python file is executed, like any program of yours: import only what you would run. The class or function is
    called without arguments, and the module that it gives is run once on an image, in eval mode. What no layer type can
    express is named with the path of its module, and then nothing is written. What the file prints goes to stderr.

    \b
    Examples:
      sheetgen import student.py:Net
      sheetgen import student.py:Net --input 1,28,28 --out net.yaml
      sheetgen import package.models:resnet18 > resnet18.yaml
    """
    from .. import importer

    shape = _image(image)
    if out is not None and out.exists() and not force:
        raise UsageError(f"{out} exists already; --force overwrites it")
    found = importer.import_network(target, shape)
    for warning in found.warnings:
        print(f"warning: {printable(warning, 1000)}", file=sys.stderr)
    if out is None:
        typer.echo(found.yaml, nl=False)
        return

    write_file(out, found.yaml.encode())
    typer.echo(f"{out}  {counted(len(found.network.layers), 'layer')}")


def _image(text: str) -> tuple[int, int, int]:
    """``3,224,224`` or ``3x224x224``."""
    sizes = [each.strip() for each in text.replace("x", ",").split(",")]
    if len(sizes) != 3 or not all(each.isdecimal() and each.isascii() and 0 < int(each) < 10**7 for each in sizes):
        raise typer.BadParameter(
            f"must be channels, height and width, such as 3,224,224, not {text}", param_hint="--input"
        )
    return (int(sizes[0]), int(sizes[1]), int(sizes[2]))


@app.command()
def schema() -> None:
    """Print the JSON Schema of the YAML.

    With it an editor completes and checks the file as you type.

    \b
    Example:
      sheetgen schema > schema.json
      # and as the first line of the YAML:  # yaml-language-server: $schema=schema.json
    """
    from ..schema import json_schema

    print_json(json_schema())
