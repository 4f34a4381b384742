"""The report xlsx: every student gets the own workbook back with its marks, under the name that the platform wants."""

from __future__ import annotations

import dataclasses
import io
import itertools
import re
import warnings
import zipfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sheetgen import reports
from sheetgen.coursework import Coursework
from sheetgen.handin import HandIn, Platform
from sheetgen.marking import NOWHERE, Answer, Marked, mark
from sheetgen.records import Results
from sheetgen.reports import Asked, xlsx
from sheetgen.reports.xlsx import FILLS, WORDS
from sheetgen.sheet import Sheet
from sheetgen.workbook.package import Package
from sheetgen.workbook.read import read_submission
from tests import templates_made as made
from tests.generated_class import Maker
from tests.golden import test_house_styles_marked as house
from tests.house_styles import STYLES, Style
from tests.sample_class import MISTAKES, hand_in, right_answers
from tests.undone import changes

Parts = Mapping[str, bytes]


def returned(
    files: Mapping[str, bytes | None], marked: Iterable[Marked], sheet: Sheet | None = None, language: str = "en"
) -> dict[str, bytes]:
    asked = Asked(Path("out"), language=language, bytes_of=lambda each: files.get(each.file))
    found = list(xlsx.files(Results("alexnet", tuple(marked), sheet=sheet), asked))
    assert len(dict(found)) == len(found)
    return dict(found)


def one(data: bytes | None, marked: Marked, sheet: Sheet | None = None, language: str = "en") -> bytes:
    (content,) = returned({marked.file: data}, [marked], sheet, language).values()
    return content


def opened(data: bytes) -> Any:
    """As openpyxl reads it, which says what it would lose if it saved it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return openpyxl.load_workbook(io.BytesIO(data))


def text_of(data: bytes, sheet: str = "Feedback") -> str:
    cells = Package.read(data).cells(sheet)
    return "\n".join(str(cell.value) for cell in cells.values())


def answers_of(marked: Marked) -> list[tuple[object, ...]]:
    return [(each.id, each.cell, each.given, each.status, each.score, each.feedback) for each in marked.answers]


@pytest.fixture(scope="module")
def few(alexnet: Coursework, sheet: Sheet) -> tuple[bytes, Marked]:
    """A hand-in with mistakes, a blank, a text that cannot be read, and texts for a person."""
    typed = {
        **right_answers(sheet),
        **MISTAKES,
        "conv2.neurons": 256 * 25 * 27,
        "conv3.neurons": "many",
        "conv4.weights": "",
    }
    data = hand_in(alexnet, sheet, {answer: value for answer, value in typed.items() if value != ""})
    marked = mark(sheet, read_submission("cleo.xlsx", data, sheet))
    assert {each.status for each in marked.answers} == {"correct", *FILLS} - {"partly"}
    return data, marked


def with_some(marked: Marked) -> Marked:
    """The same where a person has given half of the marks of one text."""
    first = next(each for each in marked.answers if each.status == "for-a-person")
    half = dataclasses.replace(first, status="partly", score=first.max_score / 2, comment="Why?", graded=True)
    return dataclasses.replace(
        marked,
        answers=tuple(half if each is first else each for each in marked.answers),
        score=marked.score + half.score,
        open=marked.open - half.max_score,
        graded=True,
    )


# -- what is in it -----------------------------------------------------------------------------------------------------


def test_a_generated_class_is_marked_the_same_again() -> None:
    maker = Maker(seed=11)
    for each in maker.make(25):
        marked = mark(maker.sheet, read_submission("a.xlsx", each.data, maker.sheet))
        data = one(each.data, marked, maker.sheet)
        again = mark(maker.sheet, read_submission("a.xlsx", data, maker.sheet))
        if marked.status == "unmarked":
            assert Package.read(data).sheets[0].name == "Feedback"
            continue
        assert answers_of(again) == answers_of(marked)
        assert (again.score, again.summary, again.notes) == (marked.score, marked.summary, marked.notes)
        cells: dict[str, set[str]] = {}
        for entry in Package.read(each.data).sheets:
            cells[entry.part] = {
                answer.cell for answer in marked.answers if answer.sheet == entry.name and answer.status != "correct"
            }
        assert changes(each.data, data, cells) == []


@pytest.mark.parametrize("style", STYLES, ids=lambda style: style.name)
def test_workbooks_of_others_are_marked_the_same_again(style: Style, tmp_path: Path) -> None:
    sheet, data = house.filled(tmp_path, style)
    right = mark(sheet, read_submission("a.xlsx", data, sheet))
    chosen = [each for each in right.answers if each.cell != NOWHERE][::4]
    typed = {each.cell: 7 for each in chosen}
    sheet, data = house.filled(tmp_path, style, typed)
    marked = mark(sheet, read_submission("a.xlsx", data, sheet))
    assert marked.score < right.score
    back = one(data, marked, sheet)
    again = mark(sheet, read_submission("a.xlsx", back, sheet))
    assert answers_of(again) == answers_of(marked)
    page = opened(back)[style.sheet]
    wrong = next(each for each in marked.answers if each.status == "wrong")
    assert wrong.feedback in page[wrong.cell].comment.text


def test_each_cell_shows_its_status(few: tuple[bytes, Marked], sheet: Sheet) -> None:
    data, marked = few[0], with_some(few[1])
    before, after = (opened(each) for each in (data, one(data, marked, sheet)))
    for answer in marked.answers:
        cell, was = (book[answer.sheet][answer.cell] for book in (after, before))
        assert cell.value == was.value
        if answer.status == "correct":
            assert (repr(cell.fill), cell.comment) == (repr(was.fill), None)
            continue
        colour, pattern, _ = FILLS[answer.status]
        assert (cell.fill.fgColor.rgb, cell.fill.patternType) == (f"FF{colour}", pattern)
        kept = ("font", "border", "number_format", "alignment", "protection")
        assert [repr(getattr(cell, each)) for each in kept] == [repr(getattr(was, each)) for each in kept]
        if answer.status == "for-a-person":
            assert cell.comment is None
        else:
            marks = f"{answer.score:g} of {answer.max_score:g} marks"
            assert cell.comment.text == f"{WORDS[answer.status]}: {marks}\n{answer.comment or answer.feedback}"


def score_of(marked: Marked) -> str:
    """Of AlexNet, where 11 of 80.5 marks are for texts that a person reads."""
    assert (marked.max_score, marked.open) == (80.5, 11)
    return f"Score: {marked.score:g} of 69.5 that are marked by now; up to 11 more from a person; 80.5 in all."


def test_the_page_has_every_answer_that_is_not_right(few: tuple[bytes, Marked], sheet: Sheet) -> None:
    data, marked = few
    page = opened(one(data, marked, sheet))["Feedback"]
    rows = [[cell.value for cell in row] for row in page.iter_rows()]
    heading = next(i for i, row in enumerate(rows) if row[0] == "Cell")
    told = [row for row in rows[heading + 1 :] if row[1]]
    wrong = [answer for answer in marked.answers if answer.status in WORDS]
    assert [(row[0], row[2] or "", row[3], row[4], row[5], row[6]) for row in told] == [
        (f"{each.sheet}!{each.cell}", each.given, WORDS[each.status], each.score, each.max_score, each.feedback)
        for each in wrong
    ]
    links = [page.cell(heading + 2 + i, 1).hyperlink.location for i in range(len(wrong))]
    assert links == [f"'{each.sheet}'!{each.cell}" for each in wrong]
    texts = [str(row[0]) for row in rows[:heading]]
    assert score_of(marked) in texts
    assert [f"• {sentence}" for sentence in marked.summary] == [text for text in texts if text.startswith("•")]
    assert "conv3, Neurons" in {row[1] for row in told}
    assert page.freeze_panes == f"A{heading + 2}"
    assert sum(row[5] - row[4] for row in told) == marked.max_score - marked.score - marked.open


def test_a_long_summary_stands_below_the_table(few: tuple[bytes, Marked]) -> None:
    data, marked = few
    long = dataclasses.replace(marked, summary=tuple(f"sentence {i}" for i in range(20)))
    page = opened(one(data, long))["Feedback"]
    column = [str(cell.value) for cell in page["A"]]
    assert column.index("• sentence 0") > column.index("Cell")
    assert page.freeze_panes == f"A{column.index('Cell') + 2}"


def test_nothing_is_wrong(alexnet: Coursework, sheet: Sheet) -> None:
    data = hand_in(alexnet, sheet, right_answers(sheet))
    marked = mark(sheet, read_submission("ada.xlsx", data, sheet))
    assert "Nothing is wrong." in text_of(one(data, marked, sheet))
    assert score_of(marked) in text_of(one(data, marked, sheet))
    done = dataclasses.replace(marked, open=0.0)
    assert "All answers are right." in text_of(one(data, done, sheet))


def test_no_right_number_but_in_feedback_that_reveals_it(few: tuple[bytes, Marked], sheet: Sheet) -> None:
    data, marked = few
    told = dataclasses.replace(
        marked, answers=tuple(dataclasses.replace(each, expected=987_654_321) for each in marked.answers)
    )
    assert b"987654321" not in b"".join(parts_of(one(data, told, sheet)).values())
    revealed = mark(sheet, read_submission("cleo.xlsx", data, sheet), reveal=True)
    hidden, shown = (text_of(one(data, each, sheet)) for each in (marked, revealed))
    assert "The answer is" in shown
    assert "The answer is" not in hidden


def parts_of(data: bytes) -> Parts:
    with zipfile.ZipFile(io.BytesIO(data)) as package:
        return MappingProxyType({name: package.read(name) for name in package.namelist()})


def test_in_german(few: tuple[bytes, Marked], sheet: Sheet) -> None:
    data, marked = few
    back = one(data, marked, sheet, "de")
    text = text_of(back, "Rückmeldung")
    assert "Folgefehler" in text
    assert f"{marked.score:g}" in text
    comments = parts_of(back)["xl/comments1.xml"].decode()
    assert "falsch: 0 von 1 Punkten" in comments


def test_colours_differ_in_lightness() -> None:
    """In grey, and so for everybody: each at least 6 (of 100) from the others; two are hatched, either way."""

    def lightness(colour: str) -> float:
        channels = [int(colour[i : i + 2], 16) / 255 for i in (0, 2, 4)]
        linear: list[float] = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
        y: float = sum(share * each for share, each in zip((0.2126, 0.7152, 0.0722), linear, strict=True))
        return float(116 * y ** (1 / 3) - 16)

    solid = [colour for colour, pattern, _ in FILLS.values() if pattern == "solid"]
    shades = sorted(map(lightness, ("FFF2CC", *solid)))
    assert min(b - a for a, b in itertools.pairwise(shades)) > 6
    assert lightness("000000") < 1 < min(shades) - 49  # black text is read on each: a contrast above 5
    assert [status for status, (_, pattern, _) in FILLS.items() if pattern != "solid"] == ["blank", "partly"]


# -- what cannot be marked where it stands -----------------------------------------------------------------------------


def test_files_that_cannot_be_edited_get_the_feedback_alone(few: tuple[bytes, Marked], sheet: Sheet) -> None:
    data, marked = few
    signed = made.attached(data, "_xmlsignatures/origin.sigs", b"", "urn:x/origin", "application/x", "")
    signed = made.attached(
        signed, "_xmlsignatures/sig1.xml", b"<S/>", "urn:x/signature", "text/xml", "_xmlsignatures/origin.sigs"
    )
    ods = io.BytesIO()
    with zipfile.ZipFile(ods, "w") as package:
        package.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
    for held, why in (
        (None, "it is no longer there, or was changed after it was marked"),
        (signed, "it has a digital signature"),
        (ods.getvalue(), "this is an OpenDocument file"),
        (b"conv1;35\n", "this is plain text"),
        (data[:4000], "the file is cut short or damaged"),
    ):
        back = one(held, dataclasses.replace(marked, file="cleo.xlsm"), sheet)
        text = text_of(back)
        assert why in text
        assert score_of(marked) in text
        assert [each.name for each in Package.read(back).sheets] == ["Feedback"]
        assert opened(back)["Feedback"]["A1"].value == "Feedback on alexnet"
    assert list(returned({}, [dataclasses.replace(marked, file="cleo.xlsm")])) == ["cleo-marked.xlsx"]


def test_a_file_that_was_not_marked_is_not_opened_either(few: tuple[bytes, Marked]) -> None:
    unmarked = Marked("dan.xlsx", None, "unmarked", "the file is empty", 0, 44, ())
    assert "The file could not be marked: the file is empty." in text_of(one(few[0], unmarked))


def test_a_cell_that_was_taken_out_is_told_and_not_marked(few: tuple[bytes, Marked], sheet: Sheet) -> None:
    data, marked = few
    gone = Answer("conv9.weights", "Table", "G7", "", "unreadable", 0, 1, feedback="It is no longer in the workbook.")
    nowhere = dataclasses.replace(gone, id="conv9.biases", cell=NOWHERE)
    elsewhere = dataclasses.replace(gone, id="conv9.neurons", sheet="Gone")
    told = dataclasses.replace(marked, answers=(gone, nowhere, elsewhere))
    book = opened(one(data, told, sheet))
    before = opened(data)["Table"]["G7"].fill.fgColor.rgb
    assert (book["Table"]["G7"].comment, book["Table"]["G7"].fill.fgColor.rgb) == (None, before)
    listed = [row for row in book["Feedback"].iter_rows() if str(row[1].value).startswith("conv9")]
    assert [(row[0].value, row[0].hyperlink) for row in listed] == [("Table!G7", None), ("–", None), ("Gone!G7", None)]


def test_several_answers_of_one_cell_show_the_worst(few: tuple[bytes, Marked]) -> None:
    data, marked = few
    right = Answer("a.out_height", "Table", "G7", "55", "correct", 1, 1)
    follows = dataclasses.replace(right, id="a.b", status="follow-through", score=0.5, feedback="It follows.")
    wrong = dataclasses.replace(right, id="a.c", status="wrong", score=0, feedback="It is wrong.")
    for answers in itertools.permutations((right, follows, wrong)):
        told = dataclasses.replace(marked, answers=answers)
        cell = opened(one(data, told))["Table"]["G7"]
        assert cell.fill.fgColor.rgb == f"FF{FILLS['wrong'][0]}"
        assert "It follows." in cell.comment.text
        assert "It is wrong." in cell.comment.text


def test_what_is_marked_once_more(few: tuple[bytes, Marked], sheet: Sheet) -> None:
    """A student puts right what came back, and hands it in again: no colour and no comment says what held before."""
    data, marked = few
    back = one(data, marked, sheet)
    parameters = next(each for each in marked.answers if each.id == "conv1.parameters")
    neurons = next(each for each in marked.answers if each.id == "conv3.neurons")
    assert (parameters.status, neurons.status) == ("wrong", "unreadable")
    book = opened(back)
    book["Table"][parameters.cell] = 34_944
    book["Table"][neurons.cell] = 11
    out = io.BytesIO()
    book.save(out)
    second = mark(sheet, read_submission("cleo.xlsx", out.getvalue(), sheet))
    again = opened(one(out.getvalue(), second, sheet))
    assert again.sheetnames[-2:] == ["Feedback", "Feedback (2)"]
    now = again["Table"][parameters.cell]
    assert (now.fill.patternType, now.comment.text) == (None, "Marked before; it is correct now.")
    assert again["Table"][neurons.cell].comment.text.startswith("wrong: 0 of ")
    assert again["Table"][neurons.cell].fill.fgColor.rgb == f"FF{FILLS['wrong'][0]}"
    right = next(each for each in marked.answers if each.id == "conv4.neurons")
    assert again["Table"][right.cell].comment is None


# -- names -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("platform", "file", "name"),
    [
        ("moodle", "c.zip/Jane Doe_12_assignsubmission_file/a b.xlsx", "Jane Doe_12_assignsubmission_file/a b.xlsx"),
        ("moodle", "c/Jane Doe_12345_assignsubmission_file_/a.xlsm", "Jane Doe_12345_assignsubmission_file_/a.xlsm"),
        ("moodle", "c/Jane_1_assignsubmission_file/b/a.xlsx", "Jane_1_assignsubmission_file/b/a.xlsx"),
        ("moodle", "c/Jane Doe_12345_assignsubmission_file_a.xlsx", "Jane Doe_12345_assignsubmission_file_a.xlsx"),
        ("moodle", "c/Jane_1_assignsubmission_file/a.ods", "Jane_1_assignsubmission_file/a.xlsx"),
        ("canvas", "c.zip/doejane_LATE_123_456_hw 1-2.xlsx", "doejane_LATE_123_456_hw 1-2.xlsx"),
        ("canvas", "doejane_123_456_hw.csv", "doejane_123_456_hw.xlsx"),
        ("gradescope", "c/submission_1/hw.xlsx", "hw-marked.xlsx"),
        ("", "/tmp/class/ada.XLSX", "ada-marked.XLSX"),
        ("", "ada.v2.xls", "ada.v2-marked.xlsx"),
    ],
)  # fmt: skip
def test_names(platform: Platform, file: str, name: str, few: tuple[bytes, Marked]) -> None:
    number = next(iter(re.findall(r"_(\d+)_assign", file)), "")
    marked = dataclasses.replace(few[1], file=file, hand_in=HandIn("1", platform=platform, platform_id=number))
    assert list(returned({file: few[0]}, [marked])) == [name]


@pytest.mark.parametrize("number", ["", "7", "412"])
def test_a_teams_workbook_is_not_sent_to_a_participant_of_the_same_number(
    number: str, few: tuple[bytes, Marked]
) -> None:
    """Moodle reads a participant from the number in a name, whatever stands before it."""
    for file in ("c.zip/Group_77_assignsubmission_file/a.xlsx", "c.zip/Jane_77_assignsubmission_file/a.xlsx"):
        team = dataclasses.replace(few[1], file=file, hand_in=HandIn(platform="moodle", platform_id=number))
        assert list(returned({file: few[0]}, [team])) == ["a-marked.xlsx"]
    flat = dataclasses.replace(team, file="c.zip/Group_77_assignsubmission_file_a.xlsx")
    assert list(returned({flat.file: few[0]}, [flat])) == ["Group-77-assignsubmission-file_a-marked.xlsx"]
    two = [
        dataclasses.replace(team, file=f"c.zip/Group_{group}_assignsubmission_file/table.xlsx") for group in (77, 78)
    ]
    assert list(returned({}, two)) == [
        "Group-77-assignsubmission-file/table-marked.xlsx",
        "Group-78-assignsubmission-file/table-marked.xlsx",
    ]


def test_names_that_are_taken(few: tuple[bytes, Marked]) -> None:
    files = ["c/submission_1/hw.xlsx", "c/submission_2/HW.xlsx", "d/submission_1/hw.xlsx", "x/a?.xlsx", "y/a*.xlsx"]
    files += ["p/B.xlsx", "P/b.xlsx"]
    marked = [dataclasses.replace(few[1], file=file) for file in files]
    assert list(returned(dict.fromkeys(files), marked)) == [
        "submission_1/hw-marked.xlsx",
        "submission_2/HW-marked.xlsx",
        "submission_1/hw-marked (2).xlsx",
        "a_-marked.xlsx",
        "a_-marked (2).xlsx",
        "p/B-marked.xlsx",
        "P/b-marked (2).xlsx",
    ]


def test_as_a_folder_and_as_a_zip(few: tuple[bytes, Marked], tmp_path: Path) -> None:
    data, marked = few
    moodle = dataclasses.replace(
        marked,
        file="c.zip/Jane_1_assignsubmission_file/a.xlsx",
        hand_in=HandIn("1", platform="moodle", platform_id="1"),
    )
    results = Results("alexnet", (moodle, marked))
    for target in (tmp_path / "back", tmp_path / "back.zip"):
        reports.write("xlsx", results, Asked(target, bytes_of=lambda _: data))
    names = ["Jane_1_assignsubmission_file/a.xlsx", "cleo-marked.xlsx"]
    with zipfile.ZipFile(tmp_path / "back.zip") as archive:
        assert archive.namelist() == names
        for name in names:
            assert archive.read(name) == (tmp_path / "back" / name).read_bytes()
    gone = Asked(tmp_path / "gone")
    assert reports.write("xlsx", results, gone).said == (
        "feedback in a workbook of its own, which says why it is not in the one handed in: "
        "c.zip/Jane_1_assignsubmission_file/a.xlsx, cleo.xlsx",
    )
    assert reports.kinds()["xlsx"].startswith("Each student's own workbook, marked")


def test_one_at_a_time(few: tuple[bytes, Marked]) -> None:
    data, marked = few
    asked_for = []

    def bytes_of(each: Marked) -> bytes:
        asked_for.append(each.file)
        return data

    files = [dataclasses.replace(marked, file=f"{i}.xlsx") for i in range(5)]
    found = xlsx.files(Results("alexnet", tuple(files)), Asked(Path("out"), bytes_of=bytes_of))
    assert next(found)[0] == "0-marked.xlsx"
    assert asked_for == ["0.xlsx"]


# -- whatever students write -------------------------------------------------------------------------------------------

TEXTS = st.text(st.characters(), max_size=60) | st.sampled_from(
    ["=1+1", "+1", "-1", "@x", "\t=1", "]]>", "<x/>", "&amp;", "_x0041_", "\x00\x0b\ufffe", "\ud800", "x" * 40_000]
)  # fmt: skip
CELLS = st.sampled_from(["A1", "D2", "F3", "B9", "XFD1048576", "A1048576", NOWHERE, "nonsense"])
ANSWERS = st.builds(
    Answer,
    id=TEXTS.filter(bool),
    sheet=st.sampled_from(["Table", "TABLE", "Gone"]) | TEXTS,
    cell=CELLS,
    given=TEXTS,
    status=st.sampled_from(["correct", *FILLS]),
    score=st.floats(0, 10),
    max_score=st.floats(0, 10),
    feedback=TEXTS,
)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(ANSWERS, max_size=6),
    st.lists(TEXTS, max_size=3),
    TEXTS,
    st.sampled_from(["comments.xlsx", "merged.xlsx", "prefixed.xlsx", "utf16.xlsx", "form_controls.xlsx"]),
)
def test_any_text_leaves_a_sound_package(answers: list[Answer], summary: list[str], name: str, template: str) -> None:
    data = _template(template)
    marked = Marked(
        f"{name}.xlsx", None, "marked", None, 1, 2, tuple(answers), 0, (), tuple(summary), HandIn(name, name)
    )
    back = one(data, marked)
    with zipfile.ZipFile(io.BytesIO(back)) as package:
        assert package.testzip() is None
    book = opened(back)
    assert book.sheetnames == ["Table", "Feedback"]
    cells = Package.read(back).cells("Feedback")
    assert all(cell.formula is None and len(str(cell.value)) <= 32_767 for cell in cells.values())
    assert not any(cell.data_type == "f" for row in book["Feedback"].iter_rows() for cell in row)
    assert Package.read(back).cells("Table") == Package.read(data).cells("Table")


def _template(name: str, known: dict[str, bytes] = {}) -> bytes:  # noqa: B006 - made once
    return known.setdefault(name, known.get(name) or made.TEMPLATES[name]())
