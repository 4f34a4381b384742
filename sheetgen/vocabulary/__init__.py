"""What people call things: the headings of a table and the labels of its rows, in whatever words a person chose.

    >>> max(hear("# Params").quantities.items(), key=lambda each: each[1])
    ('parameters', 0.95)
    >>> hear("W_out").quantities
    {'out_width': 0.95}
    >>> hear("Weights (M)").unit
    1000000
    >>> hear_label("CONV1 + ReLU")
    Label(name='conv1', family='conv', number=1, strange=0, stage=False)

A heading is taken apart into words, each word stands for one idea (in, height, count ...), and what a set of ideas can
mean is a short list with weights from 0 to 1: "Depth" is mostly the number of filters. Which it is, the numbers below
the heading decide; this room must not know any: no cells, no networks.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from ..quantities import COMPOSITE
from .words import ABOUT, BYTES, FAMILY, GLUED, IDEA, PER, PREFIXED, STATISTIC, UNITS, WHOLE, cut

LONGEST = 120  # characters of a heading or a label; longer texts are sentences


@dataclass(frozen=True, slots=True)
class Heard:
    """What a heading can mean: columns of a table (``quantities.COLUMNS``), each with its weight.

    ``unit`` is what its numbers are multiples of, as far as the heading says: 1,000,000 of "Params (M)"; None where it
    says nothing. ``order`` are the sides of a composite size in the order that the heading names: of "W x H".
    ``about`` is the word that makes it a heading of something else ("marks"), ``statistic`` whether it is of a mean or
    an initial value. ``strange`` is whether a word is not understood, ``known`` how many are. ``padding`` is whether
    padding counts, where the heading says it.
    """

    quantities: Mapping[str, float] = field(hash=False)
    unit: int | None = None
    order: tuple[str, ...] = ()
    about: str = ""
    statistic: bool = False
    strange: bool = False
    known: int = 0
    padding: bool | None = None


NOTHING = Heard({})

# --- words ----------------------------------------------------------------------------------------------------------

_WORD = re.compile(r"[^\W\d_]+|\d+|#|%")
_BRACKETED = re.compile(r"[(\[{]([^()\[\]{}]{1,40})[)\]}]")
_LONG_UNITS = "|".join(sorted((unit for unit in UNITS if len(unit) > 1 and unit.isalpha()), key=len, reverse=True))
_IN_UNITS = re.compile(
    rf"\b(?:in|en)\s+(?:units of\s+)?({_LONG_UNITS})\b|(?:[\s,;:]|-\s)({_LONG_UNITS})\.?\s*$|[,;:]\s*([千万萬亿億])\s*$"
    r"|(?:/|÷|x|\*)\s*(10\s*\^\s*[369]|1[ ,.']?000(?:[ ,.']?000)?|1e[369])\s*$"
)
_WITHOUT_BIAS = re.compile(
    r"\b(?:no|non|without|w/o|excl\w*|except|ohne|sans|sin|senza)\b\.?\s*(?:the\s+)?(?:bia|sesgo)\w*"
)
_WITHOUT_BIAS_EASTERN = re.compile("(?:不含|不计|不計|无|無)(?:偏置|偏差)|バイアス(?:なし|無し|を除く|を含まない)")
_PADDING = re.compile(
    r"\b(?:(no|non|without|w/o|excl\w*|except|ohne|sans|sin|senza)|(with|incl\w*|mit|avec|con))\b\.?\s*(?:the\s+)?(?:zero\W)?"
    r"(?:padd?ing|pads?|rembourrage|relleno|riempimento)\b"
    "|(不含|不计|不計)填充|パディング(なし|を除く|を含まない)"
)
_COUNTED = frozenset(
    {"neurons", "weights", "biases", "parameters", "connections", "macs", "flops", "operations", "memory"}
)
_ELIDED = re.compile(r"\b[dl]['’](?=\w)|\b(?:all|dell|nell)['’](?=\w)")  # l'entrée, dell'uscita
_NUMBERS = re.compile(r"\d+")
_CAMEL = re.compile(r"(?<=[a-z]{2})(?=[A-Z])")  # not HxWxC


def normal(text: str) -> str:
    """``text`` in small letters, on one line, without the look of its characters (full width, subscripts, dashes)."""
    flat = unicodedata.normalize("NFKC", text[: 4 * LONGEST])
    return " ".join(flat.casefold().translate(_SAME_SIGNS).split())


_SAME_SIGNS = str.maketrans({"×": "x", "✕": "x", "⋅": "x", "–": "-", "—": "-", "−": "-", "№": "#", "∑": "σ"})


# --- headings -------------------------------------------------------------------------------------------------------


@lru_cache(maxsize=8192)
def hear(heading: str) -> Heard:
    """What the heading ``heading`` can mean; NOTHING where none of its words is known, or it is no heading."""
    if not heading.strip() or len(heading) > LONGEST:
        return NOTHING
    text = normal(_CAMEL.sub(" ", heading))
    unit, text = _unit(text)
    if len(_NUMBERS.findall(text)) > 1:
        return NOTHING  # settings: 11x11, s4
    padding = _PADDING.search(text)
    if padding is not None:
        text = text[: padding.start()] + " " + text[padding.end() :]
    words = list(_words(text))
    about = next((word for word in words if word in ABOUT), "") or _per_part(words)
    if about:
        return Heard({}, unit, about=about, statistic=not STATISTIC.isdisjoint(words))
    if _WITHOUT_BIAS.search(text) is not None or _WITHOUT_BIAS_EASTERN.search(text) is not None:
        of_others = {"connections", "macs", "flops", "operations"} & {IDEA.get(word) for word in words}
        return Heard({"weights": 0.9}, unit, known=2) if not of_others else Heard({}, unit, about="bias")
    for word in words:
        unit = unit or PREFIXED.get(word)
    ideas = [IDEA.get(word, "?") for word in words]
    known = [idea for idea in ideas if idea not in ("?", "filler")]
    if unit in BYTES:
        known.append("memory")
    if not known:
        return NOTHING
    strange = sum(idea == "?" and not word.isdigit() for idea, word in zip(ideas, words, strict=True))
    said_more = any(idea == "?" and word.isalpha() and len(word) > 1 for idea, word in zip(ideas, words, strict=True))
    order = tuple(idea for idea in ideas if idea in ("height", "width", "channels", "depth"))
    meant = {name: weight for name, weight in _meant(set(known), words).items() if weight > 0}
    if strange:  # "Input from the teacher": the more of it is not understood, the less it says
        meant = {name: round(weight * max(0.2, 1 - 0.25 * strange), 3) for name, weight in meant.items()}
    sides = tuple("channels" if idea == "depth" else idea for idea in order) if len(set(order)) > 1 else ()
    sides = sides if set(meant) & set(COMPOSITE) else ()
    counted = None if padding is None else padding[2] is not None
    return Heard(meant, unit, sides, strange=said_more, known=len(known), padding=counted)


def _per_part(words: list[str]) -> str:
    """What a number is of one of, where that is a part of a layer: "Neurons per map"; "" where it is of all of it."""
    ideas = [IDEA.get(word, "?") for word in words]
    if _COUNTED.isdisjoint(ideas):
        return ""  # the size of each map is the layer's
    for at, word in enumerate(words):
        if word in PER:
            follows = (idea for idea in ideas[at + 1 :] if idea not in ("filler", "in", "out", "count"))
            if next(follows, "") in ("maps", "feature", "filters", "kernel", "channels", "neurons"):
                return f"{word} {words[-1]}"
    return ""


def _unit(text: str) -> tuple[int | None, str]:
    """The unit that the heading says, and the heading without it."""
    for match in _BRACKETED.finditer(text):
        said = (
            re.sub(r"^(?:in|x|\*|/|单位:?|単位:?|單位:?)\s*", "", match[1].strip())
            .replace("**", "^")
            .replace(",", "")
            .replace(" ", "")
        )
        said = said.strip(".'’")
        if said in UNITS:
            return UNITS[said], text[: match.start()] + " " + text[match.end() :]
    told = _IN_UNITS.search(text)
    if told is not None:
        unit = UNITS.get(re.sub(r"[ ,.']", "", next(filter(None, told.groups()), "")))
        return unit, text[: told.start()] + " " + text[told.end() :]
    return None, text


def hear_unit(text: str) -> int | None:
    """What a text that says a unit and nothing else says: 1,000 of "[k]" or "in thousands".

    None of anything else, and of a bare letter, which is a symbol more often than a unit.
    """
    said = normal(text).strip("()[]{} ") if len(text) <= LONGEST else ""
    if len(text.strip()) < 2 or not said:
        return None
    unit, rest = _unit(f"({said})")
    return unit if not rest.strip("() ") else None


def _words(text: str) -> Iterator[str]:
    text = _ELIDED.sub("", text.replace("_", " ").replace("'s ", " ").replace("non-train", "nontrain"))
    for word in (piece for run in _WORD.findall(text) for piece in ([run] if run in GLUED else cut(run))):
        yield from GLUED.get(word, word).split()


def _meant(said: set[str], words: list[str]) -> dict[str, float]:
    """The columns that a set of ideas can mean, each with its weight."""
    if "share" in said:
        return {f"{of}_share": 0.9 for of in ("parameters", "connections", "macs") if of in said}
    if {"fully", "connected"} <= said or "ratio" in said:
        return {"fully_connected_ratio": 0.9} if "ratio" in said else {"fully_connected_parameters": 0.9}
    if "receptive" in said or ("r" in said and said <= {"r", "out", "field", "size", "in"}):
        side = {"in": "", "out": "receptive_field"}
        whose = "in" if said & {"in"} and "out" not in said else "out"
        along = "_height" if "height" in said else "_width" if "width" in said else ""
        return {side[whose] + along: 0.9} if side[whose] else {}
    if "jump" in said or {"effective", "stride"} <= said:
        return {} if "in" in said and "out" not in said else {"jump": 0.9 if "out" in said or len(words) > 1 else 0.8}
    if "centre" in said:
        return {"centre": 0.8}
    if "fan" in said:
        return {"fan_in": 0.9}
    if counted := _counted(said):
        return counted
    if said & {"stride", "padding", "dilation", "groups", "kernel", "filters"} and not said & {"in", "out"}:
        return _told_of_windows(said, words)
    return _shaped(said, words) or _labelled(said)


def _counted(said: set[str]) -> dict[str, float]:
    """What is counted of a layer, or weighed."""
    if "memory" in said:
        if said & {"parameters", "weights"}:
            return {"parameter_memory": 0.9}
        if {"count", "activation"} <= said:
            return {"neurons": 0.5, "activation_memory": 0.5}
        return {"activation_memory": 0.85, "parameter_memory": 0.15}
    if {"weights", "biases"} <= said:
        return {"parameters": 0.95}
    if "parameters" in said:
        if "fixed" in said:
            return {"fixed_parameters": 0.6, "running_statistics": 0.4}
        return {"parameters": 0.95}
    if {"running", "statistics"} <= said:
        return {"running_statistics": 0.95}
    if "weights" in said:
        return {"weights": 0.8, "parameters": 0.4}
    if "biases" in said:
        return {"biases": 0.95}
    if "connections" in said:
        return {"connections": 0.95}
    if "macs" in said:
        return {"macs": 0.95}
    if "flops" in said:
        return {"flops": 0.95}
    if "operations" in said:
        return {"macs": 0.5, "flops": 0.4, "connections": 0.4}
    if "neurons" in said:
        return {"neurons": 0.95}
    if "capacity" in said or ("activation" in said and not said & {"maps", "in", "out", "feature"}):
        return {"neurons": 0.75 if "capacity" in said or said & {"count", "size"} else 0.6, "output_size": 0.3}
    if "count" in said and "out" in said and not said & {"maps", "channels", "feature", "filters", "kernel"}:
        return {"neurons": 0.6, "out_channels": 0.4}
    return {}


def _told_of_windows(said: set[str], words: list[str]) -> dict[str, float]:
    """The settings of a layer's windows, and how many of them it has."""
    settings = said & {"stride", "padding", "dilation", "groups"}
    if len(settings) > 1 or ("kernel" in said and settings):
        return {}  # several in one cell: K, P, S
    if settings:
        return {next(iter(settings)): 0.95}
    if "filters" in said or ("kernel" in said and "count" in said):
        return {"out_channels": 0.6, "kernel_size": 0.35} if "size" in said else {"out_channels": 0.9}
    if said == {"kernel"} and words[-1] in ("filter", "filtro", "フィルタ", "フィルター"):
        return {"kernel_size": 0.9, "out_channels": 0.3}  # the German plural has no s
    return {} if said & {"channels", "depth"} else {"kernel_size": 0.9}


def _shaped(said: set[str], words: list[str]) -> dict[str, float]:
    """Sizes: of the input or the output, along one side or all."""
    sides = {"in": 0.35, "out": 0.75}
    if "in" in said and "out" not in said:
        sides = {"in": 0.95, "out": 0.0}
    elif "out" in said and "in" not in said:
        sides = {"in": 0.0, "out": 0.95}
    elif {"in", "out"} <= said:
        return {}
    axes = [axis for axis in ("height", "width") if axis in said]
    deep = bool(said & {"channels", "depth"}) or ("maps" in said and "count" in said)
    if len(axes) + deep > 1:
        return {"input_size": sides["in"], "output_size": sides["out"]}
    if axes:
        return {f"{side}_{axes[0]}": weight for side, weight in sides.items()}
    if deep:
        found = {f"{side}_channels": weight for side, weight in sides.items()}
        # "Input Channel (n_in)" is a size in some lectures
        return found | {f"{side}_height": weight / 4 for side, weight in sides.items() if "n" in said}
    whole = said & {"size", "maps", "n"} or (said <= {"in", "out", "by", "layer", "count"} and said & {"in", "out"})
    if not whole or ("layer" in said and not said & {"in", "out", "size"}):
        return {}
    if "maps" in said and not said & {"size", "in", "out"} and "feature" not in said:
        return {"out_channels": 0.6, "output_size": 0.3}
    found = {}
    if not WHOLE.isdisjoint(words):  # a shape is hardly one side alone
        for side, weight in sides.items():
            name = {"in": "input", "out": "output"}[side]
            found |= {f"{name}_size": 0.95 * weight, f"{side}_height": 0.1 * weight, f"{side}_channels": 0.05 * weight}
        return found
    for side, weight in sides.items():
        name = {"in": "input", "out": "output"}[side]
        found |= {f"{name}_size": 0.75 * weight, f"{side}_height": 0.55 * weight, f"{side}_channels": 0.2 * weight}
    if "n" in said:
        found |= {f"{side}_height": 0.9 * weight for side, weight in sides.items()}
    if said <= {"in", "by", "layer"} and "size" not in said:
        found["from"] = 0.3
    if said == {"size"}:
        found["kernel_size"] = 0.3
    return found


def _labelled(said: set[str]) -> dict[str, float]:
    if "type" in said:
        return {"type": 0.9, "layer": 0.2}
    if "from" in said:
        return {"from": 0.9}
    return {"layer": 0.9, "type": 0.2} if "layer" in said else {}


# --- labels of rows -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Label:
    """A row's label: its name without signs and spaces, the family of layers it speaks of, and its number."""

    name: str
    family: str  # "" where none is named
    number: int | None = None
    strange: int = 0  # words that are not understood
    stage: bool = False  # several layers under one name: conv4_x


# torch's name of a layer -> the family that people say
OF_KIND: Mapping[str, str] = {
    "Conv2d": "conv",
    "ConvTranspose2d": "deconv",
    "Linear": "fc",
    "BatchNorm2d": "bn",
    "LocalResponseNorm": "norm",
    "Subsample2d": "pool",
    "MaxPool2d": "pool",
    "AvgPool2d": "pool",
    "AdaptiveAvgPool2d": "pool",
    "GlobalAvgPool2d": "pool",
    "Upsample": "upsample",
    "Add": "add",
    "Concat": "concat",
    "CenterCrop": "crop",
    "Dropout": "dropout",
    "Flatten": "flatten",
    "Softmax": "softmax",
    "LogSoftmax": "softmax",
    "ReLU": "activation",
    "ReLU6": "activation",
    "LeakyReLU": "activation",
    "ELU": "activation",
    "GELU": "activation",
    "SiLU": "activation",
    "Hardswish": "activation",
    "Tanh": "activation",
    "Sigmoid": "activation",
}
_PIECE = re.compile(r"[^\W\d_]+|\d+")
_LEADING = re.compile(r"\s*(?:[+(\[,:;/]|->| - | with | and ).*", re.DOTALL)  # what a label says beyond its name
_WAYS = frozenset({"max", "avg", "average", "global", "fully", "transposed", "adaptive", "s", "c"})
MOST_NUMBERED = 500  # no layer's number: that of FC-4096 is its width
# what stands before a block's name: inception (3a)
_BLOCKS = re.compile(
    r"^(?:inception|block|module|stage|residual|fire|bottleneck|mixed|layer|res|dense ?block)\b[ \-_:(]*"
)
_PLACES = frozenset(
    {"layer", "layers", "stage", "block", "level", "schicht", "couche", "capa", "strato", "nr", "no", "第", "层", "層"}
)
_ORDINALS = frozenset({"st", "nd", "rd", "th", "d"})
_DIMENSIONS = re.compile(r"(?<=[a-z])[123]d(?![a-z0-9])")  # Conv2d is no second convolution, nor is conv2d_1
_STAGE = re.compile(r"(?<=\d)[_ .-]?x(?![a-z0-9])")
_PATH = re.compile(r"[a-z_][a-z0-9_]*(?:\.[a-z0-9_]+)+")  # of a module in its network: layer1.0.conv1
# the modules of a shortcut that are known by their place only
_MEMBERS = {f"{way}.{at}": kind for way in ("downsample", "shortcut") for at, kind in ((0, "conv"), (1, "bn"))}


@lru_cache(maxsize=8192)
def hear_label(text: str) -> Label:
    """The label ``text`` taken apart: "Max Pooling 1" is the pool 1, "FC-6" the fully connected layer 6."""
    said = normal(text) if len(text) <= LONGEST else ""
    head = _LEADING.sub("", said) or said
    last = _within(head)
    pieces = [piece for run in _PIECE.findall(_DIMENSIONS.sub("", last)) for piece in cut(run)]
    name = plain_name(head)
    family = ""
    number: int | None = None
    strange = 0
    for at, piece in enumerate(pieces):
        if piece.isdigit():
            usable = len(piece) < 5 and int(piece) <= MOST_NUMBERED
            if number is None and usable and (family or _PLACES.issuperset(pieces[:at])):
                number = int(piece)
            continue
        understood = piece in FAMILY or piece in IDEA or piece in _PLACES or piece in _WAYS or piece in _ORDINALS
        strange += not understood or piece == "x"  # conv4_x is a stage of several
        known = FAMILY.get(piece, "")
        # "max", "fully" ... name a family only as long as nothing better follows
        if known and (not family or (at and pieces[at - 1] in _WAYS)):
            family = known
    if not family and sum(piece.isdigit() for piece in pieces) > 1:
        number = None  # a size
    return Label(name, family, number, strange, _STAGE.search(head) is not None)


def _within(head: str) -> str:
    """Of a module's path what says its kind: conv1 of layer1.0.conv1; all of what is no path."""
    if _PATH.fullmatch(head) is None:
        return head
    *_, before, last = head.split(".")
    return _MEMBERS.get(f"{before}.{last}", head if last.isdigit() else last)


def plain_name(text: str) -> str:
    """A name without what people leave out or change: Conv-1, conv 1, CONV_1 are all conv1."""
    return "".join(char for char in normal(text) if char.isalnum() or char == "σ")


def said_names(text: str) -> tuple[str, ...]:
    """The names that a label may stand for: all of it, and what is left without its remarks: CONV1 + ReLU is conv1."""
    said = normal(text) if len(text) <= LONGEST else ""
    inside = _BLOCKS.sub("", said)
    names = (plain_name(said), plain_name(_LEADING.sub("", said)), *([plain_name(inside)] if inside != said else []))
    return tuple(dict.fromkeys(name for name in names if name))
