# make setup, make run, make quick, make test, make check; make pictures takes the screenshots of assets/pictures again.

# The first Python that really starts and is recent enough (a version manager's shim may exist and not start).
PYTHON ?= $(shell for name in python3.11 python3.12 python3 python; do \
	if $$name -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; then echo $$name; break; fi; done)

BIN := .venv/bin
SOURCES := $(wildcard app.py) personalize models tests

.PHONY: setup run test test-ray quick check format pictures which-python

setup: .venv/.dev

run: .venv/.runtime
	$(BIN)/python app.py $(ARGS)

# Two workers. Tests of one group (tests/places.py) stay together, and the longest groups begin first.
TWO_WORKERS := -n 2 --dist loadscope --no-loadscope-reorder

test: .venv/.dev
	$(BIN)/python -m pytest $(TWO_WORKERS) -m "not cluster" $(ARGS)

# What starts a Ray cluster. Ray gives its parts 15 s to start, so nothing else may run beside it.
test-ray: .venv/.dev
	$(BIN)/python -m pytest -n 0 -m cluster $(ARGS)

# What needs no weights, no browser, no server and no long computation: for each change while you work.
quick: .venv/.dev
	$(BIN)/python -m pytest $(TWO_WORKERS) -m "not (models or browser or app or training or postgres or slow or cluster)" $(ARGS)

check: .venv/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy $(SOURCES)

pictures: .venv/.dev
	$(BIN)/python -m tests.browser.start_cards
	$(BIN)/python -m pytest tests/browser/test_real_models.py
	$(BIN)/python -m tests.browser.readme_pictures
	$(BIN)/python -m tests.browser.every_screen

format: .venv/.dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

$(BIN)/python:
	@test -n "$(PYTHON)" || { echo "Expected Python 3.11 or newer, found none. Install it, or say make PYTHON=..."; exit 1; }
	@$(PYTHON) -m venv .venv || { rm -rf .venv; \
	echo "Expected $(PYTHON) to make an environment in .venv, found that it cannot. On Debian: apt-get install python3-venv, then run make again."; \
	exit 1; }

which-python:
	@echo $(PYTHON)

# Stamps: a second `make setup` finds them newer than the lists of packages and does nothing.
.venv/.runtime: requirements.txt | $(BIN)/python
	$(BIN)/python -m pip install --disable-pip-version-check -r requirements.txt
	touch $@

.venv/.dev: requirements-dev.txt requirements-scale.txt .venv/.runtime
	$(BIN)/python -m pip install --disable-pip-version-check -r requirements-dev.txt -r requirements-scale.txt
	touch $@
