# syntax=docker/dockerfile:1
# Built from the project's root: docker build -t relay-runner -f services/runner/runner.Dockerfile .
ARG PYTHON_VERSION=3.13
FROM python:${PYTHON_VERSION}-slim

# The standard library is enough: what holds the Docker socket should hold as little code as can be.
WORKDIR /app
COPY services/runner services/runner
RUN python -m compileall -q /app

ENV PYTHONUNBUFFERED=1 HOME=/tmp USER=relay

LABEL org.opencontainers.image.title="relay-runner" \
      org.opencontainers.image.description="Runs the stages' containers on order, out of a fixed list." \
      org.opencontainers.image.licenses="MIT"

EXPOSE 8000
# No USER: the program drops root before it answers anybody, and keeps the group of the socket.
ENTRYPOINT ["python", "-m", "services.runner"]
