"""Translations: the catalogue is whole, compiled, and used; a message that is missing is found."""

from __future__ import annotations

import gettext
import io
import subprocess
import sys
from pathlib import Path

import pytest

from sheetgen.errors import UsageError
from sheetgen.language import languages, listed, translations
from tests import translations as made

WANTED = made.extracted()


def test_there_is_a_catalogue() -> None:
    assert [path.parts[-3] for path in made.catalogues()] == ["de"]
    assert languages() == ("en", "de")
    assert len(WANTED) > 100


@pytest.mark.parametrize("path", made.catalogues(), ids=lambda path: path.parts[-3])
def test_every_message_is_translated_with_its_placeholders(path: Path) -> None:
    assert not list(made.faults(made.read(path), WANTED))


@pytest.mark.parametrize("path", made.catalogues(), ids=lambda path: path.parts[-3])
def test_the_compiled_catalogue_is_what_its_source_compiles_to(path: Path) -> None:
    kept = gettext.GNUTranslations(io.BytesIO(path.with_suffix(".mo").read_bytes()))
    fresh = gettext.GNUTranslations(io.BytesIO(made.compiled(made.read(path))))
    for message in WANTED:
        if isinstance(message, str):
            assert kept.gettext(message) == fresh.gettext(message), "run: python -m tests.translations"
            assert kept.gettext(message) != message
        else:
            for count in (1, 2):
                assert kept.ngettext(message[0], message[1], count) == fresh.ngettext(message[0], message[1], count)
                assert kept.ngettext(message[0], message[1], count) != message[count - 1]


@pytest.mark.parametrize(
    ("line", "spoiled", "told"),
    [
        ('msgstr "die Schrittweite"', 'msgstr ""', "not translated: the stride"),
        ('msgid "the stride"', 'msgid "the strides"', "missing: the stride"),
        ('msgid "the stride"', 'msgid "the strides"', "no code says: the strides"),
        ('msgstr "lässt {part} weg"', 'msgstr "lässt {teil} weg"', "other placeholders: lässt {teil} weg"),
        ('msgstr[1] "{count} Zellen ({cells})"', 'msgstr[1] ""', "not translated: ('{count} cell ({cells})'"),
    ],
)
def test_a_fault_in_a_catalogue_is_found(line: str, spoiled: str, told: str, tmp_path: Path) -> None:
    text = made.catalogues()[0].read_text(encoding="utf-8")
    assert text.count(f"{line}\n") == 1
    path = tmp_path / "de" / "LC_MESSAGES" / "sheetgen.po"
    path.parent.mkdir(parents=True)
    path.write_text(text.replace(f"{line}\n", f"{spoiled}\n"), encoding="utf-8")
    assert any(fault.startswith(told) for fault in made.faults(made.read(path), WANTED))


def test_a_language_that_there_is_not() -> None:
    with pytest.raises(UsageError, match="there is no language 'dr'"):
        translations("dr")
    with pytest.raises(UsageError, match="no language"):
        translations("../de")


def test_english_reads_no_catalogue() -> None:
    code = (
        "import builtins, sheetgen.language as l; builtins.open = None; "
        "assert l.translations('en').gettext('the stride') == 'the stride'"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=made.PACKAGE.parent, timeout=60)


def test_lists() -> None:
    german = translations("de")
    found = [listed(german, tuple(items)) for items in ("", "a", "ab", "abc")]
    assert found == ["", "a", "a und b", "a, b und c"]
