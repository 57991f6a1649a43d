"""The doors: RunPod's queue and the command line. Both lead to the same use case, through the same guard."""
