# make book: set up and draw the first book.   make test: everything that must pass.   make weights: train the model.
PYTHON ?= python3
BIN := .venv/bin
STORY := examples/mike-and-jon.txt
BOOK := out/mike-and-jon

.PHONY: book test weights clean
.DELETE_ON_ERROR:

book: .venv/installed
	$(BIN)/lianhuan illustrate $(STORY) -o $(BOOK) --seed 3 --title "Mike and Jon"
	@echo $(BOOK)/exports/contact-sheet.png

test: .venv/installed-dev
	scripts/check
	scripts/test

weights: .venv/installed-train
	$(BIN)/lianhuan train recipes/storybook.py -o runs/small --resume
	$(BIN)/lianhuan train recipes/storybook_grown.py -o runs/storybook --resume

clean:
	rm -rf .venv out build src/*.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

.venv/bin/python:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "lianhuan needs Python 3.11 or newer: make PYTHON=python3.11")'
	$(PYTHON) -m venv .venv

.venv/installed: .venv/bin/python pyproject.toml constraints.txt
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt -e .
	touch $@

.venv/installed-%: .venv/installed
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[$*]'
	touch $@
