"""Pairs of hand-ins that share rare mistakes, formulas or a document's origin: a reason to look, for the instructor.

For who marks, never for a student: it names pairs. A page without script or anything fetched; JSON where the target's
name ends with .json. Whatever a student wrote is escaped. How pairs are weighed is ``sheetgen/similarity.py``.
"""

from __future__ import annotations

import dataclasses
import html
import json
import unicodedata
from collections.abc import Iterator

from ..records import Results
from ..seal import GENERATOR
from ..similarity import EXPECTED, FEWEST, PROPERTIES, Compared, Pair, Shared, Who, compare
from . import Asked

SUFFIX = ".html"
MOST_PAIRS = 200  # in the table; the others are counted
MOST_SHARED = 8  # pieces of one pair that are told
LONGEST = 80  # characters of a student's text
_UNSAFE = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})  # control characters, and what turns a line around


def render(results: Results, asked: Asked) -> bytes:
    compared = compare(results)
    if asked.target.suffix.lower() == ".json":
        return _as_json(results, compared)
    return "".join(f"{line}\n" for line in _page(results, compared)).encode("utf-8")


# --- JSON -----------------------------------------------------------------------------------------------------------


def _as_json(results: Results, compared: Compared) -> bytes:
    data = {
        "coursework": results.coursework,
        "hand_ins": compared.hand_ins,
        "threshold": EXPECTED,
        "judged": compared.judged,
        "identical": [[dataclasses.asdict(who) for who in group] for group in compared.identical],
        "pairs": [_pair(pair) for pair in compared.pairs],
    }
    return json.dumps(data, indent=2).encode("ascii") + b"\n"


def _pair(pair: Pair) -> dict[str, object]:
    data = dataclasses.asdict(pair)
    data["bits"] = round(pair.bits, 3)
    data["shared"] = [{**each, "bits": round(each["bits"], 3)} for each in data["shared"]]
    return data


# --- the page -------------------------------------------------------------------------------------------------------

_STYLE = """\
:root { color-scheme: light dark; }
body { font: 1rem/1.5 system-ui, sans-serif; max-width: 70rem; margin: 0 auto; padding: 1rem; }
table { border-collapse: collapse; width: 100%; }
th, td { border: 1px solid #8888; padding: .4rem .6rem; text-align: left; vertical-align: top; }
td { overflow-wrap: anywhere; }
td.number { white-space: nowrap; text-align: right; font-variant-numeric: tabular-nums; }
caption { text-align: left; font-weight: bold; padding: .4rem 0; }
ul { margin: 0; padding-left: 1.2rem; }
.file { font-size: .85rem; opacity: .8; }
code { background: #8882; padding: 0 .2em; }
tr { break-inside: avoid; }
@media (max-width: 40rem) {
  thead { display: none; }
  tr, td { display: block; border-width: 0; }
  tr { border-top: 2px solid #8888; padding: .5rem 0; }
  td.number { text-align: left; }
  td.number::before { content: "By chance: "; }
}"""


def _page(results: Results, compared: Compared) -> Iterator[str]:
    title = _text(f"Similar hand-ins: {results.coursework}", 200)
    yield "<!DOCTYPE html>"
    yield '<html lang="en"><head><meta charset="utf-8">'
    yield GENERATOR
    yield '<meta name="viewport" content="width=device-width, initial-scale=1">'
    yield f"<title>{title}</title>"
    yield f"<style>\n{_STYLE}\n</style></head><body>"
    yield f"<h1>{title}</h1>"
    yield (
        "<p><strong>A reason to look, not a verdict.</strong> Who learnt together, used the same printed source or "
        "worked in a pair that was allowed may share as much. Look at both files and hear both students. This page is "
        "for those who mark; it is no part of any feedback.</p>"
    )
    yield f"<p>{_method(compared)}</p>"
    if compared.identical:
        yield "<h2>The same file, byte for byte, or what was returned for it</h2><ul>"
        for group in compared.identical:
            yield f"<li>{' and '.join(_who(who, ' ') for who in group)}</li>"
        yield "</ul>"
    yield from _pairs(compared)
    yield "</body></html>"


def _method(compared: Compared) -> str:
    count = compared.hand_ins
    about = (
        f"{count:,} hand-ins with answers make {count * (count - 1) // 2:,} pairs. What two share counts by how few "
        "others of the class have it. Right answers, what most have, and what follows from an earlier answer do not "
        "count; the cells of one mistake count once; what the two have differently counts against."
    )
    if not compared.judged:
        return f"{about} Of fewer than {FEWEST} hand-ins nobody can say what is rare: chance cannot be judged here."
    return (
        f"{about} The number beside a pair says how many pairs as alike as that chance gives, at most, in a class like "
        f"this; pairs below {EXPECTED} are listed, the most striking first. It is computed as if students who do not "
        "know each other's work made their mistakes independently, so that a group that was taught the same mistakes "
        "can appear here."
    )


def _pairs(compared: Compared) -> Iterator[str]:
    if not compared.pairs:
        yield "<p>No pair of different files is more alike than chance explains.</p>"
        return
    shown = compared.pairs[:MOST_PAIRS]
    more = len(compared.pairs) - len(shown)
    yield "<table><caption>Pairs that are more alike than chance explains</caption>"
    yield '<thead><tr><th scope="col">One</th><th scope="col">Other</th>'
    yield '<th scope="col">Expected by chance</th><th scope="col">What they share</th></tr></thead><tbody>'
    for pair in shown:
        yield f'<tr><td>{_who(pair.one)}</td><td>{_who(pair.other)}</td><td class="number">{_expected(pair)}</td><td>'
        yield f"<ul>{''.join(f'<li>{each}</li>' for each in _evidence(pair))}</ul></td></tr>"
    yield "</tbody></table>"
    if more:
        yield f"<p>And {more:,} more pairs, which the .json of this report lists.</p>"


def _expected(pair: Pair) -> str:
    if pair.expected is None:
        return "cannot be judged"
    if pair.expected < 1e-6:
        return "less than 0.000001"
    places = max(2, 1 - int(f"{pair.expected:e}".partition("e")[2]))
    return f"{pair.expected:.{places}f}"


def _who(who: Who, between: str = "<br>") -> str:
    file = f'<span class="file">{_text(who.file, 200)}</span>'
    return f"{_text(who.student, LONGEST)}{between}{file}" if who.student else file


def _evidence(pair: Pair) -> Iterator[str]:
    for each in pair.shared[:MOST_SHARED]:
        yield _shared(each)
    if len(pair.shared) > MOST_SHARED:
        yield f"and {len(pair.shared) - MOST_SHARED} more"
    if pair.differ:
        yield f"Against it: {pair.differ} wrong values, formulas or properties of one that the other has otherwise"


def _shared(each: Shared) -> str:
    if each.kind == "property":
        name = PROPERTIES.get(each.where, each.where)
        said = f"Both documents say <code>{_text(each.what, LONGEST)}</code> for {name}"
    else:
        sign = "=" if each.kind == "formula" else ""
        what = each.what if sign or each.kind == "text" else _grouped(each.what)
        said = (
            f"Both have <code>{sign}{_text(what, LONGEST)}</code> in {_text(each.where, 100)} ({_text(each.cell, 20)})"
        )
        if each.more:
            said += f", and the same in {each.more} more cell{'s' * (each.more > 1)} like it"
        if each.rule:
            said += f", as of a student who {_text(each.rule, 300)}"
    return f"{said}; {_others(each)}"


def _others(each: Shared) -> str:
    if each.others <= 0:
        return f"nobody else of {each.of:,} has" if each.of > 0 else "nobody else has anything there"
    return f"{each.others:,} other{'s' * (each.others > 1)} of {each.of:,} {'have' if each.others > 1 else 'has'}"


def _grouped(text: str) -> str:
    return f"{int(text):,}" if text.isascii() and text.isdigit() and len(text) < 20 else text


def _text(text: str, longest: int) -> str:
    """A text for the page, without what could hide or reverse it."""
    text = text if len(text) <= longest else f"{text[: longest - 1]}…"
    return html.escape("".join("\ufffd" if unicodedata.category(each) in _UNSAFE else each for each in text))
