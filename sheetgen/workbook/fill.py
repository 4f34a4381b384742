"""The lossless edit: values and formulas put into the empty cells of somebody's workbook, and nothing else changed.

Parts that need no change stay byte for byte, and so does all of the others but the cells and tags that have to change.
What cannot be edited safely raises ``BrokenPackage``, whose sentence names the cell or the feature and what to do.

Must not know: what the cells mean, which cells should be filled, or any path on a disk.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from .adding import CONTENT_TYPES, RELATIONSHIPS, TYPES
from .cells import Write, write_cells
from .engine import UNCOMPUTED, CellError, Engine, same
from .markup import Markup
from .obstacles import obstacles, refuse_signed
from .package import BLANK, BrokenPackage, Cell, Package, Place, replace_parts

MAX_TOLD = 5  # cells that cannot be filled, told one by one
_Held = int | float | str | bool | None


@dataclass(frozen=True, slots=True)
class Entry:
    """What to put into a cell. Beside a ``formula`` its own value is stored, or ``value`` where nobody can tell."""

    value: int | float | str | None
    formula: str | None = None


@dataclass(frozen=True, slots=True)
class Kept:
    """A target that already held something else, and still does."""

    place: Place
    held: _Held
    held_formula: str | None
    wanted: Entry


@dataclass(frozen=True, slots=True)
class Filled:
    """The new bytes; the cells filled, the cells left as they were, the formulas whose cached values changed."""

    data: bytes
    filled: tuple[Place, ...]
    kept: tuple[Kept, ...]
    refreshed: tuple[Place, ...]


def fill(
    data: bytes, entries: Mapping[Place, Entry], own: Iterable[Place] = (), package: Package | None = None
) -> Filled:
    """Put the entries into the cells that are empty. Filling what it returned once more returns equal bytes.

    ``own`` are cells whose formulas get their values too, though they read no filled cell. ``package`` is ``data`` as
    it was read already.
    """
    package = package or Package.read(data)
    todo: dict[Place, Entry] = {}
    kept = []
    for place, entry in entries.items():
        sheet = package.sheet(place.sheet)
        if sheet is None:
            raise BrokenPackage(f"the cell {place} cannot be filled: the workbook has no sheet {place.sheet!r}")
        held = _cell(package, place)
        if held.formula is None and held.value in (None, ""):
            if entry != Entry(None, None):
                todo[Place(sheet.name, place.row, place.column)] = entry
        elif not _is_wanted(held, entry):
            kept.append(Kept(place, held.value, held.formula, entry))
    if not todo:
        return Filled(data, (), tuple(kept), ())
    refuse_signed(package)
    _refuse_all(obstacles(package, todo))

    engine = Engine(package)
    for place, entry in todo.items():
        engine.set(place, entry.value if entry.formula is None else f"={_bare(entry.formula)}")
    engine.recalculate()
    stale = _stale(package, engine, todo, own)

    new: dict[str, bytes | None] = {}
    for sheet in package.sheets:
        writes = {
            (place.row, place.column): Write(value, refreshes=True)
            for place, value in stale.items()
            if place.sheet == sheet.name
        }
        for place, entry in todo.items():
            if place.sheet == sheet.name:
                formula = None if entry.formula is None else _bare(entry.formula)
                writes[place.row, place.column] = Write(_value_of(engine, place, entry), formula)
        if writes:
            new[sheet.part] = write_cells(package.part(sheet.part), sheet.part, sheet.name, writes)
    if any(entry.formula is not None for entry in todo.values()):
        new.update(_without_calc_chain(package))
    new.update(_with_full_calc(package))
    return Filled(replace_parts(data, new), tuple(todo), tuple(kept), tuple(sorted(stale)))


def _refuse_all(reasons: Mapping[Place, str]) -> None:
    """All at once, so that a template is put right at one go."""
    if reasons:
        told = [f"the cell {place} cannot be filled: {why}" for place, why in list(reasons.items())[:MAX_TOLD]]
        more = [f"and {len(reasons) - MAX_TOLD} more cells"] if len(reasons) > MAX_TOLD else []
        raise BrokenPackage("; ".join([*told, *more]))


def _bare(formula: str) -> str:
    return formula.strip().removeprefix("=")


def _is_wanted(held: Cell, entry: Entry) -> bool:
    if entry.formula is not None:
        return held.formula is not None and canonical(held.formula) == canonical(_bare(entry.formula))
    return held.formula is None and same(_plain(held.value), _plain(entry.value))


def _plain(value: _Held) -> _Held:
    return value.replace("\r\n", "\n") if isinstance(value, str) else value  # XML has only \n


def canonical(formula: str) -> str:
    """Without what programs change when they save: the case of functions and references, blanks, needless quotes."""
    return "".join(
        piece if piece.startswith('"') else _QUOTED.sub(r"\1!", "".join(piece.split()).casefold())
        for piece in re.split(r'("(?:[^"]|"")*")', formula)
    )


_QUOTED = re.compile(r"'([a-z]+)'!")  # 'Table'!A1 is Table!A1


def _value_of(engine: Engine, place: Place, entry: Entry) -> _Held | CellError:
    """The value beside the formula: what Excel will show, also where a cell that was kept leads the formula astray."""
    if entry.formula is None:
        return entry.value
    now = engine.value(place)
    if isinstance(now, CellError) and now.text in UNCOMPUTED:  # only this engine cannot tell
        return entry.value
    return entry.value if same(now, entry.value) else now


def _stale(
    package: Package, engine: Engine, todo: Iterable[Place], own: Iterable[Place]
) -> dict[Place, _Held | CellError]:
    """The template's own formulas that read a filled cell, with their new values where these differ from the cached.

    And those of ``own``: openpyxl writes no values, and viewers that do not calculate show nothing.
    """
    found: dict[Place, _Held | CellError] = {}
    filled = set(todo)
    readers = (engine.affected(filled) | set(engine.changed()) | set(own)) - filled
    touched = {place for place in readers if _cell(package, place).formula is not None}
    for place in touched | _spilled(package, touched):
        cell, value = _cell(package, place), engine.value(place)
        # Better an old cache than an error that only this engine sees: Excel recalculates on opening anyway.
        if value is None or (isinstance(value, CellError) and value.text in UNCOMPUTED):
            continue
        cached = CellError(str(cell.value)) if cell.kind == "error" else cell.value
        if not same(value, cached):
            found[place] = value
    return found


def _spilled(package: Package, formulas: set[Place]) -> set[Place]:
    """The other cells, with their cached values, that array formulas among these fill."""
    return {
        Place(sheet.name, row, column)
        for sheet in package.sheets
        for area in package.areas(sheet.name)
        if (anchor := Place(sheet.name, area.top, area.left)) in formulas
        and not (_cell(package, anchor).formula or "").startswith("TABLE(")
        for (row, column), cell in package.cells(sheet.name).items()
        if (row, column) in area and cell.formula is None
    }


def _cell(package: Package, place: Place) -> Cell:
    return package.cells(place.sheet).get((place.row, place.column), BLANK)


# -- the other parts ---------------------------------------------------------------------------------------------------


def _without_calc_chain(package: Package) -> dict[str, bytes | None]:
    """The calculation chain lists all formulas; Excel makes a new one, but calls a file damaged whose list is short."""
    part = package.related(package.workbook, "calcChain")
    if part is None:
        return {}
    folder, _, name = package.workbook.rpartition("/")
    new: dict[str, bytes | None] = {part: None} if package.find(part) else {}
    for listing, tag in ((CONTENT_TYPES, "Override"), (f"{folder}/_rels/{name}.rels", "Relationship")):
        listing = package.find(listing.lstrip("/")) or listing
        markup = Markup(package.part(listing), listing, namespaces=(TYPES, RELATIONSHIPS))
        for element in markup.root.children:
            named = element.attributes.get("PartName") or element.attributes.get("Type") or ""
            if element.name == tag and (named.casefold() == f"/{part}".casefold() or named.endswith("/calcChain")):
                markup.replace(element.start, element.end, b"")
        new[listing] = markup.done()
    return new


def _with_full_calc(package: Package) -> dict[str, bytes | None]:
    markup = Markup(package.part(package.workbook), package.workbook)
    calc = markup.root.child("calcPr")
    if calc is None:
        before = [
            child
            for child in markup.root.children
            if child.name in ("sheets", "functionGroups", "externalReferences", "definedNames")
        ]
        markup.insert(before[-1].end, b'<%bcalcPr fullCalcOnLoad="1"/>' % markup.prefix(markup.root))
    elif calc.attributes.get("fullCalcOnLoad") in ("1", "true"):
        return {}
    else:
        markup.change(calc, {"fullCalcOnLoad": "1"})
    return {package.workbook: markup.done()}
