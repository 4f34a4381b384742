"""Annotations and the job summary, read as GitHub reads them."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from markdown_it import MarkdownIt

from sheetgen import api, reports
from sheetgen.errors import UsageError
from sheetgen.marking import Answer, Because, Marked
from sheetgen.records import Results
from tests import sample_class
from tests.hostile_results import ATTACKS, hostile, unmarked

COMMAND = re.compile(r"^\s*::(?P<name>[a-z-]+)(?P<properties> [^:]*)?::(?P<data>.*)$")


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    return sample_class.make(tmp_path_factory.mktemp("sample"))


def write(results: Results, target: Path, largest: int = 2**20) -> tuple[str, ...]:
    return reports.write("github", results, reports.Asked(target, largest=largest)).to_print


def commands(log: tuple[str, ...]) -> list[tuple[str, dict[str, str], str]]:
    """What a runner makes of the lines of a log: every line is a command of ours, or the test fails."""
    found = []
    for line in "\n".join(log).splitlines():
        match = COMMAND.match(line)
        assert match is not None, line
        properties = dict(each.split("=", 1) for each in (match["properties"] or "").strip().split(",") if each)
        found.append(
            (match["name"], {name: unescaped(value) for name, value in properties.items()}, unescaped(match["data"]))
        )
    return found


def unescaped(text: str) -> str:
    for code, char in (("%3A", ":"), ("%2C", ","), ("%0D", "\r"), ("%0A", "\n"), ("%25", "%")):
        text = text.replace(code, char)
    return text


class Seen(HTMLParser):
    """The tags of a page, their attributes, and its text."""

    def __init__(self, markdown: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.text = ""
        self.feed(MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"]).render(markdown))

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes.update(name for name, _ in attributes)

    def handle_data(self, data: str) -> None:
        self.text += data


def wrong(answer: str, rule: str) -> Answer:
    because = (Because(rule, rule, "only"),) if rule else ()
    return Answer(answer, "Table", "L7", "1", "wrong", 0, 1, because, f"{answer} is not right.")


def made(*submissions: tuple[Answer, ...]) -> Results:
    marked = [
        Marked(f"{number}.xlsx", None, "marked", None, 0, len(answers), answers)
        for number, answers in enumerate(submissions)
    ]
    return Results("alexnet", tuple(marked))


# --- annotations ----------------------------------------------------------------------------------------------------


def test_of_one_submission_each_cause_is_an_error_in_its_file(files: list[Path], tmp_path: Path) -> None:
    results = api.verify("alexnet", [files[2]])
    found = commands(write(results, tmp_path / "summary.md"))
    errors = [(properties, text) for name, properties, text in found if name == "error"]
    assert {properties["file"] for properties, _ in errors} == {str(files[2])}
    biases = [text for _, text in errors if "leaves out the biases." in text and text.startswith("conv1")]
    assert biases == [
        "conv1, Parameters: 34848 is not right; it seems that it leaves out the biases. The same in: conv2.parameters."
    ]
    told = {each.id for each in results.submissions[0].answers if each.status == "wrong"}
    named = " ".join(text + properties["title"] for properties, text in errors)
    assert all(answer in named for answer in told)


def test_nothing_wrong_is_no_annotation(files: list[Path], tmp_path: Path) -> None:
    assert write(api.verify("alexnet", [files[0]]), tmp_path / "summary.md") == ()


def test_the_most_common_causes_come_first_and_the_rest_is_summed_up(tmp_path: Path) -> None:
    rules = [f"rule {number:02}" for number in range(15)]
    submissions = [tuple(wrong("conv1.parameters", rule) for rule in rules[: count + 1]) for count in range(15)]
    submissions += [(wrong("conv2.parameters", ""),)] * 40  # common, but of no known cause
    found = commands(write(made(*submissions), tmp_path / "summary.md"))
    errors = [text for name, _, text in found if name == "error"]
    assert len(errors) == len(found) == 10
    assert errors[0] == "15 of 55 submissions: rule 00 (conv1.parameters)"
    assert [re.findall("rule [0-9]+", text) for text in errors] == [*([rule] for rule in rules[:9]), []]
    assert errors[9] == "7 more, see the job summary"  # six rules, and what has none


def test_a_cause_counts_the_submissions_and_names_the_most_frequent_answers_first(tmp_path: Path) -> None:
    one = tuple(wrong(f"conv{number}.parameters", "rare") for number in range(12))
    two = (wrong("fc7.parameters", "common"), wrong("fc6.parameters", "common"))
    found = commands(write(made(one, two, two[1:]), tmp_path / "summary.md"))
    assert [text for _, _, text in found] == [
        "2 of 3 submissions: common (fc6.parameters, fc7.parameters)",
        "1 of 3 submissions: rare (" + ", ".join(f"conv{number}.parameters" for number in range(8)) + " and 4 more)",
    ]


def test_ten_are_ten(tmp_path: Path) -> None:
    submissions = [tuple(wrong("conv1.parameters", f"rule {number}") for number in range(10))]
    found = commands(write(made(*submissions), tmp_path / "summary.md"))
    assert len(found) == 10
    assert not any("more" in text for _, _, text in found)


@pytest.mark.parametrize("count", [1, 3])
def test_nothing_that_was_typed_is_a_command(count: int, tmp_path: Path) -> None:
    lines = write(hostile(count), tmp_path / "summary.md")
    found = commands(lines)
    assert {name for name, _, _ in found} == {"error", "warning"}
    assert all(set(properties) <= {"file", "title"} for _, properties, _ in found)
    assert not any("##[" in line or "##vso[" in line or not line.isprintable() for line in lines)
    assert not any("forged" in properties.get("title", "") for _, properties, _ in found)
    for name in ATTACKS:
        (command,) = commands(write(Results("alexnet", (unmarked(name),)), tmp_path / "summary.md"))
        assert set(command[1]) == {"file", "title"}


def test_what_was_typed_is_not_decoded_twice(tmp_path: Path) -> None:
    results = Results("alexnet", (unmarked("50%0A::error::x, a:b"),))
    ((_, properties, text),) = commands(write(results, tmp_path / "summary.md"))
    assert properties["file"] == "50%0A::error::x, a:b.xlsx"
    assert "50%0A::error::x, a:b" in text


# --- the summary ----------------------------------------------------------------------------------------------------


def test_a_summary_is_added_to_what_other_steps_wrote(files: list[Path], tmp_path: Path) -> None:
    target = tmp_path / "summary"
    target.write_text("# another step")
    write(api.verify("alexnet", [files[2]]), target)
    assert target.read_text().startswith("# another step\n## alexnet\n")


def test_of_one_submission_it_is_the_feedback(files: list[Path], tmp_path: Path) -> None:
    results = api.verify("alexnet", [files[2]])
    write(results, tmp_path / "summary.md")
    seen = Seen((tmp_path / "summary.md").read_text()).text.replace("\u200b", "")
    (marked,) = results.submissions
    assert f"{marked.score:g} of 69.5 marks" in seen
    for answer in marked.answers:
        if answer.feedback:
            assert (answer.feedback in seen) == (answer.status not in ("for-a-person", "blank"))
    for sentence in marked.summary:
        assert sentence in seen


def test_of_a_class_it_is_statistics_causes_and_a_line_each(files: list[Path], tmp_path: Path) -> None:
    results = api.verify("alexnet", files)
    write(results, tmp_path / "summary.md")
    text = (tmp_path / "summary.md").read_text()
    seen = Seen(text).text.replace("\u200b", "")
    assert "4 submissions, 3 marked, 1 that could not be marked." in seen
    shares = [100 * each.score / 69.5 for each in results.submissions if each.answers]  # whoever left what blank
    assert f"{sum(shares) / 3:.1f} %" in seen
    assert f"{min(shares):.1f} %" in seen
    assert f"{sorted(shares)[1]:.1f} %" in seen
    assert "leaves out the biases" in seen
    for each in results.submissions:
        assert each.file in seen
    assert "34848" not in seen  # what one student typed is nothing for all
    rows = [line for line in text.splitlines() if line.startswith("| <code>")]
    assert len(rows) == 4
    assert {row.count("|") for row in rows} == {9}


@pytest.mark.parametrize("count", [1, 3])
def test_what_was_typed_is_no_markdown(count: int, tmp_path: Path) -> None:
    target = tmp_path / "summary.md"
    write(hostile(count), target)
    text = target.read_text(encoding="utf-8")
    seen = Seen(text)
    usual = {"h2", "h3", "p", "table", "thead", "tbody", "tr", "th", "td", "code", "strong", "ul", "li"}
    assert seen.tags <= usual
    assert seen.attributes <= {"style"}  # how a column is aligned
    assert "<script>alert(1)</scrip" in seen.text  # shown, in a class only so far as there is room
    for found in re.findall(r"[@#]\w|https?://|www\.\w", seen.text):  # what GitHub looks for in the text that results
        raise AssertionError(found)
    assert all(line.isprintable() for line in text.split("\n"))
    rows = [line for line in text.splitlines() if line.startswith("| conv")]
    assert {row.count("|") for row in rows} <= {5}


def test_a_summary_never_has_more_than_github_takes(tmp_path: Path) -> None:
    target, many = tmp_path / "summary", Results("alexnet", tuple(hostile().submissions) * 3000)
    for held in (0, 500_000, 2**20 - 3000, 2**20 - 10, 2**20 + 5):
        target.write_bytes(b"x" * held)
        write(many, target)
        size = target.stat().st_size
        assert size <= max(2**20, held)
        added = target.read_bytes()[held:].decode()
        if held < 600_000:
            assert size > 2**20 - 8000  # what fits is there
            left_out = re.search("no room for ([0-9]+) more rows", added)
            assert left_out is not None
            rows = len(re.findall(r"(?m)^\| <code>", added))
            assert rows + int(left_out[1]) == len(many.submissions)


def test_a_summary_that_cannot_be_written_is_said(files: list[Path], tmp_path: Path) -> None:
    results = api.verify("alexnet", [files[3]])
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match=r"cannot write .*file/summary"):
        write(results, tmp_path / "file" / "summary")
