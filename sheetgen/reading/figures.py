"""One number in a text, or a calculation with plain numbers, with the words around it.

    62.4M     105.7 x 10^6     ~35k params     11*11*3*96 + 96     (5·5·96+1)·256     37.7 %

A calculation is handed to the notation of ``expr.py``, which bounds every number on the way; nothing here evaluates a
text. This module must not know what is asked but for the words of its unit.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from ..expr import ExpressionError, Number, parse, value
from .spelling import NUMERAL, Habit, Mark, Numeral, numeral, times_ten


@dataclass(frozen=True, slots=True)
class Token:
    """``kind``: num, word, op, or other, which is nothing that a number is made of; ``touches`` the one before."""

    kind: str
    text: str
    touches: bool


# An x multiplies only before a number or a bracket: 55x55, but not the x of "max"
_TOKEN = re.compile(
    rf"(?P<num>{NUMERAL})|(?P<op>\*\*|//|[-=]>|[xX×](?= ?[0-9(.])|[-+*/^%()\[\]{{}}=~@,;:])"
    r"|(?P<word>[^\W\d_][\w.]*)|(?P<space> )|(?P<other>.)",
    re.DOTALL,
)


_SAID = {"by": "x", "mal": "x", "fois": "x", "percent": "%", "pct": "%", "prozent": "%"}
_SPELT = {"X": "x", "×": "x", "=>": "->"}


_PER_CENT = re.compile(r"\b(?:per|pour) cent\b", re.IGNORECASE)


def tokens(clean: str) -> list[Token]:
    found: list[Token] = []
    touches = False
    for match in _TOKEN.finditer(_PER_CENT.sub("%", clean)):
        kind, text = match.lastgroup or "other", match[0]
        if (sign := _SAID.get(text.casefold())) is not None:
            kind, text = "op", sign
        if kind == "space":
            touches = False
            continue
        found.append(Token(kind, _SPELT.get(text, text), touches))
        touches = True
    return found


# --- words ----------------------------------------------------------------------------------------------------------


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


APPROXIMATELY = _words(
    "about approx approximately around roughly nearly ca circa etwa rund ungefähr env environ 左右 程度 くらい"
)
_SCALES = {
    **dict.fromkeys(("k", "thousand", "tsd", "tausend", "mille", "milliers", "千"), 3),
    **dict.fromkeys(("m", "million", "millions", "mio", "mln", "mn", "millionen", "百万", "百萬"), 6),
    **dict.fromkeys(("g", "b", "bn", "billion", "billions", "mrd", "milliarden", "milliard", "milliards"), 9),
    **dict.fromkeys(("万", "萬"), 4),
    **dict.fromkeys(("億", "亿"), 8),
    **dict.fromkeys(("t", "tn", "trillion"), 12),
    "lakh": 5,
    "crore": 7,
}
_UNITS = _words(
    "param params parameter parameters weight weights bias biases neuron neurons unit units connection connections "
    "channel channels map maps filter filters px pixel pixels bit bits byte bytes flop flops mac macs op ops"
)
# A number beside one of these is not what the author says the answer is.
_CHANGES = _words(
    "or and not no non than least most under over below above up less more between to minus plus times half double "
    "twice without except hundred hundreds dozen wrong maybe oder nicht kein bis mindestens höchstens "
    "log ln exp sqrt root square min max floor ceil round mod abs x e "
    "ou pas moins sans ohne billionen billiarden trillionen 以上 以下 以内 未満 未满 多 余 倍 分之"
)
_BYTES = re.compile(r"(k|m|g|t|kilo|mega|giga|tera)(i?)(?:b|bytes?|o|octets?)")
_SINGLE = _words("b o byte bytes octet octets")
_BIT = _words("bit bits")
_COUNTED = re.compile(r"(.+?)(?:个|個|个参数|個参数|パラメータ)")  # 3.5万个
_MOST_WORDS = 4  # around a number; more are a sentence, of which no program knows what it says


def words_of(unit: str) -> frozenset[str]:
    """The words of a unit or of a heading, ``Activation memory (bytes)``, that may stand beside its number."""
    return frozenset(re.findall(r"[^\W\d_]+", unit.casefold()))


def _bytes_of(word: str) -> str | None:
    """mb of MB, Mo, MBytes and megabytes; None for what is no multiple of a byte."""
    match = _BYTES.fullmatch(word)
    return f"{match[1][0]}{match[2]}b" if match is not None else None


def _same_bytes(word: str, known: frozenset[str]) -> bool:
    """Whether the unit has the multiple of bytes that ``word`` is: 142.5 M and 142.5 Mo of MB."""
    return (_bytes_of(word) or f"{word}b") in {_bytes_of(each) for each in known}


def _scale(token: Token, known: frozenset[str]) -> int | None:
    """The power of ten that a word behind a number means: 6 for M and for MFLOPs; None where it is another word."""
    word = token.text.rstrip(".").casefold()
    if word in known or _same_bytes(word, known):
        return None
    if (counted := _COUNTED.fullmatch(word)) is not None and counted[1] in _SCALES:
        return _SCALES[counted[1]]
    if word in _SCALES and (token.touches or len(word) > 1 or token.text in "kKM"):
        return None if word == "b" and known & {"byte", "bytes", "b"} else _SCALES[word]
    if token.text[0] in "kKMGT" and len(word) > 2 and word[1:] in (known | _UNITS):
        return _SCALES[word[0]]
    return None


# --- one figure -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Figure:
    """A number that a text states, or (not ``plain``) that its calculation gives.

    ``last`` is the power of ten of the last digit, where there is one; ``rounded``, whether the way it is written says
    that it may be off by half of that. ``other``, ``mark`` and ``decimals`` are a Numeral's. ``first`` is the number
    that a calculation begins with. ``aside``: it stands in a bracket behind another; ``led``: an arrow leads to it.
    ``left`` are words without a meaning here.
    """

    value: Number
    typed: str
    plain: bool = True
    last: int | None = None
    rounded: bool = False
    percent: bool = False
    first: Number | None = None
    other: Number | None = None
    mark: Mark | None = None
    decimals: Number | None = None
    aside: bool = False
    led: bool = False
    left: tuple[str, ...] = ()

    @property
    def half(self) -> Fraction:
        """Half of what one more in the last digit would add; 0 for a calculation."""
        return Fraction(0) if self.last is None else Fraction(times_ten(1, self.last)) / 2


def figure(
    found: Sequence[Token], habit: Habit, *, whole: bool, known: frozenset[str], about: bool = False
) -> Figure | None:
    """The number in these tokens; None where there is none, more than one, or a word that changes it."""
    start, end = 0, len(found)
    while start < end and (found[start].kind == "word" or found[start].text in ":~#") and not rounds(found, start):
        start += 1
    while end > start and _ends(found, end - 1, known):
        end -= 1
    around, core = [*found[:start], *found[end:]], found[start:end]
    if not core:
        return None
    said = [token.text.strip(".").casefold() for token in around if token.kind == "word"]
    if len(said) > _MOST_WORDS or any(_tells_other(word, known) for word in said):
        return None
    if start and found[start - 1].kind == "word" and core[0].touches:
        return None  # log2(1000)
    if end < len(found) and found[end].touches and any(char.isdigit() for char in found[end].text):
        return None  # 1e5x
    if any(_is_fraction(char) for token in around for char in token.text):
        return None  # 1,000½, which clean() has left as it is
    about = about or any(token.text == "~" for token in around) or not APPROXIMATELY.isdisjoint(said)
    left = tuple(
        word for word in said if word not in known | _UNITS | APPROXIMATELY | _SINGLE and not _same_bytes(word, known)
    )
    plain = _plain(core, habit, whole=whole, known=known, about=about)
    read = plain if plain is not None else _calculation(core, habit, whole=whole, known=known)
    return replace(read, left=left) if read is not None and left else read


def _is_fraction(char: str) -> bool:
    return not char.isascii() and 0 <= unicodedata.numeric(char, -1) < 1


def _ends(found: Sequence[Token], at: int, known: frozenset[str]) -> bool:
    """Whether the token there is a word behind the number, and no part of it."""
    token = found[at]
    if token.kind == "other":
        return token.text in "#."
    if token.kind != "word":
        return token.text in ",;:."
    return not (at and found[at - 1].kind == "num" and _scale(token, known) is not None)


def _tells_other(word: str, known: frozenset[str]) -> bool:
    if word in known or _same_bytes(word, known) or (word == "b" and not known.isdisjoint(("byte", "bytes"))):
        return False
    in_bytes = not known.isdisjoint(_SINGLE) or any(_bytes_of(each) is not None for each in known)
    if (in_bytes and word in _BIT) or (word in _SINGLE and not known.isdisjoint(_BIT)):
        return True
    if word in _SINGLE and in_bytes and known.isdisjoint(_SINGLE):
        return True  # 142.5 bytes, of MB
    return word in _CHANGES or word in _SCALES or _bytes_of(word) is not None


def _plain(core: Sequence[Token], habit: Habit, *, whole: bool, known: frozenset[str], about: bool) -> Figure | None:
    """One number: with a sign, a power of ten, a word for one, or a percent sign; None for anything else."""
    typed = "".join(token.text if token.touches else f" {token.text}" for token in core).strip()
    sign, rest = (-1 if core[0].text == "-" else 1), list(core[1:] if core[0].text in ("+", "-") else core)
    if rest and (rest[0].text, rest[-1].text) == ("(", ")") and len(rest) == 3:
        rest = rest[1:-1]
    if not rest or rest[0].kind != "num":
        return None
    texts = [token.text for token in rest]
    if len(rest) == 4 and texts[0] == "10" and texts[1] in ("^", "**") and texts[2] == "-":
        return _plain(
            [Token("num", "1", False), Token("op", "x", False), *rest], habit, whole=whole, known=known, about=about
        )
    power, tail = _power(rest[1:], known)
    percent = [token.text for token in tail] == ["%"]
    if tail and not percent:
        return None
    read = numeral(rest[0].text, habit, whole=whole and not percent and power is None)
    if read is None:
        return None
    if power is not None:  # 62.378M: nobody writes thousands of millions so, but 62,378k are
        read = replace(read, other=None if read.mark == "." else read.other, mark=None, decimals=None)
    scale = (power or 0) - (2 if percent else 0)
    last = read.last + scale
    if about and not power and not read.scientific and read.last == 0:
        last += _zeros(read)  # ~35000 says as much as ~35k
    return Figure(
        sign * times_ten(read.value, scale),
        typed,
        last=last,
        rounded=about or read.scientific or power is not None,
        percent=percent,
        other=None if read.other is None else sign * times_ten(read.other, scale),
        mark=read.mark,
        decimals=None if read.decimals is None else sign * read.decimals,
    )


def _power(behind: Sequence[Token], known: frozenset[str]) -> tuple[int | None, Sequence[Token]]:
    """The power of ten behind a number, M or ``x 10^6``, and the tokens behind that."""
    if behind and behind[0].kind == "word" and (scale := _scale(behind[0], known)) is not None:
        return scale, behind[1:]
    texts = [token.text for token in behind[:5]]
    if len(texts) >= 4 and texts[0] in "x*" and texts[1] == "10" and texts[2] in ("^", "**"):
        negative = texts[3] == "-"
        digits = texts[4] if negative and len(texts) > 4 else texts[3]
        if digits.isdigit() and len(digits) <= 2 and int(digits) <= 40:
            return (-int(digits) if negative else int(digits)), behind[5 if negative else 4 :]
    return None, behind


def _zeros(read: Numeral) -> int:
    digits = str(read.value)
    return len(digits) - len(digits.rstrip("0")) if read.value else 0


# --- calculations ---------------------------------------------------------------------------------------------------

_NOTATION = {"x": "*", "^": "**", "[": "(", "]": ")", "{": "(", "}": ")"}


# A function that rounds, as the notation says it: what opens and what closes it. Programs round a half differently, so
# round has both ways, and a number where these differ is not read.
_FLOOR = ("((", ")//1)")
_CEIL = ("ceil_div((", "),1)")
_HALF_UP, _HALF_DOWN = ("(((", ")+1/2)//1)"), ("ceil_div((", ")-1/2,1)")
_ROUNDING = {
    **dict.fromkeys(_words("floor int trunc rounddown math.floor np.floor floor.math"), (_FLOOR, _FLOOR)),
    **dict.fromkeys(_words("abrunden ganzzahl ent entier arrondi.inf"), (_FLOOR, _FLOOR)),
    **dict.fromkeys(_words("ceil ceiling roundup math.ceil np.ceil ceiling.math"), (_CEIL, _CEIL)),
    **dict.fromkeys(_words("aufrunden arrondi.sup"), (_CEIL, _CEIL)),
    **dict.fromkeys(_words("round np.round runden arrondi"), (_HALF_UP, _HALF_DOWN)),
}
_BRACKETS = (("(", ")"), ("(", ")"))


def rounds(found: Sequence[Token], at: int) -> bool:
    """Whether a call of a function that rounds begins there: floor(54.25)."""
    named = found[at].kind == "word" and found[at].text.casefold() in _ROUNDING
    return named and at + 1 < len(found) and found[at + 1].text == "("


def _calculation(core: Sequence[Token], habit: Habit, *, whole: bool, known: frozenset[str]) -> Figure | None:
    """The value of a calculation; None where it is none, has no value, or can be read in two ways: 2^3^2.

    What has a point before three digits is read as thousands, unless only the decimals make it whole.
    """
    # as it is read; the same with halves rounded down; the same with decimals where a point may be before thousands
    written: list[tuple[str, str, str]] = []
    first: Number | None = None
    powers = [False]  # for each open bracket, whether the last operator in it was a power
    closing: list[tuple[str, str]] = []
    opening = _BRACKETS
    for at, token in enumerate(core):
        before = core[at - 1] if at else None
        after = core[at + 1].text if at + 1 < len(core) else ""
        if rounds(core, at):
            if before is not None and (before.kind == "num" or before.text in ")]}"):
                written.append(("*", "*", "*"))
            opening = _ROUNDING[token.text.casefold()]
        elif token.kind == "num":
            read = _argument(token.text, habit, whole=whole, last=after == ")" and bool(closing))
            if read is None or (before is not None and before.kind == "num"):
                return None
            number, decimals = read.value, read.value if read.decimals is None else read.decimals
            alone = closing and closing[-1] != (")", ")") and before is not None and before.text == "("
            if alone and after in (")", ",", ";"):
                number = decimals  # nobody rounds what is whole: floor(28.125)
            first = number if first is None else first
            usual = _literal(number)
            written.append((usual, usual, _literal(decimals) if read.mark == "." else usual))
        elif before is not None and before.kind == "num" and token.text.casefold() in (known | _UNITS):
            continue  # 34848 weights + 96 biases
        elif token.text in (",", ";") and closing and closing[-1] != (")", ")") and after in ("0", "1"):
            if [each.text for each in core[at + 2 : at + 3]] != [")"]:
                return None
            # ROUNDDOWN(54.25, 0), FLOOR(54.25, 1)
            return _calculation([*core[:at], *core[at + 2 :]], habit, whole=whole, known=known)
        elif token.kind == "op" and token.text in _OPERATORS:
            sign = _NOTATION.get(token.text, token.text)
            if sign == "**" and powers[-1]:
                return None
            if token.text == "x" and at == 1 and core[0].text == "0" and token.touches:
                return None  # 0x10 is sixteen to a programmer
            shown = (sign, sign, sign)
            if sign == "(":
                if before is not None and (before.kind == "num" or before.text in ")]}"):
                    written.append(("*", "*", "*"))  # 96(11*11*3 + 1)
                (up, up_end), (down, down_end) = opening
                shown = (up, down, up)
                powers.append(False)
                closing.append((up_end, down_end))
                opening = _BRACKETS
            elif sign == ")":
                if not closing:
                    return None
                powers.pop()
                up_end, down_end = closing.pop()
                shown = (up_end, down_end, up_end)
            else:
                powers[-1] = sign == "**"
            written.append(shown)
        else:
            return None
    found = [_value("".join(way)) for way in zip(*written, strict=True)]
    usual_value, halves_down, with_decimals = found
    if usual_value is None or halves_down != usual_value:
        return None
    other = with_decimals if whole and _is_whole(with_decimals) and with_decimals != usual_value else None
    if other is not None and not _is_whole(usual_value):
        usual_value, other = other, None
    typed = "".join(token.text if token.touches else f" {token.text}" for token in core).strip()
    return Figure(usual_value, typed, plain=False, first=first, other=other)


def _argument(typed: str, habit: Habit, *, whole: bool, last: bool) -> Numeral | None:
    """A number of a calculation; ``last`` in its bracket, it may have the places to round to: floor(54.25,1)."""
    read = numeral(typed, habit, whole=whole)
    if read is None and last and typed[-2:] in (",0", ",1"):
        return numeral(typed[:-2], habit, whole=whole)
    return read


def _value(written: str) -> Number | None:
    try:
        found = value(parse(written), {})
    except ExpressionError:
        return None
    return None if isinstance(found, str) else found


def _is_whole(number: Number | None) -> bool:
    return number is not None and Fraction(number).denominator == 1


_OPERATORS = frozenset(("+", "-", "*", "/", "//", "**", "^", "x", "(", ")", "[", "]", "{", "}"))


def _literal(number: int | Fraction) -> str:
    """As the notation takes it: a decimal is exact as a quotient."""
    return str(number) if isinstance(number, int) else f"({number.numerator}/{number.denominator})"
