"""Workbooks: new ones (write), the parts and cells of an .xlsx (package), lossless edits (fill),
submissions (read) and recalculation (engine). Nothing here knows torch."""
