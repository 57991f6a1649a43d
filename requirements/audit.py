"""Looks the locked versions up in an advisory database: `make audit`. Exits with 1 if one is known to be vulnerable.

This is the one command that needs a server beyond the package index. Where that does not answer, it says so and
exits with 2, for "not checked" is not "nothing found".
"""

import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
NOT_CHECKED = 2
SIGNS_OF_NO_ANSWER = ("ServiceError", "ConnectionError", "could not be audited")
"""pip-audit ends with 0 when the advisory source knows none of the packages, which is what a mere mirror answers."""


def main() -> int:
    """Audit every pinned version; return the exit status."""
    command = [sys.executable, "-m", "pip_audit", "--disable-pip", "--no-deps", "--progress-spinner", "off"]
    command += ["--requirement", str(HERE / "constraints.txt")]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    if any(sign in done.stdout + done.stderr for sign in SIGNS_OF_NO_ANSWER):
        sys.stderr.write("The advisory source did not answer for every package: the dependencies were NOT checked.\n")
        return NOT_CHECKED
    sys.stdout.write(done.stdout)
    sys.stderr.write(done.stderr)
    return done.returncode


if __name__ == "__main__":
    sys.exit(main())
