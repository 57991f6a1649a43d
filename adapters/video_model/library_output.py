"""What the model's libraries would write between the log's lines: progress bars, and lines of their own form."""

import logging
from typing import Final

_OWN_HANDLERS: Final = ("diffusers", "transformers", "huggingface_hub")
"""Their loggers write to standard error themselves, past the root logger's redaction: huggingface_hub, for one, warns
with the signed URL of a download that failed."""


def take_over_output() -> None:
    """Switch the bars off, and let the libraries' lines go through the root logger. Call it once they are imported."""
    from diffusers.utils import logging as diffusers_logging  # noqa: PLC0415 - three seconds
    from transformers.utils import logging as transformers_logging  # noqa: PLC0415

    diffusers_logging.disable_progress_bar()
    transformers_logging.disable_progress_bar()
    hand_lines_on()


def hand_lines_on() -> None:
    """Let the libraries' lines go through the root logger, and nowhere else."""
    for name in _OWN_HANDLERS:
        logger = logging.getLogger(name)
        logger.handlers.clear()
        logger.propagate = True
