.DEFAULT_GOAL := help
.PHONY: help install demo up test fast drills check bench browser clean

PYTHON ?= python3
BIN := .venv/bin
STAMP := .venv/.installed
FORM ?= --full

# Where it is set, each of the many processes of a target would compile all of Engage anew.
unexport PYTHONDONTWRITEBYTECODE

help:  ## List what there is to run
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

install: $(STAMP)  ## Make .venv and install Engage with everything it needs

demo: $(STAMP)  ## Play a sample company's whole story, offline: events in, mails out, approvals, explanations
	@$(BIN)/engage demo

up: $(STAMP)  ## Run Engage on this machine (data in ./.engage); Ctrl-C stops it
	@ENGAGE_HOME=$${ENGAGE_HOME:-.engage} $(BIN)/engage up

test: $(STAMP) browser  ## Run every test but the drills, on SQLite and on PostgreSQL
	@$(BIN)/python -m pytest -n $${ENGAGE_TEST_PROCESSES:-3} --dist loadgroup --ignore tests/drills

fast: $(STAMP)  ## Run the unit tests only
	@$(BIN)/python -m pytest -q tests/unit

drills: $(STAMP)  ## Attack what delivery promises: kill, stop, storm, restore; prints what held
	@$(BIN)/python -m tests.drills $(FORM) $(DRILLS)

check: $(STAMP)  ## Lint, type check, and hold the order of the packages
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(STAMP)  ## Measure events and emails per second, beside others
	@$(BIN)/pip install --quiet --disable-pip-version-check -r tests/bench/requirements.txt
	@$(BIN)/python -m tests.bench

# The browser tests need Chromium and a Japanese font; without root they skip and say so.
browser:
	@if command -v chromium >/dev/null && fc-list 2>/dev/null | grep -qi 'noto.*cjk'; then :; \
	elif [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
		echo "Installing Chromium and a Japanese font for the browser tests"; \
		apt-get -qq update && DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends chromium fonts-noto-cjk fontconfig >/dev/null; \
	else echo "No Chromium or no Japanese font here, and not root: the browser tests may skip"; fi

$(STAMP): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Engage needs Python 3.11 or newer; name one with: make PYTHON=/path/to/python3.11"; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || { echo "This Python has no venv module. On Debian or Ubuntu: apt-get install python3-venv; then run make again"; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@echo "Installing Engage into .venv"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev,postgres]'
	@touch $@

clean:  ## Remove .venv and every cache
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
