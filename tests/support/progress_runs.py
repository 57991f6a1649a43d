"""Jobs with progress through RunPod's own SDK, as a program: the SDK reads the platform's URL when it is imported.

Takes job ids. Each job reports a hundred events at interval 0, ends while posts are on their way, and posts its result
as the SDK does. Prints, for each job, the seconds that closing its progress took. Other jobs than "job-…" pause before
their end, so that the first post has been answered or hangs; "refused" also after it, so that a retry would show.
"""

import asyncio
import json
import sys
import time

from adapters.progress.runpod import RunPodProgress, sdk_line
from application.job_control import StageProgress
from entrypoints.reporting import reporting


def main() -> None:
    progress = RunPodProgress(line=sdk_line(), interval=0.0)
    print(json.dumps({job_id: _run(progress, job_id) for job_id in sys.argv[1:]}))  # noqa: T201 - what the program is for


def _run(progress: RunPodProgress, job_id: str) -> float:
    with reporting(progress(job_id), job_id=job_id, interval=0.0) as report:
        for step in range(100):
            report(StageProgress("generate", step, 100))
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
