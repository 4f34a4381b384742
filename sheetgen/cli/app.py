"""The program itself: what it is called, how a run ends, and what its commands share. They are in the files beside."""

from __future__ import annotations

import contextlib
import gc
import json
import os
import re
import sys
import traceback
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import click
import typer

from .. import __version__
from ..errors import BAD_INPUT, OK, OUR_FAULT, SheetgenError
from ..files import unwritten
from ..printing import (
    complain,
    passing,
)

if TYPE_CHECKING:
    pass

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


CourseworkArgument = Annotated[
    str, typer.Argument(metavar="COURSEWORK", help="A .yaml file, or a shipped coursework such as alexnet.")
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
        _complain_of_output(error)
        code = BAD_INPUT
    with contextlib.suppress(OSError):
        sys.stderr.flush()
    os._exit(code)  # no command leaves anything open, and taking a hundred modules apart costs a tenth of a verify


stopping: list[str] = []  # what there is to say if the command is stopped


def _stopped() -> int:
    if sys.stderr.isatty():
        passing("")  # else it stands behind the line that tells of the progress
    complain("stopped before the end, by Ctrl-C" + "".join(f"; {hint}" for hint in stopping))
    return _INTERRUPTED


def _complain_of_output(error: OSError) -> None:
    try:
        place = Path(f"/proc/self/fd/{sys.stdout.fileno()}").readlink()
        to = f" to {place}" if place.is_absolute() else ""  # a pipe has a number
    except (OSError, ValueError):  # another system, or another stream
        to = ""
    complain(str(unwritten(f"write the output{to}", error, "make room there, or send it elsewhere")))


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
        _complain_of_output(error)
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


def print_json(data: Any) -> None:
    typer.echo(as_text(data))


def as_text(data: Any) -> str:
    text = json.dumps(data, indent=2)  # ASCII: control characters of a student's text come out escaped
    return re.sub(r"##(?=(?:vso)?\[)", r"\\u0023#", text)  # which a CI log would obey; it means the same
