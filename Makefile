# Every command of the project; `make` lists them.

RECIPE ?= docstrings
STAGES := ingest preprocess model
UV_VERSION := 0.13.8

BIN := .venv/bin
# The newest Python that fits, unless PYTHON names one.
PYTHON ?= $(shell for p in python3.14 python3.13 python3.12 python3.11 python3; do \
	$$p -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 15))' 2>/dev/null && echo $$p && break; done)

.DEFAULT_GOAL := help
.PHONY: help run ingest preprocess model api check-recipe notebook test test-crash test-docker check fix bench bench-quick \
	lock clean mlflow build docker-build up down down-volumes train serve dev monitoring status logs logs-mlflow logs-serve \
	logs-prometheus logs-grafana logs-node-exporter

help: ## List the commands
	@awk -F ':.*## ' '/^[a-z. -]+:.*## / {printf "  make %-24s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
	@echo
	@echo "  RECIPE=$(RECIPE)  the recipe to run: $(patsubst recipes/%.toml,%,$(sort $(wildcard recipes/*.toml)))"

run: check-recipe ## Run ingest, preprocess and model for RECIPE
	@for stage in $(STAGES); do $(BIN)/python -m $$stage $(RECIPE) || exit $$?; done

# All stages look at the recipe before the first one starts, so that a slip in [model] costs no download.
check-recipe: .venv/ready ## Check RECIPE for all stages without running one
	@for stage in $(STAGES); do LOG_LEVEL=WARNING $(BIN)/python -m $$stage --check $(RECIPE) || exit $$?; done

ingest preprocess model: .venv/ready ## Run one stage for RECIPE
	@$(BIN)/python -m $@ $(RECIPE)

notebook: .venv/ready ## Open the notebooks in JupyterLab
	@echo "Installing the pinned packages of notebooks/requirements.txt into .venv"
	@VIRTUAL_ENV=.venv $(BIN)/uv pip install --quiet --require-hashes -r notebooks/requirements.txt
	@$(BIN)/jupyter lab --notebook-dir notebooks

page: .venv/ready ## Serve the page on http://localhost:8501 (PAGE_PORT)
	@$(BIN)/python -m model page

api: .venv/ready ## Serve RECIPE's production model, or those of MODEL_URI, on http://localhost:8000 (API_PORT)
	@MODEL_URI=$${MODEL_URI:-models:/$(RECIPE)@production} $(BIN)/python -m serve

mlflow: .venv/ready ## Open MLflow's own page on the embedded registry: http://localhost:5000 (MLFLOW_PORT)
	@test -f data/mlflow/mlflow.db || { echo "No embedded registry yet: make run makes it"; exit 1; }
	@echo "MLflow at http://localhost:$${MLFLOW_PORT:-5000}; Ctrl-C ends it"
	@MLFLOW_DISABLE_TELEMETRY=true MLFLOW_SERVER_ENABLE_JOB_EXECUTION=false $(BIN)/mlflow server \
		--host 127.0.0.1 --port $${MLFLOW_PORT:-5000} --workers 1 --backend-store-uri sqlite:///data/mlflow/mlflow.db \
		--default-artifact-root data/mlflow/artifacts

test: .venv/ready-for-tests ## Run all tests without containers that this machine can run, and say what was skipped
	@$(BIN)/python -m pytest -q -n auto --dist loadfile -m "not docker" $(PYTEST_ARGS)

test-docker: .venv/ready-for-tests ## Build the images and test the containers
	@$(BIN)/python -m pytest -q -m docker $(PYTEST_ARGS)

test-crash: .venv/ready-for-tests ## Kill each stage 70 times, the service and its log 20 times each way, and look at what is left
	@RELAY_KILLS=70 RELAY_SERVICE_KILLS=20 $(BIN)/python -m pytest -q -m crash $(PYTEST_ARGS)

check: .venv/ready-for-tests ## Look for mistakes without changing anything: ruff, mypy, conventions
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check
	@$(BIN)/mypy
	@$(BIN)/python -m pytest -q tests/test_conventions.py

fix: .venv/ready-for-tests ## Format the code and mend what can be mended
	@$(BIN)/ruff check --fix
	@$(BIN)/ruff format

bench: .venv/ready-for-tests ## Measure speed and memory against baselines in the same run (about 10 minutes)
	@$(BIN)/python -m benchmarks

bench-quick: .venv/ready-for-tests ## The same on small data (about 1 minute)
	@$(BIN)/python -m benchmarks --quick

lock: .venv/ready ## Pin the newest versions that the requirements.in files allow
	@$(BIN)/uv pip compile $(UV_COMPILE) $(STAGES:%=%/requirements.in) serve/requirements.in --upgrade -o requirements.txt
	@for part in $(STAGES) serve tests notebooks services/mlflow; do \
		$(BIN)/uv pip compile $(UV_COMPILE) $$part/requirements.in -c requirements.txt -o $$part/requirements.txt; done

UV_COMPILE := -q --universal --python-version 3.11 --generate-hashes --no-header --no-emit-index-url

build docker-build: ## Build the images
	@docker compose --profile '*' build

up: .env ## Start the pipeline, the page (http://localhost:8501) and MLflow (http://localhost:5000) in containers
	@python3 images/check_ports.py
	@docker compose up --detach --build --wait
	@docker compose ps

# The service begins at once and is ready when it has fetched and checked the models.
serve: .env ## Train, and serve the models behind nginx: http://localhost:8080/docs, MLflow on http://localhost
	@python3 images/check_ports.py serve
	@API_URL=$${API_URL:-http://api:8000} docker compose --profile serve up --detach --build --wait
	@echo "Waiting until the API has fetched and checked its models"
	@docker compose --profile serve exec -T gateway curl -fsS -o /dev/null --retry 90 --retry-delay 1 --retry-max-time 90 \
		http://127.0.0.1:8080/health 2>/dev/null || { \
		docker compose --profile serve exec -T gateway curl -sS http://127.0.0.1:8080/health; echo; exit 1; }
	@docker compose --profile serve ps

dev: .env ## Start the pipeline and the monitoring: Grafana on http://localhost:3000, Prometheus on http://localhost:9090
	@python3 images/check_ports.py dev
	@docker compose --profile dev up --detach --build --wait
	@docker compose --profile dev ps

# What is watched may run or not; nothing else is started, stopped or built again.
monitoring: .env ## Start Prometheus, Grafana and node-exporter alone, beside what runs
	@python3 images/check_ports.py monitoring
	@docker compose --profile monitoring up --detach --wait prometheus grafana node-exporter
	@docker compose --profile monitoring ps prometheus grafana node-exporter

down: ## Stop and remove all containers; data, logs and volumes stay
	@docker compose --profile '*' down --remove-orphans

# A volume holds what exists nowhere else; data/ and logs/ are folders of the host, which this leaves alone.
down-volumes: ## Stop all containers and delete all runs, models and predictions in the volumes; YES=1 does not ask
	@test "$(YES)" = 1 || { \
		echo "This deletes all runs, model versions, aliases and artifacts that MLflow holds in its volumes, and all"; \
		echo "predictions in the log of the API."; \
		echo "services/mlflow/README.md says how to keep a copy. data/ and logs/ stay."; \
		printf 'Type yes to delete them: '; read -r answer; \
		test "$$answer" = yes || { echo "Nothing is deleted."; exit 1; }; }
	@docker compose --profile '*' down --remove-orphans --volumes

train: .env ## Train each recipe of RECIPES once, in a container
	@docker compose run --rm train

status: ## Show the containers and whether they are well
	@docker compose --profile '*' ps --all

logs: ## Follow the logs of all containers
	@docker compose --profile '*' logs --follow --tail 100

logs-serve: ## Follow the logs of the API and the gateway
	@docker compose --profile serve logs --follow --tail 100 api gateway

logs-prometheus logs-grafana logs-node-exporter: ## Follow the log of one service of the monitoring
	@docker compose --profile monitoring logs --follow --tail 100 $(@:logs-%=%)

logs-mlflow: ## Follow the log of MLflow
	@docker compose logs --follow --tail 100 mlflow

# A password is made when it is missing, whether .env is there or not; what is there is never overwritten.
.env: | secrets/grafana_password ## Make .env from .env.example, to be filled in, and the passwords in secrets/
	@cp .env.example .env && echo "Made .env from .env.example"

# The folder is closed to others on this machine; the file is open to the user of the container that it is mounted in.
secrets/%_password:
	@mkdir -p -m 700 secrets
	@python3 -c 'import secrets; print(secrets.token_urlsafe(24))' > $@.new && chmod 644 $@.new && mv $@.new $@
	@echo "Made $@"

clean: ## Remove the environment and the caches; data and logs stay
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

.venv/bin/uv:
	@test -n "$(PYTHON)" || { echo "No Python 3.11 to 3.14 found: install one, or name it: make PYTHON=/path/to/python3.13"; exit 1; }
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null || { \
		echo "$(PYTHON) cannot make environments: on Debian and Ubuntu, sudo apt install python3-venv"; exit 1; }
	@echo "Making .venv with $$($(PYTHON) --version)"
	@$(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)

.venv/ready: requirements.txt | .venv/bin/uv
	@echo "Installing the pinned packages of requirements.txt into .venv"
	@VIRTUAL_ENV=.venv $(BIN)/uv pip install --quiet --compile-bytecode --require-hashes -r requirements.txt
	@touch $@

.venv/ready-for-tests: tests/requirements.txt .venv/ready
	@echo "Installing the test tools of tests/requirements.txt into .venv"
	@VIRTUAL_ENV=.venv $(BIN)/uv pip install --quiet --compile-bytecode --require-hashes -r tests/requirements.txt
	@touch $@
