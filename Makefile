# Two commands do everything: `make reproduce` and `make test`.
PYTHON ?= python3
VENV   ?= .venv
CORES  ?= all
# which experiments; the default is the list in config/config.yaml, e.g. EXPERIMENTS=digits_full
EXPERIMENTS ?=
# how to run them, e.g. PROFILE=profiles/slurm; and what becomes of jobs that a killed run left in
# SLURM's queue, instead of what config/config.yaml says: ORPHANS=wait, cancel or ignore
PROFILE ?=
ORPHANS ?=
# what `make export` writes and where, e.g. MODEL=digits:multi TO=digits-multi; DIFFUSERS=yes adds a
# pipeline of diffusers
MODEL     ?=
SEED      ?= 0
TO        ?=
DIFFUSERS ?=
# which parts of the benchmark `make bench` runs; all, if none are named
ONLY      ?=

COMMA     := ,
BIN       := $(VENV)/bin
STAMP     := $(VENV)/.installed
# what only `make bench` needs
PEERS     := $(VENV)/.peers-installed
SNAKEMAKE := PATH="$(abspath $(BIN)):$$PATH" $(BIN)/snakemake
# jobs of this machine share one import of what they need
RUN       := $(if $(PROFILE),$(SNAKEMAKE),PATH="$(abspath $(BIN)):$$PATH" $(BIN)/python workflow_scripts/warm/run.py)
HOW       := $(if $(PROFILE),--workflow-profile $(PROFILE),--cores $(CORES))
SETTINGS  := $(if $(EXPERIMENTS),experiments=[$(EXPERIMENTS)]) $(if $(ORPHANS),orphans=$(ORPHANS))
SELECTION := $(if $(strip $(SETTINGS)),--config $(SETTINGS))
RESULTS   := $(shell sed -n 's/^results: *//p' config/config.yaml)
# there while a run is going on, and after it only if it was killed and left Snakemake's lock
KILLED    := .snakemake/reproduce.running
# held while a run is going on; the kernel gives it back however the run ends
FLOCK     := $(if $(shell command -v flock),flock -n -E 75 .snakemake/reproduce.lock,env)

.PHONY: reproduce figures status watch compare export test docs bench bench-gpu golden lint clean help

help: ## what the targets do
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' Makefile | expand -t 20

reproduce: $(STAMP) ## install, run the experiments, write results/report.html
	@mkdir -p .snakemake
	@$(FLOCK) sh -ec ' \
	  if [ -e $(KILLED) ]; then $(SNAKEMAKE) --unlock --quiet all $(SELECTION); fi; \
	  touch $(KILLED); trap "[ \$$? = 137 ] || rm -f $(KILLED)" EXIT; trap "exit 130" INT TERM; \
	  $(RUN) $(HOW) --quiet $(if $(PROFILE),host,rules reason host) $(SELECTION); \
	  if [ ! $(RESULTS)/report.html -ot $(RESULTS)/provenance.html ]; then \
	    $(SNAKEMAKE) --quiet all --report $(RESULTS)/provenance.html $(SELECTION); \
	  fi' || { status=$$?; \
	  [ $$status != 75 ] || echo "Error: another make reproduce is at work in this folder." >&2; \
	  exit $$status; }
	@echo "The report: $(RESULTS)/report.html; where each file is from: $(RESULTS)/provenance.html"

figures: $(STAMP) ## draw the figures that a finished run lacks, without its models
	@$(RUN) figures $(HOW) --quiet $(if $(PROFILE),host,rules reason host) $(SELECTION)

status: $(STAMP) ## how far each variant and seed has come, also of a run that goes on
	@$(BIN)/python workflow_scripts/status.py $(subst $(COMMA), ,$(or $(EXPERIMENT),$(EXPERIMENTS)))

watch: $(STAMP) ## the same, drawn anew every two seconds, with a bar for each running job
	@$(BIN)/python workflow_scripts/status.py --watch \
	  $(subst $(COMMA), ,$(or $(EXPERIMENT),$(EXPERIMENTS)))

compare: $(STAMP) ## two variants (A=digits:multi B=digits:vae) or runs (A=results/reference/digits B=digits)
	$(if $(and $(A),$(B)),,$(error give two variants, make compare A=digits:multi B=digits:vae, \
	  or two runs, make compare A=results/reference/digits B=digits))
	@$(BIN)/python workflow_scripts/compare_runs.py '$(A)' '$(B)'

export: $(STAMP) ## a trained model as a folder to share: MODEL=digits:multi SEED=0 TO=folder
	@$(BIN)/python workflow_scripts/export_model.py "$(MODEL)" "$(TO)" --seed $(SEED) \
	  $(if $(DIFFUSERS),--diffusers)

test: $(STAMP) ## install and run all tests
	$(BIN)/python -m pytest --numprocesses 2 --no-loadscope-reorder --durations 15

docs: $(STAMP) ## the documentation, docs/_build/html/index.html
	$(BIN)/python -m sphinx -q -E -W --keep-going -b html docs docs/_build/html

bench: $(STAMP) $(PEERS) ## speed beside other programs, results/bench; ONLY=sampling is one part
	@PYTHONPATH=workflow_scripts $(BIN)/python -m benchmarks $(subst $(COMMA), ,$(ONLY))

bench-gpu: $(STAMP) $(PEERS) ## the same on a CUDA GPU
	@PYTHONPATH=workflow_scripts $(BIN)/python -m benchmarks gpu

golden: $(STAMP) ## a published FID of CIFAR-10, computed by this project's own path
	PYTHONPATH=workflow_scripts $(BIN)/python benchmarks/golden_fid.py

lint: $(STAMP) ## formatting, style and the workflow's own linter
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/snakefmt --check Snakefile rules
	$(BIN)/snakemake --lint

clean: ## remove results and Snakemake's records (the virtual environment stays)
	[ ! -d results ] || find results -mindepth 1 -maxdepth 1 ! -name reference -exec rm -rf {} +
	rm -rf .snakemake

$(STAMP): requirements.txt
	@$(PYTHON) -c 'import sys; v = sys.version_info; \
	  sys.exit(None if (3, 11) <= v < (3, 14) else f"Python 3.11 to 3.13 is needed, found {v[0]}.{v[1]}; give another with make PYTHON=python3.12")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	@touch $@

$(PEERS): benchmarks/requirements.txt $(STAMP)
	@sed '/^#/d' $< | { failed=; while read -r peer; do \
	  $(BIN)/python -m pip install --quiet --disable-pip-version-check -c requirements.txt "$$peer" \
	    || failed=1; done; [ -n "$$failed" ] || touch $@; }
