"""The cache of sheets: right, and never wrong after a change."""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import textwrap
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from sheetgen import api, cache
from sheetgen.cache import _plain, _sheet
from sheetgen.coursework import Coursework
from sheetgen.misconceptions import Misconception
from sheetgen.sheet import Sheet, lay_out
from sheetgen.shipped import find, templates
from sheetgen.spec import read

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

    monkeypatch.setattr("sheetgen.api.sheets.lay_out", saved_meanwhile)
    assert api.sheet_of(spec).table.value("c1.biases") == 6
    monkeypatch.setattr("sheetgen.api.sheets.lay_out", lay_out)
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


def _leaves(kept: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if isinstance(kept, dict | list):
        for key in list(kept) if isinstance(kept, dict) else range(len(kept)):
            yield from _leaves(kept[key], (*path, key))
    else:
        yield path


def _kind(path: tuple[Any, ...]) -> tuple[Any, ...]:
    """What leaves of one kind have in common: ("slots", "*", 3); names count only where they are a class's fields."""
    named = path[:2] == ("questions", "questions")
    return tuple(
        step if not at or (isinstance(step, int) and at > 1 and not named) or (isinstance(step, str) and named) else "*"
        for at, step in enumerate(path)
    )


LAID_OUT = (
    SPEC % 6
    + """\
coursework:
  columns: [layer, output_size, parameters]
  blanks: [{quantities: parameters}]
  layout: {sheet: Q1, header: 1, quantities: {output_size: B, parameters: C}, layers: {c1: 2}}
"""
)


@pytest.mark.parametrize("source", ["alexnet", GRAPH, LAID_OUT], ids=["alexnet", "graph", "layout"])
def test_an_entry_with_other_types_is_made_anew(tmp_path: Path, folder: Path, source: str) -> None:
    """Whatever stands in it: sealed, so that nothing else tells, and of some type that is wrong there."""
    spec = find(source) if source == "alexnet" else tmp_path / "my.yaml"
    if source != "alexnet":
        spec.write_text(source)
    first = api.sheet_of(spec)
    (entry,) = folder.iterdir()
    good = entry.read_bytes()
    leaves = {_kind(path): path for path in _leaves(_content(entry)["sheet"])}
    assert len(leaves) > 20
    believed = []
    for kind, path in [*leaves.items(), *(((top,), (top,)) for top in _content(entry)["sheet"])]:
        kept = _content(entry)
        inside = kept["sheet"]
        for step in path[:-1]:
            inside = inside[step]
        inside[path[-1]] = {"a": [[]]}
        entry.write_bytes(_sealed(json.dumps(kept).encode()))
        if cache.recall(spec) is not None:
            believed.append(kind)
        entry.write_bytes(good)
    assert believed == []
    assert cache.recall(spec) == first


@pytest.mark.parametrize("sixteenth", [0, 1, 8, 15])
def test_an_entry_that_is_cut_short_is_made_anew(folder: Path, sixteenth: int) -> None:
    first = api.sheet_of("alexnet")
    (entry,) = folder.iterdir()
    good = entry.read_bytes()
    entry.write_bytes(good[: len(good) * sixteenth // 16])
    assert api.sheet_of("alexnet") == first
    assert entry.read_bytes() == good


def _forged(folder: Path) -> tuple[Path, bytes]:
    """The entry of alexnet, and one that would be believed: its seal is right."""
    api.sheet_of("alexnet")
    (entry,) = folder.iterdir()
    kept = _content(entry)
    kept["sheet"]["numbers"]["conv1.parameters"] = 1
    return entry, _sealed(json.dumps(kept).encode())


def _right() -> bool:
    return api.sheet_of("alexnet").table.value("conv1.parameters") == 34944


@pytest.mark.skipif(not hasattr(os, "O_NOFOLLOW"), reason="the system has no such links")
def test_an_entry_that_is_a_link_is_made_anew(tmp_path: Path, folder: Path) -> None:
    entry, forged = _forged(folder)
    (tmp_path / "theirs.json").write_bytes(forged)
    entry.unlink()
    entry.symlink_to(tmp_path / "theirs.json")
    assert _right()
    assert not entry.is_symlink()
    assert (tmp_path / "theirs.json").read_bytes() == forged  # nothing was written through the link


@pytest.mark.skipif(not hasattr(os, "geteuid"), reason="files have no owner there")
def test_an_entry_of_another_user_is_made_anew(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    entry, forged = _forged(folder)
    entry.write_bytes(forged)
    assert not _right()  # this user's own, so it is believed
    monkeypatch.setattr(os, "geteuid", lambda: entry.stat().st_uid + 1)
    assert _right()


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="the system has no pipes with names")
def test_an_entry_that_is_no_file_is_made_anew(folder: Path) -> None:
    entry, _ = _forged(folder)
    entry.unlink()
    os.mkfifo(entry)  # which would be waited for without end
    assert _right()
    assert entry.is_file()


@pytest.mark.parametrize("damage", ["cut short", "no gzip", "no JSON", "other types", "none"])
def test_a_damaged_entry_of_a_shipped_one_is_passed_over(
    tmp_path: Path, sheet: Sheet, monkeypatch: pytest.MonkeyPatch, damage: str
) -> None:
    shipped = tmp_path / "templates" / "alexnet.yaml"
    shipped.parent.mkdir()
    shipped.write_bytes((Path(cache.__file__).parents[1] / "templates" / "alexnet.yaml").read_bytes())
    monkeypatch.setattr(cache, "__file__", str(tmp_path / "cache.py"))
    text = cache.shipped_entry(sheet, shipped)
    if damage == "other types":
        text = text.replace('"slots": [', '"slots": [5,', 1)
    data = gzip.compress(b"{" if damage == "no JSON" else text.encode())
    data = {"cut short": data[: len(data) // 2], "no gzip": b"x" + data}.get(damage, data)
    cache.shipped_path(shipped).write_bytes(data)
    assert (cache.recall(shipped) == sheet) is (damage == "none")


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


@pytest.mark.parametrize("path", sorted(templates().glob("*.yaml")), ids=lambda path: path.stem)
def test_every_shipped_sheet_comes_back_as_it_was(path: Path) -> None:
    sheet = lay_out(read(path))
    assert _sheet(json.loads(json.dumps(_plain(sheet)))) == sheet


DECLARED = """\
coursework:
  follow_through: {default: 0.25, parameters: 1}
  conventions: {flops: 1 per MAC}
  columns: [layer, type, parameters, connections, flops]
  misconceptions: [{id: a, says: doubles the maps, instead: {c1.out_channels: 2 * out_channels}}]
  questions: [{id: 1, kind: number, text: A, answer: c1.neurons, follow_through: 0}]
"""


def test_what_a_coursework_declares_comes_back(tmp_path: Path, folder: Path) -> None:
    spec = tmp_path / "my.yaml"
    spec.write_text(SPEC % 6 + DECLARED)
    first, again = api.sheet_of(spec), api.sheet_of(spec)
    assert len(list(folder.iterdir())) == 1
    assert again == first
    assert again.misconceptions == (Misconception("a", "doubles the maps", {"c1.out_channels": "12"}),)
    assert {cell.slot.follow_through for cell in again.blanks} == {0.25, 1}
    assert again.questions is not None
    assert [cell.part.follow_through for cell in again.questions.cells] == [0]
    assert again.variants["flops"] == {"c1.flops": "2 * macs"}
    assert again.variants == first.variants
