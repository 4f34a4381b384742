# make demo   the main job: generate, check against PyTorch, mark a sample class; ends with the page of the class
# make test   every test (needs LibreOffice and Chromium: apt install libreoffice-calc poppler-utils chromium)
# make lint   ruff and mypy --strict
# Each makes its own .venv when there is none, and installs again only when the requirements change.

PYTHON ?= python3
BIN := .venv/bin
PIP := PIP_CONSTRAINT=constraints.txt PIP_DISABLE_PIP_VERSION_CHECK=1 $(BIN)/python -m pip install -q

.PHONY: demo test lint format picture tour template schema messages bench constraints clean
.DEFAULT_GOAL := demo

$(BIN)/python:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "sheetgen needs Python 3.11 or newer; try make PYTHON=python3.11 ...")'
	$(PYTHON) -m venv .venv

.venv/.demo: $(BIN)/python pyproject.toml constraints.txt
	@echo "installing sheetgen and PyTorch into .venv (once; a minute or two)"
	$(PIP) -e '.[torch]'
	@touch $@

.venv/.dev: $(BIN)/python pyproject.toml constraints.txt
	@echo "installing sheetgen, PyTorch and the test tools into .venv (once; a minute or two)"
	$(PIP) -e '.[torch,dev]'
	@touch .venv/.demo $@

demo: .venv/.demo
	$(BIN)/python tests/demo.py

test: .venv/.dev
	$(BIN)/python -m pytest

lint: .venv/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: .venv/.dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: .venv/.dev
	$(BIN)/python benchmarks/speed.py

# What is committed but made: each is held to its source by a test.
template: .venv/.demo
	$(BIN)/sheetgen generate alexnet --out output && cp output/alexnet-blank.xlsx templates/alexnet.xlsx
	$(BIN)/python tests/shipped_sheets.py

schema: .venv/.demo
	$(BIN)/sheetgen schema > templates/schema.json

messages: .venv/.dev
	$(BIN)/python -m tests.translations

picture: .venv/.demo
	$(BIN)/sheetgen generate alexnet --out output
	soffice --headless --convert-to pdf --outdir output output/alexnet-key.xlsx
	pdftoppm -png -r 110 -singlefile -x 20 -y 60 -W 1250 -H 560 output/alexnet-key.pdf docs/alexnet-key
	$(BIN)/python tests/demo.py
	chromium --headless --no-sandbox --hide-scrollbars --window-size=1250,1610 --screenshot=output/class.png "file://$(CURDIR)/output/class.html"
	$(BIN)/python -c 'from PIL import Image; Image.open("output/class.png").convert("RGB").crop((40, 965, 1210, 1605)).quantize(64).save("docs/class-page.png", optimize=True)'

tour: .venv/.dev
	$(BIN)/python -m tests.tour

constraints: .venv/.dev
	{ sed -n '/^#/p' constraints.txt; $(BIN)/python -m pip freeze --exclude-editable | sed 's/+cpu//' | grep -v '^nvidia\|^cuda\|^triton'; } > output/constraints.txt
	mv output/constraints.txt constraints.txt

clean:
	rm -rf .venv .pytest_cache .mypy_cache .ruff_cache .hypothesis
