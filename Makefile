# run, test, check, bench, attack, docs: the only commands to remember.
PYTHON ?= python3
PORT ?= 8000
VENV := .venv
BIN := $(VENV)/bin

# Where tests keep their files: in memory where there is room, for every answer waits for its disk.
ROOM_KB := 2000000
TESTS_IN = $$([ "$$(df --output=avail /dev/shm 2>/dev/null | tail -n 1)" -gt $(ROOM_KB) ] 2>/dev/null && echo /dev/shm || echo "$${TMPDIR:-/tmp}")

.PHONY: run test check bench attack audit docs setup wheel sbom lock clean help

help:            ## this list
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/ –/'

run: setup       ## set up what is needed and run the demo on http://127.0.0.1:$(PORT)
	@exec $(BIN)/lacrima demo --port $(PORT)

test: $(VENV)/.test  ## set up what the tests need, the system's packages included, and run them on every core
	@TMPDIR=$(TESTS_IN) OPENBLAS_NUM_THREADS=1 $(BIN)/python -m pytest --numprocesses $$(($$(nproc) + 1)) --dist worksteal $(ARGS)

check: $(VENV)/.test ## lint, format, types, and who may import whom
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

bench: $(VENV)/.test ## measure again (PARTS="serving anonymise rooms house lengths floods stalls") and rewrite the tables in benchmarks/
	@$(BIN)/python benchmarks/run.py $(PARTS)

attack: $(VENV)/.test ## try every attack of docs/threats.md on a real server: prints a table, and writes it to dist/attacks.md
	@TMPDIR=$(TESTS_IN) OPENBLAS_NUM_THREADS=1 $(BIN)/python -m tests.attacks --out dist/attacks.md

AUDIT_MINUTES := 60
audit: $(VENV)/.test $(VENV)/scanners/.made ## the same many times over, faults and scanners as well (hours), into docs/attacks.md with the commit's id
	@TMPDIR=$(TESTS_IN) OPENBLAS_NUM_THREADS=1 $(BIN)/python -m tests.attacks --long --minutes $(AUDIT_MINUTES) --out docs/attacks.md

DOCS := dist/docs
docs: $(VENV)/.docs  ## the pages of docs/ as a site without script, with an index and every command's help, into dist/docs
	@rm -rf $(DOCS)
	@$(BIN)/python -m sphinx -q -E -W --keep-going -b html -c docs/site -d $(VENV)/doctrees . $(DOCS)

setup: $(VENV)/.run  ## the virtual environment with the lacrima command, and nothing else

wheel: $(VENV)/.run ## dist/*.whl
	@$(BIN)/python -m build --no-isolation --wheel --outdir dist .

SBOM := dist/lacrima.cdx.json
sbom: $(VENV)/.test  ## dist/lacrima.cdx.json: every package that the product needs, with its sums (CycloneDX)
	@mkdir -p $(dir $(SBOM))
	@$(BIN)/python -W ignore -m cyclonedx_py requirements --pyproject pyproject.toml --output-reproducible --of JSON --output-file $(SBOM) requirements/run.txt

$(VENV)/.python:
	@command -v $(PYTHON) >/dev/null || { echo "Lacrima needs Python 3.11 or newer; no $(PYTHON) was found. Install it, or name one: make PYTHON=/path/to/python3" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Lacrima needs Python 3.11 or newer; $(PYTHON) is $$($(PYTHON) -V 2>&1). Name another: make PYTHON=/path/to/python3.11" >&2; exit 1; }
	@$(PYTHON) -m venv --clear $(VENV) >/dev/null || { echo "Python's venv module is incomplete. On Debian or Ubuntu: apt-get install python3-venv" >&2; rm -rf $(VENV); exit 1; }
	@touch $@

$(VENV)/.run: $(VENV)/.python requirements/run.txt requirements/build.txt pyproject.toml
	@echo "Setting up (once) …"
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements/run.txt -r requirements/build.txt
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.docs: $(VENV)/.run requirements/docs.txt
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements/docs.txt
	@touch $@

$(VENV)/.test: $(VENV)/.run $(VENV)/.docs requirements/test.txt requirements/system.sh | $(VENV)/peers/.made
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements/test.txt
	@sh requirements/system.sh $(BIN)
	@touch $@

# Programs that tests and benchmarks compare with, and pandas with them, stay out of the product's
# environment.
$(VENV)/peers/.made: requirements/peers.txt | $(VENV)/.python
	@$(BIN)/python -m venv --clear $(VENV)/peers
	@$(VENV)/peers/bin/pip install --quiet --disable-pip-version-check --require-hashes -r requirements/peers.txt && touch $@ || { echo "The tools we compare with cannot be installed for this Python: their lines are left out." >&2; rm -rf $(VENV)/peers; }

# Scanners bring many packages: they have an environment of their own, which no test looks at.
$(VENV)/scanners/.made: requirements/scanners.txt | $(VENV)/.python
	@$(BIN)/python -m venv --clear $(VENV)/scanners
	@$(VENV)/scanners/bin/pip install --quiet --disable-pip-version-check --require-hashes -r requirements/scanners.txt
	@touch $@

lock:            ## pin every dependency again, with hashes (needs uv)
	@sh requirements/lock.sh

clean:           ## forget the virtual environment and what was built
	@rm -rf $(VENV) dist
