"""Sentences for users in their language: gettext's catalogues, loaded when one is asked for.

The English sentences are the messages themselves, so that "en" loads nothing. ``N_`` marks a message where it only
stands written; it is translated where it is said. This room must not know what is said.
"""

from __future__ import annotations

import gettext
from functools import lru_cache
from pathlib import Path

from .errors import UsageError, did_you_mean

ENGLISH = "en"
DOMAIN = "sheetgen"
LOCALE = Path(__file__).parent / "locale"
Translations = gettext.NullTranslations


def N_(message: str) -> str:  # noqa: N802 - gettext's own name for it
    return message


def languages() -> tuple[str, ...]:
    """The languages that there are, English first."""
    found = sorted(path.parts[-3] for path in LOCALE.glob(f"*/LC_MESSAGES/{DOMAIN}.mo"))
    return (ENGLISH, *found)


@lru_cache(maxsize=8)
def translations(language: str = ENGLISH) -> Translations:
    """What says the messages in ``language``; UsageError where there is no such language."""
    if language == ENGLISH:
        return gettext.NullTranslations()
    known = languages()
    if language not in known:
        raise UsageError(f"there is no language {language!r}{did_you_mean(language, known)}")
    return gettext.translation(DOMAIN, LOCALE, [language])


def listed(say: Translations, items: tuple[str, ...]) -> str:
    """``a, b and c``."""
    if len(items) < 2:
        return "".join(items)
    return say.gettext("{several} and {last}").format(several=", ".join(items[:-1]), last=items[-1])
