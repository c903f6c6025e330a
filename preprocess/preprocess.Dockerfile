# syntax=docker/dockerfile:1
# Built from the project's root: docker build -t relay-preprocess -f preprocess/preprocess.Dockerfile .
ARG PYTHON_VERSION=3.13
FROM python:${PYTHON_VERSION}-slim

# Dependencies first, in a layer of their own: code changes daily, the lock does not.
# The compiled bytecode is kept: importing is a large part of a short run.
RUN --mount=type=cache,target=/root/.cache/pip \
    --mount=type=bind,source=preprocess/requirements.txt,target=/tmp/requirements.txt \
    pip install --disable-pip-version-check --root-user-action ignore --require-hashes -r /tmp/requirements.txt

# The client of a cluster, only where one is used: services/dask/.
ARG WITH_CLUSTER=
RUN --mount=type=cache,target=/root/.cache/pip \
    --mount=type=bind,source=services/dask/requirements.txt,target=/tmp/cluster.txt \
    test -z "${WITH_CLUSTER}" || \
    pip install --disable-pip-version-check --root-user-action ignore --require-hashes -r /tmp/cluster.txt

WORKDIR /app
COPY images/entrypoint.py images/entrypoint.py
COPY recipes recipes
COPY relay/__init__.py relay/__init__.py
COPY relay/handoff relay/handoff
COPY relay/reading relay/reading
COPY relay/compute relay/compute
COPY relay/tables relay/tables
COPY preprocess preprocess
RUN python -m compileall -q /app

# A user of any number may run this, so what wants a home or a cache gets /tmp.
ENV PYTHONUNBUFFERED=1 RELAY_CONTAINER=1 HOME=/tmp USER=relay DATA_DIR=/app/data LOG_DIR=/app/logs
# What runs when the command names no recipe.
ENV RECIPES=docstrings,linear

LABEL org.opencontainers.image.title="relay-preprocess" \
      org.opencontainers.image.description="Checks the rules, cleans, marks train and test." \
      org.opencontainers.image.licenses="MIT"

# No USER: the entry point takes the rights of the data folder's owner and drops root before anything else.
ENTRYPOINT ["python", "/app/images/entrypoint.py", "python", "-m", "preprocess"]
