# syntax=docker/dockerfile:1
# Built from the project's root: docker build -t relay-worker -f services/dask/worker.Dockerfile .
ARG PYTHON_VERSION=3.13
FROM python:${PYTHON_VERSION}-slim

# Dependencies first, in a layer of their own: code changes daily, the lock does not.
# The compiled bytecode is kept: importing is a large part of a short run.
# The packages' own tests go: a tenth of the whole, and nothing that runs imports them.
# A worker has the packages of all stages, in the versions of the images that send it tasks.
RUN --mount=type=cache,target=/root/.cache/pip \
    --mount=type=bind,source=model/requirements.txt,target=/tmp/requirements.txt \
    pip install --disable-pip-version-check --root-user-action ignore --require-hashes -r /tmp/requirements.txt && \
    find /usr/local/lib/python3*/site-packages -type d -name tests -prune -exec rm -rf {} +
RUN --mount=type=cache,target=/root/.cache/pip \
    --mount=type=bind,source=services/dask/requirements.txt,target=/tmp/cluster.txt \
    pip install --disable-pip-version-check --root-user-action ignore --require-hashes -r /tmp/cluster.txt

WORKDIR /app
COPY images/entrypoint.py images/warm_caches.py images/
COPY relay relay
COPY stylometry stylometry
COPY drift drift
COPY ingest ingest
COPY preprocess preprocess
COPY model model
COPY monitor monitor
COPY services/dask services/dask
RUN python -m compileall -q /app

# A user of any number may run this, so what wants a home or a cache gets /tmp. The compiled kernels and the index of
# fonts are filled now; the entry point copies them to where they are looked for.
RUN NUMBA_CACHE_DIR=/opt/relay/cache/numba MPLCONFIGDIR=/opt/relay/cache/matplotlib python -m images.warm_caches
# PYTHONPATH: the command `dask` does not look for modules in its working directory.
ENV PYTHONUNBUFFERED=1 RELAY_CONTAINER=1 HOME=/tmp USER=relay DATA_DIR=/app/data LOG_DIR=/app/logs PYTHONPATH=/app \
    NUMBA_CACHE_DIR=/tmp/relay/cache/numba MPLCONFIGDIR=/tmp/relay/cache/matplotlib
ENV DASK_CONFIG=/app/services/dask/config.yaml
# Near the end, so that an edit builds little again.
COPY recipes recipes

LABEL org.opencontainers.image.title="relay-worker" \
      org.opencontainers.image.description="The scheduler and the workers of a Dask cluster, which run tasks of stages." \
      org.opencontainers.image.licenses="MIT"

EXPOSE 8786 8787
# No USER: the entry point takes the rights of the data folder's owner and drops root before anything else.
ENTRYPOINT ["python", "/app/images/entrypoint.py"]
CMD ["dask", "scheduler"]
