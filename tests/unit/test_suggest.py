"""Common unexplained values as misconceptions to complete: pasted and completed, they explain what they came from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from sheetgen.addresses import address
from sheetgen.marking import Answer, Held, Marked, Submission, mark
from sheetgen.records import Results, from_line, to_line
from sheetgen.sheet import Sheet, lay_out
from sheetgen.suggest import suggest
from tests.sample_class import Typed, right_answers
from tests.yamls import good, problems

NETWORK = """\
network:
  input: [3, 32, 32]
  blocks:
    A: {layers: {x: {type: Conv2d, out_channels: 4, kernel_size: 3}}}
  layers:
    c1: {type: Conv2d, out_channels: 4, kernel_size: 5, padding: 2}
    3a: {type: A, repeat: 2}
    fc: {type: Linear, out_features: 10}
coursework:
  columns: [layer, out_channels, out_height, weights, parameters, macs, macs_share]
  blanks:
    - {quantities: [out_height, weights, parameters, macs, macs_share]}
    - {quantities: parameters, blocks: 3a}
    - {quantities: [parameters, macs], layers: total}
    - {quantities: in_height, layers: input}
  questions:
    - {id: 1, kind: number, text: How many?, answer: c1.parameters}
"""
# what students type, each group with the numbers that go together; nothing gives these numbers
GROUPS: tuple[dict[str, Typed], ...] = (
    {"c1.weights": 7919, "3a.1.x.weights": 6007},
    {"fc.parameters": 123457, "3a.2.x.macs": 987659, "c1.macs_share": 0.8753},
)


@pytest.fixture
def sheet(tmp_path: Path) -> Sheet:
    return lay_out(good(tmp_path, NETWORK))


def marked(sheet: Sheet, name: str, answers: Mapping[str, Typed]) -> Marked:
    held = {
        str(cell.answer): Held("Table", address(cell.row, cell.column), answers[str(cell.answer)])
        for cell in sheet.blanks
    }
    held["question.1"] = Held("Questions", "C6", answers["question.1"])
    return mark(sheet, Submission(name, held))


def a_class(sheet: Sheet, *groups: tuple[int, Mapping[str, Typed]], count: int = 40) -> Results:
    """So many have each group of wrong numbers; the rest is right."""
    right = right_answers(sheet)
    given = [{**right, **wrong} for many, wrong in groups for _ in range(many)]
    given += [right] * (count - len(given))
    hand_ins = [from_line(to_line(marked(sheet, f"s{i}.xlsx", answers))) for i, answers in enumerate(given)]
    return Results("A", hand_ins, sheet=sheet)


def completed(stub: str) -> str:
    assert stub.count("says:  # to be completed") >= 1
    return stub.replace("says:  # to be completed", "says: does what the lecture warned of")


def test_pasted_and_completed_they_explain_the_values(sheet: Sheet, tmp_path: Path) -> None:
    results = a_class(sheet, (6, GROUPS[0]), (9, GROUPS[1]))
    before = results.submissions[0]
    assert not any(each.because for each in before.answers)
    stub = suggest(results)
    told = good(tmp_path, NETWORK + completed(stub))
    assert not [each for each in told.warnings if "misconceptions" in each]
    assert [(each.id, dict(each.instead)) for each in told.misconceptions] == [
        ("common-1", {answer: str(number) for answer, number in sorted(GROUPS[1].items())}),
        ("common-2", {answer: str(number) for answer, number in sorted(GROUPS[0].items())}),
    ]
    again = lay_out(told)
    for at, group in ((2, GROUPS[0]), (1, GROUPS[1])):
        answers = {each.id: each for each in marked(again, "a.xlsx", {**right_answers(again), **group}).answers}
        for answer in group:
            assert [each.id for each in answers[answer].because] == [f"misconception:common-{at}"], answer
            assert "does what the lecture warned of" in answers[answer].feedback


def test_how_many_have_it_and_where_is_said(sheet: Sheet) -> None:
    stub = suggest(a_class(sheet, (6, GROUPS[0])))
    place = address(*(sheet.at("c1", "weights") or (0, 0)))
    assert "# Wrong values that nothing explains, each of at least 3 of 40 students." in stub
    assert "- id: common-1  # 6 students, 2 cells" in stub
    assert f"c1.weights: 7919  # {place}, 6 students" in stub


def test_uncompleted_the_reader_asks_for_it(sheet: Sheet, tmp_path: Path) -> None:
    (line,) = problems(tmp_path, NETWORK + suggest(a_class(sheet, (6, GROUPS[0]))))
    assert "misconceptions[0].says: must be text" in line


@pytest.mark.parametrize(("count", "having", "told"), [(40, 3, True), (40, 2, False), (200, 4, True), (200, 3, False)])
def test_common_is_three_students_and_two_in_a_hundred(sheet: Sheet, count: int, having: int, told: bool) -> None:
    stub = suggest(a_class(sheet, (having, {"fc.parameters": 123457}), count=count))
    assert ("fc.parameters: 123457" in stub) is told
    assert ("misconceptions:" in stub) is told
    if not told:
        assert all(line.startswith("  #") for line in stub.splitlines())


def test_values_of_other_students_are_another_misconception(sheet: Sheet) -> None:
    both = {**GROUPS[0], "fc.parameters": 123457}
    together = suggest(a_class(sheet, (6, both)))
    assert together.count("- id:") == 1
    half = suggest(a_class(sheet, (3, both), (6, GROUPS[0]), (6, {"fc.parameters": 123457})))
    assert half.count("- id:") == 2
    two = suggest(a_class(sheet, (6, {"fc.parameters": 123457}), (5, {"fc.parameters": 123461})))
    assert two.count("- id:") == 2  # of one cell, each needs its own


def test_what_is_explained_or_follows_is_not_suggested(sheet: Sheet) -> None:
    no_biases = {"c1.parameters": 300, "fc.parameters": 31360, "3a.1.x.parameters": 144, "3a.2.x.parameters": 144}
    assert "misconceptions:" not in suggest(a_class(sheet, (10, no_biases)))
    results = a_class(sheet, (6, {"c1.weights": 7919, "c1.parameters": 7923}))
    unpaid = [
        replace(each, answers=tuple(replace(a, status="wrong") if a.score < 1 and a.id == "c1.parameters" else a
                                    for a in each.answers))
        for each in results.submissions
    ]  # fmt: skip
    stub = suggest(replace(results, submissions=unpaid))
    assert "c1.weights: 7919" in stub
    assert "c1.parameters" not in stub


def test_what_instead_cannot_hold_is_only_told(sheet: Sheet, tmp_path: Path) -> None:
    odd: dict[str, Typed] = {
        "question.1": 77771,
        "3a.parameters": 55511,
        "input.in_height": 31.7,
    }
    stub = suggest(a_class(sheet, (6, {**odd, "fc.parameters": 123457})))
    told = good(tmp_path, NETWORK + completed(stub))
    assert [dict(each.instead) for each in told.misconceptions] == [{"fc.parameters": "123457"}]
    for answer, number in odd.items():
        assert f"#   {answer}: {number}, 6 students" in stub
    alone = suggest(a_class(sheet, (6, odd)))
    assert "misconceptions:\n" not in alone
    assert "There are no wrong values that nothing explains" in alone


def test_ids_that_are_taken_are_not_used_again(tmp_path: Path) -> None:
    declared = "  misconceptions: [{id: common-1, says: does it, instead: {c1.weights: 9}}]\n"
    sheet = lay_out(good(tmp_path, NETWORK + declared))
    assert "- id: common-2" in suggest(a_class(sheet, (6, GROUPS[1])))


def test_no_text_of_a_student_is_in_it(sheet: Sheet) -> None:
    evil = ["12\n  evil: 1", "1e400", "nan", "1_000", "٣٤", "9" * 300, "12 # {x}", "=1+1"]
    for given in evil:
        answer = Answer("fc.parameters", "Table", "L4", given, "wrong", 0, 1)
        hand_ins = [Marked(f"{i}.xlsx", None, "marked", None, 0, 1, (answer,)) for i in range(5)]
        stub = suggest(Results("A", hand_ins, sheet=sheet))
        assert given not in stub
        assert stub.isascii()
