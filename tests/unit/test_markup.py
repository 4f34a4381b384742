"""Edits between the bytes of an XML part: what is not edited stays, in every encoding and manner of writing."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from sheetgen.workbook.archive import MAIN, STRICT, BrokenPackage
from sheetgen.workbook.markup import Element, Markup, escaped

ODD = (
    '<?xml version="1.0"{} standalone=\'yes\'?>\r\n<!-- <c> --><?pi <c>?><x:sheet xmlns:x="{}" a=">" b=\'"/>\'>'
    '<x:one\n a = \'1\'\tb="2" /><![CDATA[<x:two>]]><x:two c="&lt;&#10;é">é&amp;<x:in/>→</x:two\n><other/></x:sheet >'
    "<!-- é -->\n"
)


def odd(encoding: str = "", namespace: str = MAIN) -> str:
    return ODD.format(f' encoding="{encoding}"' if encoding else "", namespace)


@pytest.mark.parametrize("namespace", [MAIN, STRICT])
@pytest.mark.parametrize(
    ("encoding", "codec", "bom"),
    [
        ("", "utf-8", b""),
        ("UTF-8", "utf-8", b""),
        ("utf-8", "utf-8", b"\xef\xbb\xbf"),
        ("UTF-16", "utf-16-le", b"\xff\xfe"),
        ("UTF-16", "utf-16-be", b"\xfe\xff"),
        ("UTF-16LE", "utf-16-le", b""),
        ("UTF-16BE", "utf-16-be", b""),
    ],
)
def test_edits_in_every_encoding(encoding: str, codec: str, bom: bytes, namespace: str) -> None:
    text = odd(encoding, namespace)
    data = bom + text.encode(codec)
    markup = Markup(data, "part")
    assert markup.done() == data
    assert [child.name for child in markup.root.children] == ["one", "two", ""]
    one, two, _ = markup.root.children
    assert (one.attributes, two.attributes) == ({"a": "1", "b": "2"}, {"c": "<\né"})
    assert (markup.is_empty_tag(one), markup.is_empty_tag(two)) == (True, False)
    assert markup.prefix(one) == b"x:"
    assert markup.whole(two).decode() == '<x:two c="&lt;&#10;é">é&amp;<x:in/>→</x:two\n>'
    markup.change(one, {"a": None, "b": 'q"&ü', "n": "3"})
    markup.insert(two.start, b"<x:new/>")
    markup.insert(two.start, b"<x:newer/>")
    markup.replace(two.inner, two.closing, "ü".encode())
    expected = text.replace("<x:one\n a = '1'\tb=\"2\" />", '<x:one b="q&quot;&amp;ü" n="3"/>')
    expected = expected.replace("<x:two c", "<x:new/><x:newer/><x:two c")
    assert markup.done() == bom + expected.replace("é&amp;<x:in/>→", "ü").encode(codec)


def test_what_an_encoding_lacks_is_written_as_a_number() -> None:
    data = '<?xml version="1.0" encoding="iso-8859-1"?><a>é</a>'.encode("iso-8859-1")
    markup = Markup(data, "part", namespaces=("",))
    markup.insert(markup.root.closing, "→".encode())
    assert markup.done() == data.replace(b"</a>", b"&#8594;</a>")


def test_only_what_is_kept_is_asked_about() -> None:
    asked: list[tuple[str, str]] = []

    def keep(parent: Element, name: str, _: object) -> bool:
        asked.append((parent.name, name))
        return name == "b"

    markup = Markup(b"<a><b><c><b/></c><b/></b><d><b/></d></a>", "part", keep, ("",))
    assert asked == [("a", "b"), ("b", "c"), ("b", "b"), ("a", "d")]
    assert [len(child.children) for child in markup.root.children] == [1]


def test_an_empty_tag_is_written_anew_around_its_content() -> None:
    markup = Markup(b"<a x='1' /><!-- -->", "part", namespaces=("",))
    assert markup.rewritten(markup.root, {"x": None, "y": "<"}, b"t") == b'<a y="&lt;">t</a>'


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"<a><b></a>", "damaged XML"),
        (b"", "damaged XML"),
        (b"<a>\xff</a>", "its characters are not utf-8"),
        (b'<?xml version="1.0" encoding="nonsense"?><a/>', "its characters are not nonsense"),
        (b'<?xml version="1.0" encoding="utf-16"?><a/>', "its characters are not utf-16"),
        (b"<u:a/>", "damaged XML"),
        (b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', "has a DTD"),
        ("<!DOCTYPE a><a/>".encode("utf-16"), "has a DTD"),
    ],
)
def test_damaged_parts(data: bytes, says: str) -> None:
    with pytest.raises(BrokenPackage, match=says):
        Markup(data, "part")


@settings(deadline=None)
@given(st.text(st.characters(exclude_categories=["Cs", "Cc"])))
def test_text_is_escaped(text: str) -> None:
    data = b'<a b="1">' + escaped(text) + b"</a>"
    assert (etree.fromstring(data).text or "") == text
    markup = Markup(data, "part", namespaces=("",))
    markup.change(markup.root, {"b": text})
    assert etree.fromstring(markup.done()).get("b") == text
