"""What the attempts of an execution used of AWS, as the runner counts it.

The sums are in the execution's record. Each attempt adds its own to those it began with, in its last write: that is
fenced, so a late attempt adds nothing, and repeating it sets the same sums again.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from pydantic import BaseModel

LEAST_PUT_BYTES = 128 * 1024
"""As which each request that puts vectors is paid for at least. https://aws.amazon.com/s3/pricing/"""
LONGEST_INVOCATION = timedelta(minutes=15)
"""https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html"""


class Metered(BaseModel):
    """Sums over `attempts`: those that could say what they used.

    Memory times time is in MB and milliseconds, with the time the process needed to be ready; `unsaid_mb_ms` is that of
    attempts that died, at most. Reads and writes are the table's request units, as DynamoDB itself told them.
    `stored_units` are those of storing the trace, which `messages` carried to the queue; `message_requests` counts each
    64 KB of them. `vector_queries` and `vector_put_bytes` are of Amazon S3 Vectors.
    """

    attempts: int = 0
    mb_ms: int = 0
    unsaid_mb_ms: int = 0
    read_units: float = 0
    write_units: float = 0
    object_reads: int = 0
    object_writes: int = 0
    messages: int = 0
    message_requests: int = 0
    stored_units: int = 0
    vector_queries: int = 0
    vector_put_bytes: int = 0

    def plus(self, other: Metered) -> Metered:
        return Metered(**{name: getattr(self, name) + getattr(other, name) for name in Metered.model_fields})


def unsaid(since: datetime, until: datetime, attempts: int, memory_mb: int) -> int:
    """Memory times time, in MB and milliseconds, of so many attempts that died between two moments, at most."""
    lasted = min(until - since, attempts * LONGEST_INVOCATION)
    return max(0, round(lasted.total_seconds() * 1000)) * memory_mb
