# Everything here sets itself up: a fresh machine needs Python 3.11+ and make.
SHELL := /bin/sh
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

VENV := .venv
PY := $(VENV)/bin/python
UV := $(VENV)/bin/uv
EMULATOR := .tools/emulator
SAM := .tools/sam
SPARK := .tools/spark
# Test files run beside each other, one on each core; more than four would only train the same versions again.
AT_ONCE := -n auto --maxprocesses 4 --dist loadfile
# Folders whose tests need neither the emulator nor Spark, Chromium or sam.
QUICK := tests/core tests/services tests/adapters tests/contract tests/app tests/training

# One line of progress, the log only when something fails.
quietly = @mkdir -p .build; echo "$(1)"; { $(2); } > .build/setup.log 2>&1 || { cat .build/setup.log; echo "Set-up failed: the lines above say why."; exit 1; }
install_uv = "$$(scripts/find_python.sh)" -m venv --clear $(VENV) && $(PY) -m pip install -q --disable-pip-version-check --require-hashes -r requirements/uv.txt

.PHONY: help
help: ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /  make \1\t/' | expand -t 18

$(VENV)/uv: requirements/uv.txt
	@scripts/find_python.sh > /dev/null
	$(call quietly,Creating $(VENV) …,$(install_uv))
	@touch $@

$(VENV)/ready: $(VENV)/uv requirements/dev.txt pyproject.toml
	$(call quietly,Installing what Tollgate needs …,$(UV) pip sync -q --require-hashes requirements/dev.txt requirements/uv.txt && $(UV) pip install -q --no-deps --no-build-isolation -e .)
	@touch $@

$(EMULATOR)/ready: $(VENV)/uv localstack/requirements.txt
	$(call quietly,Installing the embedded emulator …,$(UV) venv -q --clear --python $(PY) $(EMULATOR) && $(UV) pip sync -q --python $(EMULATOR)/bin/python --require-hashes localstack/requirements.txt)
	@touch $@

$(SAM)/ready: $(VENV)/uv requirements/sam.txt
	$(call quietly,Installing the SAM command line …,$(UV) venv -q --clear --python $(PY) $(SAM) && $(UV) pip sync -q --python $(SAM)/bin/python --require-hashes requirements/sam.txt)
	@touch $@

# uv builds PySpark from its sources: with the setuptools of the lock file, and with compiled files, or workers start slowly.
$(SPARK)/ready: $(VENV)/uv requirements/spark.txt
	$(call quietly,Installing Spark …,$(UV) venv -q --clear --python $(PY) $(SPARK) && $(UV) pip sync -q --python $(SPARK)/bin/python --require-hashes --build-constraints requirements/spark.txt --compile-bytecode requirements/spark.txt)
	@touch $@

.PHONY: setup
setup: $(VENV)/ready ## the development environment, in .venv

.PHONY: demo
demo: $(VENV)/ready $(EMULATOR)/ready ## the whole of Tollgate on this machine, with sample payments; Ctrl-C stops it
	@exec $(PY) -m localstack.demo $(ARGS)

.PHONY: smoke
smoke: $(VENV)/ready $(EMULATOR)/ready ## the same path without a browser; checks it, prints one line of JSON
	@exec $(PY) -m localstack.demo --smoke $(ARGS)

.PHONY: test
test: $(VENV)/ready $(EMULATOR)/ready $(SAM)/ready $(SPARK)/ready ## every test but the slow ones
	$(PY) -m pytest -m "not slow" $(AT_ONCE)

.PHONY: test-fast
test-fast: $(VENV)/ready ## quick tests alone, on fakes of AWS: no emulator, browser, Spark or sam
	$(PY) -m pytest -m "not slow and not long" --storage fakes --hypothesis-profile dev $(QUICK) $(AT_ONCE)

.PHONY: test-all
test-all: $(VENV)/ready $(EMULATOR)/ready $(SAM)/ready $(SPARK)/ready ## every test, also at other dates and in other zones
	$(PY) -m pytest $(AT_ONCE)
	$(PY) scripts/run_at_dates.py $(AT_ONCE)

.PHONY: test-dates
test-dates: $(VENV)/ready $(EMULATOR)/ready $(SAM)/ready ## tests at other dates, in other zones and languages; needs faketime
	$(PY) scripts/run_at_dates.py $(AT_ONCE) $(ARGS)

.PHONY: lint
lint: $(VENV)/ready ## style and types
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy

.PHONY: hooks
hooks: $(VENV)/ready ## hooks of git: style before each commit, types before each push
	$(VENV)/bin/pre-commit install

.PHONY: bench
bench: $(VENV)/ready $(EMULATOR)/ready ## the measured claims
	@for script in bench/[a-z]*.py; do $(PY) $$script --json .build/$$(basename $$script .py).json || exit 1; done

.PHONY: spark-package
spark-package: $(VENV)/ready ## what EMR Serverless needs to run the Spark job, in .build/spark
	$(PY) -m spark_job.package .build/spark $(ARGS)

.PHONY: picture
picture: $(VENV)/ready $(EMULATOR)/ready ## the picture in README.md anew, from the running dashboard
	$(PY) -m pytest tests/browser -k "test_score and light"
	cp .build/screenshots/score-light.png docs/images/dashboard.png

.PHONY: lock
lock: $(VENV)/uv ## the lock files anew, after a change of what is needed
	@scripts/lock.sh

.PHONY: clean
clean: ## removes what make put here
	rm -rf $(VENV) .tools .build .demo .aws-sam
