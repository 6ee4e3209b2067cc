# Two commands from nothing: `make sandbox` to try the bot on this machine, `make test` to check it.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: sandbox test lint audit screenshots clean

## Start the chat page with the bot in it; Ctrl-C ends both.
sandbox: $(VENV)/installed
	@$(BIN)/python bot.py sandbox

## Lint, types, and all tests.
test: $(VENV)/installed-dev lint
	$(BIN)/python -m pytest

lint: $(VENV)/installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

## Ask for known vulnerabilities of what is installed; says so where the advisories are out of reach.
audit: $(VENV)/installed-dev
	@$(BIN)/python .ci/audit.py

## Draw the README's screenshots anew.
screenshots: $(VENV)/installed-dev
	$(BIN)/python -m pytest -m browser --screenshots docs/images

clean:
	rm -rf $(VENV) build .mypy_cache .ruff_cache .pytest_cache .hypothesis

# The stamps make later runs start without asking pip again, until a requirements file changes.
$(VENV)/installed: requirements.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	@touch $@

$(VENV)/installed-dev: requirements-dev.txt requirements-ray.txt $(VENV)/installed
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	@touch $@
