"""sheetgen: the tables of neural-network courseworks, generated, filled, marked and checked.

The commands are in ``cli.py``, the same as functions in ``api.py``. Importing this package loads nothing heavy.
"""

__version__ = "0.1.0"
