"""Watchers of jobs: RunPod's queue, which shows a job's progress in its status."""
