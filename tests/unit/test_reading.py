"""What students write, read as numbers: every spelling, exactly, and never a number that the text does not hold."""

from __future__ import annotations

import re
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sheetgen.expr import Number
from sheetgen.reading import Habit, Kind, Match, Reading, Shown, Typed, compare, habit, read

NOTHING = Reading()
POINT, COMMA = Habit("."), Habit(",")


# --- one number -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "typed",
    [
        34944,
        34944.0,
        "34944",
        " 34944 ",
        "34944.",
        "034944",
        "34,944",
        "34 944",
        "34\u00a0944",  # no-break space
        "34\u202f944",  # narrow no-break space
        "34\u2009944",  # thin space
        "34'944",
        "34\u2019944",
        "34_944",
        "34944.0",
        "34944,0",
        "34,944.00",
        "34.944,00",
        "34'944.0",
        "３４９４４",
        "３４，９４４",
        "\u0663\u0664\u0669\u0664\u0664",  # Arabic-Indic
        "\u0663\u0664\u066c\u0669\u0664\u0664",
        "\u0969\u096a\u096f\u096a\u096a",  # Devanagari
        "\u200e34944\u200f",  # marks of direction
        "+34944",
        "'34944",
        '"34944"',
        "34944!",
        "34.944k",
        "34.944 thousand",
        "3.4944e4",
        "3.4944E+4",
        "3.4944 x 10^4",
        "3.4944×10⁴",
        "3,4944 · 10^4",
        "11*11*3*96+96",
        "11×11×3×96 + 96",
        "11x11x3x96+96",
        "(11·11·3+1)·96",
        "96(11*11*3+1)",
        "(11^2*3 + 1)(96)",
        "11²×3×96+96",
        "[11**2*3+1]*96",
        "34848 + 96",
        "34848 weights + 96 biases",
        "69888/2",
        "69889//2",
        "= 34,944 params",
        "34944 params",
        "34944 parameters.",
        "params: 34,944",
        "Parameters = 34944",
        "P(conv1) = 34944",
        "conv1: 34944",
        "11*11*3*96+96 = 34944",
        "34944 = 11*11*3*96+96",
        "34944 (=11*11*3*96+96)",
        "34944 (11*11*3*96+96)",
        "34944 (conv1, with biases)",
        "34944 (~35k)",
        "３４９４４；",
        "参数：34944",
        "答：３４，９４４",
        "3.4944万",
        "3.4944万个",
        "0.034944百万",
        "34944左右",
        "34944 ✓",
        "11²·3·96 + 96 → 34944",
        "floor(34944.7)",
        "34.848 + 96",
        "34,944 ≈ 35k",
        "11*11*3*96 = 34848 + 96 = 34944",
        "(k*k*C+1)*K = 34944",
        "~34944",
    ],
)
def test_one_number_however_it_is_typed(typed: Typed) -> None:
    found = read(typed, "count")
    assert (found.numbers, found.problem, found.doubt, found.notes) == ((34944,), None, None, ())
    assert found.half <= Fraction(1, 2)  # exact, among whole numbers


@pytest.mark.parametrize(
    ("typed", "kind", "number"),
    [
        ("-5", "count", -5),
        ("−5", "count", -5),
        ("1,05,70,560", "count", 10570560),  # as in India
        ("62 378 344", "count", 62378344),
        ("62.378.344", "count", 62378344),
        ("2^10", "count", 1024),
        ("2**10", "count", 1024),
        ("10⁶", "count", 1000000),
        ("(2^3)^2", "count", 64),
        ("96/2", "count", 48),
        ("227-172", "side", 55),
        ("16.5", "count", Fraction(33, 2)),
        ("11/3", "count", Fraction(11, 3)),
        ("11/3 = 3.67", "number", Fraction(367, 100)),
        ("100 %", "count", 1),
        ("0.377", "number", Fraction(377, 1000)),
        ("0,377", "number", Fraction(377, 1000)),
        (".5", "number", Fraction(1, 2)),
        ("37.7%", "number", Fraction(377, 1000)),
        ("37,7 %", "number", Fraction(377, 1000)),
        ("37.7 percent", "number", Fraction(377, 1000)),
        ("37.125 %", "number", Fraction(371250, 1000000)),
        ("1,234.5", "number", Fraction(2469, 2)),
        ("1/3", "number", Fraction(1, 3)),
        ("10^-2", "number", Fraction(1, 100)),
        ("10⁻²", "number", Fraction(1, 100)),
        ("2.5", "number", Fraction(5, 2)),
        (0.1, "number", 0.1),
        (34944.00000001, "count", 34944.00000001),  # the noise of a formula stays as it is
        (55, "side", 55),
        ("55 px", "side", 55),
        ("(227 - 11)/4 + 1 = 55", "side", 55),
        ("5*11", "side", 55),
        ("7.5e-1", "number", Fraction(3, 4)),
        ("37.7 per cent", "number", Fraction(377, 1000)),
        ("37,7 pour cent", "number", Fraction(377, 1000)),
        ("３７．７％", "number", Fraction(377, 1000)),
        ("55² x 96", "count", 290400),
        ("55²x96", "count", 290400),
        ("7³", "count", 343),
        ("floor(54.25)", "side", 54),
        ("⌊54.25⌋", "side", 54),
        ("⌈54.25⌉ + 1", "side", 56),
        ("floor((224-11)/4)+1", "side", 54),
        ("⌊(224−11)/4⌋ + 1", "side", 54),
        ("floor((224-11)/4) + 1 = 54", "side", 54),
        ("floor(54.25)=54", "side", 54),
        ("int(54.9)", "side", 54),
        ("ceil(54.25)", "side", 55),
        ("math.floor(54.9)", "side", 54),
        ("round(54.6)", "side", 55),
        ("Round(54.4) + round(1.6)", "side", 56),
        ("2 floor(54.25)", "count", 108),
        ("3 + floor(54.25)", "count", 57),
        ("ROUNDDOWN(54.25,0)", "side", 54),
        ("FLOOR(54.25; 1)", "side", 54),
        ("ABRUNDEN(54,75;0)", "side", 54),
        ("floor(28.125)", "side", 28),  # nobody rounds what is whole
        ("floor(28,125)", "side", 28),
        ("floor(1,000/3)", "count", 333),
        ("28.125 - 0.125", "side", 28),  # 28,124.875 would be no whole number
    ],
)
def test_numbers_of_each_kind(typed: Typed, kind: Kind, number: Number) -> None:
    found = read(typed, kind)
    assert found.problem is None
    assert found.numbers == (number,)
    assert type(found.numbers[0]) is type(number)


@pytest.mark.parametrize("typed", [None, "", "  ", "\u00a0", "''", "\u200b"])
@pytest.mark.parametrize("kind", ["count", "side", "number", "size"])
def test_an_empty_cell(typed: Typed, kind: Kind) -> None:
    assert read(typed, kind) == NOTHING


# --- rounded --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "number", "half"),
    [
        ("62.4M", 62400000, 50000),
        ("62.4 million", 62400000, 50000),
        ("62,4 Mio", 62400000, 50000),
        ("~35k", 35000, 500),
        ("35k", 35000, 500),
        ("≈35k", 35000, 500),
        ("about 35k", 35000, 500),
        ("~35000", 35000, 500),
        ("35000", 35000, 0),  # not said to be rounded
        ("1.05e8", 105000000, 500000),
        ("1.05 x 10^8", 105000000, 500000),
        ("1.05×10⁸", 105000000, 500000),
        ("1.057056e8", 105705600, 50),
        ("105.7 MFLOPs", 105700000, 50000),
        ("1.05B", 1050000000, 5000000),
        ("62.378M", 62378000, 500),
    ],
)
def test_a_rounded_number_says_how_far_off_it_may_be(typed: str, number: int, half: int) -> None:
    found = read(typed, "count")
    assert found.numbers == (number,)
    assert found.half == half
    assert found.doubt is None


@pytest.mark.parametrize(
    ("typed", "number"),
    [
        ("1½", Fraction(3, 2)),
        ("1 ½", Fraction(3, 2)),
        ("-1½", Fraction(-3, 2)),
        ("½", Fraction(1, 2)),
        ("55¼", Fraction(221, 4)),
        ("2⅔ = 8/3", Fraction(8, 3)),
        ("3 · 1½", Fraction(9, 2)),
        ("55¾ params", Fraction(223, 4)),
        ("10⅒", Fraction(101, 10)),
        *((typed, None) for typed in ("1.5½", "1,000½", "12 345½", "½½", "½ 55", "(55)¼", "55①", "5൳", "37½ %")),
    ],
)
@pytest.mark.parametrize("kind", ["number", "count"])
def test_a_fraction_behind_a_number_is_added_and_never_left_out(typed: str, kind: Kind, number: Number | None) -> None:
    found = read(typed, kind)
    assert found.numbers == (() if number is None else (number,))
    assert (found.problem is None) == (number is not None)


@pytest.mark.parametrize("typed", ["~1e9", "1e9", "1e1", "0M", "4M", "~30000", "1 x 10^8", "~0e5"])
def test_a_number_rounded_to_one_digit_proves_nothing(typed: str) -> None:
    found = read(typed, "count")
    assert found.doubt is not None
    assert found.doubt.endswith("is rounded so coarsely that it cannot be marked; type the exact number")


@pytest.mark.parametrize(
    ("typed", "unit", "number"),
    [
        ("142.5 MB", "Memory (MB)", Fraction(285, 2)),
        ("142,5 Mo", "Memory (MB)", Fraction(285, 2)),
        ("142.5 MBytes", "Memory (MB)", Fraction(285, 2)),
        ("142.5 megabytes", "Memory (MB)", Fraction(285, 2)),
        ("142.5M", "Memory (MB)", Fraction(285, 2)),
        ("１４２．５ＭＢ", "Memory (MB)", Fraction(285, 2)),
        ("142,5 Go", "Memory (MB)", None),
        ("142.5 GB", "Memory (MB)", None),
        ("142.5 gigabytes", "Memory (MB)", None),
        ("142.5 MiB", "Memory (MB)", None),
        ("142.5 bytes", "Memory (MB)", None),
        ("142.5 bits", "Memory (MB)", None),
        ("142.5 octets", "bytes", Fraction(285, 2)),
        ("142.5 bits", "bytes", None),
        ("142.5 bytes", "bits", None),
    ],
)
def test_another_unit_of_memory_is_not_left_out(typed: str, unit: str, number: Number | None) -> None:
    found = read(typed, "number", unit=unit)
    assert found.numbers == (() if number is None else (number,))
    assert (found.problem is None) is (number is not None)


def test_working_that_may_be_in_thousands() -> None:
    found = read("28.125*8", "count")
    assert (found.numbers, found.others) == ((225000,), (225,))
    assert found.doubt is not None


def test_a_square_by_its_power_where_a_side_is_asked() -> None:
    assert read("55²", "side").doubt == "'55^2' can mean 3025 or a square of side 55; type one number"
    assert (read("55²", "side").numbers, read("55²", "side").others) == ((3025,), (55,))


def test_a_b_is_a_byte_where_bytes_are_asked() -> None:
    assert read("512B", "count", unit="Activation memory (bytes)").numbers == (512,)
    assert read("512 bytes", "count", unit="Activation memory (bytes)").notes == ()
    assert read("1.1 MB", "count").problem is not None  # of 1000 or of 1024?
    assert read("12 KiB", "count", unit="KiB").numbers == (12,)


# --- ambiguous ------------------------------------------------------------------------------------------------------


def test_a_point_before_three_digits() -> None:
    whole, share = read("34.944", "count"), read("34.944", "number")
    assert (whole.numbers, whole.others, whole.doubt) == ((34944,), (), None)
    assert whole.notes == (
        "'34.944' was read as 34944, since a whole number is asked; the other cells do not show it.",
    )
    assert (share.numbers, share.others) == ((Fraction(34944, 1000),), (34944,))
    assert share.doubt == "'34.944' can mean 34.944 or 34944; type it without a mark between thousands"
    assert read("34,944", "count").notes == ()


def test_a_comma_before_three_digits_and_an_m() -> None:
    assert (found := read("62,378k", "count")).numbers == (62378,)
    assert found.others == (62378000,)
    assert read("62,378k", "count", habit=POINT).numbers == (62378000,)
    assert read("62,378M", "count", habit=COMMA) == read("62.378M", "count")


def test_the_other_cells_show_what_a_point_is() -> None:
    assert read("34.944", "count", habit=COMMA) == Reading((34944,))
    assert read("34.944", "count", habit=POINT) == read("34.944", "count")  # as decimals it could not be right
    assert read("34,944", "count", habit=COMMA) == Reading((34944,))
    assert read("34,944", "number", habit=POINT) == Reading((34944,))
    assert read("34,944", "number", habit=COMMA) == Reading((Fraction(34944, 1000),))


@pytest.mark.parametrize(
    ("texts", "mark"),
    [
        (["0.377"], "."),
        (["34,944", "0,377"], ","),
        (["62.378.344"], ","),
        (["62,378,344"], "."),
        (["1,05,70,560"], "."),
        (["1.234,5"], ","),
        (["34 944,5"], ","),
        (["1,234.567"], "."),
        (["34,944", "34.944", "34 944"], None),  # each alone can be either
        (["0.5", "0,5"], None),  # one and the other
        (["(96,55,55)", "1.2.3", "x", "", "5"], None),
        (["0.5" + " " * 2000], None),  # too long to be an answer
    ],
)
def test_what_the_texts_of_one_author_show(texts: list[str], mark: str | None) -> None:
    assert habit(texts).decimal == mark


def test_a_square_where_a_count_is_asked_can_be_a_side() -> None:
    found = read("227 x 227", "count")
    assert (found.numbers, found.others) == ((51529,), (227,))
    assert found.doubt == "'227 x 227' can mean 51529 or a square of side 227; type one number"
    assert read("55x55x96", "count") == Reading((290400,))


@pytest.mark.parametrize("typed", ["55x55", "55 x 55", "55×55", "(55, 55)", "[55, 55]", "55, 55", "55,55", "55 by 55"])
def test_a_square_where_a_side_is_asked(typed: str) -> None:
    assert read(typed, "side").numbers == (55,)
    assert read(typed, "side").notes == (f"'{typed}' was read as a square of side 55.",)


@pytest.mark.parametrize("typed", ["55x54", "55x55x96", "(55, 54)", "(None, 55, 55, 96)"])
def test_more_sides_than_the_one_that_is_asked(typed: str) -> None:
    assert read(typed, "side").problem == f"the cell holds '{typed}', one number is expected"


def test_a_range_is_no_difference() -> None:
    assert read("3-5", "count").doubt == "'3-5' can be a range or a difference, -2; type one number"


# --- working and value in one cell ----------------------------------------------------------------------------------


def test_the_value_counts_where_its_working_gives_another() -> None:
    for typed in ("5*5*96*256 = 614401", "614401 = 5*5*96*256", "614401 (=5*5*96*256)"):
        found = read(typed, "count")
        assert (found.numbers, found.doubt) == ((614401,), None)
        assert found.notes == ("The working gives 614400; 614401 is stated, and that counts.",)


def test_a_number_before_a_bracket_may_be_a_factor() -> None:
    assert read("96 (11*11*3+1)", "count").doubt == (
        "'96' and '11*11*3+1' behind it may be a product or two numbers; type one number"
    )


@pytest.mark.parametrize("typed", ["34848 = 34944", "34848 ≈ 34944", "34848 (34944)", "34848; 34944 = 1"])
def test_two_values_are_not_one_answer(typed: str) -> None:
    found = read(typed, "count")
    assert found.numbers == ()
    assert found.problem is not None


# --- what is not read -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "typed",
    ["eleven", "TRUE", "-", "?", "n/a", "x", "²", "½½", "#DIV/0!", "9^9^9^9", "2^3^2", "2**3**4", "9**99999", "1/0",
     "0^0", "1e99999", "1e999999999", "9" * 41, "1,2 345", "1.2.3", "12 34", "34848 or 34944", "not 34944",
     "at least 5", "< 5", "5 ± 1", "12e5x", "3O944", "55 x 55 x", "5 million dozen", "more than 34944", "hundred",
     "5 hundred", "conv 1 = foo", "f(5)", "log2(1000)", "sqrt 9", "0x10", "there were five of these and then 6 more",
     "__import__('os')", "1;2", "()", "(", "1+", "(5", "5)", "1=1=" * 9, "9^9^9^9 = 5",
     "34944以上", "3万4944", "34944 ou 5", "1 Billionen", "round(54.5)", "floor(54.25", "floor(9^9^9^9) = 5",
     "floor()", "floor(1/0)", "floor(1;2)", "floor 54.25", "floor(5, 5)", "54 ~ 55", "54.25 = 56", "54.9 = 54",
     "54.25 -> 53", "floor(" * 60 + "5" + ")" * 60 + "^9999",
     "my own guess here is really 34944", "123,45,678", "1,2345,678", "\x00", "\ud800"],
)  # fmt: skip
def test_what_cannot_be_read_has_a_reason(typed: str) -> None:
    found = read(typed, "count")
    assert found.numbers == ()
    assert found.problem is not None


@pytest.mark.parametrize(
    ("typed", "kind", "problem"),
    [
        ("eleven", "count", "the cell holds text that is no whole number: 'eleven'"),
        ("a third", "number", "the cell holds text that is no number: 'a third'"),
        ("big", "size", "the cell holds no size such as 55 x 55 x 96: 'big'"),
        (True, "count", "the cell holds TRUE, a number is expected"),
        (False, "size", "the cell holds FALSE, a number is expected"),
        (float("nan"), "count", "the cell holds no finite number"),
        (float("inf"), "number", "the cell holds no finite number"),
        ("=C5*D5", "count", "the cell holds a formula as text, which is not calculated: '=C5*D5'"),
        ("(128, 96)", "count", "the cell holds '(128, 96)', one number is expected"),
        ("3 = 5", "count", "the cell holds more than one number, '3' and '5'; one is expected"),
        ("1" * 32767, "count", "the cell holds a text of 32,767 characters, a number is expected"),
        ("5x5x5 = 6x6x6", "size", "the cell holds more than one size: '5x5x5 = 6x6x6'"),
    ],
)
def test_reasons(typed: Typed, kind: Kind, problem: str) -> None:
    assert read(typed, kind) == Reading(problem=problem)


def test_words_without_a_meaning_are_told() -> None:
    assert read("34944 gizmos", "count").notes == ("Left out when reading the number: 'gizmos'.",)
    assert read("10184 categories", "count", unit="categories").notes == ()


def test_a_misplaced_comma_is_not_told_to_be_wrong() -> None:
    doubt = read("3,4944", "count").doubt
    assert doubt == "'3,4944' is no whole number; between thousands a comma has three digits behind it"
    assert read("3,4944", "number").doubt is None


# --- dates and percentages ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "kind", "shown", "doubtful"),
    [
        (45722, "count", "date", True),
        (34944, "count", "date", True),
        (0.5, "number", "date", True),
        (62378344, "count", "date", False),  # later than the last date that there is
        (-5, "count", "date", False),
        (0.377, "number", "percent", False),
        (0.11, "count", "percent", True),
        (0.11, "side", "percent", True),
        (11, "count", "", False),
    ],
)
def test_how_the_cell_shows_its_number(value: int | float, kind: Kind, shown: Shown, doubtful: bool) -> None:
    found = read(value, kind, shown=shown)
    assert found.numbers == (value,)
    assert (found.doubt is not None) is doubtful
    assert found.percent is (shown == "percent")


def test_what_is_said_of_dates_and_percentages() -> None:
    assert read(45722, "count", shown="date").doubt == (
        "the cell shows a date: spreadsheets make one of what looks like it, such as 3-5 or 1/2; format the cell as a "
        "number and type the answer again"
    )
    assert read(0.11, "count", shown="percent").doubt == (
        "the cell shows 11 %, a number without % is expected; format the cell as a number and type it again"
    )


def test_a_number_that_may_have_lost_its_thousands() -> None:
    assert read(10.184, "count").notes == ("10.184 is no whole number; if its point separates thousands, type 10184.",)
    assert read(16.5, "count").notes == read(10.184, "number").notes == read(0.184, "count").notes == ()


# --- sizes ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "numbers"),
    [
        ("55 x 55 x 96", (55, 55, 96)),
        ("55x55x96", (55, 55, 96)),
        (" 55 X 55 X 96 ", (55, 55, 96)),
        ("55 × 55 × 96", (55, 55, 96)),
        ("５５×５５×９６", (55, 55, 96)),
        ("55*55*96", (55, 55, 96)),
        ("55 · 55 · 96", (55, 55, 96)),
        ("055 x 55 x 96", (55, 55, 96)),
        ("55 by 55 by 96", (55, 55, 96)),
        ("55 mal 55 mal 96", (55, 55, 96)),
        ("55乘55乘96", (55, 55, 96)),
        ("55、55、96", (55, 55, 96)),
        ("55² x 96", (55, 55, 96)),
        ("55²x96", (55, 55, 96)),
        ("96 × 55²", (96, 55, 55)),
        ("55²", (55, 55)),
        ("7³", (7, 7, 7)),
        ("55 x 55 x 96 channels", (55, 55, 96)),
        ("= 55x55x96", (55, 55, 96)),
        ("output: 55x55x96", (55, 55, 96)),
        ("(55, 55, 96)", (55, 55, 96)),
        ("55, 55, 96", (55, 55, 96)),
        ("(96, 55, 55)", (96, 55, 55)),
        ("(96,55,55)", (96, 55, 55)),
        ("(128,128,256)", (128, 128, 256)),  # no 128 million
        ("[55; 55; 96]", (55, 55, 96)),
        ("(None, 55, 55, 96)", (55, 55, 96)),
        ("[(None, 55, 55, 96)]", (55, 55, 96)),
        ("(?, 55, 55, 96)", (55, 55, 96)),
        ("[-1, 96, 55, 55]", (96, 55, 55)),
        ("(N, 96, 55, 55)", (96, 55, 55)),
        ("[1, 96, 55, 55]", (1, 96, 55, 55)),
        ("torch.Size([1, 96, 55, 55])", (1, 96, 55, 55)),
        ("torch.Size([96, 55, 55])", (96, 55, 55)),
        ("27.50 x 3", (Fraction(55, 2), 3)),
        ("27.0 x 3", (27, 3)),
        ("55 x 55", (55, 55)),
        ("4096", (4096,)),
        ("(4096,)", (4096,)),
        ("4,096", (4096,)),
        ("(4,96)", (4, 96)),
        ("128,128,256", (128, 128, 256)),
        ("1x1x4,096", (1, 1, 4096)),
        (4096, (4096,)),
    ],
)
def test_a_size_however_it_is_typed(typed: Typed, numbers: tuple[Number, ...]) -> None:
    assert read(typed, "size") == Reading(numbers)


@pytest.mark.parametrize(
    "typed",
    [
        "96@55x54",
        "96 @ 55 × 54",
        "55x54@96",
        "H=55, W=54, C=96",
        "C=96 H=55 W=54",
        "N=1, C=96, H=55, W=54",
        "Höhe: 55, Breite: 54, Kanäle: 96",
        "55H x 54W x 96C",
        "55(H) x 54(W) x 96(C)",
        "96 channels, 55 x 54",
        "96 feature maps of 55x54",
        "55x54, 96 channels",
        "channels: 96, 55x54",
        "96 canaux de 55x54",
        "96x55x54 (CHW)",
        "(C,H,W) = (96,55,54)",
        "CHW: 96x55x54",
        "高55 宽54 通道96",
        "９６チャンネル ５５×５４",
    ],
)
def test_a_size_that_names_its_numbers(typed: str) -> None:
    assert read(typed, "size") == Reading((55, 54, 96), sides=("height", "width", "channels"))


@pytest.mark.parametrize(
    "typed",
    ["55 x 54 x 96 channels", "maps: 55x54x96", "96 x 55 x 54 maps", "55, 54, 96 channels", "channels 96 x 55 x 54",
     "96 channels 7x1,024", "H=55 W 54 C=96", "H=55, H=54, C=96", "N=2, C=96, H=55, W=54", "C=96 rows=55 W=54",
     "55 54 channels 96 x 7"],
)  # fmt: skip
def test_a_word_beside_a_size_does_not_name_a_number_that_it_may_not_mean(typed: str) -> None:
    assert read(typed, "size").sides == ()


@pytest.mark.parametrize(
    "typed",
    ["55 x 55 x", "x 55", "-5 x 5 x 5", "55 xx 55", "5 x 5 x 5 5 x 5", "(55, 55", "55, 55)", "(55, (55, 96))",
     "~55 x 55", "55 x y", "5 % x 5", "1x" * 12 + "1", "2^3 x 5", "@", "96@", "@55x55", "96@55", "55x54@96x2", "None",
     "1=1=" * 9],
)  # fmt: skip
def test_what_is_no_size(typed: str) -> None:
    problem = read(typed, "size").problem
    assert problem is not None
    assert problem.startswith("the cell holds no size such as 55 x 55 x 96: ")


@pytest.mark.parametrize(
    ("typed", "numbers"),
    [
        ("(4,096)", (4096,)),
        ("[4,096]", (4096,)),
        ("(9,216)", (9, 216)),
        ("(96,55,55)", (96, 55, 55)),
        ("(96,0)", (96, 0)),
    ],
)
def test_a_zero_behind_a_comma_shows_thousands(typed: str, numbers: tuple[Number, ...]) -> None:
    assert read(typed, "size").numbers == numbers


def test_a_size_beside_its_product() -> None:
    assert read("6 x 6 x 256 = 9216", "size") == Reading((6, 6, 256), others=(9216,))
    assert read("55 x 55 x 96 = 290,400 neurons", "size") == Reading((55, 55, 96), others=(290400,))
    told = ("The sides multiply to 9216, not 9217.",)
    assert read("6 x 6 x 256 = 9217", "size") == Reading((6, 6, 256), notes=told)


@pytest.mark.parametrize(
    ("given_", "right", "match"),
    [
        ((55, 55, 96), (55, 55, 96), "same"),
        ((96, 55, 55), (55, 55, 96), "channels first"),
        ((1, 96, 55, 55), (55, 55, 96), "channels first"),
        ((1, 55, 55, 96), (55, 55, 96), "same"),
        ((2, 55, 55, 96), (55, 55, 96), "different"),
        ((3, 10, 20), (10, 20, 3), "channels first"),
        ((20, 10, 3), (10, 20, 3), "other order"),
        ((55, 96, 55), (55, 55, 96), "other order"),
        ((55, 55), (55, 55, 96), "too few"),
        ((55,), (55, 55, 96), "too few"),
        ((54, 54, 96), (55, 55, 96), "different"),
        ((4096,), (4096,), "same"),
        ((1, 1, 4096), (4096,), "same"),
        ((4096, 1, 1), (1, 1, 4096), "same"),
        ((1, 4096), (4096,), "same"),
        ((4095,), (4096,), "different"),
        ((1, 1, 4095), (4096,), "different"),
        ((2, 4096), (4096,), "different"),
        ((1,), (1, 1, 1), "same"),
        ((1, 1), (5,), "different"),
        ((55, 96), (1, 55, 96), "too few"),
    ],
)
def test_sizes_compared(given_: tuple[int, ...], right: tuple[int, ...], match: Match) -> None:
    assert compare(given_, right, channels_last=True) == match


def test_an_order_without_names_is_only_an_order() -> None:
    assert compare((3, 10, 20), (10, 20, 3), channels_last=False) == "other order"


# --- whatever is typed ----------------------------------------------------------------------------------------------


def _indian(digits: str) -> str:
    head, tail = digits[:-3], digits[-3:]
    return ",".join([*re.findall(r"\d{1,2}(?=(?:\d{2})*$)", head), tail]) if head else tail


SPELLINGS = [
    "{0}", "{0:,}", "{0:_}", " {0} ", "{0}.0", "{0}.", "= {0:,} params", "{0} = {0}", "{0} (={0})", "1*{0}", "({0})",
    "~{0} + 0", "{0}e0", "n = {0:,}", "0{0}", "{0} + 0 = {0}", "{0:,}.00",
]  # fmt: skip
MARKS = [None, ".", " ", "\u00a0", "\u202f", "\u2009", "'", "’"]
ZEROS = ["0", "０", "٠", "۰", "०", "𝟎"]


@given(st.integers(0, 10**15), st.sampled_from(SPELLINGS), st.sampled_from(MARKS), st.sampled_from(ZEROS))
def test_any_number_in_any_spelling_reads_back(number: int, spelling: str, mark: str | None, zero: str) -> None:
    typed = spelling.format(number)
    if mark is not None and "." not in typed:
        typed = typed.replace(",", mark)
    typed = "".join(chr(ord(zero) + int(char)) if char.isdigit() else char for char in typed)
    found = read(typed, "count", habit=COMMA if mark == "." else POINT)
    assert (found.numbers, found.problem, found.doubt) == ((number,), None, None)


@given(st.integers(0, 10**15))
def test_any_number_grouped_as_in_india(number: int) -> None:
    assert read(_indian(str(number)), "count").numbers == (number,)


KINDS = st.sampled_from(["count", "side", "number", "size"])
LIKELY = st.text(alphabet="0123456789.,'_ xX×*^+-/()[]=~≈@%:eEkMB\u00a0⁸２١Nonet½", max_size=40) | st.lists(
    st.sampled_from(["floor(", "ceil(", "round(", "⌊", "⌋", ")", "1", "54.25", "28.125", ",0", ";1", "/2", "->", "→",
                     "≈", "=", "H", "C=", " channels", "(CHW)", "x", "@", "²", "万", " MB", " "]),
    max_size=14,
).map("".join)  # fmt: skip


@given(LIKELY | st.text(max_size=60), KINDS)
def test_no_text_raises_and_none_without_a_digit_is_a_number(typed: str, kind: Kind) -> None:
    found = read(typed, kind)
    assert not (found.numbers and found.problem)
    if not any(char.isnumeric() for char in typed):
        assert found.numbers == ()
    habit([typed])


@given(st.text(alphabet="0123456789.,'_ \u00a0", max_size=25), st.sampled_from(["count", "number"]))
def test_no_number_is_read_that_the_text_does_not_hold(typed: str, kind: Kind) -> None:
    digits = "".join(char for char in typed if char.isdigit()).strip("0")
    for number in (*read(typed, kind).numbers, *read(typed, kind).others):
        scaled = Fraction(number) * 10**40
        assert scaled.denominator == 1
        assert str(scaled.numerator).strip("0") == digits


@pytest.mark.parametrize(
    "unit",
    ["1", "1,", "1 ", "(", "1x", "1^", "9^", "1=", "~", "1(", "a", "a(", "1-", "[1,", "'", "1e", "%", "1@", "⁸", "１",
     "floor(", "⌊1⌋", "floor(1;0)+", "1→", "h1 ", "h", "c=1,", "1²x"],
)  # fmt: skip
@pytest.mark.parametrize("kind", ["count", "size"])
def test_a_cell_full_of_anything_ends(unit: str, kind: Kind) -> None:
    for length in (999, 32767):
        typed = (unit * length)[:length]
        assert read(typed, kind).numbers == () or length == 999
        habit([typed] * 50)
