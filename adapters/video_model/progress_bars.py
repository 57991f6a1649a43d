"""Switches off the progress bars of diffusers and transformers, which would go between the log's lines."""


def silence_progress_bars() -> None:
    """Once a process is enough; pipelines have a bar of their own."""
    from diffusers.utils import logging as diffusers_logging  # noqa: PLC0415 - three seconds
    from transformers.utils import logging as transformers_logging  # noqa: PLC0415

    diffusers_logging.disable_progress_bar()
    transformers_logging.disable_progress_bar()
