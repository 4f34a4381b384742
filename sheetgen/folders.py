"""Which files are to be marked, in a stable order, and who handed them in by their names.

Files are named one by one, or by folders with their subfolders, or by the zip that a learning platform hands out;
students put zips into all of these, which are looked into too, one level deep. Nothing is unpacked to the disk. What a
person did not put there (hidden files, an office program's lock files, the twins that a Mac packs into a zip) is passed
over; links, pipes and devices are not followed or opened, and are counted. What sheetgen wrote is no hand-in either. Of
a workbook that it returned that holds only as long as the hand-in lies there too: else it is all that the student has.
This room knows no workbook.
"""

from __future__ import annotations

import datetime
import hashlib
import io
import os
import re
import stat
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePath
from typing import IO

from .contents import MAX_FILE, reading
from .contents import read as read
from .errors import UsageError
from .handin import NOBODY, File, HandIn
from .name_pattern import NamePattern, parse
from .packed import HIDDEN, MAX_DEPTH, PASSED_OVER, is_workbook, listed, members_of, natural, student_members
from .platforms import is_list_of_grades, recognise, students_in
from .seal import ours
from .zips import BrokenZip, open_stream, read_member, saved

MOST_NAMED = 5  # files in a sentence
_CANVAS = re.compile(r"_[0-9]+_[0-9]+_")
MARKED = "-marked"  # ends the name of a workbook that is returned
NAMED_AFTER = 80  # letters with which both names begin where they are longer
MAX_ENTRIES = 50_000  # of one folder named, with all in its subfolders: more is a disk, not a class
_JUNCTION = getattr(stat, "IO_REPARSE_TAG_MOUNT_POINT", None)  # a link between folders, on Windows only


@dataclass(frozen=True, slots=True)
class Gathered:
    """The files to mark, and a sentence for each folder or zip of which something was left out."""

    files: tuple[File, ...]
    left_out: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Found:
    """A file, and its path with slashes as far as no student had a hand in it: inside of their zip all is theirs."""

    file: File
    name: str
    source: int = 0  # which of the zips that were named; 0 is for all that lies on the disk
    made_from: str = ""  # of a workbook that we returned, the SHA-256 of the hand-in


@dataclass(frozen=True, slots=True)
class _Passed:
    """Files on the disk that are no hand-ins."""

    reports: list[str] = field(default_factory=list)
    lists: list[str] = field(default_factory=list)
    of_classes: list[str] = field(default_factory=list)  # what to say of zips that look like those of a class

    def told(self) -> tuple[str, ...]:
        reports = _named("written by sheetgen", self.reports)
        return (*self.of_classes, *reports, *_named("lists of a learning platform", self.lists))


def gather(paths: Iterable[str | Path], names: str | None = None) -> Gathered:
    """The files in ``paths`` (files, folders and zips), and who handed them in by a platform's names or the pattern.

    ``names`` is that pattern. Raises UsageError for a path that is not there, a zip that is broken, a folder or zip
    without a file to mark, and a pattern that is none or fits no file.
    """
    pattern = None if names is None else parse(names)
    found: list[_Found] = []
    left_out: list[str] = []
    zips = 0
    for path in map(Path, paths):
        try:
            about = path.stat()
        except FileNotFoundError:
            raise UsageError(f"there is no file {path}") from None
        except OSError:
            found.append(_Found(File(str(path), path), path.as_posix()))  # it cannot be read: a result of its own
            continue
        other: Counter[str] = Counter()
        passed = _Passed()
        if stat.S_ISDIR(about.st_mode):
            inside = [each for file in _walk(path, other) for each in _hand_ins(file, other, passed)]
            what, inside_of = f"the folder {path}", _as_folder(path)
        elif not stat.S_ISREG(about.st_mode):
            found.append(_on_disk(path))
            continue
        elif (one := _hand_in(path, passed)) is None:
            left_out += passed.told()
            continue
        elif _is_zip(path):
            inside = list(_class_zip(path, zips := zips + 1, other))
            what, inside_of = f"the zip {path}", str(path)
        else:
            found.append(one)
            continue
        if not inside:
            told = listed(other)
            only = f", only {told}" if told else ""
            raise UsageError("; ".join([f"{what} holds no file to mark{only}", *passed.told()]))
        found += inside
        worth_a_word = Counter({kind: count for kind, count in other.items() if kind not in PASSED_OVER})
        if worth_a_word:
            left_out.append(f"not read in {inside_of}: {listed(worth_a_word)}")
        left_out += passed.told()
    found, of_returned = _without_returned(found)
    left_out += of_returned
    if not found and left_out:
        raise UsageError("; ".join(["there is no file to mark", *left_out]))
    files, of_names = _whose(found, pattern)
    return Gathered(files, (*left_out, *of_names))


# --- what is no hand-in ---------------------------------------------------------------------------------------------


def _hand_ins(path: Path, other: Counter[str], passed: _Passed) -> Iterator[_Found]:
    """What is to be marked of a file in a folder."""
    found = _hand_in(path, passed)
    if found is not None and path.suffix.casefold() == ".zip":
        yield from _maybe_zip(found, other, passed.of_classes)
    elif found is not None:
        yield found


def _hand_in(path: Path, passed: _Passed) -> _Found | None:
    """A file on the disk; None where it is a report of ours or a platform's list, and then it is ``passed`` over."""
    wrote = ours(path)
    if wrote is not None and not wrote.made_from:
        passed.reports.append(str(path))
    elif path.suffix.casefold() == ".csv" and is_list_of_grades(_beginning(path)):
        passed.lists.append(str(path))
    else:
        return replace(_on_disk(path), made_from="" if wrote is None else wrote.made_from)
    return None


def _beginning(path: Path) -> bytes:
    try:
        with path.open("rb") as stream:
            return stream.read(4096)
    except OSError:
        return b""


def _without_returned(found: list[_Found]) -> tuple[list[_Found], tuple[str, ...]]:
    """Without workbooks that we returned and whose hand-ins are there: they hold the same answers."""
    if not any(each.made_from for each in found):
        return found, ()
    of: dict[str, list[_Found]] = {}
    with reading() as read:
        for each in found:
            if isinstance(data := read(each.file), bytes):
                of.setdefault(hashlib.sha256(data).hexdigest(), []).append(each)
    kept: list[_Found] = []
    returned: list[_Found] = []
    for each in found:
        known = any(_is_named_after(each, hand_in) for hand_in in of.get(each.made_from, ()))
        (returned if known else kept).append(each)
    return kept, _named("returned by sheetgen, and the hand-ins are read", [each.file.shown for each in returned])


def _is_named_after(returned: _Found, hand_in: _Found) -> bool:
    """Whether the names are those of one student's files: who hands in what was returned to another calls it theirs."""
    own, other = PurePath(returned.name), PurePath(hand_in.name)
    folders = {path.parent.name for path in (own, other) if "_assignsubmission_" in path.parent.name}
    stem, first = own.stem.casefold(), other.stem.casefold()
    by_platform = "_assignsubmission_" in own.parent.name or _CANVAS.search(first)  # which wants its own names back
    alike = stem.rpartition(MARKED)[0] == first or (by_platform and stem == first)
    shortened = len(first) > NAMED_AFTER and stem.startswith(first[:NAMED_AFTER])  # a name may lose its middle
    return len(folders) < 2 and bool(alike or shortened)


def _named(what: str, names: Sequence[str]) -> tuple[str, ...]:
    more = f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else ""
    return (f"not read, {what}: {', '.join(names[:MOST_NAMED])}{more}",) if names else ()


# --- who, by the names ----------------------------------------------------------------------------------------------


def _whose(found: Sequence[_Found], pattern: NamePattern | None) -> tuple[tuple[File, ...], list[str]]:
    """The files with what their names say of who handed them in, without the platform's own lists."""
    by_source: dict[int, list[_Found]] = {}
    for each in found:
        by_source.setdefault(each.source, []).append(each)
    hand_ins: dict[tuple[int, str], HandIn] = {}
    lists: set[tuple[int, str]] = set()
    told: list[str] = []
    with reading() as read:
        for source, inside in by_source.items():
            listed = {each.name: each.file for each in inside}

            def text_of(name: str, listed: dict[str, File] = listed, source: int = source) -> bytes | None:
                if name not in listed and (source or not _is_regular(Path(name))):
                    return None
                data = read(listed.get(name) or File(name, Path(name)))
                return data if isinstance(data, bytes) else None

            recognised = recognise(listed, text_of)
            hand_ins |= {(source, name): hand_in for name, hand_in in recognised.hand_ins.items()}
            lists |= {(source, name) for name in recognised.lists}
            told += recognised.told
    files, fitting, ambiguous = [], 0, []
    for each in found:
        at = (each.source, each.name)
        if at in lists:
            continue
        hand_in = hand_ins.get(at, NOBODY)
        if pattern is not None:
            paths = _as_packed(each, pattern)
            fields = next((fields for path in paths if (fields := pattern.match(path))), None)
            if fields is not None:
                fitting += 1
                hand_in = replace(
                    hand_in, id=fields["id"], name=hand_in.name or fields.get("name", ""), how="file name"
                )
            elif any(pattern.is_ambiguous(path) for path in paths):
                ambiguous.append(each.file.shown)
        files.append(replace(each.file, hand_in=replace(hand_in, time=hand_in.time or each.file.hand_in.time)))
    if pattern is not None and files and not fitting and not ambiguous:
        raise UsageError(f"--names {pattern.text}: no file has such a name, for example {files[0].shown}")
    if pattern is not None and ambiguous:
        told.append(
            f"the pattern {pattern.text} does not say where the id ends in {ambiguous[0]}"
            + (f" and {len(ambiguous) - 1} more" if len(ambiguous) > 1 else "")
            + ", so nobody is known by it"
        )
    return tuple(files), told


def _as_packed(found: _Found, pattern: NamePattern) -> list[str]:
    """The paths that a pattern is held against: a zip that a student packed has the name, its workbook the suffix.

    A zip that holds no workbook, or cannot be used, is still its student's, so that it may have the pattern's suffix.
    """
    if not found.name.casefold().endswith(".zip"):
        return [found.name]
    suffix = Path(pattern.text).suffix
    suffixes = [Path(found.file.shown).suffix, *([] if set(suffix) & set("{*") else [suffix])]
    return [found.name[: -len(".zip")] + each for each in dict.fromkeys(suffixes)]


# --- on the disk ----------------------------------------------------------------------------------------------------


def _on_disk(path: Path) -> _Found:
    return _Found(File(str(path), path, hand_in=HandIn(time=_changed(path))), path.as_posix())


def _changed(path: Path) -> str:
    try:
        return datetime.datetime.fromtimestamp(int(path.stat().st_mtime)).isoformat()
    except (OSError, OverflowError, ValueError):
        return ""


def _is_regular(path: Path) -> bool:
    try:
        return stat.S_ISREG(path.lstat().st_mode)
    except (OSError, ValueError):
        return False


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
        for name in sorted(names, key=natural):
            path = folder / name
            kind = _kind(path)
            if kind in ("file", "folder") and name.startswith(HIDDEN):
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


def _as_folder(path: Path) -> str:
    return f"{str(path).rstrip('/')}/"


# --- zips -----------------------------------------------------------------------------------------------------------


def _is_zip(path: Path) -> bool:
    """Whether a file that was named is a zip of files; one called .zip that is none is the instructor's mistake."""
    if path.suffix.casefold() != ".zip":
        return False
    try:
        with path.open("rb") as stream:
            if stream.read(2) != b"PK":
                raise UsageError(f"{path} is called .zip, but is no zip; download it again, or give it its right name")
            return not is_workbook(open_stream(stream))
    except BrokenZip as error:
        raise UsageError(f"{path}: {error}; download it again") from None
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror or error}") from None


def _class_zip(path: Path, source: int, other: Counter[str]) -> Iterator[_Found]:
    """The files of a zip that was named. Raises UsageError where it holds too many, or is locked."""
    with path.open("rb") as stream:
        opened = open_stream(stream)
        members = members_of(opened, other)
        if len(members) > MAX_ENTRIES:
            raise UsageError(f"the zip {path} holds more than {MAX_ENTRIES:,} files; name the zip of one class")
        if members and all(info.flag_bits & 1 for info, _ in members):
            raise UsageError(f"the zip {path} is protected by a password; unpack it, and name the folder")
        for info, name in members:
            file = File(f"{path}/{name}", path, info.filename, HandIn(time=saved(info)))
            found = _Found(file, f"{path.as_posix()}/{name}", source)
            if not name.casefold().endswith(".zip"):
                yield found
                continue
            data = read_member(opened, info, MAX_FILE)
            yield from _packed(found, None if isinstance(data, str) else io.BytesIO(data), other)


def _maybe_zip(found: _Found, other: Counter[str], of_classes: list[str]) -> Iterator[_Found]:
    """The files of a zip in a folder.

    A zip that lies in a folder is a student's, who may have written any names into it: they are not believed, and of
    one that looks like a platform's zip of a class that is said in ``of_classes``.
    """
    path = found.file.path
    try:
        with path.open("rb") as stream:
            students = _students(stream)
            stream.seek(0)
            inside = list(_packed(found, stream if path.stat().st_size <= MAX_FILE else None, other))
    except OSError:
        yield found
        return
    if students > 1:
        what = f"{path} looks like the zip of a class ({students} students)"
        if inside == [found]:  # larger than what a student packs
            of_classes.append(f"{what} and is not read here; name that zip itself: sheetgen verify ... {path}")
            return
        of_classes.append(
            f"{what}; whose the files in it are is known only if that zip is named itself: sheetgen verify ... {path}"
        )
    yield from inside


def _students(stream: IO[bytes]) -> int:
    """How many students' files the names in a zip are, if it is one that a platform hands out."""
    try:
        opened = None if stream.read(2) != b"PK" else open_stream(stream)
    except BrokenZip:
        opened = None
    return 0 if opened is None else students_in(name for _, name in members_of(opened, Counter()))


def _packed(found: _Found, stream: IO[bytes] | None, other: Counter[str]) -> Iterator[_Found]:
    """The files of a zip that a student packed; itself where it is none or cannot be used: reading it says why."""
    try:
        inside = None if stream is None or stream.read(2) != b"PK" else student_members(open_stream(stream), other)
    except BrokenZip:
        inside = None
    if inside is None:
        yield found
        return
    for info, name in inside:
        file = replace(found.file, shown=f"{found.file.shown}/{name}")
        if file.member:
            file = replace(file, inner=info.filename)
        else:
            file = replace(file, member=info.filename)
        yield replace(found, file=file)
