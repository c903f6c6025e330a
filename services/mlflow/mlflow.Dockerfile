# syntax=docker/dockerfile:1
# Built from the project's root: docker build -t relay-mlflow -f services/mlflow/mlflow.Dockerfile .
ARG PYTHON_VERSION=3.13
FROM python:${PYTHON_VERSION}-slim

# Dependencies first, in a layer of their own: code changes daily, the lock does not.
# The compiled bytecode is kept: without it importing MLflow takes three times as long.
# The packages' own tests go: a tenth of the whole, and nothing that runs imports them.
RUN --mount=type=cache,target=/root/.cache/pip \
    --mount=type=bind,source=services/mlflow/requirements.txt,target=/tmp/requirements.txt \
    pip install --disable-pip-version-check --root-user-action ignore --require-hashes -r /tmp/requirements.txt && \
    find /usr/local/lib/python3*/site-packages -type d -name tests -prune -exec rm -rf {} +

WORKDIR /app
COPY images/entrypoint.py images/
COPY services/mlflow/start_server.py services/mlflow/check_health.py services/mlflow/
RUN python -m compileall -q /app

# A new named volume takes the owner of the folder that it covers: the server's own user, of images/entrypoint.py.
RUN mkdir -p /var/lib/mlflow/database /var/lib/mlflow/artifacts && chown -R 10001:10001 /var/lib/mlflow
VOLUME /var/lib/mlflow/database /var/lib/mlflow/artifacts

# The entry point gives what root left in this folder, such as a restored copy, to the server's user.
ENV PYTHONUNBUFFERED=1 HOME=/tmp USER=relay DATA_DIR=/var/lib/mlflow LOG_DIR=/var/lib/mlflow

# Variables rather than options: an address with a password stays out of the list of processes, and docker-compose.yml
# changes one without repeating the others.
#
# Inside a container only the published port decides who can reach the server.
ENV MLFLOW_HOST=0.0.0.0 MLFLOW_PORT=5000
# One process: each takes 260 MB, and SQLite lets one write at a time anyway.
ENV MLFLOW_WORKERS=1
# Background jobs judge the answers of language models, which nothing here does; they need more processes.
ENV MLFLOW_SERVER_ENABLE_JOB_EXECUTION=false
# Nothing is reported to anyone.
ENV MLFLOW_DISABLE_TELEMETRY=true
# Files pass through the server: a client needs its address only, no volume that it shares with the server.
ENV MLFLOW_ARTIFACTS_DESTINATION=/var/lib/mlflow/artifacts
# A request that hangs must not hold up `docker compose down` until the container is killed.
ENV MLFLOW_UVICORN_OPTS="--timeout-graceful-shutdown 5"

LABEL org.opencontainers.image.title="relay-mlflow" \
      org.opencontainers.image.description="The experiment tracker and model registry." \
      org.opencontainers.image.licenses="MIT"

EXPOSE 5000
# Python as process 1 hears this one from its first moment, and SIGTERM only once the server has started.
STOPSIGNAL SIGINT
# No USER: the entry point drops root before anything else. It starts any command, so that a copy of the volumes is
# made and put back by the user who owns them.
ENTRYPOINT ["python", "/app/images/entrypoint.py"]
CMD ["python", "/app/services/mlflow/start_server.py"]
