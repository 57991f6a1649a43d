"""Tiny random-weight LTX-2 checkpoints: real classes, real geometry, nine to thirteen megabytes, no download."""
