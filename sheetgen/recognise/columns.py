"""Which line of numbers holds which quantity: what its heading can mean, weighed with what its cells hold.

For each quantity that a line may hold there is a chance from its heading; each cell that holds a number which is, or is
not, the one that the network has there makes it likelier or less likely (Bayes' rule, the cells taken for independent).
So "Depth" above 96, 256, 384 is the number of filters, and "Input Channel" above 227, 55 is a height. A student's wrong
answers count for little against a heading. That the line holds something else altogether is one of the chances.
"""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache

from .. import reading
from ..expr import Value
from ..layout import Line
from ..quantities import COMPOSITE
from ..vocabulary import NOTHING, Heard, normal
from ..vocabulary.words import BYTES
from .known import SETTINGS, Known

Held = int | float | str | bool | None
# chances of a cell, if the line is the quantity: of a given cell, and of one that a student fills
AGREES, DIFFERS, DIFFERS_IN_BLANK = 0.93, 0.07, 0.4
MOST_WRONG = 1
NO_NUMBER = 0.15  # of a text that is none: "11x11, s=4" below "Parameters"
# and if it is something else; small numbers agree by accident
BY_ACCIDENT, BY_ACCIDENT_SMALL, ELSEWISE = 0.03, 0.3, 0.9
SMALL = 9
FEW_SMALL = 3  # small numbers that agree prove nothing where the heading is not understood
UNHEARD = 0.04  # weight of a quantity that the heading does not speak of
ELSE, ELSE_UNHEARD = 0.08, 0.6  # weight of "something else", with a heading that is understood and without
PLAINLY = 0.9  # weight from which on a heading says what its column is
HALF_HEARD = 0.55  # most certainty where a word of the heading is not understood, and no cell speaks for it
UNITS = (1, 1000, 10**6, 10**9)
_ONE_BY_ONE = (*SETTINGS, "_height", "_width", "_channels")  # which no heading counts in thousands
MOST_TOLD, FIRST_TOLD = 80, 8  # cells of a column that are compared; and that are tried where nothing is heard


@dataclass(frozen=True, slots=True)
class Column:
    """A line that may hold numbers: its heading, and what stands in it at the layers' lines."""

    at: int
    heading: str
    heard: Heard
    cells: Mapping[str, Held]  # layer -> what stands there


@dataclass(frozen=True, slots=True)
class _Fit:
    """How a column fits a quantity: its chance before it is compared with the others'."""

    quantity: str
    chance: float
    agree: int
    differ: int
    unit: int
    order: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Left:
    """Why a line was taken for nothing; what it is likeliest, and how sure that is."""

    why: str
    could: str = ""
    certainty: float = 0


def choose(columns: Sequence[Column], known: Known, least: float) -> tuple[dict[int, Line], dict[int, Left]]:
    """Line number -> what it holds, each quantity once; and why the others hold nothing that is known."""
    heard = {column.at: column for column in columns}
    others = {column.at: Left(why) for column in columns if (why := _of_something_else(column, columns, known))}
    fits = {column.at: _fits(column, known) for column in columns if column.at not in others}
    lines: dict[int, Line] = {}
    sized = False  # does some line hold sizes in one cell?
    taken = {"layer"}  # which is the labels' own line
    while True:
        surest: tuple[float, float, int, int, _Fit] | None = None
        for at, each in fits.items():
            if at in lines:
                continue
            best, certainty = _surest(_alike(each, sized), taken, bool(heard[at].heard.quantities))
            if best is not None and heard[at].heard.strange and best.agree <= best.differ:
                certainty = min(certainty, HALF_HEARD)
            words = heard[at].heard.known  # of "Kernel" and "Kernel size", the one that says more
            if best is not None and (surest is None or (certainty, best.chance, words) > surest[:3]):
                surest = certainty, best.chance, words, at, best
        if surest is None or surest[0] < least:
            break
        certainty, _, _, at, fit = surest
        taken.add(fit.quantity)
        sized = sized or (fit.quantity in COMPOSITE and fit.agree > 0 and fit.agree > fit.differ)
        why = _why(fit, heard[at])
        lines[at] = Line(at, fit.quantity, heard[at].heading, round(certainty, 3), why, fit.unit, fit.order)
    return lines, others | {at: _why_not(fits[at], heard[at], taken) for at in fits if at not in lines}


def _of_something_else(column: Column, columns: Sequence[Column], known: Known) -> str:
    """Why a column holds no quantity of the network, whatever it names; "" where it may."""
    heard = column.heard
    if heard.about:
        return f"its heading speaks of something else ({heard.about})"
    if heard.padding is not None and heard.padding is not known.counts_padding:
        return f"the coursework counts connections {'with' if known.counts_padding else 'without'} padding"
    initial = any(other.heard.statistic for other in columns)
    if initial and set(heard.quantities) & {"weights", "biases"} and not any(map(_is_told, column.cells.values())):
        return "beside means and deviations it may be a value, not a number of them"
    return ""


def _alike(fits: Sequence[_Fit], sized: bool) -> Sequence[_Fit]:
    """Where one line holds sizes as 55x55x96, a line that no cell speaks for holds whole sizes too, if it may."""
    whole = {side for fit in fits if sized and not fit.agree for side in COMPOSITE.get(fit.quantity, ())}
    return [fit for fit in fits if fit.agree or fit.quantity not in whole]


def _surest(fits: Sequence[_Fit], taken: set[str], understood: bool) -> tuple[_Fit | None, float]:
    """The likeliest quantity that is not another line's, and how sure that is."""
    free = [fit for fit in fits if fit.quantity not in taken]
    named = [fit for fit in free if fit.quantity]
    if not named:
        return None, 0
    best = max(named, key=lambda fit: (fit.chance, -fit.quantity.endswith("_width")))
    twin = best.quantity.replace("_height", "_width")  # of square maps: the same numbers
    rivals = sum(fit.chance for fit in free if fit.quantity != twin or twin == best.quantity or fit.agree != best.agree)
    # a quantity that the heading named, and that another line holds already, is no reason to be sure of a third
    return (best, best.chance / rivals) if rivals > 0 and (understood or best.agree > 1) else (None, 0)


def _fits(column: Column, known: Known) -> list[_Fit]:
    """All quantities that the column may hold, and "" for something else."""
    heard = column.heard.quantities
    told = {layer: value for layer, value in column.cells.items() if _is_told(value)}
    told = dict(itertools.islice(told.items(), MOST_TOLD))
    found = []
    few = FEW_SMALL if not heard and all(map(is_small, told.values())) else 1  # marks are small numbers too
    for quantity in dict.fromkeys((*heard, *known.quantities)):
        if column.heard.unit in BYTES and not quantity.endswith("_memory"):
            continue
        if quantity not in heard and not _may_hold(quantity, column.heard, told, known):
            continue
        weight = heard.get(quantity, UNHEARD if told else 0)
        if quantity in known.asked:
            weight *= 1.3
        fit = _compare(quantity, weight, column, told, known)
        if fit.chance > 0 and (quantity in heard or fit.agree > max(few, fit.differ)):
            found.append(fit)
    # a clear heading does not lose to a twin: of as many cells, macs rounded to millions are connections too
    clear = max((fit.agree for fit in found if heard.get(fit.quantity, 0) >= PLAINLY), default=-1)
    found = [fit for fit in found if fit.quantity in heard or fit.agree > clear]
    chance = ELSE if heard else ELSE_UNHEARD
    best = max(found, key=lambda fit: fit.chance, default=None)
    if best is not None:  # by accident only as often as there are different numbers
        for layer, value in told.items():
            verdict = _verdict(value, best.quantity, layer, best.unit, best.order, known)
            given = not known.is_blank(layer, best.quantity)
            chance *= _by_accident(value) if verdict else ELSEWISE if verdict is False and given else 1
    return [*found, _Fit("", chance, 0, 0, 1, ())]


def _may_hold(quantity: str, heard: Heard, told: Mapping[str, Held], known: Known) -> bool:
    """Whether some of the first cells agree with a quantity that the heading does not speak of."""
    unit = heard.unit or 1
    first = list(itertools.islice(told.items(), FIRST_TOLD))
    return any(
        _verdict(value, quantity, layer, unit, order, known)
        for order in _orders(quantity, heard, told)
        for layer, value in first
    )


def _is_told(value: Held) -> bool:
    return value is not None and not isinstance(value, bool) and value != "" and not is_dash(value)


_NOTHING = (
    "n/a na n.a. n.a nil none null no x / . entfällt keine aucun aucune ninguno ninguna nessuno nessuna 无 無 なし"
)
_NONE = frozenset(_NOTHING.split())


def is_dash(value: Held) -> bool:
    """Whether a cell says that there is nothing to say: a dash, n/a, none."""
    if not isinstance(value, str) or len(value) > 10:
        return False
    said = normal(value)
    return said in _NONE or (said != "" and set(said) <= {"-", "_", "―", "ー"})


def holds_number(value: Held) -> bool:
    return not isinstance(value, str) or _number(value) is not None or bool(_size(value))


def _by_accident(value: Held) -> float:
    return BY_ACCIDENT_SMALL if is_small(value) else BY_ACCIDENT


def is_small(value: Held) -> bool:
    """Whether a value is a number that agrees with many things by accident."""
    return isinstance(value, int | float) and abs(value) <= SMALL


def _compare(quantity: str, weight: float, column: Column, told: Mapping[str, Held], known: Known) -> _Fit:
    if quantity in ("layer", "type", "from"):
        texts = all(isinstance(value, str) for value in told.values())
        return _Fit(quantity, weight if texts else weight / 10, 0, 0, 1, ())
    best = _Fit(quantity, 0, 0, 0, 1, ())
    said = column.heard.unit if not quantity.endswith(_ONE_BY_ONE) else None  # K of a kernel is its symbol
    # numbers in full below "Params (K)" are what they are
    units = (said, 1) if said else UNITS if quantity not in SETTINGS else (1,)
    for order in _orders(quantity, column.heard, told):
        for unit in units:
            agree = differ = wrong = 0
            chance = weight
            for layer, value in told.items():
                verdict = _verdict(value, quantity, layer, unit, order, known)
                if verdict is None:
                    continue
                agree, differ = agree + verdict, differ + (not verdict)
                if verdict:
                    chance *= AGREES
                elif isinstance(value, str) and _number(value) is None:
                    chance *= NO_NUMBER
                elif not known.is_blank(layer, quantity):
                    chance *= DIFFERS
                elif wrong < MOST_WRONG:  # a whole column of wrong answers says no more
                    chance, wrong = chance * DIFFERS_IN_BLANK, wrong + 1
            if unit != (said or 1) and not _proves(told.values(), agree):
                continue
            fit = _Fit(quantity, chance, agree, differ, unit, order)
            if (fit.agree, fit.chance) > (best.agree, best.chance) or best.chance == 0:
                best = fit
    return best


def agrees(value: Held, layer: str, line: Line, known: Known) -> bool | None:
    """Whether a cell holds what the network has there; None where that cannot be said."""
    order = line.order or COMPOSITE.get(line.quantity, ())
    return _verdict(value, line.quantity, layer, line.unit, order, known)


def _proves(values: Iterable[Held], agree: int) -> bool:
    """Whether cells that agree in some unit prove it: two, or one with so many digits that it is no accident."""
    return agree > 1 or (agree == 1 and any(_digits(value) >= 4 for value in values))


def _digits(value: Held) -> int:
    """Significant digits, of a number in units: 34.944 has five."""
    number = _number(value)
    if number is None:
        return 0
    exact, last = number
    return len(str(abs(round(exact / last)))) if last else 0


# --- one cell -------------------------------------------------------------------------------------------------------


def _orders(quantity: str, heard: Heard, told: Mapping[str, Held]) -> Iterable[tuple[str, ...]]:
    """The orders in which the sides of a composite size may stand; () for a number."""
    if quantity not in COMPOSITE:
        return ((),)
    height, width, channels = COMPOSITE[quantity]
    if heard.order:
        name = {"height": height, "width": width, "channels": channels}
        first: list[tuple[str, ...]] = [tuple(dict.fromkeys(name[each] for each in heard.order))]
    else:
        first = []
    usual = [(height, width, channels), (channels, height, width), (width, height, channels), (height, width)]
    if not any(isinstance(value, str) for value in told.values()):
        return [*first, usual[0]][:1]
    return dict.fromkeys((*first, *usual))


def _verdict(value: Held, quantity: str, layer: str, unit: int, order: tuple[str, ...], known: Known) -> bool | None:
    """Whether a cell holds what the network has there; None where that cannot be said."""
    if is_dash(value):
        return None
    if quantity == "out_channels" and not isinstance(value, str) and value == 0 and not known.has_filters(layer):
        return None  # a pool has maps, but no filters
    if order:
        return _is_size(value, known.sides(layer, order))
    right = known.number(layer, quantity)
    if right is None or isinstance(right, str):
        return None
    if quantity in SETTINGS and isinstance(value, str) and (square := _is_square(value, right)) is not None:
        return square
    if isinstance(value, int) and isinstance(right, int) and not isinstance(value, bool):  # most cells: no fractions
        if unit == 1 or not value or not right:
            return value == right  # a zero is no number in millions
        return 2 * abs(value * unit - right) <= unit
    number = _number(value)
    if number is None:
        return False
    exact, step = number
    if isinstance(value, str) and step > 1 and right and abs(exact - Fraction(right)) <= step / 2 <= abs(exact) / 20:
        return True  # 35k, in whatever units the column is: it says its own
    if (unit == 1 and isinstance(right, int)) or not exact or not right:
        return exact == right
    near = abs(Fraction(right)) / 100 if unit == 1 else max(step * unit / 2, abs(Fraction(right)) / 10**12)
    return abs(exact * unit - Fraction(right)) <= near


_SIZED = re.compile(r"\d\s*[xX×]\s*\d")  # 11x11, s4 is no 121


@lru_cache(maxsize=4096, typed=True)
def _number(value: Held) -> tuple[Fraction, Fraction] | None:
    """A number, and one of its last digit; None where the cell holds none, or none that is written as one."""
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, str) and _SIZED.search(value) is not None:
        return None
    read = reading.read(value, "number") if isinstance(value, str) else None
    if read is not None:
        return (Fraction(read.numbers[0]), 2 * read.half) if len(read.numbers) == 1 and not read.others else None
    if not isinstance(value, int | float) or isinstance(value, bool):
        return None
    text = repr(value)
    decimals = "" if "e" in text or text.endswith(".0") else text.partition(".")[2]
    return Fraction(text), Fraction(1, 10 ** len(decimals))


@lru_cache(maxsize=4096, typed=True)
def _size(value: Held) -> tuple[Fraction, ...]:
    read = reading.read(value, "size")
    return tuple(Fraction(each) for each in read.numbers)


def _is_size(value: Held, sides: tuple[int, ...] | None) -> bool | None:
    if sides is None or value is None or value == "":
        return None
    numbers = _size(value)  # none of "see the paper", which is no 1 x 1 either
    return bool(numbers) and reading.compare(numbers, sides, channels_last=False) == "same"


def _is_square(value: Held, right: Value) -> bool | None:
    """11 x 11 for a kernel of 11."""
    size = _size(value)
    return set(size) == {right} if len(size) > 1 else None


def plainly(column: Column) -> str | None:
    """The quantity that a heading says plainly; None where it leaves it open."""
    quantity, weight = max(column.heard.quantities.items(), key=lambda each: each[1], default=("", 0.0))
    return quantity if weight >= PLAINLY else None


def verdicts(column: Column, quantity: str, known: Known) -> Iterator[tuple[str, Held, bool]]:
    """Of a column's given cells, as far as they can be compared with ``quantity``: layer, value, whether it agrees."""
    given = {
        layer: value
        for layer, value in column.cells.items()
        if _is_told(value) and holds_number(value) and not known.is_blank(layer, quantity)
    }
    fit = _compare(quantity, 1, column, given, known)
    for layer, value in given.items():
        verdict = _verdict(value, quantity, layer, fit.unit, fit.order, known)
        if verdict is not None:
            yield layer, value, verdict


# --- why ------------------------------------------------------------------------------------------------------------


def _why(fit: _Fit, column: Column) -> str:
    said = []
    if fit.quantity in column.heard.quantities:
        said.append("its heading")
    if fit.agree:
        cells = f"{fit.agree} of its cells {'agrees' if fit.agree == 1 else 'agree'}"
        do = "does" if fit.differ == 1 else "do"
        said.append(f"{cells}, {fit.differ} {do} not" if fit.differ else cells)
    return "; ".join(said)


def _why_not(fits: Sequence[_Fit], column: Column, taken: set[str]) -> Left:
    could = sorted((fit for fit in fits if fit.quantity), key=lambda fit: -fit.chance)[:2]
    if not could:
        nothing = "nothing known"
        return Left(nothing if column.heard is NOTHING else "its heading is understood, but no layer has such a number")
    names = " or ".join(fit.quantity for fit in could)
    example = (
        f"; {NAME_IT}"
        if any(map(_is_told, column.cells.values()))
        else "; fill in one of its cells as an example, or give layout:"
    )
    if all(fit.quantity in taken for fit in could):
        others = "another line holds" if len(could) == 1 else "other lines hold"
        return Left(f"could be {names}, which {others} already")
    likeliest = next(fit.quantity for fit in could if fit.quantity not in taken)
    certainty = next(fit.chance for fit in could if fit.quantity == likeliest) / sum(fit.chance for fit in fits)
    return Left(f"could be {names}, which is not sure enough ({certainty:.0%}){example}", likeliest, certainty)


NAME_IT = "if it is, name it in layout:"
