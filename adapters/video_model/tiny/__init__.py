"""Tiny random-weight LTX-2 checkpoints: the real classes and the real geometry, nine megabytes, no download."""
