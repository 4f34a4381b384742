"""How a workbook is other than the one that a coursework makes: cell by cell where that can be told, else part by part.

The parts are compared, not how they are packed: another zlib packs the same part to other bytes. This room must not
know what the cells mean, which workbook it is, or any path on a disk.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from zipfile import ZipInfo

from ..addresses import address, sheet_prefix
from .archive import Archive
from .package import BLANK, Cell, Package
from .provenance import one_line, properties

LONGEST = 80  # characters of what a cell holds
_ABOUT = {
    "xl/styles.xml": "fonts, colours and number formats",
    "xl/workbook.xml": "the workbook's settings",
    "docProps/core.xml": "its author and dates",
    "docProps/app.xml": "what the program that saved it says of itself",
}


def differences(ours: bytes, theirs: bytes) -> tuple[str, ...]:
    """What is otherwise in ``theirs``, in clauses; none where each part is the same. Raises BrokenPackage."""
    if ours == theirs:
        return ()
    given, held = Package.read(ours), Package.read(theirs)
    before, after = Archive(ours), Archive(theirs)
    missing = [name for name in before.entries if after.find(name) is None]
    added = [name for name in after.entries if before.find(name) is None]
    changed = [name for name in before.entries if name not in missing and before.read(name) != after.read(name)]
    if not missing and not added and not changed:
        packed = [[_packed(info) for info in each.zip.infolist()] for each in (before, after)]
        again = "its parts are the same, but were packed again: in another order, or with other dates"
        return () if packed[0] == packed[1] else (again,)
    cells = list(_of_sheets(given, held))
    names = list(_of_names(given, held)) if given.workbook in changed else []
    looks = [] if cells else [entry for entry in given.sheets if entry.part in changed]
    told = {entry.part for entry in given.sheets}
    told |= {given.workbook} if names else set()
    told |= {"xl/sharedStrings.xml"} if cells else set()  # which holds the cells' texts
    if missing or added:  # and these list the parts
        told |= {name for name in changed if name.endswith(".rels") or name == "[Content_Types].xml"}
    return (
        *_by_whom(given, held),
        *cells,
        *names,
        *(f"{entry.name} is the same in its cells, but not in its looks, sizes, locks or hints" for entry in looks),
        *(f"its part {name} is another{_about(name)}" for name in changed if name not in told),
        *(f"it has no part {name}" for name in missing if name not in told),
        *(f"it has the part {one_line(name, LONGEST)}, which does not belong to it" for name in added),
    )


def _packed(info: ZipInfo) -> tuple[object, ...]:
    """What a zip says of an entry, but for how long and how well it is packed."""
    return info.filename, info.date_time, info.compress_type, info.external_attr, info.create_system, info.comment


def _by_whom(given: Package, held: Package) -> Iterator[str]:
    program = properties(held).get("application", "")
    if program != properties(given).get("application", ""):
        yield f"it was saved by {program}" if program else "the program that saved it does not say which it is"


def _of_sheets(given: Package, held: Package) -> Iterator[str]:
    for entry in given.sheets:
        if held.sheet(entry.name) is None:
            yield f"it has no sheet {entry.name}"
        else:
            yield from _of_cells(entry.name, given.cells(entry.name), held.cells(entry.name))
    for entry in held.sheets:
        if given.sheet(entry.name) is None:
            yield f"it has the sheet {one_line(entry.name, LONGEST)}, which does not belong to it"


def _of_cells(
    sheet: str, ours: Mapping[tuple[int, int], Cell], theirs: Mapping[tuple[int, int], Cell]
) -> Iterator[str]:
    bare = []  # formulas whose value was not stored: one thing that a program did, not a fault of each cell
    for at in sorted({*ours, *theirs}):
        should, does, where = ours.get(at, BLANK), theirs.get(at, BLANK), f"{sheet_prefix(sheet)}{address(*at)}"
        if (should.kind, should.value, should.formula) == (does.kind, does.value, does.formula):
            continue
        if should.formula is not None and should.formula == does.formula:
            if does.value is None:
                bare.append(where)
                continue
            instead = "the coursework gives none" if should.value is None else f"not {_value(should, does)}"
            yield f"{where} has {_value(does, should)} stored beside its formula, {instead}"
        else:
            yield f"{where} holds {_held(does, should)}, the coursework gives {_held(should, does)}"
    if bare:
        more = f" and {len(bare) - 1} others have" if len(bare) > 1 else " has"
        yield f"{bare[0]}{more} no value stored beside the formula, as when a program saves without calculating"


def _held(cell: Cell, other: Cell) -> str:
    """What was typed into a cell."""
    return one_line(f"={cell.formula}", LONGEST) if cell.formula is not None else _value(cell, other)


def _value(cell: Cell, other: Cell) -> str:
    """A cell's value; a text in quotes where the other is a number, so that "4" is not taken for 4."""
    if cell.value is None:
        return "nothing"
    shown = one_line(str(cell.value).upper() if isinstance(cell.value, bool) else str(cell.value), LONGEST)
    return f'"{shown}"' if cell.kind == "text" and other.kind in ("number", "boolean") else shown


def _of_names(given: Package, held: Package) -> Iterator[str]:
    ours, theirs = ({(name, sheet): text for name, sheet, text in each.definitions()} for each in (given, held))
    for name, sheet in sorted({*ours, *theirs}):
        should, does = ours.get((name, sheet)), theirs.get((name, sheet))
        if should != does:
            yield one_line(
                f"the name {name} is {'nowhere' if does is None else does}, the coursework gives "
                f"{'no such name' if should is None else should}",
                4 * LONGEST,
            )


def _about(part: str) -> str:
    return f" ({_ABOUT[part]})" if part in _ABOUT else ""
