"""The log of a function: JSON lines, those of the core's modules too, each about what is at work (`log_context`)."""

from __future__ import annotations

import logging

from aws_lambda_powertools import Logger
from aws_lambda_powertools.logging.utils import copy_config_to_registered_loggers

from stepcrew.log_context import correlate

CORE = "stepcrew"


def function_logger() -> Logger:
    """Once per process, named after the function's service."""
    logger = Logger()
    correlate(logger.registered_handler)
    logging.getLogger(CORE)
    copy_config_to_registered_loggers(source_logger=logger, include={CORE})
    return logger
