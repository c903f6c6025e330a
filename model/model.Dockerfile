# syntax=docker/dockerfile:1
# Built from the project's root: docker build -t relay-model -f model/model.Dockerfile .
ARG PYTHON_VERSION=3.13
FROM python:${PYTHON_VERSION}-slim

# Dependencies first, in a layer of their own: code changes daily, the lock does not.
# The compiled bytecode is kept: importing is a large part of a short run.
# The packages' own tests go: a tenth of the whole, and nothing that runs imports them.
RUN --mount=type=cache,target=/root/.cache/pip \
    --mount=type=bind,source=model/requirements.txt,target=/tmp/requirements.txt \
    pip install --disable-pip-version-check --root-user-action ignore --require-hashes -r /tmp/requirements.txt && \
    find /usr/local/lib/python3*/site-packages -type d -name tests -prune -exec rm -rf {} +

# The client of a cluster, only where one is used: services/dask/.
ARG WITH_CLUSTER=
RUN --mount=type=cache,target=/root/.cache/pip \
    --mount=type=bind,source=services/dask/requirements.txt,target=/tmp/cluster.txt \
    test -z "${WITH_CLUSTER}" || \
    pip install --disable-pip-version-check --root-user-action ignore --require-hashes -r /tmp/cluster.txt

WORKDIR /app
COPY images/entrypoint.py images/warm_caches.py images/
COPY relay relay
COPY stylometry stylometry
COPY drift drift
COPY adopt adopt
COPY ingest ingest
COPY preprocess preprocess
COPY model model
COPY page page
COPY monitor monitor
COPY .streamlit .streamlit
RUN python -m compileall -q /app

# A user of any number may run this, so what wants a home or a cache gets /tmp. The caches that are worth having at
# once, compiled kernels and the index of fonts, are filled now; the entry point copies them to where they are looked for.
RUN NUMBA_CACHE_DIR=/opt/relay/cache/numba MPLCONFIGDIR=/opt/relay/cache/matplotlib python -m images.warm_caches
ENV PYTHONUNBUFFERED=1 RELAY_CONTAINER=1 HOME=/tmp USER=relay DATA_DIR=/app/data LOG_DIR=/app/logs \
    NUMBA_CACHE_DIR=/tmp/relay/cache/numba MPLCONFIGDIR=/tmp/relay/cache/matplotlib
# The volume of serving, which the monitor may be the first to use: a new one takes the rights of this folder.
RUN mkdir -m 777 /var/lib/relay
# Near the end, so that an edit builds little again.
COPY recipes recipes
# What trains when the command names no recipe.
ENV RECIPES=docstrings,linear

# The commit that it is built from, for the lineage of each version; `make` says it.
ARG GIT_COMMIT=
ENV GIT_COMMIT=${GIT_COMMIT}
LABEL org.opencontainers.image.title="relay-model" \
      org.opencontainers.image.description="Trains and evaluates models, and serves the page, which runs all stages." \
      org.opencontainers.image.revision="${GIT_COMMIT}" \
      org.opencontainers.image.licenses="MIT"

# Inside a container only the published port decides who can reach the page.
ENV PAGE_ADDRESS=0.0.0.0
EXPOSE 8501
# No USER: the entry point takes the rights of the data folder's owner and drops root before anything else.
ENTRYPOINT ["python", "/app/images/entrypoint.py", "python", "-m", "model"]
CMD ["page"]
