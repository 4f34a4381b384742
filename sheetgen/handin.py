"""Who handed in a file, and when, as far as that is known: plain data, for folders, results and reports alike.

Nothing here is a guess: an id comes from a learning platform's own naming, from a pattern that the instructor gave,
from the Student cell of the workbook, or from a row of the roster that one of those names exactly.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

Platform = Literal["", "moodle", "canvas", "gradescope"]
How = Literal["", "roster", "moodle", "canvas", "gradescope", "file name", "Student cell"]


@dataclass(frozen=True, slots=True)
class HandIn:
    """Who handed in one file. ``id`` is empty where nobody knows; ``how`` says where it comes from."""

    id: str = ""  # the roster's, else what the platform, the file's name or the Student cell gives
    name: str = ""
    email: str = ""
    how: How = ""
    platform: Platform = ""
    platform_id: str = ""  # Moodle's participant, Canvas's user, whatever id the roster has for the student
    late: bool = False
    time: str = ""  # when, as 2026-06-01T09:00:00; where two files are of one student, the later counts
    order: int = 0  # the platform's own number of the upload: a later one is larger

    @property
    def shown(self) -> str:
        """The student, as people call them."""
        return self.name or self.id


NOBODY = HandIn()


@dataclass(frozen=True, slots=True)
class File:
    """A file to mark: what results call it, where its bytes are, and what its name says of who handed it in."""

    shown: str  # its path; of a zip's member the zip's path, a slash, and its name inside
    path: Path  # the file, or the zip that holds it
    member: str = ""  # its name inside the zip, as the zip spells it
    hand_in: HandIn = NOBODY
    inner: str = ""  # where that member is a zip that a student packed: the name inside of it
