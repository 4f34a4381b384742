"""The workbook as a witness: faults planted in the key, each named by its cell; and the verdict as a whole."""

from __future__ import annotations

import dataclasses
import functools
import io
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pytest
from openpyxl.worksheet.worksheet import Worksheet

from sheetgen import api
from sheetgen.addresses import address
from sheetgen.api import checking
from sheetgen.coursework import Coursework
from sheetgen.sheet import Sheet, lay_out
from sheetgen.shown import questions_shown
from sheetgen.spec import load
from sheetgen.witness import Measured, measure
from sheetgen.workbook.audit import audit
from sheetgen.workbook.package import Package, replace_parts
from sheetgen.workbook.write import blank_workbook

ROOT = Path(__file__).parents[2]
PART = "xl/worksheets/sheet1.xml"


@functools.cache
def _blank() -> bytes:
    described = load("alexnet")
    return blank_workbook(described, lay_out(described))


def _changed(key: bytes, change: Callable[[str], str]) -> bytes:
    before = Package.read(key).part(PART).decode()
    after = change(before)
    assert after != before
    return replace_parts(key, {PART: after.encode()})


def _wrong(sheet: Sheet, key: bytes) -> list[tuple[str, str | None, object, str]]:
    _, wrong = audit(sheet, key, api.fill_bytes(sheet, _blank(), "blank")[0].data)
    return [(each.id, each.cell, each.measured, each.witness) for each in wrong]


def test_the_key_agrees_with_python(sheet: Sheet, key: bytes) -> None:
    assert _wrong(sheet, key) == []


def test_a_number_typed_over_a_formula(sheet: Sheet, key: bytes) -> None:
    typed = _changed(key, lambda xml: xml.replace("<f>J7+K7</f><v>34944</v>", "<v>34945</v>"))
    assert _wrong(sheet, typed) == [
        ("conv1.parameters", "L7", 34945, "excel"),
        ("total.parameters", "L18", 62378345, "excel"),  # and what depends on it
    ]


def test_a_formula_that_points_at_the_wrong_cell(sheet: Sheet, key: bytes) -> None:
    wrong = _changed(key, lambda xml: xml.replace("<f>J9+K9</f>", "<f>J9+K8</f>"))
    assert _wrong(sheet, wrong) == [
        ("conv2.parameters", "L9", 614400, "excel"),
        ("total.parameters", "L18", 62378088, "excel"),
    ]


def test_a_stale_number_beside_a_formula(sheet: Sheet, key: bytes) -> None:
    stale = _changed(key, lambda xml: xml.replace("<f>J7+K7</f><v>34944</v>", "<f>J7+K7</f><v>34848</v>"))
    assert _wrong(sheet, stale) == [("conv1.parameters", "L7", 34848, "excel (stored value)")]


def test_a_given_number_that_was_changed(sheet: Sheet, key: bytes) -> None:
    kernel = _changed(
        key, lambda xml: re.sub(r'(<c r="C17"[^>]*>.*?</c>)|(<c r="F17"[^>]*><v>)1000', r"\1\g<2>1001", xml)
    )
    found = _wrong(sheet, kernel)
    assert found[0] == ("fc8.out_channels", "F17", 1001, "excel")
    assert {name for name, *_ in found} >= {"fc8.parameters", "fc8.neurons", "total.parameters"}


def test_a_key_saved_without_stored_values_is_one_finding_beside_the_changed_number(sheet: Sheet, key: bytes) -> None:
    book = openpyxl.load_workbook(io.BytesIO(key))
    page = book.active
    assert isinstance(page, Worksheet)
    page["M12"] = 224345473
    saved = io.BytesIO()
    book.save(saved)
    found = _wrong(sheet, saved.getvalue())
    assert [(name, at) for name, at, *_ in found] == [
        ("conv4.connections", "M12"),
        ("total.connections", "M18"),
        ("stored values", "G6"),
    ]
    # 77 blanks, less the 6 zeros of three pools and M12, and the width of the input; and four of the questions
    assert found[2][2] == "75 formulas without one, for viewers that do not calculate"


def test_a_blank_left_empty(sheet: Sheet, key: bytes) -> None:
    empty = _changed(key, lambda xml: xml.replace("<f>J7+K7</f><v>34944</v>", ""))
    assert ("conv1.parameters", "L7", None, "excel") in _wrong(sheet, empty)


@pytest.mark.parametrize(
    ("before", "after", "cell"),
    [
        ("<f>INT((G6+2*E7-C7)/D7)+1</f>", "<f>INT((G6+3*E7-C7)/D7)+1</f>", "G7"),  # the padding is 0
        ("<f>C11*C11*F10*F11</f>", "<f>C12*C12*F10*F11</f>", "J11"),  # another row's kernel, also 3
        ("<f>INT((G6+2*E7-C7)/D7)+1</f>", "", "G7"),  # its number typed
        ("of 77&quot;", "of 78&quot;", "M4"),
        ("55 &#215; 55", "54 &#215; 55", "A3"),
        (">MaxPool2d<", ">MaxPool3d<", "B8"),
        (">conv1<", ">conv9<", "A7"),
    ],
)
def test_numbers_that_are_right_by_chance_or_stand_in_words(
    before: str, after: str, cell: str, sheet: Sheet, key: bytes
) -> None:
    xml = Package.read(key).part(PART).decode()
    before = before if before in xml else before.replace("&quot;", '"')
    after = after.replace("&quot;", '"') if '"' in before else after
    assert before in xml
    changed = _changed(key, lambda xml: xml.replace(before, after, 1))
    assert [at for _, at, *_ in _wrong(sheet, changed)] == [cell]


def test_a_number_beside_the_table_and_a_boolean(sheet: Sheet, key: bytes) -> None:
    note = _changed(
        key, lambda xml: re.sub(r'<c r="C15"([^>]*?)( t="\w+")?>.*?</c>', r'<c r="C15"\1><v>3</v></c>', xml)
    )
    assert [(name, at) for name, at, *_ in _wrong(sheet, note)] == [("C15", "C15")]
    true = _changed(
        key, lambda xml: re.sub(r'<c r="D9"([^>]*?)( t="\w+")?><v>1</v>', r'<c r="D9"\1 t="b"><v>1</v>', xml)
    )
    assert ("conv2.stride", "D9", "TRUE", "excel") in _wrong(sheet, true)


def test_every_number_is_watched(sheet: Sheet, key: bytes) -> None:
    """Each blank in turn gets a number that is off by one; each is named."""
    for cell in sheet.blanks:
        at, right = address(cell.row, cell.column), sheet.table.value(cell.answer or "")
        assert isinstance(right, int)
        pattern = rf'(<c r="{at}"[^>]*>)(?:<f>[^<]*</f>)?<v>{right}</v>'
        off = _changed(key, lambda xml, p=pattern, n=right: re.sub(p, rf"\g<1><v>{n + 1}</v>", xml))  # type: ignore[misc]
        assert (cell.answer, at, right + 1, "excel") in _wrong(sheet, off)


# --- the verdict ----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def measured(alexnet: Coursework, sheet: Sheet) -> Measured:
    found = measure(alexnet.network, alexnet.conventions, alexnet.rows, device="cpu")
    answers = questions_shown(alexnet, sheet, found.numbers, "cpu")
    return dataclasses.replace(found, numbers={**found.numbers, **answers})


# What no network knows: arithmetic, and what the paper tells of its training.
UNSEEN = tuple(f"question.{number}" for number in ("6", "8", "9a", "9b", "9c", "10a", "10b", "10c"))


def _verdict(sheet: Sheet, measured: Measured) -> api.Checked:
    return checking._verdict(sheet, set(api.published(sheet)), (), measured)


def test_three_witnesses_agree_on_every_number(sheet: Sheet, measured: Measured) -> None:
    checked = _verdict(sheet, measured)
    assert (checked.disagreed, checked.not_witnessed) == ((), UNSEEN)
    assert set(checked.agreed) >= {cell.answer for cell in sheet.blanks}
    assert dict(checked.witnesses) == {"python": 129, "excel": 129, "torch": 121, "flop_counter": 8}


def test_a_witness_that_says_otherwise_is_named(sheet: Sheet, measured: Measured) -> None:
    lying = dataclasses.replace(measured, numbers={**measured.numbers, "conv3.weights": 7})
    checked = _verdict(sheet, lying)
    assert [(d.id, d.expected, d.measured, d.witness) for d in checked.disagreed] == [
        ("conv3.weights", 884736, 7, "torch")
    ]
    assert "conv3.weights" not in checked.agreed


def test_the_fourth_opinion_counts(sheet: Sheet, measured: Measured) -> None:
    lying = dataclasses.replace(measured, opinions={**measured.opinions, "conv1.connections": 1})
    found = _verdict(sheet, lying).disagreed
    assert [(d.id, d.expected, d.measured, d.witness) for d in found] == [
        ("conv1.connections", 105415200, 1, "flop_counter")
    ]


def test_what_a_witness_cannot_see_is_never_agreed(sheet: Sheet, measured: Measured) -> None:
    numbers = {name: number for name, number in measured.numbers.items() if name != "fc7.connections"}
    checked = _verdict(sheet, dataclasses.replace(measured, numbers=numbers))
    assert checked.not_witnessed == ("fc7.connections", *UNSEEN)
    assert "fc7.connections" not in checked.agreed


def test_the_command_names_the_changed_cell_and_ends_with_1(key: bytes, tmp_path: Path) -> None:
    typed = _changed(key, lambda xml: xml.replace("<f>J7+K7</f><v>34944</v>", "<v>34945</v>"))
    (tmp_path / "key.xlsx").write_bytes(typed)
    command = [sys.executable, "-m", "sheetgen", "check", "alexnet", "--workbook", str(tmp_path / "key.xlsx")]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, env=environment)
    assert done.returncode == 1
    assert "disagrees conv1.parameters (cell L7): expected 34944, excel says 34945" in done.stdout
    meta = subprocess.run(
        [*command[:5], "--device", "meta", "--format", "json"],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env=environment,
    )
    data = json.loads(meta.stdout)
    assert (meta.returncode, data["device"], data["disagreed"]) == (0, "meta", [])
    assert "conv1.connections" in data["not_witnessed"]
    assert data["agreed"] + len(data["not_witnessed"]) == 129
    assert data["witnesses"]["python"] == 129
