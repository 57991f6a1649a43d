"""Standard output for the tables alone."""

import logging
import sys

import structlog
from transformers.utils import logging as transformers_logging

from adapters.video_model.library_output import take_over_output


def quiet() -> None:
    """Let the worker and the libraries tell of what is wrong, and that on standard error."""
    take_over_output()
    transformers_logging.set_verbosity_error()
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
