"""Encoders: clips to files."""
