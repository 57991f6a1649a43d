"""A worker whose child is busy, for tests that end the worker: `python -m tests.support.sandbox_worker KIND`.

Prints the child's process number. "loop": a job's thread waits for an endless loop. "idle": nothing happens. "leave":
ends at once, by itself. "forked": there is a fork of it, whose number is printed too. "both": the fork has also asked.
"""

import os
import sys
import threading
import time

from adapters.sandbox.config import SandboxLimits
from adapters.sandbox.sandbox import Sandbox
from application.job_control import JobControl


def main(kind: str) -> None:
    sandbox = Sandbox(module="tests.support.hostile_child", limits=SandboxLimits(output_bytes=1000))
    start = threading.Thread(target=sandbox.check)
    start.start()
    start.join()  # the thread that started the child is gone, and the child must not be
    if kind == "loop":
        threading.Thread(target=run, args=(sandbox, "loop"), daemon=True).start()
        time.sleep(0.2)
    if kind in {"forked", "both"}:
        fork(sandbox, ask=kind == "both")
    tell(sandbox.pid)
    if kind != "leave":
        time.sleep(60)


def fork(sandbox: Sandbox, *, ask: bool) -> None:
    """Fork, and use the sandbox here, and there if `ask`. Raises RuntimeError where the child is the wrong one."""
    child, pid = sandbox.pid, os.fork()
    if pid == 0:
        if ask:
            run(sandbox, "use_a_thread")
            if sandbox.pid == child:
                raise RuntimeError
        tell(os.getpid())
        time.sleep(60)
    run(sandbox, "use_a_thread")
    if sandbox.pid != child:
        raise RuntimeError


def tell(pid: int | None) -> None:
    """One write, which another process' line cannot come into."""
    os.write(sys.stdout.fileno(), f"{pid}\n".encode())


def run(sandbox: Sandbox, task: str) -> None:
    sandbox.run(task, b"", {}, lambda fields, _: fields, path="image_url", control=JobControl())


if __name__ == "__main__":
    main(sys.argv[1])
