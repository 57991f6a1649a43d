# LTX-2 RunPod worker. Weights are not in the image: RunPod's cached models bring them.
# Pin the base by digest in your own registry before a release: docker buildx imagetools inspect python:3.11-slim-bookworm
FROM python:3.11-slim-bookworm

# CUDA comes with the torch wheel (CUDA 13.0: the host's driver must be 580 or newer).
ENV PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    PIP_NO_CACHE_DIR=1 \
    PATH=/opt/venv/bin:$PATH

RUN groupadd --gid 1000 worker \
    && useradd --uid 1000 --gid 1000 --create-home worker \
    && python -m venv /opt/venv

# COMPILE=true builds kernels in the worker, which takes a C compiler: docker build --build-arg WITH_COMPILER=true
ARG WITH_COMPILER=false
RUN if [ "$WITH_COMPILER" = true ]; then \
        apt-get update && apt-get install -y --no-install-recommends gcc libc6-dev && rm -rf /var/lib/apt/lists/*; \
    fi

WORKDIR /app

# Dependencies first: this layer only changes with the lock files. The same script as `make` runs.
# Bytecode is compiled here, for the worker may not write it, and without it the imports take three times as long. By
# default it holds for a source of one time stamp, which a builder that rewrites them (SOURCE_DATE_EPOCH with
# rewrite-timestamp) or a copy of the files changes: all of it would silently be useless. `unchecked-hash` holds for
# the source as it was compiled, `-f` replaces what pip has compiled the default way. The base image comes without any
# for the standard library, which the decoding process would compile at each of its starts, too.
COPY requirements/ requirements/
RUN requirements/install.sh /opt/venv/bin/python \
    && python -m compileall -q -f -j 0 --invalidation-mode unchecked-hash /usr/local/lib/python3.11 /opt/venv/lib

COPY domain/ domain/
COPY application/ application/
COPY adapters/ adapters/
COPY entrypoints/ entrypoints/
COPY container.py handler.py test_input.json pyproject.toml LICENSE ./
RUN python -m compileall -q -f --invalidation-mode unchecked-hash . \
    && mkdir -p /runpod-volume \
    && chown worker:worker /runpod-volume

# The defaults on RunPod. DEVICE: a host without a usable GPU must fail at start, not run on the CPU at GPU prices.
# HF_HOME lies on the volume that holds the cached model.
# One malloc arena, trimmed early: the worker's memory stays flat over jobs of mixed sizes.
ENV HF_HOME=/runpod-volume/huggingface-cache \
    HF_HUB_CACHE=/runpod-volume/huggingface-cache/hub \
    TRANSFORMERS_CACHE=/runpod-volume/huggingface-cache \
    STORAGE_BACKEND=supabase \
    MODEL_BACKEND=diffusers \
    MODEL_NAME=Lightricks/LTX-2 \
    DEVICE=cuda \
    DTYPE=bfloat16 \
    LOG_FORMAT=json \
    RUNPOD_LOG_LEVEL=INFO \
    MALLOC_ARENA_MAX=1 \
    MALLOC_TRIM_THRESHOLD_=100000 \
    PYTORCH_CUDA_ALLOC_CONF=expandable_segments:True

# A network volume is mounted with root's rights; the worker only reads the cached model from it. Where it must
# write there (MODEL_DOWNLOAD=true on a volume), give the folder to uid 1000 once, or run with HF_HUB_CACHE elsewhere.
USER worker

CMD ["python", "-u", "-m", "entrypoints.runpod_worker"]
