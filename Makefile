# kcgeo: two commands do everything. `make maps` draws, `make test` proves.
SHELL := /bin/sh
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STUDY ?= studies/kansas-city.toml
OUT ?= output/kansas-city
EXPORT_OUT ?= output/kansas-city-export

# A kernel spec on JUPYTER_PATH would shadow the one of this environment.
unexport JUPYTER_PATH
# Compiled modules are kept: without them each process reads all libraries from their sources, for 3 seconds more.
unexport PYTHONDONTWRITEBYTECODE
export MPLBACKEND := Agg

.DEFAULT_GOAL := help
.PHONY: help setup maps export test quick check docs audit data lock clean browser postgis fuzz bench bench-quick

help: ## list what make can do
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "  make %-16s %s\n", $$1, $$2}'

$(VENV)/.ready: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "kcgeo needs Python 3.11 or later; name one with: make PYTHON=python3.11" >&2; exit 1; }
	@test -x $(BIN)/python && $(BIN)/python -m pip --version >/dev/null 2>&1 || $(PYTHON) -m venv --clear $(VENV) || \
	  { rm -rf $(VENV); echo "Python could not make a virtual environment; on Debian or Ubuntu: apt install python3-venv" >&2; exit 1; }
	@echo "Setting up $(VENV) (once; takes from 10 seconds to 2 minutes) ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check uv 2>/dev/null && \
	  $(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes -r requirements.lock || \
	  $(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

setup: $(VENV)/.ready ## make the virtual environment in .venv

maps: setup ## draw all maps, tables and notebooks into output/kansas-city
	$(BIN)/kcgeo maps --study $(STUDY) --out $(OUT)

export: setup ## write slides, atlas, web pages and data into output/kansas-city-export
	$(BIN)/kcgeo export --study $(STUDY) --out $(EXPORT_OUT)

test: setup ## run all tests and style checks
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/nbstripout --verify notebooks/*.ipynb
	$(BIN)/pytest -n 2 --dist loadfile

docs: setup ## build the docs site into output/docs; a warning is an error
	$(BIN)/sphinx-build -q -W --keep-going -b html docs output/docs

quick: check ## style, types, imports and the fast tests, in under a minute
	$(BIN)/pytest -q -n 2 --dist loadfile -m "not slow and not browser"

check: setup ## the quick part of the tests: style, types, directions of import
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

audit: setup ## compare the locked packages with the known holes (pip-audit; needs the network)
	$(BIN)/python -m pip_audit --requirement requirements.lock --disable-pip

data: setup ## make the derived data and the data package anew from data/raw
	$(BIN)/python data/makers/make_package.py

bench: setup ## print the benchmark tables
	$(BIN)/python -m benchmarks.travel

bench-quick: setup ## print a small round of every benchmark
	for name in travel siting transit scale streets; do $(BIN)/python -m benchmarks.$$name --quick || exit 1; done

browser: ## install the browser that the page tests drive (Debian and Ubuntu, as root)
	apt-get update -qq
	apt-get install -y -qq chromium fonts-dejavu-core

postgis: ## install the database that the PostGIS test starts (Debian and Ubuntu, as root)
	apt-get update -qq
	apt-get install -y -qq postgresql
	apt-get install -y -qq "postgresql-$$(ls /usr/lib/postgresql | sort -n | tail -1)-postgis-3"

fuzz: setup ## feed at least 10,000 damaged inputs to each family of readers (about 20 minutes)
	$(BIN)/python -m benchmarks.fuzz

lock: setup ## write requirements.lock anew from pyproject.toml (newest releases)
	rm -f uv.lock
	$(BIN)/uv lock --quiet
	$(BIN)/uv export --quiet --all-extras --no-extra bench --no-emit-project --no-header --output-file requirements.lock
	rm -f uv.lock

clean: ## remove what make made (not .venv)
	rm -rf output .mypy_cache .ruff_cache .pytest_cache .hypothesis
