"""JUnit XML: a test suite for each submission, a test case for each answer, as CI systems show them.

Wrong and follow-through are failures, what cannot be read is an error, blank and what a person marks is skipped. A file
that cannot be marked is a suite with one error. There is no time and no host in it: equal results give equal bytes.
"""

from __future__ import annotations

import io
from collections import Counter
from xml.etree import ElementTree as Tree

from ..harmless import printable
from ..marking import Answer, Marked, Status
from ..records import Results
from . import Asked
from ._said import MOST, split, told, where, whose

SUFFIX = ".xml"
_ELEMENTS: dict[Status, str] = {
    "wrong": "failure",
    "follow-through": "failure",
    "partly": "failure",
    "unreadable": "error",
    "blank": "skipped",
    "for-a-person": "skipped",
}
_COUNTED = {"failure": "failures", "error": "errors", "skipped": "skipped"}


def render(results: Results, asked: Asked) -> bytes:  # noqa: ARG001 - every report's signature
    suites, counts = io.BytesIO(), Counter[str]()
    for marked in results.submissions:
        suite, of_suite = _suite(results.coursework, marked)
        counts += of_suite
        suites.write(Tree.tostring(suite, encoding="utf-8") + b"\n")
    outer = Tree.Element("testsuites", {"name": printable(results.coursework), **_attributes(counts)})
    outer.text = "\n"
    begin, end = Tree.tostring(outer, encoding="utf-8").split(b"\n")  # the counts are known last, and stand first
    return b"".join((b'<?xml version="1.0" encoding="UTF-8"?>\n', begin, b"\n", suites.getvalue(), end, b"\n"))


def _attributes(counts: Counter[str]) -> dict[str, str]:
    return {name: str(counts[name]) for name in ("tests", "failures", "errors", "skipped")}


def _suite(coursework: str, marked: Marked) -> tuple[Tree.Element, Counter[str]]:
    suite = Tree.Element("testsuite", {"name": whose(marked)})
    properties = Tree.SubElement(suite, "properties")
    for name, value in (
        ("file", printable(marked.file, 1000)),
        ("score", f"{marked.score:g}"),
        ("max_score", f"{marked.max_score:g}"),
        ("open", f"{marked.open:g}"),
    ):
        Tree.SubElement(properties, "property", {"name": name, "value": value})
    counts = Counter[str]()
    if marked.status == "unmarked":
        case = Tree.SubElement(suite, "testcase", {"classname": printable(coursework), "name": "the file can be read"})
        _result(case, "error", "unmarked", printable(marked.reason or "", MOST), counts)
        counts["tests"] += 1
    for answer in marked.answers:
        layer, quantity = split(answer.id)
        about = {"classname": printable(f"{coursework}.{layer}"), "name": printable(quantity)}
        case = Tree.SubElement(suite, "testcase", about)
        counts["tests"] += 1
        if element := _ELEMENTS.get(answer.status):
            _result(case, element, answer.status, _message(answer), counts)
    for name, count in _attributes(counts).items():
        suite.set(name, count)
    return suite, counts


def _message(answer: Answer) -> str:
    at = where(answer)
    return f"{at}: {told(answer)}" if at else told(answer)


def _result(case: Tree.Element, element: str, kind: str, message: str, counts: Counter[str]) -> None:
    """``message`` as attribute, which lists show, and as text, which those show that open a case."""
    about = {"message": message} if element == "skipped" else {"message": message, "type": kind}
    found = Tree.SubElement(case, element, about)
    if element != "skipped":
        found.text = message
    counts[_COUNTED[element]] += 1
