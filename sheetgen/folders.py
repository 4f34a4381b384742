"""Which files are to be marked: those named, and those in the folders named and their subfolders, in a stable order.

A learning platform hands out a folder for each student. What a person did not put there (hidden files, an office
program's lock files, the twins that a Mac packs into a zip) is passed over; links, pipes and devices are not followed
or opened, and are counted. This room must not know what is in a file.
"""

from __future__ import annotations

import os
import stat
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from .errors import UsageError

MAX_DEPTH = 8  # of folders in folders
MAX_ENTRIES = 50_000  # of one folder named, with all in its subfolders: more is a disk, not a class
_JUNCTION = getattr(stat, "IO_REPARSE_TAG_MOUNT_POINT", None)  # a link between folders, on Windows only
_PLURALS = {
    "link": "links",
    "pipe": "pipes",
    "device": "devices",
    "hidden file": "hidden files",
    "hidden folder": "hidden folders",
    "empty folder": "empty folders",
    "folder that cannot be opened": "folders that cannot be opened",
    f"folder more than {MAX_DEPTH} deep": f"folders more than {MAX_DEPTH} deep",
}
_PASSED_OVER = ("hidden file", "hidden folder", "empty folder")  # not worth a word, where there are files to mark


_LINK = "this is a link to {}, not the file; download it as .xlsx (File, Download) and hand that in"
_NO_WORKBOOKS = {  # by the end of a name: what its content does not tell, or not as well
    "onlinetext.html": "this is text that was typed into Moodle, not a workbook",
    ".gsheet": _LINK.format("Google Sheets"),
    ".gdoc": _LINK.format("Google Docs"),
    ".url": _LINK.format("a page"),
    ".webloc": _LINK.format("a page"),
    ".fods": "this is a flat OpenDocument file (.fods); open it in its program and save it as .xlsx",
}


def no_workbook(file: Path) -> str:
    """What a file is that by its name is no workbook, in a sentence; nothing where it may be one."""
    name = file.name.casefold()
    return next((told for ending, told in _NO_WORKBOOKS.items() if name.endswith(ending)), "")


@dataclass(frozen=True, slots=True)
class Gathered:
    """The files to mark, and a sentence for each folder of which something was left out."""

    files: tuple[Path, ...]
    left_out: tuple[str, ...] = ()


def gather(paths: Iterable[str | Path]) -> Gathered:
    """The files in ``paths``. Raises UsageError for a path that is not there and a folder without a file to mark."""
    files: list[Path] = []
    left_out: list[str] = []
    for path in map(Path, paths):
        try:
            is_folder = stat.S_ISDIR(path.stat().st_mode)
        except FileNotFoundError:
            raise UsageError(f"there is no file {path}") from None
        except OSError:
            is_folder = False  # it cannot be read: a result of its own
        if not is_folder:
            files.append(path)
            continue
        other: Counter[str] = Counter()
        inside = list(_walk(path, other))
        if not inside:
            found = _listed(other)
            raise UsageError(f"the folder {path} holds no file to mark" + (f", only {found}" if found else ""))
        files += inside
        told = Counter({kind: count for kind, count in other.items() if kind not in _PASSED_OVER})
        if told:
            left_out.append(f"not read in {_as_folder(path)}: {_listed(told)}")
    return Gathered(tuple(files), tuple(left_out))


def _walk(root: Path, other: Counter[str]) -> Iterator[Path]:
    """The files below ``root``, by name; what is none is counted in ``other`` by what it is."""
    seen = 0
    folders = [(root, 0)]
    while folders:
        folder, depth = folders.pop()
        try:
            with os.scandir(folder) as entries:
                names = []
                for entry in entries:
                    seen += 1
                    if seen > MAX_ENTRIES:
                        raise UsageError(
                            f"the folder {root} holds more than {MAX_ENTRIES:,} files; name the folder of one class"
                        )
                    names.append(entry.name)
        except OSError as error:
            if folder == root:
                raise UsageError(f"cannot read the folder {root}: {error.strerror or error}") from None
            other["folder that cannot be opened"] += 1
            continue
        if not names and depth:
            other["empty folder"] += 1
        below: list[tuple[Path, int]] = []
        for name in sorted(names):
            path = folder / name
            kind = _kind(path)
            if kind in ("file", "folder") and name.startswith((".", "~$", "__MACOSX")):
                other[f"hidden {kind}"] += 1
            elif kind == "file":
                yield path
            elif kind != "folder":
                other[kind] += 1
            elif depth < MAX_DEPTH:
                below.append((path, depth + 1))
            else:
                other[f"folder more than {MAX_DEPTH} deep"] += 1
        folders += reversed(below)


def _kind(path: Path) -> str:
    """What stands at ``path`` itself; a link is one wherever it leads."""
    try:
        about = path.lstat()
    except OSError:
        return "file"  # which reading it will tell
    mode = about.st_mode
    if stat.S_ISLNK(mode) or (_JUNCTION is not None and getattr(about, "st_reparse_tag", 0) == _JUNCTION):
        return "link"
    if stat.S_ISREG(mode):
        return "file"
    if stat.S_ISDIR(mode):
        return "folder"
    return "pipe" if stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode) else "device"


def _listed(other: Counter[str]) -> str:
    """1 link, 2 pipes."""
    kinds = [kind for kind in _PLURALS if other[kind]]
    return ", ".join(f"{other[kind]} {kind if other[kind] == 1 else _PLURALS[kind]}" for kind in kinds)


def _as_folder(path: Path) -> str:
    return f"{str(path).rstrip('/')}/"
