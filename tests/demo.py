"""The demo: generate, check, and mark a sample class, by the commands that a user types; run by ``make demo``."""

from __future__ import annotations

import shlex
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from tests import generated_class, sample_class

OUTPUT = Path("output")
CLASS = OUTPUT / "class"
PAGE = OUTPUT / "class.html"
GENERATED = 56  # beside the four that have names


def run(*arguments: str, expect: int) -> None:
    """Run a command of sheetgen as a user would, and stop the demo if it ends otherwise than it should."""
    command = f"$ sheetgen {shlex.join(arguments)}"
    print(f"\n\x1b[1m{command}\x1b[0m" if sys.stdout.isatty() else f"\n{command}")
    sys.stdout.flush()
    done = subprocess.run([sys.executable, "-m", "sheetgen", *arguments], check=False)
    if done.returncode != expect:
        sys.exit(f"the demo expected exit code {expect}, got {done.returncode}")


def make_class() -> None:
    """The four whose names say what they are, and a class such as there are; the same files each time."""
    named = sample_class.make(CLASS)
    made = generated_class.as_folder(list(generated_class.Maker().make(GENERATED)), CLASS)
    print(f"\na sample class of {len(named) + len(made)}: {', '.join(file.name for file in named)},")
    print(f"and {len(made)} more with the mistakes that are made in a class, {made[0].name} to {made[-1].name}")


def main() -> None:
    run("generate", "alexnet", "--out", str(OUTPUT), expect=0)
    run("check", "alexnet", "--workbook", str(OUTPUT / "alexnet-key.xlsx"), expect=0)
    make_class()
    reports = ("--report", f"xlsx={OUTPUT}/marked", "--report", f"html={PAGE}")
    run("verify", "alexnet", str(CLASS), "--names", "{id}_{name}.xlsx", *reports, expect=1)
    print(f"\nLook at  {OUTPUT}/alexnet-blank.xlsx   the workbook to hand out")
    print(f"         {OUTPUT}/alexnet-key.xlsx     the same, filled with live formulas")
    print(f"         {CLASS}/               the hand-ins that were just marked (exit code 1: not all is right)")
    print(f"         {OUTPUT}/marked/              the same, each marked in its own workbook")
    print(f"         {PAGE}           the page of the class, to open in a browser")


if __name__ == "__main__":
    main()
