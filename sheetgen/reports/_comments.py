"""What a student is told of a marked file, as the simple HTML that learning platforms take for a comment.

It says no more than the results do: right numbers are in it only where those were made with ``reveal``. A platform
looks into comments for mark-up of its own (formulas in $$, tags in braces and brackets), so that is escaped too.
"""

from __future__ import annotations

import html
from collections.abc import Iterator

from ..language import ENGLISH, translations
from ..marking import NOWHERE, Answer, Marked
from ..sheet import Sheet
from ._grades import number, one_line
from ._said import score

LONGEST = 10_000  # characters; Excel shows no more than 32,767 of a cell
MOST_ADDRESSES = 40  # of blank cells in a row
_BLANK = "Left blank."
# A backslash before a quote ends a cell early in PHP's reader of .csv; no quote and none of these is ever in a comment.
_MARKUP = {ord(each): f"&#{ord(each)};" for each in "\\$`[]{}"}


def comment(marked: Marked, language: str = ENGLISH, sheet: Sheet | None = None) -> str:
    """One line of HTML: the score, what went wrong, and each cell that is not right, as far as there is room."""
    say = translations(language)
    several = len({answer.sheet for answer in marked.answers}) > 1
    parts = [f"<p>{escaped(score(marked, sheet, say, number))}</p>"]
    parts += [f"<p>{escaped(sentence)}</p>" for sentence in marked.summary]
    parts += [f"<p>{escaped(sentence)}</p>" for sentence in _cells(marked.answers, several)]
    blank = [_place(answer, several) for answer in marked.answers if _is_only_blank(answer)]
    if blank:
        if len(blank) <= MOST_ADDRESSES:
            told = say.gettext("Left blank: {cells}.").format(cells=", ".join(blank))
        else:
            told = say.gettext("{count} answers were left blank.").format(count=len(blank))
        parts.append(f"<p>{escaped(told)}</p>")
    kept, length = 0, 0
    for part in parts:
        length += len(part)
        if length > LONGEST:
            break
        kept += 1
    if kept < len(parts):
        left = len(parts) - kept
        more = say.ngettext(
            "{count} more sentence is left out here.", "{count} more sentences are left out here.", left
        )
        parts[kept:] = [f"<p>{escaped(more.format(count=left))}</p>"]
    return "".join(parts)


def escaped(text: str) -> str:
    return html.escape(one_line(text)).translate(_MARKUP)


def _cells(answers: tuple[Answer, ...], several: bool) -> Iterator[str]:
    for answer in answers:
        tells = answer.status not in ("correct", "for-a-person") and not _is_only_blank(answer) and answer.feedback
        if tells or answer.comment:
            yield f"{_place(answer, several)}: {answer.feedback}"


def _is_only_blank(answer: Answer) -> bool:
    return answer.status == "blank" and answer.feedback == _BLANK


def _place(answer: Answer, several: bool) -> str:
    """The cell, with its worksheet where there are several; of an answer without a cell its id."""
    if answer.cell == NOWHERE:
        return answer.id
    return f"{answer.sheet} {answer.cell}" if several else answer.cell
