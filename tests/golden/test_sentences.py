"""No sentence of a shipped coursework types a number that nothing holds: it is computed, or it is the paper's.

A number of four or more digits in errata, notes, comments and model answers stands in braces, or in published.json.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from sheetgen.prose import pieces
from sheetgen.shipped import shipped, templates
from sheetgen.spec import load
from tests.golden.test_published import PUBLISHED
from tests.runs import run

NUMBER = re.compile(r"\d[\d,]*(?:\.\d+)?")
YEAR = re.compile(r"(?<=[a-z]{4}) (?:19|20)\d\d(?=[,)])")


def _sentences(coursework: dict[str, Any]) -> Iterator[str]:
    for key in ("errata", "notes"):
        listed = coursework.get(key, ())
        yield from [listed] if isinstance(listed, str) else listed
    for question in coursework.get("questions", ()):
        yield question.get("comment", "")
        yield question.get("answer", "") if question["kind"] == "text" else ""
        yield from (each.get("comment", "") for each in question.get("accept", ()) if isinstance(each, dict))


def typed(path: Path) -> Iterator[Fraction]:
    """The numbers of four or more digits that the sentences of a YAML type, but for years behind a name."""
    for sentence in _sentences(YAML(typ="safe", pure=True).load(path)["coursework"]):
        text = YEAR.sub("", "{}".join(piece for piece in pieces(sentence) if isinstance(piece, str)))
        for number in NUMBER.findall(text):
            if len(re.sub(r"\D", "", number)) > 3:
                yield Fraction(number.rstrip(",").replace(",", ""))


def quoted(name: str) -> set[Fraction]:
    """The figures that published.json has of a coursework's sources."""
    facts = [*PUBLISHED[name], *PUBLISHED["_printed"].get(name, ())]
    return {Fraction(str(fact["value"])) for fact in facts}


@pytest.mark.parametrize("name", shipped())
def test_each_number_is_computed_or_published(name: str) -> None:
    assert set(typed(templates() / f"{name}.yaml")) - quoted(name) == set()


@pytest.mark.parametrize("name", shipped())
def test_the_source_is_a_paper_and_a_section(name: str) -> None:
    assert re.search(r"\([^()]*(?:19|20)\d\d\),.* sections? [\dIVX]", load(name).source)


def test_the_errata_of_alexnet() -> None:
    size, neurons = load("alexnet").errata
    assert size.endswith("(224 - 11)/4 + 1 = 54.25. An output of 55 × 55 needs 227 × 227.")
    assert neurons.startswith("The paper counts 253,440 neurons")
    assert neurons.endswith(" = 290,400.")
    assert "Erratum: " + size in " ".join(run("show", "alexnet").stdout.split())
    assert load("alexnet-two-gpu").errata[2].endswith("the eight layers have 659,272.")


def test_what_is_listed_as_printed_is_quoted_and_has_a_source() -> None:
    assert PUBLISHED["_printed"].keys() <= set(shipped())
    for name, figures in PUBLISHED["_printed"].items():
        numbers = set(typed(templates() / f"{name}.yaml"))
        for figure in figures:
            assert figure.keys() == {"value", "note", "source"}
            assert figure["source"] in PUBLISHED["_sources"]
            assert Fraction(str(figure["value"])) in numbers, figure


FAULTS: dict[str, tuple[str, str, str, int | Fraction]] = {
    "a wrong digit in a paper's figure": ("alexnet-two-gpu", "253,440", "253,441", 253441),
    "a number typed that was computed": (
        "alexnet",
        "{conv1.fully_connected_parameters}",
        "44,892,355,201",
        44892355201,
    ),
    "in an erratum": ("lenet5", "340,908", "340,909", 340909),
    "a decimal": ("mobilenet-v1", "99.29", "99.28", Fraction(9928, 100)),
    "without commas": ("alexnet", "{conv1.parameters}", "34945", 34945),
    "what looks like a year and is none": ("lecun1989", "1,256 units", "1989 units", 1989),
    "in a comment that students are told": ("alexnet", "{2**10}", "1025", 1025),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_planted_number_is_found(fault: str, tmp_path: Path) -> None:
    name, right, wrong, number = FAULTS[fault]
    copy = tmp_path / f"{name}.yaml"
    shutil.copyfile(templates() / f"{name}.yaml", copy)
    text = copy.read_text(encoding="utf-8")
    assert right in text
    copy.write_text(text.replace(right, wrong, 1), encoding="utf-8")
    assert set(typed(copy)) - quoted(name) == {Fraction(number)}
