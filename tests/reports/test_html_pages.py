"""The page of a class and those of its students: what is in them, what must not be, what a browser makes of them."""

from __future__ import annotations

import base64
import hashlib
import http.server
import os
import re
import shutil
import subprocess
import sys
import threading
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from sheetgen import records
from sheetgen.api import sheet_of
from sheetgen.handin import HandIn, Platform
from sheetgen.marking import Marked
from sheetgen.records import Results
from sheetgen.reports import Asked, html, target, write
from sheetgen.reports._everybody import Withheld
from sheetgen.reports._names import own_name
from sheetgen.reports._picture import histogram
from sheetgen.sheet import Sheet, plain_number
from sheetgen.statistics import Item
from tests.class_of_six import IMAGE, NOTE, SCRIPT, SHARED, results
from tests.class_of_six import marked as marked_as
from tests.sample_class import Typed, right_answers

if TYPE_CHECKING:
    from lxml.html import HtmlElement

ASKED = Asked(Path("class.html"))
TEMPLATES = html.TEMPLATES


def parsed(page: bytes) -> HtmlElement:
    from lxml.html import document_fromstring

    return document_fromstring(page.decode("utf-8"))


def text(element: Any) -> str:
    return " ".join("".join(element.itertext()).split())


@pytest.fixture(scope="module")
def six(sheet: Sheet) -> Results:
    return results(sheet)


@pytest.fixture(scope="module")
def page(six: Results) -> bytes:
    return html.render(six, ASKED)


@pytest.fixture(scope="module")
def pages(six: Results) -> dict[str, bytes]:
    return dict(html.files(six, ASKED))


def rows(root: HtmlElement, section: str) -> list[list[str]]:
    """The cells of the tables behind a heading, row by row."""
    (part,) = root.xpath(f"//section[@aria-labelledby='{section}']")
    return [[text(cell) for cell in row.xpath("./th|./td")] for row in part.xpath(".//tr")]


# --- what is in them ------------------------------------------------------------------------------------------------


def test_the_map_shows_the_share_of_right_answers(page: bytes) -> None:
    headings, *lines = rows(parsed(page), "map")
    table = {line[0]: dict(zip(headings, line, strict=True)) for line in lines}
    # five are marked: conv1.parameters is wrong in two; conv3.neurons cannot be read in one; fc8 was left out by one
    assert table["conv1"]["Parameters"] == "60"
    assert table["conv3"]["Neurons"] == "80"
    assert table["pool1"]["Weights"] == "100"
    assert table["fc8"]["Neurons"] == "80"
    assert table["conv1"]["Kernel"] == "11"  # given
    assert table["input"]["Output width"] == ""  # a formula that follows what is typed
    found = parsed(page).xpath("//section[@aria-labelledby='map']//td[starts-with(@class, 'h')]")
    assert {(text(cell), cell.get("class")) for cell in found} == {("60", "h6"), ("80", "h8"), ("100", "h10")}


def test_shares_are_rounded_and_only_all_of_it_is_100() -> None:
    parts = (None, 0, 0.001, 0.29, 0.758, 0.754, 0.125, 0.994, 0.999, 1)
    assert [html.share(part) for part in parts] == ["–", "0", "<1", "29", "76", "75", "13", "99", ">99", "100"]
    items = [Item("a", 1, {"correct": right, "wrong": 100 - right}, None, None) for right in (0, 9, 29, 99, 100)]
    assert [html.heat(item) for item in items] == ["h0", "h0", "h2", "h9", "h10"]
    assert html.heat(None) == html.heat(Item("a", 1, {"for-a-person": 1}, None, None)) == "hx"


def test_each_blank_has_its_shares_and_indices(page: bytes) -> None:
    headings, *lines = rows(parsed(page), "items")
    blanks = {line[0]: dict(zip(headings, line, strict=True)) for line in lines}
    parameters = blanks["conv1 Parameters"]
    assert (parameters["Cell"], parameters["right"], parameters["wrong"], parameters["Facility"]) == (
        "L7", "60", "40", "60 %",
    )  # fmt: skip
    assert blanks["pool1 Weights"]["Discrimination"] == "–"  # all have it right
    assert (blanks["Question 2"]["for a person"], blanks["Question 2"]["Facility"]) == ("80", "–")
    assert blanks["Question 7 conv1 Mean"]["left blank"] == "20"
    assert blanks["conv3 Neurons"]["unreadable"] == "20"
    assert len(blanks) == 114
    low = parsed(page).xpath("//td[@class='low']")
    assert low
    assert all(text(cell).startswith("−") for cell in low)


def test_causes_and_shared_values(page: bytes) -> None:
    lines = rows(parsed(page), "causes")
    biases = next(line for line in lines if line[0] == "leaves out the biases")
    assert biases[1] == "2"
    assert biases[3] == "Parameters conv1 (2), conv2 (2), conv3 (2)"
    assert ["Question 10c", "5551", "2", "2"] in lines
    assert any(line[0] == "follows from an earlier mistake" for line in lines) is False


def test_a_wrong_choice_that_several_share_is_shown_with_its_words() -> None:
    unet = sheet_of("unet")
    typed = ("c)", "c)", "a quarter as many", "B", "B")
    class_ = [marked_as(unet, f"{n}.xlsx", HandIn(str(n)), {"question.3": each}) for n, each in enumerate(typed)]
    lines = rows(parsed(html.render(Results("unet", class_, sheet=unet), ASKED)), "causes")
    assert [line for line in lines if line[0] == "Question 3"] == [["Question 3", "C: A quarter as many.", "2", "3"]]


def test_marks(page: bytes) -> None:
    root = parsed(page)
    figures = {text(each.find("dt")): text(each.find("dd")) for each in root.xpath("//dl/div")}
    assert figures["Highest"] == "69.5 100 % of 69.5"
    assert set(figures) == {"Mean mark", "Median mark", "Standard deviation", "Lowest", "Highest"}
    out_of = "Marks are out of the 69.5 that are marked by now; up to 11 more from a person; 80.5 in all."
    assert out_of in text(root)
    assert "6 hand-ins, 1 of which could not be read. 1 is right throughout." in text(root)
    (picture,) = root.xpath("//*[local-name()='svg'][@role='img']")
    assert "90 to 100 %: 4" in picture.get("aria-label")


def test_names_stand_folded_away_at_the_end(page: bytes) -> None:
    root = parsed(page)
    (folded,) = root.xpath("//details[not(@open)]")
    inside = text(folded)
    for name in ("Ada Abel", "ben.xlsx (late)", "fay.xlsx", "nobody knows", "is no workbook", "Gus"):
        assert name in inside
    folded.getparent().remove(folded)
    outside = text(root)
    for name in ("Ada", "Ben", "ben.xlsx", "fay", "nobody knows", "is no workbook", "Gus"):
        assert name not in outside


def test_a_students_page_says_what_became_of_each_answer(pages: dict[str, bytes]) -> None:
    root = parsed(pages["students/cleo.html"])
    said = text(root)
    assert said.count("seems that it leaves out the biases") == 3
    assert "Left for a person to mark Question 2, 4 marks Question 3, 2 marks" in said
    (cell,) = root.xpath("//td[@class='no'][starts-with(., '34848')]")
    assert text(cell) == "34848 ✗"
    assert cell.find("b").get("aria-label") == "wrong"
    assert not root.xpath("//td[@class='ok']/b")
    half = text(parsed(pages["students/ben.html"]))
    assert re.search(r"57 left blank A\d+, A\d+", half)
    assert "Everything that is marked here is right." in text(parsed(pages["students/ada.html"]))
    broken = text(parsed(pages["students/fay.html"]))
    assert f"This file could not be marked. The file is {SCRIPT}." in broken


def test_without_a_sheet_there_are_still_statistics_and_sentences(six: Results) -> None:
    bare = replace(six, sheet=None)
    assert "leaves out the biases" in text(parsed(html.render(bare, ASKED)))
    found = dict(html.files(bare, ASKED))
    assert "leaves out the biases" in text(parsed(found["students/cleo.html"]))


def test_a_class_of_nobody_has_a_page() -> None:
    root = parsed(html.render(Results("alexnet", ()), ASKED))
    assert "0 hand-ins." in text(root)
    only_broken = Results("alexnet", [Marked("a.xlsx", None, "unmarked", "it is empty", 0, 1, ())])
    assert "it is empty" in text(parsed(html.render(only_broken, ASKED)))


# --- what must not be in them ---------------------------------------------------------------------------------------


def test_what_students_write_is_text(page: bytes, pages: dict[str, bytes]) -> None:
    assert len(pages) == 7
    for each in (page, *pages.values()):
        root = parsed(each)
        assert not root.xpath("//script|//img|//iframe|//object|//link|//form|//base")
        for element in root.iter():
            assert not any(name.startswith("on") or name in ("style", "src") for name in set(element.attrib)), element
        assert not re.search("[\x00-\x08\x0e-\x1f\u202e]", each.decode("utf-8"))
    assert text(parsed(page)).count(SCRIPT) >= 3
    (own,) = [root for root in map(parsed, pages.values()) if text(root.find(".//h1")) == SCRIPT]
    assert IMAGE in text(own)
    assert "\N{REPLACEMENT CHARACTER}\N{REPLACEMENT CHARACTER}12" in text(own)
    assert own.find(".//title").text.startswith(SCRIPT)


def test_a_page_holds_one_students_data_alone(pages: dict[str, bytes], six: Results) -> None:
    own = {name: data for name, data in pages.items() if name != "index.html"}
    for number, (name, data) in enumerate(own.items()):
        said = text(parsed(data))
        for other, marked in enumerate(six.submissions):
            who = marked.hand_in.name or own_name(marked.file)
            assert (who in said) == (other == number) or (number == 5 and who == SCRIPT), (name, who)
        assert "class/" not in said
        assert NOTE not in said
    assert NOTE in text(parsed(pages["index.html"]))


def test_no_right_number_is_on_a_students_page_unless_revealed(sheet: Sheet, pages: dict[str, bytes]) -> None:
    right = {str(plain_number(sheet.table.value(name))) for name in sheet.places}
    right = {number for number in right if len(number) > 4}  # which no question's text and no size gives

    def shown(page: bytes) -> set[str]:
        return set(re.findall(r"\d+", text(parsed(page)).replace(",", ""))) & right

    typed = ["34848", "614400", "884736"]  # which are weights, and right there
    ben = shown(pages["students/ben.html"])
    blank = {str(plain_number(sheet.table.value(name))) for name in sheet.places if name.startswith("fc8.")}
    assert not ben & {number for number in blank if len(number) > 4}
    assert not {"34944", "614656", "885120"} & shown(pages["students/cleo.html"])
    assert set(typed) <= shown(pages["students/cleo.html"])
    revealed = dict(html.files(results(sheet, reveal=True), ASKED))
    assert {"34944", "614656", "885120"} <= shown(revealed["students/cleo.html"])


TYPED: dict[str, Typed] = {
    "conv2.weights": "614.400",  # as thousands are written elsewhere, so that a note says how it was read
    "question.10c": 10.184,
    "conv1.parameters": "34944 or 34848",
    "conv3.neurons": "64896 neurons, 5",
    "conv4.neurons": "about 65k",
    "question.9b": "62,378,344",  # right elsewhere, and no rule gives it here
}


def test_no_right_number_is_on_the_page_of_the_class(sheet: Sheet) -> None:
    right = right_answers(sheet)
    students = [marked_as(sheet, f"{name}.xlsx", HandIn(name), {**right, **TYPED, **SHARED}) for name in "abc"]
    students += [marked_as(sheet, f"{name}.xlsx", HandIn(name), {**right, **TYPED}) for name in "de"]
    notes = {note for each in students for answer in each.answers for note in answer.notes}
    assert {"10184", "614400"} <= set(re.findall(r"\d+", " ".join(notes)))
    assert any("34944" in answer.feedback for answer in students[0].answers if answer.status == "unreadable")
    numbers = {str(plain_number(sheet.table.value(name))) for name in sheet.places} | {"10184", "62378344"}
    for of in (Results("alexnet", students, sheet=sheet), Results("alexnet", students)):
        said = text(parsed(html.render(of, ASKED)))
        shown = set(re.findall(r"\d+", re.sub(r"[.,'](?=\d)", "", said)))
        assert not shown & {number for number in numbers if len(number) > 4}
        assert "… is no whole number; if its point separates thousands, type …." in said
        assert "not shown: a number that is right in some cell" in said
    causes = rows(parsed(html.render(Results("alexnet", students, sheet=sheet), ASKED)), "causes")
    assert ["Question 10c", "5551", "3", "5"] in causes


@pytest.mark.parametrize(
    ("given", "held"),
    [("34944", True), ("34,944", True), ("34.944 parameters", True), ("34 944", True), ("34944.0", True),
     ("=34944*1", True), ("349440", False), ("5551", False), ("55 x 55 x 96", True), ("none", False), ("", False)],
)  # fmt: skip
def test_what_is_withheld(given: str, held: bool, sheet: Sheet) -> None:
    assert Withheld(sheet).holds(given) == held
    assert Withheld(None).holds(given) == any(each.isdigit() for each in given)


# --- one denominator ------------------------------------------------------------------------------------------------


def test_every_report_says_the_same_of_the_same_marks(six: Results, pages: dict[str, bytes]) -> None:
    """Ben left the texts blank that a person would mark: for him too there are 69.5 marks by now, and 80.5 in all."""
    from sheetgen.language import translations
    from sheetgen.reports._comments import comment
    from sheetgen.reports._grades import number
    from sheetgen.reports._said import score

    ada, ben = six.submissions[:2]
    assert (ada.open, ben.open) == (11, 0)
    beside = {
        replace(ada, open=4.0): "up to 4 more from a person; 80.5 in all",
        ada: "up to 11 more from a person; 80.5 in all",
        ben: "no more from a person, who has nothing to read; 80.5 in all",
    }
    for marked, rest in beside.items():
        said = f"{number(marked.score)} of 69.5 that are marked by now"
        assert score(marked, six.sheet, translations(), number) == f"Score: {said}; {rest}."
        assert f"<p>Score: {said}; {rest}.</p>" in comment(marked, sheet=six.sheet)
    for marked, name in ((ada, "ada"), (ben, "ben")):
        percent = html.share(marked.score / 69.5)
        said = f"{number(marked.score)} of 69.5 that are marked by now, {percent} %; {beside[marked]}"
        assert said in text(parsed(pages[f"students/{name}.html"]))
    names = {line[0]: line[2:4] for line in rows(parsed(pages["index.html"]), "students")}
    assert names["Student"] == ["Marks", "% of 69.5"]
    assert names["Ben Baker"] == [number(ben.score), html.share(ben.score / 69.5)]


def test_the_class_has_the_same_marks_where_all_left_the_texts_blank(six: Results) -> None:
    ben = six.submissions[1]
    for of in (replace(six, submissions=[ben]), six):
        assert "Marks are out of the 69.5 that are marked by now; up to 11 more" in text(parsed(html.render(of, ASKED)))


def test_without_marks_from_a_person_there_is_one_number(six: Results) -> None:
    from sheetgen.language import translations
    from sheetgen.reports._grades import number
    from sheetgen.reports._said import score

    whole = replace(six.submissions[0], open=0.0)
    assert score(whole, None, translations(), number) == "Score: 69.5 of 80.5."


# --- pages as pages -------------------------------------------------------------------------------------------------


def test_pages_can_be_heard(page: bytes, pages: dict[str, bytes]) -> None:
    for each in (page, *pages.values()):
        root = parsed(each)
        assert root.get("lang") == "en"
        assert [len(root.findall(f".//{name}")) for name in ("h1", "main", "header")] == [1, 1, 1]
        ids = [element.get("id") for element in root.iter() if element.get("id")]
        assert len(ids) == len(set(ids))
        for element in root.iter():
            if (label := element.get("aria-labelledby")) is not None:
                assert label in ids
        assert all(link[1:] in ids for link in root.xpath("//a/@href") if link.startswith("#"))
        assert all(th.get("scope") in ("row", "col") for th in root.iter("th"))
        for table in root.iter("table"):
            assert table.find("caption") is not None or table.getparent().get("aria-labelledby")
        for drawing in root.xpath("//*[local-name()='svg']"):
            assert drawing.get("aria-hidden") == "true" or drawing.get("aria-label")


def test_the_policy_lets_through_the_pages_own_style_and_nothing_else(page: bytes, pages: dict[str, bytes]) -> None:
    for each in (page, *pages.values()):
        root = parsed(each)
        (policy,) = root.xpath("//meta[@http-equiv='Content-Security-Policy']/@content")
        digest = base64.b64encode(hashlib.sha256(root.find(".//style").text.encode()).digest()).decode()
        assert policy == f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"


def test_links_lead_to_the_students_pages(pages: dict[str, bytes]) -> None:
    from urllib.parse import unquote

    links = parsed(pages["index.html"]).xpath("//table[@class='names']//a/@href")
    assert [unquote(link) for link in links] == [name for name in pages if name != "index.html"]
    assert not any(character in link for link in links for character in '<>" ')


def _luminance(colour: str) -> float:
    """WCAG 2.1's relative luminance of #rrggbb or #rgb."""
    digits = colour[1:] if len(colour) == 7 else "".join(2 * each for each in colour[1:])
    parts = [int(digits[i : i + 2], 16) / 255 for i in (0, 2, 4)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _contrast(one: str, other: str) -> float:
    low, high = sorted((_luminance(one), _luminance(other)))
    return (high + 0.05) / (low + 0.05)


def test_contrast() -> None:
    assert _contrast("#fff", "#000000") == pytest.approx(21)
    assert _contrast("#777", "#fff") == pytest.approx(4.48, abs=0.01)
    light, dark = (TEMPLATES / "page.css").read_text().split("prefers-color-scheme: dark")
    for scheme in (light, dark.partition("@page")[0]):
        colour = dict(re.findall(r"--([\w-]+): (#\w+);", scheme))
        for name in ("ink", "soft", "accent", "ok", "ft", "no", "un", "bl", "pe"):
            assert _contrast(colour[name], colour["paper"]) >= 4.5, name
        for name in ("ft", "no", "un", "bl", "pe"):
            assert _contrast(colour[name], colour[f"{name}-tint"]) >= 4.5, name
        assert _contrast(colour["ink"], colour["ok-tint"]) >= 4.5
    maps = re.findall(r"\.h(\d+) \{ background: (#\w+); color: (#\w+); \}", (TEMPLATES / "class.css").read_text())
    assert [int(number) for number, _, _ in maps] == [*range(11), *range(11)]
    for number, back, front in maps:
        assert _contrast(back, front) >= 4.5, (number, back)
    light_map = [_luminance(back) for _, back, _ in maps[:10]]
    assert light_map == sorted(light_map)  # in grey it is the same map


def test_german(six: Results) -> None:
    asked = replace(ASKED, language="de")
    root = parsed(html.render(six, asked))
    assert root.get("lang") == "de"
    assert "6 Abgaben, davon war 1 nicht lesbar." in text(root)
    assert "69,5" in text(root.find(".//dl"))
    student = dict(html.files(six, asked))["students/cleo.html"]
    assert "Ihre Tabelle" in text(parsed(student))
    english = set(re.findall(r"gettext\(\"([^\"]{12,})\"\)", (TEMPLATES / "class.html").read_text(encoding="utf-8")))
    assert len(english) > 20
    english -= {"Standard deviation"}  # a heading of the workbook too
    assert not [each for each in english if each in text(root)]


def test_equal_results_give_equal_bytes(six: Results, tmp_path: Path) -> None:
    (tmp_path / "six.jsonl").write_bytes(b"".join(map(records.to_line, six.submissions)))
    (tmp_path / "matplotlibrc").write_text("xtick.labelsize: 30\n")  # somebody's own taste
    code = """
import hashlib, pathlib, sys
from sheetgen import api, records
from sheetgen.reports import Asked, html
lines = pathlib.Path("six.jsonl").read_bytes().splitlines()
results = records.Results("alexnet", list(map(records.from_line, lines)), sheet=api.sheet_of("alexnet"))
asked = Asked(pathlib.Path("x"))
every = dict(html.files(results, asked))
print(hashlib.sha256(repr(every).encode()).hexdigest(), every["index.html"] == html.render(results, asked))
"""
    found = []
    for seed in "12":
        root = str(Path(__file__).parents[2])
        environment = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": root}
        done = subprocess.run(
            [sys.executable, "-c", code], cwd=tmp_path, env=environment, capture_output=True, text=True, check=True
        )
        found.append(done.stdout)
    assert found[0] == found[1]
    assert found[0].endswith("False\n")  # a single page has nothing to link to
    plain = replace(six, left_out=(), superseded=(), unknown=(), missing=())
    every = dict(html.files(plain, ASKED))
    assert found[0].split()[0] == hashlib.sha256(repr(every).encode()).hexdigest()


# --- files ----------------------------------------------------------------------------------------------------------


def named(file: str, platform: Platform = "", number: str = "") -> Marked:
    return Marked(file, None, "unmarked", "", 0, 0, (), hand_in=HandIn(platform=platform, platform_id=number))


@pytest.mark.parametrize(
    ("file", "platform", "name"),
    [
        ("a/b/ada.xlsx", "", "students/ada.html"),
        ("x.zip/doejane_123_456_hw1.xlsx", "canvas", "students/doejane_123_456_hw1.html"),
        ("x.zip/Jane Doe_12345_assignsubmission_file/hw.xlsx", "moodle",
         "Jane Doe_12345_assignsubmission_file/feedback.html"),
        ("x.zip/Jane Doe_12345_assignsubmission_file_/hw.xlsx", "moodle",
         "Jane Doe_12345_assignsubmission_file/feedback.html"),
        ("x.zip/Jane Doe_12345_assignsubmission_file_hw.xlsx", "moodle",
         "Jane Doe_12345_assignsubmission_file/feedback.html"),
        ("x/Jane Doe_12345_assignsubmission_file_hw.xlsx", "", "students/Jane Doe-12345-assignsubmission-file_hw.html"),
        ("x/..", "", "students/_.html"),
        ("a\\..\\<b>:\x01.xlsx", "", "students/_b___.html"),
        (f"{'n' * 300}.xlsx", "", f"students/{'n' * 109}_{'n' * 40}.html"),
        (f"x.zip/{'J' * 200}_12345_assignsubmission_file/hw.xlsx", "moodle",
         f"{'J' * 109}_{'J' * 12}_12345_assignsubmission_file/feedback.html"),
        ("a\u202ecod.xlsx", "", "students/acod.html"),
    ],
)  # fmt: skip
def test_names_of_pages(file: str, platform: Platform, name: str) -> None:
    assert html.page_name(named(file, platform, "12345" if platform == "moodle" else ""), set()) == name


def test_a_teams_page_is_not_sent_to_a_participant_of_the_same_number() -> None:
    team = named("x.zip/Group_77_assignsubmission_file/hw.xlsx", "moodle")
    assert html.page_name(team, set()) == "students/hw.html"
    flat = named("x.zip/Group_77_assignsubmission_file_hw.xlsx", "moodle")
    assert html.page_name(flat, set()) == "students/Group-77-assignsubmission-file_hw.html"


def test_names_that_a_file_system_takes_for_one_are_told_apart() -> None:
    taken: set[str] = set()
    files = ["a/Ada.xlsx", "b/ada.xlsx", "c/ada-2.xlsx", "d/ADA.xls", "e/ada..xlsx"]
    found = [html.page_name(named(file), taken) for file in files]
    assert found == [f"students/{name}.html" for name in ("Ada", "ada-2", "ada-2-2", "ADA-3", "ada-4")]
    moodle = "x.zip/J D_7_assignsubmission_file/{}.xlsx"
    taken = set()
    found = [html.page_name(named(moodle.format(each), "moodle", "7"), taken) for each in "ab"]
    assert found == ["J D_7_assignsubmission_file/feedback.html", "students/J D_7_assignsubmission_file-2.html"]


def test_the_target_decides_what_is_written(six: Results, page: bytes, tmp_path: Path) -> None:
    for name in ("class.html", "folder", "pages.zip"):
        kind, path = target(f"html={tmp_path / name}")
        write(kind, six, Asked(path))
    assert (tmp_path / "class.html").read_bytes() == page
    assert (tmp_path / "folder" / "students" / "cleo.html").exists()
    with zipfile.ZipFile(tmp_path / "pages.zip") as archive:
        assert sorted(archive.namelist()) == sorted(
            str(path.relative_to(tmp_path / "folder"))
            for path in (tmp_path / "folder").rglob("*.html")
        )  # fmt: skip
        assert "index.html" in archive.namelist()


def test_a_page_fills_no_disk(page: bytes, pages: dict[str, bytes]) -> None:
    assert len(page) < 120_000
    assert max(len(data) for name, data in pages.items() if name != "index.html") < 32_000


# --- the picture ----------------------------------------------------------------------------------------------------


def test_the_picture_draws_what_was_counted() -> None:
    from lxml import etree

    drawn: Any = etree.fromstring(histogram((3, 0, 6, 1), 0.7, 'how <many> "are"', "across", "up", "middle"))
    assert drawn.get("aria-label") == 'how <many> "are"'
    paths = [each.get("d", "") for each in drawn.xpath("//*[@class='bar']/*")]
    heights = []
    for path in paths:
        ys = [float(y) for _, y in re.findall(r"[ML] ([\d.]+) ([\d.]+)", path)]
        heights.append(max(ys) - min(ys))
    assert heights[1] == 0
    assert [height / heights[2] * 6 for height in heights] == pytest.approx([3, 0, 6, 1], abs=0.02)
    assert ["".join(each.itertext()) for each in drawn.xpath("//*[@class='count']")] == ["3", "6", "1"]
    (line,) = drawn.xpath("//*[@class='median']/*/@d")
    first, last = (float(path.split()[1]) for path in (paths[0], paths[3]))
    step = (last - first) / 3  # of a quarter; bars begin 0.07 of it to the right
    assert float(line.split()[1]) == pytest.approx(first - 0.07 * step + 0.7 * 4 * step, abs=0.2)
    for element in drawn.iter():
        assert not {"style", "id", "clip-path"} & set(element.attrib)
    assert not drawn.xpath("//*[local-name()='style' or local-name()='defs' or local-name()='metadata']")


# --- in a browser ---------------------------------------------------------------------------------------------------

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")
MEASURE = """<!DOCTYPE html><body><iframe style="width:390px;height:800px;border:0" src="page.html"></iframe><script>
onload = () => { const inside = document.querySelector("iframe").contentDocument.documentElement;
  document.title = "wide " + inside.scrollWidth + " of " + inside.clientWidth; };
</script>"""


class Browser:
    """Headless Chromium, to which the whole internet is one server of ours that writes down what is asked for."""

    def __init__(self, folder: Path, profile: Path) -> None:
        self.folder, self.asked_for, self.profile = folder, list[str](), profile
        asked_for = self.asked_for

        class Handler(http.server.SimpleHTTPRequestHandler):
            def __init__(self, *args: Any) -> None:
                super().__init__(*args, directory=str(folder))

            def end_headers(self) -> None:
                self.send_header("Cache-Control", "no-store")  # pages of one name follow each other within a second
                super().end_headers()

            def log_message(self, format: str, *args: Any) -> None:  # noqa: ARG002 - its own name for it
                asked_for.append(self.requestline if hasattr(self, "requestline") else "?")

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def load(self, page: bytes, name: str = "page.html", around: str = "") -> tuple[str, list[str]]:
        """The page as the browser holds it, and what its console says."""
        program = next(filter(None, map(shutil.which, BROWSERS)), None)
        assert program, "Chromium shows what a browser makes of the pages: apt install chromium"
        (self.folder / name).write_bytes(page)
        if around:
            (self.folder / "around.html").write_text(around)
        self.asked_for.clear()
        flags = [
            "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
            "--disable-component-update", "--disable-sync", "--disable-default-apps", "--disable-extensions",
            f"--user-data-dir={self.profile}", f"--host-resolver-rules=MAP example.org 127.0.0.1:{self._port}",
            "--enable-logging=stderr", "--virtual-time-budget=4000", "--dump-dom",
        ]  # fmt: skip
        address = f"http://127.0.0.1:{self._port}/{'around.html' if around else name}"
        done = subprocess.run([program, *flags, address], capture_output=True, text=True, timeout=120, check=True)
        return done.stdout, [line for line in done.stderr.splitlines() if "CONSOLE" in line]

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    made = Browser(tmp_path_factory.mktemp("served"), tmp_path_factory.mktemp("profile"))
    yield made
    made.close()


def own_requests(browser: Browser) -> list[str]:
    """Without the picture of a tab, which a browser asks every server for."""
    return [line for line in browser.asked_for if "/favicon.ico" not in line]


def hostile_page(pages: dict[str, bytes]) -> bytes:
    return next(data for name, data in pages.items() if "onerror" in name)


def test_a_browser_complains_of_nothing_and_fetches_nothing(
    browser: Browser, page: bytes, pages: dict[str, bytes]
) -> None:
    for each in (page, hostile_page(pages)):
        dom, console = browser.load(each)
        assert console == []
        assert own_requests(browser) == ["GET /page.html HTTP/1.1"]
        assert "<script" not in dom
        assert "<img" not in dom
        assert "&lt;script&gt;alert(1)" in dom


def test_the_browser_would_show_a_fault(browser: Browser, page: bytes) -> None:
    fetching = page.replace(b"</main>", b"<img src='http://example.org/x.png' alt=''></main>")
    _, console = browser.load(fetching)
    assert len(console) == 1  # which the policy forbids
    assert "Content Security Policy" in console[0]
    assert own_requests(browser) == ["GET /page.html HTTP/1.1"]
    _, console = browser.load(page.replace(b"</main>", b"<p style='color: red'>styled</p></main>"))
    assert "Content Security Policy" in console[0]
    unguarded = re.sub(rb"<meta http-equiv[^>]*>", b"", fetching)
    browser.load(unguarded)
    assert any("x.png" in line for line in own_requests(browser))


def test_nothing_overflows_on_a_phone(browser: Browser, page: bytes, pages: dict[str, bytes]) -> None:
    opened = page.replace(b"<details>", b"<details open>")
    for each in (opened, hostile_page(pages), pages["students/cleo.html"]):
        dom, _ = browser.load(each, around=MEASURE)
        assert re.search(r"<title>wide (\d+) of \1</title>", dom), re.findall("<title>.*?</title>", dom)
    wide = page.replace(b"</main>", b"<pre>" + b"x" * 200 + b"</pre></main>")
    dom, _ = browser.load(wide, around=MEASURE)
    assert not re.search(r"<title>wide (\d+) of \1</title>", dom)


def pages_on_paper(browser: Browser, page: bytes) -> int:
    (browser.folder / "print.html").write_bytes(page)
    program = next(filter(None, map(shutil.which, BROWSERS)), None)
    assert program
    pdf = browser.folder / "page.pdf"
    flags = ["--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={browser.profile}"]
    command = [program, *flags, f"--print-to-pdf={pdf}", (browser.folder / "print.html").as_uri()]
    subprocess.run(command, capture_output=True, timeout=120, check=True)
    return len(re.findall(rb"/Type /Page\b", pdf.read_bytes()))


def test_names_and_marks_come_on_paper_only_if_they_are_open(browser: Browser, page: bytes) -> None:
    without = re.sub(rb'<section class="people".*?</section>', b"", page, flags=re.DOTALL)
    opened = page.replace(b"<details>", b"<details open>")
    assert b"Ada Abel" not in without
    assert b"Ada Abel" in opened
    nothing = pages_on_paper(browser, without)
    assert nothing > 1
    assert pages_on_paper(browser, page) == nothing
    assert pages_on_paper(browser, opened) == nothing + 1  # they begin a page of their own


TABLES = """<!DOCTYPE html><body><iframe style="width:{width}px;height:800px;border:0" src="page.html"></iframe><script>
onload = () => {{ const page = document.querySelector("iframe").contentDocument;
  const right = each => Math.round(each.getBoundingClientRect().right);
  const shown = page.querySelector("{what}");
  const inside = shown.closest(".scroll, figure");
  document.title = right(shown) <= right(inside) ? "fits" : right(shown) + " of " + right(inside); }};
</script>"""


@pytest.mark.parametrize(
    ("width", "what"),
    [
        (1280, ".items"),
        (390, ".items thead th:nth-child(3)"),  # discrimination
        (390, ".picture"),
        (1280, ".picture"),
    ],
)
def test_what_is_looked_at_first_needs_no_scrolling(browser: Browser, page: bytes, width: int, what: str) -> None:
    dom, _ = browser.load(page, around=TABLES.format(width=width, what=what))
    assert re.findall("<title>(.*?)</title>", dom) == ["fits"]


def test_every_status_has_a_word_and_a_sign() -> None:
    from sheetgen.judging import Status

    known: Sequence[str] = Status.__args__  # type: ignore[attr-defined]
    assert set(html.STATUSES) == set(known)
    assert len({sign for _, sign, _ in html.STATUSES.values()}) == len(known)
