# Everything runs on the Node that package-lock.json pins, whatever the machine has; npm's own Node only
# installs it. No target but bench leaves anything behind that git would see.

.DEFAULT_GOAL := help
SYSTEM_PATH := $(PATH)
export PATH := $(CURDIR)/node_modules/.bin:$(PATH)

# npm writes this file last.
INSTALLED := node_modules/.package-lock.json
# Directories too: a file may be gone.
SOURCES := $(shell find src -type d -o -name '*.ts' -o -path 'src/admin/page/*')

.PHONY: help build deb release demo test check fuzz soak planted bench clean

help: ## print this help
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-7s %s\n", $$1, $$2 }' Makefile

build: dist/shaftlog ## only the binary, dist/shaftlog

deb: dist/shaftlog ## dist/shaftlog_VERSION_amd64.deb
	@node scripts/deb.ts

release: dist/shaftlog ## dist/release: the package, tarballs for x64 and arm64, checksums
	@sh scripts/install-test-needs.sh release
	@node scripts/release.ts

demo: dist/shaftlog ## deliver copies of this machine's logs, compare, tidy up
	@node scripts/demo.ts

test: check build ## everything; installs what the tests use where it may
	@sh scripts/install-test-needs.sh
	@node --test --test-reporter=spec --test-concurrency=2 --test-timeout=600000 'test/**/*.test.ts' 'test/fuzz/*.fuzz.ts'

fuzz: dist/shaftlog ## random inputs, FUZZ_SECONDS (60) for each property; prints its seed
	@FUZZ_SECONDS=$${FUZZ_SECONDS:-60} node --test --test-reporter=spec --test-concurrency=2 'test/fuzz/*.fuzz.ts'

soak: dist/shaftlog ## the long forms of the fault tests, about an hour; as root
	@sh scripts/install-test-needs.sh
	@SHAFTLOG_SOAK=1 FUZZ_SECONDS=$${FUZZ_SECONDS:-60} node --test --test-reporter=spec --test-concurrency=2 \
		'test/faults/*.test.ts' 'test/simulation/*.test.ts' 'test/fuzz/*.fuzz.ts'

planted: $(INSTALLED) ## plant faults in a copy of the sources, one at a time: each must be caught
	@sh scripts/install-test-needs.sh
	@node scripts/planted-faults.ts

check: $(INSTALLED) ## types, lint, format, tidy test
	tsc --noEmit
	tsc --noEmit -p src/admin/page
	biome check --error-on-warnings .
	@node --test --test-reporter=dot test/tidy.test.ts

bench: dist/shaftlog ## measure the binary beside its peers; installs them where it may
	@sh scripts/install-test-needs.sh bench
	@node bench/run.ts

clean: ## remove what build made
	rm -rf dist

dist/shaftlog: $(SOURCES) scripts/build.ts scripts/sea.ts scripts/strip-elf.ts sea-config.json package.json $(INSTALLED)
	@node scripts/build.ts

$(INSTALLED): package-lock.json
	@echo 'npm ci'
	@PATH='$(SYSTEM_PATH)' npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
	@touch $@
