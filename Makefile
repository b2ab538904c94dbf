# `make help` prints the targets; each sets up .venv when it is missing.
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
# In a stored page, a progress bar is a few lines, not hundreds.
book serve notebooks smoke outputs: export TQDM_MININTERVAL = 60

BUILD  := $(BIN)/jupyter-book build . --all -n -W --keep-going
NBVAL  := --nbval --nbval-current-env --nbval-sanitize-with tests/sanitize.cfg --nbval-cell-timeout 600 -p no:cacheprovider

# Kernels of another processor for unit and notebooks (tests/portable/kernels.py names them); threads of notebooks, and
# which ones.
KERNELS ?= own
THREADS ?= 1
WHICH   ?= book
# Two processes, each with whole files: the tests of a notebook belong together.
JOBS   ?= 2
UNDER  := $(BIN)/python tests/portable/kernels.py $(KERNELS) $(BIN)/python -m pytest -q -n $(JOBS) --dist loadfile

.DEFAULT_GOAL := help
.PHONY: help install book films serve pdf train results pretrained test lint unit coverage notebooks pages portable lowest smoke outputs tolerances readme benchmarks lock dist clean
help:   # what there is to make
	@awk -F ':.*   # ' '/^[a-z]+:.*   # / { printf "%-12s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST)) | sort

install: $(STAMP)   # .venv with the versions of requirements.lock

$(STAMP): requirements.lock pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install -q -q 'uv>=0.9'
	$(if $(LOCAL),$(UV) install -q -p $(BIN)/python $(LOCAL) -r requirements.lock,\
	  $(UV) install -q -p $(BIN)/python --torch-backend cpu -r requirements.lock || \
	  $(UV) install -q -p $(BIN)/python -r requirements.lock)
	$(UV) install -q -p $(BIN)/python --no-deps -e .
	touch $@

# The configuration for pages from the stored outputs: nothing runs.
.stored.yml: _config.yml
	sed 's/execute_notebooks: cache/execute_notebooks: "off"/' $< > $@

pdf: $(STAMP) .stored.yml   # the whole book from the stored outputs as _build/book.pdf, printed by Chromium
	$(BUILD) --config .stored.yml --builder singlehtml
	cp _build/singlehtml/book/intro.html _build/singlehtml/book.html
	$(BIN)/python book/_ext/print_pdf.py _build/singlehtml book.html _build/book.pdf

train: $(STAMP)   # real MovieLens 100K: data, training, table; options: make train ARGS="--dataset ml-1m"
	$(BIN)/drr-tutorial train $(ARGS)

results: $(STAMP)   # numbers of the book from raw data, an hour on two cores; with FULL=1 all of them, six to seven
	$(BIN)/drr-tutorial results $(STUDIES) --processes 2 $(if $(FULL),--full)
	$(BIN)/python book/_ext/learning_figure.py

pretrained: $(STAMP)   # the weights that the package brings along, from MovieLens 100K; under a minute
	$(BIN)/python -c 'from drr_tutorial.lab.release import make_pretrained; print(make_pretrained("ml-100k"))'

films: $(STAMP)   # agents and films for the page Play, from MovieLens 100K, into _build/films.js; two minutes
	$(BIN)/drr-tutorial export-web _build/films.js

# The notebook cache looks at notebooks only: a change of the package or of its versions must empty it.
book: $(STAMP)   # runs the notebooks and builds all pages into _build/html
	@key=_build/.code-$$(cat $$(find drr_tutorial -name "*.py") book/results/*.json requirements.lock | sha256sum | cut -c1-16); \
	test -e $$key || { rm -rf _build/.jupyter_cache _build/.code-*; mkdir -p _build; touch $$key; }
	$(BUILD)

serve: book   # the same, and shows them at http://127.0.0.1:8000
	@echo "open http://127.0.0.1:8000"; $(BIN)/python -m http.server --bind 127.0.0.1 --directory _build/html 8000

test: lint unit notebooks pages   # all that has to pass: lint, unit tests, notebooks, pages; half an hour

lint: $(STAMP)   # style, format, types, layers, spelling
	$(BIN)/ruff check drr_tutorial tests book
	$(BIN)/ruff format --check drr_tutorial tests book
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/codespell README.md CHANGELOG.md CONTRIBUTING.md .github book drr_tutorial tests

unit: $(STAMP)   # the unit tests; KERNELS=default with those of an older processor
	OMP_NUM_THREADS=1 $(UNDER) tests --ignore tests/book/test_site.py --ignore tests/book/test_page_craft.py --ignore tests/book/test_slides.py

coverage: $(STAMP)   # the unit tests, and the lines of the package that none of them runs
	OMP_NUM_THREADS=1 $(UNDER) tests --ignore tests/book --cov=drr_tutorial --cov-report=term-missing:skip-covered --cov-report=xml

notebooks: $(STAMP)   # every notebook again, its outputs compared with the stored ones
	OMP_NUM_THREADS=$(THREADS) $(UNDER) $(NBVAL) $(WHICH)

pages: $(STAMP) .stored.yml   # the pages from the stored outputs, then parsed and opened in a browser
	$(BUILD) --config .stored.yml
	$(BIN)/python -m pytest -q -n 2 --dist loadfile tests/book/test_site.py tests/book/test_page_craft.py tests/book/test_slides.py

portable: $(STAMP)   # unit tests and notebooks with the kernels of other processors, as far as this one has them; hours
	@failed=; for kernels in own default avx2 avx512; do \
	  $(MAKE) unit KERNELS=$$kernels || failed="$$failed unit-$$kernels"; \
	  for threads in 1 2; do \
	    $(MAKE) notebooks KERNELS=$$kernels THREADS=$$threads || failed="$$failed notebooks-$$kernels-$$threads"; done; done; \
	if [ -n "$$failed" ]; then echo "not the same verdict:$$failed"; exit 1; fi

lowest:   # tests of the package with the oldest libraries that pyproject.toml allows, in .lowest
	test -x .lowest/bin/uv || { $(PYTHON) -m venv .lowest && .lowest/bin/python -m pip install -q -q 'uv>=0.9'; }
	.lowest/bin/uv pip install -q -p .lowest/bin/python --resolution lowest-direct -e '.[baselines]'
	.lowest/bin/uv pip install -q -p .lowest/bin/python hypothesis 'pytest>=8'
	OMP_NUM_THREADS=1 .lowest/bin/python -m pytest -q tests --ignore tests/book --ignore tests/oracles --ignore tests/lab/test_pages.py

smoke: $(STAMP)   # every notebook with the small budget, then those for readers, into _build/smoke: does it all run? under five minutes
	rm -rf _build/smoke
	cd book && time DRR_BUDGET=smoke OMP_NUM_THREADS=1 $(abspath $(BIN))/jupyter nbconvert --to notebook --execute \
	  --log-level WARN --output-dir $(abspath _build/smoke) *.ipynb
	$(BIN)/drr-tutorial notebooks _build/smoke/readers
	cd _build/smoke/readers && time DRR_BUDGET=smoke OMP_NUM_THREADS=1 $(abspath $(BIN))/jupyter nbconvert --to notebook --execute \
	  --log-level WARN --output-dir $(abspath _build/smoke/ran) *.ipynb
	cd _build/smoke/readers/solutions && DRR_BUDGET=smoke OMP_NUM_THREADS=1 $(abspath $(BIN))/jupyter nbconvert --to notebook --execute \
	  --log-level WARN --output-dir $(abspath _build/smoke/ran/solutions) *.ipynb

outputs: $(STAMP)   # run every notebook in place and store its outputs
	OMP_NUM_THREADS=1 $(BIN)/jupyter nbconvert --to notebook --execute --inplace --ExecutePreprocessor.timeout=900 book/*.ipynb

tolerances: $(STAMP)   # how far kernels move what is printed after a training: book/tolerances.json; half an hour
	$(BIN)/python tests/portable/spread.py

readme: $(STAMP)   # the README's speeds measured anew, about half an hour, and all its figures from the result files
	for part in training_speed evaluation_speed install_size; do $(BIN)/python tests/benchmarks/$$part.py --write || exit 1; done
	$(BIN)/python book/_ext/readme_figures.py

benchmarks: $(STAMP)   # speed and memory, printed; tens of minutes
	for file in tests/benchmarks/*.py; do echo "== $$file"; $(BIN)/python $$file || exit 1; done

lock: $(STAMP) constraints.txt   # requirements.lock, with the newest versions that pyproject.toml and constraints.txt allow
	$(UV) compile -q $(LOCAL) --no-emit-find-links --python-version 3.11 --extra dev -c constraints.txt pyproject.toml \
	  --no-header --no-annotate | sed 's/+cpu//' > requirements.lock

dist: $(STAMP)   # wheel and sdist into dist/, checked as the index does that takes them
	rm -rf dist
	$(BIN)/python -m build
	$(BIN)/twine check --strict dist/*
	$(BIN)/check-wheel-contents dist/*.whl

clean:   # removes what was built; .venv and the data stay
	rm -rf _build dist runs .pytest_cache .mypy_cache .ruff_cache
