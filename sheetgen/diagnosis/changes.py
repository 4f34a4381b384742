"""Every small change of a formula: a wrong rule that somebody may have had in mind, generated from the tree itself.

A change has a stable id, ``drop:in_channels``, the same wherever the rule is applied, so that statistics can count it
and one rule can explain many cells. What is changed is named by its part in the formula (``kernel``, ``padding``,
``bias``), with both sides of a window together. This room knows the names that formulas use; it must not know a
network's numbers, what a student wrote, nor how a rule is put into words (``wording.py``).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import pairwise

from .trees import Node, added, multiplied, names, negative, rebuilt, replaced

Rule = tuple[str, ...]  # ("drop", "in_channels"); its id has colons between
Changed = tuple[Rule, Node]

SIDES = ("_height", "_width")
BEFORE, AFTER = "before.", "after."  # the same number of the layer before, or behind: before.kernel_height
# Quantities whose formulas add the biases, as a lone term or as the 1 of (fan-in + 1)
_WITH_BIASES = frozenset({"parameters", "fixed_parameters", "connections", "parameter_memory"})
_WITH_BIASES_TOO = frozenset({"fully_connected_parameters"})
_SIZES = frozenset({"out_height", "out_width", "in_height", "in_width"})


def rule_id(rule: Rule) -> str:
    return ":".join(rule)


def part(name: str) -> str:
    """What a name stands for, both sides together: kernel_height is the kernel, out_width a part of out_size."""
    for side in SIDES:
        if name.endswith(side):
            stem = name.removesuffix(side)
            if stem in ("in", "out", "in1", "in2", "like"):
                return f"{stem.rstrip('12')}_size"
            return stem
    return name


def changes(tree: Node, quantity: str) -> tuple[Changed, ...]:
    """The single changes of the formula of ``quantity``, each tree once, the plainest rule first."""
    found: dict[Node, Rule] = {}
    for rule, changed in (
        *_of_biases(tree, quantity),
        *_within(tree, quantity, inside=False),
        *_of_sizes(tree, quantity),
        *_of_counts(tree, quantity),
        *_twins(tree, quantity),
        *_halves(tree, quantity),
    ):
        if changed != tree:
            found.setdefault(changed, rule)
    return tuple((rule, changed) for changed, rule in found.items())


# --- parts left out, counted otherwise, rounded otherwise ------------------------------------------------------------


def _of_biases(tree: Node, quantity: str) -> Iterator[Changed]:
    if quantity == "biases" and tree != 0:
        yield ("drop", "biases"), 0
        yield ("single", "biases"), 1
        if tree != "neurons":
            yield ("per-unit", "biases"), multiplied("out_channels", "out_height", "out_width")
        yield ("doubled", "biases"), multiplied(2, tree)
        yield ("per-slice", "biases"), multiplied("in_channels", "out_channels")
        yield ("per-input", "biases"), multiplied("in_channels", "in_height", "in_width")
    if quantity in ("parameters", "weights", "biases", "macs") and tree == 0:
        yield from _of_nothing(quantity)
    elif quantity in ("parameters", "weights", "connections", "macs") and tree != 0:
        yield ("nothing",), 0
    if quantity == "weights" and tree != 0 and "out_channels" in set(names(tree)):
        yield ("added", "biases"), added(tree, "out_channels")


def _of_nothing(quantity: str) -> Iterator[Changed]:
    """A layer without weights, pooling say, counted as if it were a convolution."""
    window = multiplied("kernel_height", "kernel_width")
    if quantity == "biases":
        yield ("weighted",), "out_channels"
        return
    if quantity == "macs":
        yield ("pooled",), multiplied(window, "out_channels", "out_height", "out_width")
        return
    dense = multiplied("in_channels", "in_height", "in_width", "out_channels")
    for weights in (
        multiplied(window, "in_channels", "out_channels"),
        multiplied(window, "out_channels"),
        window,
        dense,
    ):
        yield ("weighted",), weights
        if quantity == "parameters":
            yield ("weighted",), added(weights, "out_channels")


def _within(node: Node, quantity: str, *, inside: bool) -> Iterator[Changed]:
    """Changes at ``node`` and below it; ``inside``: it is part of a larger formula."""
    if not isinstance(node, tuple):
        return
    op = node[0]
    if op == "+":
        yield from _of_sum(node, quantity, inside=inside)
    elif op == "*":
        yield from _of_product(node, quantity)
    elif op in ("//", "/", "ceil"):
        yield from _of_quotient(node)
    elif op == "**" and isinstance(node[2], int) and node[2] > 1:
        yield ("unsquared", _named(node[1])), node[1] if node[2] == 2 else ("**", node[1], node[2] - 1)
        yield ("times-power", _named(node[1])), multiplied(node[1], node[2])
    elif op == "log2":
        yield ("drop", "log2"), node[1]
    for at, below in enumerate(node[1:], start=1):
        for rule, changed in _within(below, quantity, inside=True):
            yield rule, rebuilt(node, at, changed)


def _of_sum(node: tuple[Node, ...], quantity: str, *, inside: bool) -> Iterator[Changed]:
    terms = node[1:]
    # of layers that are laid one behind the other; a scale and a shift for each channel are the same name twice
    if len(set(terms)) > 1 and all(isinstance(term, str) and _is_branch(term) for term in terms):
        yield from ((("not-concatenated",), term) for term in terms)
        if len(terms) > 2:
            yield from ((("lacks-input",), added(*terms[:at], *terms[at + 1 :])) for at in range(len(terms)))
        return
    for name in _in_all(terms) if len(set(terms)) > 1 else ():  # of all filters the one: (k*k*C + 1) of (k*k*C + 1)*K
        yield ("drop", part(name)), added(*(replaced(term, {name: 1}) for term in terms))
    for at, term in enumerate(terms, start=1):
        rest = terms[: at - 1] + terms[at:]
        if term in terms[at:]:
            continue  # of two that are alike the last is left out: of a scale and a shift the biases
        named = _term(term, quantity, first=at == 1, inside=inside)
        yield ("drop", named), added(*rest)
        if isinstance(term, int) and abs(term) == 1:
            yield ("twice", named), added(*rest, 2 * term)
        if named == "biases" and term != 1:
            yield ("single", "biases"), added(*rest, 1)
            yield ("doubled", "biases"), added(*rest, multiplied(2, term))
            if term == "out_channels":
                yield ("per-unit", "biases"), added(*rest, multiplied("out_channels", "out_height", "out_width"))
        if isinstance(term, tuple) and term[0] == "-":
            yield ("sign", named), added(*rest[: at - 1], term[1], *rest[at - 1 :])
        elif at > 1 and not (isinstance(term, int) and abs(term) == 1 and named == "biases"):
            yield ("sign", named), added(*rest[: at - 1], negative(term), *rest[at - 1 :])
    if len(terms) == 2 and named_of_bias(terms, quantity):
        yield ("product", "biases"), multiplied(*terms)


def _is_branch(name: str) -> bool:
    return name.startswith("in") and name.endswith("_channels")


def _in_all(terms: tuple[Node, ...]) -> tuple[str, ...]:
    """The names that are a factor of every term of a sum."""
    factors = [{term} if isinstance(term, str) else set(term[1:]) if term[0] == "*" else set()
               for term in terms if isinstance(term, str | tuple)]  # fmt: skip
    if len(factors) < len(terms):
        return ()
    return tuple(sorted(name for name in set.intersection(*factors) if isinstance(name, str)))


def named_of_bias(terms: tuple[Node, ...], quantity: str) -> bool:
    return quantity in _WITH_BIASES and terms[-1] in ("out_channels", "biases")


def _term(term: Node, quantity: str, *, first: bool, inside: bool) -> str:
    """The name of a term of a sum."""
    if isinstance(term, tuple) and term[0] == "-":
        term = term[1]
    if isinstance(term, int):
        if quantity in _WITH_BIASES | _WITH_BIASES_TOO and term == 1:
            return "biases"
        return "minus-one" if term < 0 else "one" if not inside or quantity not in _SIZES else "inner-one"
    if quantity in _WITH_BIASES and not first and term in ("biases", "out_channels", "neurons", "in_channels"):
        return "biases"
    if quantity in _WITH_BIASES and isinstance(term, tuple) and not first and set(names(term)) <= _UNITS:
        return "biases"  # one for each unit: out_channels * out_height * out_width
    return _named(term)


_UNITS = frozenset({"out_channels", "out_height", "out_width", "neurons"})


def _named(node: Node) -> str:
    """A part of a formula by the names in it: ``kernel*in_channels``."""
    if isinstance(node, int):
        return str(node)
    found = dict.fromkeys(part(name) for name in names(node))
    return "*".join(list(found)[:3]) or "number"


def _of_product(node: tuple[Node, ...], quantity: str) -> Iterator[Changed]:
    factors = node[1:]
    parts = [part(factor) if isinstance(factor, str) else None for factor in factors]
    for at, factor in enumerate(factors, start=1):
        rest = factors[: at - 1] + factors[at:]
        if isinstance(factor, int):
            yield ("once", _named(multiplied(*rest))), multiplied(*rest)
            continue
        name = parts[at - 1]
        if name is not None and parts.count(name) == 2:
            if parts.index(name) == at - 1:
                both = multiplied(*(each for each, of in zip(factors, parts, strict=True) if of != name))
                yield ("drop", name), both
            else:
                yield ("unsquared", name), multiplied(*rest)
                other = next(each for each, of in zip(factors, parts, strict=True) if of == name)
                others = [each for each, of in zip(factors, parts, strict=True) if of != name]
                yield ("sum", name), multiplied(*others, added(other, factor))
        elif isinstance(factor, tuple) and factor[0] == "+" and factor[-1] == 1 and quantity in _WITH_BIASES:
            pass  # (fan-in + 1) as a whole is not what is left out
        elif all(isinstance(each, int) for each in rest):
            pass  # of 2 * padding the padding is left out with its 2
        else:
            yield ("drop", name or _named(factor)), multiplied(*rest)
    if isinstance(factors[0], int):
        return
    for before, after in pairwise(range(1, len(factors) + 1)):
        left, right = multiplied(*factors[:before]), multiplied(*factors[before:after])
        yield ("add",), multiplied(added(left, right), *factors[after:])
    if len(factors) > 2:
        yield ("add",), added(multiplied(*factors[:-1]), factors[-1])
        yield ("add",), added(*factors)


def _of_quotient(node: tuple[Node, ...]) -> Iterator[Changed]:
    op, above, below = node
    name = _named(below)
    yield ("drop", name), above
    if op == "/":
        yield ("inverted",), ("/", below, above)
        yield ("factor", name), multiplied(above, below)
        return
    yield ("round", "down" if op == "ceil" else "up"), ("//" if op == "ceil" else "ceil", above, below)
    yield ("round", "none"), ("/", above, below)
    yield ("round", "nearest"), ("near", above, below)
    yield ("factor", name), multiplied(above, below)


def _of_counts(tree: Node, quantity: str) -> Iterator[Changed]:
    """What is thought of a number of MACs or connections as a whole."""
    if quantity == "parameters" and isinstance(tree, tuple) and tree[0] == "*":
        yield ("counted", "biases"), added(tree, "out_channels")  # of a layer that has none
    if quantity not in ("macs", "connections") or tree == 0:
        return
    yield ("flops",), multiplied(2, tree)
    if quantity == "macs" or not _holds(tree, 1):  # of connections that have none
        yield ("counted", "biases"), added(tree, multiplied("out_channels", "out_height", "out_width"))
    if quantity == "connections":
        yield from _of_connections(tree)
    yield ("again", "out_channels"), multiplied(tree, "out_channels")


def _of_connections(tree: Node) -> Iterator[Changed]:
    factors = tree[1:] if isinstance(tree, tuple) and tree[0] == "*" else ()
    for at, factor in enumerate(factors):
        if isinstance(factor, tuple) and factor[0] == "+" and factor[-1] == 1:  # the biases not at every place
            fan_in = added(*factor[1:-1])
            yield ("biases-once",), added(multiplied(*factors[:at], fan_in, *factors[at + 1 :]), "out_channels")
    if "kernel_height" in names(tree) and "in_channels" not in names(tree) and not _holds(tree, 1):
        window = multiplied("kernel_height", "kernel_width", "in_channels")
        units = multiplied("out_channels", "out_height", "out_width")
        yield ("as-convolution",), multiplied(window, units)
        yield ("as-convolution",), multiplied(added(window, 1), units)


def _of_sizes(tree: Node, quantity: str) -> Iterator[Changed]:
    """What is thought of the size of a window layer's output as a whole."""
    if quantity in ("out_height", "out_width") and isinstance(tree, str) and tree.startswith("like_"):
        yield ("uncropped",), tree.replace("like_", "in_")
    if quantity not in ("out_height", "out_width") or not isinstance(tree, tuple):
        return
    side = quantity.removeprefix("out")
    read = set(names(tree))
    size, stride = f"in{side}", f"stride{side}"
    if size in read and stride in read:
        yield ("same",), ("ceil", size, stride)  # as if the padding were whatever keeps the size
        yield ("divided",), ("//", size, stride)
        if f"kernel{side}" in read:
            yield ("by-kernel",), ("//", size, f"kernel{side}")
    if size in read:
        yield ("kept",), size


# --- a name in the place of another ----------------------------------------------------------------------------------

# What is easily taken for each other: part -> parts. Sizes are two names each, height and width.
_TAKEN_FOR: Mapping[str, tuple[str, ...]] = {
    "in_channels": ("out_channels", "in_size"),
    "out_channels": ("in_channels", "out_size"),
    "in_size": ("out_size", "in_channels"),
    "out_size": ("in_size", "out_channels", "kernel"),
    "kernel": ("stride", "padding", "in_size", "out_size"),
    "stride": ("kernel", "padding"),
    "padding": ("stride", "kernel"),
    "in_jump": ("stride",),
    "in_receptive_field": ("in_size", "kernel"),
}
# Which of the layer before's or after's; the output of the one before is the input of this one, and no other number
_OF_NEIGHBOURS: Mapping[str, tuple[str, ...]] = {
    "kernel": (BEFORE, AFTER),
    "stride": (BEFORE, AFTER),
    "padding": (BEFORE, AFTER),
    "neurons": (BEFORE, AFTER),
    "in_channels": (BEFORE,),
    "in_size": (BEFORE,),
    "out_channels": (AFTER,),
    "out_size": (AFTER,),
}
_SIZED = {"in_size": "in", "out_size": "out"}


def _twins(tree: Node, quantity: str) -> Iterator[Changed]:
    read = dict.fromkeys(names(tree))
    parts: dict[str, list[str]] = {}
    for name in read:
        if not name.startswith((BEFORE, AFTER)):
            parts.setdefault(part(name), []).append(name)
    for here, its in parts.items():
        for there in _TAKEN_FOR.get(here, ()):
            by = {name: _twin(name, there) for name in its}
            absurd = here == "kernel" and there in _SIZED and quantity in _SIZES  # a window as large as the image
            if all(by.values()) and not absurd:
                yield from _put(tree, {name: twin for name, twin in by.items() if twin}, ("swap", here, there))
        for where in _OF_NEIGHBOURS.get(here, ()):
            yield replaced_all(tree, its, where, here)
    for one, other in (("in", "out"), ("out", "in")):
        whole = {f"{one}_{each}": f"{other}_{each}" for each in ("channels", "height", "width")}
        if sum(name in read for name in whole) > 1:
            yield ("swap", one, other), replaced(tree, whole)
    if "bytes" in read:
        yield from ((("dtype",), replaced(tree, {"bytes": width})) for width in (1, 2, 4, 8))
    if "in_jump" in read:
        stride = "stride_width" if "kernel_width" in read else "stride_height"
        yield ("swap", "in_jump", "jump"), replaced(tree, {"in_jump": multiplied("in_jump", stride)})
    for number, instead in ((1024, 1000), (1000, 1024), (1048576, 1000000), (1000000, 1048576)):
        if _holds(tree, number):
            yield ("thousand",), _exchanged(tree, number, instead)
    if "neurons" in read:
        yield ("swap", "neurons", "in"), replaced(tree, {"neurons": multiplied("in_channels", "in_height", "in_width")})


def _holds(tree: Node, number: int) -> bool:
    return tree == number or (isinstance(tree, tuple) and any(_holds(part, number) for part in tree[1:]))


def _exchanged(tree: Node, number: int, other: int) -> Node:
    """The tree with another constant."""
    if tree == number:
        return other
    return (tree[0], *(_exchanged(part, number, other) for part in tree[1:])) if isinstance(tree, tuple) else tree


def replaced_all(tree: Node, its: list[str], where: str, here: str) -> Changed:
    return (where.rstrip("."), here), replaced(tree, {name: f"{where}{name}" for name in its})


def _put(tree: Node, by: Mapping[str, str], rule: Rule) -> Iterator[Changed]:
    """Everywhere; and where a sum names it in several terms, in each of them alone."""
    yield rule, replaced(tree, by)
    if isinstance(tree, tuple) and tree[0] == "+":
        using = [at for at, term in enumerate(tree[1:], start=1) if by.keys() & set(names(term))]
        if len(using) > 1:
            for at in using:
                yield rule, rebuilt(tree, at, replaced(tree[at], by))


def _twin(name: str, there: str) -> str | None:
    """The name of ``there`` on the same side: kernel_height and stride give stride_height."""
    side = next((side for side in SIDES if name.endswith(side)), "")
    if there in _SIZED:
        return f"{_SIZED[there]}{side or '_height'}"
    if there in ("in_channels", "out_channels", "jump"):
        return there
    return f"{there}{side or '_height'}"


def _halves(tree: Node, quantity: str) -> Iterator[Changed]:
    """Two groups where there is one, and half of the maps: what is left of a network that was split over two GPUs."""
    read = set(names(tree))
    # an odd number of maps has no half, and what would follow is no whole number that anybody gives
    if "in_channels" in read and read & {"kernel_height", "in_height"}:
        yield ("halved", "in_channels"), replaced(tree, {"in_channels": ("exactly", "in_channels", 2)})
    if "out_channels" in read:
        yield ("halved", "out_channels"), replaced(tree, {"out_channels": ("exactly", "out_channels", 2)})
    if quantity == "out_channels" and tree == "in_channels":
        yield ("divided", "stride"), ("//", "in_channels", "stride_height")
        yield ("divided", "kernel"), ("//", "in_channels", "kernel_height")
