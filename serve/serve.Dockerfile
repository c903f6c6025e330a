# syntax=docker/dockerfile:1
# Built from the project's root: docker build -t relay-serve -f serve/serve.Dockerfile .
ARG PYTHON_VERSION=3.13
FROM python:${PYTHON_VERSION}-slim

# Dependencies first, in a layer of their own: code changes daily, the lock does not.
# The compiled bytecode is kept: importing is a large part of a start.
# The packages' own tests go: a tenth of the whole, and nothing that runs imports them.
RUN --mount=type=cache,target=/root/.cache/pip \
    --mount=type=bind,source=serve/requirements.txt,target=/tmp/requirements.txt \
    pip install --disable-pip-version-check --root-user-action ignore --require-hashes -r /tmp/requirements.txt && \
    find /usr/local/lib/python3*/site-packages -type d -name tests -prune -exec rm -rf {} +

WORKDIR /app
COPY images/entrypoint.py images/warm_caches.py images/
COPY relay/__init__.py relay/__init__.py
COPY relay/handoff relay/handoff
COPY relay/reading relay/reading
COPY relay/registry relay/registry
COPY relay/monitoring relay/monitoring
COPY stylometry stylometry
COPY serve serve
RUN python -m compileall -q /app

# A user of any number may run this, so what wants a home or a cache gets /tmp. The cache of compiled kernels, which a
# model of styles needs before it is ready, is filled now; the entry point copies it to where it is looked for.
RUN NUMBA_CACHE_DIR=/opt/relay/cache/numba MPLCONFIGDIR=/opt/relay/cache/matplotlib python -m images.warm_caches
ENV PYTHONUNBUFFERED=1 RELAY_CONTAINER=1 HOME=/tmp USER=relay DATA_DIR=/app/data LOG_DIR=/app/logs \
    MLFLOW_DISABLE_TELEMETRY=true NUMBA_CACHE_DIR=/tmp/relay/cache/numba MPLCONFIGDIR=/tmp/relay/cache/matplotlib
# A new named volume takes the rights of the folder that it covers: SERVE_DIR may name this one. It is empty: several
# containers that begin at once would get in each other's way filling a volume from the image.
RUN mkdir -m 777 /var/lib/relay

# Near the end, so that an edit builds little again. A version whose own code equals these files needs no signature.
COPY recipes recipes

LABEL org.opencontainers.image.title="relay-serve" \
      org.opencontainers.image.description="Answers with the production model, and logs each answer first." \
      org.opencontainers.image.licenses="MIT"

# Inside a container only the published port decides who can reach the service.
ENV API_ADDRESS=0.0.0.0
EXPOSE 8000
# No USER: the entry point takes the rights of the data folder's owner and drops root before anything else.
ENTRYPOINT ["python", "/app/images/entrypoint.py", "python", "-m", "serve"]
