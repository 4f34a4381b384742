"""sheetgen import: modules of PyTorch turned into specs, and specs into modules and back."""
