"""Coverage-guided fuzzing (atheris) of what strangers send: `make fuzz`."""
