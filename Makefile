# `make run` to try it, `make test` for everything that CI runs, `make help` for the rest.
.DEFAULT_GOAL := help
.PHONY: help run key test lint fmt schema catalog wasm envoy envoy-older bench fuzz clean

# Any Envoy from 1.39; the default one is fetched. The older ones are for the tests: 1.39 is the oldest that can choose the
# order of fallback per request, those before it run with envoy/older-envoy.yaml.
ENVOY ?= .envoy/envoy
ENVOY_VERSION := 1.40.0
ENVOY_OLDER_VERSIONS := 1.39.3 1.38.2 1.37.0
WASM_TARGET := wasm32-wasip1
WASM := target/$(WASM_TARGET)/release/tollgate.wasm
PYTHON := .venv/bin/python

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: wasm envoy ## build, start Envoy with envoy/envoy.yaml, print a curl that works
	@python3 scripts/run.py $(ENVOY) envoy/envoy.yaml

key: ## a new key for a client: ID=alice, and GROUP=engineers where it has one
	@python3 scripts/key.py "$(ID)" "$(GROUP)"

test: lint ready ## everything that CI runs
	cargo test --quiet --no-fail-fast
	scripts/test-envoy.sh $(ENVOY) $(PYTHON)

# Two of them at a time: linking the module keeps one processor busy, compiling the tests the others.
.PHONY: ready native
ready: scripts/rust-ready
	@$(MAKE) --no-print-directory -j 3 wasm native envoy envoy-older .venv/ready tests/clients/node_modules/.ready rls

native: scripts/rust-ready
	cargo test --quiet --no-run

# The tests' rate limit service is a crate of its own.
.PHONY: rls
rls: scripts/rust-ready
	@scripts/rls.sh target/rls

lint: scripts/rust-ready ## formatting and clippy, native and wasm
	cargo fmt --check
	cargo clippy --all-targets --all-features -- -D warnings
	cargo clippy --target $(WASM_TARGET) -- -D warnings

fmt: ## format the Rust code
	cargo fmt

schema: ## write anew what is made from the code: docs/config.schema.json, tables of docs/config.md and README.md
	TOLLGATE_WRITE=1 cargo test --quiet --test config --test matrix generated

wasm: scripts/rust-ready ## build the module
	cargo build --release --target $(WASM_TARGET)
	@ls -l $(WASM) | awk '{print $$NF ": " $$5 " bytes"}'

envoy: ## fetch the pinned Envoy to .envoy/envoy
ifeq ($(ENVOY),.envoy/envoy)
	@scripts/get-envoy.sh $(ENVOY_VERSION) .envoy/envoy
endif

envoy-older: ## fetch the older Envoys, for the tests
	@for version in $(ENVOY_OLDER_VERSIONS); do scripts/get-envoy.sh $$version .envoy/envoy-$$version || exit 1; done

catalog: scripts/rust-ready ## fetch the pinned packages and make the catalog's tables from them, then what the module embeds
	python3 catalog/make.py
	TOLLGATE_WRITE=1 cargo test --quiet --test catalog generated

bench: wasm envoy .venv/ready ## Tollgate beside plain Envoy, same machine, same run
	scripts/debian-tool.sh wrk wrk
	ENVOY=$(ENVOY) $(PYTHON) bench/run.py

# Two environments: LlamaIndex wants an older SDK of OpenAI's.
.PHONY: test-frameworks
test-frameworks: wasm envoy .cache/frameworks/ready .cache/llamaindex/ready ## LangChain, Pydantic AI and LlamaIndex as clients; not in CI
	ENVOY=$(ENVOY) .cache/frameworks/bin/python -m pytest -q tests/frameworks --ignore tests/frameworks/test_agents_llamaindex.py
	ENVOY=$(ENVOY) .cache/llamaindex/bin/python -m pytest -q tests/frameworks/test_agents_llamaindex.py

.cache/frameworks/ready: tests/frameworks/requirements.txt
.cache/llamaindex/ready: tests/frameworks/requirements-llamaindex.txt
.cache/frameworks/ready .cache/llamaindex/ready:
	python3 -m venv $(@D)
	$(@D)/bin/python -m pip install --quiet --disable-pip-version-check -r $<
	@touch $@

fuzz: ## every decoder, SECONDS (60) each; needs a nightly Rust and cargo-fuzz
	python3 fuzz/run.py --seconds $(or $(SECONDS),60)

clean: ## remove what was built and fetched
	cargo clean
	rm -rf .envoy .venv .cache tests/clients/node_modules fuzz/target fuzz/corpus fuzz/artifacts

.PHONY: scripts/rust-ready
scripts/rust-ready:
	@scripts/rust-ready.sh $(WASM_TARGET)

.venv/ready: tests/requirements.txt
	python3 -m venv .venv
	$(PYTHON) -m pip install --quiet --disable-pip-version-check -r tests/requirements.txt
	@touch $@

tests/clients/node_modules/.ready: tests/clients/package.json tests/clients/package-lock.json
	cd tests/clients && npm ci --no-fund --no-audit --silent
	@touch $@
