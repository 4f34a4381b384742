"""The command line: Typer -> api -> printed table or JSON -> exit code. No arithmetic and no file format here."""

from . import making, marking, checking  # noqa: F401, I001  (which add their commands, in this order)
from .app import app as app
from .app import main as main
