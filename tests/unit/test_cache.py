"""The cache of sheets: right, and never wrong after a change."""

from __future__ import annotations

import hashlib
import json
import textwrap
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from sheetgen import api
from sheetgen.coursework import Coursework
from sheetgen.sheet import Sheet, lay_out

SPEC = "network:\n  input: [3, 32, 32]\n  layers:\n    c1: {type: Conv2d, out_channels: %d, kernel_size: 5}\n"


@pytest.fixture(autouse=True, name="folder")
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SHEETGEN_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def _sealed(text: bytes) -> bytes:
    return hashlib.sha256(text).hexdigest().encode() + b"\n" + text


def _content(entry: Path) -> Any:
    return json.loads(entry.read_bytes().partition(b"\n")[2])


def test_what_comes_back_is_what_was_kept(sheet: Sheet, folder: Path) -> None:
    first = api.sheet_of("alexnet")
    assert len(list(folder.iterdir())) == 1
    again = api.sheet_of("alexnet")
    assert first == again == sheet
    assert again.formula("conv2.connections") == "(C9*C9*F8+1)*I9"
    assert again.table.working("conv1.out_height") == "(227 + 2*0 - 11) // 4 + 1 = 55"


GRAPH = """\
network:
  input: [3, 32, 32]
  blocks: {A: {layers: {x: {type: Conv2d, out_channels: 4, kernel_size: 2, stride: 2}, y: {type: ReLU}}}}
  layers:
    a: {type: A, repeat: 2}
    up: {type: ConvTranspose2d, out_channels: 3, kernel_size: 3, stride: 2}
coursework:
  quantities: {third: neurons / 3, log: log2(neurons)}
  columns: [layer, type, output_size, parameters, parameters_share, centre, third, log]
  blanks:
    - {quantities: [output_size, parameters_share, centre, third, log], tolerance: {relative: 0.01}}
    - {quantities: parameters, blocks: a}
"""


def test_fractions_texts_and_blocks_come_back(tmp_path: Path, folder: Path) -> None:
    spec = tmp_path / "my.yaml"
    spec.write_text(GRAPH)
    first, again = api.sheet_of(spec), api.sheet_of(spec)
    assert len(list(folder.iterdir())) == 1
    assert again == first
    numbers = first.table.numbers
    kept = {answer: (number, type(number)) for answer, number in again.table.numbers.items()}
    assert kept == {answer: (number, type(number)) for answer, number in numbers.items()}
    assert {kind for _, kind in kept.values()} == {int, float, str, Fraction}
    assert numbers["a.1.x.third"] == Fraction(1024, 3)
    assert again.table.blocks == {"a": ("a.1.x", "a.1.y", "a.2.x", "a.2.y")}
    assert [again.formula(str(cell.answer)) for cell in again.blanks] == [
        first.formula(str(cell.answer)) for cell in first.blanks
    ]
    assert again.table.working("a.1.x.third") == "1024/3 ≈ 341.333"
    assert all(isinstance(row.sources, tuple) for row in again.table.rows)


def test_the_second_time_nothing_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    api.sheet_of("alexnet")
    monkeypatch.setattr("sheetgen.spec.read", None)
    assert api.sheet_of("alexnet").name == "alexnet"


def test_generating_keeps_the_sheet_for_verify(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    api.generate("alexnet", tmp_path / "out")
    monkeypatch.setattr("sheetgen.spec.read", None)
    assert api.verify("alexnet", [tmp_path / "out" / "alexnet-key.xlsx"]).submissions[0].all_correct


def test_a_changed_spec_is_read_anew(tmp_path: Path) -> None:
    spec = tmp_path / "my.yaml"
    spec.write_text(SPEC % 6)
    assert api.sheet_of(spec).table.value("c1.biases") == 6
    spec.write_text(SPEC % 8)
    assert api.sheet_of(spec).table.value("c1.biases") == 8


def test_a_link_that_points_elsewhere_now_is_followed(tmp_path: Path) -> None:
    for size in (6, 8):
        (tmp_path / f"n{size}.yaml").write_text(textwrap.dedent(SPEC.removeprefix("network:\n")) % size)
    spec = tmp_path / "my.yaml"
    spec.write_text("network: net.yaml\n")
    for size in (6, 8, 6):
        (tmp_path / "net.yaml").unlink(missing_ok=True)
        (tmp_path / "net.yaml").symlink_to(f"n{size}.yaml")
        assert api.sheet_of(spec).table.value("c1.biases") == size
    (tmp_path / "other.yaml").symlink_to("my.yaml")
    assert api.sheet_of(tmp_path / "other.yaml").name == "other"


def test_a_file_that_is_saved_while_it_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spec = tmp_path / "my.yaml"
    spec.write_text(SPEC % 6)

    def saved_meanwhile(coursework: Coursework) -> Sheet:
        spec.write_text(SPEC % 8)
        return lay_out(coursework)

    monkeypatch.setattr("sheetgen.api.lay_out", saved_meanwhile)
    assert api.sheet_of(spec).table.value("c1.biases") == 6
    monkeypatch.setattr("sheetgen.api.lay_out", lay_out)
    assert api.sheet_of(spec).table.value("c1.biases") == 8


def test_a_changed_network_file_is_read_anew(tmp_path: Path) -> None:
    (tmp_path / "net.yaml").write_text(textwrap.dedent(SPEC.removeprefix("network:\n")) % 6)
    spec = tmp_path / "my.yaml"
    spec.write_text("network: net.yaml\n")
    assert api.sheet_of(spec).table.value("c1.biases") == 6
    (tmp_path / "net.yaml").write_text((tmp_path / "net.yaml").read_text().replace("channels: 6", "channels: 8"))
    assert api.sheet_of(spec).table.value("c1.biases") == 8


@pytest.mark.parametrize("sealed", [True, False])
@pytest.mark.parametrize(
    "content",
    ["", "{}", "[]", "null", "[" * 100_000, '{"code": 1, "files": {}, "sheet": {}}'],
    ids=lambda text: text[:9],
)
def test_a_damaged_entry_is_made_anew(tmp_path: Path, folder: Path, content: str, sealed: bool) -> None:
    spec = tmp_path / "my.yaml"
    spec.write_text(SPEC % 6)
    api.sheet_of(spec)
    (entry,) = folder.iterdir()
    entry.write_bytes(_sealed(content.encode()) if sealed else content.encode())
    assert api.sheet_of(spec).table.value("c1.parameters") == 456
    assert _content(entry)["sheet"]["name"] == "my"


def test_a_checkout_never_uses_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sheetgen.cache._sheet", lambda _: pytest.fail("a shipped sheet was used"))
    assert api.sheet_of("alexnet").name == "alexnet"


def test_other_code_makes_it_anew(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    api.sheet_of("alexnet")
    (entry,) = folder.iterdir()
    kept = _content(entry)
    kept["sheet"]["numbers"]["conv1.parameters"] = 1
    entry.write_bytes(_sealed(json.dumps(kept).encode()))
    assert api.sheet_of("alexnet").table.value("conv1.parameters") == 1  # so the entry is what is used ...
    monkeypatch.setattr("sheetgen.cache.__version__", "9.9.9")
    assert api.sheet_of("alexnet").table.value("conv1.parameters") == 34944  # ... but by its own version only


def test_a_cache_that_cannot_be_written_is_no_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("SHEETGEN_CACHE", str(tmp_path / "file" / "below"))
    assert api.sheet_of("alexnet").name == "alexnet"
    monkeypatch.setenv("SHEETGEN_CACHE", "off")
    assert api.sheet_of("alexnet").name == "alexnet"
