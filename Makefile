# Sets itself up (a virtual environment from uv.lock) and calls the tools. Needs Python >= 3.11, git and make.
# Once set up it needs no network; what it downloads is in .venv/ and .local/.

.DEFAULT_GOAL := help
.PHONY: help demo up down monitor test test-repeat browser screenshots fault soak alerts lint bench bench-scale docs images clean

DISTRICT ?= deploy/sample/510115
PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11; do \
	"$$p" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && command -v "$$p" && break; done)
UV := $(or $(shell command -v uv),.local/boot/bin/uv)
NEED_PYTHON = test -n "$(PYTHON)" || { echo "Python 3.11 or newer is needed: make PYTHON=/path/to/python3"; exit 1; }
READY := .venv/.ready
BIN := .venv/bin

export UV_PYTHON_DOWNLOADS := never
export UV_CACHE_DIR := $(CURDIR)/.local/uv-cache
export UV_PROJECT_ENVIRONMENT := $(CURDIR)/.venv
unexport VIRTUAL_ENV
unexport PYTHONDONTWRITEBYTECODE  # a process that has to compile all it imports takes three seconds to start

help:  ## show this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 20

demo: $(READY)  ## load a real district, walk one volunteer through, compare every total (DISTRICT=path for another one)
	@$(BIN)/linbang demo "$(DISTRICT)"

up: $(READY)  ## start the whole system on this machine and stay until Ctrl-C
	@$(BIN)/linbang local up

down: $(READY)  ## stop what `make up` started, or clear what a crash left
	@$(BIN)/linbang local down

monitor: $(READY)  ## watch what `make up` started with Prometheus and its alerts (Debian: apt-get install prometheus)
	@$(BIN)/linbang local monitor

test: $(READY)  ## run all tests on a real Kafka and PostgreSQL of their own
	@$(BIN)/pytest -n 3 --dist loadfile --ignore=tests/bench --ignore=tests/soak --ignore=tests/alerts --ignore=tests/browser/whole $(ARGS)

test-repeat: $(READY)  ## run all tests N=20 times, BUSY=6 of them beside a load on every core, ONE_CORE=2 on one
	@N="$(or $(N),20)" BUSY="$(or $(BUSY),6)" ONE_CORE="$(or $(ONE_CORE),2)" $(BIN)/python -m tests.repeat

browser: $(READY)  ## look at every page in a real Chromium (Debian: apt-get install chromium)
	@$(BIN)/pytest -n 0 tests/browser $(ARGS)

screenshots: $(READY)  ## take pictures of the pages for docs/pages, or of ARGS=/path into .local/screenshots
	@$(BIN)/python -m tests.browser.screenshots $(ARGS)

fault: $(READY)  ## kill everything, at SEEDS moments each; writes docs/faults.md (CASES=F1,F5 or SEED=7 for a part)
	@SEEDS="$(or $(SEEDS),20)" CASES="$(CASES)" SEED="$(SEED)" $(BIN)/python -m tests.fault.matrix

soak: $(READY)  ## hold every projection of a full district against its replay, at rest and under 500 events a second
	@$(BIN)/pytest -s tests/soak

alerts: $(READY)  ## see the alerts fire: a real Prometheus, real services, real faults (some minutes)
	@$(BIN)/pytest tests/alerts

lint: $(READY)  ## ruff, mypy, the import rules, and squawk over new migrations
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/python -m deploy.migration_lint

bench: $(READY)  ## measure speed beside its limits; writes docs/performance.md
	@$(BIN)/linbang bench

bench-scale: $(READY)  ## load DISTRICTS=20 of the sample's size one after another (SHARE=0.1: a try); writes docs/scale.md
	@$(BIN)/python -m tests.bench.scale --districts "$(or $(DISTRICTS),20)" --share "$(or $(SHARE),1)" --folder "$(DISTRICT)"

docs: $(READY)  ## generate the API and event documentation from the code
	@$(BIN)/linbang docs

images: $(READY)  ## build every container image from packages alone (needs an engine; as root the first time)
	@$(BIN)/python -m deploy.images

clean:  ## remove all data, logs and secrets of local mode; keep what was downloaded
	@if [ -x $(BIN)/linbang ]; then $(BIN)/linbang local clean; fi
	@rm -rf .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis

$(READY): uv.lock pyproject.toml
	@$(NEED_PYTHON)
	@test -x "$(UV)" || $(MAKE) --no-print-directory $(UV)
	@echo "Setting up .venv from uv.lock …"
	@$(UV) sync --quiet --frozen --offline --python "$(PYTHON)" 2>/dev/null || \
	$(UV) sync --quiet --frozen --python "$(PYTHON)" || { \
		echo "The first set-up downloads Python packages; that failed. Connect this machine to the network, or name"; \
		echo "a mirror in UV_DEFAULT_INDEX, and run it again (it goes on where it stopped)."; exit 1; }
	@touch $@

.local/boot/bin/uv:
	@$(NEED_PYTHON)
	@echo "Fetching uv …"
	@"$(PYTHON)" -m venv .local/boot || { echo "Install your system's package for venv (python3-venv)."; exit 1; }
	@.local/boot/bin/python -m pip install --quiet --disable-pip-version-check uv || { \
		rm -rf .local/boot; echo "uv could not be fetched. Connect this machine to the network, or install uv."; exit 1; }
