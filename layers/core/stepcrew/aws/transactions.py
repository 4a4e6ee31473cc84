"""Two writers of one record at the same moment: DynamoDB refuses one of them, and that one simply tries again.

The runner, the trace sink and the API all write the execution record, some of them in transactions; a plain update
that meets a transaction is refused with `TransactionConflictException` (DynamoDB developer guide, "Transaction
conflict handling").
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from typing import TypeVar

from botocore.exceptions import ClientError

from stepcrew.aws.errors import code_of

_TRIES = 10

Answer = TypeVar("Answer")


def cancellation_codes(error: ClientError) -> set[str]:
    """Why a transaction was cancelled; empty for any other error."""
    if code_of(error) != "TransactionCanceledException":
        return set()
    reasons = error.response.get("CancellationReasons", [])
    return {code for reason in reasons if (code := reason.get("Code", "None")) != "None"}


def retry_conflicts(call: Callable[[], Answer]) -> Answer:
    """Calls until no other writer is in the way; every other error is raised at once."""
    for attempt in range(_TRIES):
        try:
            return call()
        except ClientError as error:
            conflict = code_of(error) == "TransactionConflictException" or cancellation_codes(error) == {
                "TransactionConflict"
            }
            if not conflict or attempt == _TRIES - 1:
                raise
            time.sleep(random.uniform(0.01, 0.03) * (attempt + 1))  # noqa: S311 - jitter, not a secret
    raise AssertionError("unreachable")
