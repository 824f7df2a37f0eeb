# The house's commands. `make` alone lists them.

PYTHON ?= python3
CARGO ?= cargo
# What pytest is given besides the folder: `make compat PYTEST_ARGS="-k stop -x"`.
PYTEST_ARGS ?=
# How long `make fuzz` runs.
FUZZ_SECONDS ?= 60
FUZZ := --manifest-path rust/fuzz/Cargo.toml
# Tests mostly wait, so more of them than there are processors run side by side.
JOBS ?= 4

TOOLS := .environments/tools
TESTS := .environments/tests
BIN := $(CURDIR)/$(TOOLS)/bin
# Real processes on a busy machine: a failure counts when it happens twice. What needed a retry is listed
# (`RERUN`, `FLAKY`), and is a defect of the test or of what it tests.
RETRIES ?= 1
PYTEST := $(TESTS)/bin/python -m pytest -n $(JOBS) --reruns $(RETRIES)

# One folder of build results for everything: cargo, the wheel, and the source distribution's test.
CARGO_TARGET_DIR ?= $(CURDIR)/target
export CARGO_TARGET_DIR

# Targets share folders; cargo and pytest are parallel inside.
.NOTPARALLEL:
.PHONY: help run test compat bench fuzz lint format wheel sdist environments test-browser test-rust test-wheel check-core doc clean \
	python chromium

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-13s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: wheel ## build, install into .venv and start examples/quickstart in the foreground
	test -x .venv/bin/pip || $(PYTHON) -m venv .venv
	.venv/bin/pip install --quiet --disable-pip-version-check --force-reinstall --no-deps dist/*.whl
	examples/quickstart/run.sh .venv/bin

test: lint check-core test-rust doc wheel sdist compat test-browser test-wheel ## everything that has to pass: all of the following

lint: $(TOOLS)/stamp ## formatters, clippy, ruff and mypy, as checks
	$(CARGO) fmt --all --check
	$(CARGO) fmt $(FUZZ) --check
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(CARGO) clippy --locked --workspace --all-targets -- -D warnings
	$(CARGO) clippy --locked $(FUZZ) -- -D warnings

check-core: ## prove that the core depends on neither tokio nor nix nor pyo3
	@tree=$$($(CARGO) tree --locked -p supervisor-core -e normal,build --prefix none) || exit 1; \
	if printf '%s\n' "$$tree" | grep -E '^(tokio|nix|pyo3)([-_][a-z0-9_-]+)? v'; then \
		echo 'check-core: the core must not depend on these' >&2; exit 1; \
	else echo 'check-core: neither tokio nor nix nor pyo3'; fi

test-rust: ## Rust tests: nextest where it is installed, else cargo test
	@if $(CARGO) nextest --version >/dev/null 2>&1; then set -x; \
		$(CARGO) nextest run --locked --no-fail-fast --retries $(RETRIES) && $(CARGO) test --locked --doc; \
	else set -x; $(CARGO) test --locked --no-fail-fast; fi

# For contributors, so with what is private, and links to it.
doc: ## Rust documentation; a warning is an error
	RUSTDOCFLAGS='-D warnings -A rustdoc::private_intra_doc_links' \
		$(CARGO) doc --locked --workspace --no-deps --document-private-items

wheel: $(TOOLS)/stamp ## build the wheel into dist/
	rm -f dist/*.whl
	PATH="$(BIN):$$PATH" $(BIN)/python -m build --no-isolation --wheel --outdir dist .

sdist: $(TOOLS)/stamp ## pack the source distribution into dist/ (needs a git checkout)
	rm -f dist/*.tar.gz
	PATH="$(BIN):$$PATH" $(BIN)/python -m build --no-isolation --sdist --outdir dist .

environments: python ## prepare .environments/theirs, ours, tests and ansible; needs the wheel
	$(PYTHON) compat-tests/environments.py
	$(PYTHON) compat-tests/upstream/fetch.py

compat: wheel environments ## the compatibility tests, against the original and against ours
	SUPERVISOR_UNDER_TEST=theirs $(PYTEST) compat-tests --ignore=compat-tests/wheel --ignore=compat-tests/browser $(PYTEST_ARGS)
	SUPERVISOR_UNDER_TEST=ours $(PYTEST) compat-tests --ignore=compat-tests/wheel --ignore=compat-tests/browser $(PYTEST_ARGS)

# Two at a time: each has a browser of its own. Without root and without a browser the tests are skipped.
test-browser: wheel chromium ## the web page in Debian's Chromium
	$(PYTHON) compat-tests/environments.py ours browser
	SUPERVISOR_UNDER_TEST=ours .environments/browser/bin/python -m pytest -n 2 --reruns $(RETRIES) compat-tests/browser $(PYTEST_ARGS)

chromium:
	@test -x /usr/bin/chromium || test "$$(id -u)" != 0 || ! command -v apt-get >/dev/null || { \
		apt-get update -qq && \
		DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium fonts-dejavu-core; \
	} || echo 'test-browser: Chromium could not be installed; its tests are skipped' >&2

test-wheel: wheel sdist environments ## install, replace and remove the wheel with pip and uv
	SUPERVISOR_UNDER_TEST=ours UV="$(BIN)/uv" $(PYTEST) compat-tests/wheel $(PYTEST_ARGS)

bench: wheel environments ## measure side by side with the original
	$(TESTS)/bin/python benchmarks/side_by_side.py
	$(TESTS)/bin/python benchmarks/life_cycle.py
	$(TESTS)/bin/python benchmarks/supervisorctl.py
	$(TESTS)/bin/python benchmarks/rpc.py
	$(TESTS)/bin/python benchmarks/events.py
	$(TESTS)/bin/python benchmarks/web.py
	$(TESTS)/bin/python benchmarks/plugins.py

fuzz: python ## compare the parsers with Python's with random texts, and send the server random requests, each for FUZZ_SECONDS (60)
	PYTHON="$(PYTHON)" $(CARGO) run --locked --release $(FUZZ) -- $(FUZZ_SECONDS)
	FUZZ_SECONDS=$(FUZZ_SECONDS) $(CARGO) test --locked -p supervisor-engine --test http_noise

format: $(TOOLS)/stamp ## put Rust and Python into shape
	$(CARGO) fmt --all
	$(CARGO) fmt $(FUZZ)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

clean: ## remove everything that was built, environments too
	rm -rf "$(CARGO_TARGET_DIR)" .environments .venv wheel.data dist .mypy_cache .ruff_cache .pytest_cache
	find python compat-tests build_backend -name __pycache__ -type d -prune -exec rm -rf {} +

# The tools, pinned, in an environment of their own. The stamp is written last.
$(TOOLS)/stamp: requirements-dev.txt | python
	rm -rf $(TOOLS)
	$(PYTHON) -m venv $(TOOLS)
	$(BIN)/pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	touch $@

# Say what is missing before something fails halfway.
python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 9))' || { \
		echo "Python 3.9 or newer is needed; name one: make PYTHON=python3.12" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
		echo "$(PYTHON) lacks its venv module; on Debian and Ubuntu: apt install python3-venv" >&2; exit 1; }
	@command -v $(CARGO) >/dev/null || { \
		echo "cargo is needed: https://rustup.rs" >&2; exit 1; }
