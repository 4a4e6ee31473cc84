"""Turns AWS's errors into ours, so that no caller outside this package knows botocore."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager

from botocore.exceptions import BotoCoreError, ClientError

from stepcrew.domain.errors import PlatformUnavailable


def code_of(error: ClientError) -> str:
    return error.response.get("Error", {}).get("Code", "")


@contextmanager
def platform_errors(doing: str) -> Generator[None]:
    """Any failure of AWS inside becomes `PlatformUnavailable`, naming what was being done and AWS's own code."""
    try:
        yield
    except ClientError as error:
        raise PlatformUnavailable(f"{doing} failed: AWS answered {code_of(error)}.") from error
    except BotoCoreError as error:
        raise PlatformUnavailable(f"{doing} failed: {type(error).__name__}.") from error
