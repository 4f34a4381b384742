"""The demo: generate, check, and verify a sample class, by the commands that a user types; run by ``make demo``."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from tests import sample_class

OUTPUT = Path("output")


def run(*arguments: str, expect: int) -> None:
    """Run a command of sheetgen as a user would, and stop the demo if it ends otherwise than it should."""
    print(
        f"\n\x1b[1m$ sheetgen {' '.join(arguments)}\x1b[0m"
        if sys.stdout.isatty()
        else f"\n$ sheetgen {' '.join(arguments)}"
    )
    sys.stdout.flush()
    done = subprocess.run([sys.executable, "-m", "sheetgen", *arguments], check=False)
    if done.returncode != expect:
        sys.exit(f"the demo expected exit code {expect}, got {done.returncode}")


def main() -> None:
    run("generate", "alexnet", "--out", str(OUTPUT), expect=0)
    run("check", "alexnet", "--workbook", str(OUTPUT / "alexnet-key.xlsx"), expect=0)
    files = sample_class.make(OUTPUT / "class")
    print(f"\na sample class of {len(files)}: {', '.join(file.name for file in files)}")
    run("verify", "alexnet", str(OUTPUT / "class"), expect=1)
    print(f"\nLook at  {OUTPUT}/alexnet-blank.xlsx   the workbook to hand out")
    print(f"         {OUTPUT}/alexnet-key.xlsx     the same, filled with live formulas")
    print(f"         {OUTPUT}/class/               the hand-ins that were just marked (exit code 1: not all is right)")


if __name__ == "__main__":
    main()
