"""docs/configuration.md, made from the table of variables.

Run `python -m adapters.settings.table > docs/configuration.md`.
"""

import sys
from typing import Final

from adapters.settings.variables import TABLE

_HEAD: Final = """\
# Configuration

<!-- Made by `python -m adapters.settings.table`; a test says when it is out of date. -->

The worker is configured by environment variables alone. It reads them once, at the start. Values are stripped; an
empty one counts as not set. A wrong one stops the start with a single message that names every wrong variable, what
it holds and what is accepted; secrets are masked there and in the log. Of the stores' variables only those of
`STORAGE_BACKEND` count.

| variable | default | accepted | what it means |
|---|---|---|---|
"""


def document() -> str:
    """The whole file."""
    rows = (f"| `{name}` | {row.default} | {row.accepted} | {row.meaning} |\n" for name, row in TABLE.items())
    return _HEAD + "".join(rows)


if __name__ == "__main__":
    sys.stdout.write(document())
