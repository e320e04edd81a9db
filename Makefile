# Set-up happens once: each step leaves a stamp in .venv/stamps and is redone when its input changes.
# Needs python3.11, make and pip's package index; nothing else.

PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin
STAMPS := $(VENV)/stamps
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
PROTOS := $(sort $(shell find protos -name '*.proto'))
CODE := billing_service chassis gateway pospago_cli provisioning_service tests \
	$(wildcard benchmarks) build_stubs.py
BUF_ERRORS := --error-format=text
# Side by side: make -j2 check. The longest comes first.
CHECKS := check-types check-style check-imports check-rules check-contracts
COMPILE := cd requirements && CUSTOM_COMPILE_COMMAND='make requirements' ../$(BIN)/pip-compile \
	--quiet --strip-extras --annotation-style=line --no-emit-options \
	--no-emit-index-url --no-emit-find-links --no-emit-trusted-host

# Modules are kept compiled, whatever the shell says: services start in less time.
export PYTHONDONTWRITEBYTECODE :=

.PHONY: demo run test soak bench check $(CHECKS) fmt baseline requirements setup setup-develop FORCE
.DEFAULT_GOAL := test

# --- what people run --------------------------------------------------------------------------

demo: setup  ## The whole story of an integrator, played against real services.
	$(BIN)/pospago demo

run: setup  ## Both services and the gateway, until Ctrl-C.
	$(BIN)/pospago up

test: setup-develop  ## Every test but the soak tests. One file: make test ONLY=tests/test_tidy.py
	$(BIN)/python -m pytest $(if $(ONLY),$(ONLY),-n 4 --dist loadfile --no-loadscope-reorder)

soak: setup-develop  ## The long tests.
	$(BIN)/python -m pytest -m soak --timeout 3600 $(ONLY)

bench: setup-develop  ## One benchmark: make bench ONLY=create_instance
	$(BIN)/python -m benchmarks $(ONLY)

check: $(CHECKS)  ## Everything that judges the code without running it.

$(CHECKS): setup-develop

check-types:
	$(BIN)/mypy $(CODE)

check-style:
	$(BIN)/ruff check $(CODE)
	$(BIN)/ruff format --check $(CODE)

check-imports:
	$(BIN)/lint-imports

check-rules:
	$(BIN)/python -m pytest -q tests/test_tidy.py

check-contracts:
	$(BIN)/buf lint protos/pospago/suite.binpb $(BUF_ERRORS)
	$(BIN)/buf breaking protos/pospago/suite.binpb --against protos/baseline.binpb $(BUF_ERRORS)

fmt: setup-develop  ## Format the code and sort its imports.
	$(BIN)/ruff check --fix-only $(CODE)
	$(BIN)/ruff format $(CODE)

baseline: setup-develop  ## Accept the contract of today as the one not to break.
	$(BIN)/buf build protos/pospago/suite.binpb --exclude-source-info -o protos/baseline.binpb

requirements: setup-develop  ## Pin again what requirements/*.in ask for.
	$(COMPILE) --upgrade --allow-unsafe --output-file run.txt run.in
	$(COMPILE) --upgrade --output-file develop.txt develop.in

# --- set-up -----------------------------------------------------------------------------------

setup: $(STAMPS)/suite $(STAMPS)/stubs
setup-develop: setup $(STAMPS)/develop

$(STAMPS)/venv:
	$(PYTHON) -m venv $(VENV)
	@mkdir -p $(STAMPS) && touch $@

$(STAMPS)/run: $(STAMPS)/venv requirements/run.txt
	$(PIP) install -r requirements/run.txt
	@touch $@

$(STAMPS)/develop: $(STAMPS)/run requirements/develop.txt
	$(PIP) install -r requirements/develop.txt
	@touch $@

# An editable install builds the stubs too; the step after it is for contracts that change later.
$(STAMPS)/suite: $(STAMPS)/run pyproject.toml build_stubs.py
	$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@ $(STAMPS)/stubs

$(STAMPS)/stubs: $(STAMPS)/suite $(STAMPS)/protos.list $(PROTOS)
	$(BIN)/python build_stubs.py
	@touch $@

# Changes only when a contract is added or removed, which time stamps alone would not show.
$(STAMPS)/protos.list: FORCE | $(STAMPS)/venv
	@echo '$(PROTOS)' | cmp -s - $@ || echo '$(PROTOS)' > $@
