"""Pairs of hand-ins that share what is rare in their class: a reason to look, weighed against chance, never a verdict.

What is compared are *pieces*: an unexplained wrong value, the cells of one named cause, a column's formulas to the
letter, texts, and what the document says of its origin. Right answers say nothing, nor do values that follow from
another one. For two hand-ins A and B two stories are held against each other: B has nothing to do with A, and has what
A has as often as the class has it; or of each piece B took a share ``c`` from A. A piece of A's that B has as well
weighs ``c/p + 1 - c`` for the second story, where ``p`` is how often others have it, and one that B has otherwise
``1 - c``; what B left blank weighs nothing. The product over the pieces is a likelihood ratio. The share is not known,
so the mean over some is taken, and the mean of A to B and B to A.

Where the first story is true, the expected ratio is at most 1, so that a ratio of ``r`` or more happens at most once
in ``r`` pairs (Markov's inequality; it is an e-value). Of all n(n-1)/2 pairs of the class that many divided by ``r``
are expected: this number is what a pair is listed by.

Two pieces may have one reason that nobody named. So once two share a piece, ``p`` of the next is never less than

- how often those of the others who have the one have the other too, with ``IMAGINED`` students added to whom the two
  have nothing to do with each other: a few who share much are no habit of the class, many are;
- for a value in the same row or column, the square of the share of the other cells there that A has wrong without a
  named reason: a rule that nobody named shows in most of a line and is then behind each, slips of the hand in a few;
- for a value, where another of its row is shared, or it is computed from a wrong one and a named cause is shared, how
  many have any unexplained value in its cell: two common mistakes that meet give a number that nobody else has;
- k/(k + 1) for a named cause after k of them (Laplace's rule of succession: who learnt some things wrongly at one place
  may have learnt others there);
- ``TAUGHT`` for a value computed from a cell of a named cause, and for a second property; ``STYLE`` for the formulas of
  a second column.

This room knows results and how an answer follows from others; it must not know how a report looks.
"""

from __future__ import annotations

import hashlib
import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

from .diagnosis.own import LARGEST, Dependents, Own
from .diagnosis.weighing import is_slip
from .judging import is_right
from .marking import Answer, Because, Marked
from .questionnaire import PREFIX
from .records import Results
from .sheet import Sheet

EXPECTED = 0.05  # pairs by chance in the whole class; only pairs below it are listed
FEWEST = 10  # hand-ins; of fewer nobody can say what is rare
COPIED = (0.1, 0.25, 0.5, 0.75, 0.9)  # shares of the pieces that may have been taken over
COMMON = 0.5  # what more of the class have says nothing, neither shared nor not
WIDESPREAD = 0.1  # pairs are looked for by what fewer of the class have, and at most MOST_HOLDERS
MOST_HOLDERS = 100
IMAGINED = 20  # students for whom two pieces have nothing to do with each other
TAUGHT = 0.5  # the least chance of what may come from the same mistake, or the same computer
STYLE = 0.125  # that who writes one formula like somebody else writes those of another column like them
LONGEST = 200  # characters of a text that is kept; of a longer one its beginning and its hash
LEAST_TOLD = 0.5  # bits; what weighs less is not told as evidence

Kind = Literal["value", "formula", "text", "property"]
PROPERTIES = {"creator": "who made them", "modifier": "who saved them last", "created": "when they were made"}
_THOUSANDS = re.compile(r"-?\d{1,3}(?:,\d{3})+")


@dataclass(frozen=True, slots=True)
class Who:
    file: str
    student: str


@dataclass(frozen=True, slots=True)
class Shared:
    """One piece that both have: where, and what stands there, of the first of its cells; ``more`` are the others."""

    kind: Kind
    where: str  # an answer's id, or the name of a property
    cell: str
    what: str  # the student's text
    more: int
    rule: str  # the named cause, where there is one
    others: int  # who have it too
    of: int  # others who could have it
    bits: float  # -log2 of its chance, with all that it may have to do with


@dataclass(frozen=True, slots=True)
class Pair:
    """``expected`` is how many such pairs the class would have by chance; None where that cannot be judged."""

    one: Who
    other: Who
    bits: float  # log2 of the likelihood ratio
    expected: float | None
    shared: tuple[Shared, ...]  # what weighs most first
    differ: int  # pieces of the two that the other one has otherwise


@dataclass(frozen=True, slots=True)
class Compared:
    """The pairs of a class, the most striking first, and the files that are the same, or what was returned for them."""

    hand_ins: int  # that hold answers; files that are the same to the byte are one
    pairs: tuple[Pair, ...]
    identical: tuple[tuple[Who, ...], ...]

    @property
    def judged(self) -> bool:
        return self.hand_ins >= FEWEST


def compare(results: Results) -> Compared:
    """One pass over the submissions; then the pairs that share something rare, found from who has what."""
    seen = _Class(results.sheet)
    for marked in results.submissions:
        seen.add(marked)
    count = len(seen.who)
    pairs = count * (count - 1) // 2
    least = math.log2(max(pairs, 1) / EXPECTED)
    found = []
    for one, other in seen.candidates(least):
        forth, back = seen.weigh(one, other), seen.weigh(other, one)
        bits = _log_mean((forth.bits, back.bits))
        if bits > least:
            told = sorted(forth.shared, key=lambda each: (-each.bits, each.where))
            expected = pairs / 2**bits if count >= FEWEST else None
            differ = forth.differ + back.differ
            found.append(Pair(seen.who[one], seen.who[other], bits, expected, tuple(told), differ))
    found.sort(key=lambda pair: (-pair.bits, pair.one.file, pair.other.file))
    return Compared(count, tuple(found), tuple(seen.identical()))


# --- what a class has -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Cell:
    """Where something may stand: an answer's value, formula or text, or a property of the document."""

    kind: Kind
    name: str
    address: str = ""  # where the first who has something there has it


@dataclass(frozen=True, slots=True)
class _Piece:
    """Items of one student that are one piece of evidence.

    ``tags`` say what it is of. ``floors`` say how likely it is, at the least, where a piece with such a tag is shared.
    """

    items: tuple[int, ...]
    tags: frozenset[str]
    floors: Mapping[str, float] = field(hash=False)
    rule: str = ""
    mixes: frozenset[str] = frozenset()  # tags of what it may be a mixture with


@dataclass(frozen=True, slots=True)
class _Weighed:
    bits: float
    shared: tuple[Shared, ...]
    differ: int


@dataclass(slots=True)
class _HandIn:
    """What one student has, by the numbers of cells and items."""

    has: dict[int, int] = field(default_factory=dict)  # cell -> item; a right value is none
    blank: set[int] = field(default_factory=set)
    pieces: list[_Piece] = field(default_factory=list)


class _Class:
    """Who has what: each value, formula or property is an item, held by some."""

    def __init__(self, sheet: Sheet | None) -> None:
        self.who: list[Who] = []
        self._same: dict[tuple[str, int], list[Who]] = {}  # by content, and what is in it
        self._sheet = sheet
        self._dependents = Dependents(sheet) if sheet is not None else None
        self._canonical: dict[str, str | None] = {}
        self._hand_ins: list[_HandIn] = []
        self._cells: dict[tuple[Kind, str], int] = {}
        self._places: list[_Cell] = []
        self._answered: list[int] = []  # of each cell, how many have something there
        self._items: dict[tuple[int, str], int] = {}
        self._texts: list[str] = []
        self._cell_of: list[int] = []
        self._holders: list[list[int]] = []
        self._unexplained: set[int] = set()
        self._wrong_at: Counter[int] = Counter()  # of a cell, how many have a value there that no cause explains
        self._as_bits: dict[int, int] = {}

    def add(self, marked: Marked) -> None:
        """One more hand-in; nothing where it could not be marked, or holds no answer."""
        if marked.status != "marked" or not any(each.given or each.formula for each in marked.answers):
            return
        who = Who(marked.file, marked.hand_in.shown or marked.student or "")
        own = marked.content or f"={len(self.who)}"
        answers = tuple((each.id, each.given, each.formula) for each in marked.answers)
        # a seal has no secret: whoever made it up is only taken at their word where the answers are the same
        same = self._same.setdefault((marked.properties.get("returned", own), hash(answers)), [])
        same.append(who)
        if len(same) > 1:
            return  # one file, and one piece of evidence, however often it was handed in
        hand_in = _HandIn()
        self._hand_ins.append(hand_in)
        self.who.append(who)
        for answer in marked.answers:
            self._hold(hand_in, answer)
        for name in PROPERTIES:
            if held := marked.properties.get(name, "").strip():
                self._put(hand_in, self._numbered("property", name), held)
        hand_in.pieces = [*self._of_values(marked, hand_in), *self._of_others(marked, hand_in)]

    def _hold(self, hand_in: _HandIn, answer: Answer) -> None:
        cell = self._numbered("value", answer.id, answer.cell)
        if answer.status == "for-a-person" or answer.graded:
            self._put(hand_in, self._numbered("text", answer.id, answer.cell), _comparable(answer.given))
        elif answer.status == "blank" or not answer.given:
            hand_in.blank.add(cell)
        elif answer.status == "correct":
            self._answered[cell] += 1
        else:
            self._put(hand_in, cell, _comparable(answer.given))
        if answer.formula and answer.formula != self._usual(answer.id):
            self._put(hand_in, self._numbered("formula", answer.id, answer.cell), answer.formula)

    def _numbered(self, kind: Kind, name: str, address: str = "") -> int:
        number = self._cells.setdefault((kind, name), len(self._cells))
        if number == len(self._places):
            self._places.append(_Cell(kind, name, address))
            self._answered.append(0)
        return number

    def _put(self, hand_in: _HandIn, cell: int, text: str) -> None:
        if len(text) > LONGEST:
            text = f"{text[:LONGEST]} {hashlib.sha256(text.encode('utf-8', 'replace')).hexdigest()[:16]}"
        item = self._items.setdefault((cell, text), len(self._items))
        if item == len(self._texts):
            self._texts.append(text)
            self._cell_of.append(cell)
            self._holders.append([])
        self._holders[item].append(len(self._hand_ins) - 1)
        hand_in.has[cell] = item
        self._answered[cell] += 1

    def _usual(self, answer: str) -> str | None:
        """The formula that the key has: to write it is no sign of anything."""
        if answer not in self._canonical:
            known = self._sheet is not None and answer in self._sheet.table.quantities
            self._canonical[answer] = self._sheet.formula(answer) if known and self._sheet is not None else None
        return self._canonical[answer]

    # --- what one student has, as pieces

    def _of_values(self, marked: Marked, hand_in: _HandIn) -> Iterator[_Piece]:
        """Each named cause with its cells, and each other wrong value; what follows from one of them is none."""
        follows: set[str] = set()
        reads: Mapping[str, tuple[str, ...]] = {}
        if self._dependents is not None:
            follows, reads = follow_from_own(self._dependents, marked)
        causes: dict[str, list[Answer]] = {}
        single: list[Answer] = []
        answered: Counter[str] = Counter()
        for answer in marked.answers:
            if not answer.given or answer.graded or answer.status in ("blank", "for-a-person"):
                continue
            answered.update(_lines(answer.id))
            if answer.status in ("correct", "follow-through") or answer.id in follows:
                continue
            cause = _cause(answer.because)
            (causes.setdefault(cause, []) if cause else single).append(answer)
        wrong = Counter(line for answer in single for line in _lines(answer.id))
        for cells in causes.values():
            rows = (f"near {_lines(each.id)[0]}" for each in cells)
            tags = frozenset(("cause", *(each.id for each in cells), *rows))
            items = tuple(hand_in.has[self._cells["value", each.id]] for each in cells)
            yield _Piece(items, tags, {"cause": 0.0}, cells[0].because[0].rule)
        for answer in single:
            item, lines = hand_in.has[self._cells["value", answer.id]], _lines(answer.id)
            if not answer.because:
                self._unexplained.add(item)
            floors = dict.fromkeys(reads.get(answer.id, ()), TAUGHT)
            floors |= {line: ((wrong[line] - 1) / (answered[line] - 1)) ** 2 for line in lines if answered[line] > 1}
            self._wrong_at[self._cell_of[item]] += 1
            near = f"near {lines[0]}"
            mixes = frozenset((near, "cause") if answer.id in reads else (near,))
            yield _Piece((item,), frozenset((*lines, near)), floors, mixes=mixes)

    def _of_others(self, marked: Marked, hand_in: _HandIn) -> Iterator[_Piece]:
        """The formulas of each column, the texts together, and each property."""
        columns: dict[str, list[int]] = {}
        texts = []
        for answer in marked.answers:
            if (cell := self._cells.get(("formula", answer.id))) in hand_in.has and cell is not None:
                columns.setdefault(_lines(answer.id)[1], []).append(hand_in.has[cell])
            if (cell := self._cells.get(("text", answer.id))) in hand_in.has and cell is not None:
                texts.append(hand_in.has[cell])
        for items in columns.values():
            yield _Piece(tuple(items), frozenset(("formula",)), {"formula": STYLE})
        if texts:
            yield _Piece(tuple(texts), frozenset(("text",)), {})
        for name in PROPERTIES:
            if (cell := self._cells.get(("property", name))) in hand_in.has and cell is not None:
                yield _Piece((hand_in.has[cell],), frozenset(("property",)), {"property": TAUGHT})

    # --- pairs

    def candidates(self, least: float) -> Iterator[tuple[int, int]]:
        """Pairs that share something rare, and whose pieces could weigh ``least`` bits if each stood for itself."""
        most = min(MOST_HOLDERS, max(2, int(WIDESPREAD * len(self.who))))
        bits = [max(0.0, -math.log2(self._chance(item))) for item in range(len(self._texts))]
        piece_of = [
            {item: at for at, piece in enumerate(hand_in.pieces) for item in piece.items} for hand_in in self._hand_ins
        ]
        for one, hand_in in enumerate(self._hand_ins):
            shared: defaultdict[int, float] = defaultdict(float)
            widespread = 0.0
            for item in hand_in.has.values():
                holders = self._holders[item]
                if len(holders) > most:
                    widespread += bits[item]
                    continue
                for other in holders:
                    if other > one:
                        shared[other] += bits[item]
            for other, weighs in shared.items():
                if weighs + widespread < least:
                    continue
                both = [item for _, item in hand_in.has.items() & self._hand_ins[other].has.items()]
                if max(_at_most(both, piece_of[each], bits) for each in (one, other)) >= least:
                    yield one, other

    def _chance(self, item: int) -> float:
        """How often others have what a pair shares: they, and one more who was not looked at, of those who answered.

        Of an unexplained value that nobody else has, it is what Good and Turing estimate from all such values: how
        often those that one student has come a second time.
        """
        others = len(self._holders[item]) - 1
        seen = self._repeats if others <= 1 and item in self._unexplained else max(others, 1)
        return seen / self._answered[self._cell_of[item]]

    @cached_property
    def _repeats(self) -> float:
        """Good and Turing's estimate; of several values of one student, or of the same two, only one is counted."""
        held = {tuple(self._holders[item]) for item in self._unexplained}
        count = Counter(map(len, held))
        return min(1.0, 2 * (count[2] + 1) / (count[1] + 1))

    def weigh(self, one: int, other: int) -> _Weighed:
        """How much likelier what ``other`` has is if a share of it comes from ``one``."""
        before: list[int] = []  # what is shared so far, an item of each piece
        tags: Counter[str] = Counter()
        ratios: list[float] = []
        shared: list[Shared] = []
        differ = 0
        theirs = self._hand_ins[other].has
        for piece in self._ordered(one):
            items = [item for item in piece.items if self._tells(self._cell_of[item], one, other)]
            if not items:
                continue
            known = max(items, key=self._chance)  # what is shared is as common as the most common of its cells
            chance = self._chance(known)
            if chance > COMMON:
                continue
            both = [item for item in items if theirs.get(self._cell_of[item]) == item]
            if not both:
                differ += 1
                ratios.append(0.0)
                continue
            together = [self._given(known, item, one, other) for item in before]
            alike = [floor for tag, floor in piece.floors.items() if tags[tag]]
            if tags["cause"] and "cause" in piece.floors:
                alike.append(tags["cause"] / (tags["cause"] + 1))
            if any(tags[tag] for tag in piece.mixes):
                cell = self._cell_of[known]
                alike.append((self._wrong_at[cell] - 1) / self._answered[cell])
            chance = max([chance, *together, *alike])
            rarest = min(both, key=self._chance)
            before.append(rarest)
            tags.update(piece.tags)
            ratios.append(len(both) / len(items) / chance)
            if -math.log2(chance) >= LEAST_TOLD:
                shared.append(self._told(rarest, len(both) - 1, piece.rule, -math.log2(chance)))
        stories = [sum(math.log2(1 - c + c * ratio) for ratio in ratios) for c in COPIED]
        return _Weighed(_log_mean(stories), tuple(shared), differ)

    def _ordered(self, student: int) -> Sequence[_Piece]:
        """The pieces of one, named causes first, then the rarest, whatever the other has."""

        def place(piece: _Piece) -> tuple[bool, float]:
            return "cause" not in piece.tags, max(map(self._chance, piece.items))

        return sorted(self._hand_ins[student].pieces, key=place)

    def _tells(self, cell: int, one: int, other: int) -> bool:
        """Whether ``other`` has something to compare; a value that the same formula gives is no second piece."""
        place, has, theirs = self._places[cell], self._hand_ins[one].has, self._hand_ins[other].has
        if place.kind != "value":
            return cell in theirs
        formula = self._cells.get(("formula", place.name), -1)
        same = formula in has and has[formula] == theirs.get(formula)
        return cell not in self._hand_ins[other].blank and not same

    def _given(self, item: int, earlier: int, one: int, other: int) -> float:
        """How many of the others who have ``earlier`` have ``item`` too."""
        both, have = self._bits_of(item) & self._bits_of(earlier), self._bits_of(earlier)
        for student in (one, other):
            both &= ~(1 << student)
            have &= ~(1 << student)
        return (both.bit_count() + IMAGINED * self._chance(item)) / (have.bit_count() + IMAGINED)

    def _bits_of(self, item: int) -> int:
        if item not in self._as_bits:
            self._as_bits[item] = sum(1 << student for student in self._holders[item])
        return self._as_bits[item]

    def _told(self, item: int, more: int, rule: str, bits: float) -> Shared:
        cell = self._cell_of[item]
        place, others = self._places[cell], len(self._holders[item]) - 2
        of = self._answered[cell] - 2
        return Shared(place.kind, place.name, place.address, self._texts[item], more, rule, others, of, bits)

    def identical(self) -> Iterator[tuple[Who, ...]]:
        yield from (tuple(each) for each in self._same.values() if len(each) > 1)


def _at_most(both: Sequence[int], piece_of: Mapping[int, int], bits: Sequence[float]) -> float:
    """Bits of the shared items; of a piece, which weighs no more than the most common of them, once."""
    found: dict[int, float] = {}
    for item in both:
        if (piece := piece_of.get(item)) is not None:
            found[piece] = min(found.get(piece, math.inf), bits[item])
    return sum(found.values())


def _log_mean(logs: Sequence[float]) -> float:
    """log2 of the mean of numbers whose log2 are given."""
    most = max(logs)
    return most + math.log2(sum(2 ** (each - most) for each in logs) / len(logs))


def _cause(because: Sequence[Because]) -> str:
    """What makes cells one piece; nothing for a slip of the hand, which says nothing of the next cell."""
    if not because:
        return ""
    rules = [tuple(rule.split(":")) for rule in because[0].id.split("+")]
    return "" if any(map(is_slip, rules)) else because[0].id


def _lines(answer: str) -> tuple[str, str]:
    """The row and the column of an answer; each question is one of its own."""
    row, _, column = answer.rpartition(".")
    if answer.startswith(f"{PREFIX}."):
        row, column = ".".join(answer.split(".")[:2]), answer
    return f"row {row}", f"column {column}"


def _comparable(text: str) -> str:
    """A value however it was spaced: ``34,848`` is 34848."""
    text = " ".join(text.split())
    return text.replace(",", "") if _THOUSANDS.fullmatch(text) else text.casefold()


def follow_from_own(dependents: Dependents, marked: Marked) -> tuple[set[str], Mapping[str, tuple[str, ...]]]:
    """Unexplained wrong answers that follow from others of the student's own, though no marks say so; what each reads.

    Such marks are not given where the coursework gives none for it, or where the earlier number cannot be.
    """
    table = dependents.table
    own = {
        each.id: number
        for each in marked.answers
        if each.status in ("wrong", "follow-through")
        and each.id in table.quantities
        and (number := number_in(each.given)) is not None
        and abs(number) < LARGEST
    }
    if len(own) < 2:
        return set(), {}
    numbers = Own(dependents, own)
    reads = {answer: sources for answer in own if (sources := numbers.sources(answer))}
    follows = set()
    for answer in reads:
        value = numbers.follows(answer)
        if value is not None and value != table.numbers[answer] and is_right(own[answer], value):
            follows.add(answer)
    return follows - {each.id for each in marked.answers if each.because}, reads


def number_in(given: str) -> int | float | None:
    """The number that a student's value is, if it is no more than that."""
    text = _comparable(given)
    try:
        return int(text) if len(text) <= LONGEST else None
    except ValueError:
        pass
    try:
        number = float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) else None
