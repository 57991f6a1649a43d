"""RunPod's own client against the stand-in, as a program: the SDK reads its base URL when it is imported.

Takes a job's input as JSON and prints what the client saw.
"""

import json
import sys

import runpod

from tests.support.runpod_cloud import ENDPOINT


def main() -> None:
    endpoint = runpod.Endpoint(ENDPOINT, api_key="of-a-client")
    job = endpoint.run({"input": json.loads(sys.argv[1])})
    seen = {
        "id": job.job_id,
        "output": job.output(timeout=60),
        "status": job.status(),
        "failed": endpoint.run({"input": {"mode": "t2v"}, "policy": {"ttl": 60_000}}).output(timeout=60),
        "sync": endpoint.run_sync({"input": json.loads(sys.argv[1])}, timeout=60),
        "health": endpoint.health(),
    }
    print(json.dumps(seen))  # noqa: T201 - what the program is for


if __name__ == "__main__":
    main()
