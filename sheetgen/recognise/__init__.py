"""Recognition: the tables of a network on a worksheet that somebody else made.

Labels that name layers show where a table is and whether its layers are rows or columns; above (or left of) them are
its headings, in one line or two; and what each line holds is settled by its heading and its content together. What is
found is a layout with how sure each line is, and what was left alone. Pure: a worksheet is handed in as the values of
its cells; this room must not know files.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache

from ..addresses import Area
from ..layout import LEAST, WORDS, LayerLine, Layout, LeftAlone, Line, TableLayout
from ..network import INPUT, TOTAL
from ..quantities import COMPOSITE
from ..sheet import Sheet
from ..vocabulary import NOTHING, Heard, hear, hear_label, hear_unit
from .columns import NAME_IT, Column, Held, agrees, choose, is_dash, is_small, plainly
from .known import Known
from .labels import NAMED, OUTRIGHT, Content, Labels, Match
from .remarks import with_remark
from .whose import LEAST_PROOF, Evidence, Stranger, weigh

MOST_LINES, MOST_ACROSS = 3000, 300  # of a worksheet that are looked at
MOST_CELLS = 60_000
MOST_TABLES = 12
LONGEST_LABEL = 40  # characters; what is longer below a table is a remark
NUMBERED = 0.4  # weight of a bare number as a label
AGREES_SMALL, AGREES_MUCH = 0.5, 2  # what a given cell that agrees counts for a layer: everybody's kernel of 3; 384

Cells = Mapping[tuple[int, int], Held]


@dataclass(frozen=True, slots=True)
class Recognised:
    """The tables of the network; and those that were left alone, because they are likelier another network's."""

    tables: Layout = ()
    strangers: tuple[Stranger, ...] = ()
    agreeing: tuple[int, ...] = ()  # of each table: how many of its given numbers are the network's


def recognise(worksheet: str, cells: Cells, merged: Sequence[Area], sheet: Sheet) -> Recognised:
    """The tables of ``sheet``'s network on the worksheet with these ``cells``."""
    labels = labels_of(sheet)
    near = {
        at: value
        for at, value in cells.items()
        if at[0] <= MOST_LINES and at[1] <= MOST_LINES and value is not None and value != ""
    }
    if len(near) > MOST_CELLS:
        return Recognised()
    upright = _Page(worksheet, near, merged, labels, transposed=False)
    turned = _Page(
        worksheet,
        {(column, row): value for (row, column), value in near.items()},
        [Area(area.left, area.top, area.right, area.bottom) for area in merged],
        labels,
        transposed=True,
    )
    named = {page: page.most_named() for page in (upright, turned)}
    most = max(named.values())
    likely = [page for page, number in named.items() if number >= most / 2 and most]
    best = max(((page, page.tables()) for page in likely), key=lambda each: _weight(each[1]), default=None)
    strangers = [stranger for page in likely for stranger in page.strangers]
    agreeing = () if best is None else tuple(best[0].agreeing[table] for table in best[1])
    found = () if best is None else best[1]
    return Recognised(found, tuple(sorted(strangers, key=lambda each: each.evidence.score)), agreeing)


@lru_cache(maxsize=8)
def known_of(sheet: Sheet) -> Known:
    return Known(sheet)


@lru_cache(maxsize=8)
def labels_of(sheet: Sheet) -> Labels:
    return Labels(known_of(sheet))


def _weight(tables: Layout) -> float:
    return sum(
        sum(line.certainty for line in table.lines if line.quantity != "layer")
        * sum(layer.certainty for layer in table.layers)
        for table in tables
    )


@dataclass(frozen=True, slots=True)
class _Header:
    """Lines of headings: the first and the last; and the line of units below them, if there is one."""

    top: int
    bottom: int
    units: int | None = None

    @property
    def last(self) -> int:
        return self.units or self.bottom


class _Page:
    """A worksheet, turned so that layers are rows."""

    def __init__(
        self, worksheet: str, cells: Cells, merged: Iterable[Area], labels: Labels, *, transposed: bool
    ) -> None:
        self.worksheet, self.labels, self.transposed = worksheet, labels, transposed
        self.cells = {at: value for at, value in cells.items() if at[1] <= MOST_ACROSS}
        self.merged = {(area.top, area.left): area for area in merged}
        self.strangers: list[Stranger] = []
        self.agreeing: dict[TableLayout, int] = {}
        self.rows: dict[int, list[int]] = {}
        for row, column in sorted(self.cells):
            self.rows.setdefault(row, []).append(column)

    def text(self, row: int, column: int) -> str:
        value = self.cells.get((row, column))
        return " ".join(value.split()) if isinstance(value, str) and len(value) < 1000 else ""

    def most_named(self) -> int:
        """How many layers the labels of one line name, at the most."""
        return max(map(len, self._named.values()), default=0)

    @cached_property
    def _named(self) -> dict[int, set[str]]:
        """Column -> the layers that its texts, or bare numbers, may name."""
        found: dict[int, set[str]] = {}
        for (_, column), value in self.cells.items():
            if isinstance(value, str):
                weights = self.labels.weights(value)
                found.setdefault(column, set()).update(name for name, each in weights.items() if each >= OUTRIGHT)
                if weights and max(weights.values()) < OUTRIGHT:  # one of many, by its kind
                    found[column].add(f"{value} {len(found[column])}")
        return found

    def tables(self) -> Layout:
        headers = list(self._headers())
        starts = [header.last + 1 for header in headers]
        found: list[TableLayout] = []
        last = max(self.rows, default=0)
        for i, header in enumerate(headers):
            end = headers[i + 1].top - 1 if i + 1 < len(headers) else last
            found.extend(self._tables_below(header, starts[i], end))
        if not found and last and not self.strangers:
            found.extend(self._tables_below(None, 1, last))
        return tuple(found[:MOST_TABLES])

    # --- headings -----------------------------------------------------------------------------------------------

    def _headers(self) -> Iterator[_Header]:
        """The lines that hold headings: two or more that are understood, and not more labels of layers than those."""
        rows = [row for row in self.rows if self._is_header(row)]
        at = 0
        while at < len(rows):
            top = bottom = rows[at]
            if at + 1 < len(rows) and rows[at + 1] == top + 1:  # in two lines
                at += 1
                bottom = rows[at]
            elif self._spans(top - 1):
                top -= 1
            yield _Header(top, bottom, bottom + 1 if self._is_units(bottom + 1) else None)
            at += 1

    def _is_header(self, row: int) -> bool:
        if self._is_units(row):
            return False
        texts = [text for column in self.rows[row] if (text := self.text(row, column))]
        meant = [each for text in texts if max((each := hear(text).quantities).values(), default=0) >= 0.3]
        different = len({max(each, key=lambda name: each[name]) for each in meant})
        if different < 2:
            return False  # "k | kernel size" explains a symbol
        heard = len(meant)
        named = sum(max(self.labels.weights(text).values(), default=0) >= OUTRIGHT for text in texts)
        labels = [self.labels.weights(self.text(row, at)) for at in self.rows[row] if at in self._label_columns]
        own = [weight for each in labels for name, weight in each.items() if name not in (INPUT, TOTAL)]
        # "Convolutional layers" and "Input" may be headings
        if max(own, default=0) >= OUTRIGHT or (any(labels) and different < 3):
            return False  # a layer's own row, with a list of symbols beside it
        return heard >= 2 and heard > named and heard >= len(self.rows[row]) / 4

    def _is_units(self, row: int) -> bool:
        """Whether a line says the units of the headings above it: texts alone, units among them, and no layer."""
        texts = [self.text(row, column) for column in self.rows.get(row, ())]
        return any(hear_unit(text) is not None for text in texts) and not any(
            text == "" or hear_label(text).family or max(self.labels.weights(text).values(), default=0) >= OUTRIGHT
            for text in texts
        )

    @cached_property
    def _label_columns(self) -> frozenset[int]:
        """The columns that hold the labels of the layers, if any do."""
        most = self.most_named()
        return frozenset(column for column, names in self._named.items() if most > 1 and len(names) > most / 2)

    def _spans(self, row: int) -> bool:
        """Whether the line above a header holds headings for several lines at once."""
        return any(
            (area := self.merged.get((row, column))) is not None
            and area.right > area.left
            and bool(hear(self.text(row, column)).quantities)
            for column in self.rows.get(row, ())
        )

    def _heading(self, header: _Header, column: int) -> tuple[str, Heard]:
        """What is written above a line, and what it means, with its unit."""
        heading, heard = self._in_words(header, column)
        return with_remark(heading, heard, self.text(header.units, column)) if header.units else (heading, heard)

    def _in_words(self, header: _Header, column: int) -> tuple[str, Heard]:
        """What is written above a line: in two lines, both together or the lower one alone."""
        if header.bottom == header.top:
            text = self.text(header.bottom, column)
            return text, hear(text)
        above, below = self._above(header.top, column), self.text(header.bottom, column)
        if not below:
            area = self.merged.get((header.top, column))
            own = self.text(header.top, column)
            spans = area is not None and area.right > area.left
            return (own, hear(own)) if own and not spans else ("", NOTHING)
        both = f"{above} {below}".strip()
        heard, alone = hear(both), hear(below)
        clear = max(alone.quantities.values(), default=0) >= OUTRIGHT
        if clear and heard.quantities == hear(above).quantities and self._in_group(header, column):
            return both, replace(alone, unit=alone.unit or heard.unit)  # "Parameters" over "weights" and "biases"
        if max(heard.quantities.values(), default=0) >= max(alone.quantities.values(), default=0):
            return both, heard
        return below, alone

    def _in_group(self, header: _Header, column: int) -> bool:
        """Whether one text of the upper line is over this column and one beside it."""
        above = self._above(header.top, column)
        return any(
            self.text(header.bottom, beside) and self._above(header.top, beside) == above
            for beside in (column - 1, column + 1)
        )

    def _above(self, row: int, column: int) -> str:
        """The text of the line above: in the column itself, or spread over it from the left."""
        own = self.text(row, column)
        if own:
            return own
        for (top, left), area in self.merged.items():
            if top <= row <= area.bottom and left <= column <= area.right:
                return self.text(top, left)
        left = max((at for at in self.rows.get(row, ()) if at < column), default=0)
        # not merged, but written once above several
        spread = left and (row, left) not in self.merged and column - left <= 3
        return self.text(row, left) if spread and hear(self.text(row, left)).quantities else ""

    # --- tables -------------------------------------------------------------------------------------------------

    def _tables_below(self, header: _Header | None, first: int, last: int) -> Iterator[TableLayout]:
        """The tables between two lines, side by side: one for each line of labels."""
        rows = [row for row in self.rows if first <= row <= last]
        columns = sorted({column for row in rows for column in self.rows[row]})
        most = max((len(self._named.get(column, ())) for column in columns), default=0)
        likely = [
            column for column in columns if len(self._named.get(column, ())) >= most / 3 or self._numbered(column)
        ]
        matched = {column: self._matched(rows, column) for column in likely}
        weights = {
            column: sum(match.weight if self.text(row, column) else NUMBERED for row, match in matches.items())
            + (0.5 if self._says_layer(header, column) else 0)
            for column, matches in matched.items()
        }
        few = min(2, len(self.labels.known.layers) - 2)
        chosen = [column for column in likely if len(matched[column]) >= max(1, few)]
        if not chosen:
            return
        best = max(chosen, key=lambda column: (weights[column], -column))
        beside = [
            column
            for column in chosen
            if column == best or self._begins_another(header, columns, column, best, matched[column], weights[best])
        ]
        headed = sorted({*columns, *(self._headed(header) if header is not None else ())})
        for i, column in enumerate(beside):
            left = headed[0] if i == 0 else column
            right = beside[i + 1] - 1 if i + 1 < len(beside) else headed[-1]
            table = self._table(header, rows, column, matched[column], range(left, right + 1))
            if table is not None:
                yield table

    def _begins_another(
        self,
        header: _Header | None,
        filled: Sequence[int],
        column: int,
        best: int,
        labels: Mapping[int, Match],
        most: float,
    ) -> bool:
        """Whether another table stands beside the one of ``best``, with its labels in ``column``.

        Labels as good as those may stand anywhere. What only names kinds may be a column of types: such labels begin a
        table where an empty column is before them, or the heading is the same, and quantities are headed behind them.
        """
        said, heard = self._heading(header, column) if header is not None else ("", NOTHING)
        if plainly(Column(column, said, heard, {})) in ("type", "from"):
            return False
        weight = sum(match.weight for match in labels.values())
        if all(match.weight >= OUTRIGHT for match in labels.values()) and weight >= 0.5 * most:
            return True
        if header is None or weight < 0.25 * most:
            return False
        headed = {*filled, *self._headed(header)}
        before, behind = sorted((column, best))
        apart = behind - 1 not in headed or (said and said.casefold() == self._heading(header, best)[0].casefold())
        between = [at for at in sorted(headed) if before < at < behind]
        after = [at for at in sorted(headed) if at > behind]
        return bool(apart) and all(any(self._counts(header, at) for at in part) for part in (between, after))

    def _headed(self, header: _Header) -> set[int]:
        """The columns that something is written above."""
        return {column for row in (header.top, header.bottom) for column in self.rows.get(row, ())}

    def _counts(self, header: _Header, column: int) -> bool:
        """Whether a heading speaks of a quantity."""
        heard = self._heading(header, column)[1].quantities
        return max((weight for name, weight in heard.items() if name not in WORDS), default=0) >= LEAST

    def _numbered(self, column: int) -> bool:
        """Whether the first numbers of a column count: 1, 2, 3."""
        numbers = [value for (_, at), value in self.cells.items() if at == column and isinstance(value, int)][:4]
        return len(numbers) > 1 and all(b - a == 1 for a, b in itertools.pairwise(numbers))

    def _says_layer(self, header: _Header | None, column: int) -> bool:
        return header is not None and self._heading(header, column)[1].quantities.get("layer", 0) > 0.5

    def _matched(self, rows: Sequence[int], column: int, content: Content | None = None) -> dict[int, Match]:
        """Line -> its layer, by the labels in ``column``; a bare number is told by the words beside it."""
        labels = []
        for row in rows:
            value = self.cells.get((row, column))
            if isinstance(value, str):
                labels.append((row, value))
            elif isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 10_000:
                words = self.text(row, column + 1)
                labels.append((row, words if hear_label(words).family else str(value)))
        return self._without_later_totals(rows, column, self.labels.match(labels, content))

    def _without_later_totals(self, rows: Sequence[int], column: int, matches: Mapping[int, Match]) -> dict[int, Match]:
        """A total is of what stands above it: behind a gap, below other words, it sums up something else."""
        last = max((row for row, match in matches.items() if match.layer not in (INPUT, TOTAL)), default=0)
        begun = next(
            (
                row
                for above, row in itertools.pairwise([at for at in rows if at >= last])
                if row - above > 1
                and row not in matches
                and not hear_label(str(self.cells.get((row, column), ""))).family
            ),
            None,
        )
        return {row: match for row, match in matches.items() if begun is None or row < begun}

    def _table(
        self, header: _Header | None, rows: Sequence[int], labelled: int, matches: Mapping[int, Match], across: range
    ) -> TableLayout | None:
        headed = [
            (column, *(self._heading(header, column) if header is not None else ("", NOTHING)))
            for column in across
            if column != labelled
        ]
        matches = self._matched(rows, labelled, self._content(headed))
        why_not_layers = {row: match for row, match in matches.items() if match.certainty < LEAST}
        matches = {row: match for row, match in matches.items() if row not in why_not_layers}
        if not matches:
            return None
        remarked = [row for row in rows if row < min(matches) and self._is_remarked(row, labelled)]
        columns = []
        for column, heading, heard in headed:
            cells = {match.layer: self.cells.get((row, column)) for row, match in matches.items()}
            for row in remarked:
                heading, heard = with_remark(heading, heard, self.text(row, column))
            if heading or any(value is not None for value in cells.values()):
                columns.append(Column(column, heading, heard, cells))
        lines, why_not = choose(columns, self.labels.known, LEAST)
        numbers = [line for line in lines.values() if line.quantity not in ("layer", "type", "from")]
        if not numbers:
            return None
        said = self._heading(header, labelled)[0] if header is not None else ""
        label_line = Line(labelled, "layer", said, 1, f"its cells name {len(matches)} layers")
        text = {row: str(self.cells.get((row, labelled)) or "") for row in rows}
        layers = [
            LayerLine(row, match.layer, text[row], match.certainty, self._why(match)) for row, match in matches.items()
        ]
        headings = {column.at: column.heading for column in columns}
        left = [
            LeftAlone(at, "quantity", headings[at], each.why, each.could, each.certainty)
            for at, each in why_not.items()
            if headings[at]
        ]
        end = self._last(rows, text, max(matches))
        left += [
            self._left_row(row, text[row], why_not_layers.get(row))
            for row in rows
            if text[row] and row not in matches and row <= end
        ]
        ordered = tuple(sorted([label_line, *lines.values()], key=lambda line: line.at))
        table = TableLayout(
            self.worksheet,
            self.transposed,
            header.last if header is not None else None,
            ordered,
            tuple(sorted(layers, key=lambda layer: layer.at)),
            tuple(left),
        )
        strange = [text[row] for row in rows if row not in matches and row <= end and self._weighted(text[row])]
        evidence = weigh(columns, lines, strange, self.labels.known)
        if not self._is_whole(labelled, matches, evidence):
            if len(evidence.strange) >= LEAST_PROOF and not evidence.is_ours:
                self.strangers.append(self._stranger(evidence, matches, table))
            return None
        if not evidence.is_ours:
            self.strangers.append(self._stranger(evidence, matches, table))
            return None
        self.agreeing[table] = evidence.agree
        return table

    def _is_remarked(self, row: int, labelled: int) -> bool:
        """Whether a line above the first layer is nobody's own: what stands in it is said of the headings."""
        label = self.text(row, labelled)
        return is_dash(label) or (row, labelled) not in self.cells or "layer" in hear(label).quantities

    @staticmethod
    def _left_row(row: int, label: str, match: Match | None) -> LeftAlone:
        if match is None:
            return LeftAlone(row, "layer", label, "no layer of the network has such a name")
        why = f"could be {match.layer}, which is not sure enough ({match.certainty:.0%}); {NAME_IT}"
        return LeftAlone(row, "layer", label, why, match.layer, match.certainty)

    def _last(self, rows: Sequence[int], labels: Mapping[int, str], last: int) -> int:
        """The last line of a table whose last layer stands in ``last``: labels go on below it, without a gap."""
        for row in rows:
            if row == last + 1 and labels[row] and len(labels[row]) <= LONGEST_LABEL:
                last = row
        return last

    def _why(self, match: Match) -> str:
        if match.weight >= NAMED:
            return "its name"
        return "what its label says" if match.weight >= OUTRIGHT else "its kind and its place in the order"

    def _content(self, headed: Sequence[tuple[int, str, Heard]]) -> Content:
        """Of a row and a layer: how many of the row's cells agree that it is that layer's, and how many do not."""
        known = self.labels.known
        plain = {
            column: quantity
            for column, heading, heard in headed
            if (quantity := plainly(Column(column, heading, heard, {}))) and quantity not in (*COMPOSITE, *WORDS)
        }

        def content(row: int, layer: str) -> tuple[float, int]:
            agree, differ = 0.0, 0
            for column, quantity in plain.items():
                value = self.cells.get((row, column))
                if value is None or known.is_blank(layer, quantity):
                    continue
                verdict = agrees(value, layer, Line(column, quantity), known)
                agree += (AGREES_SMALL if is_small(value) else AGREES_MUCH) if verdict else 0
                differ += verdict is False
            return agree, differ

        return content

    def _is_whole(self, labelled: int, layers: Mapping[int, Match], evidence: Evidence) -> bool:
        """Whether it is any network's table: some layers are in it, and called so; 1, 2, 3 count anything."""
        inner = {match.layer for match in layers.values()} - {INPUT, TOTAL}
        in_words = any(self.text(row, labelled) for row in layers)
        counted = evidence.agree >= max(LEAST_PROOF, 2 * len(evidence.differ))
        return len(inner) >= min(2, len(self.labels.known.layers) - 2) and (in_words or counted)

    @staticmethod
    def _weighted(label: str) -> bool:
        """Whether a label speaks of a layer with weights, which no table of its network would leave out."""
        heard = hear_label(label)
        return heard.family in ("conv", "fc") and not heard.stage

    def _stranger(self, evidence: Evidence, matches: Mapping[int, Match], table: TableLayout) -> Stranger:
        if not evidence.differ:
            return Stranger(self.worksheet, evidence, table)
        first = evidence.differ[0]
        row = next(row for row, match in matches.items() if match.layer == first.layer)
        at = (first.line, row) if self.transposed else (row, first.line)
        return Stranger(self.worksheet, evidence, table, *at)
