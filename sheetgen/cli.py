"""The command line: Typer -> api -> printed table or JSON -> exit code. No arithmetic and no file format here."""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import gc
import json
import os
import re
import sys
import textwrap
import time
import traceback
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import click
import typer

from . import __version__
from .as_json import checked_json, discriminated_json, submission_json, table_json
from .errors import BAD_INPUT, FINDINGS, OK, OUR_FAULT, SheetgenError, UsageError
from .files import read_file, write_file
from .language import ENGLISH, languages
from .printing import (
    complain,
    complain_softly,
    counted,
    counter,
    load_printer,
    markdown,
    passing,
    print_checked,
    print_checked_all,
    print_checked_line,
    print_discriminated,
    print_kinds,
    print_located,
    print_results,
    print_shipped,
    print_table,
    printable,
    standing,
    warn,
)

if TYPE_CHECKING:
    from .api import Checked
    from .marking import Marked
    from .records import Results
    from .reports import Asked

app = typer.Typer(
    name="sheetgen",
    help="Neural-network coursework tables: generated, filled, marked, and checked against real PyTorch.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    suggest_commands=False,  # click does
)


class Format(StrEnum):
    table = "table"
    json = "json"


class ShowFormat(StrEnum):
    table = "table"
    json = "json"
    csv = "csv"
    markdown = "markdown"


class LocateFormat(StrEnum):
    table = "table"
    json = "json"
    yaml = "yaml"


class Device(StrEnum):
    auto = "auto"
    cpu = "cpu"
    cuda = "cuda"
    meta = "meta"


CourseworkArgument = Annotated[
    str, typer.Argument(metavar="COURSEWORK", help="A .yaml file, or a shipped coursework such as alexnet.")
]


ReportOption = Annotated[
    list[str] | None,
    typer.Option("--report", metavar="KIND=FILE", help="Write a report, such as html=class.html; may be repeated."),
]
GradebookOption = Annotated[
    Path | None,
    typer.Option(
        "--gradebook", metavar="FILE.csv", help="The grading worksheet of Moodle or Canvas to fill.", readable=False
    ),
]
AssignmentOption = Annotated[
    str, typer.Option("--assignment", metavar="NAME", help="Which column of Canvas's gradebook.")
]

_INTERRUPTED = 130  # the exit code by which shells know that Ctrl-C ended a command


def main() -> None:
    """Entry point: runs a command and ends the process with its exit code; no traceback reaches a user."""
    gc.set_threshold(50_000, 20, 50)  # the default collects thirty times while modules load
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "1")  # it would read the metadata of every package for one
    code = _run()
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        pass
    except OSError as error:
        complain(f"cannot write the output: {error.strerror or error}")
        code = BAD_INPUT
    with contextlib.suppress(OSError):
        sys.stderr.flush()
    os._exit(code)  # no command leaves anything open, and taking a hundred modules apart costs a tenth of a verify


def _stopped() -> int:
    if sys.stderr.isatty():
        passing("")  # else it stands behind the line that tells of the progress
    complain("stopped before the end, by Ctrl-C")
    return _INTERRUPTED


def _run() -> int:
    try:
        code = app(standalone_mode=False)  # else click ends the process itself, a closed pipe with "findings"
        if code == _INTERRUPTED:  # which Typer makes of Ctrl-C
            return _stopped()
        return code if isinstance(code, int) else OK
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except SheetgenError as error:
        complain(str(error))
        return error.exit_code
    except (KeyboardInterrupt, click.Abort):
        return _stopped()
    except BrokenPipeError:  # the reader of our output has gone: sheetgen show alexnet | head -1
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except OSError as error:  # files are the api's business: this is the output
        complain(f"cannot write the output: {error.strerror or error}")
        return BAD_INPUT
    except Exception as error:
        if os.environ.get("SHEETGEN_DEBUG"):
            traceback.print_exc()
        complain(
            f"internal error, our fault: {type(error).__name__}: {error}\n"
            f"Please report it; with SHEETGEN_DEBUG=1 the command shows where it happened."
        )
        return OUR_FAULT
    return OK


@app.callback(invoke_without_command=True)
def _version(
    version: Annotated[bool, typer.Option("--version", help="Print the version and stop.", is_eager=True)] = False,
) -> None:
    if version:
        typer.echo(f"sheetgen {__version__}")
        raise typer.Exit


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
        from .shipped import titles

        if format is ShowFormat.json:
            _print_json([{"name": name, "title": title} for name, title in titles().items()])
        else:
            print_shipped(titles())
        return
    from .spec import load
    from .table import compute

    described = load(coursework)
    table = compute(
        described.network, described.conventions, described.rows, wanted=described.wanted, custom=described.custom
    )
    warn(described)
    if format is ShowFormat.json:
        _print_json(table_json(described, table))
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
    from . import api

    api.new(file, from_, force=force)
    typer.echo(f"{file}  edit it, then: sheetgen show {file}")


@app.command()
def generate(
    coursework: CourseworkArgument,
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="The folder to write into.")] = Path("output"),
) -> None:
    """Write the blank workbook to hand out, and the filled key.

    \b
    Examples:
      sheetgen generate alexnet
      sheetgen generate my-network.yaml --out next-year
    """
    from . import api

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
    from . import api

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
    from . import api
    from .layout import SURE
    from .pasting import layout_text

    found = api.locate(coursework, workbook)
    if found.how == "refused":
        complain(found.notes[0])
        if format is LocateFormat.json:
            _print_json({"how": found.how, "notes": list(found.notes), "tables": []})
        else:
            typer.echo(found.skeleton, nl=False)
        raise typer.Exit(BAD_INPUT)
    if format is LocateFormat.json:
        tables = [dataclasses.asdict(table) for table in found.layout]
        _print_json({"how": found.how, "notes": list(found.notes), "tables": tables})
    else:
        if format is LocateFormat.table:
            print_located(found)
        typer.echo(layout_text(found.layout) + found.asks, nl=False)
    doubted = found.how in ("declared", "followed") and found.notes
    sure = [each.certainty for table in found.layout for each in table.lines]
    sure += [each.certainty for table in found.layout for each in table.layers]
    if doubted or min(sure, default=1) < SURE:
        raise typer.Exit(FINDINGS)


@app.command()
def verify(
    coursework: CourseworkArgument,
    paths: Annotated[
        list[Path],
        typer.Argument(
            metavar="PATH...",
            help="Workbooks, folders of them, and zips, also as learning platforms hand them out.",
            readable=False,
        ),
    ],
    format: Annotated[Format, typer.Option("--format", help="How to print it.")] = Format.table,
    reveal: Annotated[bool, typer.Option("--reveal", help="Print the right answers with their working.")] = False,
    fail_under: Annotated[
        float | None,
        typer.Option(
            "--fail-under", metavar="PCT", min=0, max=100, help="Exit 1 only for scores below this percentage."
        ),
    ] = None,
    exit_zero: Annotated[bool, typer.Option("--exit-zero", help="Exit 0 whatever was found.")] = False,
    language: Annotated[
        str,
        typer.Option("--language", click_type=click.Choice(languages()), help="Of what is said about wrong answers."),
    ] = ENGLISH,
    report: ReportOption = None,
    gradebook: GradebookOption = None,
    assignment: AssignmentOption = "",
    roster: Annotated[
        Path | None, typer.Option("--roster", metavar="FILE.csv", help="The students, by their ids.", readable=False)
    ] = None,
    names: Annotated[
        str | None, typer.Option("--names", metavar="PATTERN", help="Of the files' names, such as {id}_{name}.xlsx.")
    ] = None,
    results_file: Annotated[
        Path | None,
        typer.Option("--results", metavar="FILE.jsonl", help="Write a line of JSON for each file as it is marked."),
    ] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on where an interrupted run stopped; mark only what is new.")
    ] = False,
    jobs: Annotated[
        int | None,
        typer.Option("--jobs", metavar="N", min=1, help="Processes that mark [default: one for each core]"),
    ] = None,
    cluster: Annotated[
        str, typer.Option("--cluster", metavar="ADDRESS", help="Mark on the Dask cluster at tcp://host:8786.")
    ] = "",
    suggests: Annotated[
        bool,
        typer.Option("--suggest-misconceptions", help="Print wrong numbers that many share as YAML to complete."),
    ] = False,
) -> None:
    """Mark students' workbooks, and say why a number is wrong; exits 1 if any answer is not right.

    A number that is right for the student's own earlier mistake earns a part of its marks, see follow_through: in the
    YAML. Of a class a line for each file is printed; reports say the rest. Their kinds are listed by 'sheetgen report'.

    Who handed in a file is known from the naming of Moodle, Canvas and Gradescope, from --names, or from the Student
    cell of the workbook; it is held against the --roster, and never guessed. Of several files of one student the newest
    counts.

    \b
    Examples:
      sheetgen verify alexnet mine.xlsx
      sheetgen verify alexnet submissions.zip --report html=class.html --report xlsx=marked.zip
      sheetgen verify alexnet submissions/ --results marks.jsonl --resume
      sheetgen verify alexnet submissions.zip --gradebook grades.csv --report moodle=upload.csv
      sheetgen verify alexnet submissions/ --format json > marks.json
      sheetgen verify alexnet mine.xlsx --fail-under 60
      sheetgen verify alexnet mine.xlsx --language de
    """
    from . import api

    if fail_under is not None and not 0 <= fail_under <= 100:  # nan passes Typer's own check
        raise typer.BadParameter("a percentage is a number from 0 to 100", param_hint="--fail-under")
    if resume and results_file is None:
        raise typer.BadParameter("goes with --results FILE, which it continues", param_hint="--resume")
    wanted = _wanted(report or (), gradebook, assignment, language)
    shows = sys.stderr.isatty()
    printer = load_printer if format is Format.table else None
    results = api.verify(
        coursework,
        paths,
        reveal=reveal,
        language=language,
        jobs=jobs,
        results=results_file,
        resume=resume,
        cluster=cluster,
        roster=roster,
        names=names,
        progress=counter() if shows else None,
        meanwhile=printer,
    )
    if shows:
        passing("")
    for told in (*results.left_out, *standing(results)):
        print(printable(told, 1000), file=sys.stderr)
    if suggests:
        from .suggest import suggest

        typer.echo(suggest(results), nl=False)
    elif format is Format.json:
        _print_results_json(results)
    else:
        print_results(results)
    _write_reports(wanted, results)
    if not exit_zero and any(_is_finding(each, fail_under) for each in results.submissions):
        raise typer.Exit(FINDINGS)


@app.command()
def report(
    results_file: Annotated[
        Path | None,
        typer.Argument(metavar="[RESULTS.jsonl]", help="What --results of verify wrote.", readable=False),
    ] = None,
    reports: Annotated[list[str] | None, typer.Argument(metavar="[KIND=FILE...]", help="What to write, where.")] = None,
    coursework: Annotated[
        str | None,
        typer.Option("--coursework", metavar="COURSEWORK", help="Where it is now [default: where verify found it]"),
    ] = None,
    gradebook: GradebookOption = None,
    assignment: AssignmentOption = "",
    language: Annotated[
        str, typer.Option("--language", click_type=click.Choice(languages()), help="Of the report's own words.")
    ] = ENGLISH,
) -> None:
    """Write reports of a class that was marked; without arguments, list the kinds of reports.

    \b
    Examples:
      sheetgen report
      sheetgen report marks.jsonl html=class.html csv=marks.csv
      sheetgen report marks.jsonl xlsx=marked.zip
      sheetgen report marks.jsonl canvas=upload.csv --gradebook gradebook.csv
    """
    from . import api
    from .reports import kinds

    if results_file is None:
        print_kinds(kinds())
        return
    if not reports:
        raise typer.BadParameter("say what to write, such as html=class.html", param_hint="KIND=FILE")
    wanted = _wanted(reports, gradebook, assignment, language)
    _write_reports(wanted, api.read_results(results_file, coursework))


def _wanted(texts: Sequence[str], gradebook: Path | None, assignment: str, language: str) -> list[tuple[str, Asked]]:
    """Every kind of report that is asked for; looked at before anything is marked."""
    if not texts:
        return []
    from .reports import Asked, target

    downloaded = None if gradebook is None else read_file(gradebook, "gradebook")
    found = [target(text) for text in texts]
    return [(kind, Asked(path, downloaded, language, assignment=assignment)) for kind, path in found]


def _write_reports(wanted: Sequence[tuple[str, Asked]], results: Results) -> None:
    from . import reports

    for kind, asked in wanted:
        written = reports.write(kind, results, asked)
        for line in written.to_print:
            typer.echo(line)
        for said in written.said:
            print(printable(said, 1000), file=sys.stderr)
        typer.echo(f"{asked.target}  {kind}", err=True)


@app.command()
def check(
    coursework: Annotated[
        str | None,
        typer.Argument(metavar="[COURSEWORK]", help="A .yaml file, or a shipped coursework such as alexnet."),
    ] = None,
    every: Annotated[bool, typer.Option("--all", help="Check every shipped coursework, a line each.")] = False,
    device: Annotated[
        Device, typer.Option("--device", help="Where the network runs; auto takes a GPU if there is one.")
    ] = Device.auto,
    workbook: Annotated[
        Path | None, typer.Option("--workbook", metavar="KEY.xlsx", help="Check this key instead of a fresh one.")
    ] = None,
    format: Annotated[Format, typer.Option("--format", help="How to print it.")] = Format.table,
    tells: Annotated[
        bool,
        typer.Option(
            "--discriminates", help="Say instead which mistakes the blanks cannot tell from the right answer."
        ),
    ] = False,
) -> None:
    """Hold every published number against its witnesses.

    They are Python's integer, the workbook recalculated, and a real PyTorch network, measured. With --device meta the
    network has shapes and parameters only; what it then cannot see is listed as not witnessed.

    \b
    Examples:
      sheetgen check alexnet
      sheetgen check alexnet --workbook output/alexnet-key.xlsx --device cpu
      sheetgen check --all
      sheetgen check alexnet --discriminates
    """
    from . import api

    if tells and (coursework is None or every or workbook is not None):
        raise typer.BadParameter("goes with the name of one coursework alone", param_hint="--discriminates")
    if tells and coursework is not None:
        told = api.discriminate(coursework)
        if format is Format.json:
            _print_json(discriminated_json(told))
        else:
            print_discriminated(told)
        return
    shows = sys.stderr.isatty()
    if every == (coursework is not None) or (every and workbook is not None):
        raise typer.BadParameter(
            "name one coursework (with --workbook, if you like) or say --all", param_hint="COURSEWORK"
        )
    if coursework is None:
        _check_all(device, format, shows=shows)
        return
    checked = api.check(coursework, device.value, workbook, progress=passing if shows else None)
    if shows:
        passing("")
    if format is Format.json:
        _print_json(checked_json(checked))
    else:
        print_checked(checked)
    if checked.disagreed:
        raise typer.Exit(FINDINGS)


def _check_all(device: Device, format: Format, *, shows: bool) -> None:
    from . import api
    from .shipped import shipped

    found: dict[str, Checked] = {}
    seconds: dict[str, float] = {}
    for name in shipped():
        tell = functools.partial(_passing_of, name) if shows else None
        before = time.monotonic()
        found[name] = api.check(name, device.value, progress=tell)
        seconds[name] = time.monotonic() - before
        if shows:
            passing("")
        if format is Format.table:
            print_checked_line(name, found[name], seconds[name])
    if format is Format.json:
        _print_json({name: checked_json(checked) for name, checked in found.items()})
    else:
        print_checked_all(found, sum(seconds.values()))
    if any(checked.disagreed for checked in found.values()):
        raise typer.Exit(FINDINGS)


def _passing_of(name: str, layer: str) -> None:
    passing(f"{name}: {layer}")


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
    from . import importer

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
def gradescope(
    coursework: CourseworkArgument,
    out: Annotated[Path, typer.Option("--out", metavar="FILE.zip", help="The zip to write.")] = Path(
        "output/autograder.zip"
    ),
    wheels: Annotated[
        Path | None,
        typer.Option("--wheels", metavar="DIR", help="Put in the wheels of this folder, to install without a network."),
    ] = None,
    language: Annotated[
        str,
        typer.Option("--language", click_type=click.Choice(languages()), help="Of what is said about wrong answers."),
    ] = ENGLISH,
) -> None:
    """Write a Gradescope autograder, to upload under Configure Autograder.

    The zip holds the coursework and this version of sheetgen. Students see their marks and what is said of wrong
    answers, never the right ones. The autograder's points are the marks that no person has to give.

    \b
    Examples:
      sheetgen gradescope alexnet
      sheetgen gradescope my-network.yaml --out autograder.zip --language de
      sheetgen gradescope alexnet --wheels wheels/
    """
    from .autograder import write_autograder

    written = write_autograder(coursework, out, wheels, language)
    of = f"{counted(written.points, 'point')} under Autograder points" + (
        f", {written.open:g} more are for a person" if written.open else ""
    )
    how = "from its own wheels" if wheels is not None else "from the package index, pinned"
    typer.echo(f"{printable(str(out), 1000)}  {of}; installs {counted(len(written.pins), 'package')} {how}")


@app.command()
def schema() -> None:
    """Print the JSON Schema of the YAML.

    With it an editor completes and checks the file as you type.

    \b
    Example:
      sheetgen schema > schema.json
      # and as the first line of the YAML:  # yaml-language-server: $schema=schema.json
    """
    from .schema import json_schema

    _print_json(json_schema())


# --- JSON -----------------------------------------------------------------------------------------------------------


def _print_json(data: Any) -> None:
    typer.echo(_as_text(data))


def _as_text(data: Any) -> str:
    text = json.dumps(data, indent=2)  # ASCII: control characters of a student's text come out escaped
    return re.sub(r"##(?=(?:vso)?\[)", r"\\u0023#", text)  # which a CI log would obey; it means the same


def _print_results_json(results: Results) -> None:
    """As ``results_json``, submission by submission, so that those of a large class need not stand in memory."""
    typer.echo(f'{{\n  "coursework": {json.dumps(results.coursework)},\n  "submissions": [', nl=False)
    begin = "\n"
    for marked in results.submissions:
        typer.echo(begin + textwrap.indent(_as_text(submission_json(marked)), "    "), nl=False)
        begin = ",\n"
    typer.echo("\n  ]\n}" if begin == ",\n" else "]\n}")


def _is_finding(marked: Marked, fail_under: float | None) -> bool:
    if fail_under is None:
        return not marked.all_correct
    # of the marks that can be given by now
    return marked.status == "unmarked" or 100 * marked.score < fail_under * (marked.max_score - marked.open)


if __name__ == "__main__":
    main()
