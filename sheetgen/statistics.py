"""The statistics of a class: how each blank went, and what several students have in common.

Submissions are counted one by one and none is kept, so that a class is as large as its file of results. Indices are
those of classical test theory, each with its source where it is computed. This room must not know reports, pages or
languages, nor how marks are given: it counts what the results say.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from statistics import fmean, median, stdev

from .judging import Status
from .marking import Answer, Marked

_EXACT = 10**6  # marks are counted in millionths, as whole numbers: then no variance is exactly none
FEWEST = 3  # students for a correlation: two points always lie on a line
SEVERAL = 2  # students that share a value
_QUOTED = re.compile(r"""(?<!\w)'(?:[^'\\]|\\.)*'|(?<!\w)"(?:[^"\\]|\\.)*"|\u201c[^\u201d]*\u201d""")
_NUMBER = re.compile(r"(?<!\w)\d+(?:[.,' \u00a0\u202f]?\d+)*(?!\w)|\d{4,}")  # not the 1 of conv1, nor the 7 of L7
_SEVERAL = re.compile(r"…(?:[\s()*/+=x,.\u2212-]*…)+")


def kind_of(sentence: str) -> str:
    """A sentence on a cell without what was typed there or read: ``'34.944' was read as 34944`` is ``… was read as …``.

    What is said of many cells differs in that alone, so that it is counted together; and what one student typed may be
    what another is asked for.
    """
    return _SEVERAL.sub("…", _NUMBER.sub("…", _QUOTED.sub("…", sentence)))


@dataclass(frozen=True, slots=True)
class Item:
    """One blank. ``facility`` and ``discrimination`` are None where they are undefined."""

    id: str
    max_score: float
    counts: Mapping[Status, int]
    facility: float | None
    discrimination: float | None
    by_a_person: bool = False  # whoever left it blank

    @property
    def students(self) -> int:
        return sum(self.counts.values())

    @property
    def for_a_person(self) -> bool:
        """Whether a person has yet to give its marks."""
        return self.by_a_person or self.counts.get("for-a-person", 0) > 0

    def share(self, status: Status) -> float:
        """The share of students whose answer is ``status``, 0 to 1."""
        return self.counts.get(status, 0) / self.students if self.students else 0.0

    @property
    def right(self) -> float:
        """The share of right answers; what a person found partly right counts with its share of the marks."""
        return self.share("correct") if "partly" not in self.counts or self.facility is None else self.facility


@dataclass(frozen=True, slots=True)
class Common:
    """What several answers have in common: how many students it concerns, and how many of them in each cell."""

    id: str
    said: str
    students: int
    cells: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Shared:
    """A wrong value that nothing explains, and how many students gave it."""

    answer: str
    given: str
    students: int


@dataclass(frozen=True, slots=True)
class Statistics:
    """A class. ``most`` and ``scores`` leave out the answers whose marks are open for anybody."""

    submissions: int
    perfect: int  # submissions in which nothing is to be found fault with
    most: float
    scores: tuple[float, ...]  # of the marked submissions, in their order
    items: tuple[Item, ...]  # in the order of the answers
    causes: tuple[Common, ...]  # rules that explain wrong numbers, the most common first
    follow_through: Common  # numbers that are right for the student's own earlier ones, with marks or without
    shared: tuple[Shared, ...]
    unreadable: tuple[Common, ...]  # why cells could not be read, by kind
    unmarked: tuple[tuple[str, str], ...]  # file and reason
    notes: tuple[Common, ...]  # by kind

    @property
    def marked(self) -> int:
        return len(self.scores)

    @property
    def mean(self) -> float | None:
        return fmean(self.scores) if self.scores else None

    @property
    def median(self) -> float | None:
        return float(median(self.scores)) if self.scores else None

    @property
    def deviation(self) -> float | None:
        """The sample standard deviation (n - 1); None for fewer than two students."""
        return stdev(self.scores) if len(self.scores) > 1 else None

    def share(self, score: float) -> float | None:
        """``score`` as a share of all marks; None where there are none."""
        return score / self.most if self.most else None

    def distribution(self, bins: int) -> tuple[int, ...]:
        """How many students are in each of ``bins`` equal parts of 0 to ``most``; full marks are in the last."""
        found = [0] * bins
        most = round(self.most * _EXACT)
        for score in self.scores:
            place = round(score * _EXACT) * bins // most if most else bins - 1
            found[min(place, bins - 1)] += 1
        return tuple(found)


@dataclass(slots=True)
class _Sums:
    """What the indices of one blank are computed from; x are its marks, t all marks of the same student."""

    max_score: float
    by_a_person: bool
    counts: Counter[Status] = field(default_factory=Counter)
    x: int = 0
    xx: int = 0
    t: int = 0
    tt: int = 0
    xt: int = 0

    def add(self, status: Status, marks: int, total: int) -> None:
        self.counts[status] += 1
        self.x += marks
        self.xx += marks * marks
        self.t += total
        self.tt += total * total
        self.xt += marks * total

    def facility(self) -> float | None:
        """The mean of the marks as a share of the most, an answer left out counting as none.

        Moodle's facility index (docs.moodle.org/dev/Quiz_statistics_calculations), the difficulty p of test theory.
        Undefined for a blank without marks, and while a person has yet to mark it.
        """
        most = self.counts.total() * self.max_score * _EXACT
        return self.x / most if most and not self._is_open() else None

    def discrimination(self) -> float | None:
        """The corrected item-total correlation: of a blank's marks with the student's marks in all other blanks.

        Corrected, because a blank correlates with a total that holds it (Henrysson 1963, Psychometrika 28, 211-218);
        it is Moodle's discrimination index too. It uses every student and partial marks, where the difference of the
        upper and lower 27 % needs answers that are right or wrong, and gives a small class a handful of students.
        Undefined without variance in either, for fewer than three students, and while a person has yet to mark it.
        """
        n = self.counts.total()
        if n < FEWEST or self._is_open():
            return None
        r, rr, xr = self.t - self.x, self.tt - 2 * self.xt + self.xx, self.xt - self.xx  # r: the rest, t - x
        of_x, of_r = n * self.xx - self.x**2, n * rr - r**2
        if not of_x or not of_r:
            return None
        found = (n * xr - self.x * r) / (math.sqrt(of_x) * math.sqrt(of_r))
        return max(-1.0, min(1.0, found))

    def _is_open(self) -> bool:
        return self.by_a_person or self.counts["for-a-person"] > 0


@dataclass(slots=True)
class _Together:
    """One thing that answers have in common, while it is counted."""

    students: int = 0
    last: int = -1  # the student who was counted last
    cells: Counter[str] = field(default_factory=Counter)
    said: Counter[str] = field(default_factory=Counter)

    def add(self, student: int, answer: str, said: str) -> None:
        if student != self.last:
            self.students += 1
            self.last = student
        if answer:
            self.cells[answer] += 1
        self.said[said] += 1

    def common(self, key: str) -> Common:
        return Common(key, self.said.most_common(1)[0][0] if self.said else "", self.students, dict(self.cells))


class Tally:
    """Counts submissions one by one; ``by_a_person`` are the answers whose marks are open, as far as known."""

    def __init__(self, by_a_person: Collection[str] = ()) -> None:
        self._by_a_person = frozenset(by_a_person)
        self._submissions = 0
        self._perfect = 0
        self._scores: list[int] = []
        self._items: dict[str, _Sums] = {}
        self._causes: dict[str, _Together] = {}
        self._unreadable: dict[str, _Together] = {}
        self._notes: dict[str, _Together] = {}
        self._follow_through = _Together()
        self._unexplained: Counter[tuple[str, str]] = Counter()
        self._unmarked: list[tuple[str, str]] = []

    def add(self, marked: Marked) -> None:
        self._submissions += 1
        if marked.status == "unmarked":
            self._unmarked.append((marked.file, marked.reason or ""))
            return
        self._perfect += marked.all_correct
        marks = [
            0 if answer.id in self._by_a_person else round(answer.score * _EXACT)  # of which some have marks by now
            for answer in marked.answers
        ]
        total = sum(marks)
        self._scores.append(total)
        for note in dict.fromkeys(map(kind_of, marked.notes)):
            self._together(self._notes, note, "", note)
        for answer, its in zip(marked.answers, marks, strict=True):
            sums = self._items.get(answer.id)
            if sums is None:
                sums = self._items[answer.id] = _Sums(answer.max_score, answer.id in self._by_a_person)
            sums.add(answer.status, its, total)
            if answer.status != "correct":
                self._count_fault(answer)
            for note in dict.fromkeys(map(kind_of, answer.notes)):
                self._together(self._notes, note, answer.id, note)

    def _count_fault(self, answer: Answer) -> None:
        """A blank is no fault, and has nothing in common with another."""
        if answer.status == "follow-through" or answer.follows:
            self._follow_through.add(self._submissions, answer.id, "")
        elif answer.status == "unreadable":
            said = kind_of(answer.feedback)
            self._together(self._unreadable, said, answer.id, said)
        elif answer.status == "wrong" and answer.because:
            self._together(self._causes, answer.because[0].id, answer.id, answer.because[0].rule)
        elif answer.status == "wrong" and not answer.graded:
            self._unexplained[answer.id, " ".join(answer.given.split())] += 1

    def _together(self, kind: dict[str, _Together], key: str, answer: str, said: str) -> None:
        kind.setdefault(key, _Together()).add(self._submissions, answer, said)

    def statistics(self) -> Statistics:
        items = tuple(
            Item(answer, sums.max_score, dict(sums.counts), sums.facility(), sums.discrimination(), sums.by_a_person)
            for answer, sums in self._items.items()
        )
        order = {item.id: place for place, item in enumerate(items)}
        shared = [Shared(*key, count) for key, count in self._unexplained.items() if count >= SEVERAL]
        return Statistics(
            submissions=self._submissions,
            perfect=self._perfect,
            most=round(math.fsum(item.max_score for item in items if not item.for_a_person), 6),
            scores=tuple(score / _EXACT for score in self._scores),
            items=items,
            causes=_ordered(self._causes),
            follow_through=self._follow_through.common("follow-through"),
            shared=tuple(sorted(shared, key=lambda each: (-each.students, order[each.answer], each.given))),
            unreadable=_ordered(self._unreadable),
            unmarked=tuple(self._unmarked),
            notes=_ordered(self._notes),
        )


def _ordered(kind: Mapping[str, _Together]) -> tuple[Common, ...]:
    """The most common first; of those that as many students have, that of more cells."""
    found = [together.common(key) for key, together in kind.items()]
    return tuple(sorted(found, key=lambda each: (-each.students, -sum(each.cells.values()), each.id)))


def statistics_of(submissions: Iterable[Marked], by_a_person: Collection[str] = ()) -> Statistics:
    """The statistics of a class, in one pass over its submissions."""
    tally = Tally(by_a_person)
    for marked in submissions:
        tally.add(marked)
    return tally.statistics()
