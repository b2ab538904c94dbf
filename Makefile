# make train | test | benchmarks | lock | dist | clean: each sets up .venv by itself when it is missing
SHELL  := bash
PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.installed
# The CPU build of torch: from a folder that pip is set up with, else from PyTorch's own index, else whatever PyPI has.
WHEELS ?= $(firstword $(PIP_FIND_LINKS) $(shell $(PYTHON) -m pip config get global.find-links 2>/dev/null))
LOCAL  := $(if $(wildcard $(WHEELS)/torch-*cpu*.whl),--find-links $(WHEELS))
UV     := $(BIN)/uv pip
export MPLBACKEND ?= agg

.PHONY: install train test lint unit benchmarks lock dist clean
install: $(STAMP)

$(STAMP): requirements.lock pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install -q -q 'uv>=0.9'
	$(if $(LOCAL),$(UV) install -q -p $(BIN)/python $(LOCAL) -r requirements.lock,\
	  $(UV) install -q -p $(BIN)/python --torch-backend cpu -r requirements.lock || \
	  $(UV) install -q -p $(BIN)/python -r requirements.lock)
	$(UV) install -q -p $(BIN)/python --no-deps -e .
	touch $@

train: $(STAMP)   # real MovieLens 100K: data, training, table; options: make train ARGS="--dataset ml-1m"
	$(BIN)/drr-tutorial train $(ARGS)

test: lint unit

lint: $(STAMP)
	$(BIN)/ruff check drr_tutorial tests
	$(BIN)/ruff format --check drr_tutorial tests
	$(BIN)/mypy
	$(BIN)/lint-imports

unit: $(STAMP)
	$(BIN)/python -m pytest -q tests

benchmarks: $(STAMP)   # speed and memory, printed; tens of minutes
	for file in tests/benchmarks/*.py; do echo "== $$file"; $(BIN)/python $$file || exit 1; done

lock: pyproject.toml constraints.txt
	$(UV) compile -q $(LOCAL) --no-emit-find-links --python-version 3.11 --extra dev -c constraints.txt pyproject.toml \
	  --no-header --no-annotate | sed 's/+cpu//' > requirements.lock

dist: $(STAMP)
	$(BIN)/python -m build

clean:
	rm -rf _build dist runs .pytest_cache .mypy_cache .ruff_cache
