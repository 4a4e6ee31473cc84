"""Keys of the audit log."""

from __future__ import annotations

import zlib

ENTRY_PREFIX = "ENTRY#"
SHARDS = 4
"""Into so many parts is split what grows with every execution of a group and lies in the order of time. A partition
takes 1,000 write units a second, and one that only grows at its end is not split by DynamoDB.
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/bp-partition-key-sharding.html"""


def part(group_id: str, entry_id: str) -> str:
    """The part of the audit log that has the entry. It alone does not begin as all others do, so that no policy that
    lets a function write what is a group's lets it write here."""
    return f"AUDIT#{group_id}#{_shard(entry_id)}"


def parts(group_id: str) -> list[str]:
    return [f"AUDIT#{group_id}#{shard}" for shard in range(SHARDS)]


def entry(entry_id: str) -> str:
    return f"{ENTRY_PREFIX}{entry_id}"


def _shard(some_id: str) -> int:
    return zlib.crc32(some_id.encode()) % SHARDS
