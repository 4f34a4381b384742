"""sheetgen: the tables of neural-network courseworks, generated, filled, marked and checked.

What the commands do, as functions of the same names; docs/tour.md shows them at work:

    show(coursework)                    every number of the network; ``.to_frame()`` for pandas
    new(path, name)                     writes a coursework to start from
    generate(coursework, out)           writes the blank and the key
    compare(coursework, workbooks)      says what in these is other than ``generate`` would write
    fill(coursework, template, out)     fills a copy of the blank, or somebody's own template
    locate(coursework, workbook)        says where a workbook has the table
    verify(coursework, paths)           marks submissions: Results; ``.to_frame()`` for pandas
    read_results(path)                  the same, from the file that ``results=`` of ``verify`` wrote
    with_marks(results, path)           the same with the marks that a person gave, see the report ``open``
    report(results, html=..., csv=...)  writes reports of a class
    suggest_misconceptions(results)     common wrong values as YAML to complete
    check(coursework)                   holds every published number against its witnesses
    discriminate(coursework)            which mistakes the blanks cannot tell from the right answer
    import_network(target, image)       a PyTorch module as the YAML of its network
    write_autograder(coursework, out)   an autograder for Gradescope

``coursework`` is a path or the name of a shipped one. Faults of an instructor or the machine raise ``SheetgenError``.
Importing this package loads nothing heavy: a function loads what it needs when it is first asked for.
"""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from .api import check as check
    from .api import compare as compare
    from .api import discriminate as discriminate
    from .api import fill as fill
    from .api import generate as generate
    from .api import locate as locate
    from .api import new as new
    from .api import read_results as read_results
    from .api import verify as verify
    from .autograder import write_autograder as write_autograder
    from .errors import SheetgenError as SheetgenError
    from .given import with_marks as with_marks
    from .importer import import_network as import_network
    from .records import Results as Results
    from .suggest import suggest as suggest_misconceptions
    from .table import Table

# Where each name comes from. None is that of a module, which importing it would put in the function's place.
_FROM = {
    **dict.fromkeys(("check", "compare", "discriminate", "fill", "generate", "locate", "new", "read_results"), "api"),
    "verify": "api",
    "write_autograder": "autograder",
    "SheetgenError": "errors",
    "import_network": "importer",
    "Results": "records",
    "suggest_misconceptions": "suggest",
    "with_marks": "given",
}
__all__ = [
    "Results",
    "SheetgenError",
    "__version__",
    "check",
    "compare",
    "discriminate",
    "fill",
    "generate",
    "import_network",
    "locate",
    "new",
    "read_results",
    "report",
    "show",
    "suggest_misconceptions",
    "verify",
    "with_marks",
    "write_autograder",
]


if not TYPE_CHECKING:  # else a type checker takes every name for one that there is

    def __getattr__(name: str) -> Any:
        if name not in _FROM:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        module = import_module(f".{_FROM[name]}", __name__)
        return getattr(module, "suggest" if name == "suggest_misconceptions" else name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


def show(coursework: str | Path) -> Table:
    """Every number of a coursework's network, layer by layer; ``show("alexnet").to_frame()`` is a pandas frame."""
    from .spec import load
    from .table import compute

    described = load(coursework)
    return compute(
        described.network, described.conventions, described.rows, wanted=described.wanted, custom=described.custom
    )


def report(
    results: Results,
    *,
    gradebook: str | Path | None = None,
    assignment: str = "",
    language: str = "",
    **kinds: str | Path,
) -> tuple[str, ...]:
    """Write reports of a class, each KIND=FILE as on the command line: ``report(results, html="class.html")``.

    ``gradebook`` is the file downloaded from Moodle or Canvas, for the kinds that fill it, and ``assignment`` its
    column. They are in ``language``, or in that of the results. Gives what there is to say of them, such as whose row
    was not found, in sentences. Lines that are meant for the log of a CI system are printed.
    """
    from .api import write_report
    from .files import read_file
    from .reports import Asked, target

    wanted = [target(f"{kind}={path}") for kind, path in kinds.items()]
    downloaded = None if gradebook is None else read_file(Path(gradebook), "gradebook", "a .csv file")
    said: list[str] = []
    for kind, path in wanted:
        written = write_report(
            kind, results, Asked(path, downloaded, language or results.language, assignment=assignment)
        )
        for line in written.to_print:
            print(line)
        said += written.said
    return tuple(said)
