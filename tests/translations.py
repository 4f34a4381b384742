"""The catalogues of translations: which messages the code has, and the .mo files that are made of the .po files.

    python -m tests.translations     after a message was changed: brings each .po up to date and compiles it

What is new has no translation yet, which a test finds; what no code says any more is thrown away.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

PACKAGE = Path(__file__).parents[1] / "sheetgen"
KEYWORDS = {"N_": None, "gettext": None, "ngettext": (1, 2)}
METHODS = [("**.py", "python"), ("**.html", "jinja2.ext:babel_extract")]
Id = str | tuple[str, ...]  # a plural has two
_PLACEHOLDER = re.compile(r"\{(\w*)\}")


def extracted(folder: Path = PACKAGE) -> dict[Id, list[tuple[str, int]]]:
    """Every message in the code and the templates, and where it stands."""
    found: dict[Id, list[tuple[str, int]]] = {}
    for name, line, message, _, _ in extract_from_dir(folder, METHODS, {"**.html": {"silent": "false"}}, KEYWORDS):
        if isinstance(message, str | tuple) and message:
            found.setdefault(message, []).append((f"sheetgen/{name}", line))
    return found


def catalogues(folder: Path = PACKAGE) -> tuple[Path, ...]:
    return tuple(sorted(folder.glob("locale/*/LC_MESSAGES/*.po")))


def read(path: Path) -> Catalog:
    return read_po(io.BytesIO(path.read_bytes()), locale=path.parts[-3])


def compiled(catalogue: Catalog) -> bytes:
    """The same bytes for the same catalogue: its dates are those of its header, not of today."""
    made = io.BytesIO()
    write_mo(made, catalogue)
    return made.getvalue()


def messages(catalogue: Catalog) -> Iterator[Message]:
    """Without the header, and what no code says any more."""
    return (message for message in catalogue if message.id)


def _id(message: Message) -> Id:
    return message.id if isinstance(message.id, str) else tuple(message.id)


def faults(catalogue: Catalog, wanted: Iterable[Id]) -> Iterator[str]:
    """What is wrong with a catalogue: messages that it lacks, says in English only, or with other placeholders."""
    wanted = set(wanted)
    known: dict[Id, Message] = {_id(message): message for message in messages(catalogue)}
    yield from (f"missing: {each}" for each in wanted - known.keys())
    yield from (f"no code says: {each}" for each in known.keys() - wanted)
    for each, message in known.items():
        said = (message.string,) if isinstance(message.string, str) else tuple(message.string or ())
        forms = 1 if isinstance(each, str) else catalogue.num_plurals
        if len(said) != forms or not all(said) or message.fuzzy:
            yield f"not translated: {each}"
            continue
        meant = set(_PLACEHOLDER.findall(each if isinstance(each, str) else each[0]))
        yield from (f"other placeholders: {text}" for text in said if set(_PLACEHOLDER.findall(text)) != meant)


def main() -> None:
    for path in catalogues():
        old = read(path)
        new = Catalog(locale=old.locale, project="sheetgen", fuzzy=False, charset="utf-8")
        for message in sorted(extracted(), key=str):
            before = old.get(message if isinstance(message, str) else message[0])
            new.add(message, before.string if before is not None else None)
        made = io.BytesIO()
        write_po(made, new, width=118, no_location=True, omit_header=True)
        head = path.read_text(encoding="utf-8").partition("\n\n")[0]
        path.write_text(f"{head}\n\n{made.getvalue().decode('utf-8').strip()}\n", encoding="utf-8")
        path.with_suffix(".mo").write_bytes(compiled(read(path)))


if __name__ == "__main__":
    main()
