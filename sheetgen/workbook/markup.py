"""Where the elements of an XML part stand in its bytes, and edits that leave every other byte as it was.

A tree that is written out again keeps what XML says and loses how it was said: quotes, entities, line ends, empty tags,
the order of namespaces. Here new bytes are put between the old ones instead.

Must not know: sheets, cells, or what any element is for.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from xml.parsers import expat

from .archive import NAMESPACES, BrokenPackage

_TAG = re.compile(rb"<([^\s/>]+)(?:[^>\"']|\"[^\"]*\"|'[^']*')*>")
_ATTRIBUTE = re.compile(rb"\s+([^\s=/>]+)\s*=\s*(?:\"[^\"]*\"|'[^']*')")
_BOUND = re.compile(r"\sxmlns:([^\s=]+)\s*=\s*([\"'])(.*?)\2")
_DECLARED = re.compile(rb"<\?xml[^>]*?encoding\s*=\s*[\"']([A-Za-z][A-Za-z0-9._-]*)[\"']")
_BOMS = ((codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"), (b"<\0", "utf-16-le"))


@dataclass(slots=True)
class Element:
    """An element by the places of its bytes: the start tag is ``start:inner``, the end tag ``closing:end``."""

    name: str  # without its prefix; "" in a namespace that was not asked for
    attributes: Mapping[str, str]  # those with a prefix as "namespace}name"
    start: int
    inner: int
    closing: int = 0  # with <a/>, where closing == inner == end
    end: int = 0
    children: list[Element] = field(default_factory=list)

    def child(self, name: str) -> Element | None:
        return next((child for child in self.children if child.name == name), None)


Keep = Callable[[Element, str, Mapping[str, str]], bool]


class Markup:
    """One part, read once; ``replace``, ``insert`` and ``change`` gather the edits and ``done`` makes them.

    ``keep(parent, name, attributes)`` says which elements are wanted: of a million cells only a few. What is inside an
    unwanted one is not asked about. By default the root and its children are. Raises BrokenPackage.
    """

    def __init__(
        self, data: bytes, part: str, keep: Keep | None = None, namespaces: Collection[str] = NAMESPACES
    ) -> None:
        self._part, self._keep, self._namespaces = part, keep, namespaces
        self._encoding = encoding_of(data)
        try:
            # expat counts bytes, so it is given the very bytes that are cut: UTF-8, whatever the part is in
            self.text = data.decode(self._encoding).encode()
            whole = self._encoded(self.text) == data
        except (UnicodeError, LookupError):
            whole = False
        if not whole:
            raise BrokenPackage(f"the part {part} is damaged XML (its characters are not {self._encoding})")
        self._edits: list[tuple[int, int, bytes]] = []
        self._open: list[Element] = []
        self._unwanted = 0
        self.root = Element("", {}, 0, 0)
        self.namespace = ""  # the root's
        self._parse()

    def replace(self, start: int, end: int, new: bytes) -> None:
        self._edits.append((start, end, new))

    def insert(self, at: int, new: bytes) -> None:
        """Put ``new`` before the byte ``at``, behind what was put there earlier."""
        self._edits.append((at, at, new))

    def change(self, element: Element, attributes: Mapping[str, str | None]) -> None:
        """Set these attributes of an element or, for None, remove them."""
        end = b"/>" if self.is_empty_tag(element) else b">"
        self.replace(element.start, element.inner, self._opening(element, attributes) + end)

    def append(self, element: Element, new: bytes, attributes: Mapping[str, str | None] | None = None) -> None:
        """Put ``new`` behind all that is in an element, which may be <a/>, and set these attributes of it."""
        if self.is_empty_tag(element):
            self.replace(element.start, element.end, self.rewritten(element, attributes or {}, new))
            return
        if attributes:
            self.change(element, attributes)
        self.insert(element.closing, new)

    def done(self) -> bytes:
        """The part with its edits, in the encoding that it had."""
        pieces, last = [], 0
        for start, end, new in sorted(self._edits, key=lambda edit: edit[:2]):
            assert start >= last, "two edits of the same bytes"
            pieces += [self.text[last:start], new]
            last = end
        pieces.append(self.text[last:])
        return self._encoded(b"".join(pieces))

    def _encoded(self, text: bytes) -> bytes:
        return text.decode().encode(self._encoding, "xmlcharrefreplace")

    # -- pieces of text to put in

    def is_empty_tag(self, element: Element) -> bool:
        """<a/>, into which nothing can be put: it has to be written anew."""
        return self.text[element.inner - 2 : element.inner] == b"/>"

    def whole(self, element: Element) -> bytes:
        return self.text[element.start : element.end]

    def prefix(self, element: Element) -> bytes:
        """What stands before the names in ``element``'s namespace, its colon with it: b"x:" or b""."""
        name = self._name(element)
        return name[: name.find(b":") + 1]

    def rewritten(self, element: Element, attributes: Mapping[str, str | None], content: bytes) -> bytes:
        """The element with these attributes set or, for None, removed, and this content."""
        return self._opening(element, attributes) + b">" + content + b"</" + self._name(element) + b">"

    def altered(self, element: Element, attributes: Mapping[str, str | None]) -> bytes:
        """The element with these attributes set or, for None, removed, and the content that it has."""
        end = b"/>" if self.is_empty_tag(element) else b">" + self.text[element.inner : element.end]
        return self._opening(element, attributes) + end

    def bound(self, namespaces: Collection[str]) -> str | None:
        """A prefix that the root binds to one of these namespaces."""
        declared = _BOUND.findall(self.text[self.root.start : self.root.inner].decode())
        return next((prefix for prefix, _, namespace in declared if namespace in namespaces), None)

    def _opening(self, element: Element, attributes: Mapping[str, str | None]) -> bytes:
        """The start tag without its end."""
        todo = {name.encode(): value for name, value in attributes.items()}

        def changed(match: re.Match[bytes]) -> bytes:
            if match[1] not in todo:
                return match[0]
            value = todo.pop(match[1])
            return b"" if value is None else b" " + attribute(match[1], value)

        name = self._name(element)
        rest = self.text[element.start + 1 + len(name) : element.inner - 1].removesuffix(b"/")
        rest = _ATTRIBUTE.sub(changed, rest)
        added = b"".join(b" " + attribute(name, value) for name, value in todo.items() if value is not None)
        return b"<" + name + rest.rstrip() + added

    def _name(self, element: Element) -> bytes:
        match = _TAG.match(self.text, element.start)
        assert match is not None
        return match[1]

    # -- reading

    def _parse(self) -> None:
        parser = expat.ParserCreate("UTF-8", "}")
        parser.StartDoctypeDeclHandler = self._doctype
        parser.StartElementHandler = lambda name, attributes: self._start(parser, name, attributes)
        parser.EndElementHandler = lambda _: self._end(parser)
        try:
            parser.Parse(self.text, True)
        except expat.ExpatError as error:
            raise BrokenPackage(f"the part {self._part} is damaged XML ({error})") from error

    def _doctype(self, *_: object) -> None:
        raise BrokenPackage(f"the part {self._part} has a DTD, which no workbook needs")

    def _start(self, parser: expat.XMLParserType, tag: str, attributes: dict[str, str]) -> None:
        if self._unwanted:
            self._unwanted += 1
            return
        namespace, _, name = tag.rpartition("}")
        name = name if namespace in self._namespaces else ""
        if self._open and not self._wants(name, attributes):
            self._unwanted = 1
            return
        match = _TAG.match(self.text, parser.CurrentByteIndex)
        assert match is not None
        element = Element(name, attributes, match.start(), match.end())
        if self._open:
            self._open[-1].children.append(element)
        else:
            self.root, self.namespace = element, namespace
        self._open.append(element)

    def _wants(self, name: str, attributes: Mapping[str, str]) -> bool:
        return len(self._open) == 1 if self._keep is None else self._keep(self._open[-1], name, attributes)

    def _end(self, parser: expat.XMLParserType) -> None:
        if self._unwanted:
            self._unwanted -= 1
            return
        element = self._open.pop()
        if self.is_empty_tag(element):
            element.closing = element.end = element.inner
        else:
            element.closing = parser.CurrentByteIndex
            element.end = self.text.index(b">", element.closing) + 1


def encoding_of(data: bytes) -> str:
    for start, encoding in _BOMS:
        if data.startswith(start):
            return encoding
    if data.startswith(b"\0<"):
        return "utf-16-be"
    declared = _DECLARED.search(data[:200])
    return declared[1].decode().lower() if declared else "utf-8"


def escaped(text: str) -> bytes:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").encode()


def attribute(name: bytes, value: str) -> bytes:
    return name + b'="' + escaped(value).replace(b'"', b"&quot;") + b'"'
