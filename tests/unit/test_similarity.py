"""Pairs that share what is rare: weighed as computed by hand, on honest classes, and on classes with planted copies."""

from __future__ import annotations

import json
import math
import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from statistics import mean

import pytest

from sheetgen.addresses import address
from sheetgen.marking import Answer, Because, Held, Marked, Submission, mark
from sheetgen.records import Results, from_line, to_line
from sheetgen.reports import Asked
from sheetgen.reports.similarity import render
from sheetgen.sheet import Sheet
from sheetgen.similarity import COPIED, EXPECTED, Compared, Pair, compare
from tests.five_students import NoBiases, PaperImage, Student, TwoGpus
from tests.sample_class import Typed, right_answers

# --- classes that are made of records ---------------------------------------------------------------------------------

ROWS, COLUMNS = ("a", "b", "c", "d", "e", "f"), ("u", "v", "w", "x", "y", "z")
CELLS = [f"{row}.{column}" for row in ROWS for column in COLUMNS]
DIAGONAL = [f"{row}.{column}" for row, column in zip(ROWS, COLUMNS, strict=True)]  # no two of a row or a column
Wrong = Mapping[str, str | tuple[str, str]]  # answer -> the value, or the value and its cause


def hand_in(name: str, wrong: Wrong | None = None, **more: object) -> Marked:
    """Every cell right but for ``wrong``; None for a value leaves it blank."""
    answers = []
    for at, cell in enumerate(CELLS):
        said = (wrong or {}).get(cell, "1")
        value, cause = (said, "") if isinstance(said, str) else said
        status = "correct" if value == "1" else "wrong" if value else "blank"
        because = (Because(cause, f"does {cause}", "only"),) if cause else ()
        answers.append(Answer(cell, "Table", f"B{at}", value, status, 0, 1, because))  # type: ignore[arg-type]
    found = Marked(f"{name}.xlsx", name, "marked", None, 0, 1, tuple(answers))
    return replace(found, **more)  # type: ignore[arg-type]


def with_formulas(marked: Marked, formulas: Mapping[str, str]) -> Marked:
    return replace(marked, answers=tuple(replace(each, formula=formulas.get(each.id)) for each in marked.answers))


def compared(hand_ins: Iterable[Marked], sheet: Sheet | None = None) -> Compared:
    return compare(Results("alexnet", [from_line(to_line(each)) for each in hand_ins], sheet=sheet))


def others(count: int) -> list[Marked]:
    return [hand_in(f"other{i}") for i in range(count)]


def names(pairs: Sequence[Pair]) -> list[tuple[str, str]]:
    return [(pair.one.student, pair.other.student) for pair in pairs]


def only(found: Compared) -> Pair:
    (pair,) = found.pairs
    return pair


def test_a_pair_is_weighed_as_by_hand() -> None:
    """Of 100 two share three values that nobody else has: each ratio is 1 - c + 100c, in both directions."""
    wrong = dict(zip(DIAGONAL, ("7", "8", "9"), strict=False))
    pair = only(compared([hand_in("ann", wrong), hand_in("bob", wrong), *others(98)]))
    ratio = mean((1 - c + 100 * c) ** 3 for c in COPIED)
    assert pair.expected == pytest.approx(100 * 99 / 2 / ratio)
    assert [(each.where, each.what, each.others, each.of) for each in pair.shared] == [
        ("a.u", "7", 0, 98),
        ("b.v", "8", 0, 98),
        ("c.w", "9", 0, 98),
    ]
    assert pair.differ == 0


def test_what_they_have_differently_speaks_against() -> None:
    """Two more of ann's values, of which bob has one otherwise and one right; what he left blank says nothing."""
    wrong = dict(zip(DIAGONAL, ("7", "8", "9", "5"), strict=False))
    same = only(compared([hand_in("ann", wrong), hand_in("bob", wrong), *others(98)]))
    more = {"e.y": "2", "f.z": "3"}
    differ = only(compared([hand_in("ann", wrong | more), hand_in("bob", wrong | {"e.y": "4"}), *others(98)]))
    forth, back = (mean((1 - c + 100 * c) ** 4 * (1 - c) ** count for c in COPIED) for count in (2, 1))
    assert differ.expected == pytest.approx(100 * 99 / 2 / ((forth + back) / 2))
    assert (differ.differ, same.differ) == (3, 0)
    assert differ.bits < same.bits - 1
    blank = only(compared([hand_in("ann", wrong | more), hand_in("bob", wrong | {"e.y": "", "f.z": ""}), *others(98)]))
    assert blank.bits == pytest.approx(same.bits, abs=0.1)  # 99 have answered there, and not 100
    assert blank.differ == 0


def test_a_value_weighs_by_how_few_others_have_it() -> None:
    wrong = dict(zip(DIAGONAL, ("7", "8", "9", "5"), strict=False))
    rare = only(compared([hand_in("ann", wrong), hand_in("bob", wrong), *others(98)]))
    also = [hand_in(f"also{i}", {DIAGONAL[0]: "7"}) for i in range(9)]
    common = only(compared([hand_in("ann", wrong), hand_in("bob", wrong), *also, *others(89)]))
    (first,) = (each for each in common.shared if each.where == DIAGONAL[0])
    assert (first.others, first.of) == (9, 98)
    assert first.bits == pytest.approx(3.32, abs=0.01)  # one in ten
    assert common.bits < rare.bits - 3


def test_an_unexplained_value_that_nobody_else_has_weighs_by_how_seldom_such_come_twice() -> None:
    """Good and Turing: of 60 students who have one each, none comes twice but that of the pair."""
    wrong = dict(zip(DIAGONAL, ("7", "8", "9", "5"), strict=False))
    lone = [hand_in(f"lone{i}", {"f.u": str(1000 + i)}) for i in range(60)]
    pair = only(compared([hand_in("ann", wrong), hand_in("bob", wrong), *lone, *others(38)]))
    assert [each.bits for each in pair.shared] == pytest.approx([math.log2(100 / (2 * 2 / 61))] * 4)


def test_the_cells_of_one_cause_count_once() -> None:
    cause: Wrong = {cell: (str(at + 100), "drop:biases") for at, cell in enumerate(CELLS[:30])}
    few = {cell: cause[cell] for cell in CELLS[:1]}
    alone = {cell: str(at + 7) for at, cell in enumerate(DIAGONAL[2:])}
    much = only(compared([hand_in("ann", {**cause, **alone}), hand_in("bob", {**cause, **alone}), *others(98)]))
    little = only(compared([hand_in("ann", {**few, **alone}), hand_in("bob", {**few, **alone}), *others(98)]))
    assert much.bits == pytest.approx(little.bits)
    (told,) = (each for each in much.shared if each.rule)
    assert (told.rule, told.more) == ("does drop:biases", 26)  # of 30 cells three have another value
    some = [hand_in(f"some{i}", {CELLS[0]: cause[CELLS[0]]}) for i in range(24)]  # who have it in mind, in one cell
    known = only(compared([hand_in("ann", {**cause, **alone}), hand_in("bob", {**cause, **alone}), *some, *others(74)]))
    assert min(each.bits for each in known.shared) == pytest.approx(2, abs=0.01)  # a quarter, in whichever cell
    slips = {cell: (said, "slip:digit") for cell, said in alone.items()}  # a slip says nothing of the next cell
    slipped = only(compared([hand_in("ann", slips), hand_in("bob", slips), *others(98)]))
    assert len(slipped.shared) == len(slips)


def test_two_causes_may_come_from_one_lesson() -> None:
    causes = {"a.u": ("5", "drop:biases"), "b.v": ("6", "twin:stride"), "c.w": ("7", "round:up")}
    alone = {cell: str(at + 7) for at, cell in enumerate(DIAGONAL[3:])}
    pair = only(compared([hand_in("ann", {**causes, **alone}), hand_in("bob", {**causes, **alone}), *others(98)]))
    assert [each.bits for each in pair.shared if each.rule] == pytest.approx([6.64, 1, 0.58], abs=0.01)


def test_what_goes_together_in_the_class_counts_little() -> None:
    """An unnamed mistake of six cells that each of ten makes: no pair of them is striking."""
    wrong = {cell: str(at + 7) for at, cell in enumerate(DIAGONAL)}
    ten = [hand_in(f"same{i}", wrong) for i in range(10)]
    assert compared([*ten, *others(290)]).pairs == ()
    # while as many who have one of the six each do not make it a habit to have them all
    apart = [hand_in(f"one{i}", {DIAGONAL[i % 6]: str(i % 6 + 7)}) for i in range(48)]
    assert names(compared([*ten[:2], *apart, *others(250)]).pairs) == [("same0", "same1")]


def test_a_rule_that_nobody_named_is_no_evidence_cell_by_cell() -> None:
    """A whole column that two have wrong alike may be one rule; as many cells elsewhere are not."""
    column = {f"{row}.u": str(at + 7) for at, row in enumerate(ROWS)}
    assert compared([hand_in("ann", column), hand_in("bob", column), *others(98)]).pairs == ()
    apart = {cell: str(at + 7) for at, cell in enumerate(DIAGONAL)}
    pair = only(compared([hand_in("ann", apart), hand_in("bob", apart), *others(98)]))
    # one more in the column of the first and the row of the third: one of the five others in each is wrong
    more = only(compared([hand_in("ann", {**apart, "c.u": "3"}), hand_in("bob", {**apart, "c.u": "3"}), *others(98)]))
    assert min(each.bits for each in pair.shared) == pytest.approx(6.64, abs=0.01)  # one in a hundred
    assert min(each.bits for each in more.shared) == pytest.approx(4.64, abs=0.01)  # one in five, squared


def test_what_most_have_weighs_nothing() -> None:
    about = {"creator": "The Instructor", "modifier": "Excel", "created": "2026-01-01T00:00:00"}
    usual = dict.fromkeys(CELLS, "A1*B1")
    everybody = [with_formulas(each, usual) for each in (replace(each, properties=about) for each in others(100))]
    assert compared(everybody).pairs == ()
    most = [hand_in(f"most{i}", {"f.z": "4"}) for i in range(60)]
    wrong = dict(zip(DIAGONAL, ("7", "8", "9", "5"), strict=False))
    pair = only(compared([hand_in("ann", {**wrong, "f.z": "4"}), hand_in("bob", wrong), *most, *others(38)]))
    assert pair.differ == 0


def test_what_one_of_them_lacks_says_nothing() -> None:
    wrong = dict(zip(DIAGONAL, ("7", "8", "9", "5"), strict=False))
    ann = with_formulas(hand_in("ann", wrong, properties={"creator": "ann", "modifier": "ann"}), {"f.z": "1+1"})
    class_of = [with_formulas(replace(each, properties={"creator": each.file}), {"f.z": "2"}) for each in others(98)]
    assert only(compared([ann, hand_in("bob", wrong), *class_of])).differ == 0


def test_properties_and_formulas_are_evidence() -> None:
    def some(name: str, modifier: str, created: str, formulas: Mapping[str, str]) -> Marked:
        about = {"creator": "The Instructor", "modifier": modifier, "created": created}
        return with_formulas(hand_in(name, properties=about), formulas)

    ours = {f"{row}.{column}": f" {column} * {row}" for row in ROWS for column in COLUMNS}
    usual = {cell: f"{cell}*2" for cell in CELLS}
    class_of = [some(f"other{i}", f"m{i}", "2026-01-01T00:00:00", usual) for i in range(98)]
    ann, bob = (some(name, "ann", "2026-05-05T11:12:13", ours) for name in ("ann", "bob"))
    pair = only(compared([ann, bob, *class_of]))
    assert names([pair]) == [("ann", "bob")]
    told = {(each.kind, each.where): each for each in pair.shared}
    assert ("property", "creator") not in told
    assert told["property", "created"].what == "2026-05-05T11:12:13"
    assert told["property", "modifier"].others == 0
    both = sorted(each.bits for each in pair.shared if each.kind == "property")
    assert both == pytest.approx([1, 6.64], abs=0.01)  # the second may come from the same computer
    assert sum(each.kind == "formula" for each in pair.shared) == len(COLUMNS)
    assert all(each.more == len(ROWS) - 1 for each in pair.shared if each.kind == "formula")
    # a formula that stands there and is another one speaks against it; none there says nothing
    another = some("bob", "ann", "2026-05-05T11:12:13", {cell: f"{text}+0" for cell, text in ours.items()})
    assert compared([ann, another, *class_of]).pairs == ()


def test_the_formula_of_the_key_is_no_sign(sheet: Sheet) -> None:
    right = right_answers(sheet)
    formulas = {answer: text for answer in sheet.places if (text := sheet.formula(answer)) is not None}
    another = {answer: f"{text}+0" for answer, text in formulas.items()}
    plain = [with_formulas(marked(sheet, f"other{i}", right), another) for i in range(40)]
    ann, bob = (with_formulas(marked(sheet, name, right), formulas) for name in ("ann", "bob"))
    assert compared([ann, bob, *plain], sheet).pairs == ()
    own = {answer: f"{text}*1" for answer, text in formulas.items()}
    ann, bob = (with_formulas(marked(sheet, name, right), own) for name in ("ann", "bob"))
    assert names(compared([ann, bob, *plain], sheet).pairs) == [("ann", "bob")]


def test_a_value_is_no_second_piece_beside_its_formula() -> None:
    wrong = dict(zip(DIAGONAL, ("7", "8", "9", "5"), strict=False))
    formulas = {cell: f"{cell}+6" for cell in wrong}
    ann, bob = (with_formulas(hand_in(name, wrong), formulas) for name in ("ann", "bob"))
    pair = compared([ann, bob, *(with_formulas(each, dict.fromkeys(CELLS, "1")) for each in others(498))]).pairs
    assert all(each.kind == "formula" for found in pair for each in found.shared)


def test_texts_to_the_letter_are_a_piece() -> None:
    def wrote(name: str, text: str, wrong: Wrong) -> Marked:
        said = Answer("question.3", "Questions", "C3", text, "for-a-person", 0, 2)
        found = hand_in(name, wrong)
        return replace(found, answers=(*found.answers, said))

    wrong = dict(zip(DIAGONAL, ("7", "8", "9", "5"), strict=False))
    each_own = [wrote(f"other{i}", f"my own words {i}", {}) for i in range(98)]
    alike = only(compared([wrote("ann", "No  overlap.", wrong), wrote("bob", "no overlap.", wrong), *each_own]))
    apart = only(compared([wrote("ann", "No overlap.", wrong), wrote("bob", "I do not know", wrong), *each_own]))
    assert alike.bits > apart.bits + 5
    assert [each.what for each in alike.shared if each.kind == "text"] == ["no overlap."]


def test_the_same_bytes_are_named_and_not_weighed() -> None:
    wrong = {cell: str(at + 7) for at, cell in enumerate(DIAGONAL)}
    blank = [hand_in(name, dict.fromkeys(CELLS, ""), content="cc") for name in ("left", "open")]  # the blank itself
    found = compared([hand_in("ann", wrong, content="aa"), hand_in("bob", wrong, content="aa"), *blank, *others(98)])
    assert [[who.student for who in group] for group in found.identical] == [["ann", "bob"]]
    assert found.pairs == ()
    assert found.hand_ins == 99  # of the same file one is compared with the others


def test_of_a_small_class_chance_is_not_judged() -> None:
    wrong = {cell: str(at + 7) for at, cell in enumerate(DIAGONAL)}
    for count, judged in ((7, False), (8, True)):
        found = compared([hand_in("ann", wrong), hand_in("bob", wrong), *others(count)])
        assert found.judged is judged
        assert (only(found).expected is not None) is judged
    assert compared([]).pairs == compared([hand_in("ann", wrong)]).pairs == ()
    unmarked = Marked("x.xlsx", None, "unmarked", "broken", 0, 1, ())
    assert compared([unmarked, unmarked]).hand_ins == 0


# --- classes that are marked ------------------------------------------------------------------------------------------


def marked(sheet: Sheet, name: str, answers: Mapping[str, Typed]) -> Marked:
    at = {cell.answer: address(cell.row, cell.column) for cell in sheet.blanks}
    held = {answer: Held("Table", at.get(answer, "C9"), value) for answer, value in answers.items()}
    found = mark(sheet, Submission(f"{name}.xlsx", held))
    return replace(found, student=name, content=name)


def slipped(chance: random.Random, answers: Mapping[str, Typed], count: int) -> dict[str, Typed]:
    """With so many cells in which a number was typed that nothing explains."""
    numbers = [answer for answer, value in answers.items() if isinstance(value, int) and value > 1000]
    return {**answers, **{answer: chance.randint(1000, 10**6) for answer in chance.sample(numbers, count)}}


def an_honest_class(sheet: Sheet, chance: random.Random, count: int) -> list[dict[str, Typed]]:
    """Half have one of three wrong rules in mind, a third one more that nobody named, and any may slip."""
    right = right_answers(sheet)
    kinds: Sequence[type[Student]] = (Student, NoBiases, PaperImage, TwoGpus)
    thought = {kind: {**right, **(kind().answers() if kind is not Student else {})} for kind in kinds}
    unnamed = {f"{layer}.connections": 17 for layer in ("conv1", "conv2", "conv3", "conv4", "conv5")}
    found = []
    for _ in range(count):
        answers = dict(thought[chance.choices(kinds, (50, 30, 10, 10))[0]])
        if chance.random() < 0.3:
            for answer, more in unnamed.items():
                number = answers[answer]
                assert isinstance(number, int)
                answers[answer] = number + more * 1009
        answers = slipped(chance, answers, chance.choice((0, 0, 1, 2, 3)))
        found.append(dict(list(answers.items())[: chance.choice((60, 1000, 1000, 1000))]))
    return found


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_honest_classes_give_no_pair(sheet: Sheet, seed: int) -> None:
    class_of = an_honest_class(sheet, random.Random(seed), 120)
    found = compared([marked(sheet, f"s{i}", answers) for i, answers in enumerate(class_of)], sheet)
    assert found.hand_ins == 120
    assert names(found.pairs) == []


def test_planted_copies_are_found_and_nobody_else(sheet: Sheet) -> None:
    chance = random.Random(4)
    class_of = an_honest_class(sheet, chance, 120)
    right = right_answers(sheet)
    changed = slipped(chance, right, 6)  # handed on, and three cells of it changed
    class_of[10], class_of[50] = changed, slipped(chance, changed, 3)
    class_of[20] = class_of[60] = slipped(chance, {**right, **NoBiases().answers()}, 5)  # a common mistake beside it
    ours = {answer: f"0+{text}" for answer in sheet.places if (text := sheet.formula(answer)) is not None}
    usual = {answer: f"{text}+0" for answer, text in ours.items()}
    everybody = []
    for i, answers in enumerate(class_of):
        formulas = ours if i in (30, 70) else usual if i % 3 == 0 else {}  # a third write formulas
        each = marked(sheet, f"s{i}", right if i in (30, 70) else answers)
        correct = {answer.id for answer in each.answers if answer.status == "correct"}
        everybody.append(with_formulas(each, {answer: formulas[answer] for answer in correct & formulas.keys()}))
    found = compared(everybody, sheet)
    assert set(names(found.pairs)) == {("s10", "s50"), ("s20", "s60"), ("s30", "s70")}
    assert all(pair.expected is not None and pair.expected < EXPECTED for pair in found.pairs)
    assert [pair.bits for pair in found.pairs] == sorted((pair.bits for pair in found.pairs), reverse=True)


def test_what_follows_from_one_number_is_one_piece(sheet: Sheet) -> None:
    """72 for 27, and all behind it as it follows, where the coursework gives no marks for that."""
    from tests.five_students import Mistyped

    def no_credit(found: Marked) -> Marked:
        answers = (replace(each, status="wrong") if each.status == "follow-through" else each for each in found.answers)
        return replace(found, answers=tuple(answers))

    right = right_answers(sheet)
    wrong = no_credit(marked(sheet, "ann", {**right, **Mistyped().answers()}))
    assert wrong.count("wrong") > 10
    plain = [marked(sheet, f"other{i}", right) for i in range(60)]
    assert compared([wrong, replace(wrong, student="bob", content="b"), *plain], sheet).pairs == ()


# --- the report -------------------------------------------------------------------------------------------------------

EVIL = '<script>alert("x")</script>\u202e\x07'


def report(tmp_path: Path, hand_ins: Sequence[Marked], name: str = "similar.html") -> str:
    results = Results("alexnet", [from_line(to_line(each)) for each in hand_ins])
    return render(results, Asked(tmp_path / name)).decode("utf-8")


def a_pair() -> list[Marked]:
    wrong = dict(zip(DIAGONAL, ("34848", EVIL, "9", "5"), strict=False))
    about = {"creator": EVIL, "modifier": EVIL, "created": "2026"}
    ann = replace(hand_in("ann", wrong), student=EVIL, properties=about)
    return [ann, replace(ann, file=f"{EVIL}.xlsx"), *others(98)]


def test_the_page_is_a_reason_to_look_and_escapes_what_students_wrote(tmp_path: Path) -> None:
    page = report(tmp_path, a_pair())
    assert "A reason to look, not a verdict." in page
    assert "<code>34,848</code> in a.u (B0); nobody else of 98 has" in page
    assert "&lt;script&gt;" in page
    assert "<script" not in page
    assert not {"\u202e", "\x07"} & set(page)
    assert "http" not in page


def test_the_same_as_json(tmp_path: Path) -> None:
    data = json.loads(report(tmp_path, a_pair(), "similar.json"))
    assert data["judged"]
    assert data["hand_ins"] == 100
    assert data["threshold"] == EXPECTED
    assert data["identical"] == []
    (pair,) = data["pairs"]
    assert 0 < pair["expected"] < EXPECTED
    assert pair["shared"][0]["others"] == 0


def test_the_page_of_a_class_without_pairs_and_of_a_small_one(tmp_path: Path) -> None:
    assert "No pair of different files is more alike than chance explains." in report(tmp_path, others(30))
    small = report(tmp_path, a_pair()[:4])
    assert "chance cannot be judged here" in small
    assert "cannot be judged</td>" in small
    same = [replace(each, content="aa") for each in a_pair()[:2]]
    assert "The same file, byte for byte" in report(tmp_path, same)
