# Two commands for everybody: `make run` sets up and writes out/latgale; `make test` checks everything.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
REGION ?= latgale

.PHONY: run test lint unit notebooks lock data bench-routing bench-routes bench-areas bench-engines bench-siting bench-access bench-run bench-annex bench-map bench-osm bench-scale bench-transit fuzz audit browser clean

# Code for large questions is compiled beside the first run; later ones find it there.
run: $(STAMP)
	@$(BIN)/python -m socaccess.travel.kernels 2>/dev/null & \
	  $(BIN)/socaccess run $(REGION) --out out/$(REGION); status=$$?; wait; exit $$status

test: $(STAMP) browser
	$(BIN)/python tools/run_checks.py

lint: $(STAMP)
	$(BIN)/python tools/run_checks.py lint

unit: $(STAMP)
	$(BIN)/python -m pytest -q

# The environment: locked versions with hashes, then the project itself on top.
$(STAMP): requirements.lock pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit("socaccess needs Python 3.11 or newer") if sys.version_info < (3, 11) else None'
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-build-isolation --no-deps -e .
	touch $@

# Chromium for the browser tests, where the system's package manager can give it.
browser:
	@command -v chromium >/dev/null 2>&1 || command -v chromium-browser >/dev/null 2>&1 || \
	  { command -v apt-get >/dev/null 2>&1 && { apt-get update -qq && apt-get install -y -qq chromium >/dev/null; } || \
	    echo "no Chromium: the browser tests will be skipped"; }

notebooks: $(STAMP)
	$(BIN)/jupyter nbconvert --execute --to html --output-dir out/notebooks notebooks/en/*.ipynb

data: $(STAMP)
	$(BIN)/python tools/build_all.py

lock:
	uv pip compile pyproject.toml --extra osmnx --extra dask --extra notebooks --extra tours --extra dev --python-version 3.11 \
	  --universal --generate-hashes --no-annotate --no-header -q -o requirements.lock

bench-routing: $(STAMP)
	$(BIN)/python -m benchmarks.routing

# FILE=... names an extract, of which Valhalla is asked too where its wheel installs.
bench-routes bench-areas: bench-%: $(STAMP)
	$(BIN)/python -c 'import valhalla' 2>/dev/null || $(BIN)/python -m pip install --quiet --disable-pip-version-check pyvalhalla-weekly || true
	$(BIN)/python -m benchmarks.journeys $* $(if $(FILE),--file $(FILE))

# FILES=... names the extracts; Valhalla answers beside us where its wheel installs.
bench-engines: $(STAMP)
	$(BIN)/python -c 'import valhalla' 2>/dev/null || $(BIN)/python -m pip install --quiet --disable-pip-version-check pyvalhalla-weekly || true
	$(BIN)/python -m benchmarks.engines $(FILES)

# Peers are measured where the index of packages has them.
bench-siting: $(STAMP)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check 'spopt>=0.7' 'pulp>=2.8' || true
	$(BIN)/python -m pip install --quiet --disable-pip-version-check 'pbp-pmedian>=0.2.2' || true
	$(BIN)/python -m benchmarks.siting

# The peer is measured where the index of packages has it.
bench-access: $(STAMP)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check 'access>=1.1.10' || true
	$(BIN)/python -m benchmarks.access

# What a planner waits for first.
bench-run: $(STAMP)
	$(BIN)/python -m benchmarks.commands --latvia

# Pages of the DOCX are those of LibreOffice Writer, where it is installed.
bench-annex: $(STAMP)
	$(BIN)/python -m benchmarks.annex

bench-map: $(STAMP)
	$(BIN)/python benchmarks/maps.py --browser

bench-osm: $(STAMP)
	$(BIN)/python -m benchmarks.osm

# Against an independent engine, which is put in for the purpose.
bench-transit: $(STAMP)
	$(BIN)/python -c 'import cafein' 2>/dev/null || $(BIN)/python -m pip install --quiet --disable-pip-version-check 'cafein>=0.29'
	$(BIN)/python -m benchmarks.transit

bench-scale: $(STAMP)
	$(BIN)/python -m benchmarks.scale

# Each reader for some minutes; what breaks one is kept under tests/trust/seeds.
fuzz: $(STAMP)
	$(BIN)/python tools/fuzz.py

# Known weaknesses of the locked dependencies.
audit: $(STAMP)
	$(BIN)/python tools/audit.py --strict

clean:
	rm -rf out build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis
