"""The worker under the name that tools look for. Everything is in entrypoints/runpod_worker.py.

RunPod's GitHub scanner wants to read `runpod.serverless.start(` here; main() calls it.
"""

from entrypoints.runpod_worker import main

if __name__ == "__main__":
    main()
