"""GitHub Actions: a job summary in Markdown, appended to $GITHUB_STEP_SUMMARY, and annotations to print.

Of one submission the summary is its feedback; of a class, statistics and tables. GitHub shows ten errors and ten
warnings of a step: the most common causes come first, and the last one sums up the rest. A summary of more than 1 MiB
is thrown away whole, so that rows are left out, and counted, before it comes to that.
"""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import get_args

from ..harmless import printable
from ..marking import Answer, Brief, Marked, Status, given_by_now
from ..records import Results
from ..sheet import Sheet
from . import Asked
from ._said import tally_for, told, where, whose

SUFFIX = ".md"
SHOWN = 10  # annotations of a level that GitHub shows of a step
_CAUSES = 25  # rows of the table of causes
_CELLS = 8  # answers that are named for a cause
_TEXT = 500  # characters of an annotation
_TO_SUM_UP = 400  # bytes kept for the line that says what was left out


def appends(_: Path) -> bool:
    """Always: the runner's file may hold what other steps wrote."""
    return True


def render(results: Results, asked: Asked) -> bytes:
    if len(results.submissions) == 1:
        head, rows, foot = _of_one(results.submissions[0], results.sheet)
    else:
        head, rows, foot = _of_many(results)
    title = f"## {_safe(results.coursework)}\n\n"
    return _fitted(title + head, rows, foot, asked.largest)


def _fitted(head: str, rows: Iterable[str], foot: str, most: int) -> bytes:
    """As many rows as there is room for, and how many were left out; nothing where there is no room at all."""
    text, end = bytearray(head.encode()), foot.encode()
    left_out = 0
    for row in rows:
        line = row.encode()
        if left_out or len(text) + len(line) + len(end) + _TO_SUM_UP > most:
            left_out += 1
        else:
            text += line
    if left_out:
        text += f"\nThere was no room for {left_out} more rows: a summary has at most 1 MiB.\n".encode()
    text += end
    return bytes(text) if len(text) <= most else b""


# --- one submission -------------------------------------------------------------------------------------------------


def _of_one(marked: Marked, sheet: Sheet | None) -> tuple[str, Iterator[str], str]:
    head = f"{_code(whose(marked))}: "
    if marked.status == "unmarked":
        return f"{head}the file could not be marked. {_safe(marked.reason or '')}\n", iter(()), ""
    head += f"**{marked.score:g} of {given_by_now(marked, sheet):g} marks**"
    head += f", and {marked.open:g} that a person gives\n" if marked.open else "\n"
    head += "".join(f"\n- {_safe(sentence)}" for sentence in (*marked.summary, *marked.notes))
    of_a_word = ("for-a-person", "blank")
    todo = [each for each in marked.answers if each.notes or (told(each) and each.status not in of_a_word)]
    blank = [each for each in marked.answers if each.status == "blank"]
    foot = ""
    if blank:
        foot = f"\nLeft blank: {_safe(', '.join(each.id for each in blank))}.\n"
    if not todo:
        return f"{head}\n", iter(()), foot
    head += "\n\n| answer | cell | status | feedback |\n|---|---|---|---|\n"
    return head, (_answer_row(each) for each in todo), foot


def _answer_row(answer: Answer) -> str:
    return f"| {_safe(answer.id)} | {_safe(where(answer))} | {answer.status} | {_safe(told(answer))} |\n"


# --- a class --------------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Cause:
    """One way of being wrong: in how many submissions, and in which answers."""

    submissions: int = 0
    answers: Counter[str] = field(default_factory=Counter)
    explained: bool = True
    example: str = ""  # what the first student with it was told


def _of_many(results: Results) -> tuple[str, Iterator[str], str]:
    marked = [each for each in results.briefs() if each.status == "marked"]
    count = len(results.submissions)
    head = f"{count} submissions, {len(marked)} marked, {count - len(marked)} that could not be marked.\n"
    shares = sorted(_shares(results, marked))
    if len(shares) > 1:
        lower, middle, upper = statistics.quantiles(shares, n=4, method="inclusive")
        head += (
            f"\n| mean | lowest | lower quartile | median | upper quartile | highest |\n|---|---|---|---|---|---|\n"
            f"| {statistics.fmean(shares):.1f} % | {shares[0]:.1f} % | {lower:.1f} % | {middle:.1f} % "
            f"| {upper:.1f} % | {shares[-1]:.1f} % |\n"
        )
    causes = _causes(results)
    if causes:
        head += "\n### Most common causes\n\n| cause | submissions | answers |\n|---|---:|---|\n"
        for rule, cause in causes[:_CAUSES]:
            head += f"| {_safe(rule)} | {cause.submissions} | {_named(cause.answers)} |\n"
        if len(causes) > _CAUSES:
            head += f"\nAnd {len(causes) - _CAUSES} rarer ones.\n"
    statuses: list[Status] = [each for each in get_args(Status) if each != "partly" or results.graded]
    head += "\n### Submissions\n\n| submission | marks | " + " | ".join(statuses) + " |\n"
    head += "|---|---:|" + "---:|" * len(statuses) + "\n"
    return head, (_submission_row(each, results.sheet, statuses) for each in results.submissions), ""


def _shares(results: Results, marked: Sequence[Brief]) -> Iterator[float]:
    """In per cent. Of a class that is marked in part, of the marks that all have, as on the class's page."""
    if not results.graded:
        yield from (each.percent(results.sheet) for each in marked)
        return
    tally = tally_for(results)
    for each in results.submissions:
        tally.add(each)
    found = tally.statistics()
    yield from (100 * score / found.most if found.most else 100.0 for score in found.scores)


def _submission_row(marked: Marked, sheet: Sheet | None, statuses: Sequence[Status]) -> str:
    if marked.status == "unmarked":
        return (
            f"| {_code(whose(marked))} | | {_safe(printable(marked.reason or ''))} |"
            + " |" * (len(statuses) - 1)
            + "\n"
        )
    counts = " | ".join(str(marked.count(status) or "") for status in statuses)
    return f"| {_code(whose(marked))} | {marked.score:g}/{given_by_now(marked, sheet):g} | {counts} |\n"


def _rule(answer: Answer) -> str:
    """What a wrong answer is put down to, in words that hold nothing of the student's."""
    if answer.status == "unreadable":
        return "unreadable"
    return answer.because[0].rule if answer.because else "wrong, for no reason that was found"


def _causes(results: Results) -> list[tuple[str, _Cause]]:
    """Why answers are wrong or cannot be read, the most common cause first, and last what has none."""
    found: dict[str, _Cause] = {}
    for marked in results.submissions:
        seen = set()
        for answer in marked.answers:
            if answer.status not in ("wrong", "unreadable") or answer.graded:
                continue
            rule = _rule(answer)
            cause = found.setdefault(rule, _Cause(explained=bool(answer.because), example=told(answer, _TEXT)))
            cause.answers[answer.id] += 1
            if rule not in seen:
                cause.submissions += 1
                seen.add(rule)

    def rank(item: tuple[str, _Cause]) -> tuple[bool, int, int, str]:
        rule, cause = item
        return not cause.explained, -cause.submissions, -cause.answers.total(), rule

    return sorted(found.items(), key=rank)


def _named(answers: Counter[str]) -> str:
    return _safe(_few_of([answer for answer, _ in answers.most_common()]))


def _few_of(answers: list[str]) -> str:
    return ", ".join(answers[:_CELLS]) + (f" and {len(answers) - _CELLS} more" if len(answers) > _CELLS else "")


# --- annotations ----------------------------------------------------------------------------------------------------


def to_print(results: Results) -> tuple[str, ...]:
    """Workflow commands to print, a line each: errors for what is wrong or unreadable, warnings for the rest."""
    one = results.submissions[0] if len(results.submissions) == 1 else None
    errors, warnings = [], []
    count = len(results.submissions)
    unmarked = [each for each in results.submissions if each.status == "unmarked"]
    if one is not None and unmarked:
        errors.append(_command("error", one.reason or "", "could not be marked", one.file))
    elif unmarked:
        few = _few_of([whose(each) for each in unmarked])
        errors.append(_command("error", f"{len(unmarked)} of {count} files: {few}", "could not be marked", ""))
    for rule, cause in _causes(results):
        answers = [answer for answer, _ in cause.answers.most_common()]
        if one is not None:
            also = "The same in" if cause.explained else f"Also {rule}"
            said = cause.example + (f" {also}: {_few_of(answers[1:])}." if len(answers) > 1 else "")
            errors.append(_command("error", said, answers[0], one.file))
        else:
            said = f"{cause.submissions} of {count} submissions: {rule} ({_few_of(answers)})"
            errors.append(_command("error", said, "common mistake", ""))
    for status, said in (("follow-through", "follow from earlier mistakes"), ("blank", "were left blank")):
        ids = [each.id for marked in results.submissions for each in marked.answers if each.status == status]
        if ids:
            few = _few_of([answer for answer, _ in Counter(ids).most_common()])
            warnings.append(_command("warning", f"{len(ids)} answers {said}: {few}", status, one.file if one else ""))
    return (*_few(errors, "error"), *_few(warnings, "warning"))


def _few(lines: list[str], level: str) -> list[str]:
    """As many as are shown; the last one then says how many are not."""
    if len(lines) <= SHOWN:
        return lines
    rest = len(lines) - SHOWN + 1
    return [*lines[: SHOWN - 1], _command(level, f"{rest} more, see the job summary", "and more", "")]


def _command(level: str, text: str, title: str, file: str) -> str:
    """``::error title=...::text``, with what would end it or begin another escaped."""
    properties = [f"file={_property(printable(file, 1000))}"] if file else []
    properties.append(f"title={_property(printable(title))}")
    return f"::{level} {','.join(properties)}::{_data(printable(text, _TEXT))}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


# --- Markdown -------------------------------------------------------------------------------------------------------


def _safe(text: str) -> str:
    """``text`` as Markdown that says just that: every sign is a character reference, so that none begins anything.

    Mentions, issues and links are found by GitHub in the text that results, so that nothing joins what begins them.
    """
    found = []
    for char in printable(text, 4000):
        plain = char.isalnum() or char in " ,;%" or ord(char) > 127
        found.append(char if plain else f"&#{ord(char)};")
        if char in "@#:" or (char == "." and found[-2:-1] in (["w"], ["W"])):
            found.append("&#8203;")  # a space of no width
    return "".join(found)


def _code(text: str) -> str:
    """What somebody typed, set off as such; GitHub looks for no mentions and no links in it."""
    return f"<code>{_safe(text)}</code>"
