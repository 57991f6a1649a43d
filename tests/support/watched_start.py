"""The worker, with a note of what it does in which order: `python -m tests.support.watched_start REPORT ARGUMENTS`.

When the process ends, REPORT is a JSON object: `events` ("reading FOLDER" of weights that are read ahead, "process
ARGUMENTS", "import NAME" of packages that are not in another one; each once, in their order), `modules` (all names),
`twice` (Python files that are there under two names), `frozen` (objects that the garbage collector leaves alone).
"""

import atexit
import gc
import json
import runpy
import sys
import threading
from collections import Counter
from pathlib import Path
from typing import Any

events: dict[str, None] = {}


def watch(event: str, arguments: tuple[Any, ...]) -> None:
    if event == "import" and "." not in str(arguments[0]):
        events[f"import {arguments[0]}"] = None
    elif event == "open" and threading.current_thread().name == "read-ahead":
        events[f"reading {Path(str(arguments[0])).parent.name}"] = None
    elif event == "subprocess.Popen":
        events[f"process {' '.join(arguments[1][1:])}"] = None


def report(file: Path) -> None:
    modules = dict(sys.modules)
    files = Counter(getattr(module, "__file__", None) for module in {id(m): m for m in modules.values()}.values())
    twice = [str(name) for name, count in files.items() if str(name).endswith(".py") and count > 1]
    found = {"events": list(events), "modules": list(modules), "twice": twice, "frozen": gc.get_freeze_count()}
    file.write_text(json.dumps(found), encoding="utf-8")


def main() -> None:
    atexit.register(report, Path(sys.argv.pop(1)))
    sys.addaudithook(watch)
    runpy.run_module("entrypoints.runpod_worker", run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
