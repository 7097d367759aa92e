# SPDX-License-Identifier: Apache-2.0
# The commands of the project; CONTRIBUTING.md says when to use which. Everything builds under build/.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.PHONY: help demo test quick asan tidy analyze format format-check fuzz bench clean

PYTHON := $(shell [ -x .venv/bin/python ] && echo .venv/bin/python || echo python3)
SOURCES = $(shell find src tests bench -name '*.h' -o -name '*.cc')
FUZZ_SECONDS ?= 600

# Configures and builds a preset. Says what it does on one line; shows the output only when it fails.
define build
@printf 'building %s ...\n' '$(1)' >&2
@mkdir -p build
@cmake --preset $(1) > build/$(1).log 2>&1 || { cat build/$(1).log >&2; exit 1; }
@cmake --build --preset $(1) $(2) >> build/$(1).log 2>&1 || { grep -v '^\[' build/$(1).log | tail -n 200 >&2; exit 1; }
endef

help:
	@printf '%s\n' \
	  'make demo     build Weft and evaluate AlexNet on Eyeriss' \
	  'make test     everything that must pass before a change goes in' \
	  'make quick    the development build and its quick tests (under a minute)' \
	  'make format   format the sources' \
	  'make tidy     clang-tidy, files that changed only (make analyze: with the static analyzer, slow)' \
	  'make fuzz     fuzz every target for FUZZ_SECONDS each (600)' \
	  'make bench    the benchmarks' \
	  'make clean    remove build/'

demo:
	@scripts/setup.sh
	$(call build,release,--target weft)
	@build/release/bin/weft evaluate alexnet --hardware eyeriss

test: export ASAN_OPTIONS ?= detect_leaks=1
test:
	@scripts/setup.sh --tests
	@$(MAKE) --no-print-directory format-check
	$(call build,dev)
	@ctest --preset all
	@$(MAKE) --no-print-directory asan tidy

quick:
	@scripts/setup.sh --tests
	$(call build,dev)
	@ctest --preset quick

asan:
	$(call build,asan)
	@ctest --preset asan

tidy:
	@printf 'clang-tidy ...\n' >&2
	@$(PYTHON) scripts/tidy.py build/dev

analyze:
	$(call build,dev)
	@$(PYTHON) scripts/tidy.py build/dev --deep

format:
	@clang-format -i $(SOURCES)

format-check:
	@mkdir -p build
	@clang-format --dry-run $(SOURCES) 2>&1 | sed -n 's/^\([^:]*\):[0-9].*/not formatted, see make format: \1/p' | sort -u > build/format.log
	@! grep . build/format.log

fuzz:
	@scripts/setup.sh --tests
	$(call build,fuzz,--target fuzz_targets)
	@for target in build/fuzz/tests/fuzz/*_fuzz; do \
	  name=$$(basename "$$target"); \
	  mkdir -p "build/fuzz/corpus/$$name"; \
	  "$$target" -max_total_time=$(FUZZ_SECONDS) -timeout=10 -rss_limit_mb=4096 -artifact_prefix=build/fuzz/ \
	    "build/fuzz/corpus/$$name" "tests/fuzz/corpus/$$name"; \
	done

bench:
	$(call build,release)
	@for benchmark in build/release/bench/*_bench; do [ ! -x "$$benchmark" ] || "$$benchmark"; done

clean:
	@rm -rf build
