# Two commands on a fresh machine (Python >= 3.11, git, make, a C++ compiler): make demo, make test.

PYTHON ?= python3
VENV ?= .venv
JOBS ?= 2

PY := $(VENV)/bin/python
PIP := $(PY) -m pip --disable-pip-version-check install --quiet

.PHONY: demo test fuzz lint clean help

help:
	@echo "make demo    compile examples/digits for an iCEBreaker, into demo/"
	@echo "make test    run the tests (JOBS=$(JOBS) at a time)"
	@echo "make fuzz    the tests of properties with 1,000 new examples each (hours)"
	@echo "make lint    ruff and pyright"
	@echo "make clean   remove what these commands made, the virtual environment included"

demo: $(VENV)/demo.stamp
	$(VENV)/bin/nnfpga compile examples/digits/model.onnx --data examples/digits/data.npz --board icebreaker -o demo

test: $(VENV)/test.stamp
	$(PY) -m pytest -n $(JOBS)

fuzz: $(VENV)/test.stamp
	$(PY) -m pytest -n $(JOBS) -m hypothesis --hypothesis-profile=fuzz

lint: $(VENV)/test.stamp
	$(PY) -m ruff check .
	$(PY) -m pyright

# A stamp says which extras the environment holds; it is made again when pyproject.toml changes.
$(VENV)/demo.stamp: pyproject.toml | $(PY)
	$(PIP) -e '.[ice40,sim]'
	touch $@

$(VENV)/test.stamp: pyproject.toml | $(PY)
	$(PIP) -e '.[all,test]'
	touch $@

$(PY):
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "nnfpga needs Python 3.11 or newer: make PYTHON=python3.12 ..."; exit 1; }
	$(PYTHON) -m venv $(VENV)

clean:
	rm -rf $(VENV) build dist demo .pytest_cache .hypothesis .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
