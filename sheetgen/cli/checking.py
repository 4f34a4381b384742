"""The command that holds numbers against their witnesses: check."""

from __future__ import annotations

import functools
import sys
import time
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..as_json import checked_json, discriminated_json
from ..errors import FINDINGS
from ..printing import (
    passing,
    print_checked,
    print_checked_all,
    print_checked_line,
    print_discriminated,
)

if TYPE_CHECKING:
    from ..api import Checked

from .app import Format, app, print_json


class Device(StrEnum):
    auto = "auto"
    cpu = "cpu"
    cuda = "cuda"
    meta = "meta"


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
    from .. import api

    if tells and (coursework is None or every or workbook is not None):
        raise typer.BadParameter("goes with the name of one coursework alone", param_hint="--discriminates")
    if tells and coursework is not None:
        told = api.discriminate(coursework)
        if format is Format.json:
            print_json(discriminated_json(told))
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
        print_json(checked_json(checked))
    else:
        print_checked(checked)
    if checked.disagreed:
        raise typer.Exit(FINDINGS)


def _check_all(device: Device, format: Format, *, shows: bool) -> None:
    from .. import api
    from ..shipped import shipped

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
        print_json({name: checked_json(checked) for name, checked in found.items()})
    else:
        print_checked_all(found, sum(seconds.values()))
    if any(checked.disagreed for checked in found.values()):
        raise typer.Exit(FINDINGS)


def _passing_of(name: str, layer: str) -> None:
    passing(f"{name}: {layer}")
