# For a fresh machine: `make demo`, `make story`, `make test` and `make docs` set themselves up in .venv.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: demo story test docs lint types clean

.venv/run.done: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; (3, 11) <= sys.version_info < (3, 14) or sys.exit("Python must be 3.11 to 3.13, got " + sys.version.split()[0] + ": make PYTHON=python3.11 ...")'
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable .
	touch $@

.venv/test.done: .venv/run.done
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable ".[learn,diffusion,quality,ray,dev,pyrender,mitsuba]"
	touch $@

.venv/docs.done: .venv/run.done
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable ".[docs]"
	touch $@

demo: .venv/run.done
	$(BIN)/python -m scripts.demo

story: .venv/test.done
	$(BIN)/python -m scripts.story

# One thread each: two workers with threads that wait for each other take twice as long.
test: export OMP_NUM_THREADS = 1
test: export OPENBLAS_NUM_THREADS = 1
test: .venv/test.done lint
	$(BIN)/python -m pytest -m "not slow and not gpu" -n 2 --dist loadfile

# The pages as a site, into site/; a link to nowhere stops it.
docs: .venv/docs.done
	$(BIN)/mkdocs build --strict

lint: .venv/test.done
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

# Not part of lint: the checker fetches its own runtime when it first runs, and takes two minutes.
types: .venv/test.done
	$(BIN)/pyright

clean:
	rm -rf .venv demo story site
