"""Resolves pyproject.toml into the lock files: `make lock`.

constraints.txt   every version, without hashes: what torch and its CUDA libraries are installed under
runtime.lock      everything but torch and its CUDA libraries, with hashes
dev.lock          what the checks and tests need beyond that, with hashes
servers.lock      the object stores' servers that `make soak` starts, with hashes
fuzz.lock         what `make fuzz` needs beyond that, with hashes

torch stays out of the hashed files because two builds of one version must fit: the CUDA build from the package
index in the image, a CPU build on machines that offer one.
"""

import re
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
OF_TORCH = re.compile(r"(torch|triton|cuda-[a-z-]+|nvidia-[a-z0-9-]+)==")
RUNTIME_EXTRAS = ["--extra", "stores"]
EXTRAS = {
    "dev": "For checks and tests.",
    "servers": "The real servers of `make soak`.",
    "fuzz": "For `make fuzz`.",
}
COMPILE = [
    "-m",
    "uv",
    "pip",
    "compile",
    "pyproject.toml",
    "--universal",
    "--python-version",
    "3.11",
    "--no-header",
    "-q",
]


def resolve(*arguments: str) -> list[str]:
    """The resolution as blocks, one for each package, its hashes and comments with it."""
    command = [sys.executable, *COMPILE, "--no-annotate", *arguments]
    text = subprocess.run(command, cwd=HERE.parent, check=True, capture_output=True, text=True).stdout
    return [block for block in re.split(r"\n(?=\S)", text.strip()) if block]


def write(name: str, head: str, blocks: list[str]) -> None:
    """Write a lock file with a first line that says how it was made."""
    (HERE / name).write_text(f"# Made by `make lock`. {head}\n" + "\n".join(blocks) + "\n", encoding="utf-8")


def main() -> None:
    """Write all of them."""
    write("constraints.txt", "Every runtime version, torch's CUDA libraries included.", resolve(*RUNTIME_EXTRAS))
    hashed = resolve("--generate-hashes", *RUNTIME_EXTRAS)
    runtime = [block for block in hashed if not OF_TORCH.match(block)]
    write("runtime.lock", "Everything but torch and its CUDA libraries.", runtime)
    for extra, what_for in EXTRAS.items():
        constrained = resolve(
            "--generate-hashes", *RUNTIME_EXTRAS, "--extra", extra, "--constraint", "requirements/constraints.txt"
        )
        write(f"{extra}.lock", what_for, [block for block in constrained if block not in hashed])


if __name__ == "__main__":
    main()
