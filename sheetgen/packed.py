"""Which files of a zip are to be marked, in the order in which a folder would be gone through.

A learning platform's zip holds the files of a class, and students pack their workbook into a zip of their own. What a
person did not put there is passed over; what is not read is counted by what it is, for zips and folders alike. This
room must not know whose the files are, nor any path outside the zip.
"""

from __future__ import annotations

import re
import zipfile
from collections import Counter

from .zips import BrokenZip, is_link, leads_out, spelled

MAX_DEPTH = 8  # of folders in folders
MAX_PACKED = 100  # files in a zip that a student packed
HIDDEN = (".", "~$", "__MACOSX")
_PLURALS = {
    "link": "links",
    "pipe": "pipes",
    "device": "devices",
    "file whose name leads out of the zip": "files whose names lead out of the zip",
    "file whose name is in the zip twice, of which the last counts": (
        "files whose names are in the zip twice, of which the last counts"
    ),
    "file beside the workbooks in students' zips": "files beside the workbooks in students' zips",
    "hidden file": "hidden files",
    "hidden folder": "hidden folders",
    "empty folder": "empty folders",
    "folder that cannot be opened": "folders that cannot be opened",
    f"folder more than {MAX_DEPTH} deep": f"folders more than {MAX_DEPTH} deep",
}
LEADS_OUT, TWICE, BESIDE = list(_PLURALS)[3:6]
PASSED_OVER = ("hidden file", "hidden folder", "empty folder")  # not worth a word, where there are files to mark
_WORKBOOKS = (".xlsx", ".xlsm", ".xltx", ".xltm")


def natural(name: str) -> tuple[str, str]:
    """The key of an order in which 2 comes before 10; equal for no two names."""
    return re.sub("0*([0-9]+)", lambda number: f"0{chr(len(number[1]))}{number[1]}", name.casefold()), name


def listed(other: Counter[str]) -> str:
    """1 link, 2 pipes."""
    kinds = [kind for kind in _PLURALS if other[kind]]
    return ", ".join(f"{other[kind]} {kind if other[kind] == 1 else _PLURALS[kind]}" for kind in kinds)


def student_members(opened: zipfile.ZipFile, other: Counter[str]) -> list[tuple[zipfile.ZipInfo, str]] | None:
    """What is to be marked of it: the workbooks, if there are any; None where it is a workbook. Raises BrokenZip."""
    if is_workbook(opened):
        return None
    passed: Counter[str] = Counter()
    members = members_of(opened, passed)
    if not members:
        found = listed(passed)
        raise BrokenZip("the zip holds no file" + (f", only {found}" if found else ""))
    if len(members) > MAX_PACKED:
        raise BrokenZip(f"the zip holds more than {MAX_PACKED} files; hand in the workbook itself")
    workbooks = [each for each in members if each[1].casefold().endswith(_WORKBOOKS)]
    if workbooks:
        passed[BESIDE] += len(members) - len(workbooks)
    other.update(+passed)
    return workbooks or members


def is_workbook(opened: zipfile.ZipFile) -> bool:
    """Whether a zip is one of those that office programs save (OpenDocument, Numbers), whatever it is called."""
    names = {spelled(info) for info in opened.infolist()[:MAX_PACKED]}
    return bool(names & {"[Content_Types].xml", "mimetype", "Index/Document.iwa"})


def members_of(opened: zipfile.ZipFile, other: Counter[str]) -> list[tuple[zipfile.ZipInfo, str]]:
    """The files of a zip with their names, in the order in which a folder is gone through; the rest is counted."""
    found: dict[str, zipfile.ZipInfo] = {}
    for info in opened.infolist():
        name = "/".join(part for part in spelled(info).split("/") if part not in ("", "."))
        folders, hidden = name.split("/")[:-1], [part.startswith(HIDDEN) for part in name.split("/")]
        if info.is_dir() or not name:
            continue
        if leads_out(info):
            other[LEADS_OUT] += 1
        elif any(hidden):
            other["hidden file"] += 1
        elif is_link(info):
            other["link"] += 1
        elif len(folders) > MAX_DEPTH:
            other[f"folder more than {MAX_DEPTH} deep"] += 1
        else:
            if name in found:
                other[TWICE] += 1
            found[name] = info  # the last, as unpacking leaves it
    return [(found[name], name) for name in sorted(found, key=_depth_first)]


def _depth_first(name: str) -> tuple[object, ...]:
    *folders, last = name.split("/")
    return (*((1, natural(part)) for part in folders), (0, natural(last)))
