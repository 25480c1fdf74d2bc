# Everything is set up inside this folder: a virtual environment in .venv, data and logs in .run, reports in build.

PYTHON ?= python3
KEEP ?= 1
PY = .venv/bin/python

export KEEP
export PYTHONPATH = $(CURDIR):$(CURDIR)/plugins
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help install demo down test check faults bench lock

help:
	@echo "make demo    start everything on this machine, run every integration once, leave the UI running"
	@echo "make down    stop what make demo started"
	@echo "make test    everything CI runs"
	@echo "make check   lint, types, import arrows"
	@echo "make faults  the property tests at full length"
	@echo "make bench   the benchmarks, with a results table"
	@echo "make lock    remake constraints.txt from requirements.txt"

install:
	@$(PYTHON) include/launcher/install.py

demo: install
	@$(PY) -m include.launcher.demo

down:
	@if [ -x $(PY) ]; then $(PY) -m include.launcher.down; fi

test: install check
	$(PY) -m pytest -n 2 --requirements=build/requirements.json

check: install
	.venv/bin/ruff check .
	.venv/bin/mypy
	$(PY) -m pytest -q tests/test_layers.py

faults: install
	RENKEI_SCHEDULES=300 $(PY) -m pytest -n 2 -m faults --timeout 0

bench: install
	$(PY) -m tests.bench

lock: install
	.venv/bin/uv pip compile requirements.txt --universal --python-version 3.11 --no-header --no-annotate --quiet \
	  --upgrade --no-emit-index-url --output-file constraints.txt
