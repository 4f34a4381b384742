"""What files of a report are called, whatever a student called theirs. This room must not know results' marks.

File systems allow names of 255 bytes, and some programs that unpack a zip no more than that for a whole path.
"""

from __future__ import annotations

import re
from pathlib import PurePosixPath

from ..marking import Marked

LONGEST = 180  # bytes of UTF-8 in a part of a path
_TAIL = 40  # of them at its end, where a suffix stands, and Moodle's _12345_assignsubmission_file
_DIRECTIONS = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_NO_FILE_NAME = re.compile('[\x00-\x1f\x7f<>:"|?*\\\\/\ud800-\udfff]')
_MOODLE = re.compile(r"(.+?_(\d+)_assignsubmission_file)(?:_.*)?")
_OF_MOODLE = re.compile(r"_(\d+)_assignsubmission_")


def without_directions(text: str) -> str:
    """Without marks that turn the direction of writing, behind which ``fdp.exe`` looks like ``exe.pdf``."""
    return _DIRECTIONS.sub("", text)


def file_name(part: str, most: int = LONGEST) -> str:
    """One part of a path as any file system takes it; of one that is too long the middle is left out."""
    part = _NO_FILE_NAME.sub("_", without_directions(part))
    data = part.encode("utf-8")
    if len(data) <= most:
        return part
    head, tail = data[: most - _TAIL - 1], data[-_TAIL:]
    return f"{head.decode('utf-8', 'ignore')}_{tail.decode('utf-8', 'ignore')}"  # no half of a character


class Unique:
    """Paths that no file system takes for the same, in whatever case: one that was there before gets a number."""

    def __init__(self) -> None:
        self._taken: set[str] = set()

    def path(self, name: str) -> str:
        parts = [file_name(part) for part in re.split(r"[/\\]", name)]
        *folders, last = [part for part in parts if part not in ("", ".", "..")] or ["_"]
        suffix = PurePosixPath(last).suffix
        suffix = suffix if len(suffix.encode("utf-8")) < _TAIL // 2 else ""  # else it is none
        stem = last.removesuffix(suffix)
        free, number = "/".join((*folders, last)), 1
        while free.casefold() in self._taken:
            number += 1
            free = "/".join((*folders, file_name(f"{stem} ({number}){suffix}")))
        self._taken.add(free.casefold())
        return free


def own_name(file: str) -> str:
    """A file's own name, without its folders."""
    return re.split(r"[/\\]", file)[-1]


def moodle_folder(marked: Marked) -> str | None:
    """``Jane Doe_12345_assignsubmission_file``, which Moodle reads the participant from; None where there is none.

    A team's number is none of a participant's, so that its feedback would reach somebody else.
    """
    if marked.hand_in.platform != "moodle":
        return None
    for part in re.split(r"[/\\]", marked.file):
        if (found := _MOODLE.fullmatch(part)) and found[2] == marked.hand_in.platform_id:
            return found[1]
    return None


def unlike_moodle(name: str) -> str:
    """A name that Moodle reads no participant from, for what belongs to none."""
    return _OF_MOODLE.sub(r"-\1-assignsubmission-", name)
