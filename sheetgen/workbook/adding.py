"""Parts that are added to a package: free names for them, and the lists that say what they are and who reads them.

Must not know: what is in the parts.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from .markup import Markup, attribute
from .package import Package

CONTENT_TYPES = "[Content_Types].xml"
TYPES = "http://schemas.openxmlformats.org/package/2006/content-types"
RELATIONSHIPS = "http://schemas.openxmlformats.org/package/2006/relationships"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
OFFICE_STRICT = "http://purl.oclc.org/ooxml/officeDocument/relationships"
HEAD = b'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_NUMBERED = re.compile(r"rId([0-9]{1,9})", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Relationship:
    """One line of a part's list of those that it names."""

    identifier: str
    kind: str
    target: str


class Additions:
    """New parts and new bytes of old ones, gathered; ``parts`` gives them all, with the lists of the package."""

    def __init__(self, package: Package, strict: bool) -> None:
        self.package = package
        self.office = OFFICE_STRICT if strict else OFFICE
        self.new: dict[str, bytes | None] = {}
        self._types: dict[str, str] = {}
        self._related: dict[str, list[Relationship]] = {}
        self._last: dict[str, int] = {}  # the highest number of an identifier, by part

    def name(self, pattern: str) -> str:
        """``xl/comments{}.xml`` with the first number that is free."""
        number = 1
        while (name := pattern.format(number)) in self._types or self.package.find(name) is not None:
            number += 1
        return name

    def add(self, name: str, content: bytes, content_type: str) -> None:
        """A part with a name of ``name``'s."""
        self.new[name] = content
        self._types[name] = content_type

    def relate(self, part: str, kind: str, target: str) -> str:
        """Let ``part`` name ``target`` as its ``kind`` ("comments"); the identifier that it has there."""
        if part not in self._last:
            listed = self._relationships(part).root.children if self.package.find(_rels(part)) else []
            numbers = [_NUMBERED.fullmatch(each.attributes.get("Id") or "") for each in listed]
            self._last[part] = max((int(match[1]) for match in numbers if match is not None), default=0)
        self._last[part] += 1
        identifier = f"rId{self._last[part]}"
        self._related.setdefault(part, []).append(Relationship(identifier, f"{self.office}/{kind}", f"/{target}"))
        return identifier

    def parts(self) -> Mapping[str, bytes | None]:
        """Everything that changes in the package."""
        found = dict(self.new)
        for part, related in self._related.items():
            rels = _rels(part)
            if self.package.find(rels) is None:
                found[rels] = relationships(related)
                continue
            markup = self._relationships(part)
            prefix = markup.prefix(markup.root)
            markup.append(markup.root, b"".join(_as_xml(prefix, each) for each in related))
            found[rels] = markup.done()
        if self._types:
            listing = self.package.find(CONTENT_TYPES) or CONTENT_TYPES
            markup = Markup(self.package.part(listing), listing, namespaces=(TYPES,))
            prefix = markup.prefix(markup.root)
            markup.append(markup.root, b"".join(_typed(prefix, *each) for each in self._types.items()))
            found[listing] = markup.done()
        return found

    def _relationships(self, part: str) -> Markup:
        return Markup(self.package.part(_rels(part)), _rels(part), namespaces=(RELATIONSHIPS,))


def relationships(related: Iterable[Relationship]) -> bytes:
    """The part that holds these."""
    listed = b"".join(_as_xml(b"", each) for each in related)
    return HEAD + b"<Relationships %b>%b</Relationships>" % (attribute(b"xmlns", RELATIONSHIPS), listed)


def content_types(types: Mapping[str, str]) -> bytes:
    """The list of a package that has these parts."""
    default = b'<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    listed = b"".join(_typed(b"", *each) for each in types.items())
    return HEAD + b"<Types %b>%b%b</Types>" % (attribute(b"xmlns", TYPES), default, listed)


def _rels(part: str) -> str:
    folder, _, name = part.rpartition("/")
    return f"{folder}/_rels/{name}.rels".lstrip("/")


def _as_xml(prefix: bytes, of: Relationship) -> bytes:
    pairs = ((b"Id", of.identifier), (b"Type", of.kind), (b"Target", of.target))
    return b"<%bRelationship %b/>" % (prefix, b" ".join(attribute(*pair) for pair in pairs))


def _typed(prefix: bytes, name: str, content_type: str) -> bytes:
    pairs = ((b"PartName", f"/{name}"), (b"ContentType", content_type))
    return b"<%bOverride %b/>" % (prefix, b" ".join(attribute(*pair) for pair in pairs))
