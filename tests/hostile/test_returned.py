"""Hostile files handed back: whatever was marked comes back as a sound workbook, or as the feedback alone."""

from __future__ import annotations

import dataclasses
import io
import zipfile
from pathlib import Path

import pytest

from sheetgen import api
from sheetgen.marking import Marked
from sheetgen.records import Results
from sheetgen.reports import Asked, xlsx
from sheetgen.workbook.package import Package
from tests.golden.test_returned import answers_of
from tests.hostile import make
from tests.templates_made import attached, parts

MARKED = [
    name
    for name, (_, wanted) in make.CASES.items()
    if wanted in (make.MARKED, "unreadable") or isinstance(wanted, make.Told)
]


@pytest.fixture(scope="module")
def base() -> make.Base:
    return make.Base.read(make.honest())


@pytest.fixture(scope="module")
def marked(base: make.Base, tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[bytes, Marked]]:
    """Every attack that ends with marks."""
    folder = tmp_path_factory.mktemp("hostile")
    files = {name: make.CASES[name][0](base) for name in MARKED}
    for name, data in files.items():
        (folder / f"{name}.xlsx").write_bytes(data)
    found = api.verify("alexnet", [folder]).submissions
    return {Path(each.file).stem: (files[Path(each.file).stem], each) for each in found}


def returned(data: bytes, marked: Marked) -> bytes:
    ((_, back),) = xlsx.files(Results("alexnet", (marked,)), Asked(Path("out"), bytes_of=lambda _: data))
    return back


@pytest.mark.parametrize("name", MARKED)
def test_an_attack_comes_back_marked(name: str, marked: dict[str, tuple[bytes, Marked]]) -> None:
    data, result = marked[name]
    back = returned(data, result)
    with zipfile.ZipFile(io.BytesIO(back)) as package:
        assert package.testzip() is None
    assert Package.read(back).sheets[-1].name == "Feedback"
    assert "Feedback on alexnet" in str(Package.read(back).cells("Feedback")[1, 1].value)
    assert result.status == "marked"


def test_what_was_edited_is_marked_the_same(marked: dict[str, tuple[bytes, Marked]], tmp_path: Path) -> None:
    for name in ("nan", "million-empty-rows", "names-by-the-ten-thousand", "merge-of-the-whole-sheet"):
        data, result = marked[name]
        (tmp_path / f"{name}.xlsx").write_bytes(returned(data, result))
    for again in api.verify("alexnet", [tmp_path]).submissions:
        assert answers_of(again) == answers_of(marked[Path(again.file).stem][1]), again.file


SPOILT = {  # parts that marking never reads
    "comments with a DTD": ("xl/comments1.xml", b'<!DOCTYPE x [<!ENTITY e "x">]><comments/>', "comments"),
    "comments that are not XML": ("xl/comments1.xml", b"\x00\xff\xfe", "comments"),
    "a drawing that is not text": ("xl/drawings/vmlDrawing1.vml", bytes(range(256)), "vmlDrawing"),
    "a drawing of identifiers": ("xl/drawings/vmlDrawing1.vml", b'id="_x0000_s999999999"' * 10**5, "vmlDrawing"),
}


@pytest.mark.parametrize("name", SPOILT)
def test_parts_that_marking_never_reads(name: str, base: make.Base, marked: dict[str, tuple[bytes, Marked]]) -> None:
    part, content, kind = SPOILT[name]
    result = marked["nan"][1]
    office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    data = attached(base.data, part, content, f"{office}/{kind}", "text/xml")
    back = parts(returned(data, result))
    assert back[part] == content
    assert b"Feedback" in back["xl/workbook.xml"]


@pytest.mark.parametrize("part", ["xl/styles.xml", "[Content_Types].xml"])
def test_parts_without_which_nothing_can_be_put_in(
    part: str, base: make.Base, marked: dict[str, tuple[bytes, Marked]]
) -> None:
    for content in (b"<!DOCTYPE x [<!ENTITY e 'x'>]><styleSheet/>", b"<a", b"\xff\xfe\x00", b""):
        back = returned(make.zipped({**base.parts, part: content}), marked["nan"][1])
        assert [each.name for each in Package.read(back).sheets] == ["Feedback"]
        assert "could not be put into the file" in str([c.value for c in Package.read(back).cells("Feedback").values()])


def test_a_name_that_leads_out_of_the_folder(marked: dict[str, tuple[bytes, Marked]], tmp_path: Path) -> None:
    from sheetgen import reports

    data, result = marked["nan"]
    files = ["c.zip/../../../x_1_assignsubmission_file/../../e.xlsx", "c.zip/..", "a/\x00\n.xlsx"]
    results = Results("alexnet", tuple(dataclasses.replace(result, file=file) for file in files))
    reports.write("xlsx", results, Asked(tmp_path / "deep" / "back", bytes_of=lambda _: data))
    assert {path.parent for path in tmp_path.rglob("*.xlsx")} == {tmp_path / "deep" / "back"}
    assert len(list(tmp_path.rglob("*.xlsx"))) == 3
