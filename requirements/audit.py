"""Looks the locked versions up in an advisory database: `make audit`. Exits with 1 if one is known to be vulnerable.

This is the one command that needs a server beyond the package index; where it is out of reach, it says so and
exits with 2, for "not checked" is not "nothing found".
"""

import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
UNREACHABLE = 2


def main() -> int:
    """Audit runtime.lock; return the exit status."""
    command = [
        sys.executable,
        "-m",
        "pip_audit",
        "--disable-pip",
        "--no-deps",
        "--requirement",
        str(HERE / "constraints.txt"),
    ]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    sys.stdout.write(done.stdout)
    if "ServiceError" in done.stderr or "ConnectionError" in done.stderr:
        sys.stderr.write("The advisory source cannot be reached: the dependencies were NOT checked.\n")
        return UNREACHABLE
    sys.stderr.write(done.stderr)
    return done.returncode


if __name__ == "__main__":
    sys.exit(main())
