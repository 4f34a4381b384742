"""The statistics of small classes, worked out by hand."""

from __future__ import annotations

import math
from collections.abc import Mapping

import pytest

from sheetgen.judging import Status
from sheetgen.marking import Answer, Because, Marked
from sheetgen.statistics import Statistics, kind_of, statistics_of

BIASES = Because("drop:biases", "leaves out the biases", "likely")
PADDING = Because("once:padding", "counts the padding once", "only")


def answer(
    name: str,
    status: Status = "correct",
    score: float | None = None,
    most: float = 1,
    given: str = "7",
    because: tuple[Because, ...] = (),
    feedback: str = "",
    notes: tuple[str, ...] = (),
    follows: bool = False,
) -> Answer:
    score = (most if status == "correct" else 0.0) if score is None else score
    return Answer(name, "Table", "A1", given, status, score, most, because, feedback, notes, follows=follows)


def marked(*answers: Answer, notes: tuple[str, ...] = ()) -> Marked:
    score = math.fsum(each.score for each in answers)
    most = math.fsum(each.max_score for each in answers)
    return Marked("a.xlsx", None, "marked", None, score, most, answers, notes=notes)


def scored(*students: Mapping[str, float], most: float = 1) -> Statistics:
    """A class from each student's marks by blank."""
    return statistics_of(
        marked(*(answer(name, "correct" if score else "wrong", score, most) for name, score in each.items()))
        for each in students
    )


def test_facility_is_the_mean_as_a_share_of_the_most() -> None:
    found = scored({"a": 2, "b": 0}, {"a": 1, "b": 0}, {"a": 0, "b": 0}, {"a": 0, "b": 2}, most=2)
    assert [item.facility for item in found.items] == [3 / 8, 2 / 8]


def test_discrimination_is_the_correlation_with_the_rest() -> None:
    # a: 1 1 0 0, mean 1/2; the rest, b + c: 2 1 1 0, mean 1. Mean product of the deviations (1/2 + 0 + 0 + 1/2) / 4 =
    # 1/4; variances 1/4 and 1/2; 0.25 / sqrt(0.125) = 0.7071
    students: list[Mapping[str, float]] = [
        {"a": 1.0, "b": 1, "c": 1},
        {"a": 1, "b": 1, "c": 0},
        {"a": 0, "b": 0, "c": 1},
        {"a": 0, "b": 0, "c": 0},
    ]
    a, b, c = scored(*students).items
    assert a.discrimination == pytest.approx(math.sqrt(0.5))
    assert b.discrimination == pytest.approx(math.sqrt(0.5))
    # c: 1 0 1 0; the rest: 2 2 0 0: no relation; with the whole, which holds c itself, it would be 0.447
    assert c.discrimination == 0


def test_who_is_good_elsewhere_and_fails_here_makes_it_negative() -> None:
    a, b = scored({"a": 0, "b": 1}, {"a": 1, "b": 0}, {"a": 0, "b": 1}).items
    assert a.discrimination == -1
    assert b.discrimination == -1


def test_discrimination_is_undefined_without_variance() -> None:
    all_right, varies = scored({"a": 0.1, "b": 1}, {"a": 0.1, "b": 0}, {"a": 0.1, "b": 1}).items
    assert all_right.discrimination is None  # 0.1 three times: floats would leave a variance of 1e-18
    assert varies.discrimination is None  # the rest does not vary
    assert [item.discrimination for item in scored({"a": 1, "b": 1}, {"a": 0, "b": 0}).items] == [None, None]


def test_what_a_person_marks_is_in_no_index_and_not_in_the_most() -> None:
    found = statistics_of(
        [
            marked(answer("a"), answer("text", "for-a-person", most=4)),
            marked(answer("a"), answer("text", "blank", most=4)),
            marked(answer("a", "wrong"), answer("text", "blank", most=4)),
        ]
    )
    a, text = found.items
    assert (text.facility, text.discrimination) == (None, None)
    assert a.facility == pytest.approx(2 / 3)
    assert found.most == 1
    assert found.perfect == 1
    assert text.share("blank") == pytest.approx(2 / 3)


def test_what_a_person_marks_is_so_too_where_everybody_left_it_blank() -> None:
    blank = [marked(answer("a"), answer("text", "blank", most=4)), marked(answer("a"), answer("text", "blank", most=4))]
    found = statistics_of(blank, ["text"])
    assert found.most == 1
    assert [item.for_a_person for item in found.items] == [False, True]
    assert found.items[1].facility is None
    assert statistics_of(blank).most == 5  # nobody says so


@pytest.mark.parametrize(
    ("sentence", "kind"),
    [
        (
            "'614.400' was read as 614400, since a whole number is asked; the other cells do not show it.",
            "… was read as …, since a whole number is asked; the other cells do not show it.",
        ),
        (
            "10.184 is no whole number; if its point separates thousands, type 10184.",
            "… is no whole number; if its point separates thousands, type ….",
        ),
        ("The cell holds text that is no number: 'it\\'s \"34944\"'.", "The cell holds text that is no number: ….",),
        ('The cell holds text that is no number: "it\'s 34944".', "The cell holds text that is no number: ….",),
        ("The cell holds more than one number, '1' and '2'; one is expected.",
         "The cell holds more than one number, … and …; one is expected."),
        ("The stored value \u201c34 944\u201d counts.", "The stored value … counts."),
        ("The stored value 34 944 counts, -5 too.", "The stored value … counts, -… too."),
        ("The cell holds no size such as 55 x 55 x 96: '7'.", "The cell holds no size such as …: …."),
        ("The cell named conv1.parameters is at L7.", "The cell named conv1.parameters is at L7."),
        ("On a sheet called x34944.", "On a sheet called x…."),
        ("The network's cell: the kernel's 'x'.", "The network's cell: the kernel's …."),
    ],
)  # fmt: skip
def test_a_kind_of_sentence_holds_nothing_that_was_typed(sentence: str, kind: str) -> None:
    assert kind_of(sentence) == kind


def test_notes_and_faults_that_differ_in_what_was_typed_alone_are_counted_together() -> None:
    def unsure(text: str) -> Answer:
        return answer("a", "unreadable", feedback=f"'{text}' is no number.", notes=(f"'{text}' was read as {text}.",))

    files = ("the sheet has 12 cells more", "the sheet has 7 cells more")
    found = statistics_of(
        marked(unsure(text), notes=(note,)) for text, note in zip(("614.400", "34.944"), files, strict=True)
    )
    assert ("the sheet has … cells more", 2) in {(each.said, each.students) for each in found.notes}
    of_cells = [each for each in found.notes if each.cells]
    for common, said in ((found.unreadable, "… is no number."), (of_cells, "… was read as ….")):
        assert [(each.said, each.students, each.cells) for each in common] == [(said, 2, {"a": 2})]


def test_marks_of_a_class() -> None:
    found = scored({"a": 2, "b": 2}, {"a": 1, "b": 0}, {"a": 2, "b": 1}, most=2)
    assert (found.most, found.scores) == (4, (4, 1, 3))
    assert found.mean == pytest.approx(8 / 3)
    assert found.median == 3
    assert found.deviation == pytest.approx(math.sqrt(7 / 3))  # squares 16/9, 25/9, 1/9, divided by n - 1 = 2
    assert found.share(3) == 0.75
    assert found.distribution(4) == (0, 1, 0, 2)  # 3 of 4 is the first of the last part, 4 of 4 is in it too


def test_a_mark_on_the_border_of_two_parts_is_in_the_upper_one() -> None:
    tenths = scored(*({"a": tenth / 10, "b": 0.0} for tenth in range(11)))  # of 2: up to a half
    assert tenths.distribution(20) == (1,) * 10 + (1,) + (0,) * 9
    assert scored({"a": 0.6}, {"a": 2.4}, most=3).distribution(10) == (0, 0, 1, 0, 0, 0, 0, 0, 1, 0)  # not for floats


def test_nobody_handed_in() -> None:
    found = statistics_of([])
    assert (found.submissions, found.marked, found.mean, found.median, found.deviation) == (0, 0, None, None, None)
    assert found.distribution(3) == (0, 0, 0)
    assert found.share(0) is None
    assert found.follow_through.students == 0


def test_each_student_is_counted_once_for_a_cause_and_in_each_cell() -> None:
    twice = marked(answer("a", "wrong", because=(BIASES,)), answer("b", "wrong", because=(BIASES, PADDING)))
    once = marked(answer("a"), answer("b", "wrong", because=(PADDING,)))
    again = marked(answer("a"), answer("b", "wrong", because=(BIASES,)))
    first, second = statistics_of([once, twice, again]).causes
    assert (first.id, first.said, first.students) == ("drop:biases", "leaves out the biases", 2)
    assert first.cells == {"a": 1, "b": 2}
    assert (second.id, second.students, second.cells) == ("once:padding", 1, {"b": 1})  # only the first explanation


def test_follow_through_is_its_own() -> None:
    found = statistics_of(
        [marked(answer("a", "wrong", because=(BIASES,)), answer("b", "follow-through", 0.5, because=(BIASES,)))] * 2
    )
    assert (found.follow_through.students, found.follow_through.cells) == (2, {"b": 2})
    assert [(each.students, each.cells) for each in found.causes] == [(2, {"a": 2})]
    assert not found.shared


def test_what_follows_and_earns_nothing_is_no_value_that_nothing_explains() -> None:
    found = statistics_of([marked(answer("a", "wrong", given="9", follows=True))] * 2)
    assert (found.follow_through.students, found.shared) == (2, ())


def test_wrong_values_that_nothing_explains_and_several_share() -> None:
    found = statistics_of(
        [
            marked(answer("a", "wrong", given="12  000"), answer("b", "wrong", given="5")),
            marked(answer("a", "wrong", given="12 000 "), answer("b", "wrong", given="6")),
            marked(answer("a", "wrong", given="12 000"), answer("b", "wrong", given="6", because=(BIASES,))),
            marked(answer("a", "blank", given=""), answer("b", "blank", given="")),
            marked(answer("a", "blank", given=""), answer("b", "unreadable", given="x", feedback="It is a word.")),
        ]
    )
    assert [(each.answer, each.given, each.students) for each in found.shared] == [("a", "12 000", 3)]
    assert found.items[0].counts == {"wrong": 3, "blank": 2}
    assert [(each.said, each.students, each.cells) for each in found.unreadable] == [("It is a word.", 1, {"b": 1})]


def test_unmarked_files_and_notes() -> None:
    broken = Marked("b.xlsx", None, "unmarked", "it is cut short", 0, 1, ())
    noted = marked(answer("a", notes=("odd",)), answer("b", notes=("odd",)), notes=("hidden sheet",))
    found = statistics_of([broken, noted, marked(answer("a", notes=("odd",)), answer("b"))])
    assert found.unmarked == (("b.xlsx", "it is cut short"),)
    assert (found.submissions, found.marked) == (3, 2)
    assert [(each.said, each.students, each.cells) for each in found.notes] == [
        ("odd", 2, {"a": 2, "b": 1}),
        ("hidden sheet", 1, {}),
    ]
