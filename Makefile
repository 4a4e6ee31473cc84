# Everything sets itself up on first use: a bare machine needs python3 (3.11 or newer) and make.
SHELL := /bin/bash
.DEFAULT_GOAL := help
DEV := .venvs/dev/bin
RUNNER := .venvs/runner-dev/bin
PYTEST := -q --durations=5
# One worker for each processor; more than four would want more memory than they save time.
WORKERS := -n auto --maxprocesses=4
# Tests that start no stack.
ALONE := tests/architecture tests/template tests/unit
# Tests that need a large product beside the stack.
APART := tests/collector
# Tests that run eight executions at a time themselves.
CROWDED := tests/faults

.PHONY: help
help: ## Show what can be made
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-16s %s\n", $$1, $$2}'

.PHONY: setup
setup:
	@python3 scripts/bootstrap.py

.PHONY: setup-all
setup-all:
	@python3 scripts/bootstrap.py all

.PHONY: demo
demo: setup ## Run an example crew to its end on this machine, shown live
	@.venvs/local/bin/python -m stepcrew_local demo

console/dist/index.html: docs/openapi.json $(shell find console/src console/public console/index.html console/package-lock.json -type f -not -name schema.d.ts 2>/dev/null)
	@if command -v npm >/dev/null; then cd console && npm ci --silent && npm run --silent build; \
	else echo "The web console needs Node 20 and npm to be built; the stack runs without it."; fi

.PHONY: up
up: setup console/dist/index.html ## Start the local stack: API and console on http://127.0.0.1:8400
	@.venvs/local/bin/python -m stepcrew_local up

.PHONY: check
check: setup-all ## Lint, format, types, import contracts, template, generated files
	@$(MAKE) --no-print-directory -j2 --output-sync=target check-types check-runner-types check-python check-template check-generated

.PHONY: check-python
check-python:
	$(DEV)/ruff check .
	$(DEV)/ruff format --check .
	$(DEV)/lint-imports

.PHONY: check-types
check-types:
	$(DEV)/pyright -p pyproject.toml --pythonpath $(DEV)/python

.PHONY: check-runner-types
check-runner-types:
	$(RUNNER)/pyright -p functions/runner/pyrightconfig.json --pythonpath $(RUNNER)/python

.PHONY: check-template
check-template:
	@scripts/check_template.sh

.PHONY: check-generated
check-generated:
	$(DEV)/python scripts/openapi.py --check
	$(DEV)/python scripts/trace_events.py --check
	$(DEV)/python scripts/runner_packages.py --check
	$(DEV)/python scripts/idle_costs.py --check
	$(DEV)/python scripts/scale.py --check
	$(DEV)/python scripts/metrics.py --check

.PHONY: test
test: check test-console test-python ## Run all checks and tests

.PHONY: test-fast
test-fast: ## Run the quick tests of everything but runner and console: the loop while working on something
	@python3 scripts/bootstrap.py dev
	$(DEV)/ruff check -q .
	$(DEV)/pytest -q -n auto -m "not slow" tests/unit tests/architecture

.PHONY: test-many
test-many: ## Play a burst of 200 objects, a queue of 300 executions and a batch of 500 rows
	WHOLE_SIZE=1 $(DEV)/pytest -q -n auto --timeout 900 tests/unit/services/test_many.py

.PHONY: test-runner
test-runner: setup-all
	$(RUNNER)/pytest $(PYTEST) $(WORKERS) --dist worksteal -c $(CURDIR)/tests/runner/pytest.ini $(CURDIR)/tests/runner

# Two at a time: the crews of the one, and the stacks of the other, wait as often as they work.
.PHONY: test-python
test-python: setup-all
	@$(MAKE) --no-print-directory -j2 --output-sync=target test-runner test-unit
	@$(MAKE) --no-print-directory -j2 --output-sync=target test-faults test-stacks

.PHONY: test-unit
test-unit: setup-all
	$(DEV)/pytest $(PYTEST) $(WORKERS) $(ALONE)

.PHONY: test-faults
test-faults:
	$(DEV)/pytest $(PYTEST) $(CROWDED)

.PHONY: test-stacks
test-stacks:
	$(DEV)/pytest $(PYTEST) $(WORKERS) --dist loadgroup tests --ignore=tests/runner $(CROWDED:%=--ignore=%) $(ALONE:%=--ignore=%) $(APART:%=--ignore=%) -m "not browser"

# Side by side: the console's own checks keep one processor busy, and the browser waits now and then.
.PHONY: test-console
test-console: setup-all console/dist/index.html ## Test the web console, in Chromium where there is one
	@$(MAKE) --no-print-directory -j2 --output-sync=target test-components test-browser

.PHONY: test-components
test-components:
	@if command -v npm >/dev/null; then cd console && { [ -d node_modules ] || npm ci --silent; } && npm run --silent check && npm run --silent test; \
	else echo "The console's own checks need Node 20 and npm: skipped."; fi

.PHONY: test-browser
test-browser:
	$(DEV)/pytest $(PYTEST) -rs $(WORKERS) --dist loadgroup -m browser tests/console

.PHONY: test-collector
test-collector: setup ## Let Arize Phoenix store our traces, and look at them there (installs 600 MB)
	@python3 scripts/bootstrap.py dev collector
	$(DEV)/pytest $(PYTEST) $(APART)

.PHONY: bench
bench: build console/dist/index.html ## Run the benchmarks and write benchmarks/README.md
	PYTHONPATH=.:tests/scripted $(DEV)/python -m benchmarks

.PHONY: audit
audit: ## Ask public databases for known vulnerabilities of what is pinned, and write the bill of materials
	@python3 scripts/bootstrap.py audit
	@.venvs/audit/bin/python scripts/audit.py

.PHONY: publish-console
publish-console: console/dist/index.html ## Build the web console and publish it: make publish-console STACK=stepcrew
	@python3 scripts/bootstrap.py local
	@.venvs/local/bin/python -m scripts.publish_console $(STACK)

.PHONY: build
build: setup-all ## Build the zip functions and the layer with SAM
	@scripts/build.sh
