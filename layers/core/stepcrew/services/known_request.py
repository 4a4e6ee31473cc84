"""What was made with an idempotency key before."""

from __future__ import annotations

from stepcrew.domain.errors import IdempotencyMismatch
from stepcrew.domain.submission import IdempotencyRecord
from stepcrew.services.ports import Clock, ExecutionStore


def known_request(
    executions: ExecutionStore, clock: Clock, group_id: str, key: str, body_hash: str
) -> IdempotencyRecord | None:
    """None where the key is new. Raises `IdempotencyMismatch` where it stands for another body."""
    found = executions.idempotency(group_id, key, clock.now())
    if found and found.body_hash != body_hash:
        raise IdempotencyMismatch("This Idempotency-Key was used before with another body.")
    return found
