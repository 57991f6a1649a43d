# Everything that a contributor runs. CI runs the same targets.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
SETUP := $(VENV)/.installed
# Two OpenMP threads on a busy machine are many times slower than one, and results differ in their last bits.
export OMP_NUM_THREADS = 1
# By shape and by keyword. Not by entropy: hashes and commits are as random as keys.
SECRETS := --disable-plugin HexHighEntropyString --disable-plugin Base64HighEntropyString

.PHONY: demo test soak check bench bench-gpu audit lock docs setup clean

setup: $(SETUP)

$(SETUP): requirements/install.sh requirements/constraints.txt requirements/runtime.lock requirements/dev.lock
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	requirements/install.sh $(BIN)/python dev
	touch $@

## One real text-to-video job on a tiny built-in checkpoint, into ./outputs
demo: $(SETUP)
	MODEL_BACKEND=diffusers MODEL_NAME=builtin/tiny STORAGE_BACKEND=local LOCAL_STORE_DIR=outputs \
		$(BIN)/python -m entrypoints.cli generate --input examples/demo.json

## All tests that need no GPU and no network
test: $(SETUP)
	$(BIN)/python -m pytest -m "not soak and not gpu" --cov --cov-fail-under=100 --cov-report=term:skip-covered

## The long ones: job sequences, large files
soak: $(SETUP)
	$(BIN)/python -m pytest -m "soak and not gpu" --timeout=900

## Format, lint, types, import contracts, secrets, links of the docs
check: $(SETUP)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	git ls-files -z | xargs -0 $(BIN)/detect-secrets-hook $(SECRETS)
	$(BIN)/python -m pytest -q tests/architecture

## Measurements into benchmarks/results
bench: $(SETUP)
	PYTHONPATH=. $(BIN)/python benchmarks/import_time.py
	PYTHONPATH=. $(BIN)/python benchmarks/overhead.py

## The true architectures with random weights on a GPU, beside plain diffusers; without a GPU a tiny rehearsal
bench-gpu: $(SETUP)
	$(BIN)/python -m benchmarks.gpu

## Known vulnerabilities in the locked dependencies; needs an advisory source
audit: $(SETUP)
	$(BIN)/python requirements/audit.py

## Resolve pyproject.toml anew
lock: $(SETUP)
	$(BIN)/python requirements/lock.py

## Write the generated pages
docs: $(SETUP)
	$(BIN)/python -m adapters.settings.table > docs/configuration.md

clean:
	rm -rf $(VENV) .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis .coverage outputs
