"""Commands on what students hand in: verify, report, gradescope."""

from __future__ import annotations

import dataclasses
import json
import sys
import textwrap
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import click
import typer

from ..as_json import submission_json
from ..errors import FINDINGS, UsageError
from ..files import read_file
from ..language import ENGLISH, languages
from ..printing import (
    counted,
    counter,
    load_printer,
    passing,
    print_kinds,
    print_results,
    printable,
    standing,
)

if TYPE_CHECKING:
    from ..marking import Brief
    from ..records import Results
    from ..reports import Asked
    from ..sheet import Sheet

from .app import CourseworkArgument, Format, app, as_text, stopping

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
MarksOption = Annotated[
    list[Path] | None,
    typer.Option(
        "--marks",
        metavar="FILE.csv",
        help="The file that open=FILE wrote, with a person's marks; once for each who marks.",
        readable=False,
    ),
]
AssignmentOption = Annotated[
    str, typer.Option("--assignment", metavar="NAME", help="Which column of Canvas's gradebook.")
]


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
    marks: MarksOption = None,
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
      sheetgen verify alexnet submissions/ --results marks.jsonl --report open=to-mark.csv
      sheetgen verify alexnet submissions/ --format json > marks.json
      sheetgen verify alexnet mine.xlsx --fail-under 60
      sheetgen verify alexnet mine.xlsx --language de
    """
    from .. import api
    from ..given import read_marks, with_given

    if fail_under is not None and not 0 <= fail_under <= 100:  # nan passes Typer's own check
        raise typer.BadParameter("a percentage is a number from 0 to 100", param_hint="--fail-under")
    if resume and results_file is None:
        raise typer.BadParameter("goes with --results FILE, which it continues", param_hint="--resume")
    if suggests and format is Format.json:
        raise typer.BadParameter(
            "prints YAML, and --format json JSON; ask for one of them", param_hint="--suggest-misconceptions"
        )
    wanted = _wanted(report or (), gradebook, assignment, language)
    if wanted:
        _look(wanted, api.sheet_of(coursework).name)
    _keep_apart([*paths, Path(coursework), roster, gradebook, *(marks or ())], results_file, wanted)
    given = read_marks(marks) if marks else None
    if results_file is not None:
        stopping.append(
            f"what is marked by now is kept beside {results_file}; the same with --resume goes on from there"
        )
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
        progress=_watch(counter() if shows else None, wanted),
        meanwhile=printer,
    )
    if given is not None:
        results = with_given(results, given, language)
    if shows:
        passing("")
    for told in (*results.left_out, *standing(results), *_about_marks(results, results_file)):
        print(printable(told, 2000), file=sys.stderr)
    if suggests:
        from ..suggest import suggest

        typer.echo(suggest(results), nl=False)
    elif format is Format.json:
        _print_results_json(results)
    else:
        print_results(results)
    _write_reports(wanted, results, apart=format is Format.json)
    if not exit_zero and any(_is_finding(each, results.sheet, fail_under) for each in results.briefs()):
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
    roster: Annotated[
        Path | None,
        typer.Option("--roster", metavar="FILE.csv", help="To tell who handed nothing in.", readable=False),
    ] = None,
    marks: MarksOption = None,
    gradebook: GradebookOption = None,
    assignment: AssignmentOption = "",
    language: Annotated[
        str | None,
        typer.Option(
            "--language",
            click_type=click.Choice(languages()),
            help="Of the report's own words; by default that in which was marked.",
        ),
    ] = None,
) -> None:
    """Write reports of a class that was marked; without arguments, list the kinds of reports.

    \b
    Examples:
      sheetgen report
      sheetgen report marks.jsonl html=class.html csv=marks.csv
      sheetgen report marks.jsonl xlsx=marked.zip
      sheetgen report marks.jsonl open=to-mark.csv
      sheetgen report marks.jsonl canvas=upload.csv --gradebook gradebook.csv --marks to-mark.csv
    """
    from .. import api
    from ..given import with_marks
    from ..reports import kinds

    if results_file is None:
        print_kinds(kinds())
        return
    if not reports:
        raise typer.BadParameter("say what to write, such as html=class.html", param_hint="KIND=FILE")
    if "=" in str(results_file):
        raise typer.BadParameter(
            "the results come first: sheetgen report marks.jsonl html=class.html", param_hint="RESULTS"
        )
    wanted = _wanted(reports, gradebook, assignment, language or ENGLISH)
    _keep_apart([results_file, roster, gradebook, *(marks or ())], None, wanted)
    results = api.read_results(results_file, coursework, roster)
    spoken = language or results.language
    wanted = [(kind, dataclasses.replace(asked, language=spoken)) for kind, asked in wanted]
    if spoken != results.language:
        told = f"what is wrong was said in {results.language}, and stays so; verify again with --language {spoken}"
        print(told, file=sys.stderr)
    if marks:
        results = with_marks(results, *marks, language=spoken)
        for told in _about_marks(results, None):
            print(printable(told, 2000), file=sys.stderr)
    _look(wanted, results.coursework)
    _watch(None, wanted)(0, len(results.submissions))
    if any(kind == "xlsx" for kind, _ in wanted) and not api.at_hand(results):
        count = len(results.submissions)
        raise UsageError(f"none of the {count} hand-ins is found from here; run it in the folder in which verify ran")
    _write_reports(wanted, results)


def _wanted(texts: Sequence[str], gradebook: Path | None, assignment: str, language: str) -> list[tuple[str, Asked]]:
    """Every kind of report that is asked for; looked at before anything is marked."""
    if not texts and gradebook is None and not assignment:
        return []
    from ..reports import Asked, fills, target

    downloaded = None if gradebook is None else read_file(gradebook, "gradebook", "a .csv file")
    found = [target(text) for text in texts]
    if gradebook is not None and not any(fills(kind) for kind, _ in found):
        raise typer.BadParameter(
            "is filled by a report: --report moodle=upload.csv or canvas=...", param_hint="--gradebook"
        )
    if assignment and not any(kind == "canvas" for kind, _ in found):
        raise typer.BadParameter("goes with --report canvas=...", param_hint="--assignment")
    return [(kind, Asked(path, downloaded, language, assignment=assignment)) for kind, path in found]


def _keep_apart(read: Sequence[Path | None], results: Path | None, wanted: Sequence[tuple[str, Asked]]) -> None:
    """Nothing that is read is written over, no two things to one place, and nothing among the hand-ins."""
    inputs = [path.resolve() for path in read if path is not None]
    targets = [("--results", results)] if results is not None else []
    targets += [(f"--report {kind}=", asked.target) for kind, asked in wanted if str(asked.target) != "/dev/stdout"]
    seen: dict[Path, str] = {}
    for option, target in targets:
        where, told = target.resolve(), f"{option}{' ' * (option == '--results')}{target}"
        if where in inputs:
            raise UsageError(f"{told} would be written over what is read; name another file")
        folder = next((path for path in inputs if path in where.parents and path.is_dir()), None)
        if folder is not None:
            raise UsageError(
                f"{told} lies among the files that are read, in {folder}, where only hand-ins should be; name a place "
                f"outside of it"
            )
        if where in seen and not (option.startswith("--report github") and seen[where] == option):
            raise UsageError(f"{told} is written by {seen[where]} too; name another file")
        seen[where] = option


def _about_marks(results: Results, kept: Path | None) -> Iterator[str]:
    yield from results.about_marks
    if results.graded and kept is not None:
        yield f"{kept} holds what marking gave; hand --marks to 'sheetgen report' too"


def _watch(
    progress: Callable[[int, int], None] | None, wanted: Sequence[tuple[str, Asked]]
) -> Callable[[int, int], None]:
    """``progress``; and before anything is marked, whether there are more files than a report is of."""
    from ..reports import of_one

    single = [kind for kind, _ in wanted if of_one(kind)] if wanted else []

    def tell(number: int, count: int) -> None:
        if number == 0 and count != 1 and single:
            raise UsageError(f"--report {single[0]}=...: this report is of one submission, and there are {count}")
        if progress is not None:
            progress(number, count)

    return tell


def _look(wanted: Sequence[tuple[str, Asked]], coursework: str) -> None:
    """What is wrong with them however the marks turn out: nobody should wait for a class to be told."""
    from ..reports import look

    for kind, asked in wanted:
        look(kind, asked, coursework)


def _write_reports(wanted: Sequence[tuple[str, Asked]], results: Results, *, apart: bool = False) -> None:
    """``apart``: standard output is JSON; the lines that a CI log obeys go where the other words go."""
    from .. import api

    for kind, asked in wanted:
        written = api.write_report(kind, results, asked)
        for line in written.to_print:
            typer.echo(line, err=apart)
        for said in written.said:
            print(printable(f"{kind}: {said}", 1000), file=sys.stderr)
        typer.echo(f"{asked.target}  {kind}", err=True)


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
    from ..autograder import write_autograder

    written = write_autograder(coursework, out, wheels, language)
    of = f"{counted(written.points, 'point')} under Autograder points" + (
        f", {written.open:g} more are for a person" if written.open else ""
    )
    how = "from its own wheels" if wheels is not None else "from the package index, pinned"
    typer.echo(f"{printable(str(out), 1000)}  {of}; installs {counted(len(written.pins), 'package')} {how}")


def _print_results_json(results: Results) -> None:
    """As ``results_json``, submission by submission, so that those of a large class need not stand in memory."""
    typer.echo(f'{{\n  "coursework": {json.dumps(results.coursework)},\n  "submissions": [', nl=False)
    begin = "\n"
    for marked in results.submissions:
        typer.echo(begin + textwrap.indent(as_text(submission_json(marked)), "    "), nl=False)
        begin = ",\n"
    typer.echo("\n  ]\n}" if begin == ",\n" else "]\n}")


def _is_finding(brief: Brief, sheet: Sheet | None, fail_under: float | None) -> bool:
    from ..marking import given_by_now

    if fail_under is None:
        return not brief.all_correct
    return brief.status == "unmarked" or 100 * brief.score < fail_under * given_by_now(brief, sheet)
