# Every command of the project; `make` lists them.

RECIPE ?= docstrings
STAGES := ingest preprocess model
UV_VERSION := 0.13.8

BIN := .venv/bin
# The newest Python that fits, unless PYTHON names one.
PYTHON ?= $(shell for p in python3.14 python3.13 python3.12 python3.11 python3; do \
	$$p -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 15))' 2>/dev/null && echo $$p && break; done)

.DEFAULT_GOAL := help
.PHONY: help run adopt page api mlflow monitor monitor-demo notebook build docker-build up train serve update \
	schedule dev dev-postgres dev-full monitoring cluster cluster-certs down down-volumes doctor status logs logs-mlflow logs-serve psql backup restore test test-all \
	test-docker soak check fix bench lock clean

# A line `##@` begins a group; `help` and `.env` are not listed.
help: ## List the commands
	@awk -F ':.*## ' '/^##@ / {sub(/RECIPES/, "$(RECIPES_THERE)"); print substr($$0, 5)} \
		/^[a-z][a-z -]*:.*## / && $$1 != "help" {printf "  make %-26s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

RECIPES_THERE = $(notdir $(basename $(sort $(wildcard recipes/*.toml)) $(sort $(wildcard $(or $(DATA_DIR),data)/recipes/*.toml))))

##@ On this machine, for RECIPE=docstrings or another: RECIPES

# All stages look at the recipe before the first one starts, so that a slip in [model] costs no download. Warnings come
# once, when the stages run.
run: .venv/ready ## Check RECIPE, then run ingest, preprocess and model (one alone: python -m ingest RECIPE)
	@for stage in $(STAGES); do LOG_LEVEL=ERROR $(BIN)/python -m $$stage --check --quick $(RECIPE) || exit $$?; done
	@for stage in $(STAGES); do $(BIN)/python -m $$stage $(RECIPE) || exit $$?; done

# A path may hold blanks, so it is quoted; several notebooks are several words. Some systems have a variable NAME.
# Notebooks need packages that nothing else here does.
adopt: .venv/ready ## Draft a recipe from data: make adopt FROM=data/churn.csv (NAME=, TARGET=, ADOPT_ARGS=--ask)
	@test -n "$$FROM" || { echo "From what? make adopt FROM=data/churn.csv"; exit 2; }
	@$(if $(findstring .ipynb,$(FROM)),echo "Installing the pinned packages of notebooks/requirements.txt into .venv" && \
		VIRTUAL_ENV=.venv $(BIN)/uv pip install --quiet --require-hashes -r notebooks/requirements.txt)
	@$(BIN)/python -m adopt $(if $(findstring .ipynb,$(FROM)),$(FROM),"$$FROM") \
		$(if $(findstring command,$(origin NAME)),--name "$$NAME") \
		$(if $(findstring command,$(origin TARGET)),--target "$$TARGET") $(ADOPT_ARGS)

page: .venv/ready ## Serve the page on http://localhost:8501 (PAGE_PORT)
	@$(BIN)/python -m page

api: .venv/ready ## Serve RECIPE's production model, or those of MODEL_URI, on http://localhost:8000 (API_PORT)
	@MODEL_URI=$${MODEL_URI:-models:/$(RECIPE)@production} $(BIN)/python -m serve

# Exit code 3 of the program, which make shows as an error, is an alarm.
monitor: .venv/ready ## Look for drift in what RECIPE's model was asked since the last look: python -m monitor RECIPE
	@$(BIN)/python -m monitor $(RECIPE)

monitor-demo: .venv/ready ## Play broken data, a shift and a training on made-up borrowers, in two minutes
	@$(BIN)/python -m monitor demo

mlflow: .venv/ready ## Open MLflow's own page on the embedded registry: http://localhost:5000 (MLFLOW_PORT)
	@test -f data/mlflow/mlflow.db || { echo "No embedded registry yet: make run makes it"; exit 1; }
	@echo "MLflow at http://localhost:$${MLFLOW_PORT:-5000}; Ctrl-C ends it"
	@MLFLOW_DISABLE_TELEMETRY=true MLFLOW_SERVER_ENABLE_JOB_EXECUTION=false $(BIN)/mlflow server \
		--host 127.0.0.1 --port $${MLFLOW_PORT:-5000} --workers 1 --backend-store-uri sqlite:///data/mlflow/mlflow.db \
		--default-artifact-root data/mlflow/artifacts

notebook: .venv/ready ## Open the notebooks in JupyterLab
	@echo "Installing the pinned packages of notebooks/requirements.txt into .venv"
	@VIRTUAL_ENV=.venv $(BIN)/uv pip install --quiet --require-hashes -r notebooks/requirements.txt
	@$(BIN)/jupyter lab --notebook-dir notebooks

##@ In containers; settings are in .env, which `make .env` makes

# Where a version comes from is noted in the image that trains it.
build docker-build up serve update dev dev-postgres dev-full schedule cluster train: export GIT_COMMIT ?= $(or $(RELAY_REVISION),$(shell git rev-parse HEAD 2>/dev/null))

build docker-build: .RENAMED ## Build the images
	@docker compose --profile '*' build

# Compose accepts the old names of variables without a word.
.PHONY: .RENAMED
.RENAMED:
	@python3 -c 'from services.stack.old_variables import tell_old_variables; tell_old_variables()'

up: .env ## Start the pipeline, the page (http://localhost:8501) and MLflow (http://localhost:5000) in containers
	@python3 -m services.stack start

# One after the other: `docker compose run train` starts the stages before it, and takes them for ended where a container
# of an earlier run of theirs is left, as the schedule leaves it.
train: .env .RENAMED ## Run the pipeline once for RECIPES, or RECIPE, in containers: ingest, preprocess, train
	@docker compose up --detach --wait mlflow
	@for stage in ingest preprocess train; do docker compose run --rm --no-deps $$stage || exit $$?; done

# What one of the next targets switches on is written to .env: it stays on until `make down`, PostgreSQL until
# `make down-volumes`.
serve: .env ## Train, and serve the models behind nginx: http://localhost:8080/docs, MLflow on http://localhost
	@python3 -m services.stack start serve

# Compose would stop all replicas at once. Also for a changed setting; with images that are pulled, the second line alone.
update: .env .RENAMED ## Replace the API's replicas one after the other by a new build and changed settings; no request fails
	@docker compose build --quiet api
	@python3 -m services.update

schedule: .env ## Run the pipeline every SCHEDULE_EVERY (10m) with Airflow: http://localhost:8081 (AIRFLOW_PORT)
	@python3 -m services.stack start schedule

dev: .env ## Start the pipeline and the monitoring: Grafana on http://localhost:3000, Prometheus on http://localhost:9090
	@python3 -m services.stack start dev

dev-postgres: .env ## The same with PostgreSQL (localhost:5432) behind MLflow and the stages' tables
	@python3 -m services.stack start dev postgres

dev-full: .env ## Start everything, PostgreSQL too
	@python3 -m services.stack start full postgres

monitoring: .env ## Start Prometheus, Grafana and node-exporter alone, beside what runs
	@python3 -m services.stack start monitoring

cluster: CLUSTER_COMMAND = start cluster $(if $(WORKERS),--workers "$(WORKERS)")
cluster-certs: CLUSTER_COMMAND = certificates
cluster cluster-certs: .env ## Run the stages' tasks on WORKERS=2 more containers, dashboard on http://localhost:8787; make its certificates
	@python3 -m services.stack $(CLUSTER_COMMAND)

down: ## Stop and remove all containers, and switch off what make switched on; data, logs and volumes stay
	@python3 -m services.stack stop

# A volume holds what exists nowhere else; data/ and logs/ are folders of the host, which this leaves alone.
down-volumes: ## Stop all containers and delete all that is in the volumes: runs, models, predictions; YES=1 does not ask
	@test "$(YES)" = 1 || { \
		echo "This deletes all runs, model versions, aliases and artifacts of MLflow, all predictions in the log of the API,"; \
		echo "all databases of PostgreSQL, the figures of Prometheus and what was set in Grafana and Airflow. The volumes:"; \
		echo "  "$$(docker compose --profile '*' config --volumes); \
		echo "make backup keeps a copy. data/ and logs/ stay."; \
		printf 'Type yes to delete them: '; read -r answer; \
		test "$$answer" = yes || { echo "Nothing is deleted."; exit 1; }; }
	@python3 -m services.stack stop --volumes

##@ Look into the containers, and keep what they hold

status: ## Show the containers and whether they are well, and whether they get the key for own code
	@python3 -m services.stack status

doctor: ## Say what does not fit: machine, .env, secrets, images, containers, each with the command that mends it
	@python3 -m services.stack doctor

logs-mlflow: SERVICE = mlflow
logs-serve: SERVICE = api gateway
logs logs-mlflow logs-serve: ## Follow the logs of all containers; of MLflow; of API and gateway; of one: make logs SERVICE=grafana
	@docker compose --profile '*' logs --follow --tail 100 $(SERVICE)

psql: ## Open psql in the database relay as the superuser, or in another: make psql DATABASE=mlflow
	@docker compose --profile postgres exec postgres psql -U postgres $(or $(DATABASE),relay)

backup: ## Keep a copy of all volumes and databases in backups/; what writes stands still for that moment
	@python3 -m services.backup backup

restore: ## Put a copy back in place of what is there: make restore FROM=backups/2026-11-20T10-00-00Z (YES=1, TRUSTED=1)
	@test -n "$(FROM)" || { echo "Which one? make restore FROM=… of:"; ls -d backups/*Z 2>/dev/null; exit 2; }
	@python3 -m services.backup restore "$(FROM)" $(if $(filter 1,$(YES)),--yes) $(if $(filter 1,$(TRUSTED)),--trusted)

##@ Change the code

# Each file goes to one process as a whole: pytest-xdist's loadgroup does nothing with pytest 9.2.
PYTEST := $(BIN)/python -m pytest -q -n auto --dist loadfile --no-loadscope-reorder

test: .venv/ready-for-tests ## Run the fast tests: at most 5 minutes on two cores
	@$(PYTEST) -m "not docker and not slow" $(PYTEST_ARGS)

test-all: .venv/ready-for-tests ## Run all tests without containers that this machine can run, and say what was skipped
	@$(PYTEST) -m "not docker" --hypothesis-profile all $(PYTEST_ARGS)

test-docker: .venv/ready-for-tests ## Build the images and test the containers; PROFILES=all: start each profile, each pair and all
	@$(if $(PROFILES),RELAY_PROFILES=$(PROFILES)) $(BIN)/python -m pytest -q -m docker \
		$(if $(PROFILES),-s tests/containers/test_profiles.py) $(PYTEST_ARGS)

# Each number has a variable (tests/counts.py): RELAY_KILLS=5000 make soak PYTEST_ARGS='-k killed'
soak: .venv/ready-for-tests ## Kill 1,000 times, swap 100 versions, fill the disk at 20 sizes; print what was counted (1 to 2 hours)
	@$(BIN)/python tests/soak.py $(PYTEST_ARGS)

check: .venv/ready-for-tests ## Look for mistakes without changing anything: ruff, mypy, conventions, imports, words
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check
	@$(BIN)/mypy
	@$(BIN)/python -m pytest -q tests/test_conventions.py tests/test_layout.py tests/test_words_to_avoid.py

fix: .venv/ready-for-tests ## Format the code, mend what can be mended, and write docs/recipe.md from the types
	@$(BIN)/ruff check --fix
	@$(BIN)/ruff format
	@$(BIN)/python tests/recipe_reference.py --write

bench: .venv/ready-for-tests ## Measure speed and memory against baselines (about 10 minutes); QUICK=1: on small data (1 minute)
	@$(BIN)/python -m benchmarks $(if $(filter 1,$(QUICK)),--quick)

lock: .venv/ready ## Pin what is new in the requirements.in files (UPGRADE=1: the newest versions of all)
	@$(BIN)/uv pip compile $(UV_COMPILE) $(STAGES:%=%/requirements.in) serve/requirements.in $(UV_UPGRADE) -o requirements.txt
	@for part in $(STAGES) serve tests notebooks; do \
		$(BIN)/uv pip compile $(UV_COMPILE) $$part/requirements.in -c requirements.txt -o $$part/requirements.txt; done
	@for server in mlflow airflow; do $(BIN)/uv pip compile $(UV_COMPILE) services/$$server/requirements.in $(UV_UPGRADE) \
		-o services/$$server/requirements.txt; done
	@$(BIN)/uv pip compile $(UV_COMPILE) services/dask/requirements.in -c requirements.txt $(UV_UPGRADE) \
		-o services/dask/requirements.txt

UV_UPGRADE := $(if $(UPGRADE),--upgrade)
UV_COMPILE := -q --universal --python-version 3.11 --generate-hashes --no-header --no-emit-index-url

clean: ## Remove the environment and the caches; data and logs stay
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

PASSWORDS := grafana postgres mlflow_database relay_database api_database monitor_database airflow_database airflow runner

# What is missing in secrets/ is made, whether .env is there or not; what is there is never overwritten.
.env: | $(PASSWORDS:%=secrets/%_password) secrets/code_key ## Make .env from .env.example, and passwords and key in secrets/
	@sed -e 's|^CODE_KEY_FILE=$$|CODE_KEY_FILE=secrets/code_key|' \
		-e 's|^AIRFLOW_PASSWORD_FILE=$$|AIRFLOW_PASSWORD_FILE=secrets/airflow_password|' .env.example > .env.new && mv .env.new .env
	@echo "Made .env from .env.example"

# The folder is closed to others on this machine; the file is open to the user of the container that it is mounted in.
secrets/%_password:
	@mkdir -p -m 700 secrets
	@python3 -c 'import secrets; print(secrets.token_urlsafe(24))' > $@.new && chmod 644 $@.new && mv $@.new $@
	@echo "Made $@"

# Never over one that a training makes at the same moment, as relay/registry/code_key.py does.
secrets/code_key:
	@mkdir -p -m 700 secrets
	@python3 -c 'import secrets; print(secrets.token_urlsafe(48))' > $@.$$$$.new && chmod 644 $@.$$$$.new && \
		{ ln $@.$$$$.new $@ && echo "Made $@, which signs own code"; rm -f $@.$$$$.new; }

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
