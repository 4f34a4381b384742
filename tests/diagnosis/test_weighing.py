"""Which explanation wins: the shortest account of the whole sheet."""

from __future__ import annotations

from sheetgen.diagnosis.weighing import LEAST, Fit, by_chance, choose, cost

BIAS, PAIR, RARE = ("drop", "biases"), (("drop", "kernel"), ("round", "up")), ("drop", "unheard-of")


def chances(cells: str, bits: float = 16.0) -> dict[str, float]:
    return dict.fromkeys(cells, bits)


def test_a_rule_that_explains_five_cells_beats_five_that_explain_one_each() -> None:
    others = [("drop", "padding"), ("once", "padding"), ("drop", "one"), ("round", "up"), ("round", "none")]
    fits = {
        cell: (Fit((other,)), Fit((("swap", "kernel", "stride"),))) for cell, other in zip("abcde", others, strict=True)
    }
    found = choose(fits, chances("abcde"), {})
    assert cost(("swap", "kernel", "stride")) > max(map(cost, others))
    assert {each.rules for each in found.values()} == {(("swap", "kernel", "stride"),)}


def test_one_change_beats_two_and_a_common_rule_a_rare_one() -> None:
    found = choose({"a": (Fit(PAIR), Fit((BIAS,)))}, chances("a"), {})
    assert found["a"].rules == (BIAS,)
    found = choose({"a": (Fit((RARE,)), Fit((BIAS,)))}, chances("a"), {})
    assert found["a"].rules == (BIAS,)


def test_rules_of_other_cells_explain_a_cell_together() -> None:
    both = (("drop", "biases"), ("once", "padding"))
    fits = {"a": (Fit((both[0],)),), "b": (Fit((both[1],)),), "c": (Fit(both), Fit((("swap", "kernel", "stride"),)))}
    assert choose(fits, chances("abc"), {})["c"].rules == both


def test_what_explains_no_more_than_chance_is_none() -> None:
    assert not choose({"a": (Fit((RARE,)),)}, {"a": cost(RARE) + LEAST - 0.1}, {})
    assert choose({"a": (Fit((RARE,)),)}, {"a": cost(RARE) + LEAST + 0.1}, {})


def test_a_rule_that_would_show_in_many_answers_explains_one_less_well() -> None:
    barely = {"a": cost(BIAS) + LEAST + 0.5}
    assert choose({"a": (Fit((BIAS,)),)}, barely, {BIAS: 1})
    assert not choose({"a": (Fit((BIAS,)),)}, barely, {BIAS: 24})


def test_certainty_says_whether_something_else_would_do() -> None:
    alone = choose({"a": (Fit((BIAS,)),)}, chances("a"), {})["a"]
    assert (alone.certainty, alone.others) == ("only", ())
    as_good = choose({"a": (Fit((("round", "up"),)), Fit((("drop", "one"),)))}, chances("a"), {})["a"]
    assert as_good.certainty == "possible"
    assert as_good.others == ((("round", "up"),),)
    worse = choose({"a": (Fit((("round", "up"),)), Fit((("swap", "kernel", "stride"),)))}, chances("a"), {})["a"]
    assert worse.certainty == "likely"


def test_what_explains_all_cells_is_not_doubted_for_what_explains_one() -> None:
    fits = {"a": (Fit((BIAS,)), Fit((("round", "up"),))), "b": (Fit((BIAS,)),), "c": (Fit((BIAS,)),)}
    assert {each.certainty for each in choose(fits, chances("abc"), {}).values()} == {"only"}


def test_chance_grows_with_the_number_of_numbers() -> None:
    assert by_chance(28, 27) < by_chance(34848, 34944) < by_chance(62369152, 62378344)
    assert by_chance(28, 27) < by_chance(2800, 27)  # of another order


def test_what_right_answers_speak_against_is_no_second_explanation() -> None:
    world = ("misconception", "another-network")
    fits = {"a": (Fit((("input", "224"),)), Fit((world,)))}
    assert choose(fits, chances("a"), {})["a"].certainty == "possible"
    against = choose(fits, chances("a"), {}, {world: 20})["a"]
    assert (against.rules, against.certainty, against.others) == ((("input", "224"),), "only", ())


def test_a_rule_that_later_ones_make_needless_is_taken_back() -> None:
    cheap, left, right = ("once", "padding"), ("swap", "kernel", "stride"), ("swap", "padding", "kernel")
    fits = {
        **dict.fromkeys("ab", (Fit((cheap,)), Fit((left,)))),
        **dict.fromkeys("cd", (Fit((cheap,)), Fit((right,)))),
        "e": (Fit((left,)),),
        "f": (Fit((right,)),),
    }
    assert cost(cheap) < min(cost(left), cost(right))
    found = choose(fits, chances("abcdef"), {})
    assert {cell: each.rules for cell, each in found.items()} == {
        **dict.fromkeys("abe", (left,)), **dict.fromkeys("cdf", (right,))
    }  # fmt: skip


def test_of_rules_that_are_both_at_work_the_one_of_most_cells_is_told() -> None:
    cheap, usual = ("once", "padding"), ("swap", "kernel", "stride")
    fits = {**dict.fromkeys("abcdefgh", (Fit((usual,)),)), "i": (Fit((cheap,)), Fit((usual,))), "j": (Fit((cheap,)),)}
    assert choose(fits, chances("abcdefghij"), {})["i"].rules == (usual,)


def test_where_most_numbers_have_no_reason_a_single_one_needs_more() -> None:
    fits: dict[str, tuple[Fit, ...]] = {"a": (Fit((BIAS,)),)}
    barely = {"a": cost(BIAS) + LEAST + 2.0}
    assert choose(fits, barely, {})
    unexplained: dict[str, tuple[Fit, ...]] = dict.fromkeys("bcdefghi", ())
    assert not choose({**fits, **unexplained}, {**barely, **chances("bcdefghi")}, {})
    surely = {"a": cost(BIAS) + LEAST + 4.0}
    assert choose({**fits, **unexplained}, {**surely, **chances("bcdefghi")}, {})


def test_several_cells_of_one_rule_speak_for_each_other_among_many_without() -> None:
    many = dict.fromkeys("abcd", 8.0)
    unexplained: dict[str, tuple[Fit, ...]] = dict.fromkeys("efghijklmnop", ())
    fits = {**dict.fromkeys("abcd", (Fit((BIAS,)),)), **unexplained}
    assert choose(fits, {**many, **chances("efghijklmnop")}, {}).keys() == set("abcd")


def test_two_rules_that_the_sheet_knows_cost_little_together() -> None:
    one, other, third = ("drop", "kernel"), ("swap", "in_channels", "out_channels"), ("swap", "kernel", "stride")
    fits = {
        **dict.fromkeys("abc", (Fit((one,)),)),
        **dict.fromkeys("def", (Fit((other,)),)),
        **dict.fromkeys("ghi", (Fit((one, other)), Fit((third,)))),
    }
    assert {choose(fits, chances("abcdefghi"), {})[cell].rules for cell in "ghi"} == {(one, other)}


def test_two_of_many_known_rules_are_no_news_in_a_small_number() -> None:
    known = [("once", "padding"), ("drop", "one"), ("round", "up"), ("swap", "kernel", "stride")]
    fits = {f"{at}{cell}": (Fit((rule,)),) for at, rule in enumerate(known) for cell in "abcd"}
    chance = {**chances(""), **dict.fromkeys(fits, 16.0), "x": 2.5}
    assert "x" in choose({**fits, "x": (Fit((known[0],)),)}, chance, {})
    assert "x" not in choose({**fits, "x": (Fit((known[0], known[1])),)}, chance, {})


def test_right_rows_speak_for_another_rule_and_against_none_alone() -> None:
    padding, one = ("drop", "padding"), ("drop", "one")
    fits = {"a": (Fit((padding,)), Fit((one,)))}
    assert cost(one) < cost(padding)
    assert choose(fits, chances("a"), {})["a"].rules == (one,)
    found = choose(fits, chances("a"), {}, {}, {one: 7})["a"]
    assert (found.rules, found.certainty, found.others) == ((padding,), "likely", ())
    barely = {"a": cost(one) + LEAST + 0.1}
    assert choose({"a": (Fit((one,)),)}, barely, {}, {}, {one: 7})["a"].rules == (one,)
