"""The environment, read once and checked whole."""
