"""Every rule in words, and the sentences that students read: the one place that says why a number is wrong.

A rule is said as what the student, or the answer, does ("leaves out the biases"), so that one clause continues every
sentence. No clause holds the right number of a blank; what the sheet gives it may name. What parts of formulas are
called is in ``naming``; which cells have one cause in ``causes``. All messages are gettext's, so that a language is
one catalogue (``locale/``). This room must not know how a rule was found, nor files; what a student typed is data.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from itertools import groupby

from ..addresses import address, parse_address
from ..language import N_, Translations, listed, translations
from ..network import INPUT, TOTAL
from ..quantities import COMPOSITE
from ..sheet import Sheet
from . import Finding
from .causes import Cause, causes
from .changes import Rule
from .index import index_of
from .naming import (
    divides,
    heading_of,
    is_asked,
    is_nameless,
    is_question,
    say_answer,
    say_number,
    say_part,
    say_quantity,
)
from .weighing import Certainty

Place = Callable[[str], str]  # an answer's cell, F7; "" where it has none

# Rules that have one clause wherever they are
_PLAIN: Mapping[Rule, str] = {
    ("drop", "one"): N_("leaves out the + 1"),
    ("drop", "minus-one"): N_("leaves out the - 1"),
    ("drop", "inner-one"): N_("leaves out the one inside the brackets"),
    ("drop", "log2"): N_("does not take the logarithm"),
    ("single", "biases"): N_("counts a single bias for the whole layer"),
    ("per-unit", "biases"): N_("counts a bias for every neuron, not for every output channel"),
    ("added", "biases"): N_("counts the biases among the weights"),
    ("product", "biases"): N_("multiplies by the biases instead of adding them"),
    ("twice", "one"): N_("adds the + 1 twice"),
    ("twice", "minus-one"): N_("subtracts the 1 twice"),
    ("twice", "inner-one"): N_("counts the one inside the brackets twice"),
    ("sign", "one"): N_("subtracts the 1 instead of adding it"),
    ("sign", "minus-one"): N_("adds the 1 instead of subtracting it"),
    ("sign", "inner-one"): N_("has the wrong sign before the one inside the brackets"),
    ("add",): N_("adds where it should multiply"),
    ("inverted",): N_("divides the wrong way round"),
    ("round", "up"): N_("rounds up instead of down"),
    ("round", "down"): N_("rounds down instead of up"),
    ("round", "none"): N_("does not round"),
    ("round", "nearest"): N_("rounds to the nearest whole number"),
    ("same",): N_("divides the size of the input by the stride and rounds up, as if the padding kept the size"),
    ("divided",): N_("divides the size of the input by the stride and does no more"),
    ("by-kernel",): N_("divides the size of the input by the kernel"),
    ("kept",): N_("keeps the size of the input"),
    ("divided", "stride"): N_("divides the channels by the stride"),
    ("divided", "kernel"): N_("divides the channels by the kernel"),
    ("nothing",): N_("counts nothing in a layer that has some"),
    ("flops",): N_("counts a multiplication and an addition for each MAC, as FLOPs are counted"),
    ("counted", "biases"): N_("counts the biases too"),
    ("pooled",): N_("counts the windows of a layer that only pools"),
    ("again", "out_channels"): N_("multiplies by the output channels once too often"),
    ("per-slice", "biases"): N_("counts a bias for every kernel between two maps, not for every output channel"),
    ("per-input", "biases"): N_("counts a bias for every input"),
    ("dtype",): N_("counts another number of bytes for each number"),
    ("not-concatenated",): N_("does not lay the maps of the inputs one behind the other"),
    ("lacks-input",): N_("leaves out one of the inputs that are laid one behind the other"),
    ("biases-once",): N_("adds each bias once, not at every position"),
    ("as-convolution",): N_("counts the connections of pooling as those of a convolution"),
    ("uncropped",): N_("leaves out the cropping"),
    ("thousand",): N_("mixes up powers of ten and of two, for kilo or mega"),
    ("points",): N_("reads another cell than it needs"),
    ("unit", "1000000000"): N_("is off by a factor of a billion, as if the column were in another unit"),
    ("unit", "1024"): N_("is off by two to the power of ten, as if the column were in another unit"),
    ("unit", "1048576"): N_("is off by two to the power of twenty, as if the column were in another unit"),
    ("weighted",): N_("counts weights in a layer that has none"),
    ("percent",): N_("is off by a factor of a hundred, as if a share and per cent were mixed up"),
    ("unit", "1000"): N_("is off by a factor of a thousand, as if the column were in another unit"),
    ("unit", "1000000"): N_("is off by a factor of a million, as if the column were in another unit"),
    ("slip", "digit"): N_("has one digit wrong"),
    ("slip", "swapped"): N_("has two neighbouring digits swapped"),
    ("slip", "dropped"): N_("lacks a digit"),
    ("slip", "doubled"): N_("has one digit doubled"),
    ("slip", "inserted"): N_("has a digit too many"),
    ("slip", "zeros"): N_("has too many zeros at its end"),
    ("slip", "zeros-lost"): N_("has too few zeros at its end"),
}
# Rules about one part of the formula
_OF_PART: Mapping[str, str] = {
    "drop": N_("leaves out {part}"),
    "single": N_("counts {part} once for the whole layer"),
    "per-unit": N_("counts {part} once for every neuron"),
    "doubled": N_("counts {part} twice"),
    "twice": N_("counts {part} twice"),
    "added": N_("adds {part}"),
    "product": N_("multiplies by {part} instead of adding it"),
    "once": N_("counts {part} once instead of twice"),
    "sum": N_("adds height and width for {part} instead of multiplying them"),
    "sign": N_("has the wrong sign before {part}"),
    "factor": N_("multiplies by {part} instead of dividing"),
    "before": N_("takes {part} of the layer before"),
    "after": N_("takes {part} of the layer after it"),
    "halved": N_("keeps half of {part}, as if there were two groups"),
    "times-power": N_("multiplies {part} by the exponent instead of raising to that power"),
}
_NOT_DIVIDED = N_("does not divide by {part}")
_NO_DIVISION = N_("leaves out a division")
_FLAT = N_("uses the input without flattening it")
_SIDES = frozenset({"kernel", "in_size", "out_size", "taps"})  # of which a formula has two, height times width
_OF_FAN_IN = frozenset({"weights", "parameters", "connections", "fan_in", "macs", "flops", "parameter_memory"})
# A convention of the coursework: what counts it although here it is not, and the other way round
_CONVENTIONS: Mapping[str, tuple[str, str]] = {
    "bias": (
        N_("counts the biases as connections, although here they are not counted"),
        N_("leaves the biases out of the connections, although here they are counted"),
    ),
    "padding": (
        N_("counts the connections to the padding, although here they are not counted"),
        N_("leaves out the connections to the padding, although here they are counted"),
    ),
    "pooling": (
        N_("counts the connections of pooling layers, although here they are not counted"),
        N_("leaves out the connections of pooling layers, although here they are counted"),
    ),
    "flops": (
        N_("counts two operations for each MAC, although here it is one"),
        N_("counts one operation for each MAC, although here it is two"),
    ),
}
_FIGURES: Mapping[str, str] = {
    "2": N_("rounds to two figures"), "3": N_("rounds to three figures"),
    "4": N_("rounds to four figures"), "5": N_("rounds to five figures"), "6": N_("rounds to six figures"),
    "7": N_("rounds to seven figures"), "8": N_("rounds to eight figures"), "9": N_("rounds to nine figures"),
}  # fmt: skip
_ROUNDED = N_("is rounded")
_ROWS: Mapping[str, str] = {
    "above": N_("repeats the number of the row above"),
    "below": N_("gives the number of the row below"),
    "another": N_("gives the number of another row"),
}
_ROW = N_("gives the number of {layer}")
_UNKNOWN = N_("follows another rule than the one that is asked")


def clause(rules: tuple[Rule, ...], sheet: Sheet, answer: str, language: str = "en") -> str:
    """What rules that hold together do, in the third person and without a subject: ``leaves out the biases``.

    ``answer`` is the cell's that they explain, or empty: without one a rule is said in general.
    """
    return sheet.remember(("clause", rules, answer, language), lambda: _whole_clause(rules, sheet, answer, language))


def _whole_clause(rules: tuple[Rule, ...], sheet: Sheet, answer: str, language: str) -> str:
    say = translations(language)
    said = [_clause(rule, sheet, answer, say) for rule in rules if rule[0] != "only-in"]
    together = tuple(dict.fromkeys(said))
    whole = listed(say, together)
    if len(together) > 1 and any("," in each for each in together):
        whole = say.gettext("{several}, and {last}").format(several=", ".join(together[:-1]), last=together[-1])
    for kind in (rule[1] for rule in rules if rule[0] == "only-in"):
        whole = say.gettext("{what}, in the {kind} layers only").format(what=whole, kind=kind)
    return whole


def _clause(rule: Rule, sheet: Sheet, answer: str, say: Translations) -> str:
    head, *parts = rule
    if head == "flops" and _of(answer) == "connections":
        return say.gettext("counts a multiplication and an addition for each connection, as FLOPs are counted")
    if rule in _PLAIN:
        return say.gettext(_PLAIN[rule])
    if head in _OF_PART and len(parts) == 1:
        return say.gettext(_of_part(head, parts[0], sheet, answer)).format(part=say_part(parts[0], sheet, answer, say))
    match rule:
        case ("unsquared", name):
            part = say_part(name, sheet, answer, say)
            if name == "kernel" and _is_square(sheet, answer):
                return say.gettext("takes the kernel's side once instead of squaring it")
            if name in _SIDES:
                return say.gettext("takes {part} once instead of height times width").format(part=part)
            return say.gettext("takes {part} to too low a power").format(part=part)
        case ("swap", here, there):
            names = {"here": say_part(here, sheet, answer, say), "there": say_part(there, sheet, answer, say)}
            return say.gettext("uses {there} in place of {here}").format(**names)
        case ("mixed-up", one, other):
            return _mixed_up(one, other, sheet, answer, say)
        case ("row", which):
            return _other_row(which, sheet, answer, say)
        case ("input", size):
            # in the cell of the image's own size it is what the student typed
            told = f"{int(size):,}" if answer.startswith(f"{INPUT}.") else say_number(size, sheet)
            if told is None:
                return say.gettext("takes another usual size of images for the size of the input")
            return say.gettext("takes {size} for the size of the input").format(size=told)
        case ("batch", images):
            told = say_number(images, sheet)
            if told is None:
                return say.gettext("counts a whole batch of images")
            return say.gettext("counts a batch of {images} images").format(images=told)
        case ("rounded-places", _):
            return say.gettext("is rounded to too few decimals")
        case ("rounded", figures):
            return say.gettext(_FIGURES.get(figures, _ROUNDED))
        case ("left-out", what) if what in {row.name for row in sheet.table.rows} or what in sheet.table.blocks:
            return say.gettext("leaves out {layer}").format(layer=what)
        case ("left-out", what):
            return say.gettext("leaves out the {kind} layers").format(kind=what)
        case ("counted-twice", layer):
            return say.gettext("counts {layer} twice").format(layer=layer)
        case ("convention", name):
            more, less = _CONVENTIONS.get(name, (_UNKNOWN, _UNKNOWN))
            return say.gettext(more if _counts_more(name, rule, sheet) else less)
        case ("misconception", name):
            declared = (each for each in sheet.misconceptions if each.id == name)
            says = next((str(each.says) for each in declared), "")
            if not says:
                return say.gettext("follows a wrong rule that is known for this coursework")
            return say.gettext("{says}").format(says=says.strip().rstrip("."))  # in the coursework's language: quoted
    return say.gettext(_UNKNOWN)


def _of(answer: str) -> str:
    return answer.rpartition(".")[2]


def _of_part(head: str, name: str, sheet: Sheet, answer: str) -> str:
    if head == "drop" and divides(name, sheet, answer):
        return _NO_DIVISION if is_nameless(name, sheet, answer) else _NOT_DIVIDED
    if head == "drop" and name == "in_size" and _reads_flat(sheet, answer):
        return _FLAT
    if head == "once" and (is_question(answer) or is_asked(name)):
        return N_("leaves out a factor of {part}")
    return _OF_PART[head]


def _reads_flat(sheet: Sheet, answer: str) -> bool:
    """Whether the answer is of a layer that reads its input flattened, or sums such layers up."""
    layer, _, quantity = answer.rpartition(".")
    kind = next((row.kind for row in sheet.table.rows if row.name == layer), "")
    summed = layer == TOTAL or layer in sheet.table.blocks
    return (kind == "Linear" or summed) and quantity in _OF_FAN_IN


def _is_square(sheet: Sheet, answer: str) -> bool:
    """Whether the layer's window is as high as it is wide, as far as one of its formulas says."""
    layer = answer.rpartition(".")[0]
    for quantity in ("weights", "fan_in", "connections"):
        known = sheet.table.quantities.get(f"{layer}.{quantity}")
        if known is not None and "kernel_height" in known.binds:
            return known.binds["kernel_height"] == known.binds.get("kernel_width")
    return True


def _mixed_up(one: str, other: str, sheet: Sheet, answer: str, say: Translations) -> str:
    """From the cell of the one: gives the other, not this one."""
    names = {one: say_quantity(one, sheet, say), other: say_quantity(other, sheet, say)}
    asked = _of(answer)
    if asked not in names:
        return say.gettext("mixes up {one} and {other}").format(one=names[one], other=names[other])
    there = names[other if asked == one else one]
    return say.gettext("gives {there}, not {here}").format(here=names[asked], there=there)


def _other_row(which: str, sheet: Sheet, answer: str, say: Translations) -> str:
    layer, _, quantity = answer.rpartition(".")
    asked = (answer, *(f"{layer}.{side}" for side in COMPOSITE.get(quantity, ()))) if answer else ()
    index = index_of(sheet)
    known = (each for each in asked if each in sheet.table.numbers)
    copied = next((found for each in known if (found := index.copied_from(each, ("row", which)))), None)
    row = copied.rpartition(".")[0] if copied is not None else ""
    told = say.gettext(_ROWS.get(which, _ROW)).format(layer=which)
    return f"{told} ({row})" if row and which in _ROWS else told


def _counts_more(name: str, rule: Rule, sheet: Sheet) -> bool:
    """Whether the other convention counts what the coursework's own does not."""
    index, numbers = index_of(sheet), sheet.table.numbers
    for answer in sheet.variants.get(name, {}):
        if answer in numbers and answer in sheet.table.quantities:
            for each, number in index.conventions(answer, numbers):
                right = numbers[answer]
                if each == rule and not isinstance(right, str) and number == number and number != right:
                    return number > right
    return False


# --- one cell --------------------------------------------------------------------------------------------------------

_WRONG: Mapping[Certainty, str] = {
    "only": N_("{where}: {given} is not right; it {clause}."),
    "likely": N_("{where}: {given} is not right; it seems that it {clause}."),
    "possible": N_("{where}: {given} is not right; it may be that it {clause}."),
}
_BARRED: Mapping[str, str] = {
    "impossible": N_("It earns nothing: it follows from a number that cannot be, or is one."),
    "zero": N_("It earns nothing, because it follows from a 0 or is one."),
    "copied": N_("It earns nothing, because the same mistake is in it."),
}
_MOST_NAMED = 4  # earlier answers
_MOST_RANGES = 8  # of cells


def cell_sentence(sheet: Sheet, finding: Finding, given: str, place: Place, language: str = "en") -> str:
    """Why the number ``given`` in one cell is wrong, as far as it is known; never what would be right there.

    ``place`` gives an answer's cell. What the student typed is put in as it stands: who prints it makes it harmless.
    """
    say = translations(language)
    where = say_answer(finding.answer, sheet, say)
    said = [clause(why.rules, sheet, finding.answer, language) for why in finding.why]
    if finding.follows:
        sources = _sources(sheet, finding.follows, place, say)
        told = say.ngettext(
            "{where}: {given} is right for your own {sources}, which is not.",
            "{where}: {given} is right for your own {sources}, which are not.",
            len(_by_cell(finding.follows, place)),
        ).format(where=where, given=given, sources=sources)
        if finding.barred:
            return f"{told} {say.gettext(_BARRED[finding.barred])}"
        if not said or any(rule[0] == "input" for rule in finding.why[0].rules):
            return told  # another image is in all that follows
        elsewhere = say.gettext("As elsewhere, it {clause}.")
        return f"{told} {elsewhere.format(clause=said[0])}"
    if said:
        either = say.gettext(", or ").join(dict.fromkeys(said))
        certainty: Certainty = "possible" if len(said) > 1 else finding.why[0].certainty
        return say.gettext(_WRONG[certainty]).format(where=where, given=given, clause=either)
    told = say.gettext("{where}: {given} is not right.").format(where=where, given=given)
    if not finding.depends:
        return told
    sources = _sources(sheet, finding.depends, place, say)
    nor = say.gettext("Nor does it follow from your own {sources}.")
    return f"{told} {nor.format(sources=sources)}"


def _sources(sheet: Sheet, answers: Sequence[str], place: Place, say: Translations) -> str:
    """``Output height of conv3 (F11)``, ``Parameters of conv1 (L6), of conv2 (L8) and 3 more``."""
    most = len(answers) if len(answers) <= _MOST_NAMED else _MOST_NAMED - 1
    answers = _by_cell(answers, place)
    most = min(most, len(answers))
    named = [_source(each, sheet, place, say) for each in answers[:most]]
    more = len(answers) - most
    if more:
        named.append(say.ngettext("{count} other", "{count} others", more).format(count=more))
    return listed(say, tuple(named))


def _by_cell(answers: Sequence[str], place: Place) -> list[str]:
    """One answer of each cell: the sides of a size stand in one."""
    return list({place(each) or each: each for each in reversed(answers)}.values())[::-1]


def _source(answer: str, sheet: Sheet, place: Place, say: Translations) -> str:
    layer, _, quantity = answer.rpartition(".")
    sizes = [size for size, sides in COMPOSITE.items() if quantity in sides and size in sheet.headings]
    if quantity not in sheet.headings and sizes:
        quantity = sizes[0]  # which is what the cell's column is called
    if is_question(answer):
        name = say.gettext("answer to question {number}").format(number=answer.partition(".")[2])
    elif layer == INPUT:
        name = heading_of(quantity, sheet)
    elif layer == TOTAL:
        name = say.gettext("total of {heading}").format(heading=heading_of(quantity, sheet))
    else:
        name = say.gettext("{heading} of {layer}").format(heading=heading_of(quantity, sheet), layer=layer)
    cell = place(answer)
    return f"{name} ({cell})" if cell else name


def lacks_maps_sentence(where: str, given: str, language: str = "en") -> str:
    """Of a size that was typed without its number of maps: ``284 x 284`` where ``284 x 284 x 64`` is asked."""
    message = translations(language).gettext("{where}: {given} is not right; the number of maps is missing.")
    return message.format(where=where, given=given)


def earns_nothing(language: str = "en") -> str:
    """Where the coursework gives no marks in a column for what follows from an earlier mistake."""
    return translations(language).gettext("In this column that earns nothing.")


# --- the sheet -------------------------------------------------------------------------------------------------------

_CAUSES: Mapping[Certainty, str] = {
    "only": N_("In {cells} the answer {clause}"),
    "likely": N_("In {cells} it seems that the answer {clause}"),
    "possible": N_("In {cells} it may be that the answer {clause}"),
}


def summary(sheet: Sheet, findings: Mapping[str, Finding], place: Place, language: str = "en") -> tuple[str, ...]:
    """What went wrong on a sheet: a sentence for each cause, the first cause first, what has none at the end."""
    say = translations(language)
    found = causes(sheet, findings)
    barred = frozenset(answer for answer, finding in findings.items() if finding.barred)
    return tuple(_cause_sentence(sheet, cause, barred, place, language, say) for cause in found)


def _cause_sentence(
    sheet: Sheet, cause: Cause, barred: Collection[str], place: Place, language: str, say: Translations
) -> str:
    """``barred`` are the answers that follow and earn nothing: of these it is not said that they are right."""
    cells = _cells(sheet, cause.cells, place, say)
    if cause.rules:
        said = clause(cause.rules, sheet, "" if _is_seen_from_many(cause) else cause.cells[0], language)
        told = say.gettext(_CAUSES[cause.certainty]).format(cells=cells, clause=said)
    else:
        told = say.gettext("No reason was found for {cells}").format(cells=cells)
    count = sum(answer not in barred for answer in cause.carried)
    if count:
        return say.ngettext(
            "{told}; {count} later number follows from that and is right for it.",
            "{told}; {count} later numbers follow from that and are right for it.",
            count,
        ).format(told=told, count=count)
    return f"{told}."


def _is_seen_from_many(cause: Cause) -> bool:
    """Whether the rules name what stands beside a cell, and it is another thing in each of the cells."""
    heads = {rule[0] for rule in cause.rules}
    columns = {_of(answer) for answer in cause.cells}
    return ("row" in heads and len(cause.cells) > 1) or ("mixed-up" in heads and len(columns) > 1)


def _cells(sheet: Sheet, answers: Sequence[str], place: Place, say: Translations) -> str:
    """``F6 (conv1, Output height)``; ``24 cells (I7 to I17, K7)``; of questions their numbers."""
    names = {answer: say_answer(answer, sheet, say, inside=True) for answer in answers}
    cells = {answer: "" if is_question(answer) else place(answer) for answer in answers}
    if len(answers) == 1:
        (answer,) = answers
        return f"{cells[answer]} ({names[answer]})" if cells[answer] else names[answer]
    placed = list(_ranges([cell for cell in cells.values() if cell], say))
    placed += [names[answer] for answer, cell in cells.items() if not cell]
    if len(placed) > _MOST_RANGES:
        placed[_MOST_RANGES - 1 :] = ["..."]
    return say.ngettext("{count} cell ({cells})", "{count} cells ({cells})", len(answers)).format(
        count=len(answers), cells=", ".join(placed)
    )


def _ranges(cells: Sequence[str], say: Translations) -> Iterator[str]:
    """Cells one below the other as ``I7 to I17``, three at least; the columns in the order of their first cell."""
    columns: dict[int, list[int]] = {}
    for cell in dict.fromkeys(cells):
        try:
            row, column = parse_address(cell)
        except ValueError:
            yield cell
            continue
        columns.setdefault(column, []).append(row)
    for column, rows in columns.items():
        for _, run in groupby(enumerate(sorted(rows)), key=lambda each: each[1] - each[0]):
            these = [address(row, column) for _, row in run]
            if len(these) > 2:
                yield say.gettext("{first} to {last}").format(first=these[0], last=these[-1])
            else:
                yield from these
