"""The log of a function: JSON lines, those of the core's modules too, each about what is at work (`log_context`)."""

from __future__ import annotations

import logging

from aws_lambda_powertools import Logger
from aws_lambda_powertools.logging.utils import copy_config_to_registered_loggers

from stepcrew.log_context import correlate

CORE = "stepcrew"


def function_logger(*, with_core: bool = True) -> Logger:
    """Once per process, named after the function's service. Without the core, its modules' lines go where those of
    libraries do."""
    logger = Logger()
    correlate(logger.registered_handler)
    if with_core:
        logging.getLogger(CORE)
        copy_config_to_registered_loggers(source_logger=logger, include={CORE})
    return logger
