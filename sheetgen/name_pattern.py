"""The pattern of file names that an instructor gives, such as ``{id}_{name}.xlsx``: whose file is it by its name?

A pattern is no regular expression. ``{id}`` and ``{name}`` stand for some of a name, ``*`` for any of it or nothing,
a slash for that of a folder; all else stands for itself, in capitals or not. It is held against the end of a path,
without the mark of a copy. A name such as 4711-1 has none that is sure: it is an id as often. This room must not know
what a roster, a platform or a workbook is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from .errors import UsageError, did_you_mean

FIELDS = ("id", "name")
MAX_PIECES = 4  # fields and stars between two slashes: names are strangers', and each piece multiplies the time
_WORDS = "copy|copie|copia|cópia|kopie|kopi|kopia|kopio|kopya|копия|副本|コピー"
# What programs put behind the name of a second file: browsers (1), Windows - Copy and - Copy (2), Macs copy and copy 2.
_BEHIND_DASH = rf" [-–—] (?:{_WORDS})(?: \([0-9]{{1,2}}\))?| ?\([0-9]{{1,2}}\)"
MARK_OF_COPY = rf"(?:{_BEHIND_DASH}| (?:{_WORDS})(?: [0-9]{{1,2}})?)"
_COPY = re.compile(rf"{MARK_OF_COPY}+(?=(?:\.[^.]*)?\Z)", re.IGNORECASE)
_COPY_OF_NAME = re.compile(rf"(?:{_BEHIND_DASH})+(?=(?:\.[^.]*)?\Z)", re.IGNORECASE)  # Kopie may be one's last name
_PIECE = re.compile(r"\{([^{}]*)\}|(\*+)|([^{}*]+)|(.)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class NamePattern:
    """A pattern, read: for each part of a path one expression that prefers short names, and one for long ones."""

    text: str
    short: tuple[re.Pattern[str], ...]
    long: tuple[re.Pattern[str], ...]

    def match(self, path: str) -> dict[str, str] | None:
        """What the fields stand for in ``path``; None where it is another name, or can be read in several ways."""
        found = self._match(self.short, path)
        return found if found is not None and found["id"] == (self._match(self.long, path) or found)["id"] else None

    def is_ambiguous(self, path: str) -> bool:
        """Whether the pattern fits, but does not say where the id ends."""
        return self.match(path) is None and self._match(self.short, path) is not None

    def _match(self, parts: tuple[re.Pattern[str], ...], path: str) -> dict[str, str] | None:
        names = path.split("/")[-len(parts) :]
        if len(names) < len(parts):
            return None
        if "(" not in self.text:
            copy = _COPY_OF_NAME if "{name}" in self.text else _COPY
            names[-1] = copy.sub("", names[-1])  # which belongs to no id and no name
        found: dict[str, str] = {}
        for part, name in zip(parts, names, strict=True):
            if (fits := part.fullmatch(name)) is None:
                return None
            found |= {field: text.strip() for field, text in fits.groupdict().items()}
        return found if found.get("id") else None


def parse(text: str) -> NamePattern:
    """Raises UsageError where ``text`` is no pattern."""
    names = text.replace("\\", "/").split("/")
    if text.count("{id}") != 1:
        often = "more than one {id}" if "{id}" in text else "no {id}"
        raise _wrong(text, f"it has {often}; write one where the student's id stands, such as {{id}}_{{name}}.xlsx")
    if text.count("{name}") > 1:
        raise _wrong(text, "it has more than one {name}")
    if any(name in ("", ".", "..") for name in names):
        raise _wrong(text, "write it as the end of a path, such as submissions/{id}/*.xlsx, without . and ..")
    pieces = [list(_pieces(text, name)) for name in names]
    short = tuple(re.compile(_expression(name, "?"), re.IGNORECASE | re.DOTALL) for name in pieces)
    long = tuple(re.compile(_expression(name, ""), re.IGNORECASE | re.DOTALL) for name in pieces)
    return NamePattern(text, short, long)


def _pieces(text: str, name: str) -> Iterator[str]:
    """``{id}``, ``*`` and what stands for itself, one after the other."""
    last, many = "", 0
    for field, star, plain, odd in _PIECE.findall(name):
        if odd or (not field and not star and not plain):
            raise _wrong(text, "a brace belongs to {id} or {name}, and to nothing else")
        if field and field not in FIELDS:
            raise _wrong(text, f"there is no field {{{field}}}{did_you_mean(field, FIELDS)}")
        piece = f"{{{field}}}" if field else "*" if star else plain
        if last and not plain and last[0] in "{*":
            raise _wrong(text, f"nothing stands between {last} and {piece}, so that nobody can tell where one ends")
        many += not plain
        if many > MAX_PIECES:
            raise _wrong(text, f"it has more than {MAX_PIECES} of {{id}}, {{name}} and * in {name!r}")
        yield piece
        last = "" if plain else piece


def _expression(pieces: list[str], lazily: str) -> str:
    """As a regular expression. An id does not hold the character that stands before or after it in the pattern."""
    found = []
    for at, piece in enumerate(pieces):
        if piece == "{id}":
            before = pieces[at - 1][-1:] if at else ""
            after = pieces[at + 1][:1] if at + 1 < len(pieces) else ""
            limits = "".join(re.escape(each) for each in dict.fromkeys(before + after) if not each.isalnum())
            found.append(f"(?P<id>[^/{limits}]+{lazily})")
        elif piece == "{name}":
            found.append(f"(?P<name>[^/]+{lazily})")
        else:
            found.append(f"[^/]*{lazily}" if piece == "*" else re.escape(piece))
    return "".join(found)


def _wrong(text: str, why: str) -> UsageError:
    return UsageError(f"--names {text}: {why}")
