# Two targets are all a newcomer needs: `make demo` and `make test`. `make help` lists the rest.
SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
# One more than there are processors: many tests wait for a disk, a browser or a server of their own.
WORKERS ?= $(shell expr $$(nproc) + 1)
PYTEST = $(BIN)/pytest -q -n $(WORKERS) --dist worksteal
# Compiled modules are kept, whatever the caller's shell says: every command starts in half the time.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help setup demo screens test check types imports checked fast format vectors bench deb bundle image sbom release-check boot-test cluster-test clean

help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1\t\2/' | expand -t 20

setup: $(STAMP) ## make .venv with the commands in .venv/bin

$(STAMP): requirements/dev.txt pyproject.toml tools/make_venv.sh
	@bash tools/make_venv.sh $(PYTHON) $(VENV)
	@touch $(STAMP)

demo: setup ## the main job with real sample data; ONCE=1 checks every step and ends
	@$(BIN)/python -m demo $(if $(ONCE),--once,)

screens: setup ## pictures of every page of the running demo in build/screens
	@bash tools/system_needs.sh
	@$(BIN)/python -m tools.screens

# What `make check` runs; with CHECKED=1 `make test` leaves these out, for a run that has just done both.
CHECKED_TESTS := tests/unit $(wildcard tests/meta)

check: setup ## format, lint, types, import rules, fast tests
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	@$(MAKE) --no-print-directory -j 3 -Oline imports types checked # the first two keep one core busy each

checked: setup
	$(PYTEST) -m "not system" $(CHECKED_TESTS)

types: setup
	$(BIN)/mypy

imports: setup
	$(BIN)/lint-imports

test: setup ## all tests; installs what they need; CHECKED=1 leaves out what `make check` has just run
	@bash tools/system_needs.sh
	$(PYTEST) $(if $(PERIGEE_SKIP_SYSTEM_TESTS),-m "not system",) \
		$(if $(CHECKED),$(CHECKED_TESTS:%=--ignore=%),)
	@if [ -n "$(CHECKED)" ] && [ -z "$(PERIGEE_SKIP_SYSTEM_TESTS)" ] \
		&& grep -rqE 'mark\.(system|both_databases)' --include='*.py' $(CHECKED_TESTS); then \
		$(PYTEST) -m system $(CHECKED_TESTS); fi
	@if [ -n "$(PERIGEE_SKIP_SYSTEM_TESTS)" ]; then echo "left out on request: tests that need a system server"; fi

fast: setup ## only the tests that need no server
	$(PYTEST) -m "not system"

format: setup ## bring the code into its form
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

vectors: setup ## build the golden files of the format again and show what differs
	$(BIN)/python -m tools.vectors
	@git diff --stat -- tests/vectors

bench: setup ## measure speed; prints the figures and writes build/bench.json; ONLY=name runs one part
	@$(BIN)/python -m tests.bench $(if $(ONLY),--only $(ONLY),)

deb: ## Debian packages in build/deb, for the Debian of this machine
	@packaging/build_deb.sh

bundle: ## packages with the Debian packages that they need, digests, signature, install.sh in build/bundle
	@packaging/bundle.sh

image: ## OCI images of both servers in build/image; needs root, no daemon
	@packaging/image.sh

release-check: ## what has to be true before a version leaves; QUICK=1 builds nothing
	@packaging/release_check.sh

sbom: ## bill of materials (CycloneDX) from the lock files in build/sbom.json; needs no network
	@mkdir -p build && $(PYTHON) -m tools.sbom >build/sbom.json && echo build/sbom.json

boot-test: ## boot a minimal Debian with the packages and take it to a licensed device; writes build/boot/report.json
	@packaging/boot_test.sh

cluster-test: setup ## kill the primary of a PostgreSQL cluster (Patroni, etcd) under load; writes build/cluster/report.json
	@bash tools/system_needs.sh cluster
	@PERIGEE_CLUSTER=1 $(BIN)/pytest -q tests/cluster

clean: ## remove what was built
	rm -rf $(VENV) build .pytest_cache .mypy_cache .ruff_cache
