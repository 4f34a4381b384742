"""JUnit XML, as its readers read it: lxml, and junitparser."""

from __future__ import annotations

from pathlib import Path

import pytest
from junitparser import JUnitXml
from lxml import etree

from sheetgen import api, reports
from sheetgen.records import Results
from tests import sample_class
from tests.hostile_results import ATTACKS, hostile, unmarked

ELEMENTS = {
    "correct": None,
    "wrong": "failure",
    "follow-through": "failure",
    "unreadable": "error",
    "blank": "skipped",
    "for-a-person": "skipped",
}


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Results:
    folder = tmp_path_factory.mktemp("sample")
    sample_class.make(folder)
    return api.verify("alexnet", [folder])


def written(results: Results, folder: Path) -> bytes:
    target = folder / "report.xml"
    assert reports.write("junit", results, reports.Asked(target)).to_print == ()
    return target.read_bytes()


def test_a_suite_for_each_submission_and_a_case_for_each_answer(sample: Results, tmp_path: Path) -> None:
    tree = etree.fromstring(written(sample, tmp_path))
    assert [suite.get("name") for suite in tree] == [each.file for each in sample.submissions]
    for suite, marked in zip(tree, sample.submissions, strict=True):
        cases = suite.findall("testcase")
        if marked.status == "unmarked":
            (case,) = cases
            assert case[0].tag == "error"
            assert case[0].get("message") == marked.reason
            continue
        assert len(cases) == len(marked.answers)
        for case, answer in zip(cases, marked.answers, strict=True):
            assert f"{case.get('classname')}.{case.get('name')}" == f"alexnet.{answer.id}"
            assert [child.tag for child in case] == ([ELEMENTS[answer.status]] if ELEMENTS[answer.status] else [])
    names = {(case.get("classname"), case.get("name")) for case in tree[0].findall("testcase")}
    assert {("alexnet.conv1", "parameters"), ("alexnet.question", "8"), ("alexnet.question", "7.fc6.bias")} <= names
    assert {child.tag for child in tree.iter() if isinstance(child.tag, str)} >= {"failure", "error", "skipped"}


def test_every_status_has_its_element(tmp_path: Path) -> None:
    (marked,) = hostile().submissions
    cases = etree.fromstring(written(hostile(), tmp_path)).findall("testsuite/testcase")
    assert {answer.status for answer in marked.answers} == set(ELEMENTS)
    for case, answer in zip(cases, marked.answers, strict=True):
        assert [child.tag for child in case] == ([ELEMENTS[answer.status]] if ELEMENTS[answer.status] else [])


def test_the_counts_are_those_of_the_elements(sample: Results, tmp_path: Path) -> None:
    tree = etree.fromstring(written(sample, tmp_path))
    for part in (tree, *tree):
        found = {
            name: str(len(list(part.iter(tag))))
            for name, tag in (("tests", "testcase"), ("failures", "failure"), ("errors", "error"))
        }
        found["skipped"] = str(len(list(part.iter("skipped"))))
        assert {name: part.get(name) for name in found} == found
    assert int(tree.get("failures", "")) > 0


def test_another_reader_reads_the_same(sample: Results, tmp_path: Path) -> None:
    target = tmp_path / "report.xml"
    target.write_bytes(written(sample, tmp_path))
    read = JUnitXml.fromfile(str(target))
    answers = [answer for marked in sample.submissions for answer in marked.answers]
    assert read.tests == len(answers) + 1  # and the file that cannot be read
    wrong = [answer for answer in answers if answer.status in ("wrong", "follow-through")]
    results = [(case.name, result.message) for suite in read for case in suite for result in case.result]
    for answer in wrong:
        said = [message for name, message in results if answer.id.endswith(name) and answer.feedback in message]
        assert said, answer.id


def test_no_time_and_no_host_so_that_equal_results_give_equal_bytes(sample: Results, tmp_path: Path) -> None:
    first, second = written(sample, tmp_path), written(sample, tmp_path)
    assert first == second
    for name in (b"timestamp", b"hostname", b"time="):
        assert name not in first


def test_whatever_was_typed_is_text(tmp_path: Path) -> None:
    results = Results("alexnet", (*hostile(2).submissions, *map(unmarked, ATTACKS)))
    data = written(results, tmp_path)
    tree = etree.fromstring(data, etree.XMLParser(resolve_entities=False))  # raises where it is no XML 1.0
    assert {element.tag for element in tree.iter()} == {
        "testsuites",
        "testsuite",
        "properties",
        "property",
        "testcase",
        "failure",
        "error",
        "skipped",
    }
    assert int(tree.get("tests", "")) == 2 * (len(ATTACKS) + 3) + len(ATTACKS)
    text = data.decode()
    assert "##[" not in text
    assert not any(line.lstrip().startswith("::") for line in text.splitlines())
