"""A .csv or an .ods as sheets of values: what students export. There are no formulas here, and no names.

Must not know: what the cells mean, or any path on a disk. Whatever is wrong with a file ends in ``BrokenPackage``; but
python-calamine, which reads the .ods, can be made to end the process, so this room is for a worker (sandbox.py).
"""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from types import MappingProxyType

from ..addresses import LAST_COLUMN, LAST_ROW, Area
from .archive import Archive, BrokenPackage
from .formats import Shown
from .package import Cell, Place, SheetEntry
from .sheetdata import ISO_DATE

MAX_CELLS = 500_000  # of a sheet, empty ones too
DELIMITERS = (";", "\t", ",")
SAMPLE = 64 * 1024  # characters in which the delimiter is looked for
_ODS = b"application/vnd.oasis.opendocument.spreadsheet"
_WHOLE = re.compile(r"[+-]?[0-9]{1,15}")
_ERRORS = frozenset({"#DIV/0!", "#NAME?", "#VALUE!", "#REF!", "#N/A", "#NUM!", "#NULL!"})
_Contents = Mapping[tuple[int, int], Cell]


@dataclass(frozen=True, slots=True)
class Plain:
    """A workbook of values only; see ``book.Book``. ``kind`` is ".csv" or ".ods"."""

    kind: str
    sheets: tuple[SheetEntry, ...]
    contents: Mapping[str, _Contents]
    notes: tuple[str, ...] = ()  # what is lost in such a file, in sentences
    date1904: bool = False

    def sheet(self, name: str) -> SheetEntry | None:
        return next((entry for entry in self.sheets if entry.name.casefold() == name.casefold()), None)

    def place(self, name: str, sheet: str | None = None) -> Place | None:  # noqa: ARG002  (no names survive here)
        return None

    def definition(self, name: str, sheet: str) -> str | None:  # noqa: ARG002
        return None

    def cells(self, sheet: str) -> _Contents:
        entry = self.sheet(sheet)
        if entry is None:
            raise BrokenPackage(f"the workbook has no sheet {sheet!r}")
        return self.contents[entry.name]

    def areas(self, sheet: str) -> tuple[Area, ...]:  # noqa: ARG002
        return ()

    def merged(self, sheet: str) -> tuple[Area, ...]:  # noqa: ARG002  (python-calamine does not tell)
        return ()

    def shown(self, cell: Cell) -> Shown:
        return "date" if cell.style == ISO_DATE else ""


# -- .csv --------------------------------------------------------------------------------------------------------------


def decode(data: bytes) -> str | None:
    """The text in ``data``: UTF-8 or UTF-16, with or without a mark of it, else Windows' cp1252; None if it is none."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        encodings = ["utf-16"]
    elif b"\0" in data[:2]:
        encodings = ["utf-16-be" if data[:1] == b"\0" else "utf-16-le"]
    else:
        encodings = ["utf-8-sig", "cp1252"]
    for encoding in encodings:
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        return None if "\0" in text else text
    return None


def read_csv(text: str) -> Plain:
    """The one sheet of a .csv; whole numbers are numbers, and all else is left as it was typed."""
    named = re.match(r"sep=(.)\r?\n", text)  # which Excel writes, and hides
    if named is not None:
        text = text[named.end() :]
    delimiter = named[1] if named is not None else find_delimiter(text)
    if text.count(delimiter) + text.count("\n") > MAX_CELLS:
        raise BrokenPackage(f"the .csv has more than {MAX_CELLS:,} cells")
    cells: dict[tuple[int, int], Cell] = {}
    try:
        for row, fields in enumerate(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter), 1):
            if row > LAST_ROW or len(fields) > LAST_COLUMN:
                raise BrokenPackage(f"the .csv is larger than a sheet: {LAST_ROW:,} rows and {LAST_COLUMN:,} columns")
            for column, field in enumerate(fields, 1):
                if (cell := _typed(field)) is not None:
                    cells[row, column] = cell
    except csv.Error as error:
        raise BrokenPackage(f"the .csv cannot be read ({error}); is a quotation mark left open?") from error
    return _plain(".csv", [("CSV", cells, False)])


def find_delimiter(text: str) -> str:
    """The one of semicolon, tab and comma that parts the most lines into the same number of fields, then the most."""
    lines = text[:SAMPLE].splitlines(keepends=True)
    if len(text) > SAMPLE and len(lines) > 1:
        del lines[-1]  # cut off

    def regular(delimiter: str) -> tuple[int, int]:
        try:
            widths = Counter(len(fields) for fields in csv.reader(lines, delimiter=delimiter) if len(fields) > 1)
        except csv.Error:
            return 0, 0
        return max(((count, width) for width, count in widths.items()), default=(0, 0))

    return max(DELIMITERS, key=regular)


def _typed(field: str) -> Cell | None:
    said = field.strip()
    if not said:
        return None
    if _WHOLE.fullmatch(said):
        return Cell("number", int(said))
    if said.upper() in ("TRUE", "FALSE"):
        return Cell("boolean", said.upper() == "TRUE")
    return Cell("error", said) if said in _ERRORS else Cell("text", field)


# -- .ods --------------------------------------------------------------------------------------------------------------


def is_ods(data: bytes) -> bool:
    """Whether the zip says that it is a spreadsheet of OpenDocument: its first entry, stored, tells."""
    return data[30:38] == b"mimetype" and _ODS in data[38:256]


def read_ods(data: bytes) -> Plain:
    """The sheets of an .ods; formulas are the values that the program which saved the file put beside them."""
    import python_calamine

    content = Archive(data).read("content.xml")  # the zip is sound, and small enough
    try:
        workbook = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(data))
        sheets = []
        for about in workbook.sheets_metadata:
            if about.typ != python_calamine.SheetTypeEnum.WorkSheet:
                continue
            sheet = workbook.get_sheet_by_name(about.name)
            if (sheet.total_height + 1) * (
                sheet.total_width + 1
            ) > MAX_CELLS:  # they are the last row and column, from 0
                raise BrokenPackage(f"sheet {about.name!r}: more than {MAX_CELLS:,} cells")
            cells = _calculated(sheet.to_python(skip_empty_area=False))
            sheets.append((about.name, cells, about.visible != python_calamine.SheetVisibleEnum.Visible))
    except python_calamine.PasswordError as error:
        raise BrokenPackage("the file is protected by a password; save it without one") from error
    except (python_calamine.CalamineError, ValueError, OSError) as error:
        raise BrokenPackage(f"the .ods is damaged ({' '.join(str(error).split())[:120]})") from error
    if not sheets:
        raise BrokenPackage("the workbook has no worksheet")
    errors = content.count(b'value-type="error"')  # as LibreOffice marks them; python-calamine sees empty texts
    lost = (f"It is an .ods file: cells that hold an error count as empty (there are {errors}).",) if errors else ()
    return _plain(".ods", sheets, lost)


_Held = int | float | str | bool | time | date | datetime | timedelta


def _calculated(rows: Iterable[Iterable[_Held]]) -> dict[tuple[int, int], Cell]:
    found: dict[tuple[int, int], Cell] = {}
    for row, values in enumerate(rows, 1):
        for column, value in enumerate(values, 1):
            if value != "":
                found[row, column] = _cell(value)
    return found


def _cell(value: _Held) -> Cell:
    if isinstance(value, bool):
        return Cell("boolean", value)
    if isinstance(value, str):
        return Cell("error", value) if value in _ERRORS else Cell("text", value)
    if not isinstance(value, int | float):
        return Cell("number", _whole(_days(value)), style=ISO_DATE)
    return Cell("number", _whole(value)) if value - value == 0 else Cell("error", "#NUM!")  # neither NaN nor infinite


def _days(moment: time | date | datetime | timedelta) -> float:
    """As Excel computes with it."""
    if isinstance(moment, time):
        return (moment.hour * 3600 + moment.minute * 60 + moment.second) / 86_400
    if isinstance(moment, timedelta):
        return moment.total_seconds() / 86_400
    whole = moment if isinstance(moment, datetime) else datetime(moment.year, moment.month, moment.day)
    return (whole.replace(tzinfo=None) - datetime(1899, 12, 30)).total_seconds() / 86_400


def _whole(number: float) -> int | float:
    return int(number) if number == int(number) else number


def _plain(kind: str, sheets: Iterable[tuple[str, _Contents, bool]], notes: tuple[str, ...] = ()) -> Plain:
    contents: dict[str, _Contents] = {}
    entries: list[SheetEntry] = []
    for name, cells, hidden in sheets:
        if name.casefold() in {each.name.casefold() for each in entries}:
            raise BrokenPackage(f"the workbook has two sheets named {name!r}")
        entries.append(SheetEntry(name, "", hidden))
        contents[name] = MappingProxyType(cells)
    return Plain(kind, tuple(entries), MappingProxyType(contents), notes)
