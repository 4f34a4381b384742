"""What a sheet's wrong cells have in common: one cause for a rule, with all that only follows from it."""

from __future__ import annotations

from itertools import pairwise

from sheetgen.addresses import address
from sheetgen.api import sheet_of
from sheetgen.diagnosis import Explained, Finding
from sheetgen.diagnosis.causes import Cause, causes
from sheetgen.diagnosis.changes import Rule
from sheetgen.diagnosis.wording import summary
from sheetgen.sheet import Sheet

BIAS, IMAGE, ABOVE = ("drop", "biases"), ("input", "224"), ("row", "above")
CONV = ("conv1", "conv2", "conv3", "conv4", "conv5")


def sheet() -> Sheet:
    return sheet_of("alexnet")


def ruled(answer: str, *rules: Rule) -> Finding:
    return Finding(answer, why=(Explained(rules, "only"),))


def carried(answer: str, *sources: str) -> Finding:
    return Finding(answer, sources, True, depends=sources)


def told(*findings: Finding, language: str = "en") -> tuple[str, ...]:
    places = sheet().places

    def place(answer: str) -> str:
        return address(places[answer].row, places[answer].column) if answer in places else "C9"

    return summary(sheet(), {finding.answer: finding for finding in findings}, place, language)


def test_what_follows_belongs_to_where_its_chain_begins() -> None:
    wrong = (
        carried("total.neurons", "conv1.neurons"),
        carried("conv1.neurons", "conv1.out_height"),
        carried("conv1.out_height", "input.in_height"),
        ruled("input.in_height", IMAGE),
        ruled("fc6.biases", BIAS),
        ruled("conv1.biases", BIAS),
        Finding("conv2.neurons"),
        carried("conv2.connections", "conv2.neurons"),
    )
    assert causes(sheet(), {each.answer: each for each in wrong}) == (
        Cause((IMAGE,), ("input.in_height",), ("conv1.out_height", "conv1.neurons", "total.neurons"), "only"),
        Cause((BIAS,), ("conv1.biases", "fc6.biases"), (), "only"),
        Cause((), ("conv2.neurons",), ("conv2.connections",), "possible"),
    )


def test_a_chain_of_any_length_and_one_that_closes_a_circle_end() -> None:
    rows = [f"conv{i}.neurons" for i in range(2000)]
    chain = {each: carried(each, before) for before, each in pairwise(rows)}
    (cause,) = causes(sheet(), {**chain, rows[0]: Finding(rows[0])})
    assert (cause.cells, len(cause.carried)) == ((rows[0],), 1999)
    circle = {"conv1.neurons": carried("conv1.neurons", "conv2.neurons")}
    circle["conv2.neurons"] = carried("conv2.neurons", "conv1.neurons")
    found = causes(sheet(), circle)
    assert sorted(cell for each in found for cell in (*each.cells, *each.carried)) == sorted(circle)


def test_a_size_s_side_leads_to_the_cell_of_the_size() -> None:
    findings = {
        "conv1.output_size": ruled("conv1.output_size", ("once", "padding")),
        "conv1.neurons": carried("conv1.neurons", "conv1.out_height"),
    }
    cause = Cause((("once", "padding"),), ("conv1.output_size",), ("conv1.neurons",), "only")
    assert causes(sheet(), findings) == (cause,)


def test_one_cause_is_one_sentence_with_ranges_of_cells() -> None:
    assert told(*(ruled(f"{layer}.biases", BIAS) for layer in (*CONV, "fc6", "fc7", "fc8"))) == (
        "In 8 cells (K7, K9, K11 to K13, K15 to K17) the answer leaves out the biases.",
    )


def test_one_cell_is_named_and_what_follows_is_counted() -> None:
    findings = (
        ruled("conv1.out_height", ("drop", "one")),
        carried("conv1.neurons", "conv1.out_height"),
        carried("total.neurons", "conv1.neurons"),
    )
    first = "In G7 (conv1, Output height) the answer leaves out the + 1; "
    assert told(*findings) == (f"{first}2 later numbers follow from that and are right for it.",)
    assert told(*findings[:2]) == (f"{first}1 later number follows from that and is right for it.",)
    assert told(*findings[:2], language="de") == (
        "Die Antwort lässt das „+ 1“ weg; das betrifft G7 (conv1, Output height). "
        "Daraus folgt 1 spätere Zahl, die damit richtig gerechnet ist.",
    )


def test_what_nothing_explains_comes_last_and_together() -> None:
    assert told(Finding("conv1.weights"), ruled("fc8.biases", BIAS), Finding("fc6.weights")) == (
        "In K17 (fc8, Biases) the answer leaves out the biases.",
        "No reason was found for 2 cells (J7, J15).",
    )


def test_cells_that_each_look_beside_them_are_said_in_general() -> None:
    assert told(ruled("conv2.neurons", ABOVE), ruled("conv3.neurons", ABOVE)) == (
        "In 2 cells (I9, I11) the answer repeats the number of the row above.",
    )
    assert told(ruled("conv2.neurons", ABOVE)) == (
        "In I9 (conv2, Neurons) the answer repeats the number of the row above (pool1).",
    )
    both = ("mixed-up", "connections", "parameters")
    assert told(ruled("conv3.parameters", both), ruled("conv3.connections", both)) == (
        "In 2 cells (L11, M11) the answer mixes up the connections and the parameters.",
    )


def test_questions_are_named_by_their_number() -> None:
    assert told(ruled("question.1", IMAGE), ruled("input.in_height", IMAGE)) == (
        "In 2 cells (G6, question 1) the answer takes 224 for the size of the input.",
    )
    assert told(Finding("question.7.conv2.bias")) == ("No reason was found for question 7, conv2, Bias constant.",)


def test_many_cells_are_not_all_named() -> None:
    names = ("neurons", "weights", "biases", "parameters", "connections")
    (sentence,) = told(*(Finding(f"{layer}.{name}") for layer in ("conv1", "conv3", "fc6") for name in names))
    assert sentence == "No reason was found for 15 cells (I7, I11, I15, J7, J11, J15, K7, ...)."
    assert told() == ()


def test_the_surest_cell_says_how_sure_a_cause_is() -> None:
    doubted = Finding("conv1.biases", why=(Explained((BIAS,), "possible"),))
    assert told(doubted) == ("In K7 (conv1, Biases) it may be that the answer leaves out the biases.",)
    (cause,) = causes(sheet(), {"conv1.biases": doubted, "fc6.biases": ruled("fc6.biases", BIAS)})
    assert cause.certainty == "only"
