#!/bin/sh
# Installs the locked dependencies: requirements/install.sh PYTHON [dev]
# The one way to do it, for `make` and for the image.
set -eu
python=$1
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
pip() { "$python" -m pip install --disable-pip-version-check --quiet "$@"; }

# The CUDA build from the package index, or a CPU build where pip is pointed at one; pinned, but without hashes.
pip --constraint "$here/constraints.txt" torch==2.13.0
pip --no-deps --require-hashes --requirement "$here/runtime.lock"
if [ "${2:-}" = dev ]; then
    pip --no-deps --require-hashes --requirement "$here/dev.lock"
fi
