"""Turns AWS's errors into ours, so that no caller outside this package knows botocore."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager

from botocore.exceptions import BotoCoreError, ClientError

from stepcrew.domain.errors import PlatformUnavailable, QuotaUsedUp

_QUOTA_USED_UP = {"LimitExceededException", "ParameterLimitExceeded", "ServiceQuotaExceededException"}
"""Of EventBridge, Parameter Store, and of EventBridge Scheduler and S3 Vectors, as their API references say."""


def code_of(error: ClientError) -> str:
    return error.response.get("Error", {}).get("Code", "")


@contextmanager
def platform_errors(doing: str) -> Generator[None]:
    """Any failure of AWS inside becomes `PlatformUnavailable`, naming what was being done and AWS's own code; a
    quota that is used up becomes `QuotaUsedUp`."""
    try:
        yield
    except ClientError as error:
        if code_of(error) in _QUOTA_USED_UP:
            raise QuotaUsedUp(f"{doing} failed: a quota of the account is used up ({code_of(error)}).") from error
        raise PlatformUnavailable(f"{doing} failed: AWS answered {code_of(error)}.") from error
    except BotoCoreError as error:
        raise PlatformUnavailable(f"{doing} failed: {type(error).__name__}.") from error
