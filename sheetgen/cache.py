"""Sheets that were laid out before, so that marking need not read the YAML and compute the table anew.

What Python does with its ``.pyc`` files, for courseworks: reading and checking a YAML costs more time than marking a
submission. An entry is plain JSON, holds the hashes of the files that it was made from and of this package's code, and
is used only where all of them are as they were and it is itself undamaged, a file that this user wrote, and holds what
a sheet is made of. None is executed, and a cache that cannot be read or written is no error. SHEETGEN_CACHE names its
folder; ``off`` turns it off.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import stat
import sys
import tempfile
import zlib
from collections.abc import Iterable
from dataclasses import astuple
from fractions import Fraction
from functools import lru_cache
from pathlib import Path
from typing import Any

from . import __version__
from .expr import Value
from .layout import LayerLine, Layout, Line, TableLayout
from .misconceptions import Misconception
from .network import TOTAL
from .questionnaire import Known, Part, Question, Questionnaire
from .sheet import Sheet, Slot
from .table import Quantity, Row, Table

MAX_ENTRY = 256 * 2**20  # bytes; a network of a thousand layers takes ten million


def recall(path: Path) -> Sheet | None:
    """The sheet of the YAML at ``path``, if it was kept and nothing has changed since."""
    folder = _folder()
    if folder is None:
        return None
    asked = _absolute(path)
    with contextlib.suppress(Exception):  # there is none, or it is of another version, or damaged: made anew
        seal, _, text = _own_bytes(_entry(folder, asked)).partition(b"\n")
        if seal == _digest(text):
            kept = json.loads(text)
            files = kept["files"]
            if kept["code"] == _code() and asked in files and all(_hash(name) == files[name] for name in files):
                return _sheet(kept["sheet"])
    return _shipped(path)


def shipped_path(path: Path) -> Path:
    """Where the entry of the shipped YAML at ``path`` is: beside it, packed, since a hundred layers are a megabyte."""
    return path.with_suffix(".sheet.json.gz")


def shipped_entry(sheet: Sheet, path: Path) -> str:
    """What ``_shipped`` reads, as text: the sheet of the shipped YAML at ``path``."""
    return json.dumps({"version": __version__, "yaml": _hash(str(path)), "sheet": _plain(sheet)}, indent=0) + "\n"


def _shipped(path: Path) -> Sheet | None:
    """The sheet of a shipped YAML, laid out before the package was built, so that a student's first run is quick too.

    Only where the package is installed: there code and sheet cannot part. In a checkout the code may have changed.
    """
    if path.parent != Path(__file__).parent / "templates":
        return None
    with contextlib.suppress(Exception):
        kept = json.loads(zlib.decompress(shipped_path(path).read_bytes(), wbits=31))  # gzip's own format
        if kept["version"] == __version__ and kept["yaml"] == _hash(str(path)):
            return _sheet(kept["sheet"])
    return None


def keep(path: Path, sheet: Sheet, read: tuple[tuple[Path, str], ...]) -> None:
    """Keep the sheet of the YAML at ``path``.

    ``read`` are the files it was made from, each with the SHA-256 of what was read there: a file that changes while it
    is read is then not taken for the one that was.
    """
    folder = _folder()
    if folder is None:
        return
    files = {_absolute(file): digest for file, digest in read}
    text = json.dumps({"code": _code(), "files": files, "sheet": _plain(sheet)}).encode()
    with contextlib.suppress(OSError):
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=folder, delete=False) as file:
            try:
                file.write(_digest(text) + b"\n" + text)
                file.close()
                Path(file.name).replace(_entry(folder, _absolute(path)))
            except OSError:
                Path(file.name).unlink(missing_ok=True)


def packed(sheet: Sheet) -> str:
    """``sheet`` as a text of JSON, from which ``unpacked`` makes it again; equal sheets give equal texts."""
    return json.dumps(_plain(sheet))  # in its own order, which decides between equal explanations


def unpacked(text: str) -> Sheet:
    return _sheet(json.loads(text))


def _entry(folder: Path, asked: str) -> Path:
    return folder / f"{hashlib.sha256(asked.encode()).hexdigest()[:32]}.json"


def _own_bytes(entry: Path) -> bytes:
    """What the entry holds. Raises OSError where it is no file, or another user's: all may write where it stands."""
    flags = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    with os.fdopen(os.open(entry, os.O_RDONLY | flags), "rb") as file:
        about = os.fstat(file.fileno())
        own = not hasattr(os, "geteuid") or about.st_uid == os.geteuid()
        if not stat.S_ISREG(about.st_mode) or not own or about.st_size > MAX_ENTRY:
            raise OSError("not an entry of this user's")
        return file.read()


def _folder() -> Path | None:
    named = os.environ.get("SHEETGEN_CACHE")
    if named:
        return None if named == "off" else Path(named)
    if sys.platform == "win32":
        base = os.environ.get("LOCALAPPDATA")
    else:
        base = os.environ.get("XDG_CACHE_HOME")
    try:
        return (Path(base) if base else Path.home() / ".cache") / "sheetgen"
    except RuntimeError:  # a user without a home
        return None


def _absolute(path: Path) -> str:
    return str(Path.cwd() / path)  # links are not followed: what they point to may change


def _hash(path: str) -> str:
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()


def _digest(text: bytes) -> bytes:
    return hashlib.sha256(text).hexdigest().encode()


@lru_cache(maxsize=1)
def code() -> str:
    """The version of this package's code and words, down to an edited line, and the same wherever it is installed."""
    package = Path(__file__).parent
    found = hashlib.sha256(__version__.encode())
    parts = [*package.rglob("*.py"), *package.rglob("*.mo")]  # what is said of a wrong answer is a result too
    for part in sorted(parts, key=lambda part: part.relative_to(package).parts):
        found.update(f"\0{part.relative_to(package).as_posix()}\0".encode() + part.read_bytes())
    return found.hexdigest()


def _code() -> str:
    """The same for this machine, at the cost of a look: sizes and times of modules."""
    package = Path(__file__).parent
    modules = sorted(
        (entry.name, about.st_size, about.st_mtime_ns)
        for folder in (package, package / "layers")  # the rooms that a sheet comes from
        for entry in os.scandir(folder)
        if entry.name.endswith(".py")
        for about in (entry.stat(),)
    )
    return f"{__version__} {hashlib.sha256(repr(modules).encode()).hexdigest()}"


def _plain(sheet: Sheet) -> dict[str, Any]:
    table = sheet.table
    return {
        "name": sheet.name,
        "worksheet": sheet.worksheet,
        "headings": dict(sheet.headings),
        "slots": [astuple(slot) for slot in sheet.slots],
        "rows": dict(sheet.rows),
        "columns": dict(sheet.columns),
        "network": table.network,
        "input": table.input,
        "table_rows": [
            (row.name, row.kind, row.type, row.sources, row.input, row.output, list(row.values)) for row in table.rows
        ],
        "blocks": dict(table.blocks),
        "totals": list(table.totals),
        "quantities": {answer: (each.text, dict(each.binds)) for answer, each in table.quantities.items()},
        "numbers": {answer: _kept(number) for answer, number in table.numbers.items()},
        "questions": _plain_questions(sheet.questions) if sheet.questions is not None else None,
        "layout": [astuple(table) for table in sheet.layout],
        "misconceptions": [(each.id, each.says, dict(each.instead)) for each in sheet.misconceptions],
        "variants": {convention: dict(texts) for convention, texts in sheet.variants.items()},
    }


def _layout(kept: Any) -> Layout:
    return tuple(
        TableLayout(
            sheet,
            transposed,
            header,
            tuple(_line(*line) for line in lines),
            tuple(LayerLine(*layer) for layer in layers),
        )
        for sheet, transposed, header, lines, layers, _ in kept
    )


def _line(
    at: int, quantity: str, heading: str, certainty: float, why: str, unit: int, order: list[str]
) -> Line:  # JSON has no tuples
    return Line(at, quantity, heading, certainty, why, unit, tuple(order))


def _plain_questions(asked: Questionnaire) -> dict[str, Any]:
    return {
        "worksheet": asked.worksheet,
        "rows": dict(asked.rows),
        "columns": dict(asked.columns),
        "questions": [
            {
                **{name: getattr(question, name) for name in Question.__slots__},
                "parts": [
                    {
                        **{name: getattr(part, name) for name in Part.__slots__},
                        "known": [(_kept(each.value), each.near, each.said, each.right) for each in part.known],
                    }
                    for part in question.parts
                ],
            }
            for question in asked.questions
        ],
    }


def _questions(kept: Any) -> Questionnaire:
    def question(each: Any) -> Question:
        parts = tuple(
            Part(**{**part, "known": tuple(Known(_number(value), *rest) for value, *rest in part["known"])})
            for part in each["parts"]
        )
        loss = tuple(each["loss"]) if each["loss"] is not None else None
        return Question(**{**each, "parts": parts, "options": tuple(each["options"]), "loss": loss})

    return Questionnaire(kept["worksheet"], tuple(map(question, kept["questions"])), kept["rows"], kept["columns"])


def _only(values: Iterable[object], *types: type) -> None:
    """Raises TypeError for a value of another type: what is no sheet is not to be found out in the midst of marking."""
    if not set(map(type, values)) <= set(types):
        raise TypeError("not a sheet")


def _look_at(kept: Any) -> None:
    """Raises an exception of some kind where an entry does not hold what a sheet is made of."""
    _only([kept["name"], kept["worksheet"], kept["network"], *kept["totals"], *kept["headings"].values()], str)
    _only([*kept["rows"].values(), *kept["columns"].values(), *kept["input"]], int)
    layers, quantities, kinds, answers, contents, *shares = zip(*kept["slots"], strict=True)
    _only((*layers, *quantities, *kinds), str)
    _only(answers, str, type(None))
    _only(contents, str, int, float, type(None))
    for numbers in shares:  # marks, near, follow_through
        _only(numbers, int, float)
    for *words, reads, i, o, values in kept["table_rows"]:
        _only((*words, *reads, *values), str)
        _only((*i, *o), int)
    for members in kept["blocks"].values():
        _only(members, str)
    for text, binds in kept["quantities"].values():
        _only([text], str)
        _only(binds.values(), str, int)
    for name, transposed, header, lines, named, _ in kept["layout"]:
        _only([transposed], bool)
        _only([header], int, type(None))
        for at, what, text, certainty, why, *more in (*lines, *named):  # a line's unit and order too
            _only([at, *more[:1]], int)
            _only([certainty], int, float)
            _only([name, what, text, why, *(more[1] if more else ())], str)
    for identifier, says, instead in kept["misconceptions"]:
        _only([identifier, says, *instead.values()], str)
    for texts in kept["variants"].values():
        _only(texts.values(), str)
    if kept["questions"] is not None:
        _look_at_questions(kept["questions"])


def _look_at_questions(kept: Any) -> None:
    _only([kept["worksheet"]], str)
    _only([*kept["rows"].values(), *kept["columns"].values()], int)
    for each in kept["questions"]:
        _only([each[name] for name in ("id", "kind", "text", "unit", "model", "remark")], str)
        _only(each["options"], str)
        _only(each["loss"] or (), int, bool)
        for part in each["parts"]:
            _only([part[name] for name in ("id", "layer", "column")], str)
            shares = [part["marks"], part["near"], part["follow_through"]]
            _only([*shares, *(known[1] for known in part["known"])], int, float)
            _only([_number(known[0]) for known in part["known"]], int, float, str, Fraction)
            _only([known[2] for known in part["known"]], str)
            _only([known[3] for known in part["known"]], bool)


def _kept(number: Value) -> Any:
    """JSON has no fractions: 1/3 as [1, 3]."""
    return [number.numerator, number.denominator] if isinstance(number, Fraction) else number


def _number(kept: Any) -> Value:
    return Fraction(*kept) if isinstance(kept, list) else kept


def _sheet(kept: Any) -> Sheet:
    _look_at(kept)
    numbers = {answer: _number(number) for answer, number in kept["numbers"].items()}
    _only(numbers.values(), int, float, str, Fraction)
    table = Table(
        network=kept["network"],
        input=tuple(kept["input"]),
        rows=tuple(
            Row(
                name, kind, said, tuple(reads), tuple(i), tuple(o), {each: numbers[f"{name}.{each}"] for each in values}
            )
            for name, kind, said, reads, i, o, values in kept["table_rows"]
        ),
        blocks={name: tuple(layers) for name, layers in kept["blocks"].items()},
        totals={name: numbers[f"{TOTAL}.{name}"] for name in kept["totals"]},
        quantities={answer: Quantity(answer, text, binds) for answer, (text, binds) in kept["quantities"].items()},
        numbers=numbers,
    )
    slots = tuple(Slot(*each) for each in kept["slots"])
    questions = _questions(kept["questions"]) if kept["questions"] is not None else None
    return Sheet(
        kept["name"],
        kept["worksheet"],
        table,
        kept["headings"],
        slots,
        kept["rows"],
        kept["columns"],
        questions,
        _layout(kept["layout"]),
        misconceptions=tuple(Misconception(*each) for each in kept["misconceptions"]),
        variants=kept["variants"],
    )
