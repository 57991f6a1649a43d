"""Jobs with progress through RunPod's own SDK, as a program: the SDK reads the platform's URL when it is imported.

Takes job ids. Each job reports a hundred events at interval 0, ends while posts are on their way, and posts its result
as the SDK does. Prints, for each job, the seconds that closing its progress took. One called "job-…" goes on only when
its first post was answered, however busy the machine is: else it may end before one was sent. Others pause before their
end, so that the first post has been answered or hangs; "refused" also after it, so that a retry would show.
"""

import asyncio
import json
import sys
import threading
import time
from collections.abc import Mapping
from typing import Any, Final

from adapters.progress.posts import Line
from adapters.progress.runpod import RunPodProgress, sdk_line
from application.job_control import StageProgress
from entrypoints.reporting import reporting

_FIRST_ANSWER_SECONDS: Final = 5.0


def main() -> None:
    print(json.dumps({job_id: _run(job_id) for job_id in sys.argv[1:]}))  # noqa: T201 - what the program is for


def _run(job_id: str) -> float:
    line, answered = sdk_line(), threading.Event()

    async def send(session: Any, body: Mapping[str, object], job: Mapping[str, object]) -> None:
        await line.send(session, body, job)
        answered.set()

    progress = RunPodProgress(line=Line(session=line.session, send=send), interval=0.0)
    with reporting(progress(job_id), job_id=job_id, interval=0.0) as report:
        for step in range(100):
            report(StageProgress("generate", step, 100))
            if step == 1 and job_id.startswith("job-"):
                answered.wait(_FIRST_ANSWER_SECONDS)
            time.sleep(0.0002)
        time.sleep(0 if job_id.startswith("job-") else 0.3)
        begin = time.monotonic()
    seconds = time.monotonic() - begin
    asyncio.run(_finish(job_id))
    time.sleep(1.3 if job_id == "refused" else 0)
    return seconds


async def _finish(job_id: str) -> None:
    line = sdk_line()
    async with line.session() as session:
        await line.send(session, {"output": {"ok": True}}, {"id": job_id})


if __name__ == "__main__":
    main()
