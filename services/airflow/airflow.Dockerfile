# syntax=docker/dockerfile:1
# Built from the project's root: docker build -t relay-airflow -f services/airflow/airflow.Dockerfile .
ARG PYTHON_VERSION=3.13
FROM python:${PYTHON_VERSION}-slim

# Dependencies first, in a layer of their own: code changes daily, the lock does not.
RUN --mount=type=cache,target=/root/.cache/pip \
    --mount=type=bind,source=services/airflow/requirements.txt,target=/tmp/requirements.txt \
    pip install --disable-pip-version-check --root-user-action ignore --require-hashes -r /tmp/requirements.txt && \
    find /usr/local/lib/python3*/site-packages -type d -name tests -prune -exec rm -rf {} +

WORKDIR /app
COPY images/entrypoint.py images/
# What they say of themselves: title, seed and the model's name. Nothing of a stage is in this image.
COPY recipes recipes
COPY services/airflow services/airflow
RUN python -m compileall -q /app

# A new named volume takes the owner of the folder that it covers. Airflow asks the system for the name of its user.
RUN mkdir -p /var/lib/airflow && chown 10001:10001 /var/lib/airflow && \
    echo "relay:x:10001:10001::/tmp:/usr/sbin/nologin" >> /etc/passwd
VOLUME /var/lib/airflow

# The entry point gives what root left in this folder, such as a restored copy, to the server's user.
ENV PYTHONUNBUFFERED=1 HOME=/tmp USER=relay DATA_DIR=/var/lib/airflow LOG_DIR=/var/lib/airflow PYTHONPATH=/app \
    AIRFLOW_HOME=/var/lib/airflow

ENV AIRFLOW__CORE__DAGS_FOLDER=/app/services/airflow/dags AIRFLOW__CORE__LOAD_EXAMPLES=false
# Tasks are processes of the scheduler, 140 MB each, that wait for a container: so many at once.
ENV AIRFLOW__CORE__EXECUTOR=LocalExecutor AIRFLOW__CORE__PARALLELISM=2
# Whoever starts the schedule wants it to run.
ENV AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION=false
# The first task asks while the web server still starts, which takes longer than the usual 5 s.
ENV AIRFLOW__CORE__EXECUTION_API_SERVER_URL=http://127.0.0.1:8080/execution/ AIRFLOW__WORKERS__EXECUTION_API_TIMEOUT=30
# The files of DAGs come with the image, and change with it alone.
ENV AIRFLOW__DAG_PROCESSOR__PARSING_PROCESSES=1 AIRFLOW__DAG_PROCESSOR__MIN_FILE_PROCESS_INTERVAL=60 \
    AIRFLOW__DAG_PROCESSOR__PRINT_STATS_INTERVAL=0
# A task that was killed with the service is seen and tried again soon.
ENV AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT=60 AIRFLOW__SCHEDULER__ORPHANED_TASKS_CHECK_INTERVAL=30
# Nothing is reported to anyone.
ENV AIRFLOW__USAGE_DATA_COLLECTION__ENABLED=false
# A line for each request of a page that is looked at would hide what happens.
ENV AIRFLOW__LOGGING__COLORED_CONSOLE_LOG=false AIRFLOW__LOGGING__NAMESPACE_LEVELS=http.access=WARNING
ENV AIRFLOW__API__INSTANCE_NAME=Relay

LABEL org.opencontainers.image.title="relay-airflow" \
      org.opencontainers.image.description="Runs the pipeline on a schedule." \
      org.opencontainers.image.licenses="MIT"

EXPOSE 8080
# No USER: the entry point drops root before anything else.
ENTRYPOINT ["python", "/app/images/entrypoint.py"]
CMD ["python", "-m", "services.airflow.start_airflow"]
