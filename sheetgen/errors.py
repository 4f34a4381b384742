"""The one exception that sheetgen raises on purpose, and the exit codes of its commands.

    SheetgenError            what an instructor, or the machine, has to put right (exit code 2)
     |- UsageError           a command was called with something that cannot be
     |- SpecError            the YAML says something that cannot be; holds every problem found
     |- TemplateError        a workbook that was to be filled or checked cannot be
     |- DeviceError          the machine cannot run the witness: no torch, no GPU, no memory
     |- InternalError        sheetgen itself is wrong; please report (exit code 3)

A student's fault is never an exception: it is data in the result (see ``marking.py``).
The message says what, where and what to do. This module knows nothing of the others.
"""

from __future__ import annotations

from collections.abc import Iterable

OK = 0
FINDINGS = 1
BAD_INPUT = 2
OUR_FAULT = 3


class SheetgenError(Exception):
    """Base of all errors that reach a user; ``str(error)`` is the whole message."""

    exit_code = BAD_INPUT


class UsageError(SheetgenError):
    """A command was given something that cannot be: no such file, no such coursework."""


class SpecError(SheetgenError):
    """The YAML cannot be used. ``problems`` holds one line each: file, line, path, what, what to do."""

    def __init__(self, problems: tuple[str, ...]) -> None:
        super().__init__(problems)  # the one argument, so that the error pickles
        self.problems = problems

    def __str__(self) -> str:
        return "\n".join(self.problems)


class TemplateError(SheetgenError):
    """A workbook that was to be filled or checked is broken, or lacks what is needed."""


class DeviceError(SheetgenError):
    """torch is missing, the device is missing, or its memory is too small."""


class InternalError(SheetgenError):
    """sheetgen broke a promise of its own."""

    exit_code = OUR_FAULT


def did_you_mean(word: object, known: Iterable[str]) -> str:
    """``; did you mean kernel_size?`` or, where nothing is near, the few that there are."""
    import difflib  # only a mistake needs it

    choices = list(known)
    by_lower = {choice.lower(): choice for choice in choices}
    near = difflib.get_close_matches(str(word).lower(), by_lower, n=1, cutoff=0.6)
    if near:
        return f"; did you mean {by_lower[near[0]]}?"
    return f"; known: {', '.join(choices)}" if choices and len(choices) <= 24 else ""
