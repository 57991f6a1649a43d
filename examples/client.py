"""Send a job to the endpoint, wait for it, print where the clip is.

RUNPOD_API_KEY and RUNPOD_ENDPOINT_ID come from the environment; `pip install runpod`.
"""

import os

import runpod

job = {
    "input": {
        "mode": "t2v",
        "prompt": "A cinematic shot of a futuristic city at sunset, distant traffic and wind",
        "negative_prompt": "blurry, low quality",
        "seed": 42,
        "num_frames": 49,
        "height": 512,
        "width": 512,
    }
}

runpod.api_key = os.environ["RUNPOD_API_KEY"]
run = runpod.Endpoint(os.environ["RUNPOD_ENDPOINT_ID"]).run(job)
reply = run.output(timeout=600)
if run.status() == "COMPLETED":
    print(reply["storage"]["signed_url"] or reply["storage"]["public_url"])
else:  # the error's code and details are in the reply, its text is in the job's status
    print(run.status(), reply)
