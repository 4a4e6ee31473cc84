"""Two writers of one record at the same moment: DynamoDB refuses one of them, and that one simply tries again.

The runner, the trace sink and the API all write the execution record, some of them in transactions; a plain update
that meets a transaction is refused with `TransactionConflictException` (DynamoDB developer guide, "Transaction
conflict handling").
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from botocore.exceptions import ClientError

from stepcrew.aws.errors import code_of
from stepcrew.domain.retrying import Patience, retried

_PATIENCE = Patience(tries=10, first=0.03, longest=0.3, jitter=True)

_REFUSED = "ConditionalCheckFailed"

Answer = TypeVar("Answer")


def cancellation_codes(error: ClientError) -> set[str]:
    """Why a transaction was cancelled; empty for any other error."""
    if code_of(error) != "TransactionCanceledException":
        return set()
    reasons = error.response.get("CancellationReasons", [])
    return {code for reason in reasons if (code := reason.get("Code", "None")) != "None"}


def is_last_refused(error: ClientError) -> bool:
    """Whether the condition of the transaction's last item did not hold: reasons stand in the order of the items."""
    reasons = error.response.get("CancellationReasons", [])
    return bool(reasons) and reasons[-1].get("Code") == _REFUSED


def holds(write: Callable[[], object]) -> bool:
    """Makes a conditional write or transaction, again while another writer is in the way; False, and nothing written,
    when a condition did not hold."""
    return unless_refused(write) is not None


def unless_refused(write: Callable[[], Answer]) -> Answer | None:
    """The same, for what the write answers; None when a condition did not hold."""
    try:
        return retry_conflicts(write)
    except ClientError as error:
        if code_of(error) != "ConditionalCheckFailedException" and _REFUSED not in cancellation_codes(error):
            raise
        return None


def retry_conflicts(call: Callable[[], Answer]) -> Answer:
    """Calls until no other writer is in the way; every other error is raised at once."""
    return retried(call, _is_conflict, _PATIENCE)


def _is_conflict(error: Exception) -> bool:
    if not isinstance(error, ClientError):
        return False
    return code_of(error) == "TransactionConflictException" or cancellation_codes(error) == {"TransactionConflict"}
