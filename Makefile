# Needs Python 3.11 or newer with pip, and make; everything else is installed into .venv and .cache.

BIND ?= 127.0.0.1:8000
ARGS ?=
PYTHON ?= $(shell for python in python3 python3.14 python3.13 python3.12 python3.11; do \
  $$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
  && echo $$python && break; done)
UV_VERSION := 0.13.9

BIN := .venv/bin
export UV_PYTHON_DOWNLOADS := never
UV := $(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes --compile-bytecode

.PHONY: setup run test test-long lint bench screenshots

setup: .venv/.installed

run: setup
	@exec $(BIN)/python manage.py up --bind $(BIND)

test: .venv/.installed-dev
	@$(BIN)/python -m tests.environment.prepare
	@$(BIN)/python -m tests.environment.run $(ARGS)

test-long: .venv/.installed-dev
	@$(BIN)/python -m tests.environment.prepare
	@$(BIN)/python -m tests.environment.run --long $(ARGS)

lint: .venv/.installed-dev
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/lint-imports
	@$(BIN)/mypy

bench: .venv/.installed-dev
	@$(BIN)/python -m bench $(ARGS)

screenshots: .venv/.installed-dev
	@$(BIN)/python -m tests.environment.prepare
	@$(BIN)/python -m tests.environment.screenshots

.venv/.installed: requirements.txt | $(BIN)/uv
	@$(UV) -r $<
	@touch $@

.venv/.installed-dev: requirements-dev.txt | $(BIN)/uv
	@$(UV) -r $<
	@touch $@ .venv/.installed

# Where python3-venv is missing there is no pip inside a new environment, and where the system's
# Python is managed by its distribution pip refuses to install into it: so the pip that is there
# installs uv into the environment, and uv does the rest.
$(BIN)/uv:
	@test -n "$(PYTHON)" || { \
	  echo "Altoflow needs Python 3.11 or newer. Where is it? make PYTHON=/path/to/python" >&2; \
	  exit 1; }
	@$(PYTHON) -m venv --without-pip .venv
	@for pip in "$(PYTHON) -m pip" pip3 pip; do \
	  if $$pip --version >/dev/null 2>&1; then \
	    exec $$pip --python $(BIN)/python install --quiet --disable-pip-version-check uv==$(UV_VERSION); \
	  fi; \
	done; \
	echo "No pip was found: install it (on Debian: apt install python3-pip) and run make again." >&2; \
	exit 1
