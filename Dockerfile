# syntax=docker/dockerfile:1
#
#   docker build -t palate .
#   docker run --rm -p 7860:7860 -v palate-data:/data -v palate-models:/models palate
#
# One file for CPUs and GPUs. The default takes torch from pip's own index: its builds carry CUDA, and run on
# a CPU where there is no GPU. A CPU-only torch makes the image several times smaller; name the index of
# PyTorch's CPU wheels (pytorch.org, "Get started", says which), and torch and torchvision both come from there:
#
#   docker build --build-arg TORCH_INDEX_URL=<index of the CPU wheels> -t palate .
#
# With the default build and an NVIDIA GPU: docker run --gpus all ...
# PALATE_COMPILE=inductor needs a C compiler in the image: --build-arg WITH_COMPILER=1
#
# Web processes and Ray nodes of many machines run one larger image, with Ray and the client of object stores:
#
#   docker build --build-arg REQUIREMENTS=requirements-scale.txt -t palate-scale .
ARG PYTHON_VERSION=3.12

FROM python:${PYTHON_VERSION}-slim-bookworm AS build
ARG TORCH_INDEX_URL=""
ARG REQUIREMENTS=requirements.txt
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PYTHONDONTWRITEBYTECODE=1
RUN python -m venv /opt/venv
ENV PATH=/opt/venv/bin:$PATH
WORKDIR /src
COPY requirements.txt requirements-scale.txt ./
# torch and torchvision are one pair from one index, in a layer of their own; their versions stand in
# requirements.txt. Then everything else, and a driver for a PostgreSQL URL.
RUN --mount=type=cache,target=/root/.cache/pip \
    grep -E '^torch(vision)?==' requirements.txt > torch.txt \
 && pip install ${TORCH_INDEX_URL:+--index-url "$TORCH_INDEX_URL"} -r torch.txt
RUN --mount=type=cache,target=/root/.cache/pip \
    pip install -r "$REQUIREMENTS" "psycopg[binary]==3.3.9"

FROM python:${PYTHON_VERSION}-slim-bookworm AS runtime
ARG WITH_COMPILER=0
# hadolint ignore=DL3008
RUN if [ "$WITH_COMPILER" = "1" ]; then \
      apt-get update && apt-get install -y --no-install-recommends gcc g++ libc6-dev \
      && rm -rf /var/lib/apt/lists/*; \
    fi \
 && useradd --uid 1000 --create-home --shell /usr/sbin/nologin palate \
 && install -d -o palate -g palate -m 700 /data /models
COPY --from=build /opt/venv /opt/venv
WORKDIR /app
COPY LICENSE app.py ./
COPY assets ./assets
COPY models ./models
COPY personalize ./personalize
# The models in models/mini ship with the repository, so nothing is downloaded at the start. Others are fetched
# into the volume /models (see compose.yaml), and used from there without a network.
ENV PATH=/opt/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 \
    PALATE_HOST=0.0.0.0 PALATE_PORT=7860 PALATE_DATA=/data \
    GRADIO_ANALYTICS_ENABLED=False \
    HF_HOME=/models/hf HF_HUB_OFFLINE=1 HF_HUB_DISABLE_TELEMETRY=1 DO_NOT_TRACK=1 \
    NVIDIA_VISIBLE_DEVICES=all NVIDIA_DRIVER_CAPABILITIES=compute,utility
USER 1000:1000
VOLUME ["/data", "/models"]
EXPOSE 7860
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=15s --timeout=5s --start-period=180s --retries=3 \
  CMD ["python", "-c", "import os, urllib.request as u; u.urlopen('http://127.0.0.1:%s/healthz' % os.environ['PALATE_PORT'], timeout=4)"]
CMD ["python", "app.py"]
