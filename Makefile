# Two commands from nothing: `make sandbox` to try the bot on this machine, `make test` to check it.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: sandbox setup test lint audit docs screenshots clean

## Start the chat page with the bot in it; Ctrl-C ends both.
sandbox: $(VENV)/installed
	@$(BIN)/python bot.py sandbox

## Ask what a first run with Discord needs, and write the answers into a settings file.
setup: $(VENV)/installed
	@$(BIN)/python bot.py setup

## Lint, types, and all tests; torch computes on one core in each, because several run side by side.
test: $(VENV)/installed-dev lint
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest --numprocesses auto --maxprocesses 4 --dist worksteal

lint: $(VENV)/installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

## Ask for known vulnerabilities of what is installed; says so where the advisories are out of reach.
audit: $(VENV)/installed-dev
	@$(BIN)/python .ci/audit.py

## Build the documentation's site into build/site.
docs: $(VENV)/installed-docs
	NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build --strict

## Draw the README's screenshots anew.
screenshots: $(VENV)/installed-dev
	$(BIN)/python -m pytest -m browser --screenshots docs/images

clean:
	rm -rf $(VENV) build .mypy_cache .ruff_cache .pytest_cache .hypothesis

# The stamps make later runs start without asking pip again, until a requirements file changes.
$(VENV)/installed: requirements.txt
	@echo "Installing what the bot runs on into $(VENV); the first time that takes some minutes ..."
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	@touch $@

$(VENV)/installed-docs: requirements-docs.txt $(VENV)/installed
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-docs.txt
	@touch $@

$(VENV)/installed-dev: requirements-dev.txt requirements-docs.txt requirements-ray.txt $(VENV)/installed
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	@touch $@
