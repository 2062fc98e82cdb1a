# Heard: the two commands that matter are `make run` and `make test`. Both do all set-up themselves.
#
#   make run     a fictional inquest, played as if it were live, on http://127.0.0.1:8000/ (HEARD_PORT moves it)
#   make test    style, types and every test; browser tests too where Chromium is installed
#
# Nothing here needs root, writes outside this folder, or touches the system's Python.

PY := .venv/bin/python
HEARD_PORT ?= 8000
# Where `make run` keeps its demonstration; `make clean` leaves it alone.
DEMO := var/demo

# Every test that serves starts three processes; without kept bytecode each of them compiles all of Heard first.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help setup setup-dev run test suite lint bench bench-fanout soak sweep news lock clean

help:
	@echo 'make run     see it: a fictional inquest played live on http://127.0.0.1:$(HEARD_PORT)/'
	@echo 'make test    style, types and every test'
	@echo 'make lint    style and types alone'
	@echo 'make bench   the figures: append, fold, render, page, publish to reader'
	@echo 'make bench-fanout   one post to 10,000 readers, beside a C program, nchan and sse-starlette'
	@echo 'make soak    the long ones: thousands of readers, kills, power cuts'
	@echo 'make sweep   every line of the hostile corpora in every field, and every page opened in Chromium: an hour'
	@echo 'make news    gather changes/ into CHANGELOG.md (VERSION=0.2.0)'
	@echo 'make lock    resolve requirements*.lock again (needs uv)'
	@echo 'make clean   remove .venv and caches; data in var/ stays'

setup:
	@sh scripts/setup.sh run

setup-dev:
	@sh scripts/setup.sh dev

run: setup
	@.venv/bin/heard demo --data $(DEMO) --port $(HEARD_PORT)

lint: setup-dev
	@$(PY) -m ruff check src tests bench scripts .ci
	@$(PY) -m mypy

test: lint suite

# A file of tests is one worker's: what it has made (a server, a corpus) is made once. tests/conftest.py says which come
# first, and how many workers there are.
suite: setup-dev
	@$(PY) -m pytest --numprocesses auto --maxprocesses 4 --dist loadfile --no-loadscope-reorder

bench: setup-dev
	@$(PY) -m bench

# The other servers live in an environment of their own: nothing of theirs is a dependency of ours.
bench-fanout: setup-dev
	@test -x .cache/bench/venv/bin/uvicorn || { $(PY) -m venv .cache/bench/venv && \
		.cache/bench/venv/bin/pip install -q --only-binary :all: -r bench/peers/requirements.txt; }
	@$(PY) -m bench fanout
	@$(PY) -m bench fanout --other-core

soak: setup-dev
	@HEARD_SOAK=1 $(PY) -m pytest tests/faults tests/hybrid tests/live/test_soak.py tests/reports/test_mail_faults.py \
		tests/ingest/test_cut_short.py tests/watch/test_evaluation.py tests/watch/test_deeds_slowly.py \
		tests/watch/test_clock_steps.py

sweep: setup-dev
	@HEARD_SWEEP=1 HEARD_REQUIRE_BROWSER=1 $(PY) -m pytest -s tests/hostile tests/web/test_desk_screens.py --timeout 7200

news: setup-dev
	@$(PY) scripts/news.py $(VERSION)

lock:
	@sh scripts/lock.sh

clean:
	rm -rf .venv .cache .mypy_cache .ruff_cache .pytest_cache .hypothesis dist build
